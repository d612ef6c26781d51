//! Types that inference and detectors see through, from `wrappers.toml`.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use smol_str::SmolStr;

/// Groups of types by what they do to the type inside them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrappers {
    transparent: FxHashSet<SmolStr>,
    app_state: FxHashSet<SmolStr>,
    lazy: FxHashSet<SmolStr>,
    set_once: FxHashSet<SmolStr>,
    containers: FxHashSet<SmolStr>,
    per_thread: FxHashSet<SmolStr>,
    plain: FxHashSet<SmolStr>,
    holds_plain: FxHashSet<SmolStr>,
    task_owners: FxHashSet<SmolStr>,
    signals: FxHashSet<SmolStr>,
    vague_stores: FxHashSet<SmolStr>,
    random: FxHashSet<SmolStr>,
    clocks: FxHashSet<SmolStr>,
    keyed_digests: FxHashSet<SmolStr>,
    command_options: FxHashSet<SmolStr>,
    reexports: FxHashMap<SmolStr, SmolStr>,
    parsers: FxHashMap<SmolStr, SmolStr>,
}

impl Wrappers {
    /// The built-in groups.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Wrappers> =
            LazyLock::new(|| toml::from_str(include_str!("wrappers.toml")).expect("the built-in file is checked by a test"));
        &BUILTIN
    }

    /// `Deref` leads to the first type argument.
    #[must_use]
    pub fn is_transparent(&self, path: &str) -> bool {
        self.transparent.contains(path)
    }

    /// `Deref` leads to the first type argument: a pointer, an extractor, or a value made when it is first asked for.
    #[must_use]
    pub fn derefs(&self, path: &str) -> bool {
        self.is_transparent(path) || (self.is_lazy(path) && !self.is_set_once(path))
    }

    /// Begins an option of a command line that is put together by hand.
    #[must_use]
    pub fn is_command_option(&self, path: &str) -> bool {
        self.command_options.contains(path)
    }

    /// Hands the same value to every request.
    #[must_use]
    pub fn is_app_state(&self, path: &str) -> bool {
        self.app_state.contains(path)
    }

    /// Made once.
    #[must_use]
    pub fn is_lazy(&self, path: &str) -> bool {
        self.lazy.contains(path)
    }

    /// Made once by a call at run time.
    #[must_use]
    pub fn is_set_once(&self, path: &str) -> bool {
        self.set_once.contains(path)
    }

    /// Interior-mutable.
    #[must_use]
    pub fn is_container(&self, path: &str) -> bool {
        self.containers.contains(path) || (path.starts_with("std::sync::atomic::Atomic")) || path.starts_with("portable_atomic::Atomic")
    }

    /// One value a thread.
    #[must_use]
    pub fn is_per_thread(&self, path: &str) -> bool {
        self.per_thread.contains(path)
    }

    /// Data that says all it holds: a text, a number, an address, a secret.
    #[must_use]
    pub fn is_plain(&self, path: &str) -> bool {
        // Primitive types are the only ones without a path.
        !path.contains("::") || self.plain.contains(path)
    }

    /// As plain as what is put into it.
    #[must_use]
    pub fn holds_plain(&self, path: &str) -> bool {
        self.holds_plain.contains(path)
    }

    /// Ends what was spawned on it when it is dropped.
    #[must_use]
    pub fn owns_tasks(&self, path: &str) -> bool {
        self.task_owners.contains(path)
    }

    /// A signal between tasks.
    #[must_use]
    pub fn is_signal(&self, path: &str) -> bool {
        self.signals.contains(path)
    }

    /// Names a store, and not only a sort of address.
    #[must_use]
    pub fn is_store(&self, name: &str) -> bool {
        !self.vague_stores.contains(name)
    }

    /// Makes a random value, or is a generator of them.
    #[must_use]
    pub fn is_random(&self, path: &str) -> bool {
        self.random.contains(path)
    }

    /// Says what time it is.
    #[must_use]
    pub fn is_clock(&self, path: &str) -> bool {
        self.clocks.contains(path)
    }

    /// Signs with a secret.
    #[must_use]
    pub fn is_keyed_digest(&self, path: &str) -> bool {
        self.keyed_digests.contains(path)
    }

    /// The format of what a function makes a struct of: a text (`toml`), or the layers of settings that it is called on (`layers`).
    #[must_use]
    pub fn parser(&self, path: &str) -> Option<&str> {
        self.parsers.get(path).map(SmolStr::as_str)
    }

    /// The path under which the catalog knows what another crate hands on.
    #[must_use]
    pub fn original(&self, path: &str) -> Option<SmolStr> {
        let mut end = 0;
        for _ in 0..2 {
            end = path[end..].find(':').map_or(path.len(), |at| end + at);
            if let Some(to) = self.reexports.get(&path[..end]) {
                return Some(smol_str::format_smolstr!("{to}{}", &path[end..]));
            }
            end = (end + 2).min(path.len());
        }
        None
    }

    /// The libraries that a package hands on, as paths spell them.
    pub(super) fn handed_on(&self, package: &str) -> impl Iterator<Item = &str> {
        let library = package.replace('-', "_");
        let is_its = move |from: &SmolStr| from.split("::").next().is_some_and(|first| first == library);
        let handed = self.reexports.iter().filter(move |(from, _)| is_its(from));
        handed.map(|(_, to)| to.split("::").next().unwrap_or(to))
    }

    /// `new(value)` puts the value into the type.
    #[must_use]
    pub fn holds_its_argument(&self, path: &str) -> bool {
        // Atomics name what they hold by their own name.
        if path.starts_with("std::sync::atomic::") || path.starts_with("portable_atomic::") {
            return false;
        }
        self.is_transparent(path) || self.is_lazy(path) || self.is_container(path) || self.is_per_thread(path)
    }
}

#[cfg(test)]
mod tests {
    use super::Wrappers;

    #[test]
    fn the_built_in_groups_are_read() {
        let wrappers = Wrappers::builtin();
        assert!(wrappers.is_transparent("std::sync::Arc") && !wrappers.is_transparent("std::sync::Mutex"));
        assert!(wrappers.is_container("std::sync::Mutex") && !wrappers.is_container("std::sync::Arc"));
        assert!(wrappers.is_set_once("std::sync::OnceLock") && !wrappers.is_set_once("std::sync::LazyLock"));
    }
}
