//! What rules stand on: the items, and how many copies of each service the deployment files start.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::Subject;
use crate::join::{Counts, Each, Landed, containers_of, number_in};
use crate::manifests::deployed::{Container, Deployed, Workload, WorkloadKind};
use crate::model::{Capacity, Class, EntryKind, EntryPoint, Fact, Item, ItemId, Kind, Lifecycle, Place, Service, Site};

/// Everything that a rule may look at.
pub struct Ground<'a> {
    /// The items, sorted by kind, then id.
    pub items: &'a [Item],
    /// The services of the tree.
    pub services: &'a [Service],
    /// What the deployment files start.
    pub deployed: &'a Deployed,
    /// How services start and stop.
    pub lifecycles: &'a [Lifecycle],
    /// What all services together ask of each external store.
    pub capacity: &'a [Capacity],
    landed: &'a BTreeMap<ItemId, Vec<Landed>>,
    by_id: BTreeMap<&'a str, &'a Item>,
    fleets: BTreeMap<&'a str, Vec<Fleet<'a>>>,
    /// Items by the tasks on whose way they are used.
    on_way: FxHashMap<&'a str, Vec<&'a Item>>,
    /// Services that watch files.
    watching: FxHashSet<&'a str>,
}

/// The copies of a service that one workload runs.
pub struct Fleet<'a> {
    /// The workload; the base of an overlay is none.
    pub workload: &'a Workload,
    /// The containers of it that run the service.
    pub containers: Vec<&'a Container>,
    /// How many run at rest.
    pub replicas: u32,
    /// Where that number is written; none for the platform's default.
    pub replicas_at: Option<Place>,
    /// How many run at a time during a rollout, when that is more.
    pub during_rollout: Option<u32>,
    /// How many an autoscaler may make of them, when that is more.
    pub at_most: Option<u32>,
}

impl Fleet<'_> {
    /// The most that run at a time, by rollout or autoscaler.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.replicas.max(self.during_rollout.unwrap_or(0)).max(self.at_most.unwrap_or(0))
    }

    /// More than one runs at rest, or may by an autoscaler.
    #[must_use]
    pub fn is_replicated(&self) -> bool {
        self.replicas > 1 || self.at_most.is_some_and(|most| most > 1)
    }

    /// `Deployment/shop`, with its environment when it has one.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.workload.environment {
            Some(environment) => format!("`{}` in {environment}", self.workload.owner),
            None => format!("`{}`", self.workload.owner),
        }
    }

    /// `2 replicas`, `2 to 10 replicas`.
    #[must_use]
    pub fn copies(&self) -> String {
        match self.at_most {
            Some(most) => format!("{} to {most} replicas", self.replicas),
            None if self.replicas == 1 => "one replica".to_owned(),
            None => format!("{} replicas", self.replicas),
        }
    }

    /// Where its number of copies is to be seen: where it is written, else the workload.
    #[must_use]
    pub fn place(&self) -> &Place {
        self.replicas_at.as_ref().unwrap_or(&self.workload.at)
    }

    /// It stays there for good and answers requests or works: no job, no development set-up on one host.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        !matches!(self.workload.kind, WorkloadKind::Job | WorkloadKind::Scheduled | WorkloadKind::Compose)
    }
}

fn on_way(items: &[Item]) -> FxHashMap<&str, Vec<&Item>> {
    let mut out: FxHashMap<&str, Vec<&Item>> = FxHashMap::default();
    for item in items {
        let mut tasks: Vec<&str> =
            item.entry_points.iter().filter(|one| one.kind == EntryKind::Task).map(|one| one.name.as_str()).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks.into_iter().for_each(|task| out.entry(task).or_default().push(item));
    }
    out
}

fn watching(items: &[Item]) -> FxHashSet<&str> {
    let is_watcher =
        |item: &&Item| item.kind == Kind::BackgroundTask && item.class == Class::Mutable && item.summary.contains("file watcher");
    items.iter().filter(is_watcher).flat_map(|task| &task.services).map(SmolStr::as_str).collect()
}

impl<'a> Ground<'a> {
    pub(super) fn new(subject: &Subject<'a>) -> Self {
        let fleets = |service: &'a Service| (service.name.as_str(), fleets(subject.deployed, &service.name));
        Self {
            items: subject.items,
            services: subject.services,
            deployed: subject.deployed,
            lifecycles: subject.lifecycles,
            capacity: subject.capacity,
            landed: subject.landed,
            by_id: subject.items.iter().map(|item| (item.id.as_str(), item)).collect(),
            fleets: subject.services.iter().map(fleets).collect(),
            on_way: on_way(subject.items),
            watching: watching(subject.items),
        }
    }

    /// The items that are used on the way of a task.
    pub fn on_way(&self, task: &Item) -> impl Iterator<Item = &'a Item> + use<'a, '_> {
        self.on_way.get(task.id.as_str()).into_iter().flatten().copied()
    }

    /// Whether some service of an item watches files.
    #[must_use]
    pub fn watches_files(&self, item: &Item) -> bool {
        item.services.iter().any(|service| self.watching.contains(service.as_str()))
    }

    /// The items of some kinds that change.
    pub fn of_kinds<'k>(&self, kinds: &'k [Kind]) -> impl Iterator<Item = &'a Item> + use<'a, 'k> {
        self.items.iter().filter(|item| item.class == Class::Mutable && kinds.contains(&item.kind))
    }

    /// The item of an id.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&'a Item> {
        self.by_id.get(id).copied()
    }

    /// The fleets of a service: deployed ones, else those of compose files.
    #[must_use]
    pub fn fleets_of(&self, service: &str) -> &[Fleet<'a>] {
        self.fleets.get(service).map_or(&[], Vec::as_slice)
    }

    /// The fleets in which an item lives, each with its service.
    pub fn fleets(&self, item: &'a Item) -> impl Iterator<Item = (&'a SmolStr, &Fleet<'a>)> {
        item.services.iter().flat_map(|service| self.fleets_of(service).iter().map(move |fleet| (service, fleet)))
    }

    /// The fleet with the most copies of an item, when it is replicated.
    #[must_use]
    pub fn replicated(&self, item: &'a Item) -> Option<&Fleet<'a>> {
        let replicated = self.fleets(item).map(|(_, fleet)| fleet).filter(|fleet| fleet.is_for_good() && fleet.is_replicated());
        // The first of several that are alike.
        replicated.reduce(|best, fleet| if fleet.most() > best.most() { fleet } else { best })
    }

    /// The number that a fact has in a fleet: what wins there, with where it is set.
    #[must_use]
    pub(super) fn number_in(&self, fact: &Fact, service: &str, fleet: &Fleet<'_>) -> Option<Each> {
        number_in(fact, self.deployed, service, fleet.workload)
    }

    /// Where the file of an item lands in each workload.
    #[must_use]
    pub fn landed(&self, item: &Item) -> &'a [Landed] {
        self.landed.get(&item.id).map_or(&[], Vec::as_slice)
    }

    /// The task items on whose way an item is used, and whether requests use it.
    #[must_use]
    pub fn is_on_requests(item: &Item) -> bool {
        item.entry_points.iter().any(|entry| matches!(entry.kind, EntryKind::Route | EntryKind::EveryRequest))
    }
}

fn fleets<'a>(deployed: &'a Deployed, service: &'a str) -> Vec<Fleet<'a>> {
    let runs = |workload: &&Workload| workload.kind != WorkloadKind::Image && !workload.is_base;
    let all = deployed.of_service(service).filter(runs).map(|workload| {
        let counts = Counts::of(workload);
        let replicas = counts.as_ref().map_or(1, |counts| counts.replicas);
        Fleet {
            workload,
            containers: containers_of(workload, service).collect(),
            replicas,
            during_rollout: counts.as_ref().and_then(|counts| counts.during_rollout),
            at_most: counts.as_ref().and_then(|counts| counts.at_most),
            replicas_at: counts.and_then(|counts| counts.at),
        }
    });
    all.filter(|fleet| !fleet.containers.is_empty()).collect()
}

/// The first fact of a key.
#[must_use]
pub(super) fn fact<'i>(item: &'i Item, key: &str) -> Option<&'i Fact> {
    item.facts.iter().find(|fact| fact.key == key)
}

/// The place at which an item is looked at first.
#[must_use]
pub(super) fn place(item: &Item) -> Option<&Place> {
    item.site().map(|site: &Site| &site.place)
}

/// The request to name of all that reach an item: any request first, then one that changes something.
#[must_use]
pub(super) fn telling_entry(item: &Item) -> Option<&EntryPoint> {
    let weight = |one: &EntryPoint| match one.kind {
        EntryKind::EveryRequest => 0,
        EntryKind::Route if one.name.starts_with("POST ") => 1,
        EntryKind::Route if one.name.starts_with("PUT ") || one.name.starts_with("PATCH ") => 2,
        _ => 3,
    };
    let requests = item.entry_points.iter().filter(|one| matches!(one.kind, EntryKind::Route | EntryKind::EveryRequest));
    requests.min_by_key(|one| weight(one))
}

/// How an entry point is told: `POST /login`, `every request`.
#[must_use]
pub(super) fn entry(entry: &EntryPoint) -> String {
    match entry.kind {
        EntryKind::Route => format!("`{}`", entry.name),
        EntryKind::EveryRequest => "every request".to_owned(),
        EntryKind::Task => "a task".to_owned(),
        EntryKind::Main => "start-up".to_owned(),
    }
}
