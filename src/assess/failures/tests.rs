//! What failures do to small services.

use super::*;
use crate::fixture::map;

const MAIN: &str = r#"
use axum::{Router, routing::{get, post}};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

#[derive(Clone)]
struct App { sessions: Arc<Mutex<HashMap<String, String>>>, codes: Arc<Mutex<HashMap<String, u32>>> }

#[tokio::main]
async fn main() {
    let app = App { sessions: Default::default(), codes: Default::default() };
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(5).connect("postgres://db/shop").await.unwrap();
    let app = Router::new().route("/login", post(login)).route("/codes", get(code)).route("/reports", post(report)).with_state(app);
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}

async fn login(axum::extract::State(app): axum::extract::State<App>) {
    app.sessions.lock().unwrap().insert("a".into(), "b".into());
}

async fn code(axum::extract::State(app): axum::extract::State<App>) {
    app.codes.lock().unwrap().insert("a".into(), 1);
}

async fn report(name: String) {
    std::fs::create_dir_all("/var/reports").unwrap();
    std::fs::write(format!("/var/reports/{name}.csv"), "").unwrap();
    std::fs::remove_file("/var/reports/old.csv").unwrap();
}
"#;

fn deployment(replicas: u32, mounts: &str, volumes: &str) -> String {
    format!(
        "\n//- /Dockerfile\nFROM scratch\nCOPY target/release/shop /shop\nENTRYPOINT [\"/shop\"]\n//- /k/deploy.yaml\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: shop}}}}\n  template:\n    metadata: {{labels: {{app: shop}}}}\n    spec:\n      \
         containers:\n        - name: shop\n          image: shop:1\n{mounts}{volumes}"
    )
}

fn mounted(volume: &str) -> String {
    deployment(
        2,
        "          volumeMounts:\n            - {name: reports, mountPath: /var/reports}\n",
        &format!("      volumes:\n        - {{name: reports, {volume}}}\n"),
    )
}

/// What a failure does, a line for each item: its name, what is lost, what brings it back.
fn told(map: &StateMap, id: &str) -> Vec<String> {
    let damages = damages(map, None);
    let Some(damage) = damages.iter().find(|damage| damage.failure.id == id) else { return Vec::new() };
    let line = |loss: &Loss<'_>| {
        let back = match &loss.back {
            Back::Said(text) => (*text).to_owned(),
            Back::Known(text) => text.clone(),
            Back::AtStart(warming) => format!("{} at start-up", warming.by),
            Back::Tasks(tasks) => format!("{} tasks", tasks.len()),
            Back::Unknown => "?".to_owned(),
        };
        format!("{} {}: {} <- {back}", loss.item.kind, loss.item.name, loss.what)
    };
    damage.losses.iter().map(line).collect()
}

fn lines_of(map: &StateMap, id: &str, kind: &str) -> Vec<String> {
    told(map, id).into_iter().filter(|line| line.starts_with(kind)).collect()
}

#[test]
fn every_text_has_all_of_its_parts() {
    for failure in FAILURES {
        let parts = failure.parts();
        let all = [parts.title, parts.event, parts.about, parts.first, parts.afterwards];
        assert!(all.iter().all(|part| !part.is_empty()), "{}: {parts:?}", failure.id);
        assert_eq!(failure.docs.lines().filter(|line| !line.is_empty()).count(), 5, "{}: a line is lost", failure.id);
        assert!(super::failure(failure.id).is_some_and(|known| known.id == failure.id));
    }
}

#[test]
fn what_is_in_memory_goes_with_the_process_and_says_who_writes_it() {
    let map = map(MAIN);
    let killed = told(&map, "process-killed");
    let of = |name: &str| killed.iter().find(|line| line.contains(name)).cloned().unwrap_or_default();
    assert!(of(".sessions").ends_with(": everything in it <- users log in again: `POST /login`"), "{killed:?}");
    assert!(of(".codes").contains("`GET /codes` writes to it; nothing is known that brings the old entries back"), "{killed:?}");
    // The runtime holds nothing that the next process does not make again.
    assert!(!killed.iter().any(|line| line.contains("tokio::main")), "{killed:?}");
    assert!(of("pool ").ends_with("<- the next process connects when it starts"), "{killed:?}");
    // No deployment file says where the report lies: nothing is said of it when a pod ends.
    assert!(lines_of(&map, "process-killed", "fs-write").is_empty());
    assert_eq!(lines_of(&map, "node-lost", "fs-write").len(), 1, "the file, and neither its folder nor what is deleted");
}

#[test]
fn a_file_goes_with_what_it_lies_on() {
    let files = |deployment: &str| {
        let map = map(&format!("{MAIN}{deployment}"));
        let hit = |id: &str| !lines_of(&map, id, "fs-write").is_empty();
        (hit("process-killed"), hit("rollout"), hit("node-lost"), hit("disk-lost"))
    };
    assert_eq!(files(&deployment(2, "", "")), (true, true, true, false));
    assert_eq!(files(&mounted("emptyDir: {}")), (true, true, true, false));
    assert_eq!(files(&mounted("hostPath: {path: /data}")), (false, false, true, false));
    assert_eq!(files(&mounted("persistentVolumeClaim: {claimName: reports}")), (false, false, false, true));
}

#[test]
fn a_folder_of_the_pod_outlives_a_crash_of_its_process() {
    let map = map(&format!("{MAIN}{}", mounted("emptyDir: {}")));
    assert!(lines_of(&map, "process-killed", "fs-write")[0].contains(", not with a crash of the process alone"));
    assert!(!lines_of(&map, "rollout", "fs-write")[0].contains("crash"));
}

#[test]
fn only_what_has_several_replicas_is_scaled_in() {
    let hit = |replicas| !told(&map(&format!("{MAIN}{}", deployment(replicas, "", ""))), "scaled-in").is_empty();
    assert!(hit(2));
    let map2 = map(&format!("{MAIN}{}", deployment(2, "", "")));
    assert!(lines_of(&map2, "scaled-in", "pool").is_empty(), "every replica has the like");
    assert!(told(&map2, "scaled-in").iter().any(|line| line.contains(".sessions")));
    assert!(!hit(1));
    assert!(told(&map(MAIN), "scaled-in").is_empty());
}

#[test]
fn pools_of_old_and_new_processes_add_up_in_a_rollout() {
    let map = map(&format!("{MAIN}{}", deployment(2, "", "")));
    let pools = lines_of(&map, "rollout", "pool");
    assert!(pools.iter().any(|line| line.contains("hold up to 15 connections together, 10 at rest")), "{pools:?}");
}

#[test]
fn a_store_that_is_away_is_told_by_who_waits_and_for_how_long() {
    let map = map(MAIN);
    let away = told(&map, "store-away");
    assert_eq!(away.len(), 1, "{away:?}");
    assert!(away[0].contains("waits or fails; acquire timeout 30 s; a process that starts meanwhile ends"), "{away:?}");
    assert!(told(&map, "database-restored")[0].contains("everything written since the backup"));
    for other in ["keys-flushed", "broker-emptied", "bucket-emptied", "client-forgets", "clock-jumps", "disk-lost"] {
        assert!(told(&map, other).is_empty(), "{other}");
    }
}

#[test]
fn a_lock_that_a_connection_holds_is_in_no_backup() {
    let of = |query: &str| {
        let text = format!(
            "#[tokio::main]\nasync fn main() {{ let pool = sqlx::postgres::PgPoolOptions::new().connect(\"postgres://db/shop\").await.unwrap();\n\
             sqlx::migrate!().run(&pool).await.unwrap();\nsqlx::query(\"{query}\").execute(&pool).await.unwrap(); }}\n"
        );
        lines_of(&map(&text), "database-restored", "lease")
    };
    let migrated = "changes of its schema since the backup <- the next run of the migrations";
    let held = of("SELECT pg_advisory_lock(7)");
    assert!(matches!(held.as_slice(), [only] if only.contains(migrated)), "{held:?}");
    let claimed = of("SELECT id FROM jobs WHERE done = false FOR UPDATE SKIP LOCKED");
    assert!(claimed.len() == 2 && claimed.iter().any(|line| line.contains("rows") || line.contains("claims")), "{claimed:?}");
}

#[test]
fn what_people_wrote_is_told_as_they_wrote_it() {
    let annotated = "\n//- /statemap.toml\n[[state]]\nid = \"*sessions\"\non_loss = \"carts are empty\"\nrebuild = \"from the event log, 3 minutes\"\n\
                     recovery_test = \"tests/recovery.rs\"\n";
    let map = map(&format!("{MAIN}{annotated}"));
    let damages = damages(&map, None);
    let loss = damages[0].losses.iter().find(|loss| loss.item.name.contains("sessions")).unwrap();
    assert_eq!((loss.what.as_str(), loss.recovery_test(), loss.fate), ("carts are empty", Some("tests/recovery.rs"), Fate::Returns));
    assert!(matches!(loss.back, Back::Said("from the event log, 3 minutes")));
    assert!(damages[0].losses.iter().any(|loss| loss.recovery_test().is_none()));
}

#[test]
fn a_log_in_is_told_from_what_sounds_like_one() {
    assert!(back::is_login("POST /login/{code}") && back::is_login("POST …/connect/token") && back::is_login("POST /api/sessions"));
    for other in ["GET /login", "POST /logout", "POST /login/refresh", "POST /webauthn/challenge", "POST /auth/register", "PUT /cart"] {
        assert!(!back::is_login(other), "{other}");
    }
}
