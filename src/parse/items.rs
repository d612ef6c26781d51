//! Items: modules, uses, statics, types, functions, impls, traits.

use syn::{Fields, Item, Visibility};

use super::attrs::{Attrs, path_value, written_path};
use super::{Cx, name, span, uses};
use crate::facts::{
    Attr, EnumFact, FieldFact, ImplFact, ItemFact, ItemKind, ModFact, Name, StaticFact, StaticForm, StructFact, TraitFact, Ty, VariantFact,
};

impl Cx {
    /// An item under its attributes.
    pub(super) fn fact(&self, name: Name, at: proc_macro2::Span, public: bool, attrs: Attrs, kind: ItemKind) -> ItemFact {
        let Attrs { cfg, doc, attrs } = attrs;
        ItemFact { name, kind, span: span(at), cfg, doc, attrs, public, from_macro: self.from_macro.clone() }
    }

    pub(super) fn item(&mut self, item: &mut Item, out: &mut Vec<ItemFact>) {
        let Some(attrs) = self.attrs(item_attrs(item)) else {
            if let Item::Mod(syn::ItemMod { ident, content: None, attrs, .. }) = item {
                self.test_mods.push((name(ident), written_path(attrs)));
            }
            return;
        };
        let (name, at, public, kind) = match item {
            Item::Fn(func) => {
                if self.is_left_out_test(&func.attrs) {
                    return;
                }
                let kind = ItemKind::Fn(Box::new(self.function(&mut func.sig, Some(&mut func.block))));
                (name(&func.sig.ident), func.sig.ident.span(), is_public(&func.vis), kind)
            }
            Item::Use(used) => (Name::default(), used.use_token.span, is_public(&used.vis), ItemKind::Use(uses::leaves(used))),
            Item::Struct(one) => {
                let kind = ItemKind::Struct(StructFact { generics: self.generics(&one.generics), fields: self.fields(&one.fields) });
                (name(&one.ident), one.ident.span(), is_public(&one.vis), kind)
            }
            Item::Impl(imp) => (Name::default(), imp.impl_token.span, false, self.implementation(imp)),
            Item::Enum(one) => (name(&one.ident), one.ident.span(), is_public(&one.vis), self.enumeration(one)),
            Item::Static(one) => {
                let form = if is_thread_local(&attrs.attrs) { StaticForm::ThreadLocal } else { StaticForm::Plain };
                let mutable = matches!(one.mutability, syn::StaticMutability::Mut(_));
                let fact = self.static_fact(&one.ty, mutable, Some(&mut one.expr), form);
                (name(&one.ident), one.ident.span(), is_public(&one.vis), ItemKind::Static(Box::new(fact)))
            }
            Item::Const(one) => {
                let fact = self.static_fact(&one.ty, false, Some(&mut one.expr), StaticForm::Plain);
                (name(&one.ident), one.ident.span(), is_public(&one.vis), ItemKind::Const(Box::new(fact)))
            }
            Item::Mod(module) => {
                let items = module.content.as_mut().map(|(_, items)| self.items(items));
                let kind = ItemKind::Mod(ModFact { items, path: path_value(&attrs.attrs) });
                (name(&module.ident), module.ident.span(), is_public(&module.vis), kind)
            }
            Item::Type(alias) => {
                let kind = ItemKind::TypeAlias(self.generics(&alias.generics), self.ty(&alias.ty));
                (name(&alias.ident), alias.ident.span(), is_public(&alias.vis), kind)
            }
            Item::Trait(one) => {
                let kind = ItemKind::Trait(TraitFact { generics: self.generics(&one.generics), items: self.trait_items(&mut one.items) });
                (name(&one.ident), one.ident.span(), is_public(&one.vis), kind)
            }
            Item::Union(one) => {
                let fields = one.fields.named.iter().enumerate().filter_map(|(index, field)| self.field(index, field)).collect();
                let kind = ItemKind::Struct(StructFact { generics: self.generics(&one.generics), fields });
                (name(&one.ident), one.ident.span(), is_public(&one.vis), kind)
            }
            Item::ExternCrate(one) => {
                let known_as = one.rename.as_ref().map_or(&one.ident, |(_, alias)| alias);
                (name(known_as), one.ident.span(), is_public(&one.vis), ItemKind::ExternCrate(name(&one.ident)))
            }
            Item::Macro(call) => {
                self.macro_item(call, attrs, out);
                return;
            }
            Item::Verbatim(tokens) => {
                self.verbatim_item(std::mem::take(tokens), out);
                return;
            }
            Item::ForeignMod(block) if self.extern_blocks => {
                self.extern_functions(block, out);
                return;
            }
            // `extern { … }` declares what lives elsewhere; trait aliases hold nothing.
            _ => return,
        };
        out.push(self.fact(name, at, public, attrs, kind));
    }

    /// `extern "C" { fn umask(mask: mode_t) -> mode_t; }`.
    fn extern_functions(&mut self, block: &mut syn::ItemForeignMod, out: &mut Vec<ItemFact>) {
        for item in &mut block.items {
            let syn::ForeignItem::Fn(func) = item else { continue };
            let Some(attrs) = self.attrs(&func.attrs) else { continue };
            let kind = ItemKind::Fn(Box::new(self.function(&mut func.sig, None)));
            out.push(self.fact(name(&func.sig.ident), func.sig.ident.span(), is_public(&func.vis), attrs, kind));
        }
    }

    pub(super) fn static_fact(&mut self, ty: &syn::Type, mutable: bool, init: Option<&mut syn::Expr>, form: StaticForm) -> StaticFact {
        let ty = self.ty(ty);
        let init = init.map(|init| self.body(|lower| Some(lower.expr(init))));
        StaticFact { ty, mutable, init, form }
    }

    fn enumeration(&mut self, one: &syn::ItemEnum) -> ItemKind {
        let generics = self.generics(&one.generics);
        let mut variants = Vec::with_capacity(one.variants.len());
        for variant in &one.variants {
            if let Some(Attrs { attrs, .. }) = self.attrs(&variant.attrs) {
                variants.push(VariantFact { name: name(&variant.ident), fields: self.fields(&variant.fields), attrs });
            }
        }
        ItemKind::Enum(EnumFact { generics, variants })
    }

    fn fields(&mut self, fields: &Fields) -> Vec<FieldFact> {
        if fields.is_empty() {
            return Vec::new();
        }
        fields.iter().enumerate().filter_map(|(index, field)| self.field(index, field)).collect()
    }

    fn field(&mut self, index: usize, field: &syn::Field) -> Option<FieldFact> {
        let Attrs { cfg, doc, attrs } = self.attrs(&field.attrs)?;
        let ty = self.ty(&field.ty);
        let (name, at) = match &field.ident {
            Some(ident) => (name(ident), span(ident.span())),
            None => (Name::from(index.to_string()), span(type_start(&field.ty))),
        };
        Some(FieldFact { name, ty, span: at, cfg, doc, attrs })
    }

    fn implementation(&mut self, imp: &mut syn::ItemImpl) -> ItemKind {
        let generics = self.generics(&imp.generics);
        let of_trait = imp.trait_.as_ref().map(|(path, _)| self.path(path));
        let self_ty = self.ty(&imp.self_ty);
        ItemKind::Impl(Box::new(ImplFact { generics, self_ty, of_trait, items: self.impl_items(&mut imp.items) }))
    }

    /// Items of forms that the parser knows but does not model: a static without a value is still a static.
    fn verbatim_item(&mut self, tokens: proc_macro2::TokenStream, out: &mut Vec<ItemFact>) {
        if let Ok(mut statics) = syn::parse::Parser::parse2(super::forms::statics, tokens) {
            self.statics(&mut statics, StaticForm::Plain, out);
        }
    }
}

pub(super) fn is_public(vis: &Visibility) -> bool {
    !matches!(vis, Visibility::Inherited)
}

/// The anonymous constant that stands for a macro call in item position.
pub(super) fn anonymous_const(init: crate::facts::Body) -> ItemKind {
    ItemKind::Const(Box::new(StaticFact { ty: Ty::Tuple(Vec::new()), mutable: false, init: Some(init), form: StaticForm::Plain }))
}

pub(super) fn is_thread_local(attrs: &[Attr]) -> bool {
    attrs.iter().any(|attr| attr.path.single().is_some_and(|name| name == "thread_local"))
}

/// The first token of the usual types, without printing them.
fn type_start(ty: &syn::Type) -> proc_macro2::Span {
    match ty {
        syn::Type::Path(path) if path.qself.is_none() && path.path.leading_colon.is_none() => {
            path.path.segments.first().map_or_else(proc_macro2::Span::call_site, |first| first.ident.span())
        }
        syn::Type::Reference(reference) => reference.and_token.span,
        other => syn::spanned::Spanned::span(other),
    }
}

fn item_attrs(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(one) => &one.attrs,
        Item::Enum(one) => &one.attrs,
        Item::ExternCrate(one) => &one.attrs,
        Item::Fn(one) => &one.attrs,
        Item::ForeignMod(one) => &one.attrs,
        Item::Impl(one) => &one.attrs,
        Item::Macro(one) => &one.attrs,
        Item::Mod(one) => &one.attrs,
        Item::Static(one) => &one.attrs,
        Item::Struct(one) => &one.attrs,
        Item::Trait(one) => &one.attrs,
        Item::TraitAlias(one) => &one.attrs,
        Item::Type(one) => &one.attrs,
        Item::Union(one) => &one.attrs,
        Item::Use(one) => &one.attrs,
        _ => &[],
    }
}
