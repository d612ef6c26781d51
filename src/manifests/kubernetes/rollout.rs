//! How workloads run: replicas and rollout, schedules, what they have to stop and how much they may take.

use super::super::draft::Draft;
use super::super::hide;
use super::super::yaml::{Mark, Node};
use super::KNATIVE;
use super::pod::Reader;
use crate::model::FactValue;

impl Reader<'_> {
    pub(super) fn rollout(&self, out: &mut Vec<Draft>) {
        let object = self.object;
        let spec = |path: &[&str]| {
            let mut full = vec!["spec"];
            full.extend(path);
            object.get(&full)
        };
        let text = |path: &[&str]| spec(path).and_then(Node::text).map(hide::text);
        let replicas = text(&["replicas"]);
        let summary = match object.kind {
            "CronJob" => {
                let schedule = text(&["schedule"]).unwrap_or_default();
                let policy = match text(&["concurrencyPolicy"]).as_deref() {
                    Some("Forbid") => "a run is skipped while the one before still goes on",
                    Some("Replace") => "a new run ends the one before",
                    _ => "runs may overlap",
                };
                format!("scheduled job, `{schedule}`, {policy}")
            }
            "ScaledJob" => "jobs, started as the triggers ask".to_owned(),
            "Job" => match self.hook() {
                Some((hook, _)) => format!("job, run by Helm at each {hook}"),
                None => "job, run once for each rollout".to_owned(),
            },
            KNATIVE => {
                let scale = |word: &str, usual: &str| {
                    object.scale(word).map_or_else(|| usual.to_owned(), |entry| hide::text(entry.node.text().unwrap_or_default()))
                };
                format!("{} to {} instances, as requests come", scale("min", "0"), scale("max", "any number of"))
            }
            "DaemonSet" => "one pod on each node".to_owned(),
            "Pod" => "single pod that nothing starts again elsewhere".to_owned(),
            _ => {
                let count = match replicas.as_deref() {
                    Some("1") => "one replica".to_owned(),
                    Some(number) => format!("{number} replicas"),
                    None => "number of replicas not given, so one unless an autoscaler says otherwise".to_owned(),
                };
                let strategy = text(&["strategy", "type"]).or_else(|| text(&["updateStrategy", "type"]));
                let surge = text(&["strategy", "rollingUpdate", "maxSurge"]);
                let fewer = text(&["strategy", "rollingUpdate", "maxUnavailable"]);
                let rollout = match (strategy.as_deref(), object.kind) {
                    (Some("Recreate"), _) => "all stopped before new ones start".to_owned(),
                    (Some("OnDelete"), _) => "replaced only when somebody deletes them".to_owned(),
                    (_, "StatefulSet") => "replaced one by one".to_owned(),
                    _ => format!(
                        "replaced with up to {} more and {} fewer at a time",
                        surge.unwrap_or_else(|| "25%".to_owned()),
                        fewer.unwrap_or_else(|| "25%".to_owned())
                    ),
                };
                format!("{count}, {rollout}")
            }
        };
        let mut draft = self.draft("rollout", &format!("rollout of {}", object.name), summary);
        let telling = [&["replicas"][..], &["strategy"], &["updateStrategy"], &["schedule"], &["concurrencyPolicy"]];
        for entry in telling.iter().filter_map(|path| object.entry(&[&["spec"], *path].concat())) {
            draft.site(object.origin, entry.at);
        }
        if draft.sites.is_empty() {
            draft.site(object.origin, object.at());
        }
        if let Some((name, at)) = &object.doc.called {
            draft.text("name in the cluster", name, object.origin, *at);
        }
        let annotations = object.get(&["spec", "template", "metadata", "annotations"]).map(Node::entries).unwrap_or_default();
        for entry in annotations.iter().filter(|entry| entry.key.starts_with("checksum/") || entry.key.contains("reloader.stakater.com/")) {
            let of = entry.key.trim_start_matches("checksum/");
            draft.fact("replaced when it changes", FactValue::Text(hide::text(of)), object.origin, entry.at);
        }
        if let Some(node) = object.get(&["metadata", "namespace"]).filter(|node| node.text().is_some_and(|text| !text.contains("{{"))) {
            draft.text("namespace", node.text().unwrap_or_default(), object.origin, node.at);
        }
        if let Some((hook, at)) = self.hook() {
            draft.text("hook of Helm", &hook, object.origin, at);
        }
        for (word, key) in [("min", "least instances"), ("max", "most instances")] {
            if let Some(entry) = object.scale(word).filter(|_| object.kind == KNATIVE) {
                draft.site(object.origin, entry.at);
                draft.text(key, entry.node.text().unwrap_or_default(), object.origin, entry.node.at);
            }
        }
        let facts: [(&str, &[&str]); 20] = [
            ("time zone", &["timeZone"]),
            ("tries again", &["backoffLimit"]),
            ("tries again", &["jobTemplate", "spec", "backoffLimit"]),
            ("longest run in seconds", &["activeDeadlineSeconds"]),
            ("longest run in seconds", &["jobTemplate", "spec", "activeDeadlineSeconds"]),
            ("completions", &["completions"]),
            ("pods at a time", &["parallelism"]),
            ("kept after its end in seconds", &["ttlSecondsAfterFinished"]),
            ("progress deadline seconds", &["progressDeadlineSeconds"]),
            ("requests at a time", &["template", "spec", "containerConcurrency"]),
            ("replicas", &["replicas"]),
            ("strategy", &["strategy", "type"]),
            ("max surge", &["strategy", "rollingUpdate", "maxSurge"]),
            ("max unavailable", &["strategy", "rollingUpdate", "maxUnavailable"]),
            ("schedule", &["schedule"]),
            ("concurrency policy", &["concurrencyPolicy"]),
            ("pod management", &["podManagementPolicy"]),
            ("suspended", &["suspend"]),
            ("min ready seconds", &["minReadySeconds"]),
            ("deadline for a late start", &["startingDeadlineSeconds"]),
        ];
        for (key, path) in facts {
            if let Some(node) = spec(path)
                && let Some(value) = node.text()
            {
                draft.text(key, value, object.origin, node.at);
            }
        }
        self.pod_facts(&mut draft);
        out.push(draft);
    }

    /// Grace period, hooks before the stop, limits of memory.
    fn pod_facts(&self, draft: &mut Draft) {
        let file = self.object.origin;
        if let Some(node) = self.pod.get("terminationGracePeriodSeconds") {
            draft.text("seconds to stop", node.text().unwrap_or_default(), file, node.at);
        }
        for container in self.containers("containers").filter(|container| self.is_own(container)) {
            if let Some(hook) = container.at_path(&["lifecycle", "preStop"]) {
                let command = hook.at_path(&["exec", "command"]).map(Node::words).unwrap_or_default();
                let said = if command.is_empty() { "set".to_owned() } else { hide::command(&command) };
                draft.fact("before the stop", FactValue::Text(said), file, hook.at);
            }
            for (key, path) in [
                ("memory limit", &["resources", "limits", "memory"][..]),
                ("cpu limit", &["resources", "limits", "cpu"]),
                ("local disk limit", &["resources", "limits", "ephemeral-storage"]),
                ("root file system read-only", &["securityContext", "readOnlyRootFilesystem"]),
            ] {
                if let Some(node) = container.at_path(path) {
                    draft.text(key, node.text().unwrap_or_default(), file, node.at);
                }
            }
        }
    }

    /// When Helm runs a job by itself: `pre-upgrade`.
    fn hook(&self) -> Option<(String, Mark)> {
        let entry = self.object.get(&["metadata", "annotations"])?.entry("helm.sh/hook")?;
        Some((hide::text(entry.node.text()?), entry.at))
    }
}
