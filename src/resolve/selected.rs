//! Tasks whose end is that of `main`: `select! { end = task => report(end) } Ok(())`.

use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::values::At;
use super::walk::children;
use crate::facts::{Expr, ExprId, Stmt};

/// Expressions of a branch that are looked at.
const MAX_LOOKED_AT: usize = 60;

impl Reader<'_> {
    /// Where the tasks are spawned after whose end `main` returns without an error, whatever they ended with.
    pub(super) fn ends_main(&self) -> Vec<(At, Vec<DefId>)> {
        let def = self.world.program.def(self.tracer.def);
        if def.item.name != "main" || def.owner.is_some() {
            return Vec::new();
        }
        let Some(Expr::Block(stmts)) = self.body.root.map(|root| &self.body[root]) else { return Vec::new() };
        let selecting = match &**stmts {
            [.., Stmt::Expr { expr: select, .. }, Stmt::Expr { expr: end, semi: false }] if self.is_plain_ok(*end) => *select,
            [.., Stmt::Expr { expr: select, semi: true }] => *select,
            _ => return Vec::new(),
        };
        let Expr::Macro { path, args, .. } = &self.body[selecting] else { return Vec::new() };
        if path.last().is_none_or(|last| last != "select") {
            return Vec::new();
        }
        args.iter().filter_map(|branch| self.spawned_and_awaited(*branch)).collect()
    }

    /// The task that a branch waits for, where nothing in the branch leaves otherwise.
    fn spawned_and_awaited(&self, branch: ExprId) -> Option<(At, Vec<DefId>)> {
        let Expr::If { cond, then, .. } = &self.body[branch] else { return None };
        let Expr::Let { value, .. } = &self.body[*cond] else { return None };
        let mut at = *value;
        while let Expr::Await(inner) | Expr::Ref(inner) = &self.body[at] {
            at = *inner;
        }
        let local = self.types.local_of.get(&at)?;
        let init = self.types.locals[local.0 as usize].init?;
        let is_call = matches!(self.body[init], Expr::Call { .. } | Expr::Method { .. });
        let called = self.called_within(*then).filter(|_| is_call)?;
        Some((self.at(self.span(init)?), called))
    }

    fn is_plain_ok(&self, id: ExprId) -> bool {
        let Expr::Call { callee, args, .. } = &self.body[id] else { return false };
        let is_unit = matches!(&**args, [only] if matches!(&self.body[*only], Expr::Tuple(parts) if parts.is_empty()));
        is_unit && matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| last == "Ok"))
    }

    /// The functions of the workspace that an expression calls; nothing where it returns, fails or ends the process by itself, or may.
    fn called_within(&self, id: ExprId) -> Option<Vec<DefId>> {
        let (mut stack, mut out) = (vec![id], Vec::new());
        for _ in 0..MAX_LOOKED_AT {
            let Some(next) = stack.pop() else { return Some(out) };
            if let Some(Callee::Def(func)) = self.types.callees.get(&next) {
                out.push(*func);
            }
            match &self.body[next] {
                Expr::Return(_) | Expr::Try(_) | Expr::Break(_) => return None,
                Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "exit" | "abort")) => return None,
                Expr::Macro { path, .. }
                    if path
                        .last()
                        .is_some_and(|last| matches!(last.as_str(), "panic" | "bail" | "unreachable" | "todo" | "ensure" | "assert")) =>
                {
                    return None;
                }
                Expr::Method { name, .. } if matches!(name.as_str(), "unwrap" | "expect") => return None,
                _ => {}
            }
            children(&self.body[next], &mut |child| stack.push(child));
        }
        None
    }
}
