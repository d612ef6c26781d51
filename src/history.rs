//! History: what came and went on the map from one release to the next, or from one commit to the next.
//!
//! Every point is analysed anew with this version of the program, so a change is one of the code and not of what is found.

use serde::Serialize;
use smol_str::SmolStr;

use crate::diff::{Diff, FactChange, HazardHow, How, VariableHow, Version};
use crate::model::{HazardSeverity, Item, ItemId, Kind};
use crate::progress::Progress;
use crate::source::git::{Point, Repository};
use crate::source::{MemoryTree, Tree};
use crate::{Analysis, Options, Parsed, analyze_alike};

/// What differs between two points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The newer point: a tag, else the commit in short.
    pub name: String,
    /// Its commit.
    pub commit: String,
    /// The day of the commit, in UTC.
    pub day: String,
    /// The point that it is compared with.
    pub since: String,
    /// Pieces of state that are new, by kind and id.
    pub added: Vec<Told>,
    /// Pieces of state that are gone.
    pub removed: Vec<Told>,
    /// Pieces of state that are told otherwise, with what differs.
    pub changed: Vec<Told>,
    /// Hazards that are new or worse, the most severe first.
    pub risks: Vec<Risk>,
    /// Hazards that are gone.
    pub gone: Vec<Risk>,
    /// Variables that must be set from here on.
    pub required: Vec<String>,
}

/// A piece of state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its id at the newer point; at the older one when it is gone.
    pub id: ItemId,
    /// What sort of state.
    pub kind: Kind,
    /// Its short name.
    pub name: SmolStr,
    /// One sentence without a full stop.
    pub summary: String,
    /// The keys of the facts that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<SmolStr>,
}

/// A hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// The rule that found it.
    pub rule: SmolStr,
    /// How bad it is, or was.
    pub severity: HazardSeverity,
    /// What happens.
    pub message: String,
}

impl Step {
    /// Nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let state = self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty();
        state && self.risks.is_empty() && self.gone.is_empty() && self.required.is_empty()
    }
}

/// The last few steps, the newest first: at most `most`, from tag to tag where there are two, else from commit to commit that
/// touched the analysed folder. Steps without a difference are left out.
///
/// # Errors
/// When the history cannot be read, or objects of a point are not in the clone.
pub fn history(repository: &Repository, options: &Options, most: usize, progress: &dyn Progress) -> anyhow::Result<Vec<Step>> {
    let points = repository.points(most + 1)?;
    let parsed = Parsed::default();
    let mut steps = Vec::new();
    let mut before: Option<(&Point, Analysis)> = None;
    for point in points.iter().rev() {
        let analysis = analysed(repository, point, options, progress, &parsed)?;
        if let Some((older, old)) = &before {
            let diff = Diff::of(Version { name: &older.name, map: &old.map }, Version { name: &point.name, map: &analysis.map }, false);
            steps.push(step(&diff, point, older));
        }
        before = Some((point, analysis));
    }
    steps.retain(|step| !step.is_empty());
    steps.reverse();
    Ok(steps)
}

fn analysed(
    repository: &Repository,
    point: &Point,
    options: &Options,
    progress: &dyn Progress,
    parsed: &Parsed,
) -> anyhow::Result<Analysis> {
    let commit = repository.commit(&point.commit)?;
    let tree = repository.tree(&commit)?;
    let nothing = MemoryTree::default();
    let read: &dyn Tree = tree.as_ref().map_or(&nothing, |tree| tree);
    let analysis = analyze_alike(read, &repository.revision(&commit), options, progress, parsed)?;
    if let Some(lacking) = tree.as_ref().and_then(|tree| tree.lacking().into_iter().next()) {
        anyhow::bail!("the clone lacks `{}` of `{}`: {}", lacking.path, point.name, repository.help_for_missing());
    }
    Ok(analysis)
}

fn step(diff: &Diff<'_>, point: &Point, older: &Point) -> Step {
    let told = |item: &Item, facts: &[FactChange<'_>]| {
        let mut keys: Vec<SmolStr> = facts.iter().map(|fact| fact.key.clone()).collect();
        keys.dedup();
        Told { id: item.id.clone(), kind: item.kind, name: item.name.clone(), summary: item.summary.clone(), facts: keys }
    };
    let of = |how| diff.items(how).map(|change| told(change.item, &change.facts)).collect();
    let risks = |wanted: &dyn Fn(HazardHow) -> bool| -> Vec<Risk> {
        let hazards = diff.hazards.iter().filter(|change| wanted(change.how)).filter_map(|change| change.hazard());
        hazards.map(|one| Risk { rule: one.rule.clone(), severity: one.severity, message: one.message.clone() }).collect()
    };
    Step {
        name: point.name.clone(),
        commit: point.commit.clone(),
        day: point.day.clone(),
        since: older.name.clone(),
        added: of(How::Added),
        removed: of(How::Removed),
        changed: of(How::Changed),
        risks: risks(&|how| matches!(how, HazardHow::Appeared | HazardHow::Worse)),
        gone: risks(&|how| how == HazardHow::Gone),
        required: diff.variables.iter().filter(|one| one.how == VariableHow::Required).map(|one| one.name.clone()).collect(),
    }
}
