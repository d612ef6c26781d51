//! One map of many, for what asks about items only: `list`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{Fleet, Member};
use crate::model::{ItemId, Place, StateMap};

/// The items of all members in one map. Services have their names on the site; files stand behind the name of their map.
#[must_use]
pub fn combined(fleet: &Fleet) -> Option<StateMap> {
    let (first, others) = fleet.members.split_first()?;
    if others.is_empty() {
        return Some(first.map.clone());
    }
    let mut out = StateMap { repository: None, revision: None, services: Vec::new(), items: Vec::new(), ..first.map.clone() };
    out.about = crate::model::About::default();
    out.hazards.clear();
    out.diagnostics.clear();
    out.deployments.clear();
    out.environments.clear();
    out.lifecycles.clear();
    out.capacity.clear();
    out.verdicts.clear();
    out.coverage = crate::model::Coverage::default();
    for (at, member) in fleet.members.iter().enumerate() {
        add(fleet, at, member, &mut out);
    }
    out.services.sort();
    out.items.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    Some(out)
}

fn add(fleet: &Fleet, at: usize, member: &Member, out: &mut StateMap) {
    let names: BTreeMap<&str, &SmolStr> =
        fleet.units_of(at).filter_map(|unit| Some((fleet.service(&fleet.units[unit])?.name.as_str(), &fleet.units[unit].name))).collect();
    let name = |service: &str| names.get(service).map(|name| (*name).clone());
    let of_member = |place: &mut Place| place.file = smol_str::format_smolstr!("{}:{}", member.name, place.file);
    // Ids are those of one map; with the name of the map they are those of all.
    let id = |id: &ItemId| ItemId(smol_str::format_smolstr!("{}@{}", id, member.name));
    for service in &member.map.services {
        let mut service = service.clone();
        service.name = name(&service.name).unwrap_or(service.name);
        service.target = smol_str::format_smolstr!("{}:{}", member.name, service.target);
        out.services.push(service);
    }
    for item in &member.map.items {
        let mut item = item.clone();
        item.id = id(&item.id);
        item.services = item.services.iter().map(|service| name(service).unwrap_or_else(|| service.clone())).collect();
        item.sites.iter_mut().for_each(|site| of_member(&mut site.place));
        item.facts.iter_mut().filter_map(|fact| fact.at.as_mut()).for_each(of_member);
        for used in &mut item.uses {
            used.file = smol_str::format_smolstr!("{}:{}", member.name, used.file);
        }
        out.items.push(item);
    }
    for hazard in &member.map.hazards {
        let mut hazard = hazard.clone();
        hazard.items = hazard.items.iter().map(id).collect();
        hazard.services = hazard.services.iter().map(|service| name(service).unwrap_or_else(|| service.clone())).collect();
        hazard.evidence.iter_mut().filter_map(|one| one.at.as_mut()).for_each(of_member);
        out.hazards.push(hazard);
    }
}
