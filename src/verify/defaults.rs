//! Stated defaults against what the source shows without running it: a literal or constant in a `Default` impl, in a
//! constructor, in an attribute of a field, where nothing is given, or in a constant named after the option.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::amount::{Amount, Relation};
use super::eval::{Eval, default_of, default_of_type, line_of, returned};
use super::linked::{Scene, place};
use super::paths::{self, Written};
use super::{DefaultVerdict, Place};
use crate::catalog::{Api, Knob};
use crate::facts::{Body, Expr, ExprId, FieldFact, ItemKind, Name};
use crate::parse::{self, ParseOptions};
use crate::resolve::{DefId, Res, Space, Type};

/// Structs in structs in structs: deeper ones set no option.
const MAX_NESTING: u32 = 3;

/// Where the options of an API are.
pub(super) struct Owners<'a> {
    scene: &'a Scene<'a>,
    /// The structs that hold them.
    structs: BTreeSet<DefId>,
    /// What else stands in the files that the facts were read from: it confirms, and contradicts nothing.
    beside: BTreeSet<DefId>,
    /// These files.
    files: BTreeSet<usize>,
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

impl<'a> Owners<'a> {
    /// The types and builders of an API, those that its functions belong to, and the structs in their fields.
    pub(super) fn of(scene: &'a Scene<'a>, api: &Api, files: BTreeSet<usize>) -> Self {
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
        let krate = first.split("::").next().unwrap_or_default().into();
        let is_beside = |id: &DefId| files.contains(&scene.program.module(scene.program.def(*id).module).file);
        let beside = scene.program.all_defs().map(|(id, _)| id).filter(|id| is_beside(id) && !structs.contains(id)).collect();
        Self { scene, structs, beside, files, krate }
    }

    /// Whether the source says what the catalog states.
    pub(super) fn check(&self, knob: &Knob, stated: &str) -> DefaultVerdict {
        let amount = Amount::stated(stated);
        let names = self.names(knob);
        let mut all = self.given(&names);
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
            _ if knob.fixed && amount == Amount::Absent && !self.has_option(&names) => DefaultVerdict::NoOption,
            _ => DefaultVerdict::NotSeen,
        }
    }

    /// What the option is called in the source: by itself, by its setters, by the fields that these set.
    fn names(&self, knob: &Knob) -> BTreeSet<Name> {
        let mut names: BTreeSet<Name> = std::iter::once(&knob.name).chain(&knob.set).map(|name| last_part(name).into()).collect();
        let owners = self.structs.iter().chain(&self.beside);
        let setters: Vec<(DefId, Name)> = owners.flat_map(|owner| names.iter().map(|name| (*owner, name.clone()))).collect();
        for setter in setters {
            for func in self.scene.program.members.get(&setter).into_iter().flatten() {
                names.extend(fields_set(self.scene, *func));
            }
        }
        names
    }

    /// Whether something of the API has a method or a field of such a name.
    fn has_option(&self, names: &BTreeSet<Name>) -> bool {
        self.structs.iter().any(|owner| {
            names.iter().any(|name| {
                let key = (*owner, name.clone());
                self.scene.program.members.contains_key(&key) || self.scene.signatures.fields.contains_key(&key)
            })
        })
    }

    fn given(&self, names: &BTreeSet<Name>) -> Vec<Given> {
        let mut out = Vec::new();
        self.in_bodies(names, &mut out);
        self.in_fields(names, &mut out);
        self.in_constants(names, &mut out);
        self.in_calls(names, &mut out);
        out
    }

    /// `TimeoutConfig::builder().connect_timeout(Duration::from_millis(3100))` in a file that the facts were read from.
    fn in_calls(&self, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        for def in &self.beside {
            let Some(body) = body_of(self.scene, *def) else { continue };
            for expr in &body.exprs {
                if let Expr::Method { name, args, .. } = expr
                    && let [value] = &**args
                    && names.contains(name)
                    && let Some(amount) = (Eval { scene: self.scene, def: *def, body }).amount(*value, 0)
                {
                    out.push(self.at(*def, body, *value, amount, false));
                }
            }
        }
    }

    /// `Self { max_size: 10, … }` in any function, and `self.max_size.unwrap_or(10)`.
    fn in_bodies(&self, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        let scene = self.scene;
        let sets = names.iter().filter_map(|name| Some((name, scene.settings.fields.get(name)?)));
        for (name, set) in sets.flat_map(|(name, sets)| sets.iter().map(move |set| (name, set))) {
            let is_own = self.structs.contains(&set.owner);
            let Some(body) = body_of(scene, set.def).filter(|_| is_own || self.beside.contains(&set.owner)) else { continue };
            let eval = Eval { scene, def: set.def, body };
            let of_type = || {
                // `timeouts: Default::default()`.
                let Expr::Call { callee, args, .. } = &body[set.value] else { return None };
                let default = matches!(&body[*callee], Expr::Path(path, _) if path.text() == "Default::default") && args.is_empty();
                default_of_type(scene, scene.signatures.fields.get(&(set.owner, name.clone())).filter(|_| default)?)
            };
            let amount = eval.amount(set.value, 0).or_else(of_type);
            let mut further = Vec::new();
            eval.each(set.value, 0, &mut further);
            let further =
                further.into_iter().filter(|other| Some(other) != amount.as_ref()).map(|other| (other, false)).collect::<Vec<_>>();
            for (amount, plain) in amount.map(|amount| (amount, set.plain && is_own)).into_iter().chain(further) {
                out.push(self.at(set.def, body, set.value, amount, plain));
            }
        }
    }

    fn at(&self, def: DefId, body: &Body, value: ExprId, amount: Amount, plain: bool) -> Given {
        let program = self.scene.program;
        let line = line_of(body, value, 0).unwrap_or(program.def(def).item.span.line);
        Given { amount, place: place(program, program.module(program.def(def).module).file, line), plain }
    }

    /// `#[derive(Default)]`, `#[serde(default = "…")]`, `#[builder(default = 5)]`, `#[arg(default_value = "…")]`.
    fn in_fields(&self, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        let scene = self.scene;
        for (owner, is_own) in self.structs.iter().map(|id| (id, true)).chain(self.beside.iter().map(|id| (id, false))) {
            let def = scene.program.def(*owner);
            let ItemKind::Struct(facts) = &def.item.kind else { continue };
            let derived =
                def.item.attrs.iter().any(|attr| {
                    attr.path.last().is_some_and(|last| last == "derive") && attr.args.iter().any(|(name, _)| name == "Default")
                });
            for field in facts.fields.iter().filter(|field| names.contains(&field.name)) {
                let file = scene.program.module(def.module).file;
                let place = place(scene.program, file, field.span.line);
                let of_type = || default_of_type(scene, scene.signatures.fields.get(&(*owner, field.name.clone())).filter(|_| derived)?);
                if let Some(amount) = by_attribute(scene, *owner, field).or_else(of_type) {
                    out.push(Given { amount, place, plain: is_own });
                }
            }
        }
        // An option that is a type of its own: `journal_mode` of a `JournalMode`.
        let words = |text: &str| text.replace('_', "").to_lowercase();
        for owner in self.structs.iter().chain(&self.beside) {
            let def = scene.program.def(*owner);
            if matches!(def.item.kind, ItemKind::Enum(_))
                && names.iter().any(|name| words(name) == words(&def.item.name))
                && let Some(amount) = default_of(scene, *owner, 0)
            {
                out.push(Given {
                    amount,
                    place: place(scene.program, scene.program.module(def.module).file, def.item.span.line),
                    plain: false,
                });
            }
        }
    }

    /// `const DEFAULT_MAX_SIZE: u32 = 10;`, and in the files that the facts were read from `const MAX_SIZE: u32 = 10;`.
    fn in_constants(&self, names: &BTreeSet<Name>, out: &mut Vec<Given>) {
        let scene = self.scene;
        for id in names.iter().filter_map(|name| scene.settings.constants.get(name)).flatten() {
            let def = scene.program.def(*id);
            let is_beside = self.files.contains(&scene.program.module(def.module).file);
            let is_default = def.item.name.to_lowercase().contains("default") && def.path.starts_with(self.krate.as_str());
            let (ItemKind::Const(fact) | ItemKind::Static(fact)) = &def.item.kind else { continue };
            if (is_beside || is_default)
                && let Some(body) = &fact.init
                && let Some(root) = body.root
                && let Some(amount) = (Eval { scene, def: *id, body }).amount(root, 0)
            {
                out.push(self.at(*id, body, root, amount, false));
            }
        }
    }
}

fn body_of<'a>(scene: &Scene<'a>, def: DefId) -> Option<&'a Body> {
    match &scene.program.def(def).item.kind {
        ItemKind::Fn(func) => func.body.as_ref(),
        ItemKind::Const(fact) | ItemKind::Static(fact) => fact.init.as_ref(),
        _ => None,
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
        let (key, value) = attr
            .args
            .iter()
            .find(|(key, _)| matches!(key.as_str(), "default" | "default_value" | "default_value_t" | "default_value_os_t"))?;
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
            Amount::Text(_) if value.contains(['(', ':', '*', '<']) => as_expression(scene, owner, value),
            amount => Some(amount),
        }
    })
}

/// The value of an expression that an attribute holds: `#[builder(default = "Duration::from_secs(5)")]`.
fn as_expression(scene: &Scene<'_>, owner: DefId, text: &str) -> Option<Amount> {
    let facts = parse::parse_file("attribute", &format!("const VALUE: () = {text};"), &ParseOptions::default());
    let [item] = facts.items.as_slice() else { return None };
    let ItemKind::Const(fact) = &item.kind else { return None };
    let body = fact.init.as_ref()?;
    (Eval { scene, def: owner, body }).amount(body.root?, 0)
}
