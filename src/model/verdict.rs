//! Copies: how many there are of an item, what goes wrong with two, and whether a service can run as several replicas.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::ItemId;

/// What has a copy of an item of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// Each request or task.
    Task,
    /// Each thread.
    Thread,
    /// Each process.
    Process,
    /// Each pod or container, on its disk.
    Pod,
    /// Each machine, on its disk.
    Node,
    /// There is one for all replicas.
    Shared,
    /// Each client.
    Client,
}

/// How many copies there are of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// What has a copy of its own.
    pub copies: Copies,
    /// How many copies the deployment files start; missing where they do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// What goes wrong or differs with two replicas, in one clause; missing when nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_two: Option<String>,
}

/// Whether a service can run as several replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Nothing was found that a second replica would miss.
    Yes,
    /// Some state differs between replicas.
    WithCare,
    /// A second replica breaks something.
    No,
}

/// Whether a service can run as several replicas, and what speaks against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The service.
    pub service: SmolStr,
    /// The answer.
    pub answer: Answer,
    /// How many run by the deployment files; missing when none runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// How many an autoscaler may make of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// What speaks against it, what hurts most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Reason>,
    /// How many further items differ between replicas.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// One thing that speaks against several replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The items, by id.
    pub items: Vec<ItemId>,
    /// What goes wrong at two, in one clause.
    pub clause: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
