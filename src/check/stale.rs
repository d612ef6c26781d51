//! Whether the committed map says what the code says, however it was formatted since.

use serde_json::Value;
use smol_str::SmolStr;

use super::changes::{Change, Changes, How, changes};
use super::diff::unified;
use super::normal::{Unit, units};
use super::told::Line;
use super::{Finding, Paste};
use crate::annotations::{Level, Policy};
use crate::model::{Diagnostic, Severity, StateMap};

/// One output of the map as it is committed, and as the code would have it.
#[derive(Clone, Debug)]
pub struct Committed {
    /// How people call it: the file or folder.
    pub name: String,
    /// Whether it is JSON and no Markdown.
    pub is_json: bool,
    /// Whether nothing of it is there.
    pub is_missing: bool,
    /// Files that differ in some byte: name, what is there, what would be there. One of the two is there.
    pub files: Vec<(String, Option<String>, Option<String>)>,
    /// The command that writes it, as words after `statemap`.
    pub command: Vec<String>,
}

/// How much two versions of a file differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Differs {
    /// In the way it is formatted, if at all.
    Not,
    /// In line numbers.
    Places,
    /// In what it says.
    Content,
}

/// What is wrong with one committed output.
#[must_use]
pub fn check_map(committed: &Committed, policy: &Policy, map: &StateMap) -> Option<Finding> {
    let level = policy.stale.unwrap_or(Level::Deny);
    let command = format!("statemap {}", committed.command.join(" "));
    if committed.is_missing {
        let message = format!("`{}` is not there: no map was committed yet", committed.name);
        let help = format!("`{command}` writes it; where the map is elsewhere, say so with `-o`, or under `[output]` in statemap.toml");
        return with_command(Finding::new(level, Diagnostic::new(Severity::Error, "no-map", message).help(help))?, committed);
    }
    let mut differs = Differs::Not;
    let mut changes = Vec::new();
    let mut hazards = Vec::new();
    let mut elsewhere = 0;
    let mut text = String::new();
    let mut version = None;
    for (name, old, new) in &committed.files {
        let (old, new) = (old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default());
        let of_file = if committed.is_json { compare_json(old, new) } else { compare_pages(name, old, new, map) };
        differs = differs.max(of_file.differs);
        if of_file.differs == Differs::Content {
            changes.extend(of_file.changes.items);
            hazards.extend(of_file.changes.hazards);
            elsewhere += of_file.changes.elsewhere;
            text.push_str(&of_file.diff);
            version = version.or_else(|| other_version(old, new));
        }
    }
    changes.sort();
    // A book tells some state on several pages.
    changes.dedup_by(|a, b| (a.how, &a.id, &a.name) == (b.how, &b.id, &b.name));
    hazards.sort();
    hazards.dedup();
    let (level, code, message) = match differs {
        Differs::Not => return None,
        Differs::Places => {
            let message = format!(
                "`{}` has line numbers and counts of an older state of the code; what it says of state still holds",
                committed.name
            );
            (policy.moved.unwrap_or(Level::Warn), "moved-map", message)
        }
        Differs::Content => (level, "stale-map", format!("`{}` does not say what the code says: {}", committed.name, summary(&changes))),
    };
    let again = version.map(|version| format!("; it was written by statemap {version}, and this is {}", env!("CARGO_PKG_VERSION")));
    let help = format!("`{command}` writes it anew: commit the result{}", again.unwrap_or_default());
    let mut finding = Finding::new(level, Diagnostic::new(Severity::Error, code, message).in_file(committed.name.as_str()).help(help))?;
    finding.changes = changes;
    finding.hazards = hazards;
    finding.elsewhere = elsewhere;
    finding.diff = (!text.is_empty()).then_some(text);
    with_command(finding, committed)
}

fn with_command(mut finding: Finding, committed: &Committed) -> Option<Finding> {
    finding.command = Some(committed.command.clone());
    finding.paste = None::<Paste>;
    Some(finding)
}

/// `2 pieces of state are new, 1 is gone`.
fn summary(changes: &[Change]) -> String {
    let count = |how| changes.iter().filter(|change| change.how == how).count();
    let parts = [(How::Added, "new"), (How::Removed, "gone"), (How::Changed, "told differently")];
    let mut out: Vec<String> = Vec::new();
    for (how, word) in parts {
        let subject =
            |one: &str, many: &str| if out.is_empty() { format!(" {}", if count(how) == 1 { one } else { many }) } else { String::new() };
        match count(how) {
            0 => {}
            1 => out.push(format!("1{} is {word}", subject("piece of state", ""))),
            many => out.push(format!("{many}{} are {word}", subject("", "pieces of state"))),
        }
    }
    if out.is_empty() { "no piece of state is new or gone, but what stands around them differs".to_owned() } else { out.join(", ") }
}

/// The version that wrote a page, when it is another one.
fn other_version(old: &str, new: &str) -> Option<SmolStr> {
    let version = |text: &str| {
        let (_, after) = text.rsplit_once("Written by statemap ")?;
        let word = after.split_whitespace().next()?.trim_end_matches('.');
        Some(SmolStr::new(word))
    };
    version(old).filter(|old| version(new).is_some_and(|new| new != *old))
}

struct Difference {
    differs: Differs,
    changes: Changes,
    diff: String,
}

fn compare_pages(name: &str, old: &str, new: &str, map: &StateMap) -> Difference {
    let (old, new) = (units(old), units(new));
    let same = |of: fn(&Unit) -> &str| old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| of(old) == of(new));
    let differs = if same(|unit| &unit.exact) {
        Differs::Not
    } else if same(|unit| &unit.key) {
        Differs::Places
    } else {
        Differs::Content
    };
    if differs < Differs::Content {
        return Difference { differs, changes: Changes::default(), diff: String::new() };
    }
    Difference { differs, changes: changes(&old, &new, map), diff: unified(name, &old, &new, |unit| &unit.key) }
}

/// JSON is compared item by item, without the commit and, at second sight, without lines.
fn compare_json(old: &str, new: &str) -> Difference {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let (mut old, mut new) = (parse(old), parse(new));
    for map in [&mut old, &mut new] {
        remove(map, &["revision"]);
    }
    if old == new {
        return Difference { differs: Differs::Not, changes: Changes::default(), diff: String::new() };
    }
    for map in [&mut old, &mut new] {
        remove(map, &["line", "column", "span"]);
    }
    if old == new {
        return Difference { differs: Differs::Places, changes: Changes::default(), diff: String::new() };
    }
    Difference {
        differs: Differs::Content,
        changes: Changes { items: item_changes(&old, &new), ..Changes::default() },
        diff: String::new(),
    }
}

/// Takes fields out of a value, however deep.
fn remove(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|value| remove(value, names));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| remove(value, names)),
        _ => {}
    }
}

fn item_changes(old: &Value, new: &Value) -> Vec<Change> {
    let items = |map: &Value| -> std::collections::BTreeMap<String, Value> {
        let items = map.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        items.into_iter().filter_map(|item| Some((item.get("id")?.as_str()?.to_owned(), item))).collect()
    };
    let (old, new) = (items(old), items(new));
    let change = |how, id: &str, item: &Value, lines: Vec<Line>| {
        let word = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Change { how, id: Some(id.into()), name: format!("{} {}", word("kind"), word("name")), at: None, lines }
    };
    let summary = |item: &Value| item.get("summary").and_then(Value::as_str).map(str::to_owned);
    let mut out = Vec::new();
    for (id, item) in &old {
        match new.get(id) {
            None => out.push(change(How::Removed, id, item, vec![Line { was: summary(item), is: None }])),
            Some(now) if now != item => out.push(change(How::Changed, id, now, fields(item, now))),
            Some(_) => {}
        }
    }
    let added = new.iter().filter(|(id, _)| !old.contains_key(*id));
    out.extend(added.map(|(id, item)| change(How::Added, id, item, vec![Line { was: None, is: summary(item) }])));
    out.sort();
    out
}

/// The fields in which two versions of an item differ; of lists, the elements.
fn fields(old: &Value, new: &Value) -> Vec<Line> {
    let nothing = serde_json::Map::new();
    let (old, new) = (old.as_object().unwrap_or(&nothing), new.as_object().unwrap_or(&nothing));
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut out = Vec::new();
    for key in keys {
        let (was, is) = (old.get(key), new.get(key));
        if was == is {
            continue;
        }
        let said = |value: &Value| format!("{key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        match (was.and_then(Value::as_array), is.and_then(Value::as_array)) {
            (Some(was), Some(is)) => {
                let lacks = |list: &[Value], one: &Value| !list.contains(one);
                out.extend(was.iter().filter(|one| lacks(is, one)).map(|one| Line { was: Some(said(one)), is: None }));
                out.extend(is.iter().filter(|one| lacks(was, one)).map(|one| Line { was: None, is: Some(said(one)) }));
            }
            _ => out.push(Line { was: was.map(said), is: is.map(said) }),
        }
    }
    out
}
