//! Splicing: what stands between `<!-- statemap:begin -->` and `<!-- statemap:end -->` is replaced, and nothing else.
//!
//! The markers are found by a Markdown parser, so one inside a code block is just text; the rest of the file is copied
//! byte for byte, never written anew.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::render::{LINT_OFF, MARKER};

const BEGIN: &str = "<!-- statemap:begin -->";
const END: &str = "<!-- statemap:end -->";
/// The rules that a generated page switches off are on again below it as they were above, not as they are by default.
const CAPTURE: &str = "<!-- markdownlint-capture -->";

/// What is wrong with the markers of a file, and what to do about it. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// There is no marker at all.
    #[error("no `{BEGIN}` and `{END}` in the file; put them where the map belongs")]
    Missing,
    /// A region is opened and never closed.
    #[error("`{BEGIN}` in line {begin} has no `{END}` after it; put one where the map ends")]
    NotClosed {
        /// Line of the opening marker.
        begin: usize,
    },
    /// A region is closed that was never opened.
    #[error("`{END}` in line {end} has no `{BEGIN}` before it; put one where the map begins")]
    NotOpened {
        /// Line of the closing marker.
        end: usize,
    },
    /// A region begins inside another, or a second one begins.
    #[error("`{BEGIN}` in line {second}, but line {first} began a region already; a file holds one map: remove one of them")]
    Twice {
        /// Line of the first opening marker.
        first: usize,
        /// Line of the second one.
        second: usize,
    },
    /// A region begins behind other text.
    #[error("`{BEGIN}` in line {begin} stands behind other text; put it on a line of its own")]
    NotAlone {
        /// Line of the opening marker.
        begin: usize,
    },
    /// With the map in it, the region would be read otherwise.
    #[error(
        "the region of line {begin} would not be found again once the map is in it, since HTML or a comment around it reads on: put \
         `{BEGIN}` and `{END}` between blank lines, and close what is open before them"
    )]
    Entangled {
        /// Line of the opening marker.
        begin: usize,
    },
    /// A comment that looks like a marker.
    #[error("`<!-- {text} -->` in line {line} is no marker; they are `{BEGIN}` and `{END}`")]
    Unknown {
        /// What it says.
        text: String,
        /// Its line.
        line: usize,
    },
}

/// Whether a file has markers for a region, outside of code, or comments that were meant to be markers.
#[must_use]
pub fn has_markers(text: &str) -> bool {
    markers(text).map_or(true, |markers| !markers.is_empty())
}

/// Puts generated text between the markers of an existing file, as deep in its list or quote and with its line ends.
///
/// # Errors
/// When the markers are missing, unbalanced, nested, misspelt, or there is more than one region.
pub fn splice(existing: &str, generated: &str) -> Result<String, SpliceError> {
    let region = region(existing)?;
    let (before, after) = (&existing[..region.start], &existing[region.end..]);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let marker_start = line_start + before[line_start..].find("<!--").unwrap_or(0);
    // A byte order mark at the start of a file belongs to no line.
    let prefix = before[line_start..marker_start].trim_start_matches('\u{feff}');
    if !prefix.chars().all(|c| matches!(c, ' ' | '\t' | '>')) {
        return Err(SpliceError::NotAlone { begin: line_of(existing, marker_start) });
    }
    let line_end = line_end(existing, region.start);
    // Its own marker would say that the whole file is generated.
    let body = match generated.strip_prefix(MARKER) {
        Some(rest) => rest.split_once('\n').map_or("", |(_, body)| body),
        None => generated,
    };
    let capture = if body.starts_with(LINT_OFF) { CAPTURE } else { "" };
    let mut out = format!("{before}{line_end}{}{line_end}", prefix.trim_end());
    for line in capture.lines().chain(body.trim_matches('\n').lines()) {
        out.push_str(if line.is_empty() { prefix.trim_end() } else { prefix });
        out.push_str(line);
        out.push_str(line_end);
    }
    let text = format!("{out}{}{line_end}{prefix}{after}", prefix.trim_end());
    // HTML and comments around a region may read otherwise with other text in it: the next run must find the same region.
    let is_found_again = self::region(&text).is_ok_and(|again| again.start == region.start && text[again.end..] == *after);
    if is_found_again { Ok(text) } else { Err(SpliceError::Entangled { begin: line_of(existing, marker_start) }) }
}

/// Generated text with its headings below the one of the file under which its region stands: a page has one title.
#[must_use]
pub fn nested(existing: &str, generated: &str) -> String {
    let Ok(region) = region(existing) else { return generated.to_owned() };
    let headings = |text: &str| -> Vec<(usize, usize)> {
        let parser = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
        let heading = |(event, range): (Event<'_>, Range<usize>)| match event {
            Event::Start(Tag::Heading { level, .. }) => Some((range.start, level as usize)),
            _ => None,
        };
        parser.filter_map(heading).collect()
    };
    let above = headings(&existing[front_matter(existing).min(region.start)..region.start]).last().map_or(0, |&(_, level)| level);
    let ours = headings(generated);
    let deepest = ours.iter().map(|&(_, level)| level).max().unwrap_or(6);
    let marks = "#".repeat(above.min(6 - deepest));
    let mut out = generated.to_owned();
    for (at, _) in ours.into_iter().rev().filter(|&(at, _)| generated[at..].starts_with('#')) {
        out.insert_str(at, &marks);
    }
    out
}

/// The end of the settings that some programs read off the top of a page: their last line would make a heading of them.
fn front_matter(text: &str) -> usize {
    let mut at = 0;
    for (number, line) in text.trim_start_matches('\u{feff}').split_inclusive('\n').enumerate() {
        at += line.len();
        match (number, line.trim_end()) {
            (0, "---") => {}
            (0, _) => return 0,
            (_, "---") => return at + text.len() - text.trim_start_matches('\u{feff}').len(),
            _ => {}
        }
    }
    0
}

/// The bytes between the end of the opening marker and the start of the closing one.
fn region(text: &str) -> Result<Range<usize>, SpliceError> {
    let line = |at: usize| line_of(text, at);
    let mut open: Option<Range<usize>> = None;
    let mut found: Option<(usize, Range<usize>)> = None;
    for (range, is_begin) in markers(text)? {
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

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// How the line that holds a place ends; the last line of a file as the one before it.
fn line_end(text: &str, at: usize) -> &'static str {
    let newline = text[at..].find('\n').map(|offset| at + offset).or_else(|| text[..at].rfind('\n'));
    if newline.is_some_and(|at| text[..at].ends_with('\r')) { "\r\n" } else { "\n" }
}

/// The markers outside of code, in order, with whether each opens.
fn markers(text: &str) -> Result<Vec<(Range<usize>, bool)>, SpliceError> {
    let mut found = Vec::new();
    if !text.contains("statemap:") {
        return Ok(found);
    }
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let is_html = match event {
            Event::InlineHtml(_) => true,
            // What such an element holds is shown as it is, or run.
            Event::Start(Tag::HtmlBlock) => {
                let start = text[range.clone()].trim_start().to_ascii_lowercase();
                !["<pre", "<script", "<style", "<textarea"].iter().any(|name| start.starts_with(name))
            }
            _ => false,
        };
        if is_html {
            comments(text, range, &mut found)?;
        }
    }
    Ok(found)
}

/// The comments of a piece of HTML that are markers.
fn comments(text: &str, range: Range<usize>, found: &mut Vec<(Range<usize>, bool)>) -> Result<(), SpliceError> {
    let mut at = range.start;
    while let Some(start) = text[at..range.end].find("<!--").map(|offset| at + offset) {
        let Some(end) = text[start + 4..range.end].find("-->").map(|offset| start + 4 + offset) else { return Ok(()) };
        at = end + 3;
        match text[start + 4..end].trim() {
            "statemap:begin" => found.push((start..at, true)),
            "statemap:end" => found.push((start..at, false)),
            other if other.starts_with("statemap:") => {
                let text_of = other.chars().take(40).collect();
                return Err(SpliceError::Unknown { text: text_of, line: line_of(text, start) });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_the_next_run_would_not_find_is_refused() {
        let odd = format!("text\n\n{BEGIN}\n</pre>\n{END}\n--><!--]]>\n{END}text");
        assert_eq!(splice(&odd, "- a\n\n  ```rust\n  x\n  ```\n"), Err(SpliceError::Entangled { begin: 3 }));
        let plain = format!("text\n\n{BEGIN}\n</pre>\n\n{END}\n\ntext");
        assert!(splice(&plain, "- a\n\n  ```rust\n  x\n  ```\n").is_ok());
    }

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

    /// Every way to write a file, with what stands before and behind its region.
    #[test]
    fn what_stands_outside_of_the_region_stays_byte_for_byte() {
        let outsides = [
            ("", ""),
            ("\u{feff}", "\n"),
            ("\u{feff}# A\r\n\r\n", "\r\ntext\r\n"),
            ("# A\n\n", " behind it\n\n\n"),
            ("mixed\r\nends\n", "\r\nno newline at the end"),
            ("paragraph\n", "\nparagraph\n"),
            ("<details>\n<summary>State</summary>\n", "\n</details>\n"),
            ("---\ntitle: x\n---\n\n", "\n"),
            ("a\n\n---\n\n", "\n\n---\n\nb\n"),
            ("```\n<!-- statemap:begin -->\n```\n", "\n`<!-- statemap:end -->`\n"),
            ("    <!-- statemap:begin -->\n\n", "\n\n    <!-- statemap:end -->\n"),
            ("<pre>\n<!-- statemap:begin -->\n</pre>\n\n", "\n"),
            ("<!-- put <!-- statemap:begin --> here -->\n\n", "\n"),
            ("- item\n\n  ", "\n- item\n"),
            ("1. item\n\n   ", "\n\n   more of it\n"),
            ("> quoted\n>\n> ", "\n> quoted\n"),
            ("\tx\n\n", "\n\ttabs and blanks  \n"),
            ("\u{202e}names\u{0}\n\n", "\n名前\n"),
        ];
        for (before, after) in outsides {
            for (open, inside, close) in
                [(BEGIN, "\n", END), (BEGIN, "", END), ("<!--statemap:begin-->", "\nold *text*\n", "<!--  statemap:end -->")]
            {
                let existing = format!("{before}{open}{inside}{close}{after}");
                let first = splice(&existing, "# New\n\n- x\n\n  y\n").unwrap_or_else(|error| panic!("{existing:?}: {error}"));
                assert!(first.starts_with(&format!("{before}{open}")) && first.ends_with(&format!("{close}{after}")), "{first:?}");
                assert!(first.contains("New") && !first.contains("old"), "{first:?}");
                assert_eq!(splice(&first, "# New\n\n- x\n\n  y\n").unwrap(), first, "a second run changes nothing");
                assert_eq!(splice(&splice(&first, "other\n").unwrap(), "# New\n\n- x\n\n  y\n").unwrap(), first);
            }
        }
    }

    #[test]
    fn a_region_in_a_list_or_a_quote_stays_in_it() {
        let list = format!("- a\n\n  {BEGIN}\n  {END}\n- b\n");
        assert_eq!(
            splice(&list, "x\n\n```\n  y\n```\n").unwrap(),
            format!("- a\n\n  {BEGIN}\n\n  x\n\n  ```\n    y\n  ```\n\n  {END}\n- b\n")
        );
        let quote = format!("> {BEGIN}\n> {END}\n");
        assert_eq!(splice(&quote, "x\n\ny\n").unwrap(), format!("> {BEGIN}\n>\n> x\n>\n> y\n>\n> {END}\n"));
    }

    #[test]
    fn a_marker_behind_text_and_one_that_is_misspelt_are_told() {
        for text in [format!("text {BEGIN}\n\n{END}\n"), format!("- {BEGIN}\n\n{END}\n"), format!("# {BEGIN}\n\n{END}\n")] {
            assert_eq!(splice(&text, ""), Err(SpliceError::NotAlone { begin: 1 }), "{text:?}");
        }
        let misspelt = "\n<!-- statemap:begins -->\n\n<!-- statemap:end -->\n";
        assert_eq!(splice(misspelt, ""), Err(SpliceError::Unknown { text: "statemap:begins".to_owned(), line: 2 }));
        assert!(has_markers(misspelt));
    }

    #[test]
    fn every_message_says_where_and_what_to_do() {
        for (text, words) in [
            ("# x\n", ["no `<!-- statemap:begin -->`", "put them where the map belongs"]),
            ("\n<!-- statemap:begin -->\n", ["in line 2", "put one where the map ends"]),
            ("\n\n<!-- statemap:end -->\n<!-- statemap:begin -->\n", ["in line 3", "put one where the map begins"]),
            ("x <!-- statemap:begin --> <!-- statemap:end -->\n", ["in line 1", "on a line of its own"]),
        ] {
            let message = splice(text, "").unwrap_err().to_string();
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
        }
    }

    #[test]
    fn headings_stand_below_the_one_of_the_file() {
        let page = "# Map\n\n## Hazards\n\n```\n# no heading\n```\n\n### x\n";
        let under = |above: &str| nested(&format!("{above}{BEGIN}\n{END}\n# Later\n"), page);
        assert_eq!(under(""), page);
        assert_eq!(under("---\ntitle: x\n---\n\n"), page);
        assert_eq!(under("# Shop\n\n"), "## Map\n\n### Hazards\n\n```\n# no heading\n```\n\n#### x\n");
        assert_eq!(under("Shop\n====\n\nState\n-----\n\n"), "### Map\n\n#### Hazards\n\n```\n# no heading\n```\n\n##### x\n");
        // No heading is deeper than the sixth level.
        assert_eq!(under("##### Deep\n\n"), "#### Map\n\n##### Hazards\n\n```\n# no heading\n```\n\n###### x\n");
    }

    #[test]
    fn rules_of_a_linter_are_as_they_were_below_the_region() {
        let generated = format!("{MARKER} -->\n{LINT_OFF} MD013 -->\n\n# Title\n");
        let spliced = splice(&format!("{BEGIN}\n{END}\n"), &generated).unwrap();
        assert_eq!(spliced, format!("{BEGIN}\n\n{CAPTURE}\n{LINT_OFF} MD013 -->\n\n# Title\n\n{END}\n"));
    }

    #[test]
    fn markers_on_one_line_work() {
        assert_eq!(splice(&format!("{BEGIN}{END}"), "x").unwrap(), format!("{BEGIN}\n\nx\n\n{END}"));
    }
}
