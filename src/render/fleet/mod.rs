//! The site of many services: an overview, and a page for each service, store, hazard, symptom, kind and owner.
//!
//! No item has a page of its own: each stands in one line among what its repository holds, and everything leads there.

mod hazards;
mod index;
mod json;
mod kinds;
mod markdown;
mod owners;
mod pages;
mod rows;
mod services;
mod site;
mod sources;
mod state;
mod stores;
mod symptoms;
mod view;

pub use json::fleet_json;
pub use markdown::fleet_markdown;
pub use pages::fleet_mdbook;

use std::path::PathBuf;

/// How a fleet is rendered.
#[derive(Clone, Debug, Default)]
pub struct FleetOptions {
    /// What the pages call all services together.
    pub title: Option<String>,
    /// A folder with templates that replace built-in ones.
    pub templates: Option<PathBuf>,
    /// Files that could not be read, with the reason: they are missing on the site, and it says so.
    pub left_out: Vec<(String, String)>,
}
