//! `//~ kind` on a line of a fixture: an item of that kind has a site there. No other line may have one.
//!
//! Several kinds stand with commas; `constant` after a kind asks for the class. All detectors run on every fixture.
//! In a `.sql` file the mark stands in a comment of SQL: `--//~ cache`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use statemap::model::{Class, Kind};

use crate::project::{analysis, fixture};

/// A site: file, line, kind and class as the mark says them.
type Mark = (String, u32, String);

fn marked(root: &Path) -> BTreeSet<Mark> {
    let mut out = BTreeSet::new();
    for file in marked_files(root) {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        for (line, text) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            let Some((_, marks)) = text.split_once("//~") else { continue };
            for mark in marks.split(',').map(str::trim) {
                let kind = mark.strip_suffix(" constant").unwrap_or(mark);
                assert!(kind.parse::<Kind>().is_ok(), "{name}:{}: `{kind}` is no kind", line + 1);
                out.insert((name.clone(), u32::try_from(line + 1).unwrap(), mark.to_owned()));
            }
        }
    }
    out
}

fn marked_files(root: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo = vec![root.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "in" || ending == "sql") {
                out.push(path);
            }
        }
    }
    out
}

fn found(root: &Path) -> BTreeSet<Mark> {
    let map = analysis(root).map;
    let sites = map.items.iter().flat_map(|item| {
        let mark = match item.class {
            Class::Constant => format!("{} constant", item.kind),
            Class::Mutable => item.kind.to_string(),
        };
        item.sites.iter().map(move |site| (site.place.file.to_string(), site.place.line, mark.clone()))
    });
    sites.collect()
}

/// Compares both ways and tells every difference at once.
#[track_caller]
fn check(name: &str) {
    let root = fixture(&format!("detectors/{name}"));
    let (marked, found) = (marked(&root), found(&root));
    assert!(!marked.is_empty(), "no marks in {name}");
    let tell = |what: &str, (file, line, mark): &Mark| {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        format!("{what} {file}:{line}: {mark}\n      {}", text.lines().nth(*line as usize - 1).unwrap_or("").trim())
    };
    let mut wrong: Vec<String> = marked.difference(&found).map(|mark| tell("not found", mark)).collect();
    wrong.extend(found.difference(&marked).map(|mark| tell("not marked", mark)));
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

macro_rules! fixtures {
    ($($test:ident: $folder:literal),* $(,)?) => {
        $(#[test] fn $test() { check($folder); })*

        #[test]
        fn every_fixture_folder_has_its_test() {
            let listed: BTreeSet<&str> = BTreeSet::from([$($folder),*]);
            let folders = std::fs::read_dir(fixture("detectors")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let folders: Vec<String> = folders.collect();
            assert_eq!(listed, folders.iter().map(String::as_str).collect());
        }
    };
}

fixtures! {
    statics_and_their_near_misses: "statics",
    thread_locals_and_their_near_misses: "thread_locals",
    shared_fields_and_their_near_misses: "shared_fields",
    constructors_and_their_near_misses: "constructors",
    attributes_and_their_near_misses: "attributes",
    claims_and_their_near_misses: "claims",
    http_caching_and_its_near_misses: "http_caching",
    query_state_and_its_near_misses: "query_state",
    minted_tokens_and_their_near_misses: "minted",
    sessions_in_tables_and_their_near_misses: "sessions",
    fs_writes_and_their_near_misses: "fs_writes",
    env_reads_and_their_near_misses: "env_reads",
    tasks_and_their_near_misses: "tasks",
    loop_state_and_its_near_misses: "loop_state",
    retries_and_their_near_misses: "retries",
    attempt_limits_and_their_near_misses: "attempt_limits",
    shared_settings_and_their_near_misses: "shared_settings",
    remotes_and_their_near_misses: "remotes",
    stores_and_their_near_misses: "stores",
    names_through_uses_renames_and_workspace_crates: "names",
    crates_of_the_catalog_and_their_near_misses: "catalog_crates",
    conditional_compilation: "conditions",
}

#[test]
fn every_detector_has_a_fixture() {
    for detector in statemap::detect::DETECTORS {
        let folder = fixture("detectors").join(detector.id.replace('-', "_"));
        assert!(folder.is_dir(), "no fixture for detector `{}`", detector.id);
    }
}
