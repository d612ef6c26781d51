//! What can be explained, and which of it a word means.

use statemap::annotations::nearest;
use statemap::assess::{FAILURES, RULES, SYMPTOMS};
use statemap::detect::DETECTORS;
use statemap::model::{Kind, Scope};

/// One text of the reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Topic {
    pub(super) section: Section,
    /// The word that it is asked for with.
    pub(super) id: &'static str,
    /// What it is, in a few words.
    pub(super) title: &'static str,
    /// The text, as Markdown.
    pub(super) docs: &'static str,
}

/// What a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Kind,
    Scope,
    Hazard,
    Symptom,
    Failure,
    Detector,
}

impl Section {
    /// All of them, in the order in which they are listed.
    pub(super) const ALL: [Section; 6] =
        [Section::Kind, Section::Scope, Section::Hazard, Section::Symptom, Section::Failure, Section::Detector];

    pub(super) fn word(self) -> &'static str {
        match self {
            Section::Kind => "kind",
            Section::Scope => "scope",
            Section::Hazard => "hazard",
            Section::Symptom => "symptom",
            Section::Failure => "failure",
            Section::Detector => "detector",
        }
    }

    /// What stands above the list, and above the titles in it.
    pub(super) fn headings(self) -> (&'static str, &'static str) {
        match self {
            Section::Kind => ("Kinds of state", "one item is"),
            Section::Scope => ("Scopes", "where state lives"),
            Section::Hazard => ("Hazards", "what the rule finds"),
            Section::Symptom => ("Symptoms", "what one sees"),
            Section::Failure => ("Failures", "what goes away"),
            Section::Detector => ("Detectors", "what it finds"),
        }
    }
}

/// What a word leads to.
#[derive(Debug)]
pub(super) enum Found {
    /// The text of this name.
    Text(Topic),
    /// Texts that speak of it; there is none of this name.
    Mentions(Vec<Topic>),
    /// Nothing, and the name that is perhaps meant.
    Nothing(Option<&'static str>),
}

/// Every text, section by section.
pub(super) fn topics() -> Vec<Topic> {
    let kinds = Kind::ALL.iter().map(|kind| (Section::Kind, kind.as_str(), kind.title(), kind.docs()));
    let scopes = Scope::ALL.iter().map(|scope| (Section::Scope, scope.as_str(), scope.title(), scope.docs()));
    let hazards = RULES.iter().map(|rule| (Section::Hazard, rule.id, rule.title, rule.docs));
    let symptoms = SYMPTOMS.iter().map(|symptom| (Section::Symptom, symptom.id, symptom.parts().title, symptom.docs));
    let failures = FAILURES.iter().map(|failure| (Section::Failure, failure.id, failure.parts().title, failure.docs));
    let detectors = DETECTORS.iter().map(|detector| (Section::Detector, detector.id, detector.summary, detector.docs));
    let all = kinds.chain(scopes).chain(hazards).chain(symptoms).chain(failures).chain(detectors);
    all.map(|(section, id, title, docs)| Topic { section, id, title, docs }).collect()
}

/// What a word means: a name, the id of an item or a hazard, else a word that texts speak of.
pub(super) fn find(word: &str, topics: &[Topic]) -> Found {
    let name = name_of(word);
    let plural = || Kind::ALL.iter().find(|kind| kind.plural().to_lowercase() == name).map(|kind| kind.as_str());
    let named = |name: &str| topics.iter().find(|topic| topic.id == name);
    if let Some(topic) = named(&name).or_else(|| named(plural()?)) {
        return Found::Text(*topic);
    }
    let wanted = word.trim().to_lowercase();
    let that = |how: fn(&str, &str) -> bool| -> Vec<Topic> {
        topics.iter().filter(|topic| !wanted.is_empty() && how(&topic.docs.to_lowercase(), &wanted)).copied().collect()
    };
    let whole = that(has_word);
    if !whole.is_empty() {
        return Found::Mentions(whole);
    }
    if let Some(near) = nearest(&name, topics.iter().map(|topic| topic.id)) {
        return Found::Nothing(topics.iter().map(|topic| topic.id).find(|id| *id == near));
    }
    let part = that(|text, word| text.contains(word));
    if part.is_empty() { Found::Nothing(None) } else { Found::Mentions(part) }
}

/// The name in a word: the rule of a hazard (`rule@item`), the kind of an item (`kind:path`), else the word.
fn name_of(word: &str) -> String {
    let rule = word.split('@').next().unwrap_or_default();
    let name = rule.split(':').next().unwrap_or_default();
    name.trim().to_lowercase().replace('_', "-")
}

/// Whether a text has a word by itself, not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let stands_alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    text.match_indices(word)
        .any(|(at, _)| stands_alone(text[..at].chars().next_back()) && stands_alone(text[at + word.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_share_a_name() {
        let mut ids: Vec<&str> = topics().iter().map(|topic| topic.id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn ids_of_items_and_hazards_lead_to_their_kind_and_rule() {
        assert_eq!(name_of("cache:shop::Catalogue::new#moka::future::Cache"), "cache");
        assert_eq!(name_of("ephemeral-file@fs-write:shop::reports::create#/tmp/report.csv"), "ephemeral-file");
        assert_eq!(name_of("Thread_Local"), "thread-local");
    }

    #[test]
    fn a_word_stands_alone() {
        assert!(has_word("a sticky-session of", "sticky"));
        assert!(!has_word("unsticky", "sticky") && !has_word("sticky_bit", "sticky"));
    }
}
