//! How a service runs: copies, connections, start and stop.

use serde::Serialize;

use super::Named;

/// Something that goes wrong with two replicas.
#[derive(Debug, Serialize)]
pub(crate) struct ReasonView {
    pub(crate) clause: String,
    pub(crate) items: Vec<String>,
    pub(crate) more: usize,
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
    /// What each replica has for itself, where nothing speaks against several.
    pub(crate) own: Vec<String>,
    pub(crate) own_more: usize,
    /// What each replica does by the clock, where nothing speaks against several.
    pub(crate) runs: Vec<String>,
    pub(crate) runs_more: usize,
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
