//! Text that would be markup if a page took it at its word, in every place where a map holds text of the analysed tree.

use std::cell::Cell;

use super::skeleton::{blocks, comparable, difference, intruders, intruders_among_descriptions, pages};
use super::texts::Texts;

/// One for each thing that Markdown, a host, mdBook or a terminal reads out of text.
const HOSTILE: &[&str] = &[
    "a|b||c\\|d",
    "`tick` ``two`` ```three``` ~~~",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</code></script></a></div><!-- statemap:end --> ]]> <?x?>",
    "{{#include /etc/passwd}} {{ title }} {% raw %} {# c #}",
    "\u{202e}turned\u{200f} \u{2066}round\u{2069}",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\n\n# heading\n\n- item\n\n1. one\n\n> quote\n\n```\ncode\n```\n\n***\n\n| a | b |\n| - | - |\n",
    "\r\n=====\r\n-----\r\n",
    "# a ## b",
    "- a",
    "+ a",
    "* a",
    "1. a",
    "1) a",
    "> a",
    "[!NOTE] a",
    "[x] a [ ] b",
    ": a",
    "::: warning",
    "    four blanks",
    "[x](javascript:alert(1)) ![i](http://example.com/i.png) [a]: http://example.com",
    "<https://example.com> https://example.com/a_b_c www.example.com me@example.com",
    "[[wiki]] [^1] [^1]: note",
    "&lt;b&gt; &amp; &#60; &copy; &nbsp;",
    "$math$ $$more$$ \\(x\\) \\[y\\]",
    "~~struck~~ ~sub~ ^sup^ ==mark== *a* **b** _c_ __d__ a*b*c",
    "trailing \\",
    "{#id .class key=value}",
    "🦀 ünïcödé 名前 👩‍👩‍👧",
    "---\ntitle: x\n---",
];

/// A type such as combinators make them.
fn generics() -> String {
    format!("{}u8{}", "Aa<Bbb<Cccc<&'static str, (Dd, ".repeat(9), ")>>>".repeat(9))
}

#[test]
fn free_texts_are_found_wherever_a_map_has_them() {
    let places = Texts::of_storefront().places();
    for place in [
        "/items/name",
        "/items/summary",
        "/items/doc",
        "/items/ty",
        "/items/facts/value",
        "/items/facts/from",
        "/items/facts/set/value",
        "/items/facts/set/environment",
        "/items/annotation/owner",
        "/items/sites/file",
        "/items/uses/function",
        "/hazards/message",
        "/hazards/sketch/text",
        "/services/name",
        "/deployments/workload",
        "/lifecycles/service",
        "/capacity/store",
        "/verdicts/why/clause",
    ] {
        assert!(places.contains(place), "{place} is not among {places:#?}");
    }
    for place in ["/items/kind", "/items/facts/provenance", "/hazards/severity"] {
        assert!(!places.contains(place), "{place} takes only certain words");
    }
}

#[test]
fn hostile_text_changes_no_block_of_any_page() {
    let texts = Texts::of_storefront();
    let long = generics();
    assert!(long.len() > 300, "{}", long.len());
    let plain = pages(&texts.replaced(|text| format!("a{text}a")));
    assert!(plain.len() > 30, "{}", plain.len());
    let mut found = Vec::new();
    for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
        let pages = pages(&texts.replaced(|text| format!("{hostile}{text}{hostile}")));
        found.extend(pages.iter().flat_map(|page| {
            let of_page = intruders(page).into_iter();
            of_page.map(|what| format!("{hostile:?} in {}: {what}", page.path)).collect::<Vec<_>>()
        }));
        let (pages, plain) = (comparable(&pages), comparable(&plain));
        assert_eq!(pages.len(), plain.len(), "{hostile:?}");
        for (page, plain) in pages.into_iter().zip(plain) {
            found.extend(difference(page, &blocks(&plain.text)).map(|what| format!("{hostile:?} in {what}")));
        }
    }
    assert!(found.is_empty(), "{} intruders:\n{}", found.len(), found.join("\n"));
}

#[test]
fn hostile_descriptions_bring_no_heading_no_html_and_no_image() {
    let texts = Texts::of_storefront();
    let headings = |text: &str| -> Vec<String> {
        blocks(text).into_iter().filter(|block| block.starts_with('h') || block.starts_with("table") || block.ends_with("cells")).collect()
    };
    let plain = pages(&texts.described(|_| "A description.".to_owned()));
    let mut found = Vec::new();
    // A table of a description is one of the page.
    for hostile in HOSTILE.iter().filter(|hostile| !hostile.contains("| - |")) {
        // At the start, at the end of a line, and as a paragraph.
        let ways = [(*hostile).to_owned(), format!("A description {hostile}"), format!("A description.\n\n{hostile}\n\nand more")];
        let next = Cell::new(0);
        let map = texts.described(|_| {
            next.set(next.get() + 1);
            ways[next.get() % ways.len()].clone()
        });
        for (page, plain) in pages(&map).iter().zip(&plain) {
            found.extend(intruders_among_descriptions(page).into_iter().map(|what| format!("{hostile:?} in {}: {what}", page.path)));
            if headings(&page.text) != headings(&plain.text) {
                found.push(format!("{hostile:?} in {}: headings or tables differ", page.path));
            }
        }
    }
    assert!(found.is_empty(), "{} intruders:\n{}", found.len(), found.join("\n"));
}
