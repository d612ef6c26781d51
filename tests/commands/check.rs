//! `statemap check`: every reason to fail, what it says, and that what it says to paste mends it.

use serde_json::Value;

use crate::project::{MANIFEST, Outcome, Project, fixture};

const SHOP: &str = "//! A shop.\n\nuse std::sync::Mutex;\n\n/// Orders that are not yet paid.\nstatic ORDERS: Mutex<Vec<u32>> = Mutex::new(Vec::new());\n\n\
    fn main() {\n    ORDERS.lock().unwrap().push(1);\n}\n";

const CACHE: &str = "//! A shop.\n\nuse std::time::Duration;\n\nuse moka::sync::Cache;\n\npub struct Prices {\n    cache: Cache<u32, u32>,\n}\n\n\
    impl Prices {\n    pub fn new() -> Self {\n        let cache = Cache::builder().max_capacity(300).time_to_live(Duration::from_secs(300)).build();\n        \
    Self { cache }\n    }\n}\n\nfn main() {\n    let prices = Prices::new();\n    prices.cache.insert(1, 2);\n}\n";

const WITH_MOKA: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nmoka = { version = \"0.12\", features = [\"sync\"] }\n";

/// A shop whose map is committed.
fn shop() -> Project {
    let project = Project::shop(SHOP);
    project.run(&["gen"]).ends(0);
    project
}

/// A shop with a cache of at most 300 entries that live for 300 s.
fn cache_shop() -> Project {
    let project = Project::shop(CACHE);
    project.write("Cargo.toml", WITH_MOKA);
    project
}

/// The only id of a kind.
fn id_of(project: &Project, kind: &str) -> String {
    let map = project.run(&["list", "--kind", kind, "--format", "json", "--quiet"]).ends(0).json();
    let items = map["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{items:#?}");
    items[0]["id"].as_str().unwrap().to_owned()
}

fn findings(outcome: &Outcome) -> Vec<Value> {
    outcome.json()["findings"].as_array().unwrap().clone()
}

fn json(project: &Project, code: i32) -> Vec<Value> {
    findings(&project.run(&["check", "--format", "json"]).ends(code))
}

/// What is to be pasted, for the only finding of a code.
#[track_caller]
fn paste_of(findings: &[Value], code: &str) -> (Option<usize>, String) {
    let found: Vec<&Value> = findings.iter().filter(|finding| finding["code"] == code).collect();
    assert_eq!(found.len(), 1, "{code} in {findings:#?}");
    let paste = &found[0]["paste"];
    assert_eq!(paste["file"], "statemap.toml", "{found:#?}");
    (paste["line"].as_u64().map(|line| usize::try_from(line).unwrap()), paste["text"].as_str().unwrap().to_owned())
}

/// Puts a text into `statemap.toml`: in the place of a line, or at the end.
fn paste(project: &Project, line: Option<usize>, text: &str) {
    let old = if project.exists("statemap.toml") { project.read("statemap.toml") } else { String::new() };
    let new = match line {
        Some(line) => old.lines().zip(1..).map(|(kept, at)| format!("{}\n", if at == line { text } else { kept })).collect(),
        None => format!("{old}\n{text}\n"),
    };
    project.write("statemap.toml", new);
}

#[test]
fn a_map_that_says_what_the_code_says_passes() {
    let outcome = shop().run(&["check"]).ends(0).says(&["1 piece of state checked, all holds"]);
    assert_eq!(outcome.out, "");
    let project = Project::copy_of(&fixture("storefront"));
    project.run(&["check", "--quiet"]).ends(0);
}

#[test]
fn without_a_committed_map_the_command_that_writes_it_is_told() {
    let project = Project::shop(SHOP);
    let outcome = project.run(&["check"]).ends(1);
    assert!(outcome.out.contains("`STATEMAP.md` is not there: no map was committed yet"), "{}", outcome.out);
    assert!(outcome.out.contains("`statemap gen`") && outcome.out.contains("[output]"), "{}", outcome.out);
    assert!(!project.exists("STATEMAP.md"), "nothing is written");
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
}

#[test]
fn a_stale_map_names_what_is_new_gone_and_changed_and_shows_the_difference() {
    let with = |name: &str| SHOP.replace("/// Orders", &format!("pub static {name}: Mutex<u32> = Mutex::new(0);\n/// Orders"));
    let project = Project::shop(&with("PAID"));
    project.run(&["gen"]).ends(0);
    project.write("src/main.rs", with("RETURNED").replace("Orders that", "Everything that"));
    let outcome = project.run(&["check"]).ends(1).says(&["1 thing does not hold"]);
    let out = &outcome.out;
    assert!(
        out.contains("`STATEMAP.md` does not say what the code says: 1 piece of state is new, 1 is gone, 1 is told differently"),
        "{out}"
    );
    let said = "Static of type `Mutex<u32>`, can change at run time, one for each process.";
    assert!(
        out.contains(&format!("  + static:shop::RETURNED  src/main.rs:5\n      {said}\n  - static:shop::PAID\n      {said}\n")),
        "{out}"
    );
    let difference =
        "  ~ static:shop::ORDERS  src/main.rs:7\n    - Orders that are not yet paid.\n    + Everything that are not yet paid.\n";
    assert!(out.contains(difference), "{out}");
    assert!(out.contains(" elsewhere, which count these, sum them up or link to them"), "{out}");
    assert!(out.contains("`statemap gen` writes it anew"), "{out}");
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
}

#[test]
fn rows_of_a_table_are_named_by_their_id() {
    let one = "fn main() {\n    let _ = std::env::var(\"SHOP_NAME\");\n}\n";
    let two = "fn main() {\n    let _ = std::env::var(\"SHOP_NAME\");\n    let _ = std::env::var(\"SHOP_PORT\");\n}\n";
    let project = Project::shop(one);
    project.run(&["gen"]).ends(0);
    project.write("src/main.rs", two);
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("  + startup-config:env#SHOP_PORT  src/main.rs:3\n"), "{out}");
}

#[test]
fn rows_that_are_called_by_what_they_are_have_the_id_of_their_place() {
    let handlers = |names: &[&str]| {
        let functions: String =
            names.iter().map(|name| format!("async fn {name}() {{\n    tokio::signal::ctrl_c().await.ok();\n}}\n\n")).collect();
        let calls: String = names.iter().map(|name| format!("    {name}().await;\n")).collect();
        format!("{functions}#[tokio::main]\nasync fn main() {{\n{calls}}}\n")
    };
    let project = Project::shop(&handlers(&["first", "second"]));
    project.run(&["gen"]).ends(0);
    project.write("src/main.rs", handlers(&["first", "second", "third"]));
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("  + os:shop::third#tokio::signal::ctrl_c  src/main.rs:"), "{out}");
}

#[test]
fn lines_that_moved_are_told_and_fail_only_when_asked_for() {
    let project = shop();
    project.write("src/main.rs", SHOP.replacen("\n\n", "\n\n\n\n", 1));
    let outcome = project.run(&["check"]).ends(0);
    assert!(outcome.out.contains("warning[moved-map]") && outcome.out.contains("`statemap gen`"), "{}", outcome.out);
    project.write("statemap.toml", "[policy]\nmoved = \"deny\"\n");
    assert!(project.run(&["check"]).ends(1).out.contains("error[moved-map]"));
    project.write("statemap.toml", "[policy]\nmoved = \"allow\"\n");
    assert_eq!(project.run(&["check"]).ends(0).out, "");
}

#[test]
fn a_stale_map_may_be_a_warning_or_nothing() {
    let project = shop();
    project.write("src/main.rs", SHOP.replace("ORDERS", "BASKETS"));
    project.run(&["check"]).ends(1);
    project.write("statemap.toml", "[policy]\nstale = \"warn\"\n");
    assert!(project.run(&["check"]).ends(0).out.contains("warning[stale-map]"));
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\n");
    assert_eq!(project.run(&["check"]).ends(0).out, "");
}

/// What formatters do to the page: padded tables, other marks, wrapped lines, other line ends.
fn reformatted(page: &str) -> String {
    let mut out = String::new();
    for line in page.lines().filter(|line| !line.contains("prettier")) {
        let line = match line {
            line if line.starts_with("| ---") => line.replace("---", "-----------"),
            line if line.starts_with('|') => line.replace(" | ", "      | "),
            line if line.starts_with("- ") => line.replacen("- ", "* ", 1),
            // The number of a list item is no sentence.
            line if line.len() > 80 && !line.starts_with(['#', '<', ' ']) && !line.starts_with(|c: char| c.is_ascii_digit()) => {
                line.replacen(". ", ".\n", 1)
            }
            line => line.to_owned(),
        };
        out.push_str(&line);
        out.push_str("\r\n");
    }
    out
}

#[test]
fn a_formatter_that_went_over_the_page_breaks_nothing() {
    let project = Project::copy_of(&fixture("storefront"));
    let page = project.read("STATEMAP.md");
    let other = reformatted(&page);
    assert!(other.lines().zip(page.lines()).filter(|(a, b)| a.trim_end() != *b).count() > 100);
    project.write("STATEMAP.md", &other);
    let outcome = project.run(&["check"]).ends(0);
    assert_eq!(outcome.out, "");
    project.write("STATEMAP.md", other.replacen("Revoked", "Kept", 1).replacen("connections", "sessions", 1));
    project.run(&["check"]).ends(1);
}

#[test]
fn text_between_markers_is_checked_and_the_rest_of_the_file_is_not() {
    let project = Project::shop(SHOP);
    project.write("statemap.toml", "[output]\npath = \"README.md\"\n");
    project.write("README.md", "# Shop\n\n<!-- statemap:begin -->\n<!-- statemap:end -->\n");
    project.run(&["check"]).ends(1);
    project.run(&["gen"]).ends(0);
    project.write("README.md", project.read("README.md").replace("# Shop", "# The shop, written by hand"));
    project.run(&["check"]).ends(0);
    project.write("src/main.rs", SHOP.replace("ORDERS", "BASKETS"));
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("--> README.md") && out.contains("  - static:shop::ORDERS") && !out.contains("The shop"), "{out}");
}

#[test]
fn a_page_of_somebody_else_is_told_as_by_gen() {
    let project = Project::shop(SHOP);
    project.write("STATEMAP.md", "mine\n");
    project.run(&["check"]).ends(2).says(&["STATEMAP.md", "statemap:begin"]);
}

#[test]
fn all_outputs_are_written_and_checked_books_and_json_as_well() {
    let project = Project::shop(SHOP);
    let config = "[[output]]\npath = \"docs/state.md\"\n\n[[output]]\nformat = \"mdbook\"\npath = \"book\"\n\n[[output]]\nformat = \"json\"\npath = \"map.json\"\n";
    project.write("statemap.toml", config);
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
    project
        .write("src/main.rs", "fn main() {\n    let (sender, _receiver) = tokio::sync::mpsc::channel::<u32>(16);\n    drop(sender);\n}\n");
    let found = json(&project, 1);
    let stale: Vec<&Value> = found.iter().filter(|finding| finding["code"] == "stale-map").collect();
    assert_eq!(stale.iter().map(|finding| finding["file"].as_str().unwrap()).collect::<Vec<_>>(), ["docs/state.md", "book", "map.json"]);
    for finding in stale {
        let changes: Vec<(&str, &str)> = finding["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| (change["how"].as_str().unwrap(), change["id"].as_str().unwrap()))
            .collect();
        assert_eq!(changes, [("added", "queue:shop::main#tokio::sync::mpsc::channel"), ("removed", "static:shop::ORDERS")], "{finding}");
    }
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
    std::fs::remove_file(project.path("book/src/blind-spots.md")).unwrap();
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("book/src/blind-spots.md"), "{out}");
}

#[test]
fn the_map_may_be_named_on_the_command_line() {
    let project = Project::shop(SHOP);
    project.run(&["gen", "-o", "docs/state.md"]).ends(0);
    project.run(&["check"]).ends(1);
    project.run(&["check", "-o", "docs/state.md"]).ends(0);
    project.run(&["gen", "--format", "mdbook", "-o", "book"]).ends(0);
    project.run(&["check", "-o", "book"]).ends(0);
    project.run(&["gen", "--format", "json", "-o", "map.json"]).ends(0);
    project.run(&["check", "-o", "map.json"]).ends(0);
    project.write("src/main.rs", SHOP.replace("ORDERS", "BASKETS"));
    let out = project.run(&["check", "-o", "book"]).ends(1).out;
    assert!(out.contains("`statemap gen --format mdbook -o book`"), "{out}");
    assert!(project.run(&["check", ".", "-o", "map.json"]).ends(1).out.contains("`statemap gen . --format json -o map.json`"));
}

#[test]
fn a_map_that_goes_to_standard_output_cannot_be_checked() {
    let project = Project::shop(SHOP);
    project.write("statemap.toml", "[output]\nformat = \"json\"\n");
    project.run(&["check"]).ends(2).says(&["standard output", "`path`"]);
}

#[test]
fn undocumented_state_fails_once_it_is_asked_for_and_the_stanza_mends_it() {
    let project = shop();
    project.write("statemap.toml", "[policy]\nundocumented = \"deny\"\n");
    let outcome = project.run(&["check"]).ends(1);
    let out = &outcome.out;
    assert!(out.contains("error[undocumented]: static `ORDERS` has no annotation\n --> src/main.rs:6\n"), "{out}");
    assert!(out.contains("`statemap annotate --id static:shop::ORDERS` adds it"), "{out}");
    assert!(out.contains("\n[[state]]\nid = \"static:shop::ORDERS\"\nowner = \"\"\ncontents = \"\"\non_loss = \"\"\n"), "{out}");
    let (line, stanza) = paste_of(&json(&project, 1), "undocumented");
    paste(&project, line, &stanza);
    let unfilled = project.run(&["check"]).ends(1).out;
    assert!(
        unfilled.contains("has a stub that nobody has filled in") && unfilled.contains("fill in `owner`, `contents` and `on_loss`"),
        "{unfilled}"
    );
    project.write("statemap.toml", project.read("statemap.toml").replace("\"\"", "\"said\""));
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
}

#[test]
fn the_policy_names_kinds_scopes_and_keys() {
    let project = shop();
    let policy = |rules: &str| {
        project.write("statemap.toml", format!("[policy]\nstale = \"allow\"\nundocumented = \"deny\"\n{rules}\n"));
        project.run(&["check"])
    };
    policy("require = [\"cache\", \"session\"]").ends(0);
    policy("require = [\"process\"]").ends(1);
    policy("require = [\"host\"]").ends(0);
    let entry = "[[state]]\nid = \"static:*\"\nowner = \"checkout\"";
    policy(entry).ends(0);
    let out = policy(&format!("require_keys = [\"owner\", \"on_loss\"]\n{entry}")).ends(1).out;
    assert!(out.contains("says nothing of `on_loss`") && out.contains("\non_loss = \"\"\n") && !out.contains("\nowner = \"\""), "{out}");
    policy(&format!("require_keys = [\"owner\", \"on_loss\"]\n{entry}\non_loss = \"open orders\"")).ends(0);
    // The owner of the service is the owner of what names none.
    let owned = "require_keys = [\"owner\"]\n[service]\nowner = \"checkout\"";
    policy(owned).ends(0);
    project.write("statemap.toml", "[policy]\nundocumented = \"warn\"\nstale = \"allow\"\n");
    assert!(project.run(&["check"]).ends(0).out.contains("warning[undocumented]"));
}

#[test]
fn many_undocumented_items_are_told_in_a_line_each() {
    let statics: String = (0..60).map(|at| format!("pub static S{at}: Mutex<u32> = Mutex::new(0);\n")).collect();
    let project = Project::shop(&SHOP.replace("/// Orders", &format!("{statics}\n/// Orders")));
    project.write("statemap.toml", "[policy]\nundocumented = \"deny\"\nstale = \"allow\"\n");
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("and 56 more [undocumented]:") && out.contains("  … and 16 more"), "{out}");
    assert!(out.contains("`statemap annotate` adds stubs for all of them") && out.lines().count() < 150, "{out}");
    assert_eq!(json(&project, 1).len(), 61);
}

#[test]
fn an_annotation_of_state_that_is_gone_fails_and_the_line_to_paste_mends_it() {
    let project = Project::shop(SHOP);
    project.write("statemap.toml", "[[state]]\nid = \"static:shop::ORDRES\"\nowner = \"checkout\"\n");
    project.run(&["gen", "--quiet"]).ends(0);
    let outcome = project.run(&["check"]).ends(1);
    assert!(
        outcome.out.contains("error[unmatched-annotation]: no item matches `static:shop::ORDRES`\n --> statemap.toml:2:6"),
        "{}",
        outcome.out
    );
    assert!(outcome.out.contains("in the place of statemap.toml:2:\n\nid = \"static:shop::ORDERS\"\n"), "{}", outcome.out);
    assert_eq!(outcome.err.matches("unmatched").count(), 0, "told once: {}", outcome.err);
    let (line, text) = paste_of(&json(&project, 1), "unmatched-annotation");
    paste(&project, line, &text);
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
    project.write("statemap.toml", "[policy]\nunmatched = \"warn\"\n[[state]]\nid = \"static:shop::GONE\"\nowner = \"checkout\"\n");
    project.run(&["gen", "--quiet"]).ends(0);
    assert!(project.run(&["check"]).ends(0).out.contains("warning[unmatched-annotation]"));
}

#[test]
fn an_expired_annotation_fails_and_the_line_to_paste_mends_it() {
    let project = Project::shop(SHOP);
    project.write("statemap.toml", "[[state]]\nid = \"static:*\"\nowner = \"checkout\"\nexpires = 2020-01-31\n");
    project.run(&["gen", "--quiet"]).ends(0);
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("error[expired-annotation]") && out.contains("in the place of statemap.toml:4:\n\nexpires = 20"), "{out}");
    let (line, text) = paste_of(&json(&project, 1), "expired-annotation");
    paste(&project, line, &text);
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
}

#[test]
fn numbers_that_the_code_contradicts_fail_and_the_line_to_paste_mends_them() {
    let project = cache_shop();
    let id = id_of(&project, "cache");
    for (said, sure) in [
        ("size = \"60 entries\"", "`max_capacity` is 300 entries in src/main.rs:13"),
        ("size = \"about 4000 entries\"", "`max_capacity` is 300 entries"),
        ("replication = \"copies differ until the TTL of 60 s is over\"", "`time_to_live` is"),
        ("max_capacity = 60", "`max_capacity` is 300 entries"),
        ("time_to_live = \"60s\"", "`time_to_live` is"),
    ] {
        project.write("statemap.toml", format!("[[state]]\nid = \"{id}\"\n{said}\n"));
        project.run(&["gen", "--quiet"]).ends(0);
        let out = project.run(&["check"]).ends(1).out;
        assert!(out.contains("error[contradicted-annotation]") && out.contains(sure), "{said}:\n{out}");
        let (line, text) = paste_of(&json(&project, 1), "contradicted-annotation");
        assert_eq!(line, Some(3));
        paste(&project, line, &text);
        project.run(&["gen"]).ends(0);
        project.run(&["check"]).ends(0);
    }
}

#[test]
fn what_does_not_contradict_the_code_is_let_be() {
    let project = cache_shop();
    let id = id_of(&project, "cache");
    for said in [
        "size = \"300 entries\"",
        "size = \"about 60 entries\"",
        "size = \"up to 300 items\"",
        "size = \"20 MB at 250 entries\"",
        "size = \"small\"",
        "replication = \"one copy per pod, up to 10 minutes apart\"",
        "replication = \"gone after the TTL of 5 min\"",
        "rebuild = \"SQL scan, 90 s\"",
        "max_capacity = 300",
        "time_to_live = \"5min\"",
    ] {
        project.write("statemap.toml", format!("[[state]]\nid = \"{id}\"\n{said}\n"));
        let outcome = project.run(&["gen"]).ends(0);
        assert!(!outcome.err.contains("warning"), "{said}:\n{}", outcome.err);
        project.run(&["check"]).ends(0);
    }
}

#[test]
fn a_manifest_that_the_code_contradicts_fails_by_the_same_rule() {
    let main = "fn main() {\n    let size: u32 = std::env::var(\"POOL_SIZE\").ok().and_then(|size| size.parse().ok()).unwrap_or(10);\n    println!(\"{size}\");\n}\n";
    let project = Project::shop(main);
    project.write("Dockerfile", "FROM rust\nCOPY . .\nRUN cargo build --release\nCMD [\"target/release/shop\"]\n");
    let compose = |size: &str| format!("services:\n  shop:\n    build: .\n    environment:\n      POOL_SIZE: \"{size}\"\n");
    project.write("docker-compose.yml", compose("20"));
    project.run(&["gen"]).ends(0);
    project.run(&["check"]).ends(0);
    project.write("docker-compose.yml", compose("twenty"));
    project.run(&["gen", "-q"]).ends(0);
    let outcome = project.run(&["check"]).ends(1);
    assert!(outcome.out.contains("error[contradiction-variable-type]") && outcome.out.contains("docker-compose.yml:5"), "{}", outcome.out);
    assert!(!outcome.err.contains("contradiction"), "told once: {}", outcome.err);
    project.write("statemap.toml", "[policy]\ncontradicted = \"warn\"\n");
    project.run(&["check"]).ends(0);
}

#[test]
fn a_service_that_claims_to_hold_no_state_is_taken_at_its_word() {
    let project = shop();
    project.write("statemap.toml", "[policy]\nstateless = true\n");
    let outcome = project.run(&["check"]).ends(1);
    assert!(outcome.out.contains("error[not-stateless]: static `ORDERS` is state that this service claims not to hold"), "{}", outcome.out);
    let (_, text) = paste_of(&json(&project, 1), "not-stateless");
    project.write("statemap.toml", text);
    project.run(&["check"]).ends(0);
}

#[test]
fn one_binary_of_a_workspace_may_claim_to_hold_no_state() {
    let project = shop();
    for (path, text) in [
        ("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"1.0.0\"\nedition = \"2024\"\n"),
        (
            "src/bin/api.rs",
            "use std::sync::atomic::{AtomicU64, Ordering};\nstatic CALLS: AtomicU64 = AtomicU64::new(0);\nfn main() {\n    CALLS.fetch_add(1, Ordering::Relaxed);\n}\n",
        ),
        (
            "src/bin/worker.rs",
            "use std::sync::atomic::{AtomicU64, Ordering};\nstatic RUNS: AtomicU64 = AtomicU64::new(0);\nfn main() {\n    RUNS.fetch_add(1, Ordering::Relaxed);\n}\n",
        ),
    ] {
        project.write(path, text);
    }
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\nstateless = { services = [\"worker\"] }\n");
    let outcome = project.run(&["check"]).ends(1);
    assert!(outcome.out.contains("static `RUNS` is state that `worker` claims not to hold"), "{}", outcome.out);
    assert!(!outcome.out.contains("CALLS"), "{}", outcome.out);
    let (_, text) = paste_of(&json(&project, 1), "not-stateless");
    assert_eq!(text, "[policy]\nstateless = { services = [\"worker\"], except = [\"static\"] }");
    project.write("statemap.toml", "[policy]\nstale = \"allow\"\nstateless = { services = [\"wrker\"] }\n");
    let outcome = project.run(&["check"]).ends(1);
    assert!(outcome.out.contains("there is no service `wrker`") && outcome.out.contains("did you mean `worker`?"), "{}", outcome.out);
}

#[test]
fn mistakes_in_the_policy_are_shown_in_their_place() {
    let project = shop();
    project.write(
        "statemap.toml",
        "[policy]\nundocumented = \"dny\"\nrequire = [\"cahce\"]\nrequire_keys = [\"onloss\"]\nundocumentd = \"deny\"\n",
    );
    let outcome = project.run(&["check"]).ends(2);
    for text in [
        "`undocumented` cannot be `dny`",
        "did you mean `deny`?",
        "statemap.toml:3:12",
        "did you mean `cache`?",
        "did you mean `on_loss`?",
        "unknown key `undocumentd` in `[policy]`",
        "did you mean `undocumented`?",
    ] {
        assert!(outcome.err.contains(text), "{text}:\n{}", outcome.err);
    }
}

#[test]
fn quiet_tells_what_fails_and_nothing_else() {
    let project = shop();
    let outcome = project.run(&["check", "-q"]).ends(0);
    assert_eq!((outcome.out.as_str(), outcome.err.as_str()), ("", ""));
    project.write("src/main.rs", SHOP.replace("ORDERS", "BASKETS"));
    let outcome = project.run(&["check", "-q"]).ends(1);
    assert!(outcome.out.contains("stale-map") && outcome.err.is_empty());
}

#[test]
fn a_number_that_changed_stands_out_among_the_words_around_it() {
    let pool = |size: u32| {
        format!(
            "#[tokio::main]\nasync fn main() {{\n    let (sender, _receiver) = tokio::sync::mpsc::channel::<u32>({size});\n    drop(sender);\n}}\n"
        )
    };
    let project = Project::shop(&pool(16));
    project.run(&["gen"]).ends(0);
    project.write("src/main.rs", pool(32));
    let plain = project.run(&["check"]).ends(1).out;
    assert!(plain.contains("  ~ queue:shop::main#tokio::sync::mpsc::channel  src/main.rs:3\n    - "), "{plain}");
    assert!(plain.contains("at most 16 messages") && plain.contains("at most 32 messages") && !plain.contains('\u{1b}'), "{plain}");
    let coloured = project.run(&["check", "--color", "always"]).ends(1).out;
    assert!(coloured.contains("\u{1b}[1;31m16\u{1b}[0m") && coloured.contains("\u{1b}[1;32m32\u{1b}[0m"), "{coloured}");
}

#[test]
fn hazards_that_come_with_a_change_are_told() {
    let calm = "use std::sync::Mutex;\n\nstatic HITS: Mutex<u32> = Mutex::new(0);\n\nfn main() {\n    *HITS.lock().unwrap() += 1;\n}\n";
    let project = Project::shop(calm);
    project.run(&["gen"]).ends(0);
    project.write("Cargo.toml", format!("{MANIFEST}axum = \"0.8\"\n"));
    let growing = r#"
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

static SEEN: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(|| Mutex::new(HashMap::new()));

async fn hello(axum::extract::Path(name): axum::extract::Path<String>) {
    SEEN.lock().unwrap().insert(name, 1);
}

#[tokio::main]
async fn main() {
    let app = axum::Router::new().route("/hello/{name}", axum::routing::get(hello));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;
    project.write("src/main.rs", growing);
    let out = project.run(&["check"]).ends(1).out;
    let found = json(&project, 1);
    let stale = found.iter().find(|finding| finding["code"] == "stale-map").unwrap();
    let hazards = stale["hazards"].as_array().unwrap();
    assert!(!hazards.is_empty(), "{stale}");
    assert!(out.contains("\n  hazards:\n    + "), "{out}");
}

#[test]
fn where_no_state_differs_the_difference_of_the_text_is_shown() {
    let project = shop();
    project.write("STATEMAP.md", project.read("STATEMAP.md").replace("## Blind spots", "## Blind corners"));
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("--- STATEMAP.md (committed)\n+++ STATEMAP.md (from the code)\n@@ "), "{out}");
    assert!(out.contains("\n-## Blind corners\n") && out.contains("\n+## Blind spots\n"), "{out}");
}
