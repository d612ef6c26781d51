//! Holds the catalog against the published source of the crates that it speaks of: every path, every stated default.
//!
//! Reads unpacked sources from folders and nothing else; parses and links them as it does a workspace. Knows no crate by
//! name, and decides nothing about what a page says.

mod amount;
mod blankets;
mod defaults;
mod eval;
mod linked;
mod macros;
mod made;
mod own;
mod paths;
mod report;
mod settings;
mod sources;
mod told;

pub use own::own_entries;
pub use report::{Style, render};
pub use sources::{Sources, SourcesError};

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::catalog::{Api, CrateFile, Older};

/// What is held against which source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The source of the stated version, and no other.
    Stated,
    /// Where that one is not there, the source of the nearest version that is.
    Nearest,
}

/// What came of it, crate by crate in the order asked.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The crates.
    pub crates: Vec<CrateReport>,
}

/// What came of one version of a crate.
#[derive(Clone, Debug)]
pub struct CrateReport {
    /// Package name.
    pub krate: SmolStr,
    /// The version that the catalog states; empty for entries that state none.
    pub stated: SmolStr,
    /// What was read.
    pub source: Source,
    /// Each path, type and builder, in the order of the file.
    pub paths: Vec<(SmolStr, PathVerdict)>,
    /// Each stated default, in the order of the file.
    pub defaults: Vec<DefaultReport>,
    /// Files that facts are said to come from and that are not there.
    pub missing_files: Vec<SmolStr>,
    /// How many paths and types could not be looked up for want of the source.
    pub unchecked: usize,
}

/// Which source was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// That of this version.
    Read(SmolStr),
    /// No folder has it; with the versions that are there.
    NotThere(Vec<SmolStr>),
    /// It is there and cannot be read.
    Unreadable(String),
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// File, from the folder of the crate on.
    pub file: SmolStr,
    /// Line, from 1.
    pub line: u32,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathVerdict {
    /// To what is defined there; none for what a derive makes.
    Found(Option<Place>),
    /// Into a crate whose source is not there.
    Elsewhere(SmolStr),
    /// To a name that only a macro can have made: it stands in the source, in no item that can be read.
    InMacro(Place),
    /// Nowhere.
    Missing {
        /// What may have been meant.
        nearest: Option<String>,
    },
}

/// What the source says of a stated default.
#[derive(Clone, Debug)]
pub struct DefaultReport {
    /// What has the option: its first path or type.
    pub api: SmolStr,
    /// The option.
    pub knob: SmolStr,
    /// The default that the catalog states.
    pub stated: SmolStr,
    /// What the source says.
    pub verdict: DefaultVerdict,
}

/// What the source says of a stated default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultVerdict {
    /// The same.
    Confirmed(Place),
    /// That there is no such option, and none is stated.
    NoOption,
    /// Nothing that can be read without running it.
    NotSeen,
    /// Something else.
    Contradicted {
        /// Where.
        place: Place,
        /// What it says there.
        found: String,
    },
}

/// Numbers of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Crates whose source was read.
    pub read: usize,
    /// Of these, those read at another version than the stated one.
    pub other_version: usize,
    /// Crates whose source is not there.
    pub not_there: usize,
    /// Crates whose source cannot be read.
    pub unreadable: usize,
    /// Paths of crates whose source is not there or cannot be read.
    pub unchecked: usize,
    /// Paths by verdict.
    pub found: usize,
    /// See [`PathVerdict::Elsewhere`].
    pub elsewhere: usize,
    /// See [`PathVerdict::InMacro`].
    pub in_macro: usize,
    /// See [`PathVerdict::Missing`].
    pub missing: usize,
    /// See [`CrateReport::missing_files`].
    pub missing_files: usize,
    /// Defaults by verdict.
    pub confirmed: usize,
    /// See [`DefaultVerdict::NoOption`].
    pub no_option: usize,
    /// See [`DefaultVerdict::NotSeen`].
    pub not_seen: usize,
    /// Of these, those that no value of a source can be compared with: `as many as processors`.
    pub in_words: usize,
    /// See [`DefaultVerdict::Contradicted`].
    pub contradicted: usize,
}

impl Report {
    /// The numbers.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut out = Counts::default();
        for krate in &self.crates {
            match &krate.source {
                Source::Read(version) => {
                    out.read += 1;
                    out.other_version += usize::from(!krate.stated.is_empty() && *version != krate.stated);
                }
                Source::NotThere(_) => out.not_there += 1,
                Source::Unreadable(_) => out.unreadable += 1,
            }
            out.unchecked += krate.unchecked;
            out.missing_files += krate.missing_files.len();
            for (_, verdict) in &krate.paths {
                match verdict {
                    PathVerdict::Found(_) => out.found += 1,
                    PathVerdict::Elsewhere(_) => out.elsewhere += 1,
                    PathVerdict::InMacro(_) => out.in_macro += 1,
                    PathVerdict::Missing { .. } => out.missing += 1,
                }
            }
            for default in &krate.defaults {
                match default.verdict {
                    DefaultVerdict::Confirmed(_) => out.confirmed += 1,
                    DefaultVerdict::NoOption => out.no_option += 1,
                    DefaultVerdict::NotSeen => {
                        out.not_seen += 1;
                        out.in_words += usize::from(amount::Amount::stated(&default.stated).is_text());
                    }
                    DefaultVerdict::Contradicted { .. } => out.contradicted += 1,
                }
            }
        }
        out
    }
}

impl CrateReport {
    /// Whether a path leads nowhere, a default is contradicted, or facts come from a file that is not there.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.paths.iter().any(|(_, verdict)| matches!(verdict, PathVerdict::Missing { .. }))
            || self.defaults.iter().any(|default| matches!(default.verdict, DefaultVerdict::Contradicted { .. }))
            || !self.missing_files.is_empty()
    }
}

/// Holds catalog files against sources.
///
/// # Errors
/// When the threads cannot be started.
pub fn verify(files: &[CrateFile], sources: &Sources, wanted: Wanted, threads: Option<usize>) -> anyhow::Result<Report> {
    let pool = crate::analyze::pool(threads)?;
    let files: Vec<CrateFile> = files.iter().flat_map(versions).collect();
    Ok(pool.install(|| Report { crates: files.par_iter().map(|file| one(file, sources, wanted)).collect() }))
}

/// One report a version that the file speaks of: the stated one, then older ones.
fn versions(file: &CrateFile) -> Vec<CrateFile> {
    let mut older: BTreeMap<SmolStr, Vec<Api>> = BTreeMap::new();
    let mut now = file.clone();
    for api in &mut now.api {
        // Defaults are stated of the newest version that has the API.
        let mut knobs = if api.paths.is_empty() && api.types.is_empty() { api.knobs.clone() } else { Vec::new() };
        let mut all = std::mem::take(&mut api.older);
        all.sort_by_key(|names| std::cmp::Reverse(sources::Version::of(&names.version)));
        for Older { version, paths, types, builders } in all {
            let knobs = std::mem::take(&mut knobs);
            let source = String::new();
            older.entry(version).or_default().push(Api { paths, types, builders, knobs, source, ..api.clone() });
        }
    }
    now.api.retain(|api| !(api.paths.is_empty() && api.types.is_empty()));
    let mut out = if now.api.is_empty() { Vec::new() } else { vec![now] };
    out.extend(older.into_iter().rev().map(|(version, api)| CrateFile { version, api, ..file.clone() }));
    out
}

fn one(file: &CrateFile, sources: &Sources, wanted: Wanted) -> CrateReport {
    let mut out = CrateReport {
        krate: file.krate.clone(),
        stated: file.version.clone(),
        source: Source::NotThere(Vec::new()),
        paths: Vec::new(),
        defaults: Vec::new(),
        missing_files: Vec::new(),
        unchecked: 0,
    };
    let Some(found) = sources.of(&file.krate, &file.version, wanted) else {
        out.source = Source::NotThere(sources.versions(&file.krate));
        out.unchecked = named(file).collect::<BTreeSet<_>>().len();
        return out;
    };
    let told: Vec<told::Told<'_>> = file.api.iter().flat_map(|api| told::files(&api.source)).collect();
    let linked = match linked::read(found, &libraries(file), &told, sources) {
        Ok(linked) => linked,
        Err(error) => {
            out.source = Source::Unreadable(error);
            out.unchecked = named(file).collect::<BTreeSet<_>>().len();
            return out;
        }
    };
    out.source = Source::Read(found.version.text.clone());
    linked.with(|scene| {
        let mut seen = BTreeSet::new();
        for path in named(file).filter(|path| seen.insert(*path)) {
            out.paths.push((path.clone(), paths::check(scene, path)));
        }
        let mut missing = BTreeSet::new();
        for api in &file.api {
            let (files, none) = told::find(scene, &api.source);
            out.defaults.extend(stated_defaults(scene, api, files));
            missing.extend(none.into_iter().filter(|_| found.version.text == file.version));
        }
        out.missing_files = missing.into_iter().collect();
    });
    out
}

/// All paths, types and builders of a file.
fn named(file: &CrateFile) -> impl Iterator<Item = &SmolStr> {
    file.api.iter().flat_map(|api| api.paths.iter().chain(&api.types).chain(&api.builders).chain(&api.returns))
}

fn stated_defaults(scene: &linked::Scene<'_>, api: &Api, files: BTreeSet<usize>) -> Vec<DefaultReport> {
    let name = api.paths.first().or(api.types.first()).cloned().unwrap_or_default();
    let owners = defaults::Owners::of(scene, api, files);
    let stated = api.knobs.iter().filter_map(|knob| Some((knob, knob.default.as_ref()?)));
    stated
        .map(|(knob, default)| DefaultReport {
            api: name.clone(),
            knob: knob.name.clone(),
            stated: default.clone(),
            verdict: owners.check(knob, default),
        })
        .collect()
}

/// The crates that the paths of a file begin with, sorted.
fn libraries(file: &CrateFile) -> Vec<SmolStr> {
    let firsts = named(file).filter_map(|path| Some(SmolStr::new(paths::Written::of(path).text.split_once("::")?.0)));
    firsts.collect::<BTreeSet<SmolStr>>().into_iter().collect()
}
