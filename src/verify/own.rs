//! The `[[catalog]]` entries of a user's `statemap.toml`, as files like the built-in ones.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::paths::Written;
use crate::annotations;
use crate::catalog::{Api, CrateFile};
use crate::diag::plain_line;
use crate::source::{ReadError, Tree};

/// The own entries of a tree, by the crates that their paths begin with; with the versions of its `Cargo.lock`.
///
/// # Errors
/// When `statemap.toml` cannot be read or an entry does not fit the schema.
pub fn own_entries(tree: &dyn Tree) -> Result<Vec<CrateFile>, String> {
    let text = match tree.read(annotations::CONFIG_FILE) {
        Ok(text) => text,
        Err(ReadError::Missing) => return Ok(Vec::new()),
        Err(error) => return Err(format!("`{}`: {error}", annotations::CONFIG_FILE)),
    };
    let (config, diagnostics) = annotations::load(annotations::CONFIG_FILE, &text);
    if let Some(wrong) = diagnostics.iter().find(|found| found.code == "catalog-entry" || found.code == "toml-syntax") {
        return Err(plain_line(wrong));
    }
    let locked = locked(tree);
    let mut by_crate: BTreeMap<SmolStr, Vec<Api>> = BTreeMap::new();
    for entry in &config.catalog {
        let api = entry.api.clone();
        let older = api.older.iter().flat_map(|older| older.paths.iter().chain(&older.types));
        let first = api.paths.iter().chain(&api.types).chain(older).next().map(|path| Written::of(path).text);
        let krate = first.and_then(|path| path.split("::").next()).unwrap_or_default();
        by_crate.entry(krate.into()).or_default().push(api);
    }
    let file = |(krate, api): (SmolStr, Vec<Api>)| CrateFile {
        version: locked.get(&krate).cloned().unwrap_or_default(),
        krate,
        summary: String::new(),
        default_features: Vec::new(),
        api,
    };
    Ok(by_crate.into_iter().map(file).collect())
}

/// Versions of the tree's `Cargo.lock`, by package name with underscores; of several, the last.
fn locked(tree: &dyn Tree) -> BTreeMap<SmolStr, SmolStr> {
    let Some(table) = tree.read("Cargo.lock").ok().and_then(|text| text.parse::<toml::Table>().ok()) else { return BTreeMap::new() };
    let packages = table.get("package").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let of = |package: &toml::Value| {
        let name = package.get("name")?.as_str()?.replace('-', "_");
        Some((SmolStr::from(name), SmolStr::new(package.get("version")?.as_str()?)))
    };
    packages.iter().filter_map(of).collect()
}
