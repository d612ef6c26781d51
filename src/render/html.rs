//! The HTML of a book: badges and icons, as the stylesheet knows them, and nothing else.
//!
//! Pages for a repository are plain Markdown. Nothing here ever holds a word of the analysed tree.

use crate::model::Kind;

/// The stylesheet of a book; every class begins with `statemap-`.
pub const STYLESHEET: &str = include_str!("statemap.css");
/// Its file, beside `book.toml`.
pub const STYLESHEET_FILE: &str = "statemap.css";

/// The words that have a badge: how bad, how sure, where it lives, and what was answered.
const BADGES: &[&str] = &[
    "high",
    "medium",
    "low",
    "accepted",
    "likely",
    "possible",
    "task",
    "thread",
    "process",
    "host",
    "cluster",
    "external",
    "client",
    "yes",
    "with-care",
    "no",
    "constant",
];

/// A word in a small frame; a word that has no badge stays a word.
pub(crate) fn badge(word: &str) -> String {
    if BADGES.contains(&word) {
        format!("<span class=\"statemap-badge statemap-{word}\">{}</span>", word.replace('-', " "))
    } else {
        super::escape::inline(word)
    }
}

/// The heading of a column, for where a row becomes a card; text for the eye only, so that a search does not find it in every row.
///
/// The words are those of a template.
pub(crate) fn label(column: &str) -> String {
    format!("<span class=\"statemap-label\" data-label=\"{}\"></span>", super::escape::entities(column))
}

/// The picture of a kind, with a space behind it: the word stands beside it, so readers of screens do not hear of it.
pub(crate) fn icon(kind: &str) -> &'static str {
    kind.parse::<Kind>().map_or("", picture)
}

fn picture(kind: Kind) -> &'static str {
    macro_rules! pictures {
        ($($variant:ident = $file:literal,)*) => {
            match kind { $(Kind::$variant => include_str!(concat!("icons/", $file, ".svg")).trim_ascii_end(),)* }
        };
    }
    pictures! {
        Static = "static",
        ThreadLocal = "thread-local",
        SharedState = "shared-state",
        Cache = "cache",
        Session = "session",
        Pool = "pool",
        SdkClient = "sdk-client",
        Queue = "queue",
        Limiter = "limiter",
        BackgroundTask = "background-task",
        StartupConfig = "startup-config",
        Telemetry = "telemetry",
        Os = "os",
        ReferenceData = "reference-data",
        FsWrite = "fs-write",
        EmbeddedDb = "embedded-db",
        ExternalStore = "external-store",
        ClientHeld = "client-held",
        Lease = "lease",
        Deployment = "deployment",
    }
}

/// The words of an id, apart: a search finds whole words and their beginnings, and `cache:shop::Catalogue.products` is one word.
///
/// They stand hidden beside the id, so that `products` finds it, too.
pub(crate) fn search_words(id: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in id.split(|c: char| !c.is_ascii_alphanumeric()) {
        for word in camel(part) {
            let word = word.to_ascii_lowercase();
            if word.len() > 2 && !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words.join(" ")
}

/// `PgPoolOptions` as `Pg`, `Pool` and `Options`; a word without capitals as it is.
fn camel(part: &str) -> Vec<&str> {
    let bytes = part.as_bytes();
    let mut out = Vec::new();
    let mut start = 0;
    for at in 1..bytes.len() {
        let begins = bytes[at].is_ascii_uppercase()
            && (bytes[at - 1].is_ascii_lowercase() || bytes.get(at + 1).is_some_and(|next| next.is_ascii_lowercase()));
        if begins {
            out.push(&part[start..at]);
            start = at;
        }
    }
    out.push(&part[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_picture_of_its_own() {
        let pictures: std::collections::BTreeSet<&str> = Kind::ALL.iter().map(|kind| icon(kind.as_str())).collect();
        assert_eq!(pictures.len(), Kind::ALL.len());
        for picture in pictures {
            assert!(picture.starts_with("<svg class=\"statemap-icon\"") && picture.ends_with("</svg>"), "{picture}");
            assert!(picture.contains("aria-hidden=\"true\"") && picture.contains("currentColor"), "{picture}");
            assert!(picture.len() < 600 && !picture.contains('\n'), "{picture}");
        }
        assert_eq!(icon("no-such-kind"), "");
    }

    #[test]
    fn only_known_words_become_badges() {
        assert_eq!(badge("with-care"), "<span class=\"statemap-badge statemap-with-care\">with care</span>");
        assert_eq!(badge("<b>"), "\\<b\\>");
    }

    #[test]
    fn the_stylesheet_knows_every_badge_and_speaks_of_nothing_else() {
        for word in BADGES {
            assert!(STYLESHEET.contains(&format!(".statemap-{word}")), "{word}");
        }
    }

    #[test]
    fn an_id_is_found_by_its_words() {
        let words = search_words("pool:shop_core::db::get_connection#sqlx::PgPoolOptions");
        assert_eq!(words, "pool shop core get connection sqlx options");
        assert_eq!(search_words("cache:shop::Catalogue.products"), "cache shop catalogue products");
        assert_eq!(search_words("os:x#HTTPServer"), "http server");
    }
}
