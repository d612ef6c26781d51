//! The README shows a part of `fixtures/storefront/STATEMAP.md`, which another test compares with what the program writes.

use crate::project::repository;

const BEGIN: &str = "<!-- excerpt of fixtures/storefront/STATEMAP.md -->\n";
const END: &str = "<!-- end of the excerpt -->\n";
/// The item shown below the table.
const SHOWN: &str = "### session: `Carts.by_session`";
/// So many rows of the table: with the item, what a screen has room for.
const ROWS: usize = 4;

/// The first rows of the review and the item shown, quoted, with links as seen from the repository's root.
fn excerpt() -> String {
    let page = std::fs::read_to_string(repository().join("fixtures/storefront/STATEMAP.md")).unwrap();
    let review = page.split("\n\n").find(|part| part.starts_with("| | what would be raised in a review first")).unwrap();
    let review: Vec<&str> = review.lines().take(2 + ROWS).collect();
    let (_, rest) = page.split_once(&format!("\n{SHOWN}\n")).unwrap_or_else(|| panic!("the map has no `{SHOWN}`"));
    let end = rest.find("\n### ").or_else(|| rest.find("\n## ")).unwrap();
    let parts = [review.join("\n"), format!("{SHOWN}\n{}", rest[..end].trim_end())];
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

/// The picture of the README and of the book's first page.
const PICTURE: &str = "book/src/images/storefront-api.svg";

#[cfg(feature = "diagrams")]
#[test]
fn the_picture_is_what_the_program_draws() {
    let folder = tempfile::tempdir().unwrap();
    let mut gen_svg = crate::project::statemap();
    gen_svg.args(["gen", "fixtures/storefront", "--format", "svg", "--quiet", "-o"]).arg(folder.path()).current_dir(repository());
    gen_svg.assert().success();
    let drawn = std::fs::read_to_string(folder.path().join("storefront-api.svg")).unwrap();
    let path = repository().join(PICTURE);
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &drawn).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == drawn, "the diagram of the storefront changed; run: UPDATE_README=1 cargo test readme");
    assert!(there.len() < 100_000, "{} bytes are too many for a picture on a first page", there.len());
}
