//! Credentials in settings files that are checked in: of files that the code reads or that an image takes along, the keys that are
//! named like a secret and have a value.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use toml::de::{DeTable, DeValue};

use super::draft::Draft;
use super::hide;
use super::image::named;
use super::yaml::{self, Mark, Node, Value};
use crate::diag::name_words;
use crate::model::{FactValue, Item, Kind, Provenance, Scope};
use crate::source::{Lines, Tree, file_name};

/// At most so many values of a file are looked at, so deep.
const MAX_VALUES: usize = 20_000;
const MAX_DEPTH: usize = 32;

/// What the code reads, as far as manifests want to know.
#[derive(Debug, Default)]
pub struct Code {
    /// Names of environment variables, with the services that read them.
    pub variables: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
    /// Paths of settings files, as the code writes them, with the services that read them.
    files: BTreeMap<String, BTreeSet<SmolStr>>,
}

impl Code {
    /// What the items of the code say.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let mut out = Self::default();
        for item in items.iter().filter(|item| item.kind == Kind::StartupConfig) {
            for fact in &item.facts {
                let Some(value) = fact.value.as_ref().map(ToString::to_string) else { continue };
                let services = item.services.iter().cloned();
                match fact.key.as_str() {
                    "env" => out.variables.entry(value.into()).or_default().extend(services),
                    "path" => out.files.entry(value).or_default().extend(services),
                    _ => {}
                }
            }
        }
        out
    }

    /// The services that read a file, by the paths that they write: `<working dir>/config/{name}.yaml` is any file of that folder.
    fn readers(&self, path: &str) -> BTreeSet<SmolStr> {
        let fits = self.files.iter().filter(|(pattern, _)| is_read_as(path, pattern));
        fits.flat_map(|(_, services)| services.iter().cloned()).collect()
    }
}

/// Whether a file of the tree may be what a path of the code names.
fn is_read_as(path: &str, pattern: &str) -> bool {
    let pattern = match pattern.strip_prefix('<') {
        Some(rest) => rest.split_once('>').map_or(rest, |(_, rest)| rest),
        None => pattern,
    };
    let wanted: Vec<&str> = pattern.trim_start_matches("./").split('/').filter(|part| !part.is_empty()).collect();
    let have: Vec<&str> = path.split('/').collect();
    // A name alone is that of a file at the root: any folder may have a `config.toml`.
    let is_certain = wanted.iter().any(|part| !part.contains(['{', '}']) && part.len() > 2);
    let at = have.len().checked_sub(wanted.len());
    is_certain && at.is_some_and(|at| (wanted.len() > 1 || at == 0) && have[at..].iter().zip(&wanted).all(|(have, want)| fits(have, want)))
}

/// `base.yaml` as `{name}.yaml`, or as `base` when the ending is found by itself.
fn fits(name: &str, wanted: &str) -> bool {
    match wanted.split_once('{') {
        None => name == wanted || name.rsplit_once('.').is_some_and(|(stem, _)| stem == wanted),
        Some((start, rest)) => {
            let end = rest.rsplit_once('}').map_or("", |(_, end)| end);
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    }
}

/// The items of all settings files in which credentials stand; `taken` are files and folders that images take along.
pub(super) fn drafts(settings: &[SmolStr], tree: &dyn Tree, code: &Code, taken: &BTreeMap<String, BTreeSet<SmolStr>>) -> Vec<Draft> {
    let mut out = Vec::new();
    for path in settings {
        let mut services = code.readers(path);
        for (source, by) in taken {
            if path.as_str() == source || path.strip_prefix(source.as_str()).is_some_and(|rest| rest.starts_with('/')) {
                services.extend(by.iter().cloned());
            }
        }
        if services.is_empty() {
            continue;
        }
        let Ok(text) = tree.read(path) else { continue };
        out.extend(draft(path, &text, &services));
    }
    out
}

fn draft(path: &str, text: &str, services: &BTreeSet<SmolStr>) -> Option<Draft> {
    let mut found: Vec<(String, Mark)> = Vec::new();
    let mut see = |key: &str, text: &str, at: Mark| {
        if is_credential(key, text) {
            found.push((key.to_owned(), at));
        }
    };
    if path.ends_with(".toml") {
        let (root, _) = DeTable::parse_recoverable(text);
        of_table(&Lines::new(text), root.get_ref(), "", (&mut 0, 0), &mut see);
    } else {
        for root in yaml::parse(text).roots {
            of_node(&root, "", &mut 0, 0, &mut see);
        }
    }
    let (_, first) = found.first()?;
    let names: Vec<String> = found.iter().map(|(key, _)| key.clone()).collect();
    let summary = format!("credentials written in a settings file: {}", named(&names));
    let mut draft = Draft::new(path, "credentials", format!("credentials in {}", file_name(path)), summary).scope(Scope::Host);
    draft = draft.services(services);
    draft.site(path, *first);
    for (key, at) in &found {
        draft.site(path, *at);
        draft.fact(key, FactValue::Text(hide::HIDDEN.to_owned()), path, *at);
    }
    for fact in &mut draft.facts {
        fact.provenance = Provenance::Settings;
    }
    Some(draft)
}

/// Names that end with these words hold a secret, and not something about one.
const LAST: &[&str] =
    &["password", "passwd", "passphrase", "secret", "token", "credential", "credentials", "apikey", "pwd", "pass", "salt"];
/// Words before `key` that make it a secret.
const KEYS: &[&str] = &["api", "private", "secret", "signing", "hmac", "encryption", "master", "license", "session", "cookie", "jwt"];

/// Whether a key with its value is a credential: `token_ttl` is none, nor is `${TOKEN}` or a path.
fn is_credential(key: &str, value: &str) -> bool {
    if value.is_empty() || is_placeholder(value) {
        return false;
    }
    if hide::has_password(value) {
        return true;
    }
    let words = name_words(key.rsplit('.').next().unwrap_or(key));
    let Some((last, before)) = words.split_last() else { return false };
    let named = LAST.contains(&last.as_str()) || last == "key" && before.last().is_some_and(|word| KEYS.contains(&word.as_str()));
    named && hide::hides(key, value)
}

/// `${TOKEN}`, `{{ token }}`, `<your token>`: to be filled in.
fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    hide::reference(value).is_some_and(str::is_empty) || value.starts_with('<') && value.ends_with('>') || value.starts_with("{{")
}

fn of_node(node: &Node, key: &str, seen: &mut usize, depth: usize, see: &mut impl FnMut(&str, &str, Mark)) {
    *seen += 1;
    if depth > MAX_DEPTH || *seen > MAX_VALUES {
        return;
    }
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let key = joined(key, &entry.key);
                match entry.node.text() {
                    Some(text) => see(&key, text, entry.at),
                    None => of_node(&entry.node, &key, seen, depth + 1, see),
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| of_node(item, key, seen, depth + 1, see)),
        Value::Scalar { .. } => {}
    }
}

fn of_table(lines: &Lines, table: &DeTable<'_>, key: &str, (seen, depth): (&mut usize, usize), see: &mut impl FnMut(&str, &str, Mark)) {
    for (name, value) in table {
        *seen += 1;
        if depth > MAX_DEPTH || *seen > MAX_VALUES {
            return;
        }
        let key = joined(key, name.get_ref());
        let at = Mark::line(lines.line(name.span().start));
        match value.get_ref() {
            DeValue::String(value) => see(&key, value, at),
            DeValue::Table(inner) => of_table(lines, inner, &key, (seen, depth + 1), see),
            DeValue::Array(items) => {
                let tables = items.iter().filter_map(|item| item.get_ref().as_table());
                tables.for_each(|inner| of_table(lines, inner, &key, (seen, depth + 1), see));
            }
            _ => {}
        }
    }
}

fn joined(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(String, u32)> {
        let draft = draft(path, text, &BTreeSet::new());
        assert!(!format!("{draft:?}").contains("hunter2"), "{draft:?}");
        draft.map_or_else(Vec::new, |draft| {
            draft.facts.iter().map(|fact| (fact.key.to_string(), fact.at.as_ref().map_or(0, |at| at.line))).collect()
        })
    }

    #[test]
    fn credentials_are_told_by_key_and_line_in_every_format() {
        let yaml = "app:\n  hmac_secret: hunter2\n  url: postgres://a:hunter2@db/x\nmail: {password: hunter2}\n";
        assert_eq!(found("base.yaml", yaml), [("app.hmac_secret".into(), 2), ("app.url".into(), 3), ("mail.password".into(), 4)]);
        assert_eq!(
            found("a.toml", "[s3]\nsecret_key = 'hunter2'\n[[x]]\ntoken = 'hunter2'\n"),
            [("s3.secret_key".into(), 2), ("x.token".into(), 4)]
        );
        assert_eq!(found("a.json", "{\"api\": {\n\"apiKey\": \"hunter2\"}}"), [("api.apiKey".into(), 2)]);
    }

    #[test]
    fn what_is_about_a_secret_or_is_filled_in_later_is_none() {
        let text = "token_ttl: 10m\npassword_min_length: 8\nsecret_key_file: /run/secrets/key\ntoken: ${TOKEN}\npassword: ''\ncache_key: users\nkey: abc\napi_key: <your key>\nsecret: true\nurl: postgres://db/x\nuri: redis://$USER:$PASSWORD@h\n";
        assert!(found("base.yaml", text).is_empty(), "{:?}", found("base.yaml", text));
    }

    #[test]
    fn a_path_of_the_code_is_matched_with_the_files_of_the_tree() {
        for (path, pattern) in [
            ("configuration/base.yaml", "<working dir>/configuration/base.yaml"),
            ("configuration/local.yaml", "<working dir>/configuration/{environment.as_str()}.yaml"),
            ("crates/api/config/default.toml", "config/default"),
            ("config.toml", "config.toml"),
        ] {
            assert!(is_read_as(path, pattern), "{path} {pattern}");
        }
        for (path, pattern) in [
            ("deploy/config.toml", "config.toml"),
            ("a/b.yaml", "{path}"),
            ("a/b.yaml", "{dir}/{name}.yaml"),
            ("x/base.yaml", "configuration/base.yaml"),
        ] {
            assert!(!is_read_as(path, pattern), "{path} {pattern}");
        }
    }
}
