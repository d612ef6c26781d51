//! Detector `attributes`: see `attributes.md`.

use std::cell::OnceCell;

use smol_str::{SmolStr, format_smolstr};

use super::command_line;
use super::context::Cx;
use super::finding::{Finding, Origin};
use super::knobs::without_what_is_excepted;
use crate::catalog::{Hit, Shape};
use crate::facts::{Attr, ItemKind, Pat, Path};
use crate::model::{Confidence, Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{At, DefId, Res, Space};

/// A longer key is not told.
const MAX_KEY: usize = 100;

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    // Asked for where there is a command line only.
    let texts = OnceCell::new();
    for (id, def) in cx.world.program.all_defs() {
        if cx.is_for_tests(id) || matches!(def.item.kind, ItemKind::Impl(_)) {
            continue;
        }
        for attr in &def.item.attrs {
            if attr.path.last().is_some_and(|last| last == "derive") {
                for (name, _) in &attr.args {
                    let names: Vec<&str> = name.split("::").collect();
                    if let Some(path) = foreign(cx, id, &Path::of(&names)) {
                        push(cx, id, attr, &format_smolstr!("derive({path})"), &texts, out);
                    }
                }
            } else if let Some(path) = foreign(cx, id, &attr.path) {
                push(cx, id, attr, &format_smolstr!("#[{path}]"), &texts, out);
            }
        }
    }
}

fn foreign(cx: &Cx<'_>, id: DefId, path: &Path) -> Option<SmolStr> {
    match cx.world.program.resolve(cx.world.catalog, cx.world.program.def(id).module, path, Space::Type)? {
        Res::Foreign(path) => Some(path),
        _ => None,
    }
}

fn push(cx: &Cx<'_>, id: DefId, attr: &Attr, path: &str, texts: &OnceCell<bool>, out: &mut Vec<Finding>) {
    let Some(Hit { entry, exact }) = cx.world.catalog.path(path) else { return };
    let api = cx.api(entry);
    let Some(kind) = api.kind.filter(|_| matches!(api.shape, Shape::Attribute | Shape::Derive)) else { return };
    if kind == Kind::ThreadLocal || kind == Kind::BackgroundTask && api.shape == Shape::Derive {
        return;
    }
    if command_line::is_whole(path, &api.label)
        && *texts.get_or_init(|| command_line::parses_texts(cx))
        && command_line::is_of_texts(cx, id, 0)
    {
        return;
    }
    let item = cx.world.program.def(id).item;
    let knobs = api.knobs.iter().filter_map(|knob| {
        let set = attr.args.iter().find(|(key, _)| key == &knob.name || knob.set.contains(key));
        let (value, provenance) = match set {
            Some((_, Some(value))) => (value.clone(), Provenance::Code),
            Some((_, None)) => ("on".to_owned(), Provenance::Code),
            None => (knob.default.as_ref()?.replace("{FUNCTION}", &item.name.to_uppercase()), Provenance::Default),
        };
        let at = (provenance == Provenance::Code).then(|| cx.place(At { file: cx.file_index(id), span: attr.span }));
        let value = value.parse().map_or(FactValue::Text(value), FactValue::Int);
        Some(Fact { key: knob.name.clone(), value: Some(value), unit: knob.unit.clone(), provenance, at, from: None, set: Vec::new() })
    });
    let mut facts: Vec<Fact> = knobs.collect();
    without_what_is_excepted(api, &[], &mut facts);
    let keyed = (kind == Kind::Cache && api.shape == Shape::Attribute).then(|| key_of(cx, id, attr)).flatten();
    let of_command_line = if command_line::is_whole(path, &api.label) { command_line::facts(cx, id) } else { Vec::new() };
    let file = cx.file_index(id);
    let function = cx.path(id);
    let what = SmolStr::new(path.trim_start_matches("#[").trim_end_matches(']'));
    out.push(Finding {
        scope: api.scope.unwrap_or(kind.usual_scope()),
        confidence: if exact { Confidence::Certain } else { Confidence::Likely },
        sites: vec![
            cx.site(At { file, span: attr.span }, Role::Constructed, id),
            cx.site(At { file, span: item.span }, Role::Declared, id),
        ],
        facts: facts.into_iter().chain(keyed).chain(of_command_line).collect(),
        label: SmolStr::new(&api.label),
        backs_on: api.backs_on.clone(),
        entry: Some(entry),
        ..Finding::new("attributes", kind, id, item.name.clone(), Origin::Called { function, what })
    });
}

/// What the results of a function are remembered by: its arguments, unless the attribute says otherwise.
fn key_of(cx: &Cx<'_>, id: DefId, attr: &Attr) -> Option<Fact> {
    let ItemKind::Fn(func) = &cx.world.program.def(id).item.kind else { return None };
    if attr.args.iter().any(|(key, _)| matches!(key.as_str(), "key" | "convert" | "ty" | "type"))
        || attr.path.last().is_some_and(|last| last == "once")
    {
        return None;
    }
    let body = func.body.as_ref().filter(|_| !func.has_self)?;
    let types = &cx.world.signatures.params[id.0 as usize];
    let told: Option<Vec<String>> = func
        .params
        .iter()
        .zip(types)
        .map(|(param, ty)| match &body[param.pat] {
            Pat::Bind { name, .. } if ty.is_known() => Some(format!("{name}: {}", cx.world.program.show(ty))),
            _ => None,
        })
        .collect();
    let told = told.filter(|told| !told.is_empty())?.join(", ");
    (told.chars().count() <= MAX_KEY).then(|| Cx::plain_fact("key", told))
}
