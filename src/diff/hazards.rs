//! Hazards that appear, go, or are told otherwise.

use std::cmp::Reverse;

use serde::Serialize;
use smol_str::SmolStr;

use crate::model::{Hazard, HazardSeverity, StateMap};

use super::pairing::Pairs;

/// What became of a hazard, in the order in which a reviewer should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HazardHow {
    /// It was not there before.
    Appeared,
    /// It is more severe.
    Worse,
    /// It was accepted, and is no more.
    Reopened,
    /// It is told with other numbers, or is surer or less sure.
    Changed,
    /// It is less severe.
    Better,
    /// Somebody has accepted it.
    Accepted,
    /// It is there no more.
    Gone,
}

/// A hazard that the maps do not have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HazardChange<'a> {
    /// What became of it.
    pub how: HazardHow,
    /// Its name; of one that is gone, the one that it had.
    pub id: &'a SmolStr,
    /// The rule that found it.
    pub rule: &'a SmolStr,
    /// As the older map has it.
    pub before: Option<&'a Hazard>,
    /// As the newer map has it.
    pub after: Option<&'a Hazard>,
}

impl<'a> HazardChange<'a> {
    /// The hazard as it is, or as it was when it is gone.
    #[must_use]
    pub fn hazard(&self) -> Option<&'a Hazard> {
        self.after.or(self.before)
    }

    /// How bad it is, or was.
    #[must_use]
    pub fn severity(&self) -> HazardSeverity {
        self.hazard().map_or(HazardSeverity::Low, |hazard| hazard.severity)
    }

    /// Whether it is a new or greater risk that nobody has accepted.
    #[must_use]
    pub fn is_new_risk(&self) -> bool {
        let grows = matches!(self.how, HazardHow::Appeared | HazardHow::Worse | HazardHow::Reopened);
        grows && self.after.is_some_and(|hazard| hazard.acknowledged.is_none())
    }
}

/// The hazards that differ, new risks first, the most severe of each sort first.
pub(super) fn changes<'a>(before: &'a StateMap, after: &'a StateMap, pairs: &Pairs<'_>) -> Vec<HazardChange<'a>> {
    let mut old: Vec<&Hazard> = before.hazards.iter().collect();
    let mut new: Vec<&Hazard> = after.hazards.iter().collect();
    let mut both: Vec<(&Hazard, &Hazard)> = Vec::new();
    // The name of a hazard holds the id of its first item, which may have moved; the first may be another one of several.
    let item = |hazard: &Hazard| hazard.items.first().map(|id| pairs.was.get(id).map_or_else(|| id.clone(), |was| (*was).clone()));
    let same_item = |a: &Hazard, b: &Hazard| a.rule == b.rule && a.items.first() == item(b).as_ref();
    let any_item = |a: &Hazard, b: &Hazard| {
        let was = |id| pairs.was.get(id).copied().unwrap_or(id);
        a.rule == b.rule && a.items.iter().any(|id| b.items.iter().any(|other| was(other) == id))
    };
    take_pairs(&mut old, &mut new, |a, b| same_item(a, b) && a.message == b.message, &mut both);
    take_pairs(&mut old, &mut new, |a, b| a.id == b.id, &mut both);
    take_pairs(&mut old, &mut new, same_item, &mut both);
    take_pairs(&mut old, &mut new, any_item, &mut both);
    let change = |how, before: Option<&'a Hazard>, after: Option<&'a Hazard>| {
        let hazard = after.or(before)?;
        Some(HazardChange { how, id: &hazard.id, rule: &hazard.rule, before, after })
    };
    let mut out: Vec<HazardChange<'a>> = new.into_iter().filter_map(|hazard| change(HazardHow::Appeared, None, Some(hazard))).collect();
    out.extend(old.into_iter().filter_map(|hazard| change(HazardHow::Gone, Some(hazard), None)));
    out.extend(both.into_iter().filter_map(|(old, new)| change(compared(old, new)?, Some(old), Some(new))));
    out.sort_by(|a, b| {
        let key = |change: &HazardChange<'_>| (change.how, Reverse(change.severity()));
        key(a).cmp(&key(b)).then_with(|| a.id.cmp(b.id))
    });
    out
}

fn take_pairs<'a>(
    old: &mut Vec<&'a Hazard>,
    new: &mut Vec<&'a Hazard>,
    fits: impl Fn(&Hazard, &Hazard) -> bool,
    both: &mut Vec<(&'a Hazard, &'a Hazard)>,
) {
    old.retain(|hazard| match new.iter().position(|other| fits(hazard, other)) {
        Some(at) => {
            both.push((hazard, new.remove(at)));
            false
        }
        None => true,
    });
}

/// How a hazard differs; none when it does not.
fn compared(old: &Hazard, new: &Hazard) -> Option<HazardHow> {
    let accepted = (old.acknowledged.is_some(), new.acknowledged.is_some());
    if new.severity > old.severity {
        return Some(HazardHow::Worse);
    }
    match accepted {
        (false, true) => return Some(HazardHow::Accepted),
        (true, false) => return Some(HazardHow::Reopened),
        _ => {}
    }
    if new.severity < old.severity {
        return Some(HazardHow::Better);
    }
    let differs = old.message != new.message || old.arithmetic != new.arithmetic || old.confidence != new.confidence;
    differs.then_some(HazardHow::Changed)
}
