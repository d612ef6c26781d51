//! The difference of two pages for people: unified, by what the pages say, long lines cut to what changed, bounded in length.

use std::fmt::Write;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::normal::{Unit, UnitKind};

/// Units around a change.
const CONTEXT: usize = 1;
/// At most so many lines are shown of one page.
const LINES: usize = 60;
/// Characters of a line.
const WIDTH: usize = 180;
/// Characters around a change within a long line.
const AROUND: usize = 40;
/// Pages with more changed units than this are not compared line by line: nobody would read it.
const UNITS: usize = 20_000;

/// The difference of a page: `file` is what both are called. `of` tells which form of a unit counts.
pub(super) fn unified(file: &str, old: &[Unit], new: &[Unit], of: impl Fn(&Unit) -> &str) -> String {
    let mut out = format!("--- {file} (committed)\n+++ {file} (from the code)\n");
    let (same, end) = ends(old, new, &of);
    let (same, end) = (same.saturating_sub(CONTEXT), end.saturating_sub(CONTEXT));
    let (old_middle, new_middle) = (&old[same..old.len() - end], &new[same..new.len() - end]);
    if old_middle.len() + new_middle.len() > UNITS {
        let _ = writeln!(out, "  … {} lines removed and {} added", old_middle.len(), new_middle.len());
        return out;
    }
    let keys = |units: &[Unit]| units.iter().map(|unit| of(unit).to_owned()).collect::<Vec<_>>();
    let ops = capture_diff_slices(Algorithm::Myers, &keys(old_middle), &keys(new_middle));
    let mut lines = Vec::new();
    for group in group_diff_ops(ops, CONTEXT) {
        lines.push(header(&group, same, old, new));
        for op in group {
            push(&mut lines, op, old_middle, new_middle);
        }
    }
    let left = lines.len().saturating_sub(LINES);
    for line in lines.iter().take(LINES) {
        let _ = writeln!(out, "{line}");
    }
    if left > 1 {
        let _ = writeln!(out, "… {left} more lines of difference");
    } else if let Some(last) = lines.get(LINES) {
        let _ = writeln!(out, "{last}");
    }
    out
}

/// How many units both share at their start and at their end.
fn ends<'u>(old: &'u [Unit], new: &'u [Unit], of: &impl Fn(&'u Unit) -> &'u str) -> (usize, usize) {
    let start = old.iter().zip(new).take_while(|(old, new)| of(old) == of(new)).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| of(old) == of(new)).count();
    (start, end)
}

/// `@@ -12 +14 @@ cache: PRICES`: the lines at which a hunk begins, and the heading that it stands under.
fn header(group: &[DiffOp], same: usize, old: &[Unit], new: &[Unit]) -> String {
    let (old_at, new_at) = group.first().map_or((0, 0), |op| (op.old_range().start + same, op.new_range().start + same));
    let line = |units: &[Unit], at: usize| units.get(at).or(units.last()).map_or(1, |unit| unit.line);
    let changed = group.iter().find(|op| !matches!(op, DiffOp::Equal { .. })).map_or(new_at, |op| op.new_range().start + same);
    let heading = new[..changed.min(new.len())].iter().rev().find(|unit| matches!(unit.kind, UnitKind::Heading(_)));
    let heading = heading.map(|unit| format!(" {}", cut(unit.text.trim_start_matches(['#', ' ']), WIDTH))).unwrap_or_default();
    format!("@@ -{} +{} @@{heading}", line(old, old_at), line(new, new_at))
}

fn push(lines: &mut Vec<String>, op: DiffOp, old: &[Unit], new: &[Unit]) {
    let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
    match op {
        DiffOp::Equal { .. } => lines.extend(old.iter().map(|unit| format!(" {}", cut(&unit.text, WIDTH)))),
        DiffOp::Delete { .. } => lines.extend(old.iter().map(|unit| format!("-{}", cut(&unit.text, WIDTH)))),
        DiffOp::Insert { .. } => lines.extend(new.iter().map(|unit| format!("+{}", cut(&unit.text, WIDTH)))),
        DiffOp::Replace { .. } => {
            let pairs: Vec<(String, String)> = old.iter().zip(new).map(|(old, new)| around(&old.text, &new.text)).collect();
            let rest = |units: &[Unit]| units.iter().skip(pairs.len()).map(|unit| cut(&unit.text, WIDTH)).collect::<Vec<_>>();
            let (gone, come): (Vec<String>, Vec<String>) = pairs.iter().cloned().unzip();
            lines.extend(gone.into_iter().chain(rest(old)).map(|line| format!("-{line}")));
            lines.extend(come.into_iter().chain(rest(new)).map(|line| format!("+{line}")));
        }
    }
}

/// Two versions of a line, cut to where they differ when they are long.
fn around(old: &str, new: &str) -> (String, String) {
    if old.chars().count().max(new.chars().count()) <= WIDTH {
        return (old.to_owned(), new.to_owned());
    }
    let start = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let shorter = old.chars().count().min(new.chars().count()) - start;
    let end = old.chars().rev().zip(new.chars().rev()).take(shorter).take_while(|(old, new)| old == new).count();
    let part = |text: &str| {
        let length = text.chars().count();
        let (from, to) = (start.saturating_sub(AROUND), (length - end + AROUND).min(length));
        let shown: String = text.chars().skip(from).take(to - from).collect();
        let shown = cut(&shown, 2 * WIDTH);
        let is_cut = to < length && !shown.ends_with('…');
        format!("{}{shown}{}", if from > 0 { "…" } else { "" }, if is_cut { "…" } else { "" })
    };
    (part(old), part(new))
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::normal::units;
    use super::*;

    fn diff(old: &str, new: &str) -> String {
        unified("STATEMAP.md", &units(old), &units(new), |unit| &unit.key)
    }

    #[test]
    fn a_hunk_tells_its_heading_its_lines_and_one_line_around() {
        let page =
            |size: u32| format!("# Map\n\nintro\n\n## cache: `A`\n\nof {size} entries\n\n- one\n- two\n- three\n\n## cache: `B`\n\nend\n");
        let expected = "--- STATEMAP.md (committed)\n+++ STATEMAP.md (from the code)\n@@ -5 +5 @@ cache: `A`\n ## cache: `A`\n-of 10 entries\n+of 20 entries\n - one\n";
        assert_eq!(diff(&page(10), &page(20)), expected);
    }

    #[test]
    fn of_a_long_line_the_part_that_changed_is_shown() {
        let line = |word: &str| format!("{} {word} {}\n", "before ".repeat(60), "after ".repeat(60));
        let shown = diff(&line("ten"), &line("twenty"));
        assert!(shown.lines().all(|line| line.chars().count() < 120), "{shown}");
        assert!(shown.contains("-…") && shown.contains("before ten after") && shown.contains("before twenty after"), "{shown}");
    }

    #[test]
    fn a_long_difference_is_cut_and_counted() {
        let page = |word: &str| (0..200).map(|at| format!("{word} {at}\n\n")).collect::<String>();
        let shown = diff(&page("old"), &page("new"));
        assert!(shown.lines().count() < 70 && shown.contains("more lines of difference"), "{shown}");
    }
}
