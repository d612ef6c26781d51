//! Files that the code writes meet what is mounted there: what survives what, and what is lost with the container.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::landing::{Landing, Survives};
use super::paths;
use super::runs::{Run, Runs};
use crate::manifests::deployed::MountKind;
use crate::model::{Fact, FactValue, Item, ItemId, Kind, Place, Provenance};

/// At most so many containers are told of one file.
const TOLD: usize = 4;
/// What is done to a file that keeps nothing in it.
const KEEPS_NOTHING: &[&str] = &["permissions", "lock"];

/// A file of the code in one container.
pub(super) struct Matched<'a> {
    pub(super) run: Run<'a>,
    pub(super) path: String,
    pub(super) landing: Landing<'a>,
    pub(super) survives: Survives,
}

/// Where a file of the code is in one workload.
#[derive(Clone, Debug)]
pub struct Landed {
    /// `Deployment/shop`.
    pub workload: SmolStr,
    /// The environment that the workload is for.
    pub environment: Option<SmolStr>,
    /// It is a container of a compose file.
    pub is_compose: bool,
    /// The path, as far as it is known.
    pub path: String,
    /// What is still there after what.
    pub survives: Survives,
    /// What is mounted there, in words: `emptyDir tmp at /tmp`.
    pub what: String,
    /// At most so much, where the mount says it.
    pub size: Option<String>,
    /// The mount that the path falls under, when there is one.
    pub mount: Option<Mounted>,
    /// Where that is written.
    pub at: Place,
}

/// What a path falls under.
#[derive(Clone, Debug)]
pub struct Mounted {
    /// What it is.
    pub kind: MountKind,
    /// What is mounted: the name of a claim, a ConfigMap, a Secret, a volume.
    pub source: String,
    /// Only a part of it is seen: changes never arrive then.
    pub is_part: bool,
    /// The service cannot write it.
    pub read_only: bool,
}

impl Landed {
    /// What is mounted there, as a sentence says it.
    #[must_use]
    pub fn said(&self) -> String {
        match self.what.strip_prefix("none: ") {
            Some(_) => "nothing is mounted there".to_owned(),
            None => self.what.clone(),
        }
    }
}

/// Says of each file and each database where it lands; the same as data, by id.
pub(super) fn match_writes(items: &mut [Item], runs: &[(SmolStr, Runs<'_>)]) -> BTreeMap<ItemId, Vec<Landed>> {
    let mut out = BTreeMap::new();
    for item in items.iter_mut().filter(|item| matches!(item.kind, Kind::FsWrite | Kind::EmbeddedDb)) {
        let matched = matched(item, runs);
        if !matched.is_empty() {
            tell(item, &matched);
            out.insert(item.id.clone(), matched.iter().map(landed).collect());
        }
    }
    out
}

pub(super) fn landed(one: &Matched<'_>) -> Landed {
    Landed {
        workload: one.run.workload.owner.clone(),
        environment: one.run.workload.environment.clone(),
        is_compose: one.run.is_compose(),
        path: one.path.clone(),
        survives: one.survives,
        what: one.landing.said(&one.run),
        size: match &one.landing {
            Landing::Mount(mount) => mount.size.clone(),
            _ => None,
        },
        mount: match &one.landing {
            Landing::Mount(mount) => Some(Mounted {
                kind: mount.kind,
                source: mount.source.clone(),
                is_part: mount.sub_path.is_some(),
                read_only: mount.read_only,
            }),
            _ => None,
        },
        at: one.landing.at(&one.run),
    }
}

/// Where the path of an item lands in each container of its services.
pub(super) fn matched<'a>(item: &Item, runs: &[(SmolStr, Runs<'a>)]) -> Vec<Matched<'a>> {
    let mut out: Vec<Matched<'a>> = Vec::new();
    for (_, runs) in runs.iter().filter(|(service, _)| item.services.contains(service)) {
        for run in &runs.all {
            for seen in paths::seen(item, run) {
                let Some(landing) = Landing::of(&seen, run) else { continue };
                let survives = landing.survives(run);
                let known = |one: &Matched<'_>| {
                    one.run.workload.owner == run.workload.owner
                        && one.run.workload.environment == run.workload.environment
                        && one.path == seen.path
                };
                if !out.iter().any(known) {
                    out.push(Matched { run: run.clone(), path: seen.path, landing, survives });
                }
            }
        }
    }
    out
}

fn tell(item: &mut Item, matched: &[Matched<'_>]) {
    for one in matched.iter().take(TOLD) {
        let at = one.landing.at(&one.run);
        say(item, "mount", format!("{}, {}", one.landing.said(&one.run), one.run.said()), at.clone());
    }
    let mut words: Vec<(&'static str, Vec<&Matched<'_>>)> = Vec::new();
    for one in matched {
        let word = one.survives.word(&one.run);
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, of)) => of.push(one),
            None => words.push((word, vec![one])),
        }
    }
    let several = words.len() > 1;
    for (word, of) in &words {
        let text = if several { format!("{word}, {}", of[0].run.said()) } else { (*word).to_owned() };
        say(item, "survives", text, of[0].landing.at(&of[0].run));
    }
    if let Some(lost) = lost(item, matched) {
        item.lost = Some(lost);
    }
}

/// Adds a fact that the manifests say.
pub(super) fn say(item: &mut Item, key: &'static str, text: String, at: Place) {
    let fact = Fact {
        key: SmolStr::new_static(key),
        value: Some(FactValue::Text(text)),
        unit: None,
        provenance: Provenance::Manifest,
        at: Some(at),
        from: None,
        set: Vec::new(),
    };
    if !item.facts.iter().any(|known| known.key == fact.key && known.value == fact.value) {
        item.facts.push(fact);
    }
}

/// What is lost in the container where most is; none for what leaves nothing behind.
fn lost(item: &Item, matched: &[Matched<'_>]) -> Option<String> {
    let op = item.facts.iter().find(|fact| fact.key == "op").and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    if item.kind == Kind::FsWrite && op.is_some_and(|op| KEEPS_NOTHING.contains(&op.as_str())) {
        return None;
    }
    // A compose file beside manifests of a cluster is for development.
    let for_good: Vec<&Matched<'_>> = matched.iter().filter(|one| !one.run.is_compose()).collect();
    let matched: Vec<&Matched<'_>> = if for_good.is_empty() { matched.iter().collect() } else { for_good };
    let what = if item.kind == Kind::EmbeddedDb { "the whole database" } else { "the file" };
    let worst = matched.iter().min_by_key(|one| one.survives)?;
    let (said, place) = (worst.landing.said(&worst.run), worst.run.said());
    let mut out = match (worst.survives, &worst.landing) {
        (Survives::NotWritten, Landing::ReadOnlyLayer(_)) => {
            format!("nothing, since nothing can be written: the container's own layer is read-only in {place}")
        }
        (Survives::NotWritten, _) => format!("nothing, since nothing can be written: {said} in {place}"),
        (Survives::Nothing, Landing::Layer) => {
            format!("{what}, with the container: nothing is mounted there in {place}; other replicas never see it")
        }
        (Survives::Nothing, _) => format!("{what}, with the container: {said} in {place}; other replicas never see it"),
        (Survives::Container, _) => format!("{what}, with the pod: {said} in {place}; other replicas never see it"),
        (Survives::PodOnHost, Landing::Disk) => format!("nothing with the process: it lies on the disk of the machine, {place}"),
        (Survives::PodOnHost, _) => format!("nothing with the container, but another host has another folder: {said} in {place}"),
        (Survives::Pod, _) => format!("nothing with the container: {said} in {place}"),
    };
    let best = matched.iter().max_by_key(|one| one.survives).filter(|best| best.survives > worst.survives);
    if let Some(best) = best.filter(|best| best.survives >= Survives::PodOnHost) {
        out.push_str(&format!("; {} keeps it: {}", best.run.said(), best.landing.said(&best.run)));
    }
    Some(out)
}
