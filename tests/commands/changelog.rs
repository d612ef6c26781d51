//! The page of a book that tells what changed, from the git history.

use gix::refs::transaction::PreviousValue;

use crate::project::Project;
use crate::project::git::History;

const PAGE: &str = "book/src/changes.md";

fn main_with(statics: &str, permits: u32) -> String {
    format!(
        "{statics}\npub struct Limits {{ uploads: tokio::sync::Semaphore }}\nimpl Limits {{\n    pub fn new() -> Self {{ Limits {{ uploads: tokio::sync::Semaphore::new({permits}) }} }}\n    pub async fn upload(&self) {{ let _permit = self.uploads.acquire().await; HITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed); }}\n}}\n#[tokio::main]\nasync fn main() {{ Limits::new().upload().await }}\n"
    )
}

const HITS: &str = "static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);";

/// Three commits, of which the first and the second are releases.
fn shop() -> (Project, History) {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ntokio = { version = \"1\", features = [\"full\"] }\n",
    );
    project.write("src/main.rs", main_with(HITS, 4));
    let history = History::of(&project);
    let release = |tag: &str| {
        let id = gix::ObjectId::from_hex(history.commit(project.root()).as_bytes()).unwrap();
        history.repository.tag_reference(tag, id, PreviousValue::Any).unwrap();
    };
    release("v1.0");
    let cache = format!("{HITS}\nstatic SEEN: std::sync::Mutex<Vec<u64>> = std::sync::Mutex::new(Vec::new());");
    project.write("src/main.rs", main_with(&cache, 9).replace("Limits::new()", "SEEN.lock().unwrap().push(1); Limits::new()"));
    release("v1.1");
    project.write("src/main.rs", main_with(HITS, 9));
    history.commit(project.root());
    (project, history)
}

#[test]
fn a_book_tells_what_came_and_went_with_each_release() {
    let (project, _history) = shop();
    project.run(&["gen", "--format", "mdbook", "-o", "book"]);
    let page = project.read(PAGE);
    let lines: Vec<&str> =
        page.lines().filter(|line| line.starts_with('#') || line.starts_with("- ") || line.starts_with("  - ")).collect();
    let expected = [
        ("# What changed", ""),
        ("## HEAD", ""),
        ("### Gone", ""),
        ("- ", "`SEEN`: static of type"),
        ("## v1.1", ""),
        ("### New state", ""),
        ("- ", "`SEEN`: static of type"),
        ("### Changed", ""),
        ("- ", "`Limits.uploads`"),
        ("  - ", "permits: 4 → 9"),
    ];
    let mut at = lines.iter();
    for (start, words) in expected {
        assert!(at.any(|line| line.starts_with(start) && line.contains(words)), "{start}{words} in order in:\n{}", lines.join("\n"));
    }
    assert!(project.read("book/src/SUMMARY.md").contains("[What changed](changes.md)"));
    assert!(project.read("book/src/index.md").contains("[What changed](changes.md)"));
    // What is still there leads to its page, what is gone leads nowhere.
    assert!(lines.iter().any(|line| line.contains("[`Limits.uploads`](")), "{lines:#?}");
    assert!(!page.contains("[`SEEN`]"));
}

#[test]
fn only_as_far_back_as_asked_for() {
    let (project, _history) = shop();
    project.run(&["gen", "--format", "mdbook", "-o", "book", "--changelog", "1"]);
    let page = project.read(PAGE);
    assert!(page.contains("## HEAD") && !page.contains("## v1.1"), "{page}");
    project.run(&["gen", "--format", "mdbook", "-o", "book", "--changelog", "0"]);
    assert!(!project.path(PAGE).exists(), "a page that is not wanted any more is taken away");
    assert!(!project.read("book/src/index.md").contains("What changed"));
    project.write("statemap.toml", "[output]\nformat = \"mdbook\"\npath = \"book\"\nchangelog = 1\n");
    project.run(&["gen"]);
    assert!(project.read(PAGE).contains("## HEAD") && !project.read(PAGE).contains("## v1.1"));
    project.write("statemap.toml", "[output]\nchangelog = -1\n");
    let wrong = project.run(&["gen"]);
    assert!(wrong.err.contains("`changelog` must be a number from 0 to 200"), "{}", wrong.err);
}

#[test]
fn a_committed_book_is_not_stale_for_the_commit_that_holds_it() {
    let (project, history) = shop();
    project.run(&["gen", "--format", "mdbook", "-o", "book"]);
    history.commit(project.root());
    let checked = project.run(&["check", "-o", "book"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    // The rest of the book is judged as ever.
    project.write("src/main.rs", main_with(HITS, 11));
    assert_eq!(project.run(&["check", "-o", "book"]).code, 1);
}

#[test]
fn without_a_history_there_is_no_such_page() {
    let project = Project::shop(&format!("{HITS}\nfn main() {{ HITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed); }}\n"));
    project.run(&["gen", "--format", "mdbook", "-o", "book"]);
    assert!(!project.path(PAGE).exists());
    let history = History::of(&project);
    history.commit(project.root());
    project.run(&["gen", "--format", "mdbook", "-o", "book"]);
    assert!(!project.path(PAGE).exists(), "one commit has nothing before it");
}
