//! Code meets deployment: variables with where they are set, files with what is mounted there, pools with their replicas.
//!
//! Pure data in, data out: the items of the code, what the manifests start, and what is known of how the code reads its
//! environment. Nothing is guessed: what no manifest that is tied to the service says is not said.

mod contradictions;
mod decides;
mod held;
mod image_volumes;
mod kept_files;
mod landing;
mod mounts;
mod numbers;
mod paths;
mod runs;
mod secrets;
mod twice;
mod unmatched;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::detect::MadeBy;
use crate::manifests::deployed::Deployed;
use crate::model::{Deployment, Diagnostic, Environment, Item, ItemId, Service};

pub(crate) use decides::DECIDES;
pub use held::{Address, Each, Held};
pub use landing::Survives;
pub use mounts::{Landed, Mounted};
pub(crate) use numbers::{Counts, number_in};
use runs::Runs;
pub(crate) use runs::containers_of;

/// What is known of the code beside its items.
pub struct Code<'a> {
    /// The services of the tree.
    pub services: &'a [Service],
    /// Some deployment file could not be evaluated in full.
    pub partly: bool,
    /// Whether the code of a service names a path under which it may answer.
    pub answers: &'a dyn Fn(&str, &str) -> bool,
    /// Whether the code of a service may read a variable without an item that says so.
    pub reads: &'a dyn Fn(&str, &str) -> bool,
    /// Whether a service makes an item when it is started with a command.
    pub makes: &'a dyn Fn(&str, &str, &Item) -> MadeBy,
}

/// What the join adds to the map, beside what it adds to items.
#[derive(Debug, Default)]
pub struct Joined {
    /// The workloads that run services.
    pub deployments: Vec<Deployment>,
    /// Variables that code and deployment do not agree upon.
    pub environments: Vec<Environment>,
    /// Where the files of the code land in each workload.
    pub landed: BTreeMap<ItemId, Vec<Landed>>,
    /// What pools of connections may hold in each workload.
    pub held: Vec<Held>,
    /// Contradictions.
    pub diagnostics: Vec<Diagnostic>,
}

/// The path that a probe asks for, without what stands behind it.
#[must_use]
pub fn plain_path(asked: &str) -> &str {
    asked.split(['?', '#']).next().unwrap_or(asked)
}

/// Joins the items with what is deployed.
#[must_use]
pub fn join(items: &mut [Item], deployed: &Deployed, code: &Code<'_>) -> Joined {
    let defaults = variables::defaults(items);
    let runs: Vec<(SmolStr, Runs<'_>)> =
        code.services.iter().map(|service| (service.name.clone(), Runs::of(deployed, &service.name, &defaults))).collect();
    let mut out = Joined { deployments: numbers::deployments(deployed), ..Joined::default() };
    variables::trace(items, deployed, &defaults);
    kept_files::tell(items);
    image_volumes::tell(items);
    decides::tell(items);
    out.environments = unmatched::by_service(items, &runs, deployed, code);
    out.landed = mounts::match_writes(items, &runs);
    secrets::changes(items, &runs, &mut out.landed);
    out.held = numbers::add_up(items, &runs, deployed, code);
    out.diagnostics = contradictions::all(items, deployed, &runs, code);
    out
}
