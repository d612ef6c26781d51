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

/// A file of which something is shown.
pub(super) struct Source {
    pub(super) file: String,
    pub(super) text: String,
    hidden: Vec<Range<usize>>,
}

impl Source {
    pub(super) fn new(file: &str, text: String) -> Self {
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
                // Without a caret, the renderer shows the path as it is: then the line is part of it.
                let (kind, file) = if shown.has_caret {
                    (AnnotationKind::Primary, file)
                } else {
                    (AnnotationKind::Visible, format!("{file}:{}", shown.line))
                };
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
            let (text, caret) = clean_one(source, start..end.min(start + 2 * MAX_AROUND), start..end);
            return Some(Self { text, line: line as usize, caret, has_caret: false });
        };
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let mut end = end;
        let mut last = end_of_line(text, end.max(start));
        if text[first..last].matches('\n').count() >= MAX_LINES || end > first && text[..end].ends_with('\n') && end > start {
            last = end_of_line(text, start);
            end = end.min(last);
        }
        let from = first.max(text.floor_char_boundary(start.saturating_sub(MAX_AROUND)));
        let to = last.min(text.floor_char_boundary(end.saturating_add(MAX_AROUND)));
        let line = text[..first].matches('\n').count() + 1;
        let (text, caret) = clean_one(source, from..to, start..end);
        Some(Self { text, line, caret, has_caret: true })
    }
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

fn clean_one(source: &Source, part: Range<usize>, caret: Range<usize>) -> (String, Range<usize>) {
    let (text, carets) = clean(source, part, &[caret]);
    let end = text.len();
    (text, carets.into_iter().next().unwrap_or(end..end))
}

/// A part of the file without secrets and control characters, and where the carets are in it.
pub(super) fn clean(source: &Source, part: Range<usize>, carets: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let part = part.start..source.text.floor_char_boundary(part.end);
    let mut out = String::new();
    let mut found: Vec<(Option<usize>, Option<usize>)> = vec![(None, None); carets.len()];
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
        for (caret, (start, _)) in carets.iter().zip(&mut found) {
            if start.is_none() && caret.start < at + width {
                *start = Some(out.len());
            }
        }
        out.push_str(&shown);
        at += width;
        for (caret, (_, end)) in carets.iter().zip(&mut found) {
            if end.is_none() && caret.end <= at {
                *end = Some(out.len());
            }
        }
    }
    let placed = |(caret, (start, end)): (&Range<usize>, (Option<usize>, Option<usize>))| {
        let start = start.unwrap_or(out.len());
        let end = if caret.is_empty() { start } else { end.unwrap_or(out.len()).max(start) };
        start..end
    };
    let carets = carets.iter().zip(found).map(placed).collect();
    (out, carets)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn error(line: u32) -> Diagnostic {
        Diagnostic::new(Severity::Error, "some-code", "something is wrong").in_file("settings.toml").at_line(line)
    }

    /// One diagnostic on a text, at these words of it.
    fn shown_in(file: &str, text: &str, words: &str) -> String {
        let start = text.find(words).unwrap();
        let line = text[..start].matches('\n').count() as u32 + 1;
        let diagnostic = error(line).in_file(file).span(start, start + words.len());
        render(&[diagnostic], &mut |_| Some(text.to_owned()), Style::default())
    }

    fn shown(text: &str, words: &str) -> String {
        shown_in("settings.toml", text, words)
    }

    #[test]
    fn a_span_has_a_caret_a_line_has_none_and_a_file_has_neither() {
        let text = "first = 1\nsecond = 2\n";
        let found = [
            error(2).span(10, 16).help("write it once"),
            error(2),
            Diagnostic::new(Severity::Warning, "some-code", "odd file").in_file("settings.toml"),
            Diagnostic::new(Severity::Note, "some-code", "odd day"),
        ];
        assert_snapshot!(render(&found, &mut |_| Some(text.to_owned()), Style::default()), @r"
        error[some-code]: something is wrong
         --> settings.toml:2:1
          |
        2 | second = 2
          | ^^^^^^
          |
          = help: write it once

        error[some-code]: something is wrong
         --> settings.toml:2
          |
        2 | second = 2
          |

        warning[some-code]: odd file
        --> settings.toml

        note[some-code]: odd day
        ");
    }

    #[test]
    fn a_file_that_cannot_be_read_again_is_named_with_its_line() {
        assert_snapshot!(render(&[error(7).span(100, 200)], &mut |_| None, Style::default()), @r"
        error[some-code]: something is wrong
        --> settings.toml:7
        ");
    }

    #[test]
    fn a_span_or_line_outside_of_the_file_is_no_panic() {
        for (found, text) in
            [(error(9), "a"), (error(9).span(5, 9), "a"), (error(1).span(1, 2), "é"), (error(1).span(0, 0), ""), (error(1), "")]
        {
            let out = render(&[found], &mut |_| Some(text.to_owned()), Style::default());
            assert!(out.starts_with("error[some-code]: something is wrong"), "{out}");
        }
    }

    #[test]
    fn control_characters_of_the_code_are_seen_and_the_caret_stays_in_its_place() {
        assert_snapshot!(shown("\tname = \"\u{1b}[2J\u{202e}世界\" # \u{9b}1m\r\n", "世界"), @r#"
        error[some-code]: something is wrong
         --> settings.toml:1:15
          |
        1 |     name = "␛[2J�世界" # �1m
          |                  ^^^^
        "#);
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let styled = render(&[error(1)], &mut |_| Some("x = 1".to_owned()), Style { colour: true, width: 80 });
        assert!(styled.contains("\u{1b}["));
        assert!(!shown("x = 1\n", "1").contains('\u{1b}'));
    }

    #[test]
    fn a_long_line_is_trimmed_around_the_caret() {
        let text = format!("a = [{} \"here\", {}]\n", "1, ".repeat(50_000), "2, ".repeat(50_000));
        let out = shown(&text, "\"here\"");
        assert!(out.contains("\"here\"") && out.contains("^^^^^^"), "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 150), "{out}");
    }

    #[test]
    fn a_span_over_many_lines_is_shown_by_its_first_line() {
        let text = "a = [\n1,\n2,\n3,\n4,\n5,\n6,\n7,\n]\n";
        assert_snapshot!(shown(text, "[\n1,\n2,\n3,\n4,\n5,\n6,\n7,\n]"), @r"
        error[some-code]: something is wrong
         --> settings.toml:1:5
          |
        1 | a = [
          |     ^
        ");
        assert_snapshot!(shown(text, "4,\n5"), @r"
        error[some-code]: something is wrong
         --> settings.toml:5:1
          |
        5 | / 4,
        6 | | 5,
          | |_^
        ");
    }

    #[test]
    fn the_value_of_a_secret_is_never_shown_not_even_under_the_caret() {
        let text = "user = \"shop\"\npassword = \"hunter2\" # hunter2\n";
        assert_snapshot!(shown(text, "hunter2\""), @r"
        error[some-code]: something is wrong
         --> settings.toml:2:12
          |
        2 | password = [hidden]
          |            ^^^^^^^^
        ");
        assert_snapshot!(shown(text, "password"), @r"
        error[some-code]: something is wrong
         --> settings.toml:2:1
          |
        2 | password = [hidden]
          | ^^^^^^^^
        ");
        assert_snapshot!(shown_in("src/lib.rs", "const API_TOKEN: &str = \"hunter2\";\n", "&str"), @r#"
        error[some-code]: something is wrong
         --> src/lib.rs:1:18
          |
        1 | const API_TOKEN: &str = "[hidden]";
          |                  ^^^^
        "#);
    }
}
