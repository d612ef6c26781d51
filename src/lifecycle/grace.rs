//! How long the deployment waits before it kills a process that it asked to stop.

use crate::manifests::deployed::{Deployed, WorkloadKind};
use crate::model::{Draining, Grace, ServerStop};

/// The grace of each workload that runs a service, and whether its server may wait for longer.
pub(super) fn grace(deployed: &Deployed, service: &str, server: Option<&ServerStop>) -> Vec<Grace> {
    let longest = server
        .filter(|server| server.how == Draining::Drains && server.on.iter().any(|signal| signal == "SIGTERM"))
        .and_then(|server| server.waits_ms);
    let stops = |kind: WorkloadKind| !matches!(kind, WorkloadKind::Image | WorkloadKind::Function);
    let mut out: Vec<Grace> = Vec::new();
    for workload in deployed.of_service(service).filter(|workload| stops(workload.kind)) {
        let Some(said) = &workload.seconds_to_stop else { continue };
        let seconds = seconds(&said.value);
        let own = workload.containers.iter().filter(|container| container.services.contains(service));
        let found = Grace {
            workload: workload.owner.clone(),
            environment: workload.environment.clone(),
            seconds,
            at: said.at.clone(),
            before_stop: own.filter_map(|container| container.before_stop.clone()).next(),
            too_short: matches!((longest, seconds), (Some(longest), Some(seconds)) if longest > seconds * 1000),
        };
        if !out.contains(&found) {
            out.push(found);
        }
    }
    out
}

/// `30`, `30s`, `1m30s`, `1min 30s`.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (mut total, mut number) = (0_u64, String::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            number.push(first);
            rest = &rest[1..];
            continue;
        }
        if first == ' ' {
            rest = &rest[1..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let factor = match &rest[..end] {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        number.clear();
        rest = &rest[end..];
    }
    number.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn lengths_of_time_as_manifests_write_them() {
        assert_eq!([seconds("30"), seconds("1m30s"), seconds("1min 30s"), seconds("10s")], [Some(30), Some(90), Some(90), Some(10)]);
        assert_eq!([seconds("infinity"), seconds("${GRACE}"), seconds("5d"), seconds("10s5")], [None; 4]);
    }
}
