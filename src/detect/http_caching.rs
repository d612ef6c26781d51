//! Detector `http-caching`: see `http_caching.md`.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin, RawSite};
use crate::model::{Confidence, Kind, Provenance, Role};
use crate::resolve::{DefId, HeaderSet, Value, validator};

/// More values than these are not told.
const MAX_VALUES: usize = 4;

/// Headers with the function that sets each.
type Headers<'a> = Vec<(DefId, &'a HeaderSet)>;

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    // What one service tells its clients is one policy, in however many handlers it is set.
    let mut groups: BTreeMap<(Vec<SmolStr>, bool), Headers<'_>> = BTreeMap::new();
    for body in cx.bodies() {
        for header in &body.headers {
            // A library that several services link speaks for those that use it.
            let services = cx.reaching(body.def, cx.world.program.services_of(body.def));
            groups.entry((services, is_validator(header.name))).or_default().push((body.def, header));
        }
    }
    for ((services, validators), headers) in groups {
        let kept: Vec<&(DefId, &HeaderSet)> =
            headers.iter().filter(|(_, header)| says_how_long(header.name) && lasts(cx, header)).collect();
        let Some((def, _)) = kept.first() else { continue };
        let path = cx.path(*def);
        let of = path.split("::").next().unwrap_or(&path);
        let said: BTreeSet<&str> = headers.iter().map(|(_, header)| header.name).collect();
        let mut facts = vec![Cx::plain_fact("headers", said.into_iter().collect::<Vec<_>>().join(", "))];
        let mut values: Vec<String> = Vec::new();
        for (_, header) in kept.iter().filter(|(_, header)| !is_validator(header.name)) {
            for value in told(cx, header).into_iter().filter(|value| is_kept(value)) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        // Cut off here, and known there.
        let whole = values.clone();
        values.retain(|value| {
            value.strip_suffix('…').is_none_or(|start| !whole.iter().any(|other| other != value && other.starts_with(start)))
        });
        let is_private = is_private(&values);
        values.truncate(MAX_VALUES);
        facts.extend((!values.is_empty()).then(|| Cx::plain_fact("value", values.join(" or "))));
        let refused = headers.iter().filter(|(_, header)| says_how_long(header.name) && !is_validator(header.name));
        let refused: BTreeSet<String> = refused.flat_map(|(_, header)| told(cx, header)).filter(|value| refuses(value)).collect();
        if !values.is_empty() && (1..=MAX_VALUES).contains(&refused.len()) {
            facts.push(Cx::plain_fact("not_kept", refused.into_iter().collect::<Vec<_>>().join(" or ")));
        }
        let mut sites: Vec<RawSite> = kept.iter().map(|(def, header)| cx.site(header.at, Role::Written, *def)).collect();
        if validators {
            sites.extend(made(cx, &services));
        }
        let what = if validators { "validators" } else { "caching" };
        out.push(Finding {
            confidence: Confidence::Likely,
            sites,
            facts,
            label: SmolStr::new_static(match (validators, is_private) {
                (true, _) => "validators handed to clients",
                (false, true) => "responses kept by clients",
                (false, false) => "responses kept by clients and shared caches",
            }),
            ..Finding::new(
                "http-caching",
                Kind::ClientHeld,
                *def,
                format_smolstr!("HTTP {what}"),
                Origin::Declared(format_smolstr!("{of}::http-{what}")),
            )
        });
    }
}

/// `Vary` and the tags for a purge only qualify what others say; tags are also sent to the cache itself.
fn says_how_long(name: &str) -> bool {
    !matches!(name, "vary" | "surrogate-key")
}

/// Where functions of the same binaries make validators.
fn made(cx: &Cx<'_>, services: &[SmolStr]) -> Vec<RawSite> {
    let bodies = cx.bodies().filter(|body| cx.reaching(body.def, cx.world.program.services_of(body.def)) == services);
    let calls = bodies.flat_map(|body| body.own.iter().map(move |call| (body.def, call)));
    let making = calls.filter(|(_, call)| call.taken_by.is_none() && validator(cx.world.signatures.value(call.func)).is_some());
    making.map(|(def, call)| cx.site(call.at, Role::Constructed, def)).collect()
}

fn is_validator(name: &str) -> bool {
    matches!(name, "etag" | "last-modified")
}

/// The values as far as they are known: from the code, from where they are set, or as a typed header writes them.
fn told(cx: &Cx<'_>, header: &HeaderSet) -> Vec<String> {
    let settled = cx.flow.settle(cx.world, &header.value);
    if let (None, Value::Field { of, field, .. }) = (&settled.value, &header.value) {
        // One of the policies that the code knows by name.
        let given = cx.flow.given(*of, field).iter().map(|value| cx.flow.settle(cx.world, value).value);
        let known: Vec<String> = given.flatten().map(|value| value.to_string()).collect();
        if !known.is_empty() {
            return known;
        }
    }
    let is_set = settled.provenance != Provenance::Code;
    let written = settled.from.filter(|text| is_set || text.contains("CacheControl"));
    let written = written.and_then(|text| if text.contains("CacheDirective::") { directives(&text) } else { Some(text) });
    settled.value.map(|value| value.to_string()).or(written).into_iter().collect()
}

/// `CacheDirective::MaxAge(900)` as the header has it: `max-age=900`, without a number that is not written there.
fn directives(text: &str) -> Option<String> {
    let mut out: Vec<String> = Vec::new();
    // Of a text that is cut off, what is whole.
    let is_cut = text.contains('…');
    let whole = text.matches("CacheDirective::").count() - usize::from(is_cut);
    for directive in text.split("CacheDirective::").skip(1).take(whole) {
        let name: String = directive.chars().take_while(char::is_ascii_alphanumeric).collect();
        let mut header = String::new();
        for (at, letter) in name.chars().enumerate() {
            if letter.is_uppercase() && at > 0 {
                header.push('-');
            }
            header.push(letter.to_ascii_lowercase());
        }
        let number = directive[name.len()..].strip_prefix('(').and_then(|rest| rest.split(')').next());
        match number.filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(number) => out.push(format!("{header}={number}")),
            None => out.push(header),
        }
    }
    out.extend(is_cut.then(|| "…".to_owned()));
    (!out.is_empty()).then(|| out.join(", "))
}

/// Kept by the client that asked, and by nobody between: each value that is known says so.
fn is_private(values: &[String]) -> bool {
    !values.is_empty() && values.iter().all(|value| value.to_lowercase().split(',').any(|word| word.trim() == "private"))
}

/// Whether anybody keeps something for it.
fn lasts(cx: &Cx<'_>, header: &HeaderSet) -> bool {
    let told = told(cx, header);
    told.is_empty() || told.iter().any(|value| is_kept(value))
}

/// A value of the header that keeps nothing, and no name of where one comes from.
fn refuses(value: &str) -> bool {
    !is_kept(value) && ["max-age=0", "no-store", "no-cache"].iter().any(|word| value.to_lowercase().contains(word))
}

/// `no-store` is the opposite.
fn is_kept(value: &str) -> bool {
    let value = value.to_lowercase().replace(['_', '-'], "");
    let kept = ["maxage", "immutable", "public", "stalewhile"].iter().any(|word| value.contains(word));
    let refused = ["nostore", "nocache", "mustrevalidate"].iter().any(|word| value.contains(word));
    let at_once = value.contains("maxage=0") && !value.contains("smaxage") && !value.contains("stale");
    !(at_once || value == "private" || (refused && (!kept || value == "public, nocache")))
}
