//! What happens when a call gives an error: it ends the process, is returned, or something else is done.

use super::frame::{Frame, is_block_on};
use crate::facts::{Arm, Expr, ExprId, Pat, PatId, Stmt};

/// What happens to the outcome of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A failure panics or exits.
    Ends,
    /// The body returns it.
    Returned,
    /// Something else is done on failure.
    Handled,
    /// Not known, or it cannot fail.
    Unknown,
}

impl Frame<'_> {
    /// What happens when an expression gives an error.
    pub(super) fn outcome(&self, id: ExprId) -> Outcome {
        let begins_builder = self.called(id) == "builder";
        // Behind the beginning of a builder and before its end: what fails there is something else.
        let mut in_builder = false;
        for (at, parent) in self.around(id) {
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at && begins_builder && matches!(name.as_str(), "build" | "try_build") => {
                    in_builder = false;
                }
                Expr::Method { recv, .. } if *recv == at && begins_builder && self.is_setter(parent) => in_builder = true,
                _ if in_builder => return Outcome::Unknown,
                Expr::Await(_) | Expr::Ref(_) => {}
                Expr::Try(_) => return self.propagated(parent),
                Expr::Return(_) => return Outcome::Returned,
                Expr::Method { recv, name, args, .. } if *recv == at => match name.as_str() {
                    "context" | "with_context" | "map_err" | "wrap_err" | "wrap_err_with" | "map" | "inspect_err" | "instrument"
                    | "boxed" | "and_then" | "change_context" | "in_current_span" => {}
                    "unwrap" | "expect" => return Outcome::Ends,
                    "unwrap_or_else" => {
                        return if args.iter().any(|arg| self.diverges(*arg) == Some(Outcome::Ends)) {
                            Outcome::Ends
                        } else {
                            Outcome::Handled
                        };
                    }
                    "unwrap_or" | "unwrap_or_default" | "ok" | "or_else" | "or" | "is_ok" | "is_err" | "err" => return Outcome::Handled,
                    _ => return Outcome::Unknown,
                },
                Expr::Call { .. } | Expr::Method { .. } if is_block_on(self.called(parent)) => {}
                Expr::Block(stmts) => match self.in_block(stmts, at) {
                    Some(outcome) => return outcome,
                    None if self.parent(parent).is_none() => return Outcome::Returned,
                    None => {}
                },
                Expr::Async { .. } if self.is_run_here(parent) => {}
                Expr::Match { value, arms } if *value == at => return self.matched(arms),
                Expr::Match { .. } => {}
                Expr::If { cond, .. } if *cond != at => {}
                Expr::Let { pat, value } if *value == at => return self.tested(parent, *pat),
                _ => return Outcome::Unknown,
            }
        }
        // The body is this expression: `async fn f() -> Result { g().await }` has no block around it.
        if self.around(id).last().is_none_or(|(_, top)| self.parent(top).is_none()) { Outcome::Returned } else { Outcome::Unknown }
    }

    /// A method of a builder that gives the builder back: nothing of it is waited for, tested or tried.
    fn is_setter(&self, id: ExprId) -> bool {
        let next = self.parent(id).map(|next| &self.body[next]);
        matches!(next, Some(Expr::Method { recv, name, .. }) if *recv == id && !name.starts_with("unwrap") && !matches!(name.as_str(), "expect" | "ok"))
    }

    /// Where an error goes that is handed on by `?`: out of the body, or out of a block of its own.
    fn propagated(&self, id: ExprId) -> Outcome {
        for (_, parent) in self.around(id) {
            match &self.body[parent] {
                Expr::Async { .. } if self.is_run_here(parent) => return self.outcome(parent),
                Expr::Async { .. } | Expr::Closure { .. } => return Outcome::Unknown,
                _ => {}
            }
        }
        Outcome::Returned
    }

    /// As a statement of a block; none when it is the block's value.
    fn in_block(&self, stmts: &[Stmt], id: ExprId) -> Option<Outcome> {
        let stmt = stmts.iter().find(|stmt| match stmt {
            Stmt::Let { init, .. } => *init == Some(id),
            Stmt::Expr { expr, .. } => *expr == id,
        })?;
        match stmt {
            Stmt::Expr { semi: false, .. } if std::ptr::eq(stmt, stmts.last()?) => None,
            Stmt::Let { otherwise: Some(otherwise), .. } => Some(self.diverges(*otherwise).unwrap_or(Outcome::Unknown)),
            _ => Some(Outcome::Unknown),
        }
    }

    /// `match f() { Ok(x) => …, Err(e) => … }`.
    fn matched(&self, arms: &[Arm]) -> Outcome {
        let mut failing: Vec<&Arm> = arms.iter().filter(|arm| self.is_failure(arm.pat)).collect();
        if failing.is_empty() {
            failing.extend(arms.iter().find(|arm| matches!(self.body[arm.pat], Pat::Other)));
        }
        let mut outcomes = failing.iter().map(|arm| self.of_branch(arm.body));
        let first = outcomes.next().unwrap_or(Outcome::Unknown);
        // Some failures end it and others do not: neither is told.
        if outcomes.all(|other| other == first) { first } else { Outcome::Unknown }
    }

    /// What a branch for failures does.
    fn of_branch(&self, id: ExprId) -> Outcome {
        self.diverges(id).unwrap_or(if self.may_leave(id) { Outcome::Unknown } else { Outcome::Handled })
    }

    /// Somewhere in it the body may be left or the process ended, if only by a macro of which it is not known.
    fn may_leave(&self, id: ExprId) -> bool {
        let leaves = match &self.body[id] {
            Expr::Return(_) | Expr::Try(_) => true,
            Expr::Call { .. } | Expr::Method { .. } => {
                matches!(self.called(id), "exit" | "abort" | "unwrap" | "expect") || self.may_end(id)
            }
            Expr::Macro { .. } => !is_harmless(self.called(id)),
            _ => false,
        };
        let mut found = leaves;
        crate::resolve::children(&self.body[id], &mut |child| found = found || self.may_leave(child));
        found
    }

    /// A function whose name says that it may end the process.
    fn may_end(&self, id: ExprId) -> bool {
        let name = self.called(id);
        ["exit", "fatal", "die", "abort", "bail", "fail", "panic", "terminate", "shutdown"].iter().any(|word| name.contains(word))
    }

    /// `if let Err(e) = f() { … }`.
    fn tested(&self, id: ExprId, pat: PatId) -> Outcome {
        let Some(parent) = self.parent(id) else { return Outcome::Unknown };
        let Expr::If { then, otherwise, .. } = &self.body[parent] else { return Outcome::Unknown };
        let failing = if self.is_failure(pat) {
            Some(*then)
        } else if matches!(&self.body[pat], Pat::TupleStruct(path, _) if path.last().is_some_and(|last| last == "Ok")) {
            *otherwise
        } else {
            return Outcome::Unknown;
        };
        failing.map_or(Outcome::Handled, |failing| self.of_branch(failing))
    }

    fn is_failure(&self, pat: PatId) -> bool {
        matches!(&self.body[pat], Pat::TupleStruct(path, _) if path.last().is_some_and(|last| last == "Err"))
    }

    /// What surely happens in a branch, if it does not go on behind it.
    pub(super) fn diverges(&self, id: ExprId) -> Option<Outcome> {
        match &self.body[id] {
            Expr::Block(stmts) => stmts.iter().find_map(|stmt| match stmt {
                Stmt::Expr { expr, .. } => self.diverges(*expr),
                Stmt::Let { .. } => None,
            }),
            Expr::Closure { body, .. } | Expr::Async { body, .. } => self.diverges(*body),
            Expr::Return(Some(inner)) => match &self.body[*inner] {
                Expr::Call { .. } if self.called(*inner) == "Err" => Some(Outcome::Returned),
                Expr::Call { .. } if self.called(*inner) == "Ok" => Some(Outcome::Handled),
                _ => Some(Outcome::Unknown),
            },
            Expr::Return(None) => Some(Outcome::Unknown),
            Expr::Call { .. } => matches!(self.called(id), "exit" | "abort").then_some(Outcome::Ends),
            Expr::Method { name, .. } => (name == "exit").then_some(Outcome::Ends),
            Expr::Macro { .. } => match self.called(id) {
                "panic" | "unreachable" | "todo" | "unimplemented" => Some(Outcome::Ends),
                "bail" => Some(Outcome::Returned),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A macro that writes or formats something, and goes on.
fn is_harmless(name: &str) -> bool {
    matches!(
        name,
        "error"
            | "warn"
            | "info"
            | "debug"
            | "trace"
            | "event"
            | "log"
            | "println"
            | "eprintln"
            | "print"
            | "eprint"
            | "format"
            | "format_args"
    ) || matches!(name, "write" | "writeln" | "vec" | "json" | "dbg" | "matches" | "concat" | "stringify" | "counter" | "gauge")
}
