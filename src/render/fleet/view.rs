//! What the templates of a fleet see: strings that are already safe Markdown, numbers, and lists in their final order.

use serde::Serialize;

use super::super::view::{Chapter, Opening, VerdictView};

/// The first page.
#[derive(Debug, Serialize)]
pub(super) struct IndexView {
    pub(super) title: String,
    pub(super) totals: Totals,
    pub(super) review: Vec<ReviewRow>,
    pub(super) review_more: usize,
    /// Servers of which more may be asked than they take.
    pub(super) over: Vec<ServerRow>,
    pub(super) over_more: usize,
    /// Servers that several repositories use.
    pub(super) shared: Vec<ServerRow>,
    pub(super) shared_more: usize,
    /// Families that several repositories use, and of which nothing says that they share a server.
    pub(super) apart: Vec<FamilyRow>,
    /// Hosts of HTTP APIs that several repositories call.
    pub(super) called: Vec<ServerRow>,
    pub(super) called_more: usize,
    pub(super) services: Vec<ServiceRow>,
    pub(super) services_more: usize,
    pub(super) kinds: Vec<KindRowOfAll>,
    pub(super) owners: Vec<OwnerRow>,
    pub(super) owners_more: usize,
    pub(super) symptoms: Vec<SymptomRow>,
    pub(super) has_sources: bool,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) version: String,
}

/// The numbers of a fleet, written as people write them.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) repositories: usize,
    pub(super) repositories_text: String,
    pub(super) services: usize,
    pub(super) services_text: String,
    pub(super) items: String,
    pub(super) in_process: String,
    pub(super) on_disk: String,
    pub(super) answers: Vec<Counted>,
    /// Services on which no verdict was drawn.
    pub(super) unjudged: usize,
    pub(super) high: usize,
    pub(super) high_text: String,
    pub(super) high_services: usize,
    pub(super) medium: usize,
    pub(super) medium_text: String,
    pub(super) shared: usize,
    pub(super) over: usize,
    /// Servers that are over their limit only when all repositories are counted.
    pub(super) only_together: usize,
    pub(super) not_deployed: usize,
}

/// A word with how often it holds.
#[derive(Debug, Serialize)]
pub(super) struct Counted {
    pub(super) word: &'static str,
    pub(super) count: usize,
    pub(super) shown: Vec<String>,
    pub(super) more: usize,
}

/// Hazards of one rule that are equally bad, in a row.
#[derive(Debug, Serialize)]
pub(super) struct ReviewRow {
    pub(super) severity: &'static str,
    pub(super) message: String,
    pub(super) rule: String,
    pub(super) count: usize,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
}

/// A server in a table.
#[derive(Debug, Serialize)]
pub(super) struct ServerRow {
    pub(super) server: String,
    /// `stated`, `same-host`, `likely`, `alone`.
    pub(super) sure: &'static str,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
    pub(super) repositories: usize,
    pub(super) via: Vec<String>,
    pub(super) contents: usize,
    pub(super) load: Option<LoadView>,
}

/// A family of stores in a table.
#[derive(Debug, Serialize)]
pub(super) struct FamilyRow {
    pub(super) http: bool,
    pub(super) family: String,
    pub(super) services: usize,
    pub(super) repositories: usize,
    pub(super) servers: usize,
    pub(super) shared: usize,
    pub(super) over: usize,
    pub(super) contents: usize,
}

/// A service in a table.
#[derive(Debug, Serialize)]
pub(super) struct ServiceRow {
    /// On a site that is one page.
    pub(super) anchor: Option<String>,
    pub(super) service: String,
    pub(super) repository: String,
    /// `yes`, `with-care`, `no`; none where it was not judged.
    pub(super) answer: Option<&'static str>,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
    pub(super) items: String,
    pub(super) stores: Vec<String>,
    pub(super) stores_more: usize,
    pub(super) owner: Option<String>,
}

/// A kind in the table of all.
#[derive(Debug, Serialize)]
pub(super) struct KindRowOfAll {
    pub(super) kind: &'static str,
    pub(super) target: String,
    pub(super) items: String,
    pub(super) services: usize,
}

/// A team in a table.
#[derive(Debug, Serialize)]
pub(super) struct OwnerRow {
    /// None for what names nobody.
    pub(super) owner: Option<String>,
    pub(super) anchor: String,
    pub(super) items: String,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
}

/// A symptom in a table.
#[derive(Debug, Serialize)]
pub(super) struct SymptomRow {
    pub(super) title: String,
    pub(super) words: String,
    pub(super) severity: Option<&'static str>,
    /// How many services have something that can cause it.
    pub(super) services: usize,
    /// In how many of them a rule found a hazard behind it.
    pub(super) found: usize,
}

/// A file that is not on the site.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    pub(super) file: String,
    pub(super) reason: String,
}

/// The connections to a server in one environment.
#[derive(Debug, Serialize)]
pub(super) struct LoadView {
    pub(super) environment: Option<String>,
    pub(super) at_rest: String,
    pub(super) during_rollout: String,
    pub(super) at_most: Option<String>,
    pub(super) at_most_during_rollout: Option<String>,
    pub(super) most: String,
    pub(super) at_least: bool,
    pub(super) limit: Option<String>,
    /// Who says the limit, and where.
    pub(super) limit_from: Option<String>,
    /// `annotated`, `manifest`, `compose`, `default`.
    pub(super) limit_by: Option<&'static str>,
    pub(super) others: Vec<String>,
    pub(super) over: bool,
    pub(super) only_together: bool,
    pub(super) rows: Vec<LoadRow>,
    /// Services of which no deployment file says how many run.
    pub(super) unknown: Vec<String>,
}

/// What one workload asks of a server.
#[derive(Debug, Serialize)]
pub(super) struct LoadRow {
    pub(super) repository: String,
    pub(super) workload: String,
    pub(super) each: String,
    pub(super) at_rest: String,
    pub(super) during_rollout: String,
    pub(super) most: String,
    pub(super) at: String,
}

/// The page of the services.
#[derive(Debug, Serialize)]
pub(super) struct ServicesPage {
    pub(super) services: Vec<ServiceRow>,
    pub(super) part: Part,
    pub(super) index: String,
    pub(super) any_owner: bool,
}

/// Which of several pages it is.
#[derive(Debug, Default, Serialize)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) of: usize,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The page of one service.
#[derive(Debug, Serialize)]
pub(super) struct FleetServicePage {
    pub(super) name: String,
    pub(super) repository: RepositoryView,
    /// Nothing of the map is a binary.
    pub(super) library: bool,
    pub(super) target: Option<String>,
    pub(super) package: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) opening: Opening,
    pub(super) verdicts: Vec<VerdictView>,
    pub(super) hazards: Vec<HazardOfService>,
    pub(super) hazards_more: usize,
    /// The rules behind those.
    pub(super) further_rules: Vec<String>,
    pub(super) accepted: usize,
    pub(super) stores: Vec<StoreOfService>,
    pub(super) kinds: Vec<KindOfService>,
    pub(super) symptoms: Vec<SymptomOfService>,
    /// Services that call a host of its name.
    pub(super) called_by: Vec<String>,
    pub(super) called_by_more: usize,
    pub(super) sources: Vec<String>,
    pub(super) blind_target: String,
    pub(super) index: String,
}

/// Where a map comes from.
#[derive(Debug, Serialize)]
pub(super) struct RepositoryView {
    pub(super) name: String,
    /// Its page of this site.
    pub(super) link: String,
    /// On its host.
    pub(super) host: Option<String>,
    pub(super) revision: Option<String>,
    /// Its own site.
    pub(super) site: Option<String>,
    pub(super) description: Option<String>,
    pub(super) services: Vec<String>,
    pub(super) several: bool,
}

/// A hazard of one service.
#[derive(Debug, Serialize)]
pub(super) struct HazardOfService {
    pub(super) severity: &'static str,
    pub(super) rule: String,
    pub(super) message: String,
    pub(super) items: Vec<String>,
    pub(super) items_more: usize,
}

/// A store that a service uses.
#[derive(Debug, Serialize)]
pub(super) struct StoreOfService {
    pub(super) server: String,
    pub(super) perhaps: Vec<String>,
    pub(super) sure: &'static str,
    pub(super) via: Vec<String>,
    pub(super) others: Vec<String>,
    pub(super) others_more: usize,
    pub(super) contents: Vec<String>,
    pub(super) contents_more: usize,
}

/// The items of one kind that a service holds.
#[derive(Debug, Serialize)]
pub(super) struct KindOfService {
    pub(super) kind: &'static str,
    pub(super) count: usize,
    pub(super) items: Vec<ItemLine>,
    pub(super) more: usize,
    pub(super) target: String,
}

/// An item in one line.
#[derive(Debug, Serialize)]
pub(super) struct ItemLine {
    pub(super) item: String,
    pub(super) summary: String,
    pub(super) service: Option<String>,
}

/// Something that one may see of a service.
#[derive(Debug, Serialize)]
pub(super) struct SymptomOfService {
    pub(super) title: String,
    pub(super) found: bool,
}

/// What one repository holds, or a part of it.
#[derive(Debug, Serialize)]
pub(super) struct StatePage {
    pub(super) repository: RepositoryView,
    pub(super) part: Part,
    /// On the first part only.
    pub(super) first: bool,
    pub(super) kinds: Vec<StateKind>,
    pub(super) total: String,
    pub(super) untied: usize,
    pub(super) files: String,
    pub(super) unparsed: usize,
    pub(super) messages: usize,
    pub(super) tool: String,
    pub(super) index: String,
}

/// The items of one kind of a repository.
#[derive(Debug, Serialize)]
pub(super) struct StateKind {
    pub(super) kind: &'static str,
    pub(super) count: usize,
    pub(super) lines: Vec<StateLine>,
    pub(super) more: usize,
}

/// An item where it is told.
#[derive(Debug, Serialize)]
pub(super) struct StateLine {
    /// The anchors that lead here.
    pub(super) anchors: Vec<String>,
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) place: Option<String>,
    pub(super) id: String,
    pub(super) scope: &'static str,
    /// Empty when every service of the repository holds it.
    pub(super) services: Vec<String>,
    pub(super) store: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) lost: Option<String>,
    pub(super) hazards: Vec<String>,
    pub(super) confidence: Option<&'static str>,
}

/// The page of the stores.
#[derive(Debug, Serialize)]
pub(super) struct StoresPage {
    pub(super) families: Vec<FamilyRow>,
    pub(super) shared: Vec<ServerRow>,
    pub(super) shared_more: usize,
    pub(super) index: String,
}

/// The page of one family of stores, or a part of it.
#[derive(Debug, Serialize)]
pub(super) struct FamilyPage {
    pub(super) family: String,
    /// On a site that is one page.
    pub(super) anchor: Option<String>,
    pub(super) http: bool,
    pub(super) services: usize,
    pub(super) repositories: usize,
    pub(super) servers_total: usize,
    pub(super) shared_total: usize,
    pub(super) servers: Vec<ServerView>,
    pub(super) own: Vec<ServerRowOfOwn>,
    pub(super) namesakes: Vec<ContentView>,
    pub(super) namesakes_more: usize,
    pub(super) part: Part,
    pub(super) index: String,
}

/// A server that is told in full.
#[derive(Debug, Serialize)]
pub(super) struct ServerView {
    pub(super) anchor: String,
    /// Services of this site that the host is called like.
    pub(super) perhaps: Vec<String>,
    /// What services of several repositories change.
    pub(super) written_by_several: Vec<String>,
    pub(super) title: String,
    pub(super) sure: &'static str,
    pub(super) evidence: Vec<EvidenceLine>,
    pub(super) users: Vec<UserRow>,
    pub(super) more_users: Vec<String>,
    pub(super) uncounted: usize,
    pub(super) repositories: usize,
    pub(super) contents: Vec<ContentView>,
    pub(super) contents_more: usize,
    pub(super) loads: Vec<LoadView>,
}

/// What the users of a server have in common.
#[derive(Debug, Serialize)]
pub(super) struct EvidenceLine {
    /// `host`, `object`, `bucket`, `declared`.
    pub(super) by: &'static str,
    /// How far the name reaches: `world`, `cluster`.
    pub(super) reach: &'static str,
    pub(super) what: String,
}

/// A service that uses a server.
#[derive(Debug, Serialize)]
pub(super) struct UserRow {
    pub(super) services: Vec<String>,
    pub(super) repository: String,
    pub(super) via: Vec<String>,
    pub(super) said: Vec<String>,
    pub(super) items: Vec<String>,
    pub(super) items_more: usize,
}

/// A server that one repository uses.
#[derive(Debug, Serialize)]
pub(super) struct ServerRowOfOwn {
    pub(super) anchor: String,
    pub(super) perhaps: Vec<String>,
    pub(super) title: String,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
    pub(super) via: Vec<String>,
    pub(super) contents: Vec<String>,
    pub(super) contents_more: usize,
    pub(super) load: Option<LoadView>,
}

/// A table, a topic, a bucket.
#[derive(Debug, Serialize)]
pub(super) struct ContentView {
    pub(super) what: &'static str,
    pub(super) name: String,
    pub(super) uses: Vec<ContentUseView>,
    pub(super) more: usize,
    pub(super) shared: bool,
}

/// Who uses it.
#[derive(Debug, Serialize)]
pub(super) struct ContentUseView {
    pub(super) service: String,
    pub(super) does: Vec<String>,
    pub(super) items: Vec<String>,
    pub(super) items_more: usize,
}

/// The page of the hazards.
#[derive(Debug, Serialize)]
pub(super) struct HazardsOfAll {
    pub(super) review: Vec<ReviewRow>,
    pub(super) services: Vec<ServiceRow>,
    pub(super) services_more: usize,
    pub(super) accepted: usize,
    pub(super) index: String,
}

/// The page of one rule.
#[derive(Debug, Serialize)]
pub(super) struct RulePage {
    pub(super) rule: String,
    pub(super) title: String,
    pub(super) symptom: String,
    pub(super) remedy: String,
    pub(super) ends_when: String,
    pub(super) sketch: Option<String>,
    pub(super) rows: Vec<RuleRow>,
    pub(super) total: usize,
    pub(super) services: usize,
    pub(super) part: Part,
    pub(super) index: String,
}

/// A hazard of a rule.
#[derive(Debug, Serialize)]
pub(super) struct RuleRow {
    pub(super) severity: &'static str,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
    pub(super) message: String,
    pub(super) arithmetic: Option<String>,
    pub(super) items: Vec<String>,
    pub(super) items_more: usize,
    pub(super) likely: bool,
    pub(super) accepted: Option<String>,
}

/// The page of the symptoms.
#[derive(Debug, Serialize)]
pub(super) struct SymptomsPage {
    pub(super) symptoms: Vec<SymptomRow>,
    pub(super) index: String,
}

/// The page of one symptom.
#[derive(Debug, Serialize)]
pub(super) struct SymptomPage {
    pub(super) title: &'static str,
    pub(super) words: &'static str,
    pub(super) about: &'static str,
    pub(super) first: &'static str,
    pub(super) confirm: Vec<String>,
    pub(super) meanwhile: String,
    pub(super) rows: Vec<SymptomServiceRow>,
    /// Further services, in which no rule found a hazard.
    pub(super) others: Vec<String>,
    pub(super) others_more: usize,
    pub(super) index: String,
}

/// A service with what can cause a symptom.
#[derive(Debug, Serialize)]
pub(super) struct SymptomServiceRow {
    pub(super) service: String,
    pub(super) severity: Option<&'static str>,
    pub(super) causes: Vec<CauseOfService>,
    pub(super) more: usize,
}

/// An item that can cause a symptom.
#[derive(Debug, Serialize)]
pub(super) struct CauseOfService {
    pub(super) item: String,
    pub(super) why: String,
}

/// The page of one kind.
#[derive(Debug, Serialize)]
pub(super) struct FleetKindPage {
    pub(super) kind: &'static str,
    pub(super) items: String,
    pub(super) count: usize,
    pub(super) services: usize,
    pub(super) top: Vec<ItemLine>,
    pub(super) top_more: usize,
    pub(super) by_repository: Vec<RepositoryCount>,
    pub(super) by_repository_more: usize,
    pub(super) index: String,
}

/// How many items of a kind a repository holds.
#[derive(Debug, Serialize)]
pub(super) struct RepositoryCount {
    pub(super) link: String,
    pub(super) count: usize,
}

/// The page of the kinds.
#[derive(Debug, Serialize)]
pub(super) struct KindsPage {
    pub(super) kinds: Vec<KindRowOfAll>,
    pub(super) index: String,
}

/// The page of the owners.
#[derive(Debug, Serialize)]
pub(super) struct OwnersPage {
    pub(super) owners: Vec<OwnerView>,
    pub(super) index: String,
}

/// What one team is asked about.
#[derive(Debug, Serialize)]
pub(super) struct OwnerView {
    pub(super) row: OwnerRow,
    pub(super) items: Vec<ItemLine>,
    pub(super) items_more: usize,
    pub(super) whole: Vec<String>,
    pub(super) whole_more: usize,
}

/// The page of ConfigMaps and Secrets.
#[derive(Debug, Serialize)]
pub(super) struct SourcesPage {
    pub(super) sources: Vec<SourceRow>,
    pub(super) more: usize,
    pub(super) index: String,
}

/// A ConfigMap or Secret.
#[derive(Debug, Serialize)]
pub(super) struct SourceRow {
    pub(super) name: String,
    pub(super) keys: Vec<String>,
    pub(super) keys_more: usize,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
    pub(super) repositories: usize,
}

/// The page of what was not seen.
#[derive(Debug, Serialize)]
pub(super) struct FleetBlindPage {
    pub(super) rows: Vec<BlindRow>,
    pub(super) rows_more: usize,
    pub(super) not_deployed: Vec<String>,
    pub(super) not_deployed_more: usize,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) older: Vec<String>,
    pub(super) index: String,
    pub(super) version: String,
}

/// What was not seen of one repository.
#[derive(Debug, Serialize)]
pub(super) struct BlindRow {
    pub(super) repository: String,
    pub(super) revision: Option<String>,
    pub(super) files: String,
    pub(super) unparsed: usize,
    pub(super) skipped: usize,
    pub(super) macros: String,
    pub(super) calls: String,
    pub(super) receivers: String,
    pub(super) unknown_crates: usize,
    pub(super) manifests: usize,
    pub(super) tool: String,
}

/// The page that lists repositories.
#[derive(Debug, Serialize)]
pub(super) struct RepositoriesPage {
    pub(super) rows: Vec<RepositoryRow>,
    pub(super) rows_more: usize,
    pub(super) index: String,
}

/// A repository in a table.
#[derive(Debug, Serialize)]
pub(super) struct RepositoryRow {
    pub(super) link: String,
    pub(super) host: Option<String>,
    pub(super) site: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) services: Vec<String>,
    pub(super) services_more: usize,
    pub(super) items: String,
}

/// The chapters of the book.
#[derive(Debug, Serialize)]
pub(super) struct FleetSummary {
    pub(super) title: String,
    pub(super) stores: Vec<Chapter>,
    pub(super) services: Vec<Chapter>,
    pub(super) state: Vec<Chapter>,
    pub(super) hazards: Vec<Chapter>,
    pub(super) symptoms: Vec<Chapter>,
    pub(super) kinds: Vec<Chapter>,
    pub(super) has_sources: bool,
}

/// The settings of the book.
#[derive(Debug, Serialize)]
pub(super) struct FleetBook {
    pub(super) title: String,
    /// Whether mdBook's search finds single items.
    pub(super) search_items: bool,
}

/// All of it on one page.
#[derive(Debug, Serialize)]
pub(super) struct FleetPage {
    pub(super) index: IndexView,
    pub(super) families: Vec<FamilyPage>,
    pub(super) accepted: usize,
}
