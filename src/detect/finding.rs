//! What a detector emits: one piece of state before it has an id.

use smol_str::SmolStr;

use crate::catalog::EntryId;
use crate::model::{Access, Class, Confidence, Fact, Kind, Provenance, Role, Scope};
use crate::resolve::{At, DefId};

/// A place with what happens there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawSite {
    /// Where.
    pub at: At,
    /// What happens.
    pub role: Role,
    /// Canonical path of the function or type around it.
    pub function: Option<SmolStr>,
}

/// What the id of a finding is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A declaration: `kind:path`.
    Declared(SmolStr),
    /// A call site: `kind:function#what`.
    Called {
        /// Canonical path of the function.
        function: SmolStr,
        /// The target: a path literal, a callee.
        what: SmolStr,
    },
}

/// One piece of state.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Detector that found it.
    pub detector: &'static str,
    /// Kind.
    pub kind: Kind,
    /// Scope.
    pub scope: Scope,
    /// Short name.
    pub name: SmolStr,
    /// What its id is made of.
    pub origin: Origin,
    /// The definition that it is, or in whose body it is made.
    pub def: DefId,
    /// Further definitions of the same thing, under other conditions.
    pub also: Vec<DefId>,
    /// It is a mere call, not a value that is kept: several in a function are one.
    pub is_call: bool,
    /// The call whose task it stands in: `spawn(async { … })`.
    pub inside: Option<At>,
    /// For one of several instances: the function that makes this one.
    pub made_for: Option<DefId>,
    /// Whether it changes.
    pub class: Class,
    /// How sure it is.
    pub confidence: Confidence,
    /// Places.
    pub sites: Vec<RawSite>,
    /// Uses: where, in which function, how.
    pub uses: Vec<(At, DefId, Access)>,
    /// Facts.
    pub facts: Vec<Fact>,
    /// What it is, as a noun phrase: `sqlx Postgres pool`.
    pub label: SmolStr,
    /// Type, as people write it.
    pub ty: Option<String>,
    /// Store behind it.
    pub backs_on: Option<SmolStr>,
    /// Catalog entry behind it.
    pub entry: Option<EntryId>,
}

impl Finding {
    /// A certain finding that changes, with the usual scope of its kind and nothing more known; detectors say the rest.
    #[must_use]
    pub fn new(detector: &'static str, kind: Kind, def: DefId, name: SmolStr, origin: Origin) -> Self {
        Self {
            detector,
            kind,
            scope: kind.usual_scope(),
            name,
            origin,
            def,
            also: Vec::new(),
            is_call: false,
            inside: None,
            made_for: None,
            class: Class::Mutable,
            confidence: Confidence::Certain,
            sites: Vec::new(),
            uses: Vec::new(),
            facts: Vec::new(),
            label: SmolStr::default(),
            ty: None,
            backs_on: None,
            entry: None,
        }
    }

    /// Another finding turns out to be a part of this one: all places and facts of both. What the code sets counts more than
    /// what a library does when nothing is set.
    pub fn take_in(&mut self, part: Self) {
        self.also.push(part.def);
        self.also.extend(part.also);
        for site in part.sites {
            if !self.sites.contains(&site) {
                self.sites.push(site);
            }
        }
        self.uses.extend(part.uses);
        self.needs_what_both_need(&part.facts);
        part.facts.into_iter().filter(|fact| fact.key != ONLY_WHEN).for_each(|fact| self.learn(fact));
        self.confidence = self.confidence.max(part.confidence);
    }

    /// What one of two things needs, the other may do without: together they need what both say.
    pub fn needs_what_both_need(&mut self, other: &[Fact]) {
        self.facts.retain(|fact| fact.key != ONLY_WHEN || other.iter().any(|one| one.key == fact.key && one.value == fact.value));
    }

    /// One more fact, unless it says nothing new.
    pub fn learn(&mut self, fact: Fact) {
        let is_default = fact.provenance == Provenance::Default;
        if self.facts.iter().any(|known| says_the_same(known, &fact)) || is_default && self.facts.iter().any(|known| known.key == fact.key)
        {
            return;
        }
        if !is_default {
            self.facts.retain(|known| known.provenance != Provenance::Default || known.key != fact.key);
        }
        self.facts.push(fact);
    }
}

/// The key of the facts that say without which settings the thing is not there.
pub const ONLY_WHEN: &str = "only_when";

/// One statement, wherever it is written.
#[must_use]
pub fn says_the_same(a: &Fact, b: &Fact) -> bool {
    a.key == b.key && a.value == b.value && a.from == b.from && a.provenance == b.provenance
}
