//! Where the map goes: what the command line and `statemap.toml` ask for, as pages and folders. Shared by `gen` and `check`.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use statemap::annotations::{Config, OutputConfig, OutputFormat};
use statemap::diag;
use statemap::diagram::DiagramError;
use statemap::model::Diagnostic;
use statemap::output::{WriteError, WriteOptions};
use statemap::render::{self, Drawing, Existing, Page, RenderOptions, SarifOptions};
use statemap::source::{DirTree, Tree as _};

use super::changelog::Changelog;
use super::screen::{self, Stream};
use super::session::Session;
use super::{InputError, UsageError};
use crate::cli::{GenFormat, Global, Shown};

/// One form of the map.
pub(super) struct Output {
    /// How messages call it: the file or folder as the user named it.
    pub(super) name: String,
    pub(super) format: GenFormat,
    pub(super) target: Target,
    pub(super) pages: Vec<Page>,
    /// The folder with the user's templates.
    pub(super) templates: Option<PathBuf>,
}

/// Where it goes.
pub(super) enum Target {
    Stdout,
    /// Below this folder; pages of vanished items are looked for in the other one.
    Folder {
        dir: PathBuf,
        prune: Option<&'static str>,
    },
}

/// What the command line says of outputs.
pub(super) struct Asked<'a> {
    pub(super) format: Option<GenFormat>,
    pub(super) output: Option<&'a Path>,
    /// The service whose diagram is wanted.
    pub(super) service: Option<&'a str>,
    pub(super) shown: &'a Shown,
    /// SARIF tells state beside hazards.
    pub(super) items: bool,
    pub(super) changelog: Changelog<'a>,
}

impl Output {
    /// How its pages are written.
    pub(super) fn write_options(&self, force: bool, dry_run: bool) -> WriteOptions<'static> {
        let prune = match self.target {
            Target::Folder { prune, .. } => prune,
            Target::Stdout => None,
        };
        WriteOptions { prune, force, dry_run }
    }
}

/// Renders what is asked for: one output when the command line names its form or place, else each one that is configured.
pub(super) fn outputs(session: &Session, asked: &Asked<'_>) -> anyhow::Result<Vec<Output>> {
    let config = &session.analysis.config;
    let nothing = OutputConfig::default();
    let configured: Vec<&OutputConfig> = match config.outputs.as_slice() {
        [] => vec![&nothing],
        outputs => outputs.iter().collect(),
    };
    if asked.format.is_none() && asked.output.is_none() && asked.service.is_none() {
        let mut outputs = Vec::new();
        for one in configured {
            outputs.push(output(session, asked, one, one.path.as_ref().map(|path| session.root.join(path)))?);
        }
        return Ok(outputs);
    }
    // The entry that speaks of the form asked for gives the rest: title, templates, and its place.
    let of_form = |one: &&&OutputConfig| asked.format.is_some_and(|format| one.format.is_some_and(|form| gen_format(form) == format));
    let one = configured.iter().find(of_form).or(configured.first()).copied().unwrap_or(&nothing);
    let path = match asked.output {
        Some(path) => Some(path.to_owned()),
        None => one.path.as_ref().map(|path| session.root.join(path)),
    };
    Ok(vec![output(session, asked, one, path)?])
}

fn output(session: &Session, asked: &Asked<'_>, config: &OutputConfig, path: Option<PathBuf>) -> anyhow::Result<Output> {
    let format = match (asked.format, config.format) {
        (Some(format), _) => format,
        (None, Some(format)) => gen_format(format),
        (None, None) => GenFormat::Markdown,
    };
    let place = place(format, path, &session.root)?;
    let mut options = options(session, asked, config, format, &place);
    if let (GenFormat::Mdbook, Place::Folder(dir)) = (format, &place) {
        options.history = asked.changelog.of(session, config.changelog, dir)?;
    }
    let map = &session.analysis.map;
    let failed = |error: render::RenderError| UsageError::with_help(error.report(), "mend the template, or leave out `--templates`");
    let service = asked.service.or(config.service.as_deref());
    let drawing = drawing(format, service)?;
    let text = match format {
        GenFormat::Markdown => Some(render::markdown(map, &options).map_err(failed)?),
        GenFormat::Json => Some(render::json(map)),
        GenFormat::Sarif => Some(sarif(session, asked.items || config.items.unwrap_or(false))),
        GenFormat::Mdbook => None,
        GenFormat::Mermaid | GenFormat::Svg if matches!(place, Place::Folder(_)) => match service {
            None => None,
            Some(_) => return Err(UsageError::with_help("one diagram is a file, not a folder", "name a file with `-o`")),
        },
        GenFormat::Mermaid | GenFormat::Svg => Some(diagram(session, service, drawing.unwrap_or(Drawing::Mermaid), &options)?),
    };
    let existing = if matches!(format, GenFormat::Json | GenFormat::Sarif) { Existing::Replaced } else { Existing::Marked };
    let (name, target, pages) = match (place, text) {
        (Place::Stdout, Some(text)) => ("standard output".to_owned(), Target::Stdout, vec![Page { path: String::new(), text, existing }]),
        (Place::File(file), Some(text)) => {
            let (dir, path) = split(&file)?;
            (shown(&file, &session.root), Target::Folder { dir, prune: None }, vec![Page { path, text, existing }])
        }
        (Place::Folder(dir), _) | (Place::File(dir), None) => {
            let (pages, prune) = match drawing {
                Some(drawing) => (render::diagram_files(map, drawing, &options).map_err(|error| undrawn(&error))?, None),
                None => (render::mdbook(map, &options).map_err(failed)?, Some("src")),
            };
            (shown(&dir, &session.root), Target::Folder { dir, prune }, pages)
        }
        (Place::Stdout, None) => return Err(UsageError::with_help("a book is a folder, not standard output", "name a folder with `-o`")),
    };
    Ok(Output { name, format, target, pages, templates: options.templates })
}

/// Tells of files among the user's templates that nothing uses, each folder once.
pub(super) fn tell_unused_templates(outputs: &[Output], global: &Global) {
    let folders: BTreeSet<&PathBuf> = outputs.iter().filter_map(|output| output.templates.as_ref()).collect();
    let found: Vec<Diagnostic> = folders.into_iter().flat_map(|folder| render::unused_templates(folder)).collect();
    if !global.quiet && !found.is_empty() {
        let style = diag::Style { colour: screen::colour(Stream::Err, global), width: screen::message_width(Stream::Err) };
        // Nobody reads the messages: the work is still done.
        let _ = std::io::stderr().lock().write_all(diag::render(&found, &mut |_| None, style).as_bytes());
    }
}

/// The form of a diagram; none for other outputs, which are of all services.
fn drawing(format: GenFormat, service: Option<&str>) -> anyhow::Result<Option<Drawing>> {
    match (format, service) {
        (GenFormat::Mermaid, _) => Ok(Some(Drawing::Mermaid)),
        (GenFormat::Svg, _) => Ok(Some(Drawing::Svg)),
        (_, None) => Ok(None),
        (_, Some(service)) => Err(UsageError::with_help(
            format!("`{service}` is named, but only diagrams are of one service"),
            "add `--format mermaid` or `--format svg`; for a map of one service, name it under `bins` of `[service]` in statemap.toml",
        )),
    }
}

/// One diagram.
fn diagram(session: &Session, service: Option<&str>, drawing: Drawing, options: &RenderOptions) -> anyhow::Result<String> {
    let map = &session.analysis.map;
    let Some(text) = render::diagram_file(map, service, drawing, options) else {
        let names: Vec<String> = map.services.iter().map(|service| format!("`{}`", service.name)).collect();
        let help = if names.is_empty() { "this tree has no service".to_owned() } else { format!("the services are {}", names.join(", ")) };
        return Err(UsageError::with_help(format!("there is no service `{}`", service.unwrap_or_default()), help));
    };
    text.map_err(|error| undrawn(&error))
}

fn undrawn(error: &DiagramError) -> anyhow::Error {
    let help = match error {
        DiagramError::NotBuilt => "install it with its default features, or take `--format mermaid`, which is text",
        DiagramError::Layout { .. } => "`--format mermaid` gives its source, which other programs may draw",
    };
    UsageError::with_help(error.to_string(), help)
}

/// The hazards as SARIF. Columns are counted in the text of the files.
fn sarif(session: &Session, items: bool) -> String {
    let tree = DirTree::open(&session.root).ok();
    let options = SarifOptions { prefix: session.revision.prefix.clone(), items, incomplete: session.analysis.unreadable };
    render::sarif(&session.analysis.map, &options, &mut |file| tree.as_ref()?.read(file).ok())
}

/// A path as people name it: below the root without the root.
fn shown(path: &Path, root: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let text = below.display().to_string();
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

fn gen_format(format: OutputFormat) -> GenFormat {
    match format {
        OutputFormat::Markdown => GenFormat::Markdown,
        OutputFormat::Mdbook => GenFormat::Mdbook,
        OutputFormat::Json => GenFormat::Json,
        OutputFormat::Mermaid => GenFormat::Mermaid,
        OutputFormat::Svg => GenFormat::Svg,
        OutputFormat::Sarif => GenFormat::Sarif,
    }
}

enum Place {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
}

fn place(format: GenFormat, path: Option<PathBuf>, root: &Path) -> anyhow::Result<Place> {
    Ok(match (path, format) {
        (Some(path), GenFormat::Mdbook) => {
            if path.is_file() {
                return Err(UsageError::with_help(
                    format!("`{}` is a file; a book needs a folder", path.display()),
                    "name a folder with `-o`",
                ));
            }
            if is_stdout(&path) { Place::Stdout } else { Place::Folder(path) }
        }
        (Some(path), _) if is_stdout(&path) => Place::Stdout,
        (Some(path), GenFormat::Markdown) if path.is_dir() => Place::File(path.join("STATEMAP.md")),
        (Some(path), GenFormat::Json) if path.is_dir() => Place::File(path.join("statemap.json")),
        (Some(path), GenFormat::Sarif) if path.is_dir() => Place::File(path.join("statemap.sarif")),
        (Some(path), GenFormat::Mermaid | GenFormat::Svg) if path.is_dir() || ends_as_folder(&path) => Place::Folder(path),
        (Some(path), _) => Place::File(path),
        (None, GenFormat::Markdown) => Place::File(root.join("STATEMAP.md")),
        (None, GenFormat::Mdbook) => Place::Folder(root.join("statemap-book")),
        (None, GenFormat::Json | GenFormat::Sarif | GenFormat::Mermaid | GenFormat::Svg) => Place::Stdout,
    })
}

/// A folder that is not there yet is told by the `/` behind it.
fn ends_as_folder(path: &Path) -> bool {
    path.to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-" || path == Path::new("/dev/stdout")
}

fn options(session: &Session, asked: &Asked<'_>, output: &OutputConfig, format: GenFormat, place: &Place) -> RenderOptions {
    let config: &Config = &session.analysis.config;
    let link_base = match place {
        // Where it will be put nobody knows; the root is the likely place.
        Place::Stdout => Some(String::new()),
        Place::File(file) if format != GenFormat::Mdbook => way(file.parent().unwrap_or(Path::new("")), &session.root),
        // Drawings are as likely to be committed in a folder of their own.
        Place::Folder(dir) if matches!(format, GenFormat::Mermaid | GenFormat::Svg) => way(dir, &session.root),
        // Its pages are published without the source.
        Place::File(_) | Place::Folder(_) => None,
    };
    // A page beside the code is committed with it: hosts follow relative links, and one that named the revision would be
    // stale as soon as it is committed. A book is published elsewhere, so its links lead to the host.
    let beside_code = !matches!(place, Place::Stdout) && link_base.is_some();
    RenderOptions {
        title: output.title.clone().or_else(|| config.service.name.clone()),
        description: config.service.description.clone(),
        owner: config.service.owner.clone(),
        constants: asked.shown.constants || output.constants.unwrap_or(false),
        prefix: session.revision.prefix.clone(),
        link_base,
        relative_links: beside_code,
        templates: asked.shown.templates.clone().or_else(|| output.templates.as_ref().map(|path| session.root.join(path))),
        history: None,
    }
}

/// The relative way from a folder to the root; none when the folder lies outside of it.
fn way(folder: &Path, root: &Path) -> Option<String> {
    let root = std::fs::canonicalize(root).ok()?;
    let absolute = std::path::absolute(folder).ok()?;
    // The folder may not be there yet: the part that is decides where it lies.
    let there = absolute.ancestors().find(|part| part.exists())?;
    let rest = absolute.strip_prefix(there).ok()?;
    let full = std::fs::canonicalize(there).ok()?.join(rest);
    let below = full.strip_prefix(&root).ok()?;
    Some(vec![".."; below.components().count()].join("/"))
}

fn split(file: &Path) -> anyhow::Result<(PathBuf, String)> {
    let name = file.file_name().and_then(|name| name.to_str()).context("the output needs a file name")?;
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((dir.to_owned(), name.to_owned()))
}

/// What a failed write is to the user.
pub(super) fn refused(error: &WriteError) -> anyhow::Error {
    match error {
        WriteError::Io { .. } => InputError::with_help(error.to_string(), "what was there before is still whole"),
        WriteError::HalfWay { .. } => {
            InputError::with_help(error.to_string(), "each file is whole; run the same command again when the disk takes files")
        }
        other => UsageError::with_help(other.to_string(), "nothing was written"),
    }
}
