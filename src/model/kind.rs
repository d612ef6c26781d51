//! The public vocabulary: the kinds of state and the scopes in which it lives.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident in $folder:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal / $plural:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every variant, in the order of the reference text.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word used in JSON, ids, pages and flags.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// Its reference text, named after its word.
            #[must_use]
            pub fn docs(self) -> &'static str {
                match self { $($name::$variant => include_str!(concat!($folder, "/", $word, ".md")),)* }
            }

            /// What it is, in a few words: the first sentence of its text.
            #[must_use]
            pub fn title(self) -> &'static str {
                let first = self.docs().lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default();
                first.strip_prefix("One item is ").unwrap_or(first).trim_end_matches('.')
            }

            /// The heading for several of them.
            #[must_use]
            pub fn plural(self) -> &'static str {
                match self { $($name::$variant => $plural,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok($name::$variant),)* _ => Err(()) }
            }
        }
    };
}

words! {
    /// What sort of state an item is.
    Kind in "kinds" {
        /// A `static` whose value changes or is set at run time.
        Static = "static" / "statics",
        /// `thread_local!`, `ThreadLocal`, `task_local!`.
        ThreadLocal = "thread-local" / "thread-locals and task-locals",
        /// An interior-mutable container that outlives one request.
        SharedState = "shared-state" / "shared state",
        /// Remembered data that could be recomputed.
        Cache = "cache" / "caches",
        /// Session stores and registries of users or connections.
        Session = "session" / "sessions",
        /// Connection pools, object pools, thread pools and runtimes.
        Pool = "pool" / "pools",
        /// A third-party client that hides state.
        SdkClient = "sdk-client" / "SDK clients",
        /// An in-process channel or buffer.
        Queue = "queue" / "in-process queues",
        /// Rate limiter, semaphore, circuit breaker, retry budget.
        Limiter = "limiter" / "limiters",
        /// A spawned long-running loop, timer, cron job, worker thread.
        BackgroundTask = "background-task" / "background tasks",
        /// Configuration read once and frozen.
        StartupConfig = "startup-config" / "start-up configuration",
        /// Process-global metrics registry, subscriber, exporter buffers.
        Telemetry = "telemetry" / "telemetry",
        /// Process-wide operating system state.
        Os = "os" / "operating system state",
        /// Data files read at start-up and kept in memory.
        ReferenceData = "reference-data" / "reference data",
        /// Anything created, changed, renamed or deleted on the local file system.
        FsWrite = "fs-write" / "local file writes",
        /// A database on local disk.
        EmbeddedDb = "embedded-db" / "embedded databases",
        /// The database, broker or object store that the state was moved to.
        ExternalStore = "external-store" / "external stores",
        /// Cookies, tokens and signed URLs handed out.
        ClientHeld = "client-held" / "state held by clients",
        /// Distributed or advisory lock, leader lease, idempotency key, job claim.
        Lease = "lease" / "leases and claims",
        /// State in manifests.
        Deployment = "deployment" / "deployment",
    }
}

words! {
    /// Where an item lives, from the narrowest to the widest.
    Scope in "scopes" {
        /// One asynchronous task.
        Task = "task" / "in a task",
        /// One thread.
        Thread = "thread" / "in a thread",
        /// The process: dies with the pod.
        Process = "process" / "in the process",
        /// The host or container file system.
        Host = "host" / "on the local disk",
        /// The cluster.
        Cluster = "cluster" / "in the cluster",
        /// Another service.
        External = "external" / "elsewhere",
        /// The client.
        Client = "client" / "with the client",
    }
}

impl Kind {
    /// The scope that items of this kind have unless more is known.
    #[must_use]
    pub fn usual_scope(self) -> Scope {
        match self {
            Kind::ThreadLocal => Scope::Thread,
            Kind::FsWrite | Kind::EmbeddedDb => Scope::Host,
            Kind::ExternalStore | Kind::Lease => Scope::External,
            Kind::ClientHeld => Scope::Client,
            Kind::Deployment => Scope::Cluster,
            _ => Scope::Process,
        }
    }
}
