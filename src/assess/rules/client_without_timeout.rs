//! Rule `client-without-timeout`: see `client_without_timeout.md`.

use crate::assess::ground::{entry, fact, place};
use crate::assess::{Ground, Rule};
use crate::model::{EntryKind, Fact, Hazard, HazardSeverity, Item, Kind, Provenance};

pub(super) const RULE: Rule = Rule {
    id: "client-without-timeout",
    title: "a client that waits for ever",
    several: "{} clients wait for an answer as long as it takes: no timeout is set",
    needs: None,
    symptom: "requests hang while everything looks healthy; connections and tasks pile up until something else runs out",
    remedy: "set a timeout for the whole request and one for connecting, shorter than that of whoever waits for this service",
    sketch: Some((
        "rust",
        "reqwest::Client::builder()\n    .connect_timeout(Duration::from_secs(2))\n    .timeout(Duration::from_secs(10))\n    .build()?",
    )),
    ends_when: "the client, or each of its requests, is given a timeout",
    symptoms: &["hanging-requests", "bimodal-latency"],
    docs: include_str!("client_without_timeout.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::SdkClient]) {
        let Some(timeout) = fact(item, "timeout").filter(|fact| is_none(fact)) else { continue };
        let read = fact(item, "read_timeout");
        // A client that gives up on silence does not wait for ever.
        if read.is_some_and(|read| !is_none(read)) {
            continue;
        }
        let on_requests = Ground::is_on_requests(item);
        let severity = if on_requests { HazardSeverity::Medium } else { HazardSeverity::Low };
        let who = used_by(item);
        let set = if timeout.provenance == Provenance::Default {
            "has no timeout, which is the library's default"
        } else {
            "is given no timeout"
        };
        let mut hazard = rule.about(item, severity, format!("`{}` {set}: an answer that never comes is waited for{who}", item.name));
        hazard = hazard.because(format!("{}, made here", item.summary), place(item));
        out.push(hazard);
    }
}

/// The value is known, and it is none.
fn is_none(fact: &Fact) -> bool {
    fact.value.as_ref().is_some_and(|value| matches!(value.to_string().as_str(), "none" | "no timeout" | "never"))
}

/// Who waits.
fn used_by(item: &Item) -> String {
    let who = item.entry_points.iter().find(|one| matches!(one.kind, EntryKind::Route | EntryKind::EveryRequest));
    match who {
        Some(one) => format!(" by {}", entry(one)),
        None if item.entry_points.iter().any(|one| one.kind == EntryKind::Task) => {
            " by a background task, which does nothing else meanwhile".to_owned()
        }
        None => String::new(),
    }
}
