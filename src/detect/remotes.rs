//! Detector `remotes`: see `remotes.md`.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::lifting::{Callers, Placed};
use crate::facts::ItemKind;
use crate::model::{Fact, FactValue, Kind, Provenance, Role};
use crate::resolve::{DefId, KnownCall, Type, Value};

/// Fields of fields that an address is handed through.
const MAX_STEPS: u32 = 4;

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
}

/// What is known of one remote.
struct Remote {
    fact: Option<Fact>,
    places: Vec<Placed>,
    methods: BTreeSet<String>,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut requests = cx.bodies().flat_map(|body| body.known.iter().map(move |call| (body.def, call)));
    if !requests.any(|(_, call)| cx.api(call.hit.entry).url_arg.is_some()) {
        return;
    }
    let callers = Callers::new(cx);
    let mut remotes: BTreeMap<SmolStr, Remote> = BTreeMap::new();
    for body in cx.bodies() {
        for call in &body.known {
            let address = cx.api(call.hit.entry).url_arg.and_then(|at| call.args.get(usize::from(at)));
            let Some(address) = address else { continue };
            let here = Placed { at: call.at, def: body.def, value: address.clone(), with: vec![method(call)] };
            for place in callers.ends(cx, here) {
                for base in bases(cx, &callers, &place, 0) {
                    let known = remotes.entry(base.name.clone()).or_insert_with(|| Remote {
                        fact: None,
                        places: Vec::new(),
                        methods: BTreeSet::new(),
                    });
                    known.fact = known.fact.take().or_else(|| address_fact(cx, &base, &place));
                    known.methods.extend(place.with.iter().filter_map(method_name));
                    known.places.push(place.clone());
                }
            }
        }
    }
    out.extend(remotes.into_iter().map(|(name, remote)| finding(cx, name, remote)));
}

fn finding(cx: &Cx<'_>, name: SmolStr, mut remote: Remote) -> Finding {
    remote.places.sort_by_key(|place| place.at);
    remote.places.dedup_by_key(|place| place.at);
    let mut facts: Vec<Fact> = remote.fact.into_iter().collect();
    if !remote.methods.is_empty() {
        let methods: Vec<String> = remote.methods.into_iter().collect();
        facts.push(Cx::plain_fact("methods", methods.join(", ")));
    }
    Finding {
        sites: remote.places.iter().map(|place| cx.site(place.at, Role::Constructed, place.def)).collect(),
        facts,
        label: SmolStr::new_static("HTTP API"),
        ..Finding::new("remotes", Kind::ExternalStore, remote.places[0].def, name.clone(), Origin::Declared(name))
    }
}

/// The address with where it is known from.
fn address_fact(cx: &Cx<'_>, base: &Base, place: &Placed) -> Option<Fact> {
    let mut fact = cx.fact("base_url", None, &first_piece(&place.value));
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

/// Where the requests to an address go; nothing when the host comes from what is only known at run time.
fn bases(cx: &Cx<'_>, callers: &Callers<'_>, place: &Placed, steps: u32) -> Vec<Base> {
    if steps > MAX_STEPS {
        return Vec::new();
    }
    let value = cx.flow.expand(&place.value, 0);
    let mut all = Vec::new();
    pieces(&value, &mut all);
    let Some((first, rest)) = all.split_first() else { return Vec::new() };
    match first {
        Value::Known(FactValue::Text(text), ..) => match host(text, rest) {
            Host::Fixed(url) => fixed(&url).into_iter().collect(),
            // `https://{host}/…`: the host is what follows.
            Host::Follows => rest.first().map_or_else(Vec::new, |host| named(cx, callers, host, place, steps)),
            Host::Open => Vec::new(),
        },
        first => named(cx, callers, first, place, steps),
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
    (!is_here && name.contains('.')).then(|| Base { name: SmolStr::new(host), url: Some(url.to_owned()) })
}

/// The remote that a variable, a setting or a field names.
fn named(cx: &Cx<'_>, callers: &Callers<'_>, value: &Value, place: &Placed, steps: u32) -> Vec<Base> {
    let settled = cx.flow.settle(cx.world, value);
    let url = settled.value.as_ref().map(ToString::to_string);
    match (value, settled.provenance) {
        (Value::Or(first, _), _) => named(cx, callers, first, place, steps + 1),
        (Value::Env { .. } | Value::Call { .. }, Provenance::Env | Provenance::Settings) => {
            settled.from.map(|from| Base { name: from.into(), url }).into_iter().collect()
        }
        (Value::Field { of, .. }, Provenance::Env) if !is_row(cx, *of) => {
            settled.from.map(|from| Base { name: from.into(), url }).into_iter().collect()
        }
        (Value::Field { of, field, .. }, provenance) => {
            let is_kept = cx.long_lived.contains(of) && !is_row(cx, *of);
            let has_client = holds_client(cx, *of);
            if !is_kept && !has_client {
                return Vec::new();
            }
            let known = url.as_deref().and_then(|url| match host(url, &[]) {
                Host::Fixed(url) => Some(url),
                _ => None,
            });
            match (provenance, settled.from) {
                (Provenance::Settings, Some(key)) => return vec![Base { name: key.into(), url: known }],
                (Provenance::Code, _) if known.is_some() => return fixed(known.as_deref().unwrap_or_default()).into_iter().collect(),
                _ => {}
            }
            let mut found: Vec<Base> = Vec::new();
            for given in cx.flow.given(*of, field) {
                let given = Placed { value: given.clone(), ..place.clone() };
                found.extend(callers.ends(cx, given).iter().flat_map(|end| bases(cx, callers, end, steps + 1)));
            }
            found.sort();
            found.dedup();
            let lower = field.to_lowercase();
            if found.is_empty() && (has_client || is_kept) && ADDRESSES.iter().any(|word| lower.contains(word)) {
                found.push(Base { name: format_smolstr!("{}.{field}", cx.short_name(*of)), url: None });
            }
            found
        }
        _ => Vec::new(),
    }
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
