//! Detector `loop-state`: see `loop_state.md`.

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::nature::{Nature, nature};
use super::statics::{REGISTRY, is_registry, kind_by_name};
use crate::facts::ItemKind;
use crate::model::{Access, Confidence, Kind, Role, Scope};
use crate::resolve::{BodyFacts, DefId, Held, LoopFacts, Type};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let loops = process_long(cx);
    for (body, one) in &loops {
        locals(cx, body, one, out);
    }
    super::loop_structs::structs(cx, &loops, out);
}

/// Endless loops that are there as long as the process: not for each request, connection or message.
fn process_long<'a>(cx: &Cx<'a>) -> Vec<(&'a BodyFacts, &'a LoopFacts)> {
    let alive = super::reach::all_called(cx, cx.once.iter().chain(cx.from_main.keys()).chain(&cx.started).copied().collect());
    let lives = |body: &BodyFacts, one: &LoopFacts| {
        let many = cx.by_requests.contains(&body.def) || cx.by_connections.contains(&body.def);
        // Who calls the method of a trait is not in sight.
        let known = alive.contains(&body.def) || (!is_of_trait(cx, body.def) && (one.spawned || !one.may_end));
        one.endless && !one.nested && !many && known
    };
    cx.bodies().flat_map(|body| body.loops.iter().map(move |one| (body, one))).filter(|(body, one)| lives(body, one)).collect()
}

/// A loop that a function runs through to do its work, and not the work of a task: what it gathers and uses then is its result.
pub(super) fn ends_with_a_result(cx: &Cx<'_>, body: &BodyFacts, one: &LoopFacts) -> bool {
    !one.spawned && !cx.spawned.contains(&body.def)
}

/// A method of a trait.
fn is_of_trait(cx: &Cx<'_>, id: DefId) -> bool {
    matches!(cx.world.program.def(id).owner.map(|owner| &owner.kind), Some(ItemKind::Impl(imp)) if imp.of_trait.is_some())
}

/// What a loop keeps in variables.
fn locals(cx: &Cx<'_>, body: &BodyFacts, one: &LoopFacts, out: &mut Vec<Finding>) {
    let result = ends_with_a_result(cx, body, one);
    let stays = |held: &&Held| !(held.fresh || held.paces || held.returned || (result && held.used_after));
    let held = || one.held.iter().filter(stays).filter(|held| nature(cx.world, &held.local.ty) == Nature::Constant);
    let collections: Vec<&Held> = held().filter(|held| held.grows && collection(&held.local.ty).is_some()).collect();
    let marks: Vec<&Held> = held().filter(|held| held.assigned && is_mark(&held.local.name, &held.local.ty)).collect();
    for held in &collections {
        let mut finding = local(cx, body, one, held);
        if held.only_grows && !held.used_after {
            finding.facts.push(Cx::plain_fact("shrinks", "never"));
        }
        out.push(finding);
    }
    let site = |held: &Held| cx.site(held.local.at, Role::Constructed, body.def);
    match (collections.first(), marks.as_slice()) {
        // What is remembered beside a collection belongs to the same work.
        (Some(_), [_, ..]) => {
            let first = out.len() - collections.len();
            out[first].facts.push(Cx::plain_fact("also_kept", names(marks.iter().map(|held| &held.local.name))));
            out[first].sites.extend(marks.iter().map(|held| site(held)));
        }
        (None, [first, rest @ ..]) => {
            let mut finding = local(cx, body, one, first);
            finding.label = SmolStr::new_static("value kept by a loop");
            if !rest.is_empty() {
                finding.facts.push(Cx::plain_fact("also_kept", names(rest.iter().map(|held| &held.local.name))));
                finding.sites.extend(rest.iter().map(|held| site(held)));
            }
            out.push(finding);
        }
        (_, []) => {}
    }
}

fn local(cx: &Cx<'_>, body: &BodyFacts, one: &LoopFacts, held: &Held) -> Finding {
    let local = &held.local;
    let kind = kind(cx, &local.name, &local.ty);
    Finding {
        scope: Scope::Process,
        confidence: Confidence::Likely,
        sites: vec![cx.site(local.at, Role::Constructed, body.def)],
        uses: vec![(one.at, body.def, Access::Write)],
        label: label(cx, kind, &local.ty, collection(&local.ty).unwrap_or("value")),
        ty: Some(cx.world.program.show(&local.ty)),
        ..Finding::new(
            "loop-state",
            kind,
            body.def,
            local.name.clone(),
            Origin::Called { function: cx.path(body.def), what: local.name.clone() },
        )
    }
}

pub(super) fn kind(cx: &Cx<'_>, name: &str, ty: &Type) -> Kind {
    match kind_by_name(name, &cx.world.program.show(ty)) {
        kind @ (Kind::Cache | Kind::Session) => kind,
        _ if is_registry(cx, ty) => Kind::Session,
        _ => Kind::SharedState,
    }
}

/// Who is reached by a channel is not known by it.
pub(super) fn label(cx: &Cx<'_>, kind: Kind, ty: &Type, what: &str) -> SmolStr {
    if kind == Kind::Session && is_registry(cx, ty) { REGISTRY } else { format_smolstr!("{what} owned by a loop") }
}

pub(super) fn names<'n>(names: impl Iterator<Item = &'n SmolStr>) -> String {
    names.map(SmolStr::as_str).collect::<Vec<_>>().join(", ")
}

/// What a collection is called; none for other types, and for bytes on their way.
pub(super) fn collection(ty: &Type) -> Option<&'static str> {
    let path = ty.path()?;
    let last = path.rsplit("::").next().unwrap_or(path);
    let of_bytes = ty.args().first().and_then(Type::path).is_some_and(|path| matches!(path.as_str(), "u8" | "char"));
    match last {
        "Option" | "Box" => collection(ty.args().first()?),
        _ if of_bytes => None,
        "Vec" => Some("list"),
        "VecDeque" | "BinaryHeap" => Some("queue"),
        _ if last.ends_with("Map") => Some("map"),
        _ if last.ends_with("Set") && !last.starts_with("Join") => Some("set"),
        _ => None,
    }
}

/// A point in time, a position, a thing seen last.
pub(super) fn is_mark(name: &str, ty: &Type) -> bool {
    let last = ty.path().map_or("", |path| path.rsplit("::").next().unwrap_or(path));
    let is_time = matches!(last, "Instant" | "SystemTime" | "DateTime" | "NaiveDateTime" | "OffsetDateTime" | "Timestamp" | "Zoned");
    if is_time {
        return true;
    }
    let words =
        ["last", "prev", "previous", "offset", "cursor", "seen", "since", "position", "version", "checkpoint", "watermark", "known"];
    let speaks = name.to_lowercase().split('_').any(|word| words.contains(&word));
    let is_plain = matches!(last, "Option" | "String" | "bool") || last.starts_with(['u', 'i']) || ty.path().is_none();
    speaks && is_plain
}
