//! What an image brings wherever it is started: variables, volumes, the folder and the user.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::super::dockerfile::Dockerfile;
use super::super::draft::place;
use super::super::hide;
use super::super::image::pairs;
use super::super::script::Script;
use super::super::yaml::Mark;
use super::{Container, ContainerRole, EnvVar, Mount, MountKind, Said, Workload, WorkloadKind};
use crate::model::Place;

/// A final stage of a Dockerfile.
pub(in super::super) struct Stage<'a> {
    pub(in super::super) path: &'a str,
    pub(in super::super) file: &'a Dockerfile,
    pub(in super::super) at: usize,
    pub(in super::super) owner: &'a str,
    pub(in super::super) services: &'a BTreeSet<SmolStr>,
    /// The script that it starts, with its path.
    pub(in super::super) script: Option<&'a (String, Script)>,
}

/// The image of a stage.
pub(in super::super) fn workload(stage: &Stage<'_>) -> Workload {
    let at = |line: u32| -> Place { place(stage.path, Mark::line(line)) };
    let (entrypoint, cmd) = stage.file.start(stage.at);
    let line = entrypoint.or(cmd).map_or(1, |one| one.line);
    let mut out = Workload::new(hide::text(stage.owner), WorkloadKind::Image, at(line));
    out.services = stage.services.clone();
    let mut container = Container::new(hide::text(stage.owner), ContainerRole::Own);
    container.services = stage.services.clone();
    let command = stage.file.command(stage.at);
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    container.command = (!words.is_empty()).then(|| hide::command(&words));
    for one in stage.file.effective(stage.at) {
        let first = || one.words.first().map(|word| Said::written(hide::text(&word.text), at(one.line)));
        match one.keyword.as_str() {
            "ENV" => {
                let set =
                    pairs(one).into_iter().map(|(name, value, line)| EnvVar::written(&name, &value, &hide::text(stage.path), at(line)));
                container.env.extend(set);
            }
            "WORKDIR" => container.folder = first(),
            "USER" => container.user = first(),
            "HEALTHCHECK" => container.liveness = Some(at(one.line)),
            "VOLUME" => container.mounts.extend(one.arguments().iter().map(|path| Mount {
                path: hide::text(path),
                kind: MountKind::Ephemeral,
                source: "VOLUME".to_owned(),
                sub_path: None,
                read_only: false,
                size: None,
                at: at(one.line),
                environment: None,
            })),
            _ => {}
        }
    }
    if let Some((path, script)) = stage.script {
        let set = script
            .sets
            .iter()
            .map(|(name, value, line)| EnvVar::written(name, value, &hide::text(path), place(path.as_str(), Mark::line(*line))));
        container.env.extend(set);
    }
    container.mounts.sort_by(|a, b| a.path.cmp(&b.path));
    out.containers.push(container);
    out
}
