//! Functions that read the environment variable which their caller names, and hand on what they read.

use rustc_hash::FxHashMap;

use super::calls::BodyFacts;
use super::flow::Flow;
use super::infer::World;
use super::program::DefId;
use super::types::Type;
use super::values::Value;
use crate::catalog::Shape;

/// Functions of functions of functions that wrap a read.
const MAX_WRAPS: usize = 4;

/// Functions that read the variable which a parameter names, directly or through another one, and return something plain.
pub(super) fn readers(world: World<'_>, bodies: &[BodyFacts]) -> FxHashMap<DefId, Value> {
    let mut out: FxHashMap<DefId, Value> = FxHashMap::default();
    let named = |value: &Value, def: DefId| matches!(value, Value::Param { func, .. } if *func == def);
    let candidates: Vec<&BodyFacts> = bodies.iter().filter(|body| hands_on(world, world.signatures.value(body.def), 0)).collect();
    for body in &candidates {
        let read = body.known.iter().filter(|call| world.catalog.api(call.hit.entry).shape == Shape::EnvRead);
        if let Some(name) = read.filter_map(|call| call.args.first()).find(|name| named(name, body.def)) {
            out.insert(body.def, name.clone());
        }
    }
    for _ in 0..if out.is_empty() { 0 } else { MAX_WRAPS } {
        let before = out.len();
        for body in &candidates {
            if out.contains_key(&body.def) {
                continue;
            }
            let names = body.own.iter().filter_map(|call| Some(Flow::with_args(out.get(&call.func)?, call.func, &call.args)));
            if let Some(name) = names.into_iter().find(|name| named(name, body.def)) {
                out.insert(body.def, name);
            }
        }
        if out.len() == before {
            break;
        }
    }
    out
}

/// The value of a variable may be what a function returns: a text, a number, or whatever the caller asks for.
fn hands_on(world: World<'_>, ty: &Type, depth: u32) -> bool {
    match ty {
        Type::Param(_) => true,
        Type::Foreign(path, args) if matches!(path.as_str(), "std::result::Result" | "std::option::Option") => {
            depth < 3 && args.first().is_some_and(|inner| hands_on(world, inner, depth + 1))
        }
        Type::Foreign(path, _) => world.catalog.wrappers().is_plain(path),
        _ => false,
    }
}
