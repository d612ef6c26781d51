//! Pages that only a book has: items, stores, rules, owners, and the chapters of all of them.

use serde::Serialize;

use super::{
    CapacityView, FailureRow, HazardRuleView, ItemHazard, ItemView, Named, PageRow, ReviewView, Section, ServiceKindRow, ServiceView,
};

/// The chapters of a book.
#[derive(Debug, Serialize)]
pub(crate) struct SummaryView {
    pub(crate) title: String,
    /// The rules that found something.
    pub(crate) hazards: Option<Part>,
    /// What can go wrong, a page each.
    pub(crate) incidents: Option<Part>,
    /// What can go away, a page each.
    pub(crate) failures: Option<Part>,
    pub(crate) services: Option<Part>,
    pub(crate) kinds: Vec<Chapter>,
    pub(crate) stores: Option<Part>,
    pub(crate) owners: Option<Part>,
    /// The page of what changed.
    pub(crate) changes: Option<&'static str>,
}

/// Chapters of one sort, and the page that lists them.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) file: String,
    pub(crate) chapters: Vec<Chapter>,
}

/// One chapter: its name, or its kind, and its file.
#[derive(Debug, Serialize)]
pub(crate) struct Chapter {
    pub(crate) name: String,
    pub(crate) kind: Option<&'static str>,
    pub(crate) file: String,
    /// The pages of its items.
    pub(crate) items: Vec<Chapter>,
}

/// A page about one rule with all that it found.
#[derive(Debug, Serialize)]
pub(crate) struct HazardRulePage {
    pub(crate) rule: HazardRuleView,
    /// Link target of the page that lists all hazards.
    pub(crate) hazards: String,
    pub(crate) index: String,
}

/// A page about one item.
#[derive(Debug, Serialize)]
pub(crate) struct ItemPage {
    pub(crate) item: ItemView,
    pub(crate) hazards: Vec<ItemHazard>,
    /// What one may see of it, and why; nothing where a hazard says it.
    pub(crate) symptoms: Vec<Named>,
    /// What takes it away.
    pub(crate) losses: Vec<ItemLoss>,
    /// Others that rely on the same store.
    pub(crate) beside: Vec<PageRow>,
    pub(crate) beside_more: usize,
    /// All services that hold it.
    pub(crate) services: Vec<String>,
    pub(crate) everywhere: bool,
    /// Link target of the page of its kind.
    pub(crate) kind_target: String,
    /// That page is the one of external stores.
    pub(crate) stored: bool,
    pub(crate) index: String,
}

/// What a failure does to an item.
#[derive(Debug, Serialize)]
pub(crate) struct ItemLoss {
    /// `a pod is killed`, linked; several when they do the same.
    pub(crate) events: Vec<String>,
    pub(crate) what: String,
    /// What brings it back; none when the map does not know.
    pub(crate) back: Option<String>,
}

/// The page that lists external stores.
#[derive(Debug, Serialize)]
pub(crate) struct StoresPage {
    pub(crate) stores: Vec<StoreRow>,
    /// The HTTP APIs that are called.
    pub(crate) apis: Vec<ApiRow>,
    /// What is done to a store that is not known.
    pub(crate) sections: Vec<Section>,
    pub(crate) capacity: Option<CapacityView>,
    pub(crate) index: String,
}

/// A store in that list.
#[derive(Debug, Serialize)]
pub(crate) struct StoreRow {
    pub(crate) name: String,
    pub(crate) services: Vec<String>,
    /// How many items lead to it, and how many lie in it.
    pub(crate) reached_by: usize,
    pub(crate) holds: usize,
    /// The severity of the worst hazard around it that nobody accepted.
    pub(crate) severity: Option<&'static str>,
}

/// An HTTP API in that list.
#[derive(Debug, Serialize)]
pub(crate) struct ApiRow {
    pub(crate) row: PageRow,
    /// None when it could not be followed.
    pub(crate) address: Option<String>,
    /// What sets the address.
    pub(crate) from: Option<String>,
    pub(crate) methods: Option<String>,
    /// Where it is called.
    pub(crate) places: Vec<String>,
    pub(crate) places_more: usize,
}

/// A page about one store.
#[derive(Debug, Serialize)]
pub(crate) struct StorePage {
    pub(crate) name: String,
    /// What is known of the store itself.
    pub(crate) items: Vec<ItemView>,
    pub(crate) services: Vec<String>,
    /// Every service has to do with it.
    pub(crate) everywhere: bool,
    pub(crate) reached_by: Vec<PageRow>,
    pub(crate) holds: Vec<PageRow>,
    /// Those of them that are told here and nowhere else.
    pub(crate) blocks: Vec<ItemView>,
    /// The tables of a database, as far as migrations and queries tell.
    pub(crate) tables: Vec<String>,
    /// Topics, buckets and the like that items name.
    pub(crate) named: Vec<StoreName>,
    /// Who waits while it is away.
    pub(crate) away: Vec<FailureRow>,
    /// What is lost with what lies in it.
    pub(crate) losses: Vec<StoreLoss>,
    pub(crate) capacity: Option<CapacityView>,
    pub(crate) review: ReviewView,
    /// Link target of the page that lists stores.
    pub(crate) stores: String,
    pub(crate) index: String,
}

/// A topic, a table, a bucket.
#[derive(Debug, Serialize)]
pub(crate) struct StoreName {
    /// `orders topic`.
    pub(crate) what: String,
    pub(crate) value: String,
    /// The key or variable that sets it.
    pub(crate) from: Option<String>,
    /// The item that names it.
    pub(crate) link: String,
}

/// What a failure takes of a store.
#[derive(Debug, Serialize)]
pub(crate) struct StoreLoss {
    pub(crate) event: String,
    pub(crate) rows: Vec<FailureRow>,
    pub(crate) more: usize,
}

/// The page that lists the owners that annotations name.
#[derive(Debug, Serialize)]
pub(crate) struct OwnersPage {
    pub(crate) owners: Vec<OwnerRow>,
    /// How many items nobody owns.
    pub(crate) nobodys: usize,
    pub(crate) index: String,
}

/// An owner in that list.
#[derive(Debug, Serialize)]
pub(crate) struct OwnerRow {
    pub(crate) name: String,
    pub(crate) items: usize,
    pub(crate) hazards: usize,
    /// The severity of the worst of these.
    pub(crate) severity: Option<&'static str>,
    /// Owns what names no owner.
    pub(crate) by_default: bool,
}

/// A page about what one owner is asked about.
#[derive(Debug, Serialize)]
pub(crate) struct OwnerPage {
    pub(crate) name: String,
    pub(crate) by_default: bool,
    pub(crate) total: usize,
    pub(crate) review: ReviewView,
    pub(crate) kinds: Vec<OwnedKind>,
    /// Link target of the page that lists owners.
    pub(crate) owners: String,
    pub(crate) index: String,
}

/// The items of one kind that an owner has.
#[derive(Debug, Serialize)]
pub(crate) struct OwnedKind {
    pub(crate) kind: &'static str,
    pub(crate) rows: Vec<PageRow>,
    pub(crate) more: usize,
}

/// The page that lists the services.
#[derive(Debug, Serialize)]
pub(crate) struct ServicesPage {
    pub(crate) services: Vec<ServiceView>,
    pub(crate) service_kinds: Vec<ServiceKindRow>,
    pub(crate) index: String,
}

/// What came and went from point to point of the git history.
#[derive(Debug, Serialize)]
pub(crate) struct ChangesPage {
    /// The oldest point that was looked at.
    pub(crate) from: String,
    /// The newest one.
    pub(crate) to: String,
    pub(crate) steps: Vec<ChangesStep>,
    pub(crate) index: String,
}

/// A point of the history, and what differs from the one before.
#[derive(Debug, Serialize)]
pub(crate) struct ChangesStep {
    pub(crate) name: String,
    /// The day of its commit, in UTC: `2026-03-01`.
    pub(crate) day: String,
    /// What the author of a commit says of it.
    pub(crate) subject: Option<String>,
    /// Its commit in short, where the name is another.
    pub(crate) commit: Option<String>,
    pub(crate) since: String,
    pub(crate) added: ChangesTold,
    pub(crate) changed: ChangesTold,
    pub(crate) removed: ChangesTold,
    pub(crate) risks: Vec<ChangeOfRisk>,
    pub(crate) gone: Vec<ChangeOfRisk>,
    /// Variables that must be set from here on.
    pub(crate) required: Vec<String>,
}

/// Pieces of state, and how many more there are.
#[derive(Debug, Serialize)]
pub(crate) struct ChangesTold {
    pub(crate) items: Vec<ChangeOfItem>,
    pub(crate) more: usize,
}

/// A piece of state that came, went or changed.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeOfItem {
    pub(crate) kind: &'static str,
    /// Its name, linked when it is on the map.
    pub(crate) link: String,
    pub(crate) summary: String,
    pub(crate) facts: Vec<ChangeOfFact>,
    pub(crate) facts_more: usize,
}

/// A fact that differs.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeOfFact {
    pub(crate) label: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// A hazard that came or went.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeOfRisk {
    pub(crate) severity: &'static str,
    pub(crate) message: String,
}
