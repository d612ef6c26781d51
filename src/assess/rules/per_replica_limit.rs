//! Rule `per-replica-limit`: see `per_replica_limit.md`.

use crate::assess::ground::{fact, place};
use crate::assess::{Fleet, Ground, Rule};
use crate::join::Each;
use crate::model::{Hazard, HazardSeverity, Item, Kind, Role, Scope};

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

/// Facts that tell a rate in numbers, and how people say it.
const RATES: &[(&str, &str)] = &[
    ("per_second", "requests a second"),
    ("per_minute", "requests a minute"),
    ("per_hour", "requests an hour"),
    ("requests_per_second", "requests a second"),
    ("limit", "requests a period"),
    ("num", "requests a period"),
    ("rate", "tokens a second"),
    ("max", "tokens at once"),
];
/// How many may come at once.
const BURSTS: &[&str] = &["allow_burst", "burst_size", "burst"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    let mut rates: Vec<(&str, Vec<&Item>)> = Vec::new();
    for item in ground.of_kinds(&[Kind::Limiter]).filter(|item| item.scope == Scope::Process && !is_own_affair(item)) {
        let Some(fleet) = ground.replicated(item) else { continue };
        if is_rate(item) {
            // Limits of one type or module are one matter.
            let of = owner(item);
            match rates.iter_mut().find(|(known, _)| *known == of) {
                Some((_, items)) => items.push(item),
                None => rates.push((of, vec![item])),
            }
        } else if let Some(hazard) = at_a_time(rule, ground, item, fleet) {
            out.push(hazard.run_by(fleet));
        }
    }
    out.extend(rates.iter().filter_map(|(_, items)| all_rates(rule, ground, items)));
}

/// The type, function or module of an item.
fn owner(item: &Item) -> &str {
    let id = item.id.as_str();
    let path = id.split('#').next().unwrap_or(id);
    path.rsplit_once("::").map_or(path, |(owner, _)| owner)
}

/// The limits of one owner: the first whose number is known in full, the others by their names.
fn all_rates(rule: &Rule, ground: &Ground<'_>, items: &[&Item]) -> Option<Hazard> {
    let known = |item: &&&Item| ground.replicated(item).is_some_and(|fleet| told_rate(ground, item, fleet).is_some());
    let item = items.iter().find(known).or_else(|| items.first())?;
    let fleet = ground.replicated(item)?;
    let mut hazard = rate(rule, ground, item, fleet);
    match items.len() {
        1 => {}
        2 => hazard.message.push_str("; so is another limit beside it"),
        many => hazard.message.push_str(&format!("; so are {} other limits beside it", many - 1)),
    }
    for other in items {
        hazard = hazard.with(other);
    }
    Some(hazard.run_by(fleet))
}

/// The rate with the words for it, when it is a number that is known.
fn told_rate(ground: &Ground<'_>, item: &Item, fleet: &Fleet<'_>) -> Option<(Each, &'static str)> {
    RATES.iter().find_map(|(key, unit)| Some((number(ground, item, fleet, key)?, *unit)))
}

/// Retries and the like protect the process itself: each has to have its own.
fn is_own_affair(item: &Item) -> bool {
    let id = item.id.as_str();
    // A quota is a part of the limiter that is made with it.
    item.summary.contains("quota")
        || id.ends_with("#retry")
        || id.contains("#retry-")
        || item.summary.contains("retr")
        || item.summary.contains("attempt")
}

/// It counts requests of clients, by key or by rate.
fn is_rate(item: &Item) -> bool {
    let told = |key: &str| matches!(key, "quota" | "per_second" | "per_minute" | "per_hour") || BURSTS.contains(&key);
    item.summary.contains("rate limit") || item.summary.contains("token bucket") || item.facts.iter().any(|fact| told(&fact.key))
}

/// A limit on requests: what one client may do, it may do at each replica.
fn rate(rule: &Rule, ground: &Ground<'_>, item: &Item, fleet: &Fleet<'_>) -> Hazard {
    let Some((each, unit)) = told_rate(ground, item, fleet) else {
        let message = format!("the limit of `{}` is counted in each of {} of {} for itself", item.name, fleet.copies(), fleet.name());
        return rule.about(item, HazardSeverity::Medium, message).because("made in each process", place(item));
    };
    let burst = BURSTS
        .iter()
        .find_map(|key| number(ground, item, fleet, key))
        .map(|burst| format!(" (burst {})", burst.number))
        .unwrap_or_default();
    let message = format!("`{}` lets {} {unit}{burst} through in each process: {}", item.name, each.number, multiplied(each.number, fleet));
    told(rule.about(item, HazardSeverity::Medium, message), item, &each, unit, fleet)
}

/// A limit on work at a time, when it is known and that work is another side's: its own disk each pod has for itself.
fn at_a_time(rule: &Rule, ground: &Ground<'_>, item: &Item, fleet: &Fleet<'_>) -> Option<Hazard> {
    let each = ["permits", "max"].iter().find_map(|key| number(ground, item, fleet, key))?;
    let client = calls_out(ground, item)?;
    let message = format!("`{}` lets {} calls at a time out of each process: {}", item.name, each.number, multiplied(each.number, fleet));
    let hazard = told(rule.about(item, HazardSeverity::Low, message), item, &each, "at a time", fleet);
    Some(hazard.because(format!("it guards calls of {}", client.summary), place(client)))
}

/// `60 in 2 replicas of `Deployment/shop`, 300 when scaled out to 10`.
fn multiplied(each: i64, fleet: &Fleet<'_>) -> String {
    let times = |count: u32| each.saturating_mul(i64::from(count));
    let scaled = fleet.at_most.map(|most| format!(", {} when scaled out to {most}", times(most))).unwrap_or_default();
    match fleet.replicas {
        0 | 1 => format!("{} in one replica of {}{scaled}", times(1), fleet.name()),
        replicas => format!("{} in {replicas} replicas of {}{scaled}", times(replicas), fleet.name()),
    }
}

fn told(hazard: Hazard, item: &Item, each: &Each, unit: &str, fleet: &Fleet<'_>) -> Hazard {
    let by = each.from.as_ref().map(|from| format!(", by {from}")).unwrap_or_default();
    let of = |count: u32| format!("{count} × {} = {}", each.number, each.number.saturating_mul(i64::from(count)));
    let scaled = fleet.at_most.map(|most| format!("; at most {}", of(most))).unwrap_or_default();
    hazard
        .because(format!("{} {unit} in each process{by}", each.number), each.at.as_ref().or(place(item)))
        .adding_up(format!("{}{scaled}", of(fleet.replicas.max(1))))
}

/// The number that a fact of the item has in the fleet.
fn number(ground: &Ground<'_>, item: &Item, fleet: &Fleet<'_>, key: &str) -> Option<Each> {
    let fact = fact(item, key)?;
    let service = item.services.iter().find(|service| fleet.workload.services.contains(*service))?;
    ground.number_in(fact, service, fleet)
}

/// The client whose calls it guards: a field of the type that has the client too, or taken where the client is used.
fn calls_out<'a>(ground: &Ground<'a>, item: &Item) -> Option<&'a Item> {
    // One in a variable limits one call of its function.
    let declared = item.sites.iter().find(|site| site.role == Role::Declared)?;
    let of = declared.function.as_deref();
    let guards = |client: &&Item| {
        let held = client.sites.iter().any(|site| site.role == Role::Declared && of.is_some() && site.function.as_deref() == of);
        let taken = || client.uses.iter().any(|one| item.uses.iter().any(|own| own.function == one.function));
        // A store or a broker of one's own has limits of its own.
        let is_api = client.backs_on.as_deref().is_none_or(|store| store.ends_with("http_service"));
        is_api && (held || taken()) && client.services.iter().any(|service| item.services.contains(service))
    };
    ground.of_kinds(&[Kind::SdkClient]).find(guards)
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const CARGO: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\ngovernor = \"0.10\"\nreqwest = \"0.13\"\ntokio = \"1\"\n";
    const RATE: &str = r#"
struct Limits { all: governor::DefaultDirectRateLimiter }

#[tokio::main]
async fn main() {
    let per_second = std::env::var("PER_SECOND").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let quota = governor::Quota::per_second(std::num::NonZeroU32::new(per_second).unwrap());
    let limits = Limits { all: governor::RateLimiter::direct(quota) };
    let app = axum::Router::new().with_state(std::sync::Arc::new(limits));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"#;
    const GATE: &str = r#"
struct Partner { http: reqwest::Client, gate: tokio::sync::Semaphore }

#[tokio::main]
async fn main() {
    let partner = Partner { http: reqwest::Client::new(), gate: tokio::sync::Semaphore::new(40) };
    let app = axum::Router::new().with_state(std::sync::Arc::new(partner));
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}
"#;

    fn limits(main: &str, deployment: &str) -> Vec<String> {
        found("per-replica-limit", main, &[("Cargo.toml", CARGO), ("k/deploy.yaml", deployment)])
    }

    #[test]
    fn a_rate_is_multiplied_with_the_value_that_wins() {
        assert_eq!(
            limits(RATE, &deployment(2, "env:\n  - {name: PER_SECOND, value: \"30\"}", "")),
            ["medium `Limits.all` lets 30 requests a second through in each process: 60 in 2 replicas of `Deployment/shop`"]
        );
        assert_eq!(
            limits(RATE, &deployment(3, "", "")),
            ["medium `Limits.all` lets 20 requests a second through in each process: 60 in 3 replicas of `Deployment/shop`"]
        );
    }

    #[test]
    fn work_at_a_time_counts_where_another_side_bears_it() {
        let two = deployment(2, "", "");
        assert_eq!(
            limits(GATE, &two),
            ["low `Partner.gate` lets 40 calls at a time out of each process: 80 in 2 replicas of `Deployment/shop`"]
        );
        let own_disk = GATE.replace("http: reqwest::Client, ", "").replace("http: reqwest::Client::new(), ", "");
        assert!(limits(&own_disk, &two).is_empty());
        assert!(limits(GATE, &deployment(1, "", "")).is_empty());
    }
}
