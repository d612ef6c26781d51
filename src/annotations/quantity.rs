//! Quantities in text: `300 s`, `1h 30m`, `512 MB`, `40,000 entries`, and whether two of them are the same.

/// An amount of something that can be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Quantity {
    /// In seconds.
    Duration(f64),
    /// In bytes: with `MB` as a million, and as 1024 times 1024, since people write either.
    Bytes {
        /// Powers of a thousand.
        decimal: f64,
        /// Powers of 1024.
        binary: f64,
    },
    /// So many of what the word names, in the singular.
    Count(f64, String),
}

/// A quantity in a text, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Byte of its first digit.
    pub(super) start: usize,
    /// Byte after its unit.
    pub(super) end: usize,
    /// How much of what.
    pub(super) quantity: Quantity,
}

impl Quantity {
    /// A number of a fact whose unit is known.
    pub(super) fn of_number(number: f64, unit: &str) -> Self {
        match unit {
            "duration" => Quantity::Duration(number),
            "bytes" => Quantity::Bytes { decimal: number, binary: number },
            unit => with_unit(number, unit),
        }
    }

    /// The whole text as one quantity.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        match quantities(text).as_slice() {
            [only] if only.start == 0 && only.end == text.len() => Some(only.quantity.clone()),
            _ => None,
        }
    }

    /// Whether both are the same amount; `None` when they cannot be compared.
    pub(super) fn is_same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Quantity::Duration(a), Quantity::Duration(b)) => Some(near(*a, *b)),
            (Quantity::Bytes { decimal: a, binary: c }, Quantity::Bytes { decimal: b, binary: d }) => {
                Some([a, c].iter().any(|one| near(**one, *b) || near(**one, *d)))
            }
            (Quantity::Count(a, unit), Quantity::Count(b, of)) if unit == of => Some(near(*a, *b)),
            _ => None,
        }
    }

    /// Whether this is more than the other; `None` when they cannot be compared.
    pub(super) fn exceeds(&self, other: &Self) -> Option<bool> {
        let same = self.is_same(other)?;
        let more = match (self, other) {
            (Quantity::Duration(a), Quantity::Duration(b)) | (Quantity::Count(a, _), Quantity::Count(b, _)) => a > b,
            (Quantity::Bytes { decimal: a, .. }, Quantity::Bytes { binary: b, .. }) => a > b,
            _ => false,
        };
        Some(more && !same)
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= a.abs().max(b.abs()) * 1e-9
}

/// The quantities of a text in their order; numbers without a unit are none.
pub(super) fn quantities(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit() && (at == 0 || !is_word(bytes[at - 1]));
        if !starts {
            at += 1;
            continue;
        }
        let (number, after) = number(text, at);
        let unit_at = after + bytes[after..].iter().take_while(|byte| **byte == b' ').count();
        let unit_end = unit_at + text[unit_at..].find(|c: char| !c.is_alphabetic()).unwrap_or(text.len() - unit_at);
        let unit = &text[unit_at..unit_end];
        if let (Some(number), false) = (number, unit.is_empty()) {
            push(&mut found, Found { start: at, end: unit_end, quantity: with_unit(number, unit) }, text);
        }
        at = unit_end.max(after);
    }
    found
}

/// `1h 30m` is one duration.
fn push(found: &mut Vec<Found>, next: Found, text: &str) {
    if let (Some(last), Quantity::Duration(more)) = (found.last_mut(), &next.quantity)
        && let Quantity::Duration(seconds) = &mut last.quantity
        && text[last.end..next.start].trim().is_empty()
        && *more < *seconds
    {
        *seconds += more;
        last.end = next.end;
        return;
    }
    found.push(next);
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// The number that begins here, and the byte after it. `40,000` and `40_000` are one number; `3,5` is not understood.
fn number(text: &str, start: usize) -> (Option<f64>, usize) {
    let rest = &text[start..];
    let length = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '_' | '.'))).unwrap_or(rest.len());
    // A comma or a full stop behind it belongs to the sentence.
    let written = rest[..length].trim_end_matches([',', '_', '.']);
    let groups: Vec<&str> = written.split(',').collect();
    let is_grouped = groups[1..].iter().all(|group| group.split('.').next().is_some_and(|digits| digits.len() == 3));
    let number = if is_grouped { written.replace([',', '_'], "").parse().ok() } else { None };
    (number, start + written.len())
}

fn with_unit(number: f64, unit: &str) -> Quantity {
    let lower = unit.to_lowercase();
    let seconds = match lower.as_str() {
        "ms" | "millis" | "millisecond" | "milliseconds" => Some(0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600.0),
        "d" | "day" | "days" => Some(86_400.0),
        "w" | "week" | "weeks" => Some(604_800.0),
        _ => None,
    };
    // `256M` is how manifests write megabytes; `5m` are minutes.
    if let Some(seconds) = seconds.filter(|_| unit != "M") {
        return Quantity::Duration(number * seconds);
    }
    let power = match lower.as_str() {
        "b" | "byte" | "bytes" => Some(0),
        "k" | "kb" | "kib" | "ki" | "kilobyte" | "kilobytes" => Some(1),
        "m" | "mb" | "mib" | "mi" | "megabyte" | "megabytes" => Some(2),
        "g" | "gb" | "gib" | "gi" | "gigabyte" | "gigabytes" => Some(3),
        "t" | "tb" | "tib" | "ti" | "terabyte" | "terabytes" => Some(4),
        _ => None,
    };
    if let Some(power) = power {
        let binary = number * 1024_f64.powi(power);
        let is_binary = matches!(lower.as_str(), "ki" | "kib" | "mi" | "mib" | "gi" | "gib" | "ti" | "tib");
        return Quantity::Bytes { decimal: if is_binary { binary } else { number * 1000_f64.powi(power) }, binary };
    }
    let unit = match lower.as_str() {
        "entries" | "entry" | "item" | "items" | "element" | "elements" | "key" | "keys" | "record" | "records" => "entry".to_owned(),
        "conn" | "conns" => "connection".to_owned(),
        "msg" | "msgs" => "message".to_owned(),
        word => word.strip_suffix('s').unwrap_or(word).to_owned(),
    };
    Quantity::Count(number, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> Option<bool> {
        Quantity::of_text(a).unwrap().is_same(&Quantity::of_text(b).unwrap())
    }

    #[test]
    fn the_same_amount_is_told_however_it_is_written() {
        for (a, b) in [
            ("60 s", "1min"),
            ("1h 30m", "90 minutes"),
            ("1.5 h", "5400s"),
            ("40,000 entries", "40000 items"),
            ("512 MB", "512 MiB"),
            ("512 MB", "512000000 bytes"),
            ("256Mi", "256 MiB"),
            ("50 conns", "50 connections"),
        ] {
            assert_eq!(same(a, b), Some(true), "{a} and {b}");
        }
        for (a, b) in [("60 s", "300s"), ("60 entries", "300 entries"), ("512 MB", "1 GB"), ("512 MiB", "512000000 bytes")] {
            assert_eq!(same(a, b), Some(false), "{a} and {b}");
        }
        for (a, b) in [("60 s", "60 entries"), ("60 connections", "60 threads"), ("60 MB", "60 m")] {
            assert_eq!(same(a, b), None, "{a} and {b}");
        }
    }

    #[test]
    fn more_is_told_from_less() {
        let exceeds = |a: &str, b: &str| Quantity::of_text(a).unwrap().exceeds(&Quantity::of_text(b).unwrap());
        assert_eq!(exceeds("20,000 entries", "10000 entries"), Some(true));
        assert_eq!(exceeds("9000 entries", "10000 entries"), Some(false));
        assert_eq!(exceeds("512 MB", "512 MiB"), Some(false));
        assert_eq!(exceeds("1 GB", "512 MiB"), Some(true));
    }

    #[test]
    fn a_sentence_holds_several_and_what_is_no_quantity_is_left() {
        let text = "512 MB at 40,000 tenants, v1.2, ISO-8601, 3,5 s.";
        let found: Vec<&str> = quantities(text).iter().map(|found| &text[found.start..found.end]).collect();
        assert_eq!(found, ["512 MB", "40,000 tenants"]);
        assert_eq!(Quantity::of_text("about 60 entries"), None);
        assert_eq!(Quantity::of_text("60"), None);
        assert_eq!(Quantity::of_text("unbounded"), None);
    }
}
