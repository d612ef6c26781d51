//! Entry points: the routes, tasks and start-up code on whose way an item is read or changed.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::Finding;
use super::reach::ROUTERS;
use super::tasks::MAIN_LOOP;
use crate::catalog::Shape;
use crate::facts::{Attr, ExprId, ItemFact, ItemKind, Path};
use crate::model::{Access, Class, EntryKind, EntryPoint, ItemId, Kind};
use crate::resolve::{At, BodyFacts, Def, DefId, ModId, Res, Served, Space, Value, http_method};

/// Routers inside routers are followed so far.
const MAX_NESTING: usize = 8;
/// A part that is mounted in more places than this is told with the first ones.
const MAX_PREFIXES: usize = 4;
/// Callers of callers are followed for so many functions.
const MAX_CALLERS: usize = 2_000;

/// What functions are entered as from outside.
type EnteredAs = FxHashMap<DefId, Vec<(EntryKind, SmolStr)>>;

/// The functions that tasks run, by the function whose body hands them to a spawner of the workspace.
type HandedOver = FxHashMap<DefId, FxHashSet<DefId>>;

/// Who calls whom, and what serves requests.
#[derive(Default)]
pub struct Entries {
    /// Functions by those they are called from, routers left out.
    callers: FxHashMap<DefId, Vec<DefId>>,
    /// What a function is entered as from outside.
    at: EnteredAs,
    /// The services that enter it so; empty when there is one service.
    of_services: FxHashMap<DefId, Vec<SmolStr>>,
    /// What is spawned in a function: from where to which line, and as which task.
    spawned: Spawned,
}

/// Closures and futures that functions spawn, with their last lines and the ids of their tasks.
type Spawned = FxHashMap<DefId, Vec<(At, u32, SmolStr)>>;

impl Entries {
    /// Gathers the entry points of the services; background tasks are those found, under their ids.
    #[must_use]
    pub fn new(cx: &Cx<'_>, findings: &[Finding], ids: &[ItemId]) -> Self {
        let mut out = Self::default();
        let handed = tasks(cx, findings, ids, &mut out.at, &mut out.spawned);
        let (callers, routes) = rayon::join(|| callers(cx, &out.at, &handed), || routes(cx));
        out.callers = callers;
        for (id, found) in routes {
            out.at.entry(id).or_default().extend(found);
        }
        for (id, _) in cx.from_main.iter().filter(|(_, steps)| **steps == 0) {
            out.enter(*id, EntryKind::Main, SmolStr::new_static("main"));
        }
        for found in out.at.values_mut() {
            found.sort();
            found.dedup();
        }
        if !cx.reached.is_empty() {
            let services = |id: &DefId| (*id, cx.reaching(*id, cx.world.program.services_of(*id)));
            out.of_services = out.at.keys().map(services).collect();
        }
        out
    }

    fn enter(&mut self, id: DefId, kind: EntryKind, name: SmolStr) {
        self.at.entry(id).or_default().push((kind, name));
    }

    /// The functions that each background task runs, by its id.
    #[must_use]
    pub(super) fn roots_of_tasks(&self) -> BTreeMap<SmolStr, Vec<DefId>> {
        let mut out: BTreeMap<SmolStr, Vec<DefId>> = BTreeMap::new();
        for (func, entered) in &self.at {
            for (_, name) in entered.iter().filter(|(kind, _)| *kind == EntryKind::Task) {
                out.entry(name.clone()).or_default().push(*func);
            }
        }
        out.values_mut().for_each(|roots| roots.sort_unstable());
        out
    }

    /// The background tasks on whose way a function is called.
    #[must_use]
    pub(super) fn tasks_leading_to(&self, func: DefId) -> Vec<SmolStr> {
        let found = self.leading_to(std::iter::once(func)).into_iter();
        found.filter(|(kind, _)| *kind == EntryKind::Task).map(|(_, name)| name).collect()
    }

    /// The entry points of some services on whose way a finding is used.
    #[must_use]
    pub fn of(&self, finding: &Finding, services: &[SmolStr]) -> Vec<EntryPoint> {
        // Settings are read everywhere, and what a task is entered by is the task itself.
        let has_none =
            matches!(finding.kind, Kind::StartupConfig | Kind::Telemetry | Kind::BackgroundTask | Kind::ExternalStore | Kind::Os);
        if has_none || finding.class == Class::Constant {
            return Vec::new();
        }
        // What a spawned closure does, its task does, whoever spawns it.
        let mut found: Vec<EntryPoint> = Vec::new();
        let mut users: Vec<(DefId, Access)> = Vec::new();
        for (at, func, access) in &finding.uses {
            let here = self.spawned.get(func).into_iter().flatten();
            let inside = here.filter(|(from, until, _)| from.file == at.file && from.span < at.span && at.span.line <= *until);
            match inside.max_by_key(|(from, ..)| from.span) {
                Some((.., task)) => found.push(EntryPoint { name: task.clone(), kind: EntryKind::Task, access: *access }),
                None => users.push((*func, *access)),
            }
        }
        found.sort_by_key(|one| one.access != Access::Write);
        let mut seen = FxHashSet::default();
        found.retain(|one| seen.insert(one.name.clone()));
        if finding.uses.is_empty() && (finding.is_call || finding.kind == Kind::FsWrite) {
            users.push((finding.def, Access::Write));
        }
        // A file that is read is not changed, whoever uses what was read.
        if finding.kind == Kind::ReferenceData {
            users = vec![(finding.def, Access::Read)];
            found.clear();
        }
        // Who changes something is not told as a reader of it too.
        for wanted in [Access::Write, Access::Read] {
            let from = users.iter().filter(|(_, access)| *access == wanted).map(|(func, _)| *func);
            for (kind, name) in self.leading_to_in(from, services) {
                if !found.iter().any(|entry| entry.kind == kind && entry.name == name) {
                    found.push(EntryPoint { name, kind, access: wanted });
                }
            }
        }
        found.sort();
        found
    }

    /// The entry points from which some function is reached.
    pub(super) fn leading_to(&self, funcs: impl Iterator<Item = DefId>) -> Vec<(EntryKind, SmolStr)> {
        self.leading_to_in(funcs, &[])
    }

    /// The same for some services: each has its own copy of what a library makes. All when none is named.
    fn leading_to_in(&self, funcs: impl Iterator<Item = DefId>, services: &[SmolStr]) -> Vec<(EntryKind, SmolStr)> {
        let is_theirs = |id: &DefId| {
            let by = self.of_services.get(id).filter(|_| !services.is_empty());
            by.is_none_or(|by| by.iter().any(|service| services.contains(service)))
        };
        let mut queue: Vec<DefId> = funcs.collect();
        let mut seen: FxHashSet<DefId> = queue.iter().copied().collect();
        let mut out = Vec::new();
        while let Some(id) = queue.pop() {
            if let Some(here) = self.at.get(&id).filter(|_| is_theirs(&id)) {
                out.extend(here.iter().cloned());
            }
            if seen.len() > MAX_CALLERS {
                break;
            }
            queue.extend(self.callers.get(&id).into_iter().flatten().copied().filter(|caller| seen.insert(*caller)));
        }
        out.sort();
        out.dedup();
        out
    }
}

/// Callers by function. What is handed to a router is called by requests, not by who hands it over.
fn callers(cx: &Cx<'_>, tasks: &EnteredAs, handed: &HandedOver) -> FxHashMap<DefId, Vec<DefId>> {
    let program = cx.world.program;
    let mut out: FxHashMap<DefId, Vec<DefId>> = FxHashMap::default();
    for body in cx.bodies() {
        // What a task runs is its own, even where it stands inside the function that makes the task.
        let top = program.def(body.def).in_fn.filter(|_| !tasks.contains_key(&body.def)).unwrap_or(body.def);
        let is_called = |call: &&crate::resolve::OwnCall| {
            let by_request = call.served.as_ref().is_some_and(|served| served.path.is_some() || served.by_name);
            !by_request && !call.taken_by.as_ref().is_some_and(|name| ROUTERS.contains(&name.as_str()))
        };
        // What a spawned task calls is entered by the task.
        let spawned: FxHashSet<DefId> = body
            .known
            .iter()
            .filter_map(|call| call.task.as_ref())
            .flat_map(|task| task.calls.iter().copied().chain(task.direct))
            .chain(handed.get(&body.def).into_iter().flatten().copied())
            .collect();
        let is_task = |func: DefId| spawned.contains(&func) && tasks.contains_key(&func);
        for call in body.own.iter().filter(is_called).filter(|call| !is_task(call.func)) {
            let known = out.entry(call.func).or_default();
            if known.last() != Some(&top) {
                known.push(top);
            }
        }
    }
    // Who calls the method of a trait calls that of each type behind it.
    for (of, types) in &program.implementors {
        let ItemKind::Trait(facts) = &program.def(*of).item.kind else { continue };
        for member in &facts.items {
            let Some(callers) = program.members.get(&(*of, member.name.clone())).and_then(|all| out.get(all.first()?)).cloned() else {
                continue;
            };
            for ty in types {
                for method in program.members.get(&(*ty, member.name.clone())).into_iter().flatten() {
                    out.entry(*method).or_default().extend(&callers);
                }
            }
        }
    }
    out
}

/// A function that a router takes: in which body, and how.
type Edge<'a> = (DefId, DefId, &'a Served);

fn routes(cx: &Cx<'_>) -> EnteredAs {
    let program = cx.world.program;
    let mut out = EnteredAs::default();
    let edges: Vec<Edge<'_>> = cx.bodies().flat_map(edges).collect();
    let mut into: FxHashMap<DefId, Vec<Edge<'_>>> = FxHashMap::default();
    for edge in &edges {
        into.entry(edge.1).or_default().push(*edge);
    }
    let routers: FxHashSet<DefId> = edges.iter().map(|(container, ..)| *container).collect();
    let mut enter = |id: DefId, name: SmolStr| out.entry(id).or_default().push((EntryKind::Route, name));
    let mut of_routers: FxHashMap<(DefId, ExprId), Vec<SmolStr>> = FxHashMap::default();
    for (container, func, served) in &edges {
        let marked: Vec<(Option<SmolStr>, SmolStr)> = program.def(*func).item.attrs.iter().filter_map(marked_route).collect();
        let written = served.path.clone().map(|path| (served.method.clone(), path));
        // A part with routes of its own is no handler.
        let written = written.filter(|_| served.method.is_some() || !routers.contains(func));
        let own: Vec<_> = if written.is_some() { written.into_iter().collect() } else { marked };
        for (method, path) in own {
            for (around, outer_keeps) in prefixes(&into, *container, 0) {
                let prefix = format!("{around}{}", served.prefix);
                let keeps_slash = if served.prefix.is_empty() { outer_keeps } else { served.keeps_slash };
                let path = if path == "/" && !prefix.is_empty() && !keeps_slash { "" } else { path.as_str() };
                let name = label(method.as_ref(), &format!("{prefix}{path}"));
                if let Some(router) = served.router {
                    of_routers.entry((*container, router)).or_default().push(name.clone());
                }
                enter(*func, name);
            }
        }
    }
    let mut services = Services::new(cx);
    for (id, def) in program.all_defs().filter(|(id, _)| program.func(*id).is_some() && program.is_linked(*id)) {
        if !into.contains_key(&id) {
            for (method, path) in def.item.attrs.iter().filter_map(marked_route) {
                enter(id, label(method.as_ref(), &path));
            }
        }
        // A method of a trait that a generator made out of a `service` of protocol buffers.
        if let Some(service) = services.of(def) {
            enter(id, format_smolstr!("gRPC {service}.{}", def.item.name));
        }
    }
    for (container, func, served) in edges.iter().filter(|(.., served)| served.is_middleware) {
        let entered = out.entry(*func).or_default();
        // A part of a router, here or where this one is taken, has requests of its own only.
        if served.of_part || into.contains_key(container) {
            let routes = served.router.and_then(|router| of_routers.get(&(*container, router)));
            entered.extend(routes.into_iter().flatten().map(|route| (EntryKind::Route, route.clone())));
        } else {
            entered.push((EntryKind::EveryRequest, SmolStr::new_static("every request")));
        }
    }
    out
}

/// The services that blocks are for, each asked for once: the methods of a block come one after the other.
pub(super) struct Services<'c, 'a> {
    cx: &'c Cx<'a>,
    last: Option<(&'a ItemFact, Option<SmolStr>)>,
}

impl<'c, 'a> Services<'c, 'a> {
    pub(super) fn new(cx: &'c Cx<'a>) -> Self {
        Self { cx, last: None }
    }

    /// The service whose method a definition is.
    pub(super) fn of(&mut self, def: &Def<'a>) -> Option<SmolStr> {
        let owner = def.owner?;
        let ItemKind::Impl(imp) = &owner.kind else { return None };
        if let Some((last, known)) = &self.last
            && std::ptr::eq(*last, owner)
        {
            return known.clone();
        }
        let found = imp.of_trait.as_ref().and_then(|path| generated_service(self.cx, def.module, path));
        self.last = Some((owner, found.clone()));
        found
    }
}

/// The name of the trait when it stands in a module such as `greeter_server`, where tonic puts it.
fn generated_service(cx: &Cx<'_>, module: ModId, path: &Path) -> Option<SmolStr> {
    let in_server_module = |path: &str| path.rsplit("::").nth(1).is_some_and(|module| module.ends_with("_server"));
    let is_service = match cx.world.program.resolve(cx.world.catalog, module, path, Space::Type) {
        Some(Res::Def(id)) => in_server_module(&cx.world.program.def(id).path),
        Some(Res::Foreign(path)) => in_server_module(&path),
        _ => path.segs.iter().rev().nth(1).is_some_and(|seg| seg.name.ends_with("_server")),
    };
    path.last().filter(|_| is_service).cloned()
}

fn edges(body: &BodyFacts) -> impl Iterator<Item = Edge<'_>> {
    body.own.iter().filter_map(|call| Some((body.def, call.func, &**call.served.as_ref()?)))
}

/// `GET /orders/{id}`.
fn label(method: Option<&SmolStr>, path: &str) -> SmolStr {
    let path = if path.starts_with(['/', '…']) { path.to_owned() } else { format!("/{path}") };
    match method {
        Some(method) => format_smolstr!("{method} {path}"),
        None => path.into(),
    }
}

/// Paths under which a function that makes a router is mounted, and whether a slash behind them stays; an empty one when
/// nothing is said.
fn prefixes(into: &FxHashMap<DefId, Vec<Edge<'_>>>, of: DefId, depth: usize) -> Vec<(String, bool)> {
    let Some(edges) = into.get(&of).filter(|_| depth < MAX_NESTING) else { return vec![(String::new(), false)] };
    let mut out: Vec<(String, bool)> = Vec::new();
    for (container, _, served) in edges {
        let own = served.path.as_ref().map_or("", |path| path.trim_end_matches('/'));
        for (around, outer_keeps) in prefixes(into, *container, depth + 1) {
            let nearest = if served.prefix.is_empty() { outer_keeps } else { served.keeps_slash };
            let prefix = (format!("{around}{}{own}", served.prefix), nearest || !own.is_empty());
            if out.len() < MAX_PREFIXES && !out.contains(&prefix) {
                out.push(prefix);
            }
        }
    }
    out
}

/// `#[get("/x")]`, `#[route("/x", method = "GET")]`, `#[utoipa::path(get, path = "/x")]`, `#[oai(path = "/x", method = "get")]`.
fn marked_route(attr: &Attr) -> Option<(Option<SmolStr>, SmolStr)> {
    let name = attr.path.last()?;
    // Rocket writes the parameters of the query behind the path.
    let path_only = |key: &SmolStr| SmolStr::new(key.split('?').next().unwrap_or(key));
    let first = attr.args.first().map(|(key, _)| key).filter(|key| key.starts_with('/')).map(path_only);
    let keyed = |wanted: &str| attr.args.iter().find(|(key, _)| key == wanted).and_then(|(_, value)| value.as_deref());
    match (http_method(name), first) {
        (Some(method), Some(path)) => Some((Some(method), path)),
        (None, Some(path)) if name == "route" => {
            // Several methods are one route.
            let mut methods =
                attr.args.iter().filter(|(key, _)| key == "method").filter_map(|(_, value)| http_method(&value.as_ref()?.to_lowercase()));
            let method = methods.next().filter(|_| methods.next().is_none());
            Some((method, path))
        }
        (None, None) if matches!(name.as_str(), "path" | "oai" | "api_operation" | "endpoint") => {
            let path = keyed("path").filter(|path| path.starts_with('/'))?;
            let method = keyed("method").map(str::to_lowercase);
            let method = method
                .as_deref()
                .and_then(http_method)
                .or_else(|| attr.args.iter().find_map(|(key, value)| http_method(key).filter(|_| value.is_none())));
            Some((method, path.into()))
        }
        _ => None,
    }
}

fn tasks(cx: &Cx<'_>, findings: &[Finding], ids: &[ItemId], out: &mut EnteredAs, within: &mut Spawned) -> HandedOver {
    let mut handed = HandedOver::default();
    for (finding, task) in findings.iter().zip(ids).filter(|(finding, _)| finding.kind == Kind::BackgroundTask) {
        let mut roots: Vec<DefId> = Vec::new();
        let is_here = |at: At| finding.sites.iter().any(|site| site.at == at);
        for &at in cx.body_of.get(&finding.def).into_iter() {
            let body = &cx.bodies[at];
            // What a function is given that loops in the main flow was made before, by `main`.
            if finding.label == MAIN_LOOP || finding.label == "loop" {
                let polled = body.polled.iter().filter(|polled| is_here(polled.at)).map(|polled| polled.func);
                let in_block = body.futures.iter().filter(|kept| is_here(kept.at)).flat_map(|kept| kept.task.calls.iter().copied());
                let run: Vec<DefId> = polled.chain(in_block).collect();
                handed.entry(body.def).or_default().extend(run.iter().copied());
                roots.extend(run);
                continue;
            }
            for call in body.known.iter().filter(|call| is_here(call.at)) {
                let Some(run) = &call.task else { continue };
                roots.extend(run.calls.iter().copied().chain(run.direct));
                within.entry(body.def).or_default().push((call.at, run.until, task.as_str().into()));
            }
            // `spawn_named("sync", move || sync(pool))`, where the function is one of the workspace's own.
            for call in body.own.iter().filter(|call| is_here(call.at) && call.taken_by.is_none()) {
                let futures = call.args.iter().filter_map(|arg| match arg {
                    Value::Call { func, .. } => Some(*func),
                    _ => None,
                });
                let run: Vec<DefId> = call.given.calls.iter().copied().chain(call.given.direct).chain(futures).collect();
                handed.entry(body.def).or_default().extend(run.iter().copied());
                roots.extend(run);
            }
        }
        // The loop itself; a job or server is not what sets it up.
        let is_loop = finding.entry.is_none_or(|entry| cx.api(entry).shape == Shape::Spawn);
        if roots.is_empty() && is_loop && cx.spawned.contains(&finding.def) {
            roots.push(finding.def);
        }
        for id in roots {
            out.entry(id).or_default().push((EntryKind::Task, task.as_str().into()));
        }
    }
    handed
}
