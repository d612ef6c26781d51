//! The known word nearest to one that is not known, for "did you mean" lines.

/// Longer words are not compared: nobody mistypes them, and the cost is the product of both lengths.
const MAX_LENGTH: usize = 256;

/// The candidate with the smallest edit distance, when at most a third of the word differs; the first of equals.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_LENGTH {
        return None;
    }
    let limit = word.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_LENGTH && candidate.len().abs_diff(word.len()) <= limit * 4)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` for the nearest candidate, else the sentence given.
pub(super) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, otherwise: impl FnOnce() -> String) -> String {
    match nearest(word, candidates) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => otherwise(),
    }
}

/// Words in backticks, joined by commas, with the last one after `last` (`or`, `and`).
pub(super) fn words(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., tail] => {
            let head: Vec<String> = head.iter().map(|word| format!("`{word}`")).collect();
            format!("{} {last} `{tail}`", head.join(", "))
        }
    }
}

/// A word of the input in backticks: control characters escaped, and cut when it is too long to read.
pub(super) fn quoted(word: &str) -> String {
    format!("`{}`", shown(word))
}

/// The same without backticks.
pub(crate) fn shown(word: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String =
        word.chars().take(SHOWN).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
    if word.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_another_word_finds_none() {
        let known = ["owner", "on_loss", "rebuild"];
        assert_eq!(nearest("ownr", known), Some("owner"));
        assert_eq!(nearest("onloss", known), Some("on_loss"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn a_very_long_word_is_not_compared() {
        assert_eq!(nearest(&"o".repeat(1_000_000), ["owner"]), None);
    }

    #[test]
    fn a_quoted_word_is_cut_and_cannot_move_the_cursor() {
        assert_eq!(quoted("a\u{1b}[2Jb"), "`a\\u{1b}[2Jb`");
        assert_eq!(quoted(&"é".repeat(100)), format!("`{}…`", "é".repeat(80)));
    }

    #[test]
    fn words_are_listed_as_people_list_them() {
        assert_eq!(words(&["low", "medium", "high"], "or"), "`low`, `medium` or `high`");
        assert_eq!(words(&["low"], "or"), "`low`");
    }
}
