//! One crate and the crates that it hands on, read from their sources and linked as a workspace would be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::Wanted;
use super::blankets::Blankets;
use super::settings::Settings;
use super::sources::{Found, Sources};
use super::told::Told;
use crate::catalog::Catalog;
use crate::discover::{self, Dependency, DependencyKind, DiscoverOptions};
use crate::facts::{FileFacts, ItemFact, ItemKind, MacroFact, Name, Ty};
use crate::parse::{self, OtherMacros, ParseOptions};
use crate::resolve::{self, CrateInput, Extern, ModId, Program, Signatures};
use crate::source::{DirTree, Tree};

/// Crates that are read for one: what it hands on, what those hand on, and so forth.
const MAX_CRATES: usize = 48;

/// Bindings to C are all that some crates offer.
const OPTIONS: ParseOptions = ParseOptions { include_tests: false, extern_blocks: true };

/// Sources that are read and can be linked.
pub(super) struct Linked {
    crates: Vec<CrateSource>,
    files: Vec<FileFacts>,
}

struct CrateSource {
    package: SmolStr,
    folder: PathBuf,
    /// The folder's name, which starts the paths of its files.
    label: String,
    lib: SmolStr,
    root: String,
    dependencies: Vec<Dependency>,
    files: Vec<FileFacts>,
}

/// The linked program, seen from a crate that depends on the one in question.
pub(super) struct Scene<'a> {
    pub(super) program: &'a Program<'a>,
    pub(super) signatures: &'a Signatures,
    pub(super) catalog: &'a Catalog,
    /// The root of a crate that has nothing but its dependencies.
    pub(super) probe: ModId,
    pub(super) settings: &'a Settings,
    pub(super) blankets: &'a Blankets,
    folders: Vec<(&'a str, &'a PathBuf)>,
}

impl Scene<'_> {
    /// Whether a crate that is not read is a dependency of one that is: an import that cannot be followed looks like one.
    pub(super) fn is_dependency(&self, krate: &str) -> bool {
        let externs = self.program.krates.iter().flat_map(|krate| &krate.input.externs);
        krate == "std" || externs.into_iter().any(|(name, to)| matches!(to, Extern::Foreign(lib) if name == krate || lib == krate))
    }

    /// The name of the folder of the crate in question, which starts the paths of its files.
    pub(super) fn folder(&self) -> &str {
        self.folders.first().map_or("", |(label, _)| label)
    }

    /// Whether a file is in its folder; none when the folder is not of a crate that was read.
    pub(super) fn has_file(&self, file: &str) -> Option<bool> {
        let (label, rest) = file.split_once('/')?;
        let (_, folder) = self.folders.iter().find(|(known, _)| *known == label)?;
        Some(folder.join(rest).is_file())
    }

    /// The text of a file that was read.
    pub(super) fn text(&self, file: &str) -> Option<String> {
        let (label, rest) = file.split_once('/')?;
        let (_, folder) = self.folders.iter().find(|(known, _)| *known == label)?;
        DirTree::open(folder).ok()?.read(rest).ok()
    }
}

/// Reads the source of a crate, what it hands on, and further crates: those that paths begin with, those that facts come from.
pub(super) fn read(found: &Found, libraries: &[SmolStr], told: &[Told<'_>], sources: &Sources) -> Result<Linked, String> {
    let first = crate_source(&found.folder)?;
    let mut crates = vec![first];
    for (krate, version) in told.iter().filter_map(|told| told.elsewhere) {
        if let Some(found) = sources.of(krate, version, Wanted::Stated)
            && crates.iter().all(|known| known.package != krate)
            && let Ok(more) = crate_source(&found.folder)
        {
            crates.push(more);
        }
    }
    for library in libraries.iter().filter(|library| *library != "std") {
        if crates.iter().all(|krate| krate.lib != *library)
            && let Some(found) = sources.fitting(library, None)
            && let Ok(more) = crate_source(&found.folder)
        {
            crates.push(more);
        }
    }
    let mut at = 0;
    while at < crates.len() {
        let dependencies: Vec<Dependency> = handed_on(&crates[at], sources).into_iter().cloned().collect();
        for dependency in dependencies {
            if crates.len() >= MAX_CRATES {
                break;
            }
            let Some(found) = sources.fitting(&dependency.package, dependency.requirement.as_deref()) else { continue };
            if crates.iter().all(|krate| krate.package != dependency.package)
                && let Ok(more) = crate_source(&found.folder)
            {
                crates.push(more);
            }
        }
        at += 1;
    }
    again(&mut crates);
    let files = crates.iter_mut().flat_map(|krate| std::mem::take(&mut krate.files)).collect();
    Ok(Linked { crates, files })
}

impl Linked {
    /// Links everything and hands it to `work`.
    pub(super) fn with(&self, work: impl FnOnce(&Scene<'_>)) {
        let catalog = Catalog::default();
        let mut inputs: Vec<CrateInput> = self.crates.iter().map(|krate| self.input(krate)).collect();
        let externs = self.crates.iter().enumerate().rev().map(|(at, krate)| (krate.lib.clone(), Extern::Local(at)));
        // The crate in question is the first of its name.
        let externs: BTreeMap<SmolStr, Extern> = externs.collect();
        inputs.push(input(SmolStr::new_static("probe"), "probe".to_owned(), externs.into_iter().collect()));
        let probe = inputs.len() - 1;
        let (mut program, _) = resolve::link(&self.files, &inputs);
        let this = resolve::attach(&mut program, &catalog);
        let signatures = resolve::signatures(&program, &catalog, this);
        let probe = program.krates[probe].root;
        let folders = self.crates.iter().map(|krate| (krate.label.as_str(), &krate.folder)).collect();
        let settings = Settings::of(&program, &signatures, &catalog);
        let blankets = Blankets::of(&program, &catalog);
        let (settings, blankets) = (&settings, &blankets);
        work(&Scene { program: &program, signatures: &signatures, catalog: &catalog, probe, settings, blankets, folders });
    }

    fn input(&self, krate: &CrateSource) -> CrateInput {
        let mut externs = Vec::new();
        for dependency in krate.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
            let local = self.crates.iter().position(|other| other.package == dependency.package);
            let to = local.map_or_else(|| Extern::Foreign(dependency.package.replace('-', "_").into()), Extern::Local);
            let name = match local {
                // Code calls a library by its own name unless the dependency renames it.
                Some(at) if dependency.name_in_code == dependency.package.replace('-', "_") => self.crates[at].lib.clone(),
                _ => dependency.name_in_code.clone(),
            };
            externs.push((name, to));
        }
        input(krate.lib.clone(), krate.root.clone(), externs)
    }
}

fn input(name: SmolStr, root: String, externs: Vec<(SmolStr, Extern)>) -> CrateInput {
    CrateInput {
        name,
        root,
        externs,
        requirements: Vec::new(),
        features: Vec::new(),
        is_bin: false,
        asked_for: true,
        for_others: false,
        services: Vec::new(),
        is_read: true,
        flags: Vec::new(),
    }
}

fn crate_source(folder: &std::path::Path) -> Result<CrateSource, String> {
    let tree = DirTree::open(folder).map_err(|error| error.to_string())?;
    let discovery = discover::discover(&tree, &DiscoverOptions::default());
    let package = discovery.packages.into_iter().find(|package| package.dir.is_empty()).ok_or("it has no manifest")?;
    let lib = package.lib.ok_or("it has no library")?;
    let label = tree.label();
    let mut out = CrateSource {
        package: package.name,
        folder: folder.to_owned(),
        root: format!("{label}/{}", lib.root),
        label,
        lib: lib.crate_name,
        dependencies: package.dependencies,
        files: Vec::new(),
    };
    out.follow(&tree, vec![vec![out.root.clone()]]);
    if out.files.is_empty() {
        return Err(format!("`{}` cannot be read", out.root));
    }
    Ok(out)
}

impl CrateSource {
    /// Reads what is at these places and what `mod` leads to from there, except what was read before.
    fn follow(&mut self, tree: &DirTree, mut wanted: Vec<Vec<String>>) {
        let mut seen: BTreeSet<String> = self.files.iter().map(|facts| facts.file.to_string()).collect();
        while let Some(places) = wanted.pop() {
            let there = |path: &&String| seen.contains(*path) || self.inside(path).is_some_and(|path| self.folder.join(path).is_file());
            let Some(path) = places.iter().find(there).filter(|path| !seen.contains(*path)).cloned() else { continue };
            seen.insert(path.clone());
            if let Some(text) = self.inside(&path).and_then(|path| tree.read(path).ok()) {
                let facts = parse::parse_file(&path, &text, &OPTIONS);
                wanted.extend(resolve::asked(&facts));
                self.files.push(facts);
            }
        }
        self.files.sort_by(|a, b| a.file.cmp(&b.file));
    }

    /// The path of a file from the folder of the crate on.
    fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&self.label)?.strip_prefix('/')
    }
}

/// Reads the files anew that call macros of other files, with these macros: what they make exists where they are called.
fn again(crates: &mut [CrateSource]) {
    let seen: Vec<OtherMacros> = macros(crates);
    for (krate, others) in crates.iter_mut().zip(seen) {
        let Ok(tree) = DirTree::open(&krate.folder) else { continue };
        let mut wanted = Vec::new();
        for at in 0..krate.files.len() {
            let Some(others) = called(krate, &krate.files[at], &others) else { continue };
            let path = krate.files[at].file.clone();
            if let Some(text) = krate.inside(&path).and_then(|path| tree.read(path).ok()) {
                krate.files[at] = parse::parse_file_with(&path, &text, &OPTIONS, &others);
                wanted.extend(resolve::asked(&krate.files[at]));
            }
        }
        krate.follow(&tree, wanted);
    }
}

/// The macros of other files, also by the paths that a file calls them by; none when it calls none of them.
fn called(krate: &CrateSource, facts: &FileFacts, others: &OtherMacros) -> Option<OtherMacros> {
    // `crate::module::name!`, where a `use` makes the macro a member of a module.
    let through_module = |called: &Name| {
        let (first, rest) = called.split_once("::").filter(|_| !others.contains_key(called))?;
        let of_another = krate.dependencies.iter().any(|dependency| dependency.name_in_code == first);
        let name = rest.rsplit("::").next().filter(|_| !of_another)?;
        Some((called.clone(), others.get(&format_smolstr!("crate::{name}"))?.clone()))
    };
    let aliases: Vec<(Name, Arc<MacroFact>)> = facts.called_macros.iter().filter_map(through_module).collect();
    if !aliases.is_empty() {
        let mut all = FxHashMap::clone(others);
        all.extend(aliases);
        return Some(Arc::new(all));
    }
    facts.called_macros.iter().any(|called| others.contains_key(called)).then(|| others.clone())
}

/// The macros that the files of each crate may call: its own, and the exported ones of the others.
///
/// Where two conditions choose between two of one name, neither is taken.
fn macros(crates: &[CrateSource]) -> Vec<OtherMacros> {
    let own: Vec<BTreeMap<&Name, Vec<&MacroFact>>> = crates.iter().map(own_macros).collect();
    let mut shared: FxHashMap<Name, Arc<MacroFact>> = FxHashMap::default();
    for (krate, own) in crates.iter().zip(&own) {
        for (name, all) in own {
            if let [only] = all.as_slice()
                && only.exported
            {
                let only = Arc::new(MacroFact { home: Some(krate.lib.clone()), ..(*only).clone() });
                shared.entry((*name).clone()).or_insert_with(|| only.clone());
                shared.insert(format_smolstr!("{}::{name}", krate.lib), only);
            }
        }
    }
    let of_crate = own.iter().map(|own| {
        let mut seen = shared.clone();
        for (name, all) in own {
            seen.remove(*name);
            if let [only] = all.as_slice() {
                let only = Arc::new((*only).clone());
                seen.insert(format_smolstr!("crate::{name}"), only.clone());
                seen.insert((*name).clone(), only);
            }
        }
        Arc::new(seen)
    });
    of_crate.collect()
}

fn own_macros(krate: &CrateSource) -> BTreeMap<&Name, Vec<&MacroFact>> {
    let mut out: BTreeMap<&Name, Vec<&MacroFact>> = BTreeMap::new();
    for one in krate.files.iter().flat_map(|facts| &facts.macros) {
        out.entry(&one.name).or_default().push(one);
    }
    out
}

/// The dependencies from which a crate hands on names: by `pub use`, as what a type alias stands for, by their macros.
fn handed_on<'k>(krate: &'k CrateSource, sources: &Sources) -> Vec<&'k Dependency> {
    let mut named = Named::default();
    for file in &krate.files {
        gather(&file.items, &mut named);
    }
    let Named { mut firsts, imported, aliased } = named;
    for name in aliased {
        firsts.extend(imported.get(&name).cloned());
        firsts.insert(name);
    }
    // `pub use alias::Name` where `use other as alias` stands beside it.
    let through: Vec<SmolStr> = firsts.iter().filter_map(|first| imported.get(first).cloned()).collect();
    firsts.extend(through);
    let normal = || krate.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    let mut out: Vec<&Dependency> = normal().filter(|dependency| firsts.contains(&dependency.name_in_code)).collect();
    // Libraries that are called otherwise than their packages.
    for dependency in normal().filter(|dependency| !firsts.contains(&dependency.name_in_code)) {
        let renamed = || {
            let found = sources.fitting(&dependency.package, dependency.requirement.as_deref())?;
            let manifest = std::fs::read_to_string(found.folder.join("Cargo.toml")).ok()?.parse::<toml::Table>().ok()?;
            let lib = manifest.get("lib")?.get("name")?.as_str()?.to_owned();
            firsts.contains(lib.as_str()).then_some(())
        };
        out.extend(renamed().map(|()| dependency));
    }
    out
}

/// The names by which a crate may hand on others.
#[derive(Default)]
struct Named {
    /// First names of public imports and of macros called for items.
    firsts: BTreeSet<SmolStr>,
    /// First names of all imports, by the name that they bring in.
    imported: BTreeMap<SmolStr, SmolStr>,
    /// First names of what type aliases stand for.
    aliased: BTreeSet<SmolStr>,
}

fn gather(items: &[ItemFact], named: &mut Named) {
    for item in items {
        match &item.kind {
            ItemKind::Mod(inner) => gather(inner.items.as_deref().unwrap_or_default(), named),
            ItemKind::Use(leaves) => {
                for leaf in leaves {
                    // `pub use crate::memory::Cache` where `use other as memory` stands at the root.
                    let inner = |name: &&SmolStr| !matches!(name.as_str(), "crate" | "self" | "super");
                    let Some(first) = leaf.path.iter().find(inner) else { continue };
                    if item.public {
                        named.firsts.insert(first.clone());
                    }
                    named.imported.insert(leaf.name.clone(), first.clone());
                }
            }
            ItemKind::ExternCrate(name) if item.public => {
                named.firsts.insert(name.clone());
            }
            ItemKind::TypeAlias(_, Ty::Path(path)) => {
                named.aliased.extend(path.segs.first().map(|seg| seg.name.clone()));
            }
            ItemKind::MacroCall(path) if path.segs.len() > 1 => {
                named.firsts.extend(path.segs.first().map(|seg| seg.name.clone()));
            }
            _ => {}
        }
    }
}

/// `crate-1.2.3/src/lib.rs` as a reader finds it.
pub(super) fn place(program: &Program<'_>, file: usize, line: u32) -> super::Place {
    super::Place { file: format_smolstr!("{}", program.files[file].file), line }
}
