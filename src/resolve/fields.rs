//! What the fields of structs are set to: by struct literals, assignments and builders, and by the defaults that attributes and
//! `Default` give.

use rustc_hash::FxHashMap;

use super::calls::BodyFacts;
use super::infer::World;
use super::machine;
use super::names::{Res, Space};
use super::program::DefId;
use super::values::{At, Value, named_constant};
use super::{addresses, arithmetic};
use crate::facts::{Attr, FieldFact, ItemKind, Name, Path};
use crate::model::FactValue;

/// At most so many values of one field are kept: what is set in more places is not told.
const MAX_GIVEN: usize = 8;

/// The values that bodies give to fields.
#[derive(Default)]
pub(super) struct Fields {
    /// By struct literals and builders.
    literal: FxHashMap<(DefId, Name), Vec<Value>>,
    /// By assignments to a struct that is there already.
    assigned: FxHashMap<(DefId, Name), Vec<Value>>,
    /// By assignments on a condition.
    sometimes: FxHashMap<(DefId, Name), Vec<Value>>,
    /// By `Default::default`.
    default: FxHashMap<(DefId, Name), Value>,
}

impl Fields {
    /// Notes what a body gives.
    pub(super) fn note(&mut self, world: World<'_>, body: &BodyFacts) {
        if body.fields.is_empty() && body.assigned.is_empty() && body.sometimes.is_empty() {
            return;
        }
        let of_default = default_of(world, body.def);
        for (of, name, value) in &body.fields {
            if of_default == Some(*of) {
                self.default.insert((*of, name.clone()), value.clone());
            }
            push(self.literal.entry((*of, name.clone())).or_default(), value);
        }
        for (of, name, value) in &body.sometimes {
            push(self.sometimes.entry((*of, name.clone())).or_default(), value);
        }
        for (of, name, value) in &body.assigned {
            // `config.name = config.name.trim()` says nothing new.
            if !matches!(value, Value::Field { of: from, field, .. } if from == of && field == name) {
                push(self.assigned.entry((*of, name.clone())).or_default(), value);
            }
        }
    }

    /// What literals and builders give.
    pub(super) fn literal(&self, of: DefId, field: &str) -> &[Value] {
        self.literal.get(&(of, Name::new(field))).map_or(&[], Vec::as_slice)
    }

    /// What assignments give.
    pub(super) fn assigned(&self, of: DefId, field: &str) -> &[Value] {
        self.assigned.get(&(of, Name::new(field))).map_or(&[], Vec::as_slice)
    }

    /// What assignments give on a condition.
    pub(super) fn sometimes(&self, of: DefId, field: &str) -> &[Value] {
        self.sometimes.get(&(of, Name::new(field))).map_or(&[], Vec::as_slice)
    }

    /// What the `Default` of the struct gives: by hand, or by its derive.
    pub(super) fn of_default(&self, world: World<'_>, of: DefId, fact: &FieldFact, at: At) -> Option<Value> {
        if let Some(value) = self.default.get(&(of, fact.name.clone())) {
            return Some(value.clone());
        }
        let derived = derives(world, of, &["Default"]);
        derived.then(|| zero(world, of, &fact.name, at)).flatten()
    }

    /// What holds where nobody gives the field: the default that an attribute names.
    pub(super) fn declared(&self, world: World<'_>, of: DefId, field: &str) -> Option<Value> {
        let ItemKind::Struct(facts) = &world.program.def(of).item.kind else { return None };
        let fact = facts.fields.iter().find(|fact| fact.name == *field)?;
        let at = |attr: &Attr| At { file: file_of(world, of), span: attr.span };
        for attr in &fact.attrs {
            let Some(last) = attr.path.last() else { continue };
            let argument =
                |names: &[&str]| attr.args.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| value.as_deref());
            match last.as_str() {
                "serde" => match argument(&["default"]) {
                    Some(Some(function)) => return called(world, of, function, at(attr)),
                    Some(None) => return self.of_type(world, of, fact, at(attr)),
                    None => {}
                },
                "arg" | "clap" | "structopt" | "config" | "envconfig" | "builder" | "option" => {
                    if let Some(text) = argument(&["default_value", "default_value_os"]).flatten() {
                        let number = text.parse().map(FactValue::Int);
                        return Some(Value::Known(number.unwrap_or_else(|_| FactValue::Text(text.to_owned())), false, at(attr)));
                    }
                    if let Some(text) = argument(&["default_value_t", "default_value_os_t", "default"]).flatten() {
                        return attribute_value(world, of, text, at(attr));
                    }
                }
                // `#[default = 5]`, `#[default(5)]`, `#[serde_inline_default(5)]`.
                "default" | "serde_inline_default" => {
                    let text = attr.args.iter().find_map(|(key, value)| value.as_deref().or((!key.is_empty()).then_some(key)));
                    if let Some(text) = text {
                        return attribute_value(world, of, text, at(attr));
                    }
                }
                _ => {}
            }
        }
        let filled = world.program.def(of).item.attrs.iter().find(|attr| {
            attr.path.single().is_some_and(|name| name == "serde")
                && attr.args.iter().any(|(key, value)| key == "default" && value.is_none())
        })?;
        self.of_default(world, of, fact, at(filled))
    }

    /// `#[serde(default)]` on a field: the default of its type.
    fn of_type(&self, world: World<'_>, of: DefId, fact: &FieldFact, at: At) -> Option<Value> {
        zero(world, of, &fact.name, at)
    }
}

fn push(known: &mut Vec<Value>, value: &Value) {
    if known.len() < MAX_GIVEN && !known.contains(value) {
        known.push(value.clone());
    }
}

/// What a builder takes for a field that it is not given: `#[builder(default = 5)]`.
pub(super) fn of_builder(world: World<'_>, of: DefId, field: &str) -> Option<Value> {
    let ItemKind::Struct(facts) = &world.program.def(of).item.kind else { return None };
    let attrs = facts.fields.iter().find(|fact| fact.name == *field)?.attrs.iter();
    let (attr, text) = attrs.filter(|attr| attr.path.last().is_some_and(|last| last == "builder")).find_map(|attr| {
        let text = attr.args.iter().find_map(|(key, value)| value.as_deref().filter(|_| key == "default"))?;
        Some((attr, text))
    })?;
    attribute_value(world, of, text, At { file: file_of(world, of), span: attr.span })
}

/// The struct whose `Default::default` a definition is.
fn default_of(world: World<'_>, id: DefId) -> Option<DefId> {
    let def = world.program.def(id);
    let Some(ItemKind::Impl(imp)) = def.owner.map(|owner| &owner.kind) else { return None };
    let is_default = def.item.name == "default" && imp.of_trait.as_ref().and_then(Path::last).is_some_and(|last| last == "Default");
    match world.signatures.this.get(id.0 as usize)? {
        Some(super::types::Type::Def(of, _)) if is_default => Some(*of),
        _ => None,
    }
}

/// Whether a type derives one of some traits, by their last names.
pub(crate) fn derives(world: World<'_>, of: DefId, names: &[&str]) -> bool {
    world.program.def(of).item.attrs.iter().any(|attr| {
        attr.path.last().is_some_and(|last| last == "derive")
            && attr.args.iter().any(|(name, _)| name.rsplit("::").next().is_some_and(|last| names.contains(&last)))
    })
}

/// The default of a truth value. That of a number is 0, which code takes for something else as often as not: for no limit, or
/// for its own default.
fn zero(world: World<'_>, of: DefId, field: &str, at: At) -> Option<Value> {
    let is_bool = world.signatures.field(of, field)?.path()? == "bool";
    is_bool.then_some(Value::Known(FactValue::Bool(false), false, at))
}

fn file_of(world: World<'_>, of: DefId) -> u32 {
    super::program::index(world.program.module(world.program.def(of).module).file)
}

/// `default = "path::to::function"`.
fn called(world: World<'_>, of: DefId, function: &str, at: At) -> Option<Value> {
    let names: Vec<&str> = function.split("::").map(str::trim).collect();
    // `Self::port` is a function of the struct, or of the type that is named.
    let member = |of: DefId, name: &str| world.program.members.get(&(of, Name::new(name))).and_then(|all| all.first().copied());
    let module = world.program.def(of).module;
    let func = match names.as_slice() {
        ["Self", name] => member(of, name),
        [owner @ .., name] if !owner.is_empty() => match world.program.resolve(world.catalog, module, &Path::of(&names), Space::Value) {
            Some(Res::Def(func)) => Some(func),
            _ => match world.program.resolve(world.catalog, module, &Path::of(owner), Space::Type) {
                Some(Res::Def(owner)) => member(owner, name),
                _ => None,
            },
        },
        _ => match world.program.resolve(world.catalog, module, &Path::of(&names), Space::Value) {
            Some(Res::Def(func)) => Some(func),
            _ => None,
        },
    }?;
    world.program.func(func)?;
    Some(Value::Call { func, args: Vec::new(), text: function.into(), at })
}

/// The text in `"https://example.com".parse().unwrap()`, `String::from("a")`, `Address(Url::parse("http://localhost").unwrap())`.
fn only_literal(text: &str) -> Option<&str> {
    let (before, rest) = text.split_once('"')?;
    let (literal, after) = rest.split_once('"')?;
    let takes_in = |call: &str| {
        let last = call.rsplit("::").next().unwrap_or(call);
        matches!(last, "from" | "from_str" | "from_static" | "new" | "parse") || last.starts_with(|c: char| c.is_ascii_uppercase())
    };
    let is_taken_in = before.is_empty() || before.strip_suffix('(').is_some_and(|calls| calls.split('(').all(|call| takes_in(call.trim())));
    // Only ends of calls follow, and what hands the value on.
    let mut after = after.trim();
    while !after.is_empty() {
        let ends = [")", ".unwrap()", ".into()", ".to_owned()", ".to_string()", ".parse()"];
        after = ends.iter().find_map(|end| after.strip_prefix(end))?.trim_start();
    }
    (is_taken_in && !literal.ends_with('\\')).then_some(literal)
}

/// An expression in an attribute: a number, a text, a constant, a call without arguments.
fn attribute_value(world: World<'_>, of: DefId, text: &str, at: At) -> Option<Value> {
    let text = text.trim();
    if let Some(number) = arithmetic::written(text, at) {
        return Some(number);
    }
    if matches!(text, "true" | "false") {
        return Some(Value::Known(FactValue::Bool(text == "true"), false, at));
    }
    if let Some(made) = addresses::in_attribute(world, world.program.def(of).module, text, at) {
        return Some(made);
    }
    if let Some(literal) = only_literal(text) {
        return Some(Value::Known(FactValue::Text(literal.to_owned()), false, at));
    }
    if let Some(function) = text.strip_suffix("()") {
        return machine::told_by(function, at).or_else(|| called(world, of, function, at));
    }
    let is_path = text.split("::").all(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    if is_path && let Some(value) = named_constant(world, world.program.def(of).module, text) {
        return Some(value);
    }
    if text.is_empty() {
        return None;
    }
    // What stood in quotes lost them: `default = "10"`, `default = "0.0.0.0:80"`.
    let is_constant = is_path && text.rsplit("::").next().is_some_and(|last| !last.chars().any(char::is_lowercase));
    let text = if is_path { text.rsplit("::").next().unwrap_or(text) } else { text };
    (!is_constant && !text.contains(['(', '{', '|', '!'])).then(|| Value::Known(FactValue::Text(text.to_owned()), false, at))
}

#[cfg(test)]
mod tests {
    use super::only_literal;

    #[test]
    fn the_text_of_an_attribute_is_found_in_what_takes_it_in() {
        let found = |text| only_literal(text).unwrap_or("none");
        assert_eq!(found(r#""https://example.com".parse().unwrap()"#), "https://example.com");
        assert_eq!(found(r#"Address(Url::parse("http://localhost").unwrap())"#), "http://localhost");
        assert_eq!(found(r#"UserId::new("admin")"#), "admin");
        for other in [
            r#"std::env::var("HOME").unwrap()"#,
            r#"format!("{a}")"#,
            r#"join("a", "b")"#,
            r#""a" + "b""#,
            r#""a\"b""#,
            "5",
            r#""a".len()"#,
        ] {
            assert_eq!(found(other), "none", "{other}");
        }
    }
}
