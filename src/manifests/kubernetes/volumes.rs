//! Volumes of workloads: what is mounted where, and what becomes of it.

use super::super::draft::Draft;
use super::super::hide;
use super::super::yaml::{Entry, Mark, Node};
use super::pod::{Reader, Uses};
use crate::model::Scope;

/// Of a pod, at most so many volumes are read: each is looked for in all containers.
const MAX_VOLUMES: usize = 500;

impl Reader<'_> {
    pub(super) fn volumes(&self, uses: &mut Uses, out: &mut Vec<Draft>) {
        for volume in self.pod.get("volumes").map(Node::items).unwrap_or_default().iter().take(MAX_VOLUMES) {
            let Some(name) = volume.text_of("name") else { continue };
            let (mounts, places, in_part) = self.mounts(name);
            // A part of a volume is never replaced while a pod runs.
            let as_files = !places.is_empty() && !in_part;
            let mounted = if mounts.is_empty() { "mounted nowhere".to_owned() } else { format!("mounted at {}", mounts.join(", ")) };
            let how = || mounted.clone();
            let Some(source) = volume.entries().iter().find(|entry| entry.key != "name") else { continue };
            match source.key.as_str() {
                "persistentVolumeClaim" => {
                    let read_only = source.node.get("readOnly").is_some_and(Node::is_true);
                    let how = if read_only && !mounted.contains("(read-only)") { format!("{mounted} (read-only)") } else { how() };
                    self.used(uses, "PersistentVolumeClaim", source.node.text_of("claimName").unwrap_or_default(), how, false, source.at);
                }
                "secret" => self.used(uses, "Secret", source.node.text_of("secretName").unwrap_or_default(), how(), as_files, source.at),
                "configMap" => self.used(uses, "ConfigMap", source.node.text_of("name").unwrap_or_default(), how(), as_files, source.at),
                "projected" => {
                    for one in source.node.get("sources").map(Node::items).unwrap_or_default() {
                        if let Some(token) = one.get("serviceAccountToken").filter(|_| !self.services.is_empty()) {
                            out.push(self.token(name, token, &mounted, &places));
                        }
                        for (key, kind) in [("secret", "Secret"), ("configMap", "ConfigMap")] {
                            if let Some(of) = one.at_path(&[key, "name"]).and_then(Node::text) {
                                self.used(uses, kind, of, how(), as_files, one.at);
                            }
                        }
                    }
                }
                "downwardAPI" => {}
                _ if self.services.is_empty() => {}
                _ => out.push(self.volume(name, source, &mounted, &places)),
            }
        }
    }

    /// A token of the service account that the node renews.
    fn token(&self, volume: &str, token: &Node, mounted: &str, places: &[Mark]) -> Draft {
        let seconds = token.text_of("expirationSeconds").map_or_else(|| "3600".to_owned(), hide::text);
        let summary = format!("token of the service account that lasts {seconds} s and that the node renews before, {mounted}");
        let mut draft = self.draft(&format!("token/{volume}"), &format!("token {volume} of {}", self.object.name), summary);
        draft.site(self.object.origin, token.at);
        for place in places {
            draft.site(self.object.origin, *place);
        }
        for (key, label) in [("expirationSeconds", "lasts seconds"), ("audience", "audience"), ("path", "path")] {
            if let Some(node) = token.get(key) {
                draft.text(label, node.text().unwrap_or_default(), self.object.origin, node.at);
            }
        }
        draft
    }

    /// A volume that has no object of its own.
    fn volume(&self, name: &str, source: &Entry, mounted: &str, places: &[Mark]) -> Draft {
        let node = &source.node;
        let file = self.object.origin;
        let limit = node.text_of("sizeLimit").map(hide::text);
        let (what, lost) = match source.key.as_str() {
            "emptyDir" if node.text_of("medium") == Some("Memory") => ("folder in memory", Some("all of it, when the pod ends")),
            "emptyDir" => ("folder that lives as long as the pod", Some("all of it, when the pod is replaced or moved")),
            "hostPath" if node.text_of("type") == Some("Socket") => ("socket of the node", None),
            "hostPath" if matches!(node.text_of("type"), Some("File" | "FileOrCreate" | "CharDevice" | "BlockDevice")) => {
                ("file of the node", Some("not with the pod, but another node has another one"))
            }
            "hostPath" => ("folder of the node", Some("not with the pod, but another node has another one")),
            "ephemeral" => ("claim that lives as long as the pod", Some("all of it, when the pod ends")),
            "nfs" => ("folder on an NFS server", None),
            "csi" => ("volume of a CSI driver", None),
            _ => ("volume", None),
        };
        let mut summary = format!("{what}, {mounted}");
        if let Some(limit) = &limit {
            summary.push_str(&format!(", at most {limit}"));
        }
        let mut draft =
            self.draft(&format!("volume/{name}"), &format!("volume {name} of {}", self.object.name), summary).scope(Scope::Host);
        draft.site(file, source.at);
        for place in places {
            draft.site(file, *place);
        }
        for (key, label) in
            [("path", "path"), ("medium", "medium"), ("sizeLimit", "size limit"), ("driver", "driver"), ("server", "server")]
        {
            if let Some(value) = node.get(key) {
                draft.text(label, value.text().unwrap_or_default(), file, value.at);
            }
        }
        draft.lost = lost.map(str::to_owned);
        draft
    }

    /// Where a volume is mounted: in words, and the lines; whether only a part of it is.
    fn mounts(&self, volume: &str) -> (Vec<String>, Vec<Mark>, bool) {
        let (mut said, mut places, mut in_part) = (Vec::new(), Vec::new(), false);
        let several = self.containers("containers").count() > 1;
        for container in self.containers("containers").chain(self.containers("initContainers")) {
            for mount in container.get("volumeMounts").map(Node::items).unwrap_or_default() {
                if mount.text_of("name") != Some(volume) {
                    continue;
                }
                let mut text = format!("`{}`", hide::text(mount.text_of("mountPath").unwrap_or_default()));
                if several {
                    text.push_str(&format!(" of `{}`", hide::text(container.text_of("name").unwrap_or_default())));
                }
                if mount.get("subPath").or_else(|| mount.get("subPathExpr")).is_some() {
                    in_part = true;
                }
                if mount.get("readOnly").is_some_and(Node::is_true) {
                    text.push_str(" (read-only)");
                }
                if !said.contains(&text) {
                    said.push(text);
                }
                places.push(mount.at);
            }
        }
        (said, places, in_part)
    }

    pub(super) fn claim_template(&self, template: &Node, out: &mut Vec<Draft>) {
        let name = template.at_path(&["metadata", "name"]).and_then(Node::text).unwrap_or("data");
        let (mounts, places, _) = self.mounts(name);
        let mut summary = "claim for each replica".to_owned();
        if let Some(size) = template.at_path(&["spec", "resources", "requests", "storage"]).and_then(Node::text) {
            summary.push_str(&format!(", {}", hide::text(size)));
        }
        if !mounts.is_empty() {
            summary.push_str(&format!(", mounted at {}", mounts.join(", ")));
        }
        let mut draft = self.draft(&format!("claim/{name}"), &format!("claim {name} of {}", self.object.name), summary);
        draft.site(self.object.origin, template.at);
        for place in places {
            draft.site(self.object.origin, place);
        }
        out.push(draft.lost("what is in it, when the claim is deleted; a new pod of the same number finds it again"));
    }
}
