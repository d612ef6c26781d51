//! Diagrams: where the state of a service lives, and who feeds whom, drawn.
//!
//! ```text
//! StateMap -> graph (what is shown, folded until it is legible) -> Mermaid text -> SVG
//! ```
//!
//! A map has one [`overview`] and one diagram for each [`service`]. Each is first a [`Graph`], of which there is one Mermaid
//! source: text for hosts that render it, and laid out and drawn in Rust as SVG for books.
//!
//! ```
//! # let map: statemap::model::StateMap = serde_json::from_str(r#"{"schema":1,"tool":{"name":"statemap","version":"0"},
//! # "revision":null,"services":[{"name":"shop","package":"shop","target":"src/main.rs"}],"items":[],"hazards":[],
//! # "diagnostics":[],"coverage":{"files":0,"lines":0,"unparsed":0,"unparsed_files":[],"orphans":[],"left_out":0,"skipped":[],
//! # "macros_read":0,"macros_unread":0,"macros_unread_names":[],"calls":0,"calls_resolved":0,"receivers":0,"receivers_typed":0,
//! # "catalog_crates":0,"unknown_crates":0,"ignored":0}}"#).unwrap();
//! use statemap::diagram::{self, Target};
//!
//! let diagram = diagram::service(&map, "shop").unwrap();
//! assert!(diagram.mermaid().contains("\nflowchart LR\n"));
//! // Inside of a page; the id must be unique on it, and links lead where the page wants them.
//! let svg = diagram.svg("shop", &|target| match target {
//!     Target::Item(id) => Some(format!("items.html#{id}")),
//!     _ => None,
//! });
//! assert!(svg.is_ok() || !cfg!(feature = "diagrams"));
//! ```

mod arrange;
#[cfg(feature = "diagrams")]
mod draw;
mod fold;
mod graph;
mod label;
#[cfg(feature = "diagrams")]
mod layout;
mod measure;
mod mermaid;
mod overview;
#[cfg(feature = "diagrams")]
mod route;
mod service;
#[cfg(feature = "diagrams")]
mod tidy;
mod words;

use crate::model::StateMap;

use label::Names;

pub use graph::{Edge, Frame, Graph, Line, Node, Shape, Target, Zone};

/// Where the links of a drawn diagram lead: the address of a target as seen from the page, none when it has none.
pub type Links<'a> = dyn Fn(&Target) -> Option<String> + 'a;

/// Why a diagram could not be drawn. Its Mermaid text is there all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiagramError {
    /// The program was built without the cargo feature `diagrams`.
    #[error("this build of statemap draws no SVG: it was made without the cargo feature `diagrams`")]
    NotBuilt,
    /// The layout failed.
    #[error("failed to lay out `{title}`: {reason}")]
    Layout {
        /// The title of the diagram.
        title: String,
        /// What the renderer says.
        reason: String,
    },
}

/// A diagram of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    graph: Graph,
}

/// The diagram of the whole map: its services, what each of them holds, and the stores, disks and clients that they share.
///
/// Of a map with one service, it is the diagram of that service.
#[must_use]
pub fn overview(map: &StateMap) -> Diagram {
    let graph = match map.services.as_slice() {
        [only] => service::graph(map, &names(map), Some(&only.name)),
        [] => service::graph(map, &names(map), None),
        _ => overview::graph(map),
    };
    Diagram { graph }
}

/// The diagram of one service; none when the map has no service of that name.
#[must_use]
pub fn service(map: &StateMap, name: &str) -> Option<Diagram> {
    Services::of(map).diagram(name)
}

/// What the diagrams of all services of a map share: how its items are called.
pub struct Services<'a> {
    map: &'a StateMap,
    names: Names<'a>,
}

impl<'a> Services<'a> {
    /// Names the items of a map.
    #[must_use]
    pub fn of(map: &'a StateMap) -> Self {
        Self { map, names: names(map) }
    }

    /// The diagram of one service, as [`service`].
    #[must_use]
    pub fn diagram(&self, name: &str) -> Option<Diagram> {
        let service = self.map.services.iter().find(|service| service.name == name)?;
        Some(Diagram { graph: service::graph(self.map, &self.names, Some(&service.name)) })
    }
}

fn names(map: &StateMap) -> Names<'_> {
    Names::of(&service::shown(map).collect::<Vec<_>>())
}

impl Diagram {
    /// The diagram as data.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// There is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.graph.nodes.is_empty()
    }

    /// The Mermaid source: a flowchart that GitHub, GitLab and others render. It holds no link, style sheet or script.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::text(&self.graph)
    }

    /// The diagram as an SVG element for the inside of an HTML page.
    ///
    /// `id` must be unique on the page; what is no letter, digit or `-` in it becomes `-`. The element takes its colours from the
    /// page: `currentColor`, and the background from `--bg`, as the themes of mdBook have it.
    ///
    /// # Errors
    /// When the build draws no SVG, or the layout fails.
    pub fn svg(&self, id: &str, links: &Links<'_>) -> Result<String, DiagramError> {
        self.drawn(id, links, false)
    }

    /// The diagram as an SVG file of its own, with a background, light or dark as the reader prefers.
    ///
    /// # Errors
    /// As for [`Diagram::svg`].
    pub fn svg_file(&self, links: &Links<'_>) -> Result<String, DiagramError> {
        self.drawn("statemap", links, true).map(|svg| format!("{svg}\n"))
    }

    #[cfg(feature = "diagrams")]
    fn drawn(&self, id: &str, links: &Links<'_>, alone: bool) -> Result<String, DiagramError> {
        let failed = |reason: String| DiagramError::Layout { title: self.graph.title.clone(), reason };
        let places = layout::places(&self.mermaid()).map_err(failed)?;
        let tidy = tidy::tidy(&self.graph, &places).ok_or_else(|| failed("a node is missing in the layout".to_owned()))?;
        Ok(draw::svg(&self.graph, &route::route(&self.graph, &tidy), &name(id), links, alone))
    }

    #[cfg(not(feature = "diagrams"))]
    fn drawn(&self, _id: &str, _links: &Links<'_>, _alone: bool) -> Result<String, DiagramError> {
        Err(DiagramError::NotBuilt)
    }
}

/// A name for ids: letters, digits and `-`, a letter first.
#[cfg(feature = "diagrams")]
fn name(id: &str) -> String {
    let name: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("diagram-{name}") }
}
