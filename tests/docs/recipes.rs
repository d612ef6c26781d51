//! Recipes for hosts: they are YAML, and every command of statemap in them is one that the program takes.

use std::collections::BTreeSet;

use granit_parser::{Event, Parser};

use crate::project::{repository, statemap};

fn recipes() -> Vec<(String, String)> {
    let folder = repository().join("book/src/ci");
    let mut out: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    out.sort();
    assert!(out.len() >= 5, "{:?}", out.iter().map(|(name, _)| name).collect::<Vec<_>>());
    out
}

/// The scalars of a document, or why it is none.
fn scalars(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        if let Event::Scalar(text, ..) = event {
            out.push(text.into_owned());
        }
    }
    Ok(out)
}

/// The commands of statemap in a text, as words; what the shell makes of quotes and redirections is left out.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        for (at, _) in line.match_indices("statemap ") {
            let before = line[..at].chars().next_back();
            let called = before.is_none() || line[..at].ends_with(": ") || line[..at].ends_with("- ") || line[..at].ends_with("exec ");
            let words: Vec<&str> = line[at..].split([';', '|', '>']).next().unwrap().split_whitespace().collect();
            if called && words.get(1).is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase())) {
                let plain = |word: &&str| word.trim_matches('"').to_owned();
                out.push(words[1..].iter().filter(|word| !word.contains("[@]") && **word != "2").map(plain).collect());
            }
        }
    }
    out
}

#[test]
fn every_recipe_is_yaml() {
    for (name, text) in recipes().iter().filter(|(name, _)| !name.ends_with(".sh")) {
        let found = scalars(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(found.iter().any(|text| text.contains("statemap")), "{name}");
    }
}

#[test]
fn every_command_of_a_recipe_is_taken() {
    let mut seen = BTreeSet::new();
    for (name, text) in recipes() {
        let texts = if name.ends_with(".sh") { vec![text] } else { scalars(&text).unwrap() };
        for words in texts.iter().flat_map(|text| commands(text)) {
            seen.insert(words[0].clone());
            // Words are looked at before the help is printed.
            let words: Vec<String> = words.iter().map(|word| if word == "$FAIL_ON" { "high".to_owned() } else { word.clone() }).collect();
            let output = statemap().args(&words).arg("--help").output().unwrap();
            assert!(output.status.success(), "{name}: statemap {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["check", "diff", "gen"]);
    let wrong = statemap().args(["diff", "a...b", "--formt", "markdown", "--help"]).output().unwrap();
    assert!(!wrong.status.success(), "a word that is not known is refused even before the help");
}

#[test]
fn recipes_look_for_what_the_program_writes() {
    let page = std::fs::read_to_string(repository().join("templates/diff.md.tera")).unwrap();
    for (name, text) in recipes().iter().filter(|(_, text)| text.contains("no change")) {
        assert!(text.contains(r"'^\*\*State map:\*\* no change'"), "{name}");
    }
    assert!(page.contains("\n**State map:** no change between"), "the comment on nothing begins so");
    let first = page.lines().find(|line| !line.starts_with("{#")).unwrap();
    assert!(first.starts_with("<!-- statemap diff"), "its first line is the mark");
}
