//! Where settings structs are filled, and from which layers: files, variables, values in the code, in the order that the code gives.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::files::Format;
use super::paths::pattern;
use super::variables::Naming;
use crate::catalog::{Api, Layer as Role, Shape};
use crate::model::FactValue;
use crate::resolve::{At, BodyFacts, DefId, Filled, Flow, KnownCall, Setting, Type, Value, World};

/// Functions of functions that hand a stack of layers on.
const MAX_DEPTH: usize = 5;

/// Methods of variables that spell their names in a way of their own.
const RESPELLED: [&str; 6] = ["map", "filter_map", "only", "ignore", "filter", "convert_case"];

/// What a layer is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// A file that is read when the process starts.
    File { pattern: Option<String>, format: Option<Format>, nested: bool },
    /// A file that is compiled in; the path is that of the tree.
    CompiledIn { path: SmolStr, format: Option<Format>, nested: bool },
    /// Environment variables; none when their names could not be told.
    Variables(Option<Naming>),
    /// `set_default("a.b", 1)`.
    Default { key: String, value: Value },
}

/// A layer; of several, a later one wins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) source: Source,
}

/// A settings struct with the layers that fill it.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) root: DefId,
    /// The function that fills it.
    pub(super) by: DefId,
    /// Where its layers are put together, or its file is read.
    pub(super) ats: Vec<At>,
    pub(super) layers: Vec<Layer>,
}

/// Reads the bodies.
pub(super) struct Gatherer<'a> {
    world: World<'a>,
    flow: &'a Flow,
    bodies: FxHashMap<DefId, &'a BodyFacts>,
    callers: FxHashMap<DefId, Vec<DefId>>,
    /// Types that layers are put on.
    stacks: FxHashSet<&'a str>,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(world: World<'a>, flow: &'a Flow, bodies: &[&'a BodyFacts]) -> Self {
        let mut stacks = FxHashSet::default();
        for entry in world.catalog.of_shape(Shape::ConfigLoad) {
            let api = world.catalog.api(entry);
            if matches!(api.layer, Some(Role::Stack)) {
                stacks.extend(api.types.iter().chain(&api.builders).map(SmolStr::as_str));
            }
        }
        let mut callers: FxHashMap<DefId, Vec<DefId>> = FxHashMap::default();
        for body in bodies {
            for call in &body.own {
                let known = callers.entry(call.func).or_default();
                if known.last() != Some(&body.def) {
                    known.push(body.def);
                }
            }
        }
        Self { world, flow, bodies: bodies.iter().map(|body| (body.def, *body)).collect(), callers, stacks }
    }

    /// The settings structs that a body fills.
    pub(super) fn loaded(&self, body: &BodyFacts) -> Vec<Loaded> {
        let mut out: Vec<Loaded> = body.filled.iter().filter_map(|filled| self.filled(body, filled)).collect();
        // A library that makes its own stack on the struct itself.
        for call in &body.known {
            let api = self.api(call);
            if let (Some(Role::OwnStack), Type::Def(root, _)) = (api.layer, &call.makes) {
                let mut layers = self.own_stack(call);
                // The first one wins: later ones only fill what is missing.
                layers.reverse();
                out.push(Loaded { root: *root, by: body.def, ats: vec![call.at], layers });
            }
        }
        out
    }

    fn filled(&self, body: &BodyFacts, filled: &Filled) -> Option<Loaded> {
        let parser = self.world.catalog.wrappers().parser(&filled.by)?;
        let loaded = |layers, ats| Some(Loaded { root: filled.of, by: body.def, ats, layers });
        if parser != "layers" {
            let format = Format::named(parser);
            let Value::Contents { path, compiled_in, .. } = self.text(body, filled)? else { return None };
            let mut ats = self.reads(body, &path, 0);
            ats.push(filled.at);
            let layer = self.contents(&path, compiled_in, format)?;
            return loaded(vec![layer], ats);
        }
        let mut ats = Vec::new();
        let mut layers = self.layers(body, &mut FxHashSet::default(), &mut ats, 0);
        if layers.is_empty() || self.is_given(body) {
            let mut before = Vec::new();
            for caller in self.callers.get(&body.def).into_iter().flatten().filter_map(|def| self.bodies.get(def)) {
                before.extend(self.layers(caller, &mut FxHashSet::default(), &mut ats, 0));
            }
            before.append(&mut layers);
            layers = before;
        }
        if layers.is_empty() { None } else { loaded(layers, ats) }
    }

    /// The text that is parsed: what a file holds, also where another function read it.
    fn text(&self, body: &BodyFacts, filled: &Filled) -> Option<Value> {
        let value = self.flow.expand(filled.from.as_ref()?);
        if matches!(value, Value::Contents { .. }) {
            return Some(value);
        }
        // A text that is mended before it is parsed: what the function was given is a file.
        if let Some(given) = self.given_text(body) {
            return Some(given);
        }
        // `file.read_to_string(&mut text)`: the only file that the function reads.
        let mut reads = body.known.iter().filter(|call| self.api(call).shape == Shape::Read);
        match (value, reads.next(), reads.next()) {
            (Value::Unknown(_), Some(only), None) => {
                let path = only.args.get(usize::try_from(self.api(only).path_arg?).ok()?)?;
                Some(Value::Contents { path: Box::new(path.clone()), compiled_in: false, text: SmolStr::default() })
            }
            _ => None,
        }
    }

    /// The one parameter for which the callers pass what a file holds.
    fn given_text(&self, body: &BodyFacts) -> Option<Value> {
        let count = self.world.program.func(body.def)?.params.len();
        let given = |index: usize| {
            let param = Value::Param { func: body.def, index, name: SmolStr::default() };
            Some(self.flow.expand(&param)).filter(|value| matches!(value, Value::Contents { .. }))
        };
        let mut found = (0..count).filter_map(given);
        found.next().filter(|_| found.next().is_none())
    }

    fn contents(&self, path: &Value, compiled_in: bool, format: Option<Format>) -> Option<Layer> {
        let source = if compiled_in {
            Source::CompiledIn { path: self.compiled_in(path)?, format, nested: false }
        } else {
            Source::File { pattern: pattern(self.flow, self.world, path), format, nested: false }
        };
        Some(Layer { source })
    }

    /// `include_str!("../default.toml")`: seen from the file that says so.
    fn compiled_in(&self, path: &Value) -> Option<SmolStr> {
        let Value::Known(FactValue::Text(path), _, at) = path else { return None };
        let file = &self.world.program.files.get(at.file as usize)?.file;
        crate::source::join(crate::source::parent(file), path).map(SmolStr::from)
    }

    /// Where the file of that path is read: in the body, or in one that calls it.
    fn reads(&self, body: &BodyFacts, path: &Value, depth: usize) -> Vec<At> {
        let here = body.known.iter().filter(|call| self.api(call).shape == Shape::Read && call.args.contains(path));
        let mut out: Vec<At> = here.map(|call| call.at).collect();
        if out.is_empty() && depth < MAX_DEPTH {
            let callers = self.callers.get(&body.def).into_iter().flatten().filter_map(|def| self.bodies.get(def));
            out.extend(callers.flat_map(|caller| self.reads(caller, path, depth + 1)));
        }
        out
    }

    fn api(&self, call: &KnownCall) -> &'a Api {
        self.world.catalog.api(call.hit.entry)
    }

    /// The body is given a stack of layers by its caller.
    fn is_given(&self, body: &BodyFacts) -> bool {
        self.world.signatures.params[body.def.0 as usize].iter().any(|ty| self.is_stack(ty))
    }

    fn is_stack(&self, ty: &Type) -> bool {
        match ty {
            Type::Foreign(path, _) if self.stacks.contains(path.as_str()) => true,
            Type::Foreign(path, args) if matches!(path.as_str(), "std::result::Result" | "std::option::Option") => {
                args.first().is_some_and(|inner| self.is_stack(inner))
            }
            _ => false,
        }
    }

    /// The layers that a body puts together, those of the functions that hand it a stack among them.
    fn layers(&self, body: &BodyFacts, seen: &mut FxHashSet<DefId>, ats: &mut Vec<At>, depth: usize) -> Vec<Layer> {
        if depth > MAX_DEPTH || !seen.insert(body.def) {
            return Vec::new();
        }
        let mut found: Vec<(At, Vec<Layer>)> = Vec::new();
        let mut defaults: Vec<Layer> = Vec::new();
        // Where a stack only fills what is missing: `figment.join(provider)`.
        let mut joins: Vec<(At, bool)> = Vec::new();
        // The stack that is put together last is the one that is used.
        let stacks = body.known.iter().rev().filter(|call| matches!(self.api(call).layer, Some(Role::Stack | Role::PlainVariables)));
        ats.extend(stacks.map(|call| call.at));
        for call in &body.known {
            match self.api(call).layer {
                Some(Role::Stack) => {
                    for setting in &call.settings {
                        match setting.name.as_str() {
                            "set_default" => defaults.extend(default(setting)),
                            "merge" | "admerge" => joins.push((setting.at, false)),
                            "join" | "adjoin" => joins.push((setting.at, true)),
                            _ => {}
                        }
                    }
                }
                Some(Role::OwnStack | Role::VariablesFile) | None => {}
                Some(role) => found.push((call.stands, self.layer(call, role).into_iter().collect())),
            }
        }
        for call in &body.own {
            if self.is_stack(self.world.signatures.value(call.func))
                && let Some(callee) = self.bodies.get(&call.func)
            {
                found.push((call.at, self.layers(callee, seen, ats, depth + 1)));
            }
        }
        found.sort_by_key(|(at, _)| *at);
        joins.sort_by_key(|(at, _)| *at);
        let mut out = Vec::new();
        for (at, layers) in found {
            let only_fills = joins.iter().rev().find(|(join, _)| *join <= at).is_some_and(|(_, only_fills)| *only_fills);
            if only_fills {
                out.splice(0..0, layers);
            } else {
                out.extend(layers);
            }
        }
        // A function may put a smaller stack together first, to find out where the files are: the last one counts.
        let kept = (0..out.len()).filter(|at| !out[at + 1..].contains(&out[*at])).map(|at| out[at].clone());
        let (below, above): (Vec<Layer>, Vec<Layer>) = kept.partition(|layer| matches!(layer.source, Source::Default { .. }));
        defaults.into_iter().chain(below).chain(above).collect()
    }

    fn layer(&self, call: &KnownCall, role: Role) -> Option<Layer> {
        let api = self.api(call);
        let text = |value: &Value| self.flow.settle(self.world, value).value.map(|value| value.to_string());
        let set = |name: &str| call.settings.iter().rev().find(|setting| setting.name == name);
        let given = |name: &str| set(name).and_then(|setting| setting.args.first()).and_then(text);
        // `Toml::file(path)`, `File::new(path, FileFormat::Toml)`, `.format(FileFormat::Toml)`.
        let owner = call.path.rsplit("::").nth(1).and_then(Format::named);
        let format = owner.or_else(|| given("format").as_deref().and_then(Format::named));
        let format = format.or_else(|| call.args.get(1).and_then(text).as_deref().and_then(Format::named));
        let nested = set("nested").is_some();
        let source = match role {
            Role::File => {
                let path = call.args.get(usize::try_from(api.path_arg?).ok()?)?;
                Source::File { pattern: pattern(self.flow, self.world, path), format, nested }
            }
            Role::Text => match self.flow.expand(call.args.first()?) {
                Value::Contents { path, compiled_in, .. } => match self.contents(&path, compiled_in, format)?.source {
                    Source::CompiledIn { path, format, .. } => Source::CompiledIn { path, format, nested },
                    Source::File { pattern, format, .. } => Source::File { pattern, format, nested },
                    other => other,
                },
                _ => return None,
            },
            Role::Variables => {
                let respelled = RESPELLED.iter().any(|name| set(name).is_some());
                let prefix = if api.knobs.iter().any(|knob| knob.name == "prefix" && knob.arg.is_some()) {
                    call.args.first().and_then(text)
                } else {
                    Some(given("prefix").unwrap_or_default())
                };
                let separator = given("separator").or_else(|| given("split"));
                // Some libraries put a separator behind the prefix, others take it as it is.
                let behind = api.knobs.iter().find(|knob| knob.name == "prefix_separator");
                let behind = behind.map(|knob| {
                    let usual = || knob.default.as_ref().map(SmolStr::to_string);
                    given("prefix_separator").or_else(|| separator.clone()).or_else(usual).unwrap_or_default()
                });
                let prefix = prefix.filter(|_| !respelled).map(|prefix| match prefix.as_str() {
                    "" => String::new(),
                    prefix => format!("{}{}", prefix.to_uppercase(), behind.unwrap_or_default()),
                });
                Source::Variables(prefix.map(|prefix| Naming::Joined { prefix, separator }))
            }
            Role::PlainVariables => {
                let prefix = call.args.first().and_then(text).unwrap_or_default();
                Source::Variables(Some(Naming::Plain { prefix }))
            }
            Role::VariablesFile | Role::Stack | Role::OwnStack => return None,
        };
        Some(Layer { source })
    }

    /// `Config::builder().env().file("config.toml").load()`, `Config::from_file("config.toml")`.
    fn own_stack(&self, call: &KnownCall) -> Vec<Layer> {
        let file =
            |path: &Value| Layer { source: Source::File { pattern: pattern(self.flow, self.world, path), format: None, nested: false } };
        let layer = |setting: &Setting| match (setting.name.as_str(), setting.args.first()) {
            ("env", _) => Some(Layer { source: Source::Variables(Some(Naming::ByField)) }),
            ("file", Some(path)) => Some(file(path)),
            _ => None,
        };
        let mut out: Vec<Layer> = call.settings.iter().filter_map(layer).collect();
        if call.path.ends_with("::from_file") {
            out.extend(call.args.first().map(file));
        }
        out
    }
}

fn default(setting: &Setting) -> Option<Layer> {
    let [key, value] = setting.args.as_slice() else { return None };
    let source = Source::Default { key: key.known_text()?, value: value.clone() };
    Some(Layer { source })
}
