//! Options of a command line that is put together by hand: `Arg::new("max").long("max-cached").default_value("10")`.

use smol_str::{SmolStr, format_smolstr};

use super::flow::{Flow, Settled, Steps};
use super::infer::{Callee, World};
use super::reader::Reader;
use super::values::{At, Value};
use crate::facts::{Expr, ExprId, Name};
use crate::model::{FactValue, Provenance};

/// Calls on one option that are looked at.
const MAX_CALLS: usize = 64;

/// An option, or an argument that is known by its place.
#[derive(Clone, Debug)]
pub struct CommandOption {
    /// By what the code asks for it.
    pub id: Name,
    /// As people type it: `--max-cached`, `-v`, `<PATH>`.
    pub shown: SmolStr,
    /// The variable that takes its place.
    pub env: Option<Value>,
    /// What holds where nobody gives it.
    pub default: Option<Value>,
    /// Where it is put together.
    pub at: At,
}

impl Reader<'_> {
    /// The option that a call begins.
    pub(super) fn command_option(&self, id: ExprId) -> Option<CommandOption> {
        let Expr::Call { args, span, .. } = &self.body[id] else { return None };
        let [named] = **args else { return None };
        let Some(Callee::Foreign(path)) = self.types.callees.get(&id) else { return None };
        if !self.world.catalog.wrappers().is_command_option(path) {
            return None;
        }
        let Value::Known(FactValue::Text(name), ..) = self.tracer.value(named) else { return None };
        let calls = self.calls_on(id);
        let given = |wanted: &[&str]| calls.iter().find(|(name, _)| wanted.contains(name)).map(|(_, arg)| self.tracer.value(*arg));
        let text = |wanted: &str| match given(&[wanted])? {
            Value::Known(FactValue::Text(text), ..) => Some(text),
            _ => None,
        };
        let shown = match (text("long"), text("short")) {
            (Some(long), _) => format_smolstr!("--{}", long.trim_start_matches('-')),
            (None, Some(short)) => format_smolstr!("-{}", short.trim_start_matches('-')),
            (None, None) => format_smolstr!("<{}>", name.to_uppercase()),
        };
        Some(CommandOption {
            id: name.into(),
            shown,
            env: given(&["env"]),
            default: given(&["default_value", "default_values", "default_value_os"]),
            at: self.at(*span),
        })
    }

    /// The methods that are called on a value one after the other, also through variables, with their first arguments.
    fn calls_on(&self, start: ExprId) -> Vec<(&str, ExprId)> {
        let mut out = Vec::new();
        let mut starts = vec![start];
        let mut left = MAX_CALLS;
        while let Some(mut at) = starts.pop() {
            while let Some(parent) = self.parents[at.0 as usize] {
                let Expr::Method { recv, name, args, .. } = &self.body[parent] else { break };
                if *recv != at || left == 0 {
                    break;
                }
                left -= 1;
                out.extend(args.first().map(|arg| (name.as_str(), *arg)));
                at = parent;
            }
            let uses = self.locals_bound_to(at).iter().flat_map(|local| self.uses_of(*local));
            starts.extend(uses.copied().filter(|used| *used > at && left > 0));
        }
        out
    }
}

impl Flow {
    /// The value of an option: its default, where one is given, with the option or the variable that goes over it.
    pub(super) fn of_command_line(&self, world: World<'_>, id: &Name, text: &str, hops: Steps<'_>) -> Settled {
        let unknown = |from: &str| Settled {
            value: None,
            is_duration: false,
            provenance: Provenance::Code,
            at: None,
            from: Some(from.to_owned()),
            place: None,
            set: Vec::new(),
            secret: false,
        };
        let found = self.command_options.get(id).map_or(&[][..], Vec::as_slice);
        let [first, others @ ..] = found else { return unknown(text) };
        // Options of one name in two commands are two.
        if others.iter().any(|other| other.shown != first.shown || other.default != first.default) {
            return unknown(text);
        }
        let mut out = first.default.as_ref().map_or_else(|| unknown(""), |default| self.settle_at(world, default, hops + 1));
        if let Some(FactValue::Text(text)) = &out.value {
            // An empty text stands for none.
            out.value = match text.parse() {
                Ok(number) => Some(FactValue::Int(number)),
                Err(_) => out.value.clone().filter(|_| !text.is_empty()),
            };
        }
        let env = first.env.as_ref().and_then(|env| self.settle_at(world, env, hops + 1).value);
        match (env, out.provenance) {
            (Some(env), _) => Settled { provenance: Provenance::Env, at: Some(first.at), from: Some(env.to_string()), ..out },
            (None, Provenance::Env) => out,
            // A default that could not be followed says less than the option.
            (None, _) => Settled { at: Some(first.at), from: Some(first.shown.to_string()), ..out },
        }
    }
}
