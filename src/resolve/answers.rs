//! What functions give back: an answer, or mere word of their end.

use super::infer::World;
use super::program::DefId;
use super::types::Type;

/// A function gives back more than word of its end.
#[must_use]
pub fn gives_answer(world: World<'_>, def: DefId) -> bool {
    is_answer(world.signatures.value(def), world.signatures.this[def.0 as usize].as_ref())
}

/// What a function gives back is more than word of its end: not nothing, an error, a status, or itself.
fn is_answer(ty: &Type, this: Option<&Type>) -> bool {
    match ty {
        Type::Unknown | Type::Param(_) | Type::Trait(_) | Type::Fn(_) => false,
        Type::Tuple(all) => all.iter().any(|ty| is_answer(ty, this)),
        Type::Slice(_) => true,
        Type::Def(id, _) => !matches!(this, Some(Type::Def(own, _)) if own == id),
        Type::Foreign(path, args) => match path.rsplit("::").next().unwrap_or("") {
            "Result" | "Option" | "Poll" | "Box" | "Pin" | "Arc" | "ControlFlow" => args.first().is_some_and(|ty| is_answer(ty, this)),
            // A number of 32 or 8 bits may be the code of an exit.
            "Infallible" | "ExitCode" | "ExitStatus" | "Never" | "JoinHandle" | "i32" | "u8" => false,
            last => !last.ends_with("Error"),
        },
    }
}
