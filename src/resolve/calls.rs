//! What one body does that matters for state: calls of known APIs with their settings, calls of the workspace, loops.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::infer::{Callee, Inference, World, infer};
use super::program::{DefId, KrateId};
use super::types::Type;
use super::values::{At, Tracer, Value};
use crate::catalog::{EntryId, Hit, Shape};
use crate::facts::{Body, Expr, ExprId, ItemKind, Name, Pat, Span, Stmt};
use crate::model::Access;

/// A call of an API that the catalog knows.
#[derive(Clone, Debug)]
pub struct KnownCall {
    /// The catalog entry.
    pub hit: Hit,
    /// Canonical path of what is called.
    pub path: SmolStr,
    /// Where.
    pub at: At,
    /// Arguments.
    pub args: Vec<Value>,
    /// The value it is called on, for a method.
    pub recv: Option<Value>,
    /// Methods of the builder, or of what was made, that are called on it.
    pub settings: Vec<Setting>,
    /// Further calls of the same entry on the same chain.
    pub also: Vec<(SmolStr, At)>,
    /// The known call in whose arguments this one stands, by index.
    pub within: Option<usize>,
    /// What becomes of the value.
    pub bound: Bound,
    /// For `Shape::Spawn`: what runs.
    pub task: Option<Task>,
    /// Type of the value made.
    pub makes: Type,
}

/// A method call on the chain of a known call.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Method.
    pub name: Name,
    /// Its arguments.
    pub args: Vec<Value>,
    /// Where.
    pub at: At,
}

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Bound to a variable.
    Let(Name),
    /// Put into a field of a struct of the workspace.
    Field(DefId, Name),
    /// The value of the body: returned, or of a static.
    Result,
    /// Handed to a function of the workspace, or to a foreign one.
    Argument,
    /// Dropped: the statement ends with it.
    Dropped,
    /// Anything else: awaited, matched on.
    Other,
}

/// A call of a function of the workspace.
#[derive(Clone, Debug)]
pub struct OwnCall {
    /// The function.
    pub func: DefId,
    /// Arguments, without `self`.
    pub args: Vec<Value>,
    /// Where.
    pub at: At,
    /// Stands inside a spawned task, or in a closure.
    pub in_closure: bool,
    /// What becomes of what it returns.
    pub bound: Bound,
    /// Functions of the workspace that the closures among its arguments call.
    pub given: Task,
}

/// What a spawned task, or a function, does with its time.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// Loops without end.
    pub endless: bool,
    /// Time between two rounds.
    pub period: Option<Value>,
    /// Functions of the workspace that it calls.
    pub calls: Vec<DefId>,
    /// The one function of the workspace whose future or closure it is.
    pub direct: Option<DefId>,
    /// Its loop can be left.
    pub may_end: bool,
    /// It runs what the function around it was given as a parameter.
    pub runs_parameter: bool,
}

/// A local variable and its type.
#[derive(Clone, Debug)]
pub struct LocalType {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Where it is bound.
    pub at: At,
    /// A constructor made it here: it did not come out of a method, a parameter or a pattern.
    pub made: bool,
}

/// What one body does.
#[derive(Clone, Debug)]
pub struct BodyFacts {
    /// The definition that it belongs to.
    pub def: DefId,
    /// Known calls, in source order.
    pub known: Vec<KnownCall>,
    /// Calls of the workspace.
    pub own: Vec<OwnCall>,
    /// Values given to the fields of structs of the workspace.
    pub fields: Vec<(DefId, Name, Value)>,
    /// Uses of statics.
    pub statics: Vec<(DefId, Access, Span)>,
    /// Uses of fields of structs of the workspace.
    pub field_uses: Vec<(DefId, Name, Access, Span)>,
    /// String literals that speak to a database or broker about claims: see `detect::claims`.
    pub strings: Vec<(SmolStr, At)>,
    /// Last names of its calls and paths.
    pub names: FxHashSet<SmolStr>,
    /// Environment reads with their defaults, where the code gives one.
    pub env_defaults: Vec<Value>,
    /// Foreign functions that it calls, sorted.
    pub foreign: Vec<SmolStr>,
    /// The value it returns.
    pub returns: Value,
    /// Its own time, spawned tasks left out.
    pub task: Task,
    /// Types of its local variables, with their names and lines.
    pub locals: Vec<LocalType>,
    /// Types that are handed to all requests: `with_state(x)`, `manage(x)`, `Data::new(x)`.
    pub handed_over: Vec<Type>,
    /// Calls of a path and resolved ones; method calls and typed ones.
    pub counts: [usize; 4],
}

/// Reads the body of a definition.
#[must_use]
pub fn body_facts(world: World<'_>, def: DefId) -> Option<BodyFacts> {
    let item = world.program.def(def);
    let body = match &item.item.kind {
        ItemKind::Fn(func) => func.body.as_ref()?,
        ItemKind::Static(fact) | ItemKind::Const(fact) => fact.init.as_ref()?,
        _ => return None,
    };
    let types = infer(world, def, body);
    let module = world.program.body_scopes.get(&def).copied().unwrap_or(item.module);
    let file = super::program::index(world.program.module(module).file);
    let tracer = Tracer { world, body, types: &types, def, module, file };
    let mut reader = Reader { tracer, world, body, types: &types, parents: parents(body), index_of: Vec::new() };
    Some(reader.read(def))
}

/// The crate of a definition.
#[must_use]
pub fn krate_of(world: World<'_>, def: DefId) -> KrateId {
    world.program.module(world.program.def(def).module).krate
}

struct Reader<'a> {
    tracer: Tracer<'a>,
    world: World<'a>,
    body: &'a Body,
    types: &'a Inference,
    parents: Vec<Option<ExprId>>,
    /// Known calls with their expressions, in the order of `known`.
    index_of: Vec<ExprId>,
}

fn ids(body: &Body) -> impl Iterator<Item = ExprId> {
    (0..super::program::index(body.exprs.len())).map(ExprId)
}

/// The parent of each expression.
fn parents(body: &Body) -> Vec<Option<ExprId>> {
    let mut out = vec![None; body.exprs.len()];
    for id in ids(body) {
        children(&body[id], &mut |child| out[child.0 as usize] = Some(id));
    }
    out
}

/// Calls `f` with each direct child.
pub(super) fn children(expr: &Expr, f: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Path(..) | Expr::Lit(..) => {}
        Expr::Call { callee, args, .. } => {
            f(*callee);
            args.iter().copied().for_each(f);
        }
        Expr::Method { recv, args, .. } => {
            f(*recv);
            args.iter().copied().for_each(f);
        }
        Expr::Field { base: inner, .. }
        | Expr::Ref(inner)
        | Expr::Deref(inner)
        | Expr::Unary(inner)
        | Expr::Try(inner)
        | Expr::Await(inner)
        | Expr::Cast(inner, _)
        | Expr::Loop { body: inner, .. }
        | Expr::Closure { body: inner, .. }
        | Expr::Async { body: inner, .. }
        | Expr::Let { value: inner, .. } => f(*inner),
        Expr::Index { base: a, index: b } | Expr::Binary { left: a, right: b, .. } | Expr::Assign { left: a, right: b, .. } => {
            f(*a);
            f(*b);
        }
        Expr::While { cond: a, body: b, .. } | Expr::For { iter: a, body: b, .. } => {
            f(*a);
            f(*b);
        }
        Expr::Block(stmts) => {
            for stmt in stmts {
                match stmt {
                    Stmt::Let { init, otherwise, .. } => {
                        init.iter().chain(otherwise).copied().for_each(&mut *f);
                    }
                    Stmt::Expr { expr, .. } => f(*expr),
                }
            }
        }
        Expr::If { cond, then, otherwise } => {
            f(*cond);
            f(*then);
            otherwise.iter().copied().for_each(f);
        }
        Expr::Match { value, arms } => {
            f(*value);
            for arm in arms {
                arm.guard.iter().copied().for_each(&mut *f);
                f(arm.body);
            }
        }
        Expr::Struct { fields, rest, .. } => {
            fields.iter().map(|(_, value)| *value).for_each(&mut *f);
            rest.iter().copied().for_each(f);
        }
        Expr::Tuple(all) | Expr::Array(all) | Expr::Other(all) | Expr::Macro { args: all, .. } => all.iter().copied().for_each(f),
        Expr::Range(a, b) => a.iter().chain(b).copied().for_each(f),
        Expr::Return(inner) | Expr::Break(inner) => inner.iter().copied().for_each(f),
    }
}

impl Reader<'_> {
    fn read(&mut self, def: DefId) -> BodyFacts {
        let mut out = BodyFacts {
            def,
            known: Vec::new(),
            own: Vec::new(),
            fields: Vec::new(),
            statics: Vec::new(),
            field_uses: Vec::new(),
            foreign: Vec::new(),
            env_defaults: Vec::new(),
            names: FxHashSet::default(),
            strings: Vec::new(),
            returns: self.body.root.map_or(Value::Unknown(SmolStr::default()), |root| self.returned(root)),
            task: Task::default(),
            locals: Vec::new(),
            handed_over: Vec::new(),
            counts: [self.types.calls.0, self.types.calls.1, self.types.receivers.0, self.types.receivers.1],
        };
        for id in ids(self.body) {
            self.expression(id, &mut out);
        }
        out.foreign = self.types.callees.values().filter_map(|callee| match callee {
            Callee::Foreign(path) => Some(path.clone()),
            Callee::Def(_) => None,
        }).collect();
        out.foreign.sort_unstable();
        out.foreign.dedup();
        self.nest(&mut out.known);
        if let Some(root) = self.body.root {
            out.task = self.task(root, true);
        }
        let file = self.tracer.file;
        out.locals = self
            .types
            .locals
            .iter()
            .filter(|local| local.ty.is_known())
            .map(|local| LocalType {
                name: local.name.clone(),
                ty: local.ty.clone(),
                at: At { file, span: Span { line: local.line, column: 1 } },
                made: local.init.is_some_and(|init| self.is_made(init)),
            })
            .collect();
        out.statics = self.types.statics.iter().filter_map(|(id, def)| Some((*def, self.access(*id), self.span(*id)?))).collect();
        out
    }

    /// The value of a plain call or a struct literal, behind `?`, `.await`, `unwrap` and the like.
    fn is_made(&self, id: ExprId) -> bool {
        match &self.body[id] {
            Expr::Call { .. } | Expr::Struct { .. } => true,
            Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => self.is_made(*inner),
            Expr::Method { recv, name, .. } => {
                matches!(name.as_str(), "unwrap" | "expect" | "context" | "with_context" | "map_err" | "clone" | "into" | "build" | "wrap_err" | "finish")
                    && self.is_made(*recv)
            }
            Expr::Block(stmts) => matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if self.is_made(*expr)),
            _ => false,
        }
    }

    /// The value of a function: its tail, else the value of its last `return`.
    fn returned(&self, root: ExprId) -> Value {
        self.tracer.value(root)
    }

    fn span(&self, id: ExprId) -> Option<Span> {
        match &self.body[id] {
            Expr::Path(_, span)
            | Expr::Lit(_, span)
            | Expr::Call { span, .. }
            | Expr::Method { span, .. }
            | Expr::Field { span, .. }
            | Expr::Macro { span, .. }
            | Expr::Struct { span, .. }
            | Expr::Closure { span, .. }
            | Expr::Async { span, .. } => Some(*span),
            _ => None,
        }
    }

    fn at(&self, span: Span) -> At {
        At { file: self.tracer.file, span }
    }

    fn expression(&mut self, id: ExprId, out: &mut BodyFacts) {
        match &self.body[id] {
            Expr::Call { args, span, .. } => {
                let args: &[ExprId] = args;
                self.called(id, None, args, *span, out);
            }
            Expr::Method { recv, name, args, span, .. } => {
                out.names.insert(name.clone());
                if matches!(name.as_str(), "with_state" | "manage" | "app_data" | "data" | "layer")
                    && let [only] = &**args
                {
                    out.handed_over.push(self.types.types[only.0 as usize].clone());
                }
                if matches!(name.as_str(), "unwrap_or" | "unwrap_or_else" | "map_or" | "map_or_else") {
                    self.env_default(id, out);
                }
                if let [value] = &**args
                    && !self.types.callees.contains_key(&id)
                {
                    self.built_field(*recv, name, *value, out);
                }
                self.called(id, Some(*recv), args, *span, out);
            }
            Expr::Match { .. } | Expr::If { .. } => self.env_default(id, out),
            Expr::Macro { args, span, .. } => self.called(id, None, args, *span, out),
            Expr::Lit(crate::facts::Lit::Str(text), span) if speaks_of_claims(text) => out.strings.push((text.clone(), self.at(*span))),
            // A function handed over by name.
            Expr::Path(path, span) => {
                out.names.extend(path.last().cloned());
                self.handed_constructor(id, path, *span, out);
                let is_callee = self.parents[id.0 as usize]
                    .is_some_and(|parent| matches!(&self.body[parent], Expr::Call { callee, .. } if *callee == id));
                if let (Some(Callee::Def(func)), false) = (self.types.callees.get(&id), is_callee) {
                    let (bound, given) = (Bound::Argument, Task::default());
                    out.own.push(OwnCall { func: *func, args: Vec::new(), at: self.at(*span), in_closure: true, bound, given });
                }
            }
            Expr::Struct { path, fields, .. } => {
                let _ = path;
                if let Type::Def(of, _) = &self.types.types[id.0 as usize] {
                    for (name, value) in fields {
                        out.fields.push((*of, name.clone(), self.tracer.value(*value)));
                    }
                }
            }
            Expr::Field { base, name, span } => {
                let mut ty = self.types.types[base.0 as usize].clone();
                for _ in 0..8 {
                    if let Type::Def(of, _) = &ty
                        && self.world.signatures.field(*of, name).is_some()
                    {
                        out.field_uses.push((*of, name.clone(), self.access(id), *span));
                        break;
                    }
                    match self.world.deref(&ty) {
                        Some(next) => ty = next,
                        None => break,
                    }
                }
            }
            _ => {}
        }
    }

    /// `LazyLock::new(Client::new)`: the constructor is called later, without arguments.
    fn handed_constructor(&mut self, id: ExprId, path: &crate::facts::Path, span: Span, out: &mut BodyFacts) {
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

    /// `Settings::builder().pool_size(10)`, where a derive made the builder: the method gives the field its value.
    fn built_field(&self, recv: ExprId, name: &str, value: ExprId, out: &mut BodyFacts) {
        let mut at = recv;
        for _ in 0..64 {
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Try(inner) | Expr::Await(inner) => at = *inner,
                Expr::Call { callee, .. } => {
                    let Expr::Path(path, _) = &self.body[*callee] else { return };
                    let Type::Def(of, _) = &self.types.types[at.0 as usize] else { return };
                    if path.last().is_none_or(|last| last != "builder") {
                        return;
                    }
                    let plain = ["maybe_", "set_", "with_"].iter().find_map(|start| name.strip_prefix(start));
                    let field = [Some(name), plain].into_iter().flatten().find(|field| self.world.signatures.field(*of, field).is_some());
                    if let Some(field) = field {
                        out.fields.push((*of, SmolStr::new(field), self.tracer.value(value)));
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    fn env_default(&self, id: ExprId, out: &mut BodyFacts) {
        let value = self.tracer.value(id);
        if matches!(value, Value::Env { default: Some(_), .. } | Value::Or(..)) {
            out.env_defaults.push(value);
        }
    }

    fn called(&mut self, id: ExprId, recv: Option<ExprId>, args: &[ExprId], span: Span, out: &mut BodyFacts) {
        match self.types.callees.get(&id) {
            Some(Callee::Def(func)) => {
                if self.world.program.func(*func).is_some() {
                    let given = args.iter().find(|arg| matches!(self.body[**arg], Expr::Closure { .. } | Expr::Async { .. }));
                    let given = given.map(|arg| self.task(*arg, false)).unwrap_or_default();
                    let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
                    out.own.push(OwnCall { func: *func, args, at: self.at(span), in_closure: self.in_closure(id), bound: self.bound(id), given });
                }
            }
            Some(Callee::Foreign(path)) => {
                if let Some(hit) = self.world.catalog.path(path) {
                    self.known(id, hit, path.clone(), recv, args, span, out);
                } else if let Some(recv) = recv {
                    self.setting(recv, id, args, span, out);
                }
            }
            None => {
                if let Some(recv) = recv {
                    self.setting(recv, id, args, span, out);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call expression")]
    fn known(&mut self, id: ExprId, hit: Hit, path: SmolStr, recv: Option<ExprId>, args: &[ExprId], span: Span, out: &mut BodyFacts) {
        let api = self.world.catalog.api(hit.entry);
        if let Some(of) = self.types.types.get(id.0 as usize).and_then(Type::path)
            && self.world.catalog.wrappers().is_app_state(of)
            && let [only] = args
        {
            out.handed_over.push(self.types.types[only.0 as usize].clone());
        }
        if api.kind.is_none() || matches!(api.shape, Shape::None | Shape::Container | Shape::TypeOnly) {
            return;
        }
        let at = self.at(span);
        if let Some(recv) = recv
            && let Some(root) = self.root(recv, 0)
            && let Some(index) = self.index_of.iter().position(|known| *known == root)
            && self.same_thing(out.known[index].hit.entry, hit.entry)
        {
            self.hand_over(args, out);
            let exprs = args;
            let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
            let known = &mut out.known[index];
            known.also.push((path.clone(), at));
            known.settings.push(Setting { name: path.rsplit("::").next().unwrap_or(&path).into(), args, at });
            known.bound = self.bound(id);
            if self.types.types[id.0 as usize].is_known() {
                known.makes = self.types.types[id.0 as usize].clone();
            }
            // A builder's end says more than its beginning about what is made.
            let was = self.world.catalog.api(known.hit.entry).shape;
            if hit.entry != known.hit.entry && api.shape != Shape::Part && was != api.shape {
                known.hit = hit;
            }
            if api.shape == Shape::Spawn {
                known.path = path;
                known.task = Some(self.spawned(api, exprs));
            }
            return;
        }
        let task = (api.shape == Shape::Spawn).then(|| self.spawned(api, args));
        let settings = recv.map(|recv| self.before(recv)).unwrap_or_default();
        self.index_of.push(id);
        out.known.push(KnownCall {
            hit,
            path,
            at,
            args: args.iter().map(|arg| self.tracer.value(*arg)).collect(),
            recv: recv.map(|recv| self.tracer.value(recv)),
            settings,
            also: Vec::new(),
            within: None,
            bound: self.bound(id),
            task,
            makes: self.types.types[id.0 as usize].clone(),
        });
    }

    /// The methods called before on a builder that is no entry itself.
    fn before(&self, recv: ExprId) -> Vec<Setting> {
        let mut out = Vec::new();
        let mut at = recv;
        for _ in 0..32 {
            match &self.body[at] {
                Expr::Method { recv, name, args, span, .. } => {
                    let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
                    out.push(Setting { name: name.clone(), args, at: self.at(*span) });
                    at = *recv;
                }
                Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => at = *inner,
                Expr::Path(..) => match self.types.local_of.get(&at).and_then(|local| self.types.locals[local.0 as usize].init) {
                    Some(init) => at = init,
                    None => break,
                },
                _ => break,
            }
        }
        out.reverse();
        out
    }

    /// What a spawning call runs.
    fn spawned(&self, api: &crate::catalog::Api, args: &[ExprId]) -> Task {
        let at = usize::from(api.task_arg.unwrap_or(0));
        args.get(at).or(args.last()).map_or_else(Task::default, |arg| self.task(*arg, false))
    }

    /// Two entries that speak of one thing: the same one, or a builder's and its product's.
    fn same_thing(&self, a: EntryId, b: EntryId) -> bool {
        let (x, y) = (self.world.catalog.api(a), self.world.catalog.api(b));
        let ends_itself = matches!(x.shape, Shape::Spawn | Shape::Write);
        a == b || (x.kind == y.kind && self.world.catalog.origin(a).0 == self.world.catalog.origin(b).0 && !ends_itself)
    }

    /// What is shared with something long-lived lives as long.
    fn hand_over(&self, args: &[ExprId], out: &mut BodyFacts) {
        let types = args.iter().map(|arg| &self.types.types[arg.0 as usize]);
        out.handed_over.extend(types.filter(|ty| ty.path().is_some_and(|path| path == "std::sync::Arc")).cloned());
    }

    /// A method on the chain of a known call that is no entry of its own.
    fn setting(&mut self, recv: ExprId, id: ExprId, args: &[ExprId], span: Span, out: &mut BodyFacts) {
        let Expr::Method { name, .. } = &self.body[id] else { return };
        if let Some(root) = self.root(recv, 0)
            && let Some(index) = self.index_of.iter().position(|known| *known == root)
        {
            if self.world.catalog.api(out.known[index].hit.entry).shape == Shape::Constructor {
                self.hand_over(args, out);
            }
            let api = self.world.catalog.api(out.known[index].hit.entry);
            if api.knobs.iter().any(|knob| knob.name == *name || knob.set.contains(name)) || matches!(name.as_str(), "name" | "thread_name") {
                let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
                out.known[index].settings.push(Setting { name: name.clone(), args, at: self.at(span) });
            }
        }
    }

    /// The known call that a value comes from: down receivers, `?`, `.await`, wrappers, variables.
    fn root(&self, id: ExprId, depth: u32) -> Option<ExprId> {
        if depth > 40 {
            return None;
        }
        if self.index_of.contains(&id) {
            // A method that continues a chain is not in the list: it was merged into its root.
            return Some(id);
        }
        match &self.body[id] {
            Expr::Method { recv, .. } => self.root(*recv, depth + 1),
            Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) | Expr::Deref(inner) => self.root(*inner, depth + 1),
            Expr::Path(..) => {
                let local = &self.types.locals[self.types.local_of.get(&id)?.0 as usize];
                self.root(local.init?, depth + 1)
            }
            Expr::Block(stmts) => match stmts.last() {
                Some(Stmt::Expr { expr, semi: false }) => self.root(*expr, depth + 1),
                _ => None,
            },
            _ => None,
        }
    }

    /// What becomes of the value of an expression.
    fn bound(&self, id: ExprId) -> Bound {
        let mut at = id;
        for _ in 0..64 {
            let Some(parent) = self.parents[at.0 as usize] else { return Bound::Result };
            match &self.body[parent] {
                Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) | Expr::Cast(..) | Expr::Match { .. } | Expr::If { .. } => at = parent,
                Expr::Method { recv, name, .. } if *recv == at => {
                    if matches!(name.as_str(), "join" | "abort" | "abort_handle" | "is_finished") {
                        return Bound::Other;
                    }
                    at = parent;
                }
                Expr::Method { .. } => return Bound::Argument,
                Expr::Call { .. } => {
                    let wraps = match self.types.callees.get(&parent) {
                        Some(Callee::Foreign(path)) => {
                            let (owner, last) = path.rsplit_once("::").unwrap_or(("", path));
                            matches!(last, "Some" | "Ok") || self.world.catalog.wrappers().holds_its_argument(owner)
                        }
                        // A tuple struct of the workspace around it.
                        Some(Callee::Def(def)) => match &self.world.program.def(*def).item.kind {
                            ItemKind::Struct(_) => return Bound::Field(*def, SmolStr::new_static("0")),
                            _ => false,
                        },
                        None => false,
                    };
                    if !wraps {
                        return Bound::Argument;
                    }
                    at = parent;
                }
                Expr::Struct { fields, .. } => {
                    let name = fields.iter().find(|(_, value)| *value == at).map(|(name, _)| name.clone());
                    return match (&self.types.types[parent.0 as usize], name) {
                        (Type::Def(of, _), Some(name)) => Bound::Field(*of, name),
                        _ => Bound::Argument,
                    };
                }
                Expr::Block(stmts) => {
                    let found = stmts.iter().enumerate().find_map(|(index, stmt)| match stmt {
                        Stmt::Let { pat, init, .. } if *init == Some(at) => Some(match &self.body[*pat] {
                            Pat::Bind { name, .. } => self.of_local(name, at),
                            Pat::Typed(inner, _) => match &self.body[*inner] {
                                Pat::Bind { name, .. } => self.of_local(name, at),
                                _ => Bound::Other,
                            },
                            Pat::Tuple(parts) => match parts.first().map(|part| &self.body[*part]) {
                                Some(Pat::Bind { name, .. }) => Bound::Let(name.clone()),
                                _ => Bound::Other,
                            },
                            Pat::Other => Bound::Dropped,
                            _ => Bound::Other,
                        }),
                        Stmt::Expr { expr, semi } if *expr == at => {
                            Some(if *semi || index + 1 < stmts.len() { Bound::Dropped } else { Bound::Result })
                        }
                        _ => None,
                    });
                    match found {
                        Some(Bound::Result) => at = parent,
                        Some(other) => return other,
                        None => return Bound::Other,
                    }
                }
                Expr::Closure { .. } | Expr::Async { .. } => at = parent,
                Expr::Return(_) => return Bound::Result,
                Expr::Tuple(_) | Expr::Array(_) => at = parent,
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => return Bound::Dropped,
                _ => return Bound::Other,
            }
        }
        Bound::Other
    }

    /// A variable that ends as a field of a struct literal is that field.
    fn of_local(&self, name: &Name, init: ExprId) -> Bound {
        let local = self.types.locals.iter().position(|local| local.init == Some(init) && local.name == *name);
        let Some(local) = local else { return Bound::Let(name.clone()) };
        for (&expr, found) in &self.types.local_of {
            if found.0 as usize != local {
                continue;
            }
            let mut at = expr;
            for _ in 0..6 {
                let Some(parent) = self.parents[at.0 as usize] else { break };
                match &self.body[parent] {
                    Expr::Struct { fields, .. } => {
                        if let (Type::Def(of, _), Some((field, _))) =
                            (&self.types.types[parent.0 as usize], fields.iter().find(|(_, value)| *value == at))
                        {
                            return Bound::Field(*of, field.clone());
                        }
                        break;
                    }
                    Expr::Call { callee, .. } if *callee != at => at = parent,
                    Expr::Method { recv, name, .. } if *recv == at && matches!(name.as_str(), "clone" | "into") => at = parent,
                    Expr::Ref(_) | Expr::Try(_) => at = parent,
                    _ => break,
                }
            }
        }
        Bound::Let(name.clone())
    }

    /// Finds the known call around each known call, directly or through a variable.
    fn nest(&self, known: &mut [KnownCall]) {
        for at in 0..known.len() {
            let mut hop = self.index_of[at];
            let mut through = 0;
            known[at].within = 'found: loop {
                let mut inner = hop;
                while let Some(parent) = self.parents[inner.0 as usize] {
                    if let Some(index) = self.holder(parent, inner)
                        && index != at
                    {
                        break 'found Some(index);
                    }
                    inner = parent;
                }
                // The variable it is bound to, where that is handed on.
                let local = self.types.locals.iter().position(|local| local.init.is_some_and(|init| self.root(init, 0) == Some(self.index_of[at])));
                through += 1;
                let used = local.filter(|_| through == 1).and_then(|local| {
                    let mut uses: Vec<ExprId> =
                        self.types.local_of.iter().filter(|(_, found)| found.0 as usize == local).map(|(expr, _)| *expr).collect();
                    uses.sort_unstable();
                    uses.into_iter().find(|expr| self.is_argument_of_known(*expr, at))
                });
                match used {
                    Some(expr) => hop = expr,
                    None => break None,
                }
            };
        }
    }

    /// The known call (or its chain) in whose arguments `inner` stands.
    fn holder(&self, parent: ExprId, inner: ExprId) -> Option<usize> {
        match &self.body[parent] {
            Expr::Call { callee, .. } if *callee != inner => self.index_of.iter().position(|known| *known == parent),
            Expr::Macro { .. } => self.index_of.iter().position(|known| *known == parent),
            Expr::Method { recv, .. } if *recv != inner => {
                let root = self.root(parent, 0)?;
                self.index_of.iter().position(|known| *known == root)
            }
            _ => None,
        }
    }

    fn is_argument_of_known(&self, expr: ExprId, own: usize) -> bool {
        let mut inner = expr;
        for _ in 0..16 {
            let Some(parent) = self.parents[inner.0 as usize] else { return false };
            if matches!(self.body[parent], Expr::Block(_) | Expr::Closure { .. }) {
                return false;
            }
            if self.holder(parent, inner).is_some_and(|index| index != own) {
                return true;
            }
            inner = parent;
        }
        false
    }

    fn in_closure(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            let given_away = match &self.body[parent] {
                Expr::Closure { .. } => true,
                Expr::Call { .. } | Expr::Method { .. } => matches!(self.types.callees.get(&parent), Some(Callee::Foreign(path))
                    if self.world.catalog.path(path).is_some_and(|hit| self.world.catalog.api(hit.entry).shape == Shape::Spawn)),
                _ => false,
            };
            if given_away {
                return true;
            }
            at = parent;
        }
        false
    }

    /// What an expression does with its time; `own` leaves out what it spawns or hands over as a closure.
    fn task(&self, id: ExprId, own: bool) -> Task {
        let mut task = Task { runs_parameter: self.is_parameter(id), direct: self.direct(id), ..Task::default() };
        self.task_in(id, own, false, &mut task, 0);
        // A future made before and handed over by a variable.
        if let Some(local) = self.types.local_of.get(&id)
            && let Some(init) = self.types.locals[local.0 as usize].init
        {
            self.task_in(init, own, false, &mut task, 0);
        }
        task.calls.sort_unstable();
        task.calls.dedup();
        task
    }

    fn task_in(&self, id: ExprId, own: bool, in_loop: bool, task: &mut Task, depth: u32) {
        if depth > 400 {
            return;
        }
        let expr = &self.body[id];
        let mut in_loop = in_loop;
        match expr {
            Expr::Loop { body, .. } => {
                task.endless |= self.waits(*body);
                task.may_end |= self.leaves(*body);
                in_loop = true;
            }
            Expr::While { cond, body, .. } => {
                let forever = matches!(&self.body[*cond], Expr::Lit(crate::facts::Lit::Bool(true), _)) && self.waits(*body);
                task.endless |= forever || self.receives(*cond) || (self.waits(*body) && self.is_stop_flag(*cond));
                in_loop = true;
            }
            Expr::For { iter, .. } => {
                task.endless |= self.is_stream(*iter);
                in_loop = true;
            }
            Expr::Closure { .. } if own => return,
            _ => {}
        }
        if let Expr::Call { callee, .. } = expr
            && self.is_parameter(*callee)
        {
            task.runs_parameter = true;
        }
        match self.types.callees.get(&id) {
            Some(Callee::Def(func)) if self.world.program.func(*func).is_some() => task.calls.push(*func),
            Some(Callee::Foreign(path)) => {
                let is_spawn = self.world.catalog.path(path).is_some_and(|hit| self.world.catalog.api(hit.entry).shape == Shape::Spawn);
                if is_spawn && own {
                    return;
                }
                self.period(id, path, in_loop, task);
            }
            _ => {}
        }
        children(expr, &mut |child| self.task_in(child, own, in_loop, task, depth + 1));
    }

    /// `f(x)`, `async { f(x).await }`, `|| f(x)`.
    fn direct(&self, id: ExprId) -> Option<DefId> {
        match &self.body[id] {
            Expr::Call { .. } | Expr::Method { .. } | Expr::Path(..) => match self.types.callees.get(&id) {
                Some(Callee::Def(func)) if self.world.program.func(*func).is_some() => Some(*func),
                _ => None,
            },
            Expr::Async { body: inner, .. } | Expr::Closure { body: inner, .. } | Expr::Await(inner) | Expr::Try(inner) => self.direct(*inner),
            Expr::Block(stmts) => match &**stmts {
                [Stmt::Expr { expr, .. }] => self.direct(*expr),
                _ => None,
            },
            _ => None,
        }
    }

    /// The loop is left by `break` or `return`.
    fn leaves(&self, id: ExprId) -> bool {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            match &self.body[id] {
                Expr::Return(_) | Expr::Break(_) => return true,
                Expr::Closure { .. } | Expr::Async { .. } => {}
                expr => children(expr, &mut |child| stack.push(child)),
            }
        }
        false
    }

    fn is_parameter(&self, id: ExprId) -> bool {
        self.types.local_of.get(&id).is_some_and(|local| self.types.locals[local.0 as usize].param.is_some())
    }

    fn period(&self, id: ExprId, path: &str, in_loop: bool, task: &mut Task) {
        let last = path.rsplit("::").next().unwrap_or("");
        let waits = match last {
            "interval" | "interval_at" | "tick" => true,
            "sleep" | "park_timeout" | "recv_timeout" | "delay_for" => in_loop,
            _ => false,
        };
        if !waits || task.period.is_some() {
            return;
        }
        let (Expr::Call { args, .. } | Expr::Method { args, .. }) = &self.body[id] else { return };
        if let Some(arg) = args.last() {
            task.period = Some(self.tracer.value(*arg));
        }
    }

    /// The loop's body waits for something: time, a message, a connection.
    fn waits(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| {
            found |= match expr {
                Expr::Await(_) => true,
                Expr::Macro { path, .. } => path.last().is_some_and(|name| name == "select"),
                Expr::Method { name, .. } => {
                    matches!(name.as_str(), "recv" | "recv_timeout" | "tick" | "accept" | "wait" | "wait_timeout" | "poll" | "run_pending" | "next")
                }
                Expr::Call { callee, .. } => matches!(&self.body[*callee], Expr::Path(path, _)
                    if path.last().is_some_and(|name| matches!(name.as_str(), "sleep" | "park" | "park_timeout" | "yield_now" | "accept"))),
                _ => false,
            };
        });
        found
    }

    fn receives(&self, id: ExprId) -> bool {
        let Expr::Let { value, .. } = &self.body[id] else { return false };
        let mut found = false;
        self.any(*value, &mut |expr| {
            found |= matches!(expr, Expr::Method { name, .. } if matches!(name.as_str(), "recv" | "recv_many" | "changed" | "accept" | "recv_timeout"));
        });
        found
    }

    fn is_stop_flag(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| {
            found |= matches!(expr, Expr::Method { name, .. } if matches!(name.as_str(), "load" | "is_cancelled" | "is_closed" | "is_running" | "has_changed"));
        });
        found
    }

    /// `for message in receiver`.
    fn is_stream(&self, id: ExprId) -> bool {
        let ty = &self.types.types[id.0 as usize];
        ty.path().is_some_and(|path| path.ends_with("::Receiver") || path.ends_with("::Signals") || path.ends_with("::SignalsInfo"))
            || matches!(&self.body[id], Expr::Method { name, recv, .. } if matches!(name.as_str(), "iter" | "incoming" | "forever") && self.types.types[recv.0 as usize].path().is_some_and(
                |path| path.ends_with("::Receiver") || path.ends_with("Listener") || path.ends_with("Signals")))
    }

    fn any(&self, id: ExprId, f: &mut dyn FnMut(&Expr)) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let expr = &self.body[id];
            f(expr);
            children(expr, &mut |child| stack.push(child));
        }
    }

    /// Whether the method around an expression writes what it names.
    fn access(&self, id: ExprId) -> Access {
        let mut at = id;
        for _ in 0..5 {
            let Some(parent) = self.parents[at.0 as usize] else { break };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => {
                    if is_write(name) {
                        return Access::Write;
                    }
                    if !matches!(name.as_str(), "unwrap" | "expect" | "lock" | "borrow" | "await" | "as_ref" | "clone") {
                        return Access::Read;
                    }
                }
                Expr::Assign { left, .. } if *left == at => return Access::Write,
                Expr::Await(_) | Expr::Try(_) | Expr::Deref(_) | Expr::Ref(_) | Expr::Field { .. } | Expr::Index { .. } => {}
                _ => break,
            }
            at = parent;
        }
        Access::Read
    }
}

/// A cheap test for the texts that the detector of claims looks at.
fn speaks_of_claims(text: &str) -> bool {
    match text.len() {
        0..2 => false,
        2..=4 => matches!(text, "SET" | "NX" | "set" | "nx"),
        _ => ["FOR UPDATE", "for update", "ADVISORY", "advisory", "CONFLICT", "conflict", "GET_LOCK", "VACUUM INTO", "vacuum into", "SETNX"]
            .iter()
            .any(|word| text.contains(word)),
    }
}

/// Methods that change what they are called on.
fn is_write(name: &str) -> bool {
    matches!(
        name,
        "write"
            | "insert"
            | "remove"
            | "store"
            | "swap"
            | "set"
            | "push"
            | "push_back"
            | "push_front"
            | "pop"
            | "clear"
            | "retain"
            | "extend"
            | "entry"
            | "borrow_mut"
            | "get_mut"
            | "send"
            | "replace"
            | "take"
            | "update"
            | "rcu"
            | "invalidate"
            | "invalidate_all"
            | "inc"
            | "get_or_init"
            | "get_or_insert_with"
            | "get_or_try_init"
            | "get_with"
            | "try_get_with"
            | "or_insert"
            | "drain"
            | "append"
            | "truncate"
    ) || name.starts_with("fetch_")
        || name.starts_with("compare_exchange")
}

