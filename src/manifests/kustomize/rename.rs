//! Names that a kustomization gives its objects by a prefix or a suffix, and the references between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::yaml::{Entry, Node, Value};
use super::{Doc, make};

/// At most so many nodes of an object are gone through: aliases make a tree larger than its text.
const MAX_NODES: usize = 20_000;

/// What a reference names, by the key of the map that it stands in and its own.
const REFERENCES: &[(&str, &str, &[&str])] = &[
    ("configMapRef", "name", &["ConfigMap"]),
    ("configMapKeyRef", "name", &["ConfigMap"]),
    ("configMap", "name", &["ConfigMap"]),
    ("secretRef", "name", &["Secret"]),
    ("secretKeyRef", "name", &["Secret"]),
    ("secret", "secretName", &["Secret"]),
    ("secret", "name", &["Secret"]),
    ("persistentVolumeClaim", "claimName", &["PersistentVolumeClaim"]),
    ("scaleTargetRef", "name", &["Deployment", "StatefulSet", "Rollout", "ReplicaSet"]),
    ("targetRef", "name", &["Deployment", "StatefulSet"]),
    ("service", "name", &["Service"]),
    ("backend", "serviceName", &["Service"]),
    ("spec", "serviceName", &["Service"]),
    ("spec", "serviceAccountName", &["ServiceAccount"]),
];

/// Gives objects the names that a kustomization wants.
pub(super) fn rename(kustomization: &Node, objects: &mut [Doc]) {
    let prefix = kustomization.text_of("namePrefix").unwrap_or_default();
    let suffix = kustomization.text_of("nameSuffix").unwrap_or_default();
    let Some(said) = ["nameSuffix", "namePrefix"].iter().find_map(|key| kustomization.entry(key)) else { return };
    let mut names: BTreeMap<(String, String), String> = BTreeMap::new();
    for doc in objects.iter() {
        let (kind, name) = doc.id();
        if !matches!(kind.as_str(), "Namespace" | "CustomResourceDefinition" | "APIService") {
            let new = format!("{prefix}{name}{suffix}");
            names.insert((kind, name), new);
        }
    }
    for doc in objects {
        let id = doc.id();
        if let Some(new) = names.get(&id) {
            // The name keeps its place: that is where the object is declared.
            let at = doc.root.at_path(&["metadata", "name"]).map_or(said.at, |node| node.at);
            if let Some(metadata) = doc.root.get_arc("metadata") {
                let metadata = make::with(&metadata, "name", at, Arc::new(Node::scalar(new.clone(), at)));
                let entry_at = doc.root.entry("metadata").map_or(doc.root.at, |entry| entry.at);
                doc.root = make::with(&doc.root, "metadata", entry_at, metadata);
            }
        }
        if let Some(changed) = referring(&doc.root, "", &names, &mut 0) {
            doc.root = changed;
        }
    }
}

/// A node with its references changed; none when nothing changed.
fn referring(node: &Arc<Node>, under: &str, names: &BTreeMap<(String, String), String>, seen: &mut usize) -> Option<Arc<Node>> {
    *seen += 1;
    if *seen > MAX_NODES {
        return None;
    }
    match &node.value {
        Value::Scalar { .. } => None,
        Value::List(items) => {
            let mut out: Option<Vec<Arc<Node>>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(changed) = referring(item, under, names, seen) {
                    out.get_or_insert_with(|| items.clone())[at] = changed;
                }
            }
            out.map(|items| Arc::new(Node::made(Value::List(items), node.at)))
        }
        Value::Map(entries) => {
            let mut out: Option<Vec<Entry>> = None;
            for (at, entry) in entries.iter().enumerate() {
                let changed = match entry.node.text() {
                    Some(text) => named(under, &entry.key, text, names).map(|new| Arc::new(Node::scalar(new, entry.node.at))),
                    None => referring(&entry.node, &entry.key, names, seen),
                };
                if let Some(changed) = changed {
                    out.get_or_insert_with(|| entries.clone())[at].node = changed;
                }
            }
            out.map(|entries| Arc::new(Node::made(Value::Map(entries), node.at)))
        }
    }
}

/// The new name of what a reference names.
fn named(under: &str, key: &str, text: &str, names: &BTreeMap<(String, String), String>) -> Option<String> {
    let (.., kinds) = REFERENCES.iter().find(|(parent, name, _)| *parent == under && *name == key)?;
    kinds.iter().find_map(|kind| names.get(&((*kind).to_owned(), text.to_owned())).cloned())
}
