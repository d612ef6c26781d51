//! Traits that types get through other traits: `impl<T: Store> StoreExt for T`.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::facts::{ItemKind, Ty};
use crate::resolve::{DefId, Program, Res, Space};

/// Extensions of extensions.
const MAX_HOPS: u32 = 4;

/// The traits of the linked sources that are implemented for whatever implements others.
#[derive(Default)]
pub(super) struct Blankets {
    /// Each with the traits that it asks for.
    all: Vec<(DefId, BTreeSet<DefId>)>,
    /// Traits by the types that implement them by name.
    by_type: BTreeMap<DefId, BTreeSet<DefId>>,
}

impl Blankets {
    pub(super) fn of(program: &Program<'_>, catalog: &Catalog) -> Self {
        let mut out = Self::default();
        for (of, types) in &program.implementors {
            for ty in types {
                out.by_type.entry(*ty).or_default().insert(*of);
            }
        }
        for (_, def) in program.all_defs() {
            let ItemKind::Impl(imp) = &def.item.kind else { continue };
            let (Ty::Path(this), Some(of)) = (&imp.self_ty, &imp.of_trait) else { continue };
            let Some(generic) = this.single().and_then(|name| imp.generics.iter().find(|generic| generic.name == *name)) else { continue };
            let resolve = |path| match program.resolve(catalog, def.module, path, Space::Type) {
                Some(Res::Def(id)) => Some(id),
                _ => None,
            };
            // A bound of a trait that is not read may be one that only some types meet, or `Send`: those of read ones decide.
            let bounds: BTreeSet<DefId> = generic.bounds.iter().filter_map(resolve).collect();
            if let Some(of) = resolve(of)
                && !bounds.is_empty()
            {
                out.all.push((of, bounds));
            }
        }
        out
    }

    /// The traits whose methods a type, or a value of a trait, has.
    pub(super) fn traits_of(&self, program: &Program<'_>, id: DefId) -> BTreeSet<DefId> {
        let mut out = self.by_type.get(&id).cloned().unwrap_or_default();
        if matches!(program.def(id).item.kind, ItemKind::Trait(_)) {
            out.insert(id);
        }
        for _ in 0..MAX_HOPS {
            let more = self.all.iter().filter(|(of, bounds)| !out.contains(of) && bounds.is_subset(&out)).map(|(of, _)| *of);
            let more: Vec<DefId> = more.collect();
            if more.is_empty() {
                break;
            }
            out.extend(more);
        }
        out
    }
}
