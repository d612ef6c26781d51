//! The pages of stores: who uses the same server, what is in it, and how much is asked of it.

use std::collections::BTreeSet;

use crate::fleet::{Content, ContentUse, Evidence, Family, Host, Reach, Server, User};

use super::super::escape::{code, code_short, inline, shorten};
use super::super::layout::first_few;
use super::rows::{
    SERVICES, content_names, family_anchor, family_link, few, heaviest, is_shared, load_view, part, part_page, said, server_row,
    shared_servers, units, via,
};
use super::site::{STORES, Site, family_name, relative_here, server_title};
use super::view::{ContentUseView, ContentView, EvidenceLine, FamilyPage, FamilyRow, ServerRowOfOwn, ServerView, StoresPage, UserRow};

/// Servers on one page: those of several repositories are told in full, the others in a row.
const SERVERS_OF_A_PAGE: usize = 60;
/// At most so many users of a server have a row; the others are named.
const USERS: usize = 60;
/// At most so many users are named at all on a page.
const NAMED: usize = 2000;
/// At most so many tables or topics of a server are told.
const CONTENTS: usize = 200;
/// At most so many users of a table are told.
const USES: usize = 12;
/// At most so many shared servers stand in a table.
const SHARED: usize = 200;

/// The page on which a server is told.
pub(super) fn page_of(base: &str, server: usize) -> String {
    part_page(base, server / SERVERS_OF_A_PAGE + 1)
}

/// The pages of a family: each with its path.
pub(super) fn family_pages(site: &Site<'_>, at: usize) -> Vec<(String, FamilyPage)> {
    let family = &site.fleet.families[at];
    let base = &site.family_pages[at];
    let parts = family.servers.len().div_ceil(SERVERS_OF_A_PAGE).max(1);
    (1..=parts).map(|number| (part_page(base, number), family_page(site, at, number, parts, &part_page(base, number)))).collect()
}

/// All of a family on one page.
pub(super) fn whole_family(site: &Site<'_>, at: usize, page: &str) -> FamilyPage {
    family_page(site, at, 0, 0, page)
}

/// `number` is that of the part, from 1; 0 for all of it.
fn family_page(site: &Site<'_>, at: usize, number: usize, parts: usize, page: &str) -> FamilyPage {
    let family = &site.fleet.families[at];
    let here = match number {
        0 => 0..family.servers.len().min(SERVERS_OF_A_PAGE),
        _ => (number - 1) * SERVERS_OF_A_PAGE..(number * SERVERS_OF_A_PAGE).min(family.servers.len()),
    };
    let (shared, own): (Vec<usize>, Vec<usize>) = here.partition(|&server| is_shared(&family.servers[server]));
    let repositories: BTreeSet<usize> = family.units.iter().map(|&unit| site.fleet.units[unit].member).collect();
    let first = number <= 1;
    let (namesakes, namesakes_more) = if first { few(family.namesakes.iter().collect(), CONTENTS) } else { (Vec::new(), 0) };
    FamilyPage {
        family: family_name(&family.name),
        anchor: site.single.then(|| family_anchor(site, at)),
        http: family.name == "http",
        services: family.units.len(),
        repositories: repositories.len(),
        servers_total: family.servers.len(),
        shared_total: family.servers.iter().filter(|server| is_shared(server)).count(),
        servers: shared.iter().map(|&server| server_view(site, at, server, page)).collect(),
        own: own.iter().map(|&server| own_row(site, at, server, page)).collect(),
        namesakes: namesakes.iter().map(|content| content_view(site, content, page)).collect(),
        namesakes_more,
        part: if number == 0 { Default::default() } else { part(&site.family_pages[at], number, parts, page) },
        index: relative_here(page, STORES),
    }
}

fn server_view(site: &Site<'_>, family: usize, at: usize, page: &str) -> ServerView {
    let of = &site.fleet.families[family];
    let server = &of.servers[at];
    let (shown, _) = first_few(server.users.len(), USERS);
    let rest: Vec<usize> = server.users[shown..].iter().map(|user| user.unit).collect();
    let (more_users, uncounted) = units(site, &rest, NAMED, page);
    let (contents, contents_more) = few(server.contents.iter().collect(), CONTENTS);
    ServerView {
        anchor: site.anchors[family][at].clone(),
        perhaps: site.perhaps(family, at, page),
        written_by_several: written_by_several(site, server),
        title: server_title(site.fleet, of, server),
        sure: server.sure.as_str(),
        evidence: server.evidence.iter().map(evidence_line).collect(),
        users: user_rows(site, &server.users[..shown], page),
        more_users,
        uncounted,
        repositories: server.members,
        contents: contents.iter().map(|content| content_view(site, content, page)).collect(),
        contents_more,
        loads: server.loads.iter().map(|load| load_view(site, load, page)).collect(),
    }
}

/// What services of more than one repository change: nobody of them owns it alone.
fn written_by_several(site: &Site<'_>, server: &Server) -> Vec<String> {
    let several = |content: &&Content| {
        let writers = content.uses.iter().filter(|used| !used.does.is_empty());
        let members: BTreeSet<usize> = writers.map(|used| site.fleet.units[used.unit].member).collect();
        members.len() > 1
    };
    server.contents.iter().filter(several).map(|content| code_short(&content.name, 80)).collect()
}

fn evidence_line(evidence: &Evidence) -> EvidenceLine {
    match evidence {
        Evidence::Host { host: Host { name, reach, .. }, .. } => EvidenceLine {
            by: "host",
            reach: match reach {
                Reach::World => "world",
                Reach::Cluster => "cluster",
                Reach::Network => "network",
                Reach::Machine => "machine",
            },
            what: code_short(name, 80),
        },
        Evidence::Kept { object, key, .. } => {
            EvidenceLine { by: "object", reach: "cluster", what: format!("{} key {}", code_short(object, 60), code_short(key, 40)) }
        }
        Evidence::Bucket { name } => EvidenceLine { by: "bucket", reach: "cluster", what: code_short(name, 80) },
        Evidence::Declared { name, .. } => EvidenceLine { by: "declared", reach: "world", what: inline(&shorten(name, 80)) },
    }
}

/// The users of a server: services of one repository that say the same stand in one row.
fn user_rows(site: &Site<'_>, users: &[User], page: &str) -> Vec<UserRow> {
    let mut out: Vec<UserRow> = Vec::new();
    for user in users {
        let row = user_row(site, user, page);
        let alike = |known: &&mut UserRow| {
            (&known.repository, &known.via, &known.said, &known.items) == (&row.repository, &row.via, &row.said, &row.items)
        };
        match out.iter_mut().rev().find(alike) {
            Some(known) => known.services.extend(row.services),
            None => out.push(row),
        }
    }
    out
}

fn user_row(site: &Site<'_>, user: &User, page: &str) -> UserRow {
    let unit = &site.fleet.units[user.unit];
    let layout = &site.layouts[unit.member];
    let held: Vec<_> = user.items.iter().filter_map(|id| layout.item(id.as_str())).collect();
    let (items, items_more) = layout.some(&held, 3, page);
    let (said, _) = few(user.evidence.iter().map(|evidence| said(site, unit.member, evidence, page)).collect::<Vec<_>>(), 4);
    UserRow {
        services: vec![site.unit(user.unit, page)],
        repository: site.member(unit.member, page),
        via: few(user.via.iter().map(|via| code_short(via, 60)).collect(), 3).0,
        said,
        items,
        items_more,
    }
}

fn content_view(site: &Site<'_>, content: &Content, page: &str) -> ContentView {
    let (shown, more) = first_few(content.uses.len(), USES);
    ContentView {
        what: content.what.as_str(),
        name: code_short(&content.name, 80),
        uses: content.uses[..shown].iter().map(|used| use_view(site, used, page)).collect(),
        more,
        shared: content.uses.len() > 1,
    }
}

fn use_view(site: &Site<'_>, used: &ContentUse, page: &str) -> ContentUseView {
    let layout = &site.layouts[site.fleet.units[used.unit].member];
    let held: Vec<_> = used.items.iter().filter_map(|id| layout.item(id.as_str())).collect();
    let (items, items_more) = layout.some(&held, 2, page);
    ContentUseView { service: site.unit(used.unit, page), does: used.does.iter().map(|does| inline(does)).collect(), items, items_more }
}

fn own_row(site: &Site<'_>, family: usize, at: usize, page: &str) -> ServerRowOfOwn {
    let of = &site.fleet.families[family];
    let server = &of.servers[at];
    let users: Vec<usize> = server.users.iter().map(|user| user.unit).collect();
    let (services, services_more) = units(site, &users, SERVICES, page);
    let (contents, contents_more) = content_names(server.contents.iter(), 8);
    ServerRowOfOwn {
        anchor: site.anchors[family][at].clone(),
        perhaps: site.perhaps(family, at, page),
        title: own_title(site, of, server),
        services,
        services_more,
        via: via(server),
        contents,
        contents_more,
        load: heaviest(server).map(|load| load_view(site, load, page)),
    }
}

/// What a server is called in the table of those of one repository: where it is, else whose it is.
fn own_title(site: &Site<'_>, family: &Family, server: &Server) -> String {
    match server.evidence.first() {
        Some(Evidence::Host { host, .. }) => code(&host.name),
        Some(_) => server_title(site.fleet, family, server),
        None => "not told".to_owned(),
    }
}

/// The page of all families.
pub(super) fn stores_page(site: &Site<'_>, page: &str, index: String) -> StoresPage {
    let shared = shared_servers(&site.fleet.families, false);
    let (shown, shared_more) = few(shared, SHARED);
    StoresPage {
        families: family_rows(site, page),
        shared: shown.into_iter().map(|(family, server)| server_row(site, family, server, page)).collect(),
        shared_more,
        index,
    }
}

/// Each family in a row.
pub(super) fn family_rows(site: &Site<'_>, page: &str) -> Vec<FamilyRow> {
    let row = |(at, family): (usize, &Family)| {
        let repositories: BTreeSet<usize> = family.units.iter().map(|&unit| site.fleet.units[unit].member).collect();
        FamilyRow {
            http: family.name == "http",
            family: family_link(site, at, page),
            services: family.units.len(),
            repositories: repositories.len(),
            servers: family.servers.len(),
            shared: family.servers.iter().filter(|server| is_shared(server)).count(),
            over: family.servers.iter().filter(|server| server.loads.iter().any(crate::fleet::Load::is_over)).count(),
            contents: family.servers.iter().map(|server| server.contents.len()).sum(),
        }
    };
    site.fleet.families.iter().enumerate().map(row).collect()
}
