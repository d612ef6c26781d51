//! Hand-written knowledge: `statemap.toml` and `statemap:` comments, from text to annotations on the items of a map.
//!
//! [`load`] reads the file and reports every mistake in its place; [`apply`] reads the comments as strictly and joins all
//! of it with the items. Nothing here reads a file or the clock.

mod apply;
mod config;
mod contradict;
mod declare;
mod directive;
mod insert;
mod matching;
pub(crate) mod nearest;
mod pattern;
mod policy;
mod precedence;
mod prune;
mod quantity;
mod reader;
mod schema;
mod sections;
mod stated;
mod stub;

pub use apply::{Applied, FileComments, Ignored, Knowledge, apply};
pub use config::{CONFIG_FILE, CatalogEntry, Config, MAX_CONFIG_BYTES, StateEntry, load};
pub use declare::Declared;
pub use insert::insert;
pub use nearest::nearest;
pub use pattern::{Match, Pattern};
pub use policy::{Level, Policy, Required, Stateless, USUALLY_REQUIRED};
pub use prune::prune;
pub use schema::{KEYS, Key, ValueType, Written};
pub use sections::{OutputConfig, OutputFormat, ServiceConfig};
pub use stub::{Stub, Wanted, quoted_toml, stub_for, stubs, tables};
