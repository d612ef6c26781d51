//! How many things a body takes at once, and how old those are that it looks for: in its calls, and in its statements.

use smol_str::SmolStr;

use super::conditions::Condition;
use super::durations::pretty_duration;
use super::reader::Reader;
use super::values::{At, Value};
use crate::facts::{Expr, ExprId, Span};
use crate::model::FactValue;

/// How the keys of settings of an SQLite database begin.
pub const PRAGMA: &str = "pragma ";

/// The key of how long a cookie is made to last.
pub const MAX_AGE: &str = "max_age";

/// At most so many of one text are read.
const MAX_PRAGMAS: usize = 16;

/// A bound of what one body does at once.
#[derive(Clone, Debug)]
pub struct Limited {
    /// What is bounded: `chunk_size`, `limit`, `at_once`, `older_than`, or a setting of a database.
    pub key: SmolStr,
    /// The bound.
    pub value: Value,
    /// Where it is written.
    pub at: At,
    /// What has to hold for it, as far as that was looked for.
    pub when: Vec<Condition>,
}

impl Reader<'_> {
    /// `rows.chunks(100)`, `query.limit(50)`, `.for_each_concurrent(8, …)`.
    pub(super) fn bound_by_method(&self, name: &str, args: &[ExprId], span: Span) -> Option<Limited> {
        let key = match (name, args.len()) {
            ("chunks" | "chunks_exact" | "chunks_mut" | "ready_chunks" | "try_chunks" | "array_chunks" | "chunks_timeout", 1 | 2) => {
                "chunk_size"
            }
            ("limit", 1) => "limit",
            ("buffer_unordered" | "buffered" | "try_buffer_unordered" | "try_buffered", 1)
            | ("for_each_concurrent" | "try_for_each_concurrent", 2) => "at_once",
            ("set_max_age", 1) => {
                let value = self.tracer.value(*args.first()?);
                return is_length(&value).then(|| Limited { key: MAX_AGE.into(), value, at: self.at(span), when: Vec::new() });
            }
            ("checked_sub_signed" | "checked_sub_days", 1) => return self.older_than(*args.first()?, span),
            _ => return None,
        };
        let value = self.tracer.value(*args.first()?);
        let is_told = match &value {
            Value::Known(FactValue::Int(number), ..) => *number > 1,
            Value::Field { .. } | Value::Env { .. } | Value::Param { .. } | Value::Call { .. } => true,
            _ => false,
        };
        is_told.then(|| Limited { key: key.into(), value, at: self.at(span), when: Vec::new() })
    }

    /// `Utc::now() - Duration::days(1)`: what is older than that is meant.
    pub(super) fn cutoff(&self, left: ExprId, right: ExprId) -> Option<Limited> {
        let mut at = left;
        while let Expr::Method { recv, name, args, .. } = &self.body[at]
            && args.is_empty()
            && matches!(name.as_str(), "naive_utc" | "naive_local" | "and_utc" | "date_naive" | "fixed_offset" | "into")
        {
            at = *recv;
        }
        let is_moment = matches!(self.body[at], Expr::Call { .. } | Expr::Path(..));
        if !is_moment || !matches!(self.tracer.value(at), Value::Later { by: None, .. }) {
            return None;
        }
        self.older_than(right, self.span(left)?)
    }

    fn older_than(&self, by: ExprId, span: Span) -> Option<Limited> {
        let value = self.tracer.value(by);
        is_length(&value).then(|| Limited { key: "older_than".into(), value, at: self.at(span), when: Vec::new() })
    }
}

/// A length of time that is known, or comes from the settings.
fn is_length(value: &Value) -> bool {
    match value {
        Value::Known(FactValue::Text(_), lasts, _) => *lasts,
        Value::Scaled(..) | Value::Field { .. } | Value::Env { .. } => true,
        _ => false,
    }
}

/// What a statement bounds: `LIMIT 100`, `now() - interval '1 day'`, `datetime('now', '-7 days')`, `PRAGMA busy_timeout = 5000`.
pub(super) fn in_statement(text: &str, at: At) -> Vec<Limited> {
    let mut out = Vec::new();
    let small = text.to_ascii_lowercase();
    let mut tell = |key: &str, value: FactValue, is_duration: bool| {
        out.push(Limited { key: key.into(), value: Value::Known(value, is_duration, at), at, when: Vec::new() });
    };
    if small.trim_start().starts_with("pragma ") {
        for pragma in small.split(';').filter_map(|one| one.trim_start().strip_prefix("pragma ")).take(MAX_PRAGMAS) {
            let Some((name, value)) = pragma.split_once('=') else { continue };
            let (name, value) = (name.trim(), value.trim().trim_matches('\''));
            if is_word(name) && is_word(value.trim_start_matches('-')) {
                let value = value.parse().map_or_else(|_| FactValue::Text(value.to_owned()), FactValue::Int);
                tell(&format!("{PRAGMA}{name}"), value, false);
            }
        }
        return out;
    }
    let is_statement = ["select ", "update ", "delete ", "insert ", "with "].iter().any(|start| small.contains(start));
    if !is_statement {
        return out;
    }
    for (start, _) in small.match_indices("limit ") {
        let is_word = start == 0 || small[..start].ends_with(char::is_whitespace);
        let digits: String = small[start + 6..].chars().take_while(char::is_ascii_digit).collect();
        if let Some(number) = digits.parse::<i64>().ok().filter(|number| is_word && *number > 1) {
            tell("limit", FactValue::Int(number), false);
        }
    }
    for (start, phrase) in small.match_indices("interval '").chain(small.match_indices("'now', '-")) {
        let before = small[..start].trim_end();
        let is_back = phrase.starts_with('\'') || before.ends_with('-') && ago(before.trim_end_matches('-').trim_end());
        let length = small[start + phrase.len()..].split('\'').next().and_then(interval);
        if let Some(length) = length.filter(|_| is_back) {
            tell("older_than", FactValue::Text(length), true);
        }
    }
    out
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A moment from which time is taken: `now()`, `current_timestamp`.
fn ago(before: &str) -> bool {
    ["now()", "current_timestamp", "current_timestamp()", "current_date", "clock_timestamp()", "timezone('utc', now())"]
        .iter()
        .any(|moment| before.ends_with(moment))
        || before.ends_with("at time zone 'utc'")
        || before.ends_with("at time zone 'utc')")
}

/// `1 day`, `30 minutes`, as durations are told.
fn interval(text: &str) -> Option<String> {
    let (number, unit) = text.trim().split_once(' ')?;
    let number: i64 = number.parse().ok()?;
    let (times, unit) = match unit.trim().trim_end_matches('s') {
        "second" | "sec" => (1, "s"),
        "minute" | "min" => (1, "min"),
        "hour" => (1, "h"),
        "day" => (1, "d"),
        "week" => (7, "d"),
        "month" => return Some(if number == 1 { "1 month".to_owned() } else { format!("{number} months") }),
        "year" => return Some(if number == 1 { "1 year".to_owned() } else { format!("{number} years") }),
        _ => return None,
    };
    Some(pretty_duration(number.checked_mul(times)?, unit))
}

#[cfg(test)]
mod tests {
    use super::{At, Value, in_statement};
    use crate::facts::Span;

    fn told(text: &str) -> Vec<String> {
        let at = At { file: 0, span: Span { line: 1, column: 1 } };
        let shown = |value: &Value| value.known_text().unwrap_or_default();
        in_statement(text, at).iter().map(|bound| format!("{} {}", bound.key, shown(&bound.value))).collect()
    }

    #[test]
    fn statements_say_how_many_rows_and_how_old() {
        assert_eq!(told("SELECT id FROM repos WHERE seen < NOW() - INTERVAL '1 day' LIMIT 100"), ["limit 100", "older_than 1d"]);
        assert_eq!(told("delete from jobs where done < current_timestamp - interval '2 weeks'"), ["older_than 14d"]);
        assert_eq!(told("DELETE FROM log WHERE at < datetime('now', '-7 days')"), ["older_than 7d"]);
        assert_eq!(told("PRAGMA busy_timeout = 5000;"), ["pragma busy_timeout 5000"]);
        assert_eq!(told("PRAGMA journal_mode=WAL"), ["pragma journal_mode wal"]);
        assert_eq!(
            told("PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL;"),
            ["pragma busy_timeout 5000", "pragma synchronous normal"]
        );
        for other in [
            "the limit 100 is for everybody",
            "SELECT now() + interval '1 day' FROM t",
            "SELECT 1 FROM t LIMIT $1",
            "SELECT a FROM t LIMIT 1",
            "UPDATE t SET speed_limit 100",
            "select until - interval '1 day' from t",
            "PRAGMA table_info(users)",
            "SELECT now() - interval '1 fortnight' from t",
        ] {
            assert_eq!(told(other), Vec::<String>::new(), "{other}");
        }
    }
}
