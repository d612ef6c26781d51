//! What is mounted into containers: volumes, folders of the host, memory.

use std::collections::BTreeMap;

use super::super::deployed::{Mount as Mounted, MountKind};
use super::super::draft::{Draft, place};
use super::super::files::Origin;
use super::super::hide;
use super::super::image::named;
use super::super::yaml::{Mark, Node, Value};
use super::{Container, Reader};
use crate::model::Scope;
use crate::source::join;

/// Mounts of one's own code while developing.
const SOURCES: &[&str] = &["src", "crates", "target", "node_modules", "Cargo.toml", "Cargo.lock"];

/// What is mounted: kind, source, target, read-only.
pub(super) struct Mount {
    pub(super) kind: &'static str,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) read_only: bool,
    pub(super) at: Mark,
}
impl Reader<'_> {
    pub(super) fn volumes(&self, out: &mut Vec<Draft>) {
        let mut mounts: BTreeMap<(&'static str, String), Vec<(&Container<'_>, Mount)>> = BTreeMap::new();
        for container in self.containers {
            for node in container.node.get("volumes").into_iter().flat_map(Node::items) {
                let Some(mount) = mount(node).filter(|mount| self.is_worth(container, mount)) else { continue };
                let source = if mount.kind == "anonymous" { format!("{}:{}", container.name, mount.target) } else { mount.source.clone() };
                mounts.entry((mount.kind, source)).or_default().push((container, mount));
            }
        }
        let declared = self.root.get("volumes");
        for ((kind, source), used) in mounts {
            let services = used.iter().flat_map(|(container, _)| container.services.iter().cloned()).collect();
            let targets = targets(&used);
            let socket = source.ends_with("docker.sock") || source.ends_with("podman.sock") || source.ends_with("containerd.sock");
            let external =
                declared.and_then(|declared| declared.get(&source)).is_some_and(|one| one.get("external").is_some_and(Node::is_true));
            let what = match kind {
                "volume" if external => "named volume made outside of this file",
                "volume" => "named volume",
                "anonymous" => "volume without a name",
                _ if socket => "engine of the host, through its socket",
                _ if is_file(&source) => "file of the host",
                _ => "folder of the host",
            };
            let owner = source.trim_start_matches("./").trim_start_matches('/');
            let summary = format!("{what}, mounted {}", listed(&targets));
            let mut draft = self.draft(owner, "", &source, summary, &services).scope(Scope::Host);
            match kind {
                "volume" => draft.name = format!("volume {source}").into(),
                "anonymous" => draft.name = used[0].1.target.as_str().into(),
                _ => {}
            }
            draft.lost = match kind {
                "volume" => {
                    Some("what is in it, when the volume is removed or the host is lost; a new container finds it again".to_owned())
                }
                "anonymous" => Some("what is in it, when the container is removed".to_owned()),
                _ => None,
            };
            for (_, mount) in &used {
                draft.site(self.file, mount.at);
            }
            if let Some(entry) = declared.and_then(|declared| declared.entry(&source)).filter(|_| kind == "volume") {
                draft.site(self.file, entry.at);
                for key in ["driver", "name"] {
                    if let Some(value) = entry.node.text_of(key) {
                        draft.text(key, value, self.file, entry.at);
                    }
                }
            }
            out.push(draft);
        }
    }

    /// Mounts of the code itself serve development; a single file given to somebody else's image is its settings.
    fn is_worth(&self, container: &Container<'_>, mount: &Mount) -> bool {
        if mount.kind != "bind" {
            return true;
        }
        let source = mount.source.trim_end_matches('/');
        let own = join(self.folder, source).is_some_and(|path| path.is_empty())
            || matches!(source, "." | ".." | "${PWD}" | "$PWD")
            || SOURCES.iter().any(|name| source.rsplit('/').next() == Some(name));
        let of_system = matches!(
            source,
            "" | "/proc"
                | "/sys"
                | "/dev"
                | "/dev/shm"
                | "/etc/localtime"
                | "/etc/timezone"
                | "/etc/passwd"
                | "/etc/group"
                | "/lib/modules"
        );
        let settings_of_others = container.own.is_empty() && is_file(source) && !source.ends_with(".sock");
        !own && !of_system && !settings_of_others
    }

    pub(super) fn tmpfs(&self, container: &Container<'_>, out: &mut Vec<Draft>) {
        let Some(entry) = container.node.entry("tmpfs") else { return };
        let paths: Vec<String> = entry.node.words().iter().map(|path| path.split(':').next().unwrap_or(path).to_owned()).collect();
        if paths.is_empty() {
            return;
        }
        let summary = format!("memory mounted as a folder at {}", named(&paths));
        let mut draft =
            self.draft(container.name, "tmpfs", &format!("tmpfs of {}", container.name), summary, &container.services).scope(Scope::Host);
        draft.site(self.file, entry.at);
        out.push(draft.lost("what is written there, when the container stops"));
    }
}

pub(super) fn mounted(file: Origin<'_>, path: &str, kind: MountKind, source: &str, read_only: bool, at: Mark) -> Mounted {
    Mounted {
        path: hide::text(path),
        kind,
        source: hide::text(source),
        sub_path: None,
        read_only,
        size: None,
        at: place(file, at),
        environment: None,
    }
}
/// Whether a path names a file, as far as its name tells.
fn is_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.trim_start_matches('.').contains('.'))
}

/// Where something is mounted: containers that see it at one place are told together.
fn targets(used: &[(&Container<'_>, Mount)]) -> Vec<String> {
    let mut by_target: Vec<(&str, bool, Vec<&str>)> = Vec::new();
    for (container, mount) in used {
        match by_target.iter_mut().find(|(target, read_only, _)| *target == mount.target && *read_only == mount.read_only) {
            Some((.., names)) => names.push(container.name),
            None => by_target.push((&mount.target, mount.read_only, vec![container.name])),
        }
    }
    let say = |(target, read_only, names): (&str, bool, Vec<&str>)| {
        format!("{}at `{}` in {}", if read_only { "read-only " } else { "" }, hide::text(target), names.join(", "))
    };
    by_target.into_iter().map(say).collect()
}
fn listed(targets: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = targets[..targets.len().min(SHOWN)].join(", ");
    match targets.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A volume of a container, in its short or its long form.
pub(super) fn mount(node: &Node) -> Option<Mount> {
    if let Value::Map(_) = &node.value {
        let kind = match node.text_of("type")? {
            "volume" if node.text_of("source").is_some() => "volume",
            "volume" => "anonymous",
            "bind" => "bind",
            _ => return None,
        };
        return Some(Mount {
            kind,
            source: node.text_of("source").unwrap_or_default().to_owned(),
            target: node.text_of("target")?.to_owned(),
            read_only: node.get("read_only").is_some_and(Node::is_true),
            at: node.at,
        });
    }
    let text = node.text()?;
    let parts = split_mount(text);
    let (source, target, options) = match parts.as_slice() {
        [target] => (String::new(), target.clone(), ""),
        [source, target] => (source.clone(), target.clone(), ""),
        [source, target, options, ..] => (source.clone(), target.clone(), options.as_str()),
        [] => return None,
    };
    let is_path = source.starts_with(['/', '.', '~']) || source.starts_with('$') || source.contains('/') || source.contains('\\');
    let kind = if source.is_empty() {
        "anonymous"
    } else if is_path {
        "bind"
    } else {
        "volume"
    };
    // `${DATA:-./data}` is the folder unless somebody says otherwise.
    let source = hide::reference(&source).filter(|default| !default.is_empty()).map_or(source.clone(), str::to_owned);
    Some(Mount { kind, source: hide::text(&source), target, read_only: options.split(',').any(|option| option == "ro"), at: node.at })
}

/// Splits at colons outside of `${…}`.
fn split_mount(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ':' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}
