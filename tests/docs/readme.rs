//! The README shows a part of `fixtures/storefront/STATEMAP.md`, which another test compares with what the program writes.

use crate::project::repository;

const BEGIN: &str = "<!-- excerpt of fixtures/storefront/STATEMAP.md -->\n";
const END: &str = "<!-- end of the excerpt -->\n";
/// The items shown below the opening.
const SHOWN: [&str; 2] = ["### pool: `db`", "### session: `Carts.by_session`"];

/// The opening, the review and the items shown, quoted, with links as seen from the repository's root.
fn excerpt() -> String {
    let page = std::fs::read_to_string(repository().join("fixtures/storefront/STATEMAP.md")).unwrap();
    let opening = page.split("\n\n").skip_while(|part| !part.starts_with("# ")).nth(1).unwrap();
    // The table of what would be raised first stands below it.
    let review = page.split("\n\n").find(|part| part.starts_with("| | what would be raised in a review first")).unwrap();
    let mut parts = vec![opening.to_owned(), review.to_owned()];
    for heading in SHOWN {
        let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("the map has no `{heading}`"));
        let end = rest.find("\n### ").or_else(|| rest.find("\n## ")).unwrap();
        parts.push(format!("{heading}\n{}", rest[..end].trim_end()));
    }
    let text = parts.join("\n\n").replace("](#", "](STATEMAP.md#").replace("](", "](fixtures/storefront/");
    let quoted: Vec<String> = text.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    format!("{}\n", quoted.join("\n"))
}

#[test]
fn the_map_shown_by_the_readme_is_that_of_the_storefront() {
    let path = repository().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README marks the excerpt");
    let (shown, after) = rest.split_once(END).expect("the README marks the end of the excerpt");
    let expected = excerpt();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}\n{expected}\n{END}{after}")).unwrap();
        return;
    }
    assert!(shown.trim() == expected.trim(), "the map of the storefront changed; run: UPDATE_README=1 cargo test readme\n\n{expected}");
}
