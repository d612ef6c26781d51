//! The linked workspace: crates, modules and definitions, each with its canonical path.

use std::hash::BuildHasher as _;
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::names::{Res, Space};
use crate::facts::{Cfg, FileFacts, ItemFact, ItemKind, Name, UseFact};

/// Most definitions that a thread takes at once.
const PIECE: usize = 512;

/// Index of a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KrateId(pub u32);

/// Index of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModId(pub u32);

/// Index of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefId(pub u32);

/// A crate to link: one target of a package.
#[derive(Clone, Debug)]
pub struct CrateInput {
    /// Name in paths.
    pub name: Name,
    /// Its root file.
    pub root: String,
    /// The crates that it names: by name in code.
    pub externs: Vec<(Name, Extern)>,
    /// The versions that its manifest asks for, by the library's own name.
    pub requirements: Vec<(Name, SmolStr)>,
    /// The features of libraries that its manifest asks for, by the library's own name; `default` stands for those that are on by default.
    pub features: Vec<(Name, Vec<SmolStr>)>,
    /// Is a binary.
    pub is_bin: bool,
    /// Is a test, bench, example or build script that was asked for.
    pub asked_for: bool,
    /// Is a library that is also built for callers that are not Rust.
    pub for_others: bool,
    /// Services that link it, sorted.
    pub services: Vec<SmolStr>,
    /// Its files are read: a service links it, or another target of its package.
    pub is_read: bool,
    /// Flags of `cfg` that its build script sets, each with the feature that it sets it for.
    pub flags: Vec<(Name, Name)>,
}

/// What a crate name in code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A crate of the workspace, by index into the inputs.
    Local(usize),
    /// A crate that is not read, by its own library name.
    Foreign(Name),
}

/// A linked crate.
pub struct Krate {
    /// What it was made from.
    pub input: CrateInput,
    /// Its root module.
    pub root: ModId,
    /// Where each name is among the crates that it names.
    pub(super) extern_at: FxHashMap<Name, usize>,
}

/// A linked module; also the scope of a function body that declares items.
pub struct Module<'f> {
    /// The crate.
    pub krate: KrateId,
    /// The module around it; none for a crate root.
    pub parent: Option<ModId>,
    /// Is the scope of a function body: `self` and `super` speak of the module around it.
    pub is_body: bool,
    /// Canonical path.
    pub path: SmolStr,
    /// Index of its file.
    pub file: usize,
    /// Conditions on it and on the modules around it.
    pub cfg: Vec<&'f Cfg>,
    /// What is defined here, by name.
    pub names: FxHashMap<Name, Vec<DefId>>,
    /// Child modules, by name.
    pub children: FxHashMap<Name, ModId>,
    /// Named imports.
    pub uses: FxHashMap<Name, Vec<&'f UseFact>>,
    /// Crates that `extern crate` brings into this module, with their names in the manifest.
    pub externs: FxHashMap<Name, Name>,
    /// Glob imports.
    pub globs: Vec<&'f UseFact>,
}

/// A definition.
pub struct Def<'f> {
    /// Canonical path: `crate::module::Name`, `crate::module::Type::method`.
    pub path: SmolStr,
    /// The module in whose scope its names are resolved.
    pub module: ModId,
    /// What the file says.
    pub item: &'f ItemFact,
    /// For members of an `impl` or a trait: that item.
    pub owner: Option<&'f ItemFact>,
    /// The function whose body declares it.
    pub in_fn: Option<DefId>,
}

/// The linked workspace.
pub struct Program<'f> {
    /// Files by index.
    pub files: &'f [FileFacts],
    /// Crates.
    pub krates: Vec<Krate>,
    /// Modules.
    pub modules: Vec<Module<'f>>,
    /// The standard library is among the crates: a catalog is held against its source.
    pub(super) reads_std: bool,
    /// What the globs of each module lead to, in the order of [`Module::globs`].
    pub(super) glob_targets: Vec<Vec<Option<Res>>>,
    /// Names looked up before.
    pub(super) lookups: Lookups,
    /// Definitions in source order, crate by crate.
    pub defs: Vec<Def<'f>>,
    /// Members (functions, consts) of a type or trait, by its definition and their name.
    pub members: FxHashMap<(DefId, Name), Vec<DefId>>,
    /// Types that implement a trait of the workspace, in source order.
    pub implementors: FxHashMap<DefId, Vec<DefId>>,
    /// Traits that types may implement of which nothing tells: by a block for whatever implements a trait of others.
    pub open_traits: FxHashSet<DefId>,
    /// What the `Deref` impl of a type of the workspace derefs to.
    pub derefs: FxHashMap<DefId, (ModId, &'f crate::facts::Ty)>,
    /// Traits of foreign crates that a type of the workspace implements.
    pub foreign_impls: FxHashMap<DefId, Vec<SmolStr>>,
    /// The scope of the items that a function's body declares.
    pub body_scopes: FxHashMap<DefId, ModId>,
}

/// How a name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// As the first name of a path that stands in the module.
    Around,
    /// As a member of the module.
    Inside,
}

/// What names stand for, for names that were asked before.
type Answers = FxHashMap<(Name, Space, Asked), Option<Res>>;

/// Names that modules import, with what they were found to stand for: the same few are asked for again and again.
#[derive(Default)]
pub(super) struct Lookups {
    by_module: Vec<Mutex<Answers>>,
    /// What each module reaches through globs.
    globbed: Vec<OnceLock<Vec<Res>>>,
    /// Hashes of all names that some module defines or imports, and of those of variants.
    declared: FxHashSet<u64>,
}

impl Lookups {
    pub(super) fn clear(&mut self) {
        self.forget(self.by_module.len());
    }

    /// Forgets the answers, which another thread gives back.
    fn forget(&mut self, modules: usize) {
        let mut fresh = Vec::new();
        fresh.resize_with(modules, Mutex::default);
        let known = std::mem::replace(&mut self.by_module, fresh);
        rayon::spawn(move || drop(known));
    }

    /// Forgets everything and makes room for this many modules.
    pub(super) fn reset(&mut self, modules: usize) {
        self.forget(modules);
        self.globbed.clear();
        self.globbed.resize_with(modules, OnceLock::new);
    }

    pub(super) fn declare<'n>(&mut self, names: impl Iterator<Item = &'n Name>) {
        self.declared = names.map(|name| FxBuildHasher.hash_one(name.as_str())).collect();
    }

    /// Whether something may be called so: two names may have one hash.
    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.declared.contains(&FxBuildHasher.hash_one(name))
    }

    pub(super) fn through_globs(&self, module: ModId, find: impl FnOnce() -> Vec<Res>) -> &[Res] {
        self.globbed.get(module.0 as usize).map_or(&[], |known| known.get_or_init(find))
    }

    /// What was found before, else what `find` finds now.
    pub(super) fn get_or(&self, module: ModId, asked: (Name, Space, Asked), find: impl FnOnce() -> Option<Res>) -> Option<Res> {
        let Some(known) = self.by_module.get(module.0 as usize) else { return find() };
        if let Some(found) = known.lock().ok().and_then(|known| known.get(&asked).cloned()) {
            return found;
        }
        // Not under the lock: other names of the module may be asked for on the way.
        let found = find();
        if let Ok(mut known) = known.lock() {
            known.insert(asked, found.clone());
        }
        found
    }
}

impl<'f> Program<'f> {
    /// The crate.
    #[must_use]
    pub fn krate(&self, id: KrateId) -> &Krate {
        &self.krates[id.0 as usize]
    }

    /// The features of a library that the manifest around a definition asks for, by a path into the library.
    #[must_use]
    pub fn features(&self, id: DefId, path: &str) -> &[SmolStr] {
        let library = path.split("::").next().unwrap_or(path);
        let asked = &self.krate(self.module(self.def(id).module).krate).input.features;
        asked.iter().find(|(name, _)| name == library).map_or(&[], |(_, features)| features)
    }

    /// The module.
    #[must_use]
    pub fn module(&self, id: ModId) -> &Module<'f> {
        &self.modules[id.0 as usize]
    }

    /// The definition.
    #[must_use]
    pub fn def(&self, id: DefId) -> &Def<'f> {
        &self.defs[id.0 as usize]
    }

    /// The file in which a definition stands.
    #[must_use]
    pub fn file_of(&self, id: DefId) -> &'f FileFacts {
        &self.files[self.module(self.def(id).module).file]
    }

    /// All definitions with their ids.
    pub fn all_defs(&self) -> impl Iterator<Item = (DefId, &Def<'f>)> {
        self.defs.iter().enumerate().map(|(at, def)| (DefId(index(at)), def))
    }

    /// The ids of all definitions, for several threads: in pieces so small that all of them work to the end.
    pub fn par_ids(&self) -> impl IndexedParallelIterator<Item = DefId> + use<> {
        (0..index(self.defs.len())).into_par_iter().with_max_len(PIECE).map(DefId)
    }

    /// What borrows nothing of the files, to be given back elsewhere.
    #[must_use]
    pub fn own_parts(self) -> impl Send + 'static {
        (self.krates, self.glob_targets, self.lookups, self.members, self.implementors, self.foreign_impls, self.body_scopes)
    }

    /// The conditions under which a definition exists, outermost first.
    #[must_use]
    pub fn cfg_of(&self, id: DefId) -> Vec<&'f Cfg> {
        let def = self.def(id);
        let mut out = match def.in_fn {
            Some(func) => self.cfg_of(func),
            None => self.module(def.module).cfg.clone(),
        };
        out.extend(def.owner.and_then(|owner| owner.cfg.as_ref()));
        out.extend(def.item.cfg.as_ref());
        out
    }

    /// Services that link the crate of a definition.
    #[must_use]
    pub fn services_of(&self, id: DefId) -> &[SmolStr] {
        &self.krate(self.module(self.def(id).module).krate).input.services
    }

    /// Whether a service links the crate of a definition; in a tree without services, everything counts.
    #[must_use]
    pub fn is_linked(&self, id: DefId) -> bool {
        let input = &self.krate(self.module(self.def(id).module).krate).input;
        input.asked_for || !input.services.is_empty() || self.krates.iter().all(|krate| krate.input.services.is_empty())
    }

    /// The function facts of a definition, if it is a function.
    #[must_use]
    pub fn func(&self, id: DefId) -> Option<&'f crate::facts::FnFact> {
        match &self.def(id).item.kind {
            ItemKind::Fn(func) => Some(func),
            _ => None,
        }
    }
}

pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a workspace has fewer than 2^32 definitions")
}
