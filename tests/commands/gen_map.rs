//! `statemap gen`: what it writes and what it leaves alone.

use std::time::SystemTime;

use crate::project::{Project, fixture};

const QUEUE: &str = "//! A shop.\n\nstatic ORDERS: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());\n\n\
    #[tokio::main]\nasync fn main() {\n    let (sender, _receiver) = tokio::sync::mpsc::channel::<u32>(16);\n    drop(sender);\n    ORDERS.lock().unwrap().push(1);\n}\n";

const NO_QUEUE: &str = "//! A shop.\n\nstatic ORDERS: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());\n\nfn main() {\n    ORDERS.lock().unwrap().push(1);\n}\n";

fn files(project: &Project, folder: &str) -> Vec<(String, SystemTime, Vec<u8>)> {
    let mut out = Vec::new();
    let mut todo = vec![project.path(folder)];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(project.root()).unwrap().to_str().unwrap().to_owned();
                out.push((name, path.metadata().unwrap().modified().unwrap(), std::fs::read(&path).unwrap()));
            }
        }
    }
    out.sort();
    out
}

#[test]
fn with_nothing_configured_the_page_is_statemap_md_at_the_root() {
    let project = Project::shop(QUEUE);
    project.run(&["gen"]).ends(0).says(&["STATEMAP.md", "1 service"]);
    let page = project.read("STATEMAP.md");
    assert!(page.contains("shop::ORDERS") && page.contains("tokio mpsc channel"), "{page}");
}

#[test]
fn the_tree_may_be_named_as_an_argument_or_as_the_root() {
    let project = Project::copy_of(&fixture("workspaces/virtual"));
    let by_argument = project.run(&["gen", ".", "-o", "-"]).ends(0).out;
    let by_option = project.run(&["gen", "-C", ".", "-o", "-"]).ends(0).out;
    assert_eq!(by_argument, by_option);
    project.run(&["gen", ".", "-C", "."]).ends(2);
}

#[test]
fn a_dash_prints_the_page_and_writes_nothing() {
    let project = Project::shop(QUEUE);
    let outcome = project.run(&["gen", "-o", "-"]).ends(0);
    assert!(outcome.out.starts_with('#') || outcome.out.starts_with("<!--"), "{}", outcome.out);
    assert!(outcome.out.contains("shop::ORDERS"));
    assert!(!project.exists("STATEMAP.md") && !project.exists("-"));
}

#[test]
fn json_goes_to_standard_output_or_to_a_file() {
    let project = Project::shop(QUEUE);
    let printed = project.run(&["gen", "--format", "json"]).ends(0);
    assert_eq!(printed.json()["schema"], 1);
    project.run(&["gen", "--format", "json", "-o", "out/map.json"]).ends(0);
    assert_eq!(project.read("out/map.json"), printed.out);
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let project = Project::shop(QUEUE);
    let outcome = project.run(&["gen", "--quiet"]).ends(0);
    assert_eq!((outcome.out.as_str(), outcome.err.as_str()), ("", ""));
}

#[test]
fn a_second_run_touches_no_file() {
    for args in [
        ["gen", "--format", "markdown", "-o", "out/page.md"],
        ["gen", "--format", "mdbook", "-o", "out"],
        ["gen", "--format", "json", "-o", "out/map.json"],
    ] {
        let project = Project::shop(QUEUE);
        project.run(&args).ends(0);
        let first = files(&project, "out");
        assert!(!first.is_empty());
        project.run(&args).ends(0).says(&["unchanged"]);
        assert_eq!(files(&project, "out"), first, "{args:?}");
    }
}

#[test]
fn only_the_text_between_the_markers_is_replaced() {
    let project = Project::shop(QUEUE);
    let (before, after) = ("# Shop\n\nWritten by hand, *kept*.\n\n", "\n\n## Licence\n\ntrailing spaces stay   \n");
    project.write("README.md", format!("{before}<!-- statemap:begin -->\nold map\n<!-- statemap:end -->{after}"));
    project.run(&["gen", "-o", "README.md"]).ends(0);
    let text = project.read("README.md");
    assert!(text.starts_with(&format!("{before}<!-- statemap:begin -->")), "{text}");
    assert!(text.ends_with(&format!("<!-- statemap:end -->{after}")), "{text}");
    assert!(text.contains("shop::ORDERS") && !text.contains("old map"), "{text}");
}

#[test]
fn a_page_that_someone_else_wrote_is_left_alone_unless_forced() {
    let project = Project::shop(QUEUE);
    project.write("STATEMAP.md", "mine\n");
    project.run(&["gen"]).ends(2).says(&["STATEMAP.md", "--force", "statemap:begin"]);
    assert_eq!(project.read("STATEMAP.md"), "mine\n");
    project.run(&["gen", "--force"]).ends(0);
    assert!(project.read("STATEMAP.md").contains("shop::ORDERS"));
}

#[test]
fn markers_that_do_not_match_are_told_and_the_file_stays() {
    let project = Project::shop(QUEUE);
    let text = "# Shop\n\n<!-- statemap:begin -->\nold\n";
    project.write("README.md", text);
    project.run(&["gen", "-o", "README.md"]).ends(2).says(&["README.md", "statemap:end"]);
    assert_eq!(project.read("README.md"), text);
}

#[test]
fn the_book_has_its_pages_and_loses_those_of_vanished_kinds() {
    let project = Project::shop(QUEUE);
    let book = ["gen", "--format", "mdbook", "-o", "book"];
    project.run(&book).ends(0);
    for page in ["book/book.toml", "book/src/SUMMARY.md", "book/src/kinds/static.md", "book/src/kinds/queue.md"] {
        assert!(project.exists(page), "no {page} in {:#?}", files(&project, "book").iter().map(|file| &file.0).collect::<Vec<_>>());
    }
    project.write("book/src/by-hand.md", "# Mine\n");
    let toml = project.read("book/book.toml");
    project.write("src/main.rs", NO_QUEUE);
    project.run(&book).ends(0).says(&["removed"]);
    assert!(!project.exists("book/src/kinds/queue.md"));
    assert!(!project.read("book/src/SUMMARY.md").contains("queue"));
    assert!(project.exists("book/src/kinds/static.md"));
    assert_eq!(project.read("book/src/by-hand.md"), "# Mine\n", "pages of people stay");
    assert_eq!(project.read("book/book.toml"), toml);
}

#[test]
fn a_book_needs_a_folder() {
    let project = Project::shop(QUEUE);
    project.run(&["gen", "--format", "mdbook", "-o", "-"]).ends(2).says(&["a book is a folder", "-o"]);
}

#[test]
fn a_book_toml_that_is_there_stays() {
    let project = Project::shop(QUEUE);
    project.write("book/book.toml", "[book]\ntitle = \"Ours\"\n");
    project.run(&["gen", "--format", "mdbook", "-o", "book"]).ends(0);
    assert_eq!(project.read("book/book.toml"), "[book]\ntitle = \"Ours\"\n");
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let project = Project::copy_of(&fixture("storefront"));
    project.run(&["gen", "--format", "mdbook", "-o", "out/book"]).ends(0);
    let summary = project.read("out/book/src/SUMMARY.md");
    for (name, ..) in files(&project, "out/book/src") {
        let page = name.trim_start_matches("out/book/src/");
        assert!(page == "SUMMARY.md" || !page.ends_with(".md") || summary.contains(page), "{page} is not in\n{summary}");
    }
}

#[test]
fn constants_are_on_the_page_only_when_asked_for() {
    let project = Project::copy_of(&fixture("detectors/statics"));
    let plain = project.run(&["gen", "-o", "-"]).ends(0).out;
    assert!(!plain.contains("`IBAN`") && plain.contains("10 pieces of state"), "{plain}");
    let all = project.run(&["gen", "--constants", "-o", "-"]).ends(0).out;
    assert!(all.contains("`IBAN`"), "{all}");
    assert!(all.contains("10 pieces of state"), "what never changes is shown and not counted as state:\n{all}");
}

#[test]
fn statemap_toml_chooses_output_and_title() {
    let project = Project::shop(QUEUE);
    project.write("statemap.toml", "[output]\nformat = \"markdown\"\npath = \"docs/state.md\"\ntitle = \"Where the shop keeps things\"\n");
    project.run(&["gen"]).ends(0);
    assert!(project.read("docs/state.md").contains("# Where the shop keeps things"), "{}", project.read("docs/state.md"));
    assert!(!project.exists("STATEMAP.md"));
}

#[test]
fn annotations_reach_the_page_and_ignored_items_are_counted() {
    let project = Project::shop(QUEUE);
    project.write(
        "statemap.toml",
        "[[state]]\nid = \"static:shop::ORDERS\"\nowner = \"checkout\"\non_loss = \"open orders are lost\"\n\n\
         [[state]]\nid = \"queue:*\"\nignore = \"a demonstration\"\n",
    );
    let outcome = project.run(&["gen", "-o", "-"]).ends(0);
    assert!(outcome.out.contains("checkout") && outcome.out.contains("open orders are lost"), "{}", outcome.out);
    assert!(!outcome.out.contains("tokio mpsc channel"), "{}", outcome.out);
    assert_eq!(project.run(&["gen", "--format", "json"]).ends(0).json()["coverage"]["ignored"], 1);
}

#[test]
fn a_template_of_the_users_replaces_the_built_in_one() {
    let project = Project::shop(QUEUE);
    project.write("mine/page.md.tera", "Only this.\n");
    let outcome = project.run(&["gen", "--templates", "mine", "-o", "-"]).ends(0);
    assert!(outcome.out.contains("Only this."), "{}", outcome.out);
}

#[test]
fn a_template_that_does_not_parse_is_told_with_its_place_and_nothing_is_written() {
    let project = Project::shop(QUEUE);
    project.write("mine/page.md.tera", "one\n{% if %}\n");
    project.run(&["gen", "--templates", "mine"]).ends(2).says(&["page.md.tera", "--templates"]);
    assert!(!project.exists("STATEMAP.md"));
}

#[test]
fn a_template_that_names_what_is_not_there_is_told() {
    let project = Project::shop(QUEUE);
    project.write("mine/page.md.tera", "{{ no_such_thing }}\n");
    project.run(&["gen", "--templates", "mine"]).ends(2).says(&["no_such_thing"]);
    assert!(!project.exists("STATEMAP.md"));
}
