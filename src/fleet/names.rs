//! Names: what each map and each service is called, and when two files tell of the same thing.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::Member;
use crate::model::{Service, StateMap};

/// A name that somebody gave to a map, and where its pages are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: SmolStr,
    /// Where its own pages are published.
    pub site: Option<String>,
}

/// A map before it has its name.
#[derive(Debug)]
pub struct Unnamed {
    /// The file that it was read from.
    pub file: String,
    /// `NAME=FILE` on the command line.
    pub given: Option<SmolStr>,
    /// What a merged file calls it.
    pub called: Option<Named>,
    /// The map.
    pub map: StateMap,
}

/// Two files that cannot stand beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// A file that says what another one says already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The file that is left out.
    pub file: String,
    /// The one that stays.
    pub kept: String,
}

/// Names maps; the same map given twice is kept once.
///
/// # Errors
/// When two files are different maps of one thing: nothing in them tells which is newer.
pub fn name_members(maps: Vec<Unnamed>) -> Result<(Vec<Member>, Vec<Dropped>), Vec<Clash>> {
    let (maps, dropped) = once(maps);
    let mut clashes = twice(&maps);
    clashes.extend(same_name(&maps));
    if !clashes.is_empty() {
        return Err(clashes);
    }
    let names = names(&maps);
    let member = |(one, name): (Unnamed, SmolStr)| Member {
        name,
        site: one.called.and_then(|called| called.site).or_else(|| one.map.about.site.clone()),
        file: one.file,
        map: one.map,
    };
    Ok((maps.into_iter().zip(names).map(member).collect(), dropped))
}

/// What maps that are the same have in common: revision, how many items and services, the first id.
type Outline = (Option<String>, usize, usize, Option<SmolStr>);

/// Leaves out maps that are the same to the letter, unless both were given names.
fn once(maps: Vec<Unnamed>) -> (Vec<Unnamed>, Vec<Dropped>) {
    let mut kept: Vec<Unnamed> = Vec::new();
    let mut dropped = Vec::new();
    let mut known: BTreeMap<Outline, Vec<usize>> = BTreeMap::new();
    for one in maps {
        let first = one.map.items.first().map(|item| item.id.0.clone());
        let alike = known.entry((one.map.revision.clone(), one.map.items.len(), one.map.services.len(), first)).or_default();
        let is_same = |at: &&usize| {
            let other = &kept[**at];
            let told_apart = one.given.is_some() && other.given.is_some() && one.given != other.given;
            !told_apart && other.map == one.map
        };
        match alike.iter().find(is_same) {
            Some(&at) => {
                // A name that was given counts, whichever file has it.
                let other = &mut kept[at];
                other.given = other.given.take().or(one.given);
                dropped.push(Dropped { file: one.file, kept: other.file.clone() });
            }
            None => {
                alike.push(kept.len());
                kept.push(one);
            }
        }
    }
    (kept, dropped)
}

/// The same thing told twice, differently.
fn twice(maps: &[Unnamed]) -> Vec<Clash> {
    let mut clashes = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (at, one) in maps.iter().enumerate() {
        for what in things(&one.map) {
            let Some(&other) = known.get(&what.key) else {
                known.insert(what.key, at);
                continue;
            };
            if other == at || maps[other].given.is_some() && one.given.is_some() {
                continue;
            }
            clashes.push(clash(&maps[other], one, &what.name));
            break;
        }
    }
    clashes
}

struct Thing {
    key: String,
    name: String,
}

/// What a map tells of: the services of a repository's folder; without a repository, all services together.
fn things(map: &StateMap) -> Vec<Thing> {
    let folder = map.about.folder.as_deref().unwrap_or_default();
    match (&map.repository, map.services.as_slice()) {
        (Some(repository), []) => vec![Thing { key: format!("{}\n{folder}\n", plain(repository)), name: plain(repository) }],
        (Some(repository), services) => {
            let thing = |service: &Service| Thing {
                key: format!("{}\n{folder}\n{}", plain(repository), service.name),
                name: format!("`{}` of {}", service.name, plain(repository)),
            };
            services.iter().map(thing).collect()
        }
        (None, []) => Vec::new(),
        (None, services) => {
            let all: Vec<String> = services.iter().map(|one| format!("{} {} {}", one.name, one.package, one.target)).collect();
            let names: Vec<String> = services.iter().take(3).map(|one| format!("`{}`", one.name)).collect();
            let more = if services.len() > 3 { format!(" and {} more", services.len() - 3) } else { String::new() };
            vec![Thing { key: format!("\n{}", all.join("\n")), name: format!("{}{more}", names.join(", ")) }]
        }
    }
}

fn clash(first: &Unnamed, second: &Unnamed, name: &str) -> Clash {
    let at = |map: &StateMap| match &map.revision {
        Some(revision) => format!(" (at {})", revision.chars().take(12).collect::<String>()),
        None => String::new(),
    };
    Clash {
        what: format!("`{}`{} and `{}`{} are both maps of {name}, and differ", first.file, at(&first.map), second.file, at(&second.map)),
        help: "nothing in them says which is newer: leave one out, or keep both as `NAME=FILE` with two names".to_owned(),
    }
}

/// Two maps that were given one name.
fn same_name(maps: &[Unnamed]) -> Vec<Clash> {
    let mut known: BTreeMap<&SmolStr, &str> = BTreeMap::new();
    let mut clashes = Vec::new();
    for one in maps {
        let Some(name) = &one.given else { continue };
        if let Some(other) = known.insert(name, &one.file) {
            clashes.push(Clash {
                what: format!("`{other}` and `{}` are both called `{name}`", one.file),
                help: "give each a name of its own".to_owned(),
            });
        }
    }
    clashes
}

/// A repository without what does not tell it apart: `github.com/o/n`.
fn plain(repository: &str) -> String {
    let rest = repository.split_once("://").map_or(repository, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.trim_end_matches('/').trim_end_matches(".git").to_lowercase()
}

/// A name for each map; the shortest that no other has.
fn names(maps: &[Unnamed]) -> Vec<SmolStr> {
    let ways: Vec<Vec<String>> = maps.iter().map(|one| ways(one, maps.len())).collect();
    let mut out: Vec<Option<SmolStr>> = vec![None; maps.len()];
    let mut taken: BTreeSet<SmolStr> = BTreeSet::new();
    // What people gave comes first, then what each would be called if it were alone.
    for (at, one) in maps.iter().enumerate() {
        if let Some(name) = &one.given {
            taken.insert(name.clone());
            out[at] = Some(name.clone());
        }
    }
    for level in 0..4 {
        let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
        for at in (0..maps.len()).filter(|&at| out[at].is_none()) {
            *wanted.entry(ways[at][level.min(ways[at].len() - 1)].as_str()).or_default() += 1;
        }
        for at in 0..maps.len() {
            let name = ways[at][level.min(ways[at].len() - 1)].as_str();
            if out[at].is_none() && wanted.get(name) == Some(&1) && !taken.contains(name) {
                taken.insert(name.into());
                out[at] = Some(name.into());
            }
        }
    }
    for at in 0..maps.len() {
        if out[at].is_none() {
            let base = &ways[at][ways[at].len() - 1];
            let name = (2..).map(|number| format_smolstr!("{base}-{number}")).find(|name| !taken.contains(name));
            let name = name.unwrap_or_default();
            taken.insert(name.clone());
            out[at] = Some(name);
        }
    }
    out.into_iter().map(Option::unwrap_or_default).collect()
}

/// What a map may be called, the shortest first; never empty.
fn ways(one: &Unnamed, _of: usize) -> Vec<String> {
    let map = &one.map;
    let mut out: Vec<String> = Vec::new();
    out.extend(one.called.as_ref().map(|called| called.name.to_string()));
    let repository = map.repository.as_deref().map(plain);
    let parts: Vec<&str> = repository.as_deref().map(|repository| repository.split('/').collect()).unwrap_or_default();
    let folder = map.about.folder.as_deref().and_then(|folder| folder.rsplit('/').next());
    let last = |count: usize| (parts.len() > count).then(|| parts[parts.len() - count..].join("/"));
    out.extend(map.about.name.clone());
    match folder {
        Some(folder) => {
            out.push(folder.to_owned());
            out.extend(last(1).map(|name| format!("{name}/{folder}")));
        }
        None => out.extend(last(1)),
    }
    out.extend(last(2));
    if parts.is_empty() {
        if let [only] = map.services.as_slice() {
            out.push(only.name.to_string());
        }
        out.push(stem(&one.file));
    }
    let mut seen = BTreeSet::new();
    out.retain(|name| !name.trim().is_empty() && seen.insert(name.clone()));
    if out.is_empty() {
        out.push("map".to_owned());
    }
    out
}

/// What a file is called: its name, or its folder when the name says nothing.
fn stem(file: &str) -> String {
    let parts: Vec<&str> = file.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let name = parts.last().copied().unwrap_or_default();
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or(name);
    match parts.as_slice() {
        [.., folder, _] if matches!(stem, "statemap" | "map" | "state" | "output" | "index") => (*folder).to_owned(),
        _ => stem.to_owned(),
    }
}

/// A name for each unit, in the order of members and services: that of the service, with the map's where others have it too.
pub(super) fn unit_names(members: &[Member]) -> Vec<SmolStr> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for member in members {
        if member.map.services.is_empty() {
            *counts.entry(&member.name).or_default() += 1;
        }
        for service in &member.map.services {
            *counts.entry(&service.name).or_default() += 1;
        }
    }
    let mut taken: BTreeSet<SmolStr> = BTreeSet::new();
    let mut out = Vec::new();
    let mut push = |wanted: SmolStr| {
        let free = |name: &SmolStr| !taken.contains(name);
        let name = std::iter::once(wanted.clone()).chain((2..).map(|number| format_smolstr!("{wanted}-{number}"))).find(free);
        let name = name.unwrap_or(wanted);
        taken.insert(name.clone());
        out.push(name);
    };
    for member in members {
        if member.map.services.is_empty() {
            let alone = counts.get(member.name.as_str()) == Some(&1);
            push(if alone { member.name.clone() } else { format_smolstr!("{} (library)", member.name) });
        }
        for service in &member.map.services {
            let alone = counts.get(service.name.as_str()) == Some(&1);
            push(if alone { service.name.clone() } else { format_smolstr!("{}/{}", member.name, service.name) });
        }
    }
    out
}

/// A name that can be part of a path: lower case letters, digits and hyphens; others get a number.
pub(crate) fn slugs<'a>(names: impl Iterator<Item = &'a str>, fallback: &str) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let slug = |name: &str| {
        let plain = name.to_lowercase().replace(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')), "-");
        let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
        let joined: String = parts.join("-").chars().take(60).collect();
        // Names that some systems keep for themselves are no files there.
        let is_device = matches!(joined.as_str(), "con" | "prn" | "aux" | "nul" | "index" | "summary")
            || joined.len() == 4 && (joined.starts_with("com") || joined.starts_with("lpt"));
        match joined.as_str() {
            "" => fallback.to_owned(),
            _ if is_device => format!("{joined}-{fallback}"),
            _ => joined,
        }
    };
    names
        .map(|name| {
            let base = slug(name);
            let free = |name: &String| !taken.contains(name);
            let found = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}"))).find(free).unwrap_or(base);
            taken.insert(found.clone());
            found
        })
        .collect()
}
