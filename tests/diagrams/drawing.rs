//! The SVG.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};
use statemap::diagram::{self, Diagram, Target};
use statemap::model::{EntryKind, Kind};

use super::source::HOSTILE;
use super::{item, large, map, used_by};
use crate::project::{Project, fixture};

fn svg(diagram: &Diagram) -> String {
    let link = |target: &Target| match target {
        Target::Item(id) => Some(format!("items.html#{id}")),
        Target::Service(name) => Some(format!("{name}.html")),
        Target::Kind(kind) => Some(format!("kinds/{kind}.html")),
    };
    diagram.svg("one", &link).unwrap()
}

fn elements<'d>(document: &'d Document<'d>, name: &'static str) -> impl Iterator<Item = Node<'d, 'd>> {
    document.descendants().filter(move |node| node.has_tag_name(("http://www.w3.org/2000/svg", name)))
}

/// The text of an element without that of its title.
fn words(node: Node<'_, '_>) -> String {
    node.children().filter(|child| child.is_text()).filter_map(|child| child.text()).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap_or_else(|| panic!("{node:?} has no {name}")).parse().unwrap()
}

/// What no drawing may hold, whatever the map says.
fn is_harmless(text: &str) {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let allowed = ["svg", "title", "desc", "style", "defs", "marker", "g", "rect", "path", "text", "a"];
    for node in document.descendants().filter(Node::is_element) {
        assert!(allowed.contains(&node.tag_name().name()), "<{}>", node.tag_name().name());
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{attribute:?}");
            let outside = ["://", "javascript:", "data:", "url(http"].iter().any(|start| attribute.value().contains(start));
            let name = attribute.name() == "xmlns" || node.tag_name().name() == "a";
            assert!(!outside || name, "{attribute:?}");
        }
    }
    let style = elements(&document, "style").next().unwrap().text().unwrap();
    assert!(!style.contains("@import") && !style.contains("url("), "{style}");
    assert!(!text.contains("\n\n"), "an empty line ends a block of HTML in Markdown");
    assert!(!text.contains("{{"), "preprocessors of books look for these");
}

#[test]
fn a_drawing_says_what_the_graph_says_as_text() {
    let map = Project::copy_of(&fixture("storefront")).map();
    for diagram in [diagram::overview(&map), diagram::service(&map, "storefront-api").unwrap()] {
        let drawn = svg(&diagram);
        is_harmless(&drawn);
        let document = Document::parse(&drawn).unwrap();
        let texts: BTreeSet<String> = elements(&document, "text").map(words).collect();
        let graph = diagram.graph();
        for node in &graph.nodes {
            assert!(node.lines.iter().all(|line| texts.contains(&line.text)), "{node:?}");
        }
        assert!(graph.frames.iter().all(|frame| texts.contains(&frame.heading)));
        let arrows = elements(&document, "path").filter(|path| path.attribute("marker-end").is_some()).count();
        assert_eq!(arrows, graph.edges.len());
        let titles: Vec<&str> = elements(&document, "title").filter_map(|title| title.text()).collect();
        assert_eq!(titles[0], graph.title);
        assert!(elements(&document, "desc").next().unwrap().text().unwrap().contains("Elsewhere: "));
    }
}

#[test]
fn names_link_to_what_they_name() {
    let map = Project::copy_of(&fixture("storefront")).map();
    let drawn = svg(&diagram::service(&map, "storefront-api").unwrap());
    let document = Document::parse(&drawn).unwrap();
    let links: Vec<(String, String)> =
        elements(&document, "a").map(|a| (words(a.first_element_child().unwrap()), a.attribute("href").unwrap().to_owned())).collect();
    let target = |name: &str| links.iter().find(|(text, _)| text == name).map(|(_, target)| target.as_str());
    assert_eq!(target("Carts.by_session"), Some("items.html#session:storefront_api::carts::Carts::by_session"));
    assert!(links.iter().all(|(_, target)| target.starts_with("items.html#") || target.starts_with("kinds/")), "{links:#?}");
    let unlinked = diagram::service(&map, "storefront-api").unwrap().svg("one", &|_| None).unwrap();
    assert!(!unlinked.contains("<a "), "without addresses there are no links");
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let mut map = map(&["api"]);
    map.items.push(item(Kind::BackgroundTask, "serve", "HTTP server", "api"));
    // A few of each kind, so that all of them are named.
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| !matches!(kind, Kind::Deployment | Kind::BackgroundTask)).collect();
    for (at, name) in HOSTILE.iter().enumerate() {
        map.items.push(used_by(item(kinds[at % kinds.len()], name, name, "api"), EntryKind::Route, name));
    }
    let diagram = diagram::service(&map, "api").unwrap();
    let drawn = svg(&diagram);
    is_harmless(&drawn);
    let document = Document::parse(&drawn).unwrap();
    let texts: Vec<String> = elements(&document, "text").map(words).collect();
    let all = texts.join("\n");
    for part in ["<script>", "fa:fa-user", "- item", "a|b|c"] {
        assert!(all.contains(part), "{part} is shown as it is:\n{all}");
    }
    assert!(!drawn.contains('\u{202e}') && all.contains("\\u{202e}"), "what turns text around is spelt out:\n{all}");
    let one = super::map(&["</desc><script>"]);
    assert!(
        diagram::service(&one, "</desc><script>")
            .is_some_and(|diagram| diagram.svg("\" onload=\"x", &|_| None).is_ok_and(|svg| !svg.contains("onload=\"")))
    );
}

#[test]
fn rules_and_ids_of_two_drawings_on_a_page_do_not_meet() {
    let map = large(120);
    let diagram = diagram::overview(&map);
    let (one, two) = (diagram.svg("one", &|_| None).unwrap(), diagram.svg("two", &|_| None).unwrap());
    let ids = |text: &str| -> BTreeSet<String> {
        let document = Document::parse(text).unwrap();
        document.descendants().filter_map(|node| node.attribute("id").map(str::to_owned)).collect()
    };
    assert!(ids(&one).is_disjoint(&ids(&two)) && !ids(&one).is_empty());
    let document = Document::parse(&one).unwrap();
    let style = elements(&document, "style").next().unwrap().text().unwrap();
    let rules =
        style.split('}').map(|rule| rule.rsplit('{').nth(1).unwrap_or("").trim()).filter(|rule| !rule.is_empty() && !rule.starts_with('@'));
    for selector in rules.flat_map(|rule| rule.split(',')) {
        assert!(selector.contains("#one"), "`{selector}` reaches the page");
    }
    // What refers to something refers to its own.
    let references = one.split("url(#").skip(1).chain(one.split("labelledby=\"").skip(1)).chain(one.split("describedby=\"").skip(1));
    for reference in references {
        assert!(reference.starts_with("one-"), "{}", &reference[..20]);
    }
}

#[test]
fn no_node_lies_on_another_and_none_leaves_its_frame() {
    let storefront = Project::copy_of(&fixture("storefront")).map();
    let maps = [storefront, large(15), large(60), large(400)];
    for map in &maps {
        let names: Vec<_> = map.services.iter().map(|service| service.name.clone()).collect();
        let diagrams = names.iter().map(|name| diagram::service(map, name).unwrap()).chain([diagram::overview(map)]);
        for diagram in diagrams {
            let drawn = svg(&diagram);
            let document = Document::parse(&drawn).unwrap();
            let boxes: Vec<[f64; 4]> = elements(&document, "g")
                .filter(|g| g.attribute("class").is_some_and(|class| class.starts_with("node ")))
                .map(bounds)
                .collect();
            assert_eq!(boxes.len(), diagram.graph().nodes.len());
            for (at, a) in boxes.iter().enumerate() {
                for b in &boxes[at + 1..] {
                    let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                    assert!(apart, "{a:?} and {b:?} in {}", diagram.graph().title);
                }
            }
            let frames: Vec<[f64; 4]> = elements(&document, "g")
                .filter(|g| g.attribute("class").is_some_and(|class| class.starts_with("zone ")))
                .map(bounds)
                .collect();
            for a in &boxes {
                assert!(frames.iter().any(|f| f[0] < a[0] && f[1] < a[1] && f[2] > a[2] && f[3] > a[3]), "{a:?} is in no frame");
            }
            let root = document.root_element();
            assert!(number(root, "width") <= 830.0, "{} is {} wide", diagram.graph().title, number(root, "width"));
        }
    }
}

/// Left, top, right and bottom of the first shape in a group.
fn bounds(group: Node<'_, '_>) -> [f64; 4] {
    let shape = group.first_element_child().unwrap();
    if shape.has_tag_name(("http://www.w3.org/2000/svg", "rect")) {
        let (x, y) = (number(shape, "x"), number(shape, "y"));
        return [x, y, x + number(shape, "width"), y + number(shape, "height")];
    }
    // `M left top A … right top V bottom …`
    let numbers: Vec<f64> = shape
        .attribute("d")
        .unwrap()
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
        .filter_map(|part| part.parse().ok())
        .collect();
    [numbers[0], numbers[1] - numbers[3], numbers[7], numbers[9] + numbers[3]]
}

#[test]
fn a_file_of_its_own_has_a_background_and_both_themes() {
    let map = large(10);
    let file = diagram::overview(&map).svg_file(&|_| None).unwrap();
    is_harmless(&file);
    assert!(file.contains("prefers-color-scheme:dark") && file.contains("class=\"page\""), "{file}");
    assert_eq!(file, diagram::overview(&map).svg_file(&|_| None).unwrap());
    let inline = diagram::overview(&map).svg("one", &|_| None).unwrap();
    assert!(!inline.contains("class=\"page\""), "on a page, its background is that of the page");
}
