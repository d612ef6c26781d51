//! The opening paragraph: what the architecture diagram hides, in a handful of points, what hurts most first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, DurableMount, Fact, FactValue, Item, Kind, Scope, Total};

use super::escape::code_short;
use super::item_view::{clause, store_link, total_view};
use super::layout::{Layout, kind_rank};
use super::phrase::phrase;
use super::rank::{is_threads, weight};
use super::stores::is_store;
use super::theme::{Fate, Theme, fate, theme};
use super::view::{Described, FurtherKind, Opening, Point, Volumes};
use super::words::{count_word, counted, store_name, thousands};

/// At most so many points are told.
const POINTS: usize = 6;
/// Themes whose best item weighs less are only counted.
const TELLING: i32 = 20;
/// At most so many points are told of one service among several.
const POINTS_OF_ONE: usize = 3;
/// At most so many items are named in a point.
const NAMED: usize = 3;
/// At most so many items of a theme are described; the rest is counted.
const DESCRIBED: usize = 2;
/// At most so many paths of volumes are named.
const VOLUMES: usize = 3;

/// The paragraph about some items: all of them, or those of one service.
pub(crate) fn opening(layout: &Layout<'_>, items: &[&Item], subject: &'static str, page: &str) -> Opening {
    // Constants are shown on request, and are no state to open with.
    let items: Vec<&Item> = items.iter().copied().filter(|item| item.class == Class::Mutable).collect();
    let items = items.as_slice();
    let count = |scopes: &[Scope]| items.iter().filter(|item| scopes.contains(&item.scope)).count();
    let present = by_theme(items);
    // Handlers and subscribers are told only where there is nothing else.
    let is_told = |held: &[&Item]| weight(held[0]) >= TELLING;
    let any = present.iter().any(|(_, held)| is_told(held));
    let (mut told, mut left): (Vec<_>, Vec<_>) = present.into_iter().partition(|(_, held)| !any || is_told(held));
    left.extend(told.split_off(told.len().min(POINTS)));
    Opening {
        subject,
        total: items.len(),
        in_process_word: count_word(count(&[Scope::Process, Scope::Thread, Scope::Task])),
        in_process: count(&[Scope::Process, Scope::Thread, Scope::Task]),
        on_disk_word: count_word(count(&[Scope::Host])),
        on_disk: count(&[Scope::Host]),
        volumes: volumes(layout, items),
        points: told.iter().map(|(theme, held)| point(layout, *theme, held, page, DESCRIBED)).collect(),
        further: further(&left),
        stores: stores(layout, items, page),
    }
}

/// A few points about the items that only some services hold.
pub(crate) fn few_points(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<Point> {
    by_theme(items)
        .iter()
        .filter(|(_, items)| weight(items[0]) >= TELLING)
        .take(POINTS_OF_ONE)
        .map(|(theme, items)| point(layout, *theme, items, page, 1))
        .collect()
}

/// The themes with their items, what hurts most first. Stores are told in a sentence of their own.
fn by_theme<'a>(items: &[&'a Item]) -> Vec<(Theme, Vec<&'a Item>)> {
    let mut themes: BTreeMap<Theme, Vec<&Item>> = BTreeMap::new();
    for &item in items.iter().filter(|item| item.kind != Kind::ExternalStore) {
        themes.entry(theme(item)).or_default().push(item);
    }
    let mut themes: Vec<_> = themes.into_iter().collect();
    for (_, items) in &mut themes {
        // Stores of sessions come before what else tells of people.
        items.sort_by_cached_key(|item| (item.kind == Kind::SharedState, Reverse(weight(item)), item.id.clone()));
    }
    themes
}

/// What found no place among the points, by kind.
fn further(left: &[(Theme, Vec<&Item>)]) -> Vec<FurtherKind> {
    let mut counts: BTreeMap<usize, (Kind, usize)> = BTreeMap::new();
    for item in left.iter().flat_map(|(_, items)| items) {
        counts.entry(kind_rank(item.kind)).or_insert((item.kind, 0)).1 += 1;
    }
    counts.into_values().map(|(kind, count)| FurtherKind { kind: kind.as_str(), count, count_word: count_word(count) }).collect()
}

/// What the manifests of the services say of volumes that stay; a compose file counts where nothing else is deployed.
fn volumes(layout: &Layout<'_>, items: &[&Item]) -> Volumes {
    let services: BTreeSet<&str> = items.iter().flat_map(|item| item.services.iter().map(|service| service.as_str())).collect();
    let own = || layout.map.deployments.iter().filter(|one| one.services.iter().any(|service| services.contains(service.as_str())));
    let for_good = own().any(|one| one.kind != "compose");
    // A unit has the disk of its machine.
    let counted = || own().filter(|one| one.kind != "unit" && (!for_good || one.kind != "compose"));
    // Of a service that no file of the tree deploys, nothing is known.
    let known = !services.is_empty() && services.iter().all(|service| counted().any(|one| one.services.iter().any(|of| of == service)));
    let mut paths: Vec<&DurableMount> = Vec::new();
    for mount in counted().flat_map(|one| &one.durable).filter(|mount| !mount.read_only) {
        if !paths.iter().any(|known| known.path == mount.path) {
            paths.push(mount);
        }
    }
    Volumes {
        known,
        none_found: own().next().is_none(),
        some_files: items.iter().any(|item| item.kind == Kind::Deployment),
        more: paths.len().saturating_sub(VOLUMES),
        paths: paths.into_iter().take(VOLUMES).map(|mount| code_short(&mount.path, 60)).collect(),
    }
}

/// The stores behind some items, by name.
fn stores(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<String> {
    let plain = |item: &&&Item| is_store(item);
    let names: BTreeMap<String, &str> = items.iter().filter(plain).map(|item| (store_name(&item.name), item.name.as_str())).collect();
    names.into_values().map(|name| store_link(layout, name, page)).collect()
}

fn point(layout: &Layout<'_>, theme: Theme, items: &[&Item], page: &str, described: usize) -> Point {
    // Runtimes are counted beside pools of connections, and described only where there are no others.
    let (threads, others): (Vec<&Item>, Vec<&Item>) = items.iter().copied().partition(|item| is_threads(item));
    let (told, threads) = if others.is_empty() { (threads, 0) } else { (others, threads.len()) };
    // Files are named by their paths; a database is described.
    let (files, told): (Vec<&Item>, Vec<&Item>) = told.into_iter().partition(|item| item.kind == Kind::FsWrite);
    let (named, named_more) = layout.some(&files, NAMED, page);
    let kind = told.first().or(files.first()).map_or(Kind::FsWrite, |item| item.kind);
    let (shown, more) = layout.some(&told, NAMED, page);
    let bounds: Vec<Option<&Fact>> = told.iter().map(|item| item.bound()).collect();
    let numbers: Option<Vec<(i64, Option<&str>)>> = bounds.iter().map(|bound| bound.and_then(number)).collect();
    // Sums are for connections only: the entries of two caches add up to nothing. What manifests multiply is told with it.
    let multiplied = told.iter().any(|item| !item.totals.is_empty());
    // Pools of several stores add up to nothing either, and of those that one function makes in its branches one is there.
    let adds_up = {
        let stores: BTreeSet<Option<&str>> = told.iter().map(|item| item.backs_on.as_deref()).collect();
        let makers: Vec<Option<&str>> = told.iter().map(|item| item.site().and_then(|site| site.function.as_deref())).collect();
        let apart = makers.iter().enumerate().all(|(at, maker)| maker.is_none() || !makers[..at].contains(maker));
        stores.len() == 1 && (apart || told.len() == 2)
    };
    let numbers =
        numbers.filter(|numbers| kind == Kind::Pool && !multiplied && adds_up && numbers.windows(2).all(|pair| pair[0].1 == pair[1].1));
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
    let (described, told_of) = describe_few(layout, &firsts, page, described);
    let rest = told.len() - told_of.min(told.len());
    let rest_kind = told.last().map_or(kind, |item| item.kind);
    let fates: BTreeSet<Fate> = items.iter().filter(|_| theme == Theme::Lost).map(|item| fate(item)).collect();
    Point {
        kind: kind.as_str(),
        count: told.len(),
        count_word: count_word(told.len()),
        threads,
        threads_word: count_word(threads),
        rest,
        rest_word: count_word(rest),
        rest_kind: rest_kind.as_str(),
        described,
        files: files.len(),
        files_word: count_word(files.len()),
        named,
        named_more,
        fate: match fates.into_iter().collect::<Vec<_>>().as_slice() {
            [Fate::Container] => Some("container"),
            [Fate::Pod] => Some("pod"),
            [Fate::Container, Fate::Pod] => Some("either"),
            _ => None,
        },
        shown,
        more,
        each,
        overlap: sum.and_then(|sum| sum.checked_mul(2)).map(thousands),
        sum: sum.map(thousands),
        stores: stores.unwrap_or_default().into_iter().map(|store| store_link(layout, store, page)).collect(),
        env,
    }
}

/// An item in words, with what people say of it and what its replicas add up to.
fn describe(layout: &Layout<'_>, item: &Item, page: &str) -> Described {
    let mut phrase = phrase(item);
    // What manifests set is what holds where the service runs.
    if let Some(each) = each_of(&item.totals)
        && let Some((what, bound)) = phrase.what.split_once(" of at most ")
    {
        let unit = bound.split_once(' ').map_or("", |(_, unit)| unit);
        phrase.what = format!("{what} of at most {} {unit}", thousands(each)).trim_end().to_owned();
        phrase.rest = String::new();
    }
    let annotation = item.annotation.as_ref();
    let said = annotation.map(|annotation| {
        let rebuilt = annotation.rebuild.as_deref().map(rebuilt);
        [annotation.size.as_deref().map(clause), rebuilt].into_iter().flatten().collect::<Vec<_>>()
    });
    let written = annotation.filter(|annotation| annotation.summary.is_some() || annotation.size.is_some() || annotation.rebuild.is_some());
    let at = written.and_then(|annotation| annotation.places.first());
    Described {
        what: phrase.what,
        // The name of a store says what it is; how it is locked is told on its own page.
        ty: phrase.ty.filter(|_| item.kind != Kind::Session),
        link: layout.name_link(item, page),
        links: Vec::new(),
        rest: phrase.rest,
        said: said.unwrap_or_default(),
        annotated_at: at.map(|at| layout.links.short_place(page, &at.file, at.line)),
        mounted: mounted(item),
        set_by: each_of(&item.totals)
            .and(item.totals.first())
            .filter(|total| total.each_from.is_some())
            .map(|total| total_view(layout, total, page)),
        totals: item.totals.iter().map(|total| total_view(layout, total, page)).collect(),
    }
}

/// How the content comes back: `at start-up by a scan` follows a verb, a whole sentence does not.
fn rebuilt(rebuild: &str) -> String {
    const AFTER_A_VERB: &[&str] = &["at", "by", "from", "in", "on", "within", "after", "when", "during", "once", "with", "through"];
    let first = rebuild.split_whitespace().next().unwrap_or_default();
    let verb = if AFTER_A_VERB.contains(&first) { "rebuilt" } else { "rebuild:" };
    format!("{verb} {}", clause(rebuild))
}

/// The number of one process, when all workloads have the same.
fn each_of(totals: &[Total]) -> Option<i64> {
    let (first, others) = totals.split_first()?;
    others.iter().all(|other| other.each == first.each).then_some(first.each)
}

/// Where a Secret is mounted.
fn mounted(item: &Item) -> Option<String> {
    let fact = item.facts.iter().find(|fact| item.kind == Kind::Deployment && fact.key == "mounted")?;
    let value = fact.value.as_ref()?.to_string();
    let (path, read_only) = value.split_once(", ").map_or((value.as_str(), ""), |(path, _)| (path, "read-only "));
    Some(format!("{read_only}at {}", code_short(path, 60)))
}

/// The first few items in words, and how many they are: those of which the same is said are told together.
fn describe_few(layout: &Layout<'_>, items: &[&Item], page: &str, at_most: usize) -> (Vec<Described>, usize) {
    let (mut out, mut told): (Vec<Described>, usize) = (Vec::new(), 0);
    for item in items {
        let one = describe(layout, item, page);
        let says_more = |one: &Described| !one.totals.is_empty() || !one.said.is_empty() || one.annotated_at.is_some();
        let alike = |other: &&mut Described| {
            (&other.what, &other.rest, &other.ty) == (&one.what, &one.rest, &one.ty) && !says_more(other) && !says_more(&one)
        };
        let full = out.len() == at_most;
        match out.iter_mut().find(alike) {
            // The others are counted.
            Some(other) if other.links.len() + 1 == NAMED => {}
            Some(other) => {
                other.links.push(one.link);
                told += 1;
            }
            None if full => break,
            None => {
                out.push(one);
                told += 1;
            }
        }
    }
    (out, told)
}

fn number(fact: &Fact) -> Option<(i64, Option<&str>)> {
    match &fact.value {
        Some(FactValue::Int(number)) => Some((*number, fact.unit.as_deref())),
        Some(FactValue::Text(text)) => text.parse().ok().map(|number| (number, fact.unit.as_deref())),
        _ => None,
    }
}
