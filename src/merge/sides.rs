//! Sides of one thing: a finding that is only a part of another one joins it, with all that is known of both.

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::{groups, stores};
use crate::catalog::Shape;
use crate::detect::{Cx, Finding, ONLY_WHEN, Origin, handed_by};
use crate::model::{Fact, FactValue, Kind, Provenance, Role, Scope};
use crate::resolve::{At, Handle};

/// Which findings join which.
pub(super) struct Joins(Vec<Option<usize>>);

impl Joins {
    /// A finding becomes a part of another; one that is part of something already stays so.
    pub(super) fn join(&mut self, part: usize, whole: usize) {
        let whole = self.whole(whole);
        if self.0[part].is_none() && whole != part {
            self.0[part] = Some(whole);
        }
    }

    /// What a finding is a part of in the end; itself when it is none.
    fn whole(&self, mut at: usize) -> usize {
        while let Some(next) = self.0[at] {
            at = next;
        }
        at
    }
}

/// Lets parts join the things that they belong to.
pub(super) fn one_item_for_all_sides(cx: &Cx<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut joins = Joins(vec![None; findings.len()]);
    groups::of_one_sort(cx, &mut findings, &mut joins);
    stores::ways_in(cx, &findings, &mut joins);
    kept_where_made(cx, &findings, &mut joins);
    handed_on(cx, &findings, &mut joins);
    one_configuration(cx, &findings, &mut joins);
    inside_tasks(&findings, &mut joins);
    spawned_servers(&mut findings, &mut joins);
    rhythms(cx, &findings, &mut joins);
    telemetry(cx, &findings, &mut joins);
    moved_into_place(&findings, &mut joins);
    let mut parts: Vec<(usize, Finding)> = Vec::new();
    let mut kept: FxHashMap<usize, usize> = FxHashMap::default();
    let mut out = Vec::with_capacity(findings.len());
    for (at, finding) in findings.into_iter().enumerate() {
        match joins.0[at] {
            Some(_) => parts.push((joins.whole(at), finding)),
            None => {
                kept.insert(at, out.len());
                out.push(finding);
            }
        }
    }
    for (whole, part) in parts {
        out[kept[&whole]].take_in(part);
    }
    stores::addresses(&mut out);
    out
}

/// The function of a call.
fn function(finding: &Finding) -> Option<&SmolStr> {
    match &finding.origin {
        Origin::Called { function, .. } => Some(function),
        Origin::Declared(_) => None,
    }
}

/// The value of a fact.
pub(super) fn value<'a>(finding: &'a Finding, key: &str) -> Option<&'a FactValue> {
    fact(finding, key).and_then(|fact| fact.value.as_ref())
}

pub(super) fn fact<'a>(finding: &'a Finding, key: &str) -> Option<&'a Fact> {
    finding.facts.iter().find(|fact| fact.key == key)
}

/// A function that keeps what it makes in a static of its own: `static MADE: Map<Key, Client>` with the call that fills it.
fn kept_where_made(cx: &Cx<'_>, findings: &[Finding], joins: &mut Joins) {
    let mut made: FxHashMap<&SmolStr, Vec<usize>> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate() {
        if let Some(function) = function(finding).filter(|_| finding.detector == "constructors" && !finding.label.is_empty()) {
            made.entry(function).or_default().push(at);
        }
    }
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.detector == "statics") {
        let Some(function) = cx.world.program.def(finding.def).in_fn.map(|func| cx.path(func)) else { continue };
        for &other in made.get(&function).into_iter().flatten() {
            if findings[other].kind == finding.kind && findings[other].label == finding.label {
                joins.join(other, at);
            }
        }
    }
}

/// A field that is always given the handle of another field: `Session { state: self.state.clone() }` holds what the server holds.
/// So do two that are given clones of one variable.
fn handed_on(cx: &Cx<'_>, findings: &[Finding], joins: &mut Joins) {
    let declared = |finding: &Finding| match &finding.origin {
        Origin::Declared(path) if finding.detector == "shared-fields" => Some(path.clone()),
        _ => None,
    };
    let fields: FxHashMap<SmolStr, usize> =
        findings.iter().enumerate().filter_map(|(at, finding)| Some((declared(finding)?, at))).collect();
    let mut by_origin: FxHashMap<&Handle, usize> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate() {
        let Some(path) = declared(finding) else { continue };
        let Some(field) = path.rsplit_once("::").map(|(_, field)| SmolStr::new(field)) else { continue };
        if let Some(origin) = cx.uses.origin(finding.def, &field) {
            match by_origin.get(origin) {
                Some(&whole) => joins.join(at, whole),
                None => {
                    by_origin.insert(origin, at);
                }
            }
        }
        let given = handed_by(cx, finding.def, &field).or_else(|| cx.uses.giver(finding.def, &field));
        if let Some(whole) = given.and_then(|(giver, given)| fields.get(&format_smolstr!("{}::{given}", cx.path(giver)))) {
            joins.join(at, *whole);
        }
    }
}

/// A configuration that one call of a library makes and another one takes: `custom(config)` in the function that made `config`.
fn one_configuration(cx: &Cx<'_>, findings: &[Finding], joins: &mut Joins) {
    let mut made: FxHashMap<(&SmolStr, &SmolStr), usize> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate() {
        let loads = finding.entry.is_some_and(|entry| cx.api(entry).shape == Shape::ConfigLoad);
        let Some(function) = function(finding).filter(|_| loads && finding.kind == Kind::StartupConfig) else { continue };
        match made.get(&(function, &finding.label)) {
            // Two that are loaded one after the other have no option in common.
            Some(&whole) if share_an_option(&findings[whole], finding) => joins.join(at, whole),
            Some(_) => {}
            None => {
                made.insert((function, &finding.label), at);
            }
        }
    }
}

/// The code gives both the same option.
fn share_an_option(a: &Finding, b: &Finding) -> bool {
    let is_option = |fact: &&Fact| fact.at.is_some() && fact.provenance != Provenance::Default && fact.key != "reads";
    a.facts.iter().filter(is_option).any(|fact| b.facts.iter().any(|other| other.key == fact.key && other.at == fact.at))
}

/// What stands inside a spawned task and is all that the task is there for: the signals that it waits for, its scheduler.
fn inside_tasks(findings: &[Finding], joins: &mut Joins) {
    let spawned = findings.iter().enumerate().filter(|(_, finding)| finding.detector == "tasks" && finding.kind == Kind::BackgroundTask);
    let mut by_place: FxHashMap<At, usize> = FxHashMap::default();
    let mut by_function: FxHashMap<&SmolStr, Vec<usize>> = FxHashMap::default();
    for (at, task) in spawned {
        for site in &task.sites {
            match (site.role, &site.function) {
                (Role::Constructed, _) => {
                    by_place.insert(site.at, at);
                }
                (_, Some(function)) => by_function.entry(function).or_default().push(at),
                _ => {}
            }
        }
    }
    for (at, finding) in findings.iter().enumerate() {
        let is_signal = is_signal(finding);
        let is_scheduler = finding.kind == Kind::BackgroundTask && finding.label.ends_with("scheduler");
        if !is_signal && !is_scheduler {
            continue;
        }
        let spawns = finding.inside.and_then(|inside| by_place.get(&inside)).copied();
        // The spawned function makes the scheduler and then runs it.
        let runs = function(finding).and_then(|function| by_function.get(function)).and_then(|tasks| match tasks.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let Some(task) = spawns.or(runs.filter(|_| is_scheduler)) else { continue };
        if is_scheduler {
            joins.join(task, at);
        } else if fact(&findings[task], "period").is_none() && !calls_a_function(&findings[task]) {
            // Who waits for the end of the process is the handler itself; a signal of one's own is what starts some work.
            let ends = ["interrupt", "terminate", "quit", "hangup", "ctrl_c", "shutdown"];
            let signals: Vec<String> = finding
                .facts
                .iter()
                .filter(|fact| fact.key == "signal")
                .filter_map(|fact| fact.value.as_ref())
                .map(|value| value.to_string().to_lowercase())
                .collect();
            let is_own = !signals.is_empty() && !signals.iter().any(|signal| ends.contains(&signal.as_str()));
            if is_own { joins.join(at, task) } else { joins.join(task, at) }
        }
    }
}

/// A detached task whose function makes a server and runs it: what runs is that server.
fn spawned_servers(findings: &mut [Finding], joins: &mut Joins) {
    let mut servers: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate() {
        let serves = finding.kind == Kind::BackgroundTask && finding.label.ends_with("server");
        if let Some(function) = function(finding).filter(|_| serves && finding.detector == "constructors") {
            servers.entry(function.clone()).or_default().push(at);
        }
    }
    for at in 0..findings.len() {
        let task = &findings[at];
        let Origin::Called { what, .. } = &task.origin else { continue };
        let is_detached = task.detector == "tasks" && task.label == "detached task" && task.scope == Scope::Process;
        // One that runs two servers is more than either.
        let Some([server]) = servers.get(what).filter(|_| is_detached).map(Vec::as_slice) else { continue };
        let conditions: Vec<Fact> = task.facts.iter().filter(|fact| fact.key == ONLY_WHEN).cloned().collect();
        if fact(&findings[*server], ONLY_WHEN).is_none() {
            findings[*server].facts.extend(conditions);
        }
        // That its handle is let go of says nothing of how long the server is there.
        findings[at].facts.retain(|fact| fact.key != "runs");
        joins.join(at, *server);
    }
}

/// A task that runs a function of the workspace does more than wait.
fn calls_a_function(task: &Finding) -> bool {
    task.sites.iter().any(|site| site.role == Role::Declared)
}

fn is_signal(finding: &Finding) -> bool {
    finding.kind == Kind::Os && matches!(&finding.origin, Origin::Called { what, .. } if what.contains("::signal::"))
}

/// A loop that pauses equally long after an error and when there was nothing to do: the rhythm of a task, no budget of retries.
fn rhythms(cx: &Cx<'_>, findings: &[Finding], joins: &mut Joins) {
    let loops = findings.iter().enumerate().filter(|(_, finding)| {
        let budget = ["max_attempts", "max_retries", "backoff", "longest_pause"].iter().any(|key| fact(finding, key).is_some());
        let pauses = (value(finding, "pause"), value(finding, "pause_when_idle"));
        finding.detector == "retries" && !budget && pauses.0.is_some() && pauses.0 == pauses.1
    });
    let loops: FxHashMap<SmolStr, usize> = loops.map(|(at, finding)| (cx.path(finding.def), at)).collect();
    for (at, task) in findings.iter().enumerate().filter(|(_, finding)| finding.detector == "tasks") {
        let bodies = task.sites.iter().filter(|site| site.role == Role::Declared).filter_map(|site| site.function.as_ref());
        for part in bodies.filter_map(|function| loops.get(function)) {
            joins.join(*part, at);
        }
    }
}

/// A provider and the call that makes it the process's own; a layer and the subscriber that it is put upon.
fn telemetry(cx: &Cx<'_>, findings: &[Finding], joins: &mut Joins) {
    let all: Vec<usize> = (0..findings.len()).filter(|at| findings[*at].kind == Kind::Telemetry).collect();
    for &at in &all {
        let finding = &findings[at];
        let is_part = finding.label.ends_with(" layer");
        let sort = match &finding.origin {
            Origin::Called { what, .. } => ["meter", "tracer", "logger"]
                .into_iter()
                .find(|sort| what.rsplit("::").next().is_some_and(|last| last.starts_with("set_") && last.contains(sort))),
            Origin::Declared(_) => None,
        };
        let krate = cx.krate(finding.def);
        let mut wholes = all.iter().copied().filter(|other| {
            let label = &findings[*other].label;
            let fits =
                if is_part { label == "tracing subscriber" } else { sort.is_some_and(|sort| label.ends_with(&format!("{sort} provider"))) };
            *other != at && fits && cx.krate(findings[*other].def) == krate
        });
        // Of several nobody knows which.
        if let (Some(whole), None) = (wholes.next(), wholes.next()) {
            joins.join(at, whole);
        }
    }
}

/// A temporary file that the same function renames, its only one, is put at the path that it is meant for: one write, in two steps.
fn moved_into_place(findings: &[Finding], joins: &mut Joins) {
    let mut in_function: FxHashMap<&SmolStr, (Vec<usize>, Vec<usize>)> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.kind == Kind::FsWrite) {
        let Some(function) = function(finding) else { continue };
        let (made, renamed) = in_function.entry(function).or_default();
        if value(finding, "op") == Some(&FactValue::Text("rename".to_owned())) {
            renamed.push(at);
        } else if finding.label == "temporary file" {
            made.push(at);
        }
    }
    for (made, renamed) in in_function.into_values() {
        if let ([made], [renamed]) = (made.as_slice(), renamed.as_slice()) {
            joins.join(*made, *renamed);
        }
    }
}
