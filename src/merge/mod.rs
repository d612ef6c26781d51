//! Findings to items: ids, services, conditions, summaries; and nothing secret in them.

mod conditions;
mod identity;
pub(crate) mod redact;
mod summary;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::detect::{Cx, Entries, Finding, RawSite};
use crate::model::{Access, Item, ItemId, Kind, Role, Site, Use};

/// Turns findings into items, sorted by kind and id.
#[must_use]
pub fn merge(cx: &Cx<'_>, findings: Vec<Finding>) -> Vec<Item> {
    let findings = identity::one_item_for_one_place(cx, findings);
    let ids = identity::ids(&findings);
    let readers = readers(cx);
    let entries = Entries::new(cx, &findings, &ids).of_all(&findings);
    let entered = findings.into_iter().zip(ids).zip(entries);
    let mut items: Vec<Item> =
        entered.map(|((finding, id), entry_points)| Item { entry_points, ..item(cx, &readers, finding, id) }).collect();
    items.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.id.cmp(&b.id)));
    items
}

fn item(cx: &Cx<'_>, readers: &[BTreeSet<SmolStr>], finding: Finding, id: ItemId) -> Item {
    let program = cx.world.program;
    let summary = summary::summary(&finding);
    let mut sites: Vec<Site> = finding.sites.iter().map(|raw| site(cx, raw)).collect();
    sites.sort_by(|a, b| a.role.cmp(&b.role).then_with(|| a.place.cmp(&b.place)));
    sites.dedup_by(|a, b| a.place.file == b.place.file && a.place.line == b.place.line);
    // Where a library declares what a service runs says nothing about who runs it.
    let home = cx.file_index(finding.def);
    let tells = |raw: &&RawSite| raw.role != Role::Declared || raw.at.file == home;
    let places = finding.sites.iter().filter(tells);
    let mut services: Vec<SmolStr> = places.filter_map(|raw| readers.get(raw.at.file as usize)).flatten().cloned().collect();
    // A crate that several services link: those that reach the item. A file that several crates read: all of theirs.
    let linking = program.services_of(finding.made_for.unwrap_or(finding.def));
    if let Some(maker) = finding.made_for {
        services = cx.reaching(maker, linking);
    } else if finding.detector != "stores" {
        let reaching = cx.reaching(finding.def, linking);
        services.retain(|service| !linking.contains(service) || reaching.contains(service));
        services.extend(reaching);
    } else {
        services.extend(linking.iter().cloned());
    }
    services.sort();
    services.dedup();
    let mut facts = finding.facts;
    redact::facts(&mut facts);
    let entry = finding.entry.map(|entry| cx.api(entry));
    // A label of its own speaks for the catalog's text only where it is about the same thing.
    let about = entry.filter(|api| api.kind == Some(finding.kind));
    Item {
        id,
        kind: finding.kind,
        scope: finding.scope,
        name: redact::text(&finding.name).into(),
        summary: redact::text(&summary),
        services,
        confidence: finding.confidence,
        class: finding.class,
        sites,
        uses: uses(cx, &finding.uses),
        entry_points: Vec::new(),
        facts,
        backs_on: finding.backs_on.map(|store| smol_str::format_smolstr!("external-store:{}", store.replace(' ', "_"))),
        cfg: if finding.also.is_empty() { conditions::words(&program.cfg_of(finding.def)) } else { None },
        doc: doc(cx, &finding.origin, finding.def).map(|doc| redact::text(&doc)),
        ty: finding.ty.filter(|ty| !ty.is_empty()),
        hides: about.and_then(|api| api.hides.clone()),
        lost: about.and_then(|api| api.lost.clone()),
        annotation: None,
        hazards: Vec::new(),
    }
}

fn site(cx: &Cx<'_>, raw: &RawSite) -> Site {
    Site { place: cx.place(raw.at), role: raw.role, function: raw.function.clone() }
}

/// Services of every crate that reads a file, by file.
fn readers(cx: &Cx<'_>) -> Vec<BTreeSet<SmolStr>> {
    let program = cx.world.program;
    let mut out = vec![BTreeSet::new(); program.files.len()];
    for module in program.modules.iter().filter(|module| module.parent.is_some()) {
        if let Some(services) = out.get_mut(module.file) {
            services.extend(program.krate(module.krate).input.services.iter().cloned());
        }
    }
    out
}

/// Uses by function: a function that writes is listed once, as a writer.
fn uses(cx: &Cx<'_>, raw: &[(crate::resolve::At, crate::resolve::DefId, Access)]) -> Vec<Use> {
    let mut by_function: BTreeMap<(SmolStr, SmolStr), (u32, Access)> = BTreeMap::new();
    for (at, func, access) in raw {
        let place = cx.place(*at);
        let known = by_function.entry((place.file, cx.path(*func))).or_insert((place.line, *access));
        // The place to look at is where it is written, if it is.
        if *access > known.1 {
            *known = (place.line, *access);
        } else if *access == known.1 {
            known.0 = known.0.min(place.line);
        }
    }
    let mut out: Vec<Use> =
        by_function.into_iter().map(|((file, function), (line, access))| Use { file, line, function, access }).collect();
    out.sort();
    out
}

/// The doc comment of a declaration: the static's, the field's. That of a function speaks of the function, not of what it makes.
fn doc(cx: &Cx<'_>, origin: &crate::detect::Origin, def: crate::resolve::DefId) -> Option<String> {
    let crate::detect::Origin::Declared(path) = origin else { return None };
    let def = cx.world.program.def(def);
    if def.path == *path {
        return def.item.doc.clone();
    }
    let field = path.rsplit("::").next()?;
    match &def.item.kind {
        crate::facts::ItemKind::Struct(facts) => facts.fields.iter().find(|fact| fact.name == field)?.doc.clone(),
        _ => None,
    }
}

/// Kinds whose items are one for a name, whichever places speak of it.
pub(crate) fn is_by_name(kind: Kind) -> bool {
    matches!(kind, Kind::StartupConfig | Kind::ExternalStore)
}
