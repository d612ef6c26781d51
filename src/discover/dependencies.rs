//! Dependencies with what the workspace gives them, and the packages of the tree that they are.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Notes;
use super::manifest::{DependencyTable, Manifest, WorkspaceTable};
use super::package::{Dependency, DependencyKind, Package};
use crate::model::Severity;
use crate::source::{Listing, join};

/// Where a path dependency is.
pub(super) enum DeclaredPath {
    /// It has no path.
    None,
    /// Outside the analysed tree.
    Outside,
    /// Its folder.
    At(String),
}

/// The folder of a dependency, its own or the one given by the workspace.
pub(super) fn path_of(dependency: &DependencyTable, manifest: &Manifest, workspace: Option<(&Manifest, &WorkspaceTable)>) -> DeclaredPath {
    let (base, declared) = match declaration(dependency, workspace) {
        Some((root, declared)) => (&root.dir, declared),
        None => (&manifest.dir, dependency),
    };
    match &declared.path {
        None => DeclaredPath::None,
        Some(path) => join(base, path).map_or(DeclaredPath::Outside, DeclaredPath::At),
    }
}

/// The entry of `[workspace.dependencies]` that a dependency refers to, with its manifest.
fn declaration<'a>(
    dependency: &DependencyTable,
    workspace: Option<(&'a Manifest, &'a WorkspaceTable)>,
) -> Option<(&'a Manifest, &'a DependencyTable)> {
    let (root, table) = workspace.filter(|_| dependency.from_workspace)?;
    Some((root, table.dependencies.iter().find(|declared| declared.key == dependency.key)?))
}

/// Fills in the dependencies of every package; `manifests[i]` describes `packages[i]` and inherits from `workspaces[i]`.
pub(super) fn resolve(
    manifests: &[&Manifest],
    workspaces: &[Option<(&Manifest, &WorkspaceTable)>],
    packages: &mut [Package],
    listing: &Listing,
    notes: &mut Notes,
) {
    let by_dir: BTreeMap<SmolStr, usize> = packages.iter().enumerate().map(|(index, package)| (package.dir.clone(), index)).collect();
    let resolver = Resolver { by_dir, listing };
    for index in 0..packages.len() {
        let (manifest, workspace) = (manifests[index], workspaces[index]);
        let patches = patches(manifest, workspace, &resolver.by_dir);
        tell_outside(manifest, workspace, notes);
        let mut dependencies: Vec<Dependency> = Vec::with_capacity(manifest.dependencies.len());
        for table in &manifest.dependencies {
            let mut dependency = resolver.dependency(table, manifest, workspace, notes);
            if dependency.workspace_member.is_none() && dependency.path.is_none() {
                dependency.workspace_member = patches.get(&dependency.package).copied();
            }
            // Code calls a library by its own name unless the dependency renames it.
            let renamed = declaration(table, workspace).map_or(table, |(_, declared)| declared).package.is_some();
            if let Some(lib) = dependency.workspace_member.filter(|_| !renamed).and_then(|member| packages[member].lib.as_ref()) {
                dependency.name_in_code = lib.crate_name.clone();
            }
            dependencies.push(dependency);
        }
        dependencies.sort();
        packages[index].dependencies = dependencies;
    }
}

struct Resolver<'a> {
    by_dir: BTreeMap<SmolStr, usize>,
    listing: &'a Listing,
}

impl Resolver<'_> {
    fn dependency(
        &self,
        table: &DependencyTable,
        manifest: &Manifest,
        workspace: Option<(&Manifest, &WorkspaceTable)>,
        notes: &mut Notes,
    ) -> Dependency {
        let declared = declaration(table, workspace).map_or(table, |(_, declared)| declared);
        if let (true, true, Some((root, _))) = (table.from_workspace, std::ptr::eq(declared, table), workspace) {
            let message = format!("`{}` is inherited, but `[workspace.dependencies]` of `{}` does not have it", table.key, root.path);
            let diagnostic = table.at.diagnostic(&manifest.path, Severity::Warning, "not-inherited", message);
            notes.diagnostics.push(diagnostic.help("add it there; its version and path are unknown"));
        }
        let path = match path_of(table, manifest, workspace) {
            DeclaredPath::At(path) => Some(SmolStr::from(path)),
            DeclaredPath::None | DeclaredPath::Outside => None,
        };
        let workspace_member = path.as_ref().and_then(|path| self.by_dir.get(path).copied());
        if let Some(path) = path.as_ref().filter(|_| workspace_member.is_none()) {
            self.missing(path, table, manifest, notes);
        }
        Dependency {
            name_in_code: table.key.replace('-', "_").into(),
            package: declared.package.clone().unwrap_or_else(|| table.key.clone()),
            kind: table.kind,
            target: table.target.clone(),
            requirement: declared.requirement.clone(),
            path,
            workspace_member,
            optional: table.optional,
            enabled_by: enabled_by(table, &manifest.features),
            features: features(table, declared),
        }
    }

    /// Says why a path dependency is not among the packages.
    fn missing(&self, path: &str, table: &DependencyTable, manifest: &Manifest, notes: &mut Notes) {
        let target = format!("{path}/Cargo.toml");
        let (severity, message, help) = match self.listing.pruned_above(&target) {
            Some(pruned) => {
                let message = format!("path dependency `{}` in `{path}` was left out as {}", table.key, pruned.reason.as_str());
                (Severity::Note, message, "move it out of that folder if it is the service's own code")
            }
            // A dev-dependency under `tests`, counted there.
            None if self.listing.has(&target) => return,
            None => {
                let message = format!("path dependency `{}` has no manifest at `{target}`", table.key);
                (Severity::Warning, message, "correct the path, or check out what is missing")
            }
        };
        notes.diagnostics.push(table.at.diagnostic(&manifest.path, severity, "missing-dependency", message).help(help));
    }
}

/// Packages of the tree that `[patch]` puts in the place of registry packages, by name.
fn patches(
    manifest: &Manifest,
    workspace: Option<(&Manifest, &WorkspaceTable)>,
    by_dir: &BTreeMap<SmolStr, usize>,
) -> BTreeMap<SmolStr, usize> {
    // Cargo heeds patches of the workspace root only; a package without workspace is its own root.
    let root = workspace.map_or(manifest, |(root, _)| root);
    let patched = root.patches.iter().filter_map(|(name, path)| Some((name.clone(), *by_dir.get(join(&root.dir, &path.value)?.as_str())?)));
    patched.collect()
}

/// Features that switch an optional dependency on, sorted; one of its own name unless `dep:` is used.
fn enabled_by(table: &DependencyTable, features: &[(SmolStr, Vec<SmolStr>)]) -> Vec<SmolStr> {
    if !table.optional {
        return Vec::new();
    }
    let key = table.key.as_str();
    let enables =
        |value: &str| value == key || value.strip_prefix("dep:") == Some(key) || value.split_once('/').is_some_and(|(name, _)| name == key);
    let mut names: Vec<SmolStr> =
        features.iter().filter(|(_, values)| values.iter().any(|value| enables(value))).map(|(name, _)| name.clone()).collect();
    let explicit = features.iter().flat_map(|(_, values)| values).any(|value| value.strip_prefix("dep:") == Some(key));
    if !explicit && !names.iter().any(|name| name == key) {
        names.push(key.into());
    }
    names.sort();
    names
}

/// The features that a manifest asks for, with those of the workspace where it inherits the dependency; sorted.
fn features(table: &DependencyTable, declared: &DependencyTable) -> Vec<SmolStr> {
    // A member can ask for the default ones, and not do without those that the workspace asks for.
    let with_default = declared.default_features.unwrap_or(true) || table.default_features == Some(true);
    let default = with_default.then(|| SmolStr::new_static("default"));
    let mut out: Vec<SmolStr> = table.features.iter().chain(&declared.features).cloned().chain(default).collect();
    out.sort();
    out.dedup();
    out
}

/// One note for all dependencies that the tree does not hold: a service's folder may have dozens beside it.
fn tell_outside(manifest: &Manifest, workspace: Option<(&Manifest, &WorkspaceTable)>, notes: &mut Notes) {
    // What tests alone use is of no interest.
    let linked = manifest.dependencies.iter().filter(|table| table.kind == DependencyKind::Normal);
    let outside: Vec<&DependencyTable> =
        linked.filter(|table| matches!(path_of(table, manifest, workspace), DeclaredPath::Outside)).collect();
    let Some(first) = outside.first() else { return };
    let names: Vec<String> = outside.iter().take(3).map(|table| format!("`{}`", table.key)).collect();
    let more = if outside.len() > names.len() { format!(" and {} more", outside.len() - names.len()) } else { String::new() };
    let message = format!("path dependencies outside the analysed tree were not read: {}{more}", names.join(", "));
    let diagnostic = first.at.diagnostic(&manifest.path, Severity::Note, "path-outside", message);
    notes.diagnostics.push(diagnostic.help("analyse a folder further up to see their state"));
}
