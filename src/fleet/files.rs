//! Files: which ones a command line means, and their bytes. The only part of `fleet` that reads the disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use smol_str::SmolStr;

use super::read::{Document, MAX_BYTES, ReadError, read};

/// Most files that are read.
const MAX_FILES: usize = 100_000;
/// Deepest folder that is entered.
const MAX_DEPTH: usize = 16;

/// A file as it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Argument {
    /// The path.
    pub path: PathBuf,
    /// `NAME=FILE`.
    pub name: Option<SmolStr>,
    /// It was found in a folder: what is no map there is none of our business.
    pub found: bool,
}

/// A file that was read.
#[derive(Debug)]
pub struct Found {
    /// The file.
    pub given: Argument,
    /// What it holds.
    pub result: Result<Document, ReadError>,
}

/// Why a command line means no files.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Nothing is there.
    #[error("no file or folder `{}`", .0.display())]
    Missing(PathBuf),
    /// A folder, or a pattern, without maps.
    #[error("no `*.json` in `{}`", .0.display())]
    Empty(PathBuf),
    /// A name for a folder.
    #[error("`{0}` names a folder; a name can be given to a file only")]
    NamedFolder(String),
    /// The pattern is none.
    #[error("`{0}` is no pattern: {1}")]
    Pattern(String, String),
    /// Too many.
    #[error("more than {MAX_FILES} files")]
    TooMany,
    /// The system refused.
    #[error("failed to read `{}`: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The files that arguments mean: files, `NAME=FILE`, folders, and patterns that no shell has filled in.
///
/// # Errors
/// When one of them means nothing.
pub fn find(arguments: &[String]) -> Result<Vec<Argument>, FilesError> {
    let mut out = Vec::new();
    for argument in arguments {
        of_argument(argument, &mut out)?;
        if out.len() > MAX_FILES {
            return Err(FilesError::TooMany);
        }
    }
    // The same file is read once, whatever it was called.
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    out.sort_by_key(|given| given.name.is_none());
    out.retain(|given| seen.insert(given.path.canonicalize().unwrap_or_else(|_| given.path.clone())));
    out.sort();
    Ok(out)
}

fn of_argument(argument: &str, out: &mut Vec<Argument>) -> Result<(), FilesError> {
    let path = Path::new(argument);
    if path.is_dir() {
        return in_folder(path, out);
    }
    if is_there(path) {
        out.push(Argument { path: path.to_owned(), name: None, found: false });
        return Ok(());
    }
    // A name has no separator, so that no path is taken for one.
    if let Some((name, rest)) = argument.split_once('=')
        && !name.trim().is_empty()
        && !name.contains(['/', '\\'])
    {
        let path = Path::new(rest);
        if path.is_dir() {
            return Err(FilesError::NamedFolder(argument.to_owned()));
        }
        if !is_there(path) {
            return Err(FilesError::Missing(path.to_owned()));
        }
        out.push(Argument { path: path.to_owned(), name: Some(name.trim().into()), found: false });
        return Ok(());
    }
    if argument.contains(['*', '?', '[', '{']) {
        return by_pattern(argument, out);
    }
    Err(FilesError::Missing(path.to_owned()))
}

fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

/// Every `*.json` below a folder; links are not followed.
fn in_folder(folder: &Path, out: &mut Vec<Argument>) -> Result<(), FilesError> {
    let before = out.len();
    let mut queue = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = queue.pop() {
        let failed = |source| FilesError::Io { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let path = entry.path();
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !is_hidden && depth < MAX_DEPTH {
                queue.push((path, depth + 1));
            } else if kind.is_file() && !is_hidden && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
                out.push(Argument { path, name: None, found: true });
            }
        }
        if out.len() > MAX_FILES {
            return Err(FilesError::TooMany);
        }
    }
    if out.len() == before { Err(FilesError::Empty(folder.to_owned())) } else { Ok(()) }
}

/// What a pattern matches below the last folder that it names without one.
fn by_pattern(pattern: &str, out: &mut Vec<Argument>) -> Result<(), FilesError> {
    let broken = |error: globset::Error| FilesError::Pattern(pattern.to_owned(), error.kind().to_string());
    let matcher = globset::GlobBuilder::new(pattern).literal_separator(true).build().map_err(broken)?.compile_matcher();
    let plain: Vec<&str> = pattern.split('/').take_while(|part| !part.contains(['*', '?', '[', '{'])).collect();
    let base = match plain.as_slice() {
        [] => PathBuf::from("."),
        [""] => PathBuf::from("/"),
        parts => PathBuf::from(parts.join("/")),
    };
    let mut all = Vec::new();
    if base.is_dir() {
        match in_folder(&base, &mut all) {
            Ok(()) | Err(FilesError::Empty(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let before = out.len();
    let matches = |given: &Argument| matcher.is_match(&given.path) || given.path.strip_prefix(".").is_ok_and(|path| matcher.is_match(path));
    out.extend(all.into_iter().filter(matches));
    if out.len() == before { Err(FilesError::Empty(PathBuf::from(pattern))) } else { Ok(()) }
}

/// Reads files beside each other.
///
/// # Errors
/// When the system refuses one of them; what is no map is told for each file.
pub fn read_all(files: Vec<Argument>) -> Result<Vec<Found>, FilesError> {
    let one = |given: Argument| {
        let failed = |source| FilesError::Io { path: given.path.clone(), source };
        let result = match bytes(&given.path).map_err(failed)? {
            Some(bytes) => read(&bytes),
            None => Err(ReadError {
                what: format!("the file has more than {} MiB", MAX_BYTES >> 20),
                at: None,
                help: "that is no map of one repository".to_owned(),
                foreign: true,
            }),
        };
        Ok(Found { given, result })
    };
    files.into_par_iter().map(one).collect()
}

/// The bytes of a file; none when they are too many.
fn bytes(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    let mut out = Vec::with_capacity(usize::try_from(metadata.len().min(MAX_BYTES)).unwrap_or(0));
    file.take(MAX_BYTES + 1).read_to_end(&mut out)?;
    Ok((out.len() as u64 <= MAX_BYTES).then_some(out))
}
