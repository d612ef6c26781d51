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
