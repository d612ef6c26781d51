//! `# statemap: …` comments of manifests and settings: a line of its own, or behind what it speaks of.

use crate::facts::{Comment, Span};

/// What such a comment starts with.
const DIRECTIVE: &str = "statemap:";

/// At most so many further lines belong to one comment.
const MAX_LINES: usize = 100;

/// The comments of a text that speak to this tool; each speaks of the line below it that is no comment, or of its own.
pub(super) fn read(text: &str) -> Vec<Comment> {
    read_signed(text, &["#"])
}

/// The same, where comments begin with one of these signs.
pub(crate) fn read_signed(text: &str, signs: &[&str]) -> Vec<Comment> {
    let mut out: Vec<Comment> = Vec::new();
    if !text.contains(DIRECTIVE) {
        return out;
    }
    let mut waiting = 0;
    let mut start = 0;
    // The lines that the comment above has taken in.
    let mut taken = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let words = line.trim_end();
        let own = words_of(words, signs);
        let sign = match own {
            Some(inside) => Some((words.len() - words.trim_start().len(), inside)),
            None => behind(words, signs),
        };
        let said = sign.and_then(|(sign, inside)| Some((sign, inside.trim_start().strip_prefix(DIRECTIVE)?.trim_start())));
        if let Some((sign, said)) = said.filter(|_| taken == 0) {
            let column = u32::try_from(words[..sign].chars().count() + 1).unwrap_or(u32::MAX);
            let offset = start + words.len() - said.len();
            let mut whole = said.to_owned();
            if own.is_some() {
                taken = more(&mut whole, &text[start + line.len()..], signs);
            }
            out.push(Comment { span: Span { line: number, column }, offset, text: whole, target: number });
            if own.is_none() {
                waiting = out.len();
            }
        } else {
            taken = taken.saturating_sub(1);
        }
        if own.is_none() && !words.trim().is_empty() {
            for comment in &mut out[waiting..] {
                comment.target = number;
            }
            waiting = out.len();
        }
        start += line.len();
    }
    out
}

/// What stands in a line that is a comment, behind its sign.
fn words_of<'t>(line: &'t str, signs: &[&str]) -> Option<&'t str> {
    let line = line.trim_start();
    signs.iter().find_map(|sign| line.strip_prefix(sign))
}

/// Where a comment to this tool begins behind something else, and what stands in it. In quotes it is none.
fn behind<'t>(line: &'t str, signs: &[&str]) -> Option<(usize, &'t str)> {
    signs.iter().find_map(|sign| {
        let at = line.rfind(&format!(" {sign} {DIRECTIVE}"))? + 1;
        let is_open = |quote: char| line[..at].matches(quote).count() % 2 == 1;
        (!is_open('"') && !is_open('\'')).then(|| (at, &line[at + sign.len()..]))
    })
}

/// Adds the further lines of a comment: they are indented, or the line above them is not at its end. Says how many there are.
fn more(said: &mut String, rest: &str, signs: &[&str]) -> usize {
    let mut count = 0;
    for line in rest.lines().take(MAX_LINES) {
        let Some(inside) = words_of(line.trim_end(), signs) else { break };
        let goes_on = inside.starts_with("  ") || said.ends_with([',', '[', '{', '(']);
        if !goes_on || inside.trim_start().starts_with(DIRECTIVE) {
            break;
        }
        said.push('\n');
        said.push_str(inside.trim());
        count += 1;
    }
    count
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

    #[test]
    fn a_comment_goes_on_in_lines_that_are_indented_or_asked_for() {
        let text = "# statemap: owner = \"x\"\n#   size = \"1 MB\",\n# on_loss = \"y\"\n# why\na: 1\n";
        let comments = read(text);
        assert_eq!(comments.len(), 1);
        assert_eq!(comments[0].text, "owner = \"x\"\nsize = \"1 MB\",\non_loss = \"y\"");
        assert_eq!(comments[0].target, 5);
    }

    #[test]
    fn lines_may_end_as_on_windows() {
        let comments = read("# statemap: owner = \"x\"\r\na: 1\r\n");
        assert_eq!((comments[0].text.as_str(), comments[0].target), ("owner = \"x\"", 2));
    }

    #[test]
    fn other_formats_have_other_signs_and_what_stands_in_quotes_is_no_comment() {
        let text = "; statemap: owner = \"x\"\na = 1 // statemap: owner = \"y\"\nb = \"c # statemap: owner\"\n";
        let targets = |signs: &[&str]| read_signed(text, signs).iter().map(|one| one.target).collect::<Vec<_>>();
        assert_eq!(targets(&["#", ";"]), [2]);
        assert_eq!(targets(&["//"]), [2]);
        assert!(read("b: 'c # statemap: owner'\n").is_empty());
    }
}
