//! Links files into modules: follows `mod`, `#[path]`, inline modules and `include!` from the root of each target.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::program::{CrateInput, Def, DefId, Extern, Krate, KrateId, Lookups, ModId, Module, Program, index};
use crate::facts::{Body, Cfg, FileFacts, ItemFact, ItemKind, Name, Ty};
use crate::model::{Diagnostic, Severity};

/// Deeper modules than any service has; a cycle of `mod` and `#[path]` ends here.
const MAX_DEPTH: usize = 64;

/// What linking yields beside the program.
#[derive(Default)]
pub struct Links {
    /// Files that some target reaches, by index.
    pub reached: BTreeSet<usize>,
    /// Messages: a `mod` without its file, a cycle.
    pub diagnostics: Vec<Diagnostic>,
}

/// Where the files may be that the `mod`, `#[path]` and `include!` of a file ask for: a list of places for each.
///
/// Whether the file is a root or a `mod.rs` is known only while linking, so both readings of a `mod` are among the places.
#[must_use]
pub fn asked(file: &FileFacts) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    if !file.cfg.as_ref().is_some_and(is_test) {
        ask(&file.items, &dir_of_children(&file.file, true), &dir_of(&file.file), 0, &mut |places| out.push(places));
    }
    out
}

/// The same for the `mod` of test builds.
#[must_use]
pub fn asked_for_tests(file: &FileFacts) -> Vec<Vec<String>> {
    let (dir, here) = (dir_of_children(&file.file, true), dir_of(&file.file));
    file.test_mods.iter().map(|(name, path)| places(name, path.as_deref(), &dir, &here)).collect()
}

fn places(name: &str, path: Option<&str>, dir: &str, here: &str) -> Vec<String> {
    match path {
        Some(path) => vec![join(here, path), join(dir, path)],
        None => candidates(dir, name).into_iter().chain(candidates(here, name)).collect(),
    }
}

fn ask(items: &[ItemFact], dir: &str, here: &str, depth: usize, found: &mut dyn FnMut(Vec<String>)) {
    if depth > MAX_DEPTH {
        return;
    }
    for item in items {
        match &item.kind {
            ItemKind::Mod(module) => match &module.items {
                Some(inner) => ask(inner, &join(dir, &item.name), &join(dir, &item.name), depth + 1, found),
                None => found(places(&item.name, module.path.as_deref(), dir, here)),
            },
            ItemKind::Include(path) => found(vec![join(here, path)]),
            _ => {}
        }
    }
}

/// Links the files into a program.
#[must_use]
pub fn link<'f>(files: &'f [FileFacts], inputs: &[CrateInput]) -> (Program<'f>, Links) {
    let mut linker = Linker { files, by_path: by_path(files), program: empty(files), links: Links::default(), krate: KrateId(0) };
    for (at, input) in inputs.iter().enumerate() {
        linker.krate(KrateId(index(at)), input.clone());
    }
    linker.program.reads_std = inputs.iter().any(|input| input.name == "std");
    linker.types_of_macros();
    (linker.program, linker.links)
}

/// `extern crate core_of_it as core;`, `extern crate self as it;`: further names of crates.
fn renamed_externs(input: &mut CrateInput, own: KrateId, items: &[ItemFact]) {
    for item in items {
        let ItemKind::ExternCrate(of) = &item.kind else { continue };
        let known = input.externs.iter().find(|(name, _)| name == of).map(|(_, to)| to.clone());
        let to = match of.as_str() {
            "self" => Some(Extern::Local(own.0 as usize)),
            "std" | "core" | "alloc" => known.or(Some(Extern::Foreign(SmolStr::new_static("std")))),
            _ => known,
        };
        if let Some(to) = to
            && item.name != *of
            && input.externs.iter().all(|(name, _)| *name != item.name)
        {
            input.externs.push((item.name.clone(), to));
        }
    }
}

fn empty(files: &[FileFacts]) -> Program<'_> {
    Program {
        files,
        krates: Vec::new(),
        modules: Vec::new(),
        reads_std: false,
        glob_targets: Vec::new(),
        lookups: Lookups::default(),
        defs: Vec::new(),
        members: FxHashMap::default(),
        implementors: FxHashMap::default(),
        open_traits: FxHashSet::default(),
        derefs: FxHashMap::default(),
        foreign_impls: FxHashMap::default(),
        body_scopes: FxHashMap::default(),
    }
}

struct Linker<'f> {
    files: &'f [FileFacts],
    by_path: BTreeMap<&'f str, usize>,
    program: Program<'f>,
    links: Links,
    krate: KrateId,
}

/// Where the files of child modules are looked for.
struct Place {
    /// Folder of `mod name;`.
    children: String,
    /// Folder that `#[path]` starts from.
    paths: String,
    depth: usize,
}

impl<'f> Linker<'f> {
    /// A type that has `impl` blocks and no declaration comes out of a macro: the first block stands for it.
    fn types_of_macros(&mut self) {
        for at in 0..self.program.defs.len() {
            let (module, item) = (self.program.defs[at].module, self.program.defs[at].item);
            let ItemKind::Impl(imp) = &item.kind else { continue };
            let Ty::Path(path) = &imp.self_ty else { continue };
            let Some(name) = path.single().filter(|name| name.starts_with(char::is_uppercase)) else { continue };
            let is_parameter = imp.generics.iter().any(|generic| generic.name == *name);
            let data = self.program.module(module);
            let known =
                is_parameter || data.is_body || !data.globs.is_empty() || data.names.contains_key(name) || data.uses.contains_key(name);
            if !known && !is_prelude_type(name) {
                self.program.defs[at].path = self.child_path(module, name);
                let id = DefId(index(at));
                self.module_mut(module).names.insert(name.clone(), vec![id]);
            }
        }
    }

    fn krate(&mut self, id: KrateId, mut input: CrateInput) {
        self.krate = id;
        let root_file = self.by_path.get(input.root.as_str()).copied();
        if let Some(file) = root_file {
            renamed_externs(&mut input, id, &self.files[file].items);
        }
        let name = input.name.clone();
        let root = self.module(None, false, name, root_file.unwrap_or(usize::MAX), Vec::new());
        if let Some(file) = root_file {
            self.links.reached.insert(file);
            let dir = dir_of(&input.root);
            let facts = &self.files[file];
            if !facts.cfg.as_ref().is_some_and(is_test) {
                self.items(root, &facts.items, &Place { children: dir.clone(), paths: dir, depth: 0 }, None, None);
            }
        }
        let mut extern_at = FxHashMap::default();
        for (at, (name, _)) in input.externs.iter().enumerate() {
            extern_at.entry(name.clone()).or_insert(at);
        }
        self.program.krates.push(Krate { input, root, extern_at });
    }

    fn module(&mut self, parent: Option<ModId>, is_body: bool, path: SmolStr, file: usize, cfg: Vec<&'f Cfg>) -> ModId {
        let id = ModId(index(self.program.modules.len()));
        self.program.modules.push(Module {
            krate: self.krate,
            parent,
            is_body,
            path,
            file: if file == usize::MAX { 0 } else { file },
            cfg,
            names: FxHashMap::default(),
            children: FxHashMap::default(),
            uses: FxHashMap::default(),
            externs: FxHashMap::default(),
            globs: Vec::new(),
        });
        id
    }

    fn module_mut(&mut self, id: ModId) -> &mut Module<'f> {
        &mut self.program.modules[id.0 as usize]
    }

    fn items(&mut self, module: ModId, items: &'f [ItemFact], place: &Place, owner: Option<&'f ItemFact>, in_fn: Option<DefId>) {
        for item in items {
            self.item(module, item, place, owner, in_fn);
        }
    }

    fn item(&mut self, module: ModId, item: &'f ItemFact, place: &Place, owner: Option<&'f ItemFact>, in_fn: Option<DefId>) {
        match &item.kind {
            ItemKind::Mod(inner) => self.child(module, item, inner, place),
            ItemKind::Use(uses) => {
                for leaf in uses {
                    if leaf.glob {
                        self.module_mut(module).globs.push(leaf);
                    } else {
                        self.module_mut(module).uses.entry(leaf.name.clone()).or_default().push(leaf);
                    }
                }
            }
            ItemKind::Include(path) => self.include(module, path, item, place),
            ItemKind::Impl(imp) => {
                // Members get their canonical path, and a place under their type, once types can be resolved.
                self.define(module, item, None, in_fn, SmolStr::default());
                for member in &imp.items {
                    self.define(module, member, Some(item), in_fn, SmolStr::default());
                }
            }
            ItemKind::Trait(facts) => {
                let id = self.define(module, item, None, in_fn, self.child_path(module, &item.name));
                self.module_mut(module).names.entry(item.name.clone()).or_default().push(id);
                for member in &facts.items {
                    let path = format_smolstr!("{}::{}::{}", self.program.module(module).path, item.name, member.name);
                    let def = self.define(module, member, Some(item), in_fn, path);
                    self.program.members.entry((id, member.name.clone())).or_default().push(def);
                }
            }
            ItemKind::ExternCrate(of) => {
                self.module_mut(module).externs.insert(item.name.clone(), of.clone());
            }
            ItemKind::MacroRules | ItemKind::MacroCall(_) => {}
            ItemKind::Static(_)
            | ItemKind::Const(_)
            | ItemKind::Struct(_)
            | ItemKind::Enum(_)
            | ItemKind::TypeAlias(..)
            | ItemKind::Fn(_) => {
                let id = self.define(module, item, owner, in_fn, self.child_path(module, &item.name));
                self.module_mut(module).names.entry(item.name.clone()).or_default().push(id);
            }
        }
    }

    fn child_path(&self, module: ModId, name: &Name) -> SmolStr {
        format_smolstr!("{}::{}", self.program.module(module).path, name)
    }

    fn define(&mut self, module: ModId, item: &'f ItemFact, owner: Option<&'f ItemFact>, in_fn: Option<DefId>, path: SmolStr) -> DefId {
        let id = DefId(index(self.program.defs.len()));
        self.program.defs.push(Def { path, module, item, owner, in_fn });
        let body: Option<&'f Body> = match &item.kind {
            ItemKind::Fn(func) => func.body.as_ref(),
            ItemKind::Static(fact) | ItemKind::Const(fact) => fact.init.as_ref(),
            _ => None,
        };
        if let Some(body) = body.filter(|body| !body.items.is_empty()) {
            let path = match owner {
                // Its own path is not known yet: the scope's path is mended with it.
                Some(_) => SmolStr::default(),
                None => self.program.def(id).path.clone(),
            };
            let file = self.program.module(module).file;
            let scope = self.module(Some(module), true, path, file, Vec::new());
            self.program.body_scopes.insert(id, scope);
            let place = Place { children: String::new(), paths: String::new(), depth: MAX_DEPTH };
            self.items(scope, &body.items, &place, None, Some(id));
        }
        id
    }

    fn child(&mut self, module: ModId, item: &'f ItemFact, inner: &'f crate::facts::ModFact, place: &Place) {
        let path = self.child_path(module, &item.name);
        let mut cfg = self.program.module(module).cfg.clone();
        cfg.extend(item.cfg.as_ref());
        let own_file = self.program.module(module).file;
        if place.depth >= MAX_DEPTH && inner.items.is_none() {
            if !self.program.module(module).is_body {
                let text = format!("modules are nested more than {MAX_DEPTH} deep at `{path}`: not followed further");
                self.complain(own_file, item, "module-depth", text, "is there a cycle of `mod` and `#[path]`?");
            }
            return;
        }
        let (file, items, next) = match &inner.items {
            Some(items) => {
                let dir = inner.path.as_deref().map_or_else(|| join(&place.children, &item.name), |path| join(&place.children, path));
                (own_file, items, Place { paths: dir.clone(), children: dir, depth: place.depth + 1 })
            }
            None => {
                let names = match &inner.path {
                    Some(path) => vec![join(&place.paths, path)],
                    None => candidates(&place.children, &item.name),
                };
                let Some(file) = names.iter().find_map(|name| self.by_path.get(name.as_str()).copied()) else {
                    let text = format!("no file for module `{}`: none of {} is there", item.name, quoted(&names));
                    self.complain(
                        own_file,
                        item,
                        "missing-module",
                        text,
                        "the map lacks what it holds; is it generated by a build script?",
                    );
                    return;
                };
                let facts = &self.files[file];
                if facts.cfg.as_ref().is_some_and(is_test) {
                    self.links.reached.insert(file);
                    return;
                }
                if self.is_open(module, file) {
                    let text = format!("module `{path}` leads back to a file that is already being read");
                    self.complain(own_file, item, "module-cycle", text, "remove the cycle of `mod` and `#[path]`");
                    return;
                }
                self.links.reached.insert(file);
                cfg.extend(facts.cfg.as_ref());
                let is_mod_rs = inner.path.is_some() || facts.file.ends_with("/mod.rs");
                let dir = dir_of(&facts.file);
                let children = if is_mod_rs { dir.clone() } else { dir_of_children(&facts.file, false) };
                (file, &facts.items, Place { children, paths: dir, depth: place.depth + 1 })
            }
        };
        let id = self.module(Some(module), false, path, file, cfg);
        self.module_mut(module).children.insert(item.name.clone(), id);
        self.items(id, items, &next, None, None);
    }

    fn include(&mut self, module: ModId, path: &str, item: &'f ItemFact, place: &Place) {
        let own_file = self.program.module(module).file;
        let name = join(&dir_of(&self.files[own_file].file), path);
        let Some(&file) = self.by_path.get(name.as_str()) else {
            let text = format!("no file `{name}` for `include!`");
            self.complain(own_file, item, "missing-include", text, "the map lacks what it holds; is it generated by a build script?");
            return;
        };
        if place.depth >= MAX_DEPTH || self.is_open(module, file) {
            return;
        }
        self.links.reached.insert(file);
        // Its items belong to this module but stand in another file: a body scope keeps both true.
        let path = self.program.module(module).path.clone();
        let cfg = self.program.module(module).cfg.clone();
        let scope = self.module(Some(module), true, path, file, cfg);
        let next = Place { children: place.children.clone(), paths: place.paths.clone(), depth: place.depth + 1 };
        self.items(scope, &self.files[file].items, &next, None, None);
        let inner = self.program.module(scope);
        let (names, children, uses, globs) = (inner.names.clone(), inner.children.clone(), inner.uses.clone(), inner.globs.clone());
        let outer = self.module_mut(module);
        for (name, defs) in names {
            outer.names.entry(name).or_default().extend(defs);
        }
        for (name, child) in children {
            outer.children.entry(name).or_insert(child);
        }
        for (name, leaves) in uses {
            outer.uses.entry(name).or_default().extend(leaves);
        }
        outer.globs.extend(globs);
    }

    fn is_open(&self, mut module: ModId, file: usize) -> bool {
        loop {
            let data = self.program.module(module);
            if data.file == file {
                return true;
            }
            match data.parent {
                Some(parent) => module = parent,
                None => return false,
            }
        }
    }

    fn complain(&mut self, file: usize, item: &ItemFact, code: &'static str, text: String, help: &str) {
        self.links
            .diagnostics
            .push(Diagnostic::new(Severity::Warning, code, text).in_file(self.files[file].file.clone()).at_line(item.span.line).help(help));
    }
}

fn by_path(files: &[FileFacts]) -> BTreeMap<&str, usize> {
    files.iter().enumerate().map(|(at, file)| (file.file.as_str(), at)).collect()
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A condition that only holds in test builds.
fn is_test(cfg: &Cfg) -> bool {
    match cfg {
        Cfg::Flag(name) => name == "test",
        Cfg::All(all) => all.iter().any(is_test),
        Cfg::Any(any) => !any.is_empty() && any.iter().all(is_test),
        Cfg::Not(_) | Cfg::KeyValue(..) => false,
    }
}

fn candidates(dir: &str, name: &str) -> Vec<String> {
    let name = name.strip_prefix("r#").unwrap_or(name);
    vec![join(dir, &format!("{name}.rs")), join(dir, &format!("{name}/mod.rs"))]
}

fn dir_of(file: &str) -> String {
    file.rsplit_once('/').map_or_else(String::new, |(dir, _)| dir.to_owned())
}

/// The folder for the children of a file's modules: its own for a root or `mod.rs`, else one named after it.
fn dir_of_children(file: &str, guess: bool) -> String {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let name = stem.rsplit('/').next().unwrap_or(stem);
    if name == "mod" || (guess && matches!(name, "main" | "lib")) { dir_of(file) } else { stem.to_owned() }
}

/// Joins and normalises; a path that climbs out of the tree keeps its `..`, so no file matches it.
fn join(dir: &str, path: &str) -> String {
    let mut parts: Vec<&str> =
        if path.starts_with('/') { vec!["..", "absolute"] } else { dir.split('/').filter(|part| !part.is_empty()).collect() };
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Types of the prelude, for which a crate may implement its own traits.
fn is_prelude_type(name: &str) -> bool {
    matches!(name, "Self" | "Vec" | "String" | "Box" | "Option" | "Result")
}
