//! Where the directives of a page stand: not in code, not in comments, not escaped.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag};

use super::directive::{Directive, parse};
use super::fault::{Fault, line_of};
use crate::annotations::nearest;
use crate::model::{Diagnostic, Severity};

/// What opens a directive, behind `{{` and white space.
const WORD: &str = "#statemap";

/// A directive of a page.
#[derive(Debug)]
pub(super) struct Found {
    /// What is replaced: from the first brace to the last, or a backslash alone.
    pub(super) range: Range<usize>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// `\{{#statemap …}}`: the backslash goes, the rest stays.
    Escape,
    /// Stands in a line of text.
    Inline(Directive),
    /// Stands on a line of its own, behind this: white space, or `>` of a quote.
    Block {
        directive: Directive,
        prefix: String,
        /// Level for a heading below the one that stands above; 2 when none does.
        level: usize,
    },
}

impl Found {
    /// What it asks for.
    pub(super) fn directive(&self) -> Option<&Directive> {
        match &self.what {
            What::Escape => None,
            What::Inline(directive) | What::Block { directive, .. } => Some(directive),
        }
    }
}

/// The directives of a page in their order, and what is wrong with them.
pub(super) fn scan(text: &str) -> (Vec<Found>, Vec<Diagnostic>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    // Most pages have none, and need not be read as Markdown.
    if !text.contains("{{") {
        return (found, faults);
    }
    let marks = Marks::of(text);
    let mut at = 0;
    while let Some(start) = text[at..].find("{{").map(|offset| at + offset) {
        let rest = text[start + 2..].trim_start();
        let word_at = text.len() - rest.len();
        let word: &str = rest.split(|c: char| c.is_whitespace() || c == '}').next().unwrap_or_default();
        at = start + 2;
        if marks.hide(start) {
            continue;
        }
        if word != WORD {
            faults.extend(misspelt(word).map(|fault| fault.at_line(line_of(text, start)).span(word_at, word_at + word.len())));
            continue;
        }
        if text[..start].ends_with('\\') {
            found.push(Found { range: start - 1..start, what: What::Escape });
            continue;
        }
        let body = word_at + WORD.len();
        let Some(end) = end_of(text, body) else {
            let fault = Fault::new("`{{#statemap` has no `}}`", "a directive ends in the paragraph in which it begins", start..body);
            faults.push(fault.diagnostic(text));
            continue;
        };
        at = end + 2;
        let range = start..end + 2;
        match parse(&text[body..end], body) {
            Err(fault) => faults.push(fault.diagnostic(text)),
            Ok(directive) if directive.is_inline() => found.push(Found { range, what: What::Inline(directive) }),
            Ok(directive) => match alone(text, &range) {
                Some(prefix) => {
                    let prefix = prefix.to_owned();
                    found.push(Found { range, what: What::Block { directive, prefix, level: marks.level_below(start) } });
                }
                None => {
                    let message = format!("`{{{{#statemap {}}}}}` stands in a line of text", directive.word());
                    let help = "give it a line of its own: it becomes a paragraph, a table or more; `count` and `link` may stand in text";
                    faults.push(Fault::new(message, help, range).diagnostic(text));
                }
            },
        }
    }
    (found, faults)
}

/// The braces that end a directive: the last two of the first run, since an id may end with one.
fn end_of(text: &str, from: usize) -> Option<usize> {
    let paragraph = text[from..].find("\n\n").map_or(text.len(), |offset| from + offset);
    let mut quoted = false;
    let bytes = text.as_bytes();
    for at in from..paragraph.saturating_sub(1) {
        match bytes[at] {
            b'"' => quoted = !quoted,
            b'}' if !quoted && bytes[at + 1] == b'}' && (at + 2 >= paragraph || bytes[at + 2] != b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// What stands before a directive that has its line for itself.
fn alone<'t>(text: &'t str, range: &Range<usize>) -> Option<&'t str> {
    let before = &text[text[..range.start].rfind('\n').map_or(0, |at| at + 1)..range.start];
    let after = &text[range.end..text[range.end..].find('\n').map_or(text.len(), |offset| range.end + offset)];
    (before.chars().all(|c| c.is_whitespace() || c == '>') && after.trim().is_empty()).then_some(before)
}

fn misspelt(word: &str) -> Option<Diagnostic> {
    let name = word.strip_prefix('#')?;
    let is_meant = name.len() > 4 && nearest(name, ["statemap"]).is_some();
    let message = format!("`{{{{{word} …}}}}` is left as it is: no directive of that name");
    is_meant.then(|| Diagnostic::new(Severity::Warning, "unknown-directive", message).help("did you mean `#statemap`?"))
}

/// What of a page is no text for directives, and its headings.
struct Marks {
    hidden: Vec<Range<usize>>,
    headings: Vec<(usize, usize)>,
}

impl Marks {
    fn of(text: &str) -> Self {
        let mut marks = Marks { hidden: Vec::new(), headings: Vec::new() };
        for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(_)) | Event::Code(_) => marks.hidden.push(range),
                Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => marks.hidden.extend(comments(text, range)),
                Event::Start(Tag::Heading { level, .. }) => marks.headings.push((range.start, level_number(level))),
                _ => {}
            }
        }
        marks
    }

    fn hide(&self, at: usize) -> bool {
        self.hidden.iter().any(|range| range.contains(&at))
    }

    fn level_below(&self, at: usize) -> usize {
        let above = self.headings.iter().take_while(|(start, _)| *start < at).last();
        above.map_or(2, |(_, level)| (level + 1).min(6))
    }
}

/// The comments in a piece of HTML.
fn comments(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = range.start;
    while let Some(start) = text[at..range.end].find("<!--").map(|offset| at + offset) {
        let end = text[start..range.end].find("-->").map_or(range.end, |offset| start + offset + 3);
        out.push(start..end);
        at = end;
    }
    out
}

fn level_number(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
