//! Examples in the book: the program prints the lines that they show.

use statemap::detect::DETECTORS;

use crate::project::{Project, fixture, repository};

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
    axum = \"*\"\ncached = \"*\"\ndashmap = \"*\"\nmoka = \"*\"\nregex = \"*\"\nreqwest = \"*\"\nsqlx = \"*\"\ntokio = \"*\"\n";

/// The first block of code in this language.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("no block of {language}"));
    rest.split_once("```").unwrap().0
}

/// Columns are padded to the widest: what stands in them counts.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn the_examples_of_detectors_are_found_as_shown() {
    for detector in DETECTORS {
        let project = Project::empty();
        project.write("Cargo.toml", MANIFEST);
        project.write("src/main.rs", block(detector.docs, "rust").replace("{ … }", "{ todo!() }"));
        let listed = project.run(&["list"]).ends(0);
        assert_eq!(listed.err, "", "{}", detector.id);
        for line in block(detector.docs, "text").lines() {
            let found = listed.out.lines().any(|listed| cells(listed) == cells(line));
            assert!(found, "{}: `{line}` is not in\n{}", detector.id, listed.out);
        }
    }
}

#[test]
fn the_list_shown_in_the_guide_is_that_of_the_storefront() {
    let page = std::fs::read_to_string(repository().join("book/src/guide/list.md")).unwrap();
    let shown = block(&page, "console").strip_prefix("$ statemap list session\n").unwrap();
    let listed = Project::copy_of(&fixture("storefront")).run(&["list", "session"]).ends(0);
    assert_eq!(shown, listed.out);
}
