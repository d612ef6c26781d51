//! What a kustomization changes on all its objects, and the objects that it makes itself.

use std::sync::Arc;

use super::super::yaml::{Entry, Mark, Node, Value};
use super::{Doc, rename};

/// Whether Kubernetes itself knows a kind, so that its lists are merged by name.
pub(super) fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Job"
            | "CronJob"
            | "Pod"
            | "PodTemplate"
            | "Service"
            | "ServiceAccount"
            | "Ingress"
            | "ConfigMap"
            | "Secret"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "HorizontalPodAutoscaler"
            | "PodDisruptionBudget"
            | "StorageClass"
            | "Lease"
    )
}

/// Whether objects of a kind make pods.
pub(super) fn makes_pods(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob" | "Rollout" | "ReplicationController")
}

/// Whether an object is one that a patch is for.
pub(super) fn is_target(target: &Node, kind: &str, name: &str, object: &Node) -> bool {
    let fits = |key: &str, have: &str| target.text_of(key).is_none_or(|wanted| is_match(wanted, have));
    let labels = |path: &[&str]| object.at_path(path).map(Node::entries).unwrap_or_default();
    let selected = |key: &str, path: &[&str]| {
        target.text_of(key).is_none_or(|selector| {
            selector.split(',').all(|one| match one.split_once('=') {
                Some((name, value)) => labels(path)
                    .iter()
                    .any(|entry| entry.key == name.trim() && entry.node.text().unwrap_or_default() == value.trim_start_matches('=').trim()),
                None => labels(path).iter().any(|entry| entry.key == one.trim()),
            })
        })
    };
    fits("kind", kind)
        && fits("name", name)
        && selected("labelSelector", &["metadata", "labels"])
        && selected("annotationSelector", &["metadata", "annotations"])
}

/// A name as a pattern of Kustomize: `shop`, `shop-.*`, `a|b`, `.*`.
fn is_match(pattern: &str, text: &str) -> bool {
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
    pattern.trim_start_matches('(').trim_end_matches(')').split('|').any(|one| {
        let parts: Vec<&str> = one.split(".*").collect();
        let [first, middle @ .., last] = parts.as_slice() else { return one == text };
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        for part in middle {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.len() >= last.len() && rest.ends_with(last)
    })
}

/// A patched object under the name that it had: its patch may say another one.
pub(super) fn with_name(node: Arc<Node>, before: &Arc<Node>) -> Arc<Node> {
    let name = |node: &Arc<Node>| node.at_path(&["metadata", "name"]).and_then(Node::text).map(str::to_owned);
    let (Some(metadata), Some(old)) = (node.get_arc("metadata"), before.at_path(&["metadata"]).and_then(|one| one.entry("name"))) else {
        return node;
    };
    if name(&node) == name(before) && metadata.entry("name").is_some_and(|entry| entry.at == old.at) {
        return node;
    }
    let metadata = with(&metadata, "name", old.at, old.node.clone());
    let at = node.entry("metadata").map_or(node.at, |entry| entry.at);
    with(&node, "metadata", at, metadata)
}

/// A map with one key set.
pub(super) fn with(node: &Node, key: &str, at: Mark, value: Arc<Node>) -> Arc<Node> {
    let mut entries = node.entries().to_vec();
    match entries.iter_mut().rev().find(|entry| entry.key == key) {
        Some(entry) => *entry = Entry { key: key.to_owned(), at, home: entry.home, node: value },
        None => entries.push(Entry::made(key, at, value)),
    }
    Arc::new(Node::made(Value::Map(entries), node.at))
}

/// A value further down set, through maps that are made where they are missing.
fn with_path(node: &Arc<Node>, path: &[&str], at: Mark, value: Arc<Node>) -> Arc<Node> {
    let Some((first, rest)) = path.split_first() else { return value };
    let empty = || Arc::new(Node::made(Value::Map(Vec::new()), at));
    let entry = node.entry(first);
    let inner = with_path(&entry.map_or_else(empty, |entry| entry.node.clone()), rest, at, value);
    let key_at = if rest.is_empty() { at } else { entry.map_or(at, |entry| entry.at) };
    with(node, first, key_at, inner)
}

/// Where the pods of a kind of object are described.
pub(super) fn template(kind: &str) -> &'static [&'static str] {
    match kind {
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        "Pod" => &[],
        _ => &["spec", "template"],
    }
}

/// Changes what a kustomization changes everywhere: names, namespace, labels, annotations, images, numbers of replicas.
pub(super) fn transform(kustomization: &Node, keeps_names: bool, objects: &mut [Doc]) {
    if !keeps_names {
        rename::rename(kustomization, objects);
    }
    let labels = kustomization.get("commonLabels");
    let paired = kustomization.get("labels").map(Node::items).unwrap_or_default();
    for doc in objects.iter_mut() {
        let (kind, name) = doc.id();
        for (key, before) in [("namePrefix", true), ("nameSuffix", false)].into_iter().filter(|_| keeps_names) {
            if let Some((text, at)) = kustomization.get(key).and_then(|node| Some((node.text()?, node.at))) {
                let known = doc.called.as_ref().map_or(name.as_str(), |(known, _)| known);
                doc.called = Some((if before { format!("{text}{known}") } else { format!("{known}{text}") }, at));
            }
        }
        if let Some(namespace) = kustomization.entry("namespace") {
            doc.root = with_path(&doc.root, &["metadata", "namespace"], namespace.at, namespace.node.clone());
        }
        for label in labels.map(Node::entries).unwrap_or_default() {
            add_label(doc, &kind, label, true, true);
        }
        for group in paired {
            let says = |key: &str| group.get(key).is_some_and(Node::is_true);
            for label in group.get("pairs").map(Node::entries).unwrap_or_default() {
                add_label(doc, &kind, label, says("includeSelectors"), says("includeSelectors") || says("includeTemplates"));
            }
        }
        for annotation in kustomization.get("commonAnnotations").map(Node::entries).unwrap_or_default() {
            let path = ["metadata", "annotations", annotation.key.as_str()];
            doc.root = with_path(&doc.root, &path, annotation.at, annotation.node.clone());
        }
        for image in kustomization.get("images").map(Node::items).unwrap_or_default() {
            doc.root = with_image(&doc.root, &kind, image);
        }
        for replicas in kustomization.get("replicas").map(Node::items).unwrap_or_default() {
            if let (Some(wanted), Some(count)) = (replicas.text_of("name"), replicas.entry("count"))
                && wanted == name
                && matches!(kind.as_str(), "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController")
            {
                doc.root = with_path(&doc.root, &["spec", "replicas"], count.at, count.node.clone());
            }
        }
    }
}

fn add_label(doc: &mut Doc, kind: &str, label: &Entry, selects: bool, templates: bool) {
    let mut paths: Vec<Vec<&str>> = vec![vec!["metadata", "labels"]];
    if makes_pods(kind) && templates {
        paths.push([template(kind), &["metadata", "labels"]].concat());
    }
    if selects && matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "PodDisruptionBudget") {
        paths.push(vec!["spec", "selector", "matchLabels"]);
    }
    if selects && kind == "Service" {
        paths.push(vec!["spec", "selector"]);
    }
    for mut path in paths {
        path.push(&label.key);
        doc.root = with_path(&doc.root, &path, label.at, label.node.clone());
    }
}

/// An object in which an image is named as a kustomization wants it.
fn with_image(root: &Arc<Node>, kind: &str, image: &Node) -> Arc<Node> {
    let Some(wanted) = image.text_of("name") else { return root.clone() };
    let telling = ["newTag", "digest", "newName"].iter().find_map(|key| image.entry(key));
    let Some(telling) = telling else { return root.clone() };
    let mut out = root.clone();
    for key in ["containers", "initContainers"] {
        let path = if kind == "Pod" { vec!["spec", key] } else { [template(kind), &["spec", key]].concat() };
        let Some(list) = root.at_path(&path) else { continue };
        let mut changed = false;
        let containers: Vec<Arc<Node>> = list
            .items()
            .iter()
            .map(|container| {
                let Some(entry) = container.entry("image") else { return container.clone() };
                let text = entry.node.text().unwrap_or_default();
                let (name, rest) = split_image(text);
                if name != wanted {
                    return container.clone();
                }
                changed = true;
                let name = image.text_of("newName").unwrap_or(name);
                let said = match (image.text_of("digest"), image.text_of("newTag")) {
                    (Some(digest), _) => format!("{name}@{digest}"),
                    (None, Some(tag)) => format!("{name}:{tag}"),
                    (None, None) => format!("{name}{rest}"),
                };
                with(container, "image", telling.at, Arc::new(Node::scalar(said, telling.at)))
            })
            .collect();
        if changed {
            out = with_path(&out, &path, list.at, Arc::new(Node::made(Value::List(containers), list.at)));
        }
    }
    out
}

/// `registry:5000/team/shop` and `:1.2@sha256:…`.
fn split_image(text: &str) -> (&str, &str) {
    let start = text.rfind('/').map_or(0, |at| at + 1);
    let at = text[start..].find([':', '@']).map_or(text.len(), |at| start + at);
    text.split_at(at)
}

/// The literals and files of a generator, as entries of its data.
pub(super) fn literals(made: &Node) -> Vec<Entry> {
    let mut out = Vec::new();
    for literal in made.get("literals").map(Node::items).unwrap_or_default() {
        if let Some((key, value)) = literal.text().and_then(|text| text.split_once('=')) {
            let value = value.trim_matches(['"', '\'']);
            out.push(Entry::made(key, literal.at, Node::scalar(value, literal.at)));
        }
    }
    for file in made.get("files").map(Node::items).unwrap_or_default() {
        let Some(text) = file.text() else { continue };
        let (key, path) = text.split_once('=').unwrap_or((text.rsplit('/').next().unwrap_or(text), text));
        // What is in the file is not told: it has keys of its own.
        let named = Node::made(Value::Map(vec![Entry::made("file", file.at, Node::scalar(path, file.at))]), file.at);
        out.push(Entry::made(key, file.at, named));
    }
    out
}

/// A ConfigMap or a Secret with its data; of `before`, what is not said again.
pub(super) fn object(kind: &str, made: &Node, data: Vec<Entry>, before: Option<&Node>) -> Arc<Node> {
    let at = made.at;
    let map = |entries: Vec<Entry>| Arc::new(Node::made(Value::Map(entries), at));
    let scalar = |key: &str, text: &str| Entry::made(key, at, Node::scalar(text, at));
    let mut all = data;
    for entry in
        before.into_iter().flat_map(|object| ["data", "stringData"].into_iter().filter_map(|key| object.get(key))).flat_map(Node::entries)
    {
        if !all.iter().any(|known| known.key == entry.key) {
            all.push(entry.clone());
        }
    }
    let metadata = match before.and_then(|object| object.get_arc("metadata")) {
        Some(metadata) => metadata,
        None => {
            let name = made.get_arc("name").unwrap_or_else(|| Arc::new(Node::scalar("", at)));
            map(vec![Entry::made("name", name.at, name)])
        }
    };
    let data_key = if kind == "Secret" { "stringData" } else { "data" };
    map(vec![scalar("apiVersion", "v1"), scalar("kind", kind), Entry::made("metadata", at, metadata), Entry::made(data_key, at, map(all))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_names_or_simple_patterns() {
        for (pattern, name) in
            [("shop", "shop"), (".*", "shop"), ("shop-.*", "shop-api"), ("a|shop", "shop"), ("^shop$", "shop"), ("s.*p", "shop")]
        {
            assert!(is_match(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("shop", "shop-api"), ("shop-.*", "shop"), ("a|b", "shop"), ("s.*x", "shop"), ("sho.*op", "shop")] {
            assert!(!is_match(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn an_image_is_split_before_its_tag_and_not_at_a_port() {
        assert_eq!(split_image("reg:5000/a/shop:1"), ("reg:5000/a/shop", ":1"));
        assert_eq!(split_image("shop@sha256:00"), ("shop", "@sha256:00"));
        assert_eq!(split_image("shop"), ("shop", ""));
    }
}
