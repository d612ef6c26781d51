//! What never gives a value: a panic, or the end of the process.

use crate::facts::{Body, Expr, ExprId, Stmt};

/// Blocks in blocks that are looked into.
const MAX_DEPTH: usize = 4;

/// Whether an expression, or what a closure does, ends in a panic or with the process: it stands in for no value.
pub(super) fn never_returns(body: &Body, id: ExprId) -> bool {
    ends(body, id, 0)
}

fn ends(body: &Body, id: ExprId, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match &body[id] {
        Expr::Macro { path, .. } => {
            path.last().is_some_and(|last| matches!(last.as_str(), "panic" | "unreachable" | "todo" | "unimplemented"))
        }
        Expr::Call { callee, .. } => match &body[*callee] {
            Expr::Path(path, _) => path.last().is_some_and(|last| matches!(last.as_str(), "exit" | "abort" | "resume_unwind")),
            _ => false,
        },
        Expr::Closure { body: inner, .. } => ends(body, *inner, depth + 1),
        Expr::Block(stmts) => match stmts.last() {
            Some(Stmt::Expr { expr, .. }) => ends(body, *expr, depth + 1),
            _ => false,
        },
        _ => false,
    }
}
