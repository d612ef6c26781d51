//! Objects of Kubernetes beside workloads: claims, config maps, secrets, affinity, autoscalers, budgets, leases.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::super::draft::Draft;
use super::super::hide;
use super::super::yaml::Node;
use super::{Cluster, DEPENDENCY, Object, UsedBy, affinity, of_variant, scaling, secrets, storage};
use crate::model::FactValue;
use crate::source::parent;

/// The items of all objects beside workloads.
pub(super) fn drafts(cluster: &Cluster<'_>, out: &mut Vec<Draft>) {
    let mut declared: BTreeSet<(&'static str, String)> = BTreeSet::new();
    for object in &cluster.objects {
        let before = out.len();
        of_object(cluster, object, &mut declared, out);
        of_variant(object, &mut out[before..]);
    }
    for ((kind, name), used) in &cluster.uses {
        if !declared.contains(&(*kind, name.clone())) && used.iter().any(|used| !used.services.is_empty()) {
            out.push(elsewhere(kind, name, used));
        }
    }
}

fn of_object(cluster: &Cluster<'_>, object: &Object<'_>, declared: &mut BTreeSet<(&'static str, String)>, out: &mut Vec<Draft>) {
    let kind = match object.kind {
        "PersistentVolumeClaim" => "PersistentVolumeClaim",
        "ConfigMap" => "ConfigMap",
        _ => match secrets::made_by(object) {
            Some(made) => {
                declared.insert(("Secret", made.name.to_owned()));
                return out.extend(secrets::secret(cluster, object, &made));
            }
            None => return out.extend(other(cluster, object)),
        },
    };
    let used = cluster.uses_of(kind, object.name);
    declared.insert((kind, object.name.to_owned()));
    out.extend(match kind {
        "ConfigMap" => config_map(cluster, object, used),
        _ => (!services_of(used).is_empty() || cluster.is_near(object.origin.file)).then(|| claim(object, used)),
    });
}

pub(super) fn services_of(used: &[UsedBy]) -> BTreeSet<SmolStr> {
    used.iter().flat_map(|used| used.services.iter().cloned()).collect()
}

/// A draft of an object with the places where it is used.
pub(super) fn draft(object: &Object<'_>, kind: &str, name: &str, summary: String, used: &[UsedBy]) -> Draft {
    let mut draft = Draft::new(format!("{kind}/{name}"), "", titled(kind, name), summary).services(&services_of(used));
    draft.site(object.origin, object.at());
    add_uses(&mut draft, used);
    draft
}

/// What an object is called in headings.
fn titled(kind: &str, name: &str) -> String {
    let kind = if kind == "PersistentVolumeClaim" { "PVC" } else { kind };
    format!("{kind} {name}")
}

fn add_uses(draft: &mut Draft, used: &[UsedBy]) {
    for one in used {
        draft.sites.push(one.place.clone());
        if one.as_files {
            draft.fact_at("change in the files", FactValue::Text("a minute or so later".to_owned()), one.place.clone());
        }
    }
}

/// Who uses an object, in words; what several do alike is told once.
pub(super) fn who(used: &[UsedBy]) -> String {
    const SHOWN: usize = 3;
    let mut by_way: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in used {
        match by_way.iter_mut().find(|(how, _)| *how == one.how) {
            Some((_, by)) if by.contains(&one.by.as_str()) => {}
            Some((_, by)) => by.push(&one.by),
            None => by_way.push((&one.how, vec![&one.by])),
        }
    }
    let said: Vec<String> = by_way.iter().map(|(how, by)| format!("{how} in {}", by.join(" and "))).collect();
    match said.len() {
        0 => "used by no workload of the tree".to_owned(),
        more if more > SHOWN => format!("{}; and used in {} more ways", said[..SHOWN].join("; "), more - SHOWN),
        _ => said.join("; "),
    }
}

fn claim(object: &Object<'_>, used: &[UsedBy]) -> Draft {
    let mut summary = "durable volume".to_owned();
    if let Some(size) = object.get(&["spec", "resources", "requests", "storage"]).and_then(Node::text) {
        summary.push_str(&format!(" of {}", hide::text(size)));
    }
    let modes = object.get(&["spec", "accessModes"]).map(Node::words).unwrap_or_default();
    let shared = modes.iter().find_map(|mode| match *mode {
        "ReadWriteOnce" => Some("writable by the pods of one node"),
        "ReadWriteOncePod" => Some("writable by one pod"),
        "ReadWriteMany" => Some("writable by all pods"),
        "ReadOnlyMany" => Some("read by all pods"),
        _ => None,
    });
    summary.push_str(&shared.map(|shared| format!(", {shared}")).unwrap_or_default());
    summary.push_str(&format!(", {}", who(used)));
    let mut draft = draft(object, "PersistentVolumeClaim", object.name, summary, used);
    for (key, path) in [("storage class", &["spec", "storageClassName"][..]), ("storage", &["spec", "resources", "requests", "storage"])] {
        if let Some(node) = object.get(path) {
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    draft.lost("what is in it, when the claim is deleted; pods come and go without it")
}

fn config_map(cluster: &Cluster<'_>, object: &Object<'_>, used: &[UsedBy]) -> Option<Draft> {
    let mut services = services_of(used);
    services.extend(cluster.names.by_name(object.name));
    if services.is_empty() {
        return None;
    }
    let data = object.get(&["data"]).map(Node::entries).unwrap_or_default();
    let made = if object.doc.is_generated { " made by a kustomization" } else { "" };
    let summary = format!("ConfigMap of {}{made}, {}", keys(data.len()), who(used));
    let mut draft = draft(object, "ConfigMap", object.name, summary, used).services(&services);
    immutable(object, &mut draft);
    for entry in data {
        if let Some(path) = entry.node.text_of("file") {
            draft.fact(&entry.key, FactValue::Text(format!("the file {}", hide::text(path))), object.origin, entry.at);
            continue;
        }
        let text = entry.node.text().unwrap_or_default();
        match text.lines().count() {
            0 | 1 => draft.variable(&entry.key, text, object.origin, entry.said_at()),
            lines => draft.fact(&entry.key, FactValue::Text(format!("{lines} lines")), object.origin, entry.at),
        }
    }
    Some(draft)
}

/// `immutable: true`: only another name brings another value.
pub(super) fn immutable(object: &Object<'_>, draft: &mut Draft) {
    if let Some(node) = object.get(&["immutable"]).filter(|node| node.is_true()) {
        draft.fact("immutable", FactValue::Bool(true), object.origin, node.at);
    }
}

pub(super) fn keys(count: usize) -> String {
    if count == 1 { "one key".to_owned() } else { format!("{count} keys") }
}

/// What workloads use and no file of the tree makes.
fn elsewhere(kind: &str, name: &str, used: &[UsedBy]) -> Draft {
    let what = if kind == "PersistentVolumeClaim" { "durable volume" } else { kind };
    let summary = format!("{what} that no file of the tree makes, {}", who(used));
    let mut draft = Draft::new(format!("{kind}/{name}"), "", titled(kind, name), summary).services(&services_of(used));
    add_uses(&mut draft, used);
    draft
}

/// Objects of other kinds.
fn other(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    match object.kind {
        kind if affinity::may_keep(kind) => affinity::kept(cluster, object),
        "StorageClass" => storage::class(cluster, object),
        "PersistentVolume" => storage::volume(cluster, object),
        "ServiceAccount" => account(cluster, object),
        "HorizontalPodAutoscaler" | "ScaledObject" | "VerticalPodAutoscaler" => scaling::autoscaler(cluster, object),
        "PodDisruptionBudget" => scaling::budget(cluster, object),
        DEPENDENCY => dependency(cluster, object),
        "Lease" => {
            let services = cluster.names.by_name(object.name);
            let summary = "lease that one pod holds at a time".to_owned();
            (!services.is_empty()).then(|| plain(object, summary, &services).name(format!("lease {}", object.name)))
        }
        _ => None,
    }
}

/// Annotations that give pods a role of a cloud.
const ROLES: &[&str] = &["eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id"];

/// An account whose pods act under a role of a cloud.
fn account(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let annotations = object.get(&["metadata", "annotations"])?;
    let role =
        ROLES.iter().find_map(|key| annotations.entry(key)).filter(|entry| entry.node.text().is_some_and(|text| !text.is_empty()))?;
    let is_under = |workload: &&Object<'_>| {
        let pod = workload.pod();
        workload.kind_makes_pods()
            && pod.and_then(|pod| pod.text_of("serviceAccountName").or_else(|| pod.text_of("serviceAccount"))) == Some(object.name)
    };
    let workloads = cluster.objects.iter().filter(is_under);
    let services: BTreeSet<SmolStr> = workloads.flat_map(|workload| cluster.services_of_workload(workload)).collect();
    if services.is_empty() {
        return None;
    }
    let summary = "account under which pods get credentials of a cloud, which the platform renews while they run";
    let mut draft = plain(object, summary.to_owned(), &services).name(format!("service account {}", object.name));
    draft.site(object.origin, role.at);
    draft.text("role", role.node.text().unwrap_or_default(), object.origin, role.node.at);
    Some(draft)
}

/// A chart that a chart takes from elsewhere: a database, most often.
fn dependency(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let services = cluster.services_below(parent(object.origin.file));
    if services.is_empty() {
        return None;
    }
    let name = hide::text(object.name);
    let summary = format!("chart `{name}` that is installed with the service; the tree does not say what it holds");
    let mut draft = Draft::new(object.origin.file, format!("dependency/{name}"), format!("chart {name}"), summary).services(&services);
    draft.site(object.origin, object.at());
    for key in ["version", "repository"] {
        if let Some(node) = object.get(&[key]) {
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    Some(draft)
}

pub(super) fn plain(object: &Object<'_>, summary: String, services: &BTreeSet<SmolStr>) -> Draft {
    let mut draft = Draft::new(object.owner(), "", object.name, summary).services(services);
    draft.site(object.origin, object.at());
    draft
}
