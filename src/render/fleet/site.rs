//! The site: which page tells of what, and the links between them.

use rayon::prelude::*;

use crate::fleet::{Evidence, Family, Fleet, Member, Server, Unit, slugs};
use crate::model::{Class, Item, Kind};

use super::super::RenderOptions;
use super::super::escape::{code_short, inline, shorten};
use super::super::files::relative;
use super::super::layout::{Layout, ORDER};
use super::super::words::{capitalized, store_name};
use super::FleetOptions;
use super::symptoms::{Seen, seen};

pub(super) const INDEX: &str = "src/index.md";
pub(super) const SERVICES: &str = "src/services/index.md";
pub(super) const STATE: &str = "src/state/index.md";
pub(super) const STORES: &str = "src/stores/index.md";
pub(super) const HAZARDS: &str = "src/hazards/index.md";
pub(super) const SYMPTOMS: &str = "src/symptoms/index.md";
pub(super) const KINDS: &str = "src/kinds/index.md";
pub(super) const OWNERS: &str = "src/owners.md";
pub(super) const SOURCES: &str = "src/sources.md";
pub(super) const BLIND: &str = "src/blind-spots.md";

/// About so many items are told on one page of a repository.
const ITEMS_OF_A_PAGE: usize = 400;

/// Where everything of a fleet is told.
pub(super) struct Site<'f> {
    pub(super) fleet: &'f Fleet,
    pub(super) title: String,
    /// The page of each unit.
    pub(super) unit_pages: Vec<String>,
    /// The pages of each member, each with the kinds that it tells.
    pub(super) state_pages: Vec<Vec<(String, Vec<Kind>)>>,
    /// The page of each family; none for one that has no servers to tell.
    pub(super) family_pages: Vec<String>,
    /// The anchor of each server, by family.
    pub(super) anchors: Vec<Vec<String>>,
    /// Where each item of a member is told.
    pub(super) layouts: Vec<Layout<'f>>,
    /// For each symptom of the reference the services in which it may be seen.
    pub(super) seen: Vec<Vec<Seen<'f>>>,
    /// Everything stands on one page: what has no place there is named and not linked.
    pub(super) single: bool,
}

impl<'f> Site<'f> {
    pub(super) fn new(fleet: &'f Fleet, options: &FleetOptions) -> Self {
        let pages = |names: Vec<String>, folder: &str| names.into_iter().map(|name| format!("src/{folder}/{name}.md")).collect::<Vec<_>>();
        let unit_pages = pages(slugs(fleet.units.iter().map(|unit| unit.name.as_str()), "service"), "services");
        let member_slugs = slugs(fleet.members.iter().map(|member| member.name.as_str()), "map");
        let state_pages: Vec<Vec<(String, Vec<Kind>)>> =
            fleet.members.iter().zip(&member_slugs).map(|(member, slug)| state_pages(member, slug)).collect();
        let family_pages = pages(slugs(fleet.families.iter().map(|family| family.name.as_str()), "store"), "stores");
        let anchors = fleet.families.iter().map(|family| anchors(fleet, family)).collect();
        let layouts: Vec<Layout<'f>> = fleet.members.par_iter().zip(&state_pages).map(|(member, pages)| layout(member, pages)).collect();
        let title = options.title.clone().unwrap_or_else(|| default_title(fleet));
        let seen = seen(fleet);
        Self { fleet, title, unit_pages, state_pages, family_pages, anchors, layouts, seen, single: false }
    }

    /// A site that is one page.
    pub(super) fn on_one_page(fleet: &'f Fleet, options: &FleetOptions, page: &str) -> Self {
        let mut site = Self::new(fleet, options);
        for layout in &mut site.layouts {
            layout.link_nothing();
        }
        for path in &mut site.family_pages {
            page.clone_into(path);
        }
        site.single = true;
        site
    }

    /// Where a service is told on a site that is one page.
    pub(super) fn unit_anchor(&self, unit: usize) -> String {
        let page = &self.unit_pages[unit];
        let name = page.rsplit('/').next().unwrap_or(page).trim_end_matches(".md");
        format!("service-{name}")
    }

    /// A unit, linked to its page.
    pub(super) fn unit(&self, unit: usize, from: &str) -> String {
        let target = if self.single { format!("#{}", self.unit_anchor(unit)) } else { relative_here(from, &self.unit_pages[unit]) };
        format!("[{}]({target})", code_short(&self.fleet.units[unit].name, 80))
    }

    /// Units, linked, each once.
    pub(super) fn units(&self, units: &[usize], from: &str) -> Vec<String> {
        units.iter().map(|&unit| self.unit(unit, from)).collect()
    }

    /// A member, linked to what it holds.
    pub(super) fn member(&self, member: usize, from: &str) -> String {
        let name = inline(&shorten(&self.fleet.members[member].name, 80));
        let target = match self.layouts[member].links.repository() {
            Some(tree) if self.single => tree,
            None if self.single => return name,
            _ => relative_here(from, &self.state_pages[member][0].0),
        };
        format!("[{name}]({target})")
    }

    /// An item of a member, linked to its line.
    pub(super) fn item(&self, member: usize, item: &Item, from: &str) -> String {
        self.layouts[member].link(item, from)
    }

    /// Link target of what is told of a server.
    pub(super) fn server_target(&self, family: usize, server: usize, from: &str) -> String {
        let page = self.family_page_of(family, server);
        format!("{}#{}", relative(from, &page), self.anchors[family][server])
    }

    /// The page on which a server is told.
    pub(super) fn family_page_of(&self, family: usize, server: usize) -> String {
        let base = &self.family_pages[family];
        if self.single { base.clone() } else { super::stores::page_of(base, server) }
    }

    /// The services that a host may be, linked.
    pub(super) fn perhaps(&self, family: usize, server: usize, from: &str) -> Vec<String> {
        let here = self.fleet.calls.iter().filter(|call| (call.family, call.server) == (family, server));
        here.map(|call| self.unit(call.to, from)).collect()
    }

    /// A server, linked.
    pub(super) fn server(&self, family: usize, server: usize, from: &str) -> String {
        let of = &self.fleet.families[family];
        format!("[{}]({})", server_title(self.fleet, of, &of.servers[server]), self.server_target(family, server, from))
    }

    /// The page of a rule.
    pub(super) fn rule_page(rule: &str) -> Option<String> {
        crate::assess::rule(rule).map(|rule| format!("src/hazards/{}.md", rule.id))
    }

    /// A rule, linked to its page; one that this version does not know has none.
    pub(super) fn rule(&self, rule: &str, from: &str) -> String {
        let name = code_short(rule, 60);
        match Self::rule_page(rule).filter(|_| !self.single) {
            Some(page) => format!("[{name}]({})", relative_here(from, &page)),
            None => name,
        }
    }
}

/// As [`relative`], but never empty: an empty target leads to the top of the page on some hosts and nowhere on others.
pub(super) fn relative_here(from: &str, to: &str) -> String {
    match relative(from, to) {
        target if target.is_empty() => to.rsplit('/').next().unwrap_or(to).to_owned(),
        target => target,
    }
}

/// What the pages call all services when nobody says.
fn default_title(fleet: &Fleet) -> String {
    match fleet.members.as_slice() {
        [only] => only.name.to_string(),
        _ => "All services".to_owned(),
    }
}

/// The pages of a member: whole kinds, until there are enough items on one.
fn state_pages(member: &Member, slug: &str) -> Vec<(String, Vec<Kind>)> {
    let count = |kind: Kind| member.map.items.iter().filter(|item| item.kind == kind && item.class == Class::Mutable).count();
    let mut out: Vec<(String, Vec<Kind>)> = vec![(format!("src/state/{slug}.md"), Vec::new())];
    let mut items = 0;
    for &kind in ORDER {
        let more = count(kind);
        if items > 0 && items + more > ITEMS_OF_A_PAGE {
            out.push((format!("src/state/{slug}~{}.md", out.len() + 1), Vec::new()));
            items = 0;
        }
        items += more;
        if let Some((_, kinds)) = out.last_mut() {
            kinds.push(kind);
        }
    }
    out
}

fn layout<'f>(member: &'f Member, pages: &[(String, Vec<Kind>)]) -> Layout<'f> {
    let options = RenderOptions { prefix: member.map.about.folder.clone().unwrap_or_default(), ..RenderOptions::default() };
    let page_of = |kind: Kind| pages.iter().find(|(_, kinds)| kinds.contains(&kind)).map_or(INDEX, |(page, _)| page).to_owned();
    Layout::new(&member.map, &options, HAZARDS, page_of)
}

/// What a server is called, as Markdown: its family and what its users have in common.
pub(super) fn server_title(fleet: &Fleet, family: &Family, server: &Server) -> String {
    let name = family_name(&family.name);
    match server.evidence.first() {
        Some(Evidence::Host { host, .. }) if family.name == "http" => code_short(&host.name, 80),
        Some(Evidence::Host { host, .. }) => format!("{name} at {}", code_short(&host.name, 80)),
        Some(Evidence::Kept { object, key, .. }) => format!("{name} of {} key {}", code_short(object, 60), code_short(key, 40)),
        Some(Evidence::Bucket { name: bucket }) => format!("{name} bucket {}", code_short(bucket, 80)),
        Some(Evidence::Declared { name: declared, .. }) => format!("{name} “{}”", inline(&shorten(declared, 80))),
        None => {
            let of = server.users.first().map(|user| inline(&shorten(&member_of(fleet, user.unit).name, 60))).unwrap_or_default();
            match server.users.first().and_then(|user| user.via.first()) {
                Some(via) => format!("{name} of {of} by {}", code_short(via, 60)),
                None => format!("{name} of {of}"),
            }
        }
    }
}

/// What people call a family, without an article: it stands in headings and before `at`.
pub(super) fn family_name(family: &str) -> String {
    let name = store_name(family);
    let bare = ["an ", "a ", "the "].iter().find_map(|article| name.strip_prefix(article)).unwrap_or(&name);
    if family == "http" { "HTTP APIs".to_owned() } else { capitalized(bare) }
}

pub(super) fn member_of(fleet: &Fleet, unit: usize) -> &Member {
    let unit: &Unit = &fleet.units[unit];
    &fleet.members[unit.member]
}

/// Anchors that stay while the evidence does.
fn anchors(fleet: &Fleet, family: &Family) -> Vec<String> {
    let plain = |server: &Server| match server.evidence.first() {
        Some(Evidence::Host { host, .. }) => host.name.clone(),
        Some(Evidence::Kept { object, key, .. }) => format!("{object} {key}"),
        Some(Evidence::Declared { name, .. } | Evidence::Bucket { name }) => name.clone(),
        None => {
            let of = server.users.first().map(|user| member_of(fleet, user.unit).name.to_string()).unwrap_or_default();
            format!("{of} {}", server.users.first().and_then(|user| user.via.first().cloned()).unwrap_or_default())
        }
    };
    let names: Vec<String> = family.servers.iter().map(|server| format!("{} {}", family.name, plain(server))).collect();
    slugs(names.iter().map(String::as_str), "server")
}
