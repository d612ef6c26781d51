//! Rust that no manifest describes: a bare `src`, or lone files. It is made into packages named after folders.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::fields::{At, Text};
use super::load::{Loaded, has_sources};
use super::manifest::{Manifest, TargetTable};
use super::scope::in_hidden_folder;
use super::{Notes, is_rust};
use crate::model::{Diagnostic, Severity};
use crate::source::{Listing, Tree, file_name, parent};

/// Adds a package for each folder of sources that no manifest describes.
pub(super) fn add(tree: &dyn Tree, listing: &Listing, loaded: &mut Loaded, notes: &mut Notes) {
    let files: Vec<&str> =
        listing.files.iter().map(|file| file.path.as_str()).filter(|path| is_rust(path) && !in_hidden_folder(path)).collect();
    let ownerless: Vec<&str> = files.into_iter().filter(|path| !loaded.scope.leaves_out(path) && !owned(path, loaded)).collect();
    let folders: BTreeSet<SmolStr> = ownerless.iter().filter_map(|path| bare_package(path, listing, loaded)).collect();
    for folder in folders {
        tell(&folder, &format!("`{}` has no manifest", shown(&folder, "src")), notes);
        insert(Manifest::nameless("", &folder), loaded);
    }
    if loaded.manifests.values().all(|manifest| manifest.package.is_none()) {
        lone_files(tree, &ownerless, loaded, notes);
    }
}

/// Whether a package's folder holds the file.
fn owned(path: &str, loaded: &Loaded) -> bool {
    let mut folder = parent(path);
    loop {
        if loaded.manifests.get(folder).is_some_and(|manifest| manifest.package.is_some()) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = parent(folder);
    }
}

/// The folder whose `src/main.rs` or `src/lib.rs` the file is, when there is no manifest.
///
/// A manifest without `[package]` means that cargo does not build the `src` beside it.
fn bare_package(path: &str, listing: &Listing, loaded: &Loaded) -> Option<SmolStr> {
    let src = parent(path);
    let folder = parent(src);
    let root = file_name(src) == "src" && matches!(file_name(path), "main.rs" | "lib.rs");
    (root && has_sources(listing, folder) && !loaded.manifests.contains_key(folder)).then(|| folder.into())
}

/// Without any package, the files of the topmost folder with Rust are roots: `main.rs` and `lib.rs`, else every one with a
/// `fn main`, else every one by itself.
fn lone_files(tree: &dyn Tree, files: &[&str], loaded: &mut Loaded, notes: &mut Notes) {
    let Some(folder) =
        files.iter().map(|path| parent(path)).min_by_key(|folder| (folder.split('/').filter(|name| !name.is_empty()).count(), *folder))
    else {
        return;
    };
    let here: Vec<&str> = files.iter().copied().filter(|path| parent(path) == folder).collect();
    let find = |name: &str| here.iter().find(|path| file_name(path) == name);
    let mut manifest = Manifest::nameless("", folder);
    let label = tree.label();
    let name = if folder.is_empty() { label.as_str() } else { file_name(folder) };
    manifest.lib = find("lib.rs").map(|path| TargetTable { name: None, ..target(path) });
    manifest.bins = find("main.rs").map(|path| vec![TargetTable { name: Some(text(name)), ..target(path) }]);
    if manifest.lib.is_none() && manifest.bins.is_none() {
        let mains = here.iter().filter(|path| tree.read(path).is_ok_and(|text| text.contains("fn main(")));
        manifest.bins = Some(mains.map(|path| target(path)).collect());
    }
    tell(folder, &format!("the Rust files in `{}` have no manifest", shown(folder, "")), notes);
    if manifest.lib.is_some() || manifest.bins.as_ref().is_some_and(|bins| !bins.is_empty()) {
        return insert(manifest, loaded);
    }
    // One library cannot have several roots; a folder below that does not exist stands for each.
    for path in here {
        let name = file_name(path).trim_end_matches(".rs");
        let mut manifest = Manifest::nameless("", folder);
        manifest.dir = path.trim_end_matches(".rs").into();
        let mut lib = target(path);
        lib.path = Some(text(&format!("../{name}.rs")));
        manifest.lib = Some(lib);
        insert(manifest, loaded);
    }
}

fn target(path: &str) -> TargetTable {
    let name = file_name(path);
    TargetTable { name: Some(text(name.trim_end_matches(".rs"))), path: Some(text(name)), ..TargetTable::default() }
}

fn text(value: &str) -> Text {
    Text { value: value.into(), at: At::default() }
}

fn insert(manifest: Manifest, loaded: &mut Loaded) {
    loaded.scope.keep(&manifest.dir);
    loaded.manifests.insert(manifest.dir.clone(), manifest);
}

fn tell(folder: &str, message: &str, notes: &mut Notes) {
    let message = format!("{message}: analysed as a package named after its folder, dependencies unknown");
    let diagnostic = Diagnostic::new(Severity::Warning, "no-manifest", message).help("analyse the folder that holds `Cargo.toml`");
    notes.diagnostics.push(if folder.is_empty() { diagnostic } else { diagnostic.in_file(folder) });
}

fn shown(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", "") => ".".to_owned(),
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}
