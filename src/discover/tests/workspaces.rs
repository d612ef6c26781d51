//! Facts about workspaces and what they give to their members.

use super::*;

const SHOP: &str = r#"
    //- /Cargo.toml
    [workspace]
    members = ["crates/*", "tools/cli"]
    exclude = ["crates/old"]
    default-members = ["crates/api"]
    [workspace.package]
    version = "0.6.0"
    edition = "2024"
    [workspace.dependencies]
    store = { path = "crates/store", package = "shop-store" }
    web = { package = "axum", version = "0.8" }
    serde = "1"
    //- /crates/api/Cargo.toml
    [package]
    name = "api"
    version.workspace = true
    edition = { workspace = true }
    [dependencies]
    store = { workspace = true, optional = true }
    web = { workspace = true, features = ["ws"] }
    fast-json = { package = "simd-json", version = "0.15" }
    [target.'cfg(unix)'.dependencies]
    nix = "0.30"
    [dev_dependencies]
    serde.workspace = true
    [build-dependencies]
    cc = "1"
    //- /crates/api/src/main.rs
    //- /crates/store/Cargo.toml
    [package]
    name = "shop-store"
    edition.workspace = true
    //- /crates/store/src/lib.rs
    //- /crates/old/Cargo.toml
    [package]
    name = "old"
    //- /crates/old/src/main.rs
    //- /tools/cli/Cargo.toml
    [package]
    name = "cli"
    [dependencies]
    shared = { path = "../shared" }
    //- /tools/cli/src/main.rs
    //- /tools/shared/Cargo.toml
    [package]
    name = "shared-things"
    [lib]
    name = "shared"
    //- /tools/shared/src/lib.rs
    //- /tools/loose/Cargo.toml
    [package]
    name = "loose"
    //- /tools/loose/src/main.rs
    "#;

#[test]
fn hold_what_members_list_and_what_those_need_by_path() {
    let found = found(SHOP);
    let members: Vec<&str> =
        found.packages.iter().filter(|package| package.workspace.is_some()).map(|package| package.name.as_str()).collect();
    assert_eq!(members, ["api", "shop-store", "cli", "shared-things"]);
    assert_eq!(names(&found), ["api", "old", "shop-store", "cli", "loose", "shared-things"], "what is no member is a package all the same");
    assert_eq!(codes(&found), [""; 0]);
}

#[test]
fn give_versions_and_editions_to_their_members() {
    let found = found(SHOP);
    let api = package(&found, "api");
    assert_eq!((api.version.as_str(), api.edition.as_str()), ("0.6.0", "2024"));
    assert_eq!((package(&found, "old").version.as_str(), package(&found, "old").edition.as_str()), ("0.0.0", "2015"));
}

#[test]
fn give_dependencies_with_their_other_names() {
    let found = found(SHOP);
    let web = dependency(&found, "api", "web");
    assert_eq!((web.package.as_str(), web.requirement.as_deref()), ("axum", Some("0.8")));
    let store = dependency(&found, "api", "store");
    assert_eq!((store.package.as_str(), store.path.as_deref(), store.optional), ("shop-store", Some("crates/store"), true));
    assert_eq!(found.packages[store.workspace_member.expect("it is in the tree")].name, "shop-store");
    assert_eq!(dependency(&found, "api", "fast_json").package, "simd-json");
    assert_eq!(dependency(&found, "api", "nix").target.as_deref(), Some("cfg(unix)"));
    assert_eq!(dependency(&found, "api", "serde").kind, DependencyKind::Dev);
    assert_eq!(dependency(&found, "api", "cc").kind, DependencyKind::Build);
}

#[test]
fn name_default_members_which_hide_nothing() {
    let found = found(SHOP);
    let default: Vec<&str> = found.packages.iter().filter(|package| package.default_member).map(|package| package.name.as_str()).collect();
    assert_eq!(default, ["api", "old", "loose"], "a package of its own is its own default");
    assert_eq!(service_lines(&found), ["api: shop_store", "cli: shared", "loose: ", "old: "]);
}

#[test]
fn may_be_several_in_one_repository_and_reach_upwards() {
    let found = found(
        r#"
        //- /a/Cargo.toml
        [workspace]
        members = ["../b/sub"]
        [package]
        name = "a"
        edition = "2021"
        //- /a/src/main.rs
        //- /b/sub/Cargo.toml
        [package]
        name = "b"
        workspace = "../../a"
        edition = "2021"
        //- /b/sub/src/lib.rs
        //- /c/Cargo.toml
        [workspace]
        [package]
        name = "c"
        edition = "2021"
        //- /c/src/main.rs
        //- /d/Cargo.toml
        [package]
        name = "d"
        workspace = "../a"
        edition = "2021"
        //- /d/src/lib.rs
        "#,
    );
    let roots: Vec<Option<&str>> = found.packages.iter().map(|package| package.workspace.as_deref()).collect();
    assert_eq!(roots, [Some("a/Cargo.toml"), Some("a/Cargo.toml"), Some("c/Cargo.toml"), Some("a/Cargo.toml")]);
}

#[test]
fn tell_members_that_are_not_there() {
    let found = found(
        r#"
        //- /Cargo.toml
        [workspace]
        members = ["api", "gone", "none/*", "../elsewhere", "vendor/fork"]
        //- /api/Cargo.toml
        [package]
        name = "api"
        edition = "2021"
        //- /api/src/main.rs
        //- /vendor/fork/Cargo.toml
        [package]
        name = "fork"
        //- /vendor/fork/src/lib.rs
        "#,
    );
    let told: Vec<(&str, Option<u32>)> =
        found.diagnostics.iter().map(|diagnostic| (diagnostic.message.as_str(), diagnostic.line)).collect();
    assert_eq!(
        told,
        [
            ("workspace member `vendor/fork` was left out as vendored code", Some(2)),
            ("workspace member `../elsewhere` lies outside the analysed tree", Some(2)),
            ("workspace member `gone` has no manifest at `gone/Cargo.toml`", Some(2)),
        ]
    );
}

#[test]
fn above_the_tree_are_told_once_and_the_rest_goes_on() {
    let found = found(
        r#"
        //- /Cargo.toml
        [package]
        name = "api"
        edition.workspace = true
        version.workspace = true
        [dependencies]
        axum.workspace = true
        store = { path = "../store" }
        cache = { path = "../cache" }
        //- /src/main.rs
        "#,
    );
    assert_eq!(codes(&found), ["no-workspace", "path-outside"]);
    assert_eq!(found.packages[0].edition, "2021");
    assert_eq!(dependency(&found, "api", "axum").requirement, None);
    assert_eq!(found.diagnostics[1].message, "path dependencies outside the analysed tree were not read: `cache`, `store`");
}
