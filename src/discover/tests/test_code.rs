//! Facts about what is left out.

use super::*;

const SHOP: &str = r#"
    //- /Cargo.toml
    [package]
    name = "shop"
    edition = "2021"
    [dependencies]
    support = { path = "tests/support" }
    //- /src/main.rs
    //- /src/tests/mod.rs
    //- /tests/support/Cargo.toml
    package.name = "support"
    //- /tests/support/src/lib.rs
    //- /tests/crates/broken/Cargo.toml
    [package
    //- /tests/crates/broken/src/main.rs
    //- /examples/demo/Cargo.toml
    package.name = "demo"
    //- /examples/demo/src/main.rs
    //- /examples/demo/compose.yaml
    //- /compose.yaml
    //- /fuzz/Cargo.toml
    [package]
    name = "shop-fuzz"
    [package.metadata]
    cargo-fuzz = true
    [[bin]]
    name = "parse"
    path = "fuzz_targets/parse.rs"
    //- /fuzz/fuzz_targets/parse.rs
    "#;

#[test]
fn is_left_out_with_its_packages_unless_something_links_them() {
    let found = found(SHOP);
    assert_eq!(names(&found), ["shop", "support"]);
    assert_eq!(files(&found), ["src/main.rs", "src/tests/mod.rs", "tests/support/src/lib.rs"]);
    assert_eq!(found.left_out, ["examples/demo/src/main.rs", "fuzz/fuzz_targets/parse.rs", "tests/crates/broken/src/main.rs"]);
    assert_eq!(found.others.len(), 1, "settings of an example are not those of the service");
    assert_eq!(codes(&found), ["packages-left-out"], "the broken fixture of a test is not complained about");
    assert_eq!(found.diagnostics[0].message, "3 packages under `tests`, `benches` or `examples` were left out");
}

#[test]
fn comes_in_when_asked_for() {
    assert_eq!(names(&found_with(SHOP, "examples")), ["shop", "demo", "support"]);
    assert_eq!(names(&found_with(SHOP, "tests")), ["shop", "shop-fuzz", "broken", "support"]);
}

#[test]
fn alone_is_analysed_all_the_same() {
    let found = found("//- /examples/a/Cargo.toml\npackage.name = \"a\"\n//- /examples/a/src/main.rs\n");
    assert_eq!(service_lines(&found), ["a: "]);
    assert_eq!(codes(&found), ["only-tests"]);
}
