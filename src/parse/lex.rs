//! Raw text: where comments, strings and characters end, without a parser.

use crate::facts::Span;

/// What starts at a position of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// `// …`, without the line feed; `///` and `//!` too.
    LineComment,
    /// `/* … */`, nested ones included.
    BlockComment,
    /// A string, a character, a byte.
    Literal,
    /// A word or a number.
    Word,
    /// Blanks and line feeds.
    Blank,
    /// Any other single byte.
    Punct,
}

/// What a byte can start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    /// A letter that may be the prefix of a literal: `r"…"`, `b'…'`, `c"…"`.
    Prefix,
    /// `/`, `"`, `'`.
    Special,
    Punct,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Punct; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t' | b'\r' | b'\n' => Class::Blank,
            b'r' | b'b' | b'c' => Class::Prefix,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => Class::Word,
            b'/' | b'"' | b'\'' => Class::Special,
            _ => Class::Punct,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// The chunk at `at` and its end. `at` must be below `bytes.len()`; the end is always beyond it.
pub(crate) fn chunk(bytes: &[u8], at: usize) -> (Chunk, usize) {
    match class(bytes[at]) {
        Class::Blank => (Chunk::Blank, run(bytes, at + 1, |byte| class(byte) == Class::Blank)),
        Class::Word => (Chunk::Word, word(bytes, at)),
        Class::Prefix => prefixed(bytes, at),
        Class::Punct => (Chunk::Punct, at + 1),
        Class::Special => match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'/')) => (Chunk::LineComment, run(bytes, at + 2, |byte| byte != b'\n')),
            (b'/', Some(b'*')) => (Chunk::BlockComment, block_comment(bytes, at + 2)),
            (b'"', _) => (Chunk::Literal, string(bytes, at + 1)),
            (b'\'', _) => quote(bytes, at),
            _ => (Chunk::Punct, at + 1),
        },
    }
}

fn is_word(byte: u8) -> bool {
    matches!(class(byte), Class::Word | Class::Prefix)
}

fn run(bytes: &[u8], mut at: usize, more: impl Fn(u8) -> bool) -> usize {
    while at < bytes.len() && more(bytes[at]) {
        at += 1;
    }
    at
}

fn word(bytes: &[u8], at: usize) -> usize {
    run(bytes, at + 1, is_word)
}

fn string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `'a'` or `'a`: a character has its second quote right after one character or an escape.
fn quote(bytes: &[u8], at: usize) -> (Chunk, usize) {
    match bytes.get(at + 1) {
        Some(b'\\') => {
            let end = run(bytes, at + 3, |byte| byte != b'\'' && byte != b'\n');
            (Chunk::Literal, (end + 1).min(bytes.len()))
        }
        Some(first) => {
            let len = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if bytes.get(at + 1 + len) == Some(&b'\'') { (Chunk::Literal, at + len + 2) } else { (Chunk::Punct, at + 1) }
        }
        None => (Chunk::Punct, at + 1),
    }
}

/// `r"…"`, `r#"…"#`, `b"…"`, `b'…'`, `br#"…"#`, `c"…"`, `r#ident`, or a word that starts with one of these letters.
fn prefixed(bytes: &[u8], at: usize) -> (Chunk, usize) {
    if !matches!(bytes.get(at + 1), Some(b'"' | b'\'' | b'#' | b'r')) {
        return (Chunk::Word, word(bytes, at));
    }
    let mut end = at + 1;
    let mut raw = bytes[at] == b'r';
    if !raw && bytes.get(end) == Some(&b'r') {
        raw = true;
        end += 1;
    }
    let hashes_end = if raw { run(bytes, end, |byte| byte == b'#') } else { end };
    match bytes.get(hashes_end) {
        Some(b'"') if raw => (Chunk::Literal, raw_string(bytes, hashes_end + 1, hashes_end - end)),
        Some(b'"') => (Chunk::Literal, string(bytes, end + 1)),
        Some(b'\'') if bytes[at] == b'b' && hashes_end == at + 1 => {
            let (kind, close) = quote(bytes, at + 1);
            (kind, close)
        }
        Some(byte) if raw && hashes_end == end + 1 && is_word(*byte) => (Chunk::Word, word(bytes, hashes_end)),
        _ => (Chunk::Word, word(bytes, at)),
    }
}

fn raw_string(bytes: &[u8], mut at: usize, hashes: usize) -> usize {
    while at < bytes.len() {
        if bytes[at] == b'"' {
            let close = run(&bytes[..(at + 1 + hashes).min(bytes.len())], at + 1, |byte| byte == b'#');
            if close == at + 1 + hashes {
                return close;
            }
        }
        at += 1;
    }
    bytes.len()
}

fn block_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut open = 1_usize;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                open += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                open -= 1;
                at += 2;
                if open == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The text without byte order mark and `#!` line; the line feed of that line stays, so that lines keep their numbers.
pub(super) fn strip_prelude(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("#!") else { return text };
    // `#![attribute]`, also with blanks and comments between, is no shebang.
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match chunk(bytes, at) {
            (Chunk::Blank | Chunk::BlockComment | Chunk::LineComment, end) => at = end,
            _ => break,
        }
    }
    if bytes.get(at) == Some(&b'[') {
        return text;
    }
    text.find('\n').map_or("", |feed| &text[feed..])
}

/// The line on which the first bracket that opens on or after a line closes; the last line when it never does.
pub fn end_of_group(text: &str, line: u32) -> u32 {
    let bytes = text.as_bytes();
    let mut at: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let mut open = 0_usize;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        match bytes[at] {
            b'(' | b'[' | b'{' if kind == Chunk::Punct => open += 1,
            b')' | b']' | b'}' if kind == Chunk::Punct => {
                open = open.saturating_sub(1);
                if open == 0 {
                    break;
                }
            }
            _ => {}
        }
        at = end;
    }
    span_at(text, at).line
}

/// The line and column of a byte offset.
pub(super) fn span_at(text: &str, offset: usize) -> Span {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |feed| feed + 1);
    // Bytes that continue a character are not columns.
    let column = before[start..].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    Span { line: u32::try_from(line + 1).unwrap_or(u32::MAX), column: u32::try_from(column + 1).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_ends_where_its_bracket_closes() {
        let text = "a! {\n  \"}\"\n  // }\n  ( '}' )\n}\nb! { }\nc! {";
        assert_eq!(end_of_group(text, 1), 5);
        assert_eq!(end_of_group(text, 6), 6);
        assert_eq!(end_of_group(text, 7), 7);
        assert_eq!(end_of_group(text, 99), 7);
    }

    fn chunks(text: &str) -> Vec<(Chunk, &str)> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let (kind, end) = chunk(text.as_bytes(), at);
            if kind != Chunk::Blank {
                out.push((kind, &text[at..end]));
            }
            at = end;
        }
        out
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(
            chunks("'a 'b' b'x' '\\'' '('"),
            [
                (Chunk::Punct, "'"),
                (Chunk::Word, "a"),
                (Chunk::Literal, "'b'"),
                (Chunk::Literal, "b'x'"),
                (Chunk::Literal, "'\\''"),
                (Chunk::Literal, "'('"),
            ]
        );
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        assert_eq!(
            chunks(r####"r#"a"b"# r"x\" r#type br##"#"##"####),
            [
                (Chunk::Literal, r###"r#"a"b"#"###),
                (Chunk::Literal, r#"r"x\""#),
                (Chunk::Word, "r#type"),
                (Chunk::Literal, r###"br##"#"##"###),
            ]
        );
    }

    #[test]
    fn block_comments_nest() {
        assert_eq!(
            chunks("/* a /* b */ c */x // y\n\"// no\""),
            [(Chunk::BlockComment, "/* a /* b */ c */"), (Chunk::Word, "x"), (Chunk::LineComment, "// y"), (Chunk::Literal, "\"// no\""),]
        );
    }

    #[test]
    fn a_shebang_is_cut_and_an_inner_attribute_is_not() {
        assert_eq!(strip_prelude("\u{feff}#!/usr/bin/env run\nfn x() {}"), "\nfn x() {}");
        assert_eq!(strip_prelude("#! /* c */ [allow(x)]\n"), "#! /* c */ [allow(x)]\n");
        assert_eq!(strip_prelude("#!x"), "");
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(span_at("a\nüb", 4), Span { line: 2, column: 2 });
    }
}
