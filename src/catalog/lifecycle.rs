//! What is known of servers, signals and steps of a start-up, from `lifecycle.toml`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use smol_str::SmolStr;

/// Calls that speak of starting and stopping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycles {
    server: Vec<Server>,
    signals: FxHashMap<SmolStr, SmolStr>,
    migrates: Vec<SmolStr>,
    binds: Vec<SmolStr>,
}

/// The server of a framework.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The framework.
    pub name: SmolStr,
    /// What a page calls it.
    pub label: SmolStr,
    /// Calls that make or start it.
    starts: Vec<SmolStr>,
    /// Methods that give it something to wait for before it stops in order.
    #[serde(default)]
    pub orderly: Vec<SmolStr>,
    /// Which argument of them is waited for.
    #[serde(default)]
    pub orderly_arg: usize,
    /// Methods of a handle that make it stop in order, unless they are given `false`.
    #[serde(default)]
    pub stopped_by: Vec<SmolStr>,
    /// Methods that start it where an attribute of `main` brings it.
    #[serde(default)]
    pub methods: Vec<SmolStr>,
    /// Signals on which it stops in order by itself.
    #[serde(default)]
    pub signals: Vec<SmolStr>,
    /// Signals on which it stops by itself without waiting.
    #[serde(default)]
    pub at_once: Vec<SmolStr>,
    /// Methods after which it listens to no signal.
    #[serde(default)]
    pub unless: Vec<SmolStr>,
    /// A field of its configuration that the code may set instead: then nothing is known of its signals.
    #[serde(default)]
    pub settings: Option<SmolStr>,
    /// For how many seconds it waits at most for what is under way; none: without limit.
    #[serde(default)]
    pub waits: Option<u64>,
    /// The method that sets that.
    #[serde(default)]
    pub waits_by: Option<SmolStr>,
    /// A limit of the wait is an argument of what makes it stop, and not read.
    #[serde(default)]
    pub limited: bool,
    /// Where this was read.
    pub source: String,
}

impl Lifecycles {
    /// The built-in ones.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Lifecycles> =
            LazyLock::new(|| toml::from_str(include_str!("lifecycle.toml")).expect("the built-in file is checked by a test"));
        &BUILTIN
    }

    /// The server that a call or attribute makes or starts.
    #[must_use]
    pub fn server(&self, path: &str) -> Option<&Server> {
        self.server.iter().find(|server| server.starts.iter().any(|start| start == path))
    }

    /// The signal that a call listens to; `argument` when it is given which, with a `?` when there may be more.
    #[must_use]
    pub fn signal(&self, path: &str) -> Option<&str> {
        self.signals.get(path).map(SmolStr::as_str)
    }

    /// Listens on an address.
    #[must_use]
    pub fn binds(&self, path: &str) -> bool {
        self.binds.iter().any(|known| known == path)
    }

    /// Brings the schema of a database up to date.
    #[must_use]
    pub fn migrates(&self, path: &str) -> bool {
        self.migrates.iter().any(|known| known == path)
    }
}

#[cfg(test)]
mod tests {
    use super::Lifecycles;

    #[test]
    fn the_built_in_file_is_read() {
        let known = Lifecycles::builtin();
        assert!(known.server("axum::serve").is_some_and(|server| server.waits.is_none()) && known.server("axum::Router::new").is_none());
        assert!(known.signal("tokio::signal::ctrl_c") == Some("SIGINT") && known.migrates("sqlx::migrate::Migrator::run"));
        assert!(known.server.iter().all(|server| !server.source.is_empty()));
    }
}
