//! Whether the code can see a change of a Secret or a ConfigMap: how it reaches the service, and when the code reads it.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::landing::Landing;
use super::mounts::{Landed, landed, matched, say};
use super::runs::Runs;
use crate::manifests::deployed::MountKind;
use crate::model::{Item, ItemId, Kind, Place, Role};

/// What is known of one object.
#[derive(Default)]
struct Known {
    /// It becomes variables of a container of a service.
    as_environment: Option<Place>,
    /// Where it is mounted, in words.
    mounted: Vec<(String, Place)>,
    /// A part of it is mounted as a single file, which is never replaced.
    as_part: Option<Place>,
    /// The code reads its files when it starts, in this function.
    read_at_start: Option<(Place, Option<SmolStr>)>,
}

/// Says of each Secret and ConfigMap whether a change reaches the code, and of each file read from one which it is; where
/// the files land that are read is added to what is known.
pub(super) fn changes(items: &mut [Item], runs: &[(SmolStr, Runs<'_>)], known: &mut BTreeMap<ItemId, Vec<Landed>>) {
    let mut objects: BTreeMap<String, Known> = BTreeMap::new();
    for run in runs.iter().flat_map(|(_, runs)| &runs.all) {
        for variable in run.container.env.iter().filter(|variable| is_object(&variable.source)) {
            let at = variable.via.clone().unwrap_or_else(|| variable.at.clone());
            objects.entry(variable.source.clone()).or_default().as_environment.get_or_insert(at);
        }
        for mount in &run.container.mounts {
            let Some(kind) = object_kind(mount.kind) else { continue };
            let known = objects.entry(format!("{kind}/{}", mount.source)).or_default();
            let said = format!("{}{}", mount.path, if mount.read_only { ", read-only" } else { "" });
            if !known.mounted.iter().any(|(path, _)| *path == said) {
                known.mounted.push((said, mount.at.clone()));
            }
            if mount.sub_path.is_some() {
                known.as_part.get_or_insert_with(|| mount.at.clone());
            }
        }
    }
    for item in items.iter_mut().filter(|item| matches!(item.kind, Kind::ReferenceData | Kind::StartupConfig)) {
        let read = matched(item, runs);
        if !read.is_empty() {
            known.insert(item.id.clone(), read.iter().map(landed).collect());
        }
        let mounted: Vec<(String, Place, String)> = read
            .iter()
            .filter_map(|one| match &one.landing {
                Landing::Mount(mount) => {
                    let object = format!("{}/{}", object_kind(mount.kind)?, mount.source);
                    Some((object, mount.at.clone(), format!("{}, {}", one.landing.said(&one.run), one.run.said())))
                }
                _ => None,
            })
            .collect();
        for (object, at, said) in mounted {
            let site = item.sites.iter().find(|site| site.role != Role::Declared).or_else(|| item.site());
            if let Some(site) = site {
                objects.entry(object).or_default().read_at_start.get_or_insert_with(|| (site.place.clone(), site.function.clone()));
            }
            say(item, "mount", said, at);
        }
    }
    for item in items.iter_mut().filter(|item| item.kind == Kind::Deployment) {
        let object = item.id.as_str().strip_prefix("deployment:").unwrap_or_default();
        let Some(known) = objects.get(object) else { continue };
        for (path, at) in &known.mounted {
            say(item, "mounted", path.clone(), at.clone());
        }
        if let Some(at) = &known.as_environment {
            say(item, "change seen", "after a restart: variables are set when the container starts".to_owned(), at.clone());
        }
        if let Some(at) = &known.as_part {
            say(item, "change seen", "after a restart: a part that is mounted as a file is never replaced".to_owned(), at.clone());
        }
        if let Some((at, function)) = &known.read_at_start {
            let by = function.as_ref().map(|function| format!(" by {function}")).unwrap_or_default();
            say(item, "change seen", format!("after a restart: read once{by}"), at.clone());
        }
    }
}

fn is_object(source: &str) -> bool {
    source.starts_with("Secret/") || source.starts_with("ConfigMap/")
}

fn object_kind(kind: MountKind) -> Option<&'static str> {
    match kind {
        MountKind::Secret => Some("Secret"),
        MountKind::ConfigMap => Some("ConfigMap"),
        _ => None,
    }
}
