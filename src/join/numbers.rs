//! Numbers that only code and deployment together give: what replicas add up to, at rest and during a rollout.

use smol_str::SmolStr;

use super::Code;
use super::held::{Address, Each, Held};
use super::runs::{Defaults, Run, Runs, containers_of};
use crate::detect::MadeBy;
use crate::manifests::deployed::{Amount, Autoscaler, Deployed, MountKind, Strategy, Workload, WorkloadKind};
use crate::model::{Deployment, DurableMount, Fact, Item, Kind, Place, Total};
use crate::source::file_name;

/// The workloads that run services, as the map tells them.
pub(super) fn deployments(deployed: &Deployed) -> Vec<Deployment> {
    let told = |workload: &&Workload| workload.kind != WorkloadKind::Image && !workload.is_base && !workload.services.is_empty();
    let view = |workload: &Workload| {
        let counts = Counts::of(workload);
        Deployment {
            workload: workload.owner.clone(),
            kind: SmolStr::new_static(kind(workload.kind)),
            services: workload.services.iter().cloned().collect(),
            environment: workload.environment.clone(),
            at: workload.at.clone(),
            replicas: counts.as_ref().map(|counts| counts.replicas),
            during_rollout: counts.as_ref().and_then(|counts| counts.during_rollout),
            at_most: counts.as_ref().and_then(|counts| counts.at_most),
            durable: durable(workload),
        }
    };
    deployed.workloads.iter().filter(told).map(view).collect()
}

fn kind(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Replicated => "replicated",
        WorkloadKind::Numbered => "numbered",
        WorkloadKind::PerNode => "per-node",
        WorkloadKind::Job => "job",
        WorkloadKind::Scheduled => "scheduled",
        WorkloadKind::Single => "single",
        WorkloadKind::Compose => "compose",
        WorkloadKind::Machine => "machine",
        WorkloadKind::Unit => "unit",
        WorkloadKind::Function => "function",
        WorkloadKind::Image => "image",
    }
}

/// What outlives the containers of the services.
fn durable(workload: &Workload) -> Vec<DurableMount> {
    let own = workload.services.iter().flat_map(|service| containers_of(workload, service));
    let mut out: Vec<DurableMount> = Vec::new();
    for mount in own.flat_map(|container| &container.mounts) {
        let keeps = match mount.kind {
            MountKind::Durable | MountKind::DurableEach | MountKind::Shared => true,
            // A file of the host, or the code itself, is given to the service and not kept for it.
            MountKind::Host => {
                !file_name(&mount.source).trim_start_matches('.').contains('.') && !matches!(mount.source.as_str(), "." | "./" | "..")
            }
            _ => false,
        };
        if keeps && !out.iter().any(|known| known.path == mount.path) {
            let (path, source) = (mount.path.clone(), mount.source.clone());
            out.push(DurableMount { path, source, read_only: mount.read_only, at: mount.at.clone() });
        }
    }
    out
}

/// How many of a workload run.
pub(crate) struct Counts {
    /// At rest; at least, when an autoscaler changes it.
    pub(crate) replicas: u32,
    /// Where that is written; none for the platform's default.
    pub(crate) at: Option<Place>,
    /// While new ones replace old ones, when that is more.
    pub(crate) during_rollout: Option<u32>,
    /// What the autoscaler may make of them, when that is more.
    pub(crate) at_most: Option<u32>,
    /// While new ones replace all of those.
    pub(crate) at_most_during_rollout: Option<u32>,
}

impl Counts {
    pub(crate) fn of(workload: &Workload) -> Option<Self> {
        let scaler = workload.autoscaler.as_ref();
        let written = workload.replicas.as_ref()?;
        let least = scaler.and_then(|scaler| count(&scaler.least.value));
        // An autoscaler has the last word; where nobody else has one, it has the first, too.
        let (replicas, at) = match (count(&written.value), least) {
            (Some(replicas), Some(least)) if written.is_default() || replicas < least => (least, place_of(scaler)),
            (Some(replicas), _) => (replicas, written.at.clone()),
            (None, least) => (least?, place_of(scaler)),
        };
        let at_most = scaler.and_then(|scaler| count(&scaler.most.value)).filter(|most| *most > replicas);
        Some(Self {
            replicas,
            at,
            during_rollout: at_a_time(workload, replicas).filter(|most| *most > replicas),
            at_most,
            at_most_during_rollout: at_most.and_then(|most| at_a_time(workload, most)).filter(|most| at_most.is_some_and(|of| *most > of)),
        })
    }
}

fn place_of(scaler: Option<&Autoscaler>) -> Option<Place> {
    scaler.and_then(|scaler| scaler.least.at.clone())
}

fn count(amount: &Amount) -> Option<u32> {
    match amount {
        Amount::Count(count) => Some(*count),
        _ => None,
    }
}

/// How many run at a time while new ones replace old ones.
fn at_a_time(workload: &Workload, replicas: u32) -> Option<u32> {
    let rollout = workload.rollout.as_ref()?;
    match rollout.strategy.value {
        Strategy::Rolling => replicas.checked_add(rollout.max_surge.value.of(replicas, true)?),
        Strategy::BlueGreen => replicas.checked_mul(2),
        Strategy::Recreate | Strategy::OnDelete => Some(replicas),
        Strategy::Canary => None,
    }
}

/// The number that a fact has in the containers of a workload that run a service, when it is known.
pub(crate) fn number_in(fact: &Fact, deployed: &Deployed, service: &str, workload: &Workload) -> Option<Each> {
    let defaults = Defaults::new();
    let runs = Runs::of(deployed, service, &defaults);
    let run = runs.all.iter().find(|run| run.workload.owner == workload.owner && run.workload.environment == workload.environment)?;
    Each::of(fact, run)
}

/// Says of each pool of connections what its copies add up to; returns what it may hold in each workload.
pub(super) fn add_up(items: &mut [Item], runs: &[(SmolStr, Runs<'_>)], deployed: &Deployed, code: &Code<'_>) -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    let place_of = |workload: &Workload| deployed.workloads.iter().position(|one| std::ptr::eq(one, workload));
    // Connections to a file of one replica add up to nothing that anybody else has to bear.
    let is_local = |item: &Item| item.backs_on.as_deref() == Some("external-store:local_disk") || item.summary.contains("SQLite");
    for item in items.iter_mut().filter(|item| item.kind == Kind::Pool && !is_local(item)) {
        let Some(bound) = item.bound().filter(|fact| fact.unit.as_deref() == Some("connections")) else { continue };
        let mut totals: Vec<Total> = Vec::new();
        for (service, runs) in runs.iter().filter(|(service, _)| item.services.contains(service)) {
            for run in &runs.all {
                let made = run.command().map_or(MadeBy::Reached, |command| (code.makes)(service, command, item));
                if made == MadeBy::Others {
                    continue;
                }
                if let Some(workload) = place_of(run.workload) {
                    let (address, each) = (Address::of(item, run), Each::of_pool(item, bound, run));
                    let container = run.container.name.clone();
                    held.push(Held {
                        item: item.id.clone(),
                        service: service.clone(),
                        workload,
                        container,
                        each,
                        address,
                        if_used: made == MadeBy::Unknown,
                    });
                }
                let Some(mut total) = total(item, bound, service, run) else { continue };
                total.if_used = made == MadeBy::Unknown;
                let known = totals.iter_mut().find(|known| known.workload == total.workload && known.environment == total.environment);
                match known {
                    Some(known) if !known.services.contains(service) => known.services.push(service.clone()),
                    Some(_) => {}
                    None => totals.push(total),
                }
            }
        }
        item.totals = totals;
    }
    held
}

fn total(item: &Item, bound: &Fact, service: &SmolStr, run: &Run<'_>) -> Option<Total> {
    let counts = Counts::of(run.workload)?;
    // One that nothing replaces by more adds up to itself.
    if counts.replicas <= 1 && counts.during_rollout.is_none() && counts.at_most.is_none() {
        return None;
    }
    let each = Each::of_pool(item, bound, run)?;
    let times = |count: u32| each.number.checked_mul(i64::from(count));
    Some(Total {
        workload: run.workload.owner.clone(),
        services: vec![service.clone()],
        environment: run.workload.environment.clone(),
        unit: bound.unit.clone()?,
        each: each.number,
        each_at: each.at,
        each_from: each.from,
        replicas: counts.replicas,
        replicas_at: counts.at,
        all: times(counts.replicas)?,
        during_rollout: counts.during_rollout.and_then(times),
        at_most: counts.at_most.and_then(times),
        replicas_at_most: counts.at_most,
        if_used: false,
    })
}
