//! Reading: the text of a file as one map or many, or why it is none, and what to do then.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;

use super::Named;
use super::bound::bound;
use crate::model::{SCHEMA, StateMap, ToolInfo};

/// A larger file is refused unread.
pub const MAX_BYTES: u64 = 1 << 30;

/// What one file holds.
#[derive(Debug)]
pub struct Document {
    /// The maps; those of a merged file have the names they were given there.
    pub maps: Vec<(Option<Named>, StateMap)>,
    /// What a newer version wrote and this one does not know.
    pub skipped: Skipped,
}

/// Parts of a map that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Items.
    pub items: usize,
    /// Hazards.
    pub hazards: usize,
    /// Other parts: lifecycles, deployments, messages.
    pub other: usize,
}

impl Skipped {
    /// How many parts.
    #[must_use]
    pub fn all(&self) -> usize {
        self.items + self.hazards + self.other
    }
}

/// Why a text is no map.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ReadError {
    /// What is wrong; lower case, no full stop.
    pub what: String,
    /// Line and column, from 1, where that helps.
    pub at: Option<(usize, usize)>,
    /// What to do about it.
    pub help: String,
    /// The text is JSON, and has nothing of a map: another program's.
    pub foreign: bool,
}

impl ReadError {
    fn new(what: impl fmt::Display, help: impl Into<String>) -> Self {
        Self { what: what.to_string(), at: None, help: help.into(), foreign: false }
    }
}

const ANEW: &str = "write it anew: `statemap gen --format json -o FILE`";

/// What a text looks like before it is read as a map.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    schema: Option<Value>,
    #[serde(default)]
    tool: Option<Value>,
    #[serde(default, rename = "$schema")]
    dialect: Option<Value>,
    #[serde(default)]
    runs: Option<IgnoredAny>,
    #[serde(default)]
    items: Option<IgnoredAny>,
    #[serde(default)]
    maps: Option<IgnoredAny>,
}

/// A file that `merge --format json` wrote.
#[derive(Deserialize)]
struct Merged<T> {
    maps: Vec<MergedMap<T>>,
}

#[derive(Deserialize)]
struct MergedMap<T> {
    name: String,
    #[serde(default)]
    site: Option<String>,
    map: T,
}

/// Reads the bytes of a file.
///
/// Fields that this version does not know are ignored; so are items of a newer version that it cannot read, which are counted.
///
/// # Errors
/// When it is no JSON, no map, cut off, or of another version of the contract.
pub fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::new("the file is empty", ANEW));
    }
    match serde_json::from_slice::<StateMap>(bytes) {
        Ok(map) if map.schema == SCHEMA => Ok(document(vec![(None, map)], Skipped::default())),
        Ok(map) => Err(other_version(Some(u64::from(map.schema)), Some(&map.tool.version))),
        Err(error) => otherwise(bytes, &error),
    }
}

fn document(mut maps: Vec<(Option<Named>, StateMap)>, skipped: Skipped) -> Document {
    for (name, map) in &mut maps {
        bound(map);
        if let Some(name) = name {
            name.name = name.name.chars().take(200).collect();
        }
    }
    Document { maps, skipped }
}

/// What is no plain map: many of them, one of another version, or none.
fn otherwise(bytes: &[u8], error: &serde_json::Error) -> Result<Document, ReadError> {
    let outline: Outline = match serde_json::from_slice(bytes) {
        Ok(outline) => outline,
        Err(error) => return Err(no_json(bytes, &error)),
    };
    let version = |tool: &Value| serde_json::from_value::<ToolInfo>(tool.clone()).ok().filter(|tool| tool.name == "statemap");
    let tool = outline.tool.as_ref().and_then(version);
    let is_ours = tool.is_some() && outline.schema.is_some() && (outline.items.is_some() || outline.maps.is_some());
    if !is_ours {
        let what = match (&outline.runs, &outline.dialect) {
            (Some(_), _) => "this is SARIF, not a state map",
            (None, Some(_)) => "this is a JSON Schema or names one, and is no state map",
            _ if outline.tool.is_some() || outline.items.is_some() => "this is JSON of another program: `tool` does not say `statemap`",
            _ => "this is JSON, but no state map",
        };
        let help = "name files that `statemap gen --format json` wrote";
        return Err(ReadError { foreign: true, ..ReadError::new(what, help) });
    }
    let schema = outline.schema.as_ref().and_then(Value::as_u64);
    let made_by = tool.map(|tool| tool.version).unwrap_or_default();
    if schema != Some(u64::from(SCHEMA)) {
        return Err(other_version(schema, Some(&made_by)));
    }
    if outline.maps.is_some() {
        return merged(bytes, &made_by);
    }
    // Words of a newer version are no mistake of the file: what has them is left out.
    if is_newer(&made_by) {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| no_json(bytes, &error))?;
        let (map, skipped) = leniently(value).map_err(|error| misfit(&error))?;
        return Ok(document(vec![(None, map)], skipped));
    }
    Err(misfit(error))
}

fn merged(bytes: &[u8], made_by: &str) -> Result<Document, ReadError> {
    let named = |name: String, site: Option<String>| Some(Named { name: name.into(), site });
    match serde_json::from_slice::<Merged<StateMap>>(bytes) {
        Ok(merged) => {
            if let Some(other) = merged.maps.iter().find(|one| one.map.schema != SCHEMA) {
                return Err(other_version(Some(u64::from(other.map.schema)), Some(&other.map.tool.version)));
            }
            let maps = merged.maps.into_iter().map(|one| (named(one.name, one.site), one.map)).collect();
            Ok(document(maps, Skipped::default()))
        }
        Err(_) if is_newer(made_by) => {
            let merged: Merged<Value> = serde_json::from_slice(bytes).map_err(|error| misfit(&error))?;
            let mut all = Skipped::default();
            let mut maps = Vec::new();
            for one in merged.maps {
                let (map, skipped) = leniently(one.map).map_err(|error| misfit(&error))?;
                all =
                    Skipped { items: all.items + skipped.items, hazards: all.hazards + skipped.hazards, other: all.other + skipped.other };
                maps.push((named(one.name, one.site), map));
            }
            Ok(document(maps, all))
        }
        Err(error) => Err(misfit(&error)),
    }
}

/// A map without the parts that this version cannot read.
fn leniently(mut value: Value) -> Result<(StateMap, Skipped), serde_json::Error> {
    use crate::model::{Capacity, Deployment, Diagnostic, Environment, Hazard, Item, Lifecycle, Verdict};
    fn keep<T: DeserializeOwned>(value: &mut Value, list: &str) -> usize {
        let Some(all) = value.get_mut(list).and_then(Value::as_array_mut) else { return 0 };
        let before = all.len();
        all.retain(|one| T::deserialize(one).is_ok());
        before - all.len()
    }
    let skipped = Skipped {
        items: keep::<Item>(&mut value, "items"),
        hazards: keep::<Hazard>(&mut value, "hazards"),
        other: keep::<Deployment>(&mut value, "deployments")
            + keep::<Environment>(&mut value, "environments")
            + keep::<Lifecycle>(&mut value, "lifecycles")
            + keep::<Capacity>(&mut value, "capacity")
            + keep::<Verdict>(&mut value, "verdicts")
            + keep::<Diagnostic>(&mut value, "diagnostics"),
    };
    Ok((StateMap::deserialize(value)?, skipped))
}

/// Whether a version comes after that of this program.
fn is_newer(version: &str) -> bool {
    let parts = |version: &str| -> Option<Vec<u64>> {
        let plain = version.split(['-', '+']).next()?;
        plain.split('.').map(|part| part.parse().ok()).collect()
    };
    parts(version).zip(parts(env!("CARGO_PKG_VERSION"))).is_some_and(|(theirs, ours)| theirs > ours)
}

fn other_version(schema: Option<u64>, tool: Option<&str>) -> ReadError {
    let by = tool.filter(|tool| !tool.is_empty()).map(|tool| format!(", by statemap {tool}")).unwrap_or_default();
    match schema {
        Some(schema) if schema > u64::from(SCHEMA) => ReadError::new(
            format!("the map is written in version {schema} of the contract{by}; this program reads version {SCHEMA}"),
            "install a newer statemap",
        ),
        Some(schema) => {
            ReadError::new(format!("the map is written in version {schema} of the contract{by}; this program reads version {SCHEMA}"), ANEW)
        }
        None => ReadError::new(format!("`schema` is no version of the contract; this program reads version {SCHEMA}"), ANEW),
    }
}

/// Ours, and yet something in it does not fit.
fn misfit(error: &serde_json::Error) -> ReadError {
    ReadError { at: position(error), ..ReadError::new(format!("the map does not fit its contract: {}", bare(error)), ANEW) }
}

fn no_json(bytes: &[u8], error: &serde_json::Error) -> ReadError {
    if std::str::from_utf8(bytes).is_err() {
        return ReadError::new("the file is not UTF-8 text", ANEW);
    }
    let at = position(error);
    match error.classify() {
        Category::Eof => {
            ReadError { at, ..ReadError::new("the file ends in the middle: it was cut off while it was written or copied", ANEW) }
        }
        Category::Data => ReadError {
            at,
            foreign: true,
            ..ReadError::new("this is JSON, but no state map", "name files that `statemap gen --format json` wrote")
        },
        _ => ReadError {
            at,
            ..ReadError::new(format!("this is no JSON: {}", bare(error)), "name files that `statemap gen --format json` wrote")
        },
    }
}

fn position(error: &serde_json::Error) -> Option<(usize, usize)> {
    (error.line() > 0).then(|| (error.line(), error.column().max(1)))
}

/// The message without the position at its end, which is told before it.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").map_or(text.clone(), |end| text[..end].to_owned())
}
