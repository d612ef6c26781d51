//! Random values: where they are made, and the names, fields and texts that receive them.
//!
//! The walk goes from the random source outwards, through encoders, formats, newtypes and variables, and ends at whatever
//! takes the value. Which of those names speak of a credential is for the detector to say.

use smol_str::SmolStr;

use super::calls::Bound;
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::values::{At, Value};
use crate::facts::{Expr, ExprId, ItemKind, Lit, Name, Span};
use crate::model::Kind;

/// More steps outwards than any value takes on its way.
const MAX_STEPS: u32 = 400;

/// Variables that a value is followed through, one into the next.
const MAX_VARIABLES: u32 = 4;

/// A random value made in a body.
#[derive(Clone, Debug)]
pub struct Mint {
    /// What makes it.
    pub source: MintSource,
    /// Where.
    pub at: At,
    /// What takes it, in the order of the walk.
    pub into: Vec<Sink>,
    /// How long it is made, where the walk passes a number.
    pub length: Option<Value>,
    /// How long a store keeps it, and the unit of a bare number.
    pub kept_for: Option<(Value, &'static str)>,
}

/// What makes a random value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MintSource {
    /// A foreign function, by canonical path.
    Foreign(SmolStr),
    /// A function of the workspace, which may be random or not.
    Own(DefId),
}

/// What takes a random value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A variable.
    Local(Name),
    /// A field, of a struct of the workspace where that is known.
    Field(Option<DefId>, Name),
    /// A column, header, cookie or key that is named by a text or a path.
    Named(Name),
    /// A parameter of a function of the workspace, by position.
    Argument(DefId, usize),
    /// A text with holes: the template.
    Text(SmolStr),
    /// A call of the catalog that is found as something of its own: a cookie, a token.
    Held,
    /// A statement of a query, as a parameter.
    Query,
    /// The value of the body.
    Returned,
}

/// A cheap test before the walk: functions of the workspace that make random values say so, or stand where such things are made.
pub(super) fn may_mint(path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or(path);
    const NAMES: [&str; 16] = [
        "gen", "rand", "new", "token", "secret", "uuid", "key", "code", "mint", "make", "create", "csrf", "otp", "stamp", "issue", "encode",
    ];
    NAMES.iter().any(|word| name.contains(word)) || ["rand", "crypto", "token", "secret"].iter().any(|word| path.contains(word))
}

impl Reader<'_> {
    /// Follows the value of a call outwards.
    pub(super) fn mint(&self, id: ExprId, source: MintSource, args: &[ExprId], span: Span) -> Option<Mint> {
        let mut trail = Trail { reader: self, into: Vec::new(), length: None, kept_for: None, seen: Vec::new(), steps: 0, part: None };
        let fills = match &source {
            MintSource::Foreign(path) => {
                let last = path.rsplit("::").next().unwrap_or(path);
                if !is_filler(last) && last != "getrandom" && last != "rand_bytes" && is_own_length(last) {
                    trail.length = args.first().copied();
                }
                is_filler(last) || matches!(last, "getrandom" | "rand_bytes" | "randomize")
            }
            MintSource::Own(_) => false,
        };
        match args.iter().find_map(|arg| trail.variable(*arg)).filter(|_| fills) {
            Some(local) => trail.follow(local, 0),
            None => trail.climb(id, 0),
        }
        let Trail { into, length, kept_for, .. } = trail;
        let length = length.map(|id| self.tracer.value(id));
        let kept_for = kept_for.map(|(id, unit)| (self.tracer.value(id), unit));
        (!into.is_empty()).then(|| Mint { source, at: self.at(span), into, length, kept_for })
    }
}

/// `nanoid!(21)`, `secure_random_alnum(48)`: the first argument is how long.
fn is_own_length(last: &str) -> bool {
    last.contains("random") || last.contains("nanoid") || last.contains("alphanumeric") || last.contains("rand_bytes")
}

/// Methods that write random bytes into what they are given.
fn is_filler(name: &str) -> bool {
    matches!(name, "fill_bytes" | "try_fill_bytes" | "fill" | "try_fill")
}

/// Methods of stores that keep a value for a time, which is the last argument; and its unit.
fn expiring(name: &str) -> Option<&'static str> {
    match name {
        "set_ex" | "setex" | "insert_with_expiry" | "insert_with_ttl" | "set_with_expiry" | "set_with_ttl" => Some("seconds"),
        "pset_ex" | "psetex" => Some("milliseconds"),
        _ => None,
    }
}

struct Trail<'r, 'a> {
    reader: &'r Reader<'a>,
    into: Vec<Sink>,
    length: Option<ExprId>,
    kept_for: Option<(ExprId, &'static str)>,
    seen: Vec<usize>,
    steps: u32,
    /// Which part of a tuple the value is that the walk has come to.
    part: Option<usize>,
}

impl Trail<'_, '_> {
    fn push(&mut self, sink: Sink) {
        if !self.into.contains(&sink) && self.into.len() < 24 {
            self.into.push(sink);
        }
    }

    /// The variable that an expression names, also behind a reference.
    fn variable(&self, id: ExprId) -> Option<usize> {
        match &self.reader.body[id] {
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Index { base: inner, .. } => self.variable(*inner),
            Expr::Path(..) => self.reader.types.local_of.get(&id).map(|local| local.0 as usize),
            _ => None,
        }
    }

    /// Every use of a variable.
    fn follow(&mut self, local: usize, depth: u32) {
        if depth > MAX_VARIABLES || self.seen.contains(&local) {
            return;
        }
        self.seen.push(local);
        self.push(Sink::Local(self.reader.types.locals[local].name.clone()));
        let reader = self.reader;
        for &id in reader.uses_of(local).iter().take(24) {
            self.climb(id, depth + 1);
        }
        self.captured(local, depth);
    }

    /// `format!("/confirm?token={token}")`: a variable that a template names.
    fn captured(&mut self, local: usize, depth: u32) {
        let reader = self.reader;
        for &(id, template) in reader.templates_with(&reader.types.locals[local].name).iter().take(24) {
            let Expr::Macro { path, .. } = &reader.body[id] else { continue };
            let name = path.last().map_or("", SmolStr::as_str);
            if let Some(next) = self.macro_call(ExprId(u32::MAX), id, name, &[template]) {
                self.climb(next, depth + 1);
            }
        }
    }

    /// From an expression outwards to what takes its value.
    fn climb(&mut self, start: ExprId, depth: u32) {
        let mut at = start;
        self.part = None;
        while self.steps < MAX_STEPS {
            self.steps += 1;
            let Some(parent) = self.reader.parents[at.0 as usize] else { return self.push(Sink::Returned) };
            match self.step(at, parent, depth) {
                Some(next) => at = next,
                None => return,
            }
        }
    }

    /// One step: the expression that holds the value next, or nothing where it ends.
    fn step(&mut self, at: ExprId, parent: ExprId, depth: u32) -> Option<ExprId> {
        let reader = self.reader;
        match &reader.body[parent] {
            Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) | Expr::Deref(_) | Expr::Cast(..) | Expr::Array(_) => Some(parent),
            Expr::Tuple(parts) => {
                self.part = parts.iter().position(|part| *part == at);
                Some(parent)
            }
            // Of a value, or of an alphabet by a random number.
            Expr::Index { .. } => Some(parent),
            Expr::Binary { op: crate::facts::BinOp::Add, .. } => Some(parent),
            Expr::If { cond, .. } if *cond != at => Some(parent),
            Expr::Match { value, .. } if *value != at => Some(parent),
            Expr::Closure { .. } | Expr::Async { .. } => Some(parent),
            Expr::Return(_) => {
                self.push(Sink::Returned);
                None
            }
            Expr::Method { recv, name, args, .. } => self.method(at, parent, *recv, name, args, depth),
            Expr::Call { callee, args, .. } if *callee != at => self.call(at, parent, args),
            Expr::Struct { fields, .. } => {
                let field = fields.iter().find(|(_, value)| *value == at)?.0.clone();
                let of = match &reader.types.types[parent.0 as usize] {
                    Type::Def(of, _) => Some(*of),
                    _ => None,
                };
                self.push(Sink::Field(of, field));
                // A newtype is the value that it holds.
                (fields.len() == 1).then_some(parent)
            }
            Expr::Assign { left, right, .. } if *right == at => {
                self.assigned(*left, depth);
                None
            }
            Expr::Macro { path, args, .. } => self.macro_call(at, parent, path.last().map_or("", SmolStr::as_str), args),
            Expr::Block(_) => match reader.bound_here(parent, at) {
                Some(Bound::Result) => Some(parent),
                Some(Bound::Let(name)) => {
                    match reader.variable_of(at, &name) {
                        Some(local) => self.follow(local, depth),
                        None => self.push(Sink::Local(name)),
                    }
                    None
                }
                _ => {
                    for name in reader.names_in_tuple(parent, at, self.part) {
                        self.push(Sink::Local(name));
                    }
                    None
                }
            },
            _ => None,
        }
    }

    fn assigned(&mut self, left: ExprId, depth: u32) {
        match &self.reader.body[left] {
            Expr::Field { base, name, .. } => {
                let of = self.reader.struct_with(*base, name);
                self.push(Sink::Field(of, name.clone()));
            }
            _ => {
                if let Some(local) = self.variable(left) {
                    self.follow(local, depth);
                }
            }
        }
    }

    fn method(&mut self, at: ExprId, parent: ExprId, recv: ExprId, name: &Name, args: &[ExprId], depth: u32) -> Option<ExprId> {
        let own = match self.reader.types.callees.get(&parent) {
            Some(Callee::Def(func)) => Some(*func),
            _ => None,
        };
        if recv == at {
            if is_filler(name) {
                let local = args.iter().find_map(|arg| self.variable(*arg))?;
                self.follow(local, depth);
                return None;
            }
            match name.as_str() {
                "take" | "truncate" => self.length = self.length.or(args.first().copied()),
                // Dice, and questions about a value.
                "gen_bool" | "random_bool" | "shuffle" | "eq" | "ne" | "len" | "is_empty" => return None,
                _ => {}
            }
            return own.is_none().then_some(parent);
        }
        let index = args.iter().position(|arg| *arg == at)?;
        if let Some(func) = own {
            self.push(Sink::Argument(func, index));
            return None;
        }
        if let (Some(unit), [.., last]) = (expiring(name), args) {
            self.kept_for = self.kept_for.or(Some((*last, unit)));
        }
        match name.as_str() {
            "sample_string" => {
                self.length = self.length.or(args.get(1).copied());
                Some(parent)
            }
            "eq" => {
                self.push(Sink::Named(self.last_name(recv)?));
                None
            }
            "bind" | "push_bind" => {
                self.push(Sink::Query);
                None
            }
            "push_str" | "extend" | "push" | "extend_from_slice" | "append_string" | "clone_from" | "replace" => {
                self.assigned(recv, depth);
                None
            }
            "map" if matches!(self.reader.body[recv], Expr::Range(..)) => {
                // `(0..length).map(|_| …)`.
                if let Expr::Range(_, Some(end), _) = &self.reader.body[recv] {
                    self.length = self.length.or(Some(*end));
                }
                Some(parent)
            }
            "map" | "map_or" | "map_or_else" | "unwrap_or" | "unwrap_or_else" | "or_insert_with" | "get_or_insert_with"
            | "get_or_insert" | "then" | "then_some" | "sample" | "sample_iter" | "generate" | "chain" | "or_else" | "and_then" => {
                Some(parent)
            }
            _ if name.starts_with("encode") || name.starts_with("from") => Some(parent),
            _ => {
                let key = args.first().filter(|key| **key != at).and_then(|key| self.text(*key).or_else(|| self.last_name(*key)));
                self.push(Sink::Named(key.unwrap_or_else(|| name.clone())));
                None
            }
        }
    }

    fn call(&mut self, at: ExprId, parent: ExprId, args: &[ExprId]) -> Option<ExprId> {
        let index = args.iter().position(|arg| *arg == at)?;
        match self.reader.types.callees.get(&parent) {
            Some(Callee::Def(def)) => match &self.reader.world.program.def(*def).item.kind {
                ItemKind::Fn(_) => {
                    self.push(Sink::Argument(*def, index));
                    // An encoder of the workspace's own.
                    let name = &self.reader.world.program.def(*def).item.name;
                    ["encode", "base64", "to_hex"].iter().any(|word| name.contains(word)).then_some(parent)
                }
                // A tuple struct, or a variant.
                _ => {
                    self.push(Sink::Field(Some(*def), SmolStr::new_static("0")));
                    Some(parent)
                }
            },
            Some(Callee::Foreign(path)) => {
                if let Some(key) = args.first().filter(|key| **key != at).and_then(|key| self.text(*key)) {
                    self.push(Sink::Named(key));
                }
                let catalog = self.reader.world.catalog;
                if catalog.path(path).is_some_and(|hit| catalog.api(hit.entry).kind == Some(Kind::ClientHeld)) {
                    self.push(Sink::Held);
                    return None;
                }
                let last = path.rsplit("::").next().unwrap_or(path);
                let wraps = last.starts_with(char::is_uppercase)
                    || ["new", "from", "encode", "try_from", "generate", "repeat_with", "build", "to_string"]
                        .iter()
                        .any(|start| last.starts_with(start));
                wraps.then_some(parent)
            }
            // `T::from(x)` of a type that is not known, `Some(x)` of one that is.
            None => Some(parent),
        }
    }

    fn macro_call(&mut self, at: ExprId, parent: ExprId, name: &str, args: &[ExprId]) -> Option<ExprId> {
        let template = args.iter().take(2).find(|arg| **arg != at).and_then(|arg| self.text(*arg));
        match name {
            "format" | "concat" | "format_smolstr" | "concat_string" | "formatcp" => {
                // Inside of an address, a page or a sentence it has arrived; beside a prefix it goes on.
                let arrives = template.as_ref().is_some_and(|text| text.contains(['/', '<', '?', ' ']));
                self.into.extend(template.map(Sink::Text));
                (!arrives).then_some(parent)
            }
            "write" | "writeln" => {
                self.into.extend(template.map(Sink::Text));
                None
            }
            "vec" | "dbg" | "smallvec" | "params" => Some(parent),
            _ if name.starts_with("query") => {
                self.push(Sink::Query);
                None
            }
            _ => None,
        }
    }

    fn text(&self, id: ExprId) -> Option<SmolStr> {
        match &self.reader.body[id] {
            Expr::Lit(Lit::Str(text), _) => Some(text.clone()),
            Expr::Ref(inner) => self.text(*inner),
            Expr::Path(..) => {
                let value = self.reader.tracer.value(id).known_text()?;
                Some(value.into())
            }
            _ => None,
        }
    }

    /// The last name of a path or field: a column, a constant.
    fn last_name(&self, id: ExprId) -> Option<Name> {
        match &self.reader.body[id] {
            Expr::Path(path, _) => path.last().cloned(),
            Expr::Field { name, .. } => Some(name.clone()),
            _ => None,
        }
    }
}
