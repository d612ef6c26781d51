//! For detector `loop-state`: structs that a loop owns and changes through `&mut self`, without a lock.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin, RawSite};
use super::loop_state::{collection, ends_with_a_result, is_mark, kind, label, names};
use super::nature::{Nature, nature};
use super::uses::UsedAt;
use crate::facts::{FieldFact, ItemKind};
use crate::model::{Access, Confidence, Fact, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, DefId, LoopFacts, Type};

/// Calls that a loop is followed through to find what changes the structs it owns.
const MAX_STEPS: usize = 6;

/// Fields that functions change which a loop calls, by struct.
type Changed = BTreeMap<Field, Vec<UsedAt>>;

/// Structs that a loop owns and changes through `&mut self`, without a lock.
pub(super) fn structs(cx: &Cx<'_>, loops: &[(&BodyFacts, &LoopFacts)], out: &mut Vec<Finding>) {
    let all = Structs { cx, changed: changed(cx, loops), owned: owned(cx, loops) };
    for id in all.owned.keys().filter(|id| !cx.is_for_tests(**id)) {
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
    let kept = |(body, one): &(&BodyFacts, &LoopFacts)| {
        let result = ends_with_a_result(cx, body, one);
        one.keeps
            .iter()
            .filter(|kept| !(kept.returned || (result && kept.used_after)))
            .map(|kept| (kept.ty.clone(), None))
            .collect::<Vec<_>>()
    };
    let mut queue: VecDeque<(Type, Option<Field>)> = loops.iter().flat_map(kept).collect();
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
            let kind = kind(cx, &field.name, ty);
            out.push(Finding {
                scope: Scope::Process,
                confidence: Confidence::Likely,
                sites: vec![self.site(id, field)],
                uses: uses.to_vec(),
                label: label(cx, kind, ty, what),
                ty: Some(cx.world.program.show(ty)),
                ..Finding::new(
                    "loop-state",
                    kind,
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
        let name = &self.cx.world.program.def(id).item.name;
        // Settings that are read anew are told as settings.
        if ["Config", "Settings", "Options", "Args"].iter().any(|end| name.ends_with(end)) {
            return None;
        }
        let inside_another = self.owned[&id].as_ref().is_some_and(|holder| self.changed.contains_key(holder));
        if inside_another || !self.tells(id, 0) {
            return None;
        }
        let marks: Vec<_> = self.changing(id).filter(|(_, ty, _)| collection(ty).is_none()).collect();
        let fields = names(marks.iter().map(|(field, ..)| &field.name));
        let name = if marks.len() == 1 { format_smolstr!("{}.{fields}", cx.short_name(id)) } else { cx.short_name(id) };
        // How old it may be, where what changes it asks.
        let writers: FxHashSet<DefId> = marks.iter().flat_map(|(.., uses)| uses.iter().map(|(_, func, _)| *func)).collect();
        let bodies = cx.bodies().filter(|body| writers.contains(&body.def));
        let ages =
            bodies.flat_map(|body| &body.ages).map(|(value, at)| Fact { at: Some(cx.place(*at)), ..cx.fact("age_limit", None, value) });
        let mut ages: Vec<Fact> = ages.filter(|fact| fact.value.is_some() || fact.from.is_some()).collect();
        ages.truncate(1);
        Some(Finding {
            scope: Scope::Process,
            confidence: Confidence::Likely,
            sites: marks.iter().map(|(field, ..)| self.site(id, field)).collect(),
            uses: marks.iter().flat_map(|(.., uses)| uses.iter().copied()).collect(),
            facts: [Cx::plain_fact("fields", fields)].into_iter().chain(ages).collect(),
            label: SmolStr::new_static(if marks.len() == 1 { "value kept by a loop" } else { "working state of a loop" }),
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
