//! How servers stop: what they are given to wait for, what their framework does by itself.

use smol_str::SmolStr;

use super::frame::Frame;
use super::places::Places;
use super::signals;
use super::startup::{Order, server_of};
use super::way::{Event, Walker, What, given};
use crate::catalog::Server;
use crate::detect::Cx;
use crate::facts::{Expr, ExprId, Lit};
use crate::model::{Draining, FactValue, Listening, Place, ServerStop};
use crate::resolve::{Setting, Value, ids};

/// The servers of a service, in the order in which they are started; signals of frameworks are added to those of the code.
pub(super) fn servers<'a>(
    cx: &Cx<'a>,
    order: &Order<'_, 'a>,
    walker: &mut Walker<'a, '_>,
    places: &Places<'_>,
    signals: &mut Vec<Listening>,
) -> Vec<ServerStop> {
    let mut out: Vec<ServerStop> = Vec::new();
    for event in &order.events {
        let Some(server) = server_of(event.what) else { continue };
        let at = cx.place(event.at(cx));
        if out.iter().any(|known| known.at == at) {
            continue;
        }
        let mut stop = ServerStop {
            label: server.label.clone(),
            item: match event.what {
                What::Known(call) => places.of_call(cx, call).first().map(|item| item.id.clone()),
                _ => None,
            },
            at,
            on: Vec::new(),
            how: Draining::CutOff,
            told_at: None,
            endless: false,
            waits_ms: None,
            waits_at: None,
        };
        by_itself(cx, event, server, order, &mut stop, signals);
        told(cx, event, server, order, walker, &mut stop);
        for signal in signals.iter_mut().filter(|signal| signal.by.is_none() && stop.on.contains(&signal.signal)) {
            signal.stops_server = true;
        }
        out.push(stop);
    }
    out
}

/// The body calls a method of one of these names.
fn calls(event: &Event<'_>, names: &[SmolStr]) -> bool {
    names.iter().any(|name| event.frame.facts.names.binary_search(name).is_ok())
}

/// What the framework does unless it is told not to.
fn by_itself(cx: &Cx<'_>, event: &Event<'_>, server: &Server, order: &Order<'_, '_>, stop: &mut ServerStop, signals: &mut Vec<Listening>) {
    if server.signals.is_empty() {
        return;
    }
    let is_set = server.settings.as_ref().is_some_and(|field| order.events.iter().any(|event| sets_field(event, field)));
    if is_set || calls(event, &server.unless) {
        stop.how = if is_set { Draining::Unknown } else { Draining::CutOff };
        return;
    }
    let listens = |signal: &SmolStr, stops_server: bool| Listening {
        signal: signal.clone(),
        by: Some(server.name.clone()),
        at: stop.at.clone(),
        stops_server,
    };
    stop.on.clone_from(&server.signals);
    stop.how = Draining::Drains;
    (stop.waits_ms, stop.waits_at) = waits(cx, event, server);
    // A server beside the main one may be gone by then, as one that answers while the service starts.
    if !order.serves.is_some_and(|serves| std::ptr::eq(order.events[serves], event)) {
        return;
    }
    signals.extend(server.signals.iter().map(|signal| listens(signal, true)));
    signals.extend(server.at_once.iter().map(|signal| listens(signal, false)));
}

/// For how long it waits at most, and where that is set.
fn waits(cx: &Cx<'_>, event: &Event<'_>, server: &Server) -> (Option<u64>, Option<Place>) {
    let default = server.waits.map(|seconds| seconds * 1000);
    let Some(setter) = &server.waits_by else { return (default, None) };
    let set = match event.what {
        What::Known(call) => call.settings.iter().find(|setting| setting.name == *setter),
        _ => None,
    };
    match set {
        Some(setting) => (seconds(cx, setting), Some(cx.place(setting.at))),
        // It is set on something that was not followed.
        None if calls(event, std::slice::from_ref(setter)) => (None, None),
        None => (default, None),
    }
}

fn seconds(cx: &Cx<'_>, setting: &Setting) -> Option<u64> {
    match cx.flow.settle(cx.world, setting.args.first()?).value? {
        FactValue::Int(seconds) => u64::try_from(seconds).ok()?.checked_mul(1000),
        _ => None,
    }
}

/// `config.shutdown.ctrlc = false`, `Config { shutdown: …, .. }`.
fn sets_field(event: &Event<'_>, field: &SmolStr) -> bool {
    ids(event.frame.body).any(|id| match &event.frame.body[id] {
        Expr::Field { name, .. } => name == field,
        Expr::Struct { fields, .. } => fields.iter().any(|(name, _)| name == field),
        _ => false,
    })
}

/// What the code gives it to wait for.
fn told<'a>(cx: &Cx<'a>, made: &Event<'a>, server: &Server, order: &Order<'_, 'a>, walker: &mut Walker<'a, '_>, stop: &mut ServerStop) {
    let frame = &made.frame;
    let method = ids(frame.body).find(|id| match &frame.body[*id] {
        Expr::Method { name, .. } => server.orderly.contains(name),
        _ => false,
    });
    if let Some(method) = method {
        stop.how = Draining::Drains;
        stop.told_at = place(cx, made, method);
        stop.endless = server.waits.is_none() && !server.limited;
        let Some(arg) = frame.args(method).get(server.orderly_arg).or(frame.args(method).first()).copied() else { return };
        stop.on = signals_of(made, arg, walker).into_iter().map(SmolStr::new_static).collect();
        return;
    }
    if server.stopped_by.is_empty() || stop.how == Draining::Drains {
        return;
    }
    let by_handle = order
        .events
        .iter()
        .rev()
        .filter(|event| calls(event, &server.stopped_by))
        .find_map(|event| Some((event, stopping(event, server)?)));
    if let Some((event, method)) = by_handle {
        stop.how = Draining::Drains;
        stop.told_at = place(cx, event, method);
        (stop.waits_ms, stop.waits_at) = waits(cx, made, server);
        stop.on = signals_before(&event.frame, method);
    }
}

/// `handle.stop(true)`, `handle.graceful_shutdown(limit)`.
fn stopping(event: &Event<'_>, server: &Server) -> Option<ExprId> {
    let frame = &event.frame;
    // The last one: a server that answers while the service starts may be stopped before.
    ids(frame.body)
        .filter(|id| match &frame.body[*id] {
            // Many things have a method `stop`: this one is told whether to wait.
            Expr::Method { name, args, .. } if server.stopped_by.contains(name) => match &**args {
                [only] if name == "stop" => matches!(&frame.body[*only], Expr::Lit(Lit::Bool(true), _)),
                args => args.len() == 1,
            },
            _ => false,
        })
        .last()
}

/// The signals that the same body waits for before.
fn signals_before(frame: &Frame<'_>, method: ExprId) -> Vec<SmolStr> {
    let before = frame.facts.known.iter().filter(|call| frame.expr_at(call.at.span).is_some_and(|id| id.0 < method.0));
    let mut out: Vec<SmolStr> = before.flat_map(|call| signals::of_call(frame, call)).map(SmolStr::new_static).collect();
    out.sort();
    out.dedup();
    out
}

/// The signals that an argument waits for; through a parameter of the function, at its caller.
fn signals_of<'a>(event: &Event<'a>, arg: ExprId, walker: &mut Walker<'a, '_>) -> Vec<&'static str> {
    let found = signals::waited_for(walker, &event.frame, arg);
    if !found.is_empty() {
        return found;
    }
    let Expr::Path(path, _) = &event.frame.body[arg] else { return found };
    let Some(index) = path.single().and_then(|name| walker.parameter(event.frame.facts.def, name)) else { return found };
    given(event.given.as_ref(), index).map_or(found, |value: &Value| signals::of_value(walker, value))
}

fn place(cx: &Cx<'_>, event: &Event<'_>, id: ExprId) -> Option<Place> {
    let span = match &event.frame.body[id] {
        Expr::Method { span, .. } | Expr::Call { span, .. } => *span,
        _ => return None,
    };
    Some(cx.place(crate::resolve::At { file: cx.file_index(event.frame.facts.def), span }))
}
