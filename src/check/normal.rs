//! The normal form of a Markdown page: the same for every way to write the same document.
//!
//! Formatters pad tables, wrap lines, escape more or less and choose other markers. Two pages with the same normal form say the
//! same; see [`units`].

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A block without inner blocks: a heading, a paragraph, an item of a list, a row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// What it says, with everything that a formatter may choose taken out.
    pub(super) exact: String,
    /// The same without line numbers, the revision, and the counts of what was read.
    pub(super) key: String,
    /// As it is written, on one line.
    pub(super) text: String,
    /// Its line in the page, from 1.
    pub(super) line: usize,
    pub(super) kind: UnitKind,
}

/// What sort of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// Level of a heading.
    Heading(u8),
    /// A row of a table, without its head.
    Row,
    Other,
}

/// The units of a page in their order.
pub(super) fn units(page: &str) -> Vec<Unit> {
    let mut reader =
        UnitReader { page, out: Vec::new(), open: None, link: Vec::new(), depth: 0, in_head: false, in_counts: false, line: 1, counted: 0 };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_HEADING_ATTRIBUTES;
    for (event, range) in Parser::new_ext(page, options).into_offset_iter() {
        reader.take(event, range);
    }
    reader.flush(UnitKind::Other);
    reader.out
}

/// The unit that is being read.
struct Open {
    range: Range<usize>,
    exact: String,
    key: String,
}

struct UnitReader<'p> {
    page: &'p str,
    out: Vec<Unit>,
    open: Option<Open>,
    /// For each link that is open: its target, and where its text begins in both forms.
    link: Vec<(String, usize, usize)>,
    depth: usize,
    in_head: bool,
    /// Below *Blind spots*, where numbers count lines and files: they change with every change of the code.
    in_counts: bool,
    /// Line feeds are counted once, from unit to unit.
    line: usize,
    counted: usize,
}

impl UnitReader<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.push(&text, &range),
            // What stands behind these words is the commit, which the page cannot know before it is committed.
            Event::Code(_) if self.open.as_ref().is_some_and(|open| open.key.ends_with("from revision ")) => {
                self.widen(&range);
            }
            Event::Code(code) => self.push(&format!("`{code}`"), &range),
            // Badges and icons of a book stand around words that say the same.
            Event::InlineHtml(html) if is_ornament(&html) => self.widen(&range),
            Event::InlineHtml(html) | Event::Html(html) => {
                if !html.trim_start().starts_with("<!--") {
                    self.push(&html, &range);
                }
            }
            Event::SoftBreak | Event::HardBreak => self.push(" ", &range),
            Event::Rule => {
                self.flush(UnitKind::Other);
                self.push("---", &range);
                self.flush(UnitKind::Other);
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.push(&text, &range),
            Event::TaskListMarker(done) => self.push(if done { "[x] " } else { "[ ] " }, &range),
            Event::FootnoteReference(name) => self.push(&name, &range),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Emphasis => self.push("*", &range),
            Tag::Strong => self.push("**", &range),
            Tag::Strikethrough => self.push("~~", &range),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.push("[", &range);
                let (exact, key) = self.open.as_ref().map_or((0, 0), |open| (open.exact.len(), open.key.len()));
                self.link.push((dest_url.into_string(), exact, key));
            }
            Tag::Item => {
                self.flush(UnitKind::Other);
                self.depth += 1;
                let mark = item_mark(self.depth);
                self.push(&mark, &(range.start..range.start));
            }
            Tag::TableHead => {
                self.flush(UnitKind::Other);
                self.in_head = true;
            }
            Tag::TableCell => self.push("|", &(range.start..range.start)),
            // A paragraph in an item is still the item.
            Tag::Paragraph if self.open.as_ref().is_some_and(|open| open.key == item_mark(self.depth)) => {}
            _ => self.flush(UnitKind::Other),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        let here = self.open.as_ref().map_or(0..0, |open| open.range.end..open.range.end);
        match tag {
            TagEnd::Emphasis => self.push("*", &here),
            TagEnd::Strong => self.push("**", &here),
            TagEnd::Strikethrough => self.push("~~", &here),
            TagEnd::Link | TagEnd::Image => self.end_link(&here),
            TagEnd::TableCell => {}
            TagEnd::Heading(level) => self.flush(UnitKind::Heading(level_number(level))),
            TagEnd::TableHead => {
                self.flush(UnitKind::Other);
                self.in_head = false;
            }
            TagEnd::TableRow => self.flush(UnitKind::Row),
            TagEnd::Item => {
                self.flush(UnitKind::Other);
                self.depth = self.depth.saturating_sub(1);
            }
            _ => self.flush(UnitKind::Other),
        }
    }

    /// A link that leads to a line says so in its target, and often in its text.
    fn end_link(&mut self, here: &Range<usize>) {
        let Some((target, _, key_start)) = self.link.pop() else { return };
        self.push(&format!("]({target})"), here);
        let Some(open) = &mut self.open else { return };
        let end = open.key.len() - format!("]({target})").len();
        let (place, line) = without_line(&target);
        let mut text = open.key.get(key_start..end).unwrap_or_default().to_owned();
        if let Some(line) = line {
            let quoted = format!(":{line}`");
            if let Some(shorter) = text.strip_suffix(&quoted) {
                text = format!("{shorter}`");
            }
        }
        open.key.truncate(key_start);
        open.key.push_str(&format!("{text}]({})", without_revision(place)));
    }

    fn push(&mut self, text: &str, range: &Range<usize>) {
        self.widen(range);
        if let Some(open) = &mut self.open {
            open.exact.push_str(text);
            open.key.push_str(text);
        }
    }

    fn widen(&mut self, range: &Range<usize>) {
        match &mut self.open {
            Some(open) => open.range.end = open.range.end.max(range.end),
            None => self.open = Some(Open { range: range.clone(), exact: String::new(), key: String::new() }),
        }
    }

    fn flush(&mut self, kind: UnitKind) {
        self.link.clear();
        let Some(open) = self.open.take() else { return };
        let prefix = match kind {
            UnitKind::Heading(level) => "#".repeat(usize::from(level)),
            UnitKind::Row | UnitKind::Other => String::new(),
        };
        let (exact, mut key) = (squeezed(&open.exact), squeezed(&open.key));
        if key.is_empty() || key == item_mark(self.depth).trim_end() {
            return;
        }
        let start = open.range.start.max(self.counted);
        self.line += self.page[self.counted..start].matches('\n').count();
        self.counted = start;
        let kind = if self.in_head { UnitKind::Other } else { kind };
        if matches!(kind, UnitKind::Heading(_)) {
            self.in_counts = key == "Blind spots";
        } else if self.in_counts {
            key = without_numbers(&key);
        }
        // A cell ends before the bar that closes the row.
        let last = self.page[..open.range.end].trim_end().len().max(open.range.start);
        let end = self.page[last..].find('\n').map_or(self.page.len(), |end| last + end);
        let from = self.page[..open.range.start].rfind('\n').map_or(0, |at| at + 1);
        // The commands of a drawing say nothing to people.
        let text = if exact.contains("class=\"statemap-svg") { "(a drawing)".to_owned() } else { squeezed(&self.page[from..end]) };
        let mark = if kind == UnitKind::Other || kind == UnitKind::Row { String::new() } else { format!("{prefix} ") };
        self.out.push(Unit { exact: format!("{mark}{exact}"), key: format!("{mark}{key}"), text, line: self.line, kind });
    }
}

/// The elements that books put around words: badges, labels and the drawings of icons.
fn is_ornament(html: &str) -> bool {
    let name = html.trim_start_matches(['<', '/']).split([' ', '>', '/']).next().unwrap_or_default();
    matches!(name, "span" | "svg" | "path" | "circle" | "rect" | "g" | "line" | "ellipse" | "polyline" | "polygon")
}

/// What begins an item of a list that is nested so deep.
fn item_mark(depth: usize) -> String {
    format!("•{depth} ")
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Each number as `#`; a percentage and `2,854` are one number.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_number = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let joins = in_number && matches!(c, ',' | '.') && chars.peek().is_some_and(char::is_ascii_digit);
        if !c.is_ascii_digit() && !joins {
            in_number = false;
            out.push(c);
        } else if !in_number {
            in_number = true;
            out.push('#');
        }
    }
    out
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A target without the line that it leads to: `#L12`, `#L12-L14`, `#lines-12`.
fn without_line(target: &str) -> (&str, Option<&str>) {
    let Some((place, fragment)) = target.rsplit_once('#') else { return (target, None) };
    let line = fragment.strip_prefix('L').or_else(|| fragment.strip_prefix("lines-"));
    match line {
        Some(line) if line.starts_with(|c: char| c.is_ascii_digit()) => {
            let end = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len());
            (place, Some(&line[..end]))
        }
        _ => (target, None),
    }
}

/// A link to a host without the commit in it, and without the host: a fork is the same place.
fn without_revision(target: &str) -> String {
    let is_revision = |part: &&str| part.len() >= 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(revision) = target.split('/').find(is_revision).filter(|_| target.contains("://")) else { return target.to_owned() };
    let after = target.split_once(revision).map_or("", |(_, after)| after);
    format!("revision:{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(page: &str) -> Vec<String> {
        units(page).into_iter().map(|unit| unit.key).collect()
    }

    fn exact(page: &str) -> Vec<String> {
        units(page).into_iter().map(|unit| unit.exact).collect()
    }

    const PAGE: &str = "# A *title*\n\nSome **text** with `code` and [a link](x.md).\n\n| kind | items |\n| --- | ---: |\n| `a` | 2 |\n| | – |\n\n- one\n- two\n  - three\n\n```rust\nlet x = 1;\n```\n";

    #[test]
    fn what_formatters_choose_makes_no_difference() {
        let padded = "A _title_\n=========\n\nSome __text__ with `code`\nand [a\nlink](x.md).\n\n\n| kind | items |\n|:-----|------:|\n| `a`  |     2 |\n|      |     – |\n\n* one\n\n* two\n\n    * three\n\n~~~rust\nlet x = 1;\n~~~\n";
        assert_eq!(exact(PAGE), exact(padded));
        assert_eq!(exact(PAGE), exact(&PAGE.replace('\n', "\r\n")));
        let commented = PAGE.replacen("\n\n", "\n\n<!-- prettier-ignore -->\n\n", 1);
        assert_eq!(exact(PAGE), exact(&commented));
    }

    #[test]
    fn what_the_page_says_makes_one() {
        for (from, to) in [
            ("`a` | 2", "`a` | 3"),
            ("code", "core"),
            ("x.md", "y.md"),
            ("# A", "## A"),
            ("let x", "let y"),
            ("- two", "  - two"),
            ("**text**", "text"),
        ] {
            let other = PAGE.replacen(from, to, 1);
            assert_ne!(keys(PAGE), keys(&other), "{from} and {to}");
        }
    }

    #[test]
    fn lines_count_in_the_exact_form_only() {
        let at = |line: u32| {
            format!("made at [`src/db.rs:{line}`](src/db.rs#L{line}), [`:{line}`](src/db.rs#L{line}) in [`f`](src/db.rs#L{line})\n")
        };
        assert_eq!(keys(&at(7)), keys(&at(12)));
        assert_ne!(exact(&at(7)), exact(&at(12)));
        // A port is no line.
        assert_ne!(keys("at `0.0.0.0:80`"), keys("at `0.0.0.0:81`"));
        assert_ne!(keys("[`x:7`](src/db.rs#L8)"), keys("[`x:9`](src/db.rs#L8)"));
    }

    #[test]
    fn counts_of_what_was_read_change_with_every_line_and_say_nothing_of_the_state() {
        let page = |lines: &str, other: u32| {
            format!("## Map\n\n{other} items\n\n## Blind spots\n\n53 files ({lines} lines) read\n\n- 3 values not followed\n")
        };
        assert_eq!(keys(&page("2,854", 1)), keys(&page("855", 1)));
        assert_ne!(exact(&page("2,854", 1)), exact(&page("855", 1)));
        assert_ne!(keys(&page("2,854", 1)), keys(&page("2,854", 2)));
    }

    #[test]
    fn the_revision_and_the_host_of_a_fork_make_no_difference() {
        let page = |host: &str, revision: &str| {
            format!(
                "[`x`](https://{host}/shop/blob/{revision}/src/x.rs#L7)\n\nWritten by statemap 1 from revision `{}`.\n",
                &revision[..12]
            )
        };
        let (a, b) = ("4fc0".repeat(10), "a1b2".repeat(10));
        assert_eq!(keys(&page("github.com/ada", &a)), keys(&page("github.com/eve", &b)));
        assert_ne!(keys("[x](https://a/b)"), keys("[x](https://a/c)"));
    }

    #[test]
    fn each_unit_knows_its_line_and_reads_as_written() {
        let found: Vec<(usize, String)> = units(PAGE).into_iter().map(|unit| (unit.line, unit.text)).collect();
        let expected = [
            (1, "# A *title*"),
            (3, "Some **text** with `code` and [a link](x.md)."),
            (5, "| kind | items |"),
            (7, "| `a` | 2 |"),
            (8, "| | – |"),
            (10, "- one"),
            (11, "- two"),
            (12, "- three"),
            (15, "let x = 1;"),
        ];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }
}
