//! For any edit, what is found with the cache is what is found without it.

use statemap::cache::{Cache, Program};
use statemap::discover::Include;
use statemap::progress::Silent;
use statemap::source::{DirTree, Revision};
use statemap::{Options, analyze, analyze_kept, render};

use super::edit::Editor;
use crate::project::{Project, fixture};

/// So many edits one after the other; `cargo bench --bench warm` makes as many as are asked for, on any tree.
const EDITS: usize = 24;

#[test]
fn after_any_edit_the_map_is_that_of_a_run_without_the_cache() {
    let home = tempfile::tempdir().unwrap();
    let options = Options { include: Include::default(), threads: Some(2), today: jiff::civil::date(2026, 1, 15), what_if: Vec::new() };
    let project = Project::copy_of(&fixture("storefront"));
    let mut editor = Editor::new(project.root(), 7);
    let mut last = "nothing".to_owned();
    let mut ways = Vec::new();
    for _ in 0..EDITS {
        let cache = Cache::new(&home.path().join("statemap"), Program::named("edits"));
        let tree = DirTree::open(project.root()).unwrap();
        let cold = analyze(&tree, &Revision::default(), &options).unwrap();
        let warm = analyze_kept(&tree, &Revision::default(), &options, &Silent, &cache.of(tree.root(), &options)).unwrap();
        ways.extend(cache.told());
        drop(cache);
        assert_eq!(render::json(&warm.map), render::json(&cold.map), "{last}");
        assert!(warm.map == cold.map, "{last}: a part that JSON does not show");
        assert_eq!((warm.unreadable, warm.bad_config, warm.no_rust), (cold.unreadable, cold.bad_config, cold.no_rust), "{last}");
        assert_eq!(format!("{:?}", warm.config), format!("{:?}", cold.config), "{last}");
        last = editor.edit();
    }
    // Else the edits prove little.
    let went = |how: &str| ways.iter().filter(|way| way.contains(how)).count();
    assert!(went("nothing but lines has changed") >= 3 && went("is not what it was") >= 3, "{ways:#?}");
}
