//! The result of an analysis, with all that it asked of the tree.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::moved::{Moves, moved};
use super::recorded::{Answer, Shapes, answer};
use super::shape::Shape;
use super::{Cache, Hash, Recorded, hash, sealed};
use crate::discover::{Discovery, RustFile};
use crate::model::StateMap;
use crate::parse::{ParseOptions, parse_file};
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
    answers: Vec<Answer>,
    /// The shapes of code that is read by itself, by the index of its answer.
    shapes: Vec<(usize, Shape)>,
    /// What is no part of the map as outputs have it: what to put in the place of a line, by the index of the message.
    pastes: Vec<(usize, String)>,
    no_rust: bool,
}

impl Trace {
    /// The answers and shapes where files have changed, when nothing but lines is moved in them.
    fn follow(&mut self, tree: &dyn Tree, options: &ParseOptions, changed: &[(usize, Hash)]) -> Result<Moves, String> {
        let mut moves = Moves::new();
        for (at, hash) in changed {
            let answer = &mut self.answers[*at];
            let path = answer.path.clone();
            let other = || format!("`{path}` is not what it was");
            let shape = self.shapes.binary_search_by_key(at, |(of, _)| *of).ok().filter(|_| answer.is_code).ok_or_else(other)?;
            let text = tree.code(&path).map_err(|_| other())?;
            // It may have changed again.
            if super::hash(text.as_bytes()) != *hash {
                return Err(other());
            }
            let is = Shape::of(&parse_file(&path, &text, options)).ok_or_else(other)?;
            let was = &mut self.shapes[shape].1;
            if is.hash != was.hash || is.stands_on.len() != was.stands_on.len() {
                return Err(other());
            }
            answer.hash = *hash;
            moves.insert(path, (std::mem::replace(was, is.clone()), is));
        }
        Ok(moves)
    }
}

/// More files than a person edits at a time are not looked at one by one.
const MAX_MOVED: usize = 50;

/// A result of an earlier run on a tree whose files are what they were.
pub(crate) struct Found {
    trace: Trace,
    map: StateMap,
    /// Places were moved.
    is_moved: bool,
}

impl<'c> Kept<'c> {
    pub(super) fn new(cache: &'c Cache, root: &Path, options: &Options) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let asked = format!("{}\0{:?}\0{:?}", root.display(), options.include, options.what_if);
        let name: String = hash(asked.as_bytes())[..16].iter().fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        Self { cache, name, today: options.today.to_string() }
    }

    fn map_name(&self) -> String {
        format!("{}.map", self.name)
    }

    /// What was found the last time, when all files that were read then are as they were.
    pub(crate) fn find(&self, tree: &dyn Tree, options: &ParseOptions) -> Option<Found> {
        match self.load(tree, options) {
            Ok(found) => Some(found),
            Err(why) => {
                self.cache.tell(format!("the map is made anew: {why}"));
                None
            }
        }
    }

    fn load(&self, tree: &dyn Tree, options: &ParseOptions) -> Result<Found, String> {
        let bytes = self.cache.folder.read(&self.map_name()).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "nothing is kept of this tree".to_owned(),
            _ => format!("failed to read `{}`: {error}", self.cache.file(&self.map_name()).display()),
        })?;
        let refused = |why: &str| format!("`{}` is passed over: {why}", self.cache.file(&self.map_name()).display());
        let content = sealed::open(&bytes, self.cache.program).map_err(|why| refused(why.as_str()))?;
        let (mut trace, json): (Trace, &[u8]) = postcard::take_from_bytes(content).map_err(|_| refused("it is not understood"))?;
        if trace.today != self.today {
            return Err(format!("what is kept is of {}", trace.today));
        }
        let differs = |(at, known): (usize, &Answer)| {
            let is = answer(&tree.read(&known.path));
            (is != known.hash).then_some((at, is))
        };
        let changed: Vec<(usize, Hash)> = trace.answers.par_iter().enumerate().filter_map(differs).collect();
        if changed.len() > MAX_MOVED {
            return Err(format!("{} files are not what they were", changed.len()));
        }
        let moves = trace.follow(tree, options, &changed)?;
        let map = if moves.is_empty() { serde_json::from_slice(json).ok() } else { moved(json, &moves) };
        let mut map: StateMap = map.ok_or_else(|| refused("its map cannot be taken"))?;
        for (at, paste) in &trace.pastes {
            map.diagnostics.get_mut(*at).ok_or_else(|| refused("a message of its map is not there"))?.paste = Some(paste.clone());
        }
        Ok(Found { trace, map, is_moved: !moves.is_empty() })
    }

    /// The result of the last time, when discovery finds what it found then.
    pub(crate) fn take(&self, found: Found, discovery: &Discovery, revision: &Revision) -> Option<(StateMap, bool)> {
        let Found { trace, mut map, is_moved } = found;
        if trace.discovery != digest(discovery) {
            self.cache.tell("the map is made anew: other files, packages or links are there");
            return None;
        }
        let no_rust = trace.no_rust;
        if is_moved {
            self.cache.tell("nothing but lines has changed: the map is the one of the last run, with its places moved");
            self.write(trace, map.clone(), None);
        } else {
            self.cache.tell("nothing has changed: the map is the one of the last run");
        }
        // A commit changes these and no file.
        map.revision.clone_from(&revision.commit);
        map.repository.clone_from(&revision.repository);
        map.about.folder = Some(revision.prefix.clone()).filter(|folder| !folder.is_empty());
        Some((map, no_rust))
    }

    /// Keeps a result, beside what the caller does next.
    ///
    /// A tree that could not be read, or changed meanwhile, or whose configuration is wrong, is analysed again the next time.
    pub(crate) fn keep(&self, tree: Recorded<'_>, discovery: Hash, analysis: &Analysis) {
        if analysis.unreadable || analysis.bad_config {
            return;
        }
        let Some((answers, shapes)) = tree.answers() else {
            self.cache.tell("nothing is kept: the tree changed while it was read");
            return;
        };
        let pastes = analysis.map.diagnostics.iter().enumerate().filter_map(|(at, found)| Some((at, found.paste.clone()?))).collect();
        let no_rust = analysis.no_rust;
        let trace = Trace { today: self.today.clone(), discovery, answers, shapes: Vec::new(), pastes, no_rust };
        self.write(trace, analysis.map.clone(), shapes);
    }

    fn write(&self, mut trace: Trace, map: StateMap, shapes: Option<Shapes>) {
        let (folder, program, name) = (self.cache.folder.clone(), self.cache.program, self.map_name());
        self.cache.later(move || {
            let made = shapes.and_then(|shapes| shapes.join().ok()).unwrap_or_default();
            for (path, shape) in made {
                if let Ok(at) = trace.answers.binary_search_by(|answer| answer.path.cmp(&path)) {
                    trace.shapes.push((at, shape));
                }
            }
            trace.shapes.sort_by_key(|(at, _)| *at);
            let Ok(mut content) = postcard::to_allocvec(&trace) else { return };
            if serde_json::to_writer(&mut content, &map).is_ok() {
                // Who may not write, or has no room, has no cache.
                let _ = folder.write(&name, |file| {
                    file.write_all(&sealed::head(program, &content))?;
                    file.write_all(&content)
                });
            }
        });
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
