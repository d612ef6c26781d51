//! Many of one sort that nobody looks for one by one: the metrics of a file, the counters of a struct, the parts of a command line.

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::sides::{Joins, value};
use crate::detect::{Cx, Finding, Origin};
use crate::model::{FactValue, Kind, Provenance, Role};
use crate::resolve::DefId;

/// Fewer counters of a struct and metrics of a file are told one by one: each may mean something else.
const MANY: usize = 3;

/// More names than this are not listed.
const MAX_NAMES: usize = 64;

/// Containers that structs are held in by other structs are followed this far.
const MAX_HOLDERS: usize = 8;

/// What findings share that are of one sort.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Sort {
    /// Metrics of a file, or of one struct in it.
    Metrics(u32, Option<SmolStr>),
    /// Counters of a struct.
    Counters(DefId),
    /// Fields of forms that hold an uploaded file, in one crate.
    Uploads(SmolStr, SmolStr),
    /// One command line.
    CommandLine(DefId),
    /// Spellings of one variable.
    Spellings(SmolStr),
    /// Changes of one path in a file.
    Path(u32, SmolStr, bool),
    /// Connections to databases on disk of one sort, in a file.
    Database(u32, SmolStr),
}

/// Joins findings of one sort; the first of them, or the one that stands for all, takes the others in.
pub(super) fn of_one_sort(cx: &Cx<'_>, findings: &mut [Finding], joins: &mut Joins) {
    let mut groups: FxHashMap<Sort, Vec<usize>> = FxHashMap::default();
    for (at, finding) in findings.iter().enumerate() {
        if let Some(sort) = sort_of(cx, finding) {
            groups.entry(sort).or_default().push(at);
        }
    }
    let mut groups: Vec<(Sort, Vec<usize>)> = groups.into_iter().filter(|(_, all)| all.len() > 1).collect();
    groups.sort();
    for (sort, all) in groups {
        if is_one(&sort, findings, &all) {
            let whole = stands_for_all(&sort, findings, &all);
            describe(cx, &sort, findings, &all, whole);
            all.iter().filter(|at| **at != whole).for_each(|at| joins.join(*at, whole));
        }
    }
}

fn sort_of(cx: &Cx<'_>, finding: &Finding) -> Option<Sort> {
    let file = finding.sites.first().map(|site| site.at.file)?;
    match finding.kind {
        Kind::Telemetry if finding.label.ends_with(" metric") => Some(Sort::Metrics(file, struct_of(finding))),
        Kind::SharedState if finding.detector == "shared-fields" && finding.label == "counter" => match &finding.origin {
            Origin::Declared(_) => Some(Sort::Counters(finding.def)),
            Origin::Called { .. } => None,
        },
        Kind::StartupConfig if finding.detector == "attributes" && finding.label == "command line" => {
            Some(Sort::CommandLine(top_of_command_line(cx, finding.def)))
        }
        Kind::StartupConfig => match value(finding, "env")? {
            FactValue::Text(name) => Some(Sort::Spellings(name.to_lowercase().into())),
            _ => None,
        },
        Kind::FsWrite if finding.sites.iter().all(|site| site.role == Role::Declared) => {
            Some(Sort::Uploads(cx.krate(finding.def), finding.label.clone()))
        }
        // Taking a thing away is told by itself.
        Kind::FsWrite => match value(finding, "path")? {
            FactValue::Text(path) if names_a_place(path) => Some(Sort::Path(file, path.into(), takes_away(cx, finding))),
            _ => None,
        },
        Kind::EmbeddedDb if finding.label.ends_with(" connection") => Some(Sort::Database(file, finding.label.clone())),
        _ => None,
    }
}

/// Something of a path stands in the code: `{dir}/metrics` names a place, `{dir}/{name}` none.
fn names_a_place(path: &str) -> bool {
    let mut depth = 0_usize;
    let mut letters = 0_usize;
    for c in path.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 && c.is_alphanumeric() => letters += 1,
            _ => {}
        }
    }
    letters > 2
}

/// A file is taken away. A folder that is cleared is made anew.
fn takes_away(cx: &Cx<'_>, finding: &Finding) -> bool {
    let mut ops = finding.facts.iter().filter(|fact| fact.key == "op");
    let is_folder = finding.entry.is_some_and(|entry| cx.api(entry).paths.iter().any(|path| path.contains("::remove_dir")));
    !is_folder && ops.all(|fact| fact.value == Some(FactValue::Text("delete".to_owned())))
}

/// The struct that a program parses, of which another one is a part: a subcommand, or options that are taken in.
fn top_of_command_line(cx: &Cx<'_>, def: DefId) -> DefId {
    let mut at = def;
    for _ in 0..MAX_HOLDERS {
        match cx.world.signatures.holders.get(&at).map(Vec::as_slice) {
            Some([(holder, _)]) if *holder != def => at = *holder,
            _ => break,
        }
    }
    at
}

fn is_one(sort: &Sort, findings: &[Finding], all: &[usize]) -> bool {
    match sort {
        Sort::Counters(_) | Sort::Metrics(_, None) => all.len() >= MANY,
        // The settings that say where they are have one name, or none is known.
        Sort::Database(..) => {
            let mut places: Vec<SmolStr> = all.iter().filter_map(|at| place_of(&findings[*at])).collect();
            places.sort();
            places.dedup();
            places.len() < 2
        }
        Sort::Metrics(_, Some(_)) | Sort::Uploads(..) | Sort::CommandLine(_) | Sort::Spellings(_) | Sort::Path(..) => true,
    }
}

/// What says where a database is: the text of its path, or the last part of the setting that gives it. A variable says nothing.
fn place_of(finding: &Finding) -> Option<SmolStr> {
    let fact = finding.facts.iter().find(|fact| fact.key == "path")?;
    if let Some(FactValue::Text(path)) = &fact.value {
        let rest = path.split_once("://").map_or(path.as_str(), |(_, rest)| rest);
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        return names_a_place(rest).then(|| rest.into());
    }
    let from = fact.from.as_deref()?;
    let last = match (from.rsplit_once('.'), fact.provenance) {
        (Some((_, last)), _) => last,
        (None, Provenance::Code) => return None,
        (None, _) => from,
    };
    let is_field = last.chars().all(|c| c.is_alphanumeric() || c == '_');
    Some(if is_field { last.into() } else { from.into() })
}

/// The one that is known best: the command line itself, the usual spelling.
fn stands_for_all(sort: &Sort, findings: &[Finding], all: &[usize]) -> usize {
    let best = match sort {
        Sort::CommandLine(top) => all.iter().find(|at| findings[**at].def == *top),
        Sort::Spellings(_) => all.iter().find(|at| findings[**at].name.chars().all(|c| !c.is_lowercase())),
        _ => None,
    };
    *best.unwrap_or(&all[0])
}

/// Says of the whole what it is made of.
fn describe(cx: &Cx<'_>, sort: &Sort, findings: &mut [Finding], all: &[usize], whole: usize) {
    let mut names: Vec<SmolStr> = all.iter().map(|at| &findings[*at].name).map(|name| last_part(name)).collect();
    names.sort();
    names.dedup();
    let listed = |names: &[SmolStr]| match names.len() {
        0..=MAX_NAMES => names.join(", "),
        more => format!("{} and {} more", names[..MAX_NAMES].join(", "), more - MAX_NAMES),
    };
    let same_type = all.iter().all(|at| findings[*at].ty == findings[whole].ty);
    // What a command takes is told with the command.
    if matches!(sort, Sort::CommandLine(_)) {
        for part in all.iter().filter(|part| **part != whole) {
            findings[*part].facts.retain(|fact| !matches!(fact.key.as_str(), "options" | "command"));
        }
    }
    let finding = &mut findings[whole];
    match sort {
        Sort::Metrics(_, of) => {
            finding.label = format_smolstr!("{}s", finding.label);
            finding.facts.push(Cx::plain_fact("metrics", listed(&names)));
            finding.name = of.as_deref().map_or_else(|| module_name(cx, finding.def), last_segment);
        }
        Sort::Counters(of) => {
            finding.label = SmolStr::new_static("counters");
            finding.facts.push(Cx::plain_fact("fields", listed(&names)));
            finding.name = cx.short_name(*of);
            finding.origin = Origin::Declared(format_smolstr!("{}#counters", cx.path(*of)));
            finding.ty = finding.ty.take().filter(|_| same_type);
        }
        Sort::Uploads(..) => {
            finding.label = SmolStr::new_static("uploaded temp files");
            finding.name = finding.ty.as_deref().map_or_else(|| finding.name.clone(), |ty| ty.split('<').next().unwrap_or(ty).into());
        }
        Sort::CommandLine(_) => finding.facts.push(Cx::plain_fact("made_of", listed(&names))),
        Sort::Spellings(_) | Sort::Path(..) | Sort::Database(..) => {}
    }
}

/// The struct whose field a metric is put into.
fn struct_of(finding: &Finding) -> Option<SmolStr> {
    let field = finding.sites.iter().find(|site| site.role == Role::Declared)?;
    field.function.clone().filter(|_| matches!(finding.origin, Origin::Called { .. }))
}

fn last_segment(path: &str) -> SmolStr {
    path.rsplit("::").next().unwrap_or(path).into()
}

fn last_part(name: &str) -> SmolStr {
    name.rsplit('.').next().unwrap_or(name).into()
}

/// The module around a definition.
fn module_name(cx: &Cx<'_>, def: DefId) -> SmolStr {
    let path = cx.path(def);
    let module = path.rsplit("::").skip(1).find(|name| name.starts_with(|c: char| c.is_lowercase()));
    SmolStr::new(module.unwrap_or(&path))
}
