//! Compose files: volumes, mounts, environments, healthchecks, replicas, secrets and configs.
//!
//! Anchors and `<<` are followed; what several containers share is one item, at the lines where it is written.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::deployed::{Mount as Mounted, MountKind, Workload, of_compose};
use super::draft::{Draft, place};
use super::env_file::Variable;
use super::hide;
use super::image::{Images, named};
use super::tie::{Names, is_beside_name};
use super::yaml::{Mark, Node, Value};
use crate::model::Scope;
use crate::source::{join, parent};

/// Profiles of containers that somebody starts by hand.
const BY_HAND: &[&str] = &["manual", "cli", "tool", "tools", "debug", "test", "tests", "testing", "dev-tools"];
/// At most so many containers of a file are read: each is compared with the others.
const MAX_CONTAINERS: usize = 2_000;
/// Mounts of one's own code while developing.
const SOURCES: &[&str] = &["src", "crates", "target", "node_modules", "Cargo.toml", "Cargo.lock"];

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

/// What a compose file yields.
#[derive(Default)]
pub(super) struct Composed {
    pub(super) drafts: Vec<Draft>,
    /// The same as data.
    pub(super) deployed: Vec<Workload>,
    /// Dockerfiles that it builds, with the services that they belong to or that rely on them.
    pub(super) built: Vec<(String, BTreeSet<SmolStr>)>,
    /// Files of variables that containers of a service read.
    pub(super) env_files: Vec<(String, BTreeSet<SmolStr>)>,
}

/// Services that the containers of compose files run, by the folder of the file and the container's name: an override beside a
/// file says neither image nor build again.
pub(super) type Siblings = BTreeMap<(String, String), BTreeSet<SmolStr>>;

/// Gathers what the containers of a file run.
pub(super) fn gather(file: &str, root: &Node, names: &Names, images: &Images<'_>, out: &mut Siblings) {
    for entry in root.get("services").map(Node::entries).unwrap_or_default() {
        let own = own(file, &entry.node, names, images);
        if !own.is_empty() {
            out.entry((parent(file).to_owned(), entry.key.clone())).or_default().extend(own);
        }
    }
}

/// The services that a container runs.
fn own(file: &str, container: &Node, names: &Names, images: &Images<'_>) -> BTreeSet<SmolStr> {
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
pub(super) fn read(file: &str, root: &Node, siblings: &Siblings, variables: &BTreeMap<&str, &[Variable]>) -> Composed {
    let Some(services) = root.get("services") else { return Composed::default() };
    let mut containers: Vec<Container<'_>> = Vec::new();
    for entry in services.entries().iter().filter(|entry| !is_beside_name(&entry.key)).take(MAX_CONTAINERS) {
        let own = siblings.get(&(parent(file).to_owned(), entry.key.clone())).cloned().unwrap_or_default();
        let dockerfile = dockerfile(file, &entry.node);
        containers.push(Container { name: &entry.key, at: entry.at, node: &entry.node, services: own.clone(), own, dockerfile });
    }
    if containers.iter().all(|container| container.own.is_empty()) {
        return Composed::default();
    }
    rely(&mut containers);
    let mut out = Composed::default();
    for container in &containers {
        if let Some(dockerfile) = &container.dockerfile {
            out.built.push((dockerfile.clone(), container.services.clone()));
        }
    }
    let reader = Reader { file, root, containers: &containers, folder: parent(file) };
    out.deployed = containers.iter().map(|container| reader.deployed(container, variables)).collect();
    reader.volumes(&mut out.drafts);
    reader.environments(&mut out.drafts);
    reader.env_files(&mut out);
    reader.secrets(&mut out.drafts);
    reader.copies(&mut out.drafts);
    for container in &containers {
        reader.health(container, &mut out.drafts);
        reader.replicas(container, &mut out.drafts);
        reader.tmpfs(container, &mut out.drafts);
    }
    out
}

/// The Dockerfile that a container is built from, as a path of the tree.
fn dockerfile(file: &str, container: &Node) -> Option<String> {
    let build = container.get("build")?;
    let context = build.text().or_else(|| build.text_of("context")).unwrap_or(".");
    let context = join(parent(file), context)?;
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
    file: &'a str,
    root: &'a Node,
    containers: &'a [Container<'a>],
    folder: &'a str,
}

/// What is mounted: kind, source, target, read-only.
struct Mount {
    kind: &'static str,
    source: String,
    target: String,
    read_only: bool,
    at: Mark,
}

impl Reader<'_> {
    fn draft(&self, owner: &str, what: &str, name: &str, summary: String, services: &BTreeSet<SmolStr>) -> Draft {
        let owner = if owner.is_empty() { self.file.to_owned() } else { format!("{}/{owner}", self.file) };
        Draft::new(owner, what, name, summary).services(services)
    }

    /// A container as data.
    fn deployed(&self, container: &Container<'_>, variables: &BTreeMap<&str, &[Variable]>) -> Workload {
        let mut env_files = Vec::new();
        for (path, _) in env_files_of(container.node) {
            if let Some((path, variables)) = join(self.folder, path).and_then(|path| variables.get_key_value(path.as_str())) {
                env_files.push((*path, *variables));
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
            env_files,
            mounts,
        })
    }

    fn volumes(&self, out: &mut Vec<Draft>) {
        let mut mounts: BTreeMap<(&'static str, String), Vec<(&Container<'_>, Mount)>> = BTreeMap::new();
        for container in self.containers {
            for node in container.node.get("volumes").into_iter().flat_map(Node::items) {
                let Some(mount) = mount(node).filter(|mount| self.is_worth(container, mount)) else { continue };
                let source = if mount.kind == "anonymous" { format!("{}:{}", container.name, mount.target) } else { mount.source.clone() };
                mounts.entry((mount.kind, source)).or_default().push((container, mount));
            }
        }
        let declared = self.root.get("volumes");
        for ((kind, source), used) in mounts {
            let services = used.iter().flat_map(|(container, _)| container.services.iter().cloned()).collect();
            let targets = targets(&used);
            let socket = source.ends_with("docker.sock") || source.ends_with("podman.sock") || source.ends_with("containerd.sock");
            let external =
                declared.and_then(|declared| declared.get(&source)).is_some_and(|one| one.get("external").is_some_and(Node::is_true));
            let what = match kind {
                "volume" if external => "named volume made outside of this file",
                "volume" => "named volume",
                "anonymous" => "volume without a name",
                _ if socket => "engine of the host, through its socket",
                _ if is_file(&source) => "file of the host",
                _ => "folder of the host",
            };
            let owner = source.trim_start_matches("./").trim_start_matches('/');
            let summary = format!("{what}, mounted {}", listed(&targets));
            let mut draft = self.draft(owner, "", &source, summary, &services).scope(Scope::Host);
            match kind {
                "volume" => draft.name = format!("volume {source}").into(),
                "anonymous" => draft.name = used[0].1.target.as_str().into(),
                _ => {}
            }
            draft.lost = match kind {
                "volume" => {
                    Some("what is in it, when the volume is removed or the host is lost; a new container finds it again".to_owned())
                }
                "anonymous" => Some("what is in it, when the container is removed".to_owned()),
                _ => None,
            };
            for (_, mount) in &used {
                draft.site(self.file, mount.at);
            }
            if let Some(entry) = declared.and_then(|declared| declared.entry(&source)).filter(|_| kind == "volume") {
                draft.site(self.file, entry.at);
                for key in ["driver", "name"] {
                    if let Some(value) = entry.node.text_of(key) {
                        draft.text(key, value, self.file, entry.at);
                    }
                }
            }
            out.push(draft);
        }
    }

    /// Mounts of the code itself serve development; a single file given to somebody else's image is its settings.
    fn is_worth(&self, container: &Container<'_>, mount: &Mount) -> bool {
        if mount.kind != "bind" {
            return true;
        }
        let source = mount.source.trim_end_matches('/');
        let own = join(self.folder, source).is_some_and(|path| path.is_empty())
            || matches!(source, "." | ".." | "${PWD}" | "$PWD")
            || SOURCES.iter().any(|name| source.rsplit('/').next() == Some(name));
        let of_system = matches!(
            source,
            "" | "/proc"
                | "/sys"
                | "/dev"
                | "/dev/shm"
                | "/etc/localtime"
                | "/etc/timezone"
                | "/etc/passwd"
                | "/etc/group"
                | "/lib/modules"
        );
        let settings_of_others = container.own.is_empty() && is_file(source) && !source.ends_with(".sock");
        !own && !of_system && !settings_of_others
    }

    fn environments(&self, out: &mut Vec<Draft>) {
        // By where the block is written: its variables and the containers that get them.
        struct Block<'a> {
            variables: BTreeMap<&'a str, (Mark, &'a str)>,
            users: Vec<&'a Container<'a>>,
        }
        let mut blocks: BTreeMap<Mark, Block<'_>> = BTreeMap::new();
        for container in self.containers {
            let Some(environment) = container.node.get("environment") else { continue };
            let mut add = |home: Mark, name, at, value| {
                let block = blocks.entry(home).or_insert_with(|| Block { variables: BTreeMap::new(), users: Vec::new() });
                block.variables.insert(name, (at, value));
                if !block.users.iter().any(|user| user.name == container.name) {
                    block.users.push(container);
                }
            };
            for entry in environment.entries() {
                add(entry.home, entry.key.as_str(), entry.at, entry.node.text().unwrap_or_default());
            }
            for item in environment.items() {
                let Some(text) = item.text() else { continue };
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                add(environment.at, name.trim(), item.at, value);
            }
        }
        for (home, block) in blocks {
            let services: BTreeSet<SmolStr> = block.users.iter().flat_map(|user| user.services.iter().cloned()).collect();
            let own: BTreeSet<SmolStr> = block.users.iter().flat_map(|user| user.own.iter().cloned()).collect();
            let name = self.block_name(home).unwrap_or_else(|| block.users[0].name.to_owned());
            let of: Vec<String> = block.users.iter().map(|user| user.name.to_owned()).collect();
            let (secret, plain): (Vec<_>, Vec<_>) = block.variables.iter().partition(|(name, (_, value))| is_written_secret(name, value));
            if !own.is_empty() && !plain.is_empty() {
                let mut plain = plain;
                plain.sort_by_key(|(_, (at, _))| *at);
                let names: Vec<String> = plain.iter().map(|(name, (_, value))| hide::assignment(name, value)).collect();
                let mut draft = self
                    .draft(&name, "environment", &name, format!("variables set for {}: {}", of.join(", "), named(&names)), &own)
                    .name(format!("environment of {name}"));
                draft.site(self.file, plain[0].1.0);
                for (name, (at, value)) in &plain {
                    // Where state goes: the line to look at.
                    if value.starts_with('/') {
                        draft.site(self.file, *at);
                    }
                    draft.variable(name, value, self.file, *at);
                }
                out.push(draft);
            }
            if !secret.is_empty() {
                let mut secret = secret;
                secret.sort_by_key(|(_, (at, _))| *at);
                let names: Vec<String> = secret.iter().map(|(name, _)| (**name).to_owned()).collect();
                let summary = format!("credentials written in the file for {}: {}", of.join(", "), named(&names));
                let mut draft = self.draft(&name, "credentials", &name, summary, &services).name(format!("credentials of {name}"));
                for (name, (at, value)) in &secret {
                    draft.site(self.file, *at);
                    draft.variable(name, value, self.file, *at);
                }
                out.push(draft);
            }
        }
    }

    /// `x-environment`, when the block is written there.
    fn block_name(&self, home: Mark) -> Option<String> {
        let shared = self.root.entries().iter().filter(|entry| entry.key.starts_with("x-"));
        for entry in shared {
            if entry.node.at == home {
                return Some(entry.key.clone());
            }
            if entry.node.entries().iter().any(|inner| inner.node.at == home) {
                return Some(entry.key.clone());
            }
        }
        None
    }

    fn env_files(&self, out: &mut Composed) {
        #[derive(Default)]
        struct File {
            places: Vec<Mark>,
            services: BTreeSet<SmolStr>,
            users: Vec<String>,
        }
        let mut files: BTreeMap<String, File> = BTreeMap::new();
        for container in self.containers.iter().filter(|container| !container.own.is_empty()) {
            for (path, at) in env_files_of(container.node) {
                let file = files.entry(path.to_owned()).or_default();
                file.places.push(at);
                file.services.extend(container.own.iter().cloned());
                if !file.users.iter().any(|name| name == container.name) {
                    file.users.push(container.name.to_owned());
                }
            }
        }
        for (path, File { places, services, users }) in files {
            if let Some(path) = join(self.folder, &path) {
                out.env_files.push((path, services.clone()));
            }
            let summary = format!("file of variables for {}, read when a container is made", users.join(", "));
            let mut draft = self.draft(path.trim_start_matches("./"), "env_file", &path, summary, &services).scope(Scope::Host);
            for at in places {
                draft.site(self.file, at);
            }
            out.drafts.push(draft);
        }
    }

    fn secrets(&self, out: &mut Vec<Draft>) {
        for (key, word) in [("secrets", "secret"), ("configs", "config")] {
            for entry in self.root.get(key).into_iter().flat_map(Node::entries) {
                let mut draft = self.draft(&entry.key, word, &format!("{word} {}", entry.key), String::new(), &BTreeSet::new());
                let mut users: Vec<String> = Vec::new();
                for container in self.containers {
                    for used in container.node.get(key).into_iter().flat_map(Node::items) {
                        if used.text().or_else(|| used.text_of("source")) == Some(entry.key.as_str()) {
                            draft.site(self.file, used.at);
                            draft.services.extend(container.services.iter().cloned());
                            users.push(container.name.to_owned());
                        }
                    }
                }
                let from = match (entry.node.text_of("file"), entry.node.text_of("environment")) {
                    (Some(path), _) => format!("the file `{}`", hide::text(path)),
                    (None, Some(name)) => format!("the variable `{}`", hide::text(name)),
                    _ if entry.node.get("external").is_some() => "outside of this file".to_owned(),
                    _ => "this file".to_owned(),
                };
                let into = if users.is_empty() { "no container".to_owned() } else { users.join(", ") };
                draft.summary = format!("{word} from {from}, mounted into {into}");
                draft.site(self.file, entry.at);
                out.push(draft);
            }
        }
    }

    fn health(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
        let Some(entry) = container.node.entry("healthcheck") else { return };
        let Some(test) = entry.node.get("test").filter(|_| !entry.node.get("disable").is_some_and(Node::is_true)) else { return };
        let mut words = test.words();
        if words.first().is_some_and(|word| matches!(*word, "CMD" | "CMD-SHELL")) {
            words.remove(0);
        }
        if words.first().is_none_or(|word| *word == "NONE") {
            return;
        }
        let mut summary = format!("asks `{}`", hide::command(&words).replace('`', "'"));
        if let Some(interval) = entry.node.text_of("interval") {
            summary.push_str(&format!(" every {interval}"));
        }
        let mut draft =
            self.draft(container.name, "healthcheck", &format!("healthcheck of {}", container.name), summary, &container.services);
        draft.site(self.file, entry.at);
        for key in ["timeout", "retries", "start_period"] {
            if let Some(inner) = entry.node.entry(key)
                && let Some(value) = inner.node.text()
            {
                draft.text(key, value, self.file, inner.at);
            }
        }
        out.push(draft);
    }

    fn replicas(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
        let deploy = container.node.entry("deploy");
        let told = |path: &[&str]| deploy.and_then(|deploy| deploy.node.at_path(path)).and_then(Node::text);
        let replicas = told(&["replicas"]).or_else(|| container.node.text_of("scale"));
        let update = deploy.and_then(|deploy| deploy.node.get("update_config")).map_or(&[][..], Node::entries);
        if replicas.is_none() && update.is_empty() {
            return;
        }
        let mut summary = match replicas {
            Some("1") => "one container".to_owned(),
            Some(number) => format!("{} containers", hide::text(number)),
            None => "rollout of new versions".to_owned(),
        };
        if told(&["mode"]) == Some("global") {
            summary.push_str(", one on each node");
        }
        let mut draft = self.draft(container.name, "replicas", &format!("rollout of {}", container.name), summary, &container.services);
        let at = deploy.map(|deploy| deploy.at).or_else(|| container.node.entry("scale").map(|entry| entry.at)).unwrap_or(container.at);
        draft.site(self.file, at);
        if let Some(replicas) = replicas {
            draft.text("replicas", replicas, self.file, at);
        }
        for entry in update {
            if let Some(value) = entry.node.text() {
                draft.text(&format!("update {}", entry.key), value, self.file, entry.at);
            }
        }
        for (key, path) in [("memory limit", ["resources", "limits", "memory"]), ("cpu limit", ["resources", "limits", "cpus"])] {
            if let Some(node) = deploy.and_then(|deploy| deploy.node.at_path(&path)) {
                draft.text(key, node.text().unwrap_or_default(), self.file, node.at);
            }
        }
        out.push(draft);
    }

    /// Several containers that run the same thing.
    fn copies(&self, out: &mut Vec<Draft>) {
        let mut by_run: BTreeMap<String, Vec<&Container<'_>>> = BTreeMap::new();
        for container in self.containers.iter().filter(|container| !container.own.is_empty()) {
            let profiles = container.node.get("profiles").map(Node::words).unwrap_or_default();
            if !profiles.is_empty() && profiles.iter().all(|profile| BY_HAND.contains(profile)) {
                continue;
            }
            let text = |key| container.node.get(key).map(Node::words).unwrap_or_default().join(" ");
            let target = container.node.at_path(&["build", "target"]).and_then(Node::text).unwrap_or_default();
            let built = container.dockerfile.clone().unwrap_or_else(|| text("image"));
            by_run.entry(format!("{built} {target} {} {}", text("entrypoint"), text("command"))).or_default().push(container);
        }
        for containers in by_run.into_values().filter(|containers| containers.len() > 1) {
            let services: BTreeSet<SmolStr> = containers.iter().flat_map(|container| container.own.iter().cloned()).collect();
            let names: Vec<String> = containers.iter().map(|container| container.name.to_owned()).collect();
            let summary = format!("{} containers that run the same service: {}", containers.len(), named(&names));
            let mut draft = self.draft(&names.join("+"), "copies", &names.join(", "), summary, &services);
            for container in containers {
                draft.site(self.file, container.at);
            }
            out.push(draft);
        }
    }

    fn tmpfs(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
        let Some(entry) = container.node.entry("tmpfs") else { return };
        let paths: Vec<String> = entry.node.words().iter().map(|path| path.split(':').next().unwrap_or(path).to_owned()).collect();
        if paths.is_empty() {
            return;
        }
        let summary = format!("memory mounted as a folder at {}", named(&paths));
        let mut draft =
            self.draft(container.name, "tmpfs", &format!("tmpfs of {}", container.name), summary, &container.services).scope(Scope::Host);
        draft.site(self.file, entry.at);
        out.push(draft.lost("what is written there, when the container stops"));
    }
}

/// `env_file: a.env`, `env_file: [a.env, {path: b.env}]`.
fn env_files_of(container: &Node) -> Vec<(&str, Mark)> {
    let Some(node) = container.get("env_file") else { return Vec::new() };
    let mut paths: Vec<(&str, Mark)> = node.text().map(|path| (path, node.at)).into_iter().collect();
    paths.extend(node.items().iter().filter_map(|item| Some((item.text().or_else(|| item.text_of("path"))?, item.at))));
    paths
}

fn mounted(file: &str, path: &str, kind: MountKind, source: &str, read_only: bool, at: Mark) -> Mounted {
    Mounted {
        path: hide::text(path),
        kind,
        source: hide::text(source),
        sub_path: None,
        read_only,
        size: None,
        at: place(file, at),
        environment: None,
    }
}

/// Whether a path names a file, as far as its name tells.
fn is_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.trim_start_matches('.').contains('.'))
}

/// Where something is mounted: containers that see it at one place are told together.
fn targets(used: &[(&Container<'_>, Mount)]) -> Vec<String> {
    let mut by_target: Vec<(&str, bool, Vec<&str>)> = Vec::new();
    for (container, mount) in used {
        match by_target.iter_mut().find(|(target, read_only, _)| *target == mount.target && *read_only == mount.read_only) {
            Some((.., names)) => names.push(container.name),
            None => by_target.push((&mount.target, mount.read_only, vec![container.name])),
        }
    }
    let say = |(target, read_only, names): (&str, bool, Vec<&str>)| {
        format!("{}at `{}` in {}", if read_only { "read-only " } else { "" }, hide::text(target), names.join(", "))
    };
    by_target.into_iter().map(say).collect()
}

/// A literal of a secret: `POSTGRES_PASSWORD: hunter2`, `postgres://user:hunter2@db`; not `${PASSWORD}`.
fn is_written_secret(name: &str, value: &str) -> bool {
    hide::has_password(value) || hide::hides(name, value)
}

fn listed(targets: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = targets[..targets.len().min(SHOWN)].join(", ");
    match targets.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A volume of a container, in its short or its long form.
fn mount(node: &Node) -> Option<Mount> {
    if let Value::Map(_) = &node.value {
        let kind = match node.text_of("type")? {
            "volume" if node.text_of("source").is_some() => "volume",
            "volume" => "anonymous",
            "bind" => "bind",
            _ => return None,
        };
        return Some(Mount {
            kind,
            source: node.text_of("source").unwrap_or_default().to_owned(),
            target: node.text_of("target")?.to_owned(),
            read_only: node.get("read_only").is_some_and(Node::is_true),
            at: node.at,
        });
    }
    let text = node.text()?;
    let parts = split_mount(text);
    let (source, target, options) = match parts.as_slice() {
        [target] => (String::new(), target.clone(), ""),
        [source, target] => (source.clone(), target.clone(), ""),
        [source, target, options, ..] => (source.clone(), target.clone(), options.as_str()),
        [] => return None,
    };
    let is_path = source.starts_with(['/', '.', '~']) || source.starts_with('$') || source.contains('/') || source.contains('\\');
    let kind = if source.is_empty() {
        "anonymous"
    } else if is_path {
        "bind"
    } else {
        "volume"
    };
    // `${DATA:-./data}` is the folder unless somebody says otherwise.
    let source = hide::reference(&source).filter(|default| !default.is_empty()).map_or(source.clone(), str::to_owned);
    Some(Mount { kind, source: hide::text(&source), target, read_only: options.split(',').any(|option| option == "ro"), at: node.at })
}

/// Splits at colons outside of `${…}`.
fn split_mount(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ':' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}
