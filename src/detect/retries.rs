//! Detector `retries`: see `retries.md`.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::model::{Confidence, Fact, FactValue, Kind, Role, Scope};
use crate::resolve::{BodyFacts, DefId, Flow, LoopFacts, Pause, Retrying, Value};

/// More values of a budget than this are not told one by one.
const MAX_BUDGETS: usize = 4;

/// Functions of functions that are tried again.
const MAX_STEPS: usize = 5;

/// More functions than these are no single thing that is tried again.
const MAX_FUNCTIONS: usize = 80;

/// What a loop does when something fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Budget {
    /// It tries a number of times.
    Counted,
    /// It tries until it works.
    Endless,
    /// It tries until it works or some failure ends it.
    Unclear,
    /// It pauses and goes on with the next thing.
    Pause,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for body in cx.bodies() {
        // Who starts a task again that has panicked pauses on its behalf.
        for one in body.loops.iter().filter(|one| !super::tasks::is_supervisor(cx, body, one.at)) {
            if let Some(budget) = budget(one) {
                out.push(finding(cx, body, one, budget));
            }
        }
    }
}

fn budget(one: &LoopFacts) -> Option<Budget> {
    let Retrying { bound, scheduled, pauses, fallible, ends_on_success, exits, named, .. } = &one.retrying;
    if bound.is_some() || *scheduled {
        let tries_again = *fallible && *ends_on_success;
        // Without a pause: an answer that was waited for, not one suffix after the other until a name is free.
        let many = matches!(bound, Some(Value::Known(FactValue::Int(100..), ..)));
        let at_once = tries_again && (one.retrying.awaits || one.retrying.given) && !many;
        let counted = if *named { *exits && (at_once || !pauses.is_empty()) } else { tries_again && !pauses.is_empty() };
        return counted.then_some(Budget::Counted);
    }
    let Retrying { succeeds, only_failures_go_on, gives_up, counts, .. } = &one.retrying;
    let after_failure = |pause: &Pause| pause.failed || (*only_failures_go_on && !pause.conditional);
    let tries_until = (*succeeds || *only_failures_go_on) && pauses.iter().any(after_failure);
    // Connecting anew for ever, with a count of the attempts.
    let counts_attempts = one.endless && *counts && *fallible && !pauses.is_empty();
    match (tries_until || counts_attempts, *gives_up) {
        (true, true) => Some(Budget::Unclear),
        (true, false) => Some(Budget::Endless),
        (false, _) => (one.endless && pauses.iter().any(|pause| pause.failed)).then_some(Budget::Pause),
    }
}

/// Tells what is opened anew whenever a loop tries again, where the loop runs what its callers hand to it: fact `tried_again`.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let is_opened =
        |finding: &&Finding| finding.kind == Kind::EmbeddedDb || finding.kind == Kind::SdkClient && finding.label.ends_with(" connection");
    let opened: FxHashSet<DefId> = findings.iter().filter(is_opened).map(|finding| finding.def).collect();
    if opened.is_empty() {
        return;
    }
    let mut tried: FxHashMap<DefId, Fact> = FxHashMap::default();
    for body in cx.bodies() {
        let given = body.loops.iter().find(|one| one.retrying.given && budget(one) == Some(Budget::Counted));
        let Some(Fact { value: Some(FactValue::Int(most)), at, .. }) = given.and_then(|one| attempts(cx, body.def, &one.retrying)) else {
            continue;
        };
        let fact = Fact { at, ..Cx::plain_fact("tried_again", format!("up to {most} attempts in {}", cx.work_name(body.def))) };
        let mut level: Vec<DefId> =
            calls(cx, body.def).flat_map(|(_, call)| call.given.calls.iter().copied().chain(call.given.direct)).collect();
        let mut seen: FxHashSet<DefId> = level.iter().copied().collect();
        for _ in 0..MAX_STEPS {
            for func in level.iter().filter(|func| opened.contains(func)) {
                tried.entry(*func).or_insert_with(|| fact.clone());
            }
            let bodies = level.iter().filter_map(|func| cx.body_of.get(func)).map(|at| &cx.bodies[*at]);
            let next: Vec<DefId> =
                bodies.flat_map(|body| body.own.iter().map(|call| call.func)).filter(|func| seen.insert(*func)).collect();
            if next.is_empty() || seen.len() > MAX_FUNCTIONS {
                break;
            }
            level = next;
        }
    }
    for finding in findings.iter_mut().filter(|finding| is_opened(&&**finding)) {
        finding.facts.extend(tried.get(&finding.def).cloned());
    }
}

fn finding(cx: &Cx<'_>, body: &BodyFacts, one: &LoopFacts, budget: Budget) -> Finding {
    let retrying = &one.retrying;
    let mut facts = Vec::new();
    match budget {
        Budget::Counted => facts.extend(attempts(cx, body.def, retrying)),
        Budget::Endless => facts.push(Cx::plain_fact("max_attempts", "unbounded")),
        Budget::Unclear | Budget::Pause => {}
    }
    facts.extend(pauses(cx, retrying, budget));
    if let Some(growth) = retrying.growth {
        facts.push(Cx::plain_fact("backoff", growth));
    }
    facts.extend(retrying.longest.iter().map(|longest| cx.fact("longest_pause", None, longest)));
    let mut sites = vec![cx.site(one.at, Role::Constructed, body.def)];
    sites.extend(retrying.pauses.iter().map(|pause| cx.site(pause.at, Role::Constructed, body.def)));
    if retrying.given && budget != Budget::Pause {
        sites.push(cx.site(cx.declared_at(body.def), Role::Declared, body.def));
        sites.extend(calls(cx, body.def).map(|(caller, call)| cx.site(call.at, Role::Constructed, caller)));
    }
    let label = match budget {
        Budget::Counted | Budget::Unclear => "retry loop",
        Budget::Endless => "retry loop without a limit",
        Budget::Pause => "loop that pauses after an error",
    };
    Finding {
        is_call: true,
        scope: if cx.lifetime(body.def).is_some() { Scope::Task } else { Scope::Process },
        confidence: Confidence::Likely,
        sites,
        facts,
        label: SmolStr::new_static(label),
        ..Finding::new(
            "retries",
            Kind::Limiter,
            body.def,
            cx.maker_name(body.def),
            Origin::Called { function: cx.path(body.def), what: SmolStr::new_static("retry") },
        )
    }
}

/// Calls of a function, with their callers.
fn calls<'c>(cx: &'c Cx<'_>, func: DefId) -> impl Iterator<Item = (DefId, &'c crate::resolve::OwnCall)> {
    cx.bodies()
        .flat_map(move |body| body.own.iter().filter(move |call| call.func == func && call.taken_by.is_none()).map(|call| (body.def, call)))
}

/// The number of attempts; where callers give it, all that they give.
fn attempts(cx: &Cx<'_>, def: DefId, retrying: &Retrying) -> Option<Fact> {
    let bound = retrying.bound.as_ref()?;
    let key = if retrying.one_more { "max_retries" } else { "max_attempts" };
    let Value::Param { name, .. } = bound else { return Some(cx.fact(key, None, bound)) };
    let given: Vec<Fact> = calls(cx, def).map(|(_, call)| cx.fact(key, None, &Flow::with_args(bound, def, &call.args))).collect();
    let mut values: Vec<String> = Vec::new();
    for fact in &given {
        let value = fact.value.as_ref().map(ToString::to_string).or_else(|| fact.from.clone()).unwrap_or_else(|| name.to_string());
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let first = given.into_iter().next();
    match values.len() {
        0 => None,
        1 => first,
        2..=MAX_BUDGETS => first.map(|fact| Fact { value: Some(FactValue::Text(values.join(" or "))), from: None, ..fact }),
        _ => Some(Cx::plain_fact(key, "given by each caller")),
    }
}

/// How long it pauses: after a failure, and when there was nothing to do.
fn pauses(cx: &Cx<'_>, retrying: &Retrying, budget: Budget) -> Vec<Fact> {
    let fact = |key, pause: &Pause| pause.value.as_ref().map(|value| cx.fact(key, None, value));
    let failed = retrying.pauses.iter().find(|pause| pause.failed);
    let first = failed.or(retrying.pauses.first());
    let mut out: Vec<Fact> = first.and_then(|pause| fact("pause", pause)).into_iter().collect();
    if budget == Budget::Pause
        && let Some(idle) = retrying.pauses.iter().find(|pause| !pause.failed && pause.conditional)
    {
        out.extend(fact("pause_when_idle", idle));
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::{items, told};
    use crate::model::Kind;

    #[test]
    fn a_database_that_is_opened_again_says_how_often() {
        let of = |read: &str| {
            let text = format!(
                "const TRIES: usize = 5;\nfn open() -> Result<(), ()> {{ let conn = rusqlite::Connection::open(\"shop.db\").map_err(drop)?; std::mem::forget(conn); Ok(()) }}\n\
                 fn find() -> Result<(), ()> {{ open() }}\n\
                 async fn again<F: Fn() -> Fut, Fut: Future<Output = Result<(), ()>>>(action: F) -> Result<(), ()> {{\n\
                 for attempt in 1..=TRIES {{ match action().await {{ Ok(()) => return Ok(()), Err(_) if attempt < TRIES => {{ tokio::task::yield_now().await; }} Err(error) => return Err(error) }} }} unreachable!() }}\n\
                 async fn other() -> Result<(), ()> {{ Ok(()) }}\n\
                 #[tokio::main]\nasync fn main() {{ {read} }}\n"
            );
            told(&items(&["rusqlite", "tokio"], &text), Kind::EmbeddedDb, &["tried_again"])
        };
        assert_eq!(of("again(|| async { find() }).await.unwrap()"), ["tried_again up to 5 attempts in again"]);
        assert_eq!(of("again(|| other()).await.unwrap(); find().unwrap()"), [""; 0]);
    }
}
