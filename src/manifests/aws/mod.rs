//! Task definitions of ECS and functions of Lambda, in JSON, in templates of CloudFormation and SAM, in `serverless.yml`, where they
//! are plain.

mod ecs;
mod lambda;

use super::deployed::Workload;
use super::draft::Draft;
use super::hide;
use super::image::named;
use super::tie::Names;
use super::yaml::{Entry, Mark, Node};
use crate::source::file_name;

/// At most so many resources of a file are read.
const MAX_RESOURCES: usize = 500;

/// Whether a JSON file may be a task definition, by its path: most JSON of a tree is about something else.
pub(super) fn may_be_task(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let folders = || path.split('/').any(|folder| matches!(folder, "ecs" | ".aws" | "aws" | "deploy" | "deployment"));
    name.ends_with(".json") && (name.contains("task") || name.contains("ecs") || folders())
}

/// Whether a text speaks of tasks or functions.
pub(super) fn is_told(path: &str, text: &str) -> bool {
    if path.ends_with(".json") {
        return text.contains("\"containerDefinitions\"") || text.contains("\"AWS::");
    }
    let is_template = text.contains("AWS::Serverless::") || text.contains("AWS::Lambda::Function") || text.contains("AWS::ECS::");
    is_template || (is_serverless(path) && text.lines().any(|line| line.starts_with("functions:")))
}

fn is_serverless(path: &str) -> bool {
    matches!(file_name(path), "serverless.yml" | "serverless.yaml")
}

/// The items of a file, and what it starts as data.
pub(super) fn read(file: &str, root: &Node, names: &Names, deployed: &mut Vec<Workload>) -> Vec<Draft> {
    let mut out = Vec::new();
    if root.get("containerDefinitions").is_some() {
        let family = root.text_of("family").unwrap_or_else(|| file_name(file));
        ecs::task(file, family, root, names, deployed, &mut out);
    }
    let resources = root.get("Resources").map(Node::entries).unwrap_or_default();
    for entry in resources.iter().take(MAX_RESOURCES) {
        let Some(properties) = entry.node.get("Properties") else { continue };
        match entry.node.text_of("Type") {
            Some("AWS::ECS::TaskDefinition") => ecs::task(file, &entry.key, properties, names, deployed, &mut out),
            Some("AWS::ECS::Service") => ecs::service(file, entry, properties, root, names, &mut out),
            Some("AWS::Serverless::Function" | "AWS::Lambda::Function") => {
                let defaults = root.at_path(&["Globals", "Function"]);
                lambda::function(file, entry, properties, defaults, names, deployed, &mut out);
            }
            _ => {}
        }
    }
    if is_serverless(file) {
        for entry in root.get("functions").map(Node::entries).unwrap_or_default().iter().take(MAX_RESOURCES) {
            lambda::function(file, entry, &entry.node, root.get("provider"), names, deployed, &mut out);
        }
    }
    out
}

/// A key in the spelling of JSON or of CloudFormation: `image`, `Image`.
fn either<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entry(key).or_else(|| {
        let mut chars = key.chars();
        let first = chars.next()?;
        node.entry(&format!("{}{}", first.to_ascii_uppercase(), chars.as_str()))
    })
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    either(node, key)?.node.text()
}

/// Variables with their values as two drafts: what may be shown, and what must not be written in a file.
fn environment(file: &str, of: &str, variables: &[(&str, &str, Mark)], mut plain: Draft, mut secret: Draft, out: &mut Vec<Draft>) {
    let (mut said, mut written): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, value, at) in variables {
        if hide::hides(name, value) || hide::has_password(value) {
            secret.variable(name, value, file, *at);
            secret.site(file, *at);
            written.push((*name).to_owned());
        } else {
            plain.variable(name, value, file, *at);
            said.push(hide::assignment(name, value));
        }
    }
    if let Some((.., first)) = variables.first().filter(|_| !said.is_empty()) {
        plain.site(file, *first);
        plain.summary = format!("variables set for `{}`: {}", hide::text(of), named(&said));
        out.push(plain);
    }
    if !written.is_empty() {
        secret.summary = format!("credentials written in the file for `{}`: {}", hide::text(of), named(&written));
        out.push(secret);
    }
}

#[cfg(test)]
mod tests;
