//! The cache: a run that takes from it prints what one without it prints, whatever happened to the tree or to the cache.

mod edit;
mod edits;
mod faults;

use std::path::{Path, PathBuf};

use crate::project::{Outcome, Project, fixture, statemap};

/// A tree with a cache of its own.
struct Cached {
    project: Project,
    home: tempfile::TempDir,
}

impl Cached {
    fn new(project: Project) -> Self {
        Self { project, home: tempfile::Builder::new().prefix("statemap-cache-").tempdir().unwrap() }
    }

    fn storefront() -> Self {
        Self::new(Project::copy_of(&fixture("storefront")))
    }

    /// The folder of the cache.
    fn folder(&self) -> PathBuf {
        self.home.path().join("statemap")
    }

    /// The files of the cache, sorted.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("CACHEDIR.TAG")).collect();
        files.sort();
        files
    }

    /// The file with the map.
    fn map_file(&self) -> PathBuf {
        self.files().into_iter().find(|path| path.extension().is_some_and(|own| own == "map")).unwrap()
    }

    fn run(&self, args: &[&str]) -> Outcome {
        run(self.project.root(), self.home.path(), args)
    }

    /// Lists with the cache, and holds it against a run without.
    #[track_caller]
    fn lists_as_without(&self) -> Outcome {
        let (with, without) = (self.run(&["list", "--format", "json", "-v"]), self.run(&["list", "--format", "json", "--no-cache"]));
        assert_eq!((with.code, &with.out), (without.code, &without.out), "{}", with.err);
        with
    }
}

fn run(root: &Path, home: &Path, args: &[&str]) -> Outcome {
    let mut command = statemap();
    command.env_remove("STATEMAP_NO_CACHE").env("STATEMAP_CACHE_DIR", home).current_dir(root).args(args);
    Outcome::of(&mut command, root)
}

/// What `-v` says when the map of the last run was taken.
const TAKEN: &str = "cache: nothing has changed";

#[test]
fn the_second_run_takes_what_the_first_one_found_in_every_command() {
    let cached = Cached::storefront();
    cached.run(&["list", "-v"]).ends(0).says(&["cache: the map is made anew: nothing is kept of this tree"]);
    for args in [
        &["list", "--format", "json"][..],
        &["list", "session", "--format", "csv"],
        &["show", "db"],
        &["check"],
        &["gen", "-o", "-"],
        &["gen", "--format", "json"],
        &["gen", "--format", "sarif"],
        &["annotate", "--dry-run"],
    ] {
        let warm = cached.run(&[args, &["-v"]].concat());
        let cold = cached.run(&[args, &["--no-cache"]].concat());
        assert!(warm.err.contains(TAKEN), "{args:?}: {}", warm.err);
        assert_eq!((warm.code, warm.out), (cold.code, cold.out), "{args:?}");
        let messages: String = warm.err.lines().filter(|line| !line.starts_with("cache: ")).map(|line| format!("{line}\n")).collect();
        assert_eq!(messages, cold.err, "{args:?}");
    }
}

#[test]
fn no_cache_neither_reads_nor_writes() {
    let cached = Cached::storefront();
    cached.run(&["list", "--no-cache"]).ends(0);
    assert!(!cached.folder().exists());
    let mut command = statemap();
    let command = command.env("STATEMAP_NO_CACHE", "1").env("STATEMAP_CACHE_DIR", cached.home.path());
    Outcome::of(command.current_dir(cached.project.root()).args(["list", "-v"]), cached.project.root()).ends(0).says(&["cache: not used"]);
    assert!(!cached.folder().exists());
    // Else there is one.
    cached.run(&["list"]).ends(0);
    assert_eq!(cached.files().len(), 1);
    let run = cached.run(&["list", "--no-cache", "-v"]).ends(0);
    assert!(run.err.contains("cache: not used") && !run.err.contains(TAKEN), "{}", run.err);
}

/// What decides is what a file holds, not its date: a clock that was set back fools nobody.
#[test]
fn dates_of_files_are_not_looked_at() {
    let cached =
        Cached::new(Project::shop("static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);\nfn main() {}\n"));
    let file = cached.project.path("src/main.rs");
    let date = std::fs::metadata(&file).unwrap().modified().unwrap();
    assert!(cached.lists_as_without().out.contains("HITS"));
    // As long, as old, and another.
    let text = cached.project.read("src/main.rs").replace("HITS", "HATS");
    cached.project.write("src/main.rs", text);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(date).unwrap();
    assert!(cached.lists_as_without().out.contains("HATS"));
    // A new date alone changes nothing.
    let later = date + std::time::Duration::from_secs(3600);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
    cached.lists_as_without().says(&[TAKEN]);
}

/// What `-v` says when places were moved.
const MOVED: &str = "cache: nothing but lines has changed";

/// A comment, a blank line, a test and a longer list of files do not make a run analyse the tree again; all places follow.
#[test]
fn an_edit_that_says_nothing_new_moves_the_places() {
    let cached = Cached::storefront();
    cached.run(&["list"]).ends(0);
    let files: Vec<String> = crate::project::map_of("storefront")
        .items
        .iter()
        .filter_map(|item| item.site())
        .map(|site| site.place.file.to_string())
        .filter(|file| file.ends_with(".rs") && !cached.project.read(file).contains("statemap:"))
        .collect();
    let (first, last) = (&files[0], &files[files.len() - 1]);
    assert_ne!(first, last);
    let edit = |file: &str, edit: &dyn Fn(String) -> String| cached.project.write(file, edit(cached.project.read(file)));
    edit(first, &|text| format!("// What this file is about.\n\n{text}"));
    cached.lists_as_without().says(&[MOVED]);
    edit(first, &|text| format!("{text}\n#[cfg(test)]\nmod more_tests {{\n    #[test]\n    fn it() {{}}\n}}\n"));
    edit(last, &|text| text.replace(" {\n", " {\n\n    // Why it is done.\n"));
    cached.lists_as_without().says(&[MOVED]);
    cached.lists_as_without().says(&[TAKEN]);
    let warm = cached.run(&["gen", "--format", "json"]).ends(0);
    assert_eq!(warm.out, cached.run(&["gen", "--format", "json", "--no-cache"]).out);
    // A statement is another matter.
    edit(last, &|text| text.replacen(" {\n\n    // Why it is done.\n", " {\n    let _ = std::env::var(\"NEW\");\n", 1));
    let run = cached.lists_as_without();
    assert!(!run.err.contains(MOVED) && !run.err.contains(TAKEN), "{}", run.err);
}

#[test]
fn what_is_asked_otherwise_is_kept_apart() {
    let cached = Cached::storefront();
    cached.run(&["list"]).ends(0);
    let other = cached.run(&["list", "--include", "tests", "--format", "json", "-v"]).ends(0);
    assert!(!other.err.contains(TAKEN), "{}", other.err);
    assert_eq!(other.out, cached.run(&["list", "--include", "tests", "--format", "json", "--no-cache"]).out);
    cached.lists_as_without().says(&[TAKEN]);
    // Two trees do not take each other's place.
    let second = Project::copy_of(&fixture("storefront"));
    second.write("crates/shop/src/more.rs", "");
    assert!(!run(second.root(), cached.home.path(), &["list", "-v"]).ends(0).err.contains(TAKEN));
    cached.lists_as_without().says(&[TAKEN]);
}

#[test]
fn another_deployment_is_tried_out_on_what_is_there() {
    let cached = Cached::storefront();
    cached.run(&["list"]).ends(0);
    let args = ["check", "--replicas", "7"];
    let (warm, cold) = (cached.run(&args), cached.run(&[&args[..], &["--no-cache"]].concat()));
    assert!(warm.out.contains("what if"), "{}", warm.out);
    assert_eq!((warm.code, warm.out), (cold.code, cold.out));
}

#[test]
fn the_folder_is_told_and_emptied() {
    let cached = Cached::storefront();
    let path = cached.run(&["cache", "path"]).ends(0).out;
    assert_eq!(Path::new(path.trim_end()), cached.folder());
    cached.run(&["list"]).ends(0);
    std::fs::write(cached.folder().join("mine.txt"), "kept").unwrap();
    cached.run(&["cache", "clean"]).ends(0).says(&["1 file removed"]);
    assert_eq!(cached.files(), [cached.folder().join("mine.txt")], "what is not of the cache stays");
    cached.run(&["cache", "clean"]).ends(0).says(&["0 files removed"]);
    cached.run(&["list", "-v"]).ends(0).says(&["nothing is kept of this tree"]);
}

/// The cache holds what an output may hold and no more.
#[test]
fn secrets_are_not_in_the_cache() {
    let main = "fn main() {\n    let _ = reqwest::Client::new();\n    let api_key = \"hunter2hunter2hunter2\";\n    \
                let _ = std::env::var(\"SMTP_PASSWORD\").unwrap_or(\"hunter2hunter2\".to_owned());\n    \
                let _ = sqlx::PgPool::connect(\"postgres://app:hunter2@db/shop\");\n    println!(\"{api_key}\");\n}\n";
    let cached = Cached::new(Project::shop(main));
    cached.project.write(".env", "SMTP_PASSWORD=hunter2hunter2\n");
    cached.run(&["list"]).ends(0);
    assert!(!cached.files().is_empty());
    cached.project.write("src/main.rs", format!("{main}\nfn more() {{}}\n"));
    cached.run(&["list"]).ends(0);
    for file in cached.files() {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", file.display());
    }
}
