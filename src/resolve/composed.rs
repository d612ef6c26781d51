//! Values that are made of several: the pieces of a text, what a few callers pass, one of two words by a switch.

use super::flow::{Flow, Settled, Steps};
use super::infer::World;
use super::moments::{IN_NAMES, either};
use super::program::DefId;
use super::types::Type;
use super::values::Value;
use crate::facts::{ItemKind, Name};
use crate::model::{FactValue, Provenance};

/// More alternatives of one text than this are not told.
const MAX_TEXTS: usize = 4;

impl Flow {
    /// One of two words by a switch: what holds as the switch stands, and for each place that sets it.
    pub(super) fn switched(&self, world: World<'_>, on: &Value, arms: &[(Name, Value)], hops: Steps<'_>) -> Option<Settled> {
        let [(first, yes), (second, no)] = arms else { return None };
        if first != "true" || second != "false" {
            return None;
        }
        let switch = self.settle_at(world, on, hops + 1);
        let from = switch.from.clone().filter(|_| switch.provenance != Provenance::Code)?;
        let (yes, no) = (self.settle_at(world, yes, hops + 1).value?, self.settle_at(world, no, hops + 1).value?);
        let of = |value: &FactValue| match value {
            FactValue::Bool(on) => Some(if *on { yes.clone() } else { no.clone() }),
            FactValue::Text(text) if text == "true" => Some(yes.clone()),
            FactValue::Text(text) if text == "false" => Some(no.clone()),
            _ => None,
        };
        let mut set = switch.set;
        for one in &mut set {
            one.value = one.value.as_ref().and_then(of);
        }
        set.retain(|one| one.value.is_some());
        let value = match &switch.value {
            Some(value) => of(value)?,
            None => FactValue::Text(format!("{yes} with {from}, else {no}")),
        };
        Some(Settled { value: Some(value), is_duration: false, set, ..switch })
    }

    /// What a required method of a trait gives, where each type that implements the trait says a number or a length of time:
    /// the one on which all agree, or one of two.
    pub(super) fn of_implementors(&self, world: World<'_>, func: DefId) -> Option<Settled> {
        let program = world.program;
        let (def, required) = (program.def(func), program.func(func).is_some_and(|func| func.body.is_none()));
        if !required || !matches!(def.owner.map(|owner| &owner.kind), Some(ItemKind::Trait(_))) {
            return None;
        }
        let name = def.item.name.clone();
        let is_member = |of: &DefId| program.members.get(&(*of, name.clone())).is_some_and(|all| all.contains(&func));
        let (_, types) = program.implementors.iter().find(|(of, _)| is_member(of)).filter(|(of, _)| !program.open_traits.contains(of))?;
        let mut known: Vec<Value> = Vec::new();
        for ty in types {
            // A type with a method of its own under the name may mean either.
            let [own] = program.members.get(&(*ty, name.clone()))?.as_slice() else { return None };
            if self.uncounted.contains(own) {
                continue;
            }
            let value = self.returns(*own)?;
            let Value::Known(told, lasts, _) = value else { return None };
            let is_number = *lasts || matches!(told, FactValue::Int(_));
            if !is_number {
                return None;
            }
            if !known.iter().any(|other| matches!(other, Value::Known(other, same, _) if other == told && same == lasts)) {
                known.push(value.clone());
            }
        }
        let value = match known.as_slice() {
            [only] => only.clone(),
            [first, second] => either(first, second)?,
            _ => return None,
        };
        let Value::Known(value, is_duration, at) = value else { return None };
        Some(Settled {
            value: Some(value),
            is_duration,
            provenance: Provenance::Code,
            at: Some(at),
            from: None,
            place: None,
            set: Vec::new(),
            secret: false,
        })
    }

    /// A parameter for which a few callers pass known texts: all of them. Of callers that agree, the one counts whose value
    /// can be set from outside.
    pub(super) fn one_of(&self, world: World<'_>, func: DefId, index: usize, hops: Steps<'_>) -> Option<Settled> {
        let passed: Vec<&Value> = self.callers.get(&func)?.iter().map(|args| args.get(index)).collect::<Option<_>>()?;
        let called: Vec<&Value> = passed.iter().copied().filter(|value| !self.is_of_unused_maker(world, value)).collect();
        let passed = if called.is_empty() { passed } else { called };
        if passed.len() > 4 {
            return None;
        }
        let settled: Vec<Settled> = passed.into_iter().map(|value| self.settle_at(world, value, hops + 4)).collect();
        // Callers that agree on a variable without a default.
        let is_of = |one: &Settled, other: &Settled| one.value.is_none() && one.provenance == Provenance::Env && one.from == other.from;
        if settled.first().is_some_and(|first| first.from.is_some() && settled.iter().all(|one| is_of(one, first))) {
            return settled.into_iter().next();
        }
        let mut texts: Vec<String> = Vec::new();
        for one in &settled {
            let text = match one.value.as_ref()? {
                FactValue::Text(text) => text.clone(),
                FactValue::Int(number) => number.to_string(),
                FactValue::Bool(_) => return None,
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        // Callers that agree on a number.
        if let ([_], Some(Some(FactValue::Int(_)))) = (texts.as_slice(), settled.first().map(|one| &one.value)) {
            let settable = settled.iter().position(|one| one.provenance != Provenance::Code);
            return settled.into_iter().nth(settable.unwrap_or(0));
        }
        let settable = settled.iter().position(|one| one.provenance != Provenance::Code).filter(|_| texts.len() == 1);
        let shown = settled.into_iter().nth(settable.unwrap_or(0))?;
        Some(Settled { value: Some(FactValue::Text(texts.join(" or "))), ..shown })
    }

    /// What a constructor hands on that nothing calls: `Self::open(path, None)` in a `new(path)` which is left over.
    fn is_of_unused_maker(&self, world: World<'_>, value: &Value) -> bool {
        let Value::Param { func, .. } = value else { return false };
        let owner = world.program.def(*func).owner.map(|owner| &owner.kind);
        let is_inherent = matches!(owner, Some(ItemKind::Impl(imp)) if imp.of_trait.is_none());
        if self.callers.contains_key(func) || !is_inherent || world.program.func(*func).is_none_or(|func| func.has_self) {
            return false;
        }
        // A handler of requests is called from out of sight, and gives back no `Self`.
        let of = |ty: &Type| if let Type::Def(of, _) = ty { Some(*of) } else { None };
        let this = world.signatures.this[func.0 as usize].as_ref().and_then(of);
        let given = world.signatures.value(*func);
        this.is_some() && std::iter::once(given).chain(given.args()).any(|ty| of(ty) == this)
    }

    /// Known pieces joined; the others as `{name}`. A parameter for which callers pass several texts gives as many results.
    pub(super) fn joined(&self, world: World<'_>, parts: &[Value], hops: Steps<'_>) -> Settled {
        let mut texts = vec![String::new()];
        let (mut at, mut known, mut provenance, mut from) = (None, false, Provenance::Code, None);
        let (mut place, mut set, mut secret) = (None, Vec::new(), false);
        // What is set begins the text: a part further on does not speak for all of it.
        let mut begins = false;
        for (index, part) in parts.iter().enumerate() {
            let mut settled = self.settle_at(world, part, hops + 1);
            if matches!(part, Value::Later { .. }) {
                (settled.value, settled.from) = (None, Some(IN_NAMES.to_string()));
            }
            at = at.or(settled.at);
            secret |= settled.secret;
            let pieces: Vec<String> = match (&settled.value, &settled.from) {
                (Some(value), _) => {
                    let value = value.to_string();
                    known |= value != "/";
                    let several = matches!(part, Value::Param { .. });
                    if several { value.split(" or ").map(str::to_owned).collect() } else { vec![value] }
                }
                (None, Some(name)) if settled.provenance == Provenance::Env => vec![format!("${{{name}}}")],
                // Pieces of a piece stand in braces already.
                (None, Some(name))
                    if matches!(part, Value::Join(_)) && name.contains('{') || name.starts_with('{') && name.ends_with('}') =>
                {
                    vec![name.clone()]
                }
                (None, Some(name)) => vec![format!("{{{}}}", name.trim_start_matches("self."))],
                (None, None) => vec!["{}".to_owned()],
            };
            let with = |text: &String, piece: &String| {
                // A second separator is nobody's wish.
                let piece = if text.ends_with('/') { piece.trim_start_matches('/') } else { piece };
                format!("{text}{piece}")
            };
            texts = texts.iter().flat_map(|text| pieces.iter().map(move |piece| with(text, piece))).take(MAX_TEXTS).collect();
            if matches!(settled.provenance, Provenance::Env | Provenance::Settings) && from.is_none() {
                (provenance, from, place, set) = (settled.provenance, settled.from, settled.place, settled.set);
                begins = index == 0;
            }
        }
        if !known && !begins {
            (provenance, from, place, set) = (Provenance::Code, None, None, Vec::new());
        }
        let text = texts.join(" or ");
        // A folder that a variable names, and what lies in it.
        known |= begins && text.starts_with("${") && !text.ends_with('}') || begins && text.contains("}/");
        let value = known.then(|| FactValue::Text(text.clone()));
        Settled { value, is_duration: false, provenance, at, from: from.or((!known).then_some(text)), place, set, secret }
    }
}
