//! The folder of the cache: private, bounded, written a whole file at a time.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use etcetera::base_strategy::{BaseStrategy as _, choose_base_strategy};
use tempfile::Builder;

/// Most that all files of the cache have together, in bytes; those that were not used for longest go first.
pub const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// A single file may have so much of it.
const MAX_FILE: u64 = MAX_BYTES / 4;

/// How the name of a file of the cache ends.
const ENDINGS: [&str; 2] = ["map", "facts"];
/// How that of one begins that is being written.
const UNFINISHED: &str = ".unfinished-";
/// One that is as old belongs to a run that was killed.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// Use is noted so often: a run that only reads the cache need not write to the disk.
const NOTED: Duration = Duration::from_secs(60 * 60);

/// What marks the folder for programs that make backups, and for the walk over a tree that the folder lies in.
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &str =
    "Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds the cache of statemap. It may be removed at any time.\n";

/// `statemap` in the user's cache folder: `$XDG_CACHE_HOME`, `~/.cache`, or what the system has in its place.
#[must_use]
pub fn default_folder() -> Option<PathBuf> {
    Some(choose_base_strategy().ok()?.cache_dir().join("statemap"))
}

/// A folder of files of the cache.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The content of a file.
    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens a file. A link is not followed, and a folder that others may write to is not trusted.
    pub(super) fn open(&self, name: &str) -> io::Result<File> {
        self.check()?;
        let path = self.path.join(name);
        let meta = fs::symlink_metadata(&path)?;
        if !meta.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if meta.len() > MAX_FILE {
            return Err(io::Error::other("it is larger than any that was written"));
        }
        note_use(&path, &meta);
        File::open(&path)
    }

    /// Puts a file in the place of what was there: all of it or nothing.
    pub(super) fn write(&self, name: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        self.make()?;
        self.check()?;
        // Only its owner may read it: so temporary files are made.
        let mut file = Builder::new().prefix(UNFINISHED).tempfile_in(&self.path)?;
        fill(file.as_file_mut())?;
        if file.as_file().metadata()?.len() > MAX_FILE {
            return Err(io::Error::other("it is larger than one tree may have"));
        }
        file.persist(self.path.join(name)).map_err(|error| error.error)?;
        self.bound(MAX_BYTES);
        Ok(())
    }

    /// Makes the folder, for its owner alone.
    fn make(&self) -> io::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        if let Some(above) = self.path.parent() {
            fs::create_dir_all(above)?;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&self.path) {
            // Another run was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.path.is_dir() => {}
            Err(error) => return Err(error),
            Ok(()) => fs::write(self.path.join(TAG), TAG_TEXT)?,
        }
        Ok(())
    }

    /// What others may put there is not taken for the own.
    fn check(&self) -> io::Result<()> {
        let meta = fs::metadata(&self.path)?;
        if !meta.is_dir() {
            return Err(io::Error::other("a file is where the folder should be"));
        }
        if writable_by_others(&meta) {
            return Err(io::Error::other("others may write to the folder: `chmod go-w` makes it private"));
        }
        Ok(())
    }

    /// Removes files until the rest is within the bound, those first that were not used for longest.
    fn bound(&self, most: u64) {
        let mut files = self.files();
        let mut sum: u64 = files.iter().map(|file| file.bytes).sum();
        files.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.path.cmp(&b.path)));
        for file in &files {
            let abandoned = file.unfinished && file.used.elapsed().is_ok_and(|age| age > ABANDONED);
            if (sum > most && !file.unfinished) || abandoned {
                // Another run may have removed it.
                let _ = fs::remove_file(&file.path);
                sum -= file.bytes;
            }
        }
    }

    /// Removes all files of the cache, and the folder when nothing else is in it.
    pub(super) fn clean(&self) -> io::Result<(usize, u64)> {
        let files = self.files();
        for file in &files {
            match fs::remove_file(&file.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.path.is_dir() {
            let _ = fs::remove_file(self.path.join(TAG));
            // It may hold what is not ours.
            let _ = fs::remove_dir(&self.path);
        }
        let done = files.iter().filter(|file| !file.unfinished);
        Ok((done.clone().count(), done.map(|file| file.bytes).sum()))
    }

    /// The files that are of the cache by their names; nothing else in the folder is touched.
    fn files(&self) -> Vec<Found> {
        let Ok(entries) = fs::read_dir(&self.path) else { return Vec::new() };
        let found = |entry: fs::DirEntry| {
            let name = entry.file_name();
            let unfinished = name.to_str().is_some_and(|name| name.starts_with(UNFINISHED));
            if !unfinished && !is_own(Path::new(&name)) {
                return None;
            }
            let meta = entry.metadata().ok().filter(Metadata::is_file)?;
            Some(Found { path: entry.path(), bytes: meta.len(), used: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), unfinished })
        };
        entries.flatten().filter_map(found).collect()
    }
}

/// A file of the cache.
struct Found {
    path: PathBuf,
    bytes: u64,
    /// When it was written or read last.
    used: SystemTime,
    unfinished: bool,
}

/// `0123456789abcdef0123456789abcdef.map`, and `.facts`.
fn is_own(name: &Path) -> bool {
    let ending = name.extension().and_then(OsStr::to_str).is_some_and(|ending| ENDINGS.contains(&ending));
    let stem = name.file_stem().and_then(OsStr::to_str);
    ending && stem.is_some_and(|stem| stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Notes that a file was used, by its date: which one goes first depends on nothing else.
fn note_use(path: &Path, meta: &Metadata) {
    let is_noted = meta.modified().is_ok_and(|used| used.elapsed().is_ok_and(|age| age < NOTED));
    if !is_noted && let Ok(file) = File::options().write(true).open(path) {
        // Where that is refused it goes earlier.
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(unix)]
fn writable_by_others(meta: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(meta) & 0o022 != 0
}

#[cfg(not(unix))]
fn writable_by_others(_meta: &Metadata) -> bool {
    false
}
