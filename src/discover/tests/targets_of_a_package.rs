//! Facts about targets.

use super::*;

#[test]
fn are_found_where_cargo_looks_for_them() {
    let found = found(
        r#"
        //- /Cargo.toml
        [package]
        name = "web-shop"
        version = "1.2.0"
        edition = "2021"
        //- /build.rs
        //- /src/lib.rs
        //- /src/main.rs
        //- /src/bin/import.rs
        //- /src/bin/export/main.rs
        //- /src/bin/export/rows.rs
        //- /src/bin/.#draft.rs
        //- /src/cart.rs
        //- /tests/it.rs
        //- /tests/common/mod.rs
        //- /benches/load.rs
        //- /examples/demo/main.rs
        "#,
    );
    assert_eq!(
        targets(&found),
        ["Lib web_shop src/lib.rs", "Bin export src/bin/export/main.rs", "Bin import src/bin/import.rs", "Bin web-shop src/main.rs"]
    );
    assert_eq!(found.left_out, ["benches/load.rs", "build.rs", "examples/demo/main.rs", "tests/common/mod.rs", "tests/it.rs"]);
    assert_eq!(found.packages[0].bins[2].crate_name, "web_shop");
    assert_eq!((found.packages[0].version.as_str(), found.packages[0].edition.as_str()), ("1.2.0", "2021"));
    assert_eq!(codes(&found), [""; 0]);
}

const ALL_KINDS: &str = r#"
    //- /Cargo.toml
    [package]
    name = "shop"
    edition = "2021"
    //- /build.rs
    //- /src/main.rs
    //- /tests/it.rs
    //- /benches/load.rs
    //- /examples/demo.rs
    "#;

#[test]
fn come_in_only_when_asked_for() {
    assert_eq!(targets(&found_with(ALL_KINDS, "tests")), ["Bin shop src/main.rs", "Test it tests/it.rs"]);
    assert_eq!(targets(&found_with(ALL_KINDS, "build-scripts")), ["Bin shop src/main.rs", "BuildScript build-script build.rs"]);
    let all = found_with(ALL_KINDS, "tests,benches,examples,build-scripts");
    assert_eq!((all.files.len(), all.left_out.len()), (5, 0));
    assert_eq!(service_lines(&all), ["shop: "], "an example is no service");
}

#[test]
fn may_lie_anywhere_when_the_manifest_says_so() {
    let found = found(
        r#"
        //- /Cargo.toml
        [package]
        name = "shop"
        edition = "2021"
        build = "ci/gen/main.rs"
        [lib]
        name = "core_of_shop"
        path = "core/root.rs"
        [[bin]]
        name = "api"
        path = "cmd/api.rs"
        required-features = ["http"]
        [[bin]]
        name = "worker"
        [features]
        http = []
        //- /core/root.rs
        //- /cmd/api.rs
        //- /src/bin/worker.rs
        //- /src/main.rs
        //- /ci/gen/main.rs
        //- /ci/gen/tables.rs
        "#,
    );
    assert_eq!(
        targets(&found),
        ["Lib core_of_shop core/root.rs", "Bin api cmd/api.rs", "Bin shop src/main.rs", "Bin worker src/bin/worker.rs"]
    );
    assert_eq!(found.packages[0].bins[0].required_features, ["http"]);
    assert_eq!(found.left_out, ["ci/gen/main.rs", "ci/gen/tables.rs"]);
}

#[test]
fn are_not_listed_twice_under_two_names() {
    let found = found(
        r#"
        //- /Cargo.toml
        [package]
        name = "shop"
        edition = "2021"
        [[bin]]
        name = "server"
        path = "./src/main.rs"
        //- /src/main.rs
        "#,
    );
    assert_eq!(targets(&found), ["Bin server src/main.rs"]);
}

#[test]
fn are_not_searched_for_when_switched_off() {
    let fixture = |lines: &str| {
        format!("//- /Cargo.toml\n[package]\nname = \"shop\"\n{lines}\n//- /src/main.rs\n//- /src/bin/extra.rs\n//- /src/bin/listed.rs\n")
    };
    let listed = "[[bin]]\nname = \"listed\"";
    assert_eq!(targets(&found(&fixture(&format!("edition = \"2021\"\nautobins = false\n{listed}")))), ["Bin listed src/bin/listed.rs"]);
    // Edition 2015, the default, does not search once there is a list.
    assert_eq!(targets(&found(&fixture(listed))), ["Bin listed src/bin/listed.rs"]);
    assert_eq!(targets(&found(&fixture(&format!("edition = \"2018\"\n{listed}")))).len(), 3);
}

#[test]
fn of_edition_2015_may_have_their_root_in_main() {
    let found = found("//- /Cargo.toml\n[project]\nname = \"old\"\n[[bin]]\nname = \"daemon\"\n//- /src/main.rs\n");
    assert_eq!(targets(&found), ["Bin daemon src/main.rs"]);
}

#[test]
fn of_macros_are_known_by_any_spelling() {
    for spelling in ["proc-macro = true", "proc_macro = true", "crate-type = [\"proc-macro\"]", "crate_type = [\"proc-macro\"]"] {
        let found = found(&format!("//- /Cargo.toml\n[package]\nname = \"m\"\n[lib]\n{spelling}\n//- /src/lib.rs\n"));
        assert_eq!(targets(&found), ["ProcMacro m src/lib.rs"], "{spelling}");
    }
}

#[test]
fn without_their_file_are_told_with_the_line() {
    let found = found(
        r#"
        //- /Cargo.toml
        [package]
        name = "shop"
        edition = "2021"
        [[bin]]
        name = "api"
        path = "src/api.rs"
        [[bench]]
        name = "not-shipped"
        //- /src/lib.rs
        "#,
    );
    assert_eq!(codes(&found), ["library-only", "missing-target"]);
    let missing = &found.diagnostics[1];
    assert_eq!((missing.file.as_deref(), missing.line), (Some("Cargo.toml"), Some(6)));
    assert_eq!(missing.message, "the root file `src/api.rs` of `api` is not there");
}

#[test]
fn rooted_among_the_tests_are_tests() {
    let found = found(
        r#"
        //- /Cargo.toml
        [package]
        name = "shop"
        edition = "2021"
        [[bin]]
        name = "fake-gateway"
        path = "tests/helpers/gateway.rs"
        //- /src/main.rs
        //- /tests/helpers/gateway.rs
        "#,
    );
    assert_eq!(targets(&found), ["Bin shop src/main.rs"]);
    assert_eq!(found.left_out, ["tests/helpers/gateway.rs"]);
}

#[cfg(unix)]
#[test]
fn may_be_links_to_files_of_the_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [("Cargo.toml", "package.name = \"a\""), ("src/lib.rs", ""), ("shared/main.rs", "fn main() {}")] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    std::os::unix::fs::symlink("../shared/main.rs", folder.path().join("src/main.rs")).expect("a link");
    let tree = crate::source::DirTree::open(folder.path()).expect("a tree");
    let found = discover(&tree, &DiscoverOptions::default());
    assert_eq!(targets(&found), ["Lib a src/lib.rs", "Bin a shared/main.rs"]);
    assert_eq!(files(&found), ["shared/main.rs", "src/lib.rs"]);
}
