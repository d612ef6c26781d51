//! Reads a TOML table key by key: every mistake becomes a diagnostic with its bytes in the file, and reading goes on.
//!
//! Knows nothing of what the keys mean. The same reader serves `statemap.toml` and the comments in code.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::nearest::{hint, quoted, words};
use crate::model::{Diagnostic, Place, Severity};

/// More messages than this are not read by anybody; the rest is counted.
const MAX_DIAGNOSTICS: usize = 100;

/// Where something is written: its line, and its bytes when they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Line in the file, from 1.
    pub(super) line: u32,
    /// Byte range in the file.
    pub(super) span: Option<(usize, usize)>,
}

impl Mark {
    /// A message at this mark.
    pub(super) fn diagnostic(self, severity: Severity, code: &'static str, file: &str, message: impl Into<String>) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(severity, code, message).in_file(file).at_line(self.line);
        diagnostic.span = self.span;
        diagnostic
    }
}

/// One line of a text that is parsed, and where it stands in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Byte offset in the parsed text.
    pub(super) start: usize,
    /// Byte offset of the same byte in the file, when known.
    pub(super) in_file: Option<usize>,
    /// Line in the file, from 1.
    pub(super) number: u32,
}

/// The lines of a text that is a whole file.
pub(super) fn lines_of_file(text: &str) -> Vec<Line> {
    let starts = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
    starts.zip(1..).map(|(start, number)| Line { start, in_file: Some(start), number }).collect()
}

/// Reads the tables of one parsed text.
pub(super) struct Reader<'a> {
    file: &'a str,
    lines: Vec<Line>,
    found: Vec<Diagnostic>,
    /// Lines with a syntax error: what else seems wrong there is most likely its consequence.
    broken: BTreeSet<u32>,
    left_out: usize,
}

/// What is read from: a table with a name for messages and the place of its header.
#[derive(Clone)]
pub(super) struct Section<'t, 'i> {
    /// How messages call it: `[service]`.
    pub(super) name: String,
    /// The table.
    pub(super) table: &'t DeTable<'i>,
    /// Its header, or its braces.
    pub(super) at: Range<usize>,
}

impl<'a> Reader<'a> {
    /// A reader for the text with these lines, of which there must be at least one.
    pub(super) fn new(file: &'a str, lines: Vec<Line>) -> Self {
        Self { file, lines, found: Vec::new(), broken: BTreeSet::new(), left_out: 0 }
    }

    /// The file, for places.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// The messages in the order of the text, at most [`MAX_DIAGNOSTICS`] and one that counts the others.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.span));
        if self.left_out > 0 {
            let message = format!("{} more problems in this file are not shown", self.left_out);
            self.found.push(Diagnostic::new(Severity::Note, "more-problems", message).in_file(self.file));
        }
        self.found
    }

    /// Where a range of the parsed text stands in the file.
    pub(super) fn mark(&self, range: &Range<usize>) -> Mark {
        let in_file = |offset: usize, line: Line| line.in_file.map(|start| start + offset.saturating_sub(line.start));
        let (first, last) = (self.line_at(range.start), self.line_at(range.end.saturating_sub(1).max(range.start)));
        let span = in_file(range.start, first).zip(in_file(range.end.max(range.start), last));
        Mark { line: first.number, span }
    }

    fn line_at(&self, offset: usize) -> Line {
        self.lines[self.lines.partition_point(|line| line.start <= offset).saturating_sub(1)]
    }

    /// The place of a range in a whole file; columns count characters.
    pub(super) fn place(&self, text: &str, range: &Range<usize>) -> Place {
        let line = self.line_at(range.start);
        let before = text.get(line.start..range.start).unwrap_or_default();
        let column = u32::try_from(before.chars().count()).unwrap_or(u32::MAX).saturating_add(1);
        Place { file: self.file.into(), line: line.number, column }
    }

    /// Adds a message.
    pub(super) fn report(&mut self, severity: Severity, code: &'static str, at: &Range<usize>, message: String, help: Option<String>) {
        let lines = self.line_at(at.start).number..=self.line_at(at.end.saturating_sub(1).max(at.start)).number;
        if self.broken.range(lines).next().is_some() {
            return;
        }
        self.push(severity, code, at, message, help);
    }

    fn push(&mut self, severity: Severity, code: &'static str, at: &Range<usize>, message: String, help: Option<String>) {
        if self.found.len() >= MAX_DIAGNOSTICS {
            self.left_out += 1;
            return;
        }
        let mut diagnostic = self.mark(at).diagnostic(severity, code, self.file, message);
        diagnostic.help = help;
        self.found.push(diagnostic);
    }

    /// Adds an error with its remedy.
    pub(super) fn error(&mut self, code: &'static str, at: &Range<usize>, message: String, help: impl Into<String>) {
        self.report(Severity::Error, code, at, message, Some(help.into()));
    }

    /// Adds the parser's errors, the first of each line.
    pub(super) fn syntax_errors(&mut self, errors: &[toml::de::Error], help: Option<&str>) {
        for error in errors {
            let range = error.span().unwrap_or_default();
            let line = self.mark(&range).line;
            if self.broken.insert(line) {
                self.push(Severity::Error, "toml-syntax", &range, error.message().replace('\n', ", "), help.map(str::to_owned));
            }
        }
    }

    /// Whether the text has a syntax error, so that a key that seems missing may only be unreadable.
    pub(super) fn has_syntax_error(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Reports every key that is not known.
    pub(super) fn check_keys(&mut self, section: &Section<'_, '_>, known: &[&str]) {
        for key in section.table.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown_key(section, key, known);
            }
        }
    }

    /// Reports a key that is not known.
    pub(super) fn unknown_key(&mut self, section: &Section<'_, '_>, key: &Spanned<DeString<'_>>, known: &[&str]) {
        let word = key.get_ref().as_ref();
        let help = hint(word, known.iter().copied(), || format!("the keys here are {}", words(known, "and")));
        self.error("unknown-key", &key.span(), format!("unknown key {} in {}", quoted(word), section.name), help);
    }

    /// Reports a key that must be there and is not.
    pub(super) fn missing(&mut self, section: &Section<'_, '_>, key: &str, help: impl Into<String>) {
        if !section.table.contains_key(key) && !self.has_syntax_error() {
            self.error("missing-key", &section.at, format!("{} has no `{key}`", section.name), help);
        }
    }

    fn wrong_type(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, help: String) {
        let found = type_words(value.get_ref());
        self.error("wrong-type", &value.span(), format!("{} must be {wanted}, not {found}", quoted(key)), help);
    }

    /// A string that is not empty.
    pub(super) fn text(&mut self, section: &Section<'_, '_>, key: &str) -> Option<String> {
        self.text_like(section, key, "empty-value", &format!("{key} = \"…\""))
    }

    /// A string that is not empty; `example` is a line to copy, `code` names the mistake of saying nothing.
    pub(super) fn text_like(&mut self, section: &Section<'_, '_>, key: &str, code: &'static str, example: &str) -> Option<String> {
        let value = section.table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.error(code, &value.span(), format!("`{key}` is empty"), format!("leave it out, or say it as in `{example}`"));
                None
            }
            DeValue::String(text) => Some(text.trim().to_owned()),
            _ => {
                self.wrong_type(key, value, "a string", format!("write it in quotes, as in `{example}`"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, section: &Section<'_, '_>, key: &str) -> Option<bool> {
        let value = section.table.get(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong_type(key, value, "`true` or `false`", format!("write `{key} = true`"));
        None
    }

    /// A whole number from 0 to `most`.
    pub(super) fn count(&mut self, section: &Section<'_, '_>, key: &str, most: u32) -> Option<u32> {
        let value = section.table.get(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_type(key, value, "a number", format!("write `{key} = {}`", most.min(8)));
            return None;
        };
        let read = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|count| *count <= most);
        if read.is_none() {
            let help = format!("write `{key} = {}`", most.min(8));
            self.error("bad-number", &value.span(), format!("{} must be a number from 0 to {most}", quoted(key)), help);
        }
        read
    }

    /// An array of strings, each with its bytes.
    pub(super) fn spanned_list(&mut self, section: &Section<'_, '_>, key: &str) -> Vec<(String, Range<usize>)> {
        let help = || format!("write `{key} = [\"…\", \"…\"]`");
        let Some(value) = section.table.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value, "an array of strings", help());
            return Vec::new();
        };
        let mut list = Vec::new();
        for element in array {
            match element.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => list.push((text.trim().to_owned(), element.span())),
                DeValue::String(_) => {
                    self.error("empty-value", &element.span(), format!("`{key}` holds an empty string"), "leave it out");
                }
                _ => self.wrong_type(key, element, "an array of strings", help()),
            }
        }
        list
    }

    /// An array of strings.
    pub(super) fn list(&mut self, section: &Section<'_, '_>, key: &str) -> Vec<String> {
        self.spanned_list(section, key).into_iter().map(|(text, _)| text).collect()
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, section: &Section<'_, '_>, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(section, key)?;
        let at = section.table.get(key)?.span();
        self.choice(key, &text, &at, choices)
    }

    /// The meaning of a word that was read.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, text: &str, at: &Range<usize>, choices: &[(&str, T)]) -> Option<T> {
        if let Some((_, meaning)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let known: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let help = hint(text, known.iter().copied(), || format!("the words for `{key}` are {}", words(&known, "and")));
        self.error("unknown-word", at, format!("`{key}` cannot be {}", quoted(text)), help);
        None
    }

    /// A calendar date, as a TOML date or as a string.
    pub(super) fn date(&mut self, section: &Section<'_, '_>, key: &str) -> Option<Date> {
        let value = section.table.get(key)?;
        let date = match value.get_ref() {
            DeValue::Datetime(moment) if moment.time.is_none() => moment.date.as_ref().and_then(|date| calendar_date(&date.to_string())),
            DeValue::String(text) => calendar_date(text.trim()),
            DeValue::Datetime(_) => None,
            _ => {
                self.wrong_type(key, value, "a date", format!("write year, month and day: `{key} = 2027-01-31`"));
                return None;
            }
        };
        if date.is_none() {
            let help = format!("write year, month and day: `{key} = 2027-01-31`");
            self.error("bad-date", &value.span(), format!("`{key}` is not a calendar date"), help);
        }
        date
    }

    /// A table under a key: `[service]`.
    pub(super) fn section<'t, 'i>(&mut self, root: &'t DeTable<'i>, key: &str) -> Option<Section<'t, 'i>> {
        let value = root.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Section { name: format!("`[{key}]`"), table, at: value.span() });
        }
        self.wrong_type(key, value, "a table", format!("write `[{key}]` on a line of its own, and the keys below it"));
        None
    }

    /// The tables under a key: `[[state]]`.
    pub(super) fn sections<'t, 'i>(&mut self, root: &'t DeTable<'i>, key: &str) -> Vec<Section<'t, 'i>> {
        let help = || format!("write `[[{key}]]` with two brackets, once for each entry");
        let Some(value) = root.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(key, value, "a list of tables", help());
            return Vec::new();
        };
        let mut sections = Vec::new();
        for element in array {
            match element.get_ref() {
                DeValue::Table(table) => sections.push(Section { name: format!("`[[{key}]]`"), table, at: element.span() }),
                _ => self.wrong_type(key, element, "a list of tables", help()),
            }
        }
        sections
    }
}

/// A date that is nothing but a date.
fn calendar_date(text: &str) -> Option<Date> {
    if text.len() == "2027-01-31".len() { text.parse().ok() } else { None }
}

/// The type of a value, with its article.
pub(super) fn type_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Each part of a dotted key nests one table deeper, and the parser does not bound them.
const MAX_DOTS: usize = 16;

/// What is said of a text that [`too_deep`] refuses.
pub(super) const TOO_DEEP: &str = "more than 16 dots in one line outside of strings";

/// The first line with so many dots outside of strings and comments that the tables of its keys nest too deep to be
/// dropped safely.
pub(super) fn too_deep(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut line, mut dots, mut at) = (0, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => (line, dots) = (at + 1, 0),
            b'.' if dots == MAX_DOTS => return Some(line..at),
            b'.' => dots += 1,
            b'#' => at = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end) - 1,
            b'"' | b'\'' => at = end_of_string(bytes, at) - 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The offset after the string that starts here; a string of one line ends with its line at the latest.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let many = bytes[start..].starts_with(&[quote; 3]);
    let mut at = start + if many { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !many => return at,
            byte if byte == quote && !many => return at + 1,
            _ if many && bytes[at..].starts_with(&[quote; 3]) => return at + 3,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
