//! What a field of a struct holds: what settings files say of it, what the code sets it to, its default, else its name.

use std::cell::Cell;

use rustc_hash::FxHashMap;

use super::fields::derives;
use super::flow::{Flow, MAX_STEPS, Settled, Steps};
use super::infer::World;
use super::program::DefId;
use super::types::Type;
use super::values::{At, Value};
use crate::facts::{ItemKind, Name};
use crate::model::{FactValue, Place, Provenance, SetBy};

/// More variables than these are not told for one field.
const MAX_NAMES: usize = 3;

/// What settings files and the environment say of a field of a settings struct.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// `database.pool_size`.
    pub key: String,
    /// The names of the fields on the way to it: those of the code, not of the file.
    pub fields: Vec<Name>,
    /// The variable that sets it.
    pub variable: Option<String>,
    /// What a file says that holds for all environments, and where.
    pub base: Option<(FactValue, Place)>,
    /// What the code sets where no file does.
    pub default: Option<Value>,
    /// Every file that gives it, the one that wins last.
    pub set: Vec<SetBy>,
}

impl Flow {
    /// Takes in what settings files and files of variables say.
    pub fn configure(&mut self, configured: FxHashMap<(DefId, Name), Vec<Configured>>, variables: FxHashMap<String, Vec<SetBy>>) {
        self.configured = configured;
        self.variables = variables;
    }

    /// A field of a struct that the service fills with its settings, as far as that is seen.
    #[must_use]
    pub fn is_loaded(&self, of: DefId, field: &Name) -> bool {
        self.configured.contains_key(&(of, field.clone()))
    }

    /// A field that files give: their value, else what the code gives where they do not.
    #[must_use]
    pub fn configured(&self, world: World<'_>, of: DefId, field: &Name, configured: &Configured, at: At) -> Settled {
        self.configured_at(world, of, field, configured, at, Steps::new(&Cell::new(MAX_STEPS)))
    }

    fn configured_at(&self, world: World<'_>, of: DefId, field: &Name, configured: &Configured, at: At, hops: Steps<'_>) -> Settled {
        let (literal, assigned) = (self.fields.literal(of, field), self.fields.assigned(of, field));
        // A variable that is read over the settings wins over them; one in a literal gives a default.
        let over = self.set_to(world, &assigned.iter().collect::<Vec<_>>(), true, hops);
        let over = over.filter(|settled| settled.provenance == Provenance::Env);
        let set_to = self.set_to(world, &literal.iter().chain(assigned).collect::<Vec<_>>(), true, hops);
        let default = || {
            let declared = configured.default.clone().or_else(|| self.fields.declared(world, of, field));
            let set = set_to.clone().filter(|settled| settled.value.is_some());
            // What only holds where the machine tells nothing is no default: `hostname().unwrap_or("localhost")`.
            let is_sure = |settled: &Settled| settled.provenance != Provenance::Code || settled.from.is_none();
            let set = set.or_else(|| Some(self.settle_at(world, &declared?, hops + 1))).filter(is_sure);
            set.or_else(|| {
                let fallback = self.fallbacks.get(&(of, field.clone()))?.as_ref()?;
                let settled = self.settle_at(world, fallback, hops + 1);
                let ty = world.signatures.field(of, field)?;
                settled.value.as_ref().is_some_and(|value| fits(ty, value) && !is_placeholder(value)).then_some(settled)
            })
        };
        let base = match &configured.base {
            Some((value, place)) => Some((value.clone(), false, Some(place.clone()), None)),
            None => default()
                .filter(|default| default.value.is_some())
                .and_then(|default| Some((default.value?, default.is_duration, default.place, default.at))),
        };
        let (value, is_duration, place, written) = match base {
            Some((value, is_duration, place, at)) => (Some(value), is_duration, place, at),
            None => (None, false, None, None),
        };
        let out = Settled {
            value,
            is_duration,
            provenance: Provenance::Settings,
            at: written.or(Some(at)),
            from: Some(configured.key.clone()),
            place,
            set: configured.set.clone(),
            secret: false,
        };
        match over {
            Some(over) => Settled { provenance: over.provenance, from: over.from, at: over.at.or(out.at), ..out },
            None => out,
        }
    }

    /// A field: what it is set to, else its default, else its name.
    pub(super) fn field(&self, world: World<'_>, of: DefId, field: &Name, text: &str, at: At, hops: Steps<'_>) -> Settled {
        if let Some(configured) = self.configured_as(of, field, text).filter(|_| !hops.by_key) {
            return self.configured_at(world, of, field, configured, at, hops);
        }
        let in_settings = is_settings(world, of);
        let mut values: Vec<&Value> = self.fields.literal(of, field).iter().chain(self.fields.assigned(of, field)).collect();
        // What an attribute declares holds where the condition does not.
        if !values.is_empty() || self.fields.declared(world, of, field).is_none() {
            values.extend(self.fields.sometimes(of, field));
        }
        if let Some(mut settled) = self.set_to(world, &values, in_settings, hops) {
            // The default of a settings struct holds unless its key is set.
            if settled.provenance == Provenance::Code && in_settings {
                settled.provenance = Provenance::Settings;
                settled.from = Some(self.settings_key(world, of, field));
            }
            return settled;
        }
        let mut out = Settled {
            value: None,
            is_duration: false,
            provenance: Provenance::Code,
            at: Some(at),
            from: Some(text.to_owned()),
            place: None,
            set: Vec::new(),
            secret: false,
        };
        let ItemKind::Struct(facts) = &world.program.def(of).item.kind else { return out };
        if in_settings {
            out.provenance = Provenance::Settings;
            out.from = Some(self.settings_key(world, of, field));
        }
        for attr in facts.fields.iter().filter(|fact| fact.name == *field).flat_map(|fact| &fact.attrs) {
            if let Some((_, Some(env))) = attr.args.iter().find(|(key, _)| key == "env") {
                out.provenance = Provenance::Env;
                out.from = Some(env.clone());
            }
        }
        if let Some(default) = self.fields.declared(world, of, field) {
            let default = self.settle_at(world, &default, hops + 1);
            (out.value, out.is_duration) = (default.value, default.is_duration);
        }
        out
    }

    /// What the files say of a field. Where the struct stands at several keys, the expression has to tell which one is meant.
    fn configured_as(&self, of: DefId, field: &Name, text: &str) -> Option<&Configured> {
        match self.configured.get(&(of, field.clone()))?.as_slice() {
            [only] => Some(only),
            several => {
                let names: Vec<&str> = text.split('.').collect();
                let ends = |configured: &&Configured| {
                    let written = names.iter().rev().map(|name| name.trim_end_matches("()"));
                    configured.fields.len() > 1 && configured.fields.iter().rev().zip(written).take(2).filter(|(a, b)| a == b).count() == 2
                };
                let mut found = several.iter().filter(ends);
                found.next().filter(|_| found.next().is_none())
            }
        }
    }

    /// What struct literals, builders and assignments set a field to. Values that differ are not told; what can be set from
    /// outside is told with what holds else.
    ///
    /// Of settings that a library loads, only what is set beside their own key counts.
    fn set_to(&self, world: World<'_>, values: &[&Value], in_settings: bool, hops: Steps<'_>) -> Option<Settled> {
        // Where there are several ways, each is followed less far: there may be several behind each.
        let hops = if values.len() > 1 { hops + 3 } else { hops + 1 };
        let all: Vec<Settled> = values.iter().map(|value| self.settle_at(world, value, hops)).collect();
        let is_outside = |settled: &&Settled| match settled.provenance {
            Provenance::Code => false,
            Provenance::Settings => settled.from.is_some() && !in_settings,
            _ => settled.from.is_some(),
        };
        let (outside, inside): (Vec<&Settled>, Vec<&Settled>) = all.iter().partition(is_outside);
        let says = |settled: &&&Settled| {
            settled.provenance == Provenance::Code && settled.value.as_ref().is_some_and(|value| *value != FactValue::Text(String::new()))
        };
        let mut constants: Vec<&Settled> = Vec::new();
        for known in inside.iter().filter(says) {
            if !constants.iter().any(|other| other.value == known.value) {
                constants.push(known);
            }
        }
        let (first, rest) = match outside.split_first() {
            Some((first, rest)) => (*first, rest),
            None => {
                let is_all = in_settings || inside.iter().all(|settled| says(&settled));
                return constants.first().filter(|_| constants.len() == 1 && is_all).map(|only| (*only).clone());
            }
        };
        if rest.iter().any(|other| other.from != first.from) {
            return one_of_several(&outside);
        }
        let mut out = first.clone();
        // A variable that is read over what `Default` gives.
        let base = match (constants.as_slice(), &first.value) {
            ([only], None) => Some(*only),
            _ => None,
        };
        if let Some(base) = base {
            (out.value, out.is_duration) = (base.value.clone(), base.is_duration);
        } else if !rest.is_empty() && rest.iter().any(|other| other.value != first.value) {
            out.value = None;
        }
        Some(out)
    }

    /// The key of a settings field from the root of its settings: `database.pool_size`.
    fn settings_key(&self, world: World<'_>, of: DefId, field: &Name) -> String {
        let mut key = field.to_string();
        let mut at = of;
        for _ in 0..6 {
            let holder = world.signatures.holders.get(&at).map(Vec::as_slice);
            let Some([(holder, name)]) = holder else { break };
            if !is_settings(world, *holder) {
                break;
            }
            key = format!("{name}.{key}");
            at = *holder;
        }
        key
    }
}

/// One of several variables, whichever is read where the struct is made: all of them, with the default that they share.
fn one_of_several(outside: &[&Settled]) -> Option<Settled> {
    let mut names: Vec<&str> = Vec::new();
    for settled in outside {
        let name = settled.from.as_deref().filter(|name| settled.provenance == Provenance::Env && !name.contains(' '))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let first = outside.first()?;
    let agree = outside.iter().all(|other| other.value == first.value);
    (names.len() <= MAX_NAMES).then(|| Settled {
        value: first.value.clone().filter(|_| agree),
        from: Some(names.join(" or ")),
        set: Vec::new(),
        secret: outside.iter().any(|settled| settled.secret),
        ..(*first).clone()
    })
}

/// A value of the field itself, and not of what the code makes of it: `config.ratio.map(Sampler::Ratio).unwrap_or(Sampler::All)`.
fn fits(ty: &Type, value: &FactValue) -> bool {
    match ty {
        Type::Foreign(path, args) => match (path.as_str(), value) {
            ("std::option::Option", _) => args.first().is_some_and(|inner| fits(inner, value)),
            ("bool", value) => matches!(value, FactValue::Bool(_)),
            ("f32" | "f64", FactValue::Text(text)) => text.parse::<f64>().is_ok(),
            (path, FactValue::Int(_)) => path.starts_with(['u', 'i', 'f']) && !path.contains("::") || path.contains("NonZero"),
            (_, FactValue::Text(_)) => holds_text(path),
            _ => false,
        },
        Type::Def(..) => matches!(value, FactValue::Text(_)),
        _ => false,
    }
}

/// What stands in a message where there is no value, and is none itself: `<unspecified>`, `unknown`.
fn is_placeholder(value: &FactValue) -> bool {
    const WORDS: [&str; 12] =
        ["unknown", "unspecified", "unset", "undefined", "missing", "none", "null", "n/a", "invalid", "unnamed", "anonymous", "-"];
    let FactValue::Text(text) = value else { return false };
    let is_marked = |open: char, close: char| text.starts_with(open) && text.ends_with(close);
    text.is_empty() || is_marked('<', '>') || is_marked('(', ')') || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn holds_text(path: &str) -> bool {
    path.contains("::") || path == "str"
}

/// A struct that a settings library fills: it derives `Deserialize`, or what clap and confique ask for.
fn is_settings(world: World<'_>, of: DefId) -> bool {
    derives(world, of, &["Deserialize", "Parser", "Args", "Config", "Subcommand"])
}
