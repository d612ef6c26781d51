//! `.gitignore` and `.ignore` rules of the folders above a path.
//!
//! Only files of the tree count. The user's global rules, `.git/info/exclude` and folders above the root are not read:
//! the same tree gives the same listing on every machine.

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Most rules taken from one file: a hostile file must not cost minutes.
const MAX_RULES: usize = 5_000;

/// The rules in force in a folder: those of the folders above it, outermost first.
#[derive(Default)]
pub(super) struct Rules {
    levels: Vec<Level>,
}

struct Level {
    folder: String,
    /// `.ignore`, then `.gitignore`: a rule of the first outranks any of the second.
    files: [Gitignore; 2],
}

impl Rules {
    /// Adds the rules of a folder; every `push` needs its `pop`.
    pub(super) fn push(&mut self, folder: &str, ignore: Option<&str>, gitignore: Option<&str>) {
        let files = [ignore, gitignore].map(|text| text.map_or_else(Gitignore::empty, compile));
        self.levels.push(Level { folder: folder.to_owned(), files });
    }

    /// Takes back the rules of the innermost folder.
    pub(super) fn pop(&mut self) {
        self.levels.pop();
    }

    /// Whether `path` is ignored, given that no folder above it is.
    pub(super) fn ignored(&self, path: &str, is_folder: bool) -> bool {
        for file in 0..2 {
            for level in self.levels.iter().rev().filter(|level| !level.files[file].is_empty()) {
                let relative = path.strip_prefix(level.folder.as_str()).unwrap_or(path).trim_start_matches('/');
                match level.files[file].matched(relative, is_folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
        }
        false
    }
}

/// The rules of one file; rules that are no globs are passed over, as git does.
fn compile(text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in text.lines().take(MAX_RULES) {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(levels: &[(&str, &str)]) -> Rules {
        let mut rules = Rules::default();
        for (folder, text) in levels {
            rules.push(folder, None, Some(text));
        }
        rules
    }

    #[test]
    fn an_inner_folder_takes_back_what_an_outer_one_ignores() {
        let rules = rules(&[("", "*.gen.rs\n/data/"), ("src", "!keep.gen.rs")]);
        assert!(rules.ignored("src/a.gen.rs", false));
        assert!(!rules.ignored("src/keep.gen.rs", false));
        assert!(rules.ignored("data", true));
        assert!(!rules.ignored("data", false), "the rule speaks of folders only");
        assert!(!rules.ignored("src/data", true), "the rule is anchored at the root");
    }

    #[test]
    fn a_rule_of_dot_ignore_outranks_gitignore() {
        let mut rules = Rules::default();
        rules.push("", Some("!generated.rs"), Some("generated.rs"));
        assert!(!rules.ignored("generated.rs", false));
    }

    #[test]
    fn anchored_rules_of_an_inner_folder_hold_from_there() {
        let rules = rules(&[("a/b", "/out")]);
        assert!(rules.ignored("a/b/out", true));
        assert!(!rules.ignored("a/b/c/out", true));
    }

    #[test]
    fn a_broken_rule_does_not_take_the_others_with_it() {
        let rules = rules(&[("", "{a,b\nsecret.rs")]);
        assert!(rules.ignored("secret.rs", false));
    }
}
