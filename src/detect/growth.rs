//! Whether collections grow while a service runs, and what makes them smaller: facts `grows` and `shrinks` of what detectors found.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::contents::inside;
use super::context::Cx;
use super::entries::Entries;
use super::finding::{Finding, Origin};
use crate::catalog::{Knob, Shape};
use crate::facts::{ItemKind, Name};
use crate::model::{Access, Class, EntryKind, Fact, FactValue, Kind};
use crate::resolve::{At, BodyFacts, Change, DefId, Holder, Type, growable, tuple_in};

/// A fact names so many routes and tasks.
const MAX_NAMED: usize = 2;

/// What bodies do to collections, by what holds them.
#[derive(Default)]
pub struct Growth {
    /// What happens to a collection all in all.
    all: FxHashMap<Holder, Change>,
    /// Where something is put in.
    added: FxHashMap<Holder, Vec<(DefId, At, Name)>>,
    /// Where an entry is taken out by its key.
    removed: FxHashMap<Holder, Vec<DefId>>,
    /// Where whatever meets a condition is taken out.
    retained: FxHashMap<Holder, Vec<DefId>>,
    /// Structs whose value is replaced as a whole.
    renewed: FxHashSet<DefId>,
}

impl Growth {
    /// One more body.
    pub fn take_in(&mut self, body: &BodyFacts) {
        for (holder, change) in &body.growth {
            self.all.entry(holder.clone()).or_default().also(change);
            if !change.adds.is_empty() {
                let adds = change.adds.iter().map(|(at, by)| (body.def, *at, by.clone()));
                self.added.entry(holder.clone()).or_default().extend(adds);
            }
            if change.retains {
                self.retained.entry(holder.clone()).or_default().push(body.def);
            }
            if change.removes {
                self.removed.entry(holder.clone()).or_default().push(body.def);
            }
        }
        self.renewed.extend(&body.renewed);
    }
}

/// Adds the facts to statics, fields and thread-locals that hold collections.
pub fn tell(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding]) {
    let within = held_in_collections(cx);
    for finding in findings {
        for fact in of_library(cx, entries, finding).into_iter().flatten() {
            finding.learn(fact);
        }
        let is_own = finding.entry.is_none() && finding.class == Class::Mutable && matches!(finding.origin, Origin::Declared(_));
        if !is_own || !matches!(finding.detector, "statics" | "shared-fields" | "thread-locals" | "loop-state") {
            continue;
        }
        let told = holders(cx, finding, &within).iter().find_map(|(holder, ty)| facts(cx, entries, holder, ty));
        for fact in told.into_iter().flatten() {
            finding.learn(fact);
        }
    }
}

/// What bounds how much a library keeps.
const CAPACITIES: &[&str] = &["max_capacity", "capacity", "size", "max_size", "max_entries", "max_sessions", "keys", "Capacity"];
/// What bounds how long it keeps it.
const AGES: &[&str] = &[
    "time_to_live",
    "ttl",
    "ttl_secs",
    "ttl_millis",
    "time_to_idle",
    "time",
    "expiry",
    "expire_after",
    "lifespan",
    "SharedCache",
    "Expiry",
];

/// A cache, limiter or store of a library that is known to keep whatever it is given.
fn of_library(cx: &Cx<'_>, entries: &Entries, finding: &Finding) -> Option<[Fact; 2]> {
    let api = cx.api(finding.entry.filter(|_| matches!(finding.kind, Kind::Cache | Kind::Limiter | Kind::Session))?);
    let capacities = || api.knobs.iter().filter(|knob| CAPACITIES.contains(&knob.name.as_str()));
    let is_none =
        |fact: &Fact| matches!(&fact.value, Some(FactValue::Text(text)) if matches!(text.as_str(), "unbounded" | "none" | "never"));
    let unbounded = |knob: &Knob| match finding.facts.iter().find(|fact| fact.key == knob.name) {
        Some(fact) => is_none(fact),
        None => knob.fixed && knob.default.as_deref() == Some("unbounded"),
    };
    let ages = || api.knobs.iter().filter(|knob| AGES.contains(&knob.name.as_str()));
    let stays = |knob: &Knob| match finding.facts.iter().find(|fact| fact.key == knob.name) {
        Some(fact) => is_none(fact),
        // Without a default there is none unless it is set.
        None => knob.default.as_deref().is_none_or(|default| knob.fixed && default == "none"),
    };
    let by_knobs = capacities().next().is_some() && capacities().all(unbounded) && ages().all(stays);
    let keeps = by_knobs || (!api.swept_by.is_empty() && capacities().next().is_none());
    let is_swept = || api.swept_by.iter().any(|name| cx.bodies().any(|body| body.names.binary_search(name).is_ok()));
    // A function without parameters has one answer.
    let has_one_key = cx.world.program.func(finding.def).is_some_and(|func| func.params.is_empty()) && api.shape == Shape::Attribute;
    if !keeps || has_one_key || cx.lifetime(finding.def).is_some() || is_swept() {
        return None;
    }
    let users = finding.uses.iter().map(|(_, func, _)| top(cx, *func));
    let grows = Cx::plain_fact("grows", format!("with each new key{}", on_whom(&entries.leading_to(users)).unwrap_or_default()));
    Some([grows, Cx::plain_fact("shrinks", "never")])
}

/// What may hold the collection of a finding: the thing itself, or the fields of the struct in it.
fn holders(cx: &Cx<'_>, finding: &Finding, within: &FxHashSet<DefId>) -> Vec<(Holder, Type)> {
    let signatures = cx.world.signatures;
    let (own, ty) = match &cx.world.program.def(finding.def).item.kind {
        ItemKind::Static(_) => (Holder::Static(finding.def), signatures.value(finding.def)),
        ItemKind::Struct(_) => {
            let Origin::Declared(path) = &finding.origin else { return Vec::new() };
            let name = SmolStr::new(path.rsplit("::").next().unwrap_or(path));
            let Some(ty) = signatures.field(finding.def, &name) else { return Vec::new() };
            // One for each entry of something else, or for as long as something lasts.
            if cx.made_for_each.contains(&finding.def) || within.contains(&finding.def) || cx.uses.growth.renewed.contains(&finding.def) {
                return Vec::new();
            }
            (Holder::Field(finding.def, name), ty)
        }
        _ => return Vec::new(),
    };
    if growable(cx.world, ty).is_some() {
        return vec![(own, ty.clone())];
    }
    if let (Holder::Static(of), Some(parts)) = (&own, tuple_in(cx.world, ty)) {
        let part = |(at, ty): (usize, &Type)| (Holder::Part(*of, format_smolstr!("{at}")), ty.clone());
        return parts.iter().enumerate().map(part).collect();
    }
    // What is swapped as a whole holds what it was made with.
    let is_swapped = |path: &str| path.starts_with("arc_swap::") || path.starts_with("tokio::sync::watch::");
    let Some(of) = inside(cx, ty, 0).filter(|_| !mentions(ty, &is_swapped)) else { return Vec::new() };
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return Vec::new() };
    if within.contains(&of) || cx.made_for_each.contains(&of) || cx.uses.growth.renewed.contains(&of) {
        return Vec::new();
    }
    let named = facts.fields.iter().filter_map(|field| Some((&field.name, signatures.field(of, &field.name)?)));
    named.map(|(name, ty)| (Holder::Field(of, name.clone()), ty.clone())).collect()
}

fn mentions(ty: &Type, what: &dyn Fn(&str) -> bool) -> bool {
    ty.path().is_some_and(|path| what(path)) || ty.args().iter().any(|arg| mentions(arg, what))
}

/// Structs that live in collections: each is there as long as its entry.
fn held_in_collections(cx: &Cx<'_>) -> FxHashSet<DefId> {
    fn gather(cx: &Cx<'_>, ty: &Type, inside: bool, out: &mut FxHashSet<DefId>, depth: u32) {
        if depth > 8 {
            return;
        }
        match ty {
            // What is in such a struct lives as long.
            Type::Def(id, _) if inside && out.insert(*id) => {
                let ItemKind::Struct(facts) = &cx.world.program.def(*id).item.kind else { return };
                let fields = facts.fields.iter().filter_map(|field| cx.world.signatures.field(*id, &field.name));
                fields.for_each(|ty| gather(cx, ty, true, out, depth + 1));
            }
            Type::Def(..) if inside => {}
            Type::Foreign(path, args) => {
                let last = path.rsplit("::").next().unwrap_or(path);
                let holds = ["Map", "Vec", "Deque", "Set", "Slab", "Cache", "Heap", "Queue"].iter().any(|end| last.ends_with(end));
                args.iter().for_each(|arg| gather(cx, arg, inside || holds, out, depth + 1));
            }
            // A cache of the service's own.
            Type::Def(_, args) => args.iter().for_each(|arg| gather(cx, arg, true, out, depth + 1)),
            Type::Tuple(all) => all.iter().for_each(|ty| gather(cx, ty, inside, out, depth + 1)),
            Type::Slice(inner) => gather(cx, inner, true, out, depth + 1),
            _ => {}
        }
    }
    let mut out = FxHashSet::default();
    for ty in cx.world.signatures.fields.values() {
        gather(cx, ty, false, &mut out, 0);
    }
    for (id, def) in cx.world.program.all_defs() {
        if matches!(def.item.kind, ItemKind::Static(_)) {
            gather(cx, cx.world.signatures.value(id), false, &mut out, 0);
        }
    }
    out
}

/// What is known of the growth of one collection; none when it does not grow while the service runs, or nobody can tell.
fn facts(cx: &Cx<'_>, entries: &Entries, holder: &Holder, ty: &Type) -> Option<Vec<Fact>> {
    let growth = &cx.uses.growth;
    let change = growth.all.get(holder)?;
    // A text that is leaked is written nowhere, though its type says so: `Box::leak(name.into_boxed_str())`.
    let leaks = |func: DefId| cx.body_of.get(&func).is_some_and(|at| cx.bodies[*at].names.iter().any(|name| name == "leak"));
    let leaked = || growth.added.get(holder).into_iter().flatten().any(|(func, ..)| leaks(*func));
    if has_few_keys(cx, growable(cx.world, ty)?) && !leaked() {
        return None;
    }
    let alike = alike(cx, holder);
    let others = || alike.iter().filter_map(|other| growth.all.get(other));
    if let Some(func) = growth.retained.get(holder).and_then(|funcs| funcs.first()) {
        let how = if change.by_age { ", by age" } else { "" };
        return Some(vec![Cx::plain_fact("swept", format!("by `retain` in `{}`{how}", cx.work_name(top(cx, *func))))]);
    }
    let lent = change.lent || others().any(|other| other.lent);
    let sweeps = change.sweeps || others().any(|other| other.sweeps);
    if lent || sweeps {
        return None;
    }
    let running = |(func, ..): &&(DefId, At, Name)| is_while_running(cx, entries, *func);
    let (func, at, by) = growth.added.get(holder)?.iter().find(running)?;
    let grows = Fact { at: Some(cx.place(*at)), ..Cx::plain_fact("grows", said(entries, growth, holder, by, *func, cx)) };
    let removed = change.removes || others().any(|other| other.removes);
    let beside = || {
        let adds: FxHashSet<DefId> = growth.added.get(holder).into_iter().flatten().map(|(func, ..)| *func).collect();
        growth.removed.get(holder).into_iter().flatten().any(|func| adds.contains(func) || is_drop(cx, *func))
    };
    let shrinks = match removed {
        false => "never",
        true if beside() => "by key, by who put it in",
        true => "by key only",
    };
    let mut out = vec![grows, Cx::plain_fact("shrinks", shrinks)];
    if shrinks == "never" {
        out.extend(memoised(cx, holder, ty));
    }
    Some(out)
}

/// A function that looks an entry up, else asks elsewhere for it and puts it in.
fn memoised(cx: &Cx<'_>, holder: &Holder, ty: &Type) -> Option<Fact> {
    let is_map = growable(cx.world, ty)?.path()?.ends_with("Map");
    let uses = match holder {
        Holder::Field(of, name) => cx.uses.fields.get(&(*of, name.clone()))?,
        Holder::Static(of) | Holder::Part(of, _) => cx.uses.statics.get(of)?,
        Holder::Some(_) | Holder::Unpacked(..) => return None,
    };
    let looks_up = |func: DefId| uses.iter().any(|(_, user, access)| *user == func && *access == Access::Read);
    let asks = |func: DefId| cx.world.program.func(func).is_some_and(|func| func.is_async);
    let mut added = cx.uses.growth.added.get(holder)?.iter();
    // All of it is put in so: what something else puts in as well may be kept up to date by that.
    let (func, at, _) = added.clone().next().filter(|_| is_map && added.all(|(func, ..)| looks_up(*func) && asks(*func)))?;
    Some(Fact { at: Some(cx.place(*at)), ..Cx::plain_fact("memoised", format!("in `{}`", cx.work_name(*func))) })
}

/// The same collection where it could not be told whose field it is.
fn alike(cx: &Cx<'_>, holder: &Holder) -> Vec<Holder> {
    match holder {
        Holder::Field(of, name) => {
            vec![Holder::Some(name.clone()), Holder::Unpacked(cx.world.program.def(*of).item.name.clone(), name.clone())]
        }
        Holder::Part(of, _) => vec![Holder::Static(*of)],
        _ => Vec::new(),
    }
}

/// `by insert on POST /login and 2 more`.
fn said(entries: &Entries, growth: &Growth, holder: &Holder, by: &Name, func: DefId, cx: &Cx<'_>) -> String {
    let funcs = growth.added.get(holder).into_iter().flatten().map(|(func, ..)| *func);
    let all = entries.leading_to(funcs.map(|func| top(cx, func)));
    match on_whom(&all) {
        Some(whom) => format!("by `{by}`{whom}"),
        None => format!("by `{by}` in `{}`", cx.work_name(func)),
    }
}

/// ` on POST /login and 2 more`, ` in a background task`.
pub(super) fn on_whom(all: &[(EntryKind, SmolStr)]) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    for (kind, name) in all {
        let one = match kind {
            EntryKind::Route => format!("`{name}`"),
            EntryKind::EveryRequest => "every request".to_owned(),
            EntryKind::Task | EntryKind::Main => continue,
        };
        if !told.contains(&one) {
            told.push(one);
        }
    }
    // What anybody may ask for, and what changes something, tells most.
    told.sort_by_key(|one| match one.as_str() {
        "every request" => 0,
        one if one.starts_with("`POST ") => 1,
        one if one.starts_with("`PUT ") || one.starts_with("`PATCH ") => 2,
        _ => 3,
    });
    match told.len() {
        0 if all.iter().any(|(kind, _)| *kind == EntryKind::Task) => Some(" in a background task".to_owned()),
        0 => None,
        1..=MAX_NAMED => Some(format!(" on {}", told.join(" and "))),
        more => Some(format!(" on {} and {} more", told[..MAX_NAMED - 1].join(", "), more - MAX_NAMED + 1)),
    }
}

fn top(cx: &Cx<'_>, func: DefId) -> DefId {
    cx.world.program.def(func).in_fn.unwrap_or(func)
}

/// Requests, messages and tasks come to a function, and not start-up alone.
fn is_while_running(cx: &Cx<'_>, entries: &Entries, func: DefId) -> bool {
    let func = top(cx, func);
    let is_loop = cx.body_of.get(&func).is_some_and(|at| cx.is_loop(&cx.bodies[*at]));
    let all = entries.leading_to(std::iter::once(func));
    is_loop || all.iter().any(|(kind, _)| *kind != EntryKind::Main) || (all.is_empty() && !cx.once.contains(&func) && !cx.is_dead(func))
}

/// The end of a guard takes out what its beginning put in.
fn is_drop(cx: &Cx<'_>, func: DefId) -> bool {
    matches!(cx.world.program.def(func).owner.map(|owner| &owner.kind), Some(ItemKind::Impl(imp))
        if imp.of_trait.as_ref().and_then(|path| path.last()).is_some_and(|last| last == "Drop"))
}

/// A map whose keys are written in the code: names, variants, types.
fn has_few_keys(cx: &Cx<'_>, ty: &Type) -> bool {
    let Type::Foreign(path, args) = ty else { return false };
    let by_key = path.ends_with("Map") || path.ends_with("Set") || path.ends_with("Index");
    by_key && args.first().is_some_and(|key| is_one_of_few(cx, key))
}

fn is_one_of_few(cx: &Cx<'_>, key: &Type) -> bool {
    match key {
        // A reference is seen through: only `&'static str` stands as a plain `str`.
        Type::Foreign(path, _) => matches!(path.as_str(), "str" | "bool" | "u8" | "i8" | "std::any::TypeId" | "http::Method"),
        Type::Def(id, _) => match &cx.world.program.def(*id).item.kind {
            ItemKind::Enum(facts) => facts.variants.iter().all(|variant| variant.fields.is_empty()),
            _ => false,
        },
        Type::Tuple(all) => all.iter().all(|key| is_one_of_few(cx, key)),
        _ => false,
    }
}
