//! Whole texts to facts, and what the tests of this stage share.

mod bodies;
mod hostile;
mod item_kinds;
mod local_macros;
mod macro_calls;
mod show;

use super::{ParseOptions, parse_file};
use crate::facts::{FileFacts, ItemFact};

/// The facts of a text, without tests.
pub(super) fn parse(text: &str) -> FileFacts {
    parse_file("src/lib.rs", text, &ParseOptions::default())
}

/// The items of a text that parses.
pub(super) fn items(text: &str) -> Vec<ItemFact> {
    let facts = parse(text);
    assert_eq!(facts.error, None, "{text}");
    facts.items
}

/// The only item of a text.
pub(super) fn item(text: &str) -> ItemFact {
    let mut items = items(text);
    assert_eq!(items.len(), 1, "{text}");
    items.remove(0)
}

/// The items of a text, one a line.
pub(super) fn shown(text: &str) -> Vec<String> {
    show::items(&items(text))
}
