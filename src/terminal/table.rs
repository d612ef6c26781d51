//! Tables in aligned columns; where they do not fit, each row one below the other.

use super::Look;
use super::words::{Word, paint, width_of, wrap};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column of wrapped text narrower than this is not read any more.
const NARROWEST: usize = 16;
/// How far the other cells of a row stand in below its first.
const INDENT: usize = 4;

/// A row: the words of each of its cells.
pub(super) type Row = Vec<Vec<Word>>;

/// The lines of a table; the first row is its head.
pub(super) fn lines(rows: &[Row], look: Look<'_>) -> Vec<String> {
    let Some(head) = rows.first() else { return Vec::new() };
    let body = &rows[1..];
    let Some(widths) = widths(rows, look.width) else { return stacked(head, body, look) };
    let named = head.iter().any(|cell| !cell.is_empty());
    let mut out = if named { aligned(head, &widths, look) } else { Vec::new() };
    if named && !look.colour {
        out.push(widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join(&" ".repeat(GAP)));
    }
    out.extend(body.iter().flat_map(|row| aligned(row, &widths, look)));
    out
}

/// `title: cell`
fn titled(title: &[Word], cell: &[Word]) -> Vec<Word> {
    let mut out: Vec<Word> = title.iter().map(Word::plain).collect();
    if let Some(last) = out.last_mut() {
        last.push_plain(":");
    }
    out.extend(cell.iter().cloned());
    out
}

/// How wide each column is; none when they do not fit.
fn widths(rows: &[Row], width: usize) -> Option<Vec<usize>> {
    let columns = rows.iter().map(Vec::len).max()?;
    let most = |of: &dyn Fn(&[Word]) -> usize| -> Vec<usize> {
        (0..columns).map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| of(cell)).max().unwrap_or(0)).collect()
    };
    let natural = most(&|cell| width_of(cell));
    let least = most(&|cell| cell.iter().map(Word::width).max().unwrap_or(0));
    // A key and its value: a value that no blank divides may go beyond the line, and is copied whole.
    if columns == 2 && rows[0].iter().all(Vec::is_empty) {
        let value = width.saturating_sub(natural[0] + GAP).max(NARROWEST);
        return Some(vec![natural[0], value]);
    }
    let mut free = width.checked_sub(GAP * (columns - 1))?;
    let mut fixed: Vec<Option<usize>> = vec![None; columns];
    // What is narrower than an equal share keeps its width, what cannot be that narrow keeps its longest word.
    while let Some(share) = free.checked_div(fixed.iter().filter(|width| width.is_none()).count()) {
        let next = (0..columns).filter(|at| fixed[*at].is_none()).find_map(|at| {
            let own = if natural[at] <= share { natural[at] } else { least[at] };
            (natural[at] <= share || least[at] > share).then_some((at, own))
        });
        match next {
            Some((at, own)) => {
                free = free.checked_sub(own)?;
                fixed[at] = Some(own);
            }
            None if share < NARROWEST => return None,
            None => return Some(fixed.into_iter().map(|width| width.unwrap_or(share)).collect()),
        }
    }
    fixed.into_iter().collect()
}

fn aligned(row: &Row, widths: &[usize], look: Look<'_>) -> Vec<String> {
    let cells: Vec<Vec<&[Word]>> = row.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |at: usize| {
        let mut out = String::new();
        for (lines, width) in cells.iter().zip(widths) {
            let words = lines.get(at).copied().unwrap_or_default();
            out.push_str(&paint(words, look));
            out.push_str(&" ".repeat(width.saturating_sub(width_of(words)) + GAP));
        }
        out.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

fn stacked(head: &Row, rows: &[Row], look: Look<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let indent = if at == 0 { 0 } else { INDENT };
            // What stands above a column is said before each of its cells.
            let title = head.get(at).filter(|title| at > 0 && !title.is_empty());
            let said = title.map(|title| titled(title, cell));
            let lines = wrap(said.as_deref().unwrap_or(cell), look.width.saturating_sub(indent));
            out.extend(lines.into_iter().map(|line| format!("{}{}", " ".repeat(indent), paint(line, look))));
        }
    }
    out
}
