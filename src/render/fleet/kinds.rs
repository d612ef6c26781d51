//! The pages of kinds: what all services hold of each, what matters most first, and where the rest is told.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::{Class, Item, Kind};

use super::super::item_view::clause;
use super::super::rank::weight;
use super::rows::{few, number, units};
use super::site::{KINDS, Site, relative_here};
use super::view::{FleetKindPage, ItemLine, RepositoryCount};

/// At most so many items of a kind are told.
const TOP: usize = 150;
/// At most so many repositories are counted.
const REPOSITORIES: usize = 1000;

/// The page of a kind.
pub(super) fn page_of(kind: Kind) -> String {
    format!("src/kinds/{kind}.md")
}

/// The anchor of a kind on the page of a repository.
pub(super) fn anchor(kind: Kind) -> String {
    format!("kind-{kind}")
}

pub(super) fn kind_page(site: &Site<'_>, kind: Kind) -> Option<FleetKindPage> {
    let page = page_of(kind);
    let fleet = site.fleet;
    let mut all: Vec<(usize, &Item)> = Vec::new();
    let mut counts: Vec<(usize, usize)> = Vec::new();
    let mut services: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (at, member) in fleet.members.iter().enumerate() {
        let here: Vec<&Item> = member.map.items.iter().filter(|item| item.kind == kind && item.class == Class::Mutable).collect();
        services.extend(here.iter().flat_map(|item| item.services.iter().map(|service| (at, service.as_str()))));
        if !here.is_empty() {
            counts.push((at, here.len()));
        }
        all.extend(here.into_iter().map(|item| (at, item)));
    }
    if all.is_empty() {
        return None;
    }
    let count = all.len();
    all.sort_by_cached_key(|(at, item)| (Reverse(weight(item)), *at, item.id.clone()));
    counts.sort_by_key(|(at, count)| (Reverse(*count), *at));
    let (top, top_more) = few(all, TOP);
    let (by_repository, by_repository_more) = few(counts, REPOSITORIES);
    let line = |(at, item): (usize, &Item)| ItemLine {
        item: site.item(at, item, &page),
        summary: clause(&item.summary),
        service: Some(holders(site, at, item, &page)),
    };
    let of_repository = |(at, count): (usize, usize)| RepositoryCount { link: link(site, at, kind, &page), count };
    Some(FleetKindPage {
        kind: kind.as_str(),
        items: number(count),
        count,
        services: services.len(),
        top: top.into_iter().map(line).collect(),
        top_more,
        by_repository: by_repository.into_iter().map(of_repository).collect(),
        by_repository_more,
        index: relative_here(&page, KINDS),
    })
}

/// The services that hold an item, else its repository.
pub(super) fn holders(site: &Site<'_>, member: usize, item: &Item, page: &str) -> String {
    let fleet = site.fleet;
    let holds = |&unit: &usize| fleet.service(&fleet.units[unit]).is_some_and(|service| item.services.contains(&service.name));
    let here: Vec<usize> = fleet.units_of(member).filter(holds).collect();
    if here.is_empty() {
        return site.member(member, page);
    }
    let (shown, more) = units(site, &here, 2, page);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// A repository, linked to its items of a kind.
fn link(site: &Site<'_>, member: usize, kind: Kind, page: &str) -> String {
    let pages = &site.state_pages[member];
    let told = pages.iter().find(|(_, kinds)| kinds.contains(&kind)).unwrap_or(&pages[0]);
    let name = super::super::escape::inline(&super::super::escape::shorten(&site.fleet.members[member].name, 80));
    format!("[{name}]({}#{})", relative_here(page, &told.0), anchor(kind))
}
