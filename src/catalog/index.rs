//! The checked catalog with its look-ups by path, by type and by the tail of a path.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::schema::{Api, Called, CrateFile, Shape};

/// Index of an API in the loaded catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// A match of a path with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The entry.
    pub entry: EntryId,
    /// The path stands in the catalog as it is; else only its crate and its last two segments do.
    pub exact: bool,
}

/// A catalog file that does not fit the schema.
#[derive(Debug, thiserror::Error)]
#[error("catalog entry for `{krate}`: {source}")]
pub struct CatalogError {
    /// The crate whose file is wrong.
    pub krate: SmolStr,
    /// What the reader says.
    #[source]
    pub source: Box<toml::de::Error>,
}

struct Entry {
    krate: SmolStr,
    version: SmolStr,
    api: Api,
    /// The same without the cargo feature that it needs.
    without: Option<EntryId>,
    /// The same in the words for how it is called, in their order.
    called: Vec<EntryId>,
    /// What it is another form of.
    of: Option<EntryId>,
}

/// The part of the catalog that a workspace needs.
#[derive(Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    by_path: FxHashMap<SmolStr, EntryId>,
    by_type: FxHashMap<SmolStr, EntryId>,
    builders: FxHashMap<SmolStr, EntryId>,
    /// `crate` + `Type::method`, for public paths that the catalog spells otherwise; `None` when ambiguous.
    by_tail: FxHashMap<SmolStr, FxHashMap<SmolStr, Option<EntryId>>>,
    /// Type names by crate, for names that arrive through a glob.
    type_names: FxHashMap<SmolStr, FxHashMap<SmolStr, SmolStr>>,
    /// Types and traits by the names of their known methods.
    owners: FxHashMap<SmolStr, BTreeSet<SmolStr>>,
    /// Entries by the types and modules that their paths begin with.
    entries_of: FxHashMap<SmolStr, Vec<EntryId>>,
    crates: Vec<SmolStr>,
    /// First two segments of the paths and types loaded.
    modules: FxHashSet<SmolStr>,
    /// First segments of the paths loaded, `std` left out.
    libraries: FxHashSet<SmolStr>,
    /// Features that are on by default, by crate.
    default_features: FxHashMap<SmolStr, Vec<SmolStr>>,
}

impl Catalog {
    /// Loads the built-in entries of `std` and of the packages named, and further files of the user's.
    ///
    /// # Errors
    /// When a file does not fit the schema; a test proves that no built-in one does that.
    pub fn load<'a>(packages: impl Iterator<Item = &'a str>, own: Vec<CrateFile>) -> Result<Self, CatalogError> {
        let mut wanted: Vec<&str> = packages.chain(["std"]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut catalog = Self::default();
        // What `actix_web::rt` hands on is told by the file of `actix-rt`, which no manifest names.
        let handed_on: FxHashSet<&str> = wanted.iter().flat_map(|package| catalog.wrappers().handed_on(package)).collect();
        let is_handed_on = |name: &str| handed_on.iter().any(|library| *library == name || *library == name.replace('-', "_"));
        wanted.extend(super::BUILTIN.iter().map(|(name, _)| *name).filter(|name| !handed_on.is_empty() && is_handed_on(name)));
        wanted.sort_unstable();
        wanted.dedup();
        for file in own {
            catalog.add(file);
        }
        let files = wanted.into_par_iter().filter_map(|name| {
            let at = super::BUILTIN.binary_search_by_key(&name, |(name, _)| name).ok()?;
            let file = toml::from_str(super::BUILTIN[at].1);
            Some(file.map_err(|source| CatalogError { krate: SmolStr::new(name), source: Box::new(source) }))
        });
        for file in files.collect::<Result<Vec<CrateFile>, CatalogError>>()? {
            catalog.add(file);
        }
        Ok(catalog)
    }

    fn add(&mut self, file: CrateFile) {
        self.crates.push(file.krate.clone());
        for mut api in file.api {
            api.take_in_older();
            for path in api.paths.iter().chain(&api.types).chain(&api.builders) {
                if let Some((at, _)) = path.match_indices("::").nth(1) {
                    self.modules.insert(SmolStr::new(&path[..at]));
                }
            }
            let id = EntryId(u32::try_from(self.entries.len()).expect("a catalog has fewer than 2^32 entries"));
            for path in &api.paths {
                if let Some((library, _)) =
                    path.split_once("::").filter(|(library, _)| *library != "std" && !library.starts_with(['#', 'd']))
                {
                    self.libraries.insert(SmolStr::new(library));
                }
                let mut last = path.rsplit("::");
                if let (Some(method), Some(owner)) = (last.next(), last.next())
                    && owner.starts_with(char::is_uppercase)
                {
                    self.owners.entry(SmolStr::new(method)).or_default().insert(SmolStr::new(owner));
                }
                self.by_path.entry(path.clone()).or_insert(id);
                if let Some((owner, _)) = path.rsplit_once("::") {
                    self.entries_of.entry(SmolStr::new(owner)).or_default().push(id);
                }
                if let Some((krate, rest)) = after_crate(path)
                    && let Some(tail) = last_two(rest)
                {
                    self.by_tail
                        .entry(SmolStr::new(krate))
                        .or_default()
                        .entry(SmolStr::new(tail))
                        .and_modify(|old| {
                            if old.is_some_and(|old| old != id && self.entries[old.0 as usize].api.kind != api.kind) {
                                *old = None;
                            }
                        })
                        .or_insert(Some(id));
                }
                self.note_type_of(path);
            }
            for ty in &api.types {
                self.by_type.entry(ty.clone()).or_insert(id);
                self.note_type(ty);
            }
            for ty in &api.builders {
                self.builders.entry(ty.clone()).or_insert(id);
                self.note_type(ty);
            }
            let without = api.without_feature();
            let called: Vec<Api> = api.called.iter().map(|called| api.in_words_of(called)).collect();
            let mut next = (id.0 + 1..).map(EntryId);
            let entry = |api: Api, of: Option<EntryId>| Entry {
                krate: file.krate.clone(),
                version: file.version.clone(),
                api,
                without: None,
                called: Vec::new(),
                of,
            };
            let without_id = without.is_some().then(|| next.next()).flatten();
            let called_ids = next.take(called.len()).collect();
            self.entries.push(Entry { without: without_id, called: called_ids, ..entry(api, None) });
            self.entries.extend(without.into_iter().chain(called).map(|api| entry(api, Some(id))));
        }
        if !file.default_features.is_empty() {
            self.default_features.insert(file.krate, file.default_features);
        }
    }

    fn note_type_of(&mut self, path: &str) {
        if let Some((ty, _)) = path.rsplit_once("::")
            && ty.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase))
        {
            self.note_type(ty);
        }
    }

    fn note_type(&mut self, ty: &str) {
        if let (Some((krate, _)), Some(name)) = (ty.split_once("::"), ty.rsplit("::").next()) {
            self.type_names.entry(SmolStr::new(krate)).or_default().entry(SmolStr::new(name)).or_insert_with(|| SmolStr::new(ty));
        }
    }

    /// The entry.
    #[must_use]
    pub fn api(&self, id: EntryId) -> &Api {
        &self.entries[id.0 as usize].api
    }

    /// The crate of an entry, with the version that its facts come from.
    #[must_use]
    pub fn origin(&self, id: EntryId) -> (&SmolStr, &SmolStr) {
        let entry = &self.entries[id.0 as usize];
        (&entry.krate, &entry.version)
    }

    /// Whether a feature of an entry's crate is among those that a manifest asks for.
    #[must_use]
    pub fn is_on(&self, id: EntryId, feature: &str, asked: &[SmolStr]) -> bool {
        let by_default = |krate: &SmolStr| self.default_features.get(krate).is_some_and(|known| known.iter().any(|one| one == feature));
        asked.iter().any(|one| one == feature || one == "default" && by_default(self.origin(id).0))
    }

    /// What an entry is with the features that a manifest asks for.
    #[must_use]
    pub fn with_features(&self, id: EntryId, asked: &[SmolStr]) -> EntryId {
        let entry = &self.entries[id.0 as usize];
        let is_without = |feature: &str| !self.is_on(id, feature, asked);
        match (entry.without, &entry.api.without) {
            (Some(other), Some(without)) if is_without(&without.feature) => other,
            _ => id,
        }
    }

    /// What an entry is where these are called of it.
    #[must_use]
    pub fn with_calls(&self, id: EntryId, calls: &[SmolStr]) -> EntryId {
        let entry = &self.entries[id.0 as usize];
        let fits = |called: &Called| called.by.iter().any(|one| calls.contains(one));
        entry.api.called.iter().position(fits).map_or(id, |at| entry.called[at])
    }

    /// What holds for two forms of an entry: the entry itself.
    #[must_use]
    pub fn of_both(&self, a: EntryId, b: EntryId) -> EntryId {
        let whole = |id: EntryId| self.entries[id.0 as usize].of.unwrap_or(id);
        if a != b && whole(a) == whole(b) { whole(a) } else { a }
    }

    /// The entry of a function, macro (`name!`), attribute (`#[name]`) path.
    #[must_use]
    pub fn path(&self, path: &str) -> Option<Hit> {
        if let Some(&entry) = self.by_path.get(path) {
            return Some(Hit { entry, exact: true });
        }
        // Most paths are of crates of which nothing is known.
        let (krate, rest) = after_crate(path)?;
        let entry = (*self.by_tail.get(krate)?.get(last_two(rest)?)?)?;
        // `tokio::task::Builder` is no other name of `tokio::runtime::Builder`: the catalog knows both.
        let (owner, _) = path.rsplit_once("::")?;
        let is_other = self.entries_of.get(owner).is_some_and(|known| !known.contains(&entry));
        (!is_other).then_some(Hit { entry, exact: false })
    }

    /// Whether [`Catalog::path`] finds anything under a type or trait.
    #[must_use]
    pub fn may_know_member(&self, owner: &str) -> bool {
        let krate = owner.split("::").next().unwrap_or(owner);
        self.entries_of.contains_key(owner) || self.by_tail.contains_key(krate)
    }

    /// `Store::open_with_options` of a type that the catalog knows as made by `Store::open`.
    ///
    /// For calls of a path only: a method of that name may do anything.
    #[must_use]
    pub fn other_constructor(&self, path: &str) -> Option<Hit> {
        let (owner, name) = path.rsplit_once("::")?;
        let makes = ["open", "new", "connect", "build", "from_", "with_", "create", "try_new"].iter().any(|start| name.starts_with(start));
        let entry = *self.by_type.get(owner).filter(|_| makes && !owner.starts_with("std::"))?;
        (self.api(entry).shape == Shape::Constructor).then_some(Hit { entry, exact: false })
    }

    /// The last segments of the traits and types that have a known method of this name.
    #[must_use]
    pub fn owners_of(&self, method: &str) -> Option<&BTreeSet<SmolStr>> {
        self.owners.get(method)
    }

    /// Whether the catalog has this very path.
    #[must_use]
    pub fn is_exact(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The entry whose state a type holds.
    #[must_use]
    pub fn type_entry(&self, ty: &str) -> Option<EntryId> {
        if let Some(&entry) = self.by_type.get(ty) {
            return Some(entry);
        }
        // A public path that the catalog spells otherwise: same crate, same type name.
        let (krate, rest) = ty.split_once("::")?;
        let known = self.type_names.get(krate)?.get(rest.rsplit("::").next()?)?;
        if krate == "std" || known == ty {
            return None;
        }
        self.by_type.get(known).copied()
    }

    /// The entry whose knobs the methods of a builder type set.
    #[must_use]
    pub fn builder(&self, ty: &str) -> Option<EntryId> {
        self.builders.get(ty).copied()
    }

    /// The full path of a type that `use krate::…::*` may have brought in.
    #[must_use]
    pub fn type_named(&self, krate: &str, name: &str) -> Option<&SmolStr> {
        self.type_names.get(krate)?.get(name)
    }

    /// The path under which the catalog knows what a crate hands on: from the table of re-exports, else where the second
    /// segment is the name of a crate that the catalog knows and the path as a whole is not.
    #[must_use]
    pub fn original(&self, path: SmolStr) -> SmolStr {
        if let Some(found) = self.wrappers().original(&path) {
            // `tokio_rustls::rustls::pki_types` goes through two.
            return self.wrappers().original(&found).unwrap_or(found);
        }
        let Some((first, rest)) = path.split_once(':') else { return path };
        let Some(rest) = rest.strip_prefix(':').filter(|_| first != "std") else { return path };
        let Some((second, _)) = rest.split_once("::") else { return path };
        // Modules bear these names, too.
        let is_word =
            matches!(second, "config" | "log" | "url" | "http" | "cache" | "cached" | "time" | "metrics" | "cookie" | "state" | "tracing");
        if !is_word && first != second && self.libraries.contains(second) && !self.modules.contains(&format_smolstr!("{first}::{second}")) {
            return SmolStr::new(rest);
        }
        path
    }

    /// Types that are seen through.
    #[must_use]
    pub fn wrappers(&self) -> &'static super::Wrappers {
        super::Wrappers::builtin()
    }

    /// The library name of a package, where the catalog's paths show one that differs from the package's.
    #[must_use]
    pub fn library_of(package: &str) -> Option<SmolStr> {
        let at = super::BUILTIN.binary_search_by_key(&package, |(name, _)| name).ok()?;
        let text = super::BUILTIN[at].1;
        let start = text.find("\npaths = [")? + "\npaths = [".len();
        let path = text[start..].split('"').nth(1)?;
        let path = path.trim_start_matches("#[").trim_start_matches("derive(");
        path.split("::").next().map(SmolStr::new)
    }

    /// The package of the catalog that code calls by this name.
    #[must_use]
    pub fn package_called(name: &str) -> Option<&'static str> {
        let find = |name: &str| super::BUILTIN.binary_search_by_key(&name, |(name, _)| name).ok();
        let at = find(name).or_else(|| find(&name.replace('_', "-")))?;
        Some(super::BUILTIN[at].0).filter(|found| *found != "std")
    }

    /// Whether the catalog has a file for this package.
    #[must_use]
    pub fn knows(package: &str) -> bool {
        super::BUILTIN.binary_search_by_key(&package, |(name, _)| name).is_ok()
    }

    /// Number of crates loaded.
    #[must_use]
    pub fn crate_count(&self) -> usize {
        self.crates.len()
    }

    /// Every entry of a shape.
    pub fn of_shape(&self, shape: Shape) -> impl Iterator<Item = EntryId> + '_ {
        let hits = self.entries.iter().enumerate().filter(move |(_, entry)| entry.api.shape == shape && entry.of.is_none());
        hits.filter_map(|(at, _)| u32::try_from(at).ok().map(EntryId))
    }
}

/// The crate of a path, and what stands behind it.
fn after_crate(path: &str) -> Option<(&str, &str)> {
    // No name has a colon: one is found faster than two.
    let (krate, rest) = path.split_once(':')?;
    if krate == "std" { None } else { Some((krate, rest.strip_prefix(':')?)) }
}

/// The last two segments of a path whose last but one names a type.
fn last_two(rest: &str) -> Option<&str> {
    let (front, last) = rest.rsplit_once(':')?;
    let front = front.strip_suffix(':')?;
    let before = front.rsplit_once(':').map_or(front, |(_, before)| before);
    before.starts_with(char::is_uppercase).then(|| &rest[rest.len() - last.len() - before.len() - 2..])
}
