//! What stands before a body: visibility, type parameters, parameters of functions.

use super::tokens::{Key, Kind};
use super::types::Plus;
use super::{Direct, Res};
use crate::facts::{FnFact, Generic, Param, PatId, Path, Ty};

impl Direct<'_, '_> {
    /// `pub`, `pub(crate)`, `pub(in a::b)`.
    pub(super) fn visibility(&mut self) -> Res<bool> {
        if !self.eat_key(Key::Pub) {
            return Ok(false);
        }
        if self.is(Kind::Open(b'(')) {
            // Else it is the type of a field: `pub (A, B)`.
            let within = match self.ahead(1) {
                Kind::Key(Key::Crate | Key::SelfValue | Key::Super) => self.ahead(2) == Kind::Close(b')'),
                Kind::Key(Key::In) => true,
                _ => false,
            };
            if within {
                self.skip_group()?;
            }
        }
        Ok(true)
    }

    /// `<'a, T: A = B, const N: usize>`.
    pub(super) fn generics(&mut self) -> Res<Vec<Generic>> {
        let mut out = Vec::new();
        if !self.eat_mark(b'<') {
            return Ok(out);
        }
        while !self.is_mark(b'>') {
            match self.kind() {
                Kind::Lifetime => {
                    self.at += 1;
                    if self.eat_mark(b':') {
                        self.lifetimes();
                    }
                }
                Kind::Key(Key::Const) => {
                    self.at += 1;
                    self.ident()?;
                    self.expect_mark(b':')?;
                    self.ty()?;
                    if self.eat_equals() {
                        match self.kind() {
                            Kind::Open(b'{') => self.skip_group()?,
                            Kind::Text | Kind::Number | Kind::Ident | Kind::Key(Key::True | Key::False) => self.at += 1,
                            _ => return self.bail(),
                        }
                    }
                }
                _ => {
                    let (name, _) = self.ident()?;
                    let bounds = if self.eat_mark(b':') { self.bounds(Plus::Yes)? } else { Vec::new() };
                    if self.eat_equals() {
                        self.ty()?;
                    }
                    out.push(Generic { name, bounds });
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

    fn lifetimes(&mut self) {
        while self.eat(Kind::Lifetime) {
            if !self.eat_mark(b'+') {
                break;
            }
        }
    }

    /// `where T: A, 'a: 'b`: the bounds of parameters join those they have.
    pub(super) fn where_clause(&mut self, generics: &mut [Generic]) -> Res<()> {
        if !self.eat_key(Key::Where) {
            return Ok(());
        }
        while !matches!(self.kind(), Kind::Open(b'{') | Kind::Mark(b';' | b'=') | Kind::End) {
            if self.eat(Kind::Lifetime) {
                self.expect_mark(b':')?;
                self.lifetimes();
            } else {
                if self.is_key(Key::For) {
                    self.for_lifetimes()?;
                }
                let ty = self.ty()?;
                if !self.eat_colon() {
                    return self.bail();
                }
                let bounds = self.bounds(Plus::Yes)?;
                if let Ty::Path(Path { global: false, segs }) = &ty
                    && let [only] = &**segs
                    && only.args.is_empty()
                    && let Some(generic) = generics.iter_mut().find(|generic| generic.name == only.name)
                {
                    generic.bounds.extend(bounds);
                }
            }
            if !self.eat_mark(b',') {
                break;
            }
        }
        Ok(())
    }

    /// A function from behind its name on.
    pub(super) fn function(&mut self, is_async: bool) -> Res<FnFact> {
        let mut generics = self.generics()?;
        let read = |reader: &mut Self| {
            let (has_self, mut params) = reader.params()?;
            let ret = reader.ret()?;
            reader.where_clause(&mut generics)?;
            if reader.eat_mark(b';') {
                // A required method binds nothing: the ids lead nowhere, as there is no body.
                params.iter_mut().for_each(|param| param.pat = PatId(u32::MAX));
                return Ok((has_self, params, ret, None));
            }
            let block = reader.block()?;
            Ok((has_self, params, ret, Some(reader.push(block))))
        };
        let ((has_self, params, ret, root), body) = self.body(read, |(_, _, _, root)| *root)?;
        Ok(FnFact { generics, has_self, params, ret, is_async, body: root.map(|_| body) })
    }

    fn params(&mut self) -> Res<(bool, Vec<Param>)> {
        let close = self.open(b'(')?;
        let mut has_self = false;
        let mut first = true;
        let mut out = Vec::new();
        while self.at < close {
            let mark = self.mark();
            let attrs = self.outer_attrs()?;
            let kept = self.kept(attrs)?;
            if first && self.receiver()? {
                has_self = true;
            } else {
                let pat = self.pat_single()?;
                if !self.eat_colon() {
                    return self.bail();
                }
                let ty = self.ty()?;
                if kept {
                    out.push(Param { pat, ty });
                } else {
                    self.forget(&mark);
                }
            }
            first = false;
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        out.shrink_to_fit();
        Ok((has_self, out))
    }

    /// `self`, `mut self`, `&'a mut self`, `self: Arc<Self>`.
    fn receiver(&mut self) -> Res<bool> {
        let start = self.at;
        if self.eat_mark(b'&') {
            self.eat(Kind::Lifetime);
        }
        self.eat_key(Key::Mut);
        if !self.eat_key(Key::SelfValue) || self.is_marks(b"::") {
            self.at = start;
            return Ok(false);
        }
        if self.eat_mark(b':') {
            self.ty()?;
        }
        Ok(true)
    }
}
