//! What start-up alone fills with data that takes a while to get: fact `warmed` of caches and other data kept in memory.

use rustc_hash::FxHashMap;

use super::context::Cx;
use super::entries::Entries;
use super::finding::Finding;
use crate::catalog::Shape;
use crate::model::{Access, Class, EntryKind, Fact, Kind};
use crate::resolve::DefId;

/// Adds the fact where a function that only `main` leads to, and that reads elsewhere, fills what a finding holds.
pub fn tell(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding]) {
    let mut known: FxHashMap<DefId, bool> = FxHashMap::default();
    for finding in findings {
        let is_data = matches!(finding.kind, Kind::Cache | Kind::Static | Kind::SharedState) && finding.class == Class::Mutable;
        if !is_data {
            continue;
        }
        let made_in = |func: DefId| finding.def == func;
        let fills = finding.uses.iter().filter(|(_, func, access)| *access == Access::Write && !made_in(*func));
        let mut fills = fills.filter(|(_, func, _)| *known.entry(*func).or_insert_with(|| is_warming(cx, entries, *func)));
        let Some((at, func, _)) = fills.next() else { continue };
        let fact = Fact { at: Some(cx.place(*at)), ..Cx::plain_fact("warmed", format!("by `{}`, at start-up", cx.work_name(*func))) };
        finding.learn(fact);
    }
}

/// `main` waits for a function that reads elsewhere, and nothing else comes to it.
fn is_warming(cx: &Cx<'_>, entries: &Entries, func: DefId) -> bool {
    let program = cx.world.program;
    let of_main = || {
        let all = entries.leading_to(std::iter::once(func));
        !all.is_empty() && all.iter().all(|(kind, _)| *kind == EntryKind::Main)
    };
    let is_async = program.func(func).is_some_and(|func| func.is_async);
    let reads_file = |at: &usize| {
        let calls = cx.bodies[*at].known.iter();
        calls
            .into_iter()
            .any(|call| matches!(cx.api(call.hit.entry).shape, Shape::Read) || cx.api(call.hit.entry).kind == Some(Kind::ReferenceData))
    };
    let waits = is_async || cx.body_of.get(&func).is_some_and(reads_file);
    let is_loop = cx.body_of.get(&func).is_some_and(|at| cx.is_loop(&cx.bodies[*at]));
    waits && !is_loop && cx.from_main.contains_key(&func) && of_main()
}
