//! How containers run: healthchecks, replicas and rollout, copies of one service, what they do before they start.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::super::draft::Draft;
use super::super::hide;
use super::super::image::named;
use super::super::script::made;
use super::super::shell::inline;
use super::super::yaml::Node;
use super::{Container, Reader};
use crate::model::{FactValue, Scope};

/// Profiles of containers that somebody starts by hand.
const BY_HAND: &[&str] = &["manual", "cli", "tool", "tools", "debug", "test", "tests", "testing", "dev-tools"];

impl Reader<'_> {
    pub(super) fn health(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
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

    pub(super) fn replicas(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
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

    /// Folders and files that a container's own command line makes before it starts, and schemas that it brings up to date.
    pub(super) fn made(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
        if container.services.is_empty() {
            return;
        }
        let mut draft = self
            .draft(container.name, "made", &format!("folders that {} makes", container.name), String::new(), &container.services)
            .scope(Scope::Host);
        let mut paths: Vec<String> = Vec::new();
        for node in ["entrypoint", "command"].iter().filter_map(|key| container.node.get(key)) {
            let words: Vec<String> = node.words().into_iter().map(str::to_owned).collect();
            for path in inline(&words).iter().filter_map(|one| one.words.split_first()).flat_map(|(program, rest)| made(program, rest)) {
                draft.site(self.file, node.at);
                draft.fact("path", FactValue::Text(hide::text(&path)), self.file, node.at);
                paths.push(path);
            }
        }
        if !paths.is_empty() {
            draft.summary = format!("folders and files made by the command of {}: {}", container.name, named(&paths));
            out.push(draft);
        }
    }

    /// Several containers that run the same thing.
    pub(super) fn copies(&self, out: &mut Vec<Draft>) {
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
}
