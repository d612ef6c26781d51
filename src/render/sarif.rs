//! SARIF 2.1.0: hazards as results with their places, for hosts and editors that show what tools find beside the code.
//!
//! State itself is no finding: it is told on request only, as notes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::assess::{RULES, Rule};
use crate::model::{Acknowledged, Class, Confidence, Diagnostic, Hazard, HazardSeverity, Item, Kind, Place, Severity, StateMap};

use super::escape::{one_line, path_target, shorten};
use super::json::pretty;

/// The schema that a file names.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name of the folder that all paths are relative to.
const ROOT: &str = "SRCROOT";
/// The most results that the host with the tightest bound takes.
const RESULTS: usize = 25_000;
/// At most so many further places of one result.
const RELATED: usize = 20;
/// At most so many messages on the input.
const NOTIFICATIONS: usize = 200;
/// At most so many characters of one message.
const TEXT: usize = 1_000;

/// What a SARIF file tells.
#[derive(Clone, Debug, Default)]
pub struct SarifOptions {
    /// The analysed root inside the repository: paths are told as seen from the repository's root.
    pub prefix: String,
    /// Whether state is told, too, a note for each piece.
    pub items: bool,
    /// Not everything could be read.
    pub incomplete: bool,
}

/// Renders the hazards of a map as SARIF. `text_of` gives the text of a file, for the columns; without it a place has none.
#[must_use]
pub fn sarif(map: &StateMap, options: &SarifOptions, text_of: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut run = Run { map, options, text_of, files: BTreeMap::new() };
    pretty(&run.log())
}

struct Run<'a> {
    map: &'a StateMap,
    options: &'a SarifOptions,
    text_of: &'a mut dyn FnMut(&str) -> Option<String>,
    /// Texts that were asked for.
    files: BTreeMap<SmolStr, Option<String>>,
}

impl Run<'_> {
    fn log(&mut self) -> Value {
        let kinds: Vec<Kind> = if self.options.items { kinds_of(self.map) } else { Vec::new() };
        let rules: Vec<Value> = RULES.iter().map(rule).chain(kinds.iter().map(|kind| rule_of_kind(*kind))).collect();
        let map = self.map;
        let mut run = json!({
            "tool": {"driver": {
                "name": map.tool.name,
                "version": map.tool.version,
                "semanticVersion": map.tool.version,
                "rules": rules,
            }},
            "automationDetails": {"id": self.automation()},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
            "invocations": [{
                "executionSuccessful": !self.options.incomplete,
                "toolExecutionNotifications": self.notifications(),
            }],
            "results": self.results(&kinds),
        });
        if let (Some(repository), Some(revision)) = (&map.repository, &map.revision) {
            run["versionControlProvenance"] =
                json!([{"repositoryUri": repository, "revisionId": revision, "mappedTo": {"uriBaseId": ROOT}}]);
        }
        json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
    }

    /// What tells the run from that of another tree in the same repository; hosts keep the results of each apart.
    fn automation(&self) -> String {
        match self.options.prefix.as_str() {
            "" => "statemap/".to_owned(),
            prefix => format!("statemap/{}/", path_target(prefix)),
        }
    }

    fn results(&mut self, kinds: &[Kind]) -> Vec<Value> {
        let map = self.map;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut out = Vec::new();
        for hazard in map.hazards.iter().take(RESULTS) {
            let Some(at) = RULES.iter().position(|rule| rule.id == hazard.rule) else { continue };
            out.push(self.hazard(hazard, at, &mut seen));
        }
        for item in map.items.iter().filter(|item| item.class == Class::Mutable) {
            let Some(at) = kinds.iter().position(|kind| *kind == item.kind) else { continue };
            if out.len() >= RESULTS {
                break;
            }
            out.push(self.item(item, RULES.len() + at, &mut seen));
        }
        out
    }

    fn hazard(&mut self, hazard: &Hazard, rule: usize, seen: &mut BTreeMap<String, usize>) -> Value {
        let map = self.map;
        let first = hazard.items.first().and_then(|id| map.items.iter().find(|item| item.id == *id));
        let site = first.and_then(Item::site);
        let evidence = || hazard.evidence.iter().find_map(|one| one.at.as_ref());
        let place = site.map(|site| &site.place).or_else(evidence);
        let reckoned = hazard.arithmetic.as_ref().map(|sum| format!(" ({})", one_line(sum))).unwrap_or_default();
        let likely = if hazard.confidence < Confidence::Certain { " Likely: the evidence is indirect." } else { "" };
        let text = format!("{}{reckoned}.{likely} {}.", sentence(&hazard.message), sentence(&hazard.remedy));
        let related: Vec<Value> = hazard
            .evidence
            .iter()
            .filter_map(|one| Some((one.what.as_str(), one.at.as_ref()?)))
            .take(RELATED)
            .enumerate()
            .map(|(at, (what, place))| json!({"id": at, "message": message(&sentence(what)), "physicalLocation": self.physical(place)}))
            .collect();
        let mut result = json!({
            "ruleId": hazard.rule,
            "ruleIndex": rule,
            "level": level(hazard.severity),
            "message": message(&text),
            "locations": [self.location(place, site.and_then(|site| site.function.as_deref()))],
            "partialFingerprints": fingerprints(&hazard.id, seen),
            "suppressions": hazard.acknowledged.iter().map(|by| self.suppression(by)).collect::<Vec<_>>(),
            "properties": {"id": hazard.id, "items": hazard.items, "severity": hazard.severity, "confidence": hazard.confidence},
        });
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        result
    }

    fn item(&mut self, item: &Item, rule: usize, seen: &mut BTreeMap<String, usize>) -> Value {
        let site = item.site();
        let text = format!("`{}`: {}.", item.name, sentence(&item.summary));
        json!({
            "ruleId": id_of_kind(item.kind),
            "ruleIndex": rule,
            "level": "note",
            "message": message(&text),
            "locations": [self.location(site.map(|site| &site.place), site.and_then(|site| site.function.as_deref()))],
            "partialFingerprints": fingerprints(&format!("state@{}", item.id), seen),
            "suppressions": [],
            "properties": {"id": item.id, "services": item.services, "confidence": item.confidence},
        })
    }

    /// Where a result is told. What has no place in the tree stands at the root file of the first service.
    fn location(&mut self, place: Option<&Place>, function: Option<&str>) -> Value {
        let target = self.map.services.first().map_or(SmolStr::new_static("Cargo.toml"), |service| service.target.clone());
        let nowhere = Place { file: target, line: 1, column: 1 };
        let mut out = json!({"physicalLocation": self.physical(place.unwrap_or(&nowhere))});
        if let Some(function) = function {
            out["logicalLocations"] = json!([{"fullyQualifiedName": one_line(function)}]);
        }
        out
    }

    fn physical(&mut self, place: &Place) -> Value {
        let line = place.line.max(1);
        let mut region = json!({"startLine": line});
        if let Some(column) = self.column(place) {
            region["startColumn"] = column.into();
        }
        json!({"artifactLocation": {"uri": self.uri(&place.file), "uriBaseId": ROOT}, "region": region})
    }

    fn uri(&self, file: &str) -> String {
        match self.options.prefix.as_str() {
            "" => path_target(file),
            prefix => path_target(&format!("{prefix}/{file}")),
        }
    }

    /// The column in units of UTF-16: the map counts characters.
    fn column(&mut self, place: &Place) -> Option<usize> {
        if place.column <= 1 {
            return Some(1);
        }
        if !self.files.contains_key(&place.file) {
            let text = (self.text_of)(&place.file);
            self.files.insert(place.file.clone(), text);
        }
        let text = self.files.get(&place.file)?.as_ref()?;
        let line = text.lines().nth(place.line.checked_sub(1)? as usize)?;
        Some(1 + line.chars().take(place.column as usize - 1).map(char::len_utf16).sum::<usize>())
    }

    fn suppression(&mut self, by: &Acknowledged) -> Value {
        let who = by.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
        let until = by.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        let reason = if by.reason.is_empty() { "no reason is given" } else { &by.reason };
        let place = by.at.first();
        let in_source = place.is_some_and(|place| place.file != crate::annotations::CONFIG_FILE);
        let mut out = json!({
            "kind": if in_source { "inSource" } else { "external" },
            "status": "accepted",
            "justification": shorten(&one_line(&format!("{reason}{who}{until}")), TEXT),
        });
        if let Some(place) = place {
            out["location"] = json!({"physicalLocation": self.physical(place)});
        }
        out
    }

    /// Messages on the input and the configuration: what they hide is not among the results.
    fn notifications(&mut self) -> Vec<Value> {
        let map = self.map;
        let told = map.diagnostics.iter().filter(|found| found.severity > Severity::Note);
        let one = |found: &Diagnostic| {
            let mut out = json!({
                "descriptor": {"id": found.code},
                "level": if found.severity == Severity::Error { "error" } else { "warning" },
                "message": message(&crate::diag::plain_message(&found.message)),
            });
            if let Some(file) = &found.file {
                let place = Place { file: file.clone(), line: found.line.unwrap_or(1), column: 1 };
                out["locations"] = json!([{"physicalLocation": self.physical(&place)}]);
            }
            out
        };
        told.take(NOTIFICATIONS).map(one).collect()
    }
}

/// A rule, with its reference text.
fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": {"text": format!("{}.", capital(rule.title))},
        "fullDescription": {"text": format!("One would see: {}.", rule.symptom.trim_end_matches('.'))},
        "help": {"text": format!("{}.", capital(rule.remedy.trim_end_matches('.'))), "markdown": help(rule.docs)},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["state", "reliability"], "precision": "high", "problem.severity": "warning"},
    })
}

/// The reference text without links to pages that are not there.
fn help(docs: &str) -> String {
    let mut out = String::with_capacity(docs.len());
    let mut rest = docs;
    while let Some(at) = rest.find("](") {
        let end = rest[at..].find(')').map_or(rest.len(), |end| at + end + 1);
        let target = &rest[at + 2..end.saturating_sub(1).max(at + 2)];
        let open = rest[..at].rfind('[');
        match open {
            Some(open) if !target.starts_with("http") => {
                out.push_str(&rest[..open]);
                out.push_str(&rest[open + 1..at]);
            }
            _ => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    // The word after the comma is for tests of documentation.
    out.replace("```rust,ignore", "```rust")
}

/// The kinds of the state that is told, in the order of the map.
fn kinds_of(map: &StateMap) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = map.items.iter().filter(|item| item.class == Class::Mutable).map(|item| item.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

fn id_of_kind(kind: Kind) -> String {
    format!("state-{kind}")
}

fn rule_of_kind(kind: Kind) -> Value {
    let text = format!("A piece of state: {}.", kind.plural());
    json!({
        "id": id_of_kind(kind),
        "name": pascal(&id_of_kind(kind)),
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": format!("`statemap explain {kind}` tells more.")},
        "defaultConfiguration": {"level": "note"},
        "properties": {"tags": ["state"], "precision": "high", "problem.severity": "recommendation"},
    })
}

fn level(severity: HazardSeverity) -> &'static str {
    match severity {
        HazardSeverity::High => "error",
        HazardSeverity::Medium => "warning",
        HazardSeverity::Low => "note",
    }
}

/// A message: in SARIF, text in brackets is a link, unless it is escaped.
fn message(text: &str) -> Value {
    let line = shorten(&one_line(text), TEXT).into_owned();
    json!({"text": line.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")})
}

/// One line that begins like a sentence, without its full stop.
fn sentence(text: &str) -> String {
    capital(one_line(text).trim_end_matches('.'))
}

fn capital(text: &str) -> String {
    super::words::capitalized(text)
}

fn pascal(id: &str) -> String {
    id.split('-').map(super::words::capitalized).collect()
}

/// What makes a result the same one in another run: its rule and what it is about, and no line. The first is ours, the second is
/// the one that GitHub looks at.
fn fingerprints(id: &str, seen: &mut BTreeMap<String, usize>) -> Value {
    let count = seen.entry(id.to_owned()).or_default();
    *count += 1;
    let hash = format!("{:016x}:{count}", fnv(id));
    json!({"statemap/v1": hash, "primaryLocationLineHash": hash})
}

/// FNV-1a: short, and the same on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_keeps_only_links_that_lead_somewhere() {
        assert_eq!(help("a [page](../x.md#y) and [site](https://x.y/z) end"), "a page and [site](https://x.y/z) end");
        assert_eq!(help("`v[0](1)` [a](b"), "`v0` a");
        for rule in RULES {
            assert!(!help(rule.docs).contains(".md)"), "{}", rule.id);
        }
    }

    #[test]
    fn brackets_of_a_message_make_no_link() {
        assert_eq!(message("`a[0](1)` \\ x")["text"], "`a\\[0\\](1)` \\\\ x");
    }

    #[test]
    fn columns_are_counted_in_utf_16() {
        let map = super::super::sample::newsletter();
        let options = SarifOptions::default();
        let mut text_of = |_: &str| Some("a😀b\n".to_owned());
        let mut run = Run { map: &map, options: &options, text_of: &mut text_of, files: BTreeMap::new() };
        let at = |column| Place { file: "x.rs".into(), line: 1, column };
        assert_eq!((run.column(&at(1)), run.column(&at(2)), run.column(&at(3))), (Some(1), Some(2), Some(4)));
        assert_eq!(run.column(&Place { line: 9, ..at(3) }), None, "a line that is not there has no column");
    }
}
