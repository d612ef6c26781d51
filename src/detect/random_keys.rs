//! Keys that are random unless one is given: which of the two calls speaks for both.

use smol_str::SmolStr;

use super::context::Cx;
use crate::catalog::Shape;
use crate::model::{Kind, Provenance};
use crate::resolve::{BodyFacts, KnownCall, Type};

/// `match &settings.key { Some(key) => Key::from(key), None => Key::generate() }`: the key that is given, where the other
/// is random.
pub(super) fn given_beside<'b>(cx: &Cx<'_>, body: &'b BodyFacts, random: &KnownCall) -> Option<&'b KnownCall> {
    if !is_random(cx, random) {
        return None;
    }
    body.known.iter().find(|other| {
        let api = cx.api(other.hit.entry);
        let is_given = api.shape == Shape::Part && api.kind == Some(Kind::ClientHeld);
        is_given && other.makes == random.makes && other.bound == random.bound
    })
}

fn is_random(cx: &Cx<'_>, call: &KnownCall) -> bool {
    let api = cx.api(call.hit.entry);
    api.kind == Some(Kind::ClientHeld) && api.shape == Shape::Constructor && api.label.contains("random") && call.makes != Type::Unknown
}

/// What is given in place of something random.
pub(super) fn stands_in(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> bool {
    let mut random = body.known.iter().filter(|other| is_random(cx, other));
    random.any(|random| given_beside(cx, body, random).is_some_and(|given| std::ptr::eq(given, call)))
}

/// `cookie key, random per process unless `keys.cookie` is set`.
pub(super) fn random_unless(cx: &Cx<'_>, label: &str, given: &KnownCall) -> SmolStr {
    let settled = given.args.first().map(|arg| cx.flow.settle(cx.world, arg));
    match settled.filter(|settled| settled.provenance != Provenance::Code).and_then(|settled| settled.from) {
        Some(name) => smol_str::format_smolstr!("{label} unless `{name}` is set"),
        None => smol_str::format_smolstr!("{label} unless one is given"),
    }
}
