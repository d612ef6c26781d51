//! What all services together ask of each external store: at rest, during a rollout, scaled out; and what its server takes.
//!
//! Workloads of one environment are added up. Compose files count when nothing else runs the services, and of several sets of
//! manifests that run the same service (a chart beside plain files) one counts: they are alternatives, not neighbours.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::join::{Address, Counts, Held};
use crate::manifests::deployed::{Deployed, Server, Workload, WorkloadKind};
use crate::model::{Capacity, FactValue, Holder, Item, Kind, Limit, Provenance, Share};
use crate::source::parent;

/// What servers take when nobody says otherwise.
const DEFAULTS: &[(&str, i64)] = &[("postgres", 100), ("mysql", 151)];

/// What a person calls the limit of a server.
const LIMIT: &str = "max_connections";

/// The start of the ids of stores.
const STORE: &str = "external-store:";

/// What is asked of each store, by store, environment, address.
#[must_use]
pub fn capacity(items: &[Item], held: &[Held], deployed: &Deployed) -> Vec<Capacity> {
    let by_id: BTreeMap<&str, &Item> = items.iter().map(|item| (item.id.as_str(), item)).collect();
    let mut by_store: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for one in held {
        let store = by_id.get(one.item.as_str()).and_then(|item| item.backs_on.as_deref()?.strip_prefix(STORE));
        if let Some(store) = store {
            by_store.entry(store).or_default().push(one);
        }
    }
    let cx = Cx { items, by_id, deployed };
    by_store.into_iter().flat_map(|(store, held)| cx.of_store(store, held)).collect()
}

struct Cx<'a> {
    items: &'a [Item],
    by_id: BTreeMap<&'a str, &'a Item>,
    deployed: &'a Deployed,
}

impl<'a> Cx<'a> {
    fn workload(&self, held: &Held) -> &'a Workload {
        &self.deployed.workloads[held.workload]
    }

    fn of_store(&self, store: &str, mut held: Vec<&Held>) -> Vec<Capacity> {
        held.retain(|one| !matches!(self.workload(one).kind, WorkloadKind::Job | WorkloadKind::Scheduled | WorkloadKind::Image));
        let is_compose = |one: &&Held| self.workload(one).kind == WorkloadKind::Compose;
        // What is deployed for good speaks for the service; a compose file speaks where nothing else does.
        let deployed: BTreeSet<&SmolStr> = held.iter().filter(|one| !is_compose(one)).map(|one| &one.service).collect();
        held.retain(|one| if deployed.is_empty() { true } else { !is_compose(one) });
        // A server in the same pod is there once for each of them: nothing adds up.
        let is_beside = |one: &&Held| one.address.host.as_deref().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "::1"));
        let image_of = |image: &str| image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or_default() == store;
        let has_own = |one: &&Held| {
            let beside = self.workload(one).containers.iter().filter(|container| container.name != one.container);
            beside.filter_map(|container| container.image.as_deref()).any(image_of)
        };
        held.retain(|one| is_compose(one) || !(is_beside(one) || has_own(one)));
        let mut environments: BTreeSet<Option<&SmolStr>> = held.iter().map(|one| self.workload(one).environment.as_ref()).collect();
        if environments.len() > 1 {
            environments.remove(&None);
        }
        let mut out = Vec::new();
        for environment in environments {
            let here = |one: &&&Held| self.workload(one).environment.as_ref().is_none_or(|of| Some(of) == environment);
            let here: Vec<&Held> = self.of_one_set(held.iter().filter(here).copied().collect());
            let mut servers = by_server(here);
            // Of several servers those are there whose address something sets; another one may be for a set-up that has it.
            let is_set = |address: &Address| address.host.is_some() || address.kept.is_some();
            if servers.iter().any(|(address, _)| is_set(address)) {
                servers.retain(|(address, _)| is_set(address));
            }
            let several = servers.len() > 1;
            for (address, held) in servers {
                let held: Vec<&Held> = held;
                out.extend(self.sum(store, environment, &address, several, &held));
            }
        }
        out
    }

    /// Of several folders of manifests that run the same service the one that runs most of it.
    fn of_one_set<'h>(&self, held: Vec<&'h Held>) -> Vec<&'h Held> {
        let mut folders: BTreeMap<&SmolStr, BTreeMap<&str, u32>> = BTreeMap::new();
        let mut seen: BTreeSet<(&SmolStr, usize)> = BTreeSet::new();
        for one in held.iter().filter(|one| seen.insert((&one.service, one.workload))) {
            let workload = self.workload(one);
            let most = Counts::of(workload).map_or(1, |counts| counts.at_most.unwrap_or(counts.replicas));
            *folders.entry(&one.service).or_default().entry(parent(&workload.at.file)).or_default() += most;
        }
        let chosen = |one: &&Held| {
            let most = folders.get(&one.service).and_then(|folders| folders.iter().rev().max_by_key(|(_, most)| **most));
            most.is_none_or(|(folder, _)| *folder == parent(&self.workload(one).at.file))
        };
        held.into_iter().filter(chosen).collect()
    }

    fn sum(&self, store: &str, environment: Option<&SmolStr>, address: &Address, several: bool, held: &[&Held]) -> Option<Capacity> {
        let holders = self.holders(held);
        let mut pools: Vec<_> = held.iter().map(|one| one.item.clone()).collect();
        pools.sort();
        pools.dedup();
        let total = |count: &dyn Fn(&Holder) -> Option<u32>| {
            holders.iter().map(|one| one.each.saturating_mul(i64::from(count(one).unwrap_or(0)))).fold(0, i64::saturating_add)
        };
        let scaled = holders.iter().any(|one| one.at_most.is_some());
        let limit = self.limit(store, environment, address, &holders);
        let is_compose = held.iter().all(|one| self.workload(one).kind == WorkloadKind::Compose);
        let says_nothing = is_compose && limit.as_ref().is_none_or(|limit| limit.provenance == Provenance::Default);
        if holders.is_empty() || says_nothing && holders.iter().all(|one| one.replicas.unwrap_or(1) <= 1) {
            return None;
        }
        Some(Capacity {
            store: store.into(),
            item: self.by_id.get(format!("{STORE}{store}").as_str()).map(|item| item.id.clone()),
            address: several.then(|| address.host.clone().or_else(|| address.name.clone())).flatten(),
            environment: environment.cloned(),
            pools,
            at_rest: total(&|one| one.replicas),
            during_rollout: total(&|one| one.during_rollout.or(one.replicas)),
            at_most: scaled.then(|| total(&|one| one.at_most.or(one.replicas))),
            at_most_during_rollout: scaled
                .then(|| total(&|one| one.at_most_during_rollout.or(one.at_most).or(one.during_rollout).or(one.replicas))),
            at_least: holders.iter().any(|one| one.replicas.is_none() || one.pools.iter().any(|pool| pool.each.is_none())),
            limit,
            holders,
        })
    }

    fn holders(&self, held: &[&Held]) -> Vec<Holder> {
        let mut by_workload: BTreeMap<usize, Vec<&Held>> = BTreeMap::new();
        for one in held {
            by_workload.entry(one.workload).or_default().push(one);
        }
        let holder = |(workload, held): (usize, Vec<&Held>)| {
            let workload = &self.deployed.workloads[workload];
            let pools = shares(&held);
            let counts = Counts::of(workload);
            let one_each = matches!(workload.kind, WorkloadKind::Single | WorkloadKind::Unit | WorkloadKind::Machine).then_some(1);
            let services: BTreeSet<SmolStr> = held.iter().map(|one| one.service.clone()).collect();
            Holder {
                workload: workload.owner.clone(),
                services: services.into_iter().collect(),
                each: pools.iter().filter_map(|pool| pool.each).fold(0, i64::saturating_add),
                pools,
                replicas: counts.as_ref().map(|counts| counts.replicas).or(one_each),
                during_rollout: counts.as_ref().and_then(|counts| counts.during_rollout),
                at_most: counts.as_ref().and_then(|counts| counts.at_most),
                at_most_during_rollout: counts.as_ref().and_then(|counts| counts.at_most_during_rollout),
                replicas_at: counts.and_then(|counts| counts.at).unwrap_or_else(|| workload.at.clone()),
            }
        };
        by_workload.into_iter().map(holder).collect()
    }

    /// What the server takes that an address leads to.
    fn limit(&self, store: &str, environment: Option<&SmolStr>, address: &Address, holders: &[Holder]) -> Option<Limit> {
        if let Some(connections) = self.deployed.limits.get(store) {
            return Some(Limit {
                connections: i64::from(*connections),
                key: SmolStr::new_static(LIMIT),
                from: "--set".to_owned(),
                provenance: Provenance::Annotated,
                at: None,
                elsewhere: false,
            });
        }
        match self.declared(store, address) {
            Declared::One(limit) => return Some(limit),
            Declared::Several => return None,
            Declared::None => {}
        }
        let of_store = |server: &&Server| server.store == store && server.environment.as_ref().is_none_or(|of| Some(of) == environment);
        let servers: Vec<&Server> = self.deployed.servers.iter().filter(of_store).collect();
        let server = match &address.host {
            Some(host) => servers.iter().copied().find(|server| is_reached(server, host)),
            // Behind a pooler the server sees other connections than the pools hold.
            None if servers.iter().any(|server| server.is_pooler) => return None,
            None => only(&servers),
        };
        if let Some(server) = server {
            if let Some(limit) = &server.limit {
                return Some(Limit {
                    connections: i64::from(limit.value),
                    key: SmolStr::new_static(if store == "redis" { "maxclients" } else { LIMIT }),
                    from: server.owner.to_string(),
                    provenance: Provenance::Manifest,
                    at: limit.at.clone(),
                    elsewhere: server.is_compose && !self.are_composed(holders),
                });
            }
            if server.is_pooler {
                return None;
            }
        } else if address.host.is_some() || servers.len() > 1 {
            // A host that no file tells of: a service of a cloud, which sets it by the size of the machine.
            return None;
        }
        let (_, connections) = DEFAULTS.iter().find(|(name, _)| *name == store)?;
        let (from, provenance) = (store.to_owned(), Provenance::Default);
        Some(Limit { connections: *connections, key: SmolStr::new_static(LIMIT), from, provenance, at: None, elsewhere: false })
    }

    fn are_composed(&self, holders: &[Holder]) -> bool {
        let is_one =
            |holder: &Holder| self.deployed.workloads.iter().any(|one| one.owner == holder.workload && one.kind == WorkloadKind::Compose);
        holders.iter().all(is_one)
    }

    /// What people say: `[[declare]]` with `store` and `max_connections`, or the latter beside the id of the store.
    fn declared(&self, store: &str, address: &Address) -> Declared {
        let fact = |item: &'a Item, key: &str| item.facts.iter().find(|fact| fact.key == key && fact.provenance == Provenance::Annotated);
        let said = |item: &'a Item| {
            let own = item.kind == Kind::ExternalStore && item.id.as_str() == format!("{STORE}{store}");
            let named = fact(item, "store").and_then(|fact| fact.value.as_ref()).is_some_and(|value| is_called(&value.to_string(), store));
            let limit = fact(item, LIMIT).filter(|_| own || named)?;
            let Some(FactValue::Int(connections)) = limit.value else { return None };
            let host = fact(item, "host").and_then(|fact| fact.value.as_ref()).map(|value| value.to_string().to_lowercase());
            let from = if own { item.id.to_string() } else { format!("[[declare]] {}", item.name) };
            let (key, provenance, at) = (limit.key.clone(), Provenance::Annotated, limit.at.clone());
            Some((host, Limit { connections, key, from, provenance, at, elsewhere: false }))
        };
        let mut all: Vec<(Option<String>, Limit)> = self.items.iter().filter_map(said).collect();
        if all.iter().any(|(host, _)| host.is_some()) && address.host.is_some() {
            all.retain(|(host, _)| *host == address.host);
        }
        match all.len() {
            0 => Declared::None,
            1 => all.pop().map_or(Declared::None, |(_, limit)| Declared::One(limit)),
            _ => Declared::Several,
        }
    }
}

/// What people say of the limit of a server.
enum Declared {
    None,
    One(Limit),
    /// Of several servers, and nothing tells which one is meant.
    Several,
}

/// `Postgres`, `postgresql` for `postgres`.
fn is_called(said: &str, store: &str) -> bool {
    let said = said.to_lowercase();
    said == store || said.strip_suffix("ql") == Some(store) || said == "mariadb" && store == "mysql" || said == "valkey" && store == "redis"
}

/// Whether a host is the name of a server: `db`, `db.shop.svc.cluster.local`, `main-rw` of an operator's `main`.
fn is_reached(server: &Server, host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    let name = server.name.to_lowercase();
    // Names on the internet are nobody's container.
    let is_inside = !host.contains('.') || host.contains(".svc");
    is_inside
        && (first == name
            || !server.is_compose
                && first.strip_prefix(name.as_str()).is_some_and(|rest| matches!(rest, "-rw" | "-primary" | "-0" | "-svc" | "-service")))
}

fn only<'s>(servers: &[&'s Server]) -> Option<&'s Server> {
    let (first, others) = servers.split_first()?;
    // The same server in two compose files, or for two environments, is one as far as its limit goes.
    let limit = |server: &Server| server.limit.as_ref().map(|limit| limit.value);
    others.iter().all(|other| limit(other) == limit(first)).then_some(*first)
}

/// Pools by the server to which they lead.
fn by_server(held: Vec<&Held>) -> Vec<(Address, Vec<&Held>)> {
    let mut out: Vec<(Address, Vec<&Held>)> = Vec::new();
    for one in held.iter().filter(|one| one.address != Address::default()) {
        match out.iter_mut().find(|(address, _)| same(address, &one.address)) {
            Some((address, known)) => {
                // What one container hides another may tell.
                let Address { host, name, kept } = one.address.clone();
                address.host = address.host.take().or(host);
                address.name = address.name.take().or(name);
                address.kept = address.kept.take().or(kept);
                known.push(one);
            }
            None => out.push((one.address.clone(), vec![one])),
        }
    }
    // One that leads nobody knows where leads to the only one there is.
    let unknown = held.into_iter().filter(|one| one.address == Address::default());
    let unknown: Vec<&Held> = unknown.collect();
    match out.as_mut_slice() {
        _ if unknown.is_empty() => {}
        [] => out.push((Address::default(), unknown)),
        [(_, known)] => known.extend(unknown),
        _ => {}
    }
    out
}

fn same(a: &Address, b: &Address) -> bool {
    match (&a.host, &b.host, &a.kept, &b.kept) {
        (Some(a), Some(b), ..) => a == b,
        (_, _, Some(a), Some(b)) => a == b,
        _ => a.name.is_some() && a.name == b.name,
    }
}

/// The pools of one process of a workload: a container that may run any of several services runs one of them.
fn shares(held: &[&Held]) -> Vec<Share> {
    let mut containers: BTreeMap<&SmolStr, BTreeMap<&SmolStr, Vec<&Held>>> = BTreeMap::new();
    for one in held {
        containers.entry(&one.container).or_default().entry(&one.service).or_default().push(one);
    }
    let sum = |held: &[&Held]| held.iter().filter_map(|one| one.each.as_ref()).map(|each| each.number).fold(0, i64::saturating_add);
    let most = containers.into_values().filter_map(|services| services.into_values().rev().max_by_key(|held| sum(held)));
    let share = |one: &Held| Share {
        item: one.item.clone(),
        each: one.each.as_ref().map(|each| each.number),
        at: one.each.as_ref().and_then(|each| each.at.clone()),
        from: one.each.as_ref().and_then(|each| each.from.clone()),
        if_used: one.if_used,
    };
    most.flatten().map(share).collect()
}
