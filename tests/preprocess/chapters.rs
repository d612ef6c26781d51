//! Generated chapters in a book that people write.

use std::collections::BTreeMap;

use mdbook_driver::book::{Book, BookItem, Chapter};
use mdbook_driver::{MDBook, builtin_renderers::MarkdownRenderer};
use statemap::preprocess::Statemap;

use super::{Library, SEEN, options};

const SUMMARY: &str = "# Summary\n\n[Intro](intro.md)\n\n# Guide\n\n- [Ops](ops/README.md)\n  - [Deploy](ops/deploy.md)\n- [State map]()\n- [Last](last.md)\n\n---\n\n[Thanks](thanks.md)\n";

fn library(table: &str) -> Library {
    let library = Library::new(table, SUMMARY);
    for page in ["intro.md", "ops/README.md", "ops/deploy.md", "last.md", "thanks.md"] {
        library.page(page, &format!("# {page}\n\nBytes\tof   {page} \r\n"));
    }
    library
}

/// The book as renderers get it.
fn book(library: &Library) -> Book {
    let mut book = MDBook::load(library.project.path("docs")).unwrap();
    book.with_preprocessor(Statemap::new(options()));
    book.preprocess_book(&MarkdownRenderer::new()).unwrap().0
}

fn chapters(book: &Book) -> Vec<&Chapter> {
    book.iter().filter_map(|item| if let BookItem::Chapter(chapter) = item { Some(chapter) } else { None }).collect()
}

/// `2.1. Hazards statemap/hazards/index.md`, a line for each chapter.
fn outline(book: &Book) -> String {
    let line = |chapter: &&Chapter| {
        let path = chapter.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        format!("{chapter} {path}\n")
    };
    chapters(book).iter().map(line).collect()
}

#[test]
fn a_draft_in_the_summary_becomes_the_map_and_the_rest_stays_byte_for_byte() {
    let library = library("chapters = \"State map\"");
    let before = MDBook::load(library.project.path("docs")).unwrap().book;
    let after = book(&library);
    let outline = outline(&after);
    assert!(outline.contains("2. State map statemap/index.md\n2.1. Hazards statemap/hazards/index.md\n"), "{outline}");
    assert!(outline.contains("3. Last last.md\n"), "{outline}");
    let by_path: BTreeMap<_, _> = chapters(&after).into_iter().map(|chapter| (chapter.source_path.clone(), chapter)).collect();
    for chapter in chapters(&before).into_iter().filter(|chapter| chapter.path.is_some()) {
        let same = by_path[&chapter.source_path];
        assert_eq!((&same.content, &same.number, &same.name), (&chapter.content, &chapter.number, &chapter.name));
    }
}

#[test]
fn numbers_and_parents_go_on_below_every_place() {
    for (table, first, parents) in [
        ("chapters = true", "4. State map statemap/index.md\n4.1. Hazards statemap/hazards/index.md\n", &[] as &[&str]),
        ("chapters = \"ops/README.md\"", "1.1. Deploy ops/deploy.md\n1.2. State map statemap/index.md\n1.2.1. Hazards", &["Ops"]),
        ("chapters = \"Thanks\"\ntitle = \"Where it is\"", "Thanks thanks.md\nWhere it is statemap/index.md\nHazards", &["Thanks"]),
    ] {
        let library = library(table);
        let book = book(&library);
        let outline = outline(&book);
        assert!(outline.contains(first), "{table}:\n{outline}");
        let hazards = chapters(&book).into_iter().find(|chapter| chapter.name == "Hazards").unwrap();
        let map = if table.contains("title") { "Where it is" } else { "State map" };
        assert_eq!(hazards.parent_names, [parents, &[map]].concat(), "{table}");
        // The sidebar is made of these numbers, and mdBook panics when a level is skipped.
        library.build().unwrap();
        assert!(library.html("toc.html").contains("statemap/hazards/index.html"), "{table}");
    }
}

#[test]
fn parts_of_the_map_are_chapters_here_and_every_link_between_pages_leads_somewhere() {
    let library = library("chapters = true");
    library.page("ops/deploy.md", &format!("# Deploy\n\n{{{{#statemap link {SEEN}}}}}\n\n{{{{#statemap review}}}}\n"));
    library.build().unwrap();
    let outline = outline(&book(&library));
    for line in [
        "Kinds of state statemap/kinds/index.md\n",
        "If something goes away statemap/failures/index.md\n",
        "Statics statemap/kinds/static.md\n",
    ] {
        assert!(outline.contains(line), "{line} in\n{outline}");
    }
    let deploy = library.out("ops/deploy.md");
    assert!(deploy.contains("](../statemap/") && deploy.contains("../statemap/hazards/unbounded-growth.md#hazard-"), "{deploy}");
    let mut checked = 0;
    for chapter in chapters(&book(&library)) {
        let Some(path) = &chapter.path else { continue };
        for link in chapter.content.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, _) = link.split_once('#').unwrap_or((link, ""));
            if file.ends_with(".md") {
                let target = library.project.path("docs/book/markdown").join(path).parent().unwrap().join(file);
                assert!(target.exists(), "{} links to {link}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn the_folder_of_the_chapters_is_nobody_elses() {
    let library = Library::new("chapters = true", "- [Ours](Statemap/hazards.md)\n");
    library.page("Statemap/hazards.md", "# ours\n");
    let outline_of = outline(&book(&library));
    assert!(outline_of.contains("1. Ours Statemap/hazards.md\n2. State map statemap-2/index.md\n"), "{outline_of}");
    let library = Library::new("chapters = true\nfolder = \"ops\"", "- [Ours](ops/x.md)\n");
    library.page("ops/x.md", "# ours\n");
    let error = library.build().unwrap_err();
    assert!(error.contains("pages of its own in `ops`"), "{error}");
    let library = Library::new("chapters = true\nfolder = \"ops/state\"", "- [Ours](ops/x.md)\n");
    library.page("ops/x.md", "{{#statemap review}}\n");
    library.build().unwrap();
    assert!(library.out("ops/x.md").contains("](state/hazards/unbounded-growth.md#hazard-"), "{}", library.out("ops/x.md"));
}

#[test]
fn a_place_that_is_not_there_is_told_with_the_nearest() {
    let library = library("chapters = \"ops/REDME.md\"");
    let error = library.build().unwrap_err();
    assert!(error.contains("`chapters = \"ops/REDME.md\"` of book.toml names no chapter"), "{error}");
}

#[test]
fn without_chapters_nothing_is_added() {
    let library = library("chapters = false");
    assert_eq!(book(&library), MDBook::load(library.project.path("docs")).map(|_| book(&library)).unwrap());
    assert!(!outline(&book(&library)).contains("statemap/"));
}
