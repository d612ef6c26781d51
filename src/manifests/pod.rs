//! Workloads of Kubernetes: replicas and rollout, probes, environments, volumes, sidecars and init containers.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::draft::Draft;
use super::hide;
use super::image::named;
use super::kubernetes::{Object, UsedBy, of_container};
use super::tie::Names;
use super::yaml::{Entry, Mark, Node};
use crate::model::{FactValue, Scope};

/// Where uses of config maps, secrets and claims are gathered.
type Uses = BTreeMap<(&'static str, String), Vec<UsedBy>>;

/// A workload that is read.
struct Reader<'a> {
    object: &'a Object<'a>,
    pod: &'a Node,
    services: &'a BTreeSet<SmolStr>,
    names: &'a Names,
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
    fn containers(&self, key: &str) -> impl Iterator<Item = &'a Node> {
        self.pod.get(key).map(Node::items).unwrap_or_default().iter().map(|container| &**container)
    }

    /// Whether a container is the service; the only one of a workload that bears its name is, whatever its image.
    fn is_own(&self, container: &Node) -> bool {
        // An overlay names a container without its image.
        let says_image = container.text_of("image").is_some();
        !says_image || self.containers("containers").count() == 1 || !of_container(container, self.names).is_empty()
    }

    fn draft(&self, what: &str, name: &str, summary: String) -> Draft {
        Draft::new(self.object.owner(), what, name, summary).services(self.services)
    }

    fn rollout(&self, out: &mut Vec<Draft>) {
        let object = self.object;
        let spec = |path: &[&str]| {
            let mut full = vec!["spec"];
            full.extend(path);
            object.get(&full)
        };
        let text = |path: &[&str]| spec(path).and_then(Node::text).map(hide::text);
        let replicas = text(&["replicas"]);
        let summary = match object.kind {
            "CronJob" => {
                let schedule = text(&["schedule"]).unwrap_or_default();
                let policy = match text(&["concurrencyPolicy"]).as_deref() {
                    Some("Forbid") => "a run is skipped while the one before still goes on",
                    Some("Replace") => "a new run ends the one before",
                    _ => "runs may overlap",
                };
                format!("scheduled job, `{schedule}`, {policy}")
            }
            "Job" => "job, run once for each rollout".to_owned(),
            "DaemonSet" => "one pod on each node".to_owned(),
            "Pod" => "single pod that nothing starts again elsewhere".to_owned(),
            _ => {
                let count = match replicas.as_deref() {
                    Some("1") => "one replica".to_owned(),
                    Some(number) => format!("{number} replicas"),
                    None => "number of replicas not given, so one unless an autoscaler says otherwise".to_owned(),
                };
                let strategy = text(&["strategy", "type"]).or_else(|| text(&["updateStrategy", "type"]));
                let surge = text(&["strategy", "rollingUpdate", "maxSurge"]);
                let fewer = text(&["strategy", "rollingUpdate", "maxUnavailable"]);
                let rollout = match (strategy.as_deref(), object.kind) {
                    (Some("Recreate"), _) => "all stopped before new ones start".to_owned(),
                    (Some("OnDelete"), _) => "replaced only when somebody deletes them".to_owned(),
                    (_, "StatefulSet") => "replaced one by one".to_owned(),
                    _ => format!(
                        "replaced with up to {} more and {} fewer at a time",
                        surge.unwrap_or_else(|| "25%".to_owned()),
                        fewer.unwrap_or_else(|| "25%".to_owned())
                    ),
                };
                format!("{count}, {rollout}")
            }
        };
        let mut draft = self.draft("rollout", &format!("rollout of {}", object.name), summary);
        let telling = [&["replicas"][..], &["strategy"], &["updateStrategy"], &["schedule"], &["concurrencyPolicy"]];
        for entry in telling.iter().filter_map(|path| object.entry(&[&["spec"], *path].concat())) {
            draft.site(object.origin, entry.at);
        }
        if draft.sites.is_empty() {
            draft.site(object.origin, object.at());
        }
        if let Some((name, at)) = &object.doc.called {
            draft.text("name in the cluster", name, object.origin, *at);
        }
        if let Some(node) = object.get(&["metadata", "namespace"]) {
            draft.text("namespace", node.text().unwrap_or_default(), object.origin, node.at);
        }
        let facts: [(&str, &[&str]); 10] = [
            ("replicas", &["replicas"]),
            ("strategy", &["strategy", "type"]),
            ("max surge", &["strategy", "rollingUpdate", "maxSurge"]),
            ("max unavailable", &["strategy", "rollingUpdate", "maxUnavailable"]),
            ("schedule", &["schedule"]),
            ("concurrency policy", &["concurrencyPolicy"]),
            ("pod management", &["podManagementPolicy"]),
            ("suspended", &["suspend"]),
            ("min ready seconds", &["minReadySeconds"]),
            ("deadline for a late start", &["startingDeadlineSeconds"]),
        ];
        for (key, path) in facts {
            if let Some(node) = spec(path)
                && let Some(value) = node.text()
            {
                draft.text(key, value, object.origin, node.at);
            }
        }
        self.pod_facts(&mut draft);
        out.push(draft);
    }

    /// Grace period, hooks before the stop, limits of memory.
    fn pod_facts(&self, draft: &mut Draft) {
        let file = self.object.origin;
        if let Some(node) = self.pod.get("terminationGracePeriodSeconds") {
            draft.text("seconds to stop", node.text().unwrap_or_default(), file, node.at);
        }
        for container in self.containers("containers").filter(|container| self.is_own(container)) {
            if let Some(hook) = container.at_path(&["lifecycle", "preStop"]) {
                let command = hook.at_path(&["exec", "command"]).map(Node::words).unwrap_or_default();
                let said = if command.is_empty() { "set".to_owned() } else { hide::command(&command) };
                draft.fact("before the stop", FactValue::Text(said), file, hook.at);
            }
            if let Some(node) = container.at_path(&["resources", "limits", "memory"]) {
                draft.text("memory limit", node.text().unwrap_or_default(), file, node.at);
            }
        }
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
                    self.used(uses, kind, of, "set as environment".to_owned(), source.at);
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
            draft.sites.extend(first.map(|entry| super::draft::place(file, entry.at)));
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
                self.used(uses, kind, name, format!("key `{}` as a variable", hide::text(of_key)), at);
                return format!("key {} of {kind} {}", hide::text(of_key), hide::text(name));
            }
        }
        match from.at_path(&["fieldRef", "fieldPath"]).and_then(Node::text) {
            Some(field) => format!("the pod's {}", hide::text(field)),
            None => "resources of the container".to_owned(),
        }
    }

    fn used(&self, uses: &mut Uses, kind: &'static str, name: &str, how: String, at: Mark) {
        if !name.is_empty() {
            let used = UsedBy { how, by: self.object.said(), place: self.object.origin.place(at), services: self.services.clone() };
            let known = uses.entry((kind, name.to_owned())).or_default();
            // Variants of one object use the same thing at the same place.
            if !known.iter().any(|one| one.place == used.place && one.how == used.how) {
                known.push(used);
            }
        }
    }

    fn volumes(&self, uses: &mut Uses, out: &mut Vec<Draft>) {
        for volume in self.pod.get("volumes").map(Node::items).unwrap_or_default() {
            let Some(name) = volume.text_of("name") else { continue };
            let (mounts, places) = self.mounts(name);
            let mounted = if mounts.is_empty() { "mounted nowhere".to_owned() } else { format!("mounted at {}", mounts.join(", ")) };
            let how = || mounted.clone();
            let Some(source) = volume.entries().iter().find(|entry| entry.key != "name") else { continue };
            match source.key.as_str() {
                "persistentVolumeClaim" => {
                    let read_only = source.node.get("readOnly").is_some_and(Node::is_true);
                    let how = if read_only && !mounted.contains("(read-only)") { format!("{mounted} (read-only)") } else { how() };
                    self.used(uses, "PersistentVolumeClaim", source.node.text_of("claimName").unwrap_or_default(), how, source.at);
                }
                "secret" => self.used(uses, "Secret", source.node.text_of("secretName").unwrap_or_default(), how(), source.at),
                "configMap" => self.used(uses, "ConfigMap", source.node.text_of("name").unwrap_or_default(), how(), source.at),
                "projected" => {
                    for one in source.node.get("sources").map(Node::items).unwrap_or_default() {
                        for (key, kind) in [("secret", "Secret"), ("configMap", "ConfigMap")] {
                            if let Some(of) = one.at_path(&[key, "name"]).and_then(Node::text) {
                                self.used(uses, kind, of, how(), one.at);
                            }
                        }
                    }
                }
                "downwardAPI" => {}
                _ if self.services.is_empty() => {}
                _ => out.push(self.volume(name, source, &mounted, &places)),
            }
        }
    }

    /// A volume that has no object of its own.
    fn volume(&self, name: &str, source: &Entry, mounted: &str, places: &[Mark]) -> Draft {
        let node = &source.node;
        let file = self.object.origin;
        let limit = node.text_of("sizeLimit").map(hide::text);
        let (what, lost) = match source.key.as_str() {
            "emptyDir" if node.text_of("medium") == Some("Memory") => ("folder in memory", Some("all of it, when the pod ends")),
            "emptyDir" => ("folder that lives as long as the pod", Some("all of it, when the pod is replaced or moved")),
            "hostPath" => ("folder of the node", Some("not with the pod, but another node has another one")),
            "ephemeral" => ("claim that lives as long as the pod", Some("all of it, when the pod ends")),
            "nfs" => ("folder on an NFS server", None),
            "csi" => ("volume of a CSI driver", None),
            _ => ("volume", None),
        };
        let mut summary = format!("{what}, {mounted}");
        if let Some(limit) = &limit {
            summary.push_str(&format!(", at most {limit}"));
        }
        let mut draft =
            self.draft(&format!("volume/{name}"), &format!("volume {name} of {}", self.object.name), summary).scope(Scope::Host);
        draft.site(file, source.at);
        for place in places {
            draft.site(file, *place);
        }
        for (key, label) in
            [("path", "path"), ("medium", "medium"), ("sizeLimit", "size limit"), ("driver", "driver"), ("server", "server")]
        {
            if let Some(value) = node.get(key) {
                draft.text(label, value.text().unwrap_or_default(), file, value.at);
            }
        }
        draft.lost = lost.map(str::to_owned);
        draft
    }

    /// Where a volume is mounted: in words, and the lines.
    fn mounts(&self, volume: &str) -> (Vec<String>, Vec<Mark>) {
        let (mut said, mut places) = (Vec::new(), Vec::new());
        let several = self.containers("containers").count() > 1;
        for container in self.containers("containers").chain(self.containers("initContainers")) {
            for mount in container.get("volumeMounts").map(Node::items).unwrap_or_default() {
                if mount.text_of("name") != Some(volume) {
                    continue;
                }
                let mut text = format!("`{}`", hide::text(mount.text_of("mountPath").unwrap_or_default()));
                if several {
                    text.push_str(&format!(" of `{}`", hide::text(container.text_of("name").unwrap_or_default())));
                }
                if mount.get("readOnly").is_some_and(Node::is_true) {
                    text.push_str(" (read-only)");
                }
                if !said.contains(&text) {
                    said.push(text);
                }
                places.push(mount.at);
            }
        }
        (said, places)
    }

    fn claim_template(&self, template: &Node, out: &mut Vec<Draft>) {
        let name = template.at_path(&["metadata", "name"]).and_then(Node::text).unwrap_or("data");
        let (mounts, places) = self.mounts(name);
        let mut summary = "claim for each replica".to_owned();
        if let Some(size) = template.at_path(&["spec", "resources", "requests", "storage"]).and_then(Node::text) {
            summary.push_str(&format!(", {}", hide::text(size)));
        }
        if !mounts.is_empty() {
            summary.push_str(&format!(", mounted at {}", mounts.join(", ")));
        }
        let mut draft = self.draft(&format!("claim/{name}"), &format!("claim {name} of {}", self.object.name), summary);
        draft.site(self.object.origin, template.at);
        for place in places {
            draft.site(self.object.origin, place);
        }
        out.push(draft.lost("what is in it, when the claim is deleted; a new pod of the same number finds it again"));
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
fn spaced(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
