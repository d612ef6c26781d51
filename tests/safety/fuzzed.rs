//! The fuzz targets over their seeds and over what the fuzzer found: they compile, and what was mended stays so.

use std::path::Path;

use super::contents;
use crate::fuzz_targets::{MANIFESTS, SETTINGS, TARGETS};
use crate::project::{fixture, repository};

/// Runs a target as the program runs its stages: on a thread with a stack of 16 MiB.
fn run(name: &str, data: Vec<u8>) {
    let (_, target) = TARGETS.into_iter().find(|(one, _)| *one == name).unwrap_or_else(|| panic!("no target `{name}`"));
    let run = move || target(&data);
    let ended = std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join();
    assert!(ended.is_ok(), "target `{name}`");
}

#[test]
fn what_the_fuzzer_found_stays_mended() {
    let found = contents(&repository().join("fuzz/regressions"));
    for (name, data) in found {
        let (target, _) = name.split_once('/').expect("a folder for each target");
        run(target, data);
    }
}

#[test]
fn every_target_takes_what_it_is_seeded_with() {
    let text = |path: &str| std::fs::read(fixture(path)).unwrap();
    run("source", text("storefront/crates/api/src/main.rs"));
    run("macros", b"($($n:ident),*) => { $(static $n: std::sync::Mutex<u8> = std::sync::Mutex::new(0);)* };\0A, B".to_vec());
    run("annotations", [text("storefront/statemap.toml"), b"owner = \"a\", on_loss = \"b\"".to_vec()].join(&0));
    let at = |list: &[&str], path: &str| list.iter().position(|one| *one == path).unwrap() as u8;
    run("manifests", [vec![at(&MANIFESTS, "docker-compose.yml")], text("manifests/docker-compose.yml")].concat());
    run(
        "settings",
        [vec![at(&SETTINGS, "config/base.toml")], b"[database]\nurl = \"postgres://db/x\"\nmax_connections = 7\n".to_vec()].concat(),
    );
    run("splice", b"\x01# A\n\n<!-- statemap:begin -->\nold\n<!-- statemap:end -->\n\nb\n".to_vec());
    run("pages", b"| <b> `x` {{#include y}}".to_vec());
    let map = statemap::render::json(&crate::project::map_of("modules"));
    run("merge", format!("{map}\0{map}").into_bytes());
}

#[test]
fn every_target_has_its_program() {
    let manifest = std::fs::read_to_string(repository().join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        assert!(Path::new(repository()).join(format!("fuzz/fuzz_targets/{name}.rs")).exists());
    }
}
