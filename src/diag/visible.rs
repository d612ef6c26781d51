//! Text of the analysed tree made harmless: what would move the cursor, colour the terminal or reorder text is shown.

/// Each control character as one visible character.
pub(super) fn text(text: &str) -> String {
    text.chars().map(character).collect()
}

/// The character itself, or what is shown in its place.
pub(crate) fn character(c: char) -> char {
    match c {
        '\t' => ' ',
        // The control pictures stand in the order of the characters that they depict.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
        '\u{7f}' => '␡',
        // Second control block, marks and overrides of direction, line and paragraph separators, invisible characters.
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => '�',
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => '�',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_seen_and_letters_stay() {
        assert_eq!(text("é世\u{9b}31m\u{202e}\r"), "é世�31m�␍");
    }
}
