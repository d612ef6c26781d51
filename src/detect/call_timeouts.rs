//! Clients without a timeout whose calls are given one each: fact `timeout_at_call`.

use super::context::Cx;
use super::finding::Finding;
use crate::model::{Fact, FactValue, Kind};
use crate::resolve::DefId;

/// What ends a wait: of a request, or of whatever future.
const ENDS: &[&str] = &["set_timeout", "timeout", "timeout_at", "with_timeout"];

/// Adds the fact where a function that uses a client without a timeout, or one that calls it, names what ends a wait.
pub fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::SdkClient && has_none(finding)) {
        let users = finding.uses.iter().map(|(_, func, _)| *func).chain([finding.def]);
        if let Some(func) = users.into_iter().find_map(|func| ending(cx, func)) {
            let fact = Cx::plain_fact("timeout_at_call", format!("in `{}`", cx.work_name(func)));
            finding.learn(fact);
        }
    }
}

fn has_none(finding: &Finding) -> bool {
    let is_none = |fact: &Fact| matches!(&fact.value, Some(FactValue::Text(text)) if matches!(text.as_str(), "none" | "never"));
    finding.facts.iter().any(|fact| matches!(fact.key.as_str(), "timeout" | "response_timeout") && is_none(fact))
}

/// The function, or one that calls it, that ends the wait.
fn ending(cx: &Cx<'_>, func: DefId) -> Option<DefId> {
    let ends = |func: DefId| {
        let names = |at: &usize| ENDS.iter().any(|name| cx.bodies[*at].names.iter().any(|known| known == name));
        cx.body_of.get(&func).is_some_and(names)
    };
    let callers = || cx.uses.calls.get(&func).into_iter().flatten().map(|(caller, ..)| *caller);
    std::iter::once(func).chain(callers()).find(|func| ends(*func))
}
