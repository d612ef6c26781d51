//! When a difference fails a check.

use std::str::FromStr;

use crate::model::{HazardSeverity, Severity};

use super::{Diff, HazardChange, How, MessageHow, VariableHow};

/// A change that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// State that is new.
    Added,
    /// State that is gone.
    Removed,
    /// State that is told differently.
    Changed,
    /// A new or greater risk of this severity or a worse one, unless it is accepted.
    Hazard(HazardSeverity),
    /// A variable that a service cannot start without, and could before.
    Variable,
    /// A service that can no longer run as several replicas, or only with care.
    Verdict,
    /// More connections than a server takes.
    Capacity,
    /// A new warning or error on the input or the configuration.
    Warning,
}

/// What fails, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub on: FailOn,
    /// How many changes.
    pub count: usize,
}

const WORDS: &[(&str, FailOn)] = &[
    ("added", FailOn::Added),
    ("removed", FailOn::Removed),
    ("changed", FailOn::Changed),
    ("hazard", FailOn::Hazard(HazardSeverity::Low)),
    ("low", FailOn::Hazard(HazardSeverity::Low)),
    ("medium", FailOn::Hazard(HazardSeverity::Medium)),
    ("high", FailOn::Hazard(HazardSeverity::High)),
    ("variable", FailOn::Variable),
    ("verdict", FailOn::Verdict),
    ("capacity", FailOn::Capacity),
    ("warning", FailOn::Warning),
];

impl FailOn {
    /// The words that may be given.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// What fails, in words: `new or worse hazards, medium or worse`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FailOn::Added => "added state",
            FailOn::Removed => "removed state",
            FailOn::Changed => "changed state",
            FailOn::Hazard(HazardSeverity::Low) => "new or worse hazards",
            FailOn::Hazard(HazardSeverity::Medium) => "new or worse hazards of medium or high severity",
            FailOn::Hazard(HazardSeverity::High) => "new or worse hazards of high severity",
            FailOn::Variable => "new required variables",
            FailOn::Verdict => "services that no longer run as several replicas as before",
            FailOn::Capacity => "stores asked for more connections than they take",
            FailOn::Warning => "new warnings",
        }
    }
}

impl FromStr for FailOn {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, on)| *on).ok_or(())
    }
}

impl Diff<'_> {
    /// What of the difference fails.
    #[must_use]
    pub fn failed(&self, on: &[FailOn]) -> Vec<Failed> {
        let count = |on: FailOn| match on {
            FailOn::Added => self.items(How::Added).count(),
            FailOn::Removed => self.items(How::Removed).count(),
            FailOn::Changed => self.items(How::Changed).count(),
            FailOn::Hazard(least) => {
                let fails = |change: &&HazardChange<'_>| change.is_new_risk() && change.severity() >= least;
                self.hazards.iter().filter(fails).count()
            }
            FailOn::Variable => self.variables.iter().filter(|change| change.how == VariableHow::Required).count(),
            FailOn::Verdict => self.verdicts.iter().filter(|change| change.worse).count(),
            FailOn::Capacity => self.capacity.iter().filter(|change| change.newly_over).count(),
            FailOn::Warning => {
                let new = self.messages.iter().filter(|change| change.how == MessageHow::Appeared);
                new.filter(|change| change.message.severity > Severity::Note).count()
            }
        };
        on.iter().map(|&on| Failed { on, count: count(on) }).filter(|failed| failed.count > 0).collect()
    }
}
