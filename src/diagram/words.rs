//! The title and the description of a diagram, for those who hear it instead of seeing it.

use super::graph::Graph;

/// Characters of a description.
const LENGTH: usize = 1200;

/// Writes title and description of a finished graph.
pub(super) fn tell(graph: &mut Graph, title: String) {
    graph.title = title;
    let mut text = String::new();
    for frame in graph.frames.iter().filter(|frame| !frame.nodes.is_empty()) {
        let heading = match frame.within {
            Some(outer) => format!("{}, {}", graph.frames[outer].heading, frame.heading),
            None => frame.heading.clone(),
        };
        let names = frame.nodes.iter().map(|&at| &graph.nodes[at]).map(|node| {
            let first = node.lines.iter().find(|line| line.is_name).map(|line| line.text.as_str());
            let several = node.lines.iter().filter(|line| line.is_name).count() > 1;
            match first {
                Some(name) if !several => format!("{} {name}", node.caption).trim_start().to_owned(),
                _ => node.caption.clone(),
            }
        });
        text.push_str(&format!("{heading}: {}. ", names.collect::<Vec<_>>().join(", ")));
    }
    if !graph.edges.is_empty() {
        text.push_str("An arrow leads from what acts to what it uses.");
    }
    graph.description = crate::render::escape::shorten(text.trim(), LENGTH).into_owned();
}
