//! Revisions of a repository as trees: what people call a revision, and the tree of its commit, read from git's objects.
//!
//! Runs no git and nothing that a repository names: no hooks, filters, attributes or monitors. Only the repository's own files
//! are read, not the user's or the system's configuration, and not the environment. The working tree is not touched.

mod points;
mod range;
mod tree;

pub use points::Point;
pub use range::Range;
pub use tree::{GitTree, Lacking};

use std::fs;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice as _};

use super::revision::{Revision, web_page};
use super::{join, normalise};

/// Longest revision that is looked up: names of refs are file names.
const MAX_NAME: usize = 1_000;
/// Most refs that are looked at for one that was meant.
const MAX_REFS: usize = 5_000;

/// A repository, as seen from a folder in it.
pub struct Repository {
    shared: gix::ThreadSafeRepository,
    /// The folder's name, for a package that no manifest names.
    label: String,
    /// The folder inside the repository, with `/` between names; empty for its root.
    prefix: String,
    is_bare: bool,
}

/// A commit, and how it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// As people named it: `main`, `v1.2`.
    pub name: String,
    /// Its hash.
    pub id: String,
    /// The folder that the name gives, as `main:services/shop` does.
    folder: Option<String>,
}

impl Commit {
    /// The same commit, seen from the folder that another name gives, unless its own name gives one.
    #[must_use]
    pub fn in_folder_of(mut self, other: &Commit) -> Self {
        self.folder = self.folder.or_else(|| other.folder.clone());
        self
    }

    /// The hash in short, as people write it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }
}

/// Why a revision cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GitError {
    message: String,
    help: String,
    /// What was asked for is wrong, and not the repository.
    is_usage: bool,
}

impl GitError {
    fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), is_usage: true }
    }

    fn input(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), is_usage: false }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }

    /// Whether what was asked for is wrong, and not what was read.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        self.is_usage
    }
}

impl Repository {
    /// The repository that a folder lies in, or is.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn find(root: &Path) -> Result<Self, GitError> {
        let unreadable = |error: std::io::Error| GitError::input(format!("failed to open `{}`: {error}", root.display()), "check the path");
        let root = fs::canonicalize(root).map_err(unreadable)?;
        let found = root.ancestors().find(|folder| has_repository(folder));
        let Some(folder) = found else {
            return Err(GitError::usage(
                format!("`{}` is in no git repository", root.display()),
                "revisions need one: run it where the code is checked out",
            ));
        };
        let broken = |why: String| {
            GitError::input(format!("failed to open the git repository of `{}`: {why}", folder.display()), "check it with `git fsck`")
        };
        if !is_sound(folder) {
            return Err(broken("its `HEAD` is missing, or it or `config` is no regular file".to_owned()));
        }
        let shared = open(folder).map_err(|error| broken(one_line(&error)))?;
        let repository = shared.to_thread_local();
        let work_dir = repository.workdir().and_then(|work_dir| fs::canonicalize(work_dir).ok());
        let prefix = match &work_dir {
            Some(work_dir) => root.strip_prefix(work_dir).ok().and_then(text_of_path).unwrap_or_default(),
            None => String::new(),
        };
        let name = root.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned());
        let label = if work_dir.is_none() { name.trim_end_matches(".git").to_owned() } else { name };
        Ok(Self { is_bare: work_dir.is_none(), shared, label, prefix })
    }

    /// Whether there is no working directory.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// The folder that is looked from, inside the repository.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The commit that a name stands for: a branch, a tag, a hash or its start, `HEAD~2`, `main@{upstream}`.
    ///
    /// `main:services/shop` names a folder of it, which is then the root of what is read.
    ///
    /// # Errors
    /// When it stands for nothing, for several, or for something else than a commit.
    pub fn commit(&self, name: &str) -> Result<Commit, GitError> {
        let repository = self.shared.to_thread_local();
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(GitError::usage("a revision needs a name", "name a branch, a tag or a commit"));
        }
        let (spec, folder) = split_folder(name);
        let folder = match folder {
            Some(folder) => {
                let outside =
                    || GitError::usage(format!("`{folder}` leads out of the repository"), "write it as seen from the repository's root");
                Some(normalise(folder).ok_or_else(outside)?)
            }
            None => None,
        };
        let found = repository.rev_parse_single(BStr::new(spec)).map_err(|error| unknown(&repository, spec, &error))?;
        let object = found.object().map_err(|error| lacking(&repository, spec, &one_line(&error)))?;
        let kind = object.kind;
        let commit = object.peel_to_commit().map_err(|_| {
            GitError::usage(
                format!("`{spec}` is a {kind}, not a commit"),
                "name a branch, a tag or a commit; a folder follows a colon: `main:services/shop`",
            )
        })?;
        Ok(Commit { name: name.to_owned(), id: commit.id.to_string(), folder })
    }

    /// The nearest commit that both come from.
    ///
    /// # Errors
    /// When there is none, or the history is not there.
    pub fn merge_base(&self, one: &Commit, other: &Commit) -> Result<Commit, GitError> {
        let mut repository = self.shared.to_thread_local();
        repository.object_cache_size_if_unset(4 * 1024 * 1024);
        let (a, b) = (id_of(one)?, id_of(other)?);
        let none = |why: &str| {
            let help = if is_shallow(&repository) { SHALLOW } else { "name the two revisions apart from each other: `statemap diff A B`" };
            GitError::input(format!("`{}` and `{}` have no common commit{why}", one.name, other.name), help)
        };
        let base = repository.merge_base(a, b).map_err(|error| none(&format!(": {}", one_line(&error))))?;
        let base = base.ok_or_else(|| none(""))?;
        // Hashes in a name say nothing.
        let is_hash = |commit: &Commit| commit.name == commit.id;
        let name = match (is_hash(one), is_hash(other)) {
            (false, false) => format!("the merge base of {} and {}", one.name, other.name),
            _ => "the merge base".to_owned(),
        };
        Ok(Commit { name, id: base.to_string(), folder: None }.in_folder_of(one).in_folder_of(other))
    }

    /// The tree of a commit; `None` when it does not hold the folder that is looked from.
    ///
    /// # Errors
    /// When objects are missing or broken.
    pub fn tree(&self, commit: &Commit) -> Result<Option<GitTree>, GitError> {
        let repository = self.shared.to_thread_local();
        let missing = |error: gix::Error| lacking(&repository, &commit.name, &one_line(&error));
        let root = repository.find_commit(id_of(commit)?).and_then(|found| Ok(found.tree_id()?.detach())).map_err(missing)?;
        let prefix = commit.folder.clone().unwrap_or_else(|| self.prefix.clone());
        let label = match commit.folder.as_deref() {
            Some(folder) if !folder.is_empty() => super::file_name(folder).to_owned(),
            _ => self.label.clone(),
        };
        let tree = GitTree::new(self.shared.clone(), root, prefix, label);
        match tree.has_root() {
            Ok(has) => Ok(has.then_some(tree)),
            Err(why) => Err(lacking(&repository, &commit.name, &why)),
        }
    }

    /// What a map of the commit's tree says of its revision.
    #[must_use]
    pub fn revision(&self, commit: &Commit) -> Revision {
        Revision { commit: Some(commit.id.clone()), ..self.without_commit(commit.folder.as_deref()) }
    }

    /// What a map of the working directory says of its revision: its files may be like those of no commit.
    #[must_use]
    pub fn working_revision(&self) -> Revision {
        self.without_commit(None)
    }

    fn without_commit(&self, folder: Option<&str>) -> Revision {
        let repository = self.shared.to_thread_local();
        let url = repository.config_snapshot().string("remote.origin.url");
        Revision {
            commit: None,
            repository: url.and_then(|url| web_page(&url.to_string())),
            prefix: folder.unwrap_or(&self.prefix).to_owned(),
        }
    }

    /// What to do about objects that are not there.
    #[must_use]
    pub fn help_for_missing(&self) -> &'static str {
        help_for_missing(&self.shared.to_thread_local())
    }

    /// The folders below the one that is looked from that are submodules of the commit that is checked out.
    #[must_use]
    pub fn submodules(&self) -> Vec<String> {
        let head = self.commit("HEAD").ok().and_then(|head| self.tree(&head).ok().flatten());
        head.map(|tree| tree.all_submodules()).unwrap_or_default()
    }
}

const SHALLOW: &str = "the clone is shallow: fetch the history with `git fetch --unshallow` (in a workflow of GitHub: `fetch-depth: 0`; in GitLab: `GIT_DEPTH: 0`)";
const PARTIAL: &str = "the clone is partial and statemap fetches nothing: `git fetch --refetch --no-filter` brings the rest";

fn help_for_missing(repository: &gix::Repository) -> &'static str {
    if is_shallow(repository) {
        SHALLOW
    } else if is_partial(repository) {
        PARTIAL
    } else {
        "check the repository with `git fsck`"
    }
}

fn is_shallow(repository: &gix::Repository) -> bool {
    repository.is_shallow().unwrap_or(false)
}

fn is_partial(repository: &gix::Repository) -> bool {
    let config = repository.config_snapshot();
    let says = |key: &str| config.string(key).is_some();
    says("extensions.partialClone") || says("remote.origin.promisor") || says("remote.origin.partialclonefilter")
}

/// Opens the repository of a folder, or the folder that is one.
///
/// Only objects, refs and a remote's URL are read, so configuration of a repository owned by another user (a bind mount in a
/// container) does no harm.
pub(super) fn open(folder: &Path) -> gix::Result<gix::ThreadSafeRepository> {
    let mut options = gix::open::Options::isolated().with(gix::sec::Trust::Full).filter_config_section(|_| true);
    options = options.object_store_slots(gix::odb::store::init::Slots::Given(256));
    options.open(folder)
}

/// Whether a folder holds a repository, or is a bare one.
pub(super) fn has_repository(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok() || is_bare(folder)
}

fn is_bare(folder: &Path) -> bool {
    let is_dir = |name: &str| folder.join(name).is_dir();
    is_dir("objects") && is_dir("refs") && folder.join("HEAD").symlink_metadata().is_ok()
}

/// Whether what is opened first is what a repository has there: to open a pipe would block for ever.
pub(super) fn is_sound(folder: &Path) -> bool {
    let regular = |path: PathBuf| fs::metadata(path).is_ok_and(|meta| meta.is_file());
    // Without a configuration everything is as usual.
    let absent = |path: PathBuf| path.symlink_metadata().is_err();
    let whole = |folder: &Path| regular(folder.join("HEAD")) && (regular(folder.join("config")) || absent(folder.join("config")));
    let dot_git = folder.join(".git");
    match fs::metadata(&dot_git) {
        Ok(meta) if meta.is_dir() => whole(&dot_git),
        // A worktree or submodule names its folder in a file.
        Ok(meta) => meta.is_file() && meta.len() < 64 * 1024,
        Err(_) => whole(folder),
    }
}

/// `main:services/shop` as the revision and the folder; a colon in braces is a time.
fn split_folder(name: &str) -> (&str, Option<&str>) {
    match name.split_once(':') {
        Some((rev, folder)) if !rev.is_empty() && !rev.contains('{') => (rev, Some(folder)),
        _ => (name, None),
    }
}

fn id_of(commit: &Commit) -> Result<ObjectId, GitError> {
    ObjectId::from_hex(commit.id.as_bytes()).map_err(|_| GitError::usage(format!("`{}` is no commit", commit.id), "name a commit"))
}

/// The error for a name that stands for nothing, or for several things.
fn unknown(repository: &gix::Repository, name: &str, error: &gix::Error) -> GitError {
    let is_hex = name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let message = format!("no revision `{name}` in this repository");
    if is_hex && one_line(error).contains("mbiguous") {
        return GitError::usage(format!("`{name}` is the start of several commits"), "write more of the hash");
    }
    if is_hex && name.len() == 40 {
        return GitError::input(format!("no commit `{name}` in this repository"), help_for_missing(repository));
    }
    if is_shallow(repository) && name.contains(['~', '^']) {
        return GitError::input(message, SHALLOW);
    }
    match meant(repository, name) {
        Some(near) => GitError::usage(message, format!("did you mean `{near}`?")),
        None if is_shallow(repository) => GitError::input(message, SHALLOW),
        None => GitError::usage(message, "name a branch, a tag or a commit; a branch of the remote is called `origin/<name>`"),
    }
}

/// The branch or tag whose name is nearest to one that is not there.
fn meant(repository: &gix::Repository, name: &str) -> Option<String> {
    let platform = repository.references().ok()?;
    let names: Vec<String> =
        platform.all().ok()?.take(MAX_REFS).filter_map(|found| found.ok()?.name().shorten().to_str().ok().map(str::to_owned)).collect();
    // A clone of one branch has the others at the remote only.
    let at_remote = names.iter().find(|known| known.split_once('/').is_some_and(|(_, branch)| branch == name));
    // And in a clone without a remote, they are nobody's.
    let is_local = |known: &&String| name.split_once('/').is_some_and(|(_, branch)| branch == *known);
    let at_remote = at_remote.or_else(|| names.iter().find(is_local));
    let near = || names.iter().map(|known| (strsim::jaro_winkler(known, name), known)).filter(|(near, _)| *near > 0.85);
    at_remote.or_else(|| near().max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1))).map(|(_, known)| known)).cloned()
}

/// The error for a commit whose objects are not there.
fn lacking(repository: &gix::Repository, name: &str, why: &str) -> GitError {
    GitError::input(format!("failed to read the commit of `{name}`: {why}"), help_for_missing(repository))
}

/// An error of the library on one line, with its causes.
fn one_line(error: &gix::Error) -> String {
    let mut out = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !out.contains(&text) {
            out = format!("{out}: {text}");
        }
        cause = error.source();
    }
    let line = out.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(400).collect()
}

/// A relative path with `/` between its names.
fn text_of_path(path: &Path) -> Option<String> {
    let names: Option<Vec<&str>> = path.iter().map(|name| name.to_str()).collect();
    names.map(|names| names.join("/"))
}

/// `path` below a folder of the repository.
fn below(prefix: &str, path: &str) -> Option<String> {
    join(prefix, path)
}
