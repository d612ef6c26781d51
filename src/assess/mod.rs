//! The state map to hazards: risks drawn from code and deployment together, each with its evidence and its remedy.
//!
//! One rule is one unit under `rules/`: code, reference text, tests. A rule does no I/O, keeps no state and guesses nothing:
//! what the map and the manifests do not say is not held against a service.

mod acknowledge;
mod capacity;
mod copies;
mod draft;
mod failures;
mod ground;
mod naming;
mod rules;
mod symptoms;
mod verdict;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::join::Landed;
use crate::manifests::deployed::Deployed;
use crate::model::{Capacity, Diagnostic, Hazard, HazardSeverity, Item, ItemId, Lifecycle, Replication, Service, Verdict};

pub use capacity::capacity;
pub use failures::{
    Back, Damage, FAILURES, Failure, FailureParts, Fate, Loss, damages, failure, holds_tables, is_remote, keeps_data, lies_in_database,
};
pub use ground::{Fleet, Ground};
pub use rules::RULES;
pub use symptoms::{Cause, Parts, SYMPTOMS, Symptom, symptom};

/// One way to find a hazard.
pub struct Rule {
    /// Stable kebab-case name, also that of its files and of its page.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// The row of a table that tells several of them at once; `{}` stands for their number.
    pub several: &'static str,
    /// What it cannot do without when no deployment file runs the service: the number of replicas, a probe.
    pub needs: Option<&'static str>,
    /// What an operator or a user would see, when the rule does not say it better.
    pub symptom: &'static str,
    /// What to do, when the rule does not say it better.
    pub remedy: &'static str,
    /// Language and lines of a sketch of the remedy.
    pub sketch: Option<(&'static str, &'static str)>,
    /// What makes it go away, as the program sees it.
    pub ends_when: &'static str,
    /// The pages of the incident reference on which its items are told.
    pub symptoms: &'static [&'static str],
    /// Its reference text.
    pub docs: &'static str,
    /// Emits what it finds.
    pub run: fn(&Rule, &Ground<'_>, &mut Vec<Hazard>),
}

/// The rule of a name.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// What the map says, as far as rules look at it.
pub struct Subject<'a> {
    /// The items, annotated, sorted.
    pub items: &'a [Item],
    /// The services of the tree.
    pub services: &'a [Service],
    /// What the deployment files start.
    pub deployed: &'a Deployed,
    /// Where the files of the code land in each workload.
    pub landed: &'a BTreeMap<ItemId, Vec<Landed>>,
    /// How services start and stop.
    pub lifecycles: &'a [Lifecycle],
    /// What all services together ask of each external store.
    pub capacity: &'a [Capacity],
}

/// What is drawn from a map.
pub struct Assessed {
    /// Every hazard, worst first.
    pub hazards: Vec<Hazard>,
    /// What is wrong with acknowledgements.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether each service can run as several replicas.
    pub verdicts: Vec<Verdict>,
    /// The copies of each item, in their order.
    pub replications: Vec<Option<Replication>>,
    /// The services that no deployment file runs: rules that need one could not look at them.
    pub not_deployed: Vec<SmolStr>,
}

/// Draws hazards and verdicts from a map.
#[must_use]
pub fn assess(subject: &Subject<'_>) -> Assessed {
    let ground = Ground::new(subject);
    let mut hazards = Vec::new();
    for rule in RULES {
        (rule.run)(rule, &ground, &mut hazards);
    }
    let diagnostics = acknowledge::acknowledge(&mut hazards, subject.items);
    sort(&mut hazards);
    let at_two = verdict::all_at_two(&ground, &hazards);
    let is_run = |service: &&Service| !ground.fleets_of(&service.name).is_empty();
    Assessed {
        verdicts: verdict::verdicts(&ground, &at_two),
        replications: verdict::replications(&ground, &at_two),
        not_deployed: subject.services.iter().filter(|service| !is_run(service)).map(|service| service.name.clone()).collect(),
        hazards,
        diagnostics,
    }
}

/// Writes at each item which rules name it.
pub fn tell_items(items: &mut [Item], hazards: &[Hazard]) {
    let mut by_item: FxHashMap<&str, Vec<SmolStr>> = FxHashMap::default();
    for hazard in hazards {
        for item in &hazard.items {
            by_item.entry(item.as_str()).or_default().push(hazard.rule.clone());
        }
    }
    for item in items {
        let mut rules = by_item.remove(item.id.as_str()).unwrap_or_default();
        rules.sort();
        rules.dedup();
        item.hazards = rules;
    }
}

/// What would be raised first comes first: what nobody has accepted, what is worst, the order of rules, what is surest.
fn sort(hazards: &mut [Hazard]) {
    let place = |rule: &str| RULES.iter().position(|known| known.id == rule);
    hazards.sort_by(|a, b| {
        let open = a.acknowledged.is_some().cmp(&b.acknowledged.is_some()).then_with(|| b.severity.cmp(&a.severity));
        open.then_with(|| place(&a.rule).cmp(&place(&b.rule))).then_with(|| b.confidence.cmp(&a.confidence)).then_with(|| a.id.cmp(&b.id))
    });
}

/// Whether a check that fails on a severity fails on a hazard.
#[must_use]
pub fn fails(hazard: &Hazard, on: Option<HazardSeverity>) -> bool {
    hazard.acknowledged.is_none() && on.is_some_and(|least| hazard.severity >= least)
}
