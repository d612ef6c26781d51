//! Caches of which a request takes entries out: fact `invalidated`. Other replicas hear nothing of it. What entries go by: fact `key`.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::entries::Entries;
use super::finding::Finding;
use super::growth::on_whom;
use crate::model::{EntryKind, Fact, Kind};
use crate::resolve::{At, DefId};

/// Adds the fact to caches whose entries only requests take out: what a task takes out, it may have been told from outside.
pub fn tell(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding]) {
    let places: FxHashSet<(u32, u32, u32)> = cx.bodies().flat_map(|body| &body.invalidated).map(key).collect();
    let keys: FxHashMap<(u32, u32, u32), &SmolStr> = cx.bodies().flat_map(|body| &body.keyed).map(|(at, name)| (key(at), name)).collect();
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::Cache) {
        goes_by(finding, &keys);
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
fn goes_by(finding: &mut Finding, keys: &FxHashMap<(u32, u32, u32), &SmolStr>) {
    let mut named = finding.uses.iter().filter_map(|(at, ..)| Some((at, *keys.get(&key(at))?)));
    let Some((_, first)) = named.next() else { return };
    if named.all(|(_, name)| name == first) && !finding.facts.iter().any(|fact| fact.key == "key") {
        finding.learn(Cx::plain_fact("key", first.as_str()));
    }
}

fn key(at: &At) -> (u32, u32, u32) {
    (at.file, at.span.line, at.span.column)
}
