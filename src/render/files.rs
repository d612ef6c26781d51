//! The files of a book: each page is named after what it is about, never after its place in a list.

use std::collections::BTreeMap;

use crate::model::Kind;

use super::escape::slug;

/// The first page of a book.
pub(crate) const INDEX: &str = "src/index.md";
pub(crate) const BLIND: &str = "src/blind-spots.md";
/// The page of what changed, which no commit can hold of itself.
pub const CHANGES: &str = "src/changes.md";
/// The pages that list what has pages of its own.
pub(crate) const HAZARDS: &str = "src/hazards/index.md";
pub(crate) const INCIDENTS: &str = "src/incidents/index.md";
pub(crate) const FAILURES: &str = "src/failures/index.md";
pub(crate) const SERVICES: &str = "src/services/index.md";
pub(crate) const STORES: &str = "src/stores/index.md";
pub(crate) const OWNERS: &str = "src/owners/index.md";

/// At most so many characters of a name go into that of its file.
const LENGTH: usize = 80;

/// The page of a kind. What is known of external stores is told store by store.
pub(crate) fn kind_page(kind: Kind) -> String {
    if kind == Kind::ExternalStore { STORES.to_owned() } else { format!("src/kinds/{kind}.md") }
}

pub(crate) fn hazard_page(rule: &str) -> String {
    format!("src/hazards/{}.md", stems([rule])[rule])
}

pub(crate) fn item_page(stem: &str) -> String {
    format!("src/items/{stem}.md")
}

pub(crate) fn service_page(stem: &str) -> String {
    format!("src/services/{stem}.md")
}

pub(crate) fn store_page(stem: &str) -> String {
    format!("src/stores/{stem}.md")
}

pub(crate) fn owner_page(stem: &str) -> String {
    format!("src/owners/{stem}.md")
}

pub(crate) fn incident_page(id: &str) -> String {
    format!("src/incidents/{id}.md")
}

pub(crate) fn failure_page(id: &str) -> String {
    format!("src/failures/{id}.md")
}

/// From one page to another, both relative to the output folder; empty within a page.
pub(crate) fn relative(from: &str, to: &str) -> String {
    if from == to {
        return String::new();
    }
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let shared = from[..from.len() - 1].iter().zip(&to[..to.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - 1 - shared);
    format!("{up}{}", to[shared..].join("/"))
}

/// A stem for each name, for files and anchors: ASCII in lower case, and no two the same, even where a file system knows no case.
///
/// It follows from the name alone, unless another one would have the same: then both carry a hash of theirs, whatever their order.
pub(crate) fn stems<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeMap<&'n str, String> {
    let mut stems: BTreeMap<&str, (String, bool)> = names.into_iter().map(|name| (name, stem(name))).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (stem, _) in stems.values() {
        *counts.entry(stem.clone()).or_default() += 1;
    }
    for (name, (stem, tells_all)) in &mut stems {
        if !*tells_all || counts[stem.as_str()] > 1 {
            *stem = with_hash(name);
        }
    }
    stems.into_iter().map(|(name, (stem, _))| (name, stem)).collect()
}

/// The stem of a name, with a hash: no other name has it.
pub(crate) fn with_hash(name: &str) -> String {
    format!("{}-{:08x}", stem(name).0, fnv(name))
}

/// The stem of a name, and whether nothing that tells it apart was left out.
fn stem(name: &str) -> (String, bool) {
    let mut out = String::with_capacity(name.len());
    for c in slug(&name.replace(|c: char| !c.is_alphanumeric() && c != '_', " ")).chars().filter(char::is_ascii) {
        if c != '-' || !out.is_empty() && !out.ends_with('-') {
            out.push(c);
        }
    }
    let whole = name.is_ascii() && out.len() <= LENGTH;
    out.truncate(LENGTH);
    let end = out.trim_end_matches('-').len();
    out.truncate(end);
    // `index` is the page that lists the others.
    match out.as_str() {
        "" => ("x".to_owned(), false),
        "index" => ("index".to_owned(), false),
        _ => (out, whole),
    }
}

/// FNV-1a: short, and the same on every machine.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_link_to_each_other_relatively() {
        assert_eq!(relative("src/index.md", "src/kinds/pool.md"), "kinds/pool.md");
        assert_eq!(relative("src/kinds/pool.md", "src/services/api.md"), "../services/api.md");
        assert_eq!(relative("src/kinds/pool.md", "src/kinds/pool.md"), "");
        assert_eq!(relative("src/kinds/pool.md", "src/index.md"), "../index.md");
    }

    #[test]
    fn a_name_gives_its_stem_whatever_else_there_is() {
        let id = "pool:shop_core::db::connect#sqlx::postgres::PgPoolOptions";
        assert_eq!(stems([id])[id], "pool-shop_core-db-connect-sqlx-postgres-pgpooloptions");
        assert_eq!(stems([id, "queue:a::b"])[id], stems(["cache:c", id])[id]);
        assert_eq!(stems(["Payments team"])["Payments team"], "payments-team");
    }

    #[test]
    fn names_that_would_share_a_stem_get_a_hash_each() {
        let both = stems(["static:a::FOO", "static:a::foo"]);
        assert_ne!(both["static:a::FOO"], both["static:a::foo"]);
        assert_eq!(both, stems(["static:a::foo", "static:a::FOO"]));
        assert!(both.values().all(|stem| stem.starts_with("static-a-foo-")), "{both:?}");
    }

    #[test]
    fn whatever_a_name_holds_its_stem_is_the_name_of_a_file() {
        let long = "a".repeat(300);
        for name in ["", "../../etc/passwd", "日本語", "index", "<script>", "-", "a b", &long] {
            let stem = &stems([name])[name];
            assert!(stem.len() < 100 && stem != "index" && !stem.is_empty(), "{name}: {stem}");
            assert!(stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')), "{name}: {stem}");
        }
    }
}
