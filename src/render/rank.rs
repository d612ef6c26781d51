//! Rank: how much an item matters to somebody at 2 a.m. A rule of thumb, from facts only; the same map gives the same order.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::model::{Annotation, Class, Confidence, Fact, FactValue, Item, Kind};

/// Names that tell of people, of money and of what was promised to them.
const TELLING: &[&str] = &[
    "session",
    "user",
    "cart",
    "login",
    "token",
    "tenant",
    "revoked",
    "permission",
    "upload",
    "report",
    "order",
    "payment",
    "basket",
    "conn",
    "subscri",
    "idempoten",
    "lock",
    "account",
];
/// Knobs that bound how much is held.
const BOUNDS: &[&str] = &["max", "maximum", "capacity", "size", "limit", "bound", "permits", "entries", "buffer"];
/// Knobs that say how long it is held.
const EXPIRIES: &[&str] = &["ttl", "tti", "live", "idle", "expiry", "expire", "lifespan", "lifetime"];

/// How telling an item is; more is more.
pub(crate) fn weight(item: &Item) -> i32 {
    let mut weight = usual(item.kind);
    if !item.hazards.is_empty() {
        weight += 25;
    }
    if is_described(item) {
        weight += 20;
    }
    weight += match item.confidence {
        Confidence::Certain => 0,
        Confidence::Likely => -5,
        Confidence::Possible => -20,
    };
    if item.class == Class::Constant {
        weight -= 60;
    }
    if matches!(item.kind, Kind::SharedState | Kind::Static | Kind::Cache | Kind::ThreadLocal | Kind::FsWrite | Kind::Queue)
        && is_telling(item)
    {
        weight += if is_promised(item) { 32 } else { 25 };
    }
    weight += match item.kind {
        // The collection that holds it says more.
        Kind::SharedState | Kind::Static if item.facts.iter().any(|fact| fact.key == Fact::PER_ENTRY) => -25,
        Kind::Pool if is_threads(item) => -60,
        Kind::Pool if !item.totals.is_empty() => 10,
        Kind::Cache | Kind::Queue if is_unbounded(item) => 20,
        Kind::SharedState | Kind::Static if is_counter(item) => -15,
        Kind::SharedState | Kind::Static if is_collection(item) => 15,
        // Set once: the next process sets it again.
        Kind::Static if item.ty.as_deref().is_some_and(|ty| ty.starts_with("OnceLock<") || ty.starts_with("OnceCell<")) => -20,
        Kind::BackgroundTask if item.facts.iter().any(|fact| fact.key == "runs" && said(fact).starts_with("once")) => -25,
        Kind::BackgroundTask if item.facts.iter().any(|fact| matches!(fact.key.as_str(), "period" | "schedule" | "cron")) => 8,
        Kind::FsWrite if item.facts.iter().any(|fact| fact.key == "op" && matches!(said(fact).as_str(), "delete" | "permissions")) => -10,
        Kind::FsWrite if item.facts.iter().any(|fact| fact.key == "path" && fact.value.is_some()) => 5,
        Kind::FsWrite => -12,
        // How to reach a database is not what is in it.
        Kind::EmbeddedDb if item.summary.contains("settings") => -40,
        Kind::Deployment => deployed(item),
        Kind::Cache if item.facts.is_empty() && !is_collection(item) => -10,
        _ => 0,
    };
    // A second instance stands behind the first.
    if instance(item).is_some() {
        weight -= 2;
    }
    weight
}

/// Whether people wrote more about it than who owns it, which a pattern says of dozens at once.
pub(crate) fn is_described(item: &Item) -> bool {
    let Some(annotation) = &item.annotation else { return false };
    *annotation != Annotation { owner: annotation.owner.clone(), places: annotation.places.clone(), ..Annotation::default() }
}

/// What keeps data and what decides how many there are come before how a container starts.
fn deployed(item: &Item) -> i32 {
    let part = item.name.split_once(" of ").map_or(item.name.as_str(), |(part, _)| part);
    match part.split(' ').next().unwrap_or_default() {
        "session" => 20,
        "volume" | "VOLUME" | "PVC" | "claim" => 12,
        "rollout" | "autoscaler" => 10,
        "Secret" | "sidecar" => 5,
        "start" | "files" | "healthcheck" | "concurrency" | "private" | "unit" => -25,
        "environment" | "probes" | "credentials" => -5,
        _ if item.services.is_empty() => -20,
        _ => 0,
    }
}

fn usual(kind: Kind) -> i32 {
    match kind {
        Kind::Session => 90,
        Kind::EmbeddedDb => 80,
        Kind::Pool => 75,
        Kind::Cache => 70,
        Kind::Queue => 65,
        Kind::Lease | Kind::Deployment => 60,
        Kind::FsWrite => 55,
        Kind::ClientHeld => 52,
        Kind::SharedState | Kind::ThreadLocal => 50,
        Kind::BackgroundTask => 48,
        Kind::Limiter => 45,
        Kind::SdkClient => 42,
        Kind::Static | Kind::ReferenceData => 40,
        Kind::StartupConfig => 30,
        Kind::Os => 12,
        Kind::ExternalStore => 10,
        Kind::Telemetry => 8,
    }
}

/// Whether users miss it at once: who is logged in, what is in the cart, what was revoked.
pub(crate) fn is_promised(item: &Item) -> bool {
    let name = item.name.to_lowercase();
    ["session", "cart", "login", "revoked", "upload"].iter().any(|word| name.contains(word))
}

/// Whether a name, a type or an annotation speaks of sessions, users, carts, …
pub(crate) fn is_telling(item: &Item) -> bool {
    // Asked again and again while items are sorted.
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(TELLING).ok());
    let Some(words) = &*WORDS else { return false };
    let mut paths = item.facts.iter().filter(|fact| fact.key == "path").map(said);
    words.is_match(item.name.as_str()) || words.is_match(item.ty.as_deref().unwrap_or_default()) || paths.any(|path| words.is_match(&path))
}

/// A pool of threads or a runtime: it holds nothing that a restart does not give back.
pub(crate) fn is_threads(item: &Item) -> bool {
    let of_threads = |fact: &Fact| {
        fact.unit.as_deref() == Some("threads")
            || matches!(
                last(&fact.key),
                "worker_threads" | "max_blocking_threads" | "num_threads" | "workers" | "max_blocking" | "thread_keep_alive"
            )
    };
    let of_connections = |fact: &Fact| fact.unit.as_deref() == Some("connections");
    item.kind == Kind::Pool && item.backs_on.is_none() && item.facts.iter().any(of_threads) && !item.facts.iter().any(of_connections)
}

/// Nothing says how much or how long it holds, or a fact says that nothing bounds it.
pub(crate) fn is_unbounded(item: &Item) -> bool {
    let about =
        |words: &[&str]| item.facts.iter().filter(|fact| last(&fact.key).split('_').any(|word| words.contains(&word))).collect::<Vec<_>>();
    let open = |facts: Vec<&Fact>| facts.iter().all(|fact| matches!(said(fact).as_str(), "none" | "unbounded" | "never" | "off"));
    match item.kind {
        // What has expired is taken out.
        Kind::Cache if item.facts.iter().any(|fact| fact.key == "swept" && said(fact).ends_with("by age")) => false,
        // Of a cache that somebody wrote by hand, only its type is known.
        Kind::Cache if item.facts.iter().all(|fact| fact.key == "swept") => is_collection(item),
        Kind::Cache => open(about(BOUNDS)) || open(about(EXPIRIES)),
        _ => item.summary.contains("unbounded"),
    }
}

/// A map, a list, a set: it holds many things.
pub(crate) fn is_collection(item: &Item) -> bool {
    let ty = item.ty.as_deref().unwrap_or_default();
    ["Map<", "Vec<", "Set<", "Queue<", "Deque<", "List<", "Slab<", "Cache<"].iter().any(|word| ty.contains(word))
}

/// An atomic: it starts again, and that is all.
pub(crate) fn is_counter(item: &Item) -> bool {
    item.ty.as_deref().is_some_and(|ty| ty.contains("Atomic"))
}

/// The name of the first instance and the function in which another one is made: `Mailer.transport in main`.
pub(crate) fn instance(item: &Item) -> Option<(&str, &str)> {
    item.name.rsplit_once(" in ").filter(|(name, function)| !name.is_empty() && !function.is_empty() && !function.contains(' '))
}

/// How much a library's default matters: `None` keeps it off the page.
pub(crate) fn default_rank(fact: &Fact) -> Option<u8> {
    let words: Vec<&str> = last(&fact.key).split('_').collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    if has(&["initial", "slow", "exponent", "weigher", "port", "flavor", "statement", "test", "tcp"]) {
        return None;
    }
    if has(&["timeout"]) || words == ["keep", "alive"] {
        return Some(if has(&["idle"]) { 2 } else { 1 });
    }
    if has(EXPIRIES) || has(&["age"]) {
        return Some(2);
    }
    if has(BOUNDS) || has(&["workers", "threads", "backlog", "attempts", "retry", "retries"]) {
        return Some(if has(&["attempts", "retry", "retries", "delay"]) { 3 } else { 0 });
    }
    let is_habit = has(&[
        "secure",
        "site",
        "cookie",
        "reconnect",
        "reconnection",
        "lifecycle",
        "image",
        "folders",
        "resolv",
        "release",
        "environment",
        "output",
        "format",
        "variable",
    ]);
    let is_minor = has(&["create", "min", "redirect", "proxy", "path", "http", "name", "only", "sync"]);
    if is_habit { Some(4) } else { is_minor.then_some(5) }
}

fn said(fact: &Fact) -> String {
    match &fact.value {
        Some(FactValue::Text(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

fn last(key: &str) -> &str {
    key.rsplit("::").next().unwrap_or(key)
}
