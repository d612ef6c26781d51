//! The working directory as a tree.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashSet;

use super::walk::{Entry, Folders, Follow, What, walk};
use super::{Listing, MAX_FILE_BYTES, ReadError, Tree, normalise, text_of};

/// Most that is read of an ignore file.
const MAX_RULES_BYTES: u64 = 256 * 1024;

/// A folder of the local file system.
#[derive(Clone, Debug)]
pub struct DirTree {
    /// Absolute, links resolved: what a path is held against before it is opened.
    root: PathBuf,
    /// Folders of the tree that no link leads to: to resolve the same names for each of their files takes longer than to read it.
    plain: Arc<RwLock<FxHashSet<PathBuf>>>,
}

/// Why a folder cannot be analysed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing is there.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// What was asked for.
        path: PathBuf,
    },
    /// Something else than a folder is there.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("failed to open `{}`: {source}", path.display())]
    Unreadable {
        /// What was asked for.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
}

impl OpenError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            OpenError::Missing { .. } => "give the folder of a Rust workspace, for instance the one with `Cargo.toml`",
            OpenError::NotAFolder { .. } => "give the folder that holds the file",
            OpenError::Unreadable { .. } => "make the folder readable for this user",
        }
    }
}

impl DirTree {
    /// Opens a folder.
    ///
    /// # Errors
    /// When nothing is there, or something else than a folder, or it may not be entered.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => OpenError::Missing { path: path.to_owned() },
            io::ErrorKind::NotADirectory => OpenError::NotAFolder { path: path.to_owned() },
            _ => OpenError::Unreadable { path: path.to_owned(), source },
        };
        let root = fs::canonicalize(path).map_err(unreadable)?;
        if !fs::metadata(&root).map_err(unreadable)?.is_dir() {
            return Err(OpenError::NotAFolder { path: path.to_owned() });
        }
        // Asked now, so that a folder that may not be listed is an error and not an empty map.
        fs::read_dir(&root).map_err(unreadable)?;
        Ok(Self { root, plain: Arc::default() })
    }

    /// The folder, absolute, links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The bytes of a regular file within the tree, at most `limit` and one more.
    fn bytes(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let relative = normalise(path).ok_or(ReadError::Outside)?;
        let path = self.root.join(relative);
        let real = if self.is_plain(&path) { path } else { self.resolved(path)? };
        // Before opening: to open a pipe blocks, to open a device may do anything.
        let meta = fs::metadata(&real).map_err(|error| read_error(&error))?;
        if !meta.is_file() {
            return Err(ReadError::NotAFile);
        }
        let mut file = fs::File::open(&real).map_err(|error| read_error(&error))?.take(limit + 1);
        read_all(&mut file, meta.len().min(limit)).map_err(|error| read_error(&error))
    }

    /// Whether a path is a file of a folder that was found to be no link, nor below one, and no link itself.
    fn is_plain(&self, path: &Path) -> bool {
        let plain = self.plain.read().unwrap_or_else(PoisonError::into_inner);
        path.parent().is_some_and(|folder| plain.contains(folder)) && fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
    }

    /// Where a path leads, all links resolved: a place within the tree.
    fn resolved(&self, path: PathBuf) -> Result<PathBuf, ReadError> {
        let real = fs::canonicalize(&path).map_err(|error| match read_error(&error) {
            // A link that leads to itself leads nowhere; it is not that somebody forbids to read it.
            ReadError::Unreadable { .. } if error.kind() != io::ErrorKind::PermissionDenied && path.is_symlink() => ReadError::Missing,
            other => other,
        })?;
        if !real.starts_with(&self.root) {
            return Err(ReadError::Outside);
        }
        if let Some(folder) = path.parent().filter(|_| real == path) {
            self.plain.write().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        }
        Ok(real)
    }
}

impl Tree for DirTree {
    fn label(&self) -> String {
        self.root.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    fn files(&self) -> Listing {
        walk(self)
    }

    fn size(&self, path: &str) -> u64 {
        fs::metadata(self.root.join(path)).map_or(0, |meta| meta.len())
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        let bytes = self.bytes(path, MAX_FILE_BYTES)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            let size =
                normalise(path).and_then(|path| fs::metadata(self.root.join(path)).ok()).map_or(bytes.len() as u64, |meta| meta.len());
            return Err(ReadError::TooLarge { bytes: size });
        }
        text_of(bytes)
    }
}

impl Folders for DirTree {
    fn entries(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        let found = match fs::read_dir(self.root.join(folder)) {
            // Removed since the folder around it was listed: it is no part of the tree any more.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_empty() => return Ok(entries),
            found => found.map_err(|error| error.to_string())?,
        };
        for entry in found {
            let entry = entry.map_err(|error| error.to_string())?;
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            let what = match entry.file_name().to_str() {
                None => What::Unnameable,
                Some(_) if kind.is_symlink() => What::Link,
                Some(_) if kind.is_dir() => What::Folder,
                Some(_) if kind.is_file() => What::File,
                Some(_) => What::Special,
            };
            entries.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), what });
        }
        Ok(entries)
    }

    fn rules(&self, path: &str) -> Option<String> {
        let mut bytes = self.bytes(path, MAX_RULES_BYTES).ok()?;
        bytes.truncate(usize::try_from(MAX_RULES_BYTES).unwrap_or(usize::MAX));
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn follow(&self, path: &str) -> Follow {
        let real = match fs::canonicalize(self.root.join(path)) {
            Ok(real) => real,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Follow::Missing,
                    // Refused half-way: wherever it leads, it cannot be followed.
                    io::ErrorKind::PermissionDenied => Follow::Outside,
                    // The kind for too many links is unstable; nothing else is left that a link can do.
                    _ => Follow::Loop,
                };
            }
        };
        let Some(relative) = real.strip_prefix(&self.root).ok().and_then(relative_text) else { return Follow::Outside };
        match fs::metadata(&real) {
            Ok(meta) if meta.is_dir() => Follow::Folder { path: relative },
            Ok(meta) if meta.is_file() => Follow::File { path: relative },
            Ok(_) => Follow::Special,
            Err(_) => Follow::Missing,
        }
    }
}

/// Reads to the end. It is known how much there is, though it may be more or less by now: then two calls of the system do.
fn read_all(file: &mut impl Read, expected: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(expected).unwrap_or_default() + 1];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let is_all = filled < bytes.len();
    bytes.truncate(filled);
    if !is_all {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// A relative path with `/` between its names.
fn relative_text(path: &Path) -> Option<String> {
    let names: Option<Vec<&str>> = path.iter().map(|name| name.to_str()).collect();
    names.map(|names| names.join("/"))
}

fn read_error(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Missing,
        _ => ReadError::Unreadable { reason: error.to_string() },
    }
}
