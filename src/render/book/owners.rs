//! The pages of owners, where annotations name any: what each is asked about.

use crate::model::{Class, Item};

use super::super::RenderError;
use super::super::escape::inline;
use super::super::files::{INDEX, OWNERS, relative};
use super::super::hazards::review_of;
use super::super::layout::{ORDER, first_few};
use super::super::sections::page_row;
use super::super::view::{OwnedKind, OwnerPage, OwnerRow, OwnersPage};
use super::{Book, Chapters};

/// At most so many items of a kind are listed.
const ITEMS: usize = 60;

impl<'a> Book<'a> {
    /// Owners with their pages; none when no item names one.
    pub(super) fn owners(&self) -> Vec<(&str, String)> {
        let named = self.layout.items.iter().any(|item| item.annotation.as_ref().is_some_and(|annotation| annotation.owner.is_some()));
        if named { self.layout.owner_pages().collect() } else { Vec::new() }
    }

    pub(super) fn owner_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        let owners = self.owners();
        if owners.is_empty() {
            return Ok(());
        }
        let rows = owners.iter().map(|(name, _)| self.owner_row(name)).collect();
        let nobodys = self.layout.items.iter().filter(|item| item.class == Class::Mutable && self.owner_of(item).is_none()).count();
        chapters.add(OWNERS, "owners-page.md.tera", &OwnersPage { owners: rows, nobodys, index: relative(OWNERS, INDEX) })?;
        for (name, page) in &owners {
            chapters.add(page, "owner.md.tera", &self.owner(name, page))?;
        }
        Ok(())
    }

    fn owner_of<'i>(&'i self, item: &'i Item) -> Option<&'i str> {
        item.annotation.as_ref().and_then(|annotation| annotation.owner.as_deref()).or(self.options.owner.as_deref())
    }

    fn owned(&self, name: &str) -> Vec<&'a Item> {
        self.layout.items.iter().copied().filter(|item| self.owner_of(item) == Some(name)).collect()
    }

    fn owner_row(&self, name: &str) -> OwnerRow {
        let owned = self.owned(name);
        let review = self.review_of(&owned, OWNERS);
        OwnerRow {
            name: self.layout.owner_link(name, OWNERS),
            items: owned.len(),
            hazards: review.rows.len() + review.more,
            severity: review.rows.first().map(|row| row.severity),
            by_default: self.options.owner.as_deref() == Some(name),
        }
    }

    fn review_of(&self, owned: &[&Item], page: &str) -> super::super::view::ReviewView {
        review_of(self.layout, page, |hazard| hazard.items.first().is_some_and(|id| owned.iter().any(|item| item.id == *id)))
    }

    fn owner(&self, name: &str, page: &str) -> OwnerPage {
        let owned = self.owned(name);
        let of_kind = |kind| {
            let items: Vec<&Item> = owned.iter().copied().filter(|item| item.kind == kind).collect();
            let (shown, more) = first_few(items.len(), ITEMS);
            let rows = items[..shown].iter().map(|item| page_row(self.layout, item, page)).collect();
            (!items.is_empty()).then_some(OwnedKind { kind: kind.as_str(), rows, more })
        };
        OwnerPage {
            name: inline(name),
            by_default: self.options.owner.as_deref() == Some(name),
            total: owned.len(),
            review: self.review_of(&owned, page),
            kinds: ORDER.iter().copied().filter_map(of_kind).collect(),
            owners: relative(page, OWNERS),
            index: relative(page, INDEX),
        }
    }
}
