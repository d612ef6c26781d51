//! Cells of a table in columns: how wide a text is, and what is left of it where room is short.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a text.
#[must_use]
pub fn width_of(text: &str) -> usize {
    text.width()
}

/// Cuts text to a width, with an ellipsis at the end.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// Cuts a path to a width: folders go first, then the beginning of the name; the end tells most.
#[must_use]
pub fn fit_path(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let whole_folders = text.match_indices('/').map(|(at, _)| &text[at..]).find(|rest| rest.width() < width && rest.len() > 1);
    if let Some(rest) = whole_folders {
        return format!("…{rest}");
    }
    let text = text.rsplit('/').next().unwrap_or(text);
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut used = 1;
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// Text in lines of a width, at most so many; what does not fit is cut with an ellipsis.
#[must_use]
pub fn wrap_text(text: &str, width: usize, lines: usize) -> Vec<String> {
    wrap_after(text, width, width, lines)
}

/// As [`wrap_text`], with another width of the first line: something else stands there already.
#[must_use]
pub fn wrap_after(text: &str, first: usize, width: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let width = if out.is_empty() { first } else { width };
        if out.len() + 1 == lines || rest.width() <= width {
            out.push(fit(rest, width));
            break;
        }
        let fitting = end_of_width(rest, width);
        // A line ends at a blank; a word that is longer than a line goes on in the next one.
        let end = if rest[fitting..].starts_with(' ') { fitting } else { rest[..fitting].rfind(' ').unwrap_or(fitting) };
        let end = if end == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { end };
        out.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    out
}

/// How many bytes of a text fit into a width.
fn end_of_width(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_blanks_and_cut_after_the_last_line() {
        assert_eq!(wrap_text("one two three", 7, 3), ["one two", "three"]);
        assert_eq!(wrap_text("one two three four", 7, 2), ["one two", "three…"]);
        assert_eq!(wrap_text("abcdefghij kl", 4, 9), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap_text("世界世界", 4, 9), ["世界", "世界"]);
        assert_eq!(wrap_text("世界", 1, 9), ["世", "界"], "what is wider than a line is not lost");
        assert_eq!(wrap_text("", 4, 9), Vec::<String>::new());
        assert_eq!(wrap_after("one two three", 4, 9, 3), ["one", "two three"]);
    }

    #[test]
    fn paths_lose_their_folders_first() {
        assert_eq!(fit_path("crates/core/src/db.rs:20", 12), "…/db.rs:20");
        assert_eq!(fit_path("crates/core/src/db.rs:20", 5), "…s:20");
        assert_eq!(fit("a long name", 7), "a long…");
    }
}
