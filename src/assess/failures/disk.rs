//! A disk goes away: that of a node, or a durable volume.

use super::process::{How, ends};
use super::{Fate, Found, Looked, cataloged, fact, said, told};
use crate::model::{FactValue, Item, Kind, StateMap};

/// How long a file is there, shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lasts {
    /// It cannot be written.
    NotWritten,
    /// Until the container ends.
    Nothing,
    /// Until the pod is replaced.
    ContainerOnly,
    /// As long as the host has its disk.
    Host,
    /// As long as a durable volume.
    Volume,
}

pub(super) fn node_lost(looked: &Looked<'_>, found: &mut Vec<Found>) {
    for (at, item) in looked.items.iter().enumerate() {
        let on_disk = matches!(item.kind, Kind::FsWrite | Kind::EmbeddedDb) && keeps_something(looked, item);
        let place = if on_disk { lasts(looked.map, item) } else { None };
        let what = || told(item).map(str::to_owned);
        match item.kind {
            _ if place == Some(Lasts::Host) => {
                let kept = if item.kind == Kind::EmbeddedDb { "the whole database" } else { "the file" };
                let what = what().unwrap_or_else(|| format!("{kept}, with the disk of the node"));
                found.push(Found::Loss { at, fate: Fate::Gone, what, back: None, store: None });
            }
            _ if on_disk && place.is_none() => {
                // The catalog tells of a database what a process loses that has it open.
                let (kept, known) = match item.kind {
                    Kind::EmbeddedDb => ("the whole database", None),
                    _ => ("the file", cataloged(item)),
                };
                let what = what().or(known).unwrap_or_else(|| format!("{kept}, unless its directory is a volume"));
                found.push(Found::Loss { at, fate: Fate::Gone, what, back: None, store: None });
            }
            _ => {}
        }
    }
    // What goes with its pods is told again: one page has to be enough at night.
    let from = found.len();
    ends(looked, How::Killed, found);
    let told_already: Vec<usize> = found[..from].iter().filter_map(place_of).collect();
    let mut place = 0;
    found.retain(|one| {
        place += 1;
        place <= from || !matches!(one, Found::Unplaced(_)) && place_of(one).is_none_or(|at| !told_already.contains(&at))
    });
}

fn place_of(found: &Found) -> Option<usize> {
    match found {
        Found::Loss { at, .. } => Some(*at),
        _ => None,
    }
}

pub(super) fn disk_lost(looked: &Looked<'_>, found: &mut Vec<Found>) {
    let for_good = looked.map.deployments.iter().any(|one| one.kind != "compose");
    for (at, item) in looked.items.iter().enumerate() {
        let is_volume = item.kind == Kind::Deployment && is_durable(item) && !(for_good && is_of_compose(looked.map, item.id.as_str()));
        let is_file = matches!(item.kind, Kind::FsWrite | Kind::EmbeddedDb) && keeps_something(looked, item);
        let what = match told(item) {
            _ if !(is_volume || is_file && lasts(looked.map, item) == Some(Lasts::Volume)) => continue,
            Some(what) => what.to_owned(),
            None if is_volume => "everything in it".to_owned(),
            None if item.kind == Kind::EmbeddedDb => "the whole database".to_owned(),
            None => "the file".to_owned(),
        };
        found.push(Found::Loss { at, fate: Fate::Gone, what, back: None, store: None });
    }
}

/// A volume of the manifests that outlives pods and containers.
fn is_durable(item: &Item) -> bool {
    ["durable volume", "named volume", "volume of each machine", "claim of each"].iter().any(|words| item.summary.starts_with(words))
        && !item.services.is_empty()
}

/// Whether something is of a compose file that runs a service.
fn is_of_compose(map: &StateMap, name: &str) -> bool {
    let files = map.deployments.iter().filter(|one| one.kind == "compose").filter_map(|one| one.workload.split_once('/'));
    files.map(|(file, _)| file).any(|file| name.contains(&format!("{file}/")))
}

/// What is done to it leaves something behind: a folder is made for the files in it, and these are told.
pub(super) fn keeps_something(looked: &Looked<'_>, item: &Item) -> bool {
    // What nobody would look for again.
    if item.lost.as_deref().is_some_and(|lost| lost.to_lowercase().starts_with("left")) {
        return false;
    }
    match (item.kind, said(item, "op").as_str()) {
        (Kind::EmbeddedDb, _) => true,
        (_, "delete" | "permissions" | "lock") => false,
        (_, "create") => {
            let folder = format!("{}/", said(item, "path"));
            let files = looked.items.iter().filter(|file| matches!(file.kind, Kind::FsWrite | Kind::EmbeddedDb));
            folder.len() == 1 || !files.clone().any(|file| said(file, "path").starts_with(&folder))
        }
        _ => true,
    }
}

/// How long the file of an item is there, in the workload where it is there the shortest; none when no deployment file tells.
pub(super) fn lasts(map: &StateMap, item: &Item) -> Option<Lasts> {
    let said: Vec<&str> = item
        .facts
        .iter()
        .filter(|fact| fact.key == "survives")
        .filter_map(|fact| match &fact.value {
            Some(FactValue::Text(text)) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    // A compose file beside manifests of a cluster is for development.
    let for_good: Vec<&str> = said.iter().copied().filter(|text| !is_of_compose(map, text)).collect();
    let said = if for_good.is_empty() { said } else { for_good };
    let word = |text: &&str| match *text {
        text if text.starts_with("not written") => Lasts::NotWritten,
        text if text.starts_with("nothing") => Lasts::Nothing,
        text if text.starts_with("a restart of the container") => Lasts::ContainerOnly,
        text if text.contains("on the same node") || text.contains("on the same host") => Lasts::Host,
        _ => Lasts::Volume,
    };
    said.iter().map(word).min().filter(|_| fact(item, "survives").is_some())
}
