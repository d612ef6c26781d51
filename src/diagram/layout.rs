//! Layout: the Mermaid source of a diagram becomes places. The only module that names merman.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use merman::{Engine, MermaidConfig, OperationControl, ParseOptions, RenderOutput, RenderRequest, Renderer, SvgRequest};
use serde::Deserialize;

/// A point: the middle of a node, or one of an arrow.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The middles of nodes, by id.
    pub(super) nodes: BTreeMap<String, Point>,
    /// Arrows by the ids of their ends.
    pub(super) edges: BTreeMap<(String, String), Vec<Point>>,
}

#[derive(Deserialize)]
struct Whole {
    layout: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Laid {
    nodes: Vec<LaidNode>,
    edges: Vec<LaidEdge>,
}

#[derive(Deserialize)]
struct LaidNode {
    id: String,
    #[serde(flatten)]
    middle: Point,
    #[serde(default)]
    is_cluster: bool,
}

#[derive(Deserialize)]
struct LaidEdge {
    from: String,
    to: String,
    points: Vec<Point>,
}

/// Lays out a source.
pub(super) fn places(source: &str) -> Result<Places, String> {
    // What a library does with odd input is not ours to trust: a book must not fail because of one picture.
    let value = catch_unwind(AssertUnwindSafe(|| layout(source))).unwrap_or_else(|_| Err("the renderer panicked".to_owned()))?;
    let whole: Whole = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let laid = whole.layout.into_values().next().ok_or("no layout")?;
    let laid: Laid = serde_json::from_value(laid).map_err(|error| error.to_string())?;
    let nodes = laid.nodes.into_iter().filter(|node| !node.is_cluster).map(|node| (node.id, node.middle)).collect();
    let edges = laid.edges.into_iter().map(|edge| ((edge.from, edge.to), edge.points)).collect();
    Ok(Places { nodes, edges })
}

fn layout(source: &str) -> Result<serde_json::Value, String> {
    let config = MermaidConfig::from_value(serde_json::json!({
        "theme": "base",
        "fontFamily": "arial",
        "htmlLabels": false,
        "themeVariables": { "fontFamily": "arial", "fontSize": "13px" },
        "flowchart": { "nodeSpacing": 14, "rankSpacing": 34, "padding": 6, "wrappingWidth": 2000, "htmlLabels": false }
    }));
    let renderer = Renderer::new().with_engine(Engine::new().with_site_config(config)).with_parse_options(ParseOptions::strict());
    // Two of them in a row begin a formula here, whichever way they are spelt; a letter of their width does as well.
    let source = &source.replace("#36;", "S");
    let request = RenderRequest::layout_json(source, OperationControl::new(), SvgRequest::default());
    match renderer.render(request).map_err(|error| error.to_string())? {
        RenderOutput::LayoutJson(Some(layout)) => Ok(layout.into_parts().0.into_unmanaged_value()),
        _ => Err("it is no flowchart".to_owned()),
    }
}
