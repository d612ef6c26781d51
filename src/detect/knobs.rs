//! The options of what constructors make, as facts: part of detector `constructors`.

use smol_str::{SmolStr, format_smolstr};

use super::constructors::is_client_within;
use super::context::Cx;
use super::folders::Behind;
use super::surroundings;
use crate::catalog::{Api, Knob, Shape};
use crate::model::{Fact, FactValue, Kind, Provenance};
use crate::resolve::{BodyFacts, Bound, KnownCall, Options, SENT_HEADER, Value};

/// Layers and the like beyond these are not told.
const MAX_LISTED: usize = 8;

/// A line of names of variables.
const MAX_LINE: usize = 110;

/// What is set in a branch only ends so.
const ON_CONDITION: &str = " on a condition";

/// A longer expression is not told among others.
const MAX_TEXT: usize = 60;

/// What the chain sets, what its ingredients set, and the defaults of the rest where nothing else can have set them.
pub(super) fn facts(cx: &Cx<'_>, body: &BodyFacts, index: usize) -> Vec<Fact> {
    let call = &body.known[index];
    let api = cx.api(call.hit.entry);
    // Where settings come from is no knob of what is made with them, and neither is a file that a closure writes.
    let is_part = |part: &&KnownCall| match cx.api(part.hit.entry).kind {
        Some(kind @ (Kind::StartupConfig | Kind::FsWrite)) => api.kind == Some(kind),
        _ => true,
    };
    let parts: Vec<&KnownCall> = body.known.iter().filter(|part| part.within == Some(index)).filter(is_part).collect();
    // Ingredients of ingredients.
    let below: Vec<&KnownCall> = (0..body.known.len()).filter(|at| is_below(body, *at, index)).map(|at| &body.known[at]).collect();
    let mut out = Vec::new();
    if let Some(path) = api.path_arg.and_then(|at| usize::try_from(at).ok()).and_then(|at| call.args.get(at)) {
        let fact = cx.fact("path", None, &in_folder(cx, call, path));
        if fact.value.is_some() || fact.from.is_some() {
            out.push(fact);
        }
    }
    let mut named: Vec<SmolStr> = Vec::new();
    let mut reads: Vec<&SmolStr> = Vec::new();
    // Set to an ingredient that is told instead.
    let mut spoken_for: Vec<&SmolStr> = Vec::new();
    let default_of = |knob: &'_ Knob, call: &KnownCall| {
        let asked = || cx.world.program.features(body.def, &call.path);
        let is_there = knob.feature.as_ref().is_none_or(|feature| cx.world.catalog.is_on(call.hit.entry, feature, asked()));
        knob.default_in(cx.requirement(body.def, &call.path)).filter(|_| is_there).cloned()
    };
    for knob in &api.knobs {
        if knob.named || knob.many {
            named.push(knob.name.clone());
            out.extend(listed(cx, call, knob));
            continue;
        }
        // What several ingredients of a kind say differs between them: it is told of none.
        let of_part = match parts.iter().filter_map(|part| set_by_method(cx, part, knob)).collect::<Vec<_>>().as_slice() {
            [only] if api.kind != Some(Kind::BackgroundTask) => Some(only.clone()),
            _ => None,
        };
        let own = set(cx, call, knob);
        if of_part.is_none() && own.as_ref().is_some_and(|fact| below.iter().any(|part| speaks_for(cx, part, fact))) {
            spoken_for.push(&knob.name);
            continue;
        }
        if let Some(fact) = own.or(of_part) {
            named.push(knob.name.clone());
            out.push(fact);
        } else if let Some(default) =
            default_of(knob, call).filter(|_| knob.told && knob.fixed || !knob.fixed && leaves_default(api, knob, call, &parts))
        {
            named.push(knob.name.clone());
            out.push(default_fact(knob, &default));
            reads.extend(&knob.reads);
        }
    }
    let entries: Vec<_> = below.iter().map(|part| part.hit.entry).collect();
    let single =
        |part: &&KnownCall| api.kind != Some(Kind::BackgroundTask) && entries.iter().filter(|entry| **entry == part.hit.entry).count() == 1;
    // The schema of a database is not told by how the pool to it is set.
    let is_about = |part: &&KnownCall| api.kind != Some(Kind::ExternalStore) || cx.api(part.hit.entry).kind != Some(Kind::Pool);
    let is_client = |part: &&&KnownCall| part.hit.entry != call.hit.entry && is_client_within(cx, part, call);
    let clients: Vec<&KnownCall> =
        parts.iter().filter(|part| single(part)).filter(is_client).filter(|part| defaults_hold(part, &[])).copied().collect();
    for part in parts.into_iter().filter(single).filter(is_about) {
        for knob in &cx.api(part.hit.entry).knobs {
            if knob.named || knob.many {
                out.extend(listed(cx, part, knob));
            } else if !named.contains(&knob.name)
                && let Some(fact) = set(cx, part, knob)
                && !below.iter().any(|inner| !std::ptr::eq(*inner, part) && speaks_for(cx, inner, &fact))
            {
                named.push(knob.name.clone());
                out.push(fact);
            }
        }
    }
    // A client that is handed to another one keeps its own defaults.
    for part in clients {
        for knob in cx.api(part.hit.entry).knobs.iter().filter(|knob| !knob.fixed && !knob.named && !knob.many) {
            if let (Some(default), false) = (default_of(knob, part), named.contains(&knob.name)) {
                named.push(knob.name.clone());
                out.push(default_fact(knob, &default));
                reads.extend(&knob.reads);
            }
        }
    }
    let of_parts = body.known.iter().filter(|part| part.within == Some(index)).flat_map(|part| &cx.api(part.hit.entry).reads);
    out.extend(variables(api.reads.iter().chain(of_parts).chain(reads)));
    without_what_is_excepted(api, &spoken_for, &mut out);
    out.extend(sent_headers(cx, call));
    for part in body.known.iter().filter(|part| part.within == Some(index) && single(part)) {
        out.extend(sent_headers(cx, part));
    }
    weighed(&mut out);
    let is_store = matches!(api.kind, Some(Kind::Pool | Kind::SdkClient | Kind::Session | Kind::ExternalStore | Kind::ReferenceData));
    // A key of a session that is no constant is another one each time.
    out.retain(|fact| fact.key != "key" || api.kind != Some(Kind::Session) || fact.value.is_some());
    out.into_iter().filter_map(|fact| if fact.key == "address" && is_store { address(fact) } else { Some(fact) }).collect()
}

/// The path of a file that is read through a store: in its folder, where that is known.
fn in_folder(cx: &Cx<'_>, call: &KnownCall, path: &Value) -> Value {
    match call.recv.as_ref().filter(|_| cx.api(call.hit.entry).shape == Shape::Read).map(|store| cx.folders().of(cx, Some(store))) {
        Some(Behind::Folder(folder)) => {
            let separator = Value::Known(FactValue::Text("/".to_owned()), false, call.at);
            Value::Join(vec![folder, separator, path.clone()])
        }
        _ => path.clone(),
    }
}

/// What a library does by itself, whatever it is told.
pub(super) fn habits(api: &Api) -> impl Iterator<Item = Fact> {
    let told = api.knobs.iter().filter(|knob| knob.fixed && knob.told);
    told.filter_map(|knob| Some(default_fact(knob, knob.default.as_ref()?)))
}

/// The variables that a library reads by itself, a line of them in each fact.
fn variables<'a>(names: impl Iterator<Item = &'a SmolStr>) -> Vec<Fact> {
    let mut lines: Vec<String> = Vec::new();
    let mut told: Vec<&SmolStr> = Vec::new();
    for name in names {
        if told.contains(&name) {
            continue;
        }
        told.push(name);
        match lines.last_mut().filter(|line| line.len() + name.len() < MAX_LINE) {
            Some(line) => {
                line.push_str(", ");
                line.push_str(name);
            }
            None => lines.push(name.to_string()),
        }
    }
    lines.into_iter().map(|line| Fact { provenance: Provenance::Env, ..Cx::plain_fact("reads", line) }).collect()
}

/// A call stands in the arguments of another one, however deep.
fn is_below(body: &BodyFacts, at: usize, index: usize) -> bool {
    let mut around = body.known[at].within;
    for _ in 0..16 {
        match around {
            Some(outer) if outer == index => return true,
            Some(outer) => around = body.known[outer].within,
            None => return false,
        }
    }
    false
}

/// Options that a method gives by name, `pragma("mmap_size", 0)`, and what it adds one by one, `with(layer)`.
fn listed(cx: &Cx<'_>, call: &KnownCall, knob: &Knob) -> Vec<Fact> {
    let given = call.settings.iter().filter(|setting| setting.name == knob.name || knob.set.contains(&setting.name));
    if knob.named {
        let facts = given.filter_map(|setting| {
            let [name, value, ..] = setting.args.as_slice() else { return None };
            let name = cx.flow.settle(cx.world, name).value?.to_string();
            let fact = cx.fact(&format_smolstr!("{} {name}", knob.name), knob.unit.as_ref(), value);
            (fact.value.is_some() || fact.from.is_some()).then_some(fact)
        });
        return facts.take(MAX_LISTED).collect();
    }
    let mut texts: Vec<String> = Vec::new();
    for setting in given {
        let Some(value) = setting.args.first() else { continue };
        let settled = cx.flow.settle(cx.world, value);
        let text = settled.value.map(|value| value.to_string()).or(settled.from).filter(|text| text.chars().count() <= MAX_TEXT);
        // Of outputs, the files are told where they are written.
        let text = if knob.name == "output" { text.and_then(|text| stream(&text).map(str::to_owned)) } else { text };
        texts.extend(text.filter(|text| says_what(text) && !texts.contains(text)));
    }
    texts.truncate(MAX_LISTED);
    let fact = Fact { key: knob.name.clone(), ..Cx::plain_fact("", texts.join(", ")) };
    (!texts.is_empty()).then_some(fact).into_iter().collect()
}

/// A constructor, a type or a field; what a variable is turned into says nothing.
fn says_what(text: &str) -> bool {
    let head = text.split('(').next().unwrap_or(text);
    !text.contains('(') || head.contains("::") || head.starts_with(char::is_uppercase) || head.ends_with("layer")
}

/// From where the values of headers come that are sent; the values themselves may be secrets.
pub(super) fn sent_headers(cx: &Cx<'_>, call: &KnownCall) -> Vec<Fact> {
    let mut out: Vec<Fact> = Vec::new();
    for setting in call.settings.iter().filter(|setting| setting.name == SENT_HEADER) {
        let [Value::Known(FactValue::Text(name), ..), value] = setting.args.as_slice() else { continue };
        let fact = cx.fact(&format_smolstr!("header {name}"), None, value);
        let is_set = matches!(fact.provenance, Provenance::Env | Provenance::Settings) && fact.from.is_some();
        if is_set && out.iter().all(|known| known.key != fact.key) {
            out.push(Fact { value: None, set: Vec::new(), ..fact });
        }
    }
    out
}

/// Where a weigher says how much an entry counts, a bound is no number of entries.
fn weighed(facts: &mut [Fact]) {
    if facts.iter().any(|fact| fact.key == "weigher" && fact.provenance != Provenance::Default) {
        for fact in facts.iter_mut().filter(|fact| fact.unit.as_deref() == Some("entries") && fact.key.contains("capacity")) {
            let is_bound = fact.key.starts_with("max") || fact.key == "capacity";
            fact.unit = Some(SmolStr::new_static(if is_bound { "units of weight" } else { "entries" }));
        }
    }
}

/// An address by what it says or by the name of where it comes from; anything else in its place is a client or a manager.
fn address(mut fact: Fact) -> Option<Fact> {
    // Pairs of names and values hold a password beside the host.
    let is_plain = |text: &str| text.contains("://") || !text.contains(['=', ' ']);
    if let Some(FactValue::Text(text)) = &fact.value
        && !is_plain(text)
    {
        fact.value = None;
    }
    let words = ["url", "uri", "dsn", "host", "addr", "endpoint", "server", "broker", "database", "connection_string"];
    let last = fact.from.as_deref().and_then(|from| from.rsplit('.').next()).unwrap_or("").to_lowercase();
    let is_named = words.iter().any(|word| last.contains(word)) && !last.contains('(');
    (fact.value.is_some() || fact.provenance != Provenance::Code || is_named).then_some(fact)
}

/// An option that is an ingredient with options of its own, which are told: `quota`, made by `Quota::with_period(…)`.
fn speaks_for(cx: &Cx<'_>, part: &KnownCall, fact: &Fact) -> bool {
    let Some(from) = fact.from.as_deref().filter(|_| fact.value.is_none()) else { return false };
    let owner = part.path.rsplit("::").nth(1).unwrap_or(&part.path);
    let says_the_same = |knob: &Knob| set(cx, part, knob).is_some_and(|own| own.from.as_deref() == Some(from));
    // `Quota::with_period`, and not `env::args`.
    let is_type = owner.starts_with(char::is_uppercase);
    is_type && from.contains(&format!("{owner}::")) || cx.api(part.hit.entry).knobs.iter().any(says_the_same)
}

/// `std::io::stdout`, handed over or called: the stream by its name.
fn stream(text: &str) -> Option<&'static str> {
    let path = text.strip_suffix("()").unwrap_or(text);
    ["stdout", "stderr"].into_iter().find(|name| path == *name || path.strip_suffix(name).is_some_and(|before| before.ends_with("::")))
}

/// An output that is one of the streams of the process.
fn streamed(mut fact: Fact) -> Fact {
    if let Some(name) = fact.from.as_deref().filter(|_| fact.value.is_none() && fact.key == "output").and_then(stream) {
        (fact.value, fact.from) = (Some(FactValue::Text(name.to_owned())), None);
    }
    fact
}

/// A knob that the chain sets; the last setting wins.
fn set_by_method(cx: &Cx<'_>, call: &KnownCall, knob: &Knob) -> Option<Fact> {
    if let Some(says) = &knob.says {
        let is_one = |name: &str| knob.set.iter().any(|method| method == name);
        let by_path = [&call.path].into_iter().chain(call.also.iter().map(|(path, _)| path));
        let made = by_path.filter_map(|path| path.rsplit("::").next()).any(is_one).then_some(call.at);
        let at = call.settings.iter().find(|setting| is_one(&setting.name)).map(|setting| setting.at).or(made)?;
        return Some(Fact { provenance: Provenance::Code, at: Some(cx.place(at)), ..default_fact(knob, says) });
    }
    let by_method = call.settings.iter().rev().find(|setting| setting.name == knob.name || knob.set.contains(&setting.name));
    if let Some(setting) = by_method.filter(|setting| knob.word && setting.args.is_empty()) {
        // In branches, it is one of several.
        let mut words: Vec<&str> = vec![setting.name.as_str()];
        let before = call.settings.iter().rev().filter(|other| knob.set.contains(&other.name) && other.args.is_empty());
        for other in before.take_while(|other| other.on_condition).filter(|_| setting.on_condition) {
            if !words.contains(&other.name.as_str()) {
                words.insert(0, &other.name);
            }
        }
        let value = Some(FactValue::Text(words.join(" or ")));
        return Some(Fact { value, provenance: Provenance::Code, at: Some(cx.place(setting.at)), ..default_fact(knob, &setting.name) });
    }
    if let Some(setting) = by_method
        && let Some(value) = setting.args.first()
    {
        let mut fact = streamed(plain_choice(cx.fact(&knob.name, knob.unit.as_ref(), value)));
        if let Some(FactValue::Text(text)) = &mut fact.value
            && let Some(sure) = text.strip_suffix(ON_CONDITION)
            && let Some(when) = setting.when.iter().find_map(|condition| surroundings::fact(cx, condition)).and_then(|fact| fact.value)
        {
            *text = format!("{sure} where {when}");
        }
        // `if max > 0 { options.max(max) }`: what is nothing is not set.
        fact.value = fact.value.filter(|value| !setting.on_condition || *value != FactValue::Int(0));
        return Some(fact);
    }
    if let Some(setting) = by_method {
        let mut fact = default_fact(knob, &SmolStr::new_static("on"));
        fact.provenance = Provenance::Code;
        fact.at = Some(cx.place(setting.at));
        return Some(fact);
    }
    None
}

/// A knob that the chain or an argument sets.
fn set(cx: &Cx<'_>, call: &KnownCall, knob: &Knob) -> Option<Fact> {
    if let Some(fact) = set_by_method(cx, call, knob) {
        return Some(fact);
    }
    let value = call.args.get(usize::from(knob.arg?))?;
    let fact = streamed(plain_choice(cx.fact(&knob.name, knob.unit.as_ref(), value)));
    // `Header::default()` is what the library has.
    let is_default = fact.value.is_none() && fact.from.as_deref().is_some_and(|from| from.ends_with("::default()"));
    match knob.default.as_ref().filter(|_| is_default) {
        Some(default) => Some(default_fact(knob, default)),
        None => Some(fact),
    }
}

/// One of a few choices that a type offers by name, `Policy::none()`: the name is the value. What makes something new
/// at run time, or takes it from elsewhere, is none.
fn plain_choice(mut fact: Fact) -> Fact {
    if fact.value.is_some() || fact.provenance != Provenance::Code {
        return fact;
    }
    let Some((ty, choice)) = fact.from.as_deref().and_then(|from| from.strip_suffix("()")?.rsplit_once("::")) else { return fact };
    let is_type = ty.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase));
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let makes = ["new", "now", "default", "random", "generate", "build", "builder", "create", "parse", "load", "get", "max", "min", "len"];
    let by_hand = makes.iter().any(|word| choice == *word || choice.starts_with(&format!("{word}_")))
        || ["from", "try", "with", "default", "current"].iter().any(|word| choice.split('_').any(|part| part == *word));
    if is_type && is_plain(ty) && is_plain(choice) && !by_hand {
        fact.value = Some(FactValue::Text(choice.to_owned()));
        (fact.from, fact.unit) = (None, None);
    }
    fact
}

fn default_fact(knob: &Knob, default: &SmolStr) -> Fact {
    let value = default.parse().map_or_else(|_| FactValue::Text(default.to_string()), FactValue::Int);
    Fact {
        key: knob.name.clone(),
        unit: knob.unit.clone().filter(|_| value != FactValue::Text("none".to_owned())),
        value: Some(value),
        provenance: Provenance::Default,
        at: None,
        from: None,
        set: Vec::new(),
    }
}

/// Takes away the defaults that do not hold with what else is set: workers of a runtime that has one thread.
pub(super) fn without_what_is_excepted(api: &Api, spoken_for: &[&SmolStr], facts: &mut Vec<Fact>) {
    let is_gone = |fact: &Fact| {
        let mut exceptions = api.knobs.iter().filter(|knob| knob.name == fact.key).filter_map(|knob| knob.except.as_ref());
        fact.provenance == Provenance::Default && exceptions.any(|except| spoken_for.contains(&&except.knob) || except.holds(facts))
    };
    let gone: Vec<bool> = facts.iter().map(is_gone).collect();
    let mut gone = gone.into_iter();
    facts.retain(|_| gone.next() != Some(true));
}

/// The default of one knob holds: nothing out of sight can have set it.
fn leaves_default(api: &Api, knob: &Knob, call: &KnownCall, parts: &[&KnownCall]) -> bool {
    let is_apart = !knob.handed && call.recv.is_none() && api.handed_to.contains(&call.path);
    (is_apart || defaults_hold(call, parts)) && !knob.set.iter().any(|name| is_within_unseen(name, call))
}

/// An option within another one, `timeouts.wait`, where that one is given as a whole and what is in it is not seen.
fn is_within_unseen(name: &str, call: &KnownCall) -> bool {
    let Some((outer, _)) = name.split_once('.') else { return false };
    let is_inner = |name: &str| name.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    call.settings.iter().any(|setting| setting.name == outer) && !call.settings.iter().any(|setting| is_inner(&setting.name))
}

/// Nothing out of sight can have set an option: the chain starts at a plain constructor, with no options object.
fn defaults_hold(call: &KnownCall, parts: &[&KnownCall]) -> bool {
    let last = call.path.rsplit("::").next().unwrap_or("");
    let takes_options = last.contains("_with")
        || last.contains("with_")
        || last.contains("conf")
        || last.contains("options")
        || last.contains("uri")
        || last.contains("url");
    // Options that were built in the same body are among the settings or the parts.
    // So is a cookie as long as it is no part of a response.
    let is_builder = |path: &SmolStr| ["Builder", "Options", "Config", "Cookie"].iter().any(|end| path.ends_with(end));
    if call.bound == Bound::Handed && call.makes.path().is_some_and(is_builder) {
        return false;
    }
    match call.options {
        Options::Unseen => false,
        Options::Seen => true,
        Options::None => call.recv.is_none() && (!takes_options || !parts.is_empty()),
    }
}
