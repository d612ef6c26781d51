//! How a committed map differs from the code, for people: state by state, with the words that changed.

use std::fmt::Write;

use statemap::check::{Change, Finding, How, Line, Piece, pieces};
use statemap::terminal::{Look, fit, visible, width_of, wrap_text};

/// So many changes of a map are told.
const CHANGES: usize = 30;
/// So many lines of one piece of state.
const LINES: usize = 6;
/// So many hazards.
const HAZARDS: usize = 12;
/// Lines that one version of a line may take.
const ROWS: usize = 4;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// What is new, gone and told differently.
pub(super) fn push_changes(out: &mut String, finding: &Finding, look: Look<'_>) {
    for change in finding.changes.iter().take(CHANGES) {
        push_change(out, change, look);
    }
    if finding.changes.len() > CHANGES {
        let _ = writeln!(out, "  … and {} more", finding.changes.len() - CHANGES);
    }
    if !finding.hazards.is_empty() {
        out.push_str(if finding.changes.is_empty() { "  hazards:\n" } else { "\n  hazards:\n" });
        for line in finding.hazards.iter().take(HAZARDS) {
            push_line(out, line, look);
        }
        if finding.hazards.len() > HAZARDS {
            let _ = writeln!(out, "    … and {} more", finding.hazards.len() - HAZARDS);
        }
    }
    if finding.elsewhere > 0 {
        let lines = if finding.elsewhere == 1 { "1 line".to_owned() } else { format!("{} lines", finding.elsewhere) };
        let said = format!("  and {lines} elsewhere, which count these, sum them up or link to them");
        let _ = writeln!(out, "\n{}", look.paint("2", &said));
    }
    out.push('\n');
}

fn push_change(out: &mut String, change: &Change, look: Look<'_>) {
    let (sign, colour) = match change.how {
        How::Added => ('+', GREEN),
        How::Removed => ('-', RED),
        How::Changed => ('~', YELLOW),
    };
    let name = visible(change.id.as_deref().unwrap_or(&change.name));
    let place = change.at.as_ref().map(|at| format!("  {}", look.paint("2", &visible(at)))).unwrap_or_default();
    let _ = writeln!(out, "  {}{place}", look.paint(colour, &format!("{sign} {name}")));
    // What is told of something new or gone is no difference.
    if change.how != How::Changed {
        let said = change.lines.first().and_then(|line| line.is.as_ref().or(line.was.as_ref()));
        if let Some(said) = said.map(|said| visible(said)).filter(|said| !said.is_empty()) {
            for row in wrap_text(&said, look.width.saturating_sub(6), 2) {
                let _ = writeln!(out, "      {row}");
            }
        }
        return;
    }
    for line in change.lines.iter().take(LINES) {
        push_line(out, line, look);
    }
    if change.lines.len() > LINES {
        let _ = writeln!(out, "    … and {} more lines", change.lines.len() - LINES);
    }
}

/// Both versions of a line; what changed in it stands out.
fn push_line(out: &mut String, line: &Line, look: Look<'_>) {
    let (was, is) = (line.was.as_deref().map(visible), line.is.as_deref().map(visible));
    let (was, is) = match (was, is) {
        (Some(was), Some(is)) => {
            let (was, is) = pieces(&was, &is);
            (Some(was), Some(is))
        }
        (was, is) => {
            let whole = |text: String| vec![Piece { text, changed: false }];
            (was.map(whole), is.map(whole))
        }
    };
    for (sign, colour, version) in [('-', RED, was), ('+', GREEN, is)] {
        let Some(version) = version else { continue };
        let _ = write!(out, "    {} ", look.paint(colour, &sign.to_string()));
        push_pieces(out, &version, colour, look);
    }
}

/// The parts of a line, wrapped; those that changed are bold.
fn push_pieces(out: &mut String, pieces: &[Piece], colour: &str, look: Look<'_>) {
    const INDENT: usize = 6;
    let room = look.width.saturating_sub(INDENT).max(20);
    let bold = format!("1;{colour}");
    let words: Vec<(&str, bool)> = pieces
        .iter()
        .flat_map(|piece| piece.text.split(' ').map(|word| (word, piece.changed)))
        .filter(|(word, _)| !word.is_empty())
        .collect();
    let (mut used, mut rows) = (0, 1);
    for (at, (word, changed)) in words.iter().enumerate() {
        let word = fit(word, room);
        let width = width_of(&word);
        if used > 0 && used + 1 + width > room {
            if rows == ROWS && at < words.len() {
                out.push_str(" …");
                break;
            }
            out.push('\n');
            out.push_str(&" ".repeat(INDENT));
            rows += 1;
            used = 0;
        }
        if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(&look.paint(if *changed { &bold } else { colour }, &word));
        used += width;
    }
    out.push('\n');
}

/// A unified difference, coloured.
pub(super) fn push_diff(out: &mut String, diff: &str, look: Look<'_>) {
    for line in visible(diff).lines() {
        let colour = match line.chars().next() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => "1",
            Some('-') => RED,
            Some('+') => GREEN,
            Some('@') => "36",
            _ => "",
        };
        let _ = writeln!(out, "{}", look.paint(colour, line));
    }
}
