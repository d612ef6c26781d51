//! Which state two pages tell differently: items by their headings and rows, with their ids where a page or the map has them.

use std::collections::BTreeMap;

use serde::Serialize;
use smol_str::SmolStr;

use super::normal::{Unit, UnitKind};
use crate::model::{Item, Kind, Scope, StateMap};

/// How a committed map differs from the code about one piece of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The code has it, the map does not.
    Added,
    /// The map has it, the code does not.
    Removed,
    /// Both have it, and say different things of it.
    Changed,
}

/// One piece of state that the committed map lacks, has too much, or tells wrongly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// How.
    pub how: How,
    /// Its id; none when the committed page gives none.
    pub id: Option<SmolStr>,
    /// What the page calls it: `cache PRICES`.
    pub name: String,
}

/// What a page tells of one piece of state.
#[derive(Clone, Debug, Default)]
struct Entry {
    id: Option<SmolStr>,
    content: String,
    /// The row with its places, when it is one.
    row: String,
}

/// By kind and by what the page calls it.
type Entries = BTreeMap<(Kind, String), Entry>;

/// The changes between pages, sorted.
pub(super) fn changes(old: &[Unit], new: &[Unit], map: &StateMap) -> Vec<Change> {
    let (old, new) = (entries(old), entries(new));
    let by_id: BTreeMap<&str, &(Kind, String)> = new.iter().filter_map(|(key, entry)| Some((entry.id.as_deref()?, key))).collect();
    let mut out = Vec::new();
    let change = |how, (kind, name): &(Kind, String), id: Option<SmolStr>| Change { how, id, name: format!("{kind} {name}") };
    let mut renamed: Vec<&(Kind, String)> = Vec::new();
    for (key, entry) in &old {
        match new.get(key) {
            Some(now) if now.content == entry.content => {}
            Some(now) => out.push(change(How::Changed, key, now.id.clone().or_else(|| id_of(map, key, &now.row)))),
            // The same state under another heading.
            None => match entry.id.as_deref().and_then(|id| by_id.get(id)) {
                Some(now) if !old.contains_key(*now) => {
                    renamed.push(now);
                    out.push(change(How::Changed, now, entry.id.clone()));
                }
                _ => out.push(change(How::Removed, key, entry.id.clone())),
            },
        }
    }
    for (key, entry) in new.iter().filter(|(key, _)| !old.contains_key(*key) && !renamed.contains(key)) {
        out.push(change(How::Added, key, entry.id.clone().or_else(|| id_of(map, key, &entry.row))));
    }
    out.sort();
    out
}

/// The state that a page tells of: a heading such as ``cache: `PRICES` `` with what stands below it, or a row below the heading of
/// a kind.
fn entries(units: &[Unit]) -> Entries {
    let mut out = Entries::new();
    let mut block: Option<(Kind, String)> = None;
    let mut table: Option<Kind> = None;
    for unit in units {
        match unit.kind {
            UnitKind::Heading(_) => {
                let heading = unit.key.trim_start_matches('#').trim_start();
                block = heading.split_once(": ").and_then(|(kind, name)| Some((kind.parse().ok()?, plain(name))));
                table = kind_of_heading(heading);
                if let Some(key) = &block {
                    out.entry(key.clone()).or_default();
                }
            }
            UnitKind::Row => {
                // A row that begins with a link speaks of what is told elsewhere.
                let is_mention = unit.key.trim_start_matches(['|', ' ']).starts_with('[');
                if let Some(kind) = table.filter(|_| !is_mention) {
                    let name = row_name(&unit.key);
                    let entry = out.entry((kind, name)).or_default();
                    entry.content.push_str(&unit.key);
                    entry.row.push_str(&unit.exact);
                }
            }
            UnitKind::Other => {
                let Some(key) = &block else { continue };
                let entry = out.entry(key.clone()).or_default();
                match unit.key.strip_prefix("•1 id ") {
                    Some(id) => entry.id = Some(plain(id).into()),
                    None => entry.content.push_str(&unit.key),
                }
            }
        }
    }
    out
}

/// Text without the marks of code.
fn plain(text: &str) -> String {
    text.replace("<code>", "").replace("</code>", "").replace('`', "").trim().to_owned()
}

/// `More caches`, `Caches, on the local disk`: the kind whose table stands below a heading.
fn kind_of_heading(heading: &str) -> Option<Kind> {
    let bare = Scope::ALL.iter().find_map(|scope| heading.strip_suffix(&format!(", {}", scope.plural()))).unwrap_or(heading);
    let bare = bare.strip_prefix("More of the ").or_else(|| bare.strip_prefix("More ")).unwrap_or(bare);
    let lower = bare.to_lowercase();
    Kind::ALL.iter().copied().find(|kind| kind.plural().to_lowercase() == lower)
}

/// What a row is about: the code at the start of its first cell, else the words before a colon or semicolon.
fn row_name(row: &str) -> String {
    let cell = row.trim_start_matches('|').split('|').next().unwrap_or_default().trim();
    let quoted = cell.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(name, _)| name);
    let words = || cell.split([':', ';']).next().unwrap_or_default();
    plain(quoted.unwrap_or_else(words))
}

/// The id of the only item that a row may be about: by what it names, else by the place to which it links.
fn id_of(map: &StateMap, (kind, name): &(Kind, String), row: &str) -> Option<SmolStr> {
    let of_kind = || map.items.iter().filter(|item| item.kind == *kind);
    let says = |item: &Item, key: &str| {
        let mut facts = item.facts.iter().filter(|fact| fact.key == key);
        facts.any(|fact| fact.value.as_ref().is_some_and(|value| value.to_string() == *name) || fact.from.as_deref() == Some(name))
    };
    let named = of_kind().filter(|item| item.name == name.as_str() || says(item, "env") || says(item, "path"));
    // `](../src/db.rs#L14)`: the way to the file ends with its path.
    let leads_to = |end: &str| row.match_indices(end).any(|(at, _)| row[..at].ends_with(['(', '/']));
    let links = |item: &Item| {
        let mut places = item.sites.iter().map(|site| &site.place);
        places.any(|place| ["L", "lines-"].iter().any(|mark| leads_to(&format!("{}#{mark}{})", place.file, place.line))))
    };
    only(named).or_else(|| only(of_kind().filter(|item| !row.is_empty() && links(item))))
}

/// The id of the only one.
fn only<'a>(mut items: impl Iterator<Item = &'a Item>) -> Option<SmolStr> {
    let first = items.next()?;
    items.next().is_none().then(|| first.id.0.clone())
}
