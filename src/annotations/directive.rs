//! `// statemap: owner = "payments"`: annotations in comments, with the keys of an entry of `statemap.toml`.
//!
//! The text after `statemap:` is the inside of a TOML inline table; a line feed separates as a comma does.

use toml::de::DeValue;

use super::reader::{Line, Reader, Section, TOO_DEEP, too_deep};
use super::schema::{Empty, KEYS, Written, key_names, read_annotation};
use super::stated::read_stated;
use crate::facts::Comment;
use crate::model::{Diagnostic, Place, Severity};

/// A longer comment is not an annotation.
const MAX_BYTES: usize = 16 * 1024;

/// The lines of a file, for comments that go over several.
pub(super) struct FileLines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> FileLines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Where some words stand in a line.
    fn find(&self, line: u32, words: &str) -> Option<usize> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        Some(start + self.text.get(start..end)?.find(words)?)
    }
}

/// Reads one comment. Without the lines of its file, a mistake in a later line of the comment is reported with its
/// line only.
pub(super) fn parse(file: &str, comment: &Comment, in_file: Option<&FileLines<'_>>, out: &mut Vec<Diagnostic>) -> Option<Written> {
    let mut reader = Reader::new(file, lines(comment, in_file));
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
    reader.syntax_errors(&errors, Some("write `key = \"text\"`, with commas between several keys"));
    let DeValue::Table(table) = value.get_ref() else { return None };
    let section = Section { name: "this annotation".to_owned(), table, at: whole };
    let place = Place { file: reader.file().into(), line: comment.span.line, column: comment.span.column };
    let mut written = read_annotation(reader, &section, place.clone(), Empty::Mistake);
    written.stated = read_stated(reader, &section, &key_names(), |reader, at| Place { line: reader.mark(at).line, ..place.clone() });
    written.says_something().then_some(written)
}

/// The lines of the wrapped text: byte 0 is the brace.
fn lines(comment: &Comment, file: Option<&FileLines<'_>>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 1;
    for (line, number) in comment.text.split('\n').zip(comment.span.line..) {
        // What stands before the words of a later line (`//`, blanks) is in the file only.
        let in_file = if lines.is_empty() { Some(comment.offset) } else { file.and_then(|file| file.find(number, line.trim_end())) };
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

#[cfg(test)]
pub(super) mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::diag::{Style, plain_line, render};
    use crate::facts::Span;

    /// The comments of a Rust text as `parse` gives them.
    pub(in crate::annotations) fn comments_of(text: &str) -> Vec<Comment> {
        const MARK: &str = "statemap:";
        let starts: Vec<usize> = text.split_inclusive('\n').scan(0, |at, line| Some(std::mem::replace(at, *at + line.len()))).collect();
        let lines: Vec<&str> = text.lines().collect();
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        let mut comments = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let Some(mark) = line.find(MARK) else { continue };
            let code_before = !is_comment(line);
            let words = line[mark + MARK.len()..].trim();
            let offset = starts[index] + mark + MARK.len() + line[mark + MARK.len()..].find(words).unwrap();
            let mut text = words.to_owned();
            for more in lines[index + 1..].iter().take_while(|line| is_comment(line) && !code_before) {
                let words = more.trim().trim_start_matches('/');
                if !words.starts_with("  ") && !text.ends_with([',', '[', '{', '(']) {
                    break;
                }
                text = format!("{text}\n{words}");
            }
            let target =
                if code_before { index } else { index + 1 + lines[index + 1..].iter().take_while(|line| is_comment(line)).count() };
            comments.push(Comment {
                span: Span { line: index as u32 + 1, column: 1 + line[..line.find("//").unwrap()].chars().count() as u32 },
                offset,
                text,
                target: target as u32 + 1,
            });
        }
        comments
    }

    fn read_first(text: &str) -> (Option<Written>, Vec<Diagnostic>) {
        let mut out = Vec::new();
        let written = parse("src/lib.rs", &comments_of(text)[0], Some(&FileLines::new(text)), &mut out);
        (written, out)
    }

    fn shown(text: &str) -> String {
        render(&read_first(text).1, &mut |_| Some(text.to_owned()), Style::default())
    }

    fn said(text: &str) -> crate::model::Annotation {
        let (written, diagnostics) = read_first(text);
        assert_eq!(diagnostics, []);
        written.unwrap().annotation
    }

    #[test]
    fn values_are_parted_by_commas_or_lines() {
        for text in [
            "// statemap: owner = \"payments\", contains = [\"pii\"], expires = 2027-01-31\nstatic A: u8;",
            "// statemap: owner = \"payments\"\n//   contains = [\"pii\"]\n//   expires = 2027-01-31\nstatic A: u8;",
            "// statemap: owner = \"payments\", # who to call, day and night\n//   contains = [\n//  \"pii\",\n//   ]\n//   expires = 2027-01-31\nstatic A: u8;",
            "    // statemap: owner = 'payments',\r\n    // contains = [\"pii\"],\r\n    // expires = \"2027-01-31\",\r\n    static A: u8;",
        ] {
            let said = said(text);
            assert_eq!(said.owner.as_deref(), Some("payments"), "{text}");
            assert_eq!(said.contains, ["pii"], "{text}");
            assert_eq!(said.expires.as_deref(), Some("2027-01-31"), "{text}");
        }
    }

    #[test]
    fn signs_inside_of_strings_part_nothing() {
        let said = said("// statemap: owner = \"a, b # c \\\" = {\"\n//   on_loss = 'x[1]'\nstatic A: u8;");
        assert_eq!(said.owner.as_deref(), Some("a, b # c \" = {"));
        assert_eq!(said.on_loss.as_deref(), Some("x[1]"));
    }

    #[test]
    fn mistakes_are_shown_in_the_line_of_the_comment_where_they_stand() {
        let text =
            "fn main() {\n    // statemap: ownr = \"größe\", size = 5\n    //     expires = \"soon\"\n    let pool = Pool::new();\n}\n";
        assert_snapshot!(shown(text), @r#"
        error[unknown-key]: unknown key `ownr` in this annotation
         --> src/lib.rs:2:18
          |
        2 |     // statemap: ownr = "größe", size = 5
          |                  ^^^^
          |
          = help: did you mean `owner`?

        error[wrong-type]: `size` must be a string, not an integer
         --> src/lib.rs:2:41
          |
        2 |     // statemap: ownr = "größe", size = 5
          |                                         ^
          |
          = help: write it in quotes, as in `size = "512 MB at 40,000 tenants"`

        error[bad-date]: `expires` is not a calendar date
         --> src/lib.rs:3:22
          |
        3 |     //     expires = "soon"
          |                      ^^^^^^
          |
          = help: write year, month and day: `expires = 2027-01-31`
        "#);
    }

    #[test]
    fn without_the_text_a_later_line_is_reported_without_its_bytes() {
        let text = "// statemap: owner = \"a\",\n// siz = \"b\"\nstatic A: u8;";
        let mut out = Vec::new();
        parse("src/lib.rs", &comments_of(text)[0], None, &mut out);
        assert_eq!(
            out.iter().map(plain_line).collect::<Vec<_>>(),
            ["src/lib.rs:2: error[unknown-key]: unknown key `siz` in this annotation"]
        );
        assert_eq!(out[0].span, None);
    }

    #[test]
    fn words_after_the_value_are_shown() {
        let text = "// statemap: owner = \"payments\" and friends\nstatic A: u8;";
        assert_snapshot!(shown(text), @r#"
        error[toml-syntax]: missing comma between key-value pairs, expected `,`
         --> src/lib.rs:1:33
          |
        1 | // statemap: owner = "payments" and friends
          |                                 ^
          |
          = help: write `key = "text"`, with commas between several keys
        "#);
    }

    #[test]
    fn a_brace_does_not_end_the_annotation() {
        assert_snapshot!(shown("// statemap: owner = \"payments\" }, size = \"1 MB\"\nstatic A: u8;"), @r#"
        error[toml-syntax]: unexpected content, expected nothing
         --> src/lib.rs:1:34
          |
        1 | // statemap: owner = "payments" }, size = "1 MB"
          |                                  ^
          |
          = help: write `key = "text"`, with commas between several keys
        "#);
    }

    #[test]
    fn a_value_without_quotes_is_explained() {
        assert_snapshot!(shown("// statemap: owner = payments\nstatic A: u8;"), @r#"
        error[toml-syntax]: string values must be quoted, expected literal string
         --> src/lib.rs:1:22
          |
        1 | // statemap: owner = payments
          |                      ^^^^^^^^
          |
          = help: write `key = "text"`, with commas between several keys
        "#);
    }

    #[test]
    fn ignore_without_a_reason_is_refused() {
        assert_snapshot!(shown("// statemap: ignore\nstatic A: u8;"), @r#"
        error[missing-reason]: `ignore` has no value
         --> src/lib.rs:1:14
          |
        1 | // statemap: ignore
          |              ^^^^^^
          |
          = help: write it as in `ignore = "only in the demo binary"`
        "#);
        let said = said("// statemap: ignore = \"only in the demo\"\nstatic A: u8;");
        assert_eq!(said.ignore.as_deref(), Some("only in the demo"));
    }

    #[test]
    fn an_empty_or_endless_comment_is_refused() {
        let codes = |text: &str| read_first(text).1.iter().map(|found| found.code.to_string()).collect::<Vec<_>>();
        assert_eq!(codes("// statemap:\nstatic A: u8;"), ["empty-annotation"]);
        assert_eq!(codes(&format!("// statemap: owner = \"{}\"\nstatic A: u8;", "x".repeat(MAX_BYTES))), ["comment-too-long"]);
        assert_eq!(codes(&format!("// statemap: {}\nstatic A: u8;", "a.".repeat(5_000))), ["toml-syntax"]);
        assert!(!codes(&format!("// statemap: {}\nstatic A: u8;", "a={".repeat(5_000))).is_empty());
    }
}
