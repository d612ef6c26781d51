//! What one loop does from round to round: what it holds, how it waits, when it gives up.

use super::calls::LocalType;
use super::infer::{Callee, LocalId};
use super::program::DefId;
use super::reader::Reader;
use super::retrying::{Outcome, is_pause};
use super::types::Type;
use super::values::{At, Value};
use super::walk::children;
use crate::catalog::Shape;
use crate::facts::{BinOp, Expr, ExprId, Name, Span, Stmt};
use crate::model::Access;

/// Loops inside this many others are not read.
const MAX_NESTED: usize = 4;
/// Expressions nested deeper than this in a loop are not read.
const MAX_DEPTH: u32 = 300;

/// What one loop does from round to round.
#[derive(Clone, Debug)]
pub struct LoopFacts {
    /// Its keyword.
    pub at: At,
    /// It waits for something in each round and for nothing in particular to end.
    pub endless: bool,
    /// The line of its last call.
    pub until: u32,
    /// It is left by `break` or `return`.
    pub may_end: bool,
    /// It does more than to wait: `loop { sleep(DAY).await }` only keeps the process alive.
    pub does_work: bool,
    /// It stands in something that is spawned.
    pub spawned: bool,
    /// It stands in another loop.
    pub nested: bool,
    /// It takes what arrives, one after the other: connections, messages.
    pub takes: bool,
    /// Variables from before the loop that it changes, in order of binding.
    pub held: Vec<Held>,
    /// Types of all variables from before the loop that it uses.
    pub keeps: Vec<Kept>,
    /// Fields of structs of the workspace that it changes.
    pub writes: Vec<(DefId, Name)>,
    /// Functions of the workspace that it calls in its own flow.
    pub calls: Vec<DefId>,
    /// Functions of the workspace in what it spawns.
    pub spawns: Vec<DefId>,
    /// How it tries again.
    pub retrying: Retrying,
}

/// The type of a variable from before the loop that the loop uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The type.
    pub ty: Type,
    /// The variable is used after the loop.
    pub used_after: bool,
    /// It is part of what the function or task gives back.
    pub returned: bool,
}

/// A variable from before the loop that the loop changes.
#[derive(Clone, Debug)]
pub struct Held {
    /// The variable.
    pub local: LocalType,
    /// It gets elements, or may: it starts empty and is only ever lent to functions.
    pub grows: bool,
    /// It is set as a whole, or counted.
    pub assigned: bool,
    /// Every round empties it or sets it anew.
    pub fresh: bool,
    /// It is used after the loop.
    pub used_after: bool,
    /// It is part of what the function or task gives back.
    pub returned: bool,
    /// Nothing in the loop takes elements out again.
    pub only_grows: bool,
    /// It counts attempts, or is how long to pause.
    pub paces: bool,
}

/// How a loop tries again.
#[derive(Clone, Debug, Default)]
pub struct Retrying {
    /// The number that its counter is compared with, or where its range ends.
    pub bound: Option<Value>,
    /// The range includes its end and starts at nought: one attempt more than `bound`.
    pub one_more: bool,
    /// It walks over a list of pauses.
    pub scheduled: bool,
    /// Its pauses.
    pub pauses: Vec<Pause>,
    /// How the pause grows, in words.
    pub growth: Option<&'static str>,
    /// The longest pause that it grows to.
    pub longest: Option<Value>,
    /// Something in it can fail, and it tells success from failure.
    pub fallible: bool,
    /// It ends when the work succeeded.
    pub ends_on_success: bool,
    /// It ends where something was told to have succeeded.
    pub succeeds: bool,
    /// It ends after some failures.
    pub gives_up: bool,
    /// Whoever comes behind the telling of success from failure has failed.
    pub only_failures_go_on: bool,
    /// A variable that speaks of attempts goes up in it.
    pub counts: bool,
    /// It may end before its count is up, one way or the other.
    pub exits: bool,
    /// Its counter or its bound speaks of attempts.
    pub named: bool,
    /// It waits for an answer.
    pub awaits: bool,
    /// What it tries was given to the function as a parameter.
    pub given: bool,
}

/// A pause in a loop.
#[derive(Clone, Debug)]
pub struct Pause {
    /// How long.
    pub value: Option<Value>,
    /// Where.
    pub at: At,
    /// After a failure.
    pub failed: bool,
    /// In a branch of the loop.
    pub conditional: bool,
}

/// Where an expression stands in its loop.
#[derive(Clone, Copy, Default)]
pub(super) struct Spot {
    conditional: bool,
    failed: bool,
    succeeded: bool,
    /// It succeeded, whatever came out of it.
    plainly: bool,
    /// In a loop inside.
    nested: bool,
    /// In a closure or future: `return` and `break` do not leave the loop.
    apart: bool,
    /// In something that is spawned.
    spawned: bool,
}

impl Spot {
    /// Every round comes here.
    pub(super) fn in_each_round(self) -> bool {
        !self.conditional && !self.nested && !self.apart
    }
}

/// What is gathered on the walk through a loop.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) retrying: Retrying,
    /// Uses of variables from before the loop.
    pub(super) uses: Vec<(ExprId, LocalId, Spot)>,
    /// A comparison, and both sides of it.
    pub(super) compared: Vec<(ExprId, ExprId, ExprId)>,
    /// Variables that go up by one.
    pub(super) counted: Vec<LocalId>,
    /// Where they do.
    pub(super) counted_at: Vec<(LocalId, ExprId)>,
    /// Variables that count attempts or are how long to pause.
    pub(super) paced: Vec<LocalId>,
    /// Variables that are multiplied, with how and up to what.
    pub(super) grown: Vec<(LocalId, (&'static str, Option<ExprId>))>,
    pub(super) writes: Vec<(DefId, Name)>,
    pub(super) calls: Vec<DefId>,
    pub(super) spawns: Vec<DefId>,
    /// The line of the last call.
    pub(super) until: u32,
}

impl Reader<'_> {
    /// Reads one loop; none for those deep inside others.
    pub(super) fn loop_facts(&self, id: ExprId) -> Option<LoopFacts> {
        let (around, spawned) = self.around(id);
        if around > MAX_NESTED {
            return None;
        }
        let (span, parts): (Span, [Option<ExprId>; 2]) = match &self.body[id] {
            Expr::Loop { body, span } => (*span, [None, Some(*body)]),
            Expr::While { cond, body, span } => (*span, [Some(*cond), Some(*body)]),
            Expr::For { body, span, .. } => (*span, [None, Some(*body)]),
            _ => return None,
        };
        let mut seen = Seen::default();
        // `while let Err(error) = send() { … }`: each round comes after a failure, and success ends it.
        let until_it_works = parts[0].is_some_and(|cond| self.condition(cond) == Outcome::Failure);
        if until_it_works {
            let retrying = &mut seen.retrying;
            (retrying.fallible, retrying.ends_on_success, retrying.succeeds, retrying.exits) = (true, true, true, true);
        }
        for (at, part) in parts.into_iter().enumerate() {
            let spot = Spot { failed: until_it_works && at == 1, ..Spot::default() };
            part.iter().for_each(|part| self.in_round(*part, span.line, spot, &mut seen, 0));
        }
        if let Some((_, (growth, cap))) = seen.grown.iter().find(|(local, _)| seen.paced.contains(local)) {
            seen.retrying.growth = Some(growth);
            seen.retrying.longest = cap.map(|cap| self.tracer.value(cap));
        }
        self.bound_of(id, span.line, &mut seen);
        let may_end = matches!(&self.body[id], Expr::Loop { body, .. } if self.leaves(*body));
        // Page after page until there is none is no loop without end.
        let endless = self.is_endless(id, !spawned) && (!may_end || self.waits_for_events(id));
        let (held, keeps) = if endless && around == 0 { self.held(id, &seen) } else { Default::default() };
        let Seen { mut retrying, mut calls, mut spawns, writes, until, .. } = seen;
        retrying.scheduled &= !retrying.pauses.is_empty();
        for list in [&mut calls, &mut spawns] {
            list.sort_unstable();
            list.dedup();
        }
        Some(LoopFacts {
            at: self.at(span),
            endless,
            until,
            may_end,
            does_work: self.does_work(id),
            spawned,
            nested: around > 0,
            takes: self.takes(id),
            held,
            keeps,
            writes,
            calls,
            spawns,
            retrying,
        })
    }

    /// It calls something else than one pause.
    fn does_work(&self, id: ExprId) -> bool {
        let Expr::Loop { body, .. } = &self.body[id] else { return true };
        let Expr::Block(stmts) = &self.body[*body] else { return true };
        let [Stmt::Expr { expr, .. }] = &**stmts else { return true };
        let mut at = *expr;
        while let Expr::Await(inner) | Expr::Try(inner) = &self.body[at] {
            at = *inner;
        }
        match &self.body[at] {
            Expr::Call { callee, .. } => {
                let is_wait = |name: &str| is_pause(name) || matches!(name, "park" | "pending" | "yield_now");
                !matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| is_wait(last)))
            }
            _ => true,
        }
    }

    /// Loops around an expression, and whether it stands in something that is spawned.
    fn around(&self, id: ExprId) -> (usize, bool) {
        let (mut loops, mut spawned, mut at) = (0, false, id);
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => loops += 1,
                Expr::Call { .. } | Expr::Method { .. } => spawned |= self.is_spawn(parent),
                _ => {}
            }
            at = parent;
        }
        (loops, spawned)
    }

    fn is_spawn(&self, id: ExprId) -> bool {
        matches!(self.types.callees.get(&id), Some(Callee::Foreign(path))
            if self.world.catalog.path(path).is_some_and(|hit| self.world.catalog.api(hit.entry).shape == Shape::Spawn))
    }

    /// The walk through one round.
    fn in_round(&self, id: ExprId, line: u32, spot: Spot, seen: &mut Seen, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let expr = &self.body[id];
        let mut inner = spot;
        match expr {
            Expr::Path(..) => {
                if let Some(local) = self.types.local_of.get(&id)
                    && self.types.locals[local.0 as usize].line < line
                {
                    seen.uses.push((id, *local, spot));
                }
            }
            Expr::Field { base, name, .. } => {
                if let Some(of) = self.struct_with(*base, name).filter(|_| self.access(id) == Access::Write) {
                    seen.writes.push((of, name.clone()));
                }
            }
            Expr::Match { value, arms } => return self.outcomes(*value, arms, line, spot, seen, depth),
            Expr::If { cond, then, otherwise } => return self.either(*cond, *then, *otherwise, line, spot, seen, depth),
            Expr::Block(stmts) => {
                for stmt in stmts {
                    if let Stmt::Let { pat, init, otherwise: Some(otherwise), .. } = stmt {
                        let of_result = self.outcome(*pat) == Outcome::Success && init.is_some_and(|init| !self.is_wait(init));
                        seen.retrying.fallible |= of_result;
                        init.iter().for_each(|init| self.in_round(*init, line, spot, seen, depth + 1));
                        let inner = Spot { conditional: true, failed: spot.failed | of_result, ..spot };
                        self.in_round(*otherwise, line, inner, seen, depth + 1);
                    } else {
                        let (Stmt::Let { init: Some(expr), .. } | Stmt::Expr { expr, .. }) = stmt else { continue };
                        self.in_round(*expr, line, spot, seen, depth + 1);
                    }
                }
                return;
            }
            Expr::For { iter, body, .. } => {
                self.in_round(*iter, line, spot, seen, depth + 1);
                return self.in_round(*body, line, Spot { nested: true, ..spot }, seen, depth + 1);
            }
            Expr::Loop { .. } | Expr::While { .. } => inner.nested = true,
            Expr::Await(_) => seen.retrying.awaits = true,
            Expr::Closure { .. } | Expr::Async { .. } => inner.apart = true,
            Expr::Return(value) | Expr::Break(value) if !spot.apart && (!spot.nested || matches!(expr, Expr::Return(_))) => {
                seen.retrying.exits = true;
                seen.retrying.gives_up |= spot.failed && !value.is_some_and(|value| self.is_ok(value));
                let good = spot.succeeded || !spot.conditional || value.is_some_and(|value| self.is_ok(value));
                seen.retrying.ends_on_success |= good && !spot.failed;
                seen.retrying.succeeds |= spot.plainly && !spot.failed;
            }
            Expr::Binary { op, left, right } if op.compares() && !spot.nested => seen.compared.push((id, *left, *right)),
            Expr::Binary { op: BinOp::Shl, .. } if !spot.nested => seen.retrying.growth = Some("doubles"),
            Expr::Assign { left, right, compound } if !spot.nested => self.counts(*left, *right, *compound, seen),
            _ => {}
        }
        if let Expr::Call { span, .. } | Expr::Method { span, .. } = expr {
            seen.until = seen.until.max(span.line);
            self.call_in_round(id, spot, seen);
            inner.spawned |= self.is_spawn(id);
            inner.apart |= inner.spawned;
        }
        children(expr, &mut |child| self.in_round(child, line, inner, seen, depth + 1));
    }

    fn call_in_round(&self, id: ExprId, spot: Spot, seen: &mut Seen) {
        if let Some(Callee::Def(func)) = self.types.callees.get(&id)
            && self.world.program.func(*func).is_some()
        {
            if spot.spawned { &mut seen.spawns } else { &mut seen.calls }.push(*func);
        }
        if spot.nested || spot.spawned {
            return;
        }
        let (name, args, span) = match &self.body[id] {
            Expr::Call { callee, args, span } => {
                seen.retrying.given |= self.is_parameter(*callee);
                let Expr::Path(path, _) = &self.body[*callee] else { return };
                (path.last(), args, *span)
            }
            Expr::Method { name, args, span, .. } => (Some(name), args, *span),
            _ => return,
        };
        let Some(name) = name.map(smol_str::SmolStr::as_str) else { return };
        if matches!(name, "pow" | "saturating_pow" | "checked_pow" | "powi" | "powf") {
            seen.retrying.growth = Some("grows exponentially");
        }
        if is_pause(name) && self.goes_on(id) {
            let value = args.last().map(|arg| self.pause(*arg, seen));
            seen.retrying.pauses.push(Pause { value, at: self.at(span), failed: spot.failed, conditional: spot.conditional });
        }
    }

    fn outcomes(&self, value: ExprId, arms: &[crate::facts::Arm], line: u32, spot: Spot, seen: &mut Seen, depth: u32) {
        self.in_round(value, line, spot, seen, depth + 1);
        let told: Vec<Outcome> = arms.iter().map(|arm| self.outcome(arm.pat)).collect();
        let of_result = !self.is_wait(value) && told.iter().any(|one| matches!(one, Outcome::Success | Outcome::Failure));
        seen.retrying.fallible |= of_result && told.contains(&Outcome::Failure);
        seen.retrying.fallible |= of_result && told.contains(&Outcome::Rest);
        if of_result && !spot.conditional && !spot.nested && !spot.apart {
            let ends = |wanted: Outcome| {
                let mut of_that =
                    arms.iter().zip(&told).filter(|(_, told)| **told == wanted).map(|(arm, _)| self.ends(arm.body)).peekable();
                of_that.peek().is_some().then(|| of_that.all(|ends| ends))
            };
            seen.retrying.only_failures_go_on |= ends(Outcome::Success) == Some(true) && ends(Outcome::Failure) == Some(false);
        }
        for (at, arm) in arms.iter().enumerate() {
            let told = match told[at] {
                // What is left when one of the two was taken out before.
                Outcome::Rest if told[..at].contains(&Outcome::Success) && !told.contains(&Outcome::Failure) => Outcome::Failure,
                Outcome::Rest if told[..at].contains(&Outcome::Failure) => Outcome::Success,
                one => one,
            };
            let inner = Spot {
                conditional: true,
                failed: spot.failed || (of_result && told == Outcome::Failure),
                succeeded: spot.succeeded || (of_result && told == Outcome::Success),
                plainly: spot.plainly || (of_result && told == Outcome::Success && arm.guard.is_none() && self.takes_any(arm.pat)),
                ..spot
            };
            arm.guard.iter().for_each(|guard| self.in_round(*guard, line, inner, seen, depth + 1));
            self.in_round(arm.body, line, inner, seen, depth + 1);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one `if`")]
    fn either(&self, cond: ExprId, then: ExprId, otherwise: Option<ExprId>, line: u32, spot: Spot, seen: &mut Seen, depth: u32) {
        self.in_round(cond, line, spot, seen, depth + 1);
        let told = self.condition(cond);
        seen.retrying.fallible |= told != Outcome::Other;
        // A branch of `select!` is taken in one round or another, as conditional as any.
        let spot_of = |told: Outcome| Spot {
            conditional: true,
            failed: spot.failed || told == Outcome::Failure,
            succeeded: spot.succeeded || told == Outcome::Success,
            plainly: spot.plainly || told == Outcome::Success,
            ..spot
        };
        self.in_round(then, line, spot_of(told), seen, depth + 1);
        if let Some(otherwise) = otherwise {
            let told = match told {
                Outcome::Success => Outcome::Failure,
                Outcome::Failure => Outcome::Success,
                other => other,
            };
            self.in_round(otherwise, line, spot_of(told), seen, depth + 1);
        }
    }

    /// `return`, `break`, or a block that ends with one.
    fn ends(&self, id: ExprId) -> bool {
        match &self.body[id] {
            Expr::Return(_) | Expr::Break(_) => true,
            Expr::Block(stmts) => matches!(stmts.last(), Some(Stmt::Expr { expr, .. }) if self.ends(*expr)),
            _ => false,
        }
    }
}
