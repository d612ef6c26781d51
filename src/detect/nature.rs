//! Whether a value of a type changes once it is there: the question behind statics, thread-locals and fields.

use crate::catalog::{EntryId, Shape};
use crate::facts::ItemKind;
use crate::model::Kind;
use crate::resolve::{Type, World};

/// Types nested deeper than this are taken as they are.
const MAX_DEPTH: u32 = 6;

/// What a value of a type does after it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Stays as it is.
    Constant,
    /// Is set once, by a call at run time.
    SetOnce,
    /// Changes: a lock, an atomic, a concurrent map is inside.
    Mutable,
    /// Holds the state that a catalog entry describes.
    Stateful(EntryId),
    /// One value for each thread.
    PerThread,
    /// Not known.
    Unknown,
}

/// The nature of a type.
#[must_use]
pub fn nature(world: World<'_>, ty: &Type) -> Nature {
    at(world, ty, 0)
}

fn at(world: World<'_>, ty: &Type, depth: u32) -> Nature {
    if depth > MAX_DEPTH {
        return Nature::Constant;
    }
    let wrappers = world.catalog.wrappers();
    match ty {
        Type::Foreign(path, args) => {
            if wrappers.is_per_thread(path) {
                return Nature::PerThread;
            }
            if wrappers.is_signal(path) {
                return Nature::Constant;
            }
            if wrappers.is_transparent(path) {
                return strongest(args.iter().map(|arg| at(world, arg, depth + 1)));
            }
            if wrappers.is_lazy(path) {
                let inner = args.first().map_or(Nature::Unknown, |inner| at(world, inner, depth + 1));
                return match inner {
                    Nature::Constant | Nature::Unknown if wrappers.is_set_once(path) => Nature::SetOnce,
                    other => other,
                };
            }
            if wrappers.is_container(path) {
                return match inside_container(world, args, depth) {
                    Some(entry) => Nature::Stateful(entry),
                    None => Nature::Mutable,
                };
            }
            if let Some(entry) = world.catalog.type_entry(path) {
                let api = world.catalog.api(entry);
                match (api.kind, api.shape) {
                    (None, _) => return Nature::Constant,
                    // A key, a loaded file, settings: made once, and then they stay as they are.
                    (Some(Kind::ClientHeld | Kind::StartupConfig | Kind::Lease | Kind::ReferenceData | Kind::ExternalStore), _) => {
                        return Nature::Constant;
                    }
                    (Some(_), Shape::Container) => return Nature::Mutable,
                    (Some(_), _) => return Nature::Stateful(entry),
                }
            }
            // An option, a list: what is inside decides; of other generic types only whether it changes.
            let is_list = path == "std::option::Option" || path == "std::vec::Vec" || path.starts_with("std::collections::");
            strongest(args.iter().map(|arg| match at(world, arg, depth + 1) {
                Nature::Stateful(_) if !is_list => Nature::Constant,
                other => other,
            }))
        }
        Type::Def(id, args) => match &world.program.def(*id).item.kind {
            ItemKind::Struct(facts) => {
                let fields = facts.fields.iter().filter_map(|field| world.signatures.field(*id, &field.name));
                // A struct of many fields is not the one client or channel among them.
                let is_wrapper = facts.fields.len() <= 3;
                let lifted = |nature| match nature {
                    Nature::Stateful(_) if !is_wrapper => Nature::Constant,
                    other => other,
                };
                strongest(fields.map(|ty| lifted(at(world, ty, depth + 1))).chain(args.iter().map(|ty| at(world, ty, depth + 1))))
            }
            ItemKind::Enum(facts) => {
                let fields = facts
                    .variants
                    .iter()
                    .flat_map(|variant| variant.fields.iter().map(move |field| format!("{}.{}", variant.name, field.name)));
                strongest(fields.filter_map(|name| world.signatures.field(*id, &name)).map(|ty| at(world, ty, depth + 1)))
            }
            // Made by a macro that was not looked into.
            ItemKind::Impl(_) => Nature::Unknown,
            _ => Nature::Constant,
        },
        Type::Tuple(all) => strongest(all.iter().map(|ty| at(world, ty, depth + 1))),
        Type::Slice(inner) => at(world, inner, depth + 1),
        Type::Fn(_) => Nature::Constant,
        Type::Trait(_) | Type::Param(_) | Type::Unknown => Nature::Unknown,
    }
}

/// `Mutex<Option<Connection>>`: the lock guards something that the catalog knows better. A map of such things is a map.
fn inside_container(world: World<'_>, args: &[Type], depth: u32) -> Option<EntryId> {
    let mut inner = args.last()?;
    while let Type::Foreign(path, args) = inner {
        if path != "std::option::Option" && !world.catalog.wrappers().is_transparent(path) {
            break;
        }
        inner = args.first()?;
    }
    if inner.path().is_none_or(|path| path == "std::vec::Vec" || path.starts_with("std::collections::")) {
        return None;
    }
    match at(world, inner, depth + 1) {
        Nature::Stateful(entry) => Some(entry),
        _ => None,
    }
}

fn strongest(natures: impl Iterator<Item = Nature>) -> Nature {
    let rank = |nature: &Nature| match nature {
        Nature::Constant => 0,
        Nature::Unknown => 1,
        Nature::SetOnce => 2,
        Nature::PerThread => 3,
        Nature::Stateful(_) => 4,
        Nature::Mutable => 5,
    };
    natures.max_by_key(rank).unwrap_or(Nature::Constant)
}
