//! Deployment in numbers: the workloads that run a service, what its replicas add up to, variables that meet nothing.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Place, SetBy};

/// A workload of the manifests that runs a service of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// `Deployment/shop`, `docker-compose.yml/web`.
    pub workload: SmolStr,
    /// What sort it is: `replicated`, `numbered`, `per-node`, `job`, `scheduled`, `single`, `compose`, `machine`, `unit`, `function`.
    pub kind: SmolStr,
    /// The services that run in it, sorted.
    pub services: Vec<SmolStr>,
    /// The environment that it is for; none when it is told for one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// Where it is declared.
    pub at: Place,
    /// How many run at a time, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// How many run at a time while new ones replace old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during_rollout: Option<u32>,
    /// How many an autoscaler may make of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// What outlives a container of the service, by path; nothing is mounted that does when it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub durable: Vec<DurableMount>,
}

/// A mount whose content outlives the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurableMount {
    /// Where the service sees it.
    pub path: String,
    /// What is mounted: a claim, a named volume, a folder of the host.
    pub source: String,
    /// The service cannot write there.
    pub read_only: bool,
    /// Where the mount is written.
    pub at: Place,
}

/// What the copies of an item in all replicas of a workload add up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The workload.
    pub workload: SmolStr,
    /// The services that hold the item there.
    pub services: Vec<SmolStr>,
    /// The environment that the workload is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// `connections`.
    pub unit: SmolStr,
    /// At most so many in one process.
    pub each: i64,
    /// Where that is set; none for a default of the library.
    pub each_at: Option<Place>,
    /// What sets it, when it is not the code: `ConfigMap/shop-config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each_from: Option<String>,
    /// So many processes.
    pub replicas: u32,
    /// Where their number is written; none for the platform's default.
    pub replicas_at: Option<Place>,
    /// All of them together.
    pub all: i64,
    /// All of them together while new ones replace old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during_rollout: Option<i64>,
    /// All of them together when the autoscaler has made as many as it may, before any rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// The number of replicas behind `at_most`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas_at_most: Option<u32>,
    /// The workload starts one of several commands, and whether that one makes the item is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub if_used: bool,
}

/// The variables of a service that code and deployment do not agree upon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The service.
    pub service: SmolStr,
    /// Variables that it cannot start without and that nothing in the tree sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<SmolStr>,
    /// Variables that it is given and that nothing is known to read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<SetBy>,
}
