//! Diff: what state two maps of one tree have in common and what not, such as those of two revisions.
//!
//! Pure: two maps go in, the difference comes out; [`crate::render`] has the words for it. Lines and uses of an item do not count:
//! moving code is no change of state.

mod capacity;
mod facts;
mod fail_on;
mod hazards;
mod items;
mod messages;
mod pairing;
mod variables;
mod verdicts;

#[cfg(test)]
mod tests;

pub use capacity::{CapacityChange, most};
pub use facts::{FactChange, SetChange};
pub use fail_on::{FailOn, Failed};
pub use hazards::{HazardChange, HazardHow};
pub use items::{Aspect, AspectChange, How, ItemChange};
pub use messages::{MessageChange, MessageHow};
pub(crate) use variables::variable;
pub use variables::{VariableChange, VariableHow};
pub use verdicts::VerdictChange;

use std::collections::BTreeSet;

use serde::Serialize;
use smol_str::SmolStr;

use crate::model::{Class, StateMap, ToolInfo};

/// Version of the JSON contract, bumped on a breaking change.
pub const SCHEMA: u32 = 1;

/// One of the two maps, and how people name it.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// `main`, `the working directory`.
    pub name: &'a str,
    /// Its map.
    pub map: &'a StateMap,
}

/// What the map of one version is, in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side<'a> {
    /// As people named it.
    pub name: &'a str,
    /// Its commit; none for the working directory.
    pub revision: Option<&'a str>,
    /// The repository's page on its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<&'a str>,
    /// How many pieces of state it holds, constants aside.
    pub items: usize,
    /// How many hazards, accepted ones with them.
    pub hazards: usize,
}

/// What two maps do not have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff<'a> {
    /// Version of this contract.
    pub schema: u32,
    /// What made it.
    pub tool: &'a ToolInfo,
    /// The older one.
    pub before: Side<'a>,
    /// The newer one.
    pub after: Side<'a>,
    /// Nothing differs.
    pub same: bool,
    /// Services that only the newer one has, sorted.
    pub services_added: Vec<&'a SmolStr>,
    /// Services that only the older one has, sorted.
    pub services_removed: Vec<&'a SmolStr>,
    /// Hazards, what a reviewer should look at first comes first.
    pub hazards: Vec<HazardChange<'a>>,
    /// Environment variables, what a deployment must know first comes first.
    pub variables: Vec<VariableChange<'a>>,
    /// Whether services can run as several replicas.
    pub verdicts: Vec<VerdictChange<'a>>,
    /// What is asked of external stores.
    pub capacity: Vec<CapacityChange<'a>>,
    /// Pieces of state: added, removed, changed, moved; each by kind and id.
    pub items: Vec<ItemChange<'a>>,
    /// Messages on the input and the configuration.
    pub messages: Vec<MessageChange<'a>>,
    /// What could not be compared, in sentences without a full stop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl<'a> Diff<'a> {
    /// Compares two maps. `constants` tells whether state that never changes counts.
    #[must_use]
    pub fn of(before: Version<'a>, after: Version<'a>, constants: bool) -> Self {
        let pairs = pairing::pair(&before.map.items, &after.map.items);
        let mut out = Self {
            schema: SCHEMA,
            tool: &after.map.tool,
            before: side(before),
            after: side(after),
            same: false,
            services_added: only(after.map, before.map),
            services_removed: only(before.map, after.map),
            hazards: hazards::changes(before.map, after.map, &pairs),
            variables: variables::changes(&pairs),
            verdicts: verdicts::changes(before.map, after.map),
            capacity: capacity::changes(before.map, after.map),
            items: items::changes(before.map, after.map, &pairs, constants),
            messages: messages::changes(before.map, after.map),
            notes: Vec::new(),
        };
        out.same = out.is_empty();
        out
    }

    fn is_empty(&self) -> bool {
        let state = self.items.is_empty() && self.hazards.is_empty() && self.variables.is_empty() && self.capacity.is_empty();
        let rest = self.verdicts.is_empty() && self.messages.is_empty();
        state && rest && self.services_added.is_empty() && self.services_removed.is_empty()
    }

    /// The changes of state of one sort.
    pub fn items(&self, how: How) -> impl Iterator<Item = &ItemChange<'a>> {
        self.items.iter().filter(move |change| change.how == how)
    }
}

fn side(version: Version<'_>) -> Side<'_> {
    Side {
        name: version.name,
        revision: version.map.revision.as_deref(),
        repository: version.map.repository.as_deref(),
        items: version.map.items.iter().filter(|item| item.class == Class::Mutable).count(),
        hazards: version.map.hazards.len(),
    }
}

/// Names of the services that one map has and the other has not.
fn only<'a>(of: &'a StateMap, other: &StateMap) -> Vec<&'a SmolStr> {
    let known: BTreeSet<&SmolStr> = other.services.iter().map(|service| &service.name).collect();
    of.services.iter().map(|service| &service.name).filter(|name| !known.contains(name)).collect()
}
