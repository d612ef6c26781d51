//! Deployment files become items at the lines where they are written; what looks like a deployment of the service and is none does not.

use statemap::model::{Item, Kind, StateMap};

use crate::project::{Project, map_of};

fn deployment(map: &StateMap) -> impl Iterator<Item = &Item> {
    map.items.iter().filter(|item| item.kind == Kind::Deployment)
}

fn one<'a>(map: &'a StateMap, id: &str) -> &'a Item {
    deployment(map).find(|item| item.id.as_str() == format!("deployment:{id}")).unwrap_or_else(|| panic!("no {id}"))
}

/// `file:line` of every site.
fn sites(item: &Item) -> Vec<String> {
    item.sites.iter().map(|site| format!("{}:{}", site.place.file, site.place.line)).collect()
}

fn fact(item: &Item, key: &str) -> Option<String> {
    item.facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.as_ref()).map(ToString::to_string)
}

#[test]
fn every_format_yields_what_it_declares_and_near_misses_yield_nothing() {
    let map = map_of("manifests");
    let found: Vec<&str> = deployment(&map).map(|item| item.id.as_str().trim_start_matches("deployment:")).collect();
    let wanted = [
        ".env.example",
        ".github/workflows/deploy.yml#concurrency",
        ".github/workflows/deploy.yml#rollout",
        ".github/workflows/deploy.yml#tag",
        "ConfigMap/parcels-config",
        "CronJob/parcels-nightly#rollout",
        "Deployment/parcels#rollout",
        "Dockerfile#CMD",
        "Dockerfile#COPY",
        "Dockerfile#ENV",
        "Dockerfile#HEALTHCHECK",
        "Dockerfile#VOLUME_/var/spool/parcels",
        "Dockerfile#build",
        "Ingress/parcels#affinity",
        "PersistentVolumeClaim/parcels",
        "PodDisruptionBudget/parcels",
        "Secret/parcels-database",
        "Secret/parcels-tls",
        "StatefulSet/parcels-api#api/credentials",
        "StatefulSet/parcels-api#api/environment",
        "StatefulSet/parcels-api#api/probes",
        "StatefulSet/parcels-api#claim/data",
        "StatefulSet/parcels-api#rollout",
        "StatefulSet/parcels-api#volume/scratch",
        "configuration/base.yaml#credentials",
        "deploy/parcels.service#Environment",
        "deploy/parcels.service#PrivateTmp",
        "deploy/parcels.service#StateDirectory=parcels",
        "deploy/parcels.service#unit",
        "docker-compose.yml/api#environment",
        "docker-compose.yml/api#healthcheck",
        "docker-compose.yml/api#replicas",
        "docker-compose.yml/api#tmpfs",
        "docker-compose.yml/api+second#copies",
        "docker-compose.yml/certs",
        "docker-compose.yml/db",
        "docker-compose.yml/db#credentials",
        "docker-compose.yml/parcels.env#env_file",
        "docker-compose.yml/signing#secret",
        "docker-compose.yml/spool",
        "docker-compose.yml/var/run/docker.sock",
        "docker-compose.yml/x-environment#credentials",
        "docker-compose.yml/x-environment#environment",
        "docker/entrypoint.sh#before",
        "docker/entrypoint.sh#export",
        "docker/entrypoint.sh#made",
        "docker/entrypoint.sh#sourced_files",
        "docker/entrypoint.sh#umask",
        "docker/release.sh#script",
        "fly.toml#deploy",
        "fly.toml#env",
        "fly.toml#machines",
        "fly.toml#mounts/parcels_data",
        "migrations/1_couriers.sql#seed",
        "parcels.env",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn every_item_is_tied_to_the_service() {
    let map = map_of("manifests");
    let untied: Vec<&str> = deployment(&map).filter(|item| item.services.is_empty()).map(|item| item.id.as_str()).collect();
    assert_eq!(untied, Vec::<&str>::new());
}

#[test]
fn a_shared_block_stands_where_it_is_written() {
    let map = map_of("manifests");
    assert_eq!(sites(one(&map, "docker-compose.yml/x-environment#environment")), ["docker-compose.yml:2", "docker-compose.yml:3"]);
    assert_eq!(sites(one(&map, "docker-compose.yml/spool")), ["docker-compose.yml:14", "docker-compose.yml:50"]);
    assert_eq!(sites(one(&map, "docker-compose.yml/x-environment#credentials")), ["docker-compose.yml:4"]);
}

#[test]
fn an_overlay_adds_its_value_to_the_object_of_the_base() {
    let map = map_of("manifests");
    let rollout = one(&map, "StatefulSet/parcels-api#rollout");
    let replicas: Vec<String> =
        rollout.facts.iter().filter(|fact| fact.key == "replicas").map(|fact| fact.value.as_ref().unwrap().to_string()).collect();
    assert_eq!(replicas, ["2"]);
    let set: Vec<_> = rollout.facts.iter().filter(|fact| fact.key == "replicas").flat_map(|fact| &fact.set).collect();
    assert_eq!((set[0].environment.as_deref(), set[0].value.clone()), (Some("production"), Some(statemap::model::FactValue::Int(6))));
    assert!(sites(rollout).contains(&"deploy/overlays/production/replicas.yaml:6".to_owned()));
}

#[test]
fn a_mount_is_told_at_the_volume_and_at_the_container() {
    let map = map_of("manifests");
    let scratch = one(&map, "StatefulSet/parcels-api#volume/scratch");
    assert_eq!(scratch.summary, "folder in memory, mounted at `/tmp`, at most 64Mi");
    assert_eq!(sites(scratch), ["deploy/base/api.yaml:29", "deploy/base/api.yaml:33"]);
    assert_eq!(
        one(&map, "Secret/parcels-tls").summary,
        "Secret that no file of the tree makes, mounted at `/etc/tls` (read-only) in StatefulSet parcels-api"
    );
}

#[test]
fn a_chart_is_evaluated_with_its_own_values() {
    let map = map_of("manifests");
    let rollout = one(&map, "Deployment/parcels#rollout");
    assert_eq!(fact(rollout, "replicas").as_deref(), Some("3"));
    assert_eq!(sites(rollout), ["chart/templates/deployment.yaml:9"]);
    let claim = one(&map, "PersistentVolumeClaim/parcels");
    assert_eq!(claim.summary, "durable volume of 8Gi, mounted at `/data` in Deployment parcels");
    assert_eq!(sites(claim), ["chart/templates/claim.yaml:5", "chart/templates/deployment.yaml:22"]);
}

#[test]
fn only_what_reaches_an_image_counts() {
    let map = map_of("manifests");
    assert_eq!(one(&map, "Dockerfile#ENV").summary, "variables set by the image: `PARCELS_SPOOL=/var/spool/parcels`, `PARCELS_TOKEN`");
    assert_eq!(sites(one(&map, "Dockerfile#COPY")), ["Dockerfile:20", "Dockerfile:21"]);
    assert_eq!(fact(one(&map, "Dockerfile#CMD"), "user").as_deref(), Some("10001"));
    assert_eq!(sites(one(&map, "docker/entrypoint.sh#umask")), ["docker/entrypoint.sh:4"]);
}

#[test]
fn what_scripts_and_migrations_do_on_the_way_to_a_start_is_told() {
    let map = map_of("manifests");
    let release = one(&map, "docker/release.sh#script");
    assert_eq!(release.summary, "script in the image that somebody or a rollout runs: `parcels-api migrate --token (set, hidden)`");
    assert_eq!((sites(release), fact(release, "PARCELS_POOL").as_deref()), (vec!["docker/release.sh:3".to_owned()], Some("1")));
    assert_eq!(
        one(&map, "docker/entrypoint.sh#before").summary,
        "run by every new container before the service starts: `sqlx migrate run`"
    );
    assert_eq!(sites(one(&map, "docker/entrypoint.sh#made")), ["docker/entrypoint.sh:5"]);
    assert_eq!(sites(one(&map, "Dockerfile#build")), ["Dockerfile:7"]);
    assert_eq!(sites(one(&map, "configuration/base.yaml#credentials")), ["configuration/base.yaml:2", "configuration/base.yaml:6"]);
    assert_eq!(sites(one(&map, "migrations/1_couriers.sql#seed")), ["migrations/1_couriers.sql:2", "migrations/1_couriers.sql:3"]);
}

#[test]
fn no_secret_reaches_the_map() {
    let map = map_of("manifests");
    let json = serde_json::to_string(&map).unwrap();
    assert!(!json.contains("hunter2"), "{}", &json[json.find("hunter2").unwrap().saturating_sub(300)..]);
}

#[test]
fn a_broken_document_is_told_with_its_line_and_templates_are_counted() {
    let map = map_of("manifests");
    let broken: Vec<_> = map.diagnostics.iter().filter(|one| one.code == "broken-yaml").collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0].file.as_deref(), Some("broken.yaml"));
    assert!(broken[0].line.is_some_and(|line| line >= 3));
    assert_eq!(map.coverage.manifests_unevaluated, 1);
}

#[test]
fn hostile_yaml_ends() {
    let project = Project::shop("fn main() {}");
    let mut bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\na0: &a0 [x, x]\n".to_owned();
    for level in 1..200 {
        let before = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]\n"));
    }
    bomb.push_str("data: *a199\n");
    project.write("bomb.yaml", bomb);
    let mut merges = "x0: &x0 {a: 1}\n".to_owned();
    for level in 1..2000 {
        merges.push_str(&format!("x{level}: &x{level} {{<<: *x{}, k{level}: 1}}\n", level - 1));
    }
    merges.push_str("services:\n  shop:\n    image: shop\n    environment: *x1999\n");
    project.write("docker-compose.yml", merges);
    project.write("deep.yaml", format!("apiVersion: v1\nkind: X\nd: {}", "[".repeat(100_000)));
    project.write("many.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n---\n".repeat(20_000));
    let map = project.map();
    let broken: Vec<_> = map.diagnostics.iter().filter(|one| one.code == "broken-yaml").filter_map(|one| one.file.as_deref()).collect();
    for file in ["deep.yaml", "docker-compose.yml", "many.yaml"] {
        assert!(broken.contains(&file), "{file}: {broken:?}");
    }
}
