//! SQL to tokens: enough to tell words from quoted text, whatever the dialect.

/// One token of a statement, with the offset in bytes at which it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    /// Its text; of a quoted one, what is between the quotes.
    pub(super) text: &'a str,
    pub(super) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or name, also one in double quotes, backquotes or brackets.
    Word,
    /// `'text'`.
    Text,
    /// `;`.
    End,
    /// Any other character.
    Other,
}

impl Token<'_> {
    /// Whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// The tokens of a text; comments are left out, and what stands between dollar quotes (the body of a function) is read on.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        let rest = &text[at..];
        let (kind, length, inner) = match bytes[at] {
            b'-' if rest.starts_with("--") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with("/*") => {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            b'\'' => {
                let end = closing(rest, '\'');
                (TokenKind::Text, end, (1, 1))
            }
            b'"' => (TokenKind::Word, closing(rest, '"'), (1, 1)),
            b'`' => (TokenKind::Word, closing(rest, '`'), (1, 1)),
            b'$' => {
                // `$tag$` opens or closes a quoted body; `$1` is a parameter.
                at += 1 + rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len() - 1);
                continue;
            }
            b';' => (TokenKind::End, 1, (0, 0)),
            _ if rest.starts_with(is_word) => {
                let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
                (TokenKind::Word, end, (0, 0))
            }
            _ => {
                let c = rest.chars().next().map_or(1, char::len_utf8);
                at += c;
                if rest.starts_with(char::is_whitespace) {
                    continue;
                }
                out.push(Token { kind: TokenKind::Other, text: &rest[..c], at: start });
                continue;
            }
        };
        at += length;
        let (front, back) = inner;
        // Without its end, a quoted text runs to the end of all.
        let end = if back > 0 && length > 1 && rest[..length].ends_with(['\'', '"', '`']) { length - back } else { length };
        out.push(Token { kind, text: &rest[front..end.max(front)], at: start });
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '{' | '}')
}

/// The length of a quoted text with its quotes; a doubled quote stands for itself.
fn closing(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            match chars.peek() {
                Some((_, next)) if *next == quote => {
                    chars.next();
                }
                _ => return at + 1,
            }
        }
    }
    rest.len()
}
