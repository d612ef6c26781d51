//! What is lost when something goes away: the failures that a service meets, and what each of them does to the items of a map.
//!
//! The texts stand in `failures/*.md`: title, what one calls it, what it does, what to do first, what to look after. What a failure
//! does to an item follows from what the map says of it: its scope, its kind, where its file lands, what becomes of it when the
//! service stops. What the map does not say is not said here.

mod back;
mod clients;
mod disk;
mod process;
mod stores;

use smol_str::SmolStr;

use crate::model::{Class, Fact, Item, Kind, Scope, StateMap, Warming};

pub use stores::{holds_tables, is_remote, keeps_data, lies_in_database};

/// Something that goes away, as the engineer on call would say it.
pub struct Failure {
    /// Stable kebab-case name, also that of its page.
    pub id: &'static str,
    /// Its reference text.
    pub docs: &'static str,
    /// It does what another one does, and these words say how: its row in a table tells only what differs.
    pub like: Option<(&'static str, &'static str)>,
    /// What it does to the items that are looked at.
    strike: fn(&Looked<'_>, &mut Vec<Found>),
}

/// The parts of a reference text, as Markdown.
#[derive(Debug, PartialEq, Eq)]
pub struct FailureParts<'d> {
    /// `A pod is killed, or its process crashes`.
    pub title: &'d str,
    /// As the row of a table: `a pod is killed`.
    pub event: &'d str,
    /// What it does.
    pub about: &'d str,
    /// What to do first.
    pub first: &'d str,
    /// What to look after when it is over.
    pub afterwards: &'d str,
}

/// What a failure does to a map.
pub struct Damage<'m> {
    /// The failure.
    pub failure: &'static Failure,
    /// What it takes or disturbs, in the order of the map.
    pub losses: Vec<Loss<'m>>,
    /// Items that hold nothing of their own: the next process makes them again.
    pub remade: Vec<&'m Item>,
    /// Items that are worked off, written out or waited for, so that nothing of them is lost.
    pub saved: Vec<&'m Item>,
    /// Files of which no deployment file says where they lie.
    pub unplaced: Vec<&'m Item>,
    /// Stores that keep what is in them, when there is something to say of them.
    pub untouched: Vec<SmolStr>,
}

/// An item that a failure hits.
#[derive(Debug)]
pub struct Loss<'m> {
    /// The item.
    pub item: &'m Item,
    /// How bad that is.
    pub fate: Fate,
    /// What is lost or disturbed: one line of prose without a full stop.
    pub what: String,
    /// What brings it back, as far as the map knows.
    pub back: Back<'m>,
    /// The store that the failure is about, when it is about several.
    pub store: Option<SmolStr>,
}

/// How bad it is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Gone: the map knows of nothing that brings it back.
    Gone,
    /// Gone, and something brings it back.
    Returns,
    /// It starts over, is interrupted, waits.
    Disturbed,
}

/// What brings something back.
#[derive(Debug)]
pub enum Back<'m> {
    /// As a person wrote it.
    Said(&'m str),
    /// A start-up task fills it.
    AtStart(&'m Warming),
    /// These background tasks write it.
    Tasks(Vec<&'m Item>),
    /// One line of prose without a full stop.
    Known(String),
    /// The map does not know.
    Unknown,
}

/// What the functions of the failures look at.
struct Looked<'m> {
    map: &'m StateMap,
    /// The one service that is looked at; none for all of them.
    service: Option<&'m str>,
    items: Vec<&'m Item>,
}

/// What becomes of an item.
enum Found {
    /// Its place in what is looked at, and what it loses.
    Loss {
        at: usize,
        fate: Fate,
        what: String,
        back: Option<String>,
        store: Option<SmolStr>,
    },
    Remade(usize),
    Saved(usize),
    Unplaced(usize),
    Untouched(SmolStr),
}

macro_rules! failures {
    ($($id:literal $file:literal $like:expr, $strike:expr;)*) => {
        /// Every failure, in the order of the reference.
        pub const FAILURES: &[Failure] =
            &[$(Failure { id: $id, docs: include_str!(concat!("failures/", $file, ".md")), like: $like, strike: $strike }),*];
    };
}

failures! {
    "process-killed" "process_killed" None, process::killed;
    "rollout" "rollout" Some(("process-killed", "what a killed pod loses, in all replicas")), process::rollout;
    "scaled-in" "scaled_in" Some(("process-killed", "what a killed pod loses, with none in its place")), process::scaled_in;
    "node-lost" "node_lost" Some(("process-killed", "what a killed pod loses, of each pod on it")), disk::node_lost;
    "disk-lost" "disk_lost" None, disk::disk_lost;
    "keys-flushed" "keys_flushed" None, stores::keys_flushed;
    "database-restored" "database_restored" None, stores::database_restored;
    "broker-emptied" "broker_emptied" None, stores::broker_emptied;
    "bucket-emptied" "bucket_emptied" None, stores::bucket_emptied;
    "store-away" "store_away" None, stores::away;
    "client-forgets" "client_forgets" None, clients::forgets;
    "clock-jumps" "clock_jumps" None, clients::clock_jumps;
}

/// The failure of a name.
#[must_use]
pub fn failure(id: &str) -> Option<&'static Failure> {
    FAILURES.iter().find(|failure| failure.id == id)
}

/// What each failure does to the items of a map, or to those of one service; failures that hit nothing are left out.
#[must_use]
pub fn damages<'m>(map: &'m StateMap, service: Option<&'m str>) -> Vec<Damage<'m>> {
    let held = |item: &&Item| service.is_none_or(|service| item.services.iter().any(|name| name == service));
    let items = map.items.iter().filter(|item| item.class == Class::Mutable).filter(held).collect();
    let looked = Looked { map, service, items };
    FAILURES.iter().map(|failure| failure.damage(&looked)).filter(|damage| !damage.losses.is_empty()).collect()
}

impl Failure {
    /// The parts of its text.
    #[must_use]
    pub fn parts(&self) -> FailureParts<'static> {
        let mut parts = FailureParts { title: "", event: "", about: "", first: "", afterwards: "" };
        for line in self.docs.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix("# ") {
                parts.title = title;
            } else if let Some(first) = line.strip_prefix("**First**: ") {
                parts.first = first;
            } else if let Some(afterwards) = line.strip_prefix("**Afterwards**: ") {
                parts.afterwards = afterwards;
            } else if line.starts_with('*') && !line.starts_with("**") {
                parts.event = line.trim_matches('*');
            } else {
                parts.about = line;
            }
        }
        parts
    }

    fn damage<'m>(&'static self, looked: &Looked<'m>) -> Damage<'m> {
        let mut found = Vec::new();
        (self.strike)(looked, &mut found);
        let (losses, [remade, saved, unplaced], untouched) = (Vec::new(), [const { Vec::new() }; 3], Vec::new());
        let mut damage = Damage { failure: self, losses, remade, saved, unplaced, untouched };
        for one in found {
            match one {
                Found::Loss { at, fate, what, back, store } => {
                    let item = looked.items[at];
                    damage.losses.push(back::loss(looked, item, fate, what, back, store));
                }
                Found::Remade(at) => damage.remade.push(looked.items[at]),
                Found::Saved(at) => damage.saved.push(looked.items[at]),
                Found::Unplaced(at) => damage.unplaced.push(looked.items[at]),
                Found::Untouched(store) => damage.untouched.push(store),
            }
        }
        damage
    }
}

impl Loss<'_> {
    /// How much there is of it, as a person wrote it.
    #[must_use]
    pub fn size(&self) -> Option<&str> {
        self.item.annotation.as_ref()?.size.as_deref()
    }

    /// The test that shows that it comes back, as a person wrote it.
    #[must_use]
    pub fn recovery_test(&self) -> Option<&str> {
        self.item.annotation.as_ref()?.recovery_test.as_deref()
    }
}

/// What a person wrote on its loss.
fn told(item: &Item) -> Option<&str> {
    item.annotation.as_ref()?.on_loss.as_deref()
}

fn fact<'i>(item: &'i Item, key: &str) -> Option<&'i Fact> {
    item.facts.iter().find(|fact| fact.key == key)
}

/// The value of a fact, as text; empty when it is not known.
fn said(item: &Item, key: &str) -> String {
    fact(item, key).and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default()
}

fn in_process(item: &Item) -> bool {
    matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task)
}

/// A map, a set or a list.
fn is_collection(item: &Item) -> bool {
    let ty = item.ty.as_deref().unwrap_or_default();
    ["Map<", "Vec<", "Set<", "Queue<", "Deque<", "List<", "Slab<", "Cache<"].iter().any(|word| ty.contains(word))
}

/// The first part of what the catalog says is lost, unless it says that nothing is, or that it depends.
fn cataloged(item: &Item) -> Option<String> {
    const NO_LOSS: &[&str] = &[
        "nothing",
        "none",
        "read",
        "installed",
        "back",
        "survives",
        "registered",
        "rebuilt",
        "set",
        "made",
        "opened",
        "released",
        "freed",
        "loaded",
        "built",
        "downloaded",
        "cloned",
        "fetched",
        "with",
        "depends",
        "see",
        "only",
    ];
    let text = item.lost.as_deref()?;
    let first = text.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty())?.to_lowercase();
    if NO_LOSS.contains(&first.as_str()) {
        return None;
    }
    let end = text.find("; ").or_else(|| text.find(". ")).unwrap_or(text.len());
    Some(lowered(text[..end].trim_end_matches('.')))
}

/// The first letter in lower case, unless it begins a name in capitals.
fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// `database`, `table` and the like stand for what a query names, and for nothing that one reaches.
fn is_table(item: &Item) -> bool {
    item.kind == Kind::ExternalStore && item.id.as_str().starts_with("external-store:table::")
}

#[cfg(test)]
mod tests;
