//! Who uses what: statics, fields, functions. Gathered once, so that no detector walks all bodies for each item.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::growth::Growth;
use super::handles::Handles;
use crate::model::Access;
use crate::resolve::{At, BodyFacts, Bound, Condition, DefId, World};

/// A place that uses something, the definition whose body it stands in, and how.
pub type UsedAt = (At, DefId, Access);

/// Uses by what is used, each list in order of the bodies.
#[derive(Default)]
pub struct Uses {
    /// Of statics and consts.
    pub statics: FxHashMap<DefId, Vec<UsedAt>>,
    /// What the settings have to say for a static to be asked, for each place that asks it behind a condition.
    pub asked_when: FxHashMap<DefId, Vec<Vec<Condition>>>,
    /// Methods that are called on statics.
    pub on_statics: FxHashMap<DefId, Vec<SmolStr>>,
    /// Where thread-locals are set, in which functions, and whether the same future pauses afterwards.
    pub thread_sets: FxHashMap<DefId, Vec<(DefId, At, bool)>>,
    /// Of fields.
    pub fields: FxHashMap<(DefId, SmolStr), Vec<UsedAt>>,
    /// Fields that hold a map in which numbers are added up.
    pub tallies: FxHashSet<(DefId, SmolStr)>,
    /// What happens to collections in fields and statics.
    pub growth: Growth,
    /// Calls of functions: caller, place, what becomes of the result.
    pub calls: FxHashMap<DefId, Vec<(DefId, At, Bound)>>,
    /// Who has handles of what is kept in fields and variables.
    pub handles: Handles,
    /// Foreign functions that are called anywhere.
    pub foreign: FxHashSet<SmolStr>,
}

impl Uses {
    /// Gathers what the given bodies use.
    #[must_use]
    pub fn new<'b>(world: World<'_>, bodies: impl Iterator<Item = &'b BodyFacts>) -> Self {
        let mut out = Self::default();
        for body in bodies {
            let file = u32::try_from(world.program.module(world.program.def(body.def).module).file).unwrap_or(u32::MAX);
            for (of, access, span) in &body.statics {
                out.statics.entry(*of).or_default().push((At { file, span: *span }, body.def, *access));
            }
            for (of, conditions) in &body.asked_when {
                out.asked_when.entry(*of).or_default().push(conditions.clone());
            }
            for (of, method) in &body.on_statics {
                out.on_statics.entry(*of).or_default().push(method.clone());
            }
            for set in &body.thread_sets {
                out.thread_sets.entry(set.of).or_default().push((body.def, set.at, set.pauses_after));
            }
            for (of, name, access, span) in &body.field_uses {
                out.fields.entry((*of, name.clone())).or_default().push((At { file, span: *span }, body.def, *access));
            }
            out.tallies.extend(body.tallies.iter().cloned());
            out.growth.take_in(body);
            out.handles.take_in(body);
            for call in &body.own {
                out.calls.entry(call.func).or_default().push((body.def, call.at, call.bound.clone()));
            }
            for path in &body.foreign {
                if !out.foreign.contains(path) {
                    out.foreign.insert(path.clone());
                }
            }
        }
        out.follow_handles();
        out
    }
}
