//! Task definitions of ECS: containers with their variables, secrets, volumes and limits; services with their number and rollout.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::super::deployed::{Amount, Container, ContainerRole, EnvVar, Mount, MountKind, Said, Workload, WorkloadKind};
use super::super::draft::{Draft, place};
use super::super::hide;
use super::super::tie::Names;
use super::super::yaml::{Entry, Mark, Node};
use super::{either, environment, text};
use crate::model::{FactValue, Scope};

/// A task definition.
pub(super) fn task(file: &str, family: &str, node: &Node, names: &Names, deployed: &mut Vec<Workload>, out: &mut Vec<Draft>) {
    let containers: Vec<&Node> =
        either(node, "containerDefinitions").map(|entry| entry.node.items()).unwrap_or_default().iter().map(|one| &**one).collect();
    let family = hide::text(text(node, "family").unwrap_or(family));
    let mut services: BTreeSet<SmolStr> = containers.iter().flat_map(|container| own(container, names)).collect();
    if services.is_empty() && containers.len() == 1 {
        services.extend(names.by_name(&family));
    }
    if services.is_empty() {
        return;
    }
    let owner = format!("TaskDefinition/{family}");
    let task = Task { file, node, owner: &owner, family: &family, services: &services };
    task.limits(out);
    task.volumes(&containers, out);
    let mut workload = Workload::new(owner.as_str(), WorkloadKind::Replicated, place(file, node.at));
    workload.services = services.clone();
    for container in &containers {
        let is_own = containers.len() == 1 || !own(container, names).is_empty();
        if is_own {
            task.container(container, out);
        } else {
            task.beside(container, out);
        }
        let role = if is_own { ContainerRole::Own } else { ContainerRole::Sidecar };
        let mut data = task.data(container, role);
        data.services = if is_own { services.clone() } else { BTreeSet::new() };
        workload.containers.push(data);
    }
    deployed.push(workload);
}

/// The services that a container runs.
fn own(container: &Node, names: &Names) -> BTreeSet<SmolStr> {
    let command = ["entryPoint", "command"].iter().filter_map(|key| either(container, key)).flat_map(|entry| entry.node.words());
    if let Some(service) = names.by_command(command) {
        return BTreeSet::from([service.clone()]);
    }
    let found = text(container, "image").map(|image| names.by_image(image)).unwrap_or_default();
    if found.is_empty() { text(container, "name").map(|name| names.by_name(name)).unwrap_or_default() } else { found }
}

struct Task<'a> {
    file: &'a str,
    node: &'a Node,
    owner: &'a str,
    family: &'a str,
    services: &'a BTreeSet<SmolStr>,
}

impl Task<'_> {
    fn draft(&self, what: &str, name: &str, summary: String) -> Draft {
        Draft::new(self.owner, what, name, summary).services(self.services)
    }

    /// What a task may take, and the disk that goes with it.
    fn limits(&self, out: &mut Vec<Draft>) {
        let disk = either(self.node, "ephemeralStorage").and_then(|entry| either(&entry.node, "sizeInGiB"));
        let size = disk.and_then(|entry| entry.node.text()).map_or_else(|| "20".to_owned(), hide::text);
        let summary = format!("task with a local disk of {size} GiB, which ends with the task");
        let mut draft = self.draft("task", &format!("task {}", self.family), summary).scope(Scope::Host);
        draft.site(self.file, disk.or_else(|| either(self.node, "family")).map_or(self.node.at, |entry| entry.at));
        for (key, label) in [("memory", "memory limit in MiB"), ("cpu", "cpu units"), ("networkMode", "network")] {
            if let Some(entry) = either(self.node, key)
                && let Some(value) = entry.node.text()
            {
                draft.text(label, value, self.file, entry.at);
            }
        }
        if let Some(entry) = disk {
            draft.text("local disk in GiB", &size, self.file, entry.at);
        }
        out.push(draft.lost("all files outside of its volumes, when the task ends"));
    }

    fn container(&self, container: &Node, out: &mut Vec<Draft>) {
        let name = hide::text(text(container, "name").unwrap_or(self.family));
        let variables = variables(container);
        let (plain, secret) = (
            self.draft(&format!("{name}/environment"), &format!("environment of {name}"), String::new()),
            self.draft(&format!("{name}/credentials"), &format!("credentials of {name}"), String::new()),
        );
        environment(self.file, &name, &variables, plain, secret, out);
        let mut given = self.draft(&format!("{name}/secrets"), &format!("secrets of {name}"), String::new());
        for one in either(container, "secrets").map(|entry| entry.node.items()).unwrap_or_default() {
            let (Some(key), Some(from)) = (text(one, "name"), text(one, "valueFrom")) else { continue };
            given.site(self.file, one.at);
            given.fact(key, FactValue::Text(format!("from {}", hide::text(last_of(from)))), self.file, one.at);
        }
        if !given.sites.is_empty() {
            given.summary = format!("secrets that the platform gives `{name}` when a task starts; a change is seen by new tasks");
            out.push(given);
        }
        self.health(container, &name, out);
        let mut stop = self.draft(&format!("{name}/stop"), &format!("limits of {name}"), String::new());
        for (key, label) in [
            ("stopTimeout", "seconds to stop"),
            ("readonlyRootFilesystem", "root file system read-only"),
            ("memory", "memory limit in MiB"),
        ] {
            if let Some(entry) = either(container, key)
                && let Some(value) = entry.node.text()
            {
                stop.site(self.file, entry.at);
                stop.text(label, value, self.file, entry.at);
                if !stop.summary.is_empty() {
                    stop.summary.push_str(", ");
                }
                stop.summary.push_str(&format!("{label}: {}", hide::text(value)));
            }
        }
        if !stop.sites.is_empty() {
            out.push(stop);
        }
    }

    fn health(&self, container: &Node, name: &str, out: &mut Vec<Draft>) {
        let Some(entry) = either(container, "healthCheck") else { return };
        let mut words = either(&entry.node, "command").map(|entry| entry.node.words()).unwrap_or_default();
        if words.first().is_some_and(|word| matches!(*word, "CMD" | "CMD-SHELL")) {
            words.remove(0);
        }
        if words.is_empty() {
            return;
        }
        let summary = format!("asks `{}`", hide::command(&words).replace('`', "'"));
        let mut draft = self.draft(&format!("{name}/healthcheck"), &format!("healthcheck of {name}"), summary);
        draft.site(self.file, entry.at);
        for key in ["interval", "timeout", "retries", "startPeriod"] {
            if let Some(entry) = either(&entry.node, key) {
                draft.text(key, entry.node.text().unwrap_or_default(), self.file, entry.at);
            }
        }
        out.push(draft);
    }

    fn beside(&self, container: &Node, out: &mut Vec<Draft>) {
        let name = hide::text(text(container, "name").unwrap_or("container"));
        let image = text(container, "image").map(|image| format!(", image `{}`", hide::text(image))).unwrap_or_default();
        let essential = either(container, "essential").is_none_or(|entry| entry.node.is_true());
        let fate = if essential { "; the task ends with it" } else { "" };
        let mut draft =
            self.draft(&format!("sidecar/{name}"), &format!("sidecar {name}"), format!("container beside the service{image}{fate}"));
        draft.site(self.file, container.at);
        out.push(draft);
    }

    /// Kind, source and size of a volume by its name.
    fn volume(&self, name: &str) -> (MountKind, String) {
        let volumes = either(self.node, "volumes").map(|entry| entry.node.items()).unwrap_or_default();
        let volume = volumes.iter().find(|one| text(one, "name") == Some(name));
        let Some(volume) = volume else { return (MountKind::Other, hide::text(name)) };
        if let Some(efs) = ["efsVolumeConfiguration", "eFSVolumeConfiguration"].iter().find_map(|key| either(volume, key)) {
            let source = ["fileSystemId", "filesystemId"].iter().find_map(|key| text(&efs.node, key));
            return (MountKind::Shared, hide::text(source.unwrap_or(name)));
        }
        if let Some(docker) = either(volume, "dockerVolumeConfiguration") {
            let is_shared = text(&docker.node, "scope") == Some("shared");
            return (if is_shared { MountKind::Host } else { MountKind::Ephemeral }, hide::text(name));
        }
        match either(volume, "host").and_then(|host| text(&host.node, "sourcePath")) {
            Some(path) => (MountKind::Host, hide::text(path)),
            None => (MountKind::Ephemeral, hide::text(name)),
        }
    }

    fn volumes(&self, containers: &[&Node], out: &mut Vec<Draft>) {
        for volume in either(self.node, "volumes").map(|entry| entry.node.items()).unwrap_or_default().iter().take(200) {
            let Some(name) = text(volume, "name") else { continue };
            let (kind, source) = self.volume(name);
            let (what, lost) = match kind {
                MountKind::Shared => ("shared file system", None),
                MountKind::Host => ("folder of the host", Some("not with the task, but another host has another one")),
                _ => ("folder that lives as long as the task", Some("all of it, when the task ends")),
            };
            let mut draft =
                self.draft(&format!("volume/{name}"), &format!("volume {name} of {}", self.family), String::new()).scope(Scope::Host);
            draft.site(self.file, volume.at);
            let mut paths: Vec<String> = Vec::new();
            for mount in containers.iter().flat_map(|container| mounts(container)).filter(|mount| text(mount, "sourceVolume") == Some(name))
            {
                draft.site(self.file, mount.at);
                paths.push(format!("`{}`", hide::text(text(mount, "containerPath").unwrap_or_default())));
            }
            let mounted = if paths.is_empty() { "mounted nowhere".to_owned() } else { format!("mounted at {}", paths.join(", ")) };
            draft.summary = format!("{what}, {mounted}");
            if source != name {
                draft.fact("source", FactValue::Text(source), self.file, volume.at);
            }
            draft.lost = lost.map(str::to_owned);
            out.push(draft);
        }
    }

    /// A container as data.
    fn data(&self, container: &Node, role: ContainerRole) -> Container {
        let mut out = Container::new(hide::text(text(container, "name").unwrap_or(self.family)), role);
        out.image = text(container, "image").map(hide::text);
        for (name, value, at) in variables(container) {
            out.env.push(EnvVar::written(name, value, self.owner, place(self.file, at)));
        }
        for one in either(container, "secrets").map(|entry| entry.node.items()).unwrap_or_default() {
            if let (Some(key), Some(from)) = (text(one, "name"), text(one, "valueFrom")) {
                out.env.push(EnvVar::unknown(key, true, &hide::text(last_of(from)), key, place(self.file, one.at)));
            }
        }
        for mount in mounts(container) {
            let (Some(volume), Some(path)) = (text(mount, "sourceVolume"), text(mount, "containerPath")) else { continue };
            let (kind, source) = self.volume(volume);
            out.mounts.push(Mount {
                path: hide::text(path),
                kind,
                source,
                sub_path: None,
                read_only: either(mount, "readOnly").is_some_and(|entry| entry.node.is_true()),
                size: None,
                at: place(self.file, mount.at),
                environment: None,
            });
        }
        out.mounts.sort_by(|a, b| a.path.cmp(&b.path));
        let read_only = either(container, "readonlyRootFilesystem");
        out.read_only_root = read_only.map(|entry| Said::written(entry.node.is_true(), place(self.file, entry.at)));
        out
    }
}

fn mounts(container: &Node) -> impl Iterator<Item = &Node> {
    either(container, "mountPoints").map(|entry| entry.node.items()).unwrap_or_default().iter().map(|one| &**one)
}

/// `[{name, value}]`.
fn variables(container: &Node) -> Vec<(&str, &str, Mark)> {
    let all = either(container, "environment").map(|entry| entry.node.items()).unwrap_or_default();
    all.iter().filter_map(|one| Some((text(one, "name")?, text(one, "value").unwrap_or_default(), one.at))).collect()
}

/// The telling end of an ARN: `parameter/shop/url`.
fn last_of(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

/// A service of CloudFormation: how many tasks run, and how they are replaced.
pub(super) fn service(file: &str, entry: &Entry, properties: &Node, root: &Node, names: &Names, out: &mut Vec<Draft>) {
    let of = properties.text_of("TaskDefinition").map(|text| text.trim_start_matches("!Ref ").to_owned());
    let task = of.and_then(|name| root.get("Resources")?.get(&name)?.get_arc("Properties"));
    let containers = task.as_ref().and_then(|task| either(task, "containerDefinitions").map(|entry| entry.node.clone()));
    let mut services: BTreeSet<SmolStr> =
        containers.iter().flat_map(|list| list.items().iter()).flat_map(|container| own(container, names)).collect();
    services.extend(properties.text_of("ServiceName").map(|name| names.by_name(name)).unwrap_or_default());
    if services.is_empty() {
        return;
    }
    let told = |path: &[&str]| properties.at_path(path).and_then(|node| Some((hide::text(node.text()?), node.at)));
    let count = told(&["DesiredCount"]);
    let (most, least) = (told(&["DeploymentConfiguration", "MaximumPercent"]), told(&["DeploymentConfiguration", "MinimumHealthyPercent"]));
    let said = |value: &Option<(String, Mark)>, usual: &str| value.as_ref().map_or_else(|| usual.to_owned(), |(text, _)| text.clone());
    let number = match count.as_ref().map(|(text, _)| Amount::read(text)) {
        Some(Amount::Count(1)) => "one task".to_owned(),
        Some(count) => format!("{count} tasks"),
        None => "one task unless something else says so".to_owned(),
    };
    let summary = format!("{number}, replaced with up to {} % and at least {} % of them running", said(&most, "200"), said(&least, "100"));
    let mut draft = Draft::new(format!("Service/{}", hide::text(&entry.key)), "rollout", format!("rollout of {}", entry.key), summary);
    draft = draft.services(&services);
    draft.site(file, entry.at);
    for (key, value) in [("tasks", count), ("most of them in percent", most), ("least of them in percent", least)] {
        if let Some((text, at)) = value {
            draft.site(file, at);
            draft.text(key, &text, file, at);
        }
    }
    out.push(draft);
}
