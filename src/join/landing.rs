//! Where a path of the code lands in a container, and what survives what there.

use crate::manifests::deployed::{Mount, MountKind, WorkloadKind};
use crate::model::Place;

use super::paths::Seen;
use super::runs::Run;

/// Where a path lands.
#[derive(Clone, Debug)]
pub(super) enum Landing<'a> {
    /// Under a mount.
    Mount(&'a Mount),
    /// In the layer of the container: nothing is mounted there.
    Layer,
    /// In the layer, which cannot be written.
    ReadOnlyLayer(Option<Place>),
    /// On the disk of a machine.
    Disk,
}

/// What is still there after what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survives {
    /// It cannot be written at all.
    NotWritten,
    /// Nothing: it is gone with the container.
    Nothing,
    /// The end of the container, and not of the pod.
    Container,
    /// The end of the pod, on the same host only.
    PodOnHost,
    /// The end of the pod.
    Pod,
}

impl<'a> Landing<'a> {
    /// Where a path lands; none when what it falls under says too little.
    pub(super) fn of(seen: &Seen, run: &Run<'a>) -> Option<Self> {
        if seen.partial && run.mounts_below(&seen.path) {
            return None;
        }
        if let Some(mount) = run.mount_of(&seen.path) {
            return (mount.kind != MountKind::Other).then_some(Landing::Mount(mount));
        }
        if run.is_on_host() {
            return Some(Landing::Disk);
        }
        let read_only = run.container.read_only_root.as_ref().filter(|said| said.value);
        Some(read_only.map_or(Landing::Layer, |said| Landing::ReadOnlyLayer(said.at.clone())))
    }

    pub(super) fn survives(&self, run: &Run<'_>) -> Survives {
        match self {
            Landing::ReadOnlyLayer(_) => Survives::NotWritten,
            Landing::Layer => Survives::Nothing,
            Landing::Disk => Survives::PodOnHost,
            Landing::Mount(mount) if mount.read_only => Survives::NotWritten,
            Landing::Mount(mount) => match mount.kind {
                MountKind::Durable | MountKind::Shared | MountKind::DurableEach => Survives::Pod,
                MountKind::Host => Survives::PodOnHost,
                // A pod keeps its volumes when a container of it starts again; elsewhere the container is all there is.
                MountKind::Ephemeral | MountKind::Memory if is_pod(run.workload.kind) && mount.source != "VOLUME" => Survives::Container,
                MountKind::Ephemeral | MountKind::Memory => Survives::Nothing,
                MountKind::ConfigMap | MountKind::Secret | MountKind::Projected | MountKind::Other => Survives::NotWritten,
            },
        }
    }

    /// What it is, in words: `emptyDir tmp`, `claim uploads`, `none: the container's own layer`.
    pub(super) fn said(&self, run: &Run<'_>) -> String {
        let Landing::Mount(mount) = self else {
            return match self {
                Landing::Disk => "none: the disk of the machine".to_owned(),
                _ => "none: the container's own layer".to_owned(),
            };
        };
        let pod = is_pod(run.workload.kind);
        let what = match mount.kind {
            MountKind::Durable if pod => "claim",
            MountKind::DurableEach if pod => "claim of each replica,",
            MountKind::Durable | MountKind::DurableEach => "volume",
            MountKind::Ephemeral if mount.source == "VOLUME" => "volume without a name, from the image's",
            MountKind::Ephemeral if pod => "emptyDir",
            MountKind::Ephemeral => "volume without a name,",
            MountKind::Memory if pod => "emptyDir in memory,",
            MountKind::Memory => "memory,",
            MountKind::ConfigMap => "ConfigMap",
            MountKind::Secret => "Secret",
            MountKind::Projected => "projected volume",
            MountKind::Host if pod => "hostPath",
            MountKind::Host => "folder of the host,",
            MountKind::Shared => "shared file system",
            MountKind::Other => "volume",
        };
        let size = mount.size.as_ref().map(|size| format!(" of at most {size}")).unwrap_or_default();
        let read_only = if mount.read_only { ", read-only" } else { "" };
        format!("{what} {}{size} at {}{read_only}", mount.source, mount.path)
    }

    /// Where that is written.
    pub(super) fn at(&self, run: &Run<'_>) -> Place {
        match self {
            Landing::Mount(mount) => mount.at.clone(),
            Landing::ReadOnlyLayer(Some(at)) => at.clone(),
            _ => run.workload.at.clone(),
        }
    }
}

/// Whether several containers live and die together.
fn is_pod(kind: WorkloadKind) -> bool {
    matches!(
        kind,
        WorkloadKind::Replicated
            | WorkloadKind::Numbered
            | WorkloadKind::PerNode
            | WorkloadKind::Job
            | WorkloadKind::Scheduled
            | WorkloadKind::Single
    )
}

impl Survives {
    /// As a fact says it; one can search for `nothing`, `container`, `pod`.
    pub(super) fn word(self, run: &Run<'_>) -> &'static str {
        match (self, is_pod(run.workload.kind)) {
            (Survives::NotWritten, _) => "not written: read-only",
            (Survives::Nothing, _) => "nothing: gone with the container",
            (Survives::Container, _) => "a restart of the container, not of the pod",
            (Survives::PodOnHost, _) if run.is_on_host() => "the process, on the same host",
            (Survives::PodOnHost, true) => "the pod, on the same node",
            (Survives::PodOnHost, false) => "the container, on the same host",
            (Survives::Pod, _) if run.is_on_host() => "the process",
            (Survives::Pod, true) => "the pod",
            (Survives::Pod, false) => "the container",
        }
    }
}
