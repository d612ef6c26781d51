//! Facts that people state: keys of an annotation that are none of its own, such as `max_connections = 50`.
//!
//! They fill what the code does not say and must not differ from what it says; see [`contradict`](super::contradict) for the latter.

use std::ops::Range;

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::DeValue;

use super::nearest::{hint, nearest, quoted, words};
use super::precedence::Claim;
use super::reader::{Mark, Reader, Section};
use super::schema::{Written, key_names};
use crate::merge::redact;
use crate::model::{Diagnostic, Fact, FactValue, Item, Place, Provenance, Severity};

/// One fact as a person states it.
#[derive(Clone, Debug)]
pub(super) struct Stated {
    pub(super) key: SmolStr,
    pub(super) value: FactValue,
    pub(super) place: Place,
    /// Where the key stands.
    pub(super) at: Mark,
}

impl Stated {
    fn fact(&self, unit: Option<SmolStr>) -> Fact {
        Fact {
            key: self.key.clone(),
            value: Some(self.value.clone()),
            unit,
            provenance: Provenance::Annotated,
            at: Some(self.place.clone()),
            from: None,
            set: Vec::new(),
        }
    }

    /// Whether its value may be told.
    pub(super) fn is_secret(&self) -> bool {
        let mut fact = [self.fact(None)];
        redact::facts(&mut fact);
        fact[0].value.as_ref() != Some(&self.value)
    }
}

/// Reads the keys that are not known: each is a fact when its value may be one and its name is no slip of a known one.
pub(super) fn read_stated(
    reader: &mut Reader<'_>,
    section: &Section<'_, '_>,
    known: &[&str],
    place: impl Fn(&Reader<'_>, &Range<usize>) -> Place,
) -> Vec<Stated> {
    let mut out = Vec::new();
    for (key, value) in section.table {
        let word = key.get_ref().as_ref();
        if known.contains(&word) {
            continue;
        }
        match fact_value(value) {
            Some(value) if nearest(word, known.iter().copied()).is_none() => {
                out.push(Stated { key: word.into(), value, place: place(reader, &key.span()), at: reader.mark(&key.span()) });
            }
            _ => reader.unknown_key(section, key, known),
        }
    }
    out
}

/// A string, a number, a boolean or a date as the value of a fact.
pub(super) fn fact_value(value: &Spanned<DeValue<'_>>) -> Option<FactValue> {
    Some(match value.get_ref() {
        DeValue::Boolean(flag) => FactValue::Bool(*flag),
        DeValue::String(text) => FactValue::Text(text.trim().to_owned()),
        DeValue::Float(number) => FactValue::Text(number.as_str().to_owned()),
        DeValue::Datetime(moment) => FactValue::Text(moment.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => FactValue::Int(number),
            Err(_) => FactValue::Text(number.to_string()),
        },
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

/// The facts of an item that a key names; the catalog may put a path before the name.
pub(super) fn facts_of<'i>(item: &'i Item, key: &str) -> impl Iterator<Item = &'i Fact> {
    item.facts.iter().filter(move |fact| fact.key == key || fact.key.rsplit("::").next() == Some(key))
}

/// Reports what a person states of items that have no such fact.
pub(super) fn report_unknown(written: &Written, items: &[&Item], out: &mut Vec<Diagnostic>) {
    for stated in &written.stated {
        if items.iter().any(|item| facts_of(item, &stated.key).next().is_some()) {
            continue;
        }
        let of = match items {
            [item] => quoted(item.id.as_str()),
            items => format!("any of {} items", items.len()),
        };
        let mut facts: Vec<&str> = items
            .iter()
            .flat_map(|item| &item.facts)
            .filter(|fact| fact.setting().is_none())
            .map(|fact| fact.key.rsplit("::").next().unwrap_or(&fact.key))
            .collect();
        facts.sort_unstable();
        facts.dedup();
        let keys = key_names();
        let help = hint(&stated.key, facts.iter().chain(&keys).copied(), || {
            let keys = words(&keys, "and");
            if facts.is_empty() {
                format!("the keys here are {keys}")
            } else {
                format!("its facts are {}; the keys here are {keys}", words(&facts, "and"))
            }
        });
        let message = format!("{} is neither a key of an annotation nor a fact of {of}", quoted(&stated.key));
        out.push(stated.at.diagnostic(Severity::Error, "unknown-key", &written.place.file, message).help(help));
    }
}

/// Adds what people state of facts whose value the code does not give; the weightiest annotation first.
pub(super) fn fill(item: &mut Item, claims: &[Claim<'_>]) {
    for stated in claims.iter().rev().flat_map(|claim| &claim.written.stated) {
        let facts: Vec<&Fact> = facts_of(item, &stated.key).collect();
        // What contradicts a known value is told, and the value stays.
        if facts.is_empty() || facts.iter().any(|fact| is_settled(fact)) {
            continue;
        }
        let unit = facts.iter().find_map(|fact| fact.unit.clone());
        let mut fact = [stated.fact(unit)];
        redact::facts(&mut fact);
        item.facts.extend(fact);
    }
}

/// Whether nothing is left to be said of a fact.
fn is_settled(fact: &Fact) -> bool {
    fact.provenance == Provenance::Annotated || fact.value.is_some() && matches!(fact.provenance, Provenance::Code | Provenance::Default)
}
