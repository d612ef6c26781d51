//! The shared data: what the stages hand to each other and what JSON, pages and tables are made of.
//!
//! Depends on std and serde only, and knows nothing of Rust syntax, TOML or templates.

mod capacity;
mod coverage;
mod deployment;
mod diagnostic;
mod fact;
mod hazard;
mod item;
mod kind;
mod lifecycle;
mod map;
mod verdict;

pub use capacity::{Capacity, Holder, Limit, Share};
pub use coverage::Coverage;
pub use deployment::{Deployment, DurableMount, Environment, Total};
pub use diagnostic::{Diagnostic, Severity};
pub use fact::{Fact, FactValue, Place, Provenance, SetBy};
pub use hazard::{Acknowledged, Evidence, Hazard, HazardSeverity, Sketch};
pub use item::{Access, Annotation, Class, Confidence, EntryKind, EntryPoint, Item, ItemId, Role, Site, Use};
pub use kind::{Kind, Scope};
pub use lifecycle::{Action, Draining, End, Ending, Grace, Lifecycle, Listening, OnFailure, ServerStop, Step, Warming, When};
pub use map::{About, SCHEMA, Service, StateMap, ToolInfo};
pub use verdict::{Answer, Copies, Reason, Replication, Verdict};
