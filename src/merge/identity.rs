//! The same thing seen twice is one item; every item has a stable id.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use crate::detect::{Cx, Finding, ONLY_WHEN, Origin, says_the_same};
use crate::model::{Fact, FactValue, ItemId, Kind, Place, Provenance};

/// Drops findings of one kind at one place: two targets of a package that read the same file, two detectors on one line.
pub(super) fn one_item_for_one_place(cx: &Cx<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    // The first by path stays, so the outcome does not depend on the order of targets.
    findings
        .sort_by(|a, b| first_site(cx, a).cmp(&first_site(cx, b)).then_with(|| a.kind.cmp(&b.kind)).then_with(|| a.origin.cmp(&b.origin)));
    let mut seen: FxHashMap<(Kind, SmolStr, u32, u32), usize> = FxHashMap::default();
    let mut one_thing: BTreeMap<OneThing, usize> = BTreeMap::new();
    let mut out: Vec<Finding> = Vec::with_capacity(findings.len());
    // What puts a cookie into a jar is told by the cookie, wherever that stands.
    let named: BTreeSet<OneThing> = findings.iter().flat_map(jars_of).collect();
    let in_jar = |finding: &Finding| one_thing_of(finding).is_some_and(|thing| named.contains(&thing));
    let (late, first): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(in_jar);
    for finding in first.into_iter().chain(late) {
        let Some(place) = first_site(cx, &finding) else { continue };
        let by_name = super::is_by_name(finding.kind);
        let thing = one_thing_of(&finding).filter(|_| !by_name || is_migration(&finding));
        let jars = jars_of(&finding);
        let program = program_of(&finding);
        if let Some(&known) = thing.iter().chain(&program).find_map(|thing| one_thing.get(thing)) {
            one_thing.extend(thing.into_iter().chain(program).map(|thing| (thing, known)));
            one_thing.extend(jars.into_iter().map(|jar| (jar, known)));
            let known = &mut out[known];
            if known.label != finding.label && known.kind == Kind::Os {
                // Ctrl-C and others.
                known.label = SmolStr::new_static("signal handlers");
                known.name = cx.maker_name(known.def);
            }
            // Several fields of one struct: none of them names the others.
            if let (Some((of, field)), Some((same, other))) = (known.name.split_once('.'), finding.name.split_once('.'))
                && of == same
                && field != other
            {
                known.name = SmolStr::new(of);
            }
            if let (Some(own), Some(other)) = (known.entry, finding.entry) {
                known.entry = Some(cx.world.catalog.of_both(own, other));
            }
            known.also.push(finding.def);
            known.sites.extend(finding.sites);
            known.needs_what_both_need(&finding.facts);
            for fact in finding.facts.into_iter().filter(|fact| fact.key != ONLY_WHEN) {
                if !known.facts.iter().any(|told| says_the_same(told, &fact)) {
                    known.facts.push(fact);
                }
            }
            if is_named(known) {
                // Where it is removed, nothing is set: what is set elsewhere holds.
                let set: Vec<SmolStr> =
                    known.facts.iter().filter(|fact| fact.provenance != Provenance::Default).map(|fact| fact.key.clone()).collect();
                known.facts.retain(|fact| fact.provenance != Provenance::Default || !set.contains(&fact.key));
            }
            continue;
        }
        if by_name {
            one_thing.extend(thing.map(|thing| (thing, out.len())));
            out.push(finding);
            continue;
        }
        let key = (finding.kind, place.file, place.line, place.column);
        match seen.get(&key) {
            Some(&known) => {
                let known = &mut out[known];
                for site in finding.sites {
                    if !known.sites.contains(&site) {
                        known.sites.push(site);
                    }
                }
            }
            None => {
                seen.insert(key, out.len());
                one_thing.extend(thing.into_iter().chain(program).chain(jars).map(|thing| (thing, out.len())));
                out.push(finding);
            }
        }
    }
    out
}

/// A call that changes a store, in whichever branches of a function it stands.
fn is_migration(finding: &Finding) -> bool {
    finding.kind == Kind::ExternalStore && finding.is_call && matches!(finding.origin, Origin::Called { .. })
}

/// What findings share that are one thing.
type OneThing = (Kind, Origin, SmolStr);

/// The same declaration under several conditions; the same call several times in one function, on the same target.
fn one_thing_of(finding: &Finding) -> Option<OneThing> {
    let Origin::Called { function, what } = &finding.origin else {
        return Some((finding.kind, finding.origin.clone(), SmolStr::new_static(finding.detector)));
    };
    let in_function = |what: SmolStr| Origin::Called { function: function.clone(), what };
    let (origin, label) = match finding.kind {
        // One function that waits for several signals.
        Kind::Os if what.contains("::signal::") => (in_function(SmolStr::new_static("signal")), SmolStr::default()),
        // A cookie without a known name is built, then put into a jar.
        Kind::ClientHeld if finding.label == "browser cookie" && !is_named(finding) => (in_jar(function), SmolStr::default()),
        // A process has one subscriber, which may be put together in one function and set in another, and one logger.
        Kind::Telemetry if matches!(finding.label.as_str(), "tracing subscriber" | "process logger") => {
            (of_crate(function, SmolStr::new_static("telemetry")), finding.label.clone())
        }
        // Connections of one sort, unless something says that they lead to different places.
        Kind::SdkClient if finding.label.ends_with(" connection") => {
            let said = |fact: &&Fact| super::stores::says_where(&fact.key) && (fact.value.is_some() || fact.provenance != Provenance::Code);
            let places: Vec<(&Option<FactValue>, &Option<String>)> =
                finding.facts.iter().filter(said).map(|fact| (&fact.value, &fact.from)).collect();
            (of_crate(function, what.clone()), format_smolstr!("{} {places:?}", finding.label))
        }
        // Rows of one table that are taken in the same manner, by whichever statement.
        Kind::Lease if finding.detector == "claims" && table_of(finding).is_some() => {
            (of_crate(function, table_of(finding).unwrap_or_default()), format_smolstr!("{} {:?}", finding.label, manner_of(finding)))
        }
        Kind::Os | Kind::ClientHeld | Kind::Telemetry | Kind::Lease | Kind::ExternalStore => {
            (finding.origin.clone(), finding.label.clone())
        }
        Kind::FsWrite => (in_function(target_of(finding).unwrap_or_else(|| what.clone())), SmolStr::default()),
        Kind::Session if finding.is_call => (finding.origin.clone(), SmolStr::default()),
        // Work that is let go of and calls nothing of its own name.
        Kind::BackgroundTask if finding.label == "detached task" => (finding.origin.clone(), finding.label.clone()),
        _ => return None,
    };
    Some((finding.kind, origin, label))
}

/// What is one for a crate, whichever of its functions speaks of it.
fn of_crate(function: &SmolStr, what: SmolStr) -> Origin {
    Origin::Called { function: SmolStr::new(function.split("::").next().unwrap_or(function)), what }
}

fn text_of(finding: &Finding, key: &str) -> Option<SmolStr> {
    let fact = finding.facts.iter().find(|fact| fact.key == key)?;
    fact.value.as_ref().map(|value| value.to_string().into())
}

fn table_of(finding: &Finding) -> Option<SmolStr> {
    text_of(finding, "table")
}

/// What a claim does where the row is taken.
fn manner_of(finding: &Finding) -> Option<SmolStr> {
    text_of(finding, "when_taken")
}

/// The same program, or one that the library does not name, is run by several functions of a file.
fn program_of(finding: &Finding) -> Option<OneThing> {
    let file = finding.sites.first()?.at.file;
    let what = match &finding.origin {
        Origin::Called { what, .. } if finding.kind == Kind::Os && finding.label.ends_with(" command") && finding.facts.is_empty() => {
            what.clone()
        }
        Origin::Called { .. } if finding.kind == Kind::Os => text_of(finding, "program")?,
        _ => return None,
    };
    Some((finding.kind, Origin::Called { function: format_smolstr!("file {file}"), what }, finding.label.clone()))
}

/// What a jar is told by that takes, in one of these functions, a cookie which has a name.
fn jars_of(finding: &Finding) -> Vec<OneThing> {
    let functions = finding.sites.iter().filter_map(|site| site.function.as_ref()).filter(|_| is_named(finding));
    functions.map(|function| (finding.kind, in_jar(function), SmolStr::default())).collect()
}

fn is_named(finding: &Finding) -> bool {
    finding.kind == Kind::ClientHeld && finding.facts.iter().any(|fact| fact.key == "cookie")
}

fn in_jar(function: &SmolStr) -> Origin {
    Origin::Called { function: function.clone(), what: SmolStr::new_static("cookie") }
}

/// What the writes of one function are about when no path tells: the library's thing, or the variable that the path comes from.
fn target_of(finding: &Finding) -> Option<SmolStr> {
    let path = finding.facts.iter().find(|fact| fact.key == "path");
    if path.is_some_and(|fact| fact.value.is_some()) {
        return None;
    }
    let Origin::Called { what, .. } = &finding.origin else { return None };
    let (owner, _) = what.rsplit_once("::")?;
    if !is_plain(what) {
        // Methods of one type; free functions of a crate have nothing in common.
        let is_type = owner.rsplit("::").next().is_some_and(|name| name.starts_with(char::is_uppercase));
        return is_type.then(|| SmolStr::new(owner));
    }
    let from = path?.from.as_deref()?;
    let root = from.split(['.', '(', '[', ' ', '?', ':']).next().filter(|root| !root.is_empty() && *root != "self")?;
    Some(format_smolstr!("below {root}"))
}

/// A call of the standard library or of one with the same functions, which says nothing of what is written.
fn is_plain(what: &str) -> bool {
    ["std::", "tokio::", "async_std::", "fs_err::"].iter().any(|start| what.starts_with(start))
}

fn first_site(cx: &Cx<'_>, finding: &Finding) -> Option<Place> {
    finding.sites.first().map(|site| cx.place(site.at))
}

/// Ids in the order of the findings, which is source order: ties are broken by `-2`, `-3`.
pub(super) fn ids(findings: &[Finding]) -> Vec<ItemId> {
    let mut counts: BTreeMap<SmolStr, u32> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let base = match &finding.origin {
                Origin::Declared(path) => format_smolstr!("{}:{path}", finding.kind),
                Origin::Called { function, what } => format_smolstr!("{}:{function}#{}", finding.kind, clean(what)),
            };
            let count = counts.entry(base.clone()).or_insert(0);
            *count += 1;
            if *count == 1 { ItemId(base) } else { ItemId(format_smolstr!("{base}-{count}")) }
        })
        .collect()
}

/// Ids are one word: they are typed in shells and written in TOML.
fn clean(what: &str) -> String {
    // Hidden first: half an address would no longer be known as one.
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '"' || c == '\'';
    super::redact::text(what).chars().map(|c| if odd(c) { '_' } else { c }).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn an_id_holds_no_password_however_long_the_address() {
        let long = format!("postgres://app:hunter2@db/{}", "shop".repeat(30));
        let id = clean(&long);
        assert!(id.starts_with("postgres://…@db/shop") && id.chars().count() == 80, "{id}");
        assert_eq!(clean("/tmp/a file"), "/tmp/a_file");
    }
}
