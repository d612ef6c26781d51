//! Functions of Lambda: what stays between calls in an instance, how many instances are kept, what they are given.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::super::deployed::{Amount, Autoscaler, Container, ContainerRole, EnvVar, Mount, MountKind, Said, Workload, WorkloadKind};
use super::super::draft::{Draft, place};
use super::super::hide;
use super::super::tie::Names;
use super::super::yaml::{Entry, Mark, Node};
use super::environment;
use crate::model::{FactValue, Scope};
use crate::source::{join, parent};

/// Where a function says something: in a template of SAM, or in `serverless.yml`.
const TMP: &[&[&str]] = &[&["EphemeralStorage", "Size"], &["ephemeralStorageSize"]];
const WARM: &[&[&str]] = &[&["ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"], &["provisionedConcurrency"]];
const MOST: &[&[&str]] = &[&["ReservedConcurrentExecutions"], &["reservedConcurrency"]];
const TIMEOUT: &[&[&str]] = &[&["Timeout"], &["timeout"]];
const MEMORY: &[&[&str]] = &[&["MemorySize"], &["memorySize"]];
const VARIABLES: &[&[&str]] = &[&["Environment", "Variables"], &["environment"]];

struct Function<'a> {
    file: &'a str,
    name: String,
    node: &'a Node,
    /// What holds for all functions of the file.
    defaults: Option<&'a Node>,
    services: BTreeSet<SmolStr>,
}

/// A function of a file.
pub(super) fn function(
    file: &str,
    entry: &Entry,
    node: &Node,
    defaults: Option<&Node>,
    names: &Names,
    deployed: &mut Vec<Workload>,
    out: &mut Vec<Draft>,
) {
    let services = services(file, entry, node, names);
    if services.is_empty() {
        return;
    }
    let function = Function { file, name: hide::text(&entry.key), node, defaults, services };
    function.instance(entry.at, out);
    let variables = function.variables();
    let of = |what: &str| function.draft(what, &format!("{what} of {}", function.name), String::new());
    environment(file, &function.name, &variables, of("environment"), of("credentials"), out);
    function.events(out);
    function.shared(out);
    deployed.push(function.data(entry.at, &variables));
}

/// The services that a function is: by the folder or binary that is deployed, its handler, its image, its name.
fn services(file: &str, entry: &Entry, node: &Node, names: &Names) -> BTreeSet<SmolStr> {
    let texts = ["CodeUri", "Handler", "handler", "ImageUri", "image", "FunctionName"].iter().filter_map(|key| node.text_of(key));
    for text in texts {
        let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
        let name = last.rsplit_once('.').filter(|_| node.text_of("handler").is_some()).map_or(last, |(_, name)| name);
        let found = names.by_image(name);
        if !found.is_empty() {
            return found;
        }
    }
    let found = names.by_name(&entry.key);
    if !found.is_empty() {
        return found;
    }
    let code = node.text_of("CodeUri").and_then(|path| join(parent(file), path));
    code.map(|path| names.near(&format!("{path}/x"))).unwrap_or_default()
}

impl Function<'_> {
    fn draft(&self, what: &str, name: &str, summary: String) -> Draft {
        Draft::new(format!("Function/{}", self.name), what, name, summary).services(&self.services)
    }

    fn found(&self, paths: &[&[&str]]) -> Option<&Node> {
        let nodes = [Some(self.node), self.defaults].into_iter().flatten();
        nodes.into_iter().find_map(|node| paths.iter().find_map(|path| node.at_path(path)))
    }

    fn said(&self, paths: &[&[&str]]) -> Option<(String, Mark)> {
        let node = self.found(paths)?;
        Some((hide::text(node.text()?), node.at))
    }

    fn instance(&self, at: Mark, out: &mut Vec<Draft>) {
        let size = self.said(TMP).map_or_else(|| "512".to_owned(), |(size, _)| size);
        let mut summary = format!("function; what an instance holds in memory and in its `/tmp` of {size} MB stays for its next calls");
        if let Some((warm, _)) = self.said(WARM) {
            summary.push_str(&format!(", {warm} instances kept ready"));
        }
        if let Some((most, _)) = self.said(MOST) {
            summary.push_str(&format!(", at most {most} at a time"));
        }
        let mut draft = self.draft("function", &format!("function {}", self.name), summary).scope(Scope::Host);
        draft.site(self.file, at);
        for (key, paths) in [
            ("memory in MB", MEMORY),
            ("longest call in seconds", TIMEOUT),
            ("/tmp in MB", TMP),
            ("instances kept ready", WARM),
            ("most instances", MOST),
        ] {
            if let Some((text, at)) = self.said(paths) {
                draft.site(self.file, at);
                draft.text(key, &text, self.file, at);
            }
        }
        out.push(draft.lost("all of it, whenever the platform ends an instance; another instance has none of it"));
    }

    fn variables(&self) -> Vec<(&str, &str, Mark)> {
        let mut out: Vec<(&str, &str, Mark)> = Vec::new();
        for node in [self.defaults, Some(self.node)].into_iter().flatten() {
            for entry in VARIABLES.iter().filter_map(|path| node.at_path(path)).flat_map(Node::entries) {
                out.retain(|(name, ..)| *name != entry.key);
                out.push((&entry.key, entry.node.text().unwrap_or("(from the template)"), entry.at));
                if out.len() > 500 {
                    return out;
                }
            }
        }
        out
    }

    /// What starts it by the clock.
    fn events(&self, out: &mut Vec<Draft>) {
        let sam = self.node.get("Events").map(Node::entries).unwrap_or_default().iter();
        let sam = sam.filter(|event| event.node.text_of("Type").is_some_and(|kind| kind.starts_with("Schedule")));
        let sam = sam.filter_map(|event| {
            let properties = event.node.get("Properties")?;
            Some((["Schedule", "ScheduleExpression"].iter().find_map(|key| properties.text_of(key))?, event.at))
        });
        let listed = self.node.get("events").map(Node::items).unwrap_or_default().iter();
        let listed = listed.filter_map(|event| {
            let schedule = event.get("schedule")?;
            let text =
                schedule.text().or_else(|| schedule.get("rate").and_then(|rate| rate.text().or_else(|| rate.words().first().copied())))?;
            Some((text, event.at))
        });
        for (schedule, at) in sam.chain(listed) {
            let schedule = hide::text(schedule);
            let mut draft = self.draft("schedule", &format!("schedule of {}", self.name), format!("called by the clock, `{schedule}`"));
            draft.site(self.file, at);
            draft.fact("schedule", FactValue::Text(schedule), self.file, at);
            out.push(draft);
        }
    }

    /// File systems that instances share.
    fn mounts(&self) -> Vec<(&str, Mark)> {
        let sam = self.node.get("FileSystemConfigs").map(Node::items).unwrap_or_default().iter();
        let sam = sam.filter_map(|one| Some((one.text_of("LocalMountPath")?, one.at)));
        let listed = self.node.get("fileSystemConfig").and_then(|one| Some((one.text_of("localMountPath")?, one.at)));
        sam.chain(listed).collect()
    }

    fn shared(&self, out: &mut Vec<Draft>) {
        for (path, at) in self.mounts() {
            let path = hide::text(path);
            let summary = format!("file system that all instances share, mounted at `{path}`");
            let mut draft = self.draft(&format!("mount {path}"), &format!("{path} of {}", self.name), summary);
            draft.site(self.file, at);
            out.push(draft);
        }
    }

    fn data(&self, at: Mark, variables: &[(&str, &str, Mark)]) -> Workload {
        let owner = format!("Function/{}", self.name);
        let mut out = Workload::new(owner.as_str(), WorkloadKind::Function, place(self.file, at));
        out.services.clone_from(&self.services);
        let bound = |paths| self.said(paths).map(|(text, at)| Said::written(Amount::read(&text), place(self.file, at)));
        out.autoscaler = Some(Autoscaler {
            by: owner.as_str().into(),
            least: bound(WARM).unwrap_or_else(|| Said::default_of(Amount::Count(0))),
            most: bound(MOST).unwrap_or_else(|| Said::default_of(Amount::Text("unbounded".to_owned()))),
        });
        let mut container = Container::new(self.name.as_str(), ContainerRole::Own);
        container.services.clone_from(&self.services);
        container.env = variables.iter().map(|(name, value, at)| EnvVar::written(name, value, &owner, place(self.file, *at))).collect();
        let mount = |path: &str, kind, size, at| Mount {
            path: hide::text(path),
            kind,
            source: hide::text(path),
            sub_path: None,
            read_only: false,
            size,
            at: place(self.file, at),
            environment: None,
        };
        let tmp = self.said(TMP);
        let tmp_at = tmp.as_ref().map_or(at, |(_, at)| *at);
        container.mounts.push(mount("/tmp", MountKind::Ephemeral, tmp.map(|(size, _)| format!("{size} MB")), tmp_at));
        container.mounts.extend(self.mounts().into_iter().map(|(path, at)| mount(path, MountKind::Shared, None, at)));
        // Everything else of the image cannot be written.
        container.read_only_root = Some(Said::default_of(true));
        out.containers.push(container);
        out
    }
}
