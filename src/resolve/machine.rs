//! What the machine tells the code: how many CPUs it has, in words since every machine has another number.

use super::values::{At, Value};
use crate::facts::{Body, Expr, ExprId};
use crate::model::FactValue;

/// In words.
const CPUS: &str = "number of CPUs";

/// What a function without arguments tells of the machine, by its path.
pub(super) fn told_by(path: &str, at: At) -> Option<Value> {
    let mut parts = path.rsplit("::");
    let text = match (parts.next()?, parts.next()) {
        ("get", Some("num_cpus")) | ("available_parallelism", Some("std" | "thread")) => CPUS,
        ("get_physical", Some("num_cpus")) => "number of CPU cores",
        _ => return None,
    };
    Some(Value::Known(FactValue::Text(text.to_owned()), false, at))
}

/// The number of CPUs, and not what else is made of it: `.get()`, `.map(|n| n.get())`, `.map(NonZeroUsize::get)`.
pub(super) fn stays(value: &Value, body: &Body, method: &str, args: &[ExprId]) -> bool {
    let Value::Known(FactValue::Text(text), ..) = value else { return false };
    if text != CPUS {
        return false;
    }
    match (method, args.first().map(|arg| &body[*arg])) {
        ("get", None) => true,
        ("map", Some(Expr::Path(path, _))) => path.last().is_some_and(|last| last == "get" || last == "into"),
        ("map", Some(Expr::Closure { body: made, .. })) => match &body[*made] {
            Expr::Method { name, args, recv, .. } => args.is_empty() && name == "get" && matches!(body[*recv], Expr::Path(..)),
            _ => false,
        },
        _ => false,
    }
}
