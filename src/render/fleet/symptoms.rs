//! Symptoms: in which services one may see them, and what causes them there.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::assess::{Cause, SYMPTOMS as ALL_SYMPTOMS, Symptom};
use crate::fleet::{Fleet, holds};
use crate::model::{Class, Hazard, HazardSeverity};

use super::super::item_view::clause;
use super::super::layout::first_few;
use super::super::words::capitalized;
use super::rows::{few, units};
use super::site::{SYMPTOMS, Site, relative_here};
use super::view::{CauseOfService, SymptomPage, SymptomServiceRow};

/// At most so many services have a row.
const ROWS: usize = 150;
/// At most so many causes of one service are told.
const CAUSES: usize = 4;
/// At most so many further services are named.
const OTHERS: usize = 1000;

/// The page of a symptom.
pub(super) fn page_of(symptom: &Symptom) -> String {
    format!("src/symptoms/{}.md", symptom.id)
}

/// A service in which a symptom may be seen.
pub(super) struct Seen<'f> {
    pub(super) unit: usize,
    /// A rule found a hazard behind it.
    pub(super) found: bool,
    pub(super) severity: Option<HazardSeverity>,
    pub(super) causes: Vec<(usize, Cause<'f>)>,
}

/// For each symptom of the reference the services in which it may be seen, those with the worst hazards first.
pub(super) fn seen(fleet: &Fleet) -> Vec<Vec<Seen<'_>>> {
    let units: Vec<Vec<usize>> = (0..fleet.members.len()).map(|at| fleet.units_of(at).collect()).collect();
    let of_symptom = |symptom: &Symptom| {
        let mut out: BTreeMap<usize, Seen<'_>> = BTreeMap::new();
        for (at, of_member_units) in units.iter().enumerate() {
            of_member(fleet, symptom, at, of_member_units, &mut out);
        }
        let mut out: Vec<Seen<'_>> = out.into_values().collect();
        out.sort_by_key(|seen| (Reverse(seen.severity), !seen.found, seen.unit));
        out
    };
    ALL_SYMPTOMS.par_iter().map(of_symptom).collect()
}

fn of_member<'f>(fleet: &'f Fleet, symptom: &Symptom, at: usize, units: &[usize], out: &mut BTreeMap<usize, Seen<'f>>) {
    let map = &fleet.members[at].map;
    for cause in symptom.causes(map).into_iter().filter(|cause| cause.item.class == Class::Mutable) {
        let is_open = |hazard: &&Hazard| {
            cause.rules.contains(&hazard.rule.as_str()) && hazard.acknowledged.is_none() && hazard.items.first() == Some(&cause.item.id)
        };
        let severity = if cause.rules.is_empty() { None } else { map.hazards.iter().filter(is_open).map(|hazard| hazard.severity).max() };
        for &unit in units {
            let service = fleet.service(&fleet.units[unit]).map(|service| service.name.as_str());
            if holds(service, cause.item) {
                let seen = out.entry(unit).or_insert_with(|| Seen { unit, found: false, severity: None, causes: Vec::new() });
                seen.found |= !cause.rules.is_empty();
                seen.severity = seen.severity.max(severity);
                seen.causes.push((at, Cause { item: cause.item, rules: cause.rules.clone(), why: cause.why }));
            }
        }
    }
}

/// The page of a symptom, by its place in the reference; none where nothing can cause it.
pub(super) fn symptom_page(site: &Site<'_>, at: usize) -> Option<SymptomPage> {
    let symptom = &ALL_SYMPTOMS[at];
    let page = page_of(symptom);
    let all = &site.seen[at];
    if all.is_empty() {
        return None;
    }
    let parts = symptom.parts();
    // Services in which a rule found something have a row; where none did, all have one if they are few.
    let told = |seen: &Seen<'_>| seen.found;
    let any = all.iter().any(told);
    let (rows, rest): (Vec<&Seen<'_>>, Vec<&Seen<'_>>) = all.iter().partition(|seen| !any || told(seen));
    let (shown, _) = first_few(rows.len(), ROWS);
    let others: Vec<usize> = rows[shown..].iter().chain(&rest).map(|seen| seen.unit).collect();
    let (others, others_more) = units(site, &others, OTHERS, &page);
    let row = |seen: &&Seen<'_>| {
        let cause = |(member, cause): &(usize, Cause<'_>)| CauseOfService {
            item: site.item(*member, cause.item, &page),
            why: clause(&if cause.rules.is_empty() { cause.why.to_owned() } else { capitalized(cause.why) }),
        };
        let (causes, more) = few(seen.causes.iter().collect::<Vec<_>>(), CAUSES);
        SymptomServiceRow {
            service: site.unit(seen.unit, &page),
            severity: seen.severity.map(HazardSeverity::as_str),
            causes: causes.into_iter().map(cause).collect(),
            more,
        }
    };
    Some(SymptomPage {
        title: parts.title,
        words: parts.words,
        about: parts.about,
        first: parts.first,
        confirm: parts.confirm.iter().map(|way| capitalized(way)).collect(),
        meanwhile: parts.meanwhile.to_owned(),
        rows: rows[..shown].iter().map(row).collect(),
        others,
        others_more,
        index: relative_here(&page, SYMPTOMS),
    })
}
