//! What is said of a change, in plain words, for both forms; whoever shows it escapes it.

use std::collections::BTreeSet;

use crate::diff::{Aspect, FactChange, HazardHow, VariableChange, VariableHow};
use crate::model::{Answer, Fact, Provenance, SetBy};

/// Where a value comes from, to stand behind it; empty for the code itself.
pub(super) fn origin(fact: &Fact) -> Option<String> {
    let from = fact.from.as_deref();
    Some(match (fact.provenance, from) {
        (Provenance::Default, _) => "the library's default".to_owned(),
        (Provenance::Env, Some(from)) => format!("unless `{from}` is set"),
        (Provenance::Settings, Some(from)) => format!("settings `{from}`"),
        (Provenance::Annotated, _) => "annotated".to_owned(),
        (Provenance::Manifest, Some(from)) => format!("by `{from}`"),
        (Provenance::Code, Some(from)) if fact.value.is_some() => format!("unless `{from}` gives another"),
        _ => return None,
    })
}

/// What a place outside the code is called: `ConfigMap/shop-config` in production.
pub(super) fn setter(set: &SetBy) -> String {
    let environment = set.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
    format!("`{}`{environment}", set.source)
}

/// What became of a hazard.
pub(super) fn hazard(how: HazardHow) -> &'static str {
    match how {
        HazardHow::Appeared => "new",
        HazardHow::Worse => "worse",
        HazardHow::Reopened => "no longer accepted",
        HazardHow::Changed => "changed",
        HazardHow::Better => "better",
        HazardHow::Accepted => "accepted",
        HazardHow::Gone => "gone",
    }
}

/// What became of a variable, to follow its name. What it says of a default is followed by it.
pub(super) fn variable(change: &VariableChange<'_>) -> &'static str {
    match change.how {
        VariableHow::Required => "must be set: the service does not start without it",
        VariableHow::Added => "is read now",
        VariableHow::Default if change.default_after.is_none() => "no longer has the default",
        VariableHow::Default if change.default_before.is_none() => "has a default now:",
        VariableHow::Default => "has another default:",
        VariableHow::Optional => "may be left out now",
        VariableHow::Removed => "is no longer read",
    }
}

/// The label of an aspect.
pub(super) fn aspect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Class => "class",
        Aspect::Scope => "where it lives",
        Aspect::Type => "type",
        Aspect::BacksOn => "backed by",
        Aspect::Services => "services",
        Aspect::Total => "all replicas",
        Aspect::WhenStopped => "when the service stops",
        Aspect::Copies => "one copy for each",
        Aspect::AtTwo => "with two replicas",
        Aspect::Lost => "lost with it",
        Aspect::Condition => "built",
        Aspect::Confidence => "confidence",
        Aspect::Annotation => "annotation",
        Aspect::Summary => "summary",
    }
}

/// Whether a service can run as several replicas, to follow a colon.
pub(super) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::WithCare => "with care",
        Answer::No => "no",
    }
}

/// What a list has that it had not, and what it had: the lists themselves are too long to compare by eye.
pub(super) fn list_change<'t>(before: &'t str, after: &'t str) -> Option<(Vec<&'t str>, Vec<&'t str>)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split(", ").collect(), after.split(", ").collect());
    let (had, has): (BTreeSet<&str>, BTreeSet<&str>) = (old.iter().copied().collect(), new.iter().copied().collect());
    let shared = had.intersection(&has).count();
    let is_list = |list: &[&str]| list.len() >= 3 && list.iter().all(|entry| !entry.is_empty() && entry.len() <= 60);
    if !is_list(&old) || !is_list(&new) || shared * 2 < old.len().min(new.len()) {
        return None;
    }
    let added: Vec<&str> = new.into_iter().filter(|entry| !had.contains(entry)).collect();
    let removed: Vec<&str> = old.into_iter().filter(|entry| !has.contains(entry)).collect();
    (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
}

/// Whether a change is only that a library's default is stated, or no longer is: as a rule, because more or less of the code that
/// sets options is understood.
pub(super) fn is_default_only(change: &FactChange<'_>) -> bool {
    let is_default = |fact: &Fact| fact.provenance == Provenance::Default;
    match (change.before, change.after) {
        (Some(fact), None) | (None, Some(fact)) => is_default(fact),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_lists_only_what_differs_is_told() {
        assert_eq!(list_change("a, b, c", "a, c, d, b"), Some((vec!["d"], vec![])));
        assert_eq!(list_change("a, b, c, d", "a, c, d"), Some((vec![], vec!["b"])));
        assert_eq!(list_change("a, b", "a, c"), None, "two are seen at a glance");
        assert_eq!(list_change("a, b, c", "x, y, z"), None, "another list altogether");
        assert_eq!(list_change("a, b, c", "c, b, a"), None, "another order");
    }
}
