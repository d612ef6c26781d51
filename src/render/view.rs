//! What templates see: strings that are already safe Markdown, numbers, and lists in their final order.

use serde::Serialize;

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
    pub(crate) contents: Vec<KindRow>,
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
    pub(crate) recovery_tests: Vec<Named>,
    pub(crate) without_recovery_test: usize,
    pub(crate) constants_left_out: usize,
    pub(crate) blind: BlindSpots,
    /// Link target of the blind spots, from this page.
    pub(crate) blind_target: String,
    pub(crate) version: String,
    pub(crate) revision: Option<String>,
}

/// Something that goes wrong with two replicas.
#[derive(Debug, Serialize)]
pub(crate) struct ReasonView {
    pub(crate) clause: String,
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
}

/// What goes wrong with two copies of an item.
#[derive(Debug, Serialize)]
pub(crate) struct CopiesView {
    /// What has a copy of its own: `process`, `pod`, …
    pub(crate) of: &'static str,
    /// How many there are by the deployment files.
    pub(crate) number: Option<u32>,
    pub(crate) at_two: String,
}

/// Whether a service can run as several replicas.
#[derive(Debug, Serialize)]
pub(crate) struct VerdictView {
    /// Its name, when there are several.
    pub(crate) service: Option<String>,
    /// `yes`, `with-care`, `no`.
    pub(crate) answer: &'static str,
    /// How many run; none when no deployment file says so.
    pub(crate) replicas: Option<u32>,
    pub(crate) at_most: Option<u32>,
    pub(crate) why: Vec<ReasonView>,
    pub(crate) more: usize,
}

/// What all services together ask of each store.
#[derive(Debug, Serialize)]
pub(crate) struct CapacityView {
    pub(crate) rows: Vec<CapacityRow>,
    /// An autoscaler changes some of it.
    pub(crate) scaled: bool,
    /// Some sum is more than the server takes.
    pub(crate) over: bool,
    /// Some number is not known.
    pub(crate) at_least: bool,
    /// What the server of some database takes is not known.
    pub(crate) unlimited: bool,
}

/// A workload that holds connections to a store, or all of them together.
#[derive(Debug, Serialize)]
pub(crate) struct CapacityRow {
    pub(crate) store: String,
    pub(crate) held_by: String,
    /// In each process.
    pub(crate) each: String,
    pub(crate) at_rest: String,
    pub(crate) during_rollout: String,
    pub(crate) at_most: String,
    pub(crate) at_most_during_rollout: String,
    /// What the server takes.
    pub(crate) takes: String,
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
    pub(crate) hazards: Vec<HazardRuleView>,
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

/// The chapters of a book.
#[derive(Debug, Serialize)]
pub(crate) struct SummaryView {
    pub(crate) title: String,
    /// Whether there is a page of hazards.
    pub(crate) hazards: bool,
    /// What can go wrong, a page each.
    pub(crate) incidents: Vec<Chapter>,
    /// What can go away, a page each.
    pub(crate) failures: Vec<Chapter>,
    pub(crate) services: Vec<Chapter>,
    pub(crate) kinds: Vec<Chapter>,
}

/// One chapter: its name, or its kind, and its file.
#[derive(Debug, Serialize)]
pub(crate) struct Chapter {
    pub(crate) name: String,
    pub(crate) kind: Option<&'static str>,
    pub(crate) file: String,
}

/// The settings of a new book.
#[derive(Debug, Serialize)]
pub(crate) struct BookView {
    /// A TOML string, quotes included.
    pub(crate) title: String,
    pub(crate) repository: Option<String>,
}

/// The paragraph that says what the architecture diagram hides.
#[derive(Debug, Serialize)]
pub(crate) struct Opening {
    /// `service` when the tree has one, `workspace` when several, `library` when none.
    pub(crate) subject: &'static str,
    pub(crate) total: usize,
    /// How many end with the process: scopes task, thread, process.
    pub(crate) in_process: usize,
    pub(crate) in_process_word: String,
    pub(crate) on_disk: usize,
    pub(crate) on_disk_word: String,
    pub(crate) volumes: Volumes,
    pub(crate) points: Vec<Point>,
    /// Kinds that found no place among the points.
    pub(crate) further: Vec<FurtherKind>,
    /// The stores that it relies on.
    pub(crate) stores: Vec<String>,
}

/// What the manifests say of volumes that outlive a container.
#[derive(Debug, Serialize)]
pub(crate) struct Volumes {
    /// A workload of the manifests is known for every service spoken of.
    pub(crate) known: bool,
    /// No workload of the manifests is known for any of them.
    pub(crate) none_found: bool,
    /// Other deployment files are: an image, variables, a pipeline.
    pub(crate) some_files: bool,
    /// Where the first few are mounted, those that can be written.
    pub(crate) paths: Vec<String>,
    pub(crate) more: usize,
}

/// An item in running text.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Described {
    pub(crate) what: String,
    /// Its type, when that tells more.
    pub(crate) ty: Option<String>,
    pub(crate) link: String,
    /// Further items of which the same is said.
    pub(crate) links: Vec<String>,
    /// What follows after the link: begins with a space, a comma or a colon, unless it is empty.
    pub(crate) rest: String,
    /// What people wrote on its size, and on how it comes back.
    pub(crate) said: Vec<String>,
    /// Where people wrote about it.
    pub(crate) annotated_at: Option<String>,
    /// Where it is mounted: of a Secret.
    pub(crate) mounted: Option<String>,
    /// What sets the number of one process, when all workloads have the same.
    pub(crate) set_by: Option<TotalView>,
    /// What its copies in all replicas add up to.
    pub(crate) totals: Vec<TotalView>,
}

/// One numbered point of the opening: the items of one theme.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) kind: &'static str,
    pub(crate) count: usize,
    /// The count as a word up to twelve.
    pub(crate) count_word: String,
    /// Links to at most three items.
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
    /// The first one or two, in words.
    pub(crate) described: Vec<Described>,
    /// Files among them, which are named by their paths and not described.
    pub(crate) files: usize,
    pub(crate) files_word: String,
    pub(crate) named: Vec<String>,
    pub(crate) named_more: usize,
    /// What all of it goes with: `container`, `pod`, or `either`.
    pub(crate) fate: Option<&'static str>,
    /// How many are not described.
    pub(crate) rest: usize,
    pub(crate) rest_word: String,
    pub(crate) rest_kind: &'static str,
    /// Thread pools and runtimes beside pools of connections, not counted above.
    pub(crate) threads: usize,
    pub(crate) threads_word: String,
    /// The largest number of what it may hold, when every item says one number and it is the same.
    pub(crate) each: Option<String>,
    /// The sum over all items, when every item says a number and there are several.
    pub(crate) sum: Option<String>,
    /// Twice the sum: what old and new processes hold together during a rollout.
    pub(crate) overlap: Option<String>,
    /// The stores behind, when every item names one.
    pub(crate) stores: Vec<String>,
    /// How many are environment variables.
    pub(crate) env: usize,
}

/// A kind with its count, at the end of the opening.
#[derive(Debug, Serialize)]
pub(crate) struct FurtherKind {
    pub(crate) kind: &'static str,
    pub(crate) count: usize,
    pub(crate) count_word: String,
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
    pub(crate) rows: Vec<RowView>,
    pub(crate) any_services: bool,
    pub(crate) any_default: bool,
    pub(crate) any_set: bool,
    pub(crate) any_kept: bool,
    pub(crate) any_ops: bool,
    pub(crate) any_unknown: bool,
}

/// An item with a heading of its own.
#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// `###`, as deep as the item stands.
    pub(crate) hashes: String,
    pub(crate) name: String,
    /// The first instance, when this is a further one.
    pub(crate) first: Option<String>,
    /// Whether it is set as the first instance is.
    pub(crate) repeats: bool,
    /// An explicit anchor, when the heading gives no predictable one.
    pub(crate) anchor: Option<String>,
    pub(crate) summary: String,
    pub(crate) doc: Option<String>,
    pub(crate) ty: Option<String>,
    pub(crate) facts: FactsView,
    pub(crate) copies: Option<CopiesView>,
    pub(crate) totals: Vec<TotalView>,
    /// The keys of the settings that it loads.
    pub(crate) settings: Option<SettingsView>,
    pub(crate) declared: Vec<SiteView>,
    pub(crate) constructed: Vec<SiteView>,
    pub(crate) written: Vec<SiteView>,
    pub(crate) sites_more: usize,
    pub(crate) readers: UsesView,
    pub(crate) writers: UsesView,
    /// Routes and tasks on whose way it is read.
    pub(crate) read_from: UsesView,
    /// Routes and tasks on whose way it is changed.
    pub(crate) changed_from: UsesView,
    pub(crate) backs_on: Option<String>,
    /// The pools and clients that reach it, for a store.
    pub(crate) reached_by: Vec<String>,
    pub(crate) reached_by_more: usize,
    pub(crate) cfg: Option<String>,
    pub(crate) hides: Option<String>,
    pub(crate) lost: Option<String>,
    /// Whether `lost` names a loss.
    pub(crate) loses: bool,
    /// The item above of which the library keeps and loses the same.
    pub(crate) same_as: Option<String>,
    pub(crate) confidence: Option<&'static str>,
    pub(crate) constant: bool,
    /// Whether it ends with the process.
    pub(crate) in_process: bool,
    /// Empty when every service holds it.
    pub(crate) services: Vec<String>,
    /// No service of the tree is known to hold it.
    pub(crate) untied: bool,
    pub(crate) annotation: Vec<AnnotationLine>,
    pub(crate) annotated_at: Vec<String>,
    pub(crate) hazards: Vec<String>,
}

/// A line of the table of minor items.
#[derive(Debug, Serialize)]
pub(crate) struct RowView {
    pub(crate) name: String,
    /// Whether the name is known to the letter; of a path, only the expression may be.
    pub(crate) known: bool,
    /// Nothing is known of a path: the name is that of the function.
    pub(crate) nameless: bool,
    /// Empty when the name says it.
    pub(crate) summary: String,
    pub(crate) default: Option<String>,
    /// Where a variable is set.
    pub(crate) set: Vec<SetView>,
    pub(crate) set_more: usize,
    /// Of a file: what is mounted there, and what survives what.
    pub(crate) kept: Vec<Named>,
    pub(crate) ops: Vec<String>,
    pub(crate) places: Vec<String>,
    pub(crate) places_more: usize,
    /// Of a store: what relies on it.
    pub(crate) used_by: Vec<String>,
    pub(crate) used_by_more: usize,
    pub(crate) note: Option<String>,
    pub(crate) confidence: Option<&'static str>,
    pub(crate) services: Vec<String>,
}

/// The facts of an item, grouped by how they are known.
#[derive(Debug, Default, Serialize)]
pub(crate) struct FactsView {
    /// What the code does with it, in words.
    pub(crate) behaviour: Vec<FactView>,
    pub(crate) code: Vec<FactView>,
    /// The library's defaults that matter.
    pub(crate) default: Vec<FactView>,
    pub(crate) default_more: usize,
    pub(crate) env: Vec<FactView>,
    pub(crate) settings: Vec<FactView>,
    pub(crate) manifest: Vec<FactView>,
    pub(crate) annotated: Vec<FactView>,
    /// Set from something that could not be followed.
    pub(crate) unknown: Vec<FactView>,
    pub(crate) unknown_more: usize,
}

/// One fact.
#[derive(Debug, Serialize)]
pub(crate) struct FactView {
    pub(crate) label: String,
    pub(crate) value: Option<String>,
    pub(crate) at: Option<String>,
    pub(crate) from: Option<String>,
    /// The value holds only where `from` gives none.
    pub(crate) is_fallback: bool,
    /// Where else its value is given, the layer that wins last.
    pub(crate) set: Vec<SetView>,
    pub(crate) set_more: usize,
}

/// A place outside the code that gives a value.
#[derive(Debug, Serialize)]
pub(crate) struct SetView {
    /// None when it is hidden, or not written there.
    pub(crate) value: Option<String>,
    pub(crate) hidden: bool,
    /// `ConfigMap/shop-config`; none when it is the file that `at` names.
    pub(crate) source: Option<String>,
    /// The key there, when it is another name than the one that the code asks for.
    pub(crate) key: Option<String>,
    pub(crate) at: String,
    pub(crate) environment: Option<String>,
    /// The variable that goes over it.
    pub(crate) unless: Option<String>,
    /// Empty when it reaches every service that holds the item.
    pub(crate) services: Vec<String>,
}

/// What the copies of an item add up to in one workload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TotalView {
    /// `Deployment/shop`.
    pub(crate) workload: String,
    pub(crate) environment: Option<String>,
    /// `50 connections`.
    pub(crate) each: String,
    pub(crate) each_from: Option<String>,
    pub(crate) each_at: Option<String>,
    pub(crate) replicas: u32,
    pub(crate) replicas_at: Option<String>,
    pub(crate) all: String,
    pub(crate) during_rollout: Option<String>,
    pub(crate) at_most: Option<String>,
    pub(crate) replicas_at_most: Option<u32>,
    /// Only if the command that the workload starts makes it.
    pub(crate) if_used: bool,
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

/// How a service starts and stops.
#[derive(Debug, Serialize)]
pub(crate) struct LifecycleView {
    /// Its name, where the page tells of several services.
    pub(crate) service: Option<String>,
    pub(crate) steps: Vec<StepLine>,
    pub(crate) steps_more: usize,
    /// Numbers of the steps of which a failure ends the process, and of those where it does in parts.
    pub(crate) ends: Vec<String>,
    pub(crate) partly: Vec<String>,
    /// What is flushed, closed or shut down at the end.
    pub(crate) closed: Vec<Named>,
    /// Made when it is first used.
    pub(crate) lazily: Vec<String>,
    pub(crate) lazily_more: usize,
    pub(crate) warming: Vec<WarmingView>,
    /// The server that the start-up leads to.
    pub(crate) server: Option<ServerView>,
    /// Signals that ask to stop and that the code listens to, with their places.
    pub(crate) signals: Vec<Named>,
    /// Signals that nothing listens to.
    pub(crate) unhandled: Vec<String>,
    /// What ends where it stands.
    pub(crate) dropped: Vec<String>,
    pub(crate) dropped_more: usize,
    /// What is told to stop, and not waited for.
    pub(crate) cancelled: Vec<String>,
    pub(crate) cancelled_more: usize,
    /// What is waited for, or flushed.
    pub(crate) finished: Vec<String>,
    pub(crate) finished_more: usize,
    pub(crate) grace: Vec<GraceView>,
}

/// A line of a start-up.
#[derive(Debug, Serialize)]
pub(crate) struct StepLine {
    pub(crate) action: &'static str,
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
    pub(crate) at: String,
    pub(crate) detail: Option<String>,
    /// Only under some condition.
    pub(crate) sometimes: bool,
    /// It is done beside the serving, or after it has begun.
    pub(crate) beside: bool,
    /// A failure ends the process; `false` when that is so for a part of it.
    pub(crate) fails: Option<bool>,
}

/// Start-up work that fills something.
#[derive(Debug, Serialize)]
pub(crate) struct WarmingView {
    pub(crate) item: String,
    /// The function that does it.
    pub(crate) by: String,
    pub(crate) at: String,
    pub(crate) before_serving: bool,
}

/// How a server stops.
#[derive(Debug, Serialize)]
pub(crate) struct ServerView {
    pub(crate) name: String,
    pub(crate) linked: bool,
    /// `drains`, `cuts`, `cut-off`, `unknown`.
    pub(crate) how: &'static str,
    /// The signals that stop it in order.
    pub(crate) on: Vec<String>,
    /// The framework that does it by itself.
    pub(crate) by: Option<String>,
    pub(crate) at: String,
    /// For how long it waits at most.
    pub(crate) waits: Option<String>,
    pub(crate) waits_at: Option<String>,
    /// It waits without limit.
    pub(crate) endless: bool,
    /// The service has further servers.
    pub(crate) several: bool,
}

/// How long a workload waits before it kills the process.
#[derive(Debug, Serialize)]
pub(crate) struct GraceView {
    pub(crate) workloads: Vec<String>,
    pub(crate) more: usize,
    pub(crate) environment: Option<String>,
    pub(crate) seconds: Option<String>,
    pub(crate) at: Option<String>,
    pub(crate) before_stop: Option<String>,
    /// The server may wait for longer.
    pub(crate) too_short: bool,
}

/// The keys of a settings struct.
#[derive(Debug, Serialize)]
pub(crate) struct SettingsView {
    /// What they are made of; the last one wins.
    pub(crate) layers: Vec<String>,
    pub(crate) rows: Vec<SettingRow>,
    pub(crate) more: usize,
    /// Some key can be set by a variable.
    pub(crate) any_variable: bool,
}

/// A key of the settings.
#[derive(Debug, Serialize)]
pub(crate) struct SettingRow {
    pub(crate) key: String,
    /// What holds unless an environment or a variable says otherwise.
    pub(crate) value: Option<String>,
    /// The files that give it, with what they give.
    pub(crate) places: Vec<String>,
    pub(crate) variable: Option<String>,
}

/// A place in the source.
#[derive(Debug, Serialize)]
pub(crate) struct SiteView {
    pub(crate) link: String,
    pub(crate) function: Option<String>,
}

/// Who uses an item: distinct functions, the first few linked.
#[derive(Debug, Default, Serialize)]
pub(crate) struct UsesView {
    pub(crate) count: usize,
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
}

/// A key that people wrote.
#[derive(Debug, Serialize)]
pub(crate) struct AnnotationLine {
    pub(crate) key: &'static str,
    pub(crate) value: String,
}

/// The hazards that a review would raise first, in a table.
#[derive(Debug, Serialize)]
pub(crate) struct ReviewView {
    pub(crate) rows: Vec<HazardRow>,
    /// Hazards beyond the rows.
    pub(crate) more: usize,
    /// Hazards that somebody knows of and accepts.
    pub(crate) accepted: usize,
    /// Where all of them are told.
    pub(crate) target: String,
    /// Whether there is something that could have hazards.
    pub(crate) assessed: bool,
}

/// A hazard, or several of one rule that are equally bad, in a row.
#[derive(Debug, Serialize)]
pub(crate) struct HazardRow {
    pub(crate) severity: &'static str,
    pub(crate) message: String,
    pub(crate) items: Vec<String>,
    pub(crate) items_more: usize,
    /// Where it is told in full.
    pub(crate) target: String,
}

/// A rule with what it found.
#[derive(Debug, Serialize)]
pub(crate) struct HazardRuleView {
    pub(crate) rule: String,
    pub(crate) anchor: String,
    pub(crate) title: Option<String>,
    pub(crate) symptom: Option<String>,
    pub(crate) remedy: Option<String>,
    /// A block of code with its fences.
    pub(crate) sketch: Option<String>,
    pub(crate) ends_when: Option<String>,
    pub(crate) found: Vec<HazardView>,
    pub(crate) more: usize,
}

/// A hazard in full.
#[derive(Debug, Serialize)]
pub(crate) struct HazardView {
    pub(crate) severity: &'static str,
    /// The evidence is indirect.
    pub(crate) likely: bool,
    pub(crate) message: String,
    pub(crate) arithmetic: Option<String>,
    pub(crate) evidence: Vec<EvidenceView>,
    pub(crate) evidence_more: usize,
    /// What one would see, where that differs from what the rule says.
    pub(crate) symptom: Option<String>,
    /// What to do, where that differs from what the rule says.
    pub(crate) remedy: Option<String>,
    pub(crate) items: Vec<String>,
    /// Empty when it is in every service.
    pub(crate) services: Vec<String>,
    /// Why, by whom and until when it is accepted.
    pub(crate) accepted: Option<String>,
}

/// Something that one sees, with what can cause it.
#[derive(Debug, Serialize)]
pub(crate) struct IncidentView {
    pub(crate) id: &'static str,
    pub(crate) anchor: String,
    pub(crate) title: &'static str,
    /// What one would search for.
    pub(crate) words: &'static str,
    pub(crate) about: &'static str,
    /// How bad the worst hazard behind it is.
    pub(crate) severity: Option<&'static str>,
    pub(crate) causes: Vec<CauseView>,
    pub(crate) more: usize,
    /// Where to look first.
    pub(crate) first: String,
    /// How to confirm it.
    pub(crate) confirm: Vec<String>,
    /// What to do until it is mended.
    pub(crate) meanwhile: String,
}

/// An item that can cause something.
#[derive(Debug, Serialize)]
pub(crate) struct CauseView {
    pub(crate) link: String,
    pub(crate) why: String,
    /// The rules that found a hazard of it, linked.
    pub(crate) rules: Vec<String>,
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

/// What a hazard is drawn from.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceView {
    pub(crate) what: String,
    pub(crate) at: Option<String>,
}

/// What happens when something goes away: a row of a table.
#[derive(Debug, Serialize)]
pub(crate) struct EventView {
    /// `a pod is killed`; linked where it has a page.
    pub(crate) event: String,
    /// What it does like another event of the table; the losses are then those that differ.
    pub(crate) like: Option<&'static str>,
    /// What is worked off or written out, unlike there.
    pub(crate) saved: Vec<String>,
    /// What hurts most; empty when nothing is lost.
    pub(crate) losses: Vec<EventLoss>,
    pub(crate) more: usize,
    /// What brings it back, each said once.
    pub(crate) back: Vec<String>,
}

/// Items of which the same is lost, in a row of that table.
#[derive(Debug, Serialize)]
pub(crate) struct EventLoss {
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
    pub(crate) what: String,
}

/// Something that goes away, with what it takes.
#[derive(Debug, Serialize)]
pub(crate) struct FailureView {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) first: String,
    pub(crate) afterwards: String,
    pub(crate) groups: Vec<FailureGroup>,
    /// How many items it hits.
    pub(crate) total: usize,
    /// How many of them have no recovery test.
    pub(crate) untested: usize,
    /// How many of them say how they come back, by a person.
    pub(crate) annotated: usize,
    /// What the next process makes again.
    pub(crate) remade: Vec<FurtherKind>,
    /// What is worked off, written out or waited for.
    pub(crate) saved: ShortList,
    /// Files of which no deployment file says where they lie.
    pub(crate) unplaced: ShortList,
    /// Stores that keep what is in them.
    pub(crate) untouched: Vec<String>,
}

/// What a failure takes of one kind, or from those that rely on one store.
#[derive(Debug, Serialize)]
pub(crate) struct FailureGroup {
    pub(crate) kind: Option<&'static str>,
    pub(crate) store: Option<String>,
    /// How many items it tells of. In a heading it also says that the table is not that of the kind itself.
    pub(crate) count: usize,
    pub(crate) rows: Vec<FailureRow>,
    pub(crate) more: usize,
}

/// Items of which the same is lost.
#[derive(Debug, Serialize)]
pub(crate) struct FailureRow {
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
    pub(crate) what: String,
    /// What brings them back; none when the map does not know.
    pub(crate) back: Option<String>,
    /// How much there is of it.
    pub(crate) size: Option<String>,
    /// The test that shows that it comes back.
    pub(crate) recovery_test: Option<String>,
}

/// The page that lists what may go away, in a book.
#[derive(Debug, Serialize)]
pub(crate) struct FailuresPage {
    pub(crate) events: Vec<FailureRowOfList>,
    pub(crate) recovery_tests: Vec<Named>,
    pub(crate) without_recovery_test: usize,
    pub(crate) index: String,
}

/// A row of that list.
#[derive(Debug, Serialize)]
pub(crate) struct FailureRowOfList {
    pub(crate) event: EventView,
    pub(crate) total: usize,
    pub(crate) untested: usize,
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

/// What was not seen.
#[derive(Debug, Serialize)]
pub(crate) struct BlindSpots {
    /// Services that no deployment file runs.
    pub(crate) not_deployed: Vec<String>,
    /// The rules that need one.
    pub(crate) rules_not_asked: Vec<String>,
    /// What these rules would need.
    pub(crate) rules_need: Vec<&'static str>,
    pub(crate) files: String,
    pub(crate) files_one: bool,
    pub(crate) lines: String,
    pub(crate) unparsed: usize,
    pub(crate) unparsed_files: ShortList,
    pub(crate) orphans: ShortList,
    pub(crate) skipped: ShortList,
    pub(crate) left_out: usize,
    pub(crate) macros_read: String,
    pub(crate) macros_unread: usize,
    pub(crate) macros_unread_text: String,
    pub(crate) macro_names: ShortList,
    pub(crate) calls: usize,
    pub(crate) calls_percent: String,
    pub(crate) receivers: usize,
    pub(crate) receivers_percent: String,
    pub(crate) catalog_crates: usize,
    pub(crate) unknown_crates: usize,
    pub(crate) ignored: usize,
    pub(crate) unlinked: usize,
    pub(crate) unlinked_files: usize,
    pub(crate) manifests: usize,
    pub(crate) manifests_unevaluated: usize,
    pub(crate) uncertain: usize,
    pub(crate) unfollowed: usize,
    pub(crate) diagnostics: Vec<DiagnosticView>,
    pub(crate) diagnostics_more: usize,
}

/// The first few of a list.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ShortList {
    pub(crate) count: usize,
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
}

/// A message on the input.
#[derive(Debug, Serialize)]
pub(crate) struct DiagnosticView {
    pub(crate) severity: &'static str,
    pub(crate) place: Option<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}
