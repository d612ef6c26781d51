//! Locks of the workspace's own that live in a store: part of detector `claims`.

use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin, RawSite};
use super::settings_tables::row_of;
use super::statements::words;
use crate::model::{Confidence, Kind, Role};
use crate::resolve::{DefId, Type};

/// Functions between the one that locks and the one that speaks to the store.
const MAX_STEPS: usize = 2;

/// How the two ends of a lock are called.
const ENDS: [(&str, &str); 6] = [
    ("lock", "unlock"),
    ("try_lock", "unlock"),
    ("acquire_lock", "release_lock"),
    ("try_acquire_lock", "release_lock"),
    ("acquire_lease", "release_lease"),
    ("claim", "unclaim"),
];

/// A type with both ends of a lock that hands out no guard and writes to a store: whoever locks may die before it unlocks.
pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let members = &cx.world.program.members;
    let mut types: Vec<DefId> = members.keys().map(|(of, _)| *of).collect();
    types.sort_unstable();
    types.dedup();
    let mut found: Vec<(DefId, Finding)> = Vec::new();
    for of in types {
        let member = |name: &str| members.get(&(of, SmolStr::new(name))).and_then(|all| all.first().copied());
        let Some((takes, frees)) = ENDS.iter().find_map(|(takes, frees)| Some((member(takes)?, member(frees)?))) else { continue };
        let here = |func: DefId| cx.body_of.contains_key(&func) && !cx.is_for_tests(func) && cx.world.program.is_linked(func);
        if !here(takes) || !here(frees) || !hands_no_guard(cx.world.signatures.value(takes)) {
            continue;
        }
        if !writes(cx, takes, 0, &mut FxHashSet::default()) || !writes(cx, frees, 0, &mut FxHashSet::default()) {
            continue;
        }
        let mut sites = vec![cx.site(cx.declared_at(takes), Role::Declared, takes), cx.site(cx.declared_at(frees), Role::Declared, frees)];
        let calls = cx.uses.calls.get(&takes).into_iter().chain(cx.uses.calls.get(&frees)).flatten();
        sites.extend(calls.map(|(caller, at, _)| cx.site(*at, Role::Written, *caller)));
        // Without a row that ends by itself, somebody has to free it.
        let row = row_of(cx, takes);
        let mut facts = Vec::new();
        if let Some((table, row)) = row {
            facts.extend([Cx::plain_fact("table", table), Cx::plain_fact("row", row), Cx::plain_fact("expires", "never")]);
        }
        found.push((
            takes,
            Finding {
                confidence: Confidence::Likely,
                sites,
                facts,
                label: SmolStr::new_static("lock kept in a store"),
                ..Finding::new(
                    "claims",
                    Kind::Lease,
                    takes,
                    format_smolstr!("{}.{}", cx.short_name(of), cx.short_name(takes)),
                    Origin::Declared(cx.path(takes)),
                )
            },
        ));
    }
    // A lock in another dress: who calls the lock of another type adds its places to that one.
    let all: Vec<DefId> = found.iter().map(|(takes, _)| *takes).collect();
    let inner = |takes: DefId| {
        let body = &cx.bodies[*cx.body_of.get(&takes)?];
        body.own.iter().find_map(|call| all.iter().position(|other| *other == call.func && *other != takes))
    };
    let within: Vec<Option<usize>> = all.iter().map(|takes| inner(*takes)).collect();
    let dressed: Vec<(usize, Vec<RawSite>)> =
        found.iter().zip(&within).filter_map(|((_, finding), within)| Some(((*within)?, finding.sites.clone()))).collect();
    for (at, sites) in dressed {
        found[at].1.sites.extend(sites);
    }
    let alone = found.into_iter().zip(within).filter(|(_, within)| within.is_none());
    out.extend(alone.map(|((_, finding), _)| finding));
}

/// Success, or whether it was free.
fn hands_no_guard(ty: &Type) -> bool {
    match ty {
        Type::Tuple(all) => all.is_empty(),
        Type::Foreign(path, args) => match path.rsplit("::").next() {
            Some("bool") => true,
            Some("Result") => args.first().is_some_and(hands_no_guard),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a function changes rows, itself or through what it calls.
fn writes(cx: &Cx<'_>, func: DefId, depth: usize, seen: &mut FxHashSet<DefId>) -> bool {
    let Some(body) = cx.body_of.get(&func).map(|at| &cx.bodies[*at]).filter(|_| seen.insert(func)) else { return false };
    let changes = |text: &str| {
        let all = words(text);
        matches!(all.first().map(String::as_str), Some("INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "SET" | "SETNX"))
    };
    body.strings.iter().any(|(text, _)| changes(text))
        || (depth < MAX_STEPS && body.own.iter().any(|call| writes(cx, call.func, depth + 1, seen)))
}
