//! The same with strings that nobody thought of.

use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::skeleton::{blocks, comparable, difference, intruders, pages};
use super::texts::Texts;

/// Pieces that mean something to some reader of Markdown, and some that mean nothing.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(vec![
            "|", "\\", "`", "``", "*", "**", "_", "__", "~", "~~", "<", ">", "<!--", "-->", "[", "](", ")", "![", "]", "^", "[^", "#", "##", "-", "+",
            "=", "1.", "2)", ":", ":::", "{{", "}}", "{%", "{", "}", "$", "$$", "&", "&#", ";", "\n", "\r\n", "\n\n", "\t", "  ", "    ", "<a", "</a>",
            "<b>", "/>", "http://", "www.", "@", "\u{202e}", "\u{0}", "\u{1b}", "\u{a0}", "\u{feff}", "!", "\"", "'", "é", "名", "🦀",
        ]).prop_map(str::to_owned),
        // No letters of which words could be made that mean something to the rules.
        2 => "[xz]{1,4}",
        1 => any::<char>().prop_filter("no letter", |c| !c.is_ascii_alphabetic()).prop_map(String::from),
    ];
    proptest::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_text_changes_a_block_of_a_page(hostile in text()) {
        let pages = pages(&Texts::of_storefront().replaced(|text| format!("{hostile}{text}{hostile}")));
        for page in &pages {
            prop_assert_eq!(intruders(page), Vec::<String>::new(), "{:?} in {}", &hostile, &page.path);
        }
        for (page, plain) in comparable(&pages).into_iter().zip(plain()) {
            prop_assert_eq!(difference(page, plain), None, "{:?}", &hostile);
        }
    }
}

/// The blocks of each page with harmless text in the same places.
fn plain() -> &'static [Vec<String>] {
    static PLAIN: OnceLock<Vec<Vec<String>>> = OnceLock::new();
    PLAIN.get_or_init(|| {
        let pages = pages(&Texts::of_storefront().replaced(|text| format!("a{text}a")));
        comparable(&pages).into_iter().map(|page| blocks(&page.text)).collect()
    })
}
