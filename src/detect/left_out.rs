//! What no service runs: code for tests, crates that nothing links, functions that nobody names.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::unnamed_types::{owner, unnamed_types};
use crate::facts::{Cfg, ItemKind};
use crate::resolve::{BodyFacts, DefId, DefSet, World};

/// What no service runs.
#[derive(Default)]
pub struct LeftOut {
    /// Definitions that are read only for tests.
    pub test_only: DefSet,
    /// Functions of libraries that no code of the services names, or only such functions do; types of which the same is true, with
    /// all that they do.
    dead: DefSet,
}

impl LeftOut {
    /// Gathers it from all bodies.
    #[must_use]
    pub fn new(world: World<'_>, bodies: &[BodyFacts]) -> Self {
        let is_test_only = |id: &DefId| world.program.cfg_of(*id).iter().any(|cfg| is_for_tests(cfg));
        let test_only = world.program.par_ids().filter(is_test_only).collect::<Vec<_>>().into_iter().collect();
        let mut out = Self { test_only, dead: DefSet::default() };
        let run: Vec<&BodyFacts> = out.run(world, bodies).collect();
        let (types, named) = rayon::join(|| unnamed_types(world, &run, &out.test_only), || Named::new(world, &run));
        let of_such = |id: DefId| owner(world, id).is_some_and(|of| types.contains(&of));
        let (such, run): (Vec<&BodyFacts>, Vec<&BodyFacts>) = run.into_iter().partition(|body| of_such(body.def));
        out.dead = dead(world, named, &such, &run);
        out.dead.extend(world.program.all_defs().map(|(id, _)| id).filter(|id| !types.is_empty() && of_such(*id)));
        out
    }

    /// The bodies of the services.
    pub fn run<'b>(&self, world: World<'b>, bodies: &'b [BodyFacts]) -> impl Iterator<Item = &'b BodyFacts> {
        bodies.iter().filter(move |body| !self.test_only.contains(body.def) && world.program.is_linked(body.def))
    }

    /// Whether no service runs the body of a definition.
    #[must_use]
    pub fn has(&self, world: World<'_>, id: DefId) -> bool {
        self.test_only.contains(id) || !world.program.is_linked(id) || self.is_dead(world, id)
    }

    /// A function of a library that no code of the services names: a tool's, one for tests, or left over.
    #[must_use]
    pub fn is_dead(&self, world: World<'_>, id: DefId) -> bool {
        self.dead.contains(world.program.def(id).in_fn.unwrap_or(id))
    }
}

/// Attributes that name nothing and change nothing about who calls a function.
pub(super) const INERT: [&str; 8] = ["allow", "cold", "deny", "deprecated", "expect", "inline", "must_use", "warn"];

/// What is named, and what could be left over if it were not.
#[derive(Default)]
struct Named<'b> {
    /// How many bodies mention each name.
    mentions: FxHashMap<&'b SmolStr, usize>,
    /// Functions that can only be called by their name.
    candidates: Vec<DefId>,
}

impl<'b> Named<'b> {
    fn new(world: World<'b>, run: &[&'b BodyFacts]) -> Self {
        if !world.program.krates.iter().any(|krate| krate.input.is_bin) {
            return Self::default();
        }
        let (mentions, candidates) = rayon::join(|| mentioned(world, run), || may_all_be_dead(world));
        Self { mentions, candidates }
    }

    /// Takes back what a body mentions.
    fn without(&mut self, world: World<'b>, body: &'b BodyFacts) {
        for name in others_named(world, body) {
            if let Some(count) = self.mentions.get_mut(name) {
                *count -= 1;
            }
        }
    }
}

/// Functions that nobody names: public ones of a library whose name no call or path of the services ends with, and what only
/// those name, where some bodies do not count. A function's own recursion does not count either.
fn dead<'b>(world: World<'b>, mut named: Named<'b>, such: &[&'b BodyFacts], run: &[&'b BodyFacts]) -> DefSet {
    let program = world.program;
    let mut out = DefSet::default();
    such.iter().for_each(|body| named.without(world, body));
    let mut left = std::mem::take(&mut named.candidates);
    let mentions = |named: &Named<'b>, id: &DefId| named.mentions.get(&program.def(*id).item.name).copied();
    let known: DefSet = left.iter().copied().collect();
    let mut bodies_of: FxHashMap<DefId, Vec<&BodyFacts>> = FxHashMap::default();
    for body in run {
        let of = program.def(body.def).in_fn.unwrap_or(body.def);
        if known.contains(of) {
            bodies_of.entry(of).or_default().push(body);
        }
    }
    // One that is private and never named is called in a way that is not seen: by a macro, say.
    left.retain(|id| program.def(*id).item.public || mentions(&named, id).is_some_and(|count| count > 0));
    let mut by_name: FxHashMap<&SmolStr, Vec<DefId>> = FxHashMap::default();
    for id in left {
        by_name.entry(&program.def(id).item.name).or_default().push(id);
    }
    let is_unnamed = |named: &Named<'b>, name: &SmolStr| named.mentions.get(name).is_none_or(|count| *count == 0);
    let mut open: Vec<DefId> = by_name.iter().filter(|(name, _)| is_unnamed(&named, name)).flat_map(|(_, ids)| ids).copied().collect();
    while let Some(id) = open.pop() {
        out.insert(id);
        for body in bodies_of.get(&id).into_iter().flatten() {
            // What it named last is named no more.
            let last =
                |name: &&SmolStr| named.mentions.get_mut(*name).is_some_and(|count| std::mem::replace(count, count.saturating_sub(1)) == 1);
            let gone: Vec<&SmolStr> = others_named(world, body).filter(last).collect();
            open.extend(gone.into_iter().filter_map(|name| by_name.get(name)).flatten());
        }
    }
    out
}

/// How many bodies mention each name.
fn mentioned<'b>(world: World<'b>, run: &[&'b BodyFacts]) -> FxHashMap<&'b SmolStr, usize> {
    let of_some = |bodies: &[&'b BodyFacts]| {
        let mut out: FxHashMap<&SmolStr, usize> = FxHashMap::default();
        for name in bodies.iter().flat_map(|body| others_named(world, body)) {
            *out.entry(name).or_default() += 1;
        }
        out
    };
    let sums = |mut one: FxHashMap<&'b SmolStr, usize>, mut other: FxHashMap<&'b SmolStr, usize>| {
        if one.len() < other.len() {
            std::mem::swap(&mut one, &mut other);
        }
        for (name, count) in other {
            *one.entry(name).or_default() += count;
        }
        one
    };
    run.par_chunks(8_192).map(of_some).reduce(FxHashMap::default, sums)
}

/// Functions that can only be called by their name, and that no attribute names: what one names may run whatever else is dead.
fn may_all_be_dead(world: World<'_>) -> Vec<DefId> {
    let program = world.program;
    let mut by_attribute: FxHashSet<&str> = FxHashSet::default();
    for attr in program.all_defs().flat_map(|(_, def)| &def.item.attrs) {
        for (key, value) in &attr.args {
            by_attribute.extend(key.split("::").chain(value.as_deref().unwrap_or("").split("::")));
        }
    }
    let ids = program.all_defs().map(|(id, _)| id);
    ids.filter(|id| may_be_dead(world, *id) && !by_attribute.contains(program.def(*id).item.name.as_str())).collect()
}

/// Last names of the calls and paths of a body, its own name left out.
fn others_named<'b>(world: World<'b>, body: &'b BodyFacts) -> impl Iterator<Item = &'b SmolStr> {
    let own = &world.program.def(body.def).item.name;
    body.names.iter().filter(move |name| *name != own)
}

/// A function of a library that can only be called by its name.
fn may_be_dead(world: World<'_>, id: DefId) -> bool {
    let program = world.program;
    let def = program.def(id);
    let in_trait = match def.owner.map(|owner| &owner.kind) {
        Some(ItemKind::Impl(imp)) => imp.of_trait.is_some(),
        Some(_) => true,
        None => false,
    };
    let is_inert = |attr: &crate::facts::Attr| attr.path.single().is_some_and(|name| INERT.contains(&name.as_str()));
    let is_library = !program.krate(program.module(def.module).krate).input.is_bin;
    program.func(id).is_some() && is_library && !in_trait && def.item.attrs.iter().all(is_inert)
}

/// A condition that only test builds fulfil: `test`, or a feature that says so by its name.
fn is_for_tests(cfg: &Cfg) -> bool {
    match cfg {
        Cfg::Flag(name) => name == "test" || name == "doctest",
        Cfg::KeyValue(key, value) => {
            key == "feature"
                && (matches!(value.as_str(), "test" | "tests" | "testing" | "mock" | "mocks" | "fuzzing")
                    || ["test-", "test_", "testing-", "testing_", "mock-", "mock_"].iter().any(|start| value.starts_with(start)))
        }
        Cfg::All(all) => all.iter().any(is_for_tests),
        Cfg::Any(any) => !any.is_empty() && any.iter().all(is_for_tests),
        Cfg::Not(_) => false,
    }
}
