//! The counts of what was seen and what was not.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::discover::{DependencyKind, Discovery};
use crate::manifests::Manifests;
use crate::model::Coverage;
use crate::resolve::BodyFacts;
use crate::settings::Settings;

use super::inputs::known_as;
use super::reading::{Read, Unread};

/// What the stages saw.
pub(super) struct Seen<'a> {
    pub(super) discovery: &'a Discovery,
    pub(super) read: &'a Read,
    pub(super) manifests: &'a Manifests,
    pub(super) settings: &'a Settings,
    pub(super) unread: Unread,
    pub(super) bodies: &'a [BodyFacts],
    pub(super) catalog: &'a Catalog,
    pub(super) ignored: usize,
    /// Services that no deployment file runs.
    pub(super) not_deployed: Vec<SmolStr>,
    pub(super) unlinked: usize,
}

/// Counts it.
pub(super) fn coverage(seen: Seen<'_>) -> Coverage {
    let Seen {
        discovery,
        read: Read { files, skipped, .. },
        manifests,
        settings,
        unread: not_read,
        bodies,
        catalog,
        ignored,
        not_deployed,
        unlinked,
    } = seen;
    let mut unread: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for name in files.iter().flat_map(|file| &file.macros_unread) {
        *unread.entry(name.clone()).or_default() += 1;
    }
    let mut macros_unread_names: Vec<(SmolStr, usize)> = unread.into_iter().collect();
    macros_unread_names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let macros_unread = macros_unread_names.iter().map(|(_, count)| count).sum();
    macros_unread_names.truncate(20);
    let sum = |at: usize| bodies.iter().map(|body| body.counts[at]).sum::<usize>();
    let foreign: BTreeSet<&str> = discovery
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .filter(|dependency| dependency.kind == DependencyKind::Normal && dependency.workspace_member.is_none())
        .map(known_as)
        .collect();
    let mut skipped = [discovery.skipped.as_slice(), skipped, &manifests.skipped, &settings.skipped].concat();
    skipped.sort();
    skipped.dedup();
    Coverage {
        files: files.len(),
        lines: files.iter().map(|file| file.lines as usize).sum(),
        unparsed: files.iter().filter(|file| file.error.is_some()).count(),
        unparsed_files: files.iter().filter(|file| file.error.is_some()).map(|file| file.file.clone()).collect(),
        orphans: not_read.orphans,
        left_out: discovery.left_out.len() + not_read.of_tests,
        skipped,
        macros_read: files.iter().map(|file| file.macros_read as usize).sum(),
        macros_unread,
        macros_unread_names,
        calls: sum(0),
        calls_resolved: sum(1),
        receivers: sum(2),
        receivers_typed: sum(3),
        catalog_crates: catalog.crate_count().saturating_sub(1),
        unknown_crates: foreign.iter().filter(|package| !Catalog::knows(package)).count(),
        manifests: manifests.count(),
        manifests_unevaluated: manifests.unevaluated,
        ignored,
        not_deployed,
        unlinked,
        unlinked_files: not_read.unlinked,
    }
}
