//! What each fuzz target does with its bytes, and what must hold afterwards.
//!
//! Compiled twice: for the fuzzer, and by the tests of statemap, which run every target over its seeds and over what the fuzzer found.

use statemap::annotations::{self, CONFIG_FILE, Config, Wanted};
use statemap::fleet::{self, Fleet, Unnamed};
use statemap::model::{Severity, StateMap};
use statemap::output::splice as spliced;
use statemap::parse::{ParseOptions, parse_file};
use statemap::render::{self, FleetOptions};
use statemap::source::{MemoryTree, Revision};

use crate::markdown::skeleton::{intruders, intruders_among_descriptions, pages as pages_of};
use crate::markdown::texts::Texts;

/// Takes what the fuzzer made up, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// The targets by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("source", source),
    ("macros", macros),
    ("annotations", annotations),
    ("manifests", manifests),
    ("settings", settings),
    ("splice", splice),
    ("pages", pages),
    ("merge", merge),
];

/// Where the files of the target `manifests` lie, by the first byte of its input.
pub const MANIFESTS: [&str; 15] = [
    "Cargo.toml",
    "Cargo.lock",
    "k8s/shop.yaml",
    "docker-compose.yml",
    "Dockerfile",
    ".env",
    "chart/templates/shop.yaml",
    "chart/values.yaml",
    "kustomization.yaml",
    "deploy/shop.service",
    "fly.toml",
    "template.yaml",
    ".github/workflows/deploy.yml",
    "entry.sh",
    "migrations/1_shop.sql",
];

/// Where the files of the target `settings` lie, by the first byte of its input.
pub const SETTINGS: [&str; 7] =
    ["config/base.toml", "config/base.yaml", "config/base.json", "config/base.ron", "config/base.ini", "config/base.json5", ".env"];

/// Options that read no clock.
pub fn options() -> statemap::Options {
    statemap::Options {
        include: statemap::discover::Include::default(),
        threads: Some(1),
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    }
}

const PACKAGE: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nconfig = \"0.15\"\nsqlx = \"0.8\"\ntokio = \"1\"\n";

const MAIN: &str = r#"
static ORDERS: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

#[tokio::main]
async fn main() {
    let settings = config::Config::builder().add_source(config::File::with_name("config/base")).build().unwrap();
    let database = settings.get_string("database.url").unwrap();
    let most = settings.get_int("database.max_connections").unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(most as u32).connect(&database).await.unwrap();
    std::fs::write(std::env::var("REPORT").unwrap_or("/data/report.csv".into()), "").unwrap();
    ORDERS.lock().unwrap().push(settings.get_string("shop.name").unwrap());
    drop(pool);
}
"#;

/// The map of a small service of which one file is the input.
fn map_with(path: &str, text: &[u8]) -> StateMap {
    let tree = MemoryTree::default()
        .with_file("Cargo.toml", PACKAGE)
        .with_file("src/main.rs", MAIN)
        .with_file("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n")
        .with_file("chart/values.yaml", "replicas: 2\nimage: { name: shop }\nlist: [a, b]\n")
        .with_file("Dockerfile", "FROM debian\nCOPY entry.sh /entry.sh\nENTRYPOINT [\"/entry.sh\"]\n")
        .with_file("entry.sh", "#!/bin/sh\nexec /usr/local/bin/shop\n")
        .with_file("deployment.yaml", DEPLOYMENT)
        .with_file(path, text);
    let map = statemap::analyze(&tree, &Revision::default(), &options()).expect("no input is an error").map;
    let read: StateMap = serde_json::from_str(&render::json(&map)).expect("the JSON of a map is a map");
    assert_eq!(render::json(&read), render::json(&map));
    map
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 2
  template:
    spec:
      containers: [{ name: shop, image: shop, envFrom: [{ configMapRef: { name: shop } }] }]
";

/// The pages of a map are there and hold nothing that only hostile text can have brought.
fn check_pages(map: &StateMap) {
    for page in pages_of(map) {
        assert_eq!(intruders(&page), Vec::<String>::new(), "{}", page.path);
    }
}

/// First byte, and the rest.
fn first(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}

/// Both sides of the first NUL.
fn halves(data: &[u8]) -> (String, String) {
    let at = data.iter().position(|byte| *byte == 0);
    let (one, other) = at.map_or((data, &[][..]), |at| (&data[..at], &data[at + 1..]));
    (String::from_utf8_lossy(one).into_owned(), String::from_utf8_lossy(other).into_owned())
}

/// Source to facts.
pub fn source(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = text.split('\n').count();
    for include_tests in [false, true] {
        let facts = parse_file("src/main.rs", &text, &ParseOptions { include_tests, ..ParseOptions::default() });
        for item in &facts.items {
            assert!((1..=lines).contains(&(item.span.line as usize)), "{item:?}");
        }
    }
}

/// A macro and what it is called with.
pub fn macros(data: &[u8]) {
    let (arms, call) = halves(data);
    let text = format!("macro_rules! m {{ {arms} }}\nm! {{ {call} }}\nfn f() {{ m!({call}); let x: m!(u8) = m![{call}]; }}\n");
    parse_file("src/main.rs", &text, &ParseOptions::default());
}

/// `statemap.toml`, and a comment in the code.
pub fn annotations(data: &[u8]) {
    let (text, comment) = halves(data);
    let (config, found) = annotations::load(CONFIG_FILE, &text);
    let is_error = |found: &statemap::model::Diagnostic| found.severity == Severity::Error;
    let map = map_with(CONFIG_FILE, text.as_bytes());
    if !found.iter().any(is_error) {
        check_additions(&text, &config, &map);
    }
    let comment: String = comment.lines().map(|line| format!("// statemap: {line}\n")).collect();
    check_pages(&map_with("src/main.rs", format!("{comment}{MAIN}").as_bytes()));
}

/// What `annotate` adds leaves every byte in its place.
fn check_additions(text: &str, config: &Config, map: &StateMap) {
    let items: Vec<_> = map.items.iter().collect();
    let stubs = annotations::stubs(&items, config, Wanted::EachItem);
    let new = annotations::insert(text, &stubs);
    let ahead = text.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let behind = text.bytes().rev().zip(new.bytes().rev()).take_while(|(old, new)| old == new).count();
    assert!(ahead + behind >= text.len(), "only added to:\n{text}\n---\n{new}");
    let (same, gone) = annotations::prune(text, &[]);
    assert_eq!((same.as_str(), gone), (text, Vec::new()));
}

/// One file of a deployment.
pub fn manifests(data: &[u8]) {
    let (at, text) = first(data);
    check_pages(&map_with(MANIFESTS[at % MANIFESTS.len()], text));
}

/// One file of settings.
pub fn settings(data: &[u8]) {
    let (at, text) = first(data);
    check_pages(&map_with(SETTINGS[at % SETTINGS.len()], text));
}

/// What is put between the markers, by the first byte of the input.
const GENERATED: [&str; 4] = ["", "# Map\n\ntext\n", "- a\n\n  ```rust\n  x\n  ```\n", "| a |\n| - |\n| b |\n\n<a id=\"x\"></a>\n"];

/// A file with markers: what stands outside of them stays, and a second time changes nothing.
pub fn splice(data: &[u8]) {
    let (at, text) = first(data);
    let text = String::from_utf8_lossy(text);
    let generated = GENERATED[at % GENERATED.len()];
    let Ok(once) = spliced(&text, generated) else { return };
    let begin = comments(&text, "statemap:begin").into_iter().map(|(_, to)| to).find(|to| once.starts_with(&text[..*to]));
    let end = comments(&text, "statemap:end").into_iter().map(|(from, _)| from).rfind(|from| once.ends_with(&text[*from..]));
    assert!(begin.is_some() && end >= begin, "what stands outside of the region stays:\n{text}\n---\n{once}");
    assert_eq!(spliced(&once, generated).as_deref(), Ok(once.as_str()), "of:\n{text}");
}

/// The comments of a text that say this, from where to where.
fn comments(text: &str, word: &str) -> Vec<(usize, usize)> {
    let whole = |at: usize| Some((at, at + text[at..].find("-->")? + 3));
    let says = |(from, to): &(usize, usize)| text.get(from + 4..to - 3).is_some_and(|said| said.trim() == word);
    text.match_indices("<!--").filter_map(|(at, _)| whole(at)).filter(says).collect()
}

/// A text in every place where a map has one, on pages that are read again as Markdown.
pub fn pages(data: &[u8]) {
    let hostile = String::from_utf8_lossy(data);
    check_pages(&Texts::of_storefront().replaced(|text| format!("{hostile}{text}{hostile}")));
    for page in pages_of(&Texts::of_storefront().described(|text| format!("{hostile}{text}\n{hostile}"))) {
        assert_eq!(intruders_among_descriptions(&page), Vec::<String>::new(), "{}", page.path);
    }
}

/// Two maps as `merge` reads them.
pub fn merge(data: &[u8]) {
    let (one, other) = halves(data);
    let mut maps = Vec::new();
    for (name, text) in [("one", one), ("other", other)] {
        let Ok(document) = fleet::read(text.as_bytes()) else { continue };
        maps.extend(document.maps.into_iter().map(|(called, map)| Unnamed { file: name.to_owned(), given: None, called, map }));
    }
    let Ok((members, _)) = fleet::name_members(maps) else { return };
    let fleet = Fleet::new(members);
    let options = FleetOptions { title: None, templates: None, left_out: Vec::new() };
    fleet::read(render::fleet_json(&fleet).as_bytes()).expect("what is merged can be read");
    let mut pages = render::fleet_mdbook(&fleet, &options).expect("the templates are ours");
    pages.retain(|page| page.path.ends_with(".md"));
    for page in pages {
        assert_eq!(intruders(&page), Vec::<String>::new(), "{}", page.path);
    }
}
