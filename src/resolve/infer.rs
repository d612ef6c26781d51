//! Types and callees inside one body, by one walk in the order of evaluation. What cannot be known stays unknown.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::by_expr::ByExpr;
use super::names::{Res, Space};
use super::program::{DefId, ModId, Program};
use super::signatures::{Signatures, bounded};
use super::std_types as std_knowledge;
use super::types::{Args, Type, TypeScope, substitute, with_parameters};
use crate::catalog::Catalog;
use crate::facts::{Body, Expr, ExprId, Generic, ItemKind, Lit, Name, PatId, Path, Stmt};

/// Index of a local variable in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub u32);

/// A local variable.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// The expression it is bound to as a whole.
    pub init: Option<ExprId>,
    /// Which parameter of the function it is.
    pub param: Option<usize>,
    /// Line of its binding.
    pub line: u32,
}

/// What a call calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function of the workspace.
    Def(DefId),
    /// A foreign function or method, by canonical path.
    Foreign(SmolStr),
}

/// What is known inside a body.
#[derive(Default)]
pub struct Inference {
    /// Types by expression.
    pub types: Vec<Type>,
    /// Local variables in order of binding.
    pub locals: Vec<Local>,
    /// Which local a path expression names.
    pub local_of: ByExpr<LocalId>,
    /// What calls, methods, macros and function paths stand for.
    pub callees: ByExpr<Callee>,
    /// Variables whose value is changed in place after they are bound.
    pub changed: FxHashSet<LocalId>,
    /// Path expressions that name a static or const.
    pub statics: Vec<(ExprId, DefId)>,
    /// The same by path expression.
    pub static_of: ByExpr<DefId>,
    /// Calls of a path, and how many were resolved.
    pub calls: (usize, usize),
    /// Method calls, and how many have a typed receiver.
    pub receivers: (usize, usize),
}

/// Everything that inference reads.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The linked workspace.
    pub program: &'a Program<'a>,
    /// Declared types.
    pub signatures: &'a Signatures,
    /// Known APIs.
    pub catalog: &'a Catalog,
}

/// Infers the body of a definition.
#[must_use]
pub fn infer(world: World<'_>, id: DefId, body: &Body) -> Inference {
    let def = world.program.def(id);
    let module = world.program.body_scopes.get(&id).copied().unwrap_or(def.module);
    let owner_generics: &[Generic] = match def.owner.map(|owner| &owner.kind) {
        Some(ItemKind::Impl(imp)) => &imp.generics,
        Some(ItemKind::Trait(facts)) => &facts.generics,
        _ => &[],
    };
    let own_generics: &[Generic] = world.program.func(id).map_or(&[], |func| &func.generics);
    let generics = [owner_generics, own_generics];
    let mut walker = Walker {
        world,
        body,
        module,
        this: world.signatures.this[id.0 as usize].clone(),
        generics: &generics,
        scope: Vec::new(),
        visible: FxHashMap::default(),
        out: Inference {
            types: vec![Type::Unknown; body.exprs.len()],
            local_of: ByExpr::new(body.exprs.len()),
            callees: ByExpr::new(body.exprs.len()),
            static_of: ByExpr::new(body.exprs.len()),
            ..Inference::default()
        },
        hints: FxHashMap::default(),
        depth: 0,
    };
    if let Some(func) = world.program.func(id) {
        if func.has_self {
            let ty = walker.this.clone().unwrap_or_default();
            walker.bind(SmolStr::new_static("self"), ty, None, None, 0);
        }
        for (at, param) in func.params.iter().enumerate() {
            let ty = world.signatures.params[id.0 as usize].get(at).cloned().unwrap_or_default();
            walker.param_of(param.pat, ty, at);
        }
    }
    if let Some(root) = body.root {
        walker.expr(root);
    }
    walker.out
}

pub(super) struct Walker<'a, 'b> {
    pub(super) world: World<'a>,
    pub(super) body: &'a Body,
    pub(super) module: ModId,
    pub(super) this: Option<Type>,
    pub(super) generics: &'b [&'b [Generic]],
    /// Variables in scope, each with the one of its name that it hides.
    pub(super) scope: Vec<(LocalId, Option<LocalId>)>,
    /// Variables in scope that are not hidden, by name.
    pub(super) visible: FxHashMap<Name, LocalId>,
    pub(super) out: Inference,
    /// Types that a combinator gives to the parameters of the closures handed to it.
    pub(super) hints: FxHashMap<PatId, Type>,
    pub(super) depth: u32,
}

/// Expressions nested deeper than this are not typed; the stack stays bounded on hostile input.
const MAX_DEPTH: u32 = 400;

impl Walker<'_, '_> {
    /// Notes that the variable an expression names is changed in place.
    pub(super) fn changes(&mut self, id: ExprId) {
        if let Some(local) = self.out.local_of.get(&id) {
            self.out.changed.insert(*local);
        }
    }

    pub(super) fn lower(&self, ty: &crate::facts::Ty) -> Type {
        let scope = TypeScope { module: self.module, this: self.this.as_ref(), generics: self.generics };
        self.world.program.lower(self.world.catalog, scope, ty)
    }

    /// What is known of a type parameter of the function or block around: a trait of the workspace, or a function.
    fn bound(&self, name: &Name) -> Option<Type> {
        let own = |generic: &&Generic| generic.name == *name && !generic.bounds.is_empty();
        self.generics.iter().flat_map(|all| all.iter()).find(own)?;
        let scope = TypeScope { module: self.module, this: self.this.as_ref(), generics: self.generics };
        let found = bounded(self.world.program, self.world.catalog, scope, Type::Param(name.clone()), self.generics);
        Some(found).filter(Type::is_known)
    }

    pub(super) fn lower_path(&self, path: &Path) -> Type {
        if path.segs.first().is_some_and(|seg| seg.name == "Self") {
            return self.this.clone().unwrap_or_default();
        }
        match self.world.program.resolve(self.world.catalog, self.module, path, Space::Type) {
            Some(Res::Def(id) | Res::Inside(id, _)) if !matches!(self.world.program.def(id).item.kind, ItemKind::TypeAlias(..)) => {
                Type::of(id)
            }
            Some(Res::Def(_)) => self.lower(&crate::facts::Ty::Path(path.clone())),
            Some(Res::Foreign(path)) => Type::foreign(&path),
            _ => Type::Unknown,
        }
    }

    pub(super) fn expr(&mut self, id: ExprId) -> Type {
        if self.depth >= MAX_DEPTH {
            return Type::Unknown;
        }
        self.depth += 1;
        let ty = self.expr_inner(id);
        self.depth -= 1;
        self.out.types[id.0 as usize] = ty.clone();
        ty
    }

    pub(super) fn all(&mut self, ids: &[ExprId]) -> Vec<Type> {
        ids.iter().map(|id| self.expr(*id)).collect()
    }

    pub(super) fn scoped(&mut self, f: impl FnOnce(&mut Self) -> Type) -> Type {
        let mark = self.scope.len();
        let ty = f(self);
        // The innermost first: what one hides may be hidden by it again.
        for (local, hidden) in self.scope.drain(mark..).rev() {
            let name = &self.out.locals[local.0 as usize].name;
            match hidden {
                Some(outer) => self.visible.insert(name.clone(), outer),
                None => self.visible.remove(name),
            };
        }
        ty
    }

    fn expr_inner(&mut self, id: ExprId) -> Type {
        let body = self.body;
        match &body[id] {
            Expr::Path(path, _) => self.path(id, path),
            Expr::Lit(lit, _) => literal(lit),
            Expr::Call { callee, args, .. } => self.call(id, *callee, args),
            Expr::Method { recv, name, turbofish, args, .. } => self.method(id, *recv, name, turbofish, args),
            Expr::Field { base, name, .. } => {
                let base = self.expr(*base);
                self.field(&base, name)
            }
            Expr::Index { base, index } => {
                let base = self.expr(*base);
                self.expr(*index);
                std_knowledge::indexed(&self.peel(&base))
            }
            Expr::Ref(inner) => self.expr(*inner),
            Expr::Deref(inner) => {
                let ty = self.expr(*inner);
                self.deref(&ty).unwrap_or(ty)
            }
            Expr::Unary(inner) => self.expr(*inner),
            Expr::Try(inner) | Expr::Await(inner) => {
                let ty = self.expr(*inner);
                let is_try = matches!(body[id], Expr::Try(_));
                if is_try { std_knowledge::unwrapped(&ty) } else { ty }
            }
            Expr::Cast(inner, ty) => {
                self.expr(*inner);
                self.lower(ty)
            }
            Expr::Binary { left, right, .. } => {
                let ty = self.expr(*left);
                self.expr(*right);
                ty
            }
            Expr::Assign { left, right, .. } => {
                self.expr(*left);
                self.changes(*left);
                self.expr(*right);
                Type::UNIT
            }
            Expr::Block(stmts) => self.scoped(|this| this.block(stmts)),
            Expr::If { cond, then, otherwise } => self.scoped(|this| {
                this.expr(*cond);
                let then = this.expr(*then);
                let other = otherwise.map(|other| this.expr(other));
                if then.is_known() && then != Type::UNIT { then } else { other.unwrap_or(then) }
            }),
            Expr::Let { pat, value } => {
                let ty = self.expr(*value);
                self.pattern(*pat, ty, Some(*value));
                Type::foreign("bool")
            }
            Expr::Match { value, arms } => {
                let of = self.expr(*value);
                let mut out = Type::Unknown;
                for arm in arms {
                    let ty = self.scoped(|this| {
                        this.pattern(arm.pat, of.clone(), Some(*value));
                        if let Some(guard) = arm.guard {
                            this.expr(guard);
                        }
                        this.expr(arm.body)
                    });
                    if !out.is_known() {
                        out = ty;
                    }
                }
                out
            }
            Expr::Loop { body, .. } => {
                self.expr(*body);
                Type::Unknown
            }
            Expr::While { cond, body, .. } => self.scoped(|this| {
                this.expr(*cond);
                this.expr(*body);
                Type::UNIT
            }),
            Expr::For { pat, iter, body, .. } => self.scoped(|this| {
                let iter = this.expr(*iter);
                let element = std_knowledge::element(&this.peel(&iter));
                this.pattern(*pat, element, None);
                this.expr(*body);
                Type::UNIT
            }),
            Expr::Closure { params, body, .. } => {
                let ret = self.scoped(|this| {
                    for (pat, ty) in params {
                        let hint = this.hints.remove(pat).unwrap_or_default();
                        let ty = ty.as_ref().map_or(hint, |ty| this.lower(ty));
                        this.pattern(*pat, ty, None);
                    }
                    this.expr(*body)
                });
                Type::Fn(Arc::new(ret))
            }
            Expr::Async { body, .. } => self.scoped(|this| this.expr(*body)),
            Expr::Struct { path, fields, rest, .. } => {
                for (_, value) in fields {
                    self.expr(*value);
                }
                if let Some(rest) = rest {
                    self.expr(*rest);
                }
                self.lower_path(path)
            }
            Expr::Tuple(all) => Type::Tuple(self.all(all).into()),
            Expr::Array(all) => Type::Slice(Arc::new(self.all(all).into_iter().next().unwrap_or_default())),
            Expr::Range(from, to, _) => {
                let ty = from.map(|from| self.expr(from));
                let to = to.map(|to| self.expr(to));
                Type::Foreign(SmolStr::new_static("std::ops::Range"), Args::from([ty.or(to).unwrap_or_default()]))
            }
            Expr::Return(value) | Expr::Break(value) => {
                if let Some(value) = value {
                    self.expr(*value);
                }
                Type::Unknown
            }
            Expr::Macro { path, args, .. } => {
                let args = self.all(args);
                self.macro_call(id, path, &args)
            }
            Expr::Other(all) => {
                self.all(all);
                Type::Unknown
            }
        }
    }

    fn block(&mut self, stmts: &[Stmt]) -> Type {
        let mut out = Type::UNIT;
        for stmt in stmts {
            out = match stmt {
                Stmt::Let { pat, ty, init, otherwise } => {
                    if let (Some(ty), Some(init)) = (ty, init) {
                        self.closure_is(ty, *init);
                    }
                    let found = init.map(|init| self.expr(init));
                    if let Some(otherwise) = otherwise {
                        self.expr(*otherwise);
                    }
                    let written = ty.as_ref().map(|ty| self.lower(ty));
                    let ty = match (written, found) {
                        (Some(written), Some(found)) if !written.is_known() => found,
                        (Some(written), _) => written,
                        (None, found) => found.unwrap_or_default(),
                    };
                    self.pattern(*pat, ty, *init);
                    Type::UNIT
                }
                Stmt::Expr { expr, semi } => {
                    let ty = self.expr(*expr);
                    if *semi { Type::UNIT } else { ty }
                }
            };
        }
        out
    }

    /// `let f: &dyn Fn(&Config) -> u16 = &|config| …`: the closure takes what the type says.
    fn closure_is(&mut self, ty: &crate::facts::Ty, init: ExprId) {
        use crate::facts::Ty;
        let (mut ty, mut init, body) = (ty, init, self.body);
        while let (Ty::Ref(inner), Expr::Ref(behind)) = (ty, &body[init]) {
            (ty, init) = (&**inner, *behind);
        }
        let inputs = match ty {
            Ty::Fn(inputs, _) => Some(inputs),
            Ty::Dyn(bounds) | Ty::Impl(bounds) => {
                bounds.iter().flat_map(|bound| bound.segs.last()).filter(|seg| seg.name.starts_with("Fn")).find_map(|seg| {
                    match &*seg.args {
                        [Ty::Tuple(inputs), ..] => Some(inputs),
                        _ => None,
                    }
                })
            }
            _ => None,
        };
        if let (Some(inputs), Expr::Closure { params, .. }) = (inputs, &body[init]) {
            for ((pat, _), input) in params.iter().zip(inputs).filter(|((_, written), _)| written.is_none()) {
                let input = self.lower(input);
                self.hints.insert(*pat, input);
            }
        }
    }

    fn field(&self, base: &Type, name: &str) -> Type {
        let mut ty = base.clone();
        for _ in 0..8 {
            match &ty {
                Type::Def(id, args) => {
                    if let Some(found) = self.world.signatures.field(*id, name) {
                        let generics: &[Generic] = match &self.world.program.def(*id).item.kind {
                            ItemKind::Struct(facts) => &facts.generics,
                            _ => &[],
                        };
                        if generics.is_empty() {
                            return found.clone();
                        }
                        let found = substitute(found, generics, args);
                        return with_parameters(&found, &|name| {
                            self.bound(name).or_else(|| self.world.signatures.bounds.get(&(*id, name.clone())).cloned())
                        });
                    }
                }
                Type::Tuple(all) => {
                    if let Some(found) = name.parse::<usize>().ok().and_then(|at| all.get(at)) {
                        return found.clone();
                    }
                }
                // `Data(x).0`, `State(x).0`.
                Type::Foreign(path, args) if name == "0" && self.world.catalog.wrappers().is_transparent(path) => {
                    return args.first().cloned().unwrap_or_default();
                }
                _ => {}
            }
            match self.deref(&ty) {
                Some(next) => ty = next,
                None => break,
            }
        }
        Type::Unknown
    }

    pub(super) fn deref(&self, ty: &Type) -> Option<Type> {
        self.world.deref(ty)
    }

    pub(super) fn peel(&self, ty: &Type) -> Type {
        let mut ty = ty.clone();
        for _ in 0..8 {
            match self.deref(&ty) {
                Some(next) if next.is_known() => ty = next,
                _ => break,
            }
        }
        ty
    }
}

impl World<'_> {
    /// One step of `Deref`.
    #[must_use]
    pub fn deref(&self, ty: &Type) -> Option<Type> {
        match ty {
            Type::Foreign(path, args) if self.catalog.wrappers().derefs(path) => args.first().cloned(),
            Type::Def(id, _) => self.signatures.derefs.get(id).cloned(),
            _ => None,
        }
    }
}

fn literal(lit: &Lit) -> Type {
    Type::foreign(match lit {
        Lit::Str(_) => "str",
        Lit::Int(_) => return Type::Unknown,
        Lit::Float(_) => "f64",
        Lit::Bool(_) => "bool",
        Lit::Char(_) => "char",
        Lit::Other => return Type::Unknown,
    })
}
