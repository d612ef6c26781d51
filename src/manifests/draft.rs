//! What the readers of manifests emit: one piece of state before it has an id.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::hide;
use super::yaml::Mark;
use crate::model::{Class, Confidence, Fact, FactValue, Item, ItemId, Kind, Place, Provenance, Role, Scope, Site};

/// At most so many facts of an item are kept; a block of a hundred variables is read in its file.
const MAX_FACTS: usize = 40;

/// One piece of state of a manifest.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What it belongs to, for the id: `docker-compose.yml/web`, `Deployment/shop`.
    pub(super) owner: SmolStr,
    /// What it is of its owner: `healthcheck`; empty when it is the owner itself.
    pub(super) what: SmolStr,
    /// Short name for headings.
    pub(super) name: SmolStr,
    /// One sentence.
    pub(super) summary: String,
    pub(super) scope: Scope,
    pub(super) sites: Vec<Place>,
    pub(super) facts: Vec<Fact>,
    pub(super) services: BTreeSet<SmolStr>,
    pub(super) lost: Option<String>,
    pub(super) confidence: Confidence,
}

impl Draft {
    pub(super) fn new(owner: impl Into<SmolStr>, what: impl Into<SmolStr>, name: impl Into<SmolStr>, summary: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            what: what.into(),
            name: name.into(),
            summary: summary.into(),
            scope: Scope::Cluster,
            sites: Vec::new(),
            facts: Vec::new(),
            services: BTreeSet::new(),
            lost: None,
            confidence: Confidence::Certain,
        }
    }

    /// Another short name.
    pub(super) fn name(mut self, name: impl Into<SmolStr>) -> Self {
        self.name = name.into();
        self
    }

    pub(super) fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    pub(super) fn lost(mut self, lost: &str) -> Self {
        self.lost = Some(lost.to_owned());
        self
    }

    pub(super) fn services(mut self, services: &BTreeSet<SmolStr>) -> Self {
        self.services.extend(services.iter().cloned());
        self
    }

    /// Adds a place where it is declared.
    pub(super) fn site(&mut self, file: &str, at: Mark) {
        self.sites.push(place(file, at));
    }

    /// Adds a fact whose value is shown as it is: nothing secret may be in it.
    pub(super) fn fact(&mut self, key: &str, value: FactValue, file: &str, at: Mark) {
        let fact = Fact {
            key: key.into(),
            value: Some(value),
            unit: None,
            provenance: Provenance::Manifest,
            at: Some(place(file, at)),
            from: None,
            set: Vec::new(),
        };
        if !self.facts.iter().any(|known| known.key == fact.key && known.value == fact.value) {
            self.facts.push(fact);
        }
    }

    /// Adds a fact with a text that is made harmless; numbers become numbers.
    pub(super) fn text(&mut self, key: &str, text: &str, file: &str, at: Mark) {
        let value = match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => FactValue::Int(number),
            _ => FactValue::Text(hide::text(text)),
        };
        self.fact(key, value, file, at);
    }

    /// Adds a variable with its value, as far as it may be shown.
    pub(super) fn variable(&mut self, name: &str, value: &str, file: &str, at: Mark) {
        let value = hide::value(name, value);
        self.fact(name, FactValue::Text(if value.is_empty() { "(empty)".to_owned() } else { value }), file, at);
    }
}

/// A place in a file.
pub(super) fn place(file: &str, at: Mark) -> Place {
    Place { file: file.into(), line: at.line.max(1), column: at.column.max(1) }
}

/// Drafts to items: what has one owner and one name is one item, whichever files speak of it.
pub(super) fn items(drafts: Vec<Draft>) -> Vec<Item> {
    let mut by_id: BTreeMap<SmolStr, Draft> = BTreeMap::new();
    for draft in drafts {
        let id = match draft.what.as_str() {
            "" => format_smolstr!("{}", clean(&draft.owner)),
            what => format_smolstr!("{}#{}", clean(&draft.owner), clean(what)),
        };
        match by_id.get_mut(&id) {
            None => {
                by_id.insert(id, draft);
            }
            Some(known) => join(known, draft),
        }
    }
    by_id.into_iter().map(|(id, draft)| item(&id, draft)).collect()
}

/// The same thing spoken of in a second file.
fn join(known: &mut Draft, draft: Draft) {
    known.sites.extend(draft.sites);
    known.services.extend(draft.services);
    known.lost = known.lost.take().or(draft.lost);
    for fact in draft.facts {
        if !known.facts.iter().any(|other| other.key == fact.key && other.value == fact.value) {
            known.facts.push(fact);
        }
    }
}

fn item(id: &str, draft: Draft) -> Item {
    let mut sites: Vec<Site> = draft.sites.into_iter().map(|place| Site { place, role: Role::Declared, function: None }).collect();
    sites.sort();
    sites.dedup_by(|a, b| a.place.file == b.place.file && a.place.line == b.place.line);
    let mut facts = draft.facts;
    facts.truncate(MAX_FACTS);
    Item {
        scope: draft.scope,
        services: draft.services.into_iter().collect(),
        sites,
        facts,
        lost: draft.lost,
        confidence: draft.confidence,
        class: Class::Mutable,
        ..Item::new(ItemId(format_smolstr!("{}:{id}", Kind::Deployment)), Kind::Deployment, hide::text(&draft.name).into(), draft.summary)
    }
}

/// Ids are one word, and hold no secret.
fn clean(text: &str) -> String {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '#');
    hide::text(text).chars().map(|c| if odd(c) { '_' } else { c }).take(120).collect()
}
