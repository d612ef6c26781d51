//! The parts of a page that list items: contents, sections by scope, services, hazards, and what is lost when.

use std::collections::BTreeMap;

use crate::model::{HazardSeverity, Item, Kind, Scope};

use super::escape::{code, inline};
use super::item_view::{clause, item_view, row_view, store_link};
use super::layout::{Layout, ORDER, SCOPES, first_few, kind_rank, table_heading};
use super::view::{EventView, Group, HazardView, KindRow, LossView, Named, Section, ServiceItem, ServiceKind, ServiceView};
use super::words::{capitalized, is_loss, is_remote};

/// The table of contents: each kind with its count and its first items.
pub(crate) fn contents(layout: &Layout<'_>, page: &str, kind_target: impl Fn(Kind) -> Option<String>) -> Vec<KindRow> {
    let mut rows = Vec::new();
    for &kind in ORDER {
        let items: Vec<&Item> = layout.items.iter().copied().filter(|item| item.kind == kind).collect();
        let Some(first) = items.first() else { continue };
        let target = kind_target(kind).or_else(|| layout.target(&first.id, page)).unwrap_or_default();
        let (shown, more) = layout.some(&items, 4, page);
        rows.push(KindRow { kind: kind.as_str(), target, count: items.len(), shown, more });
    }
    rows
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
    let rows: Vec<_> = minor.iter().map(|item| row_view(layout, item, page)).collect();
    Group {
        kind: kind.as_str(),
        hashes: "#".repeat(level),
        heading: (!alone || !blocks.is_empty()).then(|| table_heading(kind, !blocks.is_empty())),
        items: blocks.iter().map(|item| item_view(layout, item, page, level)).collect(),
        any_services: rows.iter().any(|row| !row.services.is_empty()),
        any_default: rows.iter().any(|row| row.default.is_some()),
        any_ops: rows.iter().any(|row| !row.ops.is_empty()),
        rows,
    }
}

/// The services with their counts, and the kinds that are columns of their table.
pub(crate) fn services(layout: &Layout<'_>, link: impl Fn(&str) -> String) -> (Vec<ServiceView>, Vec<&'static str>) {
    let kinds: Vec<Kind> = ORDER.iter().copied().filter(|kind| layout.items.iter().any(|item| item.kind == *kind)).collect();
    let views = layout.map.services.iter().map(|service| {
        let held = held_by(layout, &service.name);
        let count = |kind: &Kind| held.iter().filter(|item| item.kind == *kind).count();
        ServiceView {
            name: link(&service.name),
            heading: inline(&service.name),
            target: layout_place(layout, &service.target, ""),
            root: service.target.to_string(),
            package: code(&service.package),
            crates: service.crates.iter().map(|name| code(name)).collect(),
            total: held.len(),
            own: held.iter().filter(|item| item.services.len() == 1).count(),
            counts: kinds.iter().map(count).collect(),
        }
    });
    (views.collect(), kinds.iter().map(|kind| kind.as_str()).collect())
}

/// A link to a whole file.
pub(crate) fn layout_place(layout: &Layout<'_>, file: &str, page: &str) -> String {
    format!("[{}]({})", code(file), layout.links.target(page, file, None))
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
    let kind = |items: &Vec<&Item>| ServiceKind {
        kind: items[0].kind.as_str(),
        target: kind_target(items[0].kind),
        items: items.iter().map(view).collect(),
    };
    by_kind.values().map(kind).collect()
}

/// The hazards, worst first.
pub(crate) fn hazards(layout: &Layout<'_>, page: &str) -> Vec<HazardView> {
    let mut hazards: Vec<_> = layout.map.hazards.iter().collect();
    hazards.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    let severity = |severity: HazardSeverity| match severity {
        HazardSeverity::High => "high",
        HazardSeverity::Medium => "medium",
        HazardSeverity::Low => "low",
    };
    let view = |hazard: &crate::model::Hazard| HazardView {
        severity: severity(hazard.severity),
        message: clause(&hazard.message),
        remedy: clause(&hazard.remedy),
        items: hazard.items.iter().filter_map(|id| layout.item(id.as_str())).map(|item| layout.link(item, page)).collect(),
    };
    hazards.into_iter().map(view).collect()
}

/// What is lost when the process ends, the disk goes, or a store is away.
pub(crate) fn events(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<EventView> {
    let in_scopes = |scopes: &[Scope]| items.iter().copied().filter(|item| scopes.contains(&item.scope)).collect::<Vec<_>>();
    let mut out = Vec::new();
    for (scope, held) in [
        ("process", in_scopes(&[Scope::Process, Scope::Thread, Scope::Task])),
        ("host", in_scopes(&[Scope::Host])),
        ("client", in_scopes(&[Scope::Client])),
    ] {
        let losses = losses(layout, &held, page);
        if !losses.is_empty() {
            let (shown, more) = first_few(losses.len(), 8);
            out.push(EventView {
                scope,
                store: None,
                losses: losses.into_iter().take(shown).collect(),
                more,
                items: Vec::new(),
                items_more: 0,
            });
        }
    }
    let mut stores: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in items {
        if let Some(store) = item.backs_on.as_deref().filter(|store| is_remote(store)) {
            stores.entry(store).or_default().push(item);
        }
    }
    for (store, held) in stores {
        let own: Vec<&Item> = layout.store(store).into_iter().filter(|item| layout.spot(&item.id).is_some()).collect();
        let (items, items_more) = layout.some(&held, 6, page);
        let losses = losses(layout, &own, page);
        out.push(EventView {
            scope: "external",
            store: Some(capitalized(&store_link(layout, store, page))),
            losses,
            more: 0,
            items,
            items_more,
        });
    }
    out
}

/// Items by what is lost with them; items that say nothing are left out.
fn losses(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<LossView> {
    let mut groups: Vec<(String, Option<String>, Vec<&Item>)> = Vec::new();
    for item in items {
        let annotation = item.annotation.as_ref();
        let told = annotation.and_then(|annotation| annotation.on_loss.as_deref());
        let Some(lost) = told.or(item.lost.as_deref().filter(|lost| is_loss(lost))) else { continue };
        let rebuild = annotation.and_then(|annotation| annotation.rebuild.as_deref()).map(clause);
        let lost = clause(lost);
        match groups.iter_mut().find(|(text, back, _)| *text == lost && *back == rebuild) {
            Some((_, _, held)) => held.push(item),
            None => groups.push((lost, rebuild, vec![item])),
        }
    }
    let view = |(lost, rebuild, held): (String, Option<String>, Vec<&Item>)| {
        let (items, more) = layout.some(&held, 4, page);
        LossView { items, more, lost, rebuild }
    };
    groups.into_iter().map(view).collect()
}

/// The recovery tests that people named, and how many annotated or not items have none.
pub(crate) fn recovery_tests(layout: &Layout<'_>, page: &str) -> (Vec<Named>, usize) {
    let test = |item: &Item| item.annotation.as_ref().and_then(|annotation| annotation.recovery_test.as_deref()).map(clause);
    let named: Vec<Named> =
        layout.items.iter().filter_map(|item| test(item).map(|text| Named { link: layout.link(item, page), text })).collect();
    let without = layout.items.len() - named.len();
    (named, without)
}
