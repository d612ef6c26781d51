//! Hazards while a rule writes them: what the rule says of all holds until this one says it better.

use smol_str::format_smolstr;

use super::{Fleet, Rule};
use crate::model::{Confidence, Evidence, Hazard, HazardSeverity, Item, Place, Sketch};

impl Rule {
    /// A hazard about one item; `message` is one clause of prose with the numbers.
    #[must_use]
    pub fn about(&self, item: &Item, severity: HazardSeverity, message: impl Into<String>) -> Hazard {
        Hazard {
            id: format_smolstr!("{}@{}", self.id, item.id),
            rule: self.id.into(),
            severity,
            confidence: item.confidence,
            items: vec![item.id.clone()],
            services: item.services.clone(),
            message: match &item.cfg {
                // What is not built by default is not there by default.
                Some(cfg) => format!("{} ({cfg})", message.into()),
                None => message.into(),
            },
            arithmetic: None,
            evidence: Vec::new(),
            symptom: self.symptom.to_owned(),
            remedy: self.remedy.to_owned(),
            sketch: self.sketch.map(|(language, text)| Sketch { language: language.into(), text: text.to_owned() }),
            ends_when: self.ends_when.to_owned(),
            acknowledged: None,
        }
    }
}

impl Hazard {
    /// It names a further item.
    #[must_use]
    pub fn with(mut self, item: &Item) -> Self {
        if !self.items.contains(&item.id) {
            self.items.push(item.id.clone());
        }
        self
    }

    /// One more thing that it is drawn from.
    #[must_use]
    pub fn because(mut self, what: impl Into<String>, at: Option<&Place>) -> Self {
        self.evidence.push(Evidence { what: what.into(), at: at.cloned() });
        self
    }

    /// So many copies run of what it is about.
    #[must_use]
    pub fn run_by(self, fleet: &Fleet<'_>) -> Self {
        self.because(format!("{} of {}", fleet.copies(), fleet.name()), Some(fleet.place()))
    }

    /// How its numbers come about.
    #[must_use]
    pub fn adding_up(mut self, arithmetic: impl Into<String>) -> Self {
        self.arithmetic = Some(arithmetic.into());
        self
    }

    /// What one would see of this one.
    #[must_use]
    pub fn seen_as(mut self, symptom: impl Into<String>) -> Self {
        self.symptom = symptom.into();
        self
    }

    /// What to do about this one.
    #[must_use]
    pub fn mended_by(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// A sketch that fits this one.
    #[must_use]
    pub fn sketched(mut self, language: &'static str, text: impl Into<String>) -> Self {
        self.sketch = Some(Sketch { language: language.into(), text: text.into() });
        self
    }

    /// It is less sure than its item.
    #[must_use]
    pub fn at_most(mut self, confidence: Confidence) -> Self {
        self.confidence = self.confidence.min(confidence);
        self
    }
}
