//! Detector `env-reads`: see `env_reads.md`.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::arguments;
use super::branched::Branched;
use super::context::Cx;
use super::counted_in::Counted;
use super::env_defaults;
use super::finding::{Finding, Origin, RawSite};
use crate::catalog::{EntryId, Shape};
use crate::facts::{Attr, Cfg, FieldFact, ItemKind};
use crate::model::{Confidence, Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{At, BodyFacts, DefId, Fails, Flow, OwnCall, Type, Unset, Value};

/// Functions of functions of functions that wrap a read.
const MAX_WRAPS: usize = 4;

/// One read of a variable.
struct Read {
    name: String,
    at: At,
    func: DefId,
    default: Option<Value>,
    /// The plain type that its text is parsed into.
    ty: Option<String>,
    /// Something fails when it is not set.
    required: bool,
    /// What becomes of the read when it is not set.
    unset: Option<Unset>,
    confidence: Confidence,
}

/// A function that reads the variable which it is given the name of.
#[derive(Clone)]
struct Wrapper {
    name: Value,
    default: Option<Value>,
    /// What becomes of its own read.
    unset: Option<Unset>,
}

/// All reads, and what could not be told of some.
#[derive(Default)]
struct Gathered {
    reads: Vec<Read>,
    entry: Option<EntryId>,
    /// Functions that read a variable whose name could not be told.
    nameless: Vec<DefId>,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let Gathered { reads, entry, .. } = gather(cx);
    emit(cx, reads, entry, out);
}

/// Functions that read a variable whose name could not be told.
pub(super) fn nameless(cx: &Cx<'_>) -> Vec<DefId> {
    gather(cx).nameless
}

fn gather(cx: &Cx<'_>) -> Gathered {
    let mut out = Gathered::default();
    let mut wrappers: FxHashMap<DefId, Wrapper> = FxHashMap::default();
    for body in cx.bodies() {
        for call in &body.known {
            if cx.api(call.hit.entry).shape != Shape::EnvRead {
                continue;
            }
            out.entry = out.entry.or(Some(call.hit.entry));
            let Some(name) = call.args.first() else { continue };
            read(cx, body, name, call.at, &mut wrappers, &mut out);
        }
        // Asked of a function that is handed in: `get("PORT")`.
        for (_, name, at) in body.asks.iter().filter(|(index, ..)| cx.flow.askers.contains(&(body.def, *index))) {
            read(cx, body, name, *at, &mut wrappers, &mut out);
        }
    }
    through_wrappers(cx, wrappers, &mut out);
    declared(cx, &mut out.reads);
    out
}

/// One read; one of a name that the function is given makes it a wrapper.
fn read(cx: &Cx<'_>, body: &BodyFacts, name: &Value, at: At, wrappers: &mut FxHashMap<DefId, Wrapper>, out: &mut Gathered) {
    let default = default_of(&body.returns, name).or_else(|| default_at(&body.env_defaults, at));
    // Before the value is settled: callers that all give the same name would settle it here.
    if mentions_parameter(name, body.def) {
        // `X_FILE` beside `X`: the plain name says what is asked for.
        let this = Wrapper { name: name.clone(), default, unset: unset_at(body, at) };
        let known = wrappers.entry(body.def).or_insert_with(|| this.clone());
        if matches!(name, Value::Param { .. }) && !matches!(known.name, Value::Param { .. }) {
            *known = this;
        }
    } else if let Some(FactValue::Text(name)) = cx.flow.settle(cx.world, name).value {
        let ty = type_at(body, at);
        let required = body.env_required.contains(&(at, Fails::Here));
        let unset = unset_at(body, at);
        out.reads.push(Read { name, at, func: body.def, default, ty, required, unset, confidence: Confidence::Certain });
    } else {
        out.nameless.push(body.def);
    }
}

/// A read of a parameter becomes a read at each caller, with the caller's literal.
fn through_wrappers(cx: &Cx<'_>, mut wrappers: FxHashMap<DefId, Wrapper>, out: &mut Gathered) {
    for _ in 0..MAX_WRAPS {
        let mut next: FxHashMap<DefId, Wrapper> = FxHashMap::default();
        for body in cx.bodies() {
            for call in &body.own {
                let Some(Wrapper { name, default, unset }) = wrappers.get(&call.func) else { continue };
                let name = Flow::with_args(name, call.func, &call.args);
                let default = default.as_ref().map(|default| Flow::with_args(default, call.func, &call.args));
                let default = default.or_else(|| default_of_call(body, call));
                // Before it is settled, as for the read itself.
                if mentions_parameter(&name, body.def) && !call.args.is_empty() {
                    next.insert(body.def, Wrapper { name, default, unset: wrapped(cx, body, call, *unset) });
                    continue;
                }
                match cx.flow.settle(cx.world, &name).value {
                    Some(FactValue::Text(name)) if is_name(&name) => {
                        let ty = type_at(body, call.at);
                        let required = required_by(cx, call);
                        let unset = if required { Some(Unset::Fails) } else { wrapped(cx, body, call, *unset) };
                        let confidence = Confidence::Certain;
                        out.reads.push(Read { name, at: call.at, func: body.def, default, ty, required, unset, confidence });
                    }
                    _ => out.nameless.push(body.def),
                }
            }
        }
        if next.is_empty() {
            return;
        }
        wrappers = next;
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.{}$".contains(c))
}

fn mentions_parameter(value: &Value, of: DefId) -> bool {
    match value {
        Value::Param { func, .. } => *func == of,
        Value::Join(parts) => parts.iter().any(|part| mentions_parameter(part, of)),
        _ => false,
    }
}

/// The default that a function gives when it returns what it read.
fn default_of(returns: &Value, name: &Value) -> Option<Value> {
    match returns {
        Value::Env { name: read, default: Some(default), .. } if **read == *name => Some((**default).clone()),
        Value::Or(asked, default) if matches!(&**asked, Value::Asked { name: read, .. } if **read == *name) => Some((**default).clone()),
        _ => None,
    }
}

/// Whether the caller of a wrapper fails without the variable: the wrapper itself does, or hands the error on to one who does.
fn required_by(cx: &Cx<'_>, call: &OwnCall) -> bool {
    let Some(&at) = cx.body_of.get(&call.func) else { return false };
    let reads = &cx.bodies[at].env_required;
    let here = reads.iter().all(|(_, fails)| *fails == Fails::Here);
    let handed_on = reads.iter().all(|(_, fails)| *fails == Fails::Caller) && call.fails == Fails::Here;
    !reads.is_empty() && (here || handed_on)
}

/// What becomes of a read that stands here.
fn unset_at(body: &BodyFacts, at: At) -> Option<Unset> {
    body.env_unset.iter().find(|(read, _)| *read == at).map(|(_, unset)| *unset)
}

/// What becomes of the call of a wrapper: it says by an option or an error that there is none, or fails itself.
fn wrapped(cx: &Cx<'_>, body: &BodyFacts, call: &OwnCall, unset: Option<Unset>) -> Option<Unset> {
    let ty = cx.world.signatures.value(call.func);
    let gives_error = ty.path().is_some_and(|path| path.ends_with("::Result"));
    match unset {
        _ if gives_option(ty, 0) => unset_at(body, call.at),
        Some(Unset::Fails | Unset::Caller) if gives_error => unset_at(body, call.at),
        Some(Unset::Fails) => Some(Unset::Fails),
        _ => None,
    }
}

/// `Option<T>`, `Result<Option<T>>`.
pub(super) fn gives_option(ty: &Type, depth: u32) -> bool {
    match ty {
        Type::Foreign(path, _) if path == "std::option::Option" => true,
        Type::Foreign(path, args) => {
            depth < 2 && path.ends_with("::Result") && args.first().is_some_and(|inner| gives_option(inner, depth + 1))
        }
        _ => false,
    }
}

/// The type of a field that a parser of arguments fills; not where the field says how to parse, or where flags have words of
/// their own for yes and no.
fn type_of(cx: &Cx<'_>, of: DefId, field: &FieldFact, attr: &Attr) -> Option<String> {
    let own_way =
        attr.args.iter().any(|(key, _)| matches!(key.as_str(), "value_parser" | "parse" | "value_enum" | "try_from_str" | "parse_env"));
    let ty = cx.world.program.show(cx.world.signatures.field(of, &field.name).filter(|_| !own_way)?);
    (ty != "_" && ty != "bool").then_some(ty)
}

/// The type that the text of this very read is parsed into.
fn type_at(body: &BodyFacts, at: At) -> Option<String> {
    body.env_parsed.iter().find(|(read, _)| *read == at).map(|(_, ty)| ty.to_string())
}

/// The default that the code around this very read gives.
fn default_at(reads: &[Value], at: At) -> Option<Value> {
    reads.iter().find_map(|value| match value {
        Value::Env { default: Some(default), at: read, .. } if *read == at => Some((**default).clone()),
        Value::Or(asked, default) if matches!(&**asked, Value::Asked { at: read, .. } if *read == at) => Some((**default).clone()),
        _ => None,
    })
}

/// `maybe_env("X")?.unwrap_or(default)`: the default that the code around a wrapper's call gives.
fn default_of_call(body: &BodyFacts, call: &OwnCall) -> Option<Value> {
    let around = body.env_defaults.iter().chain(std::iter::once(&body.returns));
    around.into_iter().find_map(|value| match value {
        Value::Or(first, second) => match &**first {
            Value::Call { func, args, .. } if *func == call.func && *args == call.args => Some((**second).clone()),
            _ => None,
        },
        _ => None,
    })
}

/// `#[arg(env = "X", default_value = "y")]` on a field.
fn declared(cx: &Cx<'_>, reads: &mut Vec<Read>) {
    let mut always: Option<FxHashSet<DefId>> = None;
    for (id, def) in cx.world.program.all_defs() {
        if cx.is_for_tests(id) {
            continue;
        }
        let fields: Vec<&FieldFact> = match &def.item.kind {
            ItemKind::Struct(facts) => facts.fields.iter().collect(),
            ItemKind::Enum(facts) => facts.variants.iter().flat_map(|variant| &variant.fields).collect(),
            _ => continue,
        };
        for field in fields {
            for attr in field.attrs.iter().filter(|attr| {
                attr.path.last().is_some_and(|last| matches!(last.as_str(), "arg" | "clap" | "structopt" | "config" | "env"))
            }) {
                let argument = |name: &str| attr.args.iter().find(|(key, _)| key == name);
                let Some((_, env)) = argument("env") else { continue };
                let at = At { file: cx.file_index(id), span: attr.span };
                let default = cx.flow.declared(cx.world, id, &field.name);
                let is_sure = always.get_or_insert_with(|| arguments::always_read(cx)).contains(&id);
                let name = env.clone().unwrap_or_else(|| field.name.to_uppercase());
                reads.push(Read {
                    name,
                    at,
                    func: id,
                    default,
                    ty: type_of(cx, id, field, attr),
                    required: false,
                    unset: arguments::unset(cx.world.signatures.field(id, &field.name), field, attr, is_sure),
                    confidence: Confidence::Certain,
                });
            }
        }
    }
}

/// One item for each variable, whichever functions read it: the environment is one for the process.
fn emit(cx: &Cx<'_>, reads: Vec<Read>, entry: Option<EntryId>, out: &mut Vec<Finding>) {
    let mut by_name: BTreeMap<String, Vec<Read>> = BTreeMap::new();
    let counted = if reads.is_empty() { Counted::default() } else { Counted::new(cx) };
    let branched = if reads.iter().any(|read| read.required) { Some(Branched::of(cx)) } else { None };
    let may_miss = |read: &Read| branched.as_ref().is_some_and(|branched| branched.may_miss(cx, read.func, read.at));
    let mut released: FxHashMap<DefId, bool> = FxHashMap::default();
    let mut runs = |func: DefId| !cx.is_dead(func) && is_released(cx, func, &mut released);
    let of_fields = if reads.is_empty() { FxHashMap::default() } else { env_defaults::of_fields(cx, &mut runs) };
    let of_uses = if reads.is_empty() { FxHashMap::default() } else { env_defaults::of_uses(cx, &mut runs) };
    for read in reads {
        by_name.entry(read.name.clone()).or_default().push(read);
    }
    for (name, mut reads) in by_name {
        // What only tests and debug builds do lends nothing to the others, and is no variable of the service by itself.
        if reads.iter().any(|read| runs(read.func)) {
            reads.retain(|read| runs(read.func));
        } else if reads.iter().all(|read| !is_for_debugging(cx, read.func)) {
            continue;
        }
        reads.sort_by_key(|read| read.at);
        let mut sites: Vec<RawSite> = reads.iter().map(|read| cx.site(read.at, Role::Constructed, read.func)).collect();
        sites.dedup();
        let first = &reads[0];
        let default = reads.iter().find_map(|read| read.default.as_ref());
        let mut fact = match default {
            Some(default) => cx.fact("default", None, default),
            None => Fact {
                key: SmolStr::new_static("default"),
                value: None,
                unit: None,
                provenance: Provenance::Code,
                at: None,
                from: None,
                set: Vec::new(),
            },
        };
        let elsewhere = [&of_fields, &of_uses].into_iter().find_map(|found| found.get(&name)).and_then(Option::as_ref);
        if let (None, None, Some(held)) = (&fact.value, &fact.from, elsewhere) {
            fact = held.clone();
        }
        fact.provenance = Provenance::Env;
        let mut facts = vec![Cx::plain_fact("env", name.clone())];
        facts[0].at = Some(cx.place(first.at));
        if fact.value.is_some() || fact.from.is_some() {
            fact.provenance = Provenance::Code;
            facts.push(fact);
        } else if let Some(read) =
            reads.first().filter(|_| reads.iter().all(|read| read.required && cx.once.contains(&read.func) && !may_miss(read)))
        {
            // Where one place goes on without it, another may have made sure of it; what is read later, or where some setting
            // asks for it, is needed for some work only.
            let place = Some(cx.place(read.at));
            facts.push(Fact { value: Some(FactValue::Bool(true)), at: place, ..Cx::plain_fact("needed", "") });
        }
        if default.is_none() && facts.iter().all(|fact| fact.key != "default") {
            facts.extend(presence(cx, &reads));
        }
        let told = facts.iter().find(|fact| fact.key == "default").and_then(|fact| fact.value.clone());
        facts.extend(counted.of(&name, told.as_ref()).map(|unit| Cx::plain_fact("counted_in", unit)));
        out.push(Finding {
            confidence: first.confidence,
            sites,
            facts,
            label: SmolStr::new_static("environment variable"),
            ty: reads.iter().find_map(|read| read.ty.clone()),
            entry,
            ..Finding::new(
                "env-reads",
                Kind::StartupConfig,
                first.func,
                name.clone().into(),
                Origin::Called { function: SmolStr::new_static("env"), what: name.into() },
            )
        });
    }
}

/// Whether a release may run a function: neither it nor all that is seen to call it is there in debug builds only.
fn is_released(cx: &Cx<'_>, func: DefId, known: &mut FxHashMap<DefId, bool>) -> bool {
    if let Some(known) = known.get(&func) {
        return *known;
    }
    // Functions that call each other in a circle are nobody's proof.
    known.insert(func, true);
    let callers = cx.uses.calls.get(&func).map_or(&[][..], Vec::as_slice);
    let others: Vec<DefId> = callers.iter().map(|(caller, ..)| *caller).filter(|caller| *caller != func).collect();
    let is_called = others.is_empty() || others.into_iter().any(|caller| is_released(cx, caller, known));
    let out = is_called && !is_for_debugging(cx, func);
    known.insert(func, out);
    out
}

/// Only builds with `debug_assertions` have the function.
fn is_for_debugging(cx: &Cx<'_>, func: DefId) -> bool {
    cx.world.program.cfg_of(func).into_iter().any(Cfg::is_for_debugging)
}

/// What all reads do without the variable, where they do the same: `required`, or `optional`.
fn presence(cx: &Cx<'_>, reads: &[Read]) -> Option<Fact> {
    let of = |read: &Read| match read.unset? {
        Unset::Fails => is_handed_up(cx, read.func, 0).then_some("required"),
        Unset::None => Some("optional"),
        Unset::Caller => None,
    };
    let first = of(reads.first()?)?;
    reads.iter().all(|read| of(read) == Some(first)).then(|| Cx::plain_fact("presence", first))
}

/// Whether the error of a function reaches those who started it: none of its callers goes on without what it gives.
fn is_handed_up(cx: &Cx<'_>, func: DefId, depth: usize) -> bool {
    let callers = cx.uses.calls.get(&func).map_or(&[][..], Vec::as_slice);
    depth >= MAX_WRAPS
        || callers.iter().all(|(caller, at, _)| {
            let body = cx.body_of.get(caller).map(|at| &cx.bodies[*at]);
            let call = body.and_then(|body| body.own.iter().find(|call| call.func == func && call.at == *at));
            call.is_none_or(|call| call.fails != Fails::Nobody || call.taken_by.is_some()) && is_handed_up(cx, *caller, depth + 1)
        })
}
