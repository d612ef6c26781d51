//! Builders that a function hands to its callers, who finish them: part of detector `constructors`.
//!
//! `fn client_builder() -> ClientBuilder` makes no client. Each caller that builds one has a client with all of its settings.

use std::collections::BTreeSet;
use std::ops::Range;

use super::context::Cx;
use super::finding::Finding;
use crate::catalog::Api;
use crate::model::{Kind, Provenance};
use crate::resolve::{Bound, DefId, KnownCall};

/// A call returns a builder as it stands, not yet what it builds.
pub(super) fn is_handed(api: &Api, call: &KnownCall) -> bool {
    matches!(api.kind, Some(Kind::SdkClient | Kind::Pool | Kind::Cache))
        && matches!(call.bound, Bound::Result)
        && call.makes.path().is_some_and(|path| api.builders.contains(path))
}

/// Gives what such functions set to the things that their callers build, where each caller is seen to build one; the numbers of
/// the findings that are gone then.
pub(super) fn give_to_callers(cx: &Cx<'_>, out: &mut [Finding], handed: &[Range<usize>]) -> BTreeSet<usize> {
    let mut gone = BTreeSet::new();
    for range in handed {
        let maker = out[range.start].clone();
        let mut callers: Vec<DefId> = cx.uses.calls.get(&maker.def).into_iter().flatten().map(|(caller, ..)| *caller).collect();
        callers.sort_unstable();
        callers.dedup();
        let is_handed_on = |at: &usize| handed.iter().any(|range| range.contains(at));
        let built_by = |caller: &DefId| -> Vec<usize> {
            (0..out.len()).filter(|at| !is_handed_on(at) && out[*at].def == *caller && is_same_thing(cx, &out[*at], &maker)).collect()
        };
        let built: Vec<Vec<usize>> = callers.iter().map(built_by).collect();
        if built.is_empty() || built.iter().any(Vec::is_empty) {
            continue;
        }
        for (caller, at) in callers.iter().zip(&built).flat_map(|(caller, all)| all.iter().map(move |at| (caller, *at))) {
            let sets_more = sets_more(cx, *caller, &maker);
            for site in &maker.sites {
                if !out[at].sites.contains(site) {
                    out[at].sites.push(site.clone());
                }
            }
            for fact in &maker.facts {
                let is_set = out[at].facts.iter().any(|known| known.key == fact.key && known.provenance != Provenance::Default);
                // What the caller does with the builder out of sight may set what the library would have.
                if !is_set && (fact.provenance != Provenance::Default || !sets_more) {
                    out[at].learn(fact.clone());
                }
            }
        }
        gone.extend(range.clone());
    }
    gone
}

/// The same sort of thing, or a client of the same family around it.
fn is_same_thing(cx: &Cx<'_>, built: &Finding, maker: &Finding) -> bool {
    let krate = |finding: &Finding| finding.entry.map(|entry| cx.world.catalog.origin(entry).0.clone());
    let (Some(own), Some(around)) = (krate(maker), krate(built)) else { return false };
    built.kind == maker.kind && (own == around && built.label == maker.label || own != around && around.starts_with(own.as_str()))
}

/// The caller calls more of the library than what finishes the builder.
fn sets_more(cx: &Cx<'_>, caller: DefId, maker: &Finding) -> bool {
    let Some(body) = cx.body_of.get(&caller).map(|at| &cx.bodies[*at]) else { return true };
    body.known.iter().any(|call| Some(call.hit.entry) == maker.entry && !call.settings.is_empty())
}
