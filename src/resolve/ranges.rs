//! Checks of a number against a range: `if max < 1 || max > 256 { return Err(…) }`, `ensure!((1..=256).contains(&max))`.

use super::reader::Reader;
use super::values::{At, Value};
use super::walk::children;
use crate::facts::{BinOp, Expr, ExprId, Path, Span};
use crate::model::FactValue;

/// Parts of one condition.
const MAX_PARTS: usize = 6;

/// Expressions of a branch that are looked at.
const MAX_LOOKED_AT: usize = 60;

/// A number that has to be in a range.
#[derive(Clone, Debug)]
pub struct Range {
    /// What has to be in it: a field of the settings, what a function returns.
    pub value: Value,
    /// The least that is taken.
    pub least: Option<i64>,
    /// The most that is taken.
    pub most: Option<i64>,
    /// Where that is asked.
    pub at: At,
}

/// `1 to 256`, `at least 1`, `at most 256`.
#[must_use]
pub fn in_words(least: Option<i64>, most: Option<i64>) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) if least <= most => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        _ => None,
    }
}

impl Reader<'_> {
    /// What a condition rules out whose branch fails.
    pub(super) fn range(&self, cond: ExprId, then: ExprId) -> Option<Range> {
        let mut parts = vec![cond];
        let mut at = 0;
        while at < parts.len() {
            if parts.len() > MAX_PARTS {
                return None;
            }
            match &self.body[parts[at]] {
                // Of `a || b` both are ruled out; nothing else is written without a sign of its own between comparisons.
                Expr::Binary { op: BinOp::Other, left, right } if self.is_question(*left) && self.is_question(*right) => {
                    parts[at] = *left;
                    parts.push(*right);
                }
                _ => at += 1,
            }
        }
        let out = self.ruled(&parts, false)?;
        (self.is_fatal(then) && self.is_always_asked(cond)).then_some(out)
    }

    /// How long the text may be that a type is made of: `if text.len() >= 50 { return Err(…) }` in a function of the type.
    pub(super) fn length_limit(&self, cond: ExprId, then: ExprId) -> Option<(String, At)> {
        self.world.signatures.this[self.tracer.def.0 as usize].as_ref()?;
        let mut parts = vec![cond];
        while let Some(part) = parts.pop() {
            let Expr::Binary { op, left, right } = &self.body[part] else { continue };
            // Of `a || b` each is ruled out.
            if *op == BinOp::Other && parts.len() < MAX_PARTS {
                parts.extend([*left, *right]);
                continue;
            }
            let Expr::Method { recv, name, args, span, .. } = &self.body[*left] else { continue };
            let (of, unit) = match (name.as_str(), &self.body[*recv]) {
                ("len", _) => (*recv, "bytes"),
                ("count", Expr::Method { recv, name, .. }) if name == "chars" => (*recv, "characters"),
                ("count", Expr::Method { recv, name, .. }) if name == "graphemes" => (*recv, "graphemes"),
                _ => continue,
            };
            let is_given = matches!(self.tracer.value(of), Value::Param { .. });
            let (Some(number), true, true) = (self.number(*right), is_given, args.is_empty()) else { continue };
            let words = match op {
                BinOp::AtLeast => format!("shorter than {number} {unit}"),
                BinOp::Over => format!("at most {number} {unit}"),
                _ => continue,
            };
            return (self.is_fatal(then) && self.is_always_asked(cond)).then(|| (words, self.at(*span)));
        }
        None
    }

    /// `ensure!(max <= 256, "…")`, `assert!(max > 0)`.
    pub(super) fn ensured(&self, path: &Path, args: &[ExprId]) -> Option<Range> {
        let (name, first) = (path.last()?, *args.first()?);
        let asks = matches!(name.as_str(), "ensure" | "assert") && self.is_always_asked(first);
        asks.then(|| self.ruled(&[first], true))?
    }

    /// Nothing but the presence of something decides on whether it is asked.
    fn is_always_asked(&self, cond: ExprId) -> bool {
        let mut at = cond;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::If { cond, otherwise, .. } => {
                    let presence = matches!(self.body[*cond], Expr::Let { .. }) && *otherwise != Some(at);
                    if *cond != at && !presence {
                        return false;
                    }
                }
                Expr::Match { value, .. } if *value != at => return false,
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } | Expr::Closure { .. } => return false,
                _ => {}
            }
            at = parent;
        }
        true
    }

    fn is_question(&self, id: ExprId) -> bool {
        match &self.body[id] {
            Expr::Binary { op, left, right } => {
                op.compares() || *op == BinOp::Equal || *op == BinOp::Other && self.is_question(*left) && self.is_question(*right)
            }
            Expr::Unary(inner) => self.is_question(*inner),
            Expr::Method { name, .. } => name == "contains",
            _ => false,
        }
    }

    /// The range that all parts speak of, where they speak of one value: what they allow, or what they rule out.
    fn ruled(&self, parts: &[ExprId], allowed: bool) -> Option<Range> {
        let mut out: Option<Range> = None;
        for part in parts {
            let one = self.bound_by(*part, allowed)?;
            match &mut out {
                Some(out) if same(&out.value, &one.value) => {
                    out.least = out.least.max(one.least);
                    out.most = match (out.most, one.most) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
                Some(_) => return None,
                None => out = Some(one),
            }
        }
        out
    }

    fn bound_by(&self, part: ExprId, allowed: bool) -> Option<Range> {
        match &self.body[part] {
            Expr::Unary(inner) => self.bound_by(*inner, !allowed),
            Expr::Binary { op, left, right } => {
                // `256 < max` is `max > 256`.
                let (this, number, op) = match (self.number(*right), self.number(*left)) {
                    (Some(number), None) => (*left, number, *op),
                    (None, Some(number)) => (*right, number, mirrored(*op)),
                    _ => return None,
                };
                let op = if allowed { op } else { denied(op)? };
                let (least, most) = match op {
                    BinOp::Under => (None, number.checked_sub(1)),
                    BinOp::UpTo => (None, Some(number)),
                    BinOp::Over => (number.checked_add(1), None),
                    BinOp::AtLeast => (Some(number), None),
                    // Not nothing.
                    BinOp::Unequal if number == 0 => (Some(1), None),
                    _ => return None,
                };
                let (value, span) = self.asked_number(this)?;
                Some(Range { value, least, most, at: self.at(span) })
            }
            Expr::Method { recv, name, args, .. } if name == "contains" && allowed => {
                let ([only], Expr::Range(from, to, closed)) = (&**args, &self.body[*recv]) else { return None };
                let number = |id: &Option<ExprId>| id.map(|id| self.number(id));
                let (least, most) = (number(from), number(to));
                if least == Some(None) || most == Some(None) {
                    return None;
                }
                let most = most.flatten().map(|most| if *closed { most } else { most.saturating_sub(1) });
                let (value, span) = self.asked_number(*only)?;
                Some(Range { value, least: least.flatten(), most, at: self.at(span) })
            }
            _ => None,
        }
    }

    /// A known number; limits of types are none.
    fn number(&self, id: ExprId) -> Option<i64> {
        if self.spoken(id).is_some_and(|name| matches!(name.as_str(), "MAX" | "MIN")) {
            return None;
        }
        match self.tracer.value(id) {
            Value::Known(FactValue::Int(number), false, _) => Some(number),
            _ => None,
        }
    }

    /// What is asked about, as far as it is followed to something that is set.
    fn asked_number(&self, mut id: ExprId) -> Option<(Value, Span)> {
        while let Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) = &self.body[id] {
            id = *inner;
        }
        let span = self.span(id)?;
        let value = self.tracer.value(id);
        matches!(value, Value::Field { .. } | Value::Env { .. } | Value::Call { .. } | Value::Or(..)).then_some((value, span))
    }

    /// A branch that ends with an error, or with the process.
    fn is_fatal(&self, then: ExprId) -> bool {
        let mut stack = vec![then];
        for _ in 0..MAX_LOOKED_AT {
            let Some(next) = stack.pop() else { return false };
            match &self.body[next] {
                Expr::Call { callee, .. } if matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "Err" | "exit" | "abort"))) =>
                {
                    return true;
                }
                Expr::Macro { path, .. }
                    if path.last().is_some_and(|last| matches!(last.as_str(), "bail" | "panic" | "err" | "whatever" | "yeet")) =>
                {
                    return true;
                }
                // What is asked for in its own branch decides.
                Expr::If { .. } | Expr::Match { .. } | Expr::Closure { .. } => {}
                other => children(other, &mut |child| stack.push(child)),
            }
        }
        false
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Field { of, field, .. }, Value::Field { of: other, field: name, .. }) => of == other && field == name,
        (Value::Call { func, args, .. }, Value::Call { func: other, args: given, .. }) => func == other && args == given,
        _ => a == b,
    }
}

fn mirrored(op: BinOp) -> BinOp {
    match op {
        BinOp::Under => BinOp::Over,
        BinOp::Over => BinOp::Under,
        BinOp::UpTo => BinOp::AtLeast,
        BinOp::AtLeast => BinOp::UpTo,
        other => other,
    }
}

fn denied(op: BinOp) -> Option<BinOp> {
    Some(match op {
        BinOp::Under => BinOp::AtLeast,
        BinOp::Over => BinOp::UpTo,
        BinOp::UpTo => BinOp::Over,
        BinOp::AtLeast => BinOp::Under,
        BinOp::Equal => BinOp::Unequal,
        _ => return None,
    })
}
