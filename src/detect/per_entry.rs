//! What is there once for each entry of a collection: the counter in the values of a map is no counter of the process.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use crate::facts::ItemKind;
use crate::model::Kind;
use crate::resolve::{DefId, Type};

/// Types nested deeper than this are taken as they are.
const MAX_DEPTH: u32 = 12;

/// More collections than these are counted.
const MAX_NAMED: usize = 2;

/// A place that keeps a value of a type of the workspace.
#[derive(Clone)]
pub(super) struct Keeper {
    /// The struct or enum around it; none for statics, variables and the state of an application.
    within: Option<DefId>,
    /// The collection whose entries hold it; none when the value itself is kept there.
    collection: Option<SmolStr>,
}

/// The keepers of each type.
pub(super) type Keepers = FxHashMap<DefId, Vec<Keeper>>;

/// What the entries of collections hold.
#[derive(Default)]
pub(super) struct PerEntry {
    /// For each type that is kept in entries only, the collections, as a sentence names them. A type that is also kept by itself
    /// somewhere is left out, and one of which no keeper is known.
    pub(super) kept_in: FxHashMap<DefId, SmolStr>,
    /// Collections whose entries count something: `Shop.carts`.
    pub(super) counting: FxHashSet<SmolStr>,
}

/// Finds what is kept in entries only.
pub(super) fn per_entry(cx: &Cx<'_>, keepers: &Keepers) -> PerEntry {
    let mut out = PerEntry::default();
    for id in keepers.keys() {
        let mut names = Vec::new();
        if only_entries(cx, keepers, *id, &mut FxHashSet::default(), &mut names) && !names.is_empty() {
            names.sort();
            names.dedup();
            out.kept_in.insert(*id, told(&names));
            if counts(cx, *id) {
                out.counting.extend(names);
            }
        }
    }
    out
}

/// A struct with a number that changes in place.
fn counts(cx: &Cx<'_>, id: DefId) -> bool {
    let ItemKind::Struct(facts) = &cx.world.program.def(id).item.kind else { return false };
    let is_number =
        |path: &SmolStr| path.rsplit("::").next().is_some_and(|last| last.starts_with("AtomicU") || last.starts_with("AtomicI"));
    facts.fields.iter().any(|field| cx.world.signatures.field(id, &field.name).and_then(Type::path).is_some_and(is_number))
}

/// `` `Shop.carts` ``, `` `Shop.carts` and `Shop.orders` ``, `` `Shop.carts`, `Shop.orders` and 2 more ``.
fn told(names: &[SmolStr]) -> SmolStr {
    let quoted: Vec<String> = names.iter().take(MAX_NAMED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(MAX_NAMED) {
        0 => quoted.join(" and ").into(),
        more => format_smolstr!("{} and {more} more", quoted.join(", ")),
    }
}

/// Gathers the collections that keep a type; false when it is kept outside of one.
fn only_entries(cx: &Cx<'_>, keepers: &Keepers, id: DefId, seen: &mut FxHashSet<DefId>, names: &mut Vec<SmolStr>) -> bool {
    if !seen.insert(id) {
        return true;
    }
    let Some(all) = keepers.get(&id) else { return false };
    all.iter().all(|keeper| match (&keeper.collection, keeper.within) {
        (Some(name), _) => {
            names.push(name.clone());
            true
        }
        // What lives no longer than a request or a message keeps nothing.
        (None, Some(within)) if !cx.long_lived.contains(&within) || cx.made_for_each.contains(&within) => true,
        // A list of variants with a part in each: usually each of these is there once.
        (None, Some(within)) if is_one_of_several(cx, within) => false,
        (None, Some(within)) => only_entries(cx, keepers, within, seen, names),
        (None, None) => false,
    })
}

/// An enum with something in several of its variants.
fn is_one_of_several(cx: &Cx<'_>, id: DefId) -> bool {
    match &cx.world.program.def(id).item.kind {
        ItemKind::Enum(facts) => facts.variants.iter().filter(|variant| !variant.fields.is_empty()).count() > 1,
        _ => false,
    }
}

/// Gathers what keeps values of the types of the workspace.
pub(super) fn keepers(cx: &Cx<'_>) -> Keepers {
    let (mut out, in_bodies) = rayon::join(|| declared(cx), || in_bodies(cx));
    for (id, more) in in_bodies {
        out.entry(id).or_default().extend(more);
    }
    out
}

/// Fields, variants, statics, and what functions are given of the state of an application.
fn declared(cx: &Cx<'_>) -> Keepers {
    let program = cx.world.program;
    let mut out = Keepers::default();
    for (id, def) in program.all_defs().filter(|(id, _)| !cx.is_for_tests(*id)) {
        match &def.item.kind {
            ItemKind::Struct(facts) => {
                for field in &facts.fields {
                    if let Some(ty) = cx.world.signatures.field(id, &field.name) {
                        let name = || {
                            let owner = cx.short_name(id);
                            let is_numbered = field.name.starts_with(|c: char| c.is_ascii_digit());
                            if is_numbered { owner } else { format_smolstr!("{owner}.{}", field.name) }
                        };
                        Walk { cx, within: Some(id), name: &name, out: &mut out }.note(ty, false, 0);
                    }
                }
            }
            ItemKind::Enum(facts) => {
                for (variant, field) in facts.variants.iter().flat_map(|one| one.fields.iter().map(move |field| (one, field))) {
                    let name = format!("{}.{}", variant.name, field.name);
                    if let Some(ty) = cx.world.signatures.field(id, &name) {
                        Walk { cx, within: Some(id), name: &|| cx.short_name(id), out: &mut out }.note(ty, false, 0);
                    }
                }
            }
            ItemKind::Static(_) => {
                Walk { cx, within: None, name: &|| cx.short_name(id), out: &mut out }.note(cx.world.signatures.value(id), false, 0);
            }
            ItemKind::Fn(_) => {
                let wrappers = cx.world.catalog.wrappers();
                for ty in &cx.world.signatures.params[id.0 as usize] {
                    if let Type::Foreign(path, args) = ty
                        && wrappers.is_app_state(path)
                    {
                        args.iter()
                            .for_each(|arg| Walk { cx, within: None, name: &|| cx.short_name(id), out: &mut out }.note(arg, false, 0));
                    }
                }
            }
            _ => {}
        }
    }
    out
}

/// What bodies hand over, and the variables of those that run as long as the process.
fn in_bodies(cx: &Cx<'_>) -> Keepers {
    let mut out = Keepers::default();
    for body in cx.bodies() {
        for ty in &body.handed_over {
            Walk { cx, within: None, name: &|| cx.short_name(body.def), out: &mut out }.note(ty, false, 0);
        }
        if body.task.endless || cx.once.contains(&body.def) {
            for local in body.locals.iter().filter(|local| local.made) {
                Walk { cx, within: None, name: &|| local.name.clone(), out: &mut out }.note(&local.ty, false, 0);
            }
        }
    }
    out
}

/// A walk through the type of one place.
struct Walk<'c, 'a> {
    cx: &'c Cx<'a>,
    within: Option<DefId>,
    /// What to call the place, if it turns out to keep anything.
    name: &'c dyn Fn() -> SmolStr,
    out: &'c mut Keepers,
}

impl Walk<'_, '_> {
    fn note(&mut self, ty: &Type, in_collection: bool, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        match ty {
            Type::Foreign(path, args) => {
                let last = path.rsplit("::").next().unwrap_or(path);
                // A message on its way is kept nowhere, and neither is what is only pointed at.
                let passes_on = last.ends_with("Sender") || last.ends_with("Receiver") || last == "Weak";
                if passes_on && !self.cx.world.catalog.wrappers().is_container(path) {
                    return;
                }
                let in_collection = in_collection || is_collection(self.cx, path, last);
                args.iter().for_each(|arg| self.note(arg, in_collection, depth + 1));
            }
            Type::Def(id, args) => {
                self.keep(*id, in_collection);
                args.iter().for_each(|arg| self.note(arg, in_collection, depth + 1));
            }
            // A list of parts that implement one trait: each of them is another type, and usually there once.
            Type::Trait(id) => {
                let all = self.cx.world.program.implementors.get(id).cloned().unwrap_or_default();
                all.into_iter().for_each(|id| self.keep(id, false));
            }
            Type::Tuple(all) => all.iter().for_each(|ty| self.note(ty, in_collection, depth + 1)),
            Type::Slice(inner) => self.note(inner, true, depth + 1),
            Type::Fn(_) | Type::Param(_) | Type::Unknown => {}
        }
    }

    fn keep(&mut self, id: DefId, in_collection: bool) {
        let keeper = Keeper { within: self.within, collection: in_collection.then(|| (self.name)()) };
        self.out.entry(id).or_default().push(keeper);
    }
}

/// It holds many of a kind: a map, a list, a cache.
fn is_collection(cx: &Cx<'_>, path: &str, last: &str) -> bool {
    let by_name = ["Map", "Set", "Vec", "Deque", "Heap", "Slab", "List", "Cache", "Queue"].iter().any(|end| last.ends_with(end));
    by_name || cx.world.catalog.type_entry(path).is_some_and(|entry| cx.api(entry).kind == Some(Kind::Cache))
}
