//! Text to facts without a syntax tree: the way of nearly every file.
//!
//! Two thirds of the time of a run used to go into trees that were walked once and dropped. This reads the same facts straight from the
//! tokens, in one pass. It knows the language as services write it and nothing else: where it meets anything that it does not surely
//! understand (a mistake, an unstable form, a file that defines macros) it gives up on the file, and `syn` reads it from the start. Bodies
//! of macros and attributes of other than the usual forms are handed to `syn` by themselves. What is read here must be what `syn` would
//! have led to: tests hold the two against each other.

mod attrs;
mod exprs;
mod heads;
mod impls;
mod items;
mod macros;
mod operators;
mod patterns;
mod stmts;
mod tokens;
mod types;

#[cfg(test)]
mod tests;

use super::exprs::{Arena, Lower};
use super::{Cx, StartAt};
use crate::facts::{Body, Cfg, Expr, ExprId, ItemFact, Name, Span, children};
use tokens::{Key, Kind, Token};

/// Expressions, types and patterns inside one another. What nests more deeply is left to `syn`, which first counts how deeply.
const MAX_DEPTH: u32 = 100;

/// As in `exprs`: how deeply expressions may nest in a body, so that the later stages can recurse.
const MAX_HEIGHT: usize = 1_000;

/// Blanks that are written for a file are at most so many times its text.
const PADDING: usize = 4;

/// This reading gave up on the file.
#[derive(Debug)]
pub(super) struct Bail;

type Res<T> = Result<T, Bail>;

/// The condition and the items of a file; `cx` is spoilt when it fails.
pub(super) fn read(cx: &mut Cx, code: &str) -> Res<(Option<Cfg>, Vec<ItemFact>)> {
    let tokens = tokens::read(code, cx.passes_tests)?;
    let mut reader = Direct {
        code,
        tokens: &tokens,
        at: 0,
        low: Lower::new(cx),
        depth: 0,
        ids: Vec::new(),
        bracketed: None,
        skipping: false,
        called: Vec::new(),
        padding: None,
    };
    let cfg = reader.file_cfg()?;
    if code.contains("macro_rules!") {
        let (start, end) = (reader.mark(), tokens.len() - 1);
        reader.note_definitions(end)?;
        reader.back(&start);
        if reader.low.cx.macros.keep_places() {
            // What a call becomes has tokens of two pieces: each must know where it stands by itself.
            reader.padding = Some(code.len().saturating_mul(PADDING));
            reader.low.cx.forget_definitions();
            reader.note_definitions(end)?;
            reader.back(&start);
        }
    }
    let items = reader.items_until_end()?;
    let called = std::mem::take(&mut reader.called);
    cx.macros.called.extend(called);
    Ok((cfg, items))
}

/// Reads the tokens of one file.
struct Direct<'t, 'c> {
    code: &'t str,
    tokens: &'t [Token],
    at: usize,
    /// The body that is being read, and what the reading of the file carries along.
    low: Lower<'c>,
    depth: u32,
    /// Lists that are not complete yet, one behind the other.
    ids: Vec<ExprId>,
    /// The last expression that stood in brackets of its own.
    bracketed: Option<ExprId>,
    /// What is read is left out: the bodies of its macros are passed.
    skipping: bool,
    /// Macros that were called, so far as this reading goes on.
    called: Vec<Name>,
    /// Pieces that `syn` reads have blanks before them, as far as they stand from the start of the file: so many more may be written.
    padding: Option<usize>,
}

/// Where a reading may go back to.
struct Mark {
    at: usize,
    depth: u32,
    ids: usize,
    exprs: usize,
    pats: usize,
    items: usize,
    cfgs: usize,
    called: usize,
    macros_read: u32,
    macros_unread: usize,
    test_mods: usize,
    macro_depth: u32,
}

impl<'t> Direct<'t, '_> {
    fn kind(&self) -> Kind {
        self.tokens[self.at].kind
    }

    /// The kind of a token further on.
    fn ahead(&self, by: usize) -> Kind {
        self.tokens.get(self.at + by).map_or(Kind::End, |token| token.kind)
    }

    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    fn place(&self) -> Span {
        self.tokens[self.at].place
    }

    fn text(&self, token: Token) -> &'t str {
        &self.code[token.start as usize..token.end as usize]
    }

    fn bail<T>(&self) -> Res<T> {
        Err(Bail)
    }

    fn is(&self, kind: Kind) -> bool {
        self.kind() == kind
    }

    fn is_key(&self, key: Key) -> bool {
        self.kind() == Kind::Key(key)
    }

    fn is_mark(&self, mark: u8) -> bool {
        self.kind() == Kind::Mark(mark)
    }

    /// Whether these marks stand here without blanks between them.
    fn is_marks(&self, marks: &[u8]) -> bool {
        self.has_marks(self.at, marks)
    }

    fn has_marks(&self, at: usize, marks: &[u8]) -> bool {
        marks.iter().enumerate().all(|(index, mark)| {
            let Some(token) = self.tokens.get(at + index) else { return false };
            token.kind == Kind::Mark(*mark) && (index == 0 || self.tokens[at + index - 1].end == token.start)
        })
    }

    /// A word that is a name to the language and something else here: `union`, `raw`.
    fn is_word(&self, word: &str) -> bool {
        self.kind() == Kind::Ident && self.text(self.token()) == word
    }

    fn eat(&mut self, kind: Kind) -> bool {
        let found = self.is(kind);
        self.at += usize::from(found);
        found
    }

    fn eat_key(&mut self, key: Key) -> bool {
        self.eat(Kind::Key(key))
    }

    fn eat_mark(&mut self, mark: u8) -> bool {
        self.eat(Kind::Mark(mark))
    }

    fn eat_marks(&mut self, marks: &[u8]) -> bool {
        let found = self.is_marks(marks);
        self.at += if found { marks.len() } else { 0 };
        found
    }

    fn expect(&mut self, kind: Kind) -> Res<()> {
        if self.eat(kind) { Ok(()) } else { self.bail() }
    }

    fn expect_mark(&mut self, mark: u8) -> Res<()> {
        self.expect(Kind::Mark(mark))
    }

    /// A colon that is not half of `::`.
    fn eat_colon(&mut self) -> bool {
        !self.is_marks(b"::") && self.eat_mark(b':')
    }

    /// An equals sign that is not part of `==` or `=>`.
    fn eat_equals(&mut self) -> bool {
        !self.is_marks(b"==") && !self.is_marks(b"=>") && self.eat_mark(b'=')
    }

    /// A name; the token is passed.
    fn ident(&mut self) -> Res<(Name, Span)> {
        if !self.is(Kind::Ident) {
            return self.bail();
        }
        let token = self.token();
        self.at += 1;
        Ok((self.name(token), token.place))
    }

    /// The name in a token, without `r#`.
    fn name(&self, token: Token) -> Name {
        let text = self.text(token);
        Name::new(text.strip_prefix("r#").unwrap_or(text))
    }

    /// Opens a bracket: the token that closes it.
    fn open(&mut self, bracket: u8) -> Res<usize> {
        let partner = self.token().partner as usize;
        self.expect(Kind::Open(bracket))?;
        Ok(partner)
    }

    /// Passes a bracket that must stand here.
    fn close(&mut self, at: usize) -> Res<()> {
        if self.at != at {
            return self.bail();
        }
        self.at += 1;
        Ok(())
    }

    /// Passes a group with all that is in it.
    fn skip_group(&mut self) -> Res<()> {
        if !matches!(self.kind(), Kind::Open(_)) {
            return self.bail();
        }
        self.at = self.token().partner as usize + 1;
        Ok(())
    }

    /// Reads something that may nest.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        if self.depth >= MAX_DEPTH {
            return self.bail();
        }
        self.depth += 1;
        let out = read(self);
        self.depth -= 1;
        out
    }

    /// Reads something that is left out where `kept` does not hold.
    fn kept_or_not<T>(&mut self, kept: bool, read: impl FnOnce(&mut Self) -> Res<T>) -> Res<Option<T>> {
        if kept {
            return read(self).map(Some);
        }
        let (mark, outer) = (self.mark(), std::mem::replace(&mut self.skipping, true));
        read(self)?;
        self.skipping = outer;
        self.forget(&mark);
        Ok(None)
    }

    /// Reads one body, with its own expressions and items.
    fn body<T>(&mut self, read: impl FnOnce(&mut Self) -> Res<T>, root: impl FnOnce(&T) -> Option<ExprId>) -> Res<(T, Body)> {
        let spare = self.low.cx.spare.pop().unwrap_or_default();
        let arena = std::mem::replace(&mut self.low.arena, spare);
        let items = std::mem::take(&mut self.low.items);
        let cfgs = std::mem::take(&mut self.low.cfgs);
        let out = read(self);
        let mut arena: Arena = std::mem::replace(&mut self.low.arena, arena);
        let items = std::mem::replace(&mut self.low.items, items);
        let cfgs = std::mem::replace(&mut self.low.cfgs, cfgs).into();
        let out = out?;
        if arena.exprs.len() >= MAX_HEIGHT && height(&arena.exprs) >= MAX_HEIGHT {
            return self.bail();
        }
        let body = Body { exprs: arena.exprs.drain(..).collect(), pats: arena.pats.drain(..).collect(), items, root: root(&out), cfgs };
        self.low.cx.spare.push(arena);
        Ok((out, body))
    }

    fn mark(&self) -> Mark {
        let cx = &self.low.cx;
        Mark {
            at: self.at,
            depth: self.depth,
            ids: self.ids.len(),
            exprs: self.low.arena.exprs.len(),
            pats: self.low.arena.pats.len(),
            items: self.low.items.len(),
            cfgs: self.low.cfgs.len(),
            called: self.called.len(),
            macros_read: cx.macros_read,
            macros_unread: cx.macros_unread.len(),
            test_mods: cx.test_mods.len(),
            macro_depth: cx.macro_depth,
        }
    }

    /// Forgets what was read since, and goes back.
    fn back(&mut self, mark: &Mark) {
        self.at = mark.at;
        self.forget(mark);
    }

    /// Forgets what was read since.
    fn forget(&mut self, mark: &Mark) {
        self.depth = mark.depth;
        self.ids.truncate(mark.ids);
        self.low.arena.exprs.truncate(mark.exprs);
        self.low.arena.pats.truncate(mark.pats);
        self.low.items.truncate(mark.items);
        self.low.cfgs.truncate(mark.cfgs);
        self.called.truncate(mark.called);
        let cx = &mut self.low.cx;
        cx.macros_read = mark.macros_read;
        cx.macros_unread.truncate(mark.macros_unread);
        cx.test_mods.truncate(mark.test_mods);
        cx.macro_depth = mark.macro_depth;
    }

    fn push(&mut self, expr: Expr) -> ExprId {
        self.low.push(expr)
    }

    /// The ids that were put aside since there were `start` of them.
    fn list_since(&mut self, start: usize) -> Box<[ExprId]> {
        let out = self.ids[start..].into();
        self.ids.truncate(start);
        out
    }

    /// Hands the text from one token up to another to `syn`.
    fn with_syn<T>(&mut self, from: usize, to: usize, read: impl FnOnce(&mut Self, &str) -> Res<T>) -> Res<T> {
        let (first, last) = (self.tokens[from], self.tokens[to - 1]);
        let text = &self.code[first.start as usize..last.end as usize];
        // What nests too deeply for `syn` is counted for the file as a whole.
        if super::depth::check(text).is_err() {
            return self.bail();
        }
        if let Some(left) = self.padding {
            let (feeds, blanks) = (first.place.line as usize - 1, first.place.column as usize - 1);
            self.padding = Some(left.saturating_sub(feeds + blanks));
            if left < feeds + blanks {
                return self.bail();
            }
            return read(self, &["\n".repeat(feeds).as_str(), " ".repeat(blanks).as_str(), text].concat());
        }
        let _start = StartAt::new(first.place);
        read(self, text)
    }
}

/// How many expressions are inside one another at most.
fn height(exprs: &[Expr]) -> usize {
    let mut heights: Vec<u32> = Vec::with_capacity(exprs.len());
    for expr in exprs {
        let mut highest = 0;
        // Children come before their parents.
        children(expr, &mut |child: ExprId| highest = highest.max(heights.get(child.0 as usize).copied().unwrap_or(0)));
        heights.push(highest + 1);
    }
    heights.into_iter().max().unwrap_or(0) as usize
}
