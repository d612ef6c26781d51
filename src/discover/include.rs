//! What is analysed beyond libraries and binaries: the words of `--include`.

use std::str::FromStr;

use super::package::TargetKind;

/// Parts of a package that are left out unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "cargo's words")]
pub struct Include {
    pub tests: bool,
    pub benches: bool,
    pub examples: bool,
    pub build_scripts: bool,
}

/// A word that names no part of a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown part `{word}`: use {}", Include::WORDS.map(|word| format!("`{word}`")).join(", "))]
pub struct UnknownPart {
    /// The word.
    pub word: String,
}

impl Include {
    /// The words that are understood.
    pub const WORDS: [&str; 4] = ["tests", "benches", "examples", "build-scripts"];

    /// Whether targets of that kind are wanted.
    pub(super) fn target(self, kind: TargetKind) -> bool {
        match kind {
            TargetKind::Lib | TargetKind::ProcMacro | TargetKind::Bin => true,
            TargetKind::Test => self.tests,
            TargetKind::Bench => self.benches,
            TargetKind::Example => self.examples,
            TargetKind::BuildScript => self.build_scripts,
        }
    }

    /// Whether the folder of that name beside a manifest is wanted; `true` for any other name.
    pub(super) fn folder(self, name: &str) -> bool {
        match name {
            "tests" => self.tests,
            "benches" => self.benches,
            "examples" => self.examples,
            _ => true,
        }
    }
}

impl FromStr for Include {
    type Err = UnknownPart;

    /// Reads words separated by commas or spaces.
    fn from_str(words: &str) -> Result<Self, UnknownPart> {
        let mut include = Self::default();
        for word in words.split([',', ' ']).filter(|word| !word.is_empty()) {
            match word {
                "tests" => include.tests = true,
                "benches" => include.benches = true,
                "examples" => include.examples = true,
                "build-scripts" => include.build_scripts = true,
                word => return Err(UnknownPart { word: word.to_owned() }),
            }
        }
        Ok(include)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_joined_by_commas() {
        let include: Include = "tests, build-scripts".parse().unwrap();
        assert_eq!(include, Include { tests: true, build_scripts: true, ..Include::default() });
        assert_eq!("".parse(), Ok(Include::default()));
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let error = "tests,docs".parse::<Include>().unwrap_err();
        assert_eq!(error.to_string(), "unknown part `docs`: use `tests`, `benches`, `examples`, `build-scripts`");
    }
}
