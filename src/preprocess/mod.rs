//! An mdBook preprocessor: `{{#statemap …}}` in pages that people write, and whole generated chapters in their book.
//!
//! Takes the book that mdBook hands over and gives it back; what it does not touch stays byte for byte. Prints nothing.

mod chapters;
mod directive;
mod expand;
mod fault;
mod install;
mod options;
mod scan;
mod version;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::cache::Cache;
use crate::model::{Diagnostic, Severity};
use crate::progress::Silent;
use crate::render::{Fragments, RenderError, RenderOptions, Told, unused_templates};
use crate::source::{DirTree, OpenError, nearest_root, revision};
use crate::{Analysis, diag};

pub use directive::{Rest, WORDS, Word};
pub use install::{InstallError, Installed, install};
pub use options::{BookOptions, KEYS, Place};
pub use version::{mismatch, speaks_otherwise};

use expand::Expander;
use scan::Found;

/// The name of the preprocessor: `[preprocessor.statemap]`.
pub const NAME: &str = "statemap";

/// What a book became.
#[derive(Debug)]
pub struct Done {
    /// The book to hand back.
    pub book: Book,
    /// Messages on the pages of the book; files are relative to its folder.
    pub of_book: Messages,
    /// Messages on the analysed tree, and where that lies; none when nothing asked for an analysis.
    pub of_tree: Option<(PathBuf, Vec<Diagnostic>)>,
}

/// Messages, with the texts that they point at.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// By file and line.
    pub found: Vec<Diagnostic>,
    texts: BTreeMap<String, String>,
}

impl Messages {
    /// The messages for people; see [`diag::render`].
    #[must_use]
    pub fn render(&self, style: diag::Style) -> String {
        diag::render(&diag::bounded(self.found.clone()), &mut |file| self.texts.get(file).cloned(), style)
    }

    fn add(&mut self, file: &str, text: &str, faults: Vec<Diagnostic>) {
        if !faults.is_empty() {
            self.texts.entry(file.to_owned()).or_insert_with(|| text.to_owned());
            self.found.extend(faults.into_iter().map(|fault| fault.in_file(file)));
        }
    }

    fn or_fail(self) -> Result<Self, PreprocessError> {
        if self.has_errors() { Err(PreprocessError::Book(self)) } else { Ok(self) }
    }

    fn has_errors(&self) -> bool {
        self.found.iter().any(|found| found.severity == Severity::Error)
    }
}

/// Why a book could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PreprocessError {
    /// Directives or options are wrong.
    #[error("{}", .0.render(diag::Style::default()).trim_end())]
    Book(Messages),
    /// The tree to analyse could not be opened.
    #[error("{0}")]
    Tree(#[from] OpenError),
    /// `statemap.toml` of the tree is wrong.
    #[error("`statemap.toml` of `{}` is not valid", .root.display())]
    Config {
        /// The analysed tree.
        root: PathBuf,
        /// What is wrong.
        found: Vec<Diagnostic>,
    },
    /// There is nothing to analyse.
    #[error("no Rust code in `{}`", .0.display())]
    NoRust(PathBuf),
    /// A template of the user is wrong.
    #[error("{}", .0.report())]
    Template(#[from] RenderError),
    /// The chapters have no place in the book.
    #[error("{message}")]
    Chapters {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// The analysis could not be run.
    #[error("{0:#}")]
    Analysis(anyhow::Error),
}

/// What is asked of the analysis, and where the tree is when the command line says so.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Options of the analysis.
    pub options: crate::Options,
    /// The tree, relative to the current folder; goes over `root` of `book.toml`.
    pub root: Option<PathBuf>,
    /// Where what runs find out is kept, when it is.
    pub cache: Option<Arc<Cache>>,
}

/// The preprocessor for programs that build books themselves, with `MDBook::with_preprocessor`. Warnings are not told.
#[derive(Clone, Debug)]
pub struct Statemap {
    asked: Asked,
}

impl Statemap {
    /// Makes one; `options` are those of the analysis.
    #[must_use]
    pub fn new(options: crate::Options) -> Self {
        Self { asked: Asked { options, root: None, cache: None } }
    }
}

impl Preprocessor for Statemap {
    fn name(&self) -> &str {
        NAME
    }

    fn run(&self, ctx: &PreprocessorContext, book: Book) -> mdbook_preprocessor::errors::Result<Book> {
        Ok(preprocess(ctx, book, &self.asked)?.book)
    }

    fn supports_renderer(&self, renderer: &str) -> mdbook_preprocessor::errors::Result<bool> {
        Ok(supports(renderer))
    }
}

/// Whether a book is changed for a renderer: for all but `mdbook test`, which would take blocks of the map for code to run.
#[must_use]
pub fn supports(renderer: &str) -> bool {
    !matches!(renderer, "test" | "not-supported")
}

/// A chapter of the book as people wrote it, with the directives in it.
struct Written {
    /// Relative to the folder of the book, for messages.
    file: String,
    found: Vec<Found>,
}

/// Fills a book: expands the directives and adds the chapters that its `book.toml` asks for.
///
/// # Errors
/// When directives or options are wrong, or the tree that is named cannot be analysed.
pub fn preprocess(ctx: &PreprocessorContext, mut book: Book, asked: &Asked) -> Result<Done, PreprocessError> {
    let mut messages = Messages::default();
    let options = BookOptions::read(&ctx.config, &mut messages.found);
    messages = messages.or_fail()?;
    let written = written(ctx, &book, &mut messages);
    if options.place == Place::Nowhere && written.values().all(|page| page.found.is_empty()) {
        return Ok(Done { book, of_book: messages.or_fail()?, of_tree: None });
    }
    let root = root(ctx, &options, asked);
    // What is wrong with a page is told together with what is not in the tree; without a tree, by itself.
    let (mut analysis, prefix) = match analysed(&root, asked) {
        Err(_) if messages.has_errors() => return Err(PreprocessError::Book(messages)),
        done => done?,
    };
    if analysis.map.repository.is_none() {
        analysis.map.repository = options.repository.clone();
    }
    let pages = ctx.root.join(&ctx.config.book.src);
    // Its pages are published without the source: links lead to the host of the repository, or there are none.
    let render = RenderOptions { prefix, link_base: None, ..options.render(&analysis.config, &root, &ctx.root) };
    messages.found.extend(render.templates.as_deref().map(unused_templates).unwrap_or_default());
    let plan = chapters::plan(&book, &options, &pages)?;
    let told = match &plan {
        Some(plan) => Told { folder: Some(plan.folder.clone()), ..Told::default() },
        None => expand::told(&written, &analysis.map),
    };
    let fragments = Fragments::new(&analysis.map, &render, &told)?;
    let expander = Expander::new(&fragments, &analysis.map, render.constants, ctx.renderer == "markdown");
    expand_all(&mut book.items, &written, &expander, &mut messages)?;
    messages.found.sort();
    let of_book = messages.or_fail()?;
    if let Some(plan) = plan {
        chapters::insert(&mut book, &plan, &analysis.map, &render, &fragments)?;
    }
    Ok(Done { book, of_book, of_tree: Some((root, analysis.map.diagnostics)) })
}

/// The tree that is meant: by the command line, by `book.toml`, else upwards from the book.
fn root(ctx: &PreprocessorContext, options: &BookOptions, asked: &Asked) -> PathBuf {
    match (&asked.root, &options.root) {
        (Some(root), _) => root.clone(),
        (None, Some(root)) => ctx.root.join(root),
        (None, None) => nearest_root(&std::path::absolute(&ctx.root).unwrap_or_else(|_| ctx.root.clone())),
    }
}

/// The chapters with their directives, by path.
fn written(ctx: &PreprocessorContext, book: &Book, messages: &mut Messages) -> BTreeMap<String, Written> {
    let mut out = BTreeMap::new();
    for chapter in book.chapters() {
        let page = slashed(chapter.path.as_deref().unwrap_or(Path::new("")));
        let source = chapter.source_path.as_deref().or(chapter.path.as_deref()).unwrap_or(Path::new(""));
        let file = slashed(&ctx.config.book.src.join(source));
        let (found, faults) = scan::scan(&chapter.content);
        messages.add(&file, &chapter.content, faults);
        out.insert(page, Written { file, found });
    }
    out
}

fn expand_all(
    items: &mut [BookItem],
    written: &BTreeMap<String, Written>,
    expander: &Expander<'_>,
    messages: &mut Messages,
) -> Result<(), RenderError> {
    for item in items {
        let BookItem::Chapter(chapter) = item else { continue };
        if let Some(path) = &chapter.path {
            let page = slashed(path);
            if let Some(Written { file, found }) = written.get(&page).filter(|written| !written.found.is_empty()) {
                let (text, faults) = expander.expand(&chapter.content, found, &page)?;
                messages.add(file, &chapter.content, faults);
                chapter.content = text;
            }
        }
        expand_all(&mut chapter.sub_items, written, expander, messages)?;
    }
    Ok(())
}

/// Analyses the tree; also gives its folder inside the repository.
fn analysed(root: &Path, asked: &Asked) -> Result<(Analysis, String), PreprocessError> {
    let tree = DirTree::open(root)?;
    let revision = revision(tree.root());
    let analysis = match &asked.cache {
        Some(cache) => crate::analyze_kept(&tree, &revision, &asked.options, &Silent, &cache.of(tree.root(), &asked.options)),
        None => crate::analyze(&tree, &revision, &asked.options),
    };
    let analysis = analysis.map_err(PreprocessError::Analysis)?;
    if analysis.bad_config {
        return Err(PreprocessError::Config { root: root.to_owned(), found: analysis.map.diagnostics });
    }
    if analysis.no_rust {
        return Err(PreprocessError::NoRust(root.to_owned()));
    }
    Ok((analysis, revision.prefix))
}

/// A path as links write it.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
