//! The chapters of a book. Pages of one sort stand below the page that lists them, so that a sidebar can fold them.

use crate::model::Kind;

use super::super::escape::inline;
use super::super::files::{
    CHANGES, FAILURES, HAZARDS, INCIDENTS, OWNERS, SERVICES, STORES, failure_page, hazard_page, incident_page, kind_page,
};
use super::super::hazards::rules_found;
use super::super::view::{Chapter, Part, SummaryView};
use super::super::words::{capitalized, store_title};
use super::Book;
use crate::assess;

impl Book<'_> {
    pub(super) fn summary(&self) -> SummaryView {
        SummaryView {
            title: inline(&self.title),
            hazards: part(HAZARDS, self.rules()),
            incidents: part(INCIDENTS, self.symptoms()),
            failures: part(FAILURES, self.failing()),
            services: part(SERVICES, self.services()),
            kinds: self.kinds().into_iter().map(|kind| self.kind_chapter(kind)).collect(),
            stores: self.has_stores().then(|| Part { file: file(STORES), chapters: self.stores() }),
            changes: self.options.history.is_some().then(|| CHANGES.trim_start_matches("src/")),
            owners: part(OWNERS, self.owners().into_iter().map(|(name, page)| chapter(name, &page)).collect()),
        }
    }

    fn rules(&self) -> Vec<Chapter> {
        let title = |rule: &str| assess::rule(rule).map_or_else(|| rule.to_owned(), |rule| capitalized(rule.title));
        rules_found(self.layout).into_iter().map(|rule| chapter(&title(rule), &hazard_page(rule))).collect()
    }

    fn symptoms(&self) -> Vec<Chapter> {
        self.layout.symptoms.iter().map(|(symptom, _)| chapter(symptom.parts().title, &incident_page(symptom.id))).collect()
    }

    fn failing(&self) -> Vec<Chapter> {
        self.damages.iter().map(|damage| chapter(damage.failure.parts().title, &failure_page(damage.failure.id))).collect()
    }

    fn services(&self) -> Vec<Chapter> {
        let one = |name: &str| Some(chapter(name, &self.layout.service_page(name)?));
        self.map.services.iter().filter_map(|service| one(&service.name)).collect()
    }

    fn kind_chapter(&self, kind: Kind) -> Chapter {
        Chapter { name: String::new(), kind: Some(kind.as_str()), file: file(&kind_page(kind)), items: self.items_of(kind) }
    }

    fn stores(&self) -> Vec<Chapter> {
        let mut chapters: Vec<Chapter> =
            self.layout.stores.0.iter().map(|store| chapter(&store_title(&store.key), &store.page())).collect();
        chapters.extend(self.items_of(Kind::ExternalStore));
        chapters
    }

    /// The items of a kind that have a page.
    fn items_of(&self, kind: Kind) -> Vec<Chapter> {
        let of_kind = self.paged().filter(|(item, _)| item.kind == kind);
        of_kind
            .map(|(item, spot)| Chapter { name: self.layout.title(item), kind: None, file: file(&spot.page), items: Vec::new() })
            .collect()
    }
}

fn chapter(name: &str, page: &str) -> Chapter {
    Chapter { name: inline(name), kind: None, file: file(page), items: Vec::new() }
}

fn part(page: &str, chapters: Vec<Chapter>) -> Option<Part> {
    (!chapters.is_empty()).then(|| Part { file: file(page), chapters })
}

/// A page as the summary names it.
fn file(page: &str) -> String {
    page.strip_prefix("src/").unwrap_or(page).to_owned()
}
