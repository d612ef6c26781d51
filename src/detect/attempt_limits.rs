//! Detector `attempt-limits`: see `attempt_limits.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::facts::ItemKind;
use crate::model::{Confidence, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, Comparison, DefId};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut found: BTreeMap<Origin, Finding> = BTreeMap::new();
    for body in cx.bodies() {
        for one in &body.compared {
            let origin = origin(cx, body, one);
            let site = cx.site(one.at, Role::Written, body.def);
            match found.get_mut(&origin) {
                Some(known) => known.sites.push(site),
                None => {
                    let mut finding = finding(cx, body, one, origin.clone());
                    finding.sites.push(site);
                    found.insert(origin, finding);
                }
            }
        }
    }
    out.extend(found.into_values());
}

/// A field is one counter wherever it is compared; a quota is one for each client that speaks to its owner.
fn origin(cx: &Cx<'_>, body: &BodyFacts, one: &Comparison) -> Origin {
    let function = cx.path(body.def);
    if one.is_quota {
        let owner = function.rsplit_once("::").map_or(function.as_str(), |(owner, _)| owner);
        return Origin::Called { function: SmolStr::new(owner), what: SmolStr::new_static("quota") };
    }
    match one.of {
        Some(of) => Origin::Declared(smol_str::format_smolstr!("{}::{}", cx.path(of), one.name)),
        None => Origin::Called { function, what: one.name.clone() },
    }
}

fn finding(cx: &Cx<'_>, body: &BodyFacts, one: &Comparison, origin: Origin) -> Finding {
    let key = if one.is_quota { "floor" } else { "max_attempts" };
    let (scope, label) = match (one.is_quota, one.of) {
        (true, _) => (Scope::External, "check of what a remote rate limit leaves"),
        (false, Some(of)) if is_record(cx, of) => (Scope::External, "counter of attempts in a record"),
        (false, Some(_)) => (Scope::Process, "counter of attempts"),
        (false, None) => (Scope::External, "counter of attempts"),
    };
    let (def, name, sites) = match one.of.filter(|_| !one.is_quota) {
        Some(of) => {
            let sites = declared(cx, of, &one.name).map(|at| cx.site(at, Role::Declared, of)).into_iter().collect();
            (of, smol_str::format_smolstr!("{}.{}", cx.short_name(of), one.name), sites)
        }
        None if one.is_quota => (body.def, cx.maker_name(body.def), Vec::new()),
        None => (body.def, one.name.clone(), Vec::new()),
    };
    Finding {
        is_call: true,
        scope,
        confidence: Confidence::Likely,
        sites,
        facts: vec![cx.fact(key, None, &one.limit)],
        label: SmolStr::new_static(label),
        ..Finding::new("attempt-limits", Kind::Limiter, def, name, origin)
    }
}

/// Where a field stands.
fn declared(cx: &Cx<'_>, of: DefId, name: &str) -> Option<At> {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return None };
    let field = facts.fields.iter().find(|field| field.name == name)?;
    Some(At { file: cx.file_index(of), span: field.span })
}

/// A struct that is stored: its derives write it to a row or a document.
fn is_record(cx: &Cx<'_>, of: DefId) -> bool {
    let attrs = &cx.world.program.def(of).item.attrs;
    attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive")).flat_map(|attr| &attr.args).any(|(name, _)| {
        let last = name.rsplit("::").next().unwrap_or(name);
        matches!(last, "Serialize" | "Queryable" | "FromRow" | "AsChangeset" | "Insertable" | "DeriveEntityModel" | "Identifiable")
    })
}
