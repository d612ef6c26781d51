//! The map of an earlier run, with the lines of some files moved.

use std::collections::BTreeMap;

use serde_json::Value;
use smol_str::SmolStr;

use super::shape::Shape;
use crate::model::StateMap;

/// Two shapes of each file that are equal.
pub(super) type Moves = BTreeMap<SmolStr, (Shape, Shape)>;

/// Moves all places of the map; none when a text of the map speaks of a line that would have to move.
pub(super) fn moved(map: &[u8], moves: &Moves) -> Option<StateMap> {
    let mut map: Value = serde_json::from_slice(map).ok()?;
    go(&mut map, moves)?;
    let mut map: StateMap = serde_json::from_value(map).ok()?;
    for (was, is) in moves.values() {
        map.coverage.lines = map.coverage.lines.checked_sub(was.lines as usize)? + is.lines as usize;
    }
    Some(map)
}

fn go(value: &mut Value, moves: &Moves) -> Option<()> {
    match value {
        Value::Array(parts) => parts.iter_mut().try_for_each(|part| go(part, moves)),
        Value::String(text) => (!speaks_of_line(text, moves)).then_some(()),
        Value::Object(fields) => {
            let file = fields.get("file").and_then(Value::as_str);
            if let Some((was, is)) = file.and_then(|file| moves.get(file)) {
                // Offsets of bytes, and sentences about lines, are not followed.
                let texts = || ["message", "help"].iter().filter_map(|name| fields.get(*name)?.as_str());
                if fields.contains_key("span") || texts().any(names_line) {
                    return None;
                }
                if let Some(line) = fields.get_mut("line").filter(|line| !line.is_null()) {
                    let old = u32::try_from(line.as_u64()?).ok()?;
                    let rank = was.stands_on.binary_search(&old).ok()?;
                    *line = Value::from(*is.stands_on.get(rank)?);
                }
            }
            fields.values_mut().try_for_each(|field| go(field, moves))
        }
        _ => Some(()),
    }
}

/// `src/main.rs:12`, in a sentence.
fn speaks_of_line(text: &str, moves: &Moves) -> bool {
    text.contains(".rs:") && moves.keys().any(|file| text.contains(&format!("{file}:")))
}

/// `in line 12`.
fn names_line(text: &str) -> bool {
    text.match_indices("line")
        .any(|(at, word)| text[at + word.len()..].trim_start_matches('s').trim_start().starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_about_a_line_is_seen() {
        assert!(names_line("the nearest in this file is `x` in line 12: move it"));
        assert!(names_line("in lines 3 and 5"));
        assert!(!names_line("12 lines of it, and a deadline"));
        let shape = |line| Shape { hash: [0; 32], stands_on: vec![line], lines: 9 };
        let moves = Moves::from([(SmolStr::new("src/a.rs"), (shape(1), shape(2)))]);
        assert!(speaks_of_line("`max` is 5 in src/a.rs:1", &moves));
        assert!(!speaks_of_line("`max` is 5 in src/b.rs:1", &moves));
    }
}
