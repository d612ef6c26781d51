//! Hand-written knowledge: `statemap.toml` and `statemap:` comments, from text to annotations on the items of a map.
//!
//! [`load`] and [`parse_comment`] read, and report every mistake in its place; [`apply`] joins what was read with the
//! items. Nothing here reads a file or the clock.

mod apply;
mod config;
mod declare;
mod directive;
mod matching;
mod nearest;
mod pattern;
mod reader;
mod schema;

pub use apply::{Applied, FileComments, Ignored, Knowledge, apply};
pub use config::{
    CONFIG_FILE, CatalogEntry, Config, Level, MAX_CONFIG_BYTES, OutputConfig, OutputFormat, Policy, ServiceConfig, StateEntry, load,
};
pub use declare::Declared;
pub use directive::parse as parse_comment;
pub use pattern::{Match, Pattern};
pub use schema::{KEYS, Key, ValueType, Written};
