//! The overview of a workspace: its services, and the stores, disks and clients that they share.

use std::collections::BTreeMap;

use crate::model::{Class, Item, Kind, Service, StateMap};
use crate::render::layout::ORDER;

use super::arrange::arrange;
use super::fold::{Draft, Drafts, Group, Named, Size, fold};
use super::graph::{Edge, Graph, Shape, Target, Zone};
use super::label::{Names, replicas};
use super::service::{Sketch, zone};
use super::words;

/// An overview is smaller than a diagram of a service.
const SIZE: Size = Size { nodes: 24, edges: 40, of_group: 3 };
/// Kinds that a service is told by.
const KINDS: usize = 5;

/// The graph of all services.
pub(super) fn graph(map: &StateMap) -> Graph {
    let shown: Vec<&Item> = map.items.iter().filter(|item| item.class == Class::Mutable).collect();
    let names = Names::of(&shown);
    let mut drafts = Drafts::default();
    let services: BTreeMap<&str, usize> = map
        .services
        .iter()
        .filter(|service| shown.iter().any(|item| item.services.contains(&service.name)))
        .map(|service| (service.name.as_str(), drafts.add(Group::Service, Shape::Actor, Vec::new(), vec![named(map, service, &shown)])))
        .collect();
    let sketch = Sketch::new(map, None);
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for item in shown.iter().copied().filter(|item| is_shared(item) && sketch.is_drawn(item)) {
        let group = Group::of(item, zone(item));
        let to = drafts.add(group, group.shape(), vec![item], Vec::new());
        at.insert(item.id.as_str(), to);
        // Who uses a store is told by the pools and clients that lead there.
        if item.kind != Kind::ExternalStore {
            let users = item.services.iter().filter_map(|name| services.get(name.as_str()));
            drafts.edges.extend(users.map(|&from| Edge { from, to, likely: false }));
        }
    }
    for item in &shown {
        let Some(backs_on) = item.backs_on.as_deref() else { continue };
        let to = at.get(backs_on).copied().unwrap_or_else(|| drafts.store(backs_on));
        let users = item.services.iter().filter_map(|name| services.get(name.as_str()));
        drafts.edges.extend(users.map(|&from| Edge { from, to, likely: false }));
    }
    let mut graph = fold(drafts, map, &names, None, SIZE);
    arrange(&mut graph, None, "Services");
    words::tell(&mut graph, "Services, and where they keep state outside of their processes".to_owned());
    graph
}

/// What lies outside of the processes, as far as it is a place: a claim in a table is told with its service.
fn is_shared(item: &Item) -> bool {
    match (zone(item), item.kind) {
        (Zone::Process, _) | (Zone::Elsewhere, Kind::Lease | Kind::Limiter) => false,
        (_, Kind::Deployment) => matches!(item.name.split(' ').next().unwrap_or_default(), "PVC" | "VOLUME"),
        _ => true,
    }
}

/// A service by what it holds in its process, what hurts first in an incident first.
fn named(map: &StateMap, service: &Service, shown: &[&Item]) -> Named {
    let held: Vec<&Item> = shown.iter().copied().filter(|item| item.services.contains(&service.name)).collect();
    let of_kind = |kind: Kind| held.iter().filter(|item| item.kind == kind && zone(item) == Zone::Process).count();
    let told = |kind: &&Kind| !matches!(kind, Kind::StartupConfig | Kind::Os | Kind::Telemetry | Kind::ReferenceData);
    let counts = ORDER.iter().filter(told).map(|&kind| (kind, of_kind(kind))).filter(|(_, count)| *count > 0);
    let kinds = counts.take(KINDS).map(|(kind, count)| format!("{}: {count}", kind.plural()));
    Named {
        caption: "service",
        name: service.name.to_string(),
        target: Some(Target::Service(service.name.clone())),
        more: replicas(map, &service.name).into_iter().chain(kinds).collect(),
        weight: i32::try_from(held.len()).unwrap_or(i32::MAX / 2),
        severity: None,
    }
}

impl<'a> Drafts<'a> {
    fn add(&mut self, group: Group, shape: Shape, items: Vec<&'a Item>, named: Vec<Named>) -> usize {
        self.nodes.push(Draft { group, shape, items, named });
        self.nodes.len() - 1
    }
}
