//! A tree that notes what was asked of it, and what it answered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::pack::Pack;
use super::shape::Shape;
use super::{Hash, Kept, hash};
use crate::facts::FileFacts;
use crate::source::{Listing, ReadError, Tree};

/// What was read, as far as it is known of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) path: SmolStr,
    /// The hash of the hash of its text, or of why there is none: the first hash is the key of its facts.
    pub(super) hash: Hash,
    /// Nothing but the facts of its text was asked for.
    pub(super) is_code: bool,
}

/// A tree that notes what it answers.
pub struct Recorded<'t> {
    tree: &'t dyn Tree,
    answers: Mutex<BTreeMap<SmolStr, (Hash, bool)>>,
    /// The same file was read twice with two contents.
    torn: AtomicBool,
    /// The facts of an earlier run.
    pack: Option<Pack>,
    /// How many of them were taken.
    taken: AtomicUsize,
    /// The shapes of files, by their path; told when they have been made.
    shapes: Mutex<Option<Shapes>>,
}

/// So many texts are parsed again in each run before all facts are written anew.
const FRESH: usize = 20;

impl<'t> Recorded<'t> {
    /// Nothing was asked yet.
    pub(crate) fn new(tree: &'t dyn Tree, kept: &Kept<'_>) -> Self {
        Self {
            tree,
            answers: Mutex::default(),
            torn: AtomicBool::new(false),
            pack: kept.pack(),
            taken: AtomicUsize::new(0),
            shapes: Mutex::default(),
        }
    }

    /// The facts of a file that was just read, when its text was parsed before.
    pub(crate) fn known(&self, path: &str) -> Option<FileFacts> {
        let pack = self.pack.as_ref().filter(|_| !self.torn.load(Ordering::Relaxed))?;
        let text = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(path)?.0;
        let facts = pack.facts(path, &text)?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(facts)
    }

    /// Keeps the facts of files and notes their shapes, beside what the caller does next; `alone` when facts are those of the text
    /// of a file and of nothing else.
    pub(crate) fn facts(&self, files: Arc<Vec<FileFacts>>, kept: &Kept<'_>, alone: impl Fn(&FileFacts) -> bool + Send + 'static) {
        if self.torn.load(Ordering::Relaxed) {
            return;
        }
        let texts: Vec<Option<Hash>> = {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            files.iter().map(|file| answers.get(&file.file).filter(|_| alone(file)).map(|(hash, _)| *hash)).collect()
        };
        let taken = self.taken.load(Ordering::Relaxed);
        if taken > 0 {
            kept.tell(format!("of {} files, {taken} were parsed before", files.len()));
        }
        let fresh = texts.iter().flatten().count().saturating_sub(taken);
        let write = (self.pack.is_none() || fresh > FRESH).then(|| kept.pack_writer());
        let shapes = move || -> Vec<(SmolStr, Shape)> {
            let own = || files.iter().zip(&texts).filter_map(|(file, text)| Some((file, (*text)?)));
            let shapes = own().filter_map(|(file, _)| Some((file.file.clone(), Shape::of(file)?))).collect();
            if let Some(write) = write {
                write(&mut own());
            }
            shapes
        };
        // Where no thread can be had, files are not told apart by their shape.
        let thread = std::thread::Builder::new().name("statemap-shapes".to_owned()).spawn(shapes);
        *self.shapes.lock().unwrap_or_else(PoisonError::into_inner) = thread.ok();
    }

    /// What was read, by path, and what makes the shapes of files; none when the tree changed meanwhile.
    pub(super) fn answers(self) -> Option<(Vec<Answer>, Option<Shapes>)> {
        let answers = self.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let answers = answers.into_iter().map(|(path, (text, is_code))| Answer { path, hash: hash(&text), is_code }).collect();
        let shapes = self.shapes.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!self.torn.into_inner()).then_some((answers, shapes))
    }

    fn note(&self, path: &str, text: &Result<String, ReadError>, is_code: bool) {
        let hash = answer(text);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.entry(path.into()) {
            Entry::Vacant(place) => {
                place.insert((hash, is_code));
            }
            Entry::Occupied(mut known) if known.get().0 == hash => known.get_mut().1 &= is_code,
            Entry::Occupied(_) => self.torn.store(true, Ordering::Relaxed),
        }
    }
}

/// Makes the shapes of files.
pub(super) type Shapes = JoinHandle<Vec<(SmolStr, Shape)>>;

impl Tree for Recorded<'_> {
    fn label(&self) -> String {
        self.tree.label()
    }

    fn files(&self) -> Listing {
        // What discovery makes of it is noted.
        self.tree.files()
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        let text = self.tree.read(path);
        self.note(path, &text, false);
        text
    }

    fn code(&self, path: &str) -> Result<String, ReadError> {
        let text = self.tree.code(path);
        self.note(path, &text, text.is_ok());
        text
    }
}

/// What tells one answer of a tree from another.
pub(super) fn answer(text: &Result<String, ReadError>) -> Hash {
    match text {
        Ok(text) => hash(text.as_bytes()),
        // No text has this hash.
        Err(error) => *blake3::Hasher::new_derive_key("statemap cache: why a file cannot be read")
            .update(format!("{error:?}").as_bytes())
            .finalize()
            .as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Options;
    use crate::cache::{Cache, Program};
    use crate::discover::Include;
    use crate::source::MemoryTree;

    fn kept(cache: &Cache) -> Kept<'_> {
        let options = Options { include: Include::default(), threads: Some(1), today: jiff::civil::date(2026, 1, 15), what_if: Vec::new() };
        cache.of(Path::new("/nowhere"), &options)
    }

    #[test]
    fn what_is_missing_is_an_answer_too() {
        let tree = MemoryTree::from_fixture("//- /a.rs\nfn a() {}\n");
        let cache = Cache::new(Path::new("/nowhere"), Program::named("test"));
        let recorded = Recorded::new(&tree, &kept(&cache));
        assert!(recorded.read("a.rs").is_ok());
        assert!(recorded.read("b.rs").is_err());
        assert!(recorded.read("a.rs").is_ok());
        let (answers, _) = recorded.answers().unwrap();
        let paths: Vec<&str> = answers.iter().map(|answer| answer.path.as_str()).collect();
        assert_eq!(paths, ["a.rs", "b.rs"]);
        assert_eq!(answers[1].hash, hash(&answer(&Err(ReadError::Missing))));
        assert_ne!(answers[1].hash, hash(&answer(&Ok(String::new()))));
    }

    #[test]
    fn what_is_read_as_text_too_is_not_code_alone() {
        let tree = MemoryTree::from_fixture("//- /a.rs\nfn a() {}\n//- /b.rs\nfn b() {}\n");
        let cache = Cache::new(Path::new("/nowhere"), Program::named("test"));
        let recorded = Recorded::new(&tree, &kept(&cache));
        assert!(recorded.code("a.rs").is_ok() && recorded.code("b.rs").is_ok() && recorded.read("b.rs").is_ok());
        assert!(recorded.code("c.rs").is_err());
        let is_code: Vec<bool> = recorded.answers().unwrap().0.iter().map(|answer| answer.is_code).collect();
        assert_eq!(is_code, [true, false, false]);
    }
}
