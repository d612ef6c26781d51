//! Resolved types: named types by canonical path, with their arguments; references are transparent.

use std::ops::Deref;
use std::sync::Arc;

use smol_str::{SmolStr, SmolStrBuilder};

use super::names::{Res, Space};
use super::program::{DefId, ModId, Program};
use crate::catalog::Catalog;
use crate::facts::{Generic, ItemKind, Name, Path, Ty};

/// Types nested or aliased deeper than this are cut.
const MAX_DEPTH: u32 = 24;

/// A resolved type. `&T` is `T`: state does not care how it is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Not known.
    #[default]
    Unknown,
    /// A type of the workspace.
    Def(DefId, Args),
    /// A type of a foreign crate or of `std`, by canonical path.
    Foreign(SmolStr, Args),
    /// A tuple.
    Tuple(Args),
    /// A slice or array.
    Slice(Arc<Type>),
    /// A function or closure, by what it returns.
    Fn(Arc<Type>),
    /// `dyn Trait` or `impl Trait` of a trait of the workspace.
    Trait(DefId),
    /// A type parameter, by name.
    Param(SmolStr),
}

/// The types that stand in another.
///
/// None are nothing at all: empty slices behind an [`Arc`] are one and the same, and threads would wait for one another to count its owners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args(Option<Arc<[Type]>>);

impl Deref for Args {
    type Target = [Type];

    fn deref(&self) -> &[Type] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Vec<Type>> for Args {
    fn from(all: Vec<Type>) -> Self {
        all.into_iter().collect()
    }
}

impl<const N: usize> From<[Type; N]> for Args {
    fn from(all: [Type; N]) -> Self {
        all.into_iter().collect()
    }
}

impl FromIterator<Type> for Args {
    fn from_iter<T: IntoIterator<Item = Type>>(all: T) -> Self {
        let mut all = all.into_iter().peekable();
        Self(all.peek().is_some().then(|| all.collect()))
    }
}

impl Type {
    /// `()`.
    pub const UNIT: Type = Type::Tuple(Args(None));

    /// A type of the workspace without arguments.
    #[must_use]
    pub fn of(def: DefId) -> Self {
        Type::Def(def, Args::default())
    }

    /// A foreign type without arguments.
    #[must_use]
    pub fn foreign(path: &str) -> Self {
        Type::Foreign(SmolStr::new(path), Args::default())
    }

    /// The definition of a type of the workspace.
    #[must_use]
    pub fn def(&self) -> Option<DefId> {
        match self {
            Type::Def(id, _) => Some(*id),
            _ => None,
        }
    }

    /// The canonical path of a foreign type.
    #[must_use]
    pub fn path(&self) -> Option<&SmolStr> {
        match self {
            Type::Foreign(path, _) => Some(path),
            _ => None,
        }
    }

    /// The name of a type parameter.
    #[must_use]
    pub fn parameter(&self) -> Option<&Name> {
        match self {
            Type::Param(name) => Some(name),
            _ => None,
        }
    }

    /// The type arguments.
    #[must_use]
    pub fn args(&self) -> &[Type] {
        match self {
            Type::Def(_, args) | Type::Foreign(_, args) | Type::Tuple(args) => args,
            _ => &[],
        }
    }

    /// The first type argument, or unknown.
    #[must_use]
    pub fn arg(&self, at: usize) -> Type {
        self.args().get(at).cloned().unwrap_or_default()
    }

    /// The type says that it holds a secret: `Secret<String>`, `Option<SecretString>`.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self {
            Type::Foreign(path, args) => {
                let last = path.rsplit("::").next().unwrap_or(path);
                last.starts_with("Secret") || args.first().is_some_and(Type::is_secret)
            }
            _ => false,
        }
    }

    /// Whether something is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Type::Unknown | Type::Param(_))
    }
}

/// The scope in which written types are read.
#[derive(Clone, Copy)]
pub struct TypeScope<'a> {
    /// The module.
    pub module: ModId,
    /// What `Self` stands for.
    pub this: Option<&'a Type>,
    /// Type parameters in force.
    pub generics: &'a [&'a [Generic]],
}

impl Program<'_> {
    /// Reads a type as written in a scope.
    #[must_use]
    pub fn lower(&self, catalog: &Catalog, scope: TypeScope<'_>, ty: &Ty) -> Type {
        self.lower_at(catalog, scope, ty, 0)
    }

    fn lower_at(&self, catalog: &Catalog, scope: TypeScope<'_>, ty: &Ty, depth: u32) -> Type {
        if depth > MAX_DEPTH {
            return Type::Unknown;
        }
        match ty {
            Ty::Path(path) => self.lower_path(catalog, scope, path, depth),
            Ty::Ref(inner) => self.lower_at(catalog, scope, inner, depth + 1),
            Ty::Tuple(all) => Type::Tuple(all.iter().map(|ty| self.lower_at(catalog, scope, ty, depth + 1)).collect()),
            Ty::Slice(inner) => Type::Slice(Arc::new(self.lower_at(catalog, scope, inner, depth + 1))),
            Ty::Fn(_, ret) => Type::Fn(Arc::new(self.lower_at(catalog, scope, ret, depth + 1))),
            Ty::Impl(bounds) | Ty::Dyn(bounds) => self.lower_bounds(catalog, scope, bounds, depth),
            Ty::Assoc(_, inner) => self.lower_at(catalog, scope, inner, depth + 1),
            Ty::Projection(..) | Ty::Never | Ty::Infer | Ty::Other => Type::Unknown,
        }
    }

    /// `impl Future<Output = T>` is taken as `T`, a function bound as what it returns, else the first trait of the workspace.
    fn lower_bounds(&self, catalog: &Catalog, scope: TypeScope<'_>, bounds: &[Path], depth: u32) -> Type {
        for bound in bounds {
            if let Some(output) = bound.segs.last().and_then(|seg| {
                seg.args.iter().find_map(|arg| match arg {
                    Ty::Assoc(name, ty) if name == "Output" => Some(ty),
                    _ => None,
                })
            }) {
                let inner = self.lower_at(catalog, scope, output, depth + 1);
                let is_fn = bound.last().is_some_and(|name| name.starts_with("Fn") || name.starts_with("AsyncFn"));
                return if is_fn { Type::Fn(Arc::new(inner)) } else { inner };
            }
            match self.resolve(catalog, scope.module, bound, Space::Type) {
                Some(Res::Def(id)) if matches!(self.def(id).item.kind, ItemKind::Trait(_)) => return Type::Trait(id),
                Some(Res::Foreign(path)) if !path.starts_with("std::") => return Type::foreign(&path),
                _ => {}
            }
        }
        Type::Unknown
    }

    fn lower_path(&self, catalog: &Catalog, scope: TypeScope<'_>, path: &Path, depth: u32) -> Type {
        if let Some(name) = path.single() {
            if name == "Self" {
                return scope.this.cloned().unwrap_or_default();
            }
            if scope.generics.iter().any(|all| all.iter().any(|generic| generic.name == *name)) {
                return Type::Param(name.clone());
            }
        }
        if path.segs.first().is_some_and(|seg| seg.name == "Self") {
            return Type::Unknown;
        }
        let Some(res) = self.resolve(catalog, scope.module, path, Space::Type) else { return Type::Unknown };
        let written = path.segs.iter().rev().find(|seg| !seg.args.is_empty()).map_or(&[][..], |seg| seg.args.as_slice());
        // An empty list that is collected is a new allocation, the default is not.
        let args: Args = match written {
            [] => Args::default(),
            _ => written
                .iter()
                .filter(|arg| !matches!(arg, Ty::Assoc(..)))
                .map(|arg| self.lower_at(catalog, scope, arg, depth + 1))
                .collect(),
        };
        match res {
            Res::Def(id) => match &self.def(id).item.kind {
                ItemKind::TypeAlias(generics, target) => {
                    let inner_scope = TypeScope { module: self.def(id).module, this: None, generics: &[generics] };
                    let inner = self.lower_at(catalog, inner_scope, target, depth + 1);
                    substitute(&inner, generics, &args)
                }
                ItemKind::Trait(_) => Type::Trait(id),
                _ => Type::Def(id, args),
            },
            Res::Foreign(found) => foreign(found, args),
            Res::Inside(id, _) => Type::Def(id, args),
            Res::Mod(_) => Type::Unknown,
        }
    }

    /// A type as people write it, with the last segment of each name: `Arc<Mutex<HashMap<String, User>>>`.
    #[must_use]
    pub fn show(&self, ty: &Type) -> String {
        match ty {
            Type::Unknown => "_".to_owned(),
            Type::Def(id, args) => self.show_named(self.def(*id).path.rsplit("::").next().unwrap_or("_"), args),
            Type::Foreign(path, args) => self.show_named(path.rsplit("::").next().unwrap_or(path), args),
            Type::Tuple(all) => format!("({})", all.iter().map(|ty| self.show(ty)).collect::<Vec<_>>().join(", ")),
            Type::Slice(inner) => format!("[{}]", self.show(inner)),
            Type::Fn(ret) => format!("fn() -> {}", self.show(ret)),
            Type::Trait(id) => format!("dyn {}", self.def(*id).item.name),
            Type::Param(name) => name.to_string(),
        }
    }

    fn show_named(&self, name: &str, args: &[Type]) -> String {
        if args.is_empty() {
            return name.to_owned();
        }
        format!("{name}<{}>", args.iter().map(|ty| self.show(ty)).collect::<Vec<_>>().join(", "))
    }

    /// The canonical path of a named type.
    #[must_use]
    pub fn type_path(&self, ty: &Type) -> Option<SmolStr> {
        match ty {
            Type::Def(id, _) => Some(self.def(*id).path.clone()),
            Type::Foreign(path, _) => Some(path.clone()),
            _ => None,
        }
    }
}

/// Foreign names under which everybody's `Result` goes mean the one of `std`.
fn foreign(path: SmolStr, args: Args) -> Type {
    if path.ends_with("::Result") && path != "std::result::Result" {
        return Type::Foreign(SmolStr::new_static("std::result::Result"), args);
    }
    if path.ends_with("::BoxFuture") || path.ends_with("::LocalBoxFuture") {
        return args.last().cloned().unwrap_or_default();
    }
    Type::Foreign(path, args)
}

/// Puts arguments in place of parameters.
#[must_use]
pub(super) fn substitute(ty: &Type, generics: &[Generic], args: &[Type]) -> Type {
    if generics.is_empty() {
        return ty.clone();
    }
    with_parameters(ty, &|name| args.get(generics.iter().position(|generic| generic.name == *name)?).cloned())
}

/// A type with what is known of parameters in their place.
#[must_use]
pub fn with_parameters(ty: &Type, known: &dyn Fn(&Name) -> Option<Type>) -> Type {
    let all =
        |list: &Args| -> Args { if list.is_empty() { list.clone() } else { list.iter().map(|ty| with_parameters(ty, known)).collect() } };
    match ty {
        Type::Param(name) => known(name).unwrap_or_else(|| ty.clone()),
        Type::Def(id, list) => Type::Def(*id, all(list)),
        Type::Foreign(path, list) => Type::Foreign(path.clone(), all(list)),
        Type::Tuple(list) => Type::Tuple(all(list)),
        Type::Slice(inner) => Type::Slice(Arc::new(with_parameters(inner, known))),
        Type::Fn(ret) => Type::Fn(Arc::new(with_parameters(ret, known))),
        Type::Unknown | Type::Trait(_) => ty.clone(),
    }
}

/// The path of an associated item of a foreign type.
#[must_use]
pub(super) fn member_path(ty: &str, name: &str) -> SmolStr {
    let mut path = SmolStrBuilder::new();
    path.push_str(ty);
    path.push_str("::");
    path.push_str(name);
    path.finish()
}
