//! `[service]` and `[output]` of `statemap.toml`.

use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Section};

/// `[service]`: what the service is, and which part of the workspace it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Title of the map, when it is not the name of the binary.
    pub name: Option<String>,
    /// One sentence on what the service does.
    pub description: Option<String>,
    /// The team to ask about everything that names no owner.
    pub owner: Option<String>,
    /// Where the pages of the map are published.
    pub site: Option<String>,
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
    /// SARIF: whether state is told beside hazards.
    pub items: Option<bool>,
    /// Heading of the first page.
    pub title: Option<String>,
    /// The service whose diagram is drawn: `--service`.
    pub service: Option<String>,
    /// Books: how many releases the page of what changed goes back: `--changelog`.
    pub changelog: Option<u32>,
}

pub(super) fn read_service(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> ServiceConfig {
    reader.check_keys(section, &["name", "description", "owner", "site", "crates", "bins"]);
    ServiceConfig {
        name: reader.text(section, "name"),
        description: reader.text(section, "description"),
        owner: reader.text(section, "owner"),
        site: reader.text(section, "site"),
        crates: reader.list(section, "crates"),
        bins: reader.list(section, "bins"),
    }
}

/// `[output]` for one output, `[[output]]` for several.
pub(super) fn read_outputs(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Vec<OutputConfig> {
    let sections = match root.get("output").map(toml::Spanned::get_ref) {
        Some(DeValue::Array(_)) => reader.sections(root, "output"),
        _ => reader.section(root, "output").into_iter().collect(),
    };
    sections.iter().map(|section| read_output(reader, section)).collect()
}

fn read_output(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> OutputConfig {
    reader.check_keys(section, &["format", "path", "templates", "constants", "items", "title", "service", "changelog"]);
    OutputConfig {
        format: reader.word(section, "format", FORMATS),
        path: reader.text(section, "path"),
        templates: reader.text(section, "templates"),
        constants: reader.flag(section, "constants"),
        items: reader.flag(section, "items"),
        title: reader.text(section, "title"),
        service: reader.text(section, "service"),
        changelog: reader.count(section, "changelog", 200),
    }
}
