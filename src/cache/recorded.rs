//! A tree that notes what was asked of it, and what it answered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::shape::Shape;
use super::{Hash, hash};
use crate::facts::FileFacts;
use crate::source::{Listing, ReadError, Tree};

/// What was read, as far as it is known of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) path: SmolStr,
    /// The hash of its text, or of why there is none.
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
    /// The shapes of files, by their path; told when they have been made.
    shapes: Mutex<Option<Shapes>>,
}

impl<'t> Recorded<'t> {
    /// Nothing was asked yet.
    pub(crate) fn new(tree: &'t dyn Tree) -> Self {
        Self { tree, answers: Mutex::default(), torn: AtomicBool::new(false), shapes: Mutex::default() }
    }

    /// Notes the shapes of files, beside what the caller does next; `alone` when facts are those of the text of a file and of
    /// nothing else.
    pub(crate) fn facts(&self, files: Arc<Vec<FileFacts>>, alone: impl Fn(&FileFacts) -> bool + Send + 'static) {
        if self.torn.load(Ordering::Relaxed) {
            return;
        }
        let shapes = move || -> Vec<(SmolStr, Shape)> {
            let own = files.iter().filter(|file| alone(file));
            own.filter_map(|file| Some((file.file.clone(), Shape::of(file)?))).collect()
        };
        // Where no thread can be had, files are not told apart by their shape.
        let thread = std::thread::Builder::new().name("statemap-shapes".to_owned()).spawn(shapes);
        *self.shapes.lock().unwrap_or_else(PoisonError::into_inner) = thread.ok();
    }

    /// What was read, by path, and what makes the shapes of files; none when the tree changed meanwhile.
    pub(super) fn answers(self) -> Option<(Vec<Answer>, Option<Shapes>)> {
        let answers = self.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let answers = answers.into_iter().map(|(path, (hash, is_code))| Answer { path, hash, is_code }).collect();
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

    fn size(&self, path: &str) -> u64 {
        // As with what is listed.
        self.tree.size(path)
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
    use super::*;
    use crate::source::MemoryTree;

    #[test]
    fn what_is_missing_is_an_answer_too() {
        let tree = MemoryTree::from_fixture("//- /a.rs\nfn a() {}\n");
        let recorded = Recorded::new(&tree);
        assert!(recorded.read("a.rs").is_ok());
        assert!(recorded.read("b.rs").is_err());
        assert!(recorded.read("a.rs").is_ok());
        let (answers, _) = recorded.answers().unwrap();
        let paths: Vec<&str> = answers.iter().map(|answer| answer.path.as_str()).collect();
        assert_eq!(paths, ["a.rs", "b.rs"]);
        assert_eq!(answers[1].hash, answer(&Err(ReadError::Missing)));
        assert_ne!(answers[1].hash, answer(&Ok(String::new())));
    }

    #[test]
    fn what_is_read_as_text_too_is_not_code_alone() {
        let tree = MemoryTree::from_fixture("//- /a.rs\nfn a() {}\n//- /b.rs\nfn b() {}\n");
        let recorded = Recorded::new(&tree);
        assert!(recorded.code("a.rs").is_ok() && recorded.code("b.rs").is_ok() && recorded.read("b.rs").is_ok());
        assert!(recorded.code("c.rs").is_err());
        let is_code: Vec<bool> = recorded.answers().unwrap().0.iter().map(|answer| answer.is_code).collect();
        assert_eq!(is_code, [true, false, false]);
    }
}
