//! Whether what a function makes stays in it: nothing but its own requests goes through it, and it is dropped at the end.

use super::reader::Reader;
use crate::facts::{Expr, ExprId, Pat, Stmt};

/// Methods whose answer holds nothing of the client that they are called on.
const SENDS: [&str; 5] = ["send", "send_raw", "send_request", "execute", "send_message"];

/// Variables that a value goes through.
const MAX_VARIABLES: u32 = 4;

impl Reader<'_> {
    /// The value is used for requests in this function, and is neither returned nor put or handed elsewhere.
    pub(super) fn stays_here(&self, id: ExprId) -> bool {
        self.stays(id, 0)
    }

    fn stays(&self, id: ExprId, depth: u32) -> bool {
        let (mut at, mut sent) = (id, false);
        for _ in 0..64 {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => sent |= SENDS.contains(&name.as_str()),
                Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) => {}
                Expr::Match { value, .. } if *value == at && sent => return true,
                Expr::If { cond, .. } if *cond == at => return sent,
                Expr::Match { .. } | Expr::If { .. } => {}
                // `mailer = mailer.credentials(…)`.
                Expr::Assign { left, right, .. } if *right == at => return sent || depth > 0 && self.is_same_variable(*left, id),
                Expr::Assign { left, .. } if *left == at => return true,
                Expr::Block(stmts) => match self.statement(stmts, at).map(|index| (&stmts[index], index + 1 == stmts.len())) {
                    Some((Stmt::Let { .. }, _)) if sent => return true,
                    Some((Stmt::Let { pat, .. }, _)) => return depth < MAX_VARIABLES && self.is_only_used_here(at, *pat, depth),
                    Some((Stmt::Expr { semi: false, .. }, true)) if !sent => {}
                    Some((Stmt::Expr { .. }, _)) => return sent,
                    None => return false,
                },
                _ => return sent,
            }
            at = parent;
        }
        false
    }

    fn is_only_used_here(&self, init: ExprId, pat: crate::facts::PatId, depth: u32) -> bool {
        let pat = match &self.body[pat] {
            Pat::Typed(inner, _) => &self.body[*inner],
            pat => pat,
        };
        let Pat::Bind { name, .. } = pat else { return false };
        let Some(local) = self.variable_of(init, name).filter(|_| self.templates_with(name).is_empty()) else { return false };
        let uses = self.uses_of(local);
        // A closure or a task that takes it may be there for longer.
        !uses.is_empty() && uses.iter().all(|used| self.future_around(*used) == self.future_around(init) && self.stays(*used, depth + 1))
    }

    fn is_same_variable(&self, a: ExprId, b: ExprId) -> bool {
        matches!((self.types.local_of.get(&a), self.types.local_of.get(&b)), (Some(a), Some(b)) if a == b)
    }
}
