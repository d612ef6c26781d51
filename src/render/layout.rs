//! Layout: which items are shown, on which page, and under which anchor each can be linked.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::model::{Class, Item, ItemId, Kind, Scope, StateMap};

use super::RenderOptions;
use super::escape::{code_short, one_line, shorten, slug};
use super::links::Links;
use super::words::capitalized;

/// Kinds in the order in which they are told: what hurts first in an incident comes first.
pub(crate) const ORDER: &[Kind] = &[
    Kind::Pool,
    Kind::Session,
    Kind::Cache,
    Kind::EmbeddedDb,
    Kind::FsWrite,
    Kind::SharedState,
    Kind::Static,
    Kind::Queue,
    Kind::Limiter,
    Kind::ThreadLocal,
    Kind::BackgroundTask,
    Kind::SdkClient,
    Kind::StartupConfig,
    Kind::Lease,
    Kind::ClientHeld,
    Kind::ReferenceData,
    Kind::ExternalStore,
    Kind::Os,
    Kind::Telemetry,
    Kind::Deployment,
];

/// Scopes in the order of a page: what dies first comes first.
pub(crate) const SCOPES: &[Scope] =
    &[Scope::Process, Scope::Thread, Scope::Task, Scope::Host, Scope::Cluster, Scope::Client, Scope::External];

/// Names longer than this are cut.
const NAME: usize = 80;

/// Where an item is told.
#[derive(Debug)]
pub(crate) struct Spot {
    /// The page, relative to the output folder.
    pub(crate) page: String,
    pub(crate) anchor: String,
    /// Whether the anchor must be written, since no heading gives it.
    pub(crate) explicit: bool,
    /// Where the item is, when another of its kind has the same name.
    pub(crate) within: Option<String>,
    /// Told in the table of minor items.
    pub(crate) folded: bool,
}

/// Which items are shown, and where.
pub(crate) struct Layout<'a> {
    pub(crate) map: &'a StateMap,
    pub(crate) links: Links,
    /// The items shown: without constants, unless they are asked for.
    pub(crate) items: Vec<&'a Item>,
    pub(crate) constants_left_out: usize,
    spots: BTreeMap<&'a ItemId, Spot>,
    by_id: BTreeMap<&'a str, &'a Item>,
}

impl<'a> Layout<'a> {
    /// Lays out a map; `page_of` names the page of each kind.
    pub(crate) fn new(map: &'a StateMap, options: &RenderOptions, page_of: impl Fn(Kind) -> String) -> Self {
        let links = Links::new(map.repository.as_deref(), options.revision(map), &options.prefix, &options.link_base);
        let mut items: Vec<&Item> = map.items.iter().filter(|item| options.constants || item.class == Class::Mutable).collect();
        items.sort_by_key(|item| (kind_rank(item.kind), scope_rank(item.scope), &item.id));
        let by_id = map.items.iter().map(|item| (item.id.as_str(), item)).collect();
        let constants_left_out = map.items.len() - items.len();
        let mut layout = Self { map, links, items, constants_left_out, spots: BTreeMap::new(), by_id };
        layout.place(page_of);
        layout
    }

    fn place(&mut self, page_of: impl Fn(Kind) -> String) {
        let minor: BTreeSet<&ItemId> = self.items.iter().filter(|item| is_minor(item)).map(|item| &item.id).collect();
        let mut plain: BTreeMap<(Kind, Scope), usize> = BTreeMap::new();
        let mut names: BTreeMap<(Kind, String), usize> = BTreeMap::new();
        for item in &self.items {
            if minor.contains(&item.id) {
                *plain.entry((item.kind, item.scope)).or_default() += 1;
            }
            *names.entry((item.kind, shown_name(item))).or_default() += 1;
        }
        let blocks: BTreeSet<(Kind, Scope)> =
            self.items.iter().filter(|item| !minor.contains(&item.id)).map(|item| (item.kind, item.scope)).collect();
        let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
        for item in &self.items {
            let group = (item.kind, item.scope);
            let page = page_of(item.kind);
            // A single plain static reads better as a block than as a table of one row.
            let folded = minor.contains(&item.id) && (item.kind != Kind::Static || plain[&group] > 1);
            let spot = if folded {
                let anchor = slug(&table_heading(item.kind, blocks.contains(&group)));
                Spot { page, anchor, explicit: false, within: None, folded }
            } else {
                let alone = names[&(item.kind, shown_name(item))] == 1;
                block_spot(item, page, alone, &mut taken)
            };
            self.spots.insert(&item.id, spot);
        }
    }

    /// Where an item is told; `None` for an item that is not shown.
    pub(crate) fn spot(&self, id: &ItemId) -> Option<&Spot> {
        self.spots.get(id)
    }

    /// Link target of an item as seen from a page.
    pub(crate) fn target(&self, id: &ItemId, from: &str) -> Option<String> {
        let spot = self.spot(id)?;
        Some(format!("{}#{}", relative(from, &spot.page), spot.anchor))
    }

    /// An item by name, linked when it is shown.
    pub(crate) fn link(&self, item: &Item, from: &str) -> String {
        let name = code_short(&item.name, 60);
        match self.target(&item.id, from) {
            Some(target) => format!("[{name}]({target})"),
            None => name,
        }
    }

    /// The first few items, linked, and how many more there are.
    pub(crate) fn some(&self, items: &[&Item], at_most: usize, from: &str) -> (Vec<String>, usize) {
        let (shown, more) = first_few(items.len(), at_most);
        (items[..shown].iter().map(|item| self.link(item, from)).collect(), more)
    }

    /// The item with this id.
    pub(crate) fn item(&self, id: &str) -> Option<&'a Item> {
        self.by_id.get(id).copied()
    }

    /// The item of a store: `postgres` and `external-store:postgres` name the same.
    pub(crate) fn store(&self, backs_on: &str) -> Option<&'a Item> {
        self.item(backs_on).or_else(|| self.item(&format!("external-store:{backs_on}")))
    }

    /// Names of the services that hold an item; empty when all of them do.
    pub(crate) fn services(&self, item: &Item) -> Vec<SmolStr> {
        if item.services.len() >= self.map.services.len() { Vec::new() } else { item.services.clone() }
    }
}

/// How many of a list are shown, and how many are left: `and 1 more` is never said, since the one fits as well.
pub(crate) fn first_few(count: usize, at_most: usize) -> (usize, usize) {
    if count <= at_most + 1 { (count, 0) } else { (at_most, count - at_most) }
}

/// From one page to another, both relative to the output folder; empty within a page.
pub(crate) fn relative(from: &str, to: &str) -> String {
    if from == to {
        return String::new();
    }
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let shared = from[..from.len() - 1].iter().zip(&to[..to.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - 1 - shared);
    format!("{up}{}", to[shared..].join("/"))
}

/// Rank of a kind in [`ORDER`].
pub(crate) fn kind_rank(kind: Kind) -> usize {
    ORDER.iter().position(|&other| other == kind).unwrap_or(ORDER.len())
}

/// Rank of a scope in [`SCOPES`].
pub(crate) fn scope_rank(scope: Scope) -> usize {
    SCOPES.iter().position(|&other| other == scope).unwrap_or(SCOPES.len())
}

/// Heading of the table of minor items.
pub(crate) fn table_heading(kind: Kind, below_blocks: bool) -> String {
    if below_blocks { format!("More {}", kind.plural()) } else { capitalized(kind.plural()) }
}

/// The name as headings show it, before escaping.
pub(crate) fn shown_name(item: &Item) -> String {
    shorten(&one_line(&item.name), NAME).into_owned()
}

/// An item about which a line of a table says everything.
fn is_minor(item: &Item) -> bool {
    if item.class == Class::Constant {
        return true;
    }
    if item.annotation.is_some() || !item.hazards.is_empty() {
        return false;
    }
    let told = item.facts.iter().filter(|fact| fact.key != "type").count();
    match item.kind {
        Kind::StartupConfig | Kind::Telemetry | Kind::FsWrite => told <= 3 && item.doc.as_ref().is_none_or(|doc| doc.len() < 200),
        Kind::Static => told == 0 && item.doc.is_none(),
        _ => false,
    }
}

fn block_spot(item: &Item, page: String, alone: bool, taken: &mut BTreeSet<(String, String)>) -> Spot {
    let name = shown_name(item);
    let (_, path) = item.id.as_str().split_once(':').unwrap_or(("", item.id.as_str()));
    let (function, _) = path.split_once('#').unwrap_or((path, ""));
    let module = function.strip_suffix(item.name.as_str()).map_or(function, |module| module.trim_end_matches("::"));
    let candidates = [(!alone).then_some(module), Some(function), Some(path)];
    let candidates = if alone { vec![None] } else { candidates.into_iter().flatten().map(Some).collect() };
    for within in candidates {
        let within = within.map(|within| shorten(&one_line(within), NAME).into_owned());
        let heading = match &within {
            Some(within) => format!("{}: {name} in {within}", item.kind),
            None => format!("{}: {name}", item.kind),
        };
        let anchor = slug(&heading);
        // GitHub and mdBook agree on ids of plain ASCII headings only.
        if heading.is_ascii() && taken.insert((page.clone(), anchor.clone())) {
            return Spot { page, anchor, explicit: false, within, folded: false };
        }
    }
    let mut anchor: String = slug(&item.id.0.replace([':', '#'], " ")).chars().filter(char::is_ascii).take(60).collect();
    anchor.push_str(&format!("-{:08x}", fnv(item.id.as_str())));
    taken.insert((page.clone(), anchor.clone()));
    let within = (!alone).then(|| shorten(&one_line(path), NAME).into_owned());
    Spot { page, anchor, explicit: true, within, folded: false }
}

/// FNV-1a: short, and the same on every machine.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_scope_has_its_rank() {
        assert_eq!(ORDER.len(), Kind::ALL.len());
        assert_eq!(SCOPES.len(), Scope::ALL.len());
        assert!(Kind::ALL.iter().all(|kind| ORDER.contains(kind)));
        assert!(Scope::ALL.iter().all(|scope| SCOPES.contains(scope)));
    }

    #[test]
    fn pages_link_to_each_other_relatively() {
        assert_eq!(relative("src/index.md", "src/kinds/pool.md"), "kinds/pool.md");
        assert_eq!(relative("src/kinds/pool.md", "src/services/api.md"), "../services/api.md");
        assert_eq!(relative("src/kinds/pool.md", "src/kinds/pool.md"), "");
        assert_eq!(relative("src/kinds/pool.md", "src/index.md"), "../index.md");
    }

    #[test]
    fn one_more_is_never_left_over() {
        assert_eq!(first_few(5, 4), (5, 0));
        assert_eq!(first_few(6, 4), (4, 2));
        assert_eq!(first_few(0, 4), (0, 0));
    }
}
