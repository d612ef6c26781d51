//! Variables that live from one round of a loop to the next.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::calls::LocalType;
use super::infer::LocalId;
use super::loops::{Held, Kept, Seen, Spot};
use super::reader::Reader;
use crate::facts::{Expr, ExprId, Span, Stmt};

/// What happens to a variable in a loop.
#[derive(Default)]
struct Change {
    grows: bool,
    assigned: bool,
    fresh: bool,
    lent: bool,
    shrinks: bool,
}

impl Reader<'_> {
    /// The variables from before a loop that it changes, and the types of all that it uses.
    pub(super) fn held(&self, id: ExprId, seen: &Seen) -> (Vec<Held>, Vec<Kept>) {
        let mut changes: BTreeMap<LocalId, Change> = BTreeMap::new();
        for (id, local, spot) in &seen.uses {
            self.change(*id, *spot, changes.entry(*local).or_default());
        }
        let mut keeps: Vec<Kept> = Vec::new();
        let mut held = Vec::new();
        let inside: FxHashSet<ExprId> = seen.uses.iter().map(|(id, ..)| *id).collect();
        for (variable, change) in changes {
            let local = &self.types.locals[variable.0 as usize];
            // Expressions stand in the arena in the order of the code.
            let is_self = local.name == "self";
            let used_after = !is_self && self.uses_of(variable.0 as usize).iter().any(|used| *used > id);
            let returned = !is_self && self.uses_of(variable.0 as usize).iter().any(|used| self.is_returned(*used));
            let kept = Kept { ty: local.ty.clone(), used_after, returned };
            if local.ty.is_known() && !keeps.contains(&kept) {
                keeps.push(kept);
            }
            let starts_empty = local.init.is_some_and(|init| self.is_empty(init));
            // Empty, never filled before the loop, and lent to functions in it: they fill it, or it would be of no use.
            let filled_by_others = change.lent && starts_empty && !self.changes_outside(variable, &inside);
            let grows = change.grows || filled_by_others;
            if !grows && !change.assigned {
                continue;
            }
            held.push(Held {
                local: LocalType {
                    name: local.name.clone(),
                    ty: local.ty.clone(),
                    at: self.at(Span { line: local.line.max(1), column: 1 }),
                    made: local.init.is_some(),
                },
                grows,
                assigned: change.assigned,
                fresh: change.fresh,
                used_after,
                returned,
                only_grows: grows && !change.shrinks && !change.assigned && !change.lent,
                paces: seen.paced.contains(&variable),
            });
        }
        (held, keeps)
    }

    /// Part of what `return` or `break` gives, or of the value at the end of the function or task.
    fn is_returned(&self, id: ExprId) -> bool {
        let mut at = id;
        for _ in 0..8 {
            let Some(parent) = self.parents[at.0 as usize] else { return true };
            match &self.body[parent] {
                Expr::Return(_) | Expr::Break(_) | Expr::Async { .. } | Expr::Closure { .. } => return true,
                Expr::Call { .. } | Expr::Method { .. } | Expr::Tuple(_) | Expr::Struct { .. } => {}
                Expr::Block(stmts) if matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if *expr == at) => {}
                _ => return false,
            }
            at = parent;
        }
        false
    }

    /// What one mention of a variable does to it.
    fn change(&self, id: ExprId, spot: Spot, change: &mut Change) {
        let mut at = id;
        for _ in 0..8 {
            let Some(parent) = self.parents[at.0 as usize] else { return };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => {
                    change.shrinks |= removes(name);
                    if adds(name) {
                        change.grows = true;
                    } else if takes_all(name) {
                        change.fresh |= spot.in_each_round();
                    } else if !matches!(name.as_str(), "as_mut" | "get_mut" | "unwrap" | "expect" | "iter_mut" | "values_mut") {
                        return;
                    }
                }
                Expr::Assign { left, compound, .. } if *left == at => {
                    change.assigned = true;
                    // Set anew without a look at what was there.
                    change.fresh |= at == id && !compound && spot.in_each_round();
                    return;
                }
                Expr::Call { callee, .. } if *callee != at => {
                    let takes = matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| last == "take" || last == "replace"));
                    change.fresh |= takes && spot.in_each_round();
                    change.shrinks |= takes;
                    change.lent |= !takes && at != id;
                    return;
                }
                Expr::Method { .. } => {
                    change.lent |= at != id;
                    return;
                }
                // A loop over the thing itself uses it up.
                Expr::For { iter, .. } if *iter == at => {
                    change.shrinks |= at == id;
                    return;
                }
                Expr::Ref(_) | Expr::Deref(_) | Expr::Field { .. } | Expr::Index { .. } | Expr::Try(_) => {}
                _ => return,
            }
            at = parent;
        }
    }

    /// `Vec::new()`, `HashMap::default()`, `vec![]`.
    fn is_empty(&self, init: ExprId) -> bool {
        match &self.body[init] {
            Expr::Call { callee, .. } => matches!(&self.body[*callee], Expr::Path(path, _)
                if path.last().is_some_and(|last| matches!(last.as_str(), "new" | "default" | "with_capacity"))),
            Expr::Macro { path, args, .. } => args.is_empty() && path.last().is_some_and(|last| last == "vec"),
            _ => false,
        }
    }

    /// Something changes a variable outside of the loop.
    fn changes_outside(&self, local: LocalId, inside: &FxHashSet<ExprId>) -> bool {
        self.uses_of(local.0 as usize).iter().filter(|id| !inside.contains(id)).any(|id| {
            let mut change = Change::default();
            self.change(*id, Spot::default(), &mut change);
            change.grows || change.assigned || change.lent
        })
    }
}

/// Methods that put something into a collection.
fn adds(name: &str) -> bool {
    matches!(
        name,
        "insert" | "push" | "push_back" | "push_front" | "entry" | "extend" | "append" | "replace" | "get_or_insert_with" | "get_or_insert"
    )
}

/// Methods that take something out of a collection.
fn removes(name: &str) -> bool {
    takes_all(name)
        || name.starts_with("pop")
        || matches!(name, "remove" | "swap_remove" | "remove_entry" | "retain" | "into_iter" | "shift_remove")
}

/// Methods that empty a collection.
fn takes_all(name: &str) -> bool {
    matches!(name, "clear" | "drain" | "take" | "truncate" | "split_off")
}
