//! Files that a cache in memory keeps count of: what bounds the cache bounds them.

use crate::model::{Fact, FactValue, Item, Kind, Provenance};

/// What bounds a cache.
const BOUNDS: [&str; 3] = ["max_capacity", "time_to_live", "time_to_idle"];

/// Tells the bounds of caches whose keys are paths at the files with those paths, and at the folders around them.
pub(super) fn tell(items: &mut [Item]) {
    let mut caches: Vec<(String, Vec<Fact>)> = Vec::new();
    for item in items.iter().filter(|item| item.kind == Kind::Cache) {
        let Some(key) = text(item, "key").filter(|key| key.contains('/')) else { continue };
        let set = |fact: &&Fact| BOUNDS.contains(&fact.key.as_str()) && fact.provenance != Provenance::Default;
        caches.push((key.to_owned(), item.facts.iter().filter(set).cloned().collect()));
    }
    for item in items.iter_mut().filter(|item| item.kind == Kind::FsWrite) {
        let Some(path) = text(item, "path").map(|path| path.trim_end_matches('/').to_owned()) else { continue };
        let holds = |key: &str| key == path || key.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let mut found = caches.iter().filter(|(key, _)| holds(key));
        if let (Some((_, bounds)), None) = (found.next(), found.next()) {
            let new: Vec<Fact> = bounds.iter().filter(|bound| item.facts.iter().all(|fact| fact.key != bound.key)).cloned().collect();
            item.facts.extend(new);
        }
    }
}

fn text<'i>(item: &'i Item, key: &str) -> Option<&'i str> {
    match item.facts.iter().find(|fact| fact.key == key)?.value.as_ref()? {
        FactValue::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;
    use crate::model::{Item, Kind};

    #[test]
    fn what_bounds_a_cache_of_paths_bounds_its_files() {
        let of = |key: &str, folder: &str| {
            let text = format!(
                "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nmoka = \"*\"\n//- /src/main.rs\n\
                 use std::path::PathBuf;\nstruct Pages {{ entries: moka::sync::Cache<PathBuf, u32> }}\n\
                 impl Pages {{ fn page(&self, id: u32) {{ let page_path = {key}; std::fs::create_dir_all(\"{folder}\").unwrap(); self.entries.insert(page_path.clone(), 1); }} }}\n\
                 fn main() {{ let pages = Pages {{ entries: moka::sync::Cache::builder().max_capacity(50).build() }}; pages.page(3); }}\n"
            );
            let items: Vec<Item> = map(&text).items;
            let folder = items.iter().find(|item| item.kind == Kind::FsWrite).unwrap();
            let facts = folder.facts.iter().filter(|fact| fact.key == "max_capacity");
            facts.map(|fact| fact.value.as_ref().unwrap().to_string()).collect::<Vec<_>>()
        };
        let path = "PathBuf::from(\"/srv/pages\").join(format!(\"{id}.html\"))";
        assert_eq!(of(path, "/srv/pages"), ["50"]);
        // Another folder, and a key that is no path.
        assert_eq!(of(path, "/srv/page"), [""; 0]);
        assert_eq!(of("PathBuf::from(id.to_string())", "/srv/pages"), [""; 0]);
    }
}
