//! Detector `fs-writes`: see `fs_writes.md`.

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::catalog::{FsOp, Shape};
use crate::model::{Confidence, Kind, Role};
use crate::resolve::{BodyFacts, KnownCall, Value};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for body in cx.bodies() {
        for call in &body.known {
            let api = cx.api(call.hit.entry);
            let Some(kind) = api.kind else { continue };
            let writes =
                api.shape == Shape::Write || (kind == Kind::FsWrite && matches!(api.shape, Shape::Constructor | Shape::Call | Shape::Part));
            if !writes || only_reads(call) || !needs_met(cx, &api.needs) {
                continue;
            }
            out.push(write(cx, body, call, kind));
        }
    }
}

/// Some body names one of the paths that the entry needs.
fn needs_met(cx: &Cx<'_>, needs: &[SmolStr]) -> bool {
    needs.is_empty() || needs.iter().any(|path| cx.uses.foreign.contains(path))
}

/// `OpenOptions` without any option that writes.
fn only_reads(call: &KnownCall) -> bool {
    let opens = call.path.contains("OpenOptions") || call.also.iter().any(|(path, _)| path.contains("OpenOptions"));
    let writes = ["write", "append", "create", "create_new", "truncate"];
    opens && !call.settings.iter().any(|setting| writes.contains(&setting.name.as_str()))
}

fn write(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall, kind: Kind) -> Finding {
    let api = cx.api(call.hit.entry);
    let path = match api.path_arg {
        Some(-1) => call.recv.as_ref(),
        Some(at) => usize::try_from(at).ok().and_then(|at| argument(call, at)),
        None => None,
    };
    let mut facts = Vec::new();
    let mut literal = None;
    if let Some(path) = path {
        let fact = cx.fact("path", None, path);
        literal = fact.value.as_ref().map(ToString::to_string);
        if fact.value.is_some() || fact.from.is_some() {
            facts.push(fact);
        }
    }
    let appends = call.settings.iter().any(|setting| setting.name == "append");
    let op = api.op.map_or(FsOp::Write, |op| if op == FsOp::Write && appends { FsOp::Append } else { op });
    facts.push(Cx::plain_fact("op", op.as_str()));
    let what = literal.clone().map_or_else(|| call.path.clone(), SmolStr::from);
    let mut sites = vec![cx.site(call.at, Role::Written, body.def)];
    sites.extend(call.also.iter().filter(|(_, at)| at.span.line != call.at.span.line).map(|(_, at)| cx.site(*at, Role::Written, body.def)));
    Finding {
        scope: api.scope.unwrap_or(kind.usual_scope()),
        is_call: api.shape == Shape::Write,
        confidence: if call.hit.exact { Confidence::Certain } else { Confidence::Likely },
        sites,
        facts,
        label: SmolStr::new(&api.label),
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

/// The argument, of the call itself or of the one that ended its chain (`OpenOptions::new().create(true).open(path)`).
fn argument(call: &KnownCall, at: usize) -> Option<&Value> {
    let end = call.also.last().and_then(|(path, _)| path.rsplit("::").next());
    let ends = end.and_then(|end| call.settings.iter().rev().find(|setting| setting.name == end));
    match ends {
        Some(setting) => setting.args.get(at).or_else(|| call.args.get(at)),
        None => call.args.get(at),
    }
}
