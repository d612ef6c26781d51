//! What people write to name two sides: `main`, `main..topic`, `main...topic`.

/// Two sides as they are named; the other side of one name alone is the working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// One revision against the working directory.
    Working(String),
    /// Two revisions.
    Both(String, String),
    /// The commit that both come from, against the second.
    MergeBase(String, String),
}

impl Range {
    /// Reads one or two words of a command line; `None` when two words hold a range of their own.
    #[must_use]
    pub fn parse(first: &str, second: Option<&str>) -> Option<Self> {
        // What stands on neither side of the dots is what is checked out.
        let or_head = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
        let dots = |text: &str| text.split_once("...").map(|(a, b)| (true, or_head(a), or_head(b)));
        let dots = |text: &str| dots(text).or_else(|| text.split_once("..").map(|(a, b)| (false, or_head(a), or_head(b))));
        match (dots(first), second) {
            (Some(_), Some(_)) => None,
            (None, Some(second)) if dots(second).is_some() => None,
            (None, Some(second)) => Some(Range::Both(first.to_owned(), second.to_owned())),
            (Some((true, a, b)), None) => Some(Range::MergeBase(a, b)),
            (Some((false, a, b)), None) => Some(Range::Both(a, b)),
            (None, None) => Some(Range::Working(first.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_named_as_git_names_them() {
        let text = str::to_owned;
        assert_eq!(Range::parse("main", None), Some(Range::Working(text("main"))));
        assert_eq!(Range::parse("main", Some("topic")), Some(Range::Both(text("main"), text("topic"))));
        assert_eq!(Range::parse("main..topic", None), Some(Range::Both(text("main"), text("topic"))));
        assert_eq!(Range::parse("main...topic", None), Some(Range::MergeBase(text("main"), text("topic"))));
        assert_eq!(Range::parse("v1.2..", None), Some(Range::Both(text("v1.2"), text("HEAD"))));
        assert_eq!(Range::parse("...topic", None), Some(Range::MergeBase(text("HEAD"), text("topic"))));
        assert_eq!(Range::parse("main..topic", Some("x")), None);
        assert_eq!(Range::parse("main", Some("a..b")), None);
    }
}
