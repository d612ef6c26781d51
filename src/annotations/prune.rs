//! Takes entries out of the text of a `statemap.toml`, with the comment directly above each. Everything else stays byte for byte.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// The text without some `[[state]]` entries, by their number from 0, and the texts of those taken out.
///
/// Entries of an inline array are left where they are.
#[must_use]
pub fn prune(text: &str, entries: &[usize]) -> (String, Vec<String>) {
    let Ok(root) = DeTable::parse(text) else { return (text.to_owned(), Vec::new()) };
    let Some(DeValue::Array(array)) = root.get_ref().get("state").map(toml::Spanned::get_ref) else { return (text.to_owned(), Vec::new()) };
    let mut kept = String::with_capacity(text.len());
    let mut gone = Vec::new();
    let mut at = 0;
    for (number, entry) in array.iter().enumerate() {
        let DeValue::Table(table) = entry.get_ref() else { continue };
        let header = entry.span();
        if !entries.contains(&number) || !text[header.start..].starts_with("[[") {
            continue;
        }
        let last = table.values().map(|value| value.span().end).max().unwrap_or(header.end).max(header.end);
        let part = whole_lines(text, header.start..last);
        // Two blank lines in a row would be left where one parted three entries.
        let after_blank = text[..part.start].is_empty() || text[..part.start].ends_with("\n\n") || text[..part.start].ends_with("\n\r\n");
        let blank =
            if after_blank { text[part.end..].find(|c: char| !matches!(c, '\r' | '\n')).unwrap_or(text.len() - part.end) } else { 0 };
        kept.push_str(&text[at..part.start.max(at)]);
        gone.push(text[part.clone()].to_owned());
        at = part.end + blank;
    }
    kept.push_str(&text[at..]);
    (kept, gone)
}

/// The lines of a range, with the comments that stand directly above.
fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    let mut start = line_start(range.start);
    while start > 0 {
        let above = line_start(start - 1);
        if !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    let end = text[range.end..].find('\n').map_or(text.len(), |feed| range.end + feed + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[service]\nname = \"x\" # mine\n\n# of all\n\n# the first\n[[state]]\nid = \"cache:a\"\nowner = \"o\" # old\n\n\
        [[state]]\nid = \"cache:b\"\ncontains = [\n  \"pii\", # much\n]\n# of the rest\n\n[[state]]\nid = \"cache:c\"\nsize = \"\"\"\n[[state]]\n\"\"\"";

    #[test]
    fn entries_go_with_the_comment_above_them_and_nothing_else_does() {
        let (kept, gone) = prune(TEXT, &[0]);
        assert_eq!(kept, TEXT.replace("# the first\n[[state]]\nid = \"cache:a\"\nowner = \"o\" # old\n\n", ""));
        assert_eq!(gone, ["# the first\n[[state]]\nid = \"cache:a\"\nowner = \"o\" # old\n"]);
        let (kept, _) = prune(TEXT, &[1]);
        assert_eq!(kept, TEXT.replace("[[state]]\nid = \"cache:b\"\ncontains = [\n  \"pii\", # much\n]\n", ""));
        let (kept, gone) = prune(TEXT, &[2]);
        assert_eq!(kept, &TEXT[..TEXT.rfind("[[state]]\nid = \"cache:c\"").unwrap()]);
        assert!(gone[0].ends_with("\"\"\""));
        assert_eq!(prune(&TEXT.replace('\n', "\r\n"), &[0]).0, prune(TEXT, &[0]).0.replace('\n', "\r\n"));
        assert_eq!(prune(TEXT, &[]), (TEXT.to_owned(), Vec::new()));
    }

    #[test]
    fn entries_of_an_inline_array_stay() {
        let text = "state = [{ id = \"cache:a\", owner = \"o\" }]\n";
        assert_eq!(prune(text, &[0]), (text.to_owned(), Vec::new()));
    }
}
