//! Whether the code of a task is told to stop: through a token, a flag, or a channel that is called after it.

use rustc_hash::FxHashSet;

use super::frame::{CallAt, Frame};
use super::signals;
use super::way::Walker;
use crate::detect::Cx;
use crate::facts::{Body, Expr, ExprId, Span};
use crate::model::Place;
use crate::resolve::{At, DefId, children, ids};

/// Functions that a task calls are followed so deep.
const MAX_DEPTH: usize = 4;
/// And so many of them.
const MAX_FUNCTIONS: usize = 60;

/// What a task hears.
#[derive(Default)]
pub(super) struct Heard {
    /// Where it looks whether it is to stop.
    pub(super) told: Option<Place>,
    /// It waits for something that may be the request to stop.
    pub(super) maybe: bool,
    /// It listens to signals itself: it is part of what stops the others.
    pub(super) listens: bool,
    /// It takes from a channel until that is closed.
    pub(super) receives: bool,
}

/// What the task hears that a spawning call runs.
pub(super) fn heard<'a>(cx: &Cx<'a>, walker: &mut Walker<'a, '_>, frame: &Frame<'a>, args: &[ExprId]) -> Heard {
    let mut out = Heard::default();
    let mut seen = FxHashSet::default();
    for arg in args {
        below(cx, walker, frame, *arg, &mut seen, &mut out, 0, 0);
    }
    out
}

#[expect(clippy::too_many_arguments, reason = "the state of one search")]
fn below<'a>(
    cx: &Cx<'a>,
    walker: &mut Walker<'a, '_>,
    frame: &Frame<'a>,
    id: ExprId,
    seen: &mut FxHashSet<DefId>,
    out: &mut Heard,
    nested: usize,
    depth: usize,
) {
    if nested > 200 {
        return;
    }
    one(cx, frame, id, out);
    match frame.call(id) {
        Some(CallAt::Own(call)) => function(cx, walker, call.func, seen, out, depth + 1),
        Some(CallAt::Known(call, _)) => {
            out.listens |= !signals::of_call(frame, call).is_empty() || signals::is_vague(frame, call);
        }
        None => {}
    }
    // A future made before and handed over by a variable.
    if let Expr::Path(path, _) = &frame.body[id]
        && nested < 2
        && let Some(init) = path.single().and_then(|name| frame.bound_to(name))
        && init.0 < id.0
        && matches!(&frame.body[init], Expr::Async { .. } | Expr::Call { .. } | Expr::Method { .. } | Expr::Closure { .. })
    {
        below(cx, walker, frame, init, seen, out, nested + 1, depth);
    }
    let mut inside = Vec::new();
    children(&frame.body[id], &mut |child| inside.push(child));
    for child in inside {
        below(cx, walker, frame, child, seen, out, nested + 1, depth);
    }
}

fn function<'a>(cx: &Cx<'a>, walker: &mut Walker<'a, '_>, def: DefId, seen: &mut FxHashSet<DefId>, out: &mut Heard, depth: usize) {
    if depth > MAX_DEPTH || seen.len() > MAX_FUNCTIONS || !seen.insert(def) {
        return;
    }
    let Some(frame) = walker.frame(def) else {
        // A method of a trait, or one that nobody read: what it hears is not known.
        out.maybe = true;
        return;
    };
    for id in ids(frame.body) {
        one(cx, &frame, id, out);
    }
    for call in frame.facts.known.iter() {
        out.listens |= !signals::of_call(&frame, call).is_empty() || signals::is_vague(&frame, call);
    }
    for call in frame.facts.own.iter().filter(|call| call.taken_by.is_none()) {
        function(cx, walker, call.func, seen, out, depth + 1);
    }
}

/// What one expression hears.
fn one(cx: &Cx<'_>, frame: &Frame<'_>, id: ExprId, out: &mut Heard) {
    let mut told = |span: Span| {
        if out.told.is_none() {
            out.told = Some(cx.place(At { file: cx.file_index(frame.facts.def), span }));
        }
    };
    match &frame.body[id] {
        Expr::Method { recv, name, span, .. } => match name.as_str() {
            "cancelled"
            | "cancelled_owned"
            | "is_cancelled"
            | "run_until_cancelled"
            | "run_until_cancelled_owned"
            | "on_shutdown_requested"
            | "is_shutdown_requested" => told(*span),
            "recv" | "changed" | "wait_for" | "notified" | "try_recv" | "has_changed" | "load" | "borrow" | "borrow_and_update" => {
                if is_about_stopping(last_name(frame.body, *recv)) {
                    told(*span);
                } else if matches!(name.as_str(), "changed" | "wait_for" | "notified" | "has_changed") {
                    out.maybe = true;
                } else if name == "recv" {
                    out.receives = true;
                }
            }
            "next" => out.receives = true,
            _ => {}
        },
        Expr::Await(inner) => {
            if let Expr::Path(path, span) = &frame.body[*inner]
                && path.last().is_some_and(|last| is_about_stopping(last))
            {
                told(*span);
            }
        }
        Expr::Macro { read: false, .. } => out.maybe = true,
        _ => {}
    }
}

/// The name of the variable or field that a method is called on, behind references and clones.
pub(super) fn last_name(body: &Body, mut id: ExprId) -> &str {
    for _ in 0..8 {
        match &body[id] {
            Expr::Path(path, _) => return path.last().map_or("", |last| last.as_str()),
            Expr::Field { name, .. } => return name,
            Expr::Method { recv, args, .. } if args.is_empty() => id = *recv,
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) => id = *inner,
            _ => return "",
        }
    }
    ""
}

/// `shutdown_rx`, `stop`, `cancel_token`, `SHUTTING_DOWN`.
pub(super) fn is_about_stopping(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words = || lower.split('_');
    words().any(|word| {
        matches!(
            word,
            "shutdown"
                | "shutting"
                | "stop"
                | "stopped"
                | "stopping"
                | "cancel"
                | "cancelled"
                | "quit"
                | "exit"
                | "terminate"
                | "terminated"
                | "kill"
        )
    })
}
