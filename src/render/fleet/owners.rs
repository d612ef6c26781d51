//! The page of owners: what each team is asked about.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::fleet::{Owned, owners};

use super::super::escape::{inline, shorten};
use super::super::files::with_hash;
use super::super::item_view::clause;
use super::super::rank::weight;
use super::rows::{few, number, units};
use super::site::{OWNERS, Site};
use super::view::{ItemLine, OwnerRow, OwnerView, OwnersPage};

/// At most so many items of one team are told.
const ITEMS: usize = 60;
/// At most so many services of one team are named.
const WHOLE: usize = 200;
/// At most so many teams are told.
const TEAMS: usize = 500;

pub(super) fn owner_row(site: &Site<'_>, owned: &Owned<'_>, page: &str) -> OwnerRow {
    let all: BTreeSet<usize> = owned.items.iter().map(|(unit, _)| *unit).chain(owned.units.iter().copied()).collect();
    let all: Vec<usize> = all.into_iter().collect();
    let (services, services_more) = units(site, &all, 4, page);
    OwnerRow {
        owner: owned.name.as_deref().map(|name| inline(&shorten(name, 80))),
        anchor: anchor(owned),
        items: number(owned.items.len()),
        services,
        services_more,
        high: owned.hazards[0],
        medium: owned.hazards[1],
        low: owned.hazards[2],
    }
}

fn anchor(owned: &Owned<'_>) -> String {
    // Of two names with the same words in them, each has its own place.
    owned.name.as_deref().map_or_else(|| "owner-nobody".to_owned(), |name| format!("owner-{}", with_hash(name)))
}

pub(super) fn owners_page(site: &Site<'_>, index: String) -> OwnersPage {
    let (all, _) = few(owners(site.fleet), TEAMS);
    let view = |owned: Owned<'_>| {
        let row = owner_row(site, &owned, OWNERS);
        let mut items = owned.items;
        items.sort_by_cached_key(|(unit, item)| (Reverse(weight(item)), *unit, item.id.clone()));
        // What nobody owns is told by service: it is most of it.
        let (shown, items_more) = if owned.name.is_some() { few(items, ITEMS) } else { (Vec::new(), items.len()) };
        let line = |(unit, item): (usize, &crate::model::Item)| ItemLine {
            item: site.item(site.fleet.units[unit].member, item, OWNERS),
            summary: clause(&item.summary),
            service: Some(site.unit(unit, OWNERS)),
        };
        let (whole, whole_more) = units(site, &owned.units, WHOLE, OWNERS);
        OwnerView { row, items: shown.into_iter().map(line).collect(), items_more, whole, whole_more }
    };
    OwnersPage { owners: all.into_iter().map(view).collect(), index }
}
