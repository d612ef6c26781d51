//! Names to what they stand for: items of the workspace, or canonical paths of foreign crates.

use std::cell::Cell;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::program::{Asked, DefId, Extern, ModId, Program};
use super::types::member_path;
use crate::catalog::Catalog;
use crate::facts::{ItemKind, Name, Path, UseFact};

/// Imports of imports of imports: more than any crate has.
const MAX_HOPS: u32 = 24;

/// Imports followed for one name: modules that all import from one another have more ways than can be walked.
const MAX_FUEL: u32 = 2000;

/// Globs known only through globs known only through globs.
const MAX_GLOB_ROUNDS: usize = 8;

/// Modules that one module reaches through globs.
const MAX_GLOBBED: usize = 2000;

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Res {
    /// A definition of the workspace.
    Def(DefId),
    /// A module of the workspace.
    Mod(ModId),
    /// A variant or associated item that is not a definition of its own: the type, and the rest of the path.
    Inside(DefId, SmolStr),
    /// A path of a foreign crate or of `std`, from its crate on.
    Foreign(SmolStr),
}

/// Which of two things of the same name is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Types, traits, modules.
    Type,
    /// Functions, statics, consts.
    Value,
}

/// One search for a name.
struct Search<'c> {
    catalog: &'c Catalog,
    /// Imports that may still be followed.
    fuel: Cell<u32>,
}

impl<'c> Search<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, fuel: Cell::new(MAX_FUEL) }
    }
}

impl Program<'_> {
    /// What a path in the scope of a module stands for; `None` when it cannot be told.
    #[must_use]
    pub fn resolve(&self, catalog: &Catalog, module: ModId, path: &Path, space: Space) -> Option<Res> {
        let names = path.segs.iter().map(|seg| seg.name.as_str());
        let search = Search::new(catalog);
        match as_slice(names, |names| self.resolve_names(&search, module, names, path.global, space, 0))? {
            Res::Foreign(path) => Some(Res::Foreign(catalog.original(path))),
            other => Some(other),
        }
    }

    fn resolve_names(&self, search: &Search<'_>, module: ModId, names: &[&str], global: bool, space: Space, hops: u32) -> Option<Res> {
        if hops > MAX_HOPS {
            return None;
        }
        let (&first, rest) = names.split_first()?;
        let first_space = if rest.is_empty() { space } else { Space::Type };
        let start = if global {
            self.extern_named(module, first)?
        } else {
            match first {
                "crate" | "$crate" => Res::Mod(self.krate(self.module(module).krate).root),
                "self" => Res::Mod(self.real_module(module)),
                "super" => Res::Mod(self.module(self.real_module(module)).parent.map(|parent| self.real_module(parent))?),
                _ => self.lookup_scoped(search, module, first, first_space, !rest.is_empty(), hops)?,
            }
        };
        let start = if rest.is_empty() { start } else { self.crate_of_its_macro(module, first, start) };
        self.walk(search, start, rest, space, hops)
    }

    /// `use cached::proc_macro::cached;` brings in a macro: a longer path that begins with `cached` means the crate.
    fn crate_of_its_macro(&self, module: ModId, name: &str, found: Res) -> Res {
        let Res::Foreign(path) = &found else { return found };
        match self.extern_named(module, name) {
            Some(Res::Foreign(lib)) if path.strip_prefix(lib.as_str()).is_some_and(|rest| rest.starts_with("::")) => Res::Foreign(lib),
            _ => found,
        }
    }

    fn walk(&self, search: &Search<'_>, start: Res, rest: &[&str], space: Space, hops: u32) -> Option<Res> {
        let mut at = start;
        for (index, &name) in rest.iter().enumerate() {
            let last = index + 1 == rest.len();
            at = match at {
                Res::Mod(id) if name == "super" => Res::Mod(self.module(self.real_module(id)).parent?),
                Res::Mod(id) if name == "self" => Res::Mod(id),
                Res::Mod(id) => self.lookup_in(search, id, name, if last { space } else { Space::Type }, hops + 1)?,
                Res::Foreign(path) => Res::Foreign(member_path(&path, name)),
                Res::Def(id) => self.inside(search, id, name, hops),
                Res::Inside(id, tail) => Res::Inside(id, member_path(&tail, name)),
            };
        }
        Some(at)
    }

    /// A member of a type or trait; through an alias, a member of what it stands for.
    fn inside(&self, search: &Search<'_>, id: DefId, name: &str, hops: u32) -> Res {
        if let Some(member) = self.members.get(&(id, SmolStr::new(name))).and_then(|all| all.first()) {
            return Res::Def(*member);
        }
        if let ItemKind::TypeAlias(_, crate::facts::Ty::Path(path)) = &self.def(id).item.kind {
            let names = path.segs.iter().map(|seg| seg.name.as_str());
            match as_slice(names, |names| self.resolve_names(search, self.def(id).module, names, path.global, Space::Type, hops + 1)) {
                Some(Res::Foreign(path)) => return Res::Foreign(member_path(&path, name)),
                Some(Res::Def(target)) if target != id && hops < MAX_HOPS => return self.inside(search, target, name, hops + 1),
                _ => {}
            }
        }
        Res::Inside(id, SmolStr::new(name))
    }

    /// The module itself, when the scope is that of a body.
    #[must_use]
    pub fn real_module(&self, mut module: ModId) -> ModId {
        while self.module(module).is_body {
            match self.module(module).parent {
                Some(parent) => module = parent,
                None => break,
            }
        }
        module
    }

    /// A first name: the scopes of bodies outwards, the module, the crates it knows, the prelude.
    fn lookup_scoped(&self, search: &Search<'_>, module: ModId, name: &str, space: Space, more: bool, hops: u32) -> Option<Res> {
        // Only what is asked first is remembered: what is asked on the way depends on the hops that are left.
        let found = if hops > 0 {
            self.lookup_around(search, module, name, space, hops)
        } else {
            self.lookups.get_or(module, (Name::new(name), space, Asked::Around), || {
                search.fuel.set(MAX_FUEL);
                self.lookup_around(search, module, name, space, hops)
            })
        };
        // A library whose name differs from its package's: only a path can start with it.
        found.or_else(|| {
            let is_crate = more && space == Space::Type && name.starts_with(|first: char| first.is_ascii_lowercase());
            is_crate.then(|| Res::Foreign(SmolStr::new(name)))
        })
    }

    fn lookup_around(&self, search: &Search<'_>, module: ModId, name: &str, space: Space, hops: u32) -> Option<Res> {
        let mut scope = module;
        loop {
            if let Some(found) = self.lookup_in(search, scope, name, space, hops + 1) {
                return Some(found);
            }
            let data = self.module(scope);
            match data.parent {
                Some(parent) if data.is_body => scope = parent,
                _ => break,
            }
        }
        if let Some(found) = self.extern_named(module, name) {
            return Some(found);
        }
        prelude(name).map(|path| Res::Foreign(SmolStr::new_static(path)))
    }

    fn extern_named(&self, module: ModId, name: &str) -> Option<Res> {
        let is_std = matches!(name, "std" | "core" | "alloc");
        if is_std && !self.reads_std {
            return Some(Res::Foreign(SmolStr::new_static("std")));
        }
        let krate = self.krate(self.module(module).krate);
        let Some(found) = krate.extern_at.get(name).and_then(|at| krate.input.externs.get(*at)) else {
            return is_std.then(|| Res::Foreign(SmolStr::new_static("std")));
        };
        Some(match &found.1 {
            Extern::Local(at) => Res::Mod(self.krates.get(*at)?.root),
            Extern::Foreign(lib) => Res::Foreign(lib.clone()),
        })
    }

    /// A name in a module: what it defines, imports by name, or imports by a glob.
    ///
    /// What is found depends on nothing but the arguments, so it does not matter which thread asks first.
    fn lookup_in(&self, search: &Search<'_>, module: ModId, name: &str, space: Space, hops: u32) -> Option<Res> {
        if hops > MAX_HOPS {
            return None;
        }
        if let Some(found) = self.lookup_own(module, name, space) {
            return Some(found);
        }
        let data = self.module(module);
        if data.globs.is_empty() && !data.uses.contains_key(name) {
            return None;
        }
        // Only what is asked first is remembered: what is asked on the way depends on the hops that are left.
        if hops > 1 {
            return self.lookup_imported(search, module, name, space, hops);
        }
        self.lookups.get_or(module, (Name::new(name), space, Asked::Inside), || {
            search.fuel.set(MAX_FUEL);
            self.lookup_imported(search, module, name, space, hops)
        })
    }

    /// A name that a module imports, by name or by a glob.
    fn lookup_imported(&self, search: &Search<'_>, module: ModId, name: &str, space: Space, hops: u32) -> Option<Res> {
        let mut foreign = None;
        match self.lookup_uses(search, module, name, space, hops) {
            // `use local_macros::Name;` brings in a derive, and a glob beside it the trait of the same name.
            Some(Res::Foreign(path)) if !self.module(module).globs.is_empty() && self.is_guess(module, &path) => foreign = Some(path),
            Some(found) => return Some(found),
            None => {}
        }
        // Most names are those of the prelude: no module of the workspace has them.
        let declared = self.lookups.is_declared(name);
        for target in self.through_globs(module) {
            match target {
                Res::Mod(target) if declared => {
                    let own = self.lookup_own(*target, name, space);
                    if let Some(found) = own.or_else(|| self.lookup_uses(search, *target, name, space, hops + 1)) {
                        return Some(found);
                    }
                }
                Res::Def(id) if declared => {
                    let ItemKind::Enum(facts) = &self.def(*id).item.kind else { continue };
                    if facts.variants.iter().any(|variant| variant.name == name) {
                        return Some(Res::Inside(*id, SmolStr::new(name)));
                    }
                }
                Res::Foreign(path) if foreign.is_none() => {
                    // What a foreign glob brings in is known only where the catalog knows the name.
                    let krate = path.split("::").next().unwrap_or(path);
                    let full = member_path(path, name);
                    foreign =
                        if search.catalog.path(&full).is_some() { Some(full) } else { search.catalog.type_named(krate, name).cloned() };
                }
                _ => {}
            }
        }
        foreign.map(Res::Foreign)
    }

    /// Whether a path that is taken for one of a foreign crate begins with a crate of the workspace: it leads to nothing there.
    fn is_guess(&self, module: ModId, path: &str) -> bool {
        let krate = path.split("::").next().unwrap_or(path);
        matches!(self.extern_named(module, krate), Some(Res::Mod(_)))
    }

    /// A name that a module defines.
    fn lookup_own(&self, module: ModId, name: &str, space: Space) -> Option<Res> {
        let data = self.module(module);
        if let Some(defs) = data.names.get(name)
            // Of twins under conditions, that of release builds.
            && let Some(id) = defs
                .iter()
                .copied()
                .filter(|id| self.in_space(*id, space))
                .min_by_key(|id| matches!(&self.def(*id).item.cfg, Some(crate::facts::Cfg::Flag(name)) if name == "debug_assertions"))
        {
            return Some(Res::Def(id));
        }
        if space != Space::Type {
            return None;
        }
        let child = data.children.get(name).map(|child| Res::Mod(*child));
        // `extern crate redis;` in a module: the crate is `self::redis` there, whatever the modules around are called.
        child.or_else(|| match data.externs.get(name)?.as_str() {
            "self" => Some(Res::Mod(self.krate(data.krate).root)),
            of => self.extern_named(module, of),
        })
    }

    /// A name that a module imports by name.
    fn lookup_uses(&self, search: &Search<'_>, module: ModId, name: &str, space: Space, hops: u32) -> Option<Res> {
        let leaves = self.module(module).uses.get(name)?;
        search.fuel.set(search.fuel.get().checked_sub(1)?);
        leaves.iter().find_map(|leaf| self.import(search, module, leaf, space, hops))
    }

    /// What a module reaches through globs.
    #[must_use]
    pub fn glob_imports(&self, module: ModId) -> &[Res] {
        self.through_globs(module)
    }

    /// What the globs of a module lead to, and those of the modules they lead to: each once, in the order of the code.
    fn through_globs(&self, module: ModId) -> &[Res] {
        let targets = |module: ModId| self.glob_targets.get(module.0 as usize).map_or(&[][..], Vec::as_slice).iter().flatten();
        self.lookups.through_globs(module, || {
            let mut out = Vec::new();
            let mut seen = FxHashSet::from_iter([module]);
            let mut stack = vec![targets(module)];
            while let Some(next) = stack.last_mut().filter(|_| out.len() < MAX_GLOBBED) {
                match next.next() {
                    None => {
                        stack.pop();
                    }
                    Some(found @ Res::Mod(target)) => {
                        if seen.insert(*target) {
                            out.push(found.clone());
                            stack.push(targets(*target));
                        }
                    }
                    Some(other) => out.push(other.clone()),
                }
            }
            out
        })
    }

    /// Finds out what each glob import leads to, before names are looked up through them.
    ///
    /// A glob may be known only through another one, so this goes in rounds until nothing is new.
    pub(super) fn settle_globs(&mut self, catalog: &Catalog) {
        let modules = self.modules.iter().flat_map(|module| module.names.keys().chain(module.children.keys()).chain(module.uses.keys()));
        let variants = self.defs.iter().flat_map(|def| match &def.item.kind {
            ItemKind::Enum(facts) => facts.variants.as_slice(),
            _ => &[],
        });
        self.lookups.declare(modules.chain(variants.map(|variant| &variant.name)));
        for _ in 0..MAX_GLOB_ROUNDS {
            self.lookups.reset(self.modules.len());
            let this = &*self;
            let targets: Vec<Vec<Option<Res>>> = (0..this.modules.len())
                .into_par_iter()
                .map(|at| {
                    let module = ModId(super::program::index(at));
                    let import = |leaf: &&UseFact| this.import(&Search::new(catalog), module, leaf, Space::Type, 0);
                    this.modules[at].globs.iter().map(import).collect()
                })
                .collect();
            if targets == self.glob_targets {
                break;
            }
            self.glob_targets = targets;
        }
        self.lookups.reset(self.modules.len());
    }

    fn import(&self, search: &Search<'_>, module: ModId, leaf: &UseFact, space: Space, hops: u32) -> Option<Res> {
        as_slice(leaf.path.iter().map(SmolStr::as_str), |names| self.import_names(search, module, leaf, names, space, hops))
    }

    fn import_names(&self, search: &Search<'_>, module: ModId, leaf: &UseFact, names: &[&str], space: Space, hops: u32) -> Option<Res> {
        // `use name::…` where `name` is what this very `use` brings in: it speaks of the crate.
        if let [first, ..] = names
            && leaf.name == *first
            && !leaf.glob
            && !matches!(*first, "crate" | "self" | "super")
        {
            let start = self
                .extern_named(module, first)
                .or_else(|| self.module(self.real_module(module)).children.get(*first).map(|child| Res::Mod(*child)))
                .unwrap_or_else(|| Res::Foreign(SmolStr::new(first)));
            return self.walk(search, start, &names[1..], space, hops + 1);
        }
        let found = self.resolve_names(search, module, names, leaf.global, space, hops + 1);
        if found.is_none()
            && names.len() > 1
            && names[0].starts_with(|first: char| first.is_ascii_lowercase())
            && !matches!(names[0], "crate" | "self" | "super")
        {
            return Some(Res::Foreign(SmolStr::new(names.join("::"))));
        }
        found
    }

    fn in_space(&self, id: DefId, space: Space) -> bool {
        match &self.def(id).item.kind {
            ItemKind::Static(_) | ItemKind::Const(_) | ItemKind::Fn(_) => space == Space::Value,
            // A tuple or unit struct is a value too.
            ItemKind::Struct(_) => true,
            _ => space == Space::Type,
        }
    }
}

/// Most paths have few segments: their names need no allocation.
fn as_slice<'n, T>(names: impl ExactSizeIterator<Item = &'n str>, f: impl FnOnce(&[&'n str]) -> T) -> T {
    let mut few = [""; 8];
    let count = names.len();
    match few.get_mut(..count) {
        Some(few) => {
            few.iter_mut().zip(names).for_each(|(slot, name)| *slot = name);
            f(few)
        }
        None => f(&names.collect::<Vec<_>>()),
    }
}

/// Names that need no import, as far as state depends on them.
fn prelude(name: &str) -> Option<&'static str> {
    Some(match name {
        "Vec" => "std::vec::Vec",
        "String" => "std::string::String",
        "Box" => "std::boxed::Box",
        "Option" => "std::option::Option",
        "Some" => "std::option::Option::Some",
        "None" => "std::option::Option::None",
        "Result" => "std::result::Result",
        "Ok" => "std::result::Result::Ok",
        "Err" => "std::result::Result::Err",
        "Default" => "std::default::Default",
        "Iterator" => "std::iter::Iterator",
        "From" => "std::convert::From",
        "Into" => "std::convert::Into",
        "bool" | "char" | "str" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize"
        | "f32" | "f64" => primitive(name),
        _ => return None,
    })
}

fn primitive(name: &str) -> &'static str {
    const ALL: [&str; 17] =
        ["bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64"];
    ALL.iter().find(|known| **known == name).copied().unwrap_or("u8")
}
