//! The pages of repositories: every item in one line, with its place, its id and what leads to it.

use std::collections::BTreeMap;

use crate::fleet::holds;
use crate::model::{Class, Confidence, Item, Kind};

use super::super::escape::{code_short, inline, one_line, shorten, slug};
use super::super::item_view::clause;
use super::super::layout::Layout;
use super::super::words::{is_loss, percent};
use super::rows::{few, number};
use super::services::repository;
use super::site::{BLIND, INDEX, STATE, Site, family_name, relative_here};
use super::view::{BlindRow, FleetBlindPage, RepositoriesPage, RepositoryRow, StateKind, StateLine, StatePage};
use super::{FleetOptions, index};

/// At most so many items of one kind of one repository are told; no service has as many.
const LINES: usize = 2000;
/// At most so many repositories stand in a table.
const ROWS: usize = 2000;

/// The pages of a repository, each with its path.
pub(super) fn state_pages(site: &Site<'_>, member: usize) -> Vec<(String, StatePage)> {
    let pages = &site.state_pages[member];
    let layout = &site.layouts[member];
    let map = layout.map;
    let targets = stores(site, member);
    let own = |item: &&Item| item.class == Class::Mutable;
    let page = |(at, (page, kinds)): (usize, &(String, Vec<Kind>))| {
        let of_kind = |&kind: &Kind| {
            let items: Vec<&Item> = layout.items.iter().copied().filter(own).filter(|item| item.kind == kind).collect();
            let count = items.len();
            // Headings of tables of minor items are anchors elsewhere; here each stands at the first of its lines, unless the heading of
            // the kind is the same.
            let mut anchored: Vec<String> = vec![slug(kind.plural())];
            let (shown, more) = few(items, LINES);
            let lines = shown.into_iter().map(|item| line(site, layout, member, item, page, &targets, &mut anchored)).collect();
            (count > 0).then_some(StateKind { kind: kind.as_str(), count, lines, more })
        };
        let link = |to: usize| relative_here(page, &pages[to].0);
        let view = StatePage {
            repository: repository(site, member, page),
            part: super::view::Part {
                number: at + 1,
                of: pages.len(),
                before: at.checked_sub(1).map(link),
                after: (at + 1 < pages.len()).then(|| link(at + 1)),
            },
            first: at == 0,
            kinds: kinds.iter().filter_map(of_kind).collect(),
            total: number(map.items.iter().filter(own).count()),
            untied: if map.services.is_empty() { 0 } else { map.items.iter().filter(own).filter(|item| item.services.is_empty()).count() },
            files: number(map.coverage.files),
            unparsed: map.coverage.unparsed,
            messages: map.diagnostics.len(),
            tool: inline(&shorten(&map.tool.version, 40)),
            index: relative_here(page, STATE),
        };
        (page.clone(), view)
    };
    pages.iter().enumerate().map(page).collect()
}

fn line(
    site: &Site<'_>,
    layout: &Layout<'_>,
    member: usize,
    item: &Item,
    page: &str,
    stores: &BTreeMap<&str, (usize, usize)>,
    anchored: &mut Vec<String>,
) -> StateLine {
    let spot = layout.spot(&item.id);
    let anchors: Vec<String> = spot.map(|spot| spot.anchor.clone()).into_iter().filter(|anchor| !anchored.contains(anchor)).collect();
    anchored.extend(anchors.iter().cloned());
    let annotation = item.annotation.as_ref();
    let lost = annotation.and_then(|annotation| annotation.on_loss.as_deref()).or(item.lost.as_deref().filter(|lost| is_loss(lost)));
    StateLine {
        anchors,
        name: layout.title(item),
        summary: clause(&shorten(&item.summary, 500)),
        place: item.site().map(|site| layout.links.short_place(page, &site.place.file, site.place.line)),
        id: code_short(item.id.as_str(), 300),
        scope: item.scope.as_str(),
        services: holder_names(site, member, item, page),
        store: stores.get(item.id.as_str()).map(|&(family, server)| match item.kind {
            Kind::ExternalStore => format!("[who else uses it]({})", site.server_target(family, server, page)),
            _ => format!("[{}]({})", family_name(&site.fleet.families[family].name), site.server_target(family, server, page)),
        }),
        owner: annotation.and_then(|annotation| annotation.owner.as_deref()).map(|owner| inline(&shorten(owner, 80))),
        lost: lost.map(|lost| clause(&shorten(first_sentence(&one_line(lost)), 200))),
        hazards: item.hazards.iter().map(|rule| site.rule(rule, page)).collect(),
        confidence: (item.confidence != Confidence::Certain).then(|| item.confidence.as_str()),
    }
}

fn first_sentence(text: &str) -> &str {
    text.split(". ").next().unwrap_or(text)
}

/// The services that hold an item, when not all of the repository do.
fn holder_names(site: &Site<'_>, member: usize, item: &Item, page: &str) -> Vec<String> {
    let fleet = site.fleet;
    let all: Vec<usize> = fleet.units_of(member).collect();
    let holds = |&unit: &usize| holds(fleet.service(&fleet.units[unit]).map(|service| service.name.as_str()), item);
    let here: Vec<usize> = all.iter().copied().filter(holds).collect();
    if all.len() < 2 || here.len() == all.len() {
        return Vec::new();
    }
    let (mut shown, more) = super::rows::units(site, &here, 3, page);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown
}

/// The server that each pool and client of a repository leads to, where it is one only.
fn stores<'s>(site: &'s Site<'_>, member: usize) -> BTreeMap<&'s str, (usize, usize)> {
    let mut out: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut several: Vec<&str> = Vec::new();
    for (family, of) in site.fleet.families.iter().enumerate() {
        for (server, told) in of.servers.iter().enumerate() {
            for user in told.users.iter().filter(|user| site.fleet.units[user.unit].member == member) {
                for item in &user.items {
                    if out.insert(item.as_str(), (family, server)).is_some_and(|known| known != (family, server)) {
                        several.push(item.as_str());
                    }
                }
            }
        }
    }
    for item in several {
        out.remove(item);
    }
    out
}

/// The page that lists repositories.
pub(super) fn repositories_page(site: &Site<'_>) -> RepositoriesPage {
    let row = |member: usize| {
        let view = repository(site, member, STATE);
        let of = &site.fleet.members[member];
        let (services, services_more) = few(view.services, 6);
        RepositoryRow {
            link: view.link,
            host: view.host,
            site: view.site,
            revision: view.revision,
            services,
            services_more,
            items: number(of.map.items.iter().filter(|item| item.class == Class::Mutable).count()),
        }
    };
    let (shown, rows_more) = few((0..site.fleet.members.len()).collect(), ROWS);
    RepositoriesPage { rows: shown.into_iter().map(row).collect(), rows_more, index: relative_here(STATE, INDEX) }
}

/// The page of what was not seen.
pub(super) fn blind_page(site: &Site<'_>, options: &FleetOptions, page: &str) -> FleetBlindPage {
    let fleet = site.fleet;
    let row = |member: usize| {
        let of = &fleet.members[member];
        let coverage = &of.map.coverage;
        BlindRow {
            repository: site.member(member, page),
            revision: of.map.revision.as_deref().map(super::super::blind::short_revision),
            files: number(coverage.files),
            unparsed: coverage.unparsed,
            skipped: coverage.skipped.len(),
            macros: number(coverage.macros_unread),
            calls: percent(coverage.calls_resolved.min(coverage.calls), coverage.calls),
            receivers: percent(coverage.receivers_typed.min(coverage.receivers), coverage.receivers),
            unknown_crates: coverage.unknown_crates,
            manifests: coverage.manifests,
            tool: inline(&shorten(&of.map.tool.version, 40)),
        }
    };
    let not_deployed: Vec<usize> = (0..fleet.units.len())
        .filter(|&at| {
            let unit = &fleet.units[at];
            fleet.service(unit).is_some_and(|service| fleet.member(unit).map.coverage.not_deployed.contains(&service.name))
        })
        .collect();
    let (not_deployed, not_deployed_more) = super::rows::units(site, &not_deployed, 200, page);
    let own = env!("CARGO_PKG_VERSION");
    let older = (0..fleet.members.len()).filter(|&at| fleet.members[at].map.tool.version != own).map(|at| site.member(at, page));
    let (rows, rows_more) = few((0..fleet.members.len()).collect(), ROWS);
    FleetBlindPage {
        rows: rows.into_iter().map(row).collect(),
        rows_more,
        not_deployed,
        not_deployed_more,
        left_out: index::left_out(options),
        older: few(older.collect(), 50).0,
        index: relative_here(page, INDEX),
        version: own.to_owned(),
    }
}

/// The page of what was not seen, where it stands in a book.
pub(super) fn blind_page_of_book(site: &Site<'_>, options: &FleetOptions) -> FleetBlindPage {
    blind_page(site, options, BLIND)
}
