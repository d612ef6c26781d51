//! What a service answers where a limit is reached: the status beside a call that says no, how long is waited before, and limits of
//! what a map holds.

use smol_str::SmolStr;

use super::calls::BodyFacts;
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::values::{At, Value};
use crate::facts::{BinOp, Expr, ExprId, ItemKind, Lit, Pat, PatId, Path, Stmt};
use crate::model::FactValue;

/// Steps from a status to the question that it answers.
const MAX_STEPS: usize = 24;

/// Who says no.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// A function of the workspace.
    Own(DefId),
    /// What a field or static holds, mentioned at this place.
    Held(Place),
    /// A setting that is not given.
    Unset(Box<Value>),
}

/// How a status is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// By its number or its name.
    Status(u16),
    /// By a variant of this enum that is called like a status; what it becomes is written elsewhere.
    Variant(DefId, u16),
}

/// Where a field or static is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The field, or the static.
    pub at: At,
    /// The static that the field belongs to.
    pub whole: Option<At>,
}

/// A status that is answered where something says no.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Who says no.
    pub by: Refused,
    /// `429`.
    pub status: Answered,
    /// Where.
    pub at: At,
}

/// A wait for a permit or a connection that ends: `timeout(length, semaphore.acquire())`.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Where what is waited for is mentioned.
    pub held: Place,
    /// How long.
    pub value: Value,
}

/// A limit of what an entry of a map may become: `if *count >= MAX { return false }`.
#[derive(Clone, Debug)]
pub struct EntryLimit {
    /// Where the map is mentioned.
    pub held: At,
    /// The limit.
    pub value: Value,
}

impl Reader<'_> {
    /// `StatusCode::TOO_MANY_REQUESTS`, `AppError::TooManyRequests`.
    pub(super) fn refusal_by_path(&self, id: ExprId, path: &Path, out: &mut BodyFacts) {
        let [.., owner, last] = &*path.segs else { return };
        let Some(status) = status_named(&last.name) else { return };
        if matches!(owner.name.as_str(), "Status" | "StatusCode" | "HttpResponse") {
            out.statuses.extend(self.variant_around(id, status));
            out.refusals.extend(self.refusal(id, Answered::Status(status)));
            return;
        }
        // A variant with values is called.
        let made = self.parents[id.0 as usize].filter(|parent| matches!(&self.body[*parent], Expr::Call { callee, .. } if *callee == id));
        if let Type::Def(of, _) = self.types.types[made.unwrap_or(id).0 as usize]
            && matches!(self.world.program.def(of).item.kind, ItemKind::Enum(_))
        {
            out.refusals.extend(self.refusal(id, Answered::Variant(of, status)));
        }
    }

    /// The variant whose arm a status stands in, where both are called alike: `AppError::TooManyRequests => StatusCode::TOO_MANY_REQUESTS`.
    fn variant_around(&self, id: ExprId, status: u16) -> Option<(DefId, u16)> {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let parent = self.parents[at.0 as usize]?;
            if let Expr::Match { value, arms } = &self.body[parent]
                && let Some(arm) = arms.iter().find(|arm| arm.body == at)
            {
                let (Pat::TupleStruct(path, _) | Pat::Struct(path, _) | Pat::Path(path)) = &self.body[arm.pat] else { return None };
                let Type::Def(of, _) = &self.types.types[value.0 as usize] else { return None };
                return (status_named(path.last()?) == Some(status) && *value != at).then_some((*of, status));
            }
            at = parent;
        }
        None
    }

    /// `error.with_code(429)`.
    pub(super) fn refusal_by_method(&self, id: ExprId, name: &str, args: &[ExprId]) -> Option<Refusal> {
        let says = matches!(name, "with_code" | "with_status" | "with_status_code" | "status" | "status_code" | "set_status");
        let [only] = args else { return None };
        self.refusal(id, Answered::Status(self.status(*only).filter(|_| says)?))
    }

    /// `err_code!("Too many requests", 429)`.
    pub(super) fn refusal_by_macro(&self, id: ExprId, path: &Path, args: &[ExprId]) -> Option<Refusal> {
        let name = path.last()?;
        let fails = ["err", "bail", "abort", "fail"].iter().any(|word| name.split('_').any(|part| part.starts_with(word)));
        if !fails || !name.contains("code") && !name.contains("status") && !name.contains("http") {
            return None;
        }
        self.refusal(id, Answered::Status(args.iter().find_map(|arg| self.status(*arg))?))
    }

    fn status(&self, id: ExprId) -> Option<u16> {
        match &self.body[id] {
            Expr::Lit(Lit::Int(number @ 400..=599), _) => u16::try_from(*number).ok(),
            _ => None,
        }
    }

    fn refusal(&self, id: ExprId, status: Answered) -> Option<Refusal> {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let parent = self.parents[at.0 as usize]?;
            let asked = match &self.body[parent] {
                Expr::Match { value, arms } if *value != at => {
                    let arm = arms.iter().find(|arm| arm.body == at)?;
                    let others = arms.iter().filter(|other| other.body != at);
                    let is_rest = matches!(self.body[arm.pat], Pat::Other | Pat::Bind { .. });
                    let says_no =
                        self.is_no(arm.pat) || is_rest && others.clone().count() == 1 && others.clone().all(|other| self.is_yes(other.pat));
                    Some(*value).filter(|_| says_no && arm.guard.is_none())
                }
                Expr::If { cond, then, .. } if *then == at => self.denied(*cond),
                Expr::If { cond, otherwise, .. } if *otherwise == Some(at) => self.granted(*cond),
                Expr::If { .. } => return None,
                Expr::Method { recv, name, args, .. } if args.contains(&at) => match name.as_str() {
                    "ok_or" | "ok_or_else" | "map_err" | "unwrap_or" | "unwrap_or_else" | "or_else" => Some(*recv),
                    _ => None,
                },
                Expr::Block(stmts) => stmts.iter().find_map(|stmt| match stmt {
                    Stmt::Let { init, otherwise, .. } if *otherwise == Some(at) => *init,
                    _ => None,
                }),
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => return None,
                _ => None,
            };
            if let Some(asked) = asked {
                let by = self.refused(asked).or_else(|| self.unset_setting(asked))?;
                return Some(Refusal { by, status, at: self.at(self.span(id)?) });
            }
            at = parent;
        }
        None
    }

    fn is_no(&self, pat: PatId) -> bool {
        match &self.body[pat] {
            Pat::TupleStruct(path, _) | Pat::Path(path) => path.last().is_some_and(|last| matches!(last.as_str(), "Err" | "None")),
            Pat::Or(all) => all.iter().all(|pat| self.is_no(*pat)),
            _ => false,
        }
    }

    fn is_yes(&self, pat: PatId) -> bool {
        matches!(&self.body[pat], Pat::TupleStruct(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "Ok" | "Some")))
    }

    /// What says no where a condition holds: `!limits.try_reserve(ip)`, `limits.check(ip).is_err()`, `let Err(_) = limits.check(ip)`.
    fn denied(&self, cond: ExprId) -> Option<ExprId> {
        match &self.body[cond] {
            Expr::Unary(inner) => self.granted(*inner),
            Expr::Let { pat, value } => self.is_no(*pat).then_some(*value),
            Expr::Method { recv, name, args, .. } => (args.is_empty() && matches!(name.as_str(), "is_err" | "is_none")).then_some(*recv),
            _ => None,
        }
    }

    /// What says yes where a condition holds.
    fn granted(&self, cond: ExprId) -> Option<ExprId> {
        match &self.body[cond] {
            Expr::Let { pat, value } => self.is_yes(*pat).then_some(*value),
            Expr::Method { recv, name, args, .. } if args.is_empty() && matches!(name.as_str(), "is_ok" | "is_some") => Some(*recv),
            Expr::Call { .. } | Expr::Method { .. } | Expr::Await(_) => Some(cond),
            _ => None,
        }
    }

    /// A field of the settings, or a variable, of which there is none: `config.token.as_ref().ok_or(…)`.
    fn unset_setting(&self, asked: ExprId) -> Option<Refused> {
        let mut at = asked;
        while let Expr::Method { recv, name, args, .. } = &self.body[at]
            && args.is_empty()
            && matches!(name.as_str(), "as_ref" | "as_deref" | "clone" | "cloned")
        {
            at = *recv;
        }
        let is_option = self.types.types[at.0 as usize].path().is_some_and(|path| path == "std::option::Option");
        let value = self.tracer.value(at);
        (is_option && matches!(value, Value::Field { .. } | Value::Env { .. })).then(|| Refused::Unset(Box::new(value)))
    }

    fn refused(&self, asked: ExprId) -> Option<Refused> {
        let mut at = asked;
        for _ in 0..MAX_STEPS {
            match &self.body[at] {
                Expr::Await(inner) | Expr::Ref(inner) | Expr::Unary(inner) => at = *inner,
                // Its own error leaves before.
                Expr::Try(inner) => at = *inner,
                Expr::Path(..) => {
                    let local = self.types.local_of.get(&at).filter(|local| !self.types.changed.contains(local))?;
                    at = self.types.locals[local.0 as usize].init.filter(|init| *init != at)?;
                }
                Expr::Call { args, .. } => match self.types.callees.get(&at)? {
                    Callee::Def(func) => return Some(Refused::Own(*func)),
                    Callee::Foreign(path) if path.ends_with("::timeout") || path.ends_with("::timeout_at") => at = *args.get(1)?,
                    Callee::Foreign(_) => return None,
                },
                Expr::Method { recv, name, .. } => {
                    if let Some(Callee::Def(func)) = self.types.callees.get(&at) {
                        return Some(Refused::Own(*func));
                    }
                    match name.as_str() {
                        "map_err" | "ok" | "inspect_err" | "context" | "with_context" | "map" => at = *recv,
                        name if asks(name) => return self.holder_of(*recv).map(Refused::Held),
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
        None
    }

    /// `timeout(length, self.permits.acquire())`.
    pub(super) fn wait(&self, id: ExprId, args: &[ExprId]) -> Option<Wait> {
        let [length, future] = args else { return None };
        let Some(Callee::Foreign(path)) = self.types.callees.get(&id) else { return None };
        if !path.ends_with("::timeout") {
            return None;
        }
        let Expr::Method { recv, name, .. } = &self.body[self.tracer.behind(*future)] else { return None };
        let waits = name.starts_with("acquire") || matches!(name.as_str(), "get" | "get_conn" | "get_connection");
        let held = self.holder_of(*recv).filter(|_| waits)?;
        Some(Wait { held, value: self.tracer.value(*length) })
    }

    /// `let mut count = self.open.entry(ip).or_insert(0); if *count >= MAX { return false }`.
    pub(super) fn entry_limit(&self, id: ExprId, op: BinOp, left: ExprId, right: ExprId) -> Option<EntryLimit> {
        let mut at = left;
        while let Expr::Deref(inner) | Expr::Ref(inner) | Expr::Cast(inner, _) = &self.body[at] {
            at = *inner;
        }
        if let Expr::Method { recv, name, args, .. } = &self.body[at]
            && name == "len"
            && args.is_empty()
        {
            at = *recv;
        }
        let local = self.types.local_of.get(&at)?;
        let counted = match op {
            BinOp::AtLeast => true,
            // Over the limit is too late, unless this one is counted already.
            BinOp::Over => self.body.exprs[..id.0 as usize].iter().any(|expr| {
                matches!(expr, Expr::Assign { left, compound: true, .. } if self.types.local_of.get(&self.undone(*left)) == Some(local))
            }),
            _ => false,
        };
        if !counted || !self.gives_up(id) {
            return None;
        }
        let entry = self.types.locals[local.0 as usize].init?;
        let held = self.held_entry(entry)?;
        let value = self.tracer.value(right);
        let is_told = match &value {
            Value::Known(FactValue::Int(number), ..) => *number > 0,
            Value::Field { .. } | Value::Env { .. } => true,
            _ => false,
        };
        is_told.then_some(EntryLimit { held: held.at, value })
    }

    fn undone(&self, mut id: ExprId) -> ExprId {
        while let Expr::Deref(inner) | Expr::Ref(inner) = &self.body[id] {
            id = *inner;
        }
        id
    }

    /// The map behind an entry of it: `map.entry(key).or_default()`, `map.get(&key)?`.
    fn held_entry(&self, mut id: ExprId) -> Option<Place> {
        for _ in 0..MAX_STEPS {
            match &self.body[id] {
                Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) | Expr::Deref(inner) => id = *inner,
                Expr::Method { recv, name, args, .. } => match (name.as_str(), args.len()) {
                    ("entry" | "get" | "get_mut", 1) => return self.holder_of(*recv),
                    (
                        "or_insert" | "or_insert_with" | "or_default" | "unwrap" | "expect" | "or_insert_entry" | "value" | "value_mut",
                        _,
                    ) => {
                        id = *recv;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
        None
    }

    /// The field or static at the root of receivers: `self.permits.clone()`, `Arc::clone(&self.permits)`, `LIMITS`.
    fn holder_of(&self, mut id: ExprId) -> Option<Place> {
        for _ in 0..MAX_STEPS {
            match &self.body[id] {
                Expr::Field { base, name, span } => {
                    self.struct_with(*base, name)?;
                    // `GATE.permits` of a static is a mention of both.
                    let of = self.undone(*base);
                    let whole = self.types.static_of.contains_key(&of).then(|| self.span(of)).flatten();
                    return Some(Place { at: self.at(*span), whole: whole.map(|span| self.at(span)) });
                }
                Expr::Path(_, span) if self.types.static_of.contains_key(&id) => return Some(Place { at: self.at(*span), whole: None }),
                Expr::Path(..) => {
                    let local = self.types.local_of.get(&id)?;
                    id = self.types.locals[local.0 as usize].init.filter(|init| *init != id)?;
                }
                Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) | Expr::Await(inner) => id = *inner,
                Expr::Method { recv, name, .. } => {
                    let leads = matches!(
                        name.as_str(),
                        "clone" | "lock" | "read" | "write" | "unwrap" | "expect" | "as_ref" | "as_mut" | "borrow" | "borrow_mut" | "get"
                    );
                    id = Some(*recv).filter(|_| leads)?;
                }
                Expr::Call { args, .. } => match &**args {
                    [only] => id = *only,
                    _ => return None,
                },
                _ => return None,
            }
        }
        None
    }
}

/// A method of a limiter, semaphore or pool that may say no.
fn asks(name: &str) -> bool {
    name.starts_with("check")
        || name.starts_with("acquire")
        || name.starts_with("try_acquire")
        || matches!(name, "get" | "try_get" | "get_conn" | "try_take")
}

/// The number of a status by its name in the common libraries.
fn status_named(name: &SmolStr) -> Option<u16> {
    Some(match name.as_str() {
        "UNAUTHORIZED" | "Unauthorized" => 401,
        "FORBIDDEN" | "Forbidden" => 403,
        "REQUEST_TIMEOUT" | "RequestTimeout" => 408,
        "CONFLICT" | "Conflict" => 409,
        "TOO_MANY_REQUESTS" | "TooManyRequests" => 429,
        "INTERNAL_SERVER_ERROR" | "InternalServerError" => 500,
        "BAD_GATEWAY" | "BadGateway" => 502,
        "SERVICE_UNAVAILABLE" | "ServiceUnavailable" => 503,
        "GATEWAY_TIMEOUT" | "GatewayTimeout" => 504,
        "INSUFFICIENT_STORAGE" | "InsufficientStorage" => 507,
        _ => return None,
    })
}
