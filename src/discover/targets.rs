//! Targets of a package: those its manifest lists and those cargo finds by where a file lies.

use smol_str::SmolStr;

use super::Notes;
use super::include::Include;
use super::manifest::{Build, Manifest, TargetTable};
use super::package::{Package, Target, TargetKind};
use crate::model::Severity;
use crate::source::{Listing, file_name, join, parent};

/// A name and the root file that cargo would find for it.
type Found = (SmolStr, String);

/// All targets of a package, wanted or not, sorted by kind and name.
pub(super) fn targets(manifest: &Manifest, package: &Package, include: Include, listing: &Listing, notes: &mut Notes) -> Vec<Target> {
    let mut finder = Finder { manifest, name: &package.name, edition: &package.edition, include, listing, notes, out: Vec::new() };
    let package = manifest.package.clone().unwrap_or_default();
    finder.library(package.auto_lib);
    let bins = finder.found_bins();
    finder.section(TargetKind::Bin, manifest.bins.as_deref(), bins, package.auto_bins);
    for (kind, folder, tables, auto) in [
        (TargetKind::Test, "tests", &manifest.tests, package.auto_tests),
        (TargetKind::Bench, "benches", &manifest.benches, package.auto_benches),
        (TargetKind::Example, "examples", &manifest.examples, package.auto_examples),
    ] {
        let found = finder.found_in(folder);
        finder.section(kind, tables.as_deref(), found, auto);
    }
    finder.build_scripts(&package.build);
    let mut out = finder.out;
    out.sort();
    out.dedup();
    out
}

struct Finder<'a> {
    manifest: &'a Manifest,
    name: &'a str,
    edition: &'a str,
    include: Include,
    listing: &'a Listing,
    notes: &'a mut Notes,
    out: Vec<Target>,
}

impl Finder<'_> {
    fn library(&mut self, auto: Option<bool>) {
        let table = self.manifest.lib.as_ref();
        let root = match table.and_then(|table| table.path.as_ref()) {
            Some(path) => self.file(&path.value),
            None if table.is_none() && auto == Some(false) => return,
            None => self.file("src/lib.rs"),
        };
        let Some(root) = root else {
            if let Some(table) = table {
                self.missing(TargetKind::Lib, "the library", table);
            }
            return;
        };
        let kind = if table.is_some_and(|table| table.proc_macro) { TargetKind::ProcMacro } else { TargetKind::Lib };
        let name =
            table.and_then(|table| table.name.as_ref()).map_or_else(|| self.name.replace('-', "_").into(), |name| name.value.clone());
        self.push(kind, name, root, Vec::new());
        if let (Some(table), Some(target)) = (table, self.out.last_mut()) {
            target.for_others = table.for_others;
        }
    }

    /// The targets of one kind: the listed ones, then those found that are not listed by name or path.
    fn section(&mut self, kind: TargetKind, tables: Option<&[TargetTable]>, found: Vec<Found>, auto: Option<bool>) {
        // Before edition 2018, a list switches the search off.
        let search = auto.unwrap_or(tables.is_none() || self.edition != "2015");
        let mut seen = Vec::new();
        for table in tables.unwrap_or_default() {
            let path = table.path.as_ref().map(|path| path.value.as_str());
            let stem = path.map(|path| file_name(path).trim_end_matches(".rs"));
            let Some(name) = table.name.as_ref().map(|name| name.value.as_str()).or(stem) else {
                self.missing(kind, "a target without a name", table);
                continue;
            };
            let root = match path {
                Some(path) => self.file(path),
                None => found.iter().find(|(found, _)| found == name).map(|(_, path)| path.clone()).or_else(|| self.old_place(kind, name)),
            };
            let Some(root) = root else {
                self.missing(kind, &format!("`{name}`"), table);
                continue;
            };
            seen.push((SmolStr::from(name), root.clone()));
            self.push(kind, name.into(), root, table.required_features.clone());
        }
        if search {
            for (name, root) in found {
                if !seen.iter().any(|(seen_name, seen_root)| *seen_name == name || *seen_root == root) {
                    self.push(kind, name, root, Vec::new());
                }
            }
        }
    }

    fn build_scripts(&mut self, build: &Build) {
        let paths: Vec<SmolStr> = match build {
            Build::Off => Vec::new(),
            Build::Auto => vec!["build.rs".into()],
            Build::At(paths) => paths.clone(),
        };
        for path in paths {
            if let Some(root) = self.file(&path) {
                self.push(TargetKind::BuildScript, "build-script".into(), root, Vec::new());
            }
        }
    }

    /// `src/main.rs`, `src/bin/*.rs` and `src/bin/*/main.rs`.
    fn found_bins(&self) -> Vec<Found> {
        let main = self.file("src/main.rs").map(|root| (SmolStr::from(self.name), root));
        main.into_iter().chain(self.found_in("src/bin")).collect()
    }

    /// `*.rs` and `*/main.rs` of a folder of the package.
    fn found_in(&self, folder: &str) -> Vec<Found> {
        let Some(folder) = join(&self.manifest.dir, folder) else { return Vec::new() };
        let mut found = Vec::new();
        for file in self.listing.below(&folder) {
            let name = &file.path[folder.len() + 1..];
            let stem = match name.split_once('/') {
                None => name.strip_suffix(".rs"),
                Some((stem, "main.rs")) => Some(stem),
                Some(_) => None,
            };
            // Cargo passes over hidden files, such as those of editors.
            if let Some(stem) = stem.filter(|stem| !stem.starts_with('.')) {
                found.push((stem.into(), file.path.to_string()));
            }
        }
        found
    }

    /// Where edition 2015 still looks for a listed binary.
    fn old_place(&self, kind: TargetKind, name: &str) -> Option<String> {
        if kind != TargetKind::Bin || self.edition != "2015" {
            return None;
        }
        [&format!("src/{name}.rs"), "src/bin/main.rs", "src/main.rs"].into_iter().find_map(|path| self.file(path))
    }

    /// The file of the tree that a path of the manifest is.
    fn file(&self, path: &str) -> Option<String> {
        let path = join(&self.manifest.dir, path)?;
        if self.listing.has(&path) {
            return Some(path);
        }
        self.listing.linked(&path).map(SmolStr::to_string)
    }

    fn missing(&mut self, kind: TargetKind, what: &str, table: &TargetTable) {
        // Published packages often list benches that they do not ship.
        if !self.include.target(kind) {
            return;
        }
        let place = table.path.as_ref().or(table.name.as_ref()).map_or(&table.at, |text| &text.at);
        let message = match &table.path {
            Some(path) => format!("the root file `{}` of {what} is not there", path.value),
            None => format!("no root file found for {what}"),
        };
        let diagnostic = place.diagnostic(&self.manifest.path, Severity::Warning, "missing-target", message);
        self.notes.diagnostics.push(diagnostic.help("correct `path`; if the file is generated or ignored, its code was not seen"));
    }

    fn push(&mut self, kind: TargetKind, name: SmolStr, root: String, required_features: Vec<SmolStr>) {
        let crate_name = name.replace('-', "_").into();
        self.out.push(Target { kind, name, crate_name, root: root.into(), required_features, for_others: false });
    }
}

/// The folder that belongs to a build script alone (`build/main.rs`), if it has one.
pub(super) fn build_script_folder<'a>(target: &'a Target, dir: &str) -> Option<&'a str> {
    let folder = parent(&target.root);
    let own = target.kind == TargetKind::BuildScript && matches!(file_name(&target.root), "main.rs" | "mod.rs" | "build.rs");
    (own && folder != dir && folder != join(dir, "src").unwrap_or_default()).then_some(folder)
}
