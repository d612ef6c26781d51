//! `statemap catalog`: the list, and the check against sources.

use std::path::PathBuf;

use crate::project::{Outcome, Project, fixture, repository, statemap};

/// Verifies the `[[catalog]]` entries of a fixture against the small crates.
fn verify(entries: &str, args: &[&str]) -> Outcome {
    let root = fixture("catalog-verify").join(entries);
    let mut command = statemap();
    command.args(["catalog", "verify", "-C"]).arg(&root).arg("--sources").arg(fixture("catalog-sources")).args(args);
    Outcome::of(&mut command, &root)
}

#[track_caller]
fn has(outcome: &Outcome, lines: &[&str]) {
    for line in lines {
        assert!(outcome.out.lines().any(|known| known.trim() == *line), "no line `{line}` in:\n{}", outcome.out);
    }
}

#[test]
fn names_are_followed_through_modules_globs_other_crates_traits_and_macros() {
    let told = verify("right", &["--full"]).ends(0);
    has(
        &told,
        &[
            "`parcel_cache::Cache::new` at parcel-core-1.2.3/src/store.rs:11",
            "`parcel_cache::Cache::clone` by derive",
            "`parcel_cache::CacheBuilder::build` at parcel-cache-1.2.0/src/builder.rs:42",
            "`parcel_cache::Config::open_twice` at parcel-cache-1.2.0/src/lib.rs:18",
            "`parcel_cache::Handle::clear` at parcel-core-1.2.3/src/store.rs:16",
            "`parcel_cache::Lower::stock` at parcel-cache-1.2.0/src/lib.rs:52",
            "`parcel_cache::time::Timer::start` at parcel-cache-1.2.0/src/time.rs:11",
            "`parcel_cache::cache!` at parcel-cache-1.2.0/src/lib.rs:34",
            "`#[parcel_cache::cached]` at parcel-macros-1.0.0/src/lib.rs:7",
            "`derive(parcel_cache::Cacheable)` at parcel-macros-1.0.0/src/lib.rs:13",
        ],
    );
}

#[test]
fn what_comes_from_a_crate_that_is_not_there_is_counted_and_no_failure() {
    let told = verify("right", &["--full"]).ends(0);
    has(&told, &["`parcel_cache::Pool::connect` comes from `absent_pool`, which is not read"]);
    assert!(told.out.contains("1 in crates that are not there, 0 missing"), "{}", told.out);
}

#[test]
fn older_names_are_looked_up_in_the_version_that_has_them() {
    let told = verify("right", &["--full"]).ends(0);
    has(&told, &["`parcel_cache::OldCache::with_capacity` at parcel-cache-0.9.4/src/lib.rs:8"]);
}

#[test]
fn defaults_are_confirmed_where_the_source_shows_them() {
    let told = verify("right", &["--full"]).ends(0);
    has(
        &told,
        &[
            "`shards` of `parcel_cache::Cache::clear` is 16 at parcel-cache-1.2.0/src/builder.rs:7",
            "`ttl` of `parcel_cache::Cache::clear` is 10min at parcel-cache-1.2.0/src/config.rs:14",
            "`policy` of `parcel_cache::Cache::clear` is least recent at parcel-cache-1.2.0/src/config.rs:32",
            "`eviction threads` of `parcel_cache::Cache::clear` is stated as one for each processor: not found in the source",
            "defaults: 6 confirmed, 1 not found in the source (told in words: 1), 0 contradicted",
        ],
    );
}

#[test]
fn names_of_macros_of_other_files_of_traits_of_traits_and_of_c_are_found() {
    let told = verify("shelf", &["--full"]).ends(0);
    has(
        &told,
        &[
            "`parcel_shelf::Row::first` at parcel-shelf-1.0.0/src/rows.rs:9",
            "`parcel_shelf::Store::put` at parcel-shelf-1.0.0/src/store.rs:12",
            "`parcel_shelf::Disk::put` at parcel-shelf-1.0.0/src/store.rs:12",
            "`parcel_shelf::Kind::Books` at parcel-shelf-1.0.0/src/kinds.rs:4",
            "`parcel_shelf::shelf_flush` at parcel-shelf-1.0.0/src/ffi.rs:5",
            "`parcel_shelf::Tray` made by the macro at parcel-shelf-1.0.0/src/rows.rs:20",
            "paths: 9 found, 1 made by macros, 0 in crates that are not there, 0 missing, 0 not looked up",
        ],
    );
}

#[test]
fn a_name_that_stands_in_the_source_and_is_not_there_fails() {
    let told = verify("shelf-wrong", &[]).ends(1);
    has(
        &told,
        &[
            // A trait of a trait that the type does not have, a method of another type's tests, an import that leads nowhere.
            "no `parcel_shelf::Plain::put`",
            "no `parcel_shelf::Row::shake`",
            "no `parcel_shelf::Tray::shake`: did you mean `parcel_shelf::Tray`?",
            "no `parcel_shelf::Ghost`: did you mean `parcel_shelf::Ghost`?",
            "no file `parcel-shelf-1.0.0/src/nowhere.rs`, which facts are said to come from",
            "files that facts are said to come from: 1 missing",
        ],
    );
    assert!(!told.out.contains("options.rs"), "{}", told.out);
}

#[test]
fn defaults_are_looked_for_in_the_files_that_the_facts_are_said_to_come_from() {
    let told = verify("shelf", &["--full"]).ends(0);
    let of = "of `parcel_shelf::Disk::put` is";
    has(
        &told,
        &[
            // `#[default]`, a variable's fallback, a duration of two numbers.
            &format!("`order` {of} newest at parcel-shelf-1.0.0/src/options.rs:7"),
            &format!("`port` {of} 7070 at parcel-shelf-1.0.0/src/options.rs:27"),
            &format!("`linger` {of} 2.5s at parcel-shelf-1.0.0/src/options.rs:27"),
            // Constants of a file of another crate that the entry names; one of a file that it does not name says nothing.
            &format!("`queue_size` {of} 64 at parcel-wire-0.3.1/src/limits.rs:6"),
            &format!("`wait` {of} 30s at parcel-wire-0.3.1/src/limits.rs:9"),
            &format!("`keep_alive` {of} 75s at parcel-wire-0.3.1/src/limits.rs:26"),
            &format!("`depth` {of} stated as 3: not found in the source"),
            // Nobody can set it: there is no such option, or there is one after all.
            &format!("`ttl` {of} none: there is no such option"),
            &format!("`colour` {of} stated as none: not found in the source"),
            "`rows` of `parcel_shelf::Shelf::new` is 8 at parcel-shelf-0.9.0/src/lib.rs:11",
            "defaults: 7 confirmed, 1 of no option, as stated, 2 not found in the source, 0 contradicted",
        ],
    );
}

#[test]
fn a_path_that_leads_nowhere_fails_with_what_may_be_meant() {
    let told = verify("wrong", &[]).ends(1);
    has(
        &told,
        &[
            "no `parcel_cache::CacheBuilder::biuld`: did you mean `parcel_cache::CacheBuilder::build`?",
            "no `parcel_cache::Timer::start`: did you mean `parcel_cache::time::Timer::start`?",
            "no `parcel_cache::config::Policy::Newest`",
            "no `#[parcel_cache::remember]`",
            "no `parcel_cache::cached!`: did you mean `parcel_macros::cached`?",
        ],
    );
    assert!(told.out.contains("no `parcel_cache::OldCache::with_capacity`"), "the version that has it is not the newest: {}", told.out);
}

#[test]
fn a_contradicted_default_fails_with_its_place_and_one_that_holds_beside_it_does_not() {
    let told = verify("wrong", &[]).ends(1);
    let of = "of `parcel_cache::CacheBuilder::biuld` is stated as";
    has(
        &told,
        &[
            &format!("`shards` {of} 8, and parcel-cache-1.2.0/src/builder.rs:19 says 16"),
            &format!("`max_entries` {of} unbounded, and parcel-cache-1.2.0/src/config.rs:32 says 10000"),
            &format!("`metrics` {of} true, and parcel-cache-1.2.0/src/builder.rs:19 says false"),
            "defaults: 1 confirmed, 0 not found in the source, 3 contradicted",
        ],
    );
    assert!(!told.out.contains("`ttl`"), "{}", told.out);
}

#[test]
fn a_crate_without_source_is_no_failure_as_long_as_another_one_has_it() {
    let project = Project::empty();
    let own = "[[catalog]]\nkind = \"cache\"\nshape = \"constructor\"\nlabel = \"cache\"\npaths = [\"CRATE::Store::new\"]\n";
    project.write("statemap.toml", format!("{}{}", own.replace("CRATE", "absent_pool"), own.replace("CRATE", "parcel_core::store")));
    let run = |args: &[&str]| {
        let mut command = statemap();
        command.args(["catalog", "verify", "-C"]).arg(project.root()).arg("--sources").arg(fixture("catalog-sources")).args(args);
        Outcome::of(&mut command, project.root())
    };
    // Nothing is locked, so the newest version counts: it has no module `store` any more.
    assert!(run(&[]).ends(1).out.contains("no `parcel_core::store::Store::new`"));
    project.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"parcel-core\"\nversion = \"1.2.3\"\n");
    let told = run(&[]).ends(0);
    assert!(told.out.contains("1 of 2 versions of crates read, 1 not there"), "{}", told.out);
    assert!(!told.out.contains("cargo info"), "its entries state no version: {}", told.out);
    project.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"parcel-core\"\nversion = \"1.2.2\"\n");
    let told = run(&[]).ends(3);
    assert!(told.out.contains("0 of 2 versions of crates read"), "{}", told.out);
    has(&told, &["not there, so that nothing of them is looked up: parcel_core@1.2.2; `cargo info parcel_core@1.2.2` fetches that one"]);
    let told = run(&["--nearest"]).ends(0);
    assert!(told.out.contains("1.2.3 for 1.2.2"), "{}", told.out);
}

#[test]
fn wrong_names_of_crates_and_folders_are_told_apart() {
    let run = |args: &[&str]| Outcome::of(statemap().args(["catalog", "verify"]).args(args), &fixture(""));
    run(&["no-such-crate"]).ends(2).says(&["the catalog has no crate `no-such-crate`"]);
    run(&["--sources", "/no/such/folder"]).ends(3).says(&["failed to list `/no/such/folder`"]);
    let empty = Project::empty();
    let folder = empty.root().to_str().unwrap().to_owned();
    run(&["--sources", &folder]).ends(3).says(&["no source of a crate"]);
    run(&["-C", &folder]).ends(2).says(&["no `[[catalog]]`"]);
}

#[test]
fn the_list_is_searched_by_words() {
    let all = Outcome::of(statemap().args(["catalog", "list"]), &fixture("")).ends(0);
    assert!(all.out.lines().count() > 400, "{}", all.out);
    let caches = Outcome::of(statemap().args(["catalog", "list", "CACHE", "concurrent"]), &fixture("")).ends(0);
    assert!(caches.out.lines().any(|line| line.starts_with("moka ")), "{}", caches.out);
    assert!(!caches.out.contains("tokio-postgres"), "{}", caches.out);
}

/// The crates that this repository is built from are there whenever it is tested: a small sample of the real catalog.
#[test]
fn entries_of_crates_that_this_repository_uses_hold_against_their_published_source() {
    let sample = ["arc-swap", "log", "memmap2", "rayon", "regex", "tempfile"];
    let mut command = statemap();
    command.args(["catalog", "verify", "--nearest"]).args(sample);
    for folder in dependency_folders() {
        command.arg("--sources").arg(folder);
    }
    let told = Outcome::of(&mut command, &fixture("")).ends(0);
    assert!(told.out.contains("0 missing, 0 not looked up"), "{}", told.out);
    assert!(told.out.contains(&format!("{} of {} versions of crates read", sample.len(), sample.len())), "{}", told.out);
}

/// Where cargo keeps the sources of this repository's dependencies.
fn dependency_folders() -> Vec<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--locked", "--offline"]).current_dir(repository());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let manifests = metadata["packages"].as_array().unwrap().iter().filter(|package| package["source"].is_string());
    let mut out: Vec<PathBuf> =
        manifests.map(|package| PathBuf::from(package["manifest_path"].as_str().unwrap()).ancestors().nth(2).unwrap().to_owned()).collect();
    out.sort();
    out.dedup();
    out
}
