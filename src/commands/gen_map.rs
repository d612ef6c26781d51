//! `statemap gen`: writes the map.

use std::path::{Path, PathBuf};

use anyhow::Context;
use statemap::annotations::{Config, OutputFormat};
use statemap::model::Class;
use statemap::output::{WriteError, WriteOptions, WriteReport, write_pages};
use statemap::render::{self, Existing, Page, RenderOptions};

use super::session::{self, Session};
use super::{InputError, UsageError, print};
use crate::cli::{Gen, GenFormat, Global};
use crate::exit_code::ExitCode;

/// Where the map goes.
enum Target {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
}

pub(crate) fn run(args: &Gen, global: &Global) -> anyhow::Result<ExitCode> {
    let session = session::open(global, args.path.as_deref())?;
    let config = &session.analysis.config;
    let format = format(args, config)?;
    let target = target(args, config, &session.root, format)?;
    let options = options(args, &session, &target);
    let map = &session.analysis.map;
    let failed = |error: render::RenderError| UsageError::with_help(error.report(), "mend the template, or leave out `--templates`");
    let (dir, pages, prune) = match (format, target) {
        (GenFormat::Markdown, Target::Stdout) => {
            print(&render::markdown(map, &options).map_err(failed)?)?;
            return Ok(session.exit_code());
        }
        (GenFormat::Json, Target::Stdout) => {
            print(&render::json(map))?;
            return Ok(session.exit_code());
        }
        (GenFormat::Markdown, Target::File(file)) => {
            let text = render::markdown(map, &options).map_err(failed)?;
            let (dir, path) = split(&file)?;
            (dir, vec![Page { path, text, existing: Existing::Marked }], None)
        }
        (GenFormat::Json, Target::File(file)) => {
            let (dir, path) = split(&file)?;
            (dir, vec![Page { path, text: render::json(map), existing: Existing::Replaced }], None)
        }
        (_, Target::Folder(dir)) => (dir, render::mdbook(map, &options).map_err(failed)?, Some("src")),
        (GenFormat::Mdbook, _) => return Err(UsageError::with_help("a book is a folder, not standard output", "name a folder with `-o`")),
    };
    let written = write_pages(&dir, &pages, &WriteOptions { prune, force: args.force, dry_run: false });
    let report = written.map_err(|error| match error {
        WriteError::Io { .. } => InputError::with_help(error.to_string(), "the map that was there before is still whole"),
        other => UsageError::with_help(other.to_string(), "nothing was written"),
    })?;
    if !global.quiet {
        tell(&session, &dir, &pages, &report);
    }
    Ok(session.exit_code())
}

fn format(args: &Gen, config: &Config) -> anyhow::Result<GenFormat> {
    Ok(match (args.format, config.output.format) {
        (Some(format), _) => format,
        (None, None | Some(OutputFormat::Markdown)) => GenFormat::Markdown,
        (None, Some(OutputFormat::Mdbook)) => GenFormat::Mdbook,
        (None, Some(OutputFormat::Json)) => GenFormat::Json,
        (None, Some(other)) => {
            return Err(UsageError::with_help(
                format!("`[output] format = \"{}\"` is not written by this version", other.as_str()),
                "use `markdown`, `mdbook` or `json`",
            ));
        }
    })
}

fn target(args: &Gen, config: &Config, root: &Path, format: GenFormat) -> anyhow::Result<Target> {
    let chosen = args.output.clone().or_else(|| config.output.path.as_ref().map(|path| root.join(path)));
    Ok(match (chosen, format) {
        (Some(path), GenFormat::Mdbook) => {
            if path.is_file() {
                return Err(UsageError::with_help(
                    format!("`{}` is a file; a book needs a folder", path.display()),
                    "name a folder with `-o`",
                ));
            }
            if is_stdout(&path) { Target::Stdout } else { Target::Folder(path) }
        }
        (Some(path), _) if is_stdout(&path) => Target::Stdout,
        (Some(path), GenFormat::Markdown) if path.is_dir() => Target::File(path.join("STATEMAP.md")),
        (Some(path), GenFormat::Json) if path.is_dir() => Target::File(path.join("statemap.json")),
        (Some(path), _) => Target::File(path),
        (None, GenFormat::Markdown) => Target::File(root.join("STATEMAP.md")),
        (None, GenFormat::Mdbook) => Target::Folder(root.join("statemap-book")),
        (None, GenFormat::Json) => Target::Stdout,
    })
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-" || path == Path::new("/dev/stdout")
}

fn options(args: &Gen, session: &Session, target: &Target) -> RenderOptions {
    let config = &session.analysis.config;
    let folder = match target {
        Target::Stdout => None,
        Target::File(file) => Some(file.parent().unwrap_or(Path::new("")).to_owned()),
        Target::Folder(dir) => Some(dir.clone()),
    };
    let link_base = folder.as_deref().and_then(|folder| way(folder, &session.root));
    // A page beside the code is committed with it: hosts follow relative links, and one that named the revision would be
    // stale as soon as it is committed. A book is published elsewhere, so its links lead to the host.
    let beside_code = matches!(target, Target::File(_)) && link_base.is_some();
    RenderOptions {
        title: config.output.title.clone().or_else(|| config.service.name.clone()),
        constants: args.constants || config.output.constants.unwrap_or(false),
        prefix: session.revision.prefix.clone(),
        link_base: link_base.unwrap_or_default(),
        relative_links: beside_code,
        templates: args.templates.clone().or_else(|| config.output.templates.as_ref().map(|path| session.root.join(path))),
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

#[expect(clippy::print_stderr, reason = "the summary of a command")]
fn tell(session: &Session, dir: &Path, pages: &[Page], report: &WriteReport) {
    let map = &session.analysis.map;
    let shown = map.items.iter().filter(|item| item.class == Class::Mutable).count();
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let target = match pages {
        [only] => dir.join(&only.path),
        _ => dir.to_owned(),
    };
    let done = match (report.written.len(), report.removed.len()) {
        (0, 0) => "unchanged".to_owned(),
        (written, 0) => format!("{} written", count(written, "file", "files")),
        (written, removed) => format!("{} written, {removed} removed", count(written, "file", "files")),
    };
    eprintln!(
        "{}: {} in {}, {}; {done}",
        target.display(),
        count(shown, "piece of state", "pieces of state"),
        count(map.services.len(), "service", "services"),
        count(map.items.len() - shown, "constant left out", "constants left out"),
    );
    let notes = map.diagnostics.iter().filter(|diagnostic| diagnostic.severity == statemap::model::Severity::Note).count();
    if notes > 0 {
        eprintln!("{} on the input: see \"Blind spots\"", count(notes, "note", "notes"));
    }
}
