//! Detector `minted`: see `minted.md`.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::credentials::is_credential;
use super::finding::{Finding, Origin};
use crate::facts::{ItemKind, Pat};
use crate::model::{Confidence, Fact, Kind, Role};
use crate::resolve::{At, BodyFacts, DefId, Flow, Mint, MintSource, Sink, Value};

/// Functions between a random source and the one whose value is looked at.
const MAX_STEPS: usize = 6;

/// A function that returns a random value.
struct Minter {
    /// The foreign source, by path.
    source: SmolStr,
    /// How long the value is made.
    length: Option<Value>,
    /// How long a store keeps it.
    kept_for: Option<(Value, &'static str)>,
    /// Where it is made.
    at: At,
    /// The function of the workspace that it has its value from.
    from: Option<DefId>,
    /// What it is made of, where that is known.
    alphabet: Option<&'static str>,
    /// What its name, or that of its type, says it makes.
    makes: Option<SmolStr>,
}

/// What one random value is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    /// A field keeps it.
    Field(DefId, SmolStr),
    /// What a function of its own makes, by the name that its callers have for it.
    Made(DefId, SmolStr),
    /// Something in one function.
    In(DefId, SmolStr),
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let minters = minters(cx);
    let mut found: BTreeMap<Purpose, (Finding, Option<DefId>)> = BTreeMap::new();
    let mut made: FxHashSet<SmolStr> = FxHashSet::default();
    for (body, is_sample) in samples_last(cx) {
        // Tokens made in one function under one name are one thing, also where only some are seen to reach a field.
        let mut fields: FxHashMap<SmolStr, Purpose> = FxHashMap::default();
        let mut mints: Vec<(&Mint, SmolStr, Option<Purpose>)> = Vec::new();
        for mint in &body.mints {
            // Who asks for a sample makes nothing either.
            if matches!(mint.source, MintSource::Own(func) if makes_samples(cx, func)) {
                continue;
            }
            let Some((name, field)) = purpose(cx, &minters, body, mint) else { continue };
            if let Some(field) = &field {
                fields.entry(name.clone()).or_insert_with(|| field.clone());
            }
            mints.push((mint, name, field));
        }
        for (mint, name, field) in mints {
            let key = field.or_else(|| fields.get(&name).cloned()).unwrap_or_else(|| match &mint.source {
                // The callers of a function that makes one sort of token hand out that sort.
                MintSource::Own(func) if minters.get(func).is_some_and(|minter| minter.makes.is_some()) => {
                    Purpose::Made(*func, plain(&name))
                }
                _ => Purpose::In(body.def, name.clone()),
            });
            let site = cx.site(mint.at, Role::Constructed, body.def);
            if !is_sample {
                made.insert(plain(&name));
            } else if made.contains(&plain(&name)) {
                continue;
            }
            match found.get_mut(&key) {
                Some((known, _)) => known.sites.push(site),
                None => {
                    let mut finding = finding(cx, &minters, body, mint, &name, &key);
                    if is_sample {
                        say_less(&mut finding);
                    }
                    finding.sites.push(site);
                    let by = match &mint.source {
                        MintSource::Own(func) => Some(*func),
                        MintSource::Foreign(_) => None,
                    };
                    found.insert(key, (finding, by));
                }
            }
        }
    }
    kept(&mut found);
    handed_on(cx, &minters, &mut found, made);
    // Where the value is made is a place of the only thing that it is made for.
    let mut made_for: FxHashMap<DefId, usize> = FxHashMap::default();
    for func in found.values().filter_map(|(_, by)| *by) {
        *made_for.entry(func).or_default() += 1;
    }
    out.extend(found.into_values().map(|(mut finding, by)| {
        if let Some(func) = by.filter(|func| made_for.get(func) == Some(&1))
            && let Some(minter) = minters.get(&func).filter(|minter| minter.makes.is_some())
        {
            finding.sites.push(cx.site(minter.at, Role::Constructed, func));
        }
        finding
    }));
    super::signed::run(cx, out);
}

/// All bodies that make something, those that make samples last: they add nothing to what something else makes.
fn samples_last<'a>(cx: &Cx<'a>) -> impl Iterator<Item = (&'a BodyFacts, bool)> {
    let making = cx.bodies().filter(|body| !body.mints.is_empty());
    let (samples, others): (Vec<&BodyFacts>, Vec<&BodyFacts>) = making.partition(|body| makes_samples(cx, body.def));
    others.into_iter().map(|body| (body, false)).chain(samples.into_iter().map(|body| (body, true)))
}

/// How a sample looks says nothing of the real ones.
fn say_less(finding: &mut Finding) {
    finding.facts.retain(|fact| !matches!(fact.key.as_str(), "length" | "alphabet" | "valid_for"));
}

/// A function that makes examples for templates, documentation or tests, and nothing that is handed out. What a distribution calls
/// a sample is a value like any other.
fn makes_samples(cx: &Cx<'_>, id: DefId) -> bool {
    let def = cx.world.program.def(cx.world.program.def(id).in_fn.unwrap_or(id));
    let draws = matches!(def.owner.map(|owner| &owner.kind), Some(ItemKind::Impl(imp))
        if imp.of_trait.as_ref().and_then(|path| path.last()).is_some_and(|last| last == "Distribution"));
    let name = def.item.name.as_str();
    let says = |word: &str| matches!(word, "dummy" | "example" | "examples" | "fixture" | "fixtures");
    !draws && (matches!(name, "sample" | "samples") || name.split('_').any(says))
}

/// What one function makes and one field keeps is the same thing where it is not seen to reach the field.
fn kept(found: &mut BTreeMap<Purpose, (Finding, Option<DefId>)>) {
    let kept_as: FxHashMap<(DefId, SmolStr), Purpose> = found
        .iter()
        .filter_map(|(key, (_, by))| match key {
            Purpose::Field(_, name) => Some((((*by)?, plain(name)), key.clone())),
            _ => None,
        })
        .collect();
    let loose: Vec<(Purpose, Purpose)> = found
        .keys()
        .filter_map(|key| match key {
            // A mere `token` may be any.
            Purpose::Made(func, name) if name.contains('_') => Some((key.clone(), kept_as.get(&(*func, name.clone()))?.clone())),
            _ => None,
        })
        .collect();
    for (from, to) in loose {
        let Some((finding, _)) = found.remove(&from) else { continue };
        if let Some((known, _)) = found.get_mut(&to) {
            known.sites.extend(finding.sites);
        }
    }
}

/// A name without words that only say how or when: `new_access_token_str` is an `access_token`.
fn plain(name: &str) -> SmolStr {
    let said =
        |part: &&str| !matches!(*part, "new" | "generated" | "str" | "string" | "raw" | "plain" | "plaintext" | "value" | "my" | "next");
    let out = name.split('_').filter(said).collect::<Vec<_>>().join("_");
    if out.is_empty() { name.into() } else { out.into() }
}

/// Functions that make a token by their own words, and whose callers were not seen to take one: behind a trait, or in a pattern.
fn handed_on(
    cx: &Cx<'_>,
    minters: &FxHashMap<DefId, Minter>,
    found: &mut BTreeMap<Purpose, (Finding, Option<DefId>)>,
    mut made: FxHashSet<SmolStr>,
) {
    let mut used: FxHashSet<DefId> = found.values().filter_map(|(_, by)| *by).collect();
    let mut more: Vec<DefId> = used.iter().copied().collect();
    while let Some(func) = more.pop() {
        let from = minters.get(&func).and_then(|minter| minter.from);
        more.extend(from.filter(|from| used.insert(*from)));
    }
    for (body, is_sample) in samples_last(cx).filter(|(body, _)| !used.contains(&body.def)) {
        let Some(makes) = minters.get(&body.def).and_then(|minter| minter.makes.clone()) else { continue };
        let Some(mint) = body.mints.iter().find(|mint| mint.into.contains(&Sink::Returned) && made_by(minters, body, mint).is_some())
        else {
            continue;
        };
        if !is_sample {
            made.insert(plain(&makes));
        } else if made.contains(&plain(&makes)) {
            continue;
        }
        let key = Purpose::In(body.def, makes.clone());
        let mut finding = finding(cx, minters, body, mint, &makes, &key);
        if is_sample {
            say_less(&mut finding);
        }
        finding.sites.push(cx.site(mint.at, Role::Constructed, body.def));
        found.insert(key, (finding, None));
    }
}

/// Functions of the workspace that return random values, by following what they return.
fn minters(cx: &Cx<'_>) -> FxHashMap<DefId, Minter> {
    let mut out: FxHashMap<DefId, Minter> = FxHashMap::default();
    let mut waiting: Vec<(&BodyFacts, &Mint)> = Vec::new();
    for body in cx.bodies() {
        waiting.extend(body.mints.iter().filter(|mint| mint.into.contains(&Sink::Returned)).map(|mint| (body, mint)));
    }
    for _ in 0..MAX_STEPS {
        let before = waiting.len();
        waiting.retain(|(body, mint)| {
            let Some((source, length)) = made_by(&out, body, mint) else { return true };
            let makes = made_name(cx, body.def).or_else(|| stored_as(cx, mint));
            let from = match &mint.source {
                MintSource::Own(func) => Some(*func),
                MintSource::Foreign(_) => None,
            };
            let alphabet = alphabet(&out, body, mint);
            out.entry(body.def).or_insert(Minter { from, source, length, kept_for: mint.kept_for.clone(), at: mint.at, alphabet, makes });
            false
        });
        if waiting.len() == before {
            break;
        }
    }
    out
}

/// The foreign source of a random value and its length, when it is known to be random.
fn made_by(minters: &FxHashMap<DefId, Minter>, body: &BodyFacts, mint: &Mint) -> Option<(SmolStr, Option<Value>)> {
    match &mint.source {
        MintSource::Foreign(path) => Some((path.clone(), mint.length.clone())),
        MintSource::Own(func) => {
            let minter = minters.get(func)?;
            let args = body.own.iter().find(|call| call.at == mint.at && call.func == *func).map_or(&[][..], |call| &call.args);
            let length = minter.length.as_ref().map(|length| Flow::with_args(length, *func, args));
            Some((minter.source.clone(), mint.length.clone().or(length)))
        }
    }
}

/// What a value is made of: the one distribution that a function names which makes one value and no other.
fn alphabet(minters: &FxHashMap<DefId, Minter>, body: &BodyFacts, mint: &Mint) -> Option<&'static str> {
    match &mint.source {
        MintSource::Own(func) => minters.get(func)?.alphabet,
        MintSource::Foreign(_) if body.mints.len() == 1 => {
            let ends = |name: &str| body.names.iter().any(|own| own == name);
            let others = ["Alphabetic", "Uniform", "choose", "random_range", "gen_range", "Hex", "encode"];
            (ends("Alphanumeric") && !others.iter().any(|name| ends(name))).then_some("letters and digits")
        }
        MintSource::Foreign(_) => None,
    }
}

/// What a function stores a value as before it hands it on.
fn stored_as(cx: &Cx<'_>, mint: &Mint) -> Option<SmolStr> {
    let is_stored = mint.kept_for.is_some() || mint.into.contains(&Sink::Query);
    mint.into.iter().find_map(|sink| match sink {
        Sink::Local(name) => (is_stored && is_credential(name)).then(|| name.clone()),
        Sink::Named(name) | Sink::Field(_, name) => is_credential(name).then(|| name.clone()),
        Sink::Argument(func, index) => parameter(cx, *func, *index).filter(|name| is_credential(name)),
        Sink::Text(_) | Sink::Query | Sink::Held | Sink::Returned => None,
    })
}

/// `generate_api_key` makes an `api_key`.
fn without_verb(name: &str) -> &str {
    match name.split_once('_') {
        Some((verb, rest)) if VERBS.contains(&verb) && is_credential(rest) => rest,
        _ => name,
    }
}

/// What functions do with what they are named after.
const VERBS: [&str; 18] = [
    "add", "build", "create", "gen", "generate", "get", "insert", "issue", "make", "mint", "new", "put", "random", "refresh", "reset",
    "rotate", "save", "store",
];

/// What a function makes by its name, without the verb; for a mere `new` what its type is.
fn made_name(cx: &Cx<'_>, func: DefId) -> Option<SmolStr> {
    let name = cx.short_name(func);
    if is_credential(&name) {
        return Some(without_verb(&name).into());
    }
    if !matches!(name.as_str(), "new" | "generate" | "create" | "random" | "default" | "gen" | "generate_new" | "new_random") {
        return None;
    }
    let path = cx.path(func);
    let owner = path.rsplit("::").nth(1)?;
    let owner = ["Type", "Kind", "Generator", "Factory"].iter().find_map(|end| owner.strip_suffix(end)).unwrap_or(owner);
    is_credential(owner).then(|| owner.into())
}

/// What a random value is for by what takes it: a name that speaks of a credential, and the field that keeps it.
fn purpose(cx: &Cx<'_>, minters: &FxHashMap<DefId, Minter>, body: &BodyFacts, mint: &Mint) -> Option<(SmolStr, Option<Purpose>)> {
    let (_, length) = made_by(minters, body, mint)?;
    // In a cookie, it is that cookie.
    if mint.into.contains(&Sink::Held) {
        return None;
    }
    // A function that hands its random value on is seen where it is called.
    if mint.into.contains(&Sink::Returned) && cx.uses.calls.contains_key(&body.def) {
        return None;
    }
    let made = match &mint.source {
        MintSource::Own(func) => minters.get(func).and_then(|minter| minter.makes.clone()),
        MintSource::Foreign(_) => None,
    };
    let fields: Vec<(DefId, SmolStr)> = mint.into.iter().filter_map(|sink| field(cx, sink)).collect();
    // Rows are numbered at random too, but not by a text of some length.
    let field = fields.iter().find(|(of, name)| is_credential(&called(cx, *of, name)) && (name != "id" || length.is_some()));
    if let Some((of, name)) = field {
        return Some((called(cx, *of, name), Some(Purpose::Field(*of, name.clone()))));
    }
    let named = mint.into.iter().find_map(|sink| match sink {
        Sink::Local(name) | Sink::Named(name) | Sink::Field(_, name) => is_credential(name).then(|| name.clone()),
        Sink::Argument(func, index) => parameter(cx, *func, *index).filter(|name| is_credential(name)),
        Sink::Returned => made_name(cx, body.def),
        Sink::Text(_) | Sink::Query | Sink::Held => None,
    });
    match (named, made) {
        (Some(name), _) => Some((name, None)),
        // A row may be numbered by the same function.
        (None, Some(_)) if fields.iter().any(|(_, name)| matches!(name.as_str(), "id" | "uid" | "uuid" | "name")) => None,
        (None, Some(made)) => Some((made, fields.first().map(|(of, name)| Purpose::Field(*of, name.clone())))),
        (None, None) => None,
    }
}

/// A field with a telling name, or the type around one that has none.
fn called(cx: &Cx<'_>, of: DefId, field: &SmolStr) -> SmolStr {
    if matches!(field.as_str(), "0" | "id" | "value" | "raw" | "key" | "plain" | "inner" | "secret" | "code") {
        let name = cx.short_name(of);
        let is_one = ["Token", "Code", "Key", "Link", "Secret", "Invite", "Invitation", "Stamp"].iter().any(|end| name.ends_with(end));
        return if is_one && is_credential(&name) { name } else { field.clone() };
    }
    field.clone()
}

/// The field that a sink is, also through the parameter of a constructor.
fn field(cx: &Cx<'_>, sink: &Sink) -> Option<(DefId, SmolStr)> {
    match sink {
        Sink::Field(Some(of), name) => Some((*of, name.clone())),
        Sink::Argument(func, index) => {
            let body = &cx.bodies[*cx.body_of.get(func)?];
            let given = |value: &Value| matches!(value, Value::Param { func: of, index: at, .. } if of == func && at == index);
            body.fields.iter().find(|(_, _, value)| given(value)).map(|(of, name, _)| (*of, name.clone()))
        }
        _ => None,
    }
}

/// The name of a parameter.
pub(super) fn parameter(cx: &Cx<'_>, func: DefId, index: usize) -> Option<SmolStr> {
    let facts = cx.world.program.func(func)?;
    let body = facts.body.as_ref()?;
    match body.pats.get(facts.params.get(index)?.pat.0 as usize)? {
        Pat::Bind { name, .. } => Some(name.clone()),
        _ => None,
    }
}

fn finding(cx: &Cx<'_>, minters: &FxHashMap<DefId, Minter>, body: &BodyFacts, mint: &Mint, name: &SmolStr, key: &Purpose) -> Finding {
    let (source, length) = made_by(minters, body, mint).unwrap_or_default();
    let mut facts: Vec<Fact> = vec![Cx::plain_fact("source", source.to_string())];
    let length = length.map(|length| cx.fact("length", None, &length)).filter(|fact| fact.value.is_some());
    facts.extend(length);
    facts.extend(alphabet(minters, body, mint).map(|of| Cx::plain_fact("alphabet", of)));
    let by = match &mint.source {
        MintSource::Own(func) => minters.get(func),
        MintSource::Foreign(_) => None,
    };
    let kept_for = mint.kept_for.as_ref().or_else(|| by.and_then(|minter| minter.kept_for.as_ref()));
    facts.extend(kept_for.map(|(value, unit)| cx.fact("valid_for", Some(&SmolStr::new_static(unit)), value)));
    let link = mint.into.iter().find_map(|sink| match sink {
        Sink::Text(text) if text.contains("://") || text.contains("?") && text.contains('=') => Some(text),
        _ => None,
    });
    facts.extend(link.filter(|text| text.len() < 120).map(|text| Cx::plain_fact("link", text.to_string())));
    if let MintSource::Own(func) = &mint.source {
        facts.push(Cx::plain_fact("made_by", cx.path(*func).to_string()));
    }
    if kept_for.is_none() && !matches!(key, Purpose::Field(..)) {
        facts.extend(super::stored_tokens::facts(cx, body, mint, name));
    }
    let mut uses = Vec::new();
    let (origin, def) = match key {
        Purpose::Field(of, field) => {
            let kept = format_smolstr!("{}.{field}", cx.short_name(*of));
            if !matches!(cx.world.program.def(*of).item.kind, ItemKind::Enum(_)) {
                facts.push(Cx::plain_fact("kept_in", kept.to_string()));
                uses = cx.uses.fields.get(&(*of, field.clone())).cloned().unwrap_or_default();
            }
            (Origin::Declared(format_smolstr!("{}::{field}", cx.path(*of))), *of)
        }
        Purpose::Made(func, name) | Purpose::In(func, name) => (Origin::Called { function: cx.path(*func), what: name.clone() }, *func),
    };
    Finding {
        confidence: Confidence::Likely,
        uses,
        facts,
        label: SmolStr::new_static("random token"),
        ..Finding::new("minted", Kind::ClientHeld, def, name.clone(), origin)
    }
}
