//! Detector `attempt-limits`: see `attempt_limits.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::statements::{after, words};
use crate::facts::ItemKind;
use crate::model::{Access, Confidence, Fact, Kind, Role, Scope};
use crate::resolve::{About, At, BodyFacts, Comparison, DefId, Value};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut found: BTreeMap<Origin, Finding> = BTreeMap::new();
    for body in cx.bodies() {
        for one in &body.compared {
            let origin = origin(cx, body, one);
            let known = found.entry(origin.clone()).or_insert_with(|| finding(cx, body, one, origin));
            // Compared there, and counted elsewhere.
            known.sites.push(cx.site(one.at, Role::Constructed, body.def));
            // Asked for in several places, each says what it knows.
            for fact in known.facts.first().map(|fact| fact.key.clone()).map_or_else(Vec::new, |key| facts(cx, body, one, &key)) {
                known.learn(fact);
            }
            known.sites.extend(counted(cx, body, one).map(|at| cx.site(at, Role::Written, body.def)));
        }
    }
    out.extend(found.into_values());
}

/// A field is one counter wherever it is compared; a quota is one for each client that speaks to its owner.
fn origin(cx: &Cx<'_>, body: &BodyFacts, one: &Comparison) -> Origin {
    let function = cx.path(body.def);
    if is_quota(one) {
        let owner = function.rsplit_once("::").map_or(function.as_str(), |(owner, _)| owner);
        return Origin::Called { function: SmolStr::new(owner), what: SmolStr::new_static("quota") };
    }
    match one.of {
        Some(of) => Origin::Declared(smol_str::format_smolstr!("{}::{}", cx.path(of), one.name)),
        // The same budget, asked for in several places.
        None => match &one.limit {
            Value::Field { of, field, .. } => Origin::Declared(smol_str::format_smolstr!("{}::{field}", cx.path(*of))),
            _ => Origin::Called { function, what: one.name.clone() },
        },
    }
}

fn finding(cx: &Cx<'_>, body: &BodyFacts, one: &Comparison, origin: Origin) -> Finding {
    let stored = one.of.is_none_or(|of| is_record(cx, of));
    let (key, label) = match (one.about, stored && one.of.is_some()) {
        (About::Quota, _) => ("floor", "check of what a remote rate limit leaves"),
        (About::Attempts, true) => ("max_attempts", "counter of attempts in a record"),
        (About::Attempts, false) => ("max_attempts", "counter of attempts"),
        (About::Failures, true) => ("max_failures", "counter of failures in a record"),
        (About::Failures, false) => ("max_failures", "counter of failures"),
        (About::Count, true) => ("limit", "counter with a limit in a record"),
        (About::Count, false) => ("limit", "counter with a limit"),
    };
    let scope = if stored || is_quota(one) { Scope::External } else { Scope::Process };
    let (def, name, sites) = match one.of.filter(|_| !is_quota(one)) {
        Some(of) => {
            let sites = declared(cx, of, &one.name).map(|at| cx.site(at, Role::Declared, of)).into_iter().collect();
            (of, smol_str::format_smolstr!("{}.{}", cx.short_name(of), one.name), sites)
        }
        None if is_quota(one) => (body.def, cx.maker_name(body.def), Vec::new()),
        None => (body.def, one.name.clone(), Vec::new()),
    };
    Finding {
        is_call: true,
        scope,
        confidence: Confidence::Likely,
        sites,
        uses: one.of.filter(|_| !is_quota(one)).and_then(|of| cx.uses.fields.get(&(of, one.name.clone())).cloned()).unwrap_or_default(),
        facts: facts(cx, body, one, key),
        label: SmolStr::new_static(label),
        ..Finding::new("attempt-limits", Kind::Limiter, def, name, origin)
    }
}

/// The limit, what counts for it, how long is waited between attempts, and where the counter is kept.
fn facts(cx: &Cx<'_>, body: &BodyFacts, one: &Comparison, key: &str) -> Vec<Fact> {
    let mut out = vec![cx.fact(key, None, &one.limit)];
    out.extend(one.counts.as_ref().map(|counts| Cx::plain_fact("counts", counts.clone())));
    if matches!(one.about, About::Attempts | About::Failures) {
        out.extend(pause(cx, body, one));
        let columns: Vec<String> = body.strings.iter().filter_map(|(text, _)| counters(text)).collect();
        out.extend((!columns.is_empty()).then(|| Cx::plain_fact("kept_in", columns.join(", "))));
    }
    out
}

/// A setting beside the limit that says how long to wait: `build_attempts` and `delay_between_build_attempts`.
fn pause(cx: &Cx<'_>, body: &BodyFacts, one: &Comparison) -> Option<Fact> {
    let Value::Field { of, field, .. } = &one.limit else { return None };
    let said: Vec<&str> = words_of(field).filter(|word| !matches!(*word, "max" | "limit" | "count" | "number" | "of")).collect();
    let is_about = |name: &str| {
        let words: Vec<&str> = words_of(name).collect();
        let paces = ["delay", "backoff", "interval", "pause", "wait"].iter().any(|pace| words.contains(pace));
        paces && said.iter().all(|word| words.contains(word))
    };
    let (of, name, _, span) = body.field_uses.iter().find(|(other, name, ..)| other == of && is_about(name))?;
    let at = At { file: cx.file_index(body.def), span: *span };
    let value = Value::Field { of: *of, field: name.clone(), text: SmolStr::default(), at };
    let fact = cx.fact("pause", Some(&SmolStr::new_static("duration")), &value);
    (fact.value.is_some() || fact.from.is_some()).then_some(fact)
}

/// The words of a name, in the singular.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').map(|word| word.strip_suffix("ies").or_else(|| word.strip_suffix('s')).unwrap_or(word))
}

/// The columns in which a statement counts attempts: `queue.attempt, queue.last_attempt`.
fn counters(text: &str) -> Option<String> {
    let all = words(text);
    let at = after(&all, &["UPDATE"])?;
    let set = at + all[at..].iter().position(|word| word == "SET")?;
    let end = all[set..].iter().position(|word| matches!(word.as_str(), "WHERE" | "RETURNING")).map_or(all.len(), |end| set + end);
    let mut columns: Vec<String> = Vec::new();
    for word in &all[set..end] {
        let counts = ["ATTEMPT", "RETR", "TRIES", "FAIL"].iter().any(|part| word.contains(part));
        let column = format!("{}.{}", all.get(at)?.to_lowercase(), word.to_lowercase());
        if counts && !word.contains('.') && !columns.contains(&column) {
            columns.push(column);
        }
    }
    (!columns.is_empty()).then(|| columns.join(", "))
}

fn is_quota(one: &Comparison) -> bool {
    one.about == About::Quota
}

/// Calls, beside a comparison, of the methods that count its field up.
fn counted<'c>(cx: &'c Cx<'_>, body: &'c BodyFacts, one: &'c Comparison) -> impl Iterator<Item = At> + 'c {
    let uses = one.of.and_then(|of| cx.uses.fields.get(&(of, one.name.clone()))).map_or(&[][..], Vec::as_slice);
    let counts = move |func: DefId| uses.iter().any(|(_, user, access)| *user == func && *access == Access::Write);
    body.own.iter().filter(move |call| call.func != body.def && counts(call.func)).map(|call| call.at)
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
