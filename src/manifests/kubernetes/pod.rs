//! Workloads of Kubernetes: replicas and rollout, probes, environments, volumes, sidecars and init containers.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::super::draft::Draft;
use super::super::hide;
use super::super::image::named;
use super::super::tie::Names;
use super::super::yaml::{Mark, Node};
use super::{Object, UsedBy, of_container};
use crate::model::FactValue;

/// Of one ConfigMap, Secret or claim, at most so many uses are told: each is compared with the others.
const MAX_USES: usize = 1_000;

/// Where uses of config maps, secrets and claims are gathered.
pub(super) type Uses = BTreeMap<(&'static str, String), Vec<UsedBy>>;

/// A workload that is read.
pub(super) struct Reader<'a> {
    pub(super) object: &'a Object<'a>,
    pub(super) pod: &'a Node,
    pub(super) services: &'a BTreeSet<SmolStr>,
    pub(super) names: &'a Names,
}

/// The items of a workload, and what it uses; `neighbours` says that a service of the tree runs beside it.
pub(super) fn drafts(
    object: &Object<'_>,
    services: &BTreeSet<SmolStr>,
    neighbours: bool,
    names: &Names,
    uses: &mut Uses,
    out: &mut Vec<Draft>,
) {
    let empty;
    let pod = match object.pod() {
        Some(pod) => pod,
        // An overlay that only sets the number of replicas.
        None => {
            empty = object.node.get("metadata").unwrap_or(object.node);
            empty
        }
    };
    let reader = Reader { object, pod, services, names };
    reader.volumes(uses, out);
    if services.is_empty() && !neighbours {
        return;
    }
    for entry in object.get(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default() {
        reader.claim_template(entry, out);
    }
    // Of workloads that are not the service's, only what keeps data is worth a line.
    if services.is_empty() {
        return;
    }
    reader.rollout(out);
    for container in reader.containers("containers") {
        reader.environment(container, uses, out);
        if reader.is_own(container) {
            reader.probes(container, out);
        } else {
            reader.beside(container, "sidecar", out);
        }
    }
    for container in reader.containers("initContainers") {
        let stays = container.text_of("restartPolicy") == Some("Always");
        reader.beside(container, if stays { "sidecar" } else { "init container" }, out);
    }
}

impl<'a> Reader<'a> {
    pub(super) fn containers(&self, key: &str) -> impl Iterator<Item = &'a Node> {
        self.pod.get(key).map(Node::items).unwrap_or_default().iter().map(|container| &**container)
    }

    /// Whether a container is the service; the only one of a workload that bears its name is, whatever its image.
    pub(super) fn is_own(&self, container: &Node) -> bool {
        // An overlay names a container without its image.
        let says_image = container.text_of("image").is_some();
        !says_image || self.containers("containers").count() == 1 || !of_container(container, self.names).is_empty()
    }

    pub(super) fn draft(&self, what: &str, name: &str, summary: String) -> Draft {
        Draft::new(self.object.owner(), what, name, summary).services(self.services)
    }

    fn probes(&self, container: &Node, out: &mut Vec<Draft>) {
        let name = container.text_of("name").unwrap_or(self.object.name);
        let mut said = Vec::new();
        let mut draft = self.draft(&format!("{name}/probes"), &format!("probes of {}", self.object.name), String::new());
        for (key, word) in [("startupProbe", "startup"), ("readinessProbe", "readiness"), ("livenessProbe", "liveness")] {
            let Some(entry) = container.entry(key) else { continue };
            said.push(format!("{word} {}", probe(&entry.node)));
            draft.site(self.object.origin, entry.at);
            for key in ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"] {
                if let Some(node) = entry.node.get(key) {
                    draft.text(&format!("{word} {}", spaced(key)), node.text().unwrap_or_default(), self.object.origin, node.at);
                }
            }
        }
        if !draft.sites.is_empty() {
            if container.get("readinessProbe").is_none() && container.get("image").is_some() {
                said.push("no readiness probe".to_owned());
            }
            draft.summary = said.join(", ");
            out.push(draft);
        }
    }

    fn environment(&self, container: &Node, uses: &mut Uses, out: &mut Vec<Draft>) {
        let name = container.text_of("name").unwrap_or(self.object.name);
        let file = self.object.origin;
        let own = self.is_own(container);
        let mut plain: Vec<String> = Vec::new();
        let mut draft = self.draft(&format!("{name}/environment"), &format!("environment of {}", self.object.name), String::new());
        let mut secrets = self.draft(&format!("{name}/credentials"), &format!("credentials of {}", self.object.name), String::new());
        let mut written: Vec<String> = Vec::new();
        for source in container.get("envFrom").map(Node::items).unwrap_or_default() {
            for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                if let Some(of) = source.at_path(&[key, "name"]).and_then(Node::text) {
                    self.used(uses, kind, of, "set as environment".to_owned(), false, source.at);
                    draft.site(file, source.at);
                    draft.fact("all of", FactValue::Text(format!("{kind} {}", hide::text(of))), file, source.at);
                    plain.push(format!("{kind} {of}"));
                }
            }
        }
        for variable in container.get("env").map(Node::items).unwrap_or_default() {
            let Some(key) = variable.text_of("name") else { continue };
            if let Some(value) = variable.get("value") {
                let text = value.text().unwrap_or_default();
                if hide::hides(key, text) || hide::has_password(text) {
                    secrets.variable(key, text, file, value.at);
                    secrets.site(file, variable.at);
                    written.push(key.to_owned());
                    continue;
                }
                draft.variable(key, text, file, value.at);
                if text.starts_with('/') {
                    draft.site(file, variable.at);
                }
            } else if let Some(from) = variable.get("valueFrom") {
                let said = self.reference(from, variable.at, uses);
                draft.fact(key, FactValue::Text(said), file, variable.at);
            }
            plain.push(variable.get("value").and_then(Node::text).map_or_else(|| key.to_owned(), |text| hide::assignment(key, text)));
        }
        if own && !plain.is_empty() {
            draft.summary = format!("variables set for `{name}`: {}", named(&plain));
            let first = container.entry("envFrom").or_else(|| container.entry("env"));
            draft.sites.extend(first.map(|entry| super::super::draft::place(file, entry.at)));
            out.push(draft);
        }
        if !written.is_empty() {
            secrets.summary = format!("credentials written in the file for `{name}`: {}", named(&written));
            out.push(secrets);
        }
    }

    /// What a variable is taken from.
    fn reference(&self, from: &Node, at: Mark, uses: &mut Uses) -> String {
        for (key, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
            if let Some(reference) = from.get(key) {
                let name = reference.text_of("name").unwrap_or_default();
                let of_key = reference.text_of("key").unwrap_or_default();
                self.used(uses, kind, name, format!("key `{}` as a variable", hide::text(of_key)), false, at);
                return format!("key {} of {kind} {}", hide::text(of_key), hide::text(name));
            }
        }
        match from.at_path(&["fieldRef", "fieldPath"]).and_then(Node::text) {
            Some(field) => format!("the pod's {}", hide::text(field)),
            None => "resources of the container".to_owned(),
        }
    }

    pub(super) fn used(&self, uses: &mut Uses, kind: &'static str, name: &str, how: String, as_files: bool, at: Mark) {
        if !name.is_empty() {
            let (by, place) = (self.object.said(), self.object.origin.place(at));
            let used = UsedBy { how, by, place, as_files, services: self.services.clone() };
            let known = uses.entry((kind, name.to_owned())).or_default();
            // Variants of one object use the same thing at the same place.
            if known.len() < MAX_USES && !known.iter().any(|one| one.place == used.place && one.how == used.how) {
                known.push(used);
            }
        }
    }

    /// A container that is not the service itself.
    fn beside(&self, container: &Node, word: &str, out: &mut Vec<Draft>) {
        if container.text_of("image").is_none() {
            return;
        }
        let name = container.text_of("name").unwrap_or_default();
        let image = container.text_of("image").map(|image| image.split('@').next().unwrap_or(image)).unwrap_or_default();
        let command: Vec<&str> = ["command", "args"].iter().filter_map(|key| container.get(key)).flat_map(Node::words).collect();
        let mut summary =
            if word == "sidecar" { "container beside the service" } else { "container that runs before the service" }.to_owned();
        if !image.is_empty() {
            summary.push_str(&format!(", image `{}`", hide::text(image)));
        }
        let what = format!("{}/{name}", word.replace(' ', "-"));
        let mut draft = self.draft(&what, &format!("{word} {name} of {}", self.object.name), summary);
        draft.site(self.object.origin, container.at);
        if !command.is_empty() {
            draft.fact("command", FactValue::Text(hide::command(&command)), self.object.origin, container.at);
        }
        let mounts: Vec<&str> =
            container.get("volumeMounts").map(Node::items).unwrap_or_default().iter().filter_map(|mount| mount.text_of("name")).collect();
        if !mounts.is_empty() {
            draft.fact("volumes", FactValue::Text(hide::text(&mounts.join(", "))), self.object.origin, container.at);
        }
        out.push(draft);
    }
}

/// What a probe asks.
fn probe(node: &Node) -> String {
    if let Some(get) = node.get("httpGet") {
        return format!("`GET {}`", hide::text(get.text_of("path").unwrap_or("/")));
    }
    if let Some(command) = node.at_path(&["exec", "command"]) {
        return format!("`{}`", hide::command(&command.words()).replace('`', "'"));
    }
    if node.get("tcpSocket").is_some() {
        return "by a TCP connection".to_owned();
    }
    if node.get("grpc").is_some() { "by gRPC".to_owned() } else { "set".to_owned() }
}

/// `periodSeconds` as `period seconds`.
pub(super) fn spaced(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
