//! Stores and the ways into them: addresses, bare connections, and what pools and clients know of where they lead.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::sides::{Joins, fact};
use crate::detect::{Cx, Finding};
use crate::model::{Fact, FactValue, Kind, Provenance};

/// What pools are said to lead to that take connections of any sort.
const ANY_DATABASE: &str = "sql database";

/// Keys of facts that tell one connection from another.
pub(super) fn says_where(key: &str) -> bool {
    ["url", "uri", "host", "address", "endpoint", "path", "database", "dsn"].iter().any(|word| key.contains(word))
}

/// The address of a store, and single connections beside a pool of them, are the way into the store and no state of their own.
/// Two addresses lead to two stores, as far as anybody knows: both stay.
pub(super) fn ways_in(cx: &Cx<'_>, findings: &[Finding], joins: &mut Joins) {
    let mut stores: FxHashMap<&SmolStr, usize> = FxHashMap::default();
    let mut addresses: FxHashMap<&SmolStr, Vec<usize>> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.kind == Kind::ExternalStore) {
        match &finding.backs_on {
            _ if finding.detector == "stores" => {
                stores.insert(&finding.name, at);
            }
            Some(store) if !finding.is_call && finding.detector == "constructors" => addresses.entry(store).or_default().push(at),
            _ => {}
        }
    }
    for (store, all) in addresses {
        if let ([only], Some(&store)) = (all.as_slice(), stores.get(store)) {
            joins.join(*only, store);
        }
    }
    let databases = Databases::new(cx, findings);
    for (at, finding) in findings.iter().enumerate() {
        if let Some(store) = finding.backs_on.as_ref().filter(|_| is_connection(finding))
            && databases.hold(cx, finding, store)
            && let Some(&store) = stores.get(store)
        {
            joins.join(at, store);
        }
    }
}

fn is_connection(finding: &Finding) -> bool {
    finding.kind == Kind::SdkClient && finding.label.ends_with(" connection")
}

/// The pools of databases that single connections stand beside, by crate.
struct Databases<'a> {
    /// The stores of pools.
    pooled: FxHashMap<SmolStr, Vec<&'a SmolStr>>,
    /// Where pools and connections lead, as far as it is known.
    places: FxHashMap<SmolStr, Vec<SmolStr>>,
}

impl<'a> Databases<'a> {
    fn new(cx: &'a Cx<'_>, findings: &'a [Finding]) -> Self {
        let mut out = Self { pooled: FxHashMap::default(), places: FxHashMap::default() };
        let connected: Vec<&SmolStr> =
            findings.iter().filter(|finding| is_connection(finding)).filter_map(|finding| finding.backs_on.as_ref()).collect();
        for finding in findings {
            // What the library says when the code does not: any database.
            let store = finding.backs_on.as_ref().or_else(|| finding.entry.and_then(|entry| cx.api(entry).backs_on.as_ref()));
            let Some(store) = store.filter(|store| store.as_str() == ANY_DATABASE || connected.contains(store)) else { continue };
            let krate = cx.krate(finding.def);
            if finding.kind == Kind::Pool {
                out.pooled.entry(krate.clone()).or_default().push(store);
            }
            if let Some(place) = address_of(finding).filter(|_| finding.kind == Kind::Pool || is_connection(finding)) {
                let known = out.places.entry(krate).or_default();
                known.extend(Some(place).filter(|place| !known.contains(place)));
            }
        }
        out
    }

    /// A connection is one of those that a pool holds: all of them lead to one place, or nobody knows where they lead.
    fn hold(&self, cx: &Cx<'_>, finding: &Finding, store: &SmolStr) -> bool {
        let krate = cx.krate(finding.def);
        let says_more = finding.facts.iter().any(|fact| fact.key != "address" && says_where(&fact.key));
        let one_place = self.places.get(&krate).is_none_or(|places| places.len() < 2);
        let is_pooled = |of: &&SmolStr| *of == store || of.as_str() == ANY_DATABASE;
        !says_more && one_place && self.pooled.get(&krate).is_some_and(|pooled| pooled.iter().any(is_pooled))
    }
}

/// What tells the address of a pool or client from another one: the last name of the setting that gives it, or the text itself.
fn address_of(finding: &Finding) -> Option<SmolStr> {
    let fact = fact(finding, "address").filter(|fact| !is_variable(fact))?;
    match (&fact.from, &fact.value) {
        (Some(from), _) => from.rsplit('.').next().map(|last| last.to_lowercase().into()),
        (None, value) => value.as_ref().map(|value| value.to_string().into()),
    }
}

/// A variable says nothing of where an address comes from.
fn is_variable(fact: &Fact) -> bool {
    fact.value.is_none() && fact.provenance == Provenance::Code && fact.from.as_deref().is_none_or(|from| !from.contains('.'))
}

/// The address that all pools and clients of a store have is that of the store.
pub(super) fn addresses(findings: &mut [Finding]) {
    let mut told: BTreeMap<SmolStr, Vec<Fact>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.detector != "stores") {
        let Some(store) = &finding.backs_on else { continue };
        for fact in finding.facts.iter().filter(|fact| fact.key == "address" && !is_variable(fact)) {
            let known = told.entry(store.clone()).or_default();
            if !known.iter().any(|other| (&other.value, &other.from) == (&fact.value, &fact.from)) {
                known.push(fact.clone());
            }
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::ExternalStore && finding.detector == "stores") {
        // What a connection had that joined it.
        finding.facts.retain(|fact| fact.key != "address" || !is_variable(fact));
        if let Some([only]) = told.get(&finding.name).map(Vec::as_slice)
            && !finding.facts.iter().any(|fact| says_where(&fact.key))
        {
            finding.facts.push(only.clone());
        }
        let name = finding.name.clone();
        finding.facts.iter_mut().filter(|fact| fact.key == "address").for_each(|fact| of_store(&name, fact));
    }
    access(findings);
}

/// The settings of the only pool or client of a store that say how the store is reached, and as whom.
fn access(findings: &mut [Finding]) {
    let mut ways: BTreeMap<SmolStr, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.detector != "stores") {
        if let Some(store) = &finding.backs_on {
            ways.entry(store.clone()).or_default().push(at);
        }
    }
    for at in 0..findings.len() {
        let is_store = findings[at].kind == Kind::ExternalStore && findings[at].detector == "stores";
        let Some([only]) = ways.get(&findings[at].name).map(Vec::as_slice).filter(|_| is_store) else { continue };
        let is_told = |fact: &Fact| findings[at].facts.iter().any(|known| known.key == fact.key || known.from == fact.from);
        let is_set = |fact: &&Fact| matches!(fact.provenance, Provenance::Env | Provenance::Settings) && fact.from.is_some();
        let of_access = |fact: &&Fact| fact.key.split('_').any(|word| ACCESS.contains(&word));
        let more: Vec<Fact> =
            findings[*only].facts.iter().filter(is_set).filter(of_access).filter(|fact| !is_told(fact)).cloned().collect();
        findings[at].facts.extend(more);
    }
}

/// Words in the names of settings that say how a server is reached.
const ACCESS: [&str; 18] = [
    "port",
    "user",
    "username",
    "login",
    "pass",
    "password",
    "passwd",
    "passphrase",
    "auth",
    "credentials",
    "security",
    "tls",
    "ssl",
    "starttls",
    "database",
    "token",
    "region",
    "bucket",
];

/// One variable may name any of several databases: its default then says nothing of the others.
fn of_store(store: &str, fact: &mut Fact) {
    let schemes: &[&str] = match store {
        "postgres" => &["postgres"],
        "mysql" => &["mysql", "mariadb"],
        "redis" => &["redis", "valkey", "unix"],
        "mongodb" => &["mongodb"],
        "rabbitmq" => &["amqp"],
        _ => return,
    };
    let of_other = |text: &str| text.split_once("://").is_some_and(|(scheme, _)| !schemes.iter().any(|known| scheme.starts_with(known)));
    let is_other = |text: &str| of_other(text) || text.starts_with("sqlite:");
    let own = |value: &mut Option<FactValue>| {
        let Some(FactValue::Text(text)) = value else { return };
        let alternatives: Vec<&str> = text.split(" or ").filter(|one| !is_other(one)).collect();
        *value = (!alternatives.is_empty()).then(|| FactValue::Text(alternatives.join(" or ")));
    };
    own(&mut fact.value);
    fact.set.retain_mut(|set| {
        let is_known = set.value.is_some();
        own(&mut set.value);
        set.value.is_some() == is_known
    });
}
