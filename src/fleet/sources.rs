//! Sources: which ConfigMaps and Secrets give values to which services, so that one knows whom a change reaches.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::{Fleet, holds};
use crate::model::{Class, Kind};

/// A ConfigMap or Secret, by name.
#[derive(Debug)]
pub struct Source {
    /// `Secret/shop-database`.
    pub name: String,
    /// What it gives, by key.
    pub keys: Vec<Given>,
    /// The units that read it, sorted.
    pub units: Vec<usize>,
    /// How many repositories they are of.
    pub members: usize,
}

/// A key of it.
#[derive(Debug)]
pub struct Given {
    /// The key.
    pub key: SmolStr,
    /// The units that read it, sorted.
    pub units: Vec<usize>,
}

/// All of them; those that most repositories name first.
#[must_use]
pub fn sources(fleet: &Fleet) -> Vec<Source> {
    let mut found: BTreeMap<String, BTreeMap<SmolStr, BTreeSet<usize>>> = BTreeMap::new();
    for (at, unit) in fleet.units.iter().enumerate() {
        let service = fleet.service(unit).map(|service| service.name.as_str());
        for item in fleet.member(unit).map.items.iter().filter(|item| item.class == Class::Mutable && holds(service, item)) {
            // Objects that are mounted are items of their own.
            if item.kind == Kind::Deployment && (item.name.starts_with("Secret/") || item.name.starts_with("ConfigMap/")) {
                found.entry(item.name.to_string()).or_default();
            }
            for set in item.facts.iter().flat_map(|fact| &fact.set) {
                let reaches = set.services.is_empty() || service.is_none_or(|name| set.services.iter().any(|one| one == name));
                if reaches && (set.source.starts_with("Secret/") || set.source.starts_with("ConfigMap/")) {
                    found.entry(set.source.clone()).or_default().entry(set.key.clone()).or_default().insert(at);
                }
            }
        }
    }
    let source = |(name, keys): (String, BTreeMap<SmolStr, BTreeSet<usize>>)| {
        let units: BTreeSet<usize> = keys.values().flatten().copied().collect();
        let members: BTreeSet<usize> = units.iter().map(|&unit| fleet.units[unit].member).collect();
        let keys = keys.into_iter().map(|(key, units)| Given { key, units: units.into_iter().collect() }).collect();
        Source { name, keys, members: members.len(), units: units.into_iter().collect() }
    };
    let mut out: Vec<Source> = found.into_iter().map(source).filter(|source| !source.units.is_empty()).collect();
    out.sort_by(|a, b| (b.members, b.units.len(), &a.name).cmp(&(a.members, a.units.len(), &b.name)));
    out
}
