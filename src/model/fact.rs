//! Facts: one statement about an item, with its value, its unit and where it is known from.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A position in a file of the analysed tree; lines and columns start at 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path relative to the analysed root, with `/` on every platform.
    pub file: SmolStr,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other value, as people write it: `30s`, `/tmp/report-{}.csv`.
    Text(String),
}

impl std::fmt::Display for FactValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FactValue::Bool(value) => value.fmt(f),
            FactValue::Int(value) => value.fmt(f),
            FactValue::Text(value) => f.write_str(value),
        }
    }
}

/// Why a value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// A literal or constant in the code, at `at`.
    Code,
    /// The library's default, from the catalog: the code sets none.
    Default,
    /// An environment variable, read at `at`.
    Env,
    /// A key of the application's settings.
    Settings,
    /// A deployment manifest.
    Manifest,
    /// A person wrote it.
    Annotated,
}

impl Provenance {
    /// The word used in JSON and on pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Provenance::Code => "code",
            Provenance::Default => "default",
            Provenance::Env => "env",
            Provenance::Settings => "settings",
            Provenance::Manifest => "manifest",
            Provenance::Annotated => "annotated",
        }
    }
}

/// One statement about an item.
///
/// A fact whose value could not be followed has `value: None` and says in `from` what it is set from:
/// nothing is guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What is stated: a knob of the catalog (`max_connections`), or `path`, `op`, `env`, `type`, …
    pub key: SmolStr,
    /// The value, or `None` when it is set from something that could not be followed.
    pub value: Option<FactValue>,
    /// `connections`, `bytes`, `duration`, …; none for plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<SmolStr>,
    /// Why the value holds.
    pub provenance: Provenance,
    /// Where it is written.
    pub at: Option<Place>,
    /// The expression, settings key (`settings.pool.max`) or env var it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where else the value is given, the layer that wins last: settings files, manifests, files of variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<SetBy>,
}

impl Fact {
    /// What the keys of facts begin with that each tell one key of the application's settings: `setting:database.port`.
    pub const SETTING: &str = "setting:";

    /// The key of the fact that tells what settings are made of, in the order in which later wins.
    pub const LAYERS: &str = "settings_layers";

    /// The key of the fact that names the collections whose entries hold the item, one of it each.
    pub const PER_ENTRY: &str = "per_entry";

    /// The key of the fact that tells what a lock, cell or map is loaded with when it is made.
    pub const BEGINS_WITH: &str = "begins_with";

    /// The value of the fact `lifetime` of what ends with the call that makes it.
    pub const EACH_CALL: &str = "one for each call";

    /// It tells that something ends with the call that makes it.
    #[must_use]
    pub fn is_for_each_call(&self) -> bool {
        self.key == "lifetime" && matches!(&self.value, Some(FactValue::Text(text)) if text == Self::EACH_CALL)
    }

    /// The key of the fact that tells what stored tokens are good for, where they log nobody in.
    pub const GOOD_FOR: &str = "good_for";

    /// The key of the fact that tells when a file or folder is removed.
    pub const REMOVED: &str = "removed";

    /// The key of the fact that tells that a file or folder stays which would be removed.
    pub const KEPT: &str = "disable_cleanup";

    /// The key of the fact that tells when a task is started again that has panicked.
    pub const STARTED_AGAIN: &str = "started_again";

    /// The key of the settings that the fact tells: `database.port`. Its `from` is the variable that sets it.
    #[must_use]
    pub fn setting(&self) -> Option<&str> {
        self.key.strip_prefix(Self::SETTING)
    }

    /// The value holds only where an expression of the code, which `from` shows, gives none: `args().nth(1).unwrap_or(8)`.
    #[must_use]
    pub fn is_fallback(&self) -> bool {
        self.provenance == Provenance::Code && self.value.is_some() && self.from.as_ref().is_some_and(|from| from.contains('('))
    }
}

/// One place outside the code that gives a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetBy {
    /// The value; none when it is hidden, or not written in this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<FactValue>,
    /// The value is a secret: only that it is set is known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// `Settings` (a file of the application's), `Manifest`, or `Env` (a file of variables).
    pub provenance: Provenance,
    /// What gives it, as people name it: `configuration/base.yaml`, `ConfigMap/shop-config`.
    pub source: String,
    /// The key there: `database.pool_size`, `DATABASE_POOL_SIZE`.
    pub key: SmolStr,
    /// Where it is written.
    pub at: Place,
    /// The environment it is for (`production`); none when it holds for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// It is a default: this variable of whoever starts the service goes over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<SmolStr>,
    /// The services that it reaches; empty when it reaches all of the item's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<SmolStr>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
