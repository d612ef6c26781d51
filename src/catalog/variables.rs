//! Environment variables that are known beside the code of a service, from `variables.toml`.

use std::sync::LazyLock;

use serde::Deserialize;
use smol_str::SmolStr;

/// Variables by who sets or reads them, and the functions that read many at once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variables {
    platform: Vec<SmolStr>,
    runtime: Vec<SmolStr>,
    whole: Vec<SmolStr>,
    prefixed: Vec<SmolStr>,
    derives: Vec<SmolStr>,
}

impl Variables {
    /// The built-in lists.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Variables> =
            LazyLock::new(|| toml::from_str(include_str!("variables.toml")).expect("the built-in file is checked by a test"));
        &BUILTIN
    }

    /// A platform, a shell or a container engine sets it by itself.
    #[must_use]
    pub fn is_platform(&self, name: &str) -> bool {
        fits(&self.platform, name)
    }

    /// A runtime or a well-known library reads it without the service's own code saying so.
    #[must_use]
    pub fn is_runtime(&self, name: &str) -> bool {
        fits(&self.runtime, name)
    }

    /// The function reads the environment as a whole.
    #[must_use]
    pub fn reads_whole(&self, path: &str) -> bool {
        self.whole.iter().any(|one| one == path)
    }

    /// The function reads every variable with the prefix that is its first argument.
    #[must_use]
    pub fn reads_prefix(&self, path: &str) -> bool {
        self.prefixed.iter().any(|one| one == path)
    }

    /// A derive macro of this name reads variables that are named after fields.
    #[must_use]
    pub fn derives_reads(&self, name: &str) -> bool {
        self.derives.iter().any(|one| one == name)
    }
}

/// Whether a name is in a list, in which a `*` at the end stands for any rest.
fn fits(list: &[SmolStr], name: &str) -> bool {
    list.iter().any(|one| one.strip_suffix('*').map_or(one == name, |start| name.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn names_and_starts_of_names_are_told_apart() {
        let known = Variables::builtin();
        assert!(known.is_platform("HOME") && !known.is_platform("HOMEPAGE"));
        assert!(known.is_runtime("AWS_REGION") && known.is_runtime("RUST_LOG") && !known.is_runtime("RUST_LOGGER_FILE"));
        assert!(!known.is_runtime("DATABASE_URL") && !known.is_platform("DATABASE_URL"));
        assert!(known.reads_whole("std::env::vars") && known.reads_prefix("envy::prefixed"));
    }
}
