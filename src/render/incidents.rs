//! The incident reference on pages: by what one sees, the items that can cause it, and what to do.

use std::cmp::Reverse;

use crate::assess::{Cause, Symptom};
use crate::model::{Deployment, HazardSeverity, StateMap};

use super::escape::inline;
use super::item_view::clause;
use super::layout::{Layout, first_few};
use super::view::{CauseView, IncidentView, SymptomLine};
use super::words::capitalized;

/// At most so many items are told on a page that holds everything.
const FEW: usize = 6;
/// At most so many items are told on a page of its own.
const MANY: usize = 40;

/// The symptoms that an item of the map can cause; `all` gives each of them room.
pub(crate) fn incidents(layout: &Layout<'_>, page: impl Fn(&str) -> String, all: bool) -> Vec<IncidentView> {
    let hosts = Hosts::of(layout.map);
    let view = |(symptom, causes): &(&'static Symptom, Vec<Cause<'_>>)| {
        let page = page(symptom.id);
        let (shown, more) = first_few(causes.len(), if all { MANY } else { FEW });
        let parts = symptom.parts();
        let name = hosts.name(causes);
        // The texts are our own Markdown; only what the tree is called is put into them.
        let fitted =
            |text: &str| name.as_ref().map_or_else(|| text.to_owned(), |name| text.replace("deploy/NAME", &format!("deploy/{name}")));
        IncidentView {
            id: symptom.id,
            anchor: format!("incident-{}", symptom.id),
            title: parts.title,
            words: parts.words,
            about: parts.about,
            severity: symptom.worst(layout.map).map(|severity| severity.as_str()),
            causes: causes[..shown].iter().map(|cause| cause_view(layout, cause, &page)).collect(),
            more,
            first: parts.first.to_owned(),
            confirm: parts.confirm.into_iter().filter(|way| hosts.fits(way)).map(|way| capitalized(&fitted(way))).collect(),
            meanwhile: fitted(&hosts.fitting(parts.meanwhile)),
        }
    };
    layout.symptoms.iter().map(view).collect()
}

/// The symptoms in a line each: those behind which there is a hazard first, worst first.
pub(crate) fn symptom_rows(layout: &Layout<'_>, page: &str) -> Vec<SymptomLine> {
    let mut found: Vec<_> = layout.symptoms.iter().map(|(symptom, causes)| (symptom.worst(layout.map), symptom, causes.len())).collect();
    found.sort_by_key(|(worst, ..)| Reverse(*worst));
    let row = |(worst, symptom, count): (Option<HazardSeverity>, &&'static Symptom, usize)| SymptomLine {
        link: layout.incident_target(symptom.id, page).map_or_else(String::new, |target| format!("[{}]({target})", symptom.parts().title)),
        severity: worst.map(HazardSeverity::as_str),
        count,
    };
    found.into_iter().map(row).collect()
}

fn cause_view(layout: &Layout<'_>, cause: &Cause<'_>, page: &str) -> CauseView {
    CauseView {
        link: layout.link(cause.item, page),
        why: clause(&if cause.rules.is_empty() { cause.why.to_owned() } else { capitalized(cause.why) }),
        rules: cause.rules.iter().map(|rule| layout.hazard_link(rule, page)).collect(),
    }
}

/// What the service runs on and talks to, as far as commands are concerned.
pub(crate) struct Hosts<'m> {
    workloads: Vec<&'m Deployment>,
    /// Something runs, and none of it in a cluster.
    no_cluster: bool,
    postgres: bool,
    redis: bool,
}

impl<'m> Hosts<'m> {
    pub(crate) fn of(map: &'m StateMap) -> Self {
        let in_cluster =
            |one: &&Deployment| matches!(one.kind.as_str(), "replicated" | "numbered" | "per-node" | "job" | "scheduled" | "single");
        let talks_to = |store: &str| map.items.iter().any(|item| item.backs_on.as_deref() == Some(store) || item.id.as_str() == store);
        let workloads: Vec<&Deployment> = map.deployments.iter().filter(in_cluster).collect();
        Self {
            no_cluster: workloads.is_empty() && !map.deployments.is_empty(),
            workloads,
            postgres: talks_to("external-store:postgres"),
            redis: talks_to("external-store:redis"),
        }
    }

    /// Whether a way to confirm something makes sense here.
    pub(crate) fn fits(&self, way: &str) -> bool {
        let (asks_postgres, asks_redis) = (way.contains("pg_") || way.contains("SHOW "), way.contains("redis-cli"));
        let store = !(asks_postgres || asks_redis) || (asks_postgres && self.postgres) || (asks_redis && self.redis);
        store && !(way.contains("kubectl") && self.no_cluster)
    }

    /// The clauses of a text that make sense here; all of them when none would be left.
    fn fitting(&self, text: &str) -> String {
        let clauses: Vec<&str> = text.trim_end_matches('.').split("; ").filter(|clause| self.fits(clause)).collect();
        if clauses.is_empty() { text.to_owned() } else { format!("{}.", clauses.join("; ")) }
    }

    /// The Deployment that runs the items, when there is one only.
    fn name(&self, causes: &[Cause<'_>]) -> Option<String> {
        let runs = |one: &&&Deployment| causes.iter().any(|cause| cause.item.services.iter().any(|service| one.services.contains(service)));
        let mut names: Vec<&str> = self.workloads.iter().filter(runs).filter_map(|one| one.workload.strip_prefix("Deployment/")).collect();
        names.dedup();
        match names.as_slice() {
            [name] if name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) => Some(inline(name)),
            _ => None,
        }
    }
}
