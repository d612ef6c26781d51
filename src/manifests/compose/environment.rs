//! What containers are given: variables, files of variables, secrets and configs.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::super::draft::Draft;
use super::super::hide;
use super::super::image::named;
use super::super::yaml::{Mark, Node};
use super::filled::Given;
use super::{Composed, Container, Reader};
use crate::model::Scope;
use crate::source::{join, parent};

impl Reader<'_> {
    pub(super) fn environments(&self, out: &mut Vec<Draft>) {
        // By where the block is written: its variables and the containers that get them.
        struct Block<'a> {
            variables: BTreeMap<&'a str, (Mark, &'a str, Option<&'a Given>)>,
            users: Vec<&'a Container<'a>>,
        }
        let mut blocks: BTreeMap<Mark, Block<'_>> = BTreeMap::new();
        for container in self.containers {
            let Some(environment) = container.node.get("environment") else { continue };
            let mut add = |home: Mark, name, at, value, given: Mark| {
                let block = blocks.entry(home).or_insert_with(|| Block { variables: BTreeMap::new(), users: Vec::new() });
                block.variables.insert(name, (at, value, self.given.get(&given)));
                if !block.users.iter().any(|user| user.name == container.name) {
                    block.users.push(container);
                }
            };
            for entry in environment.entries() {
                add(entry.home, entry.key.as_str(), entry.at, entry.node.text().unwrap_or_default(), entry.node.at);
            }
            for item in environment.items() {
                let Some(text) = item.text() else { continue };
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                add(environment.at, name.trim(), item.at, value, item.at);
            }
        }
        for (home, block) in blocks {
            let services: BTreeSet<SmolStr> = block.users.iter().flat_map(|user| user.services.iter().cloned()).collect();
            let own: BTreeSet<SmolStr> = block.users.iter().flat_map(|user| user.own.iter().cloned()).collect();
            let name = self.block_name(home).unwrap_or_else(|| block.users[0].name.to_owned());
            let of: Vec<String> = block.users.iter().map(|user| user.name.to_owned()).collect();
            let (secret, plain): (Vec<_>, Vec<_>) = block.variables.iter().partition(|(name, (_, value, given))| {
                // What the file of variables beside it gives is not written here.
                is_written_secret(name, value) && given.is_none_or(|given| given.by.is_none())
            });
            if !own.is_empty() && !plain.is_empty() {
                let mut plain = plain;
                plain.sort_by_key(|(_, (at, ..))| *at);
                let names: Vec<String> = plain.iter().map(|(name, (_, value, _))| hide::assignment(name, value)).collect();
                let mut draft = self
                    .draft(&name, "environment", &name, format!("variables set for {}: {}", of.join(", "), named(&names)), &own)
                    .name(format!("environment of {name}"));
                draft.site(self.file, plain[0].1.0);
                for (name, (at, value, given)) in &plain {
                    // Where state goes: the line to look at.
                    if value.starts_with('/') {
                        draft.site(self.file, *at);
                    }
                    match given.and_then(|given| given.open.as_deref()) {
                        Some(open) => draft.unknown(name, open, self.file, *at),
                        None => draft.variable(name, value, self.file, *at),
                    }
                    if let Some(unless) = given.map(|given| given.unless.join(", ")).filter(|unless| !unless.is_empty()) {
                        draft.say_last(&format!("unless `{}` is set", hide::text(&unless)));
                    }
                }
                out.push(draft);
            }
            if !secret.is_empty() {
                let mut secret = secret;
                secret.sort_by_key(|(_, (at, ..))| *at);
                let names: Vec<String> = secret.iter().map(|(name, _)| (**name).to_owned()).collect();
                let summary = format!("credentials written in the file for {}: {}", of.join(", "), named(&names));
                let mut draft = self.draft(&name, "credentials", &name, summary, &services).name(format!("credentials of {name}"));
                for (name, (at, value, _)) in &secret {
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

    pub(super) fn env_files(&self, out: &mut Composed) {
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
            let folder = places.first().map_or(self.folder, |at| parent(self.file.path(*at)));
            if let Some(path) = join(folder, &path) {
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

    pub(super) fn secrets(&self, out: &mut Vec<Draft>) {
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
}

/// `env_file: a.env`, `env_file: [a.env, {path: b.env}]`.
pub(super) fn env_files_of(container: &Node) -> Vec<(&str, Mark)> {
    let Some(node) = container.get("env_file") else { return Vec::new() };
    let mut paths: Vec<(&str, Mark)> = node.text().map(|path| (path, node.at)).into_iter().collect();
    paths.extend(node.items().iter().filter_map(|item| Some((item.text().or_else(|| item.text_of("path"))?, item.at))));
    paths
}
/// A literal of a secret: `POSTGRES_PASSWORD: hunter2`, `postgres://user:hunter2@db`; not `${PASSWORD}`.
fn is_written_secret(name: &str, value: &str) -> bool {
    hide::has_password(value) || hide::hides(name, value)
}
