//! How a loop tries again: success told from failure, pauses that grow, and the number of attempts.

use super::infer::LocalId;
use super::limits::is_about_attempts;
use super::loops::Seen;
use super::reader::Reader;
use super::values::Value;
use crate::facts::{BinOp, Expr, ExprId, Lit, Name, Pat, PatId, Stmt};
use crate::model::FactValue;

/// What an arm or branch says about the outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Rest,
    Other,
}

impl Reader<'_> {
    /// What stands behind a pause is the next round, not the end of the loop.
    pub(super) fn goes_on(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => return true,
                Expr::Block(stmts) => {
                    let last = stmts.last().and_then(|stmt| match stmt {
                        Stmt::Expr { expr, .. } => Some(*expr),
                        Stmt::Let { .. } => None,
                    });
                    // The body of the loop itself may end with the exit that a `continue` in a branch goes around.
                    let is_round = self.parents[parent.0 as usize]
                        .is_none_or(|above| matches!(self.body[above], Expr::Loop { .. } | Expr::For { .. } | Expr::While { .. }));
                    if !is_round && last.is_some_and(|last| last != at && matches!(self.body[last], Expr::Return(_) | Expr::Break(_))) {
                        return false;
                    }
                }
                _ => {}
            }
            at = parent;
        }
        true
    }

    /// How long a pause is: of a variable that grows, where it starts.
    pub(super) fn pause(&self, arg: ExprId, seen: &mut Seen) -> Value {
        let local = self.types.local_of.get(&arg);
        if let Some(local) = local {
            seen.paced.push(*local);
        }
        let init = local.and_then(|local| self.types.locals[local.0 as usize].init).filter(|init| *init != arg);
        if init.is_some() && local.is_some_and(|local| self.types.changed.contains(local)) {
            seen.retrying.growth.get_or_insert("grows");
        }
        let from = init.unwrap_or(arg);
        let as_written = || Value::Unknown(self.tracer.show(from).into());
        let made = match &self.body[from] {
            Expr::Ref(inner) | Expr::Deref(inner) => *inner,
            _ => from,
        };
        match &self.body[made] {
            // One of a list, else the last.
            Expr::Method { name, .. } if name.starts_with("unwrap_or") => as_written(),
            _ => match self.tracer.value(from) {
                // What a function makes of the count of attempts.
                Value::Call { args, .. } if !args.is_empty() => as_written(),
                value => value,
            },
        }
    }

    /// `tries += 1`, `tries = tries.saturating_add(1)`.
    pub(super) fn counts(&self, left: ExprId, right: ExprId, compound: bool, seen: &mut Seen) {
        let Some(local) = self.types.local_of.get(&left) else { return };
        if let Some(growth) = self.growth(right, compound) {
            seen.grown.push((*local, growth));
        }
        let is_one = |id: &ExprId| matches!(self.body[*id], Expr::Lit(Lit::Int(1), _));
        let of_itself = |id: &ExprId| self.types.local_of.get(id) == Some(local);
        let up = match &self.body[right] {
            _ if compound => is_one(&right),
            Expr::Method { recv, args, .. } => of_itself(recv) && args.first().is_some_and(is_one),
            Expr::Binary { op: BinOp::Add | BinOp::Sub, left, right } => of_itself(left) && is_one(right),
            _ => false,
        };
        if up {
            seen.counted_at.push((*local, left));
            seen.counted.push(*local);
        }
    }

    /// `pause * 2`, `min(pause * 2, LONGEST)`: how it grows, and up to what.
    fn growth(&self, id: ExprId, compound: bool) -> Option<(&'static str, Option<ExprId>)> {
        let factor = |id: &ExprId| match &self.body[*id] {
            Expr::Lit(Lit::Int(2), _) => Some("doubles"),
            Expr::Lit(Lit::Int(3..), _) | Expr::Lit(Lit::Float(_), _) => Some("grows"),
            _ => None,
        };
        match &self.body[id] {
            Expr::Lit(..) if compound => factor(&id).map(|growth| (growth, None)),
            Expr::Binary { op: BinOp::Mul, left, right } => factor(right).or(factor(left)).map(|growth| (growth, None)),
            Expr::Method { recv, name, args, .. } => match (name.as_str(), &**args) {
                ("min", [cap]) => self.growth(*recv, false).map(|(growth, _)| (growth, Some(*cap))),
                ("mul_f32" | "mul_f64" | "saturating_mul" | "checked_mul", [by]) => Some((factor(by).unwrap_or("grows"), None)),
                _ => self.growth(*recv, false),
            },
            Expr::Call { callee, args, .. } => match (&self.body[*callee], &**args) {
                (Expr::Path(path, _), [one, two]) if path.last().is_some_and(|last| last == "min") => {
                    let of = |this: ExprId, cap: ExprId| self.growth(this, false).map(|(growth, _)| (growth, Some(cap)));
                    of(*one, *two).or_else(|| of(*two, *one))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What a condition that holds says: `let Ok(x) = …`, `x.is_err()`, `!status.is_success()`.
    pub(super) fn condition(&self, cond: ExprId) -> Outcome {
        match &self.body[cond] {
            Expr::Let { pat, value } if !self.is_wait(*value) => match self.outcome(*pat) {
                Outcome::Rest => Outcome::Other,
                told => told,
            },
            Expr::Method { name, .. } => match name.as_str() {
                "is_ok" | "is_success" | "success" => Outcome::Success,
                "is_err" | "is_server_error" | "is_client_error" => Outcome::Failure,
                name if name.contains("retr") || name.contains("transient") => Outcome::Failure,
                _ => Outcome::Other,
            },
            Expr::Unary(inner) => match self.condition(*inner) {
                Outcome::Success => Outcome::Failure,
                Outcome::Failure => Outcome::Success,
                told => told,
            },
            Expr::Binary { op: BinOp::And | BinOp::Equal | BinOp::Unequal | BinOp::Other, left, right } => match self.condition(*left) {
                Outcome::Other => self.condition(*right),
                told => told,
            },
            _ => Outcome::Other,
        }
    }

    pub(super) fn outcome(&self, pat: PatId) -> Outcome {
        match &self.body[pat] {
            Pat::TupleStruct(path, _) => match path.last().map_or("", smol_str::SmolStr::as_str) {
                "Ok" => Outcome::Success,
                "Err" => Outcome::Failure,
                _ => Outcome::Other,
            },
            Pat::Bind { sub: Some(sub), .. } | Pat::Ref(sub) | Pat::Typed(sub, _) => self.outcome(*sub),
            Pat::Or(all) => all.first().map_or(Outcome::Other, |first| self.outcome(*first)),
            Pat::Bind { .. } | Pat::Other => Outcome::Rest,
            _ => Outcome::Other,
        }
    }

    /// `Ok(x)`, `Ok(_)`, as opposed to `Ok(None)`.
    pub(super) fn takes_any(&self, pat: PatId) -> bool {
        match &self.body[pat] {
            Pat::TupleStruct(_, parts) => parts.iter().all(|part| match &self.body[*part] {
                Pat::Bind { sub, .. } => sub.is_none(),
                Pat::Tuple(_) | Pat::Other => true,
                Pat::TupleStruct(path, _) => path.last().is_some_and(|last| last == "Ok") && self.takes_any(*part),
                _ => false,
            }),
            Pat::Bind { sub: Some(sub), .. } => self.takes_any(*sub),
            Pat::Bind { .. } | Pat::Other => true,
            _ => false,
        }
    }

    /// What is asked again and again by its nature: a message, a lock, a child's end, the next piece of an input.
    pub(super) fn is_wait(&self, id: ExprId) -> bool {
        match &self.body[id] {
            Expr::Await(inner) | Expr::Try(inner) | Expr::Ref(inner) => self.is_wait(*inner),
            Expr::Method { name, .. } => {
                matches!(name.as_str(), "accept" | "next" | "poll" | "changed" | "peek")
                    || ["recv", "try_recv", "try_lock", "try_read", "try_write", "try_wait", "try_next", "read", "poll_", "parse", "wait"]
                        .iter()
                        .any(|start| name.starts_with(start))
            }
            Expr::Call { args, .. } => args.iter().any(|arg| self.is_wait(*arg)),
            _ => false,
        }
    }

    pub(super) fn is_ok(&self, id: ExprId) -> bool {
        matches!(&self.body[id], Expr::Call { callee, .. }
            if matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| last == "Ok")))
    }

    /// The number of attempts: where the range ends, or what the counter is compared with.
    pub(super) fn bound_of(&self, id: ExprId, line: u32, seen: &mut Seen) {
        let mut counter: Option<Name> = None;
        seen.retrying.counts = seen.counted.iter().any(|local| is_about_attempts(&self.types.locals[local.0 as usize].name));
        if let Expr::For { pat, iter, .. } = &self.body[id] {
            if let Pat::Bind { name, .. } = &self.body[*pat] {
                counter = Some(name.clone());
            }
            match &self.body[*iter] {
                Expr::Range(from, Some(to), closed) => {
                    let from_nought = from.is_some_and(|from| matches!(self.body[from], Expr::Lit(Lit::Int(0), _)));
                    seen.retrying.one_more = *closed && from_nought;
                    seen.retrying.bound = Some(self.tracer.value(*to));
                    seen.retrying.named |= self.spoken(*to).is_some_and(|name| is_about_attempts(&name));
                }
                Expr::Range(..) => {}
                _ => {
                    // `for pause in SCHEDULE { …; sleep(pause) }`.
                    let lines = |local: &LocalId| {
                        let local = &self.types.locals[local.0 as usize];
                        local.line >= line && Some(&local.name) == counter.as_ref()
                    };
                    seen.retrying.scheduled = seen.paced.iter().any(lines);
                    counter = None;
                }
            }
        }
        seen.retrying.named |= counter.as_ref().is_some_and(|name| is_about_attempts(name));
        let of_range_or_while = counter.is_some() || matches!(self.body[id], Expr::While { .. });
        for at in 0..seen.compared.len() {
            let (comparison, left, right) = seen.compared[at];
            for (this, other) in [(left, right), (right, left)] {
                let Some(local) = self.counter(this, &counter, &seen.counted) else { continue };
                if matches!(self.body[other], Expr::Lit(Lit::Int(0 | 1), _)) {
                    continue;
                }
                let name = &self.types.locals[local.0 as usize].name;
                let named = is_about_attempts(name) || self.spoken(other).is_some_and(|name| is_about_attempts(&name));
                // What else is counted in the loop does not end it.
                let ends = of_range_or_while || self.gives_up(comparison);
                if !named && !ends {
                    continue;
                }
                seen.retrying.named |= named;
                seen.paced.push(local);
                if seen.retrying.bound.is_none() {
                    let value = self.tracer.value(other);
                    let more = if this == left { self.attempts_beyond(comparison, local, seen) } else { 0 };
                    let by_literal = match &value {
                        Value::Known(FactValue::Int(number), is_duration, at) if more > 1 => {
                            number.checked_add(i64::from(more) - 1).map(|number| Value::Known(FactValue::Int(number), *is_duration, *at))
                        }
                        _ => None,
                    };
                    seen.retrying.one_more |= more == 1 || by_literal.is_some();
                    seen.retrying.bound = Some(by_literal.unwrap_or(value));
                }
            }
        }
    }

    /// How many attempts there are beyond the number that ends them: `tries += 1; if tries > 3 { return }` lets four through.
    /// Nothing is said where the counter does not start at nought or one, or goes up in several places.
    fn attempts_beyond(&self, comparison: ExprId, local: LocalId, seen: &Seen) -> i32 {
        let over = match self.body[comparison] {
            Expr::Binary { op: BinOp::Over, .. } => 1,
            Expr::Binary { op: BinOp::AtLeast, .. } => 0,
            _ => return 0,
        };
        let ends = self.parents[comparison.0 as usize]
            .is_some_and(|parent| matches!(&self.body[parent], Expr::If { cond, then, .. } if *cond == comparison && self.leaves(*then)));
        let init = self.types.locals[local.0 as usize].init;
        let start = init.and_then(|init| match self.body[init] {
            Expr::Lit(Lit::Int(number @ (0 | 1)), _) => Some(i32::from(number == 1)),
            _ => None,
        });
        let mut counted = seen.counted_at.iter().filter(|(of, _)| *of == local);
        match (start, counted.next(), counted.next()) {
            (Some(start), Some((_, at)), None) if ends => over + i32::from(*at > comparison) - start,
            _ => 0,
        }
    }

    /// The counter of the loop that an expression names, `tries + 1` and `tries as usize` too.
    fn counter(&self, id: ExprId, of_range: &Option<Name>, counted: &[LocalId]) -> Option<LocalId> {
        match &self.body[id] {
            Expr::Path(..) => {
                let local = *self.types.local_of.get(&id)?;
                let is_range = of_range.as_ref().is_some_and(|name| *name == self.types.locals[local.0 as usize].name);
                (is_range || counted.contains(&local)).then_some(local)
            }
            Expr::Cast(inner, _) | Expr::Ref(inner) | Expr::Deref(inner) => self.counter(*inner, of_range, counted),
            Expr::Binary { op: BinOp::Add | BinOp::Sub, left, .. } => self.counter(*left, of_range, counted),
            _ => None,
        }
    }
}

/// `sleep`, `sleep_until`, `backoff.wait`-like names of functions that do nothing but let time pass.
pub(super) fn is_pause(name: &str) -> bool {
    name.starts_with("sleep_")
        || name.ends_with("_sleep")
        || matches!(name, "sleep" | "delay_for" | "delay" | "park_timeout" | "wait_backoff" | "backoff")
}
