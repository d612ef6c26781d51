//! Render: the last stage, from a [`StateMap`] to pages, JSON and tables. Pure: it writes no file, prints nothing.
//!
//! ```text
//! StateMap -> layout (which items, where) -> view (safe strings) -> engine (templates: the words) -> page
//! ```

mod blind;
mod book;
mod capacity;
mod diagrams;
mod diff;
mod docs;
mod engine;
pub(crate) mod escape;
mod failures;
mod files;
mod fleet;
mod fragments;
mod hazards;
mod html;
mod incidents;
mod item_view;
mod json;
pub(crate) mod layout;
mod lifecycle_view;
mod links;
mod list;
mod markdown;
mod opening;
mod own_page;
pub(crate) mod phrase;
pub(crate) mod rank;
mod row_view;
#[cfg(test)]
mod sample;
mod sarif;
mod sections;
mod seen;
mod settings_view;
mod show;
mod stores;
mod template_errors;
mod templates;
#[cfg(test)]
mod tests;
mod theme;
pub(crate) mod title;
mod variables;
mod verdict;
mod view;
pub(crate) mod words;

use std::path::PathBuf;

pub use book::mdbook;
pub use diagrams::{Drawing, diagram_file, diagram_files};
pub use diff::{DiffOptions, diff_markdown, diff_text};
pub use engine::{RenderError, prepare, unused_templates};
pub use escape::{is_steering, visible_line};
pub use files::CHANGES;
pub use fleet::{FleetOptions, fleet_json, fleet_markdown, fleet_mdbook};
pub use fragments::{Fragments, Told};
pub use html::{STYLESHEET, STYLESHEET_FILE};
pub use json::{json, pretty};
pub use list::{Filter, Format, list, wanted};
pub use markdown::markdown;
pub use sarif::{SarifOptions, sarif};
pub use seen::not_seen;
pub use show::{Shown, show};
pub use templates::{Template, templates};

use book::framed;

use crate::history::History;
use crate::model::StateMap;

/// How a map is rendered.
#[derive(Clone, Debug, Default)]
pub struct RenderOptions {
    /// What the pages call the analysed tree; the name of its only service, if it has one, else `workspace`.
    pub title: Option<String>,
    /// One sentence on what the service does, told above the opening.
    pub description: Option<String>,
    /// Who is asked about everything that names no owner.
    pub owner: Option<String>,
    /// Whether constants are shown.
    pub constants: bool,
    /// The analysed root inside the repository, for links to the repository's host: `services/shop`.
    pub prefix: String,
    /// The way from the output folder to the analysed root, for relative links: `..`; empty when they are the same. None where
    /// the pages are read without the source beside them, as those of a site: what has no address on a host is then no link.
    pub link_base: Option<String>,
    /// Whether links stay relative and no page names the revision, even when the repository's host is known. For pages
    /// that are committed beside the code: hosts follow relative links, and a page that named the revision would be stale
    /// as soon as it is committed.
    pub relative_links: bool,
    /// A folder with templates that replace built-in ones.
    pub templates: Option<PathBuf>,
    /// What came and went from point to point of the git history: a page of a book. None where there is nothing to compare.
    pub history: Option<History>,
}

impl RenderOptions {
    /// The revision that pages name.
    fn revision<'a>(&self, map: &'a StateMap) -> Option<&'a str> {
        map.revision.as_deref().filter(|_| !self.relative_links)
    }

    fn title(&self, map: &StateMap) -> String {
        let only = (map.services.len() == 1).then(|| map.services[0].name.to_string());
        // The address of a repository ends with the name that people know a workspace by.
        let repository = map.repository.as_deref().and_then(|url| url.trim_end_matches('/').rsplit('/').next());
        let repository = repository.map(|name| name.trim_end_matches(".git").to_owned()).filter(|name| !name.is_empty());
        self.title.clone().or(only).or(repository).unwrap_or_else(|| "workspace".to_owned())
    }
}

/// What the opening speaks of.
fn subject(map: &StateMap) -> &'static str {
    match map.services.len() {
        0 => "library",
        1 => "service",
        _ => "workspace",
    }
}

/// A file to be written, below the output folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Path relative to the output folder, with `/`.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// What happens when the file is already there.
    pub existing: Existing,
}

/// What happens when a page's file is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced when it carries the marker of a generated page or markers for a region; else it is someone's own.
    Marked,
    /// It is left alone.
    Kept,
    /// It is replaced.
    Replaced,
}

/// A generated page without its marker and what follows it: for a place that is written anew each time.
pub(crate) fn unmarked(text: &str) -> &str {
    let body = text.split_once(HANDS_OFF).map_or(text, |(_, body)| body);
    body.strip_suffix(HANDS_ON).unwrap_or(body).trim_matches('\n')
}

/// How the first line of every generated Mermaid source begins.
pub const SOURCE_MARKER: &str = "%% generated by statemap";

/// How the line begins that switches rules of a linter off.
pub const LINT_OFF: &str = "<!-- markdownlint-disable";

/// How the first line of every generated page begins.
pub const MARKER: &str = "<!-- generated by statemap";
/// How the stylesheet of a book begins.
pub const STYLE_MARKER: &str = "/* generated by statemap";

/// What follows the marker: formatters and linters leave the page as it is written, or the next run would undo their work. Lines
/// are as long as their sentence (MD013), code with a pipe has no other form than HTML in a table (MD033), two things may have one
/// name (MD024), and the parts of a book's summary are headings of the first level (MD025). Pages of a book begin with the element
/// that their stylesheet is for (MD041), and lead to anchors in tables, which the linter does not see (MD051).
const HANDS_OFF: &str = "<!-- markdownlint-disable MD013 MD024 MD025 MD033 MD041 MD051 -->\n<!-- prettier-ignore-start -->\n";
/// What ends it: what people write below generated text is formatted as usual.
const HANDS_ON: &str = "<!-- prettier-ignore-end -->\n<!-- markdownlint-restore -->\n";

/// Puts the marker on top of a page.
fn marked(text: &str) -> String {
    format!("{MARKER}: change the code or statemap.toml, not this file -->\n{HANDS_OFF}\n{text}\n{HANDS_ON}")
}
