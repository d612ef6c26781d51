//! What an earlier run found out, kept in the user's cache folder. Only how long a run takes depends on it.
//!
//! A kept result is taken when everything that the analysis asked of the tree is answered as it was then: what discovery finds, and
//! the content, never the date, of each file that was read. Where the facts of a file stand on other lines and are the same for the
//! rest, the places of the result are moved. Else the tree is analysed. Whatever is missing, cut off, foreign or out of date is
//! passed over and made anew; a cache that cannot be written is no failure.

mod folder;
mod kept;
mod moved;
mod program;
mod recorded;
mod sealed;
mod shape;

pub use folder::{MAX_BYTES, default_folder};
pub use kept::Kept;
pub(crate) use kept::digest;
pub use program::Program;
pub use recorded::Recorded;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use folder::Folder;

/// A hash of content.
pub(crate) type Hash = [u8; 32];

/// The cache of all trees.
///
/// What is to be kept is written by threads of their own; they have ended when this value is gone.
#[derive(Debug)]
pub struct Cache {
    folder: Folder,
    program: Program,
    writers: Mutex<Vec<JoinHandle<()>>>,
    told: Mutex<Vec<String>>,
}

impl Cache {
    /// The cache in a folder, which is made when something is kept; what other programs have written there is not taken.
    #[must_use]
    pub fn new(folder: &Path, program: Program) -> Self {
        Self { folder: Folder::new(folder), program, writers: Mutex::default(), told: Mutex::default() }
    }

    /// The folder that holds the files of the cache.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What is kept of the tree at `root`, for one way to analyse it.
    #[must_use]
    pub fn of(&self, root: &Path, options: &crate::Options) -> Kept<'_> {
        Kept::new(self, root, options)
    }

    /// Removes all that is kept; gives how many files there were, and their bytes.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clean(&self) -> std::io::Result<(usize, u64)> {
        self.folder.clean()
    }

    /// What was taken from the cache, and why something was not, in the order in which it came to pass.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, what: impl Into<String>) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Does this beside what the caller does next.
    fn later(&self, write: impl FnOnce() + Send + 'static) {
        // Where no thread can be had, nothing is kept.
        if let Ok(writer) = std::thread::Builder::new().name("statemap-cache".to_owned()).spawn(write) {
            self.writers.lock().unwrap_or_else(PoisonError::into_inner).push(writer);
        }
    }

    /// Waits until all is written.
    pub fn finish(&self) {
        let writers = std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            // One that panicked has kept nothing.
            let _ = writer.join();
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The hash of a content.
pub(crate) fn hash(content: &[u8]) -> Hash {
    *blake3::hash(content).as_bytes()
}
