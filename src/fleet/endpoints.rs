//! Endpoints: how each service reaches each store, with everything public that says where it leads.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::address::{Host, hosts};
use super::{Member, Unit, holds};
use crate::model::{Fact, FactValue, Item, ItemId, Kind, Place, Provenance, SetBy};

/// One way of a service to a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The unit, by place.
    pub unit: usize,
    /// The family of the store: `postgres`, `http`.
    pub family: SmolStr,
    /// The variable, key of settings or expression that gives the address.
    pub via: Option<String>,
    /// What says where it leads.
    pub evidence: Vec<Evidence>,
    /// The pools, clients and the store itself that go this way, sorted.
    pub items: Vec<ItemId>,
    /// The service has no other way to a store of this family.
    pub only: bool,
}

/// Something public that says which server is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The host is written down.
    Host {
        /// The host.
        host: Host,
        /// The environment that it is for.
        environment: Option<SmolStr>,
        /// What says so: `ConfigMap/shop-config`, `config/production.toml`; none for the code itself.
        source: Option<String>,
        /// Where.
        at: Option<Place>,
    },
    /// A key of a ConfigMap or Secret gives the address; its value is not shown.
    Kept {
        /// `Secret/shop-database`.
        object: String,
        /// The key in it.
        key: SmolStr,
        /// The environment that it is for.
        environment: Option<SmolStr>,
        /// Where.
        at: Place,
    },
    /// The name of a bucket, which no two customers of a provider may give.
    Bucket {
        /// The bucket.
        name: String,
    },
    /// A person says so: the name under `[[declare]]`.
    Declared {
        /// The name, as written.
        name: String,
        /// Where.
        at: Option<Place>,
    },
}

/// What no two services can share, or what is no place where state is kept.
const NO_STORES: &[&str] = &[
    "sqlite",
    "local_disk",
    "prometheus",
    "browser",
    "client",
    "api_client",
    "http_service",
    "http",
    "dns",
    "local_mta",
    "docker_daemon",
    "syslog",
];

/// The family of HTTP APIs, whose items each have a name of their own.
pub(super) const HTTP: &str = "http";

/// Keys of facts that give an address, the most telling first.
const ADDRESSES: &[&str] =
    &["address", "base_url", "url", "uri", "dsn", "host", "endpoint", "endpoint_url", "brokers", "servers", "connection_string"];

/// The ways of all units to their stores.
pub(super) fn endpoints(members: &[Member], units: &[Unit]) -> Vec<Endpoint> {
    let of_unit = |(at, unit): (usize, &Unit)| {
        let member = &members[unit.member];
        let service = unit.service.map(|service| member.map.services[service].name.as_str());
        of_one(at, service, &member.map.items)
    };
    units.iter().enumerate().flat_map(of_unit).collect()
}

/// The family that an item belongs to or leads to.
pub(super) fn family(item: &Item) -> Option<SmolStr> {
    if item.kind == Kind::ExternalStore && item.facts.iter().any(|fact| matches!(fact.key.as_str(), "base_url" | "methods")) {
        return Some(SmolStr::new_static(HTTP));
    }
    let backs_on = item.backs_on.as_deref().and_then(|store| store.strip_prefix("external-store:"));
    let own = || {
        let id = item.id.as_str().strip_prefix("external-store:")?;
        (item.kind == Kind::ExternalStore && !id.contains([':', '#'])).then_some(id)
    };
    let name = backs_on.or_else(own)?;
    let name = match name {
        "postgresql" => "postgres",
        "mariadb" => "mysql",
        "redis_streams" | "valkey" => "redis",
        "nats_jetstream" => "nats",
        "aws_s3" => "s3",
        other => other,
    };
    let known = !NO_STORES.contains(&name) || item.facts.iter().any(|fact| fact.key == "base_url");
    (known && name.len() <= 80).then(|| if NO_STORES.contains(&name) { SmolStr::new_static(HTTP) } else { SmolStr::new(name) })
}

fn of_one(unit: usize, service: Option<&str>, items: &[Item]) -> Vec<Endpoint> {
    let mut by_family: BTreeMap<SmolStr, Vec<&Item>> = BTreeMap::new();
    for item in items.iter().filter(|item| holds(service, item)) {
        if let Some(family) = family(item) {
            by_family.entry(family).or_default().push(item);
        }
    }
    let mut out = Vec::new();
    for (family, held) in by_family {
        let declared = declared(&family, service, items);
        let mut ways = ways(&family, service, &held);
        if ways.iter().all(|way| way.evidence.is_empty()) {
            by_variable(&family, service, items, &mut ways);
        }
        let only = ways.len() == 1;
        for way in ways {
            let mut evidence = way.evidence;
            let hosts: Vec<&str> = evidence.iter().filter_map(host_name).collect();
            // Of several declared servers of one family the one is meant whose host is named; a single one is meant anyhow.
            let meant = declared.iter().filter(|one| match &one.host {
                Some(host) if !hosts.is_empty() => hosts.contains(&host.as_str()),
                _ => declared.len() == 1,
            });
            let meant: Vec<Evidence> = meant.flat_map(|one| one.evidence(&family)).collect();
            evidence.extend(meant);
            evidence.sort();
            evidence.dedup();
            out.push(Endpoint { unit, family: family.clone(), via: way.via, evidence, items: way.items, only });
        }
    }
    out
}

fn host_name(evidence: &Evidence) -> Option<&str> {
    match evidence {
        Evidence::Host { host, .. } => Some(&host.name),
        _ => None,
    }
}

#[derive(Default)]
struct Way {
    via: Option<String>,
    evidence: Vec<Evidence>,
    items: Vec<ItemId>,
}

/// The addresses of one family that a service has; at least one way, even if nothing is known of it.
fn ways(family: &str, service: Option<&str>, held: &[&Item]) -> Vec<Way> {
    let mut out: BTreeMap<Option<String>, Way> = BTreeMap::new();
    let mut silent: Vec<ItemId> = Vec::new();
    for item in held {
        let told: Vec<&Fact> = ADDRESSES.iter().filter_map(|key| item.facts.iter().find(|fact| fact.key == *key)).take(1).collect();
        if told.is_empty() {
            silent.push(item.id.clone());
        }
        for fact in told {
            let via = via(fact);
            let evidence = of_fact(family, service, fact, item);
            // A variable or a parameter of the code says nothing of where it leads.
            if evidence.is_empty() && fact.provenance == Provenance::Code {
                silent.push(item.id.clone());
                continue;
            }
            let way = out.entry(via.clone()).or_insert_with(|| Way { via, ..Way::default() });
            way.evidence.extend(evidence);
            way.items.push(item.id.clone());
        }
    }
    if family == HTTP {
        // Calls of an address that is not known are calls of anybody.
        out.retain(|_, way| !way.evidence.is_empty());
    } else if out.is_empty() {
        out.insert(None, Way::default());
    }
    // What says nothing of an address goes the only way that there is; of several it is not known which.
    if let [only] = out.values_mut().collect::<Vec<_>>().as_mut_slice() {
        only.items.extend(silent);
    }
    for way in out.values_mut() {
        way.items.sort();
        way.items.dedup();
    }
    out.into_values().collect()
}

/// What gives an address, as people name it.
fn via(fact: &Fact) -> Option<String> {
    match fact.provenance {
        Provenance::Env | Provenance::Settings => fact.from.clone(),
        _ => fact.value.as_ref().map(ToString::to_string).or_else(|| fact.from.clone()),
    }
}

/// What a fact says of where an address leads.
fn of_fact(family: &str, service: Option<&str>, fact: &Fact, item: &Item) -> Vec<Evidence> {
    let reaches = |set: &&SetBy| set.services.is_empty() || service.is_none_or(|name| set.services.iter().any(|one| one == name));
    let sets: Vec<&SetBy> = fact.set.iter().filter(reaches).collect();
    let mut out: Vec<Evidence> = Vec::new();
    // A default holds where nothing else is said.
    if sets.is_empty() {
        let value = fact.value.as_ref().map(|value| with_port(&fact.key, value, item));
        let found = value.map(|text| hosts(family, &text)).unwrap_or_default();
        out.extend(found.into_iter().map(|host| Evidence::Host { host, environment: None, source: None, at: fact.at.clone() }));
    }
    for set in sets {
        out.extend(of_set(family, set));
    }
    out
}

/// What one place says that gives an address.
fn of_set(family: &str, set: &SetBy) -> Vec<Evidence> {
    let mut out: Vec<Evidence> = Vec::new();
    if let Some(value) = &set.value {
        out.extend(hosts(family, &value.to_string()).into_iter().map(|host| Evidence::Host {
            host,
            environment: set.environment.clone(),
            source: Some(set.source.clone()),
            at: Some(set.at.clone()),
        }));
    }
    let is_object = set.source.starts_with("ConfigMap/") || set.source.starts_with("Secret/");
    if is_object && set.value.is_none() {
        let (object, key) = (set.source.clone(), set.key.clone());
        out.push(Evidence::Kept { object, key, environment: set.environment.clone(), at: set.at.clone() });
    }
    out
}

/// A host whose port stands in a fact beside it.
fn with_port(key: &str, value: &FactValue, item: &Item) -> String {
    let text = value.to_string();
    let port = item.facts.iter().find(|fact| fact.key == "port").and_then(|fact| fact.value.as_ref());
    match port {
        Some(port) if key == "host" && !text.contains([':', '/', '=']) => format!("{text}:{port}"),
        _ => text,
    }
}

/// Where no pool or client says where it leads, a variable or setting may that is named like the store.
fn by_variable(family: &str, service: Option<&str>, items: &[Item], ways: &mut Vec<Way>) {
    let words: &[&str] = match family {
        "postgres" => &["postgres", "pg"],
        "mysql" => &["mysql", "mariadb"],
        "redis" => &["redis", "valkey"],
        "mongodb" => &["mongo", "mongodb"],
        "rabbitmq" => &["amqp", "rabbitmq", "rabbit"],
        "kafka" => &["kafka"],
        "nats" => &["nats"],
        "smtp_server" => &["smtp"],
        "elasticsearch" => &["elasticsearch", "elastic"],
        "memcached" => &["memcached", "memcache"],
        "etcd" => &["etcd"],
        _ => return,
    };
    let is_address = |word: &str| matches!(word, "url" | "uri" | "dsn" | "addr" | "address" | "host" | "endpoint" | "brokers" | "servers");
    let fits = |name: &str| {
        let name = name.to_lowercase();
        let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        parts.iter().any(|part| words.contains(part)) && parts.iter().any(|part| is_address(part))
    };
    let mut found: Vec<Way> = Vec::new();
    for item in items.iter().filter(|item| item.kind == Kind::StartupConfig && holds(service, item)) {
        let name_of = |fact: &Fact| fact.setting().map(str::to_owned).or_else(|| fact.value.as_ref().map(ToString::to_string));
        for fact in item.facts.iter().filter(|fact| fact.key == "env" || fact.setting().is_some()) {
            let Some(name) = name_of(fact).filter(|name| fits(name)) else { continue };
            let mut evidence = Vec::new();
            if fact.setting().is_some() {
                evidence.extend(of_fact(family, service, fact, item));
            } else {
                evidence.extend(fact.set.iter().flat_map(|set| of_set(family, set)));
                let default = item.facts.iter().find(|fact| fact.key == "default").and_then(|fact| fact.value.as_ref());
                if let Some(default) = default.filter(|_| evidence.is_empty()) {
                    let host = |host| Evidence::Host { host, environment: None, source: None, at: fact.at.clone() };
                    evidence.extend(hosts(family, &default.to_string()).into_iter().map(host));
                }
            }
            found.push(Way { via: Some(name), evidence, items: Vec::new() });
        }
    }
    // Of several variables none is known to be the one.
    if found.len() == 1
        && let [way] = ways.as_mut_slice()
        && let Some(told) = found.pop()
    {
        way.via = way.via.take().or(told.via);
        way.evidence = told.evidence;
    }
}

struct Declared {
    name: String,
    host: Option<String>,
    at: Option<Place>,
}

impl Declared {
    fn evidence(&self, family: &str) -> Vec<Evidence> {
        let mut out = vec![Evidence::Declared { name: self.name.clone(), at: self.at.clone() }];
        let hosts = self.host.iter().flat_map(|host| hosts(family, host));
        out.extend(hosts.map(|host| Evidence::Host {
            host,
            environment: None,
            source: Some("[[declare]]".to_owned()),
            at: self.at.clone(),
        }));
        out
    }
}

/// The servers of a family that people declared for a service.
fn declared(family: &str, service: Option<&str>, items: &[Item]) -> Vec<Declared> {
    let said = |item: &Item| {
        let text = |key: &str| {
            let fact = item.facts.iter().find(|fact| fact.key == key && fact.provenance == Provenance::Annotated);
            fact.and_then(|fact| fact.value.as_ref()).map(ToString::to_string)
        };
        let is_declared = item.id.as_str().contains(":declared::");
        let store = text("store").unwrap_or_default().to_lowercase();
        let is_meant = store == family
            || store.strip_suffix("ql") == Some(family)
            || store == "mariadb" && family == "mysql"
            || store == "valkey" && family == "redis";
        (is_declared && is_meant && holds(service, item)).then(|| Declared {
            name: item.name.to_string(),
            host: text("host").map(|host| host.to_lowercase()),
            at: item.site().map(|site| site.place.clone()),
        })
    };
    items.iter().filter_map(said).collect()
}
