//! Contents: the tables, topics, buckets, queues and keys that services name, so that one can ask who else uses them.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::endpoints::family;
use super::{Member, Unit, holds};
use crate::model::{Class, Fact, FactValue, Item, ItemId, Kind, Provenance};

/// What sort of thing in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A table of a database.
    Table,
    /// A collection of documents.
    Collection,
    /// A topic, subject or stream.
    Topic,
    /// A queue or exchange of a broker.
    Queue,
    /// A bucket of an object store.
    Bucket,
    /// A key.
    Key,
}

impl What {
    /// The word of JSON and pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            What::Table => "table",
            What::Collection => "collection",
            What::Topic => "topic",
            What::Queue => "queue",
            What::Bucket => "bucket",
            What::Key => "key",
        }
    }

    /// Whether a family of stores has such things.
    fn fits(self, family: &str) -> bool {
        let one_of = |names: &[&str]| names.contains(&family);
        match self {
            What::Table => {
                one_of(&["postgres", "mysql", "sql_database", "sql_server", "mssql", "oracle", "spanner", "clickhouse", "dynamodb"])
            }
            What::Collection => one_of(&["mongodb"]),
            What::Topic => one_of(&["kafka", "nats", "pulsar", "pubsub", "google_pubsub", "mqtt", "sns", "redis"]),
            What::Queue => one_of(&["rabbitmq", "sqs", "amqp", "azure_service_bus"]),
            What::Bucket => one_of(&["s3", "gcs", "azure_blob", "object_store"]),
            What::Key => one_of(&["redis", "memcached", "etcd", "consul"]),
        }
    }
}

/// A named thing in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// What it is.
    pub what: What,
    /// The family of stores that it is in.
    pub family: SmolStr,
    /// Its name.
    pub name: String,
    /// Who uses it, by unit.
    pub uses: Vec<ContentUse>,
}

/// A service that uses it.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentUse {
    /// The unit, by place.
    pub unit: usize,
    /// What is done to it, as far as it is known: `inserts into`, `claims rows of`.
    pub does: Vec<SmolStr>,
    /// The items that name it, sorted.
    pub items: Vec<ItemId>,
}

impl Content {
    /// What of it is used by some units; none when they do not use it.
    pub(super) fn of(&self, units: &BTreeSet<usize>) -> Option<Content> {
        let uses: Vec<ContentUse> = self.uses.iter().filter(|used| units.contains(&used.unit)).cloned().collect();
        (!uses.is_empty()).then(|| Content { uses, ..self.clone() })
    }

    /// Whether somebody is known to change it.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.uses.iter().any(|used| !used.does.is_empty())
    }
}

type Uses = BTreeMap<(What, SmolStr, String), BTreeMap<usize, (BTreeSet<SmolStr>, BTreeSet<ItemId>)>>;

/// All that is named in a store, by what and name.
pub(super) fn contents(members: &[Member], units: &[Unit]) -> Vec<Content> {
    let mut all: Uses = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        let map = &members[unit.member].map;
        let service = unit.service.map(|service| map.services[service].name.as_str());
        let held: Vec<&Item> = map.items.iter().filter(|item| item.class == Class::Mutable && holds(service, item)).collect();
        let families: BTreeSet<SmolStr> = held.iter().filter_map(|item| family(item)).collect();
        for item in held {
            let own = family(item);
            for (what, name, does) in named(item) {
                // What an item names is in the store behind it; else in any store of the service that has such things.
                let of_item = own.iter().filter(|family| what.fits(family)).take(1);
                let mut places: Vec<&SmolStr> = of_item.collect();
                if places.is_empty() {
                    places = families.iter().filter(|family| what.fits(family)).collect();
                }
                for place in places {
                    let (verbs, items) = all.entry((what, place.clone(), name.clone())).or_default().entry(at).or_default();
                    verbs.extend(does.clone());
                    items.insert(item.id.clone());
                }
            }
        }
    }
    let used = |(unit, (does, items)): (usize, (BTreeSet<SmolStr>, BTreeSet<ItemId>))| ContentUse {
        unit,
        does: does.into_iter().collect(),
        items: items.into_iter().collect(),
    };
    all.into_iter().map(|((what, family, name), uses)| Content { what, family, name, uses: uses.into_iter().map(used).collect() }).collect()
}

/// What an item names: what it is, its name, what is done to it.
fn named(item: &Item) -> Vec<(What, String, Option<SmolStr>)> {
    let mut out = Vec::new();
    for fact in &item.facts {
        match fact.key.as_str() {
            "changes" => {
                let Some((does, table)) = text(fact).and_then(|text| text.rsplit_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())))
                else {
                    continue;
                };
                out.push((What::Table, table, Some(does.into())));
            }
            "table" if !matches!(item.kind, Kind::Deployment | Kind::StartupConfig) => {
                let does = (item.kind == Kind::Lease).then(|| SmolStr::new_static("claims rows of"));
                out.extend(text(fact).map(|name| (What::Table, name, does)));
            }
            "key" if matches!(item.kind, Kind::Lease | Kind::Session | Kind::Cache) => {
                out.extend(text(fact).map(|name| (What::Key, name, None)))
            }
            "env" => out.extend(by_variable(item, fact)),
            key => {
                let key = fact.setting().unwrap_or(key);
                let what = what_of(key).filter(|_| fact.unit.is_none() && fact.provenance != Provenance::Default);
                let Some(what) = what else { continue };
                out.extend(values(fact).into_iter().map(|name| (what, name, None)));
            }
        }
    }
    out.retain(|(_, name, _)| is_name(name));
    out
}

/// A variable that names a topic or the like, with what it is set to.
fn by_variable(item: &Item, fact: &Fact) -> Vec<(What, String, Option<SmolStr>)> {
    let name = text(fact).unwrap_or_default().to_lowercase();
    let Some(what) = what_of(&name) else { return Vec::new() };
    let mut found = values(fact);
    found.retain(|value| *value.to_lowercase() != *name);
    if found.is_empty() {
        found.extend(item.facts.iter().find(|fact| fact.key == "default").and_then(text));
    }
    found.into_iter().map(|value| (what, value, None)).collect()
}

/// What a setting of that name names.
fn what_of(key: &str) -> Option<What> {
    let last = key.rsplit(['.', ':']).next().unwrap_or(key).to_lowercase();
    let words: Vec<&str> = last.split(['_', '-']).filter(|word| !word.is_empty()).collect();
    let end = match words.as_slice() {
        [.., word, "name"] => word,
        [.., "queue", "url"] => "queue",
        [.., word] => word,
        [] => return None,
    };
    Some(match end {
        "topic" | "topics" | "subject" | "stream" => What::Topic,
        "bucket" => What::Bucket,
        "queue" | "exchange" => What::Queue,
        "collection" => What::Collection,
        "table" => What::Table,
        _ => return None,
    })
}

/// The values of a fact: those that something outside the code gives, else its own.
fn values(fact: &Fact) -> Vec<String> {
    let given: BTreeSet<String> = fact.set.iter().filter_map(|set| set.value.as_ref()).filter_map(as_text).collect();
    if given.is_empty() { text(fact).into_iter().collect() } else { given.into_iter().collect() }
}

fn text(fact: &Fact) -> Option<String> {
    fact.value.as_ref().and_then(as_text)
}

fn as_text(value: &FactValue) -> Option<String> {
    match value {
        FactValue::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// Whether a text can be the name of something, and not an expression or a sentence.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '*' | '>' | '$');
    (2..=200).contains(&text.len()) && text.chars().all(plain) && text.chars().any(|c| c.is_ascii_alphabetic()) && !text.contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_by_their_last_word() {
        for (key, expected) in [
            ("kafka.orders_topic", Some(What::Topic)),
            ("ORDERS_TOPIC", Some(What::Topic)),
            ("S3_BUCKET_NAME", Some(What::Bucket)),
            ("sqs_queue_url", Some(What::Queue)),
            ("bucket_duration", None),
            ("max_queue_size", None),
            ("queue_mode", None),
            ("stalled_stream_protection", None),
            ("buckets", None),
        ] {
            assert_eq!(what_of(key), expected, "{key}");
        }
    }

    #[test]
    fn expressions_are_no_names() {
        assert!(is_name("orders.v1") && is_name("idempotency_keys") && is_name("user:*"));
        assert!(!is_name("{table}") && !is_name("(set, hidden)") && !is_name("") && !is_name("15") && !is_name("a b") && !is_name("a"));
    }
}
