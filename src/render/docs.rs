//! Doc comments as descriptions: Markdown written by others, re-read, rebased and made harmless.
//!
//! Raw HTML is shown as text, headings become bold lines (a page's headings are its own, and their anchors stay
//! predictable), links into the source tree are rebased, links between Rust items become plain text, images become links.

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream};
use pulldown_cmark_to_cmark::{Options as WriteOptions, calculate_code_block_token_count, cmark_with_options};

use super::escape::{code, code_lines, inline_piece, prose, shorten};
use super::links::Links;

/// More than this many bytes of one doc comment are never read.
const READ: usize = 16 * 1024;
/// After this many characters no further paragraph is begun.
const ENOUGH: usize = 600;
/// A single paragraph is cut here.
const LONGEST: usize = 1500;

/// Where a doc comment stands and where it will be shown.
pub(crate) struct DocContext<'a> {
    pub(crate) links: &'a Links,
    pub(crate) page: &'a str,
    /// The file that holds the doc comment, relative to the analysed root.
    pub(crate) file: &'a str,
}

/// The description that a doc comment gives; empty when it says nothing.
pub(crate) fn description(doc: &str, cx: &DocContext<'_>) -> String {
    let mut end = doc.len().min(READ);
    while !doc.is_char_boundary(end) {
        end -= 1;
    }
    let text = &doc[..end];
    let mut broken = |link: BrokenLink<'_>| is_rust_path(&link.reference).then(|| (CowStr::from("crate::"), CowStr::from("")));
    let parser = Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH, Some(&mut broken));
    let mut writer = Rewriter { cx, out: Vec::new(), links: Vec::new(), in_code: false, drop_lines: false };
    let mut blocks = Blocks { depth: 0, chars: 0, cut: end < doc.len() };
    for event in TextMergeStream::new(parser) {
        if !blocks.wants(&event) {
            blocks.cut = true;
            break;
        }
        writer.push(event);
    }
    if blocks.cut {
        writer.out.extend([Event::Start(Tag::Paragraph), Event::InlineHtml("…".into()), Event::End(TagEnd::Paragraph)]);
    }
    let markdown = written(&writer.out);
    // The rewriting above leaves nothing live; should a construct slip through, the plain text is shown instead.
    if markdown.as_deref().is_some_and(is_harmless) {
        return markdown.unwrap_or_default().trim().to_owned();
    }
    prose(&shorten(&doc.replace('`', "'"), ENOUGH))
}

/// Counts top-level blocks, to stop between two of them.
struct Blocks {
    depth: usize,
    chars: usize,
    cut: bool,
}

impl Blocks {
    fn wants(&mut self, event: &Event<'_>) -> bool {
        if self.depth == 0 && self.chars > ENOUGH {
            return false;
        }
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => self.chars += text.chars().count(),
            _ => {}
        }
        self.depth < 12
    }
}

fn written(events: &[Event<'_>]) -> Option<String> {
    let options = WriteOptions {
        list_token: '-',
        code_block_token_count: calculate_code_block_token_count(events.iter()).unwrap_or(3).max(3),
        ..WriteOptions::default()
    };
    let mut out = String::new();
    cmark_with_options(events.iter(), &mut out, options).ok()?;
    Some(out)
}

/// Nothing but our own `<code>` is HTML, no preprocessor directive, no heading.
fn is_harmless(markdown: &str) -> bool {
    !markdown.contains("{{")
        && Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).all(|event| match event {
            Event::Html(_) => false,
            Event::InlineHtml(html) => matches!(&*html, "<code>" | "</code>"),
            Event::Start(Tag::Heading { .. } | Tag::Image { .. }) => false,
            _ => true,
        })
}

/// `[Foo]`, `` [`a::b()`] ``: how rustdoc links items.
fn is_rust_path(reference: &str) -> bool {
    let name = reference.trim_matches('`');
    let name = name.split_once('@').map_or(name, |(_, name)| name);
    let name = name.trim_end_matches("()").trim_end_matches('!');
    name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '<' | '>' | ',' | ' ' | '#' | '&'))
}

/// Where a link of a doc comment leads.
enum Destination {
    Web(String),
    File(String),
    Nowhere,
}

fn destination(link: &str, cx: &DocContext<'_>) -> Destination {
    let lower = link.to_ascii_lowercase();
    if ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) {
        let clean = link.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '(' | ')' | '\\' | '`' | '{' | '}' | '|'));
        let target = if clean { link.to_owned() } else { percent(link) };
        return Destination::Web(target);
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let looks_like_file = path.contains('/') || path.rsplit_once('.').is_some_and(|(stem, ext)| !stem.is_empty() && !ext.is_empty());
    if path.is_empty() || path.contains(':') || path.starts_with('/') || !looks_like_file {
        return Destination::Nowhere;
    }
    let mut parts: Vec<&str> = cx.file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return Destination::Nowhere,
            ".." => {}
            part => parts.push(part),
        }
    }
    let line = fragment.strip_prefix('L').and_then(|line| line.parse().ok());
    let decoded = parts.join("/").replace("%20", " ");
    cx.links.target(cx.page, &decoded, line).map_or(Destination::Nowhere, Destination::File)
}

fn percent(link: &str) -> String {
    let mut out = String::new();
    for byte in link.bytes() {
        if byte.is_ascii_graphic() && !b"<>()\\`{}|\"".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Turns the events of a doc comment into harmless ones.
struct Rewriter<'a, 'e> {
    cx: &'a DocContext<'a>,
    out: Vec<Event<'e>>,
    /// For each open link or image whether it is written.
    links: Vec<bool>,
    in_code: bool,
    /// Whether the open code block is Rust, whose `# ` lines rustdoc hides.
    drop_lines: bool,
}

impl<'e> Rewriter<'_, 'e> {
    fn push(&mut self, event: Event<'e>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code => {
                let text = self.block_text(&text);
                self.out.push(Event::Text(text.into()));
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                // `InlineHtml` is written as it is: the escaping here is ours, and complete.
                let text = shorten(&text, LONGEST).into_owned();
                self.out.push(Event::InlineHtml(inline_piece(&text).into()));
            }
            Event::Code(text) => self.out.push(Event::InlineHtml(code(&text).into())),
            Event::SoftBreak | Event::HardBreak => self.out.push(Event::SoftBreak),
            Event::Rule | Event::TaskListMarker(_) | Event::FootnoteReference(_) => {}
            Event::InlineMath(text) | Event::DisplayMath(text) => self.out.push(Event::InlineHtml(code(&text).into())),
        }
    }

    fn block_text(&self, text: &str) -> String {
        let hidden = |line: &&str| self.drop_lines && (line.trim() == "#" || line.trim_start().starts_with("# "));
        let kept: Vec<&str> = text.split_inclusive('\n').filter(|line| !hidden(line)).collect();
        code_lines(&kept.concat())
    }

    fn start(&mut self, tag: Tag<'e>) {
        match tag {
            Tag::Heading { .. } => self.out.extend([Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)]),
            Tag::HtmlBlock | Tag::MetadataBlock(_) => self.out.push(Event::Start(Tag::Paragraph)),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                // A link cannot hold a link: an image inside one is shown as its text.
                let nested = self.links.iter().any(|&written| written);
                let target = match destination(&dest_url, self.cx) {
                    Destination::Web(target) | Destination::File(target) if !nested => Some(target),
                    _ => None,
                };
                self.links.push(target.is_some());
                if let Some(target) = target {
                    let tag = Tag::Link { link_type: LinkType::Inline, dest_url: target.into(), title: "".into(), id: "".into() };
                    self.out.push(Event::Start(tag));
                }
            }
            Tag::CodeBlock(kind) => {
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => code_language(info),
                    CodeBlockKind::Indented => "rust,ignore".to_owned(),
                };
                self.in_code = true;
                self.drop_lines = info.starts_with("rust");
                self.out.push(Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info.into()))));
            }
            Tag::BlockQuote(_) => self.out.push(Event::Start(Tag::BlockQuote(None))),
            other => self.out.push(Event::Start(other)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3)
            | TagEnd::Heading(HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6) => {
                self.out.extend([Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)]);
            }
            TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => self.out.push(Event::End(TagEnd::Paragraph)),
            TagEnd::Link | TagEnd::Image => {
                if self.links.pop() == Some(true) {
                    self.out.push(Event::End(TagEnd::Link));
                }
            }
            TagEnd::CodeBlock => {
                self.in_code = false;
                self.out.push(Event::End(TagEnd::CodeBlock));
            }
            TagEnd::BlockQuote(_) => self.out.push(Event::End(TagEnd::BlockQuote(None))),
            other => self.out.push(Event::End(other)),
        }
    }
}

/// rustdoc's code blocks are Rust unless they say otherwise; `ignore` keeps `mdbook test` from running them.
fn code_language(info: &str) -> String {
    let words: Vec<&str> = info.split([',', ' ', '\t']).filter(|word| !word.is_empty()).collect();
    let rustdoc = ["rust", "ignore", "no_run", "should_panic", "compile_fail", "standalone_crate"];
    let is_rust = |word: &&str| rustdoc.contains(word) || word.starts_with("edition") || word.starts_with("ignore-");
    match words.first() {
        None => "rust,ignore".to_owned(),
        Some(word) if is_rust(word) => "rust,ignore".to_owned(),
        Some(word) if word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+')) => (*word).to_owned(),
        Some(_) => "text".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(doc: &str) -> String {
        let links = Links::new(None, None, "", Some(""));
        description(doc, &DocContext { links: &links, page: "STATEMAP.md", file: "src/store/mod.rs" })
    }

    #[test]
    fn html_is_shown_as_text() {
        assert_eq!(shown("a <b>bold</b> claim"), r"a \<b\>bold\</b\> claim");
        let block = shown("<div>\n<script>alert(1)</script>\n</div>\n\nafter");
        assert!(block.contains(r"\<script\>alert(1)\</script\>") && block.ends_with("after"), "{block}");
        assert!(is_harmless(&block));
    }

    #[test]
    fn headings_become_bold_lines() {
        assert_eq!(shown("Sessions.\n\n# Panics\nNever."), "Sessions.\n\n**Panics**\n\nNever.");
    }

    #[test]
    fn links_into_the_tree_are_rebased_on_the_file() {
        assert_eq!(shown("see [plan](../../docs/plan.md#L3)"), "see [plan](docs/plan.md#L3)");
        assert_eq!(shown("see [schema](schema.sql)"), "see [schema](src/store/schema.sql)");
        assert_eq!(shown("see [out](../../../../etc/passwd)"), "see out");
        assert_eq!(shown("see [abs](/etc/passwd)"), "see abs");
    }

    #[test]
    fn links_between_rust_items_become_plain() {
        assert_eq!(shown("see [`Foo`] and [x](crate::y) and [`z`](Self::z)"), "see `Foo` and x and `z`");
        assert_eq!(shown("see [`Foo`].\n\n[`Foo`]: crate::Foo"), "see `Foo`.");
        assert_eq!(shown("an index [0] stays"), r"an index \[0\] stays");
    }

    #[test]
    fn web_links_live_and_script_links_die() {
        assert_eq!(shown("see [rfc](https://example.com/a_b?c=1)"), "see [rfc](https://example.com/a_b?c=1)");
        assert_eq!(shown("<https://example.com>"), r"[https://example.com](https://example.com)");
        assert_eq!(shown("[x](javascript:alert(1)) [y](data:text/html,z)"), "x y");
    }

    #[test]
    fn images_become_links() {
        assert_eq!(shown("![diagram](https://example.com/d.png)"), "[diagram](https://example.com/d.png)");
        assert_eq!(shown("[![badge](https://example.com/d.png)](https://example.com)"), "[badge](https://example.com)");
    }

    #[test]
    fn code_blocks_stay_without_hidden_lines_and_directives() {
        assert_eq!(shown("```\n# use x;\nf();\n```"), "```rust,ignore\nf();\n```");
        assert_eq!(shown("```toml\na = \"{{#include x}}\"\n```"), "```toml\na = \"{ {#include x}}\"\n```");
        assert!(shown("````\n```\nx\n```\n````").starts_with("````rust,ignore\n```"));
    }

    #[test]
    fn directives_of_mdbook_are_neutralised() {
        let text = shown("`{{#include /etc/passwd}}` and {{#include /etc/shadow}}");
        assert!(!text.contains("{{"), "{text}");
    }

    #[test]
    fn long_docs_are_cut_between_paragraphs() {
        let doc = format!("{}\n\n{}\n\nthird", "first ".repeat(60), "second ".repeat(60));
        let text = shown(&doc);
        assert!(text.contains("second") && !text.contains("third") && text.ends_with('…'), "{text}");
        assert!(!shown("first\n\nsecond").contains('…'));
    }

    #[test]
    fn tables_and_lists_survive() {
        assert_eq!(shown("- a\n- b\n  - c"), "- a\n- b\n  - c");
        let table = shown("| a | b |\n|---|---|\n| x\\|y | `p\\|q` |");
        let cells = Parser::new_ext(&table, Options::ENABLE_TABLES).filter(|e| matches!(e, Event::Start(Tag::TableCell))).count();
        assert_eq!(cells, 4, "{table}");
    }

    #[test]
    fn deep_nesting_does_not_overflow() {
        shown(&">".repeat(10_000));
        shown(&"[".repeat(10_000));
        shown(&format!("{}x{}", "*".repeat(5000), "*".repeat(5000)));
    }
}
