//! A tree without some of its folders: as if they were empty.

use super::{Listing, ReadError, Tree, normalise};

/// A tree without some folders.
pub struct Without<'t> {
    tree: &'t dyn Tree,
    /// Paths below the root.
    folders: Vec<String>,
}

impl<'t> Without<'t> {
    /// Leaves out what lies in these folders.
    #[must_use]
    pub fn new(tree: &'t dyn Tree, folders: Vec<String>) -> Self {
        Self { tree, folders }
    }

    fn leaves_out(&self, path: &str) -> bool {
        self.folders.iter().any(|folder| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }
}

impl Tree for Without<'_> {
    fn label(&self) -> String {
        self.tree.label()
    }

    fn files(&self) -> Listing {
        let mut listing = self.tree.files();
        listing.files.retain(|file| !self.leaves_out(&file.path));
        listing.pruned.retain(|pruned| !self.leaves_out(&pruned.path));
        listing.links.retain(|(link, target)| !self.leaves_out(link) && !self.leaves_out(target));
        listing.skipped.retain(|path| !self.leaves_out(path));
        listing.diagnostics.retain(|found| found.file.as_ref().is_none_or(|file| !self.leaves_out(file)));
        listing
    }

    fn size(&self, path: &str) -> u64 {
        self.tree.size(path)
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        match normalise(path) {
            Some(path) if self.leaves_out(&path) => Err(ReadError::Missing),
            _ => self.tree.read(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryTree;
    use super::*;

    #[test]
    fn a_folder_that_is_left_out_is_neither_listed_nor_read() {
        let tree = MemoryTree::from_fixture("//- /src/main.rs\nfn main() {}\n//- /deps/x/lib.rs\n//\n//- /deps/xy/lib.rs\n//\n");
        let without = Without::new(&tree, vec!["deps/x".to_owned()]);
        let files: Vec<String> = without.files().files.iter().map(|file| file.path.to_string()).collect();
        assert_eq!(files, ["deps/xy/lib.rs", "src/main.rs"]);
        assert_eq!(without.read("deps/x/lib.rs"), Err(ReadError::Missing));
        assert_eq!(without.read("src/../deps/x/lib.rs"), Err(ReadError::Missing));
        assert!(without.read("deps/xy/lib.rs").is_ok());
    }
}
