//! Routing: arrows run level out of a node, up or down in a lane between two columns, and level into the next node. Arrows to one
//! node share their lane.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::graph::{Edge, Graph};
use super::tidy::{Rect, Tidy};

/// Between two lanes.
const LANE: f64 = 5.0;
/// Beside the lanes, on either side.
const SIDE: f64 = 15.0;
/// Between two arrows at one side of a node.
const PORT: f64 = 7.0;
/// How round a corner is.
const ROUND: f64 = 5.0;
/// From the sides of a frame to its nodes.
const PAD: f64 = 12.0;

/// Everything in its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) nodes: Vec<Rect>,
    pub(super) frames: Vec<Option<Rect>>,
    /// The path of each arrow; none for one that leads back.
    pub(super) arrows: Vec<Option<String>>,
}

/// One step of an arrow: from a column to the next.
#[derive(Clone, Copy, Debug)]
struct Leg {
    arrow: usize,
    /// The column on its left.
    column: usize,
    from: f64,
    to: f64,
    lane: usize,
}

/// Finds the way of every arrow, and with it the width of the picture.
pub(super) fn route(graph: &Graph, tidy: &Tidy) -> Picture {
    let mut legs = legs(graph, tidy);
    let lanes = lanes(graph, &mut legs, tidy.columns.len());
    let lefts = lefts(graph, tidy, &lanes);
    let nodes = tidy.nodes.iter().map(|&(column, top, height)| Rect { left: lefts[column], top, width: tidy.columns[column], height });
    let mut picture = Picture { nodes: nodes.collect(), ..Picture::default() };
    for (at, place) in tidy.frames.iter().enumerate() {
        let frame = place.map(|(first, last, top, bottom)| {
            let pad = if graph.frames[at].within.is_none() && graph.frames.iter().any(|inner| inner.within == Some(at)) {
                2.0 * PAD - 3.0
            } else {
                PAD
            };
            let left = lefts[first] - pad;
            Rect { left, top, width: lefts[last] + tidy.columns[last] + pad - left, height: bottom - top }
        });
        picture.frames.push(frame);
    }
    let rects = || picture.nodes.iter().chain(picture.frames.iter().flatten());
    picture.width = rects().map(Rect::right).fold(0.0, f64::max);
    picture.height = rects().map(Rect::bottom).fold(0.0, f64::max);
    let same = |edge: &Edge| tidy.nodes[edge.from].0 == tidy.nodes[edge.to].0;
    let mut by_arrow: BTreeMap<usize, Vec<Leg>> = BTreeMap::new();
    for leg in legs {
        by_arrow.entry(leg.arrow).or_default().push(leg);
    }
    picture.arrows =
        (0..graph.edges.len()).map(|at| by_arrow.get(&at).map(|legs| path(legs, &lefts, tidy, same(&graph.edges[at])))).collect();
    picture
}

/// The legs of all arrows, with the heights at which they leave and arrive.
fn legs(graph: &Graph, tidy: &Tidy) -> Vec<Leg> {
    let column = |node: usize| tidy.nodes[node].0;
    let middle = |node: usize| tidy.nodes[node].1 + tidy.nodes[node].2 / 2.0;
    let forward: Vec<usize> = (0..graph.edges.len()).filter(|&at| column(graph.edges[at].from) <= column(graph.edges[at].to)).collect();
    // Where an arrow goes next and where it was before decide the order of arrows at a node.
    let next = |at: usize| tidy.passes.get(&(at, column(graph.edges[at].from) + 1)).copied().unwrap_or_else(|| middle(graph.edges[at].to));
    let before = |at: usize| {
        let last = column(graph.edges[at].to).saturating_sub(1);
        tidy.passes.get(&(at, last)).copied().unwrap_or_else(|| middle(graph.edges[at].from))
    };
    let leaving = ports(&forward, tidy, |at| graph.edges[at].from, next);
    let arriving = ports(&forward, tidy, |at| graph.edges[at].to, before);
    let mut out = Vec::new();
    for at in forward {
        let edge = graph.edges[at];
        let (first, last) = (column(edge.from), column(edge.to));
        let mut from = leaving[&at];
        if first == last {
            out.push(Leg { arrow: at, column: first, from, to: arriving[&at], lane: 0 });
        }
        for column in first..last {
            let to = if column + 1 == last { arriving[&at] } else { tidy.passes.get(&(at, column + 1)).copied().unwrap_or(from) };
            out.push(Leg { arrow: at, column, from, to, lane: 0 });
            from = to;
        }
    }
    out
}

/// The height of each arrow at one of its nodes.
fn ports(arrows: &[usize], tidy: &Tidy, node_of: impl Fn(usize) -> usize, other: impl Fn(usize) -> f64) -> BTreeMap<usize, f64> {
    let mut at_node: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &at in arrows {
        at_node.entry(node_of(at)).or_default().push(at);
    }
    let mut out = BTreeMap::new();
    for (node, mut arrows) in at_node {
        arrows.sort_by(|&a, &b| other(a).total_cmp(&other(b)).then(a.cmp(&b)));
        let (_, top, height) = tidy.nodes[node];
        #[expect(clippy::cast_precision_loss, reason = "a node has a few dozen arrows")]
        let count = arrows.len() as f64;
        let step = PORT.min((height - 8.0) / count);
        let mut y = top + height / 2.0 - (count - 1.0) * step / 2.0;
        for at in arrows {
            out.insert(at, y);
            y += step;
        }
    }
    out
}

/// Gives every leg a lane; how many there are right of each column.
fn lanes(graph: &Graph, legs: &mut [Leg], columns: usize) -> Vec<usize> {
    let mut counts = vec![0; columns];
    for (column, count) in counts.iter_mut().enumerate() {
        // Legs towards one node share a lane, as far as they go the same way.
        let mut shared: BTreeMap<(usize, bool), Vec<usize>> = BTreeMap::new();
        for (at, leg) in legs.iter().enumerate().filter(|(_, leg)| leg.column == column && (leg.from - leg.to).abs() > 1.0) {
            shared.entry((graph.edges[leg.arrow].to, leg.to > leg.from)).or_default().push(at);
        }
        let mut groups: Vec<(bool, f64, Vec<usize>)> = shared
            .into_iter()
            .map(|((_, down), members)| {
                let reach = members.iter().map(|&at| legs[at].from).fold(f64::MAX, f64::min);
                (down, reach, members)
            })
            .collect();
        // Up first, the upper the further left; then down, the upper the further right: so the fewest lines cross.
        groups.sort_by(|(down, y, a), (other_down, other_y, b)| {
            let order = if *down { other_y.total_cmp(y) } else { y.total_cmp(other_y) };
            down.cmp(other_down).then(order).then(a.cmp(b))
        });
        // Lanes whose lines never meet can be one.
        let mut ends: Vec<Vec<(f64, f64)>> = Vec::new();
        for (_, _, members) in groups {
            let top = members.iter().map(|&at| legs[at].from.min(legs[at].to)).fold(f64::MAX, f64::min);
            let bottom = members.iter().map(|&at| legs[at].from.max(legs[at].to)).fold(f64::MIN, f64::max);
            let meets = |taken: &Vec<(f64, f64)>| taken.iter().any(|(upper, lower)| top < lower + 10.0 && bottom > upper - 10.0);
            let lane = ends.iter().position(|taken| !meets(taken)).unwrap_or_else(|| {
                ends.push(Vec::new());
                ends.len() - 1
            });
            ends[lane].push((top, bottom));
            for at in members {
                legs[at].lane = lane;
            }
        }
        *count = ends.len();
    }
    counts
}

/// The left side of each column.
fn lefts(graph: &Graph, tidy: &Tidy, lanes: &[usize]) -> Vec<f64> {
    let nested = graph.frames.iter().any(|frame| frame.within.is_some());
    let mut left = if nested { 2.0 * PAD - 3.0 } else { PAD };
    let mut out = Vec::new();
    for (column, width) in tidy.columns.iter().enumerate() {
        out.push(left);
        #[expect(clippy::cast_precision_loss, reason = "there are a few dozen lanes")]
        let gutter = 2.0 * SIDE + lanes[column].saturating_sub(1) as f64 * LANE;
        // Between the process and what is outside of it stand the sides of their frames.
        let ends = tidy.frames.iter().flatten().any(|(_, last, ..)| *last == column);
        let apart = if ends { if nested { 2.0 * PAD } else { PAD } } else { 0.0 };
        left += width + gutter.max(40.0) + apart;
    }
    out
}

/// `back` says that it ends in the column in which it begins.
fn path(legs: &[Leg], lefts: &[f64], tidy: &Tidy, back: bool) -> String {
    let mut out = String::new();
    let Some(first) = legs.first() else { return out };
    let right = |column: usize| lefts[column] + tidy.columns[column];
    let _ = write!(out, "M{} {}", px(right(first.column)), px(first.from));
    for (at, leg) in legs.iter().enumerate() {
        let is_last = at + 1 == legs.len();
        let reach = match (is_last, back) {
            (true, true) => right(leg.column),
            (true, false) => lefts[leg.column + 1],
            (false, _) => right(leg.column + 1),
        };
        if (leg.from - leg.to).abs() <= 1.0 {
            let _ = write!(out, "H{}", px(reach));
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "there are a few dozen lanes")]
        let lane = right(leg.column) + SIDE + leg.lane as f64 * LANE;
        let round = ROUND.min((leg.to - leg.from).abs() / 2.0);
        let turn = if leg.to > leg.from { round } else { -round };
        let away = if is_last && back { -round } else { round };
        let _ = write!(out, "H{}Q{} {} {} {}", px(lane - round), px(lane), px(leg.from), px(lane), px(leg.from + turn));
        let _ = write!(out, "V{}Q{} {} {} {}H{}", px(leg.to - turn), px(lane), px(leg.to), px(lane + away), px(leg.to), px(reach));
    }
    out
}

/// A length with at most one decimal: the same on every machine.
pub(super) fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
