//! The table of `list`: whole in a pipe, as wide as the terminal on one.

use crate::model::Item;
use crate::terminal::{Look, fit, fit_path, width_of, wrap_text};

use super::super::escape::one_line;
use super::{Listed, place};

/// Blanks between two columns.
const GAP: usize = 2;
/// Narrower terminals get the summary below the rest.
const SIDE_BY_SIDE: usize = 110;
/// How far a summary below the rest stands in.
const INDENT: usize = 4;
/// Lines of a summary.
const LINES: usize = 2;
/// A column is not cut to less.
const LEAST: usize = 8;

/// The cells of an item.
struct Row<'m> {
    item: &'m Item,
    kind: &'static str,
    name: String,
    place: String,
    hazard: &'static str,
    summary: String,
}

/// The items as a table; empty when there is none.
pub(super) fn table(listed: &Listed<'_>, look: Option<Look<'_>>) -> String {
    let rows: Vec<Row<'_>> = listed.items.iter().map(|item| row(listed, item)).collect();
    match look {
        _ if rows.is_empty() => String::new(),
        Some(look) if look.width < SIDE_BY_SIDE => below(&rows, look),
        Some(look) if look.width < usize::MAX => beside(&rows, look),
        look => whole(&rows, look.unwrap_or(Look::plain(usize::MAX))),
    }
}

fn row<'m>(listed: &Listed<'m>, item: &'m Item) -> Row<'m> {
    Row {
        kind: item.kind.as_str(),
        name: one_line(&item.name),
        place: one_line(&place(item)),
        hazard: listed.hazard(item),
        summary: one_line(&item.summary).replace('`', ""),
        item,
    }
}

/// Everything in one line for each item, whatever its length.
fn whole(rows: &[Row<'_>], look: Look<'_>) -> String {
    let widths = Widths::of(rows, usize::MAX, true);
    let mut out = widths.header(look, true);
    for row in rows {
        out.push_str(&widths.cells(row, look));
        out.push_str(&row.summary);
        end_line(&mut out);
    }
    out
}

/// The summary beside the rest, in a few lines.
fn beside(rows: &[Row<'_>], look: Look<'_>) -> String {
    let widths = Widths::of(rows, look.width, rows.iter().any(|row| !row.hazard.is_empty()));
    let start = widths.all();
    let left = look.width.saturating_sub(start).max(LEAST);
    let mut out = widths.header(look, true);
    for row in rows {
        out.push_str(&widths.cells(row, look));
        for (at, line) in wrap_text(&row.summary, left, LINES).iter().enumerate() {
            if at > 0 {
                end_line(&mut out);
                out.push_str(&" ".repeat(start));
            }
            out.push_str(line);
        }
        end_line(&mut out);
    }
    out
}

/// The summary below the rest.
fn below(rows: &[Row<'_>], look: Look<'_>) -> String {
    // Name and place share what the kind and the hazard leave.
    let widths = Widths::of(rows, look.width, rows.iter().any(|row| !row.hazard.is_empty()));
    let mut out = widths.header(look, false);
    for row in rows {
        out.push_str(&widths.cells(row, look));
        end_line(&mut out);
        for line in wrap_text(&row.summary, look.width.saturating_sub(INDENT).max(LEAST), LINES) {
            out.push_str(&" ".repeat(INDENT));
            out.push_str(&line);
            end_line(&mut out);
        }
    }
    out
}

fn end_line(out: &mut String) {
    let end = out.trim_end_matches(' ').len();
    out.truncate(end);
    out.push('\n');
}

/// Columns of the cells before the summary.
struct Widths {
    kind: usize,
    name: usize,
    place: usize,
    /// None when no item has a hazard.
    hazard: Option<usize>,
}

const HEADER: [&str; 5] = ["KIND", "NAME", "WHERE", "HAZARD", "SUMMARY"];

impl Widths {
    /// `width` is that of the terminal.
    fn of(rows: &[Row<'_>], width: usize, hazards: bool) -> Self {
        let widest = |cell: &dyn Fn(&Row<'_>) -> usize, at: usize| rows.iter().map(cell).chain([width_of(HEADER[at])]).max().unwrap_or(0);
        let kind = widest(&|row| row.kind.len(), 0);
        let name = widest(&|row| width_of(&row.name), 1);
        let place = widest(&|row| width_of(&row.place), 2);
        let hazard = hazards.then(|| HEADER[3].len());
        let mut out = Self { kind, name, place, hazard };
        if width == usize::MAX {
            return out;
        }
        // Beside the summary, which tells most, name and place get less than half; above it they get all there is.
        let fixed = kind + GAP + hazard.map_or(0, |hazard| hazard + GAP);
        let free = width.saturating_sub(fixed + GAP);
        let summary = widest(&|row| width_of(&row.summary), 4);
        let free = if width < SIDE_BY_SIDE { free } else { (free * 9 / 20).max(free.saturating_sub(summary + GAP)) };
        let half = (free.saturating_sub(GAP) / 2).max(LEAST);
        // What one does not need the other may have.
        let spare = |other: usize| half + half.saturating_sub(other);
        out.name = name.min(spare(place));
        out.place = place.min(spare(name));
        out
    }

    /// Columns before the summary.
    fn all(&self) -> usize {
        self.kind + self.name + self.place + 3 * GAP + self.hazard.map_or(0, |hazard| hazard + GAP)
    }

    fn header(&self, look: Look<'_>, with_summary: bool) -> String {
        let mut cells = vec![(HEADER[0], self.kind), (HEADER[1], self.name), (HEADER[2], self.place)];
        cells.extend(self.hazard.map(|width| (HEADER[3], width)));
        let mut line = String::new();
        for (cell, width) in cells {
            line.push_str(&pad(cell, width));
        }
        if with_summary {
            line.push_str(HEADER[4]);
        }
        format!("{}\n", look.paint("2", line.trim_end()))
    }

    fn cells(&self, row: &Row<'_>, look: Look<'_>) -> String {
        let mut out = pad(row.kind, self.kind);
        let name = fit(&row.name, self.name);
        out.push_str(&look.paint("1", &name));
        out.push_str(&blanks(&name, self.name));
        let place = fit_path(&row.place, self.place);
        let site = row.item.site();
        let painted = look.paint("36", &place);
        out.push_str(&site.map_or(painted.clone(), |site| look.link_to(&site.place.file, site.place.line, &painted)));
        out.push_str(&blanks(&place, self.place));
        if let Some(width) = self.hazard {
            out.push_str(&look.paint(colour_of(row.hazard), row.hazard));
            out.push_str(&blanks(row.hazard, width));
        }
        out
    }
}

fn colour_of(severity: &str) -> &'static str {
    match severity {
        "high" => "1;31",
        "medium" => "33",
        _ => "34",
    }
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", blanks(text, width))
}

/// What follows a cell up to the next one.
fn blanks(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(width_of(text)) + GAP)
}
