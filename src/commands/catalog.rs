//! `statemap catalog`: what the catalog knows, and whether the sources of the crates say the same.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use statemap::catalog::{BUILTIN, CrateFile};
use statemap::source::DirTree;
use statemap::verify::{self, Sources, Style, Wanted};

use super::{InputError, UsageError, print};
use crate::cli::{CatalogCommand, CatalogList, CatalogVerify, Global};
use crate::exit_code::ExitCode;

pub(crate) fn run(command: &CatalogCommand, global: &Global) -> anyhow::Result<ExitCode> {
    match command {
        CatalogCommand::List(args) => list(args),
        CatalogCommand::Verify(args) => verify(args, global),
    }
}

fn list(args: &CatalogList) -> anyhow::Result<ExitCode> {
    let files = builtin(&[])?;
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let mut rows: Vec<[String; 4]> = Vec::new();
    for file in &files {
        let mut kinds: Vec<&str> = file.api.iter().map(|api| api.kind.map_or("none", |kind| kind.as_str())).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let row = [file.krate.to_string(), file.version.to_string(), kinds.join(", "), file.summary.clone()];
        let text = row.join(" ").to_lowercase();
        if words.iter().all(|word| text.contains(word.as_str())) {
            rows.push(row);
        }
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut out = String::new();
    for [krate, version, kinds, summary] in &rows {
        let line = format!("{krate:<a$}  {version:<b$}  {kinds:<c$}  {summary}", a = widths[0], b = widths[1], c = widths[2]);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let _ = writeln!(out, "{} of {} crates", rows.len(), files.len());
    print(&out)?;
    Ok(ExitCode::Clean)
}

fn verify(args: &CatalogVerify, global: &Global) -> anyhow::Result<ExitCode> {
    let files = match &global.root {
        Some(root) if args.crates.is_empty() => own(root)?,
        _ => builtin(&args.crates)?,
    };
    let folders = if args.sources.is_empty() { cargo_folders()? } else { args.sources.clone() };
    let sources = Sources::list(&folders)
        .map_err(|error| InputError::with_help(error.to_string(), "name folders that hold unpacked crates as `<crate>-<version>`"))?;
    if sources.is_empty() {
        let shown: Vec<String> = folders.iter().map(|folder| format!("`{}`", folder.display())).collect();
        return Err(InputError::with_help(
            format!("no source of a crate in {}", shown.join(", ")),
            "folders of sources are named `<crate>-<version>`; `cargo vendor --versioned-dirs` makes them",
        ));
    }
    let wanted = if args.nearest { Wanted::Nearest } else { Wanted::Stated };
    let report = verify::verify(&files, &sources, wanted, global.threads.map(usize::from))?;
    let style = if args.full { Style::Full } else { Style::Short };
    print(&verify::render(&report, style))?;
    let counts = report.counts();
    Ok(if counts.missing + counts.missing_files + counts.contradicted > 0 {
        ExitCode::Found
    } else if counts.unreadable > 0 || counts.read == 0 {
        ExitCode::Unreadable
    } else {
        ExitCode::Clean
    })
}

/// The built-in files of the crates named; all when none is.
fn builtin(names: &[String]) -> anyhow::Result<Vec<CrateFile>> {
    for name in names {
        if BUILTIN.binary_search_by_key(&name.as_str(), |(known, _)| known).is_err() {
            return Err(UsageError::with_help(
                format!("the catalog has no crate `{name}`"),
                "`statemap catalog list` shows those it has; names are those of packages, with their hyphens",
            ));
        }
    }
    let wanted = BUILTIN.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    wanted.map(|(name, text)| toml::from_str(text).map_err(|error| anyhow::anyhow!("catalog entry for `{name}`: {error}"))).collect()
}

/// The `[[catalog]]` entries of a tree's `statemap.toml`, by the crates that their paths begin with.
fn own(root: &Path) -> anyhow::Result<Vec<CrateFile>> {
    let tree = DirTree::open(root).map_err(|error| InputError::with_help(error.to_string(), error.help()))?;
    let files = verify::own_entries(&tree).map_err(|error| UsageError::with_help(error, "mend `statemap.toml`"))?;
    if files.is_empty() {
        return Err(UsageError::with_help(
            format!("no `[[catalog]]` in `{}`", root.join("statemap.toml").display()),
            "leave out `-C` to verify the built-in catalog",
        ));
    }
    Ok(files)
}

/// Where cargo unpacks what it downloads.
fn cargo_folders() -> anyhow::Result<Vec<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let folders = home.as_deref().map(Sources::of_cargo).unwrap_or_default();
    if folders.is_empty() {
        return Err(InputError::with_help("no sources of crates below cargo's home", "name a folder with `--sources`"));
    }
    Ok(folders)
}
