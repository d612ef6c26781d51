//! History: what came and went on the map from one release to the next, or from one commit to the next.
//!
//! Every point is analysed anew with this version of the program, so a change is one of the code and not of what is found.

#[cfg(feature = "git")]
mod walk;

use serde::Serialize;
use smol_str::SmolStr;

use crate::model::{Fact, HazardSeverity, ItemId, Kind};

#[cfg(feature = "git")]
pub use walk::history;

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct History {
    /// The oldest point.
    pub from: String,
    /// The newest point.
    pub to: String,
    /// What differs, the newest first; points between which nothing does are left out.
    pub steps: Vec<Step>,
}

/// What differs between two points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The newer point: a tag, else the commit in short.
    pub name: String,
    /// Its commit.
    pub commit: String,
    /// The day of the commit, in UTC.
    pub day: String,
    /// The first line of what its author says of it.
    pub subject: String,
    /// The point that it is compared with.
    pub since: String,
    /// Pieces of state that are new, by kind and id.
    pub added: Vec<Told>,
    /// Pieces of state that are gone.
    pub removed: Vec<Told>,
    /// Pieces of state that are told otherwise, with what differs.
    pub changed: Vec<Told>,
    /// Hazards that are new or worse, the most severe first.
    pub risks: Vec<Risk>,
    /// Hazards that are gone.
    pub gone: Vec<Risk>,
    /// Variables that must be set from here on.
    pub required: Vec<String>,
}

/// A piece of state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// Its id at the newer point; at the older one when it is gone.
    pub id: ItemId,
    /// What sort of state.
    pub kind: Kind,
    /// Its short name.
    pub name: SmolStr,
    /// One sentence without a full stop.
    pub summary: String,
    /// The facts that differ; what only a place or a spelling differs in has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactStep>,
}

/// A fact that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactStep {
    /// What is stated: `max_connections`.
    pub key: SmolStr,
    /// As it was.
    pub before: Option<Fact>,
    /// As it is.
    pub after: Option<Fact>,
}

/// A hazard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    /// The rule that found it.
    pub rule: SmolStr,
    /// How bad it is, or was.
    pub severity: HazardSeverity,
    /// What happens.
    pub message: String,
}

impl Step {
    /// Nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let state = self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty();
        state && self.risks.is_empty() && self.gone.is_empty() && self.required.is_empty()
    }
}
