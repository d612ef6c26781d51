//! Detector `shared-fields`: see `shared_fields.md`.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::contents;
use super::context::Cx;
use super::finding::{Finding, Origin};
use super::statics::{REGISTRY, is_registry, kind_by_name};
use super::uses::Uses;
use crate::catalog::Shape;
use crate::facts::{FieldFact, ItemKind};
use crate::model::{Confidence, Fact, Kind, Role, Scope};
use crate::resolve::{At, DefId, Loaded, LocalType, Type, Value};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let folded = folded_into_statics(cx);
    let seeds = seeds(cx);
    for (id, def) in cx.world.program.all_defs() {
        let ItemKind::Struct(facts) = &def.item.kind else { continue };
        if cx.is_for_tests(id) || !cx.long_lived.contains(&id) {
            continue;
        }
        for field in &facts.fields {
            let Some(ty) = cx.world.signatures.field(id, &field.name) else { continue };
            if is_own_container(cx, ty) && !folded.contains(&(id, field.name.clone())) && !for_tests(field) {
                let mut finding = field_item(cx, id, field, ty, &cx.uses);
                let begins = seeds.get(&(id, field.name.clone())).and_then(|seeds| begins_with(cx, seeds));
                finding.facts.extend(begins.map(|what| Cx::plain_fact(Fact::BEGINS_WITH, what)));
                out.push(finding);
            }
        }
    }
    typed_fields(cx, out);
    locals(cx, out);
}

/// What each field begins with, in all places where its struct is made.
type Seeds<'a> = FxHashMap<(DefId, SmolStr), Vec<&'a Option<Loaded>>>;

fn seeds<'a>(cx: &Cx<'a>) -> Seeds<'a> {
    let mut out = Seeds::default();
    for seed in cx.bodies().flat_map(|body| &body.seeds) {
        out.entry((seed.of, seed.field.clone())).or_default().push(&seed.from);
    }
    out
}

/// What a field is loaded from wherever its struct is made, in words; none when one place says nothing of it.
fn begins_with(cx: &Cx<'_>, seeds: &[&Option<Loaded>]) -> Option<String> {
    let mut said: Vec<String> = Vec::new();
    // A function that nobody calls makes none.
    let is_called = |func: DefId| cx.uses.calls.get(&func).is_some_and(|calls| !calls.is_empty());
    let made = seeds.iter().filter(|seed| !matches!(seed, Some(Loaded::Param(func, _)) if !is_called(*func)));
    for seed in made {
        let text = in_words(cx, seed.as_ref()?, 0)?;
        if !said.contains(&text) {
            said.push(text);
        }
    }
    (1..=2).contains(&said.len()).then(|| said.join(" or "))
}

fn in_words(cx: &Cx<'_>, loaded: &Loaded, depth: usize) -> Option<String> {
    let by = |func: DefId| format!("what `{}` gives", cx.short_name(func));
    match loaded {
        Loaded::By(func) => Some(by(*func)),
        Loaded::Awaited => Some("what is asked for when it is made".to_owned()),
        Loaded::File => Some("what is read from a file when it is made".to_owned()),
        Loaded::Param(func, index) => {
            let mut callers: Vec<DefId> = cx.uses.calls.get(func).into_iter().flatten().map(|(caller, ..)| *caller).collect();
            callers.sort();
            callers.dedup();
            let bodies = callers.iter().filter_map(|caller| cx.body_of.get(caller)).map(|at| &cx.bodies[*at]);
            let mut said: Option<String> = None;
            for call in bodies.flat_map(|body| &body.own).filter(|call| call.func == *func && call.taken_by.is_none()) {
                let text = match call.args.get(*index)? {
                    Value::Call { func, .. } if cx.world.program.func(*func).is_some_and(|func| func.is_async) => by(*func),
                    Value::Contents { compiled_in: false, .. } => in_words(cx, &Loaded::File, depth)?,
                    Value::Param { func, index, .. } if depth < 3 => in_words(cx, &Loaded::Param(*func, *index), depth + 1)?,
                    _ => return None,
                };
                if said.as_ref().is_some_and(|known| *known != text) {
                    return None;
                }
                said = Some(text);
            }
            said
        }
    }
}

/// Fields of a type that is state by itself, wherever the struct lives: an uploaded file in a form.
fn typed_fields(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for (id, def) in cx.world.program.all_defs() {
        let ItemKind::Struct(facts) = &def.item.kind else { continue };
        if cx.is_for_tests(id) {
            continue;
        }
        for field in &facts.fields {
            let Some(ty) = cx.world.signatures.field(id, &field.name) else { continue };
            let path = ty.path().filter(|path| !path.starts_with("std::"));
            let Some(entry) = path.and_then(|path| cx.world.catalog.type_entry(path)) else { continue };
            let api = cx.api(entry);
            let Some(kind) = api.kind.filter(|_| api.shape == Shape::TypeOnly) else { continue };
            let is_metric = kind == Kind::Telemetry;
            let mut finding = field_item(cx, id, field, ty, &Uses::default());
            finding.kind = kind;
            finding.scope = api.scope.unwrap_or(kind.usual_scope());
            finding.label = SmolStr::new(&api.label);
            finding.entry = Some(entry);
            if is_metric {
                // The instruments of a struct are one thing.
                finding.name = cx.short_name(id);
                finding.origin = Origin::Declared(cx.path(id));
                finding.sites = vec![cx.site(cx.declared_at(id), Role::Declared, id)];
                finding.ty = None;
                out.push(finding);
                break;
            }
            out.push(finding);
        }
    }
}

fn for_tests(field: &FieldFact) -> bool {
    matches!(&field.cfg, Some(crate::facts::Cfg::Flag(name)) if name == "test")
}

/// The type itself is a container, behind wrappers that are seen through; not one that sits in a struct of its own.
fn is_own_container(cx: &Cx<'_>, ty: &Type) -> bool {
    let wrappers = cx.world.catalog.wrappers();
    match ty {
        Type::Foreign(path, args) => {
            if wrappers.is_container(path) {
                return !is_handle(args);
            }
            if wrappers.is_set_once(path) {
                return true;
            }
            let seen_through = wrappers.is_transparent(path)
                || matches!(path.as_str(), "std::option::Option" | "std::vec::Vec")
                || path.starts_with("std::collections::");
            seen_through && args.iter().any(|arg| is_own_container(cx, arg))
        }
        Type::Slice(inner) => is_own_container(cx, inner),
        Type::Tuple(all) => all.iter().any(|ty| is_own_container(cx, ty)),
        _ => false,
    }
}

/// A map somewhere in a type.
fn holds_map(ty: &Type) -> bool {
    match ty {
        Type::Foreign(path, args) => {
            path.rsplit("::").next().is_some_and(|name| name.ends_with("Map") || name.ends_with("LruCache")) || args.iter().any(holds_map)
        }
        _ => false,
    }
}

/// A handle that counts how many there are of it: its clones lead to one thing.
fn is_counted(ty: &Type) -> bool {
    ty.path().is_some_and(|path| matches!(path.as_str(), "std::sync::Arc" | "std::rc::Rc"))
}

/// The field whose handle another field is given wherever its struct is made: both lead to one thing.
pub fn handed_by(cx: &Cx<'_>, of: DefId, field: &str) -> Option<(DefId, SmolStr)> {
    let ty = cx.world.signatures.field(of, field).filter(|ty| is_counted(ty))?;
    let mut from = None;
    for value in cx.flow.given(of, field) {
        match cx.flow.expand(value) {
            // A clone of the struct itself says nothing new.
            Value::Field { of: same, field: own, .. } if same == of && own == *field => {}
            Value::Field { of: giver, field: given, .. } => {
                let found = (giver, SmolStr::new(given.as_str()));
                if cx.world.signatures.field(giver, &found.1) != Some(ty) || from.as_ref().is_some_and(|known| *known != found) {
                    return None;
                }
                from = Some(found);
            }
            _ => return None,
        }
    }
    from
}

/// `Batcher.updates`, `Store.pending_writes`: a name that speaks of what is gathered and then handed on, and of no cache.
fn waits_by_name(owner: &str, field: &str) -> bool {
    let name = format!("{owner}.{field}").to_lowercase();
    let waits = ["batch", "buffer", "pending", "dirty", "unsent", "unflushed", "outbox", "backlog"].iter().any(|word| name.contains(word));
    waits && !name.contains("cache") && !name.contains("memo")
}

/// A lock around a handle, or around nothing: it orders work and remembers nothing itself.
fn is_handle(args: &[Type]) -> bool {
    matches!(args.last(), Some(Type::Tuple(all)) if all.is_empty())
}

fn field_item(cx: &Cx<'_>, id: DefId, field: &FieldFact, ty: &Type, uses: &Uses) -> Finding {
    let owner = cx.short_name(id);
    let shown = cx.world.program.show(ty);
    let kind = match kind_by_name(&field.name, &shown) {
        // What waits to be written is no copy of anything, whatever its values are called.
        Kind::Cache if waits_by_name(&owner, &field.name) => Kind::SharedState,
        // Counts of what was cached are no cache: nothing else knows them.
        Kind::Cache if cx.uses.tallies.contains(&(id, field.name.clone())) => Kind::SharedState,
        kind @ (Kind::Cache | Kind::Session) => kind,
        // A map in a type that calls itself a cache: `PriceCache.by_currency`.
        _ if owner.ends_with("Cache") && holds_map(ty) => Kind::Cache,
        _ if is_registry(cx, ty) => Kind::Session,
        _ => Kind::SharedState,
    };
    let at = At { file: cx.file_index(id), span: field.span };
    let uses = uses.fields.get(&(id, field.name.clone())).cloned().unwrap_or_default();
    let mut facts = contents::facts(cx, kind, ty, &uses);
    // A handle that others gave is theirs, however many there are of what holds it.
    let is_handed =
        is_counted(ty) && cx.flow.given(id, &field.name).iter().any(|value| matches!(value, Value::Field { .. } | Value::Param { .. }));
    facts.extend(cx.lifetime_in(id).filter(|fact| fact.key != Fact::PER_ENTRY || !is_handed));
    Finding {
        // What never leaves a thread is there once for each of them at most.
        scope: if ty.path().is_some_and(|path| path == "std::rc::Rc") { Scope::Thread } else { Scope::Process },
        sites: vec![cx.site(at, Role::Declared, id)],
        facts,
        uses,
        label: if kind == Kind::Session && is_registry(cx, ty) { REGISTRY } else { container_label(cx, ty) },
        ty: Some(shown),
        ..Finding::new(
            "shared-fields",
            kind,
            id,
            format_smolstr!("{owner}.{}", field.name),
            Origin::Declared(format_smolstr!("{}::{}", cx.path(id), field.name)),
        )
    }
}

/// `map behind a lock`, `counter`, `concurrent map`.
fn container_label(cx: &Cx<'_>, ty: &Type) -> SmolStr {
    let wrappers = cx.world.catalog.wrappers();
    let mut ty = ty.clone();
    for _ in 0..6 {
        let Some(path) = ty.path().cloned() else { break };
        let last = path.rsplit("::").next().unwrap_or("");
        if wrappers.is_container(&path) {
            let held = ty.args().last().and_then(Type::path).map_or("", |path| path.rsplit("::").next().unwrap_or(""));
            let text = match (last, held) {
                _ if last.starts_with("AtomicBool") => "flag",
                _ if last.starts_with("Atomic") => "counter",
                (_, "HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap" | "AHashMap") => "map behind a lock",
                (_, "HashSet" | "BTreeSet" | "IndexSet") => "set behind a lock",
                (_, "Vec" | "VecDeque" | "BinaryHeap") => "list behind a lock",
                ("Mutex" | "RwLock" | "FairMutex" | "ReentrantMutex", _) => "value behind a lock",
                ("DashMap" | "SkipMap" | "HashMap" | "HashIndex" | "TreeIndex", _) => "concurrent map",
                ("DashSet" | "SkipSet" | "HashSet", _) => "concurrent set",
                ("ArcSwap" | "ArcSwapOption" | "ArcSwapAny", _) => "value that is swapped as a whole",
                ("Sender" | "Receiver", _) => "watched value",
                ("SegQueue" | "ArrayQueue" | "ConcurrentQueue", _) => "concurrent queue",
                _ => "cell",
            };
            return SmolStr::new_static(text);
        }
        if wrappers.is_set_once(&path) {
            return SmolStr::new_static("value set once");
        }
        match ty.args().iter().find(|arg| is_own_container(cx, arg)) {
            Some(inner) => ty = inner.clone(),
            None => break,
        }
    }
    SmolStr::new_static("shared value")
}

/// The first container of a struct that a static holds as a whole: the static speaks for it.
fn folded_into_statics(cx: &Cx<'_>) -> FxHashSet<(DefId, SmolStr)> {
    let mut out = FxHashSet::default();
    for (id, def) in cx.world.program.all_defs() {
        if !matches!(def.item.kind, ItemKind::Static(_)) {
            continue;
        }
        let mut ty = cx.world.signatures.value(id).clone();
        let wrappers = cx.world.catalog.wrappers();
        while let Some(path) = ty.path() {
            if !wrappers.is_lazy(path) && !wrappers.is_transparent(path) && !wrappers.is_container(path) {
                break;
            }
            let Some(inner) = ty.args().last().cloned() else { break };
            ty = inner;
        }
        if let Type::Def(of, _) = ty
            && let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind
            && let Some(field) =
                facts.fields.iter().find(|field| cx.world.signatures.field(of, &field.name).is_some_and(|ty| is_own_container(cx, ty)))
        {
            out.insert((of, field.name.clone()));
        }
    }
    out
}

/// Containers behind an `Arc` in a local variable of a function that lives as long as the process.
fn locals(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for body in cx.bodies() {
        let is_main = cx.short_name(body.def) == "main";
        if !is_main && !body.task.endless {
            continue;
        }
        let mut seen = FxHashSet::default();
        for LocalType { name, ty, at, made } in &body.locals {
            let shared = ty.path().is_some_and(|path| path == "std::sync::Arc") && is_own_container(cx, ty);
            // A value that came from elsewhere (a field, a parameter) has its item there.
            if !shared || !made || !seen.insert(name.clone()) {
                continue;
            }
            // What a struct keeps that lives as long is told there.
            let is_told = |(of, field): &(DefId, SmolStr)| {
                let ty = cx.world.signatures.field(*of, field);
                cx.long_lived.contains(of) && !cx.is_for_tests(*of) && ty.is_some_and(|ty| is_own_container(cx, ty))
            };
            if cx.uses.fields_with(body.def, name, at.span.line).iter().any(is_told) {
                continue;
            }
            let function = cx.path(body.def);
            out.push(Finding {
                scope: Scope::Process,
                confidence: Confidence::Likely,
                sites: vec![cx.site(*at, Role::Constructed, body.def)],
                uses: cx.uses.of_local(body.def, name, at.span.line),
                label: container_label(cx, ty),
                ty: Some(cx.world.program.show(ty)),
                ..Finding::new(
                    "shared-fields",
                    match kind_by_name(name, "") {
                        Kind::Cache => Kind::Cache,
                        _ => Kind::SharedState,
                    },
                    body.def,
                    name.clone(),
                    Origin::Called { function, what: name.clone() },
                )
            });
        }
    }
}
