//! Hazards: risks drawn from the map. Nothing computes them yet; the shape is part of the JSON contract.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::ItemId;

/// How bad a hazard is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HazardSeverity {
    /// Worth knowing.
    Low,
    /// Hurts in an incident.
    Medium,
    /// Loses data or takes the service down.
    High,
}

/// A risk drawn from code and deployment together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hazard {
    /// Stable name.
    pub id: SmolStr,
    /// The rule that found it.
    pub rule: SmolStr,
    /// How bad it is.
    pub severity: HazardSeverity,
    /// The items that it names.
    pub items: Vec<ItemId>,
    /// What happens.
    pub message: String,
    /// What to do.
    pub remedy: String,
}
