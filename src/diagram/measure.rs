//! Widths of text: as Arial has them, and those made to its measure (Liberation Sans, Helvetica, Arimo). The same on every machine.

use unicode_width::UnicodeWidthChar;

/// Widths of the printable ASCII characters, in thousandths of the size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278,
    278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
    667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556,
    556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// How much wider bold text is, at most.
const BOLD: f64 = 1.09;

/// The width of a line in pixels.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let thousandths: u32 = text.chars().map(of).sum();
    f64::from(thousandths) / 1000.0 * size * if bold { BOLD } else { 1.0 }
}

fn of(c: char) -> u32 {
    let ascii = u32::from(c).checked_sub(32).and_then(|at| WIDTHS.get(usize::try_from(at).ok()?));
    match (ascii, c.width()) {
        (Some(width), _) => u32::from(*width),
        (None, Some(2)) => 1000,
        (None, Some(0) | None) => 0,
        // Greek and Cyrillic capitals are wider than most, `…` is as wide as the size.
        (None, Some(_)) => 722,
    }
}
