//! Diagnostics: messages on the input or the configuration. They are data; `diag` turns them into words with carets.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// How bad a diagnostic or hazard is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// A message on the input or the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The file it speaks of, relative to the analysed root.
    pub file: Option<SmolStr>,
    /// Line from 1, when it speaks of one.
    pub line: Option<u32>,
    /// How bad.
    pub severity: Severity,
    /// Stable kebab-case name of the message: `unparsed-file`, `unmatched-annotation`.
    pub code: SmolStr,
    /// What is wrong; lower case, no full stop, code in backticks.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Byte range in the file, for the caret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
    /// What mends it, to be put in the place of the line; for people, so it is no part of the map.
    #[serde(skip)]
    pub paste: Option<String>,
}

impl Diagnostic {
    /// A message about a whole file.
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            file: None,
            line: None,
            severity,
            code: SmolStr::new_static(code),
            message: message.into(),
            help: None,
            span: None,
            paste: None,
        }
    }

    /// Says which file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<SmolStr>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Says which line.
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Gives the line that mends it.
    #[must_use]
    pub fn paste(mut self, line: impl Into<String>) -> Self {
        self.paste = Some(line.into());
        self
    }

    /// Says which bytes.
    #[must_use]
    pub fn span(mut self, start: usize, end: usize) -> Self {
        self.span = Some((start, end));
        self
    }
}
