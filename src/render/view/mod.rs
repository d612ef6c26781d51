//! What templates see: strings that are already safe Markdown, numbers, and lists in their final order.

mod blind;
mod book;
mod diagram;
mod failures;
mod fragments;
mod hazards;
mod items;
mod opening;
mod pages;
mod running;
mod show;

pub(crate) use blind::{BlindSpots, DiagnosticView, ShortList};
pub(crate) use book::{
    ApiRow, ChangeOfFact, ChangeOfItem, ChangeOfRisk, ChangesPage, ChangesStep, ChangesTold, Chapter, HazardRulePage, ItemLoss, ItemPage,
    OwnedKind, OwnerPage, OwnerRow, OwnersPage, Part, ServicesPage, StoreLoss, StoreName, StorePage, StoreRow, StoresPage, SummaryView,
};
pub(crate) use diagram::DiagramView;
pub(crate) use failures::{EventLoss, EventView, FailureGroup, FailureRow, FailureRowOfList, FailureView};
pub(crate) use fragments::{ListRow, ListView, NothingView, PartView};
pub(crate) use hazards::{CauseView, EvidenceView, HazardRow, HazardRuleView, HazardView, IncidentView, ItemHazard, ReviewView};
pub(crate) use items::{
    AnnotationLine, CopiesView, FactView, FactsView, ItemView, RowItem, RowView, SetView, SettingRow, SettingsView, SiteView, TotalView,
    UsesView,
};
pub(crate) use opening::{Described, FurtherKind, Opening, Point, Volumes};
pub(crate) use pages::{
    BlindPage, BookView, EnvironmentView, FailurePage, FailuresPage, Glance, Group, HazardsPage, IncidentPage, IncidentsPage, KindPage,
    KindRow, Named, PageRow, PageView, ScopeRow, Section, ServiceItem, ServiceKind, ServiceKindRow, ServicePage, ServiceView, SymptomLine,
};
pub(crate) use running::{CapacityRow, CapacityView, GraceView, LifecycleView, ReasonView, ServerView, StepLine, VerdictView, WarmingView};
pub(crate) use show::{
    AgainstView, CopiesRow, DeploymentRow, DurableView, EndingView, EntryRow, FactRow, ShowView, ShownHazard, SymptomRow, UseRow,
};
