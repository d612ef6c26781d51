//! Variables that are given twice in one environment: two objects of one kind and name, and only one of them can be in a cluster.
//!
//! Files of other folders, and files beside each other that are whole deployments, are alternatives and no rivals; so are
//! namespaces, environments and what stands under a condition that is not known.

use super::super::draft::place;
use super::super::hide;
use super::super::kubernetes::Object;
use super::of_kubernetes::{Sources, data};
use super::{EnvVar, Rival, Workload};
use crate::source::parent;

/// At most so many are told.
const MAX_RIVALS: usize = 100;
/// At most so many objects of one name are compared.
const MAX_TWINS: usize = 8;

/// All that is given twice.
pub(super) fn all(workloads: &[(&Object<'_>, Workload)], sources: &Sources<'_>) -> Vec<Rival> {
    let mut out = Vec::new();
    for (index, (object, workload)) in workloads.iter().enumerate() {
        if workload.services.is_empty() {
            continue;
        }
        of_sources(object, workload, sources, &mut out);
        for (other, twin) in &workloads[index + 1..] {
            if other.origin.file == object.origin.file && is_same(object, other) && other.kind == object.kind {
                of_twins(workload, twin, &mut out);
            }
        }
    }
    out.dedup();
    out.truncate(MAX_RIVALS);
    out
}

/// Whether two objects of one kind would be one in a cluster.
fn is_same(one: &Object<'_>, other: &Object<'_>) -> bool {
    let namespace = |object: &Object<'_>| object.get(&["metadata", "namespace"]).and_then(|node| node.text().map(str::to_owned));
    let free = |object: &Object<'_>| object.origin.condition(object.at()).is_none();
    let templated = |object: &Object<'_>| object.name.is_empty() || object.name.contains(['{', '$']);
    one.name == other.name
        && one.doc.environment == other.doc.environment
        && namespace(one) == namespace(other)
        && free(one)
        && free(other)
        && !templated(one)
}

/// Two ConfigMaps from which one container could take a variable.
fn of_sources(object: &Object<'_>, workload: &Workload, sources: &Sources<'_>, out: &mut Vec<Rival>) {
    let variables = || workload.own().flat_map(|container| &container.env).filter(|variable| variable.via.is_some() && !variable.hidden);
    for ((kind, _, _), found) in sources.iter().filter(|(_, found)| found.len() > 1) {
        let found = &found[..found.len().min(MAX_TWINS)];
        for other in found {
            let at = |one: &Object<'_>| place(one.origin, one.at());
            let twins = found.iter().filter(|one| at(one) != at(other) && is_same(one, other) && are_beside(one, other, object));
            for used in twins {
                let owner = hide::text(&used.owner());
                for variable in variables().filter(|variable| variable.source == owner && *kind == "ConfigMap") {
                    let given = data(used).into_iter().any(|(key, _, at)| key == variable.key && place(used.origin, at) == variable.at);
                    let rival = data(other).into_iter().find(|(key, ..)| *key == variable.key);
                    let Some((key, Some(text), at)) = rival.filter(|_| given) else { continue };
                    if hide::hides(key, text) {
                        continue;
                    }
                    let written = EnvVar::written(&variable.name, text, &owner, place(other.origin, at));
                    let other = EnvVar { key: variable.key.clone(), via: variable.via.clone(), ..written };
                    push(workload, variable, other, out);
                }
            }
        }
    }
}

/// Whether two objects are applied together: they stand in one file, or in files of one folder that the workload is in, too, and is
/// in neither of them.
fn are_beside(one: &Object<'_>, other: &Object<'_>, workload: &Object<'_>) -> bool {
    let (a, b, of) = (one.origin.file, other.origin.file, workload.origin.file);
    a == b || (parent(a) == parent(b) && parent(a) == parent(of) && a != of && b != of)
}

/// One workload that is written twice.
fn of_twins(one: &Workload, other: &Workload, out: &mut Vec<Rival>) {
    for container in one.own() {
        for twin in other.own().filter(|twin| twin.name == container.name) {
            for variable in container.env.iter().filter(|variable| !variable.hidden) {
                if let Some(rival) = twin.variable(&variable.name).filter(|rival| !rival.hidden) {
                    push(one, variable, rival.clone(), out);
                }
            }
        }
    }
}

fn push(workload: &Workload, used: &EnvVar, other: EnvVar, out: &mut Vec<Rival>) {
    let same_environment = used.environment == other.environment || used.via.is_some();
    if same_environment && used.value.is_some() && other.value.is_some() && used.value != other.value && used.at != other.at {
        out.push(Rival { services: workload.services.clone(), used: used.clone(), other });
    }
}
