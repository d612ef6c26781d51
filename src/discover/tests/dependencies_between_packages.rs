//! Facts about dependencies within the tree.

use super::*;

#[test]
fn in_a_circle_do_no_harm() {
    let found = found(
        r#"
        //- /a/Cargo.toml
        [package]
        name = "a"
        [dependencies]
        b = { path = "../b" }
        //- /a/src/lib.rs
        //- /b/Cargo.toml
        [package]
        name = "b"
        [dependencies]
        a = { path = "../a" }
        b = { path = "." }
        //- /b/src/lib.rs
        "#,
    );
    assert_eq!(service_lines(&found), ["a: a b", "b: a b"]);
}

#[test]
fn follow_patches_and_library_names() {
    let found = found(
        r#"
        //- /Cargo.toml
        [workspace]
        members = ["api", "fork"]
        [patch.crates-io]
        tonic = { path = "fork" }
        //- /api/Cargo.toml
        [package]
        name = "api"
        edition = "2021"
        [dependencies]
        tonic = "0.12"
        //- /api/src/main.rs
        //- /fork/Cargo.toml
        [package]
        name = "tonic"
        edition = "2021"
        [lib]
        name = "tonic_fork"
        //- /fork/src/lib.rs
        "#,
    );
    assert_eq!(found.packages[dependency(&found, "api", "tonic_fork").workspace_member.expect("patched")].dir, "fork");
    assert_eq!(service_lines(&found), ["api: tonic_fork"]);
}

#[test]
fn that_only_tests_or_the_compiler_need_are_not_linked() {
    let found = found(
        r#"
        //- /Cargo.toml
        [workspace]
        members = ["*"]
        //- /api/Cargo.toml
        [package]
        name = "api"
        edition = "2021"
        [dependencies]
        core = { path = "../core" }
        derive = { path = "../derive" }
        fakes = { path = "../fakes", optional = true }
        redis-cache = { path = "../redis-cache", optional = true }
        [dev-dependencies]
        fixtures = { path = "../fixtures" }
        [build-dependencies]
        codegen = { path = "../codegen" }
        [features]
        testing = ["dep:fakes"]
        cache = ["dep:redis-cache"]
        //- /api/src/main.rs
        //- /core/Cargo.toml
        package.name = "core"
        //- /core/src/lib.rs
        //- /derive/Cargo.toml
        package.name = "derive"
        lib.proc-macro = true
        dependencies.syntax = { path = "../syntax" }
        //- /derive/src/lib.rs
        //- /syntax/Cargo.toml
        package.name = "syntax"
        //- /syntax/src/lib.rs
        //- /fakes/Cargo.toml
        package.name = "fakes"
        //- /fakes/src/lib.rs
        //- /fixtures/Cargo.toml
        package.name = "fixtures"
        //- /fixtures/src/lib.rs
        //- /codegen/Cargo.toml
        package.name = "codegen"
        //- /codegen/src/lib.rs
        //- /redis-cache/Cargo.toml
        package.name = "redis-cache"
        //- /redis-cache/src/lib.rs
        "#,
    );
    assert_eq!(service_lines(&found), ["api: core redis_cache"]);
    assert_eq!(dependency(&found, "api", "fakes").enabled_by, ["testing"]);
}

#[test]
fn without_a_manifest_are_told() {
    let found = found("//- /Cargo.toml\n[package]\nname = \"a\"\n[dependencies]\nb = { path = \"b\" }\n//- /src/main.rs\n");
    assert_eq!(codes(&found), ["missing-dependency"]);
    assert_eq!(found.diagnostics[0].line, Some(4));
}
