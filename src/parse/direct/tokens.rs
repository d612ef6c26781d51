//! Text to tokens: flat, with their places, each bracket knowing its partner.

use super::{Bail, Res};
use crate::facts::Span;
use crate::parse::lex::{Chunk, chunk};
use crate::parse::prune;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word that is no keyword, `r#type` included.
    Ident,
    /// A word that means something to the grammar.
    Key(Key),
    /// `'a`.
    Lifetime,
    /// A string, a character, a byte, with its prefix.
    Text,
    /// A number.
    Number,
    /// `/// …`, `/** … */`.
    Doc,
    /// `//! …`, `/*! … */`.
    InnerDoc,
    /// One mark that is no bracket.
    Mark(u8),
    /// `(`, `[`, `{`.
    Open(u8),
    /// `)`, `]`, `}`.
    Close(u8),
    /// Behind the last token.
    End,
}

macro_rules! keywords {
    ($($variant:ident $word:literal),* $(,)?) => {
        /// A word that cannot be a name. Words that are only sometimes keywords (`union`, `default`, `auto`, `raw`) are names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the words say it")]
        pub(super) enum Key { $($variant),* }

        fn keyword(word: &[u8]) -> Option<Key> {
            // All keywords begin with a small letter, an underscore, or are `Self`.
            if word.len() > 8 || !(word[0].is_ascii_lowercase() || word[0] == b'_' || word[0] == b'S') {
                return None;
            }
            Some(match word {
                $($word => Key::$variant,)*
                _ => return None,
            })
        }
    };
}

keywords! {
    Underscore b"_", Abstract b"abstract", As b"as", Async b"async", Await b"await", Become b"become", Box b"box", Break b"break",
    Const b"const", Continue b"continue", Crate b"crate", Do b"do", Dyn b"dyn", Else b"else", Enum b"enum", Extern b"extern",
    False b"false", Final b"final", Fn b"fn", For b"for", If b"if", Impl b"impl", In b"in", Let b"let", Loop b"loop", Macro b"macro",
    Match b"match", Mod b"mod", Move b"move", Mut b"mut", Override b"override", Priv b"priv", Pub b"pub", Ref b"ref",
    Return b"return", SelfValue b"self", SelfType b"Self", Static b"static", Struct b"struct", Super b"super", Trait b"trait",
    True b"true", Try b"try", Type b"type", Typeof b"typeof", Unsafe b"unsafe", Unsized b"unsized", Use b"use", Virtual b"virtual",
    Where b"where", While b"while", Yield b"yield",
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Bytes of the text.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) place: Span,
    /// For a bracket: the token of its partner.
    pub(super) partner: u32,
}

/// The tokens of a text, and one more of kind `End`; the braces of test modules are empty when those are passed.
pub(super) fn read(code: &str, passes_tests: bool) -> Res<Vec<Token>> {
    let bytes = code.as_bytes();
    if u32::try_from(bytes.len()).is_err() {
        return Err(Bail);
    }
    let mut reader = Reader {
        bytes,
        out: Vec::with_capacity(bytes.len() / 5 + 8),
        open: Vec::new(),
        line: 1,
        line_start: 0,
        passes_tests,
        emptied: None,
    };
    let mut at = 0;
    while at < bytes.len() {
        at = reader.token(at)?;
    }
    if !reader.open.is_empty() {
        return Err(Bail);
    }
    let end = bytes.len();
    reader.push(Kind::End, end, end);
    Ok(reader.out)
}

struct Reader<'t> {
    bytes: &'t [u8],
    out: Vec<Token>,
    /// Brackets that are open.
    open: Vec<u32>,
    line: u32,
    /// Where the line starts, moved by the bytes in it that are no column.
    line_start: usize,
    passes_tests: bool,
    /// Behind the `{` of a test module whose attribute was met, and its `}`.
    emptied: Option<(usize, usize)>,
}

impl Reader<'_> {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let place = Span { line: self.line, column: (start - self.line_start) as u32 + 1 };
        self.out.push(Token { kind, start: start as u32, end: end as u32, place, partner: 0 });
    }

    /// Reads what is at `at`; the end of it.
    fn token(&mut self, at: usize) -> Res<usize> {
        let (kind, end) = chunk(self.bytes, at);
        match kind {
            Chunk::Blank => {}
            Chunk::LineComment => {
                // The carriage return belongs to the end of the line.
                let end = if self.bytes[at..end].ends_with(b"\r") { end - 1 } else { end };
                let kind = match &self.bytes[at..end] {
                    [b'/', b'/', b'/', b'/', ..] => None,
                    [b'/', b'/', b'/', ..] => Some(Kind::Doc),
                    [b'/', b'/', b'!', ..] => Some(Kind::InnerDoc),
                    _ => None,
                };
                self.doc(kind, at, end)?;
            }
            Chunk::BlockComment => {
                if end - at < 4 || !self.bytes[..end].ends_with(b"*/") {
                    return self.fail();
                }
                let kind = match &self.bytes[at..end] {
                    [b'/', b'*', b'*', b'*' | b'/', ..] => None,
                    [b'/', b'*', b'*', ..] => Some(Kind::Doc),
                    [b'/', b'*', b'!', ..] => Some(Kind::InnerDoc),
                    _ => None,
                };
                self.doc(kind, at, end)?;
            }
            Chunk::Literal => {
                let last = self.bytes[end - 1];
                // Not closed, or with a suffix: both are rare.
                if (last != b'"' && last != b'\'' && last != b'#') || self.bytes.get(end).is_some_and(|next| is_word(*next)) {
                    return self.fail();
                }
                self.push(Kind::Text, at, end);
            }
            Chunk::Word => return self.word(at, end),
            Chunk::Punct => return self.punct(at, end),
        }
        self.pass(at, end);
        Ok(end)
    }

    fn doc(&mut self, kind: Option<Kind>, at: usize, end: usize) -> Res<()> {
        if let Some(kind) = kind {
            // A lone carriage return is an error of the lexer's.
            if self.bytes[at..end].contains(&b'\r') {
                return self.fail();
            }
            self.push(kind, at, end);
        }
        Ok(())
    }

    /// Takes note of the lines and wide characters in bytes that are passed.
    fn pass(&mut self, start: usize, end: usize) {
        for at in start..end {
            let byte = self.bytes[at];
            if byte == b'\n' {
                self.line += 1;
                self.line_start = at + 1;
            } else if byte & 0xc0 == 0x80 {
                self.line_start += 1;
            }
        }
    }

    fn word(&mut self, at: usize, end: usize) -> Res<usize> {
        let word = &self.bytes[at..end];
        if word[0].is_ascii_digit() {
            let end = self.number_end(at, end);
            self.push(Kind::Number, at, end);
            return Ok(end);
        }
        // Names with other letters, and blanks of other scripts, are the lexer's business.
        if !word.is_ascii() {
            return self.fail();
        }
        let kind = match word {
            [b'r', b'#', ..] => Kind::Ident,
            _ => keyword(word).map_or(Kind::Ident, Kind::Key),
        };
        // Words before a quote or a hash may be prefixes of literals.
        if matches!(self.bytes.get(end), Some(b'"' | b'#')) || (self.bytes.get(end) == Some(&b'\'') && !matches!(word, b"in")) {
            return self.fail();
        }
        self.push(kind, at, end);
        Ok(end)
    }

    /// A number may hold one point and a sign: `1.5e-3`, but `1..2`, `1.max(2)` and `pair.0.1` hold none.
    fn number_end(&self, at: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let is_index = self.out.last().is_some_and(|last| last.kind == Kind::Mark(b'.') && last.end as usize == at)
            && !self.out.len().checked_sub(2).is_some_and(|before| {
                let before = &self.out[before];
                before.kind == Kind::Mark(b'.') && before.end as usize + 1 == at
            });
        let hex = bytes[at] == b'0' && matches!(bytes.get(at + 1), Some(b'x' | b'o' | b'b'));
        if is_index || hex {
            return end;
        }
        let mut end = end;
        if bytes.get(end) == Some(&b'.')
            && !bytes[at..end].iter().any(u8::is_ascii_alphabetic)
            && !bytes.get(end + 1).is_some_and(|next| *next == b'.' || (is_word(*next) && !next.is_ascii_digit()))
        {
            end += 1;
            while bytes.get(end).is_some_and(|byte| is_word(*byte)) {
                end += 1;
            }
        }
        if matches!(bytes[end - 1], b'e' | b'E')
            && matches!(bytes.get(end), Some(b'+' | b'-'))
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
        {
            end += 1;
            while bytes.get(end).is_some_and(|byte| is_word(*byte)) {
                end += 1;
            }
        }
        end
    }

    fn punct(&mut self, at: usize, end: usize) -> Res<usize> {
        let byte = self.bytes[at];
        if byte == b'#'
            && self.passes_tests
            && let Some(body) = prune::test_module(self.bytes, end)
        {
            // One inside of something else may be handed to `syn` with it.
            if !self.open.is_empty() {
                return self.fail();
            }
            self.emptied = prune::closing(self.bytes, body).map(|close| (body, close));
        }
        match byte {
            b'(' | b'[' | b'{' => {
                self.open.push(self.out.len() as u32);
                self.push(Kind::Open(byte), at, end);
                if let Some((_, close)) = self.emptied.take_if(|(body, _)| *body == end) {
                    self.pass(end, close);
                    return Ok(close);
                }
            }
            b')' | b']' | b'}' => {
                let Some(open) = self.open.pop() else { return self.fail() };
                let wanted = match self.out[open as usize].kind {
                    Kind::Open(b'(') => b')',
                    Kind::Open(b'[') => b']',
                    _ => b'}',
                };
                if wanted != byte {
                    return self.fail();
                }
                self.out[open as usize].partner = self.out.len() as u32;
                self.push(Kind::Close(byte), at, end);
                if let Some(last) = self.out.last_mut() {
                    last.partner = open;
                }
            }
            b'\'' => {
                let (kind, word) = if end < self.bytes.len() { chunk(self.bytes, end) } else { (Chunk::Punct, end) };
                let name = &self.bytes[end..word];
                if kind != Chunk::Word || name[0].is_ascii_digit() || !name.is_ascii() || self.bytes.get(word) == Some(&b'\'') {
                    return self.fail();
                }
                self.push(Kind::Lifetime, at, word);
                return Ok(word);
            }
            b'~' | b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'-' | b'=' | b'+' | b'|' | b';' | b':' | b',' | b'<' | b'.'
            | b'>' | b'/' | b'?' => self.push(Kind::Mark(byte), at, end),
            _ => return self.fail(),
        }
        Ok(end)
    }

    fn fail<T>(&self) -> Res<T> {
        Err(Bail)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
