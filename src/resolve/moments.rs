//! Moments that lie a length of time ahead, and lengths of time as numbers.

use smol_str::SmolStr;

use super::arithmetic::{Math, is_open, numbers};
use super::durations::{length_of, nanoseconds, scaled};
use super::values::{At, Value};
use crate::model::FactValue;

/// The moment of a call, by the path of the function; `None` for one that tells something else.
pub(super) fn now(path: &str, text: impl FnOnce() -> String) -> Option<Value> {
    let mut parts = path.rsplit("::");
    let (last, owner) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let clocks = ["Utc", "Local", "OffsetDateTime", "UtcDateTime", "SystemTime", "Instant", "Timestamp", "Zoned", "DateTime"];
    let is_moment = matches!(last, "now" | "now_utc" | "now_local") && clocks.contains(&owner);
    let unit = match last {
        "get_current_timestamp" => Some("s"),
        _ if is_moment => None,
        _ => return None,
    };
    Some(Value::Later { by: None, unit, text: text().into() })
}

/// A moment, so much later.
pub(super) fn later(moment: &Value, more: &Value) -> Option<Value> {
    let Value::Later { by, unit, text } = moment else { return None };
    let more = ahead(more, *unit)?;
    let by = match by {
        None => more,
        // A second step: only where both are known.
        Some(by) => numbers(Math::Add, by, &more).filter(|sum| matches!(sum, Value::Known(..)))?,
    };
    Some(Value::Later { by: Some(Box::new(by)), unit: *unit, text: text.clone() })
}

/// How far a moment is moved: a length of time, or a number where moments are numbers.
fn ahead(by: &Value, unit: Option<&'static str>) -> Option<Value> {
    match (by, unit) {
        (Value::Known(FactValue::Text(_), true, _) | Value::Scaled(..), _) => Some(by.clone()),
        (Value::Known(FactValue::Int(_), ..), Some(unit)) => Some(scaled(by, unit)),
        (by, Some(unit)) if is_open(by) => Some(scaled(by, unit)),
        (by, None) if is_open(by) => Some(by.clone()),
        _ => None,
    }
}

/// The unit in which a method says how long something lasts, or when a moment is: `as_secs`, `num_minutes`, `timestamp`.
pub(super) fn unit_of(method: &str) -> Option<&'static str> {
    Some(match method {
        "as_secs" | "num_seconds" | "whole_seconds" | "timestamp" | "unix_timestamp" | "as_second" => "s",
        "as_millis" | "num_milliseconds" | "whole_milliseconds" | "timestamp_millis" | "as_millisecond" => "ms",
        "num_minutes" | "whole_minutes" => "min",
        "num_hours" | "whole_hours" => "h",
        "num_days" | "whole_days" => "d",
        _ => return None,
    })
}

/// A length of time, or a moment, as a number of some unit.
pub(super) fn counted(value: &Value, unit: &'static str) -> Option<Value> {
    match value {
        Value::Later { by, unit: None, text } => Some(Value::Later { by: by.clone(), unit: Some(unit), text: text.clone() }),
        Value::Known(FactValue::Text(text), true, at) => {
            let (of, each) = (nanoseconds(text)?, length_of(unit)?);
            (of % each == 0).then(|| Value::Known(FactValue::Int(of / each), false, *at))
        }
        Value::Scaled(inner, known) if *known == unit => Some((**inner).clone()),
        _ => None,
    }
}

/// One of two known values of one sort, by a condition; the second may be one of several already.
pub(super) fn either(first: &Value, second: &Value) -> Option<Value> {
    match (first, second) {
        (Value::Known(a @ FactValue::Int(_), false, at), Value::Known(FactValue::Text(more), false, _)) if are_numbers(more) => {
            let a = a.to_string();
            let text = if more.split(OR).any(|one| one == a) { more.clone() } else { format!("{a}{OR}{more}") };
            Some(known_text(text, *at))
        }
        (Value::Known(a, a_lasts, at), Value::Known(b, b_lasts, _)) if a_lasts == b_lasts => {
            let of_one_sort = matches!((a, b), (FactValue::Int(_), FactValue::Int(_))) || *a_lasts;
            of_one_sort.then(|| Value::Known(FactValue::Text(format!("{a} or {b}")), *a_lasts, *at))
        }
        _ => None,
    }
}

/// Between one of several values and the next.
const OR: &str = " or ";

/// A few numbers, one of which holds: `587 or 25`.
fn are_numbers(text: &str) -> bool {
    let several = (2..=MAX_NUMBERS).contains(&text.split(OR).count());
    several && text.split(OR).all(|one| one.parse::<i64>().is_ok())
}

/// More numbers than these are no choice that anybody reads.
const MAX_NUMBERS: usize = 4;

/// What holds on a condition only.
pub(super) fn on_condition(value: Value) -> Option<Value> {
    match value {
        Value::Known(value, _, at) => Some(known_text(format!("{value} on a condition"), at)),
        _ => None,
    }
}

fn known_text(text: String, at: At) -> Value {
    Value::Known(FactValue::Text(text), false, at)
}

/// The text under which a moment stands in a name: another one each time.
pub(super) const IN_NAMES: SmolStr = SmolStr::new_static("time");
