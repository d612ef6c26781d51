//! Services: what is deployed. One for each binary, with the libraries of the tree that it links.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::package::{Dependency, DependencyKind, Package, Target, TargetKind};
use crate::model::Service;

/// The services of a tree, sorted by name.
///
/// `crates` names the libraries that a binary links: its package's own and, through normal dependencies, those of other
/// packages of the tree. The binary's own crate is not among them (it may bear the library's name); it is known by `target`.
/// Without any binary, each library that no other package depends on is a service.
#[must_use]
pub fn services(packages: &[Package]) -> Vec<Service> {
    let roots = roots(packages);
    let mut services = Vec::with_capacity(roots.len());
    for (index, target) in &roots {
        services.push(Service {
            name: target.name.clone(),
            package: packages[*index].name.clone(),
            target: target.root.clone(),
            crates: linked(packages, *index).into_iter().collect(),
        });
    }
    // Two binaries of one name are told apart by their package, and where that is not enough by its folder.
    rename(&mut services, &roots, |index| packages[roots[index].0].name.clone());
    rename(&mut services, &roots, |index| packages[roots[index].0].dir.clone());
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
    let linked = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal && !for_tests(dependency));
    linked.filter_map(|dependency| dependency.workspace_member)
}

/// Whether only features for tests switch a dependency on: fakes and fixtures, which no deployed binary holds.
fn for_tests(dependency: &Dependency) -> bool {
    let test = |feature: &SmolStr| {
        let first = feature.split(['-', '_']).next().unwrap_or_default();
        matches!(first, "test" | "tests" | "testing" | "mock" | "mocks" | "mocking" | "fuzz" | "fuzzing" | "bench" | "benches")
    };
    !dependency.enabled_by.is_empty() && dependency.enabled_by.iter().all(test)
}

/// Puts a word before the names that several services have.
fn rename(services: &mut [Service], roots: &[(usize, &Target)], word: impl Fn(usize) -> SmolStr) {
    let mut counts: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for service in services.iter() {
        *counts.entry(service.name.clone()).or_default() += 1;
    }
    for (index, service) in services.iter_mut().enumerate() {
        if counts.get(&service.name).is_some_and(|count| *count > 1) && !word(index).is_empty() {
            service.name = format!("{}/{}", word(index), roots[index].1.name).into();
        }
    }
}
