//! Runs that end at any moment: the old map is there or the new one, never half of one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{contents, temporary};
use crate::project::{Project, statemap};

type Files = BTreeMap<String, Vec<u8>>;

const BEFORE: &str = "static ORDERS: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());\n\nfn main() {\n    ORDERS.lock().unwrap().push(1);\n    std::fs::write(\"/var/orders\", \"\").unwrap();\n}\n";
const AFTER: &str = "static USERS: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());\n\nfn main() {\n    USERS.lock().unwrap().push(1);\n    let (sender, _receiver) = std::sync::mpsc::channel::<u32>();\n    drop((sender, std::env::var(\"LIMIT\")));\n}\n";

/// A tree whose map changes, and its book before and after.
struct Changing {
    project: Project,
    before: Files,
    after: Files,
    /// How long the run takes that makes the new one.
    takes: Duration,
}

impl Changing {
    fn new() -> Self {
        let project = Project::shop(BEFORE);
        book(&project);
        let before = contents(&project.path("book"));
        project.write("src/main.rs", AFTER);
        let started = Instant::now();
        book(&project);
        let takes = started.elapsed();
        let after = contents(&project.path("book"));
        assert!(before != after && before.keys().ne(after.keys()), "pages change, come and go");
        Self { project, before, after, takes }
    }

    /// The old book lies there again.
    fn reset(&self) {
        let _ = std::fs::remove_dir_all(self.project.path("book"));
        for (name, bytes) in &self.before {
            self.project.write(&format!("book/{name}"), bytes);
        }
    }

    fn start(&self) -> Child {
        let mut command = Command::new(statemap().get_program());
        command.args(["gen", "--quiet", "--format", "mdbook", "-o", "book"]).current_dir(self.project.root());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn now(&self) -> Files {
        contents(&self.project.path("book"))
    }

    /// Each page is the old one or the new one.
    #[track_caller]
    fn check_pages(&self, now: &Files, round: u32) {
        for (name, bytes) in now.iter().filter(|(name, _)| !temporary(now).contains(name)) {
            let known = [&self.before, &self.after].into_iter().any(|book| book.get(name) == Some(bytes));
            assert!(known, "round {round}: `{name}` is neither old nor new:\n{}", String::from_utf8_lossy(bytes));
        }
        for name in self.before.keys().filter(|name| self.after.contains_key(*name)) {
            assert!(now.contains_key(name), "round {round}: `{name}` is gone");
        }
    }

    /// The next run makes it good.
    #[track_caller]
    fn check_repaired(&self, round: u32) {
        book(&self.project);
        let mut now = self.now();
        now.retain(|name, _| !name.contains(".statemap-"));
        assert!(now == self.after, "round {round}: {:?}", now.keys());
    }
}

fn book(project: &Project) {
    project.run(&["gen", "--quiet", "--format", "mdbook", "-o", "book"]).ends(0);
}

/// So many in every run of the tests; `STATEMAP_KILL_ROUNDS=200 cargo test killed` for more.
fn rounds() -> u32 {
    std::env::var("STATEMAP_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(8)
}

/// Waits for a moment of the run that the round decides: at even ones anywhere in it, at odd ones when pages begin to be written.
fn wait_for_moment(changing: &Changing, child: &mut Child, round: u32) {
    // Knuth's multiplicative hash: evenly spread, the same each time.
    let spread = |number: u32| f64::from(number.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX);
    if round.is_multiple_of(2) {
        std::thread::sleep(changing.takes.mul_f64(spread(round) * 1.1));
        return;
    }
    let pages = changing.project.path("book/src");
    while child.try_wait().unwrap().is_none() && !has_temporary(&pages) {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_micros((spread(round) * 20_000.0) as u64));
}

fn has_temporary(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(".statemap-"))
}

#[test]
fn a_run_that_is_killed_leaves_whole_pages_and_the_next_one_repairs_the_book() {
    let changing = Changing::new();
    for round in 0..rounds() {
        changing.reset();
        let mut child = changing.start();
        wait_for_moment(&changing, &mut child, round);
        let _ = child.kill();
        child.wait().unwrap();
        changing.check_pages(&changing.now(), round);
        changing.check_repaired(round);
    }
}

#[test]
fn a_run_that_is_interrupted_leaves_the_old_book_or_the_new_one_and_says_so() {
    let changing = Changing::new();
    for round in 0..rounds() {
        changing.reset();
        let mut child = changing.start();
        wait_for_moment(&changing, &mut child, round);
        let signal = if round % 4 < 2 { "-INT" } else { "-TERM" };
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status().is_ok());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let now = changing.now();
        changing.check_pages(&now, round);
        let is_old = changing.before.iter().all(|(name, bytes)| now.get(name) == Some(bytes));
        let is_new = now == changing.after;
        assert!(is_old || is_new, "round {round}: half of each: {:?}; it said: {said}", now.keys());
        // Before the handler is in place the system ends the process without a word.
        if is_new && !output.status.success() {
            assert!(said.contains("files were written; they are whole"), "round {round}: {said}");
        } else if is_old && !said.is_empty() {
            assert!(said.contains("stopped: nothing was written"), "round {round}: {said}");
        }
        changing.check_repaired(round);
    }
}

#[test]
fn two_runs_at_once_on_one_output_leave_the_book_that_one_of_them_makes() {
    let changing = Changing::new();
    for round in 0..rounds().div_ceil(4) {
        if round.is_multiple_of(2) {
            changing.reset();
        } else {
            // Both make the folders as well.
            std::fs::remove_dir_all(changing.project.path("book")).unwrap();
        }
        let children: Vec<Child> = (0..3).map(|_| changing.start()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(changing.now() == changing.after, "round {round}: {:?}", changing.now().keys());
    }
}

#[test]
fn an_output_folder_that_vanishes_meanwhile_is_told_and_nothing_panics() {
    let changing = Changing::new();
    for round in 0..rounds() {
        changing.reset();
        let mut child = changing.start();
        wait_for_moment(&changing, &mut child, round);
        // A run may put a page there again while the folder is taken away.
        while std::fs::remove_dir_all(changing.project.path("book")).is_err() && changing.project.exists("book") {}
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => assert_eq!(said, ""),
            // The folder lies in the tree: it may go away while that is read, too.
            Some(3) => assert!(said.contains("error") && said.contains("failed to") && said.contains("book"), "round {round}: {said}"),
            other => panic!("round {round}: {other:?}: {said}"),
        }
        changing.check_pages_that_are_left(round);
        changing.check_repaired(round);
    }
}

impl Changing {
    #[track_caller]
    fn check_pages_that_are_left(&self, round: u32) {
        for (name, bytes) in self.now() {
            let known = [&self.before, &self.after].into_iter().any(|book| book.get(&name) == Some(&bytes));
            assert!(known, "round {round}: `{name}`:\n{}", String::from_utf8_lossy(&bytes));
        }
    }
}
