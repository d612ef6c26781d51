//! Who reaches what: which services use an item of a shared library, and which functions only requests reach.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::left_out::INERT;
use crate::facts::{Attr, Cfg, ItemFact, ItemKind, Path, Ty};
use crate::resolve::{BodyFacts, Def, DefId, KrateId, Res, Space, Type};

/// Names under which routers and servers take their handlers.
pub(super) const ROUTERS: [&str; 18] = [
    "any",
    "connect",
    "delete",
    "delete_service",
    "fallback",
    "get",
    "handler",
    "head",
    "on",
    "options",
    "patch",
    "post",
    "put",
    "resource",
    "route",
    "service_fn",
    "to",
    "trace",
];

/// What a definition mentions.
#[derive(Default)]
struct Mentions {
    /// What is surely meant.
    defs: Vec<DefId>,
    /// Names that could not be resolved, by number.
    names: Vec<usize>,
}

/// The definitions that each service reaches: too many rather than too few where only names are known.
///
/// Empty with fewer than two services: then there is nothing to tell apart.
pub(super) fn by_service(cx: &Cx<'_>) -> BTreeMap<SmolStr, FxHashSet<DefId>> {
    let program = cx.world.program;
    let services = services(cx);
    if services.len() < 2 {
        return BTreeMap::new();
    }
    let graph = Graph::new(cx);
    let reach = |service: &SmolStr| {
        let is_root = |id: DefId| {
            let input = &program.krate(program.module(program.def(id).module).krate).input;
            input.services.len() == 1 && input.services[0] == *service
        };
        graph.reached(&|id| program.services_of(id).contains(service), program.all_defs().map(|(id, _)| id).filter(|id| is_root(*id)), true)
    };
    services.par_iter().with_max_len(1).map(|service| (service.clone(), reach(service))).collect()
}

/// What only callers that are not Rust reach: from the functions that a library exports to them, and from no binary.
pub(super) fn only_exported(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let program = cx.world.program;
    let krate = |id: DefId| &program.krate(program.module(program.def(id).module).krate).input;
    let exported: Vec<DefId> = program
        .all_defs()
        .filter(|(id, def)| {
            let input = krate(*id);
            input.for_others && !input.services.is_empty() && program.func(*id).is_some() && def.item.attrs.iter().any(exports)
        })
        .map(|(id, _)| id)
        .collect();
    if exported.is_empty() || !program.krates.iter().any(|krate| krate.input.is_bin) {
        return FxHashSet::default();
    }
    let graph = Graph::new(cx);
    let is_read = |id: DefId| !program.services_of(id).is_empty();
    let starts = |id: &DefId| krate(*id).is_bin || krate(*id).asked_for;
    let run = graph.reached(&is_read, program.all_defs().map(|(id, _)| id).filter(starts), true);
    let mut out = graph.reached(&is_read, exported.into_iter(), false);
    out.retain(|id| !run.contains(id) && krate(*id).for_others);
    out
}

/// `#[no_mangle]`, `#[unsafe(no_mangle)]` and the like.
fn exports(attr: &Attr) -> bool {
    let is_word = |word: &str| matches!(word, "no_mangle" | "export_name" | "wasm_bindgen" | "pyfunction" | "napi");
    match attr.path.single().map(SmolStr::as_str) {
        Some("unsafe") => attr.args.iter().any(|(key, _)| is_word(key)),
        Some(word) => is_word(word),
        None => attr.path.text() == "uniffi::export",
    }
}

fn services(cx: &Cx<'_>) -> Vec<SmolStr> {
    let mut out: Vec<SmolStr> = cx.world.program.krates.iter().flat_map(|krate| krate.input.services.iter().cloned()).collect();
    out.sort();
    out.dedup();
    out
}

/// What every definition mentions, and what runs with it.
struct Graph<'c, 'a> {
    cx: &'c Cx<'a>,
    /// Definitions by the number of their name: each service asks for the same names again.
    named: Vec<Vec<DefId>>,
    /// What a type does for a trait of others may run without its name being mentioned.
    for_traits: FxHashMap<DefId, Vec<DefId>>,
    /// Numbers of the names that attributes mention.
    always: Vec<usize>,
    mentions: Vec<Mentions>,
    twins: FxHashMap<DefId, Vec<DefId>>,
}

impl<'c, 'a> Graph<'c, 'a> {
    fn new(cx: &'c Cx<'a>) -> Self {
        let program = cx.world.program;
        let by_name = || {
            let mut numbers: FxHashMap<&SmolStr, usize> = FxHashMap::default();
            let mut named: Vec<Vec<DefId>> = Vec::new();
            for (id, def) in program.all_defs() {
                let number = *numbers.entry(&def.item.name).or_insert(named.len());
                if number == named.len() {
                    named.push(Vec::new());
                }
                named[number].push(id);
            }
            (numbers, named)
        };
        let by_trait = || {
            let mut for_traits: FxHashMap<DefId, Vec<DefId>> = FxHashMap::default();
            let mut asked = OwnTraits::default();
            for (id, def) in program.all_defs() {
                if let Some(ItemKind::Impl(imp)) = def.owner.map(|owner| &owner.kind)
                    && let Some(path) = &imp.of_trait
                    && let Some(of) = member_of(cx, id)
                    && !asked.is_asked_by_name(cx, def, path)
                {
                    for_traits.entry(of).or_default().push(id);
                }
            }
            (for_traits, twins(cx))
        };
        let ((numbers, named), (for_traits, twins)) = rayon::join(by_name, by_trait);
        let always = program
            .all_defs()
            .flat_map(|(_, def)| &def.item.attrs)
            .flat_map(|attr| attr.args.iter().flat_map(|(key, value)| key.split("::").chain(value.as_deref().unwrap_or("").split("::"))))
            .filter_map(|name| numbers.get(&SmolStr::new(name)).copied())
            .collect();
        let mentions = program.par_ids().map(|id| mentioned_by(cx, &numbers, id)).collect();
        Self { cx, named, for_traits, always, mentions, twins }
    }

    /// What is reached from some definitions, among those that count; `by_attributes` with what attributes name.
    fn reached(&self, counts: &dyn Fn(DefId) -> bool, roots: impl Iterator<Item = DefId>, by_attributes: bool) -> FxHashSet<DefId> {
        let mut queue: Vec<DefId> = roots.collect();
        let mut seen: FxHashSet<DefId> = queue.iter().copied().collect();
        let mut asked = vec![false; self.named.len()];
        let mut waiting: FxHashMap<DefId, Vec<DefId>> = FxHashMap::default();
        let mut names: Vec<usize> = if by_attributes { self.always.clone() } else { Vec::new() };
        loop {
            for number in names.drain(..) {
                if std::mem::replace(&mut asked[number], true) {
                    continue;
                }
                for &id in self.named[number].iter().filter(|id| counts(**id)) {
                    match member_of(self.cx, id) {
                        // `new` of a type says nothing before the type itself is mentioned.
                        Some(ty) if !seen.contains(&ty) => waiting.entry(ty).or_default().push(id),
                        _ if seen.insert(id) => queue.push(id),
                        _ => {}
                    }
                }
            }
            let Some(id) = queue.pop() else { break };
            let late = waiting.remove(&id).unwrap_or_default();
            let of_traits = self.for_traits.get(&id).into_iter().flatten().copied();
            let meant = self.mentions[id.0 as usize].defs.iter().copied();
            let elsewhere = self.twins.get(&id).into_iter().flatten().copied();
            for next in late.into_iter().chain(of_traits).chain(meant).chain(elsewhere).chain(member_of(self.cx, id)) {
                if counts(next) && seen.insert(next) {
                    queue.push(next);
                }
            }
            names.extend(&self.mentions[id.0 as usize].names);
        }
        seen
    }
}

/// Traits of the workspace, each asked for once: the methods of a block come one after the other.
#[derive(Default)]
struct OwnTraits<'a> {
    last: Option<(&'a ItemFact, bool)>,
}

impl<'a> OwnTraits<'a> {
    /// Whether a method is one of a trait that nobody but the workspace calls: by the name that the trait gives it.
    fn is_asked_by_name(&mut self, cx: &Cx<'a>, def: &Def<'a>, of_trait: &Path) -> bool {
        let Some(owner) = def.owner else { return false };
        if let Some((last, known)) = self.last
            && std::ptr::eq(last, owner)
        {
            return known;
        }
        // What another attribute makes of it may call anything.
        let is_plain = |attrs: &[Attr]| {
            attrs.iter().all(|attr| {
                let name = attr.path.last().map_or("", SmolStr::as_str);
                name == "async_trait" || INERT.contains(&name)
            })
        };
        let found = match cx.world.program.resolve(cx.world.catalog, def.module, of_trait, Space::Type) {
            Some(Res::Def(id)) => {
                let item = cx.world.program.def(id).item;
                matches!(item.kind, ItemKind::Trait(_)) && is_plain(&item.attrs) && is_plain(&owner.attrs)
            }
            _ => false,
        };
        self.last = Some((owner, found));
        found
    }
}

/// What exists on some platforms only, with what stands for it on others: the path of one was resolved, and each may be meant.
fn twins(cx: &Cx<'_>) -> FxHashMap<DefId, Vec<DefId>> {
    let program = cx.world.program;
    let mut groups: FxHashMap<(KrateId, SmolStr, SmolStr), Vec<DefId>> = FxHashMap::default();
    for (id, def) in program.all_defs() {
        if program.cfg_of(id).into_iter().any(is_of_platform) {
            let owner = member_of(cx, id).map(|of| program.def(of).item.name.clone()).unwrap_or_default();
            groups.entry((program.module(def.module).krate, owner, def.item.name.clone())).or_default().push(id);
        }
    }
    let several = groups.into_values().filter(|group| group.len() > 1);
    several.flat_map(|group| group.clone().into_iter().map(move |id| (id, group.clone()))).collect()
}

/// `unix`, `target_os = "…"`, and what is not that.
fn is_of_platform(cfg: &Cfg) -> bool {
    match cfg {
        Cfg::Flag(name) => matches!(name.as_str(), "unix" | "windows"),
        Cfg::KeyValue(key, _) => key.starts_with("target_"),
        Cfg::Not(inner) => is_of_platform(inner),
        Cfg::All(all) | Cfg::Any(all) => all.iter().any(is_of_platform),
    }
}

/// The type whose method or associated item a definition is.
pub(super) fn member_of(cx: &Cx<'_>, id: DefId) -> Option<DefId> {
    match &cx.world.signatures.this[id.0 as usize] {
        Some(Type::Def(of, _)) if *of != id => Some(*of),
        _ => None,
    }
}

/// What a definition mentions: in its body, its signature, its fields.
fn mentioned_by(cx: &Cx<'_>, numbers: &FxHashMap<&SmolStr, usize>, id: DefId) -> Mentions {
    let mut out = Mentions::default();
    let mut names = Vec::new();
    if let Some(&at) = cx.body_of.get(&id) {
        names.extend(&cx.bodies[at].unresolved);
        out.defs.extend(&cx.bodies[at].means);
    }
    let program = cx.world.program;
    let signatures = &cx.world.signatures;
    for ty in std::iter::once(signatures.value(id)).chain(&signatures.params[id.0 as usize]) {
        type_defs(ty, &mut out.defs);
    }
    match &program.def(id).item.kind {
        ItemKind::Struct(facts) => {
            for field in &facts.fields {
                match signatures.field(id, &field.name).filter(|ty| is_told(ty)) {
                    Some(ty) => type_defs(ty, &mut out.defs),
                    None => written_names(&field.ty, &mut names),
                }
            }
        }
        ItemKind::Enum(facts) => {
            facts.variants.iter().flat_map(|variant| &variant.fields).for_each(|field| written_names(&field.ty, &mut names));
        }
        ItemKind::TypeAlias(_, ty) => written_names(ty, &mut names),
        _ => {}
    }
    out.names = names.iter().filter_map(|name| numbers.get(*name).copied()).collect();
    out.names.sort_unstable();
    out.names.dedup();
    out.defs.sort_unstable();
    out.defs.dedup();
    out
}

/// The types of the workspace in a type.
fn type_defs(ty: &Type, out: &mut Vec<DefId>) {
    if let Type::Def(id, _) | Type::Trait(id) = ty {
        out.push(*id);
    }
    match ty {
        Type::Slice(inner) | Type::Fn(inner) => type_defs(inner, out),
        other => other.args().iter().for_each(|arg| type_defs(arg, out)),
    }
}

/// Every part of a type is known.
fn is_told(ty: &Type) -> bool {
    match ty {
        Type::Unknown => false,
        Type::Slice(inner) | Type::Fn(inner) => is_told(inner),
        other => other.args().iter().all(is_told),
    }
}

pub(super) fn written_names<'t>(ty: &'t Ty, out: &mut Vec<&'t SmolStr>) {
    match ty {
        Ty::Path(path) => path_names(path, out),
        Ty::Ref(inner) | Ty::Slice(inner) | Ty::Assoc(_, inner) => written_names(inner, out),
        Ty::Tuple(all) => all.iter().for_each(|ty| written_names(ty, out)),
        Ty::Fn(all, ret) => all.iter().chain([&**ret]).for_each(|ty| written_names(ty, out)),
        Ty::Impl(bounds) | Ty::Dyn(bounds) => bounds.iter().for_each(|path| path_names(path, out)),
        Ty::Projection(inner, ..) => written_names(inner, out),
        Ty::Never | Ty::Infer | Ty::Other => {}
    }
}

pub(super) fn path_names<'t>(path: &'t crate::facts::Path, out: &mut Vec<&'t SmolStr>) {
    for seg in &path.segs {
        out.push(&seg.name);
        seg.args.iter().for_each(|ty| written_names(ty, out));
    }
}

/// Functions that handlers of requests reach and that nothing on the way from `main` calls: what they make in a variable
/// lives as long as one call.
pub(super) fn by_requests(cx: &Cx<'_>, handlers: Vec<DefId>) -> FxHashSet<DefId> {
    let mut level = handlers;
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    while let Some(id) = level.pop() {
        let Some(&at) = cx.body_of.get(&id) else { continue };
        level.extend(cx.bodies[at].own.iter().map(|call| call.func).filter(|func| seen.insert(*func)));
    }
    seen.retain(|id| !cx.from_main.contains_key(id) && !cx.started.contains(id));
    seen
}

/// Functions that handlers of requests reach, through methods of traits too, whoever else calls them.
pub(super) fn serving(cx: &Cx<'_>, handlers: Vec<DefId>) -> FxHashSet<DefId> {
    let program = cx.world.program;
    let mut behind: FxHashMap<DefId, Vec<DefId>> = FxHashMap::default();
    for (of, types) in &program.implementors {
        let ItemKind::Trait(facts) = &program.def(*of).item.kind else { continue };
        for member in &facts.items {
            let Some(method) = program.members.get(&(*of, member.name.clone())).and_then(|all| all.first()) else { continue };
            let own = types.iter().flat_map(|ty| program.members.get(&(*ty, member.name.clone())).into_iter().flatten());
            behind.entry(*method).or_default().extend(own.copied());
        }
    }
    let mut level = handlers;
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    while let Some(id) = level.pop() {
        level.extend(behind.get(&id).into_iter().flatten().copied().filter(|func| seen.insert(*func)));
        let Some(&at) = cx.body_of.get(&id) else { continue };
        let called = cx.bodies[at].own.iter().filter(|call| call.taken_by.is_none()).map(|call| call.func);
        level.extend(called.filter(|func| seen.insert(*func)));
    }
    // What is done once is done for the process, even if a request is the first to ask for it.
    seen.retain(|id| cx.from_main.get(id) != Some(&0));
    seen
}

/// Functions that only the tasks reach which a loop spawns for each connection or message that it takes.
pub(super) fn by_connections(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let arriving = cx.bodies().flat_map(|body| &body.loops).filter(|one| one.endless && one.takes);
    let mut seen = all_called(cx, arriving.flat_map(|one| one.spawns.iter().copied()).collect());
    seen.retain(|id| !cx.from_main.contains_key(id));
    seen
}

/// Structs of which every place that makes one makes it for a request, a connection or a message.
pub(super) fn made_for_each(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let mut out: FxHashMap<DefId, bool> = FxHashMap::default();
    for body in cx.bodies() {
        let each = cx.lifetime(body.def).is_some();
        for (of, ..) in &body.fields {
            *out.entry(*of).or_insert(true) &= each;
        }
    }
    out.into_iter().filter_map(|(of, each)| each.then_some(of)).collect()
}

/// Functions and all that they call, in closures too.
pub(super) fn all_called(cx: &Cx<'_>, mut level: Vec<DefId>) -> FxHashSet<DefId> {
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    while let Some(id) = level.pop() {
        let Some(&at) = cx.body_of.get(&id) else { continue };
        let called = cx.bodies[at].own.iter().filter(|call| call.taken_by.is_none()).map(|call| call.func);
        level.extend(called.filter(|func| seen.insert(*func)));
    }
    seen
}

/// Functions handed to a router, marked as a route, or part of a generated server's trait.
pub(super) fn handlers(cx: &Cx<'_>) -> Vec<DefId> {
    let program = cx.world.program;
    let handed = |body: &BodyFacts| -> Vec<DefId> {
        let by_name = body.own.iter().filter(|call| call.taken_by.as_ref().is_some_and(|name| ROUTERS.contains(&name.as_str())));
        by_name.map(|call| call.func).collect()
    };
    let mut out: Vec<DefId> = cx.bodies().flat_map(handed).collect();
    let mut services = super::entries::Services::new(cx);
    for (id, def) in program.all_defs().filter(|(id, _)| program.func(*id).is_some()) {
        let routed = def.item.attrs.iter().any(|attr| attr.path.last().is_some_and(|last| ROUTERS.contains(&last.as_str())));
        if routed || services.of(def).is_some() {
            out.push(id);
        }
    }
    out
}
