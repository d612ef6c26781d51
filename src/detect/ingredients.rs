//! Ingredients that are nothing by themselves: in which form, and to where, the layers of a logger write.

use rustc_hash::FxHashMap;

use super::context::Cx;
use super::finding::Finding;
use super::knobs;
use super::surroundings;
use crate::catalog::Shape;
use crate::model::{Fact, FactValue, Provenance};
use crate::resolve::{At, BodyFacts, DefId, KnownCall, Value};

/// More alternatives say nothing.
const MAX_FORMS: usize = 4;

/// Calls around a call, and fields of fields, that are followed.
const MAX_STEPS: usize = 4;

/// The option of a filter that names its variable.
const VARIABLE: &str = "variable";

/// What the ingredients say that stand in the functions in which a finding is made.
pub(super) fn tell(cx: &Cx<'_>, finding: &Finding, beside: &[At]) -> Vec<Fact> {
    let Some(body) = cx.body_of.get(&finding.def).map(|at| &cx.bodies[*at]) else { return Vec::new() };
    let is_here = |at: &usize| is_ingredient(cx, finding, &body.known[*at]) && is_of(finding, beside, body, *at);
    let here: Vec<usize> = (0..body.known.len()).filter(is_here).collect();
    let mut keys: Vec<Fact> = filter(cx, finding, body).into_iter().collect();
    let mut forms: FxHashMap<smol_str::SmolStr, Vec<String>> = FxHashMap::default();
    for at in here {
        let when = when(cx, body, &body.known[at]);
        for fact in knobs::facts(cx, body, at) {
            let Some(text) = fact.value.as_ref().map(ToString::to_string) else {
                keys.push(fact);
                continue;
            };
            let form = when.as_ref().map_or(text.clone(), |when| format!("{text} where {when}"));
            let known = forms.entry(fact.key.clone()).or_default();
            if !known.contains(&form) {
                known.push(form);
            }
            keys.push(fact);
        }
    }
    let mut out: Vec<Fact> = Vec::new();
    for fact in keys {
        let forms = forms.get(&fact.key).map(Vec::as_slice).unwrap_or_default();
        if out.iter().any(|known| known.key == fact.key) || forms.len() > MAX_FORMS {
            continue;
        }
        out.push(match forms {
            [] => fact,
            [only] if Some(only) == fact.value.as_ref().map(ToString::to_string).as_ref() => fact,
            // The same in every form.
            several if one_word(several).is_some() => {
                Fact { value: one_word(several).map(|word| FactValue::Text(word.to_owned())), ..fact }
            }
            several => {
                let provenance = if fact.provenance == Provenance::Default { Provenance::Code } else { fact.provenance };
                Fact { value: Some(FactValue::Text(several.join(", "))), provenance, at: None, ..fact }
            }
        });
    }
    out
}

/// It stands among the arguments of what the finding makes; one that stands alone is for what is made next.
fn is_of(finding: &Finding, beside: &[At], body: &BodyFacts, at: usize) -> bool {
    let made = |at: At| finding.sites.iter().any(|site| site.at == at);
    let mut around = body.known[at].within;
    for _ in 0..MAX_STEPS {
        let Some(outer) = around.map(|outer| &body.known[outer]) else { break };
        if made(outer.at) {
            return true;
        }
        around = outer.within;
    }
    let next = beside.iter().filter(|site| **site >= body.known[at].at).min().or_else(|| beside.iter().max());
    body.known[at].within.is_none() && next.is_some_and(|next| made(*next))
}

/// The variable that filters what is written: read in the function itself, or where a layer is made that it is given.
fn filter(cx: &Cx<'_>, finding: &Finding, body: &BodyFacts) -> Option<Fact> {
    let made = body.known.iter().filter(|call| finding.sites.iter().any(|site| site.at == call.at));
    let layers = made.flat_map(|call| &call.settings).flat_map(|setting| &setting.args);
    of_variable(cx, body.def).or_else(|| layers.into_iter().find_map(|layer| of_layer(cx, layer, 0)))
}

fn of_layer(cx: &Cx<'_>, layer: &Value, steps: usize) -> Option<Fact> {
    match layer {
        _ if steps > MAX_STEPS => None,
        Value::Call { func, .. } => of_variable(cx, *func),
        Value::Field { of, field, .. } => match cx.flow.given(*of, field) {
            [only] => of_layer(cx, only, steps + 1),
            _ => None,
        },
        _ => None,
    }
}

/// The variable from which a function makes a filter.
fn of_variable(cx: &Cx<'_>, func: DefId) -> Option<Fact> {
    let body = cx.body_of.get(&func).map(|at| &cx.bodies[*at])?;
    let fact = (0..body.known.len()).find_map(|at| {
        let is_filter = cx.api(body.known[at].hit.entry).knobs.iter().any(|knob| knob.name == VARIABLE);
        knobs::facts(cx, body, at).into_iter().find(|fact| is_filter && fact.key == VARIABLE && fact.value.is_some())
    })?;
    Some(Fact { key: "filter_variable".into(), ..fact })
}

/// The word that all forms have in common.
fn one_word(forms: &[String]) -> Option<&str> {
    let word = |form: &'_ String| form.split(" where ").next().map(str::len);
    let first = forms.first()?;
    let first = &first[..word(first)?];
    forms.iter().all(|form| word(form).is_some_and(|length| form[..length] == *first)).then_some(first)
}

fn is_ingredient(cx: &Cx<'_>, finding: &Finding, call: &KnownCall) -> bool {
    let api = cx.api(call.hit.entry);
    api.shape == Shape::Ingredient && api.kind == Some(finding.kind)
}

/// The setting that chooses this one among several.
fn when(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> Option<String> {
    let is_one_of = |other: &&KnownCall| other.hit.entry == call.hit.entry && other.choice == call.choice;
    if call.choice.is_none() || body.known.iter().filter(is_one_of).count() < 2 {
        return None;
    }
    let asked = call.conditions.iter().find_map(|condition| surroundings::fact(cx, condition));
    asked.and_then(|fact| fact.value).map(|value| value.to_string())
}
