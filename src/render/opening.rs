//! The opening paragraph: what the architecture diagram hides, in at most eight points.

use std::collections::BTreeSet;

use crate::model::{Fact, FactValue, Item, Kind, Scope};

use super::escape::{code_short, shorten};
use super::item_view::{clause, store_link};
use super::layout::{Layout, ORDER};
use super::view::{FurtherKind, Opening, Point};
use super::words::{count_word, counted, thousands};

/// At most so many points are told.
const POINTS: usize = 8;
/// Summaries longer than this are cut: the item's own block tells all.
const SUMMARY: usize = 160;
/// At most so many items are named in a point.
const NAMED: usize = 3;

/// The paragraph about some items: all of them, or those of one service.
pub(crate) fn opening(layout: &Layout<'_>, items: &[&Item], subject: &'static str, page: &str) -> Opening {
    let count = |scopes: &[Scope]| items.iter().filter(|item| scopes.contains(&item.scope)).count();
    let of_kind = |kind: Kind| items.iter().copied().filter(|item| item.kind == kind).collect::<Vec<_>>();
    let present: Vec<(Kind, Vec<&Item>)> = ORDER.iter().map(|&kind| (kind, of_kind(kind))).filter(|(_, items)| !items.is_empty()).collect();
    let (told, left) = present.split_at(present.len().min(POINTS));
    let further =
        left.iter().map(|(kind, items)| FurtherKind { kind: kind.as_str(), count: items.len(), count_word: count_word(items.len()) });
    Opening {
        subject,
        total: items.len(),
        in_process_word: count_word(count(&[Scope::Process, Scope::Thread, Scope::Task])),
        in_process: count(&[Scope::Process, Scope::Thread, Scope::Task]),
        on_disk_word: count_word(count(&[Scope::Host])),
        on_disk: count(&[Scope::Host]),
        points: told.iter().map(|(kind, items)| point(layout, *kind, items, page)).collect(),
        further: further.collect(),
    }
}

fn point(layout: &Layout<'_>, kind: Kind, items: &[&Item], page: &str) -> Point {
    let (shown, more) = layout.some(items, NAMED, page);
    let bounds: Vec<Option<&Fact>> = items.iter().map(|item| bound(item)).collect();
    let numbers: Option<Vec<(i64, Option<&str>)>> = bounds.iter().map(|bound| bound.and_then(number)).collect();
    // Sums are for connections only: the entries of two caches add up to nothing.
    let numbers = numbers.filter(|numbers| kind == Kind::Pool && numbers.windows(2).all(|pair| pair[0].1 == pair[1].1));
    let (each, sum) = numbers.as_deref().map_or((None, None), |numbers| {
        let unit = numbers[0].1;
        let each = |number| unit.map_or_else(|| thousands(number), |unit| counted(number, unit));
        let same = numbers.iter().all(|(number, _)| *number == numbers[0].0);
        let sum = numbers.iter().try_fold(0_i64, |sum, (number, _)| sum.checked_add(*number));
        (same.then(|| each(numbers[0].0)), sum.filter(|_| numbers.len() > 1))
    });
    let single = (items.len() == 1).then(|| items[0]);
    let set_from = single.and_then(bound).filter(|fact| fact.value.is_none()).and_then(|fact| fact.from.as_deref());
    let stores: BTreeSet<Option<&str>> = items.iter().map(|item| item.backs_on.as_deref()).collect();
    let stores: Option<Vec<&str>> = stores.into_iter().collect();
    let env = items.iter().filter(|item| item.facts.iter().any(|fact| fact.key == "env")).count();
    let summary = single.map(|item| {
        let written = item.annotation.as_ref().and_then(|annotation| annotation.summary.as_deref());
        clause(&shorten(written.unwrap_or(&item.summary), SUMMARY))
    });
    Point {
        kind: kind.as_str(),
        count: items.len(),
        count_word: count_word(items.len()),
        shown,
        more,
        summary,
        each,
        overlap: sum.and_then(|sum| sum.checked_mul(2)).map(thousands),
        sum: sum.map(thousands),
        set_from: set_from.map(|from| code_short(from, 60)),
        stores: stores.unwrap_or_default().into_iter().map(|store| store_link(layout, store, page)).collect(),
        env,
    }
}

/// The fact that says how much an item may hold at most.
fn bound(item: &Item) -> Option<&Fact> {
    let bounds = |fact: &&Fact| {
        let key = fact.key.rsplit("::").next().unwrap_or_default();
        let words = || key.split('_');
        let upper = words().any(|word| matches!(word, "max" | "maximum" | "capacity" | "size" | "limit" | "bound"))
            && !words().any(|word| matches!(word, "min" | "idle" | "lifetime"));
        upper && fact.unit.as_deref().is_some_and(|unit| matches!(unit, "connections" | "threads" | "workers" | "objects" | "clients"))
    };
    item.facts.iter().find(bounds)
}

fn number(fact: &Fact) -> Option<(i64, Option<&str>)> {
    match &fact.value {
        Some(FactValue::Int(number)) => Some((*number, fact.unit.as_deref())),
        Some(FactValue::Text(text)) => text.parse().ok().map(|number| (number, fact.unit.as_deref())),
        _ => None,
    }
}
