//! `// statemap: …` comments: a pass over the text, since the parser drops plain comments.

use super::lex::{Chunk, chunk, span_at, strip_prelude};
use crate::facts::{Comment, Span};

/// What such a comment starts with.
pub(super) const DIRECTIVE: &str = "statemap:";

/// A comment and where it stands, while the text is read.
struct Line<'t> {
    /// Byte offset of `//`.
    start: usize,
    /// Index of its line.
    line: u32,
    /// After `//`, without a carriage return.
    text: &'t str,
    /// Code stands before it on its line.
    trailing: bool,
}

/// The comments of a text that speak to this tool.
pub(super) fn read(text: &str) -> Vec<Comment> {
    let mut out = Vec::new();
    if !text.contains(DIRECTIVE) {
        return out;
    }
    let bytes = text.as_bytes();
    let mut at = text.len() - strip_prelude(text).len();
    let mut line = 1 + feeds(&bytes[..at]);
    // Index of the first comment that still waits for the code below it.
    let mut waiting = 0;
    // The last comment may go on in the next line.
    let mut open: Option<u32> = None;
    // The line of the last token that was code.
    let mut code_line = 0;
    // The offset before which everything belongs to an attribute.
    let mut attribute_end = 0;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        match kind {
            Chunk::LineComment => {
                let comment = Line { start: at, line, text: text[at + 2..end].trim_end(), trailing: code_line == line };
                if let (Some(last), true) = (open.filter(|last| last + 1 == line && !comment.trailing), continues(&out, comment.text)) {
                    extend(&mut out, comment.text);
                    open = Some(last + 1);
                } else {
                    open = start(text, &comment, &mut out).then_some(line);
                    if open.is_some() && comment.trailing {
                        waiting = out.len();
                    }
                }
            }
            Chunk::Blank | Chunk::BlockComment => {}
            _ => {
                if kind == Chunk::Punct && at >= attribute_end && bytes[at] == b'#' {
                    attribute_end = attribute(bytes, at).unwrap_or(attribute_end);
                }
                if at >= attribute_end {
                    for comment in &mut out[waiting..] {
                        comment.target = line;
                    }
                    waiting = out.len();
                }
                open = None;
            }
        }
        line += feeds(&bytes[at..end]);
        if !matches!(kind, Chunk::LineComment | Chunk::Blank | Chunk::BlockComment) {
            code_line = line;
        }
        at = end;
    }
    out
}

fn feeds(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u32
}

/// Takes a comment that starts with the directive; doc comments are prose.
fn start(text: &str, comment: &Line<'_>, out: &mut Vec<Comment>) -> bool {
    let Some(said) = comment.text.trim_start().strip_prefix(DIRECTIVE) else { return false };
    let said = said.trim_start();
    let offset = comment.start + 2 + comment.text.len() - said.len();
    // Its own line is the target until code is found below.
    // Counted from the start of its line: from that of the file, many comments would take for ever.
    let line_start = text[..comment.start].rfind('\n').map_or(0, |at| at + 1);
    let span = Span { line: comment.line, ..span_at(&text[line_start..], comment.start - line_start) };
    out.push(Comment { span, offset, text: said.to_owned(), target: comment.line });
    true
}

/// A line goes on with the comment above it when it is indented, or when that one is visibly unfinished.
fn continues(out: &[Comment], text: &str) -> bool {
    let unfinished = out.last().is_some_and(|last| last.text.ends_with([',', '[', '{', '(']));
    let indented = text.starts_with("  ") && !text.trim().is_empty();
    (indented || unfinished) && !text.trim_start().starts_with(DIRECTIVE)
}

fn extend(out: &mut [Comment], text: &str) {
    if let Some(last) = out.last_mut() {
        last.text.push('\n');
        last.text.push_str(text);
    }
}

/// The end of the attribute that starts at `#`: it stands between a comment and the item that the comment speaks of.
fn attribute(bytes: &[u8], hash: usize) -> Option<usize> {
    let mut at = hash + 1;
    let mut depth = 0_usize;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        match (kind, bytes[at]) {
            (Chunk::Punct, b'[' | b'(' | b'{') => depth += 1,
            (Chunk::Punct, b']' | b')' | b'}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(end);
                }
            }
            (Chunk::Punct, b'!') | (Chunk::Blank, _) => {}
            _ if depth == 0 => return None,
            _ => {}
        }
        at = end;
    }
    // Never closed: nothing behind it need be looked at again.
    (depth > 0).then_some(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line:column -> target: text` of each comment.
    fn shown(text: &str) -> Vec<String> {
        read(text).iter().map(|c| format!("{}:{} -> {}: {}", c.span.line, c.span.column, c.target, c.text.replace('\n', "|"))).collect()
    }

    #[test]
    fn a_comment_speaks_of_the_code_below_it() {
        let text = "// statemap: owner = \"a\"\n\n/// Docs.\n#[derive(\n  Debug\n)]\npub static X: u8 = 1;\n";
        assert_eq!(shown(text), ["1:1 -> 7: owner = \"a\""]);
    }

    #[test]
    fn a_comment_behind_code_speaks_of_its_own_line() {
        assert_eq!(shown("static X: u8 = 1; // statemap: a = 1\nstatic Y: u8 = 2;"), ["1:19 -> 1: a = 1"]);
    }

    #[test]
    fn indented_and_unfinished_lines_go_on() {
        let text = "// statemap: a = 1,\r\n// b = 2\r\n//   c = [\r\n// 1]\r\n// prose\r\nfn x() {}";
        assert_eq!(shown(text), ["1:1 -> 6: a = 1,| b = 2|   c = [| 1]"]);
    }

    #[test]
    fn two_directives_stay_two() {
        assert_eq!(shown("// statemap: a = 1,\n// statemap: b = 2\nfn x() {}"), ["1:1 -> 3: a = 1,", "2:1 -> 3: b = 2"]);
    }

    #[test]
    fn strings_block_comments_and_doc_comments_say_nothing() {
        let text = "const A: &str = \"\n// statemap: no\n\";\n/* \n// statemap: no\n*/\n/// statemap: no\n//! statemap: no\n// see statemap: no\nfn x() {}";
        assert_eq!(shown(text), Vec::<String>::new());
    }

    #[test]
    fn the_offset_is_where_the_text_starts() {
        let text = "\u{feff}fn x() { // ü\n    //  statemap:  owner = 1\n    y() }";
        let comments = read(text);
        assert_eq!(&text[comments[0].offset..comments[0].offset + 5], "owner");
        assert_eq!((comments[0].span.line, comments[0].span.column, comments[0].target), (2, 5, 3));
    }

    #[test]
    fn a_comment_with_nothing_below_keeps_its_own_line() {
        assert_eq!(shown("fn x() {}\n// statemap: a = 1\n"), ["2:1 -> 2: a = 1"]);
    }
}
