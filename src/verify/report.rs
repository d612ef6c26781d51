//! A report as text for a terminal: failures in full, the rest in one line a crate.

use std::fmt::Write;

use super::{CrateReport, DefaultVerdict, PathVerdict, Place, Report, Source};

/// Versions that are not there and told by name.
const MAX_ABSENT: usize = 8;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Failures, a line for each crate that was read, the sums.
    Short,
    /// Each path and each default.
    Full,
}

/// The report as text.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let mut out = String::new();
    let read: Vec<&CrateReport> = report.crates.iter().filter(|krate| matches!(krate.source, Source::Read(_))).collect();
    let rows: Vec<[String; 5]> = read.iter().map(|krate| row(krate)).collect();
    let widths: Vec<usize> = (0..5).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    for (krate, row) in read.iter().zip(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
        details(&mut out, krate, style);
    }
    for krate in &report.crates {
        match &krate.source {
            Source::Unreadable(reason) => {
                let _ = writeln!(out, "{} {}: unreadable: {reason}", krate.krate, krate.stated);
            }
            Source::NotThere(versions) if style == Style::Full || report.crates.len() == 1 => {
                let there = if versions.is_empty() { String::new() } else { format!("; there are {}", versions.join(", ")) };
                let _ = writeln!(out, "{} {}: source not there{there}", krate.krate, krate.stated);
            }
            _ => {}
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&sums(report));
    out
}

fn row(krate: &CrateReport) -> [String; 5] {
    let Source::Read(version) = &krate.source else { return Default::default() };
    let there = krate.paths.iter().filter(|(_, verdict)| !matches!(verdict, PathVerdict::Missing { .. })).count();
    let confirmed = krate.defaults.iter().filter(|default| matches!(default.verdict, DefaultVerdict::Confirmed(_))).count();
    let version =
        if krate.stated.is_empty() || *version == krate.stated { version.to_string() } else { format!("{version} for {}", krate.stated) };
    let defaults = match krate.defaults.len() {
        0 => String::new(),
        all => format!("{confirmed} of {all} defaults confirmed"),
    };
    [
        if krate.failed() { "FAILED".to_owned() } else { "ok".to_owned() },
        krate.krate.to_string(),
        version,
        format!("{there} of {} paths", krate.paths.len()),
        defaults,
    ]
}

fn details(out: &mut String, krate: &CrateReport, style: Style) {
    let full = style == Style::Full;
    for (path, verdict) in &krate.paths {
        let _ = match verdict {
            PathVerdict::Missing { nearest: Some(nearest) } => writeln!(out, "    no `{path}`: did you mean `{nearest}`?"),
            PathVerdict::Missing { nearest: None } => writeln!(out, "    no `{path}`"),
            PathVerdict::Found(Some(place)) if full => writeln!(out, "    `{path}` at {}", at(place)),
            PathVerdict::Found(None) if full => writeln!(out, "    `{path}` by derive"),
            PathVerdict::InMacro(place) if full => writeln!(out, "    `{path}` made by the macro at {}", at(place)),
            PathVerdict::Elsewhere(other) if full => writeln!(out, "    `{path}` comes from `{other}`, which is not read"),
            _ => Ok(()),
        };
    }
    for file in &krate.missing_files {
        let _ = writeln!(out, "    no file `{file}`, which facts are said to come from");
    }
    for default in &krate.defaults {
        let what = format!("`{}` of `{}`", default.knob, default.api);
        let _ = match &default.verdict {
            DefaultVerdict::Contradicted { place, found } => {
                writeln!(out, "    {what} is stated as {}, and {} says {found}", default.stated, at(place))
            }
            DefaultVerdict::Confirmed(place) if full => writeln!(out, "    {what} is {} at {}", default.stated, at(place)),
            DefaultVerdict::NoOption if full => writeln!(out, "    {what} is {}: there is no such option", default.stated),
            DefaultVerdict::NotSeen if full => writeln!(out, "    {what} is stated as {}: not found in the source", default.stated),
            _ => Ok(()),
        };
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

/// The versions whose names are not looked up, and what would change that.
fn absent(report: &Report) -> String {
    let all: Vec<String> = report
        .crates
        .iter()
        .filter(|krate| matches!(krate.source, Source::NotThere(_)) && !krate.stated.is_empty())
        .map(|krate| format!("{}@{}", krate.krate, krate.stated))
        .collect();
    let Some(first) = all.first() else { return String::new() };
    let more = match all.len().saturating_sub(MAX_ABSENT) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = all[..all.len().min(MAX_ABSENT)].join(", ");
    format!("not there, so that nothing of them is looked up: {shown}{more}; `cargo info {first}` fetches that one\n")
}

fn sums(report: &Report) -> String {
    let counts = report.counts();
    let mut out = String::new();
    let _ = write!(out, "{} of {} versions of crates read", counts.read, report.crates.len());
    let mut more = |count: usize, words: &str| {
        if count > 0 {
            let _ = write!(out, ", {count} {words}");
        }
    };
    more(counts.other_version, "of them at another version");
    more(counts.not_there, "not there");
    more(counts.unreadable, "unreadable");
    let _ = writeln!(out);
    out.push_str(&absent(report));
    let _ = writeln!(
        out,
        "paths: {} found, {} made by macros, {} in crates that are not there, {} missing, {} not looked up",
        counts.found, counts.in_macro, counts.elsewhere, counts.missing, counts.unchecked
    );
    if counts.missing_files > 0 {
        let _ = writeln!(out, "files that facts are said to come from: {} missing", counts.missing_files);
    }
    let in_words = if counts.in_words > 0 { format!(" (told in words: {})", counts.in_words) } else { String::new() };
    let no_option = if counts.no_option > 0 { format!("{} of no option, as stated, ", counts.no_option) } else { String::new() };
    let _ = writeln!(
        out,
        "defaults: {} confirmed, {no_option}{} not found in the source{in_words}, {} contradicted",
        counts.confirmed, counts.not_seen, counts.contradicted
    );
    out
}
