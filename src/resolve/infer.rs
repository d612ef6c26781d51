//! Types and callees inside one body, by one walk in the order of evaluation. What cannot be known stays unknown.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::names::{Res, Space};
use super::program::{DefId, ModId, Program};
use super::signatures::Signatures;
use super::std_types as std_knowledge;
use super::types::{Type, TypeScope, member_path, substitute};
use crate::catalog::Catalog;
use crate::facts::{Body, Expr, ExprId, Generic, ItemKind, Lit, Name, Pat, PatId, Path, Stmt};

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
    pub local_of: FxHashMap<ExprId, LocalId>,
    /// What calls, methods, macros and function paths stand for.
    pub callees: FxHashMap<ExprId, Callee>,
    /// Path expressions that name a static or const.
    pub statics: Vec<(ExprId, DefId)>,
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
        out: Inference { types: vec![Type::Unknown; body.exprs.len()], ..Inference::default() },
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

struct Walker<'a, 'b> {
    world: World<'a>,
    body: &'a Body,
    module: ModId,
    this: Option<Type>,
    generics: &'b [&'b [Generic]],
    scope: Vec<LocalId>,
    out: Inference,
    /// Types that a combinator gives to the parameters of the closures handed to it.
    hints: FxHashMap<PatId, Type>,
    depth: u32,
}

/// Expressions nested deeper than this are not typed; the stack stays bounded on hostile input.
const MAX_DEPTH: u32 = 400;

impl Walker<'_, '_> {
    fn bind(&mut self, name: Name, ty: Type, init: Option<ExprId>, param: Option<usize>, line: u32) {
        let id = LocalId(super::program::index(self.out.locals.len()));
        self.out.locals.push(Local { name, ty, init, param, line });
        self.scope.push(id);
    }

    fn param_of(&mut self, pat: PatId, ty: Type, at: usize) {
        if let Pat::Bind { name, span, .. } = &self.body[pat] {
            self.bind(name.clone(), ty, None, Some(at), span.line);
        } else {
            self.pattern(pat, ty, None);
        }
    }

    fn pattern(&mut self, pat: PatId, ty: Type, init: Option<ExprId>) {
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
                let inner = std_knowledge::element(&ty);
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

    fn lower(&self, ty: &crate::facts::Ty) -> Type {
        let scope = TypeScope { module: self.module, this: self.this.as_ref(), generics: self.generics };
        self.world.program.lower(self.world.catalog, scope, ty)
    }

    fn lower_path(&self, path: &Path) -> Type {
        if path.segs.first().is_some_and(|seg| seg.name == "Self") {
            return self.this.clone().unwrap_or_default();
        }
        match self.world.program.resolve(self.world.catalog, self.module, path, Space::Type) {
            Some(Res::Def(id) | Res::Inside(id, _)) if !matches!(self.world.program.def(id).item.kind, ItemKind::TypeAlias(..)) => {
                Type::Def(id, Arc::from([]))
            }
            Some(Res::Def(_)) => self.lower(&crate::facts::Ty::Path(path.clone())),
            Some(Res::Foreign(path)) => Type::foreign(&path),
            _ => Type::Unknown,
        }
    }

    fn expr(&mut self, id: ExprId) -> Type {
        if self.depth >= MAX_DEPTH {
            return Type::Unknown;
        }
        self.depth += 1;
        let ty = self.expr_inner(id);
        self.depth -= 1;
        self.out.types[id.0 as usize] = ty.clone();
        ty
    }

    fn all(&mut self, ids: &[ExprId]) -> Vec<Type> {
        ids.iter().map(|id| self.expr(*id)).collect()
    }

    fn scoped(&mut self, f: impl FnOnce(&mut Self) -> Type) -> Type {
        let mark = self.scope.len();
        let ty = f(self);
        self.scope.truncate(mark);
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
                self.expr(*right);
                Type::Tuple(Arc::from([]))
            }
            Expr::Block(stmts) => self.scoped(|this| this.block(stmts)),
            Expr::If { cond, then, otherwise } => self.scoped(|this| {
                this.expr(*cond);
                let then = this.expr(*then);
                let other = otherwise.map(|other| this.expr(other));
                if then.is_known() && then != Type::Tuple(Arc::from([])) { then } else { other.unwrap_or(then) }
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
                Type::Tuple(Arc::from([]))
            }),
            Expr::For { pat, iter, body, .. } => self.scoped(|this| {
                let iter = this.expr(*iter);
                let element = std_knowledge::element(&this.peel(&iter));
                this.pattern(*pat, element, None);
                this.expr(*body);
                Type::Tuple(Arc::from([]))
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
            Expr::Range(from, to) => {
                let ty = from.map(|from| self.expr(from));
                let to = to.map(|to| self.expr(to));
                Type::Foreign(SmolStr::new_static("std::ops::Range"), Arc::from([ty.or(to).unwrap_or_default()]))
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
        let mut out = Type::Tuple(Arc::from([]));
        for stmt in stmts {
            out = match stmt {
                Stmt::Let { pat, ty, init, otherwise } => {
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
                    Type::Tuple(Arc::from([]))
                }
                Stmt::Expr { expr, semi } => {
                    let ty = self.expr(*expr);
                    if *semi { Type::Tuple(Arc::from([])) } else { ty }
                }
            };
        }
        out
    }

    fn path(&mut self, id: ExprId, path: &Path) -> Type {
        if let Some(name) = path.single() {
            let found = self.scope.iter().rev().find(|local| self.out.locals[local.0 as usize].name == *name);
            if let Some(&local) = found {
                self.out.local_of.insert(id, local);
                return self.out.locals[local.0 as usize].ty.clone();
            }
        }
        match self.callee_of(path) {
            Some((Callee::Def(def), _)) => {
                let item = self.world.program.def(def);
                match &item.item.kind {
                    ItemKind::Static(_) | ItemKind::Const(_) => {
                        self.out.statics.push((id, def));
                        self.world.signatures.value(def).clone()
                    }
                    ItemKind::Fn(_) => {
                        self.out.callees.insert(id, Callee::Def(def));
                        Type::Fn(Arc::new(self.world.signatures.value(def).clone()))
                    }
                    ItemKind::Struct(_) | ItemKind::Enum(_) => Type::Def(def, Arc::from([])),
                    _ => Type::Unknown,
                }
            }
            Some((Callee::Foreign(path), ty)) => {
                self.out.callees.insert(id, Callee::Foreign(path));
                ty.map_or(Type::Unknown, |ty| Type::Fn(Arc::new(ty)))
            }
            None => Type::Unknown,
        }
    }

    /// What a path in value position stands for, with the type it is a member of.
    fn callee_of(&self, path: &Path) -> Option<(Callee, Option<Type>)> {
        let world = self.world;
        if path.segs.first().is_some_and(|seg| seg.name == "Self") {
            let this = self.this.clone()?;
            let Some(member) = path.segs.get(1) else {
                return match &this {
                    Type::Def(id, _) => Some((Callee::Def(*id), Some(this))),
                    _ => None,
                };
            };
            return self.member(&this, &member.name).map(|callee| (callee, Some(this)));
        }
        match world.program.resolve(world.catalog, self.module, path, Space::Value)? {
            Res::Def(id) => {
                let of = (path.segs.len() > 1).then(|| world.signatures.this[id.0 as usize].clone()).flatten();
                Some((Callee::Def(id), of))
            }
            Res::Foreign(found) => {
                let ty = self.owner_type(path, &found);
                Some((Callee::Foreign(found), ty))
            }
            Res::Inside(id, name) => {
                let ty = Type::Def(id, Arc::from([]));
                Some((self.derived(id, &name).unwrap_or(Callee::Def(id)), Some(ty)))
            }
            Res::Mod(_) => None,
        }
    }

    /// The type that an associated function of a foreign path belongs to, with written arguments.
    fn owner_type(&self, path: &Path, found: &str) -> Option<Type> {
        let (owner, _) = found.rsplit_once("::")?;
        let name = owner.rsplit("::").next()?;
        if !name.starts_with(char::is_uppercase) {
            return None;
        }
        let written = path.segs.iter().rev().nth(1).map_or(&[][..], |seg| seg.args.as_slice());
        Some(Type::Foreign(SmolStr::new(owner), written.iter().map(|ty| self.lower(ty)).collect()))
    }

    /// A function that a type of the workspace has from a foreign trait which it derives or implements.
    fn derived(&self, id: DefId, name: &str) -> Option<Callee> {
        let world = self.world;
        let def = world.program.def(id);
        let derives = def.item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive"));
        let from_derive = derives.flat_map(|attr| attr.args.iter()).filter_map(|(name, _)| {
            let names: Vec<&str> = name.split("::").collect();
            match world.program.resolve(world.catalog, def.module, &Path::of(&names), Space::Type) {
                Some(Res::Foreign(path)) => Some(path),
                _ => None,
            }
        });
        let implemented = world.program.foreign_impls.get(&id).into_iter().flatten().cloned();
        from_derive
            .chain(implemented)
            .map(|path| member_path(&path, name))
            .find(|path| world.catalog.path(path).is_some())
            .map(Callee::Foreign)
    }

    /// A function or method of a type, by name.
    fn member(&self, ty: &Type, name: &str) -> Option<Callee> {
        let world = self.world;
        match ty {
            Type::Def(id, _) | Type::Trait(id) => {
                let found = world.program.members.get(&(*id, SmolStr::new(name))).and_then(|all| all.first().copied());
                match found {
                    Some(member) => Some(Callee::Def(self.implementation(*id, member, name))),
                    None => self.derived(*id, name),
                }
            }
            Type::Foreign(path, _) => Some(Callee::Foreign(member_path(path, name))),
            _ => None,
        }
    }

    /// A required method of a trait with one implementor stands for that implementor's.
    fn implementation(&self, of: DefId, member: DefId, name: &str) -> DefId {
        let program = self.world.program;
        let required = program.func(member).is_some_and(|func| func.body.is_none());
        match program.implementors.get(&of).map(Vec::as_slice) {
            Some([only]) if required => {
                program.members.get(&(*only, SmolStr::new(name))).and_then(|all| all.first().copied()).unwrap_or(member)
            }
            _ => member,
        }
    }

    fn call(&mut self, id: ExprId, callee: ExprId, args: &[ExprId]) -> Type {
        self.out.calls.0 += 1;
        let Expr::Path(path, _) = &self.body[callee] else {
            let ty = self.expr(callee);
            self.all(args);
            self.out.calls.1 += usize::from(ty.is_known());
            return match ty {
                Type::Fn(ret) => (*ret).clone(),
                _ => Type::Unknown,
            };
        };
        // Whatever the callee is, its path expression is visited: a local closure, a function, a constructor.
        let callee_ty = self.path(callee, path);
        self.out.types[callee.0 as usize] = callee_ty.clone();
        let arg_types = self.all(args);
        if self.out.local_of.contains_key(&callee) {
            self.out.calls.1 += 1;
            return match callee_ty {
                Type::Fn(ret) => (*ret).clone(),
                _ => Type::Unknown,
            };
        }
        let Some((found, of)) = self.callee_of(path) else { return Type::Unknown };
        self.out.calls.1 += 1;
        let ty = match &found {
            Callee::Def(def) => match &self.world.program.def(*def).item.kind {
                ItemKind::Fn(func) => {
                    let ret = self.world.signatures.value(*def).clone();
                    let ret = self.with_arguments(&ret, &func.generics, path.segs.last().map_or(&[], |seg| &seg.args));
                    match (&ret, of) {
                        (Type::Unknown, Some(of)) if matches!(path.last().map(SmolStr::as_str), Some("new" | "default")) => of,
                        _ => ret,
                    }
                }
                _ => of.unwrap_or_else(|| Type::Def(*def, Arc::from([]))),
            },
            Callee::Foreign(path) => match &of {
                Some(def @ Type::Def(..)) => def.clone(),
                _ => self.foreign_call(path, of.as_ref(), &arg_types),
            },
        };
        self.out.callees.insert(id, found);
        ty
    }

    fn with_arguments(&self, ty: &Type, generics: &[Generic], written: &[crate::facts::Ty]) -> Type {
        if written.is_empty() || generics.is_empty() {
            return ty.clone();
        }
        let args: Vec<Type> = written.iter().map(|ty| self.lower(ty)).collect();
        substitute(ty, generics, &args)
    }

    /// What a foreign function returns: what std is known to, what the catalog says, else the type it belongs to.
    fn foreign_call(&self, path: &str, of: Option<&Type>, args: &[Type]) -> Type {
        if let Some(ty) = std_knowledge::call(path, of, args) {
            return ty;
        }
        let catalog = self.world.catalog;
        if let Some(hit) = catalog.path(path) {
            let api = catalog.api(hit.entry);
            if let Some(of) = of.and_then(Type::path)
                && (api.types.contains(of) || api.builders.contains(of))
                && !(path.ends_with("::builder") && !api.builders.is_empty())
            {
                return Type::Foreign(of.clone(), self.wrapped(of, args));
            }
            let made = if path.ends_with("uilder") { api.builders.first().or(api.types.first()) } else { api.types.first() };
            if let Some(made) = made {
                return Type::foreign(made);
            }
        }
        match of {
            Some(Type::Foreign(of, written)) if written.is_empty() => Type::Foreign(of.clone(), self.wrapped(of, args)),
            Some(of) => of.clone(),
            None => Type::Unknown,
        }
    }

    /// `Arc::new(x)`, `Mutex::new(x)`, `LazyLock::new(|| x)`: what is put in is the argument of the type.
    fn wrapped(&self, of: &str, args: &[Type]) -> Arc<[Type]> {
        if !self.world.catalog.wrappers().holds_its_argument(of) {
            return Arc::from([]);
        }
        match args.first() {
            Some(Type::Fn(ret)) => Arc::from([(**ret).clone()]),
            Some(first) => Arc::from([first.clone()]),
            None => Arc::from([]),
        }
    }

    fn method(&mut self, id: ExprId, recv: ExprId, name: &Name, turbofish: &[crate::facts::Ty], args: &[ExprId]) -> Type {
        let recv_ty = self.expr(recv);
        self.closures_take(&recv_ty, name, args);
        let arg_types = self.all(args);
        self.out.receivers.0 += 1;
        if !recv_ty.is_known() {
            return Type::Unknown;
        }
        self.out.receivers.1 += 1;
        let mut ty = recv_ty.clone();
        let mut named: Option<(SmolStr, Type)> = None;
        for _ in 0..8 {
            if let Some(found) = std_knowledge::method(self.world.catalog.wrappers(), &ty, name, &arg_types) {
                if let Some(path) = ty.path() {
                    self.out.callees.insert(id, Callee::Foreign(member_path(path, name)));
                }
                return found;
            }
            match &ty {
                Type::Def(..) | Type::Trait(_) => {
                    if let Some(callee) = self.member(&ty, name) {
                        let ret = match &callee {
                            Callee::Def(def) => self.method_return(*def, &ty, turbofish),
                            Callee::Foreign(_) => ty.clone(),
                        };
                        self.out.callees.insert(id, callee);
                        return ret;
                    }
                }
                Type::Foreign(path, _) => {
                    let full = member_path(path, name);
                    if self.world.catalog.path(&full).is_some() {
                        let ret = self.foreign_call(&full, Some(&ty), &arg_types);
                        let ret = self.built(&full, ret);
                        self.out.callees.insert(id, Callee::Foreign(full));
                        return ret;
                    }
                    if named.is_none() && !self.world.catalog.wrappers().is_transparent(path) {
                        named = Some((full, ty.clone()));
                    }
                }
                _ => {}
            }
            match self.deref(&ty) {
                Some(next) if next.is_known() => ty = next,
                _ => break,
            }
        }
        let Some((full, of)) = named else { return Type::Unknown };
        self.out.callees.insert(id, Callee::Foreign(full));
        // A method of a builder hands the builder on.
        let path = of.path().map_or("", SmolStr::as_str);
        let is_builder = self.world.catalog.builder(path).is_some() || path.ends_with("Builder") || path.ends_with("Options") || path.ends_with("Config");
        if is_builder && !matches!(name.as_str(), "build" | "get" | "len" | "is_empty") { of } else { Type::Unknown }
    }

    /// A method that ends a builder leads to what is built.
    fn built(&self, full: &str, ret: Type) -> Type {
        let catalog = self.world.catalog;
        let Some(hit) = catalog.path(full) else { return ret };
        let api = catalog.api(hit.entry);
        match ret.path() {
            Some(path) if api.builders.contains(path) && !full.ends_with("uilder") && !full.ends_with("::new") => {
                api.types.first().map_or(ret, |ty| Type::foreign(ty))
            }
            _ => ret,
        }
    }

    fn method_return(&self, def: DefId, recv: &Type, turbofish: &[crate::facts::Ty]) -> Type {
        let program = self.world.program;
        let ret = self.world.signatures.value(def);
        let generics = program.func(def).map_or(&[][..], |func| &func.generics);
        let ret = self.with_arguments(ret, generics, turbofish);
        let owner: &[Generic] = match program.def(def).owner.map(|owner| &owner.kind) {
            Some(ItemKind::Impl(imp)) => &imp.generics,
            _ => &[],
        };
        substitute(&ret, owner, recv.args())
    }

    /// Parameters of closures handed to the usual combinators get their types before the closure is walked.
    fn closures_take(&mut self, recv: &Type, name: &str, args: &[ExprId]) {
        let Some(given) = std_knowledge::closure_parameter(recv, name) else { return };
        let body = self.body;
        for arg in args {
            if let Expr::Closure { params, .. } = &body[*arg]
                && let [(pat, None)] = &**params
                && let Pat::Bind { .. } = &body[*pat]
            {
                self.hints.insert(*pat, given.clone());
            }
        }
    }

    fn macro_call(&mut self, id: ExprId, path: &Path, args: &[Type]) -> Type {
        let world = self.world;
        let name = path.last().cloned().unwrap_or_default();
        if path.segs.len() == 1
            && let Some(ty) = std_knowledge::macro_type(&name, args)
        {
            return ty;
        }
        let found = match world.program.resolve(world.catalog, self.module, path, Space::Type) {
            Some(Res::Foreign(path)) => format_smolstr!("{path}!"),
            _ => return Type::Unknown,
        };
        let ty = world.catalog.path(&found).and_then(|hit| world.catalog.api(hit.entry).types.first()).map(|ty| Type::foreign(ty));
        self.out.callees.insert(id, Callee::Foreign(found));
        ty.unwrap_or_default()
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
                        return substitute(found, generics, args);
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

    fn deref(&self, ty: &Type) -> Option<Type> {
        self.world.deref(ty)
    }

    fn peel(&self, ty: &Type) -> Type {
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
            Type::Foreign(path, args) if self.catalog.wrappers().is_transparent(path) => args.first().cloned(),
            Type::Def(id, _) => self.signatures.derefs.get(id).cloned(),
            _ => None,
        }
    }
}

fn is_result(path: &str) -> bool {
    matches!(path, "std::result::Result" | "std::option::Option")
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
