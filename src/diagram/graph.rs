//! The graph of a diagram: boxes for the places where state lives, nodes for the state, arrows for who uses what.
//!
//! It knows nothing of Mermaid or SVG. Texts are plain and on one line; they are escaped where they are written.

use smol_str::SmolStr;

use crate::model::{HazardSeverity, ItemId, Kind};

/// Where state lives: one box of a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// In the process, with its threads and tasks.
    Process,
    /// With the client.
    Client,
    /// On the local disk.
    Disk,
    /// In the cluster: what manifests declare.
    Cluster,
    /// In other services.
    Elsewhere,
}

impl Zone {
    /// Every zone, in the order of the source.
    pub const ALL: &[Zone] = &[Zone::Process, Zone::Client, Zone::Disk, Zone::Cluster, Zone::Elsewhere];

    /// What stands on top of it, where nothing more is known.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Zone::Client => "Client",
            Zone::Process => "Process",
            Zone::Disk => "Local disk",
            Zone::Cluster => "Cluster",
            Zone::Elsewhere => "Elsewhere",
        }
    }

    /// Its name in the Mermaid source and in classes of the SVG.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Zone::Client => "client",
            Zone::Process => "process",
            Zone::Disk => "disk",
            Zone::Cluster => "cluster",
            Zone::Elsewhere => "elsewhere",
        }
    }
}

/// What a node looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// State in memory.
    Plain,
    /// What acts: a server, a task, a whole service.
    Actor,
    /// What holds data for others: a database, a volume.
    Store,
    /// What lies with the client, or is reached without being a store.
    Round,
}

/// Where a link of a node leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// To what is told of an item.
    Item(ItemId),
    /// To what is told of a service.
    Service(SmolStr),
    /// To the items of a kind.
    Kind(Kind),
}

/// A line of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says; a name that is too long for it ends or breaks with `…`.
    pub text: String,
    /// It names something, and does not only tell more.
    pub is_name: bool,
    /// The whole of a name that was shortened.
    pub full: Option<String>,
    /// What it speaks of.
    pub target: Option<Target>,
}

/// A node: one piece of state, or several alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name in the Mermaid source: letters, digits and `_`, told by the item and not by its position.
    pub id: String,
    /// The box that it stands in.
    pub zone: Zone,
    /// What it looks like.
    pub shape: Shape,
    /// 0 for what acts in the process and what fits beside it, 1 for what is used there, 2 for what lies outside.
    pub column: usize,
    /// What it is, in a few words.
    pub caption: String,
    /// Its name or names, and more about it.
    pub lines: Vec<Line>,
    /// It answers requests.
    pub is_server: bool,
    /// The worst hazard that names something in it.
    pub severity: Option<HazardSeverity>,
}

/// An arrow: the first node uses the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Position of the node that acts.
    pub from: usize,
    /// Position of the node that is used.
    pub to: usize,
    /// No call is known: they are made in one place.
    pub likely: bool,
}

/// A frame around nodes: a zone, or a part of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name in the Mermaid source.
    pub id: String,
    /// The zone that it is, or is a part of.
    pub zone: Zone,
    /// What stands on top of it.
    pub heading: String,
    /// Position of the frame around it.
    pub within: Option<usize>,
    /// The nodes that stand in it and in no frame of it.
    pub nodes: Vec<usize>,
}

/// A diagram as data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// What the diagram shows, in a few words.
    pub title: String,
    /// What it shows, in sentences, for those who cannot see it.
    pub description: String,
    /// The frames: zones in the order of [`Zone::ALL`] without those that are empty, each before the frames in it.
    pub frames: Vec<Frame>,
    /// The nodes, by zone.
    pub nodes: Vec<Node>,
    /// The arrows, sorted.
    pub edges: Vec<Edge>,
    /// Pairs of nodes of which the second stands to the right of the first, though no arrow leads there.
    pub beside: Vec<(usize, usize)>,
    /// How many items of the map are not in the diagram.
    pub left_out: usize,
}
