//! A diagram as templates see it.

use serde::Serialize;

/// A diagram: drawn, or its source.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DiagramView {
    /// The service, where a page has a diagram of each.
    pub(crate) service: Option<String>,
    /// The SVG element; none where text is wanted, or the diagram could not be drawn.
    pub(crate) svg: Option<String>,
    /// The Mermaid source, with its last line break; empty when there is an SVG.
    pub(crate) mermaid: String,
    /// Why it could not be drawn.
    pub(crate) failed: Option<String>,
    /// It has arrows.
    pub(crate) arrows: bool,
    /// Some of them are dashed.
    pub(crate) likely: bool,
    /// Some nodes have a red frame.
    pub(crate) high: bool,
    /// How many items of the service are not in it.
    pub(crate) left_out: usize,
}
