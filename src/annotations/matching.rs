//! Which item an annotation speaks of, and what to say when there is none.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::apply::FileComments;
use super::nearest::nearest;
use super::pattern::Pattern;
use super::precedence::Rank;
use crate::facts::Comment;
use crate::model::{Item, Kind, Provenance, Role};

/// An item whose first site is so many lines below the target of a comment still belongs to it: a builder chain or an
/// attribute stands between.
const REACH: u32 = 3;

/// Beyond this many ids, the nearest one is looked for among those with the same kind only.
const MANY_IDS: usize = 2_000;

/// The sites of all items, by file and line.
pub(super) struct Sites {
    by_file: BTreeMap<SmolStr, BTreeMap<u32, Vec<SiteOf>>>,
    /// What each line of a settings file, a file of variables or a manifest sets.
    set: BTreeMap<SmolStr, BTreeMap<u32, Vec<SetOf>>>,
}

/// An item to which a line gives a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SetOf {
    /// What the value is for comes before the reading of it, and the store behind a pool after the pool.
    behind: Behind,
    item: usize,
    /// It is a key of the application's settings or a line of a file of variables, and no part of a manifest.
    is_key: bool,
}

/// How near an item is to the value that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Behind {
    State,
    Store,
    Reading,
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
    /// All that take a value from the key or the section.
    Keyed(Vec<usize>, Rank),
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
        Self { by_file, set: set_lines(items) }
    }

    /// What takes its value from the key that the comment stands beside; else the item on the target line, else the first one
    /// a few lines further and above the next comment.
    pub(super) fn of_comment(&self, comments: &FileComments<'_>, comment: &Comment) -> Found {
        let set = self.set.get(comments.file);
        let on_line = set.and_then(|lines| lines.get(&comment.target)).map_or(&[][..], Vec::as_slice);
        if on_line.iter().any(|one| one.is_key) {
            return Found::Keyed(nearest_behind(on_line), Rank::Key);
        }
        let section = comments.sections.and_then(|sections| sections.get(&comment.target));
        if let (Some(keys), Some(lines)) = (section, set) {
            let inside: Vec<SetOf> = keys.iter().filter_map(|line| lines.get(line)).flatten().copied().collect();
            if !inside.is_empty() {
                return Found::Keyed(nearest_behind(&inside), Rank::Section);
            }
        }
        let is_site = self.by_file.get(comments.file).is_some_and(|lines| lines.contains_key(&comment.target));
        if !on_line.is_empty() && !is_site {
            return Found::Keyed(nearest_behind(on_line), Rank::Key);
        }
        match self.of_site(comments, comment) {
            Found::Nothing(None) => {
                Found::Nothing(set.and_then(|lines| nearest_line(lines, comment.target, |sets| sets.first().map(|one| one.item))))
            }
            found => found,
        }
    }

    /// The item on the target line, else the first one a few lines further and above the next comment.
    fn of_site(&self, comments: &FileComments<'_>, comment: &Comment) -> Found {
        let Some(lines) = self.by_file.get(comments.file) else { return Found::Nothing(None) };
        let after = comments.comments.partition_point(|other| other.span.line <= comment.span.line);
        let next = comments.comments.get(after).map(|other| other.span.line);
        let trailing = comment.target == comment.span.line;
        // In settings every line speaks for itself.
        let trailing = trailing || comments.sections.is_some();
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
        Found::Nothing(nearest_line(lines, comment.target, |sites| sites.first().map(|site| site.item)))
    }
}

/// The item of the nearest line, with that line.
fn nearest_line<T>(lines: &BTreeMap<u32, T>, target: u32, item: impl Fn(&T) -> Option<usize>) -> Option<(usize, u32)> {
    let (above, below) = (lines.range(..target).next_back(), lines.range(target..).next());
    let (line, found) = above.into_iter().chain(below).min_by_key(|(line, _)| line.abs_diff(target))?;
    Some((item(found)?, *line))
}

/// The lines that give items their values.
fn set_lines(items: &[Item]) -> BTreeMap<SmolStr, BTreeMap<u32, Vec<SetOf>>> {
    let mut out: BTreeMap<SmolStr, BTreeMap<u32, Vec<SetOf>>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let behind = match item.kind {
            Kind::StartupConfig => Behind::Reading,
            Kind::ExternalStore => Behind::Store,
            // It is the file itself.
            Kind::Deployment => continue,
            _ => Behind::State,
        };
        for set in item.facts.iter().flat_map(|fact| &fact.set) {
            let is_key = matches!(set.provenance, Provenance::Settings | Provenance::Env);
            out.entry(set.at.file.clone()).or_default().entry(set.at.line).or_default().push(SetOf { behind, item: index, is_key });
        }
    }
    out
}

/// The items that are nearest to a value: what it is for, else the store that it leads to, else what reads it.
fn nearest_behind(set: &[SetOf]) -> Vec<usize> {
    let Some(nearest) = set.iter().map(|one| one.behind).min() else { return Vec::new() };
    let mut out: Vec<usize> = set.iter().filter(|one| one.behind == nearest).map(|one| one.item).collect();
    out.sort_unstable();
    out.dedup();
    out
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
