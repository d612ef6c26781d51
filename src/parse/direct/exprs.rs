//! Expressions: operands and what follows them. Operators between operands are in `operators`.

use thin_vec::ThinVec;

use super::tokens::{Key, Kind};
use super::types::Plus;
use super::{Direct, Res};
use crate::facts::{Arm, Expr, ExprId, Lit, Name, PatId, Path, Seg, Span, Ty};

/// Whether `Name { … }` is a struct: not before the block of an `if`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Structs {
    Yes,
    No,
}

impl Direct<'_, '_> {
    /// An operand with what stands before it: `&mut *x`, `!x`, `-1`.
    pub(super) fn unary(&mut self, structs: Structs) -> Res<ExprId> {
        self.deeper(|reader| reader.any_unary(structs))
    }

    fn any_unary(&mut self, structs: Structs) -> Res<ExprId> {
        self.outer_attrs()?;
        let expr = match self.kind() {
            Kind::Mark(b'&') => {
                self.at += 1;
                if self.is_word("raw") && matches!(self.ahead(1), Kind::Key(Key::Const | Key::Mut)) {
                    self.at += 2;
                } else {
                    self.eat_key(Key::Mut);
                }
                Expr::Ref(self.unary(structs)?)
            }
            Kind::Mark(b'*') => {
                self.at += 1;
                Expr::Deref(self.unary(structs)?)
            }
            Kind::Mark(b'!' | b'-') => {
                self.at += 1;
                Expr::Unary(self.unary(structs)?)
            }
            _ => {
                let atom = self.atom(structs)?;
                return self.trailers(atom);
            }
        };
        Ok(self.push(expr))
    }

    /// What follows an operand: calls, fields, indices, `?`, `.await`.
    pub(super) fn trailers(&mut self, mut id: ExprId) -> Res<ExprId> {
        loop {
            let expr = match self.kind() {
                Kind::Mark(b'.') if !self.is_marks(b"..") => {
                    self.at += 1;
                    self.behind_dot(id)?
                }
                Kind::Mark(b'?') => {
                    self.at += 1;
                    Expr::Try(id)
                }
                Kind::Open(b'(') => {
                    let args = self.args()?;
                    Expr::Call { callee: id, args, span: self.low.start(id) }
                }
                Kind::Open(b'[') => {
                    let close = self.open(b'[')?;
                    let index = self.expr()?;
                    self.close(close)?;
                    Expr::Index { base: id, index }
                }
                _ => return Ok(id),
            };
            id = self.push(expr);
        }
    }

    fn behind_dot(&mut self, base: ExprId) -> Res<Expr> {
        if self.eat_key(Key::Await) {
            return Ok(Expr::Await(base));
        }
        let span = self.place();
        let name = self.member()?;
        let turbofish = if self.is_marks(b"::") {
            self.at += 2;
            self.generic_args()?
        } else {
            ThinVec::new()
        };
        if self.is(Kind::Open(b'(')) && self.tokens[self.at - 1].kind != Kind::Number {
            let args = self.args()?;
            return Ok(Expr::Method { recv: base, name, turbofish, args, span });
        }
        if !turbofish.is_empty() {
            return self.bail();
        }
        Ok(Expr::Field { base, name, span })
    }

    /// `(a, b)` behind a callee.
    fn args(&mut self) -> Res<Box<[ExprId]>> {
        let close = self.open(b'(')?;
        self.exprs_until(close)
    }

    fn exprs_until(&mut self, close: usize) -> Res<Box<[ExprId]>> {
        let start = self.ids.len();
        self.more_exprs(start, close)
    }

    /// The rest of a list of which the values since `start` are read.
    fn more_exprs(&mut self, start: usize, close: usize) -> Res<Box<[ExprId]>> {
        while self.at < close {
            let id = self.expr()?;
            self.ids.push(id);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        Ok(self.list_since(start))
    }

    pub(super) fn atom(&mut self, structs: Structs) -> Res<ExprId> {
        let span = self.place();
        let expr = match self.kind() {
            Kind::Text | Kind::Number => {
                let token = self.token();
                self.at += 1;
                Expr::Lit(self.literal(token)?, span)
            }
            Kind::Ident | Kind::Key(Key::SelfValue | Key::SelfType | Key::Super | Key::Crate) => return self.path_expr(structs),
            Kind::Mark(b'<') => return self.path_expr(structs),
            Kind::Mark(b':') if self.is_marks(b"::") => return self.path_expr(structs),
            Kind::Open(b'(') => return self.round(),
            Kind::Open(b'[') => self.square()?,
            Kind::Open(b'{') => self.block()?,
            Kind::Mark(b'|') => self.closure(false, structs)?,
            Kind::Lifetime => {
                self.at += 1;
                self.expect_mark(b':')?;
                return match self.kind() {
                    Kind::Key(Key::Loop | Key::While | Key::For) | Kind::Open(b'{') => self.atom(structs),
                    _ => self.bail(),
                };
            }
            Kind::Key(key) => return self.keyword(key, structs),
            _ => return self.bail(),
        };
        Ok(self.push(expr))
    }

    fn keyword(&mut self, key: Key, structs: Structs) -> Res<ExprId> {
        let span = self.place();
        self.at += 1;
        let expr = match key {
            Key::True | Key::False => Expr::Lit(Lit::Bool(key == Key::True), span),
            Key::If => self.branch()?,
            Key::Match => self.matched()?,
            Key::Loop => {
                let body = self.block_id()?;
                Expr::Loop { body, span }
            }
            Key::While => {
                let cond = self.condition()?;
                let body = self.block_id()?;
                Expr::While { cond, body, span }
            }
            Key::For => {
                let pat = self.pat()?;
                if !self.eat_key(Key::In) {
                    return self.bail();
                }
                let iter = self.expr_with(Structs::No)?;
                let body = self.block_id()?;
                Expr::For { pat, iter, body, span }
            }
            Key::Unsafe | Key::Const if self.is(Kind::Open(b'{')) => self.block()?,
            Key::Async => match self.kind() {
                Kind::Mark(b'|') => self.closure(true, structs)?,
                Kind::Key(Key::Move) if self.ahead(1) == Kind::Mark(b'|') => {
                    self.at += 1;
                    self.closure(true, structs)?
                }
                _ => {
                    self.eat_key(Key::Move);
                    let body = self.block_id()?;
                    Expr::Async { body, span }
                }
            },
            Key::Move if self.is_mark(b'|') => self.closure(false, structs)?,
            Key::Return => Expr::Return(self.value_of_jump(structs)?),
            Key::Break => {
                self.eat(Kind::Lifetime);
                Expr::Break(self.value_of_jump(structs)?)
            }
            Key::Continue => {
                self.eat(Kind::Lifetime);
                Expr::Other(Box::default())
            }
            Key::Underscore => Expr::Other(Box::default()),
            Key::Let => {
                let pat = self.pat()?;
                if !self.eat_equals() {
                    return self.bail();
                }
                let value = self.scrutinee()?;
                Expr::Let { pat, value }
            }
            _ => return self.bail(),
        };
        Ok(self.push(expr))
    }

    fn value_of_jump(&mut self, structs: Structs) -> Res<Option<ExprId>> {
        if !self.starts_expr() || (structs == Structs::No && self.is(Kind::Open(b'{'))) {
            return Ok(None);
        }
        self.expr_with(structs).map(Some)
    }

    /// `if` from behind its keyword on.
    fn branch(&mut self) -> Res<Expr> {
        let cond = self.condition()?;
        let then = self.block_id()?;
        let otherwise = if self.eat_key(Key::Else) {
            if self.eat_key(Key::If) {
                let branch = self.deeper(Self::branch)?;
                Some(self.push(branch))
            } else {
                Some(self.block_id()?)
            }
        } else {
            None
        };
        Ok(Expr::If { cond, then, otherwise })
    }

    fn condition(&mut self) -> Res<ExprId> {
        self.expr_with(Structs::No)
    }

    /// `match` from behind its keyword on.
    fn matched(&mut self) -> Res<Expr> {
        let value = self.expr_with(Structs::No)?;
        let close = self.open(b'{')?;
        let mut arms = Vec::new();
        while self.at < close {
            let attrs = self.outer_attrs()?;
            let builds = self.builds(attrs)?;
            if let Some(arm) = self.kept_or_not(builds.is_some(), |reader| reader.arm(close))? {
                self.low.cfgs.extend(builds.flatten().map(|cfg| (arm.body, cfg)));
                arms.push(arm);
            }
        }
        self.close(close)?;
        Ok(Expr::Match { value, arms: arms.into_boxed_slice() })
    }

    fn arm(&mut self, close: usize) -> Res<Arm> {
        let pat = self.pat()?;
        let guard = if self.eat_key(Key::If) { Some(self.expr()?) } else { None };
        if !self.eat_marks(b"=>") {
            return self.bail();
        }
        let (body, is_block) = self.early_expr()?;
        if self.at < close && !self.eat_mark(b',') && !is_block {
            return self.bail();
        }
        Ok(Arm { pat, guard, body })
    }

    /// A closure from its first bar on.
    fn closure(&mut self, is_async: bool, structs: Structs) -> Res<Expr> {
        let span = self.place();
        self.expect_mark(b'|')?;
        let mut params: Vec<(PatId, Option<Ty>)> = Vec::new();
        while !self.is_mark(b'|') {
            self.outer_attrs()?;
            let param = self.typed_pat()?;
            params.push(param);
            if !self.eat_mark(b',') && !self.is_mark(b'|') {
                return self.bail();
            }
        }
        self.at += 1;
        let body = if self.is_marks(b"->") {
            self.arrow_ty(Plus::Yes)?;
            self.block_id()?
        } else {
            self.expr_with(structs)?
        };
        Ok(Expr::Closure { params: params.into_boxed_slice(), body, is_async, span })
    }

    /// `(a)`, `(a, b)`, `()`.
    fn round(&mut self) -> Res<ExprId> {
        let close = self.open(b'(')?;
        let start = self.ids.len();
        while self.at < close {
            let id = self.expr()?;
            if self.at == close && self.ids.len() == start {
                self.at += 1;
                self.bracketed = Some(id);
                return Ok(id);
            }
            self.ids.push(id);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        let elems = self.list_since(start);
        Ok(self.push(Expr::Tuple(elems)))
    }

    /// `[a, b]`, `[a; n]`.
    fn square(&mut self) -> Res<Expr> {
        let close = self.open(b'[')?;
        if self.at < close {
            let first = self.expr()?;
            if self.eat_mark(b';') {
                let len = self.expr()?;
                self.close(close)?;
                return Ok(Expr::Array([first, len].into()));
            }
            self.ids.push(first);
            if self.at < close {
                self.expect_mark(b',')?;
            }
            let start = self.ids.len() - 1;
            return Ok(Expr::Array(self.more_exprs(start, close)?));
        }
        self.close(close)?;
        Ok(Expr::Array(Box::default()))
    }

    /// A path, a struct literal, a macro call.
    fn path_expr(&mut self, structs: Structs) -> Res<ExprId> {
        if self.bang_ahead().is_some_and(|bang| matches!(self.tokens[bang + 1].kind, Kind::Open(_))) {
            return self.macro_call();
        }
        let (path, span) = self.expr_path()?;
        let expr =
            if structs == Structs::Yes && self.is(Kind::Open(b'{')) { self.struct_literal(path, span)? } else { Expr::Path(path, span) };
        Ok(self.push(expr))
    }

    fn struct_literal(&mut self, path: Path, span: Span) -> Res<Expr> {
        let close = self.open(b'{')?;
        let mut fields: Vec<(Name, ExprId)> = Vec::new();
        let mut rest = None;
        while self.at < close {
            let attrs = self.outer_attrs()?;
            let kept = self.kept(attrs)?;
            if self.eat_marks(b"..") {
                if self.at < close {
                    rest = Some(self.expr()?);
                }
                break;
            }
            let field = self.kept_or_not(kept, Self::field_value)?;
            fields.extend(field);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        Ok(Expr::Struct { path: Box::new(path), fields: fields.into_boxed_slice(), rest, span })
    }

    fn field_value(&mut self) -> Res<(Name, ExprId)> {
        let at = self.place();
        let name = self.member()?;
        let value = if self.eat_colon() {
            self.expr()?
        } else {
            self.push(Expr::Path(Path { global: false, segs: Seg::of(name.clone()).into() }, at))
        };
        Ok((name, value))
    }

    /// A path as expressions have it: `a::b::<C>`, `<T as Trait>::f`; and where it starts.
    pub(super) fn expr_path(&mut self) -> Res<(Path, Span)> {
        let span = self.place();
        if self.is_mark(b'<') {
            return Ok((self.qualified()?, span));
        }
        let global = self.eat_marks(b"::");
        Ok((Path { global, segs: self.segments(Self::expr_seg)? }, span))
    }

    fn expr_seg(&mut self) -> Res<Seg> {
        let name = self.path_word()?;
        let args = if self.is_marks(b"::") && self.ahead(2) == Kind::Mark(b'<') {
            self.at += 2;
            self.generic_args()?
        } else {
            ThinVec::new()
        };
        Ok(Seg { name, args })
    }

    /// `<T as Trait>::f` is read as `T::f`, which names the same function.
    fn qualified(&mut self) -> Res<Path> {
        self.expect_mark(b'<')?;
        let base = self.ty()?;
        let of = if self.eat_key(Key::As) { Some(self.type_path()?) } else { None };
        self.expect_mark(b'>')?;
        let mut path = match (base, of) {
            (Ty::Path(base), _) => base,
            // `<[T]>::f` has no name to start from: the trait's, if there is one, must do.
            (_, Some(of)) => of,
            (_, None) => Path { global: true, ..Path::default() },
        };
        if !self.is_marks(b"::") {
            return self.bail();
        }
        let mut segs = Vec::with_capacity(1);
        while self.eat_marks(b"::") {
            segs.push(self.expr_seg()?);
        }
        path.segs = path.segs.then(segs);
        Ok(path)
    }

    /// What a literal says.
    fn literal(&self, token: super::Token) -> Res<Lit> {
        let text = self.text(token);
        if token.kind == Kind::Text
            && let Some(plain) = self.plain_text(token)
        {
            return Ok(Lit::Str(plain.into()));
        }
        if text.len() < 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map_or_else(|_| self.bail(), |number| Ok(Lit::Int(number)));
        }
        let Ok(literal) = text.parse::<proc_macro2::Literal>() else { return self.bail() };
        match syn::Lit::new(literal) {
            syn::Lit::Verbatim(_) => self.bail(),
            known => Ok(crate::parse::exprs::literal(&known)),
        }
    }

    /// The text of a string without prefix or escapes.
    pub(super) fn plain_text(&self, token: super::Token) -> Option<&str> {
        let text = self.text(token).strip_prefix('"')?.strip_suffix('"')?;
        (!text.bytes().any(|byte| byte == b'\\' || byte == b'\r')).then_some(text)
    }
}
