//! Lengths of time, from the constructors of the usual types to how people write them.

use super::values::Value;
use crate::model::FactValue;

/// `Duration::from_secs(90)` is `90s`.
pub(super) fn duration(owner: &str, last: &str, inner: &Value) -> Option<Value> {
    if !matches!(owner, "Duration" | "TimeDelta" | "Span" | "TimeUnits") {
        return None;
    }
    let unit = match last {
        "from_secs" | "second" | "seconds" | "try_seconds" | "from_secs_f64" | "from_secs_f32" | "try_from_secs_f64"
        | "try_from_secs_f32" => "s",
        "from_millis" | "milliseconds" | "try_milliseconds" => "ms",
        "from_micros" | "microseconds" => "µs",
        "from_nanos" | "nanoseconds" => "ns",
        "from_mins" | "minute" | "minutes" | "try_minutes" => "min",
        "from_hours" | "hour" | "hours" | "try_hours" => "h",
        "from_days" | "day" | "days" | "try_days" => "d",
        "week" | "weeks" | "try_weeks" => "w",
        _ => return None,
    };
    Some(scaled(inner, unit))
}

/// A number of some unit, as a length of time.
pub(super) fn scaled(inner: &Value, unit: &'static str) -> Value {
    match inner {
        Value::Known(FactValue::Int(number), _, at) => Value::Known(FactValue::Text(pretty_duration(*number, unit)), true, *at),
        Value::Known(FactValue::Text(number), false, at) => Value::Known(FactValue::Text(format!("{number}{unit}")), true, *at),
        Value::Env { name, default, at } => {
            Value::Env { name: name.clone(), default: default.as_ref().map(|value| Box::new(scaled(value, unit))), at: *at }
        }
        Value::Field { .. } | Value::Param { .. } | Value::Call { .. } | Value::Or(..) | Value::Math(..) => {
            Value::Scaled(Box::new(inner.clone()), unit)
        }
        other => other.clone(),
    }
}

/// `86400s` reads as `1d`, `10000ms` as `10s`.
#[must_use]
pub fn pretty_duration(number: i64, unit: &str) -> String {
    const STEPS: [(&str, i64, &str); 5] = [("ns", 1000, "µs"), ("µs", 1000, "ms"), ("ms", 1000, "s"), ("s", 60, "min"), ("min", 60, "h")];
    let (mut number, mut unit) = (number, unit);
    for (from, factor, to) in STEPS {
        // 90 s stays 90 s, and one minute stays 60 s: that is how people write them.
        let clean = number != 0 && number % factor == 0 && (factor == 1000 || number / factor > 1 || number >= 3600);
        if unit == from && clean {
            (number, unit) = (number / factor, to);
        }
    }
    if unit == "h" && number != 0 && number % 24 == 0 {
        (number, unit) = (number / 24, "d");
    }
    format!("{number}{unit}")
}

/// `90s` in nanoseconds; none for what has a fraction.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    number.parse::<i64>().ok()?.checked_mul(length_of(unit)?)
}

/// A unit in nanoseconds.
pub(super) fn length_of(unit: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000_000;
    Some(match unit {
        "ns" => 1,
        "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "min" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "w" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}
