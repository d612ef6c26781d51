//! Services: what is deployed. One for each binary, with the libraries of the tree that it links.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::package::{DependencyKind, Package, Target, TargetKind};
use crate::model::Service;

/// The services of a tree, sorted by name.
///
/// `crates` names the libraries that a binary links: its package's own and, through normal dependencies, those of other
/// packages of the tree. The binary's own crate is not among them (it may bear the library's name); it is known by `target`.
/// Without any binary, each library that no other package depends on is a service.
#[must_use]
pub fn services(packages: &[Package]) -> Vec<Service> {
    let mut services = Vec::new();
    let mut dirs = Vec::new();
    for (index, target) in roots(packages) {
        let package = &packages[index];
        services.push(Service {
            name: target.name.clone(),
            package: package.name.clone(),
            target: target.root.clone(),
            crates: linked(packages, index).into_iter().collect(),
        });
        dirs.push(&package.dir);
    }
    // Names are made unique by the package, and where that is not enough by its folder.
    rename(&mut services, |_, service| format!("{}/{}", service.package, service.name));
    rename(&mut services, |index, service| format!("{}:{}", dirs[index], service.name));
    services.sort();
    services
}

/// Whether services stand for libraries, because there is no binary.
pub(super) fn library_only(packages: &[Package]) -> bool {
    packages.iter().all(|package| package.bins.is_empty()) && packages.iter().any(|package| package.lib.is_some())
}

/// Packages whose target is a service, with that target.
fn roots(packages: &[Package]) -> Vec<(usize, &Target)> {
    let bins: Vec<(usize, &Target)> =
        packages.iter().enumerate().flat_map(|(index, package)| package.bins.iter().map(move |bin| (index, bin))).collect();
    if !bins.is_empty() {
        return bins;
    }
    let mut used = BTreeSet::new();
    for (index, package) in packages.iter().enumerate() {
        used.extend(normal(package).filter(|member| *member != index));
    }
    let libs = |wanted: &dyn Fn(usize, &Target) -> bool| -> Vec<(usize, &Target)> {
        let all = packages.iter().enumerate().filter_map(|(index, package)| Some((index, package.lib.as_ref()?)));
        all.filter(|(index, lib)| wanted(*index, lib)).collect()
    };
    // A macro runs in the compiler, not in a service; a cycle of libraries has no top.
    [
        libs(&|index, lib| lib.kind == TargetKind::Lib && !used.contains(&index)),
        libs(&|_, lib| lib.kind == TargetKind::Lib),
        libs(&|_, _| true),
    ]
    .into_iter()
    .find(|found| !found.is_empty())
    .unwrap_or_default()
}

/// Names of the library crates that are linked into a target of a package.
fn linked(packages: &[Package], index: usize) -> BTreeSet<SmolStr> {
    let mut seen = BTreeSet::from([index]);
    let mut queue = vec![index];
    let mut crates = BTreeSet::new();
    while let Some(index) = queue.pop() {
        if let Some(lib) = &packages[index].lib {
            crates.insert(lib.crate_name.clone());
        }
        for member in normal(&packages[index]) {
            let in_process = packages.get(member).and_then(|package| package.lib.as_ref()).is_some_and(|lib| lib.kind == TargetKind::Lib);
            if in_process && seen.insert(member) {
                queue.push(member);
            }
        }
    }
    crates
}

/// Packages of the tree that a package links.
fn normal(package: &Package) -> impl Iterator<Item = usize> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .filter_map(|dependency| dependency.workspace_member)
}

/// Renames services whose name another one has too.
fn rename(services: &mut [Service], name: impl Fn(usize, &Service) -> String) {
    let mut counts: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for service in services.iter() {
        *counts.entry(service.name.clone()).or_default() += 1;
    }
    for index in 0..services.len() {
        if counts.get(&services[index].name).is_some_and(|count| *count > 1) {
            services[index].name = name(index, &services[index]).into();
        }
    }
}
