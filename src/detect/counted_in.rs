//! In which unit a variable is counted, where the code makes a length of time of it: part of detector `env-reads`.

use rustc_hash::FxHashMap;

use super::context::Cx;
use crate::facts::ItemKind;
use crate::model::{FactValue, Provenance};
use crate::resolve::{At, BodyFacts, Value, pretty_duration};

/// Units as durations are told, with their words.
const UNITS: [(&str, &str); 6] =
    [("ms", "milliseconds"), ("s", "seconds"), ("min", "minutes"), ("h", "hours"), ("d", "days"), ("w", "weeks")];

/// How the units are known of variables; one that two places count differently has none.
#[derive(Default)]
pub(super) struct Counted {
    by_name: FxHashMap<String, Option<&'static str>>,
    /// Lengths that variables give when they are not set, by variable: which number they were made of stands beside the read.
    lengths: FxHashMap<String, String>,
}

impl Counted {
    /// Gathers the lengths of time that are made of variables.
    pub(super) fn new(cx: &Cx<'_>) -> Self {
        let mut out = Self::default();
        for body in cx.bodies() {
            for value in values(body) {
                out.note(cx, value);
            }
            for (value, unit) in &body.named_units {
                out.tell(cx, value, unit);
            }
        }
        out.of_builders(cx);
        out
    }

    /// The unit of a variable, with its default as it is written beside the read.
    pub(super) fn of(&self, name: &str, default: Option<&FactValue>) -> Option<&'static str> {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        let (length, Some(FactValue::Int(number))) = (self.lengths.get(name)?, default) else { return None };
        let fits = |(unit, _): &&(&str, &str)| *number != 0 && pretty_duration(*number, unit) == *length;
        UNITS.iter().find(fits).map(|(_, word)| *word)
    }

    fn note(&mut self, cx: &Cx<'_>, value: &Value) {
        match value {
            // What is multiplied first is counted in something else.
            Value::Scaled(inner, unit) => self.tell(cx, inner, if matches!(**inner, Value::Math(..)) { "" } else { unit }),
            Value::Env { name, default: Some(default), .. } => {
                if let Value::Known(FactValue::Text(length), true, _) = &**default
                    && let Some(name) = cx.flow.settle(cx.world, name).value
                {
                    self.lengths.insert(name.to_string(), length.clone());
                }
            }
            Value::Or(first, _) => self.note(cx, first),
            _ => {}
        }
    }

    fn tell(&mut self, cx: &Cx<'_>, value: &Value, unit: &str) {
        let word = UNITS.iter().find(|(short, word)| *short == unit || *word == unit).map(|(_, word)| *word);
        let settled = cx.flow.settle(cx.world, value);
        if let (Provenance::Env, Some(name)) = (settled.provenance, settled.from) {
            let known = self.by_name.entry(name).or_insert(word);
            if *known != word {
                *known = None;
            }
        }
    }

    /// `#[builder(with = |secs: u64| Duration::from_secs(secs))]`: the setter takes a number.
    fn of_builders(&mut self, cx: &Cx<'_>) {
        for (id, def) in cx.world.program.all_defs() {
            let ItemKind::Struct(facts) = &def.item.kind else { continue };
            for field in &facts.fields {
                let with = field.attrs.iter().flat_map(|attr| &attr.args).find(|(key, _)| key == "with");
                let Some(text) = with.and_then(|(_, value)| value.as_deref()) else { continue };
                let Some((_, made)) = text.split_once("Duration::from_").or_else(|| text.split_once("Duration :: from_")) else { continue };
                let unit = match made.split(|c: char| !c.is_alphanumeric()).next() {
                    Some("secs") => "s",
                    Some("millis") => "ms",
                    Some("mins") => "min",
                    Some("hours") => "h",
                    _ => continue,
                };
                let at = At { file: cx.file_index(id), span: field.span };
                let value = Value::Field { of: id, field: field.name.clone(), text: field.name.clone(), at };
                self.tell(cx, &value, unit);
            }
        }
    }
}

/// The values of a body that may be lengths of time.
fn values(body: &BodyFacts) -> impl Iterator<Item = &Value> {
    let fields = body.fields.iter().chain(&body.assigned).map(|(.., value)| value);
    let known = body.known.iter().flat_map(|call| call.args.iter().chain(call.settings.iter().flat_map(|setting| &setting.args)));
    let own = body.own.iter().flat_map(|call| &call.args);
    let ages = body.ages.iter().map(|(value, _)| value).chain(body.bounds.iter().map(|bound| &bound.value));
    fields.chain(known).chain(own).chain(ages).chain(std::iter::once(&body.returns))
}
