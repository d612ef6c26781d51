//! Owners: who is asked about what, over all repositories.

use std::collections::BTreeMap;

use super::{Fleet, holds};
use crate::model::{Class, HazardSeverity, Item};

/// What one team is asked about.
#[derive(Debug)]
pub struct Owned<'f> {
    /// Its name, as it is written most often; none for what names nobody.
    pub name: Option<String>,
    /// The items with their units, in the order of units.
    pub items: Vec<(usize, &'f Item)>,
    /// The units that it owns as a whole.
    pub units: Vec<usize>,
    /// Hazards of its items that nobody accepts: high, medium, low.
    pub hazards: [usize; 3],
}

/// All owners by name; what names nobody comes last. An item of several services is told under the first.
#[must_use]
pub fn owners(fleet: &Fleet) -> Vec<Owned<'_>> {
    let mut by_name: BTreeMap<(bool, String), Owned<'_>> = BTreeMap::new();
    let key = |name: Option<&str>| (name.is_none(), name.map(|name| name.trim().to_lowercase()).unwrap_or_default());
    let new =
        |name: Option<&str>| Owned { name: name.map(|name| name.trim().to_owned()), items: Vec::new(), units: Vec::new(), hazards: [0; 3] };
    for (at, member) in fleet.members.iter().enumerate() {
        let whole = member.map.about.owner.as_deref().filter(|owner| !owner.trim().is_empty());
        let units: Vec<usize> = fleet.units_of(at).collect();
        if let Some(owner) = whole {
            by_name.entry(key(Some(owner))).or_insert_with(|| new(Some(owner))).units.extend(&units);
        }
        for item in member.map.items.iter().filter(|item| item.class == Class::Mutable) {
            let own = item.annotation.as_ref().and_then(|annotation| annotation.owner.as_deref());
            let owner = own.filter(|owner| !owner.trim().is_empty()).or(whole);
            let holder =
                units.iter().copied().find(|&unit| holds(fleet.service(&fleet.units[unit]).map(|service| service.name.as_str()), item));
            let Some(unit) = holder.or_else(|| units.first().copied()) else { continue };
            let owned = by_name.entry(key(owner)).or_insert_with(|| new(owner));
            owned.items.push((unit, item));
        }
        for hazard in member.map.hazards.iter().filter(|hazard| hazard.acknowledged.is_none()) {
            let item = hazard.items.first().and_then(|id| member.map.items.iter().find(|item| item.id == *id));
            let own = item.and_then(|item| item.annotation.as_ref()).and_then(|annotation| annotation.owner.as_deref());
            let owner = own.filter(|owner| !owner.trim().is_empty()).or(whole);
            if let Some(owned) = by_name.get_mut(&key(owner)) {
                let at = match hazard.severity {
                    HazardSeverity::High => 0,
                    HazardSeverity::Medium => 1,
                    HazardSeverity::Low => 2,
                };
                owned.hazards[at] += 1;
            }
        }
    }
    by_name.into_values().collect()
}
