//! Environment variables that a deployment must know of: new ones, and those that can no longer be left out.

use serde::Serialize;

use crate::model::{Fact, FactValue, Item, ItemId, Kind};

use super::pairing::Pairs;

/// What became of a variable, in the order in which a deployment must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableHow {
    /// The service does not start without it, and did not ask for it, or did without it.
    Required,
    /// It is asked for, and may be left out as far as is known.
    Added,
    /// Another value holds when it is left out.
    Default,
    /// It was needed, and may be left out now.
    Optional,
    /// Nothing asks for it any more.
    Removed,
}

/// A variable that the maps tell differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariableChange<'a> {
    /// What became of it.
    pub how: VariableHow,
    /// Its name.
    pub name: String,
    /// Its item; of one that was removed, the older map's.
    pub item: &'a ItemId,
    /// What held without it.
    pub default_before: Option<String>,
    /// What holds without it.
    pub default_after: Option<String>,
    /// What of the tree sets it, as people name it: `ConfigMap/shop-config`; empty when nothing does.
    pub set_by: Vec<&'a str>,
    /// The item, for its services and places.
    #[serde(skip)]
    pub of: &'a Item,
}

/// The variables that differ, what a deployment must know first.
pub(super) fn changes<'a>(pairs: &Pairs<'a>) -> Vec<VariableChange<'a>> {
    let mut out: Vec<VariableChange<'a>> = Vec::new();
    for item in &pairs.added {
        let how = if is_needed(item) { VariableHow::Required } else { VariableHow::Added };
        out.extend(change(how, None, item, item));
    }
    for item in &pairs.removed {
        out.extend(change(VariableHow::Removed, Some(item), item, item));
    }
    for (old, new) in &pairs.both {
        let how = match (is_needed(old), is_needed(new)) {
            (false, true) => VariableHow::Required,
            (true, false) => VariableHow::Optional,
            _ if default(old) != default(new) => VariableHow::Default,
            _ => continue,
        };
        out.extend(change(how, Some(old), new, new));
    }
    out.sort_by(|a, b| (a.how, &a.name).cmp(&(b.how, &b.name)));
    out
}

fn change<'a>(how: VariableHow, old: Option<&Item>, new: &Item, of: &'a Item) -> Option<VariableChange<'a>> {
    let named = variable(of)?;
    let mut set_by: Vec<&str> = named.set.iter().map(|set| set.source.as_str()).collect();
    set_by.dedup();
    Some(VariableChange {
        how,
        name: named.value.as_ref()?.to_string(),
        item: &of.id,
        default_before: old.and_then(default),
        default_after: if how == VariableHow::Removed { None } else { default(new) },
        set_by,
        of,
    })
}

/// The fact that names the variable that an item is.
pub(crate) fn variable(item: &Item) -> Option<&Fact> {
    let is_one = item.kind == Kind::StartupConfig && item.id.as_str().contains("env#");
    item.facts.iter().find(|fact| is_one && fact.key == "env")
}

fn default(item: &Item) -> Option<String> {
    let fact = item.facts.iter().find(|fact| fact.key == "default")?;
    fact.value.as_ref().map(ToString::to_string).or_else(|| fact.from.clone())
}

/// Whether its service does not start without it.
fn is_needed(item: &Item) -> bool {
    let says = |key: &str, wanted: &FactValue| item.facts.iter().any(|fact| fact.key == key && fact.value.as_ref() == Some(wanted));
    says("needed", &FactValue::Bool(true)) || says("presence", &FactValue::Text("required".to_owned()))
}
