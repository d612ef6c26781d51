//! `statemap show`.

use crate::project::{Outcome, Project, fixture, statemap};

fn show_in(environment: &[(&str, &str)], fixture_name: &str, args: &[&str]) -> Outcome {
    let root = fixture(fixture_name);
    let mut command = statemap();
    command.arg("show").args(args).arg("-C").arg(&root).envs(environment.iter().copied());
    Outcome::of(&mut command, &root)
}

fn show(args: &[&str]) -> Outcome {
    show_in(&[], "storefront", args)
}

const CARTS: &str = "session:storefront_api::carts::Carts::by_session";

#[test]
fn an_item_is_shown_with_all_that_is_known_of_it() {
    let shown = show(&["Carts.by_session"]).ends(0);
    assert_eq!(shown.err, "");
    insta::assert_snapshot!(shown.out);
}

#[test]
fn a_pool_is_shown_with_what_sets_its_size_and_what_that_adds_up_to() {
    insta::assert_snapshot!(show(&["db"]).ends(0).out);
}

#[test]
fn id_pattern_place_name_and_part_of_a_name_lead_to_the_same_item() {
    let by_id = show(&[CARTS, "--format", "markdown"]).ends(0).out;
    for word in [
        "session:*::by_session",
        "crates/api/src/carts.rs:13",
        "carts.rs:13",
        "Carts.by_session",
        "carts.BY_session",
        "by_session",
        "arts.by",
        "carts::Carts::by_session",
        "affinity-hides-session@session:storefront_api::carts::Carts::by_session",
    ] {
        assert_eq!(show(&[word, "--format", "markdown"]).ends(0).out, by_id, "{word}");
    }
    // Asked for twice, told once.
    assert_eq!(show(&[CARTS, "by_session", "--format", "markdown"]).ends(0).out, by_id);
}

#[test]
fn a_word_that_may_mean_several_items_is_answered_with_their_ids() {
    let outcome = show(&["certificates"]).ends(2);
    assert_eq!(outcome.out, "");
    outcome.says(&[
        "error: `certificates` may mean",
        "pieces of state:\n  ",
        "sdk-client:storefront_jobs::certificates",
        "help: give one of these ids",
    ]);
}

#[test]
fn a_slip_of_the_finger_is_answered_with_the_nearest_ids() {
    show(&["Carts.by_sesion"]).ends(2).says(&["no piece of state is called `Carts.by_sesion`", CARTS, "statemap list WORD"]);
    let nothing = show(&["zzzzzz"]).ends(2);
    assert!(!nothing.err.contains("spelled most alike"), "{}", nothing.err);
    show(&[""]).ends(2).says(&["no piece of state is called ``"]);
    show(&["cache:["]).ends(2).says(&["no piece of state is called `cache:[`"]);
}

#[test]
fn json_holds_the_item_as_the_map_has_it() {
    let shown = show(&[CARTS, "--format", "json"]).ends(0).json();
    let root = fixture("storefront");
    let map = Outcome::of(statemap().args(["list", "--format", "json", "-C"]).arg(&root), &root).json();
    let one = &shown["shown"][0];
    let of_map = map["items"].as_array().unwrap().iter().find(|item| item["id"] == CARTS).unwrap();
    assert_eq!(&one["item"], of_map);
    assert_eq!((&shown["schema"], &shown["tool"]), (&map["schema"], &map["tool"]));
    assert!(one["hazards"].as_array().unwrap().iter().all(|hazard| hazard["items"].as_array().unwrap().contains(&CARTS.into())));
    assert!(!one["hazards"].as_array().unwrap().is_empty());
    assert!(one["symptoms"].as_array().unwrap().iter().any(|symptom| symptom["id"] == "random-logouts"), "{}", one["symptoms"]);
    assert!(one["deployments"][0]["workload"] == "Deployment/storefront-api", "{}", one["deployments"]);
    assert!(one["stub"].is_null(), "what the policy asks for is said: {}", one["stub"]);
    let pool = show(&["db", "--format", "json"]).ends(0).json();
    assert!(pool["shown"][0]["stub"].as_str().unwrap().contains("[[state]]"), "{}", pool["shown"][0]["stub"]);
    assert_eq!(pool["shown"][0]["related"], serde_json::json!(["external-store:postgres"]));
}

#[test]
fn the_stub_can_be_pasted_into_the_configuration() {
    let project = Project::shop(
        "static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);\nfn main() { HITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed); }\n",
    );
    let shown = project.run(&["show", "HITS", "--format", "json"]).ends(0).json();
    project.write("statemap.toml", shown["shown"][0]["stub"].as_str().unwrap());
    let again = project.run(&["show", "HITS"]).ends(0);
    assert_eq!(again.err, "", "the stub is read without a complaint");
}

#[test]
fn lines_are_no_wider_than_asked_for_but_for_what_no_blank_divides() {
    for columns in ["60", "80", "100"] {
        let shown = show_in(&[("COLUMNS", columns)], "storefront", &["Carts.by_session", "db"]).ends(0).out;
        let width: usize = columns.parse().unwrap();
        for line in shown.lines().filter(|line| line.chars().count() > width) {
            // An id, a place, a line of a stub: what is to be copied is never broken.
            let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap();
            let laid_out = line.contains(" | ") || line.starts_with("    ");
            assert!(longest > width / 2 || laid_out, "{columns}: {line}");
        }
    }
}

#[test]
fn colours_and_links_come_only_when_asked_for() {
    let plain = show(&["db"]).ends(0).out;
    assert!(!plain.contains('\u{1b}'));
    let coloured = show(&["db", "--color", "always"]).ends(0).out;
    assert!(coloured.contains("\u{1b}[") && !coloured.contains("\u{1b}]8"));
    let linked = show(&["db", "--hyperlinks", "always"]).ends(0).out;
    assert!(linked.contains("\u{1b}]8;;file://") && linked.contains("/crates/core/src/db.rs\u{1b}\\"), "{linked}");
    assert_eq!(linked.matches("\u{1b}]8;;file").count(), linked.matches("\u{1b}]8;;\u{1b}\\").count(), "each link ends");
}

#[test]
fn secrets_stay_hidden_in_the_code_around() {
    let project = Project::shop(
        r#"
use std::sync::Mutex;

static SESSIONS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() {
    let client = reqwest::Client::builder()
        .default_headers([("authorization", "Bearer hunter2")].into())
        .build();
    let pool = sqlx::PgPool::connect(
        "postgres://shop:hunter2@db/shop",
    );
    std::fs::write("/var/lib/shop/out", "x"); let password = "hunter2";
    SESSIONS.lock().unwrap().push(String::new());
    drop((client, pool, password));
}
"#,
    );
    for format in ["text", "markdown", "json"] {
        let ids = project.run(&["list", "--constants", "--format", "csv"]).ends(0).out;
        for id in ids.lines().skip(1).filter_map(|line| line.split(',').next()) {
            let shown = project.run(&["show", id.trim_matches('"'), "--format", format]).ends(0);
            assert!(!shown.out.contains("hunter2") && !shown.err.contains("hunter2"), "{id}:\n{}", shown.out);
        }
    }
}
