//! Patterns over item ids: an id as it is, or a glob.

use globset::{GlobBuilder, GlobMatcher};

/// Longer patterns are refused before they are compiled.
const MAX_LENGTH: usize = 4096;

/// How well a pattern matches an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// As a glob.
    Glob,
    /// Letter by letter.
    Exact,
}

/// An id, or a glob over ids. `*` also stands for `/` and `::`: ids are no paths.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    /// None for an id without wildcards: most entries are such.
    glob: Option<GlobMatcher>,
}

impl Pattern {
    /// Compiles a pattern; the error says in words what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("it has more than {MAX_LENGTH} bytes"));
        }
        let mut pattern = Self { text: text.to_owned(), glob: None };
        if text.contains(['*', '?', '[', '{', '\\']) {
            let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
            pattern.glob = Some(glob.map_err(|error| error.kind().to_string())?.compile_matcher());
        }
        Ok(pattern)
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether and how it matches. An id is always matched by itself, also when it holds `{}` or `*` as paths do.
    #[must_use]
    pub fn matches(&self, id: &str) -> Option<Match> {
        if self.text == id {
            Some(Match::Exact)
        } else if self.glob.as_ref().is_some_and(|glob| glob.is_match(id)) {
            Some(Match::Glob)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, id: &str) -> Option<Match> {
        Pattern::new(pattern).unwrap().matches(id)
    }

    #[test]
    fn a_star_spans_modules_and_folders() {
        assert_eq!(matches("cache:*", "cache:shop::catalog::PRODUCTS"), Some(Match::Glob));
        assert_eq!(matches("fs-write:*#/tmp/*", "fs-write:shop::report#/tmp/a/b.csv"), Some(Match::Glob));
        assert_eq!(matches("cache:*", "pool:shop::db"), None);
    }

    #[test]
    fn an_id_with_braces_matches_itself_exactly() {
        let id = "fs-write:shop::report::write#/tmp/report-{}.csv";
        assert_eq!(matches(id, id), Some(Match::Exact));
        assert_eq!(matches(id, "fs-write:shop::report::write#/tmp/report-x.csv"), None);
    }

    #[test]
    fn an_id_without_wildcards_matches_no_other_id() {
        assert_eq!(matches("pool:shop::db", "pool:shop::db::get"), None);
    }

    #[test]
    fn an_unclosed_class_is_refused_in_words() {
        let error = Pattern::new("cache:[ab").unwrap_err();
        assert_eq!(error, "unclosed character class; missing ']'");
    }

    #[test]
    fn a_pattern_that_would_explode_is_refused() {
        assert!(Pattern::new(&"*".repeat(MAX_LENGTH + 1)).is_err());
    }
}
