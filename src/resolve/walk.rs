//! Walks over the expressions of a body.

pub(crate) use crate::facts::children;
use crate::facts::{Body, ExprId};

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
