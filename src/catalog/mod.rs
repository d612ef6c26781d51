//! What is known about the APIs of crates: names and defaults as data, so that detectors need to know shapes only.
//!
//! One TOML file a crate in `crates/`, checked when loaded. Only the files of crates that the workspace depends on are
//! read, so a catalog of any size costs nothing at start-up.

mod builtin;
mod faults;
mod index;
mod lifecycle;
mod own;
mod schema;
mod variables;
mod wrappers;

#[cfg(test)]
mod tests;

pub use builtin::BUILTIN;
pub use faults::{Fault, faults};
pub use index::{Catalog, CatalogError, EntryId, Hit};
pub use lifecycle::{Lifecycles, Server};
pub use own::{OwnFault, read_own};
pub use schema::{Api, Beside, Called, CrateFile, FsOp, Knob, Layer, Older, Shape, Take, Without};
pub use variables::Variables;
pub use wrappers::Wrappers;
