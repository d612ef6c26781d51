//! What templates see: strings that are already safe Markdown, numbers, and lists in their final order.

mod blind;
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
pub(crate) use diagram::DiagramView;
pub(crate) use failures::{EventLoss, EventView, FailureGroup, FailureRow, FailureRowOfList, FailureView};
pub(crate) use fragments::{ListRow, ListView, NothingView, PartView};
pub(crate) use hazards::{CauseView, EvidenceView, HazardRow, HazardRuleView, HazardView, IncidentView, ReviewView};
pub(crate) use items::{
    AnnotationLine, CopiesView, FactView, FactsView, ItemView, RowView, SetView, SettingRow, SettingsView, SiteView, TotalView, UsesView,
};
pub(crate) use opening::{Described, FurtherKind, Opening, Point, Volumes};
pub(crate) use pages::{
    BlindPage, BookView, Chapter, EnvironmentView, FailurePage, FailuresPage, Glance, Group, HazardsPage, IncidentPage, IncidentsPage,
    KindPage, KindRow, Named, PageView, ScopeRow, Section, ServiceItem, ServiceKind, ServiceKindRow, ServicePage, ServiceView, SummaryView,
};
pub(crate) use running::{CapacityRow, CapacityView, GraceView, LifecycleView, ReasonView, ServerView, StepLine, VerdictView, WarmingView};
pub(crate) use show::{
    AgainstView, CopiesRow, DeploymentRow, DurableView, EndingView, EntryRow, FactRow, ShowView, ShownHazard, SymptomRow, UseRow,
};
