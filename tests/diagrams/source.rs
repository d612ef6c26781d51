//! The Mermaid source.

use statemap::diagram::{self, Zone};
use statemap::model::{EntryKind, Kind};

use super::{item, large, map, used_by};
use crate::project::{Project, fixture};

/// What the code of a service may be called, against everything that reads Mermaid.
pub(super) const HOSTILE: &[&str] = &[
    "quote\"]; click x href \"javascript:alert(1)\"",
    "a --> b",
    "end",
    "subgraph x",
    "classDef high fill:#f00;",
    "style x fill:#f00;",
    "%%{init: {\"securityLevel\": \"loose\"}}%%",
    "%% comment",
    "<script>alert(1)</script>",
    "</text></svg><img src=x onerror=alert(1)>",
    "`backtick` and **bold** and _it_",
    "$$\\frac{1}{2}$$",
    "fa:fa-user",
    "http://example.com/x",
    "www.example.com",
    "someone@example.com",
    "- item",
    "1. item",
    "# heading",
    "a|b|c",
    "{{#include /etc/passwd}}",
    "{{{{raw}}}}",
    "[x](javascript:alert(1))",
    "line\nbreak\r\nagain",
    "right\u{202e}left",
    "&lt;b&gt; #quot; #35;",
    "emoji \u{1f980} and 漢字",
    "",
];

#[test]
fn the_source_of_the_storefront_reads_like_its_architecture() {
    let map = Project::copy_of(&fixture("storefront")).map();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("storefront_overview", diagram::overview(&map).mermaid());
        insta::assert_snapshot!("storefront_worker", diagram::service(&map, "storefront-worker").unwrap().mermaid());
    });
}

#[test]
fn state_stands_where_it_lives_with_its_numbers_and_who_uses_it() {
    let map = Project::copy_of(&fixture("storefront")).map();
    let diagram = diagram::service(&map, "storefront-api").unwrap();
    let graph = diagram.graph();
    let node = |name: &str| {
        let here = |node: &&diagram::Node| node.lines.iter().any(|line| line.is_name && line.text == name);
        graph.nodes.iter().find(here).unwrap_or_else(|| panic!("no node names {name}"))
    };
    assert_eq!(node("Suggestions.db").zone, Zone::Disk);
    assert_eq!(node("Postgres").zone, Zone::Elsewhere);
    assert_eq!(node("storefront-config").zone, Zone::Cluster);
    assert_eq!(node("signed token").zone, Zone::Client);
    let lines = |name: &str| node(name).lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>().join(" / ");
    assert_eq!(lines("db"), "db / at most 50 connections / × 2 = 100 / 200 during a rollout");
    assert_eq!(lines("mail_queue"), "mail_queue / at most 1,000 messages");
    let leads = |from: &str, to: &str| {
        let (from, to) = (node(from), node(to));
        graph.edges.iter().any(|edge| &graph.nodes[edge.from] == from && &graph.nodes[edge.to] == to)
    };
    assert!(leads("db", "Postgres") && leads("HTTP server", "Suggestions.db"));
    assert!(leads("Mailer::send", "Mailer.transport"), "a task leads to the pool that it uses");
    assert!(leads("Mailer::send", "mail_queue"), "a queue belongs to the task that is made beside it");
    assert!(!leads("db", "S3") && !leads("publish", "Suggestions.db"));
    let heading = &graph.frames[0].heading;
    assert_eq!(heading, "Process storefront-api, 2 to 10 replicas");
}

#[test]
fn an_overview_shows_which_services_share_a_store() {
    let map = Project::copy_of(&fixture("storefront")).map();
    let diagram = diagram::overview(&map);
    let graph = diagram.graph();
    let users = |name: &str| {
        let to = graph.nodes.iter().position(|node| node.lines.iter().any(|line| line.text == name)).unwrap();
        let from = graph.edges.iter().filter(|edge| edge.to == to).map(|edge| graph.nodes[edge.from].lines[0].text.clone());
        from.collect::<Vec<_>>()
    };
    assert_eq!(users("Postgres"), ["storefront-api", "storefront-worker"]);
    assert_eq!(users("S3"), ["storefront-api"]);
}

#[test]
fn what_a_frame_says_needs_no_arrow() {
    let mut map = map(&["api"]);
    let server = item(Kind::BackgroundTask, "serve", "HTTP server", "api");
    let task = item(Kind::BackgroundTask, "refresh", "spawned loop, every 5 s", "api");
    let of_task = task.id.to_string();
    let alone = used_by(item(Kind::Cache, "alone", "moka cache", "api"), EntryKind::Route, "GET /");
    let shared = used_by(item(Kind::Cache, "shared", "moka cache", "api"), EntryKind::Route, "GET /");
    let shared = used_by(shared, EntryKind::Task, &of_task);
    map.items = vec![server, task, alone, shared];
    let text = diagram::service(&map, "api").unwrap().mermaid();
    let (requests, rest) = text.split_once("subgraph background").unwrap();
    assert!(requests.contains("cache_alone[\"") && !requests.contains("cache_shared[\""), "{text}");
    assert!(rest.contains("background_task_http_server --> cache_shared\n"), "{text}");
    assert!(rest.contains("background_task_refresh --> cache_shared\n"), "{text}");
    assert!(!rest.contains("--> cache_alone"), "{text}");
}

#[test]
fn hostile_names_are_labels_and_nothing_else() {
    let mut map = map(&["api"]);
    map.items.push(item(Kind::BackgroundTask, "serve", "HTTP server", "api"));
    for (at, name) in HOSTILE.iter().enumerate() {
        let kind = [Kind::Cache, Kind::Session, Kind::Queue, Kind::FsWrite, Kind::ExternalStore, Kind::ClientHeld][at % 6];
        let one = item(kind, name, &format!("a {name}, at most {name}"), "api");
        map.items.push(used_by(one, EntryKind::Route, "GET /"));
    }
    let text = diagram::service(&map, "api").unwrap().mermaid();
    for line in text.lines().skip(1) {
        let quotes = line.matches('"').count();
        assert!(quotes == 0 || quotes == 2, "{line}");
        let (before, label) = line.split_once('"').unwrap_or((line, ""));
        let label = label.rsplit_once('"').map_or("", |(label, _)| label).replace("<br/>", "");
        assert!(!label.contains(['<', '>', '`', '{', '}', '[', ']', '|', '%', '$', '\\', '*', '@', '~']), "{line}");
        assert!(!label.contains("://") && !label.contains("www.") && !label.contains("fa:fa") && !label.contains("style "), "{line}");
        let told = line.trim_start().starts_with("accDescr: ");
        assert!(!told || !line.contains([';', '#', '{', '}', '<', '>', '%', '`']), "{line}");
        let before = if told { "" } else { before };
        assert!(!before.contains("javascript:") && !before.contains("init") && !before.contains("<script"), "{line}");
        assert!(!line.trim_start().starts_with("click") && !line.contains('\u{202e}'), "{line}");
    }
    // Each statement is one of those that a diagram is made of.
    let known = |line: &str| {
        let line = line.trim();
        ["flowchart LR", "accTitle: ", "accDescr: ", "subgraph ", "direction LR", "classDef high ", "class "]
            .iter()
            .any(|start| line.starts_with(start))
            || line == "end"
            || line.contains("[\"")
            || line.contains("[(\"")
            || line.contains("(\"")
            || line.contains(" --> ")
            || line.contains(" ~~~ ")
    };
    let odd: Vec<&str> = text.lines().skip(1).filter(|line| !known(line)).collect();
    assert!(odd.is_empty(), "{odd:#?}");
}

#[test]
fn a_long_name_is_cut_where_one_sees_it_and_kept_in_full() {
    let long = format!("Cache<{}>", "Vec<Option<Arc<Mutex<String>>>>, ".repeat(10));
    let mut map = map(&["api"]);
    map.items.push(item(Kind::Cache, &long, "moka cache", "api"));
    let diagram = diagram::service(&map, "api").unwrap();
    let line = &diagram.graph().nodes[0].lines[0];
    assert!(line.text.contains('…') && line.text.chars().count() < 40, "{}", line.text);
    assert!(line.text.starts_with("Cache#") || line.text.starts_with("Cache<"), "both ends stay: {}", line.text);
    assert!(line.full.as_ref().is_some_and(|full| full.chars().count() > line.text.chars().count()));
}

#[test]
fn hundreds_of_items_stay_a_page() {
    for items in [40, 200, 800] {
        let map = large(items);
        let diagram = diagram::service(&map, "api").unwrap();
        let graph = diagram.graph();
        assert!(graph.nodes.len() <= 40 && graph.edges.len() <= 60, "{items}: {} nodes, {} arrows", graph.nodes.len(), graph.edges.len());
        assert!(graph.nodes.iter().all(|node| node.lines.len() <= 8), "{items}");
        // Whatever is folded is counted.
        let counted: usize = graph
            .nodes
            .iter()
            .map(|node| node.caption.rsplit_once('(').map_or(1, |(_, count)| count.trim_end_matches(')').parse().unwrap()))
            .sum();
        let stores = 17.min(items);
        assert!(counted + graph.left_out > items, "{items}: {counted} and {} left out", graph.left_out);
        assert!(counted <= items + 1 + stores, "{items}: {counted}");
    }
}

#[test]
fn the_same_map_gives_the_same_bytes() {
    let map = large(300);
    let text = || diagram::overview(&map).mermaid();
    assert_eq!(text(), text());
    let again: statemap::model::StateMap = serde_json::from_str(&serde_json::to_string(&map).unwrap()).unwrap();
    assert_eq!(text(), diagram::overview(&again).mermaid());
}

#[test]
fn a_service_without_state_has_nothing_to_draw() {
    let map = map(&["api", "idle"]);
    assert!(diagram::service(&map, "idle").unwrap().is_empty());
    assert!(diagram::service(&map, "nobody").is_none());
}
