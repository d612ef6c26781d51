//! From the path that the code gives to the files of the tree: what stands in it literally, and what the environment chooses.

use smol_str::SmolStr;

use super::files::Files;
use crate::model::{FactValue, Provenance};
use crate::resolve::{Flow, Value, World};
use crate::source::{file_name, join, parent};

/// Stands for what is only known at run time.
const HOLE: char = '\u{0}';

/// Endings that a path without one is tried with.
pub const ENDINGS: [&str; 7] = ["toml", "json", "yaml", "yml", "ini", "ron", "json5"];

/// A file with the environment that it is for; none when it holds for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) file: SmolStr,
    pub(super) environment: Option<SmolStr>,
}

/// The path as far as the code tells it: literal text, with holes. `configuration/\0.yaml`.
///
/// What a variable puts at the start is a folder: its default counts. What it puts further on is the choice of an environment.
pub(super) fn pattern(flow: &Flow, world: World<'_>, value: &Value) -> Option<String> {
    let value = flow.expand(value);
    let mut parts = Vec::new();
    pieces(&value, &mut parts);
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let expanded = flow.expand(part);
        let settled = flow.settle(world, &expanded);
        let chosen = index > 0 && (matches!(expanded, Value::Env { .. }) || settled.provenance == Provenance::Env);
        let piece = match settled.value {
            Some(FactValue::Text(text)) if !chosen && !text.contains(['{', '$']) => text,
            Some(FactValue::Int(number)) if !chosen => number.to_string(),
            _ if index > 0 => HOLE.to_string(),
            _ => return None,
        };
        // A second separator is nobody's wish.
        let piece = if out.ends_with('/') { piece.trim_start_matches('/') } else { &piece };
        out.push_str(piece);
    }
    (!out.is_empty()).then_some(out)
}

fn pieces<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
    match value {
        Value::Join(parts) => parts.iter().for_each(|part| pieces(part, out)),
        other => out.push(other),
    }
}

/// How a pattern reads on a page: `configuration/{local,production}.yaml`; a file of the tree by its own path.
pub(super) fn shown(pattern: &str, found: &[Found]) -> String {
    let environments: Vec<&str> = found.iter().filter_map(|found| found.environment.as_deref()).collect();
    match found {
        [only] if only.environment.is_none() => only.file.to_string(),
        [first, ..] if !environments.is_empty() && in_folders(pattern) => {
            // The folder that is chosen, between what stands before and behind it in each path.
            let end = pattern.split_once(HOLE).map_or("", |(_, after)| after);
            let start = first.file.strip_suffix(end).and_then(|start| start.strip_suffix(environments[0])).unwrap_or_default();
            format!("{start}{{{}}}{end}", environments.join(","))
        }
        [first, ..] if !environments.is_empty() => {
            // The pattern may leave the ending to the library.
            let start = file_name(pattern.split(HOLE).next().unwrap_or_default());
            let name = file_name(&first.file);
            let end = name.get(start.len() + environments[0].len()..).unwrap_or_default();
            let name = format!("{start}{{{}}}{end}", environments.join(","));
            join(parent(&first.file), &name).unwrap_or(name)
        }
        _ => pattern.replace("<working dir>/", "").replace(HOLE, "{environment}"),
    }
}

/// The files of the tree that a path names, seen from the package and from the workspace; of both, the package's come first.
pub(super) fn files(files: &Files<'_>, pattern: &str, folders: &[&str], has_format: bool) -> Vec<Found> {
    let pattern = pattern.strip_prefix("<working dir>/").unwrap_or(pattern);
    // Outside of the tree: an absolute path, one of a home folder, one that begins with what is not known.
    if pattern.starts_with(['/', '<', '~', '$', HOLE]) || pattern.matches(HOLE).count() > 1 {
        return Vec::new();
    }
    for folder in folders {
        let found = match pattern.contains(HOLE) {
            true => chosen(files, folder, pattern, has_format),
            false => join(folder, pattern).and_then(|path| existing(files, &path, has_format)).into_iter().collect(),
        };
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn existing(files: &Files<'_>, path: &str, has_format: bool) -> Option<Found> {
    let listed = |path: &str| files.listed(path).map(|file| Found { file: file.path.clone(), environment: None });
    // `with_name("config/default")`: the library tries the endings that it knows.
    listed(path).or_else(|| ENDINGS.iter().filter(|_| !has_format).find_map(|ending| listed(&format!("{path}.{ending}"))))
}

/// Whether it is a folder that the environment chooses.
fn in_folders(pattern: &str) -> bool {
    pattern.split_once(HOLE).is_some_and(|(_, after)| after.contains('/'))
}

/// A folder for each environment, as in `config/{environment}/app.toml`: those in which the file lies.
fn chosen_folders(files: &Files<'_>, folder: &str, before: &str, after: &str, has_format: bool) -> Vec<Found> {
    let Some(inside) = join(folder, parent(before)) else { return Vec::new() };
    let start = file_name(before);
    let mut out: Vec<Found> = Vec::new();
    for (name, inside) in files.folders(&inside) {
        let Some(environment) = after.split_once('/').and_then(|(end, _)| name.strip_prefix(start)?.strip_suffix(end)) else { continue };
        if !is_word(environment) {
            continue;
        }
        let rest = after.split_once('/').map_or("", |(_, rest)| rest);
        let found = join(&inside, rest).and_then(|path| existing(files, &path, has_format));
        out.extend(found.map(|found| Found { environment: Some(environment.into()), ..found }));
    }
    out
}

/// Whether a text may be the name of an environment.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

/// The files among which the environment chooses.
fn chosen(files: &Files<'_>, folder: &str, pattern: &str, has_format: bool) -> Vec<Found> {
    let Some((before, after)) = pattern.split_once(HOLE) else { return Vec::new() };
    if after.contains('/') {
        return chosen_folders(files, folder, before, after, has_format);
    }
    let Some(inside) = join(folder, parent(before)) else { return Vec::new() };
    let start = file_name(before);
    let mut out = Vec::new();
    for file in files.in_folder(&inside) {
        let name = file_name(&file.path);
        let Some(rest) = name.strip_prefix(start) else { continue };
        let environment = match rest.strip_suffix(after) {
            Some(environment) if !after.is_empty() || has_format => environment,
            _ => match rest.rsplit_once('.') {
                Some((stem, ending)) if after.is_empty() && ENDINGS.contains(&ending) => stem,
                _ => continue,
            },
        };
        if is_word(environment) {
            out.push(Found { file: file.path.clone(), environment: Some(environment.into()) });
        }
    }
    out
}
