//! Facts about input that is not as it should be.

use super::*;

#[test]
fn a_broken_manifest_is_told_with_its_place_and_hides_nothing_else() {
    let found = found(
        r#"
        //- /Cargo.toml
        [workspace]
        members = ["a", "b"]
        //- /a/Cargo.toml
        [package]
        name = "a"
        edition = 2021
        version = "1
        [dependencies]
        tokio = "1"
        //- /a/src/main.rs
        //- /b/Cargo.toml
        package.name = "b"
        //- /b/src/main.rs
        "#,
    );
    assert_eq!(names(&found), ["a", "b"]);
    let broken = found.diagnostics.iter().find(|diagnostic| diagnostic.code == "broken-manifest").expect("it is told");
    assert_eq!((broken.file.as_deref(), broken.line, broken.severity), (Some("a/Cargo.toml"), Some(4), Severity::Error));
    assert_eq!(broken.span, Some((48, 48)), "where the quote is missing: the end of the line");
    assert_eq!(dependency(&found, "a", "tokio").requirement.as_deref(), Some("1"), "what follows the slip is still read");
    assert_eq!(service_lines(&found), ["a: ", "b: "]);
}

#[test]
fn a_manifest_that_is_no_toml_leaves_its_sources() {
    let found = found("//- /api/Cargo.toml\n<<<<<<< HEAD\n//- /api/src/lib.rs\n//- /api/src/main.rs\n");
    assert_eq!(targets(&found), ["Lib api api/src/lib.rs", "Bin api api/src/main.rs"]);
    assert_eq!(codes(&found), ["broken-manifest"]);
}

#[test]
fn a_manifest_that_is_no_text_leaves_its_sources() {
    let tree = MemoryTree::from_fixture("//- /api/src/main.rs\n").with_file("api/Cargo.toml", b"[package]\nname = \"\xff\"".as_slice());
    let found = discover(&tree, &DiscoverOptions::default());
    assert_eq!(targets(&found), ["Bin api api/src/main.rs"]);
    assert_eq!((codes(&found), found.diagnostics[0].line), (vec!["not-utf8"], Some(2)));
    assert_eq!(found.skipped, ["api/Cargo.toml"]);
}

#[test]
fn a_value_of_the_wrong_type_costs_that_value_only() {
    let found = found("//- /Cargo.toml\n[package]\nname = \"a\"\nedition = 2021\n[dependencies]\nx = 1\ny = \"2\"\n//- /src/main.rs\n");
    let told: Vec<&str> = found.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(told, ["`edition` is integer here, expected a string", "`x` is integer here, expected a version or a table"]);
    assert_eq!(found.packages[0].dependencies.len(), 1);
}

#[test]
fn a_package_without_a_usable_name_is_called_after_its_folder() {
    let found = found(
        "//- /my service/Cargo.toml\n[package]\nname = \"{{project-name}}\"\n//- /my service/src/main.rs\n//- /b/Cargo.toml\n[package]\n//- /b/src/lib.rs\n",
    );
    assert_eq!(names(&found), ["b", "my-service"]);
    assert_eq!(codes(&found), ["package-name", "package-name"]);
}

#[test]
fn a_manifest_of_neither_package_nor_workspace_is_told() {
    let found = found("//- /Cargo.toml\n[profile.release]\nlto = true\n//- /src/main.rs\n//- /x/Cargo.toml\n");
    assert_eq!(codes(&found), ["no-package", "no-package"]);
    assert_eq!(targets(&found), ["Bin fixture src/main.rs"]);
}

#[test]
fn a_package_without_any_target_is_told() {
    let found =
        found("//- /Cargo.toml\npackage.name = \"a\"\n//- /src/main.rs\n//- /b/Cargo.toml\npackage.name = \"b\"\n//- /b/build.rs\n");
    assert_eq!(codes(&found), ["no-target"]);
}

#[test]
fn an_inherited_dependency_that_the_workspace_lacks_is_told() {
    let found = found("//- /Cargo.toml\n[workspace]\n[package]\nname = \"a\"\n[dependencies]\naxum.workspace = true\n//- /src/main.rs\n");
    assert_eq!(codes(&found), ["not-inherited"]);
    assert_eq!(dependency(&found, "a", "axum").package, "axum");
}

#[test]
fn a_generated_file_beyond_the_limit_is_skipped_and_named() {
    let size = usize::try_from(MAX_FILE_BYTES).expect("fits") + 1;
    let tree =
        MemoryTree::from_fixture("//- /Cargo.toml\npackage.name = \"a\"\n//- /src/main.rs\n").with_file("src/tables.rs", vec![b'/'; size]);
    let found = discover(&tree, &DiscoverOptions::default());
    assert_eq!(files(&found), ["src/main.rs"]);
    assert_eq!((found.skipped.as_slice(), codes(&found)), (["src/tables.rs".into()].as_slice(), vec!["too-large"]));
    assert!(!found.unreadable, "the rest was read");
}

#[test]
fn a_tree_without_rust_is_an_error_that_says_why() {
    let none = found("//- /README.md\n");
    assert_eq!((codes(&none), none.no_rust()), (vec!["no-rust"], true));
    let tests_only = found("//- /Cargo.toml\npackage.name = \"a\"\n//- /tests/it.rs\n");
    assert!(tests_only.no_rust());
    assert_eq!(tests_only.diagnostics[0].message, "no Rust beside 1 file of tests, benches, examples and build scripts");
}

#[test]
fn a_manifest_as_editors_of_windows_write_it_is_read() {
    let tree = MemoryTree::default()
        .with_file(
            "Cargo.toml",
            "\u{feff}[package]\r\nname = \"a\"\r\nedition = \"2021\"\r\n[dependencies]\r\nb = { path = \"libs\\\\b\" }\r\n",
        )
        .with_file("libs/b/Cargo.toml", "package.name = \"b\"")
        .with_file("libs/b/src/lib.rs", "")
        .with_file("src/main.rs", "");
    let found = discover(&tree, &DiscoverOptions::default());
    assert_eq!((codes(&found), service_lines(&found)), (vec![], vec!["a: b".to_owned()]));
}

#[test]
fn a_manifest_nested_beyond_reason_is_told_and_survived() {
    let deep = format!("package.name = \"a\"\nx = {}\n", "[".repeat(100_000));
    let tree = MemoryTree::default().with_file("Cargo.toml", deep).with_file("src/main.rs", "");
    let found = discover(&tree, &DiscoverOptions::default());
    assert_eq!((codes(&found), names(&found)), (vec!["broken-manifest"], vec!["a"]));
}

#[test]
fn a_member_glob_that_cannot_be_read_is_told() {
    let found = found(
        "//- /Cargo.toml\n[workspace]\nmembers = [\"crates/[\", \"a\"]\n//- /a/Cargo.toml\npackage.name = \"a\"\n//- /a/src/main.rs\n",
    );
    assert_eq!((codes(&found), names(&found)), (vec!["missing-member"], vec!["a"]));
}
