//! Hazards against `[policy] fail_on`: those that nobody has accepted, and that no baseline lets through.

use crate::annotations::{CONFIG_FILE, Level};
use crate::model::{Diagnostic, Hazard, Severity};

use super::policy::State;
use super::{Finding, Paste};

/// The hazards that fail the check, the baseline aside.
pub(super) fn failing<'a>(state: &State<'a>) -> impl Iterator<Item = &'a Hazard> {
    let least = state.config.policy.fail_on;
    state.map.hazards.iter().filter(move |hazard| crate::assess::fails(hazard, least))
}

/// A finding for each of them that is new.
pub(super) fn findings(state: &State<'_>) -> Vec<Finding> {
    let is_new = |hazard: &&Hazard| state.baseline.is_none_or(|(baseline, _)| !baseline.has(&hazard.id));
    failing(state).filter(is_new).filter_map(|hazard| finding(state, hazard)).collect()
}

fn finding(state: &State<'_>, hazard: &Hazard) -> Option<Finding> {
    let message = format!("{} hazard `{}`: {}", hazard.severity.as_str(), hazard.rule, hazard.message);
    let mut diagnostic = Diagnostic::new(Severity::Error, "hazard", message);
    if let Some(at) = hazard.evidence.iter().find_map(|one| one.at.as_ref()) {
        diagnostic = diagnostic.in_file(at.file.clone()).at_line(at.line);
    }
    let reckoned = hazard.arithmetic.as_ref().map(|sum| format!("{sum}; ")).unwrap_or_default();
    let help = format!(
        "{reckoned}{}; `statemap explain {}` tells more, and to accept it, put this into {CONFIG_FILE}",
        hazard.remedy, hazard.rule
    );
    let mut finding = Finding::new(Level::Deny, diagnostic.help(help))?;
    finding.id = Some(hazard.id.clone());
    let item = hazard.items.first()?;
    let quoted = |text: &str| crate::annotations::quoted_toml(text);
    let text = format!(
        "[[state]]\nid = {}\nacknowledge = [{}]\nreason = \"\"\ndate = {}",
        quoted(item.as_str()),
        quoted(&hazard.rule),
        state.today
    );
    finding.paste = Some(Paste { file: CONFIG_FILE.into(), line: None, text });
    Some(finding)
}
