//! Trees of commits: the map of one is the map of its clean checkout, to the byte, and nothing leads out of it.

use std::path::Path;

use gix::objs::tree::{Entry, EntryKind};
use statemap::source::git::Repository;
use statemap::source::{DirTree, ReadError, Revision, Tree};
use statemap::{Options, render};

use crate::project::git::History;
use crate::project::{Project, fixture};

pub(super) fn options() -> Options {
    Options {
        include: statemap::discover::Include::default(),
        threads: Some(2),
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    }
}

/// The map of a folder as it lies there, and of the same folder as it is committed.
fn both(root: &Path) -> (String, String) {
    let repository = Repository::find(root).unwrap();
    let commit = repository.commit("HEAD").unwrap();
    let revision: Revision = repository.revision(&commit);
    let of = |tree: &dyn Tree| render::json(&statemap::analyze(tree, &revision, &options()).unwrap().map);
    (of(&DirTree::open(root).unwrap()), of(&repository.tree(&commit).unwrap().unwrap()))
}

#[track_caller]
fn assert_same(root: &Path) {
    let (dir, git) = both(root);
    let differing = dir.lines().zip(git.lines()).find(|(a, b)| a != b);
    assert!(dir == git, "{}: {differing:?}", root.display());
}

#[test]
fn the_map_of_a_commit_is_the_map_of_its_checkout() {
    for name in ["storefront", "storefront-fixed", "modules", "manifests", "settings", "routers", "workspaces"] {
        let project = Project::copy_of(&fixture(name));
        History::of(&project).commit(project.root());
        assert_same(project.root());
    }
}

#[test]
fn a_folder_of_a_repository_is_a_tree_of_its_own() {
    let project = Project::empty();
    let shop = Project::copy_of(&fixture("storefront"));
    std::fs::create_dir(project.path("services")).unwrap();
    std::fs::rename(shop.root(), project.path("services/shop")).unwrap();
    std::fs::create_dir(shop.root()).unwrap();
    project.write("Cargo.toml", "[workspace]\nmembers = [\"other\"]\n");
    project.write(".gitignore", "config/\n");
    let history = History::of(&project);
    history.commit(project.root());
    let (dir, git) = both(&project.path("services/shop"));
    assert_eq!(dir, git);
    assert!(git.contains("\"file\": \"crates/core/src/db.rs\""), "places are told as seen from the folder");
    assert!(git.contains("config/base.toml"), "rules above the analysed folder do not count");
}

#[cfg(unix)]
#[test]
fn links_lead_where_they_lead_in_a_checkout() {
    use std::os::unix::fs::symlink;

    let project = Project::empty();
    project.write("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n");
    project.write("a/Cargo.toml", crate::project::MANIFEST);
    project.write("a/src/main.rs", "mod db;\nmod twice;\n#[path = \"../../shared/mod.rs\"]\nmod shared;\nfn main() {}\n");
    project.write("a/src/db.rs", "pub static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);\n");
    project.write("shared/mod.rs", "pub static SHARED: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\n");
    project.write("b/src/lib.rs", "");
    project.write("b/Cargo.toml", crate::project::MANIFEST.replace("shop", "b"));
    let link = |target: &str, at: &str| symlink(target, project.path(at)).unwrap();
    link("db.rs", "a/src/twice.rs");
    link("../../shared", "a/src/folder");
    link("folder/../a/./src/db.rs", "a/src/winding.rs");
    link("loop.rs", "a/src/loop.rs");
    link("nothing.rs", "a/src/broken.rs");
    link("../Cargo.toml", "b/link.toml");
    History::of(&project).commit(project.root());
    assert_same(project.root());
    assert_same(&project.path("a"));
    let repository = Repository::find(project.root()).unwrap();
    let tree = repository.tree(&repository.commit("HEAD").unwrap()).unwrap().unwrap();
    assert_eq!(tree.read("a/src/folder/mod.rs").unwrap(), project.read("shared/mod.rs"));
    assert_eq!(tree.read("a/src/winding.rs").unwrap(), project.read("a/src/db.rs"));
}

#[test]
fn nothing_of_a_hostile_tree_leads_out_of_it() {
    let project = Project::shop("fn main() {}\n");
    let history = History::of(&project);
    let entry = |mode: EntryKind, name: &str, oid| Entry { mode: mode.into(), filename: name.into(), oid };
    let secret = history.blob("/etc/passwd");
    let up = history.blob("../../../../../../../../etc/passwd");
    let below = history.tree_of(vec![entry(EntryKind::Link, "main.rs", up)]);
    let file = history.blob("static X: u8 = 0;");
    let tree = history.tree_of(vec![
        entry(EntryKind::Link, "absolute.rs", secret),
        entry(EntryKind::Link, "up.rs", up),
        entry(EntryKind::Blob, "..", file),
        entry(EntryKind::Blob, "a/../../b.rs", file),
        entry(EntryKind::Tree, "src", below),
        entry(EntryKind::Tree, ".git", below),
        entry(EntryKind::Commit, "module", file),
    ]);
    history.commit_to("refs/heads/main", tree, Vec::new());
    let repository = Repository::find(project.root()).unwrap();
    let tree = repository.tree(&repository.commit("main").unwrap()).unwrap().unwrap();
    for path in ["absolute.rs", "up.rs", "src/main.rs", "../x", "/etc/passwd"] {
        assert_eq!(tree.read(path), Err(ReadError::Outside), "{path}");
    }
    assert_eq!(tree.read("module"), Err(ReadError::NotAFile));
    assert_eq!(tree.read("module/lib.rs"), Err(ReadError::Missing));
    let listing = tree.files();
    assert!(listing.files.is_empty(), "{:?}", listing.files);
    assert_eq!(tree.submodules(), ["module"]);
}

#[test]
fn a_few_objects_that_spell_endless_folders_are_bounded() {
    let project = Project::shop("fn main() {}\n");
    let history = History::of(&project);
    let file = history.blob("fn main() {}");
    let mut tree = history.tree_of(vec![Entry { mode: EntryKind::Blob.into(), filename: "main.rs".into(), oid: file }]);
    for _ in 0..10 {
        let entries = ('a'..='j').map(|name| Entry { mode: EntryKind::Tree.into(), filename: name.to_string().into(), oid: tree });
        tree = history.tree_of(entries.collect());
    }
    history.commit_to("refs/heads/main", tree, Vec::new());
    let repository = Repository::find(project.root()).unwrap();
    let tree = repository.tree(&repository.commit("main").unwrap()).unwrap().unwrap();
    let listing = tree.files();
    assert!(listing.unreadable, "it is told that not everything was read");
    assert!(listing.files.len() < 500_000 && listing.diagnostics.len() < 1_000, "{} files", listing.files.len());
}

#[test]
fn a_bare_repository_and_a_second_worktree_are_read_alike() {
    let project = Project::copy_of(&fixture("modules"));
    let history = History::of(&project);
    let head = history.commit(project.root());
    let (checkout, _) = both(project.root());

    let bare = Project::empty();
    let bare_history = History::at(&bare.path("shop.git"), gix::create::Kind::Bare);
    let commit = bare_history.commit(project.root());
    assert_eq!(commit, head, "the same content has the same name");
    let repository = Repository::find(&bare.path("shop.git")).unwrap();
    assert!(repository.is_bare());
    let found = repository.commit("main").unwrap();
    let tree = repository.tree(&found).unwrap().unwrap();
    assert_eq!(tree.label(), "shop");
    let of = |tree: &dyn Tree, revision| render::json(&statemap::analyze(tree, &revision, &options()).unwrap().map);
    let with_remote = Repository::find(project.root()).unwrap().revision(&found);
    assert_eq!(of(&tree, with_remote), checkout);

    // A worktree names the folder of its own state, which names the repository.
    let second = Project::copy_of(&fixture("modules"));
    let state = project.path(".git/worktrees/second");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("HEAD"), format!("{head}\n")).unwrap();
    std::fs::write(state.join("commondir"), "../..\n").unwrap();
    std::fs::write(state.join("gitdir"), format!("{}\n", second.path(".git").display())).unwrap();
    second.write(".git", format!("gitdir: {}\n", state.display()));
    let repository = Repository::find(second.root()).unwrap();
    let found = repository.commit("HEAD").unwrap();
    assert_eq!(found.id, head);
    let tree = repository.tree(&found).unwrap().unwrap();
    assert_eq!(of(&tree, repository.revision(&found)), checkout);
}
