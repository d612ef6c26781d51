//! Contradictions between code and manifests: each a diagnostic whose code begins with `contradiction-`.

use smol_str::SmolStr;

use super::Code;
use super::landing::{Landing, Survives};
use super::mounts::matched;
use super::paths::last_given;
use super::runs::{Run, Runs, literal};
use super::twice;
use super::variables::variable_of;
use crate::manifests::deployed::{Deployed, EnvVar};
use crate::model::{Confidence, Diagnostic, EntryKind, Fact, FactValue, Item, Kind, Place, Provenance, Severity};

/// All contradictions.
pub(super) fn all(items: &[Item], deployed: &Deployed, runs: &[(SmolStr, Runs<'_>)], code: &Code<'_>) -> Vec<Diagnostic> {
    let mut out = twice::all(items, deployed);
    for item in items {
        if let Some(name) = variable_of(item) {
            unparsable(item, &name, runs, &mut out);
        }
        if item.kind == Kind::FsWrite && item.confidence != Confidence::Possible {
            written_read_only(item, runs, &mut out);
        }
    }
    for (service, runs) in runs {
        overridden(runs, &mut out);
        ports(items, service, runs, &mut out);
        probes(items, service, runs, code, &mut out);
    }
    out.sort();
    out.dedup();
    out
}

pub(super) fn at(place: &Place, code: &'static str, message: String, help: &str) -> Diagnostic {
    Diagnostic::new(Severity::Warning, code, message).in_file(place.file.clone()).at_line(place.line).help(help)
}

/// `a` of `file:line`.
fn spot(place: Option<&Place>) -> String {
    place.map(|place| format!(" ({}:{})", place.file, place.line)).unwrap_or_default()
}

/// A value that is no text of the type into which the code parses it.
fn unparsable(item: &Item, name: &str, runs: &[(SmolStr, Runs<'_>)], out: &mut Vec<Diagnostic>) {
    let default = item.facts.iter().find(|fact| fact.key == "default");
    // A number in the code in place of a text can only have been parsed.
    let number = default.is_some_and(|fact| matches!(fact.value, Some(FactValue::Int(_))) && fact.unit.is_none());
    let ty = match item.ty.as_deref() {
        Some(ty) => ty.strip_prefix("Option<").and_then(|ty| ty.strip_suffix('>')).unwrap_or(ty),
        None if number => "i64",
        None => return,
    };
    let fact = item.facts.iter().find(|fact| fact.key == "env");
    let said = if item.ty.is_some() { format!("`{ty}`") } else { "a whole number".to_owned() };
    for run in runs.iter().filter(|(service, _)| item.services.contains(service)).flat_map(|(_, runs)| &runs.all) {
        let Some(variable) = run.variable(name) else { continue };
        let Some(text) = literal(variable).filter(|text| !text.is_empty()) else { continue };
        if parses(ty, &text) == Some(false) {
            let read = spot(fact.and_then(|fact| fact.at.as_ref()));
            let message = format!("`{name}` is `{text}` in {}, but the code parses it as {said}{read}", variable.source);
            out.push(at(
                &variable.at,
                "contradiction-variable-type",
                message,
                "write a value of that type: with this one the process does not start, or goes on as if it were not set",
            ));
        }
    }
}

/// Whether a text is one of a plain type; none for types that say nothing.
fn parses(ty: &str, text: &str) -> Option<bool> {
    let text = text.trim();
    let whole = |least: i128, most: i128| Some(text.parse::<i128>().is_ok_and(|number| (least..=most).contains(&number)));
    match ty {
        "u8" => whole(0, u8::MAX.into()),
        "u16" => whole(0, u16::MAX.into()),
        "u32" => whole(0, u32::MAX.into()),
        "u64" | "usize" => whole(0, u64::MAX.into()),
        "i8" => whole(i8::MIN.into(), i8::MAX.into()),
        "i16" => whole(i16::MIN.into(), i16::MAX.into()),
        "i32" => whole(i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => whole(i64::MIN.into(), i64::MAX.into()),
        "f32" | "f64" => Some(text.parse::<f64>().is_ok()),
        "bool" => Some(text.parse::<bool>().is_ok()),
        _ => None,
    }
}

/// The code writes where the manifest says that nothing can be written.
fn written_read_only(item: &Item, runs: &[(SmolStr, Runs<'_>)], out: &mut Vec<Diagnostic>) {
    let matched = matched(item, runs);
    let refused = matched.iter().filter(|one| one.survives == Survives::NotWritten);
    for one in refused {
        let site = item.site().map(|site| &site.place);
        let why = match one.landing {
            Landing::Mount(_) => one.landing.said(&one.run),
            _ => "the container's own layer is read-only".to_owned(),
        };
        let message = format!("the code writes `{}`{}, but {why} in {}", one.path, spot(site), one.run.said());
        out.push(at(
            &one.landing.at(&one.run),
            "contradiction-read-only",
            message,
            "mount something that can be written there, or write elsewhere",
        ));
    }
}

/// One container gives a variable two values, and the first reaches nobody.
fn overridden(runs: &Runs<'_>, out: &mut Vec<Diagnostic>) {
    for run in &runs.all {
        for (index, first) in run.container.env.iter().enumerate() {
            let later = run.container.env[index + 1..].iter().find(|later| later.name == first.name);
            let Some(last) = later.filter(|last| last.environment == first.environment && !first.from_file) else { continue };
            let (Some(before), Some(after)) = (literal(first), literal(last)) else { continue };
            if before == after || runs.all.iter().any(|other| is_used(other, first)) {
                continue;
            }
            let message = format!(
                "`{}` is `{before}` in {} and `{after}` in {}: {} gets the second",
                first.name,
                first.source,
                last.source,
                run.said()
            );
            out.push(at(&first.at, "contradiction-variable-overridden", message, "remove the one that nobody gets"));
        }
    }
}

/// Whether a container ends up with this very value.
fn is_used(run: &Run<'_>, variable: &EnvVar) -> bool {
    run.container.variable(&variable.name).is_some_and(|used| used.at == variable.at)
}

/// The code listens on a port that the container is not said to have.
fn ports(items: &[Item], service: &SmolStr, runs: &Runs<'_>, out: &mut Vec<Diagnostic>) {
    let mut listeners = items.iter().filter(|item| item.kind == Kind::Os && item.services.contains(service)).filter_map(address);
    let (Some(fact), None) = (listeners.next(), listeners.next()) else { return };
    for run in &runs.all {
        let Some(port) = port_of(fact, run) else { continue };
        let Some((_, first)) = run.container.ports.first() else { continue };
        if port == 0 || run.container.ports.iter().any(|(_, said)| said.value == port) {
            continue;
        }
        let Some(place) = &first.at else { continue };
        let named: Vec<String> = run.container.ports.iter().map(|(_, said)| said.value.to_string()).collect();
        let message = format!(
            "the code listens on port {port}{}, but the container of {} names {}",
            spot(fact.at.as_ref()),
            run.said(),
            named.join(", ")
        );
        out.push(at(place, "contradiction-port", message, "name the port that the code listens on"));
    }
}

fn address(item: &Item) -> Option<&Fact> {
    item.facts.iter().find(|fact| fact.key == "address")
}

/// The port of an address, as this container has it.
fn port_of(fact: &Fact, run: &Run<'_>) -> Option<u16> {
    let text = match fact.provenance {
        Provenance::Code => fact.value.as_ref()?.to_string(),
        Provenance::Env => match run.variable(fact.from.as_deref()?) {
            Some(variable) => literal(variable)?,
            None if run.container.further_env.is_empty() => fact.value.as_ref()?.to_string(),
            None => return None,
        },
        Provenance::Settings => match last_given(&fact.set, run) {
            Some(set) => set.value.as_ref().filter(|_| !set.hidden)?.to_string(),
            None => return None,
        },
        _ => return None,
    };
    text.rsplit_once(':').map(|(_, port)| port).filter(|_| !text.contains(['{', '$']))?.parse().ok()
}

/// A probe asks for a path that no route of the service has.
fn probes(items: &[Item], service: &SmolStr, runs: &Runs<'_>, code: &Code<'_>, out: &mut Vec<Diagnostic>) {
    let routes = items.iter().filter(|item| item.services.contains(service)).flat_map(|item| &item.entry_points);
    // Where no route is known, routes are told in a way that is not read.
    if routes.filter(|entry| entry.kind == EntryKind::Route).count() == 0 {
        return;
    }
    for run in &runs.all {
        for asked in run.container.asked.iter().filter(|asked| is_on_main_port(asked.port.as_deref(), run)) {
            let path = super::plain_path(&asked.path);
            if !path.starts_with('/') || path.contains(['{', '$', '…']) || (code.answers)(service, path) {
                continue;
            }
            let message = format!("the {} probe of {} asks for `{path}`, which no route of `{service}` serves", asked.by, run.said());
            out.push(at(&asked.at, "contradiction-probe-path", message, "ask for a path that the code serves, or serve this one"));
        }
    }
}

/// Whether a probe asks the port on which the service itself answers: the only one, or the first.
fn is_on_main_port(port: Option<&str>, run: &Run<'_>) -> bool {
    match (run.container.ports.as_slice(), port) {
        ([(name, said)], Some(port)) => name.as_deref() == Some(port) || said.value.to_string() == port,
        ([], _) | (_, None) => true,
        _ => false,
    }
}
