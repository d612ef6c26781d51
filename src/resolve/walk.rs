//! Walks over the expressions of a body.

use crate::facts::{Body, Expr, ExprId, Stmt};

pub(crate) fn ids(body: &Body) -> impl Iterator<Item = ExprId> {
    (0..super::program::index(body.exprs.len())).map(ExprId)
}

/// The parent of each expression.
pub(crate) fn parents(body: &Body) -> Vec<Option<ExprId>> {
    let mut out = vec![None; body.exprs.len()];
    for id in ids(body) {
        children(&body[id], &mut |child| out[child.0 as usize] = Some(id));
    }
    out
}

/// Calls `f` with each direct child.
pub(crate) fn children(expr: &Expr, f: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Path(..) | Expr::Lit(..) => {}
        Expr::Call { callee, args, .. } => {
            f(*callee);
            args.iter().copied().for_each(f);
        }
        Expr::Method { recv, args, .. } => {
            f(*recv);
            args.iter().copied().for_each(f);
        }
        Expr::Field { base: inner, .. }
        | Expr::Ref(inner)
        | Expr::Deref(inner)
        | Expr::Unary(inner)
        | Expr::Try(inner)
        | Expr::Await(inner)
        | Expr::Cast(inner, _)
        | Expr::Loop { body: inner, .. }
        | Expr::Closure { body: inner, .. }
        | Expr::Async { body: inner, .. }
        | Expr::Let { value: inner, .. } => f(*inner),
        Expr::Index { base: a, index: b } | Expr::Binary { left: a, right: b, .. } | Expr::Assign { left: a, right: b, .. } => {
            f(*a);
            f(*b);
        }
        Expr::While { cond: a, body: b, .. } | Expr::For { iter: a, body: b, .. } => {
            f(*a);
            f(*b);
        }
        Expr::Block(stmts) => {
            for stmt in stmts {
                match stmt {
                    Stmt::Let { init, otherwise, .. } => {
                        init.iter().chain(otherwise).copied().for_each(&mut *f);
                    }
                    Stmt::Expr { expr, .. } => f(*expr),
                }
            }
        }
        Expr::If { cond, then, otherwise } => {
            f(*cond);
            f(*then);
            otherwise.iter().copied().for_each(f);
        }
        Expr::Match { value, arms } => {
            f(*value);
            for arm in arms {
                arm.guard.iter().copied().for_each(&mut *f);
                f(arm.body);
            }
        }
        Expr::Struct { fields, rest, .. } => {
            fields.iter().map(|(_, value)| *value).for_each(&mut *f);
            rest.iter().copied().for_each(f);
        }
        Expr::Tuple(all) | Expr::Array(all) | Expr::Other(all) | Expr::Macro { args: all, .. } => all.iter().copied().for_each(f),
        Expr::Range(a, b, _) => a.iter().chain(b).copied().for_each(f),
        Expr::Return(inner) | Expr::Break(inner) => inner.iter().copied().for_each(f),
    }
}
