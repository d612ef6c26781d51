//! Pieces that stand in pages which people wrote, and the pages that hold chapters together.

use serde::Serialize;

/// Items that were asked for, as a table.
#[derive(Debug, Serialize)]
pub(crate) struct ListView {
    pub(crate) rows: Vec<ListRow>,
    /// Whether a column tells the kind.
    pub(crate) several_kinds: bool,
}

/// An item in such a table.
#[derive(Debug, Serialize)]
pub(crate) struct ListRow {
    pub(crate) kind: &'static str,
    /// A link when the item is told in the book.
    pub(crate) link: String,
    /// Where to look first: a link to the place.
    pub(crate) place: Option<String>,
    pub(crate) summary: String,
    pub(crate) confidence: Option<&'static str>,
    /// Empty when every service holds it.
    pub(crate) services: Vec<String>,
}

/// What was asked for is not there.
#[derive(Debug, Serialize)]
pub(crate) struct NothingView {
    /// The word of the directive: `list`, `incident`, `capacity`.
    pub(crate) asked: &'static str,
}

/// A page above chapters of one sort.
#[derive(Debug, Serialize)]
pub(crate) struct PartView {
    pub(crate) title: String,
    /// Links to the chapters.
    pub(crate) chapters: Vec<String>,
}
