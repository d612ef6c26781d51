//! Paths, types, bounds.

use thin_vec::{ThinVec, thin_vec};

use super::tokens::{Key, Kind};
use super::{Direct, Res};
use crate::facts::{Name, Path, Seg, Segs, Ty};

/// Whether `A + B` may stand here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plus {
    Yes,
    No,
}

impl Direct<'_, '_> {
    /// A type after which a `+` may follow that belongs to it.
    pub(super) fn ty(&mut self) -> Res<Ty> {
        self.ty_with(Plus::Yes)
    }

    pub(super) fn ty_with(&mut self, plus: Plus) -> Res<Ty> {
        self.deeper(|reader| reader.any_ty(plus))
    }

    fn any_ty(&mut self, plus: Plus) -> Res<Ty> {
        match self.kind() {
            Kind::Ident | Kind::Key(Key::SelfType | Key::SelfValue | Key::Super | Key::Crate) => self.path_ty(),
            Kind::Mark(b':') => self.path_ty(),
            Kind::Mark(b'<') => self.projection(),
            Kind::Mark(b'&') => {
                self.at += 1;
                self.eat(Kind::Lifetime);
                self.eat_key(Key::Mut);
                Ok(Ty::Ref(Box::new(self.ty_with(Plus::No)?)))
            }
            Kind::Mark(b'*') => {
                self.at += 1;
                if !self.eat_key(Key::Mut) && !self.eat_key(Key::Const) {
                    return self.bail();
                }
                Ok(Ty::Ref(Box::new(self.ty_with(Plus::No)?)))
            }
            Kind::Mark(b'!') => {
                self.at += 1;
                Ok(Ty::Never)
            }
            Kind::Key(Key::Underscore) => {
                self.at += 1;
                Ok(Ty::Infer)
            }
            Kind::Open(b'(') => self.tuple_ty(),
            Kind::Open(b'[') => {
                let close = self.open(b'[')?;
                let elem = self.ty()?;
                // How long it is says nothing about state.
                if self.at != close {
                    self.expect_mark(b';')?;
                    self.at = close;
                }
                self.close(close)?;
                Ok(Ty::Slice(Box::new(elem)))
            }
            Kind::Key(Key::Impl) => {
                self.at += 1;
                Ok(Ty::Impl(self.traits(plus)?))
            }
            Kind::Key(Key::Dyn) => {
                self.at += 1;
                Ok(Ty::Dyn(self.traits(plus)?))
            }
            Kind::Key(Key::Fn | Key::Unsafe | Key::Extern) => self.fn_ty(),
            Kind::Key(Key::For) => {
                self.for_lifetimes()?;
                match self.kind() {
                    Kind::Key(Key::Fn | Key::Unsafe | Key::Extern) => self.fn_ty(),
                    _ => self.bail(),
                }
            }
            _ => self.bail(),
        }
    }

    fn tuple_ty(&mut self) -> Res<Ty> {
        let close = self.open(b'(')?;
        let mut elems = Vec::new();
        while self.at < close {
            let elem = self.ty()?;
            if self.at == close && elems.is_empty() {
                self.at += 1;
                return Ok(elem);
            }
            elems.push(elem);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        elems.shrink_to_fit();
        Ok(Ty::Tuple(elems))
    }

    fn fn_ty(&mut self) -> Res<Ty> {
        self.eat_key(Key::Unsafe);
        if self.eat_key(Key::Extern) {
            self.eat(Kind::Text);
        }
        if !self.eat_key(Key::Fn) {
            return self.bail();
        }
        let close = self.open(b'(')?;
        let mut inputs = Vec::new();
        while self.at < close {
            let named = matches!(self.kind(), Kind::Ident | Kind::Key(Key::Underscore))
                && self.ahead(1) == Kind::Mark(b':')
                && !self.has_marks(self.at + 1, b"::");
            if named {
                self.at += 2;
            }
            inputs.push(self.ty()?);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        inputs.shrink_to_fit();
        let ret = self.arrow_ty(Plus::No)?.filter(|ty| !is_unit(ty)).unwrap_or(Ty::Tuple(Vec::new()));
        Ok(Ty::Fn(inputs, Box::new(ret)))
    }

    /// `-> T`.
    pub(super) fn arrow_ty(&mut self, plus: Plus) -> Res<Option<Ty>> {
        if self.eat_marks(b"->") { Ok(Some(self.ty_with(plus)?)) } else { Ok(None) }
    }

    /// A return type; `None` for `()`.
    pub(super) fn ret(&mut self) -> Res<Option<Ty>> {
        Ok(self.arrow_ty(Plus::Yes)?.filter(|ty| !is_unit(ty)))
    }

    fn path_ty(&mut self) -> Res<Ty> {
        let start = self.at;
        let path = self.type_path()?;
        if self.is_mark(b'!') && matches!(self.ahead(1), Kind::Open(_)) {
            self.at += 1;
            self.tokens_only(start)?;
            return Ok(Ty::Other);
        }
        Ok(Ty::Path(path))
    }

    /// `<T as Trait>::Name`.
    fn projection(&mut self) -> Res<Ty> {
        self.expect_mark(b'<')?;
        let base = Box::new(self.ty()?);
        let of = if self.eat_key(Key::As) { Some(self.type_path()?) } else { None };
        self.expect_mark(b'>')?;
        let mut names = Vec::new();
        while self.eat_marks(b"::") {
            names.push(self.type_seg()?.name);
        }
        if names.is_empty() {
            return self.bail();
        }
        names.shrink_to_fit();
        Ok(Ty::Projection(base, of.map(Box::new), names))
    }

    /// The segments of a path, each read the same way.
    pub(super) fn segments(&mut self, next: fn(&mut Self) -> Res<Seg>) -> Res<Segs> {
        // Where none has arguments, this many lie ahead.
        let mut at = self.at;
        let mut count = 1;
        while self.has_marks(at + 1, b"::") {
            at += 3;
            count += 1;
        }
        let first = next(self)?;
        if !self.eat_marks(b"::") {
            return Ok(first.into());
        }
        let mut segs = Vec::with_capacity(count);
        segs.push(first);
        loop {
            segs.push(next(self)?);
            if !self.eat_marks(b"::") {
                return Ok(segs.into());
            }
        }
    }

    /// A path as types have it: `a::B<C>`, `Fn(A) -> B`.
    pub(super) fn type_path(&mut self) -> Res<Path> {
        let global = self.eat_marks(b"::");
        Ok(Path { global, segs: self.segments(Self::type_seg)? })
    }

    fn type_seg(&mut self) -> Res<Seg> {
        let name = self.path_word()?;
        let is_value = self.has_marks(self.at, b"::") && self.ahead(2) == Kind::Mark(b'<');
        let args = if is_value {
            self.at += 2;
            self.generic_args()?
        } else if self.is_mark(b'<') && !self.is_marks(b"<=") {
            self.generic_args()?
        } else if self.is(Kind::Open(b'(')) {
            self.round_args()?
        } else {
            ThinVec::new()
        };
        Ok(Seg { name, args })
    }

    /// `(A) -> B` is `<(A,), Output = B>`.
    fn round_args(&mut self) -> Res<ThinVec<Ty>> {
        let close = self.open(b'(')?;
        let mut inputs = Vec::new();
        while self.at < close {
            inputs.push(self.ty()?);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        inputs.shrink_to_fit();
        let mut args = thin_vec![Ty::Tuple(inputs)];
        if let Some(ret) = self.arrow_ty(Plus::No)? {
            args.push(Ty::Assoc(Name::new_static("Output"), Box::new(ret)));
        }
        Ok(args)
    }

    /// A word that may be part of a path.
    pub(super) fn path_word(&mut self) -> Res<Name> {
        match self.kind() {
            Kind::Ident | Kind::Key(Key::SelfType | Key::SelfValue | Key::Super | Key::Crate) => {
                let token = self.token();
                self.at += 1;
                Ok(self.name(token))
            }
            _ => self.bail(),
        }
    }

    /// `<A, 'b, C = D, 3>`: lifetimes and constants are left out.
    pub(super) fn generic_args(&mut self) -> Res<ThinVec<Ty>> {
        self.expect_mark(b'<')?;
        let mut out = ThinVec::new();
        while !self.is_mark(b'>') {
            match self.kind() {
                Kind::Lifetime | Kind::Text | Kind::Number | Kind::Key(Key::True | Key::False) => self.at += 1,
                Kind::Open(b'{') => self.skip_group()?,
                Kind::Mark(b'-') if self.ahead(1) == Kind::Number => self.at += 2,
                _ => {
                    let ty = self.ty()?;
                    out.extend(self.generic_arg(ty)?);
                }
            }
            if !self.eat_mark(b',') && !self.is_mark(b'>') {
                return self.bail();
            }
        }
        self.at += 1;
        out.shrink_to_fit();
        Ok(out)
    }

    /// What an argument is that begins with a type.
    fn generic_arg(&mut self, ty: Ty) -> Res<Option<Ty>> {
        let equals = self.is_mark(b'=') && !self.is_marks(b"==") && !self.is_marks(b"=>");
        if !equals && !self.is_mark(b':') {
            return Ok(Some(ty));
        }
        let Ty::Path(Path { global: false, segs: Segs::One(seg) }) = ty else { return self.bail() };
        self.at += 1;
        if !equals {
            return Ok(Some(Ty::Assoc(seg.name, Box::new(Ty::Impl(self.bounds(Plus::Yes)?)))));
        }
        match self.kind() {
            Kind::Text | Kind::Number | Kind::Key(Key::True | Key::False) => self.at += 1,
            Kind::Open(b'{') => self.skip_group()?,
            Kind::Mark(b'-') => return self.bail(),
            _ => return Ok(Some(Ty::Assoc(seg.name, Box::new(self.ty()?)))),
        }
        Ok(None)
    }

    /// Bounds with a trait among them.
    fn traits(&mut self, plus: Plus) -> Res<Vec<Path>> {
        let out = self.bounds(plus)?;
        if out.is_empty() { self.bail() } else { Ok(out) }
    }

    /// `A + 'b + ?Sized`, of which there may be none.
    pub(super) fn bounds(&mut self, plus: Plus) -> Res<Vec<Path>> {
        let mut out = Vec::new();
        loop {
            match self.kind() {
                Kind::Lifetime => self.at += 1,
                Kind::Mark(b'?') => {
                    self.at += 1;
                    self.type_path()?;
                }
                Kind::Open(b'(') => {
                    let close = self.open(b'(')?;
                    out.extend(self.bound()?);
                    self.close(close)?;
                }
                Kind::Ident | Kind::Key(Key::SelfType | Key::Super | Key::Crate | Key::For) => out.extend(self.bound()?),
                Kind::Mark(b':') if self.is_marks(b"::") => out.extend(self.bound()?),
                // `use<'a, T>` says what is captured.
                Kind::Key(Key::Use) => {
                    self.at += 1;
                    self.expect_mark(b'<')?;
                    while matches!(self.kind(), Kind::Lifetime | Kind::Ident | Kind::Key(Key::SelfType) | Kind::Mark(b',')) {
                        self.at += 1;
                    }
                    self.expect_mark(b'>')?;
                }
                // `~const A`.
                Kind::Key(Key::Const | Key::Async) | Kind::Mark(b'~') => return self.bail(),
                _ => break,
            }
            if plus == Plus::No || self.is_marks(b"+=") || !self.eat_mark(b'+') {
                break;
            }
        }
        out.shrink_to_fit();
        Ok(out)
    }

    fn bound(&mut self) -> Res<Option<Path>> {
        if self.eat_mark(b'?') {
            self.type_path()?;
            return Ok(None);
        }
        if self.is_key(Key::For) {
            self.for_lifetimes()?;
        }
        Ok(Some(self.type_path()?))
    }

    /// `for<'a, 'b>`.
    pub(super) fn for_lifetimes(&mut self) -> Res<()> {
        self.at += 1;
        self.expect_mark(b'<')?;
        while !self.eat_mark(b'>') {
            self.expect(Kind::Lifetime)?;
            if !self.eat_mark(b',') && !self.is_mark(b'>') {
                return self.bail();
            }
        }
        Ok(())
    }
}

fn is_unit(ty: &Ty) -> bool {
    matches!(ty, Ty::Tuple(elems) if elems.is_empty())
}
