//! `statemap mdbook`: the preprocessor as mdBook calls it, and its installation into a book.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use statemap::diag;
use statemap::model::{Diagnostic, Severity};
use statemap::output::{WriteOptions, write_pages};
use statemap::preprocess::{self, Asked, Done, InstallError, PreprocessError, install, preprocess};
use statemap::render::{Existing, Page, STYLESHEET, STYLESHEET_FILE};
use statemap::source::{DirTree, Tree, nearest_root, way};

use super::cache;
use super::outputs::refused;
use super::screen::{self, Stream};
use super::{InputError, UsageError, print, session};
use crate::cli::{Global, Mdbook, MdbookCommand};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &Mdbook, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.command {
        None => fill(global),
        Some(MdbookCommand::Supports { renderer }) => Ok(if preprocess::supports(renderer) { ExitCode::Clean } else { ExitCode::Found }),
        Some(MdbookCommand::Install { book }) => into(book.as_deref().unwrap_or(Path::new(".")), global),
    }
}

/// The book comes from standard input and goes to standard output.
fn fill(global: &Global) -> anyhow::Result<ExitCode> {
    if std::io::stdin().is_terminal() {
        let help = "`statemap mdbook install` puts it into a book.toml; then `mdbook build` calls it";
        return Err(UsageError::with_help("`statemap mdbook` takes a book from mdBook, on standard input", help));
    }
    let mut input = String::new();
    let unreadable = |error: std::io::Error| InputError::with_help(format!("failed to read standard input: {error}"), "mdBook writes it");
    std::io::stdin().lock().read_to_string(&mut input).map_err(unreadable)?;
    let (ctx, book) = mdbook_preprocessor::parse_input(input.as_bytes()).map_err(|error| not_a_book(&input, &error))?;
    if let Some(mismatch) = preprocess::mismatch(&ctx.mdbook_version)
        && !global.quiet
    {
        tell(&format!("warning: {mismatch}\n"));
    }
    let cache = cache::open(global).map(Arc::new);
    let asked = Asked { options: session::options(global)?, root: global.root.clone(), cache: cache.clone() };
    let Done { book, of_book, of_tree } = preprocess(&ctx, book, &asked).map_err(|error| failed(error, global))?;
    cache::tell(cache.as_deref(), global);
    if !global.quiet {
        tell(&of_book.render(style(global)));
    }
    if let Some((root, found)) = of_tree {
        tell_tree(&root, &found, global);
    }
    print(&serde_json::to_string(&book)?)?;
    Ok(ExitCode::Clean)
}

fn not_a_book(input: &str, error: &anyhow::Error) -> anyhow::Error {
    match preprocess::speaks_otherwise(input) {
        Some(version) => UsageError::with_help(
            format!("the book is built by mdbook {version}, which hands over books in another form"),
            format!("build it with mdbook {}", mdbook_preprocessor::MDBOOK_VERSION),
        ),
        None => InputError::with_help(format!("standard input is no book of mdBook: {error:#}"), "let `mdbook build` call this command"),
    }
}

fn failed(error: PreprocessError, global: &Global) -> anyhow::Error {
    match error {
        PreprocessError::Book(messages) => {
            tell(&messages.render(style(global)));
            UsageError::with_help("the book asks for what is not there", "mend the places shown above")
        }
        PreprocessError::Config { root, found } => {
            tell_tree(&root, &found, global);
            UsageError::with_help(format!("`statemap.toml` of `{}` is not valid", root.display()), "mend the places shown above")
        }
        PreprocessError::NoRust(root) => InputError::with_help(
            format!("no Rust code in `{}`", root.display()),
            "name the folder of the service with `root` in `[preprocessor.statemap]`, relative to that of the book",
        ),
        PreprocessError::Tree(error) => InputError::with_help(
            error.to_string(),
            "`root` in `[preprocessor.statemap]` names the folder of the service, relative to that of the book",
        ),
        PreprocessError::Template(error) => UsageError::with_help(error.report(), "mend the template, or leave out `templates`"),
        PreprocessError::Chapters { message, help } => UsageError::with_help(message, help),
        PreprocessError::Analysis(error) => error,
    }
}

fn tell_tree(root: &Path, found: &[Diagnostic], global: &Global) {
    let least = if global.quiet { Severity::Error } else { Severity::Warning };
    let shown: Vec<Diagnostic> = found.iter().filter(|found| found.severity >= least).cloned().collect();
    let tree = DirTree::open(root).ok();
    tell(&diag::render(&diag::bounded(shown), &mut |file| tree.as_ref()?.read(file).ok(), style(global)));
}

fn style(global: &Global) -> diag::Style {
    diag::Style { colour: screen::colour(Stream::Err, global), width: screen::message_width(Stream::Err) }
}

/// Standard output belongs to the book.
fn tell(text: &str) {
    // Nobody reads the messages: the work is still done.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Puts the preprocessor into the `book.toml` of a folder.
fn into(folder: &Path, global: &Global) -> anyhow::Result<ExitCode> {
    let file = if folder == Path::new(".") { PathBuf::from("book.toml") } else { folder.join("book.toml") };
    let text = std::fs::read_to_string(&file).map_err(|error| {
        InputError::with_help(
            format!("failed to read `{}`: {error}", file.display()),
            "name the folder of a book; `mdbook init` makes one, and `statemap gen --format mdbook` a book of its own",
        )
    })?;
    let (from, to) = (std::path::absolute(folder)?, tree_of(folder, global)?);
    let root = way(&from, &to).unwrap_or_else(|| to.display().to_string());
    let root = if root.is_empty() { "." } else { &root };
    let installed = install(&text, root, STYLESHEET_FILE)
        .map_err(|error: InstallError| UsageError::with_help(error.to_string(), "nothing was written"))?;
    let mut pages = vec![Page { path: "book.toml".to_owned(), text: installed.text, existing: Existing::Replaced }];
    if installed.styled {
        pages.push(Page { path: STYLESHEET_FILE.to_owned(), text: STYLESHEET.to_owned(), existing: Existing::Marked });
    }
    let report = write_pages(folder, &pages, &WriteOptions::default()).map_err(|error| refused(&error))?;
    if !global.quiet {
        for line in &installed.added {
            tell(&format!("{}: added {line}\n", file.display()));
        }
        if report.written.iter().any(|path| path.ends_with(STYLESHEET_FILE)) {
            tell(&format!("{}: written\n", file.with_file_name(STYLESHEET_FILE).display()));
        }
        if report.written.is_empty() {
            tell(&format!("{}: all was there, nothing is changed\n", file.display()));
        } else {
            tell(&format!("`mdbook build {}` makes the book with the map in it\n", folder.display()));
        }
    }
    Ok(ExitCode::Clean)
}

fn tree_of(folder: &Path, global: &Global) -> anyhow::Result<PathBuf> {
    Ok(match &global.root {
        Some(root) => std::path::absolute(root)?,
        None => nearest_root(&std::path::absolute(folder)?),
    })
}
