//! The containers in which a service runs, each with the image that it is made of.

use std::collections::BTreeMap;

use crate::manifests::deployed::{Container, ContainerRole, Deployed, EnvVar, Mount, Workload, WorkloadKind};
use crate::model::FactValue;

/// All containers that run one service.
#[derive(Debug, Default)]
pub(super) struct Runs<'a> {
    /// In the order of workloads; bases whose overlays are told beside them are left out.
    pub(super) all: Vec<Run<'a>>,
}

/// One container that runs a service.
#[derive(Clone, Debug)]
pub(super) struct Run<'a> {
    pub(super) workload: &'a Workload,
    pub(super) container: &'a Container,
    /// The images that the tree builds of the service: what they bring holds where they agree.
    pub(super) images: Vec<&'a Container>,
    /// What holds in the code when a variable is not set.
    pub(super) defaults: &'a Defaults,
}

/// Defaults in the code, by variable.
pub(super) type Defaults = BTreeMap<String, String>;

impl<'a> Runs<'a> {
    pub(super) fn of(deployed: &'a Deployed, service: &'a str, defaults: &'a Defaults) -> Self {
        let images = deployed.of_service(service).filter(|workload| workload.kind == WorkloadKind::Image);
        let images: Vec<&Container> = images.filter_map(|workload| workload.own().next()).collect();
        let mut all = Vec::new();
        for workload in deployed.of_service(service).filter(|workload| workload.kind != WorkloadKind::Image && !workload.is_base) {
            all.extend(containers_of(workload, service).map(|container| Run { workload, container, images: images.clone(), defaults }));
        }
        Self { all }
    }
}

/// The containers of a workload that run a service; an empty list of services speaks for all of the workload's.
pub(crate) fn containers_of<'a>(workload: &'a Workload, service: &'a str) -> impl Iterator<Item = &'a Container> {
    workload.containers.iter().filter(move |container| {
        container.role == ContainerRole::Own && (container.services.is_empty() || container.services.contains(service))
    })
}

impl<'a> Run<'a> {
    /// What a variable is set to in the end.
    pub(super) fn variable(&self, name: &str) -> Option<&'a EnvVar> {
        self.container.variable(name).or_else(|| agreed(&self.images, |image| image.variable(name), |variable| &variable.value))
    }

    /// Whether some variable of it has this word as its value: the name of an environment.
    pub(super) fn names(&self, environment: &str) -> bool {
        let containers = std::iter::once(&self.container).chain(&self.images);
        let mut variables =
            containers.flat_map(|container| &container.env).filter(|variable| self.variable(&variable.name) == Some(variable));
        variables.any(|variable| literal(variable).is_some_and(|text| text.eq_ignore_ascii_case(environment)))
    }

    /// What it is started with.
    pub(super) fn command(&self) -> Option<&'a str> {
        let of_image = || agreed(&self.images, |image| image.command.as_ref(), |command| command).map(String::as_str);
        self.container.command.as_deref().or_else(of_image)
    }

    /// The folder in which it starts.
    pub(super) fn folder(&self) -> Option<&'a str> {
        let folder = self.container.folder.as_ref().or_else(|| agreed(&self.images, |image| image.folder.as_ref(), |folder| &folder.value));
        folder.map(|folder| folder.value.as_str()).filter(|folder| folder.starts_with('/'))
    }

    /// The mount that a path falls under: a volume that the image declares counts where nothing else is mounted.
    pub(super) fn mount_of(&self, path: &str) -> Option<&'a Mount> {
        self.container.mount_of(path).or_else(|| agreed(&self.images, |image| image.mount_of(path), |mount| &mount.path))
    }

    /// Mounts somewhere below a folder.
    pub(super) fn mounts_below(&self, folder: &str) -> bool {
        let start = format!("{}/", folder.trim_end_matches('/'));
        let below = |mount: &Mount| mount.path.trim_end_matches('/').starts_with(&start);
        std::iter::once(&self.container).chain(&self.images).flat_map(|container| &container.mounts).any(below)
    }

    /// Whether it is for development or a single host, where something else of the service's is deployed for good.
    pub(super) fn is_compose(&self) -> bool {
        self.workload.kind == WorkloadKind::Compose
    }

    /// Whether it runs on a machine itself, and not in a container that is thrown away.
    pub(super) fn is_on_host(&self) -> bool {
        self.workload.kind == WorkloadKind::Unit
    }

    /// `Deployment/shop`, with its environment when it has one.
    pub(super) fn said(&self) -> String {
        match &self.workload.environment {
            Some(environment) => format!("{} in {environment}", self.workload.owner),
            None => self.workload.owner.to_string(),
        }
    }
}

/// What all images bring alike.
fn agreed<'a, T, K: PartialEq + 'a>(
    images: &[&'a Container],
    bring: impl Fn(&'a Container) -> Option<&'a T>,
    same: impl Fn(&'a T) -> &'a K,
) -> Option<&'a T> {
    let (first, others) = images.split_first()?;
    let found = bring(first)?;
    others.iter().all(|other| bring(other).is_some_and(|other| same(other) == same(found))).then_some(found)
}

/// The text of a value that is written in full: no reference to be filled in later, no template.
pub(super) fn literal(variable: &EnvVar) -> Option<String> {
    let text = variable.value.as_ref().filter(|_| !variable.hidden).map(FactValue::to_string)?;
    is_literal(&text).then_some(text)
}

/// Whether a text holds nothing that is filled in later, and nothing that was hidden or cut.
pub(super) fn is_literal(text: &str) -> bool {
    !text.contains("${")
        && !text.contains("$(")
        && !text.starts_with('$')
        && !text.contains("{{")
        && !text.contains('…')
        && !text.contains("(set,")
}
