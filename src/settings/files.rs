//! Settings files as trees in which every key and value knows its place, whatever their format.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::comments::{self, SettingsComments};
use super::relaxed;
use crate::discover::{Discovery, OtherFile};
use crate::manifests::env_file;
use crate::manifests::hide;
use crate::manifests::yaml::{self, Broken, Entry, Mark, Node, Value};
use crate::model::{Diagnostic, Severity};
use crate::source::{Lines, MAX_FILE_BYTES, ReadError, Tree};

/// At most so many settings files are read.
const MAX_FILES: usize = 200;

/// The format of a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Yaml,
    /// JSON, and its kin for people: JSON5, HJSON, JSON with comments.
    Json,
    Ron,
    Ini,
}

impl Format {
    /// By the name that a library or a file ending gives it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "toml" => Format::Toml,
            "yaml" | "yml" => Format::Yaml,
            "json" | "json5" | "jsonc" | "hjson" => Format::Json,
            "ron" => Format::Ron,
            "ini" => Format::Ini,
            _ => return None,
        })
    }

    /// By the ending of a path.
    pub(super) fn of(path: &str) -> Option<Self> {
        path.rsplit_once('.').and_then(|(_, ending)| Self::named(ending))
    }
}

/// The files of a tree that settings may stand in, read when they are asked for.
pub(super) struct Files<'a> {
    tree: &'a dyn Tree,
    listed: &'a [OtherFile],
    known: BTreeMap<SmolStr, Option<Arc<Node>>>,
    /// Comments that speak to this tool, by file.
    pub(super) comments: BTreeMap<SmolStr, SettingsComments>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) skipped: Vec<SmolStr>,
    pub(super) unreadable: bool,
}

impl<'a> Files<'a> {
    pub(super) fn new(tree: &'a dyn Tree, discovery: &'a Discovery) -> Self {
        Self {
            tree,
            listed: &discovery.others,
            known: BTreeMap::new(),
            comments: BTreeMap::new(),
            diagnostics: Vec::new(),
            skipped: Vec::new(),
            unreadable: false,
        }
    }

    /// The file of that path. What git ignores is not listed: it differs from machine to machine.
    pub(super) fn listed(&self, path: &str) -> Option<&'a OtherFile> {
        let at = self.listed.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some(&self.listed[at])
    }

    /// The files of a folder, those of its folders left out.
    pub(super) fn in_folder<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = &'a OtherFile> + 's {
        self.listed.iter().filter(move |file| crate::source::parent(&file.path) == folder)
    }

    /// The folders of a folder, each with its path; at most so many as there may be files.
    pub(super) fn folders(&self, folder: &str) -> Vec<(&'a str, String)> {
        let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.listed.partition_point(|file| file.path.as_str() < start.as_str());
        let below = self.listed[from..].iter().map_while(|file| file.path.strip_prefix(start.as_str()));
        let mut names: Vec<&str> = below.filter_map(|rest| Some(rest.split_once('/')?.0)).collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(MAX_FILES);
        names.into_iter().map(|name| (name, format!("{start}{name}"))).collect()
    }

    /// The tree of a file; none when it is not there or broken.
    pub(super) fn tree(&mut self, path: &SmolStr, format: Option<Format>) -> Option<Arc<Node>> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        if self.known.len() >= MAX_FILES {
            return None;
        }
        let read = self.read(path).and_then(|text| {
            let format = format.or(Format::of(path))?;
            let comments = comments::read(path, &text, Some(format));
            match parse(&text, format) {
                Ok(root) => {
                    if let Some(mut comments) = comments {
                        comments.find_sections(&root);
                        self.comments.insert(path.clone(), comments);
                    }
                    Some(root)
                }
                Err(broken) => {
                    self.diagnostics.push(diagnostic(path, &broken));
                    None
                }
            }
        });
        self.known.insert(path.clone(), read.clone());
        read
    }

    /// The variables of a file of variables.
    pub(super) fn variables(&mut self, path: &SmolStr) -> Vec<env_file::Variable> {
        let Some(text) = self.read(path) else { return Vec::new() };
        if let Some(comments) = comments::read(path, &text, None) {
            self.comments.insert(path.clone(), comments);
        }
        let mut variables = env_file::parse(text.strip_prefix('\u{feff}').unwrap_or(&text));
        variables.retain(|variable| !variable.is_offer);
        variables
    }

    fn read(&mut self, path: &SmolStr) -> Option<String> {
        let file = self.listed(path)?;
        let text = if file.bytes > MAX_FILE_BYTES { Err(ReadError::TooLarge { bytes: file.bytes }) } else { self.tree.read(path) };
        text.map_err(|error| {
            self.unreadable |= error.is_unreadable();
            self.diagnostics.push(error.diagnostic(path));
            self.skipped.push(path.clone());
        })
        .ok()
    }
}

fn diagnostic(path: &str, broken: &Broken) -> Diagnostic {
    let message = format!("failed to parse the settings: {}", hide::text(&broken.message));
    let out = Diagnostic::new(Severity::Warning, "broken-settings", message)
        .in_file(path)
        .at_line(broken.at.line)
        .help("what this file sets is not on the map");
    match broken.span {
        Some((start, end)) => out.span(start, end),
        None => out,
    }
}

fn parse(text: &str, format: Format) -> Result<Arc<Node>, Broken> {
    match format {
        Format::Toml => toml_tree(text),
        Format::Yaml => {
            let documents = yaml::parse(text);
            match documents.errors.into_iter().next() {
                Some(broken) => Err(broken),
                None => Ok(documents.roots.into_iter().next().unwrap_or_else(empty)),
            }
        }
        Format::Json => relaxed::parse(text, relaxed::Kind::Json).map(Arc::new),
        Format::Ron => relaxed::parse(text, relaxed::Kind::Ron).map(Arc::new),
        Format::Ini => Ok(ini_tree(text)),
    }
}

fn empty() -> Arc<Node> {
    Arc::new(Node::new(Mark { file: 0, line: 1, column: 1 }, Value::Map(Vec::new())))
}

/// The place of an offset; columns of TOML are counted in bytes.
fn mark(lines: &Lines, at: usize) -> Mark {
    let column = u32::try_from(at - lines.start(at) + 1).unwrap_or(u32::MAX);
    Mark { file: 0, line: lines.line(at), column }
}

fn toml_tree(text: &str) -> Result<Arc<Node>, Broken> {
    let lines = Lines::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if let Some(error) = errors.first() {
        let span = error.span();
        let at = mark(&lines, span.as_ref().map_or(0, |span| span.start));
        return Err(Broken { message: error.message().to_owned(), at, span: span.map(|span| (span.start, span.end)) });
    }
    Ok(Arc::new(toml_table(&lines, root.get_ref(), mark(&lines, 0))))
}

fn toml_table(lines: &Lines, table: &DeTable<'_>, at: Mark) -> Node {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        at: mark(lines, key.span().start),
        home: at,
        node: Arc::new(toml_value(lines, value)),
    });
    Node::new(at, Value::Map(entries.collect()))
}

fn toml_value(lines: &Lines, value: &Spanned<DeValue<'_>>) -> Node {
    let at = mark(lines, value.span().start);
    let plain = |text: String| Node::new(at, Value::Scalar { text, plain: true });
    match value.get_ref() {
        DeValue::String(text) => Node::new(at, Value::Scalar { text: text.to_string(), plain: false }),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            let digits = digits.strip_prefix('+').unwrap_or(&digits);
            plain(i64::from_str_radix(digits, number.radix()).map_or_else(|_| digits.to_owned(), |number| number.to_string()))
        }
        DeValue::Float(number) => plain(number.as_str().replace('_', "")),
        DeValue::Boolean(value) => plain(value.to_string()),
        DeValue::Datetime(date) => plain(date.to_string()),
        DeValue::Array(items) => Node::new(at, Value::List(items.iter().map(|item| Arc::new(toml_value(lines, item))).collect())),
        DeValue::Table(table) => toml_table(lines, table, at),
    }
}

/// `[section]`, `key = value`, `key: value`; `;` and `#` begin comments.
fn ini_tree(text: &str) -> Arc<Node> {
    let top = Mark { file: 0, line: 1, column: 1 };
    let mut root: Vec<Entry> = Vec::new();
    let mut section: Option<(String, Mark, Vec<Entry>)> = None;
    let close = |root: &mut Vec<Entry>, section: &mut Option<(String, Mark, Vec<Entry>)>| {
        if let Some((key, at, entries)) = section.take() {
            root.push(Entry { key, at, home: top, node: Arc::new(Node::new(at, Value::Map(entries))) });
        }
    };
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let at = Mark { file: 0, line: u32::try_from(index + 1).unwrap_or(u32::MAX), column: 1 };
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            close(&mut root, &mut section);
            section = Some((name.trim().to_owned(), at, Vec::new()));
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let scalar = Value::Scalar { text: bare.unwrap_or(value).to_owned(), plain: bare.is_none() };
        let entry = Entry { key: key.trim().to_owned(), at, home: top, node: Arc::new(Node::new(at, scalar)) };
        match &mut section {
            Some((.., entries)) => entries.push(entry),
            None => root.push(entry),
        }
    }
    close(&mut root, &mut section);
    Arc::new(Node::new(top, Value::Map(root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, format: Format, path: &[&str]) -> Option<(String, u32)> {
        let root = parse(text, format).unwrap();
        let node = root.at_path(path)?;
        Some((node.text()?.to_owned(), node.at.line))
    }

    #[test]
    fn keys_are_found_with_their_lines_in_every_format() {
        let found = Some(("8080".to_owned(), 3));
        assert_eq!(at("# one\n[server]\nport = 8_080\n", Format::Toml, &["server", "port"]), found);
        assert_eq!(at("# one\nserver:\n  port: 8080\n", Format::Yaml, &["server", "port"]), found);
        assert_eq!(at("{\n  \"server\": {\n    \"port\": 8080\n  }\n}", Format::Json, &["server", "port"]), found);
        assert_eq!(at("Config(\n  server: (\n    port: 8080,\n  ),\n)", Format::Ron, &["server", "port"]), found);
        assert_eq!(at("; one\n[server]\nport = 8080\n", Format::Ini, &["server", "port"]), found);
    }

    #[test]
    fn a_mark_before_the_first_sign_and_line_ends_of_windows_change_nothing() {
        for (text, format) in [
            ("a = 1\n[server]\nport = 8080\n", Format::Toml),
            ("a: 1\nserver:\n  port: 8080\n", Format::Yaml),
            ("{\n\"server\": {\n\"port\": 8080}}\n", Format::Json),
            ("(\nserver: (\nport: 8080))\n", Format::Ron),
            ("[server]\n; one\nport = 8080\n", Format::Ini),
        ] {
            let odd = format!("\u{feff}{}", text.replace('\n', "\r\n"));
            assert_eq!(at(&odd, format, &["server", "port"]), Some(("8080".to_owned(), 3)), "{format:?}");
        }
    }

    #[test]
    fn tabs_and_keys_that_are_written_twice_are_right_or_told() {
        assert_eq!(parse("a:\n\tb: 1\n", Format::Yaml).unwrap_err().at.line, 2);
        let twice = parse("a = 1\nb = 2\na = 3\n", Format::Toml).unwrap_err();
        assert!(twice.at.line == 3 && twice.span.is_some(), "{twice:?}");
        assert_eq!(at("[server]\n\tport\t=\t8080\n", Format::Toml, &["server", "port"]), Some(("8080".to_owned(), 2)));
    }

    #[test]
    fn a_broken_file_is_told_with_its_line() {
        for (text, format) in [
            ("a = 1\nb = [\n", Format::Toml),
            ("a: 1\nb: [\n", Format::Yaml),
            ("{\"a\": 1,\n\"b\" }", Format::Json),
            ("(a: 1,\nb: ]", Format::Ron),
        ] {
            let broken = parse(text, format).unwrap_err();
            assert!(broken.at.line >= 2, "{format:?}: {broken:?}");
        }
    }
}
