//! Dependencies with what the workspace gives them, and the packages of the tree that they are.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Notes;
use super::manifest::{DependencyTable, Manifest, WorkspaceTable};
use super::package::{Dependency, Package};
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
            DeclaredPath::None => None,
            DeclaredPath::At(path) => Some(SmolStr::from(path)),
            DeclaredPath::Outside => {
                let message = format!("path dependency `{}` lies outside the analysed tree and was not read", table.key);
                let diagnostic = table.at.diagnostic(&manifest.path, Severity::Note, "path-outside", message);
                notes.diagnostics.push(diagnostic.help("analyse a folder further up to see its state"));
                None
            }
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
