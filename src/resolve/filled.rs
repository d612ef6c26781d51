//! Structs that a library fills: from a text that is parsed, or from layers of settings.

use smol_str::SmolStr;

use super::infer::{Callee, World};
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::values::{At, Value};
use crate::catalog::Layer;
use crate::facts::{Expr, ExprId, ItemKind, Span, Ty};

/// Types within types that are looked into.
const MAX_DEPTH: u32 = 6;

/// A struct that a foreign function fills.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The function.
    pub by: SmolStr,
    /// The struct.
    pub of: DefId,
    /// The text that it parses, or what it is called on.
    pub from: Option<Value>,
    /// Where.
    pub at: At,
}

impl Reader<'_> {
    /// What a call of a foreign function fills.
    pub(super) fn filled(&self, id: ExprId, path: &SmolStr, recv: Option<ExprId>, args: &[ExprId], span: Span) -> Option<Filled> {
        self.world.catalog.wrappers().parser(path)?;
        let of = self.target(id)?;
        let from = recv.or(args.first().copied()).map(|from| self.tracer.value(from));
        Some(Filled { by: path.clone(), of, from, at: self.at(span) })
    }

    /// The struct that an expression becomes: by its type arguments, by its variable, by what the function returns.
    fn target(&self, id: ExprId) -> Option<DefId> {
        let written: &[Ty] = match &self.body[id] {
            Expr::Method { turbofish, .. } => turbofish,
            Expr::Call { callee, .. } => match &self.body[*callee] {
                Expr::Path(path, _) => path.segs.last().map_or(&[], |seg| &seg.args),
                _ => &[],
            },
            _ => &[],
        };
        if let [only] = written
            && !matches!(only, Ty::Infer)
        {
            return struct_in(self.world, &self.lowered(only), 0);
        }
        let mut top = id;
        while let Some(parent) = self.parents[top.0 as usize] {
            top = match &self.body[parent] {
                Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) | Expr::Match { .. } => parent,
                Expr::Method { recv, .. } if *recv == top => parent,
                _ => break,
            };
        }
        let local = self.types.locals.iter().find(|local| local.init.is_some_and(|init| init == top || init == id));
        if let Some(of) = local.and_then(|local| struct_in(self.world, &local.ty, 0)) {
            return Some(of);
        }
        let is_known = local.is_some_and(|local| matches!(local.ty, Type::Def(..)));
        if is_known {
            return None;
        }
        struct_in(self.world, self.world.signatures.value(self.tracer.def), 0)
    }

    /// Where a layer is put to the others: at the first use of the variable that keeps it, or of the closure that makes it.
    pub(super) fn stands(&self, id: ExprId) -> Option<Span> {
        let mut at = id;
        let mut used = None;
        let mut hops = 0;
        while let Some(parent) = self.parents[at.0 as usize] {
            if self.takes_layers(parent, at) {
                break;
            }
            at = parent;
            let kept = self.types.locals.iter().position(|local| local.init == Some(at));
            let first = kept.and_then(|local| {
                let uses = self.types.local_of.iter().filter(|(_, of)| of.0 as usize == local);
                uses.filter_map(|(id, _)| Some((self.span(*id)?, *id))).min_by_key(|(span, _)| *span)
            });
            if let Some((span, first)) = first {
                hops += 1;
                if hops > MAX_DEPTH {
                    break;
                }
                (used, at) = (Some(span), first);
            }
        }
        used
    }

    /// A stack of layers is what an expression is put on: `figment.merge(layer)`, `Figment::from(layer)`.
    fn takes_layers(&self, by: ExprId, layer: ExprId) -> bool {
        let catalog = self.world.catalog;
        let is_stack = |entry| matches!(catalog.api(entry).layer, Some(Layer::Stack | Layer::OwnStack));
        let called = match self.types.callees.get(&by) {
            Some(Callee::Foreign(path)) => catalog.path(path).is_some_and(|hit| is_stack(hit.entry)),
            _ => false,
        };
        match &self.body[by] {
            Expr::Call { callee, .. } => *callee != layer && called,
            Expr::Method { recv, .. } => {
                let stack = self.types.types[recv.0 as usize].path().and_then(|path| catalog.type_entry(path));
                *recv != layer && (called || stack.is_some_and(is_stack))
            }
            _ => false,
        }
    }

    fn lowered(&self, ty: &Ty) -> Type {
        let world = self.world;
        let def = world.program.def(self.tracer.def);
        let module = world.program.body_scopes.get(&self.tracer.def).copied().unwrap_or(def.module);
        let this = world.signatures.this[self.tracer.def.0 as usize].as_ref();
        world.program.lower(world.catalog, super::types::TypeScope { module, this, generics: &[] }, ty)
    }
}

/// The struct of the workspace inside a type that serde or a settings library can fill.
fn struct_in(world: World<'_>, ty: &Type, depth: u32) -> Option<DefId> {
    if depth > MAX_DEPTH {
        return None;
    }
    match ty {
        Type::Def(of, _) => {
            let is_struct = matches!(world.program.def(*of).item.kind, ItemKind::Struct(_));
            let by_hand = || world.program.foreign_impls.get(of).is_some_and(|all| all.iter().any(|path| path.ends_with("::Deserialize")));
            (is_struct && (super::fields::derives(world, *of, &["Deserialize", "Config"]) || by_hand())).then_some(*of)
        }
        Type::Foreign(path, args) => {
            let wrappers = world.catalog.wrappers();
            let is_one = matches!(path.as_str(), "std::result::Result" | "std::option::Option")
                || wrappers.is_transparent(path)
                || wrappers.is_lazy(path)
                || wrappers.is_container(path)
                || wrappers.is_app_state(path);
            args.first().filter(|_| is_one).and_then(|inner| struct_in(world, inner, depth + 1))
        }
        Type::Tuple(all) => all.iter().find_map(|ty| struct_in(world, ty, depth + 1)),
        _ => None,
    }
}
