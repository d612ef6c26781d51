//! Rule `per-replica-limit`: see `per_replica_limit.md`.

use crate::assess::ground::{fact, place};
use crate::assess::{Fleet, Ground, Rule};
use crate::model::{Fact, FactValue, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "per-replica-limit",
    title: "a limit that each replica counts for itself",
    several: "{} limits are counted by each replica for itself",
    needs: Some("the number of replicas"),
    symptom: "clients get through more often than the limit says, and more so after a scale-out; a partner's quota is overrun",
    remedy: "count where all replicas see it (Redis, the gateway), or divide the limit by the number of replicas",
    sketch: None,
    ends_when: "the limit is kept outside of the process, or one replica runs",
    symptoms: &["limit-overrun"],
    docs: include_str!("per_replica_limit.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::Limiter]).filter(|item| item.scope == Scope::Process && !is_own_affair(item)) {
        let Some(fleet) = ground.replicated(item) else { continue };
        let limit = limit(item);
        let (message, arithmetic) = said(item, fleet, limit);
        let severity = if limits_clients(item) { HazardSeverity::Medium } else { HazardSeverity::Low };
        let mut hazard = rule.about(item, severity, message);
        if let Some(fact) = limit {
            hazard = hazard.because(format!("{} in each process", quantity(fact)), fact.at.as_ref().or(place(item)));
        } else {
            hazard = hazard.because("made in each process", place(item));
        }
        hazard = hazard.because(format!("{} of {}", fleet.copies(), fleet.name()), Some(fleet.place()));
        hazard.arithmetic = arithmetic;
        out.push(hazard);
    }
}

/// Retries and the like protect the process itself: each has to have its own.
fn is_own_affair(item: &Item) -> bool {
    let id = item.id.as_str();
    id.ends_with("#retry") || id.contains("#retry-") || item.summary.contains("retr") || item.summary.contains("attempt")
}

/// It counts requests of clients, by key or by rate.
fn limits_clients(item: &Item) -> bool {
    item.summary.contains("rate limit") || item.facts.iter().any(|fact| matches!(fact.key.as_str(), "quota" | "rate" | "period" | "burst"))
}

/// The number that limits.
fn limit(item: &Item) -> Option<&Fact> {
    const KEYS: &[&str] = &["permits", "quota", "rate", "max", "limit", "burst"];
    KEYS.iter().find_map(|key| fact(item, key)).filter(|fact| fact.value.is_some())
}

fn quantity(fact: &Fact) -> String {
    let value = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
    match &fact.unit {
        Some(unit) if unit != "duration" => format!("{value} {unit}"),
        _ => value,
    }
}

fn said(item: &Item, fleet: &Fleet<'_>, limit: Option<&Fact>) -> (String, Option<String>) {
    let number = limit.and_then(|fact| match &fact.value {
        Some(FactValue::Int(number)) => Some(*number),
        _ => None,
    });
    let (Some(fact), Some(number)) = (limit, number) else {
        return (format!("the limit of `{}` is counted in each of {} of {} for itself", item.name, fleet.copies(), fleet.name()), None);
    };
    let all = number.saturating_mul(i64::from(fleet.replicas));
    let unit = fact.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let most = fleet.at_most.map(|most| (most, number.saturating_mul(i64::from(most))));
    let up_to = most.map(|(_, all)| format!(", and {all} when scaled out")).unwrap_or_default();
    let message = format!(
        "the limit of `{}` is {number}{unit} in each process: {all} in {} replicas of {}{up_to}",
        item.name,
        fleet.replicas,
        fleet.name()
    );
    let scaled = most.map(|(most, all)| format!("; {most} × {number} = {all}")).unwrap_or_default();
    (message, Some(format!("{} replicas × {number} = {all}{scaled}", fleet.replicas)))
}
