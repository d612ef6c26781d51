//! The rows that several pages share: services, servers, connections.

use std::collections::BTreeSet;

use crate::fleet::{Content, Evidence, Family, FleetHazard, LimitSaid, Load, Server, Unit, hazards};
use crate::model::{Answer, HazardSeverity, Provenance};

use super::super::escape::{code_short, inline, shorten, slug};
use super::super::item_view::clause;
use super::super::layout::first_few;
use super::super::words::{capitalized, count_word, thousands};
use super::site::{Site, family_name, relative_here};
use super::view::{LoadRow, LoadView, Part, ReviewRow, ServerRow, ServiceRow};

/// At most so many services are named in a cell.
pub(super) const SERVICES: usize = 5;
/// At most so many variables are named in a cell.
const VIA: usize = 3;

/// A count with separators.
pub(super) fn number(count: usize) -> String {
    thousands(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The first few of a list, and how many are left.
pub(super) fn few<T>(mut list: Vec<T>, at_most: usize) -> (Vec<T>, usize) {
    let (shown, more) = first_few(list.len(), at_most);
    list.truncate(shown);
    (list, more)
}

/// Units, linked, the first few.
pub(super) fn units(site: &Site<'_>, units: &[usize], at_most: usize, page: &str) -> (Vec<String>, usize) {
    let (shown, more) = first_few(units.len(), at_most);
    (site.units(&units[..shown], page), more)
}

/// The word for a verdict.
pub(super) fn answer(unit: &Unit) -> Option<&'static str> {
    unit.answer.map(|answer| match answer {
        Answer::Yes => "yes",
        Answer::WithCare => "with-care",
        Answer::No => "no",
    })
}

/// A service in a table.
pub(super) fn service_row(site: &Site<'_>, at: usize, page: &str) -> ServiceRow {
    let unit = &site.fleet.units[at];
    let mut stores: Vec<String> = Vec::new();
    for (number, family) in site.fleet.families.iter().enumerate() {
        if family.name != "http" && family.units.binary_search(&at).is_ok() {
            stores.push(family_link(site, number, page));
        }
    }
    let (stores, stores_more) = few(stores, 4);
    ServiceRow {
        anchor: site.single.then(|| site.unit_anchor(at)),
        service: site.unit(at, page),
        repository: site.member(unit.member, page),
        answer: answer(unit),
        high: unit.hazards[0],
        medium: unit.hazards[1],
        low: unit.hazards[2],
        items: number(unit.items),
        stores,
        stores_more,
        owner: owner(site, unit),
    }
}

/// A family of stores, linked to its page.
pub(super) fn family_link(site: &Site<'_>, family: usize, page: &str) -> String {
    let name = family_name(&site.fleet.families[family].name);
    let target = if site.single { format!("#{}", family_anchor(site, family)) } else { relative_here(page, &site.family_pages[family]) };
    format!("[{name}]({target})")
}

/// Where a family is told on a site that is one page.
pub(super) fn family_anchor(site: &Site<'_>, family: usize) -> String {
    let name: String = slug(&site.fleet.families[family].name).chars().filter(char::is_ascii).collect();
    format!("store-{name}")
}

/// The team that a whole repository names.
pub(super) fn owner(site: &Site<'_>, unit: &Unit) -> Option<String> {
    site.fleet.members[unit.member].map.about.owner.as_deref().map(|owner| inline(&shorten(owner, 80)))
}

/// A server in a table.
pub(super) fn server_row(site: &Site<'_>, family: usize, server: usize, page: &str) -> ServerRow {
    let told = &site.fleet.families[family].servers[server];
    let users: Vec<usize> = told.users.iter().map(|user| user.unit).collect();
    let (services, services_more) = units(site, &users, SERVICES, page);
    ServerRow {
        server: site.server(family, server, page),
        sure: told.sure.as_str(),
        services,
        services_more,
        repositories: told.members,
        via: via(told),
        contents: told.contents.len(),
        load: heaviest(told).map(|load| load_view(site, load, page)),
    }
}

/// The variables that lead to a server.
pub(super) fn via(server: &Server) -> Vec<String> {
    let all: BTreeSet<&String> = server.users.iter().flat_map(|user| &user.via).collect();
    let (shown, more) = few(all.into_iter().map(|via| code_short(via, 60)).collect(), VIA);
    let rest = (more > 0).then(|| format!("{more} more"));
    shown.into_iter().chain(rest).collect()
}

/// The environment in which most is asked.
pub(super) fn heaviest(server: &Server) -> Option<&Load> {
    server.loads.iter().rev().max_by_key(|load| (load.is_over(), load.most()))
}

/// The connections to a server in one environment.
pub(super) fn load_view(site: &Site<'_>, load: &Load, page: &str) -> LoadView {
    let limit = load.limit();
    let counts = limit.map(|said| said.limit.connections);
    let told =
        |number: i64| if counts.is_some_and(|limit| number > limit) { format!("**{}**", thousands(number)) } else { thousands(number) };
    let others: Vec<String> = match limit {
        Some(counted) if load.disagree() => load
            .limits
            .iter()
            .filter(|said| said.limit.connections != counted.limit.connections)
            .map(|said| format!("{} ({})", thousands(said.limit.connections), site.member(said.member, page)))
            .collect(),
        _ => Vec::new(),
    };
    LoadView {
        environment: load.environment.as_deref().map(|environment| inline(&shorten(environment, 60))),
        at_rest: told(load.at_rest),
        during_rollout: told(load.during_rollout),
        at_most: load.at_most.map(told),
        at_most_during_rollout: load.at_most_during_rollout.map(told),
        most: told(load.most()),
        at_least: load.at_least,
        limit: counts.map(thousands),
        limit_from: limit.map(|said| limit_from(site, said, page)),
        limit_by: limit.map(|said| match said.limit.provenance {
            Provenance::Annotated => "annotated",
            Provenance::Default => "default",
            _ if said.limit.elsewhere => "compose",
            _ => "manifest",
        }),
        others,
        over: load.is_over(),
        only_together: load.only_together(),
        rows: load.asked.iter().map(|asked| load_row(site, asked, page)).collect(),
        unknown: site.units(&load.unknown, page),
    }
}

fn limit_from(site: &Site<'_>, said: &LimitSaid, page: &str) -> String {
    let place = said.limit.at.as_ref().map(|at| format!(", {}", site.layouts[said.member].links.short_place(page, &at.file, at.line)));
    format!("{}{}", site.member(said.member, page), place.unwrap_or_default())
}

fn load_row(site: &Site<'_>, asked: &crate::fleet::Asked, page: &str) -> LoadRow {
    let holder = &asked.holder;
    let times = |count: Option<u32>| match count {
        Some(count) if holder.each > 0 => thousands(holder.each.saturating_mul(i64::from(count))),
        _ => "?".to_owned(),
    };
    let most = [holder.replicas, holder.during_rollout, holder.at_most, holder.at_most_during_rollout].into_iter().flatten().max();
    LoadRow {
        repository: site.member(asked.member, page),
        workload: code_short(&holder.workload, 60),
        each: if holder.each > 0 { thousands(holder.each) } else { "?".to_owned() },
        at_rest: times(holder.replicas),
        during_rollout: times(holder.during_rollout.or(holder.replicas)),
        most: times(most),
        at: site.layouts[asked.member].links.short_place(page, &holder.replicas_at.file, holder.replicas_at.line),
    }
}

/// Where an address is written down.
pub(super) fn said(site: &Site<'_>, member: usize, evidence: &Evidence, page: &str) -> String {
    let place = |at: &crate::model::Place| site.layouts[member].links.short_place(page, &at.file, at.line);
    match evidence {
        Evidence::Host { host, environment, source, at } => {
            let environment = environment.as_deref().map(|name| format!(" in {}", inline(&shorten(name, 60)))).unwrap_or_default();
            // A file that the link names is not named twice.
            let by =
                source.as_deref().filter(|source| at.as_ref().is_none_or(|at| at.file != **source)).map(|source| code_short(source, 60));
            let at = at.as_ref().map(place);
            let by: Vec<String> = [by, at].into_iter().flatten().collect();
            let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
            format!("{}{environment}{by}", code_short(&host.name, 80))
        }
        Evidence::Kept { object, key, environment, at } => {
            let environment = environment.as_deref().map(|name| format!(" in {}", inline(&shorten(name, 60)))).unwrap_or_default();
            format!("{} key {}{environment} ({})", code_short(object, 60), code_short(key, 40), place(at))
        }
        Evidence::Bucket { name } => format!("bucket {}", code_short(name, 80)),
        Evidence::Declared { name, at } => {
            let at = at.as_ref().map(|at| format!(" ({})", place(at))).unwrap_or_default();
            format!("`[[declare]]` {}{at}", inline(&shorten(name, 80)))
        }
    }
}

/// Hazards of one rule that are equally bad, in a row each; the worst first.
pub(super) fn review(site: &Site<'_>, page: &str) -> Vec<ReviewRow> {
    let all = hazards(site.fleet);
    let mut groups: Vec<Vec<&FleetHazard<'_>>> = Vec::new();
    for one in all.iter().filter(|one| one.hazard.acknowledged.is_none()) {
        match groups.iter_mut().find(|group| group[0].hazard.rule == one.hazard.rule && group[0].hazard.severity == one.hazard.severity) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    // What hits most services comes first among what is equally bad.
    groups.sort_by_cached_key(|group| (std::cmp::Reverse(group[0].hazard.severity), std::cmp::Reverse(services(group).len())));
    groups.iter().map(|group| review_row(site, group, page)).collect()
}

fn services(group: &[&FleetHazard<'_>]) -> Vec<usize> {
    let mut counts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for unit in group.iter().flat_map(|one| &one.units) {
        *counts.entry(*unit).or_default() += 1;
    }
    let mut out: Vec<usize> = counts.keys().copied().collect();
    out.sort_by_key(|unit| (std::cmp::Reverse(counts[unit]), *unit));
    out
}

fn review_row(site: &Site<'_>, group: &[&FleetHazard<'_>], page: &str) -> ReviewRow {
    let first = group[0].hazard;
    let message = match crate::assess::rule(&first.rule).filter(|_| group.len() > 1) {
        Some(rule) => rule.several.replacen("{}", &count_word(group.len()), 1),
        None => first.message.clone(),
    };
    let (services, services_more) = units(site, &services(group), SERVICES, page);
    ReviewRow {
        severity: severity(first.severity),
        message: clause(&capitalized(&message)),
        rule: site.rule(&first.rule, page),
        count: group.len(),
        services,
        services_more,
    }
}

pub(super) fn severity(severity: HazardSeverity) -> &'static str {
    severity.as_str()
}

/// Tables and the like, the first few by name.
pub(super) fn content_names<'c>(contents: impl Iterator<Item = &'c Content>, at_most: usize) -> (Vec<String>, usize) {
    few(contents.map(|content| code_short(&content.name, 80)).collect(), at_most)
}

/// The parts of a list that stands on several pages.
pub(super) fn part(base: &str, number: usize, of: usize, page: &str) -> Part {
    let link = |number: usize| relative_here(page, &part_page(base, number));
    Part { number, of, before: (number > 1).then(|| link(number - 1)), after: (number < of).then(|| link(number + 1)) }
}

/// The page of a part, from 1; no name of a service ends with what is put to it.
pub(super) fn part_page(base: &str, number: usize) -> String {
    match base.strip_suffix(".md") {
        Some(stem) if number > 1 => format!("{stem}~{number}.md"),
        _ => base.to_owned(),
    }
}

/// Whether several repositories use a server.
pub(super) fn is_shared(server: &Server) -> bool {
    server.members > 1
}

/// The servers that several repositories use, over all families: those of most repositories first.
pub(super) fn shared_servers(families: &[Family], http: bool) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (at, family) in families.iter().enumerate().filter(|(_, family)| (family.name == "http") == http) {
        out.extend(family.servers.iter().enumerate().filter(|(_, server)| is_shared(server)).map(|(server, _)| (at, server)));
    }
    out.sort_by_key(|&(family, server)| {
        let told = &families[family].servers[server];
        (std::cmp::Reverse((told.members, told.users.len())), family, server)
    });
    out
}
