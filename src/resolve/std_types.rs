//! What the standard library's constructors and combinators return, as far as state flows through them.

use smol_str::SmolStr;

use super::types::{Args, Type};
use crate::catalog::Wrappers;

const OPTION: &str = "std::option::Option";
const RESULT: &str = "std::result::Result";

pub(super) fn option(inner: Type) -> Type {
    Type::Foreign(SmolStr::new_static(OPTION), Args::from([inner]))
}

fn is_result(path: &str) -> bool {
    path == OPTION || path == RESULT
}

/// What `?` and `unwrap` lead to; a type that is no `Result` stays, since wrappers of foreign calls are not known.
pub(super) fn unwrapped(ty: &Type) -> Type {
    match ty {
        Type::Foreign(path, args) if is_result(path) => args.first().cloned().unwrap_or_default(),
        other => other.clone(),
    }
}

/// What a foreign function returns.
pub(super) fn call(path: &str, of: Option<&Type>, args: &[Type]) -> Option<Type> {
    let first = || args.first().cloned().unwrap_or_default();
    Some(match path {
        "std::option::Option::Some" => option(first()),
        "std::result::Result::Ok" => Type::Foreign(SmolStr::new_static(RESULT), Args::from([first()])),
        "std::result::Result::Err" => Type::Foreign(SmolStr::new_static(RESULT), Args::from([Type::Unknown, first()])),
        "std::mem::take" | "std::mem::replace" | "std::convert::identity" | "std::sync::Arc::clone" | "std::rc::Rc::clone" => first(),
        "std::sync::Arc::try_unwrap" | "std::sync::Arc::into_inner" => args.first().map(|ty| ty.arg(0)).unwrap_or_default(),
        "std::default::Default::default" => Type::Unknown,
        "std::env::var" | "std::env::var_os" => {
            Type::Foreign(SmolStr::new_static(RESULT), Args::from([Type::foreign("std::string::String")]))
        }
        "std::env::temp_dir" => Type::foreign("std::path::PathBuf"),
        "std::fs::File::options" => Type::foreign("std::fs::OpenOptions"),
        "tokio::fs::File::options" => Type::foreign("tokio::fs::OpenOptions"),
        _ => match of {
            // A collection made empty or from something: its arguments are known only where they are written.
            Some(Type::Foreign(of, _)) if of.starts_with("std::collections::") || of == "std::vec::Vec" || of == "std::string::String" => {
                return Some(Type::Foreign(of.clone(), Args::default()));
            }
            _ => return None,
        },
    })
}

/// What a method of the standard library, or of a lock, returns; `None` when it is not one of those known.
pub(super) fn method(wrappers: &Wrappers, recv: &Type, name: &str, args: &[Type]) -> Option<Type> {
    let Type::Foreign(path, own) = recv else {
        return match (recv, name) {
            (
                Type::Def(..) | Type::Trait(_) | Type::Tuple(_) | Type::Slice(_) | Type::Fn(_),
                "clone" | "to_owned" | "borrow" | "as_ref" | "by_ref",
            ) => {
                // A method of the same name in the workspace comes first; `clone` of a derive does not stand there.
                (name == "clone").then(|| recv.clone())
            }
            (Type::Slice(inner), "iter" | "iter_mut" | "into_iter") => Some(iterator((**inner).clone())),
            (Type::Slice(inner), "first" | "last" | "get") => Some(option((**inner).clone())),
            _ => None,
        };
    };
    let arg = |at: usize| own.get(at).cloned().unwrap_or_default();
    let returned = || match args.last() {
        Some(Type::Fn(ret)) => (**ret).clone(),
        _ => Type::Unknown,
    };
    match name {
        "clone" | "to_owned" | "as_ref" | "as_mut" | "by_ref" | "as_deref" | "as_deref_mut" | "cloned" | "copied" | "as_slice"
            if path != "std::sync::Weak" =>
        {
            return Some(recv.clone());
        }
        _ => {}
    }
    if path == "std::path::PathBuf" || path == "std::path::Path" {
        return match name {
            "join" | "with_extension" | "with_file_name" | "to_path_buf" | "as_path" => Some(Type::foreign("std::path::PathBuf")),
            "parent" => Some(option(Type::foreign("std::path::PathBuf"))),
            _ => None,
        };
    }
    if is_result(path) {
        return Some(match name {
            "unwrap" | "expect" | "unwrap_or" | "unwrap_or_else" | "unwrap_or_default" | "unwrap_unchecked" | "insert"
            | "get_or_insert_with" => arg(0),
            "ok" | "take" | "filter" | "or" | "or_else" | "replace" => option(arg(0)),
            "map_err" | "context" | "with_context" | "ok_or" | "ok_or_else" | "inspect" | "inspect_err" | "wrap_err" | "wrap_err_with" => {
                Type::Foreign(SmolStr::new_static(RESULT), Args::from([arg(0)]))
            }
            "map" => Type::Foreign(path.clone(), Args::from([returned()])),
            "and_then" => returned(),
            "transpose" => recv.clone(),
            "map_or" | "map_or_else" => returned(),
            "iter" | "into_iter" => iterator(arg(0)),
            _ => return None,
        });
    }
    // The wrappers of foreign calls are not known, so these lead to the value itself.
    if matches!(
        name,
        "unwrap"
            | "expect"
            | "unwrap_or_default"
            | "context"
            | "with_context"
            | "map_err"
            | "ok"
            | "into_inner"
            | "wrap_err"
            | "unwrap_or_else"
    ) && !wrappers.is_transparent(path)
        && !wrappers.is_container(path)
        && !wrappers.is_lazy(path)
    {
        return Some(recv.clone());
    }
    if wrappers.is_container(path) {
        let inner = own.last().cloned().unwrap_or_default();
        return match name {
            "lock" | "read" | "write" | "try_lock" | "try_read" | "try_write" | "borrow" | "borrow_mut" | "get_mut" | "into_inner"
            | "load" | "load_full" | "lock_owned" | "read_owned" | "write_owned" | "blocking_lock" | "blocking_read" | "blocking_write"
            | "lock_arc" | "upgradable_read" | "borrow_and_update" | "try_lock_for" => Some(inner),
            // A concurrent map gives its values out.
            "get" | "remove" | "entry" | "or_insert_with" | "or_default" | "or_insert" if own.len() > 1 => Some(option(inner)),
            _ => None,
        };
    }
    if wrappers.is_lazy(path) {
        return match name {
            "get_or_init" | "get_or_try_init" | "force" | "deref" | "wait" => Some(arg(0)),
            "get" | "get_mut" => Some(option(arg(0))),
            _ => None,
        }
        .or_else(|| {
            // A lazy value derefs.
            method(wrappers, own.first()?, name, args)
        });
    }
    if path.starts_with("std::collections::") || path == "std::vec::Vec" {
        let inner = own.last().cloned().unwrap_or_default();
        return match name {
            "get" | "get_mut" | "remove" | "pop" | "pop_front" | "pop_back" | "first" | "last" | "front" | "back" | "insert" | "peek" => {
                Some(option(inner))
            }
            "iter" | "iter_mut" | "into_iter" | "values" | "values_mut" | "into_values" | "drain" => {
                let pair = own.len() > 1 && !name.contains("values");
                Some(iterator(if pair { Type::Tuple(Args::from([arg(0), inner])) } else { inner }))
            }
            "keys" | "into_keys" => Some(iterator(arg(0))),
            "entry" => Some(Type::Foreign(SmolStr::new_static("std::collections::hash_map::Entry"), Args::from([arg(0), inner]))),
            "or_insert" | "or_insert_with" | "or_default" | "or_insert_entry" => Some(inner),
            _ => None,
        };
    }
    if path == "std::iter::Iterator" {
        return Some(match name {
            "map" | "filter_map" | "flat_map" => iterator(unwrapped(&returned())),
            "filter" | "take" | "skip" | "rev" | "chain" | "inspect" | "step_by" | "peekable" | "take_while" | "skip_while" | "by_ref"
            | "into_iter" => recv.clone(),
            "next" | "last" | "nth" | "find" | "max_by_key" | "min_by_key" | "peek" => option(arg(0)),
            "enumerate" => iterator(Type::Tuple(Args::from([Type::foreign("usize"), arg(0)]))),
            _ => return None,
        });
    }
    None
}

fn iterator(inner: Type) -> Type {
    Type::Foreign(SmolStr::new_static("std::iter::Iterator"), Args::from([inner]))
}

/// What a loop over a value yields.
pub(super) fn element(ty: &Type) -> Type {
    match ty {
        Type::Slice(inner) => (**inner).clone(),
        Type::Foreign(path, args)
            if path == "std::iter::Iterator" || path == "std::vec::Vec" || path == "std::ops::Range" || is_result(path) =>
        {
            args.first().cloned().unwrap_or_default()
        }
        Type::Foreign(path, args) if path.starts_with("std::collections::") => match args.len() {
            0 => Type::Unknown,
            1 => args[0].clone(),
            _ => Type::Tuple(args.clone()),
        },
        _ => Type::Unknown,
    }
}

/// What `value[…]` is.
pub(super) fn indexed(ty: &Type) -> Type {
    match ty {
        Type::Slice(inner) => (**inner).clone(),
        Type::Foreign(path, args) if path == "std::vec::Vec" || path.starts_with("std::collections::") => {
            args.last().cloned().unwrap_or_default()
        }
        _ => Type::Unknown,
    }
}

/// The type of the one parameter of a closure handed to a combinator.
pub(super) fn closure_parameter(recv: &Type, name: &str) -> Option<Type> {
    match recv {
        Type::Foreign(path, args) if is_result(path) => {
            matches!(name, "map" | "and_then" | "is_some_and" | "is_ok_and" | "inspect" | "filter" | "map_or" | "map_or_else")
                .then(|| args.first().cloned().unwrap_or_default())
        }
        Type::Foreign(path, args) if path == "std::iter::Iterator" => matches!(
            name,
            "map"
                | "for_each"
                | "filter"
                | "filter_map"
                | "flat_map"
                | "any"
                | "all"
                | "find"
                | "inspect"
                | "position"
                | "map_while"
                | "take_while"
        )
        .then(|| args.first().cloned().unwrap_or_default()),
        _ => None,
    }
}

/// The type of a macro call of the prelude.
pub(super) fn macro_type(name: &str, args: &[Type]) -> Option<Type> {
    Some(match name {
        "format" => Type::foreign("std::string::String"),
        "vec" => Type::Foreign(SmolStr::new_static("std::vec::Vec"), Args::from([args.first().cloned().unwrap_or_default()])),
        "concat" | "stringify" | "include_str" | "env" | "file" | "module_path" => Type::foreign("str"),
        _ => return None,
    })
}
