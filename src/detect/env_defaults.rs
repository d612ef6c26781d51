//! What holds where a variable is not set, when that stands in the settings that it is read into: part of detector `env-reads`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::context::Cx;
use crate::model::{Fact, Provenance};
use crate::resolve::{At, DefId, Value};

/// The defaults of fields that variables are read into, by variable; none where two fields disagree. Only what `runs` counts.
pub(super) fn of_fields(cx: &Cx<'_>, runs: &mut dyn FnMut(DefId) -> bool) -> FxHashMap<String, Option<Fact>> {
    let mut out: FxHashMap<String, Option<Fact>> = FxHashMap::default();
    let all = cx.bodies().flat_map(|body| body.fields.iter().chain(&body.assigned).map(|given| (body.def, given)));
    for (def, (of, field, value)) in all {
        let Some((variable, at)) = variable(cx, value).filter(|_| runs(def)) else { continue };
        let held = Value::Field { of: *of, field: field.clone(), text: SmolStr::default(), at };
        let settled = cx.flow.settle(cx.world, &held);
        if settled.provenance != Provenance::Env || settled.from.as_deref() != Some(variable.as_str()) || settled.value.is_none() {
            continue;
        }
        let fact = Fact { from: None, provenance: Provenance::Code, set: Vec::new(), ..cx.settled("default", None, settled) };
        learn(&mut out, variable, fact);
    }
    out
}

/// The defaults that are given where a static is used into which a variable was read: `HOST.unwrap_or("0.0.0.0")`.
pub(super) fn of_uses(cx: &Cx<'_>, runs: &mut dyn FnMut(DefId) -> bool) -> FxHashMap<String, Option<Fact>> {
    let mut out: FxHashMap<String, Option<Fact>> = FxHashMap::default();
    for (def, value) in cx.bodies().flat_map(|body| body.env_defaults.iter().map(|value| (body.def, value))) {
        let Value::Env { name, default: Some(default), .. } = cx.flow.expand(value) else { continue };
        if !runs(def) {
            continue;
        }
        let Some(variable) = cx.flow.settle(cx.world, &name).value else { continue };
        let fact = cx.fact("default", None, &default);
        // An empty text stands for none.
        if fact.value.as_ref().is_some_and(|value| !value.to_string().is_empty()) && fact.provenance == Provenance::Code {
            learn(&mut out, variable.to_string(), fact);
        }
    }
    out
}

/// What several places say alike holds.
fn learn(out: &mut FxHashMap<String, Option<Fact>>, variable: String, fact: Fact) {
    match out.get_mut(&variable) {
        Some(known) if known.as_ref().is_none_or(|known| known.value != fact.value) => *known = None,
        Some(_) => {}
        None => {
            out.insert(variable, Some(fact));
        }
    }
}

/// The variable that a value is read from as it stands, or as a length of time.
fn variable(cx: &Cx<'_>, value: &Value) -> Option<(String, At)> {
    let inner = match value {
        Value::Scaled(inner, _) => inner,
        other => other,
    };
    if !matches!(inner, Value::Call { .. } | Value::Env { .. } | Value::Or(..)) {
        return None;
    }
    match cx.flow.expand(inner) {
        Value::Env { name, at, .. } => Some((cx.flow.settle(cx.world, &name).value?.to_string(), at)),
        _ => None,
    }
}
