//! Input that nobody would write: cut files, missing lines, odd bytes. The analysis ends, says so, and never panics.

use statemap::Options;
use statemap::model::StateMap;
use statemap::source::{MemoryTree, Revision};

use crate::project::{MANIFEST, fixture};

const FILES: &[&str] = &[
    "detectors/statics/src/main.rs",
    "detectors/constructors/src/database.rs",
    "detectors/tasks/src/main.rs",
    "detectors/env_reads/src/main.rs",
    "detectors/conditions/src/main.rs",
    "modules/src/main.rs",
];

fn map(manifest: &str, main: &str) -> StateMap {
    let tree = MemoryTree::default().with_file("Cargo.toml", manifest).with_file("src/main.rs", main);
    let options = Options {
        include: statemap::discover::Include::default(),
        threads: Some(1),
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    };
    statemap::analyze(&tree, &Revision::default(), &options).unwrap().map
}

/// Places of the map lie within the text.
#[track_caller]
fn check_places(map: &StateMap, text: &str) {
    let lines = text.lines().count().max(1);
    for item in &map.items {
        assert!(item.sites.iter().all(|site| (1..=lines).contains(&(site.place.line as usize))), "{item:#?}");
    }
}

#[test]
fn a_file_cut_anywhere_is_no_panic() {
    for file in FILES {
        let text = std::fs::read_to_string(fixture(file)).unwrap();
        for end in (0..text.len()).step_by(37).filter(|end| text.is_char_boundary(*end)) {
            check_places(&map(MANIFEST, &text[..end]), &text[..end]);
        }
    }
}

#[test]
fn a_file_without_any_one_of_its_lines_is_no_panic() {
    for file in FILES {
        let text = std::fs::read_to_string(fixture(file)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for left_out in 0..lines.len() {
            let rest = [&lines[..left_out], &lines[left_out + 1..]].concat().join("\n");
            check_places(&map(MANIFEST, &rest), &rest);
        }
    }
}

#[test]
fn a_manifest_cut_anywhere_is_no_panic() {
    let manifest = std::fs::read_to_string(fixture("storefront/Cargo.toml")).unwrap();
    for end in (0..manifest.len()).step_by(23).filter(|end| manifest.is_char_boundary(*end)) {
        map(&manifest[..end], "static HITS: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\nfn main() {}\n");
    }
}

#[test]
fn odd_line_ends_and_a_byte_order_mark_keep_lines_right() {
    let text = "\u{feff}//! A shop.\r\n\r\nstatic HITS: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\r\nfn main() {}\r\n";
    let map = map(MANIFEST, text);
    assert_eq!(map.items.len(), 1, "{:#?}", map.diagnostics);
    assert_eq!((map.items[0].sites[0].place.line, map.items[0].sites[0].place.column), (3, 8));
}

#[test]
fn columns_are_counted_in_characters() {
    let map = map(MANIFEST, "/* \u{e4}\u{1f980} */ static HITS: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\nfn main() {}\n");
    assert_eq!((map.items[0].sites[0].place.line, map.items[0].sites[0].place.column), (1, 17));
}

#[test]
fn an_empty_main_is_a_service_without_state() {
    let map = map(MANIFEST, "");
    assert_eq!((map.items.len(), map.services.len()), (0, 1));
}

#[test]
fn modules_that_all_import_from_one_another_are_resolved() {
    let all = 0..40;
    let module = |at: usize| {
        let others = all.clone().filter(|other| *other != at);
        let imports: String = others.map(|other| format!("pub use crate::m{other}::*; use crate::m{other}::Nowhere; ")).collect();
        format!("pub mod m{at} {{ {imports} pub fn bump{at}() {{ *HITS.lock().unwrap() += 1; Nowhere::new(); nothing(); }} }}\n")
    };
    let text: String = all.clone().map(module).collect();
    let text = format!("{text}pub mod last {{ pub static HITS: std::sync::Mutex<u8> = std::sync::Mutex::new(0); }}\n")
        .replace("pub mod m39 { ", "pub mod m39 { pub use crate::last::*; ")
        + "fn main() { m0::bump39(); m1::bump0(); }\n";
    let map = map(MANIFEST, &text);
    let hits = crate::project::item(&map, "static:shop::last::HITS");
    assert!(hits.uses.iter().any(|used| used.function == "shop::m0::bump0"), "{hits:#?}");
}

#[test]
fn variables_that_name_one_another_twice_are_not_followed_for_ever() {
    let doubled: String = (1..64).map(|at| format!("let v{at} = both(v{0}, v{0});\n", at - 1)).collect();
    let text = format!(
        "fn both(a: u8, b: u8) -> u8 {{ a + b }}\nfn main() {{\nlet v0 = 1;\n{doubled}std::fs::write(format!(\"/tmp/{{}}\", v63), \"\").unwrap();\n}}\n"
    );
    assert!(map(MANIFEST, &text).items.iter().any(|item| item.kind == statemap::model::Kind::FsWrite));
}
