//! Objects of Kubernetes beside workloads: claims, config maps, secrets, affinity, autoscalers, budgets, leases.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::draft::Draft;
use super::hide;
use super::image::named;
use super::kubernetes::{Cluster, DEPENDENCY, Object, UsedBy, of_variant};
use super::yaml::Node;
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
        "Secret" | "ExternalSecret" | "SealedSecret" => "Secret",
        _ => {
            out.extend(other(cluster, object));
            return;
        }
    };
    let used = cluster.uses.get(&(kind, object.name.to_owned())).map(Vec::as_slice).unwrap_or_default();
    declared.insert((kind, object.name.to_owned()));
    out.extend(match kind {
        "PersistentVolumeClaim" => (!services_of(used).is_empty() || cluster.is_near(object.origin.file)).then(|| claim(object, used)),
        "ConfigMap" => config_map(cluster, object, used),
        _ => secret(cluster, object, used),
    });
}

fn services_of(used: &[UsedBy]) -> BTreeSet<SmolStr> {
    used.iter().flat_map(|used| used.services.iter().cloned()).collect()
}

/// A draft of an object with the places where it is used.
fn draft(object: &Object<'_>, kind: &str, summary: String, used: &[UsedBy]) -> Draft {
    let mut draft = Draft::new(format!("{kind}/{}", object.name), "", object.name, summary).services(&services_of(used));
    draft.name = titled(kind, object.name).into();
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
    }
}

/// Who uses an object, in words; what several do alike is told once.
fn who(used: &[UsedBy]) -> String {
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
    let mut draft = draft(object, "PersistentVolumeClaim", summary, used);
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
    let mut draft = draft(object, "ConfigMap", summary, used).services(&services);
    for entry in data {
        let text = entry.node.text().unwrap_or_default();
        match text.lines().count() {
            0 | 1 => draft.variable(&entry.key, text, object.origin, entry.at),
            lines => draft.fact(&entry.key, FactValue::Text(format!("{lines} lines")), object.origin, entry.at),
        }
    }
    Some(draft)
}

/// The name and the keys of a secret; never a value.
fn secret(cluster: &Cluster<'_>, object: &Object<'_>, used: &[UsedBy]) -> Option<Draft> {
    let mut services = services_of(used);
    services.extend(cluster.names.by_name(object.name));
    if services.is_empty() {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for path in [&["data"][..], &["stringData"], &["spec", "encryptedData"]] {
        names.extend(object.get(path).map(Node::entries).unwrap_or_default().iter().map(|entry| entry.key.clone()));
    }
    for one in object.get(&["spec", "data"]).map(Node::items).unwrap_or_default() {
        names.extend(one.text_of("secretKey").map(str::to_owned));
    }
    let holds = if names.is_empty() { "Secret".to_owned() } else { format!("Secret with {}: {}", keys(names.len()), named(&names)) };
    let made = if object.doc.is_generated { " made by a kustomization" } else { "" };
    let summary = format!("{holds}{made}, {}", who(used));
    let mut draft = draft(object, "Secret", summary, used).services(&services);
    let written = [&["data"][..], &["stringData"]].iter().find_map(|path| object.get(path));
    if let Some(node) = written.filter(|node| !node.entries().is_empty() && object.kind == "Secret") {
        draft.fact("values", FactValue::Text("written in the file, hidden here".to_owned()), object.origin, node.at);
    }
    Some(draft)
}

fn keys(count: usize) -> String {
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
        "Service" => affinity(cluster, object),
        "Ingress" => stickiness(cluster, object),
        "HorizontalPodAutoscaler" | "ScaledObject" | "VerticalPodAutoscaler" => autoscaler(cluster, object),
        "PodDisruptionBudget" => budget(cluster, object),
        DEPENDENCY => dependency(cluster, object),
        "Lease" => {
            let services = cluster.names.by_name(object.name);
            let summary = "lease that one pod holds at a time".to_owned();
            (!services.is_empty()).then(|| plain(object, summary, &services).name(format!("lease {}", object.name)))
        }
        _ => None,
    }
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

fn plain(object: &Object<'_>, summary: String, services: &BTreeSet<SmolStr>) -> Draft {
    let mut draft = Draft::new(object.owner(), "", object.name, summary).services(services);
    draft.site(object.origin, object.at());
    draft
}

fn affinity(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let node = object.get(&["spec", "sessionAffinity"]).filter(|node| node.text() == Some("ClientIP"));
    let services = cluster.selected(object.get(&["spec", "selector"]));
    let Some(node) = node else { return stickiness(cluster, object) };
    let timeout = object.get(&["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"]);
    let seconds = timeout.and_then(Node::text).map_or_else(|| "10800".to_owned(), hide::text);
    let summary = format!("a client goes to the same pod for {} after its last request", time(&seconds));
    let mut draft = Draft::new(object.owner(), "affinity", format!("session affinity of {}", object.name), summary).services(&services);
    draft.site(object.origin, node.at);
    if let Some(timeout) = timeout {
        draft.text("timeout", &format!("{seconds}s"), object.origin, timeout.at);
    }
    Some(draft.lost("which pod a client belongs to, when that pod ends or the client's address changes"))
}

/// Seconds as people say them.
fn time(seconds: &str) -> String {
    match seconds.parse::<u32>() {
        Ok(seconds) if seconds >= 3600 && seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        Ok(seconds) if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// Annotations that make a proxy send a client to the same pod.
fn stickiness(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let annotations = object.get(&["metadata", "annotations"])?;
    let told =
        |key: &str| key.contains("affinity") || key.contains("sticky") || key.contains("session-cookie") || key.contains("stickiness");
    let mut sticky = annotations.entries().iter().filter(|entry| {
        let value = entry.node.text().unwrap_or_default();
        (told(&entry.key) || value.contains("stickiness.enabled=true")) && !matches!(value, "false" | "none" | "")
    });
    let first = sticky.next()?;
    let mut services = cluster.selected(object.get(&["spec", "selector"]));
    for rule in object.get(&["spec", "rules"]).map(Node::items).unwrap_or_default() {
        for path in rule.at_path(&["http", "paths"]).map(Node::items).unwrap_or_default() {
            let name = path.at_path(&["backend", "service", "name"]).or_else(|| path.at_path(&["backend", "serviceName"]));
            let Some(name) = name.and_then(Node::text) else { continue };
            let behind = cluster.objects.iter().filter(|other| other.kind == "Service" && other.name == name);
            services.extend(behind.flat_map(|service| cluster.selected(service.get(&["spec", "selector"]))));
            services.extend(cluster.names.by_name(name));
        }
    }
    let mut draft = Draft::new(
        object.owner(),
        "affinity",
        format!("session affinity of {}", object.name),
        "kept by the proxy in front: a client goes to the same pod",
    )
    .services(&services);
    for entry in [first].into_iter().chain(sticky) {
        draft.site(object.origin, entry.at);
        // The name of a cookie is no secret; its key in the annotation looks like one.
        let value = hide::text(entry.node.text().unwrap_or_default());
        draft.fact(entry.key.rsplit('/').next().unwrap_or(&entry.key), FactValue::Text(value), object.origin, entry.at);
    }
    Some(draft.lost("which pod a client belongs to, when that pod ends"))
}

fn autoscaler(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let target = object.get(&["spec", "scaleTargetRef"]).or_else(|| object.get(&["spec", "targetRef"]))?;
    let (kind, name) = (target.text_of("kind").unwrap_or("Deployment"), target.text_of("name").unwrap_or_default());
    let mut services = cluster.services_of(kind, name);
    services.extend(cluster.names.by_name(name));
    if services.is_empty() {
        return None;
    }
    let of = |keys: &[&'static str]| keys.iter().find_map(|key| object.get(&["spec", key]));
    let (least, most) = (of(&["minReplicas", "minReplicaCount"]), of(&["maxReplicas", "maxReplicaCount"]));
    let said = |node: Option<&Node>, usual: &str| node.and_then(Node::text).map_or_else(|| usual.to_owned(), hide::text);
    let summary = match object.kind {
        "VerticalPodAutoscaler" => format!("sets the size of pods of {kind} {}", hide::text(name)),
        "ScaledObject" => format!("{} to {} replicas of {kind} {}", said(least, "0"), said(most, "100"), hide::text(name)),
        _ => format!("{} to {} replicas of {kind} {}", said(least, "1"), said(most, "unknown"), hide::text(name)),
    };
    let mut draft = plain(object, summary, &services).name(format!("autoscaler of {name}"));
    for (key, node) in [("least replicas", least), ("most replicas", most)] {
        if let Some(node) = node {
            draft.site(object.origin, node.at);
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    for metric in object.get(&["spec", "metrics"]).map(Node::items).unwrap_or_default() {
        let resource = metric.get("resource");
        let name = resource.and_then(|resource| resource.text_of("name")).or_else(|| metric.text_of("type")).unwrap_or("metric");
        let goal = resource.and_then(|resource| resource.at_path(&["target", "averageUtilization"])).and_then(Node::text);
        let value = goal.map_or_else(|| "set".to_owned(), |goal| format!("{} %", hide::text(goal)));
        if goal.is_some() {
            draft.summary.push_str(&format!(", aiming at {value} of {}", hide::text(name)));
        }
        draft.fact(&format!("{} per pod", hide::text(name)), FactValue::Text(value), object.origin, metric.at);
    }
    for trigger in object.get(&["spec", "triggers"]).map(Node::items).unwrap_or_default() {
        draft.text("trigger", trigger.text_of("type").unwrap_or_default(), object.origin, trigger.at);
    }
    Some(draft)
}

fn budget(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let mut services = cluster.selected(object.get(&["spec", "selector", "matchLabels"]));
    services.extend(cluster.names.by_name(object.name));
    let (key, node) = ["minAvailable", "maxUnavailable"].iter().find_map(|key| Some((*key, object.get(&["spec", key])?)))?;
    let value = hide::text(node.text().unwrap_or_default());
    let said = if key == "minAvailable" { format!("at least {value} stay") } else { format!("at most {value} go at a time") };
    let mut draft =
        plain(object, format!("{said} when nodes are drained"), &services).name(format!("disruption budget of {}", object.name));
    draft.site(object.origin, node.at);
    (!services.is_empty()).then_some(draft)
}
