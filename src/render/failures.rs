//! What is lost when something goes away: a table of events, and each failure in full.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::assess::{Back, Damage, Fate, Loss, damages};
use crate::model::{Item, ItemId, Kind};

use super::escape::code_short;
use super::incidents::Hosts;
use super::item_view::{clause, short_path, store_link};
use super::layout::{Layout, first_few, kind_rank};
use super::rank::weight;
use super::stores::Store;
use super::view::{
    EventLoss, EventView, FailureGroup, FailureRow, FailureRowOfList, FailureView, FurtherKind, ItemLoss, ShortList, StoreLoss,
};
use super::words::{capitalized, count_word, store_name};

/// At most so many sorts of losses are told in a row of the table.
const TOLD: usize = 3;
/// At most so many items are linked of one of them.
const LINKED: usize = 3;
/// At most so many rows are shown of one kind.
const ROWS: usize = 12;
/// At most so many items are linked in such a row.
const ITEMS: usize = 6;
/// At most so many items are named that need nothing.
const NAMED: usize = 8;

/// A row for each failure that hits something.
pub(crate) fn events(layout: &Layout<'_>, service: Option<&str>, page: &str) -> Vec<EventView> {
    let hits = hits(layout, service);
    // Of a store of which only its sort is known, its page says enough.
    let is_news =
        |damage: &&Damage<'_>| damage.losses.iter().any(|loss| loss.item.kind != Kind::ExternalStore || loss.item.annotation.is_some());
    let mut out: Vec<EventView> = hits.iter().filter(is_news).map(|damage| event(layout, &hits, damage, page)).collect();
    let holds_disk = |item: &&&Item| item.scope == crate::model::Scope::Host && held(item, service);
    // That no write to the disk was found is worth a line, too.
    if !out.is_empty() && !layout.items.iter().any(|item| holds_disk(&item)) {
        out.push(EventView {
            event: "the disk of the pod is gone".to_owned(),
            like: None,
            saved: Vec::new(),
            losses: Vec::new(),
            more: 0,
            back: Vec::new(),
        });
    }
    out
}

/// The rows of the page that lists them.
pub(crate) fn listed(layout: &Layout<'_>, page: &str) -> Vec<FailureRowOfList> {
    let hits = hits(layout, None);
    let row = |damage: &Damage<'_>| FailureRowOfList {
        event: event(layout, &hits, damage, page),
        total: damage.losses.len(),
        untested: untested(damage),
    };
    hits.iter().map(row).collect()
}

/// Each failure in full, on its page.
pub(crate) fn failures(layout: &Layout<'_>, page: impl Fn(&str) -> String) -> Vec<FailureView> {
    let hosts = Hosts::of(layout.map);
    hits(layout, None).iter().map(|damage| failure_view(layout, damage, &hosts, &page(damage.failure.id))).collect()
}

/// Where each item is among what failures take: positions of a failure and of its loss.
pub(crate) struct LossIndex<'a>(FxHashMap<&'a ItemId, Vec<(usize, usize)>>);

impl<'a> LossIndex<'a> {
    pub(crate) fn new(damages: &[Damage<'a>]) -> Self {
        let mut out: FxHashMap<&ItemId, Vec<(usize, usize)>> = FxHashMap::default();
        for (at, damage) in damages.iter().enumerate() {
            damage.losses.iter().enumerate().for_each(|(loss, of)| out.entry(&of.item.id).or_default().push((at, loss)));
        }
        Self(out)
    }

    pub(crate) fn of(&self, item: &Item) -> &[(usize, usize)] {
        self.0.get(&item.id).map_or(&[], Vec::as_slice)
    }
}

/// What takes an item away, in the order of the failures.
pub(crate) fn taken_by(layout: &Layout<'_>, damages: &[Damage<'_>], losses: &[(usize, usize)], page: &str) -> Vec<ItemLoss> {
    let mut out: Vec<ItemLoss> = Vec::new();
    for (damage, loss) in losses.iter().map(|(at, loss)| (&damages[*at], &damages[*at].losses[*loss])) {
        let (event, what, back) = (event_link(layout, damage, page), clause(&loss.what), back(layout, loss, page, false));
        // Failures that do the same share a row.
        match out.iter_mut().find(|known| known.what == what && known.back == back) {
            Some(known) => known.events.push(event),
            None => out.push(ItemLoss { events: vec![event], what, back }),
        }
    }
    out
}

/// Who waits while a store is away.
pub(crate) fn away(layout: &Layout<'_>, damages: &[Damage<'_>], store: &str, page: &str) -> Vec<FailureRow> {
    let losses = damages.iter().flat_map(|damage| &damage.losses);
    let of_store = |loss: &&Loss<'_>| {
        let named = loss.store.as_deref().and_then(|name| layout.stores.named(name));
        named.is_some_and(|named| named.key == store)
    };
    rows(layout, &losses.filter(of_store).collect::<Vec<_>>(), page).0
}

/// What is lost with what lies in a store, failure by failure.
pub(crate) fn lost_with(layout: &Layout<'_>, damages: &[Damage<'_>], store: &Store<'_>, page: &str) -> Vec<StoreLoss> {
    let lies_there = |loss: &&Loss<'_>| {
        let mut there = store.items.iter().chain(&store.holds);
        loss.store.is_none() && there.any(|item| item.id == loss.item.id)
    };
    let view = |damage: &Damage<'_>| {
        let losses: Vec<&Loss<'_>> = damage.losses.iter().filter(lies_there).collect();
        let (rows, more) = rows(layout, &losses, page);
        // What frees a claim takes nothing of the store.
        let of_store = losses.iter().any(|loss| store.items.contains(&loss.item));
        of_store.then(|| StoreLoss { event: event_link(layout, damage, page), rows, more })
    };
    damages.iter().filter_map(view).collect()
}

/// What one calls a failure, linked where it has a page.
fn event_link(layout: &Layout<'_>, damage: &Damage<'_>, page: &str) -> String {
    let event = damage.failure.parts().event;
    match layout.failure_target(damage.failure.id, page) {
        Some(target) => format!("[{event}]({target})"),
        None => event.to_owned(),
    }
}

fn held(item: &Item, service: Option<&str>) -> bool {
    service.is_none_or(|service| item.services.iter().any(|name| name == service))
}

/// What each failure does to the items that are shown, what hurts most first.
pub(crate) fn hits<'a>(layout: &Layout<'a>, service: Option<&'a str>) -> Vec<Damage<'a>> {
    let mut damages = damages(layout.map, service);
    for damage in &mut damages {
        damage.losses.retain(|loss| layout.is_shown(&loss.item.id));
        // A store that is emptied comes before what is known of its content.
        let is_part = |loss: &Loss<'_>| loss.item.kind != Kind::ExternalStore || loss.item.id.as_str().contains("::");
        damage.losses.sort_by_cached_key(|loss| (loss.fate, is_part(loss), Reverse(weight(loss.item)), loss.item.id.clone()));
    }
    damages.retain(|damage| !damage.losses.is_empty());
    damages
}

fn untested(damage: &Damage<'_>) -> usize {
    damage.losses.iter().filter(|loss| loss.recovery_test().is_none()).count()
}

/// A row of the table. What a failure does like another one that is told there is not told again.
fn event(layout: &Layout<'_>, hits: &[Damage<'_>], damage: &Damage<'_>, page: &str) -> EventView {
    let like = damage.failure.like.and_then(|(id, words)| Some((hits.iter().find(|other| other.failure.id == id)?, words)));
    let mut there: FxHashMap<&ItemId, Vec<&Loss<'_>>> = FxHashMap::default();
    for loss in like.iter().flat_map(|(other, _)| &other.losses) {
        there.entry(&loss.item.id).or_default().push(loss);
    }
    let known = |loss: &&Loss<'_>| {
        let mut same = there.get(&loss.item.id).into_iter().flatten();
        !same.any(|known| known.what == loss.what || !tells(loss))
    };
    let losses: Vec<&Loss<'_>> = damage.losses.iter().filter(known).collect();
    let mut groups: Vec<(String, Vec<&Loss<'_>>)> = Vec::new();
    for loss in &losses {
        let what = match &loss.store {
            Some(_) => "waits or fails".to_owned(),
            None => clause(first_part(&loss.what)),
        };
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, of)) => of.push(loss),
            None => groups.push((what, vec![loss])),
        }
    }
    let (shown, _) = first_few(groups.len(), TOLD);
    let more = groups[shown..].iter().map(|(_, of)| of.len()).sum();
    groups.truncate(shown);
    let back = brief_backs(layout, &losses, &groups, page);
    let told = |(what, of): (String, Vec<&Loss<'_>>)| {
        let items: Vec<&Item> = of.iter().map(|loss| loss.item).collect();
        let (items, more) = layout.some(&items, LINKED, page);
        EventLoss { items, more, what }
    };
    let saved: Vec<&Item> = damage.saved.iter().copied().filter(|item| like.is_some() && layout.is_shown(&item.id)).collect();
    EventView {
        event: event_link(layout, damage, page),
        like: like.map(|(_, words)| words),
        saved: layout.some(&saved, LINKED, page).0,
        losses: groups.into_iter().map(told).collect(),
        more,
        back,
    }
}

/// Whether a loss says more than that something of a killed pod ends in another manner.
fn tells(loss: &Loss<'_>) -> bool {
    matches!(loss.item.kind, Kind::Pool | Kind::Queue)
}

/// What brings things back, each said once; what is not among the losses that are told is named.
fn brief_backs(layout: &Layout<'_>, losses: &[&Loss<'_>], told: &[(String, Vec<&Loss<'_>>)], page: &str) -> Vec<String> {
    let is_told = |loss: &Loss<'_>| told.iter().any(|(_, of)| of.iter().take(LINKED).any(|other| other.item.id == loss.item.id));
    // What starts over by itself is no news where other things are lost.
    let mut known: Vec<&Loss<'_>> =
        losses.iter().copied().filter(|loss| loss.fate == Fate::Returns || loss.fate == Fate::Disturbed && is_told(loss)).collect();
    known.sort_by_key(|loss| (!is_told(loss), !matches!(loss.back, Back::Said(_))));
    let mut out: Vec<String> = Vec::new();
    for loss in known {
        let Some(said) = back(layout, loss, page, true) else { continue };
        let said = if is_told(loss) { said } else { format!("{}: {said}", layout.link(loss.item, page)) };
        if !out.contains(&said) {
            out.push(said);
        }
    }
    out.truncate(TOLD);
    out
}

/// As much of a text as a narrow table has room for.
fn first_part(text: &str) -> &str {
    let end = text.find("; ").unwrap_or(text.len());
    let text = &text[..end];
    if text.len() > 60 { text.split(": ").next().unwrap_or(text) } else { text }
}

/// What brings it back; `brief` for a table that has no room for places.
fn back(layout: &Layout<'_>, loss: &Loss<'_>, page: &str, brief: bool) -> Option<String> {
    match &loss.back {
        Back::Said(text) => Some(clause(text)),
        Back::Known(text) if brief => Some(clause(first_part(text))),
        Back::Known(text) => Some(clause(text)),
        Back::AtStart(warming) => {
            let by = code_short(short_path(&warming.by), 60);
            let when = if warming.before_serving { "at start-up, before anything is answered" } else { "at start-up" };
            let at =
                if brief { String::new() } else { format!(" ({})", layout.links.short_place(page, &warming.at.file, warming.at.line)) };
            Some(format!("{by} fills it {when}{at}"))
        }
        Back::Tasks(tasks) => {
            let (links, more) = layout.some(tasks, 2, page);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Some(match (tasks.len(), brief) {
                (1, _) => format!("the task {} writes it", links.join(" and ")),
                _ => format!("the tasks {}{more} write it", links.join(" and ")),
            })
        }
        Back::Unknown => None,
    }
}

fn failure_view(layout: &Layout<'_>, damage: &Damage<'_>, hosts: &Hosts<'_>, page: &str) -> FailureView {
    let parts = damage.failure.parts();
    let short = |items: &[&Item]| {
        let shown: Vec<&Item> = items.iter().copied().filter(|item| layout.is_shown(&item.id)).collect();
        let (links, more) = layout.some(&shown, NAMED, page);
        ShortList { count: shown.len(), shown: links, more }
    };
    FailureView {
        id: damage.failure.id,
        title: parts.title,
        about: parts.about,
        first: fitting(parts.first, hosts),
        afterwards: fitting(parts.afterwards, hosts),
        groups: groups(layout, damage, page),
        total: damage.losses.len(),
        untested: untested(damage),
        annotated: damage.losses.iter().filter(|loss| matches!(loss.back, Back::Said(_))).count(),
        remade: remade(layout, &damage.remade),
        saved: short(&damage.saved),
        unplaced: short(&damage.unplaced),
        untouched: damage.untouched.iter().map(|store| store_link(layout, store, page)).collect(),
    }
}

/// The sentences whose commands fit what the service runs on and talks to.
fn fitting(text: &str, hosts: &Hosts<'_>) -> String {
    let sentences: Vec<&str> = text.trim_end_matches('.').split(". ").filter(|sentence| hosts.fits(sentence)).collect();
    let text = sentences.join(". ");
    if text.is_empty() { text } else { format!("{}.", capitalized(&text)) }
}

/// The losses by kind, or by store where the failure is about several; what hurts most first.
fn groups(layout: &Layout<'_>, damage: &Damage<'_>, page: &str) -> Vec<FailureGroup> {
    let mut groups: Vec<(Option<Kind>, Option<&str>, Vec<&Loss<'_>>)> = Vec::new();
    for loss in &damage.losses {
        let store = loss.store.as_deref();
        let kind = store.is_none().then_some(loss.item.kind);
        match groups.iter_mut().find(|(of, at, _)| *of == kind && *at == store) {
            Some((_, _, held)) => held.push(loss),
            None => groups.push((kind, store, vec![loss])),
        }
    }
    let view = |(kind, store, losses): (Option<Kind>, Option<&str>, Vec<&Loss<'_>>)| {
        let (rows, more) = rows(layout, &losses, page);
        FailureGroup {
            kind: kind.map(Kind::as_str),
            store: store.map(|store| capitalized(&store_name(store))),
            store_link: store
                .filter(|store| layout.is_book() && layout.stores.named(store).is_some())
                .map(|store| store_link(layout, store, page)),
            count: losses.len(),
            rows,
            more,
        }
    };
    groups.into_iter().map(view).collect()
}

/// Items of which the same is said share a row.
fn rows(layout: &Layout<'_>, losses: &[&Loss<'_>], page: &str) -> (Vec<FailureRow>, usize) {
    let mut rows: Vec<(FailureRow, Vec<&Item>)> = Vec::new();
    for loss in losses {
        let row = FailureRow {
            items: Vec::new(),
            more: 0,
            what: clause(&loss.what),
            back: back(layout, loss, page, false),
            size: loss.size().map(clause),
            recovery_test: loss.recovery_test().map(clause),
        };
        let same = |known: &FailureRow| {
            known.what == row.what && known.back == row.back && known.size == row.size && known.recovery_test == row.recovery_test
        };
        match rows.iter_mut().find(|(known, _)| same(known)) {
            Some((_, items)) => items.push(loss.item),
            None => rows.push((row, vec![loss.item])),
        }
    }
    let (shown, _) = first_few(rows.len(), ROWS);
    let more = rows[shown..].iter().map(|(_, items)| items.len()).sum();
    rows.truncate(shown);
    let linked = |(row, items): (FailureRow, Vec<&Item>)| {
        let (items, more) = layout.some(&items, ITEMS, page);
        FailureRow { items, more, ..row }
    };
    (rows.into_iter().map(linked).collect(), more)
}

/// How many of each kind hold nothing of their own.
fn remade(layout: &Layout<'_>, items: &[&Item]) -> Vec<FurtherKind> {
    let mut counts: Vec<(Kind, usize)> = Vec::new();
    for item in items.iter().filter(|item| layout.is_shown(&item.id)) {
        match counts.iter_mut().find(|(kind, _)| *kind == item.kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((item.kind, 1)),
        }
    }
    counts.sort_by_key(|(kind, _)| kind_rank(*kind));
    counts.into_iter().map(|(kind, count)| FurtherKind { kind: kind.as_str(), count, count_word: count_word(count) }).collect()
}
