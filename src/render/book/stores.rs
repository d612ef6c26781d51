//! The pages of external stores: who reaches each, what lies in it, what it is asked for, and what is lost or waits without it.

use std::collections::BTreeSet;

use crate::model::{Fact, HazardSeverity, Item, Kind, Role, Site};

use super::super::RenderError;
use super::super::capacity::{capacity, capacity_of};
use super::super::escape::{code, code_short, prose};
use super::super::failures::{away, lost_with};
use super::super::files::{INDEX, STORES, relative};
use super::super::hazards::review_of;
use super::super::html::search_words;
use super::super::item_view::{PAGE, item_view};
use super::super::layout::{first_few, kind_rank};
use super::super::sections::{page_row, sections};
use super::super::stores::{Store, is_api};
use super::super::view::{ApiRow, ItemView, PageRow, RowItem, StoreName, StorePage, StoreRow, StoresPage};
use super::super::words::{label, store_title, value};
use super::{Book, Chapters};

/// At most so many places of a call are linked.
const PLACES: usize = 4;
/// Words in the key of a fact that names something inside of a store.
const INSIDE: &[&str] = &[
    "topic",
    "bucket",
    "stream",
    "subject",
    "table",
    "queue",
    "channel",
    "exchange",
    "prefix",
    "namespace",
    "collection",
    "group",
    "database",
    "keyspace",
    "index",
];

/// The fact that lists the tables of a database.
const TABLES: &str = "tables";

impl<'a> Book<'a> {
    pub(super) fn has_stores(&self) -> bool {
        self.layout.items.iter().any(|item| item.kind == Kind::ExternalStore)
    }

    pub(super) fn store_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        if !self.has_stores() {
            return Ok(());
        }
        chapters.add(STORES, "stores-page.md.tera", &self.stores_page())?;
        for store in &self.layout.stores.0 {
            let page = store.page();
            chapters.add(&page, "store.md.tera", &self.store(store, &page))?;
        }
        Ok(())
    }

    fn stores_page(&self) -> StoresPage {
        let layout = self.layout;
        let told_here = |item: &&Item| layout.spot(&item.id).is_some_and(|spot| spot.page == STORES || spot.own_page);
        let of_kind = layout.items.iter().copied().filter(|item| item.kind == Kind::ExternalStore);
        let (apis, others): (Vec<&Item>, Vec<&Item>) = of_kind.filter(told_here).partition(|item| is_api(item));
        StoresPage {
            stores: layout.stores.0.iter().map(|store| self.row(store)).collect(),
            apis: apis.into_iter().map(|item| self.api(item)).collect(),
            sections: sections(layout, &others, STORES, 3, true),
            capacity: capacity(layout, STORES),
            index: relative(STORES, INDEX),
        }
    }

    fn api(&self, item: &Item) -> ApiRow {
        let layout = self.layout;
        let fact = |key: &str| item.facts.iter().find(|fact| fact.key == key);
        let from = fact("base_url").and_then(|fact| fact.from.as_deref()).map(|from| code_short(from, 60));
        let site = |site: &Site| layout.links.short_place(STORES, &site.place.file, site.place.line);
        let mut places: Vec<String> = item.sites.iter().filter(|site| site.role != Role::Declared).map(site).collect();
        places.dedup();
        let (shown, more) = first_few(places.len(), PLACES);
        places.truncate(shown);
        ApiRow {
            row: self.store_item(item, STORES),
            address: fact("base_url").and_then(value),
            from,
            methods: fact("methods").and_then(|fact| fact.value.as_ref()).map(|methods| prose(&methods.to_string())),
            places,
            places_more: more,
        }
    }

    fn row(&self, store: &Store<'_>) -> StoreRow {
        StoreRow {
            name: format!("[{}]({})", store_title(&store.key), relative(STORES, &store.page())),
            services: self.services_of(store, STORES),
            reached_by: store.reached_by.len(),
            holds: store.holds.len(),
            severity: self.worst(store).map(HazardSeverity::as_str),
        }
    }

    fn store(&self, store: &Store<'a>, page: &str) -> StorePage {
        let layout = self.layout;
        let mut lists = [&store.reached_by, &store.holds].map(|items| {
            let mut sorted: Vec<&Item> = items.clone();
            sorted.sort_by_key(|item| kind_rank(item.kind));
            sorted.into_iter().map(|item| self.store_item(item, page)).collect::<Vec<PageRow>>()
        });
        let [reached_by, holds] = std::mem::take(&mut lists);
        // What lies in the store says its table in its own line.
        let naming = store.items.iter().chain(&store.reached_by);
        let named: Vec<StoreName> = naming.flat_map(|item| self.names(item, page)).collect();
        let is_block = |item: &&Item| layout.spot(&item.id).is_some_and(|spot| spot.page == page && !spot.folded);
        let blocks: Vec<&Item> = store.holds.iter().copied().filter(is_block).collect();
        StorePage {
            blocks: blocks.iter().map(|item| item_view(layout, item, page, 3, PAGE)).collect(),
            name: store_title(&store.key),
            tables: store.items.iter().flat_map(|item| tables(item)).collect(),
            items: store.items.iter().map(|item| self.itself(item, page)).collect(),
            services: self.services_of(store, page),
            everywhere: self.is_everywhere(store),
            reached_by,
            holds,
            named,
            away: away(layout, &self.damages, &store.key, page),
            losses: lost_with(layout, &self.damages, store, page),
            capacity: capacity_of(layout, page, &store.key),
            review: review_of(layout, page, |hazard| hazard.items.iter().any(|id| store.all().any(|item| item.id == *id))),
            stores: relative(page, STORES),
            index: relative(page, INDEX),
        }
    }

    /// What is known of the store; its tables have a list of their own.
    fn itself(&self, item: &Item, page: &str) -> ItemView {
        let mut view = item_view(self.layout, item, page, 2, PAGE);
        for facts in [&mut view.facts.code, &mut view.facts.manifest, &mut view.facts.settings] {
            facts.retain(|fact| fact.label != TABLES);
        }
        // These have lists of their own, too.
        view.reached_by.clear();
        view.hazards.clear();
        view.services.clear();
        view
    }

    /// An item in a list of the page; what is told nowhere else is told here.
    fn store_item(&self, item: &Item, page: &str) -> PageRow {
        let mut row = page_row(self.layout, item, page);
        if let Some(spot) = self.layout.spot(&item.id).filter(|spot| spot.page == page && spot.folded) {
            row.link = self.layout.title(item);
            row.place = item.site().map(|site| self.layout.links.short_place(page, &site.place.file, site.place.line));
            row.item = Some(RowItem { anchor: spot.anchor.clone(), id: code(item.id.as_str()), words: search_words(item.id.as_str()) });
        }
        row
    }

    /// Topics, tables, buckets and the like that the facts of an item name.
    fn names(&self, item: &Item, page: &str) -> Vec<StoreName> {
        let inside = |fact: &&Fact| fact.key.split(['_', ':', ' ']).any(|word| INSIDE.contains(&word));
        let name = |fact: &Fact| {
            let from = fact.from.as_deref().map(code);
            let value = value(fact).or_else(|| from.clone())?;
            Some(StoreName { what: label(&fact.key), value, from, link: self.layout.link(item, page) })
        };
        item.facts.iter().filter(inside).filter_map(name).collect()
    }

    fn services_of(&self, store: &Store<'_>, page: &str) -> Vec<String> {
        let names: BTreeSet<&str> = store.all().flat_map(|item| item.services.iter().map(|service| service.as_str())).collect();
        names.into_iter().map(|name| self.layout.service_link(name, page)).collect()
    }

    fn is_everywhere(&self, store: &Store<'_>) -> bool {
        self.map.services.iter().all(|service| store.all().any(|item| item.services.contains(&service.name)))
    }

    fn worst(&self, store: &Store<'_>) -> Option<HazardSeverity> {
        let about = |id: &crate::model::ItemId| store.all().any(|item| item.id == *id);
        let open = self.map.hazards.iter().filter(|hazard| hazard.acknowledged.is_none() && hazard.items.iter().any(about));
        open.map(|hazard| hazard.severity).max()
    }
}

/// The tables that migrations and queries tell of.
fn tables(item: &Item) -> Vec<String> {
    let listed = item.facts.iter().filter(|fact| fact.key == TABLES).filter_map(|fact| fact.value.as_ref()).map(ToString::to_string);
    listed.flat_map(|list| list.split(", ").map(code).collect::<Vec<_>>()).collect()
}
