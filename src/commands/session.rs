//! What every command does first: find the tree, analyse it, report what is wrong with the input.

use std::io::Write;
use std::path::{Path, PathBuf};

use statemap::annotations::CONFIG_FILE;
use statemap::cache::Cache;
use statemap::check::is_judged;
use statemap::model::{Diagnostic, Severity, StateMap};
use statemap::source::{DirTree, Listing, ReadError, Revision, Tree, nearest_root, revision};
use statemap::what_if::Change;
use statemap::{Analysis, Options, analyze_kept, analyze_with, diag};

use super::cache::{self, tell};
use super::progress::Bar;
use super::screen::{self, Stream};
use super::{InputError, UsageError};
use crate::cli::Global;
use crate::exit_code::ExitCode;

/// An analysed tree.
pub(super) struct Session {
    pub(super) root: PathBuf,
    pub(super) revision: Revision,
    pub(super) analysis: Analysis,
    /// What is to be kept is written until this is gone.
    _cache: Option<Cache>,
}

impl Session {
    /// The one analysis of this process.
    fn only(self) -> Self {
        self.analysis.leave();
        self
    }

    /// The exit code of a command that did its work.
    pub(super) fn exit_code(&self) -> ExitCode {
        if self.analysis.unreadable { ExitCode::Unreadable } else { ExitCode::Clean }
    }
}

/// Which messages on the input a command tells by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Here,
    /// Those that the policy judges are told by the command.
    ByPolicy,
}

/// The tree without its `statemap.toml`: as if nobody had written one yet.
struct WithoutConfig<'t>(&'t DirTree);

impl Tree for WithoutConfig<'_> {
    fn label(&self) -> String {
        self.0.label()
    }

    fn files(&self) -> Listing {
        self.0.files()
    }

    fn size(&self, path: &str) -> u64 {
        self.0.size(path)
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        if path == CONFIG_FILE { Err(ReadError::Missing) } else { self.0.read(path) }
    }
}

/// Finds, reads and analyses the tree. Messages on the input go to standard error.
pub(super) fn open(global: &Global, path: Option<&Path>) -> anyhow::Result<Session> {
    let (root, tree) = find(global, path)?;
    analysed(root, &tree, &tree, global, Told::Here, cache::open(global)).map(Session::only)
}

/// As [`open`], without the messages that `statemap check` judges.
pub(super) fn open_for_check(global: &Global, path: Option<&Path>) -> anyhow::Result<Session> {
    let (root, tree) = find(global, path)?;
    analysed(root, &tree, &tree, global, Told::ByPolicy, cache::open(global)).map(Session::only)
}

/// As [`open_for_check`], with all that is known of what is deployed: the cache does not hold it.
pub(super) fn open_for_what_if(global: &Global, path: Option<&Path>) -> anyhow::Result<Session> {
    let (root, tree) = find(global, path)?;
    analysed(root, &tree, &tree, global, Told::ByPolicy, None)
}

/// As [`open`], without reading the `statemap.toml` that may be there.
pub(super) fn open_without_config(global: &Global, path: Option<&Path>) -> anyhow::Result<Session> {
    let (root, tree) = find(global, path)?;
    analysed(root, &tree, &WithoutConfig(&tree), global, Told::Here, None).map(Session::only)
}

/// The map of a tree that is analysed already, with other things deployed. Messages on the input were told before.
pub(super) fn what_if(session: &Session, global: &Global, changes: Vec<Change>) -> anyhow::Result<StateMap> {
    let tree = DirTree::open(&session.root).map_err(|error| InputError::with_help(error.to_string(), error.help()))?;
    let options = Options { what_if: changes, ..options(global)? };
    session.analysis.let_go();
    let bar = Bar::start(global);
    Ok(analyze_with(&tree, &session.revision, &options, bar.progress())?.map)
}

/// What is asked of the analysis.
pub(super) fn options(global: &Global) -> anyhow::Result<Options> {
    let include = global.include.parse().map_err(|error: statemap::discover::UnknownPart| {
        UsageError::with_help(error.to_string(), "write them with commas: `--include tests,examples`")
    })?;
    let threads = global.threads.map(usize::from);
    Ok(Options { include, threads, today: today(), what_if: Vec::new() })
}

/// The day in UTC, as on the days of commits: a laptop and CI agree on what has expired, and no time zones are looked up.
pub(super) fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The tree that is meant.
pub(super) fn find(global: &Global, path: Option<&Path>) -> anyhow::Result<(PathBuf, DirTree)> {
    let root = match path.or(global.root.as_deref()) {
        Some(path) => path.to_owned(),
        None => nearest_root(&std::env::current_dir()?),
    };
    let tree = DirTree::open(&root).map_err(|error| InputError::with_help(error.to_string(), error.help()))?;
    Ok((root, tree))
}

fn analysed(root: PathBuf, dir: &DirTree, tree: &dyn Tree, global: &Global, told: Told, cache: Option<Cache>) -> anyhow::Result<Session> {
    let options = options(global)?;
    let revision = revision(dir.root());
    let bar = Bar::start(global);
    let analysis = match &cache {
        Some(cache) => analyze_kept(tree, &revision, &options, bar.progress(), &cache.of(dir.root(), &options))?,
        None => analyze_with(tree, &revision, &options, bar.progress())?,
    };
    drop(bar);
    tell(cache.as_ref(), global);
    // With a broken configuration nothing is judged, and so nobody else tells.
    let elsewhere = |found: &Diagnostic| told == Told::ByPolicy && !analysis.bad_config && is_judged(&analysis.config, found);
    report(dir, analysis.map.diagnostics.iter().filter(|found| !elsewhere(found)), global);
    if analysis.bad_config {
        return Err(UsageError::with_help("`statemap.toml` is not valid: nothing was written", "mend the places shown above"));
    }
    if analysis.no_rust {
        return Err(InputError::with_help(
            format!("no Rust code in `{}`", root.display()),
            "name the folder of a package or workspace, or a folder above it",
        ));
    }
    Ok(Session { root, revision, analysis, _cache: cache })
}

pub(super) fn report<'d>(tree: &dyn Tree, diagnostics: impl Iterator<Item = &'d Diagnostic>, global: &Global) {
    let least = if global.quiet { Severity::Error } else { Severity::Warning };
    let shown: Vec<Diagnostic> = diagnostics.filter(|diagnostic| diagnostic.severity >= least).cloned().collect();
    if shown.is_empty() {
        return;
    }
    let style = diag::Style { colour: screen::colour(Stream::Err, global), width: screen::message_width(Stream::Err) };
    let text = diag::render(&diag::bounded(shown), &mut |file| tree.read(file).ok(), style);
    // Nobody reads the messages: the work is still done.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
