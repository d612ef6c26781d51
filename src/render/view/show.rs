//! One item in full, for `statemap show`.

use serde::Serialize;

use super::{AnnotationLine, EvidenceView, SettingsView, TotalView};

/// Everything about one item.
#[derive(Debug, Serialize)]
pub(crate) struct ShowView {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) doc: Option<String>,
    pub(crate) ty: Option<String>,
    pub(crate) scope: &'static str,
    /// Every service that holds it.
    pub(crate) services: Vec<String>,
    pub(crate) cfg: Option<String>,
    pub(crate) confidence: Option<&'static str>,
    pub(crate) constant: bool,
    pub(crate) copies: Option<CopiesRow>,
    /// The id of the store behind it, or of what leads to it.
    pub(crate) related: Vec<String>,
    pub(crate) related_more: usize,
    pub(crate) is_store: bool,
    /// Code with carets between its fences.
    pub(crate) snippet: Option<String>,
    /// Further places.
    pub(crate) places: Vec<String>,
    pub(crate) places_more: usize,
    pub(crate) facts: Vec<FactRow>,
    pub(crate) facts_more: usize,
    pub(crate) settings: Option<SettingsView>,
    pub(crate) totals: Vec<TotalView>,
    pub(crate) deployments: Vec<DeploymentRow>,
    pub(crate) deployments_more: usize,
    pub(crate) verdicts: Vec<AgainstView>,
    pub(crate) uses: Vec<UseRow>,
    pub(crate) uses_more: usize,
    pub(crate) entries: Vec<EntryRow>,
    pub(crate) entries_more: usize,
    pub(crate) hides: Option<String>,
    pub(crate) lost: Option<String>,
    /// Whether `lost` names a loss.
    pub(crate) loses: bool,
    /// Whether it ends with the process.
    pub(crate) in_process: bool,
    pub(crate) ending: Option<EndingView>,
    pub(crate) hazards: Vec<ShownHazard>,
    pub(crate) hazards_more: usize,
    pub(crate) symptoms: Vec<SymptomRow>,
    pub(crate) annotation: Vec<AnnotationLine>,
    pub(crate) annotated_at: Vec<String>,
    /// An entry of `statemap.toml` between its fences.
    pub(crate) stub: Option<String>,
}

/// How many copies there are.
#[derive(Debug, Serialize)]
pub(crate) struct CopiesRow {
    /// What has a copy of its own.
    pub(crate) of: &'static str,
    pub(crate) number: Option<u32>,
    /// What goes wrong with two; none when nothing does.
    pub(crate) at_two: Option<String>,
}

/// A fact, or a place that gives its value.
#[derive(Debug, Serialize)]
pub(crate) struct FactRow {
    /// None in the rows below that of the fact.
    pub(crate) label: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) hidden: bool,
    pub(crate) provenance: &'static str,
    /// The expression, key or variable; of a further row, what gives the value.
    pub(crate) from: Option<String>,
    /// The value holds only where `from` gives none.
    pub(crate) is_fallback: bool,
    pub(crate) environment: Option<String>,
    pub(crate) unless: Option<String>,
    pub(crate) at: Option<String>,
}

/// A workload that runs a service of the item.
#[derive(Debug, Serialize)]
pub(crate) struct DeploymentRow {
    pub(crate) workload: String,
    pub(crate) environment: Option<String>,
    pub(crate) at: String,
    pub(crate) replicas: Option<u32>,
    pub(crate) during_rollout: Option<u32>,
    pub(crate) at_most: Option<u32>,
    /// The item is on the disk of the workload.
    pub(crate) on_disk: bool,
    /// What outlives the container, of such an item.
    pub(crate) durable: Vec<DurableView>,
}

/// A mount that outlives the container.
#[derive(Debug, Serialize)]
pub(crate) struct DurableView {
    pub(crate) path: String,
    pub(crate) source: String,
    pub(crate) read_only: bool,
    pub(crate) at: String,
}

/// A service that cannot, or not without care, run as several replicas because of the item.
#[derive(Debug, Serialize)]
pub(crate) struct AgainstView {
    pub(crate) service: String,
    pub(crate) answer: &'static str,
    pub(crate) clause: String,
}

/// A function that uses the item.
#[derive(Debug, Serialize)]
pub(crate) struct UseRow {
    pub(crate) function: String,
    pub(crate) writes: bool,
    pub(crate) at: String,
}

/// A route, a task, `main`.
#[derive(Debug, Serialize)]
pub(crate) struct EntryRow {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) writes: bool,
}

/// What becomes of it at SIGTERM.
#[derive(Debug, Serialize)]
pub(crate) struct EndingView {
    pub(crate) how: &'static str,
    pub(crate) at: Vec<String>,
}

/// A hazard with all that is known of it.
#[derive(Debug, Serialize)]
pub(crate) struct ShownHazard {
    pub(crate) severity: &'static str,
    pub(crate) rule: String,
    pub(crate) message: String,
    pub(crate) likely: bool,
    pub(crate) arithmetic: Option<String>,
    pub(crate) evidence: Vec<EvidenceView>,
    pub(crate) evidence_more: usize,
    pub(crate) symptom: Option<String>,
    pub(crate) remedy: Option<String>,
    pub(crate) sketch: Option<String>,
    pub(crate) ends_when: Option<String>,
    pub(crate) accepted: Option<String>,
}

/// What one would see.
#[derive(Debug, Serialize)]
pub(crate) struct SymptomRow {
    pub(crate) id: String,
    pub(crate) title: &'static str,
    pub(crate) why: String,
}
