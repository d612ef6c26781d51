//! One body with what is known of its calls by their places: what the walk climbs around in.

use rustc_hash::FxHashMap;

use super::outcome::Outcome;
use crate::catalog::Shape;
use crate::detect::Cx;
use crate::facts::{Arm, Body, Expr, ExprId, FnFact, ItemKind, Pat, PatId, Span, Stmt};
use crate::resolve::{BodyFacts, DefId, KnownCall, OwnCall, parents};

/// Parents that are climbed over at most.
const MAX_CLIMB: usize = 96;

/// A call in a body.
#[derive(Clone, Copy)]
pub(super) enum CallAt<'a> {
    /// Of an API that the catalog knows; `last` at the end of its chain.
    Known(&'a KnownCall, bool),
    /// Of a function of the workspace.
    Own(&'a OwnCall),
}

/// One body.
pub(super) struct Frame<'a> {
    pub(super) facts: &'a BodyFacts,
    pub(super) body: &'a Body,
    parents: Vec<Option<ExprId>>,
    calls: FxHashMap<Span, CallAt<'a>>,
    /// Functions that are handed to others by name.
    handed: FxHashMap<Span, &'a OwnCall>,
}

/// When an expression runs, seen from the body that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// On the way of the body.
    Here,
    /// In a task, or in a future that is run beside the body.
    Beside,
    /// In a closure: when it is called.
    Later,
}

/// Ways of a [`Branch`] from here on are futures that run side by side: all of them are taken.
pub(super) const SIDE_BY_SIDE: usize = 1 << 32;

/// Ways of a [`Branch`] from here on end the process: they lead nowhere.
pub(super) const DEAD_END: usize = 1 << 33;

/// A branch of an `if` or `match`: which one, and which of its ways.
pub(super) type Branch = (DefId, ExprId, usize);

impl<'a> Frame<'a> {
    pub(super) fn new(cx: &Cx<'a>, def: DefId) -> Option<Self> {
        let facts = &cx.bodies[*cx.body_of.get(&def)?];
        let body = match &cx.world.program.def(def).item.kind {
            ItemKind::Fn(func) => func.body.as_ref()?,
            ItemKind::Static(fact) => fact.init.as_ref()?,
            _ => return None,
        };
        let mut calls = FxHashMap::default();
        for call in facts.own.iter().filter(|call| call.taken_by.is_none()) {
            calls.insert(call.at.span, CallAt::Own(call));
        }
        for call in &facts.known {
            let last = call.also.last().map(|(_, at)| at.span);
            calls.insert(call.at.span, CallAt::Known(call, last.is_none()));
            if let Some(last) = last {
                calls.insert(last, CallAt::Known(call, true));
            }
        }
        let handed = facts.own.iter().filter(|call| call.taken_by.is_some() && call.served.is_none());
        let handed = handed.map(|call| (call.at.span, call)).collect();
        Some(Self { facts, body, parents: parents(body), calls, handed })
    }

    /// The call that an expression is.
    pub(super) fn call(&self, id: ExprId) -> Option<CallAt<'a>> {
        match &self.body[id] {
            Expr::Call { span, .. } | Expr::Method { span, .. } | Expr::Macro { span, .. } => self.calls.get(span).copied(),
            _ => None,
        }
    }

    /// The function that a path hands to another one.
    pub(super) fn handed(&self, span: Span) -> Option<&'a OwnCall> {
        self.handed.get(&span).copied()
    }

    /// The expression of a call at a place.
    pub(super) fn expr_at(&self, span: Span) -> Option<ExprId> {
        crate::resolve::ids(self.body).find(|id| match &self.body[*id] {
            Expr::Call { span: at, .. } | Expr::Method { span: at, .. } | Expr::Macro { span: at, .. } => *at == span,
            _ => false,
        })
    }

    pub(super) fn parent(&self, id: ExprId) -> Option<ExprId> {
        self.parents[id.0 as usize]
    }

    /// The expressions around one, from the inside, each with the one inside it.
    pub(super) fn around(&self, id: ExprId) -> impl Iterator<Item = (ExprId, ExprId)> + '_ {
        let mut at = id;
        std::iter::from_fn(move || {
            let parent = self.parent(at)?;
            let pair = (at, parent);
            at = parent;
            Some(pair)
        })
        .take(MAX_CLIMB)
    }

    /// When an expression runs, in which branches it stands, and which of several futures that run side by side it belongs to;
    /// both from the outside.
    pub(super) fn runs(&self, cx: &Cx<'_>, id: ExprId) -> (Runs, Vec<Branch>) {
        let (mut runs, mut branches) = (Runs::Here, Vec::new());
        let mut beside = |how: Runs| {
            if runs == Runs::Here {
                runs = how;
            }
        };
        for (at, parent) in self.around(id) {
            match &self.body[parent] {
                // A branch of `select!` reads as an `if`: its condition is a future like the others.
                Expr::If { cond, then, otherwise } if *cond != at => {
                    let other = if *then == at { *otherwise } else { Some(*then) };
                    if !other.is_some_and(|other| self.ends(other)) {
                        branches.push((self.facts.def, parent, self.way(at, usize::from(*then != at))));
                    }
                }
                Expr::Block(stmts) => branches.extend(self.left_before(stmts, at)),
                Expr::Match { value, arms } if *value != at => {
                    let is_at = |arm: &&Arm| arm.body == at || arm.guard == Some(at);
                    if arms.iter().filter(|arm| !is_at(arm)).all(|arm| self.ends(arm.body)) {
                        continue;
                    }
                    let arm = arms.iter().position(|arm| arm.body == at || arm.guard == Some(at));
                    branches.push((self.facts.def, parent, self.way(at, arm.unwrap_or(arms.len()))));
                }
                // The way behind it is taken when one of the futures has ended.
                Expr::Macro { path, args, .. } if args.len() > 1 && path.last().is_some_and(|last| is_side_by_side(last)) => {
                    let arm = args.iter().position(|arg| *arg == at).unwrap_or(args.len());
                    branches.push((self.facts.def, parent, SIDE_BY_SIDE + arm));
                }
                Expr::Async { .. } if !self.is_run_here(parent) => beside(Runs::Beside),
                Expr::Closure { .. } if !self.is_called_here(parent) => beside(Runs::Later),
                Expr::Call { callee, .. } if *callee != at && self.spawns(cx, parent) => beside(Runs::Beside),
                Expr::Method { recv, .. } if *recv != at && self.spawns(cx, parent) => beside(Runs::Beside),
                _ => {}
            }
        }
        branches.reverse();
        (runs, branches)
    }

    /// The number of a branch, or that it ends the process.
    fn way(&self, branch: ExprId, number: usize) -> usize {
        if self.ends(branch) { DEAD_END } else { number }
    }

    /// `if done { return; }` before an expression: the way goes on in the other case only.
    fn left_before<'s>(&'s self, stmts: &'s [Stmt], at: ExprId) -> impl Iterator<Item = Branch> + 's {
        let is_at = move |stmt: &&Stmt| match stmt {
            Stmt::Let { init, otherwise, .. } => *init == Some(at) || *otherwise == Some(at),
            Stmt::Expr { expr, .. } => *expr == at,
        };
        stmts.iter().take_while(move |stmt| !is_at(stmt)).filter_map(|stmt| {
            let Stmt::Expr { expr, .. } = stmt else { return None };
            let Expr::If { then, otherwise: None, .. } = &self.body[*expr] else { return None };
            self.returns(*then).then_some((self.facts.def, *expr, 1))
        })
    }

    /// A block that returns at its end, and not with an error.
    fn returns(&self, id: ExprId) -> bool {
        let Expr::Block(stmts) = &self.body[id] else { return false };
        let Some(Stmt::Expr { expr, .. }) = stmts.last() else { return false };
        matches!(&self.body[*expr], Expr::Return(_)) && self.diverges(*expr) != Some(Outcome::Returned)
    }

    /// A branch that surely ends the process.
    fn ends(&self, id: ExprId) -> bool {
        self.diverges(id) == Some(Outcome::Ends)
    }

    /// It is done again in each round of a loop without end: for each message or tick.
    pub(super) fn is_repeated(&self, id: ExprId) -> bool {
        let loops = |(_, parent): (ExprId, ExprId)| matches!(&self.body[parent], Expr::Loop { .. } | Expr::While { .. });
        self.facts.task.endless && self.around(id).any(loops)
    }

    /// Where the variable is waited for that an expression is bound to, with or without calls on the way: `server.run().await`.
    pub(super) fn awaited_later(&self, id: ExprId) -> Option<ExprId> {
        let name = self.around(id).find_map(|(at, parent)| self.let_name(parent, at))?;
        crate::resolve::ids(self.body).filter(|later| later.0 > id.0).find(|later| match &self.body[*later] {
            Expr::Await(inner) => self.base(*inner) == Some(name),
            _ => false,
        })
    }

    /// The variable that a block binds to one of its expressions.
    fn let_name(&self, block: ExprId, init: ExprId) -> Option<&str> {
        let Expr::Block(stmts) = &self.body[block] else { return None };
        stmts.iter().find_map(|stmt| match stmt {
            Stmt::Let { pat, init: Some(value), .. } if *value == init => match &self.body[*pat] {
                Pat::Bind { name, .. } => Some(name.as_str()),
                _ => None,
            },
            _ => None,
        })
    }

    /// The variable at the beginning of a chain of methods.
    fn base(&self, mut id: ExprId) -> Option<&str> {
        for _ in 0..MAX_CLIMB {
            match &self.body[id] {
                Expr::Method { recv, .. } => id = *recv,
                Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => id = *inner,
                Expr::Path(path, _) => return path.single().map(|name| name.as_str()),
                _ => return None,
            }
        }
        None
    }

    /// The call starts a task.
    pub(super) fn spawns(&self, cx: &Cx<'_>, id: ExprId) -> bool {
        matches!(self.call(id), Some(CallAt::Known(call, _)) if cx.api(call.hit.entry).shape == Shape::Spawn)
    }

    /// The future is waited for where it is made: `.await`, `join!`, `select!`, `block_on`.
    pub(super) fn is_run_here(&self, id: ExprId) -> bool {
        for (at, parent) in self.around(id) {
            match &self.body[parent] {
                Expr::Await(_) => return true,
                // `Box::pin(f()).await`, `timeout(limit, f()).await`, `runtime.block_on(f())`.
                Expr::Call { .. } | Expr::Method { .. } => {
                    let name = self.called(parent);
                    if is_block_on(name) {
                        return true;
                    }
                    let hands_on = matches!(&self.body[parent], Expr::Method { recv, .. } if *recv == at)
                        || matches!(name, "pin" | "timeout" | "timeout_at" | "scope" | "Box::pin" | "with_timeout" | "boxed");
                    if !hands_on {
                        return false;
                    }
                }
                Expr::Macro { path, .. } => return path.last().is_some_and(|last| is_side_by_side(last)),
                Expr::Try(_) | Expr::Ref(_) | Expr::Tuple(_) => {}
                // A branch of `select!` reads as `if let pattern = future.await`.
                Expr::Block(stmts) if matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if *expr == at) => {}
                _ => return false,
            }
        }
        false
    }

    /// The closure is called where it is written, at least sometimes.
    fn is_called_here(&self, id: ExprId) -> bool {
        let Some(parent) = self.parent(id) else { return false };
        let name = self.called(parent);
        is_block_on(name)
            || matches!(
                name,
                "and_then" | "block_in_place" | "catch_unwind" | "in_scope" | "map" | "map_err" | "ok_or_else" | "or_else" | "scope"
            )
            || matches!(name, "unwrap_or_else" | "map_or_else" | "with_context" | "inspect" | "inspect_err" | "then" | "for_each")
    }

    /// The last name of what is called.
    pub(super) fn called(&self, id: ExprId) -> &str {
        match &self.body[id] {
            Expr::Method { name, .. } => name,
            Expr::Call { callee, .. } => match &self.body[*callee] {
                Expr::Path(path, _) => path.last().map_or("", |last| last.as_str()),
                _ => "",
            },
            Expr::Macro { path, .. } => path.last().map_or("", |last| last.as_str()),
            _ => "",
        }
    }

    /// The arguments of a call.
    pub(super) fn args(&self, id: ExprId) -> &'a [ExprId] {
        match &self.body[id] {
            Expr::Call { args, .. } | Expr::Method { args, .. } | Expr::Macro { args, .. } => args,
            _ => &[],
        }
    }

    /// Where an expression stands, as far as it says so itself.
    pub(super) fn span(&self, id: ExprId) -> Option<Span> {
        match &self.body[id] {
            Expr::Path(_, span) | Expr::Call { span, .. } | Expr::Method { span, .. } | Expr::Macro { span, .. } => Some(*span),
            Expr::Await(inner) | Expr::Try(inner) | Expr::Ref(inner) => self.span(*inner),
            _ => None,
        }
    }

    /// A variable of that name stands somewhere in an expression.
    pub(super) fn mentions(&self, id: ExprId, name: &str) -> bool {
        if matches!(&self.body[id], Expr::Path(path, _) if path.single().is_some_and(|single| single == name)) {
            return true;
        }
        let mut found = false;
        crate::resolve::children(&self.body[id], &mut |child| found = found || self.mentions(child, name));
        found
    }

    /// What a variable of that name is bound to, by the last `let` of the body.
    pub(super) fn bound_to(&self, name: &str) -> Option<ExprId> {
        self.body.exprs.iter().rev().find_map(|expr| {
            let Expr::Block(stmts) = expr else { return None };
            stmts.iter().rev().find_map(|stmt| match stmt {
                Stmt::Let { pat, init, .. } if self.names(*pat, name) => *init,
                _ => None,
            })
        })
    }

    fn names(&self, pat: PatId, wanted: &str) -> bool {
        match &self.body[pat] {
            Pat::Bind { name, .. } => name == wanted,
            Pat::Typed(inner, _) => self.names(*inner, wanted),
            _ => false,
        }
    }
}

/// The futures among its arguments run side by side.
fn is_side_by_side(name: &str) -> bool {
    matches!(name, "join" | "try_join" | "select")
}

pub(super) fn is_block_on(name: &str) -> bool {
    matches!(name, "block_on" | "run_until" | "block_on_all")
}

/// The function facts of a definition.
pub(super) fn func<'a>(cx: &Cx<'a>, def: DefId) -> Option<&'a FnFact> {
    cx.world.program.func(def)
}
