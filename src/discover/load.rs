//! Reads the manifests that count: all of them, but those of test code only when something links them.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::dependencies::{DeclaredPath, path_of};
use super::include::Include;
use super::manifest::{Manifest, WorkspaceTable};
use super::package::DependencyKind;
use super::scope::{Scope, in_hidden_folder};
use super::{Notes, is_rust};
use crate::model::{Diagnostic, Severity};
use crate::source::{Listing, Tree, file_name, parent};

/// The manifests that count, by folder, and what they leave out.
pub(super) struct Loaded {
    pub(super) manifests: BTreeMap<SmolStr, Manifest>,
    pub(super) scope: Scope,
}

/// Reads the manifests of a tree.
pub(super) fn load(tree: &dyn Tree, listing: &Listing, include: Include, notes: &mut Notes) -> Loaded {
    let folders: BTreeSet<&str> = listing
        .files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| file_name(path) == "Cargo.toml" && !in_hidden_folder(path))
        .map(parent)
        .collect();
    let (mut loader, left_out) = Loader::start(tree, listing, &folders, include);
    let rust = |path: &str| is_rust(path) && !in_hidden_folder(path);
    if !left_out.is_empty() && !listing.files.iter().any(|file| rust(&file.path) && !loader.scope.leaves_out(&file.path)) {
        // A tree of nothing but examples: they are what it is about.
        let all = Include { tests: true, benches: true, examples: true, ..include };
        let (loader, _) = Loader::start(tree, listing, &folders, all);
        let message = "everything lies under `tests`, `benches` or `examples` and was analysed all the same";
        notes.diagnostics.push(Diagnostic::new(Severity::Note, "only-tests", message).help("nothing to do"));
        return loader.finish(notes);
    }
    let left_out = loader.linked(left_out);
    if !left_out.is_empty() {
        let message = format!("{} under `tests`, `benches` or `examples` were left out", super::counted(left_out.len(), "package"));
        let help = "`--include tests,benches,examples` brings them in";
        notes.diagnostics.push(Diagnostic::new(Severity::Note, "packages-left-out", message).help(help));
    }
    loader.finish(notes)
}

struct Loader<'a> {
    tree: &'a dyn Tree,
    listing: &'a Listing,
    manifests: BTreeMap<SmolStr, Manifest>,
    scope: Scope,
    notes: Notes,
}

impl<'a> Loader<'a> {
    /// Reads every manifest that is not test code; yields the folders of those that are.
    fn start(tree: &'a dyn Tree, listing: &'a Listing, folders: &BTreeSet<&str>, include: Include) -> (Self, BTreeSet<SmolStr>) {
        let mut loader = Self { tree, listing, manifests: BTreeMap::new(), scope: Scope::new(include), notes: Notes::default() };
        let mut left_out = BTreeSet::new();
        // Sorted, so a folder comes before those below it.
        for folder in folders {
            if loader.scope.leaves_out(&manifest_path(folder)) {
                left_out.insert(SmolStr::from(*folder));
            } else {
                loader.keep(folder);
                if !include.tests
                    && loader.manifests.get(*folder).and_then(|manifest| manifest.package.as_ref()).is_some_and(|package| package.fuzz)
                {
                    loader.manifests.remove(*folder);
                    loader.scope.leave_out(folder);
                    left_out.insert(SmolStr::from(*folder));
                }
            }
        }
        (loader, left_out)
    }

    /// Takes in those of the left out packages that others link; yields the rest.
    fn linked(&mut self, mut left_out: BTreeSet<SmolStr>) -> BTreeSet<SmolStr> {
        let mut queue: Vec<SmolStr> = self.manifests.keys().cloned().collect();
        while let Some(folder) = queue.pop() {
            let wanted: Vec<SmolStr> = self.linked_folders(&folder).into_iter().filter(|folder| left_out.remove(folder)).collect();
            for folder in wanted {
                self.keep(&folder);
                queue.push(folder);
            }
        }
        left_out
    }

    /// Folders of the path dependencies that a package links.
    fn linked_folders(&self, folder: &str) -> Vec<SmolStr> {
        let Some(manifest) = self.manifests.get(folder) else { return Vec::new() };
        let workspace = self.workspace_above(folder);
        let normal = manifest.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        let paths = normal.filter_map(|dependency| match path_of(dependency, manifest, workspace) {
            DeclaredPath::At(path) => Some(path.into()),
            DeclaredPath::None | DeclaredPath::Outside => None,
        });
        paths.collect()
    }

    fn workspace_above(&self, folder: &str) -> Option<(&Manifest, &WorkspaceTable)> {
        let mut above = folder;
        loop {
            if let Some((manifest, table)) = self.manifests.get(above).and_then(|manifest| Some((manifest, manifest.workspace.as_ref()?))) {
                return Some((manifest, table));
            }
            if above.is_empty() {
                return None;
            }
            above = parent(above);
        }
    }

    fn keep(&mut self, folder: &str) {
        let path = manifest_path(folder);
        let mut manifest = match self.tree.read(&path) {
            Ok(text) => Manifest::parse(&path, &text, &mut self.notes.diagnostics),
            Err(error) => {
                self.notes.unread(&path, &error);
                Manifest { path: path.as_str().into(), dir: folder.into(), broken: true, ..Manifest::default() }
            }
        };
        if manifest.package.is_none() && manifest.workspace.is_none() {
            self.stand_in(&path, folder, &mut manifest);
        }
        self.scope.keep(folder);
        self.manifests.insert(folder.into(), manifest);
    }

    /// A manifest that names neither package nor workspace: its sources are a package all the same.
    fn stand_in(&mut self, path: &str, folder: &str, manifest: &mut Manifest) {
        let has_sources = has_sources(self.listing, folder);
        if !manifest.broken {
            let help = if has_sources {
                "its `src` was analysed as a package named after the folder"
            } else {
                "add one of them, or remove the file"
            };
            let message = "the manifest has no `[package]` and no `[workspace]`";
            self.notes.diagnostics.push(Diagnostic::new(Severity::Warning, "no-package", message).in_file(path).help(help));
        }
        if has_sources {
            *manifest = Manifest { broken: true, ..Manifest::nameless(path, folder) };
        }
    }

    fn finish(self, notes: &mut Notes) -> Loaded {
        notes.append(self.notes);
        Loaded { manifests: self.manifests, scope: self.scope }
    }
}

/// Whether a folder has the root file of a library or binary where cargo looks for it.
pub(super) fn has_sources(listing: &Listing, folder: &str) -> bool {
    let src = if folder.is_empty() { "src".to_owned() } else { format!("{folder}/src") };
    listing.has(&format!("{src}/lib.rs")) || listing.has(&format!("{src}/main.rs"))
}

fn manifest_path(folder: &str) -> String {
    if folder.is_empty() { "Cargo.toml".to_owned() } else { format!("{folder}/Cargo.toml") }
}
