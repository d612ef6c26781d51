//! How deeply a text nests, told before it is parsed: the parser and its tree recurse, and a stack is finite.
//!
//! An estimate from tokens alone, on the safe side. Brackets nest; between brackets, prefix operators and keywords nest (`!!x`, `|| || x`,
//! `Vec<Vec<T>>`), and so do the links of a chain in the finished tree (`a.b().c()`, `x + x + x`).

use super::lex::{Chunk, chunk};

/// Brackets open at one place. Code written by people stays below 40.
const MAX_BRACKETS: usize = 200;
/// Nested prefixes on the way to one place: the parser recurses on each.
const MAX_PREFIXES: u32 = 3_000;
/// Links of chains on the way to one place: only dropping the tree recurses on each.
const MAX_LINKS: u32 = 12_000;

/// Where a text nests too deeply.
#[derive(Debug)]
pub(super) struct TooDeep {
    /// Byte offset.
    pub(super) offset: usize,
    /// What is too much.
    pub(super) message: &'static str,
}

/// The counts of one open bracket.
#[derive(Clone, Copy, Default)]
struct Level {
    prefixes: u32,
    links: u32,
    /// `<` without their `>`: a comma inside them ends nothing.
    angles: u32,
    /// Between the bars of a closure's parameters, where a comma ends nothing either.
    in_params: bool,
}

struct Scan {
    /// The levels around, not the current one.
    open: Vec<Level>,
    current: Level,
    /// Sums over `open`.
    prefixes: u32,
    links: u32,
    /// The token before ends an operand, so that an operator after it is a binary one.
    operand: bool,
    /// A `}` was the last token: a statement may have ended with it.
    closed_block: bool,
    /// `else` was the last token: the `if` after it is a link, not a prefix.
    after_else: bool,
    /// The byte before was the start of `->` or `=>`.
    arrow: bool,
}

/// Fails where the text nests more deeply than the parser's stack can bear.
pub(super) fn check(text: &str) -> Result<(), TooDeep> {
    let bytes = text.as_bytes();
    let mut scan = Scan {
        open: Vec::with_capacity(64),
        current: Level::default(),
        prefixes: 0,
        links: 0,
        operand: false,
        closed_block: false,
        after_else: false,
        arrow: false,
    };
    let mut at = 0;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        match kind {
            Chunk::Blank | Chunk::LineComment | Chunk::BlockComment => {}
            Chunk::Literal => scan.operand(),
            Chunk::Word => scan.word(&bytes[at..end]),
            Chunk::Punct => scan.punct(bytes[at], bytes.get(end).copied()),
        }
        if let Some(message) = scan.excess() {
            return Err(TooDeep { offset: at, message });
        }
        at = end;
    }
    Ok(())
}

impl Scan {
    fn operand(&mut self) {
        self.operand = true;
        self.closed_block = false;
        self.after_else = false;
    }

    fn word(&mut self, word: &[u8]) {
        let is_else = word == b"else";
        if self.closed_block && !is_else && word != b"as" {
            self.current = Level::default();
        }
        self.closed_block = false;
        match word {
            b"else" | b"as" => self.current.links += 1,
            b"if" if self.after_else => {}
            b"if" | b"match" | b"while" | b"for" | b"loop" | b"return" | b"break" | b"yield" | b"move" | b"async" | b"unsafe" | b"let"
            | b"in" | b"ref" | b"mut" | b"dyn" | b"impl" | b"const" | b"static" | b"box" | b"fn" => self.current.prefixes += 1,
            _ => {
                self.operand = true;
                self.after_else = false;
                return;
            }
        }
        self.operand = false;
        self.after_else = is_else;
    }

    fn punct(&mut self, byte: u8, next: Option<u8>) {
        let closed_block = std::mem::take(&mut self.closed_block);
        let arrow = std::mem::replace(&mut self.arrow, matches!(byte, b'-' | b'=') && next == Some(b'>'));
        self.after_else = false;
        match byte {
            b'(' | b'[' | b'{' => self.push(),
            b')' | b']' => self.pop(),
            b'}' => {
                self.pop();
                self.closed_block = true;
            }
            b';' => self.reset(),
            b',' if self.current.angles > 0 || self.current.in_params => self.operand = false,
            b',' => self.reset(),
            // An attribute after a block starts something new.
            b'#' if closed_block => self.reset(),
            b'=' if self.arrow => {
                self.reset();
                self.current.prefixes += 1;
            }
            b'<' => {
                self.current.angles += 1;
                self.prefix();
            }
            b'>' if !arrow && self.current.angles > 0 => {
                self.current.angles -= 1;
                self.current.prefixes -= 1;
                self.link(true);
            }
            b'=' | b'@' => self.prefix(),
            b'?' | b'>' => self.link(true),
            b'|' if self.current.in_params => {
                self.current.in_params = false;
                self.operand = false;
            }
            b'|' if !self.operand => {
                self.current.in_params = true;
                self.prefix();
            }
            b'!' | b'&' | b'*' | b'-' if !self.operand => self.prefix(),
            _ => self.link(false),
        }
    }

    fn push(&mut self) {
        self.prefixes += self.current.prefixes;
        self.links += self.current.links;
        self.open.push(std::mem::take(&mut self.current));
        self.operand = false;
    }

    fn pop(&mut self) {
        // A bracket too many is the lexer's business.
        self.current = self.open.pop().unwrap_or_default();
        self.prefixes -= self.current.prefixes.min(self.prefixes);
        self.links -= self.current.links.min(self.links);
        // What follows a bracket is a link of a chain: `f()()()`, `a[0][0]`.
        self.current.links += 1;
        self.operand = true;
    }

    fn reset(&mut self) {
        self.current = Level::default();
        self.operand = false;
    }

    fn prefix(&mut self) {
        self.current.prefixes += 1;
        self.operand = false;
    }

    fn link(&mut self, operand: bool) {
        self.current.links += 1;
        self.operand = operand;
    }

    fn excess(&self) -> Option<&'static str> {
        if self.open.len() > MAX_BRACKETS {
            Some("nested too deeply to be parsed: more than 200 brackets are open here")
        } else if self.prefixes + self.current.prefixes > MAX_PREFIXES {
            Some("nested too deeply to be parsed: more than 3,000 operators or types nest here")
        } else if self.links + self.current.links > MAX_LINKS {
            Some("nested too deeply to be parsed: more than 12,000 links of a chain lead here")
        } else {
            None
        }
    }
}
