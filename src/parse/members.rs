//! Functions, and the members of impls and traits.

use syn::{FnArg, ImplItem, Signature, TraitItem};

use super::exprs::Lower;
use super::items::is_public;
use super::{Cx, name};
use crate::facts::{Expr, FnFact, ItemFact, ItemKind, Param, PatId, StaticForm, Ty};

impl Cx {
    pub(super) fn function(&mut self, sig: &mut Signature, block: Option<&mut syn::Block>) -> FnFact {
        let generics = self.generics(&sig.generics);
        let ret = self.ret(&sig.output);
        let has_self = matches!(sig.inputs.first(), Some(FnArg::Receiver(_)));
        let is_async = sig.asyncness.is_some();
        let mut params = Vec::with_capacity(sig.inputs.len());
        let Some(block) = block else {
            for input in &sig.inputs {
                if let FnArg::Typed(typed) = input {
                    // A required method binds nothing: the id leads nowhere, as there is no body.
                    params.push(Param { pat: PatId(u32::MAX), ty: self.ty(&typed.ty) });
                }
            }
            return FnFact { generics, has_self, params, ret, is_async, body: None };
        };
        let body = self.body(|lower| {
            lower.params(sig, &mut params);
            Some(lower.block_id(block))
        });
        FnFact { generics, has_self, params, ret, is_async, body: Some(body) }
    }

    pub(super) fn impl_items(&mut self, items: &mut [ImplItem]) -> Vec<ItemFact> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            self.impl_item(item, &mut out);
        }
        out
    }

    fn impl_item(&mut self, item: &mut ImplItem, out: &mut Vec<ItemFact>) {
        let fact = match item {
            ImplItem::Fn(func) => {
                let Some(attrs) = self.attrs(&func.attrs) else { return };
                if self.is_left_out_test(&func.attrs) {
                    return;
                }
                let kind = ItemKind::Fn(Box::new(self.function(&mut func.sig, Some(&mut func.block))));
                self.fact(name(&func.sig.ident), func.sig.ident.span(), is_public(&func.vis), attrs, kind)
            }
            ImplItem::Const(one) => {
                let Some(attrs) = self.attrs(&one.attrs) else { return };
                let fact = self.static_fact(&one.ty, false, Some(&mut one.expr), StaticForm::Plain);
                self.fact(name(&one.ident), one.ident.span(), is_public(&one.vis), attrs, ItemKind::Const(Box::new(fact)))
            }
            ImplItem::Type(one) => {
                let Some(attrs) = self.attrs(&one.attrs) else { return };
                let kind = ItemKind::TypeAlias(self.generics(&one.generics), self.ty(&one.ty));
                self.fact(name(&one.ident), one.ident.span(), is_public(&one.vis), attrs, kind)
            }
            ImplItem::Macro(call) => {
                let Some(attrs) = self.attrs(&call.attrs) else { return };
                self.macro_member(&mut call.mac, attrs, out);
                return;
            }
            _ => return,
        };
        out.push(fact);
    }

    pub(super) fn trait_items(&mut self, items: &mut [TraitItem]) -> Vec<ItemFact> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            self.trait_item(item, &mut out);
        }
        out
    }

    fn trait_item(&mut self, item: &mut TraitItem, out: &mut Vec<ItemFact>) {
        let fact = match item {
            TraitItem::Fn(func) => {
                let Some(attrs) = self.attrs(&func.attrs) else { return };
                let kind = ItemKind::Fn(Box::new(self.function(&mut func.sig, func.default.as_mut())));
                self.fact(name(&func.sig.ident), func.sig.ident.span(), false, attrs, kind)
            }
            TraitItem::Const(one) => {
                let Some(attrs) = self.attrs(&one.attrs) else { return };
                let init = one.default.as_mut().map(|(_, init)| init);
                let fact = self.static_fact(&one.ty, false, init, StaticForm::Plain);
                self.fact(name(&one.ident), one.ident.span(), false, attrs, ItemKind::Const(Box::new(fact)))
            }
            TraitItem::Type(one) => {
                let Some(attrs) = self.attrs(&one.attrs) else { return };
                // A required associated type is known by its bounds.
                let ty = match &one.default {
                    Some((_, ty)) => self.ty(ty),
                    None => Ty::Impl(self.bounds(&one.bounds)),
                };
                let kind = ItemKind::TypeAlias(self.generics(&one.generics), ty);
                self.fact(name(&one.ident), one.ident.span(), false, attrs, kind)
            }
            TraitItem::Macro(call) => {
                let Some(attrs) = self.attrs(&call.attrs) else { return };
                self.macro_member(&mut call.mac, attrs, out);
                return;
            }
            _ => return,
        };
        out.push(fact);
    }
}

impl Lower<'_> {
    fn params(&mut self, sig: &mut Signature, out: &mut Vec<Param>) {
        for index in 0..sig.inputs.len() {
            if let FnArg::Typed(typed) = &mut sig.inputs[index]
                && self.cx.kept(&typed.attrs)
            {
                let pat = self.pat(&mut typed.pat);
                out.push(Param { pat, ty: self.cx.ty(&typed.ty) });
            }
        }
    }

    /// A block read from elsewhere than a syntax tree.
    pub(super) fn block_of(&mut self, stmts: &mut [syn::Stmt]) -> crate::facts::ExprId {
        let block: Expr = self.stmts(stmts);
        self.push(block)
    }
}
