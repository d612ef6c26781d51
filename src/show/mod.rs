//! One item in full: which one is meant, the code that speaks of it, and what of the map belongs to it. Pure data, no words.

mod code;
mod find;

pub use code::{Code, code};
pub use find::{Found, find};

use serde::Serialize;
use serde_json::{Value, json};

use crate::annotations::{Config, stub_for, tables};
use crate::assess::{SYMPTOMS, Symptom};
use crate::model::{Deployment, Ending, Hazard, Item, Kind, Scope, StateMap, Verdict};

/// What of a map belongs to an item.
pub struct Detail<'m> {
    /// The item.
    pub item: &'m Item,
    /// The hazards that name it, worst first.
    pub hazards: Vec<&'m Hazard>,
    /// What one would see when it goes wrong, and why.
    pub symptoms: Vec<Seen<'m>>,
    /// The workloads that run its services.
    pub deployments: Vec<&'m Deployment>,
    /// What becomes of it when its service stops.
    pub ending: Option<&'m Ending>,
    /// The verdicts on several replicas that it speaks against, each with the clause.
    pub against: Vec<(&'m Verdict, &'m str)>,
    /// Items that lead to it or that it leads to: the pools of a store, the store of a pool.
    pub related: Vec<&'m Item>,
    /// An entry for `statemap.toml` with what nobody has said yet; none when all is said.
    pub stub: Option<String>,
}

/// A symptom that an item can cause.
pub struct Seen<'m> {
    /// The symptom.
    pub symptom: &'static Symptom,
    /// Why, in a clause.
    pub why: &'m str,
}

impl<'m> Detail<'m> {
    /// Gathers what belongs to an item of the map.
    #[must_use]
    pub fn of(map: &'m StateMap, config: &Config, item: &'m Item) -> Self {
        let mut hazards: Vec<&Hazard> = map.hazards.iter().filter(|hazard| hazard.items.contains(&item.id)).collect();
        hazards.sort_by_key(|hazard| (hazard.acknowledged.is_some(), std::cmp::Reverse(hazard.severity)));
        let cause = |symptom: &'static Symptom| {
            let why = symptom.causes(map).into_iter().find(|cause| cause.item.id == item.id)?.why;
            Some(Seen { symptom, why })
        };
        // What lives elsewhere is not run by the workloads of the tree.
        let is_run = matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task | Scope::Host);
        let runs = |one: &&Deployment| is_run && one.services.iter().any(|service| item.services.contains(service));
        let clause = |verdict: &'m Verdict| {
            let reason = verdict.why.iter().find(|reason| reason.items.contains(&item.id))?;
            Some((verdict, reason.clause.as_str()))
        };
        let stub = stub_for(item, config);
        Self {
            item,
            hazards,
            symptoms: SYMPTOMS.iter().filter_map(cause).collect(),
            deployments: map.deployments.iter().filter(runs).collect(),
            ending: map.ending_of(&item.id),
            against: map.verdicts.iter().filter_map(clause).collect(),
            related: related(map, item),
            stub: (!stub.keys.is_empty()).then(|| tables(&[stub])),
        }
    }
}

/// The store behind an item; what leads to a store.
fn related<'m>(map: &'m StateMap, item: &Item) -> Vec<&'m Item> {
    let leads_here = |other: &&Item| other.backs_on.as_deref() == Some(item.id.as_str());
    let is_store = |other: &&Item| item.backs_on.as_deref() == Some(other.id.as_str());
    match item.kind {
        Kind::ExternalStore => map.items.iter().filter(leads_here).collect(),
        _ => map.items.iter().filter(is_store).collect(),
    }
}

#[derive(Serialize)]
struct SymptomJson<'m> {
    id: &'static str,
    title: &'static str,
    why: &'m str,
}

/// The items for machines, each with what belongs to it; `item`, `hazards`, `deployments` and `ending` are as in the map.
#[must_use]
pub fn json(map: &StateMap, details: &[Detail<'_>]) -> Value {
    let symptom = |seen: &Seen<'_>| json!(SymptomJson { id: seen.symptom.id, title: seen.symptom.parts().title, why: seen.why });
    let one = |detail: &Detail<'_>| {
        json!({
            "item": detail.item,
            "hazards": detail.hazards,
            "symptoms": detail.symptoms.iter().map(symptom).collect::<Vec<_>>(),
            "deployments": detail.deployments,
            "ending": detail.ending,
            "related": detail.related.iter().map(|item| &item.id).collect::<Vec<_>>(),
            "stub": detail.stub,
        })
    };
    json!({
        "schema": map.schema,
        "tool": map.tool,
        "revision": map.revision,
        "shown": details.iter().map(one).collect::<Vec<_>>(),
    })
}
