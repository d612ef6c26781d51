//! `statemap gen`: writes the map.

use statemap::model::Class;
use statemap::output::{WriteReport, write_pages};

use super::outputs::{Asked, Output, Target, outputs, refused};
use super::session::{self, Session};
use super::{UsageError, counted, print};
use crate::cli::{Gen, Global};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &Gen, global: &Global) -> anyhow::Result<ExitCode> {
    let session = session::open(global, args.path.as_deref())?;
    let asked = Asked { format: args.format, output: args.output.as_deref(), shown: &args.shown, items: args.items };
    let outputs = outputs(&session, &asked)?;
    if outputs.iter().filter(|output| matches!(output.target, Target::Stdout)).count() > 1 {
        return Err(UsageError::with_help("two outputs go to standard output", "give each `[[output]]` a `path`"));
    }
    for output in &outputs {
        let Target::Folder { dir, .. } = &output.target else {
            print(&output.pages[0].text)?;
            continue;
        };
        let written = write_pages(dir, &output.pages, &output.write_options(args.force, false));
        let report = written.map_err(|error| refused(&error))?;
        if !global.quiet {
            tell(&session, output, &report);
        }
    }
    Ok(session.exit_code())
}

#[expect(clippy::print_stderr, reason = "the summary of a command")]
fn tell(session: &Session, output: &Output, report: &WriteReport) {
    let map = &session.analysis.map;
    let shown = map.items.iter().filter(|item| item.class == Class::Mutable).count();
    let Target::Folder { dir, .. } = &output.target else { return };
    let target = match output.pages.as_slice() {
        [only] => dir.join(&only.path),
        _ => dir.clone(),
    };
    let done = match (report.written.len(), report.removed.len()) {
        (0, 0) => "unchanged".to_owned(),
        (written, 0) => format!("{} written", counted(written, "file", "files")),
        (written, removed) => format!("{} written, {removed} removed", counted(written, "file", "files")),
    };
    eprintln!(
        "{}: {} in {}, {}; {done}",
        target.display(),
        counted(shown, "piece of state", "pieces of state"),
        counted(map.services.len(), "service", "services"),
        counted(map.items.len() - shown, "constant left out", "constants left out"),
    );
    let notes = map.diagnostics.iter().filter(|diagnostic| diagnostic.severity == statemap::model::Severity::Note).count();
    if notes > 0 {
        eprintln!("{} on the input: see \"Blind spots\"", counted(notes, "note", "notes"));
    }
}
