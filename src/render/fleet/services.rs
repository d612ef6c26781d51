//! The pages of services: the table of all, and each with its opening, its verdict, its hazards, its stores and its items.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::fleet::holds;
use crate::model::{Class, Hazard, Item, Kind};

use super::super::blind::short_revision;
use super::super::escape::{code_short, inline, path_target, shorten};
use super::super::item_view::{clause, sentence};
use super::super::layout::{Layout, kind_rank};
use super::super::opening::opening;
use super::super::rank::weight;
use super::super::sections::layout_place;
use super::super::verdict::verdicts;
use super::rows::{content_names, few, owner, part, part_page, service_row, severity, units};
use super::site::{BLIND, INDEX, SERVICES, Site, relative_here};
use super::symptoms;
use super::view::{
    FleetServicePage, HazardOfService, ItemLine, KindOfService, RepositoryView, ServicesPage, StoreOfService, SymptomOfService,
};

/// Services on one page of the table.
const ROWS: usize = 500;
/// At most so many hazards of a service are told.
const HAZARDS: usize = 12;
/// At most so many items of a kind are told on the page of a service; all of them are on that of the repository.
const ITEMS: usize = 8;
/// At most so many other users of a store are named.
const OTHERS: usize = 8;

/// The pages of the table of all services, each with its path.
pub(super) fn services_pages(site: &Site<'_>) -> Vec<(String, ServicesPage)> {
    let all = site.fleet.units.len();
    let parts = all.div_ceil(ROWS).max(1);
    let any_owner = site.fleet.units.iter().any(|unit| owner(site, unit).is_some());
    let page = |number: usize| {
        let page = part_page(SERVICES, number);
        let range = (number - 1) * ROWS..(number * ROWS).min(all);
        let services = range.map(|at| service_row(site, at, &page)).collect();
        let view = ServicesPage { services, part: part(SERVICES, number, parts, &page), index: relative_here(&page, INDEX), any_owner };
        (page, view)
    };
    (1..=parts).map(page).collect()
}

/// Where a map comes from.
pub(super) fn repository(site: &Site<'_>, member: usize, page: &str) -> RepositoryView {
    let of = &site.fleet.members[member];
    let host = site.layouts[member].links.repository();
    let units: Vec<usize> = site.fleet.units_of(member).collect();
    RepositoryView {
        name: inline(&shorten(&of.name, 80)),
        link: site.member(member, page),
        host,
        revision: of.map.revision.as_deref().map(short_revision),
        site: of.site.as_deref().and_then(web),
        description: of.map.about.description.as_deref().map(sentence),
        services: site.units(&units[..units.len().min(200)], page),
        several: units.len() > 1,
    }
}

/// The address of a site as a link target; none for what is no web address.
fn web(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let known = matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(plain);
    known.then(|| format!("{scheme}://{host}/{}", path_target(path).replace("%23", "#").replace("%3F", "?").replace("%7E", "~")))
}

pub(super) fn service_page(site: &Site<'_>, at: usize) -> FleetServicePage {
    let page = site.unit_pages[at].clone();
    let unit = &site.fleet.units[at];
    let layout = &site.layouts[unit.member];
    let service = site.fleet.service(unit);
    let name = service.map(|service| service.name.as_str());
    let held: Vec<&Item> = layout.items.iter().copied().filter(|item| holds(name, item)).collect();
    let here = |hazard: &&Hazard| name.is_none_or(|name| hazard.services.iter().any(|service| service == name));
    let all: Vec<&Hazard> = layout.map.hazards.iter().filter(here).collect();
    let open: Vec<&Hazard> = all.iter().copied().filter(|hazard| hazard.acknowledged.is_none()).collect();
    let accepted = all.len() - open.len();
    let (shown, hazards_more) = few(open.clone(), HAZARDS);
    let further: BTreeSet<&str> = open[shown.len()..].iter().map(|hazard| hazard.rule.as_str()).collect();
    let (called_by, called_by_more) = units(site, &callers(site, at), OTHERS, &page);
    FleetServicePage {
        name: inline(&shorten(&unit.name, 80)),
        repository: repository(site, unit.member, &page),
        library: service.is_none(),
        target: service.map(|service| layout_place(layout, &service.target, &page)),
        package: service.map(|service| code_short(&service.package, 80)),
        owner: owner(site, unit),
        opening: opening(layout, &held, if service.is_some() { "service" } else { "library" }, &page),
        verdicts: name.map(|name| verdicts(layout, Some(name), &page)).unwrap_or_default(),
        hazards: shown.iter().map(|hazard| hazard_view(site, layout, hazard, &page)).collect(),
        hazards_more,
        further_rules: further.into_iter().map(|rule| site.rule(rule, &page)).collect(),
        accepted,
        stores: stores(site, at, &page),
        kinds: kinds(site, at, &held, &page),
        symptoms: symptoms_of(site, at, &page),
        called_by,
        called_by_more,
        sources: objects(name, &held),
        blind_target: relative_here(&page, BLIND),
        index: relative_here(&page, INDEX),
    }
}

fn hazard_view(site: &Site<'_>, layout: &Layout<'_>, hazard: &Hazard, page: &str) -> HazardOfService {
    let held: Vec<&Item> = hazard.items.iter().filter_map(|id| layout.item(id.as_str())).collect();
    let (items, items_more) = layout.some(&held, 3, page);
    HazardOfService {
        severity: severity(hazard.severity),
        rule: site.rule(&hazard.rule, page),
        message: clause(&super::super::words::capitalized(&hazard.message)),
        items,
        items_more,
    }
}

/// The stores that a service uses, and who uses them too.
fn stores(site: &Site<'_>, at: usize, page: &str) -> Vec<StoreOfService> {
    let mut out = Vec::new();
    for (family, of) in site.fleet.families.iter().enumerate() {
        for (server, told) in of.servers.iter().enumerate() {
            let Some(user) = told.users.iter().find(|user| user.unit == at) else { continue };
            let others: Vec<usize> = told.users.iter().map(|user| user.unit).filter(|&unit| unit != at).collect();
            let (others, others_more) = units(site, &others, OTHERS, page);
            let mine = told.contents.iter().filter(|content| content.uses.iter().any(|used| used.unit == at));
            let (contents, contents_more) = content_names(mine, 6);
            out.push(StoreOfService {
                server: site.server(family, server, page),
                perhaps: site.perhaps(family, server, page),
                sure: told.sure.as_str(),
                via: few(user.via.iter().map(|via| code_short(via, 60)).collect(), 2).0,
                others,
                others_more,
                contents,
                contents_more,
            });
        }
    }
    out
}

/// The services that call a host of its name.
fn callers(site: &Site<'_>, at: usize) -> Vec<usize> {
    let here = site.fleet.calls.iter().filter(|call| call.to == at);
    let users = here.flat_map(|call| &site.fleet.families[call.family].servers[call.server].users).map(|user| user.unit);
    let all: BTreeSet<usize> = users.filter(|&unit| unit != at).collect();
    all.into_iter().collect()
}

/// The items by kind, what matters most first; all of them stand on the page of the repository.
fn kinds(site: &Site<'_>, at: usize, held: &[&Item], page: &str) -> Vec<KindOfService> {
    let unit = &site.fleet.units[at];
    let layout = &site.layouts[unit.member];
    let mut by_kind: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
    for &item in held {
        by_kind.entry(kind_rank(item.kind)).or_default().push(item);
    }
    let view = |mut items: Vec<&Item>| {
        let kind: Kind = items[0].kind;
        items.sort_by_cached_key(|item| (Reverse(weight(item)), item.id.clone()));
        let count = items.len();
        let pages = &site.state_pages[unit.member];
        let told = pages.iter().find(|(_, kinds)| kinds.contains(&kind)).unwrap_or(&pages[0]);
        let target = format!("{}#{}", relative_here(page, &told.0), super::kinds::anchor(kind));
        let (shown, more) = few(items, ITEMS);
        let line = |item: &Item| ItemLine { item: layout.link(item, page), summary: clause(&shorten(&item.summary, 300)), service: None };
        KindOfService { kind: kind.as_str(), count, items: shown.into_iter().map(line).collect(), more, target }
    };
    by_kind.into_values().map(view).collect()
}

fn symptoms_of(site: &Site<'_>, at: usize, page: &str) -> Vec<SymptomOfService> {
    let mut out: Vec<SymptomOfService> = Vec::new();
    for (symptom, seen) in crate::assess::SYMPTOMS.iter().zip(&site.seen) {
        if let Some(seen) = seen.iter().find(|seen| seen.unit == at) {
            let title = format!("[{}]({})", symptom.parts().title, relative_here(page, &symptoms::page_of(symptom)));
            out.push(SymptomOfService { title, found: seen.found });
        }
    }
    out.sort_by_key(|symptom| !symptom.found);
    out
}

/// The ConfigMaps and Secrets that give it values.
fn objects(service: Option<&str>, held: &[&Item]) -> Vec<String> {
    let mut out: BTreeSet<&str> = BTreeSet::new();
    for set in held.iter().filter(|item| item.class == Class::Mutable).flat_map(|item| &item.facts).flat_map(|fact| &fact.set) {
        let reaches = set.services.is_empty() || service.is_none_or(|name| set.services.iter().any(|one| one == name));
        if reaches && (set.source.starts_with("Secret/") || set.source.starts_with("ConfigMap/")) {
            out.insert(&set.source);
        }
    }
    few(out.into_iter().map(|name| code_short(name, 60)).collect(), 20).0
}
