//! Which item an annotation speaks of, and what to say when there is none.

use std::collections::BTreeMap;

use super::apply::FileComments;
use super::nearest::nearest;
use super::pattern::Pattern;
use crate::facts::Comment;
use crate::model::{Item, Kind, Role};

/// An item whose first site is so many lines below the target of a comment still belongs to it: a builder chain or an
/// attribute stands between.
const REACH: u32 = 3;

/// Beyond this many ids, the nearest one is looked for among those with the same kind only.
const MANY_IDS: usize = 2_000;

/// The sites of all items, by file and line.
pub(super) struct Sites {
    by_file: BTreeMap<smol_str::SmolStr, BTreeMap<u32, Vec<SiteOf>>>,
}

/// One site of an item; the best one to be spoken of sorts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SiteOf {
    role: Role,
    /// The store behind a pool or client has the same place; the comment speaks of what is here.
    elsewhere: bool,
    column: u32,
    item: usize,
}

/// What a comment speaks of.
pub(super) enum Found {
    /// This item.
    Item(usize),
    /// This item, and others just as well.
    Several(usize, Vec<usize>),
    /// None; the nearest item of the file, with the line of its site.
    Nothing(Option<(usize, u32)>),
}

impl Sites {
    pub(super) fn new(items: &[Item]) -> Self {
        let mut by_file: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            for site in &item.sites {
                let elsewhere = item.kind == Kind::ExternalStore;
                let site_of = SiteOf { role: site.role, elsewhere, column: site.place.column, item: index };
                by_file.entry(site.place.file.clone()).or_default().entry(site.place.line).or_default().push(site_of);
            }
        }
        for sites in by_file.values_mut().flat_map(BTreeMap::values_mut) {
            sites.sort_unstable();
        }
        Self { by_file }
    }

    /// The item on the target line, else the first one a few lines further and above the next comment.
    pub(super) fn of_comment(&self, comments: &FileComments<'_>, comment: &Comment) -> Found {
        let Some(lines) = self.by_file.get(comments.file) else { return Found::Nothing(None) };
        let after = comments.comments.partition_point(|other| other.span.line <= comment.span.line);
        let next = comments.comments.get(after).map(|other| other.span.line);
        let trailing = comment.target == comment.span.line;
        let end = if trailing { comment.target } else { comment.target.saturating_add(REACH) };
        let end = next.map_or(end, |next| end.min(next.saturating_sub(1)).max(comment.target));
        if comment.target <= end
            && let Some((_, sites)) = lines.range(comment.target..=end).next()
        {
            let best = sites[0];
            let mut others: Vec<usize> = sites
                .iter()
                .filter(|site| site.role == best.role && site.elsewhere == best.elsewhere && site.item != best.item)
                .map(|site| site.item)
                .collect();
            others.dedup();
            return if others.is_empty() { Found::Item(best.item) } else { Found::Several(best.item, others) };
        }
        let (above, below) = (lines.range(..comment.target).next_back(), lines.range(comment.target..).next());
        let nearest = above.into_iter().chain(below).min_by_key(|(line, _)| line.abs_diff(comment.target));
        Found::Nothing(nearest.map(|(line, sites)| (sites[0].item, *line)))
    }
}

/// What to do about a pattern that matches no id, and the id or pattern that is most likely meant.
pub(super) fn help_for_unmatched(pattern: &str, items: &[Item]) -> (String, Option<String>) {
    let kind = pattern.split(':').next().unwrap_or_default();
    let is_kind = Kind::ALL.iter().any(|known| known.as_str() == kind);
    if !is_kind
        && !kind.contains(['*', '?', '[', '{'])
        && let Some(near) = nearest(kind, Kind::ALL.iter().map(|kind| kind.as_str()))
    {
        let mended = format!("{near}{}", &pattern[kind.len()..]);
        let matches = Pattern::new(&mended).is_ok_and(|mended| items.iter().any(|item| mended.matches(item.id.as_str()).is_some()));
        return (format!("an id starts with a kind: did you mean `{near}`?"), matches.then_some(mended));
    }
    let same_kind = |item: &&Item| items.len() <= MANY_IDS || item.kind.as_str() == kind;
    match nearest(pattern, items.iter().filter(same_kind).map(|item| item.id.as_str())) {
        Some(near) => (format!("did you mean `{near}`?"), Some(near.to_owned())),
        None => ("`statemap list` shows the ids; `statemap annotate --prune` takes out the entry if its state is gone".to_owned(), None),
    }
}
