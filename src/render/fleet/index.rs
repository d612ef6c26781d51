//! The first page: the numbers of all services, and what a platform team would look at first.

use std::collections::BTreeMap;

use crate::assess::{SYMPTOMS as ALL_SYMPTOMS, Symptom};
use crate::fleet::{Load, Unit, owners, sources};
use crate::model::{Class, HazardSeverity, Kind, Scope};

use super::super::escape::{code_short, inline, prose, shorten};
use super::super::layout::ORDER;
use super::FleetOptions;
use super::owners::owner_row;
use super::rows::{answer, few, is_shared, number, review, server_row, service_row, shared_servers, units};
use super::site::{Site, relative_here};
use super::stores::family_rows;
use super::symptoms::{Seen, page_of};
use super::view::{Counted, IndexView, KindRowOfAll, LeftOut, ServerRow, SymptomRow, Totals};

/// At most so many rows of what would be raised first.
const REVIEW: usize = 10;
/// At most so many servers in each table.
const SERVERS: usize = 12;
/// At most so many services.
const SERVICES: usize = 20;
/// At most so many where everything stands on one page.
const ALL: usize = 2000;
/// At most so many teams.
const OWNERS: usize = 10;

pub(super) fn index(site: &Site<'_>, options: &FleetOptions, page: &str) -> IndexView {
    let fleet = site.fleet;
    let (review, review_more) = few(review(site, page), REVIEW);
    let (over, over_more) = few(over(site, page), SERVERS);
    let (shared, shared_more) = few(shared_servers(&fleet.families, false), SERVERS);
    let (called, called_more) = few(shared_servers(&fleet.families, true), SERVERS);
    let mut by_hazards: Vec<usize> = (0..fleet.units.len()).collect();
    by_hazards.sort_by_key(|&at| (std::cmp::Reverse(fleet.units[at].hazards), std::cmp::Reverse(fleet.units[at].answer), at));
    let (services, services_more) = few(by_hazards, if site.single { ALL } else { SERVICES });
    let all_owners = owners(fleet);
    let named: Vec<_> = if all_owners.iter().all(|owned| owned.name.is_none()) { Vec::new() } else { all_owners };
    let mut named: Vec<_> = named.iter().collect();
    named.sort_by_key(|owned| (owned.name.is_none(), std::cmp::Reverse(owned.items.len())));
    let (owners, owners_more) = few(named, OWNERS);
    IndexView {
        title: inline(&shorten(&site.title, 200)),
        totals: totals(site, page),
        review,
        review_more,
        over,
        over_more,
        shared: shared.into_iter().map(|(family, server)| server_row(site, family, server, page)).collect(),
        shared_more,
        apart: family_rows(site, page).into_iter().filter(|row| row.repositories > 1 && row.shared == 0 && !row.http).collect(),
        called: called.into_iter().map(|(family, server)| server_row(site, family, server, page)).collect(),
        called_more,
        services: services.into_iter().map(|at| service_row(site, at, page)).collect(),
        services_more,
        kinds: kind_rows(site, page),
        owners: owners.into_iter().map(|owned| owner_row(site, owned, page)).collect(),
        owners_more,
        symptoms: symptom_rows(site, page),
        has_sources: !sources(fleet).is_empty(),
        left_out: left_out(options),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Files that could not be read.
pub(super) fn left_out(options: &FleetOptions) -> Vec<LeftOut> {
    options.left_out.iter().map(|(file, reason)| LeftOut { file: code_short(file, 200), reason: prose(&shorten(reason, 300)) }).collect()
}

/// Servers of which more may be asked than they take.
fn over(site: &Site<'_>, page: &str) -> Vec<ServerRow> {
    let mut out: Vec<(bool, ServerRow)> = Vec::new();
    for (at, family) in site.fleet.families.iter().enumerate() {
        for (server, told) in family.servers.iter().enumerate() {
            if told.loads.iter().any(Load::is_over) {
                out.push((!told.loads.iter().any(Load::only_together), server_row(site, at, server, page)));
            }
        }
    }
    // What no single repository can see comes first.
    out.sort_by_key(|(alone, row)| (*alone, std::cmp::Reverse(row.repositories)));
    out.into_iter().map(|(_, row)| row).collect()
}

fn totals(site: &Site<'_>, page: &str) -> Totals {
    let fleet = site.fleet;
    let mut out = Totals {
        repositories: fleet.members.len(),
        repositories_text: number(fleet.members.len()),
        services: fleet.units.iter().filter(|unit| unit.service.is_some()).count(),
        ..Totals::default()
    };
    out.services_text = number(out.services);
    let items = || fleet.members.iter().flat_map(|member| &member.map.items).filter(|item| item.class == Class::Mutable);
    out.items = number(items().count());
    out.in_process = number(items().filter(|item| matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task)).count());
    out.on_disk = number(items().filter(|item| item.scope == Scope::Host).count());
    let open = |severity: HazardSeverity| {
        let here = |hazard: &&crate::model::Hazard| hazard.severity == severity && hazard.acknowledged.is_none();
        fleet.members.iter().flat_map(|member| &member.map.hazards).filter(here).count()
    };
    (out.high, out.medium) = (open(HazardSeverity::High), open(HazardSeverity::Medium));
    (out.high_text, out.medium_text) = (number(out.high), number(out.medium));
    out.high_services = fleet.units.iter().filter(|unit| unit.hazards[0] > 0).count();
    for word in ["no", "with-care", "yes"] {
        let here: Vec<usize> = fleet.units.iter().enumerate().filter(|(_, unit)| answer(unit) == Some(word)).map(|(at, _)| at).collect();
        let (shown, more) = units(site, &here, 5, page);
        out.answers.push(Counted { word, count: here.len(), shown, more });
    }
    out.unjudged = fleet.units.iter().filter(|unit: &&Unit| unit.answer.is_none() && unit.service.is_some()).count();
    let servers = || fleet.families.iter().filter(|family| family.name != "http").flat_map(|family| &family.servers);
    out.shared = servers().filter(|server| is_shared(server)).count();
    out.over = servers().filter(|server| server.loads.iter().any(Load::is_over)).count();
    out.only_together = servers().filter(|server| server.loads.iter().any(Load::only_together)).count();
    out.not_deployed = fleet.members.iter().map(|member| member.map.coverage.not_deployed.len()).sum();
    out
}

/// Each kind with what all services hold of it.
pub(super) fn kind_rows(site: &Site<'_>, page: &str) -> Vec<KindRowOfAll> {
    let mut counts: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    for member in &site.fleet.members {
        let mut here: BTreeMap<Kind, (usize, std::collections::BTreeSet<&str>)> = BTreeMap::new();
        for item in member.map.items.iter().filter(|item| item.class == Class::Mutable) {
            let (count, services) = here.entry(item.kind).or_default();
            *count += 1;
            services.extend(item.services.iter().map(|service| service.as_str()));
        }
        for (kind, (count, services)) in here {
            let all = counts.entry(kind).or_default();
            *all = (all.0 + count, all.1 + services.len());
        }
    }
    let row = |kind: &Kind| {
        let (items, services) = counts.get(kind)?;
        let target = relative_here(page, &super::kinds::page_of(*kind));
        Some(KindRowOfAll { kind: kind.as_str(), target, items: number(*items), services: *services })
    };
    ORDER.iter().filter_map(row).collect()
}

/// Each symptom that something can cause.
pub(super) fn symptom_rows(site: &Site<'_>, page: &str) -> Vec<SymptomRow> {
    let row = |(symptom, here): (&Symptom, &Vec<Seen<'_>>)| {
        let parts = symptom.parts();
        (!here.is_empty()).then(|| SymptomRow {
            title: format!("[{}]({})", parts.title, relative_here(page, &page_of(symptom))),
            words: parts.words.to_owned(),
            severity: here.iter().filter_map(|one| one.severity).max().map(HazardSeverity::as_str),
            services: here.len(),
            found: here.iter().filter(|one| one.found).count(),
        })
    };
    ALL_SYMPTOMS.iter().zip(&site.seen).filter_map(row).collect()
}
