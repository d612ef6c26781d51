//! `statemap mdbook`: as mdBook calls it, and put into a book.

use mdbook_driver::MDBook;

use super::Library;
use crate::project::{Outcome, statemap};

fn run(library: &Library, args: &[&str], stdin: &str) -> Outcome {
    let mut command = statemap();
    command.current_dir(library.project.path("docs")).args(args).write_stdin(stdin);
    Outcome::of(&mut command, library.project.root())
}

#[test]
fn mdbook_calls_the_binary_and_gets_the_same_book_as_in_the_process() {
    let library = Library::new("chapters = true", "- [Page](page.md)\n");
    library.page("page.md", "# Page\n\n{{#statemap list kind=static}}\n");
    library.build().unwrap();
    let (page, hazards) = (library.out("page.md"), library.out("statemap/hazards/index.md"));
    std::fs::remove_dir_all(library.project.path("docs/book")).unwrap();
    let binary = assert_cmd::cargo::cargo_bin("statemap");
    let config = library.project.read("docs/book.toml");
    let command = format!("[preprocessor.statemap]\ncommand = \"{} mdbook --quiet --no-cache\"", binary.display());
    library.project.write("docs/book.toml", config.replace("[preprocessor.statemap]", &command));
    MDBook::load(library.project.path("docs")).unwrap().build().unwrap();
    assert_eq!((library.out("page.md"), library.out("statemap/hazards/index.md")), (page, hazards));
}

#[test]
fn renderers_are_answered_by_the_exit_code() {
    let library = Library::new("", "");
    run(&library, &["mdbook", "supports", "html"], "").ends(0);
    run(&library, &["mdbook", "supports", "linkcheck"], "").ends(0);
    run(&library, &["mdbook", "supports", "test"], "").ends(1);
    run(&library, &["mdbook", "supports", "not-supported"], "").ends(1);
}

#[test]
fn input_that_is_no_book_is_told_by_what_it_is() {
    let library = Library::new("", "");
    run(&library, &["mdbook"], "hello").ends(3).says(&["standard input is no book of mdBook", "let `mdbook build` call this"]);
    let old = r#"[{"root":"/b","config":{"book":{}},"renderer":"html","mdbook_version":"0.4.40"},{"sections":[],"__non_exhaustive":null}]"#;
    run(&library, &["mdbook"], old).ends(2).says(&["built by mdbook 0.4.40", "build it with mdbook 0.5"]);
    let newer = r#"[{"root":"/b","config":{},"renderer":"html","mdbook_version":"0.6.1"},{"items":[]}]"#;
    let done = run(&library, &["mdbook"], newer).ends(0).says(&["warning: the book is built by mdbook 0.6.1"]);
    assert_eq!(done.json()["items"], serde_json::json!([]));
}

#[test]
fn messages_go_to_standard_error_with_carets_and_the_book_is_not_handed_back() {
    let library = Library::new("", "");
    let input = serde_json::json!([
        {"root": library.project.path("docs"), "config": {"book": {}, "preprocessor": {"statemap": {"root": ".."}}}, "renderer": "html", "mdbook_version": "0.5.4"},
        {"items": [{"Chapter": {"name": "A", "content": "x\n\n{{#statemap item nope}}\n", "number": [1], "sub_items": [], "path": "a.md", "source_path": "a.md", "parent_names": []}}]},
    ]);
    let outcome = run(&library, &["mdbook"], &input.to_string()).ends(2);
    assert_eq!(outcome.out, "");
    outcome.says(&["no item `nope`", "src/a.md:3:18", "^^^^"]);
}

#[test]
fn install_puts_the_lines_in_once_and_a_built_book_has_the_map() {
    let library = Library::new("", "- [Page](page.md)\n");
    library.page("page.md", "# Page\n");
    let text = "# mine\n[book]\ntitle=\"Runbook\"\n";
    library.project.write("docs/book.toml", text);
    let first = run(&library, &["mdbook", "install"], "").ends(0).says(&["added [preprocessor.statemap] command", "statemap.css: written"]);
    assert_eq!(first.out, "");
    let config = library.project.read("docs/book.toml");
    assert!(
        config.starts_with(text) && config.contains("root = \"..\"") && config.contains("additional-css = [\"statemap.css\"]"),
        "{config}"
    );
    assert!(library.project.exists("docs/statemap.css"));
    run(&library, &["mdbook", "install", "."], "").ends(0).says(&["nothing is changed"]);
    assert_eq!(library.project.read("docs/book.toml"), config);
    library.build().unwrap();
    assert!(library.project.exists("docs/book/statemap/hazards/index.html"));
}

#[test]
fn install_leaves_a_book_alone_that_it_cannot_change() {
    let library = Library::new("", "");
    run(&library, &["mdbook", "install", "nowhere"], "").ends(3).says(&["nowhere/book.toml", "mdbook init"]);
    library.project.write("docs/book.toml", "[book\n");
    run(&library, &["mdbook", "install"], "").ends(2).says(&["not valid TOML", "nothing was written"]);
    library.project.write("docs/book.toml", "[book]\n");
    library.project.write("docs/statemap.css", "body { color: red }\n");
    run(&library, &["mdbook", "install"], "").ends(2).says(&["statemap.css"]);
    assert_eq!(library.project.read("docs/book.toml"), "[book]\n");
    assert_eq!(library.project.read("docs/statemap.css"), "body { color: red }\n");
}
