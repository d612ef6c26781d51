//! Escaping: text of the analysed tree on its way into Markdown, links, anchors and terminals.
//!
//! The analysed code is hostile. Nothing that it says may become HTML, a table border, a list, a heading, a template
//! directive, an mdBook `{{#…}}` link or a terminal escape sequence. Every string that a view holds has passed here.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters that steer a terminal or change the order in which text is read, shown as `\u{1b}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_steering(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters except white space, bidirectional marks, invisible characters and tags.
#[must_use]
pub fn is_steering(c: char) -> bool {
    match c {
        '\n' | '\r' | '\t' => false,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => c.is_control(),
    }
}

/// One line for a terminal, of a text that somebody else wrote: at most 1,000 characters, none of which steers.
#[must_use]
pub fn visible_line(text: &str) -> String {
    shorten(&visible(text), 1000).into_owned()
}

/// Lines of code, whatever ends them: a lone carriage return takes a terminal back to the start of the line. mdBook looks for its
/// directives inside of code, too, and knows no escape that a host would not show.
pub(crate) fn code_lines(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    visible(&lines).replace("{{", "{ {").replace("{{", "{ {")
}

/// One line: steering characters made visible, every run of white space one space, ends trimmed.
pub(crate) fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `max` characters, with an ellipsis when something was cut.
pub(crate) fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(max.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
            Cow::Owned(format!("{}…", text[..end].trim_end()))
        }
    }
}

/// Plain text as Markdown text on one line; safe in paragraphs, list items, headings, link texts and table cells.
pub(crate) fn inline(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    escape_line(&line, &mut out);
    out
}

/// As [`inline`], but keeps white space at both ends: for pieces of a paragraph.
pub(crate) fn inline_piece(text: &str) -> String {
    let shown = visible(text).replace(['\n', '\r', '\t'], " ");
    let mut out = String::with_capacity(shown.len() + 8);
    escape_line(&shown, &mut out);
    out
}

/// Prose that may hold code in backticks: the code becomes code spans, the rest plain text.
pub(crate) fn prose(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line.as_str();
    while let Some(open) = rest.find('`') {
        let Some(len) = rest[open + 1..].find('`').filter(|&len| len > 0) else { break };
        escape_words(&rest[..open], &mut out);
        out.push_str(&code(&rest[open + 1..open + 1 + len]));
        rest = &rest[open + len + 2..];
    }
    escape_words(rest, &mut out);
    out
}

/// Text in which addresses become code: bare ones are a link on one host and text on the next.
fn escape_words(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        let end = rest[start..].find(char::is_whitespace).map_or(rest.len(), |end| start + end);
        let address = rest[start..end].trim_end_matches([',', ';', ':', '.', ')', '"', '\'']);
        escape_line(&rest[..start], out);
        out.push_str(&code(address));
        rest = &rest[start + address.len()..];
    }
    escape_line(rest, out);
}

/// Markdown in which no name calls anybody and no number leads to an issue, for comments on hosts that look for such. What stands
/// in code and in the targets of links stays as it is.
pub(crate) fn calling_nobody(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 16);
    let (mut in_code, mut in_target) = (false, false);
    let mut before = None;
    for (at, c) in markdown.char_indices() {
        let rest = &markdown[at..];
        let after = rest[c.len_utf8()..].chars().next();
        out.push(c);
        match c {
            '`' if before != Some('\\') => in_code = !in_code,
            '<' if rest.starts_with("<code>") => in_code = true,
            '<' if rest.starts_with("</code>") => in_code = false,
            '(' if before == Some(']') && !in_code => in_target = true,
            ')' | ' ' => in_target = false,
            _ if in_code || in_target => {}
            '@' if after.is_some_and(char::is_alphanumeric) => out.push_str("<!-- -->"),
            '#' | '!' if after.is_some_and(|after| after.is_ascii_digit()) && before != Some('&') => out.push_str("<!-- -->"),
            _ => {}
        }
        before = Some(c);
    }
    out
}

fn escape_line(line: &str, out: &mut String) {
    let chars: Vec<char> = line.chars().collect();
    let at_start = out.is_empty();
    // `1.` and `1)` at the start of a line begin a list.
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    // Braces at the end of a heading are its attributes for mdBook.
    let attributes = line.ends_with('}');
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1).copied();
        match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // Inside a word an underscore means nothing; escaping it there would only hurt readers of the raw text.
            '_' if before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric) => out.push('_'),
            '_' => out.push_str("\\_"),
            '&' if after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '#') => out.push_str("&amp;"),
            '{' if attributes || after == Some('{') || before == Some('{') => out.push_str("&#123;"),
            '#' | '=' if at_start && i == 0 => {
                out.push('\\');
                out.push(c);
            }
            // `-x` is no list item, but `- x` and `---` are more than text.
            '+' | '-' if at_start && i == 0 && after.is_none_or(|after| after == c || after.is_whitespace()) => {
                out.push('\\');
                out.push(c);
            }
            // A line that begins so is a definition to mdBook.
            ':' if at_start && i == 0 => out.push_str("\\:"),
            '.' | ')' if at_start && digits > 0 && i == digits && after.is_none_or(char::is_whitespace) => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

/// A code span on one line. Text with backticks gets a longer fence; text with a pipe or `{{` becomes `<code>` with
/// entities, because no code span can hide those from tables and from mdBook's preprocessors.
pub(crate) fn code(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() {
        return "` `".to_owned();
    }
    if line.contains('|') || line.contains("{{") {
        return format!("<code>{}</code>", entities(&line));
    }
    let longest = longest_run(&line, '`');
    if longest == 0 {
        return format!("`{line}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {line} {fence}")
}

/// A code span of at most `max` characters.
pub(crate) fn code_short(text: &str, max: usize) -> String {
    code(&shorten(&one_line(text), max))
}

/// Everything that Markdown or HTML could read as markup, as numeric entities.
pub(crate) fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '|' | '{' | '}' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '$' | '!' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

/// The longest run of `wanted` in a text.
pub(crate) fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Percent-encodes a path for a link target; `/` stays.
pub(crate) fn path_target(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' | b'+' | b',' | b'@' | b'=' => out.push(byte as char),
            // A colon could make a scheme out of a file name.
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The id that GitHub and mdBook both give to a heading with this text: lower case, word characters, `-` for a space.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_alphanumeric() || c == '_' || c == '-' {
            out.extend(c.to_lowercase());
        } else if c.is_whitespace() {
            out.push('-');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    const HOSTILE: &[&str] = &[
        "<script>alert(1)</script>",
        "a|b||c",
        "{{#include /etc/passwd}}",
        "{{ #include /etc/passwd }}",
        "{{{#include x}}}",
        "`` ` ```",
        "[x](javascript:alert(1))",
        "![x](http://example.com/x.png)",
        "# heading",
        "- item",
        "1. item",
        "+ plus",
        "a *b* _c_ ~~d~~ $e$",
        "&lt;b&gt; &#60;",
        "<!-- statemap:end -->",
        "line\nbreak\r\n\r\n# heading",
        "\u{1b}[31mred\u{202e}",
        "=== ",
        "\\",
        "trailing \\",
        "<https://example.com>",
    ];

    fn text_of(markdown: &str) -> String {
        let mut text = String::new();
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Text(t) | Event::Code(t) => text.push_str(&t),
                Event::Start(Tag::Paragraph) | Event::End(_) => {}
                other => panic!("{markdown:?} became {other:?}"),
            }
        }
        text
    }

    #[test]
    fn a_comment_calls_nobody_and_links_to_no_issue() {
        assert_eq!(calling_nobody("asks @ops, see #12 and !3"), "asks @<!-- -->ops, see #<!-- -->12 and !<!-- -->3");
        for kept in ["`@ops #12`", "[a](https://x/@ops#12)", "<code>&#64;</code> a &#123; b", "# 12 @ x!", "<code>@ops #1</code>"] {
            assert_eq!(calling_nobody(kept), kept);
        }
    }

    #[test]
    fn hostile_text_stays_text() {
        for hostile in HOSTILE {
            assert_eq!(text_of(&inline(hostile)), one_line(hostile), "{hostile:?}");
        }
    }

    #[test]
    fn hostile_prose_yields_only_text_and_code() {
        for hostile in HOSTILE {
            let markdown = prose(hostile);
            for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES) {
                match event {
                    Event::Text(_) | Event::Code(_) | Event::Start(Tag::Paragraph) | Event::End(_) => {}
                    other => panic!("{hostile:?} became {other:?}"),
                }
            }
        }
    }

    #[test]
    fn code_spans_hold_backticks_and_pipes_survive_tables() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(text_of(&code("a`b``c")), "a`b``c");
        let table = format!("| a | b |\n| - | - |\n| {} | {} |", code("|x| `y`"), inline("p|q"));
        let cells = Parser::new_ext(&table, Options::ENABLE_TABLES).filter(|e| matches!(e, Event::Start(Tag::TableCell))).count();
        assert_eq!(cells, 4, "{table}");
    }

    #[test]
    fn no_double_brace_survives() {
        for text in ["{{#include x}}", "a {{{ b", "{{", "{{{{"] {
            assert!(!inline(text).contains("{{") && !code(text).contains("{{"), "{text}");
        }
        assert_eq!(inline("{x} stays"), "{x} stays");
    }

    #[test]
    fn braces_at_the_end_of_a_heading_are_no_attributes() {
        for text in ["shop {#top .wide key=value}", "shop {", "a } b {c}", "\u{202e}"] {
            let heading = format!("# {}", inline(text));
            for event in Parser::new_ext(&heading, Options::ENABLE_HEADING_ATTRIBUTES) {
                if let Event::Start(Tag::Heading { id, classes, attrs, .. }) = event {
                    assert!(id.is_none() && classes.is_empty() && attrs.is_empty(), "{heading}");
                }
            }
        }
    }

    #[test]
    fn raw_text_of_identifiers_stays_readable() {
        assert_eq!(inline("get_connection_pool reads a-b"), "get_connection_pool reads a-b");
        assert_eq!(inline("_private"), "\\_private");
        assert_eq!(prose("filled by `a_b`, see `c`"), "filled by `a_b`, see `c`");
        assert_eq!(prose("an odd ` tick"), "an odd \\` tick");
        assert_eq!(prose("at https://a_b.example/x, or (http://c)."), "at `https://a_b.example/x`, or (`http://c`).");
    }

    #[test]
    fn targets_cannot_leave_their_parentheses() {
        assert_eq!(path_target("src/a b(c).rs"), "src/a%20b%28c%29.rs");
        assert_eq!(path_target("javascript:x"), "javascript%3Ax");
    }

    #[test]
    fn slugs_are_those_of_github_and_mdbook() {
        assert_eq!(slug("pool: get_connection_pool"), "pool-get_connection_pool");
        assert_eq!(slug("In the process: dies with the pod"), "in-the-process-dies-with-the-pod");
    }
}
