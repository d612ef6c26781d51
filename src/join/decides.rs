//! What each variable decides: which number of which item, and whether an item is there at all. The other direction of facts that
//! come from the environment.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::variables::variable_of;
use crate::detect::ONLY_WHEN;
use crate::model::{Fact, FactValue, Item, Kind, Place, Provenance};

/// The key of the facts that say it.
pub(crate) const DECIDES: &str = "decides";

/// At most so many things are told of one variable.
const MAX_TOLD: usize = 8;

/// Longer names say nothing in a line.
const MAX_NAME: usize = 70;

/// Says of each variable what it decides.
pub(super) fn tell(items: &mut [Item]) {
    let mut told: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for item in items.iter().filter(|item| variable_of(item).is_none() && item.kind != Kind::Deployment) {
        for fact in item.facts.iter().filter(|fact| fact.setting().is_none()) {
            if let Some(name) = asked(fact) {
                push(&mut told, name, format!("whether there is {}", said(item)), fact);
                continue;
            }
            let from = fact.from.as_deref().filter(|_| fact.provenance == Provenance::Env);
            let within = fact.value.as_ref().map(mentioned).unwrap_or_default();
            for name in from.into_iter().map(str::to_owned).chain(within) {
                push(&mut told, name, decided(item, fact), fact);
            }
        }
    }
    for item in items.iter_mut() {
        let Some(found) = variable_of(item).and_then(|name| told.remove(&name)) else { continue };
        let left = found.len().saturating_sub(MAX_TOLD);
        item.facts.extend(found.into_iter().take(MAX_TOLD));
        if left > 0 {
            item.facts.push(plain(format!("{left} more"), None));
        }
    }
}

fn push(told: &mut BTreeMap<String, Vec<Fact>>, name: String, says: String, fact: &Fact) {
    let known = told.entry(name).or_default();
    let one = plain(says, fact.at.clone());
    if known.iter().all(|known| known.value != one.value) {
        known.push(one);
    }
}

fn plain(says: String, at: Option<Place>) -> Fact {
    Fact {
        key: SmolStr::new_static(DECIDES),
        value: Some(FactValue::Text(says)),
        unit: None,
        provenance: Provenance::Code,
        at,
        from: None,
        set: Vec::new(),
    }
}

/// The variable that a condition asks for: `SENTRY_DSN is set`.
fn asked(fact: &Fact) -> Option<String> {
    let Some(FactValue::Text(text)) = fact.value.as_ref().filter(|_| fact.key == ONLY_WHEN) else { return None };
    let name = text.split(' ').next()?;
    is_variable(name).then(|| name.to_owned())
}

/// `${DATA_FOLDER}/cache`, `true where ENDPOINT is set`: the variables that a value is put together of, or depends on.
fn mentioned(value: &FactValue) -> Vec<String> {
    let FactValue::Text(text) = value else { return Vec::new() };
    let asked = text.split(" where ").skip(1).filter_map(|clause| clause.split(' ').next());
    let starts = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    let mut names: Vec<String> = starts.map(|(name, _)| name).chain(asked).filter(|name| is_variable(name)).map(str::to_owned).collect();
    names.dedup();
    names
}

fn is_variable(name: &str) -> bool {
    name.len() > 1 && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
}

/// `time to idle of cache Cache.manager`; of a path, the path.
fn decided(item: &Item, fact: &Fact) -> String {
    let path = fact.value.as_ref().filter(|_| fact.key == "path" && item.kind == Kind::FsWrite).map(ToString::to_string);
    match path {
        Some(path) if path.chars().count() <= MAX_NAME => format!("path `{}`", path.replace('`', "'")),
        _ => format!("{} of {}", fact.key.replace('_', " "), said(item)),
    }
}

/// The kind and the name of an item, in a few words.
fn said(item: &Item) -> String {
    let kind = item.kind.as_str().replace('-', " ");
    match item.name.chars().count() {
        0..=MAX_NAME => format!("{kind} `{}`", item.name.replace('`', "'")),
        _ => kind,
    }
}
