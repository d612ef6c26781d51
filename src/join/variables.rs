//! The trace of environment variables: where each is set, and which of them meet nothing on the other side.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::Code;
use super::runs::{Run, Runs};
use crate::catalog::Variables;
use crate::manifests::deployed::{ContainerRole, Deployed, EnvVar, WorkloadKind};
use crate::model::{Confidence, Environment, Fact, FactValue, Item, Kind, Provenance, SetBy};
use crate::source::file_name;

/// At most so many places that set a variable are kept.
const MAX_SET: usize = 24;
/// At most so many values stand in a summary.
const SAID: usize = 2;

/// The variable that an item is about.
pub(super) fn variable_of(item: &Item) -> Option<String> {
    let fact = item.facts.iter().find(|fact| item.kind == Kind::StartupConfig && fact.key == "env")?;
    fact.value.as_ref().map(ToString::to_string)
}

/// Says of each variable, and of each value that comes from one, where it is set.
pub(super) fn trace(items: &mut [Item], deployed: &Deployed) {
    let mut all: BTreeMap<&str, Vec<SetBy>> = BTreeMap::new();
    // The image comes first: whoever starts it has the last word.
    let images = deployed.workloads.iter().filter(|workload| workload.kind == WorkloadKind::Image);
    let others = deployed.workloads.iter().filter(|workload| workload.kind != WorkloadKind::Image);
    for workload in images.chain(others) {
        for container in workload.containers.iter().filter(|container| container.role == ContainerRole::Own) {
            let services = if container.services.is_empty() { &workload.services } else { &container.services };
            for variable in container.env.iter().filter(|_| !services.is_empty()) {
                let set = variable.set_by(services);
                let known = all.entry(variable.name.as_str()).or_default();
                match known.iter_mut().find(|known| known.at == set.at && known.key == set.key && known.environment == set.environment) {
                    Some(known) => known
                        .services
                        .extend(set.services.iter().filter(|one| !services_of(known).contains(*one)).cloned().collect::<Vec<_>>()),
                    None => known.push(set),
                }
            }
        }
    }
    let defaults: BTreeMap<String, FactValue> = items
        .iter()
        .filter_map(|item| Some((variable_of(item)?, item.facts.iter().find(|fact| fact.key == "default")?.value.clone()?)))
        .collect();
    for item in items.iter_mut() {
        let services: BTreeSet<SmolStr> = item.services.iter().cloned().collect();
        if let Some(name) = variable_of(item) {
            let set = reaching(all.get(name.as_str()), &services);
            say_set(&mut item.summary, &set, "; ");
            if let Some(fact) = item.facts.iter_mut().find(|fact| fact.key == "env") {
                fact.set.extend(set);
            }
            continue;
        }
        let mut said: Vec<(String, Vec<SetBy>)> = Vec::new();
        for fact in item.facts.iter_mut().filter(|fact| fact.provenance == Provenance::Env) {
            let Some(name) = fact.from.clone() else { continue };
            let mut set = reaching(all.get(name.as_str()), &services);
            for one in &mut set {
                one.value = one.value.take().and_then(|value| in_place_of(fact, &name, defaults.get(&name), value));
            }
            said.push((name, set.clone()));
            fact.set.extend(set);
        }
        for (name, set) in said {
            let marker = format!("unless `{name}` is set");
            if let Some(at) = item.summary.find(&marker) {
                let end = at + marker.len();
                let mut head = item.summary[..end].to_owned();
                say_set(&mut head, &set, ": ");
                item.summary = format!("{head}{}", &item.summary[end..]);
            }
        }
    }
}

fn services_of(set: &SetBy) -> BTreeSet<SmolStr> {
    set.services.iter().cloned().collect()
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

/// The value of a fact when its variable has another one: texts may hold more than the variable.
fn in_place_of(fact: &Fact, name: &str, default: Option<&FactValue>, value: FactValue) -> Option<FactValue> {
    let Some(FactValue::Text(text)) = &fact.value else { return Some(value) };
    for form in [format!("${{{name}}}"), format!("{{{name}}}")] {
        if text.contains(&form) {
            return Some(FactValue::Text(text.replacen(&form, &value.to_string(), 1)));
        }
    }
    match default {
        Some(FactValue::Text(default)) if text != default => {
            let rest = text.strip_prefix(default.as_str())?;
            Some(FactValue::Text(format!("{value}{rest}")))
        }
        _ => Some(value),
    }
}

/// Adds the first few values to a summary: `50 in production`, `50 by ConfigMap/shop`.
fn say_set(summary: &mut String, set: &[SetBy], separator: &str) {
    // The image's own value, where something else has the last word, is told on the page only.
    let mut said: Vec<String> = Vec::new();
    for one in set {
        let by = one.environment.as_ref().map_or_else(|| format!("by {}", one.source), |environment| format!("in {environment}"));
        let text = match &one.value {
            Some(value) if !one.hidden => {
                let value = value.to_string();
                if value.is_empty() || value.len() > 60 || value.contains('`') { format!("set {by}") } else { format!("`{value}` {by}") }
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

/// Variables that meet nothing, by service.
pub(super) fn unmatched(items: &[Item], runs: &[(SmolStr, Runs<'_>)], deployed: &Deployed, code: &Code<'_>) -> Vec<Environment> {
    let known = Variables::builtin();
    let mut out = Vec::new();
    for (service, runs) in runs.iter().filter(|(_, runs)| !runs.all.is_empty()) {
        let read: BTreeMap<String, &Item> =
            items.iter().filter(|item| item.services.contains(service)).filter_map(|item| Some((variable_of(item)?, item))).collect();
        let unset =
            read.iter().filter(|(name, item)| is_unset(item, runs, service, code) && !known.is_platform(name) && !known.is_runtime(name));
        let unset: Vec<SmolStr> = unset.map(|(name, _)| name.into()).collect();
        let mut unread: Vec<SetBy> = Vec::new();
        for variable in runs.all.iter().flat_map(|run| given_to(run, service)) {
            let is_read = read.contains_key(variable.name.as_str())
                || known.is_runtime(&variable.name)
                || known.is_platform(&variable.name)
                || (code.reads)(service, &variable.name)
                || named_by_settings(items, service, &variable.name);
            let seen = unread.iter().any(|one| one.at == variable.at && one.key == variable.name);
            if !is_read && !seen && !is_for_others(variable, service, deployed) {
                unread.push(SetBy { key: variable.name.clone(), value: None, ..variable.set_by(&BTreeSet::new()) });
            }
        }
        if !unset.is_empty() || !unread.is_empty() {
            out.push(Environment { service: service.clone(), unset, unread });
        }
    }
    out
}

/// Something fails without the variable, and everything that could set it is in the tree and does not.
fn is_unset(item: &Item, runs: &Runs<'_>, service: &SmolStr, code: &Code<'_>) -> bool {
    let required = item.facts.iter().any(|fact| fact.key == "needed");
    let reaches = |set: &SetBy| set.services.is_empty() || set.services.contains(service);
    let is_set = item.facts.iter().flat_map(|fact| &fact.set).any(reaches);
    // A workload that names no variable at all says nothing of the others.
    let told = runs.all.iter().all(|run| run.container.further_env.is_empty()) && runs.all.iter().any(|run| !run.container.env.is_empty());
    required && !is_set && told && !code.partly && item.confidence == Confidence::Certain
}

/// The variables that a container gives to the service in it alone: none when a shell or a script stands before it.
fn given_to<'a>(run: &Run<'a>, service: &str) -> impl Iterator<Item = &'a EnvVar> {
    let container = run.container;
    let alone = starts_alone(run, service);
    let used_by_another = move |name: &str| {
        let forms = [format!("$({name})"), format!("${{{name}"), format!("${name}")];
        let texts = container.env.iter().filter_map(|one| one.value.as_ref()).map(FactValue::to_string).chain(container.command.clone());
        texts.into_iter().any(|text| forms.iter().any(|form| text.contains(form)))
    };
    container.env.iter().filter(move |variable| alone && !used_by_another(&variable.name))
}

/// Whether a container starts the service's binary itself, as far as its command is known: no script, no shell.
fn starts_alone(run: &Run<'_>, service: &str) -> bool {
    const INITS: &[&str] = &["tini", "dumb-init", "catatonit", "--", "-g"];
    let plain = |name: &str| name.replace('_', "-");
    let program = |command: &String| {
        let word = command.split_whitespace().find(|word| !INITS.contains(&file_name(word)))?;
        (!command.contains(['$', '|', '&', '`'])).then(|| file_name(word.trim_matches(['"', '\'']))).map(plain)
    };
    let is_binary = |command: &String| program(command).is_some_and(|name| name == plain(service));
    let built = !run.images.is_empty() && run.images.iter().all(|image| image.command.as_ref().is_some_and(is_binary));
    match &run.container.command {
        // Arguments of what the image starts.
        Some(command) => is_binary(command) || built && command.starts_with('-'),
        None => built,
    }
}

/// Whether a container that does not run the service is given the very same value: it may be the one that reads it.
fn is_for_others(variable: &EnvVar, service: &str, deployed: &Deployed) -> bool {
    let others = deployed.workloads.iter().flat_map(|workload| {
        workload.containers.iter().filter(move |container| {
            let of = if container.services.is_empty() { &workload.services } else { &container.services };
            container.role != ContainerRole::Own || !of.contains(service) || of.len() > 1
        })
    });
    others.flat_map(|container| &container.env).any(|one| one.at == variable.at && one.name == variable.name)
}

/// A key of the service's settings is set by the variable.
fn named_by_settings(items: &[Item], service: &SmolStr, variable: &str) -> bool {
    let facts = items.iter().filter(|item| item.services.contains(service)).flat_map(|item| &item.facts);
    facts.flat_map(|fact| &fact.set).any(|set| set.key == variable)
}
