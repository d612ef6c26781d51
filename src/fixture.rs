//! Small programs as text, analysed from end to end: what the unit tests of the stages behind `parse` stand on.

use crate::discover::Include;
use crate::model::StateMap;
use crate::source::{MemoryTree, Revision};
use crate::{Options, analyze};

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
    axum = \"0.8\"\ncached = \"0.56\"\nmoka = \"0.12\"\nregex = \"1\"\nsqlx = \"0.8\"\ntokio = \"1\"\n";

/// The map of a tree in memory; text before the first `//- /path` is `src/main.rs` of a package `shop`.
pub(crate) fn map(fixture: &str) -> StateMap {
    let mut tree = MemoryTree::from_fixture(fixture);
    if !fixture.contains("//- /Cargo.toml") {
        tree = tree.with_file("Cargo.toml", MANIFEST);
    }
    let options = Options { include: Include::default(), threads: Some(1), today: jiff::civil::date(2026, 1, 15), what_if: Vec::new() };
    analyze(&tree, &Revision::default(), &options).expect("the built-in catalog is valid").map
}

/// Ids of its items, in order.
pub(crate) fn ids(fixture: &str) -> Vec<String> {
    map(fixture).items.iter().map(|item| item.id.to_string()).collect()
}
