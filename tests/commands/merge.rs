//! `statemap merge`, and `list --from`: the maps of many repositories, good ones and bad ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use statemap::model::{HazardSeverity, StateMap};

use crate::project::{Project, many, map_of};

/// A folder with the maps of so many repositories.
fn maps(count: usize) -> Project {
    let project = Project::empty();
    for (name, text) in crate::project::many_files(count) {
        project.write(&format!("maps/{name}.json"), text);
    }
    project
}

/// The Markdown files of a site, by path below `src/`.
fn pages(project: &Project) -> BTreeMap<String, String> {
    fn walk(folder: &Path, below: &str, out: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), out);
            } else if name.ends_with(".md") {
                out.insert(name, std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(&project.path("site/src"), "", &mut out);
    out
}

fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

/// The anchors of a page: what headings give, and what is written out.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in events(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                let slug: String = heading.take().unwrap().chars().filter(kept).collect();
                out.insert(slug.to_lowercase().replace(' ', "-"));
            }
            Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
            Event::InlineHtml(html) | Event::Html(html) => {
                out.extend(html.split("id=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(id, _)| id.to_owned()));
            }
            _ => {}
        }
    }
    out
}

/// Links within the site that lead nowhere.
fn dead_links(pages: &BTreeMap<String, String>) -> Vec<String> {
    let known: BTreeMap<&str, BTreeSet<String>> = pages.iter().map(|(path, text)| (path.as_str(), anchors(text))).collect();
    let mut dead = Vec::new();
    for (path, text) in pages {
        for event in events(text) {
            let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
            if dest_url.starts_with("https://") {
                continue;
            }
            let (file, anchor) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
            let target = if file.is_empty() { path.clone() } else { joined(path, file) };
            match known.get(target.as_str()) {
                None => dead.push(format!("{path}: {dest_url}")),
                Some(anchors) if !anchor.is_empty() && !anchors.contains(anchor) => dead.push(format!("{path}: {dest_url}")),
                Some(_) => {}
            }
        }
    }
    dead
}

fn joined(from: &str, to: &str) -> String {
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

#[test]
fn many_maps_become_one_site() {
    let project = maps(14);
    project.run(&["merge", "maps", "-o", "site"]).ends(0).says(&["28 services of 14 repositories"]);
    let pages = pages(&project);
    assert_eq!(dead_links(&pages), [""; 0]);
    let index = &pages["index.md"];
    assert!(index.contains("**28 services** of 14 repositories"), "{index}");
    // One host for mail, one Secret for the databases of every fourth.
    assert!(index.contains("SMTP server at `smtp.example.com`") && index.contains("Postgres of `Secret/platform-database` key `url`"));
    let postgres = &pages["stores/postgres.md"];
    assert!(postgres.contains("**Likely one server**: all read `Secret/platform-database` key `url`"), "{postgres}");
    assert!(postgres.contains("[`orders-api`](../services/orders-api.md)") && postgres.contains("**`outbox`**"), "{postgres}");
    let service = &pages["services/orders-api.md"];
    assert!(service.contains("https://github.com/example/orders/tree/") && service.contains("also used by"), "{service}");
    // What the source is at, on its host and at its revision.
    assert!(pages["state/orders.md"].contains("https://github.com/example/orders/blob/"), "{}", pages["state/orders.md"]);
    assert!(pages["owners.md"].contains("customer care") && pages["sources.md"].contains("Secret/platform-database"));
    // Nothing changes when nothing has changed, and what is gone goes.
    project.run(&["merge", "maps", "-o", "site"]).ends(0).says(&["unchanged"]);
    std::fs::remove_file(project.path("maps/orders.json")).unwrap();
    project.run(&["merge", "maps", "-o", "site"]).ends(0).says(&["removed"]);
    assert!(!project.exists("site/src/services/orders-api.md"));
}

#[test]
fn connections_of_all_repositories_are_held_against_one_limit() {
    let project = maps(5);
    project.run(&["merge", "maps", "-o", "site", "-q"]).ends(0);
    let pages = pages(&project);
    // `orders` and `shipping` read the same Secret, and each may ask for 1,150.
    let postgres = &pages["stores/postgres.md"];
    assert!(postgres.contains("**400** at rest") && postgres.contains("**2,300** scaled out and rolled"), "{postgres}");
    assert!(pages["index.md"].contains("Servers that may be asked for too much"));
}

#[test]
fn merged_maps_can_be_merged_again_and_are_looked_into() {
    let project = maps(3);
    let merged = project.run(&["merge", "maps", "-f", "json", "-o", "all.json", "-q"]).ends(0);
    assert_eq!((merged.out.as_str(), merged.err.as_str()), ("", ""));
    project.run(&["merge", "all.json", "-f", "json", "-o", "again.json", "-q"]).ends(0);
    assert_eq!(project.read("all.json"), project.read("again.json"));
    // A map and what it was merged into: told once.
    project.run(&["merge", "all.json", "maps/orders.json", "-f", "json", "-o", "again.json"]).ends(0).says(&["told once"]);
    assert_eq!(project.read("all.json"), project.read("again.json"));

    let list = project.run(&["list", "--from", "all.json", "sessionstore"]).ends(0);
    assert_eq!(list.out.lines().count(), 4, "{}", list.out);
    assert!(list.out.contains("orders:crates/api/src/sessions.rs") && list.out.contains("billing:crates"), "{}", list.out);
    let of_one =
        project.run(&["list", "--from", "maps", "--service", "orders-worker", "--kind", "pool", "-f", "json", "-q"]).ends(0).json();
    let items = of_one["items"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|item| item["id"].as_str().unwrap().ends_with("@orders")), "{items:#?}");
    project.run(&["list", "--from", "maps", "--service", "nobody"]).ends(2).says(&["no service `nobody`", "orders-api"]);
    project.run(&["list", "--from", "no-such-folder"]).ends(3).says(&["no file or folder `no-such-folder`"]);
    // One map is a map as any other.
    let one = project.run(&["list", "--from", "maps/orders.json", "sessionstore"]).ends(0);
    assert!(one.out.contains(" crates/api/src/sessions.rs") || one.out.contains("/sessions.rs"), "{}", one.out);
}

#[test]
fn names_are_given_and_clashes_are_told() {
    let project = maps(2);
    project.write("newer/orders.json", project.read("maps/orders.json").replacen("\"line\": 13", "\"line\": 14", 1));
    let clash = project.run(&["merge", "maps", "newer", "-o", "site"]).ends(2);
    assert!(clash.err.contains("are both maps of `orders-api` of github.com/example/orders, and differ"), "{}", clash.err);
    assert!(clash.err.contains("help: ") && !project.exists("site"), "{}", clash.err);
    let both = ["merge", "old=maps/orders.json", "new=newer/orders.json", "-f", "json", "-q"];
    let merged = project.run(&both).ends(0).json();
    let names: Vec<&str> = merged["services"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["new/orders-api", "new/orders-worker", "old/orders-api", "old/orders-worker"]);
    project.run(&["merge", "a=maps/orders.json", "a=newer/orders.json", "-f", "json"]).ends(2).says(&["both called `a`"]);
    project.run(&["merge", "a=maps", "-f", "json"]).ends(3).says(&["names a folder"]);
    project.run(&["merge", "maps/*.json", "-f", "json", "-q"]).ends(0);
    project.run(&["merge", "maps/*.jsn", "-f", "json"]).ends(3).says(&["maps/*.jsn"]);
}

#[test]
fn every_file_that_is_wrong_is_told_with_its_place() {
    let project = maps(2);
    let good = project.read("maps/orders.json");
    project.write("bad/cut.json", &good[..good.len() / 2]);
    project.write("bad/newer.json", good.replacen("\"schema\": 1", "\"schema\": 9", 1));
    project.write("bad/package.json", "{\"name\": \"left-pad\"}");
    project.write("bad/hostile.json", good.replacen("\"kind\": \"pool\"", "\"kind\": \"\\u001b[31mred\"", 1));
    let told = project.run(&["merge", "maps", "bad", "-o", "site"]).ends(3).says(&[
        "bad/cut.json:",
        "ends in the middle",
        "bad/newer.json: the map is written in version 9",
        "bad/hostile.json:",
        "help: ",
        "--keep-going",
        "1 file of the folders left out",
    ]);
    assert!(!told.err.contains('\u{1b}') && !project.exists("site"), "{}", told.err);
    // Named by itself, a file that is no map is a mistake.
    project.run(&["merge", "bad/package.json", "-o", "site"]).ends(3).says(&["bad/package.json: this is JSON, but no state map"]);
    // Everything else is written, and the site says what is missing.
    project.run(&["merge", "maps", "bad", "-o", "site", "--keep-going"]).ends(3).says(&["warning: bad/cut.json"]);
    let index = project.read("site/src/index.md");
    assert!(index.contains("## Not on this site") && index.contains("`bad/cut.json`: the file ends in the middle"), "{index}");
}

/// A map in which every text is hostile.
fn hostile() -> String {
    const EVIL: &str = "</script><script>alert(1)</script> {{#include /etc/passwd}} | `x` [a](javascript:x) \u{202e}\u{1b}[31m\n# h";
    let mut map: StateMap = map_of("storefront");
    map.repository = Some("https://example.com/)](javascript:alert(1))".to_owned());
    map.revision = Some("../../../evil".to_owned());
    map.about.owner = Some(EVIL.to_owned());
    map.about.description = Some(EVIL.to_owned());
    map.about.site = Some("javascript:alert(1)".to_owned());
    map.about.name = Some("../../../../escaped".to_owned());
    for service in &mut map.services {
        service.name = format!("../{}{EVIL}", service.name).into();
    }
    for item in &mut map.items {
        let services = map.services.iter().map(|service| service.name.clone());
        item.services = services.collect();
        item.name = EVIL.into();
        item.summary = EVIL.to_owned();
        item.id.0 = format!("{}{EVIL}", item.id).into();
        item.sites.iter_mut().for_each(|site| site.place.file = "../../../etc/passwd".into());
        item.backs_on = item.backs_on.as_ref().map(|store| format!("{store}{EVIL}").into());
        for fact in &mut item.facts {
            fact.from = fact.from.as_ref().map(|from| format!("{from}{EVIL}"));
            fact.set.iter_mut().for_each(|set| set.source = format!("Secret/{EVIL}"));
        }
    }
    for hazard in &mut map.hazards {
        hazard.severity = HazardSeverity::High;
        hazard.message = EVIL.to_owned();
        hazard.services = map.services.iter().map(|service| service.name.clone()).collect();
    }
    statemap::render::json(&map)
}

#[test]
fn the_texts_of_a_map_stay_text_and_its_names_stay_in_the_folder() {
    let project = maps(1);
    project.write("maps/hostile.json", hostile());
    project.run(&["merge", "maps", "-o", "below/site"]).ends(0);
    project.run(&["merge", "maps", "-o", "site", "--site-url", "https://docs.example.org/{name}/"]).ends(0);
    project.run(&["merge", "maps", "-o", "all.md"]).ends(0);
    let mut names: Vec<_> = std::fs::read_dir(project.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["all.md", "below", "maps", "site"], "nothing is written elsewhere");
    let mut pages = pages(&project);
    assert_eq!(dead_links(&pages), [""; 0]);
    pages.insert("all.md".to_owned(), project.read("all.md"));
    for (path, text) in &pages {
        assert!(!text.contains("{{") && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{path}");
        for event in events(text) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    let ours = [
                        "<!-- ", "<div", "</div", "<a id=", "</a>", "<span", "</span", "<code>", "</code>", "<svg", "</svg", "<path",
                        "<circle", "<rect",
                    ];
                    assert!(html.trim().is_empty() || ours.iter().any(|tag| html.trim_start().starts_with(tag)), "{path}: {html}");
                    assert!(!html.contains("alert("), "{path}: {html}");
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let is_far = dest_url.contains(':') || dest_url.starts_with('/');
                    assert!(!is_far || dest_url.starts_with("https://"), "{path}: {dest_url}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_site_of_many_services_stays_readable() {
    let project = maps(1);
    let storefront = map_of("storefront");
    for at in 0..70 {
        let map = many::copy(&storefront, at, 500);
        project.write(&format!("maps/{}.json", many::name(at)), statemap::render::json(&map));
    }
    project.run(&["merge", "maps", "-o", "site", "-q"]).ends(0);
    let pages = pages(&project);
    let largest = pages.iter().max_by_key(|(_, text)| text.len()).unwrap();
    assert!(largest.1.len() < 300_000, "{} has {} bytes", largest.0, largest.1.len());
    // What is cut is told in full somewhere: every item has its line on a page of its repository.
    let lines: usize =
        pages.iter().filter(|(path, _)| path.starts_with("state/orders")).map(|(_, text)| text.matches("\n- <a id=").count()).sum();
    let shown = |map: &StateMap| map.items.iter().filter(|item| item.class == statemap::model::Class::Mutable).count();
    let told: usize = pages
        .iter()
        .filter(|(path, _)| path.starts_with("state/orders.") || path.starts_with("state/orders~"))
        .map(|(_, text)| text.matches("\n- ").count())
        .sum();
    assert_eq!(told, shown(&many::copy(&storefront, 0, 500)));
    assert!(lines > 100);
    assert!(project.read("site/src/SUMMARY.md").lines().count() < 600);
    assert!(project.read("site/book.toml").contains("\"state\" = { enable = false }"), "so many items are no index");
    assert_eq!(dead_links(&pages), [""; 0]);
}

#[test]
fn a_folder_of_templates_and_addresses_are_checked() {
    let project = maps(1);
    project.write("words/fleet-index.md.tera", "# mine {{ totals.services }}\n");
    project.run(&["merge", "maps", "-o", "site", "-q", "--templates", "words"]).ends(0);
    assert!(project.read("site/src/index.md").contains("# mine 2"));
    project.write("words/fleet-index.md.tera", "# {{ nothing.at.all }}\n");
    project.run(&["merge", "maps", "-o", "other", "--templates", "words"]).ends(2).says(&["fleet-index.md.tera:1:"]);
    project.run(&["merge", "maps", "-o", "other", "--site-url", "docs"]).ends(2).says(&["`docs` is no web address"]);
    project.run(&["merge", "maps", "-o", "other", "--site-url", "x=https://e.org"]).ends(2).says(&["no map is called `x`", "orders"]);
    project.run(&["merge", "maps", "-o", "other", "-q", "--site-url", "orders=https://e.org/o/"]).ends(0);
    assert!(project.read("other/src/services/orders-api.md").contains("<https://e.org/o/>"));
    project.run(&["merge", "maps", "-f", "mdbook", "-o", "-"]).ends(2).says(&["a book is a folder"]);
    let page = project.run(&["merge", "maps", "-f", "markdown", "-o", "-"]).ends(0);
    assert!(page.out.contains("# orders: where their state is") && page.out.contains("## Stores and who uses them"), "{}", page.out);
}

/// The trees below a folder that have a manifest of their own.
fn trees(folder: &Path) -> Vec<std::path::PathBuf> {
    if folder.join("Cargo.toml").exists() {
        return vec![folder.to_owned()];
    }
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().flat_map(|folder| trees(folder)).collect()
}

#[test]
fn json_is_read_as_it_was_written() {
    let trees = trees(&crate::project::repository().join("fixtures"));
    assert!(trees.len() > 20, "{trees:?}");
    // What means harm names files outside of its tree: who reads a map cuts such a name off.
    for tree in trees.into_iter().filter(|tree| !tree.ends_with("hostile")) {
        let mut map = crate::project::analysis(&tree).map;
        // What mends a mistake is for the one who runs the program, and no part of the map.
        map.diagnostics.iter_mut().for_each(|found| found.paste = None);
        let text = statemap::render::json(&map);
        let mut document = statemap::fleet::read(text.as_bytes()).unwrap();
        let (_, read) = document.maps.remove(0);
        assert_eq!(read, map, "{}", tree.display());
        assert_eq!(statemap::render::json(&read), text, "{}", tree.display());
    }
}
