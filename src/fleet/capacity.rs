//! Capacity across repositories: the connections that all users of one server may hold, against what it takes.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::endpoints::Evidence;
use super::servers::Server;
use super::{Member, Unit};
use crate::model::{Capacity, Holder, Limit, Provenance};

/// What is asked of a server in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// The environment; none when it is told for one only.
    pub environment: Option<SmolStr>,
    /// What each repository asks.
    pub asked: Vec<Asked>,
    /// With all replicas at rest.
    pub at_rest: i64,
    /// While all workloads are rolled at once.
    pub during_rollout: i64,
    /// When autoscalers have made as many replicas as they may.
    pub at_most: Option<i64>,
    /// While all of those are rolled at once.
    pub at_most_during_rollout: Option<i64>,
    /// Something is not known, so that the sums are too low.
    pub at_least: bool,
    /// What the server takes, as each repository says it; the strongest word first.
    pub limits: Vec<LimitSaid>,
    /// Units that use the server and of which no deployment file says how many run.
    pub unknown: Vec<usize>,
}

/// What one repository asks of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The member, by place.
    pub member: usize,
    /// The workload with its pools and copies.
    pub holder: Holder,
}

/// A limit, and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitSaid {
    /// The member, by place.
    pub member: usize,
    /// The limit.
    pub limit: Limit,
}

impl Load {
    /// The most that is asked at a time.
    #[must_use]
    pub fn most(&self) -> i64 {
        let scaled = self.at_most.into_iter().chain(self.at_most_during_rollout);
        scaled.fold(self.at_rest.max(self.during_rollout), i64::max)
    }

    /// What counts as the limit: the strongest word; of several that differ the smallest.
    #[must_use]
    pub fn limit(&self) -> Option<&LimitSaid> {
        let strongest = self.limits.iter().map(|said| strength(&said.limit)).max()?;
        self.limits.iter().filter(|said| strength(&said.limit) == strongest).min_by_key(|said| said.limit.connections)
    }

    /// Whether those who say the limit say different numbers, each as strongly.
    #[must_use]
    pub fn disagree(&self) -> bool {
        let Some(counts) = self.limit() else { return false };
        let as_strong = |said: &&LimitSaid| strength(&said.limit) == strength(&counts.limit);
        self.limits.iter().filter(as_strong).any(|said| said.limit.connections != counts.limit.connections)
    }

    /// Whether more may be asked than the server takes.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.limit().is_some_and(|said| self.most() > said.limit.connections)
    }

    /// Whether no single repository asks for more than the server takes, and all together do.
    #[must_use]
    pub fn only_together(&self) -> bool {
        let Some(said) = self.limit().filter(|_| self.is_over()) else { return false };
        let members: BTreeSet<usize> = self.asked.iter().map(|asked| asked.member).collect();
        members.len() > 1
            && members.iter().all(|&member| {
                let own = self.asked.iter().filter(|asked| asked.member == member).map(|asked| most_of(&asked.holder));
                own.fold(0, i64::saturating_add) <= said.limit.connections
            })
    }
}

/// What a person says is worth more than a file, the deployed file more than a compose file, that more than a default.
fn strength(limit: &Limit) -> u8 {
    match limit.provenance {
        Provenance::Annotated => 3,
        Provenance::Default => 0,
        _ if limit.elsewhere => 1,
        _ => 2,
    }
}

fn times(holder: &Holder, count: Option<u32>) -> i64 {
    holder.each.saturating_mul(i64::from(count.unwrap_or(0)))
}

fn during(holder: &Holder) -> Option<u32> {
    holder.during_rollout.or(holder.replicas)
}

fn most_of(holder: &Holder) -> i64 {
    let counts = [holder.replicas, holder.during_rollout, holder.at_most, holder.at_most_during_rollout];
    times(holder, counts.into_iter().flatten().max())
}

/// What is asked of a server, by environment.
pub(super) fn loads(family: &str, server: &Server, members: &[Member], units: &[Unit]) -> Vec<Load> {
    let here: BTreeSet<usize> = server.users.iter().map(|user| units[user.unit].member).collect();
    let mut found: Vec<(usize, &Capacity)> = Vec::new();
    for &member in &here {
        found.extend(
            members[member].map.capacity.iter().filter(|one| is_of(one, family, server, member, members, units)).map(|one| (member, one)),
        );
    }
    let mut environments: BTreeSet<Option<&SmolStr>> = found.iter().map(|(_, one)| one.environment.as_ref()).collect();
    if environments.len() > 1 {
        environments.remove(&None);
    }
    let load = |environment: Option<&SmolStr>| {
        let here: Vec<&(usize, &Capacity)> =
            found.iter().filter(|(_, one)| one.environment.is_none() || one.environment.as_ref() == environment).collect();
        sum(environment, &here, server, members, units)
    };
    environments.into_iter().map(load).collect()
}

/// Whether a table of a map speaks of this server: its family, a service that goes there, and its address where it has one.
fn is_of(one: &Capacity, family: &str, server: &Server, member: usize, members: &[Member], units: &[Unit]) -> bool {
    let called = |store: &str| store == family || store == "postgresql" && family == "postgres" || store == "mariadb" && family == "mysql";
    if !called(&one.store) {
        return false;
    }
    let name = |unit: usize| units[unit].service.map(|service| &members[member].map.services[service].name);
    server.users.iter().filter(|user| units[user.unit].member == member).any(|user| {
        let serves = name(user.unit).is_none_or(|name| one.holders.iter().any(|holder| holder.services.contains(name)));
        let leads = one.address.as_deref().is_none_or(|address| {
            let host = |evidence: &Evidence| {
                matches!(evidence, Evidence::Host { host, .. } if host.name == address || host.name.split(':').next() == Some(address))
            };
            user.via.iter().any(|via| via == address) || user.evidence.iter().any(host)
        });
        serves && leads && (user.only || one.pools.iter().any(|pool| user.items.contains(pool)))
    })
}

fn sum(environment: Option<&SmolStr>, found: &[&(usize, &Capacity)], server: &Server, members: &[Member], units: &[Unit]) -> Load {
    let mut asked: Vec<Asked> = Vec::new();
    for (member, one) in found {
        asked.extend(one.holders.iter().map(|holder| Asked { member: *member, holder: holder.clone() }));
    }
    let total = |count: &dyn Fn(&Holder) -> Option<u32>| {
        asked.iter().map(|one| times(&one.holder, count(&one.holder))).fold(0, i64::saturating_add)
    };
    let scaled = asked.iter().any(|one| one.holder.at_most.is_some());
    let mut limits: Vec<LimitSaid> =
        found.iter().filter_map(|(member, one)| one.limit.clone().map(|limit| LimitSaid { member: *member, limit })).collect();
    limits.sort_by_key(|said| (std::cmp::Reverse(strength(&said.limit)), said.limit.connections, said.member));
    let counted = |user: &&super::User| {
        let unit = &units[user.unit];
        let name = unit.service.map(|service| &members[unit.member].map.services[service].name);
        asked.iter().any(|one| one.member == unit.member && name.is_none_or(|name| one.holder.services.contains(name)))
    };
    let unknown: Vec<usize> = server.users.iter().filter(|user| !counted(user)).map(|user| user.unit).collect();
    Load {
        environment: environment.cloned(),
        at_rest: total(&|holder| holder.replicas),
        during_rollout: total(&during),
        at_most: scaled.then(|| total(&|holder| holder.at_most.or(holder.replicas))),
        at_most_during_rollout: scaled
            .then(|| total(&|holder| holder.at_most_during_rollout.or(holder.at_most).or_else(|| during(holder)))),
        at_least: found.iter().any(|(_, one)| one.at_least) || !unknown.is_empty(),
        limits,
        unknown,
        asked,
    }
}
