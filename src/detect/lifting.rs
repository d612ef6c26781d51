//! What a function does with a parameter is done where it is called: a write to a given path, a request to a given address.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::context::Cx;
use crate::model::{FactValue, Provenance};
use crate::resolve::{At, DefId, Flow, OwnCall, TextPart, Value};

/// Functions of functions of functions that hand a parameter on.
const MAX_WRAPS: usize = 4;

/// A function with more callers than this is a tool of its own: its callers are not told one by one.
const MAX_CALLERS: usize = 32;

/// Calls of the workspace by the function called.
pub(super) struct Callers<'a>(FxHashMap<DefId, Vec<(DefId, &'a OwnCall)>>);

/// A place with what is known there.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Where.
    pub at: At,
    /// The function around it.
    pub def: DefId,
    /// The value, as this place gives it.
    pub value: Value,
    /// Other values that come along.
    pub with: Vec<Value>,
}

/// The places where a value is decided, by what it begins with.
pub(super) struct Decided {
    /// By the text that names the beginning.
    pub known: BTreeMap<String, Vec<Placed>>,
    /// Some place gives what could not be followed.
    pub open: bool,
}

impl<'a> Callers<'a> {
    /// Gathers the calls of all bodies.
    pub(super) fn new(cx: &Cx<'a>) -> Self {
        let mut out: FxHashMap<DefId, Vec<(DefId, &'a OwnCall)>> = FxHashMap::default();
        for body in cx.bodies() {
            for call in &body.own {
                out.entry(call.func).or_default().push((body.def, call));
            }
        }
        Self(out)
    }

    /// Goes from a value to the callers whose argument it begins with, as far as they hand on what they were given.
    pub(super) fn decide(&self, cx: &Cx<'_>, first: Placed) -> Decided {
        let mut out = Decided { known: BTreeMap::new(), open: false };
        for end in self.ends(cx, first) {
            match beginning(cx, &end.value) {
                Some(name) => out.known.entry(name).or_default().push(end),
                None => out.open = true,
            }
        }
        out
    }

    /// The places that give the value what it begins with; where they are too many, the one that takes it.
    pub(super) fn ends(&self, cx: &Cx<'_>, first: Placed) -> Vec<Placed> {
        let mut out = Vec::new();
        let mut level = vec![first];
        for wraps in 0..=MAX_WRAPS {
            let mut next = Vec::new();
            for placed in level {
                let value = cx.flow.expand(&placed.value);
                let calls = decider(&value).and_then(|func| Some((func, self.0.get(&func)?)));
                match calls {
                    Some((func, calls)) if wraps < MAX_WRAPS && next.len() + calls.len() <= MAX_CALLERS => {
                        // A function that calls itself hands on what it was given by others.
                        for (def, call) in calls.iter().filter(|(def, _)| *def != func) {
                            let given = |value: &Value| Flow::with_args(value, func, &call.args);
                            let with = placed.with.iter().map(given).collect();
                            next.push(Placed { at: call.at, def: *def, value: given(&value), with });
                        }
                    }
                    _ => out.push(Placed { value, ..placed }),
                }
            }
            level = next;
        }
        out
    }
}

/// The function with whose parameter a value begins.
fn decider(value: &Value) -> Option<DefId> {
    match value {
        Value::Param { func, .. } => Some(*func),
        // The scheme of an address is no beginning yet.
        Value::Join(parts) => match parts.as_slice() {
            [Value::Known(FactValue::Text(scheme), ..), host, ..] if scheme.ends_with("://") => decider(host),
            [first, ..] => decider(first),
            [] => None,
        },
        Value::WithExtension(inner, _) | Value::Part(inner, _) | Value::Scaled(inner, _) => decider(inner),
        Value::Choice { on, .. } => decider(on),
        Value::Or(first, _) => decider(first),
        _ => None,
    }
}

/// What a value begins with, where that is known: a text, a variable of the environment, a setting, a field.
pub(super) fn beginning(cx: &Cx<'_>, value: &Value) -> Option<String> {
    match value {
        Value::Join(parts) => parts.first().and_then(|first| beginning(cx, first)),
        Value::WithExtension(inner, _) | Value::Part(inner, TextPart::Folder | TextPart::After(_)) => beginning(cx, inner),
        Value::Or(first, _) => beginning(cx, first),
        Value::Known(FactValue::Text(text), ..) => Some(text.clone()),
        // However it is reached: `self.folder` here, `settings.files.folder` there.
        Value::Field { of, field, .. } => {
            let settled = cx.flow.settle(cx.world, value);
            let told = settled.from.filter(|_| settled.provenance != Provenance::Code).or(settled.value.map(|value| value.to_string()));
            told.or_else(|| Some(format!("{}::{field}", cx.path(*of))))
        }
        Value::Env { .. } | Value::Call { .. } => {
            let settled = cx.flow.settle(cx.world, value);
            settled.from.filter(|_| settled.provenance != Provenance::Code).or(settled.value.map(|value| value.to_string()))
        }
        _ => None,
    }
}
