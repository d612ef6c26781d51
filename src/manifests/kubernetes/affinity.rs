//! What sends a client to the same pod: session affinity of services, sticky cookies of proxies and gateways.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::super::draft::Draft;
use super::super::hide;
use super::super::yaml::{Entry, Node, Value};
use super::{Cluster, Object};
use crate::model::FactValue;

/// At most so many nodes of an object are gone through: aliases make a tree larger than its text.
const MAX_NODES: usize = 5_000;

/// Session affinity that an object keeps.
pub(super) fn kept(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    match object.kind {
        "Service" => by_address(cluster, object).or_else(|| by_annotation(cluster, object)),
        "Ingress" => by_annotation(cluster, object),
        _ => by_rule(cluster, object),
    }
}

/// Kinds of proxies and gateways that have a key for it: the key, and values of it (or of a key within) that switch it off.
const RULES: &[(&str, &[&str])] = &[
    ("HTTPRoute", &["sessionPersistence"]),
    ("GRPCRoute", &["sessionPersistence"]),
    ("BackendTrafficPolicy", &["sessionPersistence", "consistentHash"]),
    ("XBackendTrafficPolicy", &["sessionPersistence"]),
    ("BackendLBPolicy", &["sessionPersistence"]),
    ("IngressRoute", &["sticky"]),
    ("TraefikService", &["sticky"]),
    ("BackendConfig", &["sessionAffinity"]),
    ("GCPBackendPolicy", &["sessionAffinity"]),
    ("DestinationRule", &["consistentHash"]),
    ("HTTPProxy", &["loadBalancerPolicy"]),
    ("VirtualServer", &["sessionCookie"]),
];

/// Whether objects of a kind may say it.
pub(super) fn may_keep(kind: &str) -> bool {
    matches!(kind, "Service" | "Ingress") || RULES.iter().any(|(known, _)| *known == kind)
}

fn draft(object: &Object<'_>, summary: &str, services: &BTreeSet<SmolStr>) -> Draft {
    Draft::new(object.owner(), "affinity", format!("session affinity of {}", object.name), summary).services(services)
}

/// `sessionAffinity: ClientIP`.
fn by_address(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let node = object.get(&["spec", "sessionAffinity"]).filter(|node| node.text() == Some("ClientIP"))?;
    let services = cluster.selected(object.get(&["spec", "selector"]));
    let timeout = object.get(&["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"]);
    let seconds = timeout.and_then(Node::text).map_or_else(|| "10800".to_owned(), hide::text);
    let mut draft = draft(object, &format!("a client goes to the same pod for {} after its last request", time(&seconds)), &services);
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
fn by_annotation(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let annotations = object.get(&["metadata", "annotations"])?;
    let words = ["affinity", "sticky", "session-cookie", "stickiness", "cookie-persistence", "upstream-hash-by"];
    let mut sticky = annotations.entries().iter().filter(|entry| {
        let value = entry.node.text().unwrap_or_default();
        let told = words.iter().any(|word| entry.key.contains(word));
        (told || value.contains("stickiness.enabled=true")) && !matches!(value, "false" | "none" | "None" | "")
    });
    let first = sticky.next()?;
    let mut services = cluster.selected(object.get(&["spec", "selector"]));
    services.extend(behind(cluster, object));
    let mut draft = draft(object, "kept by the proxy in front: a client goes to the same pod", &services);
    for entry in [first].into_iter().chain(sticky) {
        draft.site(object.origin, entry.at);
        // The name of a cookie is no secret; its key in the annotation looks like one.
        let value = hide::text(entry.node.text().unwrap_or_default());
        draft.fact(entry.key.rsplit('/').next().unwrap_or(&entry.key), FactValue::Text(value), object.origin, entry.at);
    }
    Some(draft.lost("which pod a client belongs to, when that pod ends"))
}

/// A rule of a gateway or a mesh.
fn by_rule(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let (_, keys) = RULES.iter().find(|(kind, _)| *kind == object.kind)?;
    let spec = object.get(&["spec"])?;
    let mut found: Vec<&Entry> = Vec::new();
    find(spec, &mut 0, &mut |entry| {
        if keys.contains(&entry.key.as_str()) && is_on(&entry.node) {
            found.push(entry);
        }
    });
    let services = behind(cluster, object);
    if found.is_empty() || services.is_empty() {
        return None;
    }
    let mut draft = draft(object, "kept by the proxy in front: a client goes to the same pod", &services);
    for entry in found {
        draft.site(object.origin, entry.at);
        find(&entry.node, &mut 0, &mut |inner| {
            if let Some(text) = inner.node.text() {
                draft.fact(&inner.key, FactValue::Text(hide::text(text)), object.origin, inner.at);
            }
        });
    }
    Some(draft.lost("which pod a client belongs to, when that pod ends"))
}

/// Whether a rule says that a client stays: a balancing that only spreads does not.
fn is_on(node: &Node) -> bool {
    let told = ["strategy", "affinityType", "type"].iter().find_map(|key| node.text_of(key));
    !matches!(told, Some("NONE" | "None" | "Random" | "RoundRobin" | "WeightedLeastRequest" | "LeastRequest"))
        && !node.get("disabled").is_some_and(Node::is_true)
        && (node.text().is_none() || node.is_true())
}

/// Services of the tree that an object sends requests to.
fn behind(cluster: &Cluster<'_>, object: &Object<'_>) -> BTreeSet<SmolStr> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    if let Some(spec) = object.get(&["spec"]) {
        find(spec, &mut 0, &mut |entry| {
            if matches!(entry.key.as_str(), "name" | "serviceName" | "host" | "service")
                && let Some(name) = entry.node.text()
            {
                names.insert(name.split('.').next().unwrap_or(name));
            }
        });
    }
    let mut services = BTreeSet::new();
    for name in names {
        services.extend(cluster.of_service(name));
        services.extend(cluster.names.by_name(name));
    }
    services
}

/// Goes through all entries of a node.
fn find<'n>(node: &'n Node, seen: &mut usize, see: &mut impl FnMut(&'n Entry)) {
    *seen += 1;
    if *seen > MAX_NODES {
        return;
    }
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                see(entry);
                find(&entry.node, seen, see);
            }
        }
        Value::List(items) => items.iter().for_each(|item| find(item, seen, see)),
        Value::Scalar { .. } => {}
    }
}
