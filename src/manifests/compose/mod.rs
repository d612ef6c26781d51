//! Compose files: volumes, mounts, environments, healthchecks, replicas, secrets and configs.
//!
//! Anchors and `<<` are followed; what several containers share is one item, at the lines where it is written.

mod environment;
pub(super) mod filled;
pub(super) mod joined;
mod mounts;
mod running;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::deployed::{Mount as Mounted, MountKind, Workload, of_compose};
use super::draft::Draft;
use super::env_file::Variable;
use super::files::{Files, Origin};
use super::hide;
use super::image::Images;
use super::tie::{Names, is_beside_name};
use super::yaml::{Entry, Mark, Node};
use crate::source::{join, parent};

use environment::env_files_of;
use mounts::{mount, mounted};

/// At most so many containers of a file are read: each is compared with the others.
const MAX_CONTAINERS: usize = 500;

/// Whether a file is one by its name.
pub(super) fn is_compose(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.ends_with(".yml") || name.ends_with(".yaml")) && name.contains("compose")
}

/// A container of the file.
struct Container<'a> {
    name: &'a str,
    at: Mark,
    node: &'a Node,
    /// Services that run in it.
    own: BTreeSet<SmolStr>,
    /// Those, or the services that rely on it.
    services: BTreeSet<SmolStr>,
    /// The Dockerfile of the tree that it is built from.
    dockerfile: Option<String>,
}

/// A compose file.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) root: &'a Node,
    /// What is known of values that are filled in.
    pub(super) given: &'a BTreeMap<Mark, filled::Given>,
    pub(super) files: &'a Files,
    /// Services that are only there to be extended, by file.
    pub(super) templates: &'a BTreeSet<(String, String)>,
}

impl<'a> File<'a> {
    /// Its containers, but for those that others extend and those of tests and tools.
    fn containers(self) -> impl Iterator<Item = &'a Entry> {
        let all = self.root.get("services").map(Node::entries).unwrap_or_default().iter();
        all.filter(move |entry| !is_beside_name(&entry.key) && !self.templates.contains(&(self.path.to_owned(), entry.key.clone())))
    }

    fn origin(self) -> Origin<'a> {
        Origin::new(self.path, self.files)
    }
}

/// What a compose file yields.
#[derive(Default)]
pub(super) struct Composed {
    pub(super) drafts: Vec<Draft>,
    /// The same as data.
    pub(super) deployed: Vec<Workload>,
    /// The containers of a file in which no service of the tree runs.
    pub(super) beside: Vec<Workload>,
    /// Dockerfiles that it builds, with the services that they belong to or that rely on them.
    pub(super) built: Vec<(String, BTreeSet<SmolStr>)>,
    /// Files of variables that containers of a service read.
    pub(super) env_files: Vec<(String, BTreeSet<SmolStr>)>,
}

/// Services that the containers of compose files run, by the folder of the file and the container's name: an override beside a
/// file says neither image nor build again.
pub(super) type Siblings = BTreeMap<(String, String), BTreeSet<SmolStr>>;

/// Gathers what the containers of a file run.
pub(super) fn gather(file: File<'_>, names: &Names, images: &Images<'_>, out: &mut Siblings) {
    for entry in file.containers() {
        let own = own(file.origin(), &entry.node, names, images);
        if !own.is_empty() {
            out.entry((parent(file.path).to_owned(), entry.key.clone())).or_default().extend(own);
        }
    }
}

/// The services that a container runs.
fn own(file: Origin<'_>, container: &Node, names: &Names, images: &Images<'_>) -> BTreeSet<SmolStr> {
    let command = ["entrypoint", "command"].iter().filter_map(|key| container.get(key)).flat_map(Node::words);
    if let Some(service) = names.by_command(command) {
        return BTreeSet::from([service.clone()]);
    }
    let built = dockerfile(file, container).map(|path| {
        let target = container.at_path(&["build", "target"]).and_then(Node::text);
        let (held, started) = images.services(&path, target, names);
        started.map_or(held, |started| BTreeSet::from([started]))
    });
    let by_image = || container.text_of("image").map(|image| names.by_image(image)).unwrap_or_default();
    built.filter(|own| !own.is_empty()).unwrap_or_else(by_image)
}

/// Reads a compose file; one in which no service of the tree runs yields nothing.
pub(super) fn read(file: File<'_>, siblings: &Siblings, variables: &BTreeMap<&str, &[Variable]>) -> Composed {
    let mut containers: Vec<Container<'_>> = Vec::new();
    for entry in file.containers().take(MAX_CONTAINERS) {
        let own = siblings.get(&(parent(file.path).to_owned(), entry.key.clone())).cloned().unwrap_or_default();
        let dockerfile = dockerfile(file.origin(), &entry.node);
        containers.push(Container { name: &entry.key, at: entry.at, node: &entry.node, services: own.clone(), own, dockerfile });
    }
    if containers.iter().all(|container| container.own.is_empty()) {
        let reader = Reader { file: file.origin(), root: file.root, given: file.given, containers: &containers, folder: parent(file.path) };
        return Composed { beside: containers.iter().map(|one| reader.deployed(one, variables)).collect(), ..Composed::default() };
    }
    rely(&mut containers);
    let mut out = Composed::default();
    for container in &containers {
        if let Some(dockerfile) = &container.dockerfile {
            out.built.push((dockerfile.clone(), container.services.clone()));
        }
    }
    let reader = Reader { file: file.origin(), root: file.root, given: file.given, containers: &containers, folder: parent(file.path) };
    out.deployed = containers.iter().map(|container| reader.deployed(container, variables)).collect();
    reader.volumes(&mut out.drafts);
    reader.environments(&mut out.drafts);
    reader.env_files(&mut out);
    reader.secrets(&mut out.drafts);
    reader.copies(&mut out.drafts);
    for container in &containers {
        reader.health(container, &mut out.drafts);
        reader.replicas(container, &mut out.drafts);
        reader.made(container, &mut out.drafts);
        reader.tmpfs(container, &mut out.drafts);
    }
    out
}

/// The Dockerfile that a container is built from, as a path of the tree.
fn dockerfile(file: Origin<'_>, container: &Node) -> Option<String> {
    let build = container.get("build")?;
    let context = build.text().or_else(|| build.text_of("context")).unwrap_or(".");
    // A path is relative to the file that writes it.
    let context = join(parent(file.path(build.at)), context)?;
    join(&context, build.text_of("dockerfile").unwrap_or("Dockerfile"))
}

/// A store belongs to the services that wait for it, or name it in an address.
fn rely(containers: &mut [Container<'_>]) {
    let mut relying: Vec<BTreeSet<SmolStr>> = vec![BTreeSet::new(); containers.len()];
    for container in containers.iter().filter(|container| !container.own.is_empty()) {
        let waits = container.node.get("depends_on").map(names_of).unwrap_or_default();
        let addresses: Vec<&str> = container.node.get("environment").map(values_of).unwrap_or_default();
        for (at, other) in containers.iter().enumerate().filter(|(_, other)| other.own.is_empty()) {
            let named = addresses.iter().any(|address| is_host_in(address, other.name));
            if named || waits.contains(&other.name) {
                relying[at].extend(container.own.iter().cloned());
            }
        }
    }
    for (container, relying) in containers.iter_mut().zip(relying) {
        container.services.extend(relying);
    }
}

/// `depends_on: [db]`, `depends_on: {db: {…}}`.
fn names_of(node: &Node) -> Vec<&str> {
    let keys = node.entries().iter().map(|entry| entry.key.as_str());
    keys.chain(node.words()).collect()
}

fn values_of(node: &Node) -> Vec<&str> {
    let values = node.entries().iter().filter_map(|entry| entry.node.text());
    values.chain(node.items().iter().filter_map(|item| item.text())).collect()
}

/// `redis://redis:6379`, `postgres://user@db/shop`, `db:5432`.
fn is_host_in(address: &str, name: &str) -> bool {
    address.match_indices(name).any(|(at, _)| {
        let before = address[..at].chars().next_back();
        let after = address[at + name.len()..].chars().next();
        matches!(before, None | Some('/' | '@' | '=' | ',')) && matches!(after, None | Some(':' | '/' | ',')) && address.len() > name.len()
    })
}

struct Reader<'a> {
    file: Origin<'a>,
    root: &'a Node,
    given: &'a BTreeMap<Mark, filled::Given>,
    containers: &'a [Container<'a>],
    folder: &'a str,
}
impl Reader<'_> {
    fn draft(&self, owner: &str, what: &str, name: &str, summary: String, services: &BTreeSet<SmolStr>) -> Draft {
        let owner = if owner.is_empty() { self.file.file.to_owned() } else { format!("{}/{owner}", self.file.file) };
        Draft::new(owner, what, name, summary).services(services)
    }

    /// A container as data.
    fn deployed(&self, container: &Container<'_>, variables: &BTreeMap<&str, &[Variable]>) -> Workload {
        let (mut env_files, mut missing) = (Vec::new(), Vec::new());
        for (path, at) in env_files_of(container.node) {
            let folder = parent(self.file.path(at));
            match join(folder, path).and_then(|path| variables.get_key_value(path.as_str())) {
                Some((path, variables)) => env_files.push((*path, *variables)),
                None => missing.push(hide::text(path)),
            }
        }
        let mut mounts: Vec<Mounted> = Vec::new();
        for mount in container.node.get("volumes").into_iter().flat_map(Node::items).filter_map(|node| mount(node)) {
            let kind = match mount.kind {
                "volume" => MountKind::Durable,
                "bind" => MountKind::Host,
                _ => MountKind::Ephemeral,
            };
            mounts.push(mounted(self.file, &mount.target, kind, &mount.source, mount.read_only, mount.at));
        }
        for (key, folder, kind) in [("secrets", "/run/secrets/", MountKind::Secret), ("configs", "/", MountKind::ConfigMap)] {
            for used in container.node.get(key).into_iter().flat_map(Node::items) {
                let Some(source) = used.text().or_else(|| used.text_of("source")) else { continue };
                let target = used.text_of("target").unwrap_or(source);
                let target = if target.starts_with('/') { target.to_owned() } else { format!("{folder}{target}") };
                mounts.push(mounted(self.file, &target, kind, source, true, used.at));
            }
        }
        let (file, own) = (self.file, &container.own);
        of_compose::workload(of_compose::Composed {
            file,
            name: container.name,
            at: container.at,
            node: container.node,
            own,
            given: self.given,
            env_files,
            missing,
            mounts,
        })
    }
}

#[cfg(test)]
mod tests;
