//! Values of `match` and `if`: the value with its default, or one for each variant.

use super::displayed::is_display;
use super::moments::either;
use super::values::{Tracer, Value};
use crate::facts::{Arm, Expr, ExprId, Name, Pat, PatId};
use crate::model::FactValue;

/// Arms of one `match` that are followed.
const MAX_ARMS: usize = 16;

impl Tracer<'_> {
    pub(super) fn chosen(&self, id: ExprId, on: Value, arms: &[Arm], depth: u32) -> Value {
        let next = |id: ExprId| self.follow(id, depth + 1);
        match on {
            env @ Value::Env { default: None, .. } => {
                // `match env::var(…) { Ok(x) => …, Err(_) => default }`, also where the caller says what holds without it.
                let others = arms.iter().rev().filter(|arm| !self.unwraps(arm.pat)).map(|arm| next(arm.body));
                let given = others.into_iter().find(|value| matches!(value, Value::Param { .. }));
                let known = || arms.iter().rev().map(|arm| next(arm.body)).find(|value| matches!(value, Value::Known(..)));
                let fallback = given.or_else(known);
                match fallback {
                    Some(fallback) => env.with_default(fallback),
                    None => env,
                }
            }
            on @ (Value::Call { .. } | Value::Field { .. } | Value::Or(..)) => {
                // `match x { Some(x) => x, None => default }`.
                let passes = |arm: &&Arm| self.unwraps(arm.pat) && next(arm.body) == on;
                let fallback = match (arms, arms.iter().find(passes)) {
                    ([_, _], Some(passing)) => arms.iter().find(|arm| arm.pat != passing.pat).map(|arm| next(arm.body)),
                    _ => None,
                };
                match fallback.filter(|value| !matches!(value, Value::Unknown(_))) {
                    Some(fallback) => on.with_default(fallback),
                    None if matches!(on, Value::Call { .. }) => on,
                    None => self.unknown(id),
                }
            }
            env @ Value::Env { .. } => env,
            // `match Address::new(given) { Ok(address) => Ok(address), Err(error) => … }`.
            on @ Value::Param { .. } if arms.iter().any(|arm| self.unwraps(arm.pat) && next(arm.body) == on) => on,
            on @ (Value::Param { .. } | Value::Known(FactValue::Text(_), ..)) => {
                let arms = arms.iter().take(MAX_ARMS).filter_map(|arm| Some((self.variant(arm.pat)?, next(arm.body)))).collect();
                choose(on, arms).unwrap_or_else(|| self.unknown(id))
            }
            _ if is_display(self.world, self.def) => {
                let arms = arms.iter().take(MAX_ARMS).map(|arm| (self.variant(arm.pat).unwrap_or_default(), next(arm.body))).collect();
                self.any(id, arms)
            }
            _ => self.unknown(id),
        }
    }

    /// One of several, and nobody knows which.
    fn any(&self, id: ExprId, arms: Vec<(Name, Value)>) -> Value {
        Value::Choice { on: Box::new(self.unknown(id)), arms }
    }

    pub(super) fn branched(&self, id: ExprId, cond: ExprId, then: ExprId, otherwise: Option<ExprId>, depth: u32) -> Value {
        let next = |id: ExprId| self.follow(id, depth + 1);
        if let Expr::Let { pat, value } = &self.body[cond] {
            match next(*value) {
                env @ Value::Env { default: None, .. } => {
                    return match otherwise.map(next) {
                        Some(fallback @ (Value::Known(..) | Value::Param { .. })) => env.with_default(fallback),
                        _ => env,
                    };
                }
                // `if let Some(x) = x { x } else { default }`.
                on @ (Value::Call { .. } | Value::Field { .. }) if self.unwraps(*pat) && next(then) == on => {
                    return match otherwise.map(next) {
                        Some(fallback) if !matches!(fallback, Value::Unknown(_)) => on.with_default(fallback),
                        _ => on,
                    };
                }
                _ => {}
            }
        }
        // `if x.is_empty() { default } else { x }`: what there is when something is there.
        if let (Expr::Method { recv, name, args, .. }, Some(otherwise)) = (&self.body[cond], otherwise)
            && name == "is_empty"
            && args.is_empty()
        {
            let (x, full) = (next(*recv), next(otherwise));
            return if x == full && !matches!(x, Value::Known(..) | Value::Unknown(_)) { full.with_default(next(then)) } else { full };
        }
        let (then, other) = (next(then), otherwise.map(next));
        match other {
            Some(other) if then == other => then,
            Some(other) if is_display(self.world, self.def) => self.any(id, vec![(Name::default(), then), (Name::default(), other)]),
            Some(other) => either(&then, &other).or_else(|| self.by_switch(cond, then, other, depth)).unwrap_or_else(|| self.unknown(id)),
            None => self.unknown(id),
        }
    }

    /// `if config.require_tls { Mode::Require } else { Mode::Prefer }`: one of two known words, as a setting says.
    fn by_switch(&self, cond: ExprId, then: Value, other: Value, depth: u32) -> Option<Value> {
        let is_word = |value: &Value| matches!(value, Value::Known(FactValue::Text(_), false, _));
        if !is_word(&then) || !is_word(&other) {
            return None;
        }
        let (cond, on, off) = match &self.body[cond] {
            Expr::Unary(inner) => (*inner, other, then),
            _ => (cond, then, other),
        };
        match self.follow(cond, depth + 1) {
            on_value @ (Value::Field { .. } | Value::Env { .. } | Value::Param { .. }) => {
                Some(Value::Choice { on: Box::new(on_value), arms: vec![("true".into(), on), ("false".into(), off)] })
            }
            _ => None,
        }
    }

    /// `Some(x)`, `Ok(x)`.
    fn unwraps(&self, pat: PatId) -> bool {
        match &self.body[pat] {
            Pat::TupleStruct(path, parts) => {
                let [only] = &**parts else { return false };
                let is_wrapped = path.last().is_some_and(|last| matches!(last.as_str(), "Some" | "Ok"));
                is_wrapped && (matches!(self.body[*only], Pat::Bind { .. }) || self.unwraps(*only))
            }
            _ => false,
        }
    }

    /// The variant that a pattern names, without its path.
    fn variant(&self, pat: PatId) -> Option<Name> {
        match &self.body[pat] {
            Pat::Path(path) | Pat::TupleStruct(path, _) | Pat::Struct(path, _) => path.last().cloned(),
            Pat::Ref(inner) => self.variant(*inner),
            _ => None,
        }
    }
}

/// The arm for a variant that is known; else all of them, when it may still become known.
pub(super) fn choose(on: Value, arms: Vec<(Name, Value)>) -> Option<Value> {
    match &on {
        Value::Known(FactValue::Bool(on), ..) => {
            let name = if *on { "true" } else { "false" };
            arms.into_iter().find(|(arm, _)| arm == name).map(|(_, value)| value)
        }
        Value::Known(FactValue::Text(variant), ..) => arms.into_iter().find(|(name, _)| name == variant).map(|(_, value)| value),
        _ if arms.len() > 1 => Some(Value::Choice { on: Box::new(on), arms }),
        _ => None,
    }
}
