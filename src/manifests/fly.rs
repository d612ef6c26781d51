//! `fly.toml`: volumes, machines that stop by themselves, the strategy of a rollout, variables.

use std::collections::BTreeSet;

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::deployed::{Amount, EnvVar, Mount, MountKind, Rollout, Said, Strategy, Workload, WorkloadKind, of_machine};
use super::draft::{Draft, place};
use super::hide;
use super::image::named;
use super::tie::Names;
use super::yaml::Mark;
use crate::model::Scope;
use crate::source::Lines;

/// The items of a file.
pub(super) fn drafts(file: &str, text: &str, names: &Names) -> Vec<Draft> {
    let (root, _) = DeTable::parse_recoverable(text);
    let root = root.into_inner();
    let reader = Reader::new(file, text, &root, names);
    let mut out = Vec::new();
    for mount in tables(root.get("mounts").or_else(|| root.get("mount"))) {
        out.extend(reader.mount(mount));
    }
    for service in tables(root.get("http_service")).into_iter().chain(tables(root.get("services"))) {
        out.extend(reader.machines(service));
    }
    out.extend(tables(root.get("deploy")).into_iter().find_map(|deploy| reader.rollout(deploy)));
    out.extend(tables(root.get("env")).into_iter().find_map(|env| reader.environment(env)));
    out
}

/// The machines of a file as data.
pub(super) fn deployed(file: &str, text: &str, names: &Names) -> Workload {
    let (root, _) = DeTable::parse_recoverable(text);
    let root = root.into_inner();
    let reader = Reader::new(file, text, &root, names);
    let start = place(file, Mark::line(1));
    let (mut out, mut container) = of_machine::single(file, WorkloadKind::Machine, start, &reader.services);
    let said = |table: &DeTable<'_>, key: &str| {
        let (text, at) = reader.get(table, key)?;
        Some((text, place(file, at)))
    };
    let machines = tables(root.get("http_service")).into_iter().chain(tables(root.get("services")));
    let least = machines.into_iter().find_map(|service| said(service, "min_machines_running"));
    out.replicas = least.map(|(text, at)| Said::written(Amount::read(&text), at));
    let deploy = tables(root.get("deploy")).into_iter().next();
    let strategy = match deploy.and_then(|deploy| said(deploy, "strategy")) {
        None => Said::default_of(Strategy::Rolling),
        Some((text, at)) => Said::written(
            match text.as_str() {
                "immediate" => Strategy::Recreate,
                "bluegreen" => Strategy::BlueGreen,
                "canary" => Strategy::Canary,
                _ => Strategy::Rolling,
            },
            at,
        ),
    };
    let unavailable = deploy.and_then(|deploy| said(deploy, "max_unavailable"));
    out.rollout = Some(Rollout {
        strategy,
        max_surge: Said::default_of(Amount::Count(0)),
        max_unavailable: unavailable.map_or(Said::default_of(Amount::Percent(33)), |(text, at)| Said::written(Amount::read(&text), at)),
    });
    out.seconds_to_stop = said(&root, "kill_timeout").map(|(text, at)| Said::written(hide::text(&text), at));
    for mount in tables(root.get("mounts").or_else(|| root.get("mount"))) {
        let (Some((source, at)), Some((path, _))) = (said(mount, "source"), said(mount, "destination")) else { continue };
        container.mounts.push(Mount {
            path: hide::text(&path),
            kind: MountKind::DurableEach,
            source: hide::text(&source),
            sub_path: None,
            read_only: false,
            size: said(mount, "initial_size").map(|(size, _)| hide::text(&size)),
            at,
            environment: None,
        });
    }
    for (key, value) in tables(root.get("env")).into_iter().flatten() {
        if let Some(text) = written(value.get_ref()) {
            let at = place(file, reader.mark(key.span().start));
            container.env.push(EnvVar::written(key.get_ref(), &text, file, at));
        }
    }
    // Secrets are set beside the file.
    container.further_env.push("secrets of Fly".to_owned());
    out.containers.push(container);
    out
}

/// One table, or a list of them.
fn tables<'a, 'i>(value: Option<&'a Spanned<DeValue<'i>>>) -> Vec<&'a DeTable<'i>> {
    match value.map(Spanned::get_ref) {
        Some(DeValue::Table(table)) => vec![table],
        Some(DeValue::Array(all)) => all.iter().filter_map(|one| one.get_ref().as_table()).collect(),
        _ => Vec::new(),
    }
}

struct Reader<'a> {
    file: &'a str,
    lines: Lines,
    app: String,
    services: BTreeSet<SmolStr>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, text: &'a str, root: &DeTable<'_>, names: &Names) -> Self {
        let app = root.get("app").and_then(|app| app.get_ref().as_str()).unwrap_or_default().to_owned();
        let mut services = names.by_name(&app);
        services.extend(names.only().filter(|_| services.is_empty()).cloned());
        Self { file, lines: Lines::new(text), app: if app.is_empty() { "fly.toml".to_owned() } else { hide::text(&app) }, services }
    }

    fn mark(&self, offset: usize) -> Mark {
        Mark::line(self.lines.line(offset))
    }

    fn draft(&self, what: &str, summary: String) -> Draft {
        Draft::new(self.file, what, self.app.as_str(), summary).services(&self.services)
    }

    /// A value as text, with its place.
    fn get(&self, table: &DeTable<'_>, key: &str) -> Option<(String, Mark)> {
        let value = table.get(key)?;
        Some((written(value.get_ref())?, self.mark(value.span().start)))
    }

    fn mount(&self, mount: &DeTable<'_>) -> Option<Draft> {
        let (source, at) = self.get(mount, "source")?;
        let target = self.get(mount, "destination").map(|(target, _)| target).unwrap_or_default();
        let source = hide::text(&source);
        let summary = format!("volume of one machine, mounted at `{}`", hide::text(&target));
        let mut draft = self.draft(&format!("mounts/{source}"), summary).scope(Scope::Host);
        draft.name = format!("volume {source}").into();
        draft.site(self.file, at);
        Some(draft.lost("what is in it, when the volume or its host is lost; each machine has its own"))
    }

    fn machines(&self, service: &DeTable<'_>) -> Option<Draft> {
        let stop = self.get(service, "auto_stop_machines").filter(|(value, _)| !matches!(value.as_str(), "false" | "off"));
        let least = self.get(service, "min_machines_running");
        let (_, at) = stop.as_ref().or(least.as_ref())?;
        let least_said = least.as_ref().map_or("0", |(least, _)| least.as_str()).to_owned();
        let summary = match stop {
            Some(_) => format!("stopped when idle, at least {least_said} running"),
            None => format!("at least {least_said} running"),
        };
        let mut draft = self.draft("machines", summary).name(format!("machines of {}", self.app));
        draft.site(self.file, *at);
        for (value, at) in [&stop, &least].into_iter().flatten() {
            draft.site(self.file, *at);
            let key = if value.parse::<u32>().is_ok() { "least machines running" } else { "stop when idle" };
            draft.text(key, value, self.file, *at);
        }
        Some(draft)
    }

    fn rollout(&self, deploy: &DeTable<'_>) -> Option<Draft> {
        let (strategy, at) = self.get(deploy, "strategy").or_else(|| self.get(deploy, "release_command"))?;
        let release = self.get(deploy, "release_command");
        let mut summary = match self.get(deploy, "strategy") {
            Some(_) => format!("strategy {}", hide::text(&strategy)),
            None => "rollout".to_owned(),
        };
        if let Some((command, _)) = &release {
            summary.push_str(&format!(", after `{}`", hide::command(&[command]).replace('`', "'")));
        }
        let mut draft = self.draft("deploy", summary).name(format!("rollout of {}", self.app));
        draft.site(self.file, at);
        Some(draft)
    }

    fn environment(&self, env: &DeTable<'_>) -> Option<Draft> {
        let mut draft = self.draft("env", String::new()).name(format!("environment of {}", self.app));
        let mut said = Vec::new();
        for (key, value) in env {
            let Some(text) = written(value.get_ref()) else { continue };
            let at = self.mark(key.span().start);
            draft.variable(key.get_ref(), &text, self.file, at);
            if said.is_empty() {
                draft.site(self.file, at);
            }
            said.push(hide::assignment(key.get_ref(), &text));
        }
        draft.summary = format!("variables set for the app: {}", named(&said));
        (!said.is_empty()).then_some(draft)
    }
}

fn written(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(yes) => yes.to_string(),
        _ => return None,
    })
}
