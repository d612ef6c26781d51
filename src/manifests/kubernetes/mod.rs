//! Kubernetes objects: which there are, which services they belong to, and who uses what.
//!
//! Objects of one kind and name are one thing, whether they stand in a base, an overlay or twice: their values are told side by
//! side, each with its line and its environment.

mod affinity;
mod objects;
mod pod;
mod rollout;
mod scaling;
mod secrets;
mod storage;
#[cfg(test)]
mod tests;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::deployed::{Deployed, of_kubernetes, server};
use super::draft::Draft;
use super::files::{Files, Origin};
use super::kustomize::Doc;
use super::tie::Names;
use super::yaml::{Entry, Mark, Node, Value};
use crate::model::Place;
use crate::source::parent;

/// The kind under which a chart that another one takes from elsewhere is kept; no object of Kubernetes has it.
pub(super) const DEPENDENCY: &str = "chart dependency";

/// A service of Knative or Cloud Run.
pub(super) const KNATIVE: &str = "KnativeService";

/// Names and values of labels.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// One object, in one variant.
pub(super) struct Object<'a> {
    /// Where its nodes come from.
    pub(super) origin: Origin<'a>,
    pub(super) doc: &'a Doc,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) node: &'a Node,
}

impl<'a> Object<'a> {
    fn new(origin: Origin<'a>, doc: &'a Doc, node: &'a Node) -> Option<Self> {
        let name = node.at_path(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
        let kind = match node.text_of("kind")? {
            // It makes pods, and is no service of the network.
            "Service" if node.text_of("apiVersion").is_some_and(|version| version.starts_with("serving.knative.dev/")) => KNATIVE,
            kind => kind,
        };
        Some(Self { origin, doc, kind, name, node })
    }

    /// `Deployment/shop`.
    pub(super) fn owner(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// `Deployment shop`, in running text.
    pub(super) fn said(&self) -> String {
        format!("{} {}", self.kind, super::hide::text(self.name))
    }

    /// The line of its name, else its first.
    pub(super) fn at(&self) -> Mark {
        let name = self.node.get("metadata").and_then(|metadata| metadata.entry("name"));
        name.map_or(self.node.at, |name| name.at)
    }

    /// A key with its value and place.
    pub(super) fn entry(&self, path: &[&str]) -> Option<&'a Entry> {
        let (last, before) = path.split_last()?;
        self.node.at_path(before)?.entry(last)
    }

    /// A value with its place.
    pub(super) fn get(&self, path: &[&str]) -> Option<&'a Node> {
        self.node.at_path(path)
    }

    /// `autoscaling.knative.dev/min-scale`, `run.googleapis.com/minScale`.
    pub(super) fn scale(&self, word: &str) -> Option<&'a Entry> {
        let annotations = [&["spec", "template", "metadata", "annotations"][..], &["metadata", "annotations"]];
        let entries = annotations.iter().filter_map(|path| self.get(path)).flat_map(Node::entries);
        let is_one = |key: &str| {
            let name = key.rsplit('/').next().unwrap_or_default();
            key.contains('/') && (name == format!("{word}-scale") || name == format!("{word}Scale"))
        };
        entries.into_iter().find(|entry| is_one(&entry.key))
    }

    /// The pods that it makes.
    pub(super) fn pod(&self) -> Option<&'a Node> {
        match self.kind {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "Rollout" | "ReplicationController" | KNATIVE => {
                self.get(&["spec", "template", "spec"])
            }
            "CronJob" => self.get(&["spec", "jobTemplate", "spec", "template", "spec"]),
            "ScaledJob" => self.get(&["spec", "jobTargetRef", "template", "spec"]),
            "Pod" => self.get(&["spec"]),
            _ => None,
        }
    }

    /// Labels of the pods that it makes.
    fn labels(&self) -> Labels<'a> {
        let labels = match self.kind {
            "CronJob" => self.get(&["spec", "jobTemplate", "spec", "template", "metadata", "labels"]),
            "Pod" => self.get(&["metadata", "labels"]),
            _ => self.get(&["spec", "template", "metadata", "labels"]),
        };
        pairs(labels)
    }
}

/// The scalar entries of a map.
fn pairs(node: Option<&Node>) -> Labels<'_> {
    node.map(Node::entries).unwrap_or_default().iter().filter_map(|entry| Some((entry.key.as_str(), entry.node.text()?))).collect()
}

/// Whether a document is an object of Kubernetes.
pub(super) fn is_object(node: &Node) -> bool {
    node.text_of("apiVersion").is_some() && node.text_of("kind").is_some()
}

/// How an object is used by a workload.
pub(super) struct UsedBy {
    /// `mounted at `/etc/tls``.
    pub(super) how: String,
    /// `Deployment shop`.
    pub(super) by: String,
    pub(super) place: Place,
    /// As files that follow a change of it.
    pub(super) as_files: bool,
    pub(super) services: BTreeSet<SmolStr>,
}

/// Everything that the objects of a tree say.
pub(super) struct Cluster<'a> {
    pub(super) objects: Vec<Object<'a>>,
    pub(super) names: &'a Names,
    /// Services of each workload, by kind and name.
    workloads: BTreeMap<(&'a str, &'a str), BTreeSet<SmolStr>>,
    /// Labels of the pods that services run in, with the services.
    labels: Vec<(Labels<'a>, BTreeSet<SmolStr>)>,
    /// Services of the network, by name, as their places among the objects.
    services: BTreeMap<&'a str, Vec<usize>>,
    /// Folders with workloads that services run in.
    near: BTreeSet<&'a str>,
    /// Uses of config maps, secrets and claims, by kind and name.
    pub(super) uses: BTreeMap<(&'static str, String), Vec<UsedBy>>,
}

/// The items of all objects, and the workloads as data.
pub(super) fn drafts(docs: &[Doc], files: &Files, names: &Names, deployed: &mut Deployed) -> Vec<Draft> {
    let mut objects = Vec::new();
    for doc in docs {
        flatten(Origin::new(&doc.file, files), doc, &doc.root, &mut objects, 0);
    }
    let mut cluster = Cluster {
        objects,
        names,
        workloads: BTreeMap::new(),
        labels: Vec::new(),
        services: BTreeMap::new(),
        near: BTreeSet::new(),
        uses: BTreeMap::new(),
    };
    cluster.tie();
    let mut out = Vec::new();
    let mut uses: BTreeMap<(&'static str, String), Vec<UsedBy>> = BTreeMap::new();
    for object in cluster.objects.iter().filter(|object| object.kind_makes_pods()) {
        let services = cluster.services_of_workload(object);
        let before = out.len();
        pod::drafts(object, &services, cluster.is_near(object.origin.file), names, &mut uses, &mut out);
        of_variant(object, &mut out[before..]);
    }
    cluster.uses = uses;
    objects::drafts(&cluster, &mut out);
    of_kubernetes::read(&cluster, deployed);
    deployed.servers.extend(server::of_operators(&cluster));
    out
}

/// Says of drafts which variant of the object they are of.
pub(super) fn of_variant(object: &Object<'_>, drafts: &mut [Draft]) {
    for draft in drafts {
        draft.environment.clone_from(&object.doc.environment);
        draft.varied.clone_from(&object.doc.varied);
    }
}

/// Objects of a document; those of a list one by one.
fn flatten<'a>(origin: Origin<'a>, doc: &'a Doc, node: &'a Node, out: &mut Vec<Object<'a>>, depth: usize) {
    let is_list = node.text_of("kind").is_some_and(|kind| kind.ends_with("List"));
    if let (true, Some(Value::List(items)), true) = (is_list, node.get("items").map(|items| &items.value), depth < 4) {
        for item in items {
            flatten(origin, doc, item, out, depth + 1);
        }
        return;
    }
    out.extend(Object::new(origin, doc, node));
}

impl Object<'_> {
    pub(super) fn kind_makes_pods(&self) -> bool {
        matches!(
            self.kind,
            "Deployment"
                | "StatefulSet"
                | "DaemonSet"
                | "ReplicaSet"
                | "Job"
                | "CronJob"
                | "ScaledJob"
                | "Pod"
                | "Rollout"
                | "ReplicationController"
                | KNATIVE
        )
    }
}

impl<'a> Cluster<'a> {
    /// Finds the services of every workload: by what its containers start, by their images, by its name.
    fn tie(&mut self) {
        let mut tied: BTreeMap<(&'a str, &'a str), BTreeSet<SmolStr>> = BTreeMap::new();
        for object in &self.objects {
            if !object.kind_makes_pods() {
                continue;
            }
            let services = object.pod().map(|pod| of_pod(pod, self.names)).unwrap_or_default();
            tied.entry((object.kind, object.name)).or_default().extend(services);
        }
        self.workloads = tied;
        for (at, object) in self.objects.iter().enumerate().filter(|(_, object)| object.kind == "Service") {
            self.services.entry(object.name).or_default().push(at);
        }
        for object in self.objects.iter().filter(|object| object.kind_makes_pods()) {
            let services = self.workloads.get(&(object.kind, object.name)).cloned().unwrap_or_default();
            if !services.is_empty() {
                self.near.insert(parent(object.origin.file));
                self.labels.push((object.labels(), services));
            }
        }
    }

    /// Services of a workload; all files that speak of it together.
    pub(super) fn services_of_workload(&self, object: &Object<'_>) -> BTreeSet<SmolStr> {
        self.services_of(object.kind, object.name)
    }

    /// Whether a service of the tree runs in a workload of the same folder.
    pub(super) fn is_near(&self, file: &str) -> bool {
        self.near.contains(parent(file))
    }

    /// Services of all workloads in files below a folder.
    pub(super) fn services_below(&self, folder: &str) -> BTreeSet<SmolStr> {
        let below = |file: &str| folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let workloads = self.objects.iter().filter(|object| object.kind_makes_pods() && below(object.origin.file));
        workloads.flat_map(|object| self.services_of_workload(object)).collect()
    }

    /// Services of a workload by its kind and name.
    pub(super) fn services_of(&self, kind: &str, name: &str) -> BTreeSet<SmolStr> {
        self.workloads.get(&(kind, name)).cloned().unwrap_or_default()
    }

    /// Who uses a ConfigMap, a Secret or a claim.
    pub(super) fn uses_of(&self, kind: &'static str, name: &str) -> &[UsedBy] {
        self.uses.get(&(kind, name.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    /// Services behind a service of the network.
    pub(super) fn of_service(&self, name: &str) -> BTreeSet<SmolStr> {
        let behind = self.services.get(name).map(Vec::as_slice).unwrap_or_default();
        behind.iter().flat_map(|at| self.selected(self.objects[*at].get(&["spec", "selector"]))).collect()
    }

    /// Services of the workloads whose pods have all labels of a selector.
    pub(super) fn selected(&self, selector: Option<&Node>) -> BTreeSet<SmolStr> {
        let wanted = pairs(selector);
        if wanted.is_empty() {
            return BTreeSet::new();
        }
        let fits = |labels: &[(&str, &str)]| wanted.iter().all(|label| labels.contains(label));
        self.labels.iter().filter(|(labels, _)| fits(labels)).flat_map(|(_, services)| services.iter().cloned()).collect()
    }
}

/// Services that the containers of a pod are.
fn of_pod(pod: &Node, names: &Names) -> BTreeSet<SmolStr> {
    let containers = pod.get("containers").map(Node::items).unwrap_or_default();
    containers.iter().flat_map(|container| of_container(container, names)).collect()
}

/// The service that a container runs.
pub(super) fn of_container(container: &Node, names: &Names) -> BTreeSet<SmolStr> {
    let command = ["command", "args"].iter().filter_map(|key| container.get(key)).flat_map(Node::words);
    if let Some(service) = names.by_command(command) {
        return BTreeSet::from([service.clone()]);
    }
    let by_image = container.text_of("image").map(|image| names.by_image(image)).unwrap_or_default();
    let by_name = container.text_of("name").map(|name| names.by_name(name)).unwrap_or_default();
    // Of the services of one package, the container's name tells which one.
    let both: BTreeSet<SmolStr> = by_image.intersection(&by_name).cloned().collect();
    if !both.is_empty() { both } else { by_image }
}
