//! The tree of a commit, read from git's objects as they are stored: no filter runs, a pointer of LFS is its own text.
//!
//! What git would check out is what is told: a link is followed to where it would lead on disk, as long as that is in the tree,
//! and a submodule is the empty folder that a clone without submodules has there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use rustc_hash::FxHashMap;

use super::{below, one_line};
use crate::source::walk::{Entry, Folders, Follow, What, walk};
use crate::source::{Listing, MAX_DEPTH, MAX_FILE_BYTES, ReadError, Tree, normalise, text_of};

/// Largest folder that is read, in bytes of its object: some hundred thousand entries.
const MAX_TREE_BYTES: u64 = 32 * 1024 * 1024;
/// Most folders of one tree: a few objects can spell more of them than there are atoms.
const MAX_FOLDERS: usize = 200_000;
/// Most links on the way to a file, as operating systems have it.
const MAX_LINKS: usize = 40;
/// Longest target of a link.
const MAX_TARGET_BYTES: u64 = 4096;

/// A folder of a commit.
pub struct GitTree {
    shared: gix::ThreadSafeRepository,
    /// Handles that no thread uses at the moment: to make one costs more than to read a file.
    handles: Mutex<Vec<gix::Repository>>,
    /// The tree of the commit.
    root: ObjectId,
    /// The folder in it that is looked at.
    prefix: String,
    label: String,
    folders: Mutex<FxHashMap<ObjectId, Arc<Folder>>>,
    seen: Mutex<Seen>,
}

/// What came up on the way.
#[derive(Default)]
struct Seen {
    folders: usize,
    submodules: BTreeSet<String>,
    lacking: BTreeMap<String, ObjectId>,
}

/// A file or folder whose object is not in the clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// Its path below the analysed root.
    pub path: String,
    /// The name of its object.
    pub object: String,
}

/// The entries of a folder by name; those that no path can name are only counted.
#[derive(Default)]
struct Folder {
    nodes: BTreeMap<String, Node>,
    unnameable: Vec<String>,
}

#[derive(Clone, Copy)]
struct Node {
    kind: EntryKind,
    id: ObjectId,
}

/// Why a path leads to nothing.
enum Astray {
    Outside,
    Missing,
    Loop,
    /// An object is not there or broken.
    Broken(String),
}

impl GitTree {
    pub(super) fn new(shared: gix::ThreadSafeRepository, root: ObjectId, prefix: String, label: String) -> Self {
        Self { shared, handles: Mutex::default(), root, prefix, label, folders: Mutex::default(), seen: Mutex::default() }
    }

    /// Whether the folder that is looked at is there.
    pub(super) fn has_root(&self) -> Result<bool, String> {
        match self.node(&self.prefix) {
            Ok(node) => match node {
                Some(node) if node.kind == EntryKind::Tree => self.folder(&self.prefix, node.id).map(|_| true),
                _ => Ok(false),
            },
            Err(Astray::Broken(why)) => Err(why),
            Err(_) => Ok(false),
        }
    }

    /// The files and folders that were asked for and whose objects are not in the clone, sorted by path.
    #[must_use]
    pub fn lacking(&self) -> Vec<Lacking> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.lacking.iter().map(|(path, id)| Lacking { path: path.clone(), object: id.to_string() }).collect()
    }

    /// The submodules that were not entered, sorted by path below the analysed root.
    #[must_use]
    pub fn submodules(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).submodules.iter().cloned().collect()
    }

    /// As [`GitTree::submodules`], for a tree that nobody has walked yet.
    pub(super) fn all_submodules(&self) -> Vec<String> {
        let _ = self.files();
        self.submodules()
    }

    /// Does something with a handle of the repository.
    fn with<T>(&self, work: impl FnOnce(&gix::Repository) -> T) -> T {
        let free = self.handles.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let handle = free.unwrap_or_else(|| self.shared.to_thread_local());
        let done = work(&handle);
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        done
    }

    /// The bytes of an object, of which `limit` is the most: else its size. `path` is where it lies in the repository.
    fn object(&self, path: &str, id: ObjectId, limit: u64) -> Result<Result<Vec<u8>, u64>, String> {
        let found: Result<Option<Result<Vec<u8>, u64>>, String> = self.with(|repository| {
            let Some(header) = repository.try_find_header(id).map_err(|error| one_line(&error))? else { return Ok(None) };
            if header.size() > limit {
                return Ok(Some(Err(header.size())));
            }
            let object = repository.try_find_object(id).map_err(|error| one_line(&error))?;
            Ok(object.map(|object| Ok(object.detach().data)))
        });
        match found {
            Ok(Some(found)) => Ok(found),
            Ok(None) => {
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).lacking.insert(self.shown(path), id);
                Err(format!("its object {id} is not in this clone"))
            }
            Err(why) => Err(format!("its object {id} is broken: {why}")),
        }
    }

    /// A path of the repository as seen from the analysed root.
    fn shown(&self, path: &str) -> String {
        self.relative(path).unwrap_or(path).to_owned()
    }

    /// A path of the repository below the analysed root.
    fn relative<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.prefix.is_empty() {
            return Some(path);
        }
        let rest = path.strip_prefix(self.prefix.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// The folder of an object. `path` is where it lies in the repository.
    fn folder(&self, path: &str, id: ObjectId) -> Result<Arc<Folder>, String> {
        if let Some(known) = self.folders.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(known.clone());
        }
        let data = match self.object(path, id, MAX_TREE_BYTES)? {
            Ok(data) => data,
            Err(bytes) => return Err(format!("its object {id} has {bytes} bytes, more than the limit of {MAX_TREE_BYTES}")),
        };
        let mut folder = Folder::default();
        for entry in gix::objs::TreeRefIter::from_bytes(&data, id.kind()) {
            let entry = entry.map_err(|error| format!("its object {id} is no tree: {error}"))?;
            match std::str::from_utf8(entry.filename) {
                Ok(name) if is_name(name) => {
                    folder.nodes.insert(name.to_owned(), Node { kind: entry.mode.kind(), id: entry.oid.to_owned() });
                }
                _ => folder.unnameable.push(String::from_utf8_lossy(entry.filename).into_owned()),
            }
        }
        let folder = Arc::new(folder);
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).insert(id, folder.clone());
        Ok(folder)
    }

    /// The root of the commit's tree.
    fn top(&self) -> Node {
        Node { kind: EntryKind::Tree, id: self.root }
    }

    /// What lies at a path of the repository; links are told as such and not followed.
    fn node(&self, path: &str) -> Result<Option<Node>, Astray> {
        let mut at = self.top();
        let mut walked = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if at.kind != EntryKind::Tree {
                return Ok(None);
            }
            let folder = self.folder(&walked, at.id).map_err(Astray::Broken)?;
            let Some(node) = folder.nodes.get(name) else { return Ok(None) };
            at = *node;
            push(&mut walked, name);
        }
        Ok(Some(at))
    }

    /// Follows a path of the repository through all links, as an operating system does: where it ends, and what lies there.
    fn follow_path(&self, path: &str) -> Result<(String, Node), Astray> {
        let mut todo: Vec<String> = path.split('/').rev().filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mut way: Vec<(String, Node)> = Vec::new();
        let mut links = 0;
        while let Some(name) = todo.pop() {
            let here = way.last().map_or_else(|| self.top(), |(_, node)| *node);
            if here.kind != EntryKind::Tree {
                return Err(Astray::Missing);
            }
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    way.pop().ok_or(Astray::Outside)?;
                    continue;
                }
                _ => {}
            }
            let at = spelled(&way);
            let folder = self.folder(&at, here.id).map_err(Astray::Broken)?;
            let node = *folder.nodes.get(&name).ok_or(Astray::Missing)?;
            if node.kind != EntryKind::Link {
                if way.len() > 2 * MAX_DEPTH {
                    return Err(Astray::Missing);
                }
                way.push((name, node));
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(Astray::Loop);
            }
            let mut place = at;
            push(&mut place, &name);
            let target = match self.object(&place, node.id, MAX_TARGET_BYTES).map_err(Astray::Broken)? {
                Ok(target) => String::from_utf8(target).map_err(|_| Astray::Missing)?,
                Err(_) => return Err(Astray::Missing),
            };
            if target.starts_with('/') {
                return Err(Astray::Outside);
            }
            if target.is_empty() {
                return Err(Astray::Missing);
            }
            todo.extend(target.split('/').rev().map(str::to_owned));
        }
        let node = way.last().map_or_else(|| self.top(), |(_, node)| *node);
        Ok((spelled(&way), node))
    }
}

impl Tree for GitTree {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn files(&self) -> Listing {
        walk(self)
    }

    /// As far as it is known without its content: what is not in the clone has none.
    fn size(&self, path: &str) -> u64 {
        let node = below(&self.prefix, path).and_then(|path| self.follow_path(&path).ok());
        let header = node.and_then(|(_, node)| self.with(|repository| repository.try_find_header(node.id).ok().flatten()));
        header.map_or(0, |header| header.size())
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        let path = normalise(path).and_then(|path| below(&self.prefix, &path)).ok_or(ReadError::Outside)?;
        let (path, node) = self.follow_path(&path).map_err(|astray| match astray {
            Astray::Outside => ReadError::Outside,
            Astray::Missing => ReadError::Missing,
            Astray::Loop => ReadError::Unreadable { reason: "the link leads to itself".to_owned() },
            Astray::Broken(reason) => ReadError::Unreadable { reason },
        })?;
        if self.relative(&path).is_none() {
            return Err(ReadError::Outside);
        }
        if !matches!(node.kind, EntryKind::Blob | EntryKind::BlobExecutable) {
            return Err(ReadError::NotAFile);
        }
        match self.object(&path, node.id, MAX_FILE_BYTES) {
            Ok(Ok(bytes)) => text_of(bytes),
            Ok(Err(bytes)) => Err(ReadError::TooLarge { bytes }),
            Err(reason) => Err(ReadError::Unreadable { reason }),
        }
    }
}

impl Folders for GitTree {
    fn entries(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let path = below(&self.prefix, folder).unwrap_or_default();
        let node = match self.node(&path) {
            Ok(Some(node)) => node,
            Err(Astray::Broken(why)) => return Err(why),
            _ => return Err("it is not there".to_owned()),
        };
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if node.kind == EntryKind::Commit {
                seen.submodules.insert(folder.to_owned());
                return Ok(Vec::new());
            }
            seen.folders += 1;
            if seen.folders > MAX_FOLDERS {
                return Err(format!("the tree has more than {MAX_FOLDERS} folders"));
            }
        }
        let read = self.folder(&path, node.id)?;
        let what = |node: &Node| match node.kind {
            EntryKind::Tree | EntryKind::Commit => What::Folder,
            EntryKind::Link => What::Link,
            EntryKind::Blob | EntryKind::BlobExecutable => What::File,
        };
        let mut out: Vec<Entry> = read.nodes.iter().map(|(name, node)| Entry { name: name.clone(), what: what(node) }).collect();
        out.extend(read.unnameable.iter().map(|name| Entry { name: name.clone(), what: What::Unnameable }));
        Ok(out)
    }

    fn rules(&self, path: &str) -> Option<String> {
        self.read(path).ok()
    }

    /// They are counted, and the count decides which is one too many.
    fn in_any_order(&self) -> bool {
        false
    }

    fn follow(&self, path: &str) -> Follow {
        let Some(path) = below(&self.prefix, path) else { return Follow::Outside };
        match self.follow_path(&path) {
            Err(Astray::Outside) => Follow::Outside,
            Err(Astray::Loop) => Follow::Loop,
            Err(Astray::Missing | Astray::Broken(_)) => Follow::Missing,
            Ok((path, node)) => match (self.relative(&path), node.kind) {
                (None, _) => Follow::Outside,
                (Some(path), EntryKind::Tree | EntryKind::Commit) => Follow::Folder { path: path.to_owned() },
                (Some(path), _) => Follow::File { path: path.to_owned() },
            },
        }
    }
}

/// Whether a path can hold a name: git's own checks are not trusted to have run.
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | ".." | ".git") && !name.contains(['/', '\0'])
}

fn push(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(name);
}

fn spelled(way: &[(String, Node)]) -> String {
    way.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("/")
}
