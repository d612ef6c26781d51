//! What start-up alone fills with data that takes a while to get: fact `warmed` of caches and other data kept in memory.

use rustc_hash::FxHashMap;

use super::contents::inside;
use super::context::Cx;
use super::entries::Entries;
use super::finding::{Finding, Origin};
use crate::catalog::Shape;
use crate::facts::ItemKind;
use crate::model::{Access, Class, EntryKind, Fact, Kind};
use crate::resolve::{DefId, Type, growable};

/// Adds the fact where a function that only `main` leads to, and that reads elsewhere, fills what a finding holds.
pub fn tell(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding]) {
    let mut known: FxHashMap<DefId, bool> = FxHashMap::default();
    for finding in findings {
        let is_data = matches!(finding.kind, Kind::Cache | Kind::Static | Kind::SharedState) && finding.class == Class::Mutable;
        if !is_data || !holds_many(cx, finding) {
            continue;
        }
        let made_in = |func: DefId| finding.def == func;
        let fills = finding.uses.iter().filter(|(_, func, access)| *access == Access::Write && !made_in(*func));
        let mut fills = fills.filter(|(_, func, _)| *known.entry(*func).or_insert_with(|| is_warming(cx, entries, *func)));
        let Some((at, func, _)) = fills.next() else { continue };
        let fact = Fact { at: Some(cx.place(*at)), ..Cx::plain_fact("warmed", format!("by `{}`, at start-up", cx.work_name(*func))) };
        finding.learn(fact);
    }
}

/// `main` waits for a function that reads elsewhere, and nothing else comes to it.
fn is_warming(cx: &Cx<'_>, entries: &Entries, func: DefId) -> bool {
    let program = cx.world.program;
    let of_main = || {
        let all = entries.leading_to(std::iter::once(func));
        !all.is_empty() && all.iter().all(|(kind, _)| *kind == EntryKind::Main)
    };
    let is_async = program.func(func).is_some_and(|func| func.is_async);
    let reads_file = |at: &usize| {
        let calls = cx.bodies[*at].known.iter();
        calls
            .into_iter()
            .any(|call| matches!(cx.api(call.hit.entry).shape, Shape::Read) || cx.api(call.hit.entry).kind == Some(Kind::ReferenceData))
    };
    let waits = is_async || cx.body_of.get(&func).is_some_and(reads_file);
    let is_loop = cx.body_of.get(&func).is_some_and(|at| cx.is_loop(&cx.bodies[*at]));
    waits && !is_loop && is_named_so(&cx.short_name(func)) && cx.from_main.contains_key(&func) && of_main()
}

/// A function that gets data says so; to register, to close and the like take no time.
fn is_named_so(name: &str) -> bool {
    const WORDS: &[&str] =
        &["cache", "fill", "hydrate", "import", "load", "populate", "prefetch", "preload", "prime", "refresh", "warm", "warmup"];
    name.split('_').any(|word| WORDS.contains(&word))
}

/// A cache, or what holds a collection.
fn holds_many(cx: &Cx<'_>, finding: &Finding) -> bool {
    let signatures = cx.world.signatures;
    let ty = match (&cx.world.program.def(finding.def).item.kind, &finding.origin) {
        (ItemKind::Static(_), _) => Some(signatures.value(finding.def)),
        (ItemKind::Struct(_), Origin::Declared(path)) => signatures.field(finding.def, path.rsplit("::").next().unwrap_or(path)),
        _ => None,
    };
    let Some(ty) = ty else { return finding.kind == Kind::Cache };
    let held = || {
        let of = inside(cx, ty, 0)?;
        let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return None };
        facts.fields.iter().find(|field| signatures.field(of, &field.name).is_some_and(|ty| growable(cx.world, ty).is_some()))
    };
    finding.kind == Kind::Cache || growable(cx.world, ty).is_some_and(|ty| !holds_code(ty)) || held().is_some()
}

/// Factories and handlers that are registered are no data.
fn holds_code(ty: &Type) -> bool {
    match ty {
        Type::Fn(_) | Type::Trait(_) => true,
        _ => ty.args().iter().any(holds_code),
    }
}
