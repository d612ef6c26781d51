//! `statemap list`.

use serde_json::Value;

use crate::project::{Outcome, Project, fixture, statemap};

fn list(fixture_name: &str, args: &[&str]) -> Outcome {
    let root = fixture(fixture_name);
    let mut command = statemap();
    command.arg("list").args(args).arg("-C").arg(&root);
    Outcome::of(&mut command, &root)
}

fn ids(outcome: &Outcome) -> Vec<String> {
    outcome.json()["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn json_has_the_shape_that_the_book_promises() {
    let map = list("detectors/constructors", &["--format", "json"]).ends(0).json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(map["schema"], 1);
    assert_eq!(map["tool"]["name"], "statemap");
    assert_eq!(map["tool"]["version"], env!("CARGO_PKG_VERSION"));
    for key in ["revision", "services", "items", "hazards", "diagnostics", "coverage"] {
        assert!(keys(&map).iter().any(|known| known == key), "no `{key}` in {:?}", keys(&map));
    }
    let service = &map["services"][0];
    assert_eq!((&service["name"], &service["package"], &service["target"]), (&"billing".into(), &"billing".into(), &"src/main.rs".into()));
    for key in ["files", "unparsed", "macros_unread"] {
        assert!(map["coverage"][key].is_u64(), "{}", map["coverage"]);
    }
    let items = map["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["id"] == "pool:billing::database::replica#sqlx::postgres::PgPoolOptions").unwrap();
    for key in [
        "id",
        "kind",
        "scope",
        "name",
        "summary",
        "services",
        "confidence",
        "class",
        "sites",
        "uses",
        "facts",
        "backs_on",
        "cfg",
        "doc",
        "annotation",
        "hazards",
    ] {
        assert!(item.get(key).is_some(), "no `{key}` in {item:#}");
    }
    assert_eq!((&item["kind"], &item["scope"], &item["class"]), (&"pool".into(), &"process".into(), &"mutable".into()));
    let site = &item["sites"][0];
    assert_eq!((&site["file"], &site["role"]), (&"src/database.rs".into(), &"constructed".into()));
    assert!(site["line"].is_u64() && site["column"].is_u64());
    let fact = item["facts"].as_array().unwrap().iter().find(|fact| fact["key"] == "max_connections").unwrap();
    assert_eq!((&fact["value"], &fact["unit"], &fact["provenance"]), (&8.into(), &"connections".into(), &"code".into()));
    assert_eq!(fact["at"]["file"], "src/limits.rs");
}

#[test]
fn words_must_all_occur_whatever_their_case() {
    assert_eq!(
        ids(&list("detectors/statics", &["Rates", "STATIC", "current", "--format", "json"]).ends(0)),
        ["static:ledger::rates::CURRENT"]
    );
    assert_eq!(ids(&list("detectors/statics", &["no-such-word", "--format", "json"]).ends(0)), Vec::<String>::new());
}

#[test]
fn kinds_scopes_and_services_narrow_the_list() {
    let kinds = ids(&list("detectors/constructors", &["--kind", "limiter,queue", "--format", "json"]).ends(0));
    assert!(!kinds.is_empty() && kinds.iter().all(|id| id.starts_with("limiter:") || id.starts_with("queue:")), "{kinds:?}");
    let host = ids(&list("detectors/fs_writes", &["--scope", "host", "--format", "json"]).ends(0));
    assert!(!host.is_empty() && host.iter().all(|id| id.starts_with("fs-write:")), "{host:?}");
    let api = ids(&list("workspaces/virtual", &["--service", "api", "--format", "json"]).ends(0));
    assert_eq!(api, ["static:api::REQUESTS", "static:shared::SHARED"]);
}

#[test]
fn the_table_leaves_constants_out_unless_asked_for() {
    let plain = list("detectors/statics", &[]).ends(0).out;
    assert!(plain.contains(" BOOKED ") && !plain.contains(" IBAN "), "{plain}");
    let all = list("detectors/statics", &["--constants"]).ends(0).out;
    assert!(all.contains(" BOOKED ") && all.contains(" IBAN "), "{all}");
}

#[test]
fn json_has_the_constants_always() {
    let all = ids(&list("detectors/statics", &["--format", "json"]).ends(0));
    assert!(all.iter().any(|id| id == "static:ledger::IBAN"), "{all:?}");
}

#[test]
fn csv_and_markdown_have_a_row_for_each_item() {
    let csv = list("detectors/thread_locals", &["--kind", "thread-local", "--format", "csv"]).ends(0).out;
    assert_eq!(csv.lines().count(), 5, "a head and four thread-locals that change:\n{csv}");
    let table = list("detectors/thread_locals", &["--kind", "thread-local", "--format", "markdown"]).ends(0).out;
    assert_eq!(table.lines().filter(|line| line.starts_with('|')).count(), 6, "{table}");
}

#[test]
fn output_in_a_pipe_has_no_colours() {
    let outcome = list("detectors/statics", &[]).ends(0);
    assert!(!outcome.out.contains('\u{1b}') && !outcome.err.contains('\u{1b}'));
}

#[test]
fn an_unknown_kind_is_answered_with_the_known_ones() {
    list("detectors/statics", &["--kind", "caches"]).ends(2).says(&["unknown kind `caches`", "cache", "fs-write", "thread-local"]);
}

#[test]
fn an_unknown_scope_or_service_is_answered_with_the_known_ones() {
    list("detectors/statics", &["--scope", "pod"]).ends(2).says(&["unknown scope `pod`", "process", "host"]);
    list("workspaces/virtual", &["--service", "web"]).ends(2).says(&["no service `web`", "api, worker"]);
}

#[test]
fn include_takes_the_parts_by_name() {
    let all = ids(&list("workspaces/two-bins", &["--include", "tests,examples,benches,build-scripts", "--format", "json"]).ends(0));
    for name in ["IN_TESTS", "IN_BENCHES", "IN_EXAMPLES", "IN_BUILD"] {
        assert!(all.iter().any(|id| id.contains(name)), "`{name}` is not in {all:?}");
    }
    list("workspaces/two-bins", &["--include", "everything"]).ends(2).says(&["everything", "tests"]);
}

#[test]
fn the_root_is_the_workspace_above_the_current_folder() {
    let project = Project::copy_of(&fixture("workspaces/virtual"));
    let mut command = statemap();
    command.current_dir(project.path("services/api/src")).args(["list", "--format", "json"]);
    let map = Outcome::of(&mut command, project.root()).ends(0).json();
    let names: Vec<&str> = map["services"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["api", "worker"]);
}

#[test]
fn items_with_hazards_are_marked_and_can_be_listed_alone() {
    let all = list("storefront", &[]).ends(0).out;
    assert!(all.lines().next().unwrap().split_whitespace().eq(["KIND", "NAME", "WHERE", "HAZARD", "SUMMARY"]), "{all}");
    let marked = |severity: &str| all.lines().skip(1).filter(|line| line.split("  ").any(|cell| cell.trim() == severity)).count();
    let listed = |least: &str| list("storefront", &["--hazard", least, "--format", "ids"]).ends(0).out.lines().count();
    assert!(marked("high") > 5 && marked("medium") > 5, "{all}");
    assert_eq!(listed("high"), marked("high"));
    assert_eq!(listed("medium"), marked("high") + marked("medium"));
    assert_eq!(ids(&list("storefront", &["--hazard", "high", "--format", "json"]).ends(0)).len(), marked("high"));
    // The name of a hazard finds what has it.
    let growing = list("storefront", &["unbounded-growth", "--format", "csv"]).ends(0).out;
    assert!(growing.lines().count() > 1 && growing.lines().skip(1).all(|line| line.contains("unbounded-growth")), "{growing}");
}

#[test]
fn ids_lead_back_to_their_items() {
    let ids = list("detectors/statics", &["--format", "ids"]).ends(0).out;
    assert!(ids.lines().count() > 3 && ids.lines().all(|id| id.contains(':') && !id.contains(' ')), "{ids}");
    let root = fixture("detectors/statics");
    for id in ids.lines().take(3) {
        let shown = Outcome::of(statemap().args(["show", id, "-C"]).arg(&root), &root).ends(0);
        assert!(shown.out.contains(id), "{}", shown.out);
    }
}

#[test]
fn that_nothing_matches_is_said_beside_an_empty_answer() {
    let nothing = list("detectors/statics", &["no-such-word"]).ends(0);
    assert_eq!((nothing.out.as_str(), nothing.err.as_str()), ("", "statemap list: nothing matches\n"));
    list("detectors/statics", &["IBAN"]).ends(0).says(&["nothing matches; ", "`--constants`"]);
    assert_eq!(list("detectors/statics", &["no-such-word", "--quiet"]).ends(0).err, "");
}
