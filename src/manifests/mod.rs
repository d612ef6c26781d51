//! Deployment files to items: compose files, Dockerfiles and their scripts, Kubernetes objects, charts, units, files of variables.
//!
//! Runs beside `parse`; knows nothing of Rust code but the names of the services. Nothing is executed and nothing is fetched; a
//! secret value leaves no reader (see `hide`).

mod aws;
mod checked_in;
pub(crate) mod comments;
mod compose;
pub mod deployed;
mod dockerfile;
mod draft;
pub(crate) mod env_file;
pub(crate) mod files;
#[cfg(test)]
mod fixture;
mod fly;
mod helm;
pub(crate) mod hide;
mod image;
mod image_scripts;
mod kubernetes;
mod kustomize;
mod script;
mod seeds;
mod shell;
mod tie;
mod unit;
mod words;
mod workflow;
pub(crate) mod yaml;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::discover::{Discovery, OtherFile, OtherKind};
use crate::facts::Comment;
use crate::model::{Diagnostic, Item, Service, Severity};
use crate::source::{MAX_FILE_BYTES, ReadError, Tree, file_name, join, parent};

pub use checked_in::Code;
use deployed::Deployed;
use draft::Draft;
use files::Files;
use image::Images;
use kustomize::Doc;
use tie::Names;
use yaml::{Broken, Node};

/// The deployment files of a tree, parsed.
#[derive(Default)]
pub struct Manifests {
    files: Vec<(SmolStr, Content)>,
    /// Objects of Kubernetes, whole, one variant for each environment.
    objects: Vec<Doc>,
    /// The files of their nodes.
    sources: Files,
    /// Files of settings, of the application or of tools; read when it is known which ones the code reads.
    settings: Vec<SmolStr>,
    /// Comments that speak to this tool, by file.
    pub comments: Vec<(SmolStr, Vec<Comment>)>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that could not be read.
    pub skipped: Vec<SmolStr>,
    /// Something could not be read at all.
    pub unreadable: bool,
    /// Compose files, joined with those that they take in.
    composed: compose::joined::Joined,
    /// Objects as they stand in the files.
    documents: usize,
    /// Templates of Helm that are not evaluated, or in part only.
    pub unevaluated: usize,
}

/// What a file holds.
enum Content {
    Docker(dockerfile::Dockerfile),
    Compose(Arc<Node>),
    Aws(Arc<Node>),
    Workflow(Arc<Node>),
    Unit(String),
    Fly(String),
    Env(Vec<env_file::Variable>),
    Migration(Vec<seeds::Seed>),
}

impl Manifests {
    /// How many documents were read as manifests.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.len() + self.composed.roots.len() + self.documents
    }

    /// Files of variables, by their paths.
    fn variables(&self) -> BTreeMap<&str, &[env_file::Variable]> {
        let files = self.files.iter().filter_map(|(path, content)| match content {
            Content::Env(variables) => Some((path.as_str(), variables.as_slice())),
            _ => None,
        });
        files.collect()
    }
}

/// What reading one file yields.
#[derive(Default)]
struct Outcome {
    content: Vec<Content>,
    objects: Vec<Arc<Node>>,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
    skipped: bool,
    unreadable: bool,
    /// A template of Helm, and whether it looks like an object.
    template: Option<(String, bool)>,
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
    let mut sources = Files::default();
    let numbered: Vec<(u32, &OtherFile)> = wanted.iter().map(|file| (sources.add(file.path.clone()), *file)).collect();
    let read: Vec<Outcome> = numbered.par_iter().map(|(number, file)| read_one(tree, file, *number)).collect();
    let mut docs: Vec<Doc> = Vec::new();
    let mut out = Manifests { settings: settings(discovery), ..Manifests::default() };
    let mut templates: Vec<helm::Template> = Vec::new();
    for (file, outcome) in wanted.into_iter().zip(read) {
        if !outcome.comments.is_empty() {
            out.comments.push((file.path.clone(), outcome.comments));
        }
        out.files.extend(outcome.content.into_iter().map(|content| (file.path.clone(), content)));
        docs.extend(outcome.objects.into_iter().map(|root| Doc::plain(file.path.clone(), root)));
        out.diagnostics.extend(outcome.diagnostics);
        out.unreadable |= outcome.unreadable;
        let template = outcome.template.map(|(text, is_object)| helm::Template { path: file.path.clone(), text, is_object });
        templates.extend(template);
        if outcome.skipped {
            out.skipped.push(file.path.clone());
        }
    }
    let paths = |kind: OtherKind| -> Vec<SmolStr> {
        discovery.others.iter().filter(|file| file.kind == kind && !tie::is_beside(&file.path)).map(|file| file.path.clone()).collect()
    };
    if !templates.is_empty() {
        let (yaml, helpers) = (paths(OtherKind::Yaml), paths(OtherKind::Template));
        let made = helm::evaluate(&templates, &helm::Sources { tree, yaml: &yaml, helpers: &helpers }, &mut sources);
        docs.extend(made.docs);
        out.unevaluated += made.unevaluated;
    }
    out.documents = docs.len();
    let is_compose = |content: &mut (SmolStr, Content)| matches!(content.1, Content::Compose(_));
    let composed = out.files.extract_if(.., is_compose).filter_map(|(path, content)| match content {
        Content::Compose(root) => Some((path, root)),
        _ => None,
    });
    out.composed = compose::joined::join_all(composed.collect(), &mut sources, tree);
    out.unevaluated += out.composed.unfollowed;
    let resolved = kustomize::resolve(docs, &mut sources, tree, &discovery.others);
    out.objects = resolved.docs;
    out.unevaluated += resolved.unevaluated;
    out.sources = sources;
    out
}

/// Files that may hold settings of the application.
fn settings(discovery: &Discovery) -> Vec<SmolStr> {
    let is_one = |file: &&OtherFile| {
        matches!(file.kind, OtherKind::Yaml | OtherKind::Toml | OtherKind::Json)
            && file.bytes <= MAX_FILE_BYTES
            && !tie::is_beside(&file.path)
    };
    discovery.others.iter().filter(is_one).map(|file| file.path.clone()).collect()
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
        OtherKind::Sql => seeds::is_migration(&file.path),
        OtherKind::Json => aws::may_be_task(&file.path) && file.bytes <= MAX_FILE_BYTES,
        _ => false,
    }
}

/// `fly.toml`, `fly.staging.toml`.
fn is_fly(name: &str) -> bool {
    name.strip_prefix("fly.").is_some_and(|rest| rest.ends_with("toml"))
}

fn read_one(tree: &dyn Tree, file: &OtherFile, number: u32) -> Outcome {
    let text = if file.bytes > MAX_FILE_BYTES { Err(ReadError::TooLarge { bytes: file.bytes }) } else { tree.read(&file.path) };
    let text = match text {
        // The mark before the first sign is no part of it.
        Ok(text) => text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text),
        Err(error) => {
            let unreadable = error.is_unreadable();
            let diagnostic = error.diagnostic(&file.path);
            let diagnostic = if diagnostic.line.is_none() { diagnostic.at_line(1) } else { diagnostic };
            return Outcome { diagnostics: vec![diagnostic], skipped: true, unreadable, ..Outcome::default() };
        }
    };
    let comments = comments::read(&text);
    let outcome = match file.kind {
        OtherKind::Yaml => read_yaml(&file.path, &text, number),
        OtherKind::Json if !aws::is_told(&file.path, &text) => Outcome::default(),
        OtherKind::Json => {
            let roots = yaml::parse(&text).roots.into_iter();
            Outcome { content: roots.map(Content::Aws).collect(), ..Outcome::default() }
        }
        OtherKind::Dockerfile => Outcome::of(Content::Docker(dockerfile::parse(&text))),
        OtherKind::Systemd => Outcome::of(Content::Unit(text)),
        OtherKind::Toml => Outcome::of(Content::Fly(text)),
        OtherKind::Sql => match seeds::read(&text) {
            seeds if seeds.is_empty() => Outcome::default(),
            seeds => Outcome::of(Content::Migration(seeds)),
        },
        _ => Outcome::of(Content::Env(env_file::parse(&text))),
    };
    // In a file that is read as no manifest, they speak of something else.
    let comments = if outcome.content.is_empty() && outcome.objects.is_empty() { Vec::new() } else { comments };
    Outcome { comments, ..outcome }
}

fn read_yaml(path: &str, text: &str, number: u32) -> Outcome {
    let composed = compose::is_compose(file_name(path));
    // Most YAML of a tree is about something else: only what speaks of objects is parsed.
    let object = has_key(text, "apiVersion") && has_key(text, "kind") && has_telling_kind(text);
    let workflow = workflow::is_workflow(path);
    let kustomization = kustomize::is_kustomization(path);
    let of_chart = path.contains("/templates/") || path.starts_with("templates/");
    let of_chart = of_chart && text.contains("{{");
    let of_aws = aws::is_told(path, text);
    if !(composed || object || workflow || kustomization || of_chart || of_aws) {
        return Outcome::default();
    }
    if (is_template(text) || of_chart) && !workflow && !composed {
        return Outcome { template: Some((text.to_owned(), object)), ..Outcome::default() };
    }
    let documents = yaml::parse_file(text, number);
    let diagnostics = documents.errors.iter().map(|broken| broken_file(path, broken)).collect();
    let mut out = Outcome { diagnostics, ..Outcome::default() };
    for root in documents.roots {
        if kustomization || kubernetes::is_object(&root) {
            out.objects.push(root);
        } else if workflow {
            out.content.push(Content::Workflow(root));
        } else if composed && root.get("services").is_some() {
            out.content.push(Content::Compose(root));
        } else if of_aws {
            out.content.push(Content::Aws(root));
        }
    }
    out
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

/// Kinds that say nothing of state; definitions of others are long.
const SILENT: &[&str] = &[
    "CustomResourceDefinition",
    "Namespace",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "NetworkPolicy",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "PodSecurityPolicy",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
];

/// Whether some document of a text may be of a kind that says something.
fn has_telling_kind(text: &str) -> bool {
    let mut kinds = text.lines().filter_map(|line| line.strip_prefix("kind:")).peekable();
    kinds.peek().is_none() || kinds.any(|kind| !SILENT.contains(&kind.trim().trim_matches(['"', '\''])))
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

/// A compose file with what the `.env` beside it gives.
fn fill(path: &str, root: &Arc<Node>, variables: &BTreeMap<&str, &[env_file::Variable]>) -> compose::filled::Filled {
    let beside = join(parent(path), ".env").and_then(|path| variables.get_key_value(path.as_str()));
    compose::filled::fill(root, beside.map(|(path, variables)| compose::filled::DotEnv { path, variables }))
}

/// What is drawn from the manifests.
pub struct Drawn {
    /// The items of the map.
    pub items: Vec<Item>,
    /// The same files as data, for the stages that join them with code.
    pub deployed: Deployed,
    /// What was too much of them.
    pub diagnostics: Vec<Diagnostic>,
}

/// The items of the manifests, and what they start as data; `code` is what the code reads.
#[must_use]
pub fn draw(manifests: &Manifests, tree: &dyn Tree, services: &[Service], code: &Code) -> Drawn {
    let mut names = Names::new(services);
    let mut images = Images::default();
    for (path, content) in &manifests.files {
        if let Content::Docker(file) = content {
            images.add(path, file, tree);
        }
    }
    names.imaged = images.all_services(&names);
    names.labelled = images.labels(&names);
    let mut siblings = compose::Siblings::new();
    let variables = manifests.variables();
    let filled: Vec<(&SmolStr, compose::filled::Filled)> =
        manifests.composed.roots.iter().map(|(path, root)| (path, fill(path, root, &variables))).collect();
    let composed = || {
        let (files, templates) = (&manifests.sources, &manifests.composed.templates);
        filled.iter().map(move |(path, filled)| compose::File { path, root: &filled.root, given: &filled.given, files, templates })
    };
    for file in composed() {
        compose::gather(file, &names, &images, &mut siblings);
    }
    let mut drafts: Vec<Draft> = Vec::new();
    let mut workloads = images.deployed(&names);
    // What compose files build and read.
    let mut built: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
    let mut env_files: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
    let mut workflows = Vec::new();
    // Containers of files in which no service of the tree runs: only the stores among them say something.
    let mut beside = Vec::new();
    let units: BTreeMap<String, BTreeSet<SmolStr>> = manifests
        .files
        .iter()
        .filter_map(|(path, content)| match content {
            Content::Unit(text) => unit::started(path, text, &names),
            _ => None,
        })
        .collect();
    for file in composed() {
        let composed = compose::read(file, &siblings, &variables);
        drafts.extend(composed.drafts);
        workloads.extend(composed.deployed);
        beside.extend(composed.beside);
        for (dockerfile, services) in composed.built.into_iter().filter(|(dockerfile, _)| images.has(dockerfile)) {
            built.entry(dockerfile).or_default().extend(services);
        }
        for (file, services) in composed.env_files {
            env_files.entry(file).or_default().extend(services);
        }
    }
    for (path, content) in &manifests.files {
        match content {
            Content::Workflow(root) => workflows.push((path.as_str(), &**root)),
            Content::Aws(root) => drafts.extend(aws::read(path, root, &names, &mut workloads)),
            Content::Unit(text) if path.ends_with(".timer") => {
                if let Some((draft, workload)) = unit::timer(path, text, &units) {
                    drafts.push(draft);
                    workloads.push(workload);
                }
            }
            Content::Unit(text) => {
                drafts.extend(unit::drafts(path, text, &names));
                workloads.extend(unit::deployed(path, text, &names));
            }
            Content::Fly(text) => {
                drafts.extend(fly::drafts(path, text, &names));
                workloads.push(fly::deployed(path, text, &names));
            }
            Content::Migration(seeds) => drafts.extend(seeds::draft(path, seeds, &names)),
            Content::Docker(_) | Content::Env(_) | Content::Compose(_) => {}
        }
    }
    drafts.extend(images.drafts(&names, &built));
    let mut deployed = Deployed { workloads, ..Deployed::default() };
    drafts.extend(kubernetes::drafts(&manifests.objects, &manifests.sources, &names, &mut deployed));
    for workloads in [&deployed.workloads, &beside] {
        deployed.servers.extend(deployed::server::of_workloads(workloads, tree));
    }
    drafts.extend(workflow::drafts(&workflows, &names));
    for (path, content) in &manifests.files {
        if let Content::Env(variables) = content {
            drafts.extend(env_file::draft(path, variables, &code.variables, env_files.get(path.as_str())));
        }
    }
    drafts.extend(checked_in::drafts(&manifests.settings, tree, code, &images.taken(&names)));
    let diagnostics = bound_variables(&mut deployed);
    Drawn { items: draft::items(drafts), deployed: deployed.sorted(), diagnostics }
}

/// At most so many variables of a container are looked at. People write some dozens.
const MAX_VARIABLES: usize = 5_000;

/// Leaves out what is more than that: of each variable of the code, every one of a container is looked at.
fn bound_variables(deployed: &mut Deployed) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for workload in &mut deployed.workloads {
        for container in workload.containers.iter_mut().filter(|container| container.env.len() > MAX_VARIABLES) {
            let message = format!(
                "`{}` is given {} variables: the first {MAX_VARIABLES} are looked at",
                hide::text(&container.name),
                container.env.len()
            );
            container.env.truncate(MAX_VARIABLES);
            let diagnostic = Diagnostic::new(Severity::Warning, "too-many-variables", message);
            told.push(diagnostic.in_file(workload.at.file.clone()).at_line(workload.at.line));
        }
    }
    told
}
