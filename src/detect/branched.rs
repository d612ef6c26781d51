//! Whether a start-up always comes by a place, or only where some branch is taken.

use rustc_hash::FxHashSet;

use super::context::Cx;
use crate::catalog::Lifecycles;
use crate::resolve::{At, DefId};

/// Functions of functions of functions that are asked who calls them.
const MAX_CALLERS: usize = 6;

/// What branches say of the way to a place.
pub(super) struct Branched {
    /// Functions that start a server, and who leads to them: whatever chooses among these chooses what the program is to be.
    serving: FxHashSet<DefId>,
}

impl Branched {
    pub(super) fn of(cx: &Cx<'_>) -> Self {
        let known = Lifecycles::builtin();
        let starts = cx.bodies().filter(|body| body.known.iter().any(|call| known.server(&call.path).is_some()));
        let mut level: Vec<DefId> = starts.map(|body| body.def).collect();
        let mut serving: FxHashSet<DefId> = level.iter().copied().collect();
        while let Some(id) = level.pop() {
            let callers = cx.uses.calls.get(&id).into_iter().flatten().map(|(caller, ..)| *caller);
            level.extend(callers.filter(|caller| serving.insert(*caller)));
        }
        Self { serving }
    }

    /// Some ways through the start-up do not come by this place of a function.
    pub(super) fn may_miss(&self, cx: &Cx<'_>, func: DefId, at: At) -> bool {
        let here = cx.body_of.get(&func).is_some_and(|body| cx.bodies[*body].branched.contains(&at));
        here || self.may_be_missed(cx, func, 0)
    }

    /// Every call of the function is one that may be missed.
    fn may_be_missed(&self, cx: &Cx<'_>, func: DefId, depth: usize) -> bool {
        let callers = cx.uses.calls.get(&func).map_or(&[][..], Vec::as_slice);
        depth < MAX_CALLERS
            && !callers.is_empty()
            && !self.serving.contains(&func)
            && callers.iter().all(|(caller, at, _)| {
                let here = cx.body_of.get(caller).is_some_and(|body| cx.bodies[*body].branched.contains(at));
                here || (*caller != func && self.may_be_missed(cx, *caller, depth + 1))
            })
    }
}
