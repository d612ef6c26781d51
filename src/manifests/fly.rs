//! `fly.toml`: volumes, machines that stop by themselves, the strategy of a rollout, variables.

use std::collections::BTreeSet;

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::draft::Draft;
use super::hide;
use super::image::named;
use super::tie::Names;
use super::yaml::Mark;
use crate::model::Scope;
use crate::source::line_of;

/// The items of a file.
pub(super) fn drafts(file: &str, text: &str, names: &Names) -> Vec<Draft> {
    let (root, _) = DeTable::parse_recoverable(text);
    let root = root.into_inner();
    let app = root.get("app").and_then(|app| app.get_ref().as_str()).unwrap_or_default().to_owned();
    let mut services = names.by_name(&app);
    services.extend(names.only().filter(|_| services.is_empty()).cloned());
    let reader = Reader { file, text, app: if app.is_empty() { "fly.toml".to_owned() } else { hide::text(&app) }, services };
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
    text: &'a str,
    app: String,
    services: BTreeSet<SmolStr>,
}

impl Reader<'_> {
    fn mark(&self, offset: usize) -> Mark {
        Mark { line: line_of(self.text, offset), column: 1 }
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
