//! Signed tokens, told by the claims that are put into them: part of detector `constructors`.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::constructors::{COOKIE, cookie_called, hands_on};
use super::context::Cx;
use super::finding::{Finding, Origin, RawSite};
use super::knobs::facts;
use crate::facts::ItemKind;
use crate::model::{Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{BodyFacts, DefId, Flow, KnownCall, OwnCall, Sink, Type, Value};

/// More fields than these are not told one by one.
const MAX_CLAIMS: usize = 16;

/// Functions that hand claims on to the one that signs them are followed this far.
const MAX_STEPS: u32 = 3;

/// The tokens that the callers of a signing function hand out: one for each sort of claims.
pub(super) fn handed_out(cx: &Cx<'_>, body: &BodyFacts, index: usize) -> Vec<Finding> {
    let call = &body.known[index];
    // What a cookie is called says which it is, whatever is put into it.
    let named = match call.args.first() {
        Some(Value::Param { index, .. }) if cx.api(call.hit.entry).label == COOKIE => Some(*index),
        _ => None,
    };
    let mut tokens = Tokens { cx, call, facts: facts(cx, body, index), sorts: FxHashMap::default(), out: Vec::new() };
    tokens.gather(body.def, named, 0);
    tokens.out
}

/// Tokens that are found call by call.
struct Tokens<'a, 'c> {
    cx: &'a Cx<'c>,
    /// What signs.
    call: &'a KnownCall,
    /// What is known of it.
    facts: Vec<Fact>,
    /// The token with the claims that a function makes.
    sorts: FxHashMap<DefId, usize>,
    out: Vec<Finding>,
}

impl Tokens<'_, '_> {
    fn gather(&mut self, signer: DefId, named: Option<usize>, depth: u32) {
        let cx = self.cx;
        for body in cx.bodies().filter(|body| body.def != signer) {
            for own in body.own.iter().filter(|own| own.func == signer && !own.args.is_empty()) {
                let name = named.and_then(|at| own.args.get(at));
                let from = name.map_or(own.args.as_slice(), std::slice::from_ref).iter().find(|arg| hands_on(arg, body.def));
                match (from, name) {
                    (Some(Value::Param { index, .. }), Some(_)) if depth < MAX_STEPS => self.gather(body.def, Some(*index), depth + 1),
                    (Some(_), None) if depth < MAX_STEPS => self.gather(body.def, None, depth + 1),
                    _ => self.token(signer, body, own, name),
                }
            }
        }
    }

    fn token(&mut self, signer: DefId, body: &BodyFacts, own: &OwnCall, name: Option<&Value>) {
        let cx = self.cx;
        let site = cx.site(own.at, Role::Constructed, body.def);
        if let Some(cookie) = name.and_then(|name| cookie_called(cx, name)) {
            self.cookie(&cookie, site, body);
            return;
        }
        let maker = maker_of_claims(cx, own);
        // The same claims, sent on another occasion.
        if let Some(known) = maker.and_then(|maker| self.sorts.get(&maker)) {
            self.out[*known].sites.push(site);
            self.out[*known].also.push(body.def);
            return;
        }
        self.sorts.extend(maker.map(|maker| (maker, self.out.len())));
        let api = cx.api(self.call.hit.entry);
        let mut finding = Finding {
            scope: api.scope.unwrap_or(Kind::ClientHeld.usual_scope()),
            is_call: true,
            sites: vec![site],
            facts: self.facts.clone(),
            label: SmolStr::new(&api.label),
            entry: Some(self.call.hit.entry),
            ..Finding::new(
                "constructors",
                Kind::ClientHeld,
                body.def,
                cx.maker_name(body.def),
                Origin::Called { function: cx.path(body.def), what: cx.path(signer) },
            )
        };
        claimed(cx, body, &own.args).into_iter().for_each(|fact| finding.learn(fact));
        if let Some(field) = kept_in(cx, body, own) {
            finding.learn(Cx::plain_fact("kept_in", field));
        }
        self.out.push(finding);
    }

    /// A cookie by the name that a caller gives it, wherever in the crate that is.
    fn cookie(&mut self, name: &SmolStr, site: RawSite, body: &BodyFacts) {
        let cx = self.cx;
        let origin = Origin::Called { function: cx.krate(body.def), what: name.clone() };
        if let Some(known) = self.out.iter_mut().find(|known| known.origin == origin) {
            known.sites.push(site);
            known.also.push(body.def);
            return;
        }
        let api = cx.api(self.call.hit.entry);
        let mut finding = Finding {
            scope: api.scope.unwrap_or(Kind::ClientHeld.usual_scope()),
            is_call: true,
            sites: vec![site],
            facts: self.facts.clone(),
            label: SmolStr::new(&api.label),
            entry: Some(self.call.hit.entry),
            ..Finding::new("constructors", Kind::ClientHeld, body.def, name.clone(), origin)
        };
        finding.learn(Cx::plain_fact("cookie", name.as_str()));
        self.out.push(finding);
    }
}

/// The field that keeps a token beside handing it out: `Device.remember`.
fn kept_in(cx: &Cx<'_>, body: &BodyFacts, own: &OwnCall) -> Option<String> {
    let mint = body.mints.iter().find(|mint| mint.at == own.at)?;
    mint.into.iter().find_map(|sink| match sink {
        Sink::Field(Some(of), name) if !name.starts_with(|c: char| c.is_ascii_digit()) => Some(format!("{}.{name}", cx.short_name(*of))),
        _ => None,
    })
}

/// The statics that hold the keys with which tokens are signed are told by how that is done.
pub(super) fn tell_keys(cx: &Cx<'_>, findings: &mut [Finding]) {
    let is_key = |of: &DefId| cx.world.program.show(cx.world.signatures.value(*of)).trim_end_matches('>').ends_with("Key");
    let mut told: FxHashMap<DefId, Fact> = FxHashMap::default();
    for body in cx.bodies().filter(|body| body.on_statics.iter().any(|(of, _)| is_key(of))) {
        for (index, call) in body.known.iter().enumerate() {
            let signs = |knob: &crate::catalog::Knob| knob.name == "algorithm";
            if !cx.api(call.hit.entry).knobs.iter().any(signs) {
                continue;
            }
            let Some(algorithm) = facts(cx, body, index).into_iter().find(|fact| fact.key == "algorithm") else { continue };
            let mut keys: Vec<DefId> = body.on_statics.iter().map(|(of, _)| *of).filter(is_key).collect();
            keys.dedup();
            // Of several keys, which one signs is not known.
            if let ([key], Some(_)) = (keys.as_slice(), &algorithm.value) {
                told.insert(*key, algorithm);
            }
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.detector == "statics") {
        if let Some(algorithm) = told.get(&finding.def) {
            finding.learn(algorithm.clone());
        }
    }
}

/// What the claims say that are put into a token: how long it is valid, who made it for whom, what else it holds.
pub(super) fn claimed(cx: &Cx<'_>, body: &BodyFacts, args: &[Value]) -> Vec<Fact> {
    let mut out = Vec::new();
    let Some((of, claims)) = args.iter().find_map(|arg| made_claims(cx, arg, 0)).or_else(|| claims_in(body)) else {
        // A struct that was made elsewhere.
        let of = args.iter().find_map(|arg| claims_type(cx, body, arg));
        out.extend(of.and_then(|of| ends_of(cx, of)));
        out.extend(of.and_then(|of| names(cx, of)));
        return out;
    };
    for (name, value) in claims {
        match name.as_str() {
            "exp" => {
                let fact = cx.fact("valid_for", None, &value);
                // A moment that is no length of time ahead was made elsewhere.
                let is_told = fact.value.is_some() && fact.unit.as_deref() == Some("duration") && !matches!(value, Value::Field { .. });
                out.extend(Some(fact).filter(|fact| is_told || matches!(value, Value::Later { by: Some(_), .. }) && fact.from.is_some()));
            }
            "iss" => out.extend(Some(cx.fact("issuer", None, &value)).filter(|fact| fact.value.is_some())),
            "aud" => out.extend(Some(cx.fact("audience", None, &value)).filter(|fact| fact.value.is_some())),
            _ => {}
        }
    }
    out.extend(names(cx, of));
    out
}

/// The names of the claims.
fn names(cx: &Cx<'_>, of: DefId) -> Option<Fact> {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return None };
    let names: Vec<&str> = facts.fields.iter().map(|field| field.name.as_str()).collect();
    (names.len() <= MAX_CLAIMS).then(|| Cx::plain_fact("claims", names.join(", ")))
}

/// The struct with an end that is signed: `self`, a parameter or a field.
fn claims_type(cx: &Cx<'_>, body: &BodyFacts, arg: &Value) -> Option<DefId> {
    let signatures = &cx.world.signatures;
    let ty = match arg {
        Value::Unknown(text) if text == "self" => signatures.this[body.def.0 as usize].as_ref(),
        Value::Field { of, field, .. } => signatures.field(*of, field),
        Value::Param { func, index, .. } => signatures.params[func.0 as usize].get(*index),
        _ => None,
    };
    let Some(Type::Def(of, _)) = ty else { return None };
    signatures.field(*of, "exp").is_some().then_some(*of)
}

/// How long after its making each of the places that make such claims lets them end.
fn ends_of(cx: &Cx<'_>, of: DefId) -> Option<Fact> {
    let mut told: Vec<String> = Vec::new();
    let mut first = None;
    let mut all_known = true;
    let mut end = |value: &Value| {
        let fact = cx.fact("valid_for", None, value);
        // The end of other claims is a moment, however long they were good for; what can be set is given.
        let is_length =
            fact.unit.as_deref() == Some("duration") && fact.provenance == Provenance::Code && !matches!(value, Value::Field { .. });
        match fact.value.as_ref().filter(|_| is_length) {
            Some(value) => {
                let text = value.to_string();
                if !told.contains(&text) {
                    told.push(text);
                }
                first.get_or_insert(fact);
            }
            None => all_known = false,
        }
    };
    for value in cx.flow.given(of, "exp") {
        match value {
            Value::Param { func, index, .. } => {
                let calls = cx.bodies().flat_map(|body| body.own.iter().filter(|call| call.func == *func));
                calls.filter_map(|call| call.args.get(*index)).for_each(&mut end);
            }
            value => end(value),
        }
    }
    let text = told.join(" or ");
    let text = if all_known { text } else { format!("{text} or as given") };
    first.map(|fact| Fact { value: Some(FactValue::Text(text)), ..fact })
}

/// A struct with the values that its fields are given.
type Claims = (DefId, Vec<(SmolStr, Value)>);

/// The claims that a function of the workspace gives back.
fn made_claims(cx: &Cx<'_>, value: &Value, depth: u32) -> Option<Claims> {
    let Value::Call { func, args, .. } = value else { return None };
    let body = &cx.bodies[*cx.body_of.get(func)?];
    let with_args = |value: &Value| Flow::with_args(value, *func, args);
    match claims_in(body) {
        Some((of, claims)) => Some((of, claims.iter().map(|(name, value)| (name.clone(), with_args(value))).collect())),
        None if depth < MAX_STEPS => made_claims(cx, &with_args(&body.returns), depth + 1),
        None => None,
    }
}

/// The only struct in a body that is given an end: its claims.
fn claims_in(body: &BodyFacts) -> Option<Claims> {
    let mut ends = body.fields.iter().filter(|(_, name, _)| name == "exp").map(|(of, ..)| *of);
    let of = ends.next()?;
    if ends.next().is_some() {
        return None;
    }
    Some((of, body.fields.iter().filter(|(held, ..)| *held == of).map(|(_, name, value)| (name.clone(), value.clone())).collect()))
}

/// The function that makes the claims which are signed: it gives a struct of the workspace back.
fn maker_of_claims(cx: &Cx<'_>, own: &OwnCall) -> Option<DefId> {
    own.args.iter().find_map(|arg| match arg {
        Value::Call { func, .. } if matches!(cx.world.signatures.value(*func), Type::Def(..)) => Some(*func),
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
