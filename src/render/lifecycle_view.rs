//! How a service starts and stops, as pages tell it: steps that do the same in a row are one line, and the stop is a few sentences.

use crate::model::{
    Action, Draining, End, Grace, Item, ItemId, Kind, Lifecycle, Listening, OnFailure, Place, Scope, ServerStop, Step, When,
};

use super::escape::code;
use super::layout::Layout;
use super::view::{GraceView, LifecycleView, Named, ServerView, StepLine, WarmingView};

/// Lines of a start-up.
const LINES: usize = 16;
/// Items in one line.
const ITEMS: usize = 4;

/// Workloads that are named together.
const GRACES: usize = 3;

/// The lifecycles of the services that have something to tell; of one service with its name.
pub(crate) fn lifecycles(layout: &Layout<'_>, only: Option<&str>, page: &str) -> Vec<LifecycleView> {
    let map = layout.map;
    let wanted = map.lifecycles.iter().filter(|lifecycle| only.is_none_or(|name| lifecycle.service == name));
    wanted.filter_map(|lifecycle| view(layout, lifecycle, only.is_none() && map.services.len() > 1, page)).collect()
}

fn view(layout: &Layout<'_>, lifecycle: &Lifecycle, named: bool, page: &str) -> Option<LifecycleView> {
    // Without a server to lead to, branches are other commands: their order says nothing.
    let has_server = lifecycle.startup.iter().any(|step| step.when == Some(When::Serving));
    let is_shown = |step: &&Step| has_server || !step.sometimes;
    let (after, before): (Vec<&Step>, Vec<&Step>) =
        lifecycle.startup.iter().filter(is_shown).partition(|step| step.when == Some(When::AfterServing));
    let all = lines(layout, &before, page);
    let steps_more = all.len().saturating_sub(LINES);
    let lines = most_telling(all);
    let place = |place: &Place| layout.links.short_place(page, &place.file, place.line);
    let told = |at: &Place| layout.links.short_place(page, &at.file, at.line);
    let closed = after.iter().filter(|step| step.action == Action::Closes).filter_map(|step| {
        let text = step.detail.as_deref()?;
        Some(Named { link: told(&step.at), text: code(text) })
    });
    let server = main_server(lifecycle);
    let (lazily, lazily_more) = some(layout, &lifecycle.lazily, page);
    let mut signals: Vec<Named> = Vec::new();
    for listening in lifecycle.signals.iter().filter(|listening| listening.by.is_none() && asks_to_stop(&listening.signal)) {
        let is_known = listening.signal != Listening::UNKNOWN;
        let text = if is_known { code(&listening.signal) } else { "a signal that could not be followed".to_owned() };
        if !signals.iter().any(|known| known.text == text) {
            signals.push(Named { link: place(&listening.at), text });
        }
    }
    let (dropped, dropped_more) = ended(layout, lifecycle, &[End::Dropped, End::Aborted], page);
    let (cancelled, cancelled_more) = ended(layout, lifecycle, &[End::Cancelled], page);
    let (finished, finished_more) = ended(layout, lifecycle, &[End::Joined, End::Awaited, End::Drained, End::Flushed], page);
    let view = LifecycleView {
        service: named.then(|| code(&lifecycle.service)),
        ends: numbers(&lines, |line| line.fails == Some(true)),
        partly: numbers(&lines, |line| line.fails == Some(false)),
        steps_more,
        steps: lines,
        closed: closed.collect(),
        lazily,
        lazily_more,
        warming: lifecycle
            .warming
            .iter()
            .filter_map(|warming| {
                let item = layout.item(warming.item.as_str())?;
                let by = warming.by.rsplit("::").next().unwrap_or(&warming.by);
                Some(WarmingView {
                    item: layout.link(item, page),
                    by: code(by),
                    at: place(&warming.at),
                    before_serving: warming.before_serving,
                })
            })
            .collect(),
        server: server.map(|server| server_view(layout, lifecycle, server, page)),
        signals,
        unhandled: lifecycle.unhandled.iter().map(|signal| code(signal)).collect(),
        dropped,
        dropped_more,
        cancelled,
        cancelled_more,
        finished,
        finished_more,
        grace: graces(layout, &lifecycle.grace, page),
    };
    let tells = view.steps.iter().any(|line| is_heavy(line.action))
        || view.server.is_some()
        || !view.signals.is_empty()
        || !view.dropped.is_empty()
        || !view.cancelled.is_empty();
    tells.then_some(view)
}

/// The lines that fit: what is read, set or made goes first, and of that what is done in some cases only.
fn most_telling(mut lines: Vec<StepLine>) -> Vec<StepLine> {
    for dispensable in [
        |line: &StepLine| !is_heavy(line.action) && line.sometimes,
        |line: &StepLine| !is_heavy(line.action),
        |line: &StepLine| line.sometimes,
    ] {
        let mut excess = lines.len().saturating_sub(LINES);
        let mut kept: Vec<StepLine> = Vec::new();
        for line in lines.into_iter().rev() {
            if excess > 0 && dispensable(&line) {
                excess -= 1;
            } else {
                kept.push(line);
            }
        }
        kept.reverse();
        lines = kept;
    }
    lines.truncate(LINES);
    lines
}

/// Settings, loggers and clients are told on their own pages.
fn is_heavy(action: &str) -> bool {
    !matches!(action, "reads" | "sets" | "makes" | "loads" | "writes")
}

fn asks_to_stop(signal: &str) -> bool {
    matches!(signal, "SIGTERM" | "SIGINT" | "SIGQUIT" | "SIGHUP" | Listening::UNKNOWN)
}

/// The server that the start-up leads to.
fn main_server(lifecycle: &Lifecycle) -> Option<&ServerStop> {
    let step = lifecycle.startup.iter().find(|step| step.action == Action::Serves && step.when == Some(When::Serving))?;
    lifecycle.servers.iter().find(|server| server.at == step.at)
}

fn server_view(layout: &Layout<'_>, lifecycle: &Lifecycle, server: &ServerStop, page: &str) -> ServerView {
    let place = |place: &Place| layout.links.short_place(page, &place.file, place.line);
    let by = lifecycle.signals.iter().find(|listening| listening.at == server.at).and_then(|listening| listening.by.as_ref());
    let item = server.item.as_ref().and_then(|id| layout.item(id.as_str()));
    ServerView {
        name: match item {
            Some(item) => layout.link(item, page),
            None => server.label.to_string(),
        },
        linked: item.is_some(),
        how: match server.how {
            // It takes no more, and waits for nothing.
            Draining::Drains if server.waits_ms == Some(0) => "cuts",
            Draining::Drains => "drains",
            Draining::CutOff => "cut-off",
            Draining::Unknown => "unknown",
        },
        on: server.on.iter().map(|signal| code(signal)).collect(),
        by: by.map(|by| code(by)),
        at: place(server.told_at.as_ref().unwrap_or(&server.at)),
        waits: server.waits_ms.map(length),
        waits_at: server.waits_at.as_ref().map(place),
        endless: server.endless,
        several: lifecycle.servers.len() > 1,
    }
}

fn length(ms: u64) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}

/// The graces; workloads that wait as long as each other by default are told together.
fn graces(layout: &Layout<'_>, all: &[Grace], page: &str) -> Vec<GraceView> {
    let mut out: Vec<GraceView> = Vec::new();
    for grace in all {
        let view = grace_view(layout, grace, page);
        let is_same = |other: &&mut GraceView| {
            let plain = |view: &GraceView| {
                (view.seconds.clone(), view.at.clone(), view.before_stop.clone(), view.too_short, view.environment.clone())
            };
            plain(other) == plain(&view)
        };
        match out.iter_mut().find(is_same) {
            Some(known) if known.workloads.len() < GRACES => known.workloads.extend(view.workloads),
            Some(known) => known.more += 1,
            None => out.push(view),
        }
    }
    out
}

fn grace_view(layout: &Layout<'_>, grace: &Grace, page: &str) -> GraceView {
    let place = |place: &Place| layout.links.short_place(page, &place.file, place.line);
    GraceView {
        workloads: vec![code(&grace.workload)],
        more: 0,
        environment: grace.environment.as_deref().map(super::escape::inline),
        seconds: grace.seconds.map(|seconds| format!("{seconds} s")),
        at: grace.at.as_ref().map(place),
        before_stop: grace.before_stop.as_ref().map(place),
        too_short: grace.too_short,
    }
}

/// The items of which it is known that they end in one of these ways, those from the start only: what belongs to a request ends
/// with it.
fn ended(layout: &Layout<'_>, lifecycle: &Lifecycle, how: &[End], page: &str) -> (Vec<String>, usize) {
    let wanted = lifecycle.endings.iter().filter(|ending| ending.from_start && how.contains(&ending.how));
    let items: Vec<&Item> =
        wanted.filter_map(|ending| layout.item(ending.item.as_str())).filter(|item| item.scope == Scope::Process).collect();
    layout.some(&items, ITEMS + 2, page)
}

fn some(layout: &Layout<'_>, ids: &[ItemId], page: &str) -> (Vec<String>, usize) {
    let items: Vec<&Item> = ids.iter().filter_map(|id| layout.item(id.as_str())).collect();
    layout.some(&items, ITEMS, page)
}

fn numbers(lines: &[StepLine], wanted: impl Fn(&StepLine) -> bool) -> Vec<String> {
    lines.iter().enumerate().filter(|(_, line)| wanted(line)).map(|(at, _)| (at + 1).to_string()).collect()
}

/// A group of steps that do the same.
struct Group<'s> {
    action: Action,
    when: Option<When>,
    sometimes: bool,
    steps: Vec<&'s Step>,
}

/// The steps as lines: what is read, set or made in a row without anything happening outside of the process is one line each.
fn lines(layout: &Layout<'_>, steps: &[&Step], page: &str) -> Vec<StepLine> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for step in steps.iter().filter(|step| is_worth_a_line(layout, step)) {
        let is_same = |group: &&mut Group<'_>| (group.action, group.when, group.sometimes) == (step.action, step.when, step.sometimes);
        // Only what comes one after the other: the numbers of the lines are the order.
        match groups.last_mut().filter(is_same) {
            Some(group) => group.steps.push(step),
            None => groups.push(Group { action: step.action, when: step.when, sometimes: step.sometimes, steps: vec![step] }),
        }
    }
    groups.iter().map(|group| line(layout, group, page)).collect()
}

/// What only occupies memory is told on the pages of its kind.
fn is_worth_a_line(layout: &Layout<'_>, step: &Step) -> bool {
    let kinds = || step.items.iter().filter_map(|id| layout.item(id.as_str())).map(|item| item.kind);
    match step.action {
        Action::Makes => kinds().any(|kind| matches!(kind, Kind::Pool | Kind::SdkClient | Kind::Cache | Kind::Session)),
        Action::Serves | Action::Migrates | Action::Binds => true,
        Action::Closes => false,
        _ => kinds().next().is_some(),
    }
}

fn line(layout: &Layout<'_>, group: &Group<'_>, page: &str) -> StepLine {
    let ids: Vec<ItemId> = group.steps.iter().flat_map(|step| step.items.iter().cloned()).collect();
    let (items, more) = some(layout, &ids, page);
    let outcomes = || group.steps.iter().map(|step| step.on_failure).filter(|fails| *fails != OnFailure::Unknown);
    let ends = outcomes().filter(|fails| *fails == OnFailure::EndsProcess).count();
    let at = &group.steps[0].at;
    StepLine {
        action: action(group.action),
        items,
        more,
        at: layout.links.short_place(page, &at.file, at.line),
        detail: group.steps.iter().find_map(|step| step.detail.as_deref()).map(code),
        sometimes: group.sometimes,
        // What runs beside a server, or after it was made.
        beside: group.when == Some(When::Serving) && group.action != Action::Serves,
        fails: (ends > 0 && group.action != Action::Serves).then(|| ends == outcomes().count()),
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Reads => "reads",
        Action::Loads => "loads",
        Action::Makes => "makes",
        Action::Connects => "connects",
        Action::PreparesPool => "prepares-pool",
        Action::Opens => "opens",
        Action::Migrates => "migrates",
        Action::Warms => "warms",
        Action::Sets => "sets",
        Action::Writes => "writes",
        Action::Binds => "binds",
        Action::Spawns => "spawns",
        Action::Serves => "serves",
        Action::Closes => "closes",
    }
}
