//! `fixtures/hostile`, with what cannot be committed, through every command that reads it: nothing panics, nothing outside is read
//! or written, and no text of it steers a terminal, a page or a book.

use std::collections::BTreeMap;
use std::process::Command;

use super::contents;
use crate::markdown::skeleton::intruders;
use crate::project::{Outcome, Project, fixture, statemap};

/// Stands in files that lie outside of the tree.
const MARK: &str = "mark-of-what-lies-outside";

/// The tree, in a folder beside files that are not its business.
struct Hostile {
    around: Project,
}

impl Hostile {
    fn new() -> Self {
        let around = Project::empty();
        let copy = Project::copy_of(&fixture("hostile"));
        std::fs::rename(copy.root(), around.path("tree")).unwrap();
        std::fs::create_dir(copy.root()).unwrap();
        around.write("outside.rs", format!("pub static OUTSIDE: std::sync::Mutex<&str> = std::sync::Mutex::new(\"{MARK}\");\n"));
        around.write("outside.env", format!("OUTSIDE={MARK}\n"));
        around.write("beside/Cargo.toml", format!("[package]\nname = \"{MARK}\"\nversion = \"0.1.0\"\n"));
        around.write(
            "beside/src/main.rs",
            format!("static OUTSIDE: std::sync::Mutex<&str> = std::sync::Mutex::new(\"{MARK}\");\nfn main() {{}}\n"),
        );
        let main = around.read("tree/src/main.rs");
        let more = "\n#[path = \"../../outside.rs\"]\nmod outside;\ninclude!(\"../../outside.rs\");\nmod case;\nmod CASE;\nmod folder;\nmod links;\n";
        around.write("tree/src/main.rs", format!("{main}{more}"));
        // Where a file system takes both for one, there is one.
        around.write("tree/src/CASE.rs", "pub static UPPER: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\n");
        around.write("tree/src/case.rs", "pub static LOWER: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\n");
        around.write("tree/src/folder.rs/in-the-way", "");
        around.write("tree/src/links.rs", "mod absolute_link; mod itself; mod pipe; mod device; mod outside_link; mod up; mod around;\n");
        let huge = std::fs::File::create(around.path("tree/src/huge.rs")).unwrap();
        huge.set_len(100 * 1024 * 1024).unwrap();
        around.write("tree/config/huge.toml", format!("a = \"{}\"\n", "x".repeat(10 * 1024 * 1024)));
        let hostile = Self { around };
        #[cfg(unix)]
        hostile.add_links();
        hostile
    }

    #[cfg(unix)]
    fn add_links(&self) {
        use std::os::unix::fs::symlink;
        let link = |target: &str, name: &str| {
            let path = self.around.path(&format!("tree/{name}"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(target, path).unwrap();
        };
        for (target, name) in [
            ("/etc/passwd", "src/links/absolute_link.rs"),
            ("itself.rs", "src/links/itself.rs"),
            ("/dev/zero", "src/links/device.rs"),
            ("../../../outside.rs", "src/links/outside_link.rs"),
            ("..", "src/links/up"),
            ("../../..", "src/links/around"),
            ("/", "whole-disk"),
            ("/proc/self", "process"),
            (".", "again"),
            ("/dev/zero", "clippy.toml"),
            ("../outside.env", "outside.env"),
            ("/dev/urandom", "deploy/endless.yaml"),
        ] {
            link(target, name);
        }
        for name in ["src/links/pipe.rs", "deploy/pipe.yaml", "config/base.yaml", "pipe.env"] {
            assert!(Command::new("mkfifo").arg(self.around.path(&format!("tree/{name}"))).status().unwrap().success());
        }
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.run_with(args, "")
    }

    fn run_with(&self, args: &[&str], stdin: &str) -> Outcome {
        let mut command = statemap();
        command.current_dir(self.around.path("tree")).args(args).write_stdin(stdin);
        // What hangs is told by a test that fails, not by one that never ends.
        command.timeout(std::time::Duration::from_secs(120));
        let outcome = Outcome::of(&mut command, self.around.root());
        assert!((0..=3).contains(&outcome.code), "{args:?} ended with {}: {}", outcome.code, outcome.err);
        for text in [&outcome.out, &outcome.err] {
            assert_harmless(text, args);
        }
        outcome
    }
}

/// Nothing that was not to be read, and nothing that steers a terminal.
#[track_caller]
fn assert_harmless(text: &str, from: &[&str]) {
    for never in ["panicked", "overflowed its stack", MARK, "root:x:", "hunter2"] {
        assert!(!text.contains(never), "{from:?}: `{never}` in:\n{text}");
    }
    let steers =
        |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Lines of CSV end so.
    let text = text.replace("\r\n", "\n");
    let found = text.chars().position(steers);
    assert_eq!(found.map(|at| text.chars().skip(at.saturating_sub(40)).take(60).collect::<String>()), None, "{from:?}");
}

#[test]
fn every_command_gets_over_a_tree_that_means_harm() {
    let hostile = Hostile::new();
    let before = contents(hostile.around.root());
    for args in [
        &["gen", "-o", "-"][..],
        &["gen", "--format", "json"],
        &["gen", "--format", "sarif", "--items"],
        &["gen", "--format", "mermaid"],
        &["gen", "--format", "svg"],
        &["list"],
        &["list", "--format", "json"],
        &["list", "--format", "csv"],
        &["list", "--format", "markdown"],
        &["list", "--format", "ids"],
        &["show", "ORDERS"],
        &["show", "ORDERS", "--format", "markdown"],
        &["check"],
        &["check", "--replicas", "9223372036854775807"],
        &["diff", "HEAD"],
        &["annotate", "--dry-run"],
        &["catalog", "list"],
        &["templates", "export", "--list"],
    ] {
        hostile.run(args);
    }
    assert!(contents(hostile.around.root()) == before, "nothing is written by what only tells");
}

#[test]
fn the_map_of_a_tree_that_means_harm_says_what_was_not_read() {
    let hostile = Hostile::new();
    let map = hostile.run(&["gen", "--format", "json"]).ends(0).json();
    let ids: Vec<&str> = map["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    for id in ["static:hostile::ORDERS", "static:a::OF_A", "static:b::OF_B"] {
        assert!(ids.contains(&id), "{id} is not among {ids:#?}");
    }
    let found: Vec<(&str, &str)> = map["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["code"].as_str().unwrap(), found["file"].as_str().unwrap_or_default()))
        .collect();
    let expected = [("too-large", "src/huge.rs"), ("module-cycle", "src/cycle.rs"), ("missing-module", "src/main.rs")];
    for (code, file) in expected {
        assert!(found.contains(&(code, file)), "{code} {file}: {found:#?}");
    }
    assert!(map["coverage"]["macros_unread"].as_u64().unwrap() > 0, "macros without end are told");
}

#[test]
fn pages_of_a_tree_that_means_harm_hold_nothing_that_runs() {
    let hostile = Hostile::new();
    let before = contents(hostile.around.root());
    for args in [
        &["gen", "-q", "--format", "mdbook", "-o", "../out/book"][..],
        &["gen", "-q", "-o", "../out/page/STATEMAP.md"],
        &["gen", "-q", "--format", "json", "-o", "../out/map.json"],
        &["merge", "-q", "../out/map.json", "-o", "../out/merged"],
        &["merge", "-q", "one=../out/map.json", "-o", "../out/merged.md"],
        &["gen", "-q", "--format", "svg", "-o", "../out/drawings/"],
    ] {
        hostile.run(args).ends(0);
    }
    let all = contents(hostile.around.root());
    let (out, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = all.into_iter().partition(|(name, _)| name.starts_with("out/"));
    assert!(rest == before, "nothing outside of the output is written");
    assert!(out.len() > 50, "{:?}", out.keys());
    let names: Vec<String> = out.keys().cloned().collect();
    for (name, bytes) in out {
        let text = String::from_utf8(bytes).unwrap();
        assert_harmless(&text, &[&name]);
        if name.ends_with(".md") {
            let page = statemap::render::Page { path: name.clone(), text: text.clone(), existing: statemap::render::Existing::Marked };
            // The first words of a summary are links and nothing else; its entries are checked below.
            assert_eq!(intruders(&page), Vec::<String>::new(), "{name}");
        }
        if name.ends_with("SUMMARY.md") {
            let folder = name.trim_end_matches("SUMMARY.md");
            for event in pulldown_cmark::Parser::new(&text) {
                if let pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) = event {
                    assert!(names.contains(&format!("{folder}{dest_url}")), "{dest_url} leads to no page of ours");
                }
            }
        }
        if name.ends_with(".svg") {
            let drawing = roxmltree::Document::parse(&text).unwrap();
            let runs = |node: &roxmltree::Node<'_, '_>| {
                node.tag_name().name() == "script" || node.attributes().any(|attribute| attribute.name().starts_with("on"))
            };
            assert_eq!(drawing.descendants().find(runs).map(|node| node.range()), None, "{name}");
        }
    }
}

#[test]
fn a_starter_file_for_a_tree_that_means_harm_is_one_that_is_read() {
    let hostile = Hostile::new();
    let mut before = contents(hostile.around.root());
    hostile.run(&["init", "--force"]).ends(0);
    let mut after = contents(hostile.around.root());
    let written = after.remove("tree/statemap.toml").unwrap();
    assert_harmless(std::str::from_utf8(&written).unwrap(), &["init"]);
    assert!(before.remove("tree/statemap.toml").is_some() && after == before, "nothing else is written");
    hostile.run(&["check", "-q"]);
    hostile.run(&["gen", "-q", "-o", "-"]).ends(0);
}

#[test]
fn a_book_of_a_tree_that_means_harm_gets_nothing_that_runs() {
    let hostile = Hostile::new();
    let before = contents(hostile.around.root());
    let page = "# Page\n\n{{#statemap list}}\n\n{{#statemap hazards}}\n\n{{#statemap diagram}}\n";
    let input = serde_json::json!([
        {
            "root": hostile.around.path("tree"), "renderer": "html", "mdbook_version": "0.5.4",
            "config": {"book": {}, "preprocessor": {"statemap": {"root": ".", "chapters": true}}},
        },
        {"items": [{"Chapter": {
            "name": "Page", "content": page, "number": [1], "sub_items": [], "path": "page.md", "source_path": "page.md", "parent_names": [],
        }}]},
    ]);
    let book = hostile.run_with(&["mdbook"], &input.to_string()).ends(0).json();
    let mut open: Vec<&serde_json::Value> = book["items"].as_array().unwrap().iter().collect();
    let mut pages = 0;
    while let Some(item) = open.pop() {
        let Some(chapter) = item.get("Chapter") else { continue };
        open.extend(chapter["sub_items"].as_array().unwrap());
        let (path, text) = (chapter["path"].as_str().unwrap().to_owned(), chapter["content"].as_str().unwrap().to_owned());
        assert_harmless(&text, &[&path]);
        let page = statemap::render::Page { path: path.clone(), text, existing: statemap::render::Existing::Marked };
        assert_eq!(intruders(&page), Vec::<String>::new(), "{path}");
        pages += 1;
    }
    assert!(pages > 20, "{pages} pages");
    assert!(contents(hostile.around.root()) == before, "nothing is written by what hands back a book");
}

#[test]
fn git_objects_that_are_missing_or_cut_are_told() {
    let project =
        Project::shop("static HITS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);\nfn main() { *HITS.lock().unwrap() += 1; }\n");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]).args(args).current_dir(project.root());
        command.output().is_ok_and(|output| output.status.success())
    };
    if !(git(&["init", "-q"]) && git(&["add", "."]) && git(&["commit", "-qm", "One."]) && git(&["gc", "-q"])) {
        super::skipped("there is no git to make a pack with");
        return;
    }
    project.run(&["diff", "HEAD"]).ends(0);
    let pack = contents(&project.path(".git/objects/pack")).into_keys().find(|name| name.ends_with(".pack")).unwrap();
    let pack = format!(".git/objects/pack/{pack}");
    let whole = std::fs::read(project.path(&pack)).unwrap();
    // Packs are read-only.
    let replace = |bytes: &[u8]| {
        std::fs::remove_file(project.path(&pack)).unwrap();
        project.write(&pack, bytes);
    };
    // Of the last bytes, which are the checksum of the others, nothing is read.
    for end in (0..whole.len() - 80).step_by(whole.len() / 12) {
        replace(&whole[..end]);
        let outcome = project.run(&["diff", "HEAD"]);
        assert!(outcome.code >= 2 && (outcome.err.clone() + &outcome.out).contains("error"), "cut at {end}: {outcome:?}");
        // The working directory is there all the same.
        assert!(project.run(&["gen", "-o", "-"]).ends(0).out.contains("HITS"));
    }
    for at in (12..whole.len()).step_by(whole.len() / 12) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        replace(&bytes);
        let outcome = project.run(&["diff", "HEAD"]);
        assert!((0..=3).contains(&outcome.code) && !outcome.err.contains("panicked"), "byte {at}: {outcome:?}");
    }
    std::fs::remove_file(project.path(&pack)).unwrap();
    let outcome = project.run(&["diff", "HEAD"]);
    assert!(outcome.code >= 2 && outcome.err.contains("error"), "{outcome:?}");
    for (file, text) in
        [("HEAD", "ref: refs/heads/../../../../etc/passwd\n"), ("HEAD", ""), ("packed-refs", "\u{0}\n"), ("config", "[core\n")]
    {
        project.write(&format!(".git/{file}"), text);
        assert!(project.run(&["gen", "-o", "-"]).ends(0).out.contains("HITS"), "{file}");
        assert!(!project.run(&["diff", "HEAD"]).err.contains("panicked"), "{file}");
    }
}
