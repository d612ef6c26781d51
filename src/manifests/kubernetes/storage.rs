//! Where claims of services get their volumes from: storage classes and volumes that are made by hand.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::super::draft::Draft;
use super::super::hide;
use super::super::yaml::Node;
use super::objects::plain;
use super::{Cluster, Object};

/// A claim, or the template of one.
struct Claim<'a> {
    name: &'a str,
    spec: &'a Node,
    services: BTreeSet<SmolStr>,
}

/// The claims of services.
fn claims<'a>(cluster: &'a Cluster<'_>) -> Vec<Claim<'a>> {
    let mut out = Vec::new();
    for object in &cluster.objects {
        if object.kind == "PersistentVolumeClaim"
            && let Some(spec) = object.get(&["spec"])
        {
            let used = cluster.uses.get(&("PersistentVolumeClaim", object.name.to_owned()));
            let services = used.into_iter().flatten().flat_map(|used| used.services.iter().cloned()).collect();
            out.push(Claim { name: object.name, spec, services });
        }
        for template in object.get(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default() {
            if let Some(spec) = template.get("spec") {
                let name = template.at_path(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
                out.push(Claim { name, spec, services: cluster.services_of_workload(object) });
            }
        }
    }
    out
}

/// What becomes of a volume whose claim is deleted.
fn fate(policy: Option<&str>) -> &'static str {
    match policy {
        Some("Retain") => "kept when its claim is deleted",
        Some("Recycle") => "emptied when its claim is deleted",
        _ => "deleted with its claim",
    }
}

/// A class that claims of services name.
pub(super) fn class(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let of = claims(cluster).into_iter().filter(|claim| claim.spec.text_of("storageClassName") == Some(object.name));
    let services: BTreeSet<SmolStr> = of.flat_map(|claim| claim.services).collect();
    if services.is_empty() {
        return None;
    }
    let provisioner = hide::text(object.get(&["provisioner"]).and_then(Node::text).unwrap_or("an unknown provisioner"));
    let policy = object.get(&["reclaimPolicy"]);
    let summary = format!("volumes made by `{provisioner}`, {}", fate(policy.and_then(Node::text)));
    let mut draft = plain(object, summary, &services).name(format!("storage class {}", object.name));
    for (key, path) in [("reclaim policy", "reclaimPolicy"), ("binding", "volumeBindingMode"), ("can grow", "allowVolumeExpansion")] {
        if let Some(node) = object.get(&[path]) {
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    Some(draft)
}

/// A volume that somebody made for a claim.
pub(super) fn volume(cluster: &Cluster<'_>, object: &Object<'_>) -> Option<Draft> {
    let spec = object.get(&["spec"])?;
    let claimed = spec.at_path(&["claimRef", "name"]).and_then(Node::text);
    let class = spec.text_of("storageClassName").filter(|class| !class.is_empty());
    let fits = |claim: &Claim<'_>| {
        let by_name = claimed == Some(claim.name) || claim.spec.text_of("volumeName") == Some(object.name);
        by_name
            || claimed.is_none()
                && claim.spec.text_of("volumeName").is_none()
                && class.is_some()
                && claim.spec.text_of("storageClassName") == class
    };
    let services: BTreeSet<SmolStr> = claims(cluster).into_iter().filter(fits).flat_map(|claim| claim.services).collect();
    if services.is_empty() {
        return None;
    }
    let (what, place) =
        ["hostPath", "local", "nfs", "csi", "awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "azureFile", "cephfs", "iscsi"]
            .iter()
            .find_map(|key| Some((*key, spec.entry(key)?)))
            .map_or(("volume", None), |(key, entry)| (key, Some(entry)));
    let what = match what {
        "hostPath" | "local" => "folder of one node",
        "nfs" | "cephfs" | "azureFile" => "shared file system",
        "volume" => "volume",
        _ => "disk",
    };
    let size =
        spec.at_path(&["capacity", "storage"]).and_then(Node::text).map(|size| format!(" of {}", hide::text(size))).unwrap_or_default();
    let policy = spec.text_of("persistentVolumeReclaimPolicy").or(Some("Retain"));
    let mut draft =
        plain(object, format!("{what}{size} made by hand, {}", fate(policy)), &services).name(format!("volume {}", object.name));
    if let Some(entry) = place {
        draft.site(object.origin, entry.at);
        for key in ["path", "server", "driver", "volumeHandle", "volumeID", "pdName"] {
            if let Some(node) = entry.node.get(key) {
                draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
            }
        }
    }
    Some(draft)
}
