//! Texts that are signed with a secret and carry their own end: part of detector `minted`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::credentials::ends;
use super::finding::{Finding, Origin};
use super::minted::parameter;
use crate::model::{Confidence, Kind, Role};
use crate::resolve::{BodyFacts, DefId, Type};

/// Functions between the one that knows the end and the one that signs.
const MAX_STEPS: usize = 2;

/// One item for each function that hands such texts out.
pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut found: BTreeMap<DefId, Finding> = BTreeMap::new();
    for body in cx.bodies().filter(|body| hands_text_out(cx, body.def) && signs(cx, body, 0)) {
        let end = (0..).map_while(|at| Some((at, parameter(cx, body.def, at)?))).find(|(_, name)| ends(name));
        match end {
            // The callers say when it ends.
            Some((index, _)) => {
                for caller in cx.bodies().filter(|caller| caller.def != body.def) {
                    for call in caller.own.iter().filter(|call| call.func == body.def && !call.args.is_empty()) {
                        let finding = found.entry(caller.def).or_insert_with(|| finding(cx, caller.def, body.def));
                        finding.sites.push(cx.site(call.at, Role::Constructed, caller.def));
                        if let Some(value) = call.args.get(index) {
                            let fact = cx.fact("ends", None, value);
                            if (fact.value.is_some() || fact.from.is_some()) && !finding.facts.contains(&fact) {
                                finding.facts.push(fact);
                            }
                        }
                    }
                }
            }
            None if body.locals.iter().any(|local| ends(&local.name)) => {
                let finding = found.entry(body.def).or_insert_with(|| finding(cx, body.def, body.def));
                finding.sites.push(cx.site(cx.declared_at(body.def), Role::Constructed, body.def));
            }
            None => {}
        }
    }
    out.extend(found.into_values());
}

/// Whether a function returns text, and is not there to check one.
fn hands_text_out(cx: &Cx<'_>, def: DefId) -> bool {
    let name = cx.short_name(def);
    let checks = ["verify", "check", "validate", "parse", "decode", "is_", "expected"].iter().any(|start| name.starts_with(start));
    cx.world.program.func(def).is_some() && !checks && is_text(cx.world.signatures.value(def))
}

fn is_text(ty: &Type) -> bool {
    match ty {
        Type::Foreign(path, args) => match path.rsplit("::").next() {
            Some("String" | "Url" | "str" | "Uri") => true,
            Some("Result" | "Option") => args.first().is_some_and(is_text),
            _ => false,
        },
        Type::Tuple(all) => all.iter().any(is_text),
        _ => false,
    }
}

/// Whether a function makes a keyed digest, itself or through the functions that it calls.
fn signs(cx: &Cx<'_>, body: &BodyFacts, depth: usize) -> bool {
    if body.foreign.iter().any(|path| cx.world.catalog.wrappers().is_keyed_digest(path)) {
        return true;
    }
    let called = || body.own.iter().filter_map(|call| Some(&cx.bodies[*cx.body_of.get(&call.func)?]));
    depth < MAX_STEPS && called().any(|inner| is_text(cx.world.signatures.value(inner.def)) && signs(cx, inner, depth + 1))
}

fn finding(cx: &Cx<'_>, def: DefId, signer: DefId) -> Finding {
    let mut facts = vec![Cx::plain_fact("made_by", cx.path(signer).to_string())];
    facts.retain(|_| signer != def);
    Finding {
        confidence: Confidence::Likely,
        facts,
        label: SmolStr::new_static("signed text with its own end"),
        ..Finding::new(
            "minted",
            Kind::ClientHeld,
            def,
            cx.maker_name(def),
            Origin::Called { function: cx.path(def), what: SmolStr::new_static("signed") },
        )
    }
}
