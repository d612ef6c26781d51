//! Detector `thread-locals`: see `thread_locals.md`.

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::nature::{Nature, nature};
use super::statics::uses;
use crate::facts::{ItemKind, StaticForm};
use crate::model::{Class, Kind, Role, Scope};

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
            label: SmolStr::new_static(label),
            ty: Some(fact.ty.to_string()),
            ..Finding::new("thread-locals", Kind::ThreadLocal, id, def.item.name.clone(), Origin::Declared(cx.path(id)))
        });
    }
}
