//! Tests of whole pages: snapshots to be read, and properties that hold whatever the analysed tree says.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::escape::{is_steering, slug};
use super::html::icon;
use super::sample::{self, HOSTILE, hostile, newsletter, two_services};
use super::{Filter, Format, Fragments, HANDS_OFF, HANDS_ON, MARKER, Page, RenderOptions, Told, json, list, markdown, mdbook, templates};
use crate::model::{Class, Deployment, DurableMount, Fact, Kind, Place, Scope, StateMap};
use crate::terminal::Look;

fn options() -> RenderOptions {
    RenderOptions { link_base: Some(String::new()), ..RenderOptions::default() }
}

fn parse(text: &str) -> impl Iterator<Item = Event<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_HEADING_ATTRIBUTES;
    Parser::new_ext(text, options)
}

fn page(map: &StateMap) -> String {
    markdown(map, &options()).unwrap()
}

fn book(map: &StateMap) -> Vec<Page> {
    mdbook(map, &RenderOptions { history: Some(sample::history(map)), ..options() }).unwrap()
}

/// Everything that is rendered for a map, by path.
fn everything(map: &StateMap) -> Vec<Page> {
    let mut pages = book(map);
    pages.push(Page { path: "STATEMAP.md".to_owned(), text: page(map), existing: super::Existing::Marked });
    pages.retain(|page| page.path.ends_with(".md"));
    pages
}

/// The ids of a page's headings and explicit anchors, as GitHub and mdBook give them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut heading: Option<String> = None;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for event in parse(text) {
        match event {
            // An id that is written goes before the one that the text gives.
            Event::Start(Tag::Heading { id: Some(id), .. }) => {
                assert!(found.insert(id.to_string()), "two anchors {id}");
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) if heading.is_none() => {}
            Event::End(TagEnd::Heading(_)) => {
                let id = slug(&heading.take().unwrap());
                let seen = counts.entry(id.clone()).or_default();
                found.insert(if *seen == 0 { id } else { format!("{id}-{seen}") });
                *seen += 1;
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::InlineHtml(html) => {
                if let Some(id) = html.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\">")) {
                    assert!(found.insert(id.to_owned()), "two anchors {id}");
                }
            }
            _ => {}
        }
    }
    found
}

fn targets(text: &str) -> Vec<String> {
    let link = |event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    };
    parse(text).filter_map(link).collect()
}

/// `services/../kinds/pool.md` as `kinds/pool.md`.
fn resolved(from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// An element of a book with nothing but a class of ours, or its end.
fn is_own_element(html: &str, name: &str) -> bool {
    let class = html.strip_prefix(&format!("<{name} class=\"statemap-")).and_then(|rest| rest.strip_suffix('>'));
    let class = class.map(|rest| rest.split_once(" data-label=\"").map_or(rest, |(class, _)| class));
    let class = class.and_then(|rest| rest.strip_suffix(" hidden").unwrap_or(rest).strip_suffix('"'));
    let plain = |class: &str| class.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | ' '));
    html == format!("</{name}>") || class.is_some_and(plain)
}

/// A part of an icon, to the letter.
fn is_of_icon(html: &str) -> bool {
    html == "</svg>" || Kind::ALL.iter().any(|kind| html.starts_with('<') && html.ends_with('>') && icon(kind.as_str()).contains(html))
}

#[test]
fn the_page_of_a_small_service() {
    insta::assert_snapshot!("newsletter", page(&newsletter()));
}

#[test]
fn the_page_of_two_services_on_a_host() {
    insta::assert_snapshot!("two-services", page(&two_services()));
}

#[test]
fn the_book_of_two_services() {
    for page in book(&two_services()).into_iter().filter(|page| !page.path.ends_with(".css")) {
        insta::assert_snapshot!(format!("book-{}", page.path.replace('/', "-")), page.text);
    }
}

#[test]
fn a_service_without_state_says_so() {
    let mut map = newsletter();
    map.items.clear();
    map.diagnostics.clear();
    let page = page(&map);
    insta::assert_snapshot!("no-state", page);
    assert!(!page.contains("| kind |"));
}

#[test]
fn hostile_text_never_becomes_markup() {
    for page in everything(&hostile()) {
        let mut drawn = false;
        for event in parse(&page.text) {
            match event {
                // What is drawn has tests of its own.
                Event::Html(html) if drawn || html.starts_with("<figure class=\"statemap-diagram\"") => {
                    assert!(!html.to_lowercase().contains("<script"), "{}: {html}", page.path);
                    drawn = !html.starts_with("</figure>");
                }
                Event::Html(html) => {
                    let own = |line: &str| {
                        line.starts_with(MARKER) || HANDS_OFF.contains(line) || HANDS_ON.contains(line) || is_own_element(line, "div")
                    };
                    assert!(html.lines().all(own) && !html.contains("script"), "{}: {html}", page.path);
                }
                Event::InlineHtml(html) => {
                    let own = matches!(&*html, "<code>" | "</code>" | "</a>") || html.starts_with("<a id=\"");
                    assert!(own || is_own_element(&html, "span") || is_of_icon(&html), "{}: {html}", page.path);
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let colon = dest_url.find(':').is_some_and(|at| !dest_url[..at].contains(['/', '#']));
                    assert!(!colon || dest_url.starts_with("https://"), "{}: {dest_url}", page.path);
                }
                Event::Start(Tag::Image { .. }) => panic!("{}: an image", page.path),
                _ => {}
            }
        }
        assert!(!drawn, "{}: a figure without an end", page.path);
        assert!(!page.text.contains("{{"), "{}", page.path);
        assert!(!page.text.contains(is_steering), "{}", page.path);
    }
}

#[test]
fn every_row_of_a_table_has_the_columns_of_its_header() {
    for page in everything(&hostile()).into_iter().chain(everything(&two_services())) {
        let mut columns = 0;
        let mut rows = 0;
        for line in page.text.lines() {
            // GFM reads cells off the raw line: every pipe that is not escaped is a border.
            if line.starts_with('|') {
                let cells = line.replace("\\|", "").matches('|').count() - 1;
                rows += 1;
                if rows == 1 {
                    columns = cells;
                }
                assert_eq!(cells, columns, "{}: {line}", page.path);
            } else {
                rows = 0;
            }
        }
    }
}

#[test]
fn every_internal_link_has_its_target() {
    for map in [newsletter(), two_services(), hostile()] {
        let pages = everything(&map);
        let known: BTreeMap<&str, BTreeSet<String>> = pages.iter().map(|page| (page.path.as_str(), anchors(&page.text))).collect();
        let mut followed = 0;
        for page in &pages {
            for target in targets(&page.text) {
                let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
                let path = if path.is_empty() { page.path.clone() } else { resolved(&page.path, path) };
                if anchor.starts_with('L') || !(path.ends_with(".md") && known.contains_key(path.as_str())) {
                    continue;
                }
                assert!(anchor.is_empty() || known[path.as_str()].contains(anchor), "{} -> {target}", page.path);
                followed += 1;
            }
        }
        assert!(followed > 20, "{followed}");
    }
}

#[test]
fn every_chapter_of_the_summary_is_a_page_and_every_page_a_chapter() {
    for map in [newsletter(), two_services(), hostile()] {
        let pages = book(&map);
        let summary = pages.iter().find(|page| page.path == "src/SUMMARY.md").unwrap();
        let mut chapters: Vec<String> = targets(&summary.text).iter().map(|target| format!("src/{target}")).collect();
        let mut files: Vec<String> =
            pages.iter().map(|page| page.path.clone()).filter(|path| path.ends_with(".md") && !path.ends_with("SUMMARY.md")).collect();
        chapters.sort();
        files.sort();
        assert_eq!(chapters, files);
        files.dedup();
        assert_eq!(chapters.len(), files.len());
    }
}

#[test]
fn the_settings_of_a_new_book_are_toml() {
    for map in [two_services(), hostile()] {
        let settings = &book(&map)[0];
        let parsed: toml::Table = settings.text.parse().unwrap();
        assert!(parsed["book"]["title"].as_str().unwrap().ends_with("where its state is"));
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    assert_eq!(everything(&hostile()), everything(&hostile()));
    assert_eq!(json(&hostile()), json(&hostile()));
}

#[test]
fn pages_are_tidy_markdown() {
    for page in everything(&two_services()).into_iter().chain(everything(&newsletter())) {
        let lines: Vec<&str> = page.text.lines().collect();
        assert!(page.text.ends_with('\n') && !page.text.ends_with("\n\n"), "{}", page.path);
        for pair in lines.windows(2) {
            assert_eq!(pair[0].trim_end(), pair[0], "{}", page.path);
            assert!(!(pair[0].is_empty() && pair[1].is_empty()), "{}: two blank lines", page.path);
            let heading = |line: &str| line.starts_with('#') && line.trim_start_matches('#').starts_with(' ');
            assert!(!heading(pair[0]) || pair[1].is_empty(), "{}: {}", page.path, pair[0]);
            assert!(!heading(pair[1]) || pair[0].is_empty(), "{}: {}", page.path, pair[1]);
            assert!(!pair[1].starts_with('|') || pair[0].starts_with('|') || pair[0].is_empty(), "{}: {}", page.path, pair[1]);
        }
    }
}

#[test]
fn constants_are_counted_and_shown_on_demand() {
    let map = newsletter();
    let without = page(&map);
    assert!(without.contains("One constant is left out") && !without.contains("`EMAIL`"), "{without}");
    let with = markdown(&map, &RenderOptions { constants: true, ..options() }).unwrap();
    assert!(with.contains("`EMAIL`") && !with.contains("left out; `--constants`"));
}

#[test]
fn json_is_the_map_and_steers_no_terminal() {
    let map = hostile();
    let text = json(&map);
    assert!(text.ends_with("}\n") && !text.contains(is_steering));
    let back: StateMap = serde_json::from_str(&text).unwrap();
    assert_eq!(back, map);
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let value: serde_json::Value = serde_json::from_str(&json(&newsletter())).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let has = |value: &serde_json::Value, wanted: &[&str]| {
        for key in wanted {
            assert!(keys(value).contains(*key), "{key}");
        }
    };
    has(&value, &["schema", "tool", "revision", "services", "items", "hazards", "diagnostics", "coverage"]);
    let items = value["items"].as_array().unwrap();
    let pool = items.iter().find(|item| item["kind"] == "pool").unwrap();
    has(pool, &["id", "kind", "scope", "name", "summary", "services", "confidence", "class", "sites", "uses", "facts"]);
    has(pool, &["backs_on", "cfg", "doc", "annotation", "hazards"]);
    assert_eq!(pool["sites"][0]["file"], "src/issue_delivery_worker.rs");
    assert_eq!(pool["sites"][0]["role"], "constructed");
    assert_eq!(pool["facts"][0]["provenance"], "default");
}

#[test]
fn words_filter_whatever_their_case_and_all_must_occur() {
    let map = newsletter();
    let found = |words: &[&str]| {
        let filter = Filter { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Filter::default() };
        map.items.iter().filter(|item| filter.wants(item)).count()
    };
    assert_eq!(found(&["REDIS"]), 1);
    assert_eq!(found(&["postgres", "worker"]), 1);
    assert_eq!(found(&["postgres", "nowhere"]), 0);
    assert_eq!(found(&["report-{}"]), 1);
}

#[test]
fn kinds_scopes_and_services_filter() {
    let map = two_services();
    let count = |filter: Filter| map.items.iter().filter(|item| filter.wants(item)).count();
    assert_eq!(count(Filter { kinds: vec![Kind::Pool], ..Filter::default() }), 2);
    assert_eq!(count(Filter { scopes: vec![Scope::Host, Scope::Thread], ..Filter::default() }), 2);
    assert_eq!(count(Filter { services: vec!["worker".to_owned()], kinds: vec![Kind::Session], ..Filter::default() }), 0);
    assert_eq!(count(Filter { constants: true, ..Filter::default() }), count(Filter::default()) + 1);
}

#[test]
fn a_table_is_aligned_and_fits() {
    insta::assert_snapshot!("list-table", list(&newsletter(), &Filter::default(), Format::Table, Some(Look::plain(120))));
    for width in [60, 80, 120] {
        for line in list(&hostile(), &Filter::default(), Format::Table, Some(Look::plain(width))).lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_narrow_table_shows_names_whole_with_place_and_summary_below() {
    let table = list(&newsletter(), &Filter::default(), Format::Table, Some(Look::plain(64)));
    insta::assert_snapshot!("list-narrow", table);
    assert!(table.contains("  run_worker_until_stopped"), "{table}");
}

#[test]
fn colours_and_links_of_a_table_take_no_room() {
    let links = crate::terminal::Hyperlinks::files(std::path::Path::new("/shop"), "", crate::terminal::Opener::Desktop);
    for width in [64, 160, usize::MAX] {
        let plain = list(&newsletter(), &Filter::default(), Format::Table, Some(Look::plain(width)));
        let look = Look { width, colour: true, links: Some(&links) };
        let mut bare = list(&newsletter(), &Filter::default(), Format::Table, Some(look));
        assert!(bare.contains("\u{1b}]8;;file:///shop/src/main.rs\u{1b}\\"), "{bare}");
        while let Some(start) = bare.find('\u{1b}') {
            let end =
                if bare[start..].starts_with("\u{1b}[") { bare[start..].find('m').unwrap() } else { bare[start..].find('\\').unwrap() };
            bare.replace_range(start..=start + end, "");
        }
        assert_eq!(bare, plain, "{width}");
    }
}

#[test]
fn a_pipe_gets_whole_lines() {
    let map = newsletter();
    let table = list(&map, &Filter::default(), Format::Table, None);
    let shown: Vec<_> = map.items.iter().filter(|item| item.class == Class::Mutable).collect();
    assert_eq!(table.lines().count(), shown.len() + 1);
    for item in shown {
        let site = item.site().map(|site| format!("{}:{}", site.place.file, site.place.line)).unwrap_or_default();
        let has = |text: &str| table.lines().any(|line| line.contains(item.name.as_str()) && line.contains(text));
        assert!(has(&site) && has(&item.summary.replace('`', "")), "{} in\n{table}", item.id);
    }
}

#[test]
fn a_markdown_list_is_a_table() {
    insta::assert_snapshot!("list-markdown", list(&newsletter(), &Filter::default(), Format::Markdown, None));
}

#[test]
fn no_list_steers_the_terminal_or_breaks_its_lines() {
    let map = hostile();
    let shown = map.items.iter().filter(|item| item.class == Class::Mutable).count();
    for (format, extra) in [(Format::Table, 1), (Format::Csv, 1), (Format::Markdown, 2), (Format::Ids, 0)] {
        let text = list(&map, &Filter::default(), format, None);
        assert!(!text.contains(is_steering) || format == Format::Csv && !text.replace("\r\n", "").contains(is_steering), "{format:?}");
        assert_eq!(text.lines().count(), shown + extra, "{format:?}");
    }
}

#[test]
fn csv_quotes_and_defuses_formulas() {
    let text = list(&hostile(), &Filter { kinds: vec![Kind::Queue], ..Filter::default() }, Format::Csv, None);
    assert!(text.contains("\"'=HYPERLINK(\"\"http://example.com\"\")\""), "{text}");
    for cell in text.lines().flat_map(|line| line.split(',')) {
        assert!(!cell.starts_with(['=', '+', '@']), "{cell}");
    }
}

#[test]
fn filtered_json_is_a_map_with_fewer_items() {
    let map = newsletter();
    let all: StateMap = serde_json::from_str(&list(&map, &Filter::default(), Format::Json, None)).unwrap();
    assert_eq!(all.items.len(), map.items.len());
    let filter = Filter { kinds: vec![Kind::Pool], ..Filter::default() };
    let pools: StateMap = serde_json::from_str(&list(&map, &filter, Format::Json, None)).unwrap();
    assert_eq!((pools.items.len(), pools.coverage), (2, map.coverage));
}

#[test]
fn an_empty_list_is_empty() {
    let filter = Filter { words: vec!["nothing has this name".to_owned()], ..Filter::default() };
    assert_eq!(list(&newsletter(), &filter, Format::Table, Some(Look::plain(80))), "");
}

#[test]
fn hostile_samples_are_all_there() {
    assert!(hostile().items.len() > HOSTILE.len() * Kind::ALL.len());
}

/// The paragraph below the title.
fn opening(map: &StateMap) -> String {
    page(map).split("\n\n").skip_while(|part| !part.starts_with("# ")).nth(1).unwrap().to_owned()
}

#[test]
fn the_opening_counts_in_the_singular_and_the_plural() {
    let mut map = newsletter();
    let first = opening;
    map.items.retain(|item| item.kind == Kind::Pool);
    let two = first(&map);
    assert!(two.contains("no deployment file of it was found, but it holds: (1) **two pools of at most 10"), "{two}");
    assert!(two.ends_with("In all there are 2 pieces of state, which all end with the process."), "{two}");
    assert!(two.contains("so 20 for each process and 40 while a rollout overlaps"), "{two}");
    map.items.truncate(1);
    let one = first(&map);
    assert!(
        one.contains("holds one piece of state, which ends with the process: (1) **a sqlx Postgres pool of at most 10 connections** ([`"),
        "{one}"
    );
    map.items[0].summary = "sqlx Postgres pool, size set from `settings.pool.max`".to_owned();
    let unknown = first(&map);
    assert!(unknown.contains(") whose size is set from `settings.pool.max`."), "{unknown}");
    map.items[0].scope = Scope::External;
    let elsewhere = first(&map);
    assert!(elsewhere.contains("holds one piece of state: (1)"), "{elsewhere}");
}

#[test]
fn the_opening_says_whether_manifests_show_a_volume_that_stays() {
    let mut map = newsletter();
    let first = opening;
    let place = |line| Place { file: "k8s/deploy.yaml".into(), line, column: 1 };
    map.deployments = vec![Deployment {
        workload: "Deployment/newsletter".into(),
        kind: "replicated".into(),
        services: vec!["newsletter".into()],
        environment: None,
        at: place(1),
        replicas: Some(2),
        during_rollout: Some(3),
        at_most: None,
        durable: Vec::new(),
    }];
    assert!(first(&map).starts_with("This service has no persistent volume that it can write to, but it holds: (1) "));
    let mount = |path: &str, read_only| DurableMount { path: path.to_owned(), source: "data".to_owned(), read_only, at: place(9) };
    map.deployments[0].durable = vec![mount("/etc/rates", true)];
    assert!(first(&map).starts_with("This service has no persistent volume that it can write to"), "one to read from keeps nothing of it");
    map.deployments[0].durable.push(mount("/data", false));
    assert!(first(&map).starts_with("Beside what its persistent volumes keep at `/data`, this service holds: (1) "));
    map.deployments[0].services = vec!["other".into()];
    assert!(first(&map).starts_with("No deployment file of this service was found. It holds: (1) "));
}

#[test]
fn what_goes_with_the_container_opens_the_page_and_what_stays_does_not() {
    let mut map = newsletter();
    let first = opening;
    let at = map.items.iter().position(|item| item.kind == Kind::FsWrite).unwrap();
    let survives = |text: &str| Fact { key: "survives".into(), value: Some(text.into()), ..map.items[at].facts[0].clone() };
    let (lost, kept) = (survives("nothing: gone with the container"), survives("the pod"));
    map.items[at].facts.push(lost);
    assert!(
        first(&map).contains("(1) **a write to the local disk**: [`/tmp/report-{}.csv`](#local-file-writes), gone with the container; (2)")
    );
    *map.items[at].facts.last_mut().unwrap() = kept;
    assert!(!first(&map).contains("report-"), "{}", first(&map));
}

#[test]
fn pools_of_different_sizes_are_added_up_and_unknown_ones_are_not() {
    let mut map = newsletter();
    map.items.retain(|item| item.kind == Kind::Pool);
    map.items[0].facts[0].value = Some(5.into());
    assert!(page(&map).contains("**two pools of at most 15 in all**"));
    map.items[0].facts[0].value = None;
    assert!(page(&map).contains("(1) **a sqlx Postgres pool of at most 10 connections** (["));
}

#[test]
fn many_variables_are_folded_into_one_point() {
    let mut map = newsletter();
    map.items.retain(|item| item.kind == Kind::StartupConfig);
    let one = map.items[0].clone();
    for n in 0..10 {
        let mut item = one.clone();
        item.id = crate::model::ItemId(format!("startup-config:x#V{n}").into());
        map.items.push(item);
    }
    assert!(page(&map).contains("(1) **twelve environment variables**, fixed until a restart."));
}

#[test]
fn items_of_one_name_are_told_apart_by_their_place() {
    let mut map = newsletter();
    map.items.retain(|item| item.kind == Kind::Pool);
    for item in &mut map.items {
        item.name = "connect".into();
    }
    let text = page(&map);
    assert!(text.contains("### pool: sqlx Postgres pool of `connect` in `get_connection_pool`"), "{text}");
    assert!(text.contains("(#pool-sqlx-postgres-pool-of-connect-in-get_connection_pool)"), "{text}");
}

#[test]
fn a_template_of_the_user_replaces_the_words_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("item.md.tera"), "{{ item.hashes }} {{ item.name }} ({{ item.kind }})\n").unwrap();
    let text = markdown(&newsletter(), &RenderOptions { templates: Some(folder.path().to_owned()), ..options() }).unwrap();
    assert!(text.contains("### `outbox` (queue)") && text.contains("## Blind spots"), "{text}");
}

#[test]
fn committed_pages_name_no_revision_and_link_relatively() {
    let mut map = two_services();
    let relative = RenderOptions { relative_links: true, ..options() };
    let before = markdown(&map, &relative).unwrap();
    map.revision = Some("0123456789abcdef".to_owned());
    assert_eq!(markdown(&map, &relative).unwrap(), before);
    assert!(before.contains("(src/main.rs#L16)"), "{before}");
}

/// Words in backticks.
fn backticked(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn what_each_template_is_given_stands_in_the_book() {
    super::engine::seen::take();
    for map in [newsletter(), two_services(), hostile()] {
        everything(&map);
        let fragments = Fragments::new(&map, &options(), &Told::default()).unwrap();
        let item = fragments.item(map.items[0].id.as_str()).unwrap();
        fragments.block(item, 2, "p.md").unwrap();
        fragments.list(&Filter::default(), "p.md").unwrap();
        fragments.list(&Filter { words: vec!["no such thing".to_owned()], ..Filter::default() }, "p.md").unwrap();
        fragments.opening(None, "p.md").unwrap();
        fragments.hazards(None, true, "p.md").unwrap();
        fragments.verdicts(None, "p.md").unwrap();
        fragments.capacity("p.md").unwrap();
        fragments.blind_spots("p.md").unwrap();
        fragments.part("Part", "p.md", &[("Page", "q.md")]).unwrap();
    }
    let book = include_str!("../../book/src/templates.md");
    let seen = super::engine::seen::take();
    assert!(seen.len() > 18, "{:?}", seen.keys());
    for (name, given) in seen {
        let template = templates().into_iter().find(|template| template.name == name).unwrap();
        let mut told = backticked(template.context);
        // `kind page` is told by the paragraph or the table that begins with `**Kind page**`.
        for part in [
            "Page",
            "Kind page",
            "Service page",
            "Services page",
            "Hazards page",
            "Failures page",
            "Item page",
            "Stores page",
            "Store page",
            "Owners page",
            "Owner page",
            "Changes page",
        ] {
            if template.context.contains(&part.to_lowercase()) {
                let (_, rest) = book.split_once(&format!("\n**{part}**")).unwrap();
                told.extend(backticked(rest.split("\n\n**").next().unwrap()));
            }
        }
        let missing: Vec<&String> = given.iter().filter(|key| !told.contains(key.as_str())).collect();
        assert!(missing.is_empty(), "templates/README.md or book/src/templates.md does not say that `{name}` sees {missing:?}");
    }
}

#[test]
fn exported_templates_render_what_the_built_in_ones_do() {
    let folder = tempfile::tempdir().unwrap();
    for template in templates() {
        std::fs::write(folder.path().join(template.name), template.exported()).unwrap();
    }
    for map in [newsletter(), two_services(), hostile()] {
        let own = RenderOptions { templates: Some(folder.path().to_owned()), history: Some(sample::history(&map)), ..options() };
        assert_eq!(markdown(&map, &own).unwrap(), page(&map));
        assert_eq!(mdbook(&map, &own).unwrap(), book(&map));
    }
}
