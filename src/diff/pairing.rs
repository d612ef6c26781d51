//! Which items of two maps are the same state: by id, and where an id changed, only when nothing else could be meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Item, ItemId};

use super::facts;

/// The items of two maps, matched.
pub(super) struct Pairs<'a> {
    /// Before and after.
    pub(super) both: Vec<(&'a Item, &'a Item)>,
    pub(super) removed: Vec<&'a Item>,
    pub(super) added: Vec<&'a Item>,
    /// Old ids by new ones, where they differ.
    pub(super) was: BTreeMap<&'a ItemId, &'a ItemId>,
}

/// Matches the items of two maps.
pub(super) fn pair<'a>(before: &'a [Item], after: &'a [Item]) -> Pairs<'a> {
    let mut out = Pairs { both: Vec::new(), removed: Vec::new(), added: Vec::new(), was: BTreeMap::new() };
    let mut left: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    let mut right: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    let (old_ids, new_ids) = (ids(before), ids(after));
    for item in before {
        left.entry(family(item, &old_ids)).or_default().push(item);
    }
    for item in after {
        right.entry(family(item, &new_ids)).or_default().push(item);
    }
    let mut olds: Vec<&Item> = Vec::new();
    for (name, old) in left {
        let new = right.remove(name).unwrap_or_default();
        olds.extend(match_family(old, new, &mut out));
    }
    out.added.extend(right.into_values().flatten());
    let news = std::mem::take(&mut out.added);
    let (olds, news) = moved(olds, news, |item| Some(moved_key(item)), &mut out);
    let (olds, news) = moved(olds, news, renamed_key, &mut out);
    out.removed = olds;
    out.added = news;
    for list in [&mut out.removed, &mut out.added] {
        list.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.id.cmp(&b.id)));
    }
    out.both.sort_by(|a, b| a.1.kind.cmp(&b.1.kind).then_with(|| a.1.id.cmp(&b.1.id)));
    out.was = out.both.iter().filter(|(old, new)| old.id != new.id).map(|(old, new)| (&new.id, &old.id)).collect();
    out
}

fn ids(items: &[Item]) -> BTreeSet<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

/// The id without the number that breaks a tie: `-2` says which of several comes second in the source, and no more.
fn family<'i>(item: &'i Item, ids: &BTreeSet<&str>) -> &'i str {
    let id = item.id.as_str();
    match id.rsplit_once('-') {
        Some((base, number)) if number.parse::<u32>().is_ok_and(|number| number >= 2) && ids.contains(base) => base,
        _ => id,
    }
}

/// Matches those that share an id but for its number; the old ones that are left over are returned, the new ones become added.
fn match_family<'a>(mut old: Vec<&'a Item>, mut new: Vec<&'a Item>, out: &mut Pairs<'a>) -> Vec<&'a Item> {
    if old.len() + new.len() > 2 {
        // One more that is written above the others gives each the number of the next: what is alike belongs together.
        take_pairs(&mut old, &mut new, |a, b| a.id == b.id && is_alike(a, b), out);
        take_pairs(&mut old, &mut new, is_alike, out);
    }
    take_pairs(&mut old, &mut new, |a, b| a.id == b.id, out);
    take_pairs(&mut old, &mut new, |_, _| true, out);
    out.added.append(&mut new);
    old
}

fn take_pairs<'a>(old: &mut Vec<&'a Item>, new: &mut Vec<&'a Item>, fits: impl Fn(&Item, &Item) -> bool, out: &mut Pairs<'a>) {
    old.retain(|item| match new.iter().position(|other| fits(item, other)) {
        Some(at) => {
            out.both.push((item, new.remove(at)));
            false
        }
        None => true,
    });
}

/// Whether two items say the same of themselves.
fn is_alike(a: &Item, b: &Item) -> bool {
    a.scope == b.scope && a.ty == b.ty && a.backs_on == b.backs_on && facts::told(&a.facts) == facts::told(&b.facts)
}

/// What an item is, apart from where it lies: kind, scope, type, facts, what stands behind it.
fn signature(item: &Item) -> String {
    let mut facts = facts::told(&item.facts);
    facts.sort();
    format!("{}\u{1f}{:?}\u{1f}{:?}\u{1f}{:?}\u{1f}{}", item.kind, item.scope, item.ty, item.backs_on, facts.join("\u{1e}"))
}

/// The same thing in another place: kind, name, what is called, and everything that is known of it. A file that was moved, a crate
/// that has another name.
fn moved_key(item: &Item) -> String {
    let what = item.id.as_str().split_once('#').map_or("", |(_, what)| what);
    let what = what.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok()).map_or(what, |(what, _)| what);
    format!("{}\u{1f}{what}\u{1f}{}", item.name, signature(item))
}

/// The same thing under another name: in the same file, with the same facts, used by the same functions.
fn renamed_key(item: &Item) -> Option<String> {
    let file = item.site()?.place.file.as_str();
    let users: BTreeSet<&str> = item.uses.iter().map(|used| used.function.as_str()).collect();
    if users.is_empty() || item.ty.is_none() {
        return None;
    }
    let users: Vec<&str> = users.into_iter().collect();
    Some(format!("{file}\u{1f}{}\u{1f}{}", signature(item), users.join("\u{1e}")))
}

/// Matches items by a key that one of each side has and no other.
fn moved<'a>(
    old: Vec<&'a Item>,
    new: Vec<&'a Item>,
    key: impl Fn(&Item) -> Option<String>,
    out: &mut Pairs<'a>,
) -> (Vec<&'a Item>, Vec<&'a Item>) {
    let mut by_key: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, item) in old.iter().enumerate() {
        if let Some(key) = key(item) {
            by_key.entry(key).or_default().0.push(at);
        }
    }
    for (at, item) in new.iter().enumerate() {
        if let Some(key) = key(item) {
            by_key.entry(key).or_default().1.push(at);
        }
    }
    let (mut gone, mut come) = (BTreeSet::new(), BTreeSet::new());
    for (olds, news) in by_key.into_values() {
        if let ([one], [other]) = (olds.as_slice(), news.as_slice()) {
            out.both.push((old[*one], new[*other]));
            gone.insert(*one);
            come.insert(*other);
        }
    }
    let rest = |items: Vec<&'a Item>, taken: BTreeSet<usize>| {
        items.into_iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, item)| item).collect()
    };
    (rest(old, gone), rest(new, come))
}
