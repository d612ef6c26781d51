//! Bounds: a map that somebody else wrote may hold texts of any length and paths that lead anywhere.
//!
//! Real maps stay far below these bounds, so what is cut is not worth a word.

use smol_str::SmolStr;

use crate::model::{Annotation, Evidence, Fact, FactValue, Hazard, Item, Place, SetBy, StateMap};

/// Longest name, path or id, in bytes.
const NAME: usize = 1_000;
/// Longest text, in bytes.
const TEXT: usize = 10_000;
/// Most entries of a list that belongs to one item or hazard.
const LIST: usize = 10_000;

/// Cuts what is too long, and makes paths stay below the root of their repository.
pub(super) fn bound(map: &mut StateMap) {
    for text in [&mut map.revision, &mut map.repository].into_iter().flatten() {
        cut(text, NAME);
    }
    let about = &mut map.about;
    for text in [&mut about.name, &mut about.owner, &mut about.site, &mut about.folder].into_iter().flatten() {
        cut(text, NAME);
    }
    about.description.iter_mut().for_each(|text| cut(text, TEXT));
    if let Some(folder) = &mut about.folder {
        *folder = below(folder);
    }
    for service in &mut map.services {
        name(&mut service.name);
        name(&mut service.package);
        path(&mut service.target);
        service.crates.truncate(LIST);
        service.crates.iter_mut().for_each(name);
    }
    map.items.iter_mut().for_each(item);
    map.hazards.iter_mut().for_each(hazard);
    for capacity in &mut map.capacity {
        name(&mut capacity.store);
        capacity.holders.truncate(LIST);
        for holder in &mut capacity.holders {
            name(&mut holder.workload);
            holder.services.iter_mut().for_each(name);
            place(&mut holder.replicas_at);
            holder.pools.truncate(LIST);
            holder.pools.iter_mut().for_each(|share| share.at.iter_mut().for_each(place));
        }
        if let Some(limit) = &mut capacity.limit {
            cut(&mut limit.from, NAME);
            limit.at.iter_mut().for_each(place);
        }
    }
    for verdict in &mut map.verdicts {
        name(&mut verdict.service);
        for why in &mut verdict.why {
            cut(&mut why.clause, TEXT);
            why.items.iter_mut().for_each(|id| name(&mut id.0));
        }
    }
    for deployment in &mut map.deployments {
        name(&mut deployment.workload);
        place(&mut deployment.at);
        deployment.services.iter_mut().for_each(name);
    }
    for diagnostic in &mut map.diagnostics {
        cut(&mut diagnostic.message, TEXT);
        diagnostic.file.iter_mut().for_each(path);
    }
}

fn item(item: &mut Item) {
    name(&mut item.id.0);
    name(&mut item.name);
    cut(&mut item.summary, TEXT);
    for text in [&mut item.cfg, &mut item.doc, &mut item.ty, &mut item.hides, &mut item.lost].into_iter().flatten() {
        cut(text, TEXT);
    }
    item.backs_on.iter_mut().for_each(name);
    item.services.truncate(LIST);
    item.services.iter_mut().for_each(name);
    item.sites.truncate(LIST);
    for site in &mut item.sites {
        place(&mut site.place);
        site.function.iter_mut().for_each(name);
    }
    item.uses.truncate(LIST);
    for used in &mut item.uses {
        path(&mut used.file);
        name(&mut used.function);
    }
    item.entry_points.truncate(LIST);
    item.entry_points.iter_mut().for_each(|entry| name(&mut entry.name));
    item.facts.truncate(LIST);
    item.facts.iter_mut().for_each(fact);
    for total in &mut item.totals {
        name(&mut total.workload);
        total.each_from.iter_mut().for_each(|text| cut(text, NAME));
        total.each_at.iter_mut().chain(&mut total.replicas_at).for_each(place);
    }
    if let Some(at_two) = item.replication.as_mut().and_then(|replication| replication.at_two.as_mut()) {
        cut(at_two, TEXT);
    }
    item.annotation.iter_mut().for_each(annotation);
    item.hazards.truncate(LIST);
    item.hazards.iter_mut().for_each(name);
}

fn annotation(annotation: &mut Annotation) {
    let texts = [
        &mut annotation.summary,
        &mut annotation.owner,
        &mut annotation.size,
        &mut annotation.contents,
        &mut annotation.replication,
        &mut annotation.on_loss,
        &mut annotation.rebuild,
        &mut annotation.recovery_test,
        &mut annotation.runbook,
        &mut annotation.reason,
    ];
    texts.into_iter().flatten().for_each(|text| cut(text, TEXT));
    annotation.places.truncate(LIST);
    annotation.places.iter_mut().for_each(place);
}

fn fact(fact: &mut Fact) {
    name(&mut fact.key);
    value(&mut fact.value);
    fact.at.iter_mut().for_each(place);
    fact.from.iter_mut().for_each(|text| cut(text, TEXT));
    fact.set.truncate(LIST);
    fact.set.iter_mut().for_each(set);
}

fn set(set: &mut SetBy) {
    value(&mut set.value);
    cut(&mut set.source, NAME);
    name(&mut set.key);
    place(&mut set.at);
    set.environment.iter_mut().for_each(name);
    set.services.truncate(LIST);
}

fn value(value: &mut Option<FactValue>) {
    if let Some(FactValue::Text(text)) = value {
        cut(text, TEXT);
    }
}

fn hazard(hazard: &mut Hazard) {
    name(&mut hazard.id);
    name(&mut hazard.rule);
    for text in [&mut hazard.message, &mut hazard.symptom, &mut hazard.remedy, &mut hazard.ends_when] {
        cut(text, TEXT);
    }
    hazard.arithmetic.iter_mut().for_each(|text| cut(text, TEXT));
    hazard.items.truncate(LIST);
    hazard.items.iter_mut().for_each(|id| name(&mut id.0));
    hazard.services.truncate(LIST);
    hazard.services.iter_mut().for_each(name);
    hazard.evidence.truncate(LIST);
    for Evidence { what, at } in &mut hazard.evidence {
        cut(what, TEXT);
        at.iter_mut().for_each(place);
    }
    if let Some(sketch) = &mut hazard.sketch {
        cut(&mut sketch.text, TEXT);
    }
}

fn place(place: &mut Place) {
    path(&mut place.file);
}

fn path(path: &mut SmolStr) {
    let is_plain = path.len() <= NAME && !path.contains("..") && !path.contains('\\') && !path.starts_with('/') && !path.contains("//");
    if !is_plain {
        let mut text = below(path);
        cut(&mut text, NAME);
        *path = text.into();
    }
}

/// A path without what would lead out of the repository.
fn below(path: &str) -> String {
    let parts = path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

fn name(name: &mut SmolStr) {
    if name.len() > NAME {
        let mut text = name.to_string();
        cut(&mut text, NAME);
        *name = text.into();
    }
}

fn cut(text: &mut String, at_most: usize) {
    if text.len() > at_most {
        let end = (0..=at_most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
}
