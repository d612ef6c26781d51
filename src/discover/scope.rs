//! What is left out: tests, benches and examples, by the folder they lie in.
//!
//! A folder is one of tests when it lies beside a manifest (or at the root) and bears cargo's name for it. Packages in there
//! are test code too: fixtures of tests, often broken on purpose.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::include::Include;
use crate::source::parent;

/// Decides for each path whether it is wanted.
pub(super) struct Scope {
    include: Include,
    /// Folders beside whose `tests`, `benches` and `examples` are left out: the root and those of manifests.
    anchors: BTreeSet<SmolStr>,
    /// Folders left out as a whole.
    outside: BTreeSet<SmolStr>,
}

impl Scope {
    pub(super) fn new(include: Include) -> Self {
        Self { include, anchors: BTreeSet::from([SmolStr::default()]), outside: BTreeSet::new() }
    }

    /// Takes in the folder of a package or workspace.
    pub(super) fn keep(&mut self, folder: &str) {
        self.anchors.insert(folder.into());
    }

    /// Leaves out a folder and all in it.
    pub(super) fn leave_out(&mut self, folder: &str) {
        self.outside.insert(folder.into());
    }

    /// Whether a file is left out because of where it lies.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        let mut folder = parent(path);
        loop {
            if self.outside.contains(folder) {
                return true;
            }
            if self.anchors.contains(folder) {
                let below = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
                return below.split_once('/').is_some_and(|(first, _)| !self.include.folder(first));
            }
            folder = parent(folder);
        }
    }
}

/// Whether a file lies in a hidden folder: never Rust of the service, though it may be a setting (`.cargo/config.toml`).
pub(super) fn in_hidden_folder(path: &str) -> bool {
    parent(path).split('/').any(|name| name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_beside_a_manifest_are_tests() {
        let mut scope = Scope::new(Include::default());
        scope.keep("crates/api");
        assert!(scope.leaves_out("tests/it.rs"));
        assert!(scope.leaves_out("crates/api/benches/b.rs"));
        assert!(!scope.leaves_out("crates/api/src/tests/mod.rs"));
        assert!(!scope.leaves_out("crates/api/src/tests.rs"));
        assert!(!scope.leaves_out("crates/tests/lib.rs"), "no manifest beside it");
        assert!(!scope.leaves_out("tests"), "a file of that name is no folder");
    }

    #[test]
    fn a_package_kept_inside_tests_is_judged_by_its_own_folder() {
        let mut scope = Scope::new(Include::default());
        scope.keep("tests/support");
        assert!(!scope.leaves_out("tests/support/src/lib.rs"));
        assert!(scope.leaves_out("tests/support/tests/it.rs"));
    }
}
