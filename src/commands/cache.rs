//! `statemap cache`, and the cache of the commands that analyse.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use statemap::cache::{Cache, Program, default_folder};
use statemap::terminal::visible;

use super::{InputError, UsageError, counted, print};
use crate::cli::{CacheCommand, Global};
use crate::exit_code::ExitCode;

/// Names the folder that the folder of the cache lies in.
const FOLDER: &str = "STATEMAP_CACHE_DIR";
/// Set, there is no cache.
const NONE: &str = "STATEMAP_NO_CACHE";

pub(crate) fn run(command: &CacheCommand, global: &Global) -> anyhow::Result<ExitCode> {
    let folder = folder()
        .ok_or_else(|| UsageError::with_help("there is no folder for a cache: no home is known", format!("name a folder in `{FOLDER}`")))?;
    match command {
        CacheCommand::Path => print(&format!("{}\n", folder.display()))?,
        CacheCommand::Clean => clean(&Cache::new(&folder, Program::named("any")), global)?,
    }
    Ok(ExitCode::Clean)
}

#[expect(clippy::print_stderr, reason = "the summary of a command")]
fn clean(cache: &Cache, global: &Global) -> anyhow::Result<()> {
    let folder = visible(&cache.folder().display().to_string());
    let (files, bytes) = cache.clean().map_err(|error| {
        InputError::with_help(format!("failed to clean `{}`: {error}", cache.folder().display()), "remove the folder by hand")
    })?;
    if !global.quiet {
        eprintln!("{folder}: {} removed, {:.1} MB", counted(files, "file", "files"), bytes as f64 / 1e6);
    }
    Ok(())
}

/// The cache, unless it is not wanted or there is no place for it.
pub(super) fn open(global: &Global) -> Option<Cache> {
    let unwanted = global.no_cache || set(NONE).is_some_and(|value| value != "0");
    if unwanted {
        return None;
    }
    // A program that cannot read its own file is not told from others.
    Some(Cache::new(&folder()?, Program::of_this().ok()?))
}

fn folder() -> Option<PathBuf> {
    set(FOLDER).map(|folder| Path::new(&folder).join("statemap")).or_else(default_folder)
}

/// A variable that is set to something.
fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// With `--verbose`, what came from the cache.
#[expect(clippy::print_stderr, reason = "a message of a command")]
pub(super) fn tell(cache: Option<&Cache>, global: &Global) {
    if !global.verbose {
        return;
    }
    let Some(cache) = cache else { return eprintln!("cache: not used") };
    for what in cache.told() {
        eprintln!("cache: {}", visible(&what));
    }
}
