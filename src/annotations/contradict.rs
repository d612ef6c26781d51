//! Numbers of an annotation that the code contradicts: a size, a time to live, a fact that is stated.
//!
//! Only what is sure: a value that the environment or the settings may change contradicts nothing, unless all that give it are
//! known; an estimate contradicts a bound only when it exceeds it.

use super::nearest::quoted;
use super::precedence::at_key;
use super::quantity::{Found, Quantity, quantities};
use super::schema::Written;
use super::stated::{Stated, facts_of};
use super::stub::quoted_toml;
use crate::merge::redact::{self, HIDDEN};
use crate::model::{Diagnostic, Fact, FactValue, Item, Provenance, Severity};

/// Parts of the name of a fact that bounds how much is held.
const BOUNDS: &[&str] = &["max", "maximum", "capacity", "size", "limit", "bound", "permits"];
/// Parts that make something else of it.
const NO_BOUNDS: &[&str] = &["min", "idle", "initial", "lifetime", "timeout", "per", "blocking"];
/// Words before a size that is meant as the bound itself.
const AT_MOST: &[&str] = &["", "at most", "up to", "max", "max.", "maximum", "not more than", "limited to", "limit", "capacity", "<=", "≤"];
/// Words before a size that is an estimate.
const ABOUT: &[&str] = &["about", "around", "roughly", "approximately", "approx.", "ca.", "~", "≈", "typically", "usually", "some"];
/// Names of facts that say how long an entry lives.
const LIFETIMES: &[&str] = &["ttl", "ttl_secs", "ttl_seconds", "time_to_live", "lifespan", "expire", "expire_after", "expires_after"];
/// Keys whose text may speak of a time to live.
const TEXTS: &[&str] = &["summary", "size", "contents", "replication", "on_loss", "rebuild"];
/// Words before or after a duration that make it a time to live.
const BEFORE: &[&str] = &["ttl", "ttl of", "ttl is", "ttl:", "ttl =", "time to live", "time to live of", "expires after", "expire after"];

/// What an annotation says of an item that is not so.
pub(super) fn report(item: &Item, written: &Written, out: &mut Vec<Diagnostic>) {
    for stated in &written.stated {
        report_stated(item, written, stated, out);
    }
    report_size(item, written, out);
    report_lifetime(item, written, out);
}

/// A fact that is stated and known otherwise.
fn report_stated(item: &Item, written: &Written, stated: &Stated, out: &mut Vec<Diagnostic>) {
    // What is hidden cannot be compared, and must not be told.
    if stated.is_secret() {
        return;
    }
    let differs =
        |fact: &&Fact| known_values(fact).is_some_and(|values| values.iter().all(|value| says_otherwise(fact, value, &stated.value)));
    let mut facts = facts_of(item, &stated.key).filter(|fact| fact.value.is_some());
    let Some(fact) = facts.next().filter(differs) else { return };
    // Several facts of one name are several instances or branches: one that agrees is enough.
    if !facts.all(|fact| differs(&fact)) {
        return;
    }
    let message =
        format!("`{}` of {} is annotated as {}, but {}", stated.key, quoted(item.id.as_str()), said(&stated.value), where_it_is(fact));
    let diagnostic = stated.at.diagnostic(Severity::Warning, "contradicted-annotation", &written.place.file, message);
    out.push(mended(diagnostic, fact.value.as_ref().map(|value| format!("{} = {}", stated.key, toml_value(value)))));
}

/// `size = "60 entries"`, or an estimate beyond the bound.
fn report_size(item: &Item, written: &Written, out: &mut Vec<Diagnostic>) {
    let Some(text) = written.annotation.size.as_deref() else { return };
    let found = quantities(text);
    let Some(first) = found.first() else { return };
    let before = text[..first.start].trim().to_lowercase();
    let exact = found.len() == 1 && text[first.end..].trim().is_empty() && AT_MOST.contains(&before.as_str());
    if !exact && !AT_MOST.contains(&before.as_str()) && !ABOUT.contains(&before.as_str()) {
        return;
    }
    // What weighs its entries counts something else than entries.
    if facts_of(item, "weigher").any(|fact| fact.provenance == Provenance::Code) {
        return;
    }
    let against = |value: &FactValue, fact: &Fact| {
        let known = quantity(value, fact)?;
        if exact { first.quantity.is_same(&known).map(|same| !same) } else { first.quantity.exceeds(&known) }
    };
    let bounds: Vec<&Fact> = item.facts.iter().filter(|fact| is_bound(fact)).collect();
    let judged: Vec<(&Fact, bool)> = bounds
        .iter()
        .filter_map(|fact| {
            let verdicts: Option<Vec<bool>> = known_values(fact)?.iter().map(|value| against(value, fact)).collect();
            Some((*fact, verdicts?.iter().all(|against| *against)))
        })
        .collect();
    let (Some((fact, _)), true) = (judged.first(), judged.iter().all(|(_, against)| *against)) else { return };
    let message = format!("`size` of {} is annotated as {}, but {}", quoted(item.id.as_str()), quoted(text), where_it_is(fact));
    let diagnostic = at_key(written, "size", Severity::Warning, "contradicted-annotation", message);
    let mended_size = fact.value.as_ref().map(|value| format!("size = {}", quoted_toml(&with_unit(value, fact))));
    out.push(mended(diagnostic, mended_size));
}

/// `replication = "copies differ until the TTL of 60 s is over"`.
fn report_lifetime(item: &Item, written: &Written, out: &mut Vec<Diagnostic>) {
    let lifetimes: Vec<&Fact> =
        item.facts.iter().filter(|fact| LIFETIMES.contains(&fact.key.rsplit("::").next().unwrap_or_default())).collect();
    if lifetimes.is_empty() {
        return;
    }
    let mut annotation = written.annotation.clone();
    for key in TEXTS {
        let Some(super::schema::Slot::Text(Some(text))) = super::schema::slot(&mut annotation, key) else { continue };
        let text = text.clone();
        for found in quantities(&text).iter().filter(|found| is_lifetime(&text, found)) {
            let against = |fact: &&Fact| {
                let values = known_values(fact)?;
                let verdicts: Option<Vec<bool>> =
                    values.iter().map(|value| quantity(value, fact).and_then(|known| found.quantity.is_same(&known))).collect();
                Some(verdicts?.iter().all(|same| !same))
            };
            let verdicts: Vec<bool> = lifetimes.iter().filter_map(against).collect();
            if verdicts.is_empty() || verdicts.contains(&false) {
                continue;
            }
            let shown = &text[found.start..found.end];
            let message = format!("`{key}` of {} speaks of {}, but {}", quoted(item.id.as_str()), quoted(shown), where_it_is(lifetimes[0]));
            let diagnostic = at_key(written, key, Severity::Warning, "contradicted-annotation", message);
            let mended_text = lifetimes[0].value.as_ref().map(|value| {
                let text = format!("{}{}{}", &text[..found.start], with_unit(value, lifetimes[0]), &text[found.end..]);
                format!("{key} = {}", quoted_toml(&text))
            });
            out.push(mended(diagnostic, mended_text));
        }
    }
}

/// Whether the words around a duration say that it is a time to live.
fn is_lifetime(text: &str, found: &Found) -> bool {
    if !matches!(found.quantity, Quantity::Duration(_)) {
        return false;
    }
    let before = text[..found.start].trim_end().to_lowercase();
    let after = text[found.end..].trim_start().to_lowercase();
    let ends_with = |words: &&str| before.strip_suffix(*words).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric));
    let follows = after.strip_prefix("ttl").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    BEFORE.iter().any(ends_with) || follows || after.starts_with("time to live")
}

/// A fact that says how much an item may hold.
fn is_bound(fact: &Fact) -> bool {
    let name = fact.key.rsplit("::").next().unwrap_or_default();
    let has = |wanted: &[&str]| name.split('_').any(|part| wanted.contains(&part));
    has(BOUNDS) && !has(NO_BOUNDS) && fact.unit.is_some()
}

/// All values that a fact may have at run time; `None` when some of them are not known.
fn known_values(fact: &Fact) -> Option<Vec<&FactValue>> {
    if fact.set.iter().any(|set| set.hidden || set.value.is_none()) {
        return None;
    }
    let changes = match fact.provenance {
        Provenance::Annotated => return None,
        Provenance::Env | Provenance::Settings => true,
        Provenance::Code | Provenance::Default | Provenance::Manifest => false,
    };
    // The value in the code is only what holds when nothing else does, and what else there is was not found.
    if changes && fact.set.is_empty() {
        return None;
    }
    Some(fact.value.iter().chain(fact.set.iter().filter_map(|set| set.value.as_ref())).collect())
}

fn says_otherwise(fact: &Fact, known: &FactValue, stated: &FactValue) -> bool {
    if known == stated || matches!(known, FactValue::Text(text) if text.contains(HIDDEN)) {
        return false;
    }
    match (quantity(known, fact), quantity(stated, fact)) {
        (Some(known), Some(stated)) => known.is_same(&stated) == Some(false),
        (Some(_), None) => matches!(stated, FactValue::Text(text) if is_open(text)),
        // `unbounded` differs from any number; `CPU count` may well be 4.
        (None, Some(_)) => matches!(known, FactValue::Text(text) if is_open(text)),
        (None, None) => match (known, stated) {
            (FactValue::Text(known), FactValue::Text(stated)) => {
                is_open(known) != is_open(stated) || fact.provenance == Provenance::Code && known.trim() != stated.trim()
            }
            (FactValue::Bool(known), FactValue::Bool(stated)) => known != stated,
            _ => false,
        },
    }
}

/// A value that says that there is no bound.
fn is_open(text: &str) -> bool {
    matches!(text, "none" | "unbounded" | "never" | "off" | "unlimited")
}

fn quantity(value: &FactValue, fact: &Fact) -> Option<Quantity> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53, and only compared")]
        FactValue::Int(number) => Some(Quantity::of_number(*number as f64, unit_of_number(fact))),
        FactValue::Text(text) => Quantity::of_text(text),
        FactValue::Bool(_) => None,
    }
}

/// The unit of a bare number: what is called `…_ms` is no number of seconds.
fn unit_of_number(fact: &Fact) -> &str {
    let in_ms = fact.key.split('_').any(|part| matches!(part, "ms" | "millis" | "milliseconds"));
    match fact.unit.as_deref() {
        Some("duration") if in_ms => "ms",
        unit => unit.unwrap_or("number"),
    }
}

/// What the code says, and where.
fn where_it_is(fact: &Fact) -> String {
    let key = fact.key.rsplit("::").next().unwrap_or_default();
    let value = fact.value.as_ref().map(|value| with_unit(value, fact)).unwrap_or_default();
    let mut out = match (fact.provenance, &fact.at) {
        (Provenance::Default, _) => format!("the library's default of `{key}` holds: {value}"),
        (_, Some(at)) => format!("`{key}` is {value} in {}:{}", at.file, at.line),
        (_, None) => format!("`{key}` is {value}"),
    };
    for set in &fact.set {
        let value = set.value.as_ref().map(ToString::to_string).unwrap_or_default();
        out = format!("{out}, {value} in {}:{}", set.at.file, set.at.line);
    }
    out
}

fn with_unit(value: &FactValue, fact: &Fact) -> String {
    match (value, fact.unit.as_deref()) {
        (FactValue::Int(number), Some("duration")) => format!("{number} {}", if unit_of_number(fact) == "ms" { "ms" } else { "s" }),
        (FactValue::Int(1), Some(unit)) => {
            format!("1 {}", unit.strip_suffix("ies").map_or_else(|| unit.trim_end_matches('s').to_owned(), |stem| format!("{stem}y")))
        }
        (FactValue::Int(number), Some(unit)) => format!("{number} {unit}"),
        (value, _) => value.to_string(),
    }
}

fn said(value: &FactValue) -> String {
    quoted(&value.to_string())
}

fn toml_value(value: &FactValue) -> String {
    match value {
        FactValue::Bool(flag) => flag.to_string(),
        FactValue::Int(number) => number.to_string(),
        FactValue::Text(text) => quoted_toml(text),
    }
}

fn mended(mut diagnostic: Diagnostic, line: Option<String>) -> Diagnostic {
    diagnostic.message = redact::text(&diagnostic.message);
    let diagnostic = diagnostic.help("the code is what runs: correct the annotation, or the code if the annotation is right");
    match line {
        Some(line) => diagnostic.paste(redact::text(&line)),
        None => diagnostic,
    }
}
