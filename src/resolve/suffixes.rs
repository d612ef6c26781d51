//! Methods that well-known traits give to numbers: `20.megabytes()`, `5.minutes()`.

use smol_str::format_smolstr;

use super::durations::{duration, scaled};
use super::names::{Res, Space};
use super::values::{Tracer, Value};
use crate::facts::Path;
use crate::model::FactValue;

/// A trait that has such methods, by the crates that export it.
struct Suffixes {
    name: &'static str,
    crates: &'static [&'static str],
    read: fn(&str, &Value) -> Option<Value>,
}

const KNOWN: [Suffixes; 4] = [
    Suffixes { name: "ToByteUnit", crates: &["rocket", "ubyte"], read: bytes },
    Suffixes { name: "NumericalDuration", crates: &["time"], read: length },
    Suffixes { name: "NumericalStdDuration", crates: &["time"], read: std_length },
    Suffixes { name: "ToSpan", crates: &["jiff"], read: length },
];

impl Tracer<'_> {
    /// What a method makes of a number by a trait that the module imports. A trait of the workspace is none of them.
    pub(super) fn suffixed(&self, name: &str, number: impl FnOnce() -> Value) -> Option<Value> {
        let (byte, std) = (name.ends_with("bytes"), name.strip_prefix("std_"));
        if !byte && !is_unit(std.unwrap_or(name)) {
            return None;
        }
        let number = number();
        if !matches!(number, Value::Known(FactValue::Int(_), false, _)) {
            return None;
        }
        let module = self.world.program.def(self.def).module;
        let imported = KNOWN.iter().find(|known| {
            let found = self.world.program.resolve(self.world.catalog, module, &Path::of(&[known.name]), Space::Type);
            let takes = (known.read)(name, &number).is_some();
            takes && matches!(found, Some(Res::Foreign(path)) if known.crates.contains(&path.split("::").next().unwrap_or("")))
        })?;
        (imported.read)(name, &number)
    }
}

fn is_unit(name: &str) -> bool {
    matches!(name, "nanoseconds" | "microseconds" | "milliseconds" | "seconds" | "minutes" | "hours" | "days" | "weeks")
        || matches!(name, "nanosecond" | "microsecond" | "millisecond" | "second" | "minute" | "hour" | "day" | "week")
}

/// `20 MB`, as people write it.
fn bytes(name: &str, number: &Value) -> Option<Value> {
    let Value::Known(FactValue::Int(number), _, at) = number else { return None };
    let unit = match name {
        "bytes" => "B",
        "kilobytes" => "kB",
        "kibibytes" => "KiB",
        "megabytes" => "MB",
        "mebibytes" => "MiB",
        "gigabytes" => "GB",
        "gibibytes" => "GiB",
        "terabytes" => "TB",
        "tebibytes" => "TiB",
        _ => return None,
    };
    Some(Value::Known(FactValue::Text(format!("{number} {unit}")), false, *at))
}

fn length(name: &str, number: &Value) -> Option<Value> {
    match name {
        "nanosecond" | "microsecond" | "millisecond" => length(&format_smolstr!("{name}s"), number),
        "nanoseconds" => Some(scaled(number, "ns")),
        "microseconds" => Some(scaled(number, "µs")),
        "milliseconds" => Some(scaled(number, "ms")),
        _ => duration("TimeDelta", name, number),
    }
}

fn std_length(name: &str, number: &Value) -> Option<Value> {
    length(name.strip_prefix("std_")?, number)
}
