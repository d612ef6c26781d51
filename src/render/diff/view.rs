//! What the template of a difference sees: safe Markdown in every string.

use serde::Serialize;

/// The difference of two maps.
#[derive(Debug, Serialize)]
pub(crate) struct DiffView {
    /// What tells this comment from that of another tree in the same repository; empty for the repository's root.
    pub(crate) marker: String,
    /// Nothing differs.
    pub(crate) same: bool,
    pub(crate) before: SideView,
    pub(crate) after: SideView,
    /// What differs, and how often; in the order of the page.
    pub(crate) counts: Vec<CountView>,
    pub(crate) services_added: Vec<String>,
    pub(crate) services_removed: Vec<String>,
    /// New and greater risks.
    pub(crate) risks: Vec<HazardView>,
    /// Further ones, for whoever wants to see all of them.
    pub(crate) risks_folded: Vec<HazardView>,
    pub(crate) risks_more: usize,
    /// Variables that must be set from now on.
    pub(crate) required: Vec<VariableView>,
    pub(crate) required_more: usize,
    pub(crate) verdicts: Vec<VerdictView>,
    pub(crate) verdicts_more: usize,
    pub(crate) capacity: Vec<CapacityView>,
    pub(crate) capacity_more: usize,
    pub(crate) added: ListView,
    pub(crate) changed: ListView,
    pub(crate) removed: ListView,
    pub(crate) moved: ListView,
    /// Variables that need not be set.
    pub(crate) variables: Vec<VariableView>,
    pub(crate) variables_more: usize,
    /// Hazards that are gone, better, accepted, or told with other numbers.
    pub(crate) hazards: Vec<HazardView>,
    pub(crate) hazards_more: usize,
    pub(crate) messages: Vec<MessageView>,
    pub(crate) messages_more: usize,
    /// What could not be compared.
    pub(crate) notes: Vec<String>,
    /// Details were left out, or the comment would be too long.
    pub(crate) cut: bool,
}

/// One of the two versions.
#[derive(Debug, Serialize)]
pub(crate) struct SideView {
    /// As people named it.
    pub(crate) name: String,
    /// The commit in short, linked when its page is known.
    pub(crate) commit: Option<String>,
}

/// How often something differs.
#[derive(Debug, Serialize)]
pub(crate) struct CountView {
    /// `risks`, `required`, `added`, `changed`, `removed`, `moved`, `better`, `messages`.
    pub(crate) what: &'static str,
    pub(crate) count: usize,
}

/// A hazard.
#[derive(Debug, Serialize)]
pub(crate) struct HazardView {
    /// `new`, `worse`, `no longer accepted`, `changed`, `better`, `accepted`, `gone`.
    pub(crate) how: &'static str,
    pub(crate) severity: &'static str,
    /// The severity that it had, when it was another one.
    pub(crate) severity_before: Option<&'static str>,
    pub(crate) rule: String,
    pub(crate) message: String,
    /// What it said before, when it said something else.
    pub(crate) message_before: Option<String>,
    pub(crate) arithmetic: Option<String>,
    pub(crate) remedy: Option<String>,
    pub(crate) accepted: Option<String>,
    pub(crate) at: Option<String>,
}

/// A variable of the environment.
#[derive(Debug, Serialize)]
pub(crate) struct VariableView {
    pub(crate) name: String,
    /// What became of it, to follow its name; what it says of a default is followed by it.
    pub(crate) how: &'static str,
    /// The default is what differs.
    pub(crate) is_default: bool,
    pub(crate) default_before: Option<String>,
    pub(crate) default_after: Option<String>,
    /// Empty when nothing in the tree sets it.
    pub(crate) set_by: Vec<String>,
    /// It must be set.
    pub(crate) required: bool,
    /// Empty when every service reads it.
    pub(crate) services: Vec<String>,
    pub(crate) at: Option<String>,
}

/// Whether a service can run as several replicas.
#[derive(Debug, Serialize)]
pub(crate) struct VerdictView {
    pub(crate) service: String,
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
    /// Clauses that are new.
    pub(crate) why_added: Vec<String>,
    /// Clauses that are gone.
    pub(crate) why_removed: Vec<String>,
    pub(crate) replicas_before: Option<u32>,
    pub(crate) replicas_after: Option<u32>,
}

/// What is asked of a store.
#[derive(Debug, Serialize)]
pub(crate) struct CapacityView {
    pub(crate) store: String,
    /// None when nothing was asked of it.
    pub(crate) at_rest_before: Option<String>,
    pub(crate) at_rest_after: Option<String>,
    pub(crate) most_before: Option<String>,
    pub(crate) most_after: Option<String>,
    pub(crate) takes: Option<String>,
    /// It is more than the server takes.
    pub(crate) over: bool,
}

/// Pieces of state.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ListView {
    pub(crate) items: Vec<ItemView>,
    pub(crate) more: usize,
}

/// A piece of state.
#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    /// What it is, in a clause; empty for what moved.
    pub(crate) what: String,
    pub(crate) id: String,
    /// The id that it had.
    pub(crate) was: Option<String>,
    pub(crate) at: Option<String>,
    /// Empty when every service holds it.
    pub(crate) services: Vec<String>,
    pub(crate) changes: Vec<ChangeView>,
    pub(crate) changes_more: usize,
}

/// What of it differs.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeView {
    pub(crate) label: String,
    /// None when nothing was known.
    pub(crate) before: Option<String>,
    /// None when nothing is known any more.
    pub(crate) after: Option<String>,
    /// Of a list: what is new in it. Then `before` and `after` are none.
    pub(crate) added: Vec<String>,
    /// Of a list: what is gone from it.
    pub(crate) gone: Vec<String>,
    /// Where the new value comes from, else the old one.
    pub(crate) from: Option<String>,
    pub(crate) at: Option<String>,
}

/// A message on the input or the configuration.
#[derive(Debug, Serialize)]
pub(crate) struct MessageView {
    pub(crate) gone: bool,
    pub(crate) severity: &'static str,
    pub(crate) message: String,
    pub(crate) at: Option<String>,
}
