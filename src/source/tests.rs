//! Facts about trees: what is listed, pruned, skipped and read.

use super::*;

fn listed(listing: &Listing) -> Vec<&str> {
    listing.files.iter().map(|file| file.path.as_str()).collect()
}

fn pruned(listing: &Listing) -> Vec<(&str, PruneReason)> {
    listing.pruned.iter().map(|pruned| (pruned.path.as_str(), pruned.reason)).collect()
}

#[test]
fn a_fixture_is_unindented_and_sorted_by_path() {
    let tree = MemoryTree::from_fixture(
        "
        //- /src/b.rs
        fn b() {
            work();

        }
        //- /src.rs
        //- /src/a/c.rs
        ",
    );
    assert_eq!(tree.read("src/b.rs").as_deref(), Ok("fn b() {\n    work();\n\n}\n"));
    assert_eq!(tree.read("./src/a/../../src.rs").as_deref(), Ok(""));
    assert_eq!(listed(&tree.files()), ["src.rs", "src/a/c.rs", "src/b.rs"]);
    assert_eq!(tree.read("src/none.rs"), Err(ReadError::Missing));
    assert_eq!(tree.read("../src.rs"), Err(ReadError::Outside));
}

#[test]
fn files_below_a_folder_are_not_those_of_a_folder_that_begins_alike() {
    let listing = MemoryTree::from_fixture("//- /a/x.rs\n//- /a/b/y.rs\n//- /ab/z.rs\n//- /a.rs\n").files();
    let below: Vec<&str> = listing.below("a").iter().map(|file| file.path.as_str()).collect();
    assert_eq!(below, ["a/b/y.rs", "a/x.rs"]);
    assert_eq!(listing.below("").len(), 4);
}

#[test]
fn hidden_files_are_listed_and_folders_of_tools_are_not() {
    let listing = MemoryTree::from_fixture(
        "//- /.env\n//- /.cargo/config.toml\n//- /.cargo/registry/src/x/lib.rs\n//- /.git/config\n//- /web/node_modules/a.js\n//- /.github/ci.yml\n",
    )
    .files();
    assert_eq!(listed(&listing), [".cargo/config.toml", ".env", ".github/ci.yml"]);
    let reasons = [(".cargo/registry", PruneReason::Vendored), (".git", PruneReason::Tooling), ("web/node_modules", PruneReason::Tooling)];
    assert_eq!(pruned(&listing), reasons);
}

#[test]
fn build_output_is_known_by_its_place_not_by_its_name() {
    let listing = MemoryTree::from_fixture(
        "//- /Cargo.toml\n//- /target/debug/x.rs\n//- /src/target/mod.rs\n//- /src/target/linux.rs\n//- /out/CACHEDIR.TAG\n//- /out/gen.rs\n",
    )
    .files();
    assert_eq!(listed(&listing), ["Cargo.toml", "src/target/linux.rs", "src/target/mod.rs"]);
    assert_eq!(pruned(&listing), [("out", PruneReason::BuildOutput), ("target", PruneReason::BuildOutput)]);
}

#[test]
fn vendored_code_is_pruned_and_a_module_or_package_of_that_name_is_not() {
    let listing = MemoryTree::from_fixture(
        "
        //- /vendor/serde/src/lib.rs
        //- /copies/tokio/.cargo-checksum.json
        //- /copies/tokio/src/lib.rs
        //- /src/vendor/mod.rs
        //- /src/third_party.rs
        //- /src/third_party/stripe.rs
        //- /crates/vendor/Cargo.toml
        //- /crates/vendor/src/lib.rs
        ",
    )
    .files();
    let own =
        ["crates/vendor/Cargo.toml", "crates/vendor/src/lib.rs", "src/third_party.rs", "src/third_party/stripe.rs", "src/vendor/mod.rs"];
    assert_eq!(listed(&listing), own);
    assert_eq!(pruned(&listing), [("copies/tokio", PruneReason::Vendored), ("vendor", PruneReason::Vendored)]);
}

#[test]
fn ignored_files_are_not_listed_with_or_without_a_repository() {
    let listing = MemoryTree::from_fixture(
        "
        //- /.gitignore
        *.gen.rs
        /data
        //- /.ignore
        fixtures/
        //- /src/a.rs
        //- /src/a.gen.rs
        //- /src/inner/.gitignore
        !keep.gen.rs
        //- /src/inner/keep.gen.rs
        //- /data/x.rs
        //- /fixtures/y.rs
        ",
    )
    .files();
    assert_eq!(listed(&listing), [".gitignore", ".ignore", "src/a.rs", "src/inner/.gitignore", "src/inner/keep.gen.rs"]);
    assert_eq!(pruned(&listing), [("data", PruneReason::Ignored), ("fixtures", PruneReason::Ignored)]);
}

#[test]
fn a_folder_too_deep_is_skipped_and_told() {
    let path = format!("{}x.rs", "d/".repeat(MAX_DEPTH + 5));
    let listing = MemoryTree::default().with_file(&path, "").with_file("a.rs", "").files();
    assert_eq!(listed(&listing), ["a.rs"]);
    assert_eq!((listing.skipped.len(), listing.diagnostics[0].code.as_str()), (1, "skipped"));
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let tree = MemoryTree::default().with_file("a.rs", b"fn a() {}\n// \xe9t\xe9\n".as_slice());
    let error = tree.read("a.rs").unwrap_err();
    assert_eq!(error, ReadError::NotUtf8 { offset: 13, line: 2 });
    let told = error.diagnostic("a.rs");
    assert_eq!((told.line, told.message.as_str()), (Some(2), "`a.rs` was skipped: invalid UTF-8 at byte 13"));
    assert!(!error.is_unreadable());
}

#[test]
fn a_path_that_is_no_folder_is_answered_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = DirTree::open(folder.path().join("none")).unwrap_err();
    assert!(missing.to_string().ends_with("none` does not exist"), "{missing}");
    std::fs::write(folder.path().join("main.rs"), "").unwrap();
    let file = DirTree::open(folder.path().join("main.rs")).unwrap_err();
    assert!(file.to_string().ends_with("main.rs` is not a folder"), "{file}");
    assert_eq!(file.help(), "give the folder that holds the file");
}

#[test]
fn a_folder_of_the_disk_lists_as_one_in_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("src/odd.rs")).unwrap();
    std::fs::create_dir_all(folder.path().join("target/debug")).unwrap();
    for (path, text) in
        [("Cargo.toml", ""), ("src/main.rs", "fn main() {}"), (".gitignore", "*.log"), ("a.log", ""), ("target/debug/x.rs", "")]
    {
        std::fs::write(folder.path().join(path), text).unwrap();
    }
    let tree = DirTree::open(folder.path()).unwrap();
    let listing = tree.files();
    assert_eq!(listed(&listing), [".gitignore", "Cargo.toml", "src/main.rs"], "a folder called `odd.rs` is no file");
    assert_eq!(tree.size("src/main.rs"), 12);
    assert_eq!(tree.read("src/main.rs").as_deref(), Ok("fn main() {}"));
    assert_eq!(tree.read("src/odd.rs"), Err(ReadError::NotAFile));
    assert_eq!(tree.read("/etc/hostname"), Err(ReadError::Outside));
}

#[test]
fn rules_of_folders_above_the_root_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("service")).unwrap();
    std::fs::write(folder.path().join(".gitignore"), "*.rs").unwrap();
    std::fs::write(folder.path().join("service/main.rs"), "").unwrap();
    assert_eq!(listed(&DirTree::open(folder.path().join("service")).unwrap().files()), ["main.rs"]);
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("huge.rs")).unwrap();
    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    let tree = DirTree::open(folder.path()).unwrap();
    assert_eq!(tree.read("huge.rs"), Err(ReadError::TooLarge { bytes: MAX_FILE_BYTES + 1 }));
    file.set_len(MAX_FILE_BYTES).unwrap();
    assert_eq!(tree.read("huge.rs").map(|text| text.len() as u64), Ok(MAX_FILE_BYTES));
}

#[cfg(unix)]
mod on_unix {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use super::*;

    /// A folder to analyse with one outside it, of which links may speak.
    fn with_outside() -> (tempfile::TempDir, DirTree) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [("tree/src/a.rs", "fn a() {}"), ("outside/secret.rs", "const KEY: u8 = 1;"), ("tree/.git/config", "token")] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), text).unwrap();
        }
        let tree = DirTree::open(folder.path().join("tree")).unwrap();
        (folder, tree)
    }

    fn codes(listing: &Listing) -> Vec<(&str, &str)> {
        listing.diagnostics.iter().map(|told| (told.file.as_deref().unwrap_or_default(), told.code.as_str())).collect()
    }

    #[test]
    fn links_out_of_the_tree_are_neither_listed_nor_read() {
        let (folder, tree) = with_outside();
        symlink("../../outside/secret.rs", tree.root().join("src/file.rs")).unwrap();
        symlink(folder.path().join("outside"), tree.root().join("src/folder")).unwrap();
        let listing = tree.files();
        assert_eq!(listed(&listing), ["src/a.rs"]);
        assert_eq!(codes(&listing), [("src/file.rs", "link-outside"), ("src/folder", "link-outside")]);
        assert_eq!(listing.skipped, ["src/file.rs", "src/folder"]);
        assert_eq!(tree.read("src/file.rs"), Err(ReadError::Outside));
        assert_eq!(tree.read("src/folder/secret.rs"), Err(ReadError::Outside), "asked for by name, as `#[path]` does");
    }

    #[test]
    fn a_link_to_a_listed_file_is_noted_and_not_read_twice() {
        let (_folder, tree) = with_outside();
        symlink("a.rs", tree.root().join("src/b.rs")).unwrap();
        symlink("src/a.rs", tree.root().join("LICENSE")).unwrap();
        let listing = tree.files();
        assert_eq!(listed(&listing), ["src/a.rs"]);
        assert_eq!(listing.links, [("LICENSE".into(), "src/a.rs".into()), ("src/b.rs".into(), "src/a.rs".into())]);
        assert_eq!(codes(&listing), [("src/b.rs", "link")], "a linked licence is no loss");
        assert_eq!(tree.read("src/b.rs").as_deref(), Ok("fn a() {}"));
    }

    #[test]
    fn a_link_to_a_file_that_is_not_listed_stands_for_it_once() {
        let (_folder, tree) = with_outside();
        fs::write(tree.root().join(".gitignore"), "/generated").unwrap();
        fs::create_dir(tree.root().join("generated")).unwrap();
        fs::write(tree.root().join("generated/api.rs"), "").unwrap();
        symlink("../generated/api.rs", tree.root().join("src/api.rs")).unwrap();
        symlink("../generated/api.rs", tree.root().join("src/api2.rs")).unwrap();
        symlink("../.git/config", tree.root().join("src/config.toml")).unwrap();
        let listing = tree.files();
        assert_eq!(listed(&listing), [".gitignore", "src/a.rs", "src/api.rs"], "what lies in `.git` stays there");
        assert_eq!(listing.links, [("src/api2.rs".into(), "src/api.rs".into())]);
    }

    #[test]
    fn links_in_a_circle_end() {
        let (_folder, tree) = with_outside();
        symlink("..", tree.root().join("src/up")).unwrap();
        symlink("self.rs", tree.root().join("src/self.rs")).unwrap();
        symlink("pong", tree.root().join("src/ping")).unwrap();
        symlink("ping", tree.root().join("src/pong")).unwrap();
        symlink("nowhere.rs", tree.root().join("src/broken.rs")).unwrap();
        symlink("user@host.1", tree.root().join("src/.#a.rs")).unwrap();
        let listing = tree.files();
        assert_eq!(listed(&listing), ["src/a.rs"]);
        let told = [
            ("src/broken.rs", "link-broken"),
            ("src/ping", "link-loop"),
            ("src/pong", "link-loop"),
            ("src/self.rs", "link-loop"),
            ("src/up", "link"),
        ];
        assert_eq!(codes(&listing), told);
    }

    #[test]
    fn thousands_of_links_are_summed_up() {
        let (_folder, tree) = with_outside();
        for index in 0..200 {
            symlink("nowhere", tree.root().join(format!("link{index}"))).unwrap();
        }
        let listing = tree.files();
        assert_eq!(listing.diagnostics.len(), 51);
        assert!(listing.diagnostics.iter().any(|told| told.message == "150 more links were not followed"));
    }

    fn pipe(path: &Path) {
        let status = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo is part of every unix");
        assert!(status.success());
    }

    #[test]
    fn pipes_and_sockets_are_never_opened() {
        let (_folder, tree) = with_outside();
        // Each of these would block a reader for ever.
        for name in ["src/pipe.rs", "Cargo.toml", ".gitignore", "events"] {
            pipe(&tree.root().join(name));
        }
        symlink("src/pipe.rs", tree.root().join(".ignore")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(tree.root().join("src/socket.rs")).unwrap();
        let listing = tree.files();
        assert_eq!(listed(&listing), ["src/a.rs"]);
        assert_eq!(listing.skipped, ["Cargo.toml", "src/pipe.rs", "src/socket.rs"], "a pipe that is no source is not missed");
        assert_eq!(tree.read("src/pipe.rs"), Err(ReadError::NotAFile));
    }

    #[test]
    fn a_repository_of_pipes_is_no_repository() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        pipe(&folder.path().join(".git/HEAD"));
        pipe(&folder.path().join(".git/config"));
        assert_eq!(revision(folder.path()), Revision::default());
    }

    #[test]
    fn what_may_not_be_read_is_told_and_remembered() {
        let (_folder, tree) = with_outside();
        let locked = [tree.root().join("src/locked.rs"), tree.root().join("private")];
        fs::write(&locked[0], "").unwrap();
        fs::create_dir(&locked[1]).unwrap();
        for path in &locked {
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        }
        if fs::File::open(&locked[0]).is_ok() {
            // The superuser may read everything.
            return;
        }
        let listing = tree.files();
        assert_eq!(listed(&listing), ["src/a.rs", "src/locked.rs"]);
        assert_eq!((codes(&listing), listing.unreadable), (vec![("private", "unreadable")], true));
        let error = tree.read("src/locked.rs").unwrap_err();
        assert!(error.is_unreadable());
        assert_eq!(
            error.diagnostic("src/locked.rs").message,
            "`src/locked.rs` was skipped: failed to read: Permission denied (os error 13)"
        );
        fs::set_permissions(&locked[1], fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_no_text_is_told() {
        use std::os::unix::ffi::OsStrExt as _;
        let (_folder, tree) = with_outside();
        fs::write(tree.root().join(std::ffi::OsStr::from_bytes(b"caf\xe9.rs")), "").unwrap();
        let listing = tree.files();
        assert_eq!(listed(&listing), ["src/a.rs"]);
        assert_eq!(listing.skipped.len(), 1);
    }
}
