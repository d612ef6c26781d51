//! The template engine: built-in templates, each of which a user's folder may replace, and errors that show the place.
//!
//! The only module that names tera.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tera::{Context, ErrorKind, Kwargs, State, Tera, TeraResult};

use super::escape::longest_run;
use super::html::{badge, icon};

macro_rules! builtin {
    ($($name:literal,)*) => {
        /// Name and text of every built-in template.
        pub(crate) const BUILTIN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $name)))),*];
    };
}

builtin! {
    "SUMMARY.md.tera",
    "blind-spots.md.tera",
    "blind-spots-page.md.tera",
    "book.toml.tera",
    "capacity.md.tera",
    "contents.md.tera",
    "environment.md.tera",
    "events.md.tera",
    "failure-page.md.tera",
    "failures-page.md.tera",
    "facts.md.tera",
    "glance.md.tera",
    "group.md.tera",
    "hazards.md.tera",
    "hazards-page.md.tera",
    "incident.md.tera",
    "incident-page.md.tera",
    "incidents.md.tera",
    "incidents-page.md.tera",
    "review.md.tera",
    "index.md.tera",
    "item.md.tera",
    "kind.md.tera",
    "lifecycle.md.tera",
    "opening.md.tera",
    "page.md.tera",
    "point.md.tera",
    "row.md.tera",
    "scope.md.tera",
    "scopes.md.tera",
    "service.md.tera",
    "service-table.md.tera",
    "services.md.tera",
    "total.md.tera",
    "verdict.md.tera",
    "words.md.tera",
}

/// What can go wrong while rendering: only a user's own templates can cause it.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template does not parse or does not render.
    #[error("template `{name}` failed{}", in_file(.file))]
    Template {
        /// Name of the template.
        name: String,
        /// The user's file that replaces it, if one does.
        file: Option<PathBuf>,
        /// Line and column from 1, when the engine knows them.
        place: Option<(usize, usize)>,
        /// What the engine says, with the lines that it points at, and every cause behind it.
        detail: String,
    },
    /// The folder with the user's templates, or a file in it, could not be read.
    #[error("failed to read `{}`: {source}", .path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder holds a template that nothing would ever use.
    #[error("`{}` replaces no built-in template; they are named {}", .path.display(), known())]
    UnknownTemplate {
        /// The file.
        path: PathBuf,
    },
}

impl RenderError {
    /// The whole story for people: the message, the place, and every cause.
    #[must_use]
    pub fn report(&self) -> String {
        match self {
            RenderError::Template { file, place, detail, .. } => {
                let mut out = self.to_string();
                if let (Some(file), Some((line, column))) = (file, place) {
                    let _ = write!(out, "\n  --> {}:{line}:{column}", file.display());
                }
                let _ = write!(out, "\n{}", detail.trim_end());
                out
            }
            other => other.to_string(),
        }
    }
}

fn in_file(file: &Option<PathBuf>) -> String {
    file.as_ref().map(|file| format!(" (`{}`)", file.display())).unwrap_or_default()
}

fn known() -> String {
    BUILTIN.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Templates, ready to render.
pub(crate) struct Engine {
    tera: Tera,
    folder: Option<PathBuf>,
    replaced: Vec<&'static str>,
    /// Whether the pages are those of a book, which may hold HTML.
    book: bool,
}

impl Engine {
    /// The built-in templates, with those of `folder` in their place.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, RenderError> {
        let mut tera = Tera::new();
        // Views hold Markdown that is already escaped.
        tera.autoescape_on(Vec::<&'static str>::new());
        let mut engine = Self { tera, folder: folder.map(Path::to_owned), replaced: Vec::new(), book: false };
        // In a page for a repository a badge is its word, and there are no icons.
        engine.tera.register_function("badge", |of: Kwargs, _: &State| -> TeraResult<String> { of.must_get::<String>("word") });
        engine.tera.register_function("icon", |of: Kwargs, _: &State| -> TeraResult<String> {
            of.must_get::<String>("kind").map(|_| String::new())
        });
        let mut templates: Vec<(&'static str, String)> = BUILTIN.iter().map(|&(name, text)| (name, text.to_owned())).collect();
        if let Some(folder) = folder {
            for (name, text) in user_templates(folder)? {
                engine.replaced.push(name);
                if let Some(slot) = templates.iter_mut().find(|(known, _)| *known == name) {
                    slot.1 = text;
                }
            }
        }
        engine.tera.add_raw_templates(templates).map_err(|error| engine.error(&error, ""))?;
        Ok(engine)
    }

    /// The same templates for a book: `book` is true in them, and badges and icons are HTML.
    pub(crate) fn for_book(mut self) -> Self {
        self.book = true;
        self.tera.register_function("badge", |of: Kwargs, _: &State| -> TeraResult<String> { Ok(badge(&of.must_get::<String>("word")?)) });
        self.tera.register_function("icon", |of: Kwargs, _: &State| -> TeraResult<String> {
            Ok(icon(&of.must_get::<String>("kind")?).to_owned())
        });
        self
    }

    /// Renders a view.
    pub(crate) fn render<V: Serialize>(&self, name: &str, view: &V) -> Result<String, RenderError> {
        let mut context = Context::from_serialize(view).map_err(|error| self.error(&error, name))?;
        context.insert("book", &self.book);
        let text = self.tera.render(name, &context).map_err(|error| self.error(&error, name))?;
        Ok(if name.ends_with(".md.tera") { tidy(&text) } else { text })
    }

    fn error(&self, error: &tera::Error, name: &str) -> RenderError {
        let (name, place) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                (report.filename().to_owned(), Some((report.span().start_line, report.span().start_col + 1)))
            }
            _ => (name.to_owned(), None),
        };
        let mut detail = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            let _ = write!(detail, "\ncaused by: {error}");
            cause = error.source();
        }
        let file = self.folder.as_ref().filter(|_| self.replaced.contains(&name.as_str())).map(|folder| folder.join(&name));
        RenderError::Template { name, file, place, detail }
    }
}

/// The `.tera` files of a folder, by the built-in template that each replaces.
fn user_templates(folder: &Path) -> Result<Vec<(&'static str, String)>, RenderError> {
    let unreadable = |path: &Path, source| RenderError::Unreadable { path: path.to_owned(), source };
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| unreadable(folder, source))?.path();
        if path.extension().is_none_or(|extension| extension != "tera") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(&(name, _)) = BUILTIN.iter().find(|(known, _)| *known == name) else {
            return Err(RenderError::UnknownTemplate { path });
        };
        let text = std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
        found.push((name, text));
    }
    found.sort();
    Ok(found)
}

/// White space as Markdown linters want it: no space at line ends, one blank line between blocks, one newline at the end.
/// Code blocks keep theirs.
pub(crate) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fence = None;
    let mut blank = true;
    for line in text.lines() {
        // A fence may stand in a list item or a quote.
        let bare = line.trim_start_matches([' ', '>']);
        let ticks = if bare.starts_with("```") { longest_run(&bare[..bare.len() - bare.trim_start_matches('`').len()], '`') } else { 0 };
        match fence {
            Some(open) => {
                if ticks >= open && bare.trim_end().chars().all(|c| c == '`') {
                    fence = None;
                }
                out.push_str(line);
            }
            None => {
                if ticks > 0 && !bare[ticks..].contains('`') {
                    fence = Some(ticks);
                }
                let line = line.trim_end();
                if line.is_empty() && blank {
                    continue;
                }
                // An empty cell is one space wide, whether its template is followed by one or not.
                let empty_cells = line.starts_with('|') && line.contains("|  |");
                out.push_str(&if empty_cells { line.replace("|  |", "| |").replace("|  |", "| |") } else { line.to_owned() });
                blank = line.is_empty();
            }
        }
        out.push('\n');
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Empty {}

    fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        folder
    }

    #[test]
    fn every_template_file_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let mut known: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(files, known);
    }

    #[test]
    fn a_folder_replaces_one_template_and_leaves_the_rest() {
        let folder = folder_with("page.md.tera", "mine {{ 1 + 1 }}");
        let engine = Engine::new(Some(folder.path())).unwrap();
        assert_eq!(engine.render("page.md.tera", &Empty {}).unwrap(), "mine 2\n");
    }

    #[test]
    fn a_broken_template_is_reported_with_file_line_and_cause() {
        let folder = folder_with("item.md.tera", "first\n{% if %}\n");
        let report = Engine::new(Some(folder.path())).err().unwrap().report();
        assert!(report.contains("item.md.tera:2:"), "{report}");
        let folder = folder_with("page.md.tera", "one\ntwo\n{{ missing.field }}\n");
        let engine = Engine::new(Some(folder.path())).unwrap();
        let report = engine.render("page.md.tera", &Empty {}).unwrap_err().report();
        assert!(report.contains("page.md.tera:3:") && report.contains("missing"), "{report}");
    }

    #[test]
    fn a_misnamed_template_and_a_missing_folder_are_told() {
        let folder = folder_with("pages.md.tera", "x");
        let message = Engine::new(Some(folder.path())).err().unwrap().to_string();
        assert!(message.contains("pages.md.tera") && message.contains("`page.md.tera`"), "{message}");
        let missing = folder.path().join("no-such-folder");
        assert!(Engine::new(Some(&missing)).err().unwrap().to_string().contains("no-such-folder"));
    }

    #[test]
    fn empty_cells_are_one_space_wide() {
        assert_eq!(tidy("| a | b | c |\n| --- | --- | --- |\n|  |  | x |\n"), "| a | b | c |\n| --- | --- | --- |\n| | | x |\n");
        assert_eq!(tidy("```\n|  |\n```\n"), "```\n|  |\n```\n");
    }

    #[test]
    fn tidying_keeps_code_blocks() {
        assert_eq!(tidy("\n\na  \n\n\n\nb\n```\nx  \n\n\ny\n```\n\n\n"), "a\n\nb\n```\nx  \n\n\ny\n```\n");
    }
}
