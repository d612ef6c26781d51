//! What is wrong with a directive: where in the page, what, and what to do.

use std::ops::Range;

use crate::model::{Diagnostic, Severity};

/// A mistake in a page.
#[derive(Debug)]
pub(super) struct Fault {
    message: String,
    help: String,
    span: Range<usize>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), help: help.into(), span }
    }

    /// The message on that page.
    pub(super) fn diagnostic(self, text: &str) -> Diagnostic {
        let line = line_of(text, self.span.start);
        Diagnostic::new(Severity::Error, "bad-directive", self.message).help(self.help).at_line(line).span(self.span.start, self.span.end)
    }
}

/// The line of a byte, from 1.
pub(super) fn line_of(text: &str, at: usize) -> u32 {
    u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX)
}
