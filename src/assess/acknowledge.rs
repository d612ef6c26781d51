//! Acknowledgements: which hazards people know of and accept, and acknowledgements of what is not there.

use super::{RULES, rule};
use crate::annotations::nearest::nearest;
use crate::model::{Acknowledged, Diagnostic, Hazard, Item, Severity};

/// Marks what is acknowledged; says which acknowledgements name no rule, or nothing that is found any more.
pub(super) fn acknowledge(hazards: &mut [Hazard], items: &[Item]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
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
            let of_rule = name.split('@').next().unwrap_or(name);
            let mut say = |severity, code: &'static str, message: String, help: String| {
                let mut diagnostic = Diagnostic::new(severity, code, message).help(help);
                if let Some(place) = annotation.places.first() {
                    diagnostic = diagnostic.in_file(place.file.clone()).at_line(place.line);
                }
                diagnostics.push(diagnostic);
            };
            if rule(of_rule).is_none() {
                let known = nearest(of_rule, RULES.iter().map(|rule| rule.id));
                let help = match known {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "`statemap explain hazards` lists the rules".to_owned(),
                };
                say(Severity::Warning, "unknown-hazard", format!("`acknowledge` names no hazard: `{name}`"), help);
            } else if !found {
                let message = format!("`acknowledge` of `{}` names `{name}`, which is not found there", item.id);
                say(
                    Severity::Note,
                    "needless-acknowledgement",
                    message,
                    "take it out, or leave it for when the hazard comes back".to_owned(),
                );
            }
        }
    }
    diagnostics
}
