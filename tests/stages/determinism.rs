//! The same tree gives the same bytes: whatever the number of threads, wherever it lies.

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::{Project, fixture, statemap};

/// All that `gen` writes about a tree with so many threads, by file.
fn everything(root: &Path, threads: &str) -> BTreeMap<String, Vec<u8>> {
    let out = Project::empty();
    let mut all = BTreeMap::new();
    for (format, name) in [("json", "map.json"), ("markdown", "page.md"), ("mdbook", "book")] {
        let target = out.path(name);
        let mut command = statemap();
        command.args(["gen", "--quiet", "--threads", threads, "--format", format, "-o"]).arg(&target).arg(root);
        command.assert().success();
        gather(&target, name, &mut all);
    }
    all
}

fn gather(path: &Path, name: &str, all: &mut BTreeMap<String, Vec<u8>>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            gather(&entry.path(), &format!("{name}/{}", entry.file_name().to_str().unwrap()), all);
        }
    } else {
        all.insert(name.to_owned(), std::fs::read(path).unwrap());
    }
}

#[track_caller]
fn check_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    assert!(one.len() > 5, "{:?}", one.keys());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in one {
        assert_eq!(String::from_utf8_lossy(bytes), String::from_utf8_lossy(&other[name]), "{name}");
    }
}

#[test]
fn one_thread_and_eight_give_the_same_bytes() {
    let root = fixture("storefront");
    check_same(&everything(&root, "1"), &everything(&root, "8"));
}

#[test]
fn a_copy_of_the_tree_elsewhere_gives_the_same_bytes() {
    let (here, there) = (Project::copy_of(&fixture("storefront")), Project::copy_of(&fixture("storefront")));
    check_same(&everything(here.root(), "2"), &everything(there.root(), "2"));
}

#[test]
fn a_value_that_several_structs_share_is_named_after_the_first() {
    let shop = Project::shop(
        "use std::sync::Arc;\nuse tokio::sync::Semaphore;\nstruct Inner { first: Arc<Semaphore> }\nstruct Outer { second: Arc<Semaphore>, inner: Inner }\nstatic OUTER: std::sync::OnceLock<Outer> = std::sync::OnceLock::new();\nfn main() {\n    let gate = Arc::new(Semaphore::new(5));\n    let inner = Inner { first: Arc::clone(&gate) };\n    OUTER.set(Outer { second: gate, inner });\n}\n",
    );
    let map = shop.map();
    assert!(map.items.iter().any(|item| item.name == "Inner.first"), "{:#?}", map.items);
}
