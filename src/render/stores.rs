//! External stores: which of a map's items name one, lie in one, or reach one; each store has a page in a book.

use std::collections::BTreeMap;

use crate::assess::{holds_tables, is_remote, keeps_data, lies_in_database};
use crate::model::{Item, Kind, Scope};

use super::files::{stems, store_page};

/// A store with everything that has to do with it.
#[derive(Debug)]
pub(crate) struct Store<'a> {
    /// The one word by which items name it: `smtp_server`.
    pub(crate) key: String,
    stem: String,
    /// The items that stand for the store itself.
    pub(crate) items: Vec<&'a Item>,
    /// Pools, clients and the like in the process, that lead to it.
    pub(crate) reached_by: Vec<&'a Item>,
    /// What lies in it: tables, claims, sessions.
    pub(crate) holds: Vec<&'a Item>,
}

impl Store<'_> {
    /// Its page in a book.
    pub(crate) fn page(&self) -> String {
        store_page(&self.stem)
    }

    /// Every item that has to do with it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().chain(&self.reached_by).chain(&self.holds).copied()
    }
}

/// A database of which the code does not say what it is.
const UNNAMED: &str = "sql_database";

/// The stores of a map, by name.
#[derive(Debug, Default)]
pub(crate) struct Stores<'a>(pub(crate) Vec<Store<'a>>);

impl<'a> Stores<'a> {
    /// The store of a name: `postgres` and `external-store:postgres` are the same.
    pub(crate) fn named(&self, name: &str) -> Option<&Store<'a>> {
        let key = key(name);
        self.0.iter().find(|store| store.key == key)
    }

    /// The store on whose page an item is told: the store itself, and what it holds that is not the service's own.
    pub(crate) fn told_of(&self, item: &Item) -> Option<&Store<'a>> {
        let holds = |store: &&Store<'_>| store.items.iter().chain(&store.holds).any(|held| held.id == item.id);
        self.0.iter().filter(|_| item.kind == Kind::ExternalStore).find(holds)
    }
}

/// Finds the stores that the items name.
pub(crate) fn stores<'a>(items: &[&'a Item]) -> Stores<'a> {
    let mut named: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
    for item in items.iter().copied().filter(|item| is_store(item)) {
        named.entry(key(&item.name)).or_default().push(item);
    }
    // What keeps data is a store, even when nothing but its clients is known.
    for item in items.iter().filter(|item| item.kind != Kind::Telemetry) {
        if let Some(store) = item.backs_on.as_deref().filter(|store| keeps_data(store) && is_remote(store)) {
            named.entry(key(store)).or_default();
        }
    }
    let stems = stems(named.keys().map(String::as_str));
    let files: Vec<String> = named.keys().map(|key| stems[key.as_str()].clone()).collect();
    let mut stores: Vec<Store<'_>> = named
        .into_iter()
        .zip(files)
        .map(|((key, items), stem)| Store { key, stem, items, reached_by: Vec::new(), holds: Vec::new() })
        .collect();
    // A table is in the only database that there is. One that is not named may be the one that is.
    let mut databases: Vec<usize> = (0..stores.len()).filter(|&at| holds_tables(&stores[at].key)).collect();
    if databases.len() > 1 {
        databases.retain(|&at| stores[at].key != UNNAMED);
    }
    let only_database = databases.first().copied().filter(|_| databases.len() == 1);
    for item in items.iter().copied().filter(|item| !is_store(item)) {
        let backed = item.backs_on.as_deref().filter(|store| is_remote(store)).map(key);
        let at = match backed {
            Some(key) => stores.iter().position(|store| store.key == key),
            None => only_database.filter(|_| lies_in_database(item)),
        };
        let Some(store) = at.and_then(|at| stores.get_mut(at)) else { continue };
        let lies_there = item.scope == Scope::External || item.kind == Kind::ExternalStore;
        if lies_there { store.holds.push(item) } else { store.reached_by.push(item) }
    }
    Stores(stores)
}

/// Whether an item stands for a store: what is done to one is none, nor is an HTTP API, or a table of it.
pub(crate) fn is_store(item: &Item) -> bool {
    item.kind == Kind::ExternalStore && !is_api(item) && !item.id.as_str().contains('#') && !item.id.as_str().contains("::")
}

/// Whether an item is an HTTP API that is called.
pub(crate) fn is_api(item: &Item) -> bool {
    item.kind == Kind::ExternalStore && item.facts.iter().any(|fact| matches!(fact.key.as_str(), "base_url" | "methods"))
}

/// The one word of a store.
fn key(name: &str) -> String {
    name.rsplit_once(':').map_or(name, |(_, name)| name).replace(' ', "_").to_lowercase()
}
