//! The paragraph that opens a page.

use serde::Serialize;

use super::TotalView;

/// The paragraph that says what the architecture diagram hides.
#[derive(Debug, Serialize)]
pub(crate) struct Opening {
    /// `service` when the tree has one, `workspace` when several, `library` when none.
    pub(crate) subject: &'static str,
    pub(crate) total: usize,
    /// How many end with the process: scopes task, thread, process.
    pub(crate) in_process: usize,
    pub(crate) in_process_word: String,
    pub(crate) on_disk: usize,
    pub(crate) on_disk_word: String,
    pub(crate) volumes: Volumes,
    pub(crate) points: Vec<Point>,
    /// Kinds that found no place among the points.
    pub(crate) further: Vec<FurtherKind>,
    /// The stores that it relies on.
    pub(crate) stores: Vec<String>,
}

/// What the manifests say of volumes that outlive a container.
#[derive(Debug, Serialize)]
pub(crate) struct Volumes {
    /// A workload of the manifests is known for every service spoken of.
    pub(crate) known: bool,
    /// No workload of the manifests is known for any of them.
    pub(crate) none_found: bool,
    /// Other deployment files are: an image, variables, a pipeline.
    pub(crate) some_files: bool,
    /// Where the first few are mounted, those that can be written.
    pub(crate) paths: Vec<String>,
    pub(crate) more: usize,
}

/// An item in running text.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Described {
    pub(crate) what: String,
    /// Its type, when that tells more.
    pub(crate) ty: Option<String>,
    pub(crate) link: String,
    /// Further items of which the same is said.
    pub(crate) links: Vec<String>,
    /// What follows after the link: begins with a space, a comma or a colon, unless it is empty.
    pub(crate) rest: String,
    /// What people wrote on its size, and on how it comes back.
    pub(crate) said: Vec<String>,
    /// Where people wrote about it.
    pub(crate) annotated_at: Option<String>,
    /// Where it is mounted: of a Secret.
    pub(crate) mounted: Option<String>,
    /// What sets the number of one process, when all workloads have the same.
    pub(crate) set_by: Option<TotalView>,
    /// What its copies in all replicas add up to.
    pub(crate) totals: Vec<TotalView>,
}

/// One numbered point of the opening: the items of one theme.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) kind: &'static str,
    pub(crate) count: usize,
    /// The count as a word up to twelve.
    pub(crate) count_word: String,
    /// Links to at most three items.
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
    /// The first one or two, in words.
    pub(crate) described: Vec<Described>,
    /// Files among them, which are named by their paths and not described.
    pub(crate) files: usize,
    pub(crate) files_word: String,
    pub(crate) named: Vec<String>,
    pub(crate) named_more: usize,
    /// What all of it goes with: `container`, `pod`, or `either`.
    pub(crate) fate: Option<&'static str>,
    /// How many are not described.
    pub(crate) rest: usize,
    pub(crate) rest_word: String,
    pub(crate) rest_kind: &'static str,
    /// Thread pools and runtimes beside pools of connections, not counted above.
    pub(crate) threads: usize,
    pub(crate) threads_word: String,
    /// The largest number of what it may hold, when every item says one number and it is the same.
    pub(crate) each: Option<String>,
    /// The sum over all items, when every item says a number and there are several.
    pub(crate) sum: Option<String>,
    /// Twice the sum: what old and new processes hold together during a rollout.
    pub(crate) overlap: Option<String>,
    /// The stores behind, when every item names one.
    pub(crate) stores: Vec<String>,
    /// How many are environment variables.
    pub(crate) env: usize,
}

/// A kind with its count, at the end of the opening.
#[derive(Debug, Serialize)]
pub(crate) struct FurtherKind {
    pub(crate) kind: &'static str,
    pub(crate) count: usize,
    pub(crate) count_word: String,
}
