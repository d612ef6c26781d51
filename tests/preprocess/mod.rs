//! The map inside a book that people write: real books, built by mdBook with the preprocessor in the process and as a command.

mod chapters;
mod command;
mod directives;

use mdbook_driver::MDBook;
use statemap::preprocess::Statemap;

use crate::project::{MANIFEST, Project};

/// A service with a cache, a pool of its own making, a static and files.
const MAIN: &str = r##"
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, RwLock};

/// Who is known. <script>alert(1)</script> {{#include ../secret.txt}}
static SEEN: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(|| Mutex::new(HashMap::new()));
static NAMES: RwLock<Vec<String>> = RwLock::new(Vec::new());

async fn hello(axum::extract::Path(name): axum::extract::Path<String>) -> &'static str {
    SEEN.lock().unwrap().insert(name, 1);
    std::fs::write("/srv/{{#include ../secret.txt}}|<b>.csv", "rows").unwrap();
    "hello"
}

#[tokio::main]
async fn main() {
    NAMES.write().unwrap().push("y".into());
    let app = axum::Router::new().route("/hello/{name}", axum::routing::get(hello));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"##;

/// The id of the map in [`MAIN`].
const SEEN: &str = "static:shop::SEEN";

/// A tree with the service and a book beside it.
struct Library {
    project: Project,
}

impl Library {
    /// A book with these lines in its table and its summary; chapters are written with [`Library::page`].
    fn new(table: &str, summary: &str) -> Self {
        let project = Project::shop(MAIN);
        project.write("Cargo.toml", format!("{MANIFEST}axum = \"0.8\"\n"));
        project.write("secret.txt", "hunter2");
        let config = format!(
            "[book]\ntitle = \"Runbook\"\n\n[preprocessor.statemap]\nbefore = [\"links\"]\nroot = \"..\"\n{table}\n\n[output.markdown]\n[output.html]\n"
        );
        project.write("docs/book.toml", config);
        project.write("docs/src/SUMMARY.md", summary);
        Self { project }
    }

    /// One chapter with this text, and the text that mdBook hands to renderers.
    fn one(text: &str) -> Result<String, String> {
        let library = Self::new("", "- [Page](page.md)\n");
        library.page("page.md", text);
        library.build()?;
        Ok(library.out("page.md"))
    }

    fn page(&self, path: &str, text: &str) {
        self.project.write(&format!("docs/src/{path}"), text);
    }

    /// Builds the book in this process.
    fn build(&self) -> Result<(), String> {
        let mut book = MDBook::load(self.project.path("docs")).map_err(|error| format!("{error:#}"))?;
        book.with_preprocessor(Statemap::new(options()));
        book.build().map_err(|error| format!("{error:#}"))
    }

    /// A page as renderers get it.
    #[track_caller]
    fn out(&self, path: &str) -> String {
        self.project.read(&format!("docs/book/markdown/{path}"))
    }

    /// A page as it is served.
    #[track_caller]
    fn html(&self, path: &str) -> String {
        self.project.read(&format!("docs/book/html/{path}"))
    }
}

/// Options of the analysis, on a day that stays.
fn options() -> statemap::Options {
    statemap::Options {
        include: statemap::discover::Include::default(),
        threads: Some(2),
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    }
}
