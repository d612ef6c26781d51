//! Whether services can run as several replicas: answers that differ.

use serde::Serialize;
use smol_str::SmolStr;

use crate::model::{Reason, StateMap, Verdict};

/// A verdict that is another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictChange<'a> {
    /// The service.
    pub service: &'a SmolStr,
    /// As it was; none for a service that is new.
    pub before: Option<&'a Verdict>,
    /// As it is; none for a service that is gone.
    pub after: Option<&'a Verdict>,
    /// The answer is a worse one.
    pub worse: bool,
    /// What speaks against it now and did not before.
    pub why_added: Vec<&'a Reason>,
    /// What spoke against it and does no more.
    pub why_removed: Vec<&'a Reason>,
}

/// The verdicts that differ, by service. Of a service that is new or gone nothing is said.
pub(super) fn changes<'a>(before: &'a StateMap, after: &'a StateMap) -> Vec<VerdictChange<'a>> {
    let mut out = Vec::new();
    for new in &after.verdicts {
        let Some(old) = before.verdicts.iter().find(|old| old.service == new.service) else { continue };
        let only = |of: &'a Verdict, other: &Verdict| -> Vec<&'a Reason> {
            of.why.iter().filter(|reason| !other.why.iter().any(|known| known.clause == reason.clause)).collect()
        };
        let change = VerdictChange {
            service: &new.service,
            before: Some(old),
            after: Some(new),
            worse: new.answer > old.answer,
            why_added: only(new, old),
            why_removed: only(old, new),
        };
        let numbers = old.replicas != new.replicas || old.at_most != new.at_most;
        if old.answer != new.answer || numbers || !change.why_added.is_empty() || !change.why_removed.is_empty() {
            out.push(change);
        }
    }
    out
}
