//! Under which conditions an expression is reached: the branches around it, and the early returns before it.

use super::diverging::never_returns;
use super::infer::Callee;
use super::reader::Reader;
use super::seldom::fit;
use super::values::{At, Value, is_variant};
use super::walk::children;
use crate::facts::{Arm, BinOp, Cfg, Expr, ExprId, Lit, Pat, Stmt};
use crate::model::FactValue;

/// More conditions than these are not told.
const MAX_CONDITIONS: usize = 4;

/// Parts of one condition: `a && b && c`.
const MAX_PARTS: usize = 6;

/// Statements before an expression that are looked at for an early return.
const MAX_BEFORE: usize = 64;

/// Steps from a call to what asks for its value.
const MAX_STEPS: usize = 12;

/// Uses of a variable that are looked at.
const MAX_USES: usize = 16;

/// Something that has to hold for an expression to be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is asked: a field of the settings, a variable, what a function returns.
    pub value: Value,
    /// What has to be true of it.
    pub test: Test,
    /// Where it is asked.
    pub at: At,
}

/// What a condition asks of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There is one.
    Given,
    /// There is none.
    Missing,
    /// It is not empty.
    Filled,
    /// It is empty.
    Empty,
    /// It is true.
    On,
    /// It is false.
    Off,
    /// It is this one.
    Is(FactValue),
    /// It is any but this one.
    IsNot(FactValue),
    /// It is a greater number than this one.
    Over(i64),
    /// It is no greater number than this one.
    AtMost(i64),
}

impl Test {
    /// What holds where this does not.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Test::Given => Test::Missing,
            Test::Missing => Test::Given,
            Test::Filled => Test::Empty,
            Test::Empty => Test::Filled,
            Test::On => Test::Off,
            Test::Off => Test::On,
            Test::Is(value) => Test::IsNot(value),
            Test::IsNot(value) => Test::Is(value),
            Test::Over(number) => Test::AtMost(number),
            Test::AtMost(number) => Test::Over(number),
        }
    }
}

impl Reader<'_> {
    /// What has to hold for an expression to be reached, as far as it asks for values that can be followed.
    pub(super) fn conditions(&self, id: ExprId) -> Vec<Condition> {
        let mut out = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::If { cond, then, .. } if *cond != at => {
                    let mut known = self.asked.borrow_mut();
                    out.extend_from_slice(known.entry((*cond, *then == at)).or_insert_with(|| self.asked_by(*cond, *then == at)));
                }
                // `on && cache.get(…)`: the second is only asked for where the first holds.
                Expr::Binary { op: BinOp::And, left, right } if *right == at => {
                    let mut known = self.asked.borrow_mut();
                    out.extend_from_slice(known.entry((*left, true)).or_insert_with(|| self.asked_by(*left, true)));
                }
                Expr::Match { value, arms } if *value != at => {
                    if let Some(arm) = arms.iter().position(|arm| arm.body == at) {
                        let mut known = self.asked.borrow_mut();
                        out.extend_from_slice(known.entry((at, true)).or_insert_with(|| self.asked_by_arm(*value, arms, arm)));
                    }
                }
                Expr::Block(stmts) => {
                    let mut known = self.guards.borrow_mut();
                    let guards = known.entry(parent).or_insert_with(|| self.guards_in(stmts));
                    if !guards.is_empty() {
                        let here = self.statement(stmts, at).unwrap_or(0);
                        out.extend(guards.iter().filter(|(index, _)| *index < here).map(|(_, condition)| condition.clone()));
                    }
                }
                // What a loop does in one round only depends on that round.
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => out.clear(),
                _ => {}
            }
            at = parent;
        }
        out.dedup_by(|a, b| a.value == b.value && a.test == b.test);
        out.truncate(MAX_CONDITIONS);
        fit(&mut out);
        out
    }

    /// `if x.is_none() { return }` and `let Some(x) = x else { return }`, with what holds behind them.
    fn guards_in(&self, stmts: &[Stmt]) -> Vec<(usize, Condition)> {
        let mut out = Vec::new();
        for (index, stmt) in stmts.iter().enumerate().take(MAX_BEFORE) {
            let mut found = Vec::new();
            match stmt {
                Stmt::Let { init: Some(init), otherwise: Some(otherwise), .. } if self.returns_early(*otherwise) => {
                    self.tested(*init, Test::Given, &mut found);
                }
                Stmt::Expr { expr, .. } => {
                    if let Expr::If { cond, then, otherwise } = &self.body[*expr] {
                        match (self.returns_early(*then), otherwise.is_some_and(|otherwise| self.returns_early(otherwise))) {
                            (true, false) => found = self.asked_by(*cond, false),
                            (false, true) => found = self.asked_by(*cond, true),
                            _ => {}
                        }
                    }
                }
                Stmt::Let { .. } => {}
            }
            out.extend(found.into_iter().map(|condition| (index, condition)));
        }
        out
    }

    /// The builds that have an expression: those of the arms and statements around it.
    pub(super) fn builds(&self, id: ExprId) -> Vec<Cfg> {
        let mut out = Vec::new();
        let mut at = Some(id).filter(|_| !self.body.cfgs.is_empty());
        while let Some(here) = at {
            out.extend(self.body.cfgs.iter().filter(|(of, _)| *of == here).map(|(_, cfg)| cfg.clone()));
            at = self.parents[here.0 as usize];
        }
        out.reverse();
        out
    }

    /// What holds where the function answers yes: `self.key.is_some() && self.id.is_some()`, and nothing else stands there.
    pub(super) fn answered(&self) -> Vec<Condition> {
        let Some(Expr::Block(stmts)) = self.body.root.map(|root| &self.body[root]) else { return Vec::new() };
        match &**stmts {
            [Stmt::Expr { expr, semi: false }] => self.asked_by(*expr, true),
            _ => Vec::new(),
        }
    }

    /// A block that ends by leaving the function.
    fn returns_early(&self, id: ExprId) -> bool {
        match &self.body[id] {
            Expr::Return(_) => true,
            Expr::Block(stmts) => stmts.last().is_some_and(|stmt| match stmt {
                Stmt::Expr { expr, .. } => self.returns_early(*expr),
                Stmt::Let { .. } => false,
            }),
            _ => false,
        }
    }

    /// It stands in one of several branches that go on: not all of them come by it.
    pub(super) fn may_be_passed_by(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            let ends = |other: ExprId| self.returns_early(other) || never_returns(self.body, other);
            let branches = match &self.body[parent] {
                Expr::If { cond, then, otherwise } if *cond != at => {
                    let other = if *then == at { *otherwise } else { Some(*then) };
                    other.is_none_or(|other| !ends(other))
                }
                Expr::Match { value, arms } if *value != at => arms.iter().any(|arm| arm.body != at && !ends(arm.body)),
                Expr::Binary { op: BinOp::And, right, .. } => *right == at,
                _ => false,
            };
            if branches {
                return true;
            }
            at = parent;
        }
        false
    }

    /// What a condition asks, where it holds or does not.
    fn asked_by(&self, cond: ExprId, holds: bool) -> Vec<Condition> {
        let mut parts = vec![cond];
        let mut at = 0;
        while at < parts.len() && parts.len() < MAX_PARTS {
            match &self.body[parts[at]] {
                Expr::Binary { op: BinOp::And, left, right } => {
                    parts[at] = *left;
                    parts.push(*right);
                }
                _ => at += 1,
            }
        }
        // Of several parts, any may be the one that does not hold.
        let mut out = Vec::new();
        if holds || parts.len() == 1 {
            parts.into_iter().for_each(|part| self.part(part, holds, &mut out));
        }
        out
    }

    /// What an arm of a `match` asks: `Format::Json => …`, `Some(url) => …`, `None => …`.
    fn asked_by_arm(&self, value: ExprId, arms: &[Arm], arm: usize) -> Vec<Condition> {
        let of = |at: usize| match &self.body[arms.get(at)?.pat] {
            Pat::Path(path) | Pat::TupleStruct(path, _) | Pat::Struct(path, _) => match path.last()?.as_str() {
                "Some" | "Ok" => Some(Test::Given),
                "None" | "Err" => Some(Test::Missing),
                variant => is_variant(variant).then(|| Test::Is(FactValue::Text(variant.to_owned()))),
            },
            _ => None,
        };
        // The other one of two.
        let other = || if arms.len() == 2 { of(1 - arm).map(Test::negated) } else { None };
        let mut out = Vec::new();
        if let Some(test) = of(arm).or_else(other).filter(|_| arms[arm].guard.is_none()) {
            self.tested(value, test, &mut out);
        }
        out
    }

    fn part(&self, id: ExprId, holds: bool, out: &mut Vec<Condition>) {
        let or_not = |test: Test| if holds { test } else { test.negated() };
        match &self.body[id] {
            Expr::Unary(inner) => self.part(*inner, !holds, out),
            Expr::Let { value, .. } => self.tested(*value, or_not(Test::Given), out),
            Expr::Method { recv, name, args, .. } if args.is_empty() => match name.as_str() {
                "is_some" | "is_ok" => self.tested(*recv, or_not(Test::Given), out),
                "is_empty" => self.tested(*recv, or_not(Test::Empty), out),
                "is_none" | "is_err" => self.tested(*recv, or_not(Test::Missing), out),
                _ => self.tested(id, or_not(Test::On), out),
            },
            Expr::Binary { op: op @ (BinOp::Equal | BinOp::Unequal), left, right } => {
                let is = (*op == BinOp::Equal) == holds;
                if let Expr::Lit(Lit::Int(_) | Lit::Str(_) | Lit::Bool(_), _) = &self.body[*right]
                    && let Value::Known(value, ..) = self.tracer.value(*right)
                {
                    self.tested(*left, if is { Test::Is(value) } else { Test::IsNot(value) }, out);
                }
            }
            Expr::Binary { op: op @ (BinOp::Over | BinOp::AtLeast), left, right } => {
                if let Value::Known(FactValue::Int(number), ..) = self.tracer.value(*right) {
                    let number = if *op == BinOp::Over { number } else { number.saturating_sub(1) };
                    self.tested(*left, or_not(Test::Over(number)), out);
                }
            }
            Expr::Field { .. } | Expr::Path(..) | Expr::Call { .. } | Expr::Method { .. } => self.tested(id, or_not(Test::On), out),
            _ => {}
        }
    }

    fn tested(&self, id: ExprId, test: Test, out: &mut Vec<Condition>) {
        if !self.may_be_set(id) {
            return;
        }
        let value = self.tracer.value(id);
        let is_followed = matches!(value, Value::Field { .. } | Value::Env { .. } | Value::Call { .. } | Value::Param { .. });
        if let Some(span) = self.span_behind(id).filter(|_| is_followed) {
            out.push(Condition { value, test, at: self.at(span) });
        }
    }

    /// A cheap look before the value is followed: a field, a variable that is bound to something, a call of the workspace or
    /// one that hands a value on.
    fn may_be_set(&self, mut id: ExprId) -> bool {
        for _ in 0..8 {
            match &self.body[id] {
                Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) | Expr::Await(inner) => id = *inner,
                Expr::Field { base, name, .. } => return self.struct_with(*base, name).is_some(),
                Expr::Path(..) => {
                    let Some(local) = self.types.local_of.get(&id).map(|local| &self.types.locals[local.0 as usize]) else { return false };
                    match local.init {
                        Some(init) if init != id => id = init,
                        _ => return local.param.is_some(),
                    }
                }
                Expr::Call { .. } => match self.types.callees.get(&id) {
                    Some(Callee::Foreign(path)) => return path.ends_with("var") || path.ends_with("var_os"),
                    found => return found.is_some(),
                },
                Expr::Method { recv, args, .. } => match self.types.callees.get(&id) {
                    Some(Callee::Def(_)) => return args.is_empty(),
                    _ if args.len() > 1 => return false,
                    _ => id = *recv,
                },
                _ => return false,
            }
        }
        false
    }

    /// Whether something depends on a value: a condition asks for it, also by the variable that it is bound to, or `?` takes it.
    pub(super) fn is_asked(&self, id: ExprId, by_variable: bool) -> bool {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                // An answer of yes or no is still to be asked for.
                Expr::Try(_) if self.types.types[parent.0 as usize].path().is_some_and(|path| path == "bool") => {}
                Expr::Try(_) | Expr::Let { .. } => return true,
                Expr::If { cond, .. } | Expr::While { cond, .. } if *cond == at => return true,
                Expr::Match { value, .. } if *value == at => return true,
                Expr::Await(_) | Expr::Ref(_) | Expr::Deref(_) | Expr::Unary(_) | Expr::Binary { .. } => {}
                Expr::Method { recv, .. } if *recv == at => {}
                Expr::Block(stmts) => {
                    let bound = stmts.iter().find_map(|stmt| match stmt {
                        Stmt::Let { init: Some(init), otherwise, .. } if *init == at => Some(otherwise.is_some()),
                        _ => None,
                    });
                    let uses = || self.locals_bound_to(at).iter().flat_map(|local| self.uses_of(*local));
                    return bound
                        .is_some_and(|leaves| leaves || by_variable && uses().take(MAX_USES).any(|used| self.is_asked(*used, false)));
                }
                _ => return false,
            }
            at = parent;
        }
        false
    }

    /// Whether a branch around an expression is taken by what this very value is: `if max > 0 { options.max(max) }`.
    pub(super) fn is_guarded_by(&self, id: ExprId, value: &Value) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            let asked = match &self.body[parent] {
                Expr::If { cond, then, .. } if *then == at => Some(*cond),
                Expr::Match { value, .. } if *value != at => Some(*value),
                _ => None,
            };
            let mut left: Vec<ExprId> = asked.into_iter().collect();
            for _ in 0..MAX_PARTS * 4 {
                let Some(part) = left.pop() else { break };
                if matches!(self.body[part], Expr::Path(..) | Expr::Field { .. } | Expr::Method { .. }) && self.tracer.value(part) == *value
                {
                    return true;
                }
                children(&self.body[part], &mut |child| left.push(child));
            }
            at = parent;
        }
        false
    }

    fn span_behind(&self, mut id: ExprId) -> Option<crate::facts::Span> {
        for _ in 0..8 {
            match &self.body[id] {
                Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) | Expr::Await(inner) => id = *inner,
                _ => return self.span(id),
            }
        }
        None
    }
}
