//! Tidying: what the layout decided, pulled together.
//!
//! The layout says in which order nodes stand, so that few arrows cross. It leaves wide gaps between them, since it aligns arrows and
//! not boxes; here the columns are filled from the top, frame by frame.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Line, Node, Shape, Zone};
use super::label::{CAPTION, MORE, NAME};
use super::measure;

/// Height of a line of text.
pub(super) const LINE: f64 = 15.0;
/// Between two nodes of a column.
const GAP: f64 = 12.0;
/// The height that an arrow needs to pass between two nodes.
const PASS: f64 = 6.0;
/// From the top of a frame to its first node.
const HEAD: f64 = 27.0;
/// From the last node to the bottom of a frame, and from its sides.
const PAD: f64 = 11.0;
/// Between two frames.
const APART: f64 = 14.0;

/// A rectangle by its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn middle(&self) -> f64 {
        self.top + self.height / 2.0
    }
}

/// Where everything is, before the arrows are routed. Columns have a width, and no place yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Tidy {
    /// By node: its column, its top and its height.
    pub(super) nodes: Vec<(usize, f64, f64)>,
    /// By frame: its first and last column, its top and its bottom.
    pub(super) frames: Vec<Option<(usize, usize, f64, f64)>>,
    /// By arrow and column between its ends: at which height it passes.
    pub(super) passes: BTreeMap<(usize, usize), f64>,
    /// The widths of the columns.
    pub(super) columns: Vec<f64>,
}

/// What stands in a column of a frame.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Node(usize),
    /// An arrow that passes.
    Pass(usize),
}

/// Tidies what was laid out; none when a node is missing in it.
pub(super) fn tidy(graph: &Graph, places: &BTreeMap<String, f64>) -> Option<Tidy> {
    let laid: Vec<f64> = graph.nodes.iter().map(|node| places.get(&node.id).copied()).collect::<Option<_>>()?;
    let column_of = columns(graph);
    let count = column_of.iter().max().map_or(0, |last| last + 1);
    let mut tidy = Tidy { frames: vec![None; graph.frames.len()], columns: vec![0.0; count], ..Tidy::default() };
    for (node, &column) in graph.nodes.iter().zip(&column_of) {
        let widest = &mut tidy.columns[column];
        *widest = widest.max(width(node));
        tidy.nodes.push((column, 0.0, height(node)));
    }
    let mut entries: Vec<Vec<Vec<(f64, Entry)>>> = vec![vec![Vec::new(); count]; graph.frames.len()];
    for (frame, members) in graph.frames.iter().enumerate() {
        for &at in &members.nodes {
            entries[frame][column_of[at]].push((laid[at], Entry::Node(at)));
        }
    }
    passes(graph, &laid, &column_of, &mut entries);
    for column in entries.iter_mut().flatten() {
        column.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    let outside = (0..graph.frames.len()).filter(|&at| graph.frames[at].zone != Zone::Process);
    let reach = outside.map(|at| tidy.tall(&entries[at]) + APART).sum::<f64>();
    let others = tidy.process(graph, &entries, reach);
    tidy.beside(graph, &mut entries, others);
    Some(tidy)
}

/// The column of each node, without columns that are empty.
fn columns(graph: &Graph) -> Vec<usize> {
    let used: BTreeSet<usize> = graph.nodes.iter().map(|node| node.column).collect();
    graph.nodes.iter().map(|node| used.range(..node.column).count()).collect()
}

/// Arrows that pass a column do so in the frame in which they begin, as high as that: from there on they run outside of it.
fn passes(graph: &Graph, laid: &[f64], column_of: &[usize], entries: &mut [Vec<Vec<(f64, Entry)>>]) {
    let frame_of = |node: usize| graph.frames.iter().position(|frame| frame.nodes.contains(&node));
    let mut passing: Vec<usize> =
        (0..graph.edges.len()).filter(|&at| column_of[graph.edges[at].from] + 1 < column_of[graph.edges[at].to]).collect();
    passing.sort_by(|&a, &b| laid[graph.edges[a].to].total_cmp(&laid[graph.edges[b].to]).then(a.cmp(&b)));
    for at in passing {
        let from = graph.edges[at].from;
        let Some(frame) = frame_of(from) else { continue };
        for column in &mut entries[frame][column_of[from] + 1..column_of[graph.edges[at].to]] {
            column.push((laid[from], Entry::Pass(at)));
        }
    }
}

/// As wide as its longest line.
fn width(node: &Node) -> f64 {
    let line = |line: &Line| if line.is_name { measure::width(&line.text, NAME, true) } else { measure::width(&line.text, MORE, false) };
    let lines = node.lines.iter().map(line).fold(measure::width(&node.caption, CAPTION, false), f64::max);
    (lines + if node.shape == Shape::Actor { 28.0 } else { 18.0 }).ceil()
}

fn height(node: &Node) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a node has a dozen lines")]
    let lines = (node.lines.len() + usize::from(!node.caption.is_empty())) as f64;
    lines * LINE + if node.shape == Shape::Store { 24.0 } else { 14.0 }
}

impl Tidy {
    /// Places the process, part below part; the other frames are left.
    fn process(&mut self, graph: &Graph, entries: &[Vec<Vec<(f64, Entry)>>], reach: f64) -> Vec<usize> {
        let outer = (0..graph.frames.len()).filter(|&at| graph.frames[at].within.is_none());
        let (process, others): (Vec<usize>, Vec<usize>) = outer.partition(|&at| graph.frames[at].zone == Zone::Process);
        for at in process {
            let inner: Vec<usize> = (0..graph.frames.len()).filter(|&inner| graph.frames[inner].within == Some(at)).collect();
            let (first, last) = span(inner.iter().copied().chain([at]).map(|at| &entries[at]));
            let mut bottom = if inner.is_empty() { self.spread(&entries[at], reach) + PAD } else { HEAD - 4.0 };
            for inner in inner {
                let end = self.fill(&entries[inner], bottom + HEAD - 3.0) + PAD;
                self.frames[inner] = Some((first, last, bottom, end));
                bottom = end + APART - 4.0;
            }
            self.frames[at] = Some((first, last, 0.0, bottom));
        }
        others
    }

    /// Puts frames beside the process, each as near to those who use it as the others let it.
    fn beside(&mut self, graph: &Graph, entries: &mut [Vec<Vec<(f64, Entry)>>], mut frames: Vec<usize>) {
        let users = |tidy: &Self, of: &[usize]| {
            let edges = graph.edges.iter().filter(|edge| of.contains(&edge.to) && !of.contains(&edge.from));
            let (sum, count) = edges.fold((0.0, 0.0), |(sum, count), edge| {
                let (_, top, height) = tidy.nodes[edge.from];
                (sum + top + height / 2.0, count + 1.0)
            });
            (count > 0.0).then(|| sum / count)
        };
        // What is used from further up stands further up.
        for column in frames.iter().flat_map(|&at| 0..entries[at].len()).collect::<BTreeSet<_>>() {
            for &at in &frames {
                entries[at][column].sort_by(|(a, x), (b, y)| {
                    let key = |height: f64, entry: &Entry| match entry {
                        Entry::Node(node) => users(self, &[*node]).unwrap_or(f64::MAX),
                        Entry::Pass(_) => height,
                    };
                    key(*a, x).total_cmp(&key(*b, y)).then(a.total_cmp(b))
                });
            }
        }
        frames.sort_by(|&a, &b| {
            let key = |at: usize| users(self, &graph.frames[at].nodes).unwrap_or(f64::MAX);
            key(a).total_cmp(&key(b)).then(a.cmp(&b))
        });
        let end = self.frames.iter().flatten().map(|(.., bottom)| *bottom).fold(0.0, f64::max);
        let mut free = vec![0.0_f64; self.columns.len()];
        for (first, last, _, bottom) in self.frames.iter().flatten() {
            free[*first..=*last].fill(bottom + APART);
        }
        for (position, &at) in frames.iter().enumerate() {
            let (first, last) = span([&entries[at]].into_iter());
            let earliest = free[first..=last].iter().copied().fold(0.0, f64::max);
            let own = self.tall(&entries[at]);
            let rest: f64 = frames[position..].iter().map(|&at| self.tall(&entries[at]) + APART).sum::<f64>() - APART;
            let wanted = users(self, &graph.frames[at].nodes).map_or(earliest, |middle| middle - own / 2.0);
            let top = wanted.min(end - rest).max(earliest);
            let bottom = self.fill(&entries[at], top + HEAD) + PAD;
            self.frames[at] = Some((first, last, top, bottom));
            free[first..=last].fill(bottom + APART);
        }
    }

    /// Fills the columns of a frame from a height on; the height at which the longest ends.
    fn fill(&mut self, columns: &[Vec<(f64, Entry)>], top: f64) -> f64 {
        let lengths: Vec<f64> = columns.iter().map(|column| self.length(column)).collect();
        let longest = lengths.iter().copied().fold(0.0, f64::max);
        for (number, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
            // What a shorter column has to spare goes between its nodes, but never much.
            #[expect(clippy::cast_precision_loss, reason = "a column has a few dozen nodes")]
            let spare = ((longest - lengths[number]) / column.len() as f64).min(18.0);
            let mut y = top + spare / 2.0;
            for &(_, entry) in column {
                let size = self.size(entry);
                match entry {
                    Entry::Node(node) => self.nodes[node].1 = y,
                    Entry::Pass(edge) => {
                        self.passes.insert((edge, number), y + size / 2.0);
                    }
                }
                y += size + GAP + spare;
            }
        }
        top + longest
    }

    /// Fills the only frame of the process, with its nodes as far apart as what they use: not all arrows come from the top.
    fn spread(&mut self, columns: &[Vec<(f64, Entry)>], reach: f64) -> f64 {
        let bottom = self.fill(columns, HEAD);
        let nodes: Vec<usize> =
            columns.iter().flatten().filter_map(|(_, entry)| if let Entry::Node(at) = entry { Some(*at) } else { None }).collect();
        let alone = columns.iter().filter(|column| !column.is_empty()).count() == 1;
        if !alone || bottom + PAD >= reach {
            return bottom;
        }
        #[expect(clippy::cast_precision_loss, reason = "a column has a few dozen nodes")]
        let apart = ((reach - PAD - bottom) / nodes.len() as f64).min(120.0);
        let mut moved = apart / 2.0;
        for at in nodes {
            self.nodes[at].1 += moved;
            moved += apart;
        }
        bottom + moved - apart / 2.0
    }

    fn tall(&self, columns: &[Vec<(f64, Entry)>]) -> f64 {
        columns.iter().map(|column| self.length(column)).fold(0.0, f64::max) + HEAD + PAD
    }

    fn length(&self, column: &[(f64, Entry)]) -> f64 {
        column.iter().map(|(_, entry)| self.size(*entry) + GAP).sum::<f64>() - GAP
    }

    fn size(&self, entry: Entry) -> f64 {
        match entry {
            Entry::Node(node) => self.nodes[node].2,
            Entry::Pass(_) => PASS - GAP,
        }
    }
}

/// The first and the last column in which frames have something.
fn span<'a>(frames: impl Iterator<Item = &'a Vec<Vec<(f64, Entry)>>>) -> (usize, usize) {
    let mut used = frames
        .flat_map(|columns| columns.iter().enumerate().filter(|(_, column)| !column.is_empty()).map(|(at, _)| at))
        .collect::<Vec<_>>();
    used.sort_unstable();
    (used.first().copied().unwrap_or_default(), used.last().copied().unwrap_or_default())
}
