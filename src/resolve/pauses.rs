//! What runs before a later `.await` of the same future, where another task may run on the thread in between; and which waits end.

use rustc_hash::FxHashMap;

use super::growth::Holder;
use super::program::DefId;
use super::reader::Reader;
use super::values::At;
use super::walk::ids;
use crate::facts::{Expr, ExprId, ItemKind, StaticForm};

/// The `.await`s by the closure or block of the future that they stand in; none for the function itself.
pub(super) type Pauses = FxHashMap<Option<ExprId>, Vec<ExprId>>;

/// A thread-local that is given a value.
#[derive(Clone, Debug)]
pub struct ThreadSet {
    /// The thread-local.
    pub of: DefId,
    /// Where.
    pub at: At,
    /// The same future pauses afterwards.
    pub pauses_after: bool,
}

/// What ends a wait: of a request, or of whatever future.
pub const ENDS: &[&str] = &["set_timeout", "timeout", "timeout_at", "with_timeout"];

/// Expressions around a call that are looked at for what ends the wait for it.
const MAX_AROUND: usize = 24;

impl Reader<'_> {
    /// Something ends the wait for what a call returns: `timeout(limit, call())`, `call().timeout(limit)`.
    pub(super) fn is_ended(&self, id: ExprId) -> bool {
        let ends = |name: &str| ENDS.contains(&name);
        let mut at = id;
        for _ in 0..MAX_AROUND {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            let ended = match &self.body[parent] {
                Expr::Call { callee, .. } if *callee != at => {
                    matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| ends(last)))
                }
                Expr::Method { name, .. } => ends(name),
                _ => false,
            };
            if ended {
                return true;
            }
            at = parent;
        }
        false
    }

    /// The same future pauses after an expression.
    pub(super) fn pauses_after(&self, id: ExprId) -> bool {
        let pauses = self.pauses.get_or_init(|| {
            let mut out = Pauses::default();
            for at in ids(self.body).filter(|at| matches!(self.body[*at], Expr::Await(_))) {
                out.entry(self.future_around(at)).or_default().push(at);
            }
            out
        });
        if pauses.is_empty() {
            return false;
        }
        let is_other = |at: &ExprId| !matches!(self.body[*at], Expr::Await(inner) if inner == id);
        // Expressions stand in the arena in the order of the code.
        pauses.get(&self.future_around(id)).is_some_and(|all| all.iter().rev().take_while(|at| **at > id).any(is_other))
    }

    /// The block or closure whose future an expression is a part of.
    pub(super) fn future_around(&self, id: ExprId) -> Option<ExprId> {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            if matches!(self.body[parent], Expr::Async { .. } | Expr::Closure { .. }) {
                return Some(parent);
            }
            at = parent;
        }
        None
    }

    /// The mention of a static is that of a thread-local which is given a value.
    pub(super) fn thread_set(&self, id: ExprId, of: DefId) -> Option<ThreadSet> {
        let ItemKind::Static(fact) = &self.world.program.def(of).item.kind else { return None };
        if fact.form != StaticForm::ThreadLocal || !self.is_given_a_value(id, Holder::Static(of)) {
            return None;
        }
        Some(ThreadSet { of, at: self.at(self.span(id)?), pauses_after: self.pauses_after(id) })
    }
}
