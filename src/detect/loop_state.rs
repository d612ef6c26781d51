//! Detector `loop-state`: see `loop_state.md`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin, RawSite};
use super::nature::{Nature, nature};
use super::statics::{is_registry, kind_by_name};
use super::uses::UsedAt;
use crate::facts::{FieldFact, ItemKind};
use crate::model::{Access, Confidence, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, DefId, Held, LoopFacts, Type};

/// What single values are called.
const REMEMBERED: &str = "remembered by a loop from round to round";
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
    let arriving = cx.bodies().flat_map(|body| &body.loops).filter(|one| one.endless && one.takes);
    let each = all_called(cx, arriving.flat_map(|one| one.spawns.iter().copied()).collect());
    let alive = all_called(cx, cx.once.iter().chain(cx.from_main.keys()).chain(&cx.started).copied().collect());
    let lives = |body: &BodyFacts, one: &LoopFacts| {
        let many = cx.by_requests.contains(&body.def) || (each.contains(&body.def) && !cx.from_main.contains_key(&body.def));
        // Who calls the method of a trait is not in sight.
        let known = alive.contains(&body.def) || (!is_of_trait(cx, body.def) && (one.spawned || !one.may_end));
        one.endless && !one.nested && !many && known
    };
    cx.bodies().flat_map(|body| body.loops.iter().map(move |one| (body, one))).filter(|(body, one)| lives(body, one)).collect()
}

/// A method of a trait.
fn is_of_trait(cx: &Cx<'_>, id: DefId) -> bool {
    matches!(cx.world.program.def(id).owner.map(|owner| &owner.kind), Some(ItemKind::Impl(imp)) if imp.of_trait.is_some())
}

/// Functions and all that they call, in closures too.
fn all_called(cx: &Cx<'_>, mut level: Vec<DefId>) -> FxHashSet<DefId> {
    let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
    while let Some(id) = level.pop() {
        let Some(&at) = cx.body_of.get(&id) else { continue };
        let called = cx.bodies[at].own.iter().filter(|call| call.taken_by.is_none()).map(|call| call.func);
        level.extend(called.filter(|func| seen.insert(*func)));
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
            finding.label = SmolStr::new_static(REMEMBERED);
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
type Changed = BTreeMap<Field, Vec<UsedAt>>;

/// Structs that a loop owns and changes through `&mut self`, without a lock.
fn structs(cx: &Cx<'_>, loops: &[(&BodyFacts, &LoopFacts)], out: &mut Vec<Finding>) {
    let all = Structs { cx, changed: changed(cx, loops), owned: owned(cx, loops) };
    for id in all.owned.keys().filter(|id| !cx.test_only.contains(id)) {
        all.collections(*id, out);
        out.extend(all.marks(*id));
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

/// Structs that live in the loops' variables and in `self`, by value, each with the field of another that it is in.
fn owned(cx: &Cx<'_>, loops: &[(&BodyFacts, &LoopFacts)]) -> BTreeMap<DefId, Option<Field>> {
    let mut queue: VecDeque<(Type, Option<Field>)> =
        loops.iter().flat_map(|(_, one)| one.keeps.iter().map(|ty| (ty.clone(), None))).collect();
    let mut out = BTreeMap::new();
    while let Some((ty, holder)) = queue.pop_front() {
        match &ty {
            Type::Def(id, _) => {
                let Entry::Vacant(free) = out.entry(*id) else { continue };
                free.insert(holder);
                let ItemKind::Struct(facts) = &cx.world.program.def(*id).item.kind else { continue };
                for field in &facts.fields {
                    if let Some(ty) = cx.world.signatures.field(*id, &field.name) {
                        queue.push_back((ty.clone(), Some((*id, field.name.clone()))));
                    }
                }
            }
            Type::Foreign(path, args) if matches!(path.as_str(), "std::option::Option" | "std::boxed::Box" | "std::pin::Pin") => {
                queue.extend(args.iter().map(|arg| (arg.clone(), holder.clone())));
            }
            _ => {}
        }
    }
    out
}

/// A field of a struct.
type Field = (DefId, SmolStr);

/// The structs that loops own, and what the loops change of them.
struct Structs<'a> {
    cx: &'a Cx<'a>,
    changed: Changed,
    owned: BTreeMap<DefId, Option<Field>>,
}

impl Structs<'_> {
    /// Fields that change, with their types; what is state by its type is told elsewhere.
    fn changing(&self, id: DefId) -> impl Iterator<Item = (&FieldFact, &Type, &[UsedAt])> {
        let fields = match &self.cx.world.program.def(id).item.kind {
            ItemKind::Struct(facts) => facts.fields.as_slice(),
            _ => &[],
        };
        fields.iter().filter_map(move |field| {
            let uses = self.changed.get(&(id, field.name.clone()))?;
            let ty = self.cx.world.signatures.field(id, &field.name)?;
            (nature(self.cx.world, ty) == Nature::Constant).then_some((field, ty, uses.as_slice()))
        })
    }

    /// Each collection is an item.
    fn collections(&self, id: DefId, out: &mut Vec<Finding>) {
        let cx = self.cx;
        for (field, ty, uses) in self.changing(id) {
            let Some(what) = collection(ty) else { continue };
            out.push(Finding {
                scope: Scope::Process,
                confidence: Confidence::Likely,
                sites: vec![self.site(id, field)],
                uses: uses.to_vec(),
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
        }
    }

    /// What else a struct remembers is one more; not once more for a struct inside it.
    fn marks(&self, id: DefId) -> Option<Finding> {
        let cx = self.cx;
        let inside_another = self.owned[&id].as_ref().is_some_and(|holder| self.changed.contains_key(holder));
        if inside_another || !self.tells(id, 0) {
            return None;
        }
        let marks: Vec<_> = self.changing(id).filter(|(_, ty, _)| collection(ty).is_none()).collect();
        let fields = names(marks.iter().map(|(field, ..)| &field.name));
        let name = if marks.len() == 1 { format_smolstr!("{}.{fields}", cx.short_name(id)) } else { cx.short_name(id) };
        Some(Finding {
            scope: Scope::Process,
            confidence: Confidence::Likely,
            sites: marks.iter().map(|(field, ..)| self.site(id, field)).collect(),
            uses: marks.iter().flat_map(|(.., uses)| uses.iter().copied()).collect(),
            facts: vec![Cx::plain_fact("fields", fields)],
            label: SmolStr::new_static(REMEMBERED),
            ..Finding::new("loop-state", Kind::SharedState, id, name, Origin::Declared(cx.path(id)))
        })
    }

    /// One of the fields, or of those of a struct in a field, marks a time, a position or a thing seen last.
    fn tells(&self, id: DefId, depth: u32) -> bool {
        depth < 4
            && self.changing(id).any(|(field, ty, _)| {
                let inner = match ty {
                    Type::Def(inner, _) => {
                        self.owned.get(inner).filter(|holder| **holder == Some((id, field.name.clone()))).map(|_| *inner)
                    }
                    _ => None,
                };
                is_mark(&field.name, ty) || inner.is_some_and(|inner| self.tells(inner, depth + 1))
            })
    }

    fn site(&self, id: DefId, field: &FieldFact) -> RawSite {
        self.cx.site(At { file: self.cx.file_index(id), span: field.span }, Role::Declared, id)
    }
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
    let words =
        ["last", "prev", "previous", "offset", "cursor", "seen", "since", "position", "version", "checkpoint", "watermark", "known"];
    let speaks = name.to_lowercase().split('_').any(|word| words.contains(&word));
    let is_plain = matches!(last, "Option" | "String" | "bool") || last.starts_with(['u', 'i']) || ty.path().is_none();
    speaks && is_plain
}
