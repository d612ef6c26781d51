//! Rule `in-flight-loss`: see `in_flight_loss.md`.

use smol_str::SmolStr;

use crate::assess::ground::{entry, fact, place, telling_entry};
use crate::assess::naming::words;
use crate::assess::{Fleet, Ground, Rule};
use crate::model::{
    Class, Confidence, Draining, End, Ending, EntryKind, FactValue, Hazard, HazardSeverity, Item, Kind, Lifecycle, Listening, ServerStop,
    Site,
};

pub(super) const RULE: Rule = Rule {
    id: "in-flight-loss",
    title: "promised work that ends with the process",
    several: "{} queues, tasks and servers end where they stand when the process is told to stop",
    needs: None,
    symptom: "after a rollout some mails, events or files never arrive, though everybody was told that they would",
    remedy: "stop taking in on SIGTERM, work off what is left within the grace period, and wait for it before `main` ends; what must not be lost is written to a table first",
    sketch: Some((
        "rust",
        "let mut term = signal(SignalKind::terminate())?;\naxum::serve(listener, app).with_graceful_shutdown(async move { term.recv().await; }).await?;\ndrop(queue);        // its loop ends when the queue is empty\nworker.await?;",
    )),
    ends_when: "the task is awaited after the queue is closed, or is told to stop and waited for, on SIGTERM",
    symptoms: &["lost-messages"],
    docs: include_str!("in_flight_loss.md"),
    run,
};

/// Words for what somebody was promised.
const PROMISED: &[&str] = &[
    "charge",
    "charges",
    "deliveries",
    "delivery",
    "email",
    "emails",
    "export",
    "invoice",
    "invoices",
    "mail",
    "mailer",
    "mails",
    "notification",
    "notifications",
    "order",
    "orders",
    "outbox",
    "payment",
    "payments",
    "publish",
    "report",
    "reports",
    "sms",
    "upload",
    "uploads",
    "webhook",
    "webhooks",
];

/// Words for what is meant to be kept.
const KEPT: &[&str] = &[
    "activities",
    "activity",
    "audit",
    "event",
    "events",
    "job",
    "jobs",
    "persist",
    "record",
    "records",
    "save",
    "store",
    "usage",
    "write",
    "writer",
    "writes",
];

/// Words for what is of use only while the process lives, and for what tells others to stop.
const OF_THE_PROCESS: &[&str] = &[
    "abort",
    "cancel",
    "channel",
    "config",
    "debounce",
    "exit",
    "frame",
    "frames",
    "log",
    "logger",
    "logging",
    "logs",
    "metric",
    "metrics",
    "reload",
    "router",
    "session",
    "shutdown",
    "signal",
    "sse",
    "stats",
    "stdin",
    "stdout",
    "stop",
    "stream",
    "terminal",
    "tracing",
    "ui",
    "watch",
    "watcher",
    "websocket",
    "ws",
];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for lifecycle in ground.lifecycles {
        // A tool that somebody runs is not told to stop by a platform.
        if lifecycle.servers.is_empty() && lifecycle.signals.is_empty() && ground.fleets_of(&lifecycle.service).is_empty() {
            continue;
        }
        for ending in &lifecycle.endings {
            let Some(item) = ground.item(ending.item.as_str()) else { continue };
            out.extend(left_behind(rule, ground, lifecycle, item, ending));
        }
        out.extend(deaf(rule, ground, lifecycle));
        out.extend(lifecycle.servers.iter().filter_map(|server| cut_off(rule, ground, lifecycle, server)));
    }
    // An item of several services is told once.
    let mut seen: Vec<SmolStr> = Vec::new();
    out.retain(|hazard| {
        hazard.rule != rule.id
            || !seen.contains(&hazard.id) && {
                seen.push(hazard.id.clone());
                true
            }
    });
}

/// A queue or a task whose work is dropped.
fn left_behind(rule: &Rule, ground: &Ground<'_>, lifecycle: &Lifecycle, item: &Item, ending: &Ending) -> Option<Hazard> {
    let is_dropped = matches!(ending.how, End::Dropped | End::Aborted | End::Cancelled);
    if !is_dropped {
        return None;
    }
    let promise = promise(item)?;
    let (severity, what) = match (item.kind, promise) {
        (Kind::Queue, _) if !holds_several(item) => return None,
        (Kind::Queue, Promise::Made) => (by_size(item), format!("what waits in `{}`{} is lost", item.name, at_most(item))),
        (Kind::Queue, Promise::Meant) if by_requests(item) => {
            (by_size(item), format!("what waits in `{}`{} is lost", item.name, at_most(item)))
        }
        (Kind::Queue, Promise::Meant) => (HazardSeverity::Medium, format!("what waits in `{}`{} is lost", item.name, at_most(item))),
        (Kind::BackgroundTask, Promise::Made) if is_of_single_calls(item) => {
            (HazardSeverity::Medium, format!("what `{}` is at work on is cut off", item.name))
        }
        _ => return None,
    };
    let how = match ending.how {
        End::Aborted => "it is ended where it stands",
        End::Cancelled => "it is told to stop, and nobody waits until it has",
        _ => "nobody tells it to stop and nobody waits for it",
    };
    let message = format!("{what} when the process ends: {how}");
    let mut hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
    hazard = hazard.because(format!("{}, made here", item.summary), place(item));
    for at in ending.at.iter().take(2).filter(|at| Some(*at) != place(item)) {
        hazard = hazard.because(how, Some(at));
    }
    if let Some(one) = telling_entry(item) {
        hazard = hazard.because(format!("{} has answered by then", entry(one)), None);
    }
    Some(stopped_by(hazard, ground, lifecycle))
}

/// Who asks the process to stop.
fn stopped_by(hazard: Hazard, ground: &Ground<'_>, lifecycle: &Lifecycle) -> Hazard {
    match ground.fleets_of(&lifecycle.service).iter().find(|fleet| fleet.is_for_good()) {
        Some(fleet) => hazard.because(format!("{} is stopped at each rollout and scale-in", fleet.name()), Some(fleet.place())),
        None => hazard,
    }
}

/// The service listens for Ctrl-C, and a container gets SIGTERM.
fn deaf(rule: &Rule, ground: &Ground<'_>, lifecycle: &Lifecycle) -> Option<Hazard> {
    let first = lifecycle.signals.first()?;
    let hears = lifecycle.signals.iter().any(|one| one.signal == "SIGTERM" || one.signal == Listening::UNKNOWN || one.by.is_some());
    let is_stop = first.signal == "SIGINT" || first.signal == "SIGQUIT";
    if hears || !is_stop {
        return None;
    }
    let fleet = ground.fleets_of(&lifecycle.service).iter().find(|fleet| is_contained(fleet))?;
    let own = |item: &&Item| item.services.contains(&lifecycle.service) && item.class == Class::Mutable;
    let at_place = |site: &Site| site.place.file == first.at.file && site.place.line == first.at.line;
    let items = || ground.items.iter().filter(own);
    let heard = items().find(|item| item.kind == Kind::Os && item.sites.iter().any(at_place));
    let tasks: Vec<&Item> = items().filter(|item| item.kind == Kind::BackgroundTask).collect();
    let about = heard.or(tasks.first().copied())?;
    let message = format!(
        "`{}` listens to {} and not to SIGTERM, which {} is stopped with: its {} tasks end where they stand, and nothing after the wait runs",
        lifecycle.service,
        first.signal,
        fleet.name(),
        tasks.len()
    );
    let mut hazard = rule.about(about, HazardSeverity::Medium, message).at_most(Confidence::Likely);
    hazard.services = vec![lifecycle.service.clone()];
    hazard = hazard.because(format!("listens to {}", first.signal), Some(&first.at));
    hazard = hazard.because(format!("{} sends SIGTERM, then SIGKILL", fleet.name()), Some(&fleet.workload.at));
    for task in tasks.iter().take(3) {
        hazard = hazard.because(format!("runs until then: {}", task.name), place(task)).with(task);
    }
    Some(hazard)
}

/// A server that goes on answering until it is killed.
fn cut_off(rule: &Rule, ground: &Ground<'_>, lifecycle: &Lifecycle, server: &ServerStop) -> Option<Hazard> {
    if server.how != Draining::CutOff {
        return None;
    }
    let item = ground.item(server.item.as_ref()?.as_str())?;
    let fleet = ground.fleets_of(&lifecycle.service).iter().find(|fleet| fleet.is_for_good() && is_contained(fleet))?;
    let message = format!(
        "the {} of `{}` is told nothing when it is to stop: requests under way are cut off at each rollout",
        server.label, lifecycle.service
    );
    let mut hazard = rule.about(item, HazardSeverity::Medium, message).at_most(Confidence::Likely);
    hazard.services = vec![lifecycle.service.clone()];
    hazard = hazard.seen_as("a few requests fail at each rollout and scale-in, with a connection that is reset");
    hazard = hazard.because(format!("{}, started here without a signal that stops it", server.label), Some(&server.at));
    Some(hazard.because(format!("{} is stopped with SIGTERM", fleet.name()), Some(&fleet.workload.at)))
}

fn is_contained(fleet: &Fleet<'_>) -> bool {
    use crate::manifests::deployed::WorkloadKind;
    matches!(fleet.workload.kind, WorkloadKind::Replicated | WorkloadKind::Numbered | WorkloadKind::PerNode | WorkloadKind::Single)
}

/// A handful that somebody works off is gone in a moment; what may grow is not.
fn by_size(item: &Item) -> HazardSeverity {
    const HANDFUL: i64 = 64;
    match fact(item, "capacity").and_then(|fact| fact.value.as_ref()) {
        Some(FactValue::Int(number)) if *number <= HANDFUL => HazardSeverity::Medium,
        _ => HazardSeverity::High,
    }
}

/// `, at most 1,000 messages,` of a queue.
fn at_most(item: &Item) -> String {
    match fact(item, "capacity").and_then(|fact| fact.value.as_ref()) {
        Some(FactValue::Int(number)) => format!(", up to {number},"),
        _ => String::new(),
    }
}

/// A task that is spawned for one request, and not a loop: that one comes back with the process.
fn is_of_single_calls(item: &Item) -> bool {
    let says = |key: &str, start: &str| matches!(fact(item, key).and_then(|fact| fact.value.as_ref()), Some(FactValue::Text(text)) if text.starts_with(start));
    says("runs", "once") && says("lifetime", "one for each call")
}

fn by_requests(item: &Item) -> bool {
    item.entry_points.iter().any(|one| matches!(one.kind, EntryKind::Route | EntryKind::EveryRequest))
}

/// More than one thing may wait in it, and it is not there for one request.
fn holds_several(item: &Item) -> bool {
    let one = matches!(fact(item, "capacity").and_then(|fact| fact.value.as_ref()), Some(FactValue::Int(0 | 1)));
    !one && fact(item, "lifetime").is_none()
}

/// What a name tells of what is lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// Somebody waits for it.
    Made,
    /// It is meant to be kept.
    Meant,
}

/// What its name, or that of what makes it or runs in it, says of a promise.
fn promise(item: &Item) -> Option<Promise> {
    let id = item.id.as_str();
    let path = id.split_once(':').map_or(id, |(_, path)| path);
    let (own, what) = path.split_once('#').unwrap_or((path, ""));
    // The function and what it belongs to; modules further out say less.
    let mut told: Vec<&str> = own.split("::").skip(1).collect();
    told = told.split_off(told.len().saturating_sub(2));
    // The library's name says nothing: `tokio::sync::mpsc::channel`.
    let krate = path.split("::").next().unwrap_or("").split('_').next().unwrap_or("");
    if !krate.is_empty() && what.split("::").next().is_some_and(|first| first.starts_with(krate)) {
        told.extend(what.rsplit("::").next());
    }
    let words: Vec<String> = told.into_iter().chain([item.name.as_str()]).flat_map(words).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    // What a server hands out is asked for again.
    let answers = item.kind == Kind::BackgroundTask && has(&["download", "server"]);
    match () {
        () if has(OF_THE_PROCESS) || answers => None,
        () if has(PROMISED) => Some(Promise::Made),
        () if has(KEPT) => Some(Promise::Meant),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::assess::{Subject, assess};
    use crate::fixture::map;
    use crate::manifests::deployed::Deployed;
    use crate::model::{Ending, Hazard, Lifecycle};

    const QUEUE: &str = r#"
mod mail_queue {
    pub fn start() -> tokio::sync::mpsc::Sender<String> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<String>(100);
        tokio::spawn(async move { while let Some(mail) = receiver.recv().await { println!("{mail}"); } });
        sender
    }
}
#[tokio::main]
async fn main() {
    let app = axum::Router::new().route("/", axum::routing::get(handler)).with_state(mail_queue::start());
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
async fn handler(axum::extract::State(mails): axum::extract::State<tokio::sync::mpsc::Sender<String>>) { let _ = mails.try_send(String::new()); }
"#;

    fn told(hazards: &[Hazard]) -> Vec<String> {
        let own = hazards.iter().filter(|one| one.rule == "in-flight-loss");
        own.map(|one| format!("{}: {}", one.severity.as_str(), one.message)).collect()
    }

    /// The hazards when the only queue of a program ends so.
    fn with_ending(source: &str, how: &str) -> Vec<String> {
        let map = map(source);
        let queue = map.items.iter().find(|item| item.id.as_str().starts_with("queue:")).expect("the program has a queue");
        let ending = format!("{{\"item\": \"{}\", \"how\": \"{how}\", \"at\": []}}", queue.id);
        let ending: Ending = serde_json::from_str(&ending).unwrap();
        let signal = "{\"signal\": \"SIGTERM\", \"at\": {\"file\": \"src/main.rs\", \"line\": 1, \"column\": 1}, \"stops_server\": true}";
        let lifecycle = Lifecycle {
            service: map.services[0].name.clone(),
            endings: vec![ending],
            signals: vec![serde_json::from_str(signal).unwrap()],
            ..Lifecycle::default()
        };
        let subject = Subject {
            items: &map.items,
            services: &map.services,
            deployed: &Deployed::default(),
            landed: &BTreeMap::new(),
            lifecycles: &[lifecycle],
            capacity: &[],
        };
        told(&assess(&subject).hazards)
    }

    #[test]
    fn mails_in_a_channel_that_nobody_drains() {
        assert_eq!(
            with_ending(QUEUE, "dropped"),
            ["high: what waits in `mail_queue`, up to 100, is lost when the process ends: nobody tells it to stop and nobody waits for it"]
        );
        for how in ["drained", "joined", "awaited", "flushed"] {
            assert!(with_ending(QUEUE, how).is_empty(), "{how}");
        }
    }

    #[test]
    fn what_is_of_use_to_the_process_only_is_no_loss() {
        assert!(with_ending(&QUEUE.replace("mail_queue", "config_watch"), "dropped").is_empty());
        assert!(with_ending(&QUEUE.replace("mail_queue", "work"), "dropped").is_empty());
        assert!(with_ending(&QUEUE.replace("(100)", "(1)"), "dropped").is_empty());
    }

    fn deployed(main: &str) -> Vec<String> {
        let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - {name: shop, image: \"shop:1\"}";
        let dockerfile = "FROM rust AS build\nRUN cargo build --release\nFROM debian\nCOPY --from=build /target/release/shop /usr/bin/shop\nCMD [\"shop\"]\n";
        told(&map(&format!("//- /src/main.rs\n{main}\n//- /Dockerfile\n{dockerfile}\n//- /k/deploy.yaml\n{deployment}")).hazards)
    }

    #[test]
    fn a_worker_that_hears_ctrl_c_only() {
        let worker = |wait: &str| {
            format!(
                "#[tokio::main]\nasync fn main() {{ tokio::spawn(work()); {wait} }}\nasync fn work() {{ loop {{ tokio::time::sleep(std::time::Duration::from_secs(5)).await; }} }}"
            )
        };
        let deaf = worker("tokio::signal::ctrl_c().await.unwrap();");
        let found = deployed(&deaf);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("medium: `shop` listens to SIGINT and not to SIGTERM, which `Deployment/shop` is stopped with"),
            "{found:?}"
        );
        // Nobody stops it with SIGTERM, as far as the files tell.
        assert!(told(&map(&deaf).hazards).is_empty());
        let hears = "let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap(); tokio::select! { _ = term.recv() => {}, _ = tokio::signal::ctrl_c() => {} }";
        assert!(deployed(&worker(hears)).is_empty());
    }

    #[test]
    fn a_server_that_is_told_nothing() {
        let serve = |how: &str| {
            format!(
                "#[tokio::main]\nasync fn main() {{ let app = axum::Router::new().route(\"/\", axum::routing::get(hello));\n\
                 let listener = tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap();\naxum::serve(listener, app){how}.await.unwrap(); }}\n\
                 async fn hello() -> &'static str {{ \"\" }}\nasync fn term() {{ let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap(); term.recv().await; }}"
            )
        };
        let found = deployed(&serve(""));
        assert_eq!(
            found,
            ["medium: the HTTP server of `shop` is told nothing when it is to stop: requests under way are cut off at each rollout"]
        );
        assert!(deployed(&serve(".with_graceful_shutdown(term())")).is_empty());
    }
}
