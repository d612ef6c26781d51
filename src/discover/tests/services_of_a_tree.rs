//! Facts about services.

use super::*;

#[test]
fn of_one_name_are_told_apart_by_package_then_by_folder() {
    let found = found(
        r#"
        //- /a/Cargo.toml
        package = { name = "orders", edition = "2021" }
        bin = [{ name = "server", path = "src/main.rs" }]
        //- /a/src/main.rs
        //- /b/Cargo.toml
        package = { name = "users", edition = "2021" }
        bin = [{ name = "server", path = "src/main.rs" }]
        //- /b/src/main.rs
        //- /c/one/Cargo.toml
        package = { name = "mail", edition = "2021" }
        //- /c/one/src/main.rs
        //- /c/two/Cargo.toml
        package = { name = "mail", edition = "2021" }
        //- /c/two/src/main.rs
        "#,
    );
    let names: Vec<String> = services(&found.packages).into_iter().map(|service| service.name.into()).collect();
    assert_eq!(names, ["c/one/mail", "c/two/mail", "orders/server", "users/server"]);
}

#[test]
fn are_the_topmost_libraries_when_there_is_no_binary() {
    let found = found(
        r#"
        //- /a/Cargo.toml
        package.name = "a"
        dependencies.b = { path = "../b" }
        //- /a/src/lib.rs
        //- /b/Cargo.toml
        package.name = "b"
        //- /b/src/lib.rs
        //- /m/Cargo.toml
        package.name = "m"
        lib.proc-macro = true
        //- /m/src/lib.rs
        "#,
    );
    assert_eq!(service_lines(&found), ["a: a b"]);
    assert_eq!(codes(&found), ["library-only"]);
}

#[test]
fn of_libraries_vanish_beside_a_binary() {
    let found =
        found("//- /a/Cargo.toml\npackage.name = \"a\"\n//- /a/src/lib.rs\n//- /b/Cargo.toml\npackage.name = \"b\"\n//- /b/src/main.rs\n");
    assert_eq!(service_lines(&found), ["b: "]);
    assert_eq!(codes(&found), [""; 0]);
}
