//! Inference: variables that patterns bind, with their types and what they are bound to.

use super::infer::{Local, LocalId, Walker};
use super::names::{Res, Space};
use super::std_types;
use super::types::Type;
use crate::facts::{Expr, ExprId, Name, Pat, PatId, Path};

impl Walker<'_, '_> {
    pub(super) fn bind(&mut self, name: Name, ty: Type, init: Option<ExprId>, param: Option<usize>, line: u32) {
        let id = LocalId(super::program::index(self.out.locals.len()));
        let hidden = self.visible.insert(name.clone(), id);
        self.out.locals.push(Local { name, ty, init, param, line });
        self.scope.push((id, hidden));
    }

    pub(super) fn param_of(&mut self, pat: PatId, ty: Type, at: usize) {
        if let Pat::Bind { name, span, .. } = &self.body[pat] {
            self.bind(name.clone(), ty, None, Some(at), span.line);
        } else {
            self.pattern(pat, ty, None);
        }
    }

    pub(super) fn pattern(&mut self, pat: PatId, ty: Type, init: Option<ExprId>) {
        match &self.body[pat] {
            Pat::Bind { name, sub, span } => {
                if let Some(sub) = sub {
                    self.pattern(*sub, ty.clone(), None);
                }
                self.bind(name.clone(), ty, init, None, span.line);
            }
            Pat::Tuple(parts) => {
                // The elements of a tuple expression are bound one by one.
                let inits = init.and_then(|init| match &self.body[init] {
                    Expr::Tuple(all) if all.len() == parts.len() => Some(all.clone()),
                    _ => None,
                });
                for (at, part) in parts.iter().enumerate() {
                    let part_ty = match &ty {
                        Type::Tuple(all) => all.get(at).cloned().unwrap_or_default(),
                        _ => Type::Unknown,
                    };
                    let part_init = inits.as_ref().and_then(|all| all.get(at).copied()).or(init);
                    self.pattern(*part, part_ty, part_init);
                }
            }
            Pat::TupleStruct(path, parts) => {
                let last = path.last().cloned().unwrap_or_default();
                for (at, part) in parts.iter().enumerate() {
                    let part_ty = self.variant_part(&ty, path, &last, at);
                    let keep = matches!(last.as_str(), "Some" | "Ok").then_some(init).flatten();
                    self.pattern(*part, part_ty, keep);
                }
            }
            Pat::Struct(path, parts) => {
                let of = match self.lower_path(path) {
                    Type::Unknown => ty,
                    known => known,
                };
                let last = path.last().cloned().unwrap_or_default();
                for (name, part) in parts {
                    let part_ty = match &of {
                        Type::Def(id, _) => {
                            let fields = self.world.signatures;
                            fields.field(*id, name).or_else(|| fields.field(*id, &format!("{last}.{name}"))).cloned().unwrap_or_default()
                        }
                        _ => Type::Unknown,
                    };
                    self.pattern(*part, part_ty, None);
                }
            }
            Pat::Ref(inner) => self.pattern(*inner, ty, init),
            Pat::Or(all) => {
                for one in all {
                    self.pattern(*one, ty.clone(), init);
                }
            }
            Pat::Slice(all) => {
                let inner = std_types::element(&ty);
                for one in all {
                    self.pattern(*one, inner.clone(), None);
                }
            }
            Pat::Typed(inner, written) => {
                let ty = self.lower(written);
                self.pattern(*inner, ty, init);
            }
            Pat::Path(_) | Pat::Other => {}
        }
    }

    fn variant_part(&self, ty: &Type, path: &Path, last: &str, at: usize) -> Type {
        match (last, ty) {
            ("Some" | "Ok", Type::Foreign(name, args)) if is_result(name) => args.first().cloned().unwrap_or_default(),
            ("Err", Type::Foreign(name, args)) if is_result(name) => args.get(1).cloned().unwrap_or_default(),
            ("Err", _) => Type::Unknown,
            // `lock()` and the like are typed by what they lead to: the wrapper is seen through.
            ("Some" | "Ok", _) => ty.clone(),
            // `State(state): State<AppState>`: a tuple struct of another crate that is generic over what it holds.
            (_, Type::Foreign(name, args)) if !args.is_empty() && name.rsplit("::").next() == Some(last) => {
                args.get(at).cloned().unwrap_or_default()
            }
            _ => {
                let res = self.world.program.resolve(self.world.catalog, self.module, path, Space::Value);
                let (id, name) = match res {
                    Some(Res::Def(id)) => (id, at.to_string()),
                    Some(Res::Inside(id, variant)) => (id, format!("{variant}.{at}")),
                    _ => return Type::Unknown,
                };
                self.world.signatures.field(id, &name).cloned().unwrap_or_default()
            }
        }
    }
}

fn is_result(path: &str) -> bool {
    matches!(path, "std::result::Result" | "std::option::Option")
}
