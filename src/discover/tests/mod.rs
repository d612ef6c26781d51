//! Facts about discover, on fixtures in memory.

mod bad_input;
mod dependencies_between_packages;
mod services_of_a_tree;
mod targets_of_a_package;
mod test_code;
mod without_a_manifest;
mod workspaces;

use super::*;
use crate::source::MemoryTree;

fn found(fixture: &str) -> Discovery {
    discover(&MemoryTree::from_fixture(fixture), &DiscoverOptions::default())
}

fn found_with(fixture: &str, include: &str) -> Discovery {
    let include = include.parse().expect("known words");
    discover(&MemoryTree::from_fixture(fixture), &DiscoverOptions { include })
}

/// Targets as `kind name root`.
fn targets(found: &Discovery) -> Vec<String> {
    let targets = found.packages.iter().flat_map(Package::targets);
    targets.map(|target| format!("{:?} {} {}", target.kind, target.name, target.root)).collect()
}

fn names(found: &Discovery) -> Vec<&str> {
    found.packages.iter().map(|package| package.name.as_str()).collect()
}

fn files(found: &Discovery) -> Vec<&str> {
    found.files.iter().map(|file| file.path.as_str()).collect()
}

fn codes(found: &Discovery) -> Vec<&str> {
    found.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

/// Services as `name: crates`.
fn service_lines(found: &Discovery) -> Vec<String> {
    services(&found.packages).iter().map(|service| format!("{}: {}", service.name, service.crates.join(" "))).collect()
}

fn package<'a>(found: &'a Discovery, name: &str) -> &'a Package {
    found.packages.iter().find(|package| package.name == name).expect("a package of that name")
}

/// The dependency that code calls `name`.
fn dependency<'a>(found: &'a Discovery, package_name: &str, name: &str) -> &'a Dependency {
    let package = package(found, package_name);
    package.dependencies.iter().find(|dependency| dependency.name_in_code == name).expect("a dependency of that name")
}
