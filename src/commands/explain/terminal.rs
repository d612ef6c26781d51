//! Markdown of the reference as lines for a terminal.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

use super::table::{self, Row};
use super::words::{Look, Style, Word, Words, paint, width_of, wrap};

/// How far blocks of code stand in.
const CODE_INDENT: &str = "    ";

/// The text of a page.
pub(super) fn render(markdown: &str, look: Look) -> String {
    let mut page = Page::new(look);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        page.event(event);
    }
    page.end_lines();
    page.out
}

/// What is written so far, and what stands around the next word.
struct Page {
    look: Look,
    out: String,
    words: Words,
    style: Style,
    /// The next number of each list that is open; none where it has marks.
    lists: Vec<Option<u64>>,
    /// How far each item that is open stands in.
    indents: Vec<usize>,
    /// The mark of an item that has no line yet.
    mark: Option<String>,
    /// The target of a link that is no page of the reference.
    target: Option<String>,
    in_code: bool,
    in_heading: bool,
    rows: Vec<Row>,
}

impl Page {
    fn new(look: Look) -> Self {
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
            in_heading: false,
            rows: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code => self.code_lines(&text),
            Event::Text(text) => self.words.push(&text, self.style),
            // A heading is set off as it is.
            Event::Code(text) if self.in_heading => self.words.push(&text, self.style),
            Event::Code(text) => self.words.push_code(&text, self.style, self.look),
            Event::SoftBreak => self.words.push(" ", self.style),
            Event::HardBreak => self.words.break_line(),
            // The texts have no HTML but comments, and none of the extensions.
            _ => {}
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
            Tag::CodeBlock(_) => {
                self.gap();
                self.in_code = true;
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
                self.style.underlined = true;
                self.target = dest_url.contains("://").then(|| dest_url.to_string());
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
    fn inner(&self) -> Look {
        let indent: usize = self.indents.iter().sum();
        Look { width: self.look.width.saturating_sub(indent), ..self.look }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let words = self.words.take();
        let widest = self.lines(&words);
        // Without colours, a line below tells what is a heading.
        if !self.look.colour {
            self.line(&if level == HeadingLevel::H1 { "=" } else { "-" }.repeat(widest));
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
