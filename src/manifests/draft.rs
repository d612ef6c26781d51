//! What the readers of manifests emit: one piece of state before it has an id.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::files::Origin;
use super::hide;
use super::yaml::Mark;
use crate::model::{Class, Confidence, Fact, FactValue, Item, ItemId, Kind, Place, Provenance, Role, Scope, SetBy, Site};

/// At most so many facts of an item are kept; a block of a hundred variables is read in its file.
const MAX_FACTS: usize = 40;
/// So many are gathered before that: each is held against those before it.
const MAX_GATHERED: usize = 1_000;

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
    /// The variant that it is of; none for the base, and where there is one variant only.
    pub(super) environment: Option<SmolStr>,
    /// Environments that have a variant of the same object.
    pub(super) varied: Vec<SmolStr>,
    /// Conditions of templates that are not known and under which it stands.
    pub(super) conditions: BTreeSet<String>,
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
            environment: None,
            varied: Vec::new(),
            conditions: BTreeSet::new(),
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
    pub(super) fn site<'o>(&mut self, origin: impl Into<Origin<'o>>, at: Mark) {
        let origin = origin.into();
        if let Some(condition) = origin.condition(at) {
            self.conditions.insert(hide::text(condition));
        }
        self.sites.push(origin.place(at));
    }

    /// Adds a fact whose value is shown as it is: nothing secret may be in it.
    pub(super) fn fact<'o>(&mut self, key: &str, value: FactValue, origin: impl Into<Origin<'o>>, at: Mark) {
        let origin = origin.into();
        let at_place = origin.place(at);
        let fact = match origin.environment(at) {
            None => Fact {
                key: key.into(),
                value: Some(value),
                unit: None,
                provenance: Provenance::Manifest,
                at: Some(at_place),
                from: origin.condition(at).map(|condition| format!("only if `{}`", hide::text(condition).replace('`', "'"))),
                set: Vec::new(),
            },
            // Of one environment only: the base says another value, or none.
            Some(environment) => Fact {
                key: key.into(),
                value: None,
                unit: None,
                provenance: Provenance::Manifest,
                at: None,
                from: None,
                set: vec![SetBy {
                    hidden: matches!(&value, FactValue::Text(text) if text == hide::HIDDEN),
                    value: Some(value).filter(|value| !matches!(value, FactValue::Text(text) if text == hide::HIDDEN)),
                    provenance: Provenance::Manifest,
                    source: at_place.file.to_string(),
                    key: key.into(),
                    at: at_place,
                    environment: Some(environment),
                    unless: None,
                    services: Vec::new(),
                }],
            },
        };
        add_fact(&mut self.facts, fact);
    }

    /// Adds a fact at a place, with a value that is shown as it is.
    pub(super) fn fact_at(&mut self, key: &str, value: FactValue, at: Place) {
        let (value, provenance) = (Some(value), Provenance::Manifest);
        add_fact(&mut self.facts, Fact { key: key.into(), value, unit: None, provenance, at: Some(at), from: None, set: Vec::new() });
    }

    /// Adds a fact with a text that is made harmless; numbers become numbers.
    pub(super) fn text<'o>(&mut self, key: &str, text: &str, file: impl Into<Origin<'o>>, at: Mark) {
        let value = match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => FactValue::Int(number),
            _ => FactValue::Text(hide::text(text)),
        };
        self.fact(key, value, file, at);
    }

    /// Adds a variable with its value, as far as it may be shown.
    pub(super) fn variable<'o>(&mut self, name: &str, value: &str, file: impl Into<Origin<'o>>, at: Mark) {
        let value = hide::value(name, value);
        self.fact(name, FactValue::Text(if value.is_empty() { "(empty)".to_owned() } else { value }), file, at);
    }

    /// Adds a variable whose value is that of another one, which is known nowhere.
    pub(super) fn unknown<'o>(&mut self, name: &str, from: &str, file: impl Into<Origin<'o>>, at: Mark) {
        let (at, from) = (Some(file.into().place(at)), Some(hide::text(from)));
        let provenance = Provenance::Manifest;
        self.facts.push(Fact { key: name.into(), value: None, unit: None, provenance, at, from, set: Vec::new() });
    }

    /// Says of the last fact what it comes from.
    pub(super) fn say_last(&mut self, from: &str) {
        if let Some(fact) = self.facts.last_mut().filter(|fact| fact.value.is_some()) {
            fact.from = Some(from.to_owned());
        }
    }
}

/// A place in a file.
pub(super) fn place<'o>(origin: impl Into<Origin<'o>>, at: Mark) -> Place {
    origin.into().place(at)
}

/// Adds a fact: what several environments say differently is one fact with several values.
fn add_fact(facts: &mut Vec<Fact>, fact: Fact) {
    let is_full = facts.len() >= MAX_GATHERED;
    if fact.set.is_empty() {
        if facts.iter().any(|known| known.key == fact.key && known.value == fact.value) {
            return;
        }
        // What overlays said before is of this one.
        match facts.iter_mut().find(|known| known.key == fact.key && known.value.is_none()) {
            Some(known) => (known.value, known.at) = (fact.value, fact.at),
            None if is_full => {}
            None => facts.push(fact),
        }
        return;
    }
    match facts.iter_mut().find(|known| known.key == fact.key) {
        Some(known) => {
            let new = fact.set.into_iter().filter(|set| !known.set.contains(set)).collect::<Vec<_>>();
            known.set.extend(new);
        }
        None if is_full => {}
        None => facts.push(fact),
    }
}

/// Drafts of one thing: those of the base, or of all environments, and those of variants.
#[derive(Default)]
struct Group {
    base: Option<Draft>,
    variants: Vec<Draft>,
}

/// Drafts to items: what has one owner and one name is one item, whichever files speak of it.
pub(super) fn items(drafts: Vec<Draft>) -> Vec<Item> {
    let mut by_id: BTreeMap<SmolStr, Group> = BTreeMap::new();
    for draft in drafts {
        let id = match draft.what.as_str() {
            "" => format_smolstr!("{}", clean(&draft.owner)),
            what => format_smolstr!("{}#{}", clean(&draft.owner), clean(what)),
        };
        let group = by_id.entry(id).or_default();
        match (&draft.environment, &mut group.base) {
            (Some(_), _) => group.variants.push(draft),
            (None, Some(known)) => join(known, draft),
            (None, base) => *base = Some(draft),
        }
    }
    by_id.into_iter().filter_map(|(id, group)| Some(item(&id, varied(group)?))).collect()
}

/// One draft of a thing's variants: what they say otherwise is told with their environment.
fn varied(group: Group) -> Option<Draft> {
    let Group { base, mut variants } = group;
    variants.sort_by(|a, b| a.environment.cmp(&b.environment));
    let Some(mut out) = base else {
        let distinct: BTreeSet<SmolStr> = variants.iter().filter_map(|draft| draft.environment.clone()).collect();
        let mut variants = variants.into_iter();
        let mut out = variants.next()?;
        let first = out.environment.take().unwrap_or_default();
        let alone = out.summary.clone();
        for draft in variants {
            tell(&mut out, &draft);
            join(&mut out, draft);
        }
        if distinct.len() == 1 {
            out.summary.push_str(&format!("; only in {first}"));
        } else if out.summary != alone {
            out.summary = format!("in {first}: {}", out.summary);
        }
        return Some(out);
    };
    let seen: BTreeSet<&SmolStr> = variants.iter().filter_map(|draft| draft.environment.as_ref()).collect();
    let absent: Vec<&str> = out.varied.iter().filter(|name| !seen.contains(name)).map(SmolStr::as_str).collect();
    let absent = absent.join(" and ");
    for draft in variants {
        tell(&mut out, &draft);
        join(&mut out, draft);
    }
    if !absent.is_empty() {
        out.summary.push_str(&format!("; not in {absent}"));
    }
    Some(out)
}

/// Adds what the summary of a variant says otherwise: `2 replicas, …; in production: 5 replicas`.
fn tell(out: &mut Draft, variant: &Draft) {
    let Some(environment) = &variant.environment else { return };
    let base = out.summary.split("; in ").next().unwrap_or_default();
    let known: BTreeSet<&str> = clauses(base).collect();
    let other: Vec<&str> = clauses(&variant.summary).filter(|clause| !known.contains(clause)).collect();
    if other.is_empty() || out.summary.ends_with(OTHERWISE) {
        return;
    }
    let said = match out.summary.matches("; in ").count() {
        told if told < MAX_TOLD => format!("; in {environment}: {}", other.join(", ")),
        _ => OTHERWISE.to_owned(),
    };
    out.summary.push_str(&said);
}

/// A summary tells so many environments; the facts tell all.
const MAX_TOLD: usize = 3;
const OTHERWISE: &str = "; otherwise in more environments";

/// The parts of a summary; `… and 3 more` cuts a list, and what is behind it is in the facts.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let cut = |clause: &str| clause.rfind(" and ").filter(|_| clause.ends_with(" more"));
    text.split(", ").map(move |clause| cut(clause).map_or(clause, |at| &clause[..at]))
}

/// The same thing spoken of in a second file.
fn join(known: &mut Draft, draft: Draft) {
    known.sites.extend(draft.sites);
    known.services.extend(draft.services);
    known.varied.extend(draft.varied);
    known.conditions.extend(draft.conditions);
    known.lost = known.lost.take().or(draft.lost);
    for fact in draft.facts {
        add_fact(&mut known.facts, fact);
    }
}

fn item(id: &str, draft: Draft) -> Item {
    let mut sites: Vec<Site> = draft.sites.into_iter().map(|place| Site { place, role: Role::Declared, function: None }).collect();
    sites.sort();
    sites.dedup_by(|a, b| a.place.file == b.place.file && a.place.line == b.place.line);
    let mut summary = draft.summary;
    if let Some(condition) = draft.conditions.first() {
        summary.push_str(&format!("; conditional, not evaluated: `{}`", condition.replace('`', "'")));
    }
    let mut facts = draft.facts;
    facts.truncate(MAX_FACTS);
    for fact in facts.iter_mut().filter(|fact| fact.value.is_none()) {
        // No base says it: the first environment's value stands for it.
        if let Some(first) = fact.set.first() {
            fact.value = if first.hidden { Some(FactValue::Text(hide::HIDDEN.to_owned())) } else { first.value.clone() };
            fact.at = Some(first.at.clone());
        }
    }
    Item {
        scope: draft.scope,
        services: draft.services.into_iter().collect(),
        sites,
        facts,
        lost: draft.lost,
        confidence: draft.confidence,
        class: Class::Mutable,
        ..Item::new(ItemId(format_smolstr!("{}:{id}", Kind::Deployment)), Kind::Deployment, hide::text(&draft.name).into(), summary)
    }
}

/// Ids are one word, and hold no secret.
fn clean(text: &str) -> String {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '#');
    hide::text(text).chars().map(|c| if odd(c) { '_' } else { c }).take(120).collect()
}
