//! While the pages of a map take their places the process should not end: whoever is told to end it waits here.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many files have taken their places. Held while more are about to.
static WRITING: Mutex<usize> = Mutex::new(0);

/// Nobody who waits goes on until what is returned is dropped.
pub(super) fn begin() -> MutexGuard<'static, usize> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no map is half written, and keeps others from being begun while what is returned lives: the number of files that
/// were written so far.
pub fn wait() -> MutexGuard<'static, usize> {
    begin()
}
