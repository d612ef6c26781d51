//! Discover: from a source tree to packages, targets and the files worth reading.
//!
//! Manifests are parsed, never executed: no cargo, no rustc, no build script, no network. Modules are not followed here;
//! what cannot be made sense of becomes a diagnostic, and the rest goes on.

mod bare;
mod build_flags;
mod dependencies;
mod fields;
mod include;
mod load;
mod manifest;
mod others;
mod package;
mod scope;
mod services;
mod targets;
mod workspace;

#[cfg(test)]
mod tests;

pub use include::{Include, UnknownPart};
pub use package::{Dependency, DependencyKind, Discovery, OtherFile, OtherKind, Package, RustFile, Target, TargetKind};
pub use services::services;

use std::collections::BTreeSet;

use rayon::prelude::*;
use smol_str::SmolStr;

use self::load::Loaded;
use self::manifest::{Inherited, Manifest, WorkspaceTable};
use self::scope::{Scope, in_hidden_folder};
use self::workspace::Workspaces;
use crate::model::{Diagnostic, Severity};
use crate::source::{Listing, MAX_FILE_BYTES, ReadError, Tree, file_name, parent};

/// What to look for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiscoverOptions {
    /// What is analysed beyond libraries and binaries.
    pub include: Include,
}

/// Finds the packages of a tree and the files that their targets may reach.
#[must_use]
pub fn discover(tree: &dyn Tree, options: &DiscoverOptions) -> Discovery {
    let listing = tree.files();
    let mut notes = Notes { diagnostics: listing.diagnostics.clone(), skipped: listing.skipped.clone(), unreadable: listing.unreadable };
    let mut loaded = load::load(tree, &listing, options.include, &mut notes);
    bare::add(tree, &listing, &mut loaded, &mut notes);
    let Loaded { manifests, scope } = loaded;
    let manifests: Vec<Manifest> = manifests.into_values().collect();
    let workspaces = Workspaces::new(&manifests, &listing, &mut notes);

    let label = tree.label();
    let mut out = Discovery::default();
    let (mut described, mut inherits, mut unwanted) = (Vec::new(), Vec::new(), Unwanted::default());
    for (index, manifest) in manifests.iter().enumerate().filter(|(_, manifest)| manifest.package.is_some()) {
        let workspace = workspaces.inherits_from(index, &manifests);
        let mut package = package(manifest, workspace, &label, &mut notes);
        package.workspace = workspaces.root_manifest(index, &manifests);
        package.default_member = workspaces.is_default(index);
        let targets = targets::targets(manifest, &package, options.include, &listing, &mut notes);
        tell_targetless(manifest, &package, &targets, &mut notes);
        if !package.features.is_empty() {
            let scripts = targets.iter().filter(|target| target.kind == TargetKind::BuildScript);
            package.flags =
                scripts.filter_map(|target| tree.read(&target.root).ok()).flat_map(|text| build_flags::flags_of(&text)).collect();
        }
        place_targets(targets, options.include, &scope, &mut package, &mut unwanted);
        out.packages.push(package);
        described.push(manifest);
        inherits.push(workspace);
    }
    dependencies::resolve(&described, &inherits, &mut out.packages, &listing, &mut notes);
    select_files(tree, &listing, &scope, &unwanted, &mut out, &mut notes);
    tell_kind_of_tree(&out, &mut notes);

    out.pruned = listing.pruned;
    out.links = listing.links;
    notes.skipped.sort();
    notes.skipped.dedup();
    notes.diagnostics.sort();
    notes.diagnostics.dedup();
    Discovery { skipped: notes.skipped, diagnostics: notes.diagnostics, unreadable: notes.unreadable, ..out }
}

/// What is gathered on the way.
#[derive(Default)]
struct Notes {
    diagnostics: Vec<Diagnostic>,
    skipped: Vec<SmolStr>,
    unreadable: bool,
}

impl Notes {
    fn unread(&mut self, path: &str, error: &ReadError) {
        self.diagnostics.push(error.diagnostic(path));
        self.skipped.push(path.into());
        self.unreadable |= error.is_unreadable();
    }

    fn append(&mut self, mut other: Notes) {
        self.diagnostics.append(&mut other.diagnostics);
        self.skipped.append(&mut other.skipped);
        self.unreadable |= other.unreadable;
    }
}

/// A package with what its workspace gives it; targets and dependencies come later.
fn package(manifest: &Manifest, workspace: Option<(&Manifest, &WorkspaceTable)>, label: &str, notes: &mut Notes) -> Package {
    let table = manifest.package.clone().unwrap_or_default();
    let inherit = |value: &Inherited, given: fn(&WorkspaceTable) -> Option<&SmolStr>| match value {
        Inherited::Here(value) => Some(value.clone()),
        Inherited::Workspace(_) => workspace.and_then(|(_, table)| given(table).cloned()),
        Inherited::Absent => None,
    };
    let inherited = [&table.version, &table.edition].into_iter().find_map(|value| match value {
        Inherited::Workspace(at) => Some(at),
        _ => None,
    });
    let inherited =
        inherited.or_else(|| manifest.dependencies.iter().find(|dependency| dependency.from_workspace).map(|dependency| &dependency.at));
    if let (Some(at), None) = (inherited, workspace) {
        let message = "the manifest inherits from a workspace that is not in the analysed tree";
        let diagnostic = at.diagnostic(&manifest.path, Severity::Warning, "no-workspace", message);
        notes.diagnostics.push(diagnostic.help("analyse the workspace's folder: versions and paths of inherited dependencies are unknown"));
    }
    // Where cargo would refuse, a recent edition finds most; else its default is the oldest one.
    let guessed = manifest.path.is_empty() || manifest.broken || table.edition != Inherited::Absent;
    let edition = inherit(&table.edition, |table| table.edition.as_ref());
    Package {
        name: package_name(manifest, label, notes),
        version: inherit(&table.version, |table| table.version.as_ref()).unwrap_or_else(|| "0.0.0".into()),
        edition: edition.unwrap_or_else(|| if guessed { "2021".into() } else { "2015".into() }),
        dir: manifest.dir.clone(),
        manifest: (!manifest.path.is_empty()).then(|| manifest.path.clone()),
        features: manifest.features.iter().map(|(name, _)| name.clone()).collect(),
        ..Package::default()
    }
}

/// The name the manifest gives, or one made from the folder's.
fn package_name(manifest: &Manifest, label: &str, notes: &mut Notes) -> SmolStr {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let name = manifest.package.as_ref().and_then(|package| package.name.as_ref());
    if let Some(name) = name.filter(|name| !name.value.is_empty() && name.value.chars().all(plain)) {
        return name.value.clone();
    }
    let folder = if manifest.dir.is_empty() { label } else { file_name(&manifest.dir) };
    let made: String = folder.chars().map(|c| if plain(c) { c } else { '-' }).collect();
    let made: SmolStr = if made.is_empty() { "root".into() } else { made.into() };
    if !manifest.path.is_empty() && !manifest.broken {
        let (at, message) = match name {
            Some(name) => (name.at.clone(), format!("`{}` is no name of a package", name.value)),
            None => (fields::At::default(), "the package has no name".to_owned()),
        };
        let diagnostic = at.diagnostic(&manifest.path, Severity::Warning, "package-name", message);
        notes.diagnostics.push(diagnostic.help(format!("give `package.name`; it is called `{made}` after its folder here")));
    }
    made
}

/// What targets that were not asked for would read.
#[derive(Default)]
struct Unwanted {
    roots: BTreeSet<SmolStr>,
    /// Folders of build scripts.
    folders: BTreeSet<SmolStr>,
}

/// Sorts targets into the package; those not asked for go to `unwanted`.
fn place_targets(targets: Vec<Target>, include: Include, scope: &Scope, package: &mut Package, unwanted: &mut Unwanted) {
    for target in targets {
        // A binary that lies among the tests (`path = "tests/helper.rs"`) is one of them.
        if !include.target(target.kind) || (target.kind == TargetKind::Bin && scope.leaves_out(&target.root)) {
            unwanted.folders.extend(targets::build_script_folder(&target, &package.dir).map(SmolStr::from));
            unwanted.roots.insert(target.root);
            continue;
        }
        match target.kind {
            TargetKind::Lib | TargetKind::ProcMacro => package.lib = Some(target),
            TargetKind::Bin => package.bins.push(target),
            _ => package.others.push(target),
        }
    }
}

/// Says when a package has nothing that could be built.
fn tell_targetless(manifest: &Manifest, package: &Package, targets: &[Target], notes: &mut Notes) {
    if targets.iter().any(|target| target.kind != TargetKind::BuildScript) || manifest.path.is_empty() {
        return;
    }
    let message = format!("package `{}` has no target: no library, no binary, no test", package.name);
    let help = "add `src/lib.rs` or `src/main.rs`, or give `path`; generated and ignored files are not seen";
    notes.diagnostics.push(Diagnostic::new(Severity::Warning, "no-target", message).in_file(manifest.path.clone()).help(help));
}

/// Sorts the files of the tree into those to parse, those left out and those of other kinds.
fn select_files(tree: &dyn Tree, listing: &Listing, scope: &Scope, unwanted: &Unwanted, out: &mut Discovery, notes: &mut Notes) {
    let roots: BTreeSet<&str> = out.packages.iter().flat_map(Package::targets).map(|target| target.root.as_str()).collect();
    let (mut files, mut left_out, mut others) = (Vec::new(), Vec::new(), Vec::new());
    // The folder decides, and the files of one come one after the other.
    let mut last: Option<(&str, bool)> = None;
    for file in &listing.files {
        let path = file.path.as_str();
        let folder = parent(path);
        let left = last.filter(|(known, _)| *known == folder).map_or_else(|| scope.leaves_out(path), |(_, left)| left);
        last = Some((folder, left));
        if !is_rust(path) {
            if let Some(kind) = others::kind_of(path).filter(|_| !left) {
                others.push((file.path.clone(), kind));
            }
            continue;
        }
        let left = left || in_hidden_folder(path) || unwanted.roots.contains(path) || unwanted.folders.contains(parent(path));
        if left && !roots.contains(path) {
            left_out.push(file.path.clone());
        } else {
            files.push(file.path.clone());
        }
    }
    // Asked for what may be read only, and side by side: most files of a tree are neither Rust nor settings.
    out.files = files.into_par_iter().map(|path| RustFile { bytes: tree.size(&path), path }).collect();
    out.others = others.into_par_iter().map(|(path, kind)| OtherFile { bytes: tree.size(&path), path, kind }).collect();
    for file in out.files.extract_if(.., |file| file.bytes > MAX_FILE_BYTES) {
        notes.unread(&file.path, &ReadError::TooLarge { bytes: file.bytes });
    }
    out.left_out = left_out;
}

/// Says when there is nothing to analyse, or no binary.
fn tell_kind_of_tree(out: &Discovery, notes: &mut Notes) {
    if out.no_rust() {
        let (message, help) = match (out.left_out.len(), notes.skipped.len()) {
            (0, 0) => (
                "no Rust file found".to_owned(),
                "give the folder of a Rust workspace; ignored, vendored and build folders are not entered",
            ),
            (0, _) => ("no Rust file could be read".to_owned(), "see the messages above"),
            (left_out, _) => {
                let message = format!("no Rust beside {} of tests, benches, examples and build scripts", counted(left_out, "file"));
                (message, "`--include tests,benches,examples,build-scripts` brings them in")
            }
        };
        notes.diagnostics.push(Diagnostic::new(Severity::Error, "no-rust", message).help(help));
    } else if services::library_only(&out.packages) {
        let message = "the tree has no binary: each library that no other one uses stands for a service";
        notes
            .diagnostics
            .push(Diagnostic::new(Severity::Note, "library-only", message).help("analyse the folder of the service that links them"));
    }
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// `1 file`, `2 files`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
