//! Capacity: what all services together ask of an external store, against what its server takes.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{ItemId, Place, Provenance};

/// The connections that the workloads of one environment may hold to one store.
///
/// All sums are of upper bounds: pools open what they need up to their size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// The store, by the name that pools give it: `postgres`.
    pub store: SmolStr,
    /// The item of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// What leads to it, when the services reach several of its kind: a host, a variable, a key of settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The environment that the sums are for; none when there is one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// The pools that lead to it, sorted.
    pub pools: Vec<ItemId>,
    /// Who holds connections, by workload.
    pub holders: Vec<Holder>,
    /// With all replicas at rest.
    pub at_rest: i64,
    /// While all workloads are rolled at once.
    pub during_rollout: i64,
    /// When autoscalers have made as many replicas as they may; missing without an autoscaler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// While all of those are rolled at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_during_rollout: Option<i64>,
    /// The size of a pool or the number of its copies is not known: the sums are too low.
    #[serde(default, skip_serializing_if = "is_false")]
    pub at_least: bool,
    /// What the server takes, where the tree says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// A workload that holds connections to a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// `Deployment/shop`.
    pub workload: SmolStr,
    /// The services that hold them in it, sorted.
    pub services: Vec<SmolStr>,
    /// The pools in each process.
    pub pools: Vec<Share>,
    /// All of them together, in one process.
    pub each: i64,
    /// So many processes; missing where it is not known, as of one for each node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Where that is written, else the workload.
    pub replicas_at: Place,
    /// So many while new ones replace old ones, when that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during_rollout: Option<u32>,
    /// So many when the autoscaler has made as many as it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// So many while new ones replace all of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_during_rollout: Option<u32>,
}

/// One pool in a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The pool.
    pub item: ItemId,
    /// At most so many connections; missing where it could not be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<i64>,
    /// Where that is written; missing for a default of the library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What sets it, when it is not the code: `ConfigMap/shop-config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// It could not be told whether the command that the container runs makes it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub if_used: bool,
}

/// How many connections a server takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The number.
    pub connections: i64,
    /// What it is called: `max_connections`.
    pub key: SmolStr,
    /// What says it: `docker-compose.yml/postgres`, `[[declare]] shop database`; the store, for its default.
    pub from: String,
    /// `Manifest`, `Annotated`, or `Default` of the server's.
    pub provenance: Provenance,
    /// Where it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// A compose file says it, while the services are deployed by something else: there it may be another number.
    #[serde(default, skip_serializing_if = "is_false")]
    pub elsewhere: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
