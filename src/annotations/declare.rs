//! `[[declare]]`: state that no file shows, such as the stickiness of a load balancer, as items of the map.

use smol_str::SmolStr;
use toml::de::DeTable;

use super::nearest::{nearest, quoted};
use super::reader::{Mark, Reader, Section, type_words};
use super::schema::{Empty, Written, key_names, read_annotation};
use super::stated::fact_value;
use crate::merge::redact;
use crate::model::{Fact, Item, ItemId, Kind, Place, Provenance, Role, Scope, Severity, Site};

/// The keys of an entry that are not annotations; every other key is a fact.
const OWN_KEYS: &[&str] = &["kind", "name", "scope", "services"];

/// One piece of state that a person declared.
#[derive(Clone, Debug)]
pub struct Declared {
    /// What sort of state.
    pub kind: Kind,
    /// Its name, as written.
    pub name: String,
    /// Where it lives; that of the kind unless given.
    pub scope: Scope,
    /// The services that it belongs to; all when empty.
    pub services: Vec<String>,
    /// Every other key, sorted: `store`, `max_connections`.
    pub facts: Vec<Fact>,
    /// What else is said about it.
    pub written: Written,
    /// Where its services stand.
    pub(super) services_at: Mark,
}

impl Declared {
    /// `kind:declared::name`, with `-` for blanks in the name.
    #[must_use]
    pub fn id(&self) -> ItemId {
        let name: Vec<&str> = self.name.split_whitespace().collect();
        ItemId(format!("{}:declared::{}", self.kind, name.join("-")).into())
    }

    /// The item of the map, without its annotation.
    pub(super) fn item(&self, all_services: &[SmolStr]) -> Item {
        let place = self.written.place.clone();
        let summary = self.written.annotation.summary.as_deref().map(redact::text);
        let mut services: Vec<_> =
            if self.services.is_empty() { all_services.to_vec() } else { self.services.iter().map(smol_str::SmolStr::new).collect() };
        services.sort();
        services.dedup();
        let summary = summary.unwrap_or_else(|| format!("{}, declared in {}", self.name, place.file));
        let mut facts = self.facts.clone();
        redact::facts(&mut facts);
        Item {
            scope: self.scope,
            services,
            sites: vec![Site { place, role: Role::Declared, function: None }],
            facts,
            ..Item::new(self.id(), self.kind, self.name.as_str().into(), summary)
        }
    }
}

/// Reads every `[[declare]]` of a file; a second one with the id of another is refused.
pub(super) fn read_declared(reader: &mut Reader<'_>, root: &DeTable<'_>, text: &str) -> Vec<Declared> {
    let mut all: Vec<Declared> = Vec::new();
    let mut ids = std::collections::BTreeMap::new();
    for section in reader.sections(root, "declare") {
        let Some(declared) = read_one(reader, &section, text) else { continue };
        let id = declared.id();
        if let Some(first) = ids.get(&id) {
            let message = format!("{} is declared twice, first in line {first}", quoted(id.as_str()));
            reader.error("duplicate-declare", &section.at, message, "give it another `name`, or remove one of the two");
            continue;
        }
        ids.insert(id, declared.written.place.line);
        all.push(declared);
    }
    all
}

fn read_one(reader: &mut Reader<'_>, section: &Section<'_, '_>, text: &str) -> Option<Declared> {
    reader.missing(section, "kind", "add the kind of state, as in `kind = \"session\"`");
    reader.missing(section, "name", "add a short name, as in `name = \"load balancer stickiness\"`");
    let kinds: Vec<(&str, Kind)> = Kind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    let scopes: Vec<(&str, Scope)> = Scope::ALL.iter().map(|scope| (scope.as_str(), *scope)).collect();
    let kind = reader.word(section, "kind", &kinds);
    let name = reader.text(section, "name");
    let scope = reader.word(section, "scope", &scopes);
    let services = reader.list(section, "services");
    let place = reader.place(text, &section.at);
    let written = read_annotation(reader, section, place, Empty::Mistake);
    let facts = read_facts(reader, section, text);
    let services_at = reader.mark(&section.table.get("services").map_or(section.at.clone(), toml::Spanned::span));
    let kind = kind?;
    Some(Declared { kind, name: name?, scope: scope.unwrap_or(kind.usual_scope()), services, facts, written, services_at })
}

/// Free facts: any key that is neither one of the entry nor one of an annotation.
fn read_facts(reader: &mut Reader<'_>, section: &Section<'_, '_>, text: &str) -> Vec<Fact> {
    let mut known = key_names();
    known.extend(OWN_KEYS);
    let mut facts = Vec::new();
    for (key, value) in section.table {
        let word = key.get_ref().as_ref();
        if known.contains(&word) {
            continue;
        }
        near_miss(reader, word, &key.span(), &known);
        let Some(value_of_fact) = fact_value(value) else {
            let message = format!("the fact {} must be a string, a number or a boolean, not {}", quoted(word), type_words(value.get_ref()));
            reader.error("wrong-type", &value.span(), message, "write one fact for each value");
            continue;
        };
        let at: Place = reader.place(text, &key.span());
        facts.push(Fact {
            key: word.into(),
            value: Some(value_of_fact),
            unit: None,
            provenance: Provenance::Annotated,
            at: Some(at),
            from: None,
            set: Vec::new(),
        });
    }
    facts
}

/// Any key may be a fact, so one that looks like a mistyped key is only a warning.
fn near_miss(reader: &mut Reader<'_>, word: &str, at: &std::ops::Range<usize>, known: &[&'static str]) {
    let Some(near) = nearest(word, known.iter().copied()).filter(|near| strsim::osa_distance(word, near) == 1) else { return };
    let message = format!("{} is taken for a fact, but looks like the key `{near}`", quoted(word));
    reader.report(Severity::Warning, "near-miss", at, message, Some(format!("did you mean `{near}`?")));
}
