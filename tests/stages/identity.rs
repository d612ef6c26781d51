//! Ids stay when the code around a thing moves, is reformatted or grows.

use std::path::{Path, PathBuf};

use crate::project::{Project, fixture, ids};

/// The copy of a fixture with each Rust file transformed.
fn transformed(name: &str, transform: impl Fn(&str) -> String) -> Project {
    let project = Project::copy_of(&fixture(name));
    for file in rust_files(project.root()) {
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, transform(&text)).unwrap();
    }
    project
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
    out
}

#[track_caller]
fn check_stable(transform: impl Fn(&str) -> String) {
    for name in
        ["storefront", "detectors/constructors", "detectors/fs_writes", "detectors/tasks", "detectors/statics", "detectors/shared_fields"]
    {
        let before = ids(&Project::copy_of(&fixture(name)).map());
        let after = ids(&transformed(name, &transform).map());
        assert_eq!(before, after, "{name}");
    }
}

/// Inner doc comments stay first.
fn after_head(text: &str, insert: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let head = lines.iter().take_while(|line| line.starts_with("//!") || line.starts_with("#!")).count();
    format!("{}\n{insert}\n{}\n", lines[..head].join("\n"), lines[head..].join("\n"))
}

#[test]
fn moving_lines_changes_no_id() {
    check_stable(|text| after_head(text, "\n\n// Moved down.\n\n\n"));
}

#[test]
fn reformatting_changes_no_id() {
    // Every line is indented further and followed by an empty one; strings over several lines skip both.
    check_stable(|text| text.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}\n\n") }).collect());
}

#[test]
fn unrelated_code_changes_no_id() {
    let code = "#[allow(dead_code)]\nfn unrelated_before(number: u32) -> u32 {\n    let doubled = number * 2;\n    doubled + 1\n}\n";
    check_stable(|text| format!("{text}\n#[allow(dead_code)]\nstruct UnrelatedAfter {{\n    number: u32,\n}}\n{code}"));
}

#[test]
fn a_second_thing_of_the_same_name_gets_a_number_and_the_first_keeps_its_id() {
    let channels = |count: usize| {
        let lets = "    let (_sender, _receiver) = tokio::sync::mpsc::channel::<u32>(16);\n".repeat(count);
        ids(&Project::shop(&format!("fn main() {{\n{lets}}}\n")).map())
    };
    assert_eq!(channels(1), ["queue:shop::main#tokio::sync::mpsc::channel"]);
    assert_eq!(channels(2), ["queue:shop::main#tokio::sync::mpsc::channel", "queue:shop::main#tokio::sync::mpsc::channel-2"]);
}

#[test]
fn no_two_items_share_an_id() {
    for name in
        ["storefront", "detectors/constructors", "detectors/fs_writes", "detectors/tasks", "workspaces/virtual", "workspaces/two-bins"]
    {
        let all = ids(&Project::copy_of(&fixture(name)).map());
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), all.len(), "{name}: {all:#?}");
    }
}
