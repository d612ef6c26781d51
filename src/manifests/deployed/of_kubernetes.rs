//! Workloads of Kubernetes as data: what `pod` says in words.

use std::collections::BTreeMap;

use super::super::draft::place;
use super::super::files::Origin;
use super::super::hide;
use super::super::kubernetes::{Cluster, KNATIVE, Object, of_container};
use super::super::yaml::{Entry, Mark, Node, Value};
use super::{
    Amount, Asked, Autoscaler, Container, ContainerRole, Deployed, EnvVar, Mount, MountKind, Rollout, Said, Strategy, Workload,
    WorkloadKind, rivals, server,
};
use crate::model::Place;

/// What Kubernetes does when a Deployment says nothing.
const USUAL_SURGE: Amount = Amount::Percent(25);

/// Objects that containers take values from, by kind, name and environment.
pub(super) type Sources<'a> = BTreeMap<(&'static str, &'a str, Option<&'a str>), Vec<&'a Object<'a>>>;

/// All workloads of a cluster's objects, with what is given to them twice.
pub(in super::super) fn read(cluster: &Cluster<'_>, out: &mut Deployed) {
    let mut sources: Sources<'_> = BTreeMap::new();
    for object in &cluster.objects {
        let kind = match object.kind {
            "ConfigMap" => "ConfigMap",
            "Secret" => "Secret",
            _ => continue,
        };
        sources.entry((kind, object.name, object.doc.environment.as_deref())).or_default().push(object);
    }
    let makers = cluster.objects.iter().filter(|object| object.kind_makes_pods());
    let workloads: Vec<(&Object<'_>, Workload)> =
        makers.filter_map(|object| Some((object, workload(cluster, object, &sources)?))).collect();
    out.rivals.extend(rivals::all(&workloads, &sources));
    out.workloads.extend(workloads.into_iter().map(|(_, workload)| workload));
}

fn workload(cluster: &Cluster<'_>, object: &Object<'_>, sources: &Sources<'_>) -> Option<Workload> {
    let pod = object.pod()?;
    let kind = match object.kind {
        "StatefulSet" => WorkloadKind::Numbered,
        "DaemonSet" => WorkloadKind::PerNode,
        "Job" | "ScaledJob" => WorkloadKind::Job,
        "CronJob" => WorkloadKind::Scheduled,
        "Pod" => WorkloadKind::Single,
        _ => WorkloadKind::Replicated,
    };
    let reader = Reader { object, pod, sources };
    let mut out = Workload::new(hide::text(&object.owner()), kind, place(object.origin, object.at()));
    out.services = cluster.services_of_workload(object);
    out.environment.clone_from(&object.doc.environment);
    out.is_base = !object.doc.varied.is_empty();
    if object.kind == KNATIVE {
        let bound = |word: &str, usual: u32| match object.scale(word).and_then(|entry| Some((entry.node.text()?, entry.node.at))) {
            Some((text, at)) => said(object.origin, Amount::read(text), at),
            None => Said::default_of(Amount::Count(usual)),
        };
        // Without a bound, as many as there are requests for.
        let most = if object.scale("max").is_some() { bound("max", 0) } else { Said::default_of(Amount::Text("unbounded".to_owned())) };
        out.autoscaler = Some(Autoscaler { by: hide::text(&object.owner()).into(), least: bound("min", 0), most });
    } else if matches!(kind, WorkloadKind::Replicated | WorkloadKind::Numbered) {
        out.replicas = Some(reader.amount(&["spec", "replicas"], Amount::Count(1)));
        out.rollout = Some(reader.rollout(kind));
        out.autoscaler = autoscaler(cluster, object);
    }
    if kind == WorkloadKind::Scheduled {
        out.schedule = reader.text(object.node, &["spec", "schedule"]);
        let policy = reader.text(object.node, &["spec", "concurrencyPolicy"]);
        out.may_overlap = Some(match policy {
            Some(policy) => Said { value: policy.value == "Allow", at: policy.at, environment: policy.environment },
            None => Said::default_of(true),
        });
    }
    out.restarted_on_change = reader.restarted_on_change();
    out.seconds_to_stop = Some(reader.text(pod, &["terminationGracePeriodSeconds"]).unwrap_or_else(|| Said::default_of("30".to_owned())));
    let several = pod.get("containers").map_or(0, |containers| containers.items().len()) > 1;
    for (key, before) in [("initContainers", true), ("containers", false)] {
        for node in pod.get(key).map(Node::items).unwrap_or_default() {
            let services = of_container(node, cluster.names);
            let stays = node.text_of("restartPolicy") == Some("Always");
            let role = match (before, stays) {
                (true, false) => ContainerRole::Init,
                (true, true) => ContainerRole::Sidecar,
                _ if several && services.is_empty() && !out.services.is_empty() => ContainerRole::Sidecar,
                _ => ContainerRole::Own,
            };
            let mut container = reader.container(node, role);
            container.services = if role == ContainerRole::Own && services.is_empty() { out.services.clone() } else { services };
            out.containers.push(container);
        }
    }
    Some(out)
}

fn autoscaler(cluster: &Cluster<'_>, of: &Object<'_>) -> Option<Autoscaler> {
    let is_of = |object: &&Object<'_>| {
        let target = object.get(&["spec", "scaleTargetRef"]);
        matches!(object.kind, "HorizontalPodAutoscaler" | "ScaledObject")
            && target
                .is_some_and(|target| target.text_of("name") == Some(of.name) && target.text_of("kind").unwrap_or("Deployment") == of.kind)
    };
    // That of the same environment, else one that holds for all.
    let of_same = cluster.objects.iter().filter(is_of).find(|object| object.doc.environment == of.doc.environment);
    let object = of_same.or_else(|| cluster.objects.iter().filter(is_of).find(|object| object.doc.environment.is_none()))?;
    let keda = object.kind == "ScaledObject";
    let (least, most) = if keda { ("minReplicaCount", "maxReplicaCount") } else { ("minReplicas", "maxReplicas") };
    let bound = |key, usual| match object.get(&["spec", key]) {
        Some(node) => said(object.origin, Amount::read(node.text().unwrap_or_default()), node.at),
        None => Said::default_of(Amount::Count(usual)),
    };
    Some(Autoscaler {
        by: hide::text(&object.owner()).into(),
        least: bound(least, u32::from(!keda)),
        most: bound(most, if keda { 100 } else { 1 }),
    })
}

/// Of objects of one name, the one whose file is nearest: folders of a tree are often clusters of their own.
fn nearest<'a>(file: &str, of: &[&'a Object<'a>]) -> Option<&'a Object<'a>> {
    let near = |object: &&&Object<'_>| {
        let other = object.origin.file;
        let shared = file.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count();
        (shared, std::cmp::Reverse(other.split('/').count()))
    };
    of.iter().max_by_key(near).copied()
}

/// A value that is written, with its place and the environment of its file.
fn said<T>(origin: Origin<'_>, value: T, at: Mark) -> Said<T> {
    Said { environment: origin.environment(at), ..Said::written(value, place(origin, at)) }
}

struct Reader<'a> {
    object: &'a Object<'a>,
    pod: &'a Node,
    sources: &'a Sources<'a>,
}

impl Reader<'_> {
    fn place(&self, at: Mark) -> Place {
        place(self.object.origin, at)
    }

    fn said<T>(&self, value: T, at: Mark) -> Said<T> {
        said(self.object.origin, value, at)
    }

    /// An object of the same environment, else one that holds for all.
    fn source(&self, kind: &'static str, name: &str) -> Option<&Object<'_>> {
        let environment = self.object.doc.environment.as_deref();
        let found = self.sources.get(&(kind, name, environment)).or_else(|| self.sources.get(&(kind, name, None)))?;
        nearest(self.object.origin.file, found)
    }

    fn amount(&self, path: &[&str], usual: Amount) -> Said<Amount> {
        match self.object.get(path).and_then(|node| Some((node.text()?, node.at))) {
            Some((text, at)) => self.said(Amount::read(text), at),
            None => Said::default_of(usual),
        }
    }

    fn text(&self, node: &Node, path: &[&str]) -> Option<Said<String>> {
        let node = node.at_path(path)?;
        Some(self.said(hide::text(node.text()?), node.at))
    }

    /// A checksum of what is mounted in the template of the pod (`checksum/config`), or the mark of a reloader.
    fn restarted_on_change(&self) -> Option<Place> {
        let template = self.object.get(&["spec", "template", "metadata", "annotations"]);
        let of_object = self.object.get(&["metadata", "annotations"]);
        let marks = |entry: &&Entry| {
            let key = entry.key.to_lowercase();
            let sums = ["checksum", "config-hash", "confighash", "config-sha", "secret-hash"].iter().any(|word| key.contains(word));
            sums || (key.contains("reloader.stakater.com") && !matches!(entry.node.text(), Some("false")))
        };
        let all = template.into_iter().chain(of_object).flat_map(Node::entries);
        all.into_iter().find(marks).map(|entry| self.place(entry.at))
    }

    fn rollout(&self, kind: WorkloadKind) -> Rollout {
        let numbered = kind == WorkloadKind::Numbered;
        let key = if numbered { "updateStrategy" } else { "strategy" };
        let written = self.object.get(&["spec", key, "type"]).and_then(|node| Some((node.text()?, node.at)));
        // Argo's Rollout names its way by the key.
        let argo = self.object.get(&["spec", "strategy"]).into_iter().flat_map(Node::entries);
        let mut argo = argo.filter_map(|entry| match entry.key.as_str() {
            "blueGreen" => Some((Strategy::BlueGreen, entry.at)),
            "canary" => Some((Strategy::Canary, entry.at)),
            _ => None,
        });
        let strategy = match written {
            Some(("Recreate", at)) => self.said(Strategy::Recreate, at),
            Some(("OnDelete", at)) => self.said(Strategy::OnDelete, at),
            Some((_, at)) => self.said(Strategy::Rolling, at),
            None => match argo.next_back() {
                Some((strategy, at)) => self.said(strategy, at),
                None => Said::default_of(Strategy::Rolling),
            },
        };
        let rolls = strategy.value == Strategy::Rolling && !numbered;
        let usual = |amount: Amount| if rolls { amount } else { Amount::Count(0) };
        Rollout {
            max_surge: if numbered {
                Said::default_of(Amount::Count(0))
            } else {
                self.amount(&["spec", key, "rollingUpdate", "maxSurge"], usual(USUAL_SURGE))
            },
            max_unavailable: self
                .amount(&["spec", key, "rollingUpdate", "maxUnavailable"], if numbered { Amount::Count(1) } else { usual(USUAL_SURGE) }),
            strategy,
        }
    }

    fn container(&self, node: &Node, role: ContainerRole) -> Container {
        let name = node.text_of("name").unwrap_or(self.object.name);
        let mut out = Container::new(hide::text(name), role);
        out.image = node.text_of("image").map(hide::text);
        let command: Vec<&str> = ["command", "args"].iter().filter_map(|key| node.get(key)).flat_map(Node::words).collect();
        out.command = (!command.is_empty()).then(|| hide::command(&command));
        let limit = server::limit_of_command(["command", "args"].iter().filter_map(|key| node.get(key)));
        out.limit = limit.map(|(limit, at)| self.said(limit, at));
        out.folder = self.text(node, &["workingDir"]);
        out.user = self.text(node, &["securityContext", "runAsUser"]).or_else(|| self.text(self.pod, &["securityContext", "runAsUser"]));
        out.read_only_root = node.at_path(&["securityContext", "readOnlyRootFilesystem"]).map(|node| self.said(node.is_true(), node.at));
        out.memory_limit = self.text(node, &["resources", "limits", "memory"]);
        let at = |key| node.entry(key).map(|entry| self.place(entry.at));
        (out.readiness, out.liveness, out.startup) = (at("readinessProbe"), at("livenessProbe"), at("startupProbe"));
        out.before_stop = node.at_path(&["lifecycle", "preStop"]).map(|hook| self.place(hook.at));
        out.asked = self.asked(node);
        for port in node.get("ports").map(Node::items).unwrap_or_default() {
            if let Some((number, at)) = port.get("containerPort").and_then(|node| Some((node.text()?.parse().ok()?, node.at))) {
                out.ports.push((port.text_of("name").map(hide::text), Said::written(number, self.place(at))));
            }
        }
        self.environment(node, &mut out);
        out.mounts = self.mounts(node);
        out.limit = out.limit.or_else(|| self.limit_of_files(&out.mounts));
        out
    }

    /// What the files of settings say that are mounted from a ConfigMap.
    fn limit_of_files(&self, mounts: &[Mount]) -> Option<Said<u32>> {
        let objects = mounts.iter().filter(|mount| mount.kind == MountKind::ConfigMap).filter_map(|mount| {
            let object = self.source("ConfigMap", &mount.source)?;
            let is_settings = |(key, ..): &(&str, Option<&str>, Mark)| key.ends_with(".conf") || key.ends_with(".cnf");
            let mut files = data(object).into_iter().filter(is_settings);
            files.find_map(|(_, text, at)| Some(server::said(object.origin, server::limit_of_file(text?)?.0, at)))
        });
        objects.into_iter().next()
    }

    fn asked(&self, container: &Node) -> Vec<Asked> {
        let probes = [("startup", "startupProbe"), ("readiness", "readinessProbe"), ("liveness", "livenessProbe")];
        let get = |(by, key)| {
            let get = container.at_path(&[key, "httpGet"])?;
            let path = get.get("path")?;
            let port = get.text_of("port").map(hide::text);
            Some(Asked { by, path: hide::text(path.text()?), port, at: self.place(path.at) })
        };
        probes.into_iter().filter_map(get).collect()
    }

    fn environment(&self, container: &Node, into: &mut Container) {
        for source in container.get("envFrom").map(Node::items).unwrap_or_default() {
            let prefix = source.text_of("prefix").unwrap_or_default();
            for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                let Some(name) = source.at_path(&[key, "name"]).and_then(Node::text) else { continue };
                let Some(object) = self.source(kind, name) else {
                    into.further_env.push(format!("{kind}/{}", hide::text(name)));
                    continue;
                };
                for (key, text, at) in data(object) {
                    into.env.push(self.taken(&format!("{prefix}{key}"), object, key, text, at, source.at));
                }
            }
        }
        for variable in container.get("env").map(Node::items).unwrap_or_default() {
            let Some(name) = variable.text_of("name") else { continue };
            if let Some(value) = variable.get("value") {
                let source = hide::text(&self.object.owner());
                let written = EnvVar::written(name, value.text().unwrap_or_default(), &source, self.place(value.at));
                into.env.push(EnvVar { environment: self.object.origin.environment(value.at), ..written });
            } else if let Some(from) = variable.get("valueFrom") {
                into.env.push(self.reference(name, from, variable.at));
            }
        }
    }

    /// A variable that is taken from a key of an object.
    fn taken(&self, name: &str, object: &Object<'_>, key: &str, text: Option<&str>, at: Mark, via: Mark) -> EnvVar {
        let source = hide::text(&object.owner());
        let environment = object.origin.environment(at).or_else(|| self.object.origin.environment(via));
        let at = place(object.origin, at);
        let taken = match text.filter(|_| object.kind != "Secret") {
            Some(text) if !hide::hides(key, text) => EnvVar { key: key.into(), ..EnvVar::written(name, text, &source, at) },
            _ => EnvVar::unknown(name, true, &source, key, at),
        };
        EnvVar { via: Some(self.place(via)), environment, ..taken }
    }

    fn reference(&self, name: &str, from: &Node, at: Mark) -> EnvVar {
        for (key, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
            let Some(reference) = from.get(key) else { continue };
            let (of, key) = (reference.text_of("name").unwrap_or_default(), reference.text_of("key").unwrap_or_default());
            if let Some(object) = self.source(kind, of)
                && let Some((_, text, written)) = data(object).into_iter().find(|(one, ..)| *one == key)
            {
                return self.taken(name, object, key, text, written, at);
            }
            return EnvVar::unknown(name, kind == "Secret", &format!("{kind}/{}", hide::text(of)), key, self.place(at));
        }
        let said = match from.at_path(&["fieldRef", "fieldPath"]).and_then(Node::text) {
            Some(field) => format!("the pod's {}", hide::text(field)),
            None => "resources of the container".to_owned(),
        };
        EnvVar::unknown(name, false, &said, name, self.place(at))
    }

    fn mounts(&self, container: &Node) -> Vec<Mount> {
        let mut out: Vec<Mount> = Vec::new();
        for mount in container.get("volumeMounts").map(Node::items).unwrap_or_default() {
            let (Some(volume), Some(path)) = (mount.text_of("name"), mount.text_of("mountPath")) else { continue };
            let (kind, source, read_only, size) = self.volume(volume);
            out.push(Mount {
                path: hide::text(path),
                kind,
                source,
                sub_path: mount.text_of("subPath").or_else(|| mount.text_of("subPathExpr")).map(hide::text),
                read_only: read_only || mount.get("readOnly").is_some_and(Node::is_true),
                size,
                at: self.place(mount.at),
                environment: self.object.origin.environment(mount.at),
            });
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        out
    }

    /// What a volume is: its kind, what it is called, whether it can be written at all, its size.
    fn volume(&self, name: &str) -> (MountKind, String, bool, Option<String>) {
        let volumes = self.pod.get("volumes").map(Node::items).unwrap_or_default();
        let Some(volume) = volumes.iter().find(|volume| volume.text_of("name") == Some(name)) else {
            let templates = self.object.get(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default();
            let template = templates.iter().find(|one| one.at_path(&["metadata", "name"]).and_then(Node::text) == Some(name));
            let size = template.and_then(|one| one.at_path(&["spec", "resources", "requests", "storage"])).and_then(Node::text);
            let kind = if template.is_some() { MountKind::DurableEach } else { MountKind::Other };
            return (kind, hide::text(name), false, size.map(hide::text));
        };
        let Some(source) = volume.entries().iter().find(|entry| entry.key != "name") else {
            // A volume with a name only is an `emptyDir`.
            return (MountKind::Ephemeral, hide::text(name), false, None);
        };
        let node = &source.node;
        let named = |key: &str| hide::text(node.text_of(key).unwrap_or(name));
        let is_read_only = node.get("readOnly").is_some_and(Node::is_true);
        match source.key.as_str() {
            "persistentVolumeClaim" => (MountKind::Durable, named("claimName"), is_read_only, None),
            "emptyDir" => {
                let kind = if node.text_of("medium") == Some("Memory") { MountKind::Memory } else { MountKind::Ephemeral };
                (kind, hide::text(name), false, node.text_of("sizeLimit").map(hide::text))
            }
            "ephemeral" => (MountKind::Ephemeral, hide::text(name), false, None),
            "configMap" => (MountKind::ConfigMap, named("name"), true, None),
            "secret" => (MountKind::Secret, named("secretName"), true, None),
            "projected" | "downwardAPI" => (MountKind::Projected, hide::text(name), true, None),
            "hostPath" => (MountKind::Host, named("path"), false, None),
            "nfs" | "cephfs" | "glusterfs" | "azureFile" => (MountKind::Shared, named("server"), is_read_only, None),
            "awsElasticBlockStore" | "gcePersistentDisk" | "azureDisk" | "rbd" | "iscsi" => {
                (MountKind::Durable, hide::text(name), is_read_only, None)
            }
            _ => (MountKind::Other, hide::text(name), is_read_only, None),
        }
    }
}

/// Keys, values and places of a ConfigMap or a Secret; a value that is encoded is not told.
pub(super) fn data<'a>(object: &'a Object<'_>) -> Vec<(&'a str, Option<&'a str>, Mark)> {
    let mut out = Vec::new();
    for key in ["data", "stringData", "binaryData"] {
        let Some(Value::Map(entries)) = object.get(&[key]).map(|node| &node.value) else { continue };
        let text = |node: &'a Node| node.text().filter(|_| key != "binaryData");
        out.extend(entries.iter().map(|entry| (entry.key.as_str(), text(&entry.node), entry.said_at())));
    }
    out
}
