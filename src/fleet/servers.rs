//! Servers: which services use the same one, and how sure that is.
//!
//! Two services share a server when both name the same host, the same key of one Secret or ConfigMap, or one `[[declare]]`. The
//! name of a kind is no evidence: of two services with a Postgres each, nothing says that it is one.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::address::Reach;
use super::capacity::{Load, loads};
use super::contents::{Content, What, contents};
use super::endpoints::{Endpoint, Evidence, endpoints};
use super::{Member, Unit};
use crate::model::ItemId;

/// How sure it is that all users of a server mean one, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// There is nothing to compare: one repository, or one way.
    Alone,
    /// A name that means one thing in one cluster or one network, if they run in the same.
    Likely,
    /// The same host is written down.
    SameHost,
    /// People say so.
    Stated,
}

impl Sure {
    /// The word of JSON and pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Sure::Alone => "alone",
            Sure::Likely => "likely",
            Sure::SameHost => "same-host",
            Sure::Stated => "stated",
        }
    }
}

/// All that is used of one family: `postgres`.
#[derive(Debug)]
pub struct Family {
    /// The name that maps give it.
    pub name: SmolStr,
    /// The servers, those of most repositories first.
    pub servers: Vec<Server>,
    /// The units that use one, sorted.
    pub units: Vec<usize>,
    /// Tables, topics and the like that services of different servers call alike.
    pub namesakes: Vec<Content>,
}

/// A server, as far as maps tell.
#[derive(Debug)]
pub struct Server {
    /// What its users have in common, the most telling first.
    pub evidence: Vec<Evidence>,
    /// How sure it is that they mean one server.
    pub sure: Sure,
    /// Who uses it, by unit.
    pub users: Vec<User>,
    /// How many repositories they are of.
    pub members: usize,
    /// The tables, topics and the like on it, by name.
    pub contents: Vec<Content>,
    /// The connections that all users together may hold, by environment.
    pub loads: Vec<Load>,
}

/// A service that uses a server.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The unit, by place.
    pub unit: usize,
    /// The ways that it goes.
    pub via: Vec<String>,
    /// What says where it leads.
    pub evidence: Vec<Evidence>,
    /// The pools and clients that go there, sorted.
    pub items: Vec<ItemId>,
    /// It is the only server of the family that the service uses.
    pub only: bool,
}

/// What all endpoints of one server have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Host(String),
    Kept(String, SmolStr),
    Bucket(String),
    Declared(String),
    /// One way of one repository: the services of a repository that read the same variable.
    Own(usize, Option<String>, Vec<Evidence>),
}

impl Key {
    fn sure(&self, reach: Reach) -> Sure {
        match self {
            Key::Declared(_) => Sure::Stated,
            Key::Host(_) if reach == Reach::World => Sure::SameHost,
            Key::Host(_) | Key::Kept(..) | Key::Bucket(_) => Sure::Likely,
            Key::Own(..) => Sure::Alone,
        }
    }
}

/// The stores of a fleet, by family; those that most repositories use first.
pub(super) fn families(members: &[Member], units: &[Unit]) -> Vec<Family> {
    let all = contents(members, units);
    let mut by_family: BTreeMap<SmolStr, Vec<Endpoint>> = BTreeMap::new();
    for mut endpoint in endpoints(members, units) {
        endpoint.evidence.extend(buckets(&endpoint, &all));
        by_family.entry(endpoint.family.clone()).or_default().push(endpoint);
    }
    let mut out: Vec<Family> = by_family.into_iter().map(|(name, endpoints)| family(name, &endpoints, members, units, &all)).collect();
    let repositories = |family: &Family| family.units.iter().map(|&unit| units[unit].member).collect::<BTreeSet<_>>().len();
    out.sort_by_cached_key(|family| (std::cmp::Reverse(repositories(family)), family.name.clone()));
    out
}

/// The buckets that a service names, where its object store is that of a provider: their names are unique there.
fn buckets(endpoint: &Endpoint, all: &[Content]) -> Vec<Evidence> {
    let is_provider = matches!(endpoint.family.as_str(), "s3" | "gcs");
    let has_host = endpoint.evidence.iter().any(|evidence| matches!(evidence, Evidence::Host { .. }));
    if !is_provider || has_host {
        return Vec::new();
    }
    let uses = |content: &&Content| {
        let is_here = content.what == What::Bucket && content.family == endpoint.family;
        is_here && content.uses.iter().any(|used| used.unit == endpoint.unit)
    };
    all.iter().filter(uses).map(|content| Evidence::Bucket { name: content.name.clone() }).collect()
}

fn family(name: SmolStr, endpoints: &[Endpoint], members: &[Member], units: &[Unit], all: &[Content]) -> Family {
    let mut groups = groups(endpoints, units);
    let mut servers: Vec<Server> = groups.iter_mut().map(|(keys, held)| server(keys, held, endpoints, units)).collect();
    let here: Vec<&Content> = all.iter().filter(|content| content.family == name).collect();
    for server in &mut servers {
        server.contents = here.iter().filter_map(|content| content.of(&server.users.iter().map(|user| user.unit).collect())).collect();
        server.loads = loads(&name, server, members, units);
    }
    let order = |server: &Server| {
        let over = server.loads.iter().any(Load::is_over);
        (std::cmp::Reverse((server.members, over, server.users.len())), server.evidence.clone(), server.users[0].unit)
    };
    servers.sort_by_cached_key(order);
    let units_here: BTreeSet<usize> = endpoints.iter().map(|endpoint| endpoint.unit).collect();
    let namesakes = here.iter().filter(|content| is_apart(content, &servers, units)).map(|content| (*content).clone()).collect();
    Family { name, servers, units: units_here.into_iter().collect(), namesakes }
}

/// Whether services of different repositories call something alike, and no server is known that they share.
fn is_apart(content: &Content, servers: &[Server], units: &[Unit]) -> bool {
    let members: BTreeSet<usize> = content.uses.iter().map(|used| units[used.unit].member).collect();
    let together = |server: &Server| {
        let here: BTreeSet<usize> = server.users.iter().map(|user| units[user.unit].member).collect();
        members.is_subset(&here)
    };
    members.len() > 1 && !servers.iter().any(together)
}

/// What endpoints have in common, with how sure it is, and which they are.
type Common = (Vec<(Key, Sure)>, BTreeSet<usize>);

/// Endpoints by what they have in common; what lies within another group is no group of its own.
fn groups(endpoints: &[Endpoint], units: &[Unit]) -> Vec<Common> {
    let mut by_key: BTreeMap<Key, (BTreeSet<usize>, Sure)> = BTreeMap::new();
    for (at, endpoint) in endpoints.iter().enumerate() {
        for (key, reach) in keys(endpoint, units) {
            let sure = key.sure(reach);
            by_key.entry(key).or_insert((BTreeSet::new(), sure)).0.insert(at);
        }
    }
    contradicted(&mut by_key, endpoints);
    let mut by_set: BTreeMap<BTreeSet<usize>, Vec<(Key, Sure)>> = BTreeMap::new();
    for (key, (held, sure)) in by_key {
        by_set.entry(held).or_default().push((key, sure));
    }
    let sets: Vec<BTreeSet<usize>> = by_set.keys().cloned().collect();
    // The sets that hold an endpoint, so that not every pair is compared.
    let mut holding: Vec<Vec<usize>> = vec![Vec::new(); endpoints.len()];
    for (at, set) in sets.iter().enumerate() {
        for &endpoint in set {
            holding[endpoint].push(at);
        }
    }
    let within = |set: &BTreeSet<usize>| {
        let candidates = set.first().map(|&first| holding[first].as_slice()).unwrap_or_default();
        candidates.iter().any(|&other| sets[other].len() > set.len() && set.is_subset(&sets[other]))
    };
    let mut out: Vec<Common> = by_set.iter().filter(|(set, _)| !within(set)).map(|(set, keys)| (keys.clone(), set.clone())).collect();
    // What a smaller group knows is told with the larger one that holds it.
    for (set, keys) in by_set.iter().filter(|(set, _)| within(set)) {
        if let Some((known, _)) = out.iter_mut().find(|(_, other)| set.is_subset(other)) {
            known.extend(keys.iter().filter(|(key, _)| !matches!(key, Key::Own(..))).map(|(key, _)| (key.clone(), Sure::Alone)));
        }
    }
    out
}

/// The same key of a Secret is another Secret when those who read it are known to reach different hosts.
fn contradicted(by_key: &mut BTreeMap<Key, (BTreeSet<usize>, Sure)>, endpoints: &[Endpoint]) {
    let known = |evidence: &'_ Evidence| match evidence {
        Evidence::Host { host, .. } if host.reach >= Reach::Cluster => Some(host.name.clone()),
        _ => None,
    };
    let hosts = |at: usize| -> BTreeSet<String> { endpoints[at].evidence.iter().filter_map(known).collect() };
    by_key.retain(|key, (held, _)| {
        let told: Vec<BTreeSet<String>> = held.iter().map(|&at| hosts(at)).filter(|hosts| !hosts.is_empty()).collect();
        !matches!(key, Key::Kept(..)) || told.windows(2).all(|pair| !pair[0].is_disjoint(&pair[1]))
    });
}

/// What may tell an endpoint from another.
fn keys(endpoint: &Endpoint, units: &[Unit]) -> Vec<(Key, Reach)> {
    let mut out: Vec<(Key, Reach)> = Vec::new();
    for evidence in &endpoint.evidence {
        match evidence {
            // What a machine or a network of containers calls its own is another server elsewhere.
            Evidence::Host { host, .. } if host.reach >= Reach::Cluster => out.push((Key::Host(host.name.clone()), host.reach)),
            Evidence::Host { .. } => {}
            Evidence::Kept { object, key, .. } => out.push((Key::Kept(object.clone(), key.clone()), Reach::Cluster)),
            Evidence::Bucket { name } => out.push((Key::Bucket(name.clone()), Reach::Cluster)),
            Evidence::Declared { name, .. } => out.push((Key::Declared(name.to_lowercase()), Reach::World)),
        }
    }
    out.push((Key::Own(units[endpoint.unit].member, endpoint.via.clone(), endpoint.evidence.clone()), Reach::Machine));
    out
}

fn server(keys: &[(Key, Sure)], held: &BTreeSet<usize>, endpoints: &[Endpoint], units: &[Unit]) -> Server {
    let mut users: BTreeMap<usize, User> = BTreeMap::new();
    for &at in held {
        let endpoint = &endpoints[at];
        let user = users.entry(endpoint.unit).or_insert_with(|| User {
            unit: endpoint.unit,
            via: Vec::new(),
            evidence: Vec::new(),
            items: Vec::new(),
            only: endpoint.only,
        });
        user.via.extend(endpoint.via.clone());
        user.evidence.extend(endpoint.evidence.iter().cloned());
        user.items.extend(endpoint.items.iter().cloned());
    }
    for user in users.values_mut() {
        user.via.sort();
        user.via.dedup();
        user.evidence.sort();
        user.evidence.dedup();
        user.items.sort();
        user.items.dedup();
    }
    let members: BTreeSet<usize> = users.keys().map(|&unit| units[unit].member).collect();
    let sure = keys.iter().map(|(_, sure)| *sure).max().unwrap_or(Sure::Alone);
    Server {
        evidence: common(keys, &users),
        sure: if members.len() > 1 { sure } else { Sure::Alone },
        members: members.len(),
        users: users.into_values().collect(),
        contents: Vec::new(),
        loads: Vec::new(),
    }
}

/// What the users have in common: one piece of evidence for each key.
fn common(keys: &[(Key, Sure)], users: &BTreeMap<usize, User>) -> Vec<Evidence> {
    let all = || users.values().flat_map(|user| &user.evidence);
    let fits = |key: &Key, evidence: &Evidence| match (key, evidence) {
        (Key::Host(name), Evidence::Host { host, .. }) => host.name == *name,
        (Key::Kept(object, key), Evidence::Kept { object: other, key: of, .. }) => object == other && key == of,
        (Key::Bucket(name), Evidence::Bucket { name: other }) => name == other,
        (Key::Declared(name), Evidence::Declared { name: other, .. }) => other.to_lowercase() == *name,
        _ => false,
    };
    let mut keys: Vec<&(Key, Sure)> = keys.iter().collect();
    keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut out: Vec<Evidence> = keys.iter().filter_map(|(key, _)| all().find(|evidence| fits(key, evidence)).cloned()).collect();
    // Of a server that one repository uses, anything that is told of it is its name: what reaches farthest.
    if out.is_empty() {
        let reach = |evidence: &&Evidence| match evidence {
            Evidence::Host { host, .. } => host.reach,
            _ => Reach::Cluster,
        };
        out.extend(all().rev().max_by_key(reach).cloned());
    }
    out
}
