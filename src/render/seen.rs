//! What was not seen of a tree, in a few words for a terminal; the page tells it in full.

use crate::model::{Class, Confidence, Severity, StateMap};

use super::words::{counted, percent};

/// At most so many of them are told.
const TOLD: usize = 4;

/// What was not seen, what hurts most first: `2 files not parsed, 17 % of method receivers not typed`; empty when nothing was missed.
#[must_use]
pub fn not_seen(map: &StateMap) -> String {
    let coverage = &map.coverage;
    let number = |count: usize, one: &str| counted(i64::try_from(count).unwrap_or(i64::MAX), one);
    let some = |count: usize, unit: &str, rest: &str| (count > 0).then(|| format!("{} {rest}", number(count, unit)));
    let untyped = coverage.receivers.saturating_sub(coverage.receivers_typed);
    let shown = || map.items.iter().filter(|item| item.class == Class::Mutable);
    let unfollowed = shown().flat_map(|item| &item.facts).filter(|fact| fact.value.is_none() && fact.setting().is_none()).count();
    let possible = shown().filter(|item| item.confidence == Confidence::Possible).count();
    let notes = map.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Note).count();
    let parts = [
        some(coverage.skipped.len(), "files", "not read"),
        some(coverage.unparsed, "files", "not parsed"),
        some(coverage.manifests_unevaluated, "templates", "of Helm charts not evaluated"),
        some(coverage.not_deployed.len(), "services", "without a deployment file"),
        (untyped > 0).then(|| format!("{} of method receivers not typed", percent(untyped, coverage.receivers))),
        some(coverage.macros_unread, "macros", "not looked into"),
        some(unfollowed, "values", "not followed"),
        some(possible, "items", "not resolved"),
        some(notes, "notes", "on the input"),
    ];
    parts.into_iter().flatten().take(TOLD).collect::<Vec<_>>().join(", ")
}
