//! Machines of Fly and units of systemd as data: what both readers fill in.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::{Container, ContainerRole, Workload, WorkloadKind};
use crate::model::Place;

/// A workload of one process, with its container to fill.
pub(in super::super) fn single(owner: &str, kind: WorkloadKind, at: Place, services: &BTreeSet<SmolStr>) -> (Workload, Container) {
    let mut workload = Workload::new(owner, kind, at);
    workload.services = services.clone();
    let mut container = Container::new(owner, ContainerRole::Own);
    container.services = services.clone();
    (workload, container)
}
