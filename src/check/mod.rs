//! Check: what of the committed map and of the annotations does not hold, by the `[policy]` of `statemap.toml`.
//!
//! Pure: texts and the map go in, findings come out; the command reads the files and prints.

mod baseline;
mod changes;
mod diff;
mod hazards;
mod normal;
mod policy;
mod stale;
mod told;

pub use baseline::Baseline;
pub use changes::{Change, How};
pub use policy::{State, check_state, is_judged};
pub use stale::{Committed, check_map};
pub use told::{Line, Piece, pieces};

use serde::Serialize;
use smol_str::SmolStr;

use crate::annotations::Level;
use crate::model::{Diagnostic, Severity};

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, where, and what to do; its severity is that of the policy.
    pub diagnostic: Diagnostic,
    /// The item that it is about.
    pub id: Option<SmolStr>,
    /// What to paste, and where.
    pub paste: Option<Paste>,
    /// The command that mends it, as words after `statemap`.
    pub command: Option<Vec<String>>,
    /// The state that a stale map lacks, has too much or tells wrongly.
    pub changes: Vec<Change>,
    /// The hazards that a stale map lacks, has too much or tells wrongly.
    pub hazards: Vec<Line>,
    /// Lines of a stale map that differ beside those: counts, sums, tables of contents.
    pub elsewhere: usize,
    /// The difference of the texts, to be read by people.
    pub diff: Option<String>,
}

/// Text that mends something once it is put into its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paste {
    /// The file.
    pub file: SmolStr,
    /// The line that it replaces, or that of the comment whose key it replaces; none when it is added.
    pub line: Option<u32>,
    /// The text, without a line feed at its end.
    pub text: String,
}

impl Finding {
    /// A finding by the policy; `None` when the policy allows it.
    fn new(level: Level, mut diagnostic: Diagnostic) -> Option<Self> {
        diagnostic.severity = match level {
            Level::Allow => return None,
            Level::Warn => Severity::Warning,
            Level::Deny => Severity::Error,
        };
        Some(Self { diagnostic, id: None, paste: None, command: None, changes: Vec::new(), hazards: Vec::new(), elsewhere: 0, diff: None })
    }

    /// Whether the check fails for it.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }
}
