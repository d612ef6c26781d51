//! `[policy]` of `statemap.toml`: what `statemap check` does about what.

use toml::de::DeValue;

use super::reader::{Mark, Reader, Section, type_words};
use super::schema::KEYS;
use crate::model::{Annotation, Class, Confidence, HazardSeverity, Item, Kind, Scope};

/// What `check` does about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Allow,
    /// Tells it.
    Warn,
    /// Tells it and fails.
    Deny,
}

/// Kinds whose items each need words of their own, as long as `require` says nothing else: what they hold is lost, doubled or
/// handed out. The others are settings and clients, of which a service has dozens.
pub const USUALLY_REQUIRED: &[Kind] = &[
    Kind::Static,
    Kind::ThreadLocal,
    Kind::SharedState,
    Kind::Cache,
    Kind::Session,
    Kind::Pool,
    Kind::Queue,
    Kind::Limiter,
    Kind::BackgroundTask,
    Kind::ReferenceData,
    Kind::FsWrite,
    Kind::EmbeddedDb,
    Kind::ClientHeld,
    Kind::Lease,
];

/// `[policy]`: when `check` fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The mildest hazard that fails the check unless it is acknowledged.
    pub fail_on: Option<HazardSeverity>,
    /// The committed map does not say what the code says.
    pub stale: Option<Level>,
    /// The committed map differs in line numbers only.
    pub moved: Option<Level>,
    /// An item without annotation.
    pub undocumented: Option<Level>,
    /// An annotation that matches nothing.
    pub unmatched: Option<Level>,
    /// An annotation that the code or another annotation contradicts.
    pub contradicted: Option<Level>,
    /// An annotation whose last day is over.
    pub expired: Option<Level>,
    /// Kinds and scopes whose items must be annotated.
    pub require: Option<Vec<Required>>,
    /// Keys that an annotation must have; any one when empty.
    pub require_keys: Vec<&'static str>,
    /// File with the ids that are let through.
    pub baseline: Option<String>,
    /// What claims to hold no state.
    pub stateless: Option<Stateless>,
}

/// `stateless`: the services that claim to hold no state of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stateless {
    /// The services that claim it; all when empty.
    pub services: Vec<String>,
    /// The kinds that they may hold.
    pub except: Vec<Kind>,
    /// Where the services stand.
    pub(super) services_at: Mark,
}

impl Stateless {
    /// Whether the claim is about an item: one that nobody links is everybody's.
    #[must_use]
    pub fn claims(&self, item: &Item) -> bool {
        let of_service = self.services.is_empty()
            || item.services.is_empty()
            || item.services.iter().any(|of| self.services.iter().any(|name| of == name));
        of_service && !self.except.contains(&item.kind)
    }
}

/// A word of `require`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// Items of a kind.
    Kind(Kind),
    /// Items of a scope.
    Scope(Scope),
}

impl Policy {
    /// Whether an item must be annotated.
    ///
    /// Constants need no words, and of what may be no state at all nobody is asked to write some.
    #[must_use]
    pub fn requires(&self, item: &Item) -> bool {
        if item.class == Class::Constant || item.confidence == Confidence::Possible {
            return false;
        }
        match &self.require {
            None => USUALLY_REQUIRED.contains(&item.kind) && !is_threads(item),
            Some(required) => required.iter().any(|required| match required {
                Required::Kind(kind) => *kind == item.kind,
                Required::Scope(scope) => *scope == item.scope,
            }),
        }
    }

    /// The keys that an annotation lacks; `None` when it says enough.
    ///
    /// `owner` is said for all by `[service] owner`.
    #[must_use]
    pub fn missing(&self, annotation: Option<&Annotation>, service_owner: Option<&str>) -> Option<Vec<&'static str>> {
        if self.require_keys.is_empty() {
            return if annotation.is_some_and(documents) { None } else { Some(Vec::new()) };
        }
        let missing: Vec<&'static str> = self.require_keys.iter().copied().filter(|key| !says(annotation, key, service_owner)).collect();
        if missing.is_empty() { None } else { Some(missing) }
    }
}

/// A pool of threads or a runtime: it holds nothing that a restart does not give back.
fn is_threads(item: &Item) -> bool {
    let has = |unit: &str| item.facts.iter().any(|fact| fact.unit.as_deref() == Some(unit));
    item.kind == Kind::Pool && item.backs_on.is_none() && has("threads") && !has("connections")
}

fn says(annotation: Option<&Annotation>, key: &str, service_owner: Option<&str>) -> bool {
    if key == "owner" && service_owner.is_some() {
        return true;
    }
    let mut annotation = annotation.cloned().unwrap_or_default();
    super::schema::slot(&mut annotation, key).is_some_and(|slot| !slot.is_empty())
}

/// Whether an annotation says something of the state itself: dates and accepted hazards do not.
fn documents(annotation: &Annotation) -> bool {
    required_keys().any(|key| says(Some(annotation), key, None))
}

/// The keys that `require_keys` may ask for.
fn required_keys() -> impl Iterator<Item = &'static str> {
    let of_itself = |name: &str| !matches!(name, "acknowledge" | "reason" | "date" | "ignore" | "expires" | "reviewed");
    KEYS.iter().filter(move |key| of_itself(key.name)).map(|key| key.name)
}

const POLICY_KEYS: &[&str] = &[
    "stale",
    "moved",
    "undocumented",
    "require",
    "require_keys",
    "unmatched",
    "contradicted",
    "expired",
    "baseline",
    "stateless",
    "fail_on",
];

pub(super) fn read_policy(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> Policy {
    reader.check_keys(section, POLICY_KEYS);
    let severities = [("low", HazardSeverity::Low), ("medium", HazardSeverity::Medium), ("high", HazardSeverity::High)];
    let levels = [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny), ("error", Level::Deny)];
    let mut level = |key: &str| reader.word(section, key, &levels);
    let (stale, moved, undocumented) = (level("stale"), level("moved"), level("undocumented"));
    let (unmatched, contradicted, expired) = (level("unmatched"), level("contradicted"), level("expired"));
    Policy {
        fail_on: reader.word(section, "fail_on", &severities),
        stale,
        moved,
        undocumented,
        unmatched,
        contradicted,
        expired,
        require: section.table.contains_key("require").then(|| read_required(reader, section)),
        require_keys: read_required_keys(reader, section),
        baseline: reader.text(section, "baseline"),
        stateless: read_stateless(reader, section),
    }
}

/// `require = ["cache", "session", "host"]`: kinds and scopes, whose words differ.
fn read_required(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> Vec<Required> {
    let kinds = Kind::ALL.iter().map(|kind| (kind.as_str(), Required::Kind(*kind)));
    let scopes = Scope::ALL.iter().map(|scope| (scope.as_str(), Required::Scope(*scope)));
    let words: Vec<(&str, Required)> = kinds.chain(scopes).collect();
    let listed = reader.spanned_list(section, "require");
    listed.iter().filter_map(|(word, at)| reader.choice("require", word, at, &words)).collect()
}

fn read_required_keys(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> Vec<&'static str> {
    let keys: Vec<(&str, &'static str)> = required_keys().map(|key| (key, key)).collect();
    let listed = reader.spanned_list(section, "require_keys");
    listed.iter().filter_map(|(word, at)| reader.choice("require_keys", word, at, &keys)).collect()
}

/// `stateless = true`, or `stateless = { services = ["api"], except = ["telemetry"] }`.
fn read_stateless(reader: &mut Reader<'_>, policy: &Section<'_, '_>) -> Option<Stateless> {
    let value = policy.table.get("stateless")?;
    let services_at = reader.mark(&value.span());
    let DeValue::Table(table) = value.get_ref() else {
        if let DeValue::Boolean(claimed) = value.get_ref() {
            return claimed.then(|| Stateless { services_at, ..Stateless::default() });
        }
        let message = format!("`stateless` must be a boolean or a table, not {}", type_words(value.get_ref()));
        reader.error("wrong-type", &value.span(), message, "write `stateless = { except = [\"telemetry\", \"pool\"] }`");
        return None;
    };
    let section = Section { name: "`stateless`".to_owned(), table, at: value.span() };
    reader.check_keys(&section, &["except", "services"]);
    let kinds: Vec<(&str, Kind)> = Kind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    let listed = reader.spanned_list(&section, "except");
    let except = listed.iter().filter_map(|(word, at)| reader.choice("except", word, at, &kinds)).collect();
    let services = reader.list(&section, "services");
    let services_at = reader.mark(&table.get("services").map_or(value.span(), toml::Spanned::span));
    Some(Stateless { services, except, services_at })
}
