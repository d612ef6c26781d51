//! Hazards on a page: what a review would raise first, and each rule with what it found, why, and what to do.

use crate::assess;
use crate::model::{Acknowledged, Confidence, Evidence, Hazard, Sketch};

use super::escape::{code, code_lines, inline, longest_run, prose, slug};
use super::item_view::{clause, sentence};
use super::layout::{Layout, first_few, relative};
use super::view::{EvidenceView, HazardRow, HazardRuleView, HazardView, ReviewView};
use super::words::{capitalized, count_word};

/// The page of a book that tells all hazards.
pub(crate) const HAZARDS: &str = "src/hazards.md";
/// At most so many rows are shown of what would be raised first.
const ROWS: usize = 8;
/// At most so many items are linked in a row.
const ITEMS: usize = 3;
/// At most so many hazards of one rule are told in full.
const TOLD: usize = 12;
/// At most so many places are shown of one hazard.
const EVIDENCE: usize = 6;

/// The table that opens a page, of all services or of one; `detail` is the page on which hazards are told in full.
pub(crate) fn review(layout: &Layout<'_>, service: Option<&str>, page: &str, detail: &str) -> ReviewView {
    let is_there = |hazard: &&Hazard| service.is_none_or(|name| hazard.services.iter().any(|service| service == name));
    let all: Vec<&Hazard> = layout.map.hazards.iter().filter(is_there).collect();
    let open: Vec<&Hazard> = all.iter().copied().filter(|hazard| hazard.acknowledged.is_none()).collect();
    let mut groups: Vec<Vec<&Hazard>> = Vec::new();
    for hazard in &open {
        let same = |group: &&mut Vec<&Hazard>| group[0].rule == hazard.rule && group[0].severity == hazard.severity;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(hazard),
            None => groups.push(vec![hazard]),
        }
    }
    // The page that tells all of them lists all of them, and so does one beside which nothing is told.
    let (shown, _) = first_few(groups.len(), if page == HAZARDS || detail.is_empty() { groups.len() } else { ROWS });
    let more = groups[shown..].iter().map(Vec::len).sum();
    ReviewView {
        rows: groups[..shown].iter().map(|group| row(layout, group, page, detail)).collect(),
        more,
        accepted: all.len() - open.len(),
        target: match detail {
            "" => None,
            detail if detail == page => Some("#hazards".to_owned()),
            detail => Some(relative(page, detail)),
        },
        assessed: !layout.map.services.is_empty() && !layout.items.is_empty(),
    }
}

fn row(layout: &Layout<'_>, group: &[&Hazard], page: &str, detail: &str) -> HazardRow {
    let first = group[0];
    let message = match assess::rule(&first.rule).filter(|_| group.len() > 1) {
        Some(rule) => rule.several.replacen("{}", &count_word(group.len()), 1),
        None => first.message.clone(),
    };
    let mut items: Vec<_> = Vec::new();
    // Of one hazard all that it names; of several, what each is about.
    let named = group.iter().flat_map(|hazard| hazard.items.iter().take(if group.len() == 1 { ITEMS } else { 1 }));
    for item in named.filter_map(|id| layout.item(id.as_str())) {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    let (items, items_more) = layout.some(&items, ITEMS, page);
    HazardRow {
        severity: first.severity.as_str(),
        // A table cell begins like a sentence, but a name in code stays as it is.
        message: clause(&capitalized(&message)),
        items,
        items_more,
        target: anchor_target(&first.rule, page, detail),
    }
}

/// Link target of what is told of a rule; none when no page tells it.
pub(crate) fn anchor_target(rule: &str, page: &str, detail: &str) -> Option<String> {
    let anchor = anchor(rule);
    match detail {
        "" => None,
        detail if detail == page => Some(format!("#{anchor}")),
        detail => Some(format!("{}#{anchor}", relative(page, detail))),
    }
}

fn anchor(rule: &str) -> String {
    format!("hazard-{}", slug(rule))
}

/// Each rule that found something, in the order of its worst hazard.
pub(crate) fn by_rule(layout: &Layout<'_>, page: &str) -> Vec<HazardRuleView> {
    by_rule_of(layout, None, page)
}

/// The same for the hazards of one service.
pub(crate) fn by_rule_of(layout: &Layout<'_>, service: Option<&str>, page: &str) -> Vec<HazardRuleView> {
    let mut groups: Vec<Vec<&Hazard>> = Vec::new();
    let is_meant = |hazard: &&Hazard| service.is_none_or(|name| hazard.services.iter().any(|service| service == name));
    for hazard in layout.map.hazards.iter().filter(is_meant) {
        match groups.iter_mut().find(|group| group[0].rule == hazard.rule) {
            Some(group) => group.push(hazard),
            None => groups.push(vec![hazard]),
        }
    }
    groups.iter().map(|group| rule_view(layout, group, page)).collect()
}

fn rule_view(layout: &Layout<'_>, group: &[&Hazard], page: &str) -> HazardRuleView {
    let first = group[0];
    let known = assess::rule(&first.rule);
    // What the first one says is said once, above them all.
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (symptom, remedy, ends_when) = (said(&first.symptom), said(&first.remedy), said(&first.ends_when));
    let (shown, more) = first_few(group.len(), TOLD);
    let view = |hazard: &&Hazard| HazardView {
        symptom: own(&hazard.symptom, symptom.as_deref()),
        remedy: own(&hazard.remedy, remedy.as_deref()),
        ..hazard_view(layout, hazard, page)
    };
    HazardRuleView {
        rule: code(&first.rule),
        anchor: anchor(&first.rule),
        title: known.map(|rule| inline(rule.title)),
        symptom: symptom.as_deref().map(sentence),
        remedy: remedy.as_deref().map(sentence),
        sketch: first.sketch.as_ref().map(fenced),
        ends_when: ends_when.as_deref().map(clause),
        found: group[..shown].iter().map(view).collect(),
        more,
    }
}

/// What one says differently from the first.
fn own(text: &str, common: Option<&str>) -> Option<String> {
    (!text.is_empty() && Some(text) != common).then(|| sentence(text))
}

fn hazard_view(layout: &Layout<'_>, hazard: &Hazard, page: &str) -> HazardView {
    let (shown, evidence_more) = first_few(hazard.evidence.len(), EVIDENCE);
    let everywhere = hazard.services.len() >= layout.map.services.len();
    HazardView {
        severity: hazard.severity.as_str(),
        likely: hazard.confidence < Confidence::Certain,
        message: sentence(&hazard.message),
        arithmetic: hazard.arithmetic.as_deref().map(prose),
        evidence: hazard.evidence[..shown].iter().map(|one| evidence(layout, one, page)).collect(),
        evidence_more,
        symptom: None,
        remedy: None,
        items: hazard.items.iter().filter_map(|id| layout.item(id.as_str())).map(|item| layout.link(item, page)).collect(),
        services: if everywhere { Vec::new() } else { hazard.services.iter().map(|name| code(name)).collect() },
        accepted: hazard.acknowledged.as_ref().map(accepted),
    }
}

pub(crate) fn evidence(layout: &Layout<'_>, one: &Evidence, page: &str) -> EvidenceView {
    EvidenceView { what: clause(&one.what), at: one.at.as_ref().map(|at| layout.links.short_place(page, &at.file, at.line)) }
}

/// Why it is accepted, by whom, and how long.
pub(crate) fn accepted(by: &Acknowledged) -> String {
    let mut out = if by.reason.is_empty() { "no reason is given".to_owned() } else { clause(&by.reason) };
    let owner = by.owner.as_deref().map(|owner| format!("by {}", inline(owner)));
    let date = by.date.as_deref().map(|date| format!("on {}", inline(date)));
    let until = by.until.as_deref().map(|until| format!("until {}", inline(until)));
    let rest: Vec<String> = [owner, date, until].into_iter().flatten().collect();
    if !rest.is_empty() {
        out.push_str(&format!(" ({})", rest.join(", ")));
    }
    out
}

/// Lines of code between fences that nothing in them ends.
pub(crate) fn fenced(sketch: &Sketch) -> String {
    let text = code_lines(&sketch.text);
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let language: String = sketch.language.chars().filter(char::is_ascii_alphanumeric).collect();
    // A book offers to run what is plain Rust, and asks another host about it for that.
    let language = if language == "rust" { "rust,ignore".to_owned() } else { language };
    format!("{fence}{language}\n{}\n{fence}", text.trim_end())
}
