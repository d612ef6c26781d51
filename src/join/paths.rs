//! Paths of the code as a container sees them: defaults and variables filled in, relative ones below its folder.

use crate::model::{Fact, FactValue, Item, Provenance, SetBy};

use super::runs::{Run, is_literal, literal};

/// A path in a container, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// The known part: whole, or the folder before what is filled in at run time.
    pub(super) path: String,
    /// More follows that is known at run time only.
    pub(super) partial: bool,
}

/// Where the path of an item lies in a container; empty when nothing can be said. Several when the code names several.
pub(super) fn seen(item: &Item, run: &Run<'_>) -> Vec<Seen> {
    let Some(fact) = item.facts.iter().find(|fact| fact.key == "path") else { return Vec::new() };
    let Some(text) = filled_in(fact, run) else { return Vec::new() };
    let all: Vec<Option<Seen>> = text.split(" or ").map(|one| absolute(one, run)).collect();
    // One that is not known might be anywhere.
    if all.iter().any(Option::is_none) { Vec::new() } else { all.into_iter().flatten().collect() }
}

/// The text of a path with variables and settings as this container has them.
fn filled_in(fact: &Fact, run: &Run<'_>) -> Option<String> {
    let text = match &fact.value {
        Some(FactValue::Text(text)) => text.clone(),
        Some(_) => return None,
        None => format!("{{{}}}", fact.from.as_deref()?),
    };
    let from = fact.from.as_deref();
    match fact.provenance {
        Provenance::Env => {
            let name = from?;
            match run.variable(name) {
                // A file of the tree may set it to what is not told here.
                Some(variable) => put_in(&text, name, &literal(variable)?, run.defaults.get(name).map(String::as_str)),
                None if !run.container.further_env.is_empty() => None,
                None => Some(text),
            }
        }
        Provenance::Settings => match last_given(&fact.set, run) {
            Some(set) => {
                let value = set.value.as_ref().filter(|_| !set.hidden).map(FactValue::to_string).filter(|text| is_literal(text))?;
                put_in(&text, from?, &value, base(&fact.set).as_deref())
            }
            None if fact.set.is_empty() => Some(text),
            None => None,
        },
        _ => Some(text),
    }
}

/// What the settings give for all environments: what the fact's own text begins with.
fn base(set: &[SetBy]) -> Option<String> {
    let base = set.iter().rev().find(|one| one.environment.is_none() && one.provenance == Provenance::Settings)?;
    base.value.as_ref().map(FactValue::to_string)
}

/// The last layer of settings that is for this container's environment, or for all.
pub(super) fn last_given<'a>(set: &'a [SetBy], run: &Run<'_>) -> Option<&'a SetBy> {
    let reaches = |one: &SetBy| one.services.is_empty() || run.workload.services.iter().any(|service| one.services.contains(service));
    // `APP_ENVIRONMENT: production`, by whatever name.
    let named = set.iter().filter_map(|one| one.environment.as_deref()).any(|environment| run.names(environment));
    let fits = |one: &&SetBy| match (&one.environment, &run.workload.environment) {
        _ if !reaches(one) => false,
        (None, _) => true,
        (Some(of), _) if named => run.names(of),
        (Some(of), Some(wanted)) => of == wanted,
        // What is deployed without a word on its environment is production.
        (Some(of), None) => matches!(of.as_str(), "production" | "prod"),
    };
    set.iter().rfind(fits)
}

/// Puts a value where a text names what it comes from, or in the place of what the text begins with by default.
pub(super) fn put_in(text: &str, name: &str, value: &str, base: Option<&str>) -> Option<String> {
    for form in [format!("${{{name}}}"), format!("{{{name}}}")] {
        if text.contains(&form) {
            return Some(text.replacen(&form, value, 1));
        }
    }
    if text.contains(" or ") {
        return None;
    }
    match base.filter(|base| !base.is_empty()).and_then(|base| text.strip_prefix(base)) {
        Some(rest) => Some(format!("{value}{rest}")),
        // The text is the default, unless more was added to one that is not known.
        None => (base.is_none() && !text.contains('{')).then(|| value.to_owned()),
    }
}

/// A path from the root of the container.
fn absolute(text: &str, run: &Run<'_>) -> Option<Seen> {
    let mut text = text;
    for scheme in ["sqlite://", "sqlite3://", "sqlite:", "file://", "file:", "rocksdb://", "sled://"] {
        text = text.strip_prefix(scheme).unwrap_or(text);
    }
    if text.contains("://") || text.starts_with(':') || text.is_empty() {
        return None;
    }
    let text = text.split('?').next().unwrap_or_default();
    let owned;
    let text = match text.strip_prefix("<temp dir>") {
        Some(rest) => {
            let folder = match run.variable("TMPDIR") {
                Some(variable) => literal(variable)?,
                None => "/tmp".to_owned(),
            };
            owned = format!("{folder}{rest}");
            owned.as_str()
        }
        None => text.strip_prefix("<working dir>").map_or(text, |rest| rest.trim_start_matches('/')),
    };
    let end = text.find(['{', '$', '*', '~', '<', '%']).unwrap_or(text.len());
    let partial = end < text.len();
    let known = if partial { text[..end].rsplit_once('/').map_or("", |(folder, _)| folder) } else { text };
    if partial && !text[..end].contains('/') {
        return None;
    }
    let full = if text.starts_with('/') { known.to_owned() } else { format!("{}/{known}", run.folder()?) };
    let path = normal(&full)?;
    // Behind `/{name}` may be anything.
    (!(partial && path == "/")).then_some(Seen { path, partial })
}

/// A path without `.`, `..` and doubled separators; none when it leads above the root.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}
