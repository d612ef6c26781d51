//! Which files become modules, and what the map says of the others.

use statemap::model::Severity;

use crate::project::{ids, map_of};

#[test]
fn modules_are_found_beside_below_and_by_path() {
    let map = map_of("modules");
    let ids = ids(&map);
    for id in [
        "static:modules::plain::IN_MOD_RS",
        "static:modules::plain::below::BELOW_MOD_RS",
        "static:modules::sibling::IN_SIBLING",
        "static:modules::sibling::child::IN_CHILD",
        "static:modules::renamed::BY_PATH",
        "static:modules::renamed::beside::BESIDE_PATH",
        "static:modules::inline::IN_PLACE",
        "static:modules::inline::nested::BELOW_INLINE",
        "static:modules::on_unix::ON_UNIX",
        "static:modules::extra::WITH_FEATURE",
    ] {
        assert!(ids.iter().any(|known| known == id), "no `{id}` in {ids:#?}");
    }
}

#[test]
fn an_included_file_belongs_to_the_module_that_includes_it() {
    let map = map_of("modules");
    let item = crate::project::item(&map, "static:modules::INCLUDED");
    assert_eq!(item.sites[0].place.file, "src/generated/table.in");
}

#[test]
fn bodies_of_macros_are_looked_into() {
    let map = map_of("modules");
    let ids = ids(&map);
    let has = |id: &str| ids.iter().any(|known| known == id);
    assert!(has("static:modules::IN_MACRO"), "lazy_static!: {ids:#?}");
    assert!(has("static:modules::ELSEWHERE"), "cfg_if!: {ids:#?}");
    assert!(has("fs-write:modules::main#/tmp/in-select"), "select!: {ids:#?}");
    assert!(has("fs-write:modules::main#/tmp/in-println"), "println!: {ids:#?}");
    assert!(has("static:modules::BY_OWN_MACRO"), "a macro of the same file: {ids:#?}");
    assert!(has("static:modules::plain::below::BY_MACRO_OF_ANOTHER_FILE"), "{ids:#?}");
    assert!(!ids.iter().any(|id| id.contains("BY_ONE_OF_TWO")), "{ids:#?}");
    assert_eq!(map.coverage.macros_unread, 0);
}

#[test]
fn a_mod_without_its_file_is_told_with_the_places_that_were_tried() {
    let map = map_of("modules");
    let missing: Vec<_> = map.diagnostics.iter().filter(|diagnostic| diagnostic.code == "missing-module").collect();
    assert_eq!(missing.len(), 1, "{:#?}", map.diagnostics);
    assert_eq!((missing[0].file.as_deref(), missing[0].line, missing[0].severity), (Some("src/main.rs"), Some(17), Severity::Warning));
    assert!(missing[0].message.contains("`src/missing.rs`, `src/missing/mod.rs`"), "{}", missing[0].message);
}

#[test]
fn files_that_no_target_reaches_are_orphans_and_not_on_the_map() {
    let map = map_of("modules");
    assert!(!ids(&map).iter().any(|id| id.contains("IN_ORPHAN") || id.contains("FOR_TESTS")));
    assert_eq!(map.coverage.orphans, ["src/orphan.rs"]);
    assert_eq!(map.coverage.left_out, 2, "a file behind `#[cfg(test)] mod`, and what lies below it");
}
