//! The same thing seen twice is one item; every item has a stable id.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use crate::detect::{Cx, Finding, Origin};
use crate::model::{ItemId, Kind, Place};

/// Drops findings of one kind at one place: two targets of a package that read the same file, two detectors on one line.
pub(super) fn one_item_for_one_place(cx: &Cx<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    // The first by path stays, so the outcome does not depend on the order of targets.
    findings
        .sort_by(|a, b| first_site(cx, a).cmp(&first_site(cx, b)).then_with(|| a.kind.cmp(&b.kind)).then_with(|| a.origin.cmp(&b.origin)));
    let mut seen: FxHashMap<(Kind, SmolStr, u32, u32), usize> = FxHashMap::default();
    let mut by_origin: BTreeMap<(Kind, &'static str, Origin), Vec<usize>> = BTreeMap::new();
    let mut out: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let Some(place) = first_site(cx, &finding) else { continue };
        if super::is_by_name(finding.kind) {
            out.push(finding);
            continue;
        }
        let same_origin = by_origin.entry((finding.kind, finding.detector, finding.origin.clone())).or_default();
        if let Some(&known) = same_origin.iter().find(|known| is_one_thing(&out[**known], &finding)) {
            let known = &mut out[known];
            known.also.push(finding.def);
            known.sites.extend(finding.sites);
            for fact in finding.facts {
                if !known.facts.contains(&fact) {
                    known.facts.push(fact);
                }
            }
            continue;
        }
        let key = (finding.kind, place.file, place.line, place.column);
        match seen.get(&key) {
            Some(&known) => {
                let known = &mut out[known];
                for site in finding.sites {
                    if !known.sites.contains(&site) {
                        known.sites.push(site);
                    }
                }
            }
            None => {
                seen.insert(key, out.len());
                same_origin.push(out.len());
                out.push(finding);
            }
        }
    }
    out
}

/// The same declaration under several conditions; the same call several times in one function, on the same target.
fn is_one_thing(a: &Finding, b: &Finding) -> bool {
    if a.kind != b.kind || a.origin != b.origin || a.detector != b.detector {
        return false;
    }
    match (&a.origin, a.kind) {
        (Origin::Declared(_), _) => true,
        (Origin::Called { .. }, Kind::Os | Kind::ClientHeld | Kind::Telemetry | Kind::Lease) => a.label == b.label,
        (Origin::Called { .. }, Kind::FsWrite | Kind::Session) => a.is_call && b.is_call,
        _ => false,
    }
}

fn first_site(cx: &Cx<'_>, finding: &Finding) -> Option<Place> {
    finding.sites.first().map(|site| cx.place(site.at))
}

/// Ids in the order of the findings, which is source order: ties are broken by `-2`, `-3`.
pub(super) fn ids(findings: &[Finding]) -> Vec<ItemId> {
    let mut counts: BTreeMap<SmolStr, u32> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let base = match &finding.origin {
                Origin::Declared(path) => format_smolstr!("{}:{path}", finding.kind),
                Origin::Called { function, what } => format_smolstr!("{}:{function}#{}", finding.kind, clean(what)),
            };
            let count = counts.entry(base.clone()).or_insert(0);
            *count += 1;
            if *count == 1 { ItemId(base) } else { ItemId(format_smolstr!("{base}-{count}")) }
        })
        .collect()
}

/// Ids are one word: they are typed in shells and written in TOML.
fn clean(what: &str) -> String {
    let text: String = what.chars().map(|c| if c.is_whitespace() || c.is_control() || c == '"' || c == '\'' { '_' } else { c }).collect();
    if text.chars().count() > 80 { text.chars().take(80).collect() } else { super::redact::text(&text) }
}
