//! What another thing of the same library decides: the limits of uploads are options of the server that takes them.

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::Finding;
use crate::catalog::Take;
use crate::model::{Fact, FactValue, Provenance};

/// Gives findings what other findings have for them.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let mut given: Vec<(usize, Vec<Fact>)> = Vec::new();
    for (at, finding) in findings.iter().enumerate() {
        let Some(entry) = finding.entry.filter(|entry| !cx.api(*entry).takes.is_empty()) else { continue };
        let krate = &cx.world.catalog.origin(entry).0;
        let facts = cx.api(entry).takes.iter().filter_map(|take| taken(cx, findings, krate, take)).collect();
        given.push((at, facts));
    }
    for (at, facts) in given {
        facts.into_iter().for_each(|fact| findings[at].learn(fact));
    }
}

/// The fact, as the only thing of that sort has it; the library's default where nothing says otherwise.
fn taken(cx: &Cx<'_>, findings: &[Finding], krate: &SmolStr, take: &Take) -> Option<Fact> {
    let is_one = |finding: &&Finding| {
        finding.entry.is_some_and(|entry| cx.api(entry).label == take.from.as_str() && cx.world.catalog.origin(entry).0 == krate)
    };
    let said: Vec<&Fact> =
        findings.iter().filter(is_one).filter_map(|finding| finding.facts.iter().find(|fact| fact.key == take.key)).collect();
    // Where several things of that sort differ, which one it is about is not known.
    if said.iter().any(|fact| fact.value != said[0].value || fact.from != said[0].from) {
        return None;
    }
    let said = said.first().map(|fact| (*fact).clone());
    let default = || {
        let value = FactValue::Text(take.default.as_ref()?.to_string());
        Some(Fact { value: Some(value), provenance: Provenance::Default, ..Cx::plain_fact("", "") })
    };
    said.or_else(default).map(|fact| Fact { key: take.name.clone(), ..fact })
}
