//! Hazards: risks drawn from code and deployment together, each with its evidence, its symptom and its remedy.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Confidence, ItemId, Place};

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

impl HazardSeverity {
    /// The word used in JSON and on pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            HazardSeverity::Low => "low",
            HazardSeverity::Medium => "medium",
            HazardSeverity::High => "high",
        }
    }
}

/// A risk drawn from code and deployment together.
///
/// All texts are one line of prose without a full stop, with code in backticks; they are escaped where they are shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hazard {
    /// Stable name: the rule, `@`, and the id of the first item.
    pub id: SmolStr,
    /// The rule that found it.
    pub rule: SmolStr,
    /// How bad it is.
    pub severity: HazardSeverity,
    /// How sure it is that it is one.
    #[serde(default = "certain")]
    pub confidence: Confidence,
    /// The items that it names; the first is the one that it is about.
    pub items: Vec<ItemId>,
    /// The services in which it happens, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<SmolStr>,
    /// What happens, with the numbers.
    pub message: String,
    /// How the numbers come about, in full: `2 replicas + 1 surge = 3 pods × 50 connections = 150 > 100`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<String>,
    /// What it is drawn from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What an operator or a user would see.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub symptom: String,
    /// What to do.
    pub remedy: String,
    /// A few lines that show the remedy in the crates or manifests in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketch: Option<Sketch>,
    /// What would make this hazard go away, as the program sees it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ends_when: String,
    /// Who knows of it and accepts it: then it fails no check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
}

fn certain() -> Confidence {
    Confidence::Certain
}

/// One thing that a hazard is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What stands there.
    pub what: String,
    /// Where; none for a default of a library or platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// A few lines of code or configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// `rust`, `yaml`, `toml`, `sql`.
    pub language: SmolStr,
    /// The lines.
    pub text: String,
}

/// An acknowledgement: a person wrote that a hazard is known and accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Why.
    pub reason: String,
    /// Who answers for the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where it is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<Place>,
}
