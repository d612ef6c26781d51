//! JSON of a fleet: every map as it is, and beside them what connects them.

use std::collections::BTreeSet;

use serde::Serialize;
use smol_str::SmolStr;

use crate::fleet::{Content, ContentUse, Evidence, Fleet, Load, Server, Unit};
use crate::model::{Answer, ItemId, Limit, Place, SCHEMA, StateMap, ToolInfo};
use crate::render::json::pretty;

#[derive(Serialize)]
struct Document<'f> {
    schema: u32,
    tool: ToolInfo,
    services: Vec<ServiceOut<'f>>,
    stores: Vec<StoreOut<'f>>,
    maps: Vec<MapOut<'f>>,
}

#[derive(Serialize)]
struct MapOut<'f> {
    name: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'f str>,
    map: &'f StateMap,
}

#[derive(Serialize)]
struct ServiceOut<'f> {
    name: &'f str,
    map: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'f str>,
    items: usize,
    high: usize,
    medium: usize,
    low: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
}

#[derive(Serialize)]
struct StoreOut<'f> {
    store: &'f str,
    /// The services that use it, whichever server they mean.
    services: Vec<&'f str>,
    servers: Vec<ServerOut<'f>>,
    /// What is called alike on servers of which nothing says that they are one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    namesakes: Vec<ContentOut<'f>>,
}

#[derive(Serialize)]
struct ServerOut<'f> {
    same: &'static str,
    evidence: Vec<EvidenceOut<'f>>,
    users: Vec<UserOut<'f>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contents: Vec<ContentOut<'f>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connections: Vec<LoadOut<'f>>,
    /// The service of this site that the host is called like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    perhaps: Vec<&'f str>,
}

#[derive(Serialize)]
struct EvidenceOut<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'f Place>,
}

#[derive(Serialize)]
struct UserOut<'f> {
    service: &'f str,
    via: &'f [String],
    items: &'f [ItemId],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceOut<'f>>,
}

#[derive(Serialize)]
struct ContentOut<'f> {
    what: &'static str,
    name: &'f str,
    uses: Vec<UseOut<'f>>,
}

#[derive(Serialize)]
struct UseOut<'f> {
    service: &'f str,
    #[serde(skip_serializing_if = "<[SmolStr]>::is_empty")]
    does: &'f [SmolStr],
    items: &'f [ItemId],
}

#[derive(Serialize)]
struct LoadOut<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'f str>,
    at_rest: i64,
    during_rollout: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most_during_rollout: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    at_least: bool,
    maps: Vec<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'f Limit>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    limits_disagree: bool,
    over: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<&'f str>,
}

/// A fleet as indented JSON with a newline at the end.
#[must_use]
pub fn fleet_json(fleet: &Fleet) -> String {
    let cx = Out { fleet };
    pretty(&Document {
        schema: SCHEMA,
        tool: ToolInfo { name: SmolStr::new_static("statemap"), version: SmolStr::new_static(env!("CARGO_PKG_VERSION")) },
        services: cx.services(),
        stores: fleet
            .families
            .iter()
            .enumerate()
            .map(|(at, family)| StoreOut {
                store: &family.name,
                services: cx.names(&family.units),
                servers: family.servers.iter().enumerate().map(|(number, server)| cx.server(at, number, server)).collect(),
                namesakes: family.namesakes.iter().map(|content| cx.content(content)).collect(),
            })
            .collect(),
        maps: fleet.members.iter().map(|one| MapOut { name: &one.name, site: one.site.as_deref(), map: &one.map }).collect(),
    })
}

struct Out<'f> {
    fleet: &'f Fleet,
}

impl<'f> Out<'f> {
    fn name(&self, unit: usize) -> &'f str {
        &self.fleet.units[unit].name
    }

    fn names(&self, units: &[usize]) -> Vec<&'f str> {
        units.iter().map(|&unit| self.name(unit)).collect()
    }

    fn services(&self) -> Vec<ServiceOut<'f>> {
        let service = |unit: &'f Unit| ServiceOut {
            name: &unit.name,
            map: &self.fleet.members[unit.member].name,
            service: self.fleet.service(unit).map(|service| service.name.as_str()),
            items: unit.items,
            high: unit.hazards[0],
            medium: unit.hazards[1],
            low: unit.hazards[2],
            answer: unit.answer,
        };
        self.fleet.units.iter().map(service).collect()
    }

    fn server(&self, family: usize, at: usize, server: &'f Server) -> ServerOut<'f> {
        ServerOut {
            same: server.sure.as_str(),
            evidence: server.evidence.iter().map(evidence).collect(),
            users: server
                .users
                .iter()
                .map(|user| UserOut {
                    service: self.name(user.unit),
                    via: &user.via,
                    items: &user.items,
                    evidence: user.evidence.iter().map(evidence).collect(),
                })
                .collect(),
            contents: server.contents.iter().map(|content| self.content(content)).collect(),
            connections: server.loads.iter().map(|load| self.load(load)).collect(),
            perhaps: self
                .fleet
                .calls
                .iter()
                .filter(|call| (call.family, call.server) == (family, at))
                .map(|call| self.name(call.to))
                .collect(),
        }
    }

    fn content(&self, content: &'f Content) -> ContentOut<'f> {
        let used = |used: &'f ContentUse| UseOut { service: self.name(used.unit), does: &used.does, items: &used.items };
        ContentOut { what: content.what.as_str(), name: &content.name, uses: content.uses.iter().map(used).collect() }
    }

    fn load(&self, load: &'f Load) -> LoadOut<'f> {
        let maps: BTreeSet<&str> = load.asked.iter().map(|asked| self.fleet.members[asked.member].name.as_str()).collect();
        LoadOut {
            environment: load.environment.as_deref(),
            at_rest: load.at_rest,
            during_rollout: load.during_rollout,
            at_most: load.at_most,
            at_most_during_rollout: load.at_most_during_rollout,
            at_least: load.at_least,
            maps: maps.into_iter().collect(),
            limit: load.limit().map(|said| &said.limit),
            limits_disagree: load.disagree(),
            over: load.is_over(),
            unknown: self.names(&load.unknown),
        }
    }
}

fn evidence(evidence: &Evidence) -> EvidenceOut<'_> {
    let nothing =
        EvidenceOut { host: None, object: None, key: None, declared: None, bucket: None, environment: None, source: None, at: None };
    match evidence {
        Evidence::Host { host, environment, source, at } => EvidenceOut {
            host: Some(&host.name),
            environment: environment.as_deref(),
            source: source.as_deref(),
            at: at.as_ref(),
            ..nothing
        },
        Evidence::Kept { object, key, environment, at } => {
            EvidenceOut { object: Some(object), key: Some(key), environment: environment.as_deref(), at: Some(at), ..nothing }
        }
        Evidence::Bucket { name } => EvidenceOut { bucket: Some(name), ..nothing },
        Evidence::Declared { name, at } => EvidenceOut { declared: Some(name), at: at.as_ref(), ..nothing },
    }
}
