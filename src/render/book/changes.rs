//! The page of what came and went from release to release, where there is a git history.

use crate::history::{FactStep, History, Risk, Step, Told};
use crate::model::{Fact, FactValue};

use super::super::RenderError;
use super::super::blind::short_revision;
use super::super::escape::{code, code_short, inline, shorten};
use super::super::files::{CHANGES, INDEX, relative};
use super::super::item_view::{BEHAVIOUR, clause};
use super::super::layout::first_few;
use super::super::view::{ChangeOfFact, ChangeOfItem, ChangeOfRisk, ChangesPage, ChangesStep, ChangesTold};
use super::super::words::{label, value};
use super::{Book, Chapters};

/// At most so many entries of a list in one step.
const ENTRIES: usize = 30;
/// At most so many facts of one item.
const FACTS: usize = 6;
/// At most so many characters of a name.
const NAME: usize = 60;
/// At most so many characters of what somebody said of a commit.
const SUBJECT: usize = 120;

impl Book<'_> {
    pub(super) fn changes_page(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        let Some(History { from, to, steps }) = &self.options.history else { return Ok(()) };
        let view = ChangesPage {
            from: code_short(from, NAME),
            to: code_short(to, NAME),
            steps: steps.iter().map(|step| self.step(step)).collect(),
            index: relative(CHANGES, INDEX),
        };
        chapters.add(CHANGES, "changes-page.md.tera", &view)
    }

    fn step(&self, step: &Step) -> ChangesStep {
        // A point without a tag is named after its commit.
        let is_commit = step.commit.starts_with(&step.name);
        ChangesStep {
            name: inline(&step.name),
            day: step.day.clone(),
            // What a commit does stands in its first line; a release is more than its last commit.
            subject: is_commit.then(|| inline(&shorten(&step.subject, SUBJECT))).filter(|subject| !subject.is_empty()),
            commit: (!is_commit).then(|| code(&short_revision(&step.commit))),
            since: code_short(&step.since, NAME),
            added: self.told(&step.added),
            changed: self.told(&step.changed),
            removed: self.told(&step.removed),
            risks: risks(&step.risks),
            gone: risks(&step.gone),
            required: step.required.iter().map(|name| code_short(name, NAME)).collect(),
        }
    }

    fn told(&self, told: &[Told]) -> ChangesTold {
        let (shown, more) = first_few(told.len(), ENTRIES);
        ChangesTold { items: told[..shown].iter().map(|one| self.item_step(one)).collect(), more }
    }

    fn item_step(&self, told: &Told) -> ChangeOfItem {
        let name = code_short(&told.name, NAME);
        let (shown, facts_more) = first_few(told.facts.len(), FACTS);
        ChangeOfItem {
            kind: told.kind.as_str(),
            // What is on the map of today leads to its place there.
            link: match self.layout.target(&told.id, CHANGES) {
                Some(target) => format!("[{name}]({target})"),
                None => name,
            },
            summary: clause(&told.summary),
            facts: told.facts[..shown].iter().map(fact).collect(),
            facts_more,
        }
    }
}

fn fact(step: &FactStep) -> ChangeOfFact {
    let said = |fact: &Fact| match &fact.value {
        Some(FactValue::Text(text)) if BEHAVIOUR.contains(&fact.key.as_str()) => Some(clause(text)),
        _ => value(fact),
    };
    let of = |fact: &Option<Fact>| fact.as_ref().and_then(said);
    ChangeOfFact { label: label(&step.key), before: of(&step.before), after: of(&step.after) }
}

fn risks(risks: &[Risk]) -> Vec<ChangeOfRisk> {
    risks.iter().map(|risk| ChangeOfRisk { severity: risk.severity.as_str(), message: clause(&risk.message) }).collect()
}
