//! Attributes. The usual forms are read from the tokens; where there is a condition, all attributes of the thing go through `syn`.

use super::tokens::{Key, Kind};
use super::{Direct, Res};
use crate::facts::{Attr, Cfg, Name, Path, Seg};
use crate::parse::attrs::{Attrs, add_doc, is_test_attribute};
use crate::parse::cfgs;

/// The tokens of the attributes of one thing.
#[derive(Clone, Copy)]
pub(super) struct Span {
    from: usize,
    to: usize,
    /// One of them is a condition.
    conditional: bool,
}

impl Span {
    pub(super) fn from(self) -> usize {
        self.from
    }

    /// No condition is among them.
    pub(super) fn is_plain(self) -> bool {
        !self.conditional
    }

    pub(super) fn is_empty(self) -> bool {
        self.from == self.to
    }
}

impl Direct<'_, '_> {
    /// Passes the attributes and docs that stand here.
    pub(super) fn outer_attrs(&mut self) -> Res<Span> {
        let from = self.at;
        let mut conditional = false;
        loop {
            match self.kind() {
                Kind::Doc => self.at += 1,
                Kind::Mark(b'#') if self.ahead(1) == Kind::Open(b'[') => {
                    conditional |= self.is_condition(self.at + 2)?;
                    self.at += 1;
                    self.skip_group()?;
                }
                _ => break,
            }
        }
        Ok(Span { from, to: self.at, conditional })
    }

    /// Passes the inner attributes and docs that stand here; whether there are any.
    pub(super) fn inner_attrs(&mut self) -> Res<Span> {
        let from = self.at;
        let mut conditional = false;
        loop {
            match self.kind() {
                Kind::InnerDoc => self.at += 1,
                Kind::Mark(b'#') if self.ahead(1) == Kind::Mark(b'!') && self.ahead(2) == Kind::Open(b'[') => {
                    conditional |= self.is_condition(self.at + 3)?;
                    self.at += 2;
                    self.skip_group()?;
                }
                _ => break,
            }
        }
        Ok(Span { from, to: self.at, conditional })
    }

    /// A condition, or a doc that is no comment: its value may be made by a macro, or be a flag.
    fn is_condition(&self, at: usize) -> Res<bool> {
        let token = self.tokens[at];
        if !matches!(token.kind, Kind::Ident | Kind::Key(_) | Kind::Mark(b':')) {
            return self.bail();
        }
        Ok(token.kind == Kind::Ident && matches!(self.text(token), "cfg" | "cfg_attr" | "doc"))
    }

    /// The condition of the file.
    pub(super) fn file_cfg(&mut self) -> Res<Option<Cfg>> {
        let span = self.inner_attrs()?;
        if !span.conditional {
            return Ok(None);
        }
        self.with_syn(span.from, span.to, |reader, text| {
            let Ok(attrs) = syn::parse::Parser::parse_str(syn::Attribute::parse_inner, text) else { return reader.bail() };
            Ok(reader.low.cx.file_cfg(&attrs))
        })
    }

    fn syn_attrs<T>(&mut self, span: Span, read: impl FnOnce(&mut Self, &[syn::Attribute]) -> T) -> Res<T> {
        self.with_syn(span.from, span.to, |reader, text| {
            let Ok(attrs) = syn::parse::Parser::parse_str(syn::Attribute::parse_outer, text) else { return reader.bail() };
            Ok(read(reader, &attrs))
        })
    }

    /// Whether something under these attributes can exist in the builds of interest.
    pub(super) fn kept(&mut self, span: Span) -> Res<bool> {
        if !span.conditional {
            return Ok(true);
        }
        self.syn_attrs(span, |reader, attrs| reader.low.cx.kept(attrs))
    }

    /// The builds in which something under these attributes is; outer `None` when in none of interest.
    #[expect(clippy::option_option, reason = "never, always and sometimes are three answers")]
    pub(super) fn builds(&mut self, span: Span) -> Res<Option<Option<Cfg>>> {
        if !span.conditional {
            return Ok(Some(None));
        }
        self.syn_attrs(span, |reader, attrs| reader.low.cx.cfg(attrs))
    }

    /// Whether something under these attributes exists in every build for Linux.
    pub(super) fn holds_on_linux(&mut self, span: Span) -> Res<bool> {
        if !span.conditional {
            return Ok(true);
        }
        self.syn_attrs(span, |reader, attrs| reader.low.cx.holds_on_linux(attrs))
    }

    /// `#[path = "…"]` of an item that is not read.
    pub(super) fn written_path(&mut self, span: Span) -> Res<Option<String>> {
        self.syn_attrs(span, |_, attrs| crate::parse::attrs::written_path(attrs))
    }

    /// Whether a function with these attributes is left out as a test.
    pub(super) fn is_left_out_test(&self, span: Span) -> bool {
        if self.low.cx.include_tests {
            return false;
        }
        let mut at = span.from;
        while at < span.to {
            if self.tokens[at].kind != Kind::Mark(b'#') {
                at += 1;
                continue;
            }
            let mut last = at + 2 + if self.has_marks(at + 2, b"::") { 2 } else { 0 };
            while self.has_marks(last + 1, b"::") {
                last += 3;
            }
            if is_test_attribute(self.text(self.tokens[last])) {
                return true;
            }
            at = self.tokens[at + 1].partner as usize + 1;
        }
        false
    }

    /// Reads the attributes; `None` when their condition never holds.
    pub(super) fn attrs(&mut self, span: Span) -> Res<Option<Attrs>> {
        if span.conditional {
            return self.syn_attrs(span, |reader, attrs| reader.low.cx.attrs(attrs));
        }
        let mut out = Attrs::default();
        self.add_attrs(span, Kind::Doc, 2, &mut out)?;
        out.attrs.shrink_to_fit();
        Ok(Some(out))
    }

    /// Adds the inner attributes of a module to its outer ones.
    pub(super) fn inner_attrs_of(&mut self, out: &mut Attrs) -> Res<()> {
        let span = self.inner_attrs()?;
        if span.conditional {
            return self.bail();
        }
        self.add_attrs(span, Kind::InnerDoc, 3, out)
    }

    /// Adds attributes and doc comments of one sort; `head` tokens stand before the path of each: `#[`, or `#![`.
    fn add_attrs(&mut self, span: Span, doc: Kind, head: usize, out: &mut Attrs) -> Res<()> {
        let mut at = span.from;
        while at < span.to {
            let token = self.tokens[at];
            if token.kind == doc {
                self.add_doc(token, out);
                at += 1;
                continue;
            }
            let close = self.tokens[at + head - 1].partner as usize;
            let attr = self.attr(at, at + head, close)?;
            out.attrs.push(attr);
            at = close + 1;
        }
        Ok(())
    }

    fn add_doc(&self, token: super::Token, out: &mut Attrs) {
        let text = self.text(token);
        let text = if text.starts_with("//") { &text[3..] } else { &text[3..text.len() - 2] };
        add_doc(text, &mut out.doc);
    }

    /// One attribute: from its `#` and its path to its closing bracket.
    fn attr(&mut self, from: usize, path: usize, close: usize) -> Res<Attr> {
        let mut at = path;
        let mut segs = Vec::with_capacity(1);
        let mut path_is_plain = true;
        loop {
            let token = self.tokens[at];
            path_is_plain &= token.kind == Kind::Ident || token.kind == Kind::Key(Key::Crate);
            segs.push(Seg::of(self.name(token)));
            at += 1;
            if !self.has_marks(at, b"::") {
                break;
            }
            at += 2;
        }
        let next = self.tokens[at];
        let args = match next.kind {
            _ if !path_is_plain => None,
            Kind::Close(_) => Some(Vec::new()),
            Kind::Open(_) if next.partner as usize + 1 == close => self.attr_args(at + 1, close - 1),
            Kind::Mark(b'=') if at + 2 == close && self.tokens[at + 1].kind == Kind::Text => {
                self.plain_text(self.tokens[at + 1]).map(|text| vec![(Name::default(), Some(text.to_owned()))])
            }
            _ => None,
        };
        if let Some(args) = args {
            return Ok(Attr { path: Path { global: false, segs: segs.into() }, args, span: self.tokens[from].place });
        }
        if path != from + 2 {
            return self.bail();
        }
        let span = Span { from, to: close + 1, conditional: false };
        match self.syn_attrs(span, |reader, attrs| reader.low.cx.attrs(attrs).and_then(|mut attrs| attrs.attrs.pop()))? {
            Some(attr) => Ok(attr),
            None => self.bail(),
        }
    }

    /// The arguments between two tokens; `None` when there is more among them than words, texts and marks.
    fn attr_args(&self, from: usize, to: usize) -> Option<Vec<(Name, Option<String>)>> {
        let mut out = Vec::new();
        let mut at = from;
        while at < to {
            let mut end = at;
            while end < to && self.tokens[end].kind != Kind::Mark(b',') {
                if matches!(self.tokens[end].kind, Kind::Open(_) | Kind::Lifetime | Kind::Doc | Kind::InnerDoc) {
                    return None;
                }
                end += 1;
            }
            match &self.tokens[at..end] {
                [] => {}
                [one] if one.kind == Kind::Ident => out.push((self.name(*one), None)),
                [key, equals, value] if key.kind == Kind::Ident && equals.kind == Kind::Mark(b'=') => {
                    let value = match value.kind {
                        Kind::Text => self.plain_text(*value)?.to_owned(),
                        Kind::Number => self.literal_text(*value),
                        Kind::Ident => self.text(*value).to_owned(),
                        _ => return None,
                    };
                    out.push((Name::new(self.text(*key)), Some(value)));
                }
                [one] if one.kind == Kind::Text => out.push((Name::new(self.plain_text(*one)?), None)),
                path if path.iter().all(|token| token.kind == Kind::Ident || token.kind == Kind::Mark(b':')) => {
                    let (first, last) = (path[0], path[path.len() - 1]);
                    let text = &self.code[first.start as usize..last.end as usize];
                    // Two words in a row, or blanks around the colons.
                    if text.bytes().any(|byte| byte.is_ascii_whitespace() || byte == b'/') {
                        return None;
                    }
                    out.push((Name::new(text), None));
                }
                _ => return None,
            }
            at = end + 1;
        }
        Some(out)
    }

    fn literal_text(&self, token: super::Token) -> String {
        let text = self.text(token);
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.to_owned();
        }
        text.parse::<proc_macro2::Literal>().map_or_else(|_| text.to_owned(), |literal| cfgs::literal_text(&literal))
    }
}
