//! The keys of an annotation: one list for `statemap.toml`, for comments, for the reference page and for merging.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use super::quantity::Quantity;
use super::reader::{Mark, Reader, Section};
use super::stated::Stated;
use crate::model::{Annotation, Place, Severity};

/// What the value of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A string.
    Text,
    /// An array of strings.
    List,
    /// A calendar date.
    Date,
}

impl ValueType {
    /// The word used on the reference page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ValueType::Text => "text",
            ValueType::List => "list",
            ValueType::Date => "date",
        }
    }
}

/// One key of an annotation.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub value: ValueType,
    /// What it says, in one line of Markdown.
    pub doc: &'static str,
    /// A line to copy.
    pub example: &'static str,
}

const fn key(name: &'static str, value: ValueType, doc: &'static str, example: &'static str) -> Key {
    Key { name, value, doc, example }
}

/// Every key of an annotation, in the order of the reference page.
pub const KEYS: &[Key] = &[
    key(
        "summary",
        ValueType::Text,
        "What it is, in one sentence; shown in place of the sentence that was inferred.",
        r#"summary = "who is logged in""#,
    ),
    key("owner", ValueType::Text, "The team or person to ask.", r#"owner = "payments""#),
    key("size", ValueType::Text, "How big it gets, with its unit.", r#"size = "512 MB at 40,000 tenants""#),
    key("contents", ValueType::Text, "What is in it.", r#"contents = "tenant settings by tenant id""#),
    key(
        "replication",
        ValueType::Text,
        "How copies come to be and how far they may differ.",
        r#"replication = "one copy per pod, up to 5 minutes apart""#,
    ),
    key(
        "on_loss",
        ValueType::Text,
        "What is lost when it goes away, as a user would notice it.",
        r#"on_loss = "uploads in flight are lost""#,
    ),
    key("rebuild", ValueType::Text, "What brings it back, and how long that takes.", r#"rebuild = "SQL scan at start-up, 90 s""#),
    key(
        "recovery_test",
        ValueType::Text,
        "How recovery is tested: a test, a drill, a date.",
        r#"recovery_test = "tests/failover.rs, game day in March""#,
    ),
    key("runbook", ValueType::Text, "Where the on-call engineer reads on: a link or a path.", r#"runbook = "docs/runbooks/sessions.md""#),
    key("contains", ValueType::List, "Sensitive contents, in your own words: `pii`, `credentials`, `payment`.", r#"contains = ["pii"]"#),
    key(
        "acknowledge",
        ValueType::List,
        "Hazards that are known and accepted, by id; needs `reason` and `date`.",
        r#"acknowledge = ["ephemeral-file"]"#,
    ),
    key("reason", ValueType::Text, "Why the hazards are accepted.", r#"reason = "reports are made again on demand""#),
    key("date", ValueType::Date, "When the hazards were accepted.", "date = 2026-10-01"),
    key(
        "ignore",
        ValueType::Text,
        "Takes the item off the map; the value is the reason. Ignored items are counted.",
        r#"ignore = "only in the demo binary""#,
    ),
    key("reviewed", ValueType::Date, "When somebody last checked that the annotation is true.", "reviewed = 2026-10-01"),
    key(
        "expires",
        ValueType::Date,
        "The last day on which it holds, in UTC. After it, `ignore` and `acknowledge` no longer count.",
        "expires = 2027-04-01",
    ),
];

/// The names of the keys.
pub(super) fn key_names() -> Vec<&'static str> {
    KEYS.iter().map(|key| key.name).collect()
}

/// The value of one key in an annotation.
#[derive(Debug, PartialEq)]
pub(super) enum Slot<'a> {
    Text(&'a mut Option<String>),
    List(&'a mut Vec<String>),
}

impl Slot<'_> {
    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Slot::Text(text) => text.is_none(),
            Slot::List(list) => list.is_empty(),
        }
    }

    /// Takes over the value of the same key of another annotation.
    pub(super) fn set(&mut self, other: Slot<'_>) {
        match (self, other) {
            (Slot::Text(mine), Slot::Text(theirs)) => mine.clone_from(theirs),
            (Slot::List(mine), Slot::List(theirs)) => mine.clone_from(theirs),
            (Slot::Text(_), Slot::List(_)) | (Slot::List(_), Slot::Text(_)) => {}
        }
    }
}

/// Where an annotation keeps the value of a key.
pub(super) fn slot<'a>(annotation: &'a mut Annotation, key: &str) -> Option<Slot<'a>> {
    Some(match key {
        "summary" => Slot::Text(&mut annotation.summary),
        "owner" => Slot::Text(&mut annotation.owner),
        "size" => Slot::Text(&mut annotation.size),
        "contents" => Slot::Text(&mut annotation.contents),
        "replication" => Slot::Text(&mut annotation.replication),
        "on_loss" => Slot::Text(&mut annotation.on_loss),
        "rebuild" => Slot::Text(&mut annotation.rebuild),
        "recovery_test" => Slot::Text(&mut annotation.recovery_test),
        "runbook" => Slot::Text(&mut annotation.runbook),
        "contains" => Slot::List(&mut annotation.contains),
        "acknowledge" => Slot::List(&mut annotation.acknowledge),
        "reason" => Slot::Text(&mut annotation.reason),
        "date" => Slot::Text(&mut annotation.date),
        "ignore" => Slot::Text(&mut annotation.ignore),
        "reviewed" => Slot::Text(&mut annotation.reviewed),
        "expires" => Slot::Text(&mut annotation.expires),
        _ => return None,
    })
}

/// One annotation as a person wrote it: what it says, and where each key stands.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it says; `places` is empty.
    pub annotation: Annotation,
    /// Where it is written.
    pub place: Place,
    pub(super) at: Mark,
    pub(super) keys: BTreeMap<&'static str, Mark>,
    /// What it states of facts of the item.
    pub(super) stated: Vec<Stated>,
    /// Keys of a stub that nobody has filled in yet.
    pub(super) blanks: Vec<&'static str>,
}

impl Written {
    /// Keys that are there and say nothing yet: `owner = ""`.
    #[must_use]
    pub fn blanks(&self) -> &[&'static str] {
        &self.blanks
    }

    /// Whether it says anything.
    pub(super) fn says_something(&self) -> bool {
        !self.keys.is_empty() || !self.stated.is_empty()
    }
}

/// What an empty text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// A mistake.
    Mistake,
    /// A stub that waits to be filled in.
    NotYet,
}

/// Reads the annotation keys of a table; other keys are not looked at.
pub(super) fn read_annotation(reader: &mut Reader<'_>, section: &Section<'_, '_>, place: Place, empty: Empty) -> Written {
    let mut annotation = Annotation::default();
    let mut keys = BTreeMap::new();
    let mut blanks = Vec::new();
    for key in KEYS {
        let Some((name, value)) = section.table.get_key_value(key.name) else { continue };
        // Whoever takes an item off the map says why, also in a stub.
        let may_wait = empty == Empty::NotYet && !matches!(key.name, "ignore" | "reason");
        if may_wait && matches!(value.get_ref(), DeValue::String(text) if text.trim().is_empty()) {
            blanks.push(key.name);
            continue;
        }
        let Some(slot) = slot(&mut annotation, key.name) else { continue };
        match (key.value, slot) {
            (ValueType::Text, Slot::Text(text)) => *text = reader.text_like(section, key.name, empty_code(key.name), key.example),
            // A time to live is easily taken for it.
            (ValueType::Date, Slot::Text(_)) if key.name == "expires" && is_duration(value.get_ref()) => {
                let help =
                    "it is the last day on which the annotation holds; how long an entry lives is a fact, as in `time_to_live = \"60s\"`";
                reader.error("bad-date", &value.span(), "`expires` is not a calendar date".to_owned(), help);
            }
            (ValueType::Date, Slot::Text(text)) => *text = reader.date(section, key.name).map(|date| date.to_string()),
            (ValueType::List, Slot::List(list)) => *list = reader.list(section, key.name),
            (ValueType::Text | ValueType::Date, Slot::List(_)) | (ValueType::List, Slot::Text(_)) => {}
        }
        keys.insert(key.name, reader.mark(&name.span()));
    }
    check_acknowledgement(reader, section);
    let at = reader.mark(&section.at);
    Written { annotation, place, at, keys, stated: Vec::new(), blanks }
}

fn is_duration(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::String(text) if matches!(Quantity::of_text(text), Some(Quantity::Duration(_))))
}

/// An item that is taken off the map without a reason is a mistake of its own.
fn empty_code(key: &str) -> &'static str {
    if matches!(key, "ignore" | "reason") { "missing-reason" } else { "empty-value" }
}

/// An accepted hazard says why and since when, and a reason says of what.
fn check_acknowledgement(reader: &mut Reader<'_>, section: &Section<'_, '_>) {
    let span = |key: &str| section.table.get_key_value(key).map(|(key, _): (&toml::Spanned<_>, _)| -> Range<usize> { key.span() });
    match (span("acknowledge"), span("reason"), span("date")) {
        (Some(at), None, _) => {
            let help = "say why it is accepted, as in `reason = \"reports are made again on demand\"`";
            reader.error("missing-reason", &at, "`acknowledge` needs a `reason`".to_owned(), help);
        }
        (Some(at), Some(_), None) => {
            let help = "say since when, as in `date = 2026-10-01`".to_owned();
            reader.report(Severity::Warning, "missing-date", &at, "`acknowledge` has no `date`".to_owned(), Some(help));
        }
        (None, Some(at), _) | (None, None, Some(at)) => {
            let message = "`reason` and `date` say nothing without `acknowledge`".to_owned();
            let help = "name the hazards, as in `acknowledge = [\"ephemeral-file\"]`; the reason of an `ignore` is its value".to_owned();
            reader.report(Severity::Warning, "no-acknowledge", &at, message, Some(help));
        }
        (Some(_), Some(_), Some(_)) | (None, None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_place_in_the_annotation_and_every_field_has_a_key() {
        let mut annotation = Annotation::default();
        for key in KEYS {
            match slot(&mut annotation, key.name).unwrap() {
                Slot::Text(text) => *text = Some(key.name.to_owned()),
                Slot::List(list) => list.push(key.name.to_owned()),
            }
        }
        annotation.places.push(Place { file: "statemap.toml".into(), line: 1, column: 1 });
        let json = serde_json::to_value(&annotation).unwrap();
        let mut fields: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).filter(|field| *field != "places").collect();
        let mut names = key_names();
        fields.sort_unstable();
        names.sort_unstable();
        assert_eq!(fields, names);
        // Fields that are empty are left out of the JSON: count them in the source of the type instead.
        let source = include_str!("../model/item.rs");
        let body = source.split("pub struct Annotation {").nth(1).unwrap().split("\n}").next().unwrap();
        assert_eq!(body.matches("    pub ").count(), KEYS.len() + 1);
    }

    #[test]
    fn the_reference_page_lists_every_key() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/annotations.md");
        let page = std::fs::read_to_string(path).unwrap();
        let rows: Vec<&str> =
            page.lines().skip_while(|line| !line.starts_with("| key | value |")).skip(2).take_while(|line| line.starts_with('|')).collect();
        let expected: Vec<String> =
            KEYS.iter().map(|key| format!("| `{}` | {} | {} | `{}` |", key.name, key.value.as_str(), key.doc, key.example)).collect();
        assert_eq!(rows, expected, "the rows of book/src/annotations.md must be:\n{}", expected.join("\n"));
    }

    #[test]
    fn every_example_is_a_valid_annotation_and_the_page_shows_no_broken_one() {
        for key in KEYS {
            let text = format!("[[state]]\nid = \"cache:*\"\n{}\n", key.example);
            let (_, found) = super::super::load("statemap.toml", &text);
            // `reason`, `date` and `acknowledge` ask for each other.
            let found: Vec<_> = found.iter().filter(|found| !matches!(found.code.as_str(), "missing-reason" | "no-acknowledge")).collect();
            assert!(found.is_empty(), "{}: {found:?}", key.name);
        }
        for page in ["annotations.md", "policy.md"] {
            let page = std::fs::read_to_string(format!("{}/book/src/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let blocks: Vec<&str> = page.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
            assert!(!blocks.is_empty());
            for block in blocks {
                assert_eq!(super::super::load("statemap.toml", block).1, [], "{block}");
            }
        }
    }
}
