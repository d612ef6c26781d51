//! The built-in files hold together: complete, sorted, without contradictions, and with what each shape needs.

use std::collections::BTreeMap;

use super::faults::{faults, is_name};
use super::{BUILTIN, CrateFile, Wrappers};
use crate::model::Kind;

/// The files, with the names of older versions among the others.
fn files() -> impl Iterator<Item = CrateFile> {
    BUILTIN.iter().map(|(name, text)| {
        let mut file: CrateFile = toml::from_str(text).unwrap_or_else(|error| panic!("{name}.toml: {error}"));
        file.api.iter_mut().for_each(super::Api::take_in_older);
        file
    })
}

#[test]
fn every_file_fits_the_schema_and_is_named_after_its_crate() {
    for (file, (name, _)) in files().zip(BUILTIN) {
        assert_eq!(file.krate, *name);
        assert!(!file.version.is_empty() && !file.summary.is_empty() && !file.api.is_empty(), "{name}");
    }
}

#[test]
fn the_list_is_sorted_and_complete() {
    let names: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted(), "BUILTIN is searched by halves");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalog/crates");
    let mut there: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort_by(|a, b| a.trim_end_matches(".toml").cmp(b.trim_end_matches(".toml")));
    assert_eq!(names, there.iter().map(|name| name.trim_end_matches(".toml")).collect::<Vec<_>>());
}

#[test]
fn at_least_a_hundred_and_fifty_crates_are_known() {
    assert!(BUILTIN.len() >= 150, "{}", BUILTIN.len());
}

#[test]
fn an_unknown_key_an_unknown_kind_and_an_unknown_shape_are_refused() {
    let file = |api: &str| toml::from_str::<CrateFile>(&format!("crate = \"x\"\nversion = \"1\"\n[[api]]\n{api}"));
    assert!(file("kind = \"cache\"\nshape = \"constructor\"\npaths = [\"x::new\"]").is_ok());
    assert!(file("kind = \"cache\"\nshape = \"constructor\"\npath = [\"x::new\"]").is_err());
    assert!(file("kind = \"memory\"\nshape = \"constructor\"").is_err());
    assert!(file("kind = \"cache\"\nshape = \"builder\"").is_err());
}

#[test]
fn no_path_stands_under_two_kinds() {
    let mut seen: BTreeMap<String, (String, Option<Kind>)> = BTreeMap::new();
    let mut clashes = Vec::new();
    for file in files() {
        for api in &file.api {
            for path in &api.paths {
                let place = (file.krate.to_string(), api.kind);
                if let Some(other) = seen.insert(path.to_string(), place.clone())
                    && other.1 != api.kind
                {
                    clashes.push(format!("`{path}` in {}.toml as {:?} and in {}.toml as {:?}", other.0, other.1, place.0, place.1));
                }
            }
        }
    }
    assert!(clashes.is_empty(), "{}", clashes.join("\n"));
}

#[test]
fn no_path_stands_twice_in_one_file() {
    let mut twice = Vec::new();
    for file in files() {
        let mut paths: Vec<&str> = file.api.iter().flat_map(|api| api.paths.iter().map(|path| path.as_str())).collect();
        paths.sort_unstable();
        twice.extend(paths.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("{}: {}", file.krate, pair[0])));
    }
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

#[test]
fn every_entry_has_what_its_shape_needs() {
    let mut wrong = Vec::new();
    for file in files() {
        for api in &file.api {
            let what = api.paths.first().or(api.types.first()).cloned().unwrap_or_default();
            wrong.extend(faults(api).into_iter().map(|fault| format!("{}.toml, `{what}`: {}", file.krate, fault.message)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn labels_are_noun_phrases_that_fit_into_a_sentence() {
    let mut wrong = Vec::new();
    for file in files() {
        for api in file.api.iter().filter(|api| !api.label.is_empty()) {
            let label = &api.label;
            let article = ["a ", "an ", "the "].iter().any(|article| label.to_lowercase().starts_with(article));
            if article || label.ends_with('.') || label.trim() != label || label.chars().count() > 70 {
                wrong.push(format!("{}.toml: `{label}`", file.krate));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wrapper_groups_hold_plausible_paths_and_do_not_overlap() {
    let table: BTreeMap<String, toml::Value> = toml::from_str(include_str!("wrappers.toml")).unwrap();
    let lists: BTreeMap<&str, Vec<&str>> = table
        .iter()
        .filter_map(|(group, value)| Some((group.as_str(), value.as_array()?.iter().map(|path| path.as_str().unwrap()).collect())))
        .collect();
    for (group, paths) in lists.iter().filter(|(group, _)| **group != "vague_stores") {
        for path in paths {
            // Random values, signatures and options come out of functions and macros; the other groups are of types.
            let functions = matches!(*group, "random" | "clocks" | "keyed_digests" | "command_options");
            let bare = if functions { path.trim_end_matches('!') } else { path };
            assert!(bare.contains("::") && bare.split("::").all(is_name), "{group}: `{path}`");
            assert!(functions || path.rsplit("::").next().unwrap().starts_with(char::is_uppercase), "{group}: `{path}` is no type");
        }
        let mut unique = paths.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), paths.len(), "{group} holds a path twice");
    }
    let wrappers = Wrappers::builtin();
    for path in &lists["set_once"] {
        assert!(wrappers.is_lazy(path), "`{path}` is set once but not lazy");
    }
    for path in &lists["containers"] {
        assert!(
            !wrappers.is_transparent(path) && !wrappers.is_lazy(path) && !wrappers.is_signal(path),
            "`{path}` is a container and something else"
        );
    }
}
