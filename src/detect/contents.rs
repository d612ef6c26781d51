//! What state that a service builds by itself holds, and for how long: part of detectors `statics` and `shared-fields`.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::reach::member_of;
use crate::facts::ItemKind;
use crate::model::{Access, Fact, Kind, Provenance};
use crate::resolve::{At, DefId, Type, Value, growable};

/// The functions that compare the age of something with a length of time: few, and asked for by every cache.
pub(super) struct Ages {
    functions: FxHashSet<DefId>,
    /// The same, by the type that they are methods of.
    methods: FxHashMap<DefId, Vec<DefId>>,
    /// The functions that ask whether something has ended, with the field that says when, by the struct that has it.
    ends: FxHashMap<DefId, Vec<(DefId, SmolStr)>>,
}

impl Ages {
    pub(super) fn new(cx: &Cx<'_>) -> Self {
        let functions: FxHashSet<DefId> = cx.bodies().filter(|body| !body.ages.is_empty()).map(|body| body.def).collect();
        let mut methods: FxHashMap<DefId, Vec<DefId>> = FxHashMap::default();
        for def in &functions {
            if let Some(Type::Def(this, _)) = &cx.world.signatures.this[def.0 as usize] {
                methods.entry(*this).or_default().push(*def);
            }
        }
        let mut ends: FxHashMap<DefId, Vec<(DefId, SmolStr)>> = FxHashMap::default();
        for body in cx.bodies() {
            for (of, field) in &body.expiries {
                ends.entry(*of).or_default().push((body.def, field.clone()));
            }
        }
        Self { functions, methods, ends }
    }

    fn has(&self, def: DefId) -> bool {
        self.functions.contains(&def)
    }

    fn of_type(&self, of: DefId) -> impl Iterator<Item = DefId> + '_ {
        self.methods.get(&of).into_iter().flatten().copied()
    }
}

/// A struct with more fields is not told by them.
const MAX_FIELDS: usize = 6;

/// A type is not told that is longer.
const MAX_TYPE: usize = 80;

/// Locks and pointers around a struct.
const MAX_WRAPPERS: u32 = 8;

/// What is known of the contents of a static or field of this type, and of how long they are kept.
pub(super) fn facts(cx: &Cx<'_>, kind: Kind, ty: &Type, uses: &[(At, DefId, Access)]) -> Vec<Fact> {
    let of = inside(cx, ty, 0);
    let mut out: Vec<Fact> = of.and_then(|of| fields(cx, of)).into_iter().collect();
    out.extend(of.into_iter().flat_map(|of| numbers(cx, of)));
    let fresh = if kind == Kind::Cache { freshness(cx, of, uses) } else { None };
    out.extend(fresh.or_else(|| expiry(cx, ty, uses)));
    out
}

/// How long the entries of a map are good for that say themselves when they end, where those who look them up ask for it.
fn expiry(cx: &Cx<'_>, ty: &Type, uses: &[(At, DefId, Access)]) -> Option<Fact> {
    let map = growable(cx.world, ty).filter(|map| map.path().is_some_and(|path| path.ends_with("Map")))?;
    let entry = inside(cx, map.args().last()?, 0)?;
    let users: FxHashSet<DefId> = uses.iter().map(|(_, user, _)| *user).collect();
    let asks = |func: DefId| {
        let name = cx.short_name(func);
        let by_name = |user: &DefId| cx.body_of.get(user).is_some_and(|at| cx.bodies[*at].names.binary_search(&name).is_ok());
        users.contains(&func) || member_of(cx, func) == Some(entry) && users.iter().any(by_name)
    };
    let mut fields: Vec<&SmolStr> = cx.ages().ends.get(&entry)?.iter().filter(|(func, _)| asks(*func)).map(|(_, field)| field).collect();
    fields.sort();
    fields.dedup();
    // Of two ends nobody knows which is that of the entry.
    let [field] = fields.as_slice() else { return None };
    let text = SmolStr::new(field.as_str());
    let value = Value::Field { of: entry, field: SmolStr::new(field.as_str()), text, at: cx.declared_at(entry) };
    let fact = cx.fact("fresh_for", None, &value);
    let is_length = fact.unit.as_deref() == Some("duration");
    Some(if is_length {
        fact
    } else {
        Fact { value: None, unit: Some(SmolStr::new_static("moment")), from: Some(field.to_string()), ..fact }
    })
}

/// The struct of the workspace behind locks, pointers and lazy cells.
pub(super) fn inside(cx: &Cx<'_>, ty: &Type, depth: u32) -> Option<DefId> {
    let wrappers = cx.world.catalog.wrappers();
    match ty {
        Type::Def(id, _) => matches!(cx.world.program.def(*id).item.kind, ItemKind::Struct(_)).then_some(*id),
        Type::Foreign(path, args) if depth < MAX_WRAPPERS => {
            let seen_through =
                wrappers.is_transparent(path) || wrappers.is_lazy(path) || wrappers.is_container(path) || path == "std::option::Option";
            match &**args {
                [only] if seen_through => inside(cx, only, depth + 1),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The fields of a small struct with their types.
fn fields(cx: &Cx<'_>, of: DefId) -> Option<Fact> {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return None };
    if facts.fields.is_empty() || facts.fields.len() > MAX_FIELDS {
        return None;
    }
    let told = facts.fields.iter().map(|field| {
        let ty = cx.world.signatures.field(of, &field.name).filter(|ty| ty.is_known()).map(|ty| cx.world.program.show(ty));
        let ty = ty.filter(|ty| ty.chars().count() <= MAX_TYPE);
        match (field.name.parse::<u32>().is_ok(), ty) {
            (true, ty) => ty.unwrap_or_else(|| "…".to_owned()),
            (false, Some(ty)) => format!("{}: {ty}", field.name),
            (false, None) => field.name.to_string(),
        }
    });
    Some(Cx::plain_fact("contents", told.collect::<Vec<_>>().join(", ")))
}

/// The numbers and lengths of time among the fields of a small struct that settings give.
fn numbers(cx: &Cx<'_>, of: DefId) -> Vec<Fact> {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return Vec::new() };
    if facts.fields.len() > 2 * MAX_FIELDS {
        return Vec::new();
    }
    let is_number = |name: &str| {
        let path = cx.world.signatures.field(of, name).and_then(Type::path).map_or("", |path| path.as_str());
        matches!(path, "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64")
            || path.ends_with("::Duration")
            || path.ends_with("::TimeDelta")
    };
    let at = cx.declared_at(of);
    let fields = facts.fields.iter().filter(|field| is_number(&field.name));
    let told = fields.map(|field| {
        let value = Value::Field { of, field: field.name.clone(), text: SmolStr::default(), at };
        cx.fact(&field.name, None, &value)
    });
    told.filter(|fact| fact.provenance == Provenance::Env && fact.from.is_some()).collect()
}

/// How long the contents are taken for fresh: the only length of time with which the functions around them compare an age.
fn freshness(cx: &Cx<'_>, of: Option<DefId>, uses: &[(At, DefId, Access)]) -> Option<Fact> {
    let (used, methods) = (uses.iter().map(|(_, user, _)| *user), of.into_iter().flat_map(|of| cx.ages().of_type(of)));
    let users: BTreeSet<DefId> = used.chain(methods).filter(|def| cx.ages().has(*def)).collect();
    let users = users.iter().filter_map(|def| cx.body_of.get(def)).map(|at| &cx.bodies[*at]);
    let mut told: Vec<Fact> = Vec::new();
    for (value, _) in users.flat_map(|body| &body.ages) {
        let fact = cx.fact("fresh_for", None, value);
        if !told.iter().any(|known| known.value == fact.value && known.from == fact.from) {
            told.push(fact);
        }
    }
    let only = told.pop().filter(|_| told.is_empty())?;
    (only.unit.as_deref() == Some("duration") || only.value.is_none() && only.from.is_some()).then_some(only)
}
