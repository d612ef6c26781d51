//! Tells the items of loaders what their settings are made of: the layers in order, and each key with its value.

use rustc_hash::FxHashSet;

use super::layers::{Layer, Source};
use super::paths::{Found, shown};
use super::variables::Naming;
use super::{Settings, Struct};
use crate::detect::{Cx, Finding};
use crate::facts::ItemKind;
use crate::merge::redact::HIDDEN;
use crate::model::{Fact, FactValue, Item, Kind, Provenance, SetBy};
use crate::resolve::{At, DefId};

/// At most so many keys of one struct are told.
const MAX_KEYS: usize = 300;

/// Adds the layers and the keys to the findings that load them.
pub fn tell(cx: &Cx<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    // A section of a struct that a library fills by its derive is told with the struct.
    let sections: FxHashSet<DefId> = settings
        .structs
        .iter()
        .filter(|found| found.loaded.layers.iter().any(|layer| layer.source == Source::Variables(Some(Naming::ByField))))
        .flat_map(|found| found.keys.iter().map(|(key, _)| key.of).filter(|of| *of != found.loaded.root))
        .collect();
    findings.retain(|finding| finding.detector != "attributes" || finding.kind != Kind::StartupConfig || !sections.contains(&finding.def));
    for found in &settings.structs {
        let Some(at) = item_of(cx, found, findings) else { continue };
        let facts = facts(cx, found);
        let finding = &mut findings[at];
        finding.facts.retain(|fact| !matches!(fact.key.as_str(), "add_source" | "set_default" | "set_override"));
        finding.facts.extend(facts);
    }
}

/// Says of each variable what the files of variables set that the code loads; what is in the environment already goes over it.
pub fn tell_variables(settings: &Settings, items: &mut [Item]) {
    for item in items.iter_mut().filter(|item| item.kind == Kind::StartupConfig && !settings.variables.is_empty()) {
        for fact in item.facts.iter_mut().filter(|fact| fact.key == "env") {
            let name = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
            let set = settings.variables.get(&name).into_iter().flatten().filter(|set| !fact.set.contains(set)).cloned();
            let set: Vec<SetBy> = set.collect();
            fact.set.splice(0..0, set);
        }
    }
}

/// The item of a struct: what puts its layers together, what reads its file, its derive, or the struct itself.
fn item_of(cx: &Cx<'_>, found: &Struct, findings: &[Finding]) -> Option<usize> {
    let loaded = &found.loaded;
    let configs =
        || findings.iter().enumerate().filter(|(_, finding)| finding.kind == Kind::StartupConfig && finding.detector != "env-reads");
    let made =
        |at: &At| configs().find(|(_, finding)| finding.detector == "constructors" && finding.sites.iter().any(|site| site.at == *at));
    let at_layers = loaded.ats.iter().find_map(made);
    let of_struct = || configs().find(|(_, finding)| finding.def == loaded.root);
    let in_function = || {
        configs().find(|(_, finding)| {
            finding.detector == "constructors"
                && finding.def == loaded.by
                && finding.entry.is_some_and(|entry| cx.api(entry).layer.is_some())
        })
    };
    at_layers.or_else(of_struct).or_else(in_function).map(|(at, _)| at)
}

fn facts(cx: &Cx<'_>, found: &Struct) -> Vec<Fact> {
    let mut out = Vec::new();
    let layers = words(&found.loaded.layers, &found.files);
    if !layers.is_empty() {
        out.push(Cx::plain_fact(Fact::LAYERS, layers));
    }
    for (key, configured) in found.keys.iter().take(MAX_KEYS) {
        let ItemKind::Struct(facts) = &cx.world.program.def(key.of).item.kind else { continue };
        let Some(field) = facts.fields.iter().find(|field| field.name == key.field) else { continue };
        let at = At { file: cx.file_index(key.of), span: field.span };
        let settled = cx.flow.configured(cx.world, key.of, &key.field, configured, at);
        let hidden = || FactValue::Text(HIDDEN.to_owned());
        let value = settled.value.clone().map(|value| super::join::seen(key, &configured.key, value).0.unwrap_or_else(hidden));
        let variable = if settled.provenance == Provenance::Env { settled.from.clone() } else { configured.variable.clone() };
        let mut fact = cx.settled(&format!("{}{}", Fact::SETTING, configured.key), None, settled);
        (fact.value, fact.provenance, fact.from) = (value, Provenance::Settings, variable);
        out.push(fact);
    }
    out
}

/// The layers in words, those that win last; `files` are those that each one was read from.
fn words(layers: &[Layer], files: &[Vec<Found>]) -> String {
    let mut out: Vec<String> = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let word = match &layer.source {
            Source::File { pattern: Some(pattern), .. } => shown(pattern, files.get(index).map_or(&[], Vec::as_slice)),
            Source::File { pattern: None, .. } => "a file whose path is not known".to_owned(),
            Source::CompiledIn { path, .. } => format!("{path} (compiled in)"),
            Source::Variables(Some(naming)) => match naming.shown() {
                Some(shown) => format!("variables {shown}"),
                None => "variables that the fields name".to_owned(),
            },
            Source::Variables(None) => "environment variables".to_owned(),
            Source::Default { .. } => "defaults in the code".to_owned(),
        };
        if !out.contains(&word) {
            out.push(word);
        }
    }
    out.join(", then ")
}
