//! Detector `thread-locals`: see `thread_locals.md`.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::nature::{Nature, nature};
use super::statics::uses;
use crate::facts::{ItemKind, StaticForm};
use crate::model::{Access, Class, Fact, Kind, Role, Scope};
use crate::resolve::DefId;

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for (id, def) in cx.world.program.all_defs() {
        let ItemKind::Static(fact) = &def.item.kind else { continue };
        if cx.is_for_tests(id) {
            continue;
        }
        let ty = cx.world.signatures.value(id);
        let nature = nature(cx.world, ty);
        let (scope, label) = match (fact.form, nature) {
            (StaticForm::ThreadLocal, _) => (Scope::Thread, "thread-local"),
            (StaticForm::TaskLocal, _) => (Scope::Task, "task-local"),
            (_, Nature::PerThread) => (Scope::Thread, "value for each thread"),
            _ => continue,
        };
        // A task-local is set for each task; a thread-local without a cell stays what its initialiser makes it.
        let changes = fact.form == StaticForm::TaskLocal || !matches!(nature, Nature::Constant);
        out.push(Finding {
            scope,
            class: if changes { Class::Mutable } else { Class::Constant },
            sites: vec![cx.site(cx.declared_at(id), Role::Declared, id)],
            uses: uses(cx, id),
            facts: if scope == Scope::Thread { set_before_await(cx, id).into_iter().collect() } else { Vec::new() },
            label: SmolStr::new_static(label),
            ty: Some(fact.ty.to_string()),
            ..Finding::new("thread-locals", Kind::ThreadLocal, id, def.item.name.clone(), Origin::Declared(cx.path(id)))
        });
    }
}

/// Calls between the future and the function that sets a thread-local.
const MAX_STEPS: usize = 3;

/// A future sets it, directly or through a function, and pauses before it is done, while something else reads it.
fn set_before_await(cx: &Cx<'_>, id: DefId) -> Option<Fact> {
    let is_drop = |func: DefId| cx.path(func).ends_with("::drop");
    let sets = || cx.uses.thread_sets.get(&id).into_iter().flatten();
    let mut setters: Vec<DefId> = sets().map(|(func, ..)| *func).filter(|func| !is_drop(*func)).collect();
    let is_read =
        cx.uses.statics.get(&id).into_iter().flatten().any(|(_, user, access)| *access == Access::Read && !setters.contains(user));
    if !is_read {
        return None;
    }
    let told =
        |func: DefId, at| Fact { at: Some(cx.place(at)), ..Cx::plain_fact("set_before_await", format!("in `{}`", cx.work_name(func))) };
    if let Some((func, at, _)) = sets().find(|(_, _, pauses_after)| *pauses_after) {
        return Some(told(*func, *at));
    }
    for _ in 0..MAX_STEPS {
        let callers = setters.iter().filter_map(|setter| cx.uses.calls.get(setter)).flatten().map(|(caller, ..)| *caller);
        let callers: BTreeSet<DefId> = callers.collect();
        let bodies = || callers.iter().filter_map(|caller| cx.body_of.get(caller)).map(|at| &cx.bodies[*at]);
        let calls = || bodies().flat_map(|body| body.own.iter().map(move |call| (body.def, call)));
        let into = |(_, call): &(DefId, &crate::resolve::OwnCall)| setters.contains(&call.func) && call.taken_by.is_none();
        let found: Vec<_> = calls().filter(into).collect();
        if let Some((func, call)) = found.iter().find(|(_, call)| call.pauses_after) {
            return Some(told(*func, call.at));
        }
        setters = found.into_iter().map(|(func, _)| func).filter(|func| !is_drop(*func)).collect();
        setters.sort_unstable();
        setters.dedup();
        if setters.is_empty() {
            return None;
        }
    }
    None
}
