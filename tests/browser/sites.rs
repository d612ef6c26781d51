//! The sites that the browser looks at, built with the real mdBook: the map of the bundled service, the project's own book,
//! and one with a fault of each sort, which the checks must find.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::project::{fixture, many_files, repository, statemap};

/// The map of the bundled service, written by `gen --format mdbook`.
pub(super) const STOREFRONT: &str = "storefront";
/// The project's own book.
pub(super) const BOOK: &str = "book";
/// The maps of three repositories, put beside each other by `merge`.
pub(super) const FLEET: &str = "fleet";
/// A page with a fault of each sort.
pub(super) const FAULTY: &str = "faulty";

/// Builds all sites below a folder and tells where each one is.
pub(super) fn build(below: &Path) -> BTreeMap<String, PathBuf> {
    let _ = std::fs::remove_dir_all(below);
    let source = below.join("storefront-book");
    statemap().args(["gen", "--format", "mdbook", "--quiet", "-o"]).arg(&source).arg(fixture("storefront")).assert().success();
    let maps = below.join("fleet-maps");
    std::fs::create_dir_all(&maps).unwrap();
    // The first and the fifth share a database.
    for (name, text) in many_files(5).into_iter().step_by(2) {
        std::fs::write(maps.join(format!("{name}.json")), text).unwrap();
    }
    let fleet = below.join("fleet-book");
    statemap().args(["merge", "--quiet", "-o"]).arg(&fleet).arg(&maps).assert().success();
    let faulty = below.join(FAULTY);
    std::fs::create_dir_all(&faulty).unwrap();
    std::fs::write(faulty.join("index.html"), include_str!("faulty.html")).unwrap();
    BTreeMap::from([
        (STOREFRONT.to_owned(), mdbook(&source, &below.join(STOREFRONT))),
        (FLEET.to_owned(), mdbook(&fleet, &below.join(FLEET))),
        (BOOK.to_owned(), mdbook(&repository().join("book"), &below.join(BOOK))),
        (FAULTY.to_owned(), faulty),
    ])
}

/// Builds a book as `mdbook build` does, with the program under test for the preprocessor that a book may name.
fn mdbook(source: &Path, target: &Path) -> PathBuf {
    let mut config = Config::from_disk(source.join("book.toml")).unwrap();
    config.build.build_dir = target.to_owned();
    if config.get::<toml::Value>("preprocessor.statemap").unwrap().is_some() {
        let program = statemap().get_program().to_owned();
        config.set("preprocessor.statemap.command", format!("{} mdbook", program.to_str().unwrap())).unwrap();
    }
    let book = MDBook::load_with_config(source, config).unwrap_or_else(|error| panic!("{}: {error:#}", source.display()));
    book.build().unwrap_or_else(|error| panic!("{}: {error:#}", source.display()));
    target.to_owned()
}
