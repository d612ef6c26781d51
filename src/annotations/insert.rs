//! Puts stubs into the text of a `statemap.toml`. What is there stays byte for byte: text is only added.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::stub::{Stub, quoted_toml, tables};

/// What stands above the first stubs of a file.
const HEADER: &str = "\
# What only people know. Added by `statemap annotate`: fill in what is empty, delete what you have nothing to say of.
# As long as it is empty it counts as not said.
#   owner: the team to ask; on_loss: what a user notices when it is gone; rebuild: what brings it back, and how long that takes;
#   recovery_test: how that is tested; replication: how far copies may differ; contents, size: what is in it, and how much.
";

/// The text with the stubs in it: behind the rest, or behind the last entry when the file writes `state = [ … ]`.
///
/// The text must be a `statemap.toml` without mistakes.
#[must_use]
pub fn insert(text: &str, stubs: &[Stub]) -> String {
    if stubs.is_empty() {
        return text.to_owned();
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (at, added) = match inline_entries(text) {
        Some((close, needs_comma)) => (close, in_array(text, close, needs_comma, stubs)),
        None => (text.len(), at_the_end(text, stubs)),
    };
    format!("{}{}{}", &text[..at], added.replace('\n', line_end), &text[at..])
}

fn at_the_end(text: &str, stubs: &[Stub]) -> String {
    let bare = text.trim_start_matches('\u{feff}');
    let apart = match bare {
        "" => "",
        bare if bare.ends_with("\n\n") || bare.ends_with("\n\r\n") => "",
        bare if bare.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let header = if text.contains("statemap annotate") { String::new() } else { format!("{HEADER}\n") };
    format!("{apart}{header}{}", tables(stubs))
}

/// The bracket that closes `state = [ … ]`, and whether a comma is missing before it; `None` for `[[state]]` and for no entry.
fn inline_entries(text: &str) -> Option<(usize, bool)> {
    let root = DeTable::parse(text).ok()?;
    let value: &Spanned<DeValue<'_>> = root.get_ref().get("state")?;
    let span = value.span();
    let DeValue::Array(array) = value.get_ref() else { return None };
    let written = text.get(span.clone())?;
    let is_inline = written.starts_with('[') && !written.starts_with("[[") && written.ends_with(']');
    if !is_inline {
        return None;
    }
    let close = span.end - 1;
    let last = array.iter().map(|entry| entry.span().end).max();
    let needs_comma = last.is_some_and(|last| !without_comments(&text[last..close]).contains(','));
    Some((close, needs_comma))
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect()
}

/// Stubs as inline tables, to stand before the closing bracket.
fn in_array(text: &str, close: usize, needs_comma: bool, stubs: &[Stub]) -> String {
    let mut out = String::new();
    // A comment in the line would swallow the comma.
    let line = &text[text[..close].rfind('\n').map_or(0, |at| at + 1)..close];
    let starts_line = line.trim().is_empty();
    if needs_comma {
        out.push(',');
    }
    if !starts_line || needs_comma {
        out.push('\n');
    }
    for stub in stubs {
        let keys: Vec<String> = stub.keys.iter().map(|key| format!(", {key} = \"\"")).collect();
        out.push_str(&format!("  # {}\n  {{ id = {}{} }},\n", stub.comment, quoted_toml(&stub.pattern), keys.concat()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::config::{CONFIG_FILE, load};
    use super::*;

    fn stub(id: &str) -> Stub {
        Stub { pattern: id.to_owned(), keys: vec!["owner", "on_loss"], comment: format!("what {id} is"), items: 1 }
    }

    /// The text with two stubs, which must be valid, hold the old text, and have both entries.
    fn with_stubs(text: &str) -> String {
        let before = load(CONFIG_FILE, text).0.states.len();
        let out = insert(text, &[stub("cache:a#{}\"b"), stub("pool:b")]);
        let (config, diagnostics) = load(CONFIG_FILE, &out);
        assert_eq!(diagnostics, [], "{out}");
        assert_eq!(config.states.len(), before + 2, "{out}");
        assert_eq!(config.states.last().unwrap().id.as_str(), "pool:b");
        // Taken out again, what was added leaves the old text.
        let added = out.len() - text.len();
        let kept = (0..=text.len()).any(|at| text.is_char_boundary(at) && out.starts_with(&text[..at]) && out[at + added..] == text[at..]);
        assert!(kept, "{out}");
        out
    }

    #[test]
    fn stubs_stand_behind_the_rest_whatever_it_ends_with() {
        for text in ["", "\n", "[service]\nname = \"x\"", "[service]\nname = \"x\"\n", "# mine\n\n\n", "\u{feff}[policy]\n\n# last words"] {
            with_stubs(text);
        }
        let out = with_stubs("[service]\nname = \"x\"");
        assert!(out.starts_with("[service]\nname = \"x\"\n\n# What only people know."), "{out}");
    }

    #[test]
    fn line_ends_of_the_file_are_kept() {
        let out = with_stubs("[service]\r\nname = \"x\" # mine\r\n");
        assert_eq!(out.matches('\n').count(), out.matches("\r\n").count());
    }

    #[test]
    fn entries_of_an_inline_array_are_added_to_it() {
        for text in [
            "state = []\n",
            "state = [{ id = \"cache:x\", owner = \"y\" }]\n[policy]\n",
            "state = [\n  { id = \"cache:x\", owner = \"y\" }, # the, first\n]\n\n[service]\nname = \"z\"\n",
            "state = [\n  { id = \"cache:x\", owner = \"y\" }\n  # no comma, here\n]\n",
            "state = [ # entries, all of them\n]\n",
        ] {
            with_stubs(text);
        }
    }

    #[test]
    fn the_words_above_the_stubs_are_written_once() {
        let once = insert("", &[stub("cache:a")]);
        let twice = insert(&once, &[stub("cache:b")]);
        assert_eq!(twice.matches("statemap annotate").count(), 1);
    }
}
