//! Values followed through a body: literals, consts, defaults, environment reads, fields, parameters.
//!
//! A value stays symbolic (`Field`, `Param`, `Call`) where other bodies have a say; [`super::flow`] settles it.

use std::cell::Cell;

use smol_str::SmolStr;

use super::arithmetic::{self, Math};
use super::durations::{duration, scaled};
use super::infer::{Callee, Inference, World};
use super::machine;
use super::moments::{now, on_condition};
use super::names::{Res, Space};
use super::program::DefId;
use super::shown::without_locks;
use super::types::Type;
use crate::catalog::Shape;
use crate::facts::{Body, Expr, ExprId, ItemKind, Lit, Name, Span, Stmt};
use crate::model::FactValue;

/// Expressions deeper than this are shown as text.
const MAX_DEPTH: u32 = 24;

/// More expressions than any value worth showing is made of. Variables and constants that name others twice each would
/// otherwise double the work at every step.
const MAX_FUEL: u32 = 4096;

/// A place: index of the file, line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Index of the file.
    pub file: u32,
    /// Line and column.
    pub span: Span,
}

/// A value as far as one body tells.
#[allow(missing_docs, reason = "the line of each variant says what its fields are")]
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Written in the code; `true` when it is a duration.
    Known(FactValue, bool, At),
    /// Read from the environment, with what holds when the variable is not set.
    Env { name: Box<Value>, default: Option<Box<Value>>, at: At },
    /// A field of a struct of the workspace.
    Field { of: DefId, field: Name, text: SmolStr, at: At },
    /// A parameter of the function, by position (without `self`).
    Param { func: DefId, index: usize, name: Name },
    /// An option of the command line, by the name that the code asks for it with.
    OfCommandLine { option: Name, text: SmolStr, at: At },
    /// What a function of the workspace returns.
    Call { func: DefId, args: Vec<Value>, text: SmolStr, at: At },
    /// What a function that is handed to this one, by position, says of a name.
    Asked { func: DefId, index: usize, name: Box<Value>, at: At },
    /// A path with another extension.
    WithExtension(Box<Value>, SmolStr),
    /// A part of a path or text.
    Part(Box<Value>, TextPart),
    /// A number of some unit of time.
    Scaled(Box<Value>, &'static str),
    /// The first value, or the second where the first is not there.
    Or(Box<Value>, Box<Value>),
    /// Pieces of a path or a text, one after the other.
    Join(Vec<Value>),
    /// What stands in a file: one that is read when the code runs, or one that is compiled in.
    Contents { path: Box<Value>, compiled_in: bool, text: SmolStr },
    /// A piece of a text that is told by its name, unless what it stands for is one plain word.
    Named(Box<Value>, Name),
    /// Two numbers of which one is known only later.
    Math(Math, Box<Value>, Box<Value>),
    /// One of several by the variant of a parameter: what each arm of a `match` gives.
    Choice { on: Box<Value>, arms: Vec<(Name, Value)> },
    /// A moment, so long after now; with the unit where it is a number.
    Later { by: Option<Box<Value>>, unit: Option<&'static str>, text: SmolStr },
    /// Cannot be followed; the expression as written.
    Unknown(SmolStr),
}

/// Which part of a path or text is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// The folder of a path.
    Folder,
    /// The last name of a path.
    Name,
    /// What stands behind a beginning, if it has that.
    After(SmolStr),
}

impl TextPart {
    /// The part of a text.
    #[must_use]
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        // What is put in may be a path by itself.
        let mut depth = 0_usize;
        let is_separator = |(at, c): (usize, char)| {
            match c {
                '}' => depth += 1,
                '{' => depth = depth.saturating_sub(1),
                '/' if depth == 0 => return Some(at),
                _ => {}
            }
            None
        };
        match self {
            TextPart::After(start) => text.strip_prefix(start.as_str()).unwrap_or(text),
            TextPart::Folder => match text.char_indices().rev().find_map(is_separator) {
                Some(0) => "/",
                Some(at) => &text[..at],
                None => ".",
            },
            TextPart::Name => text.char_indices().rev().find_map(is_separator).map_or(text, |at| &text[at + 1..]),
        }
    }

    /// The part of something that is known by its name only.
    fn words(&self, name: &str) -> String {
        match self {
            TextPart::Folder => format!("folder of {name}"),
            TextPart::Name => format!("file name of {name}"),
            TextPart::After(_) => name.to_owned(),
        }
    }

    /// The part of a text, told as far as it is known.
    pub(super) fn settled(&self, mut settled: super::flow::Settled) -> super::flow::Settled {
        let part = |text: &str| text.split(" or ").map(|one| self.of(one)).collect::<Vec<_>>().join(" or ");
        // What was cut off came from elsewhere: the rest does not.
        let open = settled.from.as_ref().map(|from| format!("{{{from}}}"));
        let is_cut = settled.value.as_ref().zip(open).is_some_and(|(value, open)| {
            let whole = value.to_string();
            whole.contains(&open) && !part(&whole).contains(&open)
        });
        if is_cut {
            (settled.from, settled.provenance) = (None, crate::model::Provenance::Code);
        }
        for value in settled.value.iter_mut().chain(settled.set.iter_mut().filter_map(|set| set.value.as_mut())) {
            if let FactValue::Text(text) = value {
                *text = part(text);
            }
        }
        if let (None, Some(from)) = (&settled.value, settled.from.as_mut()) {
            *from = self.words(from);
            if !matches!(self, TextPart::After(_)) {
                settled.provenance = crate::model::Provenance::Code;
            }
        }
        settled
    }
}

impl Value {
    /// The text of a known value.
    #[must_use]
    pub fn known_text(&self) -> Option<String> {
        match self {
            Value::Known(value, ..) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The number of parts.
    pub(super) fn weight(&self) -> usize {
        let all = |values: &[Value]| values.iter().map(Value::weight).fold(1, usize::saturating_add);
        match self {
            Value::Env { name, default, .. } => name.weight() + default.as_ref().map_or(1, |value| value.weight()),
            Value::Call { args, .. } => all(args),
            Value::Asked { name, .. } => name.weight() + 1,
            Value::Join(parts) => all(parts),
            Value::WithExtension(inner, _)
            | Value::Part(inner, _)
            | Value::Scaled(inner, _)
            | Value::Named(inner, _)
            | Value::Contents { path: inner, .. } => inner.weight() + 1,
            Value::Or(first, second) | Value::Math(_, first, second) => first.weight() + second.weight(),
            Value::Choice { on, arms } => arms.iter().map(|(_, value)| value.weight()).fold(on.weight(), usize::saturating_add),
            Value::Later { by, .. } => by.as_ref().map_or(1, |by| by.weight() + 1),
            Value::Known(..) | Value::Field { .. } | Value::Param { .. } | Value::OfCommandLine { .. } | Value::Unknown(_) => 1,
        }
    }

    /// The value, or what holds where there is none.
    pub(super) fn with_default(self, fallback: Value) -> Value {
        match self {
            Value::Env { name, default: None, at } => Value::Env { name, default: Some(Box::new(fallback)), at },
            Value::Unknown(text) if text.is_empty() || !matches!(fallback, Value::Known(..)) => fallback,
            Value::Unknown(_)
            | Value::Call { .. }
            | Value::Field { .. }
            | Value::OfCommandLine { .. }
            | Value::Math(..)
            | Value::Asked { .. } => Value::Or(Box::new(self), Box::new(fallback)),
            other => other,
        }
    }
}

/// Follows values in one body.
#[derive(Clone, Copy)]
pub(super) struct Tracer<'a> {
    /// What is known of the workspace.
    pub world: World<'a>,
    /// The body.
    pub body: &'a Body,
    /// What was inferred in it.
    pub types: &'a Inference,
    /// The definition that the body belongs to.
    pub def: DefId,
    /// Index of its file.
    pub file: u32,
    /// Expressions that may still be looked at for one value.
    pub fuel: &'a Cell<u32>,
}

impl Tracer<'_> {
    pub(super) fn at(&self, span: Span) -> At {
        At { file: self.file, span }
    }

    /// The value of an expression.
    #[must_use]
    pub(super) fn value(&self, id: ExprId) -> Value {
        self.fuel.set(MAX_FUEL);
        self.follow(id, 0)
    }

    /// The value that a whole body gives back.
    #[must_use]
    pub(super) fn returned(&self, root: ExprId) -> Value {
        self.fuel.set(MAX_FUEL);
        self.given_back(root, 0)
    }

    pub(super) fn follow(&self, id: ExprId, depth: u32) -> Value {
        let Some(fuel) = self.fuel.get().checked_sub(1).filter(|_| depth <= MAX_DEPTH) else {
            return Value::Unknown(SmolStr::new_static("…"));
        };
        self.fuel.set(fuel);
        let next = |id: ExprId| self.follow(id, depth + 1);
        match &self.body[id] {
            Expr::Lit(lit, span) => match lit {
                Lit::Str(text) => Value::Known(FactValue::Text(text.to_string()), false, self.at(*span)),
                Lit::Int(number) => Value::Known(FactValue::Int(*number), false, self.at(*span)),
                Lit::Float(text) => Value::Known(FactValue::Text(text.to_string()), false, self.at(*span)),
                Lit::Bool(value) => Value::Known(FactValue::Bool(*value), false, self.at(*span)),
                Lit::Char(value) => Value::Known(FactValue::Text(value.to_string()), false, self.at(*span)),
                Lit::Other => self.unknown(id),
            },
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) | Expr::Await(inner) | Expr::Cast(inner, _) => next(*inner),
            Expr::Block(stmts) => match stmts.last() {
                Some(Stmt::Expr { expr, semi: false }) => next(*expr),
                _ => self.unknown(id),
            },
            Expr::Async { body, .. } => self.given_back(*body, depth + 1),
            Expr::Closure { body, params, .. } if params.len() < 2 => self.given_back(*body, depth + 1),
            Expr::Path(path, _) => self.path(id, path, depth),
            Expr::Field { base, name, .. }
                if name == "0" && self.types.types[base.0 as usize].path().is_some_and(|path| path == "bytesize::ByteSize") =>
            {
                next(*base)
            }
            Expr::Field { base, name, span } => self.field(id, *base, name, *span),
            Expr::Binary { op, left, right } => arithmetic::binary(*op, &next(*left), &next(*right)).unwrap_or_else(|| self.unknown(id)),
            Expr::Match { value, arms } => self.chosen(id, next(*value), arms, depth),
            Expr::If { cond, then, otherwise } => self.branched(id, *cond, *then, *otherwise, depth),
            Expr::Call { callee, args, span } => self.call(id, *callee, args, *span, depth),
            Expr::Method { recv, name, args, span, .. } => self.method(id, *recv, name, args, *span, depth),
            Expr::Macro { path, args, .. } => self.macro_call(id, path.last().map_or("", SmolStr::as_str), args, depth),
            _ => self.unknown(id),
        }
    }

    /// What a body gives back: its first `return` that nothing stands around, else its last expression.
    pub(super) fn given_back(&self, root: ExprId, depth: u32) -> Value {
        let returned = |id: ExprId| match &self.body[id] {
            Expr::Return(given) => Some(*given),
            _ => None,
        };
        let given = match &self.body[root] {
            Expr::Block(stmts) => stmts.iter().find_map(|stmt| match stmt {
                Stmt::Expr { expr, .. } => returned(*expr),
                Stmt::Let { .. } => None,
            }),
            _ => returned(root),
        };
        match given {
            Some(Some(given)) => self.follow(given, depth + 1),
            Some(None) => self.unknown(root),
            None => self.follow(root, depth),
        }
    }

    pub(super) fn unknown(&self, id: ExprId) -> Value {
        Value::Unknown(self.show(id).into())
    }

    fn path(&self, id: ExprId, path: &crate::facts::Path, depth: u32) -> Value {
        if let Some(found) = self.types.local_of.get(&id) {
            let local = &self.types.locals[found.0 as usize];
            if self.types.changed.contains(found) {
                return self.with_port(id, *found, depth).unwrap_or_else(|| Value::Unknown(local.name.clone()));
            }
            return match (local.init, local.param) {
                // A child stands before its parent, so a binding that speaks of itself cannot occur.
                (Some(init), _) if init != id => self.follow(init, depth + 1),
                (_, Some(index)) => Value::Param { func: self.def, index, name: local.name.clone() },
                _ => Value::Unknown(local.name.clone()),
            };
        }
        let found = self.types.static_of.get(&id);
        match found {
            Some(&def) => constant(self.world, def, depth, self.fuel).unwrap_or_else(|| Value::Unknown(path.name())),
            // `SameSite::Strict`: the variant is the value.
            None => match (&*path.segs, &self.body[id]) {
                ([.., _, last], Expr::Path(_, span)) if is_variant(&last.name) => {
                    Value::Known(FactValue::Text(last.name.to_string()), false, self.at(*span))
                }
                (_, Expr::Path(_, span)) => self.named_address(path, *span).unwrap_or_else(|| Value::Unknown(path.name())),
                _ => Value::Unknown(path.name()),
            },
        }
    }

    fn field(&self, id: ExprId, base: ExprId, name: &Name, span: Span) -> Value {
        let mut ty = self.types.types[base.0 as usize].clone();
        for _ in 0..8 {
            if let Type::Def(of, _) = &ty
                && self.world.signatures.field(*of, name).is_some()
            {
                return Value::Field { of: *of, field: name.clone(), text: without_locks(self.show(id)).into(), at: self.at(span) };
            }
            match self.world.deref(&ty) {
                Some(next) => ty = next,
                None => break,
            }
        }
        self.unknown(id)
    }

    fn call(&self, id: ExprId, callee: ExprId, args: &[ExprId], span: Span, depth: u32) -> Value {
        let next = |id: ExprId| self.follow(id, depth + 1);
        match self.types.callees.get(&id) {
            Some(Callee::Def(func)) => {
                if self.world.program.func(*func).is_some() {
                    return Value::Call {
                        func: *func,
                        args: args.iter().map(|arg| next(*arg)).collect(),
                        text: self.show(id).into(),
                        at: self.at(span),
                    };
                }
                // A tuple struct around one value.
                match args {
                    [only] => next(*only),
                    _ => self.unknown(id),
                }
            }
            Some(Callee::Foreign(path)) => {
                if let Some(hit) = self.world.catalog.path(path)
                    && self.world.catalog.api(hit.entry).shape == Shape::EnvRead
                    && let [name, ..] = args
                {
                    return Value::Env { name: Box::new(next(*name)), default: None, at: self.at(span) };
                }
                if let Some(file) = self.read_from(path, args) {
                    return Value::Contents { path: Box::new(next(file)), compiled_in: false, text: self.show(id).into() };
                }
                let mut parts = path.rsplit("::");
                let (last, owner) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
                if args.is_empty()
                    && let Some(found) = now(path, || self.show(id)).or_else(|| machine::told_by(path, self.at(span)))
                {
                    return found;
                }
                // `std::cmp::max(a, b)`.
                if let ([a, b], "cmp", Some(op)) = (args, owner, Math::named(last)) {
                    return arithmetic::numbers(op, &next(*a), &next(*b)).unwrap_or_else(|| self.unknown(id));
                }
                if let Some(found) = self.constructed(id, path, args, span, depth) {
                    return found;
                }
                // `Duration::new(5, 0)`: seconds and nanoseconds.
                if let ([seconds, rest], "Duration", "new") = (args, owner, last)
                    && matches!(next(*rest), Value::Known(FactValue::Int(0), ..))
                {
                    return scaled(&next(*seconds), "s");
                }
                if let [only] = args {
                    let wrappers = self.world.catalog.wrappers();
                    // `Data::new(value)`, `Extension(value)`: what is handed over is the value.
                    if wrappers.is_transparent(path) || path.strip_suffix("::new").is_some_and(|owner| wrappers.is_app_state(owner)) {
                        return next(*only);
                    }
                    if let Some(duration) = duration(owner, last, &next(*only)) {
                        return duration;
                    }
                    if is_transparent_call(owner, last) {
                        return next(*only);
                    }
                    // The same file by its full path.
                    if matches!(last, "canonicalize" | "absolute") && matches!(owner, "path" | "fs" | "dunce" | "fs_err" | "tokio") {
                        return next(*only);
                    }
                    if (owner, last) == ("BufReader", "new")
                        && let file @ Value::Contents { .. } = next(*only)
                    {
                        return file;
                    }
                }
                // `Duration::new(5, 0)`.
                if let [seconds, rest] = args
                    && (owner, last) == ("Duration", "new")
                    && matches!(self.body[*rest], Expr::Lit(Lit::Int(0), _))
                    && let Some(duration) = duration(owner, "from_secs", &next(*seconds))
                {
                    return duration;
                }
                match (args, path.as_str()) {
                    ([], "std::env::current_exe") => Value::Known(FactValue::Text("<own executable>".to_owned()), false, self.at(span)),
                    ([], "std::env::temp_dir") => Value::Known(FactValue::Text("<temp dir>".to_owned()), false, self.at(span)),
                    ([], "std::env::current_dir") => Value::Known(FactValue::Text("<working dir>".to_owned()), false, self.at(span)),
                    _ => self.unknown(id),
                }
            }
            None if let Some(closure) = self.local_closure(callee) => next(closure),
            None if let Some(asked) = self.asked(callee, args, span, depth) => asked,
            None => match (&self.body[callee], args) {
                (Expr::Path(path, _), []) => {
                    let path = path.text();
                    now(&path, || self.show(id)).or_else(|| machine::told_by(&path, self.at(span))).unwrap_or_else(|| self.unknown(id))
                }
                (Expr::Path(path, _), [only]) => {
                    let names: Vec<&str> = path.segs.iter().rev().map(|seg| seg.name.as_str()).collect();
                    let owner = names.get(1).copied().unwrap_or("");
                    let last = names.first().copied().unwrap_or("");
                    let inner = next(*only);
                    duration(owner, last, &inner)
                        .or_else(|| is_transparent_call(owner, last).then_some(inner))
                        .unwrap_or_else(|| self.unknown(id))
                }
                _ => self.unknown(id),
            },
        }
    }

    /// The argument that names the file which a foreign function reads.
    fn read_from(&self, path: &str, args: &[ExprId]) -> Option<ExprId> {
        let api = self.world.catalog.api(self.world.catalog.path(path).filter(|hit| hit.exact)?.entry);
        let at = api.path_arg.filter(|_| api.shape == Shape::Read).and_then(|at| usize::try_from(at).ok())?;
        args.get(at).copied()
    }

    /// The body of a closure that a variable holds: `let f = |x| …; f(x)`.
    fn local_closure(&self, callee: ExprId) -> Option<ExprId> {
        let local = self.types.local_of.get(&callee)?;
        let mut init = self.types.locals[local.0 as usize].init.filter(|_| !self.types.changed.contains(local))?;
        while let Expr::Ref(inner) = &self.body[init] {
            init = *inner;
        }
        match &self.body[init] {
            Expr::Closure { body, .. } => Some(*body),
            _ => None,
        }
    }

    /// A value that is set under a condition only: what it would be is said with that, or shown as it is written.
    #[must_use]
    pub(super) fn perhaps(&self, id: ExprId) -> Value {
        on_condition(self.value(id)).unwrap_or_else(|| Value::Unknown(self.show(id).into()))
    }
}

/// The value of a const, or of a static with a plain value, followed in its own initialiser.
pub(super) fn constant(world: World<'_>, def: DefId, depth: u32, fuel: &Cell<u32>) -> Option<Value> {
    let item = world.program.def(def);
    let (ItemKind::Const(fact) | ItemKind::Static(fact)) = &item.item.kind else { return None };
    let body = fact.init.as_ref()?;
    // Its types are found again at each use.
    fuel.set(fuel.get().checked_sub(super::program::index(body.exprs.len()))?);
    let types = super::infer::infer(world, def, body);
    let file = super::program::index(world.program.module(item.module).file);
    let tracer = Tracer { world, body, types: &types, def, file, fuel };
    let mut root = body.root?;
    // `LazyLock::new(|| env::var("X"))`: the value is what the closure gives.
    if let Expr::Call { args, .. } = &body[root]
        && let [only] = &**args
        && let Expr::Closure { body: inner, .. } = &body[*only]
    {
        root = *inner;
    }
    match tracer.follow(root, depth + 4) {
        Value::Unknown(_) => None,
        value => Some(value),
    }
}

/// The value of the constant that a path names in a module.
pub(super) fn named_constant(world: World<'_>, module: super::program::ModId, path: &str) -> Option<Value> {
    let names: Vec<&str> = path.split("::").collect();
    match world.program.resolve(world.catalog, module, &crate::facts::Path::of(&names), Space::Value)? {
        Res::Def(def) => constant(world, def, 0, &Cell::new(MAX_FUEL)),
        _ => None,
    }
}

/// `Strict`, or `RS256`; what is all in capitals is a constant.
pub(super) fn is_variant(name: &str) -> bool {
    let has_small = name.chars().any(char::is_lowercase);
    name.starts_with(char::is_uppercase) && (has_small || !name.contains('_') && name.chars().any(|c| c.is_ascii_digit()))
}

pub(super) fn is_path(ty: &Type) -> bool {
    ty.path().is_some_and(|path| {
        path.ends_with("::PathBuf") || path.ends_with("::Path") || path.ends_with("Utf8PathBuf") || path.ends_with("TempDir")
    })
}

pub(super) fn is_text(ty: &Type) -> bool {
    is_path(ty) || ty.path().is_some_and(|path| matches!(path.as_str(), "str" | "std::string::String" | "url::Url" | "reqwest::Url"))
}

/// Conversions that keep the value.
fn is_transparent_call(owner: &str, last: &str) -> bool {
    matches!(last, "Some" | "Ok" | "from" | "from_str" | "new_unchecked" | "try_from" | "Secret")
        || matches!(
            (owner, last),
            ("Url" | "Uri", "parse")
                | ("IssuerUrl" | "RedirectUrl" | "AuthUrl" | "TokenUrl", "new")
                | ("HeaderValue" | "HeaderName", "from_static")
                | ("Path" | "PathBuf" | "Utf8Path" | "Utf8PathBuf" | "Arc" | "Box" | "Cow" | "OsString" | "OsStr", "new")
                // A text that stays as long as the process.
                | ("Box", "leak")
                // The algorithm of a token's header.
                | ("Header", "new")
                | ("Arc" | "Rc", "clone")
                | ("Region" | "NonZeroU32" | "NonZeroU64" | "NonZeroUsize" | "NonZeroU16" | "NonZeroU8" | "NonZero", "new")
        )
}
