//! The baseline: ids of state that may stay without annotation, one a line, sorted, so that only additions are refused.

use std::collections::{BTreeMap, BTreeSet};

/// The words above the ids.
const HEADER: &str = "\
# State that `statemap check` lets pass without annotation, one id a line. What is not listed here is refused.
# Delete a line once its state is annotated or gone; `statemap check --write-baseline` writes the file anew.
";

/// The ids of a baseline, with their lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    ids: BTreeMap<String, u32>,
}

impl Baseline {
    /// Reads a baseline. A line that begins with `#` is a comment; ids hold `#`, and begin with their kind.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
        let ids = lines.map(|(line, at)| (line.trim(), at)).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        Self { ids: ids.map(|(id, at)| (id.to_owned(), at)).collect() }
    }

    /// Whether it lists an id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// The ids that are not among those needed, with their lines.
    #[must_use]
    pub fn not_needed(&self, needed: &BTreeSet<&str>) -> Vec<(&str, u32)> {
        self.ids.iter().filter(|(id, _)| !needed.contains(id.as_str())).map(|(id, line)| (id.as_str(), *line)).collect()
    }

    /// The text of a baseline with these ids.
    #[must_use]
    pub fn text(ids: &BTreeSet<&str>) -> String {
        let lines: String = ids.iter().map(|id| format!("{}\n", id.replace(['\n', '\r'], " "))).collect();
        format!("{HEADER}{lines}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let ids = BTreeSet::from(["fs-write:shop::report#/tmp/a b.csv", "cache:shop::PRICES"]);
        let text = Baseline::text(&ids);
        assert!(text.ends_with("\ncache:shop::PRICES\nfs-write:shop::report#/tmp/a b.csv\n"), "{text}");
        let baseline = Baseline::parse(&text.replace('\n', "\r\n"));
        assert!(ids.iter().all(|id| baseline.has(id)));
        assert_eq!(baseline.not_needed(&ids), []);
        assert_eq!(baseline.not_needed(&BTreeSet::from(["cache:shop::PRICES"])), [("fs-write:shop::report#/tmp/a b.csv", 4)]);
    }
}
