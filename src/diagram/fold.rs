//! Folding: from a draft with a node for each item to a graph that is legible, the same way every time.
//!
//! Nothing that is folded is lost: a node of several items counts them, names the heaviest, and has all their arrows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{HazardSeverity, Item, Kind, StateMap};
use crate::render::layout::kind_rank;
use crate::render::rank::{is_threads, weight};

use super::arrange::frame_ids;
use super::graph::{Edge, Graph, Node, Shape, Target, Zone};
use super::label::{self, Names, caption, is_server};
use super::service::by_weight;

/// How large a diagram may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// It has no more nodes than this, unless that many sorts of state are in it.
    pub(super) nodes: usize,
    /// Nor more arrows.
    pub(super) edges: usize,
    /// Nodes of one group; lighter ones share the last of them.
    pub(super) of_group: usize,
}

/// Other services, since each of them fails for itself.
const STORES: usize = 10;

/// What may share a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Group {
    /// A whole service.
    Service,
    /// What answers requests.
    Server,
    /// Tasks, threads, jobs.
    Task,
    /// State of one kind in one box.
    Kind(Zone, Kind),
    /// What manifests declare, by its sort.
    Deployed(Zone, Declared),
}

/// Sorts of declared state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Declared {
    Volume,
    Secret,
    Config,
    Affinity,
}

impl Group {
    pub(super) fn of(item: &Item, zone: Zone) -> Self {
        match item.kind {
            Kind::BackgroundTask if is_server(item) => Group::Server,
            Kind::BackgroundTask => Group::Task,
            Kind::Deployment => Group::Deployed(
                zone,
                match item.name.split(' ').next().unwrap_or_default() {
                    "Secret" => Declared::Secret,
                    "ConfigMap" => Declared::Config,
                    "session" => Declared::Affinity,
                    _ => Declared::Volume,
                },
            ),
            // Threads are given by the machine, and hold nothing.
            Kind::Pool if is_threads(item) => Group::Kind(zone, Kind::Os),
            kind => Group::Kind(zone, kind),
        }
    }

    pub(super) fn shape(self) -> Shape {
        match self {
            Group::Service | Group::Server | Group::Task => Shape::Actor,
            Group::Kind(_, Kind::ExternalStore | Kind::EmbeddedDb) | Group::Deployed(_, Declared::Volume) => Shape::Store,
            Group::Kind(Zone::Client, _) => Shape::Round,
            Group::Kind(..) | Group::Deployed(..) => Shape::Plain,
        }
    }

    pub(super) fn zone(self) -> Zone {
        match self {
            Group::Service | Group::Server | Group::Task => Zone::Process,
            Group::Kind(zone, _) | Group::Deployed(zone, _) => zone,
        }
    }

    /// One node says it all, whoever uses it.
    fn is_minor(self) -> bool {
        matches!(self, Group::Server | Group::Kind(_, Kind::StartupConfig | Kind::Telemetry | Kind::Os | Kind::ReferenceData))
    }

    fn at_most(self, size: Size) -> usize {
        match self {
            Group::Service | Group::Kind(_, Kind::ExternalStore) => STORES,
            _ => size.of_group,
        }
    }

    /// The order of nodes in a box: what acts comes first.
    fn rank(self) -> (Zone, usize, usize) {
        match self {
            Group::Service | Group::Server => (Zone::Process, 0, 0),
            Group::Task => (Zone::Process, 1, 0),
            Group::Kind(zone, kind) => (zone, 2, kind_rank(kind)),
            Group::Deployed(zone, declared) => (zone, 3, declared as usize),
        }
    }

    /// What several of them are called.
    fn plural(self) -> &'static str {
        match self {
            Group::Service => "services",
            Group::Server => "servers",
            Group::Task => "background tasks",
            Group::Kind(_, Kind::Os) => "runtime and system",
            Group::Kind(_, Kind::Telemetry) => "telemetry",
            Group::Kind(_, Kind::StartupConfig) => "start-up settings",
            Group::Kind(_, Kind::ReferenceData) => "reference data",
            Group::Kind(_, Kind::SharedState) => "shared state",
            Group::Kind(_, Kind::ThreadLocal) => "thread- and task-locals",
            Group::Kind(_, Kind::FsWrite) => "local files",
            Group::Kind(_, Kind::ClientHeld) => "cookies and tokens",
            Group::Kind(_, kind) => kind.plural(),
            Group::Deployed(_, Declared::Volume) => "volumes",
            Group::Deployed(_, Declared::Secret) => "Secrets",
            Group::Deployed(_, Declared::Config) => "ConfigMaps",
            Group::Deployed(_, Declared::Affinity) => "session affinities",
        }
    }
}

/// A node before it is folded.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) group: Group,
    pub(super) shape: Shape,
    pub(super) items: Vec<&'a Item>,
    /// What it stands for when no item speaks of it.
    pub(super) named: Vec<Named>,
}

/// What is drawn though it is no item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) caption: &'static str,
    pub(super) name: String,
    pub(super) target: Option<Target>,
    /// Lines that tell more, as long as it is alone.
    pub(super) more: Vec<String>,
    pub(super) weight: i32,
    pub(super) severity: Option<HazardSeverity>,
}

impl Draft<'_> {
    fn weight(&self) -> i32 {
        self.items.iter().map(|item| weight(item)).chain(self.named.iter().map(|named| named.weight)).max().unwrap_or_default()
    }

    /// What it costs a reader to see it in one node with another.
    fn price(&self) -> i32 {
        self.weight()
            + match self.group {
                Group::Kind(_, Kind::ExternalStore) | Group::Service => 80,
                Group::Task => 30,
                _ => 0,
            }
    }

    /// The first id of it, to break ties.
    fn id(&self) -> &str {
        self.items.iter().map(|item| item.id.as_str()).chain(self.named.iter().map(|named| named.name.as_str())).min().unwrap_or_default()
    }
}

/// Nodes and arrows before they are folded.
#[derive(Clone, Debug, Default)]
pub(super) struct Drafts<'a> {
    pub(super) nodes: Vec<Draft<'a>>,
    pub(super) edges: BTreeSet<Edge>,
}

/// Folds a draft until it is legible.
pub(super) fn fold(mut drafts: Drafts<'_>, map: &StateMap, names: &Names<'_>, service: Option<&str>, size: Size) -> Graph {
    drafts.minor();
    drafts.alike();
    drafts.lightest(size);
    drafts.alike();
    while (drafts.nodes.len() > size.nodes || drafts.edges.len() > size.edges) && drafts.one_less() {}
    drafts.graph(map, names, service)
}

impl Drafts<'_> {
    /// The node of a store that no item speaks of.
    pub(super) fn store(&mut self, backs_on: &str) -> usize {
        let name = label::store(backs_on);
        let known = self.nodes.iter().position(|draft| draft.named.iter().any(|named| named.name == name));
        known.unwrap_or_else(|| {
            let group = Group::Kind(Zone::Elsewhere, Kind::ExternalStore);
            let store = Named { caption: "", name, target: None, more: Vec::new(), weight: 0, severity: None };
            self.nodes.push(Draft { group, shape: Shape::Store, items: Vec::new(), named: vec![store] });
            self.nodes.len() - 1
        })
    }

    /// Of minor groups, all nodes become one.
    fn minor(&mut self) {
        self.join(|_, draft| draft.group.is_minor().then_some(draft.group));
    }

    /// Nodes of one group that are used by the same and use the same become one.
    fn alike(&mut self) {
        for _ in 0..4 {
            let before = self.nodes.len();
            let mut around: Vec<(Vec<usize>, Vec<usize>)> = vec![(Vec::new(), Vec::new()); before];
            for edge in &self.edges {
                around[edge.from].1.push(edge.to);
                around[edge.to].0.push(edge.from);
            }
            self.join(|at, draft| {
                let is_store = draft.shape == Shape::Store && matches!(draft.group, Group::Kind(_, Kind::ExternalStore));
                let alone = around[at].0.is_empty() && around[at].1.is_empty();
                // Each store that something leads to keeps its own node.
                (!is_store || alone).then(|| (draft.group, around[at].clone()))
            });
            if self.nodes.len() == before {
                break;
            }
        }
    }

    /// In groups of many nodes, the lightest become one.
    fn lightest(&mut self, size: Size) {
        let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
        for (at, draft) in self.nodes.iter().enumerate() {
            groups.entry(draft.group).or_default().push(at);
        }
        let mut light = BTreeSet::new();
        for (group, mut members) in groups {
            if members.len() > group.at_most(size) {
                members.sort_by_cached_key(|&at| (Reverse(self.nodes[at].weight()), self.nodes[at].id().to_owned()));
                light.extend(members.split_off(group.at_most(size) - 1));
            }
        }
        self.join(|at, draft| light.contains(&at).then_some(draft.group));
    }

    /// Joins the two nodes of one group that lose least by it: those whose arrows differ least, and the lighter ones; false when no
    /// group has two.
    fn one_less(&mut self) -> bool {
        let mut around: Vec<BTreeSet<(bool, usize)>> = vec![BTreeSet::new(); self.nodes.len()];
        for edge in &self.edges {
            around[edge.from].insert((true, edge.to));
            around[edge.to].insert((false, edge.from));
        }
        let mut best: Option<(i32, &str, [usize; 2])> = None;
        for (first, draft) in self.nodes.iter().enumerate() {
            for (second, other) in self.nodes.iter().enumerate().skip(first + 1).filter(|(_, other)| other.group == draft.group) {
                let differ = around[first].symmetric_difference(&around[second]).count();
                let lost = i32::try_from(differ).unwrap_or(i32::MAX / 40).saturating_mul(20) + draft.price().min(other.price());
                let key = (lost, draft.id().min(other.id()), [first, second]);
                if best.as_ref().is_none_or(|best| key < *best) {
                    best = Some(key);
                }
            }
        }
        let Some((_, _, pair)) = best else { return false };
        self.join(|at, _| pair.contains(&at).then_some(()));
        true
    }

    /// Makes one node of all those with the same key.
    fn join<K: Ord>(&mut self, key: impl Fn(usize, &Draft<'_>) -> Option<K>) {
        let mut first: BTreeMap<K, usize> = BTreeMap::new();
        let mut new = Vec::with_capacity(self.nodes.len());
        let mut kept: Vec<Draft<'_>> = Vec::new();
        for (at, draft) in std::mem::take(&mut self.nodes).into_iter().enumerate() {
            let known = key(at, &draft).map(|key| *first.entry(key).or_insert(kept.len()));
            match known {
                Some(to) if to < kept.len() => {
                    kept[to].items.extend(draft.items);
                    kept[to].named.extend(draft.named);
                    new.push(to);
                }
                _ => {
                    new.push(kept.len());
                    kept.push(draft);
                }
            }
        }
        self.nodes = kept;
        let edges = std::mem::take(&mut self.edges);
        let moved = edges.into_iter().map(|edge| Edge { from: new[edge.from], to: new[edge.to], ..edge });
        for edge in moved.filter(|edge| edge.from != edge.to) {
            self.edges.insert(edge);
        }
        // What is certain need not be said to be likely.
        let certain: BTreeSet<(usize, usize)> = self.edges.iter().filter(|edge| !edge.likely).map(|edge| (edge.from, edge.to)).collect();
        self.edges.retain(|edge| !edge.likely || !certain.contains(&(edge.from, edge.to)));
    }

    fn graph(&mut self, map: &StateMap, names: &Names<'_>, service: Option<&str>) -> Graph {
        let mut severities: BTreeMap<&str, HazardSeverity> = BTreeMap::new();
        for hazard in map.hazards.iter().filter(|hazard| hazard.acknowledged.is_none()) {
            for id in &hazard.items {
                let worst = severities.entry(id.as_str()).or_insert(hazard.severity);
                *worst = hazard.severity.max(*worst);
            }
        }
        for draft in &mut self.nodes {
            by_weight(&mut draft.items);
        }
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_cached_key(|&at| {
            let draft = &self.nodes[at];
            (draft.group.rank(), Reverse(draft.weight()), draft.id().to_owned())
        });
        let mut position = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            position[old] = new;
        }
        let mut ids = frame_ids();
        let nodes = order.iter().map(|&at| node(&self.nodes[at], &severities, names, service, &mut ids)).collect();
        let mut edges: Vec<Edge> =
            self.edges.iter().map(|edge| Edge { from: position[edge.from], to: position[edge.to], ..*edge }).collect();
        edges.sort();
        Graph { nodes, edges, ..Graph::default() }
    }
}

fn node(
    draft: &Draft<'_>,
    severities: &BTreeMap<&str, HazardSeverity>,
    names: &Names<'_>,
    service: Option<&str>,
    ids: &mut BTreeSet<String>,
) -> Node {
    let items = draft.items.as_slice();
    let hurts = items.iter().filter_map(|item| severities.get(item.id.as_str()).copied());
    let severity = hurts.chain(draft.named.iter().filter_map(|named| named.severity)).max();
    let (caption, lines) = match (items, draft.named.as_slice()) {
        ([], [only]) => (only.caption.to_owned(), label::of_named(&draft.named)),
        ([only], []) if names.name(only) == caption(only) => (kind_word(only), label::lines(items, names, service)),
        ([only], []) => (caption(only), label::lines(items, names, service)),
        ([], several) => (format!("{} ({})", draft.group.plural(), several.len()), label::of_named(several)),
        (items, named) => {
            (format!("{} ({})", draft.group.plural(), items.len() + named.len()), label::several(items, named, names, service))
        }
    };
    let word = match (items, draft.named.as_slice()) {
        ([], [only]) if only.caption.is_empty() => format!("store_{}", slug(&only.name)),
        ([], [only]) => format!("{}_{}", slug(only.caption), slug(&only.name)),
        ([only], []) => format!("{}_{}", slug(only.kind.as_str()), slug(&names.name(only))),
        _ => slug(draft.group.plural()),
    };
    let is_server = draft.group == Group::Server;
    Node { id: unique(word, ids), zone: draft.group.zone(), shape: draft.shape, column: 2, caption, lines, is_server, severity }
}

/// What stands above the name, where the name says what it is.
fn kind_word(item: &Item) -> String {
    if is_server(item) { "answers requests".to_owned() } else { item.kind.as_str().replace('-', " ") }
}

/// Letters, digits and `_`, at most forty of them.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if out.len() == 40 {
            break;
        }
    }
    out.trim_end_matches('_').to_owned()
}

fn unique(word: String, ids: &mut BTreeSet<String>) -> String {
    let mut id = word.clone();
    let mut count = 1;
    while !ids.insert(id.clone()) {
        count += 1;
        id = format!("{word}_{count}");
    }
    id
}
