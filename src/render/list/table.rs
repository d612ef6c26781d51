//! The table of `list`: whole in a pipe, as wide as the terminal on one.

use crate::model::Item;
use crate::terminal::{Look, fit, fit_path, width_of, wrap_after, wrap_text};

use super::super::escape::one_line;
use super::{Listed, place};

/// Blanks between two columns.
const GAP: usize = 2;
/// Columns that a summary beside the rest must have; else it stands below.
const SUMMARY: usize = 48;
/// Names and places are not cut to less than this to have the summary beside them.
const WORTH: usize = 42;
/// How far place and summary stand in below the rest.
const INDENT: usize = 4;
/// Lines of a summary.
const LINES: usize = 2;
/// A summary does not begin behind its place when there are fewer columns left.
const BEGUN: usize = 24;
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
        Some(look) if look.width < usize::MAX => {
            let widths = Widths::of(&rows, rows.iter().any(|row| !row.hazard.is_empty()));
            match widths.beside_summary(look.width) {
                Some(widths) => beside(&rows, &widths, look),
                None => below(&rows, &widths, look),
            }
        }
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
    let widths = Widths::of(rows, true);
    let mut out = widths.header(look);
    for row in rows {
        out.push_str(&widths.cells(row, look));
        out.push_str(&row.summary);
        end_line(&mut out);
    }
    out
}

/// The summary beside the rest, in a few lines.
fn beside(rows: &[Row<'_>], widths: &Widths, look: Look<'_>) -> String {
    let start = widths.all();
    let left = look.width.saturating_sub(start).max(LEAST);
    let mut out = widths.header(look);
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

/// Place and summary below the rest.
fn below(rows: &[Row<'_>], widths: &Widths, look: Look<'_>) -> String {
    let left = look.width.saturating_sub(INDENT).max(LEAST);
    let hazard = widths.hazard.map_or(0, |hazard| hazard + GAP);
    let name = widths.name.min(look.width.saturating_sub(widths.kind + GAP + hazard)).max(LEAST);
    let mut header = format!("{}{}", pad(HEADER[0], widths.kind), pad(HEADER[1], name));
    header.push_str(if hazard > 0 { HEADER[3] } else { "" });
    let mut out = format!("{}\n", look.paint("2", header.trim_end()));
    for row in rows {
        let title = fit(&row.name, name);
        out.push_str(&pad(row.kind, widths.kind));
        out.push_str(&look.paint("1", &title));
        out.push_str(&blanks(&title, name));
        out.push_str(&look.paint(colour_of(row.hazard), row.hazard));
        end_line(&mut out);
        let place = fit_path(&row.place, left);
        let used = if place.is_empty() { 0 } else { width_of(&place) + GAP };
        out.push_str(&" ".repeat(INDENT));
        out.push_str(&linked(row, &place, look));
        let room = left.saturating_sub(used);
        let begun = room >= BEGUN || width_of(&row.summary) <= room;
        for (at, line) in wrap_after(&row.summary, if begun { room } else { left }, left, LINES).iter().enumerate() {
            if at > 0 || !begun {
                end_line(&mut out);
                out.push_str(&" ".repeat(INDENT));
            } else if used > 0 {
                out.push_str(&" ".repeat(GAP));
            }
            out.push_str(line);
        }
        end_line(&mut out);
    }
    out
}

/// The place of an item, which leads to its file.
fn linked(row: &Row<'_>, place: &str, look: Look<'_>) -> String {
    let painted = look.paint("36", place);
    match row.item.site() {
        Some(site) => look.link_to(&site.place.file, site.place.line, &painted),
        None => painted,
    }
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
    /// The widest summary.
    summary: usize,
}

const HEADER: [&str; 5] = ["KIND", "NAME", "WHERE", "HAZARD", "SUMMARY"];

impl Widths {
    /// As wide as the cells are.
    fn of(rows: &[Row<'_>], hazards: bool) -> Self {
        let widest = |cell: &dyn Fn(&Row<'_>) -> usize, at: usize| rows.iter().map(cell).chain([width_of(HEADER[at])]).max().unwrap_or(0);
        Self {
            kind: widest(&|row| row.kind.len(), 0),
            name: widest(&|row| width_of(&row.name), 1),
            place: widest(&|row| width_of(&row.place), 2),
            hazard: hazards.then(|| HEADER[3].len()),
            summary: widest(&|row| width_of(&row.summary), 4),
        }
    }

    /// Narrowed so that a summary has room beside them; none when too little would be left of them.
    fn beside_summary(&self, width: usize) -> Option<Self> {
        let room = width.checked_sub(self.summary.min(SUMMARY))?;
        let fixed = self.kind + GAP + self.hazard.map_or(0, |hazard| hazard + GAP);
        let free = room.checked_sub(fixed + 2 * GAP)?;
        if self.name.min(WORTH) + self.place.min(WORTH) > free {
            return None;
        }
        // What one does not need the other may have.
        let place = self.place.min((free / 2).max(free.saturating_sub(self.name)));
        Some(Self { name: self.name.min(free - place), place, ..*self })
    }

    /// Columns before the summary.
    fn all(&self) -> usize {
        self.kind + self.name + self.place + 3 * GAP + self.hazard.map_or(0, |hazard| hazard + GAP)
    }

    fn header(&self, look: Look<'_>) -> String {
        let mut cells = vec![(HEADER[0], self.kind), (HEADER[1], self.name), (HEADER[2], self.place)];
        cells.extend(self.hazard.map(|width| (HEADER[3], width)));
        let mut line = String::new();
        for (cell, width) in cells {
            line.push_str(&pad(cell, width));
        }
        line.push_str(HEADER[4]);
        format!("{}\n", look.paint("2", line.trim_end()))
    }

    fn cells(&self, row: &Row<'_>, look: Look<'_>) -> String {
        let mut out = pad(row.kind, self.kind);
        let name = fit(&row.name, self.name);
        out.push_str(&look.paint("1", &name));
        out.push_str(&blanks(&name, self.name));
        let place = fit_path(&row.place, self.place);
        out.push_str(&linked(row, &place, look));
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
