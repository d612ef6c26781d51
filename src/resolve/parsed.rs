//! What becomes of the text of an environment variable: into which plain type it is parsed, and who fails without it.

use smol_str::SmolStr;

use super::calls::Fails;
use super::diverging::never_returns;
use super::reader::Reader;
use super::types::{Type, TypeScope};
use super::values::{At, Value};
use crate::facts::{Expr, ExprId, Pat, PatId, Stmt, Ty};

/// Steps from the parse to what its value is put into.
const MAX_STEPS: usize = 12;

/// The types whose texts everybody knows.
const PLAIN: &[&str] =
    &["bool", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "char"];

impl Reader<'_> {
    /// A `parse` of what a variable holds: where the variable is read, and the type.
    pub(super) fn parsed(&self, id: ExprId, recv: ExprId, turbofish: &[Ty]) -> Option<(At, SmolStr)> {
        let at = self.variable_behind(recv, 0)?;
        let ty = match turbofish {
            [only] => self.plain_type(only),
            _ => self.put_into(id),
        }?;
        Some((at, ty))
    }

    /// `env::var("X").ok().and_then(…).unwrap_or(SIZE)`: a value of a plain type can only have been parsed.
    pub(super) fn parsed_as_default(&self, value: &Value, args: &[ExprId]) -> Option<(At, SmolStr)> {
        let (Value::Env { at, .. }, [fallback]) = (value, args) else { return None };
        let fallback = match &self.body[*fallback] {
            Expr::Closure { body, .. } => *body,
            _ => *fallback,
        };
        Some((*at, plain(&self.types.types[fallback.0 as usize])?))
    }

    /// Where the variable is read whose text an expression holds, also inside a closure that is handed the text.
    fn variable_behind(&self, id: ExprId, depth: usize) -> Option<At> {
        match self.tracer.value(id) {
            // A wrapper of a read stands where it is called.
            Value::Env { at, .. } | Value::Call { at, .. } => return Some(at),
            _ => {}
        }
        let mut at = id;
        for _ in 0..MAX_STEPS {
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) => at = *inner,
                Expr::Path(path, _) => {
                    let name = path.single()?;
                    let closure = self.closure_of(at, name)?;
                    let Expr::Method { recv, .. } = &self.body[self.parents[closure.0 as usize]?] else { return None };
                    return if depth < 2 { self.variable_behind(*recv, depth + 1) } else { None };
                }
                _ => return None,
            }
        }
        None
    }

    /// `config.max_age.map(|seconds| …)`: the name says what the number counts.
    pub(super) fn named_unit(&self, recv: ExprId, closure: ExprId) -> Option<(Value, &'static str)> {
        let Expr::Closure { params, .. } = &self.body[closure] else { return None };
        let unit = params.iter().find_map(|(pat, _)| match &self.body[*pat] {
            Pat::Bind { name, .. } => match name.as_str() {
                "secs" | "seconds" => Some("seconds"),
                "ms" | "millis" | "milliseconds" => Some("milliseconds"),
                "mins" | "minutes" => Some("minutes"),
                "hours" => Some("hours"),
                "days" => Some("days"),
                _ => None,
            },
            _ => None,
        })?;
        let value = self.tracer.value(recv);
        matches!(value, Value::Field { .. } | Value::Env { .. } | Value::Call { .. }).then_some((value, unit))
    }

    /// The closure around an expression that has a parameter of this name.
    fn closure_of(&self, id: ExprId, name: &str) -> Option<ExprId> {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            at = self.parents[at.0 as usize]?;
            if let Expr::Closure { params, .. } = &self.body[at] {
                return params.iter().any(|(pat, _)| self.binds(*pat, name)).then_some(at);
            }
        }
        None
    }

    fn binds(&self, pat: PatId, name: &str) -> bool {
        match &self.body[pat] {
            Pat::Bind { name: bound, .. } => bound == name,
            Pat::Ref(inner) | Pat::Typed(inner, _) => self.binds(*inner, name),
            _ => false,
        }
    }

    /// The type of the variable or field that the result is put into.
    fn put_into(&self, id: ExprId) -> Option<SmolStr> {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::Try(_) | Expr::Await(_) | Expr::Closure { .. } => {}
                Expr::Method { recv, name, args, .. } => match name.as_str() {
                    "unwrap" | "expect" | "ok" | "map_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with"
                    | "unwrap_or_default" | "ok_or" | "ok_or_else"
                        if *recv == at => {}
                    "and_then" | "map" | "map_or" | "flat_map" if args.contains(&at) => {}
                    "transpose" if *recv == at => {}
                    "unwrap_or" | "unwrap_or_else" if *recv == at => {
                        if let Some((_, ty)) = self.parsed_as_default(&self.tracer.value(parent), args) {
                            return Some(ty);
                        }
                    }
                    _ => return None,
                },
                Expr::Struct { fields, .. } => {
                    let Type::Def(of, _) = &self.types.types[parent.0 as usize] else { return None };
                    let (name, _) = fields.iter().find(|(_, value)| *value == at)?;
                    return plain(self.world.signatures.field(*of, name)?);
                }
                Expr::Block(stmts) => {
                    let annotated = stmts.iter().find_map(|stmt| match stmt {
                        Stmt::Let { ty, init: Some(init), .. } if *init == at => Some(ty),
                        _ => None,
                    });
                    return self.plain_type(annotated?.as_deref()?);
                }
                _ => return None,
            }
            at = parent;
        }
        None
    }

    /// Who fails when a call gives an error: whatever is put around it, up to `?`, a panic, or the end of the body.
    pub(super) fn fails(&self, id: ExprId) -> Fails {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { return Fails::Caller };
            match &self.body[parent] {
                Expr::Try(_) => return Fails::Here,
                Expr::Await(_) => {}
                Expr::Method { recv, name, args, .. } if *recv == at => match name.as_str() {
                    "unwrap" | "expect" => return Fails::Here,
                    "unwrap_or_else" if args.first().is_some_and(|instead| never_returns(self.body, *instead)) => return Fails::Here,
                    "map_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with" | "parse" | "map" | "and_then"
                    | "inspect_err" | "attach_printable" | "change_context" | "boxed" | "boxed_local" | "instrument" => {}
                    _ => return Fails::Nobody,
                },
                Expr::Return(_) => return Fails::Caller,
                Expr::Let { pat, .. } if self.is_error(*pat) && self.ends_process(parent) => return Fails::Here,
                Expr::Block(stmts) => match stmts.last() {
                    Some(Stmt::Expr { expr, semi: false }) if *expr == at => {}
                    _ => return Fails::Nobody,
                },
                _ => return Fails::Nobody,
            }
            at = parent;
        }
        Fails::Nobody
    }

    /// `Err(error)`.
    fn is_error(&self, pat: PatId) -> bool {
        matches!(&self.body[pat], Pat::TupleStruct(path, _) if path.last().is_some_and(|last| last == "Err"))
    }

    /// The branch of `if let` that is taken when it holds ends the process, or the function.
    fn ends_process(&self, asked: ExprId) -> bool {
        let Some(Expr::If { cond, then, .. }) = self.parents[asked.0 as usize].map(|parent| &self.body[parent]) else { return false };
        let Expr::Block(stmts) = &self.body[*then] else { return false };
        let leaves = |stmt: &Stmt| match stmt {
            Stmt::Expr { expr, .. } => match &self.body[*expr] {
                Expr::Return(_) => true,
                Expr::Call { callee, .. } => {
                    matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "exit" | "abort")))
                }
                Expr::Macro { path, .. } => path.last().is_some_and(|last| matches!(last.as_str(), "panic" | "bail")),
                _ => false,
            },
            Stmt::Let { .. } => false,
        };
        *cond == asked && stmts.last().is_some_and(leaves)
    }

    fn plain_type(&self, ty: &Ty) -> Option<SmolStr> {
        let module = self.world.program.def(self.tracer.def).module;
        plain(&self.world.program.lower(self.world.catalog, TypeScope { module, this: None, generics: &[] }, ty))
    }
}

/// The name of a plain type, also inside `Option` and the like.
fn plain(ty: &Type) -> Option<SmolStr> {
    match ty {
        Type::Foreign(path, args) if args.is_empty() => PLAIN.contains(&path.as_str()).then(|| path.clone()),
        Type::Foreign(path, args) if path.ends_with("::Option") || path.ends_with("::Result") => plain(args.first()?),
        _ => None,
    }
}
