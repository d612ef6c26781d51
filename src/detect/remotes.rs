//! Detector `remotes`: see `remotes.md`.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::knobs::sent_headers;
use super::lifting::{Callers, Placed};
use crate::facts::ItemKind;
use crate::model::{Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{DefId, KnownCall, Type, Value};

/// Fields of fields that an address is handed through.
const MAX_STEPS: u32 = 4;

/// More paths than these say what the service does, not where.
const MAX_PATHS: usize = 5;

/// A longer path is not told.
const MAX_PATH: usize = 80;

/// Words of which a field that holds an address has one.
const ADDRESSES: [&str; 10] = ["url", "uri", "host", "endpoint", "base", "server", "api", "addr", "address", "relay"];

/// Derives of rows: what a table holds is data, not where a service is.
const ROWS: [&str; 6] = ["Queryable", "QueryableByName", "FromRow", "Insertable", "Selectable", "DeriveEntityModel"];

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Base {
    /// What it is called: a host, a variable, a key of the settings, a field.
    name: SmolStr,
    /// The address, when it is known.
    url: Option<String>,
    /// The host stands in the code: nobody configures it.
    literal: bool,
    /// The field that holds the address.
    field: Option<(DefId, SmolStr)>,
}

/// What is known of one remote.
struct Remote {
    literal: bool,
    fields: BTreeSet<(DefId, SmolStr)>,
    fact: Option<Fact>,
    places: Vec<Placed>,
    methods: BTreeSet<String>,
    /// What follows the address.
    paths: BTreeSet<String>,
    headers: Vec<Fact>,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut requests = cx.bodies().flat_map(|body| body.known.iter().map(move |call| (body.def, call)));
    if !requests.any(|(_, call)| cx.api(call.hit.entry).url_arg.is_some()) {
        return;
    }
    let known = Known { callers: Callers::new(cx), kept: kept(cx) };
    let mut remotes: BTreeMap<SmolStr, Remote> = BTreeMap::new();
    for body in cx.bodies() {
        for call in &body.known {
            let address = cx.api(call.hit.entry).url_arg.and_then(|at| call.args.get(usize::from(at)));
            let Some(address) = address else { continue };
            let here = Placed { at: call.at, def: body.def, value: address.clone(), with: vec![method(call)] };
            for place in known.callers.ends(cx, here) {
                for base in bases(cx, &known, &place, 0) {
                    let remote = remotes.entry(base.name.clone()).or_insert_with(|| Remote {
                        literal: base.literal,
                        fields: BTreeSet::new(),
                        fact: None,
                        places: Vec::new(),
                        methods: BTreeSet::new(),
                        paths: BTreeSet::new(),
                        headers: Vec::new(),
                    });
                    remote.fact = remote.fact.take().or_else(|| address_fact(cx, &base, &place));
                    remote.fields.extend(base.field);
                    remote.methods.extend(place.with.iter().filter_map(method_name));
                    remote.paths.insert(path(cx, &place.value).unwrap_or_default());
                    let sent = sent_headers(cx, call).into_iter();
                    let new = sent.filter(|fact| remote.headers.iter().all(|known| known.key != fact.key));
                    let new: Vec<Fact> = new.collect();
                    remote.headers.extend(new);
                    remote.places.push(place.clone());
                }
            }
        }
    }
    // What is only looked up at a host that nobody configures is kept nowhere.
    let is_store = |remote: &Remote| !remote.literal || remote.methods.iter().any(|method| !matches!(method.as_str(), "GET" | "HEAD"));
    out.extend(remotes.into_iter().filter(|(_, remote)| is_store(remote)).map(|(name, remote)| finding(cx, name, remote)));
}

fn finding(cx: &Cx<'_>, name: SmolStr, mut remote: Remote) -> Finding {
    remote.places.sort_by_key(|place| place.at);
    remote.places.dedup_by_key(|place| place.at);
    let mut facts: Vec<Fact> = remote.fact.into_iter().collect();
    if !remote.methods.is_empty() {
        let methods: Vec<String> = remote.methods.into_iter().collect();
        facts.push(Cx::plain_fact("methods", methods.join(", ")));
    }
    // Where some path is not known, or there are many, they say little.
    if (1..=MAX_PATHS).contains(&remote.paths.len()) && !remote.paths.contains("") {
        facts.push(Cx::plain_fact("paths", remote.paths.into_iter().collect::<Vec<_>>().join(", ")));
    }
    facts.extend(remote.headers);
    let mut sites: Vec<_> = remote.places.iter().map(|place| cx.site(place.at, Role::Constructed, place.def)).collect();
    let declared = remote.fields.iter().filter_map(|(of, field)| Some((*of, super::constructors::field_at(cx, *of, field)?)));
    sites.extend(declared.map(|(of, at)| cx.site(at, Role::Declared, of)));
    Finding {
        sites,
        facts,
        label: SmolStr::new_static("HTTP API"),
        ..Finding::new("remotes", Kind::ExternalStore, remote.places[0].def, name.clone(), Origin::Declared(name))
    }
}

/// What follows the host, or the address that is configured: `/mails/{id}`.
fn path(cx: &Cx<'_>, value: &Value) -> Option<String> {
    let value = cx.flow.expand(value);
    let mut all = Vec::new();
    pieces(&value, &mut all);
    let mut text = String::new();
    for (at, piece) in all.into_iter().enumerate() {
        match piece {
            Value::Known(FactValue::Text(piece), ..) => text.push_str(piece),
            _ if at == 0 => {}
            Value::Unknown(piece) => text.push_str(&open(piece)),
            Value::Param { .. } | Value::Field { .. } => {
                text.push_str(&open(cx.flow.settle(cx.world, piece).from.as_deref().unwrap_or("")))
            }
            _ => return None,
        }
    }
    if let Some((_, after)) = text.split_once("://") {
        text = after[after.find('/')?..].to_owned();
    }
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let is_path = text.starts_with('/') && text.len() > 1 && text.len() <= MAX_PATH && !text.contains([' ', '\n', '"']);
    is_path.then(|| text.to_owned())
}

/// What is put in at run time, by its name.
fn open(text: &str) -> String {
    let last = text.trim_start_matches('&').rsplit(['.', ':']).next().unwrap_or_default();
    let is_name = !last.is_empty() && last.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name { format!("{{{last}}}") } else { "{}".to_owned() }
}

/// The address with where it is known from.
fn address_fact(cx: &Cx<'_>, base: &Base, place: &Placed) -> Option<Fact> {
    let mut fact = cx.fact("base_url", None, &first_piece(&place.value));
    // Where the host follows, a scheme says nothing.
    fact.value = fact.value.filter(|value| !value.to_string().ends_with("://"));
    if let Some(url) = &base.url {
        fact.value = Some(FactValue::Text(url.clone()));
    }
    (fact.value.is_some() || fact.from.is_some()).then_some(fact)
}

/// The verb: the name of the method, or the argument that says it.
fn method(call: &KnownCall) -> Value {
    let name = call.path.rsplit("::").next().unwrap_or("");
    match name {
        "request" | "new" | "send" => call.args.first().cloned().unwrap_or(Value::Unknown(SmolStr::default())),
        name => Value::Unknown(name.trim_end_matches("_async").into()),
    }
}

fn method_name(value: &Value) -> Option<String> {
    let text = match value {
        Value::Unknown(text) => text.to_string(),
        other => other.known_text()?,
    };
    let word = text.rsplit("::").next().unwrap_or("").to_uppercase();
    matches!(word.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE").then_some(word)
}

fn first_piece(value: &Value) -> Value {
    match value {
        Value::Join(parts) => parts.first().map_or_else(|| value.clone(), first_piece),
        Value::Or(first, _) => first_piece(first),
        other => other.clone(),
    }
}

fn pieces<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
    match value {
        Value::Join(parts) => parts.iter().for_each(|part| pieces(part, out)),
        other => out.push(other),
    }
}

/// What is asked for each request.
struct Known<'a> {
    callers: Callers<'a>,
    kept: FxHashSet<DefId>,
}

/// Where the requests to an address go; nothing when the host comes from what is only known at run time.
fn bases(cx: &Cx<'_>, known: &Known<'_>, place: &Placed, steps: u32) -> Vec<Base> {
    if steps > MAX_STEPS {
        return Vec::new();
    }
    let value = cx.flow.expand(&place.value);
    let mut all = Vec::new();
    pieces(&value, &mut all);
    let Some((first, rest)) = all.split_first() else { return Vec::new() };
    match first {
        Value::Known(FactValue::Text(text), ..) => match (host(text, rest), rest.first()) {
            (Host::Fixed(url), _) => fixed(&url).into_iter().collect(),
            // `https://{host}/…`: the host is what follows.
            (Host::Follows, Some(Value::Known(FactValue::Text(name), ..))) => match host(&format!("{text}{name}"), &rest[1..]) {
                Host::Fixed(url) => fixed(&url).into_iter().collect(),
                _ => Vec::new(),
            },
            (Host::Follows, Some(name)) => named(cx, known, name, place, steps),
            _ => Vec::new(),
        },
        first => named(cx, known, first, place, steps),
    }
}

enum Host {
    Fixed(String),
    Follows,
    Open,
}

/// The scheme and host of a text that an address begins with.
fn host(text: &str, rest: &[&Value]) -> Host {
    let Some((scheme, after)) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) else { return Host::Open };
    if after.is_empty() {
        return Host::Follows;
    }
    let end = after.find(['/', '?', '#']);
    let is_whole = end.is_some()
        || match rest.first() {
            None => true,
            Some(Value::Known(FactValue::Text(next), ..)) => next.starts_with(['/', '?', '#']),
            Some(_) => false,
        };
    let name = &after[..end.unwrap_or(after.len())];
    let name = name.rsplit('@').next().unwrap_or(name);
    if is_whole && !name.is_empty() && !name.contains(['{', '}', ' ']) { Host::Fixed(format!("{scheme}://{name}")) } else { Host::Open }
}

/// A host that is written in the code; the machine itself is no remote.
fn fixed(url: &str) -> Option<Base> {
    let (_, host) = url.split_once("://")?;
    let name = host.split(':').next().unwrap_or(host);
    let is_here = name == "localhost" || name.starts_with("127.") || name.starts_with('[') || name == "0.0.0.0";
    (!is_here && name.contains('.')).then(|| Base { name: SmolStr::new(host), url: Some(url.to_owned()), literal: true, field: None })
}

/// The remote that a variable, a setting or a field names.
fn named(cx: &Cx<'_>, known: &Known<'_>, value: &Value, place: &Placed, steps: u32) -> Vec<Base> {
    let settled = cx.flow.settle(cx.world, value);
    let url = settled.value.as_ref().and_then(|url| match host(&url.to_string(), &[]) {
        Host::Fixed(url) => Some(url),
        _ => None,
    });
    let configured =
        |name: String, field: Option<(DefId, SmolStr)>| vec![Base { name: name.into(), url: url.clone(), literal: false, field }];
    match (value, settled.provenance) {
        (Value::Or(first, _), _) => named(cx, known, first, place, steps + 1),
        (Value::Env { .. } | Value::Call { .. }, Provenance::Env | Provenance::Settings) => {
            settled.from.map_or_else(Vec::new, |from| configured(from, None))
        }
        (Value::Field { of, field, .. }, provenance) => {
            if is_row(cx, *of) || !(known.kept.contains(of) || holds_client(cx, *of)) {
                return Vec::new();
            }
            let here = Some((*of, field.clone()));
            match (provenance, settled.from) {
                (Provenance::Env, Some(variable)) => {
                    // The fields that hand the address on.
                    let handed = given(cx, known, *of, field, place, steps).into_iter().filter(|base| base.name == variable);
                    return configured(variable.clone(), here).into_iter().chain(handed).collect();
                }
                (Provenance::Settings, Some(key)) if says_which(&key) => return configured(key, here),
                (Provenance::Code, _) if url.is_some() => return url.as_deref().and_then(fixed).into_iter().collect(),
                _ => {}
            }
            let found = given(cx, known, *of, field, place, steps);
            let lower = field.to_lowercase();
            if found.is_empty() && ADDRESSES.iter().any(|word| lower.contains(word)) {
                return configured(format!("{}.{field}", cx.short_name(*of)), here);
            }
            found
        }
        _ => Vec::new(),
    }
}

/// Where the values lead that a field is given; a default that a configured one names is not told twice.
fn given(cx: &Cx<'_>, known: &Known<'_>, of: DefId, field: &str, place: &Placed, steps: u32) -> Vec<Base> {
    let mut found: Vec<Base> = Vec::new();
    for value in cx.flow.given(of, field) {
        let given = Placed { value: value.clone(), ..place.clone() };
        found.extend(known.callers.ends(cx, given).iter().flat_map(|end| bases(cx, known, end, steps + 1)));
    }
    found.sort();
    found.dedup();
    let defaults: Vec<String> = found.iter().filter(|base| !base.literal).filter_map(|base| base.url.clone()).collect();
    found.retain(|base| !base.literal || !base.url.as_ref().is_some_and(|url| defaults.contains(url)));
    found
}

/// A key that tells one address from another.
fn says_which(key: &str) -> bool {
    let parts: Vec<&str> = key.split('.').collect();
    let is_plain = parts.iter().all(|part| part.starts_with(|c: char| c.is_ascii_lowercase()));
    is_plain
        && !matches!(parts.as_slice(), [] | ["url" | "uri" | "host" | "endpoint" | "base_url" | "base_uri" | "addr" | "address" | "server"])
}

/// Structs that there is one of for the life of the process: in statics, in the state of the application, in `main`.
/// What lists and maps hold comes and goes.
fn kept(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let mut queue: Vec<Type> = Vec::new();
    let program = cx.world.program;
    for (id, def) in program.all_defs() {
        if matches!(def.item.kind, ItemKind::Static(_)) {
            queue.push(cx.world.signatures.value(id).clone());
        }
    }
    for body in cx.bodies() {
        queue.extend(body.handed_over.iter().cloned());
        if cx.from_main.get(&body.def).is_some_and(|steps| *steps <= 1) {
            queue.extend(body.locals.iter().filter(|local| local.made).map(|local| local.ty.clone()));
        }
    }
    let mut seen = FxHashSet::default();
    while let Some(ty) = queue.pop() {
        match &ty {
            Type::Def(id, args) => {
                queue.extend(args.iter().cloned());
                if let (true, ItemKind::Struct(facts)) = (seen.insert(*id), &program.def(*id).item.kind) {
                    queue.extend(facts.fields.iter().filter_map(|field| cx.world.signatures.field(*id, &field.name).cloned()));
                }
            }
            Type::Foreign(path, args) => {
                let wrappers = cx.world.catalog.wrappers();
                let is_one = path == "std::option::Option"
                    || path == "std::result::Result"
                    || wrappers.is_transparent(path)
                    || wrappers.is_lazy(path)
                    || (wrappers.is_container(path) && args.len() == 1);
                if is_one {
                    queue.extend(args.iter().cloned());
                }
            }
            Type::Tuple(all) => queue.extend(all.iter().cloned()),
            _ => {}
        }
    }
    seen
}

/// A row of a table.
fn is_row(cx: &Cx<'_>, of: DefId) -> bool {
    let attrs = &cx.world.program.def(of).item.attrs;
    attrs.iter().flat_map(|attr| &attr.args).any(|(name, _)| name.rsplit("::").next().is_some_and(|last| ROWS.contains(&last)))
}

/// The struct has the client beside the address: it is a client itself.
fn holds_client(cx: &Cx<'_>, of: DefId) -> bool {
    let ItemKind::Struct(facts) = &cx.world.program.def(of).item.kind else { return false };
    facts.fields.iter().filter_map(|field| cx.world.signatures.field(of, &field.name)).any(|ty| is_client(cx, ty, 0))
}

fn is_client(cx: &Cx<'_>, ty: &Type, depth: u32) -> bool {
    match ty.path() {
        Some(path) => {
            let entry = cx.world.catalog.type_entry(path).map(|entry| cx.api(entry));
            entry.is_some_and(|api| api.kind == Some(Kind::SdkClient) && api.backs_on.as_deref() == Some("http service"))
                || (depth < 3 && ty.args().iter().any(|arg| is_client(cx, arg, depth + 1)))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, fixed, host};

    #[test]
    fn a_host_is_fixed_only_when_nothing_unknown_can_belong_to_it() {
        let told = |text: &str| match host(text, &[]) {
            Host::Fixed(url) => url,
            Host::Follows => "follows".to_owned(),
            Host::Open => "open".to_owned(),
        };
        assert_eq!(told("https://api.example.com/v1/mails?x=1"), "https://api.example.com");
        assert_eq!(told("https://user:word@api.example.com:8443"), "https://api.example.com:8443");
        assert_eq!(told("https://"), "follows");
        assert_eq!(told("/v1/mails"), "open");
        assert_eq!(told("postgres://db/shop"), "open");
        assert_eq!(told("https://{region}.example.com/"), "open");
        let unknown = crate::resolve::Value::Unknown("tenant".into());
        assert!(matches!(host("https://api.", &[&unknown]), Host::Open));
    }

    #[test]
    fn the_machine_itself_is_no_remote() {
        assert!(fixed("http://localhost:8080").is_none() && fixed("http://127.0.0.1").is_none() && fixed("http://[::1]:80").is_none());
        assert_eq!(fixed("https://api.example.com").unwrap().name, "api.example.com");
    }
}
