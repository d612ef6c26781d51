//! Items: one piece of state each, with its places, its facts and what people say about it.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Fact, Kind, Place, Replication, Scope, Total};

/// The stable name of an item.
///
/// `kind:crate::path::name` for a declaration, `kind:crate::path::function#what` for a call site, with `-2`, `-3` to
/// break ties in source order. Moving lines or adding unrelated code does not change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub SmolStr);

impl ItemId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether the value changes at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Changes, grows, or is set at run time.
    Mutable,
    /// Constant after initialisation: off the pages and tables unless asked for.
    Constant,
}

/// How sure it is that this is state of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Something about it could not be resolved.
    Possible,
    /// The evidence is indirect: a name, a shape.
    Likely,
    /// Every name was resolved.
    Certain,
}

impl Confidence {
    /// The word used in JSON and on pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

/// What happens at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The state is declared: a static, a field.
    Declared,
    /// The state is made: a constructor, a spawn.
    Constructed,
    /// The state is written or removed.
    Written,
}

/// A place where state is declared, constructed or written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// File, line and column.
    #[serde(flatten)]
    pub place: Place,
    /// What happens there.
    pub role: Role,
    /// Canonical path of the enclosing function or type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<SmolStr>,
}

/// Whether a use reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Reads it.
    Read,
    /// Writes it.
    Write,
}

/// A place where an item is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Use {
    /// Path relative to the analysed root.
    pub file: SmolStr,
    /// Line, from 1.
    pub line: u32,
    /// Canonical path of the function in which it is used.
    pub function: SmolStr,
    /// What is done to it.
    pub access: Access,
}

/// Where a use of an item begins: something outside the code that enters it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryPoint {
    /// What enters.
    pub kind: EntryKind,
    /// `POST /login`, the id of a task.
    pub name: SmolStr,
    /// What is done to the item on its way; a writer may read it too.
    pub access: Access,
}

/// What sort of thing enters the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A request of one route.
    Route,
    /// Any request: what runs before or after all of them.
    EveryRequest,
    /// A background task; the name is the id of its item.
    Task,
    /// `main` and what it calls by itself.
    Main,
}

/// What people wrote about an item; see design section 4 for the keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the keys are documented in the annotation reference of the book")]
pub struct Annotation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_loss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_test: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledge: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<String>,
    /// Where the annotation is written; several when sources were merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
}

/// One piece of state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Stable name.
    pub id: ItemId,
    /// What sort of state.
    pub kind: Kind,
    /// Where it lives.
    pub scope: Scope,
    /// Short name for headings: the static, the field, the function.
    pub name: SmolStr,
    /// One plain sentence without a full stop.
    pub summary: String,
    /// Names of the services that link it, sorted.
    pub services: Vec<SmolStr>,
    /// How sure it is that this is state.
    pub confidence: Confidence,
    /// Whether the value changes.
    pub class: Class,
    /// Where it is declared, constructed or written; sorted, the most telling first in `site()`.
    pub sites: Vec<Site>,
    /// Where it is used.
    pub uses: Vec<Use>,
    /// The routes and tasks on whose way it is used, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entry_points: Vec<EntryPoint>,
    /// What is known about it.
    pub facts: Vec<Fact>,
    /// What its copies in all replicas add up to, by workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totals: Vec<Total>,
    /// How many copies there are of it, and what goes wrong with two; none for constants and for what manifests declare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
    /// The external store behind it (`external-store:postgres`).
    pub backs_on: Option<SmolStr>,
    /// Conditional compilation that it depends on, in words: "only with feature `redis`".
    pub cfg: Option<String>,
    /// The doc comment, as written.
    pub doc: Option<String>,
    /// Its type, as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<String>,
    /// What the library hides, from the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hides: Option<String>,
    /// What is lost when the process ends, from the catalog or the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// What people wrote.
    pub annotation: Option<Annotation>,
    /// Ids of the hazards that name it.
    pub hazards: Vec<SmolStr>,
}

impl Item {
    /// A file or folder that the library removes when its value is dropped: nothing stays but what a kill leaves behind.
    #[must_use]
    pub fn is_removed_on_drop(&self) -> bool {
        self.kind == Kind::FsWrite && self.facts.iter().any(|fact| fact.key == Fact::REMOVED)
    }

    /// It says who is logged in: sessions, less tokens that are good for one thing, and connections, which prove nothing.
    #[must_use]
    pub fn says_who(&self) -> bool {
        let is_good_for = self.facts.iter().any(|fact| fact.key == Fact::GOOD_FOR);
        self.kind == Kind::Session && !is_good_for && !self.is_of_connections()
    }

    /// Connections of whoever is there, and what is sent through: not who somebody is.
    fn is_of_connections(&self) -> bool {
        const CONNECTIONS: [&str; 8] = [
            "registry of",
            "WebSocket",
            "server-sent event",
            "Socket.IO",
            "libp2p",
            "in-memory MCP",
            "in-memory dialogue",
            "flash messages",
        ];
        CONNECTIONS.iter().any(|start| self.summary.starts_with(start))
    }

    /// What a key of a store is called that is set only where there is none, without a sign that somebody owns it.
    pub const MARK: &'static str = "mark in Redis, set only where there is none";

    /// What rows are called of which only the end of the work on them is seen to be marked.
    pub const MARK_ENDED: &'static str = "mark of work under way, taken back";

    /// It is no lock and no claim.
    #[must_use]
    pub fn is_mark(&self) -> bool {
        self.kind == Kind::Lease && (self.summary.starts_with(Self::MARK) || self.summary.starts_with(Self::MARK_ENDED))
    }

    /// A piece of state of which nothing more is known: in the usual scope of its kind, certain, changing.
    #[must_use]
    pub fn new(id: ItemId, kind: Kind, name: SmolStr, summary: String) -> Self {
        Self {
            id,
            kind,
            scope: kind.usual_scope(),
            name,
            summary,
            services: Vec::new(),
            confidence: Confidence::Certain,
            class: Class::Mutable,
            sites: Vec::new(),
            uses: Vec::new(),
            entry_points: Vec::new(),
            facts: Vec::new(),
            totals: Vec::new(),
            replication: None,
            backs_on: None,
            cfg: None,
            doc: None,
            ty: None,
            hides: None,
            lost: None,
            annotation: None,
            hazards: Vec::new(),
        }
    }

    /// What happens where the item comes to be (`Role::Constructed`): `made`, `started`, `read`.
    #[must_use]
    pub fn made(&self) -> &'static str {
        match self.kind {
            Kind::StartupConfig | Kind::ReferenceData => "read",
            Kind::BackgroundTask => "started",
            Kind::Os => "set up",
            Kind::Lease => "taken",
            // A loop, a comparison: there is nothing that would be made.
            Kind::Limiter if self.ty.is_none() => "applied",
            _ => "made",
        }
    }

    /// The fact that says how many connections, threads or the like the item may hold at most.
    #[must_use]
    pub fn bound(&self) -> Option<&Fact> {
        let bounds = |fact: &&Fact| {
            let key = fact.key.rsplit("::").next().unwrap_or_default();
            let words = || key.split('_');
            let upper = words().any(|word| matches!(word, "max" | "maximum" | "capacity" | "size" | "limit" | "bound"))
                && !words().any(|word| matches!(word, "min" | "idle" | "lifetime"));
            upper && fact.unit.as_deref().is_some_and(|unit| matches!(unit, "connections" | "threads" | "workers" | "objects" | "clients"))
        };
        self.facts.iter().find(bounds)
    }

    /// The place to look at first: the declaration, else the first construction, else the first write.
    #[must_use]
    pub fn site(&self) -> Option<&Site> {
        self.sites.iter().min_by_key(|site| site.role)
    }
}
