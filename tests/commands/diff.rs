//! `statemap diff`: what is told of a change, in each form; what fails; and what a repository may lack.

use serde_json::Value;

use crate::project::git::History;
use crate::project::{Outcome, Project, fixture};

const CACHE: &str = "use moka::sync::Cache;\n\npub struct Prices {\n    cache: Cache<u32, u32>,\n}\n\nimpl Prices {\n    pub fn new() -> Self {\n        \
    Self { cache: Cache::builder().max_capacity(300).build() }\n    }\n}\n\nfn main() {\n    let prices = Prices::new();\n    prices.cache.insert(1, 2);\n}\n";

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nmoka = { version = \"0.12\", features = [\"sync\"] }\n";

/// A shop with a cache, committed.
fn shop() -> (Project, History) {
    let project = Project::shop(CACHE);
    project.write("Cargo.toml", MANIFEST);
    let history = History::of(&project);
    history.commit(project.root());
    (project, history)
}

/// Commits a change of `src/main.rs` and tells it as JSON.
fn changed(from: &str, to: &str) -> Value {
    let (project, history) = shop();
    project.write("src/main.rs", from);
    history.commit(project.root());
    project.write("src/main.rs", to);
    history.commit(project.root());
    json(&project, &["HEAD~1", "HEAD"])
}

fn json(project: &Project, args: &[&str]) -> Value {
    let args: Vec<&str> = ["diff", "--format", "json", "-q"].iter().chain(args).copied().collect();
    project.run(&args).ends(0).json()
}

/// `how id` of each change of state.
fn state(diff: &Value) -> Vec<String> {
    let told = |change: &Value| {
        let was = change["was"].as_str().map(|was| format!(" was {was}")).unwrap_or_default();
        format!("{} {}{was}", change["how"].as_str().unwrap(), change["id"].as_str().unwrap())
    };
    diff["items"].as_array().unwrap().iter().map(told).collect()
}

fn diff(project: &Project, args: &[&str]) -> Outcome {
    let args: Vec<&str> = ["diff"].iter().chain(args).copied().collect();
    project.run(&args)
}

#[test]
fn a_number_that_changes_is_told_from_old_to_new() {
    let (project, _) = shop();
    project.write("src/main.rs", CACHE.replace("300", "50_000"));
    let out = diff(&project, &["HEAD"]).ends(0).out;
    assert!(
        out.contains("  ~ cache:shop::Prices::new#moka::sync::Cache\n      max capacity: 300 entries -> 50,000 entries  (src/main.rs:9)"),
        "{out}"
    );
    let told = json(&project, &["main"]);
    let change = &told["items"][0]["facts"][0];
    assert_eq!((&change["before"]["value"], &change["after"]["value"]), (&Value::from(300), &Value::from(50_000)));
    assert_eq!(told["after"]["revision"], Value::Null, "the working directory is no commit");
    assert_eq!(told["before"]["repository"], "https://git.example.org/shop/api");
}

#[test]
fn nothing_is_told_of_code_that_only_moves() {
    let (project, _) = shop();
    let moved = CACHE.replace("pub struct", "/* a comment\nover lines */\n\nfn other() {}\n\npub struct");
    project.write("src/main.rs", moved);
    let outcome = diff(&project, &["HEAD"]).ends(0);
    assert_eq!(outcome.out.lines().count(), 1, "{}", outcome.out);
    assert!(outcome.out.starts_with("no change to the state map: HEAD ("), "{}", outcome.out);
    assert_eq!(outcome.err, "");
    let told = json(&project, &["HEAD"]);
    assert_eq!(told["same"], true);
    let page = diff(&project, &["HEAD", "--format", "markdown"]).ends(0).out;
    assert!(page.starts_with("<!-- statemap diff -->\n\n**State map:** no change between HEAD ("), "{page}");
}

#[test]
fn what_is_new_and_what_is_gone_is_told_with_its_place() {
    let (project, history) = shop();
    project.write(
        "src/main.rs",
        CACHE.replace("fn main", "static SEEN: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\nfn main").replace(
            "insert(1, 2);",
            "insert(1, 2);\n    SEEN.lock().unwrap().push(1);\n    std::fs::write(\"/tmp/seen\", \"x\").unwrap();",
        ),
    );
    let newer = history.commit(project.root());
    let there = state(&json(&project, &["HEAD~1..HEAD"]));
    assert_eq!(there, ["added static:shop::SEEN", "added fs-write:shop::main#/tmp/seen"]);
    let back = state(&json(&project, &["HEAD..HEAD~1"]));
    assert_eq!(back, ["removed static:shop::SEEN", "removed fs-write:shop::main#/tmp/seen"]);
    let page = diff(&project, &["HEAD~1", "HEAD", "--format", "markdown", "-q"]).ends(0).out;
    let link = format!("https://git.example.org/shop/api/blob/{newer}/src/main.rs#L13");
    assert!(page.contains("<details open><summary>State that is new</summary>"), "{page}");
    assert!(page.contains("**static** `SEEN`: a static") && page.contains(&link), "{page}");
}

#[test]
fn a_move_is_known_again_only_when_nothing_else_could_be_meant() {
    let module = |name: &str| {
        format!("mod {name} {{\n    pub static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);\n}}\n")
    };
    let user = |name: &str| format!("fn main() {{ {name}::HITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed); }}\n");
    let one = |name: &str| format!("{}{}", module(name), user(name));
    assert_eq!(state(&changed(&one("a"), &one("b"))), ["moved static:shop::b::HITS was static:shop::a::HITS"]);
    // Two that could be meant are told as they are.
    let both = user("b").replace("b::HITS.fetch_add", "c::HITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed); b::HITS.fetch_add");
    let two = format!("{}{}{both}", module("b"), module("c"));
    assert_eq!(
        state(&changed(&one("a"), &two)),
        ["added static:shop::b::HITS", "added static:shop::c::HITS", "removed static:shop::a::HITS"]
    );
    // Another name in the same place, for the same users.
    let renamed = |name: &str| {
        format!(
            "static {name}: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\nfn main() {{ {name}.lock().unwrap().push(1); }}\n"
        )
    };
    assert_eq!(state(&changed(&renamed("OLD"), &renamed("NEW"))), ["moved static:shop::NEW was static:shop::OLD"]);
    // Another one of the same type, used by others, is another one.
    let other = renamed("OLD").replace("OLD", "NEW").replace("fn main() { NEW", "fn main() { other() }\nfn other() { NEW");
    assert_eq!(state(&changed(&renamed("OLD"), &other)), ["added static:shop::NEW", "removed static:shop::OLD"]);
}

#[test]
fn one_more_of_several_alike_does_not_change_the_others() {
    let writes = |paths: &[&str]| {
        let calls: String = paths.iter().map(|path| format!("    std::fs::write(dir.join(\"{path}\"), \"x\").unwrap();\n")).collect();
        format!("fn main() {{\n    let dir = std::env::args().next().map(std::path::PathBuf::from).unwrap();\n{calls}}}\n")
    };
    let told = changed(&writes(&["b", "c"]), &writes(&["a", "b", "c"]));
    assert_eq!(state(&told).len(), 1, "{:?}", state(&told));
    assert!(state(&told)[0].starts_with("added fs-write:"), "{:?}", state(&told));
}

#[test]
fn a_variable_that_must_be_set_is_told_first() {
    let reads = |how: &str| format!("fn main() {{\n    let name = std::env::var(\"SHOP_NAME\"){how};\n    println!(\"{{name}}\");\n}}\n");
    let told = changed("fn main() {}\n", &reads(".unwrap()"));
    let variable = &told["variables"][0];
    assert_eq!((&variable["how"], &variable["name"]), (&Value::from("required"), &Value::from("SHOP_NAME")));
    let told = changed(&reads(".unwrap_or_else(|_| \"shop\".to_owned())"), &reads(".unwrap()"));
    assert_eq!(told["variables"][0]["how"], "required");
    assert_eq!(told["variables"][0]["default_before"], "shop");
    let told = changed(&reads(".unwrap()"), &reads(".unwrap_or_else(|_| \"shop\".to_owned())"));
    assert_eq!(told["variables"][0]["how"], "optional");
    let told = changed(&reads(".unwrap_or_else(|_| \"a\".to_owned())"), &reads(".unwrap_or_else(|_| \"b\".to_owned())"));
    assert_eq!(told["variables"][0]["how"], "default");
}

#[test]
fn hazards_of_the_storefront_appear_and_go() {
    let project = Project::copy_of(&fixture("storefront-fixed"));
    let history = History::of(&project);
    history.commit(project.root());
    let broken = Project::copy_of(&fixture("storefront"));
    history.branch("refs/heads/broken", "refs/heads/main", broken.root());
    let told = json(&project, &["main", "broken"]);
    let hazards = told["hazards"].as_array().unwrap();
    let of = |how: &str| hazards.iter().filter(|change| change["how"] == how).count();
    assert!(of("appeared") > 20 && of("gone") == 0, "{} appeared, {} gone", of("appeared"), of("gone"));
    assert_eq!(hazards[0]["after"]["severity"], "high", "the worst comes first");
    let capacity = told["capacity"].as_array().unwrap();
    assert_eq!((&capacity[0]["after"]["store"], &capacity[0]["newly_over"]), (&Value::from("postgres"), &Value::from(true)));
    assert!(told["verdicts"].as_array().unwrap().iter().any(|verdict| verdict["worse"] == true));
    let back = json(&project, &["broken", "main"]);
    assert!(back["hazards"].as_array().unwrap().iter().all(|change| change["how"] == "gone"));

    diff(&project, &["main", "broken", "-q"]).ends(0);
    for on in ["high", "hazard", "added", "capacity", "verdict", "removed,low"] {
        diff(&project, &["main", "broken", "-q", "--fail-on", on]).ends(1);
    }
    diff(&project, &["broken", "main", "-q", "--fail-on", "high,capacity,verdict,variable"]).ends(0);
    diff(&project, &["main", "broken", "--fail-on", "high"]).ends(1).says(&["fails for new or worse hazards of high severity: "]);
}

#[test]
fn the_policy_of_the_newer_side_decides_unless_the_command_line_does() {
    let writes = "use axum::{Router, routing::post};\n\nasync fn upload(body: String) {\n    tokio::fs::write(\"/var/uploads/next.jpg\", body).await.unwrap();\n}\n\n\
        #[tokio::main]\nasync fn main() {\n    let app = Router::new().route(\"/pictures\", post(upload));\n    \
        let listener = tokio::net::TcpListener::bind(\"0.0.0.0:8080\").await.unwrap();\n    axum::serve(listener, app).await.unwrap();\n}\n";
    let deploy = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: shop:1\n";
    let (project, history) = shop();
    project.write(
        "Cargo.toml",
        MANIFEST.replace(
            "moka = { version = \"0.12\", features = [\"sync\"] }",
            "axum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }",
        ),
    );
    project.write("src/main.rs", "fn main() {}\n");
    project.write("deploy.yaml", deploy);
    history.commit(project.root());
    project.write("src/main.rs", writes);
    let told = json(&project, &["HEAD"]);
    assert!(!told["hazards"].as_array().unwrap().is_empty(), "{told:#}");
    diff(&project, &["HEAD", "-q"]).ends(0);
    project.write("statemap.toml", "[policy]\nfail_on = \"low\"\n");
    diff(&project, &["HEAD", "-q"]).ends(1);
    diff(&project, &["HEAD", "-q", "--fail-on", "none"]).ends(0);
    let hazards = told["hazards"].as_array().unwrap();
    assert!(hazards.iter().any(|change| change["rule"] == "ephemeral-file"), "{told:#}");
    let entry = |change: &Value| {
        let hazard = &change["after"];
        format!("[[state]]\nid = {}\nacknowledge = [{}]\nreason = \"known\"\ndate = 2026-01-01\n", hazard["items"][0], hazard["rule"])
    };
    let accepted: String = hazards.iter().map(entry).collect();
    let accepted = format!("[policy]\nfail_on = \"low\"\n{accepted}");
    project.write("statemap.toml", accepted);
    diff(&project, &["HEAD", "-q"]).ends(0);
    // What was accepted and is no more is a risk again.
    history.commit(project.root());
    project.write("statemap.toml", "[policy]\nfail_on = \"low\"\n");
    let told = json_ending(&project, 1);
    assert_eq!(told["hazards"][0]["how"], "reopened");
}

fn json_ending(project: &Project, code: i32) -> Value {
    diff(project, &["HEAD", "--format", "json", "-q"]).ends(code).json()
}

#[test]
fn only_what_a_branch_changed_counts_from_where_it_began() {
    let (project, history) = shop();
    let base = Project::copy_of(project.root());
    // The main branch goes on, and has one more static.
    project.write(
        "src/main.rs",
        format!("{CACHE}static MAIN: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\nfn m() {{ *MAIN.lock().unwrap() = 1; }}\n"),
    );
    let with_main = project.read("src/main.rs");
    std::fs::remove_dir_all(base.path(".git")).unwrap();
    base.write("src/main.rs", CACHE.replace("300", "7"));
    history.branch("refs/heads/topic", "refs/heads/main", base.root());
    history.commit(project.root());
    let three = json(&project, &["main...topic"]);
    assert_eq!(state(&three), ["changed cache:shop::Prices::new#moka::sync::Cache"]);
    assert_eq!(three["before"]["name"], "the merge base of main and topic");
    assert_eq!(json(&project, &["main", "topic", "--merge-base"]), three);
    let two = state(&json(&project, &["main..topic"]));
    assert!(two.contains(&"removed static:shop::MAIN".to_owned()), "{two:?}");
    // The working directory, too, has a commit that it comes from.
    project.write("src/main.rs", with_main);
    assert_eq!(json(&project, &["topic", "--merge-base"])["before"]["name"], "the merge base of topic and HEAD");
}

#[test]
fn a_name_that_stands_for_nothing_is_told_with_what_may_be_meant() {
    let (project, history) = shop();
    history.branch("refs/remotes/origin/trunk", "refs/heads/main", project.root());
    diff(&project, &["trunk"]).ends(2).says(&["no revision `trunk` in this repository", "did you mean `origin/trunk`?"]);
    diff(&project, &["mian"]).ends(2).says(&["did you mean `main`?"]);
    diff(&project, &["main~7"]).ends(2).says(&["no revision `main~7`"]);
    diff(&project, &["deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"]).ends(3).says(&["no commit `deadbeef"]);
    diff(&project, &["main^{tree}"]).ends(2).says(&["`main^{tree}` is a tree, not a commit"]);
    diff(&project, &["a..b", "c"]).ends(2).says(&["a range names both sides"]);
    diff(&project, &["main", "--fail-on", "everything"]).ends(2).says(&["unknown change to fail on `everything`", "added, removed"]);
    let outside = Project::shop("fn main() {}\n");
    diff(&outside, &["main"]).ends(2).says(&["is in no git repository"]);
}

#[test]
fn what_a_clone_lacks_is_told_by_name() {
    let (project, history) = shop();
    project.write("src/main.rs", CACHE.replace("300", "400"));
    history.commit(project.root());
    let old = history.repository.rev_parse_single("HEAD~1:src/main.rs").unwrap().detach();
    // A picture that nobody reads may be missing.
    history.lose(old);
    project.write(".git/config", format!("{}\tpromisor = true\n\tpartialclonefilter = blob:none\n", project.read(".git/config")));
    diff(&project, &["HEAD~1"]).ends(3).says(&[
        "the clone lacks objects of `HEAD~1` (",
        &format!("`src/main.rs` ({old})"),
        "the clone is partial and statemap fetches nothing",
    ]);
    diff(&project, &["HEAD"]).ends(0);
    // A shallow clone ends somewhere.
    let parent = history.repository.rev_parse_single("HEAD~1").unwrap().detach();
    let head = history.repository.rev_parse_single("HEAD").unwrap().detach();
    history.lose(parent);
    project.write(".git/shallow", format!("{head}\n"));
    diff(&project, &["HEAD~1"]).ends(3).says(&["no revision `HEAD~1`", "the clone is shallow", "fetch-depth: 0"]);
    diff(&project, &["HEAD"]).ends(0);
}

#[test]
fn a_picture_that_is_not_in_the_clone_does_no_harm() {
    let (project, history) = shop();
    project.write("logo.png", [0_u8, 159, 146, 150]);
    history.commit(project.root());
    let logo = history.repository.rev_parse_single("HEAD:logo.png").unwrap().detach();
    history.lose(logo);
    diff(&project, &["HEAD"]).ends(0);
}

#[test]
fn files_of_a_submodule_are_no_change() {
    use gix::objs::tree::{Entry, EntryKind};

    let (project, history) = shop();
    let root = history.repository.rev_parse_single("HEAD^{tree}").unwrap().detach();
    let mut entries: Vec<Entry> = history.repository.find_tree(root).unwrap().iter().map(|entry| entry.unwrap().detach().into()).collect();
    entries.push(Entry { mode: EntryKind::Commit.into(), filename: "vendored-kit".into(), oid: root });
    let tree = history.tree_of(entries);
    history.commit_to("refs/heads/main", tree, vec![history.repository.head_id().unwrap().detach()]);
    // It is checked out here, and has state of its own.
    project.write("vendored-kit/Cargo.toml", MANIFEST.replace("shop", "kit"));
    project.write("vendored-kit/src/main.rs", CACHE);
    let outcome = diff(&project, &["HEAD"]).ends(0);
    assert!(outcome.out.starts_with("no change"), "{}", outcome.out);
    assert!(outcome.out.contains("note: submodules were not entered: `vendored-kit`"), "{}", outcome.out);
}

#[test]
fn a_folder_that_is_new_is_told_as_such() {
    let (project, history) = shop();
    project.write("services/pay/Cargo.toml", MANIFEST.replace("shop", "pay"));
    project.write("services/pay/src/main.rs", CACHE);
    history.commit(project.root());
    let run = |args: &[&str]| {
        let all: Vec<&str> = ["diff", "-q", "-C", "services/pay"].iter().chain(args).copied().collect();
        project.run(&all)
    };
    let out = run(&["HEAD~1", "HEAD"]).ends(0).out;
    assert!(out.contains("  + cache:pay::Prices::new#moka::sync::Cache"), "{out}");
    assert!(out.contains("`HEAD~1` does not hold `services/pay`"), "{out}");
    let page = run(&["HEAD~1", "HEAD", "--format", "markdown"]).ends(0).out;
    assert!(page.starts_with("<!-- statemap diff: services/pay -->\n"), "each folder has a comment of its own: {page}");
    run(&["HEAD~1", "HEAD~1"]).ends(3).says(&["neither `HEAD~1` nor `HEAD~1` holds the folder `services/pay`"]);
    // The same folder by its name, as a bare repository needs it.
    let named = project.run(&["diff", "-q", "HEAD~1", "HEAD:services/pay"]).ends(0).out;
    assert!(named.contains("  + cache:pay::Prices::new#moka::sync::Cache"), "{named}");
}

#[test]
fn a_bare_repository_needs_two_names() {
    let (project, _) = shop();
    let bare = Project::empty();
    let history = History::at(&bare.path("shop.git"), gix::create::Kind::Bare);
    history.commit(project.root());
    project.write("src/main.rs", CACHE.replace("300", "400"));
    history.commit(project.root());
    let run = |args: &[&str]| {
        let all: Vec<&str> = ["diff", "-q", "-C", "shop.git"].iter().chain(args).copied().collect();
        bare.run(&all)
    };
    assert!(run(&["main~1", "main"]).ends(0).out.contains("max capacity: 300 entries -> 400 entries"));
    run(&["main"]).ends(2).says(&["a bare repository has no working directory", "name two revisions"]);
}

#[test]
fn a_configuration_that_is_not_valid_ends_it_only_when_it_can_be_mended() {
    let (project, history) = shop();
    project.write("statemap.toml", "[policy]\nfail_on = \"hgih\"\n");
    diff(&project, &["HEAD"]).ends(2).says(&["statemap.toml:2", "`statemap.toml` of the working directory is not valid"]);
    history.commit(project.root());
    project.write("statemap.toml", "[policy]\nfail_on = \"high\"\n");
    let out = diff(&project, &["HEAD"]).ends(0).out;
    assert!(out.contains("`statemap.toml` of `HEAD` is not valid: what it says was left out"), "{out}");
}

#[test]
fn a_comment_is_never_longer_than_a_host_takes() {
    let (project, history) = shop();
    let statics = |prefix: &str| {
        let doc = "long words ".repeat(10);
        let one = |at: u32| format!("/// {doc}\nstatic {prefix}{at}: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\n");
        let used = |at: u32| format!("    {prefix}{at}.lock().unwrap().push(1);\n");
        let main: String = (0..1000).map(used).collect();
        format!("{}fn {}() {{\n{main}}}\n", (0..1000).map(one).collect::<String>(), prefix.to_lowercase())
    };
    project.write("src/main.rs", format!("{}fn main() {{ {}() }}\n", statics(&"OLD_".repeat(24)), "old_".repeat(24)));
    history.commit(project.root());
    project.write("src/main.rs", format!("{}fn main() {{ {}() }}\n", statics(&"NEW_".repeat(24)), "new_".repeat(24)));
    history.commit(project.root());
    let page = diff(&project, &["HEAD~1", "HEAD", "--format", "markdown", "-q"]).ends(0).out;
    assert!(page.len() < 65_000 && page.len() > 10_000, "{} bytes", page.len());
    assert!(page.contains("State map: 1000 added, 1000 removed") && page.contains("… and 960 more."), "{}", &page[..400]);
    assert!(page.contains("The whole difference is too long for a comment"), "{}", &page[page.len() - 400..]);
    assert_eq!((page.matches("<details").count(), page.matches("</details>").count()), (2, 2));
}

#[test]
fn nothing_that_the_code_says_becomes_markup_or_steers_a_terminal() {
    let (project, history) = shop();
    let name = "</details><script>alert(1)</script> | {{#include /etc/passwd}} \\u{1b}[31m @everyone <!-- statemap diff -->";
    let doc = "/// Asks @everyone about it.\n";
    project.write("src/main.rs", format!("{doc}static SEEN: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\n\nfn main() {{\n    *SEEN.lock().unwrap() = 1;\n    std::fs::write(\"/tmp/{name}\", \"x\").unwrap();\n    std::env::var(\"A|B`<b>\").unwrap();\n}}\n"));
    history.commit(project.root());
    let page = diff(&project, &["HEAD~1", "HEAD", "--format", "markdown", "-q"]).ends(0).out;
    let mut html = Vec::new();
    for event in pulldown_cmark::Parser::new_ext(&page, pulldown_cmark::Options::ENABLE_TABLES) {
        if let pulldown_cmark::Event::Html(text) | pulldown_cmark::Event::InlineHtml(text) = event {
            html.push(text.trim().to_owned());
        }
    }
    let ours = |tag: &str| {
        ["<!-- statemap diff -->", "<!-- -->", "<details", "</details>", "<code>", "</code>", "<summary>"]
            .iter()
            .any(|known| tag.starts_with(known))
    };
    assert!(html.iter().all(|tag| ours(tag) && !tag.contains("script")), "{html:#?}");
    assert_eq!(html.iter().filter(|tag| tag.contains("statemap")).count(), 1, "{html:#?}");
    assert!(page.contains("asks @<!-- -->everyone about it"), "a comment calls nobody: {page}");
    assert!(!page.contains("{{#include"), "{page}");
    let out = diff(&project, &["HEAD~1", "HEAD", "-q"]).ends(0).out;
    assert!(!out.contains('\u{1b}'), "{out}");
}

#[test]
fn the_json_is_what_its_schema_says() {
    let read = |name: &str| std::fs::read_to_string(crate::project::repository().join("book/src").join(name)).unwrap();
    // The parts that a map has, too, stand in its own schema.
    let mut schema: Value = serde_json::from_str(&read("diff.schema.json").replace("statemap.schema.json#", "#")).unwrap();
    let of_map: Value = serde_json::from_str(&read("statemap.schema.json")).unwrap();
    for (name, part) in of_map["$defs"].as_object().unwrap() {
        assert!(schema["$defs"].as_object_mut().unwrap().insert(name.clone(), part.clone()).is_none(), "{name} is defined twice");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let project = Project::copy_of(&fixture("storefront"));
    let history = History::of(&project);
    history.commit(project.root());
    history.branch("refs/heads/fixed", "refs/heads/main", &fixture("storefront-fixed"));
    for args in [["main", "fixed"], ["fixed", "main"], ["main", "main"]] {
        let told = json(&project, &args);
        let faults: Vec<String> = validator.iter_errors(&told).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{args:?}: {:#?}", &faults[..faults.len().min(10)]);
    }
}
