//! What discover yields: packages, their targets and dependencies, and the files worth reading.

use smol_str::SmolStr;

use crate::model::Diagnostic;
use crate::source::Pruned;

/// Everything that is known of a tree before a line of Rust is read.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Packages, sorted by folder; dependencies refer to them by index.
    pub packages: Vec<Package>,
    /// Rust files that a wanted target may reach, sorted by path.
    pub files: Vec<RustFile>,
    /// Rust files left out on purpose: tests, benches, examples, build scripts; sorted.
    pub left_out: Vec<SmolStr>,
    /// Files of other kinds that later stages may read, sorted by path.
    pub others: Vec<OtherFile>,
    /// Folders that were not entered, sorted by path.
    pub pruned: Vec<Pruned>,
    /// Links to files that are read under their own name: `(link, target)`, sorted.
    pub links: Vec<(SmolStr, SmolStr)>,
    /// Paths that could not be read, or are too large; sorted.
    pub skipped: Vec<SmolStr>,
    /// What was odd, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something could not be read at all: the exit code is 3.
    pub unreadable: bool,
}

impl Discovery {
    /// Whether there is no Rust to analyse; a diagnostic `no-rust` says why, and the exit code is 3.
    #[must_use]
    pub fn no_rust(&self) -> bool {
        self.files.is_empty()
    }
}

/// A package: what one manifest describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name; the folder's when no manifest gives one.
    pub name: SmolStr,
    /// Its version; `0.0.0` when not given.
    pub version: SmolStr,
    /// `2015`, `2018`, `2021`, `2024`.
    pub edition: SmolStr,
    /// Its folder, empty for the root.
    pub dir: SmolStr,
    /// Path of the manifest; `None` when there is none.
    pub manifest: Option<SmolStr>,
    /// Path of the workspace's root manifest, when it is a member of one.
    pub workspace: Option<SmolStr>,
    /// The library.
    pub lib: Option<Target>,
    /// Binaries, sorted by name.
    pub bins: Vec<Target>,
    /// Tests, benches, examples and build scripts, as far as they were asked for; sorted.
    pub others: Vec<Target>,
    /// Dependencies, sorted by their name in code.
    pub dependencies: Vec<Dependency>,
    /// Names of the declared features, sorted.
    pub features: Vec<SmolStr>,
    /// Flags of `cfg` that its build script sets, each with the feature that it sets it for.
    pub flags: Vec<(SmolStr, SmolStr)>,
    /// Whether cargo builds it when asked for nothing in particular.
    pub default_member: bool,
}

impl Package {
    /// All wanted targets, the library first.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.lib.iter().chain(&self.bins).chain(&self.others)
    }
}

/// What a target is built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "cargo's words")]
pub enum TargetKind {
    Lib,
    ProcMacro,
    Bin,
    Test,
    Bench,
    Example,
    BuildScript,
}

/// A crate of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// What it is built into.
    pub kind: TargetKind,
    /// Its name.
    pub name: SmolStr,
    /// Its name in code: with underscores.
    pub crate_name: SmolStr,
    /// Path of its root file.
    pub root: SmolStr,
    /// Features without which it is not built.
    pub required_features: Vec<SmolStr>,
    /// A library that is also built for callers that are not Rust: a `cdylib` or `staticlib`.
    pub for_others: bool,
}

/// Which part of a package a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "cargo's words")]
pub enum DependencyKind {
    Normal,
    Dev,
    Build,
}

/// A dependency of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// What code calls it: the key, or the library name of a package in the tree; with underscores.
    pub name_in_code: SmolStr,
    /// The package's own name, when renamed too.
    pub package: SmolStr,
    /// Normal, dev or build.
    pub kind: DependencyKind,
    /// The condition of `[target.'…'.dependencies]`.
    pub target: Option<SmolStr>,
    /// The version requirement.
    pub requirement: Option<SmolStr>,
    /// The folder of a path dependency within the tree.
    pub path: Option<SmolStr>,
    /// Index of the package in the tree that it is, by path or patch.
    pub workspace_member: Option<usize>,
    /// Whether it is there only with a feature.
    pub optional: bool,
    /// The package's features that switch an optional dependency on, sorted.
    pub enabled_by: Vec<SmolStr>,
    /// The features of the dependency that the manifest asks for, sorted, with `default` unless it does without.
    pub features: Vec<SmolStr>,
}

/// A Rust file to parse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RustFile {
    /// Path relative to the root.
    pub path: SmolStr,
    /// Size in bytes.
    pub bytes: u64,
}

/// A file that is not Rust and may hold settings, deployment or schema; judged by its name only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherFile {
    /// Path relative to the root.
    pub path: SmolStr,
    /// What its name says.
    pub kind: OtherKind,
    /// Size in bytes.
    pub bytes: u64,
}

/// What the name of a file says about its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherKind {
    /// `statemap.toml`.
    Annotations,
    /// `.cargo/config.toml`.
    CargoConfig,
    /// `Dockerfile`, `Containerfile`.
    Dockerfile,
    /// `.env` and its kin.
    Env,
    /// `.ini`, `.conf`, `.properties`.
    Ini,
    /// `.json`, `.json5`.
    Json,
    /// `.ron`.
    Ron,
    /// `.sql`.
    Sql,
    /// A systemd unit.
    Systemd,
    /// `.tpl`: helpers of templates.
    Template,
    /// Any other `.toml`, manifests of cargo aside.
    Toml,
    /// `.yaml`, `.yml`.
    Yaml,
}
