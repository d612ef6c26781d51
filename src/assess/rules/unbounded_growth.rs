//! Rule `unbounded-growth`: see `unbounded_growth.md`.

use crate::assess::ground::{fact, place};
use crate::assess::{Ground, Rule};
use crate::model::{Confidence, FactValue, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "unbounded-growth",
    title: "a collection that only grows",
    several: "{} collections grow with what comes in and have neither a bound nor an expiry",
    needs: None,
    symptom: "memory climbs until the process is killed; after the restart it begins anew",
    remedy: "give it a capacity and an age (a cache crate has both), or sweep it in a task; what has to stay belongs in a store",
    sketch: Some((
        "rust",
        "let by_user = moka::future::Cache::builder()\n    .max_capacity(10_000)\n    .time_to_live(Duration::from_secs(300))\n    .build();",
    )),
    ends_when: "entries leave by age, by number or by a sweep, or it is no longer filled while the service runs",
    symptoms: &["memory-grows"],
    docs: include_str!("unbounded_growth.md"),
    run,
};

/// What is kept by these is decided by who runs the service, and not by who calls it.
const OF_OPERATORS: &[&str] = &[
    "authority",
    "backend",
    "channel",
    "client",
    "cluster",
    "config",
    "connection",
    "counter",
    "driver",
    "endpoint",
    "handler",
    "host",
    "issuer",
    "leader",
    "listener",
    "metadata",
    "metric",
    "node",
    "partition",
    "peer",
    "plugin",
    "pool",
    "provider",
    "region",
    "runtime",
    "schema",
    "server",
    "setting",
    "shard",
    "source",
    "stream",
    "table",
    "template",
    "watcher",
];

/// Stand-ins that keep everything on purpose.
const STAND_INS: &[&str] = &["fake", "inmemory", "memory", "mock", "stub", "test"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    const KINDS: &[Kind] = &[Kind::Static, Kind::ThreadLocal, Kind::SharedState, Kind::Cache, Kind::Session, Kind::Limiter];
    for item in ground.of_kinds(KINDS).filter(|item| matches!(item.scope, Scope::Process | Scope::Thread)) {
        let Some(grows) = growth(item).filter(|_| fact(item, "lifetime").is_none() && !is_of_operators(item)) else { continue };
        let never = text(item, "shrinks") == Some("never");
        let Some(severity) = severity(item, &grows, never) else { continue };
        let how = if never { "nothing ever takes an entry out" } else { "an entry leaves only when somebody removes its key" };
        let message = format!("`{}` grows {} without a bound: {how}", item.name, grows.on);
        let mut hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
        hazard = hazard.because(item.summary.clone(), place(item));
        if let Some(fact) = fact(item, "grows").filter(|fact| fact.at.is_some()) {
            hazard = hazard.because(format!("filled here {}", grows.text), fact.at.as_ref());
        }
        out.push(hazard);
    }
}

/// How an item grows.
struct Grows<'i> {
    /// The fact, as it is told.
    text: &'i str,
    /// `with each PUT /cart/{product}`.
    on: String,
    by_requests: bool,
    in_loop: bool,
}

fn growth(item: &Item) -> Option<Grows<'_>> {
    text(item, "shrinks")?;
    // What a loop keeps in a variable says only that nothing takes anything out.
    let Some(text) = text(item, "grows") else {
        let on = "with each round of its loop".to_owned();
        return Some(Grows { text: "", on, by_requests: false, in_loop: true });
    };
    let by_requests = text.split_once(" on ").map(|(_, whom)| format!("on {whom}"));
    let by_task = text.ends_with(" in a background task").then(|| "with the work of a background task".to_owned());
    let by_key = (text == "with each new key").then(|| text.to_owned());
    let on = by_requests.clone().or(by_task).or(by_key)?;
    Some(Grows { text, on, by_requests: by_requests.is_some(), in_loop: false })
}

fn severity(item: &Item, grows: &Grows<'_>, never: bool) -> Option<HazardSeverity> {
    if !never {
        // Who is logged in leaves when he cares to; what is registered or mirrored leaves with what it stands for.
        let is_left_behind = item.kind == Kind::Session && !item.summary.contains("registry");
        let by_key = text(item, "shrinks") == Some("by key only");
        return (by_key && is_left_behind && grows.by_requests).then_some(HazardSeverity::Low);
    }
    // A few tenants are not the end of the memory.
    let name = item.name.to_lowercase();
    let by_tenant = ["org", "tenant", "workspace", "project"].iter().any(|word| name.split(['_', '.']).any(|part| part.starts_with(word)));
    let by_clients = grows.by_requests || grows.in_loop || item.kind == Kind::Limiter;
    match item.kind {
        // A registry whose entries stay while what is in them leaves: as many as there are users.
        _ if by_clients && (by_tenant || item.summary.contains("registry")) => Some(HazardSeverity::Low),
        _ if by_clients => Some(HazardSeverity::Medium),
        // What a task keeps of its own accord is seldom about clients.
        Kind::Cache | Kind::Session if !by_tenant => Some(HazardSeverity::Low),
        _ => None,
    }
}

/// The name, or what is held, says that there are as many entries as somebody set up.
fn is_of_operators(item: &Item) -> bool {
    let last = |path: &str| path.rsplit(['.', ':']).next().unwrap_or(path).to_lowercase();
    let name = last(&item.name);
    let owner = item.name.split('.').next().unwrap_or("").to_lowercase();
    let held = item.ty.as_deref().unwrap_or("").trim_end_matches('>').to_lowercase();
    let says =
        |text: &str, word: &&&str| text.ends_with(**word) || text.ends_with(&format!("{word}s")) || text.contains(&format!("{word}_"));
    OF_OPERATORS.iter().any(|word| says(&name, &word) || says(&held, &word))
        || STAND_INS.iter().any(|word| owner.starts_with(word) || owner.contains(&format!("_{word}")))
}

fn text<'i>(item: &'i Item, key: &str) -> Option<&'i str> {
    match &fact(item, key)?.value {
        Some(FactValue::Text(text)) => Some(text),
        _ => None,
    }
}
