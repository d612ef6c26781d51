//! `# statemap: …` comments of manifests: a line of its own, or behind what it speaks of.

use crate::facts::{Comment, Span};

/// What such a comment starts with.
const DIRECTIVE: &str = "statemap:";

/// The comments of a text that speak to this tool; each speaks of the line below it that is no comment, or of its own.
pub(super) fn read(text: &str) -> Vec<Comment> {
    let mut out: Vec<Comment> = Vec::new();
    if !text.contains(DIRECTIVE) {
        return out;
    }
    let mut waiting = 0;
    let mut start = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let words = line.trim_end();
        let is_comment = words.trim_start().starts_with('#');
        let sign = if is_comment { words.find('#') } else { words.rfind(" # statemap:").map(|at| at + 1) };
        let said = sign.and_then(|sign| words[sign + 1..].trim_start().strip_prefix(DIRECTIVE).map(|said| (sign, said.trim_start())));
        if let Some((sign, said)) = said {
            let column = u32::try_from(words[..sign].chars().count() + 1).unwrap_or(u32::MAX);
            let offset = start + words.len() - said.len();
            out.push(Comment { span: Span { line: number, column }, offset, text: said.to_owned(), target: number });
            if !is_comment {
                waiting = out.len();
            }
        }
        if !is_comment && !words.trim().is_empty() {
            for comment in &mut out[waiting..] {
                comment.target = number;
            }
            waiting = out.len();
        }
        start += line.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_speaks_of_the_line_below_or_of_its_own() {
        let text = "a: 1\n  # statemap: owner = \"x\"\n\n  # why\n  b: 2\nc: 3 # statemap: owner = \"y\"\nd: 4\n";
        let comments = read(text);
        let shown: Vec<_> = comments.iter().map(|one| (one.span.line, one.span.column, one.target, one.text.as_str())).collect();
        assert_eq!(shown, [(2, 3, 5, "owner = \"x\""), (6, 6, 6, "owner = \"y\"")]);
        assert!(text[comments[1].offset..].starts_with("owner"));
    }
}
