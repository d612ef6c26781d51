//! Variables that meet nothing on the other side: needed and set nowhere, set and read nowhere.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::Code;
use super::runs::{Run, Runs};
use super::variables::{SETTING, variable_of};
use crate::catalog::Variables;
use crate::manifests::deployed::{ContainerRole, Deployed, EnvVar};
use crate::model::{Confidence, Environment, FactValue, Item, SetBy};
use crate::source::file_name;

/// Variables that meet nothing, by service.
pub(super) fn by_service(items: &[Item], runs: &[(SmolStr, Runs<'_>)], deployed: &Deployed, code: &Code<'_>) -> Vec<Environment> {
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
    // Of what several functions of several services read, which service needs it is not known.
    let whose = item.services.len() == 1 || item.sites.len() == 1;
    // A part of the name is known at run time only: it may be any that is set.
    let whose = whose && !item.name.contains('{');
    let required = whose && item.cfg.is_none() && item.facts.iter().any(|fact| fact.key == "needed");
    let reaches = |set: &SetBy| set.services.is_empty() || set.services.contains(service);
    let is_set = item.facts.iter().flat_map(|fact| &fact.set).any(reaches);
    // A workload that names no variable at all says nothing of the others.
    // In an image of several, the container may run another one.
    let alone = runs.all.iter().all(|run| run.container.further_env.is_empty() && run.container.services.len() <= 1);
    let told = alone && runs.all.iter().any(|run| !run.container.env.is_empty());
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
    facts.filter(|fact| fact.key.starts_with(SETTING)).any(|fact| fact.from.as_deref() == Some(variable))
}
