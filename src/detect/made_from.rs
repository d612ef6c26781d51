//! The settings that belong to one thing: what the function reads that makes a pool or a client, and what is read beside
//! the address of a service elsewhere.

use rustc_hash::FxHashMap;

use super::context::Cx;
use super::finding::Finding;
use crate::model::{Fact, Kind, Provenance};
use crate::resolve::DefId;

/// First words of names that say nothing of what a setting is about.
const VAGUE: [&str; 22] = [
    "api", "http", "https", "base", "server", "default", "max", "min", "enable", "enabled", "is", "use", "public", "private", "app",
    "service", "internal", "external", "web", "site", "host", "url",
];

/// Functions that make one thing, and nothing beside it.
pub(super) fn makers(findings: &[Finding]) -> FxHashMap<DefId, usize> {
    let mut out = FxHashMap::default();
    for finding in findings.iter().filter(|finding| finding.detector == "constructors") {
        if !matches!(finding.kind, Kind::StartupConfig | Kind::FsWrite) {
            *out.entry(finding.def).or_default() += 1;
        }
    }
    out
}

/// The function gives back what it makes: what it reads is about that.
pub(super) fn gives_back(cx: &Cx<'_>, finding: &Finding) -> bool {
    let Some(entry) = finding.entry.filter(|_| finding.detector == "constructors") else { return false };
    super::backing::holds_one_of(cx.world.signatures.value(finding.def), &cx.api(entry).types, 0)
}

/// Of the settings that functions read which send to an address, those that are called like the one of the address:
/// `push_relay_url` and `push_key`.
pub(super) fn of_one_family(finding: &Finding, read: Vec<Fact>) -> Vec<Fact> {
    let is_address = |fact: &&Fact| fact.key == "base_url" && fact.provenance != Provenance::Code;
    let Some(from) = finding.facts.iter().find(is_address).and_then(|fact| fact.from.as_deref()) else { return Vec::new() };
    let Some(own) = read.iter().find(|fact| fact.from.as_deref() == Some(from)) else { return Vec::new() };
    let Some((family, _)) = own.key.split_once('_').filter(|(first, _)| !VAGUE.contains(first)) else { return Vec::new() };
    let is_of_it = |fact: &Fact| {
        let rest = fact.key.strip_prefix(family).and_then(|rest| rest.strip_prefix('_'));
        rest.is_some() && fact.from.as_deref() != Some(from)
    };
    read.iter().filter(|fact| is_of_it(fact)).cloned().collect()
}
