//! Layout: in which order the nodes of a Mermaid source stand, so that few arrows cross. The only module that names merman.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use merman::{Engine, MermaidConfig, OperationControl, ParseOptions, RenderOutput, RenderRequest, Renderer, SvgRequest};
use serde::Deserialize;

#[derive(Deserialize)]
struct Whole {
    layout: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Laid {
    nodes: Vec<LaidNode>,
}

#[derive(Deserialize)]
struct LaidNode {
    id: String,
    /// Its middle, from the top.
    y: f64,
    #[serde(default)]
    is_cluster: bool,
}

/// How far down the nodes of a source stand, by id.
pub(super) fn places(source: &str) -> Result<BTreeMap<String, f64>, String> {
    // What a library does with odd input is not ours to trust: a book must not fail because of one picture.
    let value = catch_unwind(AssertUnwindSafe(|| layout(source))).unwrap_or_else(|_| Err("the renderer panicked".to_owned()))?;
    let whole: Whole = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let laid = whole.layout.into_values().next().ok_or("no layout")?;
    let laid: Laid = serde_json::from_value(laid).map_err(|error| error.to_string())?;
    Ok(laid.nodes.into_iter().filter(|node| !node.is_cluster).map(|node| (node.id, node.y)).collect())
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
