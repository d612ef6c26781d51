//! Stated defaults and values of the source in one form, so that they can be compared: `10min` is `Duration::from_secs(600)`.

use smol_str::SmolStr;

/// A value that two texts may agree on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amount {
    /// A number; of bytes, when a unit says so.
    Number(f64),
    /// Seconds.
    Duration(f64),
    /// `true`, `false`, on, off.
    Bool(bool),
    /// No value, no bound: `None`, `usize::MAX`.
    Absent,
    /// Anything else: a text, a variant.
    Text(SmolStr),
}

/// How two values relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// They say the same.
    Same,
    /// They cannot both be true.
    Different,
    /// They cannot be compared.
    Unlike,
}

impl Amount {
    /// A default as the catalog states it.
    pub(super) fn stated(text: &str) -> Self {
        // What stands in brackets says more about it.
        let text = text.split(" (").next().unwrap_or(text).trim();
        let low = text.to_lowercase();
        match low.as_str() {
            "none" | "unbounded" | "unlimited" | "never" | "unset" | "no limit" | "infinite" | "no" => return Self::Absent,
            "true" | "on" => return Self::Bool(true),
            "false" | "off" => return Self::Bool(false),
            _ => {}
        }
        let end = low.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | ','))).unwrap_or(low.len());
        let (digits, unit) = low.split_at(end);
        let Ok(number) = digits.replace(['_', ','], "").parse::<f64>() else { return Self::Text(text.into()) };
        let second = |seconds: f64| Self::Duration(number * seconds);
        match unit.trim() {
            "" => Self::Number(number),
            "ns" => second(1e-9),
            "us" | "µs" => second(1e-6),
            "ms" => second(1e-3),
            "s" | "sec" | "seconds" | "second" => second(1.0),
            "min" | "minutes" | "minute" => second(60.0),
            "h" | "hours" | "hour" => second(3600.0),
            "d" | "day" | "days" => second(86_400.0),
            "week" | "weeks" => second(7.0 * 86_400.0),
            "kib" => Self::Number(number * 1024.0),
            "mib" => Self::Number(number * 1024.0 * 1024.0),
            "gib" => Self::Number(number * 1024.0 * 1024.0 * 1024.0),
            "kb" => Self::Number(number * 1e3),
            "mb" => Self::Number(number * 1e6),
            "gb" => Self::Number(number * 1e9),
            "b" | "bytes" | "byte" | "entries" | "connections" | "messages" | "threads" | "attempts" | "retries" => Self::Number(number),
            _ => Self::Text(text.into()),
        }
    }

    /// How the stated value (`self`) relates to one of the source.
    pub(super) fn relation(&self, source: &Self) -> Relation {
        let same = |holds: bool| if holds { Relation::Same } else { Relation::Different };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1e-9);
        match (self, source) {
            (Self::Number(a), Self::Number(b)) | (Self::Duration(a), Self::Duration(b)) => same(close(*a, *b)),
            (Self::Bool(a), Self::Bool(b)) => same(a == b),
            // A plain number that stands for a time: of which unit, only its name would say.
            (Self::Duration(a), Self::Number(b)) => {
                let units = [1.0, 1e-3, 1e-6, 1e-9, 60.0, 3600.0, 86_400.0];
                if units.iter().any(|unit| close(*a, b * unit)) { Relation::Same } else { Relation::Unlike }
            }
            (Self::Absent, Self::Absent) | (Self::Bool(false), Self::Absent) => Relation::Same,
            (Self::Absent, Self::Number(0.0) | Self::Duration(0.0) | Self::Bool(false)) => Relation::Unlike,
            (Self::Absent, Self::Number(_) | Self::Duration(_)) => Relation::Different,
            (Self::Text(a), Self::Text(b)) if words(a) == words(b) => Relation::Same,
            _ => Relation::Unlike,
        }
    }

    /// Whether it is neither a number nor a truth.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// As a person would write it.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Number(number) => format!("{number}"),
            Self::Duration(seconds) => format!("{seconds}s"),
            Self::Bool(value) => value.to_string(),
            Self::Absent => "none".to_owned(),
            Self::Text(text) => text.to_string(),
        }
    }
}

/// Letters and digits only: `TinyLFU` is `tiny_lfu`.
fn words(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stated: &str, source: &Amount, expected: Relation) {
        assert_eq!(Amount::stated(stated).relation(source), expected, "{stated} and {source:?}");
    }

    #[test]
    fn the_same_value_in_other_words_is_the_same() {
        check("10min", &Amount::Duration(600.0), Relation::Same);
        check("1.5s", &Amount::Duration(1.5), Relation::Same);
        check("30s", &Amount::Number(30_000.0), Relation::Same);
        check("64KiB", &Amount::Number(65_536.0), Relation::Same);
        check("2 MB", &Amount::Number(2e6), Relation::Same);
        check("10_000", &Amount::Number(10_000.0), Relation::Same);
        check("unbounded", &Amount::Absent, Relation::Same);
        check("off", &Amount::Bool(false), Relation::Same);
        check("off", &Amount::Absent, Relation::Same);
        check("TinyLFU", &Amount::Text("tiny_lfu".into()), Relation::Same);
        check("5 (DuckDB)", &Amount::Number(5.0), Relation::Same);
    }

    #[test]
    fn another_value_of_the_same_sort_is_different() {
        check("30s", &Amount::Duration(90.0), Relation::Different);
        check("10", &Amount::Number(16.0), Relation::Different);
        check("true", &Amount::Bool(false), Relation::Different);
        check("none", &Amount::Duration(30.0), Relation::Different);
    }

    #[test]
    fn what_cannot_be_compared_contradicts_nothing() {
        check("number of processors", &Amount::Number(8.0), Relation::Unlike);
        check("10", &Amount::Absent, Relation::Unlike);
        check("30s", &Amount::Number(7.0), Relation::Unlike);
        check("none", &Amount::Number(0.0), Relation::Unlike);
        check("LRU", &Amount::Text("fifo".into()), Relation::Unlike);
    }
}
