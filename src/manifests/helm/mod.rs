//! Charts of Helm: their templates evaluated with the values of the chart, once for each environment that has values of its own.
//! What cannot be evaluated is kept as text and counted; what stands under a condition that is not known is told with it.

mod functions;
mod parse;
mod render;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::files::Files;
use super::kustomize::Doc;
use super::kustomize::merge_plain;
use super::yaml::{self, Entry, Mark, Node, Value};
use super::{hide, kubernetes};
use crate::source::{Tree, file_name, join, parent};
use parse::{Piece, What};
use render::{Engine, Rendered};
use value::{CLOSE, OPEN, UNKNOWN};

/// At most so many environments of a chart are told.
const MAX_ENVIRONMENTS: usize = 8;
/// Charts stand in charts at most so deep.
const MAX_DEPTH: usize = 4;

/// A template of the tree.
pub(super) struct Template {
    pub(super) path: SmolStr,
    pub(super) text: String,
    /// It holds an object by the look of it; else it is only of use within a chart.
    pub(super) is_object: bool,
}

/// What the charts of a tree make.
#[derive(Default)]
pub(super) struct Made {
    pub(super) docs: Vec<Doc>,
    /// Templates that are not evaluated, or in part only.
    pub(super) unevaluated: usize,
}

/// The files beside templates that charts are made of.
pub(super) struct Sources<'a> {
    pub(super) tree: &'a dyn Tree,
    /// Paths of YAML files, and of files that hold helpers.
    pub(super) yaml: &'a [SmolStr],
    pub(super) helpers: &'a [SmolStr],
}

/// Evaluates all templates.
pub(super) fn evaluate(templates: &[Template], sources: &Sources<'_>, files: &mut Files) -> Made {
    let mut out = Made::default();
    let mut charts: BTreeMap<String, Option<Chart>> = BTreeMap::new();
    let mut of_chart: BTreeMap<String, Vec<&Template>> = BTreeMap::new();
    for template in templates {
        let root = root_of(&template.path);
        let chart = root.as_ref().map(|root| charts.entry(root.clone()).or_insert_with(|| Chart::read(root, sources, files, 0)));
        match (root, chart) {
            (Some(root), Some(Some(_))) => of_chart.entry(root).or_default().push(template),
            _ => out.unevaluated += usize::from(template.is_object),
        }
    }
    for (root, templates) in of_chart {
        let Some(Some(chart)) = charts.get(&root) else { continue };
        chart.render(&templates, sources, files, &mut out);
    }
    out
}

/// The folder of the chart that a template belongs to.
fn root_of(path: &str) -> Option<String> {
    match path.rfind("/templates/") {
        Some(at) => Some(path[..at].to_owned()),
        None => path.starts_with("templates/").then(String::new),
    }
}

/// A chart with its values.
struct Chart {
    root: String,
    name: String,
    node: Arc<Node>,
    /// Values, and the environment that they are for.
    variants: Vec<(Option<SmolStr>, Arc<Node>)>,
    /// The chart that it is a part of switches it off, or on.
    enabled: bool,
}

impl Chart {
    /// Reads the chart in a folder; one within another chart gets that one's values on top of its own.
    fn read(root: &str, sources: &Sources<'_>, files: &mut Files, depth: usize) -> Option<Self> {
        let chart_file = join(root, "Chart.yaml")?;
        let node = yaml::parse(&sources.tree.read(&chart_file).ok()?).roots.into_iter().next()?;
        let name = hide::text(node.text_of("name").unwrap_or("chart"));
        let empty = || Arc::new(Node::made(Value::Map(Vec::new()), Mark::default()));
        let base = join(root, "values.yaml").and_then(|path| parsed(&path, sources, files)).unwrap_or_else(empty);
        let above = root.rsplit_once("/charts/").map(|(above, _)| above).filter(|_| depth < MAX_DEPTH);
        if let Some(above) = above.and_then(|above| Chart::read(above, sources, files, depth + 1)) {
            let (key, condition) = above.dependency(&name);
            let of = |values: &Arc<Node>| {
                let own = values.get_arc(&key).map_or_else(|| base.clone(), |over| merged(&base, &over));
                match values.entry("global") {
                    Some(global) => with(&own, global.clone()),
                    None => own,
                }
            };
            let is_on = |values: &Node| condition.split('.').try_fold(values, |node, key| node.get(key)).is_none_or(value::truth);
            let enabled = condition.is_empty() || above.variants.iter().any(|(_, values)| is_on(values));
            let variants = above.variants.iter().map(|(environment, values)| (environment.clone(), of(values))).collect();
            return Some(Self { root: root.to_owned(), name, node, variants, enabled });
        }
        let mut variants = vec![(None, base.clone())];
        for (environment, path) in environments(root, sources.yaml) {
            if let Some(over) = parsed(path, sources, files) {
                files.speaks_for(path, &environment);
                variants.push((Some(environment), merged(&base, &over)));
            }
        }
        Some(Self { root: root.to_owned(), name, node, variants, enabled: true })
    }

    /// The key of a part's values, and the condition that switches it on.
    fn dependency(&self, name: &str) -> (String, String) {
        let listed = self.node.get("dependencies").map(Node::items).unwrap_or_default();
        let found = listed.iter().find(|one| one.text_of("name") == Some(name));
        let key = found.and_then(|one| one.text_of("alias")).unwrap_or(name);
        let condition = found.and_then(|one| one.text_of("condition")).unwrap_or_default();
        (key.to_owned(), condition.split(',').next().unwrap_or_default().trim().to_owned())
    }

    fn render(&self, templates: &[&Template], sources: &Sources<'_>, files: &mut Files, out: &mut Made) {
        if !self.enabled {
            return;
        }
        let mut defines: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
        for path in sources.helpers.iter().filter(|path| self.may_use(path)) {
            if let Ok(text) = sources.tree.read(path) {
                gather(parse::parse(&text), &mut defines);
            }
        }
        let parsed: Vec<Vec<Piece>> = templates.iter().map(|template| parse::parse(&template.text)).collect();
        for pieces in &parsed {
            gather(pieces.clone(), &mut defines);
        }
        let varied: Vec<SmolStr> = self.variants.iter().filter_map(|(environment, _)| environment.clone()).collect();
        let mut incomplete: BTreeSet<&str> = BTreeSet::new();
        for (environment, values) in &self.variants {
            let engine = Engine { defines: &defines, root: self.context(values) };
            for (template, pieces) in templates.iter().zip(&parsed) {
                let rendered = engine.render(pieces);
                let (roots, is_whole) = documents(&template.path, &rendered, files);
                if !is_whole {
                    incomplete.insert(&template.path);
                }
                out.docs.extend(roots.into_iter().map(|root| Doc {
                    environment: environment.clone(),
                    varied: if environment.is_none() { varied.clone() } else { Vec::new() },
                    ..Doc::plain(template.path.clone(), root)
                }));
            }
            self.missing(values, environment.as_ref(), &varied, sources, out);
        }
        out.unevaluated += incomplete.len();
    }

    /// Whether helpers of a file can be used here: those of the chart, of charts within it and of those that it is within.
    fn may_use(&self, path: &str) -> bool {
        let Some(root) = root_of(path) else { return false };
        let inside = |inner: &str, outer: &str| {
            outer.is_empty() || inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with("/charts/"))
        };
        inside(&root, &self.root) || inside(&self.root, &root)
    }

    /// What all templates see.
    fn context(&self, values: &Arc<Node>) -> Arc<Node> {
        let text = |key: &str, text: &str| Entry::made(key, Mark::default(), Node::scalar(text, Mark::default()));
        let map = |key: &str, entries: Vec<Entry>| Entry::made(key, Mark::default(), Node::made(Value::Map(entries), Mark::default()));
        let later = |what: &str| format!("{OPEN}{what}{CLOSE}");
        let version = |key: &str| self.node.text_of(key).unwrap_or("latest").to_owned();
        let truth = |key: &str, word: &str| Entry::made(key, Mark::default(), Node::plain(word, Mark::default()));
        let release = vec![
            // An installation is named by who makes it; by custom, like the chart.
            text("Name", &self.name),
            text("Namespace", &later(".Release.Namespace")),
            text("Service", "Helm"),
            text("Revision", &later(".Release.Revision")),
            truth("IsInstall", "true"),
            truth("IsUpgrade", "true"),
        ];
        let chart = vec![
            text("Name", &self.name),
            text("Version", &version("version")),
            text("AppVersion", &version("appVersion")),
            text("Type", "application"),
        ];
        let entries = vec![
            Entry::made("Values", Mark::default(), values.clone()),
            map("Release", release),
            map("Chart", chart),
            text("Capabilities", UNKNOWN),
            map("Template", vec![text("Name", &self.name), text("BasePath", "templates")]),
            map("Files", Vec::new()),
            map("Subcharts", Vec::new()),
        ];
        Arc::new(Node::made(Value::Map(entries), Mark::default()))
    }

    /// Parts that the chart takes from elsewhere: they are deployed with it, and nothing of the tree says what they hold.
    fn missing(&self, values: &Arc<Node>, environment: Option<&SmolStr>, varied: &[SmolStr], sources: &Sources<'_>, out: &mut Made) {
        let listed = self.node.get("dependencies").map(Node::items).unwrap_or_default();
        for one in listed.iter().take(100) {
            let Some(name) = one.entry("name").filter(|entry| entry.node.text().is_some()) else { continue };
            let text = name.node.text().unwrap_or_default();
            let is_here = join(&self.root, &format!("charts/{text}/Chart.yaml")).is_some_and(|path| sources.tree.read(&path).is_ok());
            let (_, condition) = self.dependency(text);
            let is_on =
                condition.split('.').try_fold(&**values, |node, key| node.get(key)).is_none_or(value::truth) || condition.is_empty();
            // A library holds no objects.
            if is_here || !is_on || text.contains("common") || text.contains("library") {
                continue;
            }
            let metadata = Node::made(Value::Map(vec![name.clone()]), name.at);
            let mut entries = vec![
                Entry::made("apiVersion", name.at, Node::scalar("helm.sh/v2", name.at)),
                Entry::made("kind", name.at, Node::scalar(kubernetes::DEPENDENCY, name.at)),
                Entry::made("metadata", name.at, metadata),
            ];
            entries.extend(["version", "repository"].iter().filter_map(|key| one.entry(key)).cloned());
            let root = Arc::new(Node::made(Value::Map(entries), name.at));
            let file = join(&self.root, "Chart.yaml").unwrap_or_default();
            let varied = if environment.is_none() { varied.to_vec() } else { Vec::new() };
            out.docs.push(Doc { environment: environment.cloned(), varied, ..Doc::plain(file.into(), root) });
        }
    }
}

/// The objects of a rendered template, and whether nothing had to be left out.
fn documents(path: &SmolStr, rendered: &Rendered, files: &mut Files) -> (Vec<Arc<Node>>, bool) {
    let file = files.add(path.clone());
    for (line, condition) in &rendered.conditional {
        files.conditional(file, *line, condition);
    }
    let home = |at: Mark| match rendered.marks.get(&(at.line, at.column)) {
        Some(mark) => *mark,
        None => {
            let line = rendered.lines.get(at.line as usize - 1).copied().filter(|line| *line > 0).unwrap_or(1);
            Mark { file, line, column: at.column }
        }
    };
    let documents = yaml::parse_as(&rendered.text, &home);
    let is_whole = rendered.unknown == 0 && documents.errors.is_empty();
    (documents.roots.into_iter().filter(|root| kubernetes::is_object(root)).collect(), is_whole)
}

/// Takes the helpers out of a file.
fn gather(pieces: Vec<Piece>, defines: &mut BTreeMap<String, Vec<Piece>>) {
    for piece in pieces {
        if let What::Define(name, body, _) = piece.what {
            defines.insert(name, body);
        }
    }
}

fn parsed(path: &str, sources: &Sources<'_>, files: &mut Files) -> Option<Arc<Node>> {
    let text = sources.tree.read(path).ok()?;
    yaml::parse_file(&text, files.add(path)).roots.into_iter().next()
}

/// Files of values for environments beside a chart: `values-production.yaml`, `production-values.yaml`, `values/production.yaml`.
fn environments<'a>(root: &str, yaml: &'a [SmolStr]) -> Vec<(SmolStr, &'a str)> {
    let mut out: Vec<(SmolStr, &str)> = Vec::new();
    for path in yaml {
        let folder = parent(path);
        let within =
            folder == root || [join(root, "values"), join(root, "environments"), join(root, "envs")].contains(&Some(folder.to_owned()));
        if !within {
            continue;
        }
        let name = file_name(path);
        let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
        let sign = |c: char| matches!(c, '-' | '.' | '_');
        let environment = match stem
            .strip_prefix("values")
            .map(|rest| rest.trim_start_matches(sign))
            .or_else(|| stem.strip_suffix("values").map(|rest| rest.trim_end_matches(sign)))
        {
            Some(rest) => rest,
            None if folder != root => stem,
            None => continue,
        };
        let shown_only = ["example", "sample", "default", "template", "schema", "ci", "test"].iter().any(|word| environment.contains(word));
        if !environment.is_empty() && !shown_only && out.len() < MAX_ENVIRONMENTS {
            out.push((environment.into(), path));
        }
    }
    out
}

/// Values laid over others: maps are merged, lists replaced, `null` takes away.
fn merged(base: &Arc<Node>, over: &Arc<Node>) -> Arc<Node> {
    merge_plain(base, over)
}

fn with(node: &Arc<Node>, entry: Entry) -> Arc<Node> {
    let mut entries: Vec<Entry> = node.entries().iter().filter(|known| known.key != entry.key).cloned().collect();
    entries.push(entry);
    Arc::new(Node::made(Value::Map(entries), node.at))
}

#[cfg(test)]
mod tests;
