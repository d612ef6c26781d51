//! The built-in files hold together: complete, sorted, without contradictions, and with what each shape needs.

use std::collections::BTreeMap;

use super::{Api, BUILTIN, CrateFile, Shape, Wrappers};
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

/// What is missing or out of place in an entry.
fn faults(api: &Api) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut demand = |holds: bool, text| {
        if !holds {
            out.push(text);
        }
    };
    let has_types = !api.types.is_empty();
    match api.shape {
        Shape::TypeOnly => demand(has_types, "a type-only entry needs `types`"),
        Shape::Container => demand(has_types || !api.paths.is_empty(), "a container needs `types` or `paths`"),
        Shape::None => demand(has_types || !api.paths.is_empty(), "a harmless entry needs `types` or `paths`"),
        _ => demand(!api.paths.is_empty(), "the shape needs `paths`"),
    }
    demand((api.shape == Shape::None) == api.kind.is_none(), "kind `none` and shape `none` belong together");
    demand(api.kind.is_none() || !api.label.is_empty(), "what a page calls the thing (`label`) is missing");
    demand(api.op.is_none() || matches!(api.shape, Shape::Write | Shape::Constructor | Shape::Call), "`op` is for writes");
    demand(api.shape != Shape::Write || api.kind != Some(Kind::FsWrite) || api.op.is_some(), "a write needs its `op`");
    demand(api.task_arg.is_none() || api.shape == Shape::Spawn || api.shape == Shape::Call, "`task_arg` is for spawns");
    demand(api.shape != Shape::Request || api.url_arg.is_some(), "a request needs its `url_arg`");
    demand(api.elsewhere.is_empty() || !api.needs.is_empty(), "`elsewhere` is for what `needs` a local backend");
    demand(api.path_arg.is_none() || !matches!(api.shape, Shape::Attribute | Shape::Derive), "`path_arg` is for calls");
    let attribute = |path: &str| path.starts_with("#[") && path.ends_with(']');
    let derive = |path: &str| path.starts_with("derive(") && path.ends_with(')');
    match api.shape {
        Shape::Attribute => demand(api.paths.iter().all(|path| attribute(path)), "paths of attributes are `#[path]`"),
        Shape::Derive => demand(api.paths.iter().all(|path| derive(path)), "paths of derives are `derive(path)`"),
        Shape::None => {}
        Shape::Macro => demand(api.paths.iter().all(|path| path.ends_with('!')), "paths of macros are `name!`"),
        _ => demand(!api.paths.iter().any(|path| attribute(path) || derive(path)), "attributes have a shape of their own"),
    }
    let mut names: Vec<&str> = api.knobs.iter().map(|knob| knob.name.as_str()).collect();
    names.sort_unstable();
    demand(names.windows(2).all(|pair| pair[0] != pair[1]), "a knob stands twice");
    out
}

#[test]
fn every_entry_has_what_its_shape_needs() {
    let mut wrong = Vec::new();
    for file in files() {
        for api in &file.api {
            let what = api.paths.first().or(api.types.first()).cloned().unwrap_or_default();
            wrong.extend(faults(api).into_iter().map(|fault| format!("{}.toml, `{what}`: {fault}", file.krate)));
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
fn paths_begin_with_a_crate_and_have_no_spaces() {
    let mut wrong = Vec::new();
    for file in files() {
        for path in file.api.iter().flat_map(|api| api.paths.iter().chain(&api.types).chain(&api.builders)) {
            let bare = path.trim_start_matches("#[").trim_start_matches("derive(").trim_end_matches([']', ')', '!']);
            let plausible = bare.contains("::") && bare.split("::").all(is_name);
            if !plausible {
                wrong.push(format!("{}.toml: `{path}`", file.krate));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_name(part: &str) -> bool {
    part.chars().next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && part.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
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
            // Random values and signatures come out of functions and macros; the other groups are of types.
            let functions = matches!(*group, "random" | "keyed_digests");
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
