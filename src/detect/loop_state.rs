//! Detector `loop-state`: see `loop_state.md`.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::nature::{Nature, nature};
use super::statics::{is_registry, kind_by_name};
use crate::facts::{ItemKind, StructFact};
use crate::model::{Access, Confidence, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, DefId, Held, LoopFacts, Type};

/// Calls that a loop is followed through to find what changes the structs it owns.
const MAX_STEPS: usize = 6;

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let loops = process_long(cx);
    for (body, one) in &loops {
        locals(cx, body, one, out);
    }
    structs(cx, &loops, out);
}

/// Endless loops that are there as long as the process: not for each request, connection or message.
fn process_long<'a>(cx: &Cx<'a>) -> Vec<(&'a BodyFacts, &'a LoopFacts)> {
    let each = for_each_round(cx);
    let lives = |body: &BodyFacts, one: &LoopFacts| {
        let known = cx.spawned.contains(&body.def) || cx.from_main.contains_key(&body.def) || cx.started.contains(&body.def);
        let many = cx.by_requests.contains(&body.def) || (each.contains(&body.def) && !cx.from_main.contains_key(&body.def));
        one.endless && !one.nested && !many && (one.spawned || known || !one.may_end)
    };
    cx.bodies().flat_map(|body| body.loops.iter().map(move |one| (body, one))).filter(|(body, one)| lives(body, one)).collect()
}

/// Functions in what endless loops spawn in each of their rounds: there are as many of them as connections or messages.
fn for_each_round(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let loops = cx.bodies().flat_map(|body| &body.loops).filter(|one| one.endless);
    let mut level: Vec<DefId> = loops.flat_map(|one| one.spawns.iter().copied()).collect();
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    while let Some(id) = level.pop() {
        let Some(&at) = cx.body_of.get(&id) else { continue };
        level.extend(cx.bodies[at].own.iter().map(|call| call.func).filter(|func| seen.insert(*func)));
    }
    seen
}

/// What a loop keeps in variables.
fn locals(cx: &Cx<'_>, body: &BodyFacts, one: &LoopFacts, out: &mut Vec<Finding>) {
    let held = || one.held.iter().filter(|held| !held.fresh && !held.paces && nature(cx.world, &held.local.ty) == Nature::Constant);
    let collections: Vec<&Held> = held().filter(|held| held.grows && collection(&held.local.ty).is_some()).collect();
    let marks: Vec<&Held> = held().filter(|held| held.assigned && is_mark(&held.local.name, &held.local.ty)).collect();
    for held in &collections {
        let mut finding = local(cx, body, one, held);
        if held.only_grows {
            finding.facts.push(Cx::plain_fact("shrinks", "never"));
        }
        out.push(finding);
    }
    let site = |held: &Held| cx.site(held.local.at, Role::Constructed, body.def);
    match (collections.first(), marks.as_slice()) {
        // What is remembered beside a collection belongs to the same work.
        (Some(_), [_, ..]) => {
            let first = out.len() - collections.len();
            out[first].facts.push(Cx::plain_fact("also_kept", names(marks.iter().map(|held| &held.local.name))));
            out[first].sites.extend(marks.iter().map(|held| site(held)));
        }
        (None, [first, rest @ ..]) => {
            let mut finding = local(cx, body, one, first);
            finding.label = SmolStr::new_static("remembered by a loop from round to round");
            if !rest.is_empty() {
                finding.facts.push(Cx::plain_fact("also_kept", names(rest.iter().map(|held| &held.local.name))));
                finding.sites.extend(rest.iter().map(|held| site(held)));
            }
            out.push(finding);
        }
        (_, []) => {}
    }
}

fn local(cx: &Cx<'_>, body: &BodyFacts, one: &LoopFacts, held: &Held) -> Finding {
    let local = &held.local;
    Finding {
        scope: Scope::Process,
        confidence: Confidence::Likely,
        sites: vec![cx.site(local.at, Role::Constructed, body.def)],
        uses: vec![(one.at, body.def, Access::Write)],
        label: format_smolstr!("{} owned by a loop", collection(&local.ty).unwrap_or("value")),
        ty: Some(cx.world.program.show(&local.ty)),
        ..Finding::new(
            "loop-state",
            kind(cx, &local.name, &local.ty),
            body.def,
            local.name.clone(),
            Origin::Called { function: cx.path(body.def), what: local.name.clone() },
        )
    }
}

fn kind(cx: &Cx<'_>, name: &str, ty: &Type) -> Kind {
    match kind_by_name(name, &cx.world.program.show(ty)) {
        kind @ (Kind::Cache | Kind::Session) => kind,
        _ if is_registry(cx, ty) => Kind::Session,
        _ => Kind::SharedState,
    }
}

fn names<'n>(names: impl Iterator<Item = &'n SmolStr>) -> String {
    names.map(SmolStr::as_str).collect::<Vec<_>>().join(", ")
}

/// Fields that functions change which a loop calls, by struct.
type Changed = BTreeMap<(DefId, SmolStr), Vec<(At, DefId, Access)>>;

/// Structs that a loop owns and changes through `&mut self`, without a lock.
fn structs(cx: &Cx<'_>, loops: &[(&BodyFacts, &LoopFacts)], out: &mut Vec<Finding>) {
    let changed = changed(cx, loops);
    for id in owned(cx, loops) {
        let ItemKind::Struct(facts) = &cx.world.program.def(id).item.kind else { continue };
        if !cx.test_only.contains(&id) {
            of_struct(cx, id, facts, &changed, out);
        }
    }
}

/// Fields of structs that the loops change, directly or through what they call.
fn changed(cx: &Cx<'_>, loops: &[(&BodyFacts, &LoopFacts)]) -> Changed {
    let mut out = Changed::new();
    for (body, one) in loops {
        for (of, name) in &one.writes {
            out.entry((*of, name.clone())).or_default().push((one.at, body.def, Access::Write));
        }
    }
    let mut level: Vec<DefId> = loops.iter().flat_map(|(_, one)| one.calls.iter().copied()).collect();
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    for _ in 0..MAX_STEPS {
        let mut next = Vec::new();
        for id in level {
            let Some(&at) = cx.body_of.get(&id) else { continue };
            let body = &cx.bodies[at];
            for (of, name, access, span) in &body.field_uses {
                if *access == Access::Write {
                    let at = At { file: cx.file_index(id), span: *span };
                    out.entry((*of, name.clone())).or_default().push((at, id, Access::Write));
                }
            }
            next.extend(body.own.iter().filter(|call| call.taken_by.is_none()).map(|call| call.func).filter(|func| seen.insert(*func)));
        }
        level = next;
    }
    out
}

/// Structs that live in the loops' variables and in `self`, by value.
fn owned(cx: &Cx<'_>, loops: &[(&BodyFacts, &LoopFacts)]) -> BTreeSet<DefId> {
    let mut queue: Vec<Type> = loops.iter().flat_map(|(_, one)| one.keeps.iter().cloned()).collect();
    let mut out = BTreeSet::new();
    while let Some(ty) = queue.pop() {
        match &ty {
            Type::Def(id, _) if out.insert(*id) => {
                if let ItemKind::Struct(facts) = &cx.world.program.def(*id).item.kind {
                    queue.extend(facts.fields.iter().filter_map(|field| cx.world.signatures.field(*id, &field.name).cloned()));
                }
            }
            Type::Foreign(path, args) if matches!(path.as_str(), "std::option::Option" | "std::boxed::Box" | "std::pin::Pin") => {
                queue.extend(args.iter().cloned());
            }
            _ => {}
        }
    }
    out
}

/// A collection is an item; what else a struct remembers is one more.
fn of_struct(cx: &Cx<'_>, id: DefId, facts: &StructFact, changed: &Changed, out: &mut Vec<Finding>) {
    let mut marks = Vec::new();
    let mut telling = false;
    for field in &facts.fields {
        let Some(uses) = changed.get(&(id, field.name.clone())) else { continue };
        let Some(ty) = cx.world.signatures.field(id, &field.name) else { continue };
        if nature(cx.world, ty) != Nature::Constant {
            continue;
        }
        let site = cx.site(At { file: cx.file_index(id), span: field.span }, Role::Declared, id);
        if let Some(what) = collection(ty) {
            out.push(Finding {
                scope: Scope::Process,
                confidence: Confidence::Likely,
                sites: vec![site],
                uses: uses.clone(),
                label: format_smolstr!("{what} owned by a loop"),
                ty: Some(cx.world.program.show(ty)),
                ..Finding::new(
                    "loop-state",
                    kind(cx, &field.name, ty),
                    id,
                    format_smolstr!("{}.{}", cx.short_name(id), field.name),
                    Origin::Declared(format_smolstr!("{}::{}", cx.path(id), field.name)),
                )
            });
        } else {
            telling |= is_mark(&field.name, ty);
            marks.push((field, site, uses));
        }
    }
    if !telling {
        return;
    }
    let fields = names(marks.iter().map(|(field, ..)| &field.name));
    let name = if marks.len() == 1 { format_smolstr!("{}.{fields}", cx.short_name(id)) } else { cx.short_name(id) };
    out.push(Finding {
        scope: Scope::Process,
        confidence: Confidence::Likely,
        sites: marks.iter().map(|(_, site, _)| site.clone()).collect(),
        uses: marks.iter().flat_map(|(.., uses)| uses.iter().copied()).collect(),
        facts: vec![Cx::plain_fact("fields", fields)],
        label: SmolStr::new_static("remembered by a loop from round to round"),
        ..Finding::new("loop-state", Kind::SharedState, id, name, Origin::Declared(cx.path(id)))
    });
}

/// What a collection is called; none for other types, and for bytes on their way.
fn collection(ty: &Type) -> Option<&'static str> {
    let path = ty.path()?;
    let last = path.rsplit("::").next().unwrap_or(path);
    let of_bytes = ty.args().first().and_then(Type::path).is_some_and(|path| matches!(path.as_str(), "u8" | "char"));
    match last {
        "Option" | "Box" => collection(ty.args().first()?),
        _ if of_bytes => None,
        "Vec" => Some("list"),
        "VecDeque" | "BinaryHeap" => Some("queue"),
        _ if last.ends_with("Map") => Some("map"),
        _ if last.ends_with("Set") && !last.starts_with("Join") => Some("set"),
        _ => None,
    }
}

/// A point in time, a position, a thing seen last.
fn is_mark(name: &str, ty: &Type) -> bool {
    let last = ty.path().map_or("", |path| path.rsplit("::").next().unwrap_or(path));
    let is_time = matches!(last, "Instant" | "SystemTime" | "DateTime" | "NaiveDateTime" | "OffsetDateTime" | "Timestamp" | "Zoned");
    if is_time {
        return true;
    }
    let words = ["last", "prev", "previous", "offset", "cursor", "seen", "since", "position", "version", "checkpoint", "watermark", "known"];
    let speaks = name.to_lowercase().split('_').any(|word| words.contains(&word));
    let is_plain = matches!(last, "Option" | "String" | "bool") || last.starts_with(['u', 'i']) || ty.path().is_none();
    speaks && is_plain
}
