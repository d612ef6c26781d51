//! The items of a service by the places where they stand, and by the functions that write them.

use rustc_hash::FxHashMap;

use crate::catalog::Shape;
use crate::detect::Cx;
use crate::model::{Access, Class, Fact, Item, ItemId, Kind, Place};
use crate::resolve::KnownCall;

/// Items by place.
pub(super) struct Places<'i> {
    by_line: FxHashMap<&'i str, FxHashMap<u32, Vec<&'i Item>>>,
    written_in: FxHashMap<&'i str, Vec<&'i Item>>,
}

impl<'i> Places<'i> {
    pub(super) fn new(items: &'i [Item], service: &str) -> Self {
        let mut out = Self { by_line: FxHashMap::default(), written_in: FxHashMap::default() };
        let own = |item: &&Item| item.kind != Kind::Deployment && item.services.iter().any(|name| name == service);
        for item in items.iter().filter(own) {
            for site in &item.sites {
                out.by_line.entry(site.place.file.as_str()).or_default().entry(site.place.line).or_default().push(item);
            }
            let is_data = matches!(item.kind, Kind::Cache | Kind::ReferenceData) && item.class == Class::Mutable;
            for used in item.uses.iter().filter(|used| is_data && used.access == Access::Write) {
                out.written_in.entry(used.function.as_str()).or_default().push(item);
            }
        }
        out
    }

    /// The items that stand on the line of a place.
    pub(super) fn at(&self, place: &Place) -> &[&'i Item] {
        self.by_line.get(place.file.as_str()).and_then(|lines| lines.get(&place.line)).map_or(&[], Vec::as_slice)
    }

    /// The items that a call makes, reads or starts.
    pub(super) fn of_call(&self, cx: &Cx<'_>, call: &KnownCall) -> Vec<&'i Item> {
        let api = cx.api(call.hit.entry);
        let reads = matches!(api.shape, Shape::EnvRead | Shape::ConfigLoad);
        let fits = |item: &&Item| {
            Some(item.kind) == api.kind
                || (reads && item.kind == Kind::StartupConfig)
                || api.beside.as_ref().is_some_and(|beside| beside.kind == Some(item.kind))
        };
        let places = || std::iter::once(call.at).chain(call.also.iter().map(|(_, at)| *at)).map(|at| cx.place(at));
        // Several may stand on a line; an item whose column is another one's is told by its line.
        let exact: Vec<Place> = places().filter(|place| self.at(place).iter().any(|item| fits(item) && is_site(item, place))).collect();
        let is_it = |item: &&Item| fits(item) && (exact.is_empty() || exact.iter().any(|place| is_site(item, place)));
        let mut out: Vec<&Item> = places().flat_map(|place| self.at(&place).iter().copied().filter(is_it).collect::<Vec<_>>()).collect();
        // What each call makes anew is no step, though a helper makes it that others use at start-up.
        out.retain(|item| item.kind == Kind::BackgroundTask || !item.facts.iter().any(Fact::is_for_each_call));
        out.sort_by(|a, b| a.id.cmp(&b.id));
        out.dedup_by(|a, b| a.id == b.id);
        out
    }

    /// Caches and the like that a function writes.
    pub(super) fn written_in(&self, function: &str) -> &[&'i Item] {
        self.written_in.get(function).map_or(&[], Vec::as_slice)
    }
}

fn is_site(item: &Item, place: &Place) -> bool {
    item.sites.iter().any(|site| site.place == *place)
}

/// Ids of items, sorted.
pub(super) fn ids(items: &[&Item]) -> Vec<ItemId> {
    let mut out: Vec<ItemId> = items.iter().map(|item| item.id.clone()).collect();
    out.sort();
    out.dedup();
    out
}
