//! Patterns.

use super::tokens::{Key, Kind};
use super::{Direct, Res};
use crate::facts::{Name, Pat, PatId, Path, Seg, Ty};

impl Direct<'_, '_> {
    /// `a | b`, `| a`.
    pub(super) fn pat(&mut self) -> Res<PatId> {
        let leading = !self.is_marks(b"||") && self.eat_mark(b'|');
        let first = self.pat_single()?;
        if !leading && !self.another_case() {
            return Ok(first);
        }
        let mut cases = vec![first];
        while self.another_case() {
            self.at += 1;
            cases.push(self.pat_single()?);
        }
        Ok(self.low.push_pat(Pat::Or(cases.into_boxed_slice())))
    }

    fn another_case(&self) -> bool {
        self.is_mark(b'|') && !self.is_marks(b"||") && !self.is_marks(b"|=")
    }

    /// A pattern that is not one of several.
    pub(super) fn pat_single(&mut self) -> Res<PatId> {
        self.deeper(Self::any_pat)
    }

    fn any_pat(&mut self) -> Res<PatId> {
        let pat = match self.kind() {
            Kind::Key(Key::Underscore) => {
                self.at += 1;
                Pat::Other
            }
            Kind::Mark(b'&') => {
                self.at += 1;
                self.eat_key(Key::Mut);
                Pat::Ref(self.pat_single()?)
            }
            Kind::Open(b'(') => return self.tuple_pat(),
            Kind::Open(b'[') => {
                let close = self.open(b'[')?;
                Pat::Slice(self.pats_until(close)?)
            }
            Kind::Key(Key::Ref | Key::Mut) => {
                self.eat_key(Key::Ref);
                self.eat_key(Key::Mut);
                self.binding(false)?
            }
            Kind::Ident if self.is_binding() => self.binding(true)?,
            Kind::Ident | Kind::Key(Key::SelfType | Key::SelfValue | Key::Crate | Key::Super) | Kind::Mark(b':' | b'<') => {
                self.path_pat()?
            }
            Kind::Mark(b'.') if self.is_marks(b"..") => self.range_pat_to()?,
            Kind::Text | Kind::Number | Kind::Key(Key::True | Key::False) | Kind::Mark(b'-') => {
                self.pat_limit()?;
                self.range_pat_from()?;
                Pat::Other
            }
            _ => return self.bail(),
        };
        Ok(self.low.push_pat(pat))
    }

    /// Whether a name stands for itself here, and begins nothing longer.
    fn is_binding(&self) -> bool {
        match self.ahead(1) {
            Kind::Open(b'(' | b'{') => false,
            Kind::Mark(b':') => !self.has_marks(self.at + 1, b"::"),
            Kind::Mark(b'!') => !matches!(self.ahead(2), Kind::Open(_)),
            Kind::Mark(b'.') => !self.has_marks(self.at + 1, b".."),
            _ => true,
        }
    }

    /// `name`, `name @ sub`.
    fn binding(&mut self, plain: bool) -> Res<Pat> {
        let (name, span) = if self.is_key(Key::SelfValue) {
            self.at += 1;
            (Name::new_static("self"), self.tokens[self.at - 1].place)
        } else {
            self.ident()?
        };
        let sub = if self.eat_mark(b'@') { Some(self.pat_single()?) } else { None };
        // The grammar cannot tell `None` from a binding; the naming convention can.
        if plain && sub.is_none() && name.starts_with(|first: char| first.is_uppercase()) {
            return Ok(Pat::Path(Path { global: false, segs: Seg::of(name).into() }));
        }
        Ok(Pat::Bind { name, sub, span })
    }

    fn tuple_pat(&mut self) -> Res<PatId> {
        let close = self.open(b'(')?;
        let is_rest = self.is_marks(b"..") && self.at + 2 == close;
        if self.at < close {
            let first = self.pat()?;
            if self.at == close && !is_rest {
                self.at += 1;
                return Ok(first);
            }
            if self.at < close {
                self.expect_mark(b',')?;
            }
            let mut all = vec![first];
            self.more_pats(close, &mut all)?;
            return Ok(self.low.push_pat(Pat::Tuple(all.into_boxed_slice())));
        }
        self.close(close)?;
        Ok(self.low.push_pat(Pat::Tuple(Box::default())))
    }

    fn pats_until(&mut self, close: usize) -> Res<Box<[PatId]>> {
        let mut all = Vec::new();
        self.more_pats(close, &mut all)?;
        Ok(all.into_boxed_slice())
    }

    fn more_pats(&mut self, close: usize, all: &mut Vec<PatId>) -> Res<()> {
        while self.at < close {
            all.push(self.pat()?);
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)
    }

    /// `A::B`, `A(b)`, `A { b, c: d, .. }`, `A..=B`, `a!(b)`.
    fn path_pat(&mut self) -> Res<Pat> {
        let start = self.at;
        let (path, _) = self.expr_path()?;
        match self.kind() {
            Kind::Open(b'(') => {
                let close = self.open(b'(')?;
                Ok(Pat::TupleStruct(path, self.pats_until(close)?))
            }
            Kind::Open(b'{') => {
                let close = self.open(b'{')?;
                Ok(Pat::Struct(path, self.field_pats(close)?))
            }
            Kind::Mark(b'!') if matches!(self.ahead(1), Kind::Open(_)) => {
                self.at += 1;
                self.note_group(start, false)?;
                Ok(Pat::Other)
            }
            Kind::Mark(b'.') if self.is_marks(b"..") => {
                self.range_pat_from()?;
                Ok(Pat::Other)
            }
            _ => Ok(Pat::Path(path)),
        }
    }

    fn field_pats(&mut self, close: usize) -> Res<Box<[(Name, PatId)]>> {
        let mut out = Vec::new();
        while self.at < close {
            self.outer_attrs()?;
            if self.eat_marks(b"..") {
                break;
            }
            let is_named = matches!(self.kind(), Kind::Ident | Kind::Number)
                && self.ahead(1) == Kind::Mark(b':')
                && !self.has_marks(self.at + 1, b"::");
            if is_named {
                let name = self.member()?;
                self.at += 1;
                out.push((name, self.pat()?));
            } else {
                let plain = self.is(Kind::Ident);
                self.eat_key(Key::Ref);
                self.eat_key(Key::Mut);
                if !self.is(Kind::Ident) || self.ahead(1) == Kind::Mark(b'@') {
                    return self.bail();
                }
                let name = self.name(self.token());
                let pat = self.binding(plain)?;
                out.push((name, self.low.push_pat(pat)));
            }
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        Ok(out.into_boxed_slice())
    }

    /// The name of a field, or its index.
    pub(super) fn member(&mut self) -> Res<Name> {
        let token = self.token();
        match token.kind {
            Kind::Ident => {}
            Kind::Number if self.text(token).bytes().all(|byte| byte.is_ascii_digit()) => {}
            _ => return self.bail(),
        }
        self.at += 1;
        Ok(self.name(token))
    }

    /// One end of a range, or a literal.
    fn pat_limit(&mut self) -> Res<()> {
        match self.kind() {
            Kind::Mark(b'-') => {
                self.at += 1;
                self.expect(Kind::Number)
            }
            Kind::Text | Kind::Number | Kind::Key(Key::True | Key::False) => {
                self.at += 1;
                Ok(())
            }
            Kind::Ident | Kind::Key(Key::SelfType | Key::SelfValue | Key::Crate | Key::Super) | Kind::Mark(b'<') => {
                let mark = self.mark();
                self.expr_path()?;
                self.forget(&mark);
                Ok(())
            }
            _ => self.bail(),
        }
    }

    /// `..=b`, `..b`, `..` behind the start of a range; nothing when there is none.
    fn range_pat_from(&mut self) -> Res<()> {
        if !self.eat_marks(b"..=") && !self.eat_marks(b"..") {
            return Ok(());
        }
        match self.kind() {
            Kind::Close(_) | Kind::Mark(b',' | b'=' | b'|' | b':' | b';') | Kind::Key(Key::If | Key::In) => Ok(()),
            _ => self.pat_limit(),
        }
    }

    /// `..`, `..=b`.
    fn range_pat_to(&mut self) -> Res<Pat> {
        self.range_pat_from()?;
        Ok(Pat::Other)
    }

    /// A pattern with its type.
    pub(super) fn typed_pat(&mut self) -> Res<(PatId, Option<Ty>)> {
        let pat = self.pat_single()?;
        let ty = if self.eat_colon() { Some(self.ty()?) } else { None };
        Ok((pat, ty))
    }
}
