//! What is said of a change, in plain words, for both forms; whoever shows it escapes it.

use crate::diff::{Aspect, HazardHow, VariableHow};
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

/// What became of a variable, to follow its name.
pub(super) fn variable(how: VariableHow) -> &'static str {
    match how {
        VariableHow::Required => "must be set: the service does not start without it",
        VariableHow::Added => "is read now",
        VariableHow::Default => "has another default",
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
