//! Detector `tasks`: see `tasks.md`.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::catalog::Shape;
use crate::facts::{ItemKind, VariantFact};
use crate::merge::duration_said;
use crate::model::{Confidence, Fact, FactValue, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, Bound, DefId, Flow, KnownCall, OwnCall, Supervised, Task, Type, Value, gives_answer};

/// What a loop is called that `main` runs itself.
pub(super) const MAIN_LOOP: &str = "main loop";
/// Calls that a task is followed through to find its loop.
const MAX_STEPS: usize = 5;

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut found: BTreeMap<(SmolStr, SmolStr), Finding> = BTreeMap::new();
    for body in cx.bodies() {
        let supervisors = supervisors(cx, body);
        for call in &body.known {
            let api = cx.api(call.hit.entry);
            if api.kind != Some(Kind::BackgroundTask) {
                continue;
            }
            let finding = match api.shape {
                Shape::Spawn => spawned(cx, body, call, &supervisors),
                Shape::Call => Some(job(cx, body, call)),
                _ => None,
            };
            let Some(finding) = finding else { continue };
            let Origin::Called { function, what } = &finding.origin else { continue };
            // The same function spawned in several places of a crate is one kind of work.
            let krate = SmolStr::new(function.split("::").next().unwrap_or(function));
            match found.get_mut(&(krate.clone(), what.clone())) {
                Some(known) if what.contains("::") && known.detector == finding.detector && *what != call.path => {
                    known.sites.extend(finding.sites);
                }
                Some(_) => out.push(finding),
                None => {
                    found.insert((krate, what.clone()), finding);
                }
            }
        }
    }
    out.extend(found.into_values());
    through_wrappers(cx, out);
    through_spawners(cx, out);
    main_loops(cx, out);
}

/// A workspace function that spawns what it is given: the loops that its callers hand it are tasks of theirs.
fn through_spawners(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let spawns =
        |body: &&BodyFacts| body.known.iter().filter_map(|call| call.task.as_ref()).any(|task| task.runs_parameter && !task.endless);
    let mut spawners: FxHashSet<DefId> = cx.bodies().filter(spawns).map(|body| body.def).collect();
    let mut last = spawners.clone();
    for _ in 0..MAX_STEPS {
        let mut next = FxHashSet::default();
        for body in cx.bodies().filter(|_| !last.is_empty()) {
            for call in body.own.iter().filter(|call| last.contains(&call.func)) {
                let hands_on = call.args.iter().any(|arg| matches!(arg, Value::Param { func, .. } if *func == body.def));
                if hands_on {
                    next.extend(Some(body.def).filter(|def| spawners.insert(*def)));
                } else if let Some(finding) = handed_loop(cx, body, call) {
                    out.push(finding);
                }
            }
        }
        last = next;
    }
}

/// The endless loop among the arguments of a call: in a closure, or a function whose future is handed over.
fn handed_loop(cx: &Cx<'_>, body: &BodyFacts, call: &OwnCall) -> Option<Finding> {
    let futures = call.args.iter().filter_map(|arg| match arg {
        Value::Call { func, .. } => Some(Task { calls: vec![*func], direct: Some(*func), ..Task::default() }),
        _ => None,
    });
    let tasks = std::iter::once(Task::clone(&call.given)).chain(futures);
    let nature = tasks.map(|task| follow(cx, body, &task)).find(|nature| nature.endless)?;
    let mut facts: Vec<Fact> = nature.period.iter().map(|period| cx.fact("period", None, period)).collect();
    facts.push(Cx::plain_fact("runs", runs(&nature)));
    if let Some(lifetime) = cx.lifetime(body.def) {
        facts.push(Cx::plain_fact("lifetime", lifetime));
    }
    let name = cx.work_name(nature.main_call.unwrap_or(body.def));
    let what = cx.path(nature.main_call.unwrap_or(call.func));
    let mut finding = loop_finding(cx, body.def, call.at, name, what, facts);
    if cx.lifetime(body.def).is_some() {
        finding.scope = Scope::Task;
    }
    if let Some(func) = nature.main_call {
        finding.sites.push(cx.site(cx.declared_at(func), Role::Declared, func));
    }
    Some(finding)
}

/// A workspace function that loops over what it is given makes a task of each of its calls: `start_cron("name", every, job)`.
fn through_wrappers(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut wrappers: BTreeMap<DefId, Option<Value>> = BTreeMap::new();
    for body in cx.bodies() {
        let spawns = body.known.iter().filter_map(|call| call.task.as_ref()).find(|task| task.runs_parameter && task.endless);
        if let Some(task) = spawns {
            wrappers.insert(body.def, task.period.clone());
        }
    }
    for _ in 0..MAX_STEPS {
        let mut next = BTreeMap::new();
        for body in cx.bodies() {
            for call in &body.own {
                let Some(period) = wrappers.get(&call.func) else { continue };
                let period = period.as_ref().map(|period| Flow::with_args(period, call.func, &call.args));
                let hands_on = call.given.calls.is_empty()
                    && call.args.iter().any(|arg| matches!(arg, Value::Param { func, .. } if *func == body.def));
                if hands_on {
                    next.insert(body.def, period);
                } else if !call.args.is_empty() {
                    out.push(given_task(cx, body, call, period.as_ref()));
                }
            }
        }
        if next.is_empty() {
            return;
        }
        wrappers = next;
    }
}

fn given_task(cx: &Cx<'_>, body: &BodyFacts, call: &OwnCall, period: Option<&Value>) -> Finding {
    let title = call.args.iter().find_map(|arg| match cx.flow.settle(cx.world, arg).value {
        Some(FactValue::Text(text)) if !matches!(arg, Value::Known(_, true, _)) => Some(text),
        _ => None,
    });
    let mut facts: Vec<Fact> = period.map(|period| cx.fact("period", None, period)).into_iter().collect();
    facts.push(Cx::plain_fact("runs", "until the process ends"));
    let nature = follow(cx, body, &call.given);
    let name = title.map_or_else(|| cx.work_name(nature.main_call.unwrap_or(body.def)), SmolStr::from);
    let what = smol_str::format_smolstr!("{}({name})", cx.path(call.func));
    let mut finding = loop_finding(cx, body.def, call.at, name, what, facts);
    // A job that loops itself, and is begun again when it ends.
    if let Some(func) = nature.main_call.filter(|_| nature.endless) {
        finding.sites.push(cx.site(cx.declared_at(func), Role::Declared, func));
    }
    finding
}

/// Tells the tasks with whose end the process ends as if all were well: fact `when_it_ends`.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let exits = |func: &DefId| {
        let foreign = cx.body_of.get(func).map(|at| &cx.bodies[*at].foreign);
        foreign.is_none_or(|foreign| foreign.iter().any(|path| path.ends_with("process::exit") || path.ends_with("process::abort")))
    };
    for body in cx.bodies() {
        for (spawned, _) in body.ends_main.iter().filter(|(_, reports)| !reports.iter().any(exits)) {
            let is_one = |finding: &&mut Finding| {
                finding.kind == Kind::BackgroundTask && finding.def == body.def && finding.sites.iter().any(|site| site.at == *spawned)
            };
            for finding in findings.iter_mut().filter(is_one) {
                finding.learn(Cx::plain_fact("when_it_ends", "main returns with exit code 0, after a failure too"));
            }
        }
    }
}

/// A loop without end that `main` runs itself: in a function that it calls, or in an `async` block that it polls beside others.
fn main_loops(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let called = out.iter().filter(|finding| finding.detector == "tasks").filter_map(|finding| match &finding.origin {
        Origin::Called { what, .. } => Some(what.clone()),
        _ => None,
    });
    let mut known: FxHashSet<SmolStr> = called.collect();
    for body in cx.bodies().filter(|body| cx.from_main.contains_key(&body.def)) {
        for call in body.own.iter().filter(|call| !call.in_closure) {
            let Some(&at) = cx.body_of.get(&call.func) else { continue };
            let task = &cx.bodies[at].task;
            let loops = task.endless && !task.may_end && !task.aside && !supervises(cx, call.func);
            if !(loops || consumes_beside_others(cx, body, call)) || !known.insert(cx.path(call.func)) {
                continue;
            }
            let mut facts: Vec<Fact> = task.period.iter().map(|period| cx.fact("period", None, period)).collect();
            facts.push(Cx::plain_fact("runs", "in the main flow, until the process ends"));
            let mut finding = loop_finding(cx, body.def, call.at, cx.work_name(call.func), cx.path(call.func), facts);
            finding.sites.push(cx.site(cx.declared_at(call.func), Role::Declared, call.func));
            finding.label = SmolStr::new_static(MAIN_LOOP);
            out.push(finding);
        }
        // What is spawned, and loops in such a block, is one task.
        for kept in body.futures.iter().filter(|_| !cx.spawned.contains(&body.def)) {
            let mut facts: Vec<Fact> = kept.task.period.iter().map(|period| cx.fact("period", None, period)).collect();
            let until = if kept.task.may_end { "its loop is left" } else { "the process ends" };
            // Who gets it may spawn it.
            let runs = if kept.returned { format!("until {until}") } else { format!("in the main flow, until {until}") };
            facts.push(Cx::plain_fact("runs", runs));
            let name = kept.name.clone().filter(|_| !kept.returned).unwrap_or_else(|| cx.work_name(body.def));
            let what = kept.name.clone().unwrap_or_else(|| SmolStr::new_static("async"));
            let mut finding = loop_finding(cx, body.def, kept.at, name, what, facts);
            finding.label = SmolStr::new_static(if kept.returned { "loop" } else { MAIN_LOOP });
            out.push(finding);
        }
        // A loop that stands in `main` itself.
        let is_main = cx.from_main.get(&body.def) == Some(&0);
        if let Some(own) = body.loops.iter().find(|own| is_main && own.endless && !own.may_end && !own.spawned && !own.nested)
            && body.task.endless
            && !body.task.may_end
            && !body.task.aside
            && own.does_work
            && !supervises(cx, body.def)
        {
            let mut facts: Vec<Fact> = body.task.period.iter().map(|period| cx.fact("period", None, period)).collect();
            facts.push(Cx::plain_fact("runs", "in the main flow, until the process ends"));
            let what = SmolStr::new_static("loop");
            let mut finding = loop_finding(cx, body.def, own.at, cx.work_name(body.def), what, facts);
            finding.label = SmolStr::new_static(MAIN_LOOP);
            out.push(finding);
        }
    }
}

/// `while let Some(entry) = queue.take_next().await`, where the same `select!` or `join!` polls loops without end: it takes what
/// comes, as they do.
fn consumes_beside_others(cx: &Cx<'_>, body: &BodyFacts, call: &OwnCall) -> bool {
    let Some(own) = body.polled.iter().find(|polled| polled.at == call.at && polled.func == call.func) else { return false };
    let task_of = |func: DefId| cx.body_of.get(&func).map(|at| &cx.bodies[*at].task);
    let asks_another = |func: &DefId| super::reach::member_of(cx, *func).is_some();
    task_of(call.func).is_some_and(|task| task.asks.iter().any(asks_another))
        && body.polled.iter().any(|other| {
            let is_sibling = other.by == own.by && other.func != own.func;
            is_sibling && task_of(other.func).is_some_and(|task| task.endless && !task.may_end)
        })
}

fn loop_finding(cx: &Cx<'_>, def: DefId, at: At, name: SmolStr, what: SmolStr, facts: Vec<Fact>) -> Finding {
    Finding {
        sites: vec![cx.site(at, Role::Constructed, def)],
        facts,
        label: SmolStr::new_static("spawned loop"),
        ..Finding::new("tasks", Kind::BackgroundTask, def, name, Origin::Called { function: cx.path(def), what })
    }
}

/// How long it runs, in words.
fn runs(nature: &Nature) -> &'static str {
    match (nature.endless, nature.may_end) {
        (true, false) => "until the process ends",
        (true, true) => "until its loop is left",
        // Each round pauses, but what it goes through may come to an end.
        (false, _) if nature.period.is_some() => "until its loop is left",
        (false, _) => "once, detached",
    }
}

/// What a spawned task turns out to be.
struct Nature {
    endless: bool,
    may_end: bool,
    period: Option<Value>,
    /// The function whose loop it is, or the only one that is called.
    main_call: Option<DefId>,
}

fn follow(cx: &Cx<'_>, body: &BodyFacts, task: &Task) -> Nature {
    let mut out = Nature { endless: task.endless, may_end: task.may_end, period: task.period.clone(), main_call: None };
    let mut seen: FxHashSet<DefId> = FxHashSet::default();
    let mut level: Vec<(DefId, DefId)> = task.calls.iter().map(|func| (*func, *func)).collect();
    for _ in 0..MAX_STEPS {
        if out.endless && (out.main_call.is_some() || task.endless) {
            break;
        }
        let mut next = Vec::new();
        for (func, first) in level {
            if !seen.insert(func) {
                continue;
            }
            let Some(&at) = cx.body_of.get(&func) else { continue };
            let inner = &cx.bodies[at].task;
            if inner.endless && !out.endless {
                out.endless = true;
                out.may_end = inner.may_end;
                out.period = out.period.or_else(|| inner.period.clone());
                out.main_call = Some(first);
            }
            next.extend(inner.calls.iter().map(|func| (*func, first)));
        }
        level = next;
    }
    if out.main_call.is_none() {
        out.main_call = task.direct;
    }
    if out.main_call.is_none() {
        out.main_call = match task.calls.as_slice() {
            [only] if is_work(cx, body, *only) => Some(*only),
            _ => None,
        };
    }
    out
}

/// The only function that a task names is its work, not one that gives it a value in passing (`now()`), or that it hands to
/// somebody else.
fn is_work(cx: &Cx<'_>, body: &BodyFacts, func: DefId) -> bool {
    let Some(facts) = cx.world.program.func(func) else { return false };
    let is_called = body.own.iter().any(|call| call.func == func && call.taken_by.is_none());
    let gives_nothing = || match cx.world.signatures.value(func) {
        Type::Tuple(all) => all.is_empty(),
        Type::Foreign(path, args) if path.ends_with("::Result") => {
            args.first().is_none_or(|ok| matches!(ok, Type::Tuple(all) if all.is_empty()))
        }
        _ => facts.ret.is_none(),
    };
    is_called && (facts.is_async || gives_nothing())
}

/// The calls that spawn nothing but what starts another task again.
fn supervisors(cx: &Cx<'_>, body: &BodyFacts) -> FxHashSet<At> {
    let mut out = FxHashSet::default();
    for one in body.supervised.iter().filter(|one| is_supervisor(cx, body, one.by)) {
        let mut around = body.known.iter().find(|call| call.at == one.spawn).and_then(|call| call.within);
        while let Some(outer) = around.and_then(|at| body.known.get(at)) {
            out.insert(outer.at);
            around = outer.within;
        }
    }
    out
}

/// A loop that does nothing but to start a task without end again, when that has panicked.
pub(super) fn is_supervisor(cx: &Cx<'_>, body: &BodyFacts, by: At) -> bool {
    body.supervised.iter().filter(|one| one.by == by && one.alone).any(|one| {
        let call = body.known.iter().find(|call| call.at == one.spawn);
        call.and_then(|call| call.task.as_ref()).is_some_and(|task| follow(cx, body, task).endless)
    })
}

/// All that a function loops for is to start a task again.
fn supervises(cx: &Cx<'_>, func: DefId) -> bool {
    let Some(body) = cx.body_of.get(&func).map(|at| &cx.bodies[*at]) else { return false };
    let mut own = body.loops.iter().filter(|one| one.endless && !one.spawned && !one.nested).peekable();
    own.peek().is_some() && own.all(|one| is_supervisor(cx, body, one.at))
}

/// When a task is started again that has panicked.
fn started_again(cx: &Cx<'_>, one: &Supervised) -> Fact {
    let Some(pause) = &one.pause else { return Cx::plain_fact(Fact::STARTED_AGAIN, "at once") };
    let pause = cx.fact("pause", None, pause);
    let after = match &pause.value {
        Some(value) => format!("after {}", duration_said(&value.to_string())),
        None => "after a pause".to_owned(),
    };
    Fact { at: pause.at, ..Cx::plain_fact(Fact::STARTED_AGAIN, after) }
}

/// A method of what holds the sending end of a channel: `MessageSender::send`.
fn hands_on(cx: &Cx<'_>, func: DefId) -> bool {
    let Some(of) = super::reach::member_of(cx, func) else { return false };
    let names: Vec<String> = match &cx.world.program.def(of).item.kind {
        ItemKind::Struct(facts) => facts.fields.iter().map(|field| field.name.to_string()).collect(),
        ItemKind::Enum(facts) => {
            let of_variant = |one: &VariantFact| one.fields.iter().map(|field| format!("{}.{}", one.name, field.name)).collect::<Vec<_>>();
            facts.variants.iter().flat_map(of_variant).collect()
        }
        _ => Vec::new(),
    };
    let mut types = names.iter().filter_map(|name| cx.world.signatures.field(of, name));
    let is_named = matches!(cx.short_name(func).as_str(), "send" | "try_send" | "push" | "publish" | "emit" | "notify" | "reply");
    is_named && types.any(|ty| ty.path().is_some_and(|path| path.ends_with("Sender")))
}

fn spawned(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, supervisors: &FxHashSet<At>) -> Option<Finding> {
    let task = call.task.as_ref()?;
    // What is run is the business of the callers.
    if task.runs_parameter {
        return None;
    }
    // A server that was made before is an item itself.
    if task.runs_known && !task.endless {
        return None;
    }
    let mut nature = follow(cx, body, task);
    // Who only starts another again is that other's business: its pauses are no period.
    let starts_another = supervisors.contains(&call.at);
    let runs_supervisor = || nature.main_call.is_some_and(|func| supervises(cx, func));
    if nature.endless && (starts_another || runs_supervisor()) {
        return None;
    }
    let supervised = body.supervised.iter().find(|one| one.spawn == call.at).filter(|_| nature.endless);
    let blocking = call.path.ends_with("blocking");
    if task.endless && task.direct.is_none() {
        // The loop stands here: one function that it calls is its work, but not one that it asks for something.
        let may_fail = |func: DefId| cx.world.signatures.value(func).path().is_some_and(|path| path.ends_with("::Result"));
        nature.main_call = nature.main_call.filter(|func| may_fail(*func) || !gives_answer(cx.world, *func));
        // Nor one that hands on what it got: the loop is that of the function around it.
        nature.main_call = nature.main_call.filter(|func| !hands_on(cx, *func));
    }
    let owned = call.path.rsplit_once("::").is_some_and(|(owner, _)| cx.world.catalog.wrappers().owns_tasks(owner));
    let detached = matches!(call.bound, Bound::Dropped | Bound::Listed) && !owned;
    // A job's own detached work is part of the job.
    let in_job = call.within.is_some_and(|outer| cx.api(body.known[outer].hit.entry).kind == Some(Kind::BackgroundTask));
    if !nature.endless && in_job {
        return None;
    }
    // Work that is awaited, joined or returned ends with its caller.
    if !nature.endless && (!detached || blocking) {
        return None;
    }
    let named = call.settings.iter().find(|setting| setting.name == "name").and_then(|setting| setting.args.first());
    let thread_name = named.and_then(|value| cx.flow.settle(cx.world, value).value).map(|value| value.to_string());
    let what = nature.main_call.map_or_else(|| call.path.clone(), |func| cx.path(func));
    let name = match (&thread_name, nature.main_call, &call.bound) {
        (Some(name), ..) => SmolStr::new(name),
        (None, Some(func), _) => cx.work_name(func),
        (None, None, _) => cx.work_name(body.def),
    };
    let mut facts: Vec<Fact> = Vec::new();
    if let Some(period) = &nature.period {
        facts.push(cx.fact("period", None, period));
    }
    if let Some(name) = &thread_name {
        facts.push(Cx::plain_fact("thread_name", name.clone()));
    }
    facts.push(Cx::plain_fact("runs", runs(&nature)));
    facts.extend(supervised.map(|one| started_again(cx, one)));
    let lifetime = cx.lifetime_at(body, call.at);
    if let Some(lifetime) = lifetime {
        facts.push(Cx::plain_fact("lifetime", lifetime));
    }
    let mut sites = vec![cx.site(call.at, Role::Constructed, body.def)];
    // What starts it again is started where it stands.
    if let Some(outer) = supervised.and(call.within).map(|outer| &body.known[outer]) {
        sites.push(cx.site(outer.at, Role::Constructed, body.def));
    }
    if nature.endless
        && let Some(func) = nature.main_call
    {
        sites.push(cx.site(cx.declared_at(func), Role::Declared, func));
    }
    Some(Finding {
        scope: if lifetime.is_some() { Scope::Task } else { Kind::BackgroundTask.usual_scope() },
        confidence: if nature.endless { Confidence::Certain } else { Confidence::Likely },
        sites,
        facts,
        label: SmolStr::new_static(match (nature.endless, call.path.contains("thread")) {
            (true, true) => "worker thread",
            (true, false) => "spawned loop",
            (false, _) => "detached task",
        }),
        entry: Some(call.hit.entry),
        ..Finding::new("tasks", Kind::BackgroundTask, body.def, name, Origin::Called { function: cx.path(body.def), what })
    })
}

/// A job given to a scheduler, an actor or timer started.
fn job(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> Finding {
    let api = cx.api(call.hit.entry);
    let facts = api.knobs.iter().filter_map(|knob| {
        let value = call.args.get(usize::from(knob.arg?))?;
        Some(cx.fact(&knob.name, knob.unit.as_ref(), value))
    });
    // A job is known by what it runs; several of them are set up in one place.
    let runs = call.task.as_ref().and_then(|task| follow(cx, body, task).main_call);
    let (name, what) = match runs {
        Some(func) => (cx.work_name(func), cx.path(func)),
        None => (cx.work_name(body.def), call.path.clone()),
    };
    Finding {
        confidence: if call.hit.exact { Confidence::Certain } else { Confidence::Likely },
        sites: vec![cx.site(call.at, Role::Constructed, body.def)],
        facts: facts.collect(),
        label: SmolStr::new(&api.label),
        backs_on: api.backs_on.clone(),
        entry: Some(call.hit.entry),
        ..Finding::new("tasks", Kind::BackgroundTask, body.def, name, Origin::Called { function: cx.path(body.def), what })
    }
}
