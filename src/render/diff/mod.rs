//! The difference of two maps in words: Markdown for a comment on a pull request, and text for a terminal.

mod markdown;
mod said;
mod text;
mod view;

#[cfg(test)]
mod tests;

pub use markdown::diff_markdown;
pub use text::diff_text;

use std::path::PathBuf;

/// How a difference is told.
#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    /// The analysed root inside the repository: `services/shop`. Comments on several of them are told apart by it.
    pub prefix: String,
    /// A folder with templates that replace built-in ones.
    pub templates: Option<PathBuf>,
    /// Whether text is coloured.
    pub colour: bool,
}
