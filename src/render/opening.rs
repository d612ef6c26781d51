//! The opening paragraph: what the architecture diagram hides, in at most eight points, the most telling first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, Fact, FactValue, Item, Kind, Scope};

use super::item_view::store_link;
use super::layout::{Layout, kind_rank};
use super::phrase::phrase;
use super::rank::{is_threads, weight};
use super::view::{Described, FurtherKind, Opening, Point};
use super::words::{count_word, counted, store_name, thousands};

/// At most so many points are told.
const POINTS: usize = 8;
/// Kinds whose best item weighs less are only counted.
const TELLING: i32 = 20;
/// At most so many points are told of one service among several.
const POINTS_OF_ONE: usize = 4;
/// At most so many items are named in a point.
const NAMED: usize = 3;
/// At most so many items of a kind are described; the rest is counted.
const DESCRIBED: usize = 2;

/// The paragraph about some items: all of them, or those of one service.
pub(crate) fn opening(layout: &Layout<'_>, items: &[&Item], subject: &'static str, page: &str) -> Opening {
    // Constants are shown on request, and are no state to open with.
    let items: Vec<&Item> = items.iter().copied().filter(|item| item.class == Class::Mutable).collect();
    let items = items.as_slice();
    let count = |scopes: &[Scope]| items.iter().filter(|item| scopes.contains(&item.scope)).count();
    let present = by_kind(items);
    // Handlers and subscribers are told only where there is nothing else.
    let telling = present.iter().take_while(|(_, items)| weight(items[0]) >= TELLING).count();
    let (told, left) = present.split_at(if telling == 0 { present.len() } else { telling }.min(POINTS));
    let further =
        left.iter().map(|(kind, items)| FurtherKind { kind: kind.as_str(), count: items.len(), count_word: count_word(items.len()) });
    Opening {
        subject,
        total: items.len(),
        in_process_word: count_word(count(&[Scope::Process, Scope::Thread, Scope::Task])),
        in_process: count(&[Scope::Process, Scope::Thread, Scope::Task]),
        on_disk_word: count_word(count(&[Scope::Host])),
        on_disk: count(&[Scope::Host]),
        points: told.iter().map(|(kind, items)| point(layout, *kind, items, page, DESCRIBED)).collect(),
        further: further.collect(),
        stores: stores(layout, items, page),
    }
}

/// A few points about the items that only some services hold.
pub(crate) fn few_points(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<Point> {
    by_kind(items)
        .iter()
        .filter(|(_, items)| weight(items[0]) >= TELLING)
        .take(POINTS_OF_ONE)
        .map(|(kind, items)| point(layout, *kind, items, page, 1))
        .collect()
}

/// The kinds with their items, the most telling first. Stores are told in a sentence of their own.
fn by_kind<'a>(items: &[&'a Item]) -> Vec<(Kind, Vec<&'a Item>)> {
    let mut kinds: BTreeMap<usize, (Kind, Vec<&Item>)> = BTreeMap::new();
    for &item in items.iter().filter(|item| item.kind != Kind::ExternalStore) {
        kinds.entry(kind_rank(item.kind)).or_insert_with(|| (item.kind, Vec::new())).1.push(item);
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    for (_, items) in &mut kinds {
        items.sort_by_cached_key(|item| (Reverse(weight(item)), item.id.clone()));
    }
    kinds.sort_by_cached_key(|(_, items)| Reverse(weight(items[0])));
    kinds
}

/// The stores behind some items, by name.
fn stores(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<String> {
    // What is called is done to a store; it is none.
    let plain = |item: &&&Item| item.kind == Kind::ExternalStore && item.facts.is_empty() && !item.id.as_str().contains('#');
    let names: BTreeMap<String, &str> = items.iter().filter(plain).map(|item| (store_name(&item.name), item.name.as_str())).collect();
    names.into_values().map(|name| store_link(layout, name, page)).collect()
}

fn point(layout: &Layout<'_>, kind: Kind, items: &[&Item], page: &str, described: usize) -> Point {
    // Runtimes are counted beside pools of connections, and described only where there are no others.
    let (threads, others): (Vec<&Item>, Vec<&Item>) = items.iter().copied().partition(|item| is_threads(item));
    let (told, threads) = if others.is_empty() { (threads, 0) } else { (others, threads.len()) };
    let (shown, more) = layout.some(&told, NAMED, page);
    let bounds: Vec<Option<&Fact>> = told.iter().map(|item| item.bound()).collect();
    let numbers: Option<Vec<(i64, Option<&str>)>> = bounds.iter().map(|bound| bound.and_then(number)).collect();
    // Sums are for connections only: the entries of two caches add up to nothing.
    let numbers = numbers.filter(|numbers| kind == Kind::Pool && numbers.windows(2).all(|pair| pair[0].1 == pair[1].1));
    let (each, sum) = numbers.as_deref().filter(|numbers| numbers.len() > 1).map_or((None, None), |numbers| {
        let unit = numbers[0].1;
        let each = |number| unit.map_or_else(|| thousands(number), |unit| counted(number, unit));
        let same = numbers.iter().all(|(number, _)| *number == numbers[0].0);
        let sum = numbers.iter().try_fold(0_i64, |sum, (number, _)| sum.checked_add(*number));
        (same.then(|| each(numbers[0].0)), sum)
    });
    let stores: BTreeSet<Option<&str>> = told.iter().map(|item| item.backs_on.as_deref()).collect();
    let stores: Option<Vec<&str>> = stores.into_iter().collect();
    let env = told.iter().filter(|item| item.facts.iter().any(|fact| fact.key == "env")).count();
    let firsts: Vec<&Item> = told.iter().copied().filter(|item| layout.first_instance(item).is_none()).collect();
    let firsts = if firsts.is_empty() { told.clone() } else { firsts };
    let described: Vec<Described> = firsts
        .into_iter()
        .take(described)
        .map(|item| {
            let phrase = phrase(item);
            Described { what: phrase.what, ty: phrase.ty, rest: phrase.rest, link: layout.name_link(item, page) }
        })
        .collect();
    let rest = told.len() - described.len().min(told.len());
    Point {
        kind: kind.as_str(),
        count: told.len(),
        count_word: count_word(told.len()),
        threads,
        threads_word: count_word(threads),
        rest,
        rest_word: count_word(rest),
        described,
        shown,
        more,
        each,
        overlap: sum.and_then(|sum| sum.checked_mul(2)).map(thousands),
        sum: sum.map(thousands),
        stores: stores.unwrap_or_default().into_iter().map(|store| store_link(layout, store, page)).collect(),
        env,
    }
}

fn number(fact: &Fact) -> Option<(i64, Option<&str>)> {
    match &fact.value {
        Some(FactValue::Int(number)) => Some((*number, fact.unit.as_deref())),
        Some(FactValue::Text(text)) => text.parse().ok().map(|number| (number, fact.unit.as_deref())),
        _ => None,
    }
}
