//! Containers of compose files as data.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::super::compose::filled::Given;
use super::super::draft::place;
use super::super::env_file::Variable;
use super::super::files::Origin;
use super::super::hide;
use super::super::yaml::{Mark, Node};
use super::{Amount, Container, ContainerRole, EnvVar, Mount, MountKind, Rollout, Said, Strategy, Workload, WorkloadKind};
use crate::diag::looks_secret;
use crate::model::Place;

/// A container of a compose file, as `compose` reads it.
pub(in super::super) struct Composed<'a> {
    pub(in super::super) file: Origin<'a>,
    pub(in super::super) name: &'a str,
    pub(in super::super) at: Mark,
    pub(in super::super) node: &'a Node,
    /// Services that run in it.
    pub(in super::super) own: &'a BTreeSet<SmolStr>,
    /// What is known of values that are filled in.
    pub(in super::super) given: &'a BTreeMap<Mark, Given>,
    /// Files of variables that it reads, with their paths.
    pub(in super::super) env_files: Vec<(&'a str, &'a [Variable])>,
    /// Files of variables that are not in the tree.
    pub(in super::super) missing: Vec<String>,
    pub(in super::super) mounts: Vec<Mount>,
}

/// The workload of a container.
pub(in super::super) fn workload(of: Composed<'_>) -> Workload {
    let node = of.node;
    let mut out = Workload::new(hide::text(&format!("{}/{}", of.file.file, of.name)), WorkloadKind::Compose, place(of.file, of.at));
    out.services = of.own.clone();
    let deploy = node.get("deploy");
    let replicas = deploy.and_then(|deploy| deploy.get("replicas")).or_else(|| node.get("scale"));
    let global = deploy.and_then(|deploy| deploy.get("mode")).filter(|mode| mode.text() == Some("global"));
    out.kind = if global.is_some() { WorkloadKind::PerNode } else { WorkloadKind::Compose };
    out.replicas = global.is_none().then(|| match replicas.and_then(|node| Some((node.text()?, node.at))) {
        Some((text, at)) => Said::written(amount(text), place(of.file, at)),
        None => Said::default_of(Amount::Count(1)),
    });
    out.rollout = Some(rollout(of.file, deploy.and_then(|deploy| deploy.get("update_config"))));
    let text = |node: &Node| node.text().map(hide::text);
    let said = |key: &str| node.get(key).and_then(|node| Some(Said::written(text(node)?, place(of.file, node.at))));
    out.seconds_to_stop = Some(said("stop_grace_period").unwrap_or_else(|| Said::default_of("10s".to_owned())));

    let mut container = Container::new(hide::text(of.name), ContainerRole::Own);
    container.services = of.own.clone();
    container.image = node.text_of("image").map(hide::text);
    let command: Vec<&str> = ["entrypoint", "command"].iter().filter_map(|key| node.get(key)).flat_map(Node::words).collect();
    container.command = (!command.is_empty()).then(|| hide::command(&command));
    let limit = super::server::limit_of_command(["entrypoint", "command"].iter().filter_map(|key| node.get(key)));
    container.limit = limit.map(|(limit, at)| Said::written(limit, place(of.file, at)));
    container.folder = said("working_dir");
    container.user = said("user");
    container.read_only_root = node.get("read_only").map(|node| Said::written(node.is_true(), place(of.file, node.at)));
    let limit = deploy.and_then(|deploy| deploy.at_path(&["resources", "limits", "memory"])).or_else(|| node.get("mem_limit"));
    container.memory_limit = limit.and_then(|node| Some(Said::written(text(node)?, place(of.file, node.at))));
    container.liveness = node.entry("healthcheck").map(|entry| place(of.file, entry.at));
    for (path, variables) in &of.env_files {
        for one in variables.iter().filter(|one| !one.is_offer) {
            let at = place(*path, Mark::line(one.line));
            container.env.push(EnvVar { from_file: true, ..EnvVar::written(&one.name, &one.value, path, at) });
        }
    }
    let source = |at: Mark| hide::text(of.file.path(at));
    if let Some(environment) = node.get("environment") {
        for entry in environment.entries() {
            let at = place(of.file, entry.at);
            container.env.push(match entry.node.text() {
                Some(text) => given(&entry.key, text, &source(entry.at), at, of.given.get(&entry.node.at)),
                None => EnvVar::unknown(&entry.key, false, "the environment of whoever starts it", &entry.key, at),
            });
        }
        for item in environment.items() {
            let Some(text) = item.text() else { continue };
            let at = place(of.file, item.at);
            container.env.push(match text.split_once('=') {
                Some((name, value)) => given(name.trim(), value, &source(item.at), at, of.given.get(&item.at)),
                None => EnvVar::unknown(text, false, "the environment of whoever starts it", text, at),
            });
        }
    }
    container.further_env = of.missing;
    container.mounts = of.mounts;
    tmpfs(of.file, node, &mut container.mounts);
    container.mounts.sort_by(|a, b| a.path.cmp(&b.path));
    out.containers.push(container);
    out
}

/// A variable with its value, where references are filled in.
fn given(name: &str, text: &str, source: &str, at: Place, given: Option<&Given>) -> EnvVar {
    let Some(given) = given else { return EnvVar::written(name, text, source, at) };
    if let Some(open) = &given.open {
        return EnvVar::unknown(name, looks_secret(name), "the environment of whoever starts it", open, at);
    }
    let unless = (!given.unless.is_empty()).then(|| given.unless.join(", ").into());
    match &given.by {
        Some((file, key, line)) => {
            let hidden = looks_secret(name) || looks_secret(key);
            let there = place(file.as_str(), Mark::line(*line));
            let written = if hidden { EnvVar::unknown(name, true, file, key, there) } else { EnvVar::written(name, text, file, there) };
            EnvVar { key: key.clone(), via: Some(at), from_file: true, unless, ..written }
        }
        None => EnvVar { unless, ..EnvVar::written(name, text, source, at) },
    }
}

/// A number, or the default of `${REPLICAS:-2}`.
fn amount(text: &str) -> Amount {
    match hide::reference(text) {
        Some(default) if !default.is_empty() => match Amount::read(default) {
            Amount::Text(_) => Amount::read(text),
            number => number,
        },
        _ => Amount::read(text),
    }
}

fn rollout(file: Origin<'_>, update: Option<&Node>) -> Rollout {
    let order = update.and_then(|update| update.get("order")).and_then(|node| Some((node.text()?, node.at)));
    let parallel = update.and_then(|update| update.get("parallelism")).and_then(|node| Some((node.text()?, node.at)));
    let parallel = parallel.map_or(Said::default_of(Amount::Count(1)), |(text, at)| Said::written(amount(text), place(file, at)));
    let none = |at| Said { value: Amount::Count(0), at, environment: None };
    match order {
        Some(("start-first", at)) => Rollout {
            strategy: Said::written(Strategy::Rolling, place(file, at)),
            max_surge: parallel,
            max_unavailable: none(Some(place(file, at))),
        },
        order => Rollout {
            strategy: Said {
                value: if update.is_some() { Strategy::Rolling } else { Strategy::Recreate },
                at: order.map(|(_, at)| place(file, at)),
                environment: None,
            },
            max_surge: none(None),
            max_unavailable: parallel,
        },
    }
}

/// `tmpfs: /run`, `tmpfs: [/run:size=64m]`, and the long form of a volume of that type.
fn tmpfs(file: Origin<'_>, node: &Node, out: &mut Vec<Mount>) {
    let mut add = |path: &str, size: Option<&str>, at: Mark| {
        out.push(Mount {
            path: hide::text(path),
            kind: MountKind::Memory,
            source: "tmpfs".to_owned(),
            sub_path: None,
            read_only: false,
            size: size.map(hide::text),
            at: place(file, at),
            environment: None,
        });
    };
    if let Some(tmpfs) = node.get("tmpfs") {
        let items = tmpfs.items().iter().map(|item| &**item);
        for one in items.chain(tmpfs.text().is_some().then_some(tmpfs)) {
            let Some(text) = one.text() else { continue };
            let (path, options) = text.split_once(':').unwrap_or((text, ""));
            add(path, options.split(',').find_map(|option| option.strip_prefix("size=")), one.at);
        }
    }
    for volume in node.get("volumes").map(Node::items).unwrap_or_default() {
        if volume.text_of("type") == Some("tmpfs")
            && let Some(path) = volume.text_of("target")
        {
            add(path, volume.at_path(&["tmpfs", "size"]).and_then(Node::text), volume.at);
        }
    }
}
