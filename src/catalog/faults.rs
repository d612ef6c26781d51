//! What the schema cannot say of an entry: which keys a shape needs, and which belong together.
//!
//! The same for the built-in files, where a test asks, and for the `[[catalog]]` entries of a `statemap.toml`.

use super::schema::{Api, Shape};
use crate::model::Kind;

/// Something that is missing or out of place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key that it is about.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What is missing or out of place in an entry.
#[must_use]
pub fn faults(api: &Api) -> Vec<Fault> {
    let mut out = Vec::new();
    let mut demand = |holds: bool, key, text: &str| {
        if !holds {
            out.push(Fault { key, message: text.to_owned() });
        }
    };
    // What only an older version of the crate has is an entry as well.
    let has_types = !api.types.is_empty() || api.older.iter().any(|older| !older.types.is_empty());
    let has_paths = !api.paths.is_empty() || api.older.iter().any(|older| !older.paths.is_empty());
    match api.shape {
        Shape::TypeOnly => demand(has_types, "types", "a type-only entry needs `types`"),
        Shape::Container => demand(has_types || has_paths, "types", "a container needs `types` or `paths`"),
        Shape::None => demand(has_types || has_paths, "types", "a harmless entry needs `types` or `paths`"),
        _ => demand(has_paths, "paths", "the shape needs `paths`"),
    }
    demand((api.shape == Shape::None) == api.kind.is_none(), "kind", "kind `none` and shape `none` belong together");
    demand(api.kind.is_none() || !api.label.is_empty(), "label", "what a page calls the thing (`label`) is missing");
    demand(api.op.is_none() || matches!(api.shape, Shape::Write | Shape::Constructor | Shape::Call), "op", "`op` is for writes");
    demand(api.shape != Shape::Write || api.kind != Some(Kind::FsWrite) || api.op.is_some(), "op", "a write needs its `op`");
    demand(api.task_arg.is_none() || api.shape == Shape::Spawn || api.shape == Shape::Call, "task_arg", "`task_arg` is for spawns");
    demand(api.shape != Shape::Request || api.url_arg.is_some(), "url_arg", "a request needs its `url_arg`");
    demand(api.elsewhere.is_empty() || !api.needs.is_empty(), "elsewhere", "`elsewhere` is for what `needs` a local backend");
    demand(api.path_arg.is_none() || !matches!(api.shape, Shape::Attribute | Shape::Derive), "path_arg", "`path_arg` is for calls");
    let attribute = |path: &str| path.starts_with("#[") && path.ends_with(']');
    let derive = |path: &str| path.starts_with("derive(") && path.ends_with(')');
    match api.shape {
        Shape::Attribute => demand(api.paths.iter().all(|path| attribute(path)), "paths", "paths of attributes are `#[path]`"),
        Shape::Derive => demand(api.paths.iter().all(|path| derive(path)), "paths", "paths of derives are `derive(path)`"),
        Shape::None => {}
        Shape::Macro => demand(api.paths.iter().all(|path| path.ends_with('!')), "paths", "paths of macros are `name!`"),
        _ => demand(!api.paths.iter().any(|path| attribute(path) || derive(path)), "paths", "attributes have a shape of their own"),
    }
    let mut names: Vec<&str> = api.knobs.iter().map(|knob| knob.name.as_str()).collect();
    names.sort_unstable();
    demand(names.windows(2).all(|pair| pair[0] != pair[1]), "knobs", "a knob stands twice");
    for (key, paths) in [("paths", &api.paths), ("types", &api.types), ("builders", &api.builders)] {
        for path in paths {
            let bare = path.trim_start_matches("#[").trim_start_matches("derive(").trim_end_matches([']', ')', '!']);
            if !(bare.contains("::") && bare.split("::").all(is_name)) {
                out.push(Fault { key, message: format!("`{path}` is no path that begins with a crate, as in `shop_cache::Cache::new`") });
            }
        }
    }
    out
}

/// Whether a part of a path is a name in Rust.
pub(super) fn is_name(part: &str) -> bool {
    part.chars().next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && part.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}
