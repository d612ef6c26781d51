//! The project's own book, built as it is published: with the live sample in it.

use std::collections::BTreeSet;
use std::path::Path;

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use statemap::preprocess::Statemap;

use crate::project::{map_of, repository};

/// Builds the book into a folder, as Markdown: what renderers get.
fn build(target: &Path) -> MDBook {
    let mut config = Config::from_disk(repository().join("book/book.toml")).unwrap();
    config.build.build_dir = target.to_owned();
    config.set("output", toml::Table::from_iter([("markdown".to_owned(), toml::Value::Table(toml::Table::new()))])).unwrap();
    let mut book = MDBook::load_with_config(repository().join("book"), config).unwrap();
    let options = statemap::Options {
        include: statemap::discover::Include::default(),
        threads: Some(2),
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    };
    book.with_preprocessor(Statemap::new(options));
    book.build().unwrap();
    book
}

fn pages(folder: &Path, below: &str, out: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            pages(folder, &format!("{name}/"), out);
        } else if name.ends_with(".md") {
            out.insert(name);
        }
    }
}

#[test]
fn the_sample_is_in_the_book_and_no_page_links_to_one_that_is_not_there() {
    let target = tempfile::tempdir().unwrap();
    build(target.path());
    let mut there = BTreeSet::new();
    pages(target.path(), "", &mut there);
    let map = map_of("storefront");
    for service in &map.services {
        assert!(there.contains(&format!("storefront/services/{}.md", service.name)), "{}", service.name);
    }
    for item in map.items.iter().filter(|item| item.class == statemap::model::Class::Mutable) {
        // Stores have pages of their own.
        let page =
            if item.kind == statemap::model::Kind::ExternalStore { "stores/index".to_owned() } else { format!("kinds/{}", item.kind) };
        assert!(there.contains(&format!("storefront/{page}.md")), "{}", item.id);
    }
    assert!(map.hazards.iter().all(|hazard| there.contains(&format!("storefront/hazards/{}.md", hazard.rule))), "{there:?}");
    let mut checked = 0;
    for page in &there {
        let text = read(target.path(), page);
        assert!(!text.lines().any(|line| line.starts_with("{{#include")), "{page} has an include that leads nowhere");
        for link in super::book::links(&text).iter().filter(|link| !link.contains("://")) {
            let file = link.split('#').next().unwrap();
            if file.ends_with(".md") {
                let path = target.path().join(page).parent().unwrap().join(file);
                assert!(path.exists(), "{page} links to {link}");
                checked += 1;
            }
        }
    }
    assert!(checked > 500, "{checked}");
}

fn read(folder: &Path, page: &str) -> String {
    std::fs::read_to_string(folder.join(page)).unwrap()
}

#[test]
fn the_book_has_the_stylesheet_that_the_program_writes() {
    assert_eq!(read(&repository().join("book"), statemap::render::STYLESHEET_FILE), statemap::render::STYLESHEET);
}
