//! Arithmetic of values: done where both sides are known, else kept until they are.

use super::durations::{nanoseconds, pretty_duration};
use super::moments::later;
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
    pub(super) fn of(op: BinOp) -> Option<Self> {
        Some(match op {
            BinOp::Add => Math::Add,
            BinOp::Sub => Math::Sub,
            BinOp::Mul => Math::Mul,
            BinOp::Div => Math::Div,
            BinOp::Shl => Math::Shl,
            BinOp::Under | BinOp::UpTo | BinOp::AtLeast | BinOp::Over | BinOp::Equal | BinOp::Unequal | BinOp::And | BinOp::Other => {
                return None;
            }
        })
    }

    /// The methods and functions that do the same.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "add" | "checked_add" | "saturating_add" | "wrapping_add" | "checked_add_signed" => Math::Add,
            "sub" | "checked_sub" | "saturating_sub" | "wrapping_sub" | "checked_sub_signed" => Math::Sub,
            "mul" | "checked_mul" | "saturating_mul" | "wrapping_mul" => Math::Mul,
            "div" | "checked_div" => Math::Div,
            "max" => Math::Max,
            "min" => Math::Min,
            _ => return None,
        })
    }

    /// What is unknown, with what is known, as people write it.
    pub(super) fn written(self, unknown: &str, known: &str, swapped: bool) -> String {
        let sign = match self {
            Math::Add => "+",
            Math::Sub => "-",
            Math::Mul => "*",
            Math::Div => "/",
            Math::Shl => "<<",
            Math::Max => return format!("{unknown}, at least {known}"),
            Math::Min => return format!("{unknown}, at most {known}"),
        };
        if swapped { format!("{known} {sign} {unknown}") } else { format!("{unknown} {sign} {known}") }
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

/// Two numbers or lengths of time, one of which may be known only later; or a moment, so much later.
pub(super) fn numbers(op: Math, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (moment @ Value::Later { .. }, other) | (other, moment @ Value::Later { .. }) => later(moment, other).filter(|_| op == Math::Add),
        (Value::Known(a, a_lasts, at), Value::Known(b, b_lasts, _)) => {
            let (value, lasts) = calculate(op, (a, *a_lasts), (b, *b_lasts))?;
            Some(Value::Known(value, lasts, *at))
        }
        _ if is_number(left) && is_number(right) => Some(Value::Math(op, Box::new(left.clone()), Box::new(right.clone()))),
        _ => None,
    }
}

/// The result for two known values; whether each is a length of time.
pub(super) fn calculate(op: Math, left: (&FactValue, bool), right: (&FactValue, bool)) -> Option<(FactValue, bool)> {
    match (left, right) {
        ((FactValue::Int(a), _), (FactValue::Int(b), _)) => op.of_numbers(*a, *b).map(|number| (FactValue::Int(number), false)),
        ((FactValue::Text(a), true), (FactValue::Int(b), _)) if matches!(op, Math::Mul | Math::Div) => {
            let of = nanoseconds(a)?;
            // What does not come out even is not said.
            let is_even = op == Math::Mul || *b != 0 && of % b == 0;
            op.of_numbers(of, *b).filter(|_| is_even).map(lasting)
        }
        ((FactValue::Int(a), _), (FactValue::Text(b), true)) if op == Math::Mul => op.of_numbers(*a, nanoseconds(b)?).map(lasting),
        ((FactValue::Text(a), true), (FactValue::Text(b), true)) if matches!(op, Math::Add | Math::Sub | Math::Max | Math::Min) => {
            op.of_numbers(nanoseconds(a)?, nanoseconds(b)?).map(lasting)
        }
        _ => None,
    }
}

fn lasting(nanoseconds: i64) -> (FactValue, bool) {
    (FactValue::Text(pretty_duration(nanoseconds, "ns")), true)
}

/// May turn out to be a number.
fn is_number(value: &Value) -> bool {
    is_open(value) || matches!(value, Value::Known(FactValue::Int(_), ..) | Value::Known(FactValue::Text(_), true, _))
}

/// Other bodies have a say.
pub(super) fn is_open(value: &Value) -> bool {
    matches!(
        value,
        Value::Env { .. }
            | Value::Field { .. }
            | Value::Param { .. }
            | Value::Call { .. }
            | Value::Scaled(..)
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
    fn lengths_of_time_are_multiplied_and_added() {
        let lasts = |text: &str| Value::Known(FactValue::Text(text.to_owned()), true, AT);
        let number = |number| Value::Known(FactValue::Int(number), false, AT);
        let of = |op, a: &Value, b: &Value| numbers(op, a, b).and_then(|value| value.known_text());
        assert_eq!(of(Math::Mul, &lasts("1h"), &number(24)).as_deref(), Some("1d"));
        assert_eq!(of(Math::Mul, &number(5), &lasts("60s")).as_deref(), Some("5min"));
        assert_eq!(of(Math::Add, &lasts("90s"), &lasts("500ms")).as_deref(), Some("90500ms"));
        assert_eq!(of(Math::Div, &lasts("1min"), &number(2)).as_deref(), Some("30s"));
        assert_eq!(of(Math::Min, &lasts("2min"), &lasts("1h")).as_deref(), Some("2min"));
        // Neither a number more than a length of time, nor a product of two.
        assert_eq!(of(Math::Add, &lasts("90s"), &number(1)), None);
        assert_eq!(of(Math::Mul, &lasts("90s"), &lasts("2s")), None);
        assert_eq!(of(Math::Div, &lasts("1s"), &number(3)), None);
        assert_eq!(of(Math::Mul, &lasts("1.5h"), &number(2)), None);
    }

    #[test]
    fn what_does_not_fit_into_a_number_is_none() {
        let number = |number| Value::Known(FactValue::Int(number), false, AT);
        assert_eq!(numbers(Math::Mul, &number(i64::MAX), &number(2)), None);
        assert_eq!(numbers(Math::Div, &number(1), &number(0)), None);
        assert_eq!(numbers(Math::Max, &number(1), &Value::Unknown("cores".into())), None);
    }
}
