//! Files that were parsed before: what two trees have in common is parsed once.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::facts::FileFacts;

/// The facts of files by path, with the text that they are the facts of.
///
/// It serves analyses with the same options. Only the very same text has the same facts: nothing is taken on trust of a hash.
#[derive(Default)]
pub struct Parsed {
    files: Mutex<FxHashMap<SmolStr, (String, FileFacts)>>,
}

impl Parsed {
    /// The facts of a file with this text, when they are known.
    pub(super) fn get(&self, path: &SmolStr, text: &str) -> Option<FileFacts> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(path).filter(|(known, _)| known == text).map(|(_, facts)| facts.clone())
    }

    pub(super) fn put(&self, path: &SmolStr, text: String, facts: &FileFacts) {
        let facts = facts.clone();
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), (text, facts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{ParseOptions, parse_file};

    #[test]
    fn facts_are_those_of_the_very_same_text() {
        let parsed = Parsed::default();
        let path = SmolStr::new_static("src/main.rs");
        let facts = parse_file("src/main.rs", "fn a() {}", &ParseOptions::default());
        parsed.put(&path, "fn a() {}".to_owned(), &facts);
        let known = parsed.get(&path, "fn a() {}").unwrap();
        assert_eq!(format!("{known:?}"), format!("{facts:?}"));
        assert!(parsed.get(&path, "fn b() {}").is_none());
        assert!(parsed.get(&SmolStr::new_static("src/lib.rs"), "fn a() {}").is_none());
    }
}
