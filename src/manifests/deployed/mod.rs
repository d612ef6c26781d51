//! What is deployed, as data: workloads with their replicas, rollout, environment and mounts, each value with its place.
//!
//! The same files yield items for the map (`draft`) and this structure for the stages that join code with deployment. One
//! workload is told once for each environment: the base of a kustomization or the plain chart without one, each overlay and each
//! further file of values with the name of its environment, whole. A secret value is never kept.

pub(super) mod of_compose;
pub(super) mod of_image;
pub(super) mod of_kubernetes;
pub(super) mod of_machine;
mod rivals;
pub(super) mod server;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::hide;
use crate::model::{FactValue, Place, Provenance, SetBy};

pub use server::Server;

/// Everything that the deployment files of a tree start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployed {
    /// Sorted by owner, then environment.
    pub workloads: Vec<Workload>,
    /// The servers of stores that they start, sorted by store, owner, environment.
    pub servers: Vec<Server>,
    /// How many connections the server of a store is taken to take, when somebody asks what would be; see `what_if`.
    pub limits: BTreeMap<SmolStr, u32>,
    /// Variables that two objects of one name give differently.
    pub rivals: Vec<Rival>,
}

/// Two values that a variable has in objects of one name, of which only one can be in a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// The services that it reaches.
    pub services: BTreeSet<SmolStr>,
    /// The value that the container is told with here.
    pub used: EnvVar,
    /// The other one.
    pub other: EnvVar,
}

impl Deployed {
    /// The workloads in which a service of the tree runs.
    pub fn of_service<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Workload> {
        self.workloads.iter().filter(move |workload| workload.services.contains(service))
    }

    /// Sorted, each owner and environment once.
    pub(super) fn sorted(mut self) -> Self {
        self.workloads.sort_by(|a, b| (&a.owner, &a.environment, &a.at).cmp(&(&b.owner, &b.environment, &b.at)));
        self.servers.sort_by(|a, b| (&a.store, &a.owner, &a.environment, &a.at).cmp(&(&b.store, &b.owner, &b.environment, &b.at)));
        self
    }
}

/// A value with the place where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// Where it is written; none when nothing is, and this is the platform's default.
    pub at: Option<Place>,
    /// The environment whose layer says it; none for the base, which holds for all.
    pub environment: Option<SmolStr>,
}

impl<T> Said<T> {
    /// The platform's default.
    pub fn default_of(value: T) -> Self {
        Self { value, at: None, environment: None }
    }

    /// A value that is written.
    pub fn written(value: T, at: Place) -> Self {
        Self { value, at: Some(at), environment: None }
    }

    /// Whether nobody wrote it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.at.is_none()
    }
}

/// How many or how much, as far as it is a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// `3`.
    Count(u32),
    /// `25%`.
    Percent(u32),
    /// `${REPLICAS}`, `{{ … }}`: not known from the files.
    Text(String),
}

impl Amount {
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim();
        if let Ok(count) = text.parse() {
            return Amount::Count(count);
        }
        match text.strip_suffix('%').and_then(|percent| percent.trim().parse().ok()) {
            Some(percent) => Amount::Percent(percent),
            None => Amount::Text(hide::text(text)),
        }
    }

    /// The number it comes to of so many replicas; `up` rounds up, as surge does, else down, as unavailable ones are.
    #[must_use]
    pub fn of(&self, replicas: u32, up: bool) -> Option<u32> {
        match self {
            Amount::Count(count) => Some(*count),
            Amount::Percent(percent) => {
                let parts = u64::from(replicas) * u64::from(*percent);
                u32::try_from(if up { parts.div_ceil(100) } else { parts / 100 }).ok()
            }
            Amount::Text(_) => None,
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Amount::Count(count) => count.fmt(f),
            Amount::Percent(percent) => write!(f, "{percent}%"),
            Amount::Text(text) => f.write_str(text),
        }
    }
}

/// What sort of thing starts containers or processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// Replicas that replace each other: Deployment, ReplicaSet, Rollout, a service of ECS.
    Replicated,
    /// Replicas with numbers and disks of their own: StatefulSet.
    Numbered,
    /// One on each node: DaemonSet, compose `mode: global`.
    PerNode,
    /// Runs once: Job.
    Job,
    /// Runs by the clock: CronJob, a timer of systemd.
    Scheduled,
    /// One that nothing replaces: a bare Pod.
    Single,
    /// A container of a compose file.
    Compose,
    /// A machine of Fly.
    Machine,
    /// A unit of systemd.
    Unit,
    /// A function that the platform starts for each request or batch: Lambda.
    Function,
    /// An image: what it brings wherever it is started.
    Image,
}

/// Something that starts a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// `Deployment/shop`, `docker-compose.yml/web`, `fly.toml`, `deploy/shop.service`, `Dockerfile`.
    pub owner: SmolStr,
    /// What sort it is.
    pub kind: WorkloadKind,
    /// Where it is declared.
    pub at: Place,
    /// Names of the services that run in it; empty when it is tied to none.
    pub services: BTreeSet<SmolStr>,
    /// The environment that this variant is for (`production`); none for the base, or when there is one variant only.
    pub environment: Option<SmolStr>,
    /// It is the base of overlays, which are told beside it: perhaps deployed nowhere by itself.
    pub is_base: bool,
    /// How many run at a time; none where that says nothing (jobs, images, one for each node).
    pub replicas: Option<Said<Amount>>,
    /// How new ones replace old ones; none when the platform has no rollout.
    pub rollout: Option<Rollout>,
    /// What changes the number of replicas.
    pub autoscaler: Option<Autoscaler>,
    /// When a scheduled one runs, as written: a cron expression, a calendar of systemd.
    pub schedule: Option<Said<String>>,
    /// Whether two runs of a scheduled one may overlap.
    pub may_overlap: Option<Said<bool>>,
    /// What starts its pods anew when a ConfigMap or Secret changes: a checksum among the annotations, a reloader.
    pub restarted_on_change: Option<Place>,
    /// Seconds between the request to stop and the kill.
    pub seconds_to_stop: Option<Said<String>>,
    /// How big each pool of connections is taken to be in it, when somebody asks what would be; see `what_if`.
    pub pool: Option<u32>,
    /// What runs in it: the service's own containers, those beside them, those before them.
    pub containers: Vec<Container>,
}

impl Workload {
    pub(crate) fn new(owner: impl Into<SmolStr>, kind: WorkloadKind, at: Place) -> Self {
        Self {
            owner: owner.into(),
            kind,
            at,
            services: BTreeSet::new(),
            environment: None,
            is_base: false,
            replicas: None,
            rollout: None,
            autoscaler: None,
            schedule: None,
            may_overlap: None,
            restarted_on_change: None,
            seconds_to_stop: None,
            pool: None,
            containers: Vec::new(),
        }
    }

    /// The containers that are services of the tree.
    pub fn own(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| container.role == ContainerRole::Own)
    }
}

/// How new replicas replace old ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// The way.
    pub strategy: Said<Strategy>,
    /// How many may run beyond the number of replicas meanwhile.
    pub max_surge: Said<Amount>,
    /// How many may be missing meanwhile.
    pub max_unavailable: Said<Amount>,
}

/// A way to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// A few at a time, within surge and unavailable.
    Rolling,
    /// All old ones end before new ones start.
    Recreate,
    /// Only when somebody deletes an old one.
    OnDelete,
    /// A whole second set, then the switch.
    BlueGreen,
    /// One first, then the others.
    Canary,
}

/// What changes the number of replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaler {
    /// `HorizontalPodAutoscaler/shop`.
    pub by: SmolStr,
    /// At least so many.
    pub least: Said<Amount>,
    /// At most so many.
    pub most: Said<Amount>,
}

/// What a container is to the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerRole {
    /// A service of the tree, or a workload's only container.
    Own,
    /// Beside it, all the time.
    Sidecar,
    /// Before it, then gone.
    Init,
}

/// A container, or a process of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// Its name; that of the workload where it has none.
    pub name: SmolStr,
    /// What it is to the workload.
    pub role: ContainerRole,
    /// The services that run in it.
    pub services: BTreeSet<SmolStr>,
    /// The image, as written.
    pub image: Option<String>,
    /// Variables, in the order in which later wins.
    pub env: Vec<EnvVar>,
    /// What is mounted, sorted by path.
    pub mounts: Vec<Mount>,
    /// Everything outside of the mounts cannot be written.
    pub read_only_root: Option<Said<bool>>,
    /// The folder in which it starts.
    pub folder: Option<Said<String>>,
    /// Who it runs as.
    pub user: Option<Said<String>>,
    /// The command that it starts, harmless.
    pub command: Option<String>,
    /// How many connections its command line or its files say that it takes, when it is a server.
    pub limit: Option<Said<u32>>,
    /// At most so much memory, as written: `512Mi`.
    pub memory_limit: Option<Said<String>>,
    /// What asks whether it is ready; requests come only then.
    pub readiness: Option<Place>,
    /// What asks whether it lives; it is started again otherwise.
    pub liveness: Option<Place>,
    /// What asks whether it has started.
    pub startup: Option<Place>,
    /// What runs before it is asked to stop.
    pub before_stop: Option<Place>,
    /// Paths that are asked for over HTTP to see whether it is well.
    pub asked: Vec<Asked>,
    /// Ports that it is said to listen on, with their names.
    pub ports: Vec<(Option<String>, Said<u16>)>,
    /// What gives it further variables that no file of the tree tells: a ConfigMap made elsewhere, a file beside the host.
    pub further_env: Vec<String>,
}

/// A path that a probe asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// `readiness`, `liveness`, `startup`.
    pub by: &'static str,
    /// The path.
    pub path: String,
    /// The port, by number or name, as written.
    pub port: Option<String>,
    /// Where it is written.
    pub at: Place,
}

impl Container {
    pub(crate) fn new(name: impl Into<SmolStr>, role: ContainerRole) -> Self {
        Self {
            name: name.into(),
            role,
            services: BTreeSet::new(),
            image: None,
            env: Vec::new(),
            mounts: Vec::new(),
            read_only_root: None,
            folder: None,
            user: None,
            command: None,
            limit: None,
            memory_limit: None,
            readiness: None,
            liveness: None,
            startup: None,
            before_stop: None,
            asked: Vec::new(),
            ports: Vec::new(),
            further_env: Vec::new(),
        }
    }

    /// What a variable is set to in the end: the last one of the name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&EnvVar> {
        self.env.iter().rev().find(|one| one.name == name)
    }

    /// The mount that a path falls under: the longest one.
    #[must_use]
    pub fn mount_of(&self, path: &str) -> Option<&Mount> {
        let under = |mount: &&Mount| {
            let root = mount.path.trim_end_matches('/');
            path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
        };
        self.mounts.iter().filter(under).max_by_key(|mount| mount.path.trim_end_matches('/').len())
    }
}

/// A variable of a container.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvVar {
    /// The variable.
    pub name: SmolStr,
    /// The value; none when it is hidden, or not known from the files.
    pub value: Option<FactValue>,
    /// It is a secret: only that it is set is known.
    pub hidden: bool,
    /// What gives it, as people name it: `ConfigMap/shop-config`, `Secret/shop`, `docker-compose.yml`, `Deployment/shop`.
    pub source: String,
    /// The key there.
    pub key: SmolStr,
    /// Where the value is written; of one that no file of the tree gives, where it is named.
    pub at: Place,
    /// Where the container names it, when the value is written elsewhere.
    pub via: Option<Place>,
    /// The environment whose layer says it.
    pub environment: Option<SmolStr>,
    /// A file of variables gives it, not a manifest.
    pub from_file: bool,
    /// The value is a default: this variable of whoever starts it goes over it.
    pub unless: Option<SmolStr>,
}

impl EnvVar {
    /// A variable with a value that is written for it.
    pub(crate) fn written(name: &str, text: &str, source: &str, at: Place) -> Self {
        let (value, hidden) = value_of(name, text);
        Self {
            name: name.into(),
            value,
            hidden,
            source: source.to_owned(),
            key: name.into(),
            at,
            via: None,
            environment: None,
            from_file: false,
            unless: None,
        }
    }

    /// A variable whose value is not in the files of the tree, or must not be told.
    pub(super) fn unknown(name: &str, hidden: bool, source: &str, key: &str, at: Place) -> Self {
        Self { value: None, hidden, key: key.into(), ..Self::written(name, "", source, at) }
    }

    /// As what a fact says of where else its value is given.
    #[must_use]
    pub fn set_by(&self, services: &BTreeSet<SmolStr>) -> SetBy {
        SetBy {
            value: self.value.clone(),
            hidden: self.hidden,
            provenance: if self.from_file { Provenance::Env } else { Provenance::Manifest },
            source: self.source.clone(),
            key: self.key.clone(),
            at: self.at.clone(),
            environment: self.environment.clone(),
            unless: self.unless.clone(),
            services: services.iter().cloned().collect(),
        }
    }
}

/// The value of a variable as far as it may be shown, and whether it may not.
pub(super) fn value_of(name: &str, text: &str) -> (Option<FactValue>, bool) {
    let shown = hide::value(name, text);
    if shown == hide::HIDDEN {
        return (None, true);
    }
    let value = match shown.parse::<i64>() {
        Ok(number) if number.to_string() == shown => FactValue::Int(number),
        _ => FactValue::Text(shown),
    };
    (Some(value), false)
}

/// Something mounted into a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// Where it is seen.
    pub path: String,
    /// What it is.
    pub kind: MountKind,
    /// The name of what is mounted: a claim, a ConfigMap, a volume, a folder of the host.
    pub source: String,
    /// Only this part of it is seen; of a ConfigMap or Secret, changes never arrive then.
    pub sub_path: Option<String>,
    /// Cannot be written through this mount.
    pub read_only: bool,
    /// At most so much, as written: `64Mi`.
    pub size: Option<String>,
    /// Where the mount is written.
    pub at: Place,
    /// The environment whose layer says it.
    pub environment: Option<SmolStr>,
}

/// What is mounted, by what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountKind {
    /// Outlives the container: a claim, a named volume, a volume of Fly, a folder that systemd keeps.
    Durable,
    /// Outlives the container, and each replica has its own: a claim template, a volume of a machine.
    DurableEach,
    /// On disk, gone with the pod or the container: `emptyDir`, a volume without a name.
    Ephemeral,
    /// In memory, gone with the pod or the container: `emptyDir` in memory, `tmpfs`.
    Memory,
    /// Files of a ConfigMap.
    ConfigMap,
    /// Files of a Secret.
    Secret,
    /// Several of those at one place, tokens of a service account.
    Projected,
    /// A folder or file of the host.
    Host,
    /// A file system that several hosts share: NFS, EFS.
    Shared,
    /// Of a driver or sort that says too little.
    Other,
}

impl MountKind {
    /// Whether what is written there is still there after the container was replaced.
    #[must_use]
    pub fn is_durable(self) -> Option<bool> {
        match self {
            MountKind::Durable | MountKind::DurableEach | MountKind::Shared => Some(true),
            MountKind::Ephemeral | MountKind::Memory => Some(false),
            // The folder stays, but on the host where it is.
            MountKind::Host => Some(true),
            MountKind::ConfigMap | MountKind::Secret | MountKind::Projected | MountKind::Other => None,
        }
    }
}

#[cfg(test)]
mod tests;
