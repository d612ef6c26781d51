//! Text for a terminal: lines of a width, colours, links, tables in columns. Pure: it prints nothing and asks nobody.
//!
//! What the program says is Markdown first (see `render`), so a page that was made harmless there stays harmless here.

mod cells;
mod colour;
mod links;
mod page;
mod table;
mod words;

pub use cells::{fit, fit_path, width_of, wrap_after, wrap_text};
pub use colour::supports_colour;
pub use links::{Hyperlinks, Opener, supports_hyperlinks};
pub use page::page;

/// Text that cannot steer a terminal: what would move the cursor, colour it or turn the text round is shown as a sign. Line feeds
/// stay.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { crate::diag::visible_character(c) }).collect()
}

/// Where text is shown: decided by the caller, who knows the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Look<'l> {
    /// Columns of a line.
    pub width: usize,
    /// Whether escape sequences for colours are understood.
    pub colour: bool,
    /// Where links lead; none where the terminal has none.
    pub links: Option<&'l Hyperlinks>,
}

impl Look<'_> {
    /// Lines of a width, and nothing else.
    #[must_use]
    pub fn plain(width: usize) -> Self {
        Self { width, colour: false, links: None }
    }

    /// The text between the escape sequences of a style, such as `1;31`; as it is without colours.
    #[must_use]
    pub fn paint(&self, parameters: &str, text: &str) -> String {
        if self.colour && !parameters.is_empty() && !text.is_empty() {
            format!("\u{1b}[{parameters}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// A text that leads to a line of a file of the tree, where the terminal has links.
    #[must_use]
    pub fn link_to(&self, file: &str, line: u32, text: &str) -> String {
        match self.links.and_then(|links| links.file(file, Some(line))) {
            Some(url) => format!("{}{text}{}", links::open(&url), links::CLOSE),
            None => text.to_owned(),
        }
    }
}
