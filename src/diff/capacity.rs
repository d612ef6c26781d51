//! What is asked of external stores: sums that differ.

use serde::Serialize;

use crate::model::{Capacity, StateMap};

/// What is asked of a store, before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityChange<'a> {
    /// As it was; none when nothing was asked of it.
    pub before: Option<&'a Capacity>,
    /// As it is; none when nothing is asked of it any more.
    pub after: Option<&'a Capacity>,
    /// It is more than the server takes, and was not before.
    pub newly_over: bool,
}

impl<'a> CapacityChange<'a> {
    /// As it is, or as it was.
    #[must_use]
    pub fn capacity(&self) -> Option<&'a Capacity> {
        self.after.or(self.before)
    }
}

/// The sums that differ, those that are too much first.
pub(super) fn changes<'a>(before: &'a StateMap, after: &'a StateMap) -> Vec<CapacityChange<'a>> {
    let same = |a: &Capacity, b: &Capacity| a.store == b.store && a.address == b.address && a.environment == b.environment;
    let mut out: Vec<CapacityChange<'a>> = Vec::new();
    for new in &after.capacity {
        let old = before.capacity.iter().find(|old| same(old, new));
        if old.is_none_or(|old| sums(old) != sums(new)) {
            out.push(CapacityChange { before: old, after: Some(new), newly_over: is_over(new) && !old.is_some_and(is_over) });
        }
    }
    let gone = before.capacity.iter().filter(|old| !after.capacity.iter().any(|new| same(old, new)));
    out.extend(gone.map(|old| CapacityChange { before: Some(old), after: None, newly_over: false }));
    out.sort_by_key(|change| !change.newly_over);
    out
}

fn sums(capacity: &Capacity) -> impl PartialEq + use<> {
    let limit = capacity.limit.as_ref().map(|limit| limit.connections);
    let scaled = (capacity.at_most, capacity.at_most_during_rollout);
    (capacity.at_rest, capacity.during_rollout, scaled, capacity.at_least, limit)
}

/// The most connections that may be asked for at a time.
#[must_use]
pub fn most(capacity: &Capacity) -> i64 {
    let scaled = capacity.at_most.into_iter().chain(capacity.at_most_during_rollout);
    scaled.fold(capacity.at_rest.max(capacity.during_rollout), i64::max)
}

fn is_over(capacity: &Capacity) -> bool {
    capacity.limit.as_ref().is_some_and(|limit| most(capacity) > limit.connections)
}
