//! Diagnostics for a person at a terminal: the message, the line with a caret, and what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::redact::{HIDDEN, hidden_parts};
use super::{message, visible};
use crate::model::{Diagnostic, Severity};

/// A span over more lines than this is shown by its first line.
const MAX_LINES: usize = 6;

/// Of a longer line, so many bytes on both sides of the caret are looked at; the renderer trims further.
const MAX_AROUND: usize = 2048;

/// How to write: decided by the caller, who knows the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With escape sequences for colours.
    pub colour: bool,
    /// Columns of the terminal; longer lines of code are trimmed around the caret.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, width: 140 }
    }
}

/// The diagnostics in the order given, a blank line after each. `text_of` gives the text of a file, or `None`.
///
/// The text of one file at a time is kept, so sorted diagnostics ask for each file once.
pub fn render(diagnostics: &[Diagnostic], text_of: &mut dyn FnMut(&str) -> Option<String>, style: Style) -> String {
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width).hyperlink(false);
    let mut current: Option<Source> = None;
    let mut out = String::new();
    for diagnostic in diagnostics {
        let file = diagnostic.file.as_deref().unwrap_or_default();
        if current.as_ref().is_none_or(|source| source.file != file) {
            let wanted = diagnostic.file.is_some() && diagnostic.line.is_some();
            current = if wanted { text_of(file).map(|text| Source::new(file, text)) } else { None };
        }
        out.push_str(&renderer.render(&[report(diagnostic, current.as_ref())]));
        out.push_str("\n\n");
    }
    out
}

/// A file with diagnostics.
struct Source {
    file: String,
    text: String,
    hidden: Vec<Range<usize>>,
}

impl Source {
    fn new(file: &str, text: String) -> Self {
        let hidden = hidden_parts(file, &text);
        Self { file: file.to_owned(), text, hidden }
    }
}

fn report<'a>(diagnostic: &Diagnostic, source: Option<&Source>) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(message(&diagnostic.message)).id(diagnostic.code.to_string());
    let mut group = Group::with_title(title);
    if let Some(file) = &diagnostic.file {
        let file = visible::text(file);
        let shown = source.zip(diagnostic.line).and_then(|(source, line)| Shown::new(source, line, diagnostic.span));
        group = match (shown, diagnostic.line) {
            (Some(shown), _) => {
                let kind = if shown.has_caret { AnnotationKind::Primary } else { AnnotationKind::Visible };
                let snippet = Snippet::source(shown.text).path(file).line_start(shown.line).annotation(kind.span(shown.caret));
                group.element(snippet)
            }
            (None, Some(line)) => group.element(Origin::path(file).line(line as usize)),
            (None, None) => group.element(Origin::path(file)),
        };
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(message(help)));
    }
    group
}

/// The lines to show, safe to show, and the caret in them.
struct Shown {
    text: String,
    line: usize,
    caret: Range<usize>,
    has_caret: bool,
}

impl Shown {
    fn new(source: &Source, line: u32, span: Option<(usize, usize)>) -> Option<Self> {
        let text = source.text.as_str();
        let span =
            span.filter(|(start, end)| start <= end && *end <= text.len() && text.is_char_boundary(*start) && text.is_char_boundary(*end));
        let Some((start, end)) = span else {
            let (start, end) = line_at_number(text, line)?;
            let (text, caret) = clean(source, start..end.min(start + 2 * MAX_AROUND), start..end);
            return Some(Self { text, line: line as usize, caret, has_caret: false });
        };
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let mut end = end;
        let mut last = end_of_line(text, end.max(start));
        if text[first..last].matches('\n').count() >= MAX_LINES || end > first && text[..end].ends_with('\n') && end > start {
            last = end_of_line(text, start);
            end = end.min(last);
        }
        let from = first.max(boundary(text, start.saturating_sub(MAX_AROUND)));
        let to = last.min(boundary(text, end.saturating_add(MAX_AROUND)));
        let line = text[..first].matches('\n').count() + 1;
        let (text, caret) = clean(source, from..to, start..end);
        Some(Self { text, line, caret, has_caret: true })
    }
}

/// The nearest character boundary at or before an offset.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The offset of the line feed (or carriage return before it) that ends the line of this offset.
fn end_of_line(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    if end > at && text[..end].ends_with('\r') { end - 1 } else { end }
}

fn line_at_number(text: &str, line: u32) -> Option<(usize, usize)> {
    let mut start = 0;
    for (number, words) in (1..).zip(text.split_inclusive('\n')) {
        if number == line {
            return Some((start, start + words.trim_end_matches(['\r', '\n']).len()));
        }
        start += words.len();
    }
    None
}

/// A part of the file without secrets and control characters, and where the caret is in it.
fn clean(source: &Source, part: Range<usize>, caret: Range<usize>) -> (String, Range<usize>) {
    let part = part.start..boundary(&source.text, part.end);
    let mut out = String::new();
    let (mut start, mut end) = (None, None);
    let mut hidden = source.hidden[source.hidden.partition_point(|range| range.end <= part.start)..].iter().peekable();
    let mut at = part.start;
    while at < part.end {
        while hidden.next_if(|range| range.end <= at).is_some() {}
        let (width, shown) = match hidden.peek() {
            Some(range) if range.start <= at => (range.end.min(part.end) - at, HIDDEN.to_owned()),
            _ => {
                let c = source.text[at..].chars().next().unwrap_or(' ');
                // Line feeds part the lines of a snippet.
                let shown = if c == '\n' || c == '\t' { c } else { visible::character(c) };
                let before_feed = c == '\r' && source.text[at + 1..].starts_with('\n');
                (c.len_utf8(), if before_feed { String::new() } else { shown.to_string() })
            }
        };
        if start.is_none() && caret.start < at + width {
            start = Some(out.len());
        }
        out.push_str(&shown);
        at += width;
        if end.is_none() && caret.end <= at {
            end = Some(out.len());
        }
    }
    let start = start.unwrap_or(out.len());
    let end = if caret.is_empty() { start } else { end.unwrap_or(out.len()).max(start) };
    (out, start..end)
}
