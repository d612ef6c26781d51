//! What the address of an SQL database says: the store behind a pool of connections of any sort, and the file of one on disk.
//! A part of detector `stores`.

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::stores::made_at;
use crate::model::{Fact, FactValue, Kind, Provenance};

/// What libraries say that speak to a database of any sort.
const ANY: &str = "sql database";

/// What libraries say that open a file.
const ON_DISK: &str = "sqlite";

/// What one address leads to.
#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// A server.
    Server(&'static str),
    /// A file, by its path.
    File(String),
    /// A database that is gone with its connections.
    Memory,
}

/// Completes pools and connections by what their addresses say. Returns the stores that they lead to beside the one that
/// they name, each with the index of the finding.
pub(super) fn tell(cx: &Cx<'_>, out: &mut Vec<Finding>) -> Vec<(SmolStr, usize)> {
    let (mut more, mut files) = (Vec::new(), Vec::new());
    for (at, finding) in out.iter_mut().enumerate().filter(|(_, finding)| matches!(finding.kind, Kind::Pool | Kind::SdkClient)) {
        let store = finding.backs_on.clone().or_else(|| finding.entry.and_then(|entry| cx.api(entry).backs_on.clone()));
        let is_file = store.as_deref() == Some(ON_DISK);
        if !is_file && store.as_deref() != Some(ANY) {
            continue;
        }
        let Some(fact) = address_of(finding, is_file).cloned() else { continue };
        let places = places_of(&fact, is_file);
        let servers: Vec<&'static str> = distinct(places.iter().filter_map(|place| match place {
            Place::Server(store) => Some(*store),
            _ => None,
        }));
        match servers.as_slice() {
            [] => {}
            [only] => finding.backs_on = Some(SmolStr::new_static(only)),
            several => more.extend(several.iter().map(|store| (SmolStr::new_static(store), at))),
        }
        let paths: Vec<String> = distinct(places.iter().filter_map(|place| match place {
            Place::File(path) => Some(path.clone()),
            _ => None,
        }));
        // Which file it is may be said by the name of a setting alone.
        let by_name = is_file && places.is_empty() && says_where(&fact);
        if by_name || !paths.is_empty() {
            files.extend(opened(finding, &fact, &paths));
        }
    }
    for file in files {
        match out.iter_mut().find(|known| known.kind == Kind::EmbeddedDb && is_same(known, &file)) {
            Some(known) => known.take_in(file),
            None => out.push(file),
        }
    }
    more
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut out, one| {
        if !out.contains(&one) {
            out.push(one);
        }
        out
    })
}

/// The fact that says where the database is. A library that knows files only may call it by other names.
fn address_of(finding: &Finding, is_file: bool) -> Option<&Fact> {
    let keys: &[&str] = if is_file { &["filename", "path", "address"] } else { &["address"] };
    keys.iter().find_map(|key| finding.facts.iter().find(|fact| fact.key == *key && fact.provenance != Provenance::Default))
}

/// Where each of the known alternatives leads; nothing for those that cannot be told.
fn places_of(fact: &Fact, is_file: bool) -> Vec<Place> {
    let texts = fact.value.iter().chain(fact.set.iter().filter_map(|set| set.value.as_ref()));
    let texts = texts.filter_map(|value| match value {
        FactValue::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.flat_map(|text| text.split(" or ")).filter_map(|text| place_of(text, is_file)).collect()
}

/// The store behind addresses that begin so: `mysql:`, `sqlite://`.
pub(super) fn store_of(begins: &str) -> Option<&'static str> {
    let scheme = begins.split(':').next()?;
    server_of(scheme).or_else(|| matches!(scheme, "sqlite" | "sqlite3").then_some(ON_DISK))
}

fn server_of(scheme: &str) -> Option<&'static str> {
    match scheme {
        "postgres" | "postgresql" => Some("postgres"),
        "mysql" | "mariadb" => Some("mysql"),
        _ => None,
    }
}

/// Where an address leads, by its scheme.
fn place_of(text: &str, is_file: bool) -> Option<Place> {
    if let Some((scheme, _)) = text.split_once("://")
        && let Some(server) = server_of(scheme)
    {
        return Some(Place::Server(server));
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let rest = match scheme {
        Some(scheme @ ("sqlite" | "sqlite3")) => &text[scheme.len() + 1..],
        Some("file") if is_file => &text["file:".len()..],
        // A bare word may be the name of something else.
        _ if is_file && !text.contains("://") && text.contains(['.', '/', '{', ':']) => text,
        _ => return None,
    };
    if rest.contains(":memory:") || rest.contains("mode=memory") {
        return Some(Place::Memory);
    }
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    (!path.is_empty()).then(|| Place::File(path.to_owned()))
}

/// A setting, a variable, a field; a parameter of a function says nothing.
fn says_where(fact: &Fact) -> bool {
    let is_name = |from: &str| !from.contains('(');
    fact.value.is_none() && fact.provenance != Provenance::Code && fact.from.as_deref().is_some_and(is_name)
}

/// The files that a pool or connection opens, one item for each.
fn opened(pool: &Finding, fact: &Fact, paths: &[String]) -> Vec<Finding> {
    let made = |path: Option<&String>| {
        let mut own = Fact { key: SmolStr::new_static("path"), value: path.map(|path| FactValue::Text(path.clone())), ..fact.clone() };
        // Of what is set elsewhere only what leads to this file.
        for set in &mut own.set {
            let file = set.value.as_ref().and_then(|value| match place_of(&value.to_string(), true) {
                Some(Place::File(path)) => Some(FactValue::Text(path)),
                _ => None,
            });
            set.value = file;
        }
        own.set.retain(|set| set.hidden || set.value.is_some());
        // Where one of several is written is not where the others are.
        own.at = own.at.filter(|_| !matches!(&fact.value, Some(FactValue::Text(text)) if text.contains(" or ")));
        let function = match &pool.origin {
            Origin::Called { function, .. } => function.clone(),
            Origin::Declared(path) => path.clone(),
        };
        let what = path.map_or_else(|| SmolStr::new(fact.from.as_deref().unwrap_or_default()), SmolStr::new);
        Finding {
            sites: made_at(pool).into_iter().collect(),
            uses: pool.uses.clone(),
            facts: vec![own],
            label: SmolStr::new_static("SQLite database"),
            confidence: pool.confidence,
            made_for: pool.made_for,
            ..Finding::new("stores", Kind::EmbeddedDb, pool.def, pool.name.clone(), Origin::Called { function, what })
        }
    };
    if paths.is_empty() { vec![made(None)] } else { paths.iter().map(|path| made(Some(path))).collect() }
}

/// Both open one file: their paths are the same text, or one setting gives them.
fn is_same(known: &Finding, other: &Finding) -> bool {
    let path = |finding: &Finding| finding.facts.iter().find(|fact| fact.key == "path").cloned();
    let (Some(known), Some(other)) = (path(known), path(other)) else { return false };
    let clean = |fact: &Fact| match &fact.value {
        Some(FactValue::Text(text)) => place_of(text, true).and_then(|place| match place {
            Place::File(path) => Some(path),
            _ => None,
        }),
        _ => None,
    };
    match (clean(&known), clean(&other)) {
        (Some(a), Some(b)) => a == b && (known.provenance != Provenance::Code || known.from == other.from || !a.contains('{')),
        (None, None) => known.provenance != Provenance::Code && known.from.is_some() && known.from == other.from,
        _ => false,
    }
}
