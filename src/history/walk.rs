//! Walks a repository from point to point.

use super::{FactStep, History, Risk, Step, Told};
use crate::diff::{Diff, FactChange, HazardHow, How, VariableHow, Version};
use crate::model::Item;
use crate::progress::Progress;
use crate::source::git::{Point, Repository};
use crate::source::{MemoryTree, Tree};
use crate::{Analysis, Options, Parsed, analyze_alike};

/// The last few steps, at most `most`: from tag to tag where there are two, else from commit to commit that touched the analysed
/// folder. None when there is nothing to compare: one commit, or a clone that holds no more.
///
/// # Errors
/// When the history cannot be read, or objects of a point are not in the clone.
pub fn history(repository: &Repository, options: &Options, most: usize, progress: &dyn Progress) -> anyhow::Result<Option<History>> {
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
    Ok(match points.as_slice() {
        [newest, .., oldest] => Some(History { from: oldest.name.clone(), to: newest.name.clone(), steps }),
        _ => None,
    })
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
        let of = |fact: &FactChange<'_>| FactStep { key: fact.key.clone(), before: fact.before.cloned(), after: fact.after.cloned() };
        let facts = facts.iter().filter(|fact| !fact.is_set_only()).map(of).collect();
        Told { id: item.id.clone(), kind: item.kind, name: item.name.clone(), summary: item.summary.clone(), facts }
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
        subject: point.subject.clone(),
        since: older.name.clone(),
        added: of(How::Added),
        removed: of(How::Removed),
        changed: of(How::Changed),
        risks: risks(&|how| matches!(how, HazardHow::Appeared | HazardHow::Worse)),
        gone: risks(&|how| how == HazardHow::Gone),
        required: diff.variables.iter().filter(|one| one.how == VariableHow::Required).map(|one| one.name.clone()).collect(),
    }
}
