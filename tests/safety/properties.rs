//! What holds for any input, over input that is made up.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;

use statemap::diff::{Diff, Version};
use statemap::model::StateMap;
use statemap::output::splice;
use statemap::source::{MemoryTree, Revision};

use crate::fuzz_targets;
use crate::project::{MANIFEST, Project, analysis, fixture, ids, map_of};

fn few(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() }
}

/// Items of a module, each with state of its own; `main` calls the functions.
const ITEMS: [&str; 10] = [
    "pub static ORDERS: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());",
    "thread_local! { static USER: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) }; }",
    "pub fn report() { std::fs::write(\"/data/report.csv\", format!(\"{}\", ORDERS.lock().unwrap().len())).unwrap(); }",
    "pub fn twice() { std::fs::write(\"/data/a\", \"\").unwrap(); std::fs::write(\"/data/b\", \"\").unwrap(); }",
    "pub fn queue() { let (sender, receiver) = tokio::sync::mpsc::channel::<u8>(8); let (more, rest) = tokio::sync::mpsc::channel::<u8>(16); drop((sender, receiver, more, rest)); }",
    "pub fn limit() -> u32 { std::env::var(\"LIMIT\").ok().and_then(|text| text.parse().ok()).unwrap_or(7) }",
    "pub struct Cache { users: std::sync::RwLock<std::collections::HashMap<u32, String>>, hits: std::sync::atomic::AtomicU64 }",
    "pub static CACHE: std::sync::OnceLock<Cache> = std::sync::OnceLock::new();",
    "pub fn worker() { tokio::spawn(async move { loop { tokio::time::sleep(std::time::Duration::from_secs(60)).await; USER.with_borrow_mut(|user| *user = None); } }); }",
    "impl Cache { pub fn user(&self, id: u32) -> Option<String> { self.hits.fetch_add(1, std::sync::atomic::Ordering::Relaxed); self.users.read().unwrap().get(&id).cloned() } }",
];

const MAIN: &str = "mod shop;\n#[tokio::main]\nasync fn main() {\n    shop::report();\n    shop::twice();\n    shop::queue();\n    shop::limit();\n    shop::worker();\n    shop::CACHE.get().unwrap().user(7);\n}\n";

fn shop(module: &str, threads: usize) -> StateMap {
    let tree = MemoryTree::default().with_file("Cargo.toml", MANIFEST).with_file("src/main.rs", MAIN).with_file("src/shop.rs", module);
    let options = statemap::Options { threads: Some(threads), ..fuzz_targets::options() };
    statemap::analyze(&tree, &Revision::default(), &options).unwrap().map
}

/// The tokens of a text with other blanks and comments between them, taken in turn.
fn reformatted(tokens: TokenStream, blanks: &mut impl Iterator<Item = &'static str>, out: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                reformatted(group.stream(), blanks, out);
                out.push_str(close);
            }
            TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint => {
                out.push(punct.as_char());
                continue;
            }
            other => out.push_str(&other.to_string()),
        }
        out.push_str(blanks.next().unwrap_or(" "));
    }
}

const BLANKS: &[&str] =
    &[" ", "\n", "\r\n", "\t", "\n\n\n        ", " /* a, b; } */ ", "\n// statemaps: not ours; }\n", " // \"\n", " /* /* nested */ */ "];

proptest! {
    #![proptest_config(few(24))]

    #[test]
    fn ids_stay_whatever_the_order_the_format_and_the_comments(
        order in Just((0..ITEMS.len()).collect::<Vec<_>>()).prop_shuffle(),
        blanks in proptest::collection::vec(select(BLANKS), 1..60),
        threads in 1_usize..5,
    ) {
        let plain = shop(&ITEMS.join("\n"), 1);
        prop_assert!(plain.items.len() > 8, "{:?}", ids(&plain));
        let mut text = String::new();
        let mut blanks = blanks.into_iter().cycle();
        for at in order {
            reformatted(ITEMS[at].parse().unwrap(), &mut blanks, &mut text);
        }
        let other = shop(&text, threads);
        prop_assert_eq!(&other.coverage.unparsed_files, &plain.coverage.unparsed_files, "{}", &text);
        prop_assert_eq!(ids(&other), ids(&plain), "{}", &text);
    }

    #[test]
    fn an_item_more_changes_the_id_of_no_other(kept in subsequence(ITEMS.to_vec(), 0..ITEMS.len())) {
        // What speaks of another item may not be what it is without it.
        let alone = ["report", "Cache", "CACHE", "user", "worker", "USER"];
        let of = |map: &StateMap| ids(map).into_iter().filter(|id| !alone.iter().any(|name| id.contains(name))).collect::<Vec<_>>();
        let all = of(&shop(&ITEMS.join("\n"), 1));
        for id in of(&shop(&kept.join("\n"), 1)) {
            prop_assert!(all.contains(&id), "{}: {:?}", id, all);
        }
    }
}

/// Pieces of which a file with markers may be made.
const PIECES: &[&str] = &[
    "<!-- statemap:begin -->",
    "<!-- statemap:end -->",
    "<!--statemap:begin-->",
    "<!-- statemap:begin",
    "-->",
    "\n",
    "\n\n",
    "\r\n",
    "# A\n",
    "- a\n",
    "  ",
    "> ",
    "```\n",
    "~~~\n",
    "    ",
    "\t",
    "`",
    "<pre>\n",
    "</pre>\n",
    "<script>\n",
    "<details>\n",
    "<!--",
    "<?",
    "?>",
    "<![CDATA[",
    "]]>",
    "| a |\n| - |\n",
    "text",
    "[x]: y\n",
    "---\n",
    "***\n",
    "\u{feff}",
    "é",
    "\\",
    "<a href=\"",
    "\">",
];

proptest! {
    #![proptest_config(few(1_500))]

    #[test]
    fn splicing_twice_is_splicing_once_and_touches_nothing_else(
        before in proptest::collection::vec(select(PIECES), 0..8),
        inside in proptest::collection::vec(select(PIECES), 0..3),
        after in proptest::collection::vec(select(PIECES), 0..8),
        form in 0_u8..4,
    ) {
        let text = format!("{}\n<!-- statemap:begin -->\n{}\n<!-- statemap:end -->\n{}", before.concat(), inside.concat(), after.concat());
        fuzz_targets::splice(&[&[form], text.as_bytes()].concat());
        // Whatever was between the markers is not there afterwards.
        if inside.is_empty() && let Ok(once) = splice(&text, "new\n") {
            prop_assert_eq!(splice(&text.replace("begin -->\n\n<", "begin -->\n\nold\n\n<"), "new\n"), Ok(once));
        }
    }
}

/// Pieces of a `statemap.toml` without mistakes; each may stand once.
const CONFIG: &[&str] = &[
    "# Ours.\n\n",
    "[service]\nname = \"shop\"   # The name.\n\n",
    "[policy]\n\n\n",
    "[[state]]\r\nid = \"static:shop::ORDERS\"\r\nowner = 'web' # Who.\r\n",
    "[[state]]\nid = \"fs-write:**\"\non_loss = \"\"\"\nnothing\n\"\"\"\n\n",
    "  [[declare]]\n  kind = \"cache\"\n  name = \"proxy\"\n  scope = \"host\"\n  summary = \"A cache in front.\"\n",
    "[[output]]\nformat = \"json\"\npath = \"map.json\"\n",
    "#no newline at the end",
];

const INLINE: &[&str] = &[
    "",
    "state = []\n",
    "state = [ { id = \"static:shop::ORDERS\", owner = \"web\" } ] # One.\n",
    "state = [\n  { id = \"fs-write:**\", owner = \"web\" }, # One.\n  # None.\n]\n",
];

proptest! {
    #![proptest_config(few(24))]

    #[test]
    fn annotate_keeps_every_byte(
        inline in select(INLINE),
        pieces in subsequence(CONFIG.to_vec(), 0..CONFIG.len()),
        mark in select(&["", "\u{feff}"][..]),
    ) {
        let pieces = pieces.into_iter().filter(|piece| inline.is_empty() || !piece.starts_with("[[state]]"));
        let text = format!("{mark}{inline}{}", pieces.collect::<String>());
        prop_assert!(statemap::annotations::load("statemap.toml", &text).1.is_empty(), "{:?}", statemap::annotations::load("statemap.toml", &text).1);
        fuzz_targets::annotations(text.as_bytes());
    }
}

#[track_caller]
fn assert_no_difference(before: &StateMap, after: &StateMap, name: &str) {
    let diff = Diff::of(Version { name: "before", map: before }, Version { name: "after", map: after }, true);
    assert!(diff.same, "{name}");
    let changes =
        diff.items.len() + diff.hazards.len() + diff.variables.len() + diff.verdicts.len() + diff.capacity.len() + diff.messages.len();
    assert_eq!((changes, diff.services_added.len(), diff.services_removed.len()), (0, 0, 0), "{name}");
}

#[test]
fn a_map_does_not_differ_from_itself() {
    for name in
        ["storefront", "storefront-fixed", "manifests", "settings", "modules", "hostile", "workspaces/two-bins", "detectors/constructors"]
    {
        let map = map_of(name);
        assert_no_difference(&map, &map, name);
        // Neither does one that was written and read again.
        let read: StateMap = serde_json::from_str(&statemap::render::json(&map)).unwrap();
        assert_no_difference(&map, &read, name);
    }
}

#[test]
fn files_that_were_written_in_another_order_make_the_same_bytes() {
    let files = super::contents(&fixture("storefront"));
    let one = Project::empty();
    for (name, bytes) in &files {
        one.write(name, bytes);
    }
    let other = Project::empty();
    for (name, bytes) in files.iter().rev() {
        other.write(name, bytes);
    }
    let json = |project: &Project| statemap::render::json(&analysis(project.root()).map);
    let label = |text: String, project: &Project| text.replace(project.root().file_name().unwrap().to_str().unwrap(), "tree");
    assert_eq!(label(json(&one), &one), label(json(&other), &other));
}
