//! Facts that people state in annotations: they fill what the code does not say, and are held against what it says.

use crate::project::Project;

/// A cache whose size comes from somewhere, and whose entries live for 300 s.
const SHOP: &str = "use std::time::Duration;\n\nuse moka::sync::Cache;\n\npub struct Prices {\n    cache: Cache<u32, u32>,\n}\n\n\
    impl Prices {\n    pub fn new(size: u64) -> Self {\n        let cache = Cache::builder().max_capacity(size).time_to_live(Duration::from_secs(300)).build();\n        \
    Self { cache }\n    }\n}\n\nfn main() {\n    let prices = Prices::new(std::env::args().count() as u64 * 7);\n    prices.cache.insert(1, 2);\n}\n";

fn shop(main: &str) -> Project {
    let project = Project::shop(main);
    project.write("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nmoka = \"0.12\"\n");
    project
}

/// The values of a fact of the cache, each with how it is known.
fn facts(project: &Project, key: &str) -> Vec<(String, String)> {
    let map = project.run(&["list", "--kind", "cache", "--format", "json"]).ends(0).json();
    let facts = map["items"][0]["facts"].as_array().unwrap();
    let of_key = facts.iter().filter(|fact| fact["key"] == key);
    of_key.map(|fact| (fact["value"].to_string(), fact["provenance"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn what_the_code_does_not_say_is_filled_in() {
    let project = shop(SHOP);
    assert_eq!(facts(&project, "max_capacity"), [("null".to_owned(), "code".to_owned())]);
    project.write("statemap.toml", "[[state]]\nid = \"cache:*\"\nmax_capacity = 500\n");
    assert!(facts(&project, "max_capacity").contains(&("500".to_owned(), "annotated".to_owned())));
    let page = project.run(&["gen", "-o", "-"]).ends(0).out;
    assert!(page.contains("Annotated: max capacity **500 entries** ([`statemap.toml:3`](statemap.toml#L3))"), "{page}");
    // The weightier annotation is the one that counts.
    project.write("src/main.rs", SHOP.replace("        let cache", "        // statemap: max_capacity = 700\n        let cache"));
    let annotated: Vec<_> = facts(&project, "max_capacity").into_iter().filter(|(_, how)| how == "annotated").collect();
    assert_eq!(annotated, [("700".to_owned(), "annotated".to_owned())]);
}

#[test]
fn what_the_code_says_stays_and_a_comment_that_differs_fails_the_check() {
    let project = shop(&SHOP.replace("        let cache", "        // statemap: time_to_live = \"60s\"\n        let cache"));
    project.run(&["gen"]).ends(0).says(&["warning[contradicted-annotation]"]);
    assert_eq!(facts(&project, "time_to_live").len(), 1);
    let out = project.run(&["check"]).ends(1).out;
    assert!(out.contains("error[contradicted-annotation]: `time_to_live`") && out.contains("is annotated as `60s`"), "{out}");
    assert!(out.contains("--> src/main.rs:11:") && out.contains("in the comment at src/main.rs:11:\n\ntime_to_live = \"5min\"\n"), "{out}");
}

#[test]
fn a_fact_that_the_item_does_not_have_is_a_mistake() {
    let project = shop(SHOP);
    for (line, help) in [
        ("max_capcity = 5", "did you mean `max_capacity`?"),
        ("colour = \"red\"", "its facts are"),
        ("ownr = \"x\"", "did you mean `owner`?"),
    ] {
        project.write("statemap.toml", format!("[[state]]\nid = \"cache:*\"\n{line}\n"));
        let outcome = project.run(&["gen"]).ends(2).says(&["statemap.toml:3:1", help]);
        assert!(outcome.err.contains("error[unknown-key]"), "{}", outcome.err);
        assert!(!project.exists("STATEMAP.md"));
    }
    project.write("statemap.toml", "[[state]]\nid = \"cache:*\"\nexpires = \"60s\"\n");
    project.run(&["check"]).ends(2).says(&["`expires` is not a calendar date", "`time_to_live = \"60s\"`"]);
    // Of an entry that matches nothing, only that is said.
    project.write("statemap.toml", "[[state]]\nid = \"pool:*\"\nmax_connections = 5\n");
    let outcome = project.run(&["gen"]).ends(0);
    assert!(outcome.err.contains("unmatched-annotation") && !outcome.err.contains("unknown-key"), "{}", outcome.err);
}

#[test]
fn the_page_says_what_the_service_does_and_who_owns_it() {
    let project = shop(SHOP);
    project.write("statemap.toml", "[service]\ndescription = \"sells <b>things</b>\"\nowner = \"checkout\"\n");
    let page = project.run(&["gen", "-o", "-"]).ends(0).out;
    assert!(page.contains("\n\nSells \\<b\\>things\\</b\\>. Owned by checkout, unless an item names another owner.\n\n"), "{page}");
    project.run(&["gen", "--format", "mdbook", "-o", "book"]).ends(0);
    assert!(project.read("book/src/index.md").contains("Owned by checkout, unless"));
}

#[test]
fn secrets_that_people_write_reach_no_output() {
    let project = shop(SHOP);
    project.write(
        "statemap.toml",
        "[[state]]\nid = \"cache:*\"\nsize = \"see redis://shop:hunter2@cache/0\"\nrunbook = \"https://ada:hunter2@wiki/x\"\n\n\
         [[declare]]\nkind = \"external-store\"\nname = \"orders\"\npassword = \"hunter2\"\nurl = \"postgres://shop:hunter2@db/orders\"\n\n\
         [[state]]\nid = \"external-store:declared::orders\"\npassword = \"hunter2\"\n",
    );
    let page = project.run(&["gen", "-o", "-"]).ends(0);
    let json = project.run(&["list", "--format", "json"]).ends(0);
    let check = project.run(&["check", "--format", "json"]).ends(1);
    for text in [page.out, page.err, json.out, json.err, check.out, check.err] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
