//! `// statemap: owner = "payments"`: annotations in comments, with the keys of an entry of `statemap.toml`.
//!
//! The text after `statemap:` is the inside of a TOML inline table; a line feed separates as a comma does.

use toml::de::DeValue;

use super::nearest::quoted;
use super::reader::{Line, Reader, Section, TOO_DEEP, too_deep};
use super::schema::{KEYS, Written, key_names, read_annotation};
use crate::facts::Comment;
use crate::model::{Diagnostic, Place, Severity};

/// A longer comment is not an annotation.
const MAX_BYTES: usize = 16 * 1024;

/// Reads one comment. `text` is that of the file, when it is at hand: without it, a mistake in a later line of the
/// comment is reported with its line only.
pub fn parse(file: &str, comment: &Comment, text: Option<&str>, out: &mut Vec<Diagnostic>) -> Option<Written> {
    let mut reader = Reader::new(file, lines(comment, text));
    let written = read(&mut reader, comment);
    out.extend(reader.finish());
    written
}

fn read(reader: &mut Reader<'_>, comment: &Comment) -> Option<Written> {
    // One byte for the brace that is put before the text.
    let first_line = comment.text.split('\n').next().unwrap_or_default().trim_end();
    let whole = 1..1 + first_line.len();
    if comment.text.len() > MAX_BYTES {
        let message = format!("the annotation has {} bytes; at most {MAX_BYTES} are read", comment.text.len());
        reader.error("comment-too-long", &whole, message, "move long texts to a runbook and name it with `runbook`");
        return None;
    }
    if comment.text.trim().is_empty() {
        let help = "write keys after it, as in `statemap: owner = \"payments\"`, or remove it".to_owned();
        reader.report(Severity::Warning, "empty-annotation", &whole, "the annotation says nothing".to_owned(), Some(help));
        return None;
    }
    if let Some(key) = KEYS.iter().find(|key| key.name == comment.text.trim()) {
        let code = if key.name == "ignore" { "missing-reason" } else { "empty-value" };
        reader.error(code, &whole, format!("`{}` has no value", key.name), format!("write it as in `{}`", key.example));
        return None;
    }
    if let Some(at) = too_deep(&comment.text) {
        reader.error("toml-syntax", &(at.start + 1..at.end + 1), TOO_DEEP.to_owned(), "no key of an annotation has parts");
        return None;
    }
    let wrapped = format!("{{{}\n}}", with_commas(&comment.text));
    let (value, errors) = DeValue::parse_recoverable(&wrapped);
    reader.syntax_errors(&errors);
    let DeValue::Table(table) = value.get_ref() else { return None };
    let section = Section { name: "this annotation".to_owned(), table, at: whole };
    reader.check_keys(&section, &key_names());
    let place = Place { file: reader.file().into(), line: comment.span.line, column: comment.span.column };
    let written = read_annotation(reader, &section, place);
    (!written.keys.is_empty()).then_some(written)
}

/// The lines of the wrapped text: byte 0 is the brace.
fn lines(comment: &Comment, text: Option<&str>) -> Vec<Line> {
    let mut file_lines =
        text.map(|text| text.split_inclusive('\n').scan(0, |start, line| Some((std::mem::replace(start, *start + line.len()), line))));
    let mut skipped = 1;
    let mut lines = Vec::new();
    let mut start = 1;
    for (line, number) in comment.text.split('\n').zip(comment.span.line..) {
        let in_file = if lines.is_empty() {
            Some(comment.offset)
        } else {
            // What stands before the words of a later line (`//`, blanks) is in the file only.
            let found = file_lines.as_mut().and_then(|lines| lines.nth((number - skipped) as usize));
            skipped = number + 1;
            found.and_then(|(start, in_file)| Some(start + in_file.find(line.trim_end())?))
        };
        lines.push(Line { start, in_file, number });
        start += line.len() + 1;
    }
    lines
}

/// Puts a comma in the place of each line feed between two values. No byte moves.
fn with_commas(text: &str) -> String {
    let mut bytes: Vec<u8> = text.bytes().collect();
    let mut depth = 0_usize;
    let mut quote: Option<u8> = None;
    let mut escaped = false;
    let mut last_word = b',';
    let mut remark = false;
    for at in 0..bytes.len() {
        let byte = bytes[at];
        if remark && byte != b'\n' || quote.is_none() && byte == b'#' {
            // A remark would swallow the values after it, once the line feed at its end is a comma.
            remark = true;
            bytes[at] = b' ';
            continue;
        }
        remark = false;
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(b'"'), b'\\') => escaped = true,
            // A string in one kind of quotes ends with its line at the latest: the parser will say so.
            (Some(open), _) if open == byte || byte == b'\n' => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b'\r') => bytes[at] = b' ',
            (None, b'\n') if depth == 0 && !matches!(last_word, b',' | b'=') && more_follows(&text[at + 1..]) => bytes[at] = b',',
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            last_word = byte;
        }
    }
    // Whole characters were replaced by ASCII, so this is UTF-8.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Whether another `key = value` follows, and no comma of its own.
fn more_follows(rest: &str) -> bool {
    rest.trim_start().starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '"' | '\''))
}

/// How a message calls an annotation that stands in a comment.
pub(super) fn describe(written: &Written) -> String {
    let keys: Vec<&str> = written.keys.keys().copied().collect();
    quoted(&keys.join(", "))
}
