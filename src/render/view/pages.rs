//! Whole pages, and the lists that they are made of.

use serde::Serialize;

use super::{
    BlindSpots, CapacityView, DiagramView, EventView, FailureRowOfList, FailureView, HazardRuleView, IncidentView, ItemView, LifecycleView,
    Opening, Point, ReviewView, RowItem, RowView, VerdictView,
};

/// A whole page, or the index of a book.
#[derive(Debug, Serialize)]
pub(crate) struct PageView {
    /// Service or workspace, as Markdown text.
    pub(crate) title: String,
    /// A sentence on what the service does.
    pub(crate) about: Option<String>,
    /// Who is asked about what names no owner.
    pub(crate) owner: Option<String>,
    pub(crate) opening: Opening,
    pub(crate) review: ReviewView,
    /// Rules with what they found; empty in a book, which has a page for them.
    pub(crate) hazards: Vec<HazardRuleView>,
    /// What can go wrong; empty in a book, which has pages for it.
    pub(crate) incidents: Vec<IncidentView>,
    /// The same in a line each, for the first page of a book.
    pub(crate) symptoms: Vec<SymptomLine>,
    pub(crate) contents: Vec<KindRow>,
    /// The same by the place where things live, for the first page of a book.
    pub(crate) scopes: Vec<ScopeRow>,
    /// How much there is of everything.
    pub(crate) glance: Glance,
    /// Filled when there are several services.
    pub(crate) services: Vec<ServiceView>,
    /// The rows of the table of services; none when there are too many services for columns.
    pub(crate) service_kinds: Vec<ServiceKindRow>,
    pub(crate) sections: Vec<Section>,
    /// Whether each service can run as several replicas.
    pub(crate) verdicts: Vec<VerdictView>,
    /// What is asked of each store.
    pub(crate) capacity: Option<CapacityView>,
    /// Variables that code and deployment do not agree upon.
    pub(crate) environments: Vec<EnvironmentView>,
    /// How the services start and stop.
    pub(crate) lifecycles: Vec<LifecycleView>,
    pub(crate) events: Vec<EventView>,
    /// Of the whole map.
    pub(crate) diagram: Option<DiagramView>,
    /// Of each service, on the one page that has all of them.
    pub(crate) diagrams: Vec<DiagramView>,
    pub(crate) recovery_tests: Vec<Named>,
    pub(crate) without_recovery_test: usize,
    pub(crate) constants_left_out: usize,
    pub(crate) blind: BlindSpots,
    /// Link target of the blind spots, from this page.
    pub(crate) blind_target: String,
    /// The page of what changed, in a book with a history.
    pub(crate) changes_target: Option<String>,
    pub(crate) version: String,
    pub(crate) revision: Option<String>,
}

/// A page about one kind, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct KindPage {
    pub(crate) kind: &'static str,
    pub(crate) sections: Vec<Section>,
    pub(crate) count: usize,
    pub(crate) index: String,
}

/// The page of hazards, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct HazardsPage {
    pub(crate) review: ReviewView,
    pub(crate) index: String,
}

/// A page about one service, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct ServicePage {
    pub(crate) service: ServiceView,
    pub(crate) opening: Opening,
    /// The hazards of this service.
    pub(crate) review: ReviewView,
    pub(crate) verdicts: Vec<VerdictView>,
    pub(crate) contents: Vec<ServiceKind>,
    /// Whether the tree has other services.
    pub(crate) several: bool,
    /// Variables that code and deployment do not agree upon.
    pub(crate) environments: Vec<EnvironmentView>,
    /// How the services start and stop.
    pub(crate) lifecycles: Vec<LifecycleView>,
    pub(crate) events: Vec<EventView>,
    pub(crate) diagram: Option<DiagramView>,
    /// Link target of the blind spots, from this page.
    pub(crate) blind_target: String,
    pub(crate) index: String,
}

/// The items of one kind that a service holds.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceKind {
    pub(crate) kind: &'static str,
    pub(crate) target: String,
    pub(crate) items: Vec<ServiceItem>,
    /// What is told as a table: variables.
    pub(crate) tables: Vec<Group>,
}

/// An item in the list of a service.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceItem {
    pub(crate) link: String,
    pub(crate) summary: String,
    /// The severity of its worst hazard that nobody accepted.
    pub(crate) severity: Option<&'static str>,
    pub(crate) confidence: Option<&'static str>,
    /// Names of the other services that hold it.
    pub(crate) shared_with: Vec<String>,
}

/// The page of blind spots, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct BlindPage {
    pub(crate) blind: BlindSpots,
    pub(crate) index: String,
    pub(crate) version: String,
    pub(crate) revision: Option<String>,
}

/// The settings of a new book.
#[derive(Debug, Serialize)]
pub(crate) struct BookView {
    /// A TOML string, quotes included.
    pub(crate) title: String,
    pub(crate) repository: Option<String>,
}

/// Something that one may see, in a line.
#[derive(Debug, Serialize)]
pub(crate) struct SymptomLine {
    pub(crate) link: String,
    /// How bad the worst hazard behind it is.
    pub(crate) severity: Option<&'static str>,
    /// How many items can cause it.
    pub(crate) count: usize,
}

/// How much there is of everything.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Glance {
    pub(crate) items: usize,
    /// Hazards that nobody accepted, by severity.
    pub(crate) high: usize,
    pub(crate) medium: usize,
    pub(crate) low: usize,
    pub(crate) services: usize,
    pub(crate) stores: usize,
    /// Where these are listed, in a book.
    pub(crate) services_target: Option<String>,
    pub(crate) stores_target: Option<String>,
}

/// What lives in one place, kind by kind.
#[derive(Debug, Serialize)]
pub(crate) struct ScopeRow {
    pub(crate) scope: &'static str,
    pub(crate) count: usize,
    pub(crate) kinds: Vec<KindRow>,
}

/// A line of the table of contents.
#[derive(Debug, Serialize)]
pub(crate) struct KindRow {
    pub(crate) kind: &'static str,
    pub(crate) target: String,
    pub(crate) count: usize,
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
}

/// A kind with its count in each service.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceKindRow {
    pub(crate) kind: &'static str,
    pub(crate) counts: Vec<usize>,
}

/// A binary with what it holds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ServiceView {
    /// Markdown: a link to its page in a book, plain code otherwise.
    pub(crate) name: String,
    /// The name as Markdown text, for headings.
    pub(crate) heading: String,
    /// Link to its root file.
    pub(crate) target: String,
    pub(crate) package: String,
    pub(crate) crates: Vec<String>,
    pub(crate) total: usize,
    /// Items that no other service holds.
    pub(crate) own: usize,
    /// Its hazards that nobody accepted, by severity.
    pub(crate) high: usize,
    pub(crate) medium: usize,
    pub(crate) low: usize,
    /// Whether it can run as several replicas: `yes`, `with-care`, `no`; none when nothing was found to say so.
    pub(crate) answer: Option<&'static str>,
    /// The most telling of what not every service holds.
    pub(crate) points: Vec<Point>,
}

/// All items of one scope.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) scope: &'static str,
    /// Level of the section's heading; 0 for none.
    pub(crate) level: usize,
    pub(crate) groups: Vec<Group>,
}

/// The items of one kind in one scope: blocks first, then a table of the minor ones.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) kind: &'static str,
    /// `###`, as deep as the table's heading stands.
    pub(crate) hashes: String,
    /// The table's heading; its anchor is made from it. None where the page's own heading says the same.
    pub(crate) heading: Option<String>,
    pub(crate) items: Vec<ItemView>,
    /// Items with a page of their own, in a book.
    pub(crate) pages: Vec<PageRow>,
    pub(crate) rows: Vec<RowView>,
    pub(crate) any_services: bool,
    /// Some item with a page of its own is not in every service.
    pub(crate) any_services_of_pages: bool,
    pub(crate) any_default: bool,
    pub(crate) any_decides: bool,
    pub(crate) any_set: bool,
    pub(crate) any_kept: bool,
    pub(crate) any_ops: bool,
    pub(crate) any_unknown: bool,
}

/// An item in a list, with what a reader asks first.
#[derive(Debug, Serialize)]
pub(crate) struct PageRow {
    pub(crate) kind: &'static str,
    pub(crate) link: String,
    /// An item that is told in this very line.
    pub(crate) item: Option<RowItem>,
    pub(crate) summary: String,
    /// Where it is, when the line is all that is told of it.
    pub(crate) place: Option<String>,
    /// The severity of its worst hazard that nobody accepted.
    pub(crate) severity: Option<&'static str>,
    pub(crate) confidence: Option<&'static str>,
    /// Empty when every service holds it.
    pub(crate) services: Vec<String>,
}

/// Variables of a service that code and deployment do not agree upon.
#[derive(Debug, Serialize)]
pub(crate) struct EnvironmentView {
    pub(crate) service: String,
    /// Read, but set nowhere.
    pub(crate) unset: Vec<String>,
    /// Set, but read nowhere: the variable and where.
    pub(crate) unread: Vec<Named>,
    pub(crate) unread_more: usize,
}

/// The page that lists what one may see, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct IncidentsPage {
    pub(crate) incidents: Vec<IncidentView>,
    pub(crate) index: String,
}

/// A page about one thing that one may see, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct IncidentPage {
    pub(crate) incident: IncidentView,
    /// Link target of the page that lists them.
    pub(crate) reference: String,
}

/// The page that lists what may go away, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct FailuresPage {
    pub(crate) events: Vec<FailureRowOfList>,
    pub(crate) recovery_tests: Vec<Named>,
    pub(crate) without_recovery_test: usize,
    pub(crate) index: String,
}

/// A page about one thing that may go away, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct FailurePage {
    pub(crate) failure: FailureView,
    /// Link target of the page that lists them.
    pub(crate) reference: String,
}

/// A link with a text beside it.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) link: String,
    pub(crate) text: String,
}
