//! Deployment files to items: compose files, Dockerfiles and their entry scripts, Kubernetes objects, units, files of variables.
//!
//! Runs beside `parse`; knows nothing of Rust code but the names of the services. Nothing is executed and nothing is fetched; a
//! secret value leaves no reader (see `hide`).

mod compose;
mod dockerfile;
mod draft;
mod hide;
mod image;
mod script;
mod tie;
mod words;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::discover::{Discovery, OtherFile, OtherKind};
use crate::model::{Diagnostic, Item, Service, Severity};
use crate::source::{MAX_FILE_BYTES, ReadError, Tree, file_name};

use draft::Draft;
use image::Images;
use tie::Names;
use yaml::{Broken, Node};

/// The deployment files of a tree, parsed.
#[derive(Default)]
pub struct Manifests {
    files: Vec<(SmolStr, Content)>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that could not be read.
    pub skipped: Vec<SmolStr>,
    /// Something could not be read at all.
    pub unreadable: bool,
}

/// What a file holds.
enum Content {
    Docker(dockerfile::Dockerfile),
    Compose(Arc<Node>),
}

impl Manifests {
    /// How many files were read as manifests.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.len()
    }
}

/// What reading one file yields.
#[derive(Default)]
struct Outcome {
    content: Vec<Content>,
    diagnostics: Vec<Diagnostic>,
    skipped: bool,
    unreadable: bool,
}

/// Reads the deployment files of a tree.
#[must_use]
pub fn read(tree: &dyn Tree, discovery: &Discovery) -> Manifests {
    let wanted: Vec<&OtherFile> = discovery.others.iter().filter(|file| is_candidate(file)).collect();
    let read: Vec<Outcome> = wanted.par_iter().map(|file| read_one(tree, file)).collect();
    let mut out = Manifests::default();
    for (file, outcome) in wanted.into_iter().zip(read) {
        out.files.extend(outcome.content.into_iter().map(|content| (file.path.clone(), content)));
        out.diagnostics.extend(outcome.diagnostics);
        out.unreadable |= outcome.unreadable;
        if outcome.skipped {
            out.skipped.push(file.path.clone());
        }
    }
    out
}

/// Files whose names say that they may hold a deployment of the service.
fn is_candidate(file: &OtherFile) -> bool {
    if tie::is_beside(&file.path) {
        return false;
    }
    match file.kind {
        OtherKind::Dockerfile => true,
        OtherKind::Yaml => compose::is_compose(file_name(&file.path)),
        _ => false,
    }
}

fn read_one(tree: &dyn Tree, file: &OtherFile) -> Outcome {
    let text = if file.bytes > MAX_FILE_BYTES { Err(ReadError::TooLarge { bytes: file.bytes }) } else { tree.read(&file.path) };
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            let unreadable = error.is_unreadable();
            return Outcome { diagnostics: vec![error.diagnostic(&file.path)], skipped: true, unreadable, ..Outcome::default() };
        }
    };
    match file.kind {
        OtherKind::Dockerfile => Outcome { content: vec![Content::Docker(dockerfile::parse(&text))], ..Outcome::default() },
        _ => read_yaml(&file.path, &text),
    }
}

fn read_yaml(path: &str, text: &str) -> Outcome {
    let documents = yaml::parse(text);
    let diagnostics = documents.errors.iter().map(|broken| broken_file(path, broken)).collect();
    let content = documents.roots.into_iter().filter(|root| root.get("services").is_some()).map(Content::Compose).collect();
    Outcome { content, diagnostics, ..Outcome::default() }
}

fn broken_file(path: &str, broken: &Broken) -> Diagnostic {
    let diagnostic = Diagnostic::new(Severity::Warning, "broken-manifest", format!("failed to parse: {}", hide::text(&broken.message)))
        .in_file(path)
        .at_line(broken.at.line)
        .help("what stands in this document is not on the map");
    match broken.span {
        Some((start, end)) => diagnostic.span(start, end),
        None => diagnostic,
    }
}

/// The items of the manifests.
#[must_use]
pub fn items(manifests: &Manifests, tree: &dyn Tree, services: &[Service]) -> Vec<Item> {
    let names = Names::new(services);
    let mut images = Images::default();
    for (path, content) in &manifests.files {
        if let Content::Docker(file) = content {
            images.add(path, file);
        }
    }
    let mut drafts: Vec<Draft> = Vec::new();
    let mut built: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
    for (path, content) in &manifests.files {
        if let Content::Compose(root) = content {
            let composed = compose::read(path, root, &names, &images);
            drafts.extend(composed.drafts);
            for (dockerfile, services) in composed.built.into_iter().filter(|(dockerfile, _)| images.has(dockerfile)) {
                built.entry(dockerfile).or_default().extend(services);
            }
        }
    }
    drafts.extend(images.drafts(tree, &names, &built));
    draft::items(drafts)
}
