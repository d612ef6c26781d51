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

/// Compares what a page shows of a command with what it prints; `UPDATE_BOOK=1` writes it into the page.
#[track_caller]
fn shows(page: &str, command: &str, printed: &str) {
    let path = repository().join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = format!("```console\n$ {command}\n");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} does not show `{command}`"));
    let (shown, after) = rest.split_once("```").unwrap();
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(&path, format!("{before}{begin}{printed}```{after}")).unwrap();
        return;
    }
    assert!(shown == printed, "{page} shows another answer of `{command}`; run: UPDATE_BOOK=1 cargo test examples\n\n{printed}");
}

#[test]
fn the_answers_shown_in_the_guide_are_those_of_the_storefront() {
    let storefront = Project::copy_of(&fixture("storefront"));
    let run = |words: &str| {
        let words: Vec<&str> = words.split(' ').skip(1).collect();
        let outcome = storefront.run(&words);
        format!("{}{}", outcome.out, outcome.err)
    };
    for (page, command) in [
        ("book/src/guide/list.md", "statemap list session"),
        ("book/src/guide/list.md", "statemap list --kind pool,queue --hazard medium --format ids"),
        ("book/src/guide/show.md", "statemap show CURRENT_TOKEN"),
        ("book/src/guide/show.md", "statemap show carts.by_sesion"),
    ] {
        shows(page, command, &run(command));
    }
}
