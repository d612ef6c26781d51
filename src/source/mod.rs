//! The tree that is read, behind one trait: the working directory, a git revision, a fixture in tests.
//!
//! All bounds on hostile input live here: size, depth, number of files, links, special files. Knows nothing of Rust or
//! cargo beyond the names of folders that never hold a service's own code.

mod dir;
#[cfg(feature = "git")]
pub mod git;
mod ignored;
mod lines;
mod memory;
mod path;
mod revision;
mod roots;
mod walk;
mod without;

#[cfg(test)]
mod tests;

pub use dir::{DirTree, OpenError};
pub use lines::Lines;
pub use memory::MemoryTree;
pub use path::{file_name, join, line_of, normalise, parent};
pub use revision::{Revision, revision};
pub use roots::{nearest_root, way};
pub use without::Without;

use smol_str::SmolStr;

use crate::model::{Diagnostic, Severity};

/// Largest file that is read, in bytes. Generated Rust beyond it says nothing of a service's state and costs minutes.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Most files that one tree may list.
pub const MAX_FILES: usize = 400_000;

/// Deepest folder that is entered.
pub const MAX_DEPTH: usize = 64;

/// A tree of files that can be listed and read.
///
/// Paths are relative to the root, with `/` between names and no `.` or `..` in them.
pub trait Tree: Sync {
    /// Name of the root folder, for a package that no manifest names.
    fn label(&self) -> String;

    /// All files that are not ignored, sorted by path.
    fn files(&self) -> Listing;

    /// Size in bytes of a file that is listed; 0 when it cannot be told, and reading it will say why.
    fn size(&self, path: &str) -> u64;

    /// The text of one file.
    ///
    /// # Errors
    /// When it is not there, outside the tree, no regular file, too large, not readable or not UTF-8.
    fn read(&self, path: &str) -> Result<String, ReadError>;

    /// The text of a file of Rust, of which nothing but its facts is wanted.
    ///
    /// # Errors
    /// As [`Tree::read`].
    fn code(&self, path: &str) -> Result<String, ReadError> {
        self.read(path)
    }
}

/// What a tree holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Regular files, sorted by path.
    pub files: Vec<Listed>,
    /// Folders that were not entered, sorted by path.
    pub pruned: Vec<Pruned>,
    /// Links to files within the tree that are listed under their own name: `(link, target)`, sorted.
    pub links: Vec<(SmolStr, SmolStr)>,
    /// Paths that could not be read, sorted.
    pub skipped: Vec<SmolStr>,
    /// What was odd.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something could not be read at all: the exit code is 3.
    pub unreadable: bool,
}

impl Listing {
    /// The listed file that a link within the tree leads to.
    #[must_use]
    pub fn linked(&self, path: &str) -> Option<&SmolStr> {
        let index = self.links.binary_search_by(|(link, _)| link.as_str().cmp(path)).ok()?;
        Some(&self.links[index].1)
    }

    /// Whether a file of that path is listed.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok()
    }

    /// The files below a folder, sorted by path.
    #[must_use]
    pub fn below(&self, folder: &str) -> &[Listed] {
        if folder.is_empty() {
            return &self.files;
        }
        let prefix = format!("{folder}/");
        let start = self.files.partition_point(|file| file.path.as_str() < prefix.as_str());
        let length = self.files[start..].partition_point(|file| file.path.starts_with(&prefix));
        &self.files[start..start + length]
    }

    /// The pruned folder that holds `path`, if any.
    #[must_use]
    pub fn pruned_above(&self, path: &str) -> Option<&Pruned> {
        let mut above = path;
        while !above.is_empty() {
            if let Ok(index) = self.pruned.binary_search_by(|pruned| pruned.path.as_str().cmp(above)) {
                return Some(&self.pruned[index]);
            }
            above = parent(above);
        }
        None
    }
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Path relative to the root.
    pub path: SmolStr,
}

/// A folder that was not entered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pruned {
    /// Path relative to the root.
    pub path: SmolStr,
    /// Why.
    pub reason: PruneReason,
}

/// Why a folder was not entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PruneReason {
    /// Version control, editors, virtual environments.
    Tooling,
    /// Build output.
    BuildOutput,
    /// Code of others, copied into the tree.
    Vendored,
    /// A `.gitignore` or `.ignore` says so.
    Ignored,
}

impl PruneReason {
    /// The reason in words, to follow "left out as".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PruneReason::Tooling => "a folder of tools",
            PruneReason::BuildOutput => "build output",
            PruneReason::Vendored => "vendored code",
            PruneReason::Ignored => "ignored by `.gitignore` or `.ignore`",
        }
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No such file.
    #[error("no such file")]
    Missing,
    /// The path, or the link it is, leads out of the tree.
    #[error("leads out of the analysed tree")]
    Outside,
    /// A folder, pipe, socket or device.
    #[error("not a regular file")]
    NotAFile,
    /// Larger than [`MAX_FILE_BYTES`].
    #[error("{bytes} bytes, more than the limit of {MAX_FILE_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The operating system refused.
    #[error("failed to read: {reason}")]
    Unreadable {
        /// Its words.
        reason: String,
    },
    /// Not UTF-8.
    #[error("invalid UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Offset of the first bad byte.
        offset: usize,
        /// Its line, from 1.
        line: u32,
    },
}

impl ReadError {
    /// The message for people about `path`.
    #[must_use]
    pub fn diagnostic(&self, path: &str) -> Diagnostic {
        let (code, help) = match self {
            ReadError::Missing => ("missing-file", "check the path"),
            ReadError::Outside => ("outside-tree", "only files below the analysed folder are read: analyse a folder further up"),
            ReadError::NotAFile => ("not-a-file", "pipes, sockets and devices are never opened"),
            ReadError::TooLarge { .. } => ("too-large", "list it in `.ignore` if it is generated"),
            ReadError::Unreadable { .. } => ("unreadable", "make it readable for this user, or list it in `.ignore`"),
            ReadError::NotUtf8 { .. } => ("not-utf8", "convert the file to UTF-8, as rustc demands"),
        };
        let severity = if self.is_unreadable() { Severity::Error } else { Severity::Warning };
        let diagnostic = Diagnostic::new(severity, code, format!("`{path}` was skipped: {self}")).in_file(path).help(help);
        match self {
            ReadError::NotUtf8 { line, .. } => diagnostic.at_line(*line),
            _ => diagnostic,
        }
    }

    /// Whether the operating system refused: the exit code is 3.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, ReadError::Unreadable { .. })
    }
}

/// The text of `bytes`, or where it stops being text.
fn text_of(bytes: Vec<u8>) -> Result<String, ReadError> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let lines = error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count();
        ReadError::NotUtf8 { offset, line: u32::try_from(lines + 1).unwrap_or(u32::MAX) }
    })
}
