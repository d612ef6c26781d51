//! Deployment files to items: compose files, Dockerfiles and their entry scripts, Kubernetes objects, units, files of variables.
//!
//! Runs beside `parse`; knows nothing of Rust code but the names of the services. Nothing is executed and nothing is fetched; a
//! secret value leaves no reader (see `hide`).

mod comments;
mod compose;
mod dockerfile;
mod draft;
pub(crate) mod env_file;
mod fly;
mod helm;
pub(crate) mod hide;
mod image;
mod kube_objects;
mod kubernetes;
mod pod;
mod script;
mod tie;
mod unit;
mod words;
mod workflow;
pub(crate) mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::discover::{Discovery, OtherFile, OtherKind};
use crate::facts::Comment;
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
    /// Comments that speak to this tool, by file.
    pub comments: Vec<(SmolStr, Vec<Comment>)>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that could not be read.
    pub skipped: Vec<SmolStr>,
    /// Something could not be read at all.
    pub unreadable: bool,
    /// Templates of Helm that are not evaluated, or in part only.
    pub unevaluated: usize,
}

/// What a file holds.
enum Content {
    Docker(dockerfile::Dockerfile),
    Compose(Arc<Node>),
    Object(Arc<Node>),
    Workflow(Arc<Node>),
    Unit(String),
    Fly(String),
    Env(Vec<env_file::Variable>),
}

impl Manifests {
    /// How many documents were read as manifests.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.len()
    }
}

/// What reading one file yields.
#[derive(Default)]
struct Outcome {
    content: Vec<Content>,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
    skipped: bool,
    unreadable: bool,
    template: Option<String>,
}

impl Outcome {
    fn of(content: Content) -> Self {
        Self { content: vec![content], ..Self::default() }
    }
}

/// Reads the deployment files of a tree.
#[must_use]
pub fn read(tree: &dyn Tree, discovery: &Discovery) -> Manifests {
    let wanted: Vec<&OtherFile> = discovery.others.iter().filter(|file| is_candidate(file)).collect();
    let read: Vec<Outcome> = wanted.par_iter().map(|file| read_one(tree, file)).collect();
    let mut out = Manifests::default();
    let mut templates: Vec<(SmolStr, String)> = Vec::new();
    for (file, outcome) in wanted.into_iter().zip(read) {
        if !outcome.comments.is_empty() {
            out.comments.push((file.path.clone(), outcome.comments));
        }
        out.files.extend(outcome.content.into_iter().map(|content| (file.path.clone(), content)));
        out.diagnostics.extend(outcome.diagnostics);
        out.unreadable |= outcome.unreadable;
        templates.extend(outcome.template.map(|text| (file.path.clone(), text)));
        if outcome.skipped {
            out.skipped.push(file.path.clone());
        }
    }
    evaluate(tree, &templates, &mut out);
    out
}

/// The name of a chart, and its values.
type Chart = (String, Option<Arc<Node>>);

/// Evaluates templates of Helm with the values of their charts.
fn evaluate(tree: &dyn Tree, templates: &[(SmolStr, String)], out: &mut Manifests) {
    let mut charts: BTreeMap<&str, Option<Chart>> = BTreeMap::new();
    for (path, text) in templates {
        let chart = path.split_once("/templates/").map(|(root, _)| root).or_else(|| path.starts_with("templates/").then_some(""));
        let chart = chart.and_then(|root| charts.entry(root).or_insert_with(|| chart_of(tree, root)).as_ref());
        let Some((name, values)) = chart else {
            out.unevaluated += 1;
            continue;
        };
        let rendered = helm::render(text, &helm::Chart { name, values: values.as_deref() });
        let documents = yaml::parse_mapped(&rendered.text, Some(&rendered.lines));
        out.unevaluated += usize::from(!rendered.whole || !documents.errors.is_empty());
        let objects = documents.roots.into_iter().filter(|root| kubernetes::is_object(root));
        out.files.extend(objects.map(|root| (path.clone(), Content::Object(root))));
    }
}

/// The name and the values of the chart in a folder.
fn chart_of(tree: &dyn Tree, root: &str) -> Option<Chart> {
    let read = |name: &str| tree.read(&crate::source::join(root, name)?).ok();
    let chart = yaml::parse(&read("Chart.yaml")?).roots.into_iter().next()?;
    let values = read("values.yaml").and_then(|text| yaml::parse(&text).roots.into_iter().next());
    Some((hide::text(chart.text_of("name").unwrap_or("chart")), values))
}

/// Files whose names say that they may hold a deployment of the service.
fn is_candidate(file: &OtherFile) -> bool {
    if tie::is_beside(&file.path) {
        return false;
    }
    match file.kind {
        OtherKind::Dockerfile => true,
        OtherKind::Yaml | OtherKind::Systemd | OtherKind::Env => true,
        OtherKind::Toml => is_fly(file_name(&file.path)),
        _ => false,
    }
}

/// `fly.toml`, `fly.staging.toml`.
fn is_fly(name: &str) -> bool {
    name.strip_prefix("fly.").is_some_and(|rest| rest.ends_with("toml"))
}

fn read_one(tree: &dyn Tree, file: &OtherFile) -> Outcome {
    let text = if file.bytes > MAX_FILE_BYTES { Err(ReadError::TooLarge { bytes: file.bytes }) } else { tree.read(&file.path) };
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            let unreadable = error.is_unreadable();
            let diagnostic = error.diagnostic(&file.path);
            let diagnostic = if diagnostic.line.is_none() { diagnostic.at_line(1) } else { diagnostic };
            return Outcome { diagnostics: vec![diagnostic], skipped: true, unreadable, ..Outcome::default() };
        }
    };
    let comments = comments::read(&text);
    let outcome = match file.kind {
        OtherKind::Yaml => read_yaml(&file.path, &text),
        OtherKind::Dockerfile => Outcome::of(Content::Docker(dockerfile::parse(&text))),
        OtherKind::Systemd => Outcome::of(Content::Unit(text)),
        OtherKind::Toml => Outcome::of(Content::Fly(text)),
        _ => Outcome::of(Content::Env(env_file::parse(&text))),
    };
    // In a file that is read as no manifest, they speak of something else.
    let comments = if outcome.content.is_empty() { Vec::new() } else { comments };
    Outcome { comments, ..outcome }
}

fn read_yaml(path: &str, text: &str) -> Outcome {
    let composed = compose::is_compose(file_name(path));
    // Most YAML of a tree is about something else: only what speaks of objects is parsed.
    let object = has_key(text, "apiVersion") && has_key(text, "kind");
    let workflow = workflow::is_workflow(path);
    if !composed && !object && !workflow {
        return Outcome::default();
    }
    if is_template(text) && !workflow && !composed {
        return Outcome { template: Some(text.to_owned()), ..Outcome::default() };
    }
    let documents = yaml::parse(text);
    let diagnostics = documents.errors.iter().map(|broken| broken_file(path, broken)).collect();
    let content = documents.roots.into_iter().filter_map(|root| match root {
        root if kubernetes::is_object(&root) => Some(Content::Object(root)),
        root if workflow => Some(Content::Workflow(root)),
        root if composed && root.get("services").is_some() => Some(Content::Compose(root)),
        _ => None,
    });
    let content = content.collect();
    Outcome { content, diagnostics, ..Outcome::default() }
}

/// Whether a text is a template of Helm; `{{ … }}` alone may stand in the text of an alert.
fn is_template(text: &str) -> bool {
    text.contains("{{")
        && [".Values.", ".Release.", "{{- include ", "{{ include ", "{{- template ", "{{ template "].iter().any(|word| text.contains(word))
}

/// Whether some document of a text has a key at its top.
fn has_key(text: &str, key: &str) -> bool {
    text.lines().any(|line| {
        line.trim_start_matches(['"', '-', ' ', '{']).strip_prefix(key).is_some_and(|rest| rest.trim_start_matches('"').starts_with(':'))
    })
}

fn broken_file(path: &str, broken: &Broken) -> Diagnostic {
    let diagnostic = Diagnostic::new(Severity::Warning, "broken-yaml", format!("failed to parse: {}", hide::text(&broken.message)))
        .in_file(path)
        .at_line(broken.at.line)
        .help("what stands in this document is not on the map");
    match broken.span {
        Some((start, end)) => diagnostic.span(start, end),
        None => diagnostic,
    }
}

/// The items of the manifests; `read` are the variables that the code reads, with the services that do.
#[must_use]
pub fn items(manifests: &Manifests, tree: &dyn Tree, services: &[Service], read: &BTreeMap<SmolStr, BTreeSet<SmolStr>>) -> Vec<Item> {
    let mut names = Names::new(services);
    let mut images = Images::default();
    for (path, content) in &manifests.files {
        if let Content::Docker(file) = content {
            images.add(path, file, tree);
        }
    }
    names.imaged = images.all_services(&names);
    let mut siblings = compose::Siblings::new();
    for (path, content) in &manifests.files {
        if let Content::Compose(root) = content {
            compose::gather(path, root, &names, &images, &mut siblings);
        }
    }
    let mut drafts: Vec<Draft> = Vec::new();
    // What compose files build and read.
    let mut built: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
    let mut env_files: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
    let (mut objects, mut workflows) = (Vec::new(), Vec::new());
    for (path, content) in &manifests.files {
        match content {
            Content::Compose(root) => {
                let composed = compose::read(path, root, &siblings);
                drafts.extend(composed.drafts);
                for (dockerfile, services) in composed.built.into_iter().filter(|(dockerfile, _)| images.has(dockerfile)) {
                    built.entry(dockerfile).or_default().extend(services);
                }
                for (file, services) in composed.env_files {
                    env_files.entry(file).or_default().extend(services);
                }
            }
            Content::Object(root) => objects.push((path.as_str(), root.clone())),
            Content::Workflow(root) => workflows.push((path.as_str(), &**root)),
            Content::Unit(text) => drafts.extend(unit::drafts(path, text, &names)),
            Content::Fly(text) => drafts.extend(fly::drafts(path, text, &names)),
            Content::Docker(_) | Content::Env(_) => {}
        }
    }
    drafts.extend(images.drafts(&names, &built));
    drafts.extend(kubernetes::drafts(&objects, &names));
    drafts.extend(workflow::drafts(&workflows, &names));
    for (path, content) in &manifests.files {
        if let Content::Env(variables) = content {
            drafts.extend(env_file::draft(path, variables, read, env_files.get(path.as_str())));
        }
    }
    draft::items(drafts)
}
