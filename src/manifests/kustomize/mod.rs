//! Kustomizations: bases and overlays resolved to whole objects, one variant for each environment. Nothing is fetched; what a
//! kustomization takes from elsewhere is counted.
//!
//! In the variants for environments, objects keep the names that the base gives them: they are told together.

mod folders;
mod json_patch;
mod make;
mod rename;
mod strategic;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::files::Files;
use super::yaml::{self, Mark, Node};
use crate::discover::OtherFile;
use crate::source::{Tree, file_name, join, parent};

/// Kustomizations stand on each other at most so deep.
const MAX_DEPTH: usize = 16;
/// At most so many objects of a kustomization and so many patches are taken.
const MAX_OBJECTS: usize = 5_000;
const MAX_PATCHES: usize = 1_000;
/// At most so many kustomizations and components are gone through: they may name each other many times.
const MAX_STEPS: usize = 5_000;

/// Folders in which each folder is an environment.
const FOLDERS: &[&str] =
    &["overlays", "overlay", "environments", "environment", "envs", "env", "variants", "clusters", "stages", "instances"];
/// Names of environments.
const ENVIRONMENTS: &[&str] = &[
    "prod",
    "production",
    "live",
    "staging",
    "stage",
    "stg",
    "preprod",
    "pre-prod",
    "preproduction",
    "dev",
    "develop",
    "development",
    "qa",
    "uat",
    "sandbox",
    "preview",
    "canary",
    "local",
    "minikube",
    "kind",
];

/// An object of a file, in one variant.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub(super) file: SmolStr,
    pub(super) root: Arc<Node>,
    /// The environment that it is for; none for the base, and where there is one variant only.
    pub(super) environment: Option<SmolStr>,
    /// Environments that have a variant of it.
    pub(super) varied: Vec<SmolStr>,
    /// The name that it gets in the cluster, when it is another one, and where that is said.
    pub(super) called: Option<(String, Mark)>,
    /// A kustomization makes it of files and literals.
    pub(super) is_generated: bool,
}

impl Doc {
    pub(super) fn plain(file: SmolStr, root: Arc<Node>) -> Self {
        Self { file, root, environment: None, varied: Vec::new(), called: None, is_generated: false }
    }

    fn id(&self) -> (String, String) {
        let name = self.root.at_path(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
        (self.root.text_of("kind").unwrap_or_default().to_owned(), name.to_owned())
    }
}

/// Maps laid over others as plain data: lists are replaced, `null` takes away.
pub(super) fn merge_plain(base: &Arc<Node>, over: &Arc<Node>) -> Arc<Node> {
    strategic::merge(base, over, false).unwrap_or_else(|| base.clone())
}

/// Whether a file is one by its name.
pub(super) fn is_kustomization(path: &str) -> bool {
    matches!(file_name(path), "kustomization.yaml" | "kustomization.yml")
}

/// What kustomizations make of the objects of a tree.
#[derive(Default)]
pub(super) struct Resolved {
    pub(super) docs: Vec<Doc>,
    /// Parts that are taken from elsewhere or do not fit.
    pub(super) unevaluated: usize,
}

/// Resolves all kustomizations; `docs` are the objects of the tree, by file, the kustomizations among them.
pub(super) fn resolve(docs: Vec<Doc>, files: &mut Files, tree: &dyn Tree, others: &[OtherFile]) -> Resolved {
    let mut kustomizations: BTreeMap<String, Kustomization> = BTreeMap::new();
    let mut objects: BTreeMap<SmolStr, Vec<Doc>> = BTreeMap::new();
    for doc in docs {
        if is_kustomization(&doc.file) {
            let folder = parent(&doc.file).to_owned();
            kustomizations.insert(folder, Kustomization { file: doc.file, node: doc.root });
        } else {
            objects.entry(doc.file.clone()).or_default().push(doc);
        }
    }
    let paths = if kustomizations.is_empty() { BTreeSet::new() } else { others.iter().map(|file| file.path.as_str()).collect() };
    let mut resolver = Resolver {
        kustomizations: &kustomizations,
        objects: &objects,
        files,
        tree,
        paths,
        done: BTreeMap::new(),
        unevaluated: 0,
        keeps: BTreeSet::new(),
        steps: 0,
        loaded: BTreeMap::new(),
    };
    let mut out = resolver.all();
    let unevaluated = resolver.unevaluated;
    // Files that no kustomization names stand for themselves.
    let used: BTreeSet<SmolStr> = resolver.used();
    let mut alone: Vec<Doc> = objects.into_iter().filter(|(file, _)| !used.contains(file)).flat_map(|(_, docs)| docs).collect();
    folders::tell(&mut alone, files);
    out.extend(alone);
    Resolved { docs: out, unevaluated }
}

struct Kustomization {
    file: SmolStr,
    node: Arc<Node>,
}

impl Kustomization {
    /// Paths that it builds on.
    fn resources(&self) -> impl Iterator<Item = &str> {
        ["resources", "bases"].iter().filter_map(|key| self.node.get(key)).flat_map(Node::items).filter_map(|item| item.text())
    }

    fn components(&self) -> impl Iterator<Item = &str> {
        self.node.get("components").map(Node::items).unwrap_or_default().iter().filter_map(|item| item.text())
    }

    fn is_component(&self) -> bool {
        self.node.text_of("kind") == Some("Component")
    }
}

struct Resolver<'a> {
    kustomizations: &'a BTreeMap<String, Kustomization>,
    objects: &'a BTreeMap<SmolStr, Vec<Doc>>,
    files: &'a mut Files,
    tree: &'a dyn Tree,
    /// Paths of the files of the tree.
    paths: BTreeSet<&'a str>,
    /// Objects of the folders that were resolved.
    done: BTreeMap<String, Vec<Doc>>,
    unevaluated: usize,
    /// Folders of overlays for environments.
    keeps: BTreeSet<String>,
    /// How many kustomizations and components were gone through.
    steps: usize,
    /// Files that were read for this, patches mostly, with their documents and the folders of those that name them.
    loaded: BTreeMap<String, (Vec<Arc<Node>>, BTreeSet<String>)>,
}

impl Resolver<'_> {
    fn all(&mut self) -> Vec<Doc> {
        let kustomizations = self.kustomizations;
        // Who builds on whom.
        let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (folder, one) in kustomizations {
            for path in one.resources().chain(one.components()) {
                if let Some((below, _)) = join(folder, path).and_then(|path| kustomizations.get_key_value(&path)) {
                    users.entry(below).or_default().insert(folder);
                }
            }
        }
        let roots: Vec<&str> = kustomizations
            .iter()
            .filter(|(folder, one)| !users.contains_key(folder.as_str()) && !one.is_component())
            .map(|(folder, _)| folder.as_str())
            .collect();
        let bases: BTreeMap<&str, BTreeSet<String>> = roots.iter().map(|root| (*root, self.below(root))).collect();
        for root in &roots {
            let below = &bases[root];
            let shares = roots.iter().any(|other| other != root && !bases[other].is_disjoint(below));
            let told = FOLDERS.contains(&file_name(parent(root))) || ENVIRONMENTS.contains(&file_name(root).to_ascii_lowercase().as_str());
            // Instances of one thing beside each other have names of their own.
            let names = ["namePrefix", "nameSuffix"].iter().any(|key| kustomizations[*root].node.get(key).is_some());
            if !below.is_empty() && (told || shares && !names) {
                self.keeps.insert((*root).to_owned());
            }
        }
        let mut out: Vec<Doc> = Vec::new();
        let mut varied: BTreeMap<(String, String), Vec<SmolStr>> = BTreeMap::new();
        let mut with_base: BTreeSet<String> = BTreeSet::new();
        for root in &roots {
            let name = file_name(root);
            let varies = self.keeps.contains(*root) || self.has_twin(root, &roots);
            if !varies {
                // One variant only: what it makes is what is deployed.
                out.extend(self.objects_of(root, 0));
                continue;
            }
            let environment: SmolStr = if name.is_empty() { SmolStr::new_static("default") } else { name.into() };
            for mut doc in self.objects_of(root, 0) {
                doc.environment = Some(environment.clone());
                varied.entry(doc.id()).or_default().push(environment.clone());
                out.push(doc);
            }
            self.speak_for(root, &environment);
            for base in self.direct(root) {
                // What a variant was made of counts as its environment's, too, though a patch deletes it.
                for doc in self.objects_of(&base, 0) {
                    varied.entry(doc.id()).or_default().push(environment.clone());
                }
                with_base.insert(base);
            }
        }
        // What overlays start from is the base, whatever that is made of.
        for base in with_base {
            for mut doc in self.objects_of(&base, 0) {
                let mut environments = varied.get(&doc.id()).cloned().unwrap_or_default();
                environments.sort();
                environments.dedup();
                doc.varied = environments;
                out.push(doc);
            }
        }
        out
    }

    /// Folders of kustomizations that one names itself.
    fn direct(&self, root: &str) -> Vec<String> {
        let Some(one) = self.kustomizations.get(root) else { return Vec::new() };
        one.resources().filter_map(|path| join(root, path)).filter(|path| self.kustomizations.contains_key(path)).collect()
    }

    /// Whether another root makes an object of the same kind and name: folders side by side, one for each environment.
    fn has_twin(&mut self, root: &str, roots: &[&str]) -> bool {
        let own: BTreeSet<(String, String)> =
            self.objects_of(root, 0).iter().map(Doc::id).filter(|(kind, _)| make::makes_pods(kind)).collect();
        let beside = |other: &str| other != root && parent(other) == parent(root);
        let others: Vec<&str> = roots.iter().copied().filter(|other| beside(other)).take(50).collect();
        others.into_iter().any(|other| self.objects_of(other, 0).iter().any(|doc| own.contains(&doc.id())))
    }

    /// Folders of kustomizations that one stands on; components are parts of it.
    fn below(&self, root: &str) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        let mut open = vec![root.to_owned()];
        while let Some(folder) = open.pop() {
            let Some(one) = self.kustomizations.get(&folder) else { continue };
            for path in one.resources().filter_map(|path| join(&folder, path)) {
                if self.kustomizations.contains_key(&path) && out.len() < MAX_OBJECTS && out.insert(path.clone()) {
                    open.push(path);
                }
            }
        }
        out
    }

    /// Files that a kustomization names itself, as paths of the tree.
    fn own_files(&self, folder: &str) -> Vec<SmolStr> {
        let Some(one) = self.kustomizations.get(folder) else { return Vec::new() };
        one.resources()
            .filter_map(|path| join(folder, path))
            .filter(|path| self.objects.contains_key(path.as_str()))
            .map(SmolStr::from)
            .collect()
    }

    /// All files that kustomizations name or read.
    fn used(&self) -> BTreeSet<SmolStr> {
        let own = self.kustomizations.keys().flat_map(|folder| self.own_files(folder));
        own.chain(self.loaded.keys().map(SmolStr::from)).collect()
    }

    /// The files of an overlay, and of components that only it takes, speak for its environment.
    fn speak_for(&mut self, root: &str, environment: &SmolStr) {
        let mut mine: Vec<SmolStr> = Vec::new();
        let mut parts = vec![root.to_owned()];
        if let Some(one) = self.kustomizations.get(root) {
            parts.extend(one.components().filter_map(|path| join(root, path)).filter(|path| self.is_only_of(path, root)));
        }
        for folder in &parts {
            let Some(one) = self.kustomizations.get(folder) else { continue };
            mine.push(one.file.clone());
            mine.extend(self.own_files(folder));
        }
        let of_parts = self.loaded.iter().filter(|(_, (_, folders))| folders.iter().all(|folder| parts.contains(folder)));
        mine.extend(of_parts.map(|(path, _)| SmolStr::from(path)));
        for file in mine {
            self.files.speaks_for(&file, environment);
        }
    }

    /// Whether a component is taken by one kustomization only.
    fn is_only_of(&self, component: &str, root: &str) -> bool {
        let takes = |(folder, one): (&String, &Kustomization)| {
            folder != root && one.components().any(|path| join(folder, path).as_deref() == Some(component))
        };
        !self.kustomizations.iter().any(takes)
    }

    /// The objects that a kustomization makes.
    fn objects_of(&mut self, folder: &str, depth: usize) -> Vec<Doc> {
        if let Some(known) = self.done.get(folder) {
            return known.clone();
        }
        // While it is being resolved, it stands on nothing of its own.
        self.done.insert(folder.to_owned(), Vec::new());
        let objects = self.make(folder, Vec::new(), depth);
        self.done.insert(folder.to_owned(), objects.clone());
        objects
    }

    /// Adds what a kustomization takes in to the objects so far, and changes them as it says.
    fn make(&mut self, folder: &str, mut objects: Vec<Doc>, depth: usize) -> Vec<Doc> {
        let kustomizations = self.kustomizations;
        self.steps += 1;
        let Some(one) = kustomizations.get(folder).filter(|_| depth < MAX_DEPTH && self.steps < MAX_STEPS) else {
            self.unevaluated += 1;
            return objects;
        };
        for resource in one.resources() {
            let Some(path) = join(folder, resource) else {
                self.unevaluated += 1;
                continue;
            };
            if kustomizations.contains_key(&path) {
                objects.extend(self.objects_of(&path, depth + 1));
            } else if let Some(docs) = self.objects.get(path.as_str()) {
                objects.extend(docs.iter().cloned());
            } else if !self.paths.contains(path.as_str()) {
                // Of another repository, a chart, or no file of the tree; a file of the tree without a telling object is neither.
                self.unevaluated += 1;
            }
            objects.truncate(MAX_OBJECTS);
        }
        self.unevaluated +=
            ["helmCharts", "replacements", "vars", "transformers", "generators"].iter().filter(|key| one.node.get(key).is_some()).count();
        self.generate(folder, one, &mut objects);
        for component in one.components().filter_map(|path| join(folder, path)) {
            objects = self.make(&component, objects, depth + 1);
        }
        self.patch(folder, one, &mut objects);
        make::transform(&one.node, self.keeps.contains(folder), &mut objects);
        objects
    }

    /// ConfigMaps and Secrets that it makes of literals and files.
    fn generate(&mut self, folder: &str, one: &Kustomization, objects: &mut Vec<Doc>) {
        for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for made in one.node.get(key).map(Node::items).unwrap_or_default().iter().take(MAX_PATCHES) {
                let Some(name) = made.text_of("name") else { continue };
                let mut data = make::literals(made);
                for path in made.get("envs").map(Node::items).unwrap_or_default().iter().map(|item| &**item).chain(made.get("env")) {
                    if let Some(path) = path.text().and_then(|path| join(folder, path)) {
                        data.extend(self.variables(&path, folder));
                    }
                }
                let merges = made.text_of("behavior") == Some("merge");
                let known = objects.iter().position(|doc| doc.id() == (kind.to_owned(), name.to_owned()));
                let node = make::object(kind, made, data, known.filter(|_| merges).map(|at| &*objects[at].root));
                let doc = Doc { is_generated: true, ..Doc::plain(one.file.clone(), node) };
                match known {
                    Some(at) => objects[at] = Doc { file: objects[at].file.clone(), ..doc },
                    None => objects.push(doc),
                }
            }
        }
    }

    /// The variables of a file, as entries.
    fn variables(&mut self, path: &str, folder: &str) -> Vec<yaml::Entry> {
        let Ok(text) = self.tree.read(path) else {
            self.unevaluated += 1;
            return Vec::new();
        };
        let file = self.files.add(path);
        self.loaded.entry(path.to_owned()).or_default().1.insert(folder.to_owned());
        let entry = |one: super::env_file::Variable| {
            let at = Mark { file, ..Mark::line(one.line) };
            yaml::Entry::made(one.name, at, Node::scalar(one.value, at))
        };
        super::env_file::parse(&text).into_iter().filter(|one| !one.is_offer).map(entry).collect()
    }

    /// Applies patches of all three sorts.
    fn patch(&mut self, folder: &str, one: &Kustomization, objects: &mut Vec<Doc>) {
        for patch in one.node.get("patchesStrategicMerge").map(Node::items).unwrap_or_default().iter().take(MAX_PATCHES) {
            for node in self.patches(folder, patch, patch.text().is_some_and(|text| !text.contains('\n'))) {
                self.apply(&node, None, objects);
            }
        }
        let listed = ["patches", "patchesJson6902"].iter().filter_map(|key| one.node.get(key)).flat_map(Node::items);
        for patch in listed.take(MAX_PATCHES) {
            let (text, is_path) = match (patch.get_arc("path"), patch.get_arc("patch")) {
                (Some(path), _) => (path, true),
                (None, Some(text)) => (text, false),
                (None, None) => continue,
            };
            for node in self.patches(folder, &text, is_path) {
                self.apply(&node, patch.get("target"), objects);
            }
        }
    }

    /// The documents of a patch: of a file, or written in place.
    fn patches(&mut self, folder: &str, text: &Arc<Node>, is_path: bool) -> Vec<Arc<Node>> {
        let Some(words) = text.text() else { return Vec::new() };
        if !is_path {
            let empty = words.chars().take_while(|c| *c == '\n').count();
            let start = text.at;
            let first = start.line.saturating_sub(u32::try_from(empty).unwrap_or(0));
            let home = |at: Mark| Mark { file: start.file, line: first + at.line - 1, column: start.column + at.column - 1 };
            return yaml::parse_as(words, &home).roots;
        }
        let Some(path) = join(folder, words) else { return Vec::new() };
        if let Some((known, folders)) = self.loaded.get_mut(&path).filter(|(known, _)| !known.is_empty()) {
            folders.insert(folder.to_owned());
            return known.clone();
        }
        let known = self.objects.get(path.as_str()).map(|docs| docs.iter().map(|doc| doc.root.clone()).collect::<Vec<_>>());
        let nodes = match known {
            Some(known) => known,
            None => match self.tree.read(&path) {
                Ok(text) => yaml::parse_file(&text, self.files.add(path.as_str())).roots,
                Err(_) => {
                    self.unevaluated += 1;
                    return Vec::new();
                }
            },
        };
        self.loaded.insert(path, (nodes.clone(), BTreeSet::from([folder.to_owned()])));
        nodes
    }

    /// Applies a patch to the objects that it is for.
    fn apply(&mut self, patch: &Arc<Node>, target: Option<&Node>, objects: &mut Vec<Doc>) {
        let is_json = !patch.items().is_empty();
        let named = |path: &[&str]| patch.at_path(path).and_then(Node::text).map(str::to_owned);
        let own = (named(&["kind"]), named(&["metadata", "name"]));
        let mut hit = false;
        let mut at = 0;
        while at < objects.len() {
            let (kind, name) = objects[at].id();
            let fits = match target {
                Some(target) => make::is_target(target, &kind, &name, &objects[at].root),
                None => !is_json && own.0.as_deref() == Some(&kind) && own.1.as_deref() == Some(&name),
            };
            if !fits {
                at += 1;
                continue;
            }
            hit = true;
            if is_json {
                self.unevaluated += json_patch::apply(&mut objects[at].root, patch);
                at += 1;
                continue;
            }
            match strategic::merge(&objects[at].root, patch, make::is_known(&kind)) {
                Some(node) => {
                    objects[at].root = make::with_name(node, &objects[at].root);
                    at += 1;
                }
                None => {
                    objects.remove(at);
                }
            }
        }
        self.unevaluated += usize::from(!hit);
    }
}

#[cfg(test)]
mod tests;
