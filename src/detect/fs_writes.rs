//! Detector `fs-writes`: see `fs_writes.md`.

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::folders::{Behind, Opened};
use super::knobs;
use super::lifting::{Callers, Placed};
use crate::catalog::{Api, FsOp, Shape};
use crate::model::{Confidence, Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{BodyFacts, Bound, KnownCall, Value};

/// The backend of a store that writes to no other machine.
const LOCAL: &str = "local disk";

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let (callers, folders, opened) = (Callers::new(cx), cx.folders(), Opened::new(cx));
    for body in cx.bodies() {
        let mut writes = Vec::new();
        for call in &body.known {
            let api = cx.api(call.hit.entry);
            let Some(kind) = api.kind else { continue };
            let is_write =
                api.shape == Shape::Write || (kind == Kind::FsWrite && matches!(api.shape, Shape::Constructor | Shape::Call | Shape::Part));
            if !is_write || only_reads(call) || !needs_met(cx, &api.needs) {
                continue;
            }
            let behind = if api.needs.is_empty() { Behind::Unknown } else { folders.of(cx, call.recv.as_ref()) };
            let folder = match behind {
                Behind::Elsewhere => continue,
                // A store from out of sight, where the code knows others: it may be on another machine as well.
                Behind::Unknown if is_elsewhere(cx, api) => continue,
                Behind::Folder(folder) => Some(folder),
                Behind::Local | Behind::Unknown => None,
            };
            let path = opened.below(api, call.at).or_else(|| path_of(api, call, folder.clone()));
            let here = path.clone().unwrap_or(Value::Unknown(SmolStr::default()));
            let decided = callers.decide(cx, Placed { at: call.at, def: body.def, value: here, with: Vec::new() });
            writes.push((call, kind, path, folder, decided));
        }
        // One place decides, or none that is known: the write is told where it stands. So is what a function does in
        // several steps, such as writing beside a file and renaming it then.
        let is_helper = writes.iter().filter(|(.., decided)| decided.known.len() > 1).count() == 1;
        for (call, kind, path, folder, decided) in writes {
            out.extend(beside(cx, body, call));
            let through = is_helper && decided.known.len() > 1;
            if !through || decided.open {
                out.push(write(cx, body, call, kind, path.as_ref(), folder.as_ref()));
            }
            if through {
                out.extend(decided.known.values().map(|places| write_through(cx, body, call, kind, places, folder.is_some())));
            }
        }
    }
}

/// The path that a call writes to: in the folder of the store it is called on, if it is one.
fn path_of(api: &Api, call: &KnownCall, folder: Option<Value>) -> Option<Value> {
    let path = match api.path_arg {
        Some(-1) => call.recv.as_ref(),
        Some(at) => usize::try_from(at).ok().and_then(|at| argument(call, at)),
        None => None,
    };
    let separator = || Value::Known(FactValue::Text("/".to_owned()), false, call.at);
    // Whatever the library calls it.
    let path = path.map(|path| {
        let random = Value::Known(FactValue::Text("{random}".to_owned()), false, call.at);
        if api.named_by_itself { Value::Join(vec![path.clone(), separator(), random]) } else { path.clone() }
    });
    match (folder, path) {
        (Some(folder), Some(path)) => Some(Value::Join(vec![folder, separator(), path])),
        (folder, path) => path.or(folder),
    }
}

/// A write by a function of the workspace to the path that some callers give it.
fn write_through(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, kind: Kind, places: &[Placed], in_folder: bool) -> Finding {
    let first = &places[0];
    let folder = match &first.value {
        Value::Join(parts) if in_folder => parts.first(),
        _ => None,
    };
    let mut out = write(cx, body, call, kind, Some(&first.value), folder);
    out.sites = places.iter().map(|place| cx.site(place.at, Role::Written, place.def)).collect();
    out.def = first.def;
    if let Origin::Called { function, .. } = &mut out.origin {
        *function = cx.path(first.def);
    }
    // Several callers may write different files there.
    let mut paths: Vec<String> = Vec::new();
    for place in places {
        if let Some(path) = cx.flow.settle(cx.world, &place.value).value.map(|path| path.to_string())
            && !paths.contains(&path)
        {
            paths.push(path);
        }
    }
    if let (Some(fact), [_, _, ..]) = (out.facts.iter_mut().find(|fact| fact.key == "path"), paths.as_slice()) {
        fact.value = Some(FactValue::Text(paths.join(" or ")));
    }
    out.facts.push(Cx::plain_fact("through", cx.short_name(body.def)));
    out
}

/// Some body names one of the paths that the entry needs.
fn needs_met(cx: &Cx<'_>, needs: &[SmolStr]) -> bool {
    needs.is_empty() || needs.iter().any(|path| cx.uses.foreign.contains(path))
}

/// Where the storage library keeps the file: on the local disk, or elsewhere where the code knows another backend, too.
fn backend(cx: &Cx<'_>, api: &Api, folder: Option<&Value>) -> Option<Fact> {
    if api.needs.is_empty() {
        return None;
    }
    let elsewhere = is_elsewhere(cx, api);
    let mut out = Cx::plain_fact("backend", if elsewhere { "local disk or object store" } else { LOCAL });
    if let Some(settled) = folder.map(|folder| cx.flow.settle(cx.world, folder)).filter(|_| elsewhere)
        && settled.provenance != Provenance::Code
    {
        (out.provenance, out.from) = (settled.provenance, settled.from);
    }
    Some(out)
}

/// The code names a backend on another machine.
fn is_elsewhere(cx: &Cx<'_>, api: &Api) -> bool {
    api.elsewhere.iter().any(|start| cx.uses.foreign.iter().any(|path| path.starts_with(start.as_str())))
}

/// `OpenOptions` without any option that writes.
fn only_reads(call: &KnownCall) -> bool {
    let opens = call.path.contains("OpenOptions") || call.also.iter().any(|(path, _)| path.contains("OpenOptions"));
    let writes = ["write", "append", "create", "create_new", "truncate"];
    opens && !call.settings.iter().any(|setting| writes.contains(&setting.name.as_str()))
}

fn write(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, kind: Kind, path: Option<&Value>, folder: Option<&Value>) -> Finding {
    let api = cx.api(call.hit.entry);
    let mut facts = Vec::new();
    let mut literal = None;
    if let Some(path) = path {
        let fact = named_by_setting(cx.fact("path", None, path));
        let by_key = named_by_setting(cx.settled("path", None, cx.flow.settle_by_key(cx.world, path)));
        literal = by_key.value.or_else(|| fact.value.clone()).map(|path| path.to_string());
        if fact.value.is_some() || fact.from.is_some() {
            facts.push(fact);
        }
    }
    let backend = backend(cx, api, folder);
    // Which of several backends this store has is not known.
    let sure =
        call.hit.exact && (folder.is_some() || !backend.as_ref().is_some_and(|fact| fact.value != Some(FactValue::Text(LOCAL.to_owned()))));
    facts.extend(backend);
    let appends = call.settings.iter().any(|setting| setting.name == "append");
    let op = api.op.map_or(FsOp::Write, |op| if op == FsOp::Write && appends { FsOp::Append } else { op });
    facts.push(Cx::plain_fact("op", op.as_str()));
    facts.extend(knobs::habits(api));
    if api.removed_on_drop.as_ref().is_some_and(|keeping| is_kept(cx, body, call, keeping)) {
        facts.push(Cx::plain_fact(Fact::KEPT, "yes"));
    }
    facts.extend(generated(cx, body));
    let what = literal.clone().map_or_else(|| call.path.clone(), SmolStr::from);
    let mut sites = vec![cx.site(call.at, Role::Written, body.def)];
    sites.extend(call.also.iter().filter(|(_, at)| at.span.line != call.at.span.line).map(|(_, at)| cx.site(*at, Role::Written, body.def)));
    Finding {
        scope: api.scope.unwrap_or(kind.usual_scope()),
        is_call: api.shape == Shape::Write,
        confidence: if sure { Confidence::Certain } else { Confidence::Likely },
        sites,
        facts,
        label: SmolStr::new(&api.label),
        // A clone on disk is a copy of what lies elsewhere.
        backs_on: api.backs_on.clone().filter(|store| cx.world.catalog.wrappers().is_store(store)),
        entry: Some(call.hit.entry),
        ..Finding::new(
            "fs-writes",
            kind,
            body.def,
            literal.map_or_else(|| cx.maker_name(body.def), SmolStr::from),
            Origin::Called { function: cx.path(body.def), what },
        )
    }
}

/// How long a key is that is made and then written: where one key is made, and one file written.
fn generated(cx: &Cx<'_>, body: &BodyFacts) -> Vec<Fact> {
    let is_content = |call: &KnownCall| cx.api(call.hit.entry).shape == Shape::Content;
    let is_write = |call: &&KnownCall| cx.api(call.hit.entry).kind == Some(Kind::FsWrite) && !is_content(call);
    let contents: Vec<usize> = (0..body.known.len()).filter(|at| is_content(&body.known[*at])).collect();
    match contents.as_slice() {
        [only] if body.known.iter().filter(is_write).count() == 1 => knobs::facts(cx, body, *only),
        _ => Vec::new(),
    }
}

/// What the call sets up beside the write.
fn beside(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> Option<Finding> {
    let beside = cx.api(call.hit.entry).beside.as_ref()?;
    let origin = Origin::Called { function: cx.path(body.def), what: call.path.clone() };
    let signals = beside.signals_arg.and_then(|at| call.args.get(usize::from(at)));
    Some(Finding {
        sites: vec![cx.site(call.at, Role::Constructed, body.def)],
        facts: signals.map(signals_in).unwrap_or_default(),
        label: SmolStr::new(&beside.label),
        ..Finding::new("fs-writes", beside.kind?, body.def, cx.maker_name(body.def), origin)
    })
}

/// The signals that an argument names: `[SIGHUP]`, `Some(libc::SIGUSR1)`.
fn signals_in(value: &Value) -> Vec<Fact> {
    const NAMES: [(&str, &str); 6] = [
        ("SIGHUP", "hangup"),
        ("SIGINT", "interrupt"),
        ("SIGQUIT", "quit"),
        ("SIGTERM", "terminate"),
        ("SIGUSR1", "user_defined1"),
        ("SIGUSR2", "user_defined2"),
    ];
    let text = match value {
        Value::Unknown(text) => text.to_string(),
        other => other.known_text().unwrap_or_default(),
    };
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    NAMES.iter().filter(|(name, _)| words.contains(name)).map(|(_, signal)| Cx::plain_fact("signal", *signal)).collect()
}

/// A path that is a setting as it stands is followed as well as one with something behind it: `{storage.folder}`.
fn named_by_setting(mut fact: Fact) -> Fact {
    let Some(from) = fact.from.as_ref().filter(|_| fact.value.is_none()) else { return fact };
    let named = match fact.provenance {
        // The argument of a command is no key of a file.
        Provenance::Settings if from.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_lowercase())) => format!("{{{from}}}"),
        Provenance::Env => format!("${{{from}}}"),
        _ => return fact,
    };
    // Each write would give a place of its own to one and the same setting.
    (fact.value, fact.at) = (Some(FactValue::Text(named)), None);
    fact
}

/// The argument, of the call itself or of the one that ended its chain (`OpenOptions::new().create(true).open(path)`).
fn argument(call: &KnownCall, at: usize) -> Option<&Value> {
    let end = call.also.last().and_then(|(path, _)| path.rsplit("::").next());
    let ends = end.and_then(|end| call.settings.iter().rev().find(|setting| setting.name == end));
    // What follows on a path that was given at once is about its contents: `store.writer(path).write(bytes)`.
    let own = call.args.get(at).filter(|_| !call.path.contains("OpenOptions"));
    let found = own.or_else(|| ends.and_then(|setting| setting.args.get(at))).or_else(|| call.args.get(at));
    // `options.create(true)`: no path.
    found.filter(|value| !matches!(value, Value::Known(FactValue::Bool(_) | FactValue::Int(_), ..)))
}

/// What would be removed when it is dropped is told to stay, here or by whoever is given it.
fn is_kept(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, keeping: &[SmolStr]) -> bool {
    let krate = |path: &SmolStr| path.split("::").next().map(str::to_owned);
    let own = krate(&call.path);
    let keeps = |path: &SmolStr| krate(path) == own && path.rsplit("::").next().is_some_and(|last| keeping.iter().any(|name| name == last));
    let in_body = keeping.iter().any(|name| body.names.binary_search(name).is_ok());
    let is_handed_on = !matches!(call.bound, Bound::Let(_) | Bound::Dropped);
    in_body || is_handed_on && cx.bodies().any(|other| other.foreign.iter().any(keeps))
}
