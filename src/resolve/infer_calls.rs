//! Inference: what calls, methods and macros stand for, and what they return.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::infer::{Callee, Walker};
use super::names::{Res, Space};
use super::program::DefId;
use super::std_types;
use super::types::{Args, Type, member_path, substitute};
use crate::catalog::Layer;
use crate::facts::{Expr, ExprId, Generic, ItemKind, Name, Pat, Path};

impl Walker<'_, '_> {
    pub(super) fn path(&mut self, id: ExprId, path: &Path) -> Type {
        self.named(id, path).0
    }

    /// The type of a path expression, and what it names unless that is a variable.
    fn named(&mut self, id: ExprId, path: &Path) -> (Type, Option<(Callee, Option<Type>)>) {
        if let Some(name) = path.single()
            && let Some(&local) = self.visible.get(name)
        {
            self.out.local_of.insert(id, local);
            return (self.out.locals[local.0 as usize].ty.clone(), None);
        }
        let found = self.callee_of(path);
        let ty = match &found {
            Some((Callee::Def(def), _)) => {
                let def = *def;
                let item = self.world.program.def(def);
                match &item.item.kind {
                    ItemKind::Static(_) | ItemKind::Const(_) => {
                        self.out.statics.push((id, def));
                        self.out.static_of.insert_first(id, def);
                        self.world.signatures.value(def).clone()
                    }
                    ItemKind::Fn(_) => {
                        self.out.callees.insert(id, Callee::Def(def));
                        Type::Fn(Arc::new(self.world.signatures.value(def).clone()))
                    }
                    ItemKind::Struct(_) | ItemKind::Enum(_) => Type::of(def),
                    _ => Type::Unknown,
                }
            }
            Some((Callee::Foreign(path), ty)) => {
                self.out.callees.insert(id, Callee::Foreign(path.clone()));
                ty.clone().map_or(Type::Unknown, |ty| Type::Fn(Arc::new(ty)))
            }
            None => Type::Unknown,
        };
        (ty, found)
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
                let ty = Type::of(id);
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
        let from_derive = world.signatures.derives.get(&id).into_iter().flatten();
        let implemented = world.program.foreign_impls.get(&id).into_iter().flatten();
        from_derive
            .chain(implemented)
            .map(|path| member_path(path, name))
            .find(|path| world.catalog.path(path).is_some())
            .map(Callee::Foreign)
    }

    /// A function or method of a type, by name.
    fn member(&self, ty: &Type, name: &str) -> Option<Callee> {
        let world = self.world;
        match ty {
            Type::Def(id, _) | Type::Trait(id) => {
                let of = |id: DefId| world.program.members.get(&(id, SmolStr::new(name))).and_then(|all| all.first().copied());
                match (of(*id), ty) {
                    (Some(member), _) => Some(Callee::Def(self.implementation(*id, member, name))),
                    // What a trait asks for beside itself, by the only type that has both.
                    (None, Type::Trait(_)) => self.only_implementor(*id).and_then(of).map(Callee::Def),
                    (None, _) => self.derived(*id, name),
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
        match self.only_implementor(of) {
            Some(only) if required => {
                program.members.get(&(only, SmolStr::new(name))).and_then(|all| all.first().copied()).unwrap_or(member)
            }
            _ => member,
        }
    }

    /// The type of the workspace that implements a trait, where it is the only one.
    fn only_implementor(&self, of: DefId) -> Option<DefId> {
        match self.world.program.implementors.get(&of)?.as_slice() {
            [only] if !self.world.program.open_traits.contains(&of) => Some(*only),
            _ => None,
        }
    }

    pub(super) fn call(&mut self, id: ExprId, callee: ExprId, args: &[ExprId]) -> Type {
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
        let (callee_ty, found) = self.named(callee, path);
        self.out.types[callee.0 as usize] = callee_ty.clone();
        let arg_types = self.all(args);
        if self.out.local_of.contains_key(&callee) {
            self.out.calls.1 += 1;
            return match callee_ty {
                Type::Fn(ret) => (*ret).clone(),
                _ => Type::Unknown,
            };
        }
        let Some((found, of)) = found else { return Type::Unknown };
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
                _ => of.unwrap_or_else(|| Type::of(*def)),
            },
            Callee::Foreign(found) => match &of {
                Some(def @ Type::Def(..)) => def.clone(),
                _ => self
                    .parsed(found, path.segs.last().map_or(&[], |seg| &seg.args))
                    .unwrap_or_else(|| self.foreign_call(found, of.as_ref(), &arg_types)),
            },
        };
        self.out.callees.insert(id, found);
        ty
    }

    /// `toml::from_str::<Settings>(text)`: the struct that is asked for, without the result around it.
    fn parsed(&self, path: &str, written: &[crate::facts::Ty]) -> Option<Type> {
        let [only] = written else { return None };
        self.world.catalog.wrappers().parser(path)?;
        Some(self.lower(only)).filter(Type::is_known)
    }

    /// `Settings::builder().env().file("a.toml").load()`, where a derive gives the struct a stack of layers: it leads to the struct.
    fn stacks_layers(&self, of: DefId) -> bool {
        let Some(Callee::Foreign(path)) = self.derived(of, "builder") else { return false };
        let api = self.world.catalog.path(&path).map(|hit| self.world.catalog.api(hit.entry));
        api.is_some_and(|api| api.layer == Some(Layer::OwnStack))
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
        if let Some(ty) = std_types::call(path, of, args) {
            return ty;
        }
        let catalog = self.world.catalog;
        if let Some(hit) = catalog.path(path) {
            let api = catalog.api(hit.entry);
            if let Some(returns) = &api.returns {
                return Type::foreign(returns);
            }
            // What is known to be harmless says nothing about what it returns.
            if api.kind.is_none() {
                return of.map_or(Type::Unknown, |of| match of {
                    Type::Foreign(of, written) if written.is_empty() => Type::Foreign(of.clone(), self.wrapped(of, args)),
                    other => other.clone(),
                });
            }
            if let Some(of) = of.and_then(Type::path)
                && (api.types.contains(of) || api.builders.contains(of))
                && (!path.ends_with("::builder") || api.builders.is_empty())
            {
                return Type::Foreign(of.clone(), self.wrapped(of, args));
            }
            let owner = path.rsplit_once("::").map_or("", |(owner, _)| owner);
            let made = if path.ends_with("uilder") { api.builder_of(owner).or(api.types.first()) } else { api.types.first() };
            if let Some(made) = made {
                return Type::foreign(made);
            }
        }
        match of {
            Some(Type::Foreign(of, written)) if written.is_empty() => Type::Foreign(of.clone(), self.wrapped(of, args)),
            Some(of) => of.clone(),
            // `Extension(state)`, `Data(state)`.
            None if self.world.catalog.wrappers().is_transparent(path) => Type::Foreign(SmolStr::new(path), self.wrapped(path, args)),
            None => Type::Unknown,
        }
    }

    /// `Arc::new(x)`, `Mutex::new(x)`, `LazyLock::new(|| x)`: what is put in is the argument of the type.
    fn wrapped(&self, of: &str, args: &[Type]) -> Args {
        if !self.world.catalog.wrappers().holds_its_argument(of) {
            return Args::default();
        }
        match args.first() {
            Some(Type::Fn(ret)) => Args::from([(**ret).clone()]),
            Some(first) => Args::from([first.clone()]),
            None => Args::default(),
        }
    }

    pub(super) fn method(&mut self, id: ExprId, recv: ExprId, name: &Name, turbofish: &[crate::facts::Ty], args: &[ExprId]) -> Type {
        let recv_ty = self.expr(recv);
        if matches!(name.as_str(), "push" | "push_str" | "set_extension" | "set_file_name" | "pop" | "clear" | "truncate" | "insert_str") {
            self.changes(recv);
        }
        // Only what leads elsewhere: a path that is set keeps the host of its address.
        let is_address = recv_ty.path().is_some_and(|path| path.starts_with("std::net::") || path == "url::Url");
        if is_address && matches!(name.as_str(), "set_port" | "set_ip" | "set_host" | "set_ip_host") {
            self.changes(recv);
        }
        self.closures_take(&recv_ty, name, args);
        let arg_types = self.all(args);
        self.out.receivers.0 += 1;
        if !recv_ty.is_known() {
            let kept = self.kept_by_framework(recv, name, turbofish, args);
            return kept.unwrap_or_else(|| self.extension(id, name));
        }
        self.out.receivers.1 += 1;
        let mut ty = recv_ty.clone();
        let mut named: Option<(SmolStr, Type)> = None;
        for _ in 0..8 {
            if let Some(found) = std_types::method(self.world.catalog.wrappers(), &ty, name, &arg_types) {
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
                        let ret = self.parsed(&full, turbofish).unwrap_or_else(|| self.built(&full, ret));
                        self.out.callees.insert(id, Callee::Foreign(full));
                        return ret;
                    }
                    if named.is_none() && !self.world.catalog.wrappers().derefs(path) {
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
        let Some((full, of)) = named else {
            // A builder that a derive made: its setters and its end lead to the type itself.
            if let Type::Def(of, _) = &recv_ty
                && !self.out.callees.contains_key(&id)
                && (name == "build" || self.sets_field(*of, name) || self.stacks_layers(*of))
            {
                return recv_ty;
            }
            // `lock.read()` leads to what is inside the lock; the result around it is not told.
            if matches!(recv_ty, Type::Def(..)) && matches!(name.as_str(), "unwrap" | "expect" | "unwrap_or_else" | "map_err") {
                return recv_ty;
            }
            return self.extension(id, name);
        };
        self.extension(id, name);
        if let Some(parsed) = self.parsed(&full, turbofish) {
            self.out.callees.insert_first(id, Callee::Foreign(full));
            return parsed;
        }
        self.out.callees.insert_first(id, Callee::Foreign(full));
        // A method of a builder hands the builder on.
        let path = of.path().map_or("", SmolStr::as_str);
        let is_builder = self.world.catalog.builder(path).is_some()
            || path.ends_with("Builder")
            || path.ends_with("Options")
            || path.ends_with("Config");
        if is_builder && !matches!(name.as_str(), "build" | "get" | "len" | "is_empty") {
            of
        } else {
            self.kept_by_framework(recv, name, turbofish, args).unwrap_or_default()
        }
    }

    /// `rocket.state::<Pool>()`, `request.app_data::<Data<Pool>>()`, `request.extensions().get::<User>()`: what a framework keeps by
    /// its type, if it has one.
    fn kept_by_framework(&self, recv: ExprId, name: &str, turbofish: &[crate::facts::Ty], args: &[ExprId]) -> Option<Type> {
        let [only] = turbofish else { return None };
        let of_extensions =
            || matches!(&self.body[recv], Expr::Method { name, .. } if matches!(name.as_str(), "extensions" | "extensions_mut"));
        let keeps = matches!(name, "state" | "app_data") || matches!(name, "get" | "get_mut") && of_extensions();
        let ty = Some(self.lower(only)).filter(|ty| keeps && args.is_empty() && ty.is_known())?;
        Some(std_types::option(ty))
    }

    fn sets_field(&self, of: DefId, name: &str) -> bool {
        let plain = ["maybe_", "set_", "with_"].iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
        self.world.signatures.field(of, plain).is_some()
    }

    /// A method of a foreign trait that is in scope and that the catalog knows, whatever it is called on.
    fn extension(&mut self, id: ExprId, name: &str) -> Type {
        let catalog = self.world.catalog;
        let Some(owners) = catalog.owners_of(name) else { return Type::Unknown };
        let program = self.world.program;
        let mut scope = Some(self.module);
        while let Some(module) = scope {
            let data = program.module(module);
            // Only what is surely a trait: its name says so, or nothing but a trait can be imported like that.
            let extensions = owners.iter().map(SmolStr::as_str).filter(|owner| owner.ends_with("Ext"));
            let named = extensions.chain(["_"]).filter_map(|name| data.uses.get(name)).flatten();
            for leaf in named {
                let path = catalog.original(leaf.path.join("::").into());
                let full = member_path(&path, name);
                if catalog.is_exact(&full) {
                    self.out.callees.insert(id, Callee::Foreign(full));
                    return Type::Unknown;
                }
            }
            scope = data.parent.filter(|_| data.is_body);
        }
        Type::Unknown
    }

    /// A method that ends a builder leads to what is built.
    fn built(&self, full: &str, ret: Type) -> Type {
        let catalog = self.world.catalog;
        let Some(hit) = catalog.path(full) else { return ret };
        let api = catalog.api(hit.entry);
        match (ret.path(), &api.returns) {
            // One end of a builder of several, with an entry of its own.
            (Some(path), Some(returns)) if catalog.builder(path).is_some() => Type::foreign(returns),
            (Some(path), _) if api.builders.contains(path) && !full.ends_with("uilder") && !full.ends_with("::new") => {
                api.built_by(path).map_or_else(|| ret.clone(), |ty| Type::foreign(ty))
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
    pub(super) fn closures_take(&mut self, recv: &Type, name: &str, args: &[ExprId]) {
        let Some(given) = std_types::closure_parameter(recv, name) else { return };
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

    pub(super) fn macro_call(&mut self, id: ExprId, path: &Path, args: &[Type]) -> Type {
        let world = self.world;
        let name = path.last().cloned().unwrap_or_default();
        if path.segs.len() == 1
            && let Some(ty) = std_types::macro_type(&name, args)
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
}
