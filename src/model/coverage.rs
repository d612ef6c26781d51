//! Coverage: what was seen and what was not. A map without its blind spots misleads.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What was read, and what could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Rust files read.
    pub files: usize,
    /// Lines in them.
    pub lines: usize,
    /// Files that do not parse; they were scanned token by token instead.
    pub unparsed: usize,
    /// Paths of the files that do not parse.
    pub unparsed_files: Vec<SmolStr>,
    /// Files that no target reaches, sorted.
    pub orphans: Vec<SmolStr>,
    /// Files left out on purpose: tests, benches, examples, build scripts.
    pub left_out: usize,
    /// Files that could not be read, or were too large.
    pub skipped: Vec<SmolStr>,
    /// Macro calls whose body was looked into.
    pub macros_read: usize,
    /// Macro calls whose body was not looked into.
    pub macros_unread: usize,
    /// The macros not looked into, by name with their count, most frequent first.
    pub macros_unread_names: Vec<(SmolStr, usize)>,
    /// Calls of a path.
    pub calls: usize,
    /// Calls whose path was resolved.
    pub calls_resolved: usize,
    /// Method calls.
    pub receivers: usize,
    /// Method calls whose receiver has a known type.
    pub receivers_typed: usize,
    /// Catalog crates that the workspace depends on.
    pub catalog_crates: usize,
    /// Dependencies that the catalog does not know.
    pub unknown_crates: usize,
    /// Crates of the tree that no service links: their state is not on the map.
    #[serde(default)]
    pub unlinked: usize,
    /// Rust files of packages that no service links; they are not read.
    #[serde(default)]
    pub unlinked_files: usize,
    /// Documents of deployment files read: compose files, Dockerfiles, objects of Kubernetes and the like.
    #[serde(default)]
    pub manifests: usize,
    /// Templates of Helm charts that are not evaluated, or in part only.
    #[serde(default)]
    pub manifests_unevaluated: usize,
    /// Services that no deployment file runs: hazards that need one could not be judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_deployed: Vec<SmolStr>,
    /// Items silenced by an `ignore` annotation.
    pub ignored: usize,
}
