//! Reads and parses what the crates of the services reach, and tells apart the files that nothing reaches.
//!
//! Parsing takes most of the time of a run, so a file is parsed only when a `mod`, `#[path]` or `include!` leads to it from the
//! root of a crate that some service links.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::discover::{Discovery, Package};
use crate::facts::FileFacts;
use crate::model::Diagnostic;
use crate::parse::{self, OtherMacros, ParseOptions};
use crate::progress::Progress;
use crate::resolve::{self, CrateInput};
use crate::source::{ReadError, Tree};

use super::macros::Macros;
use super::{Known, Parsed};

/// What was read.
#[derive(Default)]
pub(super) struct Read {
    /// Facts of the files, by path.
    pub(super) files: Arc<Vec<FileFacts>>,
    /// Files that could not be read.
    pub(super) skipped: Vec<SmolStr>,
    /// Why.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Something could not be read at all.
    pub(super) unreadable: bool,
}

/// Files that were not parsed, sorted by why.
#[derive(Default)]
pub(super) struct Unread {
    /// Reached by no target.
    pub(super) orphans: Vec<SmolStr>,
    /// Behind a `mod` that only test builds have.
    pub(super) of_tests: usize,
    /// Of packages that no service links.
    pub(super) unlinked: usize,
}

/// Reads the files that the roots of the crates lead to.
///
/// Files that call a macro of another file are read a second time, with that macro: what it makes exists where it is called.
pub(super) fn read(
    tree: &dyn Tree,
    discovery: &Discovery,
    inputs: &[CrateInput],
    options: &ParseOptions,
    progress: &dyn Progress,
    Known { parsed, recorded }: Known<'_>,
) -> Read {
    let known: FxHashSet<&str> = discovery.files.iter().map(|file| file.path.as_str()).collect();
    let reader = Reader { tree, known, options, progress, parsed, asked: Mutex::default(), done: Mutex::default() };
    let roots: Vec<String> = inputs.iter().filter(|input| input.is_read).map(|input| input.root.clone()).collect();
    rayon::scope(|scope| {
        for root in roots {
            reader.ask(scope, &[root]);
        }
    });
    let macros = Macros::new(&reader.done.lock().unwrap_or_else(PoisonError::into_inner), &discovery.packages, inputs);
    let again = macros.callers(&mut reader.done.lock().unwrap_or_else(PoisonError::into_inner));
    progress.expect(again.len());
    let with_others: FxHashSet<SmolStr> = again.iter().map(|(path, _)| path.clone()).collect();
    rayon::scope(|scope| {
        for (path, others) in again {
            let reader = &reader;
            scope.spawn(move |scope| reader.read(scope, path, &others));
        }
    });
    let mut out = Read::default();
    let mut done = reader.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Threads finish in any order.
    done.sort_by(|a, b| a.0.cmp(&b.0));
    let mut files = Vec::with_capacity(done.len());
    for (path, result) in done {
        match result {
            Ok(facts) => files.push(facts),
            Err(error) => {
                out.diagnostics.push(error.diagnostic(&path));
                out.unreadable |= error.is_unreadable();
                out.skipped.push(path);
            }
        }
    }
    out.files = Arc::new(files);
    if let Some(recorded) = recorded {
        recorded.facts(out.files.clone(), move |file| !with_others.contains(&file.file));
    }
    out
}

/// One file, and what came of it.
type Done = (SmolStr, Result<FileFacts, ReadError>);

/// What the threads share.
struct Reader<'a> {
    tree: &'a dyn Tree,
    /// The files that discovery found.
    known: FxHashSet<&'a str>,
    options: &'a ParseOptions,
    progress: &'a dyn Progress,
    /// What was parsed for another tree.
    parsed: Option<&'a Parsed>,
    /// Places that were asked for already.
    asked: Mutex<FxHashSet<String>>,
    done: Mutex<Vec<Done>>,
}

impl Reader<'_> {
    /// Has read what is at these places. Where two readings of a `mod` lead to two files both are read: linking decides.
    fn ask<'s>(&'s self, scope: &Scope<'s>, places: &[String]) {
        let mut found = false;
        for place in places.iter().filter(|place| self.known.contains(place.as_str())) {
            found = true;
            self.spawn(scope, place);
        }
        // Discovery leaves out tests and the like by folder; a `#[path]` may still lead there, and `include!` to any name.
        if !found && let Some(place) = places.iter().find(|place| !matches!(self.tree.read(place), Err(ReadError::Missing))) {
            self.spawn(scope, place);
        }
    }

    fn spawn<'s>(&'s self, scope: &Scope<'s>, place: &str) {
        let is_new = self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(place.to_owned());
        if is_new {
            let path = SmolStr::new(place);
            self.progress.expect(1);
            scope.spawn(move |scope| self.read(scope, path, &OtherMacros::default()));
        }
    }

    fn read<'s>(&'s self, scope: &Scope<'s>, path: SmolStr, others: &OtherMacros) {
        let result = self.tree.code(&path).map(|text| self.facts(&path, text, others));
        if let Ok(facts) = &result {
            for places in resolve::asked(facts) {
                self.ask(scope, &places);
            }
        }
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push((path, result));
        self.progress.advance(1);
    }
}

impl Reader<'_> {
    /// The facts of a file. With macros of others they are not those of its text alone.
    fn facts(&self, path: &SmolStr, text: String, others: &OtherMacros) -> FileFacts {
        let Some(parsed) = self.parsed.filter(|_| others.is_empty()) else {
            return parse::parse_file_with(path, &text, self.options, others);
        };
        if let Some(facts) = parsed.get(path, &text) {
            return facts;
        }
        let facts = parse::parse_file_with(path, &text, self.options, others);
        parsed.put(path, text, &facts);
        facts
    }
}

/// Sorts the files that discovery found and no crate of a service reached.
pub(super) fn unread(discovery: &Discovery, inputs: &[CrateInput], read: &Read, reached: impl Fn(usize) -> bool) -> Unread {
    let of_tests = OfTests::new(&read.files);
    let unlinked = unlinked_folders(&discovery.packages, inputs);
    let mut out = Unread::default();
    for file in &discovery.files {
        let at = read.files.binary_search_by(|facts| facts.file.as_str().cmp(&file.path));
        if at.is_ok_and(&reached) || read.skipped.contains(&file.path) {
            continue;
        }
        if of_tests.has(&file.path) {
            out.of_tests += 1;
        } else if is_below(&file.path, &unlinked) {
            out.unlinked += 1;
        } else {
            out.orphans.push(file.path.clone());
        }
    }
    out
}

/// Files behind the `mod` of test builds, and the folders of their own modules.
struct OfTests(FxHashSet<String>);

impl OfTests {
    fn new(files: &[FileFacts]) -> Self {
        Self(files.iter().flat_map(resolve::asked_for_tests).flatten().collect())
    }

    fn has(&self, path: &str) -> bool {
        // Below `tests.rs` and `tests/mod.rs` lies what is in `tests/`.
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        self.0.contains(path)
            || folders.into_iter().any(|folder| self.0.contains(&format!("{folder}.rs")) || self.0.contains(&format!("{folder}/mod.rs")))
    }
}

/// Folders of packages, with whether none of their crates is read.
fn unlinked_folders<'a>(packages: &'a [Package], inputs: &[CrateInput]) -> Vec<(&'a str, bool)> {
    let is_read =
        |package: &Package| package.targets().any(|target| inputs.iter().any(|input| input.is_read && input.root == target.root.as_str()));
    packages.iter().map(|package| (package.dir.as_str(), !is_read(package))).collect()
}

/// Whether the nearest package of a file is one that is not read.
fn is_below(path: &str, folders: &[(&str, bool)]) -> bool {
    innermost(path, folders.iter().map(|(folder, _)| *folder)).is_some_and(|at| folders[at].1)
}

/// The innermost of some folders that a file lies in.
pub(super) fn innermost<'a>(path: &str, folders: impl Iterator<Item = &'a str>) -> Option<usize> {
    let holds = |folder: &str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    folders.enumerate().filter(|(_, folder)| holds(folder)).max_by_key(|(_, folder)| folder.len()).map(|(at, _)| at)
}
