//! A tree in memory, written as one text: the fixture of every stage's unit tests.

use std::collections::BTreeMap;

use super::walk::{Entry, Folders, Follow, What, walk};
use super::{Listing, MAX_FILE_BYTES, ReadError, Tree, normalise, text_of};

/// A tree whose files are held in memory.
///
/// A fixture is one text; a line `//- /path` starts each file. The indentation that all lines of a file share is removed, so
/// a fixture can be indented like the test around it:
///
/// ```
/// use statemap::source::{MemoryTree, Tree as _};
///
/// let tree = MemoryTree::from_fixture(
///     r#"
///     //- /Cargo.toml
///     [package]
///     name = "shop"
///     //- /src/main.rs
///     fn main() {}
///     "#,
/// );
/// assert_eq!(tree.read("src/main.rs").as_deref(), Ok("fn main() {}\n"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryTree {
    /// The files of a fixture. Text before the first header is `src/main.rs`.
    #[must_use]
    pub fn from_fixture(fixture: &str) -> Self {
        let mut tree = Self::default();
        let mut path = "src/main.rs";
        let mut lines: Vec<&str> = Vec::new();
        for line in fixture.lines() {
            match line.trim_start().strip_prefix("//- /") {
                Some(header) => {
                    tree.add_lines(path, &lines);
                    path = header.trim_end();
                    lines.clear();
                    // A header alone makes an empty file.
                    tree.files.insert(path.to_owned(), Vec::new());
                }
                None => lines.push(line),
            }
        }
        tree.add_lines(path, &lines);
        tree
    }

    /// Adds or replaces a file, which need not be text.
    #[must_use]
    pub fn with_file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), bytes.into());
        self
    }

    fn add_lines(&mut self, path: &str, lines: &[&str]) {
        let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
        if end == 0 {
            return;
        }
        let indent =
            lines[..end].iter().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let text: String = lines[..end].iter().flat_map(|line| [line.get(indent..).unwrap_or(""), "\n"]).collect();
        self.files.insert(path.to_owned(), text.into_bytes());
    }
}

impl Tree for MemoryTree {
    fn label(&self) -> String {
        "fixture".to_owned()
    }

    fn files(&self) -> Listing {
        walk(self)
    }

    fn size(&self, path: &str) -> u64 {
        self.files.get(path).map_or(0, |bytes| bytes.len() as u64)
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        let path = normalise(path).ok_or(ReadError::Outside)?;
        let bytes = self.files.get(&path).ok_or(ReadError::Missing)?;
        match bytes.len() as u64 {
            bytes if bytes > MAX_FILE_BYTES => Err(ReadError::TooLarge { bytes }),
            _ => text_of(bytes.clone()),
        }
    }
}

impl Folders for MemoryTree {
    fn entries(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut entries: BTreeMap<&str, What> = BTreeMap::new();
        for (path, _) in self.files.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix)) {
            match path[prefix.len()..].split_once('/') {
                Some((name, _)) => entries.insert(name, What::Folder),
                None => entries.insert(&path[prefix.len()..], What::File),
            };
        }
        Ok(entries.into_iter().map(|(name, what)| Entry { name: name.to_owned(), what }).collect())
    }

    fn rules(&self, path: &str) -> Option<String> {
        self.read(path).ok()
    }

    fn follow(&self, _path: &str) -> Follow {
        // `entries` yields no links.
        Follow::Missing
    }
}
