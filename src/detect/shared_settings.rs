//! Detector `shared-settings`: see `shared_settings.md`.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::catalog::Shape;
use crate::facts::ItemKind;
use crate::model::{Kind, Provenance, Role};
use crate::resolve::{BodyFacts, DefId, SharedValue, Type};

/// Structs in structs that are looked into.
const MAX_DEPTH: u32 = 4;

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let loaded = loaded(cx);
    let mut found: BTreeMap<SmolStr, Finding> = BTreeMap::new();
    for body in cx.bodies().filter(|body| !cx.by_requests.contains(&body.def)) {
        for shared in &body.shared {
            let ty = peeled(cx, &shared.ty);
            if !is_plain(cx, &ty, 0) {
                continue;
            }
            let site = cx.site(shared.at, Role::Constructed, body.def);
            // The struct that a loader fills, or the variable it was read from: an item already.
            if let Some(known) = known(cx, &loaded, &ty, shared, out) {
                let known = &mut out[known];
                if !known.sites.contains(&site) {
                    known.sites.push(site);
                }
                continue;
            }
            let Some((path, name)) = named(cx, &ty, shared, body) else { continue };
            let finding = found.entry(path.clone()).or_insert_with(|| new(cx, &ty, shared, body, path, name));
            if !finding.sites.contains(&site) {
                finding.sites.push(site);
            }
        }
    }
    out.extend(found.into_values());
}

fn new(cx: &Cx<'_>, ty: &Type, shared: &SharedValue, body: &BodyFacts, path: SmolStr, name: SmolStr) -> Finding {
    let def = if let Type::Def(of, _) = ty { *of } else { body.def };
    let mut facts = Vec::new();
    // Only where it comes from: the value itself may be a secret.
    let mut fact = cx.fact("value", None, &shared.value);
    fact.value = None;
    if fact.from.is_some() && fact.provenance != Provenance::Code {
        facts.push(fact);
    }
    let mut sites = Vec::new();
    if let Type::Def(of, _) = ty {
        sites.push(cx.site(cx.declared_at(*of), Role::Declared, *of));
    }
    Finding {
        sites,
        facts,
        label: SmolStr::new_static("value shared with all requests, as it was at start-up"),
        ty: Some(cx.world.program.show(ty)),
        ..Finding::new("shared-settings", Kind::StartupConfig, def, name, Origin::Declared(path))
    }
}

/// The type and its path; a value of a foreign type is called by its variable.
fn named(cx: &Cx<'_>, ty: &Type, shared: &SharedValue, body: &BodyFacts) -> Option<(SmolStr, SmolStr)> {
    match ty {
        Type::Def(of, _) => Some((cx.path(*of), cx.short_name(*of))),
        _ => {
            let name = shared.name.clone()?;
            Some((format_smolstr!("{}::{name}", cx.path(body.def)), name))
        }
    }
}

/// The item that the value belongs to.
fn known(cx: &Cx<'_>, loaded: &[(DefId, DefId)], ty: &Type, shared: &SharedValue, out: &[Finding]) -> Option<usize> {
    let items = || out.iter().enumerate().filter(|(_, finding)| finding.kind == Kind::StartupConfig);
    let settled = cx.flow.settle(cx.world, &shared.value);
    if settled.provenance == Provenance::Env
        && let Some(variable) = &settled.from
        && let Some((at, _)) = items().find(|(_, finding)| finding.detector == "env-reads" && finding.name == *variable)
    {
        return Some(at);
    }
    let Type::Def(of, _) = ty else { return None };
    let loaders: Vec<DefId> = loaded.iter().filter(|(made, _)| made == of).map(|(_, by)| *by).collect();
    let is_its = |finding: &Finding| finding.def == *of || (finding.detector == "constructors" && loaders.contains(&finding.def));
    if let Some((at, _)) = items().find(|(_, finding)| is_its(finding)) {
        return Some(at);
    }
    // Filled from the environment, field by field: each variable is an item.
    let ItemKind::Struct(facts) = &cx.world.program.def(*of).item.kind else { return None };
    let given = facts.fields.iter().flat_map(|field| cx.flow.given(*of, &field.name));
    let variables = given.map(|value| cx.flow.settle(cx.world, value)).filter(|settled| settled.provenance == Provenance::Env);
    let names: Vec<String> = variables.filter_map(|settled| settled.from).collect();
    items().find(|(_, finding)| names.iter().any(|name| finding.name == *name)).map(|(at, _)| at)
}

/// What functions return that load settings, with the function.
fn loaded(cx: &Cx<'_>) -> Vec<(DefId, DefId)> {
    let mut out = Vec::new();
    for body in cx.bodies() {
        let loads = |entry| {
            let api = cx.api(entry);
            api.kind == Some(Kind::StartupConfig) && matches!(api.shape, Shape::ConfigLoad | Shape::Part | Shape::Constructor)
        };
        let reads = |entry| cx.api(entry).shape == Shape::Read;
        if body.known.iter().any(|call| loads(call.hit.entry) || reads(call.hit.entry)) {
            structs(cx, cx.world.signatures.value(body.def), body.def, 0, &mut out);
        }
    }
    out
}

fn structs(cx: &Cx<'_>, ty: &Type, by: DefId, depth: u32, out: &mut Vec<(DefId, DefId)>) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Type::Def(of, _) = ty
        && let ItemKind::Struct(facts) = &cx.world.program.def(*of).item.kind
    {
        out.push((*of, by));
        for field in facts.fields.iter().filter_map(|field| cx.world.signatures.field(*of, &field.name)) {
            structs(cx, field, by, depth + 1, out);
        }
    }
    ty.args().iter().for_each(|arg| structs(cx, arg, by, depth + 1, out));
}

/// Without what hands it over: `Data<Arc<T>>` is `T`.
fn peeled(cx: &Cx<'_>, ty: &Type) -> Type {
    let mut ty = ty.clone();
    for _ in 0..8 {
        match &ty {
            Type::Foreign(path, args) if cx.world.catalog.wrappers().is_transparent(path) => match args.first() {
                Some(inner) => ty = inner.clone(),
                None => break,
            },
            _ => break,
        }
    }
    ty
}

/// Plain data: texts, numbers, addresses, secrets, and structs of such. Nothing in it changes or holds more than it says.
fn is_plain(cx: &Cx<'_>, ty: &Type, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let all = |args: &[Type]| args.iter().all(|arg| is_plain(cx, arg, depth + 1));
    match ty {
        Type::Foreign(path, args) => {
            let wrappers = cx.world.catalog.wrappers();
            wrappers.is_plain(path) || ((wrappers.is_transparent(path) || wrappers.holds_plain(path)) && !args.is_empty() && all(args))
        }
        Type::Tuple(args) => !args.is_empty() && all(args),
        Type::Slice(inner) => is_plain(cx, inner, depth + 1),
        Type::Def(of, _) => match &cx.world.program.def(*of).item.kind {
            ItemKind::Struct(facts) => {
                let field = |name: &str| cx.world.signatures.field(*of, name).is_some_and(|ty| is_plain(cx, ty, depth + 1));
                !facts.fields.is_empty() && facts.fields.iter().all(|fact| field(&fact.name))
            }
            // A choice, inside of settings; one that is shared by itself says nothing.
            ItemKind::Enum(_) => depth > 0,
            _ => false,
        },
        _ => false,
    }
}
