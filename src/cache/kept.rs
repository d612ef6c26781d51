//! The result of an analysis, with all that it asked of the tree.

use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::recorded::answer;
use super::{Cache, Hash, Recorded, hash, sealed};
use crate::discover::{Discovery, RustFile};
use crate::model::StateMap;
use crate::source::{Revision, Tree};
use crate::{Analysis, Options};

/// What the cache keeps of a tree, for one way to analyse it.
pub struct Kept<'c> {
    cache: &'c Cache,
    name: String,
    today: String,
}

/// What a result is of.
#[derive(Debug, Serialize, Deserialize)]
struct Trace {
    /// Annotations expire.
    today: String,
    /// What discovery found.
    discovery: Hash,
    /// What was read, by path.
    answers: Vec<(SmolStr, Hash)>,
    no_rust: bool,
}

/// A result of an earlier run on a tree whose files are what they were.
pub(crate) struct Found {
    discovery: Hash,
    map: StateMap,
    no_rust: bool,
}

impl<'c> Kept<'c> {
    pub(super) fn new(cache: &'c Cache, root: &Path, options: &Options) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let asked = format!("{}\0{:?}\0{:?}", root.display(), options.include, options.what_if);
        let name: String = hash(asked.as_bytes())[..16].iter().fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        Self { cache, name: format!("{name}.map"), today: options.today.to_string() }
    }

    /// What was found the last time, when all files that were read then are as they were.
    pub(crate) fn find(&self, tree: &dyn Tree) -> Option<Found> {
        match self.load(tree) {
            Ok(found) => Some(found),
            Err(why) => {
                self.cache.tell(format!("the map is made anew: {why}"));
                None
            }
        }
    }

    fn load(&self, tree: &dyn Tree) -> Result<Found, String> {
        let bytes = self.cache.folder.read(&self.name).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "nothing is kept of this tree".to_owned(),
            _ => format!("failed to read `{}`: {error}", self.cache.file(&self.name).display()),
        })?;
        let refused = |why: &str| format!("`{}` is passed over: {why}", self.cache.file(&self.name).display());
        let content = sealed::open(&bytes, self.cache.program).map_err(|why| refused(why.as_str()))?;
        let (trace, map): (Trace, &[u8]) = postcard::take_from_bytes(content).map_err(|_| refused("it is not understood"))?;
        if trace.today != self.today {
            return Err(format!("what is kept is of {}", trace.today));
        }
        let differs = || {
            let differs = |(path, was): &&(SmolStr, Hash)| answer(&tree.read(path)) != *was;
            trace.answers.par_iter().find_any(differs).map(|(path, _)| path.clone())
        };
        let (differs, map) = rayon::join(differs, || serde_json::from_slice::<StateMap>(map));
        if let Some(path) = differs {
            return Err(format!("`{path}` is not what it was"));
        }
        let map = map.map_err(|_| refused("its map is not understood"))?;
        Ok(Found { discovery: trace.discovery, map, no_rust: trace.no_rust })
    }

    /// The result of the last time, when discovery finds what it found then.
    pub(crate) fn take(&self, found: Found, discovery: &Discovery, revision: &Revision) -> Option<Found> {
        if found.discovery != digest(discovery) {
            self.cache.tell("the map is made anew: other files, packages or links are there");
            return None;
        }
        self.cache.tell("nothing has changed: the map is the one of the last run");
        let mut found = found;
        // A commit changes these and no file.
        found.map.revision.clone_from(&revision.commit);
        found.map.repository.clone_from(&revision.repository);
        found.map.about.folder = Some(revision.prefix.clone()).filter(|folder| !folder.is_empty());
        Some(found)
    }

    /// Keeps a result, beside what the caller does next.
    ///
    /// A tree that could not be read, or changed meanwhile, or whose configuration is wrong, is analysed again the next time.
    pub(crate) fn keep(&self, tree: Recorded<'_>, discovery: Hash, analysis: &Analysis) {
        if analysis.unreadable || analysis.bad_config {
            return;
        }
        let Some(answers) = tree.answers() else {
            self.cache.tell("nothing is kept: the tree changed while it was read");
            return;
        };
        let trace = Trace { today: self.today.clone(), discovery, answers, no_rust: analysis.no_rust };
        let (map, folder, program, name) = (analysis.map.clone(), self.cache.folder.clone(), self.cache.program, self.name.clone());
        self.cache.later(move || {
            let Ok(mut content) = postcard::to_allocvec(&trace) else { return };
            if serde_json::to_writer(&mut content, &map).is_ok() {
                // Who may not write, or has no room, has no cache.
                let _ = folder.write(&name, &[&sealed::head(program, &content), &content]);
            }
        });
    }
}

impl Found {
    pub(crate) fn into_parts(self) -> (StateMap, bool) {
        (self.map, self.no_rust)
    }
}

/// What tells one discovery from another. The sizes of files are no part of it: whatever reads one has its content noted.
pub(crate) fn digest(discovery: &Discovery) -> Hash {
    let Discovery { packages, files, left_out, others, pruned, links, skipped, diagnostics, unreadable } = discovery;
    let files: Vec<&SmolStr> = files.iter().map(|RustFile { path, .. }| path).collect();
    let mut out = Hashed(blake3::Hasher::new());
    let told = write!(out, "{packages:?}{files:?}{left_out:?}{others:?}{pruned:?}{links:?}{skipped:?}{diagnostics:?}{unreadable:?}");
    debug_assert!(told.is_ok(), "hashing does not fail");
    *out.0.finalize().as_bytes()
}

/// Text on its way into a hash.
struct Hashed(blake3::Hasher);

impl fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
