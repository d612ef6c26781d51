//! Blind spots: what was not seen, in words and numbers.

use smol_str::SmolStr;

use crate::assess::RULES;
use crate::model::{Confidence, Severity};

use super::escape::{code, inline, prose};
use super::layout::{Layout, first_few};
use super::view::{BlindSpots, DiagnosticView, ShortList};
use super::words::{percent, thousands};

/// At most so many messages are shown; `statemap gen` prints them all.
const MESSAGES: usize = 30;

/// What was not seen of a tree.
pub(crate) fn blind_spots(layout: &Layout<'_>, page: &str) -> BlindSpots {
    let coverage = &layout.map.coverage;
    let file = |path: &SmolStr| layout.links.link(&code(path), page, path, None);
    let number = |count: usize| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    let names = &coverage.macros_unread_names;
    let (shown, more) = first_few(names.len(), 8);
    let macro_name = |(name, count): &(SmolStr, usize)| match count {
        1 => code(&format!("{name}!")),
        count => format!("{} ({} times)", code(&format!("{name}!")), number(*count)),
    };
    let diagnostics = &layout.map.diagnostics;
    let (messages, diagnostics_more) = first_few(diagnostics.len(), MESSAGES);
    let mut diagnostics: Vec<_> = diagnostics.iter().collect();
    diagnostics.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    let diagnostic = |diagnostic: &&crate::model::Diagnostic| DiagnosticView {
        severity: match diagnostic.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        place: diagnostic.file.as_ref().map(|path| match diagnostic.line {
            Some(line) => layout.links.place(page, path, line),
            None => file(path),
        }),
        message: prose(&diagnostic.message),
        help: diagnostic.help.as_deref().map(prose),
    };
    let shown_items = || layout.items.iter();
    // What a rule says without a deployment file is on the page.
    let is_such = |service: &SmolStr| coverage.not_deployed.contains(service);
    let is_told = |id: &str| layout.map.hazards.iter().any(|hazard| hazard.rule == id && hazard.services.iter().any(is_such));
    let asking = || RULES.iter().filter(|rule| rule.needs.is_some() && !is_told(rule.id));
    let mut rules_need: Vec<&str> = asking().filter_map(|rule| rule.needs).collect();
    rules_need.sort_unstable();
    rules_need.dedup();
    BlindSpots {
        not_deployed: coverage.not_deployed.iter().map(|name| code(name)).collect(),
        rules_not_asked: asking().map(|rule| code(rule.id)).collect(),
        rules_need,
        files: number(coverage.files),
        files_one: coverage.files == 1,
        lines: number(coverage.lines),
        unparsed: coverage.unparsed,
        unparsed_files: short(&coverage.unparsed_files, 10, file),
        orphans: short(&coverage.orphans, 10, file),
        skipped: short(&coverage.skipped, 10, |path| code(path)),
        left_out: coverage.left_out,
        macros_read: number(coverage.macros_read),
        macros_unread: coverage.macros_unread,
        macros_unread_text: number(coverage.macros_unread),
        macro_names: ShortList { count: names.len(), shown: names[..shown].iter().map(macro_name).collect(), more },
        calls: coverage.calls,
        calls_percent: percent(coverage.calls_resolved, coverage.calls),
        receivers: coverage.receivers,
        receivers_percent: percent(coverage.receivers_typed, coverage.receivers),
        catalog_crates: coverage.catalog_crates,
        unknown_crates: coverage.unknown_crates,
        ignored: coverage.ignored,
        unlinked: coverage.unlinked,
        unlinked_files: coverage.unlinked_files,
        manifests: coverage.manifests,
        manifests_unevaluated: coverage.manifests_unevaluated,
        uncertain: shown_items().filter(|item| item.confidence != Confidence::Certain).count(),
        unfollowed: shown_items().flat_map(|item| &item.facts).filter(|fact| fact.value.is_none() && fact.setting().is_none()).count(),
        diagnostics: diagnostics[..messages].iter().map(diagnostic).collect(),
        diagnostics_more,
    }
}

fn short(files: &[SmolStr], at_most: usize, show: impl Fn(&SmolStr) -> String) -> ShortList {
    let (shown, more) = first_few(files.len(), at_most);
    ShortList { count: files.len(), shown: files[..shown].iter().map(show).collect(), more }
}

/// A commit as people quote it.
pub(crate) fn short_revision(revision: &str) -> String {
    inline(&revision.chars().take(12).collect::<String>())
}
