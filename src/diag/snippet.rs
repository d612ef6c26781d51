//! Code of several places, each with a caret and a word on what happens there.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::human::{Source, Style, clean};
use super::{message, visible};

/// Places of one file that are no further apart are shown together.
const GAP: usize = 5;
/// Lines shown below a place, as far as they belong to it.
const BELOW: usize = 5;
/// The line that encloses a place is shown, too, when it is no further above.
const ABOVE: usize = 3;
/// Of a longer line, so many bytes are shown.
const MAX_LINE: usize = 4096;
/// Columns under which a caret runs at most.
const MAX_CARET: usize = 60;
/// Characters of a label.
const MAX_LABEL: usize = 80;

/// A place to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Path below the root.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What happens there, in a few words.
    pub label: String,
    /// It is what is looked at, and not what stands around it.
    pub is_main: bool,
}

/// The places with the code around them, file by file in the order of the marks. `text_of` gives the text of a file, or `None`.
#[must_use]
pub fn snippets(marks: &[Mark], text_of: &mut dyn FnMut(&str) -> Option<String>, style: Style) -> String {
    let mut files: Vec<&str> = Vec::new();
    for mark in marks {
        if !files.contains(&mark.file.as_str()) {
            files.push(&mark.file);
        }
    }
    let mut group = Group::with_level(Level::NOTE);
    for file in files {
        let mut of_file: Vec<&Mark> = marks.iter().filter(|mark| mark.file == file).collect();
        of_file.sort_by_key(|mark| (mark.line, mark.column));
        let Some(source) = text_of(file).map(|text| Source::new(file, text)) else {
            for mark in of_file {
                group = group.element(Origin::path(visible::text(file)).line(mark.line as usize));
            }
            continue;
        };
        let lines = lines_of(&source.text);
        for window in windows(&source.text, &lines, &of_file) {
            group = group.element(window.snippet(&source, &lines));
        }
    }
    if group.is_empty() {
        return String::new();
    }
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(style.width).hyperlink(false).render(&[group])
}

/// The lines of a text, without what ends them.
fn lines_of(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let line = |words: &str| {
        let line = start..start + words.trim_end_matches(['\r', '\n']).len();
        start += words.len();
        line
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Lines that are shown together, from 0, the last one included.
struct Window<'m> {
    first: usize,
    last: usize,
    marks: Vec<&'m Mark>,
}

fn windows<'m>(text: &str, lines: &[Range<usize>], marks: &[&'m Mark]) -> Vec<Window<'m>> {
    let mut out: Vec<Window<'m>> = Vec::new();
    for mark in marks {
        let Some(at) = (mark.line as usize).checked_sub(1).filter(|at| *at < lines.len()) else { continue };
        let (first, last) = extent(text, lines, at);
        match out.last_mut() {
            Some(open) if first <= open.last + GAP => {
                open.last = open.last.max(last);
                open.marks.push(mark);
            }
            _ => out.push(Window { first, last, marks: vec![mark] }),
        }
    }
    out
}

/// The lines that belong to the one at `at`: what encloses it when that is near, and what stands in deeper below it.
fn extent(text: &str, lines: &[Range<usize>], at: usize) -> (usize, usize) {
    let line = |at: usize| &text[lines[at].clone()];
    let is_blank = |at: usize| line(at).trim().is_empty();
    let indent = |at: usize| line(at).len() - line(at).trim_start().len();
    let own = indent(at);
    let encloses =
        |above: &usize| !is_blank(*above) && indent(*above) < own && !line(*above).trim_start().starts_with(['#', '/', '}', ')']);
    let first = (at.saturating_sub(ABOVE)..at).rev().find(encloses).unwrap_or(at);
    let mut last = at;
    for below in at + 1..lines.len().min(at + 1 + BELOW) {
        let closes = indent(below) == own && line(below).trim_start().starts_with(['.', ')', ']', '}']);
        if is_blank(below) || !(indent(below) > own || closes) {
            break;
        }
        last = below;
    }
    (first, last)
}

impl Window<'_> {
    fn snippet<'a>(&self, source: &Source, lines: &[Range<usize>]) -> Snippet<'a, Annotation<'a>> {
        let mut text = String::new();
        let mut annotations = Vec::new();
        for (at, line) in lines.iter().enumerate().take(self.last + 1).skip(self.first) {
            let line = line.clone();
            let here: Vec<(&Mark, Range<usize>)> =
                self.marks.iter().filter(|mark| mark.line as usize == at + 1).map(|mark| (*mark, caret(source, &line, mark))).collect();
            let shown = shown_part(&source.text, &line, here.first().map_or(line.start, |(_, caret)| caret.start));
            let carets: Vec<Range<usize>> = here.iter().map(|(_, caret)| caret.clone()).collect();
            let (cleaned, carets) = clean(source, shown, &carets);
            for ((mark, _), caret) in here.iter().zip(carets) {
                let kind = if mark.is_main { AnnotationKind::Primary } else { AnnotationKind::Context };
                annotations.push(kind.span(text.len() + caret.start..text.len() + caret.end).label(label(&mark.label)));
            }
            text.push_str(&cleaned);
            text.push('\n');
        }
        let file = visible::text(&source.file);
        Snippet::source(text).path(file).line_start(self.first + 1).fold(false).annotations(annotations)
    }
}

/// The part of a line that is shown: all of it, or what stands around an offset.
fn shown_part(text: &str, line: &Range<usize>, around: usize) -> Range<usize> {
    if line.len() <= MAX_LINE {
        return line.clone();
    }
    let from = text.floor_char_boundary(around.saturating_sub(MAX_LINE / 2)).max(line.start);
    let to = text.floor_char_boundary((from + MAX_LINE).min(line.end));
    from..to
}

/// What stands at a place: a path in Rust, elsewhere the rest of the line.
fn caret(source: &Source, line: &Range<usize>, mark: &Mark) -> Range<usize> {
    let text = &source.text[line.clone()];
    let column = (mark.column as usize).saturating_sub(1);
    let start = text.char_indices().nth(column).map_or_else(|| text.len() - text.trim_start().len(), |(at, _)| at);
    let rest = &text[start..];
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '!' | '#');
    let end = if source.file.ends_with(".rs") {
        let path = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
        // `sessions: DashMap`: the colon of a field belongs to no path.
        let path = rest[..path].split_once(':').filter(|(_, after)| !after.starts_with(':')).map_or(&rest[..path], |(name, _)| name);
        path.len()
    } else {
        rest.split(" #").next().unwrap_or(rest).trim_end().len()
    };
    let end = rest.char_indices().nth(MAX_CARET).map_or(end, |(at, _)| end.min(at)).max(rest.chars().next().map_or(0, char::len_utf8));
    line.start + start..line.start + start + end
}

fn label(text: &str) -> String {
    let line = message(text);
    match line.char_indices().nth(MAX_LABEL) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn mark(file: &str, line: u32, column: u32, label: &str) -> Mark {
        Mark { file: file.to_owned(), line, column, label: label.to_owned(), is_main: true }
    }

    fn shown(file: &str, text: &str, marks: &[Mark]) -> String {
        assert!(marks.iter().all(|mark| mark.file == file));
        snippets(marks, &mut |_| Some(text.to_owned()), Style::default())
    }

    #[test]
    fn a_chain_is_shown_whole_and_places_far_apart_are_shown_apart() {
        let text = format!(
            "fn connect() {{\n    let pool = PgPoolOptions::new()\n        .max_connections(5)\n        .connect(url);\n    pool\n}}\n{}struct Store {{\n    pool: PgPool,\n    other: u8,\n}}\n",
            "\n".repeat(20)
        );
        let marks = [
            mark("src/db.rs", 2, 16, "made in `connect`"),
            Mark { is_main: false, ..mark("src/db.rs", 3, 26, "max connections: 5") },
            mark("src/db.rs", 28, 5, "declared"),
        ];
        assert_snapshot!(shown("src/db.rs", &text, &marks), @r"
          --> src/db.rs:2:16
           |
         1 | fn connect() {
         2 |     let pool = PgPoolOptions::new()
           |                ^^^^^^^^^^^^^^^^^^ made in `connect`
         3 |         .max_connections(5)
           |                          - max connections: 5
         4 |         .connect(url);
           |
          ::: src/db.rs:28:5
           |
        27 | struct Store {
        28 |     pool: PgPool,
           |     ^^^^ declared
        ");
    }

    #[test]
    fn a_line_of_yaml_is_marked_to_its_end() {
        assert_snapshot!(shown("k8s/app.yaml", "spec:\n  replicas: 3 # for now\n", &[mark("k8s/app.yaml", 2, 3, "declared")]), @r"
         --> k8s/app.yaml:2:3
          |
        1 | spec:
        2 |   replicas: 3 # for now
          |   ^^^^^^^^^^^ declared
        ");
    }

    #[test]
    fn what_steers_a_terminal_is_seen_and_the_caret_stays_in_its_place() {
        let text = "static\tA\u{202e}B: &str = \"\u{1b}[2J\u{7}\r\n世界\";\r\n";
        assert_snapshot!(shown("a.rs", text, &[mark("a.rs", 1, 8, "declared \u{1b}[31m")]), @r#"
         --> a.rs:1:8
          |
        1 | static    A�B: &str = "␛[2J␇
          |           ^ declared ␛[31m
        "#);
    }

    #[test]
    fn places_that_are_not_there_are_no_panic() {
        let marks = [mark("a.rs", 9, 1, "declared"), mark("a.rs", 1, 900, "declared"), mark("a.rs", 0, 0, "declared")];
        let out = shown("a.rs", "x\n", &marks);
        assert!(out.contains("a.rs:1"), "{out}");
        assert_eq!(snippets(&[], &mut |_| None, Style::default()), "");
        let gone = snippets(&[mark("gone.rs", 3, 1, "declared")], &mut |_| None, Style::default());
        assert!(gone.contains("gone.rs:3"), "{gone}");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_caret() {
        let text = format!("let a = [{}HERE, {}];\n", "1, ".repeat(100_000), "2, ".repeat(100_000));
        let column = u32::try_from(text.find("HERE").unwrap()).unwrap() + 1;
        let out = shown("a.rs", &text, &[mark("a.rs", 1, column, "made")]);
        assert!(out.contains("HERE") && out.contains("^^^^ made") && out.len() < 20_000, "{}", out.len());
    }

    #[test]
    fn a_secret_in_the_code_around_is_hidden() {
        let text = "fn f() {\n    client()\n        .basic_auth(\n            \"ada\",\n            Some(\"hunter2\"),\n        );\n}\n";
        let out = shown("a.rs", text, &[mark("a.rs", 2, 5, "made")]);
        assert!(!out.contains("hunter2") && out.contains("[hidden]"), "{out}");
    }
}
