//! The state map: sorted and complete; what every output is made of.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Capacity, Coverage, Deployment, Diagnostic, Ending, Environment, Hazard, Item, ItemId, Lifecycle, Verdict};

/// Version of the JSON contract, bumped on a breaking change.
pub const SCHEMA: u32 = 1;

/// Name and version of the program that made a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// `statemap`.
    pub name: SmolStr,
    /// Its version.
    pub version: SmolStr,
}

/// What a map is about, as far as people or the repository say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What the analysed tree is called: `[service] name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One sentence on what it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who is asked about everything that names no owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where the pages of this map are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The analysed root inside the repository, when it is not its root: `services/shop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl About {
    /// Nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A binary target with the workspace crates that it links.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Service {
    /// Name of the binary.
    pub name: SmolStr,
    /// Package that it belongs to.
    pub package: SmolStr,
    /// Its root file, relative to the analysed root.
    pub target: SmolStr,
    /// Names of the workspace crates it links, sorted.
    #[serde(default)]
    pub crates: Vec<SmolStr>,
}

/// The implicit state map of an analysed tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateMap {
    /// Version of this contract.
    pub schema: u32,
    /// What made it.
    pub tool: ToolInfo,
    /// Commit of the analysed tree, when known.
    pub revision: Option<String>,
    /// The repository's page on its host (`https://host/owner/name`), when a remote is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// What it is about, as far as that is said.
    #[serde(default, skip_serializing_if = "About::is_empty")]
    pub about: About,
    /// Services, sorted by name.
    pub services: Vec<Service>,
    /// Items, sorted by kind, then id.
    pub items: Vec<Item>,
    /// The workloads of the manifests that run a service, sorted; none when no deployment file is tied to one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<Deployment>,
    /// Variables that code and deployment do not agree upon, by service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<Environment>,
    /// How services start and stop, sorted by service; missing for one of which nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifecycles: Vec<Lifecycle>,
    /// What all services together ask of each external store, against what its server takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<Capacity>,
    /// Whether each service that stays and works can run as several replicas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
    /// Hazards.
    pub hazards: Vec<Hazard>,
    /// Messages on the input and the configuration, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// What was seen.
    pub coverage: Coverage,
}

impl StateMap {
    /// What becomes of an item when its service stops; none when that is not known.
    #[must_use]
    pub fn ending_of(&self, item: &ItemId) -> Option<&Ending> {
        self.lifecycles.iter().find_map(|lifecycle| {
            let found = lifecycle.endings.binary_search_by(|ending| ending.item.cmp(item)).ok()?;
            lifecycle.endings.get(found)
        })
    }

    /// How a service starts and stops.
    #[must_use]
    pub fn lifecycle_of(&self, service: &str) -> Option<&Lifecycle> {
        self.lifecycles.iter().find(|lifecycle| lifecycle.service == service)
    }
}
