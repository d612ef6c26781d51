//! The wire types of a catalog file; unknown keys are refused.

use serde::Deserialize;
use smol_str::SmolStr;

use crate::model::{Fact, Kind, Provenance, Scope};

/// One file of the catalog.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrateFile {
    /// Package name on the registry, hyphens kept.
    #[serde(rename = "crate")]
    pub krate: SmolStr,
    /// Version whose source the facts were read from.
    pub version: SmolStr,
    /// What the crate is, in a few words.
    #[serde(default)]
    pub summary: String,
    /// Those of its cargo features that are on by default and that entries or knobs ask for.
    #[serde(default)]
    pub default_features: Vec<SmolStr>,
    /// Its APIs.
    #[serde(default)]
    pub api: Vec<Api>,
}

/// What one group of paths makes or holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Kind of the state; `none` for what is known to be harmless.
    #[serde(deserialize_with = "kind_or_none")]
    pub kind: Option<Kind>,
    /// How the API makes it.
    pub shape: Shape,
    /// What a page calls the thing, without an article: `sqlx Postgres pool`.
    #[serde(default)]
    pub label: String,
    /// Paths as users write them: functions, `name!`, `#[name]`, `derive(path)`.
    #[serde(default)]
    pub paths: Vec<SmolStr>,
    /// Types that hold the state.
    #[serde(default)]
    pub types: Vec<SmolStr>,
    /// Types whose methods set the knobs.
    #[serde(default)]
    pub builders: Vec<SmolStr>,
    /// The type that its functions return, where their paths do not say it.
    #[serde(default)]
    pub returns: Option<SmolStr>,
    /// External store that it talks to.
    #[serde(default)]
    pub backs_on: Option<SmolStr>,
    /// Scope, when it is not the usual one of the kind.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// What the library hides.
    #[serde(default)]
    pub hides: Option<String>,
    /// What is lost when the process ends. `{start}` is when it is read: at the start, or when it is first used.
    #[serde(default)]
    pub lost: Option<String>,
    /// File of the crate's source that the facts were read from.
    #[serde(default)]
    pub source: String,
    /// Options with their defaults.
    #[serde(default)]
    pub knobs: Vec<Knob>,
    /// Environment variables that it reads by itself.
    #[serde(default)]
    pub reads: Vec<SmolStr>,
    /// It keeps an entry for each key until one of these methods is called; without a fixed knob of that default, unless a
    /// capacity or an age is set.
    #[serde(default)]
    pub swept_by: Vec<SmolStr>,
    /// Which positional argument is the file path; `-1` is the receiver.
    #[serde(default)]
    pub path_arg: Option<i8>,
    /// `path_arg` names a folder, and the library makes up the name of what it puts there.
    #[serde(default)]
    pub named_by_itself: bool,
    /// What it makes is removed when its value is dropped, unless one of these methods is called.
    #[serde(default)]
    pub removed_on_drop: Option<Vec<SmolStr>>,
    /// The folder that it works in, below that of an object which another entry opens.
    #[serde(default)]
    pub below: Option<Below>,
    /// Reported only where the workspace names one of these paths: what makes a backend local, what signs with a key.
    #[serde(default)]
    pub needs: Vec<SmolStr>,
    /// Paths (beginnings of them) that put the backend elsewhere: with one of them named, it is local or remote by setting.
    #[serde(default)]
    pub elsewhere: Vec<SmolStr>,
    /// Which positional argument is the address that a request is sent to.
    #[serde(default)]
    pub url_arg: Option<u8>,
    /// Which positional argument is the task.
    #[serde(default)]
    pub task_arg: Option<u8>,
    /// What is done to the file system.
    #[serde(default)]
    pub op: Option<FsOp>,
    /// What it is among the layers of settings.
    #[serde(default)]
    pub layer: Option<Layer>,
    /// What the call sets up beside the thing itself.
    #[serde(default)]
    pub beside: Option<Beside>,
    /// Functions that are handed options which set none of its knobs but those that are `handed`: where a pool connects
    /// to, and not how many connections it has.
    #[serde(default)]
    pub handed_to: Vec<SmolStr>,
    /// What it is where no manifest is seen to switch a cargo feature of the crate on.
    #[serde(default)]
    pub without: Option<Without>,
    /// Other words for what is called so; the first that fits.
    #[serde(default)]
    pub called: Vec<Called>,
    /// What is decided for it elsewhere: by options of another entry of the crate.
    #[serde(default)]
    pub takes: Vec<Take>,
    /// Names that the stated version no longer has and that services still use.
    #[serde(default)]
    pub older: Vec<Older>,
}

/// A folder that a library works in, by the object that was opened on the folder around it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Below {
    /// The type of the object: a constructor with `path_arg` names it among its `types`.
    #[serde(rename = "type")]
    pub ty: SmolStr,
    /// What the library calls the folder inside; none when it works in the folder itself.
    #[serde(default)]
    pub folder: Option<SmolStr>,
}

/// What an API is among the layers that settings are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// A file: `path_arg` names it.
    File,
    /// A text that the code holds: its first argument.
    Text,
    /// Environment variables, by the knobs `prefix`, `prefix_separator` and `separator` or `split`.
    Variables,
    /// Environment variables that are named like the fields, without any that nest.
    PlainVariables,
    /// A file of environment variables.
    VariablesFile,
    /// What layers are put on; a later one wins.
    Stack,
    /// What layers are put on by methods of its own, `file(path)` and `env()`; an earlier one wins.
    OwnStack,
}

/// State that an API sets up beside its own: a log file that is opened again on a signal has a handler for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Its kind.
    #[serde(deserialize_with = "kind_or_none")]
    pub kind: Option<Kind>,
    /// What a page calls it.
    pub label: String,
    /// Which positional argument of the call says on which signals it acts.
    #[serde(default)]
    pub signals_arg: Option<u8>,
}

/// What an API is without a cargo feature: a client that connects for each call, in the place of a pool. Its knobs that need the
/// feature are gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Without {
    /// The feature.
    pub feature: SmolStr,
    /// Like [`Api::kind`].
    #[serde(deserialize_with = "kind_or_none")]
    pub kind: Option<Kind>,
    /// Like [`Api::label`].
    pub label: String,
    /// Like [`Api::hides`].
    #[serde(default)]
    pub hides: Option<String>,
    /// Like [`Api::lost`].
    #[serde(default)]
    pub lost: Option<String>,
}

/// Words for an API of which the code is seen to do something: a process that is waited for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Called {
    /// Methods on its chain, or on the variable that it is bound to, or the path of a function that it is handed to.
    pub by: Vec<SmolStr>,
    /// Like [`Api::hides`].
    pub hides: String,
    /// Like [`Api::lost`].
    #[serde(default)]
    pub lost: Option<String>,
}

/// A fact that one thing has from another one of its crate: the limits of uploads are those of the server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// The label of the other entry.
    pub from: SmolStr,
    /// The key of its fact.
    pub key: SmolStr,
    /// The key under which the thing has it.
    pub name: SmolStr,
    /// What the library takes where the other one says nothing.
    #[serde(default)]
    pub default: Option<SmolStr>,
}

impl Api {
    /// The type that a builder builds: of several the one it is called after, else the first.
    #[must_use]
    pub fn built_by(&self, builder: &str) -> Option<&SmolStr> {
        let named =
            |ty: &&SmolStr| last(builder).strip_prefix(last(ty)).is_some_and(|rest| matches!(rest, "Builder" | "Options" | "Config"));
        self.types.iter().find(named).or(self.types.first())
    }

    /// The builder that a type hands out: of several the one that is called after it, else the first.
    #[must_use]
    pub fn builder_of(&self, ty: &str) -> Option<&SmolStr> {
        let named = |builder: &&SmolStr| last(builder).strip_prefix(last(ty)) == Some("Builder");
        self.builders.iter().find(named).or(self.builders.first())
    }

    /// The same without the feature that its [`Without`] names.
    #[must_use]
    pub fn without_feature(&self) -> Option<Self> {
        let without = self.without.as_ref()?;
        let mut out = Self { without: None, called: Vec::new(), ..self.clone() };
        (out.kind, out.label) = (without.kind, without.label.clone());
        (out.hides, out.lost) = (without.hides.clone(), without.lost.clone());
        out.knobs.retain(|knob| knob.feature.as_ref() != Some(&without.feature));
        Some(out)
    }

    /// The same in the words of one of its [`Called`].
    #[must_use]
    pub fn in_words_of(&self, called: &Called) -> Self {
        let lost = called.lost.clone().or_else(|| self.lost.clone());
        Self { called: Vec::new(), without: None, hides: Some(called.hides.clone()), lost, ..self.clone() }
    }

    /// Takes the names of older versions in among the others, where what reads services finds them.
    pub fn take_in_older(&mut self) {
        for older in std::mem::take(&mut self.older) {
            self.paths.extend(older.paths);
            self.types.extend(older.types);
            self.builders.extend(older.builders);
        }
    }
}

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Names of an API in an older version of its crate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Older {
    /// A version that has them.
    pub version: SmolStr,
    /// Like [`Api::paths`].
    #[serde(default)]
    pub paths: Vec<SmolStr>,
    /// Like [`Api::types`].
    #[serde(default)]
    pub types: Vec<SmolStr>,
    /// Like [`Api::builders`].
    #[serde(default)]
    pub builders: Vec<SmolStr>,
}

/// An option of an API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knob {
    /// Its name, also the builder method that sets it unless `set` says otherwise.
    pub name: SmolStr,
    /// The library's default; none when the caller must give it.
    #[serde(default)]
    pub default: Option<SmolStr>,
    /// The defaults of older versions, the oldest first.
    #[serde(default)]
    pub before: Vec<Before>,
    /// `connections`, `bytes`, `duration`, ….
    #[serde(default)]
    pub unit: Option<SmolStr>,
    /// Other methods that set it.
    #[serde(default)]
    pub set: Vec<SmolStr>,
    /// Positional argument of the constructor that sets it.
    #[serde(default)]
    pub arg: Option<u8>,
    /// Nobody can set it.
    #[serde(default)]
    pub fixed: bool,
    /// It is told although nobody can set it.
    #[serde(default)]
    pub told: bool,
    /// Environment variables that the library reads where nobody sets it.
    #[serde(default)]
    pub reads: Vec<SmolStr>,
    /// The name of the method that sets it is its value: `json()`.
    #[serde(default)]
    pub word: bool,
    /// What it means that one of its methods is called, or that one of them makes the thing: `connect_lazy(options)`.
    #[serde(default)]
    pub says: Option<SmolStr>,
    /// Its methods name an option by their first argument: `pragma("mmap_size", 0)`.
    #[serde(default)]
    pub named: bool,
    /// Each call of its methods adds one: `with(layer)`.
    #[serde(default)]
    pub many: bool,
    /// The options that the functions of `handed_to` take can set it.
    #[serde(default)]
    pub handed: bool,
    /// What another knob says leaves it without meaning, or decides in its place.
    #[serde(default)]
    pub except: Option<Except>,
    /// The cargo feature of the crate without which there is no such default.
    #[serde(default)]
    pub feature: Option<SmolStr>,
    /// More about the default.
    #[serde(default)]
    pub note: Option<String>,
}

/// Where the default of a knob does not hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Except {
    /// The name of the other knob.
    pub knob: SmolStr,
    /// Its values; none for any that the code sets.
    #[serde(default)]
    pub values: Vec<SmolStr>,
}

impl Except {
    /// What another knob is set to does away with the default.
    #[must_use]
    pub fn holds(&self, facts: &[Fact]) -> bool {
        let is_one = |fact: &Fact| match &fact.value {
            Some(value) if !self.values.is_empty() => self.values.iter().any(|one| value.to_string() == one.as_str()),
            // A value that was not followed may be any of them.
            None if !self.values.is_empty() => true,
            _ => fact.provenance != Provenance::Default,
        };
        facts.iter().any(|fact| fact.key == self.knob && is_one(fact))
    }
}

impl Knob {
    /// The library's default in the version that a requirement asks for; that of the stated version where none is known.
    #[must_use]
    pub fn default_in(&self, requirement: Option<&str>) -> Option<&SmolStr> {
        let older = requirement.map(numbers).filter(|asked| !asked.is_empty()).and_then(|mut asked| {
            // `1` asks for `1.0` and later.
            asked.resize(asked.len().max(3), 0);
            self.before.iter().find(|before| asked < numbers(&before.version))
        });
        older.map_or(self.default.as_ref(), |before| Some(&before.default))
    }
}

/// The numbers of a version, or of the first one in a requirement: `[1, 4]` of `>=1.4, <3`.
fn numbers(version: &str) -> Vec<u32> {
    let first = version.split(',').next().unwrap_or("").trim_start_matches(|c: char| !c.is_ascii_digit());
    first.split('.').map_while(|part| part.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).collect()
}

/// What held before a version.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The first version in which it no longer does.
    pub version: SmolStr,
    /// The default until then.
    pub default: SmolStr,
}

/// How an API makes or touches state: what the detectors know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Makes or opens the state.
    Constructor,
    /// An ingredient handed to another constructor.
    Part,
    /// An ingredient that is nothing by itself, wherever it stands: what it is given is told of what the same function makes.
    Ingredient,
    /// An interior-mutable container: found by type.
    Container,
    /// Changes the local file system.
    Write,
    /// Reads a local file.
    Read,
    /// Reads an environment variable named by its first argument.
    EnvRead,
    /// Loads a settings struct.
    ConfigLoad,
    /// Starts a task, thread, timer or job.
    Spawn,
    /// Makes an in-process queue.
    Channel,
    /// Sets process-wide state.
    Global,
    /// A call whose effect is remembered elsewhere.
    Call,
    /// Makes what is written by another call: told with that.
    Content,
    /// Sends a request to a service elsewhere.
    Request,
    /// Declared by a macro.
    Macro,
    /// Declared by an attribute.
    Attribute,
    /// Declared by a derive.
    Derive,
    /// Reported through its types only.
    TypeOnly,
    /// Known to be harmless.
    None,
}

/// What a call does to the local file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum FsOp {
    Create,
    Write,
    Append,
    Rename,
    Delete,
    Copy,
    Permissions,
    Link,
    Lock,
}

impl FsOp {
    /// The word on a page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FsOp::Create => "create",
            FsOp::Write => "write",
            FsOp::Append => "append",
            FsOp::Rename => "rename",
            FsOp::Delete => "delete",
            FsOp::Copy => "copy",
            FsOp::Permissions => "permissions",
            FsOp::Link => "link",
            FsOp::Lock => "lock",
        }
    }
}

fn kind_or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Kind>, D::Error> {
    let word = String::deserialize(deserializer)?;
    if word == "none" {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|()| serde::de::Error::custom(format!("unknown kind `{word}`")))
}
