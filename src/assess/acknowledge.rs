//! Acknowledgements: which hazards people know of and accept, and acknowledgements of what is not there.

use std::collections::BTreeMap;

use super::{RULES, rule};
use crate::annotations::nearest::nearest;
use crate::model::{Acknowledged, Diagnostic, Hazard, Item, Place, Severity};

/// Marks what is acknowledged; says which acknowledgements name no rule, or nothing that is found any more.
pub(super) fn acknowledge(hazards: &mut [Hazard], items: &[Item]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    // By name and place: of a pattern that speaks of many items, one that has the hazard is enough.
    let mut used: BTreeMap<(&str, Option<&Place>), Option<&Item>> = BTreeMap::new();
    for item in items {
        let Some(annotation) = item.annotation.as_ref().filter(|annotation| !annotation.acknowledge.is_empty()) else { continue };
        let accepted = Acknowledged {
            reason: annotation.reason.clone().unwrap_or_default(),
            owner: annotation.owner.clone(),
            date: annotation.date.clone(),
            until: annotation.expires.clone(),
            at: annotation.places.clone(),
        };
        for name in &annotation.acknowledge {
            let about = |hazard: &&mut Hazard| hazard.items.first() == Some(&item.id) && (hazard.rule == *name || hazard.id == *name);
            let mut found = false;
            for hazard in hazards.iter_mut().filter(about) {
                hazard.acknowledged = Some(accepted.clone());
                found = true;
            }
            let first = used.entry((name, annotation.places.first())).or_insert(Some(item));
            if found {
                *first = None;
            }
        }
    }
    for ((name, place), unmet) in used {
        let of_rule = name.split('@').next().unwrap_or(name);
        let diagnostic = match (rule(of_rule), unmet) {
            (None, _) => {
                let help = match nearest(of_rule, RULES.iter().map(|rule| rule.id)) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "`statemap explain` lists the rules".to_owned(),
                };
                Diagnostic::new(Severity::Warning, "unknown-hazard", format!("`acknowledge` names no hazard: `{name}`")).help(help)
            }
            (Some(_), Some(item)) => {
                let message = format!("`acknowledge` of `{}` names `{name}`, which is not found there", item.id);
                let help = "take it out, or leave it for when the hazard comes back";
                Diagnostic::new(Severity::Note, "needless-acknowledgement", message).help(help)
            }
            (Some(_), None) => continue,
        };
        diagnostics.push(match place {
            Some(place) => diagnostic.in_file(place.file.clone()).at_line(place.line),
            None => diagnostic,
        });
    }
    diagnostics
}
