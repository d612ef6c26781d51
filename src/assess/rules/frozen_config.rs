//! Rule `frozen-config`: see `frozen_config.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::assess::ground::{fact, place};
use crate::assess::{Fleet, Ground, Rule};
use crate::join::{Landed, Mounted};
use crate::manifests::deployed::MountKind;
use crate::model::{EntryKind, Hazard, HazardSeverity, Item, Kind};

pub(super) const RULE: Rule = Rule {
    id: "frozen-config",
    title: "values read once that the platform changes",
    several: "{} values are read once, and the platform can change them under the process",
    needs: Some("what is mounted where"),
    symptom: "half of the pods run with the old value and half with the new one, until the last of them is started again",
    remedy: "start the pods anew with each change (a checksum of the ConfigMap among the pod's annotations, a name with a hash), or watch the file and swap what was read",
    sketch: Some((
        "yaml",
        "spec:\n  template:\n    metadata:\n      annotations:\n        checksum/config: {{ include (print $.Template.BasePath \"/config.yaml\") . | sha256sum }}",
    )),
    ends_when: "a change starts the pods anew, or the code reads the file again",
    symptoms: &["config-differs", "different-answers"],
    docs: include_str!("frozen_config.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::StartupConfig, Kind::ReferenceData]).filter(|item| !is_read_again(ground, item)) {
        out.extend(of_file(rule, ground, item));
    }
    out.extend(of_variables(rule, ground));
}

/// A request or a task reads it again, or the service watches files.
pub(super) fn is_read_again(ground: &Ground<'_>, item: &Item) -> bool {
    item.entry_points.iter().any(|one| one.kind != EntryKind::Main) || ground.watches_files(item)
}

/// A file that changes under the process that has read it.
fn of_file(rule: &Rule, ground: &Ground<'_>, item: &Item) -> Option<Hazard> {
    let changes = |one: &&Landed| one.mount.as_ref().is_some_and(can_change) && !one.is_compose && !starts_anew(ground, item, one);
    let landed = ground.landed(item).iter().find(changes)?;
    let mount = landed.mount.as_ref()?;
    let (what, how) = match mount.kind {
        MountKind::ConfigMap => {
            (format!("ConfigMap `{}`", mount.source), "the file changes about a minute after it and the process does not")
        }
        _ => (
            format!("read-only volume `{}`", mount.source),
            "whoever writes it replaces the file, and only pods that start later have the new one",
        ),
    };
    let message = format!("`{}` is read once from {what} by `{}`: {how}", landed.path, reader(item));
    let hazard = rule.about(item, HazardSeverity::Medium, message);
    Some(hazard.because(format!("{}, once", item.summary), place(item)).because(landed.said(), Some(&landed.at)))
}

/// The function that reads it, with what it stands in.
pub(super) fn reader(item: &Item) -> &str {
    let function = item.sites.iter().find_map(|site| site.function.as_deref());
    function.map_or(item.name.as_str(), |path| path.rmatch_indices("::").nth(1).map_or(path, |(at, _)| &path[at + 2..]))
}

/// A mount whose files others replace.
fn can_change(mount: &Mounted) -> bool {
    match mount.kind {
        MountKind::ConfigMap => !mount.is_part,
        // What the service cannot write somebody else does.
        MountKind::Durable | MountKind::Shared => mount.read_only,
        _ => false,
    }
}

/// A change of a ConfigMap starts the pods of the workload anew; no mark on a pod tells of a change on a volume.
fn starts_anew(ground: &Ground<'_>, item: &Item, landed: &Landed) -> bool {
    let Some(mount) = landed.mount.as_ref().filter(|mount| mount.kind == MountKind::ConfigMap) else { return false };
    let here = |fleet: &Fleet<'_>| fleet.workload.owner == landed.workload && fleet.workload.environment == landed.environment;
    let marked = ground.fleets(item).any(|(_, fleet)| here(fleet) && fleet.workload.restarted_on_change.is_some());
    marked || object(ground, &format!("ConfigMap/{}", mount.source)).is_some_and(has_name_of_its_own)
}

/// The item of a ConfigMap or Secret.
pub(super) fn object<'a>(ground: &Ground<'a>, name: &str) -> Option<&'a Item> {
    ground.item(&format!("deployment:{name}"))
}

/// Another value comes under another name, which starts the pods anew.
fn has_name_of_its_own(object: &Item) -> bool {
    object.summary.contains(" made by a kustomization") || fact(object, "immutable").is_some()
}

/// The variables of one ConfigMap, told once.
#[derive(Default)]
struct Variables<'f> {
    names: Vec<SmolStr>,
    items: Vec<SmolStr>,
    fleets: Vec<&'f Fleet<'f>>,
}

fn of_variables(rule: &Rule, ground: &Ground<'_>) -> Vec<Hazard> {
    let mut by_object: BTreeMap<String, Variables<'_>> = BTreeMap::new();
    for service in ground.services {
        let fleets = ground.fleets_of(&service.name).iter();
        for fleet in fleets.filter(|fleet| fleet.is_for_good() && fleet.is_replicated() && fleet.workload.restarted_on_change.is_none()) {
            let variables = fleet.containers.iter().flat_map(|container| &container.env);
            for variable in variables.filter(|one| one.source.starts_with("ConfigMap/")) {
                let readers = readers(ground, &service.name, &variable.name);
                if readers.is_empty() {
                    continue;
                }
                let known = by_object.entry(variable.source.clone()).or_default();
                if !known.names.contains(&variable.name) {
                    known.names.push(variable.name.clone());
                }
                known.items.extend(readers);
                if !known.fleets.iter().any(|one| one.workload.owner == fleet.workload.owner) {
                    known.fleets.push(fleet);
                }
            }
        }
    }
    by_object.iter().filter_map(|(name, known)| of_object(rule, ground, name, known)).collect()
}

/// The items that read a variable: its own, or the settings of which it sets a key.
fn readers(ground: &Ground<'_>, service: &SmolStr, variable: &str) -> Vec<SmolStr> {
    let reads = |item: &&Item| {
        let by_name = fact(item, "env").and_then(|fact| fact.value.as_ref()).is_some_and(|value| value.to_string() == variable);
        item.services.contains(service)
            && (by_name || item.facts.iter().any(|fact| fact.setting().is_some() && fact.from.as_deref() == Some(variable)))
    };
    ground.of_kinds(&[Kind::StartupConfig]).filter(reads).map(|item| item.id.0.clone()).collect()
}

fn of_object(rule: &Rule, ground: &Ground<'_>, name: &str, known: &Variables<'_>) -> Option<Hazard> {
    const NAMED: usize = 3;
    let object = object(ground, name).filter(|object| !has_name_of_its_own(object))?;
    let fleet = known.fleets.first()?;
    let mut named: Vec<String> = known.names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    if known.names.len() > NAMED {
        named.push(format!("{} more", known.names.len() - NAMED));
    }
    let last = named.pop().unwrap_or_default();
    let named = if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) };
    let workloads: Vec<String> = known.fleets.iter().map(|fleet| fleet.name()).collect();
    let message = format!(
        "{named} of `{name}` are read once, and nothing starts the pods of {} anew when it changes: pods that start later run with other values",
        workloads.join(" and ")
    );
    let message = if known.names.len() == 1 { message.replacen(" are read once", " is read once", 1) } else { message };
    let mut hazard = rule.about(object, HazardSeverity::Low, message).because(object.summary.clone(), place(object));
    for item in known.items.iter().filter_map(|id| ground.item(id)) {
        hazard = hazard.with(item);
    }
    Some(hazard.run_by(fleet))
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
#[tokio::main]
async fn main() {
    let size: usize = std::env::var("PAGE_SIZE").unwrap().parse().unwrap();
    let rates = load();
    let app = axum::Router::new().with_state(std::sync::Arc::new((size, rates)));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}

fn load() -> String { std::fs::read_to_string("/etc/shop/rates.csv").unwrap() }
"#;
    const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  PAGE_SIZE: \"50\"\n";
    const FROM: &str = "envFrom:\n  - configMapRef: {name: shop}";
    const MOUNT: &str = "volumeMounts:\n  - {name: files, mountPath: /etc/shop, readOnly: true}";

    fn frozen(files: &[(&str, &str)]) -> Vec<String> {
        found("frozen-config", MAIN, files)
    }

    #[test]
    fn variables_of_a_config_map_are_told_once() {
        let of = frozen(&[("k/config.yaml", CONFIG), ("k/deploy.yaml", &deployment(2, FROM, ""))]);
        assert_eq!(
            of,
            [
                "low `PAGE_SIZE` of `ConfigMap/shop` is read once, and nothing starts the pods of `Deployment/shop` anew when it changes: pods that start later run with other values"
            ]
        );
    }

    #[test]
    fn variables_of_one_replica_or_with_a_checksum_are_silent() {
        assert!(frozen(&[("k/config.yaml", CONFIG), ("k/deploy.yaml", &deployment(1, FROM, ""))]).is_empty());
        let summed = deployment(2, FROM, "").replace("labels: {app: shop}", "annotations: {checksum/config: abc}");
        assert!(frozen(&[("k/config.yaml", CONFIG), ("k/deploy.yaml", &summed)]).is_empty());
        let immutable = format!("immutable: true\n{CONFIG}");
        assert!(frozen(&[("k/config.yaml", &immutable), ("k/deploy.yaml", &deployment(2, FROM, ""))]).is_empty());
        assert!(frozen(&[("k/deploy.yaml", &deployment(2, "env:\n  - {name: PAGE_SIZE, value: \"50\"}", ""))]).is_empty());
    }

    #[test]
    fn a_mounted_file_changes_under_the_process() {
        let config = deployment(1, MOUNT, "volumes:\n  - {name: files, configMap: {name: rates}}");
        assert_eq!(
            frozen(&[("k/deploy.yaml", &config)]),
            [
                "medium `/etc/shop/rates.csv` is read once from ConfigMap `rates` by `shop::load`: the file changes about a minute after it and the process does not"
            ]
        );
        let claim = deployment(1, MOUNT, "volumes:\n  - {name: files, persistentVolumeClaim: {claimName: rates}}");
        assert_eq!(
            frozen(&[("k/deploy.yaml", &claim)]),
            [
                "medium `/etc/shop/rates.csv` is read once from read-only volume `rates` by `shop::load`: whoever writes it replaces the file, and only pods that start later have the new one"
            ]
        );
    }

    #[test]
    fn files_that_stay_or_are_read_again_are_silent() {
        let volume = "volumes:\n  - {name: files, configMap: {name: rates}}";
        let part = deployment(1, "volumeMounts:\n  - {name: files, mountPath: /etc/shop/rates.csv, subPath: rates.csv}", volume);
        assert!(frozen(&[("k/deploy.yaml", &part)]).is_empty());
        assert!(frozen(&[("k/deploy.yaml", &deployment(1, "", ""))]).is_empty());
        // Its own volume: what is there the service has written.
        let own =
            deployment(1, &MOUNT.replace(", readOnly: true", ""), "volumes:\n  - {name: files, persistentVolumeClaim: {claimName: rates}}");
        assert!(frozen(&[("k/deploy.yaml", &own)]).is_empty());
        let again = MAIN.replace("let app", "tokio::spawn(keep_up());\n    let app")
            + "async fn keep_up() { loop { tokio::time::sleep(std::time::Duration::from_secs(60)).await; publish(load()); } }\nfn publish(_: String) {}\n";
        assert!(found("frozen-config", &again, &[("k/deploy.yaml", &deployment(1, MOUNT, volume))]).is_empty());
    }
}
