//! Whether each service can run as several replicas: yes, with care, or no, and what speaks against it.

use std::collections::BTreeMap;

use super::Ground;
use super::copies::{AtTwo, Weight, at_two, replication};
use crate::model::{Answer, EntryKind, Hazard, Item, ItemId, Reason, Replication, Service, Verdict};

/// At most so many things are told.
const TOLD: usize = 4;

/// What the hazards of some rules say of two replicas, beside what items say themselves.
const OF_RULES: &[(&str, Weight, &str)] = &[
    ("unrevocable-token", Weight::Memory, "what is revoked at one replica is still taken by the others"),
    ("unversioned-cache", Weight::Memory, "what one replica changes stays old in the others"),
    ("job-runs-everywhere", Weight::Jobs, "its work is done in every replica"),
];

/// What goes wrong with two copies, by item.
pub(super) fn all_at_two<'a>(ground: &Ground<'a>, hazards: &[Hazard]) -> BTreeMap<&'a ItemId, AtTwo> {
    let mut out: BTreeMap<&ItemId, AtTwo> = BTreeMap::new();
    for item in ground.items {
        if let Some(found) = at_two(ground, item) {
            out.insert(&item.id, found);
        }
    }
    for hazard in hazards {
        let Some((_, weight, clause)) = OF_RULES.iter().find(|(rule, ..)| hazard.rule == *rule) else { continue };
        let Some(item) = hazard.items.first().and_then(|id| ground.item(id.as_str())) else { continue };
        out.entry(&item.id).or_insert_with(|| AtTwo { weight: *weight, clause: (*clause).to_owned(), breaks: false });
    }
    out
}

/// The copies of each item that has some.
pub(super) fn replications(ground: &Ground<'_>, found: &BTreeMap<&ItemId, AtTwo>) -> Vec<Option<Replication>> {
    ground.items.iter().map(|item| replication(ground, item, found.get(&item.id))).collect()
}

/// The verdict on each service that stays there and works; tools that run once have none.
pub(super) fn verdicts(ground: &Ground<'_>, found: &BTreeMap<&ItemId, AtTwo>) -> Vec<Verdict> {
    ground.services.iter().filter(|service| stays(ground, service)).map(|service| verdict(ground, service, found)).collect()
}

/// It serves, or is deployed as something that stays.
fn stays(ground: &Ground<'_>, service: &Service) -> bool {
    let serves = ground.lifecycles.iter().any(|one| one.service == service.name && !one.servers.is_empty());
    let deployed = ground.fleets_of(&service.name).iter().any(|fleet| fleet.is_for_good());
    let own = |item: &&Item| item.services.len() == 1 && item.services[0] == service.name;
    let mut items = ground.items.iter().filter(own);
    let routes = |item: &Item| item.entry_points.iter().any(|entry| matches!(entry.kind, EntryKind::Route | EntryKind::EveryRequest));
    // A loop in the main flow is a service where a compose file starts it, else it may be that of a tool.
    let composed = !ground.fleets_of(&service.name).is_empty();
    serves || deployed || items.any(|item| routes(item) || composed && item.summary.starts_with("main loop"))
}

fn verdict(ground: &Ground<'_>, service: &Service, found: &BTreeMap<&ItemId, AtTwo>) -> Verdict {
    let mut against: Vec<(&Item, &AtTwo)> = ground
        .items
        .iter()
        .filter(|item| item.services.contains(&service.name))
        .filter_map(|item| Some((item, found.get(&item.id)?)))
        .collect();
    // Of what weighs the same, what is always there comes before what needs a feature.
    let in_order = |(a, x): &(&Item, &AtTwo), (b, y): &(&Item, &AtTwo)| {
        let by_weight = y.breaks.cmp(&x.breaks).then(x.weight.cmp(&y.weight));
        by_weight.then_with(|| condition(a).is_some().cmp(&condition(b).is_some())).then_with(|| a.id.cmp(&b.id))
    };
    against.sort_by(in_order);
    let answer = match against.first() {
        None => Answer::Yes,
        Some((_, first)) if first.breaks => Answer::No,
        Some(_) => Answer::WithCare,
    };
    // What goes wrong alike is told together.
    let mut why: Vec<Reason> = Vec::new();
    for (item, at_two) in &against {
        let full = why.len() == TOLD;
        let clause = match condition(item) {
            Some(condition) => format!("{} ({condition})", at_two.clause),
            None => at_two.clause.clone(),
        };
        match why.iter_mut().find(|known| known.clause == clause) {
            Some(known) => known.items.push(item.id.clone()),
            None if full => {}
            None => why.push(Reason { items: vec![item.id.clone()], clause }),
        }
    }
    let fleet = ground.fleets_of(&service.name).iter().filter(|fleet| fleet.is_for_good()).max_by_key(|fleet| fleet.most());
    Verdict {
        service: service.name.clone(),
        answer,
        replicas: fleet.map(|fleet| fleet.replicas),
        at_most: fleet.and_then(|fleet| fleet.at_most),
        more: against.len() - why.iter().map(|reason| reason.items.len()).sum::<usize>(),
        why,
    }
}

/// The feature without which an item is not there: one that is not built by default speaks against nothing by default.
fn condition(item: &Item) -> Option<&str> {
    item.cfg.as_deref().filter(|cfg| cfg.contains("feature"))
}
