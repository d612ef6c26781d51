//! The table of capacity: what all services together ask of each store, workload by workload, against what its server takes.

use crate::model::{Capacity, Holder, Limit, Provenance};

use super::escape::{code, inline};
use super::item_view::store_link;
use super::layout::Layout;
use super::view::{CapacityRow, CapacityView};
use super::words::{store_name, thousands};

/// At most so many workloads of a store have a row of their own.
const WORKLOADS: usize = 12;

/// The table; none when no workload is known to hold connections.
pub(crate) fn capacity(layout: &Layout<'_>, page: &str) -> Option<CapacityView> {
    view(layout, &layout.map.capacity.iter().collect::<Vec<_>>(), page)
}

/// The rows of one store.
pub(crate) fn capacity_of(layout: &Layout<'_>, page: &str, store: &str) -> Option<CapacityView> {
    let of_store = |one: &&Capacity| layout.stores.named(&one.store).is_some_and(|named| named.key == store);
    view(layout, &layout.map.capacity.iter().filter(of_store).collect::<Vec<_>>(), page)
}

fn view(layout: &Layout<'_>, capacity: &[&Capacity], page: &str) -> Option<CapacityView> {
    if capacity.is_empty() {
        return None;
    }
    Some(CapacityView {
        rows: capacity.iter().flat_map(|one| rows(layout, one, page)).collect(),
        scaled: capacity.iter().any(|one| one.at_most.is_some()),
        over: capacity.iter().any(|one| one.limit.as_ref().is_some_and(|limit| most(one) > limit.connections)),
        at_least: capacity.iter().any(|one| one.at_least),
        unlimited: capacity.iter().any(|one| one.limit.is_none() && is_database(&one.store)),
    })
}

fn is_database(store: &str) -> bool {
    matches!(store, "postgres" | "mysql" | "redis" | "mongodb")
}

fn most(capacity: &Capacity) -> i64 {
    let scaled = capacity.at_most.into_iter().chain(capacity.at_most_during_rollout);
    scaled.fold(capacity.at_rest.max(capacity.during_rollout), i64::max)
}

fn rows(layout: &Layout<'_>, capacity: &Capacity, page: &str) -> Vec<CapacityRow> {
    let limit = capacity.limit.as_ref().map(|limit| limit.connections);
    let number =
        |number: i64| if limit.is_some_and(|limit| number > limit) { format!("**{}**", thousands(number)) } else { thousands(number) };
    let store = store(layout, capacity, page);
    let takes = capacity.limit.as_ref().map(|limit| takes(layout, limit, page)).unwrap_or_default();
    let alone = capacity.holders.len() == 1;
    let holders = capacity.holders.iter().take(WORKLOADS).map(|holder| {
        let times = |count: Option<u32>| match count {
            Some(count) if holder.each > 0 => number(holder.each.saturating_mul(i64::from(count))),
            _ => "?".to_owned(),
        };
        let during = holder.during_rollout.or(holder.replicas);
        CapacityRow {
            store: store.clone(),
            held_by: held_by(layout, holder, page),
            each: each(layout, holder, page),
            at_rest: times(holder.replicas),
            during_rollout: times(during),
            at_most: times(holder.at_most.or(holder.replicas)),
            at_most_during_rollout: times(holder.at_most_during_rollout.or(holder.at_most).or(during)),
            takes: if alone { takes.clone() } else { String::new() },
        }
    });
    let mut out: Vec<CapacityRow> = holders.collect();
    for row in out.iter_mut().skip(1) {
        row.store.clear();
    }
    if !alone {
        out.push(CapacityRow {
            store: String::new(),
            held_by: format!("**all {}**", capacity.holders.len()),
            each: String::new(),
            at_rest: number(capacity.at_rest),
            during_rollout: number(capacity.during_rollout),
            at_most: number(capacity.at_most.unwrap_or(capacity.at_rest)),
            at_most_during_rollout: number(capacity.at_most_during_rollout.unwrap_or(capacity.during_rollout)),
            takes,
        });
    }
    out
}

/// The store, with what tells it from others of its kind.
fn store(layout: &Layout<'_>, capacity: &Capacity, page: &str) -> String {
    let item = capacity.item.as_ref().and_then(|id| layout.item(id.as_str()));
    let name = item.map_or_else(|| store_name(&capacity.store), |_| store_link(layout, &capacity.store, page));
    let address = capacity.address.as_ref().map(|address| format!(" at {}", code(address))).unwrap_or_default();
    let environment = capacity.environment.as_ref().map(|environment| format!(" in {}", inline(environment))).unwrap_or_default();
    format!("{name}{address}{environment}")
}

/// `Deployment/shop`, 2 replicas (k8s/shop.yaml:8), to 4 and 10.
fn held_by(layout: &Layout<'_>, holder: &Holder, page: &str) -> String {
    let count = match holder.replicas {
        Some(1) => "one".to_owned(),
        Some(count) => format!("{count} replicas"),
        None => "number not known".to_owned(),
    };
    let during = holder.during_rollout.map(|count| format!(", {count} during a rollout")).unwrap_or_default();
    let most = holder.at_most.map(|count| format!(", up to {count}")).unwrap_or_default();
    let at = layout.links.short_place(page, &holder.replicas_at.file, holder.replicas_at.line);
    format!("{}: {count}{during}{most} ({at})", code(&holder.workload))
}

/// `50 (config.yaml:8)`, `10 + 5`.
fn each(layout: &Layout<'_>, holder: &Holder, page: &str) -> String {
    let share = |share: &crate::model::Share| {
        let number = share.each.map_or_else(|| "?".to_owned(), thousands);
        match &share.at {
            Some(at) => format!("{number} ({})", layout.links.short_place(page, &at.file, at.line)),
            None => number,
        }
    };
    holder.pools.iter().map(share).collect::<Vec<_>>().join(" + ")
}

/// What the server takes, and who says so.
fn takes(layout: &Layout<'_>, limit: &Limit, page: &str) -> String {
    let number = thousands(limit.connections);
    let at = limit.at.as_ref().map(|at| format!(" ({})", layout.links.short_place(page, &at.file, at.line))).unwrap_or_default();
    match limit.provenance {
        Provenance::Default => format!("{number} by its default: nothing says otherwise"),
        _ if limit.elsewhere => format!("{number} there{at}; the deployed one is not told of"),
        Provenance::Annotated => format!("{number}, annotated{at}"),
        _ => format!("{number}{at}"),
    }
}
