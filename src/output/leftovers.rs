//! Temporary files of runs that were killed: the next run that writes there removes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How the name of a temporary file begins, …
pub(super) const PREFIX: &str = ".statemap-";
/// … and how it ends.
pub(super) const SUFFIX: &str = ".tmp";

/// Between the two stand as many random characters.
const RANDOM: usize = 6;

/// What is older belongs to no run that still writes.
const OLD: Duration = Duration::from_secs(60 * 60);

/// Removes what old runs left in these folders. What cannot be removed stays: nobody is harmed by it.
pub(super) fn remove<'p>(folders: impl Iterator<Item = &'p Path>) {
    for folder in folders.collect::<BTreeSet<_>>() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let is_ours = entry.file_name().to_str().is_some_and(is_temporary) && entry.file_type().is_ok_and(|kind| kind.is_file());
            // A file of the future, where the clock was set back, is not old.
            let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
            if is_ours && age.is_some_and(|age| age > OLD) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_old_temporary_files_of_ours_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 2 * OLD;
        for (name, time) in [
            (".statemap-aB3dE6.tmp", old),
            (".statemap-fresh1.tmp", SystemTime::now()),
            (".statemap-future.tmp", SystemTime::now() + OLD),
            (".statemap-notes.tmp", old),
            (".statemap-a.b.cd.tmp", old),
            ("statemap-aB3dE6.tmp", old),
            (".statemap-aB3dE6.tmp.md", old),
        ] {
            File::create(dir.path().join(name)).unwrap().set_modified(time).unwrap();
        }
        remove([dir.path(), dir.path(), Path::new("/no/such/folder")].into_iter());
        let mut left: Vec<String> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let stays = [
            ".statemap-a.b.cd.tmp",
            ".statemap-aB3dE6.tmp.md",
            ".statemap-fresh1.tmp",
            ".statemap-future.tmp",
            ".statemap-notes.tmp",
            "statemap-aB3dE6.tmp",
        ];
        assert_eq!(left, stays);
    }
}
