//! What becomes of a read of a variable that is not set: something fails, or the code goes on without a value.

use super::diverging::never_returns;
use super::reader::Reader;
use super::types::Type;
use super::values::Value;
use crate::facts::{Expr, ExprId, Stmt};

/// Steps from the read to where its value is kept.
const MAX_STEPS: usize = 16;

/// What the code does where a variable is not set and no default stands beside the read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// It fails: an error is handed up, or it panics.
    Fails,
    /// It goes on with no value.
    None,
    /// The function hands on that there is none, as its result says: an error or an empty option.
    Caller,
}

/// How a value says that there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// As an error.
    Error,
    /// As an empty option, perhaps inside a result that is fine.
    Option,
}

impl Reader<'_> {
    /// The value that is written where a call gives nothing: `get(name).await?.unwrap_or_else(|| "none".into())`.
    pub(super) fn instead(&self, id: ExprId) -> Option<Value> {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let parent = self.parents[at.0 as usize]?;
            let Expr::Method { recv, name, args, .. } = &self.body[parent] else {
                if !matches!(self.body[parent], Expr::Await(_) | Expr::Try(_)) {
                    return None;
                }
                at = parent;
                continue;
            };
            let fallback = match (name.as_str(), &**args) {
                _ if *recv != at => return None,
                ("unwrap_or", [value]) => *value,
                ("unwrap_or_else", [closure]) => match &self.body[*closure] {
                    Expr::Closure { body, .. } => *body,
                    _ => return None,
                },
                (
                    "context" | "with_context" | "wrap_err" | "map_err" | "unwrap" | "expect" | "as_deref" | "ok" | "flatten" | "cloned",
                    _,
                ) => {
                    at = parent;
                    continue;
                }
                _ => return None,
            };
            return Some(self.tracer.value(fallback)).filter(|value| matches!(value, Value::Known(..)));
        }
        None
    }

    /// What becomes of a call that reads a variable: of `std::env::var` itself, or of a function that gives an option.
    /// None where it cannot be told, or another value takes its place.
    pub(super) fn unset(&self, id: ExprId) -> Option<Unset> {
        let mut absent = if self.gives_option(id) { Absent::Option } else { Absent::Error };
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { return Some(Unset::Caller) };
            match &self.body[parent] {
                Expr::Await(_) | Expr::Ref(_) => {}
                Expr::Try(_) => match absent {
                    Absent::Error => return Some(Unset::Fails),
                    // The result around the option is taken off; what is left is the option.
                    Absent::Option if self.is_option(at) => return Some(if self.returns_option() { Unset::Caller } else { Unset::Fails }),
                    Absent::Option => {}
                },
                Expr::Method { recv, name, args, .. } if *recv == at => match name.as_str() {
                    "unwrap_or_else" if args.first().is_some_and(|instead| never_returns(self.body, *instead)) => {
                        return Some(Unset::Fails);
                    }
                    "ok" => absent = Absent::Option,
                    "map_err" | "inspect_err" | "map" | "and_then" | "filter" | "as_deref" | "as_ref" | "cloned" | "flatten"
                    | "transpose" | "inspect" => {}
                    "context" | "with_context" | "wrap_err" | "wrap_err_with" | "change_context" | "attach_printable" | "unwrap"
                    | "expect"
                        if absent == Absent::Option && !self.is_option(at) => {}
                    "context" | "with_context" | "wrap_err" | "wrap_err_with" | "change_context" | "attach_printable" | "ok_or"
                    | "ok_or_else" => absent = Absent::Error,
                    "unwrap" | "expect" => return Some(Unset::Fails),
                    "is_ok" | "is_some" | "is_err" | "is_none" => return Some(Unset::None),
                    _ => return None,
                },
                Expr::Let { .. } => return Some(Unset::None),
                // `match var("X") { Ok(x) => x, Err(_) => panic!("…") }`.
                Expr::Match { value, arms } if *value == at && arms.iter().any(|arm| never_returns(self.body, arm.body)) => {
                    return Some(Unset::Fails);
                }
                // What a function of the workspace makes of it, only that function knows.
                Expr::Call { .. } | Expr::Method { .. } if self.is_own_function(parent) => return None,
                // It is kept, or handed on, as an option.
                Expr::Struct { .. } | Expr::Assign { .. } | Expr::Call { .. } | Expr::Method { .. } if absent == Absent::Option => {
                    return Some(Unset::None);
                }
                Expr::Return(_) => return Some(Unset::Caller),
                Expr::Block(stmts) => match stmts.last() {
                    Some(Stmt::Expr { expr, semi: false }) if *expr == at => {}
                    _ if absent == Absent::Option && self.stays_optional(stmts, at) => return Some(Unset::None),
                    _ => return None,
                },
                _ => return None,
            }
            at = parent;
        }
        None
    }

    /// A variable that is bound to an option, which nothing takes by force later.
    fn stays_optional(&self, stmts: &[Stmt], value: ExprId) -> bool {
        let bound = stmts.iter().any(|stmt| matches!(stmt, Stmt::Let { init: Some(init), .. } if *init == value));
        let local = self.types.locals.iter().position(|local| local.init == Some(value));
        let Some(local) = local.filter(|_| bound) else { return false };
        let uses = self.types.local_of.iter().filter(|(_, of)| of.0 as usize == local).map(|(id, _)| *id);
        let mut some = false;
        for id in uses {
            some = true;
            let kept = match self.parents[id.0 as usize].map(|parent| &self.body[parent]) {
                Some(Expr::Method { recv, name, .. }) if *recv == id => {
                    matches!(name.as_str(), "as_deref" | "as_ref" | "is_some" | "is_none" | "clone")
                }
                Some(Expr::Try(_)) => false,
                _ => true,
            };
            if !kept {
                return false;
            }
        }
        some
    }

    /// The function itself says by an option that there is nothing.
    fn returns_option(&self) -> bool {
        matches!(self.world.signatures.value(self.tracer.def), Type::Foreign(path, _) if path == "std::option::Option")
    }

    pub(super) fn is_own_function(&self, call: ExprId) -> bool {
        matches!(self.types.callees.get(&call), Some(super::infer::Callee::Def(func)) if self.world.program.func(*func).is_some())
    }

    /// A function of the workspace whose result holds an option.
    fn gives_option(&self, id: ExprId) -> bool {
        let Some(super::infer::Callee::Def(func)) = self.types.callees.get(&id) else { return false };
        holds_option(self.world.signatures.value(*func), 0)
    }

    /// The type is `Option`.
    pub(super) fn is_option(&self, id: ExprId) -> bool {
        self.types.types[id.0 as usize].path().is_some_and(|path| path == "std::option::Option")
    }
}

/// `Option<T>`, `Result<Option<T>>`.
fn holds_option(ty: &Type, depth: u32) -> bool {
    match ty {
        Type::Foreign(path, _) if path == "std::option::Option" => true,
        Type::Foreign(path, args) if depth < 2 && path.ends_with("::Result") => {
            args.first().is_some_and(|inner| holds_option(inner, depth + 1))
        }
        _ => false,
    }
}
