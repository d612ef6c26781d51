//! Names that only a macro can have made: they are declared inside its call, or inside its definition, and no item shows them.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::linked::Scene;
use super::paths::{deepest_module, found, resolve};
use super::{PathVerdict, Place};
use crate::facts::{ItemFact, ItemKind, Name, Path, Ty};
use crate::parse;
use crate::resolve::{DefId, KrateId, ModId, Res, Space};

/// Words that a declaration begins with.
const DECLARING: [&str; 7] = ["fn", "struct", "enum", "type", "trait", "static", "macro_rules!"];

/// Modules that a name is looked for in.
const MAX_HOMES: usize = 64;

/// What made the last name of a path.
pub(super) fn check(scene: &Scene<'_>, names: &[&str]) -> Option<PathVerdict> {
    let (&last, before) = names.split_last()?;
    let (module, count) = deepest_module(scene, names)?;
    let krate = scene.program.module(module).krate;
    if count == before.len() {
        let home = |(module, name): &(ModId, Name)| declared(scene, *module, name);
        return homes(scene, module, last).iter().find_map(home).or_else(|| built_by_derive(scene, krate, last));
    }
    if count + 1 != before.len() {
        return None;
    }
    let owner = before[count];
    match resolve(scene, before, Space::Type) {
        Some(Res::Foreign(_)) => None,
        // A method that a macro writes, in the file of its type.
        Some(Res::Def(id)) => member(scene, id, last).or_else(|| built_by_derive(scene, krate, owner).filter(|_| of_built(last))),
        Some(_) => None,
        None => match check(scene, before)? {
            PathVerdict::Elsewhere(krate) => Some(PathVerdict::Elsewhere(krate)),
            verdict if owner.ends_with("Builder") && of_built(last) => Some(verdict),
            _ => {
                let home = |(module, _): &(ModId, Name)| declared(scene, *module, last);
                member_of_name(scene, owner, last).or_else(|| homes(scene, module, owner).iter().find_map(home))
            }
        },
    }
}

/// What every builder made by a derive has.
fn of_built(name: &str) -> bool {
    matches!(name, "default" | "build" | "create_empty")
}

/// `#[derive(Builder)] struct Settings` makes a `SettingsBuilder`.
fn built_by_derive(scene: &Scene<'_>, krate: KrateId, name: &str) -> Option<PathVerdict> {
    let built = name.strip_suffix("Builder")?;
    let derives = |item: &ItemFact| {
        item.attrs.iter().flat_map(|attr| &attr.args).any(|(derive, _)| derive.rsplit("::").next().is_some_and(|last| last == "Builder"))
    };
    let hit = scene
        .program
        .all_defs()
        .find(|(_, def)| scene.program.module(def.module).krate == krate && def.item.name == built && derives(def.item));
    hit.map(|(id, _)| found(scene, id))
}

/// A method of a type: from a macro called in the file of the type.
fn member(scene: &Scene<'_>, owner: DefId, name: &str) -> Option<PathVerdict> {
    declared(scene, scene.program.def(owner).module, name)
}

/// The modules in which a name of a module may be declared, and what it is called there: itself, those that it imports it from.
fn homes(scene: &Scene<'_>, module: ModId, name: &str) -> Vec<(ModId, Name)> {
    let program = scene.program;
    let mut out = vec![(module, SmolStr::new(name))];
    let mut at = 0;
    while at < out.len().min(MAX_HOMES) {
        let (module, name) = out[at].clone();
        let named = program.module(module).uses.get(&name).into_iter().flatten().filter_map(|leaf| {
            let (last, before) = leaf.path.split_last()?;
            let path = Path::of(&before.iter().map(SmolStr::as_str).collect::<Vec<&str>>());
            match program.resolve(scene.catalog, module, &path, Space::Type)? {
                Res::Mod(of) => Some((of, last.clone())),
                _ => None,
            }
        });
        let globbed = program.glob_imports(module).iter().filter_map(|target| match target {
            Res::Mod(of) => Some((*of, name.clone())),
            _ => None,
        });
        let next: Vec<(ModId, Name)> = named.chain(globbed).collect();
        for home in next {
            if !out.contains(&home) {
                out.push(home);
            }
        }
        at += 1;
    }
    out
}

/// A method of a type that only its `impl` blocks name: a macro declares it.
fn member_of_name(scene: &Scene<'_>, owner: &str, name: &str) -> Option<PathVerdict> {
    let hit = scene.program.all_defs().find(|(_, def)| {
        def.item.name == name
            && def.owner.is_some_and(|imp| match &imp.kind {
                ItemKind::Impl(imp) => matches!(&imp.self_ty, Ty::Path(path) if path.last().is_some_and(|last| last == owner)),
                _ => false,
            })
    });
    hit.map(|(id, _)| found(scene, id))
}

/// Lines that a macro call, or the definition of a macro, takes.
struct Region {
    file: usize,
    first: u32,
    last: u32,
    made: Made,
}

/// What the words of a region may name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// What is declared in so many words.
    Named,
    /// The arguments of a macro that is not read.
    Unknown,
    /// The arguments of a macro that declares types called as it is told: `pub struct $name`.
    OfArguments,
}

/// A name that is declared inside the macro calls of a file, or in the macros that they call.
fn declared(scene: &Scene<'_>, module: ModId, name: &str) -> Option<PathVerdict> {
    let needles: Vec<String> = DECLARING.iter().map(|word| format!("{word} {name}")).collect();
    let ends = |rest: &str| !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric());
    let is_type = name.starts_with(char::is_uppercase);
    let mut texts = Texts { scene, known: BTreeMap::new() };
    for region in regions(scene, module, &mut texts) {
        let path = &scene.program.files[region.file].file;
        let Some(text) = texts.of(region.file).filter(|text| text.contains(name)) else { continue };
        let inside = (1..).zip(text.lines()).filter(|(line, _)| (region.first..=region.last).contains(line));
        for (number, line) in inside.map(|(number, line)| (number, line.trim_start())).filter(|(_, line)| !line.starts_with("//")) {
            let declares = needles.iter().any(|needle| line.split_once(needle.as_str()).is_some_and(|(_, rest)| ends(rest)));
            // A type that a macro is told to make: `new_secret_type! { Nonce(String) … }`, `atomic! { 8, u8 AtomicU8 }`.
            let told = || match region.made {
                Made::Named => false,
                Made::Unknown => line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', ';', '<'])),
                Made::OfArguments => line.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|word| word == name),
            };
            if declares || (is_type && told()) {
                return Some(PathVerdict::InMacro(Place { file: path.clone(), line: number }));
            }
        }
    }
    None
}

/// The macro calls among the items of a file, the definitions of these macros, and those of the macros called in them.
fn regions(scene: &Scene<'_>, module: ModId, texts: &mut Texts<'_>) -> Vec<Region> {
    let file = scene.program.module(module).file;
    let mut out = Vec::new();
    let mut called: BTreeSet<Name> = BTreeSet::new();
    calls(&scene.program.files[file].items, &mut |line, name| {
        called.insert(name.clone());
        out.extend(line.and_then(|line| texts.region(file, line, made_by(scene, name))));
    });
    // Those of its own crate come first.
    let own = scene.program.module(module).krate;
    let mut files: Vec<(bool, usize)> = scene.program.modules.iter().map(|module| (module.krate != own, module.file)).collect();
    files.sort_unstable();
    files.dedup_by_key(|(_, file)| *file);
    let mut seen: BTreeSet<Name> = BTreeSet::new();
    while let Some(name) = called.pop_first() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for (_, file) in &files {
            let facts = &scene.program.files[*file];
            let mut inner: BTreeSet<Name> = BTreeSet::new();
            for one in facts.macros.iter().filter(|one| one.name == name) {
                // A definition that is printed from its tokens has blanks before the `!` of a call.
                let calls = one.text.match_indices(" !").filter_map(|(at, _)| one.text[..at].rsplit([' ', ':']).next());
                inner.extend(calls.map(SmolStr::new));
            }
            let mut lines = Vec::new();
            definitions(&facts.items, &name, &mut lines);
            for line in lines {
                let Some(region) = texts.region(*file, line, Made::Named) else { continue };
                // A macro that tells another one what to make.
                for told in inner.iter().filter(|inner| made_by(scene, inner) == Made::OfArguments) {
                    let lines = texts.calls(&region, told);
                    out.extend(lines.into_iter().filter_map(|line| texts.region(*file, line, Made::OfArguments)));
                }
                out.push(region);
            }
            called.extend(inner.into_iter().filter(|name| !seen.contains(name)));
        }
    }
    out
}

fn made_by(scene: &Scene<'_>, name: &Name) -> Made {
    let mut all = scene.program.files.iter().flat_map(|file| &file.macros).filter(|one| one.name == *name).peekable();
    if all.peek().is_none() {
        return Made::Unknown;
    }
    let of_arguments = |text: &str| ["struct $", "enum $", "type $"].iter().any(|words| text.contains(words));
    if all.any(|one| of_arguments(&one.text)) { Made::OfArguments } else { Made::Named }
}

/// Texts of files, each read once.
struct Texts<'a> {
    scene: &'a Scene<'a>,
    known: BTreeMap<usize, Option<String>>,
}

impl Texts<'_> {
    fn of(&mut self, file: usize) -> Option<&str> {
        let scene = self.scene;
        self.known.entry(file).or_insert_with(|| scene.text(&scene.program.files[file].file)).as_deref()
    }

    /// The lines of a region on which a macro is called.
    fn calls(&mut self, region: &Region, name: &Name) -> Vec<u32> {
        let call = format!("{name}!");
        let lines = (1..).zip(self.of(region.file).unwrap_or_default().lines());
        lines.filter(|(line, text)| (region.first..=region.last).contains(line) && text.contains(&call)).map(|(line, _)| line).collect()
    }

    /// From a line to where the bracket closes that opens on it.
    fn region(&mut self, file: usize, line: u32, made: Made) -> Option<Region> {
        Some(Region { file, first: line, last: parse::end_of_group(self.of(file)?, line), made })
    }
}

/// Tells the macros that are called for items: with their lines those that could not be read.
fn calls(items: &[ItemFact], tell: &mut impl FnMut(Option<u32>, &Name)) {
    for item in items {
        if let Some(name) = &item.from_macro {
            // What was read as a mere value may be a list of declarations in words of the macro's own.
            tell((item.name == "_").then_some(item.span.line), name);
        }
        match &item.kind {
            ItemKind::MacroCall(path) => {
                if let Some(name) = path.last() {
                    tell(Some(item.span.line), name);
                }
            }
            ItemKind::Mod(inner) => calls(inner.items.as_deref().unwrap_or_default(), tell),
            ItemKind::Impl(imp) => calls(&imp.items, tell),
            ItemKind::Trait(facts) => calls(&facts.items, tell),
            _ => {}
        }
    }
}

fn definitions(items: &[ItemFact], name: &Name, lines: &mut Vec<u32>) {
    for item in items {
        match &item.kind {
            ItemKind::MacroRules if item.name == *name => lines.push(item.span.line),
            ItemKind::Mod(inner) => definitions(inner.items.as_deref().unwrap_or_default(), name, lines),
            _ => {}
        }
    }
}
