//! Signed tokens, told by the claims that are put into them: part of detector `constructors`.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::constructors::hands_on;
use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::model::{Kind, Role};
use crate::resolve::{DefId, KnownCall, OwnCall, Value};

/// Functions that hand claims on to the one that signs them are followed this far.
const MAX_STEPS: u32 = 3;

/// The tokens that the callers of a signing function hand out: one for each sort of claims.
pub(super) fn handed_out(cx: &Cx<'_>, signer: DefId, call: &KnownCall) -> Vec<Finding> {
    let mut out = Vec::new();
    gather(cx, signer, call, 0, &mut FxHashMap::default(), &mut out);
    out
}

fn gather(cx: &Cx<'_>, signer: DefId, call: &KnownCall, depth: u32, sorts: &mut FxHashMap<DefId, usize>, out: &mut Vec<Finding>) {
    let api = cx.api(call.hit.entry);
    for body in cx.bodies().filter(|body| body.def != signer) {
        for own in body.own.iter().filter(|own| own.func == signer && !own.args.is_empty()) {
            if depth < MAX_STEPS && own.args.iter().any(|arg| hands_on(arg, body.def)) {
                gather(cx, body.def, call, depth + 1, sorts, out);
                continue;
            }
            let site = cx.site(own.at, Role::Constructed, body.def);
            let maker = maker_of_claims(cx, own);
            // The same claims, sent on another occasion.
            if let Some(known) = maker.and_then(|maker| sorts.get(&maker)) {
                out[*known].sites.push(site);
                out[*known].also.push(body.def);
                continue;
            }
            sorts.extend(maker.map(|maker| (maker, out.len())));
            out.push(Finding {
                scope: api.scope.unwrap_or(Kind::ClientHeld.usual_scope()),
                is_call: true,
                sites: vec![site],
                label: SmolStr::new(&api.label),
                entry: Some(call.hit.entry),
                ..Finding::new(
                    "constructors",
                    Kind::ClientHeld,
                    body.def,
                    cx.maker_name(body.def),
                    Origin::Called { function: cx.path(body.def), what: cx.path(signer) },
                )
            });
        }
    }
}

/// The function that makes the claims which are signed: it gives a struct of the workspace back.
fn maker_of_claims(cx: &Cx<'_>, own: &OwnCall) -> Option<DefId> {
    own.args.iter().find_map(|arg| match arg {
        Value::Call { func, .. } if matches!(cx.world.signatures.value(*func), crate::resolve::Type::Def(..)) => Some(*func),
        _ => None,
    })
}

/// The functions of the workspace that make what a call takes beside its name.
pub(super) fn carried(call: &KnownCall) -> impl Iterator<Item = DefId> + '_ {
    call.args.iter().skip(1).filter_map(|arg| match arg {
        Value::Call { func, .. } => Some(*func),
        _ => None,
    })
}

/// A token that is put into a cookie is what the cookie holds; the numbers of the findings that are gone then.
pub(super) fn in_cookies(cx: &Cx<'_>, out: &mut [Finding], carried: &[(usize, DefId)]) -> BTreeSet<usize> {
    let mut gone = BTreeSet::new();
    for (cookie, signer) in carried {
        if !out[*cookie].facts.iter().any(|fact| fact.key == "cookie") {
            continue;
        }
        let (function, signer) = (out[*cookie].def, cx.path(*signer));
        let is_token = |finding: &Finding| {
            finding.kind == Kind::ClientHeld
                && (finding.def == function || finding.also.contains(&function))
                && matches!(&finding.origin, Origin::Called { what, .. } if *what == signer)
        };
        let tokens: Vec<usize> = (0..out.len()).filter(|at| at != cookie && is_token(&out[*at])).collect();
        if let [token] = tokens.as_slice() {
            let part = out[*token].clone();
            let holds = Cx::plain_fact("holds", part.label.as_str());
            out[*cookie].take_in(part);
            out[*cookie].learn(holds);
            gone.insert(*token);
        }
    }
    gone
}
