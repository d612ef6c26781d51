//! `[preprocessor.statemap]` of a `book.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mdbook_preprocessor::config::Config;
use serde_json::Value;

use super::NAME;
use crate::annotations::{self, OutputConfig, OutputFormat, nearest};
use crate::model::{Diagnostic, Severity};
use crate::render::RenderOptions;

/// Keys that mdBook itself reads in the table of every preprocessor.
const OF_MDBOOK: &[&str] = &["command", "before", "after", "renderers", "optional"];
/// Keys of our own.
pub const KEYS: &[&str] = &["root", "chapters", "folder", "title", "constants", "templates"];

/// What a book asks for.
#[derive(Clone, Debug, Default)]
pub struct BookOptions {
    /// The tree to analyse, relative to the folder of the book.
    pub root: Option<PathBuf>,
    /// Where the generated chapters go.
    pub place: Place,
    /// The folder of the generated chapters, among the pages of the book.
    pub folder: Option<String>,
    /// Name of the chapter above the generated ones.
    pub title: Option<String>,
    /// Whether constants are shown.
    pub constants: Option<bool>,
    /// Folder with templates, relative to that of the book.
    pub templates: Option<PathBuf>,
    /// Address of the repository, for trees that do not tell it themselves.
    pub repository: Option<String>,
}

/// Where the generated chapters go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// There are none.
    #[default]
    Nowhere,
    /// Behind the last numbered chapter.
    End,
    /// In or under the chapter of this name or file.
    At(String),
}

impl BookOptions {
    /// Reads the table; what is wrong with it is added to `faults`.
    pub(super) fn read(config: &Config, faults: &mut Vec<Diagnostic>) -> Self {
        let table: BTreeMap<String, Value> = config.get(&format!("preprocessor.{NAME}")).ok().flatten().unwrap_or_default();
        let mut options = Self { repository: repository(config), ..Self::default() };
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("root", Value::String(text)) => options.root = Some(PathBuf::from(text)),
                ("templates", Value::String(text)) => options.templates = Some(PathBuf::from(text)),
                ("title", Value::String(text)) => options.title = Some(text.clone()),
                ("constants", Value::Bool(shown)) => options.constants = Some(*shown),
                ("chapters", Value::Bool(false)) => options.place = Place::Nowhere,
                ("chapters", Value::Bool(true)) => options.place = Place::End,
                ("chapters", Value::String(text)) => options.place = Place::At(text.clone()),
                ("folder", Value::String(text)) => match folder(text) {
                    Some(folder) => options.folder = Some(folder),
                    None => faults.push(fault(
                        format!("`folder = \"{text}\"` is no folder among the pages of the book"),
                        "name one by letters, digits, `-` and `_`, such as `folder = \"state\"`",
                    )),
                },
                (known, _) if KEYS.contains(&known) => faults.push(fault(format!("`{known}` is {}", kind_of(value)), wanted(known))),
                (of_mdbook, _) if OF_MDBOOK.contains(&of_mdbook) => {}
                (unknown, _) => {
                    let help = match nearest(unknown, KEYS.iter().chain(OF_MDBOOK).copied()) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => format!("the keys are {}", KEYS.join(", ")),
                    };
                    faults.push(fault(format!("`[preprocessor.{NAME}]` has no key `{unknown}`"), help));
                }
            }
        }
        faults.extend(order(config, &table));
        options
    }

    /// How the map of a tree is rendered for this book: what `book.toml` does not say, `statemap.toml` of the tree may.
    pub(super) fn render(&self, config: &annotations::Config, tree: &Path, book: &Path) -> RenderOptions {
        let nothing = OutputConfig::default();
        let of_book = config.outputs.iter().find(|output| output.format == Some(OutputFormat::Mdbook)).unwrap_or(&nothing);
        let templates = self.templates.as_ref().map(|path| book.join(path));
        RenderOptions {
            title: of_book.title.clone().or_else(|| config.service.name.clone()),
            description: config.service.description.clone(),
            owner: config.service.owner.clone(),
            constants: self.constants.or(of_book.constants).unwrap_or(false),
            templates: templates.or_else(|| of_book.templates.as_ref().map(|path| tree.join(path))),
            ..RenderOptions::default()
        }
    }
}

fn fault(message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, "bad-option", message).in_file("book.toml").help(help)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

fn wanted(key: &str) -> &'static str {
    match key {
        "chapters" => "it is `true`, `false`, or the name or file of a chapter in SUMMARY.md",
        "constants" => "it is `true` or `false`",
        _ => "it is a text in quotes",
    }
}

/// A folder below that of the pages, each part of it harmless in a path and in a link.
fn folder(text: &str) -> Option<String> {
    let is_plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let text = text.strip_suffix('/').unwrap_or(text);
    text.split('/').all(is_plain).then(|| text.to_owned())
}

/// mdBook takes the backslash of an escaped directive away when its own `links` preprocessor comes first.
fn order(config: &Config, table: &BTreeMap<String, Value>) -> Option<Diagnostic> {
    let names = |key: &str| table.get(key).and_then(Value::as_array).is_some_and(|list| list.iter().any(|name| name == "links"));
    let unsaid = config.build.use_default_preprocessors && table.contains_key("command") && !names("before") && !names("after");
    unsaid.then(|| {
        let message = format!("`[preprocessor.{NAME}]` does not say whether it comes before `links`");
        let help = "add `before = [\"links\"]`, or directives that are escaped with a backslash are expanded all the same";
        Diagnostic::new(Severity::Warning, "order", message).in_file("book.toml").help(help)
    })
}

/// The address that the book gives for its repository.
fn repository(config: &Config) -> Option<String> {
    config.get::<String>("output.html.git-repository-url").ok().flatten().filter(|url| url.starts_with("https://"))
}
