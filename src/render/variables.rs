//! The variables of one service as a table: read where, with which default, set where for it; and those that meet nothing.

use crate::model::{Fact, Item, Kind, SetBy};

use super::escape::code_short;
use super::layout::Layout;
use super::row_view::{row_views, shown};
use super::view::Group;

/// The table of a service's variables; none when it reads none by name. What sets them for other services is left out.
pub(crate) fn table(layout: &Layout<'_>, items: &[&Item], service: &str, page: &str) -> Option<Group> {
    let own: Vec<Item> = items.iter().filter(|item| is_variable(item)).map(|item| of_service(item, service)).collect();
    let mut rows = row_views(layout, &own.iter().collect::<Vec<_>>(), page);
    for row in &mut rows {
        // What has a place of its own is linked; the others stand in the table of the kind, which says no more.
        if let Some(item) = own.iter().find(|item| {
            item.facts.iter().any(|fact| fact.key == "env")
                && code_short(&shown(item), 80) == row.name
                && layout.spot(&item.id).is_some_and(|spot| !spot.folded || layout.is_book())
        }) {
            row.name = layout.link(item, page);
        }
        row.items.clear();
    }
    (!rows.is_empty()).then(|| Group {
        kind: Kind::StartupConfig.as_str(),
        hashes: String::new(),
        heading: None,
        items: Vec::new(),
        pages: Vec::new(),
        any_services: false,
        any_services_of_pages: false,
        any_default: rows.iter().any(|row| row.default.is_some()),
        any_decides: rows.iter().any(|row| !row.decides.is_empty()),
        any_set: rows.iter().any(|row| !row.set.is_empty()),
        any_kept: false,
        any_ops: false,
        any_unknown: false,
        rows,
    })
}

/// Whether an item is a variable that is read by its name.
pub(crate) fn is_variable(item: &Item) -> bool {
    item.kind == Kind::StartupConfig && item.id.as_str().contains("env#") && item.facts.iter().any(|fact| fact.key == "env")
}

/// An item as one service has it.
fn of_service(item: &Item, service: &str) -> Item {
    let reaches = |set: &SetBy| set.services.is_empty() || set.services.iter().any(|one| one == service);
    let of = |set: &SetBy| SetBy { services: Vec::new(), ..set.clone() };
    let told = |fact: &Fact| Fact { set: fact.set.iter().filter(|set| reaches(set)).map(of).collect(), ..fact.clone() };
    Item { facts: item.facts.iter().map(told).collect(), ..item.clone() }
}
