//! What if: another number of replicas, another rollout, another limit, in the place of what is deployed.
//!
//! Pure: changes what the deployment files start before code is joined with them; everything that follows from it follows.

mod change;
mod compared;

#[cfg(test)]
mod tests;

use smol_str::SmolStr;

use crate::annotations::nearest::nearest;
use crate::manifests::deployed::{
    Amount, Autoscaler, Container, ContainerRole, Deployed, Mount, MountKind, Rollout, Said, Strategy, Workload, WorkloadKind,
};
use crate::model::{Place, Service};

pub use change::{Change, Key, Mistake};
pub use compared::{Changed, Compared};

/// Stores whose servers take a number of connections.
const STORES: &[&str] = &["postgres", "mysql", "redis", "mongodb"];

/// What is deployed with the changes made to it.
///
/// # Errors
/// When a change names what is not there.
pub fn apply(deployed: &Deployed, services: &[Service], changes: &[Change]) -> Result<Deployed, Mistake> {
    let mut out = deployed.clone();
    // How many there are comes first: the others change how they are replaced.
    for replicas in [true, false] {
        for change in changes.iter().filter(|change| (change.key == Key::Replicas) == replicas) {
            make(&mut out, services, change)?;
        }
    }
    Ok(out)
}

fn make(deployed: &mut Deployed, services: &[Service], change: &Change) -> Result<(), Mistake> {
    if change.key == Key::MaxConnections {
        let store = store(change, deployed, services)?;
        deployed.limits.insert(store, change.count());
        return Ok(());
    }
    let named = match &change.of {
        Some(name) => vec![service(name, deployed, services, change.key)?],
        None => services.iter().map(|service| service.name.clone()).collect(),
    };
    for name in named {
        if change.key == Key::Replicas {
            run_for_good(deployed, services, &name);
        }
        let mut changed = false;
        for workload in deployed.workloads.iter_mut().filter(|workload| runs(workload, &name)) {
            set(workload, change);
            changed = true;
        }
        if !changed && change.of.is_some() {
            return Err(Mistake::new(
                format!("no deployment file runs `{name}` as replicas: nothing has a {}", change.key.word()),
                format!("say how many there would be, too: `--replicas {name}=2`"),
            ));
        }
    }
    Ok(())
}

/// A workload with replicas that runs a service.
fn runs(workload: &Workload, service: &str) -> bool {
    let replicated = matches!(workload.kind, WorkloadKind::Replicated | WorkloadKind::Numbered);
    replicated && !workload.is_base && workload.services.contains(service)
}

/// A service that nothing runs as replicas is run so: as its compose file starts it, else with nothing known of its mounts.
fn run_for_good(deployed: &mut Deployed, services: &[Service], name: &SmolStr) {
    if deployed.workloads.iter().any(|workload| runs(workload, name)) {
        return;
    }
    let owner = format!("what-if/{name}");
    let is_composed = |workload: &&Workload| workload.kind == WorkloadKind::Compose && workload.services.contains(name);
    let mut workload = match deployed.workloads.iter().find(is_composed) {
        Some(composed) => Workload { owner: owner.into(), kind: WorkloadKind::Replicated, ..composed.clone() },
        None => {
            let file = services.iter().find(|service| service.name == *name).map(|service| service.target.clone()).unwrap_or_default();
            let at = Place { file, line: 1, column: 1 };
            let mut container = Container::new(name.clone(), ContainerRole::Own);
            container.further_env.push("whatever runs it".to_owned());
            container.mounts.push(Mount {
                path: "/".to_owned(),
                kind: MountKind::Other,
                source: String::new(),
                sub_path: None,
                read_only: false,
                size: None,
                at: at.clone(),
                environment: None,
            });
            Workload { containers: vec![container], ..Workload::new(owner, WorkloadKind::Replicated, at) }
        }
    };
    workload.services = [name.clone()].into();
    for container in &mut workload.containers {
        container.services.clone_from(&workload.services);
    }
    workload.replicas = Some(Said::default_of(Amount::Count(1)));
    workload.rollout = Some(usual_rollout());
    deployed.workloads.push(workload);
}

/// What Kubernetes does when nothing is said.
fn usual_rollout() -> Rollout {
    let quarter = || Said::default_of(Amount::Percent(25));
    Rollout { strategy: Said::default_of(Strategy::Rolling), max_surge: quarter(), max_unavailable: quarter() }
}

fn set(workload: &mut Workload, change: &Change) {
    let said = || Said::default_of(change.amount.clone());
    match change.key {
        Key::Replicas => {
            workload.replicas = Some(said());
            // An autoscaler would have the last word.
            if let Some(scaler) = &mut workload.autoscaler {
                scaler.least = said();
                if matches!(scaler.most.value, Amount::Count(most) if most < change.count()) {
                    scaler.most = said();
                }
            }
        }
        Key::MaxReplicas => match &mut workload.autoscaler {
            Some(scaler) => {
                if matches!(scaler.least.value, Amount::Count(least) if least > change.count()) {
                    scaler.least = said();
                }
                scaler.most = said();
            }
            None => {
                let least = workload.replicas.clone().unwrap_or_else(|| Said::default_of(Amount::Count(1)));
                workload.autoscaler = Some(Autoscaler { by: SmolStr::new_static("--set"), least, most: said() });
            }
        },
        Key::Surge | Key::Unavailable => {
            let rollout = workload.rollout.get_or_insert_with(usual_rollout);
            rollout.strategy = Said::default_of(Strategy::Rolling);
            if change.key == Key::Surge { rollout.max_surge = said() } else { rollout.max_unavailable = said() }
        }
        Key::Pool => workload.pool = Some(change.count()),
        Key::MaxConnections => {}
    }
}

/// The service that a name means: itself, its workload, or the only one whose name ends with it.
fn service(name: &str, deployed: &Deployed, services: &[Service], key: Key) -> Result<SmolStr, Mistake> {
    if let Some(service) = services.iter().find(|service| service.name == name) {
        return Ok(service.name.clone());
    }
    let of_workload = |workload: &&Workload| workload.owner == name || workload.owner.rsplit('/').next() == Some(name);
    let mut of_workloads: Vec<&SmolStr> = deployed.workloads.iter().filter(of_workload).flat_map(|workload| &workload.services).collect();
    of_workloads.sort_unstable();
    of_workloads.dedup();
    if let [only] = of_workloads[..] {
        return Ok(only.clone());
    }
    let ends = |service: &&Service| service.name.strip_suffix(name).is_some_and(|rest| rest.ends_with(['-', '_']));
    let ending: Vec<&Service> = services.iter().filter(ends).collect();
    if let [only] = ending[..] {
        return Ok(only.name.clone());
    }
    let known = services.iter().map(|service| service.name.as_str());
    let ends = known.clone().filter_map(|name| name.rsplit(['-', '_']).next());
    let help = match nearest(name, known.clone().chain(ends)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if services.is_empty() => "this tree has no service".to_owned(),
        None => format!("the services are {}", known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    let help = if STORES.contains(&name) && key != Key::MaxConnections {
        format!("of a store only `max_connections` is known: `--set {name}.max_connections=200`")
    } else {
        help
    };
    Err(Mistake::new(format!("there is no service `{name}`"), help))
}

/// The store that a limit is of.
fn store(change: &Change, deployed: &Deployed, services: &[Service]) -> Result<SmolStr, Mistake> {
    let name = change.of.as_deref().unwrap_or_default();
    let lower = name.to_lowercase();
    let known = match lower.as_str() {
        "postgresql" => "postgres",
        "mariadb" => "mysql",
        "valkey" => "redis",
        other => other,
    };
    if let Some(store) = STORES.iter().find(|store| **store == known) {
        return Ok(SmolStr::new_static(store));
    }
    if let Some(server) = deployed.servers.iter().find(|server| server.name == name || server.owner == name) {
        return Ok(server.store.clone());
    }
    let help = if services.iter().any(|service| service.name == name) {
        "a server takes them, not a service: `--set postgres.max_connections=200`".to_owned()
    } else {
        match nearest(known, STORES.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the stores are {}", STORES.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        }
    };
    Err(Mistake::new(format!("there is no store `{name}`"), help))
}
