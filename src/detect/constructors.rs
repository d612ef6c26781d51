//! Detector `constructors`: see `constructors.md`.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::backing::{holds_one_of, store_of};
use super::command_line;
use super::context::Cx;
use super::finding::{Finding, Origin};
use super::handed_builders;
use super::knobs::facts;
use super::random_keys::{given_beside, random_unless, stands_in};
use super::read_files::{is_kept, named_by_path, reads_settings};
use super::tokens;
use crate::catalog::{Api, EntryId, Shape};
use crate::facts::{ExprId, ItemKind};
use crate::model::{Access, Class, Confidence, Fact, FactValue, Kind, Provenance, Role, Scope};
use crate::resolve::{At, BodyFacts, Bound, DefId, KnownCall, Type, Value};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    // A static that the `statics` detector emitted: what its initialiser makes is that item.
    let declared: FxHashMap<DefId, usize> = out
        .iter()
        .enumerate()
        .filter(|(_, finding)| matches!(finding.detector, "statics" | "thread-locals"))
        .map(|(at, finding)| (finding.def, at))
        .collect();
    let (mut carried, mut handed) = (Vec::new(), Vec::new());
    for body in cx.bodies() {
        let mut forms: FxHashMap<(ExprId, EntryId), usize> = FxHashMap::default();
        for (index, call) in body.known.iter().enumerate() {
            let api = cx.api(call.hit.entry);
            let Some(kind) = api.kind else { continue };
            // A key with which nothing is signed here is a credential for somebody else's service.
            let is_needed = kind != Kind::ClientHeld || api.needs.is_empty() || api.needs.iter().any(|path| cx.uses.foreign.contains(path));
            if !is_made_here(api, kind) || !is_needed {
                continue;
            }
            // Each file that settings are made of is a thing of its own: it is mounted, changed and missing by itself.
            let is_layer = api.shape == Shape::Part && kind == Kind::StartupConfig && api.path_arg.is_some();
            if let Some(holder) = call.within.map(|within| &body.known[within]).filter(|_| !is_layer)
                && belongs_to(cx, call, holder)
            {
                continue;
            }
            if api.shape == Shape::Read && !is_kept(cx, body, call) {
                continue;
            }
            // Numbers that are gathered for one answer, and are gone with it.
            if kind == Kind::Telemetry && call.stays {
                continue;
            }
            let kind = if api.shape == Shape::Read && reads_settings(cx, body, call) { Kind::StartupConfig } else { kind };
            // The timer of a loop that is an item itself.
            if kind == Kind::BackgroundTask && api.shape == Shape::Part && cx.is_loop(body) {
                continue;
            }
            if !is_layer
                && api.shape == Shape::Part
                && call.within.is_none()
                && matches!(call.bound, Bound::Argument)
                && returns_nothing_kept(call)
            {
                continue;
            }
            // A cookie that is only made to be taken away; a key beside a random one that stands in for it.
            if kind == Kind::ClientHeld && (call.bound == Bound::Removed || stands_in(cx, body, call)) {
                continue;
            }
            // A function that signs what it is given: each caller hands out a token of its own.
            if kind == Kind::ClientHeld
                && api.shape == Shape::Call
                && call.args.iter().any(|arg| hands_on(arg, body.def))
                && cookie_name(cx, call, api).is_none()
            {
                let tokens = tokens::handed_out(cx, body, index);
                if !tokens.is_empty() {
                    out.extend(tokens);
                    continue;
                }
            }
            // `Cli::parse()`: the derive on the struct is the item.
            if api.shape == Shape::ConfigLoad
                && let Type::Def(of, _) = &call.makes
                && let Some(derived) =
                    out.iter_mut().find(|finding| finding.detector == "attributes" && finding.def == *of && finding.kind == kind)
            {
                derived.sites.push(cx.site(call.at, Role::Constructed, body.def));
                continue;
            }
            let item = &cx.world.program.def(body.def).item.kind;
            if matches!(item, ItemKind::Static(_))
                && let Some(&at) = declared.get(&body.def)
            {
                let of_same_thing = out[at].entry == Some(call.hit.entry) || out[at].kind == kind || out[at].entry.is_none();
                // Bound to a variable first, and of the type that the static holds.
                let is_held = matches!(call.bound, Bound::Let(_))
                    && holds_one_of(cx.world.signatures.value(body.def), &api.types, 0)
                    && api.kind != Some(Kind::Pool);
                let is_value = matches!(call.bound, Bound::Result | Bound::Field(..)) || is_held;
                if of_same_thing && (is_value || out[at].entry == Some(call.hit.entry) || out[at].kind == kind) {
                    complete(cx, &mut out[at], body, index);
                    continue;
                }
                // A helper of the initialiser: gone when the value is there.
                if !is_value && matches!(call.bound, Bound::Let(_) | Bound::Other) && kind == Kind::Pool {
                    continue;
                }
            }
            // A static that is filled where it is used, or by a function that does nothing else.
            let mut filled = filled_statics(cx, body, call, &declared);
            filled.retain(|at| out[*at].entry == Some(call.hit.entry) || (out[*at].kind == kind && out[*at].entry.is_none()));
            if !filled.is_empty() {
                filled.into_iter().for_each(|at| complete(cx, &mut out[at], body, index));
                continue;
            }
            // A lock around the thing, in the field it is put into: the field's item takes it in.
            if let Bound::Field(of, field) = &call.bound
                && let path = smol_str::format_smolstr!("{}::{field}", cx.path(*of))
                && let Some(declared) =
                    out.iter_mut().find(|finding| finding.detector == "shared-fields" && finding.origin == Origin::Declared(path.clone()))
            {
                declared.kind = kind;
                declared.entry = Some(call.hit.entry);
                declared.label = SmolStr::new(&api.label);
                declared.sites.push(cx.site(call.at, Role::Constructed, body.def));
                declared.facts.extend(facts(cx, body, index));
                if declared.backs_on.is_none() {
                    declared.backs_on = store_of(cx, body, index);
                }
                continue;
            }
            let mut finding = made(cx, body, index, kind);
            if is_layer {
                named_by_path(&mut finding);
                // Two branches that read the same file.
                if let Some(known) = out.iter_mut().find(|known| known.kind == finding.kind && known.origin == finding.origin) {
                    known.sites.append(&mut finding.sites);
                    continue;
                }
            }
            // The same in another branch of one choice: either is made, and what both have in common is known.
            let is_one = matches!(kind, Kind::Pool | Kind::SdkClient | Kind::Cache | Kind::EmbeddedDb | Kind::Limiter);
            if let Some(choice) = call.choice.filter(|_| is_one) {
                match forms.get(&(choice, call.hit.entry)) {
                    Some(&known) if out[known].name == finding.name => {
                        other_form(&mut out[known], finding);
                        continue;
                    }
                    _ => forms.insert((choice, call.hit.entry), out.len()),
                };
            }
            let more = instances(cx, body, call, &mut finding);
            let first = out.len();
            carried.extend(tokens::carried(call).map(|signer| (first, signer)));
            out.push(finding);
            out.extend(more);
            if handed_builders::is_handed(api, call) {
                handed.push(first..out.len());
            }
        }
    }
    let in_cookies = tokens::in_cookies(cx, out, &carried);
    let mut gone = handed_builders::give_to_callers(cx, out, &handed);
    gone.extend(in_cookies);
    let mut at = 0..;
    out.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
}

/// Another form of a thing of which one is made: what is set for one form only, and left to the library for the other, is not said.
fn other_form(known: &mut Finding, mut other: Finding) {
    let same = |a: &Fact, b: &Fact| a.key == b.key && a.value == b.value;
    let may_stay = |fact: &Fact, beside: &[Fact]| {
        let is_default = |fact: &Fact| fact.provenance == Provenance::Default;
        beside.iter().any(|one| same(fact, one)) || !is_default(fact) && !beside.iter().any(|one| one.key == fact.key && is_default(one))
    };
    let facts = known.facts.clone();
    known.facts.retain(|fact| may_stay(fact, &other.facts));
    other.facts.retain(|fact| may_stay(fact, &facts) && !facts.iter().any(|one| same(one, fact)));
    known.facts.append(&mut other.facts);
    known.sites.append(&mut other.sites);
}

/// The statics among the declared ones that hold what a call makes, and nothing else does.
fn filled_statics(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, declared: &FxHashMap<DefId, usize>) -> Vec<usize> {
    match &call.bound {
        Bound::Static(of) => declared.get(of).copied().into_iter().collect(),
        Bound::Result => {
            let is_static = |id: &DefId| matches!(cx.world.program.def(*id).item.kind, ItemKind::Static(_));
            let callers = callers(cx, body.def);
            if !callers.iter().all(|(caller, ..)| is_static(caller)) {
                return Vec::new();
            }
            let filled: Option<Vec<usize>> = callers.iter().map(|(caller, ..)| declared.get(caller).copied()).collect();
            filled.unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// A function that makes the thing and is called from several places makes several things: one item for each call beyond
/// the first. Only calls that `main` reaches by plain calls count: they happen once each.
fn instances(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, first: &mut Finding) -> Vec<Finding> {
    let counts = matches!(first.kind, Kind::Pool | Kind::SdkClient | Kind::Cache | Kind::EmbeddedDb | Kind::Session);
    if !counts || !matches!(call.bound, Bound::Result | Bound::Field(..)) {
        return Vec::new();
    }
    let mut func = body.def;
    for _ in 0..4 {
        let callers = callers(cx, func);
        match callers {
            [(caller, at, own)] => {
                let _ = at;
                // A maker of makers hands on what it got.
                if !matches!(own, Bound::Result) {
                    return Vec::new();
                }
                func = *caller;
            }
            [] => return Vec::new(),
            several => {
                let starts: Vec<&(DefId, At, Bound)> = several.iter().filter(|(caller, ..)| starts_up(cx, *caller)).collect();
                if starts.len() < 2 {
                    return Vec::new();
                }
                let mut more: Vec<Finding> = starts.iter().skip(1).map(|(caller, at, _)| instance(cx, first, *caller, *at)).collect();
                // Who uses which of several is known where each service makes one only.
                let services: Vec<_> =
                    starts.iter().flat_map(|(caller, ..)| cx.reaching(*caller, cx.world.program.services_of(*caller))).collect();
                let each_its_own = services.iter().collect::<FxHashSet<_>>().len() == services.len();
                more.iter_mut().filter(|_| each_its_own).for_each(|one| one.uses.clone_from(&first.uses));
                first.sites.push(cx.site(starts[0].1, Role::Constructed, starts[0].0));
                first.made_for = Some(starts[0].0);
                return more;
            }
        }
    }
    Vec::new()
}

/// Called by `main`, or by what `main` spawns: once in the life of a process.
fn starts_up(cx: &Cx<'_>, func: DefId) -> bool {
    cx.from_main.contains_key(&func) || cx.started.contains(&func)
}

fn callers<'c>(cx: &'c Cx<'_>, func: DefId) -> &'c [(DefId, At, Bound)] {
    cx.uses.calls.get(&func).map_or(&[], Vec::as_slice)
}

fn instance(cx: &Cx<'_>, first: &Finding, caller: DefId, at: At) -> Finding {
    let what = match &first.origin {
        Origin::Called { what, .. } => what.clone(),
        Origin::Declared(path) => path.clone(),
    };
    let mut out = first.clone();
    out.name = smol_str::format_smolstr!("{} in {}", first.name, cx.short_name(caller));
    out.origin = Origin::Called { function: cx.path(caller), what };
    out.def = caller;
    out.made_for = Some(caller);
    out.sites = vec![cx.site(at, Role::Constructed, caller)];
    out.uses = Vec::new();
    out
}

/// Shapes that make something that stays; the others have a detector of their own.
fn is_made_here(api: &Api, kind: Kind) -> bool {
    match api.shape {
        Shape::Constructor | Shape::Part | Shape::Channel | Shape::Global | Shape::ConfigLoad | Shape::Macro => {
            !matches!(kind, Kind::FsWrite | Kind::ThreadLocal)
        }
        Shape::Call => !matches!(kind, Kind::FsWrite | Kind::BackgroundTask),
        Shape::Read => kind == Kind::ReferenceData,
        _ => false,
    }
}

/// The argument is a parameter of the function itself.
pub(super) fn hands_on(value: &Value, of: DefId) -> bool {
    matches!(value, Value::Param { func, .. } if *func == of)
}

/// A client that another one of its family is made around: `reqwest` and `reqwest_middleware`.
pub(super) fn is_client_within(cx: &Cx<'_>, call: &KnownCall, holder: &KnownCall) -> bool {
    let (inner, outer) = (cx.api(call.hit.entry), cx.api(holder.hit.entry));
    let (own, around) = (cx.world.catalog.origin(call.hit.entry).0, cx.world.catalog.origin(holder.hit.entry).0);
    let are_made = inner.shape == Shape::Constructor && outer.shape == Shape::Constructor;
    are_made && matches!(inner.kind, Some(Kind::SdkClient | Kind::Pool)) && inner.kind == outer.kind && around.starts_with(own.as_str())
}

/// An ingredient of the call in whose arguments it stands.
fn belongs_to(cx: &Cx<'_>, call: &KnownCall, holder: &KnownCall) -> bool {
    let (inner, outer) = (cx.api(call.hit.entry), cx.api(holder.hit.entry));
    match inner.shape {
        Shape::Part => {
            let ingredient = inner.kind == outer.kind
                || !matches!(
                    inner.kind,
                    Some(
                        Kind::Limiter
                            | Kind::Cache
                            | Kind::Session
                            | Kind::Telemetry
                            | Kind::Queue
                            | Kind::BackgroundTask
                            | Kind::FsWrite
                            | Kind::StartupConfig
                    )
                );
            ingredient && !matches!(outer.shape, Shape::Spawn | Shape::Write | Shape::None)
        }
        // A client around a client of the same family is one client.
        Shape::Constructor => call.hit.entry == holder.hit.entry || is_client_within(cx, call, holder),
        _ => false,
    }
}

fn returns_nothing_kept(call: &KnownCall) -> bool {
    call.settings.is_empty() && call.also.is_empty()
}

/// Adds what an initialiser says to the item of its static.
fn complete(cx: &Cx<'_>, finding: &mut Finding, body: &BodyFacts, index: usize) {
    let call = &body.known[index];
    let api = cx.api(call.hit.entry);
    finding.sites.push(cx.site(call.at, Role::Constructed, body.def));
    finding.facts.extend(facts(cx, body, index));
    if finding.entry.is_none() && finding.kind == Kind::Static && matches!(api.shape, Shape::Constructor | Shape::Channel) {
        finding.kind = api.kind.unwrap_or(finding.kind);
        finding.entry = Some(call.hit.entry);
        finding.label = SmolStr::new(&api.label);
        finding.class = Class::Mutable;
    }
    // Of the forms that one type has, the call says which it is: `RateLimiter::keyed(…)`.
    let of_one_crate = |known: EntryId| cx.world.catalog.origin(known).0 == cx.world.catalog.origin(call.hit.entry).0;
    let is_form = finding.entry.is_some_and(|known| known != call.hit.entry && of_one_crate(known)) && api.kind == Some(finding.kind);
    if is_form && api.shape == Shape::Constructor && matches!(call.bound, Bound::Result) {
        finding.entry = Some(call.hit.entry);
        finding.label = SmolStr::new(&api.label);
    }
    if finding.backs_on.is_none() {
        finding.backs_on.clone_from(&api.backs_on);
    }
}

/// Data that a library reads and holds: templates, word lists.
fn is_read_data(kind: Kind, shape: Shape) -> bool {
    kind == Kind::ReferenceData && shape == Shape::Constructor
}

/// The function gives back a value of that type, or of a type of the workspace that may hold it.
fn is_given_back(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> bool {
    fn holds(ty: &Type, made: &Type, depth: u32) -> bool {
        let inside = |ty: &Type| depth < 6 && holds(ty, made, depth + 1);
        match ty {
            Type::Def(..) => true,
            Type::Foreign(path, args) => Some(path) == made.path() || args.iter().any(inside),
            Type::Tuple(all) => all.iter().any(inside),
            Type::Slice(inner) => inside(inner),
            _ => false,
        }
    }
    let made = match &call.makes {
        Type::Foreign(path, args) if path.ends_with("::Result") || path.ends_with("::Option") => args.first().unwrap_or(&call.makes),
        made => made,
    };
    holds(cx.world.signatures.value(body.def), made, 0)
}

fn made(cx: &Cx<'_>, body: &BodyFacts, index: usize, kind: Kind) -> Finding {
    let call = &body.known[index];
    let api = cx.api(call.hit.entry);
    let mut sites = vec![cx.site(call.at, Role::Constructed, body.def)];
    for (_, at) in &call.also {
        if at.span.line != call.at.span.line {
            sites.push(cx.site(*at, Role::Constructed, body.def));
        }
    }
    let given = given_beside(cx, body, call);
    sites.extend(given.map(|given| cx.site(given.at, Role::Constructed, body.def)));
    let mut uses = Vec::new();
    if let Bound::Field(of, field) = &call.bound
        && let Some(at) = field_at(cx, *of, field)
    {
        sites.push(cx.site(at, Role::Declared, *of));
        uses = field_uses(cx, *of, field, body.def);
    }
    let mut facts = facts(cx, body, index);
    let mut scope = api.scope.unwrap_or(kind.usual_scope());
    let cookie = cookie_name(cx, call, api);
    if cookie.is_some() && (facts.iter().any(ends_at_once) || is_emptied(cx, call, &facts)) {
        // What takes a cookie away says nothing of how it is kept.
        facts.retain(|fact| !api.knobs.iter().any(|knob| knob.name == fact.key));
    }
    let origin = match &cookie {
        // Known by its name, wherever in the crate it is set, changed or removed.
        Some(name) => Origin::Called { function: cx.path(body.def).split("::").next().unwrap_or_default().into(), what: name.clone() },
        None => Origin::Called { function: place_of(cx, body, api, kind), what: target(call) },
    };
    // A token that says itself how long it is good for.
    if kind == Kind::ClientHeld && api.knobs.iter().any(|knob| knob.name == "exp") {
        facts.extend(tokens::claimed(cx, body, &call.args));
    }
    if kind == Kind::Os && call.path.ends_with("::ctrl_c") {
        facts.push(Cx::plain_fact("signal", "interrupt"));
    }
    if kind == Kind::StartupConfig && api.label == "command line" {
        facts.extend(command_line::put_together(cx, body.def));
    }
    facts.extend(cookie.as_ref().map(|name| Cx::plain_fact("cookie", name.as_str())));
    if let (Kind::SdkClient, Bound::Field(of, field)) = (kind, &call.bound)
        && !facts.iter().any(|fact| matches!(fact.key.as_str(), "base_url" | "address" | "endpoint"))
    {
        facts.extend(address_beside(cx, *of, field, call.at));
    }
    let kept = matches!(call.bound, Bound::Field(..) | Bound::Result);
    let ends_with_call = matches!(kind, Kind::Queue | Kind::Limiter | Kind::Cache | Kind::Pool | Kind::SdkClient)
        || is_read_data(kind, api.shape) && !is_given_back(cx, body, call);
    // In a variable of a function that serves requests it ends with the call, whoever else calls the function.
    let is_variable = || matches!(call.bound, Bound::Let(_)) && cx.serving.contains(&body.def) && !is_given_back(cx, body, call);
    if !kept
        && ends_with_call
        && let Some(lifetime) = cx.lifetime_at(body, call.at).or_else(|| is_variable().then_some(Fact::EACH_CALL))
    {
        facts.push(Cx::plain_fact("lifetime", lifetime));
        scope = Scope::Task;
    }
    // Made and dropped again by a function that something calls again and again, not by one of the start-up or of a task.
    let is_once = cx.starts_or_stays(body);
    if scope == Scope::Process && call.stays && !is_once && matches!(kind, Kind::Pool | Kind::SdkClient) {
        let of_static = matches!(cx.world.program.def(body.def).item.kind, ItemKind::Static(_));
        facts.push(Cx::plain_fact("lifetime", if of_static { "only while the value is made" } else { Fact::EACH_CALL }));
        scope = Scope::Task;
    }
    if let (Bound::Field(of, _), Scope::Process) = (&call.bound, scope) {
        facts.extend(cx.lifetime_in(*of));
    }
    Finding {
        scope,
        is_call: api.shape == Shape::Call,
        inside: spawn_around(cx, body, call),
        confidence: if call.hit.exact { Confidence::Certain } else { Confidence::Likely },
        sites,
        uses,
        facts,
        label: given.map_or_else(|| SmolStr::new(&api.label), |given| random_unless(cx, &api.label, given)),
        ty: field_type(cx, call).or_else(|| made_type(cx, call)),
        backs_on: store_of(cx, body, index),
        entry: Some(call.hit.entry),
        ..Finding::new(
            "constructors",
            kind,
            body.def,
            match cookie {
                Some(name) => name,
                None if kind == Kind::Session && api.shape == Shape::Call => {
                    place_of(cx, body, api, kind).rsplit("::").next().unwrap_or_default().into()
                }
                None => name_of(cx, body, call),
            },
            origin,
        )
    }
}

/// The address that a struct keeps beside its client, where there is one such field: `{ client, base_url }`.
fn address_beside(cx: &Cx<'_>, of: DefId, client: &str, at: At) -> Option<Fact> {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return None };
    let is_address = |name: &str| {
        let words = ["url", "uri", "host", "base", "endpoint", "origin"];
        name.split('_').any(|word| words.contains(&word))
    };
    let is_text = |name: &str| {
        let path = cx.world.signatures.field(of, name).and_then(Type::path);
        path.is_some_and(|path| path.ends_with("::Url") || path.ends_with("::Uri") || path.ends_with("::String") || path == "str")
    };
    let mut found = facts.fields.iter().filter(|field| field.name != client && is_address(&field.name) && is_text(&field.name));
    let (field, None) = (found.next()?, found.next()) else { return None };
    let value = Value::Field { of, field: field.name.clone(), text: SmolStr::default(), at };
    let fact = cx.fact("base_url", None, &value);
    let is_told = match &fact.value {
        // A link with what only one call knows is no base.
        Some(value) => {
            !value.to_string().contains(['{', '?']) && (fact.provenance != Provenance::Code || value.to_string().contains("://"))
        }
        None => fact.provenance == Provenance::Env && fact.from.is_some(),
    };
    is_told.then_some(fact)
}

/// The call that spawns the task in which another call stands.
fn spawn_around(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> Option<At> {
    let mut around = call.within;
    for _ in 0..16 {
        let outer = &body.known[around?];
        if cx.api(outer.hit.entry).shape == Shape::Spawn {
            return Some(outer.at);
        }
        around = outer.within;
    }
    None
}

/// The name under which a browser keeps a cookie, where the code says it.
fn cookie_name(cx: &Cx<'_>, call: &KnownCall, api: &Api) -> Option<SmolStr> {
    let named = matches!(call.path.rsplit("::").next(), Some("build" | "new" | "named"));
    if !named || api.label != COOKIE {
        return None;
    }
    cookie_called(cx, call.args.first()?)
}

/// What the catalog calls cookies.
pub(super) const COOKIE: &str = "browser cookie";

/// The name of a cookie, if it is one.
pub(super) fn cookie_called(cx: &Cx<'_>, name: &Value) -> Option<SmolStr> {
    match cx.flow.settle(cx.world, name).value? {
        FactValue::Text(name) if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) => {
            Some(name.into())
        }
        _ => None,
    }
}

/// A cookie that is over as soon as it is set: the browser is told to forget the one of its name.
fn ends_at_once(fact: &Fact) -> bool {
    let is_nothing = |text: &str| text.strip_prefix('0').is_some_and(|unit| unit.chars().all(char::is_alphabetic));
    fact.key == "max_age" && fact.value.as_ref().is_some_and(|value| is_nothing(&value.to_string()))
}

/// A cookie that is set to nothing, and not for some time, which is how one is taken away: `Cookie::build("session", "")`.
fn is_emptied(cx: &Cx<'_>, call: &KnownCall, facts: &[Fact]) -> bool {
    if facts.iter().any(|fact| fact.key == "max_age" && fact.provenance != Provenance::Default) {
        return false;
    }
    let value = call.args.get(1).and_then(|value| cx.flow.settle(cx.world, value).value);
    matches!(value, Some(FactValue::Text(text)) if text.is_empty())
}

/// The function; for what a session holds, the type or module whose functions fill it.
fn place_of(cx: &Cx<'_>, body: &BodyFacts, api: &Api, kind: Kind) -> SmolStr {
    let path = cx.path(body.def);
    match path.rsplit_once("::") {
        Some((around, _)) if kind == Kind::Session && api.shape == Shape::Call => SmolStr::new(around),
        _ => path,
    }
}

/// The type that a field is declared with, where it says more than what is made: `Cache<String, Page>`.
fn field_type(cx: &Cx<'_>, call: &KnownCall) -> Option<String> {
    let Bound::Field(of, field) = &call.bound else { return None };
    let ty = cx.world.signatures.field(*of, field)?;
    let path = ty.path().filter(|path| cx.api(call.hit.entry).types.contains(path))?;
    let is_told = !ty.args().is_empty() && ty.args().iter().all(Type::is_known);
    is_told.then(|| cx.world.program.show(ty)).filter(|shown| shown.len() > path.rsplit("::").next().map_or(0, str::len))
}

/// The type made; a chain that hands its builder on ends in what the builder builds.
fn made_type(cx: &Cx<'_>, call: &KnownCall) -> Option<String> {
    let api = cx.api(call.hit.entry);
    let is_left_behind = |path| !api.types.contains(path) && (api.returns.is_some() || !api.types.is_empty());
    match call.makes.path() {
        Some(path) if api.builders.contains(path) => api.built_by(path).and_then(|ty| ty.rsplit("::").next()).map(str::to_owned),
        // What a call leaves behind is not what it made: `Output` of a child process.
        Some(path) if api.shape == Shape::Call && path.starts_with("std::") && is_left_behind(path) => None,
        _ => (call.makes != Type::Unknown).then(|| cx.world.program.show(&call.makes)),
    }
}

/// The type that a constructor belongs to, or the function itself.
fn target(call: &KnownCall) -> SmolStr {
    let path = call.path.as_str();
    match path.rsplit_once("::") {
        Some((owner, _)) if owner.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase)) => SmolStr::new(owner),
        _ => SmolStr::new(path),
    }
}

fn name_of(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> SmolStr {
    match &call.bound {
        Bound::Field(of, field) if field != "0" => smol_str::format_smolstr!("{}.{field}", cx.short_name(*of)),
        Bound::Field(of, _) => cx.short_name(*of),
        // What a child process leaves behind (`output`, `status`) is no name for it.
        Bound::Let(name) if !is_vague(name) && !is_child(cx, call) => name.clone(),
        _ => cx.maker_name(body.def),
    }
}

fn is_child(cx: &Cx<'_>, call: &KnownCall) -> bool {
    cx.api(call.hit.entry).label == "child process"
}

fn is_vague(name: &str) -> bool {
    name.len() < 3
        || matches!(
            name,
            "builder"
                | "options"
                | "opts"
                | "config"
                | "conf"
                | "res"
                | "result"
                | "this"
                | "inner"
                | "sender"
                | "send"
                | "client"
                | "pool"
                | "cache"
                | "conn"
                | "data"
                | "file"
                | "store"
                | "value"
        )
}

pub(super) fn field_at(cx: &Cx<'_>, of: DefId, field: &str) -> Option<At> {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return None };
    let fact = facts.fields.iter().find(|fact| fact.name == *field)?;
    Some(At { file: cx.file_index(of), span: fact.span })
}

fn field_uses(cx: &Cx<'_>, of: DefId, field: &str, own: DefId) -> Vec<(At, DefId, Access)> {
    let uses = cx.uses.fields.get(&(of, SmolStr::new(field)));
    uses.into_iter().flatten().filter(|(_, user, _)| *user != own).copied().collect()
}
