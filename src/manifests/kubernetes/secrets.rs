//! Secrets by name and keys, whoever makes them: the file itself, or an operator that fetches and renews them. Never a value.

use super::super::draft::Draft;
use super::super::image::named;
use super::super::yaml::Node;
use super::objects::{draft, immutable, keys, services_of, who};
use super::{Cluster, Object};
use crate::model::FactValue;

/// A secret that an object makes.
pub(super) struct Made<'a> {
    pub(super) name: &'a str,
    /// Who makes it; empty when the object is it.
    by: &'static str,
    /// How long it lasts, or how often it is fetched: what that is called, and where it is said.
    renewed: &'static [(&'static str, &'static [&'static str])],
}

/// A kind that makes a secret: who makes it, where its name is said, what is said of its renewal.
type Maker = (&'static str, &'static str, &'static [&'static str], &'static [(&'static str, &'static [&'static str])]);

const MAKERS: &[Maker] = &[
    ("SealedSecret", "unsealed from the tree", &["spec", "template", "metadata", "name"], &[]),
    ("ExternalSecret", "fetched from elsewhere", &["spec", "target", "name"], &[("fetched every", &["spec", "refreshInterval"])]),
    (
        "Certificate",
        "made and renewed by cert-manager",
        &["spec", "secretName"],
        &[("lasts", &["spec", "duration"]), ("renewed before its end", &["spec", "renewBefore"])],
    ),
    ("VaultStaticSecret", "fetched from Vault", &["spec", "destination", "name"], &[("fetched every", &["spec", "refreshAfter"])]),
    ("VaultDynamicSecret", "made by Vault for a time", &["spec", "destination", "name"], &[("renewed at", &["spec", "renewalPercent"])]),
    ("VaultPKISecret", "made by Vault for a time", &["spec", "destination", "name"], &[("lasts", &["spec", "ttl"])]),
    (
        "InfisicalSecret",
        "fetched from elsewhere",
        &["spec", "managedSecretReference", "secretName"],
        &[("fetched every seconds", &["spec", "resyncInterval"])],
    ),
    ("DopplerSecret", "fetched from elsewhere", &["spec", "managedSecret", "name"], &[]),
    ("OnePasswordItem", "fetched from elsewhere", &[], &[]),
];

/// The secret that an object makes.
pub(super) fn made_by<'a>(object: &Object<'a>) -> Option<Made<'a>> {
    if object.kind == "Secret" {
        return Some(Made { name: object.name, by: "", renewed: &[] });
    }
    let (_, by, path, renewed) = MAKERS.iter().find(|(kind, ..)| *kind == object.kind)?;
    let name = if path.is_empty() { None } else { object.get(path).and_then(Node::text) };
    // A certificate without a secret is of another sort.
    let name = name.or((object.kind != "Certificate").then_some(object.name))?;
    Some(Made { name, by, renewed })
}

/// The item of a secret that a service uses.
pub(super) fn secret(cluster: &Cluster<'_>, object: &Object<'_>, made: &Made<'_>) -> Option<Draft> {
    let used = cluster.uses_of("Secret", made.name);
    let mut services = services_of(used);
    services.extend(cluster.names.by_name(made.name));
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
    let by = match made.by {
        "" if object.doc.is_generated => " made by a kustomization".to_owned(),
        "" => String::new(),
        by => format!(", {by}"),
    };
    let mut draft = draft(object, "Secret", made.name, format!("{holds}{by}, {}", who(used)), used).services(&services);
    immutable(object, &mut draft);
    for (key, path) in made.renewed {
        if let Some(node) = object.get(path) {
            draft.site(object.origin, node.at);
            draft.text(key, node.text().unwrap_or_default(), object.origin, node.at);
        }
    }
    let written = [&["data"][..], &["stringData"]].iter().find_map(|path| object.get(path));
    if let Some(node) = written.filter(|node| !node.entries().is_empty() && object.kind == "Secret") {
        draft.fact("values", FactValue::Text("written in the file, hidden here".to_owned()), object.origin, node.at);
    }
    Some(draft)
}
