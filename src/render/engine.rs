//! The template engine: built-in templates, each of which a user's folder may replace, and errors that show the place.
//!
//! The only module that names tera.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Serialize;
use tera::{Context, Kwargs, State, Tera, TeraResult};

use super::escape::longest_run;
use super::html::{badge, icon, label};
use super::template_errors::{Told, tell};
use crate::annotations::nearest;
use crate::model::{Diagnostic, Severity};

macro_rules! builtin {
    ($($name:literal,)*) => {
        /// Name and text of every built-in template.
        pub(crate) const BUILTIN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $name)))),*];
    };
}

builtin! {
    "SUMMARY.md.tera",
    "blind-spots-page.md.tera",
    "blind-spots.md.tera",
    "book.toml.tera",
    "capacity.md.tera",
    "changes-page.md.tera",
    "contents.md.tera",
    "diagram.md.tera",
    "diff.md.tera",
    "environment.md.tera",
    "events.md.tera",
    "facts.md.tera",
    "failure-page.md.tera",
    "failures-page.md.tera",
    "fleet-blind-spots.md.tera",
    "fleet-book.toml.tera",
    "fleet-family.md.tera",
    "fleet-hazards.md.tera",
    "fleet-how-sure.md.tera",
    "fleet-index.md.tera",
    "fleet-kind.md.tera",
    "fleet-kinds.md.tera",
    "fleet-load.md.tera",
    "fleet-overview.md.tera",
    "fleet-owners.md.tera",
    "fleet-page.md.tera",
    "fleet-part.md.tera",
    "fleet-repositories.md.tera",
    "fleet-rule.md.tera",
    "fleet-server.md.tera",
    "fleet-service-rows.md.tera",
    "fleet-service.md.tera",
    "fleet-services.md.tera",
    "fleet-sources.md.tera",
    "fleet-state.md.tera",
    "fleet-store.md.tera",
    "fleet-stores.md.tera",
    "fleet-summary.md.tera",
    "fleet-symptom.md.tera",
    "fleet-symptoms.md.tera",
    "fleet-words.md.tera",
    "glance.md.tera",
    "group.md.tera",
    "hazard-page.md.tera",
    "hazards-page.md.tera",
    "hazards.md.tera",
    "incident-page.md.tera",
    "incident.md.tera",
    "incidents-page.md.tera",
    "incidents.md.tera",
    "index.md.tera",
    "item-body.md.tera",
    "item-page.md.tera",
    "item-place.md.tera",
    "item.md.tera",
    "kind.md.tera",
    "lifecycle.md.tera",
    "list.md.tera",
    "nothing.md.tera",
    "opening.md.tera",
    "owner.md.tera",
    "owners-page.md.tera",
    "page.md.tera",
    "paged-items.md.tera",
    "part.md.tera",
    "point.md.tera",
    "review.md.tera",
    "row-anchors.md.tera",
    "row.md.tera",
    "scope.md.tera",
    "scopes.md.tera",
    "service-table.md.tera",
    "service.md.tera",
    "services-page.md.tera",
    "services.md.tera",
    "show.md.tera",
    "store.md.tera",
    "stores-page.md.tera",
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
}

impl RenderError {
    /// The whole story for people: the message, the place, and every cause.
    #[must_use]
    pub fn report(&self) -> String {
        match self {
            RenderError::Template { detail, .. } => format!("{self}\n{}", detail.trim_end()),
            other => other.to_string(),
        }
    }
}

fn in_file(file: &Option<PathBuf>) -> String {
    file.as_ref().map(|file| format!(" (`{}`)", file.display())).unwrap_or_default()
}

/// Templates, ready to render.
pub(crate) struct Engine {
    /// Borrowed when it is the one of [`PAGE`].
    tera: Cow<'static, Tera>,
    folder: Option<PathBuf>,
    /// The user's own, those that replace a built-in one and those that only they name.
    own: Vec<String>,
    /// Whether the pages are those of a book, which may hold HTML.
    book: bool,
}

impl Engine {
    /// The built-in templates, with those of `folder` in their place.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, RenderError> {
        Self::with(BUILTIN.to_vec(), folder)
    }

    /// The same for one template and what it needs of the others: to parse them all takes longer than to fill in one.
    pub(crate) fn of(root: &str, folder: Option<&Path>) -> Result<Self, RenderError> {
        // What stands in the folder may name any of them.
        if folder.is_some() {
            return Self::new(folder);
        }
        match if root == ROOT { PAGE.as_ref() } else { None } {
            Some(tera) => Ok(Self { tera: Cow::Borrowed(tera), folder: None, own: Vec::new(), book: false }),
            None => Self::with(needed(root), None),
        }
    }

    fn with(builtin: Vec<(&'static str, &'static str)>, folder: Option<&Path>) -> Result<Self, RenderError> {
        let mut engine = Self { tera: Cow::Owned(words()), folder: folder.map(Path::to_owned), own: Vec::new(), book: false };
        let mut templates: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            builtin.into_iter().map(|(name, text)| (Cow::Borrowed(name), Cow::Borrowed(text))).collect();
        for (name, text) in folder.map(user_templates).transpose()?.unwrap_or_default() {
            engine.own.push(name.clone());
            match templates.iter_mut().find(|(known, _)| *known == name) {
                Some(slot) => slot.1 = text.into(),
                None => templates.push((name.into(), text.into())),
            }
        }
        engine.tera.to_mut().add_raw_templates(templates).map_err(|error| engine.error(&error, ""))?;
        Ok(engine)
    }

    /// The same templates for a book: `book` is true in them, and badges, icons and labels are HTML.
    pub(crate) fn for_book(mut self) -> Self {
        self.book = true;
        let tera = self.tera.to_mut();
        function(tera, "badge", "word", badge);
        function(tera, "icon", "kind", |kind| icon(kind).to_owned());
        function(tera, "label", "of", label);
        self
    }

    /// Renders a view.
    pub(crate) fn render<V: Serialize>(&self, name: &str, view: &V) -> Result<String, RenderError> {
        let mut context = Context::from_serialize(view).map_err(|error| self.error(&error, name))?;
        context.insert("book", &self.book);
        #[cfg(test)]
        seen::note(name, view);
        let text = self.tera.render(name, &context).map_err(|error| self.error(&error, name))?;
        Ok(if name.ends_with(".md.tera") { tidy(&text) } else { text })
    }

    fn error(&self, error: &tera::Error, name: &str) -> RenderError {
        let mut report = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            let _ = write!(report, "\ncaused by: {error}");
            cause = error.source();
        }
        let Told { name: at_fault, place, detail } = tell(&report, self.folder.as_deref(), &self.own);
        let name = at_fault.unwrap_or_else(|| name.to_owned());
        let file = self.folder.as_ref().filter(|_| self.own.contains(&name)).map(|folder| folder.join(&name));
        RenderError::Template { name, file, place, detail }
    }
}

/// The engine without a template, as a page for a repository has it: a badge is its word, and there are neither icons nor cards.
fn words() -> Tera {
    let mut tera = Tera::new();
    // Views hold Markdown that is already escaped.
    tera.autoescape_on(Vec::<&'static str>::new());
    function(&mut tera, "badge", "word", str::to_owned);
    function(&mut tera, "icon", "kind", |_| String::new());
    function(&mut tera, "label", "of", |_| String::new());
    tera
}

/// A function of one word for templates.
fn function(tera: &mut Tera, name: &'static str, argument: &'static str, call: impl Fn(&str) -> String + Send + Sync + 'static) {
    let call = move |of: Kwargs, _: &State| -> TeraResult<String> { Ok(call(&of.must_get::<String>(argument)?)) };
    tera.register_function(name, call);
}

/// The template of the page that says it all.
const ROOT: &str = "page.md.tera";

/// What that page needs, parsed; none if a built-in template were wrong, which is told when they are all parsed.
static PAGE: LazyLock<Option<Tera>> = LazyLock::new(|| {
    let mut tera = words();
    tera.add_raw_templates(needed(ROOT)).ok()?;
    Some(tera)
});

/// Parses what the page that says it all needs, on a thread of its own: on a small tree that takes as long as the analysis.
///
/// Who renders waits for it, so that it only ever saves time; nothing is lost when no thread can be had.
pub fn prepare() {
    let _ = std::thread::Builder::new().name("templates".to_owned()).spawn(|| LazyLock::force(&PAGE).is_some());
}

/// A built-in template and those that it needs: what it includes, and where the components that it uses stand.
fn needed(root: &str) -> Vec<(&'static str, &'static str)> {
    let texts: BTreeMap<&str, &'static str> = BUILTIN.iter().copied().collect();
    let components: BTreeMap<&str, &str> =
        BUILTIN.iter().flat_map(|(name, text)| defined(text).map(move |component| (component, *name))).collect();
    let mut open = vec![root];
    let mut reached = BTreeMap::new();
    while let Some(name) = open.pop() {
        let Some((&name, &text)) = texts.get_key_value(name) else { continue };
        if reached.insert(name, text).is_none() {
            let included = text.split("include \"").skip(1).filter_map(|rest| rest.split('"').next());
            open.extend(included.chain(used(text).filter_map(|component| components.get(component).copied())));
        }
    }
    reached.into_iter().collect()
}

/// The components that a template defines.
fn defined(text: &str) -> impl Iterator<Item = &str> {
    text.split("{%- component ").skip(1).filter_map(|rest| rest.split('(').next())
}

/// What may be a component that a template uses: `{{<name …/>}}`.
fn used(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

/// The `.tera` files of a folder, by name.
fn user_templates(folder: &Path) -> Result<Vec<(String, String)>, RenderError> {
    let unreadable = |path: &Path, source| RenderError::Unreadable { path: path.to_owned(), source };
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| unreadable(folder, source))?.path();
        if path.extension().is_none_or(|extension| extension != "tera") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
        found.push((name, text));
    }
    found.sort();
    Ok(found)
}

/// Files of a folder with templates that nothing would use: mistyped names, most likely.
///
/// A file of another name is used when another one includes it, or when it defines components.
#[must_use]
pub fn unused_templates(folder: &Path) -> Vec<Diagnostic> {
    let found = user_templates(folder).unwrap_or_default();
    let known = || BUILTIN.iter().map(|(name, _)| *name);
    let is_named = |name: &str| found.iter().any(|(other, text)| other != name && text.contains(&format!("\"{name}\"")));
    let unused = |(name, text): &&(String, String)| !known().any(|other| other == name) && !is_named(name) && !text.contains("component ");
    let diagnostic = |(name, _): &(String, String)| {
        let help = match nearest(name, known()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`statemap templates list` shows the names".to_owned(),
        };
        let file = folder.join(name).display().to_string();
        Diagnostic::new(Severity::Warning, "unused-template", "the file replaces no built-in template, and no other one includes it")
            .in_file(file)
            .help(help)
    };
    found.iter().filter(unused).map(diagnostic).collect()
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

/// Which contexts templates were given, for the test that holds the book against them.
#[cfg(test)]
pub(crate) mod seen {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Serialize;

    thread_local! {
        static SEEN: RefCell<BTreeMap<String, BTreeSet<String>>> = const { RefCell::new(BTreeMap::new()) };
    }

    pub(super) fn note<V: Serialize>(name: &str, view: &V) {
        let serde_json::Value::Object(fields) = serde_json::to_value(view).unwrap() else { return };
        SEEN.with_borrow_mut(|seen| seen.entry(name.to_owned()).or_default().extend(fields.into_iter().map(|(key, _)| key)));
    }

    /// Of each template that this thread rendered, the variables that it was given.
    pub(crate) fn take() -> BTreeMap<String, BTreeSet<String>> {
        SEEN.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_what_it_needs_and_not_the_rest() {
        for &(name, _) in BUILTIN {
            let needed = needed(name);
            assert!(needed.iter().any(|(other, _)| *other == name));
            if let Err(error) = Engine::with(needed, None) {
                panic!("{name}: {}", error.report());
            }
        }
        let page: Vec<&str> = needed(ROOT).into_iter().map(|(name, _)| name).collect();
        assert!(page.contains(&"words.md.tera") && page.contains(&"item-body.md.tera"), "{page:?}");
        assert!(!page.contains(&"diff.md.tera") && !page.contains(&"fleet-words.md.tera"), "{page:?}");
    }

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
        files.retain(|name| name != "README.md");
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

    /// What is said when a template of this text is used.
    #[track_caller]
    fn report(name: &str, text: &str) -> String {
        let folder = folder_with(name, text);
        let error = match Engine::new(Some(folder.path())) {
            Err(error) => error,
            Ok(engine) => engine.render("page.md.tera", &Empty {}).unwrap_err(),
        };
        error.report().replace(folder.path().to_str().unwrap(), "DIR")
    }

    #[test]
    fn a_broken_template_is_reported_with_file_line_and_cause() {
        for (text, says) in [
            ("first\n{% if %}\n", &["`page.md.tera` failed (`DIR/page.md.tera`)", "--> DIR/page.md.tera:2:", "expected one of"] as &[&str]),
            ("one\ntwo\n{{ missing.field }}\n", &["--> DIR/page.md.tera:3:4", "Variable `missing` is not defined"]),
            ("{{ bok }}", &["Variable `bok` is not defined", "help: did you mean `book`?"]),
            ("{{ book | upcase }}", &["(`DIR/page.md.tera`)", "Unknown filter `upcase`", "--> DIR/page.md.tera:1:"]),
            ("{{ book | join(sep=3) }}", &["Invalid type for the value", "--> DIR/page.md.tera:1:"]),
            ("\n{% include \"itm.md.tera\" %}", &["Unknown template `itm.md.tera`", "--> DIR/page.md.tera:2:"]),
            ("{{<nope kind={book}/>}}", &["Unknown component `nope`", "--> DIR/page.md.tera:1:"]),
            (
                "{% include \"words.md.tera\" %}{% include \"row.md.tera\" %}",
                &["--> row.md.tera:1:", "called from DIR/page.md.tera:1:", "(`DIR/page.md.tera`)"],
            ),
        ] {
            let report = report("page.md.tera", text);
            assert!(says.iter().all(|part| report.contains(part)), "{text}: {says:?} in\n{report}");
        }
    }

    #[test]
    fn a_file_of_words_that_lacks_some_is_told_once() {
        let report = report("words.md.tera", "{% component x() %}{% endcomponent x %}");
        assert!(report.contains("more\n") && report.lines().count() < 25, "{report}");
        assert!(report.contains("`DIR/words.md.tera` has to keep every component"), "{report}");
    }

    #[test]
    fn a_misnamed_template_is_told_and_a_partial_of_ones_own_is_not() {
        let folder = folder_with("pag.md.tera", "x");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("page.md.tera", "{% include \"head.md.tera\" %}{{<mine/>}}");
        write("head.md.tera", "head ");
        write("own.tera", "{% component mine() %}mine{% endcomponent mine %}");
        write("notes.txt", "x");
        assert_eq!(Engine::new(Some(folder.path())).unwrap().render("page.md.tera", &Empty {}).unwrap(), "head mine\n");
        let found = unused_templates(folder.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].file.as_deref().unwrap().ends_with("pag.md.tera"));
        assert_eq!(found[0].help.as_deref(), Some("did you mean `page.md.tera`?"));
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
