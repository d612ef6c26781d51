//! Items: modules, uses, statics, types, functions.

use smol_str::SmolStr;

use super::attrs::Span as AttrSpan;
use super::tokens::{Key, Kind};
use super::types::Plus;
use super::{Direct, Res};
use crate::facts::{
    EnumFact, FieldFact, ItemFact, ItemKind, ModFact, Name, Span, StaticFact, StaticForm, StructFact, Ty, UseFact, VariantFact,
};
use crate::parse::attrs::{Attrs, path_value};
use crate::parse::items::is_thread_local;

/// Segments of a path in a `use`.
const MAX_PATH: usize = 1_000;

/// What an item is, before its attributes are known to keep it.
pub(super) struct Found {
    pub(super) name: Name,
    pub(super) at: Span,
    pub(super) kind: ItemKind,
}

/// A function without a body.
pub(super) fn is_required(found: &Found) -> bool {
    matches!(&found.kind, ItemKind::Fn(func) if func.body.is_none())
}

impl Direct<'_, '_> {
    pub(super) fn items_until_end(&mut self) -> Res<Vec<ItemFact>> {
        let mut out = Vec::new();
        let last = self.tokens.len() - 1;
        self.items_until(last, &mut out)?;
        Ok(out)
    }

    fn items_until(&mut self, end: usize, out: &mut Vec<ItemFact>) -> Res<()> {
        while self.at < end {
            self.item(out)?;
        }
        out.shrink_to_fit();
        Ok(())
    }

    /// An item with its attributes.
    pub(super) fn item(&mut self, out: &mut Vec<ItemFact>) -> Res<()> {
        let span = self.outer_attrs()?;
        self.item_under(span, out)
    }

    /// An item whose attributes were passed.
    pub(super) fn item_under(&mut self, span: AttrSpan, out: &mut Vec<ItemFact>) -> Res<()> {
        self.deeper(|reader| reader.rest_of_item(span, out))
    }

    fn rest_of_item(&mut self, span: AttrSpan, out: &mut Vec<ItemFact>) -> Res<()> {
        if self.is_macro_call() {
            return self.item_macro(span, out);
        }
        let Some(mut attrs) = self.attrs(span)? else { return self.left_out(span) };
        let public = self.visibility()?;
        if self.is_function() && self.is_left_out_test(span) {
            return self.skip_item();
        }
        if let Some(found) = self.kind_of_item(&mut attrs)? {
            out.push(self.fact(found, public, attrs));
        }
        Ok(())
    }

    pub(super) fn fact(&self, found: Found, public: bool, attrs: Attrs) -> ItemFact {
        let Attrs { cfg, doc, attrs } = attrs;
        let Found { name, at, kind } = found;
        ItemFact { name, kind, span: at, cfg, doc, attrs, public, from_macro: self.low.cx.from_macro.clone() }
    }

    /// Passes an item whose condition never holds.
    fn left_out(&mut self, span: AttrSpan) -> Res<()> {
        self.visibility()?;
        if self.is_key(Key::Mod) && self.ahead(2) == Kind::Mark(b';') {
            let name = self.name(self.tokens[self.at + 1]);
            let path = self.written_path(span)?;
            self.low.cx.test_mods.push((name, path));
        }
        self.skip_item()
    }

    /// Passes what is left of an item that is left out, unread: it ends with its braces or its semicolon.
    pub(super) fn skip_item(&mut self) -> Res<()> {
        let has_value = matches!(self.kind(), Kind::Key(Key::Use | Key::Static | Key::Type))
            || (self.is_key(Key::Const) && !self.is_function())
            || (self.is_key(Key::Extern) && self.ahead(1) == Kind::Key(Key::Crate));
        loop {
            match self.kind() {
                Kind::Open(b'{') if !has_value => return self.skip_group(),
                Kind::Open(_) => self.skip_group()?,
                Kind::Mark(b';') => {
                    self.at += 1;
                    return Ok(());
                }
                Kind::Close(_) | Kind::End => return self.bail(),
                _ => self.at += 1,
            }
        }
    }

    /// Whether a function starts here, behind its visibility.
    fn is_function(&self) -> bool {
        let mut at = self.at;
        loop {
            match self.tokens[at].kind {
                Kind::Key(Key::Fn) => return true,
                Kind::Key(Key::Const | Key::Async | Key::Unsafe | Key::Extern) | Kind::Text => at += 1,
                _ => return false,
            }
        }
    }

    /// `None` for what holds nothing: declarations of what lives elsewhere.
    fn kind_of_item(&mut self, attrs: &mut Attrs) -> Res<Option<Found>> {
        if self.is_function() {
            let found = self.fn_item()?;
            return if is_required(&found) { self.bail() } else { Ok(Some(found)) };
        }
        let at = self.place();
        let Kind::Key(key) = self.kind() else {
            if self.is_word("union") && self.ahead(1) == Kind::Ident {
                return self.union().map(Some);
            }
            return self.bail();
        };
        self.at += 1;
        let found = match key {
            Key::Use => Found { name: Name::default(), at, kind: ItemKind::Use(self.use_leaves()?) },
            Key::Struct => self.structure()?,
            Key::Enum => self.enumeration()?,
            Key::Impl => Found { name: Name::default(), at, kind: self.implementation()? },
            Key::Static if !self.is_key(Key::Underscore) => {
                let form = if is_thread_local(&attrs.attrs) { StaticForm::ThreadLocal } else { StaticForm::Plain };
                let mutable = self.eat_key(Key::Mut);
                let (name, at, fact) = self.constant(form, mutable)?;
                Found { name, at, kind: ItemKind::Static(fact) }
            }
            Key::Const => {
                let (name, at, fact) = self.constant(StaticForm::Plain, false)?;
                Found { name, at, kind: ItemKind::Const(fact) }
            }
            Key::Mod => self.module(attrs)?,
            Key::Type => {
                let (name, at) = self.ident()?;
                let mut generics = self.generics()?;
                self.where_clause(&mut generics)?;
                self.expect_mark(b'=')?;
                let ty = self.ty()?;
                self.where_clause(&mut generics)?;
                self.expect_mark(b';')?;
                Found { name, at, kind: ItemKind::TypeAlias(generics, ty) }
            }
            Key::Trait => self.trait_item()?,
            Key::Unsafe if self.eat_key(Key::Impl) => {
                let at = self.tokens[self.at - 1].place;
                Found { name: Name::default(), at, kind: self.implementation()? }
            }
            Key::Unsafe if self.eat_key(Key::Trait) => self.trait_item()?,
            Key::Unsafe if self.is_key(Key::Extern) => {
                self.at += 1;
                return self.extern_block();
            }
            Key::Extern if self.eat_key(Key::Crate) => self.extern_crate()?,
            Key::Extern => return self.extern_block(),
            _ => return self.bail(),
        };
        Ok(Some(found))
    }

    /// `const async unsafe extern "C" fn name …`.
    pub(super) fn fn_item(&mut self) -> Res<Found> {
        self.eat_key(Key::Const);
        let is_async = self.eat_key(Key::Async);
        self.eat_key(Key::Unsafe);
        if self.eat_key(Key::Extern) {
            self.eat(Kind::Text);
        }
        if !self.eat_key(Key::Fn) {
            return self.bail();
        }
        let (name, at) = self.ident()?;
        Ok(Found { name, at, kind: ItemKind::Fn(Box::new(self.function(is_async)?)) })
    }

    /// `extern { … }` declares what lives elsewhere.
    fn extern_block(&mut self) -> Res<Option<Found>> {
        self.eat(Kind::Text);
        if self.low.cx.extern_blocks || !self.is(Kind::Open(b'{')) {
            return self.bail();
        }
        self.skip_group()?;
        Ok(None)
    }

    fn extern_crate(&mut self) -> Res<Found> {
        let at = self.place();
        let name = self.path_word()?;
        let known_as = if self.eat_key(Key::As) {
            if self.eat_key(Key::Underscore) { Name::new_static("_") } else { self.ident()?.0 }
        } else {
            name.clone()
        };
        self.expect_mark(b';')?;
        Ok(Found { name: known_as, at, kind: ItemKind::ExternCrate(name) })
    }

    fn module(&mut self, attrs: &mut Attrs) -> Res<Found> {
        let (name, at) = self.ident()?;
        let path = path_value(&attrs.attrs);
        let items = if self.eat_mark(b';') {
            None
        } else {
            let close = self.open(b'{')?;
            self.inner_attrs_of(attrs)?;
            let mut items = Vec::new();
            self.items_until(close, &mut items)?;
            self.close(close)?;
            Some(items)
        };
        Ok(Found { name, at, kind: ItemKind::Mod(ModFact { items, path }) })
    }

    /// A static or const, from its name on.
    fn constant(&mut self, form: StaticForm, mutable: bool) -> Res<(Name, Span, Box<StaticFact>)> {
        let (name, at) = if self.is_key(Key::Underscore) {
            self.at += 1;
            (Name::new_static("_"), self.tokens[self.at - 1].place)
        } else {
            self.ident()?
        };
        self.expect_mark(b':')?;
        let ty = self.ty()?;
        if !self.eat_equals() {
            return self.bail();
        }
        let (_, init) = self.body(Self::expr, |root| Some(*root))?;
        self.expect_mark(b';')?;
        Ok((name, at, Box::new(StaticFact { ty, mutable, init: Some(init), form })))
    }

    fn union(&mut self) -> Res<Found> {
        self.at += 1;
        let (name, at) = self.ident()?;
        let mut generics = self.generics()?;
        self.where_clause(&mut generics)?;
        let fields = self.named_fields()?;
        Ok(Found { name, at, kind: ItemKind::Struct(StructFact { generics, fields }) })
    }

    fn structure(&mut self) -> Res<Found> {
        let (name, at) = self.ident()?;
        let mut generics = self.generics()?;
        self.where_clause(&mut generics)?;
        let fields = match self.kind() {
            Kind::Open(b'{') => self.named_fields()?,
            Kind::Open(b'(') => {
                let fields = self.tuple_fields()?;
                self.where_clause(&mut generics)?;
                self.expect_mark(b';')?;
                fields
            }
            _ => {
                self.expect_mark(b';')?;
                Vec::new()
            }
        };
        Ok(Found { name, at, kind: ItemKind::Struct(StructFact { generics, fields }) })
    }

    fn enumeration(&mut self) -> Res<Found> {
        let (name, at) = self.ident()?;
        let mut generics = self.generics()?;
        self.where_clause(&mut generics)?;
        let close = self.open(b'{')?;
        let mut variants = Vec::new();
        while self.at < close {
            let span = self.outer_attrs()?;
            let attrs = self.attrs(span)?;
            let mark = self.mark();
            let (name, _) = self.ident()?;
            let fields = match self.kind() {
                Kind::Open(b'{') => self.named_fields()?,
                Kind::Open(b'(') => self.tuple_fields()?,
                _ => Vec::new(),
            };
            if self.eat_equals() {
                // Numbers of variants are no facts.
                let mark = self.mark();
                self.body(Self::expr, |root| Some(*root))?;
                self.forget(&mark);
            }
            if let Some(Attrs { attrs, .. }) = attrs {
                variants.push(VariantFact { name, fields, attrs });
            } else {
                self.forget(&mark);
            }
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        variants.shrink_to_fit();
        Ok(Found { name, at, kind: ItemKind::Enum(EnumFact { generics, variants }) })
    }

    fn named_fields(&mut self) -> Res<Vec<FieldFact>> {
        let close = self.open(b'{')?;
        let mut out = Vec::new();
        while self.at < close {
            let span = self.outer_attrs()?;
            let attrs = self.attrs(span)?;
            self.visibility()?;
            let (name, at) = self.ident()?;
            self.expect_mark(b':')?;
            self.field(name, Some(at), attrs, &mut out)?;
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        out.shrink_to_fit();
        Ok(out)
    }

    fn tuple_fields(&mut self) -> Res<Vec<FieldFact>> {
        let close = self.open(b'(')?;
        let mut out = Vec::new();
        let mut index = 0_usize;
        while self.at < close {
            let span = self.outer_attrs()?;
            let attrs = self.attrs(span)?;
            self.visibility()?;
            self.field(SmolStr::from(index.to_string()), None, attrs, &mut out)?;
            index += 1;
            if self.at < close {
                self.expect_mark(b',')?;
            }
        }
        self.close(close)?;
        out.shrink_to_fit();
        Ok(out)
    }

    /// A field from its type on.
    fn field(&mut self, name: Name, at: Option<Span>, attrs: Option<Attrs>, out: &mut Vec<FieldFact>) -> Res<()> {
        let mark = self.mark();
        let at = at.unwrap_or(self.place());
        let ty: Ty = self.ty()?;
        match attrs {
            Some(Attrs { cfg, doc, attrs }) => out.push(FieldFact { name, ty, span: at, cfg, doc, attrs }),
            None => self.forget(&mark),
        }
        Ok(())
    }

    /// The leaves of a `use` tree, in source order.
    fn use_leaves(&mut self) -> Res<Vec<UseFact>> {
        let global = self.eat_marks(b"::");
        let mut out = Vec::new();
        self.use_tree(global, &mut Vec::new(), &mut out)?;
        self.expect_mark(b';')?;
        out.shrink_to_fit();
        Ok(out)
    }

    fn use_tree(&mut self, global: bool, prefix: &mut Vec<Name>, out: &mut Vec<UseFact>) -> Res<()> {
        let depth = prefix.len();
        loop {
            match self.kind() {
                Kind::Mark(b'*') => {
                    self.at += 1;
                    out.push(UseFact { path: prefix.clone(), global, name: Name::default(), glob: true });
                    break;
                }
                Kind::Open(b'{') => {
                    let close = self.open(b'{')?;
                    while self.at < close {
                        self.deeper(|reader| reader.use_tree(global, prefix, out))?;
                        if self.at < close {
                            self.expect_mark(b',')?;
                        }
                    }
                    self.close(close)?;
                    break;
                }
                _ => {
                    let word = self.path_word()?;
                    if self.eat_marks(b"::") {
                        // Nobody writes such a path; what lies at its end is refused.
                        if prefix.len() >= MAX_PATH {
                            return self.bail();
                        }
                        prefix.push(word);
                        continue;
                    }
                    self.use_leaf(word, global, prefix, out)?;
                    break;
                }
            }
        }
        prefix.truncate(depth);
        Ok(())
    }

    fn use_leaf(&mut self, leaf: Name, global: bool, prefix: &[Name], out: &mut Vec<UseFact>) -> Res<()> {
        let mut path = Vec::with_capacity(prefix.len() + 1);
        path.extend_from_slice(prefix);
        // `x::{self}` is `x`; a lone `self` stays.
        if leaf != "self" || path.is_empty() {
            path.push(leaf);
        }
        let name = if self.eat_key(Key::As) {
            if self.eat_key(Key::Underscore) { Name::new_static("_") } else { self.ident()?.0 }
        } else {
            path.last().cloned().unwrap_or_default()
        };
        out.push(UseFact { path, global, name, glob: false });
        Ok(())
    }

    /// The bounds of a trait, which are no facts.
    pub(super) fn supertraits(&mut self) -> Res<()> {
        if self.eat_mark(b':') {
            self.bounds(Plus::Yes)?;
        }
        Ok(())
    }
}
