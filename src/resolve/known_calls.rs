//! Calls of APIs that the catalog knows: what they are given, what is set on their chain, what they hand over.

use smol_str::{SmolStr, format_smolstr};

use super::calls::{BodyFacts, KnownCall, Options, SENT_HEADER, Setting, SharedValue};
use super::infer::Callee;
use super::reader::Reader;
use super::types::Type;
use super::values::{At, Value};
use crate::catalog::{EntryId, Hit, Shape};
use crate::facts::{Expr, ExprId, Span};
use crate::model::{FactValue, Kind};

impl Reader<'_> {
    /// `LazyLock::new(Client::new)`: the constructor is called later, without arguments.
    pub(super) fn handed_constructor(&mut self, id: ExprId, path: &crate::facts::Path, span: Span, out: &mut BodyFacts) {
        let Some(Callee::Foreign(found)) = self.types.callees.get(&id) else { return };
        let is_argument = self.parents[id.0 as usize].is_some_and(|parent| match &self.body[parent] {
            Expr::Call { callee, .. } => *callee != id,
            Expr::Method { .. } => true,
            _ => false,
        });
        let Some(hit) = self.world.catalog.path(found).filter(|_| is_argument && path.segs.len() > 1) else { return };
        if self.world.catalog.api(hit.entry).shape == Shape::Constructor {
            self.known(id, hit, found.clone(), None, &[], span, out);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call expression")]
    pub(super) fn known(
        &mut self,
        id: ExprId,
        hit: Hit,
        path: SmolStr,
        recv: Option<ExprId>,
        args: &[ExprId],
        span: Span,
        out: &mut BodyFacts,
    ) {
        let entry = self.world.catalog.with_features(hit.entry, self.world.program.features(self.tracer.def, &path));
        let hit = Hit { entry, ..hit };
        let api = self.world.catalog.api(hit.entry);
        if let Some(of) = self.types.types.get(id.0 as usize).and_then(Type::path)
            && self.world.catalog.wrappers().is_app_state(of)
            && let [only] = args
        {
            out.handed_over.push(self.types.types[only.0 as usize].clone());
            self.shared("app_data", *only, span, out);
        }
        if api.kind.is_none() || matches!(api.shape, Shape::None | Shape::Container | Shape::TypeOnly) {
            // What is no state by itself may say something of the thing: `child.wait()`.
            if let Some(index) = recv.and_then(|recv| self.root(recv, 0)).and_then(|root| self.known_at.get(&root).copied())
                && !self.world.catalog.api(out.known[index].hit.entry).called.is_empty()
            {
                out.known[index].called.push(path.rsplit("::").next().unwrap_or(&path).into());
            }
            return;
        }
        let at = self.at(span);
        if let Some(recv) = recv
            && let Some(root) = self.root(recv, 0)
            && let Some(index) = self.known_at.get(&root).copied()
            && (self.same_thing(out.known[index].hit.entry, hit.entry) || self.opens(out.known[index].hit.entry, hit.entry))
        {
            self.hand_over(args, out);
            let exprs = args;
            let (mut given, options) = self.options(exprs);
            let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
            let task = (api.shape == Shape::Spawn).then(|| self.spawned(api, exprs, &out.known));
            let known = &mut out.known[index];
            known.settings.append(&mut given);
            known.options = known.options.max(options);
            known.also.push((path.clone(), at));
            if !self.world.catalog.api(known.hit.entry).called.is_empty() {
                let last = SmolStr::new(path.rsplit("::").next().unwrap_or(&path));
                let more = self.words(id, None, last);
                out.known[index].called.extend(more);
            }
            let known = &mut out.known[index];
            known.settings.push(Setting {
                name: path.rsplit("::").next().unwrap_or(&path).into(),
                args,
                at,
                on_condition: false,
                when: Vec::new(),
            });
            known.bound = self.bound(id);
            if self.types.types[id.0 as usize].is_known() {
                known.makes = self.types.types[id.0 as usize].clone();
            }
            // A builder's end says more than its beginning about what is made.
            let was = self.world.catalog.api(known.hit.entry).shape;
            if hit.entry != known.hit.entry
                && api.shape != Shape::Part
                && was != api.shape
                // What is done with an object that was opened on a folder is not what opened it.
                && (was != Shape::Constructor || api.below.is_none())
                && api.kind == self.world.catalog.api(known.hit.entry).kind
            {
                known.hit = hit;
            }
            if task.is_some() {
                known.path = path;
                known.task = task;
            }
            return;
        }
        let task = match api.shape {
            Shape::Spawn => Some(self.spawned(api, args, &out.known)),
            Shape::Call if api.kind == Some(Kind::BackgroundTask) => self.scheduled(args),
            _ => None,
        };
        if api.shape == Shape::Part && recv.is_some_and(|recv| self.root(recv, 0).is_some()) {
            self.links.insert(id);
        }
        let mut settings = recv.map(|recv| self.before(recv)).unwrap_or_default();
        let (mut given, options) = self.options(args);
        settings.append(&mut given);
        let last = SmolStr::new(path.rsplit("::").next().unwrap_or(&path));
        self.known_at.entry(id).or_insert(self.index_of.len());
        self.index_of.push(id);
        let stands = if api.layer.is_some() { self.stands(id).map_or(at, |span| self.at(span)) } else { at };
        out.known.push(KnownCall {
            hit,
            path,
            at,
            stands,
            args: self.parts(api.kind, args).iter().map(|arg| self.tracer.value(*arg)).collect(),
            recv: recv.map(|recv| self.tracer.value(recv)),
            settings,
            options,
            also: Vec::new(),
            called: if api.called.is_empty() { Vec::new() } else { self.words(id, recv, last) },
            within: None,
            bound: self.bound(id),
            stays: match api.kind {
                Some(Kind::SdkClient | Kind::Pool) => self.stays_here(id),
                Some(Kind::Telemetry) if api.backs_on.as_deref() == Some("prometheus") => self.counts_here(id),
                _ => false,
            },
            choice: self.choice(id),
            task,
            makes: self.types.types[id.0 as usize].clone(),
            conditions: self.conditions(id),
            builds: self.builds(id),
        });
    }

    /// The name of a method, those before it on its chain, and the path of the foreign function that its value is handed to.
    fn words(&self, id: ExprId, recv: Option<ExprId>, name: SmolStr) -> Vec<SmolStr> {
        let mut out = vec![name];
        out.extend(recv.map(|recv| self.before(recv)).unwrap_or_default().into_iter().map(|setting| setting.name));
        let Some(parent) = self.parents[id.0 as usize] else { return out };
        let taken_by = match &self.body[parent] {
            Expr::Call { callee, .. } if *callee == id => None,
            Expr::Method { recv, .. } if *recv == id => None,
            _ => self.types.callees.get(&parent),
        };
        match (taken_by, &self.body[parent]) {
            (Some(Callee::Foreign(path)), _) => out.push(path.clone()),
            // `Router::new().route(…).layer(…)`: of the type at which the chain starts.
            (None, Expr::Method { recv, name, .. }) if *recv != id => {
                out.extend(self.starts_as(*recv).map(|owner| format_smolstr!("{owner}::{name}")));
            }
            _ => {}
        }
        out
    }

    /// A value that all requests are given; of what wraps a router, only an extension is one.
    pub(super) fn shared(&self, by: &str, value: ExprId, span: Span, out: &mut BodyFacts) {
        let ty = &self.types.types[value.0 as usize];
        let is_state = match by {
            "data" => false,
            "layer" => ty.path().is_some_and(|path| self.world.catalog.wrappers().is_transparent(path)),
            _ => true,
        };
        if is_state && ty.is_known() {
            let (value, name) = (self.tracer.value(value), self.variable(value));
            out.shared.push(SharedValue { ty: ty.clone(), value, name, at: self.at(span) });
        }
    }

    /// The variable behind references, clones and wrappers.
    pub(super) fn variable(&self, mut id: ExprId) -> Option<crate::facts::Name> {
        for _ in 0..8 {
            match &self.body[id] {
                Expr::Path(path, _) => return path.last().filter(|_| self.types.local_of.contains_key(&id)).cloned(),
                Expr::Ref(inner) => id = *inner,
                Expr::Method { recv, args, .. } if args.is_empty() => id = *recv,
                Expr::Call { args, .. } => match &**args {
                    [only] => id = *only,
                    _ => return None,
                },
                _ => return None,
            }
        }
        None
    }

    /// The arguments; those of `Cookie::build((name, value))` are in a tuple.
    pub(super) fn parts<'b>(&'b self, kind: Option<Kind>, args: &'b [ExprId]) -> &'b [ExprId] {
        match args {
            [only] if kind == Some(Kind::ClientHeld) => match &self.body[*only] {
                Expr::Tuple(all) => all,
                _ => args,
            },
            _ => args,
        }
    }

    /// The options of a connection that is then opened: `SqliteConnectOptions::new().connect()`.
    pub(super) fn opens(&self, a: EntryId, b: EntryId) -> bool {
        let (x, y) = (self.world.catalog.api(a), self.world.catalog.api(b));
        x.shape == Shape::Part && y.shape == Shape::Constructor && self.world.catalog.origin(a).0 == self.world.catalog.origin(b).0
    }

    /// Two entries that speak of one thing: the same one, or a builder's and its product's.
    pub(super) fn same_thing(&self, a: EntryId, b: EntryId) -> bool {
        let (x, y) = (self.world.catalog.api(a), self.world.catalog.api(b));
        // A job is a thing of its own, whichever scheduler it is given to.
        let is_job = y.shape == Shape::Call && y.kind == Some(Kind::BackgroundTask);
        let ends_itself = matches!(x.shape, Shape::Spawn | Shape::Write) || is_job;
        a == b || (x.kind == y.kind && self.world.catalog.origin(a).0 == self.world.catalog.origin(b).0 && !ends_itself)
    }

    /// What is shared with something long-lived lives as long.
    pub(super) fn hand_over(&self, args: &[ExprId], out: &mut BodyFacts) {
        let types = args.iter().map(|arg| &self.types.types[arg.0 as usize]);
        out.handed_over.extend(types.filter(|ty| ty.path().is_some_and(|path| path == "std::sync::Arc")).cloned());
    }

    /// A method on the chain of a known call that is no entry of its own.
    pub(super) fn setting(&mut self, recv: ExprId, id: ExprId, args: &[ExprId], span: Span, out: &mut BodyFacts) {
        let Expr::Method { name, .. } = &self.body[id] else { return };
        if let Some(root) = self.root(recv, 0)
            && let Some(index) = self.known_at.get(&root).copied()
        {
            if self.world.catalog.api(out.known[index].hit.entry).shape == Shape::Constructor {
                self.hand_over(args, out);
            }
            // How a connection is made secret has options of its own.
            let (mut given, mut options) =
                if ["tls", "ssl", "proxy"].iter().any(|word| name.contains(word)) { Default::default() } else { self.options(args) };
            // What is loaded from elsewhere may set anything.
            if ["from_env", "from_conf", "with_config", "load"].iter().any(|start| name.starts_with(start)) {
                options = Options::Unseen;
            }
            out.known[index].settings.append(&mut given);
            out.known[index].options = out.known[index].options.max(options);
            if !self.world.catalog.api(out.known[index].hit.entry).called.is_empty() {
                let more = self.words(id, None, name.clone());
                out.known[index].called.extend(more);
            }
            let api = self.world.catalog.api(out.known[index].hit.entry);
            if api.shape == Shape::Request {
                let at = self.at(span);
                out.known[index].settings.extend(self.header_sent(name, args).map(|header| sent(header, at)));
                return;
            }
            // `scheduler.every(interval).run(|| …)`: what the job runs comes last.
            if api.shape == Shape::Call && api.kind == Some(Kind::BackgroundTask) && out.known[index].task.is_none() {
                out.known[index].task = self.scheduled(args);
            }
            if api.knobs.iter().any(|knob| knob.name == *name || knob.set.contains(name)) || matches!(name.as_str(), "name" | "thread_name")
            {
                let sure = !self.is_conditional(id, root);
                if let ("default_headers", [map]) = (name.as_str(), args) {
                    let Some(headers) = self.headers_in(*map).filter(|_| sure) else { return };
                    let at = self.at(span);
                    let settings = &mut out.known[index].settings;
                    settings.push(Setting { name: name.clone(), args: vec![headers.names], at, on_condition: false, when: Vec::new() });
                    settings.extend(headers.given.into_iter().map(|header| sent(header, at)));
                    return;
                }
                let is_number = api.knobs.iter().any(|knob| {
                    (knob.name == *name || knob.set.contains(name))
                        && knob.default.as_ref().is_some_and(|default| default.parse::<i64>().is_ok())
                });
                let args = args.iter().map(|arg| match if sure { self.tracer.value(*arg) } else { self.perhaps(*arg) } {
                    Value::Unknown(text) if is_number => self.number_within(*arg).unwrap_or(Value::Unknown(text)),
                    value => value,
                });
                let args = args.collect();
                out.known[index].settings.push(Setting {
                    name: name.clone(),
                    args,
                    at: self.at(span),
                    on_condition: !sure,
                    when: self.when(sure, id),
                });
            }
        }
    }
}

/// A header that is sent, as a setting of its own.
fn sent((name, value): (String, Value), at: At) -> Setting {
    let name = Value::Known(FactValue::Text(name), false, at);
    Setting { name: SmolStr::new_static(SENT_HEADER), args: vec![name, value], at, on_condition: false, when: Vec::new() }
}
