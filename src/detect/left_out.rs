//! What no service runs: code for tests, crates that nothing links, functions that nobody names.

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::facts::{Cfg, ItemKind};
use crate::resolve::{BodyFacts, DefId, World};

/// What no service runs.
#[derive(Default)]
pub struct LeftOut {
    /// Definitions that are read only for tests.
    pub test_only: FxHashSet<DefId>,
    /// Names that bodies of the services mention in calls and paths.
    mentioned: FxHashSet<SmolStr>,
}

impl LeftOut {
    /// Gathers it from all bodies.
    #[must_use]
    pub fn new(world: World<'_>, bodies: &[BodyFacts]) -> Self {
        let ids: Vec<DefId> = world.program.all_defs().map(|(id, _)| id).collect();
        let test_only = ids.into_par_iter().filter(|id| world.program.cfg_of(*id).iter().any(|cfg| is_for_tests(cfg)));
        let test_only = test_only.collect::<Vec<_>>().into_iter().collect();
        let mut out = Self { test_only, mentioned: FxHashSet::default() };
        out.mentioned = out.names_mentioned(world, bodies);
        out
    }

    /// The bodies of the services.
    pub fn run<'b>(&self, world: World<'_>, bodies: &'b [BodyFacts]) -> impl Iterator<Item = &'b BodyFacts> {
        bodies.iter().filter(move |body| !self.test_only.contains(&body.def) && world.program.is_linked(body.def))
    }

    /// Whether no service runs the body of a definition.
    #[must_use]
    pub fn has(&self, world: World<'_>, id: DefId) -> bool {
        self.test_only.contains(&id) || !world.program.is_linked(id) || self.is_dead(world, id)
    }

    /// A public function of a library that no code of the services names: a tool's, or left over.
    #[must_use]
    pub fn is_dead(&self, world: World<'_>, id: DefId) -> bool {
        let program = world.program;
        let def = program.def(id);
        let is_library = !program.krate(program.module(def.module).krate).input.is_bin;
        let in_trait = match def.owner.map(|owner| &owner.kind) {
            Some(ItemKind::Impl(imp)) => imp.of_trait.is_some(),
            Some(_) => true,
            None => false,
        };
        let has_bins = program.krates.iter().any(|krate| krate.input.is_bin);
        let may_be = program.func(id).is_some() && def.item.public && is_library && has_bins && !in_trait && def.item.attrs.is_empty();
        may_be && !self.mentioned.contains(&def.item.name)
    }

    /// Every name that a call or path of the services ends with; a function's own recursion does not count.
    fn names_mentioned(&self, world: World<'_>, bodies: &[BodyFacts]) -> FxHashSet<SmolStr> {
        let mut out = FxHashSet::default();
        for body in self.run(world, bodies) {
            let own = &world.program.def(body.def).item.name;
            for name in body.names.iter().filter(|name| *name != own) {
                if !out.contains(name) {
                    out.insert(name.clone());
                }
            }
        }
        for attr in world.program.all_defs().flat_map(|(_, def)| &def.item.attrs) {
            for (key, value) in &attr.args {
                let words = key.split("::").chain(value.as_deref().unwrap_or("").split("::"));
                out.extend(words.map(SmolStr::new));
            }
        }
        out
    }
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
