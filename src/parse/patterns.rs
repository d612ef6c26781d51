//! Patterns.

use syn::Pat as SynPat;
use syn::punctuated::Punctuated;

use super::exprs::Lower;
use super::{name, span};
use crate::facts::{Name, Pat, PatId, Path, Seg};

impl Lower<'_> {
    pub(super) fn push_pat(&mut self, pat: Pat) -> PatId {
        let id = PatId(self.arena.pats.len() as u32);
        self.arena.pats.push(pat);
        id
    }

    pub(super) fn pat(&mut self, pat: &mut SynPat) -> PatId {
        let lowered = match pat {
            SynPat::Ident(ident) => {
                let name = name(&ident.ident);
                let plain = ident.by_ref.is_none() && ident.mutability.is_none() && ident.subpat.is_none();
                // The grammar cannot tell `None` from a binding; the naming convention can, and the compiler warns about the rest.
                if plain && name.starts_with(|first: char| first.is_uppercase()) {
                    Pat::Path(Path { global: false, segs: Seg::of(name).into() })
                } else {
                    let sub = ident.subpat.as_mut().map(|(_, sub)| self.pat(sub));
                    Pat::Bind { name, sub, span: span(ident.ident.span()) }
                }
            }
            SynPat::Paren(paren) => return self.pat(&mut paren.pat),
            SynPat::Reference(reference) => Pat::Ref(self.pat(&mut reference.pat)),
            SynPat::Tuple(tuple) => Pat::Tuple(self.pats(&mut tuple.elems)),
            SynPat::Slice(slice) => Pat::Slice(self.pats(&mut slice.elems)),
            SynPat::Or(or) => Pat::Or(self.pats(&mut or.cases)),
            SynPat::TupleStruct(one) => {
                let path = self.cx.qualified(one.qself.as_ref(), &one.path);
                Pat::TupleStruct(path, self.pats(&mut one.elems))
            }
            SynPat::Struct(one) => {
                let path = self.cx.qualified(one.qself.as_ref(), &one.path);
                let fields = one.fields.iter_mut().map(|field| (member(&field.member), self.pat(&mut field.pat))).collect();
                Pat::Struct(path, fields)
            }
            SynPat::Path(path) => Pat::Path(self.cx.qualified(path.qself.as_ref(), &path.path)),
            SynPat::Type(typed) => {
                let inner = self.pat(&mut typed.pat);
                Pat::Typed(inner, Box::new(self.cx.ty(&typed.ty)))
            }
            SynPat::Guard(guard) => {
                // Guards of arms are taken by `arm`; one inside a pattern is kept as an expression of the body.
                self.expr(&mut guard.guard);
                return self.pat(&mut guard.pat);
            }
            SynPat::Macro(mac) => {
                self.cx.note_tokens_only(&mac.mac);
                Pat::Other
            }
            _ => Pat::Other,
        };
        self.push_pat(lowered)
    }

    /// By index: the iterators of `Punctuated` are boxed.
    fn pats<P>(&mut self, pats: &mut Punctuated<SynPat, P>) -> Box<[PatId]> {
        (0..pats.len()).map(|index| self.pat(&mut pats[index])).collect()
    }
}

/// The name of a field, or its index.
pub(super) fn member(member: &syn::Member) -> Name {
    match member {
        syn::Member::Named(ident) => name(ident),
        syn::Member::Unnamed(index) => {
            use smol_str::ToSmolStr;
            index.index.to_smolstr()
        }
    }
}
