//! The diagram of one service: what it holds, box by box, and who uses it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, EntryKind, Item, Kind, Place, Role, Scope, StateMap};
use crate::render::rank::weight;

use super::arrange::arrange;
use super::fold::{Draft, Drafts, Group, Named, Size, fold};
use super::graph::{Edge, Graph, Shape, Zone};
use super::label::{Names, replicas};
use super::words;

/// What fits a page and can be read.
const SIZE: Size = Size { nodes: 40, edges: 44, of_group: 5 };

/// The graph of a service; of all that the map holds, when none is named.
pub(super) fn graph(map: &StateMap, names: &Names<'_>, service: Option<&str>) -> Graph {
    let held: Vec<&Item> = shown(map).filter(|item| service.is_none_or(|service| holds(item, service))).collect();
    let mut sketch = Sketch::new(map, service);
    for item in &held {
        if sketch.is_drawn(item) {
            sketch.add(item);
        }
    }
    sketch.connect();
    let left_out = held.len() - sketch.drafts.nodes.iter().map(|draft| draft.items.len()).sum::<usize>();
    let mut graph = fold(sketch.drafts, map, names, service, SIZE);
    graph.left_out = left_out;
    let server = graph.nodes.iter().position(|node| node.is_server);
    arrange(&mut graph, server, &process(map, service));
    let subject = service.map_or_else(|| "this tree".to_owned(), str::to_owned);
    words::tell(&mut graph, format!("Where the state of {subject} is"));
    graph
}

/// The items that diagrams may show.
pub(super) fn shown(map: &StateMap) -> impl Iterator<Item = &Item> {
    map.items.iter().filter(|item| item.class == Class::Mutable)
}

fn holds(item: &Item, service: &str) -> bool {
    item.services.iter().any(|name| name == service)
}

/// The heading of the process.
fn process(map: &StateMap, service: Option<&str>) -> String {
    match service {
        Some(service) => match replicas(map, service) {
            Some(replicas) => format!("Process {service}, {replicas}"),
            None => format!("Process {service}"),
        },
        None => "Process".to_owned(),
    }
}

/// The box of an item.
pub(super) fn zone(item: &Item) -> Zone {
    match item.scope {
        Scope::Task | Scope::Thread | Scope::Process => Zone::Process,
        Scope::Host => Zone::Disk,
        Scope::Cluster => Zone::Cluster,
        Scope::External => Zone::Elsewhere,
        Scope::Client => Zone::Client,
    }
}

/// A graph in the making.
pub(super) struct Sketch<'a> {
    map: &'a StateMap,
    service: Option<&'a str>,
    /// Where the workloads of the service mount what outlives them.
    mounts: BTreeSet<&'a Place>,
    drafts: Drafts<'a>,
    /// Positions of the items.
    at: BTreeMap<&'a str, usize>,
    /// What answers requests.
    server: Option<usize>,
}

impl<'a> Sketch<'a> {
    pub(super) fn new(map: &'a StateMap, service: Option<&'a str>) -> Self {
        let of_service = map.deployments.iter().filter(|one| service.is_none_or(|service| one.services.iter().any(|name| name == service)));
        let all: Vec<_> = of_service.collect();
        // A compose file beside manifests of a cluster is for development.
        let for_good = all.iter().any(|one| one.kind != "compose");
        let chosen = all.into_iter().filter(|one| !for_good || one.kind != "compose");
        let mounts = chosen.flat_map(|one| one.durable.iter().map(|mount| &mount.at)).collect();
        Self { map, service, mounts, drafts: Drafts::default(), at: BTreeMap::new(), server: None }
    }

    /// What would only repeat what another node says is not drawn.
    pub(super) fn is_drawn(&self, item: &Item) -> bool {
        match item.kind {
            // What is done to a store is no store.
            Kind::ExternalStore => !item.id.as_str().contains('#'),
            Kind::Deployment => self.keeps_state(item),
            _ => true,
        }
    }

    /// Of the manifests, what holds state or decides who sees it. How a container starts is told elsewhere.
    fn keeps_state(&self, item: &Item) -> bool {
        let word = item.name.split(' ').next().unwrap_or_default();
        let is_mounted = item.sites.iter().any(|site| self.mounts.contains(&site.place));
        match word {
            "Secret" | "ConfigMap" | "PVC" | "VOLUME" | "session" => true,
            "volume" if item.id.as_str().contains("#volume/") => true,
            _ => is_mounted,
        }
    }

    fn add(&mut self, item: &'a Item) {
        let group = Group::of(item, zone(item));
        let at = self.push(Draft { group, shape: group.shape(), items: vec![item], named: Vec::new() });
        self.at.insert(item.id.as_str(), at);
        if group == Group::Server {
            self.server.get_or_insert(at);
        }
    }

    fn push(&mut self, draft: Draft<'a>) -> usize {
        self.drafts.nodes.push(draft);
        self.drafts.nodes.len() - 1
    }

    fn connect(&mut self) {
        let drawn: Vec<(usize, &'a Item)> =
            self.drafts.nodes.iter().enumerate().flat_map(|(at, draft)| draft.items.iter().map(move |item| (at, *item))).collect();
        self.find_server(&drawn);
        for &(at, item) in &drawn {
            self.entered(at, item);
            self.backed(at, item);
            self.mounted(at, item);
            self.configured(at, item);
        }
        self.made_together(&drawn);
    }

    /// A service of whose server no item speaks gets a node for it, when requests are known to come in.
    fn find_server(&mut self, drawn: &[(usize, &'a Item)]) {
        if self.server.is_some() {
            return;
        }
        let lifecycle = self.service.and_then(|service| self.map.lifecycle_of(service));
        let told = lifecycle.and_then(|lifecycle| lifecycle.servers.first()).map(|server| server.label.to_string());
        let alone = self.map.services.len() <= 1;
        let is_entered = |item: &Item| {
            let routes = item.entry_points.iter().any(|entry| matches!(entry.kind, EntryKind::Route | EntryKind::EveryRequest));
            // What several services link is entered by the requests of any of them.
            routes && (alone || item.services.len() == 1)
        };
        let label = told.or_else(|| drawn.iter().any(|(_, item)| is_entered(item)).then(|| "requests".to_owned()));
        if let Some(label) = label {
            let server = Named { caption: "server", name: label, target: None, more: Vec::new(), weight: 0, severity: None };
            self.server = Some(self.push(Draft { group: Group::Server, shape: Shape::Actor, items: Vec::new(), named: vec![server] }));
        }
    }

    /// Arrows from the requests and tasks on whose way an item is used.
    fn entered(&mut self, at: usize, item: &Item) {
        for entry in &item.entry_points {
            let from = match entry.kind {
                EntryKind::Route | EntryKind::EveryRequest => self.server,
                EntryKind::Task => self.at.get(entry.name.as_str()).copied(),
                EntryKind::Main => None,
            };
            if let Some(from) = from {
                self.draw(from, at, false);
            }
        }
        // Whatever clients hold, a server handed it out and takes it back.
        if let (Zone::Client, Some(server)) = (zone(item), self.server) {
            self.draw(server, at, false);
        }
    }

    /// An arrow to the store behind a pool or a client.
    fn backed(&mut self, at: usize, item: &Item) {
        let Some(backs_on) = item.backs_on.as_deref().filter(|_| zone(item) == Zone::Process) else { return };
        let to = match self.at.get(backs_on) {
            Some(&to) => to,
            None => self.drafts.store(backs_on),
        };
        self.draw(at, to, false);
    }

    /// Arrows from data that is read at start-up to the Secrets and volumes that it lies in.
    fn mounted(&mut self, at: usize, item: &Item) {
        for fact in item.facts.iter().filter(|fact| fact.key == "mount" && item.kind == Kind::ReferenceData) {
            let Some(text) = fact.value.as_ref().map(ToString::to_string) else { continue };
            let what = text.split_once(" at ").map_or("", |(what, _)| what);
            let id = match what.split_once(' ') {
                Some(("claim", name)) => format!("deployment:PersistentVolumeClaim/{name}"),
                Some(("Secret" | "ConfigMap", _)) => format!("deployment:{}", what.replacen(' ', "/", 1)),
                _ => continue,
            };
            if let Some(&to) = self.at.get(id.as_str()) {
                self.draw(at, to, false);
            }
        }
    }

    /// Arrows from settings to what sets them in the cluster.
    fn configured(&mut self, at: usize, item: &Item) {
        if item.kind != Kind::StartupConfig {
            return;
        }
        for set in item.facts.iter().flat_map(|fact| &fact.set) {
            if let Some(&to) = self.at.get(format!("deployment:{}", set.source).as_str()) {
                self.draw(at, to, false);
            }
        }
    }

    /// A queue and the one task that is spawned where it is made belong together, whatever calls are known.
    fn made_together(&mut self, drawn: &[(usize, &'a Item)]) {
        let made_in = |item: &Item| -> BTreeSet<String> {
            let made = item.sites.iter().filter(|site| site.role == Role::Constructed);
            made.filter_map(|site| site.function.as_ref().map(ToString::to_string)).collect()
        };
        let tasks: Vec<(usize, BTreeSet<String>)> =
            drawn.iter().filter(|(at, _)| self.drafts.nodes[*at].group == Group::Task).map(|(at, item)| (*at, made_in(item))).collect();
        for (queue, item) in drawn.iter().filter(|(_, item)| item.kind == Kind::Queue && item.backs_on.is_none()) {
            let places = made_in(item);
            let here: Vec<usize> = tasks.iter().filter(|(_, made)| !made.is_disjoint(&places)).map(|(at, _)| *at).collect();
            let known = self.drafts.edges.iter().any(|edge| edge.to == *queue && Some(edge.from) != self.server);
            if let ([task], false) = (here.as_slice(), known) {
                self.draw(*task, *queue, true);
            }
        }
    }

    fn draw(&mut self, from: usize, to: usize, likely: bool) {
        if from != to {
            self.drafts.edges.insert(Edge { from, to, likely });
        }
    }
}

/// Heaviest first; the same map gives the same order.
pub(super) fn by_weight(items: &mut [&Item]) {
    items.sort_by_cached_key(|item| (Reverse(weight(item)), item.id.clone()));
}
