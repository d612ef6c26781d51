//! One plain sentence about an item, made of its facts.

use smol_str::SmolStr;

use crate::detect::Finding;
use crate::model::{Access, Class, Fact, FactValue, Kind, Provenance, Scope};

/// Knobs that bound how much is held, the most telling first.
const BOUNDS: &[&str] = &[
    "max_connections",
    "max_size",
    "max_capacity",
    "capacity",
    "size",
    "permits",
    "bound",
    "max_open",
    "num_threads",
    "worker_threads",
    "max_entries",
    "cap",
    "limit",
    "max_channel_capacity",
    "buffer",
];
/// Knobs that bound how long it is held.
const EXPIRIES: &[&str] = &["time_to_live", "ttl", "time_to_idle", "tti", "expiry", "expire_after", "lifespan", "time"];
/// Knobs that bound how long a call waits.
const TIMEOUTS: &[&str] = &["timeout", "request_timeout", "response_timeout", "operation_timeout", "timeout_global"];

/// A longer text stands with the facts only.
const MAX_TEXT: usize = 160;

/// The sentence, without a full stop.
pub(super) fn summary(finding: &Finding) -> String {
    let sentence = of_kind(finding);
    match fact(finding, &["lifetime", Fact::PER_ENTRY]).and_then(|fact| fact.value.as_ref()) {
        Some(lifetime) => format!("{sentence}, {lifetime}"),
        None => sentence,
    }
}

fn of_kind(finding: &Finding) -> String {
    let label = &finding.label;
    match finding.kind {
        _ if finding.detector == "query-state" => label.to_string(),
        Kind::ExternalStore if fact(finding, &["table"]).is_some() => match fact(finding, &["table"]).and_then(|fact| said(fact, "")) {
            Some(table) => format!("{label} {table}"),
            None => label.to_string(),
        },
        Kind::Limiter if matches!(finding.detector, "retries" | "attempt-limits") => {
            join(label, &[attempts(finding), pause(finding), idle(finding)])
        }
        Kind::Pool | Kind::Limiter => join(label, &[bound(finding)]),
        Kind::Cache if finding.entry.is_none() => match fact(finding, &["fresh_for"]) {
            // Each entry has an end of its own.
            Some(Fact { unit: Some(unit), from: Some(end), .. }) if unit == "moment" => {
                format!("{}, each entry until its `{end}`", held(finding, "cache"))
            }
            found => match found.and_then(|fact| said(fact, "")) {
                Some(length) => format!("{}, fresh for {length}", held(finding, "cache")),
                None => held(finding, "cache"),
            },
        },
        Kind::Cache => join(label, &[bound(finding), expiry(finding)]),
        Kind::Queue => join(label, &[bound(finding)]),
        Kind::SdkClient => join(label, &[timeout(finding)]),
        Kind::ThreadLocal => {
            let each = if finding.scope == Scope::Task { "one value for each task" } else { "one value for each thread" };
            typed(label, finding, each)
        }
        Kind::SharedState => held(finding, label),
        Kind::Session if finding.entry.is_none() && label.starts_with("registry") => held(finding, &format!("{label} in memory")),
        Kind::Session if fact(finding, &["table"]).is_some() => match fact(finding, &["table"]).and_then(|fact| said(fact, "")) {
            Some(table) => format!("{label} in table {table}"),
            None => label.to_string(),
        },
        Kind::Session if finding.entry.is_none() => held(finding, &format!("sessions in memory, {label}")),
        Kind::Static => match (finding.class, label.as_str()) {
            (Class::Constant, _) => typed(label, finding, "never changes after that"),
            (_, "static") if finding.uses.iter().any(|(.., access)| *access == Access::Write) => {
                typed(label, finding, "changes at run time, one for each process")
            }
            // Nothing is seen to change it.
            (_, "static") => typed(label, finding, "can change at run time, one for each process"),
            _ => typed(label, finding, "one for each process"),
        },
        Kind::FsWrite => file(finding),
        Kind::BackgroundTask => task(finding),
        Kind::StartupConfig if fact(finding, &["env"]).is_some() => variable(finding),
        Kind::ExternalStore if finding.detector == "remotes" => remote(finding),
        Kind::ExternalStore if finding.entry.is_none() => {
            join(&SmolStr::from(format!("`{}`, where pools and clients of this service keep state", finding.name)), &[address(finding)])
        }
        Kind::ClientHeld => join(label, &[length(finding), valid_for(finding)]),
        Kind::Telemetry => match text(finding, "layers") {
            Some(layers) => format!("{label} with the layers {layers}"),
            None => label.to_string(),
        },
        Kind::Os if finding.facts.iter().any(|fact| fact.key == "signal") => signals(finding),
        Kind::EmbeddedDb => match fact(finding, &["path"]).map(|fact| (fact.value.is_some(), said(fact, ""))) {
            Some((true, Some(path))) => format!("{label} at {path}"),
            Some((false, Some(from))) => format!("{label}, path {from}"),
            _ => label.to_string(),
        },
        Kind::Os => match fact(finding, &["program"]).and_then(|fact| fact.value.as_ref()) {
            Some(program) => format!("{label} `{program}`"),
            None => label.to_string(),
        },
        Kind::Lease => match fact(finding, &["table"]).and_then(|fact| said(fact, "")) {
            Some(table) => format!("{label} on {table}"),
            None => label.to_string(),
        },
        _ if label.is_empty() => finding.kind.to_string(),
        _ => label.to_string(),
    }
}

/// `at redis://cache`, `address set by `DATABASE_URL``.
fn address(finding: &Finding) -> Option<String> {
    let fact = fact(finding, &["address", "host"])?;
    let said = said(fact, "")?;
    Some(if fact.value.is_some() { format!("at {said}") } else { format!("{} {said}", fact.key) })
}

/// `25 characters`, as far as the code says what the length counts.
fn length(finding: &Finding) -> Option<String> {
    let fact = fact(finding, &["length"]).filter(|fact| matches!(fact.value, Some(FactValue::Int(_))))?;
    Some(format!("length {}", said(fact, "")?))
}

/// `valid for 2 h`; of a cookie that holds no token, how long the browser keeps it.
fn valid_for(finding: &Finding) -> Option<String> {
    let is_told = |fact: &&Fact| fact.provenance != Provenance::Default && !matches!(fact.value, Some(FactValue::Int(_)));
    let fact = fact(finding, &["valid_for", "max_age"]).filter(is_told)?;
    let what = if fact.key == "valid_for" { "valid for" } else { "kept for" };
    match &fact.value {
        Some(_) => Some(format!("{what} {}", said(fact, "")?)),
        None => Some(format!("{what} a time {}", said(fact, "")?)),
    }
}

/// A text that the summary can hold.
fn text(finding: &Finding, key: &str) -> Option<String> {
    let value = fact(finding, &[key])?.value.as_ref()?.to_string();
    (value.chars().count() <= MAX_TEXT).then(|| format!("`{}`", value.replace('`', "'")))
}

/// `signal handlers, interrupt and terminate`.
fn signals(finding: &Finding) -> String {
    let mut named: Vec<String> =
        finding.facts.iter().filter(|fact| fact.key == "signal").filter_map(|fact| Some(fact.value.as_ref()?.to_string())).collect();
    named.sort();
    named.dedup();
    if named.is_empty() { finding.label.to_string() } else { format!("{}, {}", finding.label, named.join(" and ")) }
}

/// `HTTP API at https://api.example.com, called with POST`.
fn remote(finding: &Finding) -> String {
    let address = fact(finding, &["base_url"]).and_then(|fact| fact.value.as_ref()).map(|url| format!("at {url}"));
    let methods = fact(finding, &["methods"]).and_then(|fact| fact.value.as_ref()).map(|methods| format!("called with {methods}"));
    let parts: Vec<String> = address.into_iter().chain(methods).collect();
    format!("{} {}", finding.label, parts.join(", ")).trim_end().to_owned()
}

fn join(label: &SmolStr, parts: &[Option<String>]) -> String {
    let mut out = label.to_string();
    for part in parts.iter().flatten() {
        out.push_str(", ");
        out.push_str(part);
    }
    out
}

fn typed(label: &str, finding: &Finding, rest: &str) -> String {
    match finding.ty.as_deref().filter(|ty| ty.chars().count() <= 80) {
        Some(ty) => format!("{label} of type `{}`, {rest}", ty.replace('`', "'")),
        None => format!("{label}, {rest}"),
    }
}

fn held(finding: &Finding, label: &str) -> String {
    // A loop may be there more than once.
    let whose = match fact(finding, &["lifetime", Fact::PER_ENTRY]) {
        // Said behind all sentences.
        Some(_) => "",
        None if finding.detector == "loop-state" => ", gone with it",
        None => ", one for each process",
    };
    match finding.ty.as_deref().filter(|ty| ty.chars().count() <= 80) {
        Some(ty) => format!("{label} (`{}`){whose}", ty.replace('`', "'")),
        None => format!("{label}{whose}"),
    }
}

fn fact<'a>(finding: &'a Finding, keys: &[&str]) -> Option<&'a Fact> {
    keys.iter().find_map(|key| finding.facts.iter().find(|fact| fact.key == *key))
}

/// A fact's value as a sentence says it.
fn said(fact: &Fact, unit: &str) -> Option<String> {
    let value = match (&fact.value, &fact.from) {
        (Some(value), from) => {
            let text = match value {
                FactValue::Int(number) => grouped(*number),
                FactValue::Text(text) if duration(text).is_some() => duration(text).unwrap_or_default(),
                FactValue::Text(text) if fact.unit.is_none() && unit.is_empty() => format!("`{}`", text.replace('`', "'")),
                value => value.to_string(),
            };
            let text = if unit.is_empty() || matches!(value, FactValue::Text(_)) { text } else { format!("{text} {unit}") };
            match (fact.provenance, from) {
                // A file of the settings says so: it is no default.
                (Provenance::Settings, Some(name)) if is_given(fact) => format!("{text} (`{name}`)"),
                // A pattern that has the setting in it is no default of it.
                (_, Some(name)) if text.contains(&format!("{{{name}}}")) => text,
                (Provenance::Env | Provenance::Settings, Some(name)) => format!("{text} unless `{name}` is set"),
                (Provenance::Code, Some(name)) if fact.is_fallback() => format!("{text} unless `{}` gives another", name.replace('`', "'")),
                _ => text,
            }
        }
        (None, Some(from)) => match fact.provenance {
            Provenance::Env => format!("set by `{from}`"),
            _ => format!("set from `{}`", from.replace('`', "'")),
        },
        (None, None) => return None,
    };
    Some(value)
}

/// The value is one that a file gives, for all environments.
fn is_given(fact: &Fact) -> bool {
    fact.set.iter().any(|set| set.environment.is_none() && fact.at.as_ref() == Some(&set.at))
}

fn bound(finding: &Finding) -> Option<String> {
    let fact = fact(finding, BOUNDS)?;
    let unit = fact.unit.as_deref().unwrap_or("");
    match &fact.value {
        Some(FactValue::Text(text)) if text == "unbounded" || text == "none" => Some("unbounded".to_owned()),
        Some(FactValue::Int(1)) => Some(format!("at most 1 {}", one_of(unit)).trim_end().to_owned()),
        Some(FactValue::Int(_)) => Some(format!("at most {}", said(fact, unit)?)),
        Some(FactValue::Text(text)) if text.starts_with("number of ") => Some(format!("at most the {}", said(fact, unit)?)),
        Some(_) => Some(format!("{} {}", fact.key.replace('_', " "), said(fact, unit)?)),
        None => Some(format!("size {}", said(fact, unit)?)),
    }
}

/// `entries` is `entry`, `connections` is `connection`.
fn one_of(unit: &str) -> String {
    match unit.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => unit.strip_suffix('s').unwrap_or(unit).to_owned(),
    }
}

/// `at most 5 attempts`.
fn attempts(finding: &Finding) -> Option<String> {
    let fact = fact(finding, &["max_attempts", "max_retries", "max_failures", "limit", "floor"])?;
    let unit = fact.key.trim_start_matches("max_");
    let unit = match (unit, &fact.value) {
        ("floor", _) => return Some(format!("floor {}", said(fact, "")?)),
        ("limit", Some(_)) => "",
        (unit, Some(FactValue::Int(1))) => unit.trim_end_matches('s'),
        (unit, _) => unit,
    };
    match &fact.value {
        Some(FactValue::Text(text)) if text == "unbounded" => None,
        Some(FactValue::Int(_)) => Some(format!("at most {}", said(fact, unit)?)),
        Some(FactValue::Text(text)) if fact.from.is_none() => Some(format!("at most {text} {unit}")),
        _ => Some(format!("{unit} {}", said(fact, "")?)),
    }
}

/// `5 s when idle`.
fn idle(finding: &Finding) -> Option<String> {
    fact(finding, &["pause_when_idle"]).filter(|fact| fact.value.is_some()).and_then(|fact| Some(format!("{} when idle", said(fact, "")?)))
}

/// `pause 500 ms`, `pause 200 ms, growing to 30 s`.
fn pause(finding: &Finding) -> Option<String> {
    let first = said(fact(finding, &["pause"])?, "")?;
    let longest = fact(finding, &["longest_pause"]).filter(|fact| fact.value.is_some()).and_then(|fact| said(fact, ""));
    Some(match (longest, fact(finding, &["backoff"])) {
        (Some(longest), _) => format!("pause {first}, growing to {longest}"),
        (None, Some(_)) => format!("pause {first}, growing"),
        (None, None) => format!("pause {first}"),
    })
}

fn expiry(finding: &Finding) -> Option<String> {
    let is_none = |fact: &&Fact| {
        let text = fact.value.as_ref().map(ToString::to_string);
        matches!(text.as_deref(), Some("none" | "never" | "off" | "unbounded"))
    };
    let ages: Vec<&Fact> = EXPIRIES.iter().filter_map(|key| fact(finding, &[key])).collect();
    // Of several ages, each of which may end an entry, one that is set counts.
    let fact = ages.iter().find(|fact| !is_none(fact)).or(ages.first())?;
    let idle = if fact.key.contains("idle") { "idle entries" } else { "entries" };
    match &fact.value {
        _ if is_none(fact) => Some("nothing expires".to_owned()),
        // A type that says it for each entry.
        None if fact.key == "expire_after" && fact.provenance == Provenance::Code => Some("entries expire by a rule".to_owned()),
        Some(_) => Some(format!("{idle} expire after {}", said(fact, "s")?)),
        None => Some(format!("time to {} {}", if fact.key.contains("idle") { "idle" } else { "live" }, said(fact, "")?)),
    }
}

fn timeout(finding: &Finding) -> Option<String> {
    let fact = fact(finding, TIMEOUTS)?;
    match &fact.value {
        Some(FactValue::Text(text)) if text == "none" => Some("no timeout".to_owned()),
        Some(_) | None => Some(format!("timeout {}", said(fact, "")?)),
    }
}

fn file(finding: &Finding) -> String {
    let op = fact(finding, &["op"]).and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default();
    let verb = match op.as_str() {
        "create" => "creates",
        "append" => "appends to",
        "rename" => "renames to",
        "delete" => "deletes",
        "copy" => "copies to",
        "permissions" => "changes the permissions of",
        "link" => "links",
        "lock" => "locks",
        _ => "writes",
    };
    let object = match fact(finding, &["path"]) {
        Some(fact) => match (&fact.value, &fact.from) {
            (Some(_), _) => said(fact, ""),
            (None, Some(from)) if fact.provenance == Provenance::Env => Some(format!("the path in `{from}`")),
            (None, Some(from)) => Some(format!("the path `{}`, which could not be followed", from.replace('`', "'"))),
            (None, None) => None,
        },
        None => None,
    };
    match object {
        // What a library does by itself in a folder.
        Some(object) if op.is_empty() && !finding.label.is_empty() => format!("{} in {object}", finding.label),
        Some(object) => format!("{verb} {object}"),
        None if finding.label.is_empty() => format!("{verb} a local file"),
        None => finding.label.to_string(),
    }
}

fn task(finding: &Finding) -> String {
    let mut out = finding.label.to_string();
    if let Some(period) = fact(finding, &["period"]) {
        match said(period, "") {
            Some(said) if period.value.is_some() => out = format!("{out}, every {said}"),
            Some(said) => out = format!("{out}, period {said}"),
            None => {}
        }
    }
    if let Some(schedule) = fact(finding, &["schedule", "cron"]).and_then(|fact| said(fact, "")) {
        out = format!("{out}, schedule {schedule}");
    }
    out
}

/// A length of time as people write it, any other text as it is.
pub(crate) fn duration_said(text: &str) -> String {
    duration(text).unwrap_or_else(|| text.to_owned())
}

/// `30s`, `10min`, `500ms` as people write them: `30 s`.
fn duration(text: &str) -> Option<String> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|&at| at > 0)?;
    let (number, unit) = text.split_at(at);
    matches!(unit, "ns" | "us" | "ms" | "s" | "min" | "h" | "d").then(|| format!("{number} {unit}"))
}

/// `12,345`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

fn variable(finding: &Finding) -> String {
    match fact(finding, &["default"]).and_then(|fact| said(fact, "")) {
        // Yes or no is no secret, whatever it is about.
        Some(_)
            if super::redact::is_secret_name(&finding.name)
                && !matches!(fact(finding, &["default"]), Some(Fact { value: Some(FactValue::Bool(_)), .. })) =>
        {
            format!("environment variable `{}`, with a default in the code", finding.name)
        }
        Some(default) => format!("environment variable `{}`, default {default}", finding.name),
        None => format!("environment variable `{}`", finding.name),
    }
}
