//! A tree that notes what was asked of it, and what it answered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use smol_str::SmolStr;

use super::{Hash, hash};
use crate::source::{Listing, ReadError, Tree};

/// A tree that notes what it answers.
pub struct Recorded<'t> {
    tree: &'t dyn Tree,
    answers: Mutex<BTreeMap<SmolStr, Hash>>,
    /// The same file was read twice with two contents.
    torn: AtomicBool,
}

impl<'t> Recorded<'t> {
    /// Nothing was asked yet.
    #[must_use]
    pub fn new(tree: &'t dyn Tree) -> Self {
        Self { tree, answers: Mutex::default(), torn: AtomicBool::new(false) }
    }

    /// What was read, by path; none when the tree changed meanwhile.
    pub(super) fn answers(self) -> Option<Vec<(SmolStr, Hash)>> {
        let answers = self.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!self.torn.into_inner()).then(|| answers.into_iter().collect())
    }
}

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
        let answer = answer(&text);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.entry(path.into()) {
            Entry::Vacant(place) => {
                place.insert(answer);
            }
            Entry::Occupied(known) if *known.get() == answer => {}
            Entry::Occupied(_) => self.torn.store(true, Ordering::Relaxed),
        }
        drop(answers);
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
        let answers = recorded.answers().unwrap();
        let paths: Vec<&str> = answers.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["a.rs", "b.rs"]);
        assert_eq!(answers[1].1, answer(&Err(ReadError::Missing)));
        assert_ne!(answers[1].1, answer(&Ok(String::new())));
    }
}
