//! What is known about the APIs of crates: names and defaults as data, so that detectors need to know shapes only.
//!
//! One TOML file a crate in `crates/`, checked when loaded. Only the files of crates that the workspace depends on are
//! read, so a catalog of any size costs nothing at start-up.

mod builtin;
mod index;
mod schema;
mod wrappers;

#[cfg(test)]
mod tests;

pub use builtin::BUILTIN;
pub use index::{Catalog, CatalogError, EntryId, Hit};
pub use schema::{Api, Beside, CrateFile, FsOp, Knob, Layer, Older, Shape};
pub use wrappers::Wrappers;
