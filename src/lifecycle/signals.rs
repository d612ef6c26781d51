//! Which signals the code listens to.

use rustc_hash::FxHashSet;

use super::frame::{CallAt, Frame};
use super::startup::Order;
use super::way::{Walker, What};
use crate::catalog::Lifecycles;
use crate::detect::Cx;
use crate::facts::{Expr, ExprId};
use crate::model::{Kind, Lifecycle, Listening};
use crate::resolve::{DefId, KnownCall, Value, children};

/// Functions are followed so deep for the signals that a future waits for.
const MAX_DEPTH: usize = 5;

/// What the code of a service listens to on the way of `main` and beside it.
pub(super) fn listening(cx: &Cx<'_>, order: &Order<'_, '_>) -> Vec<Listening> {
    let mut out: Vec<Listening> = Vec::new();
    for event in &order.events {
        let What::Known(call) = event.what else { continue };
        for signal in of_call(&event.frame, call) {
            let found = Listening { signal: signal.into(), by: None, at: cx.place(call.at), stops_server: false };
            if !out.contains(&found) {
                out.push(found);
            }
        }
    }
    out
}

/// Calls that listen to what the function around them is given: `fn with_signal(kind: SignalKind) { signal(kind) }`, with the
/// position of the parameter.
pub(super) fn wrappers(cx: &Cx<'_>, walker: &mut Walker<'_, '_>) -> Vec<(DefId, usize)> {
    let mut out: Vec<(DefId, usize)> = Vec::new();
    for body in cx.bodies() {
        let mut calls = body.known.iter().filter(|call| cx.api(call.hit.entry).kind == Some(Kind::Os));
        if !calls.any(|call| Lifecycles::builtin().signal(&call.path) == Some("argument")) {
            continue;
        }
        let Some(frame) = walker.frame(body.def) else { continue };
        for call in body.known.iter().filter(|call| is_vague(&frame, call)) {
            let args = frame.expr_at(call.at.span).map_or(&[][..], |id| frame.args(id));
            let name = args.iter().find_map(|arg| match &frame.body[*arg] {
                Expr::Path(path, _) => path.single(),
                _ => None,
            });
            out.extend(name.and_then(|name| walker.parameter(body.def, name)).map(|index| (body.def, index)));
        }
    }
    out
}

/// What those listen to whose caller says which signal; [`Listening::UNKNOWN`] where it cannot be told.
pub(super) fn handed_in(cx: &Cx<'_>, walker: &mut Walker<'_, '_>, wrappers: &[(DefId, usize)], out: &mut Lifecycle) {
    let reached = cx.reached.get(&out.service);
    let is_called = |func: DefId| cx.from_main.contains_key(&func) || cx.uses.calls.contains_key(&func);
    for (func, index) in wrappers {
        for (caller, at, _) in cx.uses.calls.get(func).into_iter().flatten() {
            if cx.is_dead(*caller) || !is_called(*caller) || !reached.is_none_or(|reached| reached.contains(caller)) {
                continue;
            }
            let mut named_there = Vec::new();
            if let Some(frame) = walker.frame(*caller)
                && let Some(arg) = frame.expr_at(at.span).and_then(|id| frame.args(id).get(*index).copied())
            {
                named(&frame, arg, &mut named_there);
            }
            if named_there.is_empty() {
                named_there.push(Listening::UNKNOWN);
            }
            for signal in named_there {
                let found = Listening { signal: signal.into(), by: None, at: cx.place(*at), stops_server: false };
                if !out.signals.contains(&found) {
                    out.signals.push(found);
                }
            }
        }
    }
}

/// The signals that a call listens to; none when it does not, or cannot be told.
pub(super) fn of_call(frame: &Frame<'_>, call: &KnownCall) -> Vec<&'static str> {
    match Lifecycles::builtin().signal(&call.path) {
        None => Vec::new(),
        Some("argument") => {
            let args = frame.expr_at(call.at.span).map_or(&[][..], |id| frame.args(id));
            let mut out = Vec::new();
            args.iter().for_each(|arg| named(frame, *arg, &mut out));
            out
        }
        Some(signal) if signal.starts_with("SIGINT") => vec!["SIGINT"],
        Some(_) => Vec::new(),
    }
}

/// The call listens to signals that could not all be told.
pub(super) fn is_vague(frame: &Frame<'_>, call: &KnownCall) -> bool {
    match Lifecycles::builtin().signal(&call.path) {
        Some("argument") => of_call(frame, call).is_empty(),
        Some(signal) => signal.ends_with('?'),
        None => false,
    }
}

/// The signals that an argument names: `SignalKind::terminate()`, `[SIGINT, SIGTERM]`, `TERM_SIGNALS`.
fn named(frame: &Frame<'_>, id: ExprId, out: &mut Vec<&'static str>) {
    if let Expr::Path(path, _) = &frame.body[id] {
        let names: &[&str] = match path.last().map_or("", |last| last.as_str()) {
            "terminate" | "SIGTERM" | "Term" => &["SIGTERM"],
            "interrupt" | "SIGINT" | "Int" => &["SIGINT"],
            "quit" | "SIGQUIT" | "Quit" => &["SIGQUIT"],
            "hangup" | "SIGHUP" | "Hup" => &["SIGHUP"],
            "user_defined1" | "SIGUSR1" | "Usr1" => &["SIGUSR1"],
            "user_defined2" | "SIGUSR2" | "Usr2" => &["SIGUSR2"],
            "child" | "SIGCHLD" => &["SIGCHLD"],
            "window_change" | "SIGWINCH" => &["SIGWINCH"],
            "alarm" | "SIGALRM" => &["SIGALRM"],
            "pipe" | "SIGPIPE" => &["SIGPIPE"],
            "TERM_SIGNALS" => &["SIGINT", "SIGQUIT", "SIGTERM"],
            _ => &[],
        };
        out.extend(names);
    }
    children(&frame.body[id], &mut |child| named(frame, child, out));
}

/// The signals that a future waits for which a server is given: a call, a block, a variable, a parameter.
pub(super) fn waited_for<'a>(walker: &mut Walker<'a, '_>, frame: &Frame<'a>, id: ExprId) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut seen = FxHashSet::default();
    inside(walker, frame, id, &mut seen, &mut out, 0);
    out.sort_unstable();
    out.dedup();
    out
}

/// The signals that a value waits for: the call of a function.
pub(super) fn of_value(walker: &mut Walker<'_, '_>, value: &Value) -> Vec<&'static str> {
    let mut out = Vec::new();
    if let Value::Call { func, .. } = value {
        of_function(walker, *func, &mut FxHashSet::default(), &mut out, 0);
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn of_function(walker: &mut Walker<'_, '_>, def: DefId, seen: &mut FxHashSet<DefId>, out: &mut Vec<&'static str>, depth: usize) {
    if depth > MAX_DEPTH || !seen.insert(def) {
        return;
    }
    let Some(frame) = walker.frame(def) else { return };
    for call in &frame.facts.known {
        out.extend(of_call(&frame, call));
    }
    for call in frame.facts.own.iter().filter(|call| call.taken_by.is_none()) {
        of_function(walker, call.func, seen, out, depth + 1);
    }
}

fn inside<'a>(
    walker: &mut Walker<'a, '_>,
    frame: &Frame<'a>,
    id: ExprId,
    seen: &mut FxHashSet<DefId>,
    out: &mut Vec<&'static str>,
    depth: usize,
) {
    if depth > 64 {
        return;
    }
    match frame.call(id) {
        Some(CallAt::Own(call)) => of_function(walker, call.func, seen, out, 0),
        Some(CallAt::Known(call, _)) => out.extend(of_call(frame, call)),
        None => {}
    }
    if let Expr::Path(path, _) = &frame.body[id]
        && let Some(init) = path.single().and_then(|name| frame.bound_to(name)).filter(|init| *init != id && init.0 < id.0)
    {
        inside(walker, frame, init, seen, out, depth + 1);
    }
    let mut below = Vec::new();
    children(&frame.body[id], &mut |child| below.push(child));
    for child in below {
        inside(walker, frame, child, seen, out, depth + 1);
    }
}
