//! Rule `in-flight-loss`: see `in_flight_loss.md`.

use smol_str::SmolStr;

use crate::assess::ground::{entry, fact, place};
use crate::assess::naming::words;
use crate::assess::{Fleet, Ground, Rule};
use crate::model::{
    Class, Confidence, Draining, End, Ending, EntryKind, FactValue, Hazard, HazardSeverity, Item, Kind, Lifecycle, ServerStop, Site,
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
    "activity",
    "activities",
    "audit",
    "charge",
    "charges",
    "delivery",
    "deliveries",
    "email",
    "emails",
    "event",
    "events",
    "export",
    "invoice",
    "invoices",
    "job",
    "jobs",
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
    "persist",
    "publish",
    "record",
    "records",
    "report",
    "reports",
    "save",
    "sms",
    "store",
    "upload",
    "uploads",
    "usage",
    "webhook",
    "webhooks",
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
    if !is_dropped || !is_promise(item) {
        return None;
    }
    let (severity, what) = match item.kind {
        Kind::Queue if fact(item, "lifetime").is_none() => {
            (HazardSeverity::High, format!("what waits in `{}`{}", item.name, at_most(item)))
        }
        Kind::BackgroundTask if is_of_single_calls(item) => (HazardSeverity::Medium, format!("what `{}` is at work on", item.name)),
        _ => return None,
    };
    let how = match ending.how {
        End::Aborted => "it is ended where it stands",
        End::Cancelled => "it is told to stop, and nobody waits until it has",
        _ => "nobody tells it to stop and nobody waits for it",
    };
    let message = format!("{what} is lost when the process ends: {how}");
    let mut hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
    hazard = hazard.because(format!("{}, made here", item.summary), place(item));
    for at in ending.at.iter().take(2).filter(|at| Some(*at) != place(item)) {
        hazard = hazard.because(how, Some(at));
    }
    if let Some(one) = item.entry_points.iter().find(|one| matches!(one.kind, EntryKind::Route | EntryKind::EveryRequest)) {
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
    let hears = lifecycle.signals.iter().any(|one| one.signal == "SIGTERM" || one.by.is_some());
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

/// Its name, or that of what makes it or runs in it, says that something was promised.
fn is_promise(item: &Item) -> bool {
    let id = item.id.as_str();
    let path = id.split_once(':').map_or(id, |(_, path)| path);
    // The library's name says nothing: `tokio::sync::mpsc::channel`.
    let (own, what) = path.split_once('#').unwrap_or((path, ""));
    let mut own: Vec<&str> = own.split("::").skip(1).collect();
    let krate = path.split("::").next().unwrap_or("").split('_').next().unwrap_or("");
    if !krate.is_empty() && what.split("::").next().is_some_and(|first| first.starts_with(krate)) {
        own.extend(what.split("::").skip(1));
    }
    let words: Vec<String> = own.iter().copied().chain([item.name.as_str()]).flat_map(words).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    has(PROMISED) && !has(OF_THE_PROCESS)
}
