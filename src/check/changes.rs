//! Which state two pages tell differently: items by their headings and rows, with their ids where a page or the map has them.

use std::collections::BTreeMap;

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use smol_str::SmolStr;

use super::normal::{Unit, UnitKind};
use super::told::{Line, lines, spoken};
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
    /// Where it is in the code, `src/db.rs:14`; none when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What is said of it differently; of what is new or gone, the first line.
    pub lines: Vec<Line>,
}

/// How two versions of a page differ.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// In what they say of which state.
    pub(super) items: Vec<Change>,
    /// In which hazards they tell.
    pub(super) hazards: Vec<Line>,
    /// In so many other lines.
    pub(super) elsewhere: usize,
}

/// What a page tells of one piece of state.
#[derive(Clone, Debug, Default)]
struct Entry {
    id: Option<SmolStr>,
    /// Its lines: how they are compared, and as they are written.
    lines: Vec<(String, String)>,
    /// The row with its places, when it is one.
    row: String,
}

impl Entry {
    fn says_as(&self, other: &Entry) -> bool {
        self.lines.iter().map(|(key, _)| key).eq(other.lines.iter().map(|(key, _)| key))
    }

    fn first(&self) -> Option<String> {
        self.lines.first().map(|(_, text)| spoken(text))
    }
}

/// What a page tells.
#[derive(Default)]
struct Told {
    entries: Entries,
    /// `•1 **high**: …`, and as it is written.
    hazards: Vec<(String, String)>,
    /// The lines that belong to neither.
    others: Vec<String>,
}

/// How the line of a hazard begins.
const HAZARDS: [&str; 3] = ["•1 **high**", "•1 **medium**", "•1 **low**"];

/// By kind and by what the page calls it.
type Entries = BTreeMap<(Kind, String), Entry>;

/// The changes between pages, sorted.
pub(super) fn changes(old: &[Unit], new: &[Unit], map: &StateMap) -> Changes {
    let (old, new) = (told(old), told(new));
    Changes {
        items: item_changes(&old.entries, &new.entries, map),
        hazards: hazard_changes(&old.hazards, &new.hazards),
        elsewhere: differing(&old.others, &new.others),
    }
}

/// How many lines of one of them the other one has not.
fn differing(old: &[String], new: &[String]) -> usize {
    let ops = capture_diff_slices(Algorithm::Myers, old, new);
    ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).map(|op| op.old_range().len().max(op.new_range().len())).sum()
}

/// Hazards that one page tells and the other does not; those of one rule's wording about one thing are told together.
fn hazard_changes(old: &[(String, String)], new: &[(String, String)]) -> Vec<Line> {
    let lacks = |lines: &[(String, String)], key: &str| !lines.iter().any(|(known, _)| known == key);
    let about = |text: &str| text.split('`').nth(1).map(str::to_owned);
    let mut gone: Vec<String> = old.iter().filter(|(key, _)| lacks(new, key)).map(|(_, text)| spoken(text)).collect();
    let mut out = Vec::new();
    for (_, text) in new.iter().filter(|(key, _)| lacks(old, key)) {
        let is = spoken(text);
        let before = gone.iter().position(|was| about(was).is_some() && about(was) == about(&is));
        out.push(Line { was: before.map(|at| gone.remove(at)), is: Some(is) });
    }
    out.extend(gone.into_iter().map(|was| Line { was: Some(was), is: None }));
    out
}

fn item_changes(old: &Entries, new: &Entries, map: &StateMap) -> Vec<Change> {
    let by_id: BTreeMap<&str, &(Kind, String)> = new.iter().filter_map(|(key, entry)| Some((entry.id.as_deref()?, key))).collect();
    let mut out = Vec::new();
    let change = |how, (kind, name): &(Kind, String), id: Option<SmolStr>, lines: Vec<Line>| {
        let item = id.as_ref().and_then(|id| map.items.iter().find(|item| item.id.as_str() == id.as_str()));
        let at = item.and_then(Item::site).map(|site| format!("{}:{}", site.place.file, site.place.line));
        Change { how, id, name: format!("{kind} {name}"), at, lines }
    };
    let mut renamed: Vec<&(Kind, String)> = Vec::new();
    for (key, entry) in old {
        match new.get(key) {
            Some(now) if now.says_as(entry) => {}
            Some(now) => {
                let id = now.id.clone().or_else(|| id_of(map, key, &now.row));
                out.push(change(How::Changed, key, id, lines(&entry.lines, &now.lines)));
            }
            // The same state under another heading.
            None => match entry.id.as_deref().and_then(|id| by_id.get(id)) {
                Some(now) if !old.contains_key(*now) => {
                    renamed.push(now);
                    let said = new.get(*now).map(|after| lines(&entry.lines, &after.lines)).unwrap_or_default();
                    out.push(change(How::Changed, now, entry.id.clone(), said));
                }
                _ => out.push(change(How::Removed, key, entry.id.clone(), vec![Line { was: entry.first(), is: None }])),
            },
        }
    }
    for (key, entry) in new.iter().filter(|(key, _)| !old.contains_key(*key) && !renamed.contains(key)) {
        let id = entry.id.clone().or_else(|| id_of(map, key, &entry.row));
        out.push(change(How::Added, key, id, vec![Line { was: None, is: entry.first() }]));
    }
    out.sort();
    out
}

/// The state that a page tells of: a heading such as ``cache: `PRICES` `` with what stands below it, or a row below the heading of
/// a kind.
fn told(units: &[Unit]) -> Told {
    let mut told = Told::default();
    let out = &mut told.entries;
    let mut block: Option<(Kind, String)> = None;
    let mut table: Option<Kind> = None;
    for (at, unit) in units.iter().enumerate() {
        match unit.kind {
            UnitKind::Heading(level) => {
                let heading = unit.key.trim_start_matches('#').trim_start();
                let named = heading.split_once(": ").and_then(|(kind, name)| Some((kind.parse().ok()?, plain(name))));
                // The page of one item has its name alone above it.
                block = named.or_else(|| (level == 1).then(|| Some((kind_by_id(&units[at + 1..])?, plain(heading)))).flatten());
                table = kind_of_heading(heading);
                if let Some(key) = &block {
                    out.entry(key.clone()).or_default();
                }
            }
            UnitKind::Row => {
                // A row that begins with a link speaks of what is told elsewhere.
                let is_mention = unit.key.trim_start_matches(['|', ' ']).starts_with('[');
                if table.is_none() || is_mention {
                    told.others.push(unit.key.clone());
                }
                if let Some(kind) = table.filter(|_| !is_mention) {
                    let name = row_name(&unit.key);
                    let entry = out.entry((kind, name)).or_default();
                    entry.lines.push((unit.key.clone(), unit.text.clone()));
                    entry.row.push_str(&unit.exact);
                }
            }
            UnitKind::Other => {
                if HAZARDS.iter().any(|mark| unit.key.starts_with(mark)) {
                    told.hazards.push((unit.key.clone(), unit.text.clone()));
                    continue;
                }
                let Some(key) = &block else {
                    told.others.push(unit.key.clone());
                    continue;
                };
                let entry = out.entry(key.clone()).or_default();
                match unit.key.strip_prefix("•1 id ") {
                    Some(id) => entry.id = Some(id_in(id).into()),
                    None => entry.lines.push((unit.key.clone(), unit.text.clone())),
                }
            }
        }
    }
    told
}

/// The kind that the id below a heading begins with.
fn kind_by_id(below: &[Unit]) -> Option<Kind> {
    let own = below.iter().take_while(|unit| !matches!(unit.kind, UnitKind::Heading(_)));
    let id = own.filter_map(|unit| unit.key.strip_prefix("•1 id ")).next()?;
    id_in(id).split_once(':')?.0.parse().ok()
}

/// The id in a line: the code at its start; what a book adds for its search follows.
fn id_in(text: &str) -> String {
    let quoted = text.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(id, _)| id.to_owned());
    quoted.unwrap_or_else(|| plain(text))
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
