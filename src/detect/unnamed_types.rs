//! Types of libraries that no code of the services names: what makes them stands in the library for others.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::reach::{path_names, written_names};
use crate::facts::{Body, Expr, ItemFact, ItemKind, Stmt};
use crate::resolve::{BodyFacts, DefId, DefSet, Type, World, body_of};

/// Most bodies that a thread takes at once.
const PIECE: usize = 512;

/// Public structs of libraries that are named by nothing but their own `impl` blocks, and by what is left over itself.
///
/// Names stand for all types that have them, so a type is left over only where none of its name is in use.
pub(super) fn unnamed_types(world: World<'_>, run: &[&BodyFacts], test_only: &DefSet) -> FxHashSet<DefId> {
    let program = world.program;
    let mut out = FxHashSet::default();
    if !program.krates.iter().any(|krate| krate.input.is_bin) {
        return out;
    }
    // Made by functions of their own: what is made in another way is there without being named.
    let is_maker = |id: &DefId| program.func(*id).is_some_and(|func| !func.has_self) && program.def(*id).item.public;
    let made: FxHashSet<DefId> = program.members.iter().filter(|(_, all)| all.iter().any(is_maker)).map(|((of, _), _)| *of).collect();
    let mut left: Vec<DefId> =
        program.par_ids().filter(|id| made.contains(id) && may_be_left_over(world, *id) && !test_only.contains(*id)).collect();
    let mut wanted: FxHashMap<&SmolStr, usize> = FxHashMap::default();
    for id in &left {
        let next = wanted.len();
        wanted.entry(&program.def(*id).item.name).or_insert(next);
    }
    if wanted.is_empty() {
        return out;
    }
    // Whose code names each of them; none for code that is of no type.
    let starts: FxHashSet<u8> = wanted.keys().filter_map(|name| name.bytes().next()).collect();
    // Most names are of functions and modules.
    let number = |name: &SmolStr| name.bytes().next().filter(|start| starts.contains(start)).and_then(|_| wanted.get(name).copied());
    let by = |mut names: Vec<usize>, by: Option<DefId>| -> Vec<(usize, Option<DefId>)> {
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| (name, by)).collect()
    };
    let in_body = |body: &&BodyFacts| by(body.names.iter().filter_map(number).collect(), owner(world, body.def));
    let written = |id: DefId| {
        let def = program.def(id);
        let mut names = Vec::new();
        written_in(def.item, &mut names);
        body_of(def.item).into_iter().for_each(|body| types_in(body, &mut names));
        let args = def.item.attrs.iter().flat_map(|attr| &attr.args);
        let words = args.flat_map(|(key, value)| key.split("::").chain(value.as_deref().unwrap_or("").split("::")));
        by(names.into_iter().filter_map(number).chain(words.filter_map(|word| number(&SmolStr::new(word)))).collect(), owner(world, id))
    };
    let is_run = |id: &DefId| program.is_linked(*id) && !test_only.contains(*id);
    let (bodies, definitions): (Vec<_>, Vec<_>) = rayon::join(
        || run.par_iter().with_max_len(PIECE).flat_map_iter(in_body).collect(),
        || program.par_ids().filter(is_run).flat_map_iter(written).collect(),
    );
    // Known elsewhere by another name.
    let leaves = program.modules.iter().flat_map(|module| module.uses.values().flatten());
    let renamed = leaves.filter_map(|leaf| leaf.path.last().filter(|name| **name != leaf.name));
    let renamed = renamed.filter_map(|name| wanted.get(name)).map(|name| (*name, None));
    let mut named: Vec<FxHashSet<Option<DefId>>> = vec![FxHashSet::default(); wanted.len()];
    for (name, by) in bodies.into_iter().chain(definitions).chain(renamed) {
        named[name].insert(by);
    }
    loop {
        let is_left_over = |id: &DefId| {
            let by = wanted.get(&program.def(*id).item.name).map(|name| &named[*name]);
            by.is_none_or(|by| by.iter().all(|by| by.is_some_and(|by| by == *id || out.contains(&by))))
        };
        let (found, rest): (Vec<DefId>, Vec<DefId>) = left.into_iter().partition(is_left_over);
        left = rest;
        if found.is_empty() {
            return out;
        }
        out.extend(found);
    }
}

/// The type that a definition is a member of, or is.
pub(super) fn owner(world: World<'_>, id: DefId) -> Option<DefId> {
    let top = world.program.def(id).in_fn.unwrap_or(id);
    match (&world.signatures.this[top.0 as usize], &world.program.def(top).item.kind) {
        (_, ItemKind::Struct(_) | ItemKind::Enum(_)) => Some(top),
        (Some(Type::Def(of, _)), _) => Some(*of),
        _ => None,
    }
}

/// A public struct of a library.
fn may_be_left_over(world: World<'_>, id: DefId) -> bool {
    let program = world.program;
    let def = program.def(id);
    let input = &program.krate(program.module(def.module).krate).input;
    let of_library = !input.is_bin && program.is_linked(id) && def.item.public && def.in_fn.is_none() && def.item.from_macro.is_none();
    of_library && matches!(def.item.kind, ItemKind::Struct(_))
}

/// The names in the types of an item: of parameters and results, of fields, of what an alias stands for.
fn written_in<'t>(item: &'t ItemFact, out: &mut Vec<&'t SmolStr>) {
    match &item.kind {
        ItemKind::Fn(func) => func.params.iter().map(|param| &param.ty).chain(&func.ret).for_each(|ty| written_names(ty, out)),
        ItemKind::Static(fact) | ItemKind::Const(fact) => written_names(&fact.ty, out),
        ItemKind::Struct(facts) => facts.fields.iter().for_each(|field| written_names(&field.ty, out)),
        ItemKind::Enum(facts) => facts.variants.iter().flat_map(|one| &one.fields).for_each(|field| written_names(&field.ty, out)),
        ItemKind::TypeAlias(_, ty) => written_names(ty, out),
        ItemKind::Impl(imp) => imp.of_trait.iter().for_each(|path| path_names(path, out)),
        _ => {}
    }
}

/// The names in the types that a body writes.
fn types_in<'t>(body: &'t Body, out: &mut Vec<&'t SmolStr>) {
    for expr in &body.exprs {
        match expr {
            Expr::Cast(_, ty) => written_names(ty, out),
            Expr::Method { turbofish, .. } => turbofish.iter().for_each(|ty| written_names(ty, out)),
            Expr::Path(path, _) => path_names(path, out),
            Expr::Closure { params, .. } => params.iter().filter_map(|(_, ty)| ty.as_ref()).for_each(|ty| written_names(ty, out)),
            Expr::Block(stmts) => stmts.iter().for_each(|stmt| {
                if let Stmt::Let { ty: Some(ty), .. } = stmt {
                    written_names(ty, out);
                }
            }),
            _ => {}
        }
    }
}
