//! Hazards on a page: what a review would raise first, and each rule with what it found, why, and what to do.

use crate::assess;
use crate::model::{Acknowledged, Confidence, Evidence, Hazard, Item, Sketch};

use super::escape::{code, code_lines, inline, longest_run, prose};
use super::files::HAZARDS;
use super::item_view::{clause, sentence};
use super::layout::{Layout, first_few, hazard_anchor};
use super::view::{EvidenceView, HazardRow, HazardRuleView, HazardView, ItemHazard, ReviewView};
use super::words::{capitalized, count_word};

/// At most so many rows are shown of what would be raised first.
const ROWS: usize = 8;
/// At most so many items are linked in a row.
const ITEMS: usize = 3;
/// At most so many hazards of one rule are told in full.
const TOLD: usize = 12;
/// At most so many on its own page.
const ALL: usize = 80;
/// At most so many places are shown of one hazard.
const EVIDENCE: usize = 6;
/// At most so many items are named in a heading.
const HEADED: usize = 2;

/// The table that opens a page: of all services, or of one.
pub(crate) fn review(layout: &Layout<'_>, service: Option<&str>, page: &str) -> ReviewView {
    review_of(layout, page, |hazard| is_in(hazard, service))
}

/// The same of the hazards that a page is about.
pub(crate) fn review_of(layout: &Layout<'_>, page: &str, is_there: impl Fn(&Hazard) -> bool) -> ReviewView {
    table(layout, page, is_there, |group| match group {
        [alone] => layout.finding_target(alone, page),
        _ => layout.rule_target(&group[0].rule, page),
    })
}

/// The same above all of them, rule by rule, on one page.
pub(crate) fn review_here(layout: &Layout<'_>, service: Option<&str>, page: &str) -> ReviewView {
    let here = |group: &[&Hazard]| Some(format!("#{}", hazard_anchor(&group[0].rule)));
    table(layout, page, |hazard| is_in(hazard, service), here)
}

fn is_in(hazard: &Hazard, service: Option<&str>) -> bool {
    service.is_none_or(|name| hazard.services.iter().any(|service| service == name))
}

fn table(layout: &Layout<'_>, page: &str, is_there: impl Fn(&Hazard) -> bool, target: impl Fn(&[&Hazard]) -> Option<String>) -> ReviewView {
    let all: Vec<&Hazard> = layout.map.hazards.iter().filter(|hazard| is_there(hazard)).collect();
    let open: Vec<&Hazard> = all.iter().copied().filter(|hazard| hazard.acknowledged.is_none()).collect();
    let mut groups: Vec<Vec<&Hazard>> = Vec::new();
    for hazard in &open {
        let same = |group: &&mut Vec<&Hazard>| group[0].rule == hazard.rule && group[0].severity == hazard.severity;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(hazard),
            None => groups.push(vec![hazard]),
        }
    }
    // The page that lists all of them lists all of them, and so does one beside which nothing is told.
    let all_told = layout.hazards_target(page).is_none() || layout.is_book() && page == HAZARDS;
    let (shown, _) = first_few(groups.len(), if all_told { groups.len() } else { ROWS });
    let more = groups[shown..].iter().map(Vec::len).sum();
    ReviewView {
        rows: groups[..shown].iter().map(|group| HazardRow { target: target(group), ..row(layout, group, page) }).collect(),
        more,
        accepted: all.len() - open.len(),
        target: layout.hazards_target(page),
        assessed: !layout.map.services.is_empty() && !layout.items.is_empty(),
    }
}

fn row(layout: &Layout<'_>, group: &[&Hazard], page: &str) -> HazardRow {
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
        target: None,
    }
}

/// The rules that found something, in the order of their worst hazards.
pub(crate) fn rules_found<'m>(layout: &Layout<'m>) -> Vec<&'m str> {
    let mut rules: Vec<&str> = Vec::new();
    for hazard in &layout.map.hazards {
        if !rules.contains(&hazard.rule.as_str()) {
            rules.push(&hazard.rule);
        }
    }
    rules
}

/// A rule with all that it found, on its own page.
pub(crate) fn rule_in_full(layout: &Layout<'_>, rule: &str, page: &str) -> HazardRuleView {
    let group: Vec<&Hazard> = layout.map.hazards.iter().filter(|hazard| hazard.rule == rule).collect();
    rule_view(layout, &group, page, ALL)
}

/// A hazard of an item, on the item's page.
pub(crate) fn hazards_of(layout: &Layout<'_>, item: &Item, page: &str) -> Vec<ItemHazard> {
    let names_it = |hazard: &&Hazard| hazard.items.contains(&item.id);
    let view = |hazard: &Hazard| ItemHazard {
        severity: hazard.severity.as_str(),
        accepted: hazard.acknowledged.is_some(),
        rule: code(&hazard.rule),
        target: layout.finding_target(hazard, page),
        message: sentence(&hazard.message),
        remedy: (!hazard.remedy.is_empty()).then(|| sentence(&hazard.remedy)),
    };
    layout.map.hazards.iter().filter(names_it).map(view).collect()
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
    groups.iter().map(|group| rule_view(layout, group, page, TOLD)).collect()
}

fn rule_view(layout: &Layout<'_>, group: &[&Hazard], page: &str, at_most: usize) -> HazardRuleView {
    let first = group[0];
    let known = assess::rule(&first.rule);
    // What the first one says is said once, above them all.
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (symptom, remedy, ends_when) = (said(&first.symptom), said(&first.remedy), said(&first.ends_when));
    let (shown, more) = first_few(group.len(), at_most);
    let view = |hazard: &&Hazard| HazardView {
        symptom: own(&hazard.symptom, symptom.as_deref()),
        remedy: own(&hazard.remedy, remedy.as_deref()),
        ..hazard_view(layout, hazard, page)
    };
    HazardRuleView {
        rule: code(&first.rule),
        anchor: hazard_anchor(&first.rule),
        symptoms: known.map(|rule| symptoms(layout, rule.symptoms, page)).unwrap_or_default(),
        title: known.map(|rule| inline(rule.title)),
        heading: known.map_or_else(|| code(&first.rule), |rule| inline(&capitalized(rule.title))),
        symptom: symptom.as_deref().map(sentence),
        remedy: remedy.as_deref().map(sentence),
        sketch: first.sketch.as_ref().map(fenced),
        ends_when: ends_when.as_deref().map(clause),
        found: group[..shown].iter().map(view).collect(),
        more,
    }
}

/// Where one sees what a rule warns of: those symptoms of which the map is told to have causes.
fn symptoms(layout: &Layout<'_>, ids: &[&str], page: &str) -> Vec<String> {
    let told = layout.symptoms.iter().filter(|(symptom, _)| ids.contains(&symptom.id));
    told.filter_map(|(symptom, _)| Some(format!("[{}]({})", symptom.parts().title, layout.incident_target(symptom.id, page)?))).collect()
}

/// What one says differently from the first.
fn own(text: &str, common: Option<&str>) -> Option<String> {
    (!text.is_empty() && Some(text) != common).then(|| sentence(text))
}

fn hazard_view(layout: &Layout<'_>, hazard: &Hazard, page: &str) -> HazardView {
    let (shown, evidence_more) = first_few(hazard.evidence.len(), EVIDENCE);
    let everywhere = hazard.services.len() >= layout.map.services.len();
    let items: Vec<&Item> = hazard.items.iter().filter_map(|id| layout.item(id.as_str())).collect();
    let named: Vec<String> = items.iter().take(HEADED).map(|item| layout.title(item)).collect();
    HazardView {
        severity: hazard.severity.as_str(),
        anchor: layout.finding_anchor(hazard).map(str::to_owned),
        title: named.join(", "),
        likely: hazard.confidence < Confidence::Certain,
        message: sentence(&hazard.message),
        arithmetic: hazard.arithmetic.as_deref().map(prose),
        evidence: hazard.evidence[..shown].iter().map(|one| evidence(layout, one, page)).collect(),
        evidence_more,
        symptom: None,
        remedy: None,
        items: items.iter().map(|item| layout.link(item, page)).collect(),
        services: if everywhere { Vec::new() } else { hazard.services.iter().map(|name| layout.service_link(name, page)).collect() },
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
