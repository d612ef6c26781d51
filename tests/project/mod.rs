//! Trees to analyse: copies of fixtures and small ones written on the spot; and the binary, run in a clean environment.

#[cfg(feature = "git")]
pub(crate) mod git;
pub(crate) mod many;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use statemap::model::{Item, StateMap};
use statemap::source::{DirTree, Revision};
use statemap::{Analysis, Options};

/// The repository's root.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fixture's folder.
pub(crate) fn fixture(name: &str) -> PathBuf {
    repository().join("fixtures").join(name)
}

/// A tree in a temporary folder, removed with the value.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// An empty tree.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::Builder::new().prefix("statemap-test-").tempdir().unwrap() }
    }

    /// A package `shop` whose `src/main.rs` is this text.
    pub(crate) fn shop(main: &str) -> Self {
        let project = Self::empty();
        project.write("Cargo.toml", MANIFEST);
        project.write("src/main.rs", main);
        project
    }

    /// A copy of a folder.
    pub(crate) fn copy_of(folder: &Path) -> Self {
        let project = Self::empty();
        copy(folder, project.root());
        project
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: impl AsRef<[u8]>) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap()
    }

    pub(crate) fn exists(&self, relative: &str) -> bool {
        self.path(relative).symlink_metadata().is_ok()
    }

    /// Runs the binary inside the tree.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        let mut command = statemap();
        command.current_dir(self.root()).args(args);
        Outcome::of(&mut command, self.root())
    }

    /// The map, made through the library.
    pub(crate) fn map(&self) -> StateMap {
        analysis(self.root()).map
    }
}

/// Manifest of the package `shop`.
pub(crate) const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ntokio = \"1\"\n";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Analyses a folder with the default options, on a day that stays.
pub(crate) fn analysis(root: &Path) -> Analysis {
    let options = Options {
        include: statemap::discover::Include::default(),
        threads: Some(2),
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    };
    let tree = DirTree::open(root).unwrap();
    statemap::analyze(&tree, &Revision::default(), &options).unwrap()
}

/// The map of a fixture.
pub(crate) fn map_of(name: &str) -> StateMap {
    analysis(&fixture(name)).map
}

/// Name and text of so many maps.
pub(crate) fn many_files(count: usize) -> Vec<(String, String)> {
    static STOREFRONT: std::sync::LazyLock<StateMap> = std::sync::LazyLock::new(|| map_of("storefront"));
    (0..count).map(|at| (many::name(at), statemap::render::json(&many::copy(&STOREFRONT, at, 0)))).collect()
}

/// The item of that id.
#[track_caller]
pub(crate) fn item<'a>(map: &'a StateMap, id: &str) -> &'a Item {
    map.items.iter().find(|item| item.id.as_str() == id).unwrap_or_else(|| panic!("no item `{id}`; there are:\n{}", ids(map).join("\n")))
}

pub(crate) fn ids(map: &StateMap) -> Vec<String> {
    map.items.iter().map(|item| item.id.to_string()).collect()
}

/// The binary, with nothing of the caller's environment that changes what it prints.
pub(crate) fn statemap() -> Command {
    let mut command = Command::cargo_bin("statemap").unwrap();
    for name in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "FORCE_COLOR",
        "COLUMNS",
        "TERM",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "CI",
        "RAYON_NUM_THREADS",
    ] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
    // The cache of whoever runs the tests is left alone.
    command.env("STATEMAP_NO_CACHE", "1");
    command
}

/// How a run ended, with the path of the tree replaced by `[TREE]`.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    pub(crate) fn of(command: &mut Command, root: &Path) -> Self {
        let output = command.output().unwrap();
        let clean = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
            text.replace(canonical.to_str().unwrap(), "[TREE]").replace(root.to_str().unwrap(), "[TREE]")
        };
        Self { code: output.status.code().expect("the process ended by itself"), out: clean(&output.stdout), err: clean(&output.stderr) }
    }

    /// Ended with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// Every one of these texts is on standard error.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "`{text}` is not in standard error:\n{}", self.err);
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in:\n{}", self.out))
    }
}
