//! What a page is made of, without its words: the blocks in their order, and what must not be in it.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use statemap::model::StateMap;
use statemap::render::{MARKER, Page, RenderOptions, markdown, mdbook};

/// The page of a repository and all pages of a book.
pub(crate) fn pages(map: &StateMap) -> Vec<Page> {
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
pub(crate) fn blocks(text: &str) -> Vec<String> {
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
pub(crate) fn difference(now: &Page, expected: &[String]) -> Option<String> {
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

/// The pages whose blocks do not follow from what a text means. Which store is meant is read off its name and its id: other text in
/// them makes other stores, chapters, and paths through them. What such pages hold of an item stands on those of its kind as well.
pub(crate) fn comparable(pages: &[Page]) -> Vec<&Page> {
    let follows = |path: &str| {
        ["src/index.md", "src/stores/", "src/items/", "src/SUMMARY.md", "src/failures/store-away.md"]
            .iter()
            .any(|one| path.starts_with(one))
    };
    pages.iter().filter(|page| !follows(&page.path)).collect()
}

/// What is on a page that only hostile text can have brought there.
pub(crate) fn intruders(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    for event in parser(&page.text) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) if !is_own_html(&html) => found.push(format!("HTML: {html}")),
            Event::Start(Tag::Link { dest_url, .. }) if !is_own_target(&dest_url) => found.push(format!("link: {dest_url}")),
            Event::Start(
                tag @ (Tag::Image { .. } | Tag::Strikethrough | Tag::FootnoteDefinition(_) | Tag::DefinitionList | Tag::MetadataBlock(_)),
            ) => found.push(format!("{tag:?}")),
            Event::Start(Tag::Heading { id, classes, attrs, .. })
                if !id.as_deref().is_none_or(is_own_anchor) || !classes.is_empty() || !attrs.is_empty() =>
            {
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

/// As [`intruders`], where texts may be Markdown of their author's: what is struck out, and terms with what they mean, are the author's.
pub(crate) fn intruders_among_descriptions(page: &Page) -> Vec<String> {
    let mut found = intruders(page);
    found.retain(|what| !what.contains("Strikethrough") && !what.contains("DefinitionList"));
    found
}

/// What books put behind a heading: a slug of the id.
fn is_own_anchor(id: &str) -> bool {
    id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
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

/// The tags that templates and drawings write.
const TAGS: &[&str] = &[
    "a",
    "br",
    "circle",
    "code",
    "defs",
    "desc",
    "details",
    "div",
    "ellipse",
    "figcaption",
    "figure",
    "g",
    "line",
    "marker",
    "p",
    "path",
    "polygon",
    "polyline",
    "rect",
    "span",
    "style",
    "summary",
    "svg",
    "text",
    "title",
    "tspan",
    "use",
    "wbr",
];

/// Whether HTML holds nothing but tags of ours, in which nothing runs and nothing is fetched.
fn is_own_html(html: &str) -> bool {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let Some(end) = rest.find('>') else { return false };
        let tag = &rest[1..end];
        let comments = [&MARKER[1..], "!-- markdownlint-", "!-- prettier-ignore-"];
        if !comments.iter().any(|comment| tag.starts_with(comment) && tag.ends_with("--")) && !is_own_tag(tag) {
            return false;
        }
        rest = &rest[end + 1..];
    }
    true
}

/// A tag without its brackets.
fn is_own_tag(tag: &str) -> bool {
    let tag = tag.trim_start_matches('/').trim_end_matches('/').trim();
    let (name, mut attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    if !TAGS.contains(&name) {
        return false;
    }
    while !attributes.trim().is_empty() {
        // The only one of ours without a value.
        if attributes.trim() == "hidden" {
            break;
        }
        let Some((attribute, rest)) = attributes.trim_start().split_once("=\"") else { return false };
        let Some((value, rest)) = rest.split_once('"') else { return false };
        let named = attribute.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | ':') || c.is_ascii_uppercase());
        let fine = match attribute {
            "href" => is_own_target(value),
            "id" => value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')),
            "src" | "xlink:href" | "srcdoc" | "action" => false,
            _ => named && !attribute.starts_with("on"),
        };
        if !fine {
            return false;
        }
        attributes = rest;
    }
    true
}

/// A place on a page of the map, in the tree, or on the web.
fn is_own_target(target: &str) -> bool {
    let scheme = target.split(['/', '#', '?']).next().unwrap_or_default().contains(':');
    !scheme || target.starts_with("https://") || target.starts_with("http://")
}
