//! What nodes say: the caption, the names, and the numbers. Plain text, short enough for a node of the usual width.

use std::collections::BTreeMap;

use crate::model::{Fact, FactValue, Item, ItemId, Kind, StateMap, Total};
use crate::render::escape::one_line;
use crate::render::title::{Title, label, titles};
use crate::render::words::{proper_name, thousands};

use super::fold::Named;
use super::graph::{Line, Target};
use super::measure::width;

/// Sizes of text in pixels.
pub(super) const NAME: f64 = 12.5;
pub(super) const MORE: f64 = 12.0;
pub(super) const CAPTION: f64 = 11.5;
/// The longest line in pixels: names are cut in the middle, details left out.
const WIDTH: f64 = 166.0;
/// Lines of detail below the name of a single item.
const DETAILS: usize = 3;
/// Names in a node of several items.
const NAMES: usize = 5;

/// What items are called in diagrams.
pub(super) struct Names<'a> {
    titles: BTreeMap<&'a ItemId, Title>,
}

impl<'a> Names<'a> {
    pub(super) fn of(items: &[&'a Item]) -> Self {
        Self { titles: titles(items) }
    }

    /// The short name of an item: its own, or what it is where its own says nothing.
    pub(super) fn name(&self, item: &Item) -> String {
        match item.kind {
            Kind::ExternalStore => store(&item.name),
            Kind::Deployment => {
                let name = item.name.split_once(" of ").map_or(item.name.as_str(), |(part, _)| part);
                let sorts = ["volume ", "Secret ", "ConfigMap ", "PVC ", "VOLUME "];
                one_line(sorts.iter().find_map(|sort| name.strip_prefix(sort)).unwrap_or(name))
            }
            Kind::BackgroundTask if is_server(item) => caption(item),
            _ => self.titles.get(&item.id).map_or_else(|| one_line(&item.name), Title::short),
        }
    }
}

/// What a store is called, without an article.
pub(super) fn store(name: &str) -> String {
    let raw = name.strip_prefix("external-store:").unwrap_or(name);
    // A key of settings, a host or a table is called as it is written.
    let Some(proper) = proper_name(&raw.replace('_', " ")) else { return one_line(raw) };
    ["an ", "a ", "the "].iter().find_map(|article| proper.strip_prefix(article)).unwrap_or(proper).to_owned()
}

/// The lines of a node: one item with its details, or the names of several, heaviest first.
pub(super) fn lines(items: &[&Item], names: &Names<'_>, service: Option<&str>) -> Vec<Line> {
    let [only] = items else { return several(items, &[], names, service) };
    let name = named(&names.name(only), only);
    // A name that says what it is needs no more said.
    let details = if names.name(only) == caption(only) { Vec::new() } else { details(only, service) };
    std::iter::once(name).chain(details.into_iter().take(DETAILS).map(plain)).collect()
}

/// The lines of a node of which no item speaks.
pub(super) fn of_named(named: &[Named]) -> Vec<Line> {
    match named {
        [only] => std::iter::once(line_of(only)).chain(only.more.iter().cloned().map(plain)).collect(),
        several => first_lines(several.iter().map(|one| vec![line_of(one)]).collect(), None),
    }
}

/// The names of several.
pub(super) fn several(items: &[&Item], others: &[Named], names: &Names<'_>, service: Option<&str>) -> Vec<Line> {
    // A few of them have room for a number each.
    let roomy = items.len() + others.len() <= 3;
    let of_item = |item: &&Item| {
        let more = details(item, service).into_iter().take(usize::from(roomy)).map(plain);
        std::iter::once(named(&names.name(item), item)).chain(more).collect()
    };
    let all = items.iter().map(of_item).chain(others.iter().map(|one| vec![line_of(one)])).collect();
    first_lines(all, items.last().map(|item| Target::Kind(item.kind)))
}

/// The first few, and how many more there are. Those that read alike are named once.
fn first_lines(all: Vec<Vec<Line>>, rest: Option<Target>) -> Vec<Line> {
    let count = all.len();
    let mut different: Vec<(Vec<Line>, usize)> = Vec::new();
    for lines in all {
        match different.iter_mut().find(|(known, _)| known[0].text == lines[0].text) {
            Some((_, times)) => *times += 1,
            None => different.push((lines, 1)),
        }
    }
    let shown = if different.len() <= NAMES + 1 { different.len() } else { NAMES };
    different.truncate(shown);
    let mut named = 0;
    let mut out = Vec::new();
    for (mut lines, times) in different {
        let several = format!("{} × {times}", lines[0].text);
        if times > 1 && width(&several, NAME, true) <= WIDTH {
            lines[0].text = several;
            named += times;
        } else {
            named += 1;
        }
        out.extend(lines);
    }
    if count > named {
        out.push(Line { target: rest, ..plain(format!("and {} more", count - named)) });
    }
    out
}

fn line_of(named: &Named) -> Line {
    let text = shortened(&named.name);
    let full = (text != named.name).then(|| named.name.clone());
    Line { text, is_name: true, full, target: named.target.clone() }
}

fn named(name: &str, item: &Item) -> Line {
    // What has no name has an id.
    let name = if name.is_empty() { item.id.as_str() } else { name };
    let text = shortened(name);
    let full = (text != name).then(|| name.to_owned());
    Line { text, is_name: true, full, target: Some(Target::Item(item.id.clone())) }
}

pub(super) fn plain(text: String) -> Line {
    Line { text, is_name: false, full: None, target: None }
}

/// A name of at most [`WIDTH`] pixels: what is cut leaves `…`, and both ends stay, since names differ there.
pub(super) fn shortened(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let cut = |kept: usize| -> String {
        let head: String = chars[..kept.div_ceil(2)].iter().collect();
        let tail: String = chars[chars.len() - kept / 2..].iter().collect();
        format!("{}…{}", head.trim_end(), tail.trim_start())
    };
    if width(name, NAME, true) <= WIDTH {
        return name.to_owned();
    }
    // The narrowest characters are a quarter of the size wide: more than this never fits.
    (0..chars.len().min(60)).rev().map(cut).find(|cut| width(cut, NAME, true) <= WIDTH).unwrap_or_default()
}

/// What answers requests.
pub(super) fn is_server(item: &Item) -> bool {
    let first = item.summary.split(',').next().unwrap_or_default();
    item.kind == Kind::BackgroundTask && first.split(' ').next_back() == Some("server")
}

/// What an item is, in a few words: `moka cache`.
pub(super) fn caption(item: &Item) -> String {
    let what = match item.kind {
        Kind::FsWrite => Some("local file".to_owned()),
        Kind::Deployment => Some(deployed(item)),
        // The frame around it and its shape say that.
        Kind::ExternalStore => Some(String::new()),
        _ => label(item),
    };
    what.map(|what| one_line(&what))
        .filter(|what| width(what, CAPTION, false) <= WIDTH)
        .unwrap_or_else(|| item.kind.as_str().replace('-', " "))
}

fn deployed(item: &Item) -> String {
    let word = item.name.split(' ').next().unwrap_or_default();
    match word {
        "Secret" | "ConfigMap" => word.to_owned(),
        "PVC" => "durable volume".to_owned(),
        "session" => "load balancer".to_owned(),
        "volume" if item.summary.starts_with("folder that lives") => "volume of the pod".to_owned(),
        _ => "volume".to_owned(),
    }
}

/// What is worth a line beside the name: numbers, times, what it survives.
pub(super) fn details(item: &Item, service: Option<&str>) -> Vec<String> {
    let mut out = match item.kind {
        Kind::Pool => pool(item, service),
        Kind::FsWrite => Vec::new(),
        Kind::EmbeddedDb => path(item).into_iter().collect(),
        Kind::Deployment => mounted(item).into_iter().collect(),
        Kind::ExternalStore | Kind::StartupConfig => Vec::new(),
        _ => clauses(item),
    };
    out.extend(survives(item));
    if let Some(size) = item.annotation.as_ref().and_then(|annotation| annotation.size.as_deref()) {
        out.insert(out.len().min(1), one_line(size));
    }
    out.retain(|detail| !detail.is_empty() && width(detail, MORE, false) <= WIDTH);
    out
}

/// At most so many connections, and what they add up to in all replicas.
fn pool(item: &Item, service: Option<&str>) -> Vec<String> {
    let of_service = |total: &&Total| service.is_none_or(|service| total.services.iter().any(|name| name == service));
    let total = item.totals.iter().filter(of_service).max_by_key(|total| total.all);
    let Some(total) = total else { return clauses(item) };
    let mut out = vec![format!("at most {} {}", thousands(total.each), total.unit)];
    if total.replicas > 1 {
        out.push(format!("× {} = {}", total.replicas, thousands(total.all)));
    }
    if let Some(during) = total.during_rollout.filter(|during| *during > total.all) {
        out.push(format!("{} during a rollout", thousands(during)));
    }
    out
}

/// What follows after the first comma of a summary, as far as it is short and tells numbers.
fn clauses(item: &Item) -> Vec<String> {
    let line = one_line(&item.summary);
    let silent = |part: &str| {
        ["one for each", "one value for each", "changes at run time", "gone with it", "map behind", "concurrent map", "value behind"]
            .iter()
            .any(|start| part.starts_with(start))
    };
    crate::render::phrase::clauses(&line)
        .into_iter()
        .skip(1)
        .map(|part| {
            let part = part.split(" unless ").next().unwrap_or_default();
            let part = part.split(" (").next().unwrap_or_default();
            part.replace('`', "").trim().to_owned()
        })
        .filter(|part| !silent(part))
        .collect()
}

fn path(item: &Item) -> Option<String> {
    let text = text(item, "path")?;
    Some(shortened(&one_line(&text)))
}

fn mounted(item: &Item) -> Option<String> {
    let line = one_line(&item.summary);
    let at = line.split_once("mounted at `").or_else(|| line.split_once("mounted read-only at `"))?.1;
    Some(format!("at {}", at.split('`').next()?))
}

/// What a file outlives, by the manifests that are not for development.
fn survives(item: &Item) -> Option<String> {
    let facts = || item.facts.iter().filter(|fact| fact.key == "survives");
    let fact = facts().find(|fact| !told(fact).contains("compose")).or_else(|| facts().next())?;
    let text = told(fact);
    Some(if text.starts_with("nothing") {
        "gone with the container".to_owned()
    } else if text.starts_with("a restart of the container") {
        "gone with the pod".to_owned()
    } else if text.starts_with("the pod") {
        "survives the pod".to_owned()
    } else if text.starts_with("the container") {
        "survives the container".to_owned()
    } else {
        return None;
    })
}

fn text(item: &Item, key: &str) -> Option<String> {
    item.facts.iter().find(|fact| fact.key == key).map(told).filter(|text| !text.is_empty())
}

fn told(fact: &Fact) -> String {
    match &fact.value {
        Some(FactValue::Text(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => fact.from.clone().unwrap_or_default(),
    }
}

/// In how many replicas a service runs: `2 to 10 replicas`.
pub(super) fn replicas(map: &StateMap, service: &str) -> Option<String> {
    let verdict = map.verdicts.iter().find(|verdict| verdict.service == service)?;
    Some(match (verdict.replicas?, verdict.at_most) {
        (least, Some(most)) if most != least => format!("{least} to {most} replicas"),
        (1, _) => "1 replica".to_owned(),
        (count, _) => format!("{count} replicas"),
    })
}
