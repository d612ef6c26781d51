//! What of a line changed, word by word, with the words around it.

use pulldown_cmark::{Event, Options, Parser};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Words told on each side of what changed.
const AROUND: usize = 6;
/// Longer lines are not compared word by word.
const WORDS: usize = 4000;

/// A line of a page that is new, gone, or told differently; as people read it, without marks for links and emphasis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// What the committed page says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What the code says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its words.
    pub text: String,
    /// The other version has other words, or none, in its place.
    pub changed: bool,
}

/// Two versions of a line as their parts; of what both share, the words next to a change, the rest as `…`.
#[must_use]
pub fn pieces(was: &str, is: &str) -> (Vec<Piece>, Vec<Piece>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (was.split_whitespace().collect(), is.split_whitespace().collect());
    if old.len().max(new.len()) > WORDS {
        let whole = |text: &str| vec![Piece { text: text.to_owned(), changed: true }];
        return (whole(was), whole(is));
    }
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let last = ops.len().saturating_sub(1);
    for (at, op) in ops.iter().enumerate() {
        if let DiffOp::Equal { .. } = op {
            let shared = elided(&old[op.old_range()], at > 0, at < last);
            let piece = Piece { text: shared, changed: false };
            before.push(piece.clone());
            after.push(piece);
        } else {
            for (words, out) in [(&old[op.old_range()], &mut before), (&new[op.new_range()], &mut after)] {
                if !words.is_empty() {
                    out.push(Piece { text: words.join(" "), changed: true });
                }
            }
        }
    }
    (before, after)
}

/// The words of a shared part that stand next to a change before or behind it.
fn elided(words: &[&str], after_change: bool, before_change: bool) -> String {
    let kept = AROUND * (usize::from(after_change) + usize::from(before_change));
    if words.len() <= kept + 1 {
        return words.join(" ");
    }
    let head = if after_change { words[..AROUND].join(" ") } else { String::new() };
    let tail = if before_change { words[words.len() - AROUND..].join(" ") } else { String::new() };
    [head.as_str(), "…", tail.as_str()].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// A line of Markdown as people read it: code in backticks, the rest as plain text.
pub(super) fn spoken(markdown: &str) -> String {
    let mut out = String::new();
    for event in Parser::new_ext(markdown.trim_start_matches(['|', ' ']), Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) => out.push_str(&text),
            Event::Code(code) => {
                out.push('`');
                out.push_str(&code);
                out.push('`');
            }
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out.trim_end_matches(['|', ' ']).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines in which two versions of something differ, in their order; each is compared by its key and told by its text.
pub(super) fn lines(old: &[(String, String)], new: &[(String, String)]) -> Vec<Line> {
    let keys = |lines: &[(String, String)]| lines.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &keys(old), &keys(new)) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
        for at in 0..old.len().max(new.len()) {
            let text = |lines: &[(String, String)]| lines.get(at).map(|(_, text)| spoken(text));
            out.push(Line { was: text(old), is: text(new) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[Piece]) -> String {
        let piece = |piece: &Piece| if piece.changed { format!("[{}]", piece.text) } else { piece.text.clone() };
        pieces.iter().map(piece).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_changed_is_told_with_the_words_around_it() {
        let line = |size: &str| format!("a b c d e f g h i {size} j k l m n o p q r");
        let (was, is) = pieces(&line("10"), &line("12 or 13"));
        assert_eq!(said(&was), "… d e f g h i [10] j k l m n o …");
        assert_eq!(said(&is), "… d e f g h i [12 or 13] j k l m n o …");
    }

    #[test]
    fn a_short_line_is_told_whole_and_several_changes_one_by_one() {
        let (was, is) = pieces("at most 10 entries, no expiry", "at most 20 entries, 5 min");
        assert_eq!(said(&was), "at most [10] entries, [no expiry]");
        assert_eq!(said(&is), "at most [20] entries, [5 min]");
        let (was, is) = pieces("a b", "a b c");
        assert_eq!((said(&was).as_str(), said(&is).as_str()), ("a b", "a b [c]"));
    }

    #[test]
    fn marks_of_links_and_emphasis_are_not_spoken() {
        assert_eq!(spoken("- **50** in [`db`](#pool-db) \\* x"), "50 in `db` * x");
        assert_eq!(spoken("| `A` | [x](y) |"), "`A` | x");
    }
}
