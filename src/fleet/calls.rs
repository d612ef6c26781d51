//! Calls: which service of the fleet an HTTP address may lead to, by the name that its host begins with.
//!
//! Inside of a cluster or a network of containers a service is called by the name of its workload. That is a hint and no proof: the
//! same name may stand for something else where the caller runs.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Reach;
use super::endpoints::{Evidence, HTTP};
use super::servers::Family;
use super::{Member, Unit};

/// A host that is called like a service of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The family of HTTP APIs, by place.
    pub family: usize,
    /// The host, by place among its servers.
    pub server: usize,
    /// The service that it may be, by unit.
    pub to: usize,
}

/// The hosts that are called like one service of another repository, or of the same.
pub(super) fn calls(members: &[Member], units: &[Unit], families: &[Family]) -> Vec<Call> {
    let named = names(members, units);
    let mut out = Vec::new();
    for (family, of) in families.iter().enumerate().filter(|(_, family)| family.name == HTTP) {
        for (server, told) in of.servers.iter().enumerate() {
            let evidence = told.users.iter().flat_map(|user| &user.evidence);
            let mut labels: Vec<&str> = evidence.filter_map(label).collect();
            labels.sort_unstable();
            labels.dedup();
            for to in labels.iter().filter_map(|label| named.get(*label)).flatten() {
                // What calls itself by its own name is told of nobody else.
                if told.users.iter().any(|user| user.unit != *to) {
                    out.push(Call { family, server, to: *to });
                }
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// What a host begins with, where that can be the name of a workload.
fn label(evidence: &Evidence) -> Option<&str> {
    match evidence {
        Evidence::Host { host, .. } if matches!(host.reach, Reach::Network | Reach::Cluster) => {
            let label = host.name.split(['.', ':']).next()?;
            label.chars().any(|c| c.is_ascii_alphabetic()).then_some(label)
        }
        _ => None,
    }
}

/// The unit of each name of a service or its workload; a name that several have says nothing.
fn names(members: &[Member], units: &[Unit]) -> BTreeMap<String, Option<usize>> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        let map = &members[unit.member].map;
        let Some(service) = unit.service.map(|service| &map.services[service].name) else { continue };
        let own = || map.deployments.iter().filter(|one| one.services.contains(service));
        let workloads = own().filter(|one| one.services.len() == 1).filter_map(|one| one.workload.rsplit('/').next());
        for name in workloads.chain([service.as_str()]) {
            found.entry(name.to_lowercase().replace('_', "-")).or_default().insert(at);
        }
    }
    found.into_iter().map(|(name, units)| (name, if units.len() == 1 { units.first().copied() } else { None })).collect()
}
