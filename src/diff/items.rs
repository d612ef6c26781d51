//! State that was added, removed, moved or changed, and what of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::model::{Class, Item, ItemId, Kind, StateMap, Total};

use super::facts::{self, FactChange};
use super::pairing::Pairs;

/// What became of a piece of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Only the newer map has it.
    Added,
    /// Only the older map has it.
    Removed,
    /// Both have it, and say different things of it; it may have moved, too.
    Changed,
    /// It has another id, and is the same but for that.
    Moved,
}

/// One piece of state that the maps do not have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemChange<'a> {
    /// What became of it.
    pub how: How,
    /// Its id; of what was removed, the one that it had.
    pub id: &'a ItemId,
    /// The id that it had, when that was another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<&'a ItemId>,
    /// What sort of state.
    pub kind: Kind,
    /// As the newer map has it; as the older one had it when it was removed.
    pub item: &'a Item,
    /// Facts that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactChange<'a>>,
    /// What else differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<AspectChange>,
}

/// What of an item can differ beside its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// Whether its value changes.
    Class,
    /// Where it lives.
    Scope,
    /// Its type.
    Type,
    /// The external store behind it.
    BacksOn,
    /// The services that hold it.
    Services,
    /// What its copies in all replicas add up to; `of` names the workload.
    Total,
    /// What becomes of it when its service stops.
    WhenStopped,
    /// What has a copy of its own.
    Copies,
    /// What goes wrong with two replicas.
    AtTwo,
    /// What is lost with it.
    Lost,
    /// Conditional compilation that it depends on.
    Condition,
    /// How sure it is that this is state.
    Confidence,
    /// What people wrote; `of` names the key.
    Annotation,
    /// The sentence that says what it is, when nothing else differs.
    Summary,
}

/// An aspect that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AspectChange {
    /// What of the item.
    pub aspect: Aspect,
    /// Which one, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// As it was.
    pub before: Option<String>,
    /// As it is.
    pub after: Option<String>,
}

/// The changes of state, by sort, kind and id.
pub(super) fn changes<'a>(before: &'a StateMap, after: &'a StateMap, pairs: &Pairs<'a>, constants: bool) -> Vec<ItemChange<'a>> {
    let counts = |item: &&&Item| constants || item.class == Class::Mutable;
    let alone =
        |how, item: &&'a Item| ItemChange { how, id: &item.id, was: None, kind: item.kind, item, facts: Vec::new(), aspects: Vec::new() };
    let mut out: Vec<ItemChange<'a>> = pairs.added.iter().filter(counts).map(|item| alone(How::Added, item)).collect();
    out.extend(pairs.removed.iter().filter(counts).map(|item| alone(How::Removed, item)));
    for (old, new) in &pairs.both {
        if !constants && old.class == Class::Constant && new.class == Class::Constant {
            continue;
        }
        let facts = facts::changes(&old.facts, &new.facts);
        let mut aspects = aspects(before, after, old, new);
        if facts.is_empty() && aspects.is_empty() && old.id == new.id {
            push(&mut aspects, Aspect::Summary, None, Some(old.summary.clone()), Some(new.summary.clone()));
        }
        let how = match facts.is_empty() && aspects.is_empty() {
            true if old.id == new.id => continue,
            true => How::Moved,
            false => How::Changed,
        };
        let was = (old.id != new.id).then_some(&old.id);
        out.push(ItemChange { how, id: &new.id, was, kind: new.kind, item: new, facts, aspects });
    }
    out.sort_by(|a, b| (a.how, a.kind, a.id).cmp(&(b.how, b.kind, b.id)));
    out
}

fn push(out: &mut Vec<AspectChange>, aspect: Aspect, of: Option<String>, before: Option<String>, after: Option<String>) {
    if before != after {
        out.push(AspectChange { aspect, of, before, after });
    }
}

fn aspects(before: &StateMap, after: &StateMap, old: &Item, new: &Item) -> Vec<AspectChange> {
    let mut out = Vec::new();
    let class = |item: &Item| Some(if item.class == Class::Constant { "constant" } else { "mutable" }.to_owned());
    let names = |item: &Item| Some(item.services.join(", ")).filter(|names| !names.is_empty());
    let store = |item: &Item| item.backs_on.as_ref().map(ToString::to_string);
    let ending = |map: &StateMap, item: &Item| map.ending_of(&item.id).map(|ending| ending.how.as_str().to_owned());
    let copies = |item: &Item| {
        let word = item.replication.as_ref().map(|replication| serde_json::to_value(replication.copies));
        word.and_then(|word| word.ok()?.as_str().map(str::to_owned))
    };
    let at_two = |item: &Item| item.replication.as_ref().and_then(|replication| replication.at_two.clone());
    push(&mut out, Aspect::Class, None, class(old), class(new));
    push(&mut out, Aspect::Scope, None, Some(old.scope.as_str().to_owned()), Some(new.scope.as_str().to_owned()));
    push(&mut out, Aspect::Type, None, old.ty.clone(), new.ty.clone());
    push(&mut out, Aspect::BacksOn, None, store(old), store(new));
    push(&mut out, Aspect::Services, None, names(old), names(new));
    totals(&mut out, &old.totals, &new.totals);
    push(&mut out, Aspect::WhenStopped, None, ending(before, old), ending(after, new));
    push(&mut out, Aspect::Copies, None, copies(old), copies(new));
    push(&mut out, Aspect::AtTwo, None, at_two(old), at_two(new));
    push(&mut out, Aspect::Lost, None, old.lost.clone(), new.lost.clone());
    push(&mut out, Aspect::Condition, None, old.cfg.clone(), new.cfg.clone());
    push(&mut out, Aspect::Confidence, None, Some(old.confidence.as_str().to_owned()), Some(new.confidence.as_str().to_owned()));
    let (said, says) = (annotation(old), annotation(new));
    let keys = said.keys().chain(says.keys().filter(|key| !said.contains_key(*key)));
    for key in keys {
        push(&mut out, Aspect::Annotation, Some(key.clone()), said.get(key).cloned(), says.get(key).cloned());
    }
    out
}

/// What the copies add up to, by workload: `100, 150 during a rollout`.
fn totals(out: &mut Vec<AspectChange>, old: &[Total], new: &[Total]) {
    let name = |total: &Total| match &total.environment {
        Some(environment) => format!("{} in {environment}", total.workload),
        None => total.workload.to_string(),
    };
    let said = |total: &Total| {
        let mut text = format!("{} {}", total.all, total.unit);
        for (number, when) in [(total.during_rollout, "during a rollout"), (total.at_most, "scaled out")] {
            if let Some(number) = number {
                text.push_str(&format!(", {number} {when}"));
            }
        }
        text
    };
    let by_name = |totals: &[Total]| -> BTreeMap<String, String> { totals.iter().map(|total| (name(total), said(total))).collect() };
    let (old, new) = (by_name(old), by_name(new));
    for name in new.keys().chain(old.keys().filter(|name| !new.contains_key(*name))) {
        push(out, Aspect::Total, Some(name.clone()), old.get(name).cloned(), new.get(name).cloned());
    }
}

/// What people wrote, by key.
fn annotation(item: &Item) -> BTreeMap<String, String> {
    let Some(Ok(Value::Object(keys))) = item.annotation.as_ref().map(serde_json::to_value) else { return BTreeMap::new() };
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    keys.into_iter().filter(|(key, _)| key != "places").map(|(key, value)| (key, text(value))).collect()
}
