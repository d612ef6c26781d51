//! Migrations and schema files: what they make in a database that holds state of its own.

mod databases;
mod objects;
mod tables;
mod tokens;

#[cfg(test)]
mod told_tests;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use smol_str::{SmolStr, format_smolstr};

pub use objects::{Done, Object, ObjectKind, objects};

use crate::discover::{Discovery, OtherFile, OtherKind, Package};
use crate::model::{Confidence, Fact, FactValue, Item, ItemId, Kind, Place, Provenance, Role, Scope, Service, Site};
use crate::source::{Lines, MAX_FILE_BYTES, Tree, file_name};

/// Folders whose files are run against the database of the service.
const FOLDERS: &[&str] = &["migrations", "migration", "schema", "schemas"];

/// What the migrations of a tree leave in the database, in the order in which they run.
#[derive(Default)]
pub struct Schema {
    /// Each with its file.
    found: Vec<(SmolStr, Place, Object)>,
    /// The tables of each database.
    databases: Vec<databases::Database>,
}

/// Reads the migrations of a tree. A file that cannot be read says nothing here: the database has what it made.
#[must_use]
pub fn read(tree: &dyn Tree, discovery: &Discovery) -> Schema {
    let wanted: Vec<&OtherFile> = discovery.others.iter().filter(|file| is_migration(file)).collect();
    let texts: Vec<(&SmolStr, String)> =
        wanted.par_iter().filter_map(|file| Some((&file.path, tree.read(&file.path).ok()?.to_string()))).collect();
    let found: Vec<Vec<(SmolStr, Place, Object)>> = texts.par_iter().map(|(path, text)| of_file(path, text)).collect();
    Schema { found: found.into_iter().flatten().collect(), databases: databases::read(&texts) }
}

fn is_migration(file: &OtherFile) -> bool {
    let mut folders = file.path.split('/').rev().skip(1);
    // What takes a migration back does not run.
    let name = file_name(&file.path);
    file.kind == OtherKind::Sql
        && file.bytes <= MAX_FILE_BYTES
        && name != "down.sql"
        && !name.ends_with(".down.sql")
        && folders.any(|folder| FOLDERS.contains(&folder))
        && !file.path.split('/').any(|folder| matches!(folder, "test" | "tests" | "fixtures" | "examples" | "benches"))
}

fn of_file(path: &SmolStr, text: &str) -> Vec<(SmolStr, Place, Object)> {
    if !speaks(text) {
        return Vec::new();
    }
    let lines = Lines::new(text);
    let found = objects(text).into_iter().filter(|object| object.kind != ObjectKind::TemporaryTable);
    found.map(|object| (path.clone(), place_of(path, text, &lines, object.at), object)).collect()
}

/// The place of an offset.
fn place_of(path: &SmolStr, text: &str, lines: &Lines, at: usize) -> Place {
    let column = text[lines.start(at)..at].chars().count() as u32 + 1;
    Place { file: path.clone(), line: lines.line(at), column }
}

/// A cheap test; most migrations speak of plain tables only.
fn speaks(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["materialized", "logged", "notify", "cron."].iter().any(|word| lower.contains(word))
}

/// Adds what the migrations make to the items of the code, one item for each thing.
pub fn join(items: &mut Vec<Item>, schema: &Schema, discovery: &Discovery, services: &[Service]) {
    let mut left: BTreeMap<(ObjectKind, SmolStr), Left> = BTreeMap::new();
    for (file, place, object) in &schema.found {
        let key = (object.kind, object.name.clone());
        if object.kind == ObjectKind::Channel && object.done == Done::Dropped {
            // With the function that sends goes what it sent to, unless another place sends there, too.
            left.retain(|(kind, _), left| *kind != ObjectKind::Channel || !left.dropped_with(object.function.as_ref()));
            continue;
        }
        if object.done == Done::Dropped {
            left.remove(&key);
            continue;
        }
        let known = left.entry(key).or_default();
        // Made anew: what was said of the one before holds no longer.
        if object.done == Done::Made {
            known.made = Some(place.clone());
        }
        known.places.insert(place.clone());
        known.functions.insert(object.function.clone());
        known.schedule = object.schedule.clone().or(known.schedule.take());
        known.services.extend(linking(discovery, services, file));
    }
    for ((kind, name), left) in left {
        let id = ItemId(format_smolstr!("{}:{}::{name}", kind_of(kind), kind.word()));
        let sites = left.sites(kind);
        if let Some(item) = items.iter_mut().find(|item| item.id == id) {
            item.sites.extend(sites);
            item.sites.sort_by(|a, b| a.role.cmp(&b.role).then_with(|| a.place.cmp(&b.place)));
            continue;
        }
        if left.services.is_empty() {
            continue;
        }
        let mut item = Item::new(id, kind_of(kind), name, words(kind).to_owned());
        item.scope = Scope::External;
        item.confidence = Confidence::Likely;
        item.services = left.services.iter().cloned().collect();
        item.lost = Some(lost(kind).to_owned());
        item.facts.extend(left.schedule.map(|schedule| Fact {
            key: SmolStr::new_static("schedule"),
            value: Some(FactValue::Text(schedule.to_string())),
            unit: None,
            provenance: Provenance::Code,
            at: left.made.clone(),
            from: None,
            set: Vec::new(),
        }));
        item.sites = sites;
        items.push(item);
    }
    databases::tell(items, &schema.databases);
}

/// What is left of a thing after all migrations.
#[derive(Default)]
struct Left {
    made: Option<Place>,
    places: BTreeSet<Place>,
    /// The functions that it is named in; none for a statement outside of any.
    functions: BTreeSet<Option<SmolStr>>,
    schedule: Option<SmolStr>,
    services: BTreeSet<SmolStr>,
}

impl Left {
    /// Forgets a function; true when no other is left.
    fn dropped_with(&mut self, function: Option<&SmolStr>) -> bool {
        self.functions.remove(&function.cloned()) && self.functions.is_empty()
    }

    /// Where it was made last; of a channel, wherever something is sent.
    fn sites(&self, kind: ObjectKind) -> Vec<Site> {
        let role = if kind == ObjectKind::Channel { Role::Written } else { Role::Declared };
        let places = match &self.made {
            Some(place) => vec![place.clone()],
            None => self.places.iter().cloned().collect(),
        };
        places.into_iter().map(|place| Site { place, role, function: None }).collect()
    }
}

/// The services that link the package whose folder holds a file; all, when it belongs to none.
fn linking(discovery: &Discovery, services: &[Service], file: &str) -> Vec<SmolStr> {
    let holds =
        |package: &&Package| package.dir.is_empty() || file.strip_prefix(package.dir.as_str()).is_some_and(|rest| rest.starts_with('/'));
    let nearest = discovery.packages.iter().filter(holds).max_by_key(|package| package.dir.len());
    let links = |service: &&Service| {
        nearest.is_some_and(|package| {
            service.package == package.name || package.lib.as_ref().is_some_and(|lib| service.crates.contains(&lib.crate_name))
        })
    };
    let own: Vec<SmolStr> = services.iter().filter(links).map(|service| service.name.clone()).collect();
    if own.is_empty() { services.iter().map(|service| service.name.clone()).collect() } else { own }
}

/// The kind of state that it is.
#[must_use]
pub fn kind_of(kind: ObjectKind) -> Kind {
    match kind {
        ObjectKind::MaterializedView => Kind::Cache,
        ObjectKind::UnloggedTable | ObjectKind::TemporaryTable => Kind::ExternalStore,
        ObjectKind::Channel => Kind::Queue,
        ObjectKind::Job => Kind::BackgroundTask,
    }
}

/// What it is, in a few words.
#[must_use]
pub fn words(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::MaterializedView => "materialized view of the database, as old as its last refresh",
        ObjectKind::UnloggedTable => "unlogged table: empty after a crash of the database, and on its replicas",
        ObjectKind::TemporaryTable => "temporary table of one database connection",
        ObjectKind::Channel => "notification channel of the database",
        ObjectKind::Job => "job that the database runs by itself",
    }
}

/// What is lost, and when.
#[must_use]
pub fn lost(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::MaterializedView => "Nothing that a refresh does not bring back; until then readers see old rows.",
        ObjectKind::UnloggedTable => "All its rows, when the database crashes or fails over to a replica.",
        ObjectKind::TemporaryTable => {
            "Its rows, when the connection is closed; a pool that hands the connection on hands the table on too."
        }
        ObjectKind::Channel => "Notifications that are sent while nobody listens.",
        ObjectKind::Job => "Rounds that fall into a time when the database is down.",
    }
}
