//! Workflows of GitHub that replace running services: how, under which tag, and one at a time or not. Workflows that only build
//! and test say nothing of a deployment.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::draft::Draft;
use super::hide;
use super::tie::Names;
use super::yaml::{Mark, Node};
use crate::merge::redact::is_secret_name;
use crate::model::FactValue;
use crate::source::{file_name, parent};

/// Commands that replace what runs.
const COMMANDS: &[&str] = &[
    "aws ecs update-service",
    "aws lambda update-function-code",
    "aws apprunner start-deployment",
    "kubectl rollout restart",
    "kubectl set image",
    "kubectl apply",
    "helm upgrade",
    "flyctl deploy",
    "fly deploy",
    "gcloud run deploy",
    "docker stack deploy",
    "docker service update",
    "heroku container:release",
    "az containerapp update",
    "nomad job run",
    "cf push",
];
/// Actions that do the same.
const ACTIONS: &[&str] = &[
    "aws-actions/amazon-ecs-deploy-task-definition",
    "azure/k8s-deploy",
    "azure/webapps-deploy",
    "google-github-actions/deploy-cloudrun",
    "digitalocean/app_action",
    "akhileshns/heroku-deploy",
];

/// Whether a path is that of a workflow or of an action of the repository.
pub(super) fn is_workflow(path: &str) -> bool {
    path.starts_with(".github/workflows/")
        || (path.starts_with(".github/actions/") && matches!(file_name(path), "action.yml" | "action.yaml"))
}

/// The items of all workflows.
pub(super) fn drafts(files: &[(&str, &Node)], names: &Names) -> Vec<Draft> {
    // An action of the repository deploys for the workflows that use it.
    let mut deploying: Deploying<'_> = BTreeMap::new();
    for (path, root) in files.iter().filter(|(path, _)| path.contains("/actions/")) {
        for step in steps(root).filter(|step| deploys(step).is_some()) {
            deploying.entry(parent(path)).or_default().extend(tied(step, names));
        }
    }
    let given = given(files);
    files.iter().flat_map(|(path, root)| of_file(path, root, &deploying, &given, names)).collect()
}

/// What workflows give to the inputs of the actions of the repository, by folder and name of the input.
type Given<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;

fn given<'a>(files: &[(&'a str, &'a Node)]) -> Given<'a> {
    let mut out: Given<'a> = BTreeMap::new();
    for step in files.iter().flat_map(|(_, root)| steps(root)) {
        let Some(folder) = step.text_of("uses").and_then(|used| used.strip_prefix("./")) else { continue };
        for entry in step.get("with").map(Node::entries).unwrap_or_default() {
            if let Some(text) = entry.node.text() {
                out.entry((folder.trim_end_matches('/'), entry.key.as_str())).or_default().insert(text);
            }
        }
    }
    out
}

/// The variables of a step that stand in its command, with what they are: a text, or what the workflows give.
fn variables(file: &str, root: &Node, step: &Node, said: &str, given: &Given<'_>) -> Vec<(String, String, Mark)> {
    let mut out: Vec<(String, String, Mark)> = Vec::new();
    for entry in [step, root].into_iter().filter_map(|node| node.get("env")).flat_map(Node::entries) {
        let Some(text) = entry.node.text() else { continue };
        let is_named = said.contains(&format!("${{{}}}", entry.key)) || said.contains(&format!("${}", entry.key));
        if !is_named || is_secret_name(&entry.key) || out.iter().any(|(name, ..)| *name == entry.key.as_str()) {
            continue;
        }
        let input = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).and_then(|text| text.trim().strip_prefix("inputs."));
        let value = match input {
            Some(input) => {
                let values = given.get(&(parent(file), input)).filter(|values| values.iter().all(|value| !value.contains("${{")));
                values.map(|values| values.iter().copied().collect::<Vec<_>>().join(" or "))
            }
            None => (!text.contains("${{")).then(|| text.to_owned()),
        };
        out.extend(value.map(|value| (entry.key.to_string(), hide::text(&value), entry.at)));
    }
    out
}

/// Folders of the actions that deploy, with the services that they do.
type Deploying<'a> = BTreeMap<&'a str, BTreeSet<SmolStr>>;

fn of_file(file: &str, root: &Node, deploying: &Deploying<'_>, given: &Given<'_>, names: &Names) -> Vec<Draft> {
    if steps(root).any(makes_a_cluster) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut services: BTreeSet<SmolStr> = BTreeSet::new();
    for step in steps(root) {
        let Some((said, at)) = deploys(step) else { continue };
        services.extend(tied(step, names));
        let mut draft = Draft::new(file, "rollout", format!("rollout by {}", rollout_name(root, file)), format!("from CI, `{said}`"));
        draft.site(file, at);
        for (name, value, at) in variables(file, root, step, &said, given) {
            draft.text(&name, &value, file, at);
        }
        out.push(draft);
    }
    for draft in &mut out {
        draft.services.extend(services.iter().cloned());
    }
    // What is rolled out is another thing when it is no service of the tree.
    if services.is_empty() {
        out.clear();
    }
    let mut deploys = !out.is_empty();
    if deploys {
        out.extend(tags(file, root, &services, names));
    }
    for used in steps(root).filter_map(|step| step.text_of("uses")).filter_map(|used| deploying.get(used.trim_start_matches("./"))) {
        deploys = true;
        services.extend(used.iter().cloned());
    }
    if deploys {
        out.extend(one_at_a_time(file, root).into_iter().map(|draft| draft.services(&services)));
    }
    out
}

/// Whether a step makes a cluster of its own: what is applied to it is a test.
fn makes_a_cluster(step: &Node) -> bool {
    let texts = ["uses", "run"].iter().filter_map(|key| step.text_of(key));
    texts
        .into_iter()
        .any(|text| ["k3d", "k3s", "kind create", "kind-action", "minikube", "microk8s"].iter().any(|word| text.contains(word)))
}

/// Steps of all jobs, or of a composite action.
fn steps(root: &Node) -> impl Iterator<Item = &Node> {
    let jobs = root.get("jobs").map(Node::entries).unwrap_or_default().iter().filter_map(|job| job.node.get("steps"));
    let own = root.at_path(&["runs", "steps"]);
    jobs.chain(own).flat_map(Node::items).map(|step| &**step)
}

/// What a step does to the running service, and where it says so.
fn deploys(step: &Node) -> Option<(String, Mark)> {
    if let Some(used) = step.get("uses")
        && let Some(text) = used.text().filter(|text| ACTIONS.iter().any(|action| text.to_ascii_lowercase().starts_with(action)))
    {
        return Some((hide::text(text.split('@').next().unwrap_or(text)), used.at));
    }
    let run = step.get("run")?;
    let text = run.text()?;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.starts_with('#') && COMMANDS.iter().any(|command| line.contains(command)) && !line.contains("--dry-run") {
            // The text of a block starts on the line after `run: |`.
            let below = if text.contains('\n') { u32::try_from(at + 1).unwrap_or(0) } else { 0 };
            // The parser marks a block at its first line or at its sign, depending on its style.
            return Some((hide::command(&[line]).replace('`', "'"), Mark::line(run.at.line + below)));
        }
    }
    None
}

/// Services that a step names: in its variables, its inputs, its command.
fn tied(step: &Node, names: &Names) -> BTreeSet<SmolStr> {
    let values = ["env", "with"].iter().filter_map(|key| step.get(key)).flat_map(Node::entries).filter_map(|entry| entry.node.text());
    let words = step.text_of("run").into_iter().flat_map(str::split_whitespace);
    let named = values.flat_map(str::split_whitespace).chain(words).flat_map(|word| names.by_image(word));
    let named: BTreeSet<SmolStr> = named.collect();
    if named.is_empty() { names.only().into_iter().cloned().collect() } else { named }
}

fn rollout_name(root: &Node, file: &str) -> String {
    root.text_of("name").map_or_else(|| file_name(file).to_owned(), hide::text)
}

/// Tags that move: what runs cannot be told from them, and there is none to go back to.
fn tags(file: &str, root: &Node, services: &BTreeSet<SmolStr>, names: &Names) -> Vec<Draft> {
    let mut out = Vec::new();
    for step in steps(root) {
        let Some(tags) = step.at_path(&["with", "tags"]) else { continue };
        let moving: Vec<&str> =
            tags.text().unwrap_or_default().split([',', '\n']).map(str::trim).filter(|tag| tag.ends_with(":latest")).collect();
        let all = tags.text().unwrap_or_default().split([',', '\n']).filter(|tag| !tag.trim().is_empty()).count();
        if let Some(tag) = moving.first().filter(|_| moving.len() == all) {
            let name = format!("tag {}", hide::text(tag.rsplit('/').next().unwrap_or(tag)));
            let mut draft =
                Draft::new(file, "tag", name, "image that is rolled out under a tag that moves: it names no earlier one to go back to");
            let by_tag = names.by_image(tag);
            draft = draft.services(if by_tag.is_empty() { services } else { &by_tag });
            draft.site(file, tags.at);
            out.push(draft);
        }
    }
    out
}

/// `concurrency`: rollouts wait for each other.
fn one_at_a_time(file: &str, root: &Node) -> Vec<Draft> {
    let jobs = root.get("jobs").map(Node::entries).unwrap_or_default().iter().map(|job| &*job.node);
    let mut out = Vec::new();
    for entry in [root].into_iter().chain(jobs).filter_map(|node| node.entry("concurrency")) {
        let Some(group) = entry.node.text().or_else(|| entry.node.text_of("group")) else { continue };
        let group = hide::text(group);
        let mut draft = Draft::new(
            file,
            "concurrency",
            format!("concurrency {group}"),
            format!("rollouts of the group `{}` wait for each other", group.replace('`', "'")),
        );
        draft.site(file, entry.at);
        if entry.node.get("cancel-in-progress").is_some_and(Node::is_true) {
            draft.fact("a new one cancels the one before", FactValue::Bool(true), file, entry.at);
        }
        out.push(draft);
    }
    out
}
