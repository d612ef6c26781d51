//! The order of the start-up: what happens on the way of `main` before and after its server serves.

use rustc_hash::{FxHashMap, FxHashSet};

use super::frame::{Branch, DEAD_END, Runs, SIDE_BY_SIDE};
use super::places::{Places, ids};
use super::signals;
use super::way::{Event, What, is_lazy};
use crate::catalog::{Lifecycles, Server, Shape};
use crate::detect::Cx;
use crate::facts::{Expr, ExprId};
use crate::model::{Access, Action, EntryKind, Item, ItemId, Kind, Lifecycle, OnFailure, Place, Step, Warming, When};
use crate::resolve::{DefId, KnownCall};

/// Steps told of one service.
const MAX_STEPS: usize = 200;

/// The events of a service that runs its server: those of other commands are left out.
pub(super) struct Order<'e, 'a> {
    pub(super) events: Vec<&'e Event<'a>>,
    /// Where its server starts to serve.
    pub(super) serves: Option<usize>,
    /// Where the wait for the server begins, and what comes after it has ended; none for a server that is run elsewhere.
    waited: Option<usize>,
    /// The last event before the service stops: the end of the wait for a server, or in `main` the wait for a signal.
    stops: Option<usize>,
    /// The branches that lead to the server.
    branches: FxHashMap<(DefId, ExprId), usize>,
}

/// The server that an event makes or starts.
pub(super) fn server_of(what: What<'_>) -> Option<&'static Server> {
    match what {
        What::Known(call) => {
            let known = Lifecycles::builtin();
            known.server(&call.path).or_else(|| call.also.iter().find_map(|(path, _)| known.server(path)))
        }
        What::Launches(server, _) => Some(server),
        _ => None,
    }
}

/// Puts the events in order around the server.
pub(super) fn order<'e, 'a>(events: &'e [Event<'a>]) -> Order<'e, 'a> {
    let all: Vec<&Event<'_>> = events.iter().filter(|event| server_of(event.what).is_some()).collect();
    let is_awaited =
        |event: &Event<'_>| !event.beside && (event.frame.is_run_here(event.expr) || event.frame.awaited_later(event.expr).is_some());
    let main = all.iter().find(|event| is_awaited(event)).or_else(|| all.iter().rev().find(|event| !event.beside)).or(all.last()).copied();
    let branches: FxHashMap<(DefId, ExprId), usize> =
        main.into_iter().flat_map(|event| event.branches.iter()).map(|(def, expr, way)| ((*def, *expr), *way)).collect();
    let has_server = main.is_some();
    // Another way than that to the server, or one that ends the process before it is reached.
    let elsewhere = |branch: &Branch| match (branch.2, branches.get(&(branch.0, branch.1))) {
        (way @ 0..SIDE_BY_SIDE, Some(server)) => *server != way,
        (DEAD_END, server) => has_server && server != Some(&DEAD_END),
        _ => false,
    };
    let events: Vec<&Event<'_>> = events.iter().filter(|event| !event.branches.iter().any(elsewhere)).collect();
    let serves = main.and_then(|main| events.iter().position(|event| std::ptr::eq(*event, main)));
    let waited = serves.filter(|serves| is_awaited(events[*serves])).map(|serves| waited(&events, serves));
    let waits =
        |event: &&Event<'_>| !event.beside && matches!(event.what, What::Known(call) if !signals::of_call(&event.frame, call).is_empty());
    let stops = match serves {
        Some(_) => waited.map(|waited| waited - 1),
        None => events.iter().position(waits),
    };
    Order { events, serves, waited, stops, branches }
}

/// The first event after the wait for a server: the next one, or where its variable is waited for, the first one behind that.
fn waited(events: &[&Event<'_>], serves: usize) -> usize {
    let server = events[serves];
    if server.frame.is_run_here(server.expr) {
        return serves + 1;
    }
    let Some(wait) = server.frame.awaited_later(server.expr) else { return serves + 1 };
    let behind = |event: &&Event<'_>| {
        // Back in a caller, or further down in the same body.
        event.depth < server.depth || event.frame.facts.def == server.frame.facts.def && event.expr.0 > wait.0
    };
    events[serves + 1..].iter().position(behind).map_or(events.len(), |at| serves + 1 + at)
}

impl Order<'_, '_> {
    /// It stands in a branch that the server does not need.
    fn is_conditional(&self, event: &Event<'_>) -> bool {
        event.branches.iter().any(|(def, expr, way)| !(SIDE_BY_SIDE..DEAD_END).contains(way) && !self.branches.contains_key(&(*def, *expr)))
    }

    /// It runs side by side with the server: another future of the same `join!` or `select!`.
    fn is_beside_server(&self, event: &Event<'_>) -> bool {
        let beside =
            |(def, expr, way): &Branch| *way >= SIDE_BY_SIDE && self.branches.get(&(*def, *expr)).is_some_and(|server| server != way);
        event.branches.iter().any(beside)
    }

    /// It happens when the service stops: after a server that is waited for, or after `main` has waited for a signal.
    fn is_after(&self, at: usize) -> bool {
        let event = self.events[at];
        self.stops.is_some_and(|stops| at > stops) && !event.beside && !self.is_beside_server(event)
    }

    /// The places of what happens without a condition.
    fn always(&self, cx: &Cx<'_>) -> FxHashSet<Place> {
        let known = |event: &&&Event<'_>| matches!(event.what, What::Known(_)) && !event.beside && !self.is_conditional(event);
        self.events.iter().filter(known).map(|event| cx.place(event.at(cx))).collect()
    }

    fn when(&self, at: usize, bound: Option<usize>) -> Option<When> {
        let serves = self.serves?;
        if self.is_beside_server(self.events[at]) {
            return Some(When::Serving);
        }
        match self.waited {
            _ if at == serves => Some(When::Serving),
            Some(waited) if at >= waited => Some(When::AfterServing),
            _ if self.is_before(at) => {
                Some(if bound.is_some_and(|bound| at > bound) { When::BeforeServing } else { When::BeforeListening })
            }
            // A server that is made here and run elsewhere: what comes first is not known.
            _ => None,
        }
    }

    /// It happens before anything is served.
    fn is_before(&self, at: usize) -> bool {
        self.serves.is_some_and(|serves| at < self.waited.unwrap_or(serves) && at != serves)
    }
}

/// The steps, and the work among them that fills data kept in memory.
pub(super) fn steps(cx: &Cx<'_>, order: &Order<'_, '_>, places: &Places<'_>) -> (Vec<Step>, Vec<Warming>) {
    let (mut steps, mut warming): (Vec<Step>, Vec<Warming>) = (Vec::new(), Vec::new());
    let mut seen: FxHashSet<ItemId> = FxHashSet::default();
    let binds = |event: &&Event<'_>| !event.beside && matches!(event.what, What::Known(call) if Lifecycles::builtin().binds(&call.path));
    let bound = order.events.iter().position(binds);
    let always = order.always(cx);
    let mut done: FxHashSet<Place> = FxHashSet::default();
    for (at, event) in order.events.iter().enumerate() {
        let when = order.when(at, bound);
        if let What::Enters(call) = event.what {
            let by = cx.path(call.func);
            for item in places.written_in(&by) {
                if warming.iter().any(|known| known.item == item.id) {
                    continue;
                }
                // What is written by a task that the function spawns is not there when the function has ended.
                let writes = |kind: EntryKind| item.entry_points.iter().any(|one| one.access == Access::Write && one.kind == kind);
                let by_its_task = writes(EntryKind::Task) && !writes(EntryKind::Main);
                let before_serving = !event.beside && order.is_before(at) && !by_its_task;
                // What a task does further down may be for the sake of single requests.
                let by_task = event.beside && event.frame.runs(cx, event.expr).0 == Runs::Beside;
                if before_serving || by_task {
                    warming.push(Warming { item: item.id.clone(), by: by.clone(), at: cx.place(call.at), before_serving });
                }
            }
        }
        let is_server = Some(at) == order.serves;
        if event.beside && !is_server || steps.len() >= MAX_STEPS {
            continue;
        }
        if event.frame.is_repeated(event.expr) && !is_server {
            continue;
        }
        let place = cx.place(event.at(cx));
        let conditional = order.is_conditional(event);
        // A function that is called twice: the call that is always made counts.
        if (conditional && always.contains(&place)) || (!matches!(event.what, What::Enters(_)) && !done.insert(place)) {
            continue;
        }
        if matches!(event.what, What::Closes(_)) && !order.is_after(at) {
            continue;
        }
        let Some(mut step) = step(cx, event, places, &mut seen, is_server) else { continue };
        (step.when, step.sometimes) = (when.or(order.is_after(at).then_some(When::AfterServing)), conditional);
        match steps.last_mut() {
            // Variables and files of settings that are read one after the other are one step.
            Some(last) if joins(last, &step) => {
                last.items.extend(step.items);
                last.items.sort();
            }
            _ => steps.push(step),
        }
    }
    warming.sort_by(|a, b| a.item.cmp(&b.item));
    (steps, warming)
}

fn joins(last: &Step, next: &Step) -> bool {
    let same = (last.action, last.when, last.sometimes, last.on_failure) == (next.action, next.when, next.sometimes, next.on_failure);
    same && matches!(next.action, Action::Reads)
}

fn step(cx: &Cx<'_>, event: &Event<'_>, places: &Places<'_>, seen: &mut FxHashSet<ItemId>, is_server: bool) -> Option<Step> {
    let place = cx.place(event.at(cx));
    let plain = |action: Action, items: Vec<ItemId>| Step {
        action,
        items,
        detail: None,
        at: place.clone(),
        on_failure: event.fails,
        when: None,
        sometimes: false,
    };
    match event.what {
        What::Known(call) => {
            let found = places.of_call(cx, call);
            let new: Vec<&Item> = found.iter().filter(|item| seen.insert(item.id.clone())).copied().collect();
            let action = action(cx, call, is_server)?;
            let is_told = matches!(action, Action::Migrates | Action::Binds | Action::Serves) || !new.is_empty();
            is_told.then(|| plain(action, ids(if new.is_empty() { &found } else { &new })))
        }
        What::Launches(server, _) => Some(Step { detail: Some(server.name.to_string()), ..plain(Action::Serves, Vec::new()) }),
        // A function of the workspace that spawns what it is given.
        What::Enters(_) => {
            let tasks = places.at(&place).iter().copied().filter(|item| item.kind == Kind::BackgroundTask);
            let tasks: Vec<&Item> = tasks.filter(|item| seen.insert(item.id.clone())).collect();
            (!tasks.is_empty()).then(|| Step { on_failure: OnFailure::Unknown, ..plain(Action::Spawns, ids(&tasks)) })
        }
        What::Closes(_) => Some(Step { detail: closed(event), ..plain(Action::Closes, Vec::new()) }),
        What::Static(..) => None,
    }
}

/// What a closing method is called on, as written: `pool.close`.
fn closed(event: &Event<'_>) -> Option<String> {
    let Expr::Method { recv, name, .. } = &event.frame.body[event.expr] else { return None };
    let (mut names, mut at) = (vec![name.as_str()], *recv);
    for _ in 0..4 {
        match &event.frame.body[at] {
            Expr::Path(path, _) => {
                names.push(path.last()?);
                break;
            }
            Expr::Field { base, name, .. } => {
                names.push(name);
                at = *base;
            }
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) | Expr::Await(inner) => at = *inner,
            Expr::Call { .. } => {
                names.push(event.frame.called(at));
                break;
            }
            Expr::Method { recv, name, args, .. } if args.is_empty() && matches!(name.as_str(), "clone" | "as_ref" | "lock" | "as_mut") => {
                at = *recv
            }
            _ => return None,
        }
    }
    names.reverse();
    Some(names.join("."))
}

/// What a known call does at start-up; none for what is no step of it.
fn action(cx: &Cx<'_>, call: &KnownCall, is_server: bool) -> Option<Action> {
    let api = cx.api(call.hit.entry);
    let known = Lifecycles::builtin();
    let paths = || std::iter::once(&call.path).chain(call.also.iter().map(|(path, _)| path));
    if is_server {
        return Some(Action::Serves);
    }
    if paths().any(|path| known.migrates(path)) {
        return Some(Action::Migrates);
    }
    if paths().any(|path| known.binds(path)) {
        return Some(Action::Binds);
    }
    let last = || paths().filter_map(|path| path.rsplit("::").next());
    Some(match api.kind? {
        Kind::StartupConfig => Action::Reads,
        Kind::ReferenceData => Action::Loads,
        Kind::EmbeddedDb => Action::Opens,
        Kind::FsWrite => Action::Writes,
        Kind::Telemetry => Action::Sets,
        Kind::Pool if last().any(|name| name.contains("lazy") || name == "build_unchecked") => Action::PreparesPool,
        Kind::SdkClient if last().any(|name| name.contains("lazy")) => Action::Makes,
        Kind::Pool | Kind::SdkClient if last().any(|name| name.starts_with("connect")) => Action::Connects,
        Kind::BackgroundTask if matches!(api.shape, Shape::Spawn | Shape::Call) => Action::Spawns,
        Kind::BackgroundTask if known.server(&call.path).is_some() => Action::Serves,
        Kind::Os if known.signal(&call.path).is_some() => return None,
        Kind::Os if api.shape == Shape::Global => Action::Sets,
        Kind::Os | Kind::Deployment | Kind::ExternalStore | Kind::Lease => return None,
        _ => Action::Makes,
    })
}

/// What is made when it is first used: in the initialiser of a lazy static that nothing on the way to the server touches.
pub(super) fn lazily(cx: &Cx<'_>, order: &Order<'_, '_>, places: &Places<'_>, lifecycle: &Lifecycle) -> Vec<ItemId> {
    let before = order.waited.map(|waited| waited - 1).or(order.serves).unwrap_or(order.events.len());
    let touched: FxHashSet<DefId> = order.events[..before]
        .iter()
        .filter_map(|event| match event.what {
            What::Static(of, _) => Some(of),
            _ => None,
        })
        .collect();
    let mut out: Vec<ItemId> = Vec::new();
    for body in cx.bodies().filter(|body| is_lazy(cx, body.def) && !touched.contains(&body.def)) {
        for item in body.known.iter().flat_map(|call| places.of_call(cx, call)) {
            let is_told = matches!(
                item.kind,
                Kind::Pool | Kind::SdkClient | Kind::Cache | Kind::ReferenceData | Kind::EmbeddedDb | Kind::StartupConfig
            );
            if is_told && !lifecycle.startup.iter().any(|step| step.items.contains(&item.id)) {
                out.push(item.id.clone());
            }
        }
    }
    out.sort();
    out.dedup();
    out
}
