//! The pages of hazards: what would be raised first over all services, and each rule with what it found where.

use std::collections::BTreeSet;

use crate::assess::{RULES, Rule};
use crate::fleet::{FleetHazard, hazards};
use crate::model::Confidence;

use super::super::escape::{inline, prose, shorten};
use super::super::hazards::{accepted, fenced};
use super::super::item_view::{clause, sentence};
use super::rows::{SERVICES, few, part, part_page, review, service_row, severity, units};
use super::site::{HAZARDS, Site, relative_here};
use super::view::{HazardsOfAll, RulePage, RuleRow};

/// At most so many services stand in the table of those with hazards.
const ROWS: usize = 100;
/// Hazards on one page of a rule.
const HAZARDS_OF_A_PAGE: usize = 150;

/// The page that tells of all hazards.
pub(super) fn hazards_page(site: &Site<'_>, page: &str, index: String) -> HazardsOfAll {
    let fleet = site.fleet;
    let mut worst: Vec<usize> = (0..fleet.units.len()).filter(|&at| fleet.units[at].hazards != [0; 3]).collect();
    worst.sort_by_key(|&at| (std::cmp::Reverse(fleet.units[at].hazards), at));
    let (worst, services_more) = few(worst, ROWS);
    HazardsOfAll {
        review: review(site, page),
        services: worst.into_iter().map(|at| service_row(site, at, page)).collect(),
        services_more,
        accepted: hazards(fleet).iter().filter(|one| one.hazard.acknowledged.is_some()).count(),
        index,
    }
}

/// The pages of a rule: each with its path; none when it found nothing.
pub(super) fn rule_pages(site: &Site<'_>, all: &[FleetHazard<'_>], rule: &'static Rule) -> Vec<(String, RulePage)> {
    let here: Vec<&FleetHazard<'_>> = all.iter().filter(|one| one.hazard.rule == rule.id).collect();
    let base = format!("src/hazards/{}.md", rule.id);
    let parts = here.len().div_ceil(HAZARDS_OF_A_PAGE);
    let services: BTreeSet<usize> = here.iter().flat_map(|one| one.units.iter().copied()).collect();
    let page = |number: usize| {
        let page = part_page(&base, number);
        let range = (number - 1) * HAZARDS_OF_A_PAGE..(number * HAZARDS_OF_A_PAGE).min(here.len());
        let view = RulePage {
            rule: inline(rule.id),
            title: inline(rule.title),
            symptom: sentence(rule.symptom),
            remedy: sentence(rule.remedy),
            ends_when: clause(rule.ends_when),
            sketch: here.iter().find_map(|one| one.hazard.sketch.as_ref()).map(fenced),
            rows: here[range].iter().map(|one| rule_row(site, one, &page)).collect(),
            total: here.len(),
            services: services.len(),
            part: part(&base, number, parts, &page),
            index: relative_here(&page, HAZARDS),
        };
        (page, view)
    };
    (1..=parts).map(page).collect()
}

fn rule_row(site: &Site<'_>, one: &FleetHazard<'_>, page: &str) -> RuleRow {
    let hazard = one.hazard;
    let layout = &site.layouts[one.member];
    let held: Vec<_> = hazard.items.iter().filter_map(|id| layout.item(id.as_str())).collect();
    let (items, items_more) = layout.some(&held, 3, page);
    let (services, services_more) = units(site, &one.units, SERVICES, page);
    let services = if services.is_empty() { vec![site.member(one.member, page)] } else { services };
    RuleRow {
        severity: severity(hazard.severity),
        services,
        services_more,
        message: sentence(&hazard.message),
        arithmetic: hazard.arithmetic.as_deref().map(|text| prose(&shorten(text, 400))),
        items,
        items_more,
        likely: hazard.confidence < Confidence::Certain,
        accepted: hazard.acknowledged.as_ref().map(accepted),
    }
}

/// The rules that found something, in their order.
pub(super) fn rules(all: &[FleetHazard<'_>]) -> Vec<&'static Rule> {
    RULES.iter().filter(|rule| all.iter().any(|one| one.hazard.rule == rule.id)).collect()
}
