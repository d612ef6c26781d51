//! Arithmetic of values: done where both sides are known, else kept until they are.

use super::values::{At, Value};
use crate::facts::BinOp;
use crate::model::FactValue;

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Math {
    Add,
    Sub,
    Mul,
    Div,
    Shl,
    Max,
    Min,
}

impl Math {
    fn of(op: BinOp) -> Option<Self> {
        Some(match op {
            BinOp::Add => Math::Add,
            BinOp::Sub => Math::Sub,
            BinOp::Mul => Math::Mul,
            BinOp::Div => Math::Div,
            BinOp::Shl => Math::Shl,
            BinOp::Compare | BinOp::AtLeast | BinOp::Over | BinOp::Other => return None,
        })
    }

    /// The number, unless it is none that fits.
    pub(super) fn of_numbers(self, a: i64, b: i64) -> Option<i64> {
        match self {
            Math::Add => a.checked_add(b),
            Math::Sub => a.checked_sub(b),
            Math::Mul => a.checked_mul(b),
            Math::Div => a.checked_div(b),
            Math::Shl => u32::try_from(b).ok().and_then(|b| a.checked_shl(b)),
            Math::Max => Some(a.max(b)),
            Math::Min => Some(a.min(b)),
        }
    }
}

/// `a + b`: of numbers, or of texts.
pub(super) fn binary(op: BinOp, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Known(FactValue::Text(_), false, _), _) | (_, Value::Known(FactValue::Text(_), false, _)) if op == BinOp::Add => {
            Some(Value::Join(vec![left.clone(), right.clone()]))
        }
        _ => numbers(Math::of(op)?, left, right),
    }
}

/// Two numbers, one of which may be known only later.
pub(super) fn numbers(op: Math, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Known(FactValue::Int(a), _, at), Value::Known(FactValue::Int(b), ..)) => {
            Some(Value::Known(FactValue::Int(op.of_numbers(*a, *b)?), false, *at))
        }
        _ if is_number(left) && is_number(right) => Some(Value::Math(op, Box::new(left.clone()), Box::new(right.clone()))),
        _ => None,
    }
}

/// May turn out to be a number.
fn is_number(value: &Value) -> bool {
    matches!(
        value,
        Value::Known(FactValue::Int(_), ..)
            | Value::Env { .. }
            | Value::Field { .. }
            | Value::Call { .. }
            | Value::Or(..)
            | Value::Math(..)
    )
}

/// What a text that stands for a number in an attribute says: `5 * 1024 * 1024usize`.
pub(super) fn written(text: &str, at: At) -> Option<Value> {
    let product = text.split('*').map(|factor| integer(factor.trim())).try_fold(1i64, |product, factor| product.checked_mul(factor?))?;
    Some(Value::Known(FactValue::Int(product), false, at))
}

/// `1_000u32`.
fn integer(text: &str) -> Option<i64> {
    let plain = text.replace('_', "");
    let end = plain.find(|c: char| !c.is_ascii_digit()).unwrap_or(plain.len());
    let (digits, suffix) = plain.split_at(end);
    let is_suffix = suffix.is_empty() || matches!(suffix.strip_prefix(['u', 'i']), Some("8" | "16" | "32" | "64" | "128" | "size"));
    digits.parse().ok().filter(|_| is_suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Span;

    const AT: At = At { file: 0, span: Span { line: 1, column: 1 } };

    #[test]
    fn numbers_of_attributes_are_read_with_their_suffix_and_products() {
        let read = |text: &str| written(text, AT).and_then(|value| value.known_text());
        assert_eq!(read("5*1024*1024usize").as_deref(), Some("5242880"));
        assert_eq!(read("1_000u32").as_deref(), Some("1000"));
        for text in ["num_cpus::get()", "", "1.5", "9223372036854775807*2", "10x", "é"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_into_a_number_is_none() {
        let number = |number| Value::Known(FactValue::Int(number), false, AT);
        assert_eq!(numbers(Math::Mul, &number(i64::MAX), &number(2)), None);
        assert_eq!(numbers(Math::Div, &number(1), &number(0)), None);
        assert_eq!(numbers(Math::Max, &number(1), &Value::Unknown("cores".into())), None);
    }
}
