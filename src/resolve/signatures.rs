//! Types of declarations: what fields, statics, parameters and functions are declared as, resolved once for all bodies.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::mints::may_mint;
use super::names::{Res, Space};
use super::program::{Def, DefId, ModId, Program};
use super::types::{Type, TypeScope};
use crate::catalog::Catalog;
use crate::facts::{FieldFact, Generic, ItemFact, ItemKind, Name, Path, Ty};

/// Declared types of the whole workspace.
#[derive(Default)]
pub struct Signatures {
    /// Fields of structs, and of variants under `Variant.field`.
    pub fields: FxHashMap<(DefId, Name), Type>,
    /// Return types of functions, types of statics and consts; by definition.
    pub values: Vec<Type>,
    /// Parameter types of functions; by definition.
    pub params: Vec<Vec<Type>>,
    /// What `Self` is inside a definition; by definition.
    pub this: Vec<Option<Type>>,
    /// Structs that have a field of a type, with the field's name.
    pub holders: FxHashMap<DefId, Vec<(DefId, Name)>>,
    /// What is known of the type parameters of structs and enums: the trait of the workspace, or the function, that they are bound by,
    /// where they are declared or in an `impl` block.
    pub bounds: FxHashMap<(DefId, Name), Type>,
    /// Targets of `Deref` impls.
    pub derefs: FxHashMap<DefId, Type>,
    /// The foreign traits that types derive, as far as the catalog may know a function of theirs.
    pub derives: FxHashMap<DefId, Vec<SmolStr>>,
    /// Functions whose names say that they may make random values; by definition.
    pub may_mint: Vec<bool>,
}

/// What one definition declares: its value, its parameters, its fields; what it derives; whether it may make random values.
type Row = (Type, Vec<Type>, Vec<(Name, Type)>, Vec<SmolStr>, bool);

/// Gives the members of `impl` blocks their canonical paths and their place under their type.
pub fn attach(program: &mut Program<'_>, catalog: &Catalog) -> Vec<Option<Type>> {
    program.settle_globs(catalog);
    // What blocks are of is asked for side by side: members, which change no answer, are noted one after the other below.
    let known = &*program;
    let block = |id: DefId| {
        let Def { item, module, .. } = known.def(id);
        let ItemKind::Impl(imp) = &item.kind else { return None };
        let module = *module;
        let ty = known.lower(catalog, TypeScope { module, this: None, generics: &[&imp.generics] }, &imp.self_ty);
        Some((ty, imp.of_trait.as_ref().and_then(|path| known.resolve(catalog, module, path, Space::Type))))
    };
    let mut blocks: Vec<Option<(Type, Option<Res>)>> = known.par_ids().map(block).collect();
    let mut this: Vec<Option<Type>> = vec![None; program.defs.len()];
    let mut blankets: Vec<Blanket> = Vec::new();
    let mut at = 0;
    while at < program.defs.len() {
        let item = program.defs[at].item;
        let ItemKind::Impl(imp) = &item.kind else {
            if let Some(owner) = program.defs[at].owner
                && matches!(owner.kind, ItemKind::Trait(_))
            {
                let trait_name = owner.name.clone();
                let module = program.defs[at].module;
                let id = program.module(module).names.get(&trait_name).and_then(|all| all.first().copied());
                this[at] = id.map(Type::Trait);
            }
            if let Some(ty) = derived_deref(item) {
                program.derefs.entry(DefId(super::program::index(at))).or_insert((program.defs[at].module, ty));
            }
            at += 1;
            continue;
        };
        let module = program.defs[at].module;
        let (ty, of_trait) = blocks[at].take().unwrap_or((Type::Unknown, None));
        let target = match &ty {
            Type::Def(id, _) => Some(*id),
            _ => None,
        };
        let base = match (&ty, target) {
            (_, Some(id)) => program.def(id).path.clone(),
            (Type::Foreign(path, _), _) => format_smolstr!("{}::{}", program.module(module).path, path.rsplit("::").next().unwrap_or(path)),
            _ => program.module(module).path.clone(),
        };
        if let (Some(target), Some(of_trait)) = (target, &of_trait) {
            note_impl(program, module, target, of_trait, imp);
        }
        this[at] = Some(ty.clone());
        let own_trait = match of_trait {
            Some(Res::Def(id)) => Some(id),
            _ => None,
        };
        let mut blanket = own_trait.and_then(|of| blanket(program, catalog, module, of, imp));
        at += 1;
        // The linker puts the members right behind their block, each perhaps followed by what its body declares.
        let mut left = imp.items.len();
        while left > 0 && at < program.defs.len() {
            let is_member = program.defs[at].owner.is_some_and(|owner| std::ptr::eq(owner, item));
            if is_member {
                left -= 1;
                let name = program.defs[at].item.name.clone();
                let id = DefId(super::program::index(at));
                program.defs[at].path = format_smolstr!("{base}::{name}");
                this[at] = Some(ty.clone());
                if let Some(target) = target {
                    // Inherent members shadow those of traits.
                    let members = program.members.entry((target, name)).or_default();
                    if own_trait.is_none() && imp.of_trait.is_none() { members.insert(0, id) } else { members.push(id) }
                } else if let Some(blanket) = &mut blanket {
                    blanket.members.push((program.defs[at].item.name.clone(), id));
                }
                mend_scope(program, id);
            }
            at += 1;
        }
        blankets.extend(blanket);
    }
    for blanket in blankets {
        blanket.spread(program);
    }
    // Members are known only now.
    program.lookups.clear();
    this
}

/// A block for whatever implements other traits: `impl<T: Store> StoreExt for T`.
struct Blanket {
    /// The trait that it implements.
    of_trait: DefId,
    /// The traits of the workspace that a type has to implement.
    bounds: Vec<DefId>,
    /// Other traits may be asked for as well, and nobody knows which types implement them.
    is_open: bool,
    members: Vec<(Name, DefId)>,
}

fn blanket(program: &Program<'_>, catalog: &Catalog, module: ModId, of_trait: DefId, imp: &crate::facts::ImplFact) -> Option<Blanket> {
    let Ty::Path(path) = &imp.self_ty else { return None };
    let generic = path.single().and_then(|name| imp.generics.iter().find(|generic| generic.name == *name))?;
    let mut out = Blanket { of_trait, bounds: Vec::new(), is_open: false, members: Vec::new() };
    for bound in &generic.bounds {
        match program.resolve(catalog, module, bound, Space::Type) {
            Some(Res::Def(id)) => out.bounds.push(id),
            // What nearly every type is that is shared at all.
            _ if bound.last().is_some_and(|last| matches!(last.as_str(), "Send" | "Sync" | "Sized" | "Unpin")) => {}
            _ => out.is_open = true,
        }
    }
    out.is_open |= out.bounds.is_empty();
    Some(out)
}

impl Blanket {
    /// Gives the block to the types that are known to fulfil what it asks for.
    fn spread(self, program: &mut Program<'_>) {
        if self.is_open {
            program.open_traits.insert(self.of_trait);
            return;
        }
        let of = |bound: &DefId| program.implementors.get(bound).map_or(&[][..], Vec::as_slice);
        let Some((first, rest)) = self.bounds.split_first() else { return };
        let types: Vec<DefId> = of(first).iter().copied().filter(|ty| rest.iter().all(|bound| of(bound).contains(ty))).collect();
        // A bound may be given by a block that nobody can tell the types of.
        if types.is_empty() || self.bounds.iter().any(|bound| program.open_traits.contains(bound)) {
            program.open_traits.insert(self.of_trait);
        }
        for ty in types {
            let known = program.implementors.entry(self.of_trait).or_default();
            if !known.contains(&ty) {
                known.push(ty);
                for (name, id) in &self.members {
                    program.members.entry((ty, name.clone())).or_default().push(*id);
                }
            }
        }
    }
}

/// What `#[derive(Deref)]` derefs to: the only field, or the one that says so.
fn derived_deref(item: &ItemFact) -> Option<&Ty> {
    let ItemKind::Struct(facts) = &item.kind else { return None };
    let is_derived =
        item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive")).any(|attr| {
            attr.args.iter().any(|(name, _)| name.rsplit("::").next().is_some_and(|last| matches!(last, "Deref" | "Shrinkwrap")))
        });
    let says = |field: &&FieldFact| field.attrs.iter().any(|attr| attr.path.single().is_some_and(|name| name == "deref"));
    let field = match facts.fields.as_slice() {
        _ if !is_derived => None,
        [only] => Some(only),
        several => several.iter().find(says),
    };
    field.map(|field| &field.ty)
}

fn note_impl<'f>(program: &mut Program<'f>, module: ModId, target: DefId, of_trait: &Res, imp: &'f crate::facts::ImplFact) {
    match of_trait {
        Res::Def(id) => program.implementors.entry(*id).or_default().push(target),
        Res::Foreign(path) => {
            if path.ends_with("::Deref")
                && let Some(item) = imp.items.iter().find(|item| item.name == "Target" && matches!(item.kind, ItemKind::TypeAlias(..)))
                && let ItemKind::TypeAlias(_, ty) = &item.kind
            {
                program.derefs.insert(target, (module, ty));
            }
            program.foreign_impls.entry(target).or_default().push(path.clone());
        }
        _ => {}
    }
}

/// Paths of what the body of a method declares follow the method's path.
fn mend_scope(program: &mut Program<'_>, id: DefId) {
    let Some(&scope) = program.body_scopes.get(&id) else { return };
    let base = program.def(id).path.clone();
    program.modules[scope.0 as usize].path = base.clone();
    let at = id.0 as usize;
    for def in program.defs.iter_mut().skip(at + 1).take_while(|def| def.in_fn.is_some()) {
        if def.module == scope && def.owner.is_none() {
            def.path = format_smolstr!("{base}::{}", def.item.name);
        }
    }
}

/// Resolves the declared types of all definitions.
#[must_use]
pub fn signatures(program: &Program<'_>, catalog: &Catalog, this: Vec<Option<Type>>) -> Signatures {
    let row = |id: DefId| {
        let (value, params, fields) = row(program, catalog, id, &this);
        let may_mint = program.func(id).is_some() && may_mint(&program.def(id).path);
        (value, params, fields, derives(program, catalog, id), may_mint)
    };
    let rows: Vec<Row> = program.par_ids().map(row).collect();
    let mut out = Signatures { this, ..Signatures::default() };
    for (at, (value, params, fields, derives, may_mint)) in rows.into_iter().enumerate() {
        out.values.push(value);
        out.params.push(params);
        out.may_mint.push(may_mint);
        let id = DefId(super::program::index(at));
        if !derives.is_empty() {
            out.derives.insert(id, derives);
        }
        for (name, ty) in &fields {
            if let Type::Def(held, _) = ty {
                out.holders.entry(*held).or_default().push((id, name.clone()));
            }
        }
        out.fields.extend(fields.into_iter().map(|(name, ty)| ((id, name), ty)));
    }
    for (id, (module, ty)) in &program.derefs {
        let this = Type::of(*id);
        let scope = TypeScope { module: *module, this: Some(&this), generics: &[] };
        out.derefs.insert(*id, program.lower(catalog, scope, ty));
    }
    out.bounds = bounds(program, catalog, &out.this);
    out
}

/// The bounds of the type parameters of structs and enums.
fn bounds(program: &Program<'_>, catalog: &Catalog, this: &[Option<Type>]) -> FxHashMap<(DefId, Name), Type> {
    let mut out = FxHashMap::default();
    for (id, def) in program.all_defs() {
        let (of, own, args): (DefId, &[Generic], &[Type]) = match (&def.item.kind, &this[id.0 as usize]) {
            (ItemKind::Struct(facts), _) => (id, &facts.generics, &[]),
            (ItemKind::Enum(facts), _) => (id, &facts.generics, &[]),
            (ItemKind::Impl(imp), Some(Type::Def(of, args))) => (*of, &imp.generics, args),
            _ => continue,
        };
        let declared: &[Generic] = match &program.def(of).item.kind {
            ItemKind::Struct(facts) => &facts.generics,
            ItemKind::Enum(facts) => &facts.generics,
            _ => continue,
        };
        let scope = TypeScope { module: def.module, this: None, generics: &[own] };
        for (at, generic) in declared.iter().enumerate() {
            // `impl<C: Store> Service<C>` says it of the `B` of `struct Service<B>`.
            let here = if of == id { Some(&generic.name) } else { args.get(at).and_then(Type::parameter) };
            let Some(here) = here.filter(|name| own.iter().any(|one| one.name == **name && !one.bounds.is_empty())) else { continue };
            let found = bounded(program, catalog, scope, Type::Param(here.clone()), &[own]);
            if !matches!(found, Type::Param(_)) {
                out.entry((of, generic.name.clone())).or_insert(found);
            }
        }
    }
    out
}

fn row(program: &Program<'_>, catalog: &Catalog, id: DefId, this: &[Option<Type>]) -> (Type, Vec<Type>, Vec<(Name, Type)>) {
    let def = program.def(id);
    let owner_generics: &[Generic] = match def.owner.map(|owner| &owner.kind) {
        Some(ItemKind::Impl(imp)) => &imp.generics,
        Some(ItemKind::Trait(facts)) => &facts.generics,
        _ => &[],
    };
    let this = this.get(id.0 as usize).and_then(Option::as_ref);
    let none = (Type::Unknown, Vec::new(), Vec::new());
    match &def.item.kind {
        ItemKind::Fn(func) => {
            let scope = TypeScope { module: def.module, this, generics: &[owner_generics, &func.generics] };
            let ret = func.ret.as_ref().map_or(Type::UNIT, |ty| program.lower(catalog, scope, ty));
            let params = func
                .params
                .iter()
                .map(|param| bounded(program, catalog, scope, program.lower(catalog, scope, &param.ty), &[owner_generics, &func.generics]))
                .collect();
            (ret, params, Vec::new())
        }
        ItemKind::Static(fact) | ItemKind::Const(fact) => {
            let scope = TypeScope { module: def.module, this, generics: &[owner_generics] };
            (program.lower(catalog, scope, &fact.ty), Vec::new(), Vec::new())
        }
        ItemKind::Struct(facts) => {
            let own = Type::of(id);
            let scope = TypeScope { module: def.module, this: Some(&own), generics: &[&facts.generics] };
            let fields = typed_fields(program, catalog, scope, &facts.fields, None);
            (Type::Unknown, Vec::new(), fields)
        }
        ItemKind::Enum(facts) => {
            let own = Type::of(id);
            let scope = TypeScope { module: def.module, this: Some(&own), generics: &[&facts.generics] };
            let mut fields = Vec::new();
            for variant in &facts.variants {
                fields.extend(typed_fields(program, catalog, scope, &variant.fields, Some(&variant.name)));
            }
            (Type::Unknown, Vec::new(), fields)
        }
        _ => none,
    }
}

/// The foreign traits that a type derives; of most the catalog knows no function.
fn derives(program: &Program<'_>, catalog: &Catalog, id: DefId) -> Vec<SmolStr> {
    let def = program.def(id);
    let derives = def.item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive"));
    let derived = derives.flat_map(|attr| attr.args.iter()).filter_map(|(name, _)| {
        let names: Vec<&str> = name.split("::").collect();
        match program.resolve(catalog, def.module, &Path::of(&names), Space::Type) {
            Some(Res::Foreign(path)) => Some(path),
            _ => None,
        }
    });
    derived.filter(|path| catalog.may_know_member(path)).collect()
}

fn typed_fields(
    program: &Program<'_>,
    catalog: &Catalog,
    scope: TypeScope<'_>,
    fields: &[FieldFact],
    variant: Option<&Name>,
) -> Vec<(Name, Type)> {
    let name = |field: &FieldFact| variant.map_or_else(|| field.name.clone(), |variant| format_smolstr!("{variant}.{}", field.name));
    fields.iter().map(|field| (name(field), program.lower(catalog, scope, &field.ty))).collect()
}

/// A parameter of a parameter type takes the bound that says most: a trait of the workspace, or a function's return.
pub(super) fn bounded(program: &Program<'_>, catalog: &Catalog, scope: TypeScope<'_>, ty: Type, generics: &[&[Generic]]) -> Type {
    let Type::Param(name) = &ty else { return ty };
    for generic in generics.iter().flat_map(|all| all.iter()).filter(|generic| generic.name == *name) {
        let bound = crate::facts::Ty::Impl(generic.bounds.clone());
        let found = program.lower(catalog, scope, &bound);
        if matches!(found, Type::Trait(_) | Type::Fn(_)) {
            return found;
        }
    }
    ty
}

impl Signatures {
    /// What a definition is declared as: the return type of a function, the type of a static.
    #[must_use]
    pub fn value(&self, id: DefId) -> &Type {
        &self.values[id.0 as usize]
    }

    /// The type of a field.
    #[must_use]
    pub fn field(&self, id: DefId, name: &str) -> Option<&Type> {
        self.fields.get(&(id, SmolStr::new(name)))
    }
}
