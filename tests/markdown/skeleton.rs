//! What a page is made of, without its words: the blocks in their order, and what must not be in it.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use statemap::model::StateMap;
use statemap::render::{MARKER, Page, RenderOptions, markdown, mdbook};

/// The page of a repository and all pages of a book.
pub(super) fn pages(map: &StateMap) -> Vec<Page> {
    let options = RenderOptions { link_base: Some(String::new()), ..RenderOptions::default() };
    let mut pages = mdbook(map, &options).unwrap();
    pages.retain(|page| page.path.ends_with(".md"));
    let text = markdown(map, &options).unwrap();
    pages.push(Page { path: "STATEMAP.md".to_owned(), text, existing: statemap::render::Existing::Marked });
    pages
}

/// All that a host of repositories or a book may read out of a text.
fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(
        text,
        Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
            | Options::ENABLE_DEFINITION_LIST
            | Options::ENABLE_WIKILINKS
            | Options::ENABLE_HEADING_ATTRIBUTES,
    )
}

/// The blocks of a page: headings with their level, tables with the cells of each row, lists, paragraphs, code.
pub(super) fn blocks(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut cells = 0;
    let mut is_empty = true;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => out.push(level.to_string()),
            Event::Start(Tag::Table(columns)) => out.push(format!("table of {}", columns.len())),
            Event::Start(Tag::TableHead | Tag::TableRow) => cells = 0,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => out.push(format!("{cells} cells")),
            Event::Start(Tag::List(first)) => out.push(if first.is_some() { "numbers" } else { "list" }.to_owned()),
            Event::Start(Tag::Item) => out.push("item".to_owned()),
            Event::End(TagEnd::List(_)) => out.push("end of list".to_owned()),
            Event::Start(Tag::Paragraph) => is_empty = true,
            Event::End(TagEnd::Paragraph) if !is_empty => out.push("paragraph".to_owned()),
            // A paragraph that is nothing but a name for links to lead to shows nothing.
            Event::Text(_) | Event::Code(_) => is_empty = false,
            Event::Start(Tag::CodeBlock(_)) => out.push("code".to_owned()),
            Event::Start(Tag::BlockQuote(_)) => out.push("quote".to_owned()),
            Event::Start(Tag::HtmlBlock) => out.push("html".to_owned()),
            Event::Rule => out.push("rule".to_owned()),
            _ => {}
        }
    }
    out
}

/// Where the blocks of two pages part, with what stands around there; none when they are the same.
pub(super) fn difference(now: &Page, expected: &[String]) -> Option<String> {
    let mut blocks = blocks(&now.text);
    let mut expected = expected.to_vec();
    // What failures do is told by the sentence: rows that say the same are one.
    if now.path.starts_with("src/failures/") {
        blocks.dedup();
        expected.dedup();
    }
    let expected = expected.as_slice();
    let at = blocks.iter().zip(expected).position(|(one, other)| one != other).unwrap_or(blocks.len().min(expected.len()));
    let around = |blocks: &[String]| blocks[at.saturating_sub(3)..(at + 4).min(blocks.len())].join(", ");
    let differ = blocks != expected;
    differ.then(|| format!("{}: block {at} of {}: {}; was: {}", now.path, blocks.len(), around(&blocks), around(expected)))
}

/// What is on a page that only hostile text can have brought there.
pub(super) fn intruders(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    for event in parser(&page.text) {
        match event {
            Event::Html(html) if !html.lines().all(is_own_block) => found.push(format!("HTML: {html}")),
            Event::InlineHtml(html) if !is_own_inline(&html) => found.push(format!("HTML: {html}")),
            Event::Start(Tag::Link { dest_url, .. }) if !is_own_target(&dest_url) => found.push(format!("link: {dest_url}")),
            Event::Start(
                tag @ (Tag::Image { .. } | Tag::Strikethrough | Tag::FootnoteDefinition(_) | Tag::DefinitionList | Tag::MetadataBlock(_)),
            ) => found.push(format!("{tag:?}")),
            Event::Start(Tag::Heading { id, classes, attrs, .. }) if id.is_some() || !classes.is_empty() || !attrs.is_empty() => {
                found.push(format!("heading with attributes {id:?} {classes:?} {attrs:?}"));
            }
            Event::Start(Tag::BlockQuote(Some(kind))) => found.push(format!("{kind:?}")),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {
                found.push(format!("{event:?}"));
            }
            _ => {}
        }
    }
    found.extend(torn_rows(&page.text));
    if page.text.contains("{{") {
        found.push("a directive of mdBook".to_owned());
    }
    found.extend(page.text.chars().find(|&c| steers(c)).map(|c| format!("the character {c:?}")));
    found
}

/// Rows with more or fewer cells than their head: hosts read cells off the raw line, where every pipe that is not escaped is a
/// border, and make up for those that are missing.
fn torn_rows(text: &str) -> Vec<String> {
    let mut columns = None;
    let mut found = Vec::new();
    for line in text.lines() {
        let cells = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
        match (columns, cells) {
            (Some(columns), Some(cells)) if columns != cells => {
                found.push(format!("a row of {cells} borders instead of {columns}: {line}"))
            }
            _ => {}
        }
        columns = cells.map(|cells| columns.unwrap_or(cells));
    }
    found
}

/// Moves a cursor, changes colours, turns the direction of reading.
fn steers(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Lines of HTML that templates write.
fn is_own_block(line: &str) -> bool {
    let comments = ["<!-- markdownlint-", "<!-- prettier-ignore-"];
    line.is_empty()
        || line.starts_with(MARKER)
        || comments.iter().any(|comment| line.starts_with(comment))
        || is_anchor(line.trim_end_matches("</a>"))
        || ["<div", "</div", "<svg", "</svg", "<p", "</p", "<details", "</details", "<summary"].iter().any(|tag| is_tag(line, tag))
}

fn is_own_inline(html: &str) -> bool {
    let own = ["<code", "</code", "</a", "<span", "</span", "<svg", "</svg", "<path", "<br", "<rect", "<circle", "<use", "<wbr"];
    is_anchor(html) || own.iter().any(|tag| is_tag(html, tag))
}

/// A name for links to lead to, of letters, digits and hyphens.
fn is_anchor(html: &str) -> bool {
    let id = html.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\">"));
    id.is_some_and(|id| !id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')))
}

/// A tag that is written by a template: nothing in it runs or is taken from elsewhere.
fn is_tag(html: &str, tag: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    let rest = lower.strip_prefix(tag).filter(|rest| rest.starts_with(['>', ' ', '/', '=']));
    rest.is_some_and(|rest| ![" on", "script", "href=", "src=", "javascript:"].iter().any(|bad| rest.contains(bad)))
}

/// A place on a page of the map, in the tree, or on the web.
fn is_own_target(target: &str) -> bool {
    let scheme = target.split(['/', '#', '?']).next().unwrap_or_default().contains(':');
    !scheme || target.starts_with("https://") || target.starts_with("http://")
}
