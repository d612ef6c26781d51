//! Functions that ask for variables through a function they are given: `from_source(|name| std::env::var(name).ok())`.

use rustc_hash::FxHashSet;

use super::calls::BodyFacts;
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::values::{Tracer, Value};
use crate::catalog::Shape;
use crate::facts::{Expr, ExprId, Pat, Span};
use crate::model::FactValue;

/// Functions of functions that hand on what they are given.
const MAX_ROUNDS: usize = 8;

/// Expressions around a read that are looked at.
const MAX_STEPS: usize = 12;

impl Tracer<'_> {
    /// What a function that the caller gives says of a name: `get("PORT")`.
    pub(super) fn asked(&self, callee: ExprId, args: &[ExprId], span: Span, depth: u32) -> Option<Value> {
        let ([name], Expr::Path(path, _)) = (args, &self.body[callee]) else { return None };
        path.single()?;
        let Value::Param { func, index, .. } = self.follow(callee, depth + 1) else { return None };
        let name = self.follow(*name, depth + 1);
        let is_name = matches!(name, Value::Known(FactValue::Text(_), ..) | Value::Param { .. } | Value::Join(_));
        is_name.then(|| Value::Asked { func, index, name: Box::new(name), at: self.at(span) })
    }
}

impl Reader<'_> {
    /// The positions of the arguments that are closures which read the variable they are asked for.
    pub(super) fn reading_closures(&self, args: &[ExprId]) -> Vec<usize> {
        args.iter().enumerate().filter(|(_, arg)| self.reads_what_it_is_asked(**arg)).map(|(at, _)| at).collect()
    }

    fn reads_what_it_is_asked(&self, closure: ExprId) -> bool {
        let Expr::Closure { params, body, .. } = &self.body[closure] else { return false };
        let [(pat, _)] = &**params else { return false };
        let Pat::Bind { name, .. } = &self.body[*pat] else { return false };
        // `std::env::var(name).ok()`, `match std::env::var(name) { … }`.
        let mut at = *body;
        for _ in 0..MAX_STEPS {
            at = match &self.body[at] {
                Expr::Method { recv, .. } => *recv,
                Expr::Match { value, .. } => *value,
                Expr::Block(stmts) => match stmts.last() {
                    Some(crate::facts::Stmt::Expr { expr, .. }) => *expr,
                    _ => return false,
                },
                Expr::Try(inner) | Expr::Ref(inner) => *inner,
                Expr::Call { args, .. } => {
                    let Some(Callee::Foreign(path)) = self.types.callees.get(&at) else { return false };
                    let catalog = self.world.catalog;
                    let reads = catalog.path(path).is_some_and(|hit| catalog.api(hit.entry).shape == Shape::EnvRead);
                    let mut asked = args.first().copied();
                    while let Some(Expr::Ref(inner) | Expr::Deref(inner)) = asked.map(|asked| &self.body[asked]) {
                        asked = Some(*inner);
                    }
                    let is_param = |asked: ExprId| matches!(&self.body[asked], Expr::Path(path, _) if path.single() == Some(name));
                    return reads && asked.is_some_and(is_param);
                }
                _ => return false,
            };
        }
        false
    }
}

/// The parameters, by function and position, that read the variable which they are asked for wherever the function is called.
pub(super) fn askers(bodies: &[BodyFacts]) -> FxHashSet<(DefId, usize)> {
    let mut out: FxHashSet<(DefId, usize)> = bodies.iter().flat_map(|body| body.hands_reader.iter().copied()).collect();
    for _ in 0..if out.is_empty() { 0 } else { MAX_ROUNDS } {
        let before = out.len();
        for call in bodies.iter().flat_map(|body| &body.own) {
            for (at, arg) in call.args.iter().enumerate() {
                if matches!(arg, Value::Param { func, index, .. } if out.contains(&(*func, *index))) {
                    out.insert((call.func, at));
                }
            }
        }
        if out.len() == before {
            break;
        }
    }
    out
}
