//! Faults of the system: full disks, folders that take nothing, clocks that lie. The old map stays whole, and the message says why.

use std::fs::File;
use std::time::{Duration, SystemTime};

use statemap::source::{DirTree, Revision};

use super::{contents, temporary};
use crate::project::{Project, fixture, statemap};

const MAIN: &str = "static HITS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);\n\nfn main() {\n    *HITS.lock().unwrap() += 1;\n}\n";

/// A disk of so many bytes, gone with the value; none where this user may not make one.
#[cfg(target_os = "linux")]
struct Disk {
    project: Project,
}

#[cfg(target_os = "linux")]
impl Disk {
    fn new(bytes: u32) -> Option<Self> {
        let project = Project::empty();
        let size = format!("size={bytes}");
        let made = mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], &project);
        if !made {
            super::skipped("a file system of its own cannot be mounted here: only root may");
        }
        made.then_some(Self { project })
    }

    fn make_read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], &self.project));
    }
}

#[cfg(target_os = "linux")]
fn mount(args: &[&str], project: &Project) -> bool {
    let output = std::process::Command::new("mount").args(args).arg(project.root()).output();
    output.is_ok_and(|output| output.status.success())
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.project.root()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_map_whole_and_nothing_else() {
    let Some(disk) = Disk::new(64 * 1024) else { return };
    let small = Project::shop(MAIN);
    let at = |name: &str| disk.project.path(name).to_str().unwrap().to_owned();
    small.run(&["gen", "-q", "-o", &at("STATEMAP.md")]).ends(0);
    small.run(&["gen", "-q", "--format", "json", "-o", &at("map.json")]).ends(0);
    let before = contents(disk.project.root());
    let large = Project::copy_of(&fixture("storefront"));
    for args in [
        vec!["gen", "-o", &at("STATEMAP.md")],
        vec!["gen", "--format", "json", "-o", &at("map.json")],
        vec!["gen", "--format", "mdbook", "-o", &at("book")],
    ] {
        let outcome =
            large.run(&args).ends(3).says(&["error: failed to write", "the disk is full", "help: what was there before is still whole"]);
        assert!(!outcome.err.contains("panicked"), "{}", outcome.err);
        assert!(contents(disk.project.root()) == before, "{args:?}");
        assert!(!disk.project.exists("book"), "folders of a book that is not there are not there either");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_takes_nothing_is_told_with_what_to_do() {
    let Some(disk) = Disk::new(1024 * 1024) else { return };
    let project = Project::shop(MAIN);
    let at = |name: &str| disk.project.path(name).to_str().unwrap().to_owned();
    project.run(&["gen", "-q", "-o", &at("STATEMAP.md")]).ends(0);
    let before = contents(disk.project.root());
    disk.make_read_only();
    project.write("src/main.rs", MAIN.replace("HITS", "VISITS"));
    for args in [vec!["gen", "-o", &at("STATEMAP.md")], vec!["gen", "--format", "mdbook", "-o", &at("book")]] {
        project.run(&args).ends(3).says(&["error: failed to", "choose another with `-o`", "help: what was there before is still whole"]);
        assert!(contents(disk.project.root()) == before);
    }
    // A map that is not stale needs nothing written.
    project.write("src/main.rs", MAIN);
    project.run(&["gen", "-o", &at("STATEMAP.md")]).ends(0).says(&["unchanged"]);
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_is_full_is_an_error_and_standard_error_is_none() {
    let project = Project::shop(MAIN);
    let run = |args: &[&str], out: Option<File>, err: Option<File>| {
        let mut command = std::process::Command::new(statemap().get_program());
        command.args(args).current_dir(project.root());
        command.stdout(out.map_or(std::process::Stdio::piped(), Into::into));
        command.stderr(err.map_or(std::process::Stdio::piped(), Into::into));
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let full = || Some(File::options().write(true).open("/dev/full").unwrap());
    for args in [&["gen", "-o", "-"][..], &["gen", "--format", "json"], &["list"], &["show", "HITS"], &["explain", "cache"]] {
        let (code, said) = run(args, full(), None);
        assert_eq!(code, Some(3), "{args:?}: {said}");
        assert!(said.contains("error: ") && said.contains("No space left"), "{args:?}: {said}");
    }
    let (code, said) = run(&["gen", "-o", "/dev/full"], None, None);
    assert!(code == Some(3) && said.contains("the disk is full"), "{said}");
    // The work is done, whoever reads what is said of it.
    for args in [&["gen"][..], &["list", "nothing-is-called-so"], &["annotate"], &["init", "--force"]] {
        assert_eq!(run(args, None, full()).0, Some(0), "{args:?}");
    }
    assert!(project.read("STATEMAP.md").contains("HITS"));
    // A mistake is one, told or not.
    assert_eq!(run(&["gen", "no/such/folder"], None, full()).0, Some(3));
}

#[test]
fn times_of_files_decide_nothing() {
    let project = Project::shop(MAIN);
    project.run(&["gen", "-q"]).ends(0);
    for time in [SystemTime::UNIX_EPOCH, SystemTime::now() + Duration::from_secs(400 * 24 * 60 * 60)] {
        for name in ["STATEMAP.md", "src/main.rs"] {
            File::options().write(true).open(project.path(name)).unwrap().set_modified(time).unwrap();
        }
        project.run(&["gen"]).ends(0).says(&["unchanged"]);
        project.run(&["check"]).ends(0);
        // A change is seen though its file looks older than the map.
        project.write("src/main.rs", MAIN.replace("HITS", "VISITS"));
        File::options().write(true).open(project.path("src/main.rs")).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        project.run(&["check"]).ends(1);
        project.run(&["gen"]).ends(0).says(&["1 file written"]);
        assert!(project.read("STATEMAP.md").contains("VISITS"));
        project.write("src/main.rs", MAIN);
        project.run(&["gen", "-q"]).ends(0);
    }
    assert_eq!(temporary(&contents(project.root())), Vec::<&String>::new());
}

#[test]
fn a_clock_at_the_ends_of_time_is_no_panic() {
    let project = Project::shop(MAIN);
    project.write(
        "statemap.toml",
        "[[state]]\nid = \"static:shop::HITS\"\nowner = \"web\"\nexpires = \"2026-03-01\"\nreviewed = \"2026-01-02\"\n\n[policy]\nreview_after = \"90 days\"\n",
    );
    for today in [jiff::civil::Date::MIN, jiff::civil::date(1970, 1, 1), jiff::civil::Date::MAX] {
        let options = statemap::Options { include: statemap::discover::Include::default(), threads: Some(1), today, what_if: Vec::new() };
        let tree = DirTree::open(project.root()).unwrap();
        let map = statemap::analyze(&tree, &Revision::default(), &options).unwrap().map;
        assert!(map.items.iter().any(|item| item.name == "HITS"), "{:#?}", map.diagnostics);
        assert_eq!(map.diagnostics.iter().any(|found| found.code == "expired-annotation"), today.year() > 2026, "{:#?}", map.diagnostics);
    }
}
