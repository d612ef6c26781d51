//! A page of Markdown as lines for a terminal.

use std::sync::Arc;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

use super::Look;
use super::table::{self, Row};
use super::words::{Style, Word, Words, paint, width_of, wrap};

/// How far blocks of code stand in.
const CODE_INDENT: &str = "    ";

/// Code under this name is laid out already, and may be coloured: a snippet with carets.
const LAID_OUT: &str = "snippet";

/// A page of Markdown as the lines of a terminal.
///
/// Escape sequences are taken from code blocks named `snippet` only, which the caller has made.
#[must_use]
pub fn page(markdown: &str, look: Look<'_>) -> String {
    let mut page = Page::new(look);
    let mut events = Parser::new_ext(markdown, Options::ENABLE_TABLES).peekable();
    let mut opened = false;
    while let Some(event) = events.next() {
        // Code that fills a cell, or is the text of a link, is set off by that: marks would only be in the way of copying it.
        let fills = opened && matches!(events.peek(), Some(Event::End(TagEnd::TableCell | TagEnd::Link)));
        opened = matches!(event, Event::Start(Tag::TableCell | Tag::Link { .. }));
        page.bare = fills && matches!(event, Event::Code(_));
        page.event(event);
    }
    page.end_lines();
    page.out
}

/// What is written so far, and what stands around the next word.
struct Page<'l> {
    look: Look<'l>,
    out: String,
    words: Words,
    style: Style,
    /// The next number of each list that is open; none where it has marks.
    lists: Vec<Option<u64>>,
    /// How far each item that is open stands in.
    indents: Vec<usize>,
    /// The mark of an item that has no line yet.
    mark: Option<String>,
    /// The address of a link to the web that a terminal without links must show.
    target: Option<String>,
    in_code: bool,
    /// The code is laid out already.
    in_snippet: bool,
    /// The text between `<code>` and `</code>`, which stands for code that Markdown cannot write.
    tagged: Option<String>,
    in_heading: bool,
    /// The code that comes next needs no marks.
    bare: bool,
    rows: Vec<Row>,
}

impl<'l> Page<'l> {
    fn new(look: Look<'l>) -> Self {
        Self {
            look,
            out: String::new(),
            words: Words::default(),
            style: Style::default(),
            lists: Vec::new(),
            indents: Vec::new(),
            mark: None,
            target: None,
            in_code: false,
            in_snippet: false,
            tagged: None,
            in_heading: false,
            bare: false,
            rows: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code => self.code_lines(&text),
            Event::InlineHtml(tag) if &*tag == "<code>" => self.tagged = Some(String::new()),
            Event::InlineHtml(tag) if &*tag == "</code>" => {
                let text = self.tagged.take().unwrap_or_default();
                self.code(&text);
            }
            Event::Text(text) if self.tagged.is_some() => self.tagged.get_or_insert_default().push_str(&text),
            Event::Text(text) => self.words.push(&text, self.style),
            Event::Code(text) => self.code(&text),
            Event::SoftBreak => self.words.push(" ", self.style),
            Event::HardBreak => self.words.break_line(),
            // Pages have no other HTML but comments, and none of the extensions.
            _ => {}
        }
    }

    fn code(&mut self, text: &str) {
        // A heading is set off as it is.
        if self.in_heading {
            self.words.push(text, self.style);
        } else {
            // Without colours, the marks are what tells code from words.
            let marks = !self.look.colour && !self.bare;
            self.words.push_code(text, self.style, marks);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.gap();
                self.in_heading = true;
                self.style = Style { bold: true, underlined: level == HeadingLevel::H1, ..Style::default() };
            }
            Tag::Paragraph | Tag::Table(_) => self.gap(),
            Tag::CodeBlock(kind) => {
                self.gap();
                self.in_code = true;
                self.in_snippet = matches!(kind, CodeBlockKind::Fenced(name) if &*name == LAID_OUT);
            }
            Tag::List(number) => {
                self.end_lines();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(number);
            }
            Tag::Item => {
                self.end_lines();
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.indents.push(mark.len());
                self.mark = Some(mark);
            }
            Tag::Strong | Tag::TableHead => self.style.bold = true,
            Tag::Emphasis => self.style.italic = true,
            Tag::Link { dest_url, .. } => {
                let link = self.look.links.and_then(|links| links.target(&dest_url));
                let is_web = dest_url.contains("://");
                self.style.underlined = link.is_some() || is_web;
                self.target = (link.is_none() && is_web).then(|| dest_url.to_string());
                self.words.set_link(link.map(Arc::from));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                self.in_heading = false;
                self.style = Style::default();
                self.heading(level);
            }
            TagEnd::Paragraph => self.end_lines(),
            TagEnd::CodeBlock => self.in_code = false,
            TagEnd::List(_) => {
                self.end_lines();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.end_lines();
                self.indents.pop();
            }
            TagEnd::Strong => self.style.bold = false,
            TagEnd::Emphasis => self.style.italic = false,
            TagEnd::Link => {
                self.style.underlined = false;
                self.words.set_link(None);
                if let Some(target) = self.target.take() {
                    self.words.push(&format!(" <{target}>"), self.style);
                }
            }
            TagEnd::TableCell => {
                let cell = self.words.take();
                self.row().push(cell);
            }
            TagEnd::TableHead => {
                self.style.bold = false;
                self.rows.push(Row::new());
            }
            TagEnd::TableRow => self.rows.push(Row::new()),
            TagEnd::Table => {
                let mut rows = std::mem::take(&mut self.rows);
                rows.retain(|row| !row.is_empty());
                for line in table::lines(&rows, self.inner()) {
                    self.line(&line);
                }
            }
            _ => {}
        }
    }

    /// The row of a table that is being read.
    fn row(&mut self) -> &mut Row {
        if self.rows.is_empty() {
            self.rows.push(Row::new());
        }
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// What is left of a line beside the lists that are open.
    fn inner(&self) -> Look<'l> {
        let indent: usize = self.indents.iter().sum();
        Look { width: self.look.width.saturating_sub(indent), ..self.look }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let words = self.words.take();
        let widest = self.lines(&words);
        // Without colours, a line below tells what is a heading.
        if !self.look.colour {
            let below = match level {
                HeadingLevel::H1 => "=",
                HeadingLevel::H2 => "-",
                _ => "~",
            };
            self.line(&below.repeat(widest));
        }
    }

    /// The words that wait, in lines.
    fn end_lines(&mut self) {
        let words = self.words.take();
        self.lines(&words);
    }

    /// Writes words in lines and tells how wide the widest is.
    fn lines(&mut self, words: &[Word]) -> usize {
        let lines = wrap(words, self.inner().width);
        let widest = lines.iter().map(|line| width_of(line)).max().unwrap_or(0);
        for line in lines {
            let line = paint(line, self.look);
            self.line(&line);
        }
        widest
    }

    fn code_lines(&mut self, text: &str) {
        for line in text.lines() {
            if line.is_empty() {
                self.out.push('\n');
            } else if self.in_snippet {
                self.line(line);
            } else if self.look.colour {
                self.line(&format!("{CODE_INDENT}\u{1b}[36m{line}\u{1b}[0m"));
            } else {
                self.line(&format!("{CODE_INDENT}{line}"));
            }
        }
    }

    /// One line, behind the mark of its item or below it.
    fn line(&mut self, text: &str) {
        let mark = self.mark.take().unwrap_or_default();
        let indent: usize = self.indents.iter().sum();
        self.out.push_str(&" ".repeat(indent - mark.width()));
        self.out.push_str(&mark);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A blank line between two blocks; none before the first of an item.
    fn gap(&mut self) {
        if !self.out.is_empty() && self.mark.is_none() {
            self.out.push('\n');
        }
    }
}
