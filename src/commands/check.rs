//! `statemap check`: what of the committed map and of the annotations does not hold.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use statemap::annotations::{Level, Policy};
use statemap::check::{Baseline, Committed, Finding, State, check_map, check_state};
use statemap::output::{WriteOptions, pending, write_pages};
use statemap::render::{self, CHANGES, Existing, Page};

use super::changelog::Changelog;
use super::check_text::{json, text};
use super::outputs::{Asked, Output, Target, outputs, refused};
use super::session::{self, Session};
use super::{InputError, UsageError, counted, print};
use crate::cli::{Check, CheckFormat, GenFormat, Global};
use crate::exit_code::ExitCode;

/// The baseline's file when nobody names one.
const BASELINE: &str = "statemap-baseline.txt";

pub(crate) fn run(args: &Check, global: &Global) -> anyhow::Result<ExitCode> {
    if !args.what_if.replicas.is_empty() || !args.what_if.set.is_empty() {
        return super::what_if::run(&session::open_for_what_if(global, args.path.as_deref())?, args, global);
    }
    if !args.write_baseline {
        render::prepare();
    }
    let session = session::open_for_check(global, args.path.as_deref())?;
    let config = &session.analysis.config;
    let file = baseline_file(args, &session);
    if args.write_baseline {
        return write_baseline(&session, &file.unwrap_or_else(|| session.root.join(BASELINE)), global);
    }
    let baseline = file.as_deref().map(read_baseline).transpose()?;
    let name = file.as_deref().map(|file| below(file, &session.root)).unwrap_or_default();
    let tree = args.path.as_ref().or(global.root.as_ref()).map(|path| path.display().to_string());
    let baseline = baseline.as_ref().map(|baseline| (baseline, name.as_str()));
    let state = State { map: &session.analysis.map, config, baseline, tree: tree.as_deref(), today: session::today() };
    let mut findings = stale(args, global, &session)?;
    findings.extend(check_state(&state));
    let told: Vec<&Finding> = findings.iter().filter(|finding| finding.fails() || !global.quiet).collect();
    match args.format {
        CheckFormat::Json => print(&json(&findings))?,
        CheckFormat::Text => print(&text(&told, &session, global))?,
    }
    let failed = findings.iter().filter(|finding| finding.fails()).count();
    if !global.quiet && args.format == CheckFormat::Text {
        tell(&session, failed, findings.len() - failed);
    }
    Ok(match (session.exit_code(), failed) {
        // A map of half the input proves nothing.
        (ExitCode::Unreadable, _) => ExitCode::Unreadable,
        (_, 0) => ExitCode::Clean,
        _ => ExitCode::Found,
    })
}

/// Compares the committed outputs with those of the code.
fn stale(args: &Check, global: &Global, session: &Session) -> anyhow::Result<Vec<Finding>> {
    let policy: &Policy = &session.analysis.config.policy;
    if policy.stale == Some(Level::Allow) {
        return Ok(Vec::new());
    }
    let asked = Asked {
        format: args.output.as_deref().map(form_of),
        output: args.output.as_deref(),
        service: None,
        shown: &args.shown,
        items: false,
        changelog: Changelog::AsThere,
    };
    let outputs = outputs(session, &asked)?;
    if outputs.iter().all(|output| matches!(output.target, Target::Stdout) || output.format == GenFormat::Sarif) {
        return Err(UsageError::with_help(
            "the map goes to standard output, or is SARIF: there is no committed one to compare with",
            "give `[output]` in statemap.toml a `path`, or name the file with `-o`",
        ));
    }
    let mut findings = Vec::new();
    for output in &outputs {
        let Some(committed) = committed(output, args, global)? else { continue };
        findings.extend(check_map(&committed, policy, &session.analysis.map));
    }
    Ok(findings)
}

/// The form of a map by what is there: a folder is a book when it looks like one.
fn form_of(path: &Path) -> GenFormat {
    if path.join("book.toml").is_file() || path.join("src/SUMMARY.md").is_file() {
        GenFormat::Mdbook
    } else if let Some(format) = path.extension().and_then(|extension| extension.to_str()).and_then(by_extension) {
        format
    } else if path.join("overview.svg").is_file() {
        GenFormat::Svg
    } else if path.join("overview.mmd").is_file() {
        GenFormat::Mermaid
    } else {
        GenFormat::Markdown
    }
}

fn by_extension(extension: &str) -> Option<GenFormat> {
    match extension {
        "json" => Some(GenFormat::Json),
        "svg" => Some(GenFormat::Svg),
        "mmd" | "mermaid" => Some(GenFormat::Mermaid),
        _ => None,
    }
}

/// The files of an output that differ from what the code gives; `None` for what is not kept in a file.
fn committed(output: &Output, args: &Check, global: &Global) -> anyhow::Result<Option<Committed>> {
    let Target::Folder { dir, .. } = &output.target else { return Ok(None) };
    // It names the commit that it is made for, and is handed to a host: nobody commits it.
    if output.format == GenFormat::Sarif {
        return Ok(None);
    }
    let (changes, gone) = pending(dir, &output.pages, &output.write_options(false, true)).map_err(|error| refused(&error))?;
    // A book is missing when none of its pages is there; a `book.toml` may be.
    let page_count = output.pages.iter().filter(|page| page.existing != Existing::Kept).count();
    let not_there = changes.iter().filter(|change| change.old.is_none() && change.path != "book.toml").count();
    let is_missing = page_count > 0 && not_there == page_count;
    let many = output.pages.len() > 1;
    let name = |path: &str| if many { format!("{}/{path}", output.name.trim_end_matches('/')) } else { output.name.clone() };
    let mut files: Vec<_> = changes
        .into_iter()
        // No commit can tell what it changes itself.
        .filter(|change| change.path != "book.toml" && change.path != CHANGES)
        .map(|change| (name(&change.path), change.old, Some(change.new)))
        .collect();
    for path in gone {
        files.push((name(&path), std::fs::read_to_string(dir.join(&path)).ok(), None));
    }
    Ok(Some(Committed {
        name: output.name.clone(),
        is_json: output.format == GenFormat::Json,
        is_missing,
        files,
        command: gen_command(output, args, global),
    }))
}

/// The command that writes the output anew, when it is run where this one was.
fn gen_command(output: &Output, args: &Check, global: &Global) -> Vec<String> {
    let mut words = vec!["gen".to_owned()];
    if let Some(path) = args.path.as_ref().or(global.root.as_ref()) {
        words.push(path.display().to_string());
    }
    if let Some(path) = &args.output {
        if output.format != GenFormat::Markdown {
            let format = output.format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            words.extend(["--format".to_owned(), format]);
        }
        words.extend(["-o".to_owned(), path.display().to_string()]);
    }
    if args.shown.constants {
        words.push("--constants".to_owned());
    }
    if let Some(templates) = &args.shown.templates {
        words.extend(["--templates".to_owned(), templates.display().to_string()]);
    }
    words
}

/// The file named on the command line, else the one of `[policy]`, else the usual one when it is there.
fn baseline_file(args: &Check, session: &Session) -> Option<PathBuf> {
    let configured = session.analysis.config.policy.baseline.as_ref().map(|file| session.root.join(file));
    args.baseline.clone().or(configured)
}

fn read_baseline(file: &Path) -> anyhow::Result<Baseline> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Baseline::parse(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(UsageError::with_help(
            format!("there is no baseline `{}`", file.display()),
            format!("`statemap check --baseline {} --write-baseline` writes it from today's state", file.display()),
        )),
        Err(error) => Err(InputError::with_help(format!("failed to read `{}`: {error}", file.display()), "make it a readable text file")),
    }
}

fn write_baseline(session: &Session, file: &Path, global: &Global) -> anyhow::Result<ExitCode> {
    let state = State { map: &session.analysis.map, config: &session.analysis.config, baseline: None, tree: None, today: session::today() };
    let ids = state.to_let_through();
    let name = file.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| UsageError::with_help(format!("`{}` is no file name", file.display()), "name a file with `--baseline`"))?;
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let page = Page { path: name.to_owned(), text: Baseline::text(&ids), existing: Existing::Replaced };
    let report = write_pages(dir, &[page], &WriteOptions::default()).map_err(|error| refused(&error))?;
    if !global.quiet {
        let done = if report.written.is_empty() { "unchanged" } else { "written" };
        say!("{}: {} without annotation; {done}", file.display(), counted(ids.len(), "piece of state", "pieces of state"));
        if session.analysis.config.policy.baseline.is_none() {
            let path = match (file.canonicalize(), session.root.canonicalize()) {
                (Ok(file), Ok(root)) => below(&file, &root),
                _ => below(file, &session.root),
            };
            let used = format!("`statemap check --baseline {}`", file.display());
            say!("commit it, and put this into statemap.toml, or run {used}:\n\n[policy]\nbaseline = \"{path}\"");
        }
    }
    Ok(session.exit_code())
}

fn below(file: &Path, root: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}

fn tell(session: &Session, failed: usize, warned: usize) {
    let map = &session.analysis.map;
    let stubs = session.analysis.config.states.iter().filter(|state| !state.written.blanks().is_empty()).count();
    let warnings = if warned == 0 { String::new() } else { format!(", {}", counted(warned, "warning", "warnings")) };
    let waiting =
        if stubs == 0 { String::new() } else { format!("; {} of statemap.toml to be filled in", counted(stubs, "stub", "stubs")) };
    if failed == 0 {
        let shown = map.items.iter().filter(|item| item.class == statemap::model::Class::Mutable).count();
        say!("statemap check: {} checked, all holds{warnings}{waiting}", counted(shown, "piece of state", "pieces of state"));
    } else {
        say!("statemap check: {}{warnings}{waiting}", counted(failed, "thing does not hold", "things do not hold"));
    }
}
