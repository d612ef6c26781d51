//! Compose files that are made of others, through all of the reader.

use crate::manifests::fixture::drawn;

const COMMON: &str = "//- /deploy/common-compose.yml
services:
  base:
    image: shop
    environment: [LOG=info, SIZE=10]
    volumes: ['./data:/data', 'cache:/cache']
    command: [serve, --slow]
    tmpfs: [/run]
";

#[test]
fn a_service_extends_one_of_another_file() {
    let found = drawn(&format!(
        "{COMMON}//- /docker-compose.yml
services:
  web:
    extends: {{file: deploy/common-compose.yml, service: base}}
    environment: {{SIZE: 50}}
    volumes: ['fast:/cache']
    command: [serve]
    volumes_from: [x]
"
    ));
    let web = found.deployed.workloads.iter().find(|one| one.owner == "docker-compose.yml/web").unwrap();
    let container = &web.containers[0];
    let variable = |name: &str| {
        let one = container.variable(name).unwrap();
        format!("{}@{}:{}", one.value.as_ref().unwrap(), one.at.file, one.at.line)
    };
    assert_eq!(variable("LOG"), "info@deploy/common-compose.yml:4");
    assert_eq!(variable("SIZE"), "50@docker-compose.yml:4");
    assert_eq!(container.command.as_deref(), Some("serve"));
    let mounts: Vec<_> = container.mounts.iter().map(|mount| format!("{}={}", mount.path, mount.source)).collect();
    assert_eq!(mounts, ["/cache=fast", "/data=./data", "/run=tmpfs"]);
    // The service that is extended is a template, not one that runs.
    assert!(!found.ids().iter().any(|id| id.starts_with("deploy/")), "{:?}", found.ids());
}

#[test]
fn a_service_extends_one_beside_it_and_both_run() {
    let found = drawn(
        "//- /docker-compose.yml
services:
  web: {image: shop, environment: {LOG: info}, stop_grace_period: 1m}
  worker:
    extends: web
    command: [work]
",
    );
    let worker = found.deployed.workloads.iter().find(|one| one.owner.ends_with("worker")).unwrap();
    assert!(worker.containers[0].variable("LOG").is_some());
    assert_eq!(worker.seconds_to_stop.as_ref().map(|said| said.value.as_str()), Some("1m"));
    assert!(found.deployed.workloads.iter().any(|one| one.owner.ends_with("/web")));
}

#[test]
fn an_included_file_is_told_with_the_one_that_includes_it() {
    let found = drawn(
        "//- /docker-compose.yml
include: [infra/db.yml, {path: infra/compose.cache.yml}, infra/missing.yml]
services:
  web: {image: shop, depends_on: [db, cache]}
//- /infra/db.yml
services:
  db: {image: postgres, volumes: ['db:/var/lib/postgresql']}
volumes: {db: {}}
//- /infra/compose.cache.yml
services:
  cache: {image: redis, volumes: ['cache:/data']}
",
    );
    let volume = found.item("docker-compose.yml/db");
    let sites: Vec<_> = volume.sites.iter().map(|site| format!("{}:{}", site.place.file, site.place.line)).collect();
    assert_eq!((sites, volume.services.len()), (vec!["infra/db.yml:2".to_owned(), "infra/db.yml:3".to_owned()], 1));
    assert!(found.item("docker-compose.yml/cache").services.contains(&"shop".into()));
    assert_eq!(found.unevaluated, 1);
}

#[test]
fn files_that_take_each_other_in_end() {
    let mut text = "//- /docker-compose.yml\ninclude: [a.yml, a.yml, docker-compose.yml]\nservices:\n".to_owned();
    for at in 0..200 {
        text.push_str(&format!("  s{at}: {{image: shop, extends: s{}}}\n", (at + 1) % 200));
    }
    text.push_str("//- /a.yml\ninclude: [docker-compose.yml, docker-compose.yml, a.yml]\n");
    drawn(&text);
}

#[test]
fn references_are_shown_filled_in_with_what_goes_over_them() {
    let found = drawn(
        "//- /.env
PORT=9000
DB_PASSWORD=hunter2hunter2
//- /docker-compose.yml
services:
  web:
    image: shop
    environment:
      SIZE: ${SIZE:-10}
      PORT: $PORT
      URL: http://${HOST:-db}:${PORT}/
      REGION: ${REGION:?set it}
      DB_PASSWORD: ${DB_PASSWORD}
      TOKEN: ${WEB_TOKEN:-hunter2hunter2}
    volumes: ['${DATA:-./data}:/data']
    deploy: {replicas: '${REPLICAS:-3}'}
",
    );
    let web = found.deployed.workloads.iter().find(|one| one.owner == "docker-compose.yml/web").unwrap();
    let variable = |name: &str| {
        let one = web.containers[0].variable(name).unwrap();
        let value = one.value.as_ref().map_or_else(|| if one.hidden { "(hidden)" } else { "?" }.to_owned(), ToString::to_string);
        let unless = one.unless.as_ref().map(|unless| format!(" unless {unless}")).unwrap_or_default();
        format!("{value}{unless} from {} {} {}:{}", one.source, one.key, one.at.file, one.at.line)
    };
    assert_eq!(variable("SIZE"), "10 unless SIZE from docker-compose.yml SIZE docker-compose.yml:5");
    assert_eq!(variable("PORT"), "9000 from .env PORT .env:1");
    assert_eq!(variable("URL"), "http://db:9000/ unless HOST from docker-compose.yml URL docker-compose.yml:7");
    assert_eq!(variable("REGION"), "? from the environment of whoever starts it REGION docker-compose.yml:8");
    assert_eq!(variable("DB_PASSWORD"), "(hidden) from .env DB_PASSWORD .env:2");
    assert!(variable("TOKEN").starts_with("(hidden)"));
    assert_eq!(web.replicas.as_ref().unwrap().value, crate::manifests::deployed::Amount::Count(3));
    assert_eq!(web.containers[0].mounts[0].source, "./data");
    let fact = found.fact("docker-compose.yml/web#environment", "SIZE");
    assert_eq!((fact.value.as_ref().unwrap().to_string(), fact.from.as_deref()), ("10".to_owned(), Some("unless `SIZE` is set")));
    assert!(
        !found.ids().contains(&"docker-compose.yml/web#credentials")
            || !found.summary("docker-compose.yml/web#credentials").contains("DB_PASSWORD")
    );
    let shown = format!("{:?}{:?}", found.items, found.deployed);
    assert!(!shown.contains("hunter2"), "{shown}");
}
