//! What the code around an item says of it: the settings without which it is not there, and what its work takes at once.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, ONLY_WHEN};
use super::ingredients;
use super::made_from::{gives_back, makers, of_one_family};
use crate::catalog::Shape;
use crate::facts::Span;
use crate::model::{Access, Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{At, BodyFacts, Condition, DefId, Flow, KnownCall, MAX_AGE, OwnCall, Test, Type, Value};

/// Callers whose conditions hold for what they call.
const MAX_CALLERS: usize = 3;

/// Functions of functions that do the work of a task.
const MAX_STEPS: usize = 4;

/// More functions than these are no single work.
const MAX_FUNCTIONS: usize = 40;

/// More functions than these make what a setter of headers is a method of: it is no thing of its own.
const MAX_MAKERS: usize = 4;

/// At most so many settings of one work are told.
const MAX_SETTINGS: usize = 8;

/// Tells what the code around each finding says.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let (alone, makers) = (alone(findings), makers(findings));
    let named: FxHashSet<&SmolStr> = findings.iter().flat_map(|finding| &finding.sites).filter_map(|site| site.function.as_ref()).collect();
    let paths = cx.bodies().map(|body| (&cx.world.program.def(body.def).path, body.def)).filter(|(path, _)| named.contains(path));
    let by_path: FxHashMap<SmolStr, DefId> = paths.map(|(path, def)| (path.clone(), def)).collect();
    let is_conditional = |finding: &&mut Finding| is_part_of_a_process(finding.kind) || is_given_or_written(finding);
    findings.par_iter_mut().with_max_len(8).filter(is_conditional).for_each(|finding| {
        let conditions = conditions(cx, &by_path, finding);
        finding.facts.extend(conditions);
    });
    findings.par_iter_mut().with_max_len(8).for_each(|finding| {
        let told = match finding.kind {
            Kind::Cache if finding.detector == "statics" => asked_when(cx, finding),
            Kind::ReferenceData if finding.detector == "constructors" => again_when(cx, finding),
            Kind::SharedState | Kind::Static if finding.ty.as_ref().is_some_and(|ty| ty.contains("Cookie")) => max_age(cx, finding),
            _ => return,
        };
        told.into_iter().for_each(|fact| finding.learn(fact));
    });
    let of_telemetry = telemetry(findings);
    findings.par_iter_mut().with_max_len(8).for_each(|finding| {
        let by_itself = alone.get(&finding.def) == Some(&true);
        let work = match finding.kind {
            Kind::BackgroundTask => work(cx, finding),
            Kind::Pool | Kind::SdkClient if makers.get(&finding.def) == Some(&1) && gives_back(cx, finding) => {
                Work { functions: vec![finding.def], ..Work::default() }
            }
            Kind::ExternalStore if finding.detector == "remotes" => {
                let read = settings_of(cx, &senders(cx, &by_path, finding));
                finding.facts.extend(of_one_family(finding, read));
                return;
            }
            Kind::Telemetry if is_global(cx, finding) => {
                let told = ingredients::tell(cx, finding, of_telemetry.get(&finding.def).map_or(&[], Vec::as_slice));
                let installed = installed_by(cx, &by_path, finding);
                told.into_iter().chain(installed).for_each(|fact| finding.learn(fact));
                if !by_itself {
                    return;
                }
                Work { functions: vec![finding.def], ..Work::default() }
            }
            Kind::Lease | Kind::Telemetry if by_itself => Work { functions: vec![finding.def], ..Work::default() },
            Kind::Os | Kind::SdkClient if finding.detector == "statics" && finding.entry.is_some() => {
                Work { functions: maker_of_static(cx, &by_path, finding).into_iter().collect(), ..Work::default() }
            }
            Kind::ClientHeld if finding.detector == "http-caching" => {
                let setters: BTreeSet<DefId> = functions_of(&by_path, finding).collect();
                let made = makers_of_what_is_set(cx, &setters);
                Work { functions: setters.into_iter().chain(made).collect(), ..Work::default() }
            }
            _ => return,
        };
        let beside = of_telemetry.get(&finding.def).filter(|_| finding.kind == Kind::Telemetry);
        let told = settings(cx, finding, &work, beside.map_or(&[], Vec::as_slice));
        finding.facts.extend(told);
    });
}

/// The function that makes what a static holds, where it makes it for nothing else.
fn maker_of_static(cx: &Cx<'_>, by_path: &FxHashMap<SmolStr, DefId>, finding: &Finding) -> Option<DefId> {
    let made = finding.sites.iter().filter(|site| site.role == Role::Constructed);
    let makers: BTreeSet<DefId> = made.filter_map(|site| by_path.get(site.function.as_ref()?).copied()).collect();
    let mut makers = makers.into_iter().filter(|maker| *maker != finding.def);
    let (maker, None) = (makers.next()?, makers.next()) else { return None };
    let callers = cx.uses.calls.get(&maker).map_or(&[][..], Vec::as_slice);
    (!callers.is_empty() && callers.iter().all(|(caller, ..)| *caller == finding.def)).then_some(maker)
}

/// The function of the library that puts it in its place: `set_global_default`.
fn installed_by(cx: &Cx<'_>, by_path: &FxHashMap<SmolStr, DefId>, finding: &Finding) -> Option<Fact> {
    let bodies = functions_of(by_path, finding).filter_map(|def| cx.body_of.get(&def)).map(|at| &cx.bodies[*at]);
    let calls = bodies.flat_map(|body| &body.known).filter(|call| finding.sites.iter().any(|site| site.at == call.at));
    let paths = calls.flat_map(|call| call.also.iter().map(|(path, _)| path).chain([&call.path]));
    let mut names = paths.filter_map(|path| path.rsplit("::").next());
    let name = names.find(|name| name.starts_with("set_global") || name.starts_with("try_init") || *name == "init")?;
    Some(Cx::plain_fact("installed_by", name))
}

/// Set up for the whole process.
fn is_global(cx: &Cx<'_>, finding: &Finding) -> bool {
    finding.entry.is_some_and(|entry| cx.api(entry).shape == Shape::Global)
}

/// Of several things that a function makes one after the other, a setting is about the one that is made next.
fn is_about(finding: &Finding, beside: &[At], value: &Value) -> bool {
    let (Value::Field { at, .. } | Value::Call { at, .. }) = value else { return true };
    let next = beside.iter().filter(|site| **site >= *at).min().or_else(|| beside.iter().max());
    next.is_none_or(|next| finding.sites.iter().any(|site| site.at == *next))
}

/// The places where a function makes the parts of its telemetry, by function.
fn telemetry(findings: &[Finding]) -> FxHashMap<DefId, Vec<At>> {
    let mut out: FxHashMap<DefId, Vec<At>> = FxHashMap::default();
    for finding in findings.iter().filter(|finding| finding.kind == Kind::Telemetry) {
        out.entry(finding.def).or_default().extend(finding.sites.iter().map(|site| site.at));
    }
    out
}

/// The functions in which a finding stands.
fn functions_of(by_path: &FxHashMap<SmolStr, DefId>, finding: &Finding) -> impl Iterator<Item = DefId> {
    finding.sites.iter().filter_map(|site| by_path.get(site.function.as_ref()?).copied())
}

/// Where a setter of headers is a method of what holds them: the functions that make such a thing.
fn makers_of_what_is_set(cx: &Cx<'_>, setters: &BTreeSet<DefId>) -> Vec<DefId> {
    let is_method = |def: DefId| cx.world.program.func(def).is_some_and(|func| func.has_self);
    // What wraps a whole response is made by any handler.
    let plain = |ty: &Type| match ty {
        Type::Def(of, args) if args.is_empty() => Some(*of),
        _ => None,
    };
    let methods = setters.iter().filter(|def| is_method(**def));
    let holders: Vec<DefId> = methods.filter_map(|def| plain(cx.world.signatures.this[def.0 as usize].as_ref()?)).collect();
    let gives = |def: DefId| {
        let of = match cx.world.signatures.value(def) {
            Type::Foreign(path, args) if path.ends_with("::Result") || path.ends_with("::Option") => args.first().and_then(plain),
            own => plain(own),
        };
        is_method(def) && of.is_some_and(|of| holders.contains(&of))
    };
    if holders.is_empty() {
        return Vec::new();
    }
    cx.bodies().map(|body| body.def).filter(|def| !setters.contains(def) && gives(*def)).take(MAX_MAKERS).collect()
}

/// The functions that send to an address, and those that they call beside it.
fn senders(cx: &Cx<'_>, by_path: &FxHashMap<SmolStr, DefId>, finding: &Finding) -> Vec<DefId> {
    let mut out: BTreeSet<DefId> = functions_of(by_path, finding).collect();
    let bodies = out.iter().filter_map(|def| cx.body_of.get(def)).map(|at| &cx.bodies[*at]);
    let called: Vec<DefId> = bodies.flat_map(|body| body.own.iter().map(|call| call.func)).take(MAX_FUNCTIONS).collect();
    out.extend(called);
    out.into_iter().collect()
}

/// All settings that some functions read, each once.
fn settings_of(cx: &Cx<'_>, functions: &[DefId]) -> Vec<Fact> {
    let whole = Span { line: 0, column: 0 }..=Span { line: u32::MAX, column: u32::MAX };
    let mut out: Vec<Fact> = Vec::new();
    for body in functions.iter().filter_map(|def| cx.body_of.get(def)).map(|at| &cx.bodies[*at]) {
        for (key, value) in read_by(cx, body, &whole) {
            let fact = cx.fact("", None, &value);
            let is_set = is_outside(cx, &value, fact.provenance) && fact.from.is_some();
            if is_set && !out.iter().any(|known| known.from == fact.from) {
                out.push(Fact { key, ..fact });
            }
        }
    }
    out
}

/// Things that are there or not, depending on the settings; what a request does is another matter.
fn is_part_of_a_process(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BackgroundTask
            | Kind::Pool
            | Kind::SdkClient
            | Kind::Cache
            | Kind::Telemetry
            | Kind::Session
            | Kind::Queue
            | Kind::Limiter
            | Kind::Os
            | Kind::EmbeddedDb
    )
}

/// How long those that put cookies into a store make them last.
fn max_age(cx: &Cx<'_>, finding: &Finding) -> Vec<Fact> {
    let writers: BTreeSet<DefId> = finding.uses.iter().filter(|(.., access)| *access == Access::Write).map(|(_, def, _)| *def).collect();
    let bodies = writers.iter().filter_map(|def| cx.body_of.get(def)).map(|at| &cx.bodies[*at]);
    let mut ages = bodies.flat_map(|body| &body.bounds).filter(|bound| bound.key == MAX_AGE);
    let (Some(age), None) = (ages.next(), ages.next()) else { return Vec::new() };
    let fact = cx.fact(MAX_AGE, None, &age.value);
    if fact.value.is_none() { Vec::new() } else { vec![Fact { at: Some(cx.place(age.at)), ..fact }] }
}

/// The settings without which a cache is passed by: all reads of it stand behind them.
fn asked_when(cx: &Cx<'_>, finding: &Finding) -> Vec<Fact> {
    let Some(behind) = cx.uses.asked_when.get(&finding.def) else { return Vec::new() };
    let reads = cx.uses.statics.get(&finding.def).into_iter().flatten().filter(|(_, _, access)| *access == Access::Read);
    if reads.count() != behind.len() {
        return Vec::new();
    }
    let mut all = behind.iter().map(|conditions| told(cx, conditions));
    let mut first = all.next().unwrap_or_default();
    for other in all {
        first.retain(|fact| other.iter().any(|one| one.value == fact.value));
    }
    first.into_iter().map(|fact| Fact { key: SmolStr::new_static("asked_when"), ..fact }).collect()
}

/// The settings with which data are made anew: the function that makes them is called behind them, and without them elsewhere.
fn again_when(cx: &Cx<'_>, finding: &Finding) -> Vec<Fact> {
    let callers = cx.uses.calls.get(&finding.def).map_or(&[][..], Vec::as_slice);
    if !(2..=MAX_CALLERS).contains(&callers.len()) {
        return Vec::new();
    }
    let behind = callers.iter().filter_map(|(caller, at, _)| {
        let body = cx.body_of.get(caller).map(|at| &cx.bodies[*at])?;
        Some(told(cx, &call_at(body, *at).1?.conditions))
    });
    let behind: Vec<Vec<Fact>> = behind.collect();
    let mut on_condition = behind.iter().filter(|facts| !facts.is_empty());
    match (on_condition.next(), on_condition.next()) {
        (Some(facts), None) if let [only] = facts.as_slice() => vec![Fact { key: SmolStr::new_static("again_when"), ..only.clone() }],
        _ => Vec::new(),
    }
}

/// A token that is handed out, a file that is written: where a setting decides on that, whoever looks for it is told.
fn is_given_or_written(finding: &Finding) -> bool {
    matches!(finding.kind, Kind::ClientHeld | Kind::FsWrite) && matches!(finding.detector, "constructors" | "fs-writes")
}

/// Functions in which only one kind of thing is made: what they read is about it.
fn alone(findings: &[Finding]) -> FxHashMap<DefId, bool> {
    let mut kinds: FxHashMap<DefId, Option<Kind>> = FxHashMap::default();
    for finding in findings.iter().filter(|finding| !matches!(finding.kind, Kind::StartupConfig | Kind::FsWrite | Kind::Os)) {
        let known = kinds.entry(finding.def).or_insert(Some(finding.kind));
        if *known != Some(finding.kind) {
            *known = None;
        }
    }
    kinds.into_iter().map(|(def, kind)| (def, kind.is_some())).collect()
}

/// The call of a body at a place: of a known API, or of the workspace.
fn call_at(body: &BodyFacts, at: At) -> (Option<&KnownCall>, Option<&OwnCall>) {
    // A chain has several places.
    let is_at = |call: &&KnownCall| call.at == at || call.also.iter().any(|(_, also)| *also == at);
    (body.known.iter().find(is_at), body.own.iter().find(|call| call.at == at))
}

/// What the settings have to say for the thing to be made. Made in several places, only what holds for all of them is told.
fn conditions(cx: &Cx<'_>, by_path: &FxHashMap<SmolStr, DefId>, finding: &Finding) -> Vec<Fact> {
    let mut all: Option<Vec<Fact>> = None;
    let is_made =
        |site: &super::finding::RawSite| site.role == Role::Constructed || finding.kind == Kind::FsWrite && site.role == Role::Written;
    for site in finding.sites.iter().filter(|site| is_made(site)) {
        let def = site.function.as_ref().and_then(|path| by_path.get(path)).copied().unwrap_or(finding.def);
        // What is compared is no call: it is there where the function is that asks.
        if finding.detector == "attempt-limits" {
            let mut told = Vec::new();
            of_callers(cx, def, &mut told);
            match &mut all {
                Some(all) => all.retain(|fact: &Fact| told.iter().any(|other| other.value == fact.value)),
                None => all = Some(told),
            }
            continue;
        }
        let Some(body) = cx.body_of.get(&def).map(|at| &cx.bodies[*at]) else { return Vec::new() };
        let (known, own) = call_at(body, site.at);
        let Some(here) = known.map(|call| &call.conditions).or(own.map(|call| &call.conditions)) else { return Vec::new() };
        let mut told: Vec<Fact> = told(cx, here);
        of_callers(cx, def, &mut told);
        match &mut all {
            Some(all) => all.retain(|fact| told.iter().any(|other| other.value == fact.value)),
            None => all = Some(told),
        }
    }
    let mut out = all.unwrap_or_default();
    let mut seen = FxHashSet::default();
    out.retain(|fact| seen.insert(fact.value.as_ref().map(ToString::to_string)));
    out
}

/// The conditions under which the only caller calls, and its only caller.
pub(super) fn of_callers(cx: &Cx<'_>, func: DefId, told: &mut Vec<Fact>) {
    let mut func = func;
    for _ in 0..MAX_CALLERS {
        let Some([(caller, at, _)]) = cx.uses.calls.get(&func).map(Vec::as_slice) else { return };
        let Some(body) = cx.body_of.get(caller).map(|at| &cx.bodies[*at]) else { return };
        let Some(call) = call_at(body, *at).1 else { return };
        told.extend(self::told(cx, &call.conditions));
        func = *caller;
    }
}

/// Conditions in words. A function that answers yes or no is told by what it asks itself.
pub(super) fn told(cx: &Cx<'_>, conditions: &[Condition]) -> Vec<Fact> {
    let mut out = Vec::new();
    for condition in conditions {
        let asked = match &condition.value {
            Value::Call { func, .. } => cx.body_of.get(func).map_or(&[][..], |at| &cx.bodies[*at].answers),
            _ => &[],
        };
        match (&condition.test, asked) {
            (Test::On, [_, ..]) => out.extend(asked.iter().filter_map(|asked| fact(cx, &Condition { at: condition.at, ..asked.clone() }))),
            // Of several, any may be the one that does not hold.
            (Test::Off, [only]) => {
                out.extend(fact(cx, &Condition { at: condition.at, test: only.test.clone().negated(), value: only.value.clone() }));
            }
            (Test::Off, [_, _, ..]) => {}
            // Asked of what it is given: whether a password is right is no setting.
            (Test::On | Test::Off, []) if is_asked_of_something(&condition.value) => {}
            _ => out.extend(fact(cx, condition)),
        }
    }
    out
}

/// A question that depends on what it is given, beside names: `is_on("LAX")` is about the setting of that name.
fn is_asked_of_something(value: &Value) -> bool {
    matches!(value, Value::Call { args, .. } if args.iter().any(|arg| !matches!(arg, Value::Known(..))))
}

/// A condition in words, where it asks for something that is set from outside.
pub(super) fn fact(cx: &Cx<'_>, condition: &Condition) -> Option<Fact> {
    let settled = cx.flow.settle(cx.world, &condition.value);
    let name = settled.from.filter(|from| is_outside(cx, &condition.value, settled.provenance) && !from.contains(['(', '{', ' ']))?;
    // What has a default is always there.
    if settled.value.is_some() && matches!(condition.test, Test::Given | Test::Missing) {
        return None;
    }
    let says = match &condition.test {
        Test::Given => format!("{name} is set"),
        Test::Missing => format!("{name} is not set"),
        Test::Filled => format!("{name} is not empty"),
        Test::Empty => format!("{name} is empty"),
        Test::On => format!("{name} is on"),
        Test::Off => format!("{name} is off"),
        Test::Is(value) if !settled.secret => format!("{name} is {value}"),
        Test::IsNot(value) if !settled.secret => format!("{name} is not {value}"),
        Test::Over(number) if !settled.secret => format!("{name} is over {number}"),
        Test::AtMost(number) if !settled.secret => format!("{name} is at most {number}"),
        Test::Is(_) | Test::IsNot(_) | Test::Over(_) | Test::AtMost(_) => return None,
    };
    Some(Fact { at: Some(cx.place(condition.at)), ..Cx::plain_fact(ONLY_WHEN, says) })
}

/// Set by a variable, or by a key of settings that the service loads: a record that happens to be readable is none.
pub(super) fn is_outside(cx: &Cx<'_>, value: &Value, provenance: Provenance) -> bool {
    match (provenance, cx.flow.expand(value)) {
        (Provenance::Env, _) => true,
        (Provenance::Settings, Value::Field { of, field, .. }) => cx.flow.is_loaded(of, &field),
        _ => false,
    }
}

/// The functions that do the work of a task, and what they were given.
#[derive(Default)]
struct Work {
    functions: Vec<DefId>,
    /// The body in which its closure stands, and the lines of that.
    closure: Option<(DefId, Span, u32)>,
    /// What callers pass on the way, innermost last.
    given: Vec<(DefId, Vec<Value>)>,
}

/// What a task calls that nothing else calls.
fn work(cx: &Cx<'_>, finding: &Finding) -> Work {
    let mut out = Work::default();
    let Some(body) = cx.body_of.get(&finding.def).map(|at| &cx.bodies[*at]) else { return out };
    let Some(site) = finding.sites.iter().find(|site| site.role == Role::Constructed) else { return out };
    let (known, own) = call_at(body, site.at);
    let mut level: Vec<DefId> = known.and_then(|call| call.task.as_ref()).map(|task| task.calls.clone()).unwrap_or_default();
    if let Some(call) = own {
        let futures = call.args.iter().filter_map(|arg| if let Value::Call { func, .. } = arg { Some(*func) } else { None });
        level.extend(call.given.calls.iter().copied().chain(futures));
        if finding.label == "main loop" {
            level.push(call.func);
        }
    }
    let mut seen: FxHashSet<DefId> = level.iter().copied().chain([finding.def]).collect();
    // The only function that a task calls is its work, whoever else calls it.
    if level.len() > 1 {
        level.retain(|func| cx.uses.calls.get(func).is_none_or(|calls| calls.iter().all(|(caller, ..)| *caller == finding.def)));
    }
    let task = known.and_then(|call| call.task.as_ref()).or(own.map(|call| &*call.given));
    if let Some(until) = task.map(|task| task.until).filter(|until| *until >= site.at.span.line) {
        out.closure = Some((finding.def, site.at.span, until));
    }
    for _ in 0..MAX_STEPS {
        let mut next = Vec::new();
        for func in level {
            out.functions.push(func);
            let Some(&at) = cx.body_of.get(&func) else { continue };
            for call in &cx.bodies[at].own {
                let calls = cx.uses.calls.get(&call.func).map_or(&[][..], Vec::as_slice);
                let only_here = calls.iter().all(|(caller, ..)| seen.contains(caller));
                if only_here && seen.insert(call.func) {
                    next.push(call.func);
                    out.given.push((call.func, call.args.clone()));
                }
            }
        }
        level = next;
        if out.functions.len() > MAX_FUNCTIONS {
            break;
        }
    }
    out
}

/// The settings that the functions read, what they take at once, and how old what they look for is.
fn settings(cx: &Cx<'_>, finding: &Finding, work: &Work, beside: &[At]) -> Vec<Fact> {
    let mut out: Vec<Fact> = Vec::new();
    let end = |line| Span { line, column: u32::MAX };
    let closure = work.closure.iter().map(|(func, from, to)| (*func, *from..=end(*to)));
    for (func, part) in closure.chain(work.functions.iter().map(|func| (*func, Span { line: 0, column: 0 }..=end(u32::MAX)))) {
        let Some(&at) = cx.body_of.get(&func) else { continue };
        let body = &cx.bodies[at];
        for value in read_by(cx, body, &part).into_iter().filter(|(_, value)| is_about(finding, beside, value)) {
            let fact = cx.fact("", None, &value.1);
            let is_set = is_outside(cx, &value.1, fact.provenance) && fact.from.is_some();
            let is_told = finding.facts.iter().chain(&out).any(|known| known.from == fact.from || mentions(known, fact.from.as_deref()));
            if is_set && !is_told {
                out.push(Fact { key: value.0, ..fact });
            }
        }
        if finding.kind != Kind::BackgroundTask {
            continue;
        }
        let ages = body.ages.iter().map(|(value, at)| (SmolStr::new_static("age_limit"), value, *at));
        for (key, value, at) in body.bounds.iter().map(|bound| (bound.key.clone(), &bound.value, bound.at)).chain(ages) {
            if !part.contains(&at.span) || key == MAX_AGE {
                continue;
            }
            let value = work.given.iter().fold(value.clone(), |value, (func, args)| Flow::with_args(&value, *func, args));
            let mut fact = cx.fact(&key, None, &value);
            fact.at = fact.at.or_else(|| Some(cx.place(at)));
            let is_known = fact.value.is_some() && !finding.facts.iter().chain(&out).any(|known| same(known, &fact));
            if is_known {
                out.push(fact);
            }
        }
    }
    out.truncate(MAX_SETTINGS);
    out
}

fn same(a: &Fact, b: &Fact) -> bool {
    a.value == b.value && (a.key == b.key || a.from.is_some() && a.from == b.from)
}

/// A condition that names the setting says what it does.
fn mentions(fact: &Fact, from: Option<&str>) -> bool {
    match (&fact.value, from) {
        (Some(FactValue::Text(text)), Some(from)) if fact.key == ONLY_WHEN => text.split(' ').next() == Some(from),
        _ => false,
    }
}

/// The fields of settings that a body reads, by themselves or through functions that hand one out.
fn read_by(cx: &Cx<'_>, body: &BodyFacts, part: &RangeInclusive<Span>) -> Vec<(SmolStr, Value)> {
    let file = cx.file_index(body.def);
    let fields = body.field_uses.iter().filter(|(.., span)| part.contains(span)).map(|(of, field, _, span)| {
        let value = Value::Field { of: *of, field: field.clone(), text: SmolStr::default(), at: At { file, span: *span } };
        (At { file, span: *span }, field.clone(), value)
    });
    let getters =
        body.own.iter().filter(|call| call.args.is_empty() && call.taken_by.is_none() && part.contains(&call.at.span)).map(|call| {
            let value = Value::Call { func: call.func, args: Vec::new(), text: SmolStr::default(), at: call.at };
            (call.at, cx.short_name(call.func), value)
        });
    let getters = getters.filter(|(_, _, value)| matches!(cx.flow.expand(value), Value::Field { .. } | Value::Env { .. }));
    let mut out: Vec<(At, SmolStr, Value)> = fields.chain(getters).collect();
    out.sort_by_key(|(at, ..)| *at);
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::Field { of: a, field: x, .. }, Value::Field { of: b, field: y, .. }) => a == b && x == y,
        (Value::Call { func: a, .. }, Value::Call { func: b, .. }) => a == b,
        _ => false,
    };
    out.dedup_by(|a, b| same(&a.2, &b.2));
    out.into_iter().map(|(_, key, value)| (key, value)).collect()
}
