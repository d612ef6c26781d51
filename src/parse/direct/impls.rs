//! The members of impls and traits.

use super::items::{Found, is_required};
use super::tokens::{Key, Kind};
use super::types::Plus;
use super::{Direct, Res};
use crate::facts::{ImplFact, ItemFact, ItemKind, StaticFact, StaticForm, TraitFact, Ty};

impl Direct<'_, '_> {
    /// An `impl` from behind its keyword on.
    pub(super) fn implementation(&mut self) -> Res<ItemKind> {
        let mut generics = self.generics()?;
        let first = self.ty()?;
        let (of_trait, self_ty) = if self.eat_key(Key::For) {
            let Ty::Path(path) = first else { return self.bail() };
            (Some(path), self.ty()?)
        } else {
            (None, first)
        };
        if self_ty == Ty::Never {
            return self.bail();
        }
        self.where_clause(&mut generics)?;
        let close = self.open(b'{')?;
        let mut items = Vec::new();
        while self.at < close {
            self.member_item(true, &mut items)?;
        }
        self.close(close)?;
        items.shrink_to_fit();
        Ok(ItemKind::Impl(Box::new(ImplFact { generics, self_ty, of_trait, items })))
    }

    /// A trait from behind its keyword on.
    pub(super) fn trait_item(&mut self) -> Res<Found> {
        let (name, at) = self.ident()?;
        let mut generics = self.generics()?;
        self.supertraits()?;
        self.where_clause(&mut generics)?;
        let close = self.open(b'{')?;
        let mut items = Vec::new();
        while self.at < close {
            self.member_item(false, &mut items)?;
        }
        self.close(close)?;
        items.shrink_to_fit();
        Ok(Found { name, at, kind: ItemKind::Trait(TraitFact { generics, items }) })
    }

    fn member_item(&mut self, of_impl: bool, out: &mut Vec<ItemFact>) -> Res<()> {
        let span = self.outer_attrs()?;
        if self.is_macro_call() {
            return self.member_macro(span, of_impl, out);
        }
        let attrs = self.attrs(span)?;
        let mark = self.mark();
        let public = self.visibility()?;
        let is_fn = !matches!(self.kind(), Kind::Key(Key::Type));
        let is_test = of_impl && is_fn && self.is_left_out_test(span);
        let found = match self.kind() {
            Kind::Key(Key::Type) => self.member_type(of_impl)?,
            Kind::Key(Key::Const) if matches!(self.ahead(1), Kind::Ident | Kind::Key(Key::Underscore)) => self.member_const(of_impl)?,
            _ => self.fn_item()?,
        };
        if of_impl && is_required(&found) {
            return self.bail();
        }
        match attrs {
            Some(attrs) if !(is_test && matches!(found.kind, ItemKind::Fn(_))) => out.push(self.fact(found, public, attrs)),
            _ => self.forget(&mark),
        }
        Ok(())
    }

    fn member_type(&mut self, of_impl: bool) -> Res<Found> {
        self.at += 1;
        let (name, at) = self.ident()?;
        let mut generics = self.generics()?;
        let bounds = if self.eat_mark(b':') { self.bounds(Plus::Yes)? } else { Vec::new() };
        self.where_clause(&mut generics)?;
        // A required associated type is known by its bounds.
        let ty = if self.eat_equals() { self.ty()? } else { Ty::Impl(bounds) };
        if of_impl && matches!(ty, Ty::Impl(_)) {
            return self.bail();
        }
        self.where_clause(&mut generics)?;
        self.expect_mark(b';')?;
        Ok(Found { name, at, kind: ItemKind::TypeAlias(generics, ty) })
    }

    fn member_const(&mut self, of_impl: bool) -> Res<Found> {
        self.at += 1;
        let (name, at) = self.ident()?;
        self.expect_mark(b':')?;
        let ty = self.ty()?;
        let init = if self.eat_equals() { Some(self.body(Self::expr, |root| Some(*root))?.1) } else { None };
        if of_impl && init.is_none() {
            return self.bail();
        }
        self.expect_mark(b';')?;
        let fact = StaticFact { ty, mutable: false, init, form: StaticForm::Plain };
        Ok(Found { name, at, kind: ItemKind::Const(Box::new(fact)) })
    }
}
