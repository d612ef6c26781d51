//! Joins the keys of a settings struct with what each layer says of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use super::files::Files;
use super::keys::{Key, Step};
use super::layers::{Layer, Loaded, Source};
use super::paths::{self, Found};
use super::secrets::is_secret;
use super::variables::Naming;
use super::{Struct, Variables};
use crate::manifests::yaml::{Entry, Node, Value as Tree};
use crate::merge::redact;
use crate::model::{FactValue, Place, Provenance, SetBy};
use crate::resolve::{Configured, Value, World};

/// At most so much of a value is shown.
const MAX_SHOWN: usize = 120;

/// Names of the part of a file that holds for all profiles.
const FOR_ALL: [&str; 2] = ["default", "global"];

/// A layer that was looked up.
enum Read {
    Tree { file: SmolStr, environment: Option<SmolStr>, root: Arc<Node> },
    Variables(Naming),
    Default { key: String, value: Value },
}

/// The keys with what is known of them, in the order of the fields.
pub(super) fn join(
    world: World<'_>,
    files: &mut Files<'_>,
    loaded: Loaded,
    keys: Vec<Key>,
    folders: &[&str],
    variables: &Variables,
) -> Struct {
    let mut found = found(files, &loaded.layers, folders);
    let mut chosen = Chosen { files, keys: &keys };
    for (layer, found) in loaded.layers.iter().zip(&mut found) {
        chosen.retain(layer, found);
    }
    let read = read(files, &loaded.layers, &found);
    let told = keys.into_iter().map(|key| {
        let configured = configured(world, &read, &key, variables);
        (key, configured)
    });
    Struct { keys: told.collect(), files: found, loaded }
}

/// The files among which the environment chooses.
struct Chosen<'f, 'a, 'k> {
    files: &'f mut Files<'a>,
    keys: &'k [Key],
}

impl Chosen<'_, '_, '_> {
    /// Leaves those out that only happen to lie beside the others: nothing in them is a key of the settings.
    fn retain(&mut self, layer: &Layer, found: &mut Vec<Found>) {
        let Source::File { format, nested: false, .. } = &layer.source else { return };
        let (files, keys) = (&mut *self.files, self.keys);
        found.retain(|found| {
            let tree = if found.environment.is_some() { files.tree(&found.file, *format) } else { return true };
            let has = |root: &Node| {
                keys.iter().any(|key| key.path.first().is_some_and(|step| lookup(root, std::slice::from_ref(step)).is_some()))
            };
            tree.is_some_and(|root| root.entries().is_empty() && matches!(root.value, Tree::Map(_)) || has(&root))
        });
    }
}

/// The files of each layer.
fn found(files: &Files<'_>, layers: &[Layer], folders: &[&str]) -> Vec<Vec<Found>> {
    let mut out: Vec<Vec<Found>> = layers
        .iter()
        .map(|layer| match &layer.source {
            Source::File { pattern: Some(pattern), format, .. } => paths::files(files, pattern, folders, format.is_some()),
            Source::CompiledIn { path, .. } => vec![Found { file: path.clone(), environment: None }],
            _ => Vec::new(),
        })
        .collect();
    // The file that is read for all environments fits the pattern of the others, too.
    let for_all = out.iter().flatten().filter(|found| found.environment.is_none()).map(|found| found.file.clone());
    let for_all: BTreeSet<SmolStr> = for_all.collect();
    for found in &mut out {
        found.retain(|found| found.environment.is_none() || !for_all.contains(&found.file));
    }
    out
}

fn read(files: &mut Files<'_>, layers: &[Layer], found: &[Vec<Found>]) -> Vec<Read> {
    let mut out = Vec::new();
    for (layer, found) in layers.iter().zip(found) {
        match &layer.source {
            Source::File { format, nested, .. } | Source::CompiledIn { format, nested, .. } => {
                for found in found {
                    let Some(root) = files.tree(&found.file, *format) else { continue };
                    if *nested {
                        out.extend(profiles(&found.file, &root));
                    } else {
                        out.push(Read::Tree { file: found.file.clone(), environment: found.environment.clone(), root });
                    }
                }
            }
            Source::Variables(Some(naming)) => out.push(Read::Variables(naming.clone())),
            Source::Variables(None) => {}
            Source::Default { key, value } => out.push(Read::Default { key: key.clone(), value: value.clone() }),
        }
    }
    out
}

/// The parts of a file that has one for each profile; the one for all comes first.
fn profiles(file: &SmolStr, root: &Node) -> Vec<Read> {
    let mut entries: Vec<&Entry> = root.entries().iter().collect();
    entries.sort_by_key(|entry| !FOR_ALL.contains(&entry.key.as_str()));
    let profile = |entry: &Entry| Read::Tree {
        file: file.clone(),
        environment: (!FOR_ALL.contains(&entry.key.as_str())).then(|| SmolStr::new(&entry.key)),
        root: entry.node.clone(),
    };
    entries.into_iter().map(profile).collect()
}

fn configured(world: World<'_>, read: &[Read], key: &Key, variables: &Variables) -> Configured {
    let mut out =
        Configured { key: key.dotted(), fields: key.path.iter().map(|step| step.name.clone()).collect(), ..Configured::default() };
    for layer in read {
        match layer {
            Read::Tree { file, environment, root } => {
                let Some((entry, written)) = lookup(root, &key.path) else { continue };
                let value = value_of(world, key, &entry.node);
                let Some(value) = value else { continue };
                let (value, hidden) = seen(key, &written, value);
                let at = Place { file: file.clone(), line: entry.at.line, column: entry.at.column };
                out.set.push(SetBy {
                    value,
                    hidden,
                    provenance: Provenance::Settings,
                    source: file.to_string(),
                    key: written.into(),
                    at,
                    environment: environment.clone(),
                    unless: None,
                    services: Vec::new(),
                });
            }
            Read::Variables(naming) => out.variable = naming.variable(key).or(out.variable),
            Read::Default { key: of, value } => {
                if *of == out.key {
                    out.default = Some(value.clone());
                }
            }
        }
    }
    // A file of variables that the code loads sets the variable, unless it is set already.
    out.set.extend(out.variable.as_ref().and_then(|variable| variables.get(variable)).into_iter().flatten().cloned());
    let base = out.set.iter().rev().find(|set| set.environment.is_none());
    out.base = base.map(|base| (base.value.clone().unwrap_or_else(|| FactValue::Text(redact::HIDDEN.to_owned())), base.at.clone()));
    out
}

/// The entry at a path, and the path as the file spells it.
fn lookup<'n>(root: &'n Node, path: &[Step]) -> Option<(&'n Entry, String)> {
    let mut node = root;
    let mut found: Option<&Entry> = None;
    let mut written = String::new();
    for step in path {
        let named = |name: &str| node.entry(name);
        let other_case = || node.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(&step.name));
        let entry = named(&step.name).or_else(|| step.aliases.iter().find_map(|alias| named(alias))).or_else(other_case)?;
        if !written.is_empty() {
            written.push('.');
        }
        written.push_str(&entry.key);
        node = &entry.node;
        found = Some(entry);
    }
    found.map(|entry| (entry, written))
}

/// What a page shows of a value: a number, a truth value, a text; of a list its members, of a map their number.
fn value_of(world: World<'_>, key: &Key, node: &Node) -> Option<FactValue> {
    match &node.value {
        Tree::Scalar { text, plain } => {
            node.text()?;
            let is_number = *plain || is_number(world, key);
            Some(match text.parse::<i64>() {
                Ok(number) if is_number => FactValue::Int(number),
                _ if *plain && matches!(text.as_str(), "true" | "false") => FactValue::Bool(text == "true"),
                _ => FactValue::Text(text.clone()),
            })
        }
        Tree::List(items) => {
            let members: Option<Vec<&str>> = items.iter().map(|item| item.text()).collect();
            let text = match members {
                Some(members) => format!("[{}]", members.join(", ")),
                None => format!("{} entries", items.len()),
            };
            Some(FactValue::Text(text))
        }
        Tree::Map(entries) => Some(FactValue::Text(format!("{} entries", entries.len()))),
    }
}

/// A number may stand in quotes where the struct has one.
fn is_number(world: World<'_>, key: &Key) -> bool {
    let path = world.signatures.field(key.of, &key.field).and_then(|ty| ty.path().cloned());
    path.is_some_and(|path| path.len() <= 5 && path.starts_with(['u', 'i']) && path != "unit")
}

/// What may be seen of a value, and whether it is hidden.
pub(super) fn seen(key: &Key, name: &str, value: FactValue) -> (Option<FactValue>, bool) {
    let value = match value {
        FactValue::Text(text) if is_secret(name, &FactValue::Text(text.clone())) => match redact::named(name, &text) {
            hidden if hidden == redact::HIDDEN => return (None, true),
            address => FactValue::Text(address),
        },
        value if is_secret(name, &value) => return (None, true),
        FactValue::Text(text) if key.secret => match redact::of_secret(&text) {
            hidden if hidden == redact::HIDDEN => return (None, true),
            address => FactValue::Text(address),
        },
        FactValue::Int(_) if key.secret => return (None, true),
        value => value,
    };
    (Some(harmless(value)), false)
}

/// One line without passwords in addresses, not too long.
fn harmless(value: FactValue) -> FactValue {
    let FactValue::Text(text) = value else { return value };
    let line = redact::text(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => FactValue::Text(format!("{}…", &line[..at])),
        None => FactValue::Text(line),
    }
}
