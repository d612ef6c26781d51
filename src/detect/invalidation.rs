//! Caches of which a request takes entries out: fact `invalidated`. Other replicas hear nothing of it. What entries go by: fact `key`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Cx;
use super::entries::Entries;
use super::finding::Finding;
use super::growth::on_whom;
use crate::model::{EntryKind, Fact, Kind};
use crate::resolve::{At, DefId, KeyedBy, Value};

/// A longer text is no key to be told.
const MAX_KEY: usize = 120;

/// The keys of entries by where they stand.
type Keys<'b> = FxHashMap<(u32, u32, u32), &'b KeyedBy>;

/// Adds the fact to caches whose entries only requests take out: what a task takes out, it may have been told from outside.
pub fn tell(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding]) {
    let places: FxHashSet<(u32, u32, u32)> = cx.bodies().flat_map(|body| &body.invalidated).map(key).collect();
    let keys: Keys<'_> = cx.bodies().flat_map(|body| &body.keyed).map(|(at, by)| (key(at), by)).collect();
    for finding in findings.iter_mut().filter(|finding| matches!(finding.kind, Kind::Cache | Kind::Limiter)) {
        goes_by(cx, finding, &keys);
        if finding.kind == Kind::Limiter {
            continue;
        }
        let taken: Vec<(At, DefId)> =
            finding.uses.iter().filter(|(at, ..)| places.contains(&key(at))).map(|(at, func, _)| (*at, *func)).collect();
        let Some((at, _)) = taken.first() else { continue };
        let top = |func: DefId| cx.world.program.def(func).in_fn.unwrap_or(func);
        let all = entries.leading_to(taken.iter().map(|(_, func)| top(*func)));
        let by_requests = all.iter().all(|(kind, _)| *kind == EntryKind::Route);
        if let Some(whom) = on_whom(&all).filter(|_| by_requests) {
            let fact = Fact { at: Some(cx.place(*at)), ..Cx::plain_fact("invalidated", whom.trim_start()) };
            finding.learn(fact);
        }
    }
}

/// What the entries go by, where all who name their key call it the same.
fn goes_by(cx: &Cx<'_>, finding: &mut Finding, keys: &Keys<'_>) {
    let named: Vec<&KeyedBy> = finding.uses.iter().filter_map(|(at, ..)| keys.get(&key(at)).copied()).collect();
    let Some(first) = named.first().filter(|_| !finding.facts.iter().any(|fact| fact.key == "key")) else { return };
    // A path says more than the name of a variable.
    let whole = put_together(cx, first).filter(|whole| named.iter().all(|by| put_together(cx, by).as_ref() == Some(whole)));
    let by_name = || named.iter().all(|by| by.name == first.name).then(|| first.name.to_string());
    if let Some(text) = whole.or_else(by_name) {
        finding.learn(Cx::plain_fact("key", text));
    }
}

fn put_together(cx: &Cx<'_>, by: &KeyedBy) -> Option<String> {
    let value = cx.flow.expand(by.value.as_ref()?);
    let settled = cx.flow.settle(cx.world, &value);
    let text = settled.value.filter(|_| matches!(value, Value::Join(_)) && !settled.secret)?.to_string();
    (text.len() <= MAX_KEY).then_some(text)
}

fn key(at: &At) -> (u32, u32, u32) {
    (at.file, at.span.line, at.span.column)
}
