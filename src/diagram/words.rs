//! The title and the description of a diagram, for those who hear it instead of seeing it.

use super::graph::{Graph, Zone};

/// Characters of a description.
const LENGTH: usize = 1200;

/// Writes title and description of a finished graph.
pub(super) fn tell(graph: &mut Graph, title: String) {
    graph.title = title;
    let mut text = String::new();
    for (zone, heading) in &graph.zones {
        let names = graph.nodes.iter().filter(|node| node.zone == *zone).map(|node| {
            let first = node.lines.iter().find(|line| line.is_name).map(|line| line.text.as_str());
            let several = node.lines.iter().filter(|line| line.is_name).count() > 1;
            match first {
                Some(name) if !several => format!("{} {name}", node.caption),
                _ => node.caption.clone(),
            }
        });
        text.push_str(&format!("{heading}: {}. ", names.collect::<Vec<_>>().join(", ")));
    }
    if !graph.edges.is_empty() {
        text.push_str("An arrow leads from what acts to what it uses.");
    }
    graph.description = crate::render::escape::shorten(text.trim(), LENGTH).into_owned();
    debug_assert!(graph.zones.iter().all(|(zone, _)| Zone::ALL.contains(zone)));
}
