//! Splicing: what stands between `<!-- statemap:begin -->` and `<!-- statemap:end -->` is replaced, and nothing else.
//!
//! The markers are found by a Markdown parser, so one inside a code block is just text; the rest of the file is copied
//! byte for byte, never written anew.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser};

use crate::render::MARKER;

const BEGIN: &str = "<!-- statemap:begin -->";
const END: &str = "<!-- statemap:end -->";

/// What is wrong with the markers of a file. Lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// There is no marker at all.
    #[error("no `{BEGIN}` and `{END}` in the file")]
    Missing,
    /// A region is opened and never closed.
    #[error("`{BEGIN}` in line {begin} has no `{END}` after it")]
    NotClosed {
        /// Line of the opening marker.
        begin: usize,
    },
    /// A region is closed that was never opened.
    #[error("`{END}` in line {end} has no `{BEGIN}` before it")]
    NotOpened {
        /// Line of the closing marker.
        end: usize,
    },
    /// A region begins inside another, or a second one begins.
    #[error("`{BEGIN}` in line {second}, but line {first} began a region already; a file holds one map")]
    Twice {
        /// Line of the first opening marker.
        first: usize,
        /// Line of the second one.
        second: usize,
    },
}

/// Whether a file has markers for a region, outside of code.
#[must_use]
pub fn has_markers(text: &str) -> bool {
    !markers(text).is_empty()
}

/// Puts generated text between the markers of an existing file.
///
/// # Errors
/// When the markers are missing, unbalanced, nested or there is more than one region.
pub fn splice(existing: &str, generated: &str) -> Result<String, SpliceError> {
    let region = region(existing)?;
    let line_end = if existing[..region.start].ends_with("\r\n") || existing.contains("\r\n") { "\r\n" } else { "\n" };
    // Its own marker would say that the whole file is generated.
    let body = match generated.strip_prefix(MARKER) {
        Some(rest) => rest.split_once('\n').map_or("", |(_, body)| body),
        None => generated,
    };
    let body = body.trim_matches('\n').replace("\r\n", "\n").replace('\n', line_end);
    let (before, after) = (&existing[..region.start], &existing[region.end..]);
    Ok(format!("{before}{line_end}{line_end}{body}{line_end}{line_end}{after}"))
}

/// The bytes between the end of the opening marker and the start of the closing one.
fn region(text: &str) -> Result<Range<usize>, SpliceError> {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let mut open: Option<Range<usize>> = None;
    let mut found: Option<(usize, Range<usize>)> = None;
    for (range, is_begin) in markers(text) {
        match (is_begin, &open) {
            (true, Some(first)) => return Err(SpliceError::Twice { first: line(first.start), second: line(range.start) }),
            (true, None) => {
                if let Some((first, _)) = found {
                    return Err(SpliceError::Twice { first: line(first), second: line(range.start) });
                }
                open = Some(range);
            }
            (false, None) => return Err(SpliceError::NotOpened { end: line(range.start) }),
            (false, Some(begin)) => {
                found = Some((begin.start, begin.end..range.start));
                open = None;
            }
        }
    }
    match (open, found) {
        (Some(begin), _) => Err(SpliceError::NotClosed { begin: line(begin.start) }),
        (None, Some((_, region))) => Ok(region),
        (None, None) => Err(SpliceError::Missing),
    }
}

/// The markers outside of code, in order, with whether each opens.
fn markers(text: &str) -> Vec<(Range<usize>, bool)> {
    if !text.contains(BEGIN) && !text.contains(END) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
    for (event, range) in parser {
        if !matches!(event, Event::Html(_) | Event::InlineHtml(_)) {
            continue;
        }
        let mut at = range.start;
        while let Some(start) = text[at..range.end].find("<!-- statemap:").map(|offset| at + offset) {
            let rest = &text[start..range.end];
            at = start + 1;
            for (marker, is_begin) in [(BEGIN, true), (END, false)] {
                if rest.starts_with(marker) {
                    found.push((start..start + marker.len(), is_begin));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_region_is_replaced() {
        let existing = "# Mine  \n\ntext\t\n<!-- statemap:begin -->\nold\n\n- old\n<!-- statemap:end -->\nrest *kept*  \n\n\n";
        let spliced = splice(existing, "new\n").unwrap();
        assert_eq!(spliced, "# Mine  \n\ntext\t\n<!-- statemap:begin -->\n\nnew\n\n<!-- statemap:end -->\nrest *kept*  \n\n\n");
        assert_eq!(splice(&spliced, "new\n").unwrap(), spliced);
    }

    #[test]
    fn the_marker_of_a_whole_page_stays_out() {
        let generated = format!("{MARKER}: x -->\n\n# Title\n");
        assert_eq!(splice(&format!("{BEGIN}\n{END}\n"), &generated).unwrap(), format!("{BEGIN}\n\n# Title\n\n{END}\n"));
    }

    #[test]
    fn line_ends_of_the_file_are_kept() {
        let spliced = splice(&format!("a\r\n\r\n{BEGIN}\r\n{END}\r\nb\r\n"), "x\ny\n").unwrap();
        assert_eq!(spliced, format!("a\r\n\r\n{BEGIN}\r\n\r\nx\r\ny\r\n\r\n{END}\r\nb\r\n"));
    }

    #[test]
    fn markers_in_code_do_not_count() {
        let text = format!("```\n{BEGIN}\n{END}\n```\n\n`{BEGIN}`\n");
        assert_eq!(splice(&text, "x"), Err(SpliceError::Missing));
        assert!(!has_markers(&text));
        let both = format!("{text}\n{BEGIN}\n\n{END}\n");
        assert!(splice(&both, "new").unwrap().starts_with(&text));
    }

    #[test]
    fn a_fence_inside_the_old_map_does_not_hide_the_end() {
        let first = splice(&format!("{BEGIN}\n{END}\n"), "```rust\nx\n```\n").unwrap();
        assert_eq!(splice(&first, "y\n").unwrap(), format!("{BEGIN}\n\ny\n\n{END}\n"));
    }

    #[test]
    fn unbalanced_markers_are_told_with_their_lines() {
        assert_eq!(splice(&format!("a\n\n{BEGIN}\n"), ""), Err(SpliceError::NotClosed { begin: 3 }));
        assert_eq!(splice(&format!("{END}\n"), ""), Err(SpliceError::NotOpened { end: 1 }));
        let nested = format!("{BEGIN}\n\n{BEGIN}\n\n{END}\n\n{END}\n");
        assert_eq!(splice(&nested, ""), Err(SpliceError::Twice { first: 1, second: 3 }));
        let twice = format!("{BEGIN}\n\n{END}\n\n{BEGIN}\n\n{END}\n");
        assert_eq!(splice(&twice, ""), Err(SpliceError::Twice { first: 1, second: 5 }));
    }

    #[test]
    fn markers_on_one_line_work() {
        assert_eq!(splice(&format!("{BEGIN}{END}"), "x").unwrap(), format!("{BEGIN}\n\nx\n\n{END}"));
    }
}
