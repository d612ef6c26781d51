//! The walk over a tree: which folders are entered, which files are listed, what becomes of links.
//!
//! Links are never followed into folders, nor out of the tree; special files are never opened.

use std::collections::BTreeMap;

use rayon::prelude::*;
use smol_str::SmolStr;

use super::ignored::Rules;
use super::{Listed, Listing, MAX_DEPTH, MAX_FILES, PruneReason, Pruned, parent};
use crate::model::{Diagnostic, Severity};

/// Most notes on links; a hostile tree may hold a million of them.
const MAX_LINK_NOTES: usize = 50;

/// Folders of tools, never entered.
const TOOLING: &[&str] =
    &[".git", ".hg", ".svn", ".jj", ".idea", ".vscode", ".venv", "__pycache__", ".direnv", ".terraform", ".cache", "node_modules"];

/// Names of folders that hold code of others.
const VENDORED: &[&str] = &["vendor", "vendored", "third_party", "third-party"];

/// What a walk needs of a tree.
pub(super) trait Folders: Sync {
    /// The entries of a folder, in any order.
    fn entries(&self, folder: &str) -> Result<Vec<Entry>, String>;

    /// The text of an ignore file, cut at a bound; `None` when it cannot be read.
    fn rules(&self, path: &str) -> Option<String>;

    /// Where a link leads.
    fn follow(&self, path: &str) -> Follow;

    /// Whether several folders may be asked for at once, in any order, with the same answers.
    fn in_any_order(&self) -> bool {
        true
    }
}

/// One entry of a folder.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) what: What,
}

/// What an entry is, links not followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Folder,
    File,
    Link,
    /// A pipe, socket or device.
    Special,
    /// Its name is no UTF-8, so no path can name it.
    Unnameable,
}

/// Where a link leads.
pub(super) enum Follow {
    File { path: String },
    Folder { path: String },
    Special,
    Outside,
    Loop,
    Missing,
}

/// Lists a tree.
pub(super) fn walk(folders: &dyn Folders) -> Listing {
    let mut walk = Walk { folders, rules: Rules::default(), listing: Listing::default(), links: Vec::new(), full: false };
    match folders.entries("") {
        Ok(entries) => walk.folder("", entries, 0),
        Err(reason) => walk.unreadable(".", &reason),
    }
    let links = std::mem::take(&mut walk.links);
    let mut listing = walk.listing;
    listing.files.sort();
    listing.pruned.sort();
    follow_links(folders, links, &mut listing);
    listing.files.sort();
    listing.links.sort();
    listing.skipped.sort();
    listing.diagnostics.sort();
    listing
}

struct Walk<'a> {
    folders: &'a dyn Folders,
    rules: Rules,
    listing: Listing,
    links: Vec<String>,
    /// The bound on files is reached.
    full: bool,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &str, mut entries: Vec<Entry>, depth: usize) {
        // Sorted, so that a tree over the bound keeps the same files everywhere.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let text = |name: &str| has_file(&entries, name).then(|| self.folders.rules(&child(folder, name))).flatten();
        self.rules.push(folder, text(".ignore").as_deref(), text(".gitignore").as_deref());
        let mut ahead = self.ahead(folder, &entries, depth + 1).into_iter();
        for entry in &entries {
            if self.full {
                break;
            }
            let path = child(folder, &entry.name);
            match entry.what {
                What::Folder => {
                    let listed = ahead.next().flatten();
                    self.enter(&path, &entry.name, &entries, depth + 1, listed);
                }
                What::Unnameable => self.skip(path, "its name is not UTF-8", "rename it"),
                _ if self.rules.ignored(&path, false) => {}
                What::File => self.list(path),
                What::Link => self.links.push(path),
                // A service's socket or pipe beside its code is not input.
                What::Special if is_source(&path) => {
                    self.skip(path, "it is a pipe, socket or device", "pipes, sockets and devices are never opened")
                }
                What::Special => {}
            }
        }
        self.rules.pop();
    }

    /// What is in the folders of a folder, for those that will be entered, listed side by side.
    fn ahead(&self, folder: &str, entries: &[Entry], depth: usize) -> Vec<Option<Result<Vec<Entry>, String>>> {
        let folders: Vec<&Entry> = entries.iter().filter(|entry| entry.what == What::Folder).collect();
        if folders.len() < 2 || depth > MAX_DEPTH || !self.folders.in_any_order() {
            return Vec::new();
        }
        let (tree, rules) = (self.folders, &self.rules);
        let list = |entry: &&Entry| {
            let path = child(folder, &entry.name);
            let is_left_out = TOOLING.contains(&entry.name.as_str()) || rules.ignored(&path, true);
            (!is_left_out).then(|| tree.entries(&path))
        };
        folders.par_iter().with_max_len(4).map(list).collect()
    }

    /// Enters a folder unless it is pruned; what is in it may be known.
    fn enter(&mut self, path: &str, name: &str, siblings: &[Entry], depth: usize, listed: Option<Result<Vec<Entry>, String>>) {
        if TOOLING.contains(&name) {
            return self.prune(path, PruneReason::Tooling);
        }
        if listed.is_none() && self.rules.ignored(path, true) {
            return self.prune(path, PruneReason::Ignored);
        }
        if depth > MAX_DEPTH {
            return self.skip(path.to_owned(), "it lies too deep", "analyse a folder further down");
        }
        match listed.unwrap_or_else(|| self.folders.entries(path)) {
            Ok(entries) => match prune_reason(path, name, siblings, &entries) {
                Some(reason) => self.prune(path, reason),
                None => self.folder(path, entries, depth),
            },
            Err(reason) => self.unreadable(path, &reason),
        }
    }

    fn list(&mut self, path: String) {
        if self.listing.files.len() >= MAX_FILES {
            self.full = true;
            let message = format!("more than {MAX_FILES} files: those after `{path}` were not listed");
            let help = "analyse a folder further down, or list folders of data in `.ignore`";
            self.listing.diagnostics.push(Diagnostic::new(Severity::Error, "too-many-files", message).help(help));
            self.listing.unreadable = true;
            return;
        }
        self.listing.files.push(Listed { path: path.into() });
    }

    fn prune(&mut self, path: &str, reason: PruneReason) {
        self.listing.pruned.push(Pruned { path: path.into(), reason });
    }

    fn skip(&mut self, path: String, why: &str, help: &str) {
        let message = format!("`{}` was skipped: {why}", path.escape_debug());
        self.listing.diagnostics.push(Diagnostic::new(Severity::Warning, "skipped", message).in_file(path.clone()).help(help));
        self.listing.skipped.push(path.into());
    }

    fn unreadable(&mut self, path: &str, reason: &str) {
        self.listing.unreadable = true;
        let diagnostic = Diagnostic::new(Severity::Error, "unreadable", format!("failed to read the folder `{path}`: {reason}"))
            .in_file(path)
            .help("make it readable for this user, or list it in `.ignore`");
        self.listing.diagnostics.push(diagnostic);
        self.listing.skipped.push(path.into());
    }
}

/// Why a folder that is neither ignored nor a tool's is not the service's own code.
///
/// A module, a package or a binary may be called `target` or `vendor`, so the name alone does not decide.
fn prune_reason(path: &str, name: &str, siblings: &[Entry], entries: &[Entry]) -> Option<PruneReason> {
    if has_file(entries, "CACHEDIR.TAG") || has_file(entries, ".rustc_info.json") || (name == "target" && has_file(siblings, "Cargo.toml"))
    {
        return Some(PruneReason::BuildOutput);
    }
    if has_file(entries, ".cargo-checksum.json") {
        return Some(PruneReason::Vendored);
    }
    if parent(path) == ".cargo" || parent(path).ends_with("/.cargo") {
        // A cargo home inside the tree holds downloaded sources.
        return matches!(name, "registry" | "git").then_some(PruneReason::Vendored);
    }
    let own_code = || {
        let own = |entry: &Entry| matches!(entry.name.as_str(), "mod.rs" | "main.rs" | "lib.rs" | "Cargo.toml");
        entries.iter().any(own) || has_file(siblings, &format!("{name}.rs"))
    };
    (VENDORED.contains(&name) && !own_code()).then_some(PruneReason::Vendored)
}

/// Decides on the links once all files are known: a link to a listed file adds nothing.
fn follow_links(folders: &dyn Folders, links: Vec<String>, listing: &mut Listing) {
    let listed = listing.files.len();
    let mut targets: BTreeMap<String, SmolStr> = BTreeMap::new();
    let mut notes = Vec::new();
    let mut note = |code: &'static str, path: &str, message: String, help: &str| {
        notes.push(Diagnostic::new(Severity::Note, code, message).in_file(path).help(help));
    };
    for link in links {
        match folders.follow(&link) {
            Follow::File { path } => {
                let own_place =
                    listing.files[..listed].binary_search_by(|file| file.path.as_str().cmp(&path)).is_ok() || targets.contains_key(&path);
                if own_place {
                    let place = targets.get(&path).map_or(path.as_str(), SmolStr::as_str);
                    if is_source(&link) {
                        note("link", &link, format!("`{link}` is a link to `{place}`, which is read in its own place"), "nothing to do");
                    }
                    listing.links.push((link.into(), place.into()));
                } else if listing.pruned_above(&path).is_some_and(|pruned| pruned.reason == PruneReason::Tooling) {
                    note(
                        "link",
                        &link,
                        format!("`{link}` is a link into a folder of tools and was skipped"),
                        "replace the link by the file",
                    );
                } else if listing.files.len() < MAX_FILES {
                    targets.insert(path, link.clone().into());
                    listing.files.push(Listed { path: link.into() });
                }
            }
            Follow::Folder { path } => {
                let message = format!(
                    "`{link}` is a link to the folder `{}`, which is read in its own place",
                    if path.is_empty() { "." } else { &path }
                );
                note("link", &link, message, "nothing to do");
            }
            Follow::Special if !is_source(&link) => {}
            Follow::Special => {
                note("link", &link, format!("`{link}` is a link to a pipe, socket or device and was skipped"), "they are never opened")
            }
            Follow::Outside => {
                let help = "links are not followed out of the tree: copy the file, or analyse a folder that holds both";
                note("link-outside", &link, format!("`{link}` is a link out of the tree and was skipped"), help);
                listing.skipped.push(link.into());
            }
            Follow::Loop => note("link-loop", &link, format!("`{link}` is a link that leads to itself and was skipped"), "remove the link"),
            // Editors lock a file with a dangling link of this name.
            Follow::Missing if super::file_name(&link).starts_with(".#") => {}
            Follow::Missing => note(
                "link-broken",
                &link,
                format!("`{link}` is a link to nothing and was skipped"),
                "remove the link, or restore its target",
            ),
        }
    }
    if notes.len() > MAX_LINK_NOTES {
        let rest = notes.len() - MAX_LINK_NOTES;
        notes.truncate(MAX_LINK_NOTES);
        notes.push(Diagnostic::new(Severity::Note, "link", format!("{rest} more links were not followed")));
    }
    listing.diagnostics.append(&mut notes);
}

/// Whether a missing file of that name would be missed.
fn is_source(path: &str) -> bool {
    path.ends_with(".rs") || super::file_name(path) == "Cargo.toml"
}

fn has_file(entries: &[Entry], name: &str) -> bool {
    entries.iter().any(|entry| entry.name == name && matches!(entry.what, What::File | What::Link))
}

fn child(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
