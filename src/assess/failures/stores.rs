//! A store goes away: flushed, restored, emptied, or out of reach for a while.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::back::{at_start, is_login, routes_said};
use super::{Fate, Found, Looked, fact, is_table, said, told};
use crate::model::{Access, Action, EntryKind, FactValue, Item, Kind, OnFailure, Scope};

/// What sort of store it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Keys,
    Database,
    Broker,
    Bucket,
    Other,
}

fn sort(store: &str) -> Sort {
    match store {
        "redis" | "valkey" | "keydb" | "dragonfly" | "memcached" => Sort::Keys,
        "postgres" | "postgresql" | "mysql" | "mariadb" | "sql_database" | "sql_server" | "mongodb" | "dynamodb" | "cassandra"
        | "scylla" | "scylla/cassandra" | "clickhouse" | "elasticsearch" | "opensearch" | "meilisearch" | "qdrant" | "influxdb"
        | "questdb" | "surrealdb" | "spanner" | "firestore" | "bigquery" | "neo4j" | "libsql/turso" | "etcd" => Sort::Database,
        "kafka" | "rabbitmq" | "amqp" | "nats_jetstream" | "sqs" | "pulsar" | "google_pub/sub" | "mqtt_broker" | "redis_streams" => {
            Sort::Broker
        }
        "s3" | "gcs" | "azure_blob" | "object_store" => Sort::Bucket,
        _ => Sort::Other,
    }
}

/// The store's one word: `sql_database`.
fn word(store: &str) -> String {
    store.rsplit_once(':').map_or(store, |(_, name)| name).replace(' ', "_")
}

/// Whether a store is known to keep what it is given.
#[must_use]
pub fn keeps_data(store: &str) -> bool {
    sort(&word(store)) != Sort::Other
}

/// Whether something that backs an item is a party of its own, which may be away while the service runs.
#[must_use]
pub fn is_remote(backs_on: &str) -> bool {
    !matches!(word(backs_on).as_str(), "local_disk" | "browser" | "client" | "api_client" | "sqlite")
}

/// Whether a store is a database, which may hold the tables that the code names.
#[must_use]
pub fn holds_tables(store: &str) -> bool {
    sort(&word(store)) == Sort::Database
}

/// Whether an item is a table, or lies in one: what it is in is the only database that there is.
#[must_use]
pub fn lies_in_database(item: &Item) -> bool {
    is_table(item)
        || item.kind == Kind::Lease && fact(item, "table").is_some()
        || item.kind == Kind::Cache && item.id.as_str().starts_with("cache:view::")
}

/// The stores of the items, each with the places of those that rely on it.
pub(super) fn stores(looked: &Looked<'_>) -> BTreeMap<SmolStr, Vec<usize>> {
    let mut stores: BTreeMap<SmolStr, Vec<usize>> = BTreeMap::new();
    for (at, item) in looked.items.iter().enumerate() {
        // Who only scrapes metrics or takes traces is not waited for.
        let store = item.backs_on.clone().filter(|store| is_remote(store) && item.kind != Kind::Telemetry);
        let over_http = item.kind == Kind::SdkClient && item.backs_on.is_none() && item.summary.contains("HTTP client");
        if let Some(store) = store.or_else(|| over_http.then(|| SmolStr::new_static("external-store:http_service"))) {
            stores.entry(store).or_default().push(at);
        }
    }
    stores
}

pub(super) fn keys_flushed(looked: &Looked<'_>, found: &mut Vec<Found>) {
    emptied(looked, Sort::Keys, "every key that the service keeps there", found);
}

pub(super) fn database_restored(looked: &Looked<'_>, found: &mut Vec<Found>) {
    emptied(looked, Sort::Database, "everything written since the backup", found);
}

pub(super) fn broker_emptied(looked: &Looked<'_>, found: &mut Vec<Found>) {
    emptied(looked, Sort::Broker, "messages that nobody has taken yet, and the positions of consumers", found);
}

pub(super) fn bucket_emptied(looked: &Looked<'_>, found: &mut Vec<Found>) {
    emptied(looked, Sort::Bucket, "every object that the service keeps there", found);
}

fn emptied(looked: &Looked<'_>, of: Sort, all: &str, found: &mut Vec<Found>) {
    let stores = stores(looked);
    let hit: Vec<&SmolStr> = stores.keys().filter(|store| sort(&word(store)) == of).collect();
    let databases = stores.keys().filter(|store| sort(&word(store)) == Sort::Database).count();
    for store in &hit {
        let own = looked.items.iter().position(|item| item.kind == Kind::ExternalStore && item.id.as_str() == store.as_str());
        if let Some(at) = own {
            let what = told(looked.items[at]).map_or_else(|| all.to_owned(), str::to_owned);
            found.push(Found::Loss { at, fate: Fate::Gone, what, back: None, store: None });
        }
    }
    for (at, item) in looked.items.iter().enumerate() {
        let lies_there = match &item.backs_on {
            Some(store) => hit.contains(&store) && item.scope == Scope::External && item.kind != Kind::ExternalStore,
            // A table is in the only database that there is.
            None => of == Sort::Database && databases == 1 && hit.len() == 1 && lies_in_database(item),
        };
        if lies_there {
            // A lock that a connection holds is in no backup.
            if of == Sort::Database && item.kind == Kind::Lease && item.summary.contains("advisory lock") && told(item).is_none() {
                continue;
            }
            let (fate, what, back) = content(item, of);
            let what = told(item).map_or_else(|| what.to_owned(), str::to_owned);
            found.push(Found::Loss { at, fate, what, back, store: None });
        }
    }
    if !hit.is_empty() {
        found.extend(stores.keys().filter(|store| !hit.contains(store) && keeps_data(store)).map(|store| Found::Untouched(store.clone())));
    }
}

/// What is lost of an item that lies in a store of a sort, and what is known to bring it back.
fn content(item: &Item, of: Sort) -> (Fate, &'static str, Option<String>) {
    let speaks_of = |word: &str| item.name.to_lowercase().contains(word) || item.id.as_str().to_lowercase().contains(word);
    let restored = of == Sort::Database;
    match item.kind {
        Kind::Session if !item.says_who() => (Fate::Gone, if restored { "those since the backup" } else { "all of them" }, None),
        Kind::Session => {
            let mut routes = item.entry_points.iter().filter(|entry| entry.access == Access::Write).map(|entry| entry.name.as_str());
            let login = routes.find(|route| is_login(route));
            let back = login.map_or_else(|| "users log in again".to_owned(), |route| format!("users log in again: `{route}`"));
            (Fate::Returns, if restored { "sessions since the backup" } else { "all sessions" }, Some(back))
        }
        Kind::Cache if item.id.as_str().starts_with("cache:view::") => {
            (Fate::Returns, "it is as old as the backup, or older", Some("its next refresh".to_owned()))
        }
        Kind::Cache => (Fate::Returns, "all entries", None),
        Kind::Lease if speaks_of("idempoten") && restored => {
            (Fate::Gone, "what was done since the backup: a request that is repeated is done again", None)
        }
        Kind::Lease if speaks_of("idempoten") => (Fate::Gone, "what was done already: a request that is repeated is done again", None),
        Kind::Lease if item.summary.starts_with("row claim") && restored => {
            (Fate::Gone, "rows that were done since the backup may be there to be claimed again, newer ones are gone", None)
        }
        Kind::Lease if restored && speaks_of("migrat") => {
            (Fate::Returns, "changes of its schema since the backup", Some("the next run of the migrations".to_owned()))
        }
        Kind::Lease if item.is_mark() => (Fate::Gone, if restored { "marks since the backup" } else { "every mark" }, None),
        Kind::Lease if restored => (Fate::Gone, "claims since the backup", None),
        Kind::Lease => (Fate::Gone, "every lock: what somebody holds can be taken a second time", None),
        _ if is_table(item) => (Fate::Gone, "jobs since the backup; those that were done since may be there again", None),
        Kind::Limiter => (Fate::Disturbed, "the counts", Some("counts from the beginning".to_owned())),
        _ if restored => (Fate::Gone, "what changed since the backup", None),
        _ => (Fate::Gone, "everything in it", None),
    }
}

pub(super) fn away(looked: &Looked<'_>, found: &mut Vec<Found>) {
    for (store, relying) in stores(looked) {
        for at in relying {
            let item = looked.items[at];
            if !matches!(item.kind, Kind::Pool | Kind::SdkClient | Kind::Queue | Kind::Lease | Kind::Session | Kind::Cache | Kind::Limiter)
            {
                continue;
            }
            let mut what = waits(item);
            if let Some(step) = at_start(looked, item).filter(|step| step.on_failure == OnFailure::EndsProcess)
                && step.action == Action::Connects
            {
                what.push_str("; a process that starts meanwhile ends");
            }
            let routes: Vec<&str> =
                item.entry_points.iter().filter(|entry| entry.kind == EntryKind::Route).map(|entry| entry.name.as_str()).collect();
            let every = item.entry_points.iter().any(|entry| entry.kind == EntryKind::EveryRequest);
            if let Some(routes) = routes_said(&routes, every) {
                what.push_str(&format!("; {routes} {} it", if routes.contains(" and ") { "use" } else { "uses" }));
            }
            found.push(Found::Loss { at, fate: Fate::Disturbed, what, back: reconnects(item), store: Some(store.clone()) });
        }
    }
}

/// How long one waits for it.
fn waits(item: &Item) -> String {
    let known = |key: &str| fact(item, key).and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    let number = |key: &str| known(key).filter(|value| value != "none");
    let unit = |key: &str| fact(item, key).and_then(|fact| fact.unit.clone()).unwrap_or_default();
    let first = ["acquire_timeout", "wait_timeout", "connection_timeout", "timeout", "response_timeout", "operation_timeout"]
        .into_iter()
        .find_map(|key| Some((key, number(key)?)));
    let spoken = |key: &str, value: String| match (value.parse::<i64>(), unit(key).as_str()) {
        (Ok(ms), "milliseconds" | "ms") if ms % 1000 == 0 => format!("{} s", ms / 1000),
        (Ok(ms), "milliseconds" | "ms") => format!("{ms} ms"),
        (Ok(s), "seconds" | "s") => format!("{s} s"),
        _ => match value.find(|c: char| c.is_alphabetic()).filter(|&at| at > 0 && value.len() - at < 4) {
            Some(at) => format!("{} {}", value[..at].trim_end(), &value[at..]),
            None => value,
        },
    };
    match (item.kind, first) {
        (Kind::Pool | Kind::SdkClient, Some((key, value))) => {
            format!("waits or fails; {} {}", key.replace('_', " "), spoken(key, value))
        }
        (Kind::SdkClient, None) if known("timeout").as_deref() == Some("none") && known("read_timeout").is_none_or(|one| one == "none") => {
            "waits or fails; it has no timeout".to_owned()
        }
        (Kind::Queue, _) => "what waits in it is not handed over".to_owned(),
        (Kind::Lease, _) if item.is_mark() => "nothing can be marked".to_owned(),
        (Kind::Lease, _) => "nothing can be claimed or freed".to_owned(),
        (Kind::Session, _) if item.says_who() => "nobody is known, and nobody can log in".to_owned(),
        _ => "waits or fails".to_owned(),
    }
}

/// Whether it comes back by itself.
fn reconnects(item: &Item) -> Option<String> {
    let hides = item.hides.as_deref().unwrap_or_default().to_lowercase();
    let of_connections = item.bound().is_some_and(|fact| fact.unit.as_deref() == Some("connections"));
    let checks = fact(item, "test_before_acquire").and_then(|fact| fact.value.as_ref());
    let tests = checks.is_some_and(|value| *value == FactValue::Bool(true) || value.to_string() == "true");
    match item.kind {
        Kind::Pool if tests => Some("by itself; a connection is tested before it is handed out, a broken one replaced".to_owned()),
        Kind::Pool if of_connections => Some("by itself; the pool opens new connections".to_owned()),
        Kind::SdkClient if item.summary.contains("HTTP client") => Some("by itself; the next request connects anew".to_owned()),
        Kind::SdkClient if hides.contains("reconnect") || hides.contains("swapped atomically for a new one") => {
            Some("by itself; the client connects again".to_owned())
        }
        _ if said(item, "reconnect") == "true" => Some("by itself; the client connects again".to_owned()),
        _ => None,
    }
}
