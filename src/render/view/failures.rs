//! What is lost when something goes away.

use serde::Serialize;

use super::{FurtherKind, ShortList};

/// What happens when something goes away: a row of a table.
#[derive(Debug, Serialize)]
pub(crate) struct EventView {
    /// `a pod is killed`; linked where it has a page.
    pub(crate) event: String,
    /// What it does like another event of the table; the losses are then those that differ.
    pub(crate) like: Option<&'static str>,
    /// What is worked off or written out, unlike there.
    pub(crate) saved: Vec<String>,
    /// What hurts most; empty when nothing is lost.
    pub(crate) losses: Vec<EventLoss>,
    pub(crate) more: usize,
    /// What brings it back, each said once.
    pub(crate) back: Vec<String>,
}

/// Items of which the same is lost, in a row of that table.
#[derive(Debug, Serialize)]
pub(crate) struct EventLoss {
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
    pub(crate) what: String,
}

/// Something that goes away, with what it takes.
#[derive(Debug, Serialize)]
pub(crate) struct FailureView {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) first: String,
    pub(crate) afterwards: String,
    pub(crate) groups: Vec<FailureGroup>,
    /// How many items it hits.
    pub(crate) total: usize,
    /// How many of them have no recovery test.
    pub(crate) untested: usize,
    /// How many of them say how they come back, by a person.
    pub(crate) annotated: usize,
    /// What the next process makes again.
    pub(crate) remade: Vec<FurtherKind>,
    /// What is worked off, written out or waited for.
    pub(crate) saved: ShortList,
    /// Files of which no deployment file says where they lie.
    pub(crate) unplaced: ShortList,
    /// Stores that keep what is in them.
    pub(crate) untouched: Vec<String>,
}

/// What a failure takes of one kind, or from those that rely on one store.
#[derive(Debug, Serialize)]
pub(crate) struct FailureGroup {
    pub(crate) kind: Option<&'static str>,
    pub(crate) store: Option<String>,
    /// The same, linked, where it has a page.
    pub(crate) store_link: Option<String>,
    /// How many items it tells of. In a heading it also says that the table is not that of the kind itself.
    pub(crate) count: usize,
    pub(crate) rows: Vec<FailureRow>,
    pub(crate) more: usize,
}

/// Items of which the same is lost.
#[derive(Debug, Serialize)]
pub(crate) struct FailureRow {
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
    pub(crate) what: String,
    /// What brings them back; none when the map does not know.
    pub(crate) back: Option<String>,
    /// How much there is of it.
    pub(crate) size: Option<String>,
    /// The test that shows that it comes back.
    pub(crate) recovery_test: Option<String>,
}

/// A row of that list.
#[derive(Debug, Serialize)]
pub(crate) struct FailureRowOfList {
    pub(crate) event: EventView,
    pub(crate) total: usize,
    pub(crate) untested: usize,
}
