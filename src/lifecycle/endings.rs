//! What becomes of tasks and queues when the service is asked to stop, with SIGTERM as orchestrators do it.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::frame::Frame;
use super::places::Places;
use super::signals;
use super::startup::Order;
use super::told::{Heard, heard, is_about_stopping, last_name};
use super::way::{Walker, What};
use crate::catalog::{Lifecycles, Shape};
use crate::detect::Cx;
use crate::facts::{Expr, ExprId, Pat, PatId, Stmt};
use crate::model::{Draining, End, Ending, ItemId, Kind, Lifecycle, Place};
use crate::resolve::{At, BodyFacts, DefId, KnownCall, ids};

/// The signal with which orchestrators ask a process to stop.
pub(super) const TERM: &str = "SIGTERM";

/// Whether something listens to SIGTERM.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listens {
    Yes,
    No,
    Unknown,
}

/// What is found of one item; none of several that differ.
type Found = BTreeMap<ItemId, Option<(End, Vec<Place>)>>;

/// What becomes of tasks and queues; what cannot be told is left out.
pub(super) fn endings<'a>(
    cx: &Cx<'a>,
    walker: &mut Walker<'a, '_>,
    order: &Order<'_, 'a>,
    places: &Places<'_>,
    so_far: &Lifecycle,
    listens: Listens,
) -> Vec<Ending> {
    let mut found = Found::new();
    let reached = cx.reached.get(&so_far.service);
    let is_own =
        |body: &&BodyFacts| reached.is_none_or(|reached| reached.contains(&cx.world.program.def(body.def).in_fn.unwrap_or(body.def)));
    let is_told = is_stopping(order);
    // What a task makes may be for the sake of single messages.
    let known = order.events.iter().filter(|event| !event.beside && !event.frame.is_repeated(event.expr));
    let at_start: FxHashSet<At> = known.filter(|event| matches!(event.what, What::Known(_))).map(|event| event.at(cx)).collect();
    let mut from_start: FxHashSet<ItemId> = FxHashSet::default();
    let has = |call: &KnownCall| matches!(cx.api(call.hit.entry).kind, Some(Kind::BackgroundTask | Kind::Queue));
    for body in cx.bodies().filter(is_own).filter(|body| body.known.iter().any(has)) {
        let Some(frame) = walker.frame(body.def) else { continue };
        for call in body.known.iter().filter(|call| has(call)) {
            // How a server stops is told beside this.
            let is_server = |id: &ItemId| so_far.servers.iter().any(|server| server.item.as_ref() == Some(id));
            let items = places.of_call(cx, call).into_iter().map(|item| item.id.clone());
            let items: Vec<ItemId> = items.filter(|id| !is_server(id)).collect();
            if items.is_empty() {
                continue;
            }
            let how = match listens {
                // The process is gone at once.
                Listens::No => Some((End::Dropped, vec![cx.place(call.at)])),
                Listens::Unknown => None,
                Listens::Yes => match cx.api(call.hit.entry).shape {
                    Shape::Spawn => of_task(cx, walker, &frame, call, is_told),
                    _ => of_queue(cx, walker, &frame, call, is_told),
                },
            };
            for item in items {
                if at_start.contains(&call.at) {
                    from_start.insert(item.clone());
                }
                note(&mut found, item, how.clone());
            }
        }
    }
    found
        .into_iter()
        .filter_map(|(item, how)| {
            let from_start = from_start.contains(&item);
            how.map(|(how, at)| Ending { item, how, at, from_start })
        })
        .collect()
}

fn note(found: &mut Found, item: ItemId, how: Option<(End, Vec<Place>)>) {
    match found.get_mut(&item) {
        None => {
            found.insert(item, how);
        }
        Some(known) => match (known.as_mut(), how) {
            (Some((end, at)), Some((other, more))) if *end == other => {
                at.extend(more.into_iter().filter(|place| !at.contains(place)).collect::<Vec<_>>())
            }
            _ => *known = None,
        },
    }
}

/// Whether something in a service listens to SIGTERM.
pub(super) fn listens(cx: &Cx<'_>, walker: &mut Walker<'_, '_>, so_far: &Lifecycle) -> Listens {
    if so_far.signals.iter().any(|listening| listening.signal == TERM) {
        return Listens::Yes;
    }
    if so_far.servers.iter().any(|server| server.how == Draining::Unknown) {
        return Listens::Unknown;
    }
    let known = Lifecycles::builtin();
    let reached = cx.reached.get(&so_far.service);
    for body in cx.bodies().filter(|body| reached.is_none_or(|reached| reached.contains(&body.def))) {
        for call in body.known.iter().filter(|call| cx.api(call.hit.entry).kind == Some(Kind::Os) && known.signal(&call.path).is_some()) {
            let Some(frame) = walker.frame(body.def) else { return Listens::Unknown };
            if signals::is_vague(&frame, call) || signals::of_call(&frame, call).contains(&TERM) {
                return Listens::Unknown;
            }
        }
    }
    // A one-shot command ends by itself: what a signal would cut off is nobody's concern.
    if so_far.servers.is_empty() && so_far.signals.is_empty() { Listens::Unknown } else { Listens::No }
}

/// Something on the way tells others to stop: a token is cancelled, a channel that is called after it is sent to.
fn is_stopping(order: &Order<'_, '_>) -> bool {
    let mut seen: FxHashSet<DefId> = FxHashSet::default();
    let mut frames = order.events.iter().map(|event| &event.frame).filter(|frame| seen.insert(frame.facts.def));
    frames.any(|frame| {
        ids(frame.body).any(|id| match &frame.body[id] {
            Expr::Method { recv, name, .. } => match name.as_str() {
                "cancel" | "drop_guard" => true,
                "send" | "send_replace" | "notify_waiters" | "notify_one" | "trigger" | "store" | "swap" => {
                    is_about_stopping(last_name(frame.body, *recv))
                }
                _ => false,
            },
            // Its other half sees that nobody is there any more.
            Expr::Call { args, .. } if frame.called(id) == "drop" => args.iter().any(|arg| is_about_stopping(last_name(frame.body, *arg))),
            _ => false,
        })
    })
}

/// What becomes of the handle of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Handle {
    Waited(ExprId),
    /// One of several futures of which the first to end ends the wait.
    Raced(ExprId),
    Aborted(ExprId),
    Dropped,
    Unknown,
}

fn of_task<'a>(cx: &Cx<'a>, walker: &mut Walker<'a, '_>, frame: &Frame<'a>, call: &KnownCall, is_told: bool) -> Option<(End, Vec<Place>)> {
    let last = call.also.last().map_or(call.at, |(_, at)| *at);
    let expr = frame.expr_at(last.span)?;
    let heard = heard(cx, walker, frame, frame.args(expr));
    if heard.listens || call.task.as_ref().is_none_or(|task| task.runs_parameter) {
        return None;
    }
    let owned = call
        .path
        .rsplit_once("::")
        .is_some_and(|(owner, _)| cx.world.catalog.wrappers().owns_tasks(owner) || cx.world.catalog.wrappers().is_signal(owner));
    let handle = if owned { Handle::Unknown } else { handle(frame, expr) };
    end(cx, frame, call, &heard, &handle, is_told)
}

fn end(cx: &Cx<'_>, frame: &Frame<'_>, call: &KnownCall, heard: &Heard, handle: &Handle, is_told: bool) -> Option<(End, Vec<Place>)> {
    let place = |id: ExprId| frame.span(id).map(|span| cx.place(At { file: call.at.file, span }));
    let told = heard.told.clone().filter(|_| is_told);
    let (end, at) = match (handle, told) {
        (Handle::Aborted(at), _) => (End::Aborted, vec![place(*at)]),
        (Handle::Waited(at), Some(told)) => (End::Joined, vec![Some(told), place(*at)]),
        (_, Some(told)) => (End::Cancelled, vec![Some(told)]),
        // It looks whether it is to stop, and who tells it was not found.
        _ if heard.told.is_some() || heard.maybe => return None,
        (Handle::Waited(at), None) => (End::Awaited, vec![place(*at)]),
        (Handle::Raced(at), None) => (End::Dropped, vec![place(*at)]),
        (Handle::Dropped, None) => (End::Dropped, vec![Some(cx.place(call.at))]),
        (Handle::Unknown, None) => return None,
    };
    Some((end, at.into_iter().flatten().collect()))
}

/// What becomes of the handle that a spawning call gives.
fn handle(frame: &Frame<'_>, id: ExprId) -> Handle {
    let mut at = id;
    for _ in 0..16 {
        let Some(parent) = frame.parent(at) else { return Handle::Unknown };
        match &frame.body[parent] {
            Expr::Await(_) => return in_macro(frame, parent, Handle::Waited(parent)),
            Expr::Macro { .. } => return in_macro(frame, at, Handle::Unknown),
            Expr::Try(_) | Expr::Ref(_) => {}
            Expr::Method { name, .. } if matches!(name.as_str(), "unwrap" | "expect" | "context") => {}
            Expr::Method { name, .. } if name == "join" => return Handle::Waited(parent),
            Expr::Method { name, .. } if name == "abort" => return Handle::Aborted(parent),
            Expr::Call { .. } if frame.called(parent) == "drop" => return Handle::Dropped,
            Expr::Block(stmts) => return in_block(frame, stmts, at),
            _ => return Handle::Unknown,
        }
        at = parent;
    }
    Handle::Unknown
}

fn in_block(frame: &Frame<'_>, stmts: &[Stmt], at: ExprId) -> Handle {
    let count = stmts.len();
    for (index, stmt) in stmts.iter().enumerate() {
        match stmt {
            Stmt::Expr { expr, semi } if *expr == at => return if *semi || index + 1 < count { Handle::Dropped } else { Handle::Unknown },
            Stmt::Let { pat, init, .. } if *init == Some(at) => {
                return match bound(frame, *pat) {
                    Some(name) => of_variable(frame, name, at),
                    None if matches!(frame.body[*pat], Pat::Other) => Handle::Dropped,
                    None => Handle::Unknown,
                };
            }
            _ => {}
        }
    }
    Handle::Unknown
}

fn bound<'f>(frame: &'f Frame<'_>, pat: PatId) -> Option<&'f str> {
    match &frame.body[pat] {
        Pat::Bind { name, .. } => Some(name),
        Pat::Typed(inner, _) => bound(frame, *inner),
        _ => None,
    }
}

/// What is done with the variable that holds a handle.
fn of_variable(frame: &Frame<'_>, name: &str, made: ExprId) -> Handle {
    let mut found = Handle::Dropped;
    for id in ids(frame.body).filter(|id| id.0 > made.0) {
        let Expr::Path(path, _) = &frame.body[id] else { continue };
        if path.single().is_none_or(|single| single != name) {
            continue;
        }
        let mut at = id;
        let one = loop {
            let Some(parent) = frame.parent(at) else { break Handle::Unknown };
            match &frame.body[parent] {
                Expr::Ref(_) | Expr::Deref(_) => at = parent,
                Expr::Await(_) => break in_macro(frame, parent, Handle::Waited(parent)),
                Expr::Macro { .. } => break in_macro(frame, at, Handle::Unknown),
                Expr::Method { name, .. } if name == "join" => break Handle::Waited(parent),
                Expr::Method { name, .. } if name == "abort" => break Handle::Aborted(parent),
                Expr::Call { .. } if frame.called(parent) == "drop" => break Handle::Dropped,
                _ => break Handle::Unknown,
            }
        };
        found = match (found, one) {
            (_, Handle::Unknown) | (Handle::Unknown, _) => return Handle::Unknown,
            // Waited for after all, or ended on purpose.
            (Handle::Dropped | Handle::Raced(_), one) => one,
            (found, Handle::Raced(_) | Handle::Dropped) => found,
            (found, one) if std::mem::discriminant(&found) == std::mem::discriminant(&one) => found,
            (Handle::Waited(at), Handle::Aborted(_)) | (Handle::Aborted(_), Handle::Waited(at)) => Handle::Waited(at),
            (found, _) => found,
        };
    }
    found
}

/// A wait inside of `select!` ends with the first future; inside of `join!` with the last one.
fn in_macro(frame: &Frame<'_>, id: ExprId, plain: Handle) -> Handle {
    let mut at = id;
    for _ in 0..8 {
        let Some(parent) = frame.parent(at) else { return plain };
        match &frame.body[parent] {
            Expr::Macro { path, .. } => {
                return match path.last().map_or("", |last| last.as_str()) {
                    "select" => Handle::Raced(parent),
                    "join" | "try_join" => Handle::Waited(parent),
                    _ => plain,
                };
            }
            Expr::Let { .. } | Expr::If { .. } | Expr::Binary { .. } | Expr::Await(_) | Expr::Ref(_) | Expr::Try(_) => at = parent,
            _ => return plain,
        }
    }
    plain
}

/// What becomes of what is left in a channel: that depends on the task that takes from it.
fn of_queue<'a>(cx: &Cx<'a>, walker: &mut Walker<'a, '_>, frame: &Frame<'a>, call: &KnownCall, is_told: bool) -> Option<(End, Vec<Place>)> {
    if cx.api(call.hit.entry).shape != Shape::Channel {
        return None;
    }
    let receiver = receiver(frame, frame.expr_at(call.at.span)?)?;
    let mut found = None;
    for spawn in frame.facts.known.iter().filter(|known| known.task.is_some()) {
        let last = spawn.also.last().map_or(spawn.at, |(_, at)| *at);
        let Some(expr) = frame.expr_at(last.span) else { continue };
        if !frame.args(expr).iter().any(|arg| frame.mentions(*arg, receiver)) {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(match of_task(cx, walker, frame, spawn, is_told)? {
            (End::Dropped, at) => (End::Dropped, at),
            (End::Aborted, at) => (End::Dropped, at),
            (End::Awaited, at) => (End::Drained, at),
            _ => return None,
        });
    }
    found
}

/// `rx` of `let (tx, rx) = channel(64)`.
fn receiver<'f>(frame: &'f Frame<'_>, id: ExprId) -> Option<&'f str> {
    let parent = frame.parent(id)?;
    let Expr::Block(stmts) = &frame.body[parent] else { return None };
    stmts.iter().find_map(|stmt| match stmt {
        Stmt::Let { pat, init, .. } if *init == Some(id) => match &frame.body[*pat] {
            Pat::Tuple(parts) => bound(frame, *parts.get(1)?),
            _ => None,
        },
        _ => None,
    })
}
