//! `statemap templates`: the words of the pages, listed and copied out.

use std::io::Write;
use std::path::{Path, PathBuf};

use statemap::output::{WriteOptions, write_pages};
use statemap::render::{Existing, Page, Template, templates};

use super::outputs::refused;
use super::{UsageError, counted, nearest_of, print};
use crate::cli::{Global, TemplatesCommand, TemplatesExport};
use crate::exit_code::ExitCode;

/// The folder when none is named.
const FOLDER: &str = "statemap-templates";

pub(crate) fn run(command: &TemplatesCommand, global: &Global) -> anyhow::Result<ExitCode> {
    match command {
        TemplatesCommand::List => list(),
        TemplatesCommand::Export(args) => export(args, global),
    }
}

fn list() -> anyhow::Result<ExitCode> {
    let all = templates();
    let width = all.iter().map(|template| template.name.len()).max().unwrap_or(0);
    let line = |template: &Template| format!("{:width$}  {}\n", template.name, template.renders.replace('`', ""));
    print(&all.iter().map(line).collect::<String>())?;
    Ok(ExitCode::Clean)
}

fn export(args: &TemplatesExport, global: &Global) -> anyhow::Result<ExitCode> {
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    let existing = if args.force { Existing::Replaced } else { Existing::Kept };
    let page = |template: &Template| Page { path: template.name.to_owned(), text: template.exported(), existing };
    let pages: Vec<Page> = wanted(&args.only)?.iter().map(page).collect();
    let report = write_pages(&folder, &pages, &WriteOptions::default()).map_err(|error| refused(&error))?;
    if !global.quiet {
        for name in &report.kept {
            tell(&format!("{}: is there and stays as it is; `--force` replaces it\n", folder.join(name).display()));
        }
        tell(&format!("{}: {} written\n", folder.display(), counted(report.written.len(), "template", "templates")));
        if !report.written.is_empty() {
            tell(&format!("`statemap gen --templates {}` uses them; delete those that you do not change\n", shown(&folder)));
        }
    }
    Ok(ExitCode::Clean)
}

/// The templates that are named; all when none is.
fn wanted(names: &[String]) -> anyhow::Result<Vec<Template>> {
    let all = templates();
    if names.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        all.iter().copied().find(|template| template.is_named(name)).ok_or_else(|| {
            let known = all.iter().map(|template| if name.ends_with(".tera") { template.name } else { template.stem() });
            UsageError::with_help(format!("no template `{name}`"), nearest_of(name, known, "`statemap templates list` shows the names"))
        })
    };
    names.iter().map(find).collect()
}

fn shown(folder: &Path) -> String {
    let text = folder.display().to_string();
    if text.contains(char::is_whitespace) { format!("'{text}'") } else { text }
}

/// What was done is told on standard error, as by `gen`.
fn tell(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
