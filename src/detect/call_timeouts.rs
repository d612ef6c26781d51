//! Clients without a timeout whose calls are given one each: fact `timeout_at_call`.

use super::context::Cx;
use super::finding::Finding;
use crate::model::{Fact, FactValue, Kind};
use crate::resolve::{DefId, ENDS};

/// Methods that send a request off.
const SENDS: &[&str] = &["send", "execute"];
/// Methods that take a connection out of a pool.
const TAKES: &[&str] = &["get", "get_owned", "acquire"];

/// Adds the fact where something ends the wait for a request of a client, or for a connection of a pool, without a timeout: the function that uses it, whoever
/// waits for that function, or what runs the closure in which it sends; another one where further functions send requests whose
/// wait nothing ends.
pub fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| matches!(finding.kind, Kind::SdkClient | Kind::Pool) && has_none(finding)) {
        let sends = if finding.kind == Kind::Pool { TAKES } else { SENDS };
        // Who makes the client, and sends nothing, ends the wait for something else.
        let maker = Some(finding.def).filter(|def| names(cx, *def, sends));
        let mut users: Vec<DefId> =
            finding.uses.iter().map(|(_, func, _)| *func).filter(|func| *func != finding.def).chain(maker).collect();
        users.dedup();
        let Some(func) = users.iter().find_map(|func| ending(cx, *func)) else { continue };
        let waits = |func: &DefId| names(cx, *func, sends) && ending(cx, *func).is_none();
        let open = users.iter().filter(|func| waits(func)).count();
        let key = if open == 0 { "timeout_at_call" } else { "timeout_at_some_calls" };
        let fact = Cx::plain_fact(key, format!("in `{}`", cx.work_name(func)));
        finding.learn(fact);
    }
}

/// Whether the body of a function mentions one of some names.
fn names(cx: &Cx<'_>, func: DefId, names: &[&str]) -> bool {
    let mentions = |at: &usize| names.iter().any(|name| cx.bodies[*at].names.iter().any(|known| known == name));
    cx.body_of.get(&func).is_some_and(mentions)
}

fn has_none(finding: &Finding) -> bool {
    let is_none = |fact: &Fact| matches!(&fact.value, Some(FactValue::Text(text)) if matches!(text.as_str(), "none" | "never"));
    let is_about = |key: &str| match finding.kind {
        Kind::Pool => key == "wait_timeout",
        _ => matches!(key, "timeout" | "response_timeout"),
    };
    // Known by the value: there is nothing to add.
    let is_told = finding.facts.iter().any(|fact| fact.key == "wait_at_most");
    !is_told && finding.facts.iter().any(|fact| is_about(&fact.key) && is_none(fact))
}

/// The function, one that calls it, or one that runs its closures, that ends the wait.
fn ending(cx: &Cx<'_>, func: DefId) -> Option<DefId> {
    if names(cx, func, ENDS) {
        return Some(func);
    }
    let body = |func: DefId| cx.body_of.get(&func).map(|at| &cx.bodies[*at]);
    let ends_it = |caller: DefId| body(caller).is_some_and(|body| body.own.iter().any(|call| call.func == func && call.ended));
    let caller = cx.uses.calls.get(&func).into_iter().flatten().map(|(caller, ..)| *caller).find(|caller| ends_it(*caller));
    let runs = || body(func)?.own.iter().find(|call| call.runs_given && names(cx, call.func, ENDS)).map(|call| call.func);
    caller.or_else(runs)
}
