//! Lifecycles: in which order a service starts, what ends it, and what becomes of its work when it stops.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{ItemId, Place};

/// How a service starts and stops, as far as its code and its manifests tell. What could not be followed is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// The service.
    pub service: SmolStr,
    /// What `main` does on its way, in the order in which it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub startup: Vec<Step>,
    /// Items that are made when they are first used, and not at start-up; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lazily: Vec<ItemId>,
    /// Start-up work that fills a cache or other data kept in memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warming: Vec<Warming>,
    /// The signals that something listens to, in source order; frameworks that do it by themselves come last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Listening>,
    /// Of the signals that ask a process to stop, those that nothing listens to: they end it where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unhandled: Vec<SmolStr>,
    /// How its servers stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerStop>,
    /// What becomes of tasks, queues, pools and exporters when the service stops; one for each item, sorted by item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<Ending>,
    /// How long each workload waits before it kills the process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grace: Vec<Grace>,
}

impl Lifecycle {
    /// There is nothing to tell of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let parts = [self.startup.is_empty(), self.lazily.is_empty(), self.warming.is_empty(), self.signals.is_empty()];
        parts.into_iter().all(|empty| empty) && self.servers.is_empty() && self.endings.is_empty()
    }
}

/// One thing that happens while the service starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// The items that are made, read or started there, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemId>,
    /// More about it: the address that is bound, the function that is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Where.
    pub at: Place,
    /// What a failure of it does.
    pub on_failure: OnFailure,
    /// When it happens, seen from the first server; none for a service in which no server was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// It happens only under a condition: in a branch of an `if` or a `match`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sometimes: bool,
}

/// What a step of the start-up does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Reads settings: variables, files, arguments.
    Reads,
    /// Reads a data file, a certificate.
    Loads,
    /// Makes something: a client, a cache, a queue.
    Makes,
    /// Makes a connection pool or opens a connection, and asks the server on its way.
    Connects,
    /// Makes a connection pool that opens its first connection when it is used.
    PreparesPool,
    /// Opens a database on the local disk.
    Opens,
    /// Brings the schema of a database up to date.
    Migrates,
    /// Fills a cache or other data kept in memory.
    Warms,
    /// Sets something for the whole process: a subscriber, a signal handler.
    Sets,
    /// Writes to the local disk.
    Writes,
    /// Listens on an address.
    Binds,
    /// Starts a task, a thread, a job.
    Spawns,
    /// Serves; what follows it in `main` happens when it ends.
    Serves,
    /// Flushes, closes or shuts something down that `detail` names.
    Closes,
}

/// What a failure of a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The process ends: `?` all the way up to `main`, or a panic on its thread.
    EndsProcess,
    /// The code goes on: it logs, tries again, or takes something else.
    GoesOn,
    /// The error is thrown away.
    Ignored,
    /// It cannot fail, or it could not be told.
    Unknown,
}

/// When a step happens, seen from the first server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before the service listens: a connection is refused.
    BeforeListening,
    /// After it listens, before anything is answered.
    BeforeServing,
    /// It is the serving.
    Serving,
    /// After a server has ended.
    AfterServing,
}

/// Start-up work that fills data kept in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warming {
    /// What is filled.
    pub item: ItemId,
    /// The function that fills it, by its canonical path.
    pub by: SmolStr,
    /// Where it is called or spawned.
    pub at: Place,
    /// Nothing is served before it has ended.
    pub before_serving: bool,
}

/// A signal that something listens to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Listening {
    /// `SIGTERM`, `SIGINT`; `unknown` where the code listens to what could not be followed.
    pub signal: SmolStr,
    /// The framework that listens to it by itself; none for the code's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SmolStr>,
    /// Where the code listens, or where the framework is started.
    pub at: Place,
    /// It tells a server to stop.
    pub stops_server: bool,
}

impl Listening {
    /// The code listens, and to what could not be followed.
    pub const UNKNOWN: &'static str = "unknown";
}

/// How a server stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStop {
    /// What a page calls it: `HTTP server`.
    pub label: SmolStr,
    /// Its item, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// Where it is started.
    pub at: Place,
    /// The signals that stop it in an orderly manner, sorted; empty when none does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<SmolStr>,
    /// What it does with the requests under way.
    pub how: Draining,
    /// Where that is said; none for what the framework does by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Place>,
    /// It waits for them without limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub endless: bool,
    /// Milliseconds after which it no longer waits for them; none when it is `endless`, does not wait, or they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_ms: Option<u64>,
    /// Where the limit is set; none for the framework's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_at: Option<Place>,
}

/// What a server does with requests under way when it is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draining {
    /// It takes no more, and waits for those under way.
    Drains,
    /// Nothing tells it to stop: they are cut off with the process.
    CutOff,
    /// Not known.
    Unknown,
}

/// What becomes of an item when the service stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The task, queue, pool or exporter.
    pub item: ItemId,
    /// What becomes of it.
    pub how: End,
    /// The evidence: where it is awaited, cancelled, flushed; for what is dropped, where its handle is thrown away.
    pub at: Vec<Place>,
    /// It is made while the service starts, and not for single requests or messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_start: bool,
}

/// What becomes of a task, a queue, a pool or an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// What is left in it is worked off before the process ends.
    Drained,
    /// What is left in it is written out.
    Flushed,
    /// It is told to stop, and the process waits until it has.
    Joined,
    /// It is told to stop, and nobody waits until it has.
    Cancelled,
    /// The process waits for it to end by itself.
    Awaited,
    /// It is ended where it stands, on purpose.
    Aborted,
    /// Nobody tells it anything and nobody waits for it: it ends where it stands.
    Dropped,
}

impl End {
    /// The word used in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            End::Drained => "drained",
            End::Flushed => "flushed",
            End::Joined => "joined",
            End::Cancelled => "cancelled",
            End::Awaited => "awaited",
            End::Aborted => "aborted",
            End::Dropped => "dropped",
        }
    }
}

/// How long a workload waits before it kills the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// `Deployment/shop`.
    pub workload: SmolStr,
    /// The environment that the workload is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// Seconds between the request to stop and the kill; none when they are not a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Where that is written; none for the platform's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What runs before the process is told to stop; its time is part of the seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_stop: Option<Place>,
    /// A server may wait longer for its requests than the workload waits for the process.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_short: bool,
}
