//! The parts of a page that list items: contents, sections by scope, services, and recovery tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, Environment, Hazard, HazardSeverity, Item, Kind, Scope, Service, SetBy, StateMap};

use super::escape::{code, inline};
use super::files::{SERVICES, STORES, kind_page, relative};
use super::item_view::{BLOCK, clause, doubt, item_view};
use super::layout::{Layout, ORDER, SCOPES, first_few, kind_rank};
use super::opening::few_points;
use super::row_view::row_views;
use super::variables::{is_variable, table};
use super::verdict::answer;
use super::view::{
    EnvironmentView, Glance, Group, ItemView, KindRow, Named, PageRow, ScopeRow, Section, ServiceItem, ServiceKind, ServiceKindRow,
    ServiceView,
};

/// With more services than this, their table has no columns for them.
const COLUMNS: usize = 6;
/// At most so many variables that nothing reads are named.
const VARIABLES: usize = 12;
/// At most so many items of a kind are named in a table.
const SHOWN: usize = 4;

/// The table of contents: each kind with its count and its first items.
pub(crate) fn contents(layout: &Layout<'_>, page: &str, kind_target: impl Fn(Kind) -> Option<String>) -> Vec<KindRow> {
    let mut rows = Vec::new();
    for &kind in ORDER {
        let items: Vec<&Item> = layout.items.iter().copied().filter(|item| item.kind == kind).collect();
        let Some(first) = items.first() else { continue };
        let target = kind_target(kind).or_else(|| layout.target(&first.id, page)).unwrap_or_default();
        let (shown, more) = layout.some(&items, SHOWN, page);
        // A store that two crates name is one store.
        let names: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
        let count = if kind == Kind::ExternalStore { names.len() } else { items.len() };
        rows.push(KindRow { kind: kind.as_str(), target, count, shown, more });
    }
    rows
}

/// The same by scope, for a book.
pub(crate) fn scopes(layout: &Layout<'_>, page: &str) -> Vec<ScopeRow> {
    let target = |kind: Kind, scope: Scope| match kind {
        Kind::ExternalStore => relative(page, &kind_page(kind)),
        _ => format!("{}#scope-{scope}", relative(page, &kind_page(kind))),
    };
    let row = |&scope: &Scope| {
        let held: Vec<&Item> = layout.items.iter().copied().filter(|item| item.scope == scope).collect();
        let kind = |&kind: &Kind| {
            let items: Vec<&Item> = held.iter().copied().filter(|item| item.kind == kind).collect();
            let (shown, more) = layout.some(&items, SHOWN, page);
            (!items.is_empty()).then(|| KindRow { kind: kind.as_str(), target: target(kind, scope), count: items.len(), shown, more })
        };
        let kinds: Vec<KindRow> = ORDER.iter().filter_map(kind).collect();
        (!kinds.is_empty()).then(|| ScopeRow { scope: scope.as_str(), count: held.len(), kinds })
    };
    SCOPES.iter().filter_map(row).collect()
}

/// How much there is of everything.
pub(crate) fn glance(layout: &Layout<'_>, page: &str) -> Glance {
    let stores = layout.stores.0.len();
    let [high, medium, low] = open_hazards(layout.map, None);
    let items = layout.items.iter().filter(|item| item.class == Class::Mutable).count();
    let services = layout.map.services.len();
    let target = |listed: bool, to: &str| (layout.is_book() && listed).then(|| relative(page, to));
    let only = layout.map.services.first().filter(|_| services == 1).and_then(|service| layout.service_page(&service.name));
    let services_target = target(services > 1, SERVICES).or_else(|| only.map(|file| relative(page, &file)));
    Glance { items, high, medium, low, services, stores, services_target, stores_target: target(stores > 0, STORES) }
}

/// Hazards that nobody accepted, of all services or of one: high, medium and low ones.
pub(crate) fn open_hazards(map: &StateMap, service: Option<&str>) -> [usize; 3] {
    let open = |severity: HazardSeverity| {
        let counts = |hazard: &&Hazard| {
            hazard.acknowledged.is_none()
                && hazard.severity == severity
                && service.is_none_or(|name| hazard.services.iter().any(|service| service == name))
        };
        map.hazards.iter().filter(counts).count()
    };
    [HazardSeverity::High, HazardSeverity::Medium, HazardSeverity::Low].map(open)
}

/// The items by scope and kind. `level` is that of the section headings; with `bare`, a single section has none and its
/// items move up.
pub(crate) fn sections(layout: &Layout<'_>, items: &[&Item], page: &str, level: usize, bare: bool) -> Vec<Section> {
    let scopes: Vec<Scope> = SCOPES.iter().copied().filter(|scope| items.iter().any(|item| item.scope == *scope)).collect();
    let inner = if bare && scopes.len() == 1 { level } else { level + 1 };
    let mut out = Vec::new();
    for scope in scopes {
        let mut groups = Vec::new();
        for &kind in ORDER {
            let of_kind: Vec<&Item> = items.iter().copied().filter(|item| item.scope == scope && item.kind == kind).collect();
            if !of_kind.is_empty() {
                groups.push(group(layout, &of_kind, page, inner, inner == level));
            }
        }
        out.push(Section { scope: scope.as_str(), level: if inner == level { 0 } else { level }, groups });
    }
    out
}

/// `alone` says that the page is about this group only.
fn group(layout: &Layout<'_>, items: &[&Item], page: &str, level: usize, alone: bool) -> Group {
    let spot = |item: &Item| layout.spot(&item.id);
    let (minor, others): (Vec<&Item>, Vec<&Item>) = items.iter().copied().partition(|item| spot(item).is_some_and(|spot| spot.folded));
    let (paged, blocks): (Vec<&Item>, Vec<&Item>) = others.into_iter().partition(|item| spot(item).is_some_and(|spot| spot.own_page));
    let kind = items[0].kind;
    let rows = row_views(layout, &minor, page);
    let mut views: Vec<ItemView> = blocks.iter().map(|item| item_view(layout, item, page, level, BLOCK)).collect();
    say_once(layout, &blocks, &mut views, page);
    let pages: Vec<PageRow> = paged.iter().map(|item| page_row(layout, item, page)).collect();
    Group {
        kind: kind.as_str(),
        hashes: "#".repeat(level),
        heading: (!alone || !blocks.is_empty() || !paged.is_empty()).then(|| layout.table_heading(kind, items[0].scope)),
        items: views,
        any_services_of_pages: pages.iter().any(|row| !row.services.is_empty()),
        pages,
        any_services: rows.iter().any(|row| !row.services.is_empty()),
        any_default: rows.iter().any(|row| row.default.is_some()),
        any_decides: rows.iter().any(|row| !row.decides.is_empty()),
        any_set: rows.iter().any(|row| !row.set.is_empty()),
        any_kept: rows.iter().any(|row| !row.kept.is_empty()),
        any_ops: rows.iter().any(|row| !row.ops.is_empty()),
        any_unknown: rows.iter().any(|row| !row.known),
        rows,
    }
}

/// An item in a list.
pub(crate) fn page_row(layout: &Layout<'_>, item: &Item, page: &str) -> PageRow {
    let said = item.annotation.as_ref().and_then(|annotation| annotation.summary.as_deref());
    PageRow {
        kind: item.kind.as_str(),
        link: layout.link(item, page),
        summary: clause(&said.map_or_else(|| beside_its_name(item), str::to_owned)),
        item: None,
        place: None,
        severity: worst(layout, item),
        confidence: doubt(item),
        services: layout.services(item).iter().map(|name| layout.service_link(name, page)).collect(),
    }
}

/// The summary of an item, less what its name beside it says: the path of a file, the name of a variable.
fn beside_its_name(item: &Item) -> String {
    let text = |key: &'static str| {
        let facts = item.facts.iter().filter(move |fact| fact.key == key);
        facts.filter_map(|fact| fact.value.as_ref()).map(ToString::to_string)
    };
    match item.kind {
        Kind::FsWrite => {
            let ops: Vec<String> = text("op").collect();
            let kept: Vec<String> = text("survives").map(|kept| format!("survives {kept}")).collect();
            if ops.is_empty() {
                item.summary.clone()
            } else {
                [ops.join(", "), kept.join(", ")].join("; ").trim_end_matches("; ").to_owned()
            }
        }
        Kind::StartupConfig => {
            let named = format!("environment variable `{}`, ", item.name);
            item.summary.strip_prefix(named.as_str()).unwrap_or(&item.summary).to_owned()
        }
        _ => item.summary.clone(),
    }
}

/// The severity of the worst hazard of an item that nobody accepted.
fn worst(layout: &Layout<'_>, item: &Item) -> Option<&'static str> {
    let names_it = |hazard: &&Hazard| hazard.acknowledged.is_none() && hazard.items.contains(&item.id);
    let hazards = layout.map.hazards.iter().filter(|_| !item.hazards.is_empty()).filter(names_it);
    hazards.map(|hazard| hazard.severity).max().map(HazardSeverity::as_str)
}

/// What a library keeps and loses is said at the first item of a group; the others point there.
fn say_once(layout: &Layout<'_>, items: &[&Item], views: &mut [ItemView], page: &str) {
    let mut said: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for (at, view) in views.iter_mut().enumerate() {
        let Some(hides) = view.hides.clone() else { continue };
        let key = (hides, view.lost.clone());
        match said.get(&key) {
            Some(&first) => {
                view.same_as = Some(layout.link(items[first], page));
                (view.hides, view.lost) = (None, None);
            }
            None => {
                said.insert(key, at);
            }
        }
    }
}

/// The variables that code and deployment do not agree upon, by service; of one service only, when one is named.
pub(crate) fn environments(layout: &Layout<'_>, only: Option<&str>, page: &str) -> Vec<EnvironmentView> {
    let view = |environment: &Environment| {
        let unread = |set: &SetBy| Named { link: layout.links.short_place(page, &set.at.file, set.at.line), text: code(&set.key) };
        let (shown, unread_more) = first_few(environment.unread.len(), VARIABLES);
        EnvironmentView {
            service: layout.service_link(&environment.service, page),
            unset: environment.unset.iter().map(|name| variable_link(layout, name, page)).collect(),
            unread: environment.unread[..shown].iter().map(unread).collect(),
            unread_more,
        }
    };
    layout.map.environments.iter().filter(|one| only.is_none_or(|only| one.service == only)).map(view).collect()
}

/// A variable, linked to where it is told.
fn variable_link(layout: &Layout<'_>, name: &str, page: &str) -> String {
    let id = format!("startup-config:env#{name}");
    layout.item(&id).map_or_else(|| code(name), |item| layout.link(item, page))
}

/// The services with what they hold, and their table: a row for each kind.
pub(crate) fn services(layout: &Layout<'_>, page: &str) -> (Vec<ServiceView>, Vec<ServiceKindRow>) {
    let services = &layout.map.services;
    let views = services.iter().map(|one| service(layout, one, page));
    let mut kinds: Vec<Kind> = ORDER.to_vec();
    kinds.retain(|kind| services.len() <= COLUMNS && layout.items.iter().any(|item| item.kind == *kind));
    let count = |kind: Kind, service: &str| held_by(layout, service).iter().filter(|item| item.kind == kind).count();
    let row =
        |&kind: &Kind| ServiceKindRow { kind: kind.as_str(), counts: services.iter().map(|service| count(kind, &service.name)).collect() };
    (views.collect(), kinds.iter().map(row).collect())
}

/// A service as lists of them and its own page tell it.
pub(crate) fn service(layout: &Layout<'_>, service: &Service, page: &str) -> ServiceView {
    let held = held_by(layout, &service.name);
    let own: Vec<&Item> = held.iter().copied().filter(|item| item.services.len() < layout.map.services.len()).collect();
    let [high, medium, low] = open_hazards(layout.map, Some(&service.name));
    ServiceView {
        name: layout.service_link(&service.name, page),
        heading: inline(&service.name),
        target: layout_place(layout, &service.target, page),
        package: code(&service.package),
        crates: service.crates.iter().map(|name| code(name)).collect(),
        total: held.len(),
        own: held.iter().filter(|item| item.services.len() == 1).count(),
        high,
        medium,
        low,
        answer: layout.map.verdicts.iter().find(|verdict| verdict.service == service.name).map(|verdict| answer(verdict.answer)),
        points: few_points(layout, &own, page),
    }
}

/// A whole file, linked.
pub(crate) fn layout_place(layout: &Layout<'_>, file: &str, page: &str) -> String {
    layout.links.link(&code(file), page, file, None)
}

/// The shown items of a service.
pub(crate) fn held_by<'a>(layout: &Layout<'a>, service: &str) -> Vec<&'a Item> {
    layout.items.iter().copied().filter(|item| item.services.iter().any(|name| name == service)).collect()
}

/// The items of a service by kind, for its page.
pub(crate) fn service_kinds(layout: &Layout<'_>, service: &str, page: &str, kind_target: impl Fn(Kind) -> String) -> Vec<ServiceKind> {
    let mut by_kind: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
    for item in held_by(layout, service) {
        by_kind.entry(kind_rank(item.kind)).or_default().push(item);
    }
    let view = |item: &&Item| ServiceItem {
        link: layout.link(item, page),
        summary: clause(&item.summary),
        severity: worst(layout, item),
        confidence: doubt(item),
        shared_with: item.services.iter().filter(|name| *name != service).map(|name| layout.service_link(name, page)).collect(),
    };
    // With one service, the page of the kind has the table already.
    let several = layout.map.services.len() > 1;
    let in_table = |item: &Item| several && is_variable(item);
    let kind = |items: &Vec<&Item>| ServiceKind {
        kind: items[0].kind.as_str(),
        target: kind_target(items[0].kind),
        items: items.iter().filter(|item| !in_table(item)).map(view).collect(),
        tables: if several { table(layout, items, service, page).into_iter().collect() } else { Vec::new() },
    };
    by_kind.values().map(kind).collect()
}

/// The recovery tests that people named, and how many annotated or not items have none.
pub(crate) fn recovery_tests(layout: &Layout<'_>, page: &str) -> (Vec<Named>, usize) {
    let test = |item: &Item| item.annotation.as_ref().and_then(|annotation| annotation.recovery_test.as_deref()).map(clause);
    let named: Vec<Named> =
        layout.items.iter().filter_map(|item| test(item).map(|text| Named { link: layout.link(item, page), text })).collect();
    let without = layout.items.len() - named.len();
    (named, without)
}
