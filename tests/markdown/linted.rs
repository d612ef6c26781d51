//! Pages hold to what linters ask of Markdown, so that nobody has to switch more rules off than a page does by itself.
//!
//! The rules are those of markdownlint, which runs on Node.js and is therefore not run here: it was, by hand, in version 0.40 with
//! its default settings, over the pages and books of a dozen services, as was Prettier 3.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use statemap::render::{MARKER, Page};

use super::skeleton::pages;
use super::texts::Texts;
use crate::project::map_of;

/// What a linter would say of a page.
fn complaints(page: &Page) -> Vec<String> {
    let mut found = structure(&page.text);
    found.extend(lines(&page.text));
    found.into_iter().map(|what| format!("{}: {what}", page.path)).collect()
}

/// Rules on what a page is made of.
fn structure(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut level = 0;
    // Whether the open paragraph is nothing but emphasis, and how deep in that its text is.
    let (mut only_emphasis, mut deep, mut last) = (false, 0, String::new());
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_HEADING_ATTRIBUTES)
        .into_offset_iter()
    {
        match event {
            Event::Start(Tag::Heading { level: next, .. }) => {
                let next = next as usize;
                if level > 0 && next > level + 1 {
                    found.push(format!("MD001: a heading of level {next} below one of level {level}"));
                }
                level = next;
            }
            Event::Start(Tag::Paragraph) => (only_emphasis, deep) = (true, 0),
            Event::Start(Tag::Strong | Tag::Emphasis) => {
                deep += 1;
                if !text[range].starts_with('*') {
                    found.push("MD049, MD050: emphasis with an underscore".to_owned());
                }
            }
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => deep -= 1,
            Event::Text(words) => {
                only_emphasis &= deep > 0;
                last = words.into_string();
            }
            Event::Code(_) | Event::InlineHtml(_) | Event::Start(Tag::Link { .. }) => only_emphasis = false,
            Event::End(TagEnd::Paragraph) if only_emphasis && !last.ends_with(['.', ',', ';', ':', '!', '?']) => {
                found.push(format!("MD036: emphasis instead of a heading: {last}"));
            }
            _ => {}
        }
    }
    found
}

/// Rules on how lines look.
fn lines(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fence: Option<String> = None;
    let mut before = "";
    for line in text.lines() {
        let bare = line.trim_start_matches([' ', '>']);
        let ticks: String = bare.chars().take_while(|&c| c == '`').collect();
        if let Some(open) = &fence {
            if ticks.len() >= open.len() && bare.trim_end() == ticks {
                fence = None;
            }
            before = "```";
            continue;
        }
        if ticks.len() >= 3 {
            fence = Some(ticks);
        }
        found.extend(line_faults(line, before).into_iter().map(|rule| format!("{rule}: {}", line.chars().take(80).collect::<String>())));
        before = line;
    }
    if !text.ends_with('\n') || text.ends_with("\n\n") {
        found.push("MD047: one newline ends a file".to_owned());
    }
    found
}

fn line_faults(line: &str, before: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let is_item = |line: &str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        line.starts_with("- ") || rest.len() < line.len() && rest.starts_with(". ")
    };
    if line.ends_with(' ') {
        found.push("MD009: a space at the end");
    }
    if line.is_empty() && before.is_empty() {
        found.push("MD012: two blank lines");
    }
    if (line.starts_with('#') || before.starts_with('#')) && !line.is_empty() && !before.is_empty() {
        found.push("MD022: no blank line around a heading");
    }
    if is_item(line) && !before.is_empty() && !is_item(before) && !before.starts_with(' ') {
        found.push("MD032: no blank line before a list");
    }
    if line.starts_with("* ") || line.starts_with("+ ") {
        found.push("MD004: another sign for a list");
    }
    if line.starts_with('|') != before.starts_with('|') && !line.is_empty() && !before.is_empty() {
        found.push("MD058: no blank line around a table");
    }
    // An empty cell is one space.
    if line.starts_with('|')
        && line.replace("| |", "|").replace("| |", "|").split(" | ").any(|cell| cell.starts_with(' ') || cell.ends_with(' '))
    {
        found.push("MD060: more than a space beside a border");
    }
    found
}

#[test]
fn pages_hold_to_the_rules_of_a_linter() {
    let map = map_of("storefront");
    let mut found: Vec<String> = pages(&map).iter().flat_map(complaints).collect();
    for hostile in ["- a", "# a", "**a**", "a |  b", "_a_ __b__", "1. a", "\n\n\n", "a  "] {
        let pages = pages(&Texts::of_storefront().replaced(|text| format!("{hostile}{text}{hostile}")));
        found.extend(pages.iter().flat_map(complaints).map(|what| format!("{hostile:?} in {what}")));
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_page_keeps_formatters_and_linters_off_and_lets_them_on_again() {
    for page in pages(&map_of("storefront")) {
        let lines: Vec<&str> = page.text.lines().collect();
        assert!(lines[0].starts_with(MARKER), "{}", page.path);
        assert!(lines[1].starts_with("<!-- markdownlint-disable MD013 MD024 MD025 MD033 MD041 MD051"), "{}: {}", page.path, lines[1]);
        assert_eq!((lines[2], lines[3]), ("<!-- prettier-ignore-start -->", ""), "{}", page.path);
        assert!(lines.ends_with(&["", "<!-- prettier-ignore-end -->", "<!-- markdownlint-restore -->"]), "{}", page.path);
    }
}

#[test]
fn the_linter_of_this_test_finds_what_it_looks_for() {
    for (text, rule) in [
        ("# a\n\n### b\n", "MD001"),
        ("- a\n\n* b\n", "MD004"),
        ("a \n", "MD009"),
        ("a\n\n\nb\n", "MD012"),
        ("# a\nb\n", "MD022"),
        ("a\n- b\n", "MD032"),
        ("**a**\n", "MD036"),
        ("a\n\n", "MD047"),
        ("a _b_\n", "MD049"),
        ("a\n| b |\n| - |\n", "MD058"),
        ("| a  | b |\n| --- | --- |\n", "MD060"),
    ] {
        let page = Page { path: String::new(), text: text.to_owned(), existing: statemap::render::Existing::Marked };
        let found = complaints(&page);
        assert!(found.iter().any(|what| what.contains(rule)), "{rule} in {text:?}: {found:?}");
    }
    let fine = "# a\n\n**b:** c\n\n- d\n  - e\n\n1. f\n2. g\n\n| h | i |\n| --- | --- |\n| | `j` |\n\n```text\n  \n\n\n# k\n```\n";
    let page = Page { path: String::new(), text: fine.to_owned(), existing: statemap::render::Existing::Marked };
    assert_eq!(complaints(&page), Vec::<String>::new());
}
