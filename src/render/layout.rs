//! Layout: which items are shown, on which page, and under which anchor each can be linked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::assess::{Cause, SYMPTOMS, Symptom};
use crate::model::{Class, Fact, Hazard, Item, ItemId, Kind, Provenance, Scope, StateMap};

use super::RenderOptions;
use super::escape::{code, code_short, inline, slug};
use super::files::{
    HAZARDS, failure_page, hazard_page, incident_page, item_page, kind_page, owner_page, relative, service_page, stems, with_hash,
};
use super::links::Links;
use super::own_page::own_pages;
use super::rank::{is_described, is_threads, weight};
use super::stores::{Stores, is_api, is_store, stores};
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
    /// The page is about this item and nothing else.
    pub(crate) own_page: bool,
}

/// Which items are shown, and where.
pub(crate) struct Layout<'a> {
    pub(crate) map: &'a StateMap,
    pub(crate) links: Links,
    /// The items shown: without constants, unless they are asked for.
    pub(crate) items: Vec<&'a Item>,
    pub(crate) constants_left_out: usize,
    /// The folder of the pages, in a book.
    folder: Option<String>,
    /// The page on which hazards are told in full, where the pages are no book; empty when there is none.
    hazards_page: String,
    /// The stores that have a page in a book.
    pub(crate) stores: Stores<'a>,
    /// What one may see, with the items that can cause it.
    pub(crate) symptoms: Vec<(&'static Symptom, Vec<Cause<'a>>)>,
    /// Which of them each item can cause, and why: positions of a symptom and of its cause.
    caused: FxHashMap<&'a ItemId, Vec<(usize, usize)>>,
    spots: BTreeMap<&'a ItemId, Spot>,
    /// Headings of the tables of minor items.
    headings: BTreeMap<(Kind, Scope), String>,
    /// The lines of these tables.
    minor: BTreeSet<&'a ItemId>,
    titles: BTreeMap<&'a ItemId, Title>,
    by_id: BTreeMap<&'a str, &'a Item>,
    /// Stems of the files of services and owners, and of the anchors of hazards.
    services: BTreeMap<&'a str, String>,
    owners: BTreeMap<String, String>,
    hazards: Vec<String>,
}

impl<'a> Layout<'a> {
    /// Lays out a map on pages that are no book: `page_of` names that of each kind, `hazards_page` that of the hazards.
    pub(crate) fn new(map: &'a StateMap, options: &RenderOptions, hazards_page: &str, page_of: impl Fn(Kind) -> String) -> Self {
        let mut layout = Self::of(map, options);
        hazards_page.clone_into(&mut layout.hazards_page);
        layout.head_tables();
        layout.place(page_of);
        layout.find_causes();
        layout
    }

    /// Lays out a map as a book whose pages lie in `folder`: `src` in a book of its own.
    pub(crate) fn book(map: &'a StateMap, options: &RenderOptions, folder: &str) -> Self {
        let mut layout = Self::of(map, options);
        layout.folder = Some(folder.to_owned());
        layout.head_tables();
        layout.place_in_book();
        layout.find_causes();
        layout
    }

    fn of(map: &'a StateMap, options: &RenderOptions) -> Self {
        let links = Links::new(map.repository.as_deref(), options.revision(map), &options.prefix, options.link_base.as_deref());
        let mut items: Vec<&Item> = map.items.iter().filter(|item| options.constants || item.class == Class::Mutable).collect();
        items.sort_by_cached_key(|item| (kind_rank(item.kind), scope_rank(item.scope), Reverse(weight(item)), &item.id));
        let titles = titles(&items);
        let named: Vec<&str> = items.iter().filter_map(|item| item.annotation.as_ref()?.owner.as_deref()).collect();
        // One owner of everything needs no page.
        let of_all = options.owner.as_deref().filter(|_| !named.is_empty());
        let owners = stems(named.into_iter().chain(of_all)).into_iter().map(|(name, stem)| (name.to_owned(), stem)).collect();
        Self {
            map,
            links,
            constants_left_out: map.items.len() - items.len(),
            folder: None,
            hazards_page: String::new(),
            stores: stores(&items),
            symptoms: Vec::new(),
            caused: FxHashMap::default(),
            spots: BTreeMap::new(),
            headings: BTreeMap::new(),
            minor: BTreeSet::new(),
            titles,
            by_id: map.items.iter().map(|item| (item.id.as_str(), item)).collect(),
            services: stems(map.services.iter().map(|service| service.name.as_str())),
            owners,
            hazards: hazard_anchors(&map.hazards),
            items,
        }
    }

    /// The symptoms that items which are shown can cause.
    fn causes(&self) -> Vec<(&'static Symptom, Vec<Cause<'a>>)> {
        let of = |symptom: &'static Symptom| {
            let mut causes = symptom.causes(self.map);
            causes.retain(|cause| self.is_shown(&cause.item.id));
            (!causes.is_empty()).then_some((symptom, causes))
        };
        SYMPTOMS.iter().filter_map(of).collect()
    }

    /// Which items are lines of tables, and the headings of these.
    fn head_tables(&mut self) {
        let minor: BTreeSet<&ItemId> = self.items.iter().filter(|item| is_minor(item)).map(|item| &item.id).collect();
        let mut plain: BTreeMap<(Kind, Scope), usize> = BTreeMap::new();
        for item in self.items.iter().filter(|item| minor.contains(&item.id)) {
            *plain.entry((item.kind, item.scope)).or_default() += 1;
        }
        let blocks: BTreeSet<(Kind, Scope)> =
            self.items.iter().filter(|item| !minor.contains(&item.id)).map(|item| (item.kind, item.scope)).collect();
        self.headings = headings(&plain, &blocks);
        // A single one reads better as a block than as a table of one row.
        let single =
            |item: &Item| matches!(item.kind, Kind::Static | Kind::Pool | Kind::Os) && plain.get(&(item.kind, item.scope)) == Some(&1);
        self.minor = self.items.iter().filter(|item| minor.contains(&item.id) && !single(item)).map(|item| &item.id).collect();
    }

    fn place(&mut self, page_of: impl Fn(Kind) -> String) {
        let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
        for item in &self.items {
            let page = page_of(item.kind);
            let spot = if self.minor.contains(&item.id) {
                let anchor = slug(&self.table_heading(item.kind, item.scope));
                Spot { page, anchor, explicit: false, folded: true, own_page: false }
            } else {
                block_spot(item, &self.titles[&item.id].plain(), page, &mut taken)
            };
            self.spots.insert(&item.id, spot);
        }
    }

    /// In a book an anchor is made of the id alone.
    fn place_in_book(&mut self) {
        let stems = stems(self.items.iter().map(|item| item.id.as_str()));
        let own = own_pages(&self.items, &self.map.hazards);
        for &item in &self.items {
            let anchor = stems[item.id.as_str()].clone();
            let store = self.stores.told_of(item);
            let own_page = own.contains(&item.id) && store.is_none();
            let page = match store {
                Some(store) => self.moved(&store.page()),
                None if own_page => self.moved(&item_page(&anchor)),
                None => self.moved(&kind_page(item.kind)),
            };
            // An HTTP API is a line in the table of them.
            let folded = !own_page && (is_store(item) || is_api(item) || self.minor.contains(&item.id));
            self.spots.insert(&item.id, Spot { page, anchor, explicit: true, folded, own_page });
        }
    }

    /// A page of the book in its folder.
    pub(crate) fn moved(&self, page: &str) -> String {
        let folder = self.folder.as_deref().unwrap_or("src");
        format!("{folder}/{}", page.strip_prefix("src/").unwrap_or(page))
    }

    /// Heading of the table of minor items of a kind and scope.
    pub(crate) fn table_heading(&self, kind: Kind, scope: Scope) -> String {
        self.headings.get(&(kind, scope)).cloned().unwrap_or_else(|| capitalized(kind.plural()))
    }

    fn find_causes(&mut self) {
        self.symptoms = self.causes();
        for (at, (_, causes)) in self.symptoms.iter().enumerate() {
            for (why, cause) in causes.iter().enumerate() {
                let of_item = self.caused.entry(&cause.item.id).or_default();
                if of_item.last().is_none_or(|(last, _)| *last != at) {
                    of_item.push((at, why));
                }
            }
        }
    }

    /// What one may see that an item can cause.
    pub(crate) fn caused_by(&self, item: &Item) -> impl Iterator<Item = (&'static Symptom, &Cause<'a>)> {
        let of_item = self.caused.get(&item.id).into_iter().flatten();
        of_item.map(|(at, why)| (self.symptoms[*at].0, &self.symptoms[*at].1[*why]))
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
        Some(match spot.own_page && spot.page != from {
            true => relative(from, &spot.page),
            false => format!("{}#{}", relative(from, &spot.page), spot.anchor),
        })
    }

    /// Whether the pages are those of a book.
    pub(crate) fn is_book(&self) -> bool {
        self.folder.is_some()
    }

    /// What an item is called, as Markdown.
    pub(crate) fn title(&self, item: &Item) -> String {
        // Of a store that others name, more than its name is not known.
        if item.kind == Kind::ExternalStore && self.spot(&item.id).is_some_and(|spot| spot.folded) {
            if is_store(item) {
                return store_name(&item.name);
            }
            // What is done to a store is no store: it is told by what it is and where.
            if item.id.as_str().contains('#') {
                return format!("{} in {}", super::item_view::clause(&item.summary), code_short(&item.name, 60));
            }
        }
        self.titles.get(&item.id).map_or_else(|| code_short(&item.name, 60), Title::markdown)
    }

    /// The same with each item told where these say, and nowhere else: the page and the anchor, which is written out there.
    pub(crate) fn told_at(mut self, places: BTreeMap<ItemId, (String, String)>) -> Self {
        let spot = |(page, anchor): &(String, String)| Spot {
            page: page.clone(),
            anchor: anchor.clone(),
            explicit: true,
            folded: false,
            own_page: false,
        };
        self.spots = self.items.iter().filter_map(|item| Some((&item.id, spot(places.get(&item.id)?)))).collect();
        self
    }

    /// A rule, linked to what is told of it.
    pub(crate) fn hazard_link(&self, rule: &str, from: &str) -> String {
        match self.rule_target(rule, from) {
            Some(target) => format!("[{}]({target})", code(rule)),
            None => code(rule),
        }
    }

    /// Where a rule is told with all that it found; none where no page does.
    pub(crate) fn rule_target(&self, rule: &str, from: &str) -> Option<String> {
        match self.hazards_page.as_str() {
            _ if self.is_book() => Some(self.within(from, &hazard_page(rule))),
            "" => None,
            page => Some(format!("{}#{}", relative(from, page), hazard_anchor(rule))),
        }
    }

    /// Where all hazards are told; none where no page does.
    pub(crate) fn hazards_target(&self, from: &str) -> Option<String> {
        match self.hazards_page.as_str() {
            _ if self.is_book() => Some(self.within(from, HAZARDS)),
            "" => None,
            page if page == from => Some("#hazards".to_owned()),
            page => Some(relative(from, page)),
        }
    }

    /// Where a hazard is told in full: under its own anchor in a book, under that of its rule elsewhere.
    pub(crate) fn finding_target(&self, hazard: &Hazard, from: &str) -> Option<String> {
        match self.finding_anchor(hazard) {
            Some(anchor) => Some(format!("{}#{anchor}", relative(from, &self.moved(&hazard_page(&hazard.rule))))),
            None => self.rule_target(&hazard.rule, from),
        }
    }

    /// The anchor of a hazard on the page of its rule, in a book.
    pub(crate) fn finding_anchor(&self, hazard: &Hazard) -> Option<&str> {
        let at = self.map.hazards.iter().position(|other| std::ptr::eq(other, hazard)).filter(|_| self.is_book())?;
        self.hazards.get(at).map(String::as_str)
    }

    /// Where one sees what an item can cause; only a book has pages for that.
    pub(crate) fn incident_target(&self, id: &str, from: &str) -> Option<String> {
        self.is_book().then(|| self.within(from, &incident_page(id)))
    }

    /// Where it is told what a failure takes; only a book has pages for that.
    pub(crate) fn failure_target(&self, id: &str, from: &str) -> Option<String> {
        self.is_book().then(|| self.within(from, &failure_page(id)))
    }

    /// The page of a store, in a book.
    pub(crate) fn store_page(&self, name: &str) -> Option<String> {
        self.stores.named(name).filter(|_| self.is_book()).map(|store| self.moved(&store.page()))
    }

    /// The page of a service, in a book.
    pub(crate) fn service_page(&self, name: &str) -> Option<String> {
        self.services.get(name).filter(|_| self.is_book()).map(|stem| self.moved(&service_page(stem)))
    }

    /// A service by its name, linked in a book.
    pub(crate) fn service_link(&self, name: &str, from: &str) -> String {
        match self.service_page(name).filter(|page| page != from) {
            Some(page) => format!("[{}]({})", code(name), relative(from, &page)),
            None => code(name),
        }
    }

    /// The names of owners, each with its page, in a book.
    pub(crate) fn owner_pages(&self) -> impl Iterator<Item = (&str, String)> {
        self.owners.iter().filter(|_| self.is_book()).map(|(name, stem)| (name.as_str(), self.moved(&owner_page(stem))))
    }

    /// An owner, linked in a book.
    pub(crate) fn owner_link(&self, name: &str, from: &str) -> String {
        let page = self.owners.get(name).filter(|_| self.is_book()).map(|stem| self.moved(&owner_page(stem)));
        match page.filter(|page| page != from) {
            Some(page) => format!("[{}]({})", inline(name), relative(from, &page)),
            None => inline(name),
        }
    }

    /// From a page to one of the book, or to its top when it is the same.
    fn within(&self, from: &str, to: &str) -> String {
        let to = self.moved(to);
        if from == to { "#".to_owned() } else { relative(from, &to) }
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

/// An anchor for each hazard. An id is that of the rule and of the first item; should two share one, the second gets a number.
fn hazard_anchors(hazards: &[Hazard]) -> Vec<String> {
    let stems = stems(hazards.iter().map(|hazard| hazard.id.as_str()));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let anchor = |hazard: &Hazard| {
        let stem = &stems[hazard.id.as_str()];
        let count = seen.entry(stem).or_default();
        *count += 1;
        if *count == 1 { format!("hazard-{stem}") } else { format!("hazard-{stem}-{count}") }
    };
    hazards.iter().map(anchor).collect()
}

/// The anchor of a rule on a page that tells all of them.
pub(crate) fn hazard_anchor(rule: &str) -> String {
    format!("hazard-{}", slug(rule))
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
    let beside = |fact: &&Fact| {
        !matches!(
            fact.key.as_str(),
            "type" | "mount" | "mounted" | "survives" | "needed" | "change seen" | "decides" | "counted_in" | Fact::REMOVED
        )
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
        return Spot { page, anchor, explicit: false, folded: false, own_page: false };
    }
    let anchor = written_anchor(&item.id);
    taken.insert((page.clone(), anchor.clone()));
    Spot { page, anchor, explicit: true, folded: false, own_page: false }
}

/// An anchor for an item that no heading of the page can take.
pub(crate) fn written_anchor(id: &ItemId) -> String {
    with_hash(id.as_str())
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
    fn one_more_is_never_left_over() {
        assert_eq!(first_few(5, 4), (5, 0));
        assert_eq!(first_few(6, 4), (4, 2));
        assert_eq!(first_few(0, 4), (0, 0));
    }
}
