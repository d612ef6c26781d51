//! The parts of a page that list items: contents, sections by scope, services, and recovery tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, Environment, Hazard, HazardSeverity, Item, Kind, Scope, SetBy, StateMap};

use super::escape::{code, inline};
use super::item_view::{clause, item_view};
use super::layout::{Layout, ORDER, SCOPES, first_few, kind_rank};
use super::opening::few_points;
use super::row_view::row_views;
use super::variables::{is_variable, table};
use super::verdict::answer;
use super::view::{
    EnvironmentView, Glance, Group, ItemView, KindRow, Named, ScopeRow, Section, ServiceItem, ServiceKind, ServiceKindRow, ServiceView,
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

/// The same by scope; `target` is where the items of a kind in a scope are told.
pub(crate) fn scopes(layout: &Layout<'_>, page: &str, target: impl Fn(Kind, Scope) -> String) -> Vec<ScopeRow> {
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
pub(crate) fn glance(layout: &Layout<'_>) -> Glance {
    let stores: BTreeSet<&str> =
        layout.items.iter().filter(|item| item.kind == Kind::ExternalStore).map(|item| item.name.as_str()).collect();
    let [high, medium, low] = open_hazards(layout.map, None);
    let items = layout.items.iter().filter(|item| item.class == Class::Mutable).count();
    Glance { items, high, medium, low, services: layout.map.services.len(), stores: stores.len() }
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
    let folded = |item: &&Item| layout.spot(&item.id).is_some_and(|spot| spot.folded);
    let (minor, blocks): (Vec<&Item>, Vec<&Item>) = items.iter().copied().partition(folded);
    let kind = items[0].kind;
    let rows = row_views(layout, &minor, page);
    let mut views: Vec<ItemView> = blocks.iter().map(|item| item_view(layout, item, page, level)).collect();
    say_once(layout, &blocks, &mut views, page);
    Group {
        kind: kind.as_str(),
        hashes: "#".repeat(level),
        heading: (!alone || !blocks.is_empty()).then(|| layout.table_heading(kind, items[0].scope)),
        items: views,
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
            service: code(&environment.service),
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
pub(crate) fn services(layout: &Layout<'_>, page: &str, link: impl Fn(&str) -> String) -> (Vec<ServiceView>, Vec<ServiceKindRow>) {
    let services = &layout.map.services;
    let views = services.iter().map(|service| {
        let held = held_by(layout, &service.name);
        let own: Vec<&Item> = held.iter().copied().filter(|item| item.services.len() < services.len()).collect();
        let [high, medium, low] = open_hazards(layout.map, Some(&service.name));
        ServiceView {
            name: link(&service.name),
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
    });
    let mut kinds: Vec<Kind> = ORDER.to_vec();
    kinds.retain(|kind| services.len() <= COLUMNS && layout.items.iter().any(|item| item.kind == *kind));
    let count = |kind: Kind, service: &str| held_by(layout, service).iter().filter(|item| item.kind == kind).count();
    let row =
        |&kind: &Kind| ServiceKindRow { kind: kind.as_str(), counts: services.iter().map(|service| count(kind, &service.name)).collect() };
    (views.collect(), kinds.iter().map(row).collect())
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
        shared_with: item.services.iter().filter(|name| *name != service).map(|name| code(name)).collect(),
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
