//! Hazards of all services, what would be raised first first.

use std::cmp::Reverse;

use super::Fleet;
use crate::assess::RULES;
use crate::model::Hazard;

/// A hazard with the services in which it happens.
#[derive(Clone, Debug)]
pub struct FleetHazard<'f> {
    /// The member, by place.
    pub member: usize,
    /// The units, by place.
    pub units: Vec<usize>,
    /// The hazard.
    pub hazard: &'f Hazard,
}

/// All hazards: those that nobody accepts first, the worst first, then by rule, repository and id.
#[must_use]
pub fn hazards(fleet: &Fleet) -> Vec<FleetHazard<'_>> {
    let mut out: Vec<FleetHazard<'_>> = Vec::new();
    for (at, member) in fleet.members.iter().enumerate() {
        let units: Vec<usize> = fleet.units_of(at).collect();
        for hazard in &member.map.hazards {
            let is_in = |&unit: &usize| match fleet.service(&fleet.units[unit]) {
                Some(service) => hazard.services.contains(&service.name),
                None => true,
            };
            out.push(FleetHazard { member: at, units: units.iter().copied().filter(|unit| is_in(unit)).collect(), hazard });
        }
    }
    let rank = |rule: &str| RULES.iter().position(|known| known.id == rule).unwrap_or(RULES.len());
    out.sort_by_cached_key(|one| {
        let hazard = one.hazard;
        (
            hazard.acknowledged.is_some(),
            Reverse(hazard.severity),
            Reverse(hazard.confidence),
            rank(&hazard.rule),
            one.member,
            hazard.id.clone(),
        )
    });
    out
}
