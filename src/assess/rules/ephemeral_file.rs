//! Rule `ephemeral-file`: see `ephemeral_file.md`.

use crate::assess::ground::{entry, fact, place};
use crate::assess::{Ground, Rule};
use crate::join::{Landed, Survives};
use crate::model::{EntryKind, FactValue, Hazard, HazardSeverity, Item, Kind};
use crate::source::parent;

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
    for files in together(ground) {
        out.extend(of_files(rule, ground, &files));
    }
}

/// A file of the code where most of it is lost.
struct Lost<'a> {
    item: &'a Item,
    landed: &'a Landed,
}

/// What one function writes into one folder is one matter: a file and its rename, two formats of one report.
fn together<'a>(ground: &Ground<'a>) -> Vec<Vec<Lost<'a>>> {
    let mut groups: Vec<(Option<&str>, String, Vec<Lost<'a>>)> = Vec::new();
    for item in ground.of_kinds(&[Kind::FsWrite]).filter(|item| leaves_something(item)) {
        let Some(landed) = worst(ground.landed(item)) else { continue };
        let function = item.site().and_then(|site| site.function.as_deref());
        let folder = parent(&path_of(item, landed)).to_owned();
        let known = groups.iter_mut().find(|(by, at, _)| function.is_some() && *by == function && *at == folder);
        match known {
            Some((.., files)) => files.push(Lost { item, landed }),
            None => groups.push((function, folder, vec![Lost { item, landed }])),
        }
    }
    groups.into_iter().map(|(.., files)| files).collect()
}

fn of_files(rule: &Rule, ground: &Ground<'_>, files: &[Lost<'_>]) -> Option<Hazard> {
    // What it is called in the end tells more than what it was called while it was written.
    let named = files.iter().find(|one| op(one.item) == "rename").or_else(|| files.first())?;
    let (item, lost) = (named.item, named.landed);
    let read_back =
        files.iter().find_map(|one| read_back(ground, one.item)).filter(|other| files.iter().all(|one| one.item.id != other.id));
    let on_requests = files.iter().any(|one| Ground::is_on_requests(one.item));
    let path = path_of(item, lost);
    // What a task or start-up writes, it can write again, and a cache is there to be filled again.
    let severity = match (on_requests && !is_cache(&path), read_back) {
        (true, _) => HazardSeverity::High,
        (false, Some(_)) if !is_cache(&path) => HazardSeverity::Medium,
        _ if is_cache(&path) || lost.path.starts_with("/tmp") => return None,
        _ => HazardSeverity::Low,
    };
    let with = if lost.survives == Survives::Container { "pod" } else { "container" };
    let routes = || files.iter().flat_map(|one| &one.item.entry_points).filter(|one| one.kind == EntryKind::Route);
    let posts = routes().find(|one| one.name.starts_with("POST") || one.name.starts_with("PUT"));
    let by = posts.or_else(|| routes().next()).map(|one| format!(", written by {},", entry(one)));
    let message = format!("`{path}`{} is gone with the {with}: {} in `{}`", by.unwrap_or_default(), lost.said(), lost.workload);
    let mut hazard = rule.about(item, severity, message).because(item.summary.clone(), place(item));
    for other in files.iter().map(|one| one.item).filter(|other| other.id != item.id) {
        hazard = hazard.because(other.summary.clone(), place(other)).with(other);
    }
    hazard = hazard.because(lost.said(), Some(&lost.at));
    if let Some(reader) = read_back {
        hazard = hazard.because(format!("read or removed later: {}", reader.summary), place(reader)).with(reader);
    }
    if let Some(fleet) = ground.replicated(item) {
        hazard = hazard.because(format!("{} of {}: each has its own file", fleet.copies(), fleet.name()), Some(fleet.place()));
    }
    Some(hazard)
}

/// The path with what is filled in at run time, as far as it is the one that lands there: of a relative one, what follows the
/// folder that is known.
fn path_of(item: &Item, landed: &Landed) -> String {
    let known = landed.path.as_str();
    let Some(FactValue::Text(whole)) = fact(item, "path").and_then(|fact| fact.value.as_ref()) else { return known.to_owned() };
    // Of several, the first stands for all.
    let whole = whole.split(" or ").next().unwrap_or(whole);
    if whole.starts_with(known) {
        return whole.to_owned();
    }
    let whole = whole.trim_start_matches("./");
    let mut ends = whole.match_indices('/').map(|(at, _)| at).filter(|at| known.ends_with(&format!("/{}", &whole[..*at])));
    ends.next_back().map_or_else(|| known.to_owned(), |at| format!("{known}{}", &whole[at..]))
}

fn op(item: &Item) -> String {
    fact(item, "op").and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default()
}

/// Filled again from elsewhere, by its name.
fn is_cache(path: &str) -> bool {
    path.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "cache" | "caches" | "cached"))
}

fn leaves_something(item: &Item) -> bool {
    let path = fact(item, "path").and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default();
    // A mark of life or a number of a process is worth nothing to the next one.
    let is_mark = path.ends_with(".pid") || path.ends_with(".lock") || path.ends_with(".sock") || path.ends_with(".alive");
    // What the kernel or the platform takes there is no file.
    let is_device = ["/dev/", "/proc/", "/sys/"].iter().any(|folder| path.starts_with(folder));
    // Fixtures of tests are written by what helps developers.
    let is_for_tests = path.split('/').any(|name| matches!(name, "test" | "tests" | "test_data"));
    !is_device && !is_for_tests && !LEAVES_NOTHING.contains(&op(item).as_str()) && !is_mark && !is_temporary(item)
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
    let same = |other: &&Item| {
        let looks = other.kind == Kind::ReferenceData || matches!(op(other).as_str(), "delete" | "rename" | "move" | "copy" | "read");
        let here = other.services.iter().any(|service| item.services.contains(service));
        other.id != item.id && looks && here && fact(other, "path").and_then(|fact| fact.value.as_ref()) == Some(path)
    };
    ground.of_kinds(&[Kind::FsWrite, Kind::ReferenceData]).find(same)
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
use axum::{Router, routing::post};

#[tokio::main]
async fn main() {
    let app = Router::new().route("/pictures", post(upload));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}

async fn upload(name: String) {
    let part = format!("/var/uploads/{name}.part");
    std::fs::write(&part, "").unwrap();
    std::fs::rename(&part, format!("/var/uploads/{name}.jpg")).unwrap();
}
"#;

    fn files(main: &str, deployment: &str) -> Vec<String> {
        found("ephemeral-file", main, &[("k/deploy.yaml", deployment)])
    }

    #[test]
    fn a_file_and_its_rename_are_one_hazard_with_the_whole_path() {
        assert_eq!(
            files(MAIN, &deployment(2, "", "")),
            [
                "high `/var/uploads/{name}.jpg`, written by `POST /pictures`, is gone with the container: nothing is mounted there in `Deployment/shop`"
            ]
        );
        let other_folder = MAIN.replace("/var/uploads/{name}.jpg", "/srv/pictures/{name}.jpg");
        assert_eq!(files(&other_folder, &deployment(2, "", "")).len(), 2);
    }

    #[test]
    fn a_claim_keeps_it_and_a_cache_is_filled_again() {
        let mount = "volumeMounts:\n  - {name: uploads, mountPath: /var/uploads}";
        let claim = "volumes:\n  - {name: uploads, persistentVolumeClaim: {claimName: uploads}}";
        assert!(files(MAIN, &deployment(2, mount, claim)).is_empty());
        assert!(files(&MAIN.replace("/var/uploads", "/var/cache/uploads"), &deployment(2, "", "")).is_empty());
        let empty = "volumes:\n  - {name: uploads, emptyDir: {}}";
        assert!(files(MAIN, &deployment(2, mount, empty))[0].contains("is gone with the pod: emptyDir uploads"));
    }
}
