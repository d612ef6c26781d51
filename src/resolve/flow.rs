//! Values across bodies: what a field is set to, what a function returns, what callers pass for a parameter.

use std::cell::Cell;
use std::ops::Add;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::arithmetic::calculate;
use super::asked::askers;
use super::branches::choose;
use super::calls::BodyFacts;
use super::command_options::CommandOption;
use super::configured::Configured;
use super::durations::pretty_duration;
use super::env_readers::readers;
use super::fields::Fields;
use super::infer::World;
use super::program::DefId;
use super::values::{At, Value};
use crate::facts::{Cfg, Name};
use crate::model::{FactValue, Place, Provenance, SetBy};

/// More calls of a function are not followed.
const MAX_CALLERS: usize = 64;

/// Longer chains of functions and fields are cut.
const MAX_HOPS: u32 = 12;

/// Values looked at for one answer: texts that take each other in many times multiply at every step.
pub(super) const MAX_STEPS: u32 = 20_000;

/// Parts of a value that others are put into.
const MAX_WEIGHT: usize = 4096;

/// How far a value has been followed, and how much of it may still be looked at.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a> {
    hops: u32,
    left: &'a Cell<u32>,
    /// What files say of a field is left aside: its key stands for it.
    pub(super) by_key: bool,
}

impl<'a> Steps<'a> {
    pub(super) fn new(left: &'a Cell<u32>) -> Self {
        Self { hops: 0, left, by_key: false }
    }

    /// Takes a step; true when there is none left to take.
    fn are_spent(self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left == 0 || self.hops > MAX_HOPS
    }
}

impl Add<u32> for Steps<'_> {
    type Output = Self;
    fn add(self, hops: u32) -> Self {
        Self { hops: self.hops + hops, ..self }
    }
}

/// A value with where it is known from.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The value; none when it could not be followed.
    pub value: Option<FactValue>,
    /// It is a duration.
    pub is_duration: bool,
    /// Why it holds.
    pub provenance: Provenance,
    /// Where it is written or read.
    pub at: Option<At>,
    /// Env variable, settings key or expression.
    pub from: Option<String>,
    /// Where it is written, when that is no code.
    pub place: Option<Place>,
    /// Where else it is given.
    pub set: Vec<SetBy>,
    /// The type of a field that it came through says that it is a secret.
    pub secret: bool,
}

/// Values that bodies give to fields, parameters and callers.
#[derive(Default)]
pub struct Flow {
    pub(super) fields: Fields,
    /// What the code takes where a field holds nothing: `config.size.unwrap_or(10)`.
    pub(super) fallbacks: FxHashMap<(DefId, Name), Option<Value>>,
    /// What settings files say of fields.
    pub(super) configured: FxHashMap<(DefId, Name), Vec<Configured>>,
    /// Options of command lines that are put together by hand, by name.
    pub(super) command_options: FxHashMap<Name, Vec<CommandOption>>,
    /// What files of variables say.
    pub(super) variables: FxHashMap<String, Vec<SetBy>>,
    /// The name of the variable that functions read which hand on what they read, as far as it is not seen from what they return.
    readers: FxHashMap<DefId, Value>,
    /// Parameters that read the variable which they are asked for.
    pub(crate) askers: FxHashSet<(DefId, usize)>,
    returns: FxHashMap<DefId, Value>,
    pub(super) callers: FxHashMap<DefId, Vec<Vec<Value>>>,
    /// Bodies that say nothing of what the service is given.
    pub(super) uncounted: FxHashSet<DefId>,
}

/// What the callers of each function pass.
fn callers(bodies: &[&BodyFacts]) -> FxHashMap<DefId, Vec<Vec<Value>>> {
    let mut out: FxHashMap<DefId, Vec<Vec<Value>>> = FxHashMap::default();
    for call in bodies.iter().flat_map(|body| &body.own) {
        let known = out.entry(call.func).or_default();
        if known.len() < MAX_CALLERS && !call.args.is_empty() {
            known.push(call.args.clone());
        }
    }
    out
}

/// Functions of one name of which cargo features choose one, and that do not return the same: which one is built is not known.
fn disagreeing(world: World<'_>, bodies: &[BodyFacts], returns: &FxHashMap<DefId, Value>) -> Vec<DefId> {
    let program = world.program;
    let chosen = bodies.iter().map(|body| body.def).filter(|id| program.def(*id).item.cfg.as_ref().is_some_and(asks_for_feature));
    let mut out = Vec::new();
    for id in chosen {
        let def = program.def(id);
        let twins = program.module(def.module).names.get(&def.item.name).map_or(&[][..], Vec::as_slice);
        let differs = |other: &&DefId| **other != id && returns.get(other).is_some_and(|value| !same(value, &returns[&id]));
        if def.owner.is_none() && def.in_fn.is_none() && twins.iter().any(|other| differs(&other)) {
            out.push(id);
        }
    }
    out
}

fn asks_for_feature(cfg: &Cfg) -> bool {
    match cfg {
        Cfg::KeyValue(key, _) => key == "feature",
        Cfg::Not(inner) => asks_for_feature(inner),
        Cfg::All(all) | Cfg::Any(all) => all.iter().any(asks_for_feature),
        Cfg::Flag(_) => false,
    }
}

impl Flow {
    /// Gathers what all bodies say, in their order. What is passed and set counts only in the bodies that do: a helper for tests
    /// that is compiled with the rest says nothing of what the service is given.
    #[must_use]
    pub fn new(world: World<'_>, bodies: &[BodyFacts], counts: impl Fn(DefId) -> bool) -> Self {
        let (counted, uncounted): (Vec<&BodyFacts>, Vec<&BodyFacts>) = bodies.iter().partition(|body| counts(body.def));
        let (mut out, (callers, returns)) = rayon::join(
            || {
                let mut out = Self { readers: readers(world, bodies), askers: askers(bodies), ..Self::default() };
                out.uncounted = uncounted.iter().map(|body| body.def).collect();
                counted.iter().for_each(|body| out.note(world, body));
                out
            },
            || (callers(&counted), bodies.iter().map(|body| (body.def, body.returns.clone())).collect()),
        );
        (out.callers, out.returns) = (callers, returns);
        for twin in disagreeing(world, bodies, &out.returns) {
            out.returns.insert(twin, Value::Unknown(SmolStr::default()));
        }
        out
    }

    /// Takes in what a body sets.
    fn note(&mut self, world: World<'_>, body: &BodyFacts) {
        self.fields.note(world, body);
        for option in &body.command_options {
            self.command_options.entry(option.id.clone()).or_default().push(option.clone());
        }
        for value in &body.env_defaults {
            if let Value::Or(first, second) = value
                && let Value::Field { of, field, .. } = &**first
            {
                let known = self.fallbacks.entry((*of, field.clone())).or_insert_with(|| Some((**second).clone()));
                // Several places that disagree say nothing.
                if known.as_ref().is_some_and(|known| !same(known, second)) {
                    *known = None;
                }
            }
        }
    }

    /// What a function returns.
    #[must_use]
    pub fn returns(&self, func: DefId) -> Option<&Value> {
        self.returns.get(&func)
    }

    /// Replaces parameters by what a caller passes. What would grow beyond any value worth showing stays as it is:
    /// functions that hand on a value several times each would otherwise multiply it at every step.
    #[must_use]
    pub fn with_args(value: &Value, func: DefId, args: &[Value]) -> Value {
        let passed = args.iter().map(Value::weight).max().unwrap_or(0);
        if value.weight().saturating_mul(passed) > MAX_WEIGHT { value.clone() } else { Self::replaced(value, func, args) }
    }

    fn replaced(value: &Value, func: DefId, args: &[Value]) -> Value {
        let next = |value: &Value| Self::replaced(value, func, args);
        match value {
            Value::Param { func: of, index, .. } if *of == func => args.get(*index).cloned().unwrap_or_else(|| value.clone()),
            Value::Env { name, default, at } => {
                Value::Env { name: Box::new(next(name)), default: default.as_ref().map(|value| Box::new(next(value))), at: *at }
            }
            Value::Asked { func: of, index, name, at } => {
                let (of, index) = match args.get(*index).filter(|_| *of == func) {
                    // Handed on by the caller.
                    Some(Value::Param { func, index, .. }) => (*func, *index),
                    _ => (*of, *index),
                };
                Value::Asked { func: of, index, name: Box::new(next(name)), at: *at }
            }
            Value::Join(parts) => Value::Join(parts.iter().map(next).collect()),
            Value::Or(first, second) => Value::Or(Box::new(next(first)), Box::new(next(second))),
            Value::Call { func: of, args: own, text, at } => {
                Value::Call { func: *of, args: own.iter().map(next).collect(), text: text.clone(), at: *at }
            }
            Value::Scaled(inner, unit) => Value::Scaled(Box::new(next(inner)), unit),
            Value::Named(inner, name) => Value::Named(Box::new(next(inner)), name.clone()),
            Value::Contents { path, compiled_in, text } => {
                Value::Contents { path: Box::new(next(path)), compiled_in: *compiled_in, text: text.clone() }
            }
            Value::Math(op, first, second) => Value::Math(*op, Box::new(next(first)), Box::new(next(second))),
            Value::Later { by: Some(by), unit, text } => Value::Later { by: Some(Box::new(next(by))), unit: *unit, text: text.clone() },
            Value::Choice { on, arms } => {
                let arms = arms.iter().map(|(name, value)| (name.clone(), next(value))).collect();
                choose(next(on), arms).unwrap_or_else(|| value.clone())
            }
            Value::WithExtension(inner, end) => Value::WithExtension(Box::new(next(inner)), end.clone()),
            Value::Part(inner, part) => Value::Part(Box::new(next(inner)), part.clone()),
            other => other.clone(),
        }
    }

    /// Follows a value through functions, fields and parameters as far as they are clear.
    #[must_use]
    pub fn settle(&self, world: World<'_>, value: &Value) -> Settled {
        self.settle_at(world, value, Steps::new(&Cell::new(MAX_STEPS)))
    }

    /// A value as the code alone tells it: ids are made of it, which a changed settings file must not change.
    #[must_use]
    pub fn settle_by_key(&self, world: World<'_>, value: &Value) -> Settled {
        self.settle_at(world, value, Steps { by_key: true, ..Steps::new(&Cell::new(MAX_STEPS)) })
    }

    /// The value with calls and parameters replaced, still symbolic.
    #[must_use]
    pub fn expand(&self, value: &Value) -> Value {
        self.expand_at(value, Steps::new(&Cell::new(MAX_STEPS)))
    }

    fn expand_at(&self, value: &Value, hops: Steps<'_>) -> Value {
        if hops.are_spent() {
            return value.clone();
        }
        match value {
            Value::Call { func, args, at, .. } => {
                let found = match self.returns.get(func) {
                    None | Some(Value::Unknown(_)) => value.clone(),
                    Some(found) => self.expand_at(&Self::with_args(found, *func, args), hops + 1),
                };
                match (found, self.readers.get(func)) {
                    // A wrapper of a read: who names the variable says more than who reads it.
                    (Value::Env { name, default, .. }, _) => Value::Env { name, default, at: *at },
                    (Value::Call { .. } | Value::Unknown(_) | Value::Param { .. } | Value::Choice { .. }, Some(name)) => {
                        Value::Env { name: Box::new(Self::with_args(name, *func, args)), default: None, at: *at }
                    }
                    (other, _) => other,
                }
            }
            Value::Param { func, index, .. } => {
                let mut passed = self.callers.get(func).into_iter().flatten().filter_map(|args| args.get(*index));
                match (passed.next(), passed.next()) {
                    (Some(only), None) => self.expand_at(only, hops + 1),
                    _ => value.clone(),
                }
            }
            Value::Join(parts) => Value::Join(parts.iter().map(|part| self.expand_at(part, hops + 1)).collect()),
            Value::Asked { func, index, name, at } if self.askers.contains(&(*func, *index)) => {
                Value::Env { name: name.clone(), default: None, at: *at }
            }
            Value::Or(first, second) => match self.expand_at(first, hops + 1) {
                Value::Env { name, default: None, at } => Value::Env { name, default: Some(second.clone()), at },
                Value::Call { .. }
                | Value::Field { .. }
                | Value::OfCommandLine { .. }
                | Value::Math(..)
                | Value::Asked { .. }
                | Value::Unknown(_) => value.clone(),
                found => found,
            },
            Value::Choice { on, arms } => match choose(self.expand_at(on, hops + 1), arms.clone()) {
                Some(Value::Choice { .. }) | None => value.clone(),
                Some(found) => self.expand_at(&found, hops + 1),
            },
            other => other.clone(),
        }
    }

    /// The default that an attribute gives to a field.
    #[must_use]
    pub fn declared(&self, world: World<'_>, of: DefId, field: &str) -> Option<Value> {
        self.fields.declared(world, of, field)
    }

    /// The values that struct literals and builders give to a field.
    #[must_use]
    pub fn given(&self, of: DefId, field: &str) -> &[Value] {
        self.fields.literal(of, field)
    }

    pub(super) fn settle_at(&self, world: World<'_>, value: &Value, hops: Steps<'_>) -> Settled {
        let unknown = |from: &str| Settled {
            value: None,
            is_duration: false,
            provenance: Provenance::Code,
            at: None,
            from: (!from.is_empty() && from != "…").then(|| from.to_owned()),
            place: None,
            set: Vec::new(),
            secret: false,
        };
        if hops.are_spent() {
            return unknown("");
        }
        match value {
            Value::Known(value, is_duration, at) => {
                Settled { value: Some(value.clone()), is_duration: *is_duration, at: Some(*at), ..unknown("") }
            }
            Value::Env { name, default, at } => {
                let fallback = default.as_ref().map(|value| self.settle_at(world, value, hops + 1));
                let name = self.settle_at(world, name, hops + 1).value.map(|value| value.to_string());
                let mut fallback = fallback.unwrap_or_else(|| unknown(""));
                // Another variable takes its place.
                if let (None, Provenance::Env, Some(other)) = (&fallback.value, fallback.provenance, &fallback.from) {
                    fallback.value = Some(FactValue::Text(format!("${{{other}}}")));
                }
                let mut set = fallback.set;
                set.extend(name.as_ref().and_then(|name| self.variables.get(name)).into_iter().flatten().cloned());
                Settled { provenance: Provenance::Env, at: Some(*at), from: name, place: None, set, ..fallback }
            }
            Value::Field { of, field, text, at } => {
                let mut out = self.field(world, *of, field, text, *at, hops);
                out.secret |= world.signatures.field(*of, field).is_some_and(|ty| ty.is_secret());
                out
            }
            Value::OfCommandLine { option, text, .. } => self.of_command_line(world, option, text, hops),
            Value::Param { name, .. } => match self.expand_at(value, hops) {
                Value::Param { func, index, .. } => {
                    let told = self.one_of(world, func, index, hops).or_else(|| self.displayed(world, value, hops));
                    told.unwrap_or_else(|| unknown(name))
                }
                found => match self.settle_at(world, &found, hops + 1) {
                    told @ Settled { value: None, provenance: Provenance::Code, .. } => self.displayed(world, value, hops).unwrap_or(told),
                    told => told,
                },
            },
            Value::Call { func, args, text, .. } if let Some((shown, arms)) = self.shown_by(world, *func, args) => {
                let inner = self.settle_at(world, shown, hops + 1);
                let Some(FactValue::Text(variant)) = &inner.value else { return inner };
                match arms.iter().find(|(name, _)| name == variant).map(|(_, arm)| self.settle_at(world, arm, hops + 1)) {
                    Some(settled) if settled.value.is_none() => unknown(text),
                    Some(settled) => settled,
                    None => inner,
                }
            }
            Value::Call { func, text, .. } => match self.expand_at(value, hops) {
                Value::Call { .. } => {
                    let found = self.returned_constant(world, *func, hops).or_else(|| self.of_implementors(world, *func));
                    found.unwrap_or_else(|| unknown(text))
                }
                found => {
                    let settled = self.settle_at(world, &found, hops + 1);
                    if settled.value.is_none() && settled.from.is_none() { unknown(text) } else { settled }
                }
            },
            Value::Part(inner, part) => part.settled(self.settle_at(world, inner, hops + 1)),
            Value::WithExtension(inner, end) => {
                let mut out = self.settle_at(world, inner, hops + 1);
                if let Some(FactValue::Text(paths)) = &out.value {
                    let mut paths: Vec<String> = paths.split(" or ").map(|path| with_extension(path, end)).collect();
                    paths.dedup();
                    out.value = Some(FactValue::Text(paths.join(" or ")));
                }
                out
            }
            Value::Scaled(inner, unit) => {
                let mut out = self.settle_at(world, inner, hops + 1);
                if let Some(value) = out.value.as_ref().and_then(|value| in_unit(value, unit)) {
                    (out.value, out.is_duration) = (Some(value), true);
                }
                for set in &mut out.set {
                    set.value = set.value.take().map(|value| in_unit(&value, unit).unwrap_or(value));
                }
                out
            }
            Value::Named(inner, name) => {
                let out = self.settle_at(world, inner, hops + 1);
                // What only holds where nothing was found is not it.
                let is_sure = out.provenance != Provenance::Code || out.from.is_none();
                let is_told = is_sure && out.value.as_ref().is_some_and(|value| !value.to_string().contains([' ', '{']));
                if is_told { out } else { unknown(name) }
            }
            Value::Math(op, first, second) => {
                let (first, second) = (self.settle_at(world, first, hops + 1), self.settle_at(world, second, hops + 1));
                // Of two lengths of time, what a file says for one is one as well.
                let lasts = (first.is_duration, second.is_duration);
                let of = |a: &Option<FactValue>, b: &Option<FactValue>| {
                    calculate(*op, (a.as_ref()?, lasts.0), (b.as_ref()?, lasts.1)).map(|(value, _)| value)
                };
                let value = of(&first.value, &second.value);
                let is_duration = matches!(value, Some(FactValue::Text(_)));
                let is_plain = |settled: &Settled| settled.provenance == Provenance::Code && settled.from.is_none();
                let (mut told, plain, swapped) = if is_plain(&first) { (second, first, true) } else { (first, second, false) };
                for set in &mut told.set {
                    set.value = if swapped { of(&plain.value, &set.value) } else { of(&set.value, &plain.value) };
                }
                told.set.retain(|set| set.value.is_some() || set.hidden);
                // A product of something unknown is not that something.
                if let (None, Provenance::Code, Some(from), Some(plain)) = (&value, told.provenance, &told.from, &plain.value) {
                    told.from = Some(op.written(from, &plain.to_string(), swapped));
                }
                Settled { value, is_duration, ..told }
            }
            Value::Asked { .. } => match self.expand_at(value, hops) {
                Value::Asked { .. } => unknown(""),
                found => self.settle_at(world, &found, hops + 1),
            },
            Value::Or(first, second) => match self.expand_at(value, hops) {
                Value::Or(..) => {
                    let first = self.settle_at(world, first, hops + 1);
                    if first.value.is_some() {
                        return first;
                    }
                    let second = self.settle_at(world, second, hops + 1);
                    let set = if first.set.is_empty() { second.set } else { first.set };
                    let secret = first.secret || second.secret;
                    Settled {
                        value: second.value,
                        is_duration: second.is_duration,
                        at: first.at.or(second.at),
                        place: second.place,
                        set,
                        secret,
                        ..first
                    }
                }
                found => self.settle_at(world, &found, hops + 1),
            },
            Value::Join(parts) => self.joined(world, parts, hops),
            Value::Choice { .. } => match self.expand_at(value, hops) {
                Value::Choice { on, arms } if matches!(*on, Value::Unknown(_)) => {
                    let arms: Vec<&Value> = arms.iter().map(|(_, value)| value).collect();
                    self.alternatives(world, &arms, hops).unwrap_or_else(|| unknown(""))
                }
                Value::Choice { on, arms } => self.switched(world, &on, &arms, hops).unwrap_or_else(|| unknown("")),
                found => self.settle_at(world, &found, hops + 1),
            },
            // A number that is no length of time says nothing without its unit.
            Value::Later { by: Some(by), .. } => match self.settle_at(world, by, hops + 1) {
                Settled { value: Some(_), is_duration: false, from, .. } => unknown(&from.unwrap_or_default()),
                found => found,
            },
            Value::Unknown(text) | Value::Contents { text, .. } | Value::Later { by: None, text, .. } => unknown(text),
        }
    }

    fn returned_constant(&self, world: World<'_>, func: DefId, hops: Steps<'_>) -> Option<Settled> {
        match self.returns.get(&func)? {
            Value::Unknown(_) | Value::Call { .. } | Value::Param { .. } => None,
            found => Some(self.settle_at(world, found, hops + 1)),
        }
    }
}

/// The same value, wherever it is written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Known(a, ..), Value::Known(b, ..)) => a == b,
        _ => a == b,
    }
}

/// A number as a length of time; a text may be one with a fraction.
fn in_unit(value: &FactValue, unit: &'static str) -> Option<FactValue> {
    // One of several, depending on the caller.
    if let FactValue::Text(text) = value
        && text.contains(" or ")
    {
        let all: Option<Vec<String>> =
            text.split(" or ").map(|one| Some(in_unit(&FactValue::Text(one.to_owned()), unit)?.to_string())).collect();
        return Some(FactValue::Text(all?.join(" or ")));
    }
    let number = match value {
        FactValue::Int(number) => pretty_duration(*number, unit),
        FactValue::Text(text) => match text.strip_suffix('.').or(text.strip_suffix(".0")).unwrap_or(text).parse::<i64>() {
            Ok(number) => pretty_duration(number, unit),
            Err(_) => format!("{}{unit}", text.parse::<f64>().ok()?),
        },
        FactValue::Bool(_) => return None,
    };
    Some(FactValue::Text(number))
}

/// `a/b.crt` with `next` is `a/b.next`, as `Path::with_extension` has it.
fn with_extension(path: &str, end: &str) -> String {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    let stem = path[name..].rfind('.').filter(|at| *at > 0).map_or(path, |at| &path[..name + at]);
    format!("{stem}.{end}")
}
