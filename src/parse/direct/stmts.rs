//! Blocks and statements.

use super::attrs::Span as AttrSpan;
use super::tokens::{Key, Kind};
use super::{Direct, Res};
use crate::facts::{Expr, ExprId, Stmt};

impl Direct<'_, '_> {
    pub(super) fn block_id(&mut self) -> Res<ExprId> {
        let block = self.block()?;
        Ok(self.push(block))
    }

    /// `{ … }`.
    pub(super) fn block(&mut self) -> Res<Expr> {
        self.deeper(|reader| {
            let close = reader.open(b'{')?;
            let inner = reader.inner_attrs()?;
            // They would be those of what the block belongs to.
            if !inner.is_empty() {
                return reader.bail();
            }
            let mut out = Vec::new();
            while reader.at < close {
                reader.stmt(close, &mut out)?;
            }
            reader.close(close)?;
            Ok(Expr::Block(out.into_boxed_slice()))
        })
    }

    fn stmt(&mut self, close: usize, out: &mut Vec<Stmt>) -> Res<()> {
        if self.eat_mark(b';') {
            let expr = self.push(Expr::Other(Box::default()));
            out.push(Stmt::Expr { expr, semi: true });
            return Ok(());
        }
        let attrs = self.outer_attrs()?;
        if self.starts_item() {
            let mut items = std::mem::take(&mut self.low.items);
            let read = self.item_under(attrs, &mut items);
            self.low.items = items;
            return read;
        }
        let (builds, count) = (self.builds(attrs)?, out.len());
        self.kept_or_not(builds.is_some(), |reader| reader.stmt_under(attrs, close, out))?;
        match builds {
            Some(cfg) => self.low.on_builds(cfg, &out[count..]),
            None => out.truncate(count),
        }
        Ok(())
    }

    /// A statement that is no item and whose attributes were passed.
    fn stmt_under(&mut self, attrs: AttrSpan, close: usize, out: &mut Vec<Stmt>) -> Res<()> {
        if self.is_key(Key::Let) {
            let stmt = self.local()?;
            out.push(stmt);
            return Ok(());
        }
        if self.macro_stmt(out)? {
            return Ok(());
        }
        let is_return = self.is_key(Key::Return);
        let (mut expr, is_block) = self.stmt_expr()?;
        if is_return && !self.holds_on_linux(attrs)? {
            expr = self.low.on_some_builds(expr);
        }
        let semi = self.eat_mark(b';');
        if !semi && !is_block && self.at < close {
            return self.bail();
        }
        out.push(Stmt::Expr { expr, semi });
        Ok(())
    }

    /// An expression in the place of a statement, and whether it needs no semicolon.
    fn stmt_expr(&mut self) -> Res<(ExprId, bool)> {
        if let Some(bang) = self.bang_ahead()
            && self.tokens[bang + 1].kind == Kind::Open(b'{')
        {
            let end = self.tokens[bang + 1].partner as usize + 1;
            let goes_on =
                self.tokens[end].kind == Kind::Mark(b'?') || (self.tokens[end].kind == Kind::Mark(b'.') && !self.has_marks(end, b".."));
            if !goes_on {
                return Ok((self.macro_call()?, true));
            }
        }
        self.early_expr()
    }

    /// `let pattern: type = value else { … };`.
    fn local(&mut self) -> Res<Stmt> {
        self.at += 1;
        let (pat, ty) = self.typed_pat()?;
        let init = if self.eat_equals() { Some(self.expr()?) } else { None };
        // `let x = S {} else { … }` is a mistake.
        if init.is_some() && self.is_key(Key::Else) && self.tokens[self.at - 1].kind == Kind::Close(b'}') {
            return self.bail();
        }
        let otherwise = if init.is_some() && self.eat_key(Key::Else) { Some(self.block_id()?) } else { None };
        self.expect_mark(b';')?;
        Ok(Stmt::Let { pat, ty: ty.map(Box::new), init, otherwise })
    }

    /// Whether an item stands here, and no expression.
    fn starts_item(&self) -> bool {
        let next = self.ahead(1);
        match self.kind() {
            Kind::Key(
                Key::Pub | Key::Extern | Key::Use | Key::Fn | Key::Mod | Key::Type | Key::Struct | Key::Enum | Key::Trait | Key::Impl,
            ) => true,
            Kind::Key(Key::Static) => matches!(next, Kind::Ident | Kind::Key(Key::Mut)),
            Kind::Key(Key::Const) => matches!(next, Kind::Ident | Kind::Key(Key::Underscore | Key::Fn | Key::Unsafe | Key::Extern)),
            Kind::Key(Key::Unsafe) => next != Kind::Open(b'{'),
            Kind::Key(Key::Async) => matches!(next, Kind::Key(Key::Unsafe | Key::Extern | Key::Fn)),
            Kind::Ident => self.is_word("union") && next == Kind::Ident,
            _ => false,
        }
    }
}
