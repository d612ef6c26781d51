//! `[service]`, `[output]` and `[policy]` of `statemap.toml`.

use toml::de::DeValue;

use super::reader::{Reader, Section, type_words};
use crate::model::{HazardSeverity, Kind};

/// `[service]`: what the service is, and which part of the workspace it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Title of the map, when it is not the name of the binary.
    pub name: Option<String>,
    /// One sentence on what the service does.
    pub description: Option<String>,
    /// The team to ask about everything that names no owner.
    pub owner: Option<String>,
    /// Workspace crates to look at; all when empty.
    pub crates: Vec<String>,
    /// Binaries to look at; all when empty.
    pub bins: Vec<String>,
}

/// A form of the map that `gen` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum OutputFormat {
    Markdown,
    Mdbook,
    Json,
    Sarif,
    Mermaid,
    Svg,
}

const FORMATS: &[(&str, OutputFormat)] = &[
    ("markdown", OutputFormat::Markdown),
    ("mdbook", OutputFormat::Mdbook),
    ("json", OutputFormat::Json),
    ("sarif", OutputFormat::Sarif),
    ("mermaid", OutputFormat::Mermaid),
    ("svg", OutputFormat::Svg),
];

impl OutputFormat {
    /// The word used in `statemap.toml` and for `--format`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        FORMATS.iter().find(|(_, format)| *format == self).map_or("markdown", |(word, _)| word)
    }
}

/// `[output]`: defaults for `gen`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputConfig {
    /// `--format`.
    pub format: Option<OutputFormat>,
    /// `-o`, relative to the root.
    pub path: Option<String>,
    /// Folder with templates that replace the built-in ones, relative to the root.
    pub templates: Option<String>,
    /// Whether items that never change are shown.
    pub constants: Option<bool>,
    /// Heading of the first page.
    pub title: Option<String>,
}

/// What `check` does about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Level {
    Allow,
    Warn,
    Deny,
}

/// `[policy]`: when `check` fails. Validated here; reserved for `check`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The mildest hazard that fails the check unless it is acknowledged.
    pub fail_on: Option<HazardSeverity>,
    /// What an item without annotation does to the check.
    pub undocumented: Option<Level>,
    /// The service claims to hold no state, except of these kinds.
    pub stateless: Option<Vec<Kind>>,
}

pub(super) fn read_service(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> ServiceConfig {
    reader.check_keys(section, &["name", "description", "owner", "crates", "bins"]);
    ServiceConfig {
        name: reader.text(section, "name"),
        description: reader.text(section, "description"),
        owner: reader.text(section, "owner"),
        crates: reader.list(section, "crates"),
        bins: reader.list(section, "bins"),
    }
}

pub(super) fn read_output(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> OutputConfig {
    reader.check_keys(section, &["format", "path", "templates", "constants", "title"]);
    OutputConfig {
        format: reader.word(section, "format", FORMATS),
        path: reader.text(section, "path"),
        templates: reader.text(section, "templates"),
        constants: reader.flag(section, "constants"),
        title: reader.text(section, "title"),
    }
}

pub(super) fn read_policy(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> Policy {
    reader.check_keys(section, &["fail_on", "undocumented", "stateless"]);
    let severities = [("low", HazardSeverity::Low), ("medium", HazardSeverity::Medium), ("high", HazardSeverity::High)];
    let levels = [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)];
    Policy {
        fail_on: reader.word(section, "fail_on", &severities),
        undocumented: reader.word(section, "undocumented", &levels),
        stateless: read_stateless(reader, section),
    }
}

/// `stateless = true`, or `stateless = { except = ["telemetry"] }`.
fn read_stateless(reader: &mut Reader<'_>, policy: &Section<'_, '_>) -> Option<Vec<Kind>> {
    let value = policy.table.get("stateless")?;
    let DeValue::Table(table) = value.get_ref() else {
        if let DeValue::Boolean(claimed) = value.get_ref() {
            return claimed.then(Vec::new);
        }
        let message = format!("`stateless` must be a boolean or a table, not {}", type_words(value.get_ref()));
        reader.error("wrong-type", &value.span(), message, "write `stateless = { except = [\"telemetry\", \"pool\"] }`");
        return None;
    };
    let section = Section { name: "`stateless`".to_owned(), table, at: value.span() };
    reader.check_keys(&section, &["except"]);
    let kinds: Vec<(&str, Kind)> = Kind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    let listed = reader.spanned_list(&section, "except");
    Some(listed.iter().filter_map(|(word, at)| reader.choice("except", word, at, &kinds)).collect())
}
