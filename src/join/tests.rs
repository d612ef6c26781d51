//! Code and manifests as text, joined; what must not be said stands beside what must.

use crate::fixture::map;
use crate::model::{Fact, Item, StateMap};

const MAIN: &str = r#"
use sqlx::postgres::PgPoolOptions;

const SIZE: u32 = 10;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("DATABASE_URL")?;
    let size = std::env::var("POOL_SIZE").ok().and_then(|size| size.parse().ok()).unwrap_or(SIZE);
    let pool = PgPoolOptions::new().max_connections(size).connect(&url).await?;
    let folder = std::env::var("SPOOL").unwrap_or_else(|_| "/var/spool/shop".to_owned());
    std::fs::write(format!("{folder}/orders.csv"), "")?;
    std::fs::write("/tmp/orders.lock", "")?;
    std::fs::write("data/orders.json", "")?;
    let app = axum::Router::new().route("/health", axum::routing::get(health)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn health(_: axum::extract::State<sqlx::PgPool>) -> String {
    std::fs::write("/var/log/shop/health.log", "").unwrap();
    String::new()
}
"#;

const DOCKERFILE: &str = "FROM rust AS build\nRUN cargo build --release\nFROM debian\nWORKDIR /srv\n\
    COPY --from=build /target/release/shop /usr/bin/shop\nCMD [\"shop\"]\n";

/// A Deployment of two replicas; what is given stands in its only container, the second part in its pod.
fn deployment(container: &str, pod: &str) -> String {
    let indented = |text: &str, by: usize| text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect::<String>();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: shop:1\n{}{}",
        indented(container, 10),
        indented(pod, 6)
    )
}

fn joined(files: &[(&str, &str)]) -> StateMap {
    of_code(MAIN, files)
}

fn of_code(code: &str, files: &[(&str, &str)]) -> StateMap {
    let mut text = format!("//- /src/main.rs\n{code}\n//- /Dockerfile\n{DOCKERFILE}\n");
    for (path, content) in files {
        text.push_str(&format!("//- /{path}\n{content}\n"));
    }
    map(&text)
}

fn item<'a>(map: &'a StateMap, start: &str) -> &'a Item {
    map.items.iter().find(|item| item.id.as_str().starts_with(start)).unwrap_or_else(|| panic!("no {start}"))
}

/// `50 by ConfigMap/shop POOL_SIZE k.yaml:5`.
fn set(fact: &Fact) -> Vec<String> {
    let value = |one: &crate::model::SetBy| one.value.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
    fact.set.iter().map(|one| format!("{} by {} {} {}:{}", value(one), one.source, one.key, one.at.file, one.at.line)).collect()
}

fn fact<'a>(item: &'a Item, key: &str) -> &'a Fact {
    item.facts.iter().find(|fact| fact.key == key).unwrap_or_else(|| panic!("no {key} of {}", item.id))
}

fn texts(item: &Item, key: &str) -> Vec<String> {
    item.facts.iter().filter(|fact| fact.key == key).filter_map(|fact| fact.value.as_ref()).map(ToString::to_string).collect()
}

fn codes(map: &StateMap) -> Vec<String> {
    let of = |one: &&crate::model::Diagnostic| one.code.starts_with("contradiction-");
    map.diagnostics.iter().filter(of).map(|one| format!("{} {}", one.code, one.line.unwrap_or_default())).collect()
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  POOL_SIZE: \"50\"\n";

#[test]
fn a_variable_is_traced_from_its_default_to_what_sets_it() {
    let deployment = deployment(
        "envFrom:\n  - configMapRef: {name: shop}\nenv:\n  - name: DATABASE_URL\n    valueFrom: {secretKeyRef: {name: db, key: url}}",
        "",
    );
    let map = joined(&[("k/config.yaml", CONFIG_MAP), ("k/deploy.yaml", &deployment)]);
    let variable = item(&map, "startup-config:env#POOL_SIZE");
    assert_eq!(set(fact(variable, "env")), ["50 by ConfigMap/shop POOL_SIZE k/config.yaml:6"]);
    assert_eq!(variable.ty.as_deref(), Some("u32"));
    let pool = item(&map, "pool:shop::main#sqlx");
    // The code's value stays the value; what sets it stands beside it.
    assert_eq!(fact(pool, "max_connections").value, Some(crate::model::FactValue::Int(10)));
    assert_eq!(set(fact(pool, "max_connections")), ["50 by ConfigMap/shop POOL_SIZE k/config.yaml:6"]);
    assert!(pool.summary.ends_with("at most 10 connections unless `POOL_SIZE` is set: `50` by ConfigMap/shop"), "{}", pool.summary);
    let url = fact(item(&map, "startup-config:env#DATABASE_URL"), "env");
    assert!(url.set[0].hidden && url.set[0].value.is_none(), "{url:?}");
    assert!(codes(&map).is_empty(), "{:?}", map.diagnostics);
}

#[test]
fn what_is_set_is_told_as_the_code_takes_it() {
    let code = r#"
        fn main() {
            let below = format!("{}/tmp", std::env::var("FOLDER").unwrap());
            std::fs::create_dir_all(&below).unwrap();
            let kept = std::env::var("KEPT").unwrap_or_else(|_| "data".into());
            std::fs::write(format!("{kept}/sends"), "x").unwrap();
            let whole = std::env::var("WHOLE").unwrap_or_else(|_| "a.csv".into());
            std::fs::write(whole, "x").unwrap();
        }
    "#;
    let deployment =
        deployment("env:\n  - {name: FOLDER, value: /srv}\n  - {name: KEPT, value: /kept}\n  - {name: WHOLE, value: /b.csv}", "");
    let map = of_code(code, &[("k/deploy.yaml", &deployment)]);
    let told = |path: &str| {
        let has = |item: &&Item| {
            item.facts.iter().any(|fact| fact.key == "path" && fact.value.as_ref().is_some_and(|value| value.to_string() == path))
        };
        let found = map.items.iter().find(has).unwrap_or_else(|| panic!("no {path}: {:?}", map.items));
        (found.summary.clone(), fact(found, "path").set.iter().map(|one| one.value.as_ref().unwrap().to_string()).collect::<Vec<_>>())
    };
    assert_eq!(told("${FOLDER}/tmp").1, ["/srv/tmp"]);
    let (summary, set) = told("data/sends");
    assert_eq!(set, ["/kept/sends"]);
    assert!(summary.contains("unless `KEPT` is set: `/kept/sends` by "), "{summary}");
    assert_eq!(told("a.csv").1, ["/b.csv"]);
}

#[test]
fn a_word_that_becomes_a_password_where_it_is_put_in_is_hidden() {
    let code = r#"
        fn main() {
            std::fs::write(format!("{}@files/orders", std::env::var("START").unwrap()), "x").unwrap();
        }
    "#;
    let map = of_code(code, &[("k/deploy.yaml", &deployment("env:\n  - {name: START, value: \"ftp://shop:hunter2\"}", ""))]);
    let of = |item: &Item| item.facts.iter().filter(|fact| fact.key != "env").flat_map(|fact| fact.set.clone()).collect::<Vec<_>>();
    let made: Vec<_> = map.items.iter().flat_map(of).filter_map(|one| one.value).map(|value| value.to_string()).collect();
    assert_eq!(made, ["ftp://…@files/orders"]);
}

#[test]
fn what_a_default_is_made_of_is_said_with_the_variable() {
    let code = r#"
        fn main() {
            let data = std::env::var("DATA_FOLDER").unwrap_or_else(|_| "data".into());
            let file = std::env::var("CONFIG_FILE").unwrap_or_else(|_| format!("{data}/config.json"));
            std::fs::write(file, "x").unwrap();
            let plain = std::env::var("PLAIN").unwrap_or_else(|_| "a.csv".into());
            std::fs::write(plain, "x").unwrap();
        }
    "#;
    let map = of_code(code, &[("k/deploy.yaml", &deployment("env:\n  - {name: CONFIG_FILE, value: /c.json}", ""))]);
    let said: Vec<&str> =
        map.items.iter().filter(|item| item.kind == crate::model::Kind::FsWrite).map(|item| item.summary.as_str()).collect();
    assert_eq!(
        said,
        [
            "writes `a.csv` unless `PLAIN` is set",
            "writes `data/config.json` unless `CONFIG_FILE` or `DATA_FOLDER` is set: `/c.json` by Deployment/shop"
        ]
    );
}

#[test]
fn pools_add_up_over_replicas_and_rollouts() {
    let deployment = deployment("envFrom:\n  - configMapRef: {name: shop}", "");
    let map = joined(&[("k/config.yaml", CONFIG_MAP), ("k/deploy.yaml", &deployment)]);
    let totals = &item(&map, "pool:shop::main#sqlx").totals;
    let [total] = totals.as_slice() else { panic!("{totals:?}") };
    // A quarter of two, rounded up, is one more.
    assert_eq!((total.each, total.replicas, total.all, total.during_rollout, total.at_most), (50, 2, 100, Some(150), None));
    assert_eq!(total.each_from.as_deref(), Some("ConfigMap/shop"));
    assert_eq!(map.deployments[0].during_rollout, Some(3));
}

#[test]
fn a_pool_whose_size_is_set_out_of_sight_adds_up_to_nothing_known() {
    let elsewhere = deployment("envFrom:\n  - configMapRef: {name: made-elsewhere}", "");
    assert!(item(&joined(&[("k/deploy.yaml", &elsewhere)]), "pool:shop::main#sqlx").totals.is_empty());
    let template = deployment("env:\n  - {name: POOL_SIZE, value: \"$(OTHER)\"}", "");
    assert!(item(&joined(&[("k/deploy.yaml", &template)]), "pool:shop::main#sqlx").totals.is_empty());
    let single = deployment("", "")
        .replace("replicas: 2", "replicas: 1")
        .replace("spec:\n  replicas", "spec:\n  strategy: {type: Recreate}\n  replicas");
    assert!(item(&joined(&[("k/deploy.yaml", &single)]), "pool:shop::main#sqlx").totals.is_empty());
}

#[test]
fn files_land_where_something_is_mounted_or_in_the_layer() {
    let deployment = deployment(
        "volumeMounts:\n  - {name: spool, mountPath: /data}\n  - {name: tmp, mountPath: /tmp}\nenv:\n  - {name: SPOOL, value: /data/spool}",
        "volumes:\n  - {name: spool, persistentVolumeClaim: {claimName: orders}}\n  - {name: tmp, emptyDir: {}}",
    );
    let map = joined(&[("k/deploy.yaml", &deployment)]);
    let of = |start: &str| {
        let item = item(&map, start);
        (texts(item, "mount").join("; "), texts(item, "survives").join("; "), item.lost.clone().unwrap_or_default())
    };
    // The variable moves the folder under the claim.
    let spool = of("fs-write:shop::main#/var/spool");
    assert_eq!((spool.0.as_str(), spool.1.as_str()), ("claim orders at /data, Deployment/shop", "the pod"));
    assert!(spool.2.starts_with("nothing with the container"), "{}", spool.2);
    let tmp = of("fs-write:shop::main#/tmp");
    assert_eq!(tmp.1, "a restart of the container, not of the pod");
    assert!(tmp.2.starts_with("the file, with the pod: emptyDir tmp at /tmp in Deployment/shop"), "{}", tmp.2);
    // Relative to the image's folder, and under no mount.
    let data = of("fs-write:shop::main#data/");
    assert_eq!(
        (data.0.as_str(), data.1.as_str()),
        ("none: the container's own layer, Deployment/shop", "nothing: gone with the container")
    );
    assert!(data.2.starts_with("the file, with the container: nothing is mounted there in Deployment/shop"), "{}", data.2);
}

#[test]
fn what_is_added_to_a_default_is_added_to_what_replaces_it() {
    // `/data/spool/orders.csv` is under the deeper mount, the folder itself is not.
    let deployment = deployment(
        "volumeMounts:\n  - {name: a, mountPath: /data}\n  - {name: b, mountPath: /data/spool/orders.csv}\nenv:\n  - {name: SPOOL, value: /data/spool}",
        "volumes:\n  - {name: a, emptyDir: {}}\n  - {name: b, persistentVolumeClaim: {claimName: orders}}",
    );
    let map = joined(&[("k/deploy.yaml", &deployment)]);
    assert_eq!(texts(item(&map, "fs-write:shop::main#/var/spool"), "survives"), ["the pod"]);
}

#[test]
fn of_a_path_that_no_manifest_is_about_nothing_is_said() {
    let map = joined(&[]);
    for item in &map.items {
        assert!(texts(item, "mount").is_empty() && texts(item, "survives").is_empty(), "{item:?}");
    }
    // Below `/tmp/{name}` another volume may be mounted.
    let main = "fn main() { for name in std::env::args() { std::fs::write(format!(\"/tmp/{name}/a.csv\"), \"\").unwrap(); } }";
    let deployment = deployment("volumeMounts: [{name: a, mountPath: /tmp/a}]", "volumes: [{name: a, emptyDir: {}}]");
    let map = map_of(main, &deployment);
    assert!(texts(item(&map, "fs-write:"), "mount").is_empty());
}

fn map_of(main: &str, deployment: &str) -> StateMap {
    map(&format!("//- /src/main.rs\n{main}\n//- /Dockerfile\n{DOCKERFILE}\n//- /k/deploy.yaml\n{deployment}\n"))
}

#[test]
fn a_write_under_a_read_only_mount_contradicts_it() {
    let read_only = deployment(
        "volumeMounts:\n  - {name: logs, mountPath: /var/log/shop, readOnly: true}",
        "volumes:\n  - {name: logs, persistentVolumeClaim: {claimName: logs}}",
    );
    assert_eq!(codes(&joined(&[("k/deploy.yaml", &read_only)])), ["contradiction-read-only 13"]);
    let root = deployment(
        "securityContext: {readOnlyRootFilesystem: true}\nvolumeMounts:\n  - {name: tmp, mountPath: /tmp}\n  - {name: tmp, mountPath: /srv}\n  - {name: tmp, mountPath: /var/spool}",
        "volumes:\n  - {name: tmp, emptyDir: {}}",
    );
    let map = joined(&[("k/deploy.yaml", &root)]);
    assert_eq!(codes(&map), ["contradiction-read-only 12"], "only the log is in the layer");
    assert!(
        item(&map, "fs-write:shop::health").lost.as_deref().is_some_and(|lost| lost.starts_with("nothing, since nothing can be written"))
    );
}

#[test]
fn a_value_that_the_code_cannot_parse_contradicts_it() {
    let with = |value: &str| joined(&[("k/deploy.yaml", &deployment(&format!("env:\n  - {{name: POOL_SIZE, value: {value}}}"), ""))]);
    assert_eq!(codes(&with("ten")), ["contradiction-variable-type 13"]);
    assert_eq!(codes(&with("\"-1\"")), ["contradiction-variable-type 13"]);
    for fine in ["\"20\"", "\"\"", "$(OTHER)", "\"{{ .size }}\""] {
        assert!(codes(&with(fine)).is_empty(), "{fine}");
    }
}

#[test]
fn the_second_value_of_a_container_contradicts_the_first_unless_somebody_gets_it() {
    let config = CONFIG_MAP.replace("50", "30");
    let twice = deployment("envFrom:\n  - configMapRef: {name: shop}\nenv:\n  - {name: POOL_SIZE, value: \"20\"}", "");
    assert_eq!(codes(&joined(&[("k/config.yaml", &config), ("k/deploy.yaml", &twice)])), ["contradiction-variable-overridden 6"]);
    // A second workload that gets the shared value.
    let other = deployment("envFrom:\n  - configMapRef: {name: shop}", "").replace("  name: shop\nspec", "  name: shop-two\nspec");
    assert!(codes(&joined(&[("k/config.yaml", &config), ("k/deploy.yaml", &twice), ("k/other.yaml", &other)])).is_empty());
}

#[test]
fn ports_and_probes_are_held_against_the_code() {
    let with = |port: u16, path: &str| {
        let container = format!("ports: [{{name: http, containerPort: {port}}}]\nreadinessProbe:\n  httpGet: {{path: {path}, port: http}}");
        codes(&joined(&[("k/deploy.yaml", &deployment(&container, ""))]))
    };
    assert!(with(8080, "/health").is_empty());
    assert!(with(8080, "/health?full=1").is_empty());
    assert_eq!(with(9090, "/health"), ["contradiction-port 12"]);
    assert_eq!(with(8080, "/healthz"), ["contradiction-probe-path 14"]);
}

#[test]
fn what_code_may_answer_to_in_ways_that_are_not_read_is_no_contradiction() {
    let probe = deployment("ports: [{containerPort: 8080}]\nlivenessProbe:\n  httpGet: {path: /healthz, port: 8080}", "");
    let app = |router: &str| {
        let main = format!(
            "#[tokio::main]\nasync fn main() {{\n    let app = axum::Router::new().route(\"/orders\", axum::routing::get(orders)){router};\n    let listener = tokio::net::TcpListener::bind(\"0.0.0.0:8080\").await.unwrap();\n    axum::serve(listener, app).await.unwrap();\n}}\nasync fn orders() {{ std::fs::write(\"/tmp/a\", \"\").unwrap(); }}\nasync fn any() {{}}\n"
        );
        codes(&map_of(&main, &probe))
    };
    assert_eq!(app(""), ["contradiction-probe-path 14"]);
    assert!(app(".fallback(any)").is_empty());
    assert!(app(".route(\"/{name}\", axum::routing::get(any))").is_empty());
    assert!(app(".route(\"/healthz\", axum::routing::get(async || \"ok\"))").is_empty());
}

#[test]
fn variables_that_meet_nothing_are_told_only_where_all_is_in_sight() {
    let deployment_of = |env: &str| deployment(&format!("env:\n  - {{name: RUST_LOG, value: info}}\n{env}"), "");
    let map = joined(&[("k/deploy.yaml", &deployment_of("  - {name: OLD_URL, value: http://old}"))]);
    let [environment] = map.environments.as_slice() else { panic!("{:?}", map.environments) };
    assert_eq!(environment.unset, ["DATABASE_URL"], "the others have defaults");
    let unread: Vec<&str> = environment.unread.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(unread, ["OLD_URL"], "what a runtime reads is not told");
    // Somewhere else more may be set.
    let open = deployment("env:\n  - {name: RUST_LOG, value: info}\nenvFrom:\n  - secretRef: {name: elsewhere}", "");
    assert!(joined(&[("k/deploy.yaml", &open)]).environments.is_empty());
    // A script may read it.
    let shell = deployment_of("  - {name: OLD_URL, value: http://old}")
        .replace("image: shop:1", "image: shop:1\n          command: [sh, -c, \"exec shop\"]");
    assert!(joined(&[("k/deploy.yaml", &shell)]).environments.iter().all(|one| one.unread.is_empty()));
}

#[test]
fn code_that_reads_the_environment_as_a_whole_may_read_anything() {
    let main = "fn main() { for (name, value) in std::env::vars() { std::fs::write(format!(\"/tmp/{name}\"), value).unwrap(); } }";
    let deployment = deployment("env:\n  - {name: OLD_URL, value: http://old}", "");
    assert!(map_of(main, &deployment).environments.is_empty());
    let plain = "fn main() { std::fs::write(\"/tmp/a\", \"b\").unwrap(); }";
    assert_eq!(map_of(plain, &deployment).environments.len(), 1);
}

#[test]
fn a_secret_that_the_code_reads_once_says_when_a_change_is_seen() {
    let main = "struct Keys { api: String }\nimpl Keys { fn load() -> Self { Keys { api: std::fs::read_to_string(\"/etc/keys/api-key\").unwrap() } } }\n\
        fn main() { let keys = Keys::load(); std::fs::write(\"/tmp/a\", keys.api).unwrap(); }";
    let deployment = deployment(
        "volumeMounts:\n  - {name: keys, mountPath: /etc/keys, readOnly: true}\nenv:\n  - name: TOKEN\n    valueFrom: {secretKeyRef: {name: token, key: a}}",
        "volumes:\n  - {name: keys, secret: {secretName: keys}}",
    );
    let map = map_of(main, &deployment);
    assert_eq!(texts(item(&map, "deployment:Secret/keys"), "mounted"), ["/etc/keys, read-only"]);
    assert!(texts(item(&map, "deployment:Secret/keys"), "change seen")[0].starts_with("after a restart: read once"));
    assert!(texts(item(&map, "deployment:Secret/token"), "change seen")[0].starts_with("after a restart: variables are set"));
}

#[test]
fn a_key_of_the_settings_meets_the_variable_that_sets_it() {
    use crate::manifests::deployed::{Container, ContainerRole, Deployed, EnvVar, Workload, WorkloadKind};
    use crate::model::{FactValue, ItemId, Kind, Place, Provenance};

    let place = |file: &str, line| Place { file: file.into(), line, column: 1 };
    let fact = |key: &str, value: FactValue, from: &str| Fact {
        key: key.into(),
        value: Some(value),
        unit: None,
        provenance: Provenance::Settings,
        at: Some(place("config/base.toml", 4)),
        from: Some(from.to_owned()),
        set: Vec::new(),
    };
    let item = |kind: Kind, name: &str, facts: Vec<Fact>| Item {
        services: vec!["shop".into()],
        facts,
        ..Item::new(ItemId(format!("{kind}:shop::{name}").into()), kind, name.into(), String::new())
    };
    let hidden = FactValue::Text(crate::merge::redact::HIDDEN.to_owned());
    let settings = vec![
        fact("setting:pay.timeout_ms", FactValue::Int(10_000), "SHOP_PAY__TIMEOUT_MS"),
        fact("setting:pay.account", hidden, "SHOP_PAY__ACCOUNT"),
    ];
    let mut items = vec![
        item(Kind::StartupConfig, "settings", settings),
        item(Kind::SdkClient, "client", vec![fact("timeout", FactValue::Text("10s".to_owned()), "pay.timeout_ms")]),
        item(Kind::SdkClient, "other", vec![fact("timeout", FactValue::Text("10s".to_owned()), "ship.timeout_ms")]),
    ];
    let container = Container {
        env: vec![
            EnvVar::written("SHOP_PAY__TIMEOUT_MS", "2500", "ConfigMap/shop", place("k.yaml", 6)),
            EnvVar::written("SHOP_PAY__ACCOUNT", "fourty-two", "ConfigMap/shop", place("k.yaml", 7)),
        ],
        ..Container::new("shop", ContainerRole::Own)
    };
    let workload = Workload {
        services: ["shop".into()].into(),
        containers: vec![container],
        ..Workload::new("Deployment/shop", WorkloadKind::Replicated, place("k.yaml", 1))
    };
    super::variables::trace(&mut items, &Deployed { workloads: vec![workload], ..Deployed::default() }, &super::runs::Defaults::default());
    // Told as the fact tells its own value: milliseconds as a time.
    assert_eq!(set(&items[1].facts[0]), ["2500ms by ConfigMap/shop SHOP_PAY__TIMEOUT_MS k.yaml:6"]);
    assert_eq!(set(&items[0].facts[0]), ["2500 by ConfigMap/shop SHOP_PAY__TIMEOUT_MS k.yaml:6"]);
    // What the code takes for a secret is one under any name.
    assert!(items[0].facts[1].set[0].hidden && items[0].facts[1].set[0].value.is_none());
    assert!(items[2].facts[0].set.is_empty(), "another key");
}

const COMMANDS: &str = r#"
use clap::{Parser, Subcommand};
use sqlx::postgres::PgPoolOptions;

#[derive(Parser)]
struct Cli { #[command(subcommand)] command: Command }

#[derive(Subcommand)]
enum Command { Serve, CopyDatabase { to: String }, Worker(Options) }

#[derive(clap::Args)]
struct Options { size: u32 }

#[tokio::main]
async fn main() {
    match Cli::parse().command {
        Command::Serve => serve().await,
        Command::CopyDatabase { to } => copy(&to).await,
        Command::Worker(options) => work(options).await,
    }
}

async fn shared() -> sqlx::PgPool { PgPoolOptions::new().max_connections(20).connect("postgres://db/x").await.unwrap() }
async fn serve() { shared().await; }
async fn work(_: Options) {
    PgPoolOptions::new().max_connections(5).connect("postgres://db/x").await.unwrap();
}
async fn copy(to: &str) { PgPoolOptions::new().max_connections(3).connect(to).await.unwrap(); }
"#;

#[test]
fn what_only_another_subcommand_makes_is_not_added_up() {
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[dependencies]\nclap = \"4\"\nsqlx = \"0.8\"\ntokio = \"1\"\n";
    let totals = |args: &str| {
        let text = deployment(args, "");
        let map = map(&format!(
            "//- /Cargo.toml\n{manifest}\n//- /src/main.rs\n{COMMANDS}\n//- /Dockerfile\n{}\n//- /k.yaml\n{text}\n",
            DOCKERFILE.replace("CMD [\"shop\"]", "ENTRYPOINT [\"shop\"]")
        ));
        let mut all: Vec<i64> = map.items.iter().flat_map(|item| &item.totals).map(|total| total.all).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(totals("args: [serve]"), [40]);
    assert_eq!(totals("args: [--verbose, worker, --size, \"3\"]"), [10]);
    assert_eq!(totals("command: [shop, copy-database]"), [6]);
    // Nothing says which one runs.
    assert_eq!(totals(""), [6, 10, 40]);
    assert_eq!(totals("args: [something]"), [6, 10, 40]);
}
