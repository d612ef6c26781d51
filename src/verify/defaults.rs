//! Stated defaults against what the source shows without running it: a literal or constant in a `Default` impl, in a
//! constructor, in an attribute of a field, or in a constant named after the option.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::amount::{Amount, Relation};
use super::linked::{Scene, place};
use super::paths::{self, Written};
use super::{DefaultVerdict, Place};
use crate::catalog::{Api, Catalog, Knob};
use crate::facts::{BinOp, Body, Expr, ExprId, FieldFact, ItemKind, Lit, Name, Stmt, Ty};
use crate::resolve::{DefId, Program, Res, Signatures, Space, Type};

/// Structs in structs in structs: deeper ones set no option.
const MAX_NESTING: u32 = 3;

/// Constants that name constants, calls that return calls.
const MAX_DEPTH: u32 = 12;

/// The structs that hold the options of an API.
pub(super) struct Owners {
    structs: BTreeSet<DefId>,
    /// The crate that the API is of, as its paths begin.
    krate: SmolStr,
}

/// A value that the source gives an option.
struct Given {
    amount: Amount,
    place: Place,
    /// It is what a constructor without arguments sets: another value there is a contradiction.
    plain: bool,
}

impl Owners {
    /// The types and builders of an API, those that its functions belong to, and the structs in their fields.
    pub(super) fn of(scene: &Scene<'_>, api: &Api) -> Self {
        let owners = api.paths.iter().filter_map(|path| Some(Written::of(path).text.rsplit_once("::")?.0));
        let named = api.types.iter().chain(&api.builders).map(SmolStr::as_str).chain(owners);
        let mut structs: BTreeSet<DefId> = named.filter_map(|path| paths::definition(scene, path, Space::Type)).collect();
        // What a constructor returns holds the options, too: `Cache::builder()` gives a `CacheBuilder`.
        for path in &api.paths {
            if let Some(func) = paths::definition(scene, path, Space::Value) {
                held(scene.signatures.value(func), &mut structs);
            }
        }
        let mut layer = structs.clone();
        for _ in 0..MAX_NESTING {
            let mut next = BTreeSet::new();
            for ((of, _), ty) in &scene.signatures.fields {
                if layer.contains(of) {
                    held(ty, &mut next);
                }
            }
            layer = next.difference(&structs).copied().collect();
            structs.extend(&layer);
        }
        let first = api.paths.first().or(api.types.first()).map_or("", |path| Written::of(path).text);
        Self { structs, krate: first.split("::").next().unwrap_or_default().into() }
    }

    /// Whether the source says what the catalog states.
    pub(super) fn check(&self, scene: &Scene<'_>, knob: &Knob, stated: &str) -> DefaultVerdict {
        let amount = Amount::stated(stated);
        let mut all = self.given(scene, knob);
        all.sort_by(|a, b| a.place.cmp(&b.place));
        if let Some(same) = all.iter().find(|given| amount.relation(&given.amount) == Relation::Same) {
            return DefaultVerdict::Confirmed(same.place.clone());
        }
        let plain: Vec<&Given> = all.iter().filter(|given| given.plain).collect();
        let differs = |given: &&Given| amount.relation(&given.amount) == Relation::Different;
        match plain.first() {
            // Where several places disagree among themselves, which one counts cannot be told.
            Some(first) if plain.iter().all(differs) && plain.iter().all(|given| given.amount == first.amount) => {
                DefaultVerdict::Contradicted { place: first.place.clone(), found: first.amount.words() }
            }
            _ => DefaultVerdict::NotSeen,
        }
    }

    fn given(&self, scene: &Scene<'_>, knob: &Knob) -> Vec<Given> {
        let mut names: BTreeSet<Name> = std::iter::once(&knob.name).chain(&knob.set).map(|name| last_part(name).into()).collect();
        let setters: Vec<(DefId, Name)> = self.structs.iter().flat_map(|owner| names.iter().map(|name| (*owner, name.clone()))).collect();
        for setter in setters {
            for func in scene.program.members.get(&setter).into_iter().flatten() {
                names.extend(fields_set(scene, *func));
            }
        }
        let mut out = Vec::new();
        self.in_bodies(scene, &names, &mut out);
        self.in_fields(scene, &names, &mut out);
        self.in_constants(scene, &names, &mut out);
        out
    }

    /// `Self { max_size: 10, … }` in any function, and `self.max_size.unwrap_or(10)`.
    fn in_bodies(&self, scene: &Scene<'_>, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        for set in names.iter().filter_map(|name| scene.settings.fields.get(name)).flatten() {
            if self.structs.contains(&set.owner)
                && let Some(body) = scene.program.func(set.func).and_then(|func| func.body.as_ref())
                && let Some(amount) = (Eval { scene, def: set.func, body }).amount(set.value, 0)
            {
                out.push(self.at(scene, set.func, body, set.value, amount, set.plain));
            }
        }
    }

    fn at(&self, scene: &Scene<'_>, def: DefId, body: &Body, value: ExprId, amount: Amount, plain: bool) -> Given {
        let module = scene.program.def(def).module;
        let line = span(body, value, 0).unwrap_or(scene.program.def(def).item.span.line);
        Given { amount, place: place(scene.program, scene.program.module(module).file, line), plain }
    }

    /// `#[derive(Default)]`, `#[serde(default = "…")]`, `#[builder(default = 5)]`, `#[arg(default_value = "…")]`.
    fn in_fields(&self, scene: &Scene<'_>, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        for owner in &self.structs {
            let def = scene.program.def(*owner);
            let ItemKind::Struct(facts) = &def.item.kind else { continue };
            let derived =
                def.item.attrs.iter().any(|attr| {
                    attr.path.last().is_some_and(|last| last == "derive") && attr.args.iter().any(|(name, _)| name == "Default")
                });
            for field in facts.fields.iter().filter(|field| names.contains(&field.name)) {
                let file = scene.program.module(def.module).file;
                let place = place(scene.program, file, field.span.line);
                if let Some(amount) = by_attribute(scene, *owner, field) {
                    out.push(Given { amount, place, plain: true });
                } else if let Some(amount) = by_type(&field.ty).filter(|_| derived) {
                    out.push(Given { amount, place, plain: true });
                }
            }
        }
    }

    /// `const DEFAULT_MAX_SIZE: u32 = 10;`.
    fn in_constants(&self, scene: &Scene<'_>, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        for id in names.iter().filter_map(|name| scene.settings.constants.get(name)).flatten() {
            let def = scene.program.def(*id);
            let ItemKind::Const(fact) = &def.item.kind else { continue };
            if def.path.starts_with(self.krate.as_str())
                && let Some(body) = &fact.init
                && let Some(root) = body.root
                && let Some(amount) = (Eval { scene, def: *id, body }).amount(root, 0)
            {
                out.push(self.at(scene, *id, body, root, amount, false));
            }
        }
    }
}

/// Every place of the linked sources that gives a field a value, and every constant that calls itself a default.
#[derive(Default)]
pub(super) struct Settings {
    fields: FxHashMap<Name, Vec<Set>>,
    /// By their names in small letters without `default`.
    constants: FxHashMap<Name, Vec<DefId>>,
}

/// A field given a value.
struct Set {
    owner: DefId,
    func: DefId,
    value: ExprId,
    /// By a constructor without arguments.
    plain: bool,
}

impl Settings {
    pub(super) fn of(program: &Program<'_>, signatures: &Signatures, catalog: &Catalog) -> Self {
        let mut out = Self::default();
        for (id, def) in program.all_defs() {
            match &def.item.kind {
                ItemKind::Fn(func) => {
                    let this = match signatures.this.get(id.0 as usize) {
                        Some(Some(Type::Def(this, _))) => Some(*this),
                        _ => None,
                    };
                    let own = matches!(def.item.name.as_str(), "default" | "new" | "builder");
                    let plain = own && func.params.is_empty() && !func.has_self;
                    for expr in func.body.iter().flat_map(|body| &body.exprs) {
                        let Some(body) = &func.body else { continue };
                        out.note(program, catalog, (id, this, plain), body, expr);
                    }
                }
                ItemKind::Const(_) => {
                    let low = def.item.name.to_lowercase();
                    if low.contains("default") {
                        let bare: Vec<&str> = low.split('_').filter(|part| *part != "default").collect();
                        out.constants.entry(bare.join("_").into()).or_default().push(id);
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn note(&mut self, program: &Program<'_>, catalog: &Catalog, of: (DefId, Option<DefId>, bool), body: &Body, expr: &Expr) {
        let (func, this, plain) = of;
        match expr {
            Expr::Struct { path, fields, .. } if !fields.is_empty() => {
                let owner = match path.single() {
                    Some(name) if name == "Self" => this,
                    _ => match program.resolve(catalog, program.def(func).module, path, Space::Type) {
                        Some(Res::Def(id)) => Some(id),
                        _ => None,
                    },
                };
                let Some(owner) = owner else { return };
                for (name, value) in fields {
                    self.fields.entry(name.clone()).or_default().push(Set { owner, func, value: *value, plain });
                }
            }
            Expr::Method { recv, name, args, .. } if name.starts_with("unwrap_or") => {
                if let (Expr::Field { name, .. }, Some(value), Some(owner)) = (behind(body, *recv), args.first(), this) {
                    self.fields.entry(name.clone()).or_default().push(Set { owner, func, value: *value, plain: false });
                }
            }
            _ => {}
        }
    }
}

/// `timeouts.wait`, `PgConnectOptions::statement_cache_capacity`: the last part names the option.
fn last_part(name: &str) -> &str {
    name.rsplit(['.', ':']).next().unwrap_or(name)
}

/// The structs of the source that a type holds: its own, and those among its arguments.
fn held(ty: &Type, out: &mut BTreeSet<DefId>) {
    if let Type::Def(id, _) = ty {
        out.insert(*id);
    }
    for arg in ty.args() {
        held(arg, out);
    }
}

/// The fields that a setter assigns: `self.field = …`, `self.inner.field = …`, `Self { field: …, ..self }`.
fn fields_set(scene: &Scene<'_>, func: DefId) -> Vec<Name> {
    // One that takes no value sets its own: `disable_signals()` sets `signals` to false.
    let func = scene.program.func(func).filter(|func| !func.params.is_empty());
    let Some(body) = func.and_then(|func| func.body.as_ref()) else { return Vec::new() };
    let mut out = Vec::new();
    for expr in &body.exprs {
        match expr {
            Expr::Assign { left, compound: false, .. } => {
                if let Expr::Field { name, .. } = &body[*left] {
                    out.push(name.clone());
                }
            }
            Expr::Struct { fields, rest: Some(_), .. } => out.extend(fields.iter().map(|(name, _)| name.clone())),
            _ => {}
        }
    }
    // A function that sets many is no setter.
    if out.len() > 2 { Vec::new() } else { out }
}

/// The value of `#[serde(default = "function")]` and its kin.
fn by_attribute(scene: &Scene<'_>, owner: DefId, field: &FieldFact) -> Option<Amount> {
    field.attrs.iter().find_map(|attr| {
        let name = attr.path.last()?;
        let (key, value) = attr.args.iter().find(|(key, _)| matches!(key.as_str(), "default" | "default_value" | "default_value_t"))?;
        let value = value.as_deref()?.trim_matches('"');
        if name == "serde" && key == "default" {
            let names: Vec<&str> = value.split("::").collect();
            let module = scene.program.def(owner).module;
            let found = scene.program.resolve(scene.catalog, module, &crate::facts::Path::of(&names), Space::Value)?;
            return match found {
                Res::Def(func) => returned(scene, func, 0),
                _ => None,
            };
        }
        match Amount::stated(value) {
            Amount::Text(_) if value.contains(['(', ':']) => None,
            amount => Some(amount),
        }
    })
}

/// What `Default` gives a field of a plain type.
fn by_type(ty: &Ty) -> Option<Amount> {
    let Ty::Path(path) = ty else { return None };
    match path.last()?.as_str() {
        "Option" => Some(Amount::Absent),
        "bool" => Some(Amount::Bool(false)),
        _ => None,
    }
}

/// What a function returns, when its body is one value.
fn returned(scene: &Scene<'_>, func: DefId, depth: u32) -> Option<Amount> {
    let body = scene.program.func(func)?.body.as_ref()?;
    (Eval { scene, def: func, body }).amount(body.root?, depth + 1)
}

/// `self.config.field.as_ref()` is about `field`.
fn behind(body: &Body, mut id: ExprId) -> &Expr {
    for _ in 0..MAX_DEPTH {
        match &body[id] {
            Expr::Method { recv, name, args, .. }
                if args.is_empty() && matches!(name.as_str(), "as_ref" | "clone" | "copied" | "take" | "as_deref") =>
            {
                id = *recv;
            }
            Expr::Ref(inner) | Expr::Deref(inner) => id = *inner,
            _ => break,
        }
    }
    &body[id]
}

/// Values of one body.
struct Eval<'a> {
    scene: &'a Scene<'a>,
    def: DefId,
    body: &'a Body,
}

impl Eval<'_> {
    fn amount(&self, id: ExprId, depth: u32) -> Option<Amount> {
        if depth > MAX_DEPTH {
            return None;
        }
        let next = |id: ExprId| self.amount(id, depth + 1);
        match &self.body[id] {
            Expr::Lit(lit, _) => match lit {
                Lit::Int(number) => Some(Amount::Number(*number as f64)),
                Lit::Float(text) => text.replace('_', "").parse().ok().map(Amount::Number),
                Lit::Bool(value) => Some(Amount::Bool(*value)),
                Lit::Str(text) => Some(Amount::Text(text.clone())),
                Lit::Char(_) | Lit::Other => None,
            },
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) | Expr::Try(inner) => next(*inner),
            Expr::Block(stmts) => match stmts.last()? {
                Stmt::Expr { expr, semi: false } if stmts.len() == 1 => next(*expr),
                _ => None,
            },
            Expr::Binary { op, left, right } => {
                let (Amount::Number(left), Amount::Number(right)) = (next(*left)?, next(*right)?) else { return None };
                Some(Amount::Number(match op {
                    BinOp::Add => left + right,
                    BinOp::Sub => left - right,
                    BinOp::Mul => left * right,
                    BinOp::Div if right != 0.0 => (left / right).trunc(),
                    BinOp::Shl if (0.0..64.0).contains(&right) => left * right.exp2(),
                    _ => return None,
                }))
            }
            Expr::Path(path, _) => self.path(path, depth),
            Expr::Call { callee, args, .. } => {
                let Expr::Path(path, _) = &self.body[*callee] else { return None };
                self.call(path, args, depth)
            }
            Expr::Method { recv, name, args, .. } => match (name.as_str(), args.len()) {
                ("unwrap" | "into" | "to_owned" | "to_string" | "get" | "clone" | "as_secs" | "as_millis" | "into_boxed_str", 0)
                | ("expect", 1) => next(*recv),
                _ => None,
            },
            _ => None,
        }
    }

    fn path(&self, path: &crate::facts::Path, depth: u32) -> Option<Amount> {
        let last = path.last()?;
        let program = self.scene.program;
        match program.resolve(self.scene.catalog, program.def(self.def).module, path, Space::Value) {
            Some(Res::Def(id)) => return self.constant(id, depth),
            Some(Res::Inside(id, tail)) if matches!(program.def(id).item.kind, ItemKind::Enum(_)) => return Some(Amount::Text(tail)),
            _ => {}
        }
        if path.segs.first().is_some_and(|seg| seg.name == "Self")
            && path.segs.len() == 2
            && let Some(Some(Type::Def(this, _))) = self.scene.signatures.this.get(self.def.0 as usize)
        {
            let member = program.members.get(&(*this, last.clone()))?.first()?;
            return self.constant(*member, depth);
        }
        match last.as_str() {
            "None" | "MAX" => Some(Amount::Absent),
            "ZERO" => Some(Amount::Duration(0.0)),
            name if path.segs.len() > 1 && name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase) => {
                Some(Amount::Text(last.clone()))
            }
            _ => None,
        }
    }

    fn constant(&self, id: DefId, depth: u32) -> Option<Amount> {
        match &self.scene.program.def(id).item.kind {
            ItemKind::Const(fact) | ItemKind::Static(fact) => {
                let body = fact.init.as_ref()?;
                (Eval { scene: self.scene, def: id, body }).amount(body.root?, depth + 1)
            }
            _ => None,
        }
    }

    fn call(&self, path: &crate::facts::Path, args: &[ExprId], depth: u32) -> Option<Amount> {
        let last = path.last()?.as_str();
        if let [arg] = args {
            let scaled = |seconds: f64| match self.amount(*arg, depth + 1)? {
                Amount::Number(number) => Some(Amount::Duration(number * seconds)),
                _ => None,
            };
            return match last {
                "from_secs" | "seconds" | "from_secs_f64" | "from_secs_f32" => scaled(1.0),
                "from_millis" | "milliseconds" => scaled(1e-3),
                "from_micros" => scaled(1e-6),
                "from_nanos" => scaled(1e-9),
                "from_mins" | "minutes" => scaled(60.0),
                "from_hours" | "hours" => scaled(3600.0),
                "days" => scaled(86_400.0),
                "weeks" => scaled(7.0 * 86_400.0),
                // Wrappers that a value shines through.
                "Some" | "new" | "from" | "new_unchecked" | "Borrowed" | "Arc" | "Box" => self.amount(*arg, depth + 1),
                _ => None,
            };
        }
        if !args.is_empty() {
            return None;
        }
        let program = self.scene.program;
        match program.resolve(self.scene.catalog, program.def(self.def).module, path, Space::Value) {
            Some(Res::Def(func)) => returned(self.scene, func, depth),
            _ => None,
        }
    }
}

/// The line of the first part of an expression that has one.
fn span(body: &Body, id: ExprId, depth: u32) -> Option<u32> {
    if depth > MAX_DEPTH {
        return None;
    }
    let next = |id: ExprId| span(body, id, depth + 1);
    match &body[id] {
        Expr::Path(_, span) | Expr::Lit(_, span) | Expr::Call { span, .. } => Some(span.line),
        Expr::Method { recv, span, .. } => next(*recv).or(Some(span.line)),
        Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) | Expr::Try(inner) => next(*inner),
        Expr::Binary { left, .. } => next(*left),
        _ => None,
    }
}
