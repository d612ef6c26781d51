//! `statemap gen`: writes the map.

use std::time::Instant;

use statemap::model::{Class, HazardSeverity, StateMap};
use statemap::output::{WriteReport, write_pages};
use statemap::progress::Stage;
use statemap::render;
use statemap::terminal::visible;

use super::changelog::Changelog;
use super::outputs::{Asked, Output, Target, outputs, refused, tell_unused_templates};
use super::progress::Bar;
use super::screen::Stream;
use super::session::{self, Session};
use super::{UsageError, counted, print};
use crate::cli::{Gen, GenFormat, Global};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &Gen, global: &Global) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    if args.format.is_none_or(|format| format == GenFormat::Markdown) {
        render::prepare();
    }
    let session = session::open(global, args.path.as_deref())?;
    let bar = Bar::start(global);
    bar.progress().stage(Stage::Write);
    let asked = Asked {
        format: args.format,
        output: args.output.as_deref(),
        service: args.service.as_deref(),
        shown: &args.shown,
        items: args.items,
        changelog: Changelog::Walked { most: args.changelog, global },
    };
    let outputs = outputs(&session, &asked)?;
    tell_unused_templates(&outputs, global);
    if outputs.iter().filter(|output| matches!(output.target, Target::Stdout)).count() > 1 {
        return Err(UsageError::with_help("two outputs go to standard output", "give each `[[output]]` a `path`"));
    }
    drop(bar);
    for output in &outputs {
        let Target::Folder { dir, .. } = &output.target else {
            print(&output.pages[0].text)?;
            continue;
        };
        let written = write_pages(dir, &output.pages, &output.write_options(args.force, false));
        let report = written.map_err(|error| refused(&error))?;
        if !global.quiet {
            tell(&session, output, &report, started);
        }
    }
    let any_file = outputs.iter().any(|output| matches!(output.target, Target::Folder { .. }));
    if any_file && !global.quiet {
        tell_blind_spots(&session);
    }
    Ok(session.exit_code())
}

fn tell(session: &Session, output: &Output, report: &WriteReport, started: Instant) {
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
    // How long it took is for who has waited.
    let took = if Stream::Err.is_terminal() { format!(" in {:.1} s", started.elapsed().as_secs_f64()) } else { String::new() };
    say!(
        "{}: {} in {}, {}; {done}{took}",
        visible(&target.display().to_string()),
        counted(shown, "piece of state", "pieces of state"),
        counted(map.services.len(), "service", "services"),
        hazards(map),
    );
}

/// `34 hazards (7 high, 12 medium, 15 low)`, those that nobody has accepted.
fn hazards(map: &StateMap) -> String {
    let open = || map.hazards.iter().filter(|hazard| hazard.acknowledged.is_none());
    let of = |severity: HazardSeverity| {
        let count = open().filter(|hazard| hazard.severity == severity).count();
        (count > 0).then(|| format!("{count} {}", severity.as_str()))
    };
    let by_severity: Vec<String> = [HazardSeverity::High, HazardSeverity::Medium, HazardSeverity::Low].into_iter().filter_map(of).collect();
    let accepted = map.hazards.len() - open().count();
    let accepted = if accepted == 0 { String::new() } else { format!(", {accepted} accepted") };
    match open().count() {
        0 => format!("no hazards{accepted}"),
        count => format!("{} ({}){accepted}", counted(count, "hazard", "hazards"), by_severity.join(", ")),
    }
}

/// What is not on the map, in one line.
fn tell_blind_spots(session: &Session) {
    let map = &session.analysis.map;
    let constants = map.items.iter().filter(|item| item.class == Class::Constant).count();
    let left_out = (constants > 0).then(|| format!("left out: {}", counted(constants, "constant", "constants")));
    let not_seen = render::not_seen(map);
    let not_seen = (!not_seen.is_empty()).then(|| format!("not seen: {not_seen}"));
    let told: Vec<String> = [left_out, not_seen].into_iter().flatten().collect();
    if !told.is_empty() {
        say!("{} (see \"Blind spots\")", told.join("; "));
    }
}
