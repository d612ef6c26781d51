//! What discovery found, as the crates to link and the services that link them.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::annotations::{self, Config};
use crate::catalog::Catalog;
use crate::discover::{self, Dependency, DependencyKind, Discovery, Package, TargetKind};
use crate::model::{Diagnostic, Service, Severity};
use crate::resolve::{CrateInput, Extern};

/// The services that the map is about: what `cargo build` builds, unless `statemap.toml` names others.
pub(super) fn services(discovery: &Discovery, config: &Config, diagnostics: &mut Vec<Diagnostic>) -> Vec<Service> {
    let mut services = discover::services(&discovery.packages);
    let chosen = &config.service.bins;
    if !chosen.is_empty() {
        for bin in chosen.iter().filter(|bin| !services.iter().any(|service| service.name == **bin)) {
            diagnostics.push(
                Diagnostic::new(Severity::Error, "unknown-binary", format!("`[service] bins` names `{bin}`, which no package has"))
                    .in_file(annotations::CONFIG_FILE)
                    .help(format!("the binaries are: {}", names(&services))),
            );
        }
        services.retain(|service| chosen.iter().any(|bin| service.name == *bin));
        return services;
    }
    let is_default = |service: &Service| {
        discovery.packages.iter().any(|package| package.default_member && package.targets().any(|target| target.root == service.target))
    };
    if services.iter().any(is_default) {
        let (kept, tools): (Vec<Service>, Vec<Service>) = services.into_iter().partition(is_default);
        if !tools.is_empty() {
            let message = format!("not on the map: {}, since `default-members` of the workspace leaves them out", names(&tools));
            diagnostics.push(
                Diagnostic::new(Severity::Note, "not-default", message)
                    .help("name binaries in `[service] bins` of `statemap.toml` to map others"),
            );
        }
        return kept;
    }
    services
}

fn names(services: &[Service]) -> String {
    services.iter().map(|service| format!("`{}`", service.name)).collect::<Vec<_>>().join(", ")
}

/// One crate for each target; libraries first within a package, so that binaries can name theirs.
pub(super) fn crate_inputs(packages: &[Package], services: &[Service]) -> Vec<CrateInput> {
    let mut at_lib: BTreeMap<usize, usize> = BTreeMap::new();
    let mut count = 0;
    for (index, package) in packages.iter().enumerate() {
        if package.lib.is_some() {
            at_lib.insert(index, count);
        }
        count += package.targets().count();
    }
    let mut out = Vec::with_capacity(count);
    for (index, package) in packages.iter().enumerate() {
        // Nothing outside the package needs a crate that no service links, but its own files may be shared by its targets.
        let is_read =
            services.is_empty() || package.targets().any(|target| asked_for(target) || !linking(services, package, target).is_empty());
        for target in package.targets() {
            let wants_dev = !matches!(target.kind, TargetKind::Lib | TargetKind::Bin | TargetKind::ProcMacro);
            let mut externs: Vec<(SmolStr, Extern)> = Vec::new();
            let mut requirements: Vec<(SmolStr, SmolStr)> = Vec::new();
            let mut features: Vec<(SmolStr, Vec<SmolStr>)> = Vec::new();
            for dependency in &package.dependencies {
                if dependency.kind == DependencyKind::Dev && !wants_dev {
                    continue;
                }
                let to = match dependency.workspace_member.and_then(|member| at_lib.get(&member)) {
                    Some(at) => Extern::Local(*at),
                    None => Extern::Foreign(library_name(known_as(dependency))),
                };
                if let (Extern::Foreign(library), Some(requirement)) = (&to, &dependency.requirement) {
                    requirements.push((library.clone(), requirement.clone()));
                }
                if let Extern::Foreign(library) = &to {
                    features.push((library.clone(), dependency.features.clone()));
                }
                externs.push((dependency.name_in_code.clone(), to));
            }
            if target.kind != TargetKind::Lib
                && let (Some(lib), Some(at)) = (&package.lib, at_lib.get(&index))
            {
                externs.push((lib.crate_name.clone(), Extern::Local(*at)));
            }
            out.push(CrateInput {
                name: target.crate_name.clone(),
                root: target.root.to_string(),
                externs,
                requirements,
                features,
                is_bin: target.kind == TargetKind::Bin,
                asked_for: asked_for(target),
                for_others: target.for_others,
                services: linking(services, package, target),
                is_read,
                flags: package.flags.clone(),
            });
        }
    }
    out
}

/// The name under which the catalog's paths know a package: its library's.
fn library_name(package: &str) -> SmolStr {
    Catalog::library_of(package).unwrap_or_else(|| package.replace('-', "_").into())
}

/// The name under which the catalog may know a dependency: the package's own. A fork that code calls by the name of what it was
/// forked from (`diesel = { package = "acme_diesel" }`) is known by that name, unless the catalog has the fork itself.
pub(super) fn known_as(dependency: &Dependency) -> &str {
    let package = dependency.package.as_str();
    if dependency.workspace_member.is_some() || Catalog::knows(package) {
        return package;
    }
    Catalog::package_called(&dependency.name_in_code).unwrap_or(package)
}

/// Tests, benches, examples and build scripts are there only when they were asked for.
fn asked_for(target: &discover::Target) -> bool {
    !matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro | TargetKind::Bin)
}

fn linking(services: &[Service], package: &Package, target: &discover::Target) -> Vec<SmolStr> {
    let is_library = matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro);
    let of = services.iter().filter(|service| {
        service.target == target.root || (is_library && service.crates.contains(&target.crate_name) && package.lib.is_some())
    });
    let mut names: Vec<SmolStr> = of.map(|service| service.name.clone()).collect();
    names.sort();
    names
}
