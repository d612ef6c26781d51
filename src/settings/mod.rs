//! The application's own settings: from where the code loads a struct to what each of its keys is set to, by which file or variable.
//!
//! Only files that the code names are read, and only below the analysed root. A layer wins over those before it.

mod comments;
mod files;
mod join;
mod keys;
mod layers;
mod paths;
mod relaxed;
mod secrets;
mod tell;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::catalog::Layer as Role;
use crate::discover::Discovery;
use crate::facts::Name;
use crate::manifests::hide;
use crate::model::{Diagnostic, FactValue, Place, Provenance, SetBy};
use crate::resolve::{BodyFacts, Configured, DefId, Flow, World};
use crate::source::{Tree, parent};

use files::Files;
use keys::Key;
use layers::{Gatherer, Layer, Loaded};
use paths::Found;

pub use comments::SettingsComments;
pub(crate) use keys::spelled_variant;
pub use paths::ENDINGS;
pub use tell::{tell, tell_variables};

/// The settings of a tree.
#[derive(Default)]
pub struct Settings {
    structs: Vec<Struct>,
    /// What files of variables set, by variable.
    variables: Variables,
    /// Comments that speak to this tool, of the files that settings are read from.
    pub comments: Vec<SettingsComments>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that could not be read.
    pub skipped: Vec<SmolStr>,
    /// Something could not be read at all.
    pub unreadable: bool,
}

/// What files of variables set, by variable.
type Variables = FxHashMap<String, Vec<SetBy>>;

/// A settings struct with its keys.
struct Struct {
    loaded: Loaded,
    keys: Vec<(Key, Configured)>,
    /// The files of each layer.
    files: Vec<Vec<Found>>,
}

/// Finds the settings structs that bodies fill, and reads the files that fill them.
#[must_use]
pub fn read(tree: &dyn Tree, discovery: &Discovery, world: World<'_>, flow: &Flow, bodies: &[&BodyFacts]) -> Settings {
    let mut out = Settings::default();
    let is_own_stack = |body: &BodyFacts| body.known.iter().any(|call| world.catalog.api(call.hit.entry).layer.is_some());
    let loading: Vec<&BodyFacts> = bodies.iter().copied().filter(|body| !body.filled.is_empty() || is_own_stack(body)).collect();
    if loading.is_empty() {
        return out;
    }
    let mut files = Files::new(tree, discovery);
    variables(&mut files, discovery, world, flow, &loading, &mut out.variables);
    let gatherer = Gatherer::new(world, flow, bodies);
    let found: Vec<Loaded> = loading.iter().flat_map(|body| gatherer.loaded(body)).collect();
    for loaded in one_for_each(found) {
        let keys = keys::keys(world, loaded.root);
        let folders = folders(discovery, world, loaded.by);
        let folders: Vec<&str> = folders.iter().map(SmolStr::as_str).collect();
        out.structs.push(join::join(world, &mut files, loaded, keys, &folders, &out.variables));
    }
    out.comments = comments_of(&out, &mut files);
    (out.diagnostics, out.skipped, out.unreadable) = (files.diagnostics, files.skipped, files.unreadable);
    out
}

/// The comments of the files that settings are read from; what only happens to lie beside them says nothing of them.
fn comments_of(settings: &Settings, files: &mut Files<'_>) -> Vec<SettingsComments> {
    let of_structs = settings.structs.iter().flat_map(|found| found.files.iter().flatten()).map(|found| &found.file);
    let of_variables = settings.variables.values().flatten().map(|set| &set.at.file);
    let read: BTreeSet<&SmolStr> = of_structs.chain(of_variables).collect();
    std::mem::take(&mut files.comments).into_values().filter(|one| read.contains(&one.file)).collect()
}

impl Settings {
    /// What is known of each field, for those who follow values.
    pub fn hand_over(&self, flow: &mut Flow) {
        let mut fields: FxHashMap<(DefId, Name), Vec<Configured>> = FxHashMap::default();
        for (key, configured) in self.structs.iter().flat_map(|found| &found.keys) {
            fields.entry((key.of, key.field.clone())).or_default().push(configured.clone());
        }
        flow.configure(fields, self.variables.clone());
    }
}

/// One entry for each struct: what several functions put together is one stack of layers.
fn one_for_each(found: Vec<Loaded>) -> Vec<Loaded> {
    let mut by_root: BTreeMap<DefId, Loaded> = BTreeMap::new();
    for loaded in found {
        let Some(known) = by_root.get_mut(&loaded.root) else {
            by_root.insert(loaded.root, loaded);
            continue;
        };
        // The fuller stack decides the order, and is told where it is put together.
        let (mut full, other) = if loaded.layers.len() > known.layers.len() { (loaded, known.clone()) } else { (known.clone(), loaded) };
        let more: Vec<Layer> = other.layers.into_iter().filter(|layer| !full.layers.contains(layer)).collect();
        full.layers.extend(more);
        full.ats.extend(other.ats);
        *known = full;
    }
    by_root.into_values().collect()
}

/// The folders from which a relative path may be seen: that of the package, that of its workspace.
fn folders(discovery: &Discovery, world: World<'_>, by: DefId) -> Vec<SmolStr> {
    let file = &world.program.file_of(by).file;
    let holds = |folder: &str| folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let package = discovery.packages.iter().filter(|package| holds(&package.dir)).max_by_key(|package| package.dir.len());
    let mut out: Vec<SmolStr> = Vec::new();
    if let Some(package) = package {
        out.push(package.dir.clone());
        out.extend(package.workspace.as_ref().map(|manifest| SmolStr::new(parent(manifest))));
    }
    out.push(SmolStr::default());
    out.dedup();
    out
}

/// Files of variables that the code loads: `.env`, or the one that it names.
fn variables(files: &mut Files<'_>, discovery: &Discovery, world: World<'_>, flow: &Flow, bodies: &[&BodyFacts], out: &mut Variables) {
    let mut known: Vec<SmolStr> = Vec::new();
    for body in bodies {
        for call in &body.known {
            let api = world.catalog.api(call.hit.entry);
            if api.layer != Some(Role::VariablesFile) {
                continue;
            }
            let pattern = match api.knobs.iter().find(|knob| knob.name == "path") {
                Some(knob) if knob.arg.is_some() => call.args.first().and_then(|path| paths::pattern(flow, world, path)),
                Some(knob) => knob.default.as_ref().map(SmolStr::to_string),
                None => None,
            };
            let folders = folders(discovery, world, body.def);
            let folders: Vec<&str> = folders.iter().map(SmolStr::as_str).collect();
            let Some(pattern) = pattern else { continue };
            for found in paths::files(files, &pattern, &folders, true) {
                if known.contains(&found.file) {
                    continue;
                }
                known.push(found.file.clone());
                for variable in files.variables(&found.file) {
                    let set = set_by(&found, &variable);
                    out.entry(variable.name).or_default().push(set);
                }
            }
        }
    }
}

fn set_by(found: &paths::Found, variable: &crate::manifests::env_file::Variable) -> SetBy {
    let value = match variable.value.parse::<i64>() {
        Ok(number) => FactValue::Int(number),
        Err(_) => FactValue::Text(variable.value.clone()),
    };
    let hidden = secrets::is_secret(&variable.name, &value);
    let value = match value {
        FactValue::Text(text) => FactValue::Text(hide::text(&text)),
        other => other,
    };
    SetBy {
        value: Some(value).filter(|_| !hidden),
        hidden,
        provenance: Provenance::Env,
        source: found.file.to_string(),
        key: variable.name.as_str().into(),
        at: Place { file: found.file.clone(), line: variable.line, column: 1 },
        environment: found.environment.clone(),
        unless: None,
        services: Vec::new(),
    }
}
