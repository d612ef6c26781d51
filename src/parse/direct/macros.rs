//! Macro calls. Bodies that are lists of expressions, as most are, are read here; all others are handed to the readings of `macros`.

use super::attrs::Span as AttrSpan;
use super::tokens::{Key, Kind};
use super::{Direct, Mark, Res};
use crate::facts::{Expr, ExprId, ItemFact, Path, Seg, Stmt};
use crate::parse::exprs::Lowered;
use crate::parse::macros::{Form, MAX_MACRO_DEPTH, form};

impl Direct<'_, '_> {
    /// Whether `name!` or `a::b!` with a body stands here.
    pub(super) fn is_macro_call(&self) -> bool {
        self.bang_ahead().is_some_and(|bang| matches!(self.tokens[bang + 1].kind, Kind::Open(_) | Kind::Ident | Kind::Key(Key::Try)))
    }

    /// The `!` behind a plain path that stands here.
    pub(super) fn bang_ahead(&self) -> Option<usize> {
        let mut at = self.at;
        if self.has_marks(at, b"::") {
            at += 2;
        }
        loop {
            match self.tokens[at].kind {
                Kind::Ident | Kind::Key(Key::SelfValue | Key::Super | Key::Crate) => at += 1,
                _ => return None,
            }
            if !self.has_marks(at, b"::") {
                break;
            }
            at += 2;
        }
        (self.tokens[at].kind == Kind::Mark(b'!') && !self.has_marks(at, b"!=")).then_some(at)
    }

    /// A macro in a place where only its tokens count: a type.
    pub(super) fn tokens_only(&mut self, start: usize) -> Res<()> {
        self.note_group(start, true)
    }

    /// Counts a call from its path at `start` on, of which the body stands here.
    pub(super) fn note_group(&mut self, start: usize, called: bool) -> Res<()> {
        let open = self.at;
        self.skip_group()?;
        let is_flat = !self.tokens[open + 1..self.at - 1].iter().any(|token| matches!(token.kind, Kind::Open(_)));
        let path = self.plain_path(start, open - 1);
        if called {
            if self.is_expanded(&path) {
                return self.bail();
            }
            self.called.push(path.name());
        }
        self.note(&path, is_flat);
        Ok(())
    }

    fn note(&mut self, path: &Path, read: bool) {
        if read {
            self.low.cx.macros_read += 1;
        } else {
            self.low.cx.macros_unread.push(path.name());
        }
    }

    /// Whether a call becomes what another file says, or pastes names.
    fn is_expanded(&self, path: &Path) -> bool {
        let others = &self.low.cx.others;
        path.last().is_some_and(|name| name == "paste" || self.low.cx.macros.has(name))
            || (!others.is_empty() && others.contains_key(path.text().as_str()))
    }

    fn plain_path(&self, from: usize, to: usize) -> Path {
        let words = self.tokens[from..to].iter().filter(|token| token.kind != Kind::Mark(b':'));
        let segs = words.map(|token| Seg::of(self.name(*token))).collect();
        Path { global: self.tokens[from].kind == Kind::Mark(b':'), segs }
    }

    /// Notes the macros among the items up to `end` and in their modules, so that calls above a definition find it too.
    pub(super) fn note_definitions(&mut self, end: usize) -> Res<()> {
        while self.at < end {
            let span = self.outer_attrs()?;
            let is_definition = self.is_word("macro_rules") && self.bang_ahead().is_some();
            self.visibility()?;
            if is_definition {
                let behind = self.end_of_item_macro()?;
                self.with_syn(span.from(), behind, |reader, text| {
                    let Ok(item) = syn::parse_str::<syn::Item>(text) else { return reader.bail() };
                    let code = reader.code;
                    reader.low.cx.note_definitions(&[item], code);
                    Ok(())
                })?;
                self.at = behind;
            } else if self.is_key(Key::Mod) && self.ahead(2) == Kind::Open(b'{') && self.kept(span)? {
                self.at += 2;
                let close = self.open(b'{')?;
                if !self.inner_attrs()?.is_plain() {
                    return self.bail();
                }
                self.deeper(|reader| reader.note_definitions(close))?;
                self.close(close)?;
            } else if self.at < end {
                self.skip_item()?;
            }
        }
        Ok(())
    }

    /// A call in item position, handed to `syn` with its attributes.
    pub(super) fn item_macro(&mut self, span: AttrSpan, out: &mut Vec<ItemFact>) -> Res<()> {
        let end = self.end_of_item_macro()?;
        self.with_syn(span.from(), end, |reader, text| {
            let Ok(mut item) = syn::parse_str::<syn::Item>(text) else { return reader.bail() };
            reader.low.cx.item(&mut item, out);
            Ok(())
        })?;
        self.at = end;
        Ok(())
    }

    /// A call among the members of an impl or a trait.
    pub(super) fn member_macro(&mut self, span: AttrSpan, of_impl: bool, out: &mut Vec<ItemFact>) -> Res<()> {
        let end = self.end_of_item_macro()?;
        self.with_syn(span.from(), end, |reader, text| {
            let cx = &mut reader.low.cx;
            if of_impl {
                let Ok(item) = syn::parse_str::<syn::ImplItem>(text) else { return reader.bail() };
                out.extend(cx.impl_items(&mut [item]));
            } else {
                let Ok(item) = syn::parse_str::<syn::TraitItem>(text) else { return reader.bail() };
                out.extend(cx.trait_items(&mut [item]));
            }
            Ok(())
        })?;
        self.at = end;
        Ok(())
    }

    fn end_of_item_macro(&self) -> Res<usize> {
        let Some(bang) = self.bang_ahead() else { return self.bail() };
        // `macro_rules! name { … }`.
        let open = bang + 1 + usize::from(self.tokens[bang + 1].kind == Kind::Ident);
        let Kind::Open(bracket) = self.tokens[open].kind else { return self.bail() };
        let end = self.tokens[open].partner as usize + 1;
        if bracket == b'{' {
            return Ok(end);
        }
        if self.tokens[end].kind != Kind::Mark(b';') {
            return self.bail();
        }
        Ok(end + 1)
    }

    /// A call in expression position whose path stands here.
    pub(super) fn macro_call(&mut self) -> Res<ExprId> {
        let start = self.at;
        let Some(bang) = self.bang_ahead() else { return self.bail() };
        let open = self.tokens[bang + 1];
        let Kind::Open(bracket) = open.kind else { return self.bail() };
        let close = open.partner as usize;
        if self.skipping {
            self.at = close + 1;
            return Ok(self.push(Expr::Other(Box::default())));
        }
        let mark = self.mark();
        let path = self.plain_path(start, bang);
        self.at = bang + 2;
        if !self.is_expanded(&path) {
            self.called.push(path.name());
            if let Some(args) = self.macro_args(&path, bracket, close)? {
                self.at = close + 1;
                self.note(&path, true);
                return Ok(self.push(Expr::Macro { path: Box::new(path), args, read: true, span: self.tokens[start].place }));
            }
            self.back(&mark);
        }
        self.at = close + 1;
        self.with_syn(start, close + 1, |reader, text| {
            let Ok(mut call) = syn::parse_str::<syn::Macro>(text) else { return reader.bail() };
            Ok(match reader.low.macro_call(&mut call) {
                Lowered::New(expr) => reader.push(expr),
                Lowered::Same(id) => id,
            })
        })
    }

    /// A call in statement position of a macro whose body makes statements or items; false for any other.
    pub(super) fn macro_stmt(&mut self, out: &mut Vec<Stmt>) -> Res<bool> {
        let Some(bang) = self.bang_ahead() else { return Ok(false) };
        let open = self.tokens[bang + 1];
        let Kind::Open(bracket) = open.kind else { return Ok(false) };
        let name = self.tokens[bang - 1];
        let start = self.at;
        let known = matches!(form(self.text(name)), Form::Statics(_) | Form::CfgIf | Form::CfgSelect);
        if !known && !self.is_expanded(&self.plain_path(start, bang)) {
            return Ok(false);
        }
        let close = open.partner as usize;
        // Else it is an expression, or the start of one.
        let next = self.tokens[close + 1].kind;
        let semi = next == Kind::Mark(b';');
        let goes_on = next == Kind::Mark(b'?') || (next == Kind::Mark(b'.') && !self.has_marks(close + 1, b".."));
        if !semi && (bracket != b'{' || goes_on) {
            return Ok(false);
        }
        self.at = close + 1 + usize::from(semi);
        if self.skipping {
            return Ok(true);
        }
        self.with_syn(start, close + 1, |reader, text| {
            let Ok(mut call) = syn::parse_str::<syn::Macro>(text) else { return reader.bail() };
            reader.low.macro_stmt(&mut call, semi, out);
            Ok(true)
        })
    }

    /// The expressions in a body; `None` when it is no plain list of them.
    fn macro_args(&mut self, path: &Path, bracket: u8, close: usize) -> Res<Option<Box<[ExprId]>>> {
        if self.at == close {
            return Ok(Some(Box::default()));
        }
        if self.low.cx.macro_depth >= MAX_MACRO_DEPTH {
            return Ok(None);
        }
        let kind = form(path.last().map_or("", |name| name.as_str()));
        if matches!(kind, Form::Template) {
            return Ok(Some(Box::default()));
        }
        let mark = self.mark();
        self.low.cx.macro_depth += 1;
        let read = match kind {
            Form::Matches => self.matches(close),
            Form::Unknown if bracket != b'{' && !self.is_key(Key::Let) => self.list(close, &mark),
            _ => Ok(None),
        };
        self.low.cx.macro_depth = mark.macro_depth;
        // What is no expression here may be anything to the macro.
        Ok(read.unwrap_or(None))
    }

    /// Expressions between commas or semicolons, some of them named.
    fn list(&mut self, close: usize, mark: &Mark) -> Res<Option<Box<[ExprId]>>> {
        while self.at < close {
            self.skip_name();
            let id = self.expr()?;
            self.ids.push(id);
            if self.at < close && !self.eat_mark(b',') {
                // `vec![value; length]`.
                if !self.is_mark(b';') || self.at + 1 == close {
                    return Ok(None);
                }
                self.at += 1;
            }
        }
        if self.at != close {
            return Ok(None);
        }
        Ok(Some(self.list_since(mark.ids)))
    }

    /// `matches!(value, pattern if guard)`, and `assert_matches!` with a message behind.
    fn matches(&mut self, close: usize) -> Res<Option<Box<[ExprId]>>> {
        let start = self.ids.len();
        let value = self.expr()?;
        self.expect_mark(b',')?;
        let pat = self.pat()?;
        let id = self.push(Expr::Let { pat, value });
        self.ids.push(id);
        if self.eat_key(Key::If) {
            let id = self.expr()?;
            self.ids.push(id);
        }
        self.eat_mark(b',');
        while self.at < close {
            let id = self.expr()?;
            self.ids.push(id);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        Ok((self.at == close).then(|| self.list_since(start)))
    }

    /// Passes the name of a named argument and the sigil of a field: `name = `, `a.b = %`, `"key": `, `?`.
    fn skip_name(&mut self) {
        let mut at = self.at;
        match self.tokens[at].kind {
            Kind::Text | Kind::Number => at += 1,
            Kind::Ident | Kind::Key(_) => {
                at += 1;
                while self.tokens[at].kind == Kind::Mark(b'.') && matches!(self.tokens[at + 1].kind, Kind::Ident | Kind::Key(_)) {
                    at += 2;
                }
            }
            _ => {}
        }
        let is_word = matches!(self.tokens[self.at].kind, Kind::Ident | Kind::Key(_));
        let separates = match self.tokens[at].kind {
            Kind::Mark(b':') => true,
            Kind::Mark(b'=') => is_word,
            _ => false,
        };
        let next = self.tokens[at + 1];
        let joined = self.tokens[at].end == next.start && matches!(next.kind, Kind::Mark(b':' | b'=' | b'>' | b'.'));
        if at > self.at && separates && !joined {
            self.at = at + 1;
        }
        if matches!(self.kind(), Kind::Mark(b'%' | b'?')) {
            self.at += 1;
        }
    }
}
