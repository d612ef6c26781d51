//! The hazards of two maps of one tree: which appear, which change, which go away.

use std::collections::BTreeMap;

use crate::model::{Hazard, StateMap};

/// A hazard that is told differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed<'a> {
    /// As it is.
    pub before: &'a Hazard,
    /// As it would be.
    pub after: &'a Hazard,
}

/// What would be otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared<'a> {
    /// Hazards that are not there today, worst first.
    pub appear: Vec<&'a Hazard>,
    /// Those that are told with other numbers, or are better or worse.
    pub change: Vec<Changed<'a>>,
    /// Those of today that would not be there.
    pub go: Vec<&'a Hazard>,
    /// How many stay as they are.
    pub stay: usize,
}

impl<'a> Compared<'a> {
    /// Compares what is with what would be.
    #[must_use]
    pub fn of(before: &'a StateMap, after: &'a StateMap) -> Self {
        let old: BTreeMap<&str, &Hazard> = before.hazards.iter().map(|hazard| (hazard.id.as_str(), hazard)).collect();
        let new: BTreeMap<&str, &Hazard> = after.hazards.iter().map(|hazard| (hazard.id.as_str(), hazard)).collect();
        let mut out = Self::default();
        for hazard in &after.hazards {
            match old.get(hazard.id.as_str()) {
                None => out.appear.push(hazard),
                Some(known) if says_the_same(known, hazard) => out.stay += 1,
                Some(known) => out.change.push(Changed { before: known, after: hazard }),
            }
        }
        out.go = before.hazards.iter().filter(|hazard| !new.contains_key(hazard.id.as_str())).collect();
        out
    }
}

fn says_the_same(a: &Hazard, b: &Hazard) -> bool {
    a.severity == b.severity && a.message == b.message && a.arithmetic == b.arithmetic && a.confidence == b.confidence
}
