//! Fleet: the maps of many repositories beside each other, and what can only be seen when they are.
//!
//! ```text
//! JSON of each repository -> files, read -> names -> endpoints -> servers, contents, capacity -> render/fleet
//! ```
//!
//! Pure, but for `files`, which finds and reads the maps. Every text here was written by somebody else's run: it is cut to a bound
//! where it is read, and escaped where it is shown.

mod address;
mod bound;
mod calls;
mod capacity;
mod combined;
mod contents;
mod endpoints;
mod files;
mod hazards;
mod names;
mod owners;
mod read;
mod servers;
mod sources;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::model::{Answer, Class, HazardSeverity, Item, Scope, Service, StateMap, Verdict};

pub use address::{Host, Reach};
pub use calls::Call;
pub use capacity::{Asked, LimitSaid, Load};
pub use combined::combined;
pub use contents::{Content, ContentUse, What};
pub use endpoints::{Endpoint, Evidence};
pub use files::{Argument, FilesError, Found, find, read_all};
pub use hazards::{FleetHazard, hazards};
pub(crate) use names::slugs;
pub use names::{Clash, Dropped, Named, Unnamed, name_members};
pub use owners::{Owned, owners};
pub use read::{Document, MAX_BYTES, ReadError, Skipped, read};
pub use servers::{Family, Server, Sure, User};
pub use sources::{Given, Source, sources};

/// The map of one repository, or of one folder of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What it is called on the site; no other member has the name.
    pub name: SmolStr,
    /// Where its own pages are published.
    pub site: Option<String>,
    /// The file it was read from, for messages.
    pub file: String,
    /// The map.
    pub map: StateMap,
}

/// A service of a member; a member without one (a library) stands for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// What it is called on the site; no other unit has the name.
    pub name: SmolStr,
    /// Its member, by place.
    pub member: usize,
    /// The service of the map, by place; none for a library.
    pub service: Option<usize>,
    /// How many items it holds, constants left out.
    pub items: usize,
    /// How many of them end with the process.
    pub in_process: usize,
    /// How many of them lie on the local disk.
    pub on_disk: usize,
    /// Its hazards that nobody has accepted: high, medium, low.
    pub hazards: [usize; 3],
    /// Whether it can run as several replicas, where that was judged.
    pub answer: Option<Answer>,
}

/// Many maps, with what connects them.
#[derive(Debug)]
pub struct Fleet {
    /// The maps, by name.
    pub members: Vec<Member>,
    /// The services of all of them, by name.
    pub units: Vec<Unit>,
    /// The external stores that they use, by family.
    pub families: Vec<Family>,
    /// Hosts that are called like a service of the fleet.
    pub calls: Vec<Call>,
}

impl Fleet {
    /// Puts maps beside each other; their names must differ.
    #[must_use]
    pub fn new(mut members: Vec<Member>) -> Self {
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let names = names::unit_names(&members);
        let mut units: Vec<Unit> = members.par_iter().enumerate().flat_map_iter(|(at, member)| units_of(at, member)).collect();
        for (unit, name) in units.iter_mut().zip(names) {
            unit.name = name;
        }
        units.sort_by(|a, b| a.name.cmp(&b.name));
        let families = servers::families(&members, &units);
        let calls = calls::calls(&members, &units, &families);
        Self { members, units, families, calls }
    }

    /// The member that a unit belongs to.
    #[must_use]
    pub fn member(&self, unit: &Unit) -> &Member {
        &self.members[unit.member]
    }

    /// The service of a unit.
    #[must_use]
    pub fn service(&self, unit: &Unit) -> Option<&Service> {
        unit.service.map(|at| &self.members[unit.member].map.services[at])
    }

    /// The verdict on a unit.
    #[must_use]
    pub fn verdict(&self, unit: &Unit) -> Option<&Verdict> {
        let name = &self.service(unit)?.name;
        self.member(unit).map.verdicts.iter().find(|verdict| verdict.service == *name)
    }

    /// The unit of a service of a member.
    #[must_use]
    pub fn unit_of(&self, member: usize, service: &str) -> Option<usize> {
        let is_it = |unit: &Unit| unit.member == member && self.service(unit).is_some_and(|of| of.name == service);
        self.units.iter().position(is_it)
    }

    /// The units of a member, by place.
    pub fn units_of(&self, member: usize) -> impl Iterator<Item = usize> {
        self.units.iter().enumerate().filter(move |(_, unit)| unit.member == member).map(|(at, _)| at)
    }
}

/// Whether a unit holds an item: a library holds all of its map.
#[must_use]
pub fn holds(service: Option<&str>, item: &Item) -> bool {
    service.is_none_or(|name| item.services.iter().any(|holder| holder == name))
}

fn units_of(at: usize, member: &Member) -> Vec<Unit> {
    let map = &member.map;
    let services: Vec<Option<usize>> = if map.services.is_empty() { vec![None] } else { (0..map.services.len()).map(Some).collect() };
    let unit = |service: Option<usize>| {
        let name = service.map(|at| map.services[at].name.as_str());
        let held = || map.items.iter().filter(move |item| item.class == Class::Mutable && holds(name, item));
        let open = |severity: HazardSeverity| {
            let here = |hazard: &&crate::model::Hazard| {
                hazard.severity == severity
                    && hazard.acknowledged.is_none()
                    && name.is_none_or(|name| hazard.services.iter().any(|service| service == name))
            };
            map.hazards.iter().filter(here).count()
        };
        Unit {
            name: SmolStr::default(),
            member: at,
            service,
            items: held().count(),
            in_process: held().filter(|item| matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task)).count(),
            on_disk: held().filter(|item| item.scope == Scope::Host).count(),
            hazards: [open(HazardSeverity::High), open(HazardSeverity::Medium), open(HazardSeverity::Low)],
            answer: name.and_then(|name| map.verdicts.iter().find(|verdict| verdict.service == name)).map(|verdict| verdict.answer),
        }
    };
    services.into_iter().map(unit).collect()
}
