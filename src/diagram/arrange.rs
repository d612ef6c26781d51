//! Arrangement: which frame a node stands in, and in which row of it, so that a diagram is a page and not a ribbon.
//!
//! What only requests use stands in one frame with the server, instead of at the end of one more arrow from it.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, Frame, Graph, Node, Shape, Zone};

/// Puts the nodes into frames and rows.
pub(super) fn arrange(graph: &mut Graph, server: Option<usize>, process: &str) {
    let inner = inner(graph, server);
    let mut frames: Vec<Frame> = Vec::new();
    for &zone in Zone::ALL {
        let here: Vec<usize> = (0..graph.nodes.len()).filter(|&at| graph.nodes[at].zone == zone).collect();
        if here.is_empty() {
            continue;
        }
        let heading = if zone == Zone::Process { process } else { zone.heading() };
        frames.push(Frame { id: zone.as_str().to_owned(), zone, heading: heading.to_owned(), within: None, nodes: Vec::new() });
        let outer = frames.len() - 1;
        if zone != Zone::Process {
            frames[outer].nodes = here;
            continue;
        }
        let mut parts: BTreeMap<Part, Vec<usize>> = BTreeMap::new();
        for at in here {
            parts.entry(inner[at]).or_default().push(at);
        }
        if parts.len() == 1 {
            frames[outer].nodes = parts.into_values().flatten().collect();
            continue;
        }
        for (part, nodes) in parts {
            let (id, heading) = part.words();
            frames.push(Frame { id: id.to_owned(), zone, heading: heading.to_owned(), within: Some(outer), nodes });
        }
    }
    if let Some(server) = server {
        let contained = |edge: &Edge| edge.from == server && inner[edge.to] == Part::Requests && graph.nodes[edge.to].zone == Zone::Process;
        let contained: BTreeSet<Edge> = graph.edges.iter().copied().filter(contained).collect();
        graph.edges.retain(|edge| !contained.contains(edge));
    }
    let mut beside = Vec::new();
    let mut second = Vec::new();
    for frame in frames.iter().filter(|frame| frame.zone == Zone::Process) {
        let [left, right] = columns(&frame.nodes, graph);
        if let Some(last) = left.len().checked_sub(1) {
            beside.extend(right.iter().enumerate().map(|(at, &to)| (left[at.min(last)], to)));
            second.extend(right);
        }
    }
    let entered = |at: usize| graph.edges.iter().any(|edge| edge.to == at && second.contains(&edge.from));
    let outside: Vec<usize> = (0..graph.nodes.len()).filter(|&at| graph.nodes[at].zone != Zone::Process && !entered(at)).collect();
    if !second.is_empty() {
        // Spread, so that they stand beside the whole process and not beside its end.
        beside.extend(outside.iter().enumerate().map(|(at, &to)| (second[at * second.len() / outside.len()], to)));
    }
    beside.retain(|(from, to)| !graph.edges.iter().any(|edge| (edge.from, edge.to) == (*from, *to)));
    graph.beside = beside;
    graph.frames = frames;
}

/// A part of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Requests,
    Background,
    Whole,
}

impl Part {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Part::Requests => ("requests", "Requests, and what only they use"),
            Part::Background => ("background", "In the background"),
            Part::Whole => ("whole", "For the whole process"),
        }
    }
}

/// The part of each node: by who uses it.
fn inner(graph: &Graph, server: Option<usize>) -> Vec<Part> {
    let part = |(at, node): (usize, &Node)| {
        if Some(at) == server {
            return Part::Requests;
        }
        if node.shape == Shape::Actor {
            return Part::Background;
        }
        let mut users = graph.edges.iter().filter(|edge| edge.to == at).map(|edge| edge.from).peekable();
        if users.peek().is_none() {
            return Part::Whole;
        }
        let (by_server, by_others) =
            users.fold((false, false), |(server_too, others), user| if Some(user) == server { (true, others) } else { (server_too, true) });
        match (by_server, by_others) {
            (true, false) => Part::Requests,
            _ => Part::Background,
        }
    };
    graph.nodes.iter().enumerate().map(part).collect()
}

/// Two columns in the process: what acts, and what it uses. What no arrow reaches fills the shorter one.
fn columns(nodes: &[usize], graph: &Graph) -> [Vec<usize>; 2] {
    let reached = |at: usize| graph.edges.iter().any(|edge| edge.to == at);
    let leads = |at: usize| graph.edges.iter().any(|edge| edge.from == at);
    let acts = |at: usize| graph.nodes[at].shape == Shape::Actor;
    let mut out = [Vec::new(), Vec::new()];
    for &at in nodes {
        if acts(at) {
            out[0].push(at);
        } else if reached(at) {
            out[1].push(at);
        }
    }
    // Those that lead elsewhere come first: they belong beside what they lead to.
    let mut free: Vec<usize> = nodes.iter().copied().filter(|&at| !acts(at) && !reached(at)).collect();
    free.sort_by_key(|&at| (!leads(at), at));
    for at in free {
        let shorter = usize::from(out[1].len() <= out[0].len());
        out[shorter].push(at);
    }
    if out[0].is_empty() {
        out.swap(0, 1);
    }
    out
}
