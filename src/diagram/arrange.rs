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
    // What a frame says already needs no arrow.
    let contained: BTreeSet<Edge> = graph
        .edges
        .iter()
        .copied()
        .filter(|edge| graph.nodes[edge.to].zone == Zone::Process)
        .filter(|edge| match inner[edge.to] {
            Part::Requests => Some(edge.from) == server,
            Part::Background => is_crowd(&graph.nodes[edge.from]),
            Part::Both => true,
            Part::Whole => false,
        })
        .collect();
    graph.edges.retain(|edge| !contained.contains(edge));
    let mut beside = Vec::new();
    let mut second = Vec::new();
    for frame in frames.iter().filter(|frame| frame.zone == Zone::Process) {
        let [left, right] = columns(&frame.nodes, graph);
        for (column, nodes) in [&left, &right].into_iter().enumerate() {
            for &at in nodes {
                graph.nodes[at].column = column;
            }
        }
        if let Some(last) = left.len().checked_sub(1) {
            beside.extend(right.iter().enumerate().map(|(at, &to)| (left[at.min(last)], to)));
            second.extend(right);
        }
    }
    if second.is_empty() {
        second = (0..graph.nodes.len()).filter(|&at| graph.nodes[at].zone == Zone::Process).collect();
    }
    let entered = |at: usize| graph.edges.iter().any(|edge| edge.to == at && second.contains(&edge.from));
    let outside: Vec<usize> = (0..graph.nodes.len()).filter(|&at| graph.nodes[at].zone != Zone::Process && !entered(at)).collect();
    if !second.is_empty() {
        // Spread, so that they stand beside the whole process and not beside its end.
        beside.extend(outside.iter().enumerate().map(|(at, &to)| (second[at * second.len() / outside.len()], to)));
    }
    // A frame that no line leaves is laid out for itself, which makes the whole wider.
    let first_outside = (0..graph.nodes.len()).find(|&at| graph.nodes[at].zone != Zone::Process);
    for frame in frames.iter().filter(|frame| frame.zone == Zone::Process && !frame.nodes.is_empty()) {
        let leaves = |(from, to): (usize, usize)| frame.nodes.contains(&from) != frame.nodes.contains(&to);
        let led = graph.edges.iter().map(|edge| (edge.from, edge.to)).chain(beside.iter().copied()).any(leaves);
        if let (false, Some(to), Some(&from)) = (led, first_outside, frame.nodes.iter().max_by_key(|&&at| (graph.nodes[at].column, at))) {
            beside.push((from, to));
        }
    }
    beside.retain(|(from, to)| !graph.edges.iter().any(|edge| (edge.from, edge.to) == (*from, *to)));
    graph.beside = beside;
    graph.frames = frames;
}

/// The names of all frames: no node may have one of them.
pub(super) fn frame_ids() -> BTreeSet<String> {
    let zones = Zone::ALL.iter().map(|zone| zone.as_str());
    zones.chain(Part::ALL.map(|part| part.words().0)).map(str::to_owned).collect()
}

/// A part of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Requests,
    Both,
    Background,
    Whole,
}

impl Part {
    const ALL: [Part; 4] = [Part::Requests, Part::Both, Part::Background, Part::Whole];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Part::Requests => ("requests", "Requests, and what only they use"),
            Part::Both => ("both", "Used by requests and by background tasks"),
            Part::Background => ("background", "Background tasks, and what they use"),
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
        let users: Vec<usize> = graph.edges.iter().filter(|edge| edge.to == at).map(|edge| edge.from).collect();
        let by_server = users.iter().any(|&user| Some(user) == server);
        let others: Vec<&Node> = users.iter().filter(|&&user| Some(user) != server).map(|&user| &graph.nodes[user]).collect();
        match (by_server, others.is_empty()) {
            (false, true) => Part::Whole,
            (true, true) => Part::Requests,
            (true, false) if others.iter().all(|other| is_crowd(other)) => Part::Both,
            _ => Part::Background,
        }
    };
    graph.nodes.iter().enumerate().map(part).collect()
}

/// So many tasks in one node that an arrow from it says nothing of any of them.
fn is_crowd(node: &Node) -> bool {
    node.shape == Shape::Actor && node.lines.iter().any(|line| !line.is_name && line.text.starts_with("and "))
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
