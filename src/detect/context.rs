//! What every detector reads, with the look-ups they share.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::contents::Ages;
use super::finding::RawSite;
use super::folders::Folders;
use super::left_out::LeftOut;
use super::per_entry::PerEntry;
use super::uses::Uses;
use crate::catalog::{Api, EntryId};
use crate::facts::ItemKind;
use crate::merge::redact::{HIDDEN, of_secret};
use crate::model::{Fact, FactValue, Kind, Place, Provenance, Role};
use crate::resolve::{At, BodyFacts, DefId, Flow, Settled, Type, Value, World, with_parameters};

/// What every detector reads.
pub struct Cx<'a> {
    /// The linked workspace, its types, the catalog.
    pub world: World<'a>,
    /// Values across bodies.
    pub flow: &'a Flow,
    /// What bodies do, in order of definition.
    pub bodies: &'a [BodyFacts],
    /// Body of a definition.
    pub body_of: FxHashMap<DefId, usize>,
    /// Types of the workspace that outlive one request.
    pub long_lived: FxHashSet<DefId>,
    /// What no service runs.
    left_out: LeftOut,
    /// The bodies of the services.
    run: Vec<&'a BodyFacts>,
    /// The folders behind stores, gathered when they are first asked for.
    folders: OnceLock<Folders>,
    /// Who compares ages, likewise.
    ages: OnceLock<Ages>,
    /// Who uses what.
    pub uses: Uses,
    /// Functions that run once in the life of a process: reached from `main`, from what it spawns and from initialisers of
    /// statics, by calls outside of loops and closures.
    pub once: FxHashSet<DefId>,
    /// Functions that only requests reach.
    pub by_requests: FxHashSet<DefId>,
    /// Functions that only the tasks of single connections or messages reach.
    pub by_connections: FxHashSet<DefId>,
    /// Functions that handlers of requests reach, whoever else calls them: what one makes in a variable of its own, and neither
    /// keeps nor gives back, is there once for each call.
    pub serving: FxHashSet<DefId>,
    /// Structs that are made anew for each request, connection or message; some may be kept for longer.
    pub made_for_each: FxHashSet<DefId>,
    /// What the entries of collections hold.
    per_entry: PerEntry,
    /// The definitions that each service reaches; empty when there is one service.
    pub reached: BTreeMap<SmolStr, FxHashSet<DefId>>,
    /// Functions whose endless loop is spawned somewhere.
    pub spawned: FxHashSet<DefId>,
    /// Functions that a spawned task calls, a few steps deep, outside of closures.
    pub started: FxHashSet<DefId>,
    /// Functions that `main` reaches by plain calls, with the number of steps.
    pub from_main: FxHashMap<DefId, usize>,
}

impl<'a> Cx<'a> {
    /// Gathers what detectors share; `uses` are those of the bodies that services run.
    #[must_use]
    pub fn new(world: World<'a>, flow: &'a Flow, bodies: &'a [BodyFacts], left_out: LeftOut, uses: Uses) -> Self {
        let body_of = bodies.iter().enumerate().map(|(at, body)| (body.def, at)).collect();
        let mut cx = Self {
            world,
            flow,
            bodies,
            body_of,
            long_lived: FxHashSet::default(),
            run: left_out.run(world, bodies).collect(),
            left_out,
            folders: OnceLock::new(),
            ages: OnceLock::new(),
            uses,
            once: FxHashSet::default(),
            by_requests: FxHashSet::default(),
            by_connections: FxHashSet::default(),
            serving: FxHashSet::default(),
            made_for_each: FxHashSet::default(),
            per_entry: PerEntry::default(),
            reached: BTreeMap::new(),
            spawned: FxHashSet::default(),
            started: FxHashSet::default(),
            from_main: FxHashMap::default(),
        };
        (cx.from_main, cx.spawned) = rayon::join(|| reached_from_main(&cx), || spawned(&cx));
        (cx.started, cx.once) = rayon::join(|| started(&cx), || once(&cx));
        let by_entries = || {
            let handlers = super::reach::handlers(&cx);
            let ((by_requests, by_connections), serving) = rayon::join(
                || (super::reach::by_requests(&cx, handlers.clone()), super::reach::by_connections(&cx)),
                || super::reach::serving(&cx, handlers.clone()),
            );
            (by_requests, by_connections, serving)
        };
        let ((reached, keepers), ((by_requests, by_connections, serving), long_lived)) = rayon::join(
            || rayon::join(|| super::reach::by_service(&cx), || super::per_entry::keepers(&cx)),
            || rayon::join(by_entries, || long_lived(&cx)),
        );
        let cx = Self { by_requests, by_connections, serving, long_lived, reached, ..cx };
        let made_for_each = super::reach::made_for_each(&cx);
        let mut cx = Self { made_for_each, ..cx };
        cx.per_entry = super::per_entry::per_entry(&cx, &keepers);
        cx
    }

    /// What borrows nothing, to be given back elsewhere.
    #[must_use]
    pub fn own_parts(self) -> impl Send + 'static {
        let Self { body_of, long_lived, left_out, folders, uses, once, by_requests, by_connections, serving, made_for_each, .. } = self;
        (body_of, long_lived, left_out, folders, uses, once, by_requests, by_connections, (serving, made_for_each), self.reached)
    }

    /// What is in a struct that is made again and again is there as often as the struct, and what is in the entries of a
    /// collection as often as they are.
    #[must_use]
    pub fn lifetime_in(&self, of: DefId) -> Option<Fact> {
        if self.made_for_each.contains(&of) {
            return Some(Self::plain_fact("lifetime", format!("one for each {}", self.short_name(of))));
        }
        let collections = self.per_entry.kept_in.get(&of)?;
        Some(Self::plain_fact(Fact::PER_ENTRY, format!("one for each entry of {collections}")))
    }

    /// Whether the entries of a collection count something: `Shop.carts`, whose carts have a counter.
    #[must_use]
    pub fn counts_in_entries(&self, collection: &str) -> bool {
        self.per_entry.counting.contains(collection)
    }

    /// What a function makes is there once for each call of it, when it is reached so; none for what lives with the process.
    #[must_use]
    pub fn lifetime(&self, id: DefId) -> Option<&'static str> {
        if self.by_requests.contains(&id) {
            Some(Fact::EACH_CALL)
        } else if self.by_connections.contains(&id) {
            Some("one for each connection or message")
        } else {
            None
        }
    }

    /// The same for what is made at a place of a body: each round of a loop that takes what arrives is there for one arrival.
    #[must_use]
    pub fn lifetime_at(&self, body: &BodyFacts, at: At) -> Option<&'static str> {
        let line = at.span.line;
        let takes = |one: &&crate::resolve::LoopFacts| one.endless && one.takes && one.at.file == at.file;
        let in_round = || body.loops.iter().filter(takes).any(|one| one.at.span < at.span && line <= one.until);
        self.lifetime(body.def).or_else(|| in_round().then_some("one for each connection or message"))
    }

    /// The folders behind stores.
    pub(super) fn folders(&self) -> &Folders {
        self.folders.get_or_init(|| Folders::new(self))
    }

    /// The functions that compare ages.
    pub(super) fn ages(&self) -> &Ages {
        self.ages.get_or_init(|| Ages::new(self))
    }

    /// Bodies of the services: those for tests only, and those that no service links, are left out.
    pub fn bodies(&self) -> impl Iterator<Item = &'a BodyFacts> + '_ {
        self.run.iter().copied()
    }

    /// Whether a definition is read only for tests.
    #[must_use]
    pub fn is_for_tests(&self, id: DefId) -> bool {
        self.left_out.test_only.contains(id)
    }

    /// A function of a library that no code of the services names: a tool's, one for tests, or left over.
    #[must_use]
    pub fn is_dead(&self, id: DefId) -> bool {
        self.left_out.is_dead(self.world, id)
    }

    /// The body is a task, has a loop that does not end, or runs early in the life of the process and calls more of the workspace:
    /// what it makes may be there as long as the process.
    #[must_use]
    pub fn starts_or_stays(&self, body: &BodyFacts) -> bool {
        let id = body.def;
        let is_task = |call: &crate::resolve::KnownCall| self.api(call.hit.entry).kind == Some(Kind::BackgroundTask);
        // What calls nothing of the workspace and serves nobody has an end.
        let waits = || !body.own.is_empty() || body.known.iter().any(is_task);
        let runs_early = self.from_main.contains_key(&id) || self.started.contains(&id) || self.once.contains(&id);
        runs_early && waits() || self.spawned.contains(&id) || body.task.endless || body.loops.iter().any(|one| one.endless)
    }

    /// The body spawns an endless loop, or is one that is spawned or run by `main`.
    #[must_use]
    pub fn is_loop(&self, body: &BodyFacts) -> bool {
        let runs = self.spawned.contains(&body.def) || self.from_main.contains_key(&body.def) || self.started.contains(&body.def);
        (body.task.endless && runs) || body.known.iter().any(|call| call.task.as_ref().is_some_and(|task| task.endless))
    }

    /// The services among some that reach a definition; all of them when none seems to.
    #[must_use]
    pub fn reaching(&self, id: DefId, services: &[SmolStr]) -> Vec<SmolStr> {
        let top = self.world.program.def(id).in_fn.unwrap_or(id);
        let found: Vec<SmolStr> =
            services.iter().filter(|service| self.reached.get(*service).is_none_or(|reached| reached.contains(&top))).cloned().collect();
        if found.is_empty() { services.to_vec() } else { found }
    }

    /// The version of a library that the manifest around a definition asks for, by a path into the library.
    #[must_use]
    pub fn requirement(&self, id: DefId, path: &str) -> Option<&'a str> {
        let program = self.world.program;
        let library = path.split("::").next().unwrap_or(path);
        let asked = &program.krate(program.module(program.def(id).module).krate).input.requirements;
        asked.iter().find(|(name, _)| name == library).map(|(_, requirement)| requirement.as_str())
    }

    /// Canonical path of a definition.
    #[must_use]
    pub fn path(&self, id: DefId) -> SmolStr {
        self.world.program.def(id).path.clone()
    }

    /// The name of a definition's crate.
    #[must_use]
    pub fn krate(&self, id: DefId) -> SmolStr {
        let path = &self.world.program.def(id).path;
        SmolStr::new(path.split("::").next().unwrap_or(path))
    }

    /// The site of a definition's name.
    #[must_use]
    pub fn declared_at(&self, id: DefId) -> At {
        At { file: self.file_index(id), span: self.world.program.def(id).item.span }
    }

    /// The file of a definition.
    #[must_use]
    pub fn file_index(&self, id: DefId) -> u32 {
        u32::try_from(self.world.program.module(self.world.program.def(id).module).file).unwrap_or(u32::MAX)
    }

    /// A site inside a definition.
    #[must_use]
    pub fn site(&self, at: At, role: Role, function: DefId) -> RawSite {
        RawSite { at, role, function: Some(self.path(function)) }
    }

    /// The place of a position.
    #[must_use]
    pub fn place(&self, at: At) -> Place {
        let file = self.world.program.files.get(at.file as usize).map(|file| file.file.clone()).unwrap_or_default();
        Place { file, line: at.span.line, column: at.span.column }
    }

    /// A fact of a value.
    #[must_use]
    pub fn fact(&self, key: &str, unit: Option<&SmolStr>, value: &Value) -> Fact {
        self.settled(key, unit, self.flow.settle(self.world, value))
    }

    /// A fact of a settled value.
    #[must_use]
    pub fn settled(&self, key: &str, unit: Option<&SmolStr>, settled: Settled) -> Fact {
        let unit =
            if settled.is_duration { Some(SmolStr::new_static("duration")) } else { unit.filter(|unit| *unit != "duration").cloned() };
        // The place of a secret is told, and not what it is.
        let value = match settled.value {
            Some(FactValue::Text(text)) if settled.secret && text != HIDDEN => Some(FactValue::Text(of_secret(&text))),
            value => value,
        };
        Fact {
            key: SmolStr::new(key),
            value,
            unit,
            provenance: settled.provenance,
            at: settled.place.or_else(|| settled.at.map(|at| self.place(at))),
            from: settled.from,
            set: settled.set,
        }
    }

    /// A fact that needs no place.
    #[must_use]
    pub fn plain_fact(key: &'static str, value: impl Into<String>) -> Fact {
        Fact {
            key: SmolStr::new_static(key),
            value: Some(FactValue::Text(value.into())),
            unit: None,
            provenance: Provenance::Code,
            at: None,
            from: None,
            set: Vec::new(),
        }
    }

    /// The catalog entry.
    #[must_use]
    pub fn api(&self, id: EntryId) -> &Api {
        self.world.catalog.api(id)
    }

    /// Whether a definition is a function, and what it is called without its path.
    #[must_use]
    pub fn short_name(&self, id: DefId) -> SmolStr {
        let def = self.world.program.def(id);
        if def.item.name.is_empty() { def.path.rsplit("::").next().unwrap_or("").into() } else { def.item.name.clone() }
    }

    /// What stands for work that a function does: a method says little without its type.
    #[must_use]
    pub fn work_name(&self, id: DefId) -> SmolStr {
        let (name, method) = (self.maker_name(id), self.short_name(id));
        match &self.world.signatures.this[id.0 as usize] {
            Some(Type::Def(of, _)) if name == method && *of != id && self.world.program.def(id).in_fn.is_none() => {
                format_smolstr!("{}::{method}", self.short_name(*of))
            }
            _ => name,
        }
    }

    /// What stands for a thing made in a body: its function, or the type when the function is a mere `new`.
    #[must_use]
    pub fn maker_name(&self, id: DefId) -> SmolStr {
        let name = self.short_name(id);
        let is_generic = matches!(
            name.as_str(),
            "new"
                | "default"
                | "build"
                | "init"
                | "create"
                | "from"
                | "try_from"
                | "with_config"
                | "from_config"
                | "try_new"
                | "open"
                | "connect"
                | "setup"
                | "start"
        );
        if is_generic {
            let path = &self.world.program.def(id).path;
            let owner = path.rsplit("::").nth(1).unwrap_or("");
            // A type, or a module: the crate's own name says nothing.
            if path.split("::").count() > 2 && !owner.is_empty() {
                return SmolStr::new(owner);
            }
        }
        // These say what is done with the thing, and not which it is.
        let is_verb = matches!(name.as_str(), "run" | "serve" | "handle" | "execute" | "launch" | "listen" | "process" | "work");
        match &self.world.signatures.this[id.0 as usize] {
            Some(Type::Def(of, _)) if is_verb && *of != id => format_smolstr!("{}::{name}", self.short_name(*of)),
            _ => name,
        }
    }
}

/// Functions that tasks call.
fn spawned(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let tasks = cx.bodies().flat_map(|body| body.known.iter().filter_map(|call| call.task.as_ref()));
    tasks.flat_map(|task| task.calls.iter().copied()).collect()
}

/// Types that outlive one request: what statics hold, what is handed to all requests, or lives in
/// `main` or in a function that never ends; and what is inside those.
fn long_lived(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let program = cx.world.program;
    let wrappers = cx.world.catalog.wrappers();
    let mut queue: Vec<Type> = Vec::new();
    for (id, def) in program.all_defs() {
        match &def.item.kind {
            ItemKind::Static(_) => queue.push(cx.world.signatures.value(id).clone()),
            ItemKind::Fn(_) => {
                for ty in &cx.world.signatures.params[id.0 as usize] {
                    shared_inside(wrappers, ty, &mut queue);
                }
                shared_inside(wrappers, cx.world.signatures.value(id), &mut queue);
            }
            ItemKind::Struct(_) => {
                // A service that a framework keeps: it implements a foreign trait that handles requests.
                let serves = program.foreign_impls.get(&id).into_iter().flatten().any(|path| is_service_trait(path));
                if serves {
                    queue.push(Type::of(id));
                }
            }
            _ => {}
        }
    }
    let mut fields: Vec<(&(DefId, SmolStr), &Type)> = cx.world.signatures.fields.iter().collect();
    fields.sort_by_key(|(key, _)| *key);
    for (_, ty) in fields {
        shared_inside(wrappers, ty, &mut queue);
    }
    for body in cx.bodies() {
        queue.extend(body.handed_over.iter().cloned());
        // `LspService::new(Backend::new)`: what a framework is told to make at start-up, it keeps.
        if cx.once.contains(&body.def) {
            let handed = body.own.iter().filter(|call| call.taken_by.is_some()).map(|call| cx.world.signatures.value(call.func));
            queue.extend(handed.filter(|ty| matches!(ty, Type::Def(..))).cloned());
        }
        // What is merely borrowed for a while (a connection of a pool) comes out of a method, not of a constructor.
        if body.task.endless || cx.once.contains(&body.def) {
            queue.extend(body.locals.iter().filter(|local| local.made).map(|local| local.ty.clone()));
            if body.task.endless {
                queue.extend(cx.world.signatures.this[body.def.0 as usize].clone());
                queue.extend(cx.world.signatures.params[body.def.0 as usize].iter().cloned());
            }
        }
    }
    // A type parameter holds what implements its bound.
    let known = &cx.world.signatures.bounds;
    let inside = |ty: Option<&Type>, of: DefId| Some(with_parameters(ty?, &|name| known.get(&(of, name.clone())).cloned()));
    let mut seen = FxHashSet::default();
    while let Some(ty) = queue.pop() {
        match &ty {
            Type::Def(id, args) => {
                queue.extend(args.iter().cloned());
                if !seen.insert(*id) {
                    continue;
                }
                match &program.def(*id).item.kind {
                    ItemKind::Struct(facts) => {
                        queue.extend(facts.fields.iter().filter_map(|field| inside(cx.world.signatures.field(*id, &field.name), *id)));
                    }
                    ItemKind::Enum(facts) => {
                        for variant in &facts.variants {
                            for field in &variant.fields {
                                let name = format!("{}.{}", variant.name, field.name);
                                queue.extend(inside(cx.world.signatures.field(*id, &name), *id));
                            }
                        }
                    }
                    _ => {}
                }
            }
            Type::Trait(id) => {
                queue.extend(program.implementors.get(id).into_iter().flatten().map(|id| Type::of(*id)));
            }
            // What a map or list holds lives as long as it stays there.
            Type::Foreign(path, args) if !wrappers.is_signal(path) => queue.extend(args.iter().cloned()),
            Type::Tuple(all) => queue.extend(all.iter().cloned()),
            Type::Slice(inner) => queue.push((**inner).clone()),
            _ => {}
        }
    }
    seen
}

/// What stands in an extractor of application state, anywhere inside a type.
fn shared_inside(wrappers: &crate::catalog::Wrappers, ty: &Type, out: &mut Vec<Type>) {
    match ty {
        Type::Foreign(path, args) => {
            if wrappers.is_app_state(path) {
                out.extend(args.iter().cloned());
            }
            for arg in args.iter() {
                shared_inside(wrappers, arg, out);
            }
        }
        Type::Tuple(all) => all.iter().for_each(|ty| shared_inside(wrappers, ty, out)),
        Type::Def(_, args) => args.iter().for_each(|ty| shared_inside(wrappers, ty, out)),
        _ => {}
    }
}

fn is_service_trait(path: &str) -> bool {
    let last = path.rsplit("::").next().unwrap_or(path);
    matches!(last, "Service" | "Layer" | "Actor" | "Fairing" | "Handler" | "Transform" | "Middleware" | "Resolve")
        || path.contains("_server::")
}

/// Functions that `main` calls outside of loops and closures, a few steps deep: what they keep lives as long as the process.
fn reached_from_main(cx: &Cx<'_>) -> FxHashMap<DefId, usize> {
    let program = cx.world.program;
    let mut level: Vec<DefId> = program
        .all_defs()
        .filter(|(id, def)| {
            def.item.name == "main" && def.owner.is_none() && program.func(*id).is_some() && program.module(def.module).parent.is_none()
        })
        .map(|(id, _)| id)
        .collect();
    let mut seen: FxHashMap<DefId, usize> = level.iter().map(|id| (*id, 0)).collect();
    for step in 1..=64 {
        if level.is_empty() {
            break;
        }
        let mut next = Vec::new();
        for id in level {
            let Some(&at) = cx.body_of.get(&id) else { continue };
            for call in cx.bodies[at].own.iter().filter(|call| !call.in_closure) {
                if let std::collections::hash_map::Entry::Vacant(free) = seen.entry(call.func) {
                    free.insert(step);
                    next.push(call.func);
                }
            }
        }
        level = next;
    }
    seen
}

/// What runs once; see [`Cx::once`].
fn once(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let program = cx.world.program;
    let is_static = |id: &DefId| matches!(program.def(*id).item.kind, ItemKind::Static(_));
    let mut level: Vec<DefId> = cx.from_main.iter().filter(|(_, steps)| **steps == 0).map(|(id, _)| *id).collect();
    level.extend(cx.bodies().map(|body| body.def).filter(is_static));
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    while let Some(id) = level.pop() {
        let Some(&at) = cx.body_of.get(&id) else { continue };
        let body = &cx.bodies[at];
        let from_static = is_static(&id);
        let called = body.own.iter().filter(|call| (from_static || !call.in_closure) && !call.in_loop).map(|call| call.func);
        let spawned = body.known.iter().filter_map(|call| call.task.as_ref()).filter_map(|task| task.direct);
        level.extend(called.chain(spawned).filter(|func| seen.insert(*func)));
    }
    seen
}

/// Functions that the tasks spawned by `main` run.
fn started(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let spawning = cx.bodies().filter(|body| cx.from_main.contains_key(&body.def));
    let mut level: Vec<DefId> =
        spawning.flat_map(|body| body.known.iter().filter_map(|call| call.task.as_ref()).flat_map(|task| task.calls.clone())).collect();
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    for _ in 0..3 {
        let mut next = Vec::new();
        for id in level {
            let Some(&at) = cx.body_of.get(&id) else { continue };
            next.extend(cx.bodies[at].own.iter().filter(|call| !call.in_closure).map(|call| call.func).filter(|func| seen.insert(*func)));
        }
        level = next;
    }
    seen
}
