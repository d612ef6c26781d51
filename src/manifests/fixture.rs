//! Trees with a service and its deployment files, for the tests of the readers.

use super::deployed::Deployed;
use super::{Code, draw, read};
use crate::discover::{DiscoverOptions, discover};
use crate::model::{Diagnostic, Fact, Item, Service};
use crate::source::MemoryTree;

/// What is drawn from the files of a tree.
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    pub(super) deployed: Deployed,
    pub(super) unevaluated: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Draws from files beside a package `shop` with one binary.
pub(super) fn drawn(files: &str) -> Found {
    drawn_with(MemoryTree::from_fixture(&format!(
        "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"1.0.0\"\n//- /src/main.rs\nfn main() {{}}\n{files}"
    )))
}

/// Draws from a tree in which `shop` is a service.
pub(super) fn drawn_with(tree: MemoryTree) -> Found {
    let discovery = discover(&tree, &DiscoverOptions::default());
    let service = Service { name: "shop".into(), package: "shop".into(), target: "src/main.rs".into(), crates: Vec::new() };
    let manifests = read(&tree, &discovery);
    let drawn = draw(&manifests, &tree, &[service], &Code::default());
    Found { items: drawn.items, deployed: drawn.deployed, unevaluated: manifests.unevaluated, diagnostics: manifests.diagnostics }
}

impl Found {
    /// Ids of the items, without their kind.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.items.iter().map(|item| item.id.as_str().trim_start_matches("deployment:")).collect()
    }

    pub(super) fn item(&self, id: &str) -> &Item {
        let found = self.items.iter().find(|item| item.id.as_str() == format!("deployment:{id}"));
        found.unwrap_or_else(|| panic!("no {id} in {:?}", self.ids()))
    }

    pub(super) fn summary(&self, id: &str) -> &str {
        &self.item(id).summary
    }

    pub(super) fn fact(&self, id: &str, key: &str) -> &Fact {
        let item = self.item(id);
        item.facts.iter().find(|fact| fact.key == key).unwrap_or_else(|| panic!("no {key} in {:?}", item.facts))
    }

    /// `value@file:line` of a fact.
    pub(super) fn told(&self, id: &str, key: &str) -> String {
        let fact = self.fact(id, key);
        let at = fact.at.as_ref().unwrap_or_else(|| panic!("{key} has no place"));
        format!("{}@{}:{}", fact.value.as_ref().map_or("?".to_owned(), ToString::to_string), at.file, at.line)
    }

    /// The same, and `environment=value@file:line` of what environments set.
    pub(super) fn varied(&self, id: &str, key: &str) -> Vec<String> {
        let mut out = vec![self.told(id, key)];
        out.extend(self.fact(id, key).set.iter().map(|set| {
            let value = set.value.as_ref().map_or("(hidden)".to_owned(), ToString::to_string);
            format!("{}={value}@{}:{}", set.environment.as_deref().unwrap_or("all"), set.at.file, set.at.line)
        }));
        out
    }
}
