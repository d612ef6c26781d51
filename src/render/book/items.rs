//! The pages of single items: everything that is known of one, with what it puts at risk and what takes it away.

use crate::model::{Item, Kind};

use super::super::RenderError;
use super::super::failures::taken_by;
use super::super::files::{INDEX, kind_page, relative};
use super::super::hazards::hazards_of;
use super::super::item_view::{PAGE, clause, item_view};
use super::super::layout::{Spot, first_few};
use super::super::sections::page_row;
use super::super::view::{ItemPage, Named};
use super::{Book, Chapters};

/// At most so many others that rely on the same store are listed.
const BESIDE: usize = 12;

impl<'a> Book<'a> {
    /// The items that have a page, in the order of the kinds.
    pub(super) fn paged(&self) -> impl Iterator<Item = (&'a Item, &Spot)> {
        let layout = self.layout;
        layout.items.iter().filter_map(move |&item| Some((item, layout.spot(&item.id).filter(|spot| spot.own_page)?)))
    }

    pub(super) fn item_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        for (item, spot) in self.paged() {
            chapters.add(&spot.page, "item-page.md.tera", &self.item(item, &spot.page))?;
        }
        Ok(())
    }

    fn item(&self, item: &Item, page: &str) -> ItemPage {
        let layout = self.layout;
        let symptom = |(symptom, cause): (&'static crate::assess::Symptom, &crate::assess::Cause<'_>)| {
            let link = format!("[{}]({})", symptom.parts().title, layout.incident_target(symptom.id, page)?);
            // What a hazard says is told above.
            Some(Named { link, text: if cause.rules.is_empty() { clause(cause.why) } else { String::new() } })
        };
        let store = item.backs_on.as_deref().and_then(|store| layout.stores.named(store));
        let others: Vec<&Item> = store
            .map(|store| store.all().filter(|other| other.id != item.id && !store.items.contains(other)).collect())
            .unwrap_or_default();
        let (shown, beside_more) = first_few(others.len(), BESIDE);
        let mut view = item_view(layout, item, page, 1, PAGE);
        // These are told above and below, at length.
        view.hazards.clear();
        view.symptoms.clear();
        view.services.clear();
        ItemPage {
            item: view,
            hazards: hazards_of(layout, item, page),
            symptoms: layout.caused_by(item).filter_map(symptom).collect(),
            losses: taken_by(layout, &self.damages, self.losses.of(item), page),
            beside: others[..shown].iter().map(|other| page_row(layout, other, page)).collect(),
            beside_more,
            services: item.services.iter().map(|name| layout.service_link(name, page)).collect(),
            everywhere: item.services.len() >= self.map.services.len(),
            kind_target: relative(page, &kind_page(item.kind)),
            stored: item.kind == Kind::ExternalStore,
            index: relative(page, INDEX),
        }
    }
}
