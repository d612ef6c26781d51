//! Paths, types, generics.

use syn::punctuated::Punctuated;
use syn::{GenericArgument, PathArguments, ReturnType, Token, Type, TypeParamBound};

use super::{Cx, name};
use thin_vec::{ThinVec, thin_vec};

use crate::facts::{Generic, Name, Path, Seg, Ty};

impl Cx {
    pub(super) fn path(&mut self, path: &syn::Path) -> Path {
        let mut segs = Vec::with_capacity(path.segments.len());
        // By index: the iterators of `Punctuated` are boxed.
        for index in 0..path.segments.len() {
            segs.push(self.seg(&path.segments[index]));
        }
        Path { global: path.leading_colon.is_some(), segs: segs.into() }
    }

    fn seg(&mut self, seg: &syn::PathSegment) -> Seg {
        let args = match &seg.arguments {
            PathArguments::None => ThinVec::new(),
            PathArguments::AngleBracketed(angle) => self.generic_args(&angle.args),
            // `Fn(A) -> B` is `Fn<(A,), Output = B>`.
            PathArguments::Parenthesized(round) => {
                let inputs = round.inputs.iter().map(|input| self.ty(&input.ty)).collect();
                let mut args = thin_vec![Ty::Tuple(inputs)];
                if let ReturnType::Type(_, ret) = &round.output {
                    args.push(Ty::Assoc(Name::new_static("Output"), Box::new(self.ty(ret))));
                }
                args
            }
        };
        Seg { name: name(&seg.ident), args }
    }

    pub(super) fn generic_args(&mut self, args: &Punctuated<GenericArgument, Token![,]>) -> ThinVec<Ty> {
        let mut out = ThinVec::with_capacity(args.len());
        for index in 0..args.len() {
            match &args[index] {
                GenericArgument::Type(ty) => out.push(self.ty(ty)),
                GenericArgument::AssocType(assoc) => out.push(Ty::Assoc(name(&assoc.ident), Box::new(self.ty(&assoc.ty)))),
                GenericArgument::Constraint(constraint) => {
                    out.push(Ty::Assoc(name(&constraint.ident), Box::new(Ty::Impl(self.bounds(&constraint.bounds)))));
                }
                // Lifetimes and const arguments say nothing about state.
                _ => {}
            }
        }
        out
    }

    /// The path of a qualified expression or pattern: `<T as Trait>::f` is read as `T::f`, which names the same function.
    pub(super) fn qualified(&mut self, qself: Option<&syn::QSelf>, path: &syn::Path) -> Path {
        let Some(qself) = qself else { return self.path(path) };
        match self.ty(&qself.ty) {
            Ty::Path(mut base) => {
                base.segs = base.segs.then(path.segments.iter().skip(qself.position).map(|seg| self.seg(seg)));
                base
            }
            // `<[T]>::f` has no name to start from: the trait's, if there is one, must do.
            _ => self.path(path),
        }
    }

    pub(super) fn ty(&mut self, ty: &Type) -> Ty {
        match ty {
            Type::Path(path) => self.path_ty(path),
            Type::Reference(reference) => Ty::Ref(Box::new(self.ty(&reference.elem))),
            Type::Ptr(pointer) => Ty::Ref(Box::new(self.ty(&pointer.elem))),
            Type::Array(array) => Ty::Slice(Box::new(self.ty(&array.elem))),
            Type::Slice(slice) => Ty::Slice(Box::new(self.ty(&slice.elem))),
            Type::Tuple(tuple) => Ty::Tuple(tuple.elems.iter().map(|elem| self.ty(elem)).collect()),
            Type::Paren(paren) => self.ty(&paren.elem),
            Type::Group(group) => self.ty(&group.elem),
            Type::FnPtr(pointer) => {
                let inputs = pointer.inputs.iter().map(|input| self.ty(&input.ty)).collect();
                Ty::Fn(inputs, Box::new(self.ret(&pointer.output).unwrap_or(Ty::Tuple(Vec::new()))))
            }
            Type::ImplTrait(bounded) => Ty::Impl(self.bounds(&bounded.bounds)),
            Type::TraitObject(object) => Ty::Dyn(self.bounds(&object.bounds)),
            Type::Never(_) => Ty::Never,
            Type::Infer(_) => Ty::Infer,
            Type::Macro(mac) => {
                let Some(ty) = self.expanded(&mac.mac, super::reading::only_type) else {
                    self.note_tokens_only(&mac.mac);
                    return Ty::Other;
                };
                self.open_expansion();
                let ty = self.ty(&ty);
                self.close_expansion();
                ty
            }
            _ => Ty::Other,
        }
    }

    fn path_ty(&mut self, path: &syn::TypePath) -> Ty {
        let Some(qself) = &path.qself else { return Ty::Path(self.path(&path.path)) };
        let base = Box::new(self.ty(&qself.ty));
        let of = (qself.position > 0).then(|| {
            let segs = path.path.segments.iter().take(qself.position).map(|seg| self.seg(seg)).collect();
            Box::new(Path { global: path.path.leading_colon.is_some(), segs })
        });
        Ty::Projection(base, of, path.path.segments.iter().skip(qself.position).map(|seg| name(&seg.ident)).collect())
    }

    /// A return type; `None` for `()`.
    pub(super) fn ret(&mut self, ret: &ReturnType) -> Option<Ty> {
        match ret {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(self.ty(ty)).filter(|ty| !matches!(ty, Ty::Tuple(elems) if elems.is_empty())),
        }
    }

    pub(super) fn bounds(&mut self, bounds: &Punctuated<TypeParamBound, Token![+]>) -> Vec<Path> {
        let mut out = Vec::with_capacity(bounds.len());
        for index in 0..bounds.len() {
            // `?Sized` takes a bound away.
            if let TypeParamBound::Trait(bound) = &bounds[index]
                && bound.maybe.is_none()
            {
                out.push(self.path(&bound.path));
            }
        }
        out
    }

    pub(super) fn generics(&mut self, generics: &syn::Generics) -> Vec<Generic> {
        let mut out = Vec::new();
        if generics.params.is_empty() {
            return out;
        }
        for param in &generics.params {
            if let syn::GenericParam::Type(param) = param {
                out.push(Generic { name: name(&param.ident), bounds: self.bounds(&param.bounds) });
            }
        }
        let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        for predicate in predicates {
            if let syn::WherePredicate::Type(predicate) = predicate
                && let Type::Path(path) = &predicate.bounded_ty
                && let Some(ident) = path.path.get_ident()
                && let Some(generic) = out.iter_mut().find(|generic| *ident == generic.name.as_str())
            {
                generic.bounds.extend(self.bounds(&predicate.bounds));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::ItemKind;
    use crate::parse::tests::item;

    fn shown(ty: &str) -> String {
        match item(&format!("type A = {ty};")).kind {
            ItemKind::TypeAlias(_, ty) => ty.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn types_are_shown_as_people_write_them() {
        for ty in [
            "Arc<Mutex<HashMap<String, Vec<User>>>>",
            "::std::sync::LazyLock<Regex>",
            "&str",
            "(u8, String)",
            "(u8,)",
            "()",
            "[T]",
            "fn(u8, u8) -> bool",
            "fn()",
            "Box<dyn Fn(&str) -> Result<(), E> + Send>",
            "impl Iterator<Item = u8>",
            "<T as Store>::Key",
            "!",
            "&(dyn Any + Send)",
        ] {
            assert_eq!(shown(ty), ty);
        }
    }

    #[test]
    fn what_says_nothing_about_state_is_left_out() {
        assert_eq!(shown("&'static mut Cow<'a, [u8; 4]>"), "&Cow<[u8]>");
        assert_eq!(shown("Option<dyn A + 'static + ?Sized>"), "Option<dyn A>");
        assert_eq!(shown("(Matrix<3, { N }, f32>)"), "Matrix<f32>");
        assert_eq!(shown("some_macro!(x)"), "_");
    }

    #[test]
    fn where_clauses_join_the_bounds() {
        let ItemKind::Fn(func) = item("fn f<'a, T: A, const N: usize, U>() where T: B<u8> + 'a, T::X: C, U: ?Sized {}").kind else {
            panic!("a function")
        };
        let shown: Vec<_> = func
            .generics
            .iter()
            .map(|g| format!("{}: {}", g.name, g.bounds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")))
            .collect();
        assert_eq!(shown, ["T: A + B<u8>", "U: "]);
    }
}
