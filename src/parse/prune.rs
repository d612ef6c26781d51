//! Takes the bodies of test modules out of a text before it is parsed.
//!
//! `#[cfg(test)] mod tests { … }` is a third of many code bases and would be parsed only to be dropped. The module stays, emptied, so that
//! what stands before it keeps its meaning; line feeds stay, so that everything behind it keeps its place. Where nothing but the tokens of
//! a text is asked for, they are passed while those are read.

use std::borrow::Cow;

use super::lex::{Chunk, chunk};

/// The text with empty test modules.
pub(super) fn without_test_modules(text: &str) -> Cow<'_, str> {
    if !text.contains("cfg(test)") && !text.contains("cfg(all(test") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        at = end;
        if kind != Chunk::Punct || bytes[end - 1] != b'#' {
            continue;
        }
        if let Some(open) = test_module(bytes, end)
            && let Some(close) = closing(bytes, open)
        {
            out.push_str(&text[copied..open]);
            blank(&text[open..close], &mut out);
            copied = close;
            at = close;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Line feeds, and blanks for what stands before the closing brace on its line.
fn blank(body: &str, out: &mut String) {
    let last = body.rfind('\n').map_or(0, |feed| feed + 1);
    out.extend(body.bytes().filter(|byte| *byte == b'\n').map(|_| '\n'));
    out.extend(body[last..].chars().map(|_| ' '));
}

/// Behind the `{` of a test module whose attribute goes on at `at`, behind its `#`.
pub(super) fn test_module(bytes: &[u8], at: usize) -> Option<usize> {
    let mut tokens = Tokens { bytes, at };
    for expected in ["[", "cfg", "("] {
        tokens.expect(expected)?;
    }
    match tokens.next()? {
        b"test" => tokens.expect(")")?,
        b"all" => {
            tokens.expect("(")?;
            tokens.expect("test")?;
            // `all(test, …)` never holds without tests, `all(tested)` is another word.
            tokens.at = closing(bytes, tokens.at)? + 1;
            tokens.expect(")")?;
        }
        _ => return None,
    }
    tokens.expect("]")?;
    loop {
        match tokens.next()? {
            // More attributes, and the brackets of `pub(crate)`.
            b"#" => tokens.expect("[")?,
            b"pub" => continue,
            b"(" => {}
            b"mod" => break,
            _ => return None,
        }
        tokens.at = closing(bytes, tokens.at)? + 1;
    }
    tokens.next()?;
    tokens.expect("{")?;
    Some(tokens.at)
}

/// The bracket that closes the one before `at`.
pub(super) fn closing(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = 1_usize;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        match bytes[at] {
            b'(' | b'[' | b'{' if kind == Chunk::Punct => open += 1,
            b')' | b']' | b'}' if kind == Chunk::Punct => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at = end;
    }
    None
}

/// Words and marks, without blanks and comments.
struct Tokens<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    fn next(&mut self) -> Option<&'t [u8]> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let (kind, end) = chunk(self.bytes, start);
            self.at = end;
            if !matches!(kind, Chunk::Blank | Chunk::LineComment | Chunk::BlockComment) {
                return Some(&self.bytes[start..end]);
            }
        }
        None
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        (self.next()? == token.as_bytes()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_modules_are_emptied_and_nothing_moves() {
        let text = "/// Docs.\n#[cfg(test)]\n#[allow(x)]\npub(crate) mod tests {\n  fn a() { \"}\" } // }\n  /* } */ } fn b() {}\n";
        assert_eq!(without_test_modules(text), "/// Docs.\n#[cfg(test)]\n#[allow(x)]\npub(crate) mod tests {\n\n          } fn b() {}\n");
        assert_eq!(without_test_modules("#[cfg(all(test, unix))] mod t { x }"), "#[cfg(all(test, unix))] mod t {   }");
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "#[cfg(not(test))] mod a { x }",
            "#[cfg(any(test, unix))] mod a { x }",
            "#[cfg(test)] mod a;",
            "#[cfg(test)] fn a() { x }",
            "#[cfg(all(tested))] mod a { x }",
            "const A: &str = \"#[cfg(test)] mod a { x }\";",
            "// #[cfg(test)] mod a { x }",
            "#[cfg(test)] mod a { x",
        ] {
            assert_eq!(without_test_modules(text), text);
        }
    }
}
