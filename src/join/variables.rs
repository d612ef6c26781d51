//! The trace of environment variables: where each is set, and what comes from it.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::paths::put_in;
use super::runs::Defaults;
use crate::manifests::deployed::{ContainerRole, Deployed, WorkloadKind};
use crate::merge::redact;
use crate::model::{Fact, FactValue, Item, Kind, Place, Provenance, SetBy};
use crate::resolve::pretty_duration;

/// At most so many places that set a variable are kept.
const MAX_SET: usize = 24;
/// At most so many values stand in a summary.
const SAID: usize = 2;

/// The variable that an item is about.
pub(super) fn variable_of(item: &Item) -> Option<String> {
    let fact = item.facts.iter().find(|fact| item.kind == Kind::StartupConfig && fact.key == "env")?;
    fact.value.as_ref().map(ToString::to_string)
}

/// Places that set variables, by name, in the order in which later wins.
type Sets<'a> = BTreeMap<&'a str, Vec<SetBy>>;

/// Says of each variable, and of each value that comes from one, where it is set.
pub(super) fn trace(items: &mut [Item], deployed: &Deployed, defaults: &Defaults) {
    let all = gather(deployed);
    let keys = setting_keys(items);
    let others = behind_defaults(items);
    for item in items.iter_mut() {
        let services: BTreeSet<SmolStr> = item.services.iter().cloned().collect();
        if let Some(name) = variable_of(item) {
            let set = reaching(all.get(name.as_str()), &services);
            if let Some(fact) = item.facts.iter_mut().find(|fact| fact.key == "env") {
                // A file of variables may be named by the code and by a manifest.
                fact.set.retain(|known| !set.iter().any(|one| one.at == known.at));
                fact.set.extend(set);
                say_set(&mut item.summary, &fact.set, "; ");
            }
            continue;
        }
        for fact in &mut item.facts {
            let Some(from) = fact.from.clone() else { continue };
            let mut set = set_of(fact, &from, &all, &keys, &services);
            if is_hidden(fact) {
                set.iter_mut().for_each(hide);
            }
            let base = defaults.get(&from).map(String::as_str);
            set.iter_mut().chain(&mut fact.set).for_each(|one| put_around(&fact.value, fact.provenance, &from, base, one));
            if fact.provenance == Provenance::Env {
                let condition = said_with(&mut item.summary, &from, others.get(&from));
                say_after(&mut item.summary, &condition, &set);
            }
            fact.set.extend(set);
        }
    }
}

/// What the containers of services give, by variable.
fn gather(deployed: &Deployed) -> Sets<'_> {
    let mut all = Sets::new();
    // A file may set one variable on each of its lines.
    let mut places: FxHashMap<(&str, Place, SmolStr, Option<SmolStr>), usize> = FxHashMap::default();
    // The image comes first: whoever starts it has the last word.
    let images = deployed.workloads.iter().filter(|workload| workload.kind == WorkloadKind::Image);
    let others = deployed.workloads.iter().filter(|workload| workload.kind != WorkloadKind::Image);
    for workload in images.chain(others) {
        for container in workload.containers.iter().filter(|container| container.role == ContainerRole::Own) {
            let services = if container.services.is_empty() { &workload.services } else { &container.services };
            for variable in container.env.iter().filter(|_| !services.is_empty()) {
                let set = variable.set_by(services);
                let known = all.entry(variable.name.as_str()).or_default();
                let place = (variable.name.as_str(), set.at.clone(), set.key.clone(), set.environment.clone());
                match places.get(&place).map(|at| &mut known[*at]) {
                    Some(known) => {
                        let more: Vec<SmolStr> = set.services.into_iter().filter(|one| !known.services.contains(one)).collect();
                        known.services.extend(more);
                    }
                    None => {
                        places.insert(place, known.len());
                        known.push(set);
                    }
                }
            }
        }
    }
    all
}

/// What sets the variable behind a fact: the one it is read from, or the one that sets its key of the settings.
fn set_of(fact: &Fact, from: &str, all: &Sets<'_>, keys: &[SettingKey], services: &BTreeSet<SmolStr>) -> Vec<SetBy> {
    match fact.provenance {
        Provenance::Env => reaching(all.get(from), services),
        // A key of the settings, told with the variable that sets it.
        Provenance::Settings if fact.key.starts_with(SETTING) => reaching(all.get(from), services),
        Provenance::Settings => {
            let fits = |key: &&SettingKey| key.key == from && key.services.iter().any(|service| services.contains(service));
            let of_key = |key: &SettingKey| {
                let told = |one: SetBy| SetBy { value: one.value.clone().and_then(|value| as_told(fact, key, value)), ..one };
                reaching(all.get(key.variable.as_str()), services).into_iter().map(told).collect::<Vec<_>>()
            };
            keys.iter().filter(fits).flat_map(of_key).collect()
        }
        _ => Vec::new(),
    }
}

/// What the code makes of the value of a variable: `/srv/tmp` where it takes `${FOLDER}/tmp`, or `data/tmp` by default.
fn put_around(told: &Option<FactValue>, provenance: Provenance, name: &str, base: Option<&str>, set: &mut SetBy) {
    let (Some(FactValue::Text(told)), Provenance::Env, Some(value)) = (told, provenance, &set.value) else { return };
    // A word that a variable chooses is not made of it.
    if !told.contains('/') && !told.contains(&format!("${{{name}}}")) {
        return;
    }
    let value = value.to_string();
    let Some(all) = told.split(" or ").map(|text| put_in(text, name, &value, base)).collect::<Option<Vec<String>>>() else { return };
    if all.iter().any(|one| *one != value) {
        // What is no secret by itself may be one where it stands now.
        set.value = Some(FactValue::Text(redact::text(&all.join(" or "))));
    }
}

/// Whether the code knows the value for a secret, whatever its variable is called.
fn is_hidden(fact: &Fact) -> bool {
    let by_value = matches!(&fact.value, Some(FactValue::Text(text)) if text == redact::HIDDEN);
    by_value || fact.set.iter().any(|one| one.hidden)
}

fn hide(set: &mut SetBy) {
    set.hidden |= set.value.take().is_some();
}

/// What the keys of facts begin with that each tell one key of the application's settings.
pub(super) const SETTING: &str = "setting:";

/// A key of the settings that a variable sets.
struct SettingKey {
    key: String,
    variable: String,
    /// What holds unless something sets it.
    value: Option<FactValue>,
    services: Vec<SmolStr>,
}

fn setting_keys(items: &[Item]) -> Vec<SettingKey> {
    let mut out = Vec::new();
    for item in items.iter().filter(|item| item.kind == Kind::StartupConfig) {
        for fact in &item.facts {
            if let (Some(key), Some(variable)) = (fact.key.strip_prefix(SETTING), &fact.from) {
                let (key, variable) = (key.to_owned(), variable.clone());
                out.push(SettingKey { key, variable, value: fact.value.clone(), services: item.services.clone() });
            }
        }
    }
    out
}

/// The value of a variable as the fact tells its own: 2500 of `timeout_ms` is `2500ms` where 10000 is told as `10s`.
fn as_told(fact: &Fact, key: &SettingKey, value: FactValue) -> Option<FactValue> {
    match (&key.value, &fact.value, &value) {
        (Some(FactValue::Int(base)), Some(FactValue::Text(told)), FactValue::Int(number)) => {
            let unit = ["ms", "s", "min", "h", "d"].into_iter().find(|unit| pretty_duration(*base, unit) == *told)?;
            Some(FactValue::Text(pretty_duration(*number, unit)))
        }
        _ => Some(value),
    }
}

/// Defaults in the code, by variable.
pub(super) fn defaults(items: &[Item]) -> Defaults {
    let default = |item: &Item| item.facts.iter().find(|fact| fact.key == "default")?.value.as_ref().map(ToString::to_string);
    items.iter().filter_map(|item| Some((variable_of(item)?, default(item)?))).collect()
}

/// The variables that defaults of other variables are made of: `data/config.json` of `CONFIG_FILE` begins with `DATA_FOLDER`.
fn behind_defaults(items: &[Item]) -> BTreeMap<String, String> {
    let of = |item: &Item| {
        let name = variable_of(item)?;
        let default = item.facts.iter().find(|fact| fact.key == "default" && fact.value.is_some())?;
        let (other, told) = (default.from.clone()?, default.value.as_ref()?.to_string());
        // A default that shows the other one says so by itself.
        (other != name && !told.contains(&format!("{{{other}}}"))).then_some((name, other))
    };
    let known: BTreeSet<String> = items.iter().filter_map(variable_of).collect();
    items.iter().filter_map(of).filter(|(_, other)| known.contains(other)).collect()
}

/// The condition that a summary names: ``unless `CONFIG_FILE` is set``. What the default is made of changes it as well, and is said
/// with it: ``unless `CONFIG_FILE` or `DATA_FOLDER` is set``.
fn said_with(summary: &mut String, variable: &str, other: Option<&String>) -> String {
    let alone = format!("unless `{variable}` is set");
    let Some(other) = other else { return alone };
    let both = format!("unless `{variable}` or `{other}` is set");
    if let Some(at) = summary.find(&alone) {
        summary.replace_range(at..at + alone.len(), &both);
    }
    both
}

/// Says the values behind the condition that a summary names.
fn say_after(summary: &mut String, condition: &str, set: &[SetBy]) {
    if let Some(at) = summary.find(condition) {
        let end = at + condition.len();
        if summary[end..].starts_with(": ") {
            return;
        }
        let mut head = summary[..end].to_owned();
        say_set(&mut head, set, ": ");
        *summary = format!("{head}{}", &summary[end..]);
    }
}

/// What reaches some services, with those it reaches; none when it reaches all of them.
fn reaching(set: Option<&Vec<SetBy>>, services: &BTreeSet<SmolStr>) -> Vec<SetBy> {
    let of = |one: &SetBy| {
        let reached: BTreeSet<SmolStr> = one.services.iter().filter(|service| services.contains(*service)).cloned().collect();
        let all = reached.len() == services.len();
        (!reached.is_empty()).then(|| SetBy { services: if all { Vec::new() } else { reached.into_iter().collect() }, ..one.clone() })
    };
    set.into_iter().flatten().filter_map(of).take(MAX_SET).collect()
}

/// Adds the first few values to a summary: `50 in production`, `50 by ConfigMap/shop`.
fn say_set(summary: &mut String, set: &[SetBy], separator: &str) {
    // The image's own value, where something else has the last word, is told on the page only.
    let mut said: Vec<String> = Vec::new();
    for one in set {
        let by = one.environment.as_ref().map_or_else(|| format!("by {}", one.source), |environment| format!("in {environment}"));
        let unless = one.unless.as_ref().map(|name| format!(" unless `{name}` is set")).unwrap_or_default();
        let text = match &one.value {
            Some(value) if !one.hidden => {
                let value = value.to_string();
                if value.is_empty() || value.len() > 60 || value.contains('`') {
                    format!("set {by}")
                } else {
                    format!("`{value}` {by}{unless}")
                }
            }
            _ => format!("set {by}"),
        };
        if !said.contains(&text) {
            said.push(text);
        }
    }
    if said.is_empty() {
        return;
    }
    let more = said.len().saturating_sub(SAID);
    said.truncate(SAID);
    summary.push_str(separator);
    summary.push_str(&said.join(" and "));
    if more > 0 {
        summary.push_str(&format!(" and {more} more"));
    }
}
