//! How deeply a text nests, told before it is parsed: the parser and its tree recurse, and a stack is finite.
//!
//! An estimate from tokens alone, on the safe side. Brackets nest; between brackets, prefix operators and keywords nest (`!!x`, `|| || x`,
//! `Vec<Vec<T>>`), and so do the links of a chain in the finished tree (`a.b().c()`, `x + x + x`).

use super::lex::{Chunk, chunk};

/// Brackets open at one place. Code written by people stays below 40.
const MAX_BRACKETS: usize = 200;
/// Nested prefixes on the way to one place: the parser recurses on each, with up to 10 kB of stack. Code written by people stays below 100.
const MAX_PREFIXES: u32 = 500;
/// Links of chains on the way to one place: only dropping the tree recurses on each. Generated tables have 1,500.
const MAX_LINKS: u32 = 12_000;

/// The same for what a macro call becomes. Expansions nest in each other, so that each may have but a part of the stack.
const EXPANSION: Limits = Limits { brackets: 60, prefixes: 100, links: 2_000 };

/// How much may nest.
struct Limits {
    brackets: usize,
    prefixes: u32,
    links: u32,
}

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
    limits: Limits,
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
}

/// Fails where the text nests more deeply than the parser's stack can bear.
pub(super) fn check(text: &str) -> Result<(), TooDeep> {
    scan(text, Limits { brackets: MAX_BRACKETS, prefixes: MAX_PREFIXES, links: MAX_LINKS })
}

/// Fails where the text of a macro's expansion nests more deeply than its part of the stack can bear.
pub(super) fn check_expansion(text: &str) -> Result<(), TooDeep> {
    scan(text, EXPANSION)
}

fn scan(text: &str, limits: Limits) -> Result<(), TooDeep> {
    let bytes = text.as_bytes();
    let mut scan = Scan {
        limits,
        open: Vec::with_capacity(64),
        current: Level::default(),
        prefixes: 0,
        links: 0,
        operand: false,
        closed_block: false,
        after_else: false,
    };
    let mut at = 0;
    while at < bytes.len() {
        let (kind, mut end) = chunk(bytes, at);
        match kind {
            Chunk::Blank | Chunk::LineComment | Chunk::BlockComment => {}
            Chunk::Literal => scan.operand(),
            Chunk::Word => scan.word(&bytes[at..end]),
            // A lifetime is no operand: `&'a &'a T`.
            Chunk::Punct if bytes[at] == b'\'' => {
                if end < bytes.len()
                    && let (Chunk::Word, word) = chunk(bytes, end)
                {
                    end = word;
                }
            }
            Chunk::Punct => scan.punct(bytes[at], at.checked_sub(1).map(|before| bytes[before]), bytes.get(end).copied()),
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
        // Two operands in a row are no expression, but the text of some macro: `<p class="a" id="b">`.
        if self.operand && !self.closed_block {
            self.current = Level::default();
        }
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
            _ if word.len() > 6 => return self.operand(),
            b"else" | b"as" => self.current.links += 1,
            b"if" if self.after_else => {}
            b"if" | b"match" | b"while" | b"for" | b"loop" | b"return" | b"break" | b"yield" | b"move" | b"async" | b"unsafe" | b"let"
            | b"in" | b"ref" | b"mut" | b"dyn" | b"impl" | b"const" | b"static" | b"box" | b"fn" => self.current.prefixes += 1,
            _ => return self.operand(),
        }
        self.operand = false;
        self.after_else = is_else;
    }

    fn punct(&mut self, byte: u8, before: Option<u8>, next: Option<u8>) {
        let closed_block = std::mem::take(&mut self.closed_block);
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
            b'=' if next == Some(b'>') => {
                self.reset();
                self.current.prefixes += 1;
            }
            // `==`, `<=`, `+=` and their kin.
            b'=' if next == Some(b'=') || before.is_some_and(|before| b"=<>!+-*/%^&|.".contains(&before)) => self.link(false),
            b'=' | b'@' => self.prefix(),
            b'<' if next == Some(b'=') => self.link(false),
            b'<' => {
                self.current.angles += 1;
                self.prefix();
            }
            b'>' if !matches!(before, Some(b'-' | b'=')) && self.current.angles > 0 => {
                self.current.angles -= 1;
                self.current.prefixes -= 1;
                self.link(true);
            }
            b'?' => self.link(true),
            // `..` before an operand; the second dot of `a..b` counts no more.
            b'.' if !self.operand && before != Some(b'.') => self.prefix(),
            b'|' if self.current.in_params => {
                self.current.in_params = false;
                self.operand = false;
            }
            b'|' if !self.operand => {
                self.current.in_params = true;
                self.prefix();
            }
            // Both halves of `a && b` join operands.
            b'&' | b'|' if self.operand => self.link(next == Some(byte)),
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
        if self.open.len() > self.limits.brackets {
            Some("nested too deeply to be parsed: more than 200 brackets are open here")
        } else if self.prefixes + self.current.prefixes > self.limits.prefixes {
            Some("nested too deeply to be parsed: more than 500 operators or types nest here")
        } else if self.links + self.current.links > self.limits.links {
            Some("nested too deeply to be parsed: more than 12,000 links of a chain lead here")
        } else {
            None
        }
    }
}
