//! `{{#statemap …}}` in pages: what it becomes, where it is left alone, and what is said when it is wrong.

use super::{Library, SEEN};

#[test]
fn a_list_becomes_a_table_with_links_to_the_source() {
    let page = Library::one("# Caches\n\nAbove.\n{{#statemap list kind=static}}\nBelow.\n").unwrap();
    assert!(
        page.starts_with("# Caches\n\nAbove.\n\n<div class=\"statemap-page\">\n\n<div class=\"statemap-cards\">\n\n| name | what it is | where |\n| --- | --- | --- |\n"),
        "{page}"
    );
    assert!(page.contains("| `SEEN` | "), "{page}");
    assert!(page.ends_with("\n\n</div>\n\n</div>\n\nBelow.\n") && page.contains(" | `src/main.rs:6` |\n"), "{page}");
    let page = Library::one("{{#statemap list seen}}\n").unwrap();
    assert!(page.contains("`SEEN`") && !page.contains("`NAMES`"), "words restrict: {page}");
    let page = Library::one("{{#statemap list kind=session,cache}}\n").unwrap();
    assert_eq!(page.trim(), "No such state was found.");
}

#[test]
fn an_item_stands_below_the_heading_above_it_and_is_where_the_book_links_to() {
    let library = Library::new("", "- [One](one.md)\n  - [Two](deep/er/two.md)\n");
    library.page("one.md", &format!("# One\n\n## State\n\n{{{{#statemap item {SEEN}}}}}\n"));
    library.page("deep/er/two.md", &format!("We rely on {{{{#statemap link {SEEN}}}}} and {{{{#statemap count kind=static}}}} statics.\n"));
    library.build().unwrap();
    let one = library.out("one.md");
    assert!(one.contains("static: `SEEN` { #") && one.contains(&format!("- id `{SEEN}`")), "{one}");
    let anchor = one.split("`SEEN` { #").nth(1).and_then(|rest| rest.split(' ').next()).expect("an anchor that stays");
    assert_eq!(library.out("deep/er/two.md").trim(), format!("We rely on [`SEEN`](../../one.md#{anchor}) and 2 statics."));
    assert!(library.html("deep/er/two.html").contains(&format!("href=\"../../one.html#{anchor}\"")));
    assert!(library.html("one.html").contains(&format!("id=\"{anchor}\"")));
}

#[test]
fn a_link_to_what_the_book_does_not_tell_is_its_name_where_no_host_is_known() {
    let page = Library::one(&format!("See {{{{#statemap link {SEEN}}}}}.\n")).unwrap();
    assert_eq!(page.trim(), "See `SEEN`.");
}

#[test]
fn code_comments_and_escaped_directives_stay_as_they_are() {
    let text = "```text\n{{#statemap nonsense}}\n```\n\n    {{#statemap nonsense}}\n\nUse `{{#statemap nonsense}}` or \\{{#statemap nonsense}}.\n\n<!-- {{#statemap nonsense}} -->\n\n<!--\n{{#statemap nonsense}}\n-->\n\n{{#include_of_another preprocessor}}\n";
    assert_eq!(Library::one(text).unwrap(), text.replace("or \\{{", "or {{"));
}

#[test]
fn a_quote_and_an_indented_item_of_a_list_keep_what_stands_before_the_lines() {
    let page = Library::one("> Note\n>\n> {{#statemap list seen}}\n\n- item\n\n  {{#statemap list names}}\n").unwrap();
    let quoted: Vec<&str> = page.lines().skip_while(|line| !line.contains("---")).take(2).collect();
    assert!(quoted.iter().all(|line| line.starts_with("> |")), "{page}");
    assert!(page.lines().any(|line| line.starts_with("  | `NAMES`")), "{page}");
    assert!(page.lines().all(|line| line.trim().is_empty() || line.starts_with(['>', ' ', '-'])), "{page}");
}

#[test]
fn the_opening_the_review_and_the_rest_can_stand_in_a_page() {
    let text = "{{#statemap opening}}\n\n{{#statemap review}}\n\n{{#statemap hazards}}\n\n{{#statemap verdicts}}\n\n{{#statemap capacity}}\n\n{{#statemap incident memory-grows}}\n\n{{#statemap incident expired-certificate}}\n\n{{#statemap blind-spots}}\n";
    let page = Library::one(text).unwrap();
    assert!(page.contains("\n\nNo deployment file of this service was found. It holds: "), "{page}");
    assert_eq!(page.matches("](#hazard-unbounded-growth)").count(), 3, "hazards are told on this page: {page}");
    assert!(page.contains("<a id=\"hazard-unbounded-growth\"></a>"), "{page}");
    assert!(page.contains("**Can it run as several replicas?**"), "{page}");
    assert!(page.contains("No pool of a known size was found."), "{page}");
    assert!(page.contains("**Look first** at") && page.contains("Nothing on the map is known to cause this."), "{page}");
    assert!(page.contains("Written by statemap"), "{page}");
    assert!(!page.contains("{{#statemap"), "{page}");
}

#[test]
fn a_diagram_is_drawn_for_readers_and_text_for_renderers_of_text() {
    let library = Library::new("chapters = true", "- [Page](deep/page.md)\n");
    library.page("deep/page.md", "{{#statemap diagram}}\n\n> {{#statemap diagram service=shop}}\n");
    library.build().unwrap();
    let page = library.out("deep/page.md");
    assert!(page.starts_with("```mermaid\n") && page.contains("\n> ```mermaid\n"), "{page}");
    let html = library.html("deep/page.html");
    assert!(html.contains("id=\"statemap-deep-page-0") && html.contains("id=\"statemap-deep-page-1"), "{html}");
    assert!(html.contains("href=\"../statemap/items/static-shop-seen.html"), "nodes lead to their items");
    assert!(!html.contains("mermaid"), "{html}");
}

#[test]
fn a_review_in_a_book_that_tells_no_hazard_links_nowhere() {
    let page = Library::one("{{#statemap review}}\n").unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 2, "{page}");
    assert!(!page.contains("]()") && !page.contains("hazard-"), "{page}");
}

#[test]
fn names_that_look_like_markup_stay_text() {
    let library = Library::new("", "- [Page](page.md)\n");
    library.page("page.md", &format!("{{{{#statemap list kind=fs-write}}}}\n\n{{{{#statemap item {SEEN}}}}}\n"));
    library.build().unwrap();
    let html = library.html("page.html");
    assert!(!html.contains("hunter2"), "a file was included");
    assert!(!html.contains("<script>alert"), "{html}");
    let rows = html.matches("<tr>").count();
    assert_eq!(rows, 2, "a header and one file: {html}");
}

/// What a page with one wrong directive is answered with.
#[track_caller]
fn refused(text: &str, says: &[&str]) {
    let error = Library::one(text).expect_err("the book is not built");
    for part in says {
        assert!(error.contains(part), "`{part}` is not in\n{error}");
    }
}

#[test]
fn what_is_wrong_is_told_with_page_line_and_the_nearest_word() {
    refused("# A\n\n{{#statemap lst kind=static}}\n", &["src/page.md:3:13", "`{{#statemap lst}}` is not known", "did you mean `list`?"]);
    refused("{{#statemap list kid=static}}\n", &["src/page.md:1:18", "no key `kid`", "did you mean `kind`?"]);
    refused("{{#statemap list kind=statics}}\n", &["src/page.md:1:23", "unknown kind `statics`", "did you mean `static`?"]);
    refused("{{#statemap list scope=universe}}\n", &["unknown scope `universe`", "the scopes are task, thread,"]);
    refused("{{#statemap list service=shpo}}\n", &["src/page.md:1:26", "no service `shpo`", "did you mean `shop`?"]);
    refused(
        "{{#statemap item static:shop::SEN}}\n",
        &["src/page.md:1:18", "no item `static:shop::SEN`", "did you mean `static:shop::SEEN`?"],
    );
    refused("{{#statemap item SEEN}}\n", &["did you mean `static:shop::SEEN`?"]);
    refused("{{#statemap incident memory-grow}}\n", &["no symptom `memory-grow`", "did you mean `memory-grows`?"]);
    refused("{{#statemap item}}\n", &["lacks an id"]);
    refused("{{#statemap}}\n", &["says not what is wanted", "list, item, diagram"]);
    refused("{{#statemap opening now}}\n", &["takes no `now`", "`service=…`"]);
    refused("text {{#statemap list}}\n", &["stands in a line of text", "a line of its own"]);
    refused("{{#statemap item static:shop::SEEN level=9}}\n", &["`level=9` is no level"]);
    refused("{{#statemap list\n\nmore\n", &["has no `}}`"]);
}

#[test]
fn every_mistake_of_a_book_is_told_at_once() {
    let library = Library::new("", "- [A](a.md)\n- [B](b.md)\n");
    library.page("a.md", "{{#statemap item nope}}\n\n{{#statemap item static:shop::NAME}}\n");
    library.page("b.md", "\n{{#statemap list service=web}}\n\n{{#statemap lst}}\n");
    let error = library.build().unwrap_err();
    for part in ["src/a.md:1:18", "src/a.md:3:18", "src/b.md:2:26", "src/b.md:4:13"] {
        assert!(error.contains(part), "{part} in\n{error}");
    }
}

#[test]
fn options_that_are_wrong_are_told_with_the_nearest_key() {
    let library = Library::new("chapter = true\nconstants = \"yes\"\nfolder = \"../up\"", "- [Page](page.md)\n");
    library.page("page.md", "text\n");
    let error = library.build().unwrap_err();
    for part in ["no key `chapter`", "did you mean `chapters`?", "`constants` is a text", "`folder = \"../up\"` is no folder", "book.toml"]
    {
        assert!(error.contains(part), "{part} in\n{error}");
    }
}

#[test]
fn a_book_that_asks_for_nothing_needs_no_tree() {
    let library = Library::new("", "- [Page](page.md)\n");
    let config = library.project.read("docs/book.toml").replace("root = \"..\"", "root = \"../nowhere\"");
    library.project.write("docs/book.toml", config);
    library.page("page.md", "# Page\r\n\r\nno  directive {{ here }}\r\n");
    library.build().unwrap();
    assert_eq!(library.out("page.md"), "# Page\r\n\r\nno  directive {{ here }}\r\n");
    library.page("page.md", "{{#statemap opening}}\n");
    assert!(library.build().unwrap_err().contains("nowhere"));
}
