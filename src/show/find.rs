//! Which item a person means: an id, a pattern, a place, a name, a part of one.

use crate::annotations::Pattern;
use crate::model::{Item, StateMap};

/// At most so many ids are offered when nothing fits.
const OFFERED: usize = 5;
/// Names less alike than this are not offered.
const ALIKE: f64 = 0.75;
/// Longer words are not compared.
const MAX_LENGTH: usize = 256;

/// What a word leads to.
#[derive(Debug, PartialEq)]
pub enum Found<'m> {
    /// One item is meant.
    One(&'m Item),
    /// Each of these may be meant; in the order of the map.
    Several(Vec<&'m Item>),
    /// None; these are spelled most alike, nearest first.
    Nothing(Vec<&'m Item>),
}

/// Finds the item that a word means: by its id, by a pattern over ids, by a place such as `src/db.rs:14`, by its name, by the end
/// of its path, by a part of its name, by a part of its id; what comes first in this list wins.
#[must_use]
pub fn find<'m>(map: &'m StateMap, word: &str) -> Found<'m> {
    let word = word.trim();
    // The id of a hazard names the item that it is about.
    let id = word.split_once('@').filter(|(rule, _)| crate::assess::rule(rule).is_some()).map_or(word, |(_, id)| id);
    if let Some(item) = map.items.iter().find(|item| item.id.as_str() == id) {
        return Found::One(item);
    }
    let lower = word.to_lowercase();
    let pattern = Pattern::new(word).ok();
    let place = word.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<u32>().ok()?)));
    let by_pattern = |item: &Item| pattern.as_ref().is_some_and(|pattern| pattern.matches(item.id.as_str()).is_some());
    let by_place = |item: &Item| place.is_some_and(|(file, line)| is_at(item, file, line));
    let by_name = |item: &Item| item.name == word;
    let by_any_case = |item: &Item| item.name.to_lowercase() == lower;
    let by_end = |item: &Item| ends_with(&item.name.to_lowercase(), &lower) || ends_with(&item.id.as_str().to_lowercase(), &lower);
    let by_part = |item: &Item| item.name.to_lowercase().contains(&lower);
    let by_part_of_id = |item: &Item| item.id.as_str().to_lowercase().contains(&lower);
    let ways: [&dyn Fn(&Item) -> bool; 7] = [&by_pattern, &by_place, &by_name, &by_any_case, &by_end, &by_part, &by_part_of_id];
    for way in ways.iter().filter(|_| !word.is_empty()) {
        let found: Vec<&Item> = map.items.iter().filter(|item| way(item)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Found::One(one),
            _ => return Found::Several(found),
        }
    }
    Found::Nothing(alike(map, &lower))
}

/// `Carts.by_session` ends with `by_session`, `a::b#c` with `b#c`; not with `session`.
fn ends_with(text: &str, end: &str) -> bool {
    text.strip_suffix(end).is_some_and(|before| before.ends_with(['.', ':', '#', '/']))
}

fn is_at(item: &Item, file: &str, line: u32) -> bool {
    let file = file.trim_start_matches("./");
    item.sites.iter().any(|site| {
        let known = site.place.file.as_str();
        site.place.line == line && (known == file || known.strip_suffix(file).is_some_and(|before| before.ends_with('/')))
    })
}

/// The items whose name or id is spelled most alike.
fn alike<'m>(map: &'m StateMap, word: &str) -> Vec<&'m Item> {
    if word.is_empty() || word.len() > MAX_LENGTH {
        return Vec::new();
    }
    let likeness = |item: &Item| {
        let id = item.id.as_str();
        let path = id.split_once(':').map_or(id, |(_, path)| path);
        let last = path.rsplit(['#', ':', '.']).next().unwrap_or_default();
        let texts = [item.name.as_str(), id, path, last];
        let alike = texts.iter().filter(|text| text.len() <= MAX_LENGTH).map(|text| strsim::jaro_winkler(&text.to_lowercase(), word));
        alike.fold(0.0, f64::max)
    };
    let mut found: Vec<(f64, &Item)> = map.items.iter().map(|item| (likeness(item), item)).filter(|(alike, _)| *alike >= ALIKE).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    found.into_iter().take(OFFERED).map(|(_, item)| item).collect()
}
