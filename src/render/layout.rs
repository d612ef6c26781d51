//! Layout: which items are shown, on which page, and under which anchor each can be linked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::model::{Class, Item, ItemId, Kind, Provenance, Scope, StateMap};

use super::RenderOptions;
use super::escape::{code, code_short, slug};
use super::hazards::anchor_target;
use super::links::Links;
use super::rank::{is_described, is_threads, weight};
use super::title::{Title, titles};
use super::words::{capitalized, is_loss, store_name};

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

/// Where an item is told.
#[derive(Debug)]
pub(crate) struct Spot {
    /// The page, relative to the output folder.
    pub(crate) page: String,
    pub(crate) anchor: String,
    /// Whether the anchor must be written, since no heading gives it.
    pub(crate) explicit: bool,
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
    /// The page on which hazards are told in full; empty when there is none.
    pub(crate) hazards_page: String,
    spots: BTreeMap<&'a ItemId, Spot>,
    /// Headings of the tables of minor items.
    headings: BTreeMap<(Kind, Scope), String>,
    titles: BTreeMap<&'a ItemId, Title>,
    by_id: BTreeMap<&'a str, &'a Item>,
}

impl<'a> Layout<'a> {
    /// Lays out a map; `page_of` names the page of each kind, `hazards_page` that of the hazards.
    pub(crate) fn new(map: &'a StateMap, options: &RenderOptions, hazards_page: &str, page_of: impl Fn(Kind) -> String) -> Self {
        let links = Links::new(map.repository.as_deref(), options.revision(map), &options.prefix, options.link_base.as_deref());
        let mut items: Vec<&Item> = map.items.iter().filter(|item| options.constants || item.class == Class::Mutable).collect();
        items.sort_by_cached_key(|item| (kind_rank(item.kind), scope_rank(item.scope), Reverse(weight(item)), &item.id));
        let titles = titles(&items);
        let by_id = map.items.iter().map(|item| (item.id.as_str(), item)).collect();
        let constants_left_out = map.items.len() - items.len();
        let hazards_page = hazards_page.to_owned();
        let mut layout =
            Self { map, links, items, constants_left_out, hazards_page, spots: BTreeMap::new(), headings: BTreeMap::new(), titles, by_id };
        layout.place(page_of);
        layout
    }

    fn place(&mut self, page_of: impl Fn(Kind) -> String) {
        let minor: BTreeSet<&ItemId> = self.items.iter().filter(|item| is_minor(item)).map(|item| &item.id).collect();
        let mut plain: BTreeMap<(Kind, Scope), usize> = BTreeMap::new();
        for item in &self.items {
            if minor.contains(&item.id) {
                *plain.entry((item.kind, item.scope)).or_default() += 1;
            }
        }
        let blocks: BTreeSet<(Kind, Scope)> =
            self.items.iter().filter(|item| !minor.contains(&item.id)).map(|item| (item.kind, item.scope)).collect();
        self.headings = headings(&plain, &blocks);
        let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
        for item in &self.items {
            let group = (item.kind, item.scope);
            let page = page_of(item.kind);
            // A single one reads better as a block than as a table of one row.
            let single = matches!(item.kind, Kind::Static | Kind::Pool | Kind::Os) && plain.get(&group) == Some(&1);
            let folded = minor.contains(&item.id) && !single;
            let spot = if folded {
                let anchor = slug(&self.table_heading(item.kind, item.scope));
                Spot { page, anchor, explicit: false, folded }
            } else {
                block_spot(item, &self.titles[&item.id].plain(), page, &mut taken)
            };
            self.spots.insert(&item.id, spot);
        }
    }

    /// Heading of the table of minor items of a kind and scope.
    pub(crate) fn table_heading(&self, kind: Kind, scope: Scope) -> String {
        self.headings.get(&(kind, scope)).cloned().unwrap_or_else(|| capitalized(kind.plural()))
    }

    /// Whether an item is shown at all, here or elsewhere.
    pub(crate) fn is_shown(&self, id: &ItemId) -> bool {
        self.titles.contains_key(id)
    }

    /// Where an item is told; `None` for an item that is not shown.
    pub(crate) fn spot(&self, id: &ItemId) -> Option<&Spot> {
        self.spots.get(id)
    }

    /// Items are named from here on, and not linked: nothing tells of them.
    pub(crate) fn link_nothing(&mut self) {
        self.spots.clear();
    }

    /// Link target of an item as seen from a page.
    pub(crate) fn target(&self, id: &ItemId, from: &str) -> Option<String> {
        let spot = self.spot(id)?;
        Some(format!("{}#{}", relative(from, &spot.page), spot.anchor))
    }

    /// What an item is called, as Markdown.
    pub(crate) fn title(&self, item: &Item) -> String {
        // Of a store that others name, more than its name is not known.
        if item.kind == Kind::ExternalStore && self.spot(&item.id).is_some_and(|spot| spot.folded) {
            // What is done to a store is no store: it is told by what it is and where.
            return if item.id.as_str().contains('#') {
                format!("{} in {}", super::item_view::clause(&item.summary), code_short(&item.name, 60))
            } else {
                store_name(&item.name)
            };
        }
        self.titles.get(&item.id).map_or_else(|| code_short(&item.name, 60), Title::markdown)
    }

    /// The same with each item told where these say, and nowhere else: the page and the anchor, which is written out there.
    pub(crate) fn told_at(mut self, places: BTreeMap<ItemId, (String, String)>) -> Self {
        let spot = |(page, anchor): &(String, String)| Spot { page: page.clone(), anchor: anchor.clone(), explicit: true, folded: false };
        self.spots = self.items.iter().filter_map(|item| Some((&item.id, spot(places.get(&item.id)?)))).collect();
        self
    }

    /// A rule, linked to what is told of it.
    pub(crate) fn hazard_link(&self, rule: &str, from: &str) -> String {
        match anchor_target(rule, from, &self.hazards_page) {
            Some(target) => format!("[{}]({target})", code(rule)),
            None => code(rule),
        }
    }

    /// The first instance of what an item is a further instance of.
    pub(crate) fn first_instance(&self, item: &Item) -> Option<&'a Item> {
        self.titles.get(&item.id).and_then(Title::first).and_then(|first| self.item(first.as_str()))
    }

    /// An item by what it is called, linked when it is shown.
    pub(crate) fn link(&self, item: &Item, from: &str) -> String {
        let name = self.title(item);
        match self.target(&item.id, from) {
            Some(target) => format!("[{name}]({target})"),
            None => name,
        }
    }

    /// An item by its name alone, linked when it is shown: for places that say beside it what it is.
    pub(crate) fn name_link(&self, item: &Item, from: &str) -> String {
        let name = self.titles.get(&item.id).map_or_else(|| code_short(&item.name, 60), Title::name);
        match self.target(&item.id, from) {
            Some(target) => format!("[{name}]({target})"),
            None => name,
        }
    }

    /// The first few items, linked, and how many more there are. Those that read the same are named once.
    pub(crate) fn some(&self, items: &[&Item], at_most: usize, from: &str) -> (Vec<String>, usize) {
        let mut links: Vec<(String, usize)> = Vec::new();
        let mut known: FxHashMap<String, usize> = FxHashMap::default();
        for item in items {
            let link = self.link(item, from);
            match known.get(&link) {
                Some(&at) => links[at].1 += 1,
                None => {
                    known.insert(link.clone(), links.len());
                    links.push((link, 1));
                }
            }
        }
        let (shown, _) = first_few(links.len(), at_most);
        let more = links[shown..].iter().map(|(_, count)| count).sum();
        (links.into_iter().take(shown).map(|(link, _)| link).collect(), more)
    }

    /// The item with this id.
    pub(crate) fn item(&self, id: &str) -> Option<&'a Item> {
        self.by_id.get(id).copied()
    }

    /// The item of a store: `postgres` and `external-store:postgres` name the same.
    pub(crate) fn store(&self, backs_on: &str) -> Option<&'a Item> {
        let name = backs_on.rsplit_once(':').map_or(backs_on, |(_, name)| name);
        let named = |item: &&&'a Item| item.kind == Kind::ExternalStore && item.name == name;
        self.item(backs_on).or_else(|| self.items.iter().find(named).copied())
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

/// The headings of all tables: a kind that lives in two scopes has two, and each needs an anchor of its own.
fn headings(tables: &BTreeMap<(Kind, Scope), usize>, blocks: &BTreeSet<(Kind, Scope)>) -> BTreeMap<(Kind, Scope), String> {
    let mut groups: Vec<(Kind, Scope)> = tables.keys().chain(blocks).copied().collect();
    groups.sort_by_key(|(kind, scope)| (kind_rank(*kind), scope_rank(*scope)));
    groups.dedup();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut out = BTreeMap::new();
    for (kind, scope) in groups {
        let mut heading = table_heading(kind, blocks.contains(&(kind, scope)));
        if tables.contains_key(&(kind, scope)) && !taken.insert(heading.clone()) {
            heading = format!("{heading}, {}", scope.plural());
            taken.insert(heading.clone());
        }
        out.insert((kind, scope), heading);
    }
    out
}

/// Heading of the table of minor items.
fn table_heading(kind: Kind, below_blocks: bool) -> String {
    if below_blocks && kind == Kind::Deployment {
        "More of the deployment".to_owned()
    } else if below_blocks {
        format!("More {}", kind.plural())
    } else {
        capitalized(kind.plural())
    }
}

/// An item about which a line of a table says everything.
fn is_minor(item: &Item) -> bool {
    if item.class == Class::Constant {
        return true;
    }
    if is_described(item) || !item.hazards.is_empty() {
        return false;
    }
    // What stands in a column of its own, or is one more line on an object, makes no block.
    let beside = |fact: &&crate::model::Fact| {
        !matches!(fact.key.as_str(), "type" | "mount" | "mounted" | "survives" | "needed" | "change seen" | "decides" | "counted_in")
    };
    let told = item.facts.iter().filter(beside).count();
    match item.kind {
        Kind::StartupConfig | Kind::Telemetry | Kind::FsWrite => told <= 3 && item.doc.as_ref().is_none_or(|doc| doc.len() < 200),
        Kind::Static => told == 0 && item.doc.is_none(),
        Kind::ExternalStore => told == 0,
        Kind::Deployment => told <= 3 && item.lost.is_none(),
        Kind::Pool => is_threads(item) && is_standard(item),
        Kind::Os => item.lost.as_deref().is_some_and(|lost| !is_loss(lost)) && told <= 2,
        _ => false,
    }
}

/// Nothing was set: every number is the library's.
fn is_standard(item: &Item) -> bool {
    item.facts.iter().all(|fact| fact.provenance == Provenance::Default || fact.key == "type")
}

fn block_spot(item: &Item, title: &str, page: String, taken: &mut BTreeSet<(String, String)>) -> Spot {
    let heading = format!("{}: {title}", item.kind);
    let anchor = slug(&heading);
    // GitHub and mdBook agree on ids of plain ASCII headings only.
    if heading.is_ascii() && taken.insert((page.clone(), anchor.clone())) {
        return Spot { page, anchor, explicit: false, folded: false };
    }
    let anchor = written_anchor(&item.id);
    taken.insert((page.clone(), anchor.clone()));
    Spot { page, anchor, explicit: true, folded: false }
}

/// An anchor for an item that no heading of the page can take.
pub(crate) fn written_anchor(id: &ItemId) -> String {
    let mut anchor: String = slug(&id.0.replace([':', '#'], " ")).chars().filter(char::is_ascii).take(60).collect();
    anchor.push_str(&format!("-{:08x}", fnv(id.as_str())));
    anchor
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
