//! Comparisons of how old something is with how old it may be, and of when it ends with what is now.

use super::moments::unit_of;
use super::program::DefId;
use super::reader::Reader;
use super::values::{At, Value};
use crate::facts::{BinOp, Expr, ExprId, Name, Span};
use crate::model::FactValue;
use crate::resolve::durations::scaled;

impl Reader<'_> {
    /// `made.elapsed() > TTL`, `now - made >= TTL`, `made.elapsed().as_secs() < 60`, `made + TTL < now`: how old it may be.
    pub(super) fn age_limit(&self, left: ExprId, right: ExprId) -> Option<(Value, At)> {
        let length = |span: Span, unit: Option<&'static str>, limit: ExprId| {
            let value = self.tracer.value(limit);
            let value = match unit {
                Some(unit) => scaled(&value, unit),
                None => value,
            };
            let is_length = matches!(
                value,
                Value::Known(FactValue::Text(_), true, _)
                    | Value::Scaled(..)
                    | Value::Field { .. }
                    | Value::Env { .. }
                    | Value::Call { .. }
            );
            is_length.then(|| (value, self.at(span)))
        };
        [(left, right), (right, left)].into_iter().find_map(|(this, limit)| {
            let by_age = self.age(this, 0).and_then(|(span, unit)| length(span, unit, limit));
            by_age.or_else(|| {
                let (span, unit, by) = self.moved(this, limit)?;
                length(span, unit, by)
            })
        })
    }

    /// `made + TTL` beside what is now: by how much the moment is moved there.
    fn moved(&self, this: ExprId, now: ExprId) -> Option<(Span, Option<&'static str>, ExprId)> {
        let Expr::Binary { op: BinOp::Add, left, right } = &self.body[self.tracer.behind(this)] else { return None };
        let Value::Later { by: None, unit, .. } = self.tracer.value(now) else { return None };
        Some((self.span_of(self.tracer.behind(now))?, unit, *right)).filter(|_| !self.is_now(*left))
    }

    /// An expression that says how long ago something was: where, and in which unit if it is a number.
    fn age(&self, id: ExprId, depth: u32) -> Option<(Span, Option<&'static str>)> {
        if depth > 8 {
            return None;
        }
        match &self.body[id] {
            Expr::Method { recv, name, args, span, .. } => match (name.as_str(), args.len()) {
                // How long this very call has taken is no age.
                ("elapsed", 0) => (!self.is_now(*recv)).then_some((*span, None)),
                ("duration_since" | "signed_duration_since" | "saturating_duration_since", 1) if self.is_now(*recv) => Some((*span, None)),
                ("unwrap" | "expect" | "unwrap_or_default", _) => self.age(*recv, depth + 1),
                (name, 0) => {
                    let unit = unit_of(name)?;
                    self.age(*recv, depth + 1).map(|(span, _)| (span, Some(unit)))
                }
                _ => None,
            },
            Expr::Binary { op: BinOp::Sub, left, .. } if self.is_now(*left) => {
                let unit = match self.tracer.value(*left) {
                    Value::Later { unit, .. } => unit,
                    _ => None,
                };
                Some((self.span_of(*left)?, unit))
            }
            // `let age = now.duration_since(made)?; … age > TTL`.
            Expr::Path(..) => match self.tracer.behind(id) {
                init if init != id => self.age(init, depth + 1),
                _ => None,
            },
            Expr::Try(inner) | Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) => self.age(*inner, depth + 1),
            _ => None,
        }
    }

    /// `entry.expires_at <= now`: the field that says when something ends.
    pub(super) fn expiry(&self, left: ExprId, right: ExprId) -> Option<(DefId, Name)> {
        [(left, right), (right, left)].into_iter().find_map(|(this, now)| {
            let mut at = this;
            while let Expr::Ref(inner) | Expr::Deref(inner) = &self.body[at] {
                at = *inner;
            }
            let Expr::Field { base, name, .. } = &self.body[at] else { return None };
            self.is_now(now).then_some(())?;
            Some((self.struct_with(*base, name)?, name.clone()))
        })
    }

    fn is_now(&self, id: ExprId) -> bool {
        matches!(self.tracer.value(id), Value::Later { by: None, .. })
    }

    fn span_of(&self, id: ExprId) -> Option<Span> {
        match &self.body[id] {
            Expr::Path(_, span) | Expr::Call { span, .. } | Expr::Method { span, .. } => Some(*span),
            _ => None,
        }
    }
}
