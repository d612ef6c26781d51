//! Compose files that are made of others: `include`, and services that extend another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::super::files::Files;
use super::super::yaml::{self, Entry, Node, Value};
use crate::source::{Tree, join, parent};

/// Services extend each other, and files include each other, at most so deep.
const MAX_DEPTH: usize = 16;
/// At most so many services and files are taken from elsewhere.
const MAX_TAKEN: usize = 2_000;

/// Compose files joined with what they take from others.
#[derive(Default)]
pub(in super::super) struct Joined {
    /// The file with what it is made of.
    pub(in super::super) roots: Vec<(SmolStr, Arc<Node>)>,
    /// Services that are only there to be extended, by file.
    pub(in super::super) templates: BTreeSet<(String, String)>,
    /// What is taken from outside of the tree.
    pub(in super::super) unfollowed: usize,
}

/// Joins the compose files of a tree.
pub(in super::super) fn join_all(roots: Vec<(SmolStr, Arc<Node>)>, files: &mut Files, tree: &dyn Tree) -> Joined {
    let takes = |root: &Node| {
        let services = root.get("services").map(Node::entries).unwrap_or_default();
        root.get("include").is_some() || services.iter().any(|service| service.node.get("extends").is_some())
    };
    if !roots.iter().any(|(_, root)| takes(root)) {
        return Joined { roots, ..Joined::default() };
    }
    let known: BTreeMap<String, Arc<Node>> = roots.iter().map(|(path, root)| (path.to_string(), root.clone())).collect();
    let mut joiner = Joiner { known, files, tree, templates: BTreeSet::new(), included: BTreeSet::new(), unfollowed: 0, taken: 0 };
    let mut out: Vec<(SmolStr, Arc<Node>)> = Vec::new();
    for (path, root) in roots {
        let whole = if takes(&root) { joiner.whole(&path, &root, 0) } else { root };
        out.push((path, whole));
    }
    // A file that another one includes is told with that one.
    out.retain(|(path, _)| !joiner.included.contains(path.as_str()));
    Joined { roots: out, templates: joiner.templates, unfollowed: joiner.unfollowed }
}

struct Joiner<'a> {
    known: BTreeMap<String, Arc<Node>>,
    files: &'a mut Files,
    tree: &'a dyn Tree,
    templates: BTreeSet<(String, String)>,
    included: BTreeSet<String>,
    unfollowed: usize,
    taken: usize,
}

impl Joiner<'_> {
    /// A file, by the path that another one writes.
    fn load(&mut self, from: &str, path: &str) -> Option<(String, Arc<Node>)> {
        let path = join(parent(from), path)?;
        if let Some(root) = self.known.get(&path) {
            return Some((path, root.clone()));
        }
        let text = self.tree.read(&path).ok()?;
        let root = yaml::parse_file(&text, self.files.add(path.as_str())).roots.into_iter().next()?;
        self.known.insert(path.clone(), root.clone());
        Some((path, root))
    }

    /// A file with the services that it takes from others.
    fn whole(&mut self, path: &str, root: &Arc<Node>, depth: usize) -> Arc<Node> {
        let mut services: Vec<Entry> = Vec::new();
        for entry in root.get("services").map(Node::entries).unwrap_or_default() {
            services.push(Entry { node: self.extended(path, root, &entry.node, depth), ..entry.clone() });
        }
        let mut entries: Vec<Entry> = root.entries().iter().filter(|entry| entry.key != "services").cloned().collect();
        for included in root.get("include").map(Node::items).unwrap_or_default() {
            let paths = match included.text() {
                Some(path) => vec![path],
                None => included.get("path").map(Node::words).unwrap_or_default(),
            };
            for one in paths {
                self.taken += 1;
                let Some((path, inner)) = self.load(path, one).filter(|_| depth < MAX_DEPTH && self.taken < MAX_TAKEN) else {
                    self.unfollowed += 1;
                    continue;
                };
                self.included.insert(path.clone());
                let inner = self.whole(&path, &inner, depth + 1);
                for entry in inner.get("services").map(Node::entries).unwrap_or_default() {
                    if !services.iter().any(|known| known.key == entry.key) {
                        services.push(entry.clone());
                    }
                }
                for entry in inner.entries().iter().filter(|entry| matches!(entry.key.as_str(), "volumes" | "secrets" | "configs")) {
                    match entries.iter_mut().find(|known| known.key == entry.key) {
                        Some(known) => known.node = over(&entry.node, &known.node, &entry.key),
                        None => entries.push(entry.clone()),
                    }
                }
            }
        }
        if let Some(entry) = root.entry("services") {
            let node = Arc::new(Node::made(Value::Map(services), entry.node.at));
            entries.push(Entry { node, ..entry.clone() });
        } else {
            entries.push(Entry::made("services", root.at, Node::made(Value::Map(services), root.at)));
        }
        Arc::new(Node::made(Value::Map(entries), root.at))
    }

    /// A service with what it extends below its own keys.
    fn extended(&mut self, path: &str, root: &Arc<Node>, service: &Arc<Node>, depth: usize) -> Arc<Node> {
        let Some(extends) = service.get("extends") else { return service.clone() };
        self.taken += 1;
        let name = extends.text().or_else(|| extends.text_of("service"));
        let from = match extends.text_of("file") {
            Some(file) => self.load(path, file),
            None => Some((path.to_owned(), root.clone())),
        };
        let found = name.zip(from).and_then(|(name, (path, root))| {
            let base = root.get("services")?.get_arc(name)?;
            Some((name.to_owned(), path, root, base))
        });
        let Some((name, base_path, base_root, base)) = found.filter(|_| depth < MAX_DEPTH && self.taken < MAX_TAKEN) else {
            self.unfollowed += 1;
            return service.clone();
        };
        if base_path != path {
            self.templates.insert((base_path.clone(), name));
        }
        let base = self.extended(&base_path, &base_root, &base, depth + 1);
        // What a service waits for and its volumes of others are not taken over.
        let kept = base.entries().iter().filter(|entry| !matches!(entry.key.as_str(), "depends_on" | "extends" | "volumes_from")).cloned();
        let base = Arc::new(Node::made(Value::Map(kept.collect()), base.at));
        over(&base, service, "")
    }
}

/// Values over others, as compose does it: maps are merged, lists are joined, commands replaced.
fn over(base: &Arc<Node>, own: &Arc<Node>, key: &str) -> Arc<Node> {
    if matches!(key, "command" | "entrypoint" | "test") {
        return own.clone();
    }
    if matches!(key, "environment" | "labels" | "annotations" | "build.args") && (pairs(base).is_some() || pairs(own).is_some()) {
        let base = pairs(base).unwrap_or_else(|| base.clone());
        let own = pairs(own).unwrap_or_else(|| own.clone());
        return over(&base, &own, "");
    }
    match (&base.value, &own.value) {
        (Value::Map(old), Value::Map(new)) => {
            let mut entries = old.clone();
            let mut at: BTreeMap<&str, usize> = old.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), at)).collect();
            for entry in new {
                match at.get(entry.key.as_str()) {
                    Some(at) => {
                        let node = over(&entries[*at].node, &entry.node, &entry.key);
                        entries[*at] = Entry { node, ..entry.clone() };
                    }
                    None => {
                        at.insert(&entry.key, entries.len());
                        entries.push(entry.clone());
                    }
                }
            }
            Arc::new(Node::made(Value::Map(entries), own.at))
        }
        (Value::List(old), Value::List(new)) => {
            // A volume at the same place, or the same text, is said once: the service's own.
            let said: BTreeSet<&str> = new.iter().filter_map(|item| place_of(item, key)).collect();
            let kept = old.iter().filter(|item| place_of(item, key).is_none_or(|place| !said.contains(place)));
            Arc::new(Node::made(Value::List(kept.chain(new).cloned().collect()), own.at))
        }
        _ => own.clone(),
    }
}

/// By what members of a list are the same: volumes by where they are mounted, others by their text.
fn place_of<'n>(item: &'n Arc<Node>, key: &str) -> Option<&'n str> {
    match item.text() {
        Some(text) if key == "volumes" => {
            let without_options = text.strip_suffix(":ro").or_else(|| text.strip_suffix(":rw")).unwrap_or(text);
            Some(without_options.rsplit(':').next().unwrap_or(text))
        }
        Some(text) => Some(text),
        None => item.text_of("target").or_else(|| item.text_of("source")),
    }
}

/// `[A=1, B]` as a map.
fn pairs(node: &Arc<Node>) -> Option<Arc<Node>> {
    let Value::List(items) = &node.value else { return None };
    let entry = |item: &Arc<Node>| {
        let text = item.text()?;
        let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
        let value = match value {
            Some(value) => Node::scalar(value, item.at),
            None => Node::plain("", item.at),
        };
        Some(Entry { key: key.to_owned(), at: item.at, home: node.at, node: Arc::new(value) })
    };
    Some(Arc::new(Node::made(Value::Map(items.iter().filter_map(entry).collect()), node.at)))
}
