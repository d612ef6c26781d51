//! Rule `ephemeral-file`: see `ephemeral_file.md`.

use crate::assess::ground::{entry, fact, place};
use crate::assess::{Ground, Rule};
use crate::join::{Landed, Survives};
use crate::model::{EntryKind, Hazard, HazardSeverity, Item, Kind};

pub(super) const RULE: Rule = Rule {
    id: "ephemeral-file",
    title: "files that are gone with the container",
    several: "{} files are written where they are gone with the container or the pod",
    needs: Some("what is mounted where"),
    symptom: "a file that was there a minute ago is not found, after a rollout or on every second request",
    remedy: "write it where all replicas read it (object storage, with an upload straight from the client), or mount a volume that stays",
    sketch: Some((
        "yaml",
        "volumeMounts:\n  - name: staging\n    mountPath: /var/uploads\nvolumes:\n  - name: staging\n    persistentVolumeClaim:\n      claimName: staging",
    )),
    ends_when: "a volume that outlives the pod is mounted there, or the file is no longer written",
    symptoms: &["vanished-files"],
    docs: include_str!("ephemeral_file.md"),
    run,
};

/// What is done to a file that leaves nothing to be lost.
const LEAVES_NOTHING: &[&str] = &["delete", "permissions", "lock", "create"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::FsWrite]).filter(|item| leaves_something(item)) {
        let Some(lost) = worst(ground.landed(item)) else { continue };
        let read_back = read_back(ground, item);
        let on_requests = Ground::is_on_requests(item);
        // What a task or start-up writes, it can write again.
        let severity = match (on_requests, read_back) {
            (true, _) => HazardSeverity::High,
            (false, Some(_)) => HazardSeverity::Medium,
            (false, None) => HazardSeverity::Low,
        };
        let with = if lost.survives == Survives::Container { "pod" } else { "container" };
        let by = item.entry_points.iter().find(|one| one.kind == EntryKind::Route).map(|one| format!(", written by {},", entry(one)));
        let message = format!("`{}`{} is gone with the {with}: {} in `{}`", lost.path, by.unwrap_or_default(), what(lost), lost.workload);
        let mut hazard = rule.about(item, severity, message).because(item.summary.clone(), place(item));
        hazard = hazard.because(what(lost), Some(&lost.at));
        if let Some(reader) = read_back {
            hazard = hazard.because(format!("read or removed later: {}", reader.summary), place(reader)).with(reader);
        }
        if let Some(fleet) = ground.replicated(item) {
            hazard = hazard.because(format!("{} of {}: each has its own file", fleet.copies(), fleet.name()), Some(fleet.place()));
        }
        out.push(hazard);
    }
}

fn leaves_something(item: &Item) -> bool {
    let op = fact(item, "op").and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default();
    let path = fact(item, "path").and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default();
    // A mark of life or a number of a process is worth nothing to the next one.
    let is_mark = path.ends_with(".pid") || path.ends_with(".lock") || path.ends_with(".sock") || path.ends_with(".alive");
    !LEAVES_NOTHING.contains(&op.as_str()) && !is_mark && !is_temporary(item)
}

/// A temporary file by its maker: nobody looks for it later.
fn is_temporary(item: &Item) -> bool {
    item.summary.contains("temporary") || item.summary.contains("temp file")
}

/// Where most is lost among the workloads that stay; compose files count when nothing else runs the service.
fn worst(landed: &[Landed]) -> Option<&Landed> {
    let for_good = landed.iter().any(|one| !one.is_compose);
    let mut looked_at = landed.iter().filter(|one| one.is_compose != for_good);
    let worst = looked_at.by_ref().min_by_key(|one| one.survives)?;
    matches!(worst.survives, Survives::Nothing | Survives::Container).then_some(worst)
}

/// Another item that reads, moves or deletes the same path: the file is meant to be found again.
fn read_back<'a>(ground: &Ground<'a>, item: &Item) -> Option<&'a Item> {
    let path = fact(item, "path")?.value.as_ref()?;
    let same = |other: &&Item| other.id != item.id && fact(other, "path").and_then(|fact| fact.value.as_ref()) == Some(path);
    ground.of_kinds(&[Kind::FsWrite, Kind::ReferenceData]).find(same)
}

fn what(lost: &Landed) -> String {
    match lost.what.strip_prefix("none: ") {
        Some(_) => "nothing is mounted there".to_owned(),
        None => lost.what.clone(),
    }
}
