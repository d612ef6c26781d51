//! The keys of a settings struct as the lines of a table.

use crate::model::{Fact, FactValue, Item, SetBy};

use super::escape::{code_short, inline};
use super::layout::{Layout, first_few};
use super::view::{SettingRow, SettingsView};

/// At most so many keys are told on a page.
const KEYS: usize = 40;

/// Environments of one key whose values are told.
const PLACES: usize = 4;

/// The keys of a settings struct; none when the item has none.
pub(super) fn settings(layout: &Layout<'_>, item: &Item, page: &str) -> Option<SettingsView> {
    let mut keys: Vec<(&str, &Fact)> = item.facts.iter().filter_map(|fact| Some((fact.setting()?, fact))).collect();
    if keys.is_empty() {
        return None;
    }
    // What is set somewhere comes first where not all can be told.
    let (shown, more) = first_few(keys.len(), KEYS);
    if more > 0 {
        keys.sort_by_key(|(_, fact)| (fact.set.is_empty() && fact.value.is_none(), fact.value.is_none()));
    }
    let any_variable = keys.iter().any(|(_, fact)| fact.from.is_some());
    let rows = keys.into_iter().take(shown).map(|(key, fact)| row(layout, key, fact, page)).collect();
    Some(SettingsView { layers: layers(item), rows, more, any_variable })
}

/// `base.yaml`, `{local,production}.yaml`, variables `APP_…`.
fn layers(item: &Item) -> Vec<String> {
    let layers = item.facts.iter().find(|fact| fact.key == Fact::LAYERS).and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    let said = |layer: &str| match layer.split_once(' ') {
        Some(("variables", names)) if !names.contains(' ') => format!("variables {}", code_short(names, 60)),
        Some((path, "(compiled in)")) => format!("{} (compiled in)", code_short(path, 80)),
        Some(_) => inline(layer),
        None => code_short(layer, 80),
    };
    layers.map(|layers| layers.split(", then ").map(said).collect()).unwrap_or_default()
}

fn row(layout: &Layout<'_>, key: &str, fact: &Fact, page: &str) -> SettingRow {
    let (shown, more) = first_few(fact.set.len(), PLACES);
    let mut places: Vec<String> = fact.set[..shown].iter().map(|set| place(layout, set, fact.value.as_ref(), page)).collect();
    if more > 0 {
        places.push(format!("and {more} more"));
    }
    // What no file gives and the code does: a default.
    if fact.set.iter().all(|set| set.environment.is_some())
        && fact.value.is_some()
        && let Some(at) = &fact.at
    {
        places.insert(0, format!("default {}", layout.links.place(page, &at.file, at.line)));
    }
    SettingRow {
        key: code_short(key, 80),
        value: fact.value.as_ref().map(said),
        places,
        variable: fact.from.as_deref().map(|variable| code_short(variable, 80)),
    }
}

/// Where a value is given, with the value where it differs: `production: yes [production.yaml:4](…)`.
fn place(layout: &Layout<'_>, set: &SetBy, base: Option<&FactValue>, page: &str) -> String {
    let link = layout.links.place(page, &set.at.file, set.at.line);
    let value = match &set.value {
        Some(value) if Some(value) != base => Some(said(value)),
        None if set.hidden && set.environment.is_some() => Some("set (hidden)".to_owned()),
        _ => None,
    };
    match (&set.environment, value) {
        (Some(environment), Some(value)) => format!("{}: {value} {link}", inline(environment)),
        (Some(environment), None) => format!("{}: {link}", inline(environment)),
        (None, Some(value)) => format!("{value} {link}"),
        (None, None) => link,
    }
}

fn said(value: &FactValue) -> String {
    match value {
        FactValue::Text(text) if text == crate::merge::redact::HIDDEN => "set (hidden)".to_owned(),
        FactValue::Text(text) if text.is_empty() => "empty".to_owned(),
        value => code_short(&value.to_string(), 80),
    }
}
