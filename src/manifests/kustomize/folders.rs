//! Objects without a kustomization that stand in folders named like environments: `k8s/production/shop.yaml` beside
//! `k8s/staging/shop.yaml`, or beside `k8s/base/shop.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::super::files::Files;
use super::super::yaml::Node;
use super::{Doc, ENVIRONMENTS, make, strategic};
use crate::source::parent;

/// The environment that a folder of the path is named after, and the path to that folder.
fn environment_of(path: &str) -> Option<(&str, &str)> {
    let mut folder = parent(path);
    while !folder.is_empty() {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        if ENVIRONMENTS.contains(&name.to_ascii_lowercase().as_str()) {
            return Some((name, folder));
        }
        folder = parent(folder);
    }
    None
}

/// Says of objects which environment they are for, where the same workload stands in several folders.
pub(super) fn tell(docs: &mut [Doc], files: &mut Files) {
    let mut folders: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for doc in docs.iter().filter(|doc| make::makes_pods(&doc.id().0)) {
        folders.entry(doc.id()).or_default().insert(parent(&doc.file).to_owned());
    }
    let several = folders.into_iter().filter(|(_, folders)| folders.len() > 1);
    let told: BTreeSet<String> = several.flat_map(|(_, folders)| folders).collect();
    // Folders of environments that hold such a workload; all objects below are of that environment.
    let roots: BTreeMap<String, SmolStr> = told
        .iter()
        .filter_map(|folder| environment_of(&format!("{folder}/x")).map(|(name, root)| (root.to_owned(), SmolStr::new(name))))
        .collect();
    if roots.is_empty() {
        return;
    }
    let mut bases: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut varied: BTreeMap<(String, String), BTreeSet<SmolStr>> = BTreeMap::new();
    for (at, doc) in docs.iter_mut().enumerate() {
        let root = environment_of(&doc.file).and_then(|(_, root)| roots.get(root));
        match root {
            Some(environment) => {
                doc.environment = Some(environment.clone());
                files.speaks_for(&doc.file, environment);
                varied.entry(doc.id()).or_default().insert(environment.clone());
            }
            None => {
                bases.entry(doc.id()).or_insert(at);
            }
        }
    }
    for at in 0..docs.len() {
        let id = docs[at].id();
        if docs[at].environment.is_none() {
            docs[at].varied = varied.get(&id).into_iter().flatten().cloned().collect();
        } else if let Some(base) = bases.get(&id).filter(|_| is_part(&docs[at].root, &id.0)) {
            let base = docs[*base].root.clone();
            if let Some(whole) = strategic::merge(&base, &docs[at].root, make::is_known(&id.0)) {
                docs[at].root = make::with_name(whole, &base);
            }
        }
    }
}

/// Whether an object is a part only, to be laid over another one: a workload whose containers name no image.
fn is_part(root: &Node, kind: &str) -> bool {
    make::makes_pods(kind) && {
        let path = [make::template(kind), &["spec", "containers"]].concat();
        root.at_path(&path).map(Node::items).unwrap_or_default().iter().all(|container| container.get("image").is_none())
    }
}
