//! Which program wrote a file of the cache: what one build found out says nothing of what another one would find.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::UNIX_EPOCH;

use super::Hash;

/// So much of a program's file holds what linkers write about the whole: a hash, an identifier, a date.
const HEAD: u64 = 64 * 1024;

/// A build of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program(pub(super) Hash);

impl Program {
    /// The program that runs: its version, and the size, date and head of its file, which tell a build with other dependencies.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn of_this() -> io::Result<Self> {
        let file = File::open(std::env::current_exe()?)?;
        let meta = file.metadata()?;
        let date = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut about = format!("{}\0{}\0{}\0", env!("CARGO_PKG_VERSION"), meta.len(), date.as_nanos()).into_bytes();
        file.take(HEAD).read_to_end(&mut about)?;
        Ok(Self(super::hash(&about)))
    }

    /// A program that is told apart by a name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(super::hash(name.as_bytes()))
    }
}
