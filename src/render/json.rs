//! JSON: the map as it is, design section 5 to the letter.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::StateMap;

use super::escape::is_steering;

/// A map as indented JSON with a newline at the end.
#[must_use]
pub fn json(map: &StateMap) -> String {
    pretty(map)
}

/// Indented JSON in which no character steers a terminal.
#[must_use]
pub fn pretty<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string_pretty(value).expect("maps have string keys and plain values");
    let mut out = String::with_capacity(text.len() + 1);
    let mut units = [0_u16; 2];
    for c in text.chars() {
        // Such characters occur inside strings only, where JSON has an escape for each of them.
        if is_steering(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}
