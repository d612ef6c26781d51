//! Facts about Rust without a manifest.

use super::*;

#[test]
fn a_bare_src_is_a_package_named_after_its_folder() {
    let found = found("//- /src/main.rs\n//- /src/cart.rs\n//- /tests/it.rs\n");
    assert_eq!(targets(&found), ["Bin fixture src/main.rs"]);
    assert_eq!((found.packages[0].manifest.as_deref(), found.packages[0].edition.as_str()), (None, "2021"));
    assert_eq!((codes(&found), found.left_out.len()), (vec!["no-manifest"], 1));
}

#[test]
fn a_bare_src_beside_packages_is_one_too_but_not_beside_a_workspace() {
    let found = found(
        r#"
        //- /Cargo.toml
        [workspace]
        members = ["api"]
        //- /src/main.rs
        //- /api/Cargo.toml
        package.name = "api"
        //- /api/src/main.rs
        //- /legacy/src/lib.rs
        //- /scripts/once.rs
        "#,
    );
    assert_eq!(names(&found), ["api", "legacy"], "cargo does not build the `src` beside a virtual workspace");
    assert_eq!(files(&found), ["api/src/main.rs", "legacy/src/lib.rs", "scripts/once.rs", "src/main.rs"]);
}

#[test]
fn lone_files_are_roots_by_what_they_hold() {
    let roots = found("//- /main.rs\n//- /cart.rs\n");
    assert_eq!(targets(&roots), ["Bin fixture main.rs"]);
    let mains = found("//- /a.rs\nfn main() {}\n//- /b.rs\nfn helper() {}\n//- /sub/c.rs\nfn main() {}\n");
    assert_eq!(targets(&mains), ["Bin a a.rs"]);
    let libs = found("//- /a.rs\nstatic A: u8 = 0;\n//- /b.rs\nstatic B: u8 = 0;\n");
    assert_eq!(targets(&libs), ["Lib a a.rs", "Lib b b.rs"]);
    assert_eq!(service_lines(&libs), ["a: a", "b: b"]);
}
