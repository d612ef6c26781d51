//! Hazards, and what one may see of them.

use serde::Serialize;

/// The hazards that a review would raise first, in a table.
#[derive(Debug, Serialize)]
pub(crate) struct ReviewView {
    pub(crate) rows: Vec<HazardRow>,
    /// Hazards beyond the rows.
    pub(crate) more: usize,
    /// Hazards that somebody knows of and accepts.
    pub(crate) accepted: usize,
    /// Where all of them are told; none where no page does.
    pub(crate) target: Option<String>,
    /// Whether there is something that could have hazards.
    pub(crate) assessed: bool,
}

/// A hazard, or several of one rule that are equally bad, in a row.
#[derive(Debug, Serialize)]
pub(crate) struct HazardRow {
    pub(crate) severity: &'static str,
    pub(crate) message: String,
    pub(crate) items: Vec<String>,
    pub(crate) items_more: usize,
    /// Where it is told in full; none where no page does.
    pub(crate) target: Option<String>,
}

/// A rule with what it found.
#[derive(Debug, Serialize)]
pub(crate) struct HazardRuleView {
    pub(crate) rule: String,
    pub(crate) anchor: String,
    pub(crate) title: Option<String>,
    /// The same for the heading of a page.
    pub(crate) heading: String,
    /// What one may see of it, linked.
    pub(crate) symptoms: Vec<String>,
    pub(crate) symptom: Option<String>,
    pub(crate) remedy: Option<String>,
    /// A block of code with its fences.
    pub(crate) sketch: Option<String>,
    pub(crate) ends_when: Option<String>,
    pub(crate) found: Vec<HazardView>,
    pub(crate) more: usize,
}

/// A hazard in full.
#[derive(Debug, Serialize)]
pub(crate) struct HazardView {
    pub(crate) severity: &'static str,
    /// In a book, where each has a heading.
    pub(crate) anchor: Option<String>,
    /// The items that it is about, for a heading.
    pub(crate) title: String,
    /// The evidence is indirect.
    pub(crate) likely: bool,
    pub(crate) message: String,
    pub(crate) arithmetic: Option<String>,
    pub(crate) evidence: Vec<EvidenceView>,
    pub(crate) evidence_more: usize,
    /// What one would see, where that differs from what the rule says.
    pub(crate) symptom: Option<String>,
    /// What to do, where that differs from what the rule says.
    pub(crate) remedy: Option<String>,
    pub(crate) items: Vec<String>,
    /// Empty when it is in every service.
    pub(crate) services: Vec<String>,
    /// Why, by whom and until when it is accepted.
    pub(crate) accepted: Option<String>,
}

/// A hazard on the page of an item that it names.
#[derive(Debug, Serialize)]
pub(crate) struct ItemHazard {
    pub(crate) severity: &'static str,
    pub(crate) accepted: bool,
    pub(crate) rule: String,
    /// Where it is told in full.
    pub(crate) target: Option<String>,
    pub(crate) message: String,
    pub(crate) remedy: Option<String>,
}

/// Something that one sees, with what can cause it.
#[derive(Debug, Serialize)]
pub(crate) struct IncidentView {
    pub(crate) id: &'static str,
    pub(crate) anchor: String,
    pub(crate) title: &'static str,
    /// What one would search for.
    pub(crate) words: &'static str,
    pub(crate) about: &'static str,
    /// How bad the worst hazard behind it is.
    pub(crate) severity: Option<&'static str>,
    pub(crate) causes: Vec<CauseView>,
    pub(crate) more: usize,
    /// Where to look first.
    pub(crate) first: String,
    /// How to confirm it.
    pub(crate) confirm: Vec<String>,
    /// What to do until it is mended.
    pub(crate) meanwhile: String,
}

/// An item that can cause something.
#[derive(Debug, Serialize)]
pub(crate) struct CauseView {
    pub(crate) link: String,
    pub(crate) why: String,
    /// The rules that found a hazard of it, linked.
    pub(crate) rules: Vec<String>,
}

/// What a hazard is drawn from.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceView {
    pub(crate) what: String,
    pub(crate) at: Option<String>,
}
