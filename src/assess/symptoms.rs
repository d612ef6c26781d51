//! The incident reference: what an operator sees, and which items of the map can cause it.
//!
//! The texts stand in `symptoms/*.md`: title, words to search for, what it is, where to look first, how to confirm, what to do
//! until it is mended. An item can cause a symptom when a hazard says so, or by what it is.

use rustc_hash::FxHashMap;

use crate::model::{Class, Fact, FactValue, HazardSeverity, Item, ItemId, Kind, Scope, StateMap};

/// Something that goes wrong, as the engineer on call would say it.
pub struct Symptom {
    /// Stable kebab-case name, also that of its page.
    pub id: &'static str,
    /// Its reference text.
    pub docs: &'static str,
    /// Why an item can cause it, even where no rule found a hazard.
    causes: fn(&Item) -> Option<&'static str>,
}

/// The parts of a reference text, as Markdown.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts<'d> {
    /// What one would say: `Users are logged out at random`.
    pub title: &'d str,
    /// What one would search for.
    pub words: &'d str,
    /// Why state causes it.
    pub about: &'d str,
    /// Where to look first.
    pub first: &'d str,
    /// How to confirm it, one way each.
    pub confirm: Vec<&'d str>,
    /// What to do until it is mended.
    pub meanwhile: &'d str,
}

/// An item that can cause a symptom.
#[derive(Debug)]
pub struct Cause<'m> {
    /// The item.
    pub item: &'m Item,
    /// The rules that found a hazard of it, worst first; empty when it is only of the sort.
    pub rules: Vec<&'m str>,
    /// Why, in a clause: what the worst hazard says, else what sort of thing it is.
    pub why: &'m str,
}

macro_rules! symptoms {
    ($($id:literal $file:literal $causes:expr,)*) => {
        /// Every symptom, in the order of the reference.
        pub const SYMPTOMS: &[Symptom] =
            &[$(Symptom { id: $id, docs: include_str!(concat!("symptoms/", $file, ".md")), causes: $causes }),*];
    };
}

symptoms! {
    "random-logouts" "random_logouts" logouts,
    "wrong-identity" "wrong_identity" identity,
    "banned-user-gets-in" "banned_user_gets_in" banned,
    "stale-permissions" "stale_permissions" permissions,
    "vanished-files" "vanished_files" files,
    "lost-messages" "lost_messages" messages,
    "doubled-effects" "doubled_effects" doubled,
    "job-ran-twice" "job_ran_twice" jobs,
    "job-did-not-run" "job_did_not_run" jobs,
    "connection-exhaustion" "connection_exhaustion" connections,
    "hanging-requests" "hanging_requests" hanging,
    "bimodal-latency" "bimodal_latency" uneven,
    "slow-after-scale-out" "slow_after_scale_out" cold,
    "different-answers" "different_answers" differs,
    "config-differs" "config_differs" configuration,
    "expired-certificate" "expired_certificate" certificates,
    "limit-overrun" "limit_overrun" limits,
    "memory-grows" "memory_grows" memory,
    "disk-full" "disk_full" disk,
    "slow-shutdown" "slow_shutdown" shutdown,
}

/// The symptom of a name.
#[must_use]
pub fn symptom(id: &str) -> Option<&'static Symptom> {
    SYMPTOMS.iter().find(|symptom| symptom.id == id)
}

impl Symptom {
    /// The parts of its text.
    #[must_use]
    pub fn parts(&self) -> Parts<'static> {
        let mut parts = Parts { title: "", words: "", about: "", first: "", confirm: Vec::new(), meanwhile: "" };
        for line in self.docs.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix("# ") {
                parts.title = title;
            } else if let Some(first) = line.strip_prefix("**Look first** at ") {
                parts.first = first;
            } else if let Some(way) = line.strip_prefix("- ") {
                parts.confirm.push(way);
            } else if let Some(meanwhile) = line.strip_prefix("**Until it is mended**: ") {
                parts.meanwhile = meanwhile;
            } else if line.starts_with('*') && !line.starts_with("**") {
                parts.words = line.trim_matches('*');
            } else if line != "**Confirm**" {
                parts.about = line;
            }
        }
        parts
    }

    /// The items of a map that can cause it: those with a hazard first, worst first, then in the order of the map.
    #[must_use]
    pub fn causes<'m>(&self, map: &'m StateMap) -> Vec<Cause<'m>> {
        let mut out: Vec<Cause<'m>> = Vec::new();
        let by_id: FxHashMap<&ItemId, &Item> = map.items.iter().rev().map(|item| (&item.id, item)).collect();
        // Where each stands in `out`.
        let mut places: FxHashMap<&ItemId, usize> = FxHashMap::default();
        // Hazards are sorted: what nobody has accepted and what is worst comes first.
        for hazard in &map.hazards {
            if !super::rule(&hazard.rule).is_some_and(|rule| rule.symptoms.contains(&self.id)) {
                continue;
            }
            let Some(item) = hazard.items.first().and_then(|id| by_id.get(id).copied()) else { continue };
            match places.get(&item.id).map(|at| &mut out[*at]) {
                Some(known) if !known.rules.contains(&hazard.rule.as_str()) => known.rules.push(&hazard.rule),
                Some(_) => {}
                None => {
                    places.insert(&item.id, out.len());
                    out.push(Cause { item, rules: vec![&hazard.rule], why: &hazard.message });
                }
            }
        }
        for item in map.items.iter().filter(|item| item.class == Class::Mutable) {
            if let Some(why) = (self.causes)(item).filter(|_| !places.contains_key(&item.id)) {
                out.push(Cause { item, rules: Vec::new(), why });
            }
        }
        out
    }

    /// How bad the worst hazard is that causes it in a map; none when there is none.
    #[must_use]
    pub fn worst(&self, map: &StateMap) -> Option<HazardSeverity> {
        let names = |rule: &str| super::rule(rule).is_some_and(|rule| rule.symptoms.contains(&self.id));
        map.hazards.iter().filter(|hazard| hazard.acknowledged.is_none() && names(&hazard.rule)).map(|hazard| hazard.severity).max()
    }
}

/// Whether its name, its type or its id speaks of something.
fn speaks_of(item: &Item, words: &[&str]) -> bool {
    let text = format!("{} {} {}", item.name, item.ty.as_deref().unwrap_or_default(), item.id).to_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// Whether its own name or its type speaks of something; where it stands says nothing of what it keeps.
fn is_called(item: &Item, words: &[&str]) -> bool {
    let text = format!("{} {}", item.name, item.ty.as_deref().unwrap_or_default()).to_lowercase();
    words.iter().any(|word| text.contains(word))
}

fn said<'i>(item: &'i Item, key: &str) -> Option<&'i Fact> {
    item.facts.iter().find(|fact| fact.key == key)
}

fn text(fact: &Fact) -> String {
    fact.value.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn in_process(item: &Item) -> bool {
    matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task)
}

/// What signs, and is handed to nobody.
fn is_key(item: &Item) -> bool {
    item.ty.as_deref().is_some_and(|ty| ty.contains("Key")) || item.name.to_lowercase().ends_with("key")
}

/// A map, set or list.
fn is_collection(item: &Item) -> bool {
    item.ty.as_deref().is_some_and(|ty| ["Map<", "Set<", "Vec<", "VecDeque<"].iter().any(|word| ty.contains(word)))
}

/// A time, a flag or a number: it says when or whether, not what.
fn is_moment(item: &Item) -> bool {
    let inner = item.ty.as_deref().unwrap_or_default().trim_end_matches('>').rsplit('<').next().unwrap_or_default();
    matches!(inner, "Utc" | "Local" | "Instant" | "SystemTime" | "OffsetDateTime" | "NaiveDateTime" | "Timestamp" | "bool" | "u64" | "i64")
        || item.ty.as_deref().is_some_and(|ty| ty.starts_with("Atomic"))
}

fn logouts(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Session if in_process(item) && item.says_who() => Some("lives in one replica, and ends with it"),
        Kind::Session if item.says_who() => Some("who is logged in"),
        Kind::ClientHeld if item.summary.starts_with("login in progress") => Some("what a login under way has to bring back"),
        Kind::ClientHeld if speaks_of(item, &["session", "auth", "login", "refresh", "remember"]) => {
            Some("what the client shows to be known")
        }
        Kind::Deployment if item.id.as_str().ends_with("#affinity") => Some("decides which replica a client comes to"),
        _ => None,
    }
}

fn identity(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::ThreadLocal if speaks_of(item, &["user", "token", "session", "tenant", "identity", "auth", "request", "account"]) => {
            Some(if item.scope == Scope::Task {
                "kept for a task: safe as long as nothing is spawned from it"
            } else {
                "kept for a thread"
            })
        }
        _ => None,
    }
}

fn banned(item: &Item) -> Option<&'static str> {
    match item.kind {
        // What only ties an answer to its question lets nobody in.
        Kind::ClientHeld if item.summary.starts_with("login in progress") => None,
        Kind::ClientHeld if speaks_of(item, &["jsonwebtoken", "jwt", "token", "session", "sign"]) && !is_key(item) => {
            Some("is good until it expires, unless something asks")
        }
        Kind::SharedState | Kind::Cache if speaks_of(item, &["revoke", "revocation", "blacklist", "blocklist", "banned", "denylist"]) => {
            Some("is known to one replica")
        }
        Kind::Session if item.says_who() => Some("stays logged in until it is ended"),
        _ => None,
    }
}

/// The schedule of a call that is tried again: it counts nothing beyond that call.
fn is_retry(item: &Item) -> bool {
    item.id.as_str().contains("#retry") || item.summary.starts_with("retr")
}

fn permissions(item: &Item) -> Option<&'static str> {
    let words = ["permission", "role", "policy", "acl", "grant", "privilege", "scope", "member"];
    match item.kind {
        Kind::Cache | Kind::SharedState | Kind::Static if in_process(item) && is_called(item, &words) && !is_moment(item) => {
            Some("remembers what somebody may do")
        }
        Kind::ClientHeld if speaks_of(item, &["jsonwebtoken", "jwt"]) && !is_key(item) => {
            Some("carries what somebody may do until it expires")
        }
        _ => None,
    }
}

fn files(item: &Item) -> Option<&'static str> {
    let keeps = |item: &Item| !matches!(said(item, "op").map(text).as_deref(), Some("delete" | "permissions" | "lock"));
    match item.kind {
        // Nobody looks for it once the work is done.
        Kind::FsWrite if item.is_removed_on_drop() => None,
        Kind::FsWrite if keeps(item) => {
            let survives = said(item, "survives").map(text);
            match survives.as_deref() {
                Some(text) if text.starts_with("nothing") => Some("is gone with the container"),
                Some(text) if text.starts_with("a restart of the container") => Some("is gone with the pod"),
                Some(_) => None,
                None => Some("is written to the local disk"),
            }
        }
        _ => None,
    }
}

fn messages(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Queue if item.summary.starts_with("notification channel") => Some("what is sent while nobody listens is gone"),
        // What waits elsewhere waits on when the process ends.
        Kind::Queue if item.scope == Scope::External => None,
        Kind::Queue => Some("what waits in it ends with the process"),
        Kind::BackgroundTask if said(item, "runs").is_some_and(|fact| text(fact).starts_with("once")) => {
            Some("is work that nobody waits for")
        }
        _ => None,
    }
}

fn doubled(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Lease if speaks_of(item, &["idempoten"]) => Some("keeps what was done already"),
        // The versions of a schema are no work that comes in.
        Kind::Lease if item.summary.starts_with("schema migration") || item.is_mark() => None,
        Kind::Lease if only_waits(item) => Some("is worked on by one at a time"),
        Kind::Lease => Some("is claimed before it is worked on"),
        Kind::Limiter if is_retry(item) => Some("does it again after an error"),
        _ => None,
    }
}

fn jobs(item: &Item) -> Option<&'static str> {
    let has = |keys: &[&str]| item.facts.iter().any(|fact| keys.contains(&fact.key.as_str()));
    match item.kind {
        Kind::BackgroundTask if has(&["schedule", "cron"]) => Some("runs by the clock"),
        Kind::BackgroundTask if has(&["period"]) => Some("runs again and again"),
        Kind::Lease if speaks_of(item, &["lock", "lead", "elect"]) && !only_waits(item) && !item.is_mark() => Some("decides who runs"),
        Kind::Deployment if item.id.as_str().contains("CronJob/") => Some("starts a job by the clock"),
        _ => None,
    }
}

/// A lock that turns nobody away: all run, one after the other.
fn only_waits(item: &Item) -> bool {
    said(item, "when_taken").is_some_and(|fact| text(fact).starts_with("waits"))
}

fn connections(item: &Item) -> Option<&'static str> {
    let of_connections = |item: &Item| item.bound().is_some_and(|fact| fact.unit.as_deref() == Some("connections"));
    match item.kind {
        Kind::Pool if of_connections(item) || item.backs_on.is_some() => Some("each process holds its own"),
        _ => None,
    }
}

fn hanging(item: &Item) -> Option<&'static str> {
    let none = |key| said(item, key).is_some_and(|fact| text(fact) == "none");
    match item.kind {
        Kind::SdkClient if none("timeout") && none("read_timeout") => Some("has no timeout"),
        Kind::Limiter if said(item, "permits").is_some() => Some("lets only so many in at a time"),
        Kind::Pool if item.backs_on.is_some() && said(item, "acquire_timeout").is_none_or(|fact| text(fact) == "none") => {
            Some("hands out connections, for which no end of waiting is known")
        }
        _ => None,
    }
}

fn bounds_idle(item: &Item) -> bool {
    item.facts.iter().any(|fact| fact.key == "max_idle")
}

fn uneven(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Cache if in_process(item) && is_filled(item) => Some("is filled by each replica for itself"),
        // One that bounds only what it keeps idle opens another connection.
        Kind::Pool if item.backs_on.is_some() && (item.bound().is_some() || !bounds_idle(item)) => {
            Some("makes those wait who come when it is empty")
        }
        _ => None,
    }
}

fn cold(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Cache if !in_process(item) || !is_filled(item) => None,
        Kind::Cache if said(item, Fact::BEGINS_WITH).is_some() => Some("is loaded when it is made"),
        Kind::Cache if begins_empty(item) => Some("begins empty"),
        Kind::Cache => Some("is filled by each replica for itself"),
        Kind::ReferenceData if item.facts.iter().any(Fact::is_for_each_call) => None,
        Kind::ReferenceData if is_lazy(item) => Some("is read at first use"),
        Kind::ReferenceData => Some("is read at start-up"),
        Kind::Deployment if item.id.as_str().ends_with("/probes") => Some("decides when requests come"),
        _ => None,
    }
}

/// Entries come into it as it is used; what runs code only keeps it compiled.
fn is_filled(item: &Item) -> bool {
    !item.summary.contains(" engine")
}

/// A cache of a library, or a collection or option of the service's own. What is swapped as a whole, or is a struct, may be made full.
fn begins_empty(item: &Item) -> bool {
    let is_own = item.summary.starts_with("cache");
    let is_optional = item.ty.as_deref().is_some_and(|ty| ty.contains("Option<"));
    !is_own || is_optional || is_collection(item) && item.ty.as_deref().is_some_and(|ty| !ty.contains("Swap<"))
}

/// It is made when it is first asked for.
fn is_lazy(item: &Item) -> bool {
    item.ty
        .as_deref()
        .is_some_and(|ty| ["LazyLock<", "Lazy<", "OnceCell<", "OnceLock<", "LazyCell<"].iter().any(|lazy| ty.starts_with(lazy)))
}

fn differs(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Cache if in_process(item) => Some("each replica has its own"),
        Kind::Cache => Some("is as old as its last refresh"),
        Kind::EmbeddedDb => Some("each replica has its own"),
        Kind::Static | Kind::SharedState
            if in_process(item) && (is_collection(item) || item.ty.as_deref().is_some_and(|ty| ty.contains("Swap"))) =>
        {
            Some("each replica has its own")
        }
        Kind::ClientHeld if item.id.as_str().contains("ache") => Some("clients were told to keep it"),
        _ => None,
    }
}

fn configuration(item: &Item) -> Option<&'static str> {
    match item.kind {
        // One variable is a row of the tables; what loads them all is what one looks at.
        Kind::StartupConfig if !item.id.as_str().starts_with("startup-config:env#") => Some("is read once"),
        Kind::Static if item.ty.as_deref().is_some_and(|ty| ty.contains("AtomicBool")) => Some("is switched in one process"),
        Kind::Deployment if item.id.as_str().contains("ConfigMap/") => Some("is seen after a restart"),
        _ => None,
    }
}

fn certificates(item: &Item) -> Option<&'static str> {
    let words = ["cert", "tls", ".pem", ".crt", ".key", "x509", "acme"];
    let path = item.facts.iter().any(|fact| {
        fact.key == "path"
            && matches!(&fact.value, Some(FactValue::Text(text)) if words.iter().any(|word| text.to_lowercase().contains(word)))
    });
    match item.kind {
        Kind::ReferenceData | Kind::FsWrite if path => Some("a certificate or a key in a file"),
        Kind::BackgroundTask if speaks_of(item, &["cert", "acme", "renew"]) => Some("renews it"),
        Kind::Os if speaks_of(item, &["tls"]) => Some("keeps what was negotiated"),
        _ => None,
    }
}

fn limits(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Limiter if item.scope == Scope::Process && !is_retry(item) => Some("counts in one process"),
        _ => None,
    }
}

/// A plain collection in a cell that is filled once: nothing is put in later.
fn is_set_once(item: &Item) -> bool {
    let held = item.ty.as_deref().and_then(|ty| ["OnceLock<", "OnceCell<"].iter().find_map(|cell| Some(ty.split_once(cell)?.1)));
    let plain = ["Vec<", "HashMap<", "BTreeMap<", "HashSet<", "BTreeSet<", "IndexMap<"];
    held.is_some_and(|held| plain.iter().any(|start| held.strip_prefix("Arc<").unwrap_or(held).starts_with(start)))
        // A lock inside: what it guards changes.
        && !item.ty.as_deref().is_some_and(|ty| ["Mutex<", "RwLock<", "DashMap<"].iter().any(|lock| ty.contains(lock)))
}

/// How many entries it holds at most is known.
fn is_bounded(item: &Item) -> bool {
    let bounds = |fact: &&Fact| matches!(fact.key.as_str(), "capacity" | "max_capacity" | "max_size" | "max_entries");
    item.facts.iter().filter(bounds).any(|fact| matches!(fact.value, Some(FactValue::Int(_))))
}

fn memory(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Cache | Kind::Session | Kind::SharedState | Kind::Static
            if in_process(item) && is_collection(item) && !is_set_once(item) && !is_bounded(item) =>
        {
            Some("a collection in memory")
        }
        Kind::Queue if item.summary.contains("unbounded") => Some("has no capacity"),
        _ => None,
    }
}

fn disk(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::FsWrite if item.is_removed_on_drop() => Some("is left behind by a kill"),
        Kind::FsWrite if matches!(said(item, "op").map(text).as_deref(), Some("write" | "append" | "copy" | "create" | "unpack")) => {
            Some("is written to the local disk")
        }
        Kind::EmbeddedDb => Some("grows on the local disk"),
        Kind::Deployment if item.id.as_str().contains("#volume/") => Some("holds only so much"),
        _ => None,
    }
}

/// Listens to a signal that asks a process to end, or to one that is not known.
fn may_end_it(item: &Item) -> bool {
    const OTHERS: [&str; 7] = ["SIGALRM", "SIGCHLD", "SIGHUP", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGWINCH"];
    let asks = |fact: &Fact| fact.value.is_none() || !OTHERS.contains(&text(fact).as_str());
    item.facts.iter().any(|fact| fact.key == "signal" && asks(fact))
}

fn shutdown(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::Os if may_end_it(item) => Some("decides which signals end it in good order"),
        Kind::Deployment if item.id.as_str().ends_with("#rollout") => Some("says how long it has to end"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::map;

    /// What can cause a symptom in a program with these dependencies: `name: why`.
    fn causes(id: &str, dependencies: &[&str], main: &str) -> Vec<String> {
        let dependencies: String = dependencies.iter().map(|name| format!("{name} = \"*\"\n")).collect();
        let manifest = format!("[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}");
        let map = map(&format!("//- /Cargo.toml\n{manifest}//- /src/main.rs\n{main}"));
        symptom(id).unwrap().causes(&map).iter().map(|cause| format!("{}: {}", cause.item.name, cause.why)).collect()
    }

    #[test]
    fn a_lock_that_all_wait_for_decides_not_who_runs() {
        let of = |id: &str, statement: &str| {
            let main = format!(
                "async fn lock_work(db: &sqlx::PgPool) {{ sqlx::query(\"SELECT {statement}\").execute(db).await.unwrap(); }}\n\
                 #[tokio::main]\nasync fn main() {{ lock_work(&sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap()).await; }}\n"
            );
            causes(id, &["sqlx", "tokio"], &main)
        };
        assert_eq!(of("job-ran-twice", "pg_try_advisory_lock(7)"), ["lock_work: decides who runs"]);
        assert_eq!(of("job-ran-twice", "pg_advisory_xact_lock(7)"), Vec::<String>::new());
        assert_eq!(of("doubled-effects", "pg_advisory_lock(7)"), ["lock_work: is worked on by one at a time"]);
        assert_eq!(of("doubled-effects", "pg_try_advisory_lock(7)"), ["lock_work: is claimed before it is worked on"]);

        let held = |call: &str| {
            let main = format!(
                "use sqlx::postgres::PgAdvisoryLock;\nasync fn sync(db: &sqlx::PgPool) {{\n    let lock = PgAdvisoryLock::new(\"sync\");\n    \
                 let held = lock.{call}(db.acquire().await.unwrap()).await.unwrap();\n    println!(\"{{held:?}}\");\n}}\n\
                 #[tokio::main]\nasync fn main() {{ sync(&sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap()).await; }}\n"
            );
            causes("job-ran-twice", &["sqlx", "tokio"], &main)
        };
        assert_eq!(held("try_acquire"), ["held: decides who runs"]);
        assert_eq!(held("acquire"), Vec::<String>::new());
    }

    #[test]
    fn only_what_proves_who_somebody_is_keeps_them_logged_in() {
        let of = |id: &str, name: &str, ty: &str| {
            let main = format!(
                "use dashmap::DashMap;\nuse tokio::sync::mpsc::Sender;\nstruct State {{ {name}: DashMap<{ty}> }}\nstruct SessionKind;\nstruct Session;\n\
                 async fn add(axum::extract::State(state): axum::extract::State<std::sync::Arc<State>>) {{ state.{name}.insert(key(), value()); }}\n\
                 #[tokio::main]\nasync fn main() {{ let state = std::sync::Arc::new(State {{ {name}: DashMap::new() }});\n    \
                 let app = axum::Router::new().route(\"/add\", axum::routing::post(add)).with_state(state);\n    \
                 axum::serve(tokio::net::TcpListener::bind(\"[::]:80\").await.unwrap(), app).await.unwrap(); }}\n"
            );
            causes(id, &["axum", "dashmap", "tokio"], &main)
        };
        let stays = ["State.known: stays logged in until it is ended"];
        assert_eq!(of("banned-user-gets-in", "known", "u64, Session"), stays);
        assert_eq!(of("banned-user-gets-in", "sessions", "u64, String"), ["State.sessions: stays logged in until it is ended"]);
        for ty in ["SessionKind, std::time::Instant", "(SessionKind, u64), std::time::Instant", "u64, Sender<String>"] {
            for symptom in ["banned-user-gets-in", "random-logouts"] {
                assert_eq!(of(symptom, "known", ty), Vec::<String>::new(), "{ty}");
            }
        }
    }

    #[test]
    fn of_caches_only_what_is_known_of_their_beginning_is_said() {
        let of = |id: &str, field: &str, made: &str| {
            let main = format!(
                "use std::{{collections::HashMap, sync::{{Arc, Mutex, OnceLock, RwLock}}}};\nstruct State {{ {field} }}\nstruct Rates {{ list: Vec<u8>, at: std::time::Instant }}\n\
                 static NAMES: OnceLock<Vec<String>> = OnceLock::new();\nstatic SEEN: OnceLock<Mutex<Vec<String>>> = OnceLock::new();\n\
                 async fn ask(axum::extract::State(state): axum::extract::State<Arc<State>>) {{ SEEN.get().unwrap().lock().unwrap().push(String::new()); state.touch(); }}\n\
                 #[tokio::main]\nasync fn main() {{ NAMES.set(vec![]).unwrap(); SEEN.set(Mutex::default()).unwrap();\n    let state = Arc::new(State {{ {made} }});\n    \
                 let app = axum::Router::new().route(\"/ask\", axum::routing::post(ask)).with_state(state);\n    \
                 axum::serve(tokio::net::TcpListener::bind(\"[::]:80\").await.unwrap(), app).await.unwrap(); }}\n"
            );
            causes(id, &["arc-swap", "axum", "tokio", "wasmtime"], &main)
        };
        let map = ("role_cache: Mutex<HashMap<u64, String>>", "role_cache: Mutex::default()");
        assert_eq!(of("slow-after-scale-out", map.0, map.1), ["State.role_cache: begins empty"]);
        assert_eq!(of("stale-permissions", map.0, map.1), ["State.role_cache: remembers what somebody may do"]);
        let swapped = ("rates_cache: arc_swap::ArcSwap<Rates>", "rates_cache: load().await.unwrap()");
        let fills = ["State.rates_cache: is filled by each replica for itself"];
        assert_eq!(of("slow-after-scale-out", swapped.0, swapped.1), fills);
        let engine = ("policy: wasmtime::Engine", "policy: wasmtime::Engine::default()");
        for symptom in ["slow-after-scale-out", "bimodal-latency"] {
            assert_eq!(of(symptom, engine.0, engine.1), Vec::<String>::new(), "{symptom}");
        }
        // Set once; and a lock around what is put into.
        assert_eq!(of("memory-grows", engine.0, engine.1), ["SEEN: a collection in memory"]);
    }

    #[test]
    fn what_waits_in_the_database_does_not_end_with_the_process_and_a_retry_counts_nothing() {
        let main = "async fn tell(db: &sqlx::PgPool) { sqlx::query(\"NOTIFY jobs\").execute(db).await.unwrap(); }\n\
            async fn ask() { again::RetryPolicy::fixed(std::time::Duration::from_secs(1)).retry(|| async { Ok::<(), ()>(()) }).await.unwrap(); }\n\
            #[tokio::main]\nasync fn main() { let (tx, _rx) = tokio::sync::mpsc::channel::<u8>(8); tokio::spawn(async move { tx.send(1).await.unwrap(); ask().await; });\n    \
            let many = std::sync::Arc::new(tokio::sync::Semaphore::new(3)); tokio::spawn(async move { many.acquire().await.unwrap(); });\n    \
            tell(&sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap()).await; }\n";
        let of = |id: &str| causes(id, &["again", "sqlx", "tokio"], main);
        let lost = of("lost-messages");
        assert!(lost.iter().any(|cause| cause == "jobs: what is sent while nobody listens is gone"), "{lost:?}");
        assert!(lost.iter().any(|cause| cause == "main: what waits in it ends with the process"), "{lost:?}");
        assert_eq!(of("limit-overrun"), ["many: counts in one process"]);
    }

    #[test]
    fn every_text_has_all_of_its_parts() {
        for symptom in SYMPTOMS {
            let parts = symptom.parts();
            let all = [parts.title, parts.words, parts.about, parts.first, parts.meanwhile];
            assert!(all.iter().all(|part| !part.is_empty()) && !parts.confirm.is_empty(), "{}: {parts:?}", symptom.id);
            assert!(
                symptom.docs.lines().filter(|line| !line.is_empty()).count() == 6 + parts.confirm.len(),
                "{}: a line is lost",
                symptom.id
            );
        }
    }

    #[test]
    fn rules_name_symptoms_that_are_there() {
        for rule in super::super::RULES {
            assert!(!rule.symptoms.is_empty(), "{}", rule.id);
            for id in rule.symptoms {
                assert!(symptom(id).is_some(), "{}: {id}", rule.id);
            }
        }
    }

    #[test]
    fn a_pool_that_bounds_only_what_it_keeps_idle_makes_nobody_wait() {
        let of = |crates: &[&str], made: &str| {
            let main = format!(
                "struct Held {{ pool: std::sync::Arc<dyn std::any::Any> }}\n#[tokio::main]\nasync fn main() {{ let pool = {made}; serve(Held {{ pool: std::sync::Arc::new(pool) }}).await; }}\n"
            );
            let why = causes("bimodal-latency", crates, &main);
            why.iter().filter(|why| why.contains("when it is empty")).count()
        };
        assert_eq!(of(&["sqlx", "tokio"], "sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap()"), 1);
        assert_eq!(of(&["lettre", "tokio"], "lettre::SmtpTransport::relay(\"mail\").unwrap().build()"), 0);
    }
}
