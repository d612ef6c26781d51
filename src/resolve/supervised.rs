//! Tasks that are started again: a loop spawns one, waits for its end, and comes round.

use super::infer::Callee;
use super::reader::Reader;
use super::retrying::{Outcome, is_pause};
use super::values::{At, Value};
use super::walk::{children, ids};
use crate::catalog::Shape;
use crate::facts::{Arm, Expr, ExprId, Pat, Stmt};

/// A function that somebody wrote supervises fewer; each is held against the others.
const MAX_SUPERVISED: usize = 64;

/// A spawn whose task a loop starts again when it has panicked.
#[derive(Clone, Debug)]
pub struct Supervised {
    /// The spawn.
    pub spawn: At,
    /// The loop around it.
    pub by: At,
    /// Nothing else is told of the loop: it may well do more where a closure spawns.
    pub alone: bool,
    /// How long the loop pauses before it spawns again.
    pub pause: Option<Value>,
}

impl Reader<'_> {
    /// The spawns in the rounds of loops that come round after a panic of what was spawned.
    pub(super) fn supervised(&self) -> Vec<Supervised> {
        let mut out = Vec::new();
        for id in ids(self.body) {
            let Some(Callee::Foreign(path)) = self.types.callees.get(&id) else { continue };
            let is_spawn = matches!(self.body[id], Expr::Call { .. } | Expr::Method { .. })
                && self.world.catalog.path(path).is_some_and(|hit| self.world.catalog.api(hit.entry).shape == Shape::Spawn);
            if !is_spawn {
                continue;
            }
            if out.len() == MAX_SUPERVISED {
                break;
            }
            let spawned = self.round_around(id).and_then(|round| {
                let waits = self.waited_for(id, round)?;
                self.survives(waits, round, 0).then_some((round, self.pause_after(waits, round)))
            });
            let alone = spawned.is_some();
            let again = spawned.or_else(|| self.started_anew(id));
            if let Some((round, pause)) = again
                && let Some((Expr::Loop { span, .. }, spawn)) = Some(&self.body[round]).zip(self.span(id))
            {
                out.push(Supervised { spawn: self.at(spawn), by: self.at(*span), alone, pause });
            }
        }
        out
    }

    /// `let start = || spawn(work()); let mut handle = start(); loop { select! { end = &mut handle => { handle = start(); } } }`: the
    /// loop that waits for what a closure spawns, and then has it spawn anew; with the pause before that.
    fn started_anew(&self, spawn: ExprId) -> Option<(ExprId, Option<Value>)> {
        let mut at = spawn;
        let closure = loop {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::Closure { .. } => break parent,
                Expr::Method { recv, .. } if *recv == at => {}
                Expr::Block(stmts) if matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if *expr == at) => {}
                _ => return None,
            }
            at = parent;
        };
        let [starter] = self.locals_bound_to(closure) else { return None };
        let calls = self.uses_of(*starter).iter().filter_map(|used| {
            let call = self.parents[used.0 as usize]?;
            matches!(&self.body[call], Expr::Call { callee, .. } if callee == used).then_some(call)
        });
        let calls: Vec<ExprId> = calls.collect();
        let handle = calls.iter().find_map(|call| match self.locals_bound_to(*call) {
            [handle] => Some(&self.types.locals[*handle].name),
            _ => None,
        })?;
        let names = |id: ExprId| matches!(&self.body[id], Expr::Path(path, _) if path.single() == Some(handle));
        calls.iter().find_map(|call| {
            let assign = self.parents[call.0 as usize]?;
            let Expr::Assign { left, compound: false, .. } = &self.body[assign] else { return None };
            let arm = self.parents[assign.0 as usize].filter(|arm| matches!(self.body[*arm], Expr::Block(_)))?;
            let mut round = arm;
            while !matches!(self.body[round], Expr::Loop { .. }) {
                round = self.parents[round.0 as usize].filter(|up| !matches!(self.body[*up], Expr::Closure { .. } | Expr::Async { .. }))?;
            }
            // The round waits for the handle before, and the end of the task is no end of the loop.
            let waits = self.stands_in(round, arm, &names);
            (names(*left) && waits && !self.ends_round(arm)).then(|| (round, self.pause_after(ExprId(0), arm)))
        })
    }

    /// Whether an expression is of some sort that stands in another one, a part of it left out.
    fn stands_in(&self, id: ExprId, without: ExprId, is_meant: &dyn Fn(ExprId) -> bool) -> bool {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if is_meant(id) {
                return true;
            }
            children(&self.body[id], &mut |child| stack.extend(Some(child).filter(|child| *child != without)));
        }
        false
    }

    /// The loop in each round of which an expression stands.
    fn round_around(&self, id: ExprId) -> Option<ExprId> {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Loop { .. } => return Some(parent),
                Expr::Block(_) | Expr::Await(_) | Expr::Match { .. } | Expr::Let { .. } => {}
                Expr::If { cond, .. } if *cond == at => {}
                _ => return None,
            }
            at = parent;
        }
        None
    }

    /// The `.await` of the handle, of the call itself or of the variable that keeps it, in the same loop.
    fn waited_for(&self, spawn: ExprId, round: ExprId) -> Option<ExprId> {
        let parent = self.parents[spawn.0 as usize]?;
        if matches!(self.body[parent], Expr::Await(_)) {
            return Some(parent);
        }
        let [local] = self.locals_bound_to(spawn) else { return None };
        // What else is done with the handle may end the task or let go of it.
        let [only] = self.uses_of(*local) else { return None };
        let parent = self.parents[only.0 as usize]?;
        (matches!(self.body[parent], Expr::Await(_)) && self.round_around(parent) == Some(round)).then_some(parent)
    }

    /// The loop goes on when what was waited for is an error.
    fn survives(&self, id: ExprId, round: ExprId, depth: u32) -> bool {
        let Some(parent) = self.parents[id.0 as usize] else { return false };
        match &self.body[parent] {
            Expr::Match { value, arms } if *value == id => self.goes_on_after_error(arms),
            Expr::Let { pat, .. } => {
                let Some(Expr::If { then, otherwise, .. }) = self.parents[parent.0 as usize].map(|at| &self.body[at]) else { return false };
                match self.outcome(*pat) {
                    Outcome::Failure => !self.ends_round(*then),
                    Outcome::Success => !otherwise.is_some_and(|otherwise| self.ends_round(otherwise)),
                    _ => false,
                }
            }
            Expr::Block(stmts) => match self.statement(stmts, id).map(|at| &stmts[at]) {
                Some(Stmt::Expr { .. }) => !self.ends_round(parent),
                Some(Stmt::Let { pat, .. }) if matches!(self.body[*pat], Pat::Other) => !self.ends_round(parent),
                // `let ended = handle.await; match ended { … }`.
                Some(Stmt::Let { otherwise: None, .. }) if depth == 0 => match self.locals_bound_to(id) {
                    [local] => match self.uses_of(*local) {
                        [only] => self.round_around(*only) == Some(round) && self.survives(*only, round, depth + 1),
                        _ => false,
                    },
                    _ => false,
                },
                _ => false,
            },
            Expr::Method { recv, name, .. } if *recv == id && name == "ok" => self.survives(parent, round, depth),
            _ => false,
        }
    }

    /// The arm that a panic comes to leads to the next round.
    fn goes_on_after_error(&self, arms: &[Arm]) -> bool {
        let asks = |guard: ExprId, wanted: &str| matches!(&self.body[guard], Expr::Method { name, .. } if name == wanted);
        // Whoever was cancelled has not panicked.
        let mut open = arms.iter().filter(|arm| !arm.guard.is_some_and(|guard| asks(guard, "is_cancelled")));
        let taken = open.find(|arm| {
            let may_be = matches!(self.outcome(arm.pat), Outcome::Failure | Outcome::Rest);
            may_be && self.takes_any_error(arm.pat)
        });
        let is_sure = |arm: &Arm| arm.guard.is_none_or(|guard| asks(guard, "is_panic"));
        taken.is_some_and(|arm| is_sure(arm) && !self.ends_round(arm.body))
    }

    fn takes_any_error(&self, pat: crate::facts::PatId) -> bool {
        match &self.body[pat] {
            Pat::TupleStruct(_, parts) => parts.iter().all(|part| matches!(self.body[*part], Pat::Bind { sub: None, .. } | Pat::Other)),
            Pat::Bind { sub, .. } => sub.is_none(),
            Pat::Other => true,
            _ => false,
        }
    }

    /// Something in it leaves the loop, or ends what runs it.
    fn ends_round(&self, id: ExprId) -> bool {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            match &self.body[id] {
                Expr::Return(_) | Expr::Break(_) | Expr::Try(_) => return true,
                Expr::Macro { path, .. }
                    if path.last().is_some_and(|last| {
                        matches!(last.as_str(), "panic" | "unreachable" | "todo" | "unimplemented" | "bail" | "ensure" | "assert")
                    }) =>
                {
                    return true;
                }
                Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "exit" | "abort" | "resume_unwind")) => {
                    return true;
                }
                Expr::Method { name, .. } if matches!(name.as_str(), "unwrap" | "expect") => return true,
                Expr::Closure { .. } | Expr::Async { .. } => {}
                expr => children(expr, &mut |child| stack.push(child)),
            }
        }
        false
    }

    /// The pause between the end of the task and the next round.
    fn pause_after(&self, waits: ExprId, round: ExprId) -> Option<Value> {
        let mut stack = vec![round];
        while let Some(id) = stack.pop() {
            if let Expr::Call { callee, args, .. } = &self.body[id]
                && let Expr::Path(path, _) = &self.body[*callee]
                && path.last().is_some_and(|last| is_pause(last))
                && id > waits
            {
                return args.last().map(|arg| self.tracer.value(*arg));
            }
            if !matches!(self.body[id], Expr::Closure { .. } | Expr::Async { .. }) {
                children(&self.body[id], &mut |child| stack.push(child));
            }
        }
        None
    }
}
